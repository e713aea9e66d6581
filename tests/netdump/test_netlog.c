// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/netlog.c"

#include <stdio.h>

#include "base/cleanup.h"
#include "test.h"

#define MISSING "missing: lost, or held back by the host's loglevel --"

static struct buf lines;
static struct netlog *netlog;
static struct netlog_budget budget;
static uint64_t now;

static void keep_line(void *context, const char *text, size_t length)
{
	buf_put(context, text, length);
	buf_putc(context, '|');
}

static void start(void)
{
	now = 5 * SESSION_SECOND;
	budget = (struct netlog_budget){.limit = 1 << 20};
	netlog = netlog_new(&budget, keep_line, &lines);
}

static void give(const char *text)
{
	netlog_packet(netlog, (const uint8_t *)text, strlen(text), now);
}

/* What was written since the last call. */
static void expect(const char *want)
{
	CHECK_STR(buf_text(&lines), want);
	buf_cut(&lines, 0);
}

static void wait(uint64_t milliseconds)
{
	now += milliseconds * 1000000;
	if (now >= netlog_deadline(netlog))
		netlog_tick(netlog, now);
}

static void end(void)
{
	netlog_flush(netlog);
	CHECK(budget.used == 0 && netlog_deadline(netlog) == SESSION_NEVER);
	netlog_free(netlog);
	buf_deinit(&lines);
}

static void give_number(unsigned long long seq)
{
	char text[64];

	snprintf(text, sizeof(text), "6,%llu,%llu,-;n%llu\n", seq, 1000000 + seq, seq);
	give(text);
}

TEST(netlog_writes_what_comes_in_order)
{
	start();
	give("6,416,1758426,-;hello world\n");
	expect("[    1.758426] hello world|");
	give("6,417,1758500,-;msg\n key=val\n cpu=3\n");
	expect("[    1.758500] msg|[    1.758500]  key=val|[    1.758500]  cpu=3|");
	give("4,418,12345678901234,-,caller=T1;\n");
	expect("[12345678.901234] |");
	CHECK(netlog_deadline(netlog) == SESSION_NEVER && netlog_counts(netlog)->messages == 3);
	end();
}

TEST(netlog_undoes_printks_escapes)
{
	start();
	give("6,1,1000000,-;one\\x0atwo \\x5cx41 \\xc3\\xbc \\x4 \\xzz\\x0\n");
	expect("[    1.000000] one|[    1.000000] two \\x41 \xc3\xbc \\x4 \\xzz\\x0|");
	end();
}

TEST(netlog_puts_fragments_together)
{
	static const char first[] = "6,416,1758426,-,ncfrag=0/31;the first chunk,";
	static const char second[] = "6,416,1758426,-,ncfrag=16/31; the 2nd chunk.";
	static const char whole[] = "[    1.758426] the first chunk, the 2nd chunk.|";

	start();
	give(first);
	expect("");
	give(second);
	expect(whole);
	give(first);
	give(second);
	expect("");
	CHECK(netlog_counts(netlog)->duplicates == 2);
	end();
	start();
	give(second);
	give(second);
	give("6,416,1758426,-,ncfrag=10/31; CHUNKS"); /* overlaps: what was there first stays */
	give("6,416,1758426,-,ncfrag=0/32;the first chunk,");
	give("6,416,1758426,-;the first chunk,");
	expect("");
	give(first);
	expect("[    1.758426] the first  CHUNK the 2nd chunk.|");
	CHECK(netlog_counts(netlog)->duplicates == 3 && netlog_counts(netlog)->incomplete == 0);
	end();
}

TEST(netlog_writes_half_a_message_in_the_end)
{
	start();
	give("6,416,1758426,-,ncfrag=16/31; the 2nd chunk.");
	wait(999);
	expect("");
	wait(1);
	expect("[    1.758426] <16 bytes lost> the 2nd chunk.|");
	give("6,416,1758426,-,ncfrag=0/31;the first chunk,");
	expect("");
	CHECK(netlog_counts(netlog)->incomplete == 1 && netlog_counts(netlog)->duplicates == 1);
	give("6,417,1758427,-,ncfrag=0/9;abc");
	give("6,417,1758427,-,ncfrag=6/9;ghi");
	netlog_flush(netlog);
	expect("[    1.758427] abc<3 bytes lost>ghi|");
	end();
}

TEST(netlog_puts_messages_in_order)
{
	start();
	give_number(10);
	give_number(13);
	give_number(12);
	give_number(13);
	expect("[    1.000010] n10|");
	give_number(11);
	expect("[    1.000011] n11|[    1.000012] n12|[    1.000013] n13|");
	give_number(12);
	give_number(10);
	expect("");
	CHECK(netlog_counts(netlog)->duplicates == 3 && netlog_counts(netlog)->missing == 0);
	end();
}

TEST(netlog_takes_what_the_first_overtook)
{
	start();
	give_number(11);
	give_number(10);
	give_number(10);
	give_number(12);
	expect("[    1.000011] n11|[    1.000010] n10|[    1.000012] n12|");
	CHECK(netlog_counts(netlog)->restarts == 0 && netlog_counts(netlog)->duplicates == 1);
	end();
}

TEST(netlog_marks_what_is_lost)
{
	start();
	give_number(10);
	give_number(13);
	wait(500);
	give_number(15);
	wait(499);
	expect("[    1.000010] n10|");
	wait(1);
	expect("-- 2 message(s) " MISSING "|[    1.000013] n13|");
	wait(500);
	expect("-- 1 message(s) " MISSING "|[    1.000015] n15|");
	give_number(11);
	expect("[    1.000011] n11|");
	give_number(11);
	expect("");
	CHECK(netlog_counts(netlog)->missing == 3);
	end();
}

TEST(netlog_does_not_wait_for_what_is_far_behind)
{
	start();
	give_number(10);
	give_number(12);
	give_number(12 + WINDOW - 1);
	expect("[    1.000010] n10|-- 1 message(s) " MISSING "|[    1.000012] n12|");
	give_number(5000);
	expect("-- 62 message(s) " MISSING "|[    1.000075] n75|");
	wait(1000);
	expect("-- 4924 message(s) " MISSING "|[    1.005000] n5000|");
	end();
}

TEST(netlog_notices_that_the_host_was_started_again)
{
	static const char anew[] = "-- messages are counted anew: the host was started again --|";
	char want[256];

	start();
	give("6,900,500000000,-;old\n");
	expect("[  500.000000] old|");
	now += 30 * SESSION_SECOND;
	give("6,0,0,-;new\n");
	snprintf(want, sizeof(want), "%s[    0.000000] new|", anew);
	expect(want);
	/* netconsole began later than the other time: the number is higher, but the time is not. */
	give("6,1,9000000,-;a\n");
	now += 60 * SESSION_SECOND;
	give("6,5,2000000,-;b\n");
	snprintf(want, sizeof(want), "[    9.000000] a|%s[    2.000000] b|", anew);
	expect(want);
	/* The same number again, at another time. */
	give("6,5,2000500,-;c\n");
	snprintf(want, sizeof(want), "%s[    2.000500] c|", anew);
	expect(want);
	/* The host ran for less long than this time, but it was long silent: this cannot be late. */
	now += 20 * SESSION_SECOND;
	give("6,2,2000400,-;d\n");
	snprintf(want, sizeof(want), "%s[    2.000400] d|", anew);
	expect(want);
	CHECK(netlog_counts(netlog)->restarts == 4 && netlog_counts(netlog)->missing == 0);
	end();
}

TEST(netlog_writes_what_waits_before_a_restart)
{
	start();
	give("6,900,500000000,-;old\n");
	give("6,902,500000001,-,ncfrag=0/6;hal");
	give("6,0,0,-;new\n");
	expect("[  500.000000] old|-- 1 message(s) " MISSING "|[  500.000001] hal<3 bytes lost>|"
	       "-- messages are counted anew: the host was started again --|[    0.000000] new|");
	end();
}

/* One forged datagram with a high number must not silence the host for long, nor lose what it says. */
TEST(netlog_survives_a_forged_number)
{
	start();
	give_number(10);
	give("6,9000000000000000000,1000011,-;forged\n");
	give("6,18446744073709551615,1000011,-;text\n");
	wait(1000);
	buf_cut(&lines, 0);
	for (unsigned i = 11; i < 100; i++)
		give_number(i);
	for (unsigned i = 11; i < 100; i++) {
		char line[32];

		snprintf(line, sizeof(line), "] n%u|", i);
		CHECK(strstr(buf_text(&lines), line) != NULL);
	}
	CHECK(netlog_counts(netlog)->restarts == 1);
	end();
}

TEST(netlog_names_the_kernel_once)
{
	start();
	give("6.4.0-rc1,6,416,1758426,-;hello world\n");
	give("6.4.0-rc1,6,417,1758427,-;again\n");
	give("6.4.0,6,418,1758428,-;other\n");
	expect("-- kernel 6.4.0-rc1 --|[    1.758426] hello world|[    1.758427] again|-- kernel 6.4.0 --|"
	       "[    1.758428] other|");
	end();
}

TEST(netlog_joins_plain_text)
{
	start();
	give("[   12.345678] usb 1-1: new ");
	expect("");
	give("device\n[   12.4] x\n<5> Lin");
	expect("[   12.345678] usb 1-1: new device|[   12.4] x|");
	wait(999);
	expect("");
	wait(1);
	expect("<5> Lin|");
	give("\n\n");
	expect("||");
	give("no newline");
	end();
}

TEST(netlog_bounds_plain_text)
{
	char text[3001];

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	start();
	give(text); /* of each, NETCONSOLE_DATAGRAM_MAX */
	give(text);
	CHECK(!lines.length);
	give(text);
	CHECK(lines.length == LINE_MAX + 1);
	netlog_flush(netlog);
	CHECK(lines.length == 3 * NETCONSOLE_DATAGRAM_MAX + 2);
	end();
}

static void give_beginning(unsigned seq, unsigned total)
{
	char text[64];

	snprintf(text, sizeof(text), "6,%u,1,-,ncfrag=0/%u;x", seq, total);
	give(text);
}

TEST(netlog_bounds_its_memory)
{
	start();
	for (unsigned seq = 0; seq < 10; seq++) {
		give_beginning(seq, NETCONSOLE_BODY_MAX);
		CHECK(budget.used > NETCONSOLE_BODY_MAX && budget.used <= NETLOG_MEMORY);
	}
	CHECK(netlog_counts(netlog)->incomplete == 9 && strstr(buf_text(&lines), "x<131071 bytes lost>|"));
	end();
}

TEST(netlog_shares_a_budget)
{
	struct netlog *other;

	start();
	budget.limit = 2000;
	other = netlog_new(&budget, keep_line, &lines);
	give_beginning(0, 1000);
	expect("");
	netlog_packet(other, (const uint8_t *)"6,7,1,-,ncfrag=3/1000;abc", 25, now);
	expect("[    0.000001] abc|");
	CHECK(netlog_counts(other)->incomplete == 1 && budget.used == 1125);
	netlog_packet(other, (const uint8_t *)"6,10,1,-;abcd", 13, now);
	CHECK(budget.used == 1129);
	netlog_packet(other, (const uint8_t *)"6,9,1,-,ncfrag=0/1000;abc", 25, now);
	expect("-- 2 message(s) " MISSING "|[    0.000001] abcd|");
	netlog_free(other);
	CHECK(budget.used == 1125);
	end();
}

TEST_MAIN
