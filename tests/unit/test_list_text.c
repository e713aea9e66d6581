// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/list_text.c"

#include "test.h"

enum { NOW = 10 * 86400 };

static const struct listed_dump dumps[] = {
	{
		.root = "/var/crash", .place = "web1", .files = {.core = "vmcore", .cores = 1, .bytes = 2 << 20},
		.host = "web1", .kernel = "6.12.117+deb13-cloud-amd64", .signature = "oops@f", .message = "a message",
		.time = NOW - 7200, .time_of = TIME_CRASH, .report = LISTED_MADE, .has_findings = true, .critical = 1, .warnings = 2,
	},
	{
		.root = "/var/crash", .place = "web\n2", .files = {.log = "dmesg.txt"},
		.host = "a-name\033[2J-that-is-much-too-long-for-its-column", .signature = "oops@f",
		.time = 86400, .reason = "the\033 disk is full",
	},
};

/* The listing of both as one group, in so many columns; free() it. */
static char *text_of(unsigned width, unsigned rows, bool color)
{
	static const char *const roots[] = {"/var/crash"};
	const struct listed_dump *const members[] = {&dumps[0], &dumps[1]};
	const struct listed_group group = {.newest = &dumps[0], .dumps = members, .count = 2, .has_other_hosts = true,
					   .first = dumps[1].time, .last = dumps[0].time, .first_ever = dumps[1].time};
	const struct listing listing = {.now = NOW, .since = INT64_MIN, .roots = roots, .root_count = 1, .dumps = dumps,
					.dump_count = 2, .groups = &group, .group_count = 1};
	const struct report_style style = {.width = width, .rows = rows, .color = color};
	struct buf buf = {0};

	listing_text(&listing, &style, &buf);
	return buf_steal(&buf);
}

TEST(at_80_columns_the_path_has_a_line_of_its_own)
{
	char *text _cleanup_free_ = text_of(80, 0, false);

	CHECK_STR(text, "2 dumps of 2 hosts, 2.0 MiB in /var/crash\n"
			"\n"
			"oops@f: 2 crashes, 1970-01-02 00:00 to 1970-01-10 22:00 UTC\n"
			"  a message\n"
			"      2 h  web1          6.12.117+deb13-cloud-…  1 critical, 2 warnings  2.0 MiB\n" /* 80 of them */
			"           /var/crash/web1/vmcore\n"
			"      9 d  a-name\\x1b[…  ?                       no dump                       -\n"
			"           /var/crash/web\\n2\n"
			"           file written 9 d ago; log only: the\\x1b disk is full\n");
}

TEST(where_there_is_room_the_time_and_the_path_stand_on_the_line)
{
	char *text _cleanup_free_ = text_of(200, 0, false);

	CHECK(strstr(text, "      2 h  1970-01-10 22:00  web1 "));
	CHECK(strstr(text, "  6.12.117+deb13-cloud-amd64  1 critical, 2 warnings  2.0 MiB  /var/crash/web1/vmcore\n"));
	CHECK(strstr(text, " a-name\\x1b[2J-that-is-much-too-long-for-its-column  ?  "));
}

TEST(rows_bound_the_dumps_of_a_crash)
{
	char *text _cleanup_free_ = text_of(80, 1, false);

	CHECK(strstr(text, "/web1/vmcore\n  … 1 more dump (--rows 0)\n"));
	CHECK(!strstr(text, "web\\n2"));
}

TEST(the_worst_findings_have_a_colour_that_takes_no_room)
{
	char *plain _cleanup_free_ = text_of(80, 0, false), *colored _cleanup_free_ = text_of(80, 0, true);

	CHECK(!strchr(plain, '\033'));
	CHECK(strstr(colored, "\033[1moops@f\033[0m: "));
	CHECK(strstr(colored, "\033[1;31m1 critical, 2 warnings\033[0m  2.0 MiB\n"));
}

TEST_MAIN
