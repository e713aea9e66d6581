// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/transfer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/vec.h"
#include "send/transfer_private.h"
#include "wire/bytes.h"

enum {
	MEMORY_MIN = 512 << 10,
	PROBE_SMALL = 64,          /* bytes of a probe that only asks for an ACK */
	SILENCE_SECONDS = 8,       /* then the server may have forgotten us */
	DATA_AROUND = ND6_HEADER + ND6_DATA_HEADER + ND6_TAG,
	SKIP_LEAST = 1 << 20,      /* bytes worth a seek, and at a time without sending */
};

static const uint64_t idle = TRANSFER_SECOND / 2, patience_most = 2 * TRANSFER_SECOND, ask_gap = TRANSFER_SECOND / 2;

static uint64_t smaller(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

/* For so much data in the smallest datagrams. */
static uint32_t ring_size(uint32_t memory)
{
	uint32_t size = TRANSFER_RING_MIN;

	while (size < TRANSFER_RING_MAX && size < memory / ND6_DATAGRAM_MIN)
		size *= 2;
	return size;
}

struct transfer *transfer_new(struct source *source, const struct transfer_options *options, uint64_t now)
{
	struct transfer *transfer = mem_zero(sizeof(*transfer));

	transfer->source = source;
	transfer->options = *options;
	if (options->memory < MEMORY_MIN)
		transfer->options.memory = MEMORY_MIN;
	transfer->ring_size = ring_size(transfer->options.memory);
	transfer->ring = mem_zero(transfer->ring_size * sizeof(*transfer->ring));
	transfer->keeps = source_is_pipe(source) || source_is_flattened(source);
	if (transfer->keeps)
		keep_init(&transfer->keep, transfer->options.memory, 2 * transfer->ring_size);
	/* What comes through a pipe may be another dump though it begins in the same way. */
	if (source_is_pipe(source))
		seal_random(transfer->id, sizeof(transfer->id));
	else
		source_id(source, transfer->id);
	datagram_init(&transfer->datagram, options->datagram);
	pace_init(&transfer->pace, transfer->datagram.size, options->rate_max, now);
	/* The server is to tell the OPEN of a sender that was started again from one that is repeated. */
	seal_random(&transfer->number, sizeof(transfer->number));
	transfer->number = (transfer->number >> 16) + 1;
	transfer->heard = now;
	transfer_reset(transfer, now);
	transfer_start(transfer, now, 0);
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (!transfer)
		return;
	keep_deinit(&transfer->keep);
	extents_deinit(&transfer->have);
	free(transfer->again.items);
	free(transfer->ring);
	seal_wipe(transfer, sizeof(*transfer));
	free(transfer);
}

void transfer_fail(struct transfer *transfer, const char *format, ...)
{
	va_list arguments;

	transfer->state = TRANSFER_FAILED;
	va_start(arguments, format);
	vsnprintf(transfer->error, sizeof(transfer->error), format, arguments);
	va_end(arguments);
}

void transfer_requeue(struct transfer *transfer, const struct transfer_range *range)
{
	struct transfer_queue *again = &transfer->again;

	if (again->first == again->count) {
		again->first = again->count = 0;
	} else if (again->count == again->capacity && again->first > again->count / 2) {
		again->count -= again->first;
		memmove(again->items, again->items + again->first, again->count * sizeof(*again->items));
		again->first = 0;
	}
	*vec_push(again) = *range;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* A datagram leaves the ring while its range still waits to be sent again: that it arrived late will not be noticed. */
static void forget_number(struct transfer *transfer, uint64_t number)
{
	struct transfer_queue *again = &transfer->again;

	for (size_t i = again->first; i < again->count; i++) {
		if (again->items[i].number == number)
			again->items[i].number = 0;
	}
}

size_t transfer_emit(struct transfer *transfer, enum nd6_type type, uint8_t *bytes, size_t payload,
		     const struct transfer_range *range, uint64_t now)
{
	struct nd6_header header = {(uint8_t)type, transfer->session, transfer->number++};
	struct transfer_sent *sent = &transfer->ring[header.number % transfer->ring_size];
	size_t length = ND6_HEADER + payload + ND6_TAG;

	if (sent->is_queued)
		forget_number(transfer, header.number - transfer->ring_size);
	nd6_header_write(&header, bytes);
	seal_packet(&transfer->to_server, header.number, bytes, ND6_HEADER, payload);
	sent->type = header.type;
	sent->fate = FATE_FLYING;
	sent->is_queued = false;
	sent->size = (uint32_t)length;
	if (range)
		sent->range = *range;
	if (type == ND6_PROBE)
		sent->stamp.sent = now;
	else
		pace_sent(&transfer->pace, length, now, &sent->stamp);
	if (type == ND6_DATA)
		transfer->data_in_flight += range->length;
	transfer->flying++;
	transfer->last_sent = now;
	transfer->counts.packets++;
	transfer->counts.bytes_sent += length;
	return length;
}

static size_t emit_probe(struct transfer *transfer, uint8_t *bytes, size_t size, uint64_t now)
{
	size_t payload = size - ND6_HEADER - ND6_TAG;

	memset(bytes + ND6_HEADER, 0, payload);
	return transfer_emit(transfer, ND6_PROBE, bytes, payload, NULL, now);
}

static size_t emit_number(struct transfer *transfer, enum nd6_type type, uint8_t *bytes, uint64_t number, uint64_t now)
{
	wire_put_u64(bytes + ND6_HEADER, number);
	return transfer_emit(transfer, type, bytes, 8, NULL, now);
}

static size_t payload_most(const struct transfer *transfer)
{
	return transfer->datagram.size - DATA_AROUND;
}

/* Sends a range, or as much of its beginning as a datagram takes; what is left of it stays in `range`. */
static size_t emit_range(struct transfer *transfer, uint8_t *bytes, struct transfer_range *range, uint64_t now)
{
	struct transfer_range part = *range;

	part.number = 0;
	wire_put_u64(bytes + ND6_HEADER, part.offset);
	if (part.is_zero) {
		wire_put_u64(bytes + ND6_HEADER + ND6_DATA_HEADER, part.length);
		range->length = 0;
		return transfer_emit(transfer, ND6_ZERO, bytes, 16, &part, now);
	}
	part.length = smaller(part.length, payload_most(transfer));
	uint8_t *to = bytes + ND6_HEADER + ND6_DATA_HEADER;

	if (part.bytes) {
		memcpy(to, part.bytes, part.length);
	} else if (!source_again(transfer->source, part.offset, to, part.length)) {
		transfer_fail(transfer, "the dump cannot be read a second time at %llu",
			      (unsigned long long)part.offset);
		return 0;
	}
	range->offset += part.length;
	range->length -= part.length;
	/* Without keeping, the file is read again if need be: the source's buffer is gone by then. */
	range->bytes = part.bytes && transfer->keeps ? part.bytes + part.length : NULL;
	if (!transfer->keeps)
		part.bytes = NULL;
	return transfer_emit(transfer, ND6_DATA, bytes, ND6_DATA_HEADER + part.length, &part, now);
}

/* Whether the server has room for so many bytes more. Something may always be on its way, or nobody would ever learn
 * that there is room again. */
static bool has_window(const struct transfer *transfer, uint64_t bytes)
{
	uint64_t backlog = transfer->ack.received - transfer->ack.written, used = transfer->data_in_flight + backlog;

	return !bytes || used + bytes <= smaller(transfer->ack.window, transfer->options.memory) ||
	       (!used && transfer->ack.window);
}

/* The first lost range that has not arrived after all. */
static struct transfer_range *next_lost(struct transfer *transfer)
{
	struct transfer_queue *again = &transfer->again;

	for (; again->first < again->count; again->first++) {
		struct transfer_range *range = &again->items[again->first];

		if (range->length && (!range->number || transfer->ring[range->number % transfer->ring_size].is_queued))
			return range;
	}
	return NULL;
}

static size_t emit_lost(struct transfer *transfer, struct transfer_range *range, uint8_t *bytes, uint64_t now)
{
	if (!has_window(transfer, range->is_zero ? 0 : smaller(range->length, payload_most(transfer)))) {
		transfer->is_waiting = true;
		return 0;
	}
	if (range->number)
		transfer->ring[range->number % transfer->ring_size].is_queued = false;
	range->number = 0;
	return emit_range(transfer, bytes, range, now);
}

/* ---- the source ------------------------------------------------------------------------------ */

/* Goes over what the server has of a plain file, and bounds the next piece by the hole that it is for. */
static void skip_held(struct transfer *transfer, size_t *most)
{
	uint64_t size = source_size(transfer->source), at = transfer->piece.offset + transfer->piece.length;
	struct extent hole;

	if (transfer->keeps || !transfer->have.count)
		return;
	if (!extents_hole(&transfer->have, at, size, &hole))
		hole = (struct extent){size, size};
	if (hole.start > at && !source_seek(transfer->source, hole.start))
		transfer_fail(transfer, "the dump cannot be read at %llu", (unsigned long long)hole.start);
	*most = (size_t)smaller(*most, hole.end > hole.start ? hole.end - hole.start : *most);
}

static bool is_held(const struct transfer *transfer, const struct source_piece *piece)
{
	return !piece->overwrites && extents_have(&transfer->have, piece->offset, piece->offset + piece->length);
}

/* Takes the next piece that the server lacks. False: there is none now. */
static bool pull(struct transfer *transfer)
{
	uint64_t skipped = 0;

	if (transfer->is_source_over)
		return false;
	while (!transfer->has_piece && skipped < SKIP_LEAST) {
		struct source_piece piece;
		size_t most = payload_most(transfer);

		skip_held(transfer, &most);
		if (transfer->state != TRANSFER_RUNNING)
			return false;
		struct error *error = source_next(transfer->source, most, &piece);

		if (error) {
			transfer_fail(transfer, "%s", error->message);
			error_free(error);
			return false;
		}
		transfer->is_starved = piece.is_pending;
		transfer->is_source_over = !piece.length && !piece.is_pending;
		if (!piece.length)
			return false;
		transfer->piece = piece;
		transfer->has_piece = !is_held(transfer, &piece);
		skipped += piece.bytes ? piece.length : 0;
	}
	return transfer->has_piece;
}

/* Nothing but data tells that zeros before it are written: one of them goes as data. */
static size_t nudge(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	static const uint8_t zero;

	if (transfer->has_nudged || !transfer->keeps || !keep_is_stuck(&transfer->keep, transfer->ack.written))
		return 0;
	const struct keep_block *block = &transfer->keep.blocks[transfer->keep.first];
	struct transfer_range range = {
		.offset = block->offset + block->length - 1,
		.length = 1,
		.bytes = &zero,
		.block = KEEP_NONE,
	};

	transfer->has_nudged = true;
	return emit_range(transfer, bytes, &range, now);
}

/* A piece that overwrites an earlier one waits until that is written, so that it need never be sent again, and until
 * the server takes no copy of it that is still on its way. */
static bool may_overwrite(struct transfer *transfer, uint8_t *bytes, uint64_t now, size_t *ret_length)
{
	*ret_length = 0;
	if (!transfer->piece.must_wait)
		return true;
	if (transfer->keep.count) {
		transfer->is_waiting = true;
		*ret_length = nudge(transfer, bytes, now);
		return false;
	}
	if (!transfer->floor) {
		transfer->floor = transfer->number;
		transfer->floor_acked = false;
		*ret_length = transfer_emit(transfer, ND6_FLOOR, bytes, 0, NULL, now);
		return false;
	}
	if (!transfer->floor_acked) {
		transfer->is_waiting = true;
		return false;
	}
	transfer->floor = 0;
	transfer->piece.must_wait = false;
	return true;
}

static size_t emit_piece(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	const struct source_piece *piece = &transfer->piece;
	uint64_t size = piece->bytes ? piece->length : 0;
	size_t length;

	if (!may_overwrite(transfer, bytes, now, &length))
		return length;
	if (!has_window(transfer, size) || (transfer->keeps && !keep_has_room(&transfer->keep, size))) {
		transfer->is_waiting = true;
		return nudge(transfer, bytes, now);
	}
	struct transfer_range range = {
		.offset = piece->offset,
		.length = piece->length,
		.bytes = piece->bytes,
		.block = KEEP_NONE,
		.is_zero = !piece->bytes,
	};

	if (transfer->keeps) {
		range.block = keep_add(&transfer->keep, piece->offset, piece->bytes, piece->length, piece->overwrites);
		range.bytes = keep_bytes(&transfer->keep, &transfer->keep.blocks[range.block]);
	}
	transfer->has_piece = transfer->has_nudged = false;
	length = emit_range(transfer, bytes, &range, now);
	/* Datagrams have become smaller since the piece was taken. */
	if (range.length)
		transfer_requeue(transfer, &range);
	return length;
}

/* ---- what to send ---------------------------------------------------------------------------- */

/* How long to wait for an answer before asking for one. */
static uint64_t probe_time(const struct transfer *transfer)
{
	if (!transfer->flying)
		return transfer->last_sent + idle;
	uint64_t patience = pace_patience(&transfer->pace);

	for (unsigned i = 0; i < transfer->unanswered && patience < patience_most; i++)
		patience *= 2;
	uint64_t since = transfer->last_sent > transfer->last_answer ? transfer->last_sent : transfer->last_answer;

	return since + smaller(patience, patience_most);
}

static bool all_sent(const struct transfer *transfer)
{
	return transfer->is_source_over && !transfer->has_piece && transfer->again.first == transfer->again.count;
}

static size_t finish(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	if (source_has_changed(transfer->source)) {
		transfer_fail(transfer, "the file was written to while it was sent: send it again");
		return 0;
	}
	transfer->finish_flying = true;
	return emit_number(transfer, ND6_FINISH, bytes, source_size(transfer->source), now);
}

/* The next piece of the log. 0: all of it is on its way, or it cannot be read, which is no reason to lose the dump. */
static size_t emit_log(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	uint64_t left = transfer->options.log_size - transfer->log_at;
	struct transfer_range range = {.offset = transfer->log_at, .length = smaller(left, payload_most(transfer))};
	uint8_t *to = bytes + ND6_HEADER + ND6_DATA_HEADER;

	if (!left)
		return 0;
	if (pread(transfer->options.log, to, range.length, (off_t)range.offset) != (ssize_t)range.length) {
		transfer->options.log_size = transfer->log_at = range.offset;
		return 0;
	}
	wire_put_u64(bytes + ND6_HEADER, range.offset);
	transfer->log_at += range.length;
	return transfer_emit(transfer, ND6_LOG, bytes, ND6_DATA_HEADER + range.length, &range, now);
}

static size_t emit_content(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	struct transfer_range *lost = next_lost(transfer);
	size_t length = 0;

	transfer->is_waiting = transfer->is_starved = false;
	/* Nothing of the dump before all of the log is there. */
	if (transfer->log_there < transfer->options.log_size)
		length = emit_log(transfer, bytes, now);
	if (length || transfer->log_there < transfer->options.log_size) {
		transfer->is_waiting = !length;
		return length;
	}
	if (lost)
		return emit_lost(transfer, lost, bytes, now);
	if (transfer->has_piece || pull(transfer))
		length = emit_piece(transfer, bytes, now);
	if (length || transfer->state != TRANSFER_RUNNING)
		return length;
	/* Probes may be flying: what counts is that nothing of the file is. */
	if (all_sent(transfer) && !transfer->pace.in_flight && !transfer->finish_flying)
		return finish(transfer, bytes, now);
	pace_limited(&transfer->pace);
	return 0;
}

static size_t emit_ask(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	if (now < transfer->ask_at)
		return 0;
	transfer->ask_at = now + ask_gap;
	return emit_number(transfer, ND6_ASK, bytes, transfer->ask_from, now);
}

/* Nothing more can be remembered before the oldest datagram has its fate. */
static bool is_ring_full(const struct transfer *transfer)
{
	return transfer->number - transfer->oldest >= transfer->ring_size - 1;
}

static size_t emit_next(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	uint32_t size;

	if (now >= transfer->lost_at)
		transfer_find_losses(transfer, now);
	if (is_ring_full(transfer))
		return 0;
	if (now >= probe_time(transfer)) {
		transfer->unanswered++;
		/* FINISH has arrived; DONE is still to come, or was lost. */
		if (transfer->finish_flying && !transfer->flying)
			return emit_number(transfer, ND6_FINISH, bytes, source_size(transfer->source), now);
		return emit_probe(transfer, bytes, PROBE_SMALL, now);
	}
	if (transfer->is_asking)
		return emit_ask(transfer, bytes, now);
	if (transfer->has_opened && datagram_probe(&transfer->datagram, now, &size))
		return emit_probe(transfer, bytes, size, now);
	return pace_may_send(&transfer->pace, now) ? emit_content(transfer, bytes, now) : 0;
}

static bool is_running(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_RUNNING || transfer->state == TRANSFER_FINISHING;
}

static bool is_agreeing(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_STARTING || transfer->state == TRANSFER_OPENING;
}

static void lose_patience(struct transfer *transfer)
{
	unsigned long long seconds = transfer->options.patience / TRANSFER_SECOND;

	if (transfer->is_put_off)
		transfer_fail(transfer, "the server takes no more dumps now: it is busy, or being stopped");
	else if (transfer->options.seal && transfer->state == TRANSFER_OPENING)
		transfer_fail(transfer, "the server has not proved itself in %llu s: it has another key, or does "
			      "not know ours", seconds);
	else
		transfer_fail(transfer, "no word of the server for %llu s: is it there, and may UDP come through?",
			      seconds);
}

size_t transfer_give_up(struct transfer *transfer, const char *reason, uint8_t *bytes, uint64_t now)
{
	if (!transfer->has_opened || transfer->is_let_go)
		return 0;
	transfer->has_given_up = true;
	return transfer_emit(transfer, ND6_GIVE_UP, bytes, nd6_give_up_write(reason, bytes + ND6_HEADER), NULL, now);
}

bool transfer_is_let_go(const struct transfer *transfer)
{
	return transfer->is_let_go;
}

size_t transfer_next(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	if (transfer->has_given_up)
		return 0;
	if ((is_running(transfer) || is_agreeing(transfer)) && now - transfer->heard > transfer->options.patience)
		lose_patience(transfer);
	if (is_running(transfer) && now - transfer->heard > SILENCE_SECONDS * TRANSFER_SECOND)
		transfer_start(transfer, now, 0);
	if (is_agreeing(transfer))
		return transfer_attempt(transfer, bytes, now);
	return is_running(transfer) ? emit_next(transfer, bytes, now) : 0;
}

uint64_t transfer_deadline(const struct transfer *transfer, uint64_t now)
{
	uint64_t end = transfer->heard + transfer->options.patience + 1;

	if (transfer->has_given_up || !(is_agreeing(transfer) || is_running(transfer)))
		return UINT64_MAX;
	if (is_agreeing(transfer))
		return smaller(end, transfer->attempt_at);
	uint64_t next = smaller(smaller(end, transfer->lost_at), probe_time(transfer));

	next = smaller(next, transfer->heard + SILENCE_SECONDS * TRANSFER_SECOND + 1);
	if (transfer->is_asking)
		return smaller(next, transfer->ask_at);
	if (!transfer->datagram.is_out)
		next = smaller(next, transfer->datagram.probe_at);
	bool has_content = !all_sent(transfer) || (!transfer->finish_flying && !transfer->pace.in_flight);

	if (has_content && !is_ring_full(transfer) && !transfer->is_waiting && !transfer->is_starved)
		next = smaller(next, pace_when(&transfer->pace, now));
	return next;
}

bool transfer_is_starved(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_RUNNING && transfer->is_starved;
}

void transfer_too_long(struct transfer *transfer, size_t length, size_t most, uint64_t now)
{
	if (datagram_too_long(&transfer->datagram, length, most, now))
		transfer->pace.datagram = transfer->datagram.size;
	/* Seldom enough to go through all of them. */
	for (uint64_t number = transfer->oldest; number < transfer->number; number++) {
		const struct transfer_sent *sent = &transfer->ring[number % transfer->ring_size];

		if (sent->fate == FATE_FLYING && sent->size > transfer->datagram.limit)
			transfer_lose(transfer, number, now);
	}
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void take_have(struct transfer *transfer, const uint8_t *payload, size_t length, uint64_t now)
{
	struct nd6_extents extents;

	if (!transfer->is_asking || !nd6_extents_parse(payload, length, &extents) || extents.from != transfer->ask_from)
		return;
	for (unsigned i = 0; i < extents.count; i++) {
		/* What does not fit is sent again. */
		if (!extents_add(&transfer->have, extents.items[i].start, extents.items[i].end))
			extents.is_last = true;
		transfer->ask_from = extents.items[i].end;
	}
	transfer->is_asking = !extents.is_last && extents.count;
	transfer->ask_at = now;
}

static void take_done(struct transfer *transfer, const uint8_t *payload, size_t length)
{
	struct nd6_done done;

	if (!nd6_done_parse(payload, length, &done) || !all_sent(transfer))
		return;
	if (done.is_complete && done.size == source_size(transfer->source)) {
		transfer->state = TRANSFER_DONE;
		return;
	}
	transfer->state = TRANSFER_INCOMPLETE;
	snprintf(transfer->error, sizeof(transfer->error), "the server lacks %llu bytes of the dump",
		 (unsigned long long)done.missing);
}

static void take_session(struct transfer *transfer, const struct nd6_header *header, const uint8_t *payload,
			 size_t length, uint64_t now)
{
	struct nd6_refuse refuse;

	switch (header->type) {
	case ND6_ACK:
		transfer_take_ack(transfer, header->number, payload, length, now);
		break;
	case ND6_HAVE:
		take_have(transfer, payload, length, now);
		break;
	case ND6_DONE:
		take_done(transfer, payload, length);
		break;
	case ND6_REFUSE:
		if (nd6_refuse_parse(payload, length, &refuse))
			transfer_take_refusal(transfer, &refuse, now);
		break;
	default:
		break;
	}
}

/* Answers to OPEN, and what a server says that does not know us: with the tag of a plain session. */
static bool take_plain(struct transfer *transfer, const struct nd6_header *header, uint8_t *bytes, size_t length,
		       uint64_t now)
{
	struct seal_direction to_server, to_client;
	struct nd6_refuse refuse;
	uint8_t *payload = bytes + ND6_HEADER;
	size_t payload_length = length - ND6_HEADER - ND6_TAG;

	if (header->session && header->type != ND6_REFUSE)
		return false;
	seal_plain(header->session, &to_server, &to_client);
	if (!seal_open(&to_client, header->number, bytes, ND6_HEADER, length))
		return false;
	bool is_refusal = header->type == ND6_REFUSE && nd6_refuse_parse(payload, payload_length, &refuse);

	if (header->session) {
		if (!is_refusal || refuse.reason != ND6_UNKNOWN)
			return false;
		if (transfer->has_given_up)
			transfer->is_let_go |= header->session == transfer->session;
		else if (is_running(transfer) && header->session == transfer->session)
			transfer_start(transfer, now, 0);
		return true;
	}
	if (transfer->state != TRANSFER_OPENING || header->number != transfer->open_number)
		return true;
	if (header->type == ND6_ACCEPT)
		transfer_take_accept(transfer, payload, payload_length, now);
	else if (is_refusal)
		transfer_take_refusal(transfer, &refuse, now);
	return true;
}

void transfer_packet(struct transfer *transfer, uint8_t *bytes, size_t length, uint64_t now)
{
	struct nd6_header header;

	if (!nd6_header_parse(bytes, length, &header)) {
		if (transfer->state == TRANSFER_STARTING)
			transfer_take_start_ack(transfer, bytes, length, now);
		return;
	}
	if (take_plain(transfer, &header, bytes, length, now) || !(is_running(transfer) || transfer->has_given_up) ||
	    header.session != transfer->session ||
	    !seal_open(&transfer->to_client, header.number, bytes, ND6_HEADER, length) ||
	    !seal_window_take(&transfer->seen, header.number))
		return;
	transfer->heard = now;
	if (transfer->has_given_up)
		transfer->is_let_go |= header.type == ND6_DONE || header.type == ND6_REFUSE;
	else
		take_session(transfer, &header, bytes + ND6_HEADER, length - ND6_HEADER - ND6_TAG, now);
}

enum transfer_state transfer_state(const struct transfer *transfer)
{
	return transfer->state == TRANSFER_RUNNING && transfer->finish_flying ? TRANSFER_FINISHING : transfer->state;
}

const char *transfer_error(const struct transfer *transfer)
{
	return transfer->error[0] ? transfer->error : NULL;
}

const struct transfer_counts *transfer_counts(const struct transfer *transfer)
{
	return &transfer->counts;
}
