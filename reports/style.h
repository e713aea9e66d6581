// SPDX-License-Identifier: GPL-2.0-or-later
// The style sheets of the pages, reports/report.css, and what reports/list.css adds to it.
#ifndef REPORTS_STYLE_H
#define REPORTS_STYLE_H

extern const char report_css[], list_css[];

#endif
