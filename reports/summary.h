// SPDX-License-Identifier: GPL-2.0-or-later
// What the text and the page both say, in the same words.
#ifndef REPORTS_SUMMARY_H
#define REPORTS_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "reports/report.h"

/* Findings of a verdict (FOUND: and severity), in the report's order: start with *position = 0;
 * NULL at the end. */
const struct finding *summary_next(const struct report *report, enum verdict verdict,
				   enum severity severity, size_t *position);
/* How many FOUND findings have this severity. */
size_t summary_found(const struct report *report, enum severity severity);
/* What stands in the place of warnings where there are none. */
const char *summary_nothing(const struct report *report);
/* What the dump's own judgement makes of a finding that could not be checked: that its filter threw away what
 * the kernel was using; or NULL. The finding keeps its reason, with the address. */
const char *summary_cause(const struct report *report, const struct finding *finding);
/* Under which words a finding is shown: its cause, its reason, or words for there being none. */
const char *summary_reason(const struct report *report, const struct finding *finding);
/* Whether an earlier finding of the same verdict has the same reason: it heads one group. */
bool summary_reason_seen(const struct report *report, const struct finding *finding);
/* "1 more row", "12 more rows". */
void summary_put_more(struct buf *buf, size_t more, const char *noun);
/* Lines of the kernel log: never fewer than the report holds. */
size_t summary_log_total(const struct report *report);
/* Messages that were found but are not held here. */
size_t summary_messages_left(const struct finding *finding);

typedef void summary_fact(void *context, const char *label, const char *value);
/* Calls `fact` for each line about the machine and its end; values may hold any bytes. */
void summary_machine(const struct report *report, summary_fact *fact, void *context);
/* The same about the dump, the sources and the rules. */
void summary_sources(const struct report *report, summary_fact *fact, void *context);
/* The same of each of the names that differ between kernels: dozens, of use to authors of rules. */
void summary_alternatives(const struct report *report, summary_fact *fact, void *context);

/* "12.5 s", "3 min 20 s", "2 d 4 h"; "512 MiB". */
void summary_put_duration(struct buf *buf, double seconds);
void summary_put_size(struct buf *buf, uint64_t bytes);

#endif
