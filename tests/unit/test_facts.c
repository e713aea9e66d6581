// SPDX-License-Identifier: GPL-2.0-or-later
#include "facts.c"

#include "test.h"

static size_t first(size_t record, size_t count)
{
	const struct kernel_panic panic = {.log_record = record};

	return log_first(&panic, count);
}

TEST(log_begins_with_the_end_and_is_bounded)
{
	CHECK(first(SIZE_MAX, 440) == 400); /* nobody knows where the end begins */
	CHECK(first(430, 440) == 400);      /* forty lines at least */
	CHECK(first(405, 440) == 395);      /* ten of them before the end */
	CHECK(first(393, 440) == 383);
	CHECK(first(240, 440) == 230); /* an end without end is not told whole */
	CHECK(first(239, 440) == 400);
	CHECK(first(5, 100) == 0);
	CHECK(first(0, 440) == 400);
	CHECK(first(SIZE_MAX, 12) == 0 && first(3, 12) == 0 && first(SIZE_MAX, 0) == 0);
}

TEST_MAIN
