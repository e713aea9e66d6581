// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/decompress.h"

#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "base/mem.h"

/* The states are kept, because setting one up costs about as much as a page. zlib's own inflate()
 * takes twice the time of libdeflate, and that time is most of what reading a dump costs. */
struct decompressor {
	struct libdeflate_decompressor *deflate;
	ZSTD_DCtx *zstd;
};

struct decompressor *decompressor_new(void)
{
	return mem_zero(sizeof(struct decompressor));
}

void decompressor_free(struct decompressor *decompressor)
{
	if (!decompressor)
		return;
	libdeflate_free_decompressor(decompressor->deflate);
	ZSTD_freeDCtx(decompressor->zstd);
	free(decompressor);
}

static bool decompress_zlib(struct decompressor *decompressor, const void *data, size_t data_length,
			    void *bytes, size_t length)
{
	if (!decompressor->deflate)
		decompressor->deflate = libdeflate_alloc_decompressor();
	/* Without room for a count it accepts only data of exactly `length` bytes. */
	return decompressor->deflate &&
	       libdeflate_zlib_decompress(decompressor->deflate, data, data_length, bytes, length,
					  NULL) == LIBDEFLATE_SUCCESS;
}

static bool decompress_lzo(const void *data, size_t data_length, void *bytes, size_t length)
{
	lzo_uint done = length;

	return lzo1x_decompress_safe(data, data_length, bytes, &done, NULL) == LZO_E_OK &&
	       done == length;
}

static bool decompress_snappy(const void *data, size_t data_length, void *bytes, size_t length)
{
	size_t done = length;

	return snappy_uncompress(data, data_length, bytes, &done) == SNAPPY_OK && done == length;
}

static bool decompress_zstd(struct decompressor *decompressor, const void *data, size_t data_length,
			    void *bytes, size_t length)
{
	if (!decompressor->zstd)
		decompressor->zstd = ZSTD_createDCtx();
	return decompressor->zstd &&
	       ZSTD_decompressDCtx(decompressor->zstd, bytes, length, data, data_length) == length;
}

bool decompress(struct decompressor *decompressor, enum compression compression, const void *data,
		size_t data_length, void *bytes, size_t length)
{
	switch (compression) {
	case COMPRESSION_NONE:
		if (data_length == length)
			memcpy(bytes, data, length);
		return data_length == length;
	case COMPRESSION_ZLIB:
		return decompress_zlib(decompressor, data, data_length, bytes, length);
	case COMPRESSION_LZO:
		return decompress_lzo(data, data_length, bytes, length);
	case COMPRESSION_SNAPPY:
		return decompress_snappy(data, data_length, bytes, length);
	case COMPRESSION_ZSTD:
		return decompress_zstd(decompressor, data, data_length, bytes, length);
	case COMPRESSIONS:
		break;
	}
	return false;
}

const char *compression_name(enum compression compression)
{
	static const char *const names[COMPRESSIONS] = {
		[COMPRESSION_NONE] = "none", [COMPRESSION_ZLIB] = "zlib",
		[COMPRESSION_LZO] = "lzo",   [COMPRESSION_SNAPPY] = "snappy",
		[COMPRESSION_ZSTD] = "zstd",
	};

	return names[compression];
}
