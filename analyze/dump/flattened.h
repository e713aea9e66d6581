// SPDX-License-Identifier: GPL-2.0-or-later
// The flattened format: blocks of a dump in the order they were written, each with the offset where
// it belongs, for writers that cannot seek. An index of the blocks takes the place of putting them
// in order on disk: no temporary file, nothing is copied.
#ifndef DUMP_FLATTENED_H
#define DUMP_FLATTENED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct flattened;

/* Indexes the file if it is flattened; *ret is NULL if it is not. A file that ends early, or goes
 * wrong from some block on, is indexed up to there. */
struct error *flattened_open(const char *path, int fd, uint64_t stored,
			     struct flattened **ret) MUST_CHECK;
void flattened_close(struct flattened *flattened);
/* Bytes of the dump, to the end of its last block. */
uint64_t flattened_size(const struct flattened *flattened);
/* The end mark was not reached. */
bool flattened_is_cut(const struct flattened *flattened);
/* Where the byte at `offset` of the dump is stored, and how many follow it there; false in a hole,
 * and then how many bytes that goes on. */
bool flattened_find(const struct flattened *flattened, uint64_t offset, uint64_t *ret_stored,
		    uint64_t *ret_available);
bool flattened_has(const struct flattened *flattened, uint64_t offset, uint64_t length);

#endif
