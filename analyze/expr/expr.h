// SPDX-License-Identifier: GPL-2.0-or-later
// The rule language's expressions, in three stages:
//   parse    text -> struct expr       knows no types; once per rule file
//   check    struct expr -> struct code  knows types and symbols, no bytes; once per dump
//   evaluate struct code -> struct value looks nothing up; many times, cannot fail
// man/kmortem-rules.7 is the reference.
#ifndef EXPR_EXPR_H
#define EXPR_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "value/value.h"

struct arena;
struct buf;
struct kernel;
struct symtab;

/* ---- parse ---------------------------------------------------------------------------------- */

/* A piece of text and where it stands, so that messages point into the file it came from. The
 * struct is copied; what it points to lives as long as what was parsed from it, for messages of the
 * later stages. */
struct expr_text {
	const char *file; /* "rules/memory.yaml", "--where", "expression" */
	const char *text; /* what is parsed, NUL-terminated, at most EXPR_TEXT_LIMIT bytes */
	const char *const
		*lines; /* the file's lines, for the caret; NULL: `text` is the only line */
	size_t line_count;
	/* Maps an offset in `text` to line and column (from 1) of the file; NULL: counted in
	 * `text`. */
	void (*locate)(const struct expr_text *text, size_t offset, size_t *ret_line,
		       size_t *ret_column);
	const void *context; /* for locate */
};

enum { EXPR_TEXT_LIMIT = 64 * 1024, EXPR_DEPTH_LIMIT = 200 };

/* What is to be parsed. */
enum expr_start {
	EXPR_START_EXPRESSION, /* rq.nr_running > 4 */
	EXPR_START_CLAUSES,    /* b in array(h.ehash, n) where b.x, sk in hlist(…) */
	EXPR_START_SIGNATURE,  /* threads(p), or a bare name */
	EXPR_START_MEMBER,   /* __sk_common.skc_state, (a.b|c|none), or an expression over `this` */
	EXPR_START_TYPE,     /* struct list_head *[4] */
	EXPR_START_TEMPLATE, /* CPU {cpu}: {n} task(s) wait; {{ and }} are braces */
	EXPR_START_NEED,     /* runqueues, struct rq, struct rq.clock, enum x, module sunrpc */
};

struct expr; /* syntax tree, lives in the arena it was parsed into */

/* Errors are ERROR_SYNTAX; the message is "FILE:LINE:COLUMN: what was expected", a newline, the
 * line, a newline and the caret line (the only error messages of more than one line). */
struct error *expr_parse(struct arena *arena, const struct expr_text *text, enum expr_start start,
			 struct expr **ret) MUST_CHECK;
/* An error that points at the start of `expr`, in the same form; for what callers find wrong with
 * one. */
struct error *expr_error(const struct expr *expr, enum error_code code, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;
/* "FILE:LINE" of where an expression begins; lives in the arena. */
const char *expr_place(const struct expr *expr, struct arena *arena);
/* What to sort by: `-x` and `desc(x)` are x, descending; everything else is itself, ascending. */
const struct expr *expr_sort_key(const struct expr *expr, bool *ret_descending);
/* Name of a SIGNATURE; its parameters by position, NULL past the end. */
const char *expr_signature_name(const struct expr *signature);
const char *expr_signature_parameter(const struct expr *signature, size_t position);

/* ---- library: what rules/lib declares ---------------------------------------------------------
 */

struct library; /* definitions, computed members, types of variables, indexes; knows no types */

struct library *library_new(struct arena *arena);
/* A later declaration of the same name replaces the earlier one (site files override). Each returns
 * false when the *same file* already declared it. Definitions with a walk inside and no parameters
 * are computed once per dump. */
bool library_define(struct library *library, const struct expr *signature, const struct expr *body);
bool library_member(struct library *library, const struct expr *type, const char *name,
		    const struct expr *path);
bool library_variable(struct library *library, const char *name, const struct expr *type);
/* An index: for every row of `clauses`, `value` under `key`; used by lookup() and lookup_all(). */
bool library_index(struct library *library, const char *name, const struct expr *clauses,
		   const struct expr *key, const struct expr *value);
/* A declaration that took the place of another file's; both are "FILE:LINE". */
struct redefinition {
	const char *words; /* "definition tasks", "member struct sock.sk_state" */
	const char *before, *after;
};

/* Redefinitions by position, in the order in which they came; false past the end. The same words again are none. */
bool library_redefined(const struct library *library, size_t position, struct redefinition *ret);
/* Not all that this file declares could be read: a name that is not found may be one of its. */
void library_add_gap(struct library *library, const char *file);

/* ---- check ---------------------------------------------------------------------------------- */

/* One dump's view of the library: types resolved on first use, results of definitions without
 * parameters and indexes kept. Owns an arena; kernel NULL: no dump, types only (rules check --btf).
 */
struct program;

struct program *program_new(const struct library *library, struct symtab *symtab,
			    struct kernel *kernel);
void program_free(struct program *program);
/* Member alternatives and either() that were decided so far: "task_struct.(__state|state)" ->
 * "__state". NULL past the end. */
const char *program_choice(const struct program *program, size_t position, const char **ret_chosen);

/* Names visible to an expression: variables with a place in the frame, and constants. */
struct scope;

/* An empty scope; later ones nest. Lives in the program. */
struct scope *scope_new(struct program *program);
/* A constant (a parameter of a rule), already evaluated. */
void scope_add_constant(struct scope *scope, const char *name, struct value value);

struct code;

/* What kind of thing a code evaluates to, as far as callers care. */
enum code_shape { CODE_VALUE, CODE_BOOL, CODE_WALK, CODE_RECORD_WALK };

/* Checks one expression. Errors: ERROR_SYNTAX (wrong types, unknown function; message with caret),
 * ERROR_NOT_FOUND (a complete source does not have the name; caret and nearest name),
 * ERROR_AMBIGUOUS, ERROR_NO_SOURCE (nothing to ask: could not check). */
struct error *expr_check(struct program *program, struct scope *scope, const struct expr *expr,
			 struct code **ret) MUST_CHECK;
/* Whether the name of a column says that it is in seconds: "rx_idle_s". */
bool expr_names_seconds(const char *name);
/* As expr_check_let(), of a column: a duration of which the name says that it is in seconds may be compared with plain
 * numbers. */
struct error *expr_check_column(struct program *program, struct scope *scope, const char *name,
				const struct expr *expr) MUST_CHECK;
/* Checks `name: expression`, and makes `name` visible to what is checked later in this scope; it is
 * evaluated lazily, at most once per row. */
struct error *expr_check_let(struct program *program, struct scope *scope, const char *name,
			     const struct expr *expr) MUST_CHECK;
/* Checks a for-clause; its variables become visible in the scope. */
struct error *expr_check_clauses(struct program *program, struct scope *scope,
				 const struct expr *clauses, struct code **ret) MUST_CHECK;
/* Checks a `where` over the rows of `clauses` (and the lets checked so far); from then on
 * *ret_clauses stands for the rows for which it is true. Rows for which it is unknown go to
 * code_each()'s `unknown`. */
struct error *expr_check_filter(struct program *program, struct scope *scope,
				const struct expr *where, struct code *clauses,
				struct code **ret) MUST_CHECK;
/* Whether a NEED is there: NULL, or ERROR_NOT_FOUND / ERROR_NO_SOURCE. */
struct error *expr_check_need(struct program *program, const struct expr *need) MUST_CHECK;
enum code_shape code_shape(const struct code *code);
/* Its static type in words, for messages and `kmortem eval -v`: "struct rq", "duration", "walk of
 * struct sock". */
void code_print_type(const struct code *code, struct buf *buf);
/* Groups the rows of `clauses`: `key` and `rows` (a list of records of the row's variables and
 * lets) are the only row variables of *ret_scope. *ret_clauses yields one row per different key, in
 * the order in which they first appear. */
struct error *expr_check_group(struct program *program, struct scope *scope, const struct expr *key,
			       struct code *clauses, struct scope **ret_scope,
			       struct code **ret_clauses) MUST_CHECK;

/* ---- evaluate ------------------------------------------------------------------------------- */

/* Bounds of one evaluation. Shared results (definitions, indexes) are charged to budgets of their
 * own. */
struct budget {
	uint64_t steps; /* nodes evaluated */
	uint64_t reads; /* reads of the dump */
	uint64_t bytes; /* of arena */
};

#define BUDGET_DEFAULT                                                                             \
	((struct budget){                                                                          \
		.steps = 200u * 1000 * 1000, .reads = 50u * 1000 * 1000, .bytes = 64u << 20})

/* A running evaluation: variables of the current row, arena, budget. Once a budget is used up,
 * everything is absent with ERROR_LIMIT. */
struct frame;

struct frame *frame_new(struct program *program, const struct scope *scope,
			const struct budget *budget);
void frame_free(struct frame *frame);
/* What is computed for the current row lives here; released when the next row begins. */
struct arena *frame_arena(struct frame *frame);
/* NULL, or which budget is used up. */
const char *frame_exhausted(const struct frame *frame);
/* Whether a count or length that was evaluated since frame_new() is a lower bound because its walk
 * broke off; why goes to *ret_fault (may be NULL). Comparisons have taken it into account (3 or more
 * is > 2, and nobody knows whether it is < 5) and do not show here; what is shown or computed with
 * does, so a verdict of CLEAR needs this to be false. */
bool frame_is_partial(const struct frame *frame, struct fault *ret_fault);

/* Value of a code in the current row; scalars are loaded, a walk is collected into a list. Strings,
 * lists and records live in the frame's arena until the frame moves to the next row. */
struct value code_eval(const struct code *code, struct frame *frame);
/* A template's text, unreadable pieces as "?"; appended to `buf`. */
void code_eval_template(const struct code *code, struct frame *frame, struct buf *buf);
/* Runs `row` for every row of a for-clause until it returns false. A row whose `where` is unknown
 * calls `unknown` instead (may be NULL) with why. *ret_fault (code ERROR_COUNT: complete) says why
 * the rows are not complete: a walk broke off, or a budget is used up. */
void code_each(const struct code *clauses, struct frame *frame, bool (*row)(void *context),
	       void (*unknown)(void *context, const struct fault *fault), void *context,
	       struct fault *ret_fault);
/* A copy that lives in `arena`: strings, lists and records are copied along. */
struct value value_keep(const struct value *value, struct arena *arena);

/* ---- reference ------------------------------------------------------------------------------ */

/* One function of the language, for `kmortem rules functions` and the manual. */
struct expr_builtin {
	const char *name;   /* "string" */
	const char *call;   /* "string(p, n)" */
	const char *result; /* "string" */
	const char *words;  /* what it does, one sentence without full stop */
};

/* All functions and walks by position; NULL past the end. */
const struct expr_builtin *expr_builtin(size_t position);

#endif
