// SPDX-License-Identifier: GPL-2.0-or-later
// Text for a terminal or a mail: paragraphs and tables that keep to a width.
#ifndef REPORTS_LINES_H
#define REPORTS_LINES_H

#include <stddef.h>

#include "reports/report.h"

/* The width to keep to: style->width, 80 where it does not say, and at least 40. */
size_t lines_width(const struct report_style *style);
/* Appends `text`, made safe to show, in lines that begin `indent` columns in and break at blanks;
 * `lead` stands before the first line in place of its indent. Line feeds in the text are kept. */
void lines_put_wrapped(struct buf *buf, const struct report_style *style, const char *lead,
		       size_t indent, const char *text);
/* The same where `used` columns of the line are taken already, and may hold colours. */
void lines_put_after(struct buf *buf, const struct report_style *style, size_t used, size_t indent,
		     const char *text);
/* Appends a table: its heading, at most style->rows rows, how many more there are, and why cells
 * are unknown. Headings and texts go on in the next line to fit; a table that is still too wide is told in
 * bands, each of which begins with the first column. */
void lines_put_table(struct buf *buf, const struct report_style *style, size_t indent,
		     const struct table *table);

#endif
