// SPDX-License-Identifier: GPL-2.0-or-later
// ELF notes of a dump: a bounded copy, found by walking, never trusted.
#ifndef DUMP_NOTES_H
#define DUMP_NOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump_file;

enum { NOTES_BYTES_MAX = 32 << 20 };

struct note {
	const char *name; /* not NUL-terminated */
	size_t name_length;
	uint32_t type;
	const uint8_t *bytes;
	size_t length;
};

/* Zero-initialise. */
struct notes {
	struct note *items;
	size_t count, capacity;
	struct {
		uint8_t **items;
		size_t count, capacity;
	} copies; /* what the notes point into */
	size_t bytes;
};

void notes_deinit(struct notes *notes);
/* Adds the notes in `length` bytes of a file; what lies behind the end of the file, behind the
 * bound, or makes no sense is left out. */
void notes_add(struct notes *notes, const struct dump_file *file, uint64_t offset, uint64_t length,
	       bool big_endian);
/* The first note of that name and type at or after *position, which then stands behind it; NULL at
 * the end. */
const struct note *notes_find(const struct notes *notes, const char *name, uint32_t type,
			      size_t *position);

#endif
