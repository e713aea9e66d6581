// SPDX-License-Identifier: GPL-2.0-or-later
// Copies of pages of physical memory, bounded, and a look-aside from virtual pages to them: what makes a
// repeated read cost nanoseconds. Both are direct-mapped; a page is evicted by its successor.
#ifndef DUMP_CACHE_H
#define DUMP_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum { CACHE_BYTES = 16 << 20 };

struct cache_page {
	uint64_t frame; /* physical page number + 1; 0: empty */
	uint8_t *bytes;
};

/* A virtual page: where its bytes are, or why it cannot be read. */
struct cache_alias {
	uint64_t page;  /* virtual page number + 1; 0: empty */
	uint64_t frame; /* the content is there as long as the slot still holds this frame */
	struct cache_page *slot; /* NULL: cannot be read, for this reason: */
	enum error_code code;
};

struct cache {
	unsigned page_shift;
	unsigned slot_bits;
	struct cache_page *pages;
	struct cache_alias *aliases;
	uint8_t *memory;
};

void cache_init(struct cache *cache, unsigned page_shift);
void cache_deinit(struct cache *cache);

static inline size_t cache_index(const struct cache *cache, uint64_t number)
{
	/* Fibonacci hashing: objects a power of two apart must not share a slot. */
	return (size_t)(number * 0x9e3779b97f4a7c15 >> (64 - cache->slot_bits));
}

static inline struct cache_page *cache_page_slot(const struct cache *cache, uint64_t frame)
{
	return &cache->pages[cache_index(cache, frame)];
}

static inline struct cache_alias *cache_alias_slot(const struct cache *cache, uint64_t page)
{
	return &cache->aliases[cache_index(cache, page)];
}

/* Bytes of the virtual page `address` lies in, from `address` on; NULL when they are not at hand. */
static inline const uint8_t *cache_find(const struct cache *cache, uint64_t address)
{
	uint64_t page = (address >> cache->page_shift) + 1;
	const struct cache_alias *alias = cache_alias_slot(cache, page);

	if (alias->page != page || !alias->slot || alias->slot->frame != alias->frame)
		return NULL;
	return alias->slot->bytes + (address & (((uint64_t)1 << cache->page_shift) - 1));
}

#endif
