// SPDX-License-Identifier: GPL-2.0-or-later
// What all walks share, and those that need no pointers: arrays, per-CPU instances, bits.
#include "kernel/walk.h"

#include <stdarg.h>

#include "base/arena.h"
#include "kernel/field.h"
#include "kernel/kernel.h"
#include "kernel/walk_private.h"

bool walk_break(struct walk *walk, struct fault fault)
{
	walk->is_broken = true;
	walk->fault = fault;
	return false;
}

bool walk_corrupt(struct walk *walk, uint64_t address, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	const char *what = arena_vprintf(walk->arena, format, arguments);
	va_end(arguments);
	return walk_break(walk, (struct fault){ERROR_CORRUPT, address, what});
}

bool walk_visit(struct walk *walk, uint64_t node)
{
	if (walk->nodes++ < WALK_LIMIT)
		return true;
	return walk_break(walk, (struct fault){ERROR_LIMIT, node, "nodes of one walk"});
}

/* include/linux/poison.h: the low part is a constant, the high part the architecture's
 * CONFIG_ILLEGAL_POINTER_VALUE (0xdead000000000000, on powerpc 0x5deadbeef0000000, 0 on 32 bits).
 * LIST_POISON2 was 0x200 until 8a5e5e02fc83 ("include/linux/poison.h: fix LIST_POISON{1,2}
 * offset"). */
const char *walk_poison(const struct walk *walk, uint64_t pointer)
{
	uint64_t high = pointer & ~0xfffULL;
	bool is_32 = walk->pointer_size == 4;

	if (high == 0xdead000000000000 || high == 0x5deadbeef0000000 || (is_32 && !high)) {
		if ((pointer & 0xfff) == 0x100)
			return " (LIST_POISON1: deleted from its list)";
		if ((pointer & 0xfff) == 0x122 || (pointer & 0xfff) == 0x200)
			return " (LIST_POISON2: deleted from its list)";
	}
	if ((uint32_t)pointer == 0x6b6b6b6b)
		return " (POISON_FREE: in freed memory)";
	if ((uint32_t)pointer == 0x5a5a5a5a)
		return " (POISON_INUSE: in memory never initialised)";
	return "";
}

void walk_init(struct walk *walk, struct kernel *kernel, struct arena *arena,
	       const struct type *element, uint64_t offset,
	       bool (*step)(struct walk *walk, struct value *ret, uint64_t *ret_key))
{
	const struct arch *arch = dump_arch(kernel->dump);

	walk->kernel = kernel;
	walk->dump = kernel->dump;
	walk->arena = arena;
	walk->element = element;
	walk->offset = offset;
	walk->step = step;
	walk->pointer_size = arch->pointer_size;
	walk->big_endian = arch->big_endian;
}

/* Offset of a pointer in one of the structs of which any kernel has the same few pointers; types
 * that say otherwise are not believed. */
static uint8_t walk_slot(const struct kernel *kernel, const char *structure, const char *member,
			 uint8_t otherwise, size_t pointers)
{
	size_t pointer = dump_arch(kernel->dump)->pointer_size;
	uint64_t offset = field_offset(kernel, structure, member, otherwise);

	return offset <= (pointers - 1) * pointer ? (uint8_t)offset : otherwise;
}

const struct walk_layout *walk_layout(struct kernel *kernel)
{
	if (kernel->walk_layout)
		return kernel->walk_layout;

	struct walk_layout *layout = ARENA_NEW(kernel->arena, struct walk_layout);
	uint8_t pointer = dump_arch(kernel->dump)->pointer_size;

	layout->list_next = walk_slot(kernel, "list_head", "next", 0, 2);
	layout->list_prev = walk_slot(kernel, "list_head", "prev", pointer, 2);
	layout->hlist_next = walk_slot(kernel, "hlist_node", "next", 0, 2);
	layout->hlist_pprev = walk_slot(kernel, "hlist_node", "pprev", pointer, 2);
	layout->rb_parent = walk_slot(kernel, "rb_node", "__rb_parent_color", 0, 3);
	layout->rb_right = walk_slot(kernel, "rb_node", "rb_right", pointer, 3);
	layout->rb_left = walk_slot(kernel, "rb_node", "rb_left", 2 * pointer, 3);
	kernel->walk_layout = layout;
	return layout;
}

bool walk_next(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	uint64_t key = walk->count;

	if (walk->is_done)
		return false;
	if (walk->count == WALK_LIMIT) {
		walk->is_done = true;
		return walk_break(walk, (struct fault){ERROR_LIMIT, 0, "elements of one walk"});
	}
	if (!walk->step(walk, ret, &key)) {
		walk->is_done = true;
		return false;
	}
	walk->count++;
	if (ret_key)
		*ret_key = key;
	return true;
}

const struct fault *walk_fault(const struct walk *walk)
{
	return walk->is_broken ? &walk->fault : NULL;
}

struct walk_array {
	struct walk walk;
	uint64_t first, size, length;
};

static bool walk_array_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	const struct walk_array *array = (struct walk_array *)walk;

	if (!array->size)
		return walk_break(walk, (struct fault){ERROR_INVALID, array->first,
						       "element of unknown size"});
	if (*ret_key >= array->length)
		return false;
	*ret = walk_element(walk, array->first + *ret_key * array->size);
	return true;
}

struct walk *walk_array(struct kernel *kernel, struct arena *arena, uint64_t first,
			const struct type *element, uint64_t count)
{
	struct walk_array *array = ARENA_NEW(arena, struct walk_array);

	walk_init(&array->walk, kernel, arena, element, 0, walk_array_step);
	array->first = first;
	array->size = type_strip(element)->size;
	array->length = count;
	return &array->walk;
}

static bool walk_percpu_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	const struct kernel *kernel = walk->kernel;
	uint64_t position = *ret_key, address;

	if (!kernel->possible_count)
		return walk_break(walk, (struct fault){ERROR_NO_SOURCE, 0, "possible CPUs"});
	if (position >= kernel->possible_count)
		return false;
	*ret_key = kernel->possible_cpus[position];
	if (!kernel_percpu(kernel, walk->offset, (uint32_t)*ret_key, &address))
		return walk_break(walk, (struct fault){ERROR_NO_SOURCE, 0, "per-CPU offsets"});
	*ret = value_object(walk->element, address);
	return true;
}

struct walk *walk_percpu(struct kernel *kernel, struct arena *arena, uint64_t offset,
			 const struct type *element)
{
	struct walk *walk = ARENA_NEW(arena, struct walk);

	walk_init(walk, kernel, arena, element, offset, walk_percpu_step);
	return walk;
}

struct walk_bits {
	struct walk walk;
	uint64_t first, position, length;
	uint64_t word; /* bits of the current long that have not been delivered, lowest first */
};

static bool walk_bits_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	struct walk_bits *bits = (struct walk_bits *)walk;
	unsigned width = walk->pointer_size * 8;

	while (!bits->word) {
		struct fault fault;
		uint64_t address = bits->first + bits->position / 8;

		if (bits->position >= bits->length)
			return false;
		if (!walk_visit(walk, address))
			return false;
		/* Whole longs, as the kernel numbers its bits: right on big-endian machines too. */
		if (!dump_try_read_pointer(walk->dump, address, &bits->word, &fault))
			return walk_break(walk, fault);
		bits->position += width;
	}
	*ret_key = bits->position - width + (unsigned)__builtin_ctzll(bits->word);
	bits->word &= bits->word - 1;
	if (*ret_key >= bits->length)
		return false;
	*ret = value_int(*ret_key);
	return true;
}

struct walk *walk_bits(struct kernel *kernel, struct arena *arena, uint64_t first, uint64_t count)
{
	struct walk_bits *bits = ARENA_NEW(arena, struct walk_bits);

	walk_init(&bits->walk, kernel, arena, NULL, 0, walk_bits_step);
	bits->first = first;
	/* Bounded here, so that the position cannot overflow. */
	bits->length = count < UINT64_MAX / 2 ? count : UINT64_MAX / 2;
	return &bits->walk;
}
