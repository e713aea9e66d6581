// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/prepare.h"

#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "expr/expr.h"
#include "rule/rule.h"
#include "rule/yaml.h"
#include "value/value.h"

struct params {
	struct arena *arena;
	struct value *values;
	size_t count;
};

DEFINE_CLEANUP(struct params *, params_free)
DEFINE_CLEANUP(struct frame *, frame_free)

const char *reason_of_error(const struct error *error, struct arena *arena)
{
	size_t length;
	const char *reason = error_reason(error, &length);

	return arena_strndup(arena, reason, length);
}

static struct error *constant_value(struct program *program, const struct expr *expr,
				    struct arena *arena, struct value *ret)
{
	struct scope *scope = scope_new(program);
	struct budget budget = {.steps = 1000 * 1000, .reads = 100 * 1000, .bytes = 1 << 20};
	struct code *code;
	struct error *error = expr_check(program, scope, expr, &code);

	if (error)
		return error;
	struct frame *frame _cleanup_(frame_free_cleanup) = frame_new(program, scope, &budget);
	struct value value = code_eval(code, frame);
	struct fault fault;
	if (frame_is_partial(frame, &fault)) /* a count of a part of what there is */
		value = (struct value){.kind = VALUE_ABSENT, .absent = fault};
	*ret = value_keep(&value, arena);
	return NULL;
}

static const char *words_of_kind(enum value_kind kind)
{
	switch (kind) {
	case VALUE_DURATION: return "a duration, as in 30s";
	case VALUE_SIZE: return "a size, as in 64M";
	case VALUE_INT: case VALUE_REAL: return "a number";
	case VALUE_STRING: return "a string in quotes";
	case VALUE_BOOL: return "true or false";
	default: return "a value of the kind that the rule has";
	}
}

static enum value_kind kind_of_param(const struct value *value)
{
	return value->kind == VALUE_REAL ? VALUE_INT : value->kind; /* either will do for the other */
}

static struct error *want_kind(const struct rule *rule, const struct named *param,
			       enum value_kind kind)
{
	const struct setting *setting = param->setting;
	const char *words = words_of_kind(kind);

	return setting->node ? yaml_error(setting->node, "%s.%s: want %s", rule->id, param->name, words)
			     : error_new(ERROR_INVALID, "%s %s.%s: want %s", setting->where,
					 rule->id, param->name, words);
}

/* A value that is set is of the kind that the rule was written for: 30 is not 30s. */
static struct error *param_value(struct program *program, const struct rule *rule,
				 const struct named *param, struct arena *arena, struct value *ret)
{
	struct value value, preset;
	struct error *error = constant_value(program, param->expr, arena, &value);

	if (!error && param->setting)
		error = constant_value(program, param->setting->preset, arena, &preset);
	if (error)
		return error;
	if (param->setting && kind_of_param(&value) != kind_of_param(&preset))
		return want_kind(rule, param, preset.kind);
	*ret = value;
	return NULL;
}

struct error *params_check(struct program *program, const struct rule *rule)
{
	struct params *params = NULL;
	bool is_set = false;

	for (size_t i = 0; i < rule->param_count; i++)
		is_set |= rule->params[i].setting && !rule->params[i].setting->node;
	struct error *error = is_set ? params_new(program, rule, &params) : NULL;

	params_free(params);
	return error;
}

struct error *params_new(struct program *program, const struct rule *rule, struct params **ret)
{
	struct params *params _cleanup_(params_free_cleanup) = mem_zero(sizeof(*params));

	params->arena = arena_new();
	params->values = ARENA_ARRAY(params->arena, rule->param_count, struct value);
	for (; params->count < rule->param_count; params->count++) {
		struct error *error = param_value(program, rule, &rule->params[params->count],
						  params->arena, &params->values[params->count]);

		if (error)
			return error;
	}
	*ret = params;
	params = NULL;
	return NULL;
}

void params_free(struct params *params)
{
	if (!params)
		return;
	arena_free(params->arena);
	free(params);
}

struct scope *params_scope(const struct params *params, struct program *program,
			   const struct rule *rule)
{
	struct scope *scope = scope_new(program);

	for (size_t i = 0; i < params->count; i++)
		scope_add_constant(scope, rule->params[i].name, params->values[i]);
	return scope;
}

struct error *prepare_needs(struct program *program, const struct needs *needs)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && i < needs->count; i++)
		error = expr_check_need(program, needs->items[i]);
	return error;
}

int value_truth(const struct value *value, struct fault *ret_fault)
{
	switch (value->kind) {
	case VALUE_ABSENT:
		*ret_fault = value->absent;
		return -1;
	case VALUE_NONE:
		return 0;
	case VALUE_REAL:
		return value->real != 0;
	case VALUE_STRING:
		return value->string.length != 0;
	case VALUE_LIST:
		return value->list->count != 0;
	case VALUE_OBJECT:
	case VALUE_RECORD:
		return 1;
	default:
		return value->integer != 0;
	}
}

/* expr_check() where there may be no expression. */
static struct error *check_optional(struct program *program, struct scope *scope,
				    const struct expr *expr, const struct code **ret)
{
	struct code *code = NULL;
	struct error *error = expr ? expr_check(program, scope, expr, &code) : NULL;

	if (!error)
		*ret = code;
	return error;
}

/* Without rows of its own a rule has one, whose `where` is asked like a flag. */
static struct error *prepare_where(struct program *program, const struct rule_part *part,
				   struct code **clauses, struct prepared *ret)
{
	if (*clauses && part->where)
		return expr_check_filter(program, ret->scope, part->where, *clauses, clauses);
	return check_optional(program, ret->scope, part->where, &ret->where);
}

static struct error *prepare_rows(struct program *program, const struct rule_part *part,
				  struct prepared *ret)
{
	struct code *clauses = NULL;
	struct error *error = NULL;

	if (part->clauses)
		error = expr_check_clauses(program, ret->scope, part->clauses, &clauses);
	for (size_t i = 0; !error && i < part->let_count; i++)
		error = expr_check_let(program, ret->scope, part->lets[i].name, part->lets[i].expr);
	if (!error)
		error = prepare_where(program, part, &clauses, ret);
	if (!error && part->group)
		error = expr_check_group(program, ret->scope, part->group, clauses, &ret->scope,
					 &clauses);
	ret->clauses = clauses;
	return error;
}

static struct error *prepare_columns(struct program *program, const struct rule_part *part,
				     bool is_strict, struct arena *arena, struct prepared *ret)
{
	struct prepared_column *columns = ARENA_ARRAY(arena, part->column_count,
						      struct prepared_column);

	ret->columns = columns;
	for (size_t i = 0; i < part->column_count; i++) {
		struct error *error = check_optional(program, ret->scope, part->columns[i].expr,
						     &columns[i].code);

		if (!error)
			continue;
		if (is_strict || (error->code != ERROR_NOT_FOUND && error->code != ERROR_NO_SOURCE))
			return error;
		columns[i].reason = reason_of_error(error, arena);
		error_free(error);
	}
	return NULL;
}

static struct error *prepare_sorts(struct program *program, const struct rule *rule,
				   struct arena *arena, struct prepared *ret)
{
	const struct code **sorts = ARENA_ARRAY(arena, rule->sort_count, const struct code *);
	struct error *error = NULL;

	for (size_t i = 0; !error && i < rule->sort_count; i++)
		error = check_optional(program, ret->scope, rule->sorts[i].expr, &sorts[i]);
	ret->sorts = sorts;
	return error;
}

/* Columns under their names, then the condition: last, for a column may hide a variable. */
static struct error *prepare_keep(struct program *program, const struct rule_part *part,
				  const struct expr *keep, struct prepared *ret)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && i < part->column_count; i++) {
		if (ret->columns[i].code)
			error = expr_check_column(program, ret->scope, part->columns[i].name,
						  part->columns[i].expr);
	}
	return error ? error : check_optional(program, ret->scope, keep, &ret->keep);
}

struct error *prepare_part(struct program *program, const struct rule *rule,
			   const struct rule_part *part, const struct params *params,
			   const struct expr *keep, bool is_strict, struct arena *arena,
			   struct prepared *ret)
{
	struct prepared prepared = {.scope = params_scope(params, program, rule)};
	struct error *error = prepare_rows(program, part, &prepared);

	if (!error)
		error = check_optional(program, prepared.scope, rule->flag, &prepared.flag);
	if (!error)
		error = check_optional(program, prepared.scope, rule->message, &prepared.message);
	if (!error)
		error = prepare_columns(program, part, is_strict, arena, &prepared);
	if (!error)
		error = prepare_sorts(program, rule, arena, &prepared);
	if (!error && keep)
		error = prepare_keep(program, part, keep, &prepared);
	if (!error)
		*ret = prepared;
	return error;
}

struct error *prepare_when(struct program *program, const struct rule *rule,
			   const struct rule_part *part, const struct params *params, bool *ret,
			   struct fault *ret_fault)
{
	struct scope *scope = params_scope(params, program, rule);
	struct budget budget = BUDGET_DEFAULT;
	const struct code *code = NULL;
	struct error *error = check_optional(program, scope, part->when, &code);

	if (error)
		return error;
	*ret = true;
	*ret_fault = (struct fault){.code = ERROR_COUNT};
	if (!code)
		return NULL;
	struct frame *frame _cleanup_(frame_free_cleanup) = frame_new(program, scope, &budget);
	struct value value = code_eval(code, frame);
	*ret = value_truth(&value, ret_fault) > 0;
	if (ret_fault->code == ERROR_COUNT && frame_is_partial(frame, ret_fault))
		*ret = false;
	return NULL;
}

static struct error *check_part(struct program *program, const struct rule *rule,
				const struct rule_part *part, const struct params *params,
				struct arena *arena)
{
	struct prepared prepared;
	struct fault fault;
	bool is_in;
	struct error *error = prepare_needs(program, &part->needs);

	if (error_catch(&error, ERROR_NOT_FOUND))
		return NULL; /* not for this kernel */
	if (!error)
		error = prepare_when(program, rule, part, params, &is_in, &fault);
	if (error || (!is_in && fault.code == ERROR_COUNT))
		return error;
	return prepare_part(program, rule, part, params, NULL, true, arena, &prepared);
}

struct error *prepare_check(struct program *program, const struct rule *rule)
{
	struct params *params _cleanup_(params_free_cleanup) = NULL;
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct error *error = prepare_needs(program, &rule->needs);

	if (error_catch(&error, ERROR_NOT_FOUND))
		return NULL;
	if (!error)
		error = params_new(program, rule, &params);
	for (size_t i = 0; !error && i < rule->part_count; i++)
		error = check_part(program, rule, &rule->parts[i], params, arena);
	return error;
}
