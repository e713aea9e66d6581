// SPDX-License-Identifier: GPL-2.0-or-later
// One dump's view of the library, and the names that expressions see. Between check and evaluate: what is
// computed once per dump hangs here.
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
	struct shared **shared;  /* by the declaration's serial */
	struct index **indexes;  /* likewise */
	size_t serials;
	struct choice *choices, **last_choice;
	struct map choice_names;
	struct dmesg *log;
	struct fault log_fault;
	bool has_percpu_range;
	uint64_t percpu_start, percpu_end;
};

/* Remembers which alternative was taken. */
void program_note_choice(struct program *program, const char *what, const char *chosen);
/* The kernel log, read once; NULL and why. */
const struct dmesg *program_log(struct program *program, struct fault *ret_fault);
struct shared *program_shared(struct program *program, size_t serial);
struct index **program_index(struct program *program, size_t serial);
void index_free(struct index *index);

/* ---- names ---------------------------------------------------------------------------------- */

struct variable {
	const char *name;
	const struct code *code; /* reads it */
	bool is_row;             /* bound by a walk or a let, so a group keeps it */
	struct variable *next;   /* declared before it */
};

struct scope {
	struct program *program;
	struct scope *outer;  /* names not found here are sought there; NULL: nowhere */
	struct scope *root;   /* counts the slots of all its scopes, which share one frame */
	uint32_t slots;       /* of a root */
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

struct value eval_constant(const struct code *code, struct frame *frame);
struct value eval_slot(const struct code *code, struct frame *frame);
struct value eval_let(const struct code *code, struct frame *frame);
struct value eval_argument(const struct code *code, struct frame *frame);
struct value eval_arguments(const struct code *code, struct frame *frame);
bool each_arguments(const struct code *code, struct frame *frame, struct sink *sink);
/* A walk as a value: a list. */
struct value eval_collect(const struct code *code, struct frame *frame);

/* memory */
struct value eval_member(const struct code *code, struct frame *frame);
struct value eval_load(const struct code *code, struct frame *frame);
struct value eval_load_any(const struct code *code, struct frame *frame);
struct value eval_dereference(const struct code *code, struct frame *frame);
struct value eval_address(const struct code *code, struct frame *frame);
struct value eval_element(const struct code *code, struct frame *frame);
struct value eval_list_element(const struct code *code, struct frame *frame);
struct value eval_text(const struct code *code, struct frame *frame);
struct value eval_percpu_pointer(const struct code *code, struct frame *frame);

/* operators */
struct value eval_integer(const struct code *code, struct frame *frame);
struct value eval_real(const struct code *code, struct frame *frame);
struct value eval_ratio(const struct code *code, struct frame *frame);
struct value eval_scale(const struct code *code, struct frame *frame);
struct value eval_negate(const struct code *code, struct frame *frame);
struct value eval_complement(const struct code *code, struct frame *frame);
struct value eval_compare(const struct code *code, struct frame *frame);
struct value eval_compare_integers(const struct code *code, struct frame *frame);
struct value eval_equal(const struct code *code, struct frame *frame);
struct value eval_pointer_add(const struct code *code, struct frame *frame);
struct value eval_pointer_difference(const struct code *code, struct frame *frame);
struct value eval_not(const struct code *code, struct frame *frame);
struct value eval_and(const struct code *code, struct frame *frame);
struct value eval_or(const struct code *code, struct frame *frame);
struct value eval_truth(const struct code *code, struct frame *frame);
struct value eval_known(const struct code *code, struct frame *frame);
struct value eval_conditional(const struct code *code, struct frame *frame);
bool each_conditional(const struct code *code, struct frame *frame, struct sink *sink);
struct value eval_in_list(const struct code *code, struct frame *frame);
struct value eval_join_texts(const struct code *code, struct frame *frame);
struct value eval_join_lists(const struct code *code, struct frame *frame);
struct value eval_list(const struct code *code, struct frame *frame);
struct value eval_record(const struct code *code, struct frame *frame);
struct value eval_field(const struct code *code, struct frame *frame);
struct value eval_cast_integer(const struct code *code, struct frame *frame);
struct value eval_cast_pointer(const struct code *code, struct frame *frame);
struct value eval_to_real(const struct code *code, struct frame *frame);
struct value eval_to_integer(const struct code *code, struct frame *frame);

/* walks */
bool each_kernel(const struct code *code, struct frame *frame, struct sink *sink);
bool each_percpu(const struct code *code, struct frame *frame, struct sink *sink);
bool each_bits_of_integer(const struct code *code, struct frame *frame, struct sink *sink);
bool each_range(const struct code *code, struct frame *frame, struct sink *sink);
bool each_list(const struct code *code, struct frame *frame, struct sink *sink);
bool each_records(const struct code *code, struct frame *frame, struct sink *sink);
bool each_log(const struct code *code, struct frame *frame, struct sink *sink);
bool each_union(const struct code *code, struct frame *frame, struct sink *sink);
bool each_descend(const struct code *code, struct frame *frame, struct sink *sink);
bool each_generator(const struct code *code, struct frame *frame, struct sink *sink);
bool each_converted(const struct code *code, struct frame *frame, struct sink *sink);

/* clauses */
bool rows_clauses(const struct code *code, struct frame *frame, struct loop *loop);
bool rows_filter(const struct code *code, struct frame *frame, struct loop *loop);
bool rows_group(const struct code *code, struct frame *frame, struct loop *loop);
bool rows_once(const struct code *code, struct frame *frame, struct loop *loop);

/* aggregates: args[0] clauses, args[1] the value */
struct value eval_count(const struct code *code, struct frame *frame);
struct value eval_any(const struct code *code, struct frame *frame);
struct value eval_all(const struct code *code, struct frame *frame);
struct value eval_sum(const struct code *code, struct frame *frame);
struct value eval_extreme(const struct code *code, struct frame *frame);
struct value eval_first(const struct code *code, struct frame *frame);
struct value eval_collect_rows(const struct code *code, struct frame *frame);
struct value eval_walk_error(const struct code *code, struct frame *frame);

/* functions: apply() of present arguments */
struct value eval_builtin(const struct code *code, struct frame *frame);
struct value eval_known_test(const struct code *code, struct frame *frame);
struct value eval_reason(const struct code *code, struct frame *frame);
struct value eval_container(const struct code *code, struct frame *frame);
struct value eval_unknown(const struct code *code, struct frame *frame);
struct value eval_enum_name(const struct code *code, struct frame *frame);

/* computed once per dump */
struct value eval_lookup(const struct code *code, struct frame *frame);
struct value eval_lookup_all(const struct code *code, struct frame *frame);
struct value eval_shared(const struct code *code, struct frame *frame);
bool each_shared(const struct code *code, struct frame *frame, struct sink *sink);

#endif
