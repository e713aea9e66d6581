// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/netlog.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "session/session.h"
#include "wire/bytes.h"
#include "wire/netconsole.h"

enum {
	WINDOW = 64,       /* numbers that may be ahead of the one that is missing */
	HISTORY = 256,     /* numbers behind that are known to have been written */
	STALE_MAX = 32,    /* messages in a row that are too old to be true: then it is we who are wrong */
	LINE_MAX = 4096,   /* of plain text, which may have no newline ever */
	KEEP_MAX = 8 << 10, /* a buffer that grew larger is given back */
};

#define WAIT SESSION_SECOND
/* A message is not late by more than that: it is of another boot. */
#define LATE_USEC 5000000
/* Processors stamp their messages before they number them: so much may be the wrong way round. */
#define JITTER_USEC 1000000

/* A message that waits: for its other fragments, or for an earlier one. */
struct held {
	uint64_t seq, usec, arrived;
	char *body;    /* NULL: the slot is free */
	size_t length;
	uint8_t *have; /* a bit for each byte of a fragmented body, in the body's allocation; NULL: it came whole */
	size_t missing, size;
};

struct written {
	uint64_t seq, usec; /* UINT64_MAX: none */
};

struct netlog {
	struct netlog_budget *budget;
	netlog_line *line;
	void *context;
	bool has_begun;
	uint64_t next;      /* the number that is to be written next */
	uint64_t gap;       /* numbers given up since the last message */
	uint64_t last_usec; /* the latest time stamp */
	uint64_t heard;
	unsigned stale;
	unsigned held_count;
	size_t memory;
	struct held window[WINDOW];       /* by number, from `next` on */
	struct written history[HISTORY];  /* by number */
	char release[NETCONSOLE_RELEASE_MAX + 1];
	struct buf text;    /* the line that is being made */
	struct buf plain;   /* plain text that has no newline yet */
	uint64_t plain_since;
	uint64_t deadline;
	struct netlog_counts counts;
};

struct netlog *netlog_new(struct netlog_budget *budget, netlog_line *line, void *context)
{
	struct netlog *netlog = mem_zero(sizeof(*netlog));

	netlog->budget = budget;
	netlog->line = line;
	netlog->context = context;
	netlog->deadline = SESSION_NEVER;
	return netlog;
}

static void held_release(struct netlog *netlog, struct held *held)
{
	if (!held->body)
		return;
	netlog->memory -= held->size;
	netlog->budget->used -= held->size;
	netlog->held_count--;
	free(held->body);
	*held = (struct held){0};
}

void netlog_free(struct netlog *netlog)
{
	if (!netlog)
		return;
	for (unsigned i = 0; i < WINDOW; i++)
		held_release(netlog, &netlog->window[i]);
	buf_deinit(&netlog->text);
	buf_deinit(&netlog->plain);
	free(netlog);
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void put_line(struct netlog *netlog)
{
	netlog->line(netlog->context, buf_text(&netlog->text), netlog->text.length);
	if (netlog->text.capacity > KEEP_MAX)
		buf_deinit(&netlog->text);
	buf_cut(&netlog->text, 0);
}

/* A kernel numbers its messages before it leaves out those above its console's level (suppress_message_printing()): the
 * numbers do not tell which of the two it was. */
static void put_gap(struct netlog *netlog)
{
	if (!netlog->gap)
		return;
	buf_printf(&netlog->text, "-- %" PRIu64 " message(s) missing: lost, or held back by the host's loglevel --", netlog->gap);
	netlog->gap = 0;
	put_line(netlog);
}

/* To be told with the next message. */
static void give_up(struct netlog *netlog, uint64_t count)
{
	netlog->counts.missing += count;
	netlog->gap += count;
}

static int hex_digit(char byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* The byte at `at`, or that of which printk made \xNN (msg_add_ext_text()); steps over it. */
static char next_byte(const char *body, size_t length, size_t *at)
{
	const char *text = body + *at;

	if (*text == '\\' && length - *at >= 4 && text[1] == 'x' && hex_digit(text[2]) >= 0 && hex_digit(text[3]) >= 0) {
		*at += 4;
		return (char)(hex_digit(text[2]) << 4 | hex_digit(text[3]));
	}
	++*at;
	return *text;
}

static bool is_missing(const uint8_t *have, size_t at)
{
	return have && !(have[at / 8] & 1 << at % 8);
}

static void put_hole(struct netlog *netlog, const uint8_t *have, size_t length, size_t *at)
{
	size_t from = *at;

	/* By 64 where it can be: anybody may send one byte of a long message. */
	while (*at < length && is_missing(have, *at))
		*at += *at % 8 == 0 && length - *at >= 64 && !wire_u64(have + *at / 8) ? 64 : 1;
	buf_printf(&netlog->text, "<%zu bytes lost>", *at - from);
}

/* How many bytes from `at` on are there and stand for themselves. */
static size_t run_length(const char *body, size_t length, const uint8_t *have, size_t at)
{
	size_t end = at;

	while (end < length && body[end] != '\\' && body[end] != '\n' && !is_missing(have, end))
		end++;
	return end - at;
}

/* Writes up to the end of the body or of its line; true when that is the line's. */
static bool put_text(struct netlog *netlog, const char *body, size_t length, const uint8_t *have, size_t *at)
{
	for (;;) {
		size_t run = run_length(body, length, have, *at);

		buf_put(&netlog->text, body + *at, run);
		*at += run;
		if (*at == length)
			return false;
		if (is_missing(have, *at)) {
			put_hole(netlog, have, length, at);
			continue;
		}
		char byte = next_byte(body, length, at);

		if (byte == '\n')
			return true;
		buf_putc(&netlog->text, byte);
	}
}

/* As dmesg shows it: each line of the text, and each entry of the dictionary, behind the time. */
static void put_message(struct netlog *netlog, uint64_t usec, const char *body, size_t length, const uint8_t *have)
{
	size_t at = 0;
	bool has_more = true;

	if (length && body[length - 1] == '\n')
		length--;
	while (has_more) {
		buf_printf(&netlog->text, "[%5" PRIu64 ".%06" PRIu64 "] ", usec / 1000000, usec % 1000000);
		has_more = put_text(netlog, body, length, have, &at);
		put_line(netlog);
	}
}

static void write_message(struct netlog *netlog, uint64_t seq, uint64_t usec, const char *body, size_t length,
			  const uint8_t *have)
{
	netlog->history[seq % HISTORY] = (struct written){seq, usec};
	netlog->counts.messages++;
	put_gap(netlog);
	put_message(netlog, usec, body, length, have);
}

/* ---- order ----------------------------------------------------------------------------------- */

static struct held *held_at(struct netlog *netlog, uint64_t seq)
{
	struct held *held = &netlog->window[seq % WINDOW];

	return held->body && held->seq == seq ? held : NULL;
}

static void write_held(struct netlog *netlog, struct held *held)
{
	netlog->counts.incomplete += held->missing > 0;
	write_message(netlog, held->seq, held->usec, held->body, held->length, held->missing ? held->have : NULL);
	held_release(netlog, held);
}

/* Writes or gives up everything before `seq`. */
static void advance_to(struct netlog *netlog, uint64_t seq)
{
	while (netlog->next < seq && netlog->held_count) {
		uint64_t first = netlog->next;

		while (first < seq && !held_at(netlog, first))
			first++;
		if (first == seq)
			break;
		give_up(netlog, first - netlog->next);
		write_held(netlog, held_at(netlog, first));
		netlog->next = first + 1;
	}
	if (netlog->next < seq) {
		give_up(netlog, seq - netlog->next);
		netlog->next = seq;
	}
}

/* Writes what is whole and has nothing missing before it. */
static void drain(struct netlog *netlog)
{
	struct held *held;

	while ((held = held_at(netlog, netlog->next)) && !held->missing) {
		write_held(netlog, held);
		netlog->next++;
	}
}

static void flush_window(struct netlog *netlog)
{
	uint64_t end = netlog->next;

	for (unsigned i = 0; i < WINDOW; i++) {
		if (netlog->window[i].body && netlog->window[i].seq >= end)
			end = netlog->window[i].seq + 1;
	}
	advance_to(netlog, end);
	put_gap(netlog);
}

static void begin_at(struct netlog *netlog, const struct netconsole_message *message)
{
	memset(netlog->history, 0xff, sizeof(netlog->history));
	netlog->has_begun = true;
	netlog->next = message->seq;
	netlog->last_usec = message->usec;
	netlog->stale = 0;
}

/* Whether the message is of another boot than those before it. Numbers begin at 0 in each, but netconsole may begin
 * late: the first that we see may be lower or higher than the last of the boot before. So: a number that we know,
 * with another time; a time that went back; or a lower number that is too late for one of this boot. */
static bool is_restart(struct netlog *netlog, const struct netconsole_message *message, uint64_t now)
{
	const struct written *written = &netlog->history[message->seq % HISTORY];
	const struct held *held = held_at(netlog, message->seq);
	__int128 behind = (__int128)netlog->last_usec - message->usec;

	if (written->seq == message->seq)
		return written->usec != message->usec;
	if (held)
		return held->usec != message->usec;
	if (message->seq >= netlog->next)
		return behind > LATE_USEC;
	return behind < -JITTER_USEC || behind + (now - netlog->heard) / 1000 > LATE_USEC || netlog->stale >= STALE_MAX;
}

/* ---- extended messages ----------------------------------------------------------------------- */

/* Makes room for `size` bytes by writing what has waited longest in the order; false where that is not enough. */
static bool make_room(struct netlog *netlog, size_t size)
{
	while (netlog->memory + size > NETLOG_MEMORY || netlog->budget->used + size > netlog->budget->limit) {
		uint64_t first = netlog->next;

		if (!netlog->held_count)
			return false;
		while (!held_at(netlog, first))
			first++;
		advance_to(netlog, first + 1);
	}
	return true;
}

static void merge(struct netlog *netlog, struct held *held, const struct netconsole_message *message)
{
	size_t missing = held->missing;

	if (!held->have || !message->is_fragment || message->fragment_total != held->length) {
		netlog->counts.duplicates++;
		return;
	}
	for (size_t i = 0; i < message->body_length; i++) {
		size_t at = message->fragment_offset + i;

		if (!is_missing(held->have, at))
			continue;
		held->have[at / 8] |= (uint8_t)(1 << at % 8);
		held->body[at] = message->body[i];
		held->missing--;
	}
	netlog->counts.duplicates += held->missing == missing;
}

/* Its number has passed. What never came before is still worth a line, in the wrong place; a piece of it is not. */
static void take_late(struct netlog *netlog, const struct netconsole_message *message)
{
	bool is_known = netlog->history[message->seq % HISTORY].seq == message->seq;

	netlog->stale += !is_known;
	if (is_known || message->is_fragment)
		netlog->counts.duplicates++;
	else
		write_message(netlog, message->seq, message->usec, message->body, message->body_length, NULL);
}

/* Nobody may wait any more: what there is of it is written at once. */
static void take_now(struct netlog *netlog, const struct netconsole_message *message)
{
	advance_to(netlog, message->seq);
	netlog->next = message->seq + 1;
	netlog->counts.incomplete += message->is_fragment;
	write_message(netlog, message->seq, message->usec, message->body, message->body_length, NULL);
}

static void hold(struct netlog *netlog, const struct netconsole_message *message, uint64_t now)
{
	size_t length = message->is_fragment ? message->fragment_total : message->body_length;
	size_t size = length + (message->is_fragment ? (length + 7) / 8 : 0);

	bool has_room = make_room(netlog, size);

	if (message->seq < netlog->next) {
		take_late(netlog, message);
		return;
	}
	if (!has_room) {
		take_now(netlog, message);
		return;
	}
	struct held *held = &netlog->window[message->seq % WINDOW];

	*held = (struct held){
		.seq = message->seq,
		.usec = message->usec,
		.arrived = now,
		.body = mem_zero(size),
		.length = length,
		.size = size,
	};
	netlog->memory += size;
	netlog->budget->used += size;
	netlog->held_count++;
	if (message->is_fragment) {
		held->have = (uint8_t *)held->body + length;
		held->missing = length;
		merge(netlog, held, message);
	} else if (length) {
		memcpy(held->body, message->body, length);
	}
}

static void put_release(struct netlog *netlog, const struct netconsole_message *message)
{
	size_t length = message->release_length;

	if (!message->release || (!strncmp(netlog->release, message->release, length) && !netlog->release[length]))
		return;
	memcpy(netlog->release, message->release, length);
	netlog->release[length] = '\0';
	buf_printf(&netlog->text, "-- kernel %s --", netlog->release);
	put_line(netlog);
}

static void begin_again(struct netlog *netlog, const struct netconsole_message *message)
{
	flush_window(netlog);
	begin_at(netlog, message);
	netlog->counts.restarts++;
	buf_puts(&netlog->text, "-- messages are counted anew: the host was started again --");
	put_line(netlog);
}

static void take_extended(struct netlog *netlog, const struct netconsole_message *message, uint64_t now)
{
	if (!netlog->has_begun)
		begin_at(netlog, message);
	else if (is_restart(netlog, message, now))
		begin_again(netlog, message);
	put_release(netlog, message);
	netlog->heard = now;
	if (message->seq < netlog->next) {
		take_late(netlog, message);
		return;
	}
	if (message->usec > netlog->last_usec)
		netlog->last_usec = message->usec;
	netlog->stale = 0;
	if (message->seq - netlog->next >= WINDOW)
		advance_to(netlog, message->seq - WINDOW + 1);
	struct held *held = held_at(netlog, message->seq);

	if (held)
		merge(netlog, held, message);
	else if (message->seq == netlog->next && !message->is_fragment)
		take_now(netlog, message);
	else
		hold(netlog, message, now);
	drain(netlog);
}

/* ---- plain text ------------------------------------------------------------------------------ */

static void put_plain(struct netlog *netlog)
{
	netlog->line(netlog->context, buf_text(&netlog->plain), netlog->plain.length);
	buf_cut(&netlog->plain, 0);
}

static void take_plain(struct netlog *netlog, const char *text, size_t length, uint64_t now)
{
	while (length) {
		size_t room = LINE_MAX - netlog->plain.length, most = length < room ? length : room;
		const char *newline = memchr(text, '\n', most);
		size_t take = newline ? (size_t)(newline - text) : most;

		if (!netlog->plain.length)
			netlog->plain_since = now;
		buf_put(&netlog->plain, text, take);
		if (newline || netlog->plain.length == LINE_MAX)
			put_plain(netlog);
		take += newline != NULL;
		text += take;
		length -= take;
	}
}

/* ---- time ------------------------------------------------------------------------------------ */

static void set_deadline(struct netlog *netlog)
{
	uint64_t since = netlog->plain.length ? netlog->plain_since : SESSION_NEVER;

	for (unsigned i = 0; netlog->held_count && i < WINDOW; i++) {
		if (netlog->window[i].body && netlog->window[i].arrived < since)
			since = netlog->window[i].arrived;
	}
	netlog->deadline = since == SESSION_NEVER ? SESSION_NEVER : since + WAIT;
}

void netlog_packet(struct netlog *netlog, const uint8_t *bytes, size_t length, uint64_t now)
{
	struct netconsole_message message;

	/* A number that high would be the last: nobody counts that far, so it is no message. */
	if (netconsole_parse(bytes, length, &message) && message.seq <= INT64_MAX)
		take_extended(netlog, &message, now);
	else
		take_plain(netlog, (const char *)bytes, length < NETCONSOLE_DATAGRAM_MAX ? length : NETCONSOLE_DATAGRAM_MAX, now);
	set_deadline(netlog);
}

uint64_t netlog_deadline(const struct netlog *netlog)
{
	return netlog->deadline;
}

void netlog_tick(struct netlog *netlog, uint64_t now)
{
	uint64_t end = netlog->next;

	if (now < netlog->deadline)
		return;
	for (unsigned i = 0; i < WINDOW; i++) {
		const struct held *held = &netlog->window[i];

		if (held->body && held->seq >= end && now - held->arrived >= WAIT)
			end = held->seq + 1;
	}
	advance_to(netlog, end);
	drain(netlog);
	if (netlog->plain.length && now - netlog->plain_since >= WAIT)
		put_plain(netlog);
	set_deadline(netlog);
}

void netlog_flush(struct netlog *netlog)
{
	flush_window(netlog);
	if (netlog->plain.length)
		put_plain(netlog);
	set_deadline(netlog);
}

const struct netlog_counts *netlog_counts(const struct netlog *netlog)
{
	return &netlog->counts;
}
