// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols out of the tables that a kernel carries in its own read-only data (kernel/kallsyms.c,
// scripts/kallsyms.c).
#ifndef TYPES_SRC_KALLSYMS_H
#define TYPES_SRC_KALLSYMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "types/patchy.h"

struct dump;
struct symbol_provider;

/* Where the tables lie; 0 for one that is not there. */
struct kallsyms_tables {
	uint64_t names, num_syms, token_table, token_index;
	uint64_t addresses; /* pointers, or… */
	uint64_t offsets; /* …32 bits each, relative to what `relative_base` points at, or (0) to
			     their own place */
	uint64_t relative_base;
};

/* Memory the tables are read from: the dump's, or a test's. */
struct kallsyms_memory {
	memory_reader *read;
	void *context;
	uint8_t pointer_size;
	bool big_endian;
};

/* A number of up to eight bytes, as it stands in that memory. */
static inline uint64_t kallsyms_number(const struct kallsyms_memory *memory, const uint8_t *bytes,
				       size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
		value = value << 8 | bytes[memory->big_endian ? i : length - 1 - i];
	return value;
}

/* Reads and indexes all symbols that can be read; the provider says if they are not all.
 * ERROR_CORRUPT when the tables contradict themselves, ERROR_NOT_SAVED when they cannot be read.
 * `description` is copied. */
struct error *src_kallsyms_new(const struct kallsyms_memory *memory,
			       const struct kallsyms_tables *tables, const char *description,
			       struct symbol_provider **ret) MUST_CHECK;
/* The tables VMCOREINFO names (since Linux 6.0), else those found by their shape in the dump's
 * memory. ERROR_NO_SOURCE when there are none. */
struct error *src_kallsyms_open(struct dump *dump, struct symbol_provider **ret) MUST_CHECK;

#endif
