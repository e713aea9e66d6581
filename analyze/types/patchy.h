// SPDX-License-Identifier: GPL-2.0-or-later
// Memory of which some pages are missing: what the others hold is still worth having.
#ifndef TYPES_PATCHY_H
#define TYPES_PATCHY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATCHY_PAGE = 4096 };

/* Reads exactly `length` bytes, or none. */
typedef bool memory_reader(void *context, uint64_t address, void *buffer, size_t length);

/* Reads what can be read, page by page; the rest is zero. Returns how many bytes that were. `holes`
 * (from patchy_holes(), or NULL) tells the pages that are missing. */
size_t patchy_read(memory_reader *read, void *context, uint64_t address, void *buffer,
		   size_t length, uint8_t *holes);
/* Zeroed memory for the holes of so many bytes at any address; free() it. */
uint8_t *patchy_holes(size_t length);
/* Whether all of [offset, offset + length) of what was read from `address` is there. */
bool patchy_has(const uint8_t *holes, uint64_t address, size_t offset, size_t length);

#endif
