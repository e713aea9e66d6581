// SPDX-License-Identifier: GPL-2.0-or-later
// Memory by lifetime: many small allocations, released together.
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"

struct arena;

struct arena *arena_new(void);
/* Releases the arena and all that was allocated from it; NULL is allowed. */
void arena_free(struct arena *arena);
DEFINE_CLEANUP(struct arena *, arena_free)

/* Zeroed memory, aligned for any type, valid until the arena is freed or reset. */
void *arena_zero(struct arena *arena, size_t size);
void *arena_copy(struct arena *arena, const void *data, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *arena, const char *format, va_list arguments) PRINTF_LIKE(2, 0);
/* Forgets every allocation and keeps one block for the next use. */
void arena_reset(struct arena *arena);
/* Bytes handed out since arena_new() or arena_reset(); for budgets. */
size_t arena_used(const struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_zero(arena, sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_zero_array(arena, count, sizeof(type)))
/* Zeroed array; the product is checked for overflow. */
void *arena_zero_array(struct arena *arena, size_t count, size_t size);

#endif
