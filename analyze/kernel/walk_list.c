// SPDX-License-Identifier: GPL-2.0-or-later
// Walks along `next` pointers: include/linux/list.h, list_nulls.h, and plain chains.
//
// Where nodes point back (prev, pprev) every node is checked before it is delivered. That finds
// cycles too: the node where a cycle closes has two predecessors, and points back at one of them
// only.
#include "kernel/walk.h"

#include "base/arena.h"
#include "kernel/kernel.h"
#include "kernel/walk_private.h"

struct walk_list {
	struct walk walk;
	const struct walk_layout *layout;
	uint64_t head;
	uint64_t node; /* the last one delivered; the head, at first */
	uint64_t next; /* of `node` */
	bool is_started;
};

/* Reads next and prev of the list_head at `address`. */
static bool list_read(struct walk_list *list, uint64_t address, uint64_t *ret_next,
		      uint64_t *ret_prev)
{
	struct walk *walk = &list->walk;
	struct fault fault;
	uint8_t bytes[16];

	if (!dump_try_read(walk->dump, address, bytes, 2U * walk->pointer_size, &fault))
		return walk_break(walk, fault);
	*ret_next = walk_pointer(walk, bytes, list->layout->list_next);
	*ret_prev = walk_pointer(walk, bytes, list->layout->list_prev);
	return true;
}

static bool list_unreadable(struct walk_list *list)
{
	struct walk *walk = &list->walk;
	const char *poison = walk_poison(walk, list->next);

	/* The list said that its next node is there: a wild pointer is damage, not a gap in the
	 * dump. */
	if (*poison || walk->fault.code == ERROR_NO_TRANSLATION)
		return walk_corrupt(walk, list->next, "next of list node 0x%llx is 0x%llx%s",
				    (unsigned long long)list->node, (unsigned long long)list->next,
				    poison);
	return false;
}

static bool walk_list_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	struct walk_list *list = (struct walk_list *)walk;
	uint64_t next, prev = 0;

	(void)ret_key;
	if (!list->is_started) {
		if (!list_read(list, list->head, &list->next, &prev))
			return false;
		list->node = list->head;
		list->is_started = true;
	}

	uint64_t node = list->next;

	if (!list_read(list, node, &next, &prev))
		return list_unreadable(list);
	if (prev != list->node)
		return walk_corrupt(
			walk, node,
			"next of list node 0x%llx is 0x%llx, whose prev is 0x%llx%s instead",
			(unsigned long long)list->node, (unsigned long long)node,
			(unsigned long long)prev, walk_poison(walk, prev));
	if (node == list->head)
		return false;
	list->node = node;
	list->next = next;
	*ret = walk_element(walk, node);
	return true;
}

struct walk *walk_list(struct kernel *kernel, struct arena *arena, uint64_t head,
		       const struct type *element, uint64_t offset)
{
	struct walk_list *list = ARENA_NEW(arena, struct walk_list);

	walk_init(&list->walk, kernel, arena, element, offset, walk_list_step);
	list->layout = walk_layout(kernel);
	list->head = head;
	return &list->walk;
}

struct walk_hlist {
	struct walk walk;
	const struct walk_layout *layout;
	const char *noun;
	uint64_t link; /* address of the pointer that leads to the next node */
	uint64_t next; /* what it holds */
	bool is_nulls;
	bool is_started;
};

static bool walk_hlist_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	struct walk_hlist *list = (struct walk_hlist *)walk;
	uint64_t node, pprev;
	struct fault fault;
	uint8_t bytes[16];

	(void)ret_key;
	if (!list->is_started) {
		if (!dump_try_read_pointer(walk->dump, list->link, &list->next, &fault))
			return walk_break(walk, fault);
		list->is_started = true;
	}
	node = list->next;
	if (list->is_nulls ? node & 1 : !node)
		return false;
	if (!dump_try_read(walk->dump, node, bytes, 2U * walk->pointer_size, &fault)) {
		if (fault.code != ERROR_NO_TRANSLATION)
			return walk_break(walk, fault);
		return walk_corrupt(walk, node, "the pointer at 0x%llx leads to %s node 0x%llx%s",
				    (unsigned long long)list->link, list->noun,
				    (unsigned long long)node, walk_poison(walk, node));
	}
	pprev = walk_pointer(walk, bytes, list->layout->hlist_pprev);
	if (pprev != list->link)
		return walk_corrupt(
			walk, node,
			"the pointer at 0x%llx leads to %s node 0x%llx, whose pprev is 0x%llx%s instead",
			(unsigned long long)list->link, list->noun, (unsigned long long)node,
			(unsigned long long)pprev, walk_poison(walk, pprev));
	list->link = node + list->layout->hlist_next;
	list->next = walk_pointer(walk, bytes, list->layout->hlist_next);
	*ret = walk_element(walk, node);
	return true;
}

static struct walk_hlist *walk_hlist_new(struct kernel *kernel, struct arena *arena, uint64_t head,
					 const struct type *element, uint64_t offset)
{
	struct walk_hlist *list = ARENA_NEW(arena, struct walk_hlist);

	walk_init(&list->walk, kernel, arena, element, offset, walk_hlist_step);
	list->layout = walk_layout(kernel);
	list->link = head;
	return list;
}

struct walk *walk_hlist(struct kernel *kernel, struct arena *arena, uint64_t head,
			const struct type *element, uint64_t offset)
{
	struct walk_hlist *list = walk_hlist_new(kernel, arena, head, element, offset);

	list->noun = "hlist";
	return &list->walk;
}

struct walk *walk_hlist_nulls(struct kernel *kernel, struct arena *arena, uint64_t head,
			      const struct type *element, uint64_t offset)
{
	struct walk_hlist *list = walk_hlist_new(kernel, arena, head, element, offset);

	list->noun = "hlist_nulls";
	list->is_nulls = true;
	return &list->walk;
}

struct walk_chain {
	struct walk walk;
	uint64_t element; /* the next one to deliver */
	uint64_t next;    /* offset of the pointer to the next */
	/* Brent: the walk is in a cycle when it meets the element where it last left its mark. */
	uint64_t mark, distance, lap;
	bool is_read; /* `element` was delivered, its next pointer is still to be read */
};

static bool chain_advance(struct walk_chain *chain)
{
	struct walk *walk = &chain->walk;
	uint64_t next;
	struct fault fault;

	if (!dump_try_read_pointer(walk->dump, chain->element + chain->next, &next, &fault))
		return walk_break(walk, fault);
	if (next == chain->element) /* the last one leads to itself: the root of a tree of parents does */
		return false;
	if (next && next == chain->mark)
		return walk_corrupt(walk, next,
				    "next of 0x%llx is 0x%llx, where the chain has been before",
				    (unsigned long long)chain->element, (unsigned long long)next);
	chain->element = next;
	if (++chain->distance == chain->lap) {
		chain->mark = next;
		chain->distance = 0;
		chain->lap *= 2;
	}
	return true;
}

static bool walk_chain_step(struct walk *walk, struct value *ret, uint64_t *ret_key)
{
	struct walk_chain *chain = (struct walk_chain *)walk;

	(void)ret_key;
	if (chain->is_read && !chain_advance(chain))
		return false;
	if (!chain->element)
		return false;
	chain->is_read = true;
	*ret = walk_element(walk, chain->element);
	return true;
}

struct walk *walk_chain(struct kernel *kernel, struct arena *arena, uint64_t first,
			const struct type *element, uint64_t next)
{
	struct walk_chain *chain = ARENA_NEW(arena, struct walk_chain);

	walk_init(&chain->walk, kernel, arena, element, 0, walk_chain_step);
	chain->element = first;
	chain->next = next;
	chain->mark = first;
	chain->lap = 1;
	return &chain->walk;
}
