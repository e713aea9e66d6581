// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/datagram.h"

#include "wire/netdump6.h"

enum { TRIES = 3, VANISHED = 8 };

static const uint64_t again_after = UINT64_C(30000000000);

/* What paths have: Ethernet's 1500 less IPv6 and UDP, FDDI and jumbo frames, and what loopback takes by IPv6 and IPv4.
 * */
static const uint32_t sizes[DATAGRAM_SIZES] = {
	ND6_DATAGRAM_MIN, 1452, 4304, 8952, 16384, 32768, 65487, ND6_DATAGRAM_MAX,
};

static uint32_t size_above(uint32_t size)
{
	for (unsigned i = 0; i < DATAGRAM_SIZES; i++) {
		if (sizes[i] > size)
			return sizes[i];
	}
	return 0;
}

static uint32_t size_below(uint32_t size)
{
	for (unsigned i = DATAGRAM_SIZES; i-- > 0;) {
		if (sizes[i] < size)
			return sizes[i];
	}
	return ND6_DATAGRAM_MIN;
}

static uint32_t bounded(size_t size)
{
	if (size < ND6_DATAGRAM_MIN)
		return ND6_DATAGRAM_MIN;
	return size < ND6_DATAGRAM_MAX ? (uint32_t)size : ND6_DATAGRAM_MAX;
}

void datagram_init(struct datagram *datagram, uint32_t size)
{
	*datagram = (struct datagram){.size = bounded(size), .limit = ND6_DATAGRAM_MAX};
}

void datagram_restart(struct datagram *datagram, uint32_t limit, uint64_t now)
{
	*datagram = (struct datagram){
		.size = datagram->size < limit ? datagram->size : limit,
		.limit = datagram->limit < limit ? datagram->limit : limit,
		.probe_at = now,
	};
}

bool datagram_probe(struct datagram *datagram, uint64_t now, uint32_t *ret)
{
	if (datagram->is_out || now < datagram->probe_at)
		return false;
	if (!datagram->probe) {
		uint32_t above = size_above(datagram->size);

		if (!above || datagram->size >= datagram->limit) {
			datagram->probe_at = UINT64_MAX;
			return false;
		}
		datagram->probe = above < datagram->limit ? above : datagram->limit;
		datagram->tries = 0;
	}
	datagram->is_out = true;
	*ret = datagram->probe;
	return true;
}

bool datagram_probe_acked(struct datagram *datagram, uint32_t size, uint64_t now)
{
	if (!datagram->is_out || size != datagram->probe)
		return false;
	datagram->is_out = false;
	datagram->probe = 0;
	datagram->probe_at = now;
	if (size <= datagram->size)
		return false;
	datagram->size = size;
	return true;
}

void datagram_probe_lost(struct datagram *datagram, uint32_t size, uint64_t now)
{
	if (!datagram->is_out || size != datagram->probe)
		return;
	datagram->is_out = false;
	if (++datagram->tries < TRIES)
		return;
	datagram->probe = 0;
	datagram->probe_at = now + again_after;
}

static void shrink(struct datagram *datagram, uint32_t size, uint64_t now)
{
	datagram->size = size;
	datagram->vanished = 0;
	datagram->probe = 0;
	datagram->is_out = false;
	datagram->probe_at = now + again_after;
}

/* The class of sizes: those up to sizes[class]. */
static unsigned class_of(size_t size)
{
	unsigned class = 0;

	while (class + 1 < DATAGRAM_SIZES && sizes[class] < size)
		class++;
	return class;
}

/* Whether a newer datagram of that size, or about that, did arrive. */
static bool was_overtaken(const struct datagram *datagram, uint64_t number, size_t size)
{
	for (unsigned class = class_of(size); class < DATAGRAM_SIZES; class++) {
		if (datagram->arrived[class] > number)
			return true;
	}
	return false;
}

void datagram_acked(struct datagram *datagram, uint64_t number, size_t size)
{
	unsigned class = class_of(size);

	if (number > datagram->arrived[class])
		datagram->arrived[class] = number;
	if (datagram->vanished && size >= datagram->vanished_size)
		datagram->vanished = 0;
}

bool datagram_lost(struct datagram *datagram, uint64_t number, size_t size, uint64_t now)
{
	/* Larger ones are from before the last change, and say nothing about the size of now. */
	if (size <= ND6_DATAGRAM_MIN || size > datagram->size || was_overtaken(datagram, number, size))
		return false;
	if (!datagram->vanished || size < datagram->vanished_size)
		datagram->vanished_size = (uint32_t)size;
	if (++datagram->vanished < VANISHED)
		return false;
	shrink(datagram, size_below(datagram->vanished_size), now);
	return true;
}

bool datagram_too_long(struct datagram *datagram, size_t size, size_t most, uint64_t now)
{
	uint32_t fits = most && most < size ? bounded(most) : size_below(bounded(size));

	if (fits < datagram->limit)
		datagram->limit = fits;
	if (datagram->size <= datagram->limit) {
		datagram->probe = 0;
		datagram->is_out = false;
		datagram->probe_at = now;
		return false;
	}
	shrink(datagram, datagram->limit, now);
	return true;
}
