// SPDX-License-Identifier: GPL-2.0-or-later
// The rows a rule or view yields, on their way into a report's table.
#ifndef RULE_ROWS_H
#define RULE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "reports/report.h"

struct rule;

struct row {
	const struct cell *cells; /* one per column */
	const struct cell *keys;  /* one per sort key that is no column */
	const char *message;      /* NULL: none */
	size_t position;          /* in which it came */
};

struct rows {
	struct row *items;
	size_t count, capacity;
	size_t total; /* with those that were not kept */
};

void rows_deinit(struct rows *rows);
/* Orders rows by the rule's sort keys: what is unknown or empty comes last, ties in the order they
 * came. */
void rows_sort(struct rows *rows, const struct rule *rule);
/* Keeps the first `count`. */
void rows_cut(struct rows *rows, size_t count);
/* -1, 0, 1: order of two cells; unknown and empty ones are greater than all others. */
int cell_compare(const struct cell *a, const struct cell *b);

#endif
