// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/report.h"

#include <assert.h>

#include "base/buf.h"
#include "reports/summary.h"

const char *severity_word(enum severity severity)
{
	static const char *const words[] = {
		[SEVERITY_INFO] = "info",
		[SEVERITY_WARNING] = "warning",
		[SEVERITY_CRITICAL] = "critical",
	};
	static_assert(sizeof(words) / sizeof(*words) == SEVERITY_COUNT, "a word for each severity");

	return words[severity];
}

const char *verdict_word(enum verdict verdict)
{
	static const char *const words[] = {
		[VERDICT_FOUND] = "found",
		[VERDICT_CLEAR] = "clear",
		[VERDICT_NOT_APPLICABLE] = "not-applicable",
		[VERDICT_COULD_NOT_CHECK] = "could-not-check",
	};
	static_assert(sizeof(words) / sizeof(*words) == VERDICT_COUNT, "a word for each verdict");

	return words[verdict];
}

int report_exit_status(const struct report *report)
{
	if (summary_found(report, SEVERITY_CRITICAL) || summary_found(report, SEVERITY_WARNING))
		return 1;
	return report->counts[VERDICT_COULD_NOT_CHECK] ? 3 : 0;
}

/* The first part says what is counted: "2 checks not applicable, 1 could not be made". */
static void verdict_put_checks(const struct report *report, struct buf *buf)
{
	static const char *const words[] = {
		[VERDICT_CLEAR] = "clear",
		[VERDICT_NOT_APPLICABLE] = "not applicable",
		[VERDICT_COULD_NOT_CHECK] = "could not be made",
	};
	const char *separator = "; ";
	bool noun_told = false;

	for (size_t verdict = VERDICT_CLEAR; verdict < VERDICT_COUNT; verdict++) {
		size_t count = report->counts[verdict];

		if (!count)
			continue;
		const char *noun = count == 1 ? " check" : " checks";
		buf_printf(buf, "%s%zu%s %s", separator, count, noun_told ? "" : noun,
			   words[verdict]);
		separator = ", ";
		noun_told = true;
	}
	if (!report->finding_count)
		buf_puts(buf, "; no check was made");
	if (report->rules.disabled.count)
		buf_printf(buf, "; %zu disabled by this site", report->rules.disabled.count);
}

void report_verdict(const struct report *report, struct buf *buf)
{
	size_t critical = summary_found(report, SEVERITY_CRITICAL);
	size_t warning = summary_found(report, SEVERITY_WARNING);
	size_t info = summary_found(report, SEVERITY_INFO);

	if (critical)
		buf_printf(buf, "%zu critical", critical);
	if (warning)
		buf_printf(buf, "%s%zu warning%s", critical ? ", " : "", warning,
			   warning == 1 ? "" : "s");
	if (!critical && !warning)
		buf_puts(buf, summary_nothing(report));
	if (info)
		buf_printf(buf, ", %zu info", info);
	verdict_put_checks(report, buf);
}
