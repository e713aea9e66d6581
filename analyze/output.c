// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "cmd.h"
#include "options.h"
#include "reports/report.h"

struct error *output_print(const struct buf *buf)
{
	log_progress_end();
	if (fwrite(buf_text(buf), 1, buf->length, stdout) != buf->length || fflush(stdout))
		return error_errno("standard output");
	return NULL;
}

static struct error *write_all(int fd, const struct buf *buf, const char *path)
{
	const char *data = buf_text(buf);

	for (size_t done = 0; done < buf->length;) {
		ssize_t written = write(fd, data + done, buf->length - done);

		if (written < 0)
			return error_errno("%s", path);
		done += (size_t)written;
	}
	return NULL;
}

/* Without O_TRUNC and at the end: behind /dev/stdout may be a file that somebody else writes to as well. */
static struct error *write_in_place(const char *path, const struct buf *buf)
{
	int fd _cleanup_close_ = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	return fd < 0 ? error_errno("%s", path) : write_all(fd, buf, path);
}

/* The folder of a path, with its slash; "" for the current one. free() it. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return mem_strndup(path, slash ? (size_t)(slash + 1 - path) : 0);
}

/* What /dev/stdout comes to, /proc/self/fd/1, names an open file whatever its text says. */
static bool is_open_file(const char *folder)
{
	struct statfs status;

	return !statfs(*folder ? folder : ".", &status) && status.f_type == PROC_SUPER_MAGIC;
}

/* Follows one link: *path, which is replaced by what it points to. False when it is none to follow. */
static bool link_follow(char **path)
{
	char target[PATH_MAX];
	char *folder _cleanup_free_ = folder_of(*path);
	ssize_t length = readlink(*path, target, sizeof(target));

	if (length < 0 || (size_t)length == sizeof(target) || is_open_file(folder))
		return false;
	char *next = mem_printf("%s%.*s", *target == '/' ? "" : folder, (int)length, target);

	free(*path);
	*path = next;
	return true;
}

/* The name is hidden: who looks for reports is not to find half of one. */
static struct error *write_beside(const char *path, const struct buf *buf)
{
	char *folder _cleanup_free_ = folder_of(path);
	char *temporary _cleanup_free_ = mem_printf("%s.%s.XXXXXX", folder, path + strlen(folder));
	int fd _cleanup_close_ = mkostemp(temporary, O_CLOEXEC);
	mode_t mask = umask(0);

	umask(mask);
	if (fd < 0)
		return error_errno("%s", path);
	struct error *error = write_all(fd, buf, path);
	if (!error && (fchmod(fd, 0666 & ~mask) || fsync(fd) || rename(temporary, path)))
		error = error_errno("%s", path);
	if (error)
		unlink(temporary);
	return error;
}

/* Writes beside the file, then renames: a half-written report must never stand where a whole one is looked for. A signal
 * that ends us waits until no temporary file is left, which is soon: all that is written is at hand. */
struct error *output_replace(const char *path, const struct buf *buf)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	struct error *error = write_beside(path, buf);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return error;
}

struct error *output_file(const char *path, const struct buf *buf)
{
	enum { LINKS_LIMIT = 40 }; /* as the kernel has it */
	char *resolved _cleanup_free_ = mem_strdup(path);
	struct stat status;

	for (unsigned links = 0; link_follow(&resolved); links++) {
		if (links < LINKS_LIMIT)
			continue;
		errno = ELOOP;
		return error_errno("%s", path);
	}
	/* Renaming would replace a device, a pipe, or the link to an open file. */
	return !lstat(resolved, &status) && !S_ISREG(status.st_mode) ? write_in_place(resolved, buf)
								      : output_replace(resolved, buf);
}

void output_style(const struct options *options, struct report_style *ret)
{
	struct winsize size = {0};
	const char *terminal = getenv("TERM"), *no_color = getenv("NO_COLOR");
	bool is_terminal = isatty(STDOUT_FILENO);

	if (is_terminal)
		(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	*ret = (struct report_style){
		.color = is_terminal && !(no_color && *no_color) && terminal &&
			 strcmp(terminal, "dumb") != 0,
		.width = size.ws_col,
		.rows = options->rows < 0 ? 20 : (unsigned)options->rows,
	};
}

struct error *output_check_format(const char *format, const char *const *formats)
{
	struct buf list _cleanup_(buf_deinit) = {0};

	for (size_t i = 0; formats[i]; i++) {
		if (!strcmp(format, formats[i]))
			return NULL;
		buf_printf(&list, "%s%s", i ? "|" : "", formats[i]);
	}
	return error_new(ERROR_INVALID, "-f %s: want one of %s", format, buf_text(&list));
}

bool output_has_ending(const char *path, const char *ending)
{
	size_t length = strlen(path), tail = strlen(ending);

	return length > tail && !strcmp(path + length - tail, ending);
}

const char *output_choose_format(const struct options *options)
{
	if (options->format)
		return options->format;
	if (options->output && output_has_ending(options->output, ".html"))
		return "html";
	/* What may not be wanted is refused as -f csv would be. */
	if (options->output && output_has_ending(options->output, ".csv"))
		return "csv";
	return options->output && output_has_ending(options->output, ".json") ? "json" : "text";
}
