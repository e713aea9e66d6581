// SPDX-License-Identifier: GPL-2.0-or-later
// The compressions of kdump pages.
#ifndef DUMP_DECOMPRESS_H
#define DUMP_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_ZLIB,
	COMPRESSION_LZO,
	COMPRESSION_SNAPPY,
	COMPRESSION_ZSTD,
	COMPRESSIONS,
};

struct decompressor;

struct decompressor *decompressor_new(void);
void decompressor_free(struct decompressor *decompressor);
/* Decompresses to exactly `length` bytes; false when that is not what the data is. */
bool decompress(struct decompressor *decompressor, enum compression compression, const void *data,
		size_t data_length, void *bytes, size_t length);
/* "none", "zlib"… */
const char *compression_name(enum compression compression);

#endif
