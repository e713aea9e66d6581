// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The pages are one block that the system backs as it is touched, so a small dump costs little. */
void cache_init(struct cache *cache)
{
	cache->memory = mem_zero((size_t)(CACHE_PAGES + 1) * CACHE_PAGE_BYTES);
	cache->pages = mem_zero(CACHE_PAGES * sizeof(*cache->pages));
	cache->victims = mem_zero((size_t)1 << CACHE_SET_BITS);
	cache->aliases = mem_zero(CACHE_ALIASES * sizeof(*cache->aliases));
	for (size_t i = 0; i < CACHE_PAGES; i++)
		cache->pages[i].bytes = cache->memory + i * CACHE_PAGE_BYTES;
	cache->spare = cache->memory + (size_t)CACHE_PAGES * CACHE_PAGE_BYTES;
}

void cache_deinit(struct cache *cache)
{
	free(cache->aliases);
	free(cache->victims);
	free(cache->pages);
	free(cache->memory);
	*cache = (struct cache){0};
}

void cache_forget(struct cache *cache)
{
	for (size_t i = 0; i < CACHE_PAGES; i++)
		cache->pages[i].frame = 0;
	memset(cache->aliases, 0, CACHE_ALIASES * sizeof(*cache->aliases));
}

static struct cache_page *cache_set(const struct cache *cache, uint64_t frame)
{
	return &cache->pages[cache_hash(frame, CACHE_SET_BITS) * CACHE_WAYS];
}

struct cache_page *cache_get(const struct cache *cache, uint64_t frame)
{
	struct cache_page *set = cache_set(cache, frame);

	for (size_t way = 0; way < CACHE_WAYS; way++)
		if (set[way].frame == frame)
			return &set[way];
	return NULL;
}

struct cache_page *cache_put(struct cache *cache, uint64_t frame)
{
	uint8_t *victim = &cache->victims[cache_hash(frame, CACHE_SET_BITS)];
	struct cache_page *page = &cache_set(cache, frame)[*victim];
	uint8_t *bytes = page->bytes;

	*victim = (*victim + 1) % CACHE_WAYS;
	*page = (struct cache_page){frame, cache->spare};
	cache->spare = bytes;
	return page;
}
