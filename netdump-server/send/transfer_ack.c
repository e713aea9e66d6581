// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/transfer_private.h"

static struct transfer_sent *sent_of(struct transfer *transfer, uint64_t number)
{
	return &transfer->ring[number & (transfer->ring_size - 1)];
}

static bool is_remembered(const struct transfer *transfer, uint64_t number)
{
	return number >= transfer->first_number && number < transfer->number &&
	       transfer->number - number <= transfer->ring_size;
}

static void land(struct transfer *transfer, struct transfer_sent *sent, enum transfer_fate fate)
{
	sent->fate = (uint8_t)fate;
	transfer->flying--;
	if (sent->type == ND6_DATA)
		transfer->data_in_flight -= sent->range.length;
}

/* ---- lost ------------------------------------------------------------------------------------ */

static void lose_content(struct transfer *transfer, struct transfer_sent *sent, uint64_t number, uint64_t now)
{
	switch (sent->type) {
	case ND6_DATA:
	case ND6_ZERO:
		/* A nudge is made anew if it is still wanted: what overwrites it does not wait for it. */
		if (transfer->keeps && sent->range.block == KEEP_NONE) {
			transfer->has_nudged = false;
			break;
		}
		sent->range.number = number;
		sent->is_queued = true;
		transfer_requeue(transfer, &sent->range);
		break;
	case ND6_LOG:
		/* The server takes nothing of what was sent behind it. */
		if (sent->range.offset >= transfer->log_there && sent->range.offset < transfer->log_at)
			transfer->log_at = sent->range.offset;
		break;
	case ND6_FINISH:
		transfer->finish_flying = false;
		break;
	case ND6_FLOOR:
		if (transfer->floor == number)
			transfer->floor = 0;
		break;
	case ND6_PROBE:
		datagram_probe_lost(&transfer->datagram, sent->size, now);
		break;
	default:
		break;
	}
}

/* A probe says nothing about how much the path takes. */
static bool is_paced(const struct transfer_sent *sent)
{
	return sent->type != ND6_PROBE;
}

void transfer_lose(struct transfer *transfer, uint64_t number, uint64_t now)
{
	struct transfer_sent *sent = sent_of(transfer, number);

	land(transfer, sent, FATE_LOST);
	if (is_paced(sent)) {
		transfer->counts.packets_lost++;
		pace_lost(&transfer->pace, sent->size);
		if (datagram_lost(&transfer->datagram, number, sent->size, now))
			transfer->pace.datagram = transfer->datagram.size;
	}
	lose_content(transfer, sent, number, now);
}

/* RFC 9002 section 6.1: lost is what newer ones have overtaken by some number, or by some time. Each datagram is looked
 * at until its fate is known, and never again. */
void transfer_find_losses(struct transfer *transfer, uint64_t now)
{
	uint64_t rtt = transfer->pace.rtt_smooth, patience = rtt + rtt / 8 + TRANSFER_MILLISECOND;

	transfer->lost_at = UINT64_MAX;
	for (; transfer->oldest < transfer->largest; transfer->oldest++) {
		struct transfer_sent *sent = sent_of(transfer, transfer->oldest);

		if (sent->fate != FATE_FLYING)
			continue;
		if (transfer->largest - transfer->oldest < transfer->reorder && now < sent->stamp.sent + patience) {
			transfer->lost_at = sent->stamp.sent + patience;
			return;
		}
		transfer_lose(transfer, transfer->oldest, now);
	}
	while (transfer->oldest < transfer->number && sent_of(transfer, transfer->oldest)->fate != FATE_FLYING)
		transfer->oldest++;
}

/* ---- arrived --------------------------------------------------------------------------------- */

static void arrive_content(struct transfer *transfer, struct transfer_sent *sent, uint64_t number, uint64_t now)
{
	switch (sent->type) {
	case ND6_DATA:
	case ND6_ZERO:
		transfer->counts.bytes_acknowledged += sent->range.length;
		if (sent->range.block != KEEP_NONE)
			keep_acknowledge(&transfer->keep, sent->range.block, sent->range.length,
					 transfer->ack.received);
		break;
	case ND6_LOG:
		if (sent->range.offset + sent->range.length > transfer->log_there)
			transfer->log_there = sent->range.offset + sent->range.length;
		break;
	case ND6_FLOOR:
		transfer->floor_acked |= transfer->floor == number;
		break;
	case ND6_PROBE:
		if (datagram_probe_acked(&transfer->datagram, sent->size, now))
			transfer->pace.datagram = transfer->datagram.size;
		break;
	default:
		break;
	}
}

/* It was only late: the path reorders. Where its range has not yet been sent again, it need not be. */
static void arrive_late(struct transfer *transfer, struct transfer_sent *sent, uint64_t number, uint64_t now)
{
	uint64_t overtaken = transfer->largest - number + 1, most = transfer->ring_size / 4;

	sent->fate = FATE_ACKED;
	if (overtaken > transfer->reorder)
		transfer->reorder = overtaken < most ? overtaken : most;
	if (is_paced(sent))
		pace_late(&transfer->pace, sent->size);
	if (!sent->is_queued)
		return;
	sent->is_queued = false;
	arrive_content(transfer, sent, number, now);
}

static void arrive(struct transfer *transfer, uint64_t number, uint64_t now)
{
	struct transfer_sent *sent = sent_of(transfer, number);

	if (sent->fate == FATE_LOST)
		arrive_late(transfer, sent, number, now);
	if (sent->fate != FATE_FLYING)
		return;
	land(transfer, sent, FATE_ACKED);
	if (is_paced(sent)) {
		pace_acked(&transfer->pace, sent->size, now);
		datagram_acked(&transfer->datagram, number, sent->size);
	}
	arrive_content(transfer, sent, number, now);
}

/* Bounded by what was sent: a server may claim anything. */
static void arrive_all(struct transfer *transfer, uint64_t first, uint64_t last, uint64_t now)
{
	uint64_t least = transfer->first_number;

	if (transfer->number - least > transfer->ring_size)
		least = transfer->number - transfer->ring_size;
	if (first < least)
		first = least;
	for (uint64_t number = first; number <= last; number++)
		arrive(transfer, number, now);
}

/* Numbers of `ack` that the ACK before did not have: each number is looked at about once, however often it is repeated.
 * */
static void arrive_new(struct transfer *transfer, const struct nd6_ack *ack, const struct nd6_ack *before, uint64_t now)
{
	unsigned at = 0;

	for (unsigned i = 0; i < ack->count; i++) {
		uint64_t first = ack->ranges[i].first, last = ack->ranges[i].last;

		while (at < before->count && before->ranges[at].first > last)
			at++;
		for (; at < before->count && before->ranges[at].last >= first; at++) {
			if (before->ranges[at].last < last)
				arrive_all(transfer, before->ranges[at].last + 1, last, now);
			if (before->ranges[at].first <= first) {
				last = 0;
				break;
			}
			last = before->ranges[at].first - 1;
		}
		if (last >= first)
			arrive_all(transfer, first, last, now);
	}
}

static void take_largest(struct transfer *transfer, const struct nd6_ack *ack, uint64_t now)
{
	uint64_t largest = ack->count ? ack->ranges[0].last : 0;

	if (largest <= transfer->largest)
		return;
	transfer->largest = largest;
	pace_rtt(&transfer->pace, sent_of(transfer, largest)->stamp.sent, ack->delay_us * UINT64_C(1000), now);
}

void transfer_take_ack(struct transfer *transfer, uint64_t number, const uint8_t *payload, size_t length, uint64_t now)
{
	struct nd6_ack ack, before = transfer->ack;
	uint64_t largest = transfer->largest;

	/* An older ACK says nothing that the newer one did not say. */
	if (number < transfer->last_ack || !nd6_ack_parse(payload, length, &ack) ||
	    (ack.count && !is_remembered(transfer, ack.ranges[0].last)))
		return;
	transfer->last_ack = number;
	transfer->ack = ack;
	transfer->last_answer = now;
	transfer->unanswered = 0;
	take_largest(transfer, &ack, now);
	arrive_new(transfer, &ack, &before, now);
	transfer_find_losses(transfer, now);
	const struct transfer_sent *newest = sent_of(transfer, transfer->largest);
	bool is_sample = transfer->largest > largest && is_paced(newest);

	pace_ack_end(&transfer->pace, is_sample ? &newest->stamp : NULL, now);
	if (transfer->keeps)
		keep_forget(&transfer->keep, ack.written);
	transfer->counts.rtt_ns = transfer->pace.rtt_min;
	transfer->counts.rate = transfer->pace.rate;
}

void transfer_reset(struct transfer *transfer, uint64_t now)
{
	/* What the ring holds is older than that, and is not looked at. */
	transfer->first_number = transfer->oldest = transfer->number;
	transfer->largest = transfer->last_ack = 0;
	transfer->reorder = TRANSFER_REORDER;
	transfer->lost_at = UINT64_MAX;
	transfer->data_in_flight = transfer->flying = transfer->unanswered = 0;
	transfer->last_sent = transfer->last_answer = now;
	transfer->ack.count = 0;
	transfer->ack.received = transfer->ack.written = 0;
	transfer->again.count = transfer->again.first = 0;
	transfer->floor = transfer->log_at = transfer->log_there = 0;
	transfer->floor_acked = transfer->finish_flying = transfer->has_nudged = false;
	pace_restart(&transfer->pace, now);
}
