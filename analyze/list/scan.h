// SPDX-License-Identifier: GPL-2.0-or-later
// Finds the dumps below a directory, as kdump-tools, kdump-utils, netdump-server and kmortem-capture store them.
#ifndef LIST_SCAN_H
#define LIST_SCAN_H

#include <stddef.h>

#include "base/error.h"
#include "base/map.h"

struct arena;
struct listed_dump;

/* Zero-initialise, and give it an arena, which owns all that is found. */
struct scan {
	struct arena *arena;
	struct {
		struct listed_dump *items;
		size_t count, capacity;
	} dumps; /* in no order */
	struct {
		const char **items;
		size_t count, capacity;
	} problems; /* what could not be read, a line each */
	size_t entries;
	struct map places; /* that were looked at, by device and inode */
};

void scan_deinit(struct scan *scan);
/* Adds the dumps in `root` and in its subdirectories, but for those of a directory that was reached before. No link is followed but `root` itself. Fails where that cannot be
 * opened; what else cannot be is a problem. */
struct error *scan_root(struct scan *scan, const char *root) MUST_CHECK;

#endif
