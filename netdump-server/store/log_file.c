// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/log_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "store/writer.h"

enum { PUT_MAX = 64 << 10 }; /* bytes of one call; no client's packet is longer */

struct log_file {
	struct writer *writer;
	struct writer_file *file; /* outlives us where blocks of it are queued */
	int directory;
	char *name;
	struct log_options options;
	uint64_t size;
	uint64_t lost; /* bytes, not yet told of */
	bool is_inside; /* of a line */
};

static void file_release(void *context)
{
	struct writer_file *file = context;

	close(file->fd);
	free(file);
}

static struct error *file_open(struct log_file *log)
{
	struct stat status;
	int fd = openat(log->directory, log->name, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_errno("%s: cannot open", log->name);
	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		close(fd);
		return error_new(ERROR_INVALID, "%s: not a regular file", log->name);
	}
	log->file = mem_zero(sizeof(*log->file));
	*log->file = (struct writer_file){.fd = fd, .keep_zeros = true, .end = (uint64_t)status.st_size};
	log->size = (uint64_t)status.st_size;
	return NULL;
}

static void file_close(struct log_file *log)
{
	if (log->file)
		writer_barrier(log->writer, NULL, file_release, log->file);
	log->file = NULL;
}

struct error *log_file_open(struct writer *writer, int directory, const char *name, const struct log_options *options,
			    struct log_file **ret)
{
	struct log_file *log = mem_zero(sizeof(*log));

	*log = (struct log_file){
		.writer = writer, .directory = directory, .name = mem_strdup(name), .options = *options};
	struct error *error = file_open(log);
	if (error) {
		log_file_close(log);
		return error;
	}
	*ret = log;
	return NULL;
}

void log_file_close(struct log_file *log)
{
	if (!log)
		return;
	file_close(log);
	free(log->name);
	free(log);
}

/* NAME becomes NAME.1, that NAME.2, and so on; the oldest goes. */
static void rotate(struct log_file *log)
{
	for (unsigned i = log->options.keep; i > 0; i--) {
		char *to _cleanup_free_ = mem_printf("%s.%u", log->name, i);
		char *from _cleanup_free_ = i > 1 ? mem_printf("%s.%u", log->name, i - 1) : mem_strdup(log->name);

		(void)renameat(log->directory, from, log->directory, to); // the first time there is none
	}
	file_close(log);
	error_free(file_open(log)); // without a file the log takes nothing
}

static void put_stamp(struct buf *buf, int64_t now)
{
	time_t when = (time_t)now;
	struct tm parts;
	char text[32] = "";

	if (gmtime_r(&when, &parts))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ ", &parts);
	buf_puts(buf, text);
}

static void put_escaped(struct log_file *log, struct buf *buf, int64_t now, const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
			continue;
		if (!log->is_inside)
			put_stamp(buf, now);
		log->is_inside = text[i] != '\n';
		if ((text[i] >= ' ' && text[i] < 0x7f) || text[i] == '\n' || text[i] == '\t')
			buf_putc(buf, (char)text[i]);
		else
			buf_printf(buf, "\\x%02x", text[i]);
	}
}

/* Whether `length` bytes may be added; rotates where that makes room. */
static bool make_room(struct log_file *log, size_t length)
{
	if (log->options.may_grow && !log->options.may_grow(log->options.context, length))
		return false;
	if (!log->options.max || log->size + length <= log->options.max)
		return true;
	if (!log->options.keep || !log->size)
		return false;
	rotate(log);
	return log->file && length <= log->options.max;
}

void log_file_limit(struct log_file *log, const struct log_options *options)
{
	log->options = *options;
}

void log_file_put(struct log_file *log, int64_t now, const void *text, size_t length)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	bool was_inside = log->is_inside;
	size_t cut = length > PUT_MAX ? length - PUT_MAX : 0;

	length -= cut;
	if (log->lost) {
		buf_puts(&buf, was_inside ? "\n" : "");
		put_stamp(&buf, now);
		buf_printf(&buf, "[%" PRIu64 " bytes lost]\n", log->lost);
		log->is_inside = false;
	}
	put_escaped(log, &buf, now, text, length);
	if (buf.length && log->file && make_room(log, buf.length) &&
	    writer_put(log->writer, log->file, log->size, buf.data, buf.length)) {
		log->size += buf.length;
		log->lost = cut;
		return;
	}
	log->lost += length + cut;
	log->is_inside = was_inside;
}
