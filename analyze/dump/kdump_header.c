// SPDX-License-Identifier: GPL-2.0-or-later
// Layout after diskdump_mod.h of makedumpfile: struct disk_dump_header in block 0, struct
// kdump_sub_header in block 1, both in the dumped machine's own C layout.
#include "dump/kdump_header.h"

#include <string.h>

#include "dump/bytes.h"
#include "dump/file.h"
#include "dump/format.h"

enum {
	HEADER_BYTES = 512,
	HEADER_BYTES_MIN = 440, /* in the file; the rest of the block may never have been written */
	SUB_HEADER_BYTES = 128,
	SUB_HEADER_BYTES_MIN = 64,
	VERSION_MAX = 16,        /* 6 today */
	STATUS_INCOMPLETE = 0x8, /* DUMP_DH_COMPRESSED_INCOMPLETE */
	LEVEL_MAX = 63,          /* makedumpfile -d has 5 bits today */
	UTS_OFFSET = 12,
};
/* Of one bitmap: 32 TiB of RAM in 4 KiB pages. A sparse file can claim anything. */
static const uint64_t BITMAP_BYTES_MAX = (uint64_t)1 << 30;

struct kdump_layout {
	uint8_t word; /* bytes of unsigned long */
	uint16_t status, block_size, sub_blocks, bitmap_blocks, blocks;
	uint8_t level, split, start, end, vmcoreinfo, vmcoreinfo_size, notes, notes_size, start_64,
		end_64, blocks_64;
};

static const struct kdump_layout kdump_layouts[] = {
	{.word = 4, .status = 412, .block_size = 416, .sub_blocks = 420, .bitmap_blocks = 424,
	 .blocks = 428, .level = 4, .split = 8, .start = 12, .end = 16, .vmcoreinfo = 20,
	 .vmcoreinfo_size = 28, .notes = 32, .notes_size = 40, .start_64 = 56, .end_64 = 64,
	 .blocks_64 = 72},
	{.word = 8, .status = 424, .block_size = 428, .sub_blocks = 432, .bitmap_blocks = 436,
	 .blocks = 440, .level = 8, .split = 12, .start = 16, .end = 24, .vmcoreinfo = 32,
	 .vmcoreinfo_size = 40, .notes = 48, .notes_size = 56, .start_64 = 80, .end_64 = 88,
	 .blocks_64 = 96},
};

static uint64_t kdump_word(const uint8_t *bytes, const struct kdump_layout *layout, bool big_endian)
{
	return layout->word == 8 ? bytes_u64(bytes, big_endian) : bytes_u32(bytes, big_endian);
}

static bool kdump_layout_fits(const uint8_t *header, const struct kdump_layout *layout,
			      bool big_endian)
{
	uint32_t version = bytes_u32(header + 8, big_endian);
	uint32_t block_size = bytes_u32(header + layout->block_size, big_endian);
	uint32_t sub_blocks = bytes_u32(header + layout->sub_blocks, big_endian);

	return version <= VERSION_MAX && block_size >= BLOCK_BYTES_MIN &&
	       block_size <= BLOCK_BYTES_MAX && !(block_size & (block_size - 1)) && sub_blocks &&
	       sub_blocks <= 1024;
}

/* The word size is nowhere said. The machine's name tells where there is one; else the layout that
 * makes sense: a time stamp's microseconds can look like a block size, so 64 bits go first. */
static const struct kdump_layout *kdump_find_layout(const uint8_t *header, bool *ret_big_endian)
{
	const char *machine = (const char *)header + UTS_OFFSET + (size_t)4 * 65;
	bool is_32 = (machine[0] == 'i' && !memcmp(machine + 2, "86", 3)) ||
		     !memcmp(machine, "armv", 4) || !memcmp(machine, "ppc", 4);

	for (int i = 0; i < 4; i++) {
		const struct kdump_layout *layout = &kdump_layouts[(i < 2) != is_32];
		bool big_endian = i & 1;

		if (!kdump_layout_fits(header, layout, big_endian))
			continue;
		*ret_big_endian = big_endian;
		return layout;
	}
	return NULL;
}

/* Versions count up as the kernel's crash tools added members. */
static void kdump_read_sub_header(const uint8_t *sub, const struct kdump_layout *layout,
				  uint32_t version, struct kdump_header *header)
{
	bool big = header->big_endian;

	if (version >= 1) {
		header->phys_base = kdump_word(sub, layout, big);
		header->has_phys_base = true;
		uint32_t level = bytes_u32(sub + layout->level, big);
		header->level = level <= LEVEL_MAX ? (int)level : -1;
	}
	header->is_split = version >= 2 && bytes_u32(sub + layout->split, big);
	if (header->is_split) {
		header->start = kdump_word(sub + layout->start, layout, big);
		header->end = kdump_word(sub + layout->end, layout, big);
	}
	if (version >= 3) {
		header->vmcoreinfo = bytes_u64(sub + layout->vmcoreinfo, big);
		header->vmcoreinfo_size = kdump_word(sub + layout->vmcoreinfo_size, layout, big);
	}
	if (version >= 4) {
		header->notes = bytes_u64(sub + layout->notes, big);
		header->notes_size = kdump_word(sub + layout->notes_size, layout, big);
	}
	if (version >= 6) {
		header->blocks = bytes_u64(sub + layout->blocks_64, big);
		if (header->is_split) {
			header->start = bytes_u64(sub + layout->start_64, big);
			header->end = bytes_u64(sub + layout->end_64, big);
		}
	}
}

/* Where the bitmaps and the page descriptors are. There are two bitmaps (RAM; saved), or only one
 * in a dump that leaves nothing out. */
static struct error *kdump_place(const struct dump_file *file, const uint8_t *bytes,
				 const struct kdump_layout *layout, struct kdump_header *header)
{
	uint64_t bitmap = bytes_u32(bytes + layout->bitmap_blocks, header->big_endian) *
			  (uint64_t)header->block_size;
	uint64_t first = (1 + (uint64_t)bytes_u32(bytes + layout->sub_blocks, header->big_endian)) *
			 header->block_size;

	header->ram_bitmap = header->saved_bitmap = first;
	header->descriptors = first + bitmap;
	if (header->blocks <= bitmap / 2 * 8) {
		bitmap /= 2;
		header->saved_bitmap += bitmap;
	}
	if (bitmap > BITMAP_BYTES_MAX)
		return error_new(ERROR_INVALID, "%s: corrupt header (page bitmap of %llu bytes)",
				 file->path, (unsigned long long)bitmap);
	if (header->blocks > bitmap * 8)
		header->blocks = bitmap * 8;
	if (!header->blocks)
		return error_new(ERROR_INVALID, "%s: corrupt header (no page of memory)",
				 file->path);
	/* A part of a split dump without pages ends with the last bit, not with its block. */
	uint64_t length = header->saved_bitmap - first + (header->blocks + 7) / 8;
	if (!dump_file_has(file, first, length))
		header->bytes_missing = first + length > file->size ? first + length - file->size : 1;
	if (header->end > header->blocks)
		header->end = header->blocks;
	if (header->start > header->end)
		return error_new(ERROR_INVALID, "%s: corrupt header (part of a split dump)",
				 file->path);
	return NULL;
}

static struct error *kdump_header_parse(const struct dump_file *file, const uint8_t *bytes,
					struct kdump_header *header)
{
	const struct kdump_layout *layout = kdump_find_layout(bytes, &header->big_endian);
	uint8_t sub[SUB_HEADER_BYTES] = {0};

	if (!layout)
		return error_new(ERROR_INVALID, "%s: corrupt header (no sensible block size)",
				 file->path);
	header->is_64 = layout->word == 8;
	header->block_size = bytes_u32(bytes + layout->block_size, header->big_endian);
	header->blocks = bytes_u32(bytes + layout->blocks, header->big_endian);
	header->is_incomplete =
		bytes_u32(bytes + layout->status, header->big_endian) & STATUS_INCOMPLETE;
	memcpy(header->uts, bytes + UTS_OFFSET, sizeof(header->uts));
	for (size_t i = 0; i < sizeof(header->uts) / sizeof(*header->uts); i++)
		header->uts[i][sizeof(*header->uts) - 1] = '\0';
	header->level = -1;
	header->end = UINT64_MAX;
	if (!dump_file_has(file, header->block_size, SUB_HEADER_BYTES_MIN) ||
	    !dump_file_read(file, header->block_size, sub, sizeof(sub)))
		return format_error_cut(file);
	kdump_read_sub_header(sub, layout, bytes_u32(bytes + 8, header->big_endian), header);
	return kdump_place(file, bytes, layout, header);
}

struct error *kdump_header_read(const struct dump_file *file, struct kdump_header *ret,
				bool *ret_is_kdump)
{
	struct kdump_header header = {0};
	uint8_t bytes[HEADER_BYTES];

	*ret_is_kdump = dump_file_read(file, 0, bytes, 8) &&
			(!memcmp(bytes, "KDUMP   ", 8) || !memcmp(bytes, "DISKDUMP", 8));
	if (!*ret_is_kdump)
		return NULL;
	if (!dump_file_has(file, 0, HEADER_BYTES_MIN) ||
	    !dump_file_read(file, 0, bytes, sizeof(bytes)))
		return format_error_cut(file);
	struct error *error = kdump_header_parse(file, bytes, &header);
	if (!error)
		*ret = header;
	return error;
}
