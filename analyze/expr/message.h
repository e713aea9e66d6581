// SPDX-License-Identifier: GPL-2.0-or-later
// Errors that point into the text they speak of.
#ifndef EXPR_MESSAGE_H
#define EXPR_MESSAGE_H

#include <stdarg.h>
#include <stddef.h>

#include "base/error.h"

struct expr_text;

/* "FILE:LINE:COLUMN: words", the line, and a caret under the column. */
struct error *message_at(const struct expr_text *text, size_t offset, enum error_code code,
			 const char *format, ...) PRINTF_LIKE(4, 5) MUST_CHECK;
struct error *message_vat(const struct expr_text *text, size_t offset, enum error_code code,
			  const char *format, va_list arguments) PRINTF_LIKE(4, 0) MUST_CHECK;
/* Line of the text's file, from 1. */
size_t message_line(const struct expr_text *text, size_t offset);
/* Appends a line "FILE:LINE:COLUMN: words" to the message of `error`. */
void message_append(struct error *error, const struct expr_text *text, size_t offset,
		    const char *words);

#endif
