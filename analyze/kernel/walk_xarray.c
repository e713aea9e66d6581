// SPDX-License-Identifier: GPL-2.0-or-later
// Walks over xarrays, radix trees and IDRs, which are one structure with two ways to mark its inner
// pointers:
//   xarray      low bits 10: internal (node, sibling, retry, zero); low bit 1: a value, no pointer
//   radix tree  low bits 01: internal (node, sibling, retry);       low bits 10: a value, no
//   pointer
// The change came with 3159f943aafd ("xarray: Replace exceptional entries") and 02c02bf12c5d
// ("xarray: Change definition of sibling entries") in 4.20; which one a dump has shows in the name
// of its nodes' struct (xa_node or radix_tree_node).
#include "kernel/walk.h"

#include "base/arena.h"
#include "kernel/field.h"
#include "kernel/kernel.h"
#include "kernel/walk_private.h"

enum {
	XARRAY_DEPTH = 24,  /* 64 index bits, at least 3 per level */
	XARRAY_SLOTS = 256, /* at most; kernels have 16 or 64 */
};

struct xarray_node {
	uint64_t address;
	uint64_t index; /* of its first slot */
	unsigned shift; /* index bits below each slot */
	unsigned slot;  /* the next one to look at */
};

struct walk_xarray {
	struct walk walk;
	const char *problem; /* why it cannot be walked at all, or NULL */
	uint64_t head;       /* address of the pointer to the top */
	uint64_t base;       /* added to every index */
	bool is_radix;       /* marks as before the xarray */
	bool is_started;
	unsigned slot_bits;
	uint64_t shift_offset, slots_offset;
	unsigned depth;
	struct xarray_node path[XARRAY_DEPTH];
};

static bool xarray_is_internal(const struct walk_xarray *xarray, uint64_t entry)
{
	return (entry & 3) == (xarray->is_radix ? 1 : 2);
}

/* Internal entries below 4096 are not pointers (include/linux/xarray.h: xa_is_node): siblings and,
 * above the slot numbers, retry (256) and zero (257). Errors are at the other end. A radix tree's
 * siblings point into the very node that holds them. */
static bool xarray_is_node(const struct walk_xarray *xarray, uint64_t entry, uint64_t holder)
{
	uint64_t node = entry & ~3ULL;
	uint64_t top = xarray->walk.pointer_size == 4 ? UINT32_MAX : UINT64_MAX;

	if (!xarray_is_internal(xarray, entry) || entry < 4096 || entry > top - 4096)
		return false;
	return !xarray->is_radix || !holder || node < holder ||
	       node >= holder + xarray->slots_offset +
			       ((uint64_t)xarray->walk.pointer_size << xarray->slot_bits);
}

static bool xarray_is_element(const struct walk_xarray *xarray, uint64_t entry)
{
	if (!entry || xarray_is_internal(xarray, entry))
		return false;
	return xarray->is_radix ? (entry & 3) != 2 : !(entry & 1);
}

static bool xarray_push(struct walk_xarray *xarray, uint64_t entry, uint64_t index)
{
	struct walk *walk = &xarray->walk;
	uint64_t node = entry & ~3ULL, shift;
	struct fault fault;

	if (!walk_visit(walk, node))
		return false;
	if (!dump_try_read_number(walk->dump, node + xarray->shift_offset, 1, &shift, &fault))
		return walk_break(walk, fault);
	/* Levels differ by one slot number each, so that no tree is deeper than its index
	 * is wide. */
	if (xarray->depth) {
		const struct xarray_node *above = &xarray->path[xarray->depth - 1];

		if (shift + xarray->slot_bits != above->shift)
			return walk_corrupt(
				walk, node,
				"shift of xarray node 0x%llx is %llu, below node 0x%llx of shift %u",
				(unsigned long long)node, (unsigned long long)shift,
				(unsigned long long)above->address, above->shift);
	}
	if (shift % xarray->slot_bits || shift >= 64 || xarray->depth == XARRAY_DEPTH)
		return walk_corrupt(walk, node, "shift of xarray node 0x%llx is %llu",
				    (unsigned long long)node, (unsigned long long)shift);
	xarray->path[xarray->depth++] = (struct xarray_node){
		.address = node,
		.index = index,
		.shift = (unsigned)shift,
	};
	return true;
}

/* Takes the entry of `index`: *ret_found when it is an element; a node is entered. */
static bool xarray_take(struct walk_xarray *xarray, uint64_t entry, uint64_t index, uint64_t holder,
			struct value *ret, uint64_t *ret_key, bool *ret_found)
{
	*ret_found = xarray_is_element(xarray, entry);
	if (*ret_found) {
		*ret = walk_element(&xarray->walk, entry);
		*ret_key = index + xarray->base;
		return true;
	}
	return !xarray_is_node(xarray, entry, holder) || xarray_push(xarray, entry, index);
}

static bool walk_xarray_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	struct walk_xarray *xarray = (struct walk_xarray *)walk;
	struct fault fault;
	uint64_t entry;
	bool is_found = false;

	if (xarray->problem)
		return walk_break(walk,
				  (struct fault){ERROR_NO_SOURCE, xarray->head, xarray->problem});
	if (!xarray->is_started) {
		xarray->is_started = true;
		if (!dump_try_read_pointer(walk->dump, xarray->head, &entry, &fault))
			return walk_break(walk, fault);
		if (!xarray_take(xarray, entry, 0, 0, ret, ret_key, &is_found))
			return false;
	}
	while (!is_found && xarray->depth) {
		struct xarray_node *node = &xarray->path[xarray->depth - 1];
		uint64_t slot = node->slot++;

		if (slot >> xarray->slot_bits) {
			xarray->depth--;
			continue;
		}
		if (!dump_try_read_pointer(walk->dump,
					   node->address + xarray->slots_offset +
						   slot * walk->pointer_size,
					   &entry, &fault))
			return walk_break(walk, fault);
		if (!xarray_take(xarray, entry, node->index + (slot << node->shift), node->address,
				 ret, ret_key, &is_found))
			return false;
	}
	return is_found;
}

/* Learns the layout of the nodes; false with `problem` set when the dump's types do not say. */
static bool xarray_learn(struct walk_xarray *xarray, const struct kernel *kernel)
{
	const char *node = field_struct(kernel, "xa_node") ? "xa_node" : "radix_tree_node";
	struct field shift, slots;

	xarray->is_radix = node[0] == 'r';
	xarray->problem = "layout of xarray nodes";
	if (!field_find(kernel, node, "shift", &shift) || shift.size != 1 ||
	    !field_find(kernel, node, "slots", &slots))
		return false;

	uint64_t count = slots.size / xarray->walk.pointer_size;

	if (count < 8 || count > XARRAY_SLOTS || count & (count - 1))
		return false;
	xarray->slot_bits = (unsigned)__builtin_ctzll(count);
	xarray->shift_offset = shift.offset;
	xarray->slots_offset = slots.offset;
	xarray->problem = NULL;
	return true;
}

static struct walk_xarray *walk_xarray_new(struct kernel *kernel, struct arena *arena,
					   uint64_t root, const struct type *element)
{
	struct walk_xarray *xarray = ARENA_NEW(arena, struct walk_xarray);
	struct field head;

	walk_init(&xarray->walk, kernel, arena, element, 0, walk_xarray_step);
	xarray->head = root;
	if (!xarray_learn(xarray, kernel))
		return xarray;
	/* In 4.20 and later radix_tree_root is a macro for xarray, so one of the two is there. */
	if (field_find(kernel, "xarray", "xa_head", &head) ||
	    field_find(kernel, "radix_tree_root", "rnode", &head))
		xarray->head = root + head.offset;
	else
		xarray->problem = "layout of xarray";
	return xarray;
}

struct walk *walk_xarray(struct kernel *kernel, struct arena *arena, uint64_t root,
			 const struct type *element)
{
	return &walk_xarray_new(kernel, arena, root, element)->walk;
}

struct walk *walk_idr(struct kernel *kernel, struct arena *arena, uint64_t idr,
		      const struct type *element)
{
	struct field root;
	bool is_known = field_find(kernel, "idr", "idr_rt", &root);
	struct walk_xarray *xarray =
		walk_xarray_new(kernel, arena, is_known ? idr + root.offset : idr, element);

	if (!is_known)
		xarray->problem = "layout of idr";
	/* idr_base came with 6ce711f27500 ("idr: Make 1-based IDRs more efficient"), 4.16. */
	if (!field_get(kernel, idr, "idr", "idr_base", &xarray->base))
		xarray->base = 0;
	return &xarray->walk;
}
