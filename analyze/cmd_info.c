// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "cmd.h"
#include "dump/dump.h"
#include "facts.h"
#include "options.h"
#include "reports/lines.h"
#include "reports/report.h"
#include "reports/summary.h"
#include "rule/prepare.h"
#include "rule/rule.h"
#include "session.h"

enum { LABEL_WIDTH = 16 };

struct printer {
	struct report_style style;
	struct buf *buf;
};

static void put_fact(void *context, const char *label, const char *value)
{
	const struct printer *printer = context;
	char *lead _cleanup_free_ = mem_printf("%-*s", LABEL_WIDTH, label);

	lines_put_wrapped(printer->buf, &printer->style, lead, LABEL_WIDTH, value);
}

static void put_work(const struct dump *dump, struct buf *buf)
{
	const struct dump_counters *counters = dump_counters(dump);

	buf_printf(buf, "%-*s%llu reads, %llu bytes, %llu pages, %llu translations\n", LABEL_WIDTH,
		   "Work", (unsigned long long)counters->reads, (unsigned long long)counters->bytes,
		   (unsigned long long)counters->pages, (unsigned long long)counters->translations);
}

/* What the rules would choose on this kernel: each is checked, none is run. */
static void put_alternatives(const struct session *session, struct report *report,
			     struct printer *printer)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_set_at(session->rules, i)); i++) {
		if (!rule->fault)
			error_free(prepare_check(session->program, rule));
	}
	facts_fill_choices(session, report);
	summary_alternatives(report, put_fact, printer);
}

struct error *cmd_info(struct session *session, const struct options *options, int *ret_status)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct report report = {.arena = arena};
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct printer printer = {.buf = &buf};
	struct error *error = options->verbose ? session_load_rules(session, options) : NULL;

	if (!error)
		error = session_open(session, options, options->words.items, options->words.count);
	if (error)
		return error;
	facts_fill(session, &report);
	session_remark_parts(session, &report);
	output_style(options, &printer.style);
	summary_machine(&report, put_fact, &printer);
	summary_sources(&report, put_fact, &printer);
	if (options->verbose) {
		put_work(session->dump, &buf);
		put_alternatives(session, &report, &printer);
	}
	*ret_status = report.dump.truncated ? EXIT_INCOMPLETE : EXIT_DONE;
	return output_print(&buf);
}
