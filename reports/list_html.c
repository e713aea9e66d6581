// SPDX-License-Identifier: GPL-2.0-or-later
// The index of a directory of dumps: a page that a web server can serve as it lies there. No script, no network, every
// word of a dump escaped, every link within the directory.
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "reports/list_words.h"
#include "reports/listing.h"
#include "reports/page.h"
#include "reports/style.h"
#include "reports/summary.h"

/* Dumps of a group that stand open. */
enum { HTML_OPEN = 20 };

/* ---- words and links ------------------------------------------------------------------------ */

static void put_words(struct buf *buf, void put(struct buf *buf, const struct listed_dump *dump),
		      const struct listed_dump *dump)
{
	struct buf words _cleanup_(buf_deinit) = {0};

	put(&words, dump);
	page_put_text(buf, buf_text(&words));
}

static void put_group_words(struct buf *buf, void put(struct buf *buf, const struct listed_group *group),
			    const struct listed_group *group)
{
	struct buf words _cleanup_(buf_deinit) = {0};

	put(&words, group);
	page_put_text(buf, buf_text(&words));
}

/* Part of an address. A colon is written otherwise, too: in the first part of a relative one it would end a scheme. */
static void put_url(struct buf *buf, const char *path)
{
	for (; *path; path++) {
		unsigned char byte = (unsigned char)*path;

		if (isalnum(byte) || strchr("-._~/", byte))
			buf_putc(buf, *path);
		else
			buf_printf(buf, "%%%02X", byte);
	}
}

static void put_link(struct buf *buf, const struct listed_dump *dump, const char *name, const char *words)
{
	if (!name)
		return;
	buf_puts(buf, "<a href=\"");
	put_url(buf, dump->place);
	buf_puts(buf, *dump->place ? "/" : "");
	put_url(buf, name);
	buf_printf(buf, "\">%s</a> ", words);
}

/* ---- dumps ---------------------------------------------------------------------------------- */

static const char *dump_tone(const struct listed_dump *dump)
{
	return dump->critical                             ? "critical"
	       : dump->warnings                           ? "warning"
	       : !dump->has_findings || dump->unchecked ? "unchecked"
							  : "crash";
}

static void put_cell(struct buf *buf, const char *class, const char *text)
{
	buf_printf(buf, "<td class=\"%s\">", class);
	page_put_text(buf, text ? text : "?");
	buf_puts(buf, "</td>");
}

static void put_label(struct buf *buf, const struct listed_dump *dump)
{
	buf_printf(buf, "<span class=\"label %s\">", dump_tone(dump));
	put_words(buf, list_put_found, dump);
	buf_puts(buf, "</span> ");
}

static void put_found(struct buf *buf, const struct listed_dump *dump)
{
	struct listed_dump critical = *dump, warnings = *dump;
	struct buf remark _cleanup_(buf_deinit) = {0};

	buf_puts(buf, "<td>");
	critical.warnings = 0;
	warnings.critical = 0;
	if (dump->critical && dump->warnings)
		put_label(buf, &critical);
	put_label(buf, dump->warnings ? &warnings : dump);
	list_put_remark(&remark, dump);
	if (remark.length) {
		buf_puts(buf, "<span class=\"remark\">");
		page_put_text(buf, buf_text(&remark));
		buf_puts(buf, "</span>");
	}
	buf_puts(buf, "</td>");
}

static void put_dump(struct buf *buf, const struct listing *listing, const struct listed_dump *dump)
{
	buf_puts(buf, "<tr><td class=\"when\">");
	list_put_time(buf, dump->time);
	buf_puts(buf, "<span class=\"remark\">");
	list_put_since(buf, dump, listing->now);
	buf_puts(buf, "</span></td>");
	put_cell(buf, "host", dump->host);
	put_cell(buf, "kernel", dump->kernel);
	put_found(buf, dump);
	buf_puts(buf, "<td class=\"size number\">");
	if (dump->files.cores)
		summary_put_size(buf, dump->files.bytes);
	else
		buf_puts(buf, "-");
	buf_puts(buf, "</td><td class=\"files\">");
	put_link(buf, dump, dump->files.html, "report");
	put_link(buf, dump, dump->files.text, "text");
	put_link(buf, dump, dump->files.json, "JSON");
	put_link(buf, dump, dump->files.failure, "failure");
	put_link(buf, dump, dump->files.log, "log");
	buf_puts(buf, "<span class=\"place\">");
	put_words(buf, list_put_path, dump);
	buf_puts(buf, "</span></td></tr>\n");
}

static void put_table(struct buf *buf, const struct listing *listing, const struct listed_dump *const *dumps, size_t count)
{
	buf_puts(buf, "<table class=\"dumps\"><thead><tr><th scope=\"col\">Crashed (UTC)</th><th scope=\"col\">Host</th>"
		      "<th scope=\"col\">Kernel</th><th scope=\"col\">Found</th><th scope=\"col\" class=\"number\">Size</th>"
		      "<th scope=\"col\">Files</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < count; i++)
		put_dump(buf, listing, dumps[i]);
	buf_puts(buf, "</tbody></table>\n");
}

/* ---- groups --------------------------------------------------------------------------------- */

/* That of the worst of its dumps. */
static const char *group_tone(const struct listed_group *group)
{
	const char *tone = group->is_unknown ? "unchecked" : "crash";

	for (size_t i = 0; i < group->count; i++) {
		const struct listed_dump *dump = group->dumps[i];

		if (dump->critical)
			return "critical";
		tone = dump->warnings ? "warning" : tone;
	}
	return tone;
}

static void put_group(struct buf *buf, const struct listing *listing, size_t number)
{
	const struct listed_group *group = &listing->groups[number - 1];
	const char *message = list_message(group);
	size_t open = group->count < HTML_OPEN ? group->count : HTML_OPEN;

	buf_printf(buf, "<article class=\"card %s\" id=\"crash-%zu\">\n<h2>", group_tone(group), number);
	put_group_words(buf, list_put_crash, group);
	buf_printf(buf, " <span class=\"count\">%zu</span>%s</h2>\n", group->count,
		   list_is_new(listing, group) ? " <span class=\"label info\">New</span>" : "");
	if (message) {
		buf_puts(buf, "<p class=\"message\">");
		page_put_text(buf, message);
		buf_puts(buf, "</p>\n");
	}
	buf_puts(buf, "<p class=\"note\">");
	put_group_words(buf, list_put_extent, group);
	buf_puts(buf, "</p>\n");
	put_table(buf, listing, group->dumps, open);
	if (open < group->count) {
		buf_puts(buf, "<details class=\"fold\"><summary>");
		summary_put_more(buf, group->count - open, "dump");
		buf_puts(buf, "</summary>\n");
		put_table(buf, listing, group->dumps + open, group->count - open);
		buf_puts(buf, "</details>\n");
	}
	buf_puts(buf, "</article>\n");
}

/* ---- the page ------------------------------------------------------------------------------- */

static void put_chip(struct buf *buf, const char *tone, size_t count, const char *words)
{
	if (count)
		buf_printf(buf, "<li><span class=\"chip %s\"><b>%zu</b> %s</span></li>\n", tone, count, words);
}

/* The directory. */
static const char *title_of(const struct listing *listing)
{
	return listing->title ? listing->title : listing->roots[0];
}

static void put_banner(struct buf *buf, const struct listing *listing)
{
	struct buf sum _cleanup_(buf_deinit) = {0};
	size_t kinds = list_count_kinds(listing);

	list_put_sum(&sum, listing);
	buf_puts(buf, "<header class=\"banner crash\">\n<p class=\"kicker\">Kernel crash dumps</p>\n<h1>");
	page_put_text(buf, title_of(listing));
	buf_puts(buf, "</h1>\n<p class=\"panic\">");
	page_put_text(buf, buf_text(&sum));
	buf_puts(buf, "</p>\n<ul class=\"verdict\">\n");
	put_chip(buf, "crash", kinds, kinds == 1 ? "kind of crash" : "kinds of crash");
	put_chip(buf, "unchecked", list_count_unreported(listing), "without a report");
	put_chip(buf, "warning", list_count_incomplete(listing), "incomplete");
	put_chip(buf, "inapplicable", listing->hidden, "not asked for");
	put_chip(buf, "warning", listing->problem_count, "could not be read");
	buf_puts(buf, "</ul>\n<p class=\"note\">As of ");
	list_put_time(buf, listing->now);
	buf_puts(buf, " UTC</p>\n</header>\n");
}

static void put_contents(struct buf *buf, const struct listing *listing)
{
	buf_puts(buf, "<nav aria-label=\"Contents\">\n<ul>\n");
	for (size_t i = 0; i < listing->group_count; i++) {
		const struct listed_group *group = &listing->groups[i];

		buf_printf(buf, "<li class=\"%s\"><a href=\"#crash-%zu\">", group_tone(group), i + 1);
		put_group_words(buf, list_put_crash, group);
		buf_printf(buf, " <span class=\"count\">%zu</span></a></li>\n", group->count);
	}
	buf_puts(buf, listing->problem_count ? "<li><a href=\"#problems\">Could not be read</a></li>\n" : "");
	buf_puts(buf, "</ul>\n</nav>\n");
}

static void put_problems(struct buf *buf, const struct listing *listing)
{
	if (!listing->problem_count)
		return;
	buf_puts(buf, "<section id=\"problems\">\n<h2>Could not be read</h2>\n<ul>\n");
	for (size_t i = 0; i < listing->problem_count; i++) {
		buf_puts(buf, "<li>");
		page_put_text(buf, listing->problems[i]);
		buf_puts(buf, "</li>\n");
	}
	buf_puts(buf, "</ul>\n</section>\n");
}

void listing_html(const struct listing *listing, struct buf *buf)
{
	struct buf title _cleanup_(buf_deinit) = {0};

	buf_printf(&title, "%s: ", title_of(listing));
	list_put_sum(&title, listing);
	page_put_head(buf, buf_text(&title), list_css);
	buf_puts(buf, "<body>\n");
	put_banner(buf, listing);
	put_contents(buf, listing);
	buf_puts(buf, "<main>\n");
	for (size_t i = 0; i < listing->group_count; i++)
		put_group(buf, listing, i + 1);
	if (!listing->dump_count)
		buf_puts(buf, "<p>There are no dumps here.</p>\n");
	put_problems(buf, listing);
	buf_puts(buf, "</main>\n</body>\n</html>\n");
}
