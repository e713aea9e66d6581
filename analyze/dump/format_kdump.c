// SPDX-License-Identifier: GPL-2.0-or-later
// The kdump-compressed format. Each saved block has a descriptor, in the order of the bits that are
// set in the second bitmap; so the descriptor of a block is found by counting the bits before it.
#include "dump/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dump/bytes.h"
#include "dump/decompress.h"
#include "dump/file.h"
#include "dump/kdump_header.h"

enum {
	CHUNK_BYTES = 1024, /* of a bitmap: set bits are counted at open for each of these */
	CHUNK_BLOCKS = CHUNK_BYTES * 8,
	DESCRIPTOR_BYTES = 24,
	BATCH = 2048,   /* descriptors read at once */
	SAMPLE = 65536, /* descriptors at each end that are looked at for missing data */
	VMCOREINFO_BYTES_MAX = 1 << 20,
};

struct kdump_part {
	const struct dump_file *file;
	struct kdump_header header;
	uint64_t *ranks; /* saved blocks before each chunk */
	uint64_t saved;  /* blocks, by the bitmap */
	uint64_t first;  /* of them before header.start */
	uint64_t count;  /* descriptors in this file */
	uint8_t chunk[CHUNK_BYTES];
	uint64_t chunk_number; /* the one in `chunk`, plus one; 0: none */
};

struct kdump {
	struct format format;
	struct kdump_part *parts; /* by start */
	size_t part_count;
	struct decompressor *decompressor;
	uint8_t *packed;
};

struct kdump_descriptor {
	uint64_t offset;
	uint32_t size;
	enum compression compression;
};

static void kdump_free(struct format *format)
{
	struct kdump *kdump = (struct kdump *)format;

	for (size_t i = 0; i < kdump->part_count; i++)
		free(kdump->parts[i].ranks);
	decompressor_free(kdump->decompressor);
	free(kdump->packed);
	free(kdump->parts);
	free(kdump);
}

static unsigned bits_count(const uint8_t *bytes, uint64_t bits)
{
	unsigned count = 0;
	uint64_t word;

	for (; bits >= 64; bits -= 64, bytes += 8) {
		memcpy(&word, bytes, sizeof(word));
		count += (unsigned)__builtin_popcountll(word);
	}
	for (uint64_t bit = 0; bit < bits; bit++)
		count += bytes[bit / 8] >> (bit % 8) & 1;
	return count;
}

/* Counts the bits of a bitmap; with `ranks`, also those before each chunk. */
static uint64_t kdump_count(const struct kdump_part *part, uint64_t bitmap, uint64_t *ranks)
{
	uint64_t blocks = part->header.blocks, count = 0;
	uint8_t bytes[16 * CHUNK_BYTES];

	for (uint64_t block = 0; block < blocks; block += 8 * sizeof(bytes)) {
		uint64_t rest = blocks - block;
		size_t length = rest / 8 >= sizeof(bytes) ? sizeof(bytes) : (size_t)(rest + 7) / 8;

		if (!dump_file_read(part->file, bitmap + block / 8, bytes, length))
			return count;
		for (size_t at = 0; at < length; at += CHUNK_BYTES) {
			uint64_t bits = rest - at * 8 < CHUNK_BLOCKS ? rest - at * 8 : CHUNK_BLOCKS;

			if (ranks)
				ranks[(block + at * 8) / CHUNK_BLOCKS] = count;
			count += bits_count(bytes + at, bits);
		}
	}
	return count;
}

static const uint8_t *kdump_chunk(struct kdump_part *part, uint64_t number)
{
	uint64_t left = (part->header.blocks + 7) / 8 - number * CHUNK_BYTES;

	if (part->chunk_number == number + 1)
		return part->chunk;
	memset(part->chunk, 0, sizeof(part->chunk));
	part->chunk_number = 0;
	if (dump_file_read(part->file, part->header.saved_bitmap + number * CHUNK_BYTES,
			   part->chunk, left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES))
		part->chunk_number = number + 1;
	return part->chunk;
}

/* Saved blocks before a block. */
static uint64_t kdump_rank(struct kdump_part *part, uint64_t block)
{
	if (block >= part->header.blocks)
		return part->saved;
	return part->ranks[block / CHUNK_BLOCKS] +
	       bits_count(kdump_chunk(part, block / CHUNK_BLOCKS), block % CHUNK_BLOCKS);
}

static void kdump_part_index(struct kdump_part *part)
{
	uint64_t chunks = (part->header.blocks + CHUNK_BLOCKS - 1) / CHUNK_BLOCKS;

	if (part->header.bytes_missing)
		return;
	part->ranks = mem_zero(chunks * sizeof(*part->ranks));
	part->saved = kdump_count(part, part->header.saved_bitmap, part->ranks);
	part->first = kdump_rank(part, part->header.start);
	part->count = kdump_rank(part, part->header.end) - part->first;
}

static enum block_state kdump_understand(const struct kdump_part *part, const uint8_t *bytes,
					 struct kdump_descriptor *ret)
{
	static const struct {
		uint32_t flag;
		enum compression compression;
	} flags[] = {
		{0x1, COMPRESSION_ZLIB},
		{0x2, COMPRESSION_LZO},
		{0x4, COMPRESSION_SNAPPY},
		{0x20, COMPRESSION_ZSTD},
	};
	const struct kdump_header *header = &part->header;
	uint32_t flag = bytes_u32(bytes + 12, header->big_endian);

	ret->offset = bytes_u64(bytes, header->big_endian);
	ret->size = bytes_u32(bytes + 8, header->big_endian);
	ret->compression = COMPRESSION_NONE;
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (flag & flags[i].flag)
			ret->compression = flags[i].compression;
	/* The writer did not get as far as this one, whose place in the file it had set aside. */
	if (!ret->offset)
		return BLOCK_CUT;
	if (!ret->size || ret->size > header->block_size || ret->offset < header->descriptors)
		return BLOCK_BROKEN;
	return dump_file_has(part->file, ret->offset, ret->size) ? BLOCK_SAVED : BLOCK_CUT;
}

static struct kdump_part *kdump_part_of(struct kdump *kdump, uint64_t block)
{
	for (size_t i = 0; i < kdump->part_count; i++)
		if (block >= kdump->parts[i].header.start && block < kdump->parts[i].header.end)
			return &kdump->parts[i];
	return NULL;
}

static bool kdump_bit(const struct dump_file *file, uint64_t bitmap, uint64_t block)
{
	uint8_t byte;

	return dump_file_read(file, bitmap + block / 8, &byte, 1) && byte >> (block % 8) & 1;
}

static enum block_state kdump_look_up(struct kdump *kdump, uint64_t block,
				      struct kdump_part **ret_part, struct kdump_descriptor *ret)
{
	uint8_t bytes[DESCRIPTOR_BYTES];
	struct kdump_part *part = kdump_part_of(kdump, block), *any = part ? part : kdump->parts;

	if (any->header.bytes_missing)
		return BLOCK_CUT;
	if (block >= any->header.blocks)
		return BLOCK_NO_RAM;
	if (!(kdump_chunk(any, block / CHUNK_BLOCKS)[block % CHUNK_BLOCKS / 8] >> (block % 8) & 1))
		return kdump_bit(any->file, any->header.ram_bitmap, block) ? BLOCK_LEFT_OUT
									   : BLOCK_NO_RAM;
	if (!part)
		return BLOCK_CUT;
	uint64_t index = kdump_rank(part, block) - part->first;
	if (!dump_file_read(part->file, part->header.descriptors + index * DESCRIPTOR_BYTES, bytes,
			    sizeof(bytes)))
		return BLOCK_CUT;
	*ret_part = part;
	return kdump_understand(part, bytes, ret);
}

static enum block_state kdump_state(struct format *format, uint64_t block)
{
	struct kdump_descriptor descriptor;
	struct kdump_part *part;

	return kdump_look_up((struct kdump *)format, block, &part, &descriptor);
}

static enum block_state kdump_read_block(struct format *format, uint64_t block, void *bytes)
{
	struct kdump *kdump = (struct kdump *)format;
	struct kdump_descriptor descriptor;
	struct kdump_part *part;
	enum block_state state = kdump_look_up(kdump, block, &part, &descriptor);

	if (state != BLOCK_SAVED)
		return state;
	if (!dump_file_read(part->file, descriptor.offset, kdump->packed, descriptor.size))
		return BLOCK_BROKEN;
	return decompress(kdump->decompressor, descriptor.compression, kdump->packed,
			  descriptor.size, bytes, format->info.page_size)
		       ? BLOCK_SAVED
		       : BLOCK_BROKEN;
}

static bool kdump_next(struct format *format, uint64_t *number)
{
	struct kdump *kdump = (struct kdump *)format;
	struct kdump_part *part = kdump->parts;

	while (!part->header.bytes_missing && *number < part->header.blocks) {
		const uint8_t *chunk = kdump_chunk(part, *number / CHUNK_BLOCKS);
		uint64_t rest = part->header.blocks - *number;

		for (uint64_t bit = *number % CHUNK_BLOCKS; bit < CHUNK_BLOCKS && rest;
		     rest--, bit++) {
			if (chunk[bit / 8] >> (bit % 8) & 1)
				return true;
			++*number;
		}
	}
	return false;
}

/* What the descriptors of all files together say. */
struct kdump_survey {
	uint64_t seen[COMPRESSIONS];
	uint64_t cut;
	uint64_t end; /* of the data, in the file at hand */
};

static void kdump_survey_one(const struct kdump_part *part, const uint8_t *bytes,
			     struct kdump_survey *survey)
{
	struct kdump_descriptor descriptor;
	enum block_state state = kdump_understand(part, bytes, &descriptor);

	survey->cut += state == BLOCK_CUT;
	if (state == BLOCK_BROKEN || !descriptor.offset)
		return;
	survey->seen[descriptor.compression]++;
	/* An offset out of all proportion says nothing about what is missing. */
	uint64_t end = descriptor.offset + descriptor.size;
	if (end > survey->end && end / part->header.block_size / 2 < part->header.blocks)
		survey->end = end;
}

static void kdump_survey_range(const struct kdump_part *part, uint64_t first, uint64_t end,
			       struct kdump_survey *survey)
{
	uint8_t bytes[BATCH * DESCRIPTOR_BYTES];

	while (first < end) {
		uint64_t offset = part->header.descriptors + first * DESCRIPTOR_BYTES;
		size_t count = end - first < BATCH ? (size_t)(end - first) : BATCH;

		if (offset >= part->file->size) {
			survey->cut += end - first;
			return;
		}
		if (!dump_file_read(part->file, offset, bytes, count * DESCRIPTOR_BYTES)) {
			count = 1;
			if (!dump_file_read(part->file, offset, bytes, DESCRIPTOR_BYTES))
				memset(bytes, 0, DESCRIPTOR_BYTES);
		}
		for (size_t i = 0; i < count; i++)
			kdump_survey_one(part, bytes + i * DESCRIPTOR_BYTES, survey);
		first += count;
	}
}

/* Reads all descriptors only of small dumps, and of those where some data is missing. */
static void kdump_survey_part(const struct kdump_part *part, struct kdump_survey *survey)
{
	uint64_t cut = survey->cut;
	uint64_t head = part->count < SAMPLE ? part->count : SAMPLE;
	uint64_t tail = part->count - head < SAMPLE ? head : part->count - SAMPLE;

	survey->end = 0;
	if (part->count)
		survey->end = part->header.descriptors + part->count * DESCRIPTOR_BYTES;
	kdump_survey_range(part, tail, part->count, survey);
	kdump_survey_range(part, 0, head, survey);
	if (survey->cut != cut)
		kdump_survey_range(part, head, tail, survey);
}

static const char *kdump_compression(const struct kdump_survey *survey)
{
	const char *name = NULL;

	/* Pages that do not shrink are stored as they are, so "none" does not make a mixture. */
	for (int i = COMPRESSION_ZLIB; i < COMPRESSIONS; i++)
		if (survey->seen[i])
			name = name ? "mixed" : compression_name(i);
	if (name)
		return name;
	return survey->seen[COMPRESSION_NONE] ? compression_name(COMPRESSION_NONE) : "unknown";
}

static void kdump_account(struct kdump *kdump)
{
	struct dump_info *info = &kdump->format.info;
	struct kdump_survey survey = {0};
	struct kdump_part *first = kdump->parts;
	uint64_t promised = first->saved, present = 0;

	for (size_t i = 0; i < kdump->part_count; i++) {
		const struct kdump_part *part = &kdump->parts[i];

		kdump_survey_part(part, &survey);
		present += part->count;
		if (survey.end > part->file->size)
			info->bytes_missing += survey.end - part->file->size;
		info->bytes_missing += part->header.bytes_missing;
		info->truncated |= part->header.is_incomplete || dump_file_is_cut(part->file);
	}
	info->pages_ram = first->header.bytes_missing ? 0 : kdump_count(first, first->header.ram_bitmap, NULL);
	info->filtered = promised < info->pages_ram;
	/* Parts of a split dump that were not given are missing as if they were cut off. */
	info->pages_cut = survey.cut + (promised > present ? promised - present : 0);
	info->pages_saved = promised > info->pages_cut ? promised - info->pages_cut : 0;
	info->truncated |= info->pages_cut || info->bytes_missing;
	info->compression = kdump_compression(&survey);
}

/* Notes and VMCOREINFO stand in every part, but need be there only once. */
static void kdump_read_notes(struct kdump *kdump)
{
	struct format *format = &kdump->format;

	for (size_t i = 0; i < kdump->part_count; i++) {
		const struct kdump_header *header = &kdump->parts[i].header;
		const struct dump_file *file = kdump->parts[i].file;

		if (!format->notes.count)
			notes_add(&format->notes, file, header->notes, header->notes_size,
				  header->big_endian);
		if (format->vmcoreinfo || !header->vmcoreinfo_size ||
		    header->vmcoreinfo_size > VMCOREINFO_BYTES_MAX)
			continue;
		format->vmcoreinfo = mem_zero(header->vmcoreinfo_size + 1);
		if (!dump_file_read(file, header->vmcoreinfo, format->vmcoreinfo,
				    header->vmcoreinfo_size)) {
			free(format->vmcoreinfo);
			format->vmcoreinfo = NULL;
		}
	}
	format_take_vmcoreinfo(format);
}

static int kdump_part_compare(const void *a, const void *b)
{
	const struct kdump_part *left = a, *right = b;

	return left->header.start < right->header.start ? -1
							: left->header.start > right->header.start;
}

/* Whether the files belong together: parts of one dump, no part twice. */
static struct error *kdump_check_parts(const struct kdump_part *parts, size_t count)
{
	const struct kdump_header *first = &parts[0].header;

	for (size_t i = 0; i < count; i++) {
		const struct kdump_header *header = &parts[i].header;
		const char *path = parts[i].file->path;

		if (!header->is_split)
			return error_new(ERROR_INVALID,
					 "%s: a whole dump, not a part of a split one", path);
		if (memcmp(header->uts, first->uts, sizeof(header->uts)) ||
		    header->blocks != first->blocks || header->block_size != first->block_size ||
		    header->is_64 != first->is_64 || header->big_endian != first->big_endian)
			return error_new(ERROR_INVALID, "%s: part of another dump than %s", path,
					 parts[0].file->path);
		if (i && header->start < parts[i - 1].header.end)
			return error_new(ERROR_INVALID, "%s: the same part of the dump as %s", path,
					 parts[i - 1].file->path);
	}
	return NULL;
}

static struct error *kdump_read_headers(struct kdump *kdump, const struct dump_file *files,
					size_t count, bool *ret_is_kdump)
{
	for (size_t i = 0; i < count; i++) {
		struct kdump_part *part = &kdump->parts[i];
		bool is_kdump;

		struct error *error = kdump_header_read(&files[i], &part->header, &is_kdump);
		if (error)
			return error;
		*ret_is_kdump = is_kdump;
		if (!is_kdump && i)
			return error_new(ERROR_INVALID, "%s: not a part of a split kdump file",
					 files[i].path);
		if (!is_kdump)
			return NULL;
		part->file = &files[i];
	}
	qsort(kdump->parts, count, sizeof(*kdump->parts), kdump_part_compare);
	return count > 1 ? kdump_check_parts(kdump->parts, count) : NULL;
}

static void kdump_learn(struct kdump *kdump)
{
	static const struct format_ops ops = {
		.free = kdump_free,
		.state = kdump_state,
		.read = kdump_read_block,
		.next = kdump_next,
	};
	const struct kdump_header *header = &kdump->parts->header;
	struct format *format = &kdump->format;

	format->ops = &ops;
	format->arch = format_arch_name(header->uts[4]);
	format->pointer_size = header->is_64 ? 8 : 4;
	format->big_endian = header->big_endian;
	format->blocks = header->blocks;
	format->has_phys_base = header->has_phys_base;
	format->phys_base = header->phys_base;
	format->info.format = kdump->parts->file->flattened ? "kdump (flattened)" : "kdump";
	format->info.level_asked = header->level;
	format->info.page_size = header->block_size;
	for (size_t i = 0; i < kdump->part_count; i++)
		kdump_part_index(&kdump->parts[i]);
	kdump_account(kdump);
	kdump_read_notes(kdump);
	kdump->decompressor = decompressor_new();
	kdump->packed = mem_zero(header->block_size);
}

struct error *format_kdump_open(const struct dump_file *files, size_t count, struct format **ret)
{
	struct kdump *kdump = mem_zero(sizeof(*kdump));
	bool is_kdump;

	kdump->parts = mem_zero(count * sizeof(*kdump->parts));
	kdump->part_count = count;
	struct error *error = kdump_read_headers(kdump, files, count, &is_kdump);
	if (error || !is_kdump) {
		kdump_free(&kdump->format);
		return error;
	}
	kdump_learn(kdump);
	*ret = &kdump->format;
	return NULL;
}
