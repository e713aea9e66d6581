// SPDX-License-Identifier: GPL-2.0-or-later
// The three stages as callers see them: check, and evaluate (parse_start.c has parse).
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/check.h"
#include "kernel/kernel.h"
#include "value/format.h"

enum { CHECK_NODES = 20000 };

static struct checker checker_new(struct program *program, struct scope *scope)
{
	return (struct checker){
		.program = program, .arena = program->arena, .scope = scope, .nodes = CHECK_NODES};
}

/* ---- check ---------------------------------------------------------------------------------- */

static struct error *finish(const struct checker *checker, const struct code *code,
			    struct code **ret)
{
	if (!checker->error)
		*ret = (struct code *)(uintptr_t)code;
	return checker->error;
}

/* A text with expressions: its pieces are the operands. */
static const struct code *check_template(struct checker *checker, const struct expr *expr)
{
	struct code *code = code_new(checker, STYPE_STRING, eval_list);

	for (size_t i = 0; i < expr->count; i++)
		code_add(checker, code, check_value(checker, expr->args[i]));
	return code;
}

struct error *expr_check(struct program *program, struct scope *scope, const struct expr *expr,
			 struct code **ret)
{
	struct checker checker = checker_new(program, scope);
	const struct code *code;

	if (expr->kind == EXPR_TEMPLATE)
		return finish(&checker, check_template(&checker, expr), ret);
	code = check(&checker, expr);
	if (code && code->stype.kind != STYPE_WALK)
		code = code_value(&checker, expr, code);
	return finish(&checker, code, ret);
}

void scope_add_constant(struct scope *scope, const char *name, struct value value)
{
	struct checker checker = checker_new(scope->program, scope);
	struct value kept = value_keep(&value, scope->program->arena);

	scope_add(scope, arena_strdup(scope->program->arena, name), code_constant(&checker, kept));
}

static struct error *check_let(struct program *program, struct scope *scope, const char *name,
			       const struct expr *expr, bool in_seconds)
{
	struct checker checker = checker_new(program, scope);
	const struct code *value = check_value(&checker, expr);

	if (checker.error)
		return checker.error;
	if (!code_is_constant(value)) {
		struct code *let = code_new(&checker, value->stype.kind, eval_let);

		let->stype = value->stype;
		let->slot = scope_slot(scope);
		let->is_cheap = true;
		code_add(&checker, let, value);
		value = let;
	}
	if (in_seconds && value->stype.kind == STYPE_DURATION) {
		struct code *seconds = arena_copy(program->arena, value, sizeof(*value));

		seconds->stype.is_seconds = true;
		value = seconds;
	}
	scope_add(scope, arena_strdup(program->arena, name), value)->is_row = true;
	return NULL;
}

struct error *expr_check_let(struct program *program, struct scope *scope, const char *name,
			     const struct expr *expr)
{
	return check_let(program, scope, name, expr, false);
}

bool expr_names_seconds(const char *name)
{
	size_t length = strlen(name);

	return length > 2 && !strcmp(name + length - 2, "_s");
}

struct error *expr_check_column(struct program *program, struct scope *scope, const char *name,
				const struct expr *expr)
{
	return check_let(program, scope, name, expr, expr_names_seconds(name));
}

struct error *expr_check_clauses(struct program *program, struct scope *scope,
				 const struct expr *clauses, struct code **ret)
{
	struct checker checker = checker_new(program, scope);

	return finish(&checker, check_clauses(&checker, clauses), ret);
}

struct error *expr_check_filter(struct program *program, struct scope *scope,
				const struct expr *where, struct code *clauses, struct code **ret)
{
	struct checker checker = checker_new(program, scope);
	struct code *code = code_new(&checker, STYPE_WALK, NULL);

	if (!clauses) {
		clauses = code_new(&checker, STYPE_WALK, NULL);
		clauses->rows = rows_once;
	}
	code->rows = rows_filter;
	code_add(&checker, code, clauses);
	code_add(&checker, code, check_condition(&checker, where));
	return finish(&checker, code, ret);
}

struct error *expr_check_group(struct program *program, struct scope *scope, const struct expr *key,
			       struct code *clauses, struct scope **ret_scope,
			       struct code **ret_clauses)
{
	struct checker checker = checker_new(program, scope);

	return finish(&checker, check_group(&checker, key, clauses, ret_scope), ret_clauses);
}

static struct error *check_need_module(struct program *program, const struct expr *need)
{
	const char *name;

	for (size_t i = 0; (name = symtab_module(program->symtab, i)); i++) {
		if (!strcmp(name, need->name))
			return NULL;
	}
	return expr_error(need, ERROR_NOT_FOUND, "module %s is not loaded", need->name);
}

static void check_need_type(struct checker *checker, const struct expr *need)
{
	const struct type *type = check_type(checker, need, need->type);
	struct code object = {.stype = {.kind = STYPE_OBJECT}, .eval = eval_slot};
	const struct code *code = &object;

	if (!type)
		return;
	object.stype.type = check_complete(checker, type);
	for (size_t i = 0; i < need->count && code && !checker->error; i++) {
		const struct type *base = member_base(&code->stype);

		code = base ? member_find(checker, need, code, need->names[i]) : NULL;
		if (!code)
			check_fail(checker, need, base ? member_missing(base) : ERROR_NOT_FOUND,
				   "there is no such member %s", need->names[i]);
	}
}

struct error *expr_check_need(struct program *program, const struct expr *need)
{
	struct checker checker = checker_new(program, scope_new(program));
	struct expr name = *need;

	if (need->kind == EXPR_NEED && need->integer)
		return check_need_module(program, need);
	if (need->kind == EXPR_NEED && need->type) {
		check_need_type(&checker, need);
		return checker.error;
	}
	name.kind = EXPR_NAME;
	check_name(&checker, &name);
	return checker.error;
}

enum code_shape code_shape(const struct code *code)
{
	if (code->stype.kind == STYPE_BOOL)
		return CODE_BOOL;
	if (code->stype.kind != STYPE_WALK)
		return CODE_VALUE;
	return code->stype.element && code->stype.element->kind == STYPE_RECORD ? CODE_RECORD_WALK
										: CODE_WALK;
}

void code_print_type(const struct code *code, struct buf *buf)
{
	stype_print(&code->stype, buf);
}

/* ---- evaluate ------------------------------------------------------------------------------- */

struct value code_eval(const struct code *code, struct frame *frame)
{
	frame_fit(frame);
	return code_run(code, frame);
}

void code_eval_template(const struct code *code, struct frame *frame, struct buf *buf)
{
	struct format_options options = {
		.dump = frame->dump, .symtab = frame->program->symtab, .depth = 1, .elements = 10};

	frame_fit(frame);
	for (size_t i = 0; i < code->count; i++) {
		struct value value = code_run(code->args[i], frame);

		if (code_is_constant(code->args[i]) && value.kind == VALUE_STRING)
			buf_put(buf, value.string.data, value.string.length);
		else if (value.kind == VALUE_ABSENT)
			buf_putc(buf, '?');
		else
			format_value(&value, &options, buf);
	}
}

struct caller {
	struct loop loop;
	bool (*row)(void *context);
	void (*unknown)(void *context, const struct fault *fault);
	void *context;
	bool begins_row;
};

static bool caller_row(struct loop *loop, struct frame *frame)
{
	struct caller *caller = (struct caller *)loop;

	if (caller->begins_row)
		frame_next_row(frame);
	return caller->row(caller->context);
}

static bool caller_unknown(struct loop *loop, struct frame *frame, const struct fault *fault)
{
	struct caller *caller = (struct caller *)loop;

	(void)frame;
	if (caller->unknown)
		caller->unknown(caller->context, fault);
	return true;
}

void code_each(const struct code *clauses, struct frame *frame, bool (*row)(void *context),
	       void (*unknown)(void *context, const struct fault *fault), void *context,
	       struct fault *ret_fault)
{
	struct caller caller = {
		.loop = {caller_row, caller_unknown, FAULT_NONE, frame->depth},
		.row = row,
		.unknown = unknown,
		.context = context,
		.begins_row = clauses->rows != rows_filter,
	};

	frame_fit(frame);
	clauses->rows(clauses, frame, &caller.loop);
	if (caller.loop.fault.code == ERROR_COUNT && frame->exhausted)
		caller.loop.fault = (struct fault){ERROR_LIMIT, 0, frame->exhausted};
	*ret_fault = caller.loop.fault;
}
