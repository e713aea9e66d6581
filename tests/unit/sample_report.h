// SPDX-License-Identifier: GPL-2.0-or-later
// A report filled by hand, modelled on the lab's sick guest, with what a hostile dump would put into
// it: markup, control bytes, bytes that are no UTF-8, wide characters, characters that turn the text
// around, numbers beyond 64 bits, nothing, the unknown, and lists in lists.
#ifndef SAMPLE_REPORT_H
#define SAMPLE_REPORT_H

#include <math.h>
#include <stdint.h>

#include "reports/report.h"

#define SAMPLE_COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SAMPLE_TEXT(words) {.kind = CELL_TEXT, .text = (words)}
#define SAMPLE_INTEGER(number) {.kind = CELL_INTEGER, .integer = (number)}
#define SAMPLE_REAL(number, words) {.kind = CELL_REAL, .real = (number), .shown = (words)}
#define SAMPLE_BOOL(truth) {.kind = CELL_BOOL, .integer = (truth)}
#define SAMPLE_EMPTY {.kind = CELL_EMPTY}
#define SAMPLE_UNKNOWN(reason) {.kind = CELL_UNKNOWN, .text = (reason)}
#define SAMPLE_LIST(array) {.kind = CELL_LIST, .items = (array), .count = SAMPLE_COUNT(array)}
#define SAMPLE_TABLE(headings, array)                                                              \
	{                                                                                          \
		.columns = (headings), .column_count = SAMPLE_COUNT(headings), .cells = (array),   \
		.row_count = SAMPLE_COUNT(array) / SAMPLE_COUNT(headings),                         \
		.total = SAMPLE_COUNT(array) / SAMPLE_COUNT(headings)                              \
	}

#define SAMPLE_INT128_MAX ((__int128)(((unsigned __int128)1 << 127) - 1))
#define SAMPLE_NOT_SAVED "not saved in the dump (0xffff888003a40000)"

static const char *const sample_tags[] = {"scheduler", "realtime"};

static const char *const sample_syslog_messages[] = {
	"/dev/log: 4 tasks wait for syslogd (pid 312), which is stopped and has not run for 26.4 s",
};
static const char *const sample_syslog_columns[] = {"pid", "Task", "Waits for"};
static const struct cell sample_syslog_cells[] = {
	SAMPLE_INTEGER(314), SAMPLE_TEXT("logclient1"), SAMPLE_REAL(26.359817, "26.4 s"),
	SAMPLE_INTEGER(315), SAMPLE_TEXT("<script>alert(1)</script>"), SAMPLE_REAL(26.1, "26.1 s"),
	SAMPLE_INTEGER(316), SAMPLE_TEXT("a\"b'c&d,e\x1b[31m\xff"), SAMPLE_UNKNOWN(SAMPLE_NOT_SAVED),
	SAMPLE_INTEGER(317), SAMPLE_TEXT("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"), SAMPLE_EMPTY,
};

static const char *const sample_rt_messages[] = {
	"CPU 0: 3 task(s) wait behind 1 real-time task(s); running rtspin (pid 331)",
	"CPU 1: 2 task(s) wait behind 1 real-time task(s); running rtspin (pid 332)",
};
static const char *const sample_rt_columns[] = {"CPU", "Running", "RT", "Current"};
static const struct cell sample_rt_cells[] = {
	SAMPLE_INTEGER(0), SAMPLE_INTEGER(4), SAMPLE_INTEGER(1), SAMPLE_TEXT("rtspin"),
	SAMPLE_INTEGER(1), SAMPLE_INTEGER(3), SAMPLE_INTEGER(1), SAMPLE_TEXT("rtspin"),
};

static const char *const sample_queue_messages[] = {
	"127.0.0.1:7777: 3 connections wait to be accepted, the queue takes 2",
};

static const struct finding sample_findings[] = {
	{.rule = "rt-tasks-starve-cpu", .title = "Real-time tasks keep a CPU from all others",
	 .why = "A SCHED_FIFO task that does not sleep starves everything of lower priority on its CPU.",
	 .advice = "Look at the running task's stack and scheduling policy, and at sched_rt_runtime_us.",
	 .tags = sample_tags, .tag_count = 2, .severity = SEVERITY_WARNING, .verdict = VERDICT_FOUND,
	 .messages = sample_rt_messages, .message_count = 2, .message_total = 2,
	 .table = SAMPLE_TABLE(sample_rt_columns, sample_rt_cells), .where = "scheduler.yaml:12"},
	{.rule = "syslogd-stuck", .title = "The log daemon does not read, and its writers wait",
	 .why = "Whoever calls syslog() blocks once the socket's queue is full: <b>sshd</b>, cron, everybody.",
	 .advice = "1. See why the daemon is stopped.\n2. Send it SIGCONT.",
	 .severity = SEVERITY_CRITICAL, .verdict = VERDICT_FOUND, .unknown_rows = 1,
	 .reason = "the list of waiters broke off",
	 .messages = sample_syslog_messages, .message_count = 1, .message_total = 1,
	 .table = SAMPLE_TABLE(sample_syslog_columns, sample_syslog_cells), .where = "net.yaml:3"},
	{.rule = "accept-queue-full", .title = "A listener does not accept its connections",
	 .severity = SEVERITY_WARNING, .verdict = VERDICT_FOUND, .messages = sample_queue_messages,
	 .message_count = 1, .message_total = 3, .where = "net.yaml:40"},
	{.rule = "tainted", .title = "The kernel is tainted", .severity = SEVERITY_INFO,
	 .verdict = VERDICT_FOUND, .where = "panic.yaml:9"},
	{.rule = "hung-tasks", .title = "Tasks hang in the kernel", .severity = SEVERITY_WARNING,
	 .verdict = VERDICT_CLEAR, .where = "tasks.yaml:1"},
	{.rule = "oom-kills", .title = "The kernel killed tasks for want of memory",
	 .severity = SEVERITY_WARNING, .verdict = VERDICT_CLEAR, .where = "memory.yaml:1"},
	{.rule = "nfsd-stuck", .title = "nfsd threads hang", .severity = SEVERITY_WARNING,
	 .verdict = VERDICT_NOT_APPLICABLE, .reason = "module nfsd is not loaded", .where = "fs.yaml:1"},
	{.rule = "slab-leak", .title = "One slab cache holds a tenth of memory",
	 .severity = SEVERITY_WARNING, .verdict = VERDICT_COULD_NOT_CHECK, .reason = SAMPLE_NOT_SAVED,
	 .where = "slab.yaml:1"},
	{.rule = "dentry-bloat", .title = "Dentries hold a tenth of memory",
	 .severity = SEVERITY_WARNING, .verdict = VERDICT_COULD_NOT_CHECK, .reason = SAMPLE_NOT_SAVED,
	 .where = "slab.yaml:20"},
	{.rule = "frozen-fs", .title = "A filesystem is frozen", .severity = SEVERITY_WARNING,
	 .verdict = VERDICT_COULD_NOT_CHECK, .reason = "corrupt (0x10): next of list", .where = "fs.yaml:9"},
};

static const struct cell sample_free_dma[] = {
	SAMPLE_INTEGER(0), SAMPLE_INTEGER(1), SAMPLE_INTEGER(3),
};
static const struct cell sample_free_dma32[] = {
	SAMPLE_INTEGER(13175), SAMPLE_UNKNOWN("no page at this address (0x8)"), SAMPLE_INTEGER(17),
};
static const char *const sample_buddy_columns[] = {"node", "zone", "free"};
static const struct cell sample_buddy_cells[] = {
	SAMPLE_INTEGER(0), SAMPLE_TEXT("DMA"), SAMPLE_LIST(sample_free_dma),
	SAMPLE_INTEGER(0), SAMPLE_TEXT("DMA32"), SAMPLE_LIST(sample_free_dma32),
};

static const struct cell sample_nested_inner[] = {SAMPLE_TEXT("x y"), SAMPLE_BOOL(1)};
static const char *const sample_nested_names[] = {"first", "second"};
static const struct cell sample_nested_outer[] = {
	SAMPLE_INTEGER(1),
	{.kind = CELL_RECORD, .items = sample_nested_inner, .names = sample_nested_names, .count = 2},
};
static const char *const sample_hard_columns[] = {"name", "value"};
static const struct cell sample_hard_cells[] = {
	SAMPLE_TEXT("u64_max"), SAMPLE_INTEGER(UINT64_MAX),
	SAMPLE_TEXT("s64_min"), SAMPLE_INTEGER(INT64_MIN),
	SAMPLE_TEXT("s128_max"), SAMPLE_INTEGER(SAMPLE_INT128_MAX),
	SAMPLE_TEXT("s128_min"), SAMPLE_INTEGER(-SAMPLE_INT128_MAX - 1),
	SAMPLE_TEXT("sum"), SAMPLE_REAL(2.7400000000000002 + 0.1, NULL),
	SAMPLE_TEXT("whole"), SAMPLE_REAL(12, NULL),
	SAMPLE_TEXT("nan"), SAMPLE_REAL(NAN, NULL),
	SAMPLE_TEXT("none"), SAMPLE_EMPTY,
	SAMPLE_TEXT("truth"), SAMPLE_BOOL(0),
	SAMPLE_TEXT("nested"), SAMPLE_LIST(sample_nested_outer),
	SAMPLE_TEXT("bidi \xe2\x80\xae c1 \xc2\x9b"), SAMPLE_TEXT("=1+1, \"quoted\""),
};

static const struct view_result sample_views[] = {
	{.name = "mem.buddy", .title = "Free blocks of each order", .description = "As /proc/buddyinfo.",
	 .table = SAMPLE_TABLE(sample_buddy_columns, sample_buddy_cells), .complete = false,
	 .why = "a zone could not be read"},
	{.name = "test.hard", .title = "Values that are hard to print",
	 .table = SAMPLE_TABLE(sample_hard_columns, sample_hard_cells), .complete = true},
	{.name = "net.raw", .title = "Raw sockets", .complete = true},
};

static const struct report_frame sample_frames[] = {
	{"0xffffffff96d1a2f3", "panic+0x17f", NULL},
	{"0xffffffff9725b0a6", "sysrq_handle_crash+0x16", NULL},
	{"0xffffffffc04ec0f0", "lab_write+0x40", "labmod"},
	{"0xffffffff12345678", NULL, NULL},
};

static const char *const sample_log[] = {
	"[   31.324659] sysrq: Trigger a crash",
	"[   31.324977] Kernel panic - not syncing: sysrq triggered crash",
	("[   31.325228] CPU: 0 PID: 1 Comm: init Kdump: loaded Tainted: G           OE      "
	 "6.1.0-50-cloud-amd64 #1  Debian 6.1.176-1"),
	"[   31.325700] </pre><script>alert(2)</script>\x07",
};

static const char *const sample_taint_words[] = {"out-of-tree module was loaded",
						 "unsigned module was loaded"};
static const char *const sample_remarks[] = {"all pages that the checks need were saved"};
static const struct fact sample_alternatives[] = {
	{"task_struct.(__state|state)", SAMPLE_TEXT("__state")},
	{"mm_struct.(mmap_lock|mmap_sem)", SAMPLE_TEXT("mmap_lock")},
};

static const struct rule_change sample_redefined[] = {
	{.name = "definition tasks", .where = "site.yaml:2", .was = "rules/lib/tasks.yaml:5"},
};
static const struct rule_change sample_disabled[] = {
	{.name = "nic-silent", .where = "site.yaml:3"},
	{.name = "tcp-memory-short", .where = "site.yaml:3"},
	{.name = "fs-full", .where = "site.yaml:4"},
};
static const struct rule_change sample_set[] = {
	{.name = "tasks-hung.patience", .where = "site.yaml:6", .value = "5m"},
};

static const struct report sample_report = {
	.tool_version = "0.1",
	.dump = {.path = "/var/crash/202611210121/vmcore", .format = "kdump", .compression = "zlib",
		 .filtered = true, .level_asked = 31, .file_bytes = 17552815, .page_size = 4096,
		 .pages_ram = 81000, .pages_saved = 16021, .remarks = sample_remarks, .remark_count = 1},
	.kernel = {.release = "6.1.0-50-cloud-amd64",
		   .version = "#1 SMP PREEMPT_DYNAMIC Debian 6.1.176-1 (2026-07-02)", .arch = "x86_64",
		   .build_id = "bb603a9147d3efe4744bf83c83eee397c591cc20", .nodename = "labguest", .cpus = 2,
		   .uptime_s = 31.3199, .crash_time = "2026-11-21T01:20:03Z", .taint = "OE",
		   .taint_words = sample_taint_words, .loadavg = {7413 / 2048.0, 0.84, 0.28},
		   .memory_bytes = 284412 * 1024},
	.panic = {.happened = true, .message = "sysrq triggered crash", .cause = "sysrq", .comm = "init",
		  .ip = "sysrq_handle_crash+0x16", .signature = "5f0c", .cpu = 0, .pid = 1,
		  .backtrace = sample_frames, .frame_count = SAMPLE_COUNT(sample_frames)},
	.sources = {.types = "BTF (dump)", .symbols = "kallsyms (dump)", .modules = "17 with BTF",
		    .notes = "VMCOREINFO does not name the tables\nno System.map",
		    .alternatives = sample_alternatives, .alternative_count = 2},
	.findings = sample_findings, .finding_count = SAMPLE_COUNT(sample_findings),
	.views = sample_views, .view_count = SAMPLE_COUNT(sample_views),
	.log_lines = sample_log, .log_count = SAMPLE_COUNT(sample_log), .log_total = 427,
	.rules = {.version = "1", .sha256 = "00ff",
		  .redefined = {sample_redefined, SAMPLE_COUNT(sample_redefined)},
		  .disabled = {sample_disabled, SAMPLE_COUNT(sample_disabled)},
		  .set = {sample_set, SAMPLE_COUNT(sample_set)}},
	.counts = {[VERDICT_FOUND] = 4, [VERDICT_CLEAR] = 2, [VERDICT_NOT_APPLICABLE] = 1,
		   [VERDICT_COULD_NOT_CHECK] = 3},
};

/* A dump that tells nothing, of a machine that did not panic, and no rules. */
static const struct report sample_nothing = {
	.dump = {.path = "x", .level_asked = -1},
	.kernel = {.uptime_s = -1, .loadavg = {-1, -1, -1}},
	.panic = {.cpu = -1, .pid = -1},
};

#endif
