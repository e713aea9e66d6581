// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/datagram.h"

#include "wire/netdump6.h"

enum { TRIES = 3, VANISHED = 8 };

static const uint64_t again_after = UINT64_C(30000000000);

/* What paths have: Ethernet's 1500 less IPv6 and UDP, FDDI and jumbo frames, and what loopback takes by IPv6 and IPv4.
 * */
static const uint32_t sizes[] = {ND6_DATAGRAM_MIN, 1452, 4304, 8952, 16384, 32768, 65487, ND6_DATAGRAM_MAX};

enum { SIZES = sizeof(sizes) / sizeof(*sizes) };

static uint32_t size_above(uint32_t size)
{
	for (unsigned i = 0; i < SIZES; i++) {
		if (sizes[i] > size)
			return sizes[i];
	}
	return 0;
}

static uint32_t size_below(uint32_t size)
{
	for (unsigned i = SIZES; i-- > 0;) {
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

/* Those from before the last change say nothing about the size of now. */
static bool is_large(const struct datagram *datagram, size_t size)
{
	return size <= datagram->size && size > size_below(datagram->size) && size > ND6_DATAGRAM_MIN;
}

static void shrink(struct datagram *datagram, uint32_t size, uint64_t now)
{
	datagram->size = size;
	datagram->large_lost = 0;
	datagram->probe = 0;
	datagram->is_out = false;
	datagram->probe_at = now + again_after;
}

void datagram_acked(struct datagram *datagram, uint64_t number, size_t size)
{
	if (!is_large(datagram, size) || number < datagram->large_acked)
		return;
	datagram->large_acked = number;
	datagram->large_lost = 0;
}

bool datagram_lost(struct datagram *datagram, uint64_t number, size_t size, uint64_t now)
{
	if (!is_large(datagram, size) || number < datagram->large_acked || ++datagram->large_lost < VANISHED)
		return false;
	shrink(datagram, size_below(datagram->size), now);
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
