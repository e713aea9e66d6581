// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/cell.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "reports/utf8.h"

void cell_put_integer(struct buf *buf, __int128 integer)
{
	char digits[40]; /* 2^127 has 39 digits */
	size_t at = sizeof(digits);
	unsigned __int128 rest =
		integer < 0 ? -(unsigned __int128)integer : (unsigned __int128)integer;

	do {
		digits[--at] = (char)('0' + (int)(rest % 10));
		rest /= 10;
	} while (rest);
	if (integer < 0)
		buf_putc(buf, '-');
	buf_put(buf, digits + at, sizeof(digits) - at);
}

void cell_put_real(struct buf *buf, double real)
{
	char text[32];

	assert(isfinite(real));
	snprintf(text, sizeof(text), "%.15g", real);
	buf_puts(buf, text);
	if (!strpbrk(text, ".e"))
		buf_puts(buf, ".0");
}

/* Three decimals are enough to read; a number that they would hide keeps its digits. */
static void cell_put_real_shown(struct buf *buf, double real)
{
	char text[32];

	if ((real != 0 && fabs(real) < 0.001) || fabs(real) >= 1e15) {
		cell_put_real(buf, real);
		return;
	}
	snprintf(text, sizeof(text), "%.3f", real);
	size_t length = strlen(text);
	while (text[length - 1] == '0' && text[length - 2] != '.')
		length--;
	buf_put(buf, text, length);
}

static const char *cell_reason_at(const struct cell *cell, unsigned depth)
{
	const char *reason = NULL;

	if (cell->kind == CELL_UNKNOWN)
		return cell->text && *cell->text ? cell->text : "unknown";
	if (cell->kind == CELL_REAL && !isfinite(cell->real))
		return "not a number";
	if (cell->kind != CELL_LIST && cell->kind != CELL_RECORD)
		return NULL;
	if (depth == CELL_DEPTH)
		return "nested too deeply";
	for (size_t i = 0; i < cell->count && !reason; i++)
		reason = cell_reason_at(&cell->items[i], depth + 1);
	return reason;
}

const char *cell_reason(const struct cell *cell)
{
	return cell_reason_at(cell, 0);
}

bool cell_is_number(const struct cell *cell)
{
	return cell->kind == CELL_INTEGER || cell->kind == CELL_REAL;
}

struct cell_form {
	bool exact;
	unsigned depth;
};

static void cell_put(struct buf *buf, const struct cell *cell, struct cell_form form);

/* Words that hold no blank are told apart by blanks, all else by commas. */
static const char *cell_separator(const struct cell *cell)
{
	for (size_t i = 0; i < cell->count; i++) {
		const struct cell *item = &cell->items[i];
		const char *text = item->kind == CELL_TEXT ? item->text : NULL;

		text = item->shown ? item->shown : text;
		if (item->kind == CELL_LIST || item->kind == CELL_RECORD)
			return ", ";
		if (text && strchr(text, ' '))
			return ", ";
	}
	return " ";
}

static void cell_put_items(struct buf *buf, const struct cell *cell, struct cell_form form)
{
	const char *separator = cell_separator(cell);
	bool bracket = form.depth++ > 0;

	if (form.depth > CELL_DEPTH) {
		buf_putc(buf, '?');
		return;
	}
	if (bracket)
		buf_putc(buf, '[');
	for (size_t i = 0; i < cell->count; i++) {
		buf_puts(buf, i ? separator : "");
		if (cell->kind == CELL_RECORD) {
			utf8_put_shown(buf, cell->names[i]);
			buf_putc(buf, '=');
		}
		cell_put(buf, &cell->items[i], form);
	}
	if (bracket)
		buf_putc(buf, ']');
}

static void cell_put(struct buf *buf, const struct cell *cell, struct cell_form form)
{
	if (cell->shown && !form.exact && cell->kind != CELL_UNKNOWN) {
		utf8_put_shown(buf, cell->shown);
		return;
	}
	switch (cell->kind) {
	case CELL_UNKNOWN:
		buf_putc(buf, '?');
		return;
	case CELL_EMPTY:
		buf_puts(buf, form.exact ? "" : "-");
		return;
	case CELL_TEXT:
		utf8_put_shown(buf, cell->text ? cell->text : "");
		return;
	case CELL_INTEGER:
		cell_put_integer(buf, cell->integer);
		return;
	case CELL_REAL:
		if (!isfinite(cell->real))
			buf_putc(buf, '?');
		else
			(form.exact ? cell_put_real : cell_put_real_shown)(buf, cell->real);
		return;
	case CELL_BOOL:
		if (form.exact)
			buf_puts(buf, cell->integer ? "true" : "false");
		else
			buf_puts(buf, cell->integer ? "yes" : "no");
		return;
	case CELL_LIST:
	case CELL_RECORD:
		cell_put_items(buf, cell, form);
		return;
	}
}

void cell_put_shown(struct buf *buf, const struct cell *cell)
{
	size_t length = buf->length;

	cell_put(buf, cell, (struct cell_form){.exact = false});
	if (buf->length == length) /* an empty text or list says that there is none, too */
		buf_putc(buf, '-');
}

void cell_put_exact(struct buf *buf, const struct cell *cell)
{
	cell_put(buf, cell, (struct cell_form){.exact = true});
}

const struct cell *table_cell(const struct table *table, size_t row, size_t column)
{
	assert(row < table->row_count && column < table->column_count);
	return &table->cells[row * table->column_count + column];
}

size_t table_rows_shown(const struct table *table, size_t limit)
{
	return limit && limit < table->row_count ? limit : table->row_count;
}

size_t table_total(const struct table *table)
{
	return table->total > table->row_count ? table->total : table->row_count;
}

bool table_is_numeric(const struct table *table, size_t column, size_t rows)
{
	bool has_number = false;

	for (size_t row = 0; row < rows; row++) {
		const struct cell *cell = table_cell(table, row, column);

		if (cell_is_number(cell))
			has_number = true;
		else if (cell->kind != CELL_UNKNOWN && cell->kind != CELL_EMPTY)
			return false;
	}
	return has_number;
}

static void table_reasons_add(struct table_reasons *reasons, const char *reason)
{
	for (size_t i = 0; i < reasons->count; i++) {
		if (!strcmp(reasons->texts[i], reason))
			return;
	}
	if (reasons->count == TABLE_REASONS)
		reasons->are_more = true;
	else
		reasons->texts[reasons->count++] = reason;
}

struct table_reasons table_reasons(const struct table *table, size_t rows)
{
	struct table_reasons reasons = {.count = 0};

	for (size_t i = 0; i < rows * table->column_count; i++) {
		const char *reason = cell_reason(&table->cells[i]);

		if (reason)
			table_reasons_add(&reasons, reason);
	}
	return reasons;
}
