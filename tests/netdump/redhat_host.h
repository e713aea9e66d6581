// SPDX-License-Identifier: GPL-2.0-or-later
// A session_host for Red Hat sessions that keeps everything in memory.
#ifndef TESTS_REDHAT_HOST_H
#define TESTS_REDHAT_HOST_H

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "session/meta.h"
#include "session/session.h"

enum { HOST_SENDS = 256 };

struct host {
	struct session_host base;
	struct meta meta;
	struct {
		uint8_t bytes[24];
		size_t length;
	} sends[HOST_SENDS]; /* the last ones */
	size_t sent;
	void (*on_send)(struct host *host, const void *bytes, size_t length); /* NULL: only kept */
	bool has_room;        /* what begin() answers */
	unsigned waits;       /* after so many times that the session is to wait */
	size_t refuse_writes; /* so many next writes find no room */
	uint64_t expected;
	uint8_t *vmcore;      /* `expected` bytes */
	uint64_t vmcore_max;  /* more is not allocated: begin() then answers SESSION_NO_ROOM */
	size_t writes, writes_outside;
	struct buf log, notes, scripts;
	unsigned begins, finishes;
	enum session_end end;
};

static inline void host_send(struct session_host *base, const void *bytes, size_t length)
{
	struct host *host = (struct host *)base;
	size_t place = host->sent++ % HOST_SENDS;

	host->sends[place].length = length;
	memcpy(host->sends[place].bytes, bytes, length < 24 ? length : 24);
	if (host->on_send)
		host->on_send(host, bytes, length);
}

static inline bool host_write(struct session_host *base, enum session_file file, uint64_t offset, const void *bytes,
			      size_t length)
{
	struct host *host = (struct host *)base;

	if (host->refuse_writes) {
		host->refuse_writes--;
		return false;
	}
	host->writes++;
	if (file != SESSION_VMCORE || !host->vmcore || offset > host->expected || length > host->expected - offset)
		host->writes_outside++;
	else
		memcpy(host->vmcore + offset, bytes, length);
	return true;
}

static inline enum session_begin host_begin(struct session_host *base, uint64_t expected)
{
	struct host *host = (struct host *)base;

	host->begins++;
	host->expected = expected;
	if (host->waits) {
		host->waits--;
		return SESSION_WAIT;
	}
	if (!host->has_room || expected > host->vmcore_max)
		return SESSION_NO_ROOM;
	host->vmcore = mem_zero(expected);
	return SESSION_BEGUN;
}

static inline void host_log(struct session_host *base, const void *text, size_t length)
{
	buf_put(&((struct host *)base)->log, text, length);
}

static inline void host_note(struct session_host *base, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline void host_note(struct session_host *base, const char *format, ...)
{
	struct host *host = (struct host *)base;
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = mem_vprintf(format, arguments);
	va_end(arguments);
	buf_printf(&host->notes, "%s\n", text);
	free(text);
}

static inline void host_finish(struct session_host *base, enum session_end end)
{
	struct host *host = (struct host *)base;

	host->finishes++;
	host->end = end;
}

static inline void host_script(struct session_host *base, const char *name)
{
	buf_printf(&((struct host *)base)->scripts, "%s ", name);
}

static inline uint64_t host_random(struct session_host *base)
{
	(void)base;
	return 0xfffffffffffffff0; /* numbers wrap soon */
}

static const struct session_host_ops host_ops = {
	.send = host_send,
	.write = host_write,
	.begin = host_begin,
	.log = host_log,
	.note = host_note,
	.finish = host_finish,
	.script = host_script,
	.random = host_random,
};

static inline void host_init(struct host *host)
{
	*host = (struct host){.has_room = true, .vmcore_max = 256 << 20};
	host->base = (struct session_host){&host_ops, &host->meta};
}

static inline void host_deinit(struct host *host)
{
	free(host->vmcore);
	buf_deinit(&host->log);
	buf_deinit(&host->notes);
	buf_deinit(&host->scripts);
}

#endif
