// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/name_index.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

void name_index_init(struct name_index *index, uint32_t count)
{
	uint32_t buckets = 16;

	while (buckets < count && buckets < UINT32_C(1) << 24)
		buckets *= 2;
	index->heads = mem_resize(NULL, buckets, sizeof(*index->heads));
	memset(index->heads, 0xff, buckets * sizeof(*index->heads));
	index->next = mem_resize(NULL, count ? count : 1, sizeof(*index->next));
	index->mask = buckets - 1;
}

void name_index_deinit(struct name_index *index)
{
	free(index->heads);
	free(index->next);
	*index = (struct name_index){0};
}

static uint64_t hash_seed(void)
{
	static uint64_t seed;

	if (!seed && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uintptr_t)&seed;
	return seed |= 1;
}

uint32_t name_hash(const char *name)
{
	uint64_t hash = hash_seed();

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x9e3779b97f4a7c15u;
	return hash >> 32;
}

void name_index_add(struct name_index *index, uint32_t hash, uint32_t number)
{
	index->next[number] = index->heads[hash & index->mask];
	index->heads[hash & index->mask] = number;
}

uint32_t name_index_first(const struct name_index *index, uint32_t hash)
{
	return index->heads ? index->heads[hash & index->mask] : NAME_INDEX_END;
}
