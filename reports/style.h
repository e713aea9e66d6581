// SPDX-License-Identifier: GPL-2.0-or-later
// The style sheet of the page, reports/report.css.
#ifndef REPORTS_STYLE_H
#define REPORTS_STYLE_H

extern const char report_css[];

#endif
