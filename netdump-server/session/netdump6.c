// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/netdump6.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/meta.h"
#include "wire/bytes.h"

enum {
	BLOCK = 4096,            /* in which meta counts */
	WINDOW_LOW = 256 << 10,  /* a client with less may be waiting for more */
	WINDOW_MAX = 16 << 20,   /* what seal_window remembers, in datagrams of ND6_DATAGRAM_MIN */
	LINGER_SECONDS = 30,     /* how long DONE is repeated for a client that did not get it */
	FAILING_SECONDS = 5,     /* how long write() may fail though it has room */
	ROOM_SECONDS = 2,        /* until a client asks again whether there is room */
	FULL_SECONDS = 15,       /* the same, where there are too many dumps */
};

#define LOOK_AGAIN (SESSION_SECOND / 50) /* while bytes wait for the disk, and the client perhaps for them */

enum phase { PHASE_RUNNING, PHASE_FINISHING, PHASE_FINISHED };

/* One agreement between client and server, from OPEN to the next OPEN. */
struct keys {
	uint64_t session; /* 0: none */
	uint64_t number;  /* of the next datagram to the client */
	struct seal_direction to_server, to_client;
	struct seal_window seen;
};

struct netdump6 {
	struct session session;
	const struct netdump6_listener *listener;
	struct netdump6_opening opening;
	struct keys keys, next;  /* next: of a new OPEN, until the client has used it once */
	uint8_t accept[ND6_HEADER + 64 + SEAL_ACCEPT_MORE + ND6_TAG];
	size_t accept_length;

	enum phase phase;
	enum session_end end;
	bool is_stopping, is_safe, is_abandoned, is_given_up;
	uint64_t size;           /* of the file, from FINISH */
	uint64_t limit;          /* no byte at or behind it */
	uint64_t floor;
	struct extents have;
	uint64_t had;            /* bytes that were there at the beginning */
	uint64_t log_next;       /* so many bytes of the client's log have come */

	struct nd6_ack ack;
	uint64_t newest, newest_at; /* largest number, and when it came */
	bool ack_due;
	uint64_t queued;         /* bytes that the host took */
	uint64_t written_before; /* what the host had written of others' bytes when we began */
	uint64_t base;           /* `queued` when these keys began */
	uint64_t failing_since;  /* 0: write() works */
};

static uint64_t smaller(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* ---- to the client --------------------------------------------------------------------------- */

/* `packet` has ND6_HEADER bytes free before its payload, and room for the tag behind it. */
static void send_packet(struct netdump6 *self, enum nd6_type type, uint8_t *packet, size_t length)
{
	struct nd6_header header = {(uint8_t)type, self->keys.session, self->keys.number++};

	nd6_header_write(&header, packet);
	seal_packet(&self->keys.to_client, header.number, packet, ND6_HEADER, length);
	self->session.host->ops->send(self->session.host, packet, ND6_HEADER + length + ND6_TAG);
}

static uint64_t written_of(const struct netdump6 *self)
{
	struct session_host *host = self->session.host;
	uint64_t written = host->ops->written(host) - self->written_before;

	/* What came since has been there before. */
	if (self->phase == PHASE_FINISHED)
		return self->queued - self->base;
	return written > self->base ? smaller(written, self->queued) - self->base : 0;
}

/* What may be on the way is what the host has room for; the backlog is counted by the client too. */
static uint32_t window_of(const struct netdump6 *self, uint64_t backlog)
{
	struct session_host *host = self->session.host;

	return (uint32_t)smaller(backlog + smaller(host->ops->room(host), WINDOW_MAX), WINDOW_MAX);
}

static bool refresh_ack(struct netdump6 *self)
{
	uint64_t written = written_of(self);
	uint32_t window = window_of(self, self->queued - self->base - written);
	bool changed = written != self->ack.written || window != self->ack.window;

	self->ack.received = self->queued - self->base;
	self->ack.written = written;
	self->ack.window = window;
	return changed;
}

static void send_ack(struct netdump6 *self, uint64_t now)
{
	uint8_t packet[ND6_DATAGRAM_MIN];

	refresh_ack(self);
	self->ack.delay_us = (uint32_t)smaller((now - self->newest_at) / 1000, UINT32_MAX);
	self->ack_due = false;
	send_packet(self, ND6_ACK, packet, nd6_ack_write(&self->ack, packet + ND6_HEADER));
}

static void send_refuse(struct netdump6 *self, enum nd6_refusal reason, uint16_t retry_s, const char *text)
{
	struct nd6_refuse refuse = {.reason = (uint8_t)reason, .retry_s = retry_s};
	uint8_t packet[ND6_DATAGRAM_MIN];

	snprintf(refuse.text, sizeof(refuse.text), "%s", text);
	send_packet(self, ND6_REFUSE, packet, nd6_refuse_write(&refuse, packet + ND6_HEADER));
}

/* Bytes of [0, size) that are not there. */
static uint64_t missing_of(const struct netdump6 *self, uint64_t size)
{
	struct extent hole = {0};
	uint64_t missing = 0;

	while (extents_hole(&self->have, hole.end, size, &hole))
		missing += hole.end - hole.start;
	return missing;
}

static void send_done(struct netdump6 *self)
{
	uint8_t packet[ND6_HEADER + 64 + ND6_TAG];
	struct nd6_done done = {
		.is_complete = self->end == SESSION_COMPLETE,
		.size = self->size,
		.missing = missing_of(self, self->size),
	};

	const char *reason = self->session.host->meta->reason;

	if (self->end == SESSION_COMPLETE && !self->is_safe)
		send_refuse(self, ND6_FAILED, 0, *reason ? reason : "the file could not be written to the end");
	else
		send_packet(self, ND6_DONE, packet, nd6_done_write(&done, packet + ND6_HEADER));
}

static void send_have(struct netdump6 *self, uint64_t from)
{
	struct nd6_extents extents = {.from = from, .is_last = true};
	uint8_t packet[ND6_DATAGRAM_MIN];
	size_t low = 0, high = self->have.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (self->have.items[middle].end > from)
			high = middle;
		else
			low = middle + 1;
	}
	for (; low < self->have.count; low++) {
		if (extents.count == ND6_HAVE_EXTENTS_MAX) {
			extents.is_last = false;
			break;
		}
		extents.items[extents.count].start = self->have.items[low].start;
		extents.items[extents.count++].end = self->have.items[low].end;
	}
	send_packet(self, ND6_HAVE, packet, nd6_extents_write(&extents, packet + ND6_HEADER));
}

/* ---- end ------------------------------------------------------------------------------------- */

static void update_deadline(struct netdump6 *self, uint64_t now)
{
	uint64_t silence = self->listener->silence;

	switch (self->phase) {
	case PHASE_RUNNING:
		self->session.deadline = self->session.heard + silence;
		if (self->ack.written < self->ack.received || self->ack.window < WINDOW_LOW)
			self->session.deadline = smaller(self->session.deadline, now + LOOK_AGAIN);
		break;
	case PHASE_FINISHING:
		self->session.deadline = SESSION_NEVER;
		break;
	case PHASE_FINISHED:
		self->session.deadline = self->session.heard + LINGER_SECONDS * SESSION_SECOND;
		break;
	}
}

static void finish(struct netdump6 *self, enum session_end end, const char *reason)
{
	struct session_host *host = self->session.host;
	uint64_t missing = missing_of(self, self->size);

	self->phase = PHASE_FINISHING;
	self->end = end;
	host->meta->pages_missing = (missing + BLOCK - 1) / BLOCK;
	snprintf(host->meta->reason, sizeof(host->meta->reason), "%s", reason);
	host->ops->finish(host, end);
}

/* Ends what the client will not end: nobody is there to be told DONE. */
static void abandon(struct netdump6 *self, const char *reason)
{
	const struct nd6_open *open = &self->opening.open;

	self->is_abandoned = true;
	if (!self->size)
		self->size = open->size ? open->size : open->expected;
	finish(self, SESSION_INCOMPLETE, reason);
}

static bool take_give_up(struct netdump6 *self, const uint8_t *payload, size_t length)
{
	char text[ND6_TEXT_MAX + 1], reason[ND6_TEXT_MAX + 32];

	if (!nd6_give_up_parse(payload, length, text))
		return false;
	if (self->phase != PHASE_RUNNING)
		return true;
	snprintf(reason, sizeof(reason), "the client gave up: %s", text);
	self->is_given_up = true;
	abandon(self, reason);
	return true;
}

static bool take_finish(struct netdump6 *self, const uint8_t *payload, size_t length)
{
	if (length != 8 || wire_u64(payload) > self->limit)
		return false;
	if (self->phase == PHASE_FINISHED)
		send_done(self);
	if (self->phase != PHASE_RUNNING)
		return true;
	self->size = wire_u64(payload);
	uint64_t end = self->have.count ? self->have.items[self->have.count - 1].end : 0;

	if (end > self->size)
		finish(self, SESSION_INCOMPLETE, "bytes came from behind the end that the client gave");
	else if (missing_of(self, self->size))
		finish(self, SESSION_INCOMPLETE, "the client left out parts of the file");
	else
		finish(self, SESSION_COMPLETE, "");
	return true;
}

/* ---- from the client ------------------------------------------------------------------------- */

static bool keep_extent(struct netdump6 *self, uint64_t offset, uint64_t length)
{
	struct meta *meta = self->session.host->meta;
	uint64_t before = self->have.bytes;

	if (!extents_add(&self->have, offset, offset + length))
		return false;
	if (self->have.bytes == before)
		meta->retransmissions++;
	meta->received = self->have.bytes - self->had;
	return true;
}

static bool is_inside(const struct netdump6 *self, uint64_t offset, uint64_t length)
{
	return length && offset <= self->limit && length <= self->limit - offset;
}

static void note_failing(struct netdump6 *self, uint64_t length, uint64_t now)
{
	struct session_host *host = self->session.host;
	const char *failure = host->ops->failure(host);

	if (!failure && host->ops->room(host) < length)
		return;
	if (!self->failing_since)
		self->failing_since = now;
	if (!failure && now - self->failing_since < FAILING_SECONDS * SESSION_SECOND)
		return;
	failure = failure ? failure : "writing to the disk failed";
	send_refuse(self, ND6_FAILED, 0, failure);
	abandon(self, failure);
}

/* What comes after the end has been here before; but not where the dump was given up: that must not be acknowledged. */
static bool is_whole(const struct netdump6 *self)
{
	return self->end == SESSION_COMPLETE && !self->is_abandoned;
}

static bool take_data(struct netdump6 *self, uint64_t number, const uint8_t *payload, size_t length, uint64_t now)
{
	struct session_host *host = self->session.host;

	if (length <= ND6_DATA_HEADER || number < self->floor)
		return false;
	uint64_t offset = wire_u64(payload);

	length -= ND6_DATA_HEADER;
	if (!is_inside(self, offset, length))
		return false;
	if (self->phase != PHASE_RUNNING) {
		self->queued += is_whole(self) ? length : 0;
		return is_whole(self);
	}
	if (!host->ops->write(host, SESSION_VMCORE, offset, payload + ND6_DATA_HEADER, length)) {
		note_failing(self, length, now);
		return false;
	}
	self->failing_since = 0;
	self->queued += length;
	host->meta->pages_sent = (self->queued + BLOCK - 1) / BLOCK;
	return keep_extent(self, offset, length);
}

static bool take_zero(struct netdump6 *self, uint64_t number, const uint8_t *payload, size_t length)
{
	struct session_host *host = self->session.host;

	if (length != 16 || number < self->floor)
		return false;
	uint64_t offset = wire_u64(payload), zeros = wire_u64(payload + 8);

	if (!is_inside(self, offset, zeros))
		return false;
	if (self->phase != PHASE_RUNNING)
		return is_whole(self);
	if (!host->ops->zero(host, SESSION_VMCORE, offset, zeros) || !keep_extent(self, offset, zeros))
		return false;
	host->meta->pages_skipped += zeros / BLOCK;
	return true;
}

/* What comes too early is as good as lost: a log is short, and is to be in order. */
static bool take_log(struct netdump6 *self, const uint8_t *payload, size_t length)
{
	if (length <= ND6_DATA_HEADER)
		return false;
	uint64_t offset = wire_u64(payload), there = self->log_next - offset;

	length -= ND6_DATA_HEADER;
	if (offset > self->log_next)
		return false;
	if (self->phase != PHASE_RUNNING || there >= length)
		return true;
	self->session.host->ops->log(self->session.host, payload + ND6_DATA_HEADER + there, length - there);
	self->log_next = offset + length;
	return true;
}

static bool take_ask(struct netdump6 *self, const uint8_t *payload, size_t length)
{
	if (length != 8)
		return false;
	send_have(self, wire_u64(payload));
	return true;
}

static bool take(struct netdump6 *self, const struct nd6_header *header, const uint8_t *payload, size_t length,
		 uint64_t now)
{
	switch (header->type) {
	case ND6_DATA:
		return take_data(self, header->number, payload, length, now);
	case ND6_ZERO:
		return take_zero(self, header->number, payload, length);
	case ND6_LOG:
		return take_log(self, payload, length);
	case ND6_FINISH:
		return take_finish(self, payload, length);
	case ND6_PROBE:
		return true;
	case ND6_ASK:
		return take_ask(self, payload, length);
	case ND6_FLOOR:
		if (header->number > self->floor)
			self->floor = header->number;
		return true;
	case ND6_GIVE_UP:
		return take_give_up(self, payload, length);
	default:
		return false;
	}
}

/* Adds a number to the ranges that are acknowledged; numbers come nearly in order, so it is at the front. A number
 * below ND6_ACK_RANGES_MAX ranges is forgotten: the client sends its bytes again. */
static void ranges_add(struct nd6_ack *ack, uint64_t number)
{
	struct nd6_range *ranges = ack->ranges;
	unsigned at = 0;

	while (at < ack->count && ranges[at].first > number)
		at++;
	/* ranges[at - 1] lies above the number, ranges[at] begins at or below it. */
	bool joins_above = at && ranges[at - 1].first == number + 1;
	bool joins_below = at < ack->count && (ranges[at].last >= number || ranges[at].last + 1 == number);

	if (joins_above && joins_below) {
		ranges[at - 1].first = ranges[at].first;
		memmove(ranges + at, ranges + at + 1, (--ack->count - at) * sizeof(*ranges));
	} else if (joins_above) {
		ranges[at - 1].first = number;
	} else if (joins_below) {
		if (ranges[at].last < number)
			ranges[at].last = number;
	} else if (at < ND6_ACK_RANGES_MAX) {
		if (ack->count < ND6_ACK_RANGES_MAX)
			ack->count++;
		memmove(ranges + at + 1, ranges + at, (ack->count - 1 - at) * sizeof(*ranges));
		ranges[at] = (struct nd6_range){number, number};
	}
}

/* The client uses what the new OPEN agreed on: from here on nothing else counts. */
static void begin_keys(struct netdump6 *self, uint64_t now)
{
	self->keys = self->next;
	seal_wipe(&self->next, sizeof(self->next));
	self->ack.count = 0;
	self->newest = 0;
	self->newest_at = now;
	self->base = self->queued;
	self->floor = 0;
}

/* Opens a datagram with the keys that it names. */
static bool open_packet(struct netdump6 *self, const struct nd6_header *header, uint8_t *bytes, size_t length,
			uint64_t now)
{
	struct keys *keys = header->session == self->keys.session ? &self->keys : &self->next;

	if (!header->session || header->session != keys->session ||
	    !seal_open(&keys->to_server, header->number, bytes, ND6_HEADER, length) ||
	    !seal_window_take(&keys->seen, header->number))
		return false;
	if (keys == &self->next)
		begin_keys(self, now);
	return true;
}

static void netdump6_packet(struct session *session, const uint8_t *bytes, size_t length, uint64_t now)
{
	struct netdump6 *self = (struct netdump6 *)session;
	struct meta *meta = session->host->meta;
	struct nd6_header header;

	/* In place: session.h allows it. */
	if (!nd6_header_parse(bytes, length, &header) ||
	    !open_packet(self, &header, (uint8_t *)(uintptr_t)bytes, length, now)) {
		meta->packets_dropped++;
		return;
	}
	meta->packets++;
	session->heard = now;
	if (take(self, &header, bytes + ND6_HEADER, length - ND6_HEADER - ND6_TAG, now)) {
		ranges_add(&self->ack, header.number);
		if (header.number >= self->newest) {
			self->newest = header.number;
			self->newest_at = now;
		}
		self->ack_due = true;
	} else {
		meta->packets_dropped++;
	}
	update_deadline(self, now);
}

static void netdump6_batch_end(struct session *session, uint64_t now)
{
	struct netdump6 *self = (struct netdump6 *)session;

	if (self->ack_due)
		send_ack(self, now);
	update_deadline(self, now);
}

static void netdump6_tick(struct session *session, uint64_t now)
{
	struct netdump6 *self = (struct netdump6 *)session;

	if (self->phase == PHASE_RUNNING && now - session->heard >= self->listener->silence)
		abandon(self, "the client fell silent");
	else if (self->phase == PHASE_FINISHED && now - session->heard >= LINGER_SECONDS * SESSION_SECOND)
		session->is_over = true;
	else if (self->phase == PHASE_RUNNING && (refresh_ack(self) || self->ack_due))
		send_ack(self, now);
	update_deadline(self, now);
}

static void netdump6_finished(struct session *session, bool is_safe, uint64_t now)
{
	struct netdump6 *self = (struct netdump6 *)session;

	self->phase = PHASE_FINISHED;
	self->is_safe = is_safe;
	session->heard = now;
	if (!self->is_abandoned || self->is_given_up)
		send_done(self);
	session->is_over = self->is_abandoned;
	update_deadline(self, now);
}

static void netdump6_stop(struct session *session, uint64_t now)
{
	struct netdump6 *self = (struct netdump6 *)session;

	if (self->phase != PHASE_RUNNING)
		return;
	send_refuse(self, ND6_STOPPING, 5, "the server stops");
	abandon(self, "the server was stopped");
	update_deadline(self, now);
}

static void netdump6_free(struct session *session)
{
	struct netdump6 *self = (struct netdump6 *)session;

	extents_deinit(&self->have);
	seal_wipe(self, sizeof(*self));
	free(self);
}

static const struct session_ops netdump6_ops = {
	.protocol = "netdump6",
	.packet = netdump6_packet,
	.tick = netdump6_tick,
	.batch_end = netdump6_batch_end,
	.finished = netdump6_finished,
	.stop = netdump6_stop,
	.free = netdump6_free,
};

/* ---- beginning ------------------------------------------------------------------------------- */

static void send_accept(struct netdump6 *self)
{
	self->session.host->ops->send(self->session.host, self->accept, self->accept_length);
}

/* Agrees on keys for an opening and keeps ACCEPT. False where the client's keys are no keys. */
static bool make_accept(struct netdump6 *self, const struct netdump6_opening *opening)
{
	struct session_host *host = self->session.host;
	struct nd6_accept accept = {
		.session = host->ops->random(host) | 1, /* never 0 */
		.window = window_of(self, 0),
		.datagram_max = self->listener->datagram_max,
		.have = self->have.bytes,
	};
	struct keys keys = {.session = accept.session};

	self->accept_length = netdump6_accept(opening, &accept, self->accept, &keys.to_server, &keys.to_client);
	if (!self->accept_length)
		return false;
	self->opening = *opening;
	seal_wipe(&self->opening.handshake, sizeof(self->opening.handshake));
	self->next = keys;
	return true;
}

static void fill_meta(struct netdump6 *self, struct meta *meta)
{
	const struct nd6_open *open = &self->opening.open;

	meta->protocol = netdump6_ops.protocol;
	meta->is_encrypted = self->opening.is_sealed;
	meta->expected = open->size ? open->size : open->expected;
	meta->machine = open->machine;
	meta->page_size = BLOCK;
	meta->holes_of = &self->have;
	snprintf(meta->peer, sizeof(meta->peer), "%s", self->opening.peer);
	snprintf(meta->format, sizeof(meta->format), "%s", open->is_kdump ? "kdump" : open->machine ? "elf" : "raw");
}

/* False where the dump cannot begin: the client is told why, and when to come again. */
static bool has_begun(struct netdump6 *self, const struct netdump6_opening *opening, bool is_begun)
{
	struct session_host *host = self->session.host;
	enum session_begin answer = is_begun ? SESSION_BEGUN : SESSION_NO_ROOM;
	uint8_t packet[ND6_DATAGRAM_MIN];
	size_t length;

	if (opening->open.size > self->listener->size_max)
		answer = SESSION_NO_ROOM;
	else if (!is_begun)
		answer = host->ops->begin(host, host->meta->expected);
	if (answer == SESSION_BEGUN)
		return true;
	if (opening->open.size > self->listener->size_max)
		length = netdump6_refuse_open(opening, ND6_NO_ROOM, 0, "larger than max_dump allows", packet);
	else if (answer == SESSION_CANNOT)
		length = netdump6_refuse_open(opening, ND6_FAILED, 0, "it cannot make the files: its log says why", packet);
	else if (answer == SESSION_WAIT)
		length = netdump6_refuse_open(opening, ND6_BUSY, ROOM_SECONDS, "room is being made for the dump", packet);
	else if (answer == SESSION_FULL)
		length = netdump6_refuse_open(opening, ND6_BUSY, FULL_SECONDS, "too many dumps at once", packet);
	else
		length = netdump6_refuse_open(opening, ND6_NO_ROOM, 0, "no room for the dump", packet);
	host->ops->send(host, packet, length);
	return false;
}

static void note_begun(const struct netdump6 *self)
{
	struct session_host *host = self->session.host;
	const struct nd6_open *open = &self->opening.open;
	char size[64] = "of unknown size";

	if (host->meta->expected)
		snprintf(size, sizeof(size), "of %" PRIu64 " bytes", host->meta->expected);
	host->ops->note(host, "%s %s, %" PRIu64 " bytes of it here already%s%.*s", host->meta->format, size, self->had,
			open->text_length ? ": " : "", open->text_length, open->text);
}

struct session *netdump6_new(struct session_host *host, const struct netdump6_listener *listener,
			     const struct netdump6_opening *opening, struct extents *have, bool is_begun, uint64_t now)
{
	struct netdump6 *self = mem_zero(sizeof(*self));
	const struct nd6_open *open = &opening->open;

	self->session = (struct session){&netdump6_ops, host, SESSION_NEVER, now, true, false};
	self->listener = listener;
	if (have) {
		self->have = *have;
		*have = (struct extents){0};
	}
	self->had = self->have.bytes;
	self->written_before = host->ops->written(host);
	self->limit = open->size && open->size < listener->size_max ? open->size : listener->size_max;
	bool has_keys = make_accept(self, opening);

	fill_meta(self, host->meta);
	host->meta->packets++;
	if (!has_keys || !has_begun(self, opening, is_begun)) {
		self->phase = PHASE_FINISHED;
		self->session.is_over = true;
		return &self->session;
	}
	begin_keys(self, now);
	send_accept(self);
	note_begun(self);
	update_deadline(self, now);
	return &self->session;
}

bool netdump6_knows(const struct session *session, uint64_t number)
{
	const struct netdump6 *self = (const struct netdump6 *)session;

	return session->ops == &netdump6_ops && !session->is_over && number &&
	       (number == self->keys.session || number == self->next.session);
}

bool netdump6_is_same(const struct session *session, const struct netdump6_opening *opening)
{
	const struct netdump6 *self = (const struct netdump6 *)session;

	if (session->ops != &netdump6_ops) /* smaller than one of ours */
		return false;
	bool is_in_vain = self->phase == PHASE_FINISHED && !(is_whole(self) && self->is_safe);

	return !session->is_over && !is_in_vain && !self->is_abandoned &&
	       !memcmp(self->opening.open.id, opening->open.id, ND6_ID_SIZE) &&
	       !strcmp(self->opening.peer, opening->peer) && self->opening.is_sealed == opening->is_sealed &&
	       self->opening.open.size == opening->open.size;
}

bool netdump6_reopen(struct session *session, const struct netdump6_opening *opening, uint64_t now)
{
	struct netdump6 *self = (struct netdump6 *)session;

	if (!netdump6_is_same(session, opening))
		return false;
	bool is_repeated = self->opening.number == opening->number &&
			   !memcmp(self->opening.mark, opening->mark, sizeof(opening->mark));

	if (!is_repeated && !make_accept(self, opening))
		return false;
	session->heard = now;
	session->host->meta->packets++;
	send_accept(self);
	update_deadline(self, now);
	return true;
}

const struct extents *netdump6_have(const struct session *session)
{
	return &((const struct netdump6 *)session)->have;
}

const uint8_t *netdump6_id(const struct session *session)
{
	return ((const struct netdump6 *)session)->opening.open.id;
}
