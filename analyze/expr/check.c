// SPDX-License-Identifier: GPL-2.0-or-later
// What checking any expression is made of: mistakes, nodes, and which function checks what.
#include "expr/check.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

#include "expr/message.h"

enum {
	CHECK_DEPTH = 1000,  /* nesting of expressions, through the definitions they use */
	HEIGHT_LIMIT = 1200, /* of nodes */
};
static_assert((int)HEIGHT_LIMIT < (int)FRAME_NESTING, "what was checked can be evaluated");

/* ---- mistakes ------------------------------------------------------------------------------- */

void *check_fail(struct checker *checker, const struct expr *expr, enum error_code code,
		 const char *format, ...)
{
	va_list arguments;

	if (checker->error)
		return NULL;
	va_start(arguments, format);
	checker->error = message_vat(expr->text, expr->offset, code, format, arguments);
	va_end(arguments);
	return NULL;
}

void *check_fail_error(struct checker *checker, const struct expr *expr, struct error *error)
{
	bool is_first = !checker->error;

	check_fail(checker, expr, error->code, "%s", error->message);
	if (is_first)
		checker->error->wants_pages = error->wants_pages;
	error_free(error);
	return NULL;
}

const char *check_words(struct checker *checker, const struct stype *stype)
{
	return stype_words(stype, checker->arena);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

struct code *code_new(struct checker *checker, enum stype_kind kind, evaluator *eval)
{
	struct code *code = ARENA_NEW(checker->arena, struct code);

	code->stype.kind = kind;
	code->eval = eval;
	code->height = 1;
	return code;
}

void code_add(struct checker *checker, struct code *code, const struct code *arg)
{
	if (!arg)
		return;
	if (!(code->count & (code->count - 1))) {
		size_t capacity = code->count ? 2 * code->count : 1;
		const struct code **args =
			ARENA_ARRAY(checker->arena, capacity, const struct code *);

		if (code->count)
			memcpy(args, code->args, code->count * sizeof(*args));
		code->args = args;
	}
	code->args[code->count++] = arg;
	code->may_be_partial |= arg->may_be_partial;
	if (code->height <= arg->height)
		code->height = arg->height + 1;
}

bool code_is_constant(const struct code *code)
{
	return code->eval == eval_constant;
}

struct code *code_constant(struct checker *checker, struct value value)
{
	static const enum stype_kind kinds[] = {
		[VALUE_ABSENT] = STYPE_UNKNOWN,	   [VALUE_NONE] = STYPE_NONE,
		[VALUE_BOOL] = STYPE_BOOL,	   [VALUE_INT] = STYPE_INT,
		[VALUE_REAL] = STYPE_REAL,	   [VALUE_STRING] = STYPE_STRING,
		[VALUE_DURATION] = STYPE_DURATION, [VALUE_SIZE] = STYPE_SIZE,
		[VALUE_TIME] = STYPE_TIME,	   [VALUE_POINTER] = STYPE_POINTER,
		[VALUE_OBJECT] = STYPE_OBJECT,
	};
	struct code *code = code_new(checker, kinds[value.kind], eval_constant);

	code->constant = value;
	code->stype.type = value.type;
	code->is_cheap = true;
	return code;
}

struct code *code_integer(struct checker *checker, __int128 integer)
{
	return code_constant(checker, value_int(integer));
}

struct code *code_string(struct checker *checker, const char *text)
{
	return code_constant(checker, value_text(text, strlen(text)));
}

struct code *code_slot(struct checker *checker, uint32_t slot, const struct stype *stype)
{
	struct code *code = code_new(checker, stype->kind, eval_slot);

	code->stype = *stype;
	code->slot = slot;
	code->is_cheap = true;
	return code;
}

struct code *code_argument(struct checker *checker, const struct code *value, uint32_t slot)
{
	struct code *code = code_new(checker, value->stype.kind, eval_argument);

	code->stype = value->stype;
	code->slot = slot;
	code->is_cheap = true;
	code_add(checker, code, value);
	return code;
}

/* ---- expressions ---------------------------------------------------------------------------- */

static const struct code *check_literal(struct checker *checker, const struct expr *expr)
{
	struct value value = {.integer = expr->integer};

	switch (expr->kind) {
	case EXPR_INTEGER:
		value.kind = VALUE_INT;
		break;
	case EXPR_BOOL:
		value.kind = VALUE_BOOL;
		break;
	case EXPR_DURATION:
		value.kind = VALUE_DURATION;
		break;
	case EXPR_SIZE:
		value.kind = VALUE_SIZE;
		break;
	case EXPR_REAL:
		value.kind = VALUE_REAL;
		value.real = expr->real;
		break;
	case EXPR_STRING:
		value = value_text(expr->bytes, expr->length);
		break;
	default:
		value.kind = VALUE_NONE;
		break;
	}
	return code_constant(checker, value);
}

static const struct code *check_list(struct checker *checker, const struct expr *expr)
{
	struct code *code = code_new(checker, STYPE_LIST, eval_list);
	struct stype *element = ARENA_NEW(checker->arena, struct stype);
	const struct code **items = ARENA_ARRAY(checker->arena, expr->count, const struct code *);

	for (size_t i = 0; i < expr->count; i++) {
		struct stype joined;

		items[i] = check_value(checker, expr->args[i]);
		if (!items[i])
			return NULL;
		if (!stype_join(element, &items[i]->stype, checker->arena, &joined))
			return check_fail(checker, expr->args[i], ERROR_SYNTAX,
					  "a list has elements of one type: this one is %s, those "
					  "before are %s",
					  check_words(checker, &items[i]->stype),
					  check_words(checker, element));
		*element = joined;
	}
	for (size_t i = 0; i < expr->count; i++)
		code_add(checker, code, code_convert(checker, items[i], element));
	code->stype.element = element;
	return code;
}

static const struct code *check_record(struct checker *checker, const struct expr *expr)
{
	struct code *code = code_new(checker, STYPE_RECORD, eval_record);
	struct stype_fields *fields = ARENA_NEW(checker->arena, struct stype_fields);
	struct stype *types = ARENA_ARRAY(checker->arena, expr->count, struct stype);

	for (size_t i = 0; i < expr->count; i++) {
		const struct code *field = check_value(checker, expr->args[i]);

		if (!field)
			return NULL;
		types[i] = field->stype;
		code_add(checker, code, field);
	}
	fields->names = (const char *const *)expr->names;
	fields->types = types;
	fields->count = expr->count;
	code->stype.fields = fields;
	return code;
}

static const struct code *check_bare_type(struct checker *checker, const struct expr *expr)
{
	return check_fail(checker, expr, ERROR_SYNTAX,
			  "a type stands here where a value is expected");
}

static const struct code *(*const checks[EXPR_KIND_COUNT])(struct checker *,
							   const struct expr *) = {
	[EXPR_INTEGER] = check_literal,
	[EXPR_REAL] = check_literal,
	[EXPR_STRING] = check_literal,
	[EXPR_BOOL] = check_literal,
	[EXPR_NONE] = check_literal,
	[EXPR_DURATION] = check_literal,
	[EXPR_SIZE] = check_literal,
	[EXPR_NAME] = check_name,
	[EXPR_TYPE] = check_bare_type,
	[EXPR_MEMBER] = check_member,
	[EXPR_ALTERNATIVES] = check_alternatives,
	[EXPR_ELEMENT] = check_element,
	[EXPR_CALL] = check_call,
	[EXPR_UNARY] = check_unary,
	[EXPR_BINARY] = check_binary,
	[EXPR_CONDITIONAL] = check_conditional,
	[EXPR_CAST] = check_cast,
	[EXPR_LIST] = check_list,
	[EXPR_RECORD] = check_record,
	[EXPR_AGGREGATE] = check_aggregate,
	[EXPR_GENERATOR] = check_generator,
};

const struct code *check(struct checker *checker, const struct expr *expr)
{
	if (checker->error)
		return NULL;
	if (!checker->nodes || !checker->program->nodes)
		return check_fail(checker, expr, ERROR_LIMIT,
				  "expression becomes too large when its definitions are put in");
	checker->nodes--;
	checker->program->nodes--;
	if (++checker->depth > CHECK_DEPTH)
		return check_fail(checker, expr, ERROR_LIMIT, "expressions nested too deeply");
	assert(checks[expr->kind]);
	const struct code *code = checks[expr->kind](checker, expr);

	checker->depth--;
	if (checker->error)
		return NULL;
	if (code->height > HEIGHT_LIMIT)
		return check_fail(checker, expr, ERROR_LIMIT, "expressions nested too deeply");
	return code;
}

const struct code *check_value(struct checker *checker, const struct expr *expr)
{
	return code_value(checker, expr, check(checker, expr));
}

const struct code *check_walk(struct checker *checker, const struct expr *expr)
{
	return code_walkable(checker, expr, check(checker, expr));
}

const struct code *check_int(struct checker *checker, const struct expr *expr)
{
	const struct code *code = check_value(checker, expr);

	if (!code)
		return NULL;
	if (code->stype.kind == STYPE_INT || code->stype.kind == STYPE_BOOL ||
	    code->stype.kind == STYPE_UNKNOWN)
		return code;
	return check_fail(checker, expr, ERROR_SYNTAX, "an integer is expected here, this is %s",
			  check_words(checker, &code->stype));
}

const struct code *check_condition(struct checker *checker, const struct expr *expr)
{
	const struct code *code = check_value(checker, expr);

	if (!code)
		return NULL;
	switch (code->stype.kind) {
	case STYPE_BOOL:
	case STYPE_INT:
	case STYPE_POINTER:
	case STYPE_UNKNOWN:
		return code;
	case STYPE_DURATION:
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "a duration is neither true nor false; say x > 0s");
	case STYPE_SIZE:
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "a size is neither true nor false; say x > 0K");
	case STYPE_STRING:
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "a string is neither true nor false; say x != \"\"");
	case STYPE_LIST:
	case STYPE_WALK:
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "a %s is neither true nor false; say any(x in …) or count(…) > 0",
				  code->stype.kind == STYPE_LIST ? "list" : "walk");
	default:
		if (code->stype.or_none || code->stype.kind == STYPE_NONE)
			return code;
		return check_fail(checker, expr, ERROR_SYNTAX, "%s is neither true nor false",
				  check_words(checker, &code->stype));
	}
}
