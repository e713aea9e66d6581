// SPDX-License-Identifier: GPL-2.0-or-later
// What a report says besides findings and views: the dump, the kernel, its end, where names came from.
#ifndef ANALYZE_FACTS_H
#define ANALYZE_FACTS_H

struct buf;
struct dmesg_record;
struct report;
struct session;

/* Fills dump, kernel, panic and sources of a report from an open session; strings go to the report's arena. */
void facts_fill(const struct session *session, struct report *report);
/* The last lines of the kernel's log. */
void facts_fill_log(const struct session *session, struct report *report);
/* The member alternatives that were chosen; after the rules have run. */
void facts_fill_choices(const struct session *session, struct report *report);
/* "[   12.345678] text" without bytes a terminal would obey; further lines are indented. */
void log_line_put(const struct dmesg_record *record, struct buf *buf);

#endif
