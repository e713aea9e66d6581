// SPDX-License-Identifier: GPL-2.0-or-later
// What stands behind a value: members, alternatives of members, elements.
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/check.h"

const struct type *member_base(const struct stype *stype)
{
	const struct type *type = stype->type;

	if (stype->kind != STYPE_POINTER && stype->kind != STYPE_OBJECT)
		return NULL;
	if (type_strip(type)->kind == TYPE_POINTER)
		type = type_target(type_strip(type));
	const struct type *bare = type_strip(type);

	return bare->kind == TYPE_STRUCT || bare->kind == TYPE_UNION ? type : NULL;
}

/* A real member at a known place. */
static struct code *member_code(struct checker *checker, const struct code *object,
				const struct type_member *member)
{
	bool folds = object->eval == eval_member && !object->memory.bit_size;
	struct code *code = code_new(checker, STYPE_OBJECT, eval_member);

	code->stype.type = member->type;
	code->stype.is_percpu = object->stype.is_percpu;
	code->memory.type = member->type;
	code->memory.offset = member->bit_offset / 8 + (folds ? object->memory.offset : 0);
	code->memory.bit_size = member->bit_size;
	code->memory.bit_offset = member->bit_size ? member->bit_offset % 8 : 0;
	code->is_cheap = object->is_cheap;
	code_add(checker, code, folds ? object->args[0] : object);
	return code;
}

/* Computed members are declared for a struct, or for a typedef on the way to it. */
static const struct declaration *computed_find(struct checker *checker, const struct type *type,
					       const char *name)
{
	static const char *const tags[] = {
		[TYPE_STRUCT] = "struct ", [TYPE_UNION] = "union ", [TYPE_TYPEDEF] = ""};

	for (int hop = 0; hop < 16; hop++) {
		bool is_named = type->kind == TYPE_STRUCT || type->kind == TYPE_UNION ||
				type->kind == TYPE_TYPEDEF;

		if (is_named && type->name) {
			const char *full = arena_printf(checker->arena, "%s%s.%s", tags[type->kind],
							type->name, name);
			const struct declaration *found =
				library_find(checker->program->library, DECLARATION_MEMBER, full);

			if (found)
				return found;
		}
		if (type->kind != TYPE_TYPEDEF)
			break;
		type = type_target(type);
	}
	return NULL;
}

const struct code *member_find(struct checker *checker, const struct expr *expr,
			       const struct code *object, const char *name)
{
	const struct type *type = check_complete(checker, member_base(&object->stype));
	struct type_member member;

	if (object->stype.kind == STYPE_OBJECT &&
	    type_strip(object->stype.type)->kind == TYPE_POINTER)
		object = code_load(checker, expr, object);
	if (!object)
		return NULL;
	if (type_find_member(type, name, &member))
		return member_code(checker, object, &member);
	const struct declaration *computed = computed_find(checker, type, name);

	return computed ? check_computed_member(checker, expr, computed, object) : NULL;
}

enum error_code member_missing(const struct type *type)
{
	return type_lacks_names(type) ? ERROR_NO_SOURCE : ERROR_NOT_FOUND;
}

static const struct code *no_member(struct checker *checker, const struct expr *expr,
				    const struct type *type, const char *name)
{
	struct stype stype = {.kind = STYPE_OBJECT, .type = type};
	const char *near = type_suggest_member(type, name);

	if (checker->error)
		return NULL;
	if (member_missing(type) == ERROR_NO_SOURCE)
		return check_fail(checker, expr, ERROR_NO_SOURCE,
				  "%s has no member %s in that part of it that can be read",
				  check_words(checker, &stype), name);
	if (!type_strip(type)->is_complete)
		return check_fail(
			checker, expr, ERROR_NOT_FOUND,
			"%s is only declared in this kernel's types, its members are not known",
			check_words(checker, &stype));
	/* Of alternatives the next is tried: few members are computed, and most that are missing are so in the kernel. */
	if (!checker->trying && check_gap(checker, expr, name))
		return NULL;
	return check_fail(checker, expr, ERROR_NOT_FOUND, "%s has no member %s%s%s%s",
			  check_words(checker, &stype), name, near ? "; did you mean " : "",
			  near ? near : "", near ? "?" : "");
}

/* Why `.name` cannot stand behind a value of that type. Where a type of the kernel is to blame,
 * another kernel may have another: as if the name were missing, so that either() can go on to what
 * fits there. */
static const struct code *no_struct(struct checker *checker, const struct expr *expr,
				    const struct code *object, const char *name)
{
	const struct type *type = object->stype.type ? type_strip(object->stype.type) : NULL;
	const char *words = check_words(checker, &object->stype);

	if (object->stype.kind == STYPE_UNKNOWN)
		return object;
	if (object->stype.kind == STYPE_NONE)
		return check_fail(checker, expr, ERROR_SYNTAX, "none has no member %s", name);
	if (object->stype.kind == STYPE_LIST || object->stype.kind == STYPE_WALK)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "a %s has no members; its elements do: any(x.%s for x in …)",
				  object->stype.kind == STYPE_LIST ? "list" : "walk", name);
	if (type && type->kind == TYPE_ARRAY)
		return check_fail(checker, expr, ERROR_NOT_FOUND, "%s is an array; say [i].%s",
				  words, name);
	if (type && type->kind == TYPE_POINTER && type_strip(type_target(type))->kind == TYPE_VOID)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "void has no members; cast the pointer first");
	return check_fail(checker, expr, type ? ERROR_NOT_FOUND : ERROR_SYNTAX, "%s has no members",
			  words);
}

static const struct code *field_find(struct checker *checker, const struct code *record,
				     const char *name)
{
	const struct stype_fields *fields = record->stype.fields;

	for (size_t i = 0; i < fields->count; i++) {
		if (strcmp(fields->names[i], name) != 0)
			continue;
		struct code *code = code_new(checker, fields->types[i].kind, eval_field);

		code->stype = fields->types[i];
		code->call.number = i;
		code_add(checker, code, record);
		return code;
	}
	return NULL;
}

const struct code *check_member(struct checker *checker, const struct expr *expr)
{
	const struct code *object = check(checker, expr->args[0]), *code;

	if (!object)
		return NULL;
	if (object->stype.kind == STYPE_RECORD) {
		code = field_find(checker, object, expr->name);
		if (code)
			return code;
		return check_fail(checker, expr, ERROR_SYNTAX, "%s has no field %s",
				  check_words(checker, &object->stype), expr->name);
	}
	if (!member_base(&object->stype))
		return no_struct(checker, expr, object, expr->name);
	code = member_find(checker, expr, object, expr->name);
	if (code)
		return code;
	return no_member(checker, expr, check_complete(checker, member_base(&object->stype)),
			 expr->name);
}

/* a.b.c behind an object; NULL without a mistake when this kernel does not have it, or if it does
 * in a part of its types that cannot be read. */
static const struct code *path_find(struct checker *checker, const struct expr *path,
				    const struct code *object, bool *is_lost)
{
	for (size_t i = 0; object && i < path->count; i++) {
		const struct type *base = member_base(&object->stype);

		object = base ? member_find(checker, path, object, path->names[i]) : NULL;
		*is_lost |= base && !object && member_missing(base) == ERROR_NO_SOURCE;
	}
	return object;
}

static void put_path(const struct expr *path, struct buf *buf)
{
	if (path->kind == EXPR_NONE)
		buf_puts(buf, "none");
	else
		for (size_t i = 0; i < path->count; i++)
			buf_printf(buf, "%s%s", i ? "." : "", path->names[i]);
}

static void note_alternative(struct checker *checker, const struct expr *expr,
			     const struct type *type, const struct expr *chosen)
{
	struct buf what _cleanup_(buf_deinit) = {0}, choice _cleanup_(buf_deinit) = {0};

	type_print(type, &what);
	buf_puts(&what, ".(");
	for (size_t i = 1; i < expr->count; i++) {
		if (i > 1)
			buf_putc(&what, '|');
		put_path(expr->args[i], &what);
	}
	buf_putc(&what, ')');
	put_path(chosen, &choice);
	program_note_choice(checker->program, buf_text(&what), buf_text(&choice));
}

const struct code *check_alternatives(struct checker *checker, const struct expr *expr)
{
	const struct code *object = check(checker, expr->args[0]);

	if (!object)
		return NULL;
	if (!member_base(&object->stype))
		return no_struct(checker, expr, object,
				 expr->args[1]->count ? expr->args[1]->names[0] : "none");
	const struct type *type = check_complete(checker, member_base(&object->stype));

	bool is_lost = false;

	for (size_t i = 1; i < expr->count; i++) {
		const struct code *code = NULL;

		if (expr->args[i]->kind != EXPR_NONE)
			code = path_find(checker, expr->args[i], object, &is_lost);
		else if (!is_lost)
			code = code_constant(checker, (struct value){.kind = VALUE_NONE});

		if (checker->error && checker->error->code == ERROR_NOT_FOUND &&
		    i + 1 < expr->count) {
			error_free(checker->error);
			checker->error = NULL;
			continue;
		}
		if (!code && !checker->error)
			continue;
		note_alternative(checker, expr, type, expr->args[i]);
		return code;
	}
	struct stype stype = {.kind = STYPE_OBJECT, .type = type};

	return check_fail(checker, expr, is_lost ? ERROR_NO_SOURCE : ERROR_NOT_FOUND,
			  "%s has none of these members",
			  check_words(checker, &stype));
}

/* An element at a known place behind an array is like a member. */
static const struct code *element_constant(struct checker *checker, const struct code *array,
					   const struct type *type, __int128 index)
{
	uint64_t offset = (uint64_t)index * type_strip(type)->size;
	struct type_member member = {.type = type, .bit_offset = 0};
	struct code *code = member_code(checker, array, &member);

	code->memory.offset += offset;
	return code;
}

static const struct code *list_element(struct checker *checker, const struct code *list,
				       const struct code *index)
{
	struct code *code = code_new(checker, list->stype.element->kind, eval_list_element);

	code->stype = *list->stype.element;
	code_add(checker, code, list);
	code_add(checker, code, index);
	return code;
}

/* How many elements an array has, 0 when its type does not say: of [0] and [] there are as many as were allocated,
 * and so of [1], which is how they were written before. */
static uint64_t array_bound(const struct code *array, const struct type *type)
{
	bool is_bounded = array->stype.kind == STYPE_OBJECT && type->kind == TYPE_ARRAY && type->length > 1;

	return is_bounded ? type->length : 0;
}

const struct code *check_element(struct checker *checker, const struct expr *expr)
{
	const struct code *array = check(checker, expr->args[0]);
	const struct code *index = check_int(checker, expr->args[1]);

	if (array && array->stype.kind == STYPE_WALK)
		array = code_value(checker, expr, array);
	if (!array || !index)
		return NULL;
	if (array->stype.kind == STYPE_LIST)
		return list_element(checker, array, index);
	if (array->stype.kind == STYPE_OBJECT &&
	    type_strip(array->stype.type)->kind == TYPE_POINTER)
		array = code_load(checker, expr, array);
	if (!array)
		return NULL;
	const struct type *type = array->stype.type ? type_strip(array->stype.type) : &type_void;

	if (array->stype.kind == STYPE_STRING)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "a string has no elements; say slice(s, from, to)");
	if ((array->stype.kind != STYPE_OBJECT && array->stype.kind != STYPE_POINTER) ||
	    (type->kind != TYPE_ARRAY && type->kind != TYPE_POINTER))
		return check_fail(checker, expr, array->stype.type ? ERROR_NOT_FOUND : ERROR_SYNTAX,
				  "%s has no elements", check_words(checker, &array->stype));
	const struct type *element = check_complete(checker, type_target(type));
	uint64_t size = type_strip(element)->size;

	if (!size || size > UINT32_MAX)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "the size of an element is not known");
	uint64_t count = array_bound(array, type);
	__int128 limit = count && count < UINT32_MAX ? count : UINT32_MAX;

	if (code_is_constant(index) && array->stype.kind == STYPE_OBJECT &&
	    index->constant.integer >= 0 && index->constant.integer < limit)
		return element_constant(checker, array, element, index->constant.integer);
	struct code *code = code_new(checker, STYPE_OBJECT, eval_element);

	code->stype.type = element;
	code->stype.is_percpu = array->stype.is_percpu;
	code->memory.type = element;
	code->memory.size = (uint32_t)size;
	code->memory.count = count;
	code_add(checker, code, array);
	code_add(checker, code, index);
	return code;
}
