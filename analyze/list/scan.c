// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/vec.h"
#include "list/facts.h"
#include "list/files.h"
#include "reports/listing.h"

enum {
	DEPTH_MAX = 4,         /* ROOT/HOST/DATE/vmcore and one more */
	ENTRIES_MAX = 1 << 18, /* of all directories: a bound, should ROOT be something else */
	PROBLEMS_MAX = 1000,
};

struct place {
	struct scan *scan;
	const char *root, *path; /* below the root; "" for itself */
	int fd;
	unsigned depth;
};

void scan_deinit(struct scan *scan)
{
	free(scan->dumps.items);
	free(scan->problems.items);
	map_deinit(&scan->places);
}

/* "ROOT/PATH/NAME: words"; any of the three may be "". */
static void add_problem(const struct place *place, const char *name, const char *words)
{
	struct scan *scan = place->scan;
	const char *slash = *place->path && *name ? "/" : "";

	if (scan->problems.count < PROBLEMS_MAX)
		*vec_push(&scan->problems) =
			arena_printf(scan->arena, "%s/%s%s%s: %s", place->root, place->path, slash, name, words);
}

static void tell_problem(void *context, const char *name, const char *words)
{
	add_problem(context, name, words);
}

/* Whether it was looked at before: of what is given, one may lie in the other, or be a link to it. */
static bool is_known(const struct place *place)
{
	struct scan *scan = place->scan;
	struct stat status;

	return !fstat(place->fd, &status) &&
	       map_put(&scan->places,
		       arena_printf(scan->arena, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino), scan);
}

static void take_dumps(const struct place *place, struct files *files)
{
	struct scan *scan = place->scan;
	struct listed_dump dump;

	while (files_next_dump(files, scan->arena, &dump)) {
		dump.root = place->root;
		dump.place = place->path;
		facts_read(place->fd, &dump, scan->arena, tell_problem, (void *)place);
		*vec_push(&scan->dumps) = dump;
	}
}

/* Not followed, and not waited for. */
static int open_directory(int parent, const char *name)
{
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static void scan_place(struct place *place);

static void scan_below(const struct place *place, const char *name)
{
	const char *slash = *place->path ? "/" : "";
	struct place below = {
		.scan = place->scan,
		.root = place->root,
		.path = arena_printf(place->scan->arena, "%s%s%s", place->path, slash, name),
		.fd = open_directory(place->fd, name),
		.depth = place->depth + 1,
	};

	if (below.fd < 0) {
		add_problem(place, name, strerror(errno));
		return;
	}
	scan_place(&below);
	close(below.fd);
}

/* Reads the names in the directory, its subdirectories apart. */
static void read_names(const struct place *place, DIR *stream, struct files *files, struct files *directories)
{
	struct dirent *entry;

	while ((entry = readdir(stream))) {
		struct stat status;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    fstatat(place->fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW))
			continue;
		if (place->scan->entries++ == ENTRIES_MAX)
			add_problem(place, "", "too many files; what follows is not looked at");
		if (place->scan->entries > ENTRIES_MAX)
			return;
		/* What fsck finds is root's alone. */
		if (S_ISDIR(status.st_mode) && strcmp(entry->d_name, "lost+found") != 0)
			files_add(directories, entry->d_name, &status);
		else if (S_ISREG(status.st_mode))
			files_add(files, entry->d_name, &status);
	}
}

/* The directory is closed before what lies below is looked at: its depth is no number of open files. */
static void scan_place(struct place *place)
{
	struct files files _cleanup_(files_deinit) = {0}, directories _cleanup_(files_deinit) = {0};
	int fd = open_directory(place->fd, ".");
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	log_progress("looking through %s/%s", place->root, place->path);
	if (!stream) {
		add_problem(place, "", strerror(errno));
		if (fd >= 0)
			close(fd);
		return;
	}
	read_names(place, stream, &files, &directories);
	closedir(stream);
	/* What is below it was perhaps too deep then. */
	if (!is_known(place))
		take_dumps(place, &files);
	for (size_t i = 0; place->depth < DEPTH_MAX && i < directories.count; i++)
		scan_below(place, directories.items[i].name);
}

struct error *scan_root(struct scan *scan, const char *root)
{
	struct place place = {.scan = scan, .root = root, .path = ""};

	place.fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place.fd < 0)
		return error_errno("%s", root);
	scan_place(&place);
	close(place.fd);
	return NULL;
}
