// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/compress.h"

#include <lzo/lzo1x.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

enum { LEVEL = 1 }; /* of zlib and zstd: the dump has to keep up with the network */

/* For pages of one size. */
struct compressor {
	struct compressor *next;
	enum store_compression compression;
	size_t page_size, room;
	uint8_t *bytes;
	void *work;         /* lzo */
	z_stream deflate;   /* zlib */
	ZSTD_CCtx *context; /* zstd */
};

/* Bytes that a page may become: lzo's FAQ has the formula; zlib and zstd stop where there is no room. */
static size_t room_for(size_t page_size)
{
	return page_size + page_size / 16 + 64 + 3;
}

static bool begin(struct compressor *compressor)
{
	switch (compressor->compression) {
	case STORE_ZLIB:
		return deflateInit(&compressor->deflate, LEVEL) == Z_OK;
	case STORE_LZO:
		compressor->work = mem_zero(LZO1X_1_MEM_COMPRESS);
		return lzo_init() == LZO_E_OK;
	case STORE_ZSTD:
		compressor->context = ZSTD_createCCtx();
		return compressor->context;
	}
	return false;
}

static void compressor_free(struct compressor *compressor)
{
	if (compressor->compression == STORE_ZLIB)
		deflateEnd(&compressor->deflate);
	ZSTD_freeCCtx(compressor->context);
	free(compressor->work);
	free(compressor->bytes);
	free(compressor);
}

/* NULL where the library does not start. */
static struct compressor *compressor_new(enum store_compression compression, size_t page_size)
{
	struct compressor *compressor = mem_zero(sizeof(*compressor));

	compressor->compression = compression;
	compressor->page_size = page_size;
	compressor->room = room_for(page_size);
	compressor->bytes = mem_zero(compressor->room);
	if (begin(compressor))
		return compressor;
	compressor_free(compressor);
	return NULL;
}

static size_t run_zlib(struct compressor *compressor, const uint8_t *page)
{
	z_stream *stream = &compressor->deflate;

	deflateReset(stream);
	stream->next_in = (uint8_t *)(uintptr_t)page;
	stream->avail_in = (uInt)compressor->page_size;
	stream->next_out = compressor->bytes;
	stream->avail_out = (uInt)compressor->room;
	return deflate(stream, Z_FINISH) == Z_STREAM_END ? compressor->room - stream->avail_out : 0;
}

static size_t run_lzo(struct compressor *compressor, const uint8_t *page)
{
	lzo_uint length = compressor->room;

	return lzo1x_1_compress(page, compressor->page_size, compressor->bytes, &length, compressor->work) == LZO_E_OK
		       ? length
		       : 0;
}

static size_t run_zstd(struct compressor *compressor, const uint8_t *page)
{
	size_t length = ZSTD_compressCCtx(compressor->context, compressor->bytes, compressor->room, page,
					  compressor->page_size, LEVEL);

	return ZSTD_isError(length) ? 0 : length;
}

/* ---- those that dumps share -------------------------------------------------------------------- */

struct compressors {
	pthread_mutex_t mutex;
	struct compressor *first; /* a few: one for each compression and size of pages that came */
};

struct compressors *compressors_new(void)
{
	struct compressors *compressors = mem_zero(sizeof(*compressors));

	pthread_mutex_init(&compressors->mutex, NULL);
	return compressors;
}

void compressors_free(struct compressors *compressors)
{
	if (!compressors)
		return;
	while (compressors->first) {
		struct compressor *next = compressors->first->next;

		compressor_free(compressors->first);
		compressors->first = next;
	}
	pthread_mutex_destroy(&compressors->mutex);
	free(compressors);
}

static struct compressor *find_or_make(struct compressors *compressors, enum store_compression compression,
				       size_t page_size)
{
	struct compressor *compressor = compressors->first;

	while (compressor && (compressor->compression != compression || compressor->page_size != page_size))
		compressor = compressor->next;
	if (compressor)
		return compressor;
	compressor = compressor_new(compression, page_size);
	if (compressor) {
		compressor->next = compressors->first;
		compressors->first = compressor;
	}
	return compressor;
}

size_t compressors_run(struct compressors *compressors, enum store_compression compression, const uint8_t *page,
		       size_t page_size, uint8_t *ret)
{
	static size_t (*const runs[])(struct compressor *compressor, const uint8_t *page) = {
		[STORE_ZLIB] = run_zlib, [STORE_LZO] = run_lzo, [STORE_ZSTD] = run_zstd};

	pthread_mutex_lock(&compressors->mutex);
	struct compressor *compressor = find_or_make(compressors, compression, page_size);
	size_t length = compressor ? runs[compression](compressor, page) : 0;

	length = length < page_size ? length : 0;
	if (length)
		memcpy(ret, compressor->bytes, length);
	pthread_mutex_unlock(&compressors->mutex);
	return length;
}
