// SPDX-License-Identifier: GPL-2.0-or-later
// Compression of pages by zlib, lzo or zstd: the only place that knows these libraries.
#ifndef STORE_COMPRESS_H
#define STORE_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

/* What all dumps share, on whatever threads: a compressor of zlib is larger than all else that a dump needs. */
struct compressors;

struct compressors *compressors_new(void);
void compressors_free(struct compressors *compressors);
/* Compresses a page into `ret`, which has room for one; returns its length, or 0 where it would be no shorter. */
size_t compressors_run(struct compressors *compressors, enum store_compression compression, const uint8_t *page,
		       size_t page_size, uint8_t *ret);

#endif
