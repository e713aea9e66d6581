// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/extents.c"

#include "base/cleanup.h"
#include "test.h"

static void check_ranges(const struct extents *extents, size_t count, const uint64_t (*ranges)[2])
{
	uint64_t bytes = 0;

	CHECK(extents->count == count);
	for (size_t i = 0; i < count && i < extents->count; i++) {
		CHECK(extents->items[i].start == ranges[i][0] && extents->items[i].end == ranges[i][1]);
		bytes += ranges[i][1] - ranges[i][0];
	}
	CHECK(extents->bytes == bytes);
}

TEST(extents_merge_what_touches)
{
	struct extents extents _cleanup_(extents_deinit) = {0};

	CHECK(extents_add(&extents, 10, 20) && extents_add(&extents, 30, 40) && extents_add(&extents, 50, 60));
	check_ranges(&extents, 3, (const uint64_t[][2]){{10, 20}, {30, 40}, {50, 60}});
	CHECK(extents_add(&extents, 20, 25) && extents_add(&extents, 45, 50) && extents_add(&extents, 0, 5));
	check_ranges(&extents, 4, (const uint64_t[][2]){{0, 5}, {10, 25}, {30, 40}, {45, 60}});
	CHECK(extents_add(&extents, 12, 24) && extents_add(&extents, 25, 30));
	check_ranges(&extents, 3, (const uint64_t[][2]){{0, 5}, {10, 40}, {45, 60}});
	CHECK(extents_add(&extents, 3, 100));
	check_ranges(&extents, 1, (const uint64_t[][2]){{0, 100}});
	CHECK(extents_add(&extents, 7, 7) && extents_add(&extents, 200, 150));
	check_ranges(&extents, 1, (const uint64_t[][2]){{0, 100}});
}

TEST(extents_reach_the_end_of_numbers)
{
	struct extents extents _cleanup_(extents_deinit) = {0};
	struct extent hole = {0};

	CHECK(extents_add(&extents, UINT64_MAX - 1, UINT64_MAX));
	CHECK(extents_have(&extents, UINT64_MAX - 1, UINT64_MAX) && !extents_have(&extents, 0, UINT64_MAX));
	CHECK(extents_touch(&extents, 0, UINT64_MAX) && !extents_touch(&extents, 0, UINT64_MAX - 1));
	CHECK(extents_hole(&extents, 0, UINT64_MAX, &hole) && hole.start == 0 && hole.end == UINT64_MAX - 1);
	CHECK(!extents_hole(&extents, UINT64_MAX - 1, UINT64_MAX, &hole));
	CHECK(extents_add(&extents, 0, UINT64_MAX) && extents.count == 1 && extents.bytes == UINT64_MAX);
}

TEST(extents_say_what_is_there)
{
	struct extents extents _cleanup_(extents_deinit) = {0};
	struct extent hole = {0};

	CHECK(!extents_have(&extents, 0, 1) && extents_have(&extents, 1, 1) && !extents_touch(&extents, 0, 9));
	CHECK(extents_hole(&extents, 3, 9, &hole) && hole.start == 3 && hole.end == 9);
	CHECK(!extents_hole(&extents, 3, 3, &hole));
	extents_add(&extents, 10, 20);
	extents_add(&extents, 30, 40);
	CHECK(extents_have(&extents, 10, 20) && extents_have(&extents, 12, 15));
	CHECK(!extents_have(&extents, 9, 20) && !extents_have(&extents, 10, 21) && !extents_have(&extents, 15, 35));
	CHECK(extents_touch(&extents, 19, 30) && extents_touch(&extents, 0, 11) && !extents_touch(&extents, 20, 30));
	CHECK(extents_hole(&extents, 0, 100, &hole) && hole.start == 0 && hole.end == 10);
	CHECK(extents_hole(&extents, 10, 100, &hole) && hole.start == 20 && hole.end == 30);
	CHECK(extents_hole(&extents, 25, 28, &hole) && hole.start == 25 && hole.end == 28);
	CHECK(extents_hole(&extents, 30, 100, &hole) && hole.start == 40 && hole.end == 100);
	CHECK(!extents_hole(&extents, 30, 40, &hole));
}

TEST(extents_are_bounded)
{
	struct extents extents _cleanup_(extents_deinit) = {0};

	for (uint64_t i = 0; i < EXTENTS_MAX; i++)
		CHECK(extents_add(&extents, 4 * i, 4 * i + 2));
	CHECK(!extents_add(&extents, UINT64_C(1) << 40, UINT64_C(1) << 41) && extents.count == EXTENTS_MAX);
	CHECK(extents_add(&extents, 2, 4) && extents.count == EXTENTS_MAX - 1);
	CHECK(extents.bytes == 2 * EXTENTS_MAX + 2);
	CHECK(extents_add(&extents, UINT64_C(1) << 40, UINT64_C(1) << 41));
	CHECK(!extents_add(&extents, UINT64_C(1) << 42, UINT64_C(1) << 43));
}

TEST(what_another_has_is_taken_out)
{
	struct extents extents = {0}, other = {0};

	extents_subtract(&extents, &other);
	CHECK(!extents.count);
	CHECK(extents_add(&extents, 10, 20) && extents_add(&extents, 30, 40) && extents_add(&extents, 50, 60));
	extents_subtract(&extents, &other);
	CHECK(extents.count == 3 && extents.bytes == 30);
	CHECK(extents_add(&other, 12, 14) && extents_add(&other, 18, 35) && extents_add(&other, 50, 60));
	extents_subtract(&extents, &other);
	CHECK(extents.count == 3 && extents.bytes == 11 && extents_have(&extents, 10, 12) && extents_have(&extents, 14, 18) &&
	      extents_have(&extents, 35, 40));
	extents_deinit(&other);
	CHECK(extents_add(&other, 0, UINT64_MAX));
	extents_subtract(&extents, &other);
	CHECK(!extents.count && !extents.bytes);
	extents_deinit(&extents);
	extents_deinit(&other);
}

TEST_MAIN
