// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/buf.h"
#include "reports/cell.h"
#include "reports/json_value.h"
#include "reports/report.h"
#include "reports/summary.h"

/* The format member: raised when a name or a meaning that others script against changes. */
enum { JSON_FORMAT = 1 };

static struct json_object *json_cell(const struct cell *cell, unsigned depth);

static struct json_object *json_items(const struct cell *cell, unsigned depth)
{
	bool named = cell->kind == CELL_RECORD;

	if (depth == CELL_DEPTH)
		return NULL;
	struct json_object *items = named ? json_record() : json_array();
	for (size_t i = 0; i < cell->count; i++) {
		struct json_object *item = json_cell(&cell->items[i], depth + 1);

		if (named)
			json_put(items, cell->names[i], item);
		else
			json_append(items, item);
	}
	return items;
}

static struct json_object *json_cell(const struct cell *cell, unsigned depth)
{
	switch (cell->kind) {
	case CELL_UNKNOWN:
		return NULL;
	case CELL_EMPTY:
		return json_text("");
	case CELL_TEXT:
		return json_text(cell->text ? cell->text : "");
	case CELL_INTEGER:
		return json_integer(cell->integer);
	case CELL_REAL:
		return json_real(cell->real);
	case CELL_BOOL:
		return json_truth(cell->integer);
	case CELL_LIST:
	case CELL_RECORD:
		return json_items(cell, depth);
	}
	return NULL;
}

/* One row, keyed by the columns; `reasons` has an entry for each column with a null in it. */
static struct json_object *json_row(const struct table *table, size_t row)
{
	struct json_object *object = json_record(), *reasons = NULL;

	for (size_t column = 0; column < table->column_count; column++) {
		const struct cell *cell = table_cell(table, row, column);
		const char *reason = cell_reason(cell);

		json_put(object, table->columns[column], json_cell(cell, 0));
		if (!reason)
			continue;
		reasons = reasons ? reasons : json_record();
		json_put(reasons, table->columns[column], json_text(reason));
	}
	if (reasons && !json_has(object, "reasons"))
		json_put(object, "reasons", reasons);
	else
		json_free(reasons);
	return object;
}

static struct json_object *json_rows(const struct table *table)
{
	struct json_object *rows = json_array();

	for (size_t row = 0; table->column_count && row < table->row_count; row++)
		json_append(rows, json_row(table, row));
	return rows;
}

static struct json_object *json_dump(const struct report *report)
{
	struct json_object *dump = json_record();
	bool counted = report->dump.pages_ram;

	json_put(dump, "path", json_text(report->dump.path));
	json_put(dump, "format", json_text(report->dump.format));
	json_put(dump, "compression", json_text(report->dump.compression));
	json_put(dump, "truncated", json_truth(report->dump.truncated));
	json_put(dump, "filtered", json_truth(report->dump.filtered));
	json_put(dump, "level",
		 report->dump.level_asked < 0 ? NULL : json_integer(report->dump.level_asked));
	json_put(dump, "file_bytes", json_known(report->dump.file_bytes));
	json_put(dump, "page_size", json_known(report->dump.page_size));
	json_put(dump, "pages_ram", json_known(report->dump.pages_ram));
	json_put(dump, "pages_saved", counted ? json_count(report->dump.pages_saved) : NULL);
	json_put(dump, "pages_cut", counted ? json_count(report->dump.pages_cut) : NULL);
	json_put(dump, "bytes_missing", json_count(report->dump.bytes_missing));
	json_put(dump, "remarks", json_texts(report->dump.remarks, report->dump.remark_count));
	return dump;
}

/* Letters one by one: ["O", "E"]. */
static struct json_object *json_taint(const char *letters)
{
	struct json_object *array = letters ? json_array() : NULL;

	for (size_t i = 0; letters && letters[i]; i++)
		json_append(array, json_text((const char[]){letters[i], '\0'}));
	return array;
}

static struct json_object *json_loadavg(const double *loadavg)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < 3; i++)
		json_append(array, json_measured(loadavg[i]));
	return array;
}

static struct json_object *json_kernel(const struct report *report)
{
	struct json_object *kernel = json_record();
	size_t words = report->kernel.taint && report->kernel.taint_words
			       ? strlen(report->kernel.taint)
			       : 0;

	json_put(kernel, "release", json_text(report->kernel.release));
	json_put(kernel, "version", json_text(report->kernel.version));
	json_put(kernel, "arch", json_text(report->kernel.arch));
	json_put(kernel, "build_id", json_text(report->kernel.build_id));
	json_put(kernel, "nodename", json_text(report->kernel.nodename));
	json_put(kernel, "cpus", json_known(report->kernel.cpus));
	json_put(kernel, "memory_bytes", json_known(report->kernel.memory_bytes));
	json_put(kernel, "uptime_s", json_measured(report->kernel.uptime_s));
	json_put(kernel, "crash_time", json_text(report->kernel.crash_time));
	json_put(kernel, "taint", json_taint(report->kernel.taint));
	json_put(kernel, "taint_words", json_texts(report->kernel.taint_words, words));
	json_put(kernel, "loadavg", json_loadavg(report->kernel.loadavg));
	return kernel;
}

static struct json_object *json_backtrace(const struct report_frame *frames, size_t count)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < count; i++) {
		struct json_object *frame = json_record();

		json_put(frame, "address", json_text(frames[i].address));
		json_put(frame, "symbol", json_text(frames[i].symbol));
		json_put(frame, "module", json_text(frames[i].module ? frames[i].module : ""));
		json_append(array, frame);
	}
	return array;
}

static struct json_object *json_panic(const struct report *report)
{
	if (!report->panic.happened)
		return NULL;
	struct json_object *panic = json_record(), *task = NULL;
	if (report->panic.pid >= 0 || report->panic.comm) {
		task = json_record();
		json_put(task, "pid",
			 report->panic.pid < 0 ? NULL : json_integer(report->panic.pid));
		json_put(task, "comm", json_text(report->panic.comm));
	}
	json_put(panic, "message", json_text(report->panic.message));
	json_put(panic, "cause", json_text(report->panic.cause));
	json_put(panic, "cpu", report->panic.cpu < 0 ? NULL : json_integer(report->panic.cpu));
	json_put(panic, "task", task);
	json_put(panic, "ip", json_text(report->panic.ip));
	json_put(panic, "backtrace",
		 json_backtrace(report->panic.backtrace, report->panic.frame_count));
	json_put(panic, "signature", json_text(report->panic.signature));
	return panic;
}

static struct json_object *json_sources(const struct report *report)
{
	struct json_object *sources = json_record(), *alternatives = json_record();

	json_put(sources, "types", json_text(report->sources.types));
	json_put(sources, "symbols", json_text(report->sources.symbols));
	json_put(sources, "modules", json_text(report->sources.modules));
	json_put(sources, "notes", json_text(report->sources.notes));
	for (size_t i = 0; i < report->sources.alternative_count; i++) {
		const struct fact *fact = &report->sources.alternatives[i];

		json_put(alternatives, fact->name, json_cell(&fact->value, 0));
	}
	json_put(sources, "alternatives", alternatives);
	return sources;
}

static struct json_object *json_finding(const struct report *report, const struct finding *finding)
{
	struct json_object *object = json_record();
	size_t total = table_total(&finding->table);

	total = finding->message_total > total ? finding->message_total : total;
	total = finding->message_count > total ? finding->message_count : total;
	json_put(object, "rule", json_text(finding->rule));
	json_put(object, "verdict", json_text(verdict_word(finding->verdict)));
	json_put(object, "severity", json_text(severity_word(finding->severity)));
	json_put(object, "title", json_text(finding->title));
	json_put(object, "messages", json_texts(finding->messages, finding->message_count));
	json_put(object, "rows", json_rows(&finding->table));
	json_put(object, "total", json_count(total));
	json_put(object, "unknown_rows", json_count(finding->unknown_rows));
	json_put(object, "reason", json_text(finding->reason));
	json_put(object, "cause", json_text(summary_cause(report, finding)));
	json_put(object, "why", json_text(finding->why));
	json_put(object, "advice", json_text(finding->advice));
	json_put(object, "tags", json_texts(finding->tags, finding->tag_count));
	json_put(object, "where", json_text(finding->where));
	return object;
}

/* The members of a view, in a report and alone. */
static void json_put_view(struct json_object *object, const struct view_result *view)
{
	json_put(object, "view", json_text(view->name));
	json_put(object, "title", json_text(view->title));
	json_put(object, "rows", json_rows(&view->table));
	json_put(object, "total", json_count(table_total(&view->table)));
	json_put(object, "complete", json_truth(view->complete));
	if (!view->complete)
		json_put(object, "why", json_text(view->why ? view->why : "no reason was given"));
}

static struct json_object *json_findings(const struct report *report)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < report->finding_count; i++)
		json_append(array, json_finding(report, &report->findings[i]));
	return array;
}

static struct json_object *json_views(const struct report *report)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < report->view_count; i++) {
		struct json_object *view = json_record();

		json_put_view(view, &report->views[i]);
		json_append(array, view);
	}
	return array;
}

static struct json_object *json_changes(const struct rule_changes *changes)
{
	struct json_object *array = json_array();

	for (size_t i = 0; i < changes->count; i++) {
		const struct rule_change *change = &changes->items[i];
		struct json_object *object = json_record();

		json_put(object, "name", json_text(change->name));
		json_put(object, "where", json_text(change->where));
		if (change->was)
			json_put(object, "was", json_text(change->was));
		if (change->value)
			json_put(object, "value", json_text(change->value));
		json_append(array, object);
	}
	return array;
}

static struct json_object *json_rules(const struct report *report)
{
	struct json_object *rules = json_record();

	json_put(rules, "version", json_text(report->rules.version));
	json_put(rules, "sha256", json_text(report->rules.sha256));
	json_put(rules, "site_files",
		 json_texts(report->rules.site_files, report->rules.site_file_count));
	json_put(rules, "redefined", json_changes(&report->rules.redefined));
	json_put(rules, "disabled", json_changes(&report->rules.disabled));
	json_put(rules, "set", json_changes(&report->rules.set));
	return rules;
}

static struct json_object *json_counts(const struct report *report)
{
	struct json_object *counts = json_record();

	for (int verdict = 0; verdict < VERDICT_COUNT; verdict++)
		json_put(counts, verdict_word(verdict), json_count(report->counts[verdict]));
	return counts;
}

void report_json(const struct report *report, struct buf *buf)
{
	struct json_object *object = json_record();

	json_put(object, "format", json_integer(JSON_FORMAT));
	json_put(object, "tool", json_text(report->tool_version));
	json_put(object, "dump", json_dump(report));
	json_put(object, "kernel", json_kernel(report));
	json_put(object, "panic", json_panic(report));
	json_put(object, "sources", json_sources(report));
	json_put(object, "findings", json_findings(report));
	json_put(object, "views", json_views(report));
	json_put(object, "log", json_texts(report->log_lines, report->log_count));
	json_put(object, "log_total", json_count(summary_log_total(report)));
	json_put(object, "rules", json_rules(report));
	json_put(object, "counts", json_counts(report));
	if (report->seconds > 0)
		json_put(object, "seconds", json_measured(report->seconds));
	json_finish(object, true, buf);
}

void view_json(const struct view_result *view, struct buf *buf)
{
	struct json_object *object = json_record();

	json_put(object, "format", json_integer(JSON_FORMAT));
	json_put_view(object, view);
	json_finish(object, false, buf); /* a line for each of several */
}
