// SPDX-License-Identifier: GPL-2.0-or-later
// How often questions are repeated to addresses that have not shown that they receive: one budget for all of them, since
// whoever forges addresses has many. A client that is there needs few.
#ifndef SERVER_REPEATS_H
#define SERVER_REPEATS_H

#include <stdbool.h>
#include <stdint.h>

enum { REPEATS_AT_ONCE = 32, REPEATS_PER_SECOND = 8 };

struct repeats {
	uint64_t since; /* everything up to then has been counted; zeros: nothing was ever taken */
};

/* Whether one more may go out. `now`: CLOCK_MONOTONIC in nanoseconds. */
bool repeats_take(struct repeats *repeats, uint64_t now);

#endif
