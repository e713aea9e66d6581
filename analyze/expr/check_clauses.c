// SPDX-License-Identifier: GPL-2.0-or-later
// Clauses, and what is made of their rows: generators and aggregates.
#include <string.h>

#include "expr/check.h"

/* ---- clauses -------------------------------------------------------------------------------- */

static uint32_t bind(struct checker *checker, const char *name, const struct stype *stype)
{
	uint32_t slot = scope_slot(checker->scope);

	scope_add(checker->scope, name, code_slot(checker, slot, stype))->is_row = true;
	return slot;
}

/* `v in percpu(x)` binds `cpu`, too. */
static const char *key_name(const struct binding *binding)
{
	if (binding->key)
		return binding->key;
	if (binding->walk->kind == EXPR_CALL && !strcmp(binding->walk->name, "percpu"))
		return "cpu";
	return NULL;
}

static void check_binding(struct checker *checker, const struct binding *binding, struct code *code,
			  struct clause *clause)
{
	static const struct stype integer = {.kind = STYPE_INT};
	const struct code *walk = check_walk(checker, binding->walk);

	if (!walk)
		return;
	clause->walk = walk;
	code_add(checker, code, walk);
	clause->key_slot = key_name(binding) ? bind(checker, key_name(binding), &integer)
					     : SLOT_NONE;
	clause->slot = bind(checker, binding->name, walk->stype.element);
	for (size_t i = 0; i < binding->condition_count; i++) {
		const struct code *condition =
			check_condition(checker, binding->conditions[i].expr);

		clause->conditions[i].is_while = binding->conditions[i].is_while;
		clause->conditions[i].code = condition;
		code_add(checker, code, condition);
	}
	clause->condition_count = binding->condition_count;
}

static struct code *clauses_new(struct checker *checker, size_t count)
{
	struct code *code = code_new(checker, STYPE_WALK, NULL);

	code->rows = rows_clauses;
	code->clauses.items = ARENA_ARRAY(checker->arena, count, struct clause);
	code->clauses.count = count;
	return code;
}

const struct code *check_clauses(struct checker *checker, const struct expr *expr)
{
	struct code *code = clauses_new(checker, expr->binding_count);

	for (size_t i = 0; i < expr->binding_count && !checker->error; i++)
		check_binding(checker, &expr->bindings[i], code, &code->clauses.items[i]);
	return checker->error ? NULL : code;
}

const struct code *code_clauses(struct checker *checker, const struct code *walk,
				const struct code **ret_element)
{
	struct code *code = clauses_new(checker, 1);
	struct clause *clause = code->clauses.items;

	clause->walk = walk;
	clause->slot = scope_slot(checker->scope);
	clause->key_slot = SLOT_NONE;
	code_add(checker, code, walk);
	*ret_element = code_slot(checker, clause->slot, walk->stype.element);
	return code;
}

/* ---- generators ----------------------------------------------------------------------------- */

const struct code *check_generator(struct checker *checker, const struct expr *expr)
{
	struct scope *outer = checker->scope;

	checker->scope = scope_inside(outer);
	const struct code *clauses = check_clauses(checker, expr);
	const struct code *value = check_value(checker, expr->args[0]);

	checker->scope = outer;
	if (!clauses || !value)
		return NULL;
	struct code *code = code_new(checker, STYPE_WALK, eval_collect);

	code->each = each_generator;
	code->stype.element = arena_copy(checker->arena, &value->stype, sizeof(value->stype));
	code_add(checker, code, clauses);
	code_add(checker, code, value);
	return code;
}

/* ---- aggregates ----------------------------------------------------------------------------- */

static struct code *aggregate(struct checker *checker, enum stype_kind kind, evaluator *eval,
			      const struct code *clauses, const struct code *value)
{
	struct code *code = code_new(checker, kind, eval);

	code_add(checker, code, clauses);
	code_add(checker, code, value);
	return code;
}

static struct code *check_count(struct checker *checker, const struct code *clauses)
{
	struct code *code = code_new(checker, STYPE_INT, eval_count);

	code_add(checker, code, clauses);
	code->may_be_partial = true;
	return code;
}

static struct code *check_sum(struct checker *checker, const struct expr *expr,
			      const struct code *clauses, const struct code *value)
{
	enum stype_kind kind = value->stype.kind;

	if (kind == STYPE_BOOL || kind == STYPE_UNKNOWN || kind == STYPE_NONE)
		kind = STYPE_INT;
	if (kind != STYPE_INT && kind != STYPE_REAL && kind != STYPE_DURATION && kind != STYPE_SIZE)
		return check_fail(checker, expr, ERROR_SYNTAX, "there is no sum of %s",
				  check_words(checker, &value->stype));
	struct code *code = aggregate(checker, kind, eval_sum, clauses, value);

	code->op.kind = stype_value_kind(&code->stype);
	return code;
}

static struct code *check_extreme(struct checker *checker, const struct expr *expr, bool is_max,
				  const struct code *clauses, const struct code *value)
{
	switch (value->stype.kind) {
	case STYPE_BOOL:
	case STYPE_OBJECT:
	case STYPE_LIST:
	case STYPE_RECORD:
	case STYPE_WALK:
		return check_fail(checker, expr, ERROR_SYNTAX, "%s has no order",
				  check_words(checker, &value->stype));
	default:
		break;
	}
	struct code *code = aggregate(checker, value->stype.kind, eval_extreme, clauses, value);

	code->stype = value->stype;
	code->stype.or_none = true;
	code->op.op = is_max ? TOKEN_GREATER : TOKEN_LESS;
	return code;
}

static struct code *check_kept(struct checker *checker, bool is_list, const struct code *clauses,
			       const struct code *value)
{
	struct code *code = aggregate(checker, is_list ? STYPE_LIST : value->stype.kind,
				      is_list ? eval_collect_rows : eval_first, clauses, value);

	if (is_list) {
		code->stype.element =
			arena_copy(checker->arena, &value->stype, sizeof(value->stype));
		code->may_be_partial = true;
	} else {
		code->stype = value->stype;
		code->stype.or_none = true;
	}
	return code;
}

static struct code *check_by_name(struct checker *checker, const struct expr *expr,
				  const struct code *clauses, const struct code *value)
{
	const char *name = expr->name;

	if (!strcmp(name, "count"))
		return check_count(checker, clauses);
	if (!strcmp(name, "any"))
		return aggregate(checker, STYPE_BOOL, eval_any, clauses, value);
	if (!strcmp(name, "all"))
		return aggregate(checker, STYPE_BOOL, eval_all, clauses, value);
	if (!strcmp(name, "sum"))
		return check_sum(checker, expr, clauses, value);
	if (!strcmp(name, "min") || !strcmp(name, "max"))
		return check_extreme(checker, expr, name[1] == 'a', clauses, value);
	return check_kept(checker, !strcmp(name, "collect"), clauses, value);
}

static bool is_logical(const char *name)
{
	return !strcmp(name, "any") || !strcmp(name, "all");
}

/* The value that `name(x in …)` has without saying one: the element; of any(), true. */
static const struct code *default_value(struct checker *checker, const struct expr *expr)
{
	const struct binding *last = &expr->bindings[expr->binding_count - 1];
	const struct variable *variable = scope_find(checker->scope, last->name);

	if (!strcmp(expr->name, "all"))
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "all() needs to know what: all(C for %s in …)", last->name);
	if (!strcmp(expr->name, "any") || !strcmp(expr->name, "count"))
		return code_constant(checker, value_bool(true));
	return code_value(checker, expr, variable->code);
}

const struct code *check_aggregate(struct checker *checker, const struct expr *expr)
{
	struct scope *outer = checker->scope;
	const struct code *value = NULL;

	checker->scope = scope_inside(outer);
	const struct code *clauses = check_clauses(checker, expr);

	if (clauses && !expr->count)
		value = default_value(checker, expr);
	else if (clauses)
		value = is_logical(expr->name) ? check_condition(checker, expr->args[0])
					       : check_value(checker, expr->args[0]);
	const struct code *code = value ? check_by_name(checker, expr, clauses, value) : NULL;

	checker->scope = outer;
	return code;
}

/* ---- aggregates of bare walks ---------------------------------------------------------------- */

/* count(W), first(W), sum(LIST), max(a, b)… */
static struct code *check_bare(struct checker *checker, const struct expr *expr)
{
	const struct code *element;
	const struct code *walk = check_walk(checker, expr->args[0]);

	if (!walk)
		return NULL;
	const struct code *clauses = code_clauses(checker, walk, &element);
	const struct code *value = code_value(checker, expr->args[0], element);

	if (!value)
		return NULL;
	if (is_logical(expr->name) && value->stype.kind != STYPE_BOOL) {
		if (!strcmp(expr->name, "all"))
			return check_fail(checker, expr, ERROR_SYNTAX,
					  "all() needs to know what: all(C for x in …)");
		value = code_constant(checker, value_bool(true));
	}
	return check_by_name(checker, expr, clauses, value);
}

/* max(a, b, c): the aggregate of a list of them. */
static const struct code *check_of_values(struct checker *checker, const struct expr *expr)
{
	struct expr *list = arena_copy(checker->arena, expr, sizeof(*expr));
	struct expr *call = arena_copy(checker->arena, expr, sizeof(*expr));
	struct expr **args = ARENA_NEW(checker->arena, struct expr *);

	list->kind = EXPR_LIST;
	args[0] = list;
	call->args = args;
	call->count = 1;
	struct code *code = check_bare(checker, call);

	if (code) /* there is at least one value */
		code->stype.or_none = code->args[1]->stype.or_none;
	return code;
}

static const struct code *check_plain(struct checker *checker, const struct expr *expr)
{
	bool takes_values = !strcmp(expr->name, "min") || !strcmp(expr->name, "max");

	if (expr->count == 1)
		return check_bare(checker, expr);
	if (expr->count > 1 && takes_values)
		return check_of_values(checker, expr);
	return check_fail(checker, expr, ERROR_SYNTAX, "%s() takes a walk or list: %s(x in …)",
			  expr->name, expr->name);
}

static const struct code *check_walk_error(struct checker *checker, const struct expr *expr)
{
	const struct code *element;

	if (expr->count != 1)
		return check_fail(checker, expr, ERROR_SYNTAX, "walk_error() takes one walk");
	const struct code *walk = check_walk(checker, expr->args[0]);

	if (!walk)
		return NULL;
	const struct code *clauses = code_clauses(checker, walk, &element);
	struct code *code = aggregate(checker, STYPE_STRING, eval_walk_error, clauses, element);

	code->stype.or_none = true;
	return code;
}

#define AGGREGATE(name, call, result, words)                                                       \
	{                                                                                          \
		.help = {name, call, result, words}, .check = check_plain                          \
	}

const struct builtin builtins_walk[] = {
	AGGREGATE("count", "count(x in W where C)", "int", "number of elements"),
	AGGREGATE("any", "any(x in W where C), any(C for x in W)", "bool",
		  "whether there is an element, or one for which C is true"),
	AGGREGATE("all", "all(C for x in W)", "bool", "whether C is true for every element"),
	AGGREGATE("sum", "sum(E for x in W)", "int, real, duration or size",
		  "the values added up, 0 of nothing"),
	AGGREGATE("min", "min(E for x in W), min(a, b)", "the value or none",
		  "the least value, none of nothing"),
	AGGREGATE("max", "max(E for x in W), max(a, b)", "the value or none",
		  "the greatest value, none of nothing"),
	AGGREGATE("first", "first(E for x in W)", "the value or none",
		  "the first value, none of nothing"),
	AGGREGATE("collect", "collect(E for x in W)", "list", "all values"),
	{.help = {"walk_error", "walk_error(W)", "string or none",
		  "why a walk broke off or an element cannot be read, none if neither"},
	 .check = check_walk_error},
	{.help = {0}},
};
