// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/json_value.c"

#include "reports/json.c"

#include "sample_report.h"
#include "test.h"

static struct json_object *parsed(const struct report *report)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	report_json(report, &buf);
	struct json_object *object = json_tokener_parse(buf_text(&buf));
	CHECK(object);
	return object;
}

/* The member at a path such as "findings.1.rows.0.pid", borrowed. */
static struct json_object *at(struct json_object *object, const char *path)
{
	char *copy _cleanup_free_ = mem_strdup(path), *rest = copy, *key;

	while (object && (key = strsep(&rest, "."))) {
		struct json_object *next = NULL;

		if (json_object_is_type(object, json_type_array))
			next = json_object_array_get_idx(object, (size_t)atoi(key));
		else if (!json_object_object_get_ex(object, key, &next))
			printf("no member %s of %s\n", key, path);
		object = next;
	}
	return object;
}

/* The member as JSON text; "" when there is none, "null" when it is null. */
static void check_at(struct json_object *object, const char *path, const char *want)
{
	struct json_object *found = at(object, path);

	CHECK_STR(found ? json_object_to_json_string_ext(found, JSON_C_TO_STRING_NOSLASHESCAPE)
			: "null",
		  want);
}

/* Whether the last word of the path is a member, null or not. */
static bool has(struct json_object *object, const char *key)
{
	return json_object_object_get_ex(object, key, NULL);
}

TEST(json_report_has_the_members_of_the_contract)
{
	static const char *const top[] = {"format",   "dump",  "kernel", "panic",  "sources",
					  "findings", "views", "rules",  "counts", "log"};
	static const char *const finding[] = {
		"rule",   "verdict", "severity", "title", "messages", "rows",        "reason",
		"advice", "why",     "tags",     "where", "total",    "unknown_rows"};
	struct json_object *report = parsed(&sample_report);

	for (size_t i = 0; i < SAMPLE_COUNT(top); i++)
		CHECK(has(report, top[i]));
	for (size_t i = 0; i < SAMPLE_COUNT(finding); i++)
		CHECK(has(at(report, "findings.4"), finding[i]));
	check_at(report, "format", "1");
	check_at(report, "counts",
		 "{\"found\":4,\"clear\":2,\"not-applicable\":1,\"could-not-check\":3}");
	json_object_put(report);
}

TEST(json_tells_of_dump_and_kernel)
{
	struct json_object *report = parsed(&sample_report);

	check_at(report, "dump.path", "\"/var/crash/202611210121/vmcore\"");
	check_at(report, "dump.compression", "\"zlib\"");
	check_at(report, "dump.truncated", "false");
	check_at(report, "dump.filtered", "true");
	check_at(report, "kernel.release", "\"6.1.0-50-cloud-amd64\"");
	check_at(report, "kernel.cpus", "2");
	check_at(report, "kernel.uptime_s", "31.32");
	check_at(report, "kernel.loadavg", "[3.62,0.84,0.28]");
	check_at(report, "kernel.taint", "[\"O\",\"E\"]");
	check_at(report, "kernel.crash_time", "\"2026-11-21T01:20:03Z\"");
	check_at(report, "panic.message", "\"sysrq triggered crash\"");
	check_at(report, "panic.cause", "\"sysrq\"");
	check_at(report, "panic.cpu", "0");
	check_at(report, "panic.task", "{\"pid\":1,\"comm\":\"init\"}");
	check_at(report, "panic.ip", "\"sysrq_handle_crash+0x16\"");
	check_at(
		report, "panic.backtrace.2",
		"{\"address\":\"0xffffffffc04ec0f0\",\"symbol\":\"lab_write+0x40\",\"module\":\"labmod\"}");
	check_at(report, "panic.backtrace.3.symbol", "null");
	check_at(report, "sources.types", "\"BTF (dump)\"");
	check_at(
		report, "sources.alternatives",
		"{\"task_struct.(__state|state)\":\"__state\",\"mm_struct.(mmap_lock|mmap_sem)\":\"mmap_lock\"}");
	check_at(report, "log.0", "\"[   31.324659] sysrq: Trigger a crash\"");
	json_object_put(report);
}

TEST(json_tells_what_a_site_changed)
{
	struct json_object *report = parsed(&sample_report);

	check_at(report, "rules.redefined.0",
		 "{\"name\":\"definition tasks\",\"where\":\"site.yaml:2\",\"was\":\"rules/lib/tasks.yaml:5\"}");
	check_at(report, "rules.disabled.2", "{\"name\":\"fs-full\",\"where\":\"site.yaml:4\"}");
	check_at(report, "rules.set.0",
		 "{\"name\":\"tasks-hung.patience\",\"where\":\"site.yaml:6\",\"value\":\"5m\"}");
	json_object_put(report);
}

TEST(json_keys_rows_by_the_authors_headings)
{
	struct json_object *report = parsed(&sample_report);

	check_at(report, "findings.0.rows",
		 "[{\"CPU\":0,\"Running\":4,\"RT\":1,\"Current\":\"rtspin\"},"
		 "{\"CPU\":1,\"Running\":3,\"RT\":1,\"Current\":\"rtspin\"}]");
	check_at(report, "findings.0.reason", "null");
	check_at(report, "findings.0.tags", "[\"scheduler\",\"realtime\"]");
	check_at(report, "findings.1.rows.0",
		 "{\"pid\":314,\"Task\":\"logclient1\",\"Waits for\":26.359817}");
	check_at(report, "findings.1.rows.2.Waits for", "null");
	check_at(report, "findings.1.rows.2.reasons",
		 "{\"Waits for\":\"not saved in the dump (0xffff888003a40000)\"}");
	check_at(report, "findings.1.rows.3.Waits for", "\"\"");
	CHECK(!has(at(report, "findings.1.rows.3"), "reasons"));
	check_at(report, "findings.1.unknown_rows", "1");
	check_at(report, "findings.2.rows", "[]");
	check_at(report, "findings.2.total", "3");
	check_at(report, "findings.7.verdict", "\"could-not-check\"");
	check_at(report, "findings.7.reason", "\"not saved in the dump (0xffff888003a40000)\"");
	json_object_put(report);
}

TEST(json_view_keeps_every_number_exact)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	view_json(&sample_views[1], &buf);
	CHECK(strstr(buf.data, "\"value\": 18446744073709551615 }"));
	CHECK(strstr(buf.data, "\"value\": -9223372036854775808 }"));
	CHECK(strstr(buf.data, "\"value\": 170141183460469231731687303715884105727 }"));
	CHECK(strstr(buf.data, "\"value\": -170141183460469231731687303715884105728 }"));
	CHECK(strstr(buf.data, "\"value\": 2.84 }"));
	CHECK(strstr(buf.data, "\"value\": 12.0 }"));
	CHECK(!strstr(buf.data, "NaN"));
	CHECK(strchr(buf.data, '\n') == buf.data + buf.length - 1);

	struct json_object *view = json_tokener_parse(buf.data);
	check_at(view, "format", "1");
	check_at(view, "view", "\"test.hard\"");
	check_at(view, "complete", "true");
	CHECK(!has(view, "why"));
	check_at(view, "rows.6",
		 "{\"name\":\"nan\",\"value\":null,\"reasons\":{\"value\":\"not a number\"}}");
	check_at(view, "rows.7", "{\"name\":\"none\",\"value\":\"\"}");
	check_at(view, "rows.8", "{\"name\":\"truth\",\"value\":false}");
	check_at(view, "rows.9.value", "[1,{\"first\":\"x y\",\"second\":true}]");
	json_object_put(view);
}

TEST(json_view_that_broke_off_says_why)
{
	struct json_object *report = parsed(&sample_report);

	check_at(report, "views.0.complete", "false");
	check_at(report, "views.0.why", "\"a zone could not be read\"");
	check_at(report, "views.0.rows.0", "{\"node\":0,\"zone\":\"DMA\",\"free\":[0,1,3]}");
	check_at(report, "views.0.rows.1.free", "[13175,null,17]");
	check_at(report, "views.0.rows.1.reasons", "{\"free\":\"no page at this address (0x8)\"}");
	check_at(report, "views.2.rows", "[]");
	json_object_put(report);
}

TEST(json_is_valid_utf8_and_quiet_on_a_terminal)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	uint32_t code;

	report_json(&sample_report, &buf);
	for (size_t i = 0, size; i < buf.length; i += size) {
		size = utf8_decode(buf.data + i, buf.length - i, &code);
		CHECK(size && (code == '\n' || !utf8_is_hidden(code)));
		if (!size)
			return;
	}
	CHECK(strstr(buf.data, "bidi \\u202e c1 \\u009b"));

	struct json_object *report = json_tokener_parse(buf.data);
	CHECK_STR(json_object_get_string(at(report, "findings.1.rows.2.Task")),
		  "a\"b'c&d,e\x1b[31m\\xff");
	CHECK_STR(json_object_get_string(at(report, "views.1.rows.10.name")),
		  "bidi \xe2\x80\xae c1 \xc2\x9b");
	json_object_put(report);
}

TEST(json_writes_hidden_characters_beyond_16_bits_as_pairs)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	json_put_escaped(&buf, "\xf3\xa0\x81\x81\xf0\x9f\x98\x80", 8); /* U+E0041, U+1F600 */
	CHECK_STR(buf_text(&buf), "\\udb40\\udc41\xf0\x9f\x98\x80");
}

TEST(json_says_null_for_what_nobody_knows)
{
	struct json_object *report = parsed(&sample_nothing);

	check_at(report, "panic", "null");
	check_at(report, "kernel.release", "null");
	check_at(report, "kernel.cpus", "null");
	check_at(report, "kernel.uptime_s", "null");
	check_at(report, "kernel.loadavg", "[null,null,null]");
	check_at(report, "kernel.taint", "null");
	check_at(report, "dump.level", "null");
	check_at(report, "dump.pages_saved", "null");
	check_at(report, "findings", "[]");
	json_object_put(report);
}

/* A list in a list in a list, so many of them, the last one empty. */
static struct json_object *nested(size_t lists)
{
	static const char *const columns[] = {"deep"};
	struct cell chain[100];
	struct view_result view = {
		.name = "x",
		.complete = true,
		.table = {.columns = columns, .column_count = 1, .cells = chain, .row_count = 1}};
	struct buf buf _cleanup_(buf_deinit) = {0};

	for (size_t i = 0; i < lists; i++)
		chain[i] = (struct cell){
			.kind = CELL_LIST, .items = &chain[i + 1], .count = i + 1 < lists};
	view_json(&view, &buf);
	return json_tokener_parse(buf.data);
}

TEST(json_follows_lists_so_far_and_no_further)
{
	struct json_object *known = nested(16), *deep = nested(17), *deeper = nested(100);

	check_at(known, "rows.0", "{\"deep\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}");
	check_at(deep, "rows.0.deep", "[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]");
	check_at(deep, "rows.0.reasons.deep", "\"nested too deeply\"");
	check_at(deeper, "rows.0.deep", "[[[[[[[[[[[[[[[[null]]]]]]]]]]]]]]]]");
	json_object_put(known);
	json_object_put(deep);
	json_object_put(deeper);
}

TEST_MAIN
