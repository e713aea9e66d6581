// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/pace.h"

#include <string.h>

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

enum {
	UNIT = 1024,             /* gains and losses are so many of this */
	GAIN_STARTUP = 2955,     /* 2/ln 2 */
	GAIN_DRAIN = 512,
	GAIN_UP = 1280,
	GAIN_DOWN = 820,
	CAP = 2048,              /* more only overflows the path's queue when start-up finds its end */
	CRUISE_ROUNDS = 5,
	DOWN_ROUNDS = 2,         /* in the second one nothing is lost of what PACE_PROBE_UP sent */
	LOSS_EXCESS = UNIT / 20, /* beyond nature: probing upwards has found the end */
	LOSS_HEAVY = UNIT / 3,   /* the path has become narrower */
	LOSS_NATURE_MAX = UNIT * 3 / 10,
	ROUND_PACKETS = 24,      /* fewer say nothing about loss */
	BURST_FIRST = 64 << 10,
	BURST_MAX = 512 << 10,
	RATE_MIN = 16 << 10,
	DATAGRAMS_MIN = 4,
};

static const uint64_t round_min = 5 * MILLISECOND; /* below, scheduling is all that is measured */
static const uint64_t rtt_guess = 100 * MILLISECOND;
static const uint64_t rtt_age = 10 * SECOND, rtt_probe = 200 * MILLISECOND;
static const uint64_t patience_min = 10 * MILLISECOND;

static uint64_t smaller(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static uint64_t larger(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

static uint64_t times(uint64_t number, uint64_t gain)
{
	return number / UNIT * gain + number % UNIT * gain / UNIT;
}

/* Bytes that pass in a time; rates stay below 2^40, times below 2^36 where it matters. */
static uint64_t bytes_in(uint64_t rate, uint64_t duration)
{
	return (uint64_t)((unsigned __int128)rate * duration / SECOND);
}

static uint64_t rtt_of(const struct pace *pace)
{
	return pace->rtt_min ? pace->rtt_min : rtt_guess;
}

static uint64_t rate_known(const struct pace *pace)
{
	uint64_t first = larger(RATE_MIN, (uint64_t)DATAGRAMS_MIN * pace->datagram * SECOND / rtt_of(pace));

	return pace->rate ? larger(pace->rate, RATE_MIN) : first;
}

static void begin_round(struct pace *pace, uint64_t now)
{
	pace->round_at = now;
	pace->round_start = pace->delivered;
	pace->round_delivered = pace->round_lost = pace->round_rate = 0;
	pace->round_packets = 0;
	pace->round_limited = false;
}

static void enter(struct pace *pace, enum pace_state state, uint64_t now)
{
	pace->state = state;
	pace->phase_at = now;
	pace->phase_rounds = 0;
	pace->rtt_probed = 0;
}

void pace_init(struct pace *pace, uint32_t datagram, uint64_t rate_max, uint64_t now)
{
	*pace = (struct pace){.datagram = datagram, .rate_max = rate_max};
	pace_restart(pace, now);
}

void pace_restart(struct pace *pace, uint64_t now)
{
	*pace = (struct pace){
		.datagram = pace->datagram,
		.rate_max = pace->rate_max,
		.delivered = pace->delivered,
		.delivered_at = now,
		.first_sent = now,
		.burst = BURST_FIRST,
		.credit_at = now,
	};
	enter(pace, PACE_STARTUP, now);
	begin_round(pace, now);
}

/* ---- measuring ------------------------------------------------------------------------------- */

void pace_sent(struct pace *pace, size_t bytes, uint64_t now, struct pace_stamp *ret)
{
	if (!pace->in_flight)
		pace->first_sent = pace->delivered_at = now;
	*ret = (struct pace_stamp){
		.sent = now,
		.delivered = pace->delivered,
		.delivered_at = pace->delivered_at,
		.first_sent = pace->first_sent,
		.is_limited = pace->limited_until > pace->delivered,
	};
	pace->in_flight += bytes;
	pace->credit -= (int64_t)bytes;
}

static void leave(struct pace *pace, size_t bytes)
{
	pace->in_flight -= smaller(pace->in_flight, bytes);
	pace->round_packets++;
}

void pace_acked(struct pace *pace, size_t bytes, uint64_t now)
{
	leave(pace, bytes);
	pace->delivered += bytes;
	pace->delivered_at = now;
	pace->round_delivered += bytes;
}

void pace_lost(struct pace *pace, size_t bytes)
{
	leave(pace, bytes);
	pace->round_lost += bytes;
}

void pace_late(struct pace *pace, size_t bytes)
{
	pace->round_lost -= smaller(pace->round_lost, bytes);
	pace->round_delivered += bytes;
}

void pace_rtt(struct pace *pace, uint64_t sent, uint64_t delay, uint64_t now)
{
	uint64_t rtt = larger(now - sent, 1), net = rtt > delay ? rtt - delay : rtt;

	if (!pace->rtt_min || net <= pace->rtt_min) {
		pace->rtt_min = net;
		pace->rtt_min_at = now;
	}
	if (!pace->rtt_probed || net < pace->rtt_probed)
		pace->rtt_probed = net;
	if (!pace->rtt_smooth) {
		pace->rtt_smooth = rtt;
		pace->rtt_deviation = rtt / 2;
		return;
	}
	uint64_t off = rtt > pace->rtt_smooth ? rtt - pace->rtt_smooth : pace->rtt_smooth - rtt;

	pace->rtt_deviation = (3 * pace->rtt_deviation + off) / 4;
	pace->rtt_smooth = (7 * pace->rtt_smooth + rtt) / 8;
}

/* Draft "Delivery Rate Estimation": bytes that arrived while this datagram was on its way, over the longer of the times
 * in which they were sent and acknowledged. */
static void sample_rate(struct pace *pace, const struct pace_stamp *stamp)
{
	uint64_t sending = stamp->sent - stamp->first_sent, arriving = pace->delivered_at - stamp->delivered_at;
	uint64_t time = larger(sending, arriving), bytes = pace->delivered - stamp->delivered;

	pace->first_sent = stamp->sent;
	if (!time || time < pace->rtt_min)
		return;
	uint64_t rate = (uint64_t)((unsigned __int128)bytes * SECOND / time);

	if (stamp->is_limited) {
		pace->round_limited = true;
		if (rate < pace->rate)
			return;
	}
	pace->round_rate = larger(pace->round_rate, rate);
	pace->rate = larger(pace->rate, rate);
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static uint64_t holds(const struct pace *pace)
{
	return bytes_in(rate_known(pace), rtt_of(pace));
}

static uint32_t round_loss(const struct pace *pace)
{
	uint64_t all = pace->round_lost + pace->round_delivered;

	return all && pace->round_packets >= ROUND_PACKETS ? (uint32_t)(pace->round_lost * UNIT / all) : 0;
}

static void remember_round(struct pace *pace)
{
	unsigned at = pace->rounds++ % PACE_ROUNDS;
	uint64_t rate = 0;
	uint32_t nature = LOSS_NATURE_MAX;

	/* A round in which there was nothing to send says nothing against what is known. */
	pace->rates[at] = pace->round_limited ? larger(pace->round_rate, pace->rate) : pace->round_rate;
	if (pace->round_packets >= ROUND_PACKETS)
		pace->losses[at] = round_loss(pace);
	for (unsigned i = 0; i < PACE_ROUNDS; i++) {
		rate = larger(rate, pace->rates[i]);
		nature = (uint32_t)smaller(nature, pace->losses[i]);
	}
	pace->rate = rate;
	pace->nature = nature;
}

static void startup_round(struct pace *pace, uint32_t loss, uint64_t now)
{
	if (pace->round_limited)
		return;
	if (pace->rate >= pace->full_rate + pace->full_rate / 4) {
		pace->full_rate = pace->rate;
		pace->full_rounds = 0;
		return;
	}
	if (++pace->full_rounds >= 3 || loss > LOSS_EXCESS)
		enter(pace, PACE_DRAIN, now);
}

/* The path takes less than it did: nothing of before counts. */
static void forget_rates(struct pace *pace, uint64_t rate)
{
	for (unsigned i = 0; i < PACE_ROUNDS; i++)
		pace->rates[i] = smaller(pace->rates[i], rate);
	pace->rate = rate;
}

/* Loss at any speed may be that of a buffer which one burst fills. */
static void adapt_burst(struct pace *pace, uint32_t loss)
{
	if (loss > LOSS_EXCESS)
		pace->burst = larger(pace->burst / 2, 1);
	else
		pace->burst = smaller(pace->burst + pace->burst / 4 + 1024, BURST_MAX);
}

static void end_round(struct pace *pace, uint64_t now)
{
	uint32_t loss = round_loss(pace), excess = loss > pace->nature ? loss - pace->nature : 0;
	uint64_t rate = pace->round_rate;

	remember_round(pace);
	adapt_burst(pace, loss);
	pace->phase_rounds++;
	switch (pace->state) {
	case PACE_STARTUP:
		startup_round(pace, loss, now);
		break;
	case PACE_PROBE_UP:
		if (excess > LOSS_EXCESS || pace->phase_rounds >= 2)
			enter(pace, PACE_PROBE_DOWN, now);
		break;
	case PACE_PROBE_DOWN:
		if (pace->phase_rounds >= DOWN_ROUNDS)
			enter(pace, PACE_CRUISE, now);
		break;
	case PACE_CRUISE:
		if (loss > LOSS_HEAVY && rate)
			forget_rates(pace, rate);
		if (pace->phase_rounds >= CRUISE_ROUNDS)
			enter(pace, PACE_PROBE_UP, now);
		break;
	case PACE_DRAIN:
	case PACE_PROBE_RTT:
		break;
	}
	begin_round(pace, now);
}

static void watch_rtt(struct pace *pace, uint64_t now)
{
	if (pace->state == PACE_PROBE_RTT) {
		if (now - pace->phase_at < rtt_probe + 2 * pace->rtt_smooth)
			return;
		pace->rtt_min = pace->rtt_probed ? pace->rtt_probed : pace->rtt_min;
		pace->rtt_min_at = now;
		enter(pace, PACE_CRUISE, now);
	} else if (pace->state == PACE_CRUISE && now - pace->rtt_min_at > rtt_age) {
		enter(pace, PACE_PROBE_RTT, now);
	}
}

void pace_ack_end(struct pace *pace, const struct pace_stamp *newest, uint64_t now)
{
	if (newest)
		sample_rate(pace, newest);
	if (pace->delivered >= pace->limited_until)
		pace->limited_until = 0;
	/* A datagram was acknowledged that was sent in this round, however many of its neighbours were lost. */
	if (newest && newest->delivered >= pace->round_start && now - pace->round_at >= round_min)
		end_round(pace, now);
	/* At nearly three times what the path takes, every moment counts. */
	if (pace->state == PACE_STARTUP && pace->rate && round_loss(pace) > LOSS_HEAVY)
		enter(pace, PACE_DRAIN, now);
	if (pace->state == PACE_DRAIN && pace->in_flight <= holds(pace))
		enter(pace, PACE_CRUISE, now);
	watch_rtt(pace, now);
}

void pace_limited(struct pace *pace)
{
	pace->limited_until = larger(pace->delivered + pace->in_flight, 1);
}

/* ---- sending --------------------------------------------------------------------------------- */

static uint64_t gain_of(const struct pace *pace)
{
	switch (pace->state) {
	case PACE_STARTUP:
		return GAIN_STARTUP;
	case PACE_DRAIN:
		return GAIN_DRAIN;
	case PACE_PROBE_UP:
		return GAIN_UP;
	case PACE_PROBE_DOWN:
		return GAIN_DOWN;
	case PACE_CRUISE:
	case PACE_PROBE_RTT:
		break;
	}
	return UNIT;
}

static uint64_t rate_of(const struct pace *pace)
{
	uint64_t rate = times(rate_known(pace), gain_of(pace)) * UNIT / (UNIT - pace->nature);

	return pace->rate_max ? smaller(rate, pace->rate_max) : rate;
}

/* What goes out at once: a millisecond's worth, so that a timer of that grain is enough. */
static uint64_t quantum_of(const struct pace *pace)
{
	return larger(smaller(rate_of(pace) / 1000, pace->burst), 2 * (uint64_t)pace->datagram);
}

static uint64_t cap_of(const struct pace *pace)
{
	uint64_t least = (uint64_t)DATAGRAMS_MIN * pace->datagram;

	if (pace->state == PACE_PROBE_RTT)
		return larger(holds(pace) / 2, least);
	uint64_t cap = times(holds(pace), CAP);

	return larger(cap * UNIT / (UNIT - pace->nature) + 2 * quantum_of(pace), least);
}

/* What has to be earned before a datagram goes out again. */
static int64_t batch_of(const struct pace *pace)
{
	return (int64_t)quantum_of(pace) / 2;
}

/* A sender that gets the processor late makes up for it, or it would measure a path that is slower each time. Who had
 * nothing to send, or enough on the way, does not. */
static int64_t credit_most(const struct pace *pace)
{
	uint64_t quantum = quantum_of(pace);

	return (int64_t)(pace->is_capped || pace->limited_until ? quantum : larger(quantum, pace->burst));
}

bool pace_may_send(struct pace *pace, uint64_t now)
{
	int64_t most = credit_most(pace);
	uint64_t passed = smaller(now - pace->credit_at, SECOND);

	uint64_t earned = bytes_in(rate_of(pace), passed);

	pace->credit += (int64_t)earned;
	if (earned)
		pace->credit_at = now;
	if (pace->credit > most)
		pace->credit = most;
	/* Each ACK wakes us: a few datagrams at each would wake the server as often. */
	if (pace->credit < 0 || pace->credit >= batch_of(pace))
		pace->is_spent = pace->credit < 0;
	pace->is_capped = pace->in_flight >= cap_of(pace);
	return !pace->is_spent && !pace->is_capped;
}

uint64_t pace_when(const struct pace *pace, uint64_t now)
{
	if (pace->in_flight >= cap_of(pace))
		return UINT64_MAX;
	int64_t wanted = batch_of(pace) - pace->credit;

	return wanted > 0 ? now + (uint64_t)wanted * SECOND / rate_of(pace) + 1 : now;
}

uint64_t pace_patience(const struct pace *pace)
{
	if (!pace->rtt_smooth)
		return 2 * rtt_guess;
	return pace->rtt_smooth + larger(4 * pace->rtt_deviation, patience_min);
}
