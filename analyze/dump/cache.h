// SPDX-License-Identifier: GPL-2.0-or-later
// Copies of pages of physical memory, bounded, and a look-aside from virtual pages to them: what
// makes a repeated read cost nanoseconds. Both are direct-mapped; a page is evicted by its
// successor.
#ifndef DUMP_CACHE_H
#define DUMP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	/* The smallest page of any machine, so that one size does for all dumps. */
	CACHE_PAGE_SHIFT = 12,
	CACHE_PAGE_BYTES = 1 << CACHE_PAGE_SHIFT,
	CACHE_SLOT_BITS = 12,
	CACHE_SLOTS = 1 << CACHE_SLOT_BITS, /* 16 MiB */
};

struct cache_page {
	uint64_t frame; /* physical page number + 1; 0: empty */
	uint8_t *bytes;
};

/* A virtual page: where its bytes are, or why it cannot be read. */
struct cache_alias {
	uint64_t page;           /* virtual page number + 1; 0: empty */
	uint64_t frame;          /* `slot` has the bytes as long as it holds this frame */
	struct cache_page *slot; /* NULL: cannot be read, for this reason: */
	struct fault fault;
};

struct cache {
	struct cache_page *pages;
	struct cache_alias *aliases;
	uint8_t *memory;
};

void cache_init(struct cache *cache);
void cache_deinit(struct cache *cache);
/* Forgets all virtual pages: after a change of the translation. */
void cache_forget_aliases(struct cache *cache);

static inline size_t cache_index(uint64_t number)
{
	/* Fibonacci hashing: objects a power of two apart must not share a slot. */
	return (size_t)(number * 0x9e3779b97f4a7c15 >> (64 - CACHE_SLOT_BITS));
}

/* Bytes at a virtual address, to the end of its page; NULL when they are not at hand. */
static inline const uint8_t *cache_find(const struct cache *cache, uint64_t address)
{
	uint64_t page = (address >> CACHE_PAGE_SHIFT) + 1;
	const struct cache_alias *alias = &cache->aliases[cache_index(page)];

	if (alias->page != page || !alias->slot || alias->slot->frame != alias->frame)
		return NULL;
	return alias->slot->bytes + (address & (CACHE_PAGE_BYTES - 1));
}

#endif
