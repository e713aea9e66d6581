// SPDX-License-Identifier: GPL-2.0-or-later
// Comma-separated values after RFC 4180, with LF at the end of lines.
#include <string.h>

#include "base/buf.h"
#include "reports/cell.h"
#include "reports/report.h"
#include "reports/utf8.h"

static void csv_field(struct buf *buf, size_t column, const char *text)
{
	if (column)
		buf_putc(buf, ',');
	if (!strpbrk(text, ",\"\r\n") && *text != ' ') {
		buf_puts(buf, text);
		return;
	}
	buf_putc(buf, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_putc(buf, '"');
		buf_putc(buf, *text);
	}
	buf_putc(buf, '"');
}

void view_csv(const struct view_result *view, struct buf *buf)
{
	const struct table *table = &view->table;
	struct buf text _cleanup_(buf_deinit) = {0};

	for (size_t column = 0; column < table->column_count; column++) {
		buf_cut(&text, 0);
		utf8_put_shown(&text, table->columns[column]);
		csv_field(buf, column, buf_text(&text));
	}
	buf_putc(buf, '\n');
	for (size_t row = 0; row < table->row_count; row++) {
		for (size_t column = 0; column < table->column_count; column++) {
			buf_cut(&text, 0);
			cell_put_exact(&text, table_cell(table, row, column));
			csv_field(buf, column, buf_text(&text));
		}
		buf_putc(buf, '\n');
	}
}
