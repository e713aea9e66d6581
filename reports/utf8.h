// SPDX-License-Identifier: GPL-2.0-or-later
// UTF-8 as it comes from dumps and rule files: decoded, measured, and made fit to be shown.
#ifndef REPORTS_UTF8_H
#define REPORTS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* Bytes of the valid sequence at the start of `text` (of `length` bytes) and its code point; 0 and
 * nothing where there is none. */
size_t utf8_decode(const char *text, size_t length, uint32_t *ret);
/* Control characters, bidi controls and invisible ones: what utf8_put_shown() escapes. */
bool utf8_is_hidden(uint32_t code);
/* Columns of a terminal the text takes; bytes that are no UTF-8 count as one each. */
size_t utf8_columns(const char *text);
/* Bytes of the longest start of `text` that takes at most `columns` columns. */
size_t utf8_fit(const char *text, size_t columns);
/* Appends the text; bytes that are no UTF-8 become \xNN, all else stays as it is. */
void utf8_put_valid(struct buf *buf, const char *text);
/* Appends the text as one line that can do nothing to a terminal or to the order of the words
 * around it: what is hidden becomes \n, \t, \xNN or \u{NNNN}. */
void utf8_put_shown(struct buf *buf, const char *text);

#endif
