// SPDX-License-Identifier: GPL-2.0-or-later
// Walks over the kernel's containers: one interface, one limit, one cycle check. A walk that meets
// something broken ends there, keeps what came before, and says what was wrong and where.
#ifndef KERNEL_WALK_H
#define KERNEL_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "value/value.h"

struct arena;
struct kernel;
struct walk;

enum { WALK_LIMIT = 10 * 1000 * 1000 }; /* elements; then the walk breaks off with ERROR_LIMIT */

/* Next element; false at the end or where the walk broke off. *ret_key is the index of array-like
 * walks (xarray index, array position, CPU number, pid), else the position; ret_key may be NULL. */
bool walk_next(struct walk *walk, struct value *ret, uint64_t *ret_key);
/* NULL after a complete walk; else why it broke off: ERROR_CORRUPT with both nodes named in `what`,
 * ERROR_LIMIT, or the reason the next node could not be read. */
const struct fault *walk_fault(const struct walk *walk);

/* The constructors allocate from `arena` and cannot fail: what is wrong shows in the first
 * walk_next(). `element` is the type of the elements, `offset` the bytes from an element's start to
 * the node inside it (offsetof, nested members included). Elements are VALUE_OBJECT of type
 * `element`. */

/* Circular struct list_head; the head itself is not an element. Checks next->prev. */
struct walk *walk_list(struct kernel *kernel, struct arena *arena, uint64_t head,
		       const struct type *element, uint64_t offset);
/* struct hlist_head (pprev checked). */
struct walk *walk_hlist(struct kernel *kernel, struct arena *arena, uint64_t head,
			const struct type *element, uint64_t offset);
/* struct hlist_nulls_head: ends at a pointer with bit 0 set. */
struct walk *walk_hlist_nulls(struct kernel *kernel, struct arena *arena, uint64_t head,
			      const struct type *element, uint64_t offset);
/* Singly linked: `next` is the offset in `element` of a pointer to the next element; ends
 * at NULL. */
struct walk *walk_chain(struct kernel *kernel, struct arena *arena, uint64_t first,
			const struct type *element, uint64_t next);
/* struct rb_root or rb_root_cached, in order. */
struct walk *walk_rbtree(struct kernel *kernel, struct arena *arena, uint64_t root,
			 const struct type *element, uint64_t offset);
/* struct xarray or radix_tree_root at `root`: entries that are pointers, as objects of `element`
 * (value entries, retry and zero entries are left out); key: index. */
struct walk *walk_xarray(struct kernel *kernel, struct arena *arena, uint64_t root,
			 const struct type *element);
/* struct idr; key: id (idr_base added). */
struct walk *walk_idr(struct kernel *kernel, struct arena *arena, uint64_t idr,
		      const struct type *element);
/* struct maple_tree: non-NULL entries; key: first index of the range. */
struct walk *walk_maple(struct kernel *kernel, struct arena *arena, uint64_t tree,
			const struct type *element);
/* `count` elements of type `element` from an address; key: position. */
struct walk *walk_array(struct kernel *kernel, struct arena *arena, uint64_t first,
			const struct type *element, uint64_t count);
/* Instances of a per-CPU object for each possible CPU; key: CPU number. */
struct walk *walk_percpu(struct kernel *kernel, struct arena *arena, uint64_t offset,
			 const struct type *element);
/* Set bits of `count` bits from an address, as VALUE_INT; the layout is the kernel's
 * unsigned long. */
struct walk *walk_bits(struct kernel *kernel, struct arena *arena, uint64_t first, uint64_t count);

#endif
