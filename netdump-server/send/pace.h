// SPDX-License-Identifier: GPL-2.0-or-later
// How fast to send, and how much may be on the way: the path is measured by what arrives, not by what is lost, in the
// manner of BBR (draft-ietf-ccwg-bbr): greatest delivery rate of the last rounds times least round trip is what the
// path holds. Loss that is there at any speed is the path's nature; loss that comes with speed is ours, and slows us
// down.
#ifndef SEND_PACE_H
#define SEND_PACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pace_state { PACE_STARTUP, PACE_DRAIN, PACE_PROBE_UP, PACE_PROBE_DOWN, PACE_CRUISE, PACE_PROBE_RTT };

enum { PACE_ROUNDS = 10 }; /* how long a measurement of the rate counts */

/* What is remembered with each datagram until it is acknowledged. */
struct pace_stamp {
	uint64_t sent, delivered, delivered_at, first_sent;
	bool is_limited; /* the source or the server, not the path, held us back then */
};

struct pace {
	enum pace_state state;
	uint64_t rate_max;      /* wished for; 0: none */
	uint32_t datagram;      /* largest, as it is now */

	uint64_t delivered, delivered_at, first_sent;
	uint64_t in_flight;     /* bytes */
	uint64_t limited_until; /* `delivered` up to which samples are limited; 0: not */

	uint64_t rtt_min, rtt_min_at, rtt_smooth, rtt_deviation; /* nanoseconds; 0: no sample yet */
	uint64_t rtt_probed;    /* least in this PACE_PROBE_RTT */
	uint64_t rate;          /* bytes per second that the path takes, as far as we know */
	uint64_t rates[PACE_ROUNDS]; /* greatest of each round */

	uint64_t rounds, round_at, round_start; /* when it began, and `delivered` then */
	uint64_t round_delivered, round_lost; /* bytes in this round */
	unsigned round_packets;
	bool round_limited;
	uint64_t round_rate;    /* greatest in this round */
	uint32_t losses[PACE_ROUNDS]; /* of each round, per 1024 */
	uint32_t nature;        /* least of these: loss that is there at any speed */

	uint64_t full_rate;     /* of start-up */
	unsigned full_rounds, phase_rounds;
	uint64_t phase_at;      /* when this state began */

	uint64_t burst;         /* most bytes at once: less where the receiver's buffer turns out to be small */
	int64_t credit;         /* bytes that may be sent now */
	uint64_t credit_at;
	bool is_capped;         /* the last time it was what is on the way that held us back */
	bool is_spent;          /* the credit was used up, and is not yet worth a batch */
};

void pace_init(struct pace *pace, uint32_t datagram, uint64_t rate_max, uint64_t now);
/* The path is another one, or may be: begins again, with the same datagrams. */
void pace_restart(struct pace *pace, uint64_t now);
/* A datagram of `bytes` goes out. */
void pace_sent(struct pace *pace, size_t bytes, uint64_t now, struct pace_stamp *ret);
/* It arrived, or did not; each datagram has one of these before pace_ack_end(). */
void pace_acked(struct pace *pace, size_t bytes, uint64_t now);
void pace_lost(struct pace *pace, size_t bytes);
/* The largest number that an ACK brought anew was sent at `sent`; the server kept the ACK back for `delay`. */
void pace_rtt(struct pace *pace, uint64_t sent, uint64_t delay, uint64_t now);
/* After each ACK: `newest` is the stamp of the datagram sent last among those it acknowledged (NULL: none). */
void pace_ack_end(struct pace *pace, const struct pace_stamp *newest, uint64_t now);
/* A datagram that was taken for lost has come after all: it no longer is on the way, but it was delivered. */
void pace_late(struct pace *pace, size_t bytes);
/* There is nothing to send though there could be. */
void pace_limited(struct pace *pace);
/* Whether a datagram may go out now. */
bool pace_may_send(struct pace *pace, uint64_t now);
/* When pace_may_send() will be true; UINT64_MAX: after the next ACK. */
uint64_t pace_when(const struct pace *pace, uint64_t now);
/* How long to wait for an ACK before asking for one (RFC 9002 section 6.2). */
uint64_t pace_patience(const struct pace *pace);

#endif
