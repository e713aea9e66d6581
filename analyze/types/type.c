// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/type.h"

#include <string.h>

#include "base/buf.h"
#include "types/source.h"
#include "types/suggest.h"

enum {
	TYPE_HOPS = 64,        /* longest chain of typedefs, pointers or arrays followed */
	MEMBER_DEPTH = 32,     /* anonymous structs inside each other */
	MEMBER_BUDGET = 20000, /* members looked at: a damaged type may contain itself */
};

const struct type type_void = {.kind = TYPE_VOID, .name = "void", .is_resolved = true};

/* A type is immutable to all but its source, which completes it here, once. */
static const struct type *type_resolved(const struct type *type)
{
	if (!type->is_resolved && type->source)
		type->source->resolve(type->source, (struct type *)(uintptr_t)type);
	return type;
}

const struct type *type_target(const struct type *type)
{
	const struct type *target = type_resolved(type)->target;

	return target ? target : &type_void;
}

const struct type *type_strip(const struct type *type)
{
	for (int hop = 0; hop < TYPE_HOPS; hop++) {
		if (type->kind != TYPE_TYPEDEF)
			return type;
		type = type_target(type);
	}
	return &type_void;
}

const struct type_member *type_members(const struct type *type, size_t *ret_count)
{
	type = type_strip(type);
	*ret_count = 0;
	if (type->kind != TYPE_STRUCT && type->kind != TYPE_UNION)
		return NULL;
	*ret_count = type_resolved(type)->member_count;
	return type->members;
}

const struct type_enumerator *type_enumerators(const struct type *type, size_t *ret_count)
{
	type = type_strip(type);
	*ret_count = 0;
	if (type->kind != TYPE_ENUM)
		return NULL;
	*ret_count = type_resolved(type)->member_count;
	return type->enumerators;
}

/* Calls `visit` for each named member, also of anonymous members, until it returns true. */
struct member_walk {
	bool (*visit)(void *context, const struct type_member *member, uint64_t base_bits);
	void *context;
	size_t budget;
	bool lacks_names;
};

static bool member_walk(struct member_walk *walk, const struct type *type, uint64_t base_bits,
			int depth)
{
	size_t count;
	const struct type_member *members = type_members(type, &count);
	const struct type *bare = type_strip(type);

	walk->lacks_names |= bare->kind == TYPE_VOID || (count && !bare->is_complete);
	for (size_t i = 0; i < count; i++) {
		if (!walk->budget)
			return false;
		walk->budget--;
		if (members[i].name && walk->visit(walk->context, &members[i], base_bits))
			return true;
		if (!members[i].name && depth < MEMBER_DEPTH &&
		    member_walk(walk, members[i].type, base_bits + members[i].bit_offset,
				depth + 1))
			return true;
	}
	return false;
}

struct member_search {
	const char *name;
	struct type_member *found;
};

static bool member_matches(void *context, const struct type_member *member, uint64_t base_bits)
{
	struct member_search *search = context;

	if (strcmp(member->name, search->name) != 0)
		return false;
	*search->found = *member;
	search->found->bit_offset += base_bits;
	return true;
}

bool type_find_member(const struct type *type, const char *name, struct type_member *ret)
{
	struct member_search search = {.name = name, .found = ret};
	struct member_walk walk = {member_matches, &search, MEMBER_BUDGET, false};

	return member_walk(&walk, type, 0, 0);
}

static bool member_pass(void *context, const struct type_member *member, uint64_t base_bits)
{
	(void)context, (void)member, (void)base_bits;
	return false;
}

bool type_lacks_names(const struct type *type)
{
	struct member_walk walk = {member_pass, NULL, MEMBER_BUDGET, false};

	member_walk(&walk, type, 0, 0);
	return walk.lacks_names;
}

static bool member_offer(void *context, const struct type_member *member, uint64_t base_bits)
{
	(void)base_bits;
	suggestion_offer(context, member->name);
	return false;
}

const char *type_suggest_member(const struct type *type, const char *name)
{
	struct suggestion suggestion = suggestion_for(name);
	struct member_walk walk = {member_offer, &suggestion, MEMBER_BUDGET, false};

	member_walk(&walk, type, 0, 0);
	return suggestion.best;
}

const char *type_enumerator_name(const struct type *type, int64_t value)
{
	size_t count;
	const struct type_enumerator *enumerators = type_enumerators(type, &count);

	for (size_t i = 0; i < count; i++) {
		if (enumerators[i].value == value)
			return enumerators[i].name;
	}
	return NULL;
}

static bool names_equal(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool type_is_like(const struct type *a, const struct type *b)
{
	return a->kind == b->kind && a->size == b->size && a->length == b->length &&
	       names_equal(a->name, b->name);
}

bool type_is_same(const struct type *a, const struct type *b)
{
	for (int hop = 0; hop < TYPE_HOPS; hop++) {
		if (a == b)
			return true;
		if (!type_is_like(a, b))
			return false;
		if (a->kind != TYPE_POINTER && a->kind != TYPE_ARRAY && a->kind != TYPE_FUNCTION)
			return a->name || type_has_same_layout(a, b);
		a = type_target(a);
		b = type_target(b);
	}
	return false;
}

static bool members_equal(const struct type *a, const struct type *b)
{
	for (uint32_t i = 0; i < a->member_count; i++) {
		const struct type_member *x = &a->members[i], *y = &b->members[i];

		if (x->bit_offset != y->bit_offset || x->bit_size != y->bit_size ||
		    !names_equal(x->name, y->name) || !type_is_like(x->type, y->type))
			return false;
	}
	return true;
}

static bool enumerators_equal(const struct type *a, const struct type *b)
{
	for (uint32_t i = 0; i < a->member_count; i++) {
		if (a->enumerators[i].value != b->enumerators[i].value ||
		    !names_equal(a->enumerators[i].name, b->enumerators[i].name))
			return false;
	}
	return true;
}

bool type_has_same_layout(const struct type *a, const struct type *b)
{
	if (!type_is_like(a, b) || a->is_complete != b->is_complete)
		return false;
	type_resolved(a);
	type_resolved(b);
	if (a->member_count != b->member_count)
		return false;
	/* One u8 may be a __u8 and the other a uint8_t. */
	if (a->kind == TYPE_TYPEDEF)
		return type_is_same(type_strip(a), type_strip(b));
	if (a->target && b->target && !type_is_like(a->target, b->target))
		return false;
	if (a->kind == TYPE_ENUM)
		return enumerators_equal(a, b);
	return members_equal(a, b);
}

/* Puts `before` in front of the text in `buf`. */
static void buf_prepend(struct buf *buf, const char *before)
{
	struct buf whole = {0};

	buf_puts(&whole, before);
	buf_puts(&whole, buf_text(buf));
	buf_deinit(buf);
	*buf = whole;
}

static void print_name(const struct type *type, struct buf *buf)
{
	static const char *const tags[] = {
		[TYPE_STRUCT] = "struct", [TYPE_UNION] = "union", [TYPE_ENUM] = "enum"};
	const char *tag =
		type->kind == TYPE_STRUCT || type->kind == TYPE_UNION || type->kind == TYPE_ENUM
			? tags[type->kind]
			: NULL;

	if (tag)
		buf_printf(buf, "%s ", tag);
	buf_puts(buf, type->name ? type->name : tag ? "{...}" : "?");
}

/* C reads a declarator from the inside out: pointers stand before, arrays and arguments after it.
 */
void type_print(const struct type *type, struct buf *buf)
{
	struct buf declarator _cleanup_(buf_deinit) = {0};
	bool is_pointer = false;

	for (int hop = 0; hop < TYPE_HOPS; hop++) {
		bool is_suffix = type->kind == TYPE_ARRAY || type->kind == TYPE_FUNCTION;

		if (!is_suffix && type->kind != TYPE_POINTER)
			break;
		if (is_suffix && is_pointer) {
			buf_prepend(&declarator, "(");
			buf_putc(&declarator, ')');
		}
		is_pointer = type->kind == TYPE_POINTER;
		if (is_pointer)
			buf_prepend(&declarator, "*");
		else if (type->kind == TYPE_FUNCTION)
			buf_puts(&declarator, "()");
		else if (type->length)
			buf_printf(&declarator, "[%llu]", (unsigned long long)type->length);
		else
			buf_puts(&declarator, "[]");
		type = type_target(type);
	}
	print_name(type, buf);
	if (declarator.length)
		buf_printf(buf, " %s", buf_text(&declarator));
}

struct int_words {
	int longs, shorts, ints, chars, int128s, signeds, unsigneds;
};

/* Counts the words of a base type's name; false when there is another word among them. */
static bool int_words_count(const char *name, struct int_words *words)
{
	const struct {
		const char *word;
		int *count;
	} table[] = {
		{"long", &words->longs},       {"short", &words->shorts},
		{"int", &words->ints},         {"char", &words->chars},
		{"signed", &words->signeds},   {"unsigned", &words->unsigneds},
		{"__int128", &words->int128s},
	};

	while (*name) {
		size_t length = strcspn(name, " "), i = 0;

		while (i < sizeof(table) / sizeof(*table) &&
		       (strlen(table[i].word) != length ||
			memcmp(table[i].word, name, length) != 0))
			i++;
		if (i == sizeof(table) / sizeof(*table))
			return false;
		++*table[i].count;
		name += length;
		name += strspn(name, " ");
	}
	return true;
}

const char *type_int_name(const char *name)
{
	static const char *const names[][2] = {
		{"int", "unsigned int"},           {"short", "unsigned short"},
		{"long", "unsigned long"},         {"long long", "unsigned long long"},
		{"__int128", "unsigned __int128"},
	};
	struct int_words words = {0};

	if (!*name || !int_words_count(name, &words))
		return name;
	if (words.chars)
		return words.unsigneds ? "unsigned char" : words.signeds ? "signed char" : "char";
	int row = words.int128s ? 4 : words.longs > 1 ? 3 : words.longs ? 2 : words.shorts ? 1 : 0;

	return names[row][words.unsigneds > 0];
}
