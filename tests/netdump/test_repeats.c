// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/repeats.c"
#include "test.h"

static unsigned take_all(struct repeats *repeats, uint64_t now)
{
	unsigned count = 0;

	while (count < 1000 && repeats_take(repeats, now))
		count++;
	return count;
}

TEST(some_go_out_at_once_and_then_so_many_in_a_second)
{
	struct repeats repeats = {0};
	uint64_t now = 5000 * SESSION_SECOND;

	CHECK(take_all(&repeats, now) == REPEATS_AT_ONCE);
	CHECK(take_all(&repeats, now + SESSION_SECOND / 100) == 0);
	CHECK(take_all(&repeats, now += SESSION_SECOND) == REPEATS_PER_SECOND);
	CHECK(take_all(&repeats, now += 3 * SESSION_SECOND) == 3 * REPEATS_PER_SECOND);
	CHECK(take_all(&repeats, now + 3600 * SESSION_SECOND) == REPEATS_AT_ONCE);
}

TEST_MAIN
