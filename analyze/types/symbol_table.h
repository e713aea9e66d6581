// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols in a table: what every source of symbols comes to once it has read them. Fill it, then
// ask it through the symbol_provider inside.
#ifndef TYPES_SYMBOL_TABLE_H
#define TYPES_SYMBOL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "types/name_index.h"
#include "types/source.h"

enum {
	SYMBOL_TABLE_MAX = 2 << 20, /* symbols in one table */
	SYMBOL_TABLE_RANGES = 16,
};

struct symbol_range {
	uint64_t start, end;
};

struct symbol_table {
	struct symbol_provider provider;
	uint32_t count;
	uint64_t *addresses; /* as the source has them */
	uint64_t *sizes;     /* NULL, or 0 of a symbol: up to the next one */
	uint32_t *names;     /* offset in `text` of each symbol's kind and name */
	char *text;          /* "Tschedule\0", one after the other */
	/* What addresses can belong to these symbols. */
	struct symbol_range ranges[SYMBOL_TABLE_RANGES];
	size_t range_count;
	/* symbol_table_finish() makes the rest. */
	uint32_t *order; /* symbols by ascending address; NULL: they are in order */
	struct name_index index;
	char *description, *module;
};

/* Empty table. The arrays are from malloc and become the table's; description and module are
 * copied. */
struct symbol_table *symbol_table_new(const char *description, const char *module);
/* Indexes what the arrays hold now. Without ranges, one is made of the first symbol of the image
 * and of _end (or the last symbol). */
void symbol_table_finish(struct symbol_table *table);
/* Adds `shift` to all addresses but absolute and per-CPU ones, and guesses the range anew. */
void symbol_table_move(struct symbol_table *table, uint64_t shift);
void symbol_table_free(struct symbol_table *table);
DEFINE_CLEANUP(struct symbol_table *, symbol_table_free)

/* Text of the table while it is being filled. */
struct symbol_text {
	char *data;
	size_t length, capacity;
};

/* Appends one symbol to a table whose arrays have room for it; long names are cut, and past 128 MB
 * of them nothing is added. */
void symbol_table_add(struct symbol_table *table, struct symbol_text *text, char kind,
		      const char *name, uint64_t address);

#endif
