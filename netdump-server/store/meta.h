// SPDX-License-Identifier: GPL-2.0-or-later
// meta.json.
#ifndef STORE_META_H
#define STORE_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct meta;

enum {
	META_HOLES_MAX = 1000, /* listed; how many bytes are missing is said of all */
	META_SIZE = 96 << 10,  /* with so many it is not longer */
};

/* Appends an object, one member a line. `name`: of the vmcore beside it. `size`: of the file. */
void meta_json(const struct meta *meta, bool is_complete, const char *name, uint64_t size, struct buf *ret);

#endif
