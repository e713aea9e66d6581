// SPDX-License-Identifier: GPL-2.0-or-later
// What the walks share. A walk_*.c embeds struct walk as the first member of its own state, and
// gives walk_init() its `step`.
#ifndef KERNEL_WALK_PRIVATE_H
#define KERNEL_WALK_PRIVATE_H

#include "dump/dump.h"
#include "kernel/walk.h"

struct walk {
	struct kernel *kernel;
	struct dump *dump;
	struct arena *arena;
	const struct type *element;
	uint64_t offset; /* from an element's start to its node */
	/* The next element, and its key when that is not the position; false at the end or after
	 * walk_break(). */
	bool (*step)(struct walk *walk, struct value *ret, uint64_t *ret_key);
	uint64_t count; /* elements delivered */
	uint64_t nodes; /* inner nodes visited: trees without elements must end too */
	bool is_done;
	bool is_broken;
	struct fault fault;
	uint8_t pointer_size;
	bool big_endian;
};

/* Offsets that list and rb-tree walks need; looked up once per kernel. */
struct walk_layout {
	uint8_t list_next, list_prev;
	uint8_t hlist_next, hlist_pprev;
	uint8_t rb_parent, rb_right, rb_left;
};

void walk_init(struct walk *walk, struct kernel *kernel, struct arena *arena,
	       const struct type *element, uint64_t offset,
	       bool (*step)(struct walk *walk, struct value *ret, uint64_t *ret_key));
const struct walk_layout *walk_layout(struct kernel *kernel);

/* Ends the walk for a reason; returns false, for `return walk_break(…)`. */
bool walk_break(struct walk *walk, struct fault fault);
/* The same: something was readable and is wrong. The text goes to the arena. */
bool walk_corrupt(struct walk *walk, uint64_t address, const char *format, ...) PRINTF_LIKE(3, 4);
/* Counts an inner node against WALK_LIMIT; false when that breaks the walk. */
bool walk_visit(struct walk *walk, uint64_t node);
/* What a bad pointer tells: " (LIST_POISON1: deleted from its list)", or "". */
const char *walk_poison(const struct walk *walk, uint64_t pointer);

static inline struct value walk_element(const struct walk *walk, uint64_t node)
{
	return value_object(walk->element, node - walk->offset);
}

/* Pointer at `offset` of `bytes`. */
static inline uint64_t walk_pointer(const struct walk *walk, const uint8_t *bytes, size_t offset)
{
	return dump_number(walk->dump, bytes + offset, walk->pointer_size);
}

#endif
