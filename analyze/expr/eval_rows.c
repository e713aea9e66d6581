// SPDX-License-Identifier: GPL-2.0-or-later
// Rows of clauses, and what aggregates make of them.
#include <string.h>

#include "dump/dump.h"
#include "expr/code.h"
#include "expr/program.h"

/* ---- nested walks --------------------------------------------------------------------------- */

/* The walk of one clause: its elements become variables and the next clause runs inside. */
struct clause_sink {
	struct sink sink;
	const struct code *clauses;
	size_t position;
	struct loop *loop;
	bool has_ended; /* by `while` */
};

static bool clause_run(const struct code *clauses, size_t position, struct frame *frame,
		       struct loop *loop);

enum verdict_of_conditions { CONDITIONS_HOLD, CONDITIONS_FAIL, CONDITIONS_END, CONDITIONS_UNKNOWN };

static enum verdict_of_conditions conditions_hold(const struct clause *clause, struct frame *frame,
						  struct fault *ret_fault)
{
	for (size_t i = 0; i < clause->condition_count; i++) {
		struct value truth = code_run(clause->conditions[i].code, frame);

		if (truth.kind == VALUE_ABSENT) {
			*ret_fault = truth.absent;
			return CONDITIONS_UNKNOWN;
		}
		if (!value_truth(&truth))
			return clause->conditions[i].is_while ? CONDITIONS_END : CONDITIONS_FAIL;
	}
	return CONDITIONS_HOLD;
}

static bool clause_element(struct sink *sink, struct frame *frame, const struct value *value,
			   uint64_t key)
{
	struct clause_sink *self = (struct clause_sink *)sink;
	const struct clause *clause = &self->clauses->clauses.items[self->position];
	struct fault fault;

	frame->slots[clause->slot].value = *value;
	if (clause->key_slot != SLOT_NONE)
		frame->slots[clause->key_slot].value = value_int((__int128)key);
	if (!clause->condition_count)
		return clause_run(self->clauses, self->position + 1, frame, self->loop);
	switch (conditions_hold(clause, frame, &fault)) {
	case CONDITIONS_HOLD:
		return clause_run(self->clauses, self->position + 1, frame, self->loop);
	case CONDITIONS_UNKNOWN:
		return self->loop->unknown(self->loop, frame, &fault);
	case CONDITIONS_END:
		self->has_ended = true;
		return false;
	default:
		return true;
	}
}

static bool clause_run(const struct code *clauses, size_t position, struct frame *frame,
		       struct loop *loop)
{
	if (position == clauses->clauses.count)
		return loop->row(loop, frame);
	struct clause_sink self = {.sink = sink_new(frame, clause_element),
				   .clauses = clauses,
				   .position = position,
				   .loop = loop};
	bool goes_on = code_walk(clauses->clauses.items[position].walk, frame, &self.sink);

	if (self.sink.fault.code != ERROR_COUNT)
		loop_break(loop, frame, &self.sink.fault);
	return goes_on || self.has_ended;
}

bool rows_clauses(const struct code *code, struct frame *frame, struct loop *loop)
{
	return clause_run(code, 0, frame, loop);
}

bool rows_once(const struct code *code, struct frame *frame, struct loop *loop)
{
	(void)code;
	return loop->row(loop, frame);
}

/* ---- generators ----------------------------------------------------------------------------- */

struct generator {
	struct loop loop;
	const struct code *value;
	struct sink *sink;
	uint64_t count;
};

static bool generator_row(struct loop *loop, struct frame *frame)
{
	struct generator *generator = (struct generator *)loop;
	struct value value = code_run(generator->value, frame);

	return generator->sink->element(generator->sink, frame, &value, generator->count++);
}

/* Whether an element is there is not known: the walk is incomplete. */
static bool loop_unknown(struct loop *loop, struct frame *frame, const struct fault *fault)
{
	loop_break(loop, frame, fault);
	return true;
}

bool each_generator(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct generator generator = {
		.loop = {generator_row, loop_unknown, FAULT_NONE, sink->depth},
		.value = code->args[1],
		.sink = sink,
	};
	bool goes_on = code->args[0]->rows(code->args[0], frame, &generator.loop);

	if (generator.loop.fault.code != ERROR_COUNT)
		sink_break(sink, frame, &generator.loop.fault);
	return goes_on;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

/* What an aggregate has come to; `fault` of the loop: why it is not the last word. */
struct tally {
	struct loop loop;
	const struct code *code;
	uint64_t count;
	struct value value; /* sum, extreme, first, truth */
	struct value_list *list;
	size_t capacity;
};

static struct tally tally_run(const struct code *code, struct frame *frame, struct tally tally)
{
	const struct code *clauses = code->args[0];

	tally.loop.unknown = loop_unknown;
	tally.loop.fault = FAULT_NONE;
	tally.loop.depth = frame->depth;
	tally.code = code;
	clauses->rows(clauses, frame, &tally.loop);
	return tally;
}

static bool is_complete(const struct tally *tally)
{
	return tally->loop.fault.code == ERROR_COUNT;
}

static bool count_row(struct loop *loop, struct frame *frame)
{
	(void)frame;
	((struct tally *)loop)->count++;
	return true;
}

struct value eval_count(const struct code *code, struct frame *frame)
{
	struct tally tally = tally_run(code, frame, (struct tally){.loop.row = count_row});

	if (!is_complete(&tally))
		frame_partial(frame, &tally.loop.fault);
	return value_int((__int128)tally.count);
}

static bool truth_row(struct loop *loop, struct frame *frame)
{
	struct tally *tally = (struct tally *)loop;
	struct value value = code_run(tally->code->args[1], frame);

	if (value.kind == VALUE_ABSENT)
		loop_break(loop, frame, &value.absent);
	else if (value_truth(&value) == tally->value.integer)
		return true;
	else
		tally->count = 1; /* decided */
	return !tally->count;
}

/* `usual` is what the aggregate is when no row says otherwise. */
static struct value eval_logical(const struct code *code, struct frame *frame, bool usual)
{
	struct tally tally = tally_run(
		code, frame, (struct tally){.loop.row = truth_row, .value = value_bool(usual)});

	if (tally.count)
		return value_bool(!usual);
	return is_complete(&tally) ? value_bool(usual) : value_of_fault(&tally.loop.fault);
}

struct value eval_any(const struct code *code, struct frame *frame)
{
	return eval_logical(code, frame, false);
}

struct value eval_all(const struct code *code, struct frame *frame)
{
	return eval_logical(code, frame, true);
}

/* The row's value; false, and the fault noted, when it is missing. */
static bool row_value(struct tally *tally, struct frame *frame, struct value *ret)
{
	*ret = code_run(tally->code->args[1], frame);
	if (!is_missing(ret))
		return true;
	struct value absent = missing(ret);

	loop_break(&tally->loop, frame, &absent.absent);
	return false;
}

static bool sum_row(struct loop *loop, struct frame *frame)
{
	struct tally *tally = (struct tally *)loop;
	struct value value;

	if (!row_value(tally, frame, &value))
		return false;
	if (tally->value.kind == VALUE_REAL) {
		tally->value.real += value.kind == VALUE_REAL ? value.real : (double)value.integer;
	} else if (__builtin_add_overflow(tally->value.integer, value.integer,
					  &tally->value.integer)) {
		loop_break(loop, frame,
			   &(struct fault){ERROR_INVALID, 0, "number too big for 128 bits"});
		return false;
	}
	return true;
}

struct value eval_sum(const struct code *code, struct frame *frame)
{
	struct tally tally = {.loop.row = sum_row, .value = {.kind = code->op.kind}};

	tally = tally_run(code, frame, tally);
	return is_complete(&tally) ? tally.value : value_of_fault(&tally.loop.fault);
}

static bool extreme_row(struct loop *loop, struct frame *frame)
{
	struct tally *tally = (struct tally *)loop;
	struct value value;

	if (!row_value(tally, frame, &value))
		return false;
	bool is_first = tally->value.kind == VALUE_NONE;
	int order = is_first ? 0 : value_compare(&value, &tally->value);

	if (is_first || (tally->code->op.op == TOKEN_GREATER ? order > 0 : order < 0))
		tally->value = frame_keep(frame, &value, loop->depth);
	return true;
}

struct value eval_extreme(const struct code *code, struct frame *frame)
{
	struct tally tally = {.loop.row = extreme_row, .value = {.kind = VALUE_NONE}};

	tally = tally_run(code, frame, tally);
	return is_complete(&tally) ? tally.value : value_of_fault(&tally.loop.fault);
}

static bool first_row(struct loop *loop, struct frame *frame)
{
	struct tally *tally = (struct tally *)loop;
	struct value value = code_run(tally->code->args[1], frame);

	/* What comes after something unknown may not be the first. */
	if (is_complete(tally))
		tally->value = frame_keep(frame, &value, loop->depth);
	tally->count = is_complete(tally);
	return false;
}

struct value eval_first(const struct code *code, struct frame *frame)
{
	struct tally tally = {.loop.row = first_row, .value = {.kind = VALUE_NONE}};

	tally = tally_run(code, frame, tally);
	if (tally.count)
		return tally.value;
	return is_complete(&tally) ? tally.value : value_of_fault(&tally.loop.fault);
}

static bool collect_row(struct loop *loop, struct frame *frame)
{
	struct tally *tally = (struct tally *)loop;
	struct value value = code_run(tally->code->args[1], frame);

	if (list_append(frame, tally->list, &tally->capacity, &value, loop->depth))
		return true;
	loop_break(loop, frame, &(struct fault){ERROR_LIMIT, 0, frame->exhausted});
	return false;
}

struct value eval_collect_rows(const struct code *code, struct frame *frame)
{
	struct tally tally = {.loop.row = collect_row};

	tally.list = ARENA_NEW(frame_memory(frame), struct value_list);
	tally = tally_run(code, frame, tally);
	if (!is_complete(&tally)) {
		tally.list->is_partial = true;
		tally.list->fault = tally.loop.fault;
	}
	frame_charge(frame);
	return (struct value){.kind = VALUE_LIST, .list = tally.list};
}

static bool readable_row(struct loop *loop, struct frame *frame)
{
	struct tally *tally = (struct tally *)loop;
	struct value value = code_run(tally->code->args[1], frame);

	if (value.kind != VALUE_ABSENT)
		return true;
	loop_break(loop, frame, &value.absent);
	return false;
}

struct value eval_walk_error(const struct code *code, struct frame *frame)
{
	struct tally tally = tally_run(code, frame, (struct tally){.loop.row = readable_row});

	if (is_complete(&tally))
		return (struct value){.kind = VALUE_NONE};
	return fault_text(frame, &tally.loop.fault);
}

/* ---- filters ----------------------------------------------------------------------- */

struct filter {
	struct loop loop;
	const struct code *condition;
	struct loop *outer;
	bool is_innermost; /* so it begins the row */
};

static bool filter_row(struct loop *loop, struct frame *frame)
{
	struct filter *filter = (struct filter *)loop;

	if (filter->is_innermost)
		frame_next_row(frame);
	struct value truth = code_run(filter->condition, frame);

	if (truth.kind == VALUE_ABSENT)
		return filter->outer->unknown(filter->outer, frame, &truth.absent);
	return value_truth(&truth) ? filter->outer->row(filter->outer, frame) : true;
}

static bool filter_unknown(struct loop *loop, struct frame *frame, const struct fault *fault)
{
	struct filter *filter = (struct filter *)loop;

	return filter->outer->unknown(filter->outer, frame, fault);
}

bool rows_filter(const struct code *code, struct frame *frame, struct loop *loop)
{
	struct filter filter = {
		.loop = {filter_row, filter_unknown, FAULT_NONE, loop->depth},
		.condition = code->args[1],
		.outer = loop,
		.is_innermost = code->args[0]->rows != rows_filter,
	};
	bool goes_on = code->args[0]->rows(code->args[0], frame, &filter.loop);

	if (filter.loop.fault.code != ERROR_COUNT)
		loop_break(loop, frame, &filter.loop.fault);
	return goes_on;
}
