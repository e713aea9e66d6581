// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/cache.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The pages are one block that the system backs as it is touched, so a small dump costs little. */
void cache_init(struct cache *cache)
{
	cache->memory = mem_zero((size_t)CACHE_SLOTS * CACHE_PAGE_BYTES);
	cache->pages = mem_zero(CACHE_SLOTS * sizeof(*cache->pages));
	cache->aliases = mem_zero(CACHE_SLOTS * sizeof(*cache->aliases));
	for (size_t i = 0; i < CACHE_SLOTS; i++)
		cache->pages[i].bytes = cache->memory + i * CACHE_PAGE_BYTES;
}

void cache_deinit(struct cache *cache)
{
	free(cache->aliases);
	free(cache->pages);
	free(cache->memory);
	*cache = (struct cache){0};
}

void cache_forget_aliases(struct cache *cache)
{
	memset(cache->aliases, 0, CACHE_SLOTS * sizeof(*cache->aliases));
}
