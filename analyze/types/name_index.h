// SPDX-License-Identifier: GPL-2.0-or-later
// Names of many things that have small numbers, for sources with a hundred thousand of them: two
// arrays, made in one pass. The things' names are kept by the source, which compares them.
#ifndef TYPES_NAME_INDEX_H
#define TYPES_NAME_INDEX_H

#include <stdint.h>

#define NAME_INDEX_END UINT32_MAX

struct name_index {
	uint32_t *heads; /* newest number of each hash bucket */
	uint32_t *next;  /* by number: the one before it in its bucket */
	uint32_t mask;
};

/* For the numbers 0 to `count` - 1. */
void name_index_init(struct name_index *index, uint32_t count);
void name_index_deinit(struct name_index *index);
/* Seeded per process, so that a hostile dump cannot choose collisions. */
uint32_t name_hash(const char *name);
/* Adds a number, once; the newest is found first. */
void name_index_add(struct name_index *index, uint32_t hash, uint32_t number);
/* Steps through the numbers whose names may have that hash, until NAME_INDEX_END:
 *   for (uint32_t i = name_index_first(index, hash); i != NAME_INDEX_END; i = index->next[i]) */
uint32_t name_index_first(const struct name_index *index, uint32_t hash);

#endif
