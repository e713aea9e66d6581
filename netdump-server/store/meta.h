// SPDX-License-Identifier: GPL-2.0-or-later
// meta.json, and what is kept of an incomplete dump so that its client may go on.
#ifndef STORE_META_H
#define STORE_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct extents;
struct meta;

enum {
	META_HOLES_MAX = 1000, /* listed; how many bytes are missing is said of all */
	RESUME_TEXT_MAX = 4 << 20,
};

/* Appends an object, one member a line. `name`: of the vmcore beside it. `size`: of the file. */
void meta_json(const struct meta *meta, bool is_complete, const char *name, uint64_t size, struct buf *ret);

/* Appends what resume_parse() reads: who sent which dump, and which bytes are there. */
void resume_write(const struct meta *meta, struct buf *ret);
/* False where the text is none, or of another dump or client than `meta` says (id, peer or address); `ret` is empty. */
bool resume_parse(char *text, const struct meta *meta, struct extents *ret);

#endif
