// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/rows.h"

#include <stdlib.h>
#include <string.h>

#include "rule/rule.h"

void rows_deinit(struct rows *rows)
{
	free(rows->items);
}

void rows_cut(struct rows *rows, size_t count)
{
	if (rows->count > count)
		rows->count = count;
}

static bool cell_is_missing(const struct cell *cell)
{
	return cell->kind == CELL_UNKNOWN || cell->kind == CELL_EMPTY;
}

static double cell_number(const struct cell *cell)
{
	return cell->kind == CELL_REAL ? cell->real : (double)cell->integer;
}

static bool cell_is_number(const struct cell *cell)
{
	return cell->kind == CELL_INTEGER || cell->kind == CELL_BOOL || cell->kind == CELL_REAL;
}

/* Integers of more than 53 bits are compared as such. */
static int number_compare(const struct cell *a, const struct cell *b)
{
	if (a->kind != CELL_REAL && b->kind != CELL_REAL)
		return (a->integer > b->integer) - (a->integer < b->integer);
	double x = cell_number(a), y = cell_number(b);
	return (x > y) - (x < y);
}

int cell_compare(const struct cell *a, const struct cell *b)
{
	if (cell_is_missing(a) || cell_is_missing(b))
		return cell_is_missing(a) - cell_is_missing(b);
	if (cell_is_number(a) && cell_is_number(b))
		return number_compare(a, b);
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->kind == CELL_TEXT)
		return strcmp(a->text, b->text);
	size_t count = a->count < b->count ? a->count : b->count;
	for (size_t i = 0; i < count; i++) {
		int order = cell_compare(&a->items[i], &b->items[i]);

		if (order)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

struct order {
	const struct rule *rule;
	size_t columns[RULE_SORT_LIMIT]; /* of the keys that are columns */
};

static int row_compare(const void *left, const void *right, void *context)
{
	const struct row *a = left, *b = right;
	const struct order *order = context;

	for (size_t i = 0; i < order->rule->sort_count; i++) {
		const struct sort_key *key = &order->rule->sorts[i];
		const struct cell *x = key->column ? &a->cells[order->columns[i]] : &a->keys[i];
		const struct cell *y = key->column ? &b->cells[order->columns[i]] : &b->keys[i];
		int result = cell_compare(x, y);

		if (key->is_descending && !cell_is_missing(x) && !cell_is_missing(y))
			result = -result;
		if (result)
			return result;
	}
	return a->position < b->position ? -1 : a->position > b->position;
}

void rows_sort(struct rows *rows, const struct rule *rule)
{
	const struct rule_part *part = &rule->parts[0];
	struct order order = {.rule = rule};

	for (size_t i = 0; i < rule->sort_count; i++) {
		for (size_t j = 0; rule->sorts[i].column && j < part->column_count; j++) {
			if (!strcmp(part->columns[j].name, rule->sorts[i].column))
				order.columns[i] = j;
		}
	}
	if (rule->sort_count && rows->count)
		qsort_r(rows->items, rows->count, sizeof(*rows->items), row_compare, &order);
}
