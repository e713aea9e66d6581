// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/freebsd.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "session/extents.h"
#include "session/meta.h"
#include "wire/bytes.h"
#include "wire/freebsd.h"

/* The client sends each message for about 12 s (debugnet.c: npolls, nretries). What is longer than that by far is
 * over. */
#define HERALD_PATIENCE (30 * SESSION_SECOND)
#define STUCK_PATIENCE (30 * SESSION_SECOND)
#define SILENCE_PATIENCE (600 * SESSION_SECOND) /* netdumpd's */
#define LEAVING_TIME (30 * SESSION_SECOND)
/* A HERALD that is older than this is no late copy of the one that began the dump, or that ended with it. */
#define YIELD_RUNNING (15 * SESSION_SECOND)
#define YIELD_LEAVING (2 * SESSION_SECOND)

enum {
	SIZE_MAX_BITS = 48,
	BLOCK = 4096,        /* what meta counts in */
	PADDING_MAX = 64 << 10, /* the kernel writes whole blocks: the last one may reach behind the end */
};

enum state {
	HERALDED, /* no file yet */
	RUNNING,
	LEAVING, /* finish() was called */
};

struct freebsd {
	struct session session;
	struct freebsd_options options;
	enum state state;
	bool is_stuck;       /* the last message with content could not be queued */
	bool has_finished;   /* FINISHED was acknowledged */
	bool is_stored;      /* finished() was called */
	bool is_outside_noted;
	bool has_kdh;
	struct freebsd_kdh kdh;
	struct extents extents;
};

static struct freebsd *of(struct session *session)
{
	return (struct freebsd *)session;
}

static const struct freebsd *of_const(const struct session *session)
{
	return (const struct freebsd *)session;
}

static void acknowledge(struct freebsd *self, uint32_t seqno)
{
	uint8_t bytes[FREEBSD_ACK_SIZE];

	wire_put_u32(bytes, seqno);
	self->session.host->ops->send(self->session.host, bytes, sizeof(bytes));
}

/* ---- the end --------------------------------------------------------------------------------- */

static uint64_t end_of_data(const struct freebsd *self)
{
	return self->extents.count ? self->extents.items[self->extents.count - 1].end : 0;
}

/* How long the vmcore is to be; what lies behind the end that the header states is there all the same. */
static uint64_t length_of(const struct freebsd *self)
{
	uint64_t end = end_of_data(self);

	return self->has_kdh && self->kdh.parity_fits && self->kdh.dump_length > end ? self->kdh.dump_length : end;
}

static size_t count_holes(const struct freebsd *self)
{
	const struct extents *extents = &self->extents;
	bool starts_at_0 = extents->count && !extents->items[0].start;

	return extents->count - starts_at_0 + (length_of(self) > end_of_data(self));
}

/* Fills in what the end says of the dump; `reason` is NULL after FINISHED. */
static enum session_end conclude(struct freebsd *self, const char *reason)
{
	struct meta *meta = self->session.host->meta;
	uint64_t missing = length_of(self) - self->extents.bytes, end = end_of_data(self);

	meta->pages_sent = self->extents.bytes / BLOCK + (self->extents.bytes % BLOCK != 0);
	meta->pages_missing = missing / BLOCK + (missing % BLOCK != 0);
	if (self->has_kdh && self->kdh.parity_fits && self->kdh.dump_length < end && end - self->kdh.dump_length < PADDING_MAX)
		meta->size = self->kdh.dump_length;
	if (reason)
		snprintf(meta->reason, sizeof(meta->reason), "%s", reason);
	else if (!self->has_kdh)
		snprintf(meta->reason, sizeof(meta->reason), "no kernel dump header arrived: the length is not known");
	else if (!self->kdh.parity_fits)
		snprintf(meta->reason, sizeof(meta->reason), "the kernel dump header is damaged: its parity is wrong");
	else if (missing)
		snprintf(meta->reason, sizeof(meta->reason), "%" PRIu64 " bytes in %zu place(s) never arrived", missing,
			 count_holes(self));
	return meta->reason[0] ? SESSION_INCOMPLETE : SESSION_COMPLETE;
}

static bool write_info(struct freebsd *self, enum session_end end)
{
	struct session_host *host = self->session.host;
	struct buf text _cleanup_(buf_deinit) = {0};

	freebsd_info(self->has_kdh ? &self->kdh : NULL, host->meta, end, &text);
	return host->ops->write(host, SESSION_INFO, 0, text.data, text.length);
}

/* False, with nothing done, where FINISHED is to come again since there was no room for the info file. */
static bool leave(struct freebsd *self, const char *reason, uint64_t now)
{
	struct session_host *host = self->session.host;
	enum session_end end = conclude(self, reason);

	if (!write_info(self, end)) {
		if (!reason) {
			host->meta->reason[0] = '\0';
			return false;
		}
		host->ops->note(host, "no room to write the info file");
	}
	if (end != SESSION_COMPLETE)
		host->ops->note(host, "incomplete: %s", host->meta->reason);
	self->state = LEAVING;
	self->has_finished = !reason;
	self->session.deadline = self->has_finished ? now + LEAVING_TIME : SESSION_NEVER;
	host->ops->finish(host, end);
	return true;
}

static void finished(struct session *session, bool is_safe, uint64_t now)
{
	struct freebsd *self = of(session);

	if (!is_safe && self->has_finished)
		session->host->ops->note(session->host, "writing failed after the client had been told that all had arrived");
	self->is_stored = true;
	session->is_over = session->deadline == SESSION_NEVER || now >= session->deadline;
}

static void stop(struct session *session, uint64_t now)
{
	struct freebsd *self = of(session);

	if (self->state == RUNNING)
		leave(self, "the dump was stopped here", now);
	else
		session->is_over = self->state == HERALDED || self->is_stored;
	session->deadline = SESSION_NEVER; /* finished() ends it */
}

static void tick(struct session *session, uint64_t now)
{
	struct freebsd *self = of(session);

	if (now < session->deadline)
		return;
	session->deadline = SESSION_NEVER;
	if (self->state == HERALDED)
		session->is_over = true;
	else if (self->state == RUNNING)
		leave(self, self->is_stuck ? "the client gave up, since its data could not be written" : "the client fell silent",
		      now);
	else
		session->is_over = self->is_stored;
}

/* ---- messages -------------------------------------------------------------------------------- */

static bool begin(struct freebsd *self)
{
	struct session_host *host = self->session.host;

	if (self->state == RUNNING)
		return true;
	enum session_begin answer = host->ops->begin(host, host->meta->expected);

	/* Without an acknowledgement the client comes again after a second, a dozen times. */
	if (answer == SESSION_WAIT) {
		self->session.deadline = self->session.heard + HERALD_PATIENCE;
		return false;
	}
	if (answer != SESSION_BEGUN) {
		self->state = LEAVING;
		self->session.deadline = SESSION_NEVER;
		snprintf(host->meta->reason, sizeof(host->meta->reason), "the dump was refused");
		host->ops->finish(host, SESSION_REFUSED);
		return false;
	}
	self->state = RUNNING;
	host->ops->script(host, "crash");
	return true;
}

static bool is_inside(struct freebsd *self, const struct freebsd_message *message, uint64_t most)
{
	struct session_host *host = self->session.host;

	if (message->offset <= most && message->length <= most - message->offset)
		return true;
	if (!self->is_outside_noted)
		host->ops->note(host, "bytes at offset %" PRIu64 " are not taken: the limit is %" PRIu64, message->offset, most);
	self->is_outside_noted = true;
	return false;
}

static bool take_key(struct freebsd *self, const struct freebsd_message *message)
{
	struct session_host *host = self->session.host;

	if (!is_inside(self, message, FREEBSD_KEY_MAX) || !begin(self))
		return false;
	return !message->length ||
	       host->ops->write(host, SESSION_KEY, message->offset, message->payload, message->length);
}

static bool take_vmcore(struct freebsd *self, const struct freebsd_message *message)
{
	struct session_host *host = self->session.host;
	uint64_t end = message->offset + message->length;

	if (!is_inside(self, message, self->options.size_max) || !begin(self))
		return false;
	if (!message->length)
		return true;
	if (extents_have(&self->extents, message->offset, end)) {
		host->meta->retransmissions++;
		return true;
	}
	if (!host->ops->write(host, SESSION_VMCORE, message->offset, message->payload, message->length) ||
	    !extents_add(&self->extents, message->offset, end))
		return false;
	host->meta->received = self->extents.bytes;
	return true;
}

/* One that we cannot read is acknowledged too: without that the client gives up right before its FINISHED. */
static bool take_kdh(struct freebsd *self, const struct freebsd_message *message)
{
	static const char *const suffixes[] = {[FREEBSD_PLAIN] = "", [FREEBSD_GZIP] = ".gz", [FREEBSD_ZSTD] = ".zst"};
	struct session_host *host = self->session.host;
	struct meta *meta = host->meta;
	bool is_known = !message->offset && freebsd_kdh_parse(message->payload, message->length, &self->kdh);

	self->has_kdh |= is_known;
	if (is_known && self->kdh.parity_fits)
		meta->expected = self->kdh.dump_length;
	if (!begin(self))
		return false;
	if (!is_known) {
		host->ops->note(host, "the kernel dump header is of no kind that is known");
		return true;
	}
	meta->core_suffix = suffixes[self->kdh.compression];
	meta->is_core_encrypted = self->kdh.key_size > 0;
	snprintf(meta->panic, sizeof(meta->panic), "%s", self->kdh.panic_string);
	return true;
}

static void take_path(struct freebsd *self, const struct freebsd_message *message)
{
	struct session_host *host = self->session.host;

	host->meta->path[0] = '\0';
	if (message->length && !freebsd_path_parse(message->payload, message->length, host->meta->path))
		host->ops->note(host, "the path in the HERALD is not taken: it does not stay below the dump directory");
}

/* True where the message is to be acknowledged. */
static bool take(struct freebsd *self, const struct freebsd_message *message, uint64_t now)
{
	if (self->state == LEAVING)
		return message->type == FREEBSD_FINISHED && self->has_finished;
	switch (message->type) {
	case FREEBSD_HERALD:
		if (self->state == HERALDED)
			take_path(self, message);
		return self->state == HERALDED;
	case FREEBSD_EKCD_KEY:
		return take_key(self, message);
	case FREEBSD_VMCORE:
		return take_vmcore(self, message);
	case FREEBSD_KDH:
		return take_kdh(self, message);
	default: /* FREEBSD_FINISHED: the parser lets no other type through */
		return self->state == RUNNING && leave(self, NULL, now);
	}
}

static void packet(struct session *session, const uint8_t *bytes, size_t length, uint64_t now)
{
	struct freebsd *self = of(session);
	struct meta *meta = session->host->meta;
	struct freebsd_message message;

	meta->packets++;
	if (!freebsd_message_parse(bytes, length, &message)) {
		meta->packets_dropped++;
		return;
	}
	/* A HERALD in the middle may be forged: it must not keep a dead dump alive, nor a silent client from returning. */
	if (message.type != FREEBSD_HERALD || self->state == HERALDED)
		session->heard = now;
	if (message.type != FREEBSD_HERALD && self->options.has_own_port)
		session->is_proven = true;
	bool is_taken = take(self, &message, now);

	if (is_taken)
		acknowledge(self, message.seqno);
	else
		meta->packets_dropped++;
	if (self->state != RUNNING || message.type == FREEBSD_HERALD)
		return;
	self->is_stuck = !is_taken;
	session->deadline = now + (is_taken ? SILENCE_PATIENCE : STUCK_PATIENCE);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void freebsd_free(struct session *session)
{
	struct freebsd *self = of(session);

	if (!self)
		return;
	extents_deinit(&self->extents);
	free(self);
}

static const struct session_ops freebsd_ops = {
	.protocol = "freebsd",
	.packet = packet,
	.tick = tick,
	.finished = finished,
	.stop = stop,
	.free = freebsd_free,
};

struct session *freebsd_new(struct session_host *host, const struct freebsd_options *options, const uint8_t *bytes,
			    size_t length, uint64_t now)
{
	struct freebsd_message message;

	if (!freebsd_message_parse(bytes, length, &message) || message.type != FREEBSD_HERALD)
		return NULL;
	struct freebsd *self = mem_zero(sizeof(*self));

	self->session = (struct session){
		.ops = &freebsd_ops,
		.host = host,
		.deadline = now + HERALD_PATIENCE,
	};
	self->options = *options;
	if (!self->options.size_max || self->options.size_max > UINT64_C(1) << SIZE_MAX_BITS)
		self->options.size_max = UINT64_C(1) << SIZE_MAX_BITS;
	host->meta->protocol = freebsd_ops.protocol;
	host->meta->holes_of = &self->extents;
	snprintf(host->meta->format, sizeof(host->meta->format), "freebsd");
	packet(&self->session, bytes, length, now);
	return &self->session;
}

bool freebsd_yields(const struct session *session, const uint8_t *bytes, size_t length, uint64_t now)
{
	const struct freebsd *self = of_const(session);
	struct freebsd_message message;

	if (self->state == HERALDED || !freebsd_message_parse(bytes, length, &message) || message.type != FREEBSD_HERALD)
		return false;
	return now - session->heard >= (self->state == LEAVING ? YIELD_LEAVING : YIELD_RUNNING);
}

bool freebsd_is_leaving(const struct session *session)
{
	return of_const(session)->state == LEAVING;
}

/* ---- info ------------------------------------------------------------------------------------ */

static void put_time(struct buf *ret, uint64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;
	char text[64];

	if (seconds <= UINT32_MAX && gmtime_r(&when, &parts) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S +0000", &parts))
		buf_printf(ret, "  Dumptime: %s\n", text);
	else
		buf_printf(ret, "  Dumptime: %" PRIu64 "\n", seconds);
}

static void put_kdh(struct buf *ret, const struct freebsd_kdh *kdh)
{
	static const char *const compressions[] = {
		[FREEBSD_PLAIN] = "none", [FREEBSD_GZIP] = "gzip", [FREEBSD_ZSTD] = "zstd"};

	buf_printf(ret, "  Architecture: %s\n", kdh->architecture);
	buf_printf(ret, "  Architecture Version: %" PRIu32 "\n", kdh->architecture_version);
	buf_printf(ret, "  Dump Length: %" PRIu64 "B (%" PRIu64 " MB)\n", kdh->dump_length, kdh->dump_length >> 20);
	buf_printf(ret, "  Blocksize: %" PRIu32 "\n", kdh->block_size);
	buf_printf(ret, "  Compression: %s\n", compressions[kdh->compression]);
	put_time(ret, kdh->dump_time);
	buf_printf(ret, "  Hostname: %s\n", kdh->hostname);
	buf_printf(ret, "  Version String: %s\n", kdh->version_string);
	buf_printf(ret, "  Panic String: %s\n", kdh->panic_string);
	buf_printf(ret, "  Header Parity Check: %s\n", kdh->parity_fits ? "Pass" : "Fail");
}

void freebsd_info(const struct freebsd_kdh *kdh, const struct meta *meta, enum session_end end, struct buf *ret)
{
	/* netdumpd has a name of the DNS for the first; who sends chooses it, so it has no place here. */
	buf_printf(ret, "Dump from %s [%s]\n", meta->client, meta->client);
	if (kdh)
		put_kdh(ret, kdh);
	if (end == SESSION_COMPLETE)
		buf_puts(ret, "Dump complete\n");
	else
		buf_printf(ret, "Dump incomplete: %s\n", meta->reason);
}
