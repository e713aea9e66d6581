// SPDX-License-Identifier: GPL-2.0-or-later
// String builder.
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

/* Zero-initialise: `struct buf buf _cleanup_(buf_deinit) = {0};` data is NULL while empty. */
struct buf {
	char *data; /* always NUL-terminated when not NULL */
	size_t length;
	size_t capacity;
};

void buf_deinit(struct buf *buf);
void buf_put(struct buf *buf, const char *data, size_t length);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* Cuts back to `length` bytes. */
void buf_cut(struct buf *buf, size_t length);
/* The text, "" when empty; valid until the next change. */
const char *buf_text(const struct buf *buf);
/* Hands the text over to the caller (free() it) and empties the builder. */
char *buf_steal(struct buf *buf);

#endif
