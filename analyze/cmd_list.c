// SPDX-License-Identifier: GPL-2.0-or-later
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd.h"
#include "list/group.h"
#include "list/scan.h"
#include "list/since.h"
#include "options.h"
#include "reports/listing.h"
#include "reports/report.h"
#include "reports/utf8.h"

#define DEFAULT_ROOT "/var/crash"

/* ---- looking -------------------------------------------------------------------------------- */

/* Without slashes at its end, which would stand twice in what is below it. */
static const char *clean_root(const char *root, struct arena *arena)
{
	size_t length = strlen(root);

	while (length > 1 && root[length - 1] == '/')
		length--;
	return arena_strndup(arena, root, length);
}

/* One of several directories that is not there keeps nobody from the others. */
static struct error *scan_all(struct scan *scan, const struct options *options, struct listing *listing)
{
	size_t count = options->words.count ? options->words.count : 1, opened = 0;
	const char **roots = ARENA_ARRAY(scan->arena, count, const char *);
	struct error *error = NULL;

	for (size_t i = 0; i < count; i++) {
		roots[i] = clean_root(options->words.count ? options->words.items[i] : DEFAULT_ROOT, scan->arena);
		error_free(error);
		error = scan_root(scan, roots[i]);
		if (error && count > 1)
			*vec_push(&scan->problems) = arena_strdup(scan->arena, error->message);
		opened += !error;
	}
	listing->roots = roots;
	listing->root_count = count;
	if (!opened)
		return error;
	error_free(error);
	return NULL;
}

static bool matches(const char *glob, const char *text)
{
	return text && !fnmatch(glob, text, 0);
}

static bool is_wanted(const struct options *options, int64_t since, const struct listed_dump *dump)
{
	if (options->host && !matches(options->host, dump->host) && !matches(options->host, dump->client))
		return false;
	return dump->time >= since && (!options->signature || matches(options->signature, dump->signature));
}

static void choose(struct scan *scan, const struct options *options, struct listing *listing)
{
	for (size_t i = 0; i < scan->dumps.count; i++)
		scan->dumps.items[i].is_hidden = !is_wanted(options, listing->since, &scan->dumps.items[i]);
	group_dumps(listing, scan->dumps.items, scan->dumps.count);
	listing->problems = scan->problems.items;
	listing->problem_count = scan->problems.count;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Whether the file lies in one of the directories, or below it, where whoever stores dumps may have put a link. */
static bool is_inside(const struct listing *listing, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder _cleanup_free_ = slash ? mem_strndup(path, (size_t)(slash + 1 - path)) : mem_strdup(".");
	char *real _cleanup_free_ = realpath(folder, NULL);
	bool is_found = false;

	for (size_t i = 0; real && i < listing->root_count; i++) {
		char *root _cleanup_free_ = realpath(listing->roots[i], NULL);
		size_t length = root ? strlen(root) : 0;

		is_found |= root && !strncmp(real, root, length) &&
			    (!real[length] || real[length] == '/' || root[length - 1] == '/');
	}
	return is_found;
}

/* Who gives one has been used to `kmortem report`, which fills it. */
static struct error *refuse_directory(const char *path)
{
	struct stat status;
	bool has_slash = path && output_has_ending(path, "/");

	if (!path || (!has_slash && (stat(path, &status) || !S_ISDIR(status.st_mode))))
		return NULL;
	return error_new(ERROR_INVALID, "%s: a directory; name a file, as %s%sindex.html", path, path, has_slash ? "" : "/");
}

/* A dump is the one thing that cannot be had again. */
static struct error *refuse_output(const struct scan *scan, const struct listing *listing, const char *path)
{
	struct stat status;

	if (!path || (is_inside(listing, path) ? lstat : stat)(path, &status) || !S_ISREG(status.st_mode))
		return NULL;
	for (size_t i = 0; i < scan->dumps.count; i++) {
		const struct listed_dump *dump = &scan->dumps.items[i];

		if (dump->files.core && dump->files.core_device == status.st_dev &&
		    dump->files.core_inode == status.st_ino)
			return error_new(ERROR_INVALID, "%s: is a dump that is listed; not written to", path);
	}
	return NULL;
}

static struct error *write_listing(const struct listing *listing, const struct options *options, const char *format)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct report_style style;

	output_style(options, &style);
	if (options->output) {
		style.color = false;
		style.width = 0;
	}
	if (!strcmp(format, "json"))
		listing_json(listing, &buf);
	else if (!strcmp(format, "html"))
		listing_html(listing, &buf);
	else
		listing_text(listing, &style, &buf);
	if (!options->output)
		return output_print(&buf);
	return (is_inside(listing, options->output) ? output_replace : output_file)(options->output, &buf);
}

/* Names of files may hold anything. */
static void tell_problems(const struct scan *scan)
{
	for (size_t i = 0; i < scan->problems.count; i++) {
		struct buf shown _cleanup_(buf_deinit) = {0};

		utf8_put_shown(&shown, scan->problems.items[i]);
		log_warning("%s", buf_text(&shown));
	}
}

static struct error *list_with(struct scan *scan, const struct options *options, const char *format, int *ret_status)
{
	struct listing listing = {
		.arena = scan->arena,
		.tool_version = KMORTEM_VERSION,
		.now = time(NULL),
		.since = INT64_MIN,
	};
	struct error *error = options->since ? since_parse(options->since, listing.now, &listing.since) : NULL;

	if (!error)
		error = scan_all(scan, options, &listing);
	if (!error)
		error = refuse_output(scan, &listing, options->output);
	if (error)
		return error;
	char *title _cleanup_free_ = realpath(listing.roots[0], NULL); /* "." says nothing to who reads the page */
	listing.title = title;
	choose(scan, options, &listing);
	tell_problems(scan);
	*ret_status = listing.problem_count ? EXIT_INCOMPLETE : EXIT_DONE;
	return write_listing(&listing, options, format);
}

struct error *cmd_list(struct session *session, const struct options *options, int *ret_status)
{
	static const char *const formats[] = {"text", "html", "json", NULL};
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct scan scan _cleanup_(scan_deinit) = {.arena = arena};
	const char *format = output_choose_format(options);
	struct error *error = output_check_format(format, formats);

	(void)session;
	if (!error)
		error = refuse_directory(options->output);
	if (!error && !strcmp(format, "html") && options->words.count > 1)
		error = error_new(ERROR_INVALID, "list -f html: one directory at a time: the links are relative to it");
	return error ? error : list_with(&scan, options, format, ret_status);
}
