// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/keep.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void keep_init(struct keep *keep, size_t memory, uint32_t blocks)
{
	*keep = (struct keep){
		.memory = mem_zero(memory),
		.capacity = memory,
		.blocks = mem_zero(blocks * sizeof(*keep->blocks)),
		.limit = blocks,
	};
}

void keep_deinit(struct keep *keep)
{
	free(keep->memory);
	free(keep->blocks);
	*keep = (struct keep){0};
}

/* Where a block would go; `capacity` where it does not fit. A block is never split at the end of the memory. */
static size_t place_for(const struct keep *keep, size_t bytes)
{
	if (!keep->count)
		return bytes <= keep->capacity ? 0 : keep->capacity;
	size_t oldest = keep->blocks[keep->first].start;

	if (keep->at < oldest)
		return oldest - keep->at > bytes ? keep->at : keep->capacity;
	if (keep->capacity - keep->at > bytes)
		return keep->at;
	return oldest > bytes ? 0 : keep->capacity;
}

bool keep_has_room(const struct keep *keep, size_t bytes)
{
	return keep->count < keep->limit && place_for(keep, bytes) < keep->capacity;
}

uint32_t keep_add(struct keep *keep, uint64_t offset, const uint8_t *bytes, uint64_t length, bool overwrites)
{
	size_t size = bytes ? (size_t)length : 0, start = place_for(keep, size);
	uint32_t number = (keep->first + keep->count++) % keep->limit;

	keep->blocks[number] = (struct keep_block){
		.offset = offset,
		.length = length,
		.left = length,
		.start = start,
		.is_zero = !bytes,
		.overwrites = overwrites,
	};
	if (size)
		memcpy(keep->memory + start, bytes, size);
	keep->at = start + size;
	return number;
}

const uint8_t *keep_bytes(const struct keep *keep, const struct keep_block *block)
{
	return block->is_zero ? NULL : keep->memory + block->start;
}

void keep_acknowledge(struct keep *keep, uint32_t block, uint64_t length, uint64_t received)
{
	struct keep_block *at = &keep->blocks[block];
	/* The server counts bytes of data: zeros are in its file when data that came after them is. */
	uint64_t mark = received + at->is_zero;

	at->left -= length < at->left ? length : at->left;
	if (mark > at->mark)
		at->mark = mark;
}

bool keep_is_stuck(const struct keep *keep, uint64_t written)
{
	for (uint32_t i = 0; i < keep->count; i++) {
		const struct keep_block *block = &keep->blocks[(keep->first + i) % keep->limit];

		if (block->left || block->mark > written + block->is_zero)
			return false;
	}
	return keep->count && keep->blocks[keep->first].is_zero;
}

void keep_forget(struct keep *keep, uint64_t written)
{
	while (keep->count) {
		const struct keep_block *oldest = &keep->blocks[keep->first];

		if (oldest->left || oldest->mark > written)
			return;
		keep->forgotten += oldest->overwrites ? 0 : oldest->length;
		keep->first = (keep->first + 1) % keep->limit;
		keep->count--;
	}
}
