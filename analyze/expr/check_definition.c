// SPDX-License-Identifier: GPL-2.0-or-later
// Definitions and computed members. Those with parameters are put in at each call, with the types
// of its arguments; those without are checked and computed once per dump.
#include <string.h>

#include "expr/check.h"
#include "expr/message.h"

enum {
	USE_DEPTH = 64, /* definitions inside each other */
	SHARED_NODES = 20000,
};

static bool use_begin(struct checker *checker, const struct expr *expr,
		      const struct declaration *declaration, struct use *use)
{
	for (const struct use *outer = checker->uses; outer; outer = outer->outer) {
		if (outer->declaration == declaration) {
			check_fail(checker, expr, ERROR_SYNTAX,
				   "%s is defined by means of itself; for trees there is "
				   "descend(root, f)",
				   declaration->name);
			return false;
		}
	}
	if (checker->use_depth == USE_DEPTH) {
		check_fail(checker, expr, ERROR_LIMIT, "more than %d definitions inside each other",
			   USE_DEPTH);
		return false;
	}
	*use = (struct use){declaration, checker->uses};
	checker->uses = use;
	checker->use_depth++;
	return true;
}

static void use_end(struct checker *checker, const struct expr *expr)
{
	const struct use *use = checker->uses;

	checker->uses = use->outer;
	checker->use_depth--;
	/* A mistake lies in the definition; say once who used it. */
	if (checker->error && !checker->uses && expr->text != use->declaration->body->text)
		message_append(checker->error, expr->text, expr->offset, "used here");
}

/* ---- without parameters --------------------------------------------------------------------- */

static void shared_check(struct checker *checker, const struct expr *expr,
			 const struct declaration *definition, struct shared *shared)
{
	struct checker inner = *checker;
	struct use use;

	inner.scope = shared->scope = scope_new(checker->program);
	inner.nodes = SHARED_NODES;
	if (use_begin(&inner, expr, definition, &use)) {
		shared->code = code_load(&inner, definition->body, check(&inner, definition->body));
		use_end(&inner, expr);
	}
	checker->error = inner.error;
}

static const struct code *check_shared(struct checker *checker, const struct expr *expr,
				       const struct declaration *definition)
{
	struct shared *shared = program_shared(checker->program, definition->serial);

	if (!shared->code)
		shared_check(checker, expr, definition, shared);
	if (!shared->code || code_is_constant(shared->code))
		return shared->code;
	struct code *code = code_new(checker, shared->code->stype.kind, eval_shared);

	code->stype = shared->code->stype;
	code->shared = shared;
	code->is_cheap = true;
	code->height = shared->code->height + 1;
	code->may_be_partial = shared->code->may_be_partial;
	if (code->stype.kind == STYPE_WALK)
		code->each = each_shared;
	return code;
}

/* ---- with parameters ------------------------------------------------------------------------ */

/* Makes the arguments variables of the scope; those that cost something are computed at most once
 * per call. */
static void bind_arguments(struct checker *checker, struct scope *scope,
			   const struct expr *signature, const struct code *const *args,
			   uint32_t *slots, size_t *slot_count)
{
	for (size_t i = 0; i < signature->count; i++) {
		const struct code *arg = args[i];

		if (!arg->is_cheap) {
			slots[*slot_count] = scope_slot(scope);
			arg = code_argument(checker, arg, slots[(*slot_count)++]);
		}
		scope_add(scope, signature->names[i], arg);
	}
}

/* A body whose arguments have slots. */
static const struct code *call_code(struct checker *checker, const struct code *body,
				    const uint32_t *slots, size_t count)
{
	if (!body || !count)
		return body;
	bool is_walk = body->stype.kind == STYPE_WALK;
	struct code *code =
		code_new(checker, body->stype.kind, is_walk ? eval_collect : eval_arguments);

	code->stype = body->stype;
	code->each = is_walk ? each_arguments : NULL;
	code->arguments.slots = slots;
	code->arguments.count = count;
	code_add(checker, code, body);
	return code;
}

static const struct code *check_body(struct checker *checker, const struct expr *expr,
				     const struct declaration *definition, struct scope *scope)
{
	struct scope *outer = checker->scope;
	const struct code *body;
	struct use use;

	if (!use_begin(checker, expr, definition, &use))
		return NULL;
	checker->scope = scope;
	body = check(checker, definition->body);
	checker->scope = outer;
	use_end(checker, expr);
	return body;
}

const struct code *check_definition(struct checker *checker, const struct expr *expr,
				    const struct declaration *definition,
				    const struct code *const *args, size_t count)
{
	const struct expr *signature = definition->signature;

	if (count != signature->count)
		return check_fail(checker, expr, ERROR_SYNTAX, "%s() has %zu parameter%s, not %zu",
				  definition->name, signature->count,
				  signature->count == 1 ? "" : "s", count);
	if (!count)
		return check_shared(checker, expr, definition);
	struct scope *scope = scope_beside(checker->scope);
	uint32_t *slots = ARENA_ARRAY(checker->arena, count, uint32_t);
	size_t slot_count = 0;

	bind_arguments(checker, scope, signature, args, slots, &slot_count);
	return call_code(checker, check_body(checker, expr, definition, scope), slots, slot_count);
}

/* ---- computed members ----------------------------------------------------------------------- */

/* Uses the object exactly once. */
static bool is_plain_path(const struct expr *expr)
{
	while (expr->kind == EXPR_MEMBER || expr->kind == EXPR_ALTERNATIVES)
		expr = expr->args[0];
	return expr->kind == EXPR_NAME && !expr->module;
}

const struct code *check_computed_member(struct checker *checker, const struct expr *expr,
					 const struct declaration *member,
					 const struct code *object)
{
	struct scope *scope = scope_beside(checker->scope);
	uint32_t *slots = ARENA_NEW(checker->arena, uint32_t);
	bool needs_slot = !object->is_cheap && !is_plain_path(member->body);

	if (needs_slot) {
		*slots = scope_slot(scope);
		object = code_argument(checker, object, *slots);
	}
	scope->object = object;
	return call_code(checker, check_body(checker, expr, member, scope), slots, needs_slot);
}
