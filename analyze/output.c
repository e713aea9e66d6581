// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
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

/* Devices, pipes and links (/dev/stdout is one) are written to as they are: renaming would replace them. */
static bool is_written_in_place(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && !S_ISREG(status.st_mode);
}

static struct error *write_in_place(const char *path, const struct buf *buf)
{
	int fd _cleanup_close_ = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? error_errno("%s", path) : write_all(fd, buf, path);
}

/* A half-written report must never stand where a whole one is looked for. */
struct error *output_file(const char *path, const struct buf *buf)
{
	if (is_written_in_place(path))
		return write_in_place(path, buf);
	char *temporary _cleanup_free_ = mem_printf("%s.XXXXXX", path);
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

struct error *output_check_format(const char *format, const char *formats)
{
	const char *found = strstr(formats, format);
	size_t length = strlen(format);

	if (length && !strchr(format, '|') && found && (found == formats || found[-1] == '|') &&
	    (found[length] == '|' || !found[length]))
		return NULL;
	return error_new(ERROR_INVALID, "-f %s: want one of %s", format, formats);
}
