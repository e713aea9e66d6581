// SPDX-License-Identifier: GPL-2.0-or-later
// A rule or view checked against one kernel: what is evaluated for its rows.
#ifndef RULE_PREPARE_H
#define RULE_PREPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct arena;
struct code;
struct expr;
struct needs;
struct params;
struct program;
struct rule;
struct rule_part;
struct scope;
struct value;

struct prepared_column {
	const struct code *code; /* NULL: this kernel does not have what the cell shows */
	const char *reason;      /* then: why */
};

/* One part. Codes are NULL where the rule has no such expression. */
struct prepared {
	struct scope *scope; /* for the frame they are evaluated in */
	const struct code *clauses, *flag, *message, *keep;
	const struct code *where; /* of a rule without clauses */
	const struct prepared_column *columns;
	const struct code *const *sorts; /* NULL: this one sorts by a column */
};

/* Whether what --set gave is of the kind the rule was written for. ERROR_INVALID, or as params_new(). */
struct error *params_check(struct program *program, const struct rule *rule) MUST_CHECK;

/* The values of a rule's parameters; they do not change from row to row. */
struct error *params_new(struct program *program, const struct rule *rule,
			 struct params **ret) MUST_CHECK;
void params_free(struct params *params);
/* A scope in which the parameters are constants. */
struct scope *params_scope(const struct params *params, struct program *program,
			   const struct rule *rule);

/* Whether everything under `needs` is there: ERROR_NOT_FOUND, ERROR_NO_SOURCE. */
struct error *prepare_needs(struct program *program, const struct needs *needs) MUST_CHECK;
/* Whether a part's `when` lets it in: *ret_fault (code ERROR_COUNT: known) says why that is
 * unknown. */
struct error *prepare_when(struct program *program, const struct rule *rule,
			   const struct rule_part *part, const struct params *params, bool *ret,
			   struct fault *ret_fault) MUST_CHECK;
/* A cell that names what this kernel does not have is prepared as unknown, unless `is_strict`.
 * `keep`: one more condition on rows, over the columns as well (kmortem view --where), or NULL.
 * Errors as of expr_check(). */
struct error *prepare_part(struct program *program, const struct rule *rule,
			   const struct rule_part *part, const struct params *params,
			   const struct expr *keep, bool is_strict, struct arena *arena,
			   struct prepared *ret) MUST_CHECK;
/* Truth of a value: 1, 0, or -1 and why it is unknown. */
int value_truth(const struct value *value, struct fault *ret_fault);
/* What is wrong, for the reader of a report: the place in the rule file says nothing to them. */
const char *reason_of_error(const struct error *error, struct arena *arena);
/* Needs, parameters and every part, without evaluating a row: kmortem rules check. */
struct error *prepare_check(struct program *program, const struct rule *rule) MUST_CHECK;

#endif
