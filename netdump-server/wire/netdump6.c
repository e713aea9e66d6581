// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/netdump6.h"

#include <assert.h>
#include <string.h>

#include "wire/bytes.h"

enum {
	MAGIC = 0xd66e36, /* no version of Red Hat's, no text */
	VERSION = 6,
	OFFER = 5,
	OPEN = ND6_ID_SIZE + 8 + 8 + 1 + 4 + 1,
	ACCEPT = 8 + 4 + 4 + 8,
	ACK = 4 + 8 + 8 + 4 + 1,
	RANGE = 16,
	EXTENTS = 8 + 1 + 1,
	DONE = 1 + 8 + 8,
	REFUSE = 1 + 2 + 1,
};

static const uint64_t file_max = UINT64_C(1) << ND6_FILE_MAX_BITS;

static_assert(ND6_HEADER + ACK + ND6_ACK_RANGES_MAX * RANGE + ND6_TAG <= ND6_DATAGRAM_MIN, "ACK fits every path");
static_assert(ND6_HEADER + EXTENTS + ND6_HAVE_EXTENTS_MAX * RANGE + ND6_TAG <= ND6_DATAGRAM_MIN, "HAVE as well");
static_assert(ND6_HEADER + ND6_COOKIE_SIZE + OPEN + ND6_TEXT_MAX + 256 + ND6_TAG <= ND6_DATAGRAM_MIN, "OPEN as well");
static_assert(ND6_TEXT_MAX <= UINT8_MAX, "lengths of texts are a byte");

static void put_magic(uint8_t *bytes)
{
	bytes[0] = MAGIC >> 16;
	wire_put_u16(bytes + 1, MAGIC & 0xffff);
}

static bool has_magic(const uint8_t *bytes)
{
	return bytes[0] == MAGIC >> 16 && wire_u16(bytes + 1) == (MAGIC & 0xffff);
}

size_t nd6_header_write(const struct nd6_header *header, uint8_t *bytes)
{
	put_magic(bytes);
	bytes[3] = header->type;
	wire_put_u64(bytes + 4, header->session);
	wire_put_u64(bytes + 12, header->number);
	return ND6_HEADER;
}

bool nd6_header_parse(const uint8_t *bytes, size_t length, struct nd6_header *ret)
{
	if (length < ND6_HEADER + ND6_TAG || !has_magic(bytes))
		return false;
	uint8_t type = bytes[3];

	if ((type < ND6_OPEN || type > ND6_GIVE_UP) && (type < ND6_ACCEPT || type > ND6_REFUSE))
		return false;
	*ret = (struct nd6_header){type, wire_u64(bytes + 4), wire_u64(bytes + 12)};
	return true;
}

size_t nd6_offer_write(const struct nd6_offer *offer, uint8_t *bytes)
{
	put_magic(bytes);
	bytes[3] = VERSION;
	bytes[4] = offer->secure;
	return OFFER;
}

bool nd6_offer_parse(const uint8_t *bytes, size_t length, struct nd6_offer *ret)
{
	if (length < OFFER || !has_magic(bytes) || bytes[3] != VERSION || bytes[4] > ND6_SEALED)
		return false;
	ret->secure = bytes[4];
	return true;
}

size_t nd6_answer_write(const struct nd6_answer *answer, uint8_t *bytes)
{
	put_magic(bytes);
	bytes[3] = VERSION;
	bytes[4] = answer->secure;
	memcpy(bytes + 5, answer->cookie, ND6_COOKIE_SIZE);
	return ND6_ANSWER;
}

bool nd6_answer_parse(const uint8_t *bytes, size_t length, struct nd6_answer *ret)
{
	if (length < ND6_ANSWER || !has_magic(bytes) || bytes[3] != VERSION || bytes[4] > ND6_SEALED)
		return false;
	ret->secure = bytes[4];
	memcpy(ret->cookie, bytes + 5, ND6_COOKIE_SIZE);
	return true;
}

static bool is_printable(const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] < ' ' || text[i] > '~')
			return false;
	}
	return true;
}

size_t nd6_open_write(const struct nd6_open *open, uint8_t *bytes)
{
	uint8_t *at = bytes + ND6_ID_SIZE;

	memcpy(bytes, open->id, ND6_ID_SIZE);
	wire_put_u64(at, open->size);
	wire_put_u64(at + 8, open->expected);
	at[16] = open->is_kdump | (uint8_t)(open->is_check << 1);
	wire_put_u32(at + 17, open->machine);
	at[21] = open->text_length;
	memcpy(bytes + OPEN, open->text, open->text_length);
	return OPEN + (size_t)open->text_length;
}

bool nd6_open_parse(const uint8_t *bytes, size_t length, struct nd6_open *ret)
{
	const uint8_t *at = bytes + ND6_ID_SIZE;

	if (length < OPEN)
		return false;
	struct nd6_open open = {
		.size = wire_u64(at),
		.expected = wire_u64(at + 8),
		.is_kdump = at[16] & 1,
		.is_check = at[16] >> 1,
		.machine = wire_u32(at + 17),
		.text_length = at[21],
	};

	if (open.size > file_max || open.expected > file_max || open.is_check > 1 || open.text_length > ND6_TEXT_MAX ||
	    length != OPEN + (size_t)open.text_length || !is_printable(bytes + OPEN, open.text_length))
		return false;
	memcpy(open.id, bytes, ND6_ID_SIZE);
	memcpy(open.text, bytes + OPEN, open.text_length);
	*ret = open;
	return true;
}

size_t nd6_accept_write(const struct nd6_accept *accept, uint8_t *bytes)
{
	wire_put_u64(bytes, accept->session);
	wire_put_u32(bytes + 8, accept->window);
	wire_put_u32(bytes + 12, accept->datagram_max);
	wire_put_u64(bytes + 16, accept->have);
	return ACCEPT;
}

bool nd6_accept_parse(const uint8_t *bytes, size_t length, struct nd6_accept *ret)
{
	if (length != ACCEPT)
		return false;
	struct nd6_accept accept = {
		.session = wire_u64(bytes),
		.window = wire_u32(bytes + 8),
		.datagram_max = wire_u32(bytes + 12),
		.have = wire_u64(bytes + 16),
	};

	if (accept.datagram_max < ND6_DATAGRAM_MIN || accept.datagram_max > ND6_DATAGRAM_MAX ||
	    accept.have > file_max)
		return false;
	*ret = accept;
	return true;
}

size_t nd6_ack_write(const struct nd6_ack *ack, uint8_t *bytes)
{
	wire_put_u32(bytes, ack->delay_us);
	wire_put_u64(bytes + 4, ack->received);
	wire_put_u64(bytes + 12, ack->written);
	wire_put_u32(bytes + 20, ack->window);
	bytes[24] = (uint8_t)ack->count;
	for (unsigned i = 0; i < ack->count; i++) {
		wire_put_u64(bytes + ACK + i * RANGE, ack->ranges[i].first);
		wire_put_u64(bytes + ACK + i * RANGE + 8, ack->ranges[i].last);
	}
	return ACK + (size_t)ack->count * RANGE;
}

bool nd6_ack_parse(const uint8_t *bytes, size_t length, struct nd6_ack *ret)
{
	if (length < ACK || bytes[24] > ND6_ACK_RANGES_MAX || length != ACK + (size_t)bytes[24] * RANGE)
		return false;
	ret->delay_us = wire_u32(bytes);
	ret->received = wire_u64(bytes + 4);
	ret->written = wire_u64(bytes + 12);
	ret->window = wire_u32(bytes + 20);
	ret->count = bytes[24];
	if (ret->written > ret->received)
		return false;
	for (unsigned i = 0; i < ret->count; i++) {
		struct nd6_range range = {wire_u64(bytes + ACK + i * RANGE), wire_u64(bytes + ACK + i * RANGE + 8)};

		/* Descending, with at least one number between two of them. */
		if (range.first > range.last ||
		    (i && (range.last >= ret->ranges[i - 1].first || ret->ranges[i - 1].first - range.last < 2)))
			return false;
		ret->ranges[i] = range;
	}
	return true;
}

size_t nd6_extents_write(const struct nd6_extents *extents, uint8_t *bytes)
{
	wire_put_u64(bytes, extents->from);
	bytes[8] = extents->is_last;
	bytes[9] = (uint8_t)extents->count;
	for (unsigned i = 0; i < extents->count; i++) {
		wire_put_u64(bytes + EXTENTS + i * RANGE, extents->items[i].start);
		wire_put_u64(bytes + EXTENTS + i * RANGE + 8, extents->items[i].end);
	}
	return EXTENTS + (size_t)extents->count * RANGE;
}

bool nd6_extents_parse(const uint8_t *bytes, size_t length, struct nd6_extents *ret)
{
	if (length < EXTENTS || bytes[8] > 1 || bytes[9] > ND6_HAVE_EXTENTS_MAX ||
	    length != EXTENTS + (size_t)bytes[9] * RANGE)
		return false;
	ret->from = wire_u64(bytes);
	ret->is_last = bytes[8];
	ret->count = bytes[9];
	uint64_t before = 0;

	for (unsigned i = 0; i < ret->count; i++) {
		uint64_t start = wire_u64(bytes + EXTENTS + i * RANGE), end = wire_u64(bytes + EXTENTS + i * RANGE + 8);

		if (start < before || start >= end || end > file_max)
			return false;
		ret->items[i].start = start;
		ret->items[i].end = before = end;
	}
	return true;
}

size_t nd6_done_write(const struct nd6_done *done, uint8_t *bytes)
{
	bytes[0] = done->is_complete;
	wire_put_u64(bytes + 1, done->size);
	wire_put_u64(bytes + 9, done->missing);
	return DONE;
}

bool nd6_done_parse(const uint8_t *bytes, size_t length, struct nd6_done *ret)
{
	if (length != DONE || bytes[0] > 1)
		return false;
	*ret = (struct nd6_done){bytes[0], wire_u64(bytes + 1), wire_u64(bytes + 9)};
	return true;
}

size_t nd6_give_up_write(const char *reason, uint8_t *bytes)
{
	size_t length = strnlen(reason, ND6_TEXT_MAX);

	for (size_t i = 0; i < length; i++)
		bytes[i] = reason[i] >= ' ' && reason[i] <= '~' ? (uint8_t)reason[i] : '?';
	return length;
}

bool nd6_give_up_parse(const uint8_t *bytes, size_t length, char ret[ND6_TEXT_MAX + 1])
{
	if (length > ND6_TEXT_MAX || !is_printable(bytes, length))
		return false;
	memcpy(ret, bytes, length);
	ret[length] = '\0';
	return true;
}

size_t nd6_refuse_write(const struct nd6_refuse *refuse, uint8_t *bytes)
{
	size_t length = strnlen(refuse->text, ND6_TEXT_MAX);

	bytes[0] = refuse->reason;
	wire_put_u16(bytes + 1, refuse->retry_s);
	bytes[3] = (uint8_t)length;
	memcpy(bytes + REFUSE, refuse->text, length);
	return REFUSE + length;
}

bool nd6_refuse_parse(const uint8_t *bytes, size_t length, struct nd6_refuse *ret)
{
	if (length < REFUSE || bytes[0] < ND6_BUSY || bytes[0] > ND6_FAILED || bytes[3] > ND6_TEXT_MAX ||
	    length != REFUSE + (size_t)bytes[3] || !is_printable(bytes + REFUSE, bytes[3]))
		return false;
	ret->reason = bytes[0];
	ret->retry_s = wire_u16(bytes + 1);
	memcpy(ret->text, bytes + REFUSE, bytes[3]);
	ret->text[bytes[3]] = '\0';
	return true;
}
