// SPDX-License-Identifier: GPL-2.0-or-later
// Allocation that cannot fail: when the system has no memory left the program ends with one line
// and exit status 2. Every size that comes from outside is bounded before it gets here.
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

/* Zeroed memory, to be released with free(). */
void *mem_zero(size_t size);
/* As realloc(); the array grows to `count` elements of `size` bytes, overflow checked. */
void *mem_resize(void *old, size_t count, size_t size);
/* Copy of a string, of its first `length` bytes (NUL added), or of formatted text; free() it. */
char *mem_strdup(const char *text);
char *mem_strndup(const char *text, size_t length);
char *mem_printf(const char *format, ...) PRINTF_LIKE(1, 2);
char *mem_vprintf(const char *format, va_list arguments) PRINTF_LIKE(1, 0);

#endif
