// SPDX-License-Identifier: GPL-2.0-or-later
// Walks: each hands its elements to a sink, one level of memory per loop.
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "dump/dump.h"
#include "expr/code.h"
#include "expr/program.h"
#include "kernel/dmesg.h"
#include "kernel/kernel.h"
#include "kernel/walk.h"

enum { RANGE_LIMIT = 10 * 1000 * 1000, DESCEND_DEPTH = 1000, DESCEND_LIMIT = 1000 * 1000 };

/* A walk without elements: none is empty, what could not be read is a walk that broke off at once.
 */
static bool walk_nothing(const struct value *value, struct frame *frame, struct sink *sink)
{
	if (value->kind == VALUE_ABSENT)
		sink_break(sink, frame, &value->absent);
	return true;
}

static bool walk_items(const struct value_list *list, struct frame *frame, struct sink *sink)
{
	struct fault fault;
	bool goes_on = true;

	if (!frame_enter(frame, &fault)) {
		sink_break(sink, frame, &fault);
		return true;
	}
	for (size_t i = 0; goes_on && i < list->count; i++) {
		if (!frame_next(frame, &fault)) {
			sink_break(sink, frame, &fault);
			break;
		}
		goes_on = sink->element(sink, frame, &list->items[i], i);
	}
	frame_leave(frame);
	if (goes_on && list->is_partial)
		sink_break(sink, frame, &list->fault);
	return goes_on;
}

static bool walk_value(const struct value *value, struct frame *frame, struct sink *sink)
{
	if (value->kind == VALUE_LIST)
		return walk_items(value->list, frame, sink);
	return walk_nothing(value, frame, sink);
}

bool code_walk(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct fault fault = {ERROR_LIMIT, 0, "expressions nested too deeply"};

	if (!code->each) {
		struct value value = code_run(code, frame);

		return walk_value(&value, frame, sink);
	}
	if (frame->nesting >= FRAME_NESTING) {
		sink_break(sink, frame, &fault);
		return true;
	}
	frame->nesting++;
	bool goes_on = code->each(code, frame, sink);

	frame->nesting--;
	return goes_on;
}

bool each_list(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct value value = code_run(code->args[0], frame);

	return walk_value(&value, frame, sink);
}

/* ---- the kernel's containers ----------------------------------------------------------------- */

/* Runs a cursor of the kernel layer; `walk` lives in the memory of the current level. */
static bool walk_run(struct walk *walk, struct frame *frame, struct sink *sink)
{
	struct fault fault = FAULT_NONE;
	struct value value;
	uint64_t key;
	bool goes_on = true;

	if (!frame_enter(frame, &fault)) {
		sink_break(sink, frame, &fault);
		return true;
	}
	while (goes_on) {
		if (!frame_next(frame, &fault)) {
			sink_break(sink, frame, &fault);
			break;
		}
		if (frame->left.reads)
			frame->left.reads--;
		if (!walk_next(walk, &value, &key))
			break;
		goes_on = sink->element(sink, frame, &value, key);
	}
	frame_leave(frame);
	if (goes_on && walk_fault(walk))
		sink_break(sink, frame, walk_fault(walk));
	return goes_on;
}

/* Where a walk begins; false when there is nothing to walk, which *ret_missing explains. */
static bool head_address(const struct value *head, uint64_t *ret, struct value *ret_missing)
{
	*ret_missing = *head;
	if (head->kind == VALUE_OBJECT)
		*ret = head->object.address;
	else if (head->kind == VALUE_POINTER)
		*ret = (uint64_t)head->integer;
	else
		return false;
	if (*ret)
		return true;
	*ret_missing = value_absent(ERROR_NO_TRANSLATION, 0, "NULL pointer");
	return false;
}

bool each_kernel(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct value head = code_run(code->args[0], frame), nothing;
	uint64_t address, offset = code->walk.offset;

	if (code->count > 1) { /* a number of elements */
		struct value count = code_run(code->args[1], frame);

		if (is_missing(&count))
			return walk_nothing(&count, frame, sink);
		if (count.integer <= 0)
			return true;
		offset = count.integer > UINT32_MAX ? UINT32_MAX : (uint64_t)count.integer;
	}
	if (!head_address(&head, &address, &nothing)) {
		/* Chains may be empty. */
		if (code->walk.open == walk_chain && head.kind == VALUE_POINTER)
			return true;
		return walk_nothing(&nothing, frame, sink);
	}
	if (!frame->kernel) {
		nothing = value_absent(ERROR_NO_SOURCE, address, "there is no dump");
		return walk_nothing(&nothing, frame, sink);
	}
	struct walk *walk = code->walk.open(frame->kernel, frame_memory(frame), address,
					    code->walk.type, offset);

	return walk_run(walk, frame, sink);
}

bool each_percpu(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct value base = code_run(code->args[0], frame), nothing;
	uint64_t offset;

	/* The offset of the first per-CPU variable is 0. */
	if (base.kind == VALUE_OBJECT)
		offset = base.object.address;
	else if (!head_address(&base, &offset, &nothing))
		return walk_nothing(&nothing, frame, sink);
	if (!frame->kernel)
		return true;
	return walk_run(walk_percpu(frame->kernel, frame_memory(frame), offset, code->walk.type),
			frame, sink);
}

/* ---- walks over what is not in the dump -------------------------------------------------------
 */

/* Hands one element to the sink, in a loop that frame_enter() began; false, too, when a budget is
 * used up. */
static bool hand_over(struct frame *frame, struct sink *sink, const struct value *value,
		      uint64_t key)
{
	struct fault fault;

	if (frame_next(frame, &fault))
		return sink->element(sink, frame, value, key);
	sink_break(sink, frame, &fault);
	return false;
}

bool each_range(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct value first = code_run(code->args[0], frame);
	struct value end = code_run(code->args[1], frame);
	struct fault fault = {ERROR_LIMIT, 0, "elements of a range"};
	bool goes_on = true;

	if (is_missing(&first) || is_missing(&end))
		return walk_nothing(is_missing(&first) ? &first : &end, frame, sink);
	if (end.integer <= first.integer)
		return true;
	if (!frame_enter(frame, &fault)) {
		sink_break(sink, frame, &fault);
		return true;
	}
	for (__int128 i = first.integer; goes_on && i < end.integer; i++) {
		struct value value = value_int(i);

		if (i - first.integer == RANGE_LIMIT) {
			sink_break(sink, frame, &fault);
			break;
		}
		goes_on = hand_over(frame, sink, &value, (uint64_t)(i - first.integer));
	}
	frame_leave(frame);
	return goes_on;
}

bool each_bits_of_integer(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct value mask = code_run(code->args[0], frame);
	struct value count = code->count > 1 ? code_run(code->args[1], frame) : value_int(127);
	struct fault fault;
	bool goes_on = true;
	uint64_t key = 0;

	if (is_missing(&mask) || is_missing(&count))
		return walk_nothing(is_missing(&mask) ? &mask : &count, frame, sink);
	if (!frame_enter(frame, &fault)) {
		sink_break(sink, frame, &fault);
		return true;
	}
	for (int bit = 0; goes_on && bit < 127 && bit < count.integer; bit++) {
		struct value value = value_int(bit);

		if (mask.integer >> bit & 1)
			goes_on = hand_over(frame, sink, &value, key++);
	}
	frame_leave(frame);
	return goes_on;
}

/* args are the elements. */
bool each_records(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct fault fault;
	bool goes_on = true;

	if (!frame_enter(frame, &fault)) {
		sink_break(sink, frame, &fault);
		return true;
	}
	for (size_t i = 0; goes_on && i < code->count; i++) {
		struct fault ignored;

		if (!frame_next(frame, &ignored)) {
			sink_break(sink, frame, &ignored);
			break;
		}
		struct value value = code_run(code->args[i], frame);

		goes_on = sink->element(sink, frame, &value, i);
	}
	frame_leave(frame);
	return goes_on;
}

static struct value log_record(const struct code *code, const struct dmesg_record *record,
			       struct frame *frame)
{
	struct value_record *result = ARENA_NEW(frame_memory(frame), struct value_record);
	struct value *values = ARENA_ARRAY(frame_memory(frame), 5, struct value);

	values[0] = value_int((__int128)record->sequence);
	values[1] = (struct value){.kind = VALUE_DURATION, .integer = record->time_ns};
	values[2] = value_int(record->level);
	values[3] = value_int(record->caller);
	values[4] = value_text(record->text, record->length);
	result->names = code->fields->names;
	result->values = values;
	result->count = 5;
	return (struct value){.kind = VALUE_RECORD, .record = result};
}

static bool walk_log(const struct code *code, const struct dmesg *log, struct frame *frame,
		     struct sink *sink)
{
	struct fault fault;
	bool goes_on = true;

	if (!frame_enter(frame, &fault)) {
		sink_break(sink, frame, &fault);
		return true;
	}
	for (size_t i = 0; goes_on && i < log->count; i++) {
		if (!frame_next(frame, &fault)) {
			sink_break(sink, frame, &fault);
			break;
		}
		struct value value = log_record(code, &log->records[i], frame);

		goes_on = sink->element(sink, frame, &value, i);
	}
	frame_leave(frame);
	return goes_on;
}

bool each_log(const struct code *code, struct frame *frame, struct sink *sink)
{
	const struct dmesg *log;
	struct fault fault;

	if (!frame->kernel)
		return true;
	log = program_log(frame->program, &fault);
	if (log)
		return walk_log(code, log, frame, sink);
	sink_break(sink, frame, &fault);
	return true;
}

/* ---- walks over walks -------------------------------------------------------------------------
 */

/* Passes elements on to another sink. */
struct relay {
	struct sink sink;
	struct sink *to;
	const struct code *code;
	uint64_t offset, count;
};

static bool union_element(struct sink *sink, struct frame *frame, const struct value *value,
			  uint64_t key)
{
	struct relay *relay = (struct relay *)sink;

	(void)key;
	return relay->to->element(relay->to, frame, value, relay->count++);
}

bool each_union(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct relay relay = {.sink = sink_new(frame, union_element), .to = sink};

	bool goes_on = true;

	for (size_t i = 0; goes_on && i < code->count; i++)
		goes_on = code_walk(code->args[i], frame, &relay.sink);
	if (relay.sink.fault.code != ERROR_COUNT)
		sink_break(sink, frame, &relay.sink.fault);
	return goes_on;
}

/* args[1] is what an element in the slot becomes. */
static bool converted_element(struct sink *sink, struct frame *frame, const struct value *value,
			      uint64_t key)
{
	struct relay *relay = (struct relay *)sink;

	frame->slots[relay->code->slot].value = *value;
	struct value converted = code_run(relay->code->args[1], frame);

	return relay->to->element(relay->to, frame, &converted, key);
}

bool each_converted(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct relay relay = {.sink = sink_new(frame, converted_element), .to = sink, .code = code};
	bool goes_on = code_walk(code->args[0], frame, &relay.sink);

	if (relay.sink.fault.code != ERROR_COUNT)
		sink_break(sink, frame, &relay.sink.fault);
	return goes_on;
}

/* ---- trees ---------------------------------------------------------------------------------- */

/* Nodes still to visit, last first, so that children come before siblings. */
struct descent {
	struct sink sink;
	struct {
		struct {
			uint64_t address;
			uint32_t depth;
		} * items;
		size_t count, capacity;
	} open;
	struct map seen;
	uint32_t depth; /* of the children being collected */
};

static bool descent_child(struct sink *sink, struct frame *frame, const struct value *value,
			  uint64_t key)
{
	struct descent *descent = (struct descent *)sink;
	struct value child = *value, nothing;
	uint64_t address;

	(void)key;
	if (child.kind == VALUE_OBJECT && frame->dump && type_is_scalar(child.type))
		child = value_load(frame->dump, child);
	if (!head_address(&child, &address, &nothing)) {
		if (nothing.kind == VALUE_ABSENT && child.kind == VALUE_ABSENT)
			sink_break(sink, frame, &nothing.absent);
		return true;
	}
	if (descent->open.count + descent->seen.count >= DESCEND_LIMIT ||
	    descent->depth > DESCEND_DEPTH) {
		struct fault fault = {ERROR_LIMIT, address, "nodes of a tree"};

		sink_break(sink, frame, &fault);
		return false;
	}
	typeof(descent->open.items) node = vec_push(&descent->open);

	node->address = address;
	node->depth = descent->depth;
	return true;
}

/* Children were pushed in order and are taken from the end. */
static void descent_reverse(struct descent *descent, size_t from)
{
	for (size_t i = from, j = descent->open.count; i + 1 < j; i++) {
		typeof(*descent->open.items) node = descent->open.items[i];

		descent->open.items[i] = descent->open.items[--j];
		descent->open.items[j] = node;
	}
}

static bool descent_step(const struct code *code, struct frame *frame, struct descent *descent,
			 struct sink *sink)
{
	typeof(*descent->open.items) node = descent->open.items[--descent->open.count];
	struct value object = value_object(code->stype.element->type, node.address);
	size_t before = descent->open.count;
	struct fault fault;

	if (map_put_number(&descent->seen, node.address, descent))
		return true; /* each address once */
	if (!frame_next(frame, &fault)) {
		sink_break(sink, frame, &fault);
		descent->open.count = 0;
		return true;
	}
	/* Children first: the sink may use the same slot again. */
	frame->slots[code->slot].value = object;
	descent->depth = node.depth + 1;
	code_walk(code->args[1], frame, &descent->sink);
	descent_reverse(descent, before);
	return sink->element(sink, frame, &object, node.depth);
}

bool each_descend(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct value root = code_run(code->args[0], frame), nothing;
	struct descent descent = {.sink = sink_new(frame, descent_child)};
	struct fault fault;
	bool goes_on = true;
	uint64_t address;

	if (!head_address(&root, &address, &nothing))
		return walk_nothing(&nothing, frame, sink);
	if (!frame_enter(frame, &fault)) {
		sink_break(sink, frame, &fault);
		return true;
	}
	typeof(descent.open.items) first = vec_push(&descent.open);

	first->address = address;
	first->depth = 0;
	while (goes_on && descent.open.count)
		goes_on = descent_step(code, frame, &descent, sink);
	frame_leave(frame);
	if (descent.sink.fault.code != ERROR_COUNT)
		sink_break(sink, frame, &descent.sink.fault);
	free(descent.open.items);
	map_deinit(&descent.seen);
	return goes_on;
}

/* ---- walks as lists ---------------------------------------------------------------------------
 */

struct collection {
	struct sink sink;
	struct value_list *list;
	size_t capacity;
};

bool list_append(struct frame *frame, struct value_list *list, size_t *capacity,
		 const struct value *value, uint32_t depth)
{
	if (list->count == *capacity) {
		size_t more = *capacity ? 2 * *capacity : 8;
		struct value *items;

		if (more * sizeof(struct value) > frame->left.bytes) {
			frame_exhaust(frame, "memory of an evaluation");
			return false;
		}
		items = frame_array_at(frame, depth, more, sizeof(struct value));
		if (list->count)
			memcpy(items, list->items, list->count * sizeof(struct value));
		list->items = items;
		*capacity = more;
	}
	list->items[list->count++] = frame_keep(frame, value, depth);
	return !frame->exhausted;
}

static bool collect_element(struct sink *sink, struct frame *frame, const struct value *value,
			    uint64_t key)
{
	struct collection *collection = (struct collection *)sink;
	struct fault fault;

	(void)key;
	if (list_append(frame, collection->list, &collection->capacity, value, sink->depth))
		return true;
	fault = (struct fault){ERROR_LIMIT, 0, frame->exhausted};
	sink_break(sink, frame, &fault);
	return false;
}

struct value eval_collect(const struct code *code, struct frame *frame)
{
	struct collection collection = {.sink = sink_new(frame, collect_element)};

	collection.list = ARENA_NEW(frame_memory(frame), struct value_list);
	code_walk(code->each ? code : code->args[0], frame, &collection.sink);
	if (collection.sink.fault.code != ERROR_COUNT) {
		collection.list->is_partial = true;
		collection.list->fault = collection.sink.fault;
	}
	frame_charge(frame);
	return (struct value){.kind = VALUE_LIST, .list = collection.list};
}
