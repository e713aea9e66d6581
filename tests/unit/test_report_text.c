// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/text.c"

#include "base/mem.h"
#include "reports/utf8.h"
#include "sample_report.h"
#include "test.h"

static const struct report_style plain = {.width = 80, .rows = 20};

static char *text_of(const struct report *report, const struct report_style *style)
{
	struct buf buf = {0};

	report_text(report, style, &buf);
	return buf_steal(&buf);
}

/* Every `words` stands in the text, after the one before it. */
static void check_order(const char *text, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *found = strstr(text, words[i]);

		CHECK(found);
		if (!found) {
			printf("not found, or not in its place: \"%s\"\n", words[i]);
			return;
		}
		text = found + strlen(words[i]);
	}
}

TEST(text_tells_the_most_severe_first)
{
	static const char *const words[] = {
		"labguest",
		"6.1.0-50-cloud-amd64",
		"2026-11-21 01:20:03 UTC",
		"31.3 s",
		"2 online",
		"278 MiB managed by the kernel\n",
		"O (out-of-tree module was loaded)",
		"sysrq triggered crash",
		"init (pid 1) on CPU 0",
		"1 critical, 2 warnings, 1 info; 2 checks clear, 1 not applicable, 3 could not be",
		"\nCRITICAL: The log daemon",
		"\nWARNING: Real-time tasks",
		"\nWARNING: A listener",
		"\nINFO: The kernel is tainted",
		"\nCOULD NOT BE CHECKED (3)\n  not saved in the dump (0xffff888003a40000)\n"
		"    - One slab cache holds a tenth of memory [slab-leak]\n"
		"    - Dentries hold a tenth of memory [dentry-bloat]\n"
		"  corrupt (0x10): next of list\n    - A filesystem is frozen [frozen-fs]\n",
		"\nNOT APPLICABLE (1)\n  module nfsd is not loaded\n    - nfsd threads hang [nfsd-stuck]\n",
		"\nCLEAR (2)\n  hung-tasks, oom-kills\n",
		"0xffffffffc04ec0f0  lab_write+0x40 [labmod]\n",
		"mem.buddy: Free blocks of each order\n",
		"Incomplete: a zone could not be read\n",
		"\nKERNEL LOG (last 4 of 427 lines)\n",
		"sysrq: Trigger a crash\n",
		"\nHOW THIS KERNEL WAS READ\n",
		"/var/crash/202611210121/vmcore\n",
		"BTF (dump)\n",
		"Notes         VMCOREINFO does not name the tables\n  Notes         no System.map\n",
		"2 names that differ between kernels were chosen",
		("Disabled      nic-silent, tcp-memory-short (by this site: site.yaml:3)\n"
		 "  Disabled      fs-full (by this site: site.yaml:4)\n"),
		"Redefined     definition tasks (site.yaml:2 instead of rules/lib/tasks.yaml:5)\n",
		"Set           tasks-hung.patience = 5m (site.yaml:6)\n",
	};
	char *text _cleanup_free_ = text_of(&sample_report, &plain);

	check_order(text, words, SAMPLE_COUNT(words));
}

TEST(text_of_a_finding)
{
	static const char *const want =
		"\nCRITICAL: The log daemon does not read, and its writers wait [syslogd-stuck]\n"
		"  * /dev/log: 4 tasks wait for syslogd (pid 312), which is stopped and has not\n"
		"    run for 26.4 s\n"
		"\n"
		"    pid  Task                       Waits for\n"
		"    314  logclient1                    26.4 s\n"
		"    315  <script>alert(1)</script>     26.1 s\n"
		"    316  a\"b'c&d,e\\x1b[31m\\xff              ?\n"
		"    317  日本語                             -\n"
		"    ? not saved in the dump (0xffff888003a40000)\n"
		"\n"
		"  Partial: 1 more could not be judged: the list of waiters broke off\n"
		"  Why:     Whoever calls syslog() blocks once the socket's queue is full:\n"
		"           <b>sshd</b>, cron, everybody.\n"
		"  Advice:  1. See why the daemon is stopped.\n"
		"           2. Send it SIGCONT.\n";
	char *text _cleanup_free_ = text_of(&sample_report, &plain);

	CHECK(strstr(text, want));
}

/* No line is longer than it may be, at any width, and nothing but text and line feeds comes out. */
TEST(text_keeps_to_its_width_and_sends_no_control_bytes)
{
	static const unsigned widths[] = {0, 1, 40, 57, 80, 132};

	for (size_t i = 0; i < SAMPLE_COUNT(widths); i++) {
		const struct report_style style = {.width = widths[i]};
		char *text _cleanup_free_ = text_of(&sample_report, &style), *rest = text, *line;
		size_t limit = !widths[i] ? 80 : widths[i] < 40 ? 40 : widths[i];

		while ((line = strsep(&rest, "\n"))) {
			CHECK(utf8_columns(line) <= limit);
			CHECK(!*line || line[strlen(line) - 1] != ' ');
			for (const char *byte = line; *byte; byte++)
				CHECK((unsigned char)*byte >= ' ' && *byte != 0x7f);
			CHECK(!strstr(line, "\xc2\x9b") && !strstr(line, "\xe2\x80\xae"));
		}
	}
}

/* Names cannot drive the terminal, begin lines of their own, or turn the words around them. */
TEST(text_of_a_hostile_machine)
{
	struct report report = sample_report;

	report.kernel.nodename = "host\n  Taint         none\x1b]0;x\x07";
	report.panic.comm = "a\r\xe2\x80\xae\xff\nb";
	report.dump.path = "/tmp/\x1b[2J\n\xc2\x9b";
	report.panic.message = "\xe2\x80\x8f\x08";
	char *text _cleanup_free_ = text_of(&report, &plain);
	CHECK(strstr(text, "\n  Host          host\\n  Taint         none\\x1b]0;x\\x07\n"));
	CHECK(strstr(text, "\n  Task          a\\x0d\\u{202e}\\xff\\nb (pid 1) on CPU 0\n"));
	CHECK(strstr(text, "\n  Dump          /tmp/\\x1b[2J\\n\\u{9b}\n"));
	CHECK(strstr(text, "\n  Panic         \\u{200f}\\x08\n"));
}

TEST(text_folds_what_the_damage_of_the_dump_explains)
{
	static const char *const tags[] = {"dump", "dump-damage"};
	struct finding findings[] = {
		{.rule = "a", .title = "A", .verdict = VERDICT_COULD_NOT_CHECK, .reason = SAMPLE_NOT_SAVED,
		 .wants_pages = true},
		{.rule = "b", .title = "B", .verdict = VERDICT_COULD_NOT_CHECK, .reason = "not saved in words only"},
		{.rule = "c", .title = "C", .verdict = VERDICT_FOUND, .severity = SEVERITY_CRITICAL, .tags = tags,
		 .tag_count = 2},
	};
	struct report report = {.findings = findings, .finding_count = 3, .counts = {1, 0, 0, 2}};
	static const char folded[] = "\n  the dump is damaged by its filter\n    - A [a]\n"
				     "  not saved in words only\n    - B [b]\n";

	char *text _cleanup_free_ = text_of(&report, &plain);
	CHECK(strstr(text, folded) && !strstr(text, SAMPLE_NOT_SAVED));
	CHECK_STR(summary_cause(&report, &findings[0]), "the dump is damaged by its filter");
	CHECK_STR(findings[0].reason, SAMPLE_NOT_SAVED);
	CHECK(!summary_cause(&report, &findings[1]));
	findings[2].tag_count = 1;
	CHECK(!summary_cause(&report, &findings[0]));
}

TEST(text_has_colours_only_when_asked)
{
	const struct report_style color = {.width = 80, .color = true};
	char *with _cleanup_free_ = text_of(&sample_report, &color);
	char *without _cleanup_free_ = text_of(&sample_report, &plain);

	CHECK(strstr(with, "\033[1;31mCRITICAL\033[0m: "));
	CHECK(strstr(with, "\033[1;33mWARNING\033[0m: "));
	CHECK(!strchr(without, '\033'));
}

TEST(text_of_a_report_that_says_nothing)
{
	char *text _cleanup_free_ = text_of(&sample_nothing, &plain);

	CHECK(strstr(text, "\nnothing flagged; no check was made\n"));
	CHECK(strstr(text, "  Panic         none: this machine did not panic\n"));
	CHECK(strstr(text, "  Uptime        unknown\n"));
	CHECK(!strstr(text, "CLEAR"));
}

TEST(text_view_shows_so_many_rows_and_says_how_many_there_are)
{
	static const char *const columns[] = {"pid", "comm"};
	struct cell cells[60];
	struct view_result view = {.name = "task.list",
				   .title = "Tasks",
				   .complete = true,
				   .table = SAMPLE_TABLE(columns, cells)};
	const struct report_style style = {.width = 80, .rows = 2};
	struct buf buf _cleanup_(buf_deinit) = {0};

	for (size_t i = 0; i < 30; i++) {
		cells[2 * i] = (struct cell)SAMPLE_INTEGER(95 + 5 * (int)i);
		cells[2 * i + 1] = (struct cell)SAMPLE_TEXT("init");
	}
	view.table.total = 90;
	view_text(&view, &style, &buf);
	CHECK_STR(buf_text(&buf), "task.list: Tasks\n"
				  "pid  comm\n"
				  " 95  init\n"
				  "100  init\n"
				  "… 88 more rows\n");
}

TEST(text_shows_as_many_messages_as_rows)
{
	const struct report_style style = {.width = 80, .rows = 1};
	char *text _cleanup_free_ = text_of(&sample_report, &style);

	CHECK(strstr(
		text,
		"  * CPU 0: 3 task(s) wait behind 1 real-time task(s); running rtspin (pid 331)\n"
		"  * … 1 more message\n"));
	CHECK(strstr(
		text,
		"the queue takes 2\n  * … 2 more messages\n")); /* that the report does not hold */
}

/* A crash that no rule knows is not one of which all is well; one of which no rule was asked even less. */
TEST(text_of_a_crash_with_nothing_flagged)
{
	static const struct finding clear = {.severity = SEVERITY_WARNING,
					     .verdict = VERDICT_CLEAR};
	struct report report = sample_report;

	report.findings = &clear;
	report.finding_count = 1;
	memset(report.counts, 0, sizeof(report.counts));
	report.counts[VERDICT_CLEAR] = 1;
	char *text _cleanup_free_ = text_of(&report, &plain);
	CHECK(strstr(text, "\nnothing flagged but the crash itself; 1 check clear; 3 disabled by this site\n"));
	report.panic.happened = false;
	char *living _cleanup_free_ = text_of(&report, &plain);
	CHECK(strstr(living, "\nnothing flagged; 1 check clear; 3 disabled by this site\n"));
}

TEST(text_table_breaks_what_is_too_long)
{
	static const char *const columns[] = {"n", "path", "state"};
	static const struct cell cells[] = {
		SAMPLE_INTEGER(1),
		SAMPLE_TEXT("/var/lib/very/long/path/to/a/file"),
		SAMPLE_TEXT("ESTABLISHED"),
	};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};
	const struct report_style style = {.width = 40};
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_text(&view, &style, &buf); /* 40 - 1 - 11 - 2 gaps of 2: 24 for the path */
	CHECK_STR(buf_text(&buf), "v\n"
				  "n  path                      state\n"
				  "1  /var/lib/very/long/path/  ESTABLISHED\n"
				  "   to/a/file\n");
}

/* The longest addresses there are stand on the page whole, next to what is short. */
TEST(text_table_loses_nothing_of_an_address)
{
	static const char *const columns[] = {"proto",    "local",    "remote", "state",
					      "rx_queue", "tx_queue", "inode"};
	static const struct cell cells[] = {
		SAMPLE_TEXT("tcp6"),
		SAMPLE_TEXT("[2001:db8:1111:2222:3333:4444:5555:6666]:50000"),
		SAMPLE_TEXT("[fe80::aaaa:bbbb:cccc:dddd]:65535"),
		SAMPLE_TEXT("ESTABLISHED"),
		SAMPLE_INTEGER(0),
		SAMPLE_INTEGER(1949345),
		SAMPLE_INTEGER(10932),
	};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};
	const struct report_style style = {.width = 78};
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_text(&view, &style, &buf); /* 78 - 5 - 11 - 5 - 7 - 5 - 6 gaps of 2: 33 for both */
	CHECK_STR(buf_text(&buf),
		  "v\n"
		  "proto  local             remote             state          rx_      tx_  inode\n"
		  "                                                         queue    queue\n"
		  "tcp6   [2001:db8:1111:   [fe80::aaaa:bbbb:  ESTABLISHED      0  1949345  10932\n"
		  "       2222:3333:4444:   cccc:dddd]:65535\n"
		  "       5555:6666]:50000\n");
}

TEST(text_table_breaks_lists_and_headings_between_words)
{
	static const char *const columns[] = {"name", "addresses", "rx_packets", "nr_rx"};
	static const struct cell addresses[] = {SAMPLE_TEXT("10.0.2.15/24"),
						SAMPLE_TEXT("fe80::2/64")};
	static const struct cell cells[] = {SAMPLE_TEXT("eth0"), SAMPLE_LIST(addresses),
					    SAMPLE_INTEGER(12), SAMPLE_INTEGER(7)};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};
	const struct report_style style = {.width = 40};
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_text(&view, &style, &buf); /* 40 - 4 - 10 - 5 - 3 gaps of 2: 15 for the list of 23 */
	CHECK_STR(buf_text(&buf), "v\n"
				  "name  addresses        rx_packets  nr_rx\n"
				  "eth0  10.0.2.15/24             12      7\n"
				  "      fe80::2/64\n");
	const struct report_style wide = {.width = 46};
	buf_cut(&buf, 0);
	view_text(&view, &wide, &buf); /* two too wide for one line, which the headings can do without */
	CHECK_STR(buf_text(&buf), "v\n"
				  "name  addresses                     rx_  nr_rx\n"
				  "                                packets\n"
				  "eth0  10.0.2.15/24 fe80::2/64        12      7\n");
}

TEST(text_table_keeps_items_whole)
{
	static const char *const columns[] = {"Blocked"};
	static const struct cell items[] = {SAMPLE_TEXT("client (255)"), SAMPLE_TEXT("client (256)"),
					    SAMPLE_TEXT("a rather long name (7)"),
					    SAMPLE_TEXT("client (258)")};
	static const struct cell cells[] = {SAMPLE_LIST(items)};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};
	const struct report_style style = {.width = 40};
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_text(&view, &style, &buf);
	CHECK_STR(buf_text(&buf), "v\n"
				  "Blocked\n"
				  "client (255), client (256),\n"
				  "a rather long name (7), client (258)\n");
}

/* No heading and no word is too long to keep to the width. */
TEST(text_table_of_nothing_but_long_words_keeps_to_its_width)
{
	static const char long_word[] = "a_heading_with_averyveryveryveryveryveryverylongword";
	static const char *const columns[] = {long_word, long_word, "averyveryveryveryveryverylongword"};
	static const struct cell cells[] = {SAMPLE_TEXT(long_word), SAMPLE_INTEGER(1),
					    SAMPLE_TEXT(long_word)};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};

	for (unsigned width = 40; width < 200; width++) {
		const struct report_style style = {.width = width};
		struct buf buf _cleanup_(buf_deinit) = {0};

		view_text(&view, &style, &buf);
		char *rest = buf.data, *line;
		while ((line = strsep(&rest, "\n")))
			CHECK(utf8_columns(line) <= width);
	}
}

TEST(text_table_cuts_a_cell_without_end)
{
	static const char *const columns[] = {"text"};
	static char words[100000];
	static const struct cell cells[] = {SAMPLE_TEXT(words)};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};
	const struct report_style style = {.width = 40};
	struct buf buf _cleanup_(buf_deinit) = {0};

	memset(words, 'x', sizeof(words) - 1);
	view_text(&view, &style, &buf);
	CHECK(buf.length < 300);
	CHECK(strstr(buf_text(&buf), "\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\n"));
}

TEST(text_table_is_told_in_bands_when_it_is_too_wide)
{
	static const char *const columns[] = {"name", "rx_packets", "rx_bytes", "tx_packets",
					      "tx_bytes"};
	static const struct cell cells[] = {
		SAMPLE_TEXT("eth0"),	SAMPLE_INTEGER(100000001), SAMPLE_INTEGER(2),
		SAMPLE_INTEGER(100000003), SAMPLE_INTEGER(100000004),
	};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};
	const struct report_style style = {.width = 40};
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_text(&view, &style, &buf);
	CHECK_STR(buf_text(&buf), "v\n"
				  "name  rx_packets  rx_bytes  tx_packets\n"
				  "eth0   100000001         2   100000003\n"
				  "\n"
				  "name   tx_bytes\n"
				  "eth0  100000004\n");
}

TEST(verdict_in_one_line)
{
	static const struct finding warning = {.severity = SEVERITY_WARNING,
					       .verdict = VERDICT_FOUND};
	static const struct finding unknown = {.severity = SEVERITY_WARNING,
					       .verdict = VERDICT_COULD_NOT_CHECK};
	static const struct finding info = {.severity = SEVERITY_INFO, .verdict = VERDICT_FOUND};
	static const struct finding clear = {.severity = SEVERITY_CRITICAL,
					     .verdict = VERDICT_CLEAR};
	const struct {
		const struct finding *finding;
		const char *words;
		int status;
	} cases[] = {
		{&warning, "1 warning", 1},
		{&unknown, "nothing flagged; 1 check could not be made", 3},
		{&info, "nothing flagged, 1 info", 0},
		{&clear, "nothing flagged; 1 check clear", 0},
	};

	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct report report = {.findings = cases[i].finding, .finding_count = 1};
		struct buf buf _cleanup_(buf_deinit) = {0};

		report.counts[cases[i].finding->verdict] = 1;
		report_verdict(&report, &buf);
		CHECK_STR(buf_text(&buf), cases[i].words);
		CHECK(report_exit_status(&report) == cases[i].status);
	}
	CHECK(report_exit_status(&sample_report) == 1);
}

TEST(durations_and_sizes_in_words)
{
	static const struct {
		double seconds;
		const char *words;
	} durations[] = {{0, "0.0 s"},        {31.32, "31.3 s"},   {200, "3 min 20 s"},
			 {7260, "2 h 1 min"}, {187200, "2 d 4 h"}, {1e300, "1e+300 s"}};
	static const struct {
		uint64_t bytes;
		const char *words;
	} sizes[] = {{0, "0 bytes"},         {1023, "1023 bytes"},   {4096, "4.0 KiB"},
		     {291237888, "278 MiB"}, {17552815, "16.7 MiB"}, {UINT64_MAX, "16.0 EiB"}};

	for (size_t i = 0; i < SAMPLE_COUNT(durations); i++) {
		struct buf buf _cleanup_(buf_deinit) = {0};

		summary_put_duration(&buf, durations[i].seconds);
		CHECK_STR(buf_text(&buf), durations[i].words);
	}
	for (size_t i = 0; i < SAMPLE_COUNT(sizes); i++) {
		struct buf buf _cleanup_(buf_deinit) = {0};

		summary_put_size(&buf, sizes[i].bytes);
		CHECK_STR(buf_text(&buf), sizes[i].words);
	}
}

TEST_MAIN
