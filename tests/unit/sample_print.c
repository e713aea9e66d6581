// SPDX-License-Identifier: GPL-2.0-or-later
// Prints the sample for tests that read outputs with other programs: sample_print FORM [ROWS]. FORM
// is text, html, json, nothing (JSON of the report that says nothing), view or csv.
#include "sample_report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

int main(int count, char **arguments)
{
	const struct report_style style = {.width = 80,
					   .rows = count > 2 ? (unsigned)atoi(arguments[2]) : 20};
	const char *form = count > 1 ? arguments[1] : "";
	struct buf buf _cleanup_(buf_deinit) = {0};

	if (!strcmp(form, "text"))
		report_text(&sample_report, &style, &buf);
	else if (!strcmp(form, "html"))
		report_html(&sample_report, &style, &buf);
	else if (!strcmp(form, "json"))
		report_json(&sample_report, &buf);
	else if (!strcmp(form, "nothing"))
		report_json(&sample_nothing, &buf);
	else if (!strcmp(form, "view"))
		view_json(&sample_views[0], &buf);
	else if (!strcmp(form, "csv"))
		view_csv(&sample_views[1], &buf);
	fputs(buf_text(&buf), stdout);
	return buf.length ? 0 : 2;
}
