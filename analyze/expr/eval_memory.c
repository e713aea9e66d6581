// SPDX-License-Identifier: GPL-2.0-or-later
// Variables, and data of the dump: where it is and what it holds.
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "dump/dump.h"
#include "expr/code.h"
#include "expr/program.h"
#include "kernel/kernel.h"
#include "value/format.h"

/* ---- variables ------------------------------------------------------------------------------ */

struct value eval_constant(const struct code *code, struct frame *frame)
{
	(void)frame;
	return code->constant;
}

struct value eval_slot(const struct code *code, struct frame *frame)
{
	return frame->slots[code->slot].value;
}

static struct value slot_read(struct frame *frame, const struct slot *slot)
{
	if (slot->is_partial)
		frame->partials++;
	return slot->value;
}

/* Computes a variable when it is first read. That may be inside a loop whose memory goes away
 * before the variable does, so the result is kept where the variable lives. */
static struct value slot_fill(const struct code *code, struct frame *frame, uint64_t serial,
			      uint32_t depth)
{
	uint64_t partials = frame->partials;
	struct value value = code_run(code->args[0], frame);
	struct slot *slot = &frame->slots[code->slot];

	slot->is_partial = frame->partials != partials;
	slot->value = frame_keep(frame, &value, depth);
	slot->serial = serial;
	return slot->value;
}

struct value eval_let(const struct code *code, struct frame *frame)
{
	const struct slot *slot = &frame->slots[code->slot];

	if (slot->serial == frame->row)
		return slot_read(frame, slot);
	return slot_fill(code, frame, frame->row, frame->row_depth);
}

struct value eval_argument(const struct code *code, struct frame *frame)
{
	const struct slot *slot = &frame->slots[code->slot];

	if (slot->serial)
		return slot_read(frame, slot);
	return slot_fill(code, frame, 1, slot->depth);
}

/* A call begins: its arguments are not computed yet. */
static void arguments_reset(const struct code *code, struct frame *frame)
{
	for (size_t i = 0; i < code->arguments.count; i++) {
		struct slot *slot = &frame->slots[code->arguments.slots[i]];

		slot->serial = 0;
		slot->depth = frame->depth;
	}
}

struct value eval_arguments(const struct code *code, struct frame *frame)
{
	arguments_reset(code, frame);
	return code_run(code->args[0], frame);
}

bool each_arguments(const struct code *code, struct frame *frame, struct sink *sink)
{
	arguments_reset(code, frame);
	return code_walk(code->args[0], frame, sink);
}

/* ---- places --------------------------------------------------------------------------------- */

static struct value null_pointer(void)
{
	return value_absent(ERROR_NO_TRANSLATION, 0, "NULL pointer");
}

/* Address of an object or behind a pointer; false: *ret_missing is what comes of it. */
static inline bool base_address(const struct value *base, uint64_t *ret, struct value *ret_missing)
{
	if (base->kind == VALUE_OBJECT) {
		*ret = base->object.address;
		return true;
	}
	if (base->kind == VALUE_POINTER) {
		*ret = (uint64_t)base->integer;
		if (*ret)
			return true;
		*ret_missing = null_pointer();
		return false;
	}
	*ret_missing = missing(base);
	return false;
}

struct value eval_member(const struct code *code, struct frame *frame)
{
	struct value base = code_run(code->args[0], frame), result;
	uint64_t address;

	if (!base_address(&base, &address, &result))
		return result;
	result = value_object(code->memory.type, address + code->memory.offset);
	result.object.bit_offset = code->memory.bit_offset;
	result.object.bit_size = code->memory.bit_size;
	return result;
}

struct value eval_dereference(const struct code *code, struct frame *frame)
{
	struct value pointer = code_run(code->args[0], frame), result;
	uint64_t address;

	if (pointer.kind == VALUE_NONE)
		return pointer;
	if (!base_address(&pointer, &address, &result))
		return result;
	return value_object(code->memory.type, address);
}

struct value eval_address(const struct code *code, struct frame *frame)
{
	struct value object = code_run(code->args[0], frame);

	if (object.kind != VALUE_OBJECT)
		return object;
	return (struct value){
		.kind = VALUE_POINTER, .type = code->stype.type, .integer = object.object.address};
}

static struct value beyond_array(struct frame *frame, __int128 index, uint64_t count)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	buf_puts(&buf, "no element ");
	format_integer(index, &buf);
	buf_printf(&buf, " in an array of %llu", (unsigned long long)count);
	const char *words = arena_strdup(frame_memory(frame), buf_text(&buf));
	frame_charge(frame);
	return value_absent(ERROR_INVALID, 0, words);
}

struct value eval_element(const struct code *code, struct frame *frame)
{
	struct value array = code_run(code->args[0], frame), result;
	struct value index = code_run(code->args[1], frame);
	uint64_t address;

	if (!base_address(&array, &address, &result))
		return result;
	if (is_missing(&index))
		return missing(&index);
	if (code->memory.count && (index.integer < 0 || index.integer >= code->memory.count))
		return beyond_array(frame, index.integer, code->memory.count);
	/* Kernel addresses wrap: per-CPU arithmetic relies on it. */
	return value_object(code->memory.type,
			    address + (uint64_t)index.integer * code->memory.size);
}

struct value eval_container(const struct code *code, struct frame *frame)
{
	struct value member = code_run(code->args[0], frame);

	if (is_missing(&member))
		return missing(&member);
	if (!member.integer)
		return null_pointer();
	return (struct value){.kind = VALUE_POINTER,
			      .type = code->memory.type,
			      .integer = (uint64_t)member.integer - code->memory.offset};
}

struct value eval_percpu_pointer(const struct code *code, struct frame *frame)
{
	struct value base = code_run(code->args[0], frame), result;
	struct value cpu = code_run(code->args[1], frame);
	uint64_t offset, address;

	if (base.kind == VALUE_OBJECT)
		offset = base.object.address;
	else if (!base_address(&base, &offset, &result))
		return result;
	if (is_missing(&cpu))
		return missing(&cpu);
	if (!frame->kernel || cpu.integer < 0 || cpu.integer > UINT32_MAX ||
	    !kernel_percpu(frame->kernel, offset, (uint32_t)cpu.integer, &address))
		return value_absent(ERROR_INVALID, 0, "no such CPU");
	return (struct value){.kind = VALUE_POINTER, .type = code->stype.type, .integer = address};
}

/* ---- loads ---------------------------------------------------------------------------------- */

static bool frame_reads(struct frame *frame)
{
	if (frame->left.reads) {
		frame->left.reads--;
		return true;
	}
	frame_exhaust(frame, "reads of an evaluation");
	return false;
}

static inline uint64_t number_at(const void *bytes, uint32_t size, bool swap)
{
	uint16_t half;
	uint32_t word;
	uint64_t number;

	switch (size) {
	case 1:
		return *(const uint8_t *)bytes;
	case 2:
		memcpy(&half, bytes, sizeof(half));
		return swap ? __builtin_bswap16(half) : half;
	case 4:
		memcpy(&word, bytes, sizeof(word));
		return swap ? __builtin_bswap32(word) : word;
	default:
		memcpy(&number, bytes, sizeof(number));
		return swap ? __builtin_bswap64(number) : number;
	}
}

static inline __int128 number_widened(uint64_t number, uint32_t size, bool is_signed)
{
	if (!is_signed)
		return number;
	switch (size) {
	case 1:
		return (int8_t)number;
	case 2:
		return (int16_t)number;
	case 4:
		return (int32_t)number;
	default:
		return (int64_t)number;
	}
}

/* An integer, pointer or bool of 1, 2, 4 or 8 bytes, straight out of the cached page. */
struct value eval_load(const struct code *code, struct frame *frame)
{
	struct value base = code_run(code->args[0], frame), result;
	uint32_t size = code->memory.size;
	uint64_t address;
	uint8_t copy[8];
	struct fault fault;
	size_t length;

	if (!base_address(&base, &address, &result))
		return base.kind == VALUE_NONE && code->stype.or_none ? base : result;
	address += code->memory.offset;
	if (!frame->dump)
		return value_absent(ERROR_NO_SOURCE, address, "there is no dump");
	if (!frame_reads(frame))
		return frame_exhaust(frame, "");
	const void *bytes = dump_peek(frame->dump, address, &length, &fault);

	if (bytes && length < size) {
		if (!dump_try_read(frame->dump, address, copy, size, &fault))
			return value_of_fault(&fault);
		bytes = copy;
	}
	if (!bytes)
		return value_of_fault(&fault);
	result.kind = code->memory.kind;
	result.type = code->memory.type;
	result.integer =
		number_widened(number_at(bytes, size, frame->swap), size, code->memory.is_signed);
	if (result.kind == VALUE_BOOL)
		result.integer = result.integer != 0;
	return result;
}

/* Bit-fields, floating-point and odd sizes. */
struct value eval_load_any(const struct code *code, struct frame *frame)
{
	struct value object = eval_member(code, frame);

	if (object.kind != VALUE_OBJECT)
		return object;
	if (!frame->dump)
		return value_absent(ERROR_NO_SOURCE, object.object.address, "there is no dump");
	if (!frame_reads(frame))
		return frame_exhaust(frame, "");
	return value_load(frame->dump, object);
}

struct value eval_text(const struct code *code, struct frame *frame)
{
	struct value object = code_run(code->args[0], frame);

	if (object.kind != VALUE_OBJECT)
		return object;
	if (!frame->dump)
		return value_absent(ERROR_NO_SOURCE, object.object.address, "there is no dump");
	if (!frame_reads(frame))
		return frame_exhaust(frame, "");
	struct value text = value_char_array(frame->dump, frame_memory(frame), object);

	frame_charge(frame);
	if (text.kind == VALUE_STRING)
		text.type = object.type;
	return text;
}
