// SPDX-License-Identifier: GPL-2.0-or-later
// In-order walk over a red-black tree (include/linux/rbtree_types.h).
//
// The way back up is a stack of our own. Parent pointers are compared with it, which finds cycles:
// where a cycle closes, a node has two parents, and names one of them only.
#include "kernel/walk.h"

#include "base/arena.h"
#include "kernel/kernel.h"
#include "kernel/walk_private.h"

/* A red-black tree of n nodes is at most 2 log2(n + 1) deep: 128 is more than memory can hold. */
enum { RBTREE_DEPTH = 128 };

struct rbtree_node {
	uint64_t address;
	uint64_t right;
};

struct walk_rbtree {
	struct walk walk;
	const struct walk_layout *layout;
	uint64_t root;
	bool is_started;
	unsigned depth;
	struct rbtree_node
		path[RBTREE_DEPTH]; /* nodes whose left side is done and that wait their turn */
};

/* Reads `node`, checks that its parent is `parent`, and pushes it; *ret_left is its left child. */
static bool rbtree_push(struct walk_rbtree *tree, uint64_t node, uint64_t parent,
			uint64_t *ret_left)
{
	struct walk *walk = &tree->walk;
	struct fault fault;
	uint8_t bytes[24];

	if (tree->depth == RBTREE_DEPTH)
		return walk_corrupt(walk, node, "rb-tree at 0x%llx is deeper than %d nodes",
				    (unsigned long long)tree->root, RBTREE_DEPTH);
	if (!dump_try_read(walk->dump, node, bytes, 3U * walk->pointer_size, &fault))
		return walk_break(walk, fault);

	/* The low two bits are the colour. */
	uint64_t up = walk_pointer(walk, bytes, tree->layout->rb_parent) & ~3ULL;

	if (up != parent)
		return walk_corrupt(
			walk, node,
			"rb-tree node 0x%llx has child 0x%llx, whose parent is 0x%llx%s instead",
			(unsigned long long)parent, (unsigned long long)node,
			(unsigned long long)up, walk_poison(walk, up));
	tree->path[tree->depth++] = (struct rbtree_node){
		.address = node,
		.right = walk_pointer(walk, bytes, tree->layout->rb_right),
	};
	*ret_left = walk_pointer(walk, bytes, tree->layout->rb_left);
	return true;
}

/* Goes to the leftmost node below `node`, whose parent is `parent`. */
static bool rbtree_descend(struct walk_rbtree *tree, uint64_t node, uint64_t parent)
{
	uint64_t left = 0;

	while (node) {
		if (!rbtree_push(tree, node, parent, &left))
			return false;
		parent = node;
		node = left;
	}
	return true;
}

static bool walk_rbtree_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	struct walk_rbtree *tree = (struct walk_rbtree *)walk;
	uint64_t top;
	struct fault fault;

	(void)ret_key;
	if (!tree->is_started) {
		tree->is_started = true;
		/* rb_root and rb_root_cached both begin with the pointer to the root node. */
		if (!dump_try_read_pointer(walk->dump, tree->root, &top, &fault))
			return walk_break(walk, fault);
		if (!rbtree_descend(tree, top, 0))
			return false;
	} else if (tree->depth) {
		struct rbtree_node done = tree->path[--tree->depth];

		if (!rbtree_descend(tree, done.right, done.address))
			return false;
	}
	if (!tree->depth)
		return false;
	*ret = walk_element(walk, tree->path[tree->depth - 1].address);
	return true;
}

struct walk *walk_rbtree(struct kernel *kernel, struct arena *arena, uint64_t root,
			 const struct type *element, uint64_t offset)
{
	struct walk_rbtree *tree = ARENA_NEW(arena, struct walk_rbtree);

	walk_init(&tree->walk, kernel, arena, element, offset, walk_rbtree_step);
	tree->layout = walk_layout(kernel);
	tree->root = root;
	return &tree->walk;
}
