// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/chances.c"
#include "test.h"

static struct chances chances;

static enum chance ask(const char *client, uint8_t dump, uint64_t id, uint64_t now)
{
	const uint8_t bytes[CHANCE_DUMP] = {dump};

	return chances_ask(&chances, client, bytes, id, now + 60, now);
}

TEST(each_dump_has_one_chance)
{
	chances = (struct chances){0};
	CHECK(ask("a", 1, 10, 0) == CHANCE_NEW);
	CHECK(ask("a", 1, 11, 1) == CHANCE_RUNNING);
	CHECK(ask("a", 2, 12, 1) == CHANCE_NEW && ask("b", 1, 13, 1) == CHANCE_NEW);
	chances_end(&chances, 11); /* of whatever */
	CHECK(ask("a", 1, 14, 2) == CHANCE_RUNNING);
	chances_end(&chances, 10);
	CHECK(ask("a", 1, 15, 3) == CHANCE_OVER && ask("a", 1, 16, 4) == CHANCE_OVER);
	CHECK(ask("a", 2, 17, 4) == CHANCE_RUNNING);
}

TEST(a_chance_ends_without_a_result)
{
	chances = (struct chances){0};
	CHECK(ask("a", 1, 10, 0) == CHANCE_NEW && ask("a", 1, 11, 59) == CHANCE_RUNNING);
	CHECK(ask("a", 1, 12, 60) == CHANCE_OVER);
	/* What is asked for again and again is never forgotten; later there is another one. */
	CHECK(ask("a", 1, 13, MEMORY - 1) == CHANCE_OVER && ask("a", 1, 14, 2 * MEMORY - 2) == CHANCE_OVER);
	CHECK(ask("a", 1, 15, 3 * MEMORY - 2) == CHANCE_NEW);
}

TEST(chances_are_not_given_without_end)
{
	chances = (struct chances){0};
	for (unsigned i = 0; i < CHANCES_MAX; i++)
		CHECK(ask("a", (uint8_t)i, i, 5) == CHANCE_NEW);
	CHECK(ask("a", CHANCES_MAX, 1000, 6) == CHANCE_OVER && ask("a", 0, 1001, 6) == CHANCE_RUNNING);
	CHECK(ask("a", CHANCES_MAX, 1000, 5 + MEMORY) == CHANCE_NEW);
}

TEST_MAIN
