// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/buf.h"
#include "reports/lines.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "reports/utf8.h"

enum { TEXT_INDENT = 2, TEXT_LABEL = 14 };

#define TEXT_BOLD "1"

struct text {
	const struct report *report;
	const struct report_style *style;
	struct buf *buf;
};

/* `words` as they are, in a colour where there are colours. */
static void text_put(const struct text *text, const char *color, const char *words)
{
	if (text->style->color)
		buf_printf(text->buf, "\033[%sm", color);
	buf_puts(text->buf, words);
	if (text->style->color)
		buf_puts(text->buf, "\033[0m");
}

/* "  Label       value", wrapped. */
static void text_fact(void *context, const char *label, const char *value)
{
	const struct text *text = context;
	struct buf lead _cleanup_(buf_deinit) = {0}, shown _cleanup_(buf_deinit) = {0};

	buf_printf(&lead, "%*s%-*s", TEXT_INDENT, "", TEXT_LABEL, label);
	utf8_put_shown(&shown, value); /* here already: a host's name has no line feeds to be kept */
	lines_put_wrapped(text->buf, text->style, buf_text(&lead), TEXT_INDENT + TEXT_LABEL,
			  buf_text(&shown));
}

static void text_heading(const struct text *text, const char *words, size_t count)
{
	buf_putc(text->buf, '\n');
	text_put(text, TEXT_BOLD, words);
	if (count)
		buf_printf(text->buf, " (%zu)", count);
	buf_putc(text->buf, '\n');
}

static void text_header(const struct text *text)
{
	const struct report *report = text->report;
	struct buf verdict _cleanup_(buf_deinit) = {0};

	text_put(text, TEXT_BOLD,
		 report->panic.happened ? "KERNEL CRASH REPORT" : "KERNEL DUMP REPORT");
	buf_puts(text->buf, "\n\n");
	summary_machine(report, text_fact, (void *)text);
	buf_putc(text->buf, '\n');
	report_verdict(report, &verdict);
	lines_put_wrapped(text->buf, text->style, "", 0, buf_text(&verdict));
}

static void text_messages(const struct text *text, const struct finding *finding)
{
	size_t limit = text->style->rows, shown = finding->message_count;

	if (limit && shown > limit)
		shown = limit;
	for (size_t i = 0; i < shown; i++)
		lines_put_wrapped(text->buf, text->style, "  * ", 4, finding->messages[i]);
	size_t left = summary_messages_left(finding) + finding->message_count - shown;
	if (!left)
		return;
	buf_puts(text->buf, "  * … ");
	summary_put_more(text->buf, left, "message");
	buf_putc(text->buf, '\n');
}

/* What is not known about a finding that was found. */
static void text_doubts(const struct text *text, const struct finding *finding)
{
	struct buf words _cleanup_(buf_deinit) = {0};

	if (finding->unknown_rows)
		buf_printf(&words, "%zu more could not be judged", finding->unknown_rows);
	if (finding->reason)
		buf_printf(&words, "%s%s", words.length ? ": " : "", finding->reason);
	if (words.length)
		lines_put_wrapped(text->buf, text->style, "  Partial: ", 11, buf_text(&words));
}

static void text_finding(const struct text *text, const struct finding *finding)
{
	static const struct {
		const char *word, *color;
	} labels[] = {
		[SEVERITY_INFO] = {"INFO", "1;36"},
		[SEVERITY_WARNING] = {"WARNING", "1;33"},
		[SEVERITY_CRITICAL] = {"CRITICAL", "1;31"},
	};

	const char *word = labels[finding->severity].word;
	struct buf title _cleanup_(buf_deinit) = {0};

	buf_putc(text->buf, '\n');
	text_put(text, labels[finding->severity].color, word);
	buf_puts(text->buf, ": ");
	buf_printf(&title, "%s [%s]", finding->title, finding->rule);
	lines_put_after(text->buf, text->style, strlen(word) + 2, 2, buf_text(&title));
	text_messages(text, finding);
	if (finding->table.column_count && finding->table.row_count) {
		buf_putc(text->buf, '\n');
		lines_put_table(text->buf, text->style, 4, &finding->table);
		buf_putc(text->buf, '\n');
	}
	text_doubts(text, finding);
	if (finding->why)
		lines_put_wrapped(text->buf, text->style, "  Why:     ", 11, finding->why);
	if (finding->advice)
		lines_put_wrapped(text->buf, text->style, "  Advice:  ", 11, finding->advice);
}

static void text_findings(const struct text *text)
{
	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--) {
		const struct finding *finding;
		size_t position = 0;

		while ((finding = summary_next(text->report, VERDICT_FOUND, severity, &position)))
			text_finding(text, finding);
	}
}

/* Findings that share a reason, one line each. */
static void text_group(const struct text *text, const struct finding *first)
{
	const struct report *report = text->report;

	lines_put_wrapped(text->buf, text->style, "  ", 2, summary_reason(text->report, first));
	for (const struct finding *finding = first;
	     finding < report->findings + report->finding_count; finding++) {
		struct buf words _cleanup_(buf_deinit) = {0};

		if (finding->verdict != first->verdict ||
		    strcmp(summary_reason(text->report, finding), summary_reason(text->report, first)))
			continue;
		buf_printf(&words, "%s [%s]", finding->title, finding->rule);
		lines_put_wrapped(text->buf, text->style, "    - ", 6, buf_text(&words));
	}
}

static void text_groups(const struct text *text, enum verdict verdict, const char *heading)
{
	const struct finding *finding;
	size_t position = 0;

	if (text->report->counts[verdict])
		text_heading(text, heading, text->report->counts[verdict]);
	while ((finding = summary_next(text->report, verdict, SEVERITY_INFO, &position))) {
		if (!summary_reason_seen(text->report, finding))
			text_group(text, finding);
	}
}

static void text_clear(const struct text *text)
{
	struct buf words _cleanup_(buf_deinit) = {0};
	const struct finding *finding;
	size_t position = 0;

	while ((finding = summary_next(text->report, VERDICT_CLEAR, SEVERITY_INFO, &position)))
		buf_printf(&words, "%s%s", words.length ? ", " : "", finding->rule);
	if (!words.length)
		return;
	text_heading(text, "CLEAR", text->report->counts[VERDICT_CLEAR]);
	lines_put_wrapped(text->buf, text->style, "  ", 2, buf_text(&words));
}

static void text_backtrace(const struct text *text)
{
	const struct report *report = text->report;

	if (!report->panic.frame_count)
		return;
	text_heading(text, "STACK OF THE TASK THAT PANICKED", 0);
	for (size_t i = 0; i < report->panic.frame_count; i++) {
		const struct report_frame *frame = &report->panic.backtrace[i];
		struct buf words _cleanup_(buf_deinit) = {0};

		if (frame->address)
			buf_printf(&words, "%s  ", frame->address);
		buf_puts(&words, frame->symbol ? frame->symbol : "?");
		if (frame->module && *frame->module)
			buf_printf(&words, " [%s]", frame->module);
		lines_put_wrapped(text->buf, text->style, "  ", 6, buf_text(&words));
	}
}

static void text_view(const struct text *text, const struct view_result *view, size_t indent)
{
	struct buf title _cleanup_(buf_deinit) = {0};

	buf_printf(&title, "%s%s%s", view->name, view->title ? ": " : "",
		   view->title ? view->title : "");
	buf_puts(text->buf, text->style->color ? "\033[" TEXT_BOLD "m" : "");
	lines_put_wrapped(text->buf, text->style, "", indent, buf_text(&title));
	buf_puts(text->buf, text->style->color ? "\033[0m" : "");
	lines_put_table(text->buf, text->style, 2 * indent, &view->table);
	if (view->complete)
		return;
	struct buf lead _cleanup_(buf_deinit) = {0};
	buf_printf(&lead, "%*sIncomplete: ", 2 * (int)indent, "");
	lines_put_wrapped(text->buf, text->style, buf_text(&lead), lead.length,
			  view->why ? view->why : "no reason was given");
}

static void text_views(const struct text *text)
{
	if (text->report->view_count)
		text_heading(text, "VIEWS", text->report->view_count);
	for (size_t i = 0; i < text->report->view_count; i++) {
		buf_puts(text->buf, i ? "\n" : "");
		text_view(text, &text->report->views[i], TEXT_INDENT);
	}
}

static void text_log(const struct text *text)
{
	const struct report *report = text->report;

	if (!report->log_count)
		return;
	buf_putc(text->buf, '\n');
	text_put(text, TEXT_BOLD, "KERNEL LOG");
	buf_printf(text->buf, " (last %zu of %zu lines)\n", report->log_count,
		   summary_log_total(report));
	for (size_t i = 0; i < report->log_count; i++)
		lines_put_wrapped(text->buf, text->style, "  ", 17, report->log_lines[i]);
}

void report_text(const struct report *report, const struct report_style *style, struct buf *buf)
{
	const struct text text = {.report = report, .style = style, .buf = buf};

	text_header(&text);
	text_findings(&text);
	text_groups(&text, VERDICT_COULD_NOT_CHECK, "COULD NOT BE CHECKED");
	text_groups(&text, VERDICT_NOT_APPLICABLE, "NOT APPLICABLE");
	text_clear(&text);
	text_backtrace(&text);
	text_views(&text);
	text_log(&text);
	text_heading(&text, "HOW THIS KERNEL WAS READ", 0);
	summary_sources(report, text_fact, (void *)&text);
}

void view_text(const struct view_result *view, const struct report_style *style, struct buf *buf)
{
	const struct text text = {.style = style, .buf = buf};

	text_view(&text, view, 0);
}
