// SPDX-License-Identifier: GPL-2.0-or-later
// What every page has: a head that forbids it to load anything, and words that cannot leave their place.
#ifndef REPORTS_PAGE_H
#define REPORTS_PAGE_H

struct buf;

/* From the document type to the end of the head: report.css, and `more_css` behind it, are part of the page. */
void page_put_head(struct buf *buf, const char *title, const char *more_css);
/* Text that is safe to show, between tags or in a quoted attribute. */
void page_put_escaped(struct buf *buf, const char *text);
/* Words of a dump or a rule, on one line. */
void page_put_text(struct buf *buf, const char *text);

#endif
