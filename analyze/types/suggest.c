// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/suggest.h"

#include <stdint.h>
#include <string.h>

enum {
	SUGGEST_LENGTH = 64, /* longer names are not compared letter by letter */
	SUGGEST_PREFIX = 3,  /* shorter beginnings say nothing */
};

struct suggestion suggestion_for(const char *wanted)
{
	return (struct suggestion){.wanted = wanted, .length = strlen(wanted), .score = SIZE_MAX};
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return least < c ? least : c;
}

/* Letters to insert, delete, replace or swap with their neighbour; more than `limit` is `limit`
 * + 1. */
static size_t edit_distance(const char *a, size_t a_length, const char *b, size_t b_length,
			    size_t limit)
{
	size_t rows[3][SUGGEST_LENGTH + 1];

	for (size_t j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
		size_t least = row[0] = i;

		for (size_t j = 1; j <= b_length; j++) {
			row[j] = min3(last[j] + 1, row[j - 1] + 1,
				      last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j])
				row[j] = before[j - 2] + 1;
			if (row[j] < least)
				least = row[j];
		}
		if (least > limit)
			return limit + 1;
	}
	return rows[a_length % 3][b_length];
}

/* Any name that is near by letters goes before one that only begins alike. */
static size_t suggestion_score(const struct suggestion *suggestion, const char *name, size_t length)
{
	size_t shorter = length < suggestion->length ? length : suggestion->length;
	size_t difference = length + suggestion->length - 2 * shorter;
	size_t limit = suggestion->length / 3;

	if (difference <= limit && length <= SUGGEST_LENGTH &&
	    suggestion->length <= SUGGEST_LENGTH) {
		size_t distance =
			edit_distance(suggestion->wanted, suggestion->length, name, length, limit);

		if (distance <= limit)
			return distance;
	}
	if (shorter >= SUGGEST_PREFIX && difference <= shorter &&
	    !memcmp(suggestion->wanted, name, shorter))
		return SUGGEST_LENGTH + difference;
	return SIZE_MAX;
}

void suggestion_offer(struct suggestion *suggestion, const char *name)
{
	size_t score = suggestion_score(suggestion, name, strlen(name));

	if (score >= suggestion->score)
		return;
	if (suggestion->accept && !suggestion->accept(suggestion->context, name))
		return;
	suggestion->score = score;
	suggestion->best = name;
}
