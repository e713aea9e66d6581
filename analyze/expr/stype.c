// SPDX-License-Identifier: GPL-2.0-or-later
#include "expr/stype.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"

static const struct {
	const char *words;
	enum value_kind value;
} kinds[] = {
	[STYPE_UNKNOWN] = {"unknown", VALUE_ABSENT},
	[STYPE_NONE] = {"none", VALUE_NONE},
	[STYPE_BOOL] = {"bool", VALUE_BOOL},
	[STYPE_INT] = {"integer", VALUE_INT},
	[STYPE_REAL] = {"real", VALUE_REAL},
	[STYPE_STRING] = {"string", VALUE_STRING},
	[STYPE_DURATION] = {"duration", VALUE_DURATION},
	[STYPE_SIZE] = {"size", VALUE_SIZE},
	[STYPE_TIME] = {"time", VALUE_TIME},
	[STYPE_POINTER] = {"pointer", VALUE_POINTER},
	[STYPE_OBJECT] = {"object", VALUE_OBJECT},
	[STYPE_LIST] = {"list", VALUE_LIST},
	[STYPE_RECORD] = {"record", VALUE_RECORD},
	[STYPE_WALK] = {"walk", VALUE_LIST},
};
static_assert(sizeof(kinds) / sizeof(*kinds) == STYPE_COUNT, "every kind has its words");

enum value_kind stype_value_kind(const struct stype *stype)
{
	return kinds[stype->kind].value;
}

bool type_is_text(const struct type *type)
{
	type = type_strip(type);
	if (type->kind != TYPE_ARRAY)
		return false;
	const struct type *element = type_strip(type_target(type));

	return element->kind == TYPE_INT && element->is_char && element->size == 1;
}

bool type_is_scalar(const struct type *type)
{
	enum type_kind kind = type_strip(type)->kind;

	return kind == TYPE_INT || kind == TYPE_ENUM || kind == TYPE_POINTER || kind == TYPE_FLOAT;
}

static void print_fields(const struct stype_fields *fields, struct buf *buf)
{
	buf_putc(buf, '{');
	for (size_t i = 0; i < fields->count; i++) {
		buf_printf(buf, "%s%s: ", i ? ", " : "", fields->names[i]);
		stype_print(&fields->types[i], buf);
	}
	buf_putc(buf, '}');
}

void stype_print(const struct stype *stype, struct buf *buf)
{
	if (stype->kind == STYPE_RECORD)
		print_fields(stype->fields, buf);
	else if (stype->type)
		type_print(stype->type, buf);
	else
		buf_puts(buf, kinds[stype->kind].words);
	if (stype->element) {
		buf_puts(buf, " of ");
		stype_print(stype->element, buf);
	}
	if (stype->or_none)
		buf_puts(buf, " or none");
}

const char *stype_words(const struct stype *stype, struct arena *arena)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	stype_print(stype, &buf);
	return arena_strdup(arena, buf_text(&buf));
}

static bool join_fields(const struct stype *a, const struct stype *b, struct arena *arena,
			struct stype *ret)
{
	if (a->fields->count != b->fields->count)
		return false;
	struct stype_fields *fields = ARENA_NEW(arena, struct stype_fields);
	struct stype *types = ARENA_ARRAY(arena, a->fields->count, struct stype);

	fields->names = a->fields->names;
	fields->types = types;
	fields->count = a->fields->count;
	for (size_t i = 0; i < fields->count; i++) {
		if (strcmp(a->fields->names[i], b->fields->names[i]) != 0 ||
		    !stype_join(&a->fields->types[i], &b->fields->types[i], arena, &types[i]))
			return false;
	}
	ret->fields = fields;
	return true;
}

static bool join_elements(const struct stype *a, const struct stype *b, struct arena *arena,
			  struct stype *ret)
{
	struct stype *element = ARENA_NEW(arena, struct stype);

	if (!stype_join(a->element, b->element, arena, element))
		return false;
	ret->element = element;
	return true;
}

static bool points_to_void(const struct type *pointer)
{
	return type_strip(type_target(type_strip(pointer)))->kind == TYPE_VOID;
}

/* Both of one kind; *ret begins as a copy of `a`. */
static bool join_same(const struct stype *a, const struct stype *b, struct arena *arena,
		      struct stype *ret)
{
	switch (a->kind) {
	case STYPE_LIST:
	case STYPE_WALK:
		return join_elements(a, b, arena, ret);
	case STYPE_RECORD:
		return join_fields(a, b, arena, ret);
	case STYPE_POINTER:
		if (a->is_percpu != b->is_percpu)
			return false;
		if (points_to_void(a->type))
			ret->type = b->type;
		return points_to_void(a->type) || points_to_void(b->type) ||
		       type_is_same(type_strip(a->type), type_strip(b->type));
	case STYPE_OBJECT:
		if (a->is_percpu != b->is_percpu)
			return false;
		if (type_is_same(type_strip(a->type), type_strip(b->type)))
			return true;
		if (!type_is_text(a->type) || !type_is_text(b->type))
			return false;
		*ret = (struct stype){.kind = STYPE_STRING};
		return true;
	default:
		if (!a->type || !b->type || !type_is_same(a->type, b->type))
			ret->type = NULL;
		return true;
	}
}

static bool is_pair(const struct stype *a, const struct stype *b, enum stype_kind one,
		    enum stype_kind other)
{
	return a->kind == one && b->kind == other;
}

/* Of two kinds, the first lower in the enumeration than the second. */
static bool join_mixed(const struct stype *low, const struct stype *high, struct arena *arena,
		       struct stype *ret)
{
	if (is_pair(low, high, STYPE_BOOL, STYPE_INT) ||
	    is_pair(low, high, STYPE_INT, STYPE_REAL)) {
		*ret = (struct stype){.kind = high->kind};
		return true;
	}
	if (is_pair(low, high, STYPE_STRING, STYPE_OBJECT) && type_is_text(high->type)) {
		*ret = (struct stype){.kind = STYPE_STRING};
		return true;
	}
	if (is_pair(low, high, STYPE_POINTER, STYPE_OBJECT) && low->is_percpu == high->is_percpu) {
		*ret = *low;
		return points_to_void(low->type) ||
		       type_is_same(type_strip(type_target(type_strip(low->type))),
				    type_strip(high->type));
	}
	if (is_pair(low, high, STYPE_LIST, STYPE_WALK)) {
		*ret = *high;
		return join_elements(low, high, arena, ret);
	}
	return false;
}

bool stype_join(const struct stype *a, const struct stype *b, struct arena *arena,
		struct stype *ret)
{
	struct stype result;
	bool or_none = a->or_none || b->or_none;

	if (b->kind == STYPE_UNKNOWN || b->kind == STYPE_NONE) {
		const struct stype *other = a;

		a = b;
		b = other;
	}
	if (a->kind == STYPE_UNKNOWN || a->kind == STYPE_NONE) {
		result = *b;
		or_none |= a->kind == STYPE_NONE && b->kind != STYPE_NONE;
		if (b->kind == STYPE_UNKNOWN)
			result = *a;
	} else if (a->kind == b->kind) {
		result = *a;
		if (!join_same(a, b, arena, &result))
			return false;
	} else if (!join_mixed(a->kind < b->kind ? a : b, a->kind < b->kind ? b : a, arena,
			       &result)) {
		return false;
	}
	result.or_none = or_none;
	*ret = result;
	return true;
}
