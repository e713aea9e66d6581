// SPDX-License-Identifier: GPL-2.0-or-later
// Format as makedumpfile writes it (makedumpfile.h, struct makedumpfile_header and
// makedumpfile_data_header): all numbers are big-endian whatever the machine.
#include "dump/flattened.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"

enum {
	HEADER_BYTES = 4096,
	/* 24 bytes each. QEMU writes 16 KiB blocks, so this is 128 GiB of compressed pages. */
	BLOCKS_MAX = 8 * 1024 * 1024,
};
/* Behind this no dump of a machine of 4 PiB could reach; keeps sums from overflowing. */
static const uint64_t OFFSET_MAX = (uint64_t)1 << 56;

struct flattened_block {
	uint64_t offset; /* in the dump */
	uint64_t stored; /* in the file; grows with time, so the greater one was written later */
	uint64_t length;
};

struct flattened_blocks {
	struct flattened_block *items;
	size_t count, capacity;
};

struct flattened {
	struct flattened_blocks blocks; /* by offset, none overlaps */
	bool is_cut;
};

/* Reads the block header at *position and steps over it and its data; false at the end mark, and,
 * with is_cut set, where the file ends or makes no sense. */
static bool flattened_next(struct flattened *flattened, int fd, uint64_t stored, uint64_t *position,
			   struct flattened_block *ret)
{
	uint64_t header[2];

	flattened->is_cut = true;
	if (*position > stored ||
	    pread(fd, header, sizeof(header), (off_t)*position) != (ssize_t)sizeof(header))
		return false;
	uint64_t offset = be64toh(header[0]), length = be64toh(header[1]);
	flattened->is_cut = offset != UINT64_MAX || length != UINT64_MAX;
	if (!flattened->is_cut || !length || offset > OFFSET_MAX || length > OFFSET_MAX)
		return false;
	*position += sizeof(header);
	uint64_t rest = stored - *position;
	*ret = (struct flattened_block){offset, *position, length < rest ? length : rest};
	*position += length;
	return ret->length != 0;
}

static void flattened_collect(struct flattened *flattened, int fd, uint64_t stored)
{
	uint64_t position = HEADER_BYTES;
	struct flattened_block block;

	while (flattened_next(flattened, fd, stored, &position, &block)) {
		if (flattened->blocks.count == BLOCKS_MAX) {
			flattened->is_cut = true;
			break;
		}
		*vec_push(&flattened->blocks) = block;
		if (flattened->blocks.count % 65536 == 0)
			log_progress("indexing the flattened dump: %u %%",
				     (unsigned)(position * 100 / stored));
	}
}

static int flattened_compare(const void *a, const void *b)
{
	const struct flattened_block *left = a, *right = b;

	return left->offset < right->offset ? -1 : left->offset > right->offset;
}

/* Max-heap by `stored`: the block written last hides the others. */
static void heap_push(struct flattened_blocks *heap, const struct flattened_block *block)
{
	(void)vec_push(heap);
	size_t child = heap->count - 1;
	for (; child && heap->items[(child - 1) / 2].stored < block->stored;
	     child = (child - 1) / 2)
		heap->items[child] = heap->items[(child - 1) / 2];
	heap->items[child] = *block;
}

static void heap_pop(struct flattened_blocks *heap)
{
	struct flattened_block last = heap->items[--heap->count];
	size_t parent = 0;

	for (size_t child = 1; child < heap->count; child = 2 * parent + 1) {
		if (child + 1 < heap->count &&
		    heap->items[child].stored < heap->items[child + 1].stored)
			child++;
		if (heap->items[child].stored <= last.stored)
			break;
		heap->items[parent] = heap->items[child];
		parent = child;
	}
	if (heap->count)
		heap->items[parent] = last;
}

static void flattened_emit(struct flattened_blocks *blocks, const struct flattened_block *from,
			   uint64_t start, uint64_t end)
{
	uint64_t stored = from->stored + (start - from->offset);
	struct flattened_block *last = blocks->count ? &blocks->items[blocks->count - 1] : NULL;

	if (last && last->offset + last->length == start && last->stored + last->length == stored)
		last->length += end - start;
	else
		*vec_push(blocks) = (struct flattened_block){start, stored, end - start};
}

/* Writers go back to complete a header, so blocks may overlap: what was written later counts. A
 * sweep over the sorted blocks, with those that cover the current position in a heap. */
static void flattened_resolve(struct flattened *flattened)
{
	struct flattened_blocks all = flattened->blocks, shown = {0}, heap = {0};
	uint64_t position = 0;

	qsort(all.items, all.count, sizeof(*all.items), flattened_compare);
	for (size_t next = 0; next < all.count || heap.count;) {
		if (!heap.count)
			position = all.items[next].offset;
		while (next < all.count && all.items[next].offset <= position)
			heap_push(&heap, &all.items[next++]);
		while (heap.count && heap.items[0].offset + heap.items[0].length <= position)
			heap_pop(&heap);
		if (!heap.count)
			continue;
		uint64_t end = heap.items[0].offset + heap.items[0].length;
		if (next < all.count && all.items[next].offset < end)
			end = all.items[next].offset;
		flattened_emit(&shown, &heap.items[0], position, end);
		position = end;
	}
	free(all.items);
	free(heap.items);
	flattened->blocks = shown;
}

static bool flattened_is_sorted(const struct flattened_blocks *blocks)
{
	for (size_t i = 1; i < blocks->count; i++)
		if (blocks->items[i - 1].offset + blocks->items[i - 1].length >
		    blocks->items[i].offset)
			return false;
	return true;
}

struct error *flattened_open(const char *path, int fd, uint64_t stored, struct flattened **ret)
{
	/* The field has 16 bytes; makedumpfile 1.6 leaves in the rest of it what was there. */
	static const char wanted[] = "makedumpfile";
	char signature[sizeof(wanted)] = "";

	*ret = NULL;
	if (pread(fd, signature, sizeof(signature), 0) != (ssize_t)sizeof(signature) ||
	    memcmp(signature, wanted, sizeof(signature)))
		return NULL;
	struct flattened *flattened = mem_zero(sizeof(*flattened));
	flattened_collect(flattened, fd, stored);
	if (!flattened->blocks.count) {
		flattened_close(flattened);
		return error_new(ERROR_INVALID,
				 "%s: flattened vmcore cut off before its first block; nothing "
				 "left to examine",
				 path);
	}
	if (!flattened_is_sorted(&flattened->blocks))
		flattened_resolve(flattened);
	*ret = flattened;
	return NULL;
}

void flattened_close(struct flattened *flattened)
{
	if (!flattened)
		return;
	free(flattened->blocks.items);
	free(flattened);
}

uint64_t flattened_size(const struct flattened *flattened)
{
	const struct flattened_block *last = &flattened->blocks.items[flattened->blocks.count - 1];

	return last->offset + last->length;
}

bool flattened_is_cut(const struct flattened *flattened)
{
	return flattened->is_cut;
}

bool flattened_find(const struct flattened *flattened, uint64_t offset, uint64_t *ret_stored,
		    uint64_t *ret_available)
{
	const struct flattened_blocks *blocks = &flattened->blocks;
	size_t low = 0, high = blocks->count;

	while (low < high) { /* first block that does not end before */
		size_t middle = low + (high - low) / 2;
		const struct flattened_block *block = &blocks->items[middle];

		if (block->offset + block->length <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	const struct flattened_block *block = &blocks->items[low];
	if (low == blocks->count || block->offset > offset) {
		*ret_available = low == blocks->count ? UINT64_MAX : block->offset - offset;
		return false;
	}
	*ret_stored = block->stored + (offset - block->offset);
	*ret_available = block->length - (offset - block->offset);
	return true;
}

bool flattened_has(const struct flattened *flattened, uint64_t offset, uint64_t length)
{
	while (length) {
		uint64_t stored, available;

		if (!flattened_find(flattened, offset, &stored, &available))
			return false;
		if (available >= length)
			return true;
		offset += available;
		length -= available;
	}
	return true;
}
