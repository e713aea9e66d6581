// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/notes.c"
#include "test.h"

static unsigned lines;
static char last[512];

static void take_line(enum journal_level level, const char *client, const char *text)
{
	lines++;
	snprintf(last, sizeof(last), "%d %s %s", (int)level, client ? client : "-", text);
}

static struct notes *begin(void)
{
	lines = 0;
	*last = '\0';
	return notes_new(take_line);
}

TEST(what_is_repeated_is_written_once_a_minute)
{
	struct notes *notes = begin();
	uint64_t now = 1000 * SESSION_SECOND;

	for (unsigned second = 0; second < 180; second++, now += SESSION_SECOND) {
		notes_tick(notes, now);
		notes_put(notes, JOURNAL_NOTICE, "192.0.2.1", "refused", now);
		CHECK(lines == 1 + second / 60);
	}
	CHECK_STR(last, "5 192.0.2.1 refused (60 more times)");
	notes_tick(notes, now += 60 * SESSION_SECOND);
	CHECK(lines == 4);
	CHECK_STR(last, "5 192.0.2.1 refused (60 more times)");
	/* A minute without it, and it is news again. */
	notes_tick(notes, now += 60 * SESSION_SECOND);
	CHECK(lines == 4);
	notes_put(notes, JOURNAL_NOTICE, "192.0.2.1", "refused", now);
	CHECK(lines == 5);
	CHECK_STR(last, "5 192.0.2.1 refused");
	notes_free(notes);
}

TEST(others_lines_are_not_held_back)
{
	struct notes *notes = begin();

	notes_put(notes, JOURNAL_NOTICE, "192.0.2.1", "refused", 1);
	notes_put(notes, JOURNAL_NOTICE, "192.0.2.2", "refused", 2);
	notes_put(notes, JOURNAL_ERROR, "192.0.2.1", "no room", 3);
	CHECK(lines == 3);
	notes_put(notes, JOURNAL_NOTICE, "192.0.2.2", "refused", 4);
	notes_tick(notes, 1 + PAUSE);
	CHECK(lines == 3);
	notes_tick(notes, 2 + PAUSE);
	CHECK(lines == 4);
	CHECK_STR(last, "5 192.0.2.2 refused (1 more times)");
	notes_free(notes);
}

TEST(a_flood_of_addresses_is_counted)
{
	struct notes *notes = begin();
	char client[32];

	for (unsigned i = 0; i < 100000; i++) {
		snprintf(client, sizeof(client), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		notes_put(notes, JOURNAL_NOTICE, client, "refused", 5);
	}
	CHECK(lines == NOTES_MAX);
	notes_tick(notes, 5 + PAUSE);
	CHECK(lines == NOTES_MAX + 1);
	CHECK_STR(last, "4 - 99488 lines about clients were left out: too many different ones");
	notes_put(notes, JOURNAL_NOTICE, client, "refused", 6 + PAUSE);
	CHECK(lines == NOTES_MAX + 2);
	notes_free(notes);
}

TEST_MAIN
