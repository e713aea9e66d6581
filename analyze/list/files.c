// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/files.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "base/vec.h"
#include "reports/listing.h"

#define DIGITS "0123456789"
#define INCOMPLETE "-incomplete"

enum role { ROLE_CORE, ROLE_CORE_INCOMPLETE, ROLE_LOG, ROLE_META, ROLE_JSON, ROLE_HTML, ROLE_TEXT, ROLE_FAILURE };

/* Those of what a crash leaves are also in capture/shared/crash_files.sh. The first that matches counts; of two files of a
 * role, that whose line comes first. */
static const struct {
	const char *pattern;
	enum role role;
	bool makes_dump; /* where it is, there was a crash */
} patterns[] = {
	{"vmcore", ROLE_CORE, true},
	{"vmcore.flat", ROLE_CORE, true},                       /* kdump-utils */
	{"dump.[0-9]*", ROLE_CORE, true},                       /* kdump-tools */
	{"vmcore.[0-9]*", ROLE_CORE, true},                     /* makedumpfile --split */
	{"vmcore.[glxz]z*", ROLE_CORE, true},                   /* somebody wants the room */
	{"vmcore.zst", ROLE_CORE, true},
	{"vmcore.bz2", ROLE_CORE, true},
	{"vmcore-damaged", ROLE_CORE_INCOMPLETE, true},         /* kmortem-capture: says more than the beginning of another */
	{"vmcore" INCOMPLETE, ROLE_CORE_INCOMPLETE, true},
	{"vmcore" INCOMPLETE ".*", ROLE_CORE_INCOMPLETE, true}, /* netdump-server: being converted */
	{"dump" INCOMPLETE, ROLE_CORE_INCOMPLETE, true},
	{"dump" INCOMPLETE ".*", ROLE_CORE_INCOMPLETE, true},   /* kdump-tools: compressed */
	{"dmesg.txt", ROLE_LOG, true},                          /* kmortem-capture */
	{"vmcore-dmesg.txt", ROLE_LOG, true},                   /* kdump-utils */
	{"vmcore-dmesg" INCOMPLETE ".txt", ROLE_LOG, true},
	{"dmesg.[0-9]*", ROLE_LOG, true},                       /* kdump-tools */
	{"dmesg", ROLE_LOG, true},                              /* kdump of SUSE */
	{"log", ROLE_LOG, false},                               /* netdump-server */
	{"meta.json", ROLE_META, true},
	{"report.json", ROLE_JSON, true},
	{"report.html", ROLE_HTML, false},
	{"report.txt", ROLE_TEXT, false},
	{"report-failed.txt", ROLE_FAILURE, false},
};

enum { PATTERNS = sizeof(patterns) / sizeof(*patterns) };

void files_deinit(struct files *files)
{
	for (size_t i = 0; i < files->count; i++)
		free(files->items[i].name);
	free(files->items);
}

void files_add(struct files *files, const char *name, const struct stat *status)
{
	*vec_push(files) = (struct file){
		.name = mem_strdup(name),
		.bytes = (unsigned long long)status->st_size,
		.device = status->st_dev,
		.inode = status->st_ino,
		.changed = status->st_mtime,
	};
}

/* ---- what is a dump's ----------------------------------------------------------------------- */

static void note_change(struct listed_dump *dump, const struct file *file)
{
	if (file->changed > dump->files.changed)
		dump->files.changed = file->changed;
}

/* Of several parts the first stands for all. */
static void take_core(struct listed_dump *dump, struct file *file, bool is_incomplete, struct arena *arena)
{
	if (!dump->files.core) {
		dump->files.core = arena_strdup(arena, file->name);
		dump->files.core_device = file->device;
		dump->files.core_inode = file->inode;
	}
	dump->files.cores++;
	dump->files.bytes += file->bytes;
	dump->files.is_incomplete |= is_incomplete;
	note_change(dump, file);
	file->is_taken = true;
}

/* Where the name of a file of that role is kept; NULL: nowhere. */
static const char **name_of(struct listed_dump *dump, enum role role)
{
	switch (role) {
	case ROLE_LOG:
		return &dump->files.log;
	case ROLE_META:
		return &dump->files.meta;
	case ROLE_JSON:
		return &dump->files.json;
	case ROLE_HTML:
		return &dump->files.html;
	case ROLE_TEXT:
		return &dump->files.text;
	case ROLE_FAILURE:
		return &dump->files.failure;
	default:
		return NULL;
	}
}

static bool is_core(enum role role)
{
	return role == ROLE_CORE || role == ROLE_CORE_INCOMPLETE;
}

static void take_file(struct listed_dump *dump, struct file *file, enum role role, struct arena *arena)
{
	const char **name = name_of(dump, role);

	if (is_core(role))
		take_core(dump, file, role == ROLE_CORE_INCOMPLETE, arena);
	else if (!*name)
		*name = arena_strdup(arena, file->name);
	/* Reports may be made anew at any time. */
	if (role == ROLE_LOG || role == ROLE_META)
		note_change(dump, file);
}

/* ---- FreeBSD -------------------------------------------------------------------------------- */

static void cut_end(char *text, const char *end)
{
	size_t length = strlen(text), more = strlen(end);

	if (length > more && !strcmp(text + length - more, end))
		text[length - more] = '\0';
}

/* "CLIENT.NUMBER" of a name as netdump-server gives it to a FreeBSD vmcore; free() it. NULL: it is another name. */
static char *freebsd_number(const char *name)
{
	static const char *const words[] = {"vmcore.", "vmcore_encrypted."};
	static const char *const ends[] = {INCOMPLETE, ".gz", ".zst"};
	const char *rest = NULL;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		rest = strncmp(name, words[i], strlen(words[i])) != 0 ? rest : name + strlen(words[i]);
	if (!rest)
		return NULL;
	char *number = mem_strdup(rest);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		cut_end(number, ends[i]);
	const char *dot = strrchr(number, '.');
	if (dot && dot > number && dot[1] && !dot[1 + strspn(dot + 1, DIGITS)])
		return number;
	free(number);
	return NULL;
}

static int compare_files(const void *left, const void *right)
{
	return strcmp(((const struct file *)left)->name, ((const struct file *)right)->name);
}

static struct file *find_file(struct files *files, const char *name)
{
	const struct file wanted = {.name = (char *)name};

	return bsearch(&wanted, files->items, files->count, sizeof(wanted), compare_files);
}

/* Whether the file is the vmcore of such a dump, which has a meta.json of its own unless it is not complete. */
static bool take_freebsd(struct files *files, struct file *file, struct arena *arena, struct listed_dump *ret)
{
	char *number _cleanup_free_ = freebsd_number(file->name);
	bool is_incomplete = !fnmatch("*" INCOMPLETE, file->name, 0);

	if (!number)
		return false;
	char *meta_name _cleanup_free_ = mem_printf("meta.%s.json", number);
	struct file *meta = find_file(files, meta_name);
	if (!meta && !is_incomplete)
		return false;
	*ret = (struct listed_dump){.number = arena_strdup(arena, number)};
	take_core(ret, file, is_incomplete, arena);
	if (meta) {
		meta->is_taken = true;
		ret->files.meta = arena_strdup(arena, meta->name);
		note_change(ret, meta);
	}
	return true;
}

/* ---- dumps ---------------------------------------------------------------------------------- */

/* The dump that has the directory for itself. */
static bool take_directory(struct files *files, struct arena *arena, struct listed_dump *ret)
{
	bool is_dump = false;

	*ret = (struct listed_dump){0};
	for (size_t pattern = 0; pattern < PATTERNS; pattern++) {
		/* One that is whole makes what else was begun there unimportant. */
		if (is_core(patterns[pattern].role) && ret->files.core)
			continue;
		for (size_t i = 0; i < files->count; i++) {
			struct file *file = &files->items[i];

			if (file->is_taken || fnmatch(patterns[pattern].pattern, file->name, FNM_PERIOD) != 0)
				continue;
			is_dump |= patterns[pattern].makes_dump;
			take_file(ret, file, patterns[pattern].role, arena);
		}
	}
	return is_dump;
}

bool files_next_dump(struct files *files, struct arena *arena, struct listed_dump *ret)
{
	if (!files->next && files->count)
		qsort(files->items, files->count, sizeof(*files->items), compare_files);
	while (files->next < files->count) {
		struct file *file = &files->items[files->next++];

		if (!file->is_taken && take_freebsd(files, file, arena, ret))
			return true;
	}
	if (files->is_directory_told)
		return false;
	files->is_directory_told = true;
	return take_directory(files, arena, ret);
}
