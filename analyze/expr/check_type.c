// SPDX-License-Identifier: GPL-2.0-or-later
// Types as written into types of this kernel; casts.
#include <string.h>

#include "expr/check.h"
#include "types/suggest.h"

enum { PATH_LIMIT = 16 }; /* members in a path, and computed members inside each other */

const struct type *pointer_to(struct checker *checker, const struct type *target)
{
	return symtab_pointer_to(checker->program->symtab, target);
}

const struct type *check_complete(struct checker *checker, const struct type *type)
{
	const struct type *bare = type_strip(type), *found;

	if ((bare->kind != TYPE_STRUCT && bare->kind != TYPE_UNION) || bare->is_complete ||
	    !bare->name)
		return type;
	bool trying = symtab_try(checker->program->symtab, true);
	struct error *error =
		symtab_type(checker->program->symtab, bare->kind, bare->name, NULL, &found);

	symtab_try(checker->program->symtab, trying);
	if (!error)
		return found;
	error_free(error);
	return type;
}

static const struct type *find_base(struct checker *checker, const struct expr *expr,
				    const struct type_syntax *syntax)
{
	const struct type *type;

	if (syntax->kind == TYPE_VOID)
		return &type_void;
	struct error *error = symtab_type(checker->program->symtab, syntax->kind, syntax->name,
					  syntax->module, &type);

	return error ? check_fail_error(checker, expr, error) : type;
}

const struct type *check_type(struct checker *checker, const struct expr *expr,
			      const struct type_syntax *syntax)
{
	const struct type *type = find_base(checker, expr, syntax);

	for (unsigned i = 0; type && i < syntax->pointers; i++)
		type = pointer_to(checker, type);
	for (unsigned i = syntax->dimensions; type && i > 0; i--)
		type = symtab_array_of(checker->program->symtab, type, syntax->lengths[i - 1]);
	return type;
}

const struct type *check_type_argument(struct checker *checker, const struct expr *expr)
{
	if (expr->kind == EXPR_TYPE)
		return check_type(checker, expr, expr->type);
	if (expr->kind == EXPR_NAME) {
		struct type_syntax syntax = {
			.kind = TYPE_TYPEDEF, .name = expr->name, .module = expr->module};

		return check_type(checker, expr, &syntax);
	}
	return check_fail(checker, expr, ERROR_SYNTAX,
			  "a type is expected here, as in struct task_struct");
}

static const struct code *cast_to_pointer(struct checker *checker, const struct expr *expr,
					  const struct type *type, const struct code *code)
{
	if (code->stype.kind == STYPE_OBJECT)
		code = code_address(checker, expr->args[0], code);
	if (!code)
		return NULL;
	if (code->stype.kind != STYPE_POINTER && code->stype.kind != STYPE_INT &&
	    code->stype.kind != STYPE_BOOL && code->stype.kind != STYPE_UNKNOWN)
		return check_fail(checker, expr, ERROR_SYNTAX, "%s cannot become a pointer",
				  check_words(checker, &code->stype));
	struct code *cast = code_new(checker, STYPE_POINTER, eval_cast_pointer);

	cast->stype.type = type;
	cast->stype.is_percpu = code->stype.is_percpu;
	cast->stype.or_none = code->stype.or_none;
	cast->cast.type = type;
	cast->cast.bits = (unsigned)type_strip(type)->size * 8;
	code_add(checker, cast, code);
	return cast;
}

static const struct code *cast_to_integer(struct checker *checker, const struct expr *expr,
					  const struct type *type, const struct code *code)
{
	const struct type *bare = type_strip(type);

	if (code->stype.kind == STYPE_OBJECT)
		code = code_address(checker, expr->args[0], code);
	if (!code)
		return NULL;
	switch (code->stype.kind) {
	case STYPE_INT:
	case STYPE_BOOL:
	case STYPE_POINTER:
	case STYPE_REAL:
	case STYPE_UNKNOWN:
		break;
	case STYPE_DURATION:
	case STYPE_SIZE:
	case STYPE_TIME:
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "a %s has no C type; say int(x) for its %s",
				  check_words(checker, &code->stype),
				  code->stype.kind == STYPE_SIZE ? "bytes" : "nanoseconds");
	default:
		return check_fail(checker, expr, ERROR_SYNTAX, "%s cannot become a number",
				  check_words(checker, &code->stype));
	}
	struct code *cast =
		code_new(checker, bare->is_bool ? STYPE_BOOL : STYPE_INT, eval_cast_integer);

	cast->stype.type = type;
	cast->stype.or_none = code->stype.or_none;
	cast->cast.type = type;
	cast->cast.bits = (unsigned)bare->size * 8;
	cast->cast.is_signed = bare->is_signed;
	cast->cast.is_bool = bare->is_bool;
	code_add(checker, cast, code);
	return cast;
}

const struct code *check_cast(struct checker *checker, const struct expr *expr)
{
	const struct type *type = check_type(checker, expr, expr->type);
	const struct code *code = code_load(checker, expr->args[0], check(checker, expr->args[0]));

	if (!type || !code)
		return NULL;
	switch (type_strip(type)->kind) {
	case TYPE_POINTER:
		return cast_to_pointer(checker, expr, type, code);
	case TYPE_INT:
	case TYPE_ENUM:
		return cast_to_integer(checker, expr, type, code);
	case TYPE_STRUCT:
	case TYPE_UNION:
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "nothing can be cast to a struct; say *(struct x *)p");
	default:
		return check_fail(checker, expr, ERROR_SYNTAX, "cannot cast to this type");
	}
}

/* ---- paths of members ----------------------------------------------------------------------- */

/* The names of `a.b.c`, outermost first; false for anything else. */
static bool path_names(const struct expr *expr, const char **names, size_t *count, size_t limit)
{
	if (expr->kind == EXPR_MEMBER && !path_names(expr->args[0], names, count, limit))
		return false;
	if ((expr->kind != EXPR_NAME && expr->kind != EXPR_MEMBER) || *count == limit)
		return false;
	names[(*count)++] = expr->name;
	return true;
}

static bool path_walk(struct checker *checker, const struct type *type, const char *const *names,
		      size_t count, struct path *path, unsigned depth);

/* A computed member that is only another way to say a path. */
static bool path_computed(struct checker *checker, const struct type *type, const char *name,
			  struct path *path, unsigned depth)
{
	static const char *const tags[] = {[TYPE_STRUCT] = "struct ", [TYPE_UNION] = "union "};
	const struct type *bare = type_strip(type);
	const char *names[PATH_LIMIT];
	size_t count = 0;

	if ((bare->kind != TYPE_STRUCT && bare->kind != TYPE_UNION) || !bare->name ||
	    depth == PATH_LIMIT)
		return false;
	const char *full =
		arena_printf(checker->arena, "%s%s.%s", tags[bare->kind], bare->name, name);
	const struct declaration *member =
		library_find(checker->program->library, DECLARATION_MEMBER, full);

	return member && path_names(member->body, names, &count, PATH_LIMIT) &&
	       path_walk(checker, type, names, count, path, depth + 1);
}

static bool path_walk(struct checker *checker, const struct type *type, const char *const *names,
		      size_t count, struct path *path, unsigned depth)
{
	*path = (struct path){.type = type};
	for (size_t i = 0; i < count; i++) {
		struct type_member member;
		struct path inner;

		type = check_complete(checker, path->type);
		if (type_find_member(type, names[i], &member)) {
			path->offset += member.bit_offset / 8;
			path->bit_offset = member.bit_size ? member.bit_offset % 8 : 0;
			path->bit_size = member.bit_size;
			path->type = member.type;
		} else if (path_computed(checker, type, names[i], &inner, depth)) {
			inner.offset += path->offset;
			*path = inner;
		} else {
			path->is_lost = member_missing(type) == ERROR_NO_SOURCE;
			return false;
		}
	}
	return true;
}

/* `names` behind what `outer` has found. */
static bool path_append(struct checker *checker, const struct path *outer, const char *const *names,
			size_t count, struct path *ret)
{
	struct path inner;

	if (!path_walk(checker, outer->type, names, count, &inner, 0)) {
		ret->is_lost |= inner.is_lost;
		return false;
	}
	inner.offset += outer->offset;
	*ret = inner;
	return true;
}

/* One of the ways to say a path, if this kernel has it; notes no mistake. */
static bool path_try(struct checker *checker, const struct type *type, const struct expr *expr,
		     struct path *ret)
{
	struct path outer = {.type = type};

	if (expr->kind == EXPR_BINARY)
		return path_try(checker, type, expr->args[0], ret) ||
		       path_try(checker, type, expr->args[1], ret);
	if (expr->kind != EXPR_NAME && !path_try(checker, type, expr->args[0], &outer)) {
		ret->is_lost |= outer.is_lost;
		return false;
	}
	if (expr->kind != EXPR_ALTERNATIVES)
		return path_append(checker, &outer, &expr->name, 1, ret);
	for (size_t i = 1; i < expr->count; i++) {
		if (expr->args[i]->kind == EXPR_PATH &&
		    path_append(checker, &outer, expr->args[i]->names, expr->args[i]->count, ret))
			return true;
	}
	return false;
}

static bool is_path(const struct expr *expr)
{
	if (expr->kind == EXPR_BINARY && expr->op == TOKEN_BAR)
		return is_path(expr->args[0]) && is_path(expr->args[1]);
	if (expr->kind == EXPR_MEMBER || expr->kind == EXPR_ALTERNATIVES)
		return is_path(expr->args[0]);
	return expr->kind == EXPR_NAME;
}

bool check_path(struct checker *checker, const struct type *type, const struct expr *expr,
		struct path *ret)
{
	if (checker->error)
		return false;
	if (!is_path(expr)) {
		check_fail(checker, expr, ERROR_SYNTAX,
			   "a member is expected here, as in a or a.b or (a|b)");
		return false;
	}
	struct path found = {0};

	if (path_try(checker, type, expr, &found)) {
		*ret = found;
		return true;
	}
	struct stype stype = {.kind = STYPE_OBJECT, .type = type};
	const char *near = expr->kind == EXPR_NAME ? type_suggest_member(type, expr->name) : NULL;

	check_fail(checker, expr, found.is_lost ? ERROR_NO_SOURCE : ERROR_NOT_FOUND,
		   "%s has no such member%s%s%s",
		   check_words(checker, &stype), near ? "; did you mean " : "", near ? near : "",
		   near ? "?" : "");
	return false;
}
