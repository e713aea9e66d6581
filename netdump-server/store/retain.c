// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/retain.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/vec.h"
#include "store/resume.h"

enum {
	DEPTH_MAX = 8,           /* directories below the dump directory that are looked into */
	ENTRIES_MAX = 1 << 20,   /* files of all: a bound, should the directory be one that we do not know */
};

#define DIGITS "0123456789"
#define META_HEAD "{\n  \"client\": " /* as meta_json() writes it */

struct scan {
	struct held_list *list;
	bool (*is_running)(const void *context, const char *place, const char *name);
	const void *context;
	size_t entries;
};

static DIR *open_directory(int directory, const char *name)
{
	int fd = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream && fd >= 0)
		close(fd);
	return stream;
}

struct held *held_find(const struct held_list *list, const char *place, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].place, place) && !strcmp(list->items[i].name, name))
			return &list->items[i];
	return NULL;
}

struct held *held_add(struct held_list *list, const char *place, const char *name, size_t client_length)
{
	struct held *held = vec_push(list);

	*held = (struct held){
		.place = mem_strdup(place), .name = mem_strdup(name), .client = mem_strndup(name, client_length)};
	return held;
}

static struct held *add(struct scan *scan, const char *place, const char *name, size_t client_length)
{
	struct held *held = held_add(scan->list, place, name, client_length);

	held->is_running = scan->is_running(scan->context, place, name);
	return held;
}

/* CLIENT-YYYY-mm-dd-HH:MM, with "-2" and so on behind it; returns the length of CLIENT, 0 for other names, such as those
 * that the host's own kdump gives its dumps. */
static size_t directory_client(const char *name)
{
	static const char shape[] = "-dddd-dd-dd-dd:dd";
	size_t length = strcspn(name, "-");

	for (size_t i = 0; shape[i]; i++) {
		char byte = name[length + i];

		if (shape[i] == 'd' ? byte < '0' || byte > '9' : byte != shape[i])
			return 0;
	}
	const char *rest = name + length + strlen(shape);
	bool is_numbered = rest[0] == '-' && rest[1] >= '1' && rest[1] <= '9' && !rest[1 + strspn(rest + 1, DIGITS)];
	return !*rest || is_numbered ? length : 0;
}

static bool is_file(int directory, const char *path)
{
	struct stat status;

	return !fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) && S_ISREG(status.st_mode);
}

/* Of ours are dumps with a meta.json that we wrote, and those that are not closed yet. */
static bool is_ours(int directory, const char *meta, const char *incomplete)
{
	char head[sizeof(META_HEAD)] = "";
	int fd _cleanup_close_ = openat(directory, meta, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return is_file(directory, incomplete);
	return pread(fd, head, sizeof(head) - 1, 0) == sizeof(head) - 1 && !strcmp(head, META_HEAD);
}

static bool is_our_directory(int parent, const char *name)
{
	char *meta _cleanup_free_ = mem_printf("%s/meta.json", name);
	char *incomplete _cleanup_free_ = mem_printf("%s/vmcore-incomplete", name);

	return is_ours(parent, meta, incomplete);
}

static bool has_resume(int parent, const char *name)
{
	char *path _cleanup_free_ = mem_printf("%s/" RESUME_NAME, name);

	return is_file(parent, path);
}

static bool is_our_number(int directory, const char *key)
{
	char *meta _cleanup_free_ = mem_printf("meta.%s.json", key);
	char *incomplete _cleanup_free_ = mem_printf("vmcore.%s-incomplete", key);

	return is_ours(directory, meta, incomplete);
}

static bool cut_end(char *name, const char *end)
{
	size_t length = strlen(name), more = strlen(end);

	if (length < more || strcmp(name + length - more, end))
		return false;
	name[length - more] = 0;
	return true;
}

/* Cuts the name of a FreeBSD vmcore down to CLIENT.NUMBER; returns the length of CLIENT, 0 for other names. */
static size_t core_client(const char *name, char **ret)
{
	const char *rest = name;

	if (!strncmp(name, "vmcore.", 7))
		rest += 7;
	else if (!strncmp(name, "vmcore_encrypted.", 17))
		rest += 17;
	else
		return 0;
	char *cut = mem_strdup(rest);
	cut_end(cut, "-incomplete");
	if (!cut_end(cut, ".gz"))
		cut_end(cut, ".zst");
	char *dot = strrchr(cut, '.');
	if (!dot || dot == cut || !dot[1] || dot[1 + strspn(dot + 1, DIGITS)]) {
		free(cut);
		return 0;
	}
	*ret = cut;
	return (size_t)(dot - cut);
}

static void take_file(struct scan *scan, int directory, const char *place, const char *name, const struct stat *status)
{
	char *key _cleanup_free_ = NULL;
	size_t client = core_client(name, &key);

	if (!client)
		return;
	struct held *held = held_find(scan->list, place, key);
	if (!held && !is_our_number(directory, key))
		return;
	if (!held)
		held = add(scan, place, key, client);
	held->bytes += (uint64_t)status->st_blocks * 512;
	held->time = status->st_mtime > held->time ? status->st_mtime : held->time;
}

static void scan_directory(struct scan *scan, int parent, const char *name, const char *place, unsigned depth);

/* Bytes of what is in a dump's directory go to that dump. */
static void take_directory(struct scan *scan, int parent, const char *name, const char *place, unsigned depth,
			   const struct stat *status)
{
	char *inside _cleanup_free_ = mem_printf("%s%s/", place, name);
	uint64_t before = scan->list->bytes;
	size_t client = directory_client(name), at = scan->list->count;

	// Ours are in the dump directory itself; what somebody has put away below stays.
	if (client && (*place || !is_our_directory(parent, name)))
		client = 0;
	if (client) {
		struct held *held = add(scan, place, name, client);
		held->is_directory = true;
		held->may_resume = has_resume(parent, name);
		held->time = status->st_mtime;
	}
	scan_directory(scan, parent, name, inside, client ? DEPTH_MAX : depth + 1);
	if (client)
		scan->list->items[at].bytes = scan->list->bytes - before;
}

static void scan_directory(struct scan *scan, int parent, const char *name, const char *place, unsigned depth)
{
	DIR *stream = open_directory(parent, name);
	struct dirent *entry;

	while (stream && (entry = readdir(stream)) && scan->entries++ < ENTRIES_MAX) {
		struct stat status;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(dirfd(stream), entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		if (S_ISDIR(status.st_mode) && depth < DEPTH_MAX)
			take_directory(scan, dirfd(stream), entry->d_name, place, depth, &status);
		if (!S_ISREG(status.st_mode))
			continue;
		scan->list->bytes += (uint64_t)status.st_blocks * 512;
		if (depth < DEPTH_MAX)
			take_file(scan, dirfd(stream), place, entry->d_name, &status);
	}
	if (stream)
		closedir(stream);
}

static bool is_younger(const struct held *one, const struct held *two)
{
	return one->time != two->time ? one->time > two->time : strcmp(one->name, two->name) > 0;
}

void held_scan(int directory, bool (*is_running)(const void *context, const char *place, const char *name),
	       const void *context, struct held_list *ret)
{
	struct scan scan = {.list = ret, .is_running = is_running, .context = context};

	*ret = (struct held_list){0};
	scan_directory(&scan, directory, ".", "", 0);
	for (size_t i = 0; i < ret->count; i++) {
		struct held *held = &ret->items[i];

		held->is_newest = !held->is_running;
		for (size_t j = 0; j < ret->count && held->is_newest; j++)
			held->is_newest = ret->items[j].is_running || strcmp(ret->items[j].client, held->client) != 0 ||
					  !is_younger(&ret->items[j], held);
	}
}

static void held_release(struct held *held)
{
	free(held->place);
	free(held->name);
	free(held->client);
}

void held_deinit(struct held_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		held_release(&list->items[i]);
	free(list->items);
	*list = (struct held_list){0};
}

uint64_t held_bytes(const struct held_list *list, const char *client)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < list->count; i++)
		bytes += list->items[i].is_running || strcmp(list->items[i].client, client) ? 0 : list->items[i].bytes;
	return bytes;
}

size_t held_count(const struct held_list *list, const char *client)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += !strcmp(list->items[i].client, client) && !list->items[i].is_running;
	return count;
}

static void remove_directory(int parent, const char *name)
{
	DIR *stream = open_directory(parent, name);
	struct dirent *entry;

	while (stream && (entry = readdir(stream)))
		unlinkat(dirfd(stream), entry->d_name, 0); // a dump's directory holds files only
	if (stream)
		closedir(stream);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static void remove_files(int parent, const char *name)
{
	static const char *const shapes[][2] = {
		{"info.", ""},		    {"key.", ""},		 {"meta.", ".json"},
		{"vmcore.", ""},	    {"vmcore.", ".gz"},		 {"vmcore.", ".zst"},
		{"vmcore_encrypted.", ""},  {"vmcore_encrypted.", ".gz"}, {"vmcore_encrypted.", ".zst"},
		{"vmcore.", "-incomplete"},
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		char *file _cleanup_free_ = mem_printf("%s%s%s", shapes[i][0], name, shapes[i][1]);
		unlinkat(parent, file, 0);
	}
}

struct held *held_oldest(const struct held_list *list, const char *client)
{
	struct held *oldest = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct held *held = &list->items[i];

		if (!held->is_running && !held->is_newest && !held->is_going && (!client || !strcmp(held->client, client)) &&
		    (!oldest || is_younger(oldest, held)))
			oldest = held;
	}
	return oldest;
}

static void remove_held(int directory, const struct held *held)
{
	// "./" where it lies in the dump directory itself: an empty name opens nothing.
	char *place _cleanup_free_ = mem_printf("./%s", held->place);
	int parent _cleanup_close_ = openat(directory, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (parent >= 0 && held->is_directory)
		remove_directory(parent, held->name);
	else if (parent >= 0)
		remove_files(parent, held->name);
}

size_t held_remove(int directory, const struct held_list *list)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!list->items[i].is_going)
			continue;
		remove_held(directory, &list->items[i]);
		count++;
	}
	return count;
}
