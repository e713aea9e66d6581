// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/list_words.c"

#include "test.h"

static void check_age(int64_t seconds, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	list_put_age(&buf, seconds);
	CHECK_STR(buf_text(&buf), want);
}

TEST(ages)
{
	check_age(-5, "future");
	check_age(0, "0 s");
	check_age(119, "119 s");
	check_age(120, "2 min");
	check_age(2 * 3600 - 1, "119 min");
	check_age(2 * 3600, "2 h");
	check_age(48 * 3600, "2 d");
	check_age(400LL * 86400, "400 d");
}

static void check_since(enum listed_time time_of, int64_t time, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	list_put_since(&buf, &(struct listed_dump){.time = time, .time_of = time_of}, 3 * 86400);
	CHECK_STR(buf_text(&buf), want);
}

TEST(times_say_what_they_are_of)
{
	check_since(TIME_CRASH, 0, "3 d ago");
	check_since(TIME_CRASH, 3 * 86400 + 1, "in the future");
	check_since(TIME_ARRIVAL, 86400 - 3600, "arrived 2 d ago");
	check_since(TIME_FILE, 3 * 86400, "file written 0 s ago");
	check_since(TIME_FILE, LISTED_TIME_END, "file written in the future");
}

static void check_found(struct listed_dump dump, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	list_put_found(&buf, &dump);
	CHECK_STR(buf_text(&buf), want);
}

TEST(findings_in_words)
{
	check_found((struct listed_dump){.has_findings = true, .critical = 1, .warnings = 2}, "1 critical, 2 warnings");
	check_found((struct listed_dump){.has_findings = true, .warnings = 1, .unchecked = 3}, "1 warning");
	check_found((struct listed_dump){.has_findings = true, .critical = 2}, "2 critical");
	check_found((struct listed_dump){.has_findings = true, .unchecked = 3}, "not all checked");
	check_found((struct listed_dump){.has_findings = true}, "clear");
	check_found((struct listed_dump){.report = LISTED_NONE, .files.cores = 1}, "no report yet");
	check_found((struct listed_dump){.report = LISTED_NONE}, "no dump");
	check_found((struct listed_dump){.report = LISTED_FAILED, .files.cores = 1}, "report failed");
	check_found((struct listed_dump){.report = LISTED_MADE, .files.cores = 1}, "report made");
	check_found((struct listed_dump){.number = "h.0", .files.cores = 1}, "not Linux");
}

static void check_remark(struct listed_dump dump, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	list_put_remark(&buf, &dump);
	CHECK_STR(buf_text(&buf), want);
}

TEST(remarks)
{
	check_remark((struct listed_dump){.files.cores = 1}, "");
	check_remark((struct listed_dump){.files.cores = 1, .is_incomplete = true, .reason = "disk full"},
		     "incomplete: disk full");
	check_remark((struct listed_dump){.files.log = "dmesg.txt", .is_incomplete = true}, "log only");
	check_remark((struct listed_dump){.reason = "r"}, "no dump: r");
	check_remark((struct listed_dump){.files.cores = 1, .is_alive = true}, "did not panic");
	check_remark((struct listed_dump){.files.cores = 1, .reason = "it failed"}, "it failed");
}

TEST(a_group_of_one_host_names_it)
{
	static const char *const hosts[] = {"web1", "web2"};
	static const struct listed_dump dump = {.signature = "oops@f"};
	struct listed_group group = {.newest = &dump, .hosts = hosts, .host_count = 1, .count = 1, .first = 0, .last = 0};
	struct buf buf _cleanup_(buf_deinit) = {0};

	list_put_extent(&buf, &group);
	CHECK_STR(buf_text(&buf), "1 crash of web1, 1970-01-01 00:00 UTC");
	buf_cut(&buf, 0);
	group.host_count = group.count = 2;
	group.last = 86400;
	list_put_extent(&buf, &group);
	CHECK_STR(buf_text(&buf), "2 crashes of 2 hosts, 1970-01-01 00:00 to 1970-01-02 00:00 UTC");
	buf_cut(&buf, 0);
	group.has_other_hosts = true;
	list_put_extent(&buf, &group);
	CHECK_STR(buf_text(&buf), "2 crashes, 1970-01-01 00:00 to 1970-01-02 00:00 UTC");
}

TEST(what_was_not_asked_for_is_counted)
{
	static const struct listed_dump dump = {.signature = "oops@f"};
	struct listed_group group = {.newest = &dump, .count = 1, .first = 86400, .last = 86400, .others = 3};
	struct listing listing = {.since = INT64_MIN};
	struct buf buf _cleanup_(buf_deinit) = {0};

	group.first_ever = 86400;
	list_put_extent(&buf, &group);
	CHECK_STR(buf_text(&buf), "1 crash, 1970-01-02 00:00 UTC; 3 more not shown");
	CHECK(!list_is_new(&listing, &group));
	listing.since = 86400;
	CHECK(list_is_new(&listing, &group));
	group.first_ever = 60;
	CHECK(!list_is_new(&listing, &group));
	buf_cut(&buf, 0);
	list_put_extent(&buf, &group);
	CHECK_STR(buf_text(&buf), "1 crash, 1970-01-02 00:00 UTC; 3 more not shown, the first 1970-01-01 00:01");
}

TEST_MAIN
