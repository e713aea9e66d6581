// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/group.c"

#include "test.h"

static struct listing grouped(struct arena *arena, struct listed_dump *dumps, size_t count)
{
	struct listing listing = {.arena = arena};

	group_dumps(&listing, dumps, count);
	return listing;
}

TEST(nothing_gives_nothing)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct listing listing = grouped(arena, NULL, 0);

	CHECK(!listing.dump_count && !listing.group_count);
}

TEST(the_signature_decides_whatever_the_kernel)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct listed_dump dumps[] = {
		{.place = "a", .time = 100, .signature = "oops@f", .kernel = "6.1", .host = "one", .message = "x"},
		{.place = "b", .time = 300, .signature = "oops@f", .kernel = "6.12", .host = "two", .message = "y"},
		{.place = "c", .time = 200, .signature = "oops@g", .kernel = "6.1", .host = "one", .message = "x"},
		{.place = "d", .time = 150, .signature = "oops@f", .kernel = "6.1", .host = "one", .message = "z"},
	};
	struct listing listing = grouped(arena, dumps, 4);

	CHECK(listing.group_count == 2 && listing.dump_count == 4);
	const struct listed_group *group = &listing.groups[0];
	CHECK(group->count == 3 && group->first == 100 && group->last == 300 && !group->is_unknown);
	CHECK(!group->kernel && !group->has_other_hosts && group->host_count == 2);
	CHECK_STR(group->hosts[0], "two");
	CHECK_STR(group->hosts[1], "one");
	CHECK_STR(group->newest->message, "y");
	CHECK_STR(group->dumps[0]->place, "b");
	CHECK_STR(group->dumps[1]->place, "d");
	CHECK_STR(group->dumps[2]->place, "a");
	CHECK(listing.groups[1].count == 1 && listing.dumps[1].group == 1);
	CHECK_STR(listing.groups[1].kernel, "6.1");
}

TEST(without_a_signature_kernel_cause_and_message_do)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct listed_dump dumps[] = {
		{.place = "a", .time = 9, .cause = "oops", .message = "m", .kernel = "6.1"},
		{.place = "b", .time = 8, .cause = "oops", .message = "m", .kernel = "6.12"},
		{.place = "c", .time = 7, .cause = "oops", .message = "n", .kernel = "6.1"},
		{.place = "d", .time = 6, .message = "m", .kernel = "6.1"},
		{.place = "e", .time = 5, .cause = "oops", .message = "m", .kernel = "6.1"},
		{.place = "f", .time = 4, .cause = "oops", .message = "m", .kernel = "6.1", .signature = "oops"},
		{.place = "g", .time = 3, .cause = "oops", .message = "m"},
		{.place = "h", .time = 2, .cause = "o", .message = "opsm", .kernel = "6.1"},
	};
	struct listing listing = grouped(arena, dumps, 8);

	CHECK(listing.group_count == 7);
	CHECK(listing.groups[0].count == 2 && listing.dumps[4].group == 0);
	CHECK(listing.groups[0].has_other_hosts && !listing.groups[0].host_count);
}

TEST(what_is_not_known_is_not_the_same_crash)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct listed_dump dumps[] = {
		{.place = "a", .time = 5, .kernel = "6.1"},
		{.place = "b", .time = 4, .is_alive = true},
		{.place = "c", .time = 3},
	};
	struct listing listing = grouped(arena, dumps, 3);

	CHECK(listing.group_count == 2 && listing.groups[0].is_unknown && listing.groups[1].is_unknown);
	CHECK(listing.groups[0].count == 2 && !listing.groups[0].newest->is_alive);
	CHECK(listing.groups[1].count == 1 && listing.groups[1].newest->is_alive);
}

TEST(what_is_hidden_only_tells_how_old_the_crash_is)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct listed_dump dumps[] = {
		{.place = "a", .time = 10, .signature = "old", .is_hidden = true},
		{.place = "b", .time = 90, .signature = "old", .host = "h"},
		{.place = "c", .time = 95, .signature = "old", .is_hidden = true, .host = "other"},
		{.place = "d", .time = 80, .signature = "young"},
		{.place = "e", .time = 5, .signature = "gone", .is_hidden = true},
	};
	struct listing listing = grouped(arena, dumps, 5);

	CHECK(listing.dump_count == 2 && listing.hidden == 3 && listing.group_count == 2);
	const struct listed_group *old = &listing.groups[0], *young = &listing.groups[1];
	CHECK(old->count == 1 && old->others == 2 && old->first == 90 && old->last == 90 && old->first_ever == 10);
	CHECK(old->host_count == 1);
	CHECK(young->count == 1 && !young->others && young->first_ever == 80);
	CHECK_STR(listing.dumps[1].place, "d");
}

TEST(of_the_same_time_the_name_decides)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct listed_dump dumps[] = {
		{.root = "r", .place = "", .number = "h.1", .time = 5}, {.root = "r", .place = "b", .time = 5},
		{.root = "r", .place = "a", .time = 5},			{.root = "r", .place = "", .number = "h.0", .time = 5},
		{.root = "q", .place = "z", .time = 5},
	};
	struct listing listing = grouped(arena, dumps, 5);

	CHECK_STR(listing.dumps[0].place, "z");
	CHECK_STR(listing.dumps[1].number, "h.0");
	CHECK_STR(listing.dumps[2].number, "h.1");
	CHECK_STR(listing.dumps[3].place, "a");
	CHECK_STR(listing.dumps[4].place, "b");
}

TEST_MAIN
