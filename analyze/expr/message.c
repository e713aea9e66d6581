// SPDX-License-Identifier: GPL-2.0-or-later
#include "expr/message.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "expr/expr.h"

enum {
	LINE_SHOWN =
		200, /* bytes of a line that are shown; of longer ones the part around the caret */
	LINE_BEFORE = 120,
};

struct place {
	size_t line, column; /* from 1; column in bytes */
	const char *start;   /* of the line */
	size_t length;
};

static struct place place_in_text(const struct expr_text *text, size_t offset)
{
	struct place place = {.line = 1, .start = text->text};

	for (size_t i = 0; i < offset; i++) {
		if (text->text[i] == '\n') {
			place.line++;
			place.start = text->text + i + 1;
		}
	}
	place.column = (size_t)(text->text + offset - place.start) + 1;
	place.length = strcspn(place.start, "\n");
	return place;
}

static struct place place_find(const struct expr_text *text, size_t offset)
{
	struct place place;

	if (!text->locate)
		return place_in_text(text, offset);
	text->locate(text, offset, &place.line, &place.column);
	place.start = "";
	if (place.line >= 1 && place.line <= text->line_count)
		place.start = text->lines[place.line - 1];
	place.length = strcspn(place.start, "\n");
	return place;
}

size_t message_line(const struct expr_text *text, size_t offset)
{
	return place_find(text, offset).line;
}

static bool is_continuation(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Rules and names out of a dump must not speak to the terminal. */
static bool is_control(char byte)
{
	return (unsigned char)byte < ' ' || byte == 0x7f;
}

/* The line and, below it, the caret: one column per character, tabs kept. */
static void put_line(const struct place *place, struct buf *buf)
{
	size_t caret = place->column - 1 < place->length ? place->column - 1 : place->length;
	size_t start = place->length > LINE_SHOWN && caret > LINE_BEFORE ? caret - LINE_BEFORE : 0;

	while (start < caret && is_continuation(place->start[start]))
		start++;
	size_t end = place->length - start > LINE_SHOWN ? start + LINE_SHOWN : place->length;

	for (size_t i = start; i < end; i++) {
		char byte = place->start[i];

		buf_putc(buf, is_control(byte) && byte != '\t' ? '?' : byte);
	}
	buf_putc(buf, '\n');
	for (size_t i = start; i < caret; i++) {
		if (!is_continuation(place->start[i]))
			buf_putc(buf, place->start[i] == '\t' ? '\t' : ' ');
	}
	buf_putc(buf, '^');
}

struct error *message_vat(const struct expr_text *text, size_t offset, enum error_code code,
			  const char *format, va_list arguments)
{
	struct place place = place_find(text, offset);
	char *words _cleanup_free_ = mem_vprintf(format, arguments);
	struct buf buf _cleanup_(buf_deinit) = {0};

	for (char *byte = words; *byte; byte++) {
		if (is_control(*byte))
			*byte = '?';
	}
	buf_printf(&buf, "%s:%zu:%zu: ", text->file, place.line, place.column);
	size_t length = buf.length;
	buf_printf(&buf, "%s\n", words);
	put_line(&place, &buf);
	struct error *error = error_new(code, "%s", buf_text(&buf));

	error->place = length;
	return error;
}

struct error *message_at(const struct expr_text *text, size_t offset, enum error_code code,
			 const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct error *error = message_vat(text, offset, code, format, arguments);
	va_end(arguments);
	return error;
}

void message_append(struct error *error, const struct expr_text *text, size_t offset,
		    const char *words)
{
	struct place place = place_find(text, offset);
	char *message = mem_printf("%s\n%s:%zu:%zu: %s", error->message, text->file, place.line,
				   place.column, words);

	free(error->message);
	error->message = message;
}
