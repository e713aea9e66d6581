// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ARENA_BLOCK = 64 * 1024 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	alignas(max_align_t) char data[];
};

struct arena {
	struct arena_block *blocks; /* newest first */
	size_t used;
};

struct arena *arena_new(void)
{
	return mem_zero(sizeof(struct arena));
}

static void arena_free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		free(block);
		block = next;
	}
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	arena_free_blocks(arena->blocks);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	struct arena_block *block = arena->blocks;

	arena->used = 0;
	if (!block)
		return;
	arena_free_blocks(block->next);
	block->next = NULL;
	block->used = 0;
}

static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
	size_t capacity = size > ARENA_BLOCK ? size : ARENA_BLOCK;
	struct arena_block *block = mem_resize(NULL, 1, sizeof(*block) + capacity);

	block->next = arena->blocks;
	block->size = capacity;
	block->used = 0;
	arena->blocks = block;
	return block;
}

void *arena_zero(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->blocks;
	const size_t align = alignof(max_align_t);

	if (size > SIZE_MAX / 2)
		return mem_resize(NULL, SIZE_MAX, size); /* ends the program */
	size = (size + align - 1) & ~(align - 1);
	if (!block || block->size - block->used < size)
		block = arena_grow(arena, size);
	void *memory = block->data + block->used;
	block->used += size;
	arena->used += size;
	return memset(memory, 0, size);
}

void *arena_zero_array(struct arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		bytes = SIZE_MAX;
	return arena_zero(arena, bytes);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
	void *copy = arena_zero(arena, size);

	return size ? memcpy(copy, data, size) : copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	char *copy = arena_zero(arena, length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = arena_vprintf(arena, format, arguments);
	va_end(arguments);
	return text;
}

char *arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
	char *text = mem_vprintf(format, arguments);
	char *copy = arena_strdup(arena, text);

	free(text);
	return copy;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
