// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "reports/lines.h"
#include "reports/list_words.h"
#include "reports/listing.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "reports/utf8.h"

enum { GAP = 2, AGE_WIDTH = 7, TIME_WIDTH = sizeof("2026-11-21 13:12") - 1, HOST_LEAST = 12, KERNEL_LEAST = 12 };

/* How much there is to say decides what stands on the line, and what on the next. */
struct text {
	const struct listing *listing;
	const struct report_style *style;
	struct buf *buf;
	size_t host, kernel, found, size, path; /* columns */
	bool has_time, has_path; /* there is room for these on the line, too */
};

#define TEXT_BOLD "1"

static void text_colored(const struct text *text, const char *color, const char *words)
{
	if (text->style->color && color)
		buf_printf(text->buf, "\033[%sm", color);
	buf_puts(text->buf, words);
	if (text->style->color && color)
		buf_puts(text->buf, "\033[0m");
}

/* Words of a dump in so many columns: what does not fit is cut. */
static void text_column(const struct text *text, const char *words, size_t columns)
{
	struct buf shown _cleanup_(buf_deinit) = {0};

	utf8_put_shown(&shown, words);
	if (utf8_columns(buf_text(&shown)) > columns) {
		buf_cut(&shown, utf8_fit(buf_text(&shown), columns - 1));
		buf_puts(&shown, "…");
	}
	buf_printf(text->buf, "%s%*s", buf_text(&shown), (int)(columns - utf8_columns(buf_text(&shown)) + GAP), "");
}

static size_t columns_of(const char *words)
{
	struct buf shown _cleanup_(buf_deinit) = {0};

	utf8_put_shown(&shown, words);
	return utf8_columns(buf_text(&shown));
}

static void widen(size_t *columns, size_t wanted)
{
	*columns = wanted > *columns ? wanted : *columns;
}

static const char *host_of(const struct listed_dump *dump)
{
	return dump->host ? dump->host : "?";
}

static const char *kernel_of(const struct listed_dump *dump)
{
	return dump->kernel ? dump->kernel : "?";
}

/* Safe to show. */
static void put_path(struct buf *buf, const struct listed_dump *dump)
{
	struct buf path _cleanup_(buf_deinit) = {0};

	buf_printf(&path, "%s/", dump->root);
	list_put_path(&path, dump);
	utf8_put_shown(buf, buf_text(&path));
}

static void text_measure(struct text *text)
{
	size_t width = lines_width(text->style);

	for (size_t i = 0; i < text->listing->dump_count; i++) {
		const struct listed_dump *dump = &text->listing->dumps[i];
		struct buf found _cleanup_(buf_deinit) = {0}, size _cleanup_(buf_deinit) = {0};
		struct buf path _cleanup_(buf_deinit) = {0};

		put_path(&path, dump);
		widen(&text->path, utf8_columns(buf_text(&path)));
		list_put_found(&found, dump);
		summary_put_size(&size, dump->files.bytes);
		widen(&text->host, columns_of(host_of(dump)));
		widen(&text->kernel, columns_of(kernel_of(dump)));
		widen(&text->found, found.length);
		widen(&text->size, size.length);
	}
	size_t fixed = AGE_WIDTH + text->found + text->size + 5 * GAP;
	size_t room = width > fixed + HOST_LEAST + KERNEL_LEAST ? width - fixed : HOST_LEAST + KERNEL_LEAST;
	if (text->host + text->kernel > room) {
		size_t rest = room > text->kernel ? room - text->kernel : 0;
		size_t host = rest > HOST_LEAST ? rest : HOST_LEAST;

		text->host = text->host < host ? text->host : host;
		text->kernel = text->kernel < room - text->host ? text->kernel : room - text->host;
	}
	size_t used = text->host + text->kernel + TIME_WIDTH + GAP;
	text->has_time = used <= room;
	text->has_path = used + GAP + text->path <= room;
}

/* ---- dumps ---------------------------------------------------------------------------------- */

static const char *found_color(const struct listed_dump *dump)
{
	return dump->critical ? "1;31" : dump->warnings ? "1;33" : NULL;
}

static void text_facts(const struct text *text, const struct listed_dump *dump)
{
	struct buf age _cleanup_(buf_deinit) = {0}, found _cleanup_(buf_deinit) = {0};
	struct buf size _cleanup_(buf_deinit) = {0};

	list_put_age(&age, text->listing->now - dump->time);
	buf_printf(text->buf, "%*s%*s%*s", GAP, "", AGE_WIDTH, buf_text(&age), GAP, "");
	if (text->has_time) {
		list_put_time(text->buf, dump->time);
		buf_printf(text->buf, "%*s", GAP, "");
	}
	text_column(text, host_of(dump), text->host);
	text_column(text, kernel_of(dump), text->kernel);
	list_put_found(&found, dump);
	text_colored(text, found_color(dump), buf_text(&found));
	if (dump->files.cores)
		summary_put_size(&size, dump->files.bytes);
	else
		buf_puts(&size, "-");
	buf_printf(text->buf, "%*s", (int)(text->found - found.length + GAP + text->size), buf_text(&size));
}

/* What has to be said of the time and of the rest. */
static void put_remark(struct buf *buf, const struct listed_dump *dump, int64_t now)
{
	struct buf remark _cleanup_(buf_deinit) = {0};

	list_put_remark(&remark, dump);
	if (dump->time_of != TIME_CRASH || dump->time > now)
		list_put_since(buf, dump, now);
	if (remark.length)
		buf_printf(buf, "%s%s", buf->length ? "; " : "", buf_text(&remark));
}

static void text_dump(const struct text *text, const struct listed_dump *dump)
{
	enum { INDENT = GAP + AGE_WIDTH + GAP };
	struct buf remark _cleanup_(buf_deinit) = {0};

	text_facts(text, dump);
	buf_printf(text->buf, "%s%*s", text->has_path ? "" : "\n", text->has_path ? GAP : INDENT, "");
	put_path(text->buf, dump); /* never cut: it is to be copied */
	buf_putc(text->buf, '\n');
	put_remark(&remark, dump, text->listing->now);
	struct buf shown _cleanup_(buf_deinit) = {0};
	utf8_put_shown(&shown, buf_text(&remark));
	if (shown.length)
		lines_put_wrapped(text->buf, text->style, "           ", INDENT, buf_text(&shown));
}

static void text_group(const struct text *text, const struct listed_group *group)
{
	struct buf crash _cleanup_(buf_deinit) = {0}, extent _cleanup_(buf_deinit) = {0};
	struct buf shown _cleanup_(buf_deinit) = {0};
	const char *message = list_message(group);
	size_t limit = text->style->rows, shown_count = limit && limit < group->count ? limit : group->count;

	list_put_crash(&crash, group);
	utf8_put_shown(&shown, buf_text(&crash));
	buf_putc(text->buf, '\n');
	text_colored(text, TEXT_BOLD, buf_text(&shown));
	if (list_is_new(text->listing, group))
		buf_puts(&extent, "new, ");
	list_put_extent(&extent, group);
	buf_puts(text->buf, ": ");
	size_t used = utf8_columns(buf_text(&shown)) + 2;
	buf_cut(&shown, 0);
	utf8_put_shown(&shown, buf_text(&extent));
	lines_put_after(text->buf, text->style, used, GAP, buf_text(&shown));
	buf_cut(&shown, 0);
	utf8_put_shown(&shown, message ? message : "");
	if (message)
		lines_put_wrapped(text->buf, text->style, "  ", GAP, buf_text(&shown));
	for (size_t i = 0; i < shown_count; i++)
		text_dump(text, group->dumps[i]);
	if (shown_count == group->count)
		return;
	buf_printf(text->buf, "%*s… ", GAP, "");
	summary_put_more(text->buf, group->count - shown_count, "dump");
	buf_puts(text->buf, " (--rows 0)\n");
}

void listing_text(const struct listing *listing, const struct report_style *style, struct buf *buf)
{
	struct text text = {.listing = listing, .style = style, .buf = buf};
	struct buf sum _cleanup_(buf_deinit) = {0}, shown _cleanup_(buf_deinit) = {0};

	list_put_sum(&sum, listing);
	buf_puts(&sum, " in ");
	for (size_t i = 0; i < listing->root_count; i++)
		buf_printf(&sum, "%s%s", i ? ", " : "", listing->roots[i]);
	if (listing->hidden)
		buf_printf(&sum, "; %zu more that were not asked for", listing->hidden);
	utf8_put_shown(&shown, buf_text(&sum));
	lines_put_wrapped(buf, style, "", 0, buf_text(&shown));
	text_measure(&text);
	for (size_t i = 0; i < listing->group_count; i++)
		text_group(&text, &listing->groups[i]);
}
