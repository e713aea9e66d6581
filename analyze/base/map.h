// SPDX-License-Identifier: GPL-2.0-or-later
// Hash maps from strings or 64-bit numbers to pointers. Keys and values are borrowed: they
// outlive the map. Hashes are seeded per process, so a hostile dump cannot choose collisions.
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialise. One map holds keys of one kind only. */
struct map {
	struct map_slot *slots;
	size_t count;
	size_t capacity;
};

void map_deinit(struct map *map);
/* The value of `key`, or NULL. */
void *map_get(const struct map *map, const char *key);
void *map_get_number(const struct map *map, uint64_t key);
/* Sets the value of `key` (not NULL); returns the value it replaced, or NULL. */
void *map_put(struct map *map, const char *key, void *value);
void *map_put_number(struct map *map, uint64_t key, void *value);
/* Steps through the map in no order: start with *position = 0; false at the end. */
bool map_next(const struct map *map, size_t *position, const char **ret_key, uint64_t *ret_number,
	      void **ret_value);

#endif
