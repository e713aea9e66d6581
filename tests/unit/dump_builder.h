// SPDX-License-Identifier: GPL-2.0-or-later
// Small dumps made in memory, for the tests of dump/: what is in each page follows from its number.
#ifndef DUMP_BUILDER_H
#define DUMP_BUILDER_H

#include <elf.h>
#include <libdeflate.h>
#include <lzo/lzo1x.h>
#include <snappy-c.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/mem.h"

/* A file in the making; grows as it is written to. */
struct image {
	uint8_t *bytes;
	size_t length;
	bool big_endian;
};

static inline void image_put(struct image *image, size_t offset, const void *bytes, size_t length)
{
	if (offset + length > image->length) {
		image->bytes = mem_resize(image->bytes, offset + length, 1);
		memset(image->bytes + image->length, 0, offset + length - image->length);
		image->length = offset + length;
	}
	memcpy(image->bytes + offset, bytes, length);
}

static inline void image_number(struct image *image, size_t offset, uint64_t number, size_t length)
{
	uint8_t bytes[8];

	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)(number >> 8 * (image->big_endian ? length - 1 - i : i));
	image_put(image, offset, bytes, length);
}

/* Writes the first `length` bytes to a new file; the name is to be unlinked and freed
 * (image_remove). */
static inline char *image_write_part(const struct image *image, size_t length)
{
	const char *directory = getenv("TMPDIR");
	char *path = mem_printf("%s/kmortem-test-XXXXXX", directory ? directory : "/tmp");
	int fd = mkstemp(path);

	if (fd < 0 || write(fd, image->bytes, length) != (ssize_t)length)
		abort();
	close(fd);
	return path;
}

static inline char *image_write(const struct image *image)
{
	return image_write_part(image, image->length);
}

static inline void image_remove(char *path)
{
	unlink(path);
	free(path);
}

/* The content of page `number`: half of it a pattern that compresses, with the number in front. */
static inline void page_fill(uint8_t *page, size_t size, uint64_t number)
{
	uint32_t state = (uint32_t)number * 2654435761U + 1;

	memset(page, (int)number, size);
	for (size_t i = size / 2; i < size; i++) {
		state = state * 1664525 + 1013904223;
		page[i] = (uint8_t)(state >> 24);
	}
	memcpy(page, &number, sizeof(number));
}

static inline bool page_is(const uint8_t *page, size_t size, uint64_t number)
{
	uint8_t *want = mem_zero(size);

	page_fill(want, size, number);
	bool same = !memcmp(page, want, size);
	free(want);
	return same;
}

enum { KDUMP_ZLIB = 1, KDUMP_LZO = 2, KDUMP_SNAPPY = 4, KDUMP_ZSTD = 0x20 };

static inline size_t page_compress(const uint8_t *page, size_t size, uint8_t *packed, uint32_t flag)
{
	static lzo_align_t memory[LZO1X_1_MEM_COMPRESS / sizeof(lzo_align_t) + 1];
	struct libdeflate_compressor *deflate;
	lzo_uint lzo_length = 2 * size;
	size_t length = 2 * size;

	switch (flag) {
	case KDUMP_ZLIB:
		deflate = libdeflate_alloc_compressor(1);
		length = libdeflate_zlib_compress(deflate, page, size, packed, length);
		libdeflate_free_compressor(deflate);
		return length;
	case KDUMP_LZO:
		lzo1x_1_compress(page, size, packed, &lzo_length, memory);
		return lzo_length;
	case KDUMP_SNAPPY:
		snappy_compress((const char *)page, size, (char *)packed, &length);
		return length;
	case KDUMP_ZSTD:
		return ZSTD_compress(packed, length, page, size, 1);
	default:
		memcpy(packed, page, size);
		return size;
	}
}

struct kdump_recipe {
	const char *machine;
	bool is_32, big_endian;
	uint32_t block; /* bytes */
	uint64_t blocks;
	bool (*is_ram)(uint64_t number);
	bool (*is_saved)(uint64_t number);
	uint32_t flag; /* compression */
	bool raw_odd;  /* blocks of odd number stay uncompressed */
	bool is_split;
	uint64_t start, end;
	uint32_t status;
	const char *vmcoreinfo;
	void (*fill)(uint8_t *page, size_t size, uint64_t number);
};

static inline void kdump_put_header(struct image *image, const struct kdump_recipe *recipe,
				    uint32_t bitmap_blocks)
{
	size_t numbers = recipe->is_32 ? 412 : 424, sub = recipe->block;
	size_t word = recipe->is_32 ? 4 : 8;
	const uint32_t header[] = {recipe->status, recipe->block, 1, bitmap_blocks,
				   (uint32_t)recipe->blocks};

	image->big_endian = recipe->big_endian;
	image_put(image, 0, "KDUMP   ", 8);
	image_number(image, 8, 6, 4);
	image_put(image, 12, "Linux", 5);
	image_put(image, 12 + 4 * 65, recipe->machine, strlen(recipe->machine));
	/* A time stamp whose microseconds look like a block size must not mislead. */
	image_number(image, numbers - word, 4096, word);
	for (size_t i = 0; i < sizeof(header) / sizeof(*header); i++)
		image_number(image, numbers + 4 * i, header[i], 4);
	image_number(image, sub + word, 17, 4);
	image_number(image, sub + word + 4, recipe->is_split, 4);
	image_number(image, sub + (recipe->is_32 ? 56 : 80), recipe->start, 8);
	image_number(image, sub + (recipe->is_32 ? 64 : 88), recipe->end, 8);
	image_number(image, sub + (recipe->is_32 ? 72 : 96), recipe->blocks, 8);
	if (!recipe->vmcoreinfo)
		return;
	image_number(image, sub + (recipe->is_32 ? 20 : 32), sub + 128, 8);
	image_number(image, sub + (recipe->is_32 ? 28 : 40), strlen(recipe->vmcoreinfo), word);
	image_put(image, sub + 128, recipe->vmcoreinfo, strlen(recipe->vmcoreinfo));
}

/* Where the descriptors begin. */
static inline size_t kdump_descriptors(const struct kdump_recipe *recipe)
{
	size_t bitmap = (recipe->blocks + 8UL * recipe->block - 1) / (8UL * recipe->block);

	return (2 + 2 * bitmap) * recipe->block;
}

static inline void build_kdump(struct image *image, const struct kdump_recipe *recipe)
{
	size_t descriptor = kdump_descriptors(recipe), bitmaps = 2UL * recipe->block, count = 0;
	size_t second = bitmaps + (descriptor - bitmaps) / 2;
	uint8_t *page = mem_zero(recipe->block), *packed = mem_zero(2UL * recipe->block);

	kdump_put_header(image, recipe, (uint32_t)((descriptor - bitmaps) / recipe->block));
	image_put(image, descriptor - 1, "", 1);
	for (uint64_t i = 0; i < recipe->blocks; i++) {
		image->bytes[bitmaps + i / 8] |= (uint8_t)(recipe->is_ram(i) << i % 8);
		image->bytes[second + i / 8] |= (uint8_t)(recipe->is_saved(i) << i % 8);
		count += recipe->is_saved(i) &&
			 (!recipe->is_split || (i >= recipe->start && i < recipe->end));
	}
	image_put(image, descriptor + count * 24 - 1, "", 1);
	for (uint64_t i = 0; i < recipe->blocks; i++) {
		if (!recipe->is_saved(i) ||
		    (recipe->is_split && (i < recipe->start || i >= recipe->end)))
			continue;
		uint32_t flag = recipe->raw_odd && i % 2 ? 0 : recipe->flag;
		(recipe->fill ? recipe->fill : page_fill)(page, recipe->block, i);
		size_t length = page_compress(page, recipe->block, packed, flag);
		image_number(image, descriptor, image->length, 8);
		image_number(image, descriptor + 8, length, 4);
		image_number(image, descriptor + 12, flag, 4);
		image_put(image, image->length, packed, length);
		descriptor += 24;
	}
	free(page);
	free(packed);
}

struct elf_load {
	uint64_t virtual, physical, file_length, length;
	size_t offset; /* filled in by build_elf() */
};

/* An ELF core: header, program headers, a note segment, then the loads. Pages hold what
 * page_fill(), or `fill`, makes of their physical number. */
static inline void build_elf(struct image *image, unsigned machine, struct elf_load *loads,
			     size_t count, const struct image *notes,
			     void (*fill)(uint8_t *page, size_t size, uint64_t number))
{
	size_t programs = 64, note_offset = programs + 56 * (count + 1), offset;
	size_t note_length = notes ? notes->length : 0;
	uint8_t page[4096];

	image_put(image, 0, ELFMAG, SELFMAG);
	image_number(image, EI_CLASS, ELFCLASS64, 1);
	image_number(image, EI_DATA, image->big_endian ? ELFDATA2MSB : ELFDATA2LSB, 1);
	image_number(image, 16, ET_CORE, 2);
	image_number(image, 18, machine, 2);
	image_number(image, 32, programs, 8);
	image_number(image, 54, 56, 2);
	image_number(image, 56, count + 1, 2);
	image_number(image, programs, PT_NOTE, 4);
	image_number(image, programs + 8, note_offset, 8);
	image_number(image, programs + 32, note_length, 8);
	if (notes)
		image_put(image, note_offset, notes->bytes, note_length);
	offset = (note_offset + note_length + 4095) & ~4095UL;
	for (size_t i = 0; i < count; i++) {
		const uint64_t numbers[] = {offset,
					    loads[i].virtual,
					    loads[i].physical,
					    loads[i].file_length,
					    loads[i].length,
					    0};

		image_number(image, programs + 56 * (i + 1), PT_LOAD, 4);
		for (size_t j = 0; j < 6; j++)
			image_number(image, programs + 56 * (i + 1) + 8 + 8 * j, numbers[j], 8);
		loads[i].offset = offset;
		for (uint64_t at = 0; at < loads[i].file_length;) {
			uint64_t physical = loads[i].physical + at, within = physical % 4096;
			uint64_t part = 4096 - within;

			if (part > loads[i].file_length - at)
				part = loads[i].file_length - at;
			(fill ? fill : page_fill)(page, 4096, physical / 4096);
			image_put(image, offset + at, page + within, part);
			at += part;
		}
		offset += loads[i].file_length;
	}
}

static inline void notes_put(struct image *notes, const char *name, uint32_t type,
			     const void *bytes, size_t length)
{
	size_t at = notes->length, name_length = strlen(name) + 1;
	size_t desc = at + 12 + ((name_length + 3) & ~3UL);

	image_number(notes, at, name_length, 4);
	image_number(notes, at + 4, length, 4);
	image_number(notes, at + 8, type, 4);
	image_put(notes, at + 12, name, name_length);
	image_put(notes, desc, bytes, length);
	while (notes->length % 4)
		image_put(notes, notes->length, "", 1);
}

#endif
