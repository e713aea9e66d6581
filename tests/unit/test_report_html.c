// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html.c"
#include "reports/style.h"

#include "sample_report.h"
#include "test.h"

static const struct report_style bounded = {.rows = 20};

static char *page_of(const struct report *report, const struct report_style *style)
{
	struct buf buf = {0};

	report_html(report, style, &buf);
	return buf_steal(&buf);
}

static bool is_void(const char *name)
{
	return !strcmp(name, "meta") || !strcmp(name, "br") || !strcmp(name, "!DOCTYPE");
}

/* Reads one tag at `at` ("<"): its name without '/', and where it ends. Attributes must be quoted. */
static const char *tag_end(const char *at, char name[32], bool *closes)
{
	size_t length;

	at++;
	*closes = *at == '/';
	at += *closes;
	length = strspn(at, "!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
	if (!length || length >= 32)
		return NULL;
	snprintf(name, 32, "%.*s", (int)length, at);
	for (at += length; *at && *at != '>'; at++) {
		if (*at == '<')
			return NULL;
		if (*at == '"' && !(at = strchr(at + 1, '"')))
			return NULL;
	}
	return *at ? at + 1 : NULL;
}

/* Every tag that is opened is closed, in order; ids are unique enough for links to find them. */
static void check_balance(const char *page)
{
	char stack[64][32], name[32];
	size_t depth = 0;
	bool closes;

	for (const char *at = strchr(page, '<'); at; at = strchr(at, '<')) {
		at = tag_end(at, name, &closes);
		CHECK(at);
		if (!at)
			return;
		if (is_void(name))
			continue;
		if (!closes) {
			CHECK(depth < 64);
			strcpy(stack[depth++ & 63], name);
			if (!strcmp(name, "style"))
				at = strstr(at, "</");
			continue;
		}
		CHECK(depth && !strcmp(stack[depth - 1], name));
		if (!depth || strcmp(stack[depth - 1], name)) {
			printf("</%s> closes <%s>\n", name, depth ? stack[depth - 1] : "");
			return;
		}
		depth--;
	}
	CHECK(depth == 0);
}

/* Every link of the page leads to an id on it. */
static void check_links(const char *page)
{
	for (const char *at = page; (at = strstr(at, "href=\"")); at++) {
		char id[256], attribute[300];

		CHECK(sscanf(at, "href=\"#%255[^\"]\"", id) == 1);
		snprintf(attribute, sizeof(attribute), " id=\"%s\"", id);
		CHECK(strstr(page, attribute));
	}
}

TEST(html_tags_balance_and_links_lead_somewhere)
{
	static const struct report_style all = {.rows = 0}, one = {.rows = 1};
	char *page _cleanup_free_ = page_of(&sample_report, &bounded);
	char *page_all _cleanup_free_ = page_of(&sample_report, &all);
	char *page_one _cleanup_free_ = page_of(&sample_report, &one);
	char *page_nothing _cleanup_free_ = page_of(&sample_nothing, &bounded);

	check_balance(page);
	check_balance(page_all);
	check_balance(page_one);
	check_balance(page_nothing);
	check_links(page);
	check_links(page_nothing);
}

TEST(html_escapes_all_that_comes_from_the_dump)
{
	char *page _cleanup_free_ = page_of(&sample_report, &bounded);

	CHECK(!strstr(page, "<script"));
	CHECK(!strstr(page, "<b>sshd"));
	CHECK(strstr(page, "<td class=\"\">&lt;script&gt;alert(1)&lt;/script&gt;</td>"));
	CHECK(strstr(page, "&lt;/pre&gt;&lt;script&gt;alert(2)&lt;/script&gt;\\x07"));
	CHECK(strstr(page, "a&quot;b&#39;c&amp;d,e\\x1b[31m\\xff"));
	CHECK(strstr(page, "bidi \\u{202e} c1 \\u{9b}"));
	for (const char *byte = page; *byte; byte++)
		CHECK((unsigned char)*byte >= ' ' || *byte == '\n' || *byte == '\t');
}

TEST(html_attributes_cannot_be_broken_out_of)
{
	static const struct finding finding = {
		.rule = "x\" onclick=\"alert(1)",
		.title = "\"><img src=x onerror=alert(1)>",
		.severity = SEVERITY_WARNING,
		.verdict = VERDICT_FOUND,
		.table = SAMPLE_TABLE(sample_syslog_columns, sample_syslog_cells),
	};
	struct report report = sample_report;

	report.findings = &finding;
	report.finding_count = 1;
	char *page _cleanup_free_ = page_of(&report, &bounded);
	check_balance(page);
	CHECK(!strstr(page, "<img"));
	CHECK(!strstr(page, "\" onclick"));
	CHECK(strstr(page, "id=\"rule-x--onclick--alert-1-\""));
	CHECK(strstr(page, "aria-label=\"&quot;&gt;&lt;img src=x onerror=alert(1)&gt;\""));
}

TEST(html_stands_alone)
{
	static const char *const outside[] = {"http:",   "https:", "src=",   "url(",
					      "@import", "<link",  "<iframe"};
	char *page _cleanup_free_ = page_of(&sample_report, &bounded);

	for (size_t i = 0; i < SAMPLE_COUNT(outside); i++)
		CHECK(!strstr(page, outside[i]));
	CHECK(strstr(page,
		     "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "));
	CHECK(!strncmp(page, "<!DOCTYPE html>\n", 16));
	CHECK(strstr(report_css, "prefers-color-scheme: dark"));
	CHECK(!strstr(report_css, "</"));
}

TEST(html_puts_the_verdict_before_all_else)
{
	char *page _cleanup_free_ = page_of(&sample_report, &bounded);
	const char *verdict = strstr(
		page, "<ul class=\"verdict\">\n"
		      "<li><a class=\"chip critical\" href=\"#critical\"><b>1</b> critical</a></li>\n"
		      "<li><a class=\"chip warning\" href=\"#warning\"><b>2</b> warnings</a></li>\n"
		      "<li><a class=\"chip info\" href=\"#info\"><b>1</b> info</a></li>\n"
		      "<li><a class=\"chip unchecked\" href=\"#unchecked\"><b>3</b> not checked</a></li>\n"
		      "<li><a class=\"chip inapplicable\" href=\"#inapplicable\"><b>1</b> not applicable"
		      "</a></li>\n"
		      "<li><a class=\"chip clear\" href=\"#clear\"><b>2</b> clear</a></li>\n</ul>\n");
	const char *critical =
		strstr(page, "<article class=\"card critical\" id=\"rule-syslogd-stuck\">");
	const char *warning =
		strstr(page, "<article class=\"card warning\" id=\"rule-rt-tasks-starve-cpu\">");
	const char *unchecked =
		strstr(page, "<section id=\"unchecked\">\n<details class=\"part\" open>");

	CHECK(verdict && critical && warning && unchecked);
	CHECK(verdict < critical && critical < warning && warning < unchecked);
	CHECK(strstr(page, "<title>labguest: 1 critical, 2 warnings, "));
}

TEST(html_of_no_checks_does_not_look_fine)
{
	char *page _cleanup_free_ = page_of(&sample_nothing, &bounded);

	CHECK(strstr(page, "<header class=\"banner unchecked\">"));
	CHECK(strstr(page, "<span class=\"chip unchecked\">nothing flagged</span>"));
	CHECK(strstr(page, "<span class=\"chip unchecked\">no check was made</span>"));
}

TEST(html_of_a_crash_with_nothing_flagged_does_not_look_fine)
{
	static const struct finding clear = {.rule = "r", .title = "t", .verdict = VERDICT_CLEAR};
	struct report report = sample_report;

	report.findings = &clear;
	report.finding_count = 1;
	char *page _cleanup_free_ = page_of(&report, &bounded);
	CHECK(strstr(page, "<header class=\"banner crash\">"));
	CHECK(strstr(page, "<span class=\"chip crash\">nothing flagged but the crash itself</span>"));
	report.panic.happened = false;
	char *living _cleanup_free_ = page_of(&report, &bounded);
	CHECK(strstr(living, "<header class=\"banner clear\">"));
	CHECK(strstr(living, "<span class=\"chip clear\">nothing flagged</span>"));
}

TEST(html_bounds_rows_and_says_so)
{
	static const struct report_style one = {.rows = 1};
	char *page _cleanup_free_ = page_of(&sample_report, &one);

	CHECK(strstr(page, ">logclient1<"));
	CHECK(!strstr(page, ">日本語<"));
	CHECK(strstr(page, "<p class=\"note\">… 3 more rows</p>"));
	CHECK(strstr(page, "<li class=\"note\">… 1 more message</li>"));
}

TEST(html_folds_the_names_that_differ_between_kernels)
{
	static const struct report_style style = {.rows = 20};
	char *page _cleanup_free_ = page_of(&sample_report, &style);
	const char *folded = strstr(page, "<summary>Names that differ between kernels");

	for (size_t i = 0; i < SAMPLE_COUNT(sample_alternatives); i++) {
		CHECK(folded && strstr(folded, sample_alternatives[i].name));
		CHECK(folded && strstr(folded, sample_alternatives[i].value.text));
	}
	CHECK(strstr(page, "<dt>Notes</dt><dd>no System.map</dd>"));
}

TEST(html_cuts_a_cell_without_end)
{
	static const char *const columns[] = {"text"};
	static char words[100000];
	static const struct cell cells[] = {SAMPLE_TEXT(words)};
	const struct view_result view = {
		.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)};
	struct report report = sample_nothing;

	memset(words, 'x', sizeof(words) - 1);
	report.views = &view;
	report.view_count = 1;
	char *page _cleanup_free_ = page_of(&report, &bounded);
	CHECK(strlen(page) < 40000);
	CHECK(strstr(page, "xxx…</td>"));
}

TEST(html_says_why_a_cell_is_unknown)
{
	char *page _cleanup_free_ = page_of(&sample_report, &bounded);

	CHECK(strstr(page, "<td class=\"number unknown\" title=\"unknown: not saved in the dump "
			   "(0xffff888003a40000)\">?</td>"));
	CHECK(strstr(page, "<td class=\"number none\">-</td>"));
}

TEST(html_of_nothing)
{
	static const char *const columns[] = {"path", "taint"};
	static const struct cell cells[] = {SAMPLE_TEXT(""), {.kind = CELL_LIST}};
	struct view_result views[] = {
		{.name = "v", .complete = true, .table = SAMPLE_TABLE(columns, cells)},
		{.name = "w", .complete = true, .table = {.columns = columns, .column_count = 2}},
	};
	struct report report = sample_nothing;

	report.views = views;
	report.view_count = 2;
	char *page _cleanup_free_ = page_of(&report, &bounded);
	CHECK(strstr(page, "<tr><td class=\" none\">-</td><td class=\" none\">-</td></tr>"));
	CHECK(strstr(page, "<code>w</code>  <span class=\"count\">0 rows</span></summary>\n"
			   "<p class=\"note\">no rows</p>\n</details>"));
}

TEST_MAIN
