// SPDX-License-Identifier: GPL-2.0-or-later
// Walk over a maple tree (include/linux/maple_tree.h, since 54a611b60590 "Maple Tree: add new data
// structure" in 6.1): a B-tree of ranges. Each slot of a node covers the indexes from the end of
// the slot before it to its own pivot, the last one to the end of the node.
#include "kernel/walk.h"

#include "base/arena.h"
#include "kernel/field.h"
#include "kernel/kernel.h"
#include "kernel/walk_private.h"
#include "types/symtab.h"

enum {
	MAPLE_DEPTH = 32, /* MAPLE_HEIGHT_MAX is 31 */
	MAPLE_NODE_MASK =
		255, /* nodes are aligned to 256 bytes; a pointer's low bits say the type */
	MAPLE_TYPE_SHIFT = 3,
	MAPLE_TYPE_MASK = 0x0f,
	MAPLE_SLOTS = 256, /* at most: a node has 256 bytes */
};

/* One type of node: enum maple_type. */
struct maple_shape {
	bool is_known, is_leaf;
	uint64_t pivots, slots; /* offsets of the arrays */
	unsigned slot_count;    /* there is one pivot less */
};

struct maple_node {
	uint64_t address;
	const struct maple_shape *shape;
	uint64_t first, max; /* index where the next slot begins, and where the node ends */
	unsigned slot;       /* the next one */
	bool is_done;
};

struct walk_maple {
	struct walk walk;
	const char *problem; /* why it cannot be walked at all, or NULL */
	uint64_t root;       /* address of ma_root */
	bool is_started;
	struct maple_shape shapes[MAPLE_TYPE_MASK + 1];
	unsigned depth;
	struct maple_node path[MAPLE_DEPTH];
};

static bool maple_push(struct walk_maple *maple, uint64_t entry, uint64_t first, uint64_t max)
{
	struct walk *walk = &maple->walk;
	uint64_t node = entry & ~(uint64_t)MAPLE_NODE_MASK, parent;
	const struct maple_shape *shape =
		&maple->shapes[entry >> MAPLE_TYPE_SHIFT & MAPLE_TYPE_MASK];
	struct fault fault;

	if (!walk_visit(walk, node))
		return false;
	if (!shape->is_known)
		return walk_corrupt(walk, node, "maple node 0x%llx is of unknown type %u",
				    (unsigned long long)node,
				    (unsigned)(entry >> MAPLE_TYPE_SHIFT & MAPLE_TYPE_MASK));
	if (maple->depth == MAPLE_DEPTH)
		return walk_corrupt(walk, node, "maple tree is deeper than %d nodes", MAPLE_DEPTH);
	/* struct maple_node: `parent` comes first in every type of node. */
	if (!dump_try_read_pointer(walk->dump, node, &parent, &fault))
		return walk_break(walk, fault);
	/* ma_dead_node(): a node taken out of the tree is its own parent. */
	if ((parent & ~(uint64_t)MAPLE_NODE_MASK) == node)
		return walk_corrupt(walk, node, "maple node 0x%llx is dead",
				    (unsigned long long)node);
	maple->path[maple->depth++] = (struct maple_node){
		.address = node,
		.shape = shape,
		.first = first,
		.max = max,
	};
	return true;
}

/* NULL, values and internal entries (XA_ZERO_ENTRY reserves a range) are no elements. */
static bool maple_is_element(uint64_t entry)
{
	return entry && !(entry & 1) && (entry & 3) != 2;
}

/* Last index of the node's next slot. */
static bool maple_read_last(struct walk_maple *maple, const struct maple_node *node, uint64_t *ret)
{
	struct walk *walk = &maple->walk;
	uint64_t pivot;
	struct fault fault;

	*ret = node->max;
	if (node->slot + 1 >= node->shape->slot_count)
		return true;
	if (!dump_try_read_pointer(walk->dump,
				   node->address + node->shape->pivots +
					   (uint64_t)node->slot * walk->pointer_size,
				   &pivot, &fault))
		return walk_break(walk, fault);
	/* mas_safe_pivot(): behind the data pivots are 0. */
	if (!pivot && node->slot)
		return true;
	if (pivot < node->first || pivot > node->max)
		return walk_corrupt(walk, node->address,
				    "pivot %u of maple node 0x%llx is 0x%llx, not in 0x%llx-0x%llx",
				    node->slot, (unsigned long long)node->address,
				    (unsigned long long)pivot, (unsigned long long)node->first,
				    (unsigned long long)node->max);
	*ret = pivot;
	return true;
}

/* Takes the next slot of the deepest node: its element, when it is one, or the node below it. */
static bool maple_take(struct walk_maple *maple, struct value *ret, uint64_t *ret_key,
		       bool *ret_found)
{
	struct walk *walk = &maple->walk;
	struct maple_node *node = &maple->path[maple->depth - 1];
	uint64_t first = node->first, last, entry;
	struct fault fault;

	if (!maple_read_last(maple, node, &last))
		return false;
	if (!dump_try_read_pointer(walk->dump,
				   node->address + node->shape->slots +
					   (uint64_t)node->slot * walk->pointer_size,
				   &entry, &fault))
		return walk_break(walk, fault);
	node->slot++;
	node->first = last + 1;
	node->is_done = last == node->max;
	if (!node->shape->is_leaf)
		return maple_push(maple, entry, first, last);
	*ret_found = maple_is_element(entry);
	if (*ret_found) {
		*ret = walk_element(walk, entry);
		*ret_key = first;
	}
	return true;
}

/* mas_start(): the root is a node, or the one entry of a tree that has only index 0. */
static bool maple_start(struct walk_maple *maple, struct value *ret, uint64_t *ret_key,
			bool *ret_found)
{
	struct walk *walk = &maple->walk;
	uint64_t entry, max = walk->pointer_size == 4 ? UINT32_MAX : UINT64_MAX;
	struct fault fault;

	if (!dump_try_read_pointer(walk->dump, maple->root, &entry, &fault))
		return walk_break(walk, fault);
	if ((entry & 3) == 2 && entry > 4096)
		return maple_push(maple, entry, 0, max);
	*ret_found = maple_is_element(entry);
	if (*ret_found) {
		*ret = walk_element(walk, entry);
		*ret_key = 0;
	}
	return true;
}

static bool walk_maple_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	struct walk_maple *maple = (struct walk_maple *)walk;
	bool is_found = false;

	if (maple->problem)
		return walk_break(walk,
				  (struct fault){ERROR_NO_SOURCE, maple->root, maple->problem});
	if (!maple->is_started) {
		maple->is_started = true;
		if (!maple_start(maple, ret, ret_key, &is_found))
			return false;
	}
	while (!is_found && maple->depth) {
		if (maple->path[maple->depth - 1].is_done)
			maple->depth--;
		else if (!maple_take(maple, ret, ret_key, &is_found))
			return false;
	}
	return is_found;
}

/* Shape of the nodes that enumerator `name` stands for, laid out as struct `structure`. */
static bool maple_learn(struct walk_maple *maple, struct kernel *kernel, const char *name,
			const char *structure, bool is_leaf)
{
	const struct type *type;
	struct field pivots, slots;
	int64_t number;

	if (!field_find(kernel, structure, "pivot", &pivots) ||
	    !field_find(kernel, structure, "slot", &slots))
		return false;
	struct error *error = symtab_enumerator(kernel->symtab, name, &type, &number);
	if (error) {
		error_free(error);
		return false;
	}

	uint64_t count = slots.size / maple->walk.pointer_size;

	if (number < 0 || number > MAPLE_TYPE_MASK || count < 2 || count > MAPLE_SLOTS ||
	    pivots.size != slots.size - maple->walk.pointer_size)
		return false;
	maple->shapes[number] = (struct maple_shape){
		.is_known = true,
		.is_leaf = is_leaf,
		.pivots = pivots.offset,
		.slots = slots.offset,
		.slot_count = (unsigned)count,
	};
	return true;
}

struct walk *walk_maple(struct kernel *kernel, struct arena *arena, uint64_t tree,
			const struct type *element)
{
	struct walk_maple *maple = ARENA_NEW(arena, struct walk_maple);
	struct field root;

	walk_init(&maple->walk, kernel, arena, element, 0, walk_maple_step);
	maple->root = tree;
	/* maple_dense is in the enum, and used by no kernel so far. */
	if (!field_find(kernel, "maple_tree", "ma_root", &root))
		maple->problem = "layout of maple_tree";
	else if (!maple_learn(maple, kernel, "maple_leaf_64", "maple_range_64", true) ||
		 !maple_learn(maple, kernel, "maple_range_64", "maple_range_64", false) ||
		 !maple_learn(maple, kernel, "maple_arange_64", "maple_arange_64", false))
		maple->problem = "layout of maple tree nodes";
	else
		maple->root = tree + root.offset;
	return &maple->walk;
}
