// SPDX-License-Identifier: GPL-2.0-or-later
// A session_host for FreeBSD sessions that keeps what it is asked to do, and refuses what it is told to refuse.
#ifndef NETDUMP_FREEBSD_HOST_H
#define NETDUMP_FREEBSD_HOST_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "session/meta.h"
#include "session/session.h"
#include "wire/bytes.h"

#ifndef HOST_BYTES
#define HOST_BYTES (256 << 10)
#endif

struct freebsd_host {
	struct session_host host; /* first */
	struct meta meta;
	/* What comes out. */
	unsigned acks, begins, finishes, scripts, notes, writes[SESSION_FILES];
	uint32_t last_ack;
	uint64_t expected, limit, furthest; /* `limit`: a write that ends behind it is a mistake */
	enum session_end end;
	char note[256];
	char info[2048];
	uint8_t core[HOST_BYTES], key[HOST_BYTES]; /* what was written below HOST_BYTES */
	bool is_wrong; /* it asked for what no session may ask */
	/* What goes in. */
	bool refuses_begin, refuses_writes;
	unsigned waits; /* so many times begin() asks for patience */
};

static inline struct freebsd_host *freebsd_host_of(struct session_host *host)
{
	return (struct freebsd_host *)host;
}

static inline void freebsd_host_send(struct session_host *host, const void *bytes, size_t length)
{
	struct freebsd_host *self = freebsd_host_of(host);

	self->is_wrong |= length != 4;
	self->acks++;
	self->last_ack = wire_u32(bytes);
}

static inline bool freebsd_host_write(struct session_host *host, enum session_file file, uint64_t offset,
				      const void *bytes, size_t length)
{
	struct freebsd_host *self = freebsd_host_of(host);
	uint64_t end = offset + length;

	self->is_wrong |= !self->begins || self->finishes || end < offset || !length;
	self->is_wrong |= end > (file == SESSION_VMCORE ? self->limit : HOST_BYTES);
	if (self->refuses_writes)
		return false;
	self->writes[file]++;
	if (file == SESSION_INFO) {
		self->is_wrong |= offset || length >= sizeof(self->info);
		snprintf(self->info, sizeof(self->info), "%.*s", (int)length, (const char *)bytes);
		return true;
	}
	if (end <= HOST_BYTES)
		memcpy((file == SESSION_KEY ? self->key : self->core) + offset, bytes, length);
	if (file == SESSION_VMCORE && end > self->furthest)
		self->furthest = end;
	return true;
}

static inline enum session_begin freebsd_host_begin(struct session_host *host, uint64_t expected)
{
	struct freebsd_host *self = freebsd_host_of(host);

	self->is_wrong |= self->begins > 0;
	self->expected = expected;
	if (self->waits) {
		self->waits--;
		return SESSION_WAIT;
	}
	self->begins += !self->refuses_begin;
	return self->refuses_begin ? SESSION_NO_ROOM : SESSION_BEGUN;
}

static inline void freebsd_host_note(struct session_host *host, const char *format, ...)
{
	struct freebsd_host *self = freebsd_host_of(host);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(self->note, sizeof(self->note), format, arguments);
	va_end(arguments);
	self->notes++;
}

static inline void freebsd_host_finish(struct session_host *host, enum session_end end)
{
	struct freebsd_host *self = freebsd_host_of(host);

	self->is_wrong |= self->finishes > 0 || (!self->begins && end != SESSION_REFUSED);
	self->finishes++;
	self->end = end;
}

static inline void freebsd_host_script(struct session_host *host, const char *name)
{
	freebsd_host_of(host)->scripts += !strcmp(name, "crash");
}

static const struct session_host_ops freebsd_host_ops = {
	.send = freebsd_host_send,
	.write = freebsd_host_write,
	.begin = freebsd_host_begin,
	.note = freebsd_host_note,
	.finish = freebsd_host_finish,
	.script = freebsd_host_script,
};

static inline void freebsd_host_init(struct freebsd_host *self)
{
	memset(self, 0, sizeof(*self));
	self->host = (struct session_host){.ops = &freebsd_host_ops, .meta = &self->meta};
	self->limit = UINT64_C(1) << 48;
	snprintf(self->meta.client, sizeof(self->meta.client), "192.0.2.7");
}

#endif
