// SPDX-License-Identifier: GPL-2.0-or-later
// Values in lists under keys: what indexes and groups are made of.
#ifndef EXPR_TABLE_H
#define EXPR_TABLE_H

#include "base/map.h"
#include "value/value.h"

struct arena;

struct table_entry {
	struct value key;
	struct value_list list;
	size_t capacity;
	struct table_entry *same; /* another key with the same hash */
	struct table_entry *next; /* in the order of first appearance */
};

/* Zero-initialise. What it holds lives in an arena of the caller's. */
struct table {
	struct map numbers, texts;
	struct table_entry *first, *last;
};

void table_deinit(struct table *table);
/* The entry of a present key, or NULL. */
const struct table_entry *table_find(const struct table *table, const struct value *key,
				     struct arena *scratch);
/* Appends a value; both are copied into the arena. */
void table_add(struct table *table, const struct value *key, const struct value *value,
	       struct arena *arena);

#endif
