// SPDX-License-Identifier: GPL-2.0-or-later
// One dump's view of the library, and the names that expressions see. Between check and evaluate:
// what is computed once per dump hangs here.
#ifndef EXPR_PROGRAM_H
#define EXPR_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "expr/code.h"
#include "expr/expr.h"
#include "expr/library.h"
#include "expr/stype.h"

struct dmesg;

/* A definition without parameters: checked once, computed once. */
struct shared {
	const struct code *code; /* NULL: not checked yet */
	struct scope *scope;
	struct value value;
	uint64_t *keys; /* of a walk's elements */
	bool is_done, is_running;
	bool is_partial;
	struct fault fault; /* of is_partial */
};

struct choice {
	const char *what, *chosen;
	struct choice *next;
};

struct program {
	const struct library *library;
	struct symtab *symtab;
	struct kernel *kernel; /* NULL: no dump */
	struct arena *arena;
	struct shared **shared; /* by the declaration's serial */
	struct index **indexes; /* likewise */
	size_t serials;
	struct choice *choices, **last_choice;
	size_t nodes; /* that may still be made by all checks together */
	struct budget shared_left; /* what all shared results may still take together */
	struct map choice_names;
	struct map variables; /* of the kernel, that were named so far: nodes */
	struct dmesg *log;
	struct fault log_fault;
	bool has_percpu_range;
	uint64_t percpu_start, percpu_end;
	uint64_t image_start, image_end; /* the kernel itself; 0, 0: not known */
};

/* Remembers which alternative was taken. */
void program_note_choice(struct program *program, const char *what, const char *chosen);
/* The kernel log, read once; NULL and why. */
const struct dmesg *program_log(struct program *program, struct fault *ret_fault);
struct shared *program_shared(struct program *program, size_t serial);
/* Budget of a result that is kept: the usual one, or what is left for all of them. */
struct budget program_budget(const struct program *program);
/* Charges what `frame` has used of a budget given by program_budget(), and the bytes that its result
 * keeps. */
void program_charge(struct program *program, const struct budget *given, const struct frame *frame,
		    size_t bytes);
struct index **program_index(struct program *program, size_t serial);
void index_free(struct index *index);

/* ---- names ---------------------------------------------------------------------------------- */

struct variable {
	const char *name;
	const struct code *code; /* reads it */
	bool is_row;		 /* bound by a walk or a let, so a group keeps it */
	struct variable *next;	 /* declared before it */
};

struct scope {
	struct program *program;
	struct scope *outer;	    /* names not found here are sought there; NULL: nowhere */
	struct scope *root;	    /* counts the slots of all its scopes, which share one frame */
	uint32_t slots;		    /* of a root */
	struct variable *variables; /* newest first */
	const struct code *object;  /* in `members:` bodies: `this` */
};

/* A scope inside `outer`. */
struct scope *scope_inside(struct scope *outer);
/* A scope that sees nothing of `other` but shares its frame. */
struct scope *scope_beside(struct scope *other);
uint32_t scope_slot(struct scope *scope);
uint32_t scope_slots(const struct scope *scope);
struct variable *scope_add(struct scope *scope, const char *name, const struct code *code);
const struct variable *scope_find(const struct scope *scope, const char *name);
/* Makes room in a frame for slots that were added since. */
void frame_fit(struct frame *frame);

/* ---- evaluators that are shared between files ------------------------------------------------ */

evaluator eval_constant, eval_slot, eval_let, eval_argument, eval_arguments;
walker each_arguments;
/* A walk as a value: a list. */
evaluator eval_collect;

/* memory */
evaluator eval_member, eval_load, eval_load_any, eval_dereference, eval_address, eval_element,
	eval_list_element, eval_text, eval_percpu_pointer;

/* operators */
evaluator eval_integer, eval_real, eval_scale, eval_negate, eval_complement, eval_compare,
	eval_compare_integers, eval_equal, eval_pointer_add, eval_pointer_difference, eval_not,
	eval_and, eval_or, eval_truth, eval_known, eval_conditional;
walker each_conditional;
evaluator eval_in_list, eval_join_texts, eval_join_lists, eval_list, eval_record, eval_field,
	eval_cast_integer, eval_cast_pointer, eval_to_real, eval_to_integer;

/* walks */
walker each_kernel, each_percpu, each_bits_of_integer, each_range, each_list, each_records,
	each_log, each_union, each_descend, each_generator, each_converted;

/* clauses */
row_walker rows_clauses, rows_filter, rows_group, rows_once;

/* aggregates: args[0] clauses, args[1] the value */
evaluator eval_count, eval_any, eval_all, eval_sum, eval_extreme, eval_first, eval_collect_rows,
	eval_walk_error;

/* functions: apply() of present arguments */
evaluator eval_builtin, eval_known_test, eval_reason, eval_container, eval_unknown, eval_enum_name;

/* computed once per dump */
evaluator eval_lookup, eval_lookup_all, eval_shared;
walker each_shared;

#endif
