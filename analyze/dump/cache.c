// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/cache.h"

#include <stdlib.h>

#include "base/mem.h"

/* The pages are one block that the system backs as it is touched, so a small dump costs little. */
void cache_init(struct cache *cache, unsigned page_shift)
{
	unsigned bits = 1;

	while (((size_t)2 << bits << page_shift) <= CACHE_BYTES)
		bits++;
	cache->page_shift = page_shift;
	cache->slot_bits = bits;
	cache->memory = mem_zero((size_t)1 << bits << page_shift);
	cache->pages = mem_zero(sizeof(*cache->pages) << bits);
	cache->aliases = mem_zero(sizeof(*cache->aliases) << bits);
	for (size_t i = 0; i < (size_t)1 << bits; i++)
		cache->pages[i].bytes = cache->memory + (i << page_shift);
}

void cache_deinit(struct cache *cache)
{
	free(cache->aliases);
	free(cache->pages);
	free(cache->memory);
	*cache = (struct cache){0};
}
