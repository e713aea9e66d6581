// SPDX-License-Identifier: GPL-2.0-or-later
// Which bytes of a file are there: sorted ranges without overlap, merged where they touch.
#ifndef SESSION_EXTENTS_H
#define SESSION_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EXTENTS_MAX = 64 << 10 }; /* ranges: 1 MB of memory */

struct extent {
	uint64_t start, end; /* end: first byte behind it */
};

/* Zero-initialise. */
struct extents {
	struct extent *items;
	size_t count, capacity;
	uint64_t bytes; /* in all ranges */
};

void extents_deinit(struct extents *extents);
/* *ret is overwritten; extents_deinit() it. */
void extents_copy(const struct extents *extents, struct extents *ret);
/* Adds [start, end); an empty or backward range changes nothing. False when that would be one range too many: nothing is
 * added then. */
bool extents_add(struct extents *extents, uint64_t start, uint64_t end);
/* Takes out what the other has, and whatever would make one range too many. */
void extents_subtract(struct extents *extents, const struct extents *other);
/* Whether all, or any, of [start, end) is there. */
bool extents_have(const struct extents *extents, uint64_t start, uint64_t end);
bool extents_touch(const struct extents *extents, uint64_t start, uint64_t end);
/* The first hole at or after `from` and before `end`; false when there is none. */
bool extents_hole(const struct extents *extents, uint64_t from, uint64_t end, struct extent *ret);

#endif
