// SPDX-License-Identifier: GPL-2.0-or-later
// Where an evaluation keeps its variables, its memory and its budget.
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "dump/dump.h"
#include "expr/code.h"
#include "expr/program.h"
#include "kernel/kernel.h"

struct frame *frame_new(struct program *program, const struct scope *scope,
			const struct budget *budget)
{
	struct frame *frame = mem_zero(sizeof(*frame));

	frame->program = program;
	frame->scope = scope;
	frame->kernel = program->kernel;
	frame->dump = frame->kernel ? frame->kernel->dump : NULL;
	if (frame->dump)
		frame->swap = dump_arch(frame->dump)->big_endian !=
			      (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	frame->levels = mem_zero(FRAME_LEVELS * sizeof(*frame->levels));
	frame->left = *budget;
	frame->row = 2;
	frame->partial_fault = FAULT_NONE;
	frame_fit(frame);
	return frame;
}

void frame_free(struct frame *frame)
{
	if (!frame)
		return;
	for (size_t i = 0; i < FRAME_LEVELS; i++)
		arena_free(frame->levels[i].arena);
	free(frame->levels);
	free(frame->slots);
	free(frame);
}

void frame_fit(struct frame *frame)
{
	size_t count = scope_slots(frame->scope);

	if (count <= frame->slot_count)
		return;
	frame->slots = mem_resize(frame->slots, count, sizeof(*frame->slots));
	memset(frame->slots + frame->slot_count, 0,
	       (count - frame->slot_count) * sizeof(*frame->slots));
	frame->slot_count = count;
}

struct value frame_exhaust(struct frame *frame, const char *what)
{
	if (!frame->exhausted)
		frame->exhausted = what;
	return value_absent(ERROR_LIMIT, 0, frame->exhausted);
}

const char *frame_exhausted(const struct frame *frame)
{
	return frame->exhausted;
}

static struct level *level_at(struct frame *frame, uint32_t depth)
{
	struct level *level = &frame->levels[depth];

	if (!level->arena)
		level->arena = arena_new();
	level->is_used = true;
	return level;
}

struct arena *frame_memory(struct frame *frame)
{
	return level_at(frame, frame->depth)->arena;
}

struct arena *frame_arena(struct frame *frame)
{
	return frame_memory(frame);
}

static void level_charge(struct frame *frame, struct level *level)
{
	size_t used = arena_used(level->arena), more = used - level->bytes;

	level->bytes = used;
	if (more > frame->left.bytes) {
		frame->left.bytes = 0;
		frame_exhaust(frame, "memory of an evaluation");
		return;
	}
	frame->left.bytes -= more;
}

void frame_charge(struct frame *frame)
{
	level_charge(frame, level_at(frame, frame->depth));
}

void *frame_array_at(struct frame *frame, uint32_t depth, size_t count, size_t size)
{
	struct level *level = level_at(frame, depth);
	void *array = arena_zero_array(level->arena, count, size);

	level_charge(frame, level);
	return array;
}

static void level_release(struct frame *frame, struct level *level)
{
	if (!level->is_used)
		return;
	arena_reset(level->arena);
	frame->left.bytes += level->bytes;
	level->bytes = 0;
	level->is_used = false;
}

bool frame_enter(struct frame *frame, struct fault *ret_fault)
{
	if (frame->depth + 1 == FRAME_LEVELS) {
		*ret_fault = (struct fault){ERROR_LIMIT, 0, "walks nested too deeply"};
		return false;
	}
	frame->depth++;
	return true;
}

bool frame_next(struct frame *frame, struct fault *ret_fault)
{
	struct level *level = &frame->levels[frame->depth];

	if (level->is_used) {
		level_charge(frame, level);
		level_release(frame, level);
	}
	if (frame->left.steps == 0)
		frame_exhaust(frame, "evaluation steps");
	if (!frame->exhausted) {
		frame->left.steps--;
		return true;
	}
	*ret_fault = (struct fault){ERROR_LIMIT, 0, frame->exhausted};
	return false;
}

void frame_leave(struct frame *frame)
{
	level_release(frame, &frame->levels[frame->depth]);
	frame->depth--;
}

void frame_partial(struct frame *frame, const struct fault *fault)
{
	frame->partials++;
	if (frame->partial_fault.code != fault->code ||
	    frame->partial_fault.address != fault->address)
		frame->partial_fault = frame_keep_fault(frame, fault, 0);
}

bool frame_is_partial(const struct frame *frame, struct fault *ret_fault)
{
	if (ret_fault)
		*ret_fault = frame->partial_fault;
	return frame->partials;
}

/* ---- copies --------------------------------------------------------------------------------- */

static struct fault fault_keep(const struct fault *fault, struct arena *arena)
{
	struct fault copy = *fault;

	if (copy.what)
		copy.what = arena_strdup(arena, copy.what);
	return copy;
}

static struct value_list *list_keep(const struct value_list *list, struct arena *arena)
{
	struct value_list *copy = ARENA_NEW(arena, struct value_list);

	*copy = *list;
	copy->fault = fault_keep(&list->fault, arena);
	copy->items = ARENA_ARRAY(arena, list->count, struct value);
	for (size_t i = 0; i < list->count; i++)
		copy->items[i] = value_keep(&list->items[i], arena);
	return copy;
}

static struct value_record *record_keep(const struct value_record *record, struct arena *arena)
{
	struct value_record *copy = ARENA_NEW(arena, struct value_record);
	struct value *values = ARENA_ARRAY(arena, record->count, struct value);

	*copy = *record;
	for (size_t i = 0; i < record->count; i++)
		values[i] = value_keep(&record->values[i], arena);
	copy->values = values;
	return copy;
}

struct value value_keep(const struct value *value, struct arena *arena)
{
	struct value copy = *value;

	switch (value->kind) {
	case VALUE_ABSENT:
		copy.absent = fault_keep(&value->absent, arena);
		break;
	case VALUE_STRING:
		copy.string.data = arena_copy(arena, value->string.data, value->string.length);
		break;
	case VALUE_LIST:
		copy.list = list_keep(value->list, arena);
		break;
	case VALUE_RECORD:
		copy.record = record_keep(value->record, arena);
		break;
	default:
		break;
	}
	return copy;
}

struct value frame_keep(struct frame *frame, const struct value *value, uint32_t depth)
{
	if (value->kind != VALUE_ABSENT && value->kind != VALUE_STRING &&
	    value->kind != VALUE_LIST && value->kind != VALUE_RECORD)
		return *value;
	if (depth >= frame->depth)
		return *value;
	struct level *level = level_at(frame, depth);

	if (value->kind == VALUE_LIST)
		frame_spend(frame, value->list->count);
	struct value copy = value_keep(value, level->arena);

	level_charge(frame, level);
	return copy;
}

struct fault frame_keep_fault(struct frame *frame, const struct fault *fault, uint32_t depth)
{
	struct value value = value_of_fault(fault);

	return frame_keep(frame, &value, depth).absent;
}
