// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/extents.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"

void extents_deinit(struct extents *extents)
{
	free(extents->items);
	*extents = (struct extents){0};
}

void extents_copy(const struct extents *extents, struct extents *ret)
{
	*ret = (struct extents){.count = extents->count, .capacity = extents->count, .bytes = extents->bytes};
	if (!extents->count)
		return;
	ret->items = mem_resize(NULL, extents->count, sizeof(*ret->items));
	memcpy(ret->items, extents->items, extents->count * sizeof(*ret->items));
}

/* The first range that ends at or after `at`; `count` when all end before. */
static size_t extents_find(const struct extents *extents, uint64_t at)
{
	size_t low = 0, high = extents->count;

	/* Data mostly arrives in order: nearly always it is the last one. */
	if (high && extents->items[high - 1].start <= at)
		low = extents->items[high - 1].end >= at ? high - 1 : high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (extents->items[middle].end < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void extents_insert(struct extents *extents, size_t at, uint64_t start, uint64_t end)
{
	(void)vec_push(extents);
	memmove(&extents->items[at + 1], &extents->items[at], (extents->count - 1 - at) * sizeof(*extents->items));
	extents->items[at] = (struct extent){start, end};
	extents->bytes += end - start;
}

/* Takes in the ranges behind `at` that [start, end) reaches or touches. */
static void extents_merge(struct extents *extents, size_t at, uint64_t start, uint64_t end)
{
	struct extent *first = &extents->items[at];
	size_t last = at;

	while (last + 1 < extents->count && extents->items[last + 1].start <= end)
		last++;
	for (size_t i = at; i <= last; i++)
		extents->bytes -= extents->items[i].end - extents->items[i].start;
	if (extents->items[last].end > end)
		end = extents->items[last].end;
	if (first->start < start)
		start = first->start;
	*first = (struct extent){start, end};
	extents->bytes += end - start;
	memmove(first + 1, &extents->items[last + 1], (extents->count - last - 1) * sizeof(*first));
	extents->count -= last - at;
}

bool extents_add(struct extents *extents, uint64_t start, uint64_t end)
{
	if (start >= end)
		return true;
	size_t at = extents_find(extents, start);

	if (at < extents->count && extents->items[at].start <= end) {
		extents_merge(extents, at, start, end);
		return true;
	}
	if (extents->count >= EXTENTS_MAX)
		return false;
	extents_insert(extents, at, start, end);
	return true;
}

void extents_subtract(struct extents *extents, const struct extents *other)
{
	struct extents rest = {0};
	struct extent piece;

	for (size_t i = 0; i < extents->count; i++) {
		uint64_t at = extents->items[i].start;

		for (; extents_hole(other, at, extents->items[i].end, &piece); at = piece.end)
			(void)extents_add(&rest, piece.start, piece.end);
	}
	extents_deinit(extents);
	*extents = rest;
}

bool extents_have(const struct extents *extents, uint64_t start, uint64_t end)
{
	if (start >= end)
		return true;
	size_t at = extents_find(extents, end);

	return at < extents->count && extents->items[at].start <= start;
}

bool extents_touch(const struct extents *extents, uint64_t start, uint64_t end)
{
	if (start >= end)
		return false;
	/* The first that ends behind `start`: start + 1 cannot overflow, `end` is larger. */
	size_t at = extents_find(extents, start + 1);

	return at < extents->count && extents->items[at].start < end;
}

bool extents_hole(const struct extents *extents, uint64_t from, uint64_t end, struct extent *ret)
{
	if (from >= end)
		return false;
	size_t at = extents_find(extents, from + 1);

	if (at < extents->count && extents->items[at].start <= from) {
		from = extents->items[at].end;
		at++;
	}
	if (from >= end)
		return false;
	if (at < extents->count && extents->items[at].start < end)
		end = extents->items[at].start;
	*ret = (struct extent){from, end};
	return true;
}
