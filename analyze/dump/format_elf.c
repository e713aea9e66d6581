// SPDX-License-Identifier: GPL-2.0-or-later
// ELF core files: a copy of /proc/vmcore, QEMU's dump-guest-memory, makedumpfile -E. PT_LOADs say
// where memory is; those of /proc/vmcore and of QEMU with paging overlap, so they are first cut to
// pieces that do not.
#include "dump/format.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "dump/bytes.h"
#include "dump/file.h"

enum {
	BLOCK_BYTES = 4096,
	BLOCK_SHIFT = 12,
	SEGMENTS_MAX = 4 * 1024 * 1024,
	TRANSLATE_MAX = 4096,  /* loads searched for a virtual address: real dumps have tens */
	FLAG_INCOMPLETE = 0x1, /* DUMP_ELF_INCOMPLETE of makedumpfile 1.5.9 and later */
};

struct elf_segment {
	uint64_t physical, virtual;
	uint64_t offset, file_length; /* bytes that the file has */
	uint64_t length;              /* bytes of memory, file_length or more */
	bool is_nowhere;              /* `physical` is made up */
};

struct elf_segments {
	struct elf_segment *items;
	size_t count, capacity;
};

struct elf {
	struct format format;
	const struct dump_file *file;
	bool is_64;
	struct elf_segments loads;  /* as in the file */
	/* /proc/kcore has memory that is mapped a second time (vmalloc, modules) once more, without
	 * a physical address; page tables lead to where it really is. */
	struct elf_segments nowhere;
	struct elf_segments pieces; /* with data; by physical address, none overlaps */
	struct elf_segments ram;    /* merged */
	bool has_virtual;           /* some load says where it was mapped */
};

static void elf_free(struct format *format)
{
	struct elf *elf = (struct elf *)format;

	free(elf->loads.items);
	free(elf->nowhere.items);
	free(elf->pieces.items);
	free(elf->ram.items);
	free(elf);
}

/* The piece or range that contains an address, or the next one behind it; NULL behind the last. */
static const struct elf_segment *elf_find(const struct elf_segments *segments, uint64_t physical)
{
	size_t low = 0, high = segments->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct elf_segment *segment = &segments->items[middle];

		if (segment->physical + (segment->length - 1) < physical)
			low = middle + 1;
		else
			high = middle;
	}
	return low < segments->count ? &segments->items[low] : NULL;
}

static bool elf_has_block(const struct elf_segments *segments, uint64_t block)
{
	uint64_t start = block << BLOCK_SHIFT;
	const struct elf_segment *segment = elf_find(segments, start);

	return segment && segment->physical <= start + (BLOCK_BYTES - 1);
}

/* Copies what the pieces have of a block; memory between them (a hole of the machine smaller than a
 * page) reads as zero. With `bytes` NULL only looks whether it is there. */
static enum block_state elf_copy(const struct elf *elf, uint64_t block, uint8_t *bytes)
{
	uint64_t start = block << BLOCK_SHIFT, last = start + (BLOCK_BYTES - 1);
	const struct elf_segment *piece = elf_find(&elf->pieces, start);

	if (!piece || piece->physical > last)
		return elf_has_block(&elf->ram, block) ? BLOCK_LEFT_OUT : BLOCK_NO_RAM;
	const struct elf_segment *end = elf->pieces.items + elf->pieces.count;
	if (bytes)
		memset(bytes, 0, BLOCK_BYTES);
	for (; piece < end && piece->physical <= last; piece++) {
		uint64_t from = piece->physical > start ? piece->physical : start;
		uint64_t piece_last = piece->physical + (piece->length - 1);
		uint64_t length = (piece_last < last ? piece_last : last) - from + 1;
		uint64_t offset = piece->offset + (from - piece->physical);

		if (!dump_file_has(elf->file, offset, length))
			return BLOCK_CUT;
		if (bytes && !dump_file_read(elf->file, offset, bytes + (from - start), length))
			return BLOCK_BROKEN;
	}
	return BLOCK_SAVED;
}

static enum block_state elf_state(struct format *format, uint64_t block)
{
	return elf_copy((struct elf *)format, block, NULL);
}

static enum block_state elf_read_block(struct format *format, uint64_t block, void *bytes)
{
	return elf_copy((struct elf *)format, block, bytes);
}

/* Leaves out what is cut off, for a corrupt header may promise exabytes. */
static bool elf_next(struct format *format, uint64_t *number)
{
	const struct elf *elf = (struct elf *)format;

	if (!elf->pieces.count || *number > UINT64_MAX >> BLOCK_SHIFT)
		return false;
	const struct elf_segment *end = elf->pieces.items + elf->pieces.count;
	const struct elf_segment *piece = elf_find(&elf->pieces, *number << BLOCK_SHIFT);
	for (; piece && piece < end; piece++) {
		uint64_t first = piece->physical >> BLOCK_SHIFT, length = piece->length;

		if (piece->offset >= elf->file->size)
			continue;
		if (length > elf->file->size - piece->offset)
			length = elf->file->size - piece->offset;
		if (first < *number)
			first = *number;
		if (first > (piece->physical + length - 1) >> BLOCK_SHIFT)
			continue;
		*number = first;
		return true;
	}
	return false;
}

static bool elf_translate(struct format *format, uint64_t address, uint64_t *ret_physical)
{
	const struct elf *elf = (struct elf *)format;

	if (!elf->has_virtual)
		return false;
	for (size_t i = 0; i < elf->loads.count && i < TRANSLATE_MAX; i++) {
		const struct elf_segment *load = &elf->loads.items[i];

		if (load->virtual && address >= load->virtual &&
		    address - load->virtual < load->length) {
			*ret_physical = load->physical + (address - load->virtual);
			return true;
		}
	}
	return false;
}

struct elf_header {
	uint64_t program_offset;
	uint64_t program_count;
	uint32_t program_size;
};

/* e_phnum is 16 bits; with more, section header 0 has the number in sh_info (PN_XNUM). */
static uint64_t elf_program_count(const struct elf *elf, uint64_t sections, uint16_t count)
{
	bool big = elf->format.big_endian;
	uint8_t bytes[64];

	if (count != PN_XNUM || !dump_file_read(elf->file, sections, bytes, sizeof(bytes)))
		return count;
	return bytes_u32(bytes + (elf->is_64 ? 44 : 28), big);
}

static struct error *elf_read_header(struct elf *elf, struct elf_header *ret)
{
	struct format *format = &elf->format;
	uint8_t bytes[64];
	const char *path = elf->file->path;

	if (!dump_file_read(elf->file, 0, bytes, sizeof(bytes)))
		return format_error_cut(elf->file);
	bool big = format->big_endian = bytes[EI_DATA] == ELFDATA2MSB;
	elf->is_64 = bytes[EI_CLASS] == ELFCLASS64;
	if (bytes_u16(bytes + 16, big) != ET_CORE)
		return error_new(ERROR_INVALID, "%s: an ELF file, but not a vmcore", path);
	format->pointer_size = elf->is_64 ? 8 : 4;
	format->arch = format_arch_elf(bytes_u16(bytes + 18, big), elf->is_64, big);
	format->info.truncated = bytes_u32(bytes + (elf->is_64 ? 48 : 36), big) & FLAG_INCOMPLETE;
	ret->program_offset = elf->is_64 ? bytes_u64(bytes + 32, big) : bytes_u32(bytes + 28, big);
	ret->program_size = bytes_u16(bytes + (elf->is_64 ? 54 : 42), big);
	uint64_t sections = elf->is_64 ? bytes_u64(bytes + 40, big) : bytes_u32(bytes + 32, big);
	ret->program_count =
		elf_program_count(elf, sections, bytes_u16(bytes + (elf->is_64 ? 56 : 44), big));
	if (ret->program_size < (elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)) ||
	    ret->program_count > SEGMENTS_MAX)
		return error_new(ERROR_INVALID, "%s: corrupt header (program headers)", path);
	if (!dump_file_has(elf->file, ret->program_offset, ret->program_count * ret->program_size))
		return format_error_cut(elf->file);
	return NULL;
}

/* Clamps lengths so that no sum of offset or address and length overflows. */
static struct elf_segment elf_parse_segment(const struct elf *elf, const uint8_t *bytes)
{
	bool big = elf->format.big_endian;
	struct elf_segment segment;

	if (elf->is_64)
		segment = (struct elf_segment){
			.offset = bytes_u64(bytes + 8, big),
			.virtual = bytes_u64(bytes + 16, big),
			.physical = bytes_u64(bytes + 24, big),
			.file_length = bytes_u64(bytes + 32, big),
			.length = bytes_u64(bytes + 40, big),
		};
	else
		segment = (struct elf_segment){
			.offset = bytes_u32(bytes + 4, big),
			.virtual = bytes_u32(bytes + 8, big),
			.physical = bytes_u32(bytes + 12, big),
			.file_length = bytes_u32(bytes + 16, big),
			.length = bytes_u32(bytes + 20, big),
		};
	if (segment.file_length > UINT64_MAX - segment.offset)
		segment.file_length = UINT64_MAX - segment.offset;
	if (segment.length < segment.file_length)
		segment.length = segment.file_length;
	/* Without a physical address (/proc/kcore has -1 there) any will do that is the segment's
	 * own. */
	segment.is_nowhere = segment.physical == UINT64_MAX;
	if (segment.is_nowhere)
		segment.physical = segment.virtual;
	if (segment.length > UINT64_MAX - segment.physical)
		segment.length = UINT64_MAX - segment.physical;
	if (segment.file_length > segment.length)
		segment.file_length = segment.length;
	return segment;
}

static struct error *elf_read_segments(struct elf *elf, const struct elf_header *header)
{
	for (uint64_t i = 0; i < header->program_count; i++) {
		uint8_t bytes[sizeof(Elf64_Phdr)];

		if (!dump_file_read(elf->file, header->program_offset + i * header->program_size,
				    bytes, elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr)))
			return error_new(ERROR_IO, "%s: cannot read program header",
					 elf->file->path);
		uint32_t type = bytes_u32(bytes, elf->format.big_endian);
		struct elf_segment segment = elf_parse_segment(elf, bytes);
		if (type == PT_NOTE)
			notes_add(&elf->format.notes, elf->file, segment.offset,
				  segment.file_length, elf->format.big_endian);
		if (type == PT_LOAD && segment.length)
			*vec_push(segment.is_nowhere ? &elf->nowhere : &elf->loads) = segment;
	}
	if (!elf->loads.count) {
		elf->loads = elf->nowhere;
		elf->nowhere = (struct elf_segments){0};
	}
	if (!elf->loads.count)
		return error_new(ERROR_INVALID,
				 "%s: a core file without memory segments (as by Xen's xl "
				 "dump-core), which is not supported",
				 elf->file->path);
	return NULL;
}

/* A core that was written by virtual addresses only has zeros for all physical ones. */
static void elf_mend_addresses(struct elf *elf)
{
	bool any = elf->loads.count == 1;

	for (size_t i = 0; i < elf->loads.count; i++) {
		any |= elf->loads.items[i].physical != 0;
		elf->has_virtual |= elf->loads.items[i].virtual != 0;
	}
	for (size_t i = 0; i < elf->loads.count && !any; i++)
		elf->loads.items[i].physical = elf->loads.items[i].virtual;
}

static int elf_compare(const void *a, const void *b)
{
	const struct elf_segment *left = a, *right = b;

	return left->physical < right->physical ? -1 : left->physical > right->physical;
}

/* Puts into `cut` what of a segment lies behind the end of the file, and takes it off the segment. */
static void elf_cut_segment(const struct elf *elf, struct elf_segment *segment,
			    struct elf_segments *cut)
{
	uint64_t size = elf->file->size;
	uint64_t there = size > segment->offset ? size - segment->offset : 0;
	struct elf_segment rest = *segment;

	if (there < segment->file_length) {
		/* Of a block all is there, or nothing. */
		uint64_t part = (segment->physical + there) % BLOCK_BYTES;

		there -= part < there ? part : there;
		rest.physical += there;
		rest.offset += there;
		rest.length = rest.file_length -= there;
		*vec_push(cut) = rest;
		segment->file_length = there;
	}
	segment->length = segment->file_length;
}

/* Makes pieces of what lies behind the end of the file, where none has the bytes. */
static void elf_fill_gaps(struct elf *elf, struct elf_segments *cut)
{
	struct elf_segments gaps = {0};
	uint64_t next = 0;

	qsort(cut->items, cut->count, sizeof(*cut->items), elf_compare);
	for (size_t i = 0; i < cut->count; i++) {
		const struct elf_segment *rest = &cut->items[i];
		uint64_t end = rest->physical + rest->length;
		uint64_t from = next > rest->physical ? next : rest->physical;

		while (from < end) {
			const struct elf_segment *piece = elf_find(&elf->pieces, from);
			uint64_t stop = piece && piece->physical < end ? piece->physical : end;

			if (stop <= from) {
				from = piece->physical + piece->length;
				continue;
			}
			struct elf_segment *gap = vec_push(&gaps);
			*gap = *rest;
			gap->physical = from;
			gap->offset += from - rest->physical;
			gap->length = gap->file_length = stop - from;
			from = stop;
		}
		next = end > next ? end : next;
	}
	for (size_t i = 0; i < gaps.count; i++)
		*vec_push(&elf->pieces) = gaps.items[i];
	free(gaps.items);
	qsort(elf->pieces.items, elf->pieces.count, sizeof(*elf->pieces.items), elf_compare);
}

/* Takes of each segment what none before it had. The kernel's image stands in /proc/vmcore twice, of
 * which a file that was cut may still have the first: bytes that are there are preferred. */
static void elf_make_pieces(struct elf *elf, const struct elf_segment *sorted, size_t count)
{
	struct elf_segments cut = {0};
	uint64_t next = 0; /* first address without a piece */

	for (size_t i = 0; i < count; i++) {
		struct elf_segment piece = sorted[i];
		uint64_t skip = next > piece.physical ? next - piece.physical : 0;

		elf_cut_segment(elf, &piece, &cut);
		if (piece.length <= skip)
			continue;
		piece.physical += skip;
		piece.offset += skip;
		piece.length = piece.file_length -= skip;
		*vec_push(&elf->pieces) = piece;
		next = piece.physical + piece.length;
	}
	if (cut.count)
		elf_fill_gaps(elf, &cut);
	free(cut.items);
}

static void elf_make_ram(struct elf *elf, const struct elf_segment *sorted, size_t count)
{
	struct elf_segment *last = NULL;

	for (size_t i = 0; i < count; i++) {
		uint64_t end = sorted[i].physical + sorted[i].length;

		if (last && sorted[i].physical <= last->physical + last->length) {
			if (end > last->physical + last->length)
				last->length = end - last->physical;
			continue;
		}
		last = vec_push(&elf->ram);
		*last = sorted[i];
	}
}

static uint64_t elf_blocks(const struct elf_segment *segment)
{
	return ((segment->physical + segment->length - 1) >> BLOCK_SHIFT) -
	       (segment->physical >> BLOCK_SHIFT) + 1;
}

static void elf_account(struct elf *elf)
{
	struct dump_info *info = &elf->format.info;
	uint64_t file_size = elf->file->size, end = 0;

	for (size_t i = 0; i < elf->ram.count; i++) {
		const struct elf_segment *range = &elf->ram.items[i];

		info->pages_ram += elf_blocks(range);
		elf->format.blocks = ((range->physical + range->length - 1) >> BLOCK_SHIFT) + 1;
	}
	for (size_t i = 0; i < elf->loads.count; i++) {
		const struct elf_segment *load = &elf->loads.items[i];

		if (load->offset + load->file_length > end)
			end = load->offset + load->file_length;
	}
	for (size_t i = 0; i < elf->pieces.count; i++) {
		struct elf_segment piece = elf->pieces.items[i];
		uint64_t blocks = elf_blocks(&piece), whole = blocks;

		if (piece.offset >= file_size)
			whole = 0;
		else if (piece.length > file_size - piece.offset)
			whole = (file_size - piece.offset) >> BLOCK_SHIFT;
		info->pages_saved += whole;
		info->pages_cut += blocks - whole;
	}
	if (end > file_size)
		info->bytes_missing = end - file_size;
	info->filtered = info->pages_saved + info->pages_cut < info->pages_ram;
	info->truncated |= info->bytes_missing || dump_file_is_cut(elf->file);
	info->compression = "none";
	info->level_asked = -1;
	info->page_size = BLOCK_BYTES;
	info->format = elf->file->flattened ? "elf (flattened)" : "elf";
}

static struct error *elf_learn(struct elf *elf)
{
	static const struct format_ops ops = {
		.free = elf_free,
		.state = elf_state,
		.read = elf_read_block,
		.next = elf_next,
		.translate = elf_translate,
	};
	struct elf_header header = {0};

	elf->format.ops = &ops;
	struct error *error = elf_read_header(elf, &header);
	if (!error)
		error = elf_read_segments(elf, &header);
	if (error)
		return error;
	elf_mend_addresses(elf);
	struct elf_segment *sorted _cleanup_free_ =
		mem_resize(NULL, elf->loads.count, sizeof(*sorted));
	memcpy(sorted, elf->loads.items, elf->loads.count * sizeof(*sorted));
	qsort(sorted, elf->loads.count, sizeof(*sorted), elf_compare);
	elf_make_pieces(elf, sorted, elf->loads.count);
	elf_make_ram(elf, sorted, elf->loads.count);
	elf_account(elf);
	format_take_vmcoreinfo(&elf->format);
	return NULL;
}

struct error *format_elf_open(const struct dump_file *files, size_t count, struct format **ret)
{
	uint8_t magic[SELFMAG];

	if (!dump_file_read(&files[0], 0, magic, sizeof(magic)) || memcmp(magic, ELFMAG, SELFMAG))
		return NULL;
	if (count > 1)
		return error_new(ERROR_INVALID, "%s: only kdump files can be the parts of one dump",
				 files[0].path);
	struct elf *elf = mem_zero(sizeof(*elf));
	elf->file = files;
	struct error *error = elf_learn(elf);
	if (error) {
		format_free(&elf->format);
		return error;
	}
	*ret = &elf->format;
	return NULL;
}
