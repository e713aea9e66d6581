// SPDX-License-Identifier: GPL-2.0-or-later
// Copies of pages of physical memory, bounded, and a look-aside from virtual pages to them: what
// makes a repeated read cost nanoseconds. A page has eight places where it may be, so that those in
// use rarely chase each other away; the look-aside is direct-mapped and leads to the place itself.
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
	CACHE_SET_BITS = 9,
	CACHE_WAYS = 8,
	CACHE_PAGES = CACHE_WAYS << CACHE_SET_BITS, /* 16 MiB */
	CACHE_ALIAS_BITS = 12,
	CACHE_ALIASES = 1 << CACHE_ALIAS_BITS,
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
	struct cache_page *pages; /* CACHE_WAYS in a row are a set */
	uint8_t *victims;         /* of each set: the next to go */
	struct cache_alias *aliases;
	uint8_t *spare; /* the next page is read into this, and nothing lost if that fails */
	uint8_t *memory;
};

void cache_init(struct cache *cache);
void cache_deinit(struct cache *cache);
/* Empties it. */
void cache_forget(struct cache *cache);

/* The page of that frame, or NULL. */
struct cache_page *cache_get(const struct cache *cache, uint64_t frame);
/* Makes what was written to `spare` the page of that frame, in the place of another. */
struct cache_page *cache_put(struct cache *cache, uint64_t frame);

/* Fibonacci hashing: objects a power of two apart must not share a slot. */
static inline size_t cache_hash(uint64_t number, unsigned bits)
{
	return (size_t)(number * 0x9e3779b97f4a7c15 >> (64 - bits));
}

static inline struct cache_alias *cache_alias(const struct cache *cache, uint64_t page)
{
	return &cache->aliases[cache_hash(page, CACHE_ALIAS_BITS)];
}

/* Bytes at a virtual address, to the end of its page; NULL when they are not at hand. */
static inline const uint8_t *cache_find(const struct cache *cache, uint64_t address)
{
	uint64_t page = (address >> CACHE_PAGE_SHIFT) + 1;
	const struct cache_alias *alias = cache_alias(cache, page);

	if (alias->page != page || !alias->slot || alias->slot->frame != alias->frame)
		return NULL;
	return alias->slot->bytes + (address & (CACHE_PAGE_BYTES - 1));
}

#endif
