// SPDX-License-Identifier: GPL-2.0-or-later
// Typed nodes and the frame they run in. A node's operands are nodes; what it looked up when it was
// checked (offsets, sizes, slots) stands in it as numbers.
#ifndef EXPR_CODE_H
#define EXPR_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "expr/expr.h"
#include "expr/lex.h"
#include "expr/stype.h"
#include "value/value.h"

struct builtin;
struct clause;
struct code;
struct dump;
struct frame;
struct group;
struct index;
struct kernel;
struct shared;
struct walk;

/* Computes a node's value; cannot fail. */
typedef struct value evaluator(const struct code *code, struct frame *frame);

/* Who takes the elements of a walk. `element` returns false to stop the walk. */
struct sink {
	bool (*element)(struct sink *sink, struct frame *frame, const struct value *value,
			uint64_t key);
	struct fault fault; /* ERROR_COUNT: nothing broke so far */
	uint32_t depth;	    /* level in which its owner's results live */
};

/* Who takes the rows of clauses. Both return false to stop. */
struct loop {
	bool (*row)(struct loop *loop, struct frame *frame);
	/* A row whose condition is unknown. */
	bool (*unknown)(struct loop *loop, struct frame *frame, const struct fault *fault);
	struct fault fault;
	uint32_t depth;
};

#define FAULT_NONE ((struct fault){.code = ERROR_COUNT})

/* Hands the elements of a walk to a sink, the rows of clauses to a loop; false when that stopped
 * it. */
typedef bool walker(const struct code *code, struct frame *frame, struct sink *sink);
typedef bool row_walker(const struct code *code, struct frame *frame, struct loop *loop);

enum { SLOT_NONE = UINT32_MAX };

struct code {
	evaluator *eval;
	walker *each;	  /* of walks */
	row_walker *rows; /* of clauses */
	struct stype stype;
	const struct code **args;
	size_t count;
	unsigned height;
	/* Its value may be a lower bound, or come from one: see frame_is_partial(). */
	bool may_be_partial;
	/* No side effect and no cost worth sparing: may stand for itself in several places. */
	bool is_cheap;
	union {
		struct value constant;
		uint32_t slot;
		/* Data `offset` bytes behind the address that args[0] is or points at. */
		struct {
			uint64_t offset;
			const struct type *type;
			uint32_t bit_offset, bit_size;
			uint32_t size; /* bytes of a scalar, or of an element */
			uint64_t count; /* elements of the array it is one of; 0: nobody knows */
			enum value_kind kind;
			bool is_signed;
		} memory;
		struct {
			enum token_kind op;
			enum value_kind kind;
			bool is_32;    /* pointers of 32 bits */
			uint64_t unit; /* bytes of what a pointer points at */
		} op;
		struct {
			unsigned bits;
			bool is_signed, is_bool;
			const struct type *type;
		} cast;
		struct {
			const struct builtin *builtin;
			const void *data;
			uint64_t number;
		} call;
		struct {
			struct clause *items;
			size_t count;
		} clauses;
		struct {
			const uint32_t *slots;
			size_t count;
		} arguments;
		struct {
			const struct type *type; /* of the elements */
			uint64_t offset;	 /* of the node in an element, or count */
			struct walk *(*open)(struct kernel *kernel, struct arena *arena,
					     uint64_t address, const struct type *type,
					     uint64_t offset);
		} walk;
		struct shared *shared;
		struct index *index;
		struct group *group;
		const struct stype_fields *fields;
	};
};

/* One walk of clauses and the conditions of its elements. */
struct clause {
	const struct code *walk;
	uint32_t slot, key_slot;
	struct {
		bool is_while;
		const struct code *code;
	} conditions[4];
	size_t condition_count;
};

/* ---- frame ---------------------------------------------------------------------------------- */

/* A variable. Bound ones are set by their walk; lets and arguments are computed when first read. */
struct slot {
	struct value value;
	uint64_t serial; /* of the row (let), or 1 (argument): value is there */
	uint32_t depth;	 /* argument: of the call */
	bool is_partial;
};

/* Memory of one loop's current element. */
struct level {
	struct arena *arena;
	bool is_used;
	size_t bytes; /* charged to the budget */
};

enum {
	FRAME_LEVELS = 200,   /* loops inside each other */
	FRAME_NESTING = 1500, /* nodes inside each other while evaluating */
};

struct frame {
	struct program *program;
	const struct scope *scope;
	struct kernel *kernel; /* NULL: types only */
	struct dump *dump;     /* NULL: types only */
	bool swap;	       /* numbers of the dump are in the other byte order */
	struct slot *slots;
	size_t slot_count;
	struct level *levels;
	uint32_t depth;	  /* of loops: the current level */
	unsigned nesting; /* of nodes */
	struct budget left;
	const char *exhausted;
	uint64_t row; /* serial of the current row, from 2 */
	uint32_t row_depth;
	uint64_t partials; /* incomplete results that were evaluated */
	struct fault partial_fault;
};

/* Memory for the current element; charges are settled by frame_charge(). */
struct arena *frame_memory(struct frame *frame);
/* Charges what has been allocated from frame_memory() since. */
void frame_charge(struct frame *frame);
/* Begins a loop: a new level. False, and the reason in *ret_fault, when there are too many. */
bool frame_enter(struct frame *frame, struct fault *ret_fault);
/* Begins the next element: what the previous one allocated is gone. False when a budget is used up.
 */
bool frame_next(struct frame *frame, struct fault *ret_fault);
void frame_leave(struct frame *frame);
/* A row begins: its lets are not computed yet. */
static inline void frame_next_row(struct frame *frame)
{
	frame->row++;
	frame->row_depth = frame->depth;
}

/* Charges work that is not seen in nodes: `steps` of it. */
static inline void frame_spend(struct frame *frame, uint64_t steps)
{
	frame->left.steps -= steps < frame->left.steps ? steps : frame->left.steps;
}

/* Charges looking at a whole text, which takes long when there are many long ones. */
static inline void frame_spend_text(struct frame *frame, const struct value *value)
{
	if (value->kind == VALUE_STRING)
		frame_spend(frame, value->string.length / 64);
}

/* Zeroed array in the memory of a level, charged. */
void *frame_array_at(struct frame *frame, uint32_t depth, size_t count, size_t size);
/* Appends to a list that lives in a level; false when a budget is used up. */
bool list_append(struct frame *frame, struct value_list *list, size_t *capacity,
		 const struct value *value, uint32_t depth);
/* Marks a budget as used up. */
struct value frame_exhaust(struct frame *frame, const char *what);
/* An incomplete result has been evaluated. */
void frame_partial(struct frame *frame, const struct fault *fault);
/* Copy in the memory of a lower level. */
struct value frame_keep(struct frame *frame, const struct value *value, uint32_t depth);
/* As frame_keep() of a fault's words. */
struct fault frame_keep_fault(struct frame *frame, const struct fault *fault, uint32_t depth);

static inline struct value value_of_fault(const struct fault *fault)
{
	return (struct value){.kind = VALUE_ABSENT, .absent = *fault};
}

/* Evaluates a node: every evaluation of an operand goes through here. */
static inline struct value code_run(const struct code *code, struct frame *frame)
{
	if (__builtin_expect(frame->left.steps == 0 || frame->exhausted, false))
		return frame_exhaust(frame, "evaluation steps");
	if (__builtin_expect(frame->nesting >= FRAME_NESTING, false))
		return value_absent(ERROR_LIMIT, 0, "expressions nested too deeply");
	frame->left.steps--;
	frame->nesting++;
	struct value value = code->eval(code, frame);

	frame->nesting--;
	return value;
}

static inline struct sink sink_new(const struct frame *frame,
				   bool (*element)(struct sink *, struct frame *,
						   const struct value *, uint64_t))
{
	return (struct sink){element, FAULT_NONE, frame->depth};
}

/* The walk broke off; the first reason is kept. */
static inline void sink_break(struct sink *sink, struct frame *frame, const struct fault *fault)
{
	if (sink->fault.code == ERROR_COUNT)
		sink->fault = frame_keep_fault(frame, fault, sink->depth);
}

static inline void loop_break(struct loop *loop, struct frame *frame, const struct fault *fault)
{
	if (loop->fault.code == ERROR_COUNT)
		loop->fault = frame_keep_fault(frame, fault, loop->depth);
}

/* The same for a walk's elements; a walk that is not there at all is a fault. False when the sink
 * stopped it. */
bool code_walk(const struct code *code, struct frame *frame, struct sink *sink);

static inline bool is_missing(const struct value *value)
{
	return value->kind <= VALUE_NONE;
}

/* What an operation on a missing operand gives. */
static inline struct value missing(const struct value *value)
{
	return value->kind == VALUE_NONE ? value_absent(ERROR_INVALID, 0, "none has no value")
					 : *value;
}

/* Truth of a present value. */
static inline bool value_truth(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NONE:
		return false;
	case VALUE_BOOL:
	case VALUE_INT:
	case VALUE_POINTER:
		return value->integer != 0;
	case VALUE_REAL:
		return value->real != 0;
	default:
		return true;
	}
}

static inline struct value value_text(const char *data, size_t length)
{
	return (struct value){.kind = VALUE_STRING, .string = {.data = data, .length = length}};
}

/* "not saved in the dump (0xffff…)", in the current memory. */
struct value fault_text(struct frame *frame, const struct fault *fault);
/* Equality of two present values of comparable kinds; none equals none. */
bool value_equal(const struct value *a, const struct value *b);

#endif
