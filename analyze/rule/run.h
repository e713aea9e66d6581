// SPDX-License-Identifier: GPL-2.0-or-later
// Evaluates rules and views one by one, each with a frame and a budget of its own, into findings
// and tables.
#ifndef RULE_RUN_H
#define RULE_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "expr/expr.h"

struct arena;
struct dump;
struct finding;
struct rule;
struct symtab;
struct view_result;

enum {
	RUN_ROWS_LIMIT = 200 * 1000, /* rows one rule or view may hold */
	RUN_SECONDS = 300, /* a watchdog over a whole run: far more than sane rules take */
};

struct runner {
	struct program *program;
	struct dump *dump;
	struct symtab *symtab;
	struct arena *arena;     /* results go here */
	struct budget budget;    /* of each rule, view, or part of a view */
	double seconds; /* of processor time, after which what comes next is left out; 0: never */
	size_t rows;             /* rows and messages kept of each; 0: up to RUN_ROWS_LIMIT */
	const struct expr *keep; /* views: rows for which this is true of the columns; NULL: all */
	/* Told of each error in a rule, with caret; may be NULL. */
	void (*problem)(void *context, const struct rule *rule, const struct error *error);
	void *context;
};

/* Neither can fail: what goes wrong is said in the result. */
void run_rule(const struct runner *runner, const struct rule *rule, struct finding *ret);
void run_view(const struct runner *runner, const struct rule *rule, struct view_result *ret);

#endif
