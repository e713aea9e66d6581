// SPDX-License-Identifier: GPL-2.0-or-later
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "send/transfer_private.h"
#include "wire/redhat.h"

enum {
	VERSION_BEFORE = 4, /* of replies until the server has spoken: as RHEL 4's client */
	RETRY_SECONDS_MAX = 60,
	OPENING_SECONDS = 20, /* well below the life of a cookie */
	TEXT_MAX = 128,
	CLASSIC_ANSWERS = 2,
};

static const uint64_t gap_least = 200 * TRANSFER_MILLISECOND, gap_most = 2 * TRANSFER_SECOND;

static_assert(ND6_HEADER + ND6_COOKIE_SIZE + 64 + ND6_TEXT_MAX + SEAL_OPEN_MORE + ND6_TAG <= ND6_DATAGRAM_MIN, "OPEN");

void transfer_start(struct transfer *transfer, uint64_t now, uint64_t delay)
{
	transfer->state = TRANSFER_STARTING;
	transfer->attempt_at = now + delay;
	transfer->attempt_gap = gap_least;
}

static size_t write_start(const struct transfer *transfer, uint8_t *bytes)
{
	struct redhat_reply reply = {
		.version = VERSION_BEFORE,
		.nr = transfer->options.machine,
		.code = REDHAT_REPLY_START,
		.info = REDHAT_VERSION,
	};
	struct nd6_offer offer = {.secure = transfer->options.seal ? ND6_SEALED : ND6_PLAIN};
	char *text = (char *)bytes + REDHAT_REPLY_HEADER;

	redhat_reply_write(&reply, bytes);
	int length = snprintf(text, TEXT_MAX, "task_struct:0x0 page_offset:0x0 netdump_magic:0x%llx\n",
			      (unsigned long long)transfer->options.magic);

	return REDHAT_REPLY_HEADER + (size_t)length + nd6_offer_write(&offer, bytes + REDHAT_REPLY_HEADER + length);
}

size_t transfer_attempt(struct transfer *transfer, uint8_t *bytes, uint64_t now)
{
	if (transfer->state == TRANSFER_OPENING && now - transfer->opening_since > OPENING_SECONDS * TRANSFER_SECOND)
		transfer_start(transfer, now, 0);
	if (now < transfer->attempt_at)
		return 0;
	transfer->attempt_at = now + transfer->attempt_gap;
	transfer->attempt_gap = transfer->attempt_gap * 2 < gap_most ? transfer->attempt_gap * 2 : gap_most;
	transfer->counts.packets++;
	if (transfer->state == TRANSFER_STARTING)
		return write_start(transfer, bytes);
	transfer->open_sent = now;
	transfer->open_tries++;
	memcpy(bytes, transfer->open, transfer->open_length);
	return transfer->open_length;
}

/* ---- OPEN ------------------------------------------------------------------------------------ */

static void fill_text(struct nd6_open *open, const char *text)
{
	size_t length = text ? strnlen(text, ND6_TEXT_MAX) : 0;

	for (size_t i = 0; i < length; i++)
		open->text[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
	open->text_length = (uint8_t)length;
}

/* Written once, and sent until it is answered: the server knows it again. */
static bool write_open(struct transfer *transfer)
{
	bool is_known = !source_is_pipe(transfer->source) && !source_is_flattened(transfer->source);
	struct nd6_open open = {
		.size = is_known ? source_size(transfer->source) : 0,
		/* Of what overwrites itself nothing can be converted before its end. */
		.is_kdump = source_is_kdump(transfer->source) || source_is_flattened(transfer->source),
		.is_check = transfer->options.is_check,
		.machine = transfer->options.machine ? transfer->options.machine : source_machine(transfer->source),
	};
	struct nd6_header header = {ND6_OPEN, 0, transfer->number++};
	struct seal_direction to_server, to_client;
	uint8_t body[ND6_DATAGRAM_MIN], *bytes = transfer->open, *payload = bytes + ND6_HEADER;

	memcpy(open.id, transfer->id, sizeof(open.id));
	fill_text(&open, transfer->options.text);
	size_t length = nd6_open_write(&open, body);

	nd6_header_write(&header, bytes);
	memcpy(payload, transfer->cookie, ND6_COOKIE_SIZE);
	if (transfer->options.seal)
		length = seal_open_write(transfer->options.seal, transfer->cookie, body, length,
					 payload + ND6_COOKIE_SIZE, &transfer->handshake);
	else
		memcpy(payload + ND6_COOKIE_SIZE, body, length);
	if (!length)
		return false;
	seal_plain(0, &to_server, &to_client);
	seal_packet(&to_server, header.number, bytes, ND6_HEADER, ND6_COOKIE_SIZE + length);
	transfer->open_number = header.number;
	transfer->open_tries = 0;
	transfer->open_length = ND6_HEADER + ND6_COOKIE_SIZE + length + ND6_TAG;
	return true;
}

void transfer_take_start_ack(struct transfer *transfer, const uint8_t *bytes, size_t length, uint64_t now)
{
	struct redhat_request request;
	struct nd6_answer answer;

	if (!redhat_request_parse(bytes, length, &request) || request.command != REDHAT_START_ACK)
		return;
	bool is_ours = nd6_answer_parse(bytes + REDHAT_REQUEST_SIZE, length - REDHAT_REQUEST_SIZE, &answer);

	/* With keys, anybody could say this in the server's place: the true answer may still come. */
	if (transfer->options.seal && (!is_ours || answer.secure != ND6_SEALED))
		return;
	if (!is_ours && transfer->has_opened)
		return;
	/* A single one may have been damaged on its way. */
	if (!is_ours && ++transfer->classic_answers < CLASSIC_ANSWERS)
		return;
	if (!is_ours) {
		transfer->state = TRANSFER_CLASSIC;
		return;
	}
	if (answer.secure == ND6_SEALED && !transfer->options.seal) {
		transfer_fail(transfer, "the server takes encrypted dumps only: give a key");
		return;
	}
	memcpy(transfer->cookie, answer.cookie, sizeof(answer.cookie));
	if (!write_open(transfer)) {
		transfer_fail(transfer, "the server's public key is no key: compare it with the server's");
		return;
	}
	transfer->state = TRANSFER_OPENING;
	transfer->opening_since = transfer->attempt_at = now;
	transfer->attempt_gap = gap_least;
}

/* ---- ACCEPT and REFUSE ----------------------------------------------------------------------- */

/* What a pipe brought and the server may not have goes out again. */
static void resend_kept(struct transfer *transfer)
{
	struct keep *keep = &transfer->keep;

	for (uint32_t i = 0; i < keep->count; i++) {
		uint32_t number = (keep->first + i) % keep->limit;
		struct keep_block *block = &keep->blocks[number];

		block->left = block->length;
		block->mark = 0;
		transfer_requeue(transfer, &(struct transfer_range){
						   .offset = block->offset,
						   .length = block->length,
						   .bytes = keep_bytes(keep, block),
						   .block = number,
						   .is_zero = block->is_zero,
					   });
	}
}

static void begin_session(struct transfer *transfer, const struct nd6_accept *accept, uint64_t now)
{
	bool is_pipe = source_is_pipe(transfer->source);

	if (is_pipe && accept->have < transfer->keep.forgotten) {
		transfer_fail(transfer, "the server has lost what a pipe cannot send again: send a file");
		return;
	}
	transfer->is_put_off = false;
	transfer_reset(transfer, now);
	datagram_restart(&transfer->datagram, accept->datagram_max, now);
	transfer->pace.datagram = transfer->datagram.size;
	/* Of several, nobody knows which one was answered. */
	if (transfer->open_tries == 1)
		pace_rtt(&transfer->pace, transfer->open_sent, 0, now);
	transfer->ack.window = accept->window;
	transfer->state = TRANSFER_RUNNING;
	transfer->has_opened = true;
	if (is_pipe) {
		resend_kept(transfer);
		return;
	}
	extents_deinit(&transfer->have);
	transfer->is_asking = accept->have > 0;
	transfer->ask_from = 0;
	transfer->ask_at = now;
	transfer->is_source_over = transfer->has_piece = false;
	transfer->keep.count = 0;
	transfer->piece = (struct source_piece){0};
	if (!source_seek(transfer->source, 0))
		transfer_fail(transfer, "the dump cannot be read again from its beginning");
}

static bool read_accept(struct transfer *transfer, const uint8_t *payload, size_t length, struct nd6_accept *ret,
			struct seal_direction *to_server, struct seal_direction *to_client)
{
	uint8_t body[ND6_DATAGRAM_MIN];
	size_t body_length;

	if (length > sizeof(body))
		return false;
	if (transfer->options.seal)
		return seal_accept_read(&transfer->handshake, payload, length, body, &body_length, to_server,
					to_client) &&
		       nd6_accept_parse(body, body_length, ret);
	if (!nd6_accept_parse(payload, length, ret))
		return false;
	seal_plain(ret->session, to_server, to_client);
	return true;
}

void transfer_take_accept(struct transfer *transfer, uint8_t *bytes, size_t length, uint64_t now)
{
	struct seal_direction to_server, to_client;
	struct nd6_accept accept;

	if (!read_accept(transfer, bytes, length, &accept, &to_server, &to_client) ||
	    !accept.session != transfer->options.is_check)
		return;
	transfer->heard = now;
	if (transfer->options.is_check) {
		transfer->state = TRANSFER_DONE;
		return;
	}
	transfer->session = accept.session;
	transfer->to_server = to_server;
	transfer->to_client = to_client;
	memset(&transfer->seen, 0, sizeof(transfer->seen));
	begin_session(transfer, &accept, now);
}

void transfer_take_refusal(struct transfer *transfer, const struct nd6_refuse *refuse, uint64_t now)
{
	uint64_t retry = refuse->retry_s < RETRY_SECONDS_MAX ? refuse->retry_s : RETRY_SECONDS_MAX;

	switch (refuse->reason) {
	case ND6_BUSY:
	case ND6_STOPPING:
	case ND6_UNKNOWN:
		transfer->heard = now;
		transfer->is_put_off = refuse->reason != ND6_UNKNOWN;
		transfer_start(transfer, now, retry ? retry * TRANSFER_SECOND : gap_least);
		break;
	case ND6_NO_ROOM:
	case ND6_NOT_ALLOWED:
	case ND6_FAILED:
		transfer_fail(transfer, "the server refuses: %s", refuse->text);
		break;
	default:
		break;
	}
}
