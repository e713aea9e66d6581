// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_deinit(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

static void buf_reserve(struct buf *buf, size_t more)
{
	size_t need = buf->length + more + 1;
	size_t capacity = buf->capacity ? buf->capacity : 64;

	if (need <= buf->capacity)
		return;
	while (capacity < need)
		capacity *= 2;
	buf->data = mem_resize(buf->data, capacity, 1);
	buf->capacity = capacity;
}

void buf_put(struct buf *buf, const char *data, size_t length)
{
	buf_reserve(buf, length);
	if (length)
		memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	buf->data[buf->length] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
	buf_put(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char byte)
{
	buf_put(buf, &byte, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	char small[256];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	if (length >= 0 && (size_t)length < sizeof(small)) {
		buf_put(buf, small, (size_t)length);
		return;
	}
	va_start(arguments, format);
	char *text = mem_vprintf(format, arguments);
	va_end(arguments);
	buf_puts(buf, text);
	free(text);
}

void buf_cut(struct buf *buf, size_t length)
{
	if (length >= buf->length)
		return;
	buf->length = length;
	buf->data[length] = '\0';
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

char *buf_steal(struct buf *buf)
{
	char *text = buf->data ? buf->data : mem_strdup("");

	*buf = (struct buf){0};
	return text;
}
