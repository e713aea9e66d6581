// SPDX-License-Identifier: GPL-2.0-or-later
// What was read from a pipe and may be needed again: blocks in the order in which they were read, forgotten from the
// oldest on when they are in the server's file.
#ifndef SEND_KEEP_H
#define SEND_KEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEEP_NONE UINT32_MAX

struct keep_block {
	uint64_t offset, length; /* in the finished file */
	uint64_t left;           /* bytes not yet acknowledged */
	uint64_t mark;           /* how much the server has to have written until it has written them all */
	size_t start;            /* in the memory */
	bool is_zero, overwrites;
};

struct keep {
	uint8_t *memory;
	size_t capacity, at;     /* at: where the next block goes */
	struct keep_block *blocks;
	uint32_t first, count, limit; /* limit: of the blocks */
	uint64_t forgotten;      /* bytes of forgotten blocks, each byte of the file counted once */
};

void keep_init(struct keep *keep, size_t memory, uint32_t blocks);
void keep_deinit(struct keep *keep);
/* Whether a block of that many bytes fits (0 for zeros). */
bool keep_has_room(const struct keep *keep, size_t bytes);
/* Copies a block; there is room. Returns its number. */
uint32_t keep_add(struct keep *keep, uint64_t offset, const uint8_t *bytes, uint64_t length, bool overwrites);
const uint8_t *keep_bytes(const struct keep *keep, const struct keep_block *block);
void keep_acknowledge(struct keep *keep, uint32_t block, uint64_t length, uint64_t received);
/* Whether all blocks are acknowledged, and the oldest, zeros, is only kept because no data came after it. */
bool keep_is_stuck(const struct keep *keep, uint64_t written);
/* Forgets what the server has written. */
void keep_forget(struct keep *keep, uint64_t written);

#endif
