// SPDX-License-Identifier: GPL-2.0-or-later
// A FreeBSD session gets messages of every kind in any order, while time passes and its host refuses what it likes.
// Held against: nothing is written before begin(), after finish() or behind a limit (the host looks); what is
// acknowledged was written, or was there; the map never says more than what was written. The input is records of six
// bytes: what, place (2), length, time, a byte of the payload.
#include <stdlib.h>

#define HOST_BYTES (64 << 10)

#include "../netdump/freebsd_host.h"

#include "session/freebsd.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD = 6, LIMIT = 60000, FAR = 7 };

struct run {
	struct freebsd_host host;
	struct session *session;
	uint64_t now;
	uint32_t seqno;
};

static struct run run;

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

/* Never 0, so that it differs from what nobody wrote. */
static uint8_t byte_at(uint64_t offset)
{
	return (uint8_t)(offset ^ offset >> 8) | 1;
}

static void demand_written(uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i < to; i++)
		demand(run.host.core[i] == byte_at(i));
}

static size_t make_kdh(const uint8_t *record, uint8_t *payload)
{
	uint32_t parity = 0;

	memset(payload, 0, FREEBSD_KDH_SIZE);
	memcpy(payload, "FreeBSD Kernel Dump", 20);
	payload[35] = record[5] % 6;
	wire_put_u64(payload + 40, record[1] << 8 | record[2]);
	payload[495] = record[3] % 4;
	payload[325] = record[4];
	for (size_t i = 0; i < 508; i += 4)
		parity ^= wire_u32(payload + i);
	wire_put_u32(payload + 508, parity ^ (record[3] & 4));
	return FREEBSD_KDH_SIZE;
}

static size_t make_payload(const struct freebsd_message *message, const uint8_t *record, uint8_t *payload)
{
	size_t length = message->type == FREEBSD_FINISHED ? 0 : record[3] * 6u;

	if (message->type == FREEBSD_KDH && record[3] & 0x10)
		return make_kdh(record, payload);
	for (size_t i = 0; i < length; i++)
		payload[i] = message->type == FREEBSD_VMCORE ? byte_at(message->offset + i) : record[5];
	if (length && message->type == FREEBSD_HERALD)
		payload[length - 1] = 0;
	return length;
}

static void give(const uint8_t *record)
{
	static uint8_t bytes[FREEBSD_HEADER + 2048];
	struct freebsd_message message = {.type = record[0] % 6, .seqno = ++run.seqno};
	unsigned acks = run.host.acks;

	message.offset = record[1] << 8 | record[2];
	if (record[0] >> 5 == FAR)
		message.offset = UINT64_MAX - message.offset;
	if (message.type == FREEBSD_KDH)
		message.offset = 0;
	message.length = (uint32_t)make_payload(&message, record, bytes + FREEBSD_HEADER);
	freebsd_message_write(&message, bytes);
	bool is_yielding = freebsd_yields(run.session, bytes, FREEBSD_HEADER + message.length, run.now);

	demand(!is_yielding || message.type == FREEBSD_HERALD);
	/* One byte too few is no message. */
	run.session->ops->packet(run.session, bytes, FREEBSD_HEADER + message.length - (record[4] == 0xff), run.now);
	demand(run.host.acks - acks <= 1 && (run.host.acks == acks || run.host.last_ack == run.seqno));
	if (run.host.acks > acks && message.type == FREEBSD_VMCORE)
		demand_written(message.offset, message.offset + message.length);
}

static void act(const uint8_t *record)
{
	run.now += (uint64_t)record[4] * SESSION_SECOND / 8;
	run.host.refuses_writes = record[0] & 0x08;
	run.host.refuses_begin = record[0] & 0x10;
	switch (record[0] >> 5) {
	case 0:
		run.now += record[5] * SESSION_SECOND;
		run.session->ops->tick(run.session, run.now);
		break;
	case 1:
		if (run.host.finishes)
			run.session->ops->finished(run.session, record[5] & 1, run.now);
		break;
	case 2:
		if (record[5] == 0)
			run.session->ops->stop(run.session, run.now);
		break;
	default:
		give(record);
	}
}

static void demand_order(void)
{
	const struct freebsd *self = (const struct freebsd *)run.session;

	demand(!run.host.is_wrong && run.host.furthest <= LIMIT);
	demand(self->extents.capacity <= EXTENTS_MAX && run.host.meta.received == self->extents.bytes);
	demand(self->extents.bytes <= LIMIT);
	for (size_t i = 0; i < self->extents.count; i++)
		demand_written(self->extents.items[i].start, self->extents.items[i].end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct freebsd_options options = {.size_max = LIMIT, .has_own_port = size & 1};
	struct freebsd_message herald = {.type = FREEBSD_HERALD, .seqno = 1};
	uint8_t bytes[FREEBSD_HEADER];

	freebsd_host_init(&run.host);
	run.host.limit = LIMIT;
	run.now = SESSION_SECOND;
	run.seqno = 1;
	freebsd_message_write(&herald, bytes);
	run.session = freebsd_new(&run.host.host, &options, bytes, sizeof(bytes), run.now);
	demand(run.session && run.host.acks == 1);
	for (size_t at = 0; at + RECORD <= size && !run.session->is_over; at += RECORD) {
		act(data + at);
		demand_order();
	}
	run.session->ops->free(run.session);
	return 0;
}
