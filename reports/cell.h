// SPDX-License-Identifier: GPL-2.0-or-later
// One cell of a table, for people; what all outputs must agree on.
#ifndef REPORTS_CELL_H
#define REPORTS_CELL_H

#include <stdbool.h>

#include "reports/report.h"

/* Lists and records in lists and records are shown to this depth, and are unknown below it. */
enum { CELL_DEPTH = 16 };

/* Appends the cell as a person reads it, on one line and safe to show: "12.5 s", "UP BROADCAST";
 * "?" for unknown and "-" for what does not exist. */
void cell_put_shown(struct buf *buf, const struct cell *cell);
/* The same with numbers in full and nothing for what does not exist: for other programs. */
void cell_put_exact(struct buf *buf, const struct cell *cell);
/* Why the cell, or something in it, is unknown; NULL when all is known. */
const char *cell_reason(const struct cell *cell);
/* Whether it belongs in a column of numbers. */
bool cell_is_number(const struct cell *cell);
/* Appends a number in decimal: all digits of the integer; the 15 digits of a real that a double
 * holds for certain, without trailing zeros ("2.74", "12.0"). */
void cell_put_integer(struct buf *buf, __int128 integer);
void cell_put_real(struct buf *buf, double real);

/* The cell of a table. */
const struct cell *table_cell(const struct table *table, size_t row, size_t column);
/* Rows to be shown of the table when a person wants to see `limit` (0: all). */
size_t table_rows_shown(const struct table *table, size_t limit);
/* Whether the first `rows` cells of a column are numbers, as far as they are known and exist. */
bool table_is_numeric(const struct table *table, size_t column, size_t rows);
/* Rows that exist: never fewer than the table holds. */
size_t table_total(const struct table *table);

/* Why cells of a table are unknown, each reason once. */
enum { TABLE_REASONS = 3 };
struct table_reasons {
	const char *texts[TABLE_REASONS];
	size_t count;
	bool are_more;
};

/* The reasons in the first `rows` rows. */
struct table_reasons table_reasons(const struct table *table, size_t rows);

#endif
