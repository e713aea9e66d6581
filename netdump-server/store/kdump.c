// SPDX-License-Identifier: GPL-2.0-or-later
// The file, as makedumpfile lays it out (its IMPLEMENTATION, diskdump_mod.h; crash: diskdump.h), in blocks of a page:
//   block 0               struct disk_dump_header
//   block 1 …             struct kdump_sub_header, then the notes of the ELF file, VMCOREINFO among them
//   bitmap                which pages are memory
//   bitmap                which pages are in the file
//   descriptors           offset 8, size 4, flags 4, page_flags 8; of the pages that are in the file, by number
//   pages
// How many descriptors there will be is known at the end only; room is left for all of the memory, as a hole.
#include "store/kdump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/extents.h"
#include "store/compress.h"
#include "store/elf_map.h"
#include "store/kdump_head.h"
#include "store/writer.h"

enum {
	DESCRIPTOR = 24,
	DESCRIPTORS = 4096,     /* that are written together */
	ENTRIES = 256,          /* that are read together */
	BITS = 4096,            /* bytes of a bitmap that are written together */
	BUFFER = 64 << 10,      /* of pages not yet written: the largest page */
};

static const uint32_t compression_flags[] = {[STORE_ZLIB] = 1, [STORE_LZO] = 2, [STORE_ZSTD] = 0x20};

/* Of a page in the table: in this machine's byte order; offset 0 where it has not come. */
struct entry {
	uint64_t offset;
	uint32_t size, flags;
};

struct kdumper {
	int raw, out, table;
	int pieces;          /* parts of pages, at the page's place: one that is whole leaves no block behind */
	enum store_compression compression;
	enum elf_state state;
	struct extents have; /* of the bytes of the ELF file */
	struct elf_map map;
	struct compressors *compressors;
	uint8_t *page;       /* put together from pieces */
	uint8_t *buffer;     /* the end of `out` */
	size_t buffered;
	uint64_t end;        /* of `out`, with the buffer */
	uint64_t descriptors, bitmap_blocks, sub_blocks;
	struct entry zero;   /* the page that all pages of zeros are */
};

struct error *kdumper_new(int raw, int out, int directory, struct compressors *compressors,
			  enum store_compression compression, struct kdumper **ret)
{
	struct kdumper *kdump = mem_zero(sizeof(*kdump));

	*kdump = (struct kdumper){.raw = raw, .out = out, .compressors = compressors, .compression = compression};
	kdump->table = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	kdump->pieces = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (kdump->table < 0 || kdump->pieces < 0) {
		struct error *error = error_errno("cannot make a table of pages");
		kdumper_free(kdump);
		return error;
	}
	*ret = kdump;
	return NULL;
}

void kdumper_free(struct kdumper *kdump)
{
	if (!kdump)
		return;
	if (kdump->table >= 0)
		close(kdump->table);
	if (kdump->pieces >= 0)
		close(kdump->pieces);
	extents_deinit(&kdump->have);
	elf_map_deinit(&kdump->map);
	free(kdump->page);
	free(kdump->buffer);
	free(kdump);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Returns an errno, or 0. */
static int write_at(int fd, const void *bytes, size_t length, uint64_t offset)
{
	const uint8_t *rest = bytes;

	while (length) {
		ssize_t written = pwrite(fd, rest, length, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? errno : EIO;
		rest += written;
		offset += (uint64_t)written;
		length -= (size_t)written;
	}
	return 0;
}

static int read_at(int fd, void *bytes, size_t length, uint64_t offset)
{
	uint8_t *rest = bytes;

	while (length) {
		ssize_t got = pread(fd, rest, length, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (!got) {
			memset(rest, 0, length); // a hole at the end
			return 0;
		}
		rest += got;
		offset += (uint64_t)got;
		length -= (size_t)got;
	}
	return 0;
}

static int flush(struct kdumper *kdump)
{
	int error = write_at(kdump->out, kdump->buffer, kdump->buffered, kdump->end - kdump->buffered);

	kdump->buffered = 0;
	return error;
}

static bool is_zero(const uint8_t *bytes, size_t length)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

/* ---- pages ----------------------------------------------------------------------------------- */

static int table_get(const struct kdumper *kdump, uint64_t page, struct entry *ret)
{
	return read_at(kdump->table, ret, sizeof(*ret), elf_map_index(&kdump->map, page) * sizeof(*ret));
}

static int table_put(const struct kdumper *kdump, uint64_t page, const struct entry *entry)
{
	return write_at(kdump->table, entry, sizeof(*entry), elf_map_index(&kdump->map, page) * sizeof(*entry));
}

/* Appends a page, compressed where that helps. */
static int append_page(struct kdumper *kdump, const uint8_t *bytes, struct entry *ret)
{
	size_t page_size = kdump->map.page_size;
	int error = kdump->buffered + page_size > BUFFER ? flush(kdump) : 0;

	if (error)
		return error;
	uint8_t *to = kdump->buffer + kdump->buffered;
	size_t length = compressors_run(kdump->compressors, kdump->compression, bytes, page_size, to);
	*ret = (struct entry){.offset = kdump->end,
			      .size = (uint32_t)(length ? length : page_size),
			      .flags = length ? compression_flags[kdump->compression] : 0};
	if (!length)
		memcpy(to, bytes, page_size);
	kdump->buffered += ret->size;
	kdump->end += ret->size;
	return 0;
}

static int store_page(struct kdumper *kdump, uint64_t page, const uint8_t *bytes)
{
	struct entry entry;
	int error = 0;

	if (!is_zero(bytes, kdump->map.page_size)) {
		error = append_page(kdump, bytes, &entry);
	} else {
		if (!kdump->zero.offset)
			error = append_page(kdump, bytes, &kdump->zero);
		entry = kdump->zero;
	}
	return error ? error : table_put(kdump, page, &entry);
}

/* What came of the file: [offset, end). `bytes`: NULL for zeros, and where the bytes are in `raw`. */
struct arrival {
	uint64_t offset, end;
	const uint8_t *bytes;
	bool is_raw;
};

/* Bytes of a page in the file: [start, end), `skip` bytes behind its beginning. Where a segment does not begin or
 * end with a page, the rest of that page is zeros, as makedumpfile has it. Should two segments meet within a page,
 * only what comes first of the two is kept: a debt, should anybody ever make such a file. */
struct span {
	uint64_t page, start, end;
	size_t skip;
};

static struct span span_of(const struct kdumper *kdump, const struct elf_load *load, uint64_t page)
{
	uint64_t size = kdump->map.page_size, first = page * size, last = first + size;
	uint64_t load_end = load->physical + load->size;
	struct span span = {.page = page};

	first = first < load->physical ? load->physical : first;
	last = last > load_end ? load_end : last;
	span.start = load->offset + first - load->physical;
	span.end = load->offset + last - load->physical;
	span.skip = (size_t)(first % size);
	return span;
}

static uint64_t pieces_at(const struct kdumper *kdump, const struct span *span)
{
	return elf_map_index(&kdump->map, span->page) * kdump->map.page_size;
}

/* Its pieces are all there, and then need no longer be. */
static int store_pieces(struct kdumper *kdump, const struct span *span)
{
	size_t size = kdump->map.page_size;
	uint64_t at = pieces_at(kdump, span);
	int error = read_at(kdump->pieces, kdump->page, size, at);

	if (!error)
		error = store_page(kdump, span->page, kdump->page);
	if (!error)
		(void)fallocate(kdump->pieces, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at, (off_t)size);
	return error;
}

/* Bytes [start, end) of what arrived. */
static int copy_out(const struct kdumper *kdump, const struct arrival *arrival, uint64_t start, uint64_t end,
		    uint8_t *ret)
{
	if (arrival->is_raw)
		return read_at(kdump->raw, ret, (size_t)(end - start), start);
	if (arrival->bytes)
		memcpy(ret, arrival->bytes + (start - arrival->offset), (size_t)(end - start));
	return 0;
}

static int store_whole(struct kdumper *kdump, const struct arrival *arrival, const struct span *span)
{
	if (arrival->bytes && span->end - span->start == kdump->map.page_size)
		return store_page(kdump, span->page, arrival->bytes + (span->start - arrival->offset));
	memset(kdump->page, 0, kdump->map.page_size);
	int error = copy_out(kdump, arrival, span->start, span->end, kdump->page + span->skip);
	return error ? error : store_page(kdump, span->page, kdump->page);
}

/* Part of a page: it waits for the rest. */
static int keep_piece(struct kdumper *kdump, const struct arrival *arrival, const struct span *span)
{
	uint64_t start = span->start > arrival->offset ? span->start : arrival->offset;
	uint64_t end = span->end < arrival->end ? span->end : arrival->end;
	uint64_t at = pieces_at(kdump, span) + span->skip + (start - span->start);
	int error = 0;

	// Zeros are there already: nothing else was ever written there.
	if (arrival->bytes || arrival->is_raw) {
		error = copy_out(kdump, arrival, start, end, kdump->page);
		error = error ? error : write_at(kdump->pieces, kdump->page, (size_t)(end - start), at);
	}
	// What was in `raw` comes so that each page which is whole and not of zeros comes whole.
	if (!error && !arrival->is_raw && extents_have(&kdump->have, span->start, span->end))
		error = store_pieces(kdump, span);
	return error;
}

static int take_page(struct kdumper *kdump, const struct arrival *arrival, const struct span *span)
{
	struct entry entry;
	int error = table_get(kdump, span->page, &entry);

	// What came before counts: a page comes again only where a packet was sent again.
	if (error || entry.offset)
		return error;
	if (arrival->offset <= span->start && span->end <= arrival->end)
		return store_whole(kdump, arrival, span);
	return keep_piece(kdump, arrival, span);
}

/* The first load that ends behind `offset`. */
static size_t first_load(const struct elf_map *map, uint64_t offset)
{
	size_t low = 0, high = map->load_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->loads[middle].offset + map->loads[middle].size <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int take_pages(struct kdumper *kdump, const struct arrival *arrival)
{
	const struct elf_map *map = &kdump->map;
	int error = 0;

	for (size_t i = first_load(map, arrival->offset); i < map->load_count && !error; i++) {
		const struct elf_load *load = &map->loads[i];
		if (load->offset >= arrival->end)
			break;
		uint64_t start = arrival->offset > load->offset ? arrival->offset - load->offset : 0;
		uint64_t end = arrival->end - load->offset < load->size ? arrival->end - load->offset : load->size;
		uint64_t last = (load->physical + end - 1) / map->page_size;

		for (uint64_t page = (load->physical + start) / map->page_size; page <= last && !error; page++) {
			struct span span = span_of(kdump, load, page);
			error = take_page(kdump, arrival, &span);
			// A range of zeros may be as long as the memory: what is inside is found at the end.
			if (!arrival->bytes && !arrival->is_raw && page + 1 < last)
				page = last - 1;
		}
	}
	return error;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static uint64_t round_up(uint64_t number, uint64_t unit)
{
	return (number + unit - 1) / unit * unit;
}

/* An extent that is in `raw`. Holes of it are zeros, which are found at the end. */
static int take_extent(struct kdumper *kdump, const struct extent *extent)
{
	const uint64_t page = kdump->map.page_size;
	uint64_t at = extent->start;
	int error = 0;

	while (at < extent->end && !error) {
		off_t data = lseek(kdump->raw, (off_t)at, SEEK_DATA);
		if (data < 0 || (uint64_t)data >= extent->end)
			return data < 0 && errno != ENXIO ? errno : 0;
		off_t hole = lseek(kdump->raw, data, SEEK_HOLE);
		if (hole < 0)
			return errno;
		// As far as the pages go that the data touches.
		uint64_t start = (uint64_t)data > extent->start + page ? (uint64_t)data - page : extent->start;
		uint64_t end = (uint64_t)hole + page < extent->end ? (uint64_t)hole + page : extent->end;
		error = take_pages(kdump, &(struct arrival){.offset = start, .end = end, .is_raw = true});
		at = (uint64_t)hole;
	}
	return error;
}

/* The headers are there: the layout of the new file is known, and what waited can be converted. */
static int begin(struct kdumper *kdump)
{
	const struct elf_map *map = &kdump->map;
	uint64_t size = map->page_size, bits = map->ranges[map->range_count - 1].end;

	kdump->page = mem_zero(map->page_size);
	kdump->buffer = mem_zero(BUFFER);
	kdump->sub_blocks = round_up(KDUMP_SUB_HEAD + map->notes_size, size) / size;
	kdump->bitmap_blocks = 2 * (round_up((bits + 7) / 8, size) / size);
	kdump->descriptors = (1 + kdump->sub_blocks + kdump->bitmap_blocks) * size;
	kdump->end = round_up(kdump->descriptors + elf_map_pages(map) * DESCRIPTOR, size);
	int failed = 0;
	for (size_t i = 0; i < kdump->have.count && !failed; i++)
		failed = take_extent(kdump, &kdump->have.items[i]);
	// Nothing of it is wanted any more: headers and notes are in memory.
	return failed ? failed : ftruncate(kdump->raw, 0) ? errno : 0;
}

static int take_raw(struct kdumper *kdump, const struct arrival *arrival)
{
	int error = arrival->bytes ? write_at(kdump->raw, arrival->bytes, (size_t)(arrival->end - arrival->offset),
					      arrival->offset)
				   : 0;

	if (!arrival->bytes && fallocate(kdump->raw, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)arrival->offset,
					 (off_t)(arrival->end - arrival->offset)))
		error = errno;
	if (error || kdump->state == ELF_OTHER)
		return error;
	kdump->state = elf_map_read(kdump->raw, &kdump->have, &kdump->map);
	return kdump->state == ELF_READY ? begin(kdump) : 0;
}

int kdumper_take(struct writer_file *file, uint64_t offset, const void *bytes, uint64_t length)
{
	struct kdumper *kdump = file->context;
	struct arrival arrival = {.offset = offset, .end = offset + length, .bytes = bytes};

	file->end = arrival.end > file->end ? arrival.end : file->end;
	if (!extents_add(&kdump->have, arrival.offset, arrival.end))
		return EFBIG;
	return kdump->state == ELF_READY ? take_pages(kdump, &arrival) : take_raw(kdump, &arrival);
}

/* ---- end ------------------------------------------------------------------------------------- */

/* Pages `first` to `end` - 1 have come, so those that were never stored are of zeros. */
static int mark_range(struct kdumper *kdump, uint64_t first, uint64_t end)
{
	struct entry entries[ENTRIES];
	int error = 0;

	for (uint64_t page = first; page < end && !error; page += ENTRIES) {
		uint64_t count = end - page < ENTRIES ? end - page : ENTRIES;
		uint64_t at = elf_map_index(&kdump->map, page) * sizeof(*entries);
		bool is_changed = false;

		error = read_at(kdump->table, entries, count * sizeof(*entries), at);
		for (uint64_t i = 0; i < count && !error; i++) {
			if (entries[i].offset)
				continue;
			if (!kdump->zero.offset) {
				memset(kdump->page, 0, kdump->map.page_size);
				error = append_page(kdump, kdump->page, &kdump->zero);
			}
			entries[i] = kdump->zero;
			is_changed = true;
		}
		if (!error && is_changed)
			error = write_at(kdump->table, entries, count * sizeof(*entries), at);
	}
	return error;
}

/* The pages of a load that are wholly within an extent. */
static int mark_extent(struct kdumper *kdump, const struct elf_load *load, const struct extent *extent)
{
	uint64_t start = extent->start > load->offset ? extent->start : load->offset;
	uint64_t load_end = load->offset + load->size, end = extent->end < load_end ? extent->end : load_end;
	uint64_t first = (load->physical + start - load->offset) / kdump->map.page_size;
	uint64_t last = (load->physical + end - 1 - load->offset) / kdump->map.page_size;

	first += span_of(kdump, load, first).start < start;
	last += span_of(kdump, load, last).end <= end;
	return first < last ? mark_range(kdump, first, last) : 0;
}

static int mark_zeros(struct kdumper *kdump)
{
	const struct extents *have = &kdump->have;
	size_t from = 0;
	int error = 0;

	for (size_t i = 0; i < kdump->map.load_count; i++) {
		const struct elf_load *load = &kdump->map.loads[i];

		while (from < have->count && have->items[from].end <= load->offset)
			from++;
		uint64_t end = load->offset + load->size;
		for (size_t j = from; j < have->count && have->items[j].start < end && !error; j++)
			error = mark_extent(kdump, load, &have->items[j]);
	}
	return error;
}

/* Bits that are set in ascending order. */
struct bits {
	int fd;
	uint64_t offset; /* of the bitmap in the file */
	uint64_t at;     /* first bit of `bytes` */
	uint8_t bytes[BITS];
};

static int bits_flush(struct bits *bits)
{
	int error = is_zero(bits->bytes, BITS) ? 0 : write_at(bits->fd, bits->bytes, BITS, bits->offset + bits->at / 8);

	memset(bits->bytes, 0, BITS);
	return error;
}

static int bits_set(struct bits *bits, uint64_t bit)
{
	int error = 0;

	if (bit - bits->at >= (uint64_t)BITS * 8) {
		error = bits_flush(bits);
		bits->at = bit / (BITS * 8) * (BITS * 8);
	}
	bits->bytes[(bit - bits->at) / 8] |= (uint8_t)(1u << bit % 8);
	return error;
}

/* Bits `first` to `end` - 1: by bytes, for there may be as many as a client pleases to say. */
static int bits_set_range(struct bits *bits, uint64_t first, uint64_t end)
{
	int error = 0;

	for (uint64_t bit = first; bit < end && !error;) {
		uint64_t left = end - bit;

		error = bits_set(bits, bit);
		uint64_t room = bits->at + (uint64_t)BITS * 8 - bit;
		uint64_t bytes = (left < room ? left : room) / 8;
		if (bit % 8 == 0 && bytes)
			memset(bits->bytes + (bit - bits->at) / 8, 0xff, bytes);
		bit += bit % 8 == 0 && bytes ? bytes * 8 : 1;
	}
	return error;
}

struct survey {
	struct bits memory, saved;
	uint64_t count; /* pages in the file */
	uint8_t *descriptors;
	size_t filled;
};

static int descriptors_flush(struct kdumper *kdump, struct survey *survey)
{
	int error = write_at(kdump->out, survey->descriptors, survey->filled * DESCRIPTOR,
			     kdump->descriptors + (survey->count - survey->filled) * DESCRIPTOR);

	survey->filled = 0;
	return error;
}

static int take_entry(struct kdumper *kdump, struct survey *survey, uint64_t page, const struct entry *entry)
{
	uint8_t *bytes = survey->descriptors + survey->filled * DESCRIPTOR;
	int error = 0;

	if (!entry->offset)
		return 0;
	kdump_head_put(&kdump->map, bytes, entry->offset, 8);
	kdump_head_put(&kdump->map, bytes + 8, entry->size, 4);
	kdump_head_put(&kdump->map, bytes + 12, entry->flags, 4);
	kdump_head_put(&kdump->map, bytes + 16, 0, 8);
	survey->count++;
	if (++survey->filled == DESCRIPTORS)
		error = descriptors_flush(kdump, survey);
	return error ? error : bits_set(&survey->saved, page);
}

/* Of the pages whose entries are number `index` to `end` - 1 of the table, the first being `page`. */
static int write_entries(struct kdumper *kdump, struct survey *survey, uint64_t page, uint64_t index, uint64_t end)
{
	struct entry entries[ENTRIES];
	int error = 0;

	for (; index < end && !error; index += ENTRIES, page += ENTRIES) {
		uint64_t count = end - index < ENTRIES ? end - index : ENTRIES;

		error = read_at(kdump->table, entries, count * sizeof(*entries), index * sizeof(*entries));
		for (uint64_t i = 0; i < count && !error; i++)
			error = take_entry(kdump, survey, page + i, &entries[i]);
	}
	return error;
}

/* Steps over the holes of the table: pages that never came. */
static int write_range(struct kdumper *kdump, struct survey *survey, const struct elf_range *range)
{
	const uint64_t size = sizeof(struct entry);
	uint64_t index = range->before, last = range->before + range->end - range->first;
	int error = bits_set_range(&survey->memory, range->first, range->end);

	while (index < last && !error) {
		off_t data = lseek(kdump->table, (off_t)(index * size), SEEK_DATA);
		if (data < 0)
			return errno == ENXIO ? 0 : errno;
		off_t hole = lseek(kdump->table, data, SEEK_HOLE);
		uint64_t first = (uint64_t)data / size, end = hole < 0 ? last : ((uint64_t)hole + size - 1) / size;

		first = first > index ? first : index;
		end = end < last ? end : last;
		if (first < end)
			error = write_entries(kdump, survey, range->first + first - range->before, first, end);
		index = end > first ? end : last;
	}
	return error;
}

static int write_tables(struct kdumper *kdump, uint64_t *ret_count)
{
	uint64_t size = kdump->map.page_size, first = (1 + kdump->sub_blocks) * size;
	struct survey survey = {.memory = {.fd = kdump->out, .offset = first},
				.saved = {.fd = kdump->out, .offset = first + kdump->bitmap_blocks / 2 * size},
				.descriptors = mem_zero((size_t)DESCRIPTORS * DESCRIPTOR)};
	int error = 0;

	for (size_t i = 0; i < kdump->map.range_count && !error; i++)
		error = write_range(kdump, &survey, &kdump->map.ranges[i]);
	error = error ? error : bits_flush(&survey.memory);
	error = error ? error : bits_flush(&survey.saved);
	error = error ? error : descriptors_flush(kdump, &survey);
	free(survey.descriptors);
	*ret_count = survey.count;
	return error;
}

static int write_heads(struct kdumper *kdump, uint64_t saved, bool is_complete)
{
	const struct kdump_head head = {
		.map = &kdump->map,
		.compression_flag = compression_flags[kdump->compression],
		.sub_blocks = kdump->sub_blocks,
		.bitmap_blocks = kdump->bitmap_blocks,
		.saved = saved,
		.is_complete = is_complete,
	};
	uint64_t sub_head = kdump->map.page_size;
	uint8_t bytes[KDUMP_HEAD];

	kdump_head_make_sub(&kdump->map, bytes);
	int error = write_at(kdump->out, bytes, KDUMP_SUB_HEAD, sub_head);
	error = error ? error : write_at(kdump->out, kdump->map.notes, kdump->map.notes_size, sub_head + KDUMP_SUB_HEAD);
	// The first one last: without it the file is nothing.
	kdump_head_make(&head, bytes);
	return error ? error : write_at(kdump->out, bytes, KDUMP_HEAD, 0);
}

struct error *kdumper_finish(struct kdumper *kdump, bool is_complete, bool *ret)
{
	uint64_t saved = 0;

	*ret = kdump->state == ELF_READY;
	if (!*ret)
		return NULL;
	int error = mark_zeros(kdump);
	error = error ? error : flush(kdump);
	error = error ? error : write_tables(kdump, &saved);
	error = error ? error : write_heads(kdump, saved, is_complete);
	if (!error && ftruncate(kdump->out, (off_t)round_up(kdump->end, kdump->map.page_size)))
		error = errno;
	errno = error;
	return error ? error_errno("cannot write the kdump file") : NULL;
}
