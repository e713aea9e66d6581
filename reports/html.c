// SPDX-License-Identifier: GPL-2.0-or-later
// One page that stands alone: no script, no network, every word of the dump escaped.
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "reports/cell.h"
#include "reports/page.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "reports/utf8.h"

/* A longer cell is cut: the page is for reading, report.json has all of it. */
enum { HTML_CELL = 400 };

struct html {
	const struct report *report;
	const struct report_style *style;
	struct buf *buf;
};

/* How each kind of result is named and where it stands on the page; most pressing first. */
static const struct html_kind {
	const char *class, *label, *chip;
	enum verdict verdict;
	enum severity severity;
} html_kinds[] = {
	{"critical", "Critical", "critical", VERDICT_FOUND, SEVERITY_CRITICAL},
	{"warning", "Warning", "warnings", VERDICT_FOUND, SEVERITY_WARNING},
	{"info", "Info", "info", VERDICT_FOUND, SEVERITY_INFO},
	{"unchecked", "Could not be checked", "not checked", VERDICT_COULD_NOT_CHECK,
	 SEVERITY_INFO},
	{"inapplicable", "Not applicable", "not applicable", VERDICT_NOT_APPLICABLE, SEVERITY_INFO},
	{"clear", "Clear", "clear", VERDICT_CLEAR, SEVERITY_INFO},
};
enum { HTML_KINDS = sizeof(html_kinds) / sizeof(*html_kinds) };

static size_t html_count(const struct html *html, const struct html_kind *kind)
{
	size_t position = 0, count = 0;

	while (summary_next(html->report, kind->verdict, kind->severity, &position))
		count++;
	return count;
}

/* Words of a dump or a rule, on one line. */
static void html_text(const struct html *html, const char *text)
{
	page_put_text(html->buf, text);
}

/* The same where line feeds are meant: the style keeps them. */
static void html_lines(const struct html *html, const char *text)
{
	while (*text) {
		size_t length = strcspn(text, "\n");
		char *line _cleanup_free_ = mem_strndup(text, length);

		html_text(html, line);
		if (text[length])
			buf_putc(html->buf, '\n');
		text += length + (text[length] == '\n');
	}
}

/* A name as part of an id: what links point to holds letters, digits, '-', '_' and '.' only. */
static void html_id(const struct html *html, const char *name)
{
	for (; *name; name++)
		buf_putc(html->buf,
			 isalnum((unsigned char)*name) || strchr("-_.", *name) ? *name : '-');
}

static void html_raw(const struct html *html, const char *markup)
{
	buf_puts(html->buf, markup);
}

static void html_cell(const struct html *html, const struct cell *cell, bool numeric)
{
	struct buf shown _cleanup_(buf_deinit) = {0};
	const char *reason = cell_reason(cell);

	html_raw(html, numeric ? "<td class=\"number" : "<td class=\"");
	cell_put_shown(&shown, cell);
	html_raw(html, strcmp(buf_text(&shown), "-") ? "" : " none");
	html_raw(html, reason ? " unknown\" title=\"unknown: " : "");
	if (reason)
		html_text(html, reason);
	html_raw(html, "\">");
	size_t length = utf8_fit(buf_text(&shown), HTML_CELL);
	bool is_cut = length < shown.length;
	buf_cut(&shown, length);
	page_put_escaped(html->buf, buf_text(&shown));
	html_raw(html, is_cut ? "…</td>" : "</td>");
}

static void html_rows(const struct html *html, const struct table *table, size_t rows)
{
	bool *numeric _cleanup_free_ = mem_zero(table->column_count * sizeof(*numeric));

	html_raw(html, "<thead><tr>");
	for (size_t column = 0; column < table->column_count; column++) {
		numeric[column] = table_is_numeric(table, column, rows);
		html_raw(html, numeric[column] ? "<th scope=\"col\" class=\"number\">"
					       : "<th scope=\"col\">");
		html_text(html, table->columns[column]);
		html_raw(html, "</th>");
	}
	html_raw(html, "</tr></thead>\n<tbody>\n");
	for (size_t row = 0; row < rows; row++) {
		html_raw(html, "<tr>");
		for (size_t column = 0; column < table->column_count; column++)
			html_cell(html, table_cell(table, row, column), numeric[column]);
		html_raw(html, "</tr>\n");
	}
	html_raw(html, "</tbody>");
}

/* A table that scrolls within itself, so that the page never does sideways. */
static void html_table(const struct html *html, const struct table *table, const char *name)
{
	size_t rows = table_rows_shown(table, html->style->rows);
	const struct table_reasons reasons = table_reasons(table, rows);

	if (!rows) {
		html_raw(html, "<p class=\"note\">no rows</p>\n");
		return;
	}
	html_raw(html, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
	html_text(html, name);
	html_raw(html, "\"><table>");
	html_rows(html, table, rows);
	html_raw(html, "</table></div>\n");
	if (table_total(table) > rows) {
		html_raw(html, "<p class=\"note\">… ");
		summary_put_more(html->buf, table_total(table) - rows, "row");
		html_raw(html, "</p>\n");
	}
	for (size_t i = 0; i < reasons.count; i++) {
		html_raw(html, "<p class=\"note\"><b>?</b> ");
		html_text(html, reasons.texts[i]);
		html_raw(html, i + 1 == reasons.count && reasons.are_more
				       ? ", and other reasons</p>\n"
				       : "</p>\n");
	}
}

static void html_row_count(const struct html *html, const struct table *table)
{
	size_t total = table_total(table);

	buf_printf(html->buf, "<span class=\"count\">%zu row%s</span>", total,
		   total == 1 ? "" : "s");
}

/* A fact of a list of such facts. */
static void html_item(void *context, const char *label, const char *value)
{
	const struct html *html = context;

	(void)label;
	html_raw(html, "<li><code>");
	html_text(html, value);
	html_raw(html, "</code></li>\n");
}

static void html_fact(void *context, const char *label, const char *value)
{
	const struct html *html = context;

	buf_printf(html->buf, "<div><dt>%s</dt><dd>", label);
	html_text(html, value);
	html_raw(html, "</dd></div>\n");
}

static void html_head(const struct html *html)
{
	const char *nodename = html->report->kernel.nodename;
	struct buf title _cleanup_(buf_deinit) = {0};

	buf_printf(&title, "%s: ", nodename ? nodename : "Unknown host");
	report_verdict(html->report, &title);
	page_put_head(html->buf, buf_text(&title), "");
}

/* Whose colour the page bears: that of its worst finding, and a crash is never of good colour. */
static const char *html_tone(const struct html *html)
{
	for (const struct html_kind *kind = html_kinds; kind < html_kinds + HTML_KINDS; kind++) {
		bool is_calm = kind->severity == SEVERITY_INFO &&
			       kind->verdict != VERDICT_COULD_NOT_CHECK;

		if (html_count(html, kind))
			return is_calm && html->report->panic.happened ? "crash" : kind->class;
	}
	return "unchecked";
}

/* The verdict: how many checks ended in which way, each a link to them. */
static void html_verdict(const struct html *html)
{
	const struct report *report = html->report;

	html_raw(html, "<ul class=\"verdict\">\n");
	if (!summary_found(report, SEVERITY_CRITICAL) && !summary_found(report, SEVERITY_WARNING))
		buf_printf(html->buf, "<li><span class=\"chip %s\">%s</span></li>\n",
			   html_tone(html), summary_nothing(report));
	if (!report->finding_count)
		html_raw(html, "<li><span class=\"chip unchecked\">no check was made</span></li>\n");
	for (const struct html_kind *kind = html_kinds; kind < html_kinds + HTML_KINDS; kind++) {
		size_t count = html_count(html, kind);
		const char *words =
			count == 1 && kind->severity == SEVERITY_WARNING ? "warning" : kind->chip;

		if (count)
			buf_printf(html->buf,
				   "<li><a class=\"chip %s\" href=\"#%s\"><b>%zu</b> %s</a></li>\n",
				   kind->class, kind->class, count, words);
	}
	html_raw(html, "</ul>\n");
}

/* First of all: who, what happened, and how the checks ended. */
static void html_banner(const struct html *html)
{
	const struct report *report = html->report;

	buf_printf(html->buf, "<header class=\"banner %s\">\n<p class=\"kicker\">%s</p>\n<h1>",
		   html_tone(html),
		   report->panic.happened ? "Kernel crash report" : "Kernel dump report");
	html_text(html, report->kernel.nodename ? report->kernel.nodename : "Unknown host");
	html_raw(html, "</h1>\n<p class=\"panic\">");
	html_text(html, !report->panic.happened ? "This machine did not panic"
			: report->panic.message ? report->panic.message
						: "The panic message is unknown");
	html_raw(html, "</p>\n");
	html_verdict(html);
	html_raw(html, "</header>\n");
}

static void html_contents_findings(const struct html *html, const struct html_kind *kind)
{
	const struct finding *finding;
	size_t position = 0;

	while ((finding = summary_next(html->report, kind->verdict, kind->severity, &position))) {
		buf_printf(html->buf, "<li class=\"%s\"><a href=\"#rule-", kind->class);
		html_id(html, finding->rule);
		html_raw(html, "\">");
		html_text(html, finding->title);
		html_raw(html, "</a></li>\n");
	}
}

/* On wide screens, beside the page. */
static void html_contents(const struct html *html)
{
	const struct report *report = html->report;

	html_raw(html, "<nav aria-label=\"Contents\">\n<ul>\n"
		       "<li><a href=\"#machine\">Machine and crash</a></li>\n");
	for (const struct html_kind *kind = html_kinds; kind < html_kinds + HTML_KINDS; kind++) {
		if (kind->verdict == VERDICT_FOUND)
			html_contents_findings(html, kind);
		else if (html_count(html, kind))
			buf_printf(html->buf, "<li class=\"%s\"><a href=\"#%s\">%s</a></li>\n",
				   kind->class, kind->class, kind->label);
	}
	html_raw(html, report->view_count ? "<li><a href=\"#views\">Views</a></li>\n" : "");
	html_raw(html, report->log_count ? "<li><a href=\"#log\">Kernel log</a></li>\n" : "");
	html_raw(html,
		 "<li><a href=\"#sources\">How this kernel was read</a></li>\n</ul>\n</nav>\n");
}

static void html_backtrace(const struct html *html)
{
	const struct report *report = html->report;

	if (!report->panic.frame_count)
		return;
	html_raw(html, "<details class=\"fold\"><summary>Stack of the task that panicked ");
	buf_printf(html->buf,
		   "<span class=\"count\">%zu frame%s</span></summary>\n<ol class=\"stack\">\n",
		   report->panic.frame_count, report->panic.frame_count == 1 ? "" : "s");
	for (size_t i = 0; i < report->panic.frame_count; i++) {
		const struct report_frame *frame = &report->panic.backtrace[i];

		html_raw(html, "<li><code>");
		html_text(html, frame->symbol ? frame->symbol : "?");
		html_raw(html, "</code>");
		if (frame->module && *frame->module) {
			html_raw(html, " <span class=\"module\">");
			html_text(html, frame->module);
			html_raw(html, "</span>");
		}
		html_raw(html, " <span class=\"address\">");
		html_text(html, frame->address ? frame->address : "");
		html_raw(html, "</span></li>\n");
	}
	html_raw(html, "</ol>\n</details>\n");
}

static void html_machine(const struct html *html)
{
	html_raw(html,
		 "<section id=\"machine\">\n<h2>Machine and crash</h2>\n<dl class=\"facts\">\n");
	summary_machine(html->report, html_fact, (void *)html);
	html_raw(html, "</dl>\n");
	html_backtrace(html);
	html_raw(html, "</section>\n");
}

static void html_messages(const struct html *html, const struct finding *finding)
{
	size_t shown = finding->message_count;

	if (html->style->rows && shown > html->style->rows)
		shown = html->style->rows;
	size_t left = summary_messages_left(finding) + finding->message_count - shown;
	if (!shown && !left)
		return;
	html_raw(html, "<ul class=\"messages\">\n");
	for (size_t i = 0; i < shown; i++) {
		html_raw(html, "<li>");
		html_lines(html, finding->messages[i]);
		html_raw(html, "</li>\n");
	}
	if (left) {
		html_raw(html, "<li class=\"note\">… ");
		summary_put_more(html->buf, left, "message");
		html_raw(html, "</li>\n");
	}
	html_raw(html, "</ul>\n");
}

static void html_advice(const struct html *html, const struct finding *finding)
{
	const struct {
		const char *label, *words;
	} parts[] = {
		{"Why", finding->why}, {"Advice", finding->advice}, {"Partial", finding->reason}};

	if (!finding->why && !finding->advice && !finding->reason && !finding->unknown_rows)
		return;
	html_raw(html, "<dl class=\"advice\">\n");
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!parts[i].words)
			continue;
		buf_printf(html->buf, "<div><dt>%s</dt><dd>", parts[i].label);
		html_lines(html, parts[i].words);
		html_raw(html, "</dd></div>\n");
	}
	if (finding->unknown_rows)
		buf_printf(html->buf,
			   "<div><dt>Unknown</dt><dd>%zu more could not be judged</dd></div>\n",
			   finding->unknown_rows);
	html_raw(html, "</dl>\n");
}

/* Where a finding comes from: its rule, file and tags. */
static void html_origin(const struct html *html, const struct finding *finding)
{
	html_raw(html, "<p class=\"origin\"><code>");
	html_text(html, finding->rule);
	html_raw(html, "</code>");
	if (finding->where) {
		html_raw(html, " <span>");
		html_text(html, finding->where);
		html_raw(html, "</span>");
	}
	for (size_t i = 0; i < finding->tag_count; i++) {
		html_raw(html, " <span class=\"tag\">");
		html_text(html, finding->tags[i]);
		html_raw(html, "</span>");
	}
	html_raw(html, "</p>\n");
}

static void html_finding(const struct html *html, const struct html_kind *kind,
			 const struct finding *finding)
{
	buf_printf(html->buf, "<article class=\"card %s\" id=\"rule-", kind->class);
	html_id(html, finding->rule);
	buf_printf(html->buf, "\">\n<h3><span class=\"label\">%s</span> ", kind->label);
	html_text(html, finding->title);
	html_raw(html, "</h3>\n");
	html_messages(html, finding);
	if (finding->table.column_count && finding->table.row_count) {
		html_raw(html, "<details class=\"fold\"><summary>Evidence ");
		html_row_count(html, &finding->table);
		html_raw(html, "</summary>\n");
		html_table(html, &finding->table, finding->title);
		html_raw(html, "</details>\n");
	}
	html_advice(html, finding);
	html_origin(html, finding);
	html_raw(html, "</article>\n");
}

static void html_found(const struct html *html, const struct html_kind *kind)
{
	const struct finding *finding;
	size_t position = 0;

	buf_printf(html->buf, "<section id=\"%s\">\n<h2>%s <span class=\"count\">%zu</span></h2>\n",
		   kind->class, kind->label, html_count(html, kind));
	while ((finding = summary_next(html->report, kind->verdict, kind->severity, &position)))
		html_finding(html, kind, finding);
	html_raw(html, "</section>\n");
}

static void html_rule(const struct html *html, const struct finding *finding)
{
	html_raw(html, "<li>");
	html_text(html, finding->title);
	html_raw(html, " <code>");
	html_text(html, finding->rule);
	html_raw(html, "</code>");
	if (finding->reason && summary_cause(html->report, finding)) {
		html_raw(html, ": ");
		html_text(html, finding->reason);
	}
	html_raw(html, "</li>\n");
}

/* Findings that share a reason. */
static void html_group(const struct html *html, const struct html_kind *kind,
		       const struct finding *first)
{
	const struct finding *end = html->report->findings + html->report->finding_count;

	buf_printf(html->buf, "<div class=\"card %s\">\n<p class=\"reason\">", kind->class);
	html_text(html, summary_reason(html->report, first));
	html_raw(html, "</p>\n<ul>\n");
	for (const struct finding *finding = first; finding < end; finding++) {
		if (finding->verdict == kind->verdict &&
		    !strcmp(summary_reason(html->report, finding), summary_reason(html->report, first)))
			html_rule(html, finding);
	}
	html_raw(html, "</ul>\n</div>\n");
}

/* What was not found, and why. Checks that could not be made stand open: they are not good news. */
static void html_not_found(const struct html *html, const struct html_kind *kind)
{
	const struct finding *finding;
	size_t position = 0;

	buf_printf(html->buf,
		   "<section id=\"%s\">\n<details class=\"part\"%s><summary><h2>%s "
		   "<span class=\"count\">%zu</span></h2></summary>\n",
		   kind->class, kind->verdict == VERDICT_COULD_NOT_CHECK ? " open" : "",
		   kind->label, html_count(html, kind));
	html_raw(html, kind->verdict == VERDICT_CLEAR ? "<div class=\"card clear\">\n<ul>\n" : "");
	while ((finding = summary_next(html->report, kind->verdict, kind->severity, &position))) {
		if (kind->verdict == VERDICT_CLEAR)
			html_rule(html, finding);
		else if (!summary_reason_seen(html->report, finding))
			html_group(html, kind, finding);
	}
	html_raw(html, kind->verdict == VERDICT_CLEAR ? "</ul>\n</div>\n" : "");
	html_raw(html, "</details>\n</section>\n");
}

static void html_results(const struct html *html)
{
	for (size_t i = 0; i < HTML_KINDS; i++) {
		const struct html_kind *kind = &html_kinds[i];

		if (html_count(html, kind))
			(kind->verdict == VERDICT_FOUND ? html_found : html_not_found)(html, kind);
	}
}

static void html_view(const struct html *html, const struct view_result *view)
{
	html_raw(html, "<details class=\"fold\" id=\"view-");
	html_id(html, view->name);
	html_raw(html, "\"><summary><code>");
	html_text(html, view->name);
	html_raw(html, "</code> ");
	html_text(html, view->title ? view->title : "");
	html_raw(html, " ");
	html_row_count(html, &view->table);
	html_raw(html, view->complete ? "" : " <span class=\"label unchecked\">Incomplete</span>");
	html_raw(html, "</summary>\n");
	if (view->description) {
		html_raw(html, "<p class=\"description\">");
		html_lines(html, view->description);
		html_raw(html, "</p>\n");
	}
	html_table(html, &view->table, view->name);
	if (!view->complete) {
		html_raw(html, "<p class=\"note\"><b>Incomplete:</b> ");
		html_text(html, view->why ? view->why : "no reason was given");
		html_raw(html, "</p>\n");
	}
	html_raw(html, "</details>\n");
}

static void html_views(const struct html *html)
{
	if (!html->report->view_count)
		return;
	html_raw(html, "<section id=\"views\">\n<h2>Views ");
	buf_printf(html->buf, "<span class=\"count\">%zu</span></h2>\n", html->report->view_count);
	for (size_t i = 0; i < html->report->view_count; i++)
		html_view(html, &html->report->views[i]);
	html_raw(html, "</section>\n");
}

static void html_log(const struct html *html)
{
	const struct report *report = html->report;

	if (!report->log_count)
		return;
	buf_printf(html->buf,
		   "<section id=\"log\">\n<h2>Kernel log <span class=\"count\">last %zu of %zu "
		   "lines</span></h2>\n<pre class=\"log\">",
		   report->log_count, summary_log_total(report));
	for (size_t i = 0; i < report->log_count; i++) {
		html_raw(html, "<span>");
		html_text(html, report->log_lines[i]);
		html_raw(html, "\n</span>");
	}
	html_raw(html, "</pre>\n</section>\n");
}

static void html_alternatives(const struct html *html)
{
	size_t count = html->report->sources.alternative_count;

	if (!count)
		return;
	buf_printf(html->buf,
		   "<details class=\"fold\"><summary>Names that differ between kernels "
		   "<span class=\"count\">%zu</span></summary>\n<ul>\n",
		   count);
	summary_alternatives(html->report, html_item, (void *)html);
	html_raw(html, "</ul>\n</details>\n");
}

void report_html(const struct report *report, const struct report_style *style, struct buf *buf)
{
	const struct html html = {.report = report, .style = style, .buf = buf};

	html_head(&html);
	html_raw(&html, "<body>\n");
	html_banner(&html);
	html_contents(&html);
	html_raw(&html, "<main>\n");
	html_machine(&html);
	html_results(&html);
	html_views(&html);
	html_log(&html);
	html_raw(&html, "<section id=\"sources\">\n<h2>How this kernel was read</h2>\n"
			"<dl class=\"facts\">\n");
	summary_sources(report, html_fact, (void *)&html);
	html_raw(&html, "</dl>\n");
	html_alternatives(&html);
	html_raw(&html, "</section>\n</main>\n</body>\n</html>\n");
}
