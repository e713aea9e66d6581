// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/lines.h"

#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "reports/cell.h"
#include "reports/summary.h"
#include "reports/utf8.h"

enum {
	LINES_WIDTH = 80,
	LINES_NARROWEST = 40,
	LINES_PARAGRAPH = 100, /* longer lines of prose are hard to read */
	CELL_WIDEST = 200,
	CELL_NARROW = 12, /* words are broken to get a text into this, for one band */
	CELL_ROOMY = 32,  /* and into this, or half a line, where there must be several bands anyway */
	CELL_LINES = 6,   /* what takes more is cut */
	COLUMN_GAP = 2,
};

size_t lines_width(const struct report_style *style)
{
	size_t width = style->width ? style->width : LINES_WIDTH;

	return width < LINES_NARROWEST ? LINES_NARROWEST : width;
}

static void lines_put_blanks(struct buf *buf, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_putc(buf, ' ');
}

/* Bytes of the first line of `text`, which takes at most `columns`: up to a blank where one is, else
 * past the last joint of an address, a path or a name. */
static size_t lines_break(const char *text, size_t columns)
{
	size_t length = utf8_fit(text, columns ? columns : 1), blank = length, joint = length;

	if (!text[length])
		return length;
	while (blank && text[blank] != ' ')
		blank--;
	while (blank && text[blank - 1] == ' ')
		blank--;
	if (blank)
		return blank;
	while (joint && !strchr(":/._,;=@-", text[joint - 1]))
		joint--;
	if (joint)
		return joint;
	return length ? length : strlen(text); /* one character wider than the line */
}

/* Columns of the longest of the words that `ends` tell apart. */
static size_t lines_longest_word(const char *text, const char *ends)
{
	size_t longest = 0;

	while (*text) {
		size_t length = strcspn(text, ends);
		size_t end = length + (text[length] && text[length] != ' ');
		char *word _cleanup_free_ = mem_strndup(text, end);
		size_t width = utf8_columns(word);

		longest = width > longest ? width : longest;
		text += end + (text[end] == ' ');
	}
	return longest;
}

/* One line of the text; `used` columns of its first are taken, 0: none, not even its indent. */
static void lines_put_line(struct buf *buf, size_t columns, size_t indent, size_t used,
			   const char *text)
{
	do {
		if (!used && *text)
			lines_put_blanks(buf, indent);
		size_t length = lines_break(text, columns - (used ? used : indent));
		buf_put(buf, text, length);
		buf_putc(buf, '\n');
		text += length;
		text += strspn(text, " ");
		used = 0;
	} while (*text);
}

void lines_put_wrapped(struct buf *buf, const struct report_style *style, const char *lead,
		       size_t indent, const char *text)
{
	buf_puts(buf, lead);
	lines_put_after(buf, style, utf8_columns(lead), indent, text);
}

void lines_put_after(struct buf *buf, const struct report_style *style, size_t used, size_t indent,
		     const char *text)
{
	size_t columns = lines_width(style);
	struct buf shown _cleanup_(buf_deinit) = {0};

	columns = columns > LINES_PARAGRAPH ? LINES_PARAGRAPH : columns;
	for (; used || *text; used = 0) {
		size_t length = strcspn(text, "\n");
		char *line _cleanup_free_ = mem_strndup(text, length);

		buf_cut(&shown, 0);
		utf8_put_shown(&shown, line);
		lines_put_line(buf, columns, indent, used, buf_text(&shown));
		text += length + (text[length] == '\n');
	}
}

struct column {
	size_t title;   /* columns of the terminal its heading takes on one line */
	size_t heading; /* and broken at blanks and "_" */
	size_t body;    /* the widest cell takes */
	size_t word;    /* the longest word takes, or the longest number */
	size_t floor;   /* it gets at least */
	size_t width;   /* it gets */
	bool is_number;
};

static struct column column_measure(const struct table *table, size_t index, size_t rows,
				    size_t roomy)
{
	struct column column = {.is_number = table_is_numeric(table, index, rows)};
	struct buf shown _cleanup_(buf_deinit) = {0};

	utf8_put_shown(&shown, table->columns[index]);
	column.title = utf8_columns(buf_text(&shown));
	column.heading = lines_longest_word(buf_text(&shown), " _");
	column.heading = column.heading > roomy ? roomy : column.heading;
	for (size_t row = 0; row < rows; row++) {
		buf_cut(&shown, 0);
		cell_put_shown(&shown, table_cell(table, row, index));
		size_t width = utf8_columns(buf_text(&shown));
		size_t word = column.is_number ? width : lines_longest_word(buf_text(&shown), " ");
		column.body = width > column.body ? width : column.body;
		column.word = word > column.word ? word : column.word;
	}
	if (column.body > CELL_WIDEST && !column.is_number)
		column.body = CELL_WIDEST;
	column.width = column.title > column.body ? column.title : column.body;
	return column;
}

/* Lets texts be narrowed, but no word to less than `limit`; returns the columns that all then take. */
static size_t columns_set_floor(struct column *columns, size_t count, size_t limit)
{
	size_t used = COLUMN_GAP * (count - 1);

	for (size_t i = 0; i < count; i++) {
		struct column *column = &columns[i];
		size_t floor = column->word;

		if (!column->is_number) {
			floor = floor > limit ? limit : floor;
			floor = floor < CELL_NARROW ? CELL_NARROW : floor;
		}
		floor = floor < column->heading ? column->heading : floor;
		column->floor = floor > column->width ? column->width : floor;
		used += column->floor;
	}
	return used;
}

/* A band: the first column, where `keyed`, and those from `first` up to `end`. */
struct band {
	size_t first, end;
	bool keyed;
};

static size_t band_columns(const struct band *band)
{
	return band->end - band->first + band->keyed;
}

/* The i-th column of a band. */
static size_t band_column(const struct band *band, size_t i)
{
	return !band->keyed ? band->first + i : i ? band->first + i - 1 : 0;
}

/* The next band: as many columns as fit when they are narrowed to their floors, one at least. */
static struct band band_after(const struct column *columns, size_t count, size_t first, size_t room)
{
	struct band band = {.first = first, .end = first + 1, .keyed = first > 0};
	size_t used = columns[first].floor + (band.keyed ? columns[0].floor + COLUMN_GAP : 0);

	while (band.end < count && used + COLUMN_GAP + columns[band.end].floor <= room)
		used += COLUMN_GAP + columns[band.end++].floor;
	if (!first && band.end == 1 && count > 1)
		band.end = 2; /* the key alone says nothing */
	return band;
}

/* What gives way to make a band fit. */
enum narrowing { NARROW_HEADINGS, NARROW_TEXTS, NARROW_ALL };

/* Texts go on below between words when that is enough; words are broken only when all give way. */
static size_t column_least(const struct column *column, enum narrowing narrowing)
{
	size_t whole = column->word > column->title ? column->word : column->title;

	if (narrowing == NARROW_ALL)
		return column->floor;
	if (narrowing == NARROW_HEADINGS)
		whole = column->body;
	return whole > column->floor ? whole : column->floor;
}

/* Takes columns away from the widest until the band fits; false when it cannot be made to. */
static bool band_narrow(const struct band *band, struct column *columns, size_t room,
			enum narrowing narrowing)
{
	size_t used = COLUMN_GAP * (band_columns(band) - 1);

	for (size_t i = 0; i < band_columns(band); i++)
		used += columns[band_column(band, i)].width;
	for (; used > room; used--) {
		struct column *widest = NULL;

		for (size_t i = 0; i < band_columns(band); i++) {
			struct column *column = &columns[band_column(band, i)];

			if (column->width > column_least(column, narrowing) &&
			    (!widest || column->width > widest->width))
				widest = column;
		}
		if (!widest)
			return false;
		widest->width--;
	}
	return true;
}

static void band_widen(const struct band *band, struct column *columns)
{
	for (size_t i = 0; i < band_columns(band); i++) {
		struct column *column = &columns[band_column(band, i)];

		column->width = column->title > column->body ? column->title : column->body;
	}
}

/* Headings give way, or texts do; where neither is enough, headings first and then whatever can. */
static void band_fit(const struct band *band, struct column *columns, size_t room)
{
	static const enum narrowing one[] = {NARROW_HEADINGS, NARROW_TEXTS};

	for (size_t i = 0; i < sizeof(one) / sizeof(*one); i++) {
		band_widen(band, columns);
		if (band_narrow(band, columns, room, one[i]))
			return;
	}
	band_widen(band, columns);
	if (!band_narrow(band, columns, room, NARROW_HEADINGS))
		(void)band_narrow(band, columns, room, NARROW_ALL);
}

/* As lines_break(), and past the last comma where that does not waste half a line: items stay whole. */
static size_t cell_break(const char *text, size_t columns)
{
	size_t length = lines_break(text, columns);

	for (size_t comma = length; text[length] && comma > length / 2; comma--) {
		if (text[comma] == ' ' && text[comma - 1] == ',')
			return comma;
	}
	return length;
}

/* The line of that number of a cell, padded to its column; returns whether more lines follow. */
static bool line_put_cell(struct buf *line, const struct column *column, const char *text,
			  size_t number)
{
	size_t room = column->width, length = cell_break(text, room);

	for (size_t i = 0; i < number; i++) {
		text += length;
		text += strspn(text, " ");
		length = cell_break(text, room);
	}
	bool is_more = text[length + strspn(text + length, " ")];
	bool is_cut = is_more && number + 1 == CELL_LINES;
	if (is_cut && utf8_fit(text, room - 1) < length)
		length = utf8_fit(text, room - 1);
	char *piece _cleanup_free_ = mem_strndup(text, length);
	size_t width = utf8_columns(piece) + is_cut;
	size_t pad = width < room ? room - width : 0;

	lines_put_blanks(line, column->is_number ? pad : 0);
	buf_puts(line, piece);
	buf_puts(line, is_cut ? "…" : "");
	lines_put_blanks(line, column->is_number ? 0 : pad);
	return is_more && !is_cut;
}

/* The line of that number of a row, or of the headings before row 0; returns whether more follow. */
static bool band_put_line(struct buf *buf, const struct band *band, const struct column *columns,
			  const struct table *table, const size_t *row, size_t number)
{
	struct buf line _cleanup_(buf_deinit) = {0}, shown _cleanup_(buf_deinit) = {0};
	bool is_more = false;

	for (size_t i = 0; i < band_columns(band); i++) {
		size_t column = band_column(band, i);

		buf_cut(&shown, 0);
		if (row)
			cell_put_shown(&shown, table_cell(table, *row, column));
		else
			utf8_put_shown(&shown, table->columns[column]);
		lines_put_blanks(&line, i ? COLUMN_GAP : 0);
		is_more |= line_put_cell(&line, &columns[column], buf_text(&shown), number);
	}
	while (line.length && line.data[line.length - 1] == ' ')
		buf_cut(&line, line.length - 1);
	buf_puts(buf, buf_text(&line));
	return is_more;
}

static void band_put_row(struct buf *buf, const struct report_style *style, size_t indent,
			 const struct table *table, const struct band *band,
			 const struct column *columns, const size_t *row)
{
	bool is_bold = style->color && !row, is_more = true;

	for (size_t number = 0; is_more; number++) {
		lines_put_blanks(buf, indent);
		buf_puts(buf, is_bold ? "\033[1m" : "");
		is_more = band_put_line(buf, band, columns, table, row, number);
		buf_puts(buf, is_bold ? "\033[0m\n" : "\n");
	}
}

static void lines_put_notes(struct buf *buf, const struct report_style *style, size_t indent,
			    const struct table *table, size_t rows)
{
	const struct table_reasons reasons = table_reasons(table, rows);
	struct buf lead _cleanup_(buf_deinit) = {0};

	if (table_total(table) > rows) {
		lines_put_blanks(buf, indent);
		buf_puts(buf, "… ");
		summary_put_more(buf, table_total(table) - rows, "row");
		buf_putc(buf, '\n');
	}
	lines_put_blanks(&lead, indent);
	buf_puts(&lead, "? ");
	for (size_t i = 0; i < reasons.count; i++)
		lines_put_wrapped(buf, style, buf_text(&lead), indent + 2, reasons.texts[i]);
	if (reasons.are_more)
		lines_put_wrapped(buf, style, buf_text(&lead), indent + 2, "and for other reasons");
}

void lines_put_table(struct buf *buf, const struct report_style *style, size_t indent,
		     const struct table *table)
{
	size_t rows = table_rows_shown(table, style->rows), room = lines_width(style) - indent;
	size_t half = (room - COLUMN_GAP) / 2, roomy = half < CELL_ROOMY ? half : CELL_ROOMY;
	struct column *columns _cleanup_free_ = mem_zero(table->column_count * sizeof(*columns));

	if (!rows || !table->column_count) {
		lines_put_blanks(buf, indent);
		buf_puts(buf, "no rows\n");
		return;
	}
	for (size_t i = 0; i < table->column_count; i++)
		columns[i] = column_measure(table, i, rows, roomy);
	if (columns_set_floor(columns, table->column_count, CELL_WIDEST) > room &&
	    columns_set_floor(columns, table->column_count, CELL_NARROW) > room)
		columns_set_floor(columns, table->column_count, roomy);
	for (size_t first = 0; first < table->column_count;) {
		struct band band = band_after(columns, table->column_count, first, room);

		band_fit(&band, columns, room);
		buf_puts(buf, first ? "\n" : "");
		band_put_row(buf, style, indent, table, &band, columns, NULL);
		for (size_t row = 0; row < rows; row++)
			band_put_row(buf, style, indent, table, &band, columns, &row);
		first = band.end;
	}
	lines_put_notes(buf, style, indent, table, rows);
}
