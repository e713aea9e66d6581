// SPDX-License-Identifier: GPL-2.0-or-later
// Compression of pages by zlib, lzo or zstd: the only place that knows these libraries.
#ifndef STORE_COMPRESS_H
#define STORE_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

struct compressor;

struct error *compressor_new(enum store_compression compression, size_t page_size, struct compressor **ret) MUST_CHECK;
void compressor_free(struct compressor *compressor);
/* Compresses a page; returns the bytes and their number, or NULL where they would not be fewer than the page's. Valid
 * until the next call. */
const uint8_t *compressor_run(struct compressor *compressor, const uint8_t *page, size_t *ret_length);

#endif
