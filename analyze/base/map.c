// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

struct map_slot {
	const char *key; /* NULL in maps of numbers */
	uint64_t number; /* the key, or the hash of the string */
	void *value;     /* NULL: slot is free */
};

static uint64_t map_seed(void)
{
	static uint64_t seed;

	if (!seed && getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != sizeof(seed))
		seed = (uint64_t)(uintptr_t)&seed;
	return seed |= 1;
}

/* splitmix64's finaliser: every input bit reaches every output bit. */
static uint64_t map_mix(uint64_t number)
{
	number ^= map_seed();
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9u;
	number = (number ^ number >> 27) * 0x94d049bb133111ebu;
	return number ^ number >> 31;
}

static uint64_t map_hash(const char *key)
{
	uint64_t hash = 0xcbf29ce484222325u ^ map_seed();

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * 0x100000001b3u;
	return hash;
}

void map_deinit(struct map *map)
{
	free(map->slots);
	*map = (struct map){0};
}

static struct map_slot *map_slot(const struct map *map, const char *key, uint64_t number)
{
	size_t mask = map->capacity - 1;

	for (size_t i = map_mix(number) & mask;; i = (i + 1) & mask) {
		struct map_slot *slot = &map->slots[i];

		if (!slot->value)
			return slot;
		if (slot->number == number && (!key || !strcmp(slot->key, key)))
			return slot;
	}
}

static void map_grow(struct map *map)
{
	struct map old = *map;

	map->capacity = old.capacity ? old.capacity * 2 : 16;
	map->slots = mem_zero(map->capacity * sizeof(*map->slots));
	for (size_t i = 0; i < old.capacity; i++) {
		struct map_slot *slot = &old.slots[i];

		if (slot->value)
			*map_slot(map, slot->key, slot->number) = *slot;
	}
	free(old.slots);
}

static void *map_find(const struct map *map, const char *key, uint64_t number)
{
	return map->count ? map_slot(map, key, number)->value : NULL;
}

static void *map_set(struct map *map, const char *key, uint64_t number, void *value)
{
	if (map->count * 4 >= map->capacity * 3)
		map_grow(map);
	struct map_slot *slot = map_slot(map, key, number);
	void *old = slot->value;

	map->count += !old;
	*slot = (struct map_slot){.key = key, .number = number, .value = value};
	return old;
}

void *map_get(const struct map *map, const char *key)
{
	return map->count ? map_find(map, key, map_hash(key)) : NULL;
}

void *map_get_number(const struct map *map, uint64_t key)
{
	return map_find(map, NULL, key);
}

void *map_put(struct map *map, const char *key, void *value)
{
	return map_set(map, key, map_hash(key), value);
}

void *map_put_number(struct map *map, uint64_t key, void *value)
{
	return map_set(map, NULL, key, value);
}

bool map_next(const struct map *map, size_t *position, const char **ret_key, uint64_t *ret_number,
	      void **ret_value)
{
	for (; *position < map->capacity; ++*position) {
		const struct map_slot *slot = &map->slots[*position];

		if (!slot->value)
			continue;
		++*position;
		if (ret_key)
			*ret_key = slot->key;
		if (ret_number)
			*ret_number = slot->number;
		*ret_value = slot->value;
		return true;
	}
	return false;
}
