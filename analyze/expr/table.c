// SPDX-License-Identifier: GPL-2.0-or-later
#include "expr/table.h"

#include <string.h>

#include "base/arena.h"
#include "expr/code.h"

void table_deinit(struct table *table)
{
	map_deinit(&table->numbers);
	map_deinit(&table->texts);
}

static uint64_t number_of(const struct value *key)
{
	uint64_t bits = 0;

	switch (key->kind) {
	case VALUE_NONE:
		return 0;
	case VALUE_REAL:
		memcpy(&bits, &key->real, sizeof(bits));
		return bits;
	case VALUE_OBJECT:
		return key->object.address;
	default:
		return (uint64_t)key->integer;
	}
}

static struct table_entry *find(const struct table *table, const struct value *key,
				struct arena *scratch)
{
	struct table_entry *entry;

	if (key->kind == VALUE_STRING)
		entry = map_get(&table->texts,
				arena_strndup(scratch, key->string.data, key->string.length));
	else
		entry = map_get_number(&table->numbers, number_of(key));
	while (entry && !value_equal(&entry->key, key))
		entry = entry->same;
	return entry;
}

const struct table_entry *table_find(const struct table *table, const struct value *key,
				     struct arena *scratch)
{
	return find(table, key, scratch);
}

static struct table_entry *table_insert(struct table *table, const struct value *key,
					struct arena *arena)
{
	struct table_entry *entry = ARENA_NEW(arena, struct table_entry);

	entry->key = value_keep(key, arena);
	if (key->kind == VALUE_STRING) /* keys with a NUL inside share their beginning's hash */
		entry->same = map_put(&table->texts,
				      arena_strndup(arena, key->string.data, key->string.length),
				      entry);
	else
		entry->same = map_put_number(&table->numbers, number_of(key), entry);
	if (table->last)
		table->last->next = entry;
	else
		table->first = entry;
	table->last = entry;
	return entry;
}

void table_add(struct table *table, const struct value *key, const struct value *value,
	       struct arena *arena)
{
	struct table_entry *entry = find(table, key, arena);

	if (!entry)
		entry = table_insert(table, key, arena);
	struct value_list *list = &entry->list;

	if (list->count == entry->capacity) {
		size_t capacity = entry->capacity ? 2 * entry->capacity : 4;
		struct value *items = ARENA_ARRAY(arena, capacity, struct value);

		if (list->count)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		entry->capacity = capacity;
	}
	list->items[list->count++] = value_keep(value, arena);
}
