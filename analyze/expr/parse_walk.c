// SPDX-License-Identifier: GPL-2.0-or-later
// Clauses and aggregates: `x in WALK where C, k, y in WALK`, `sum(E for …)`, `count(x in …)`.
#include <string.h>

#include "base/arena.h"
#include "expr/syntax.h"

enum { BINDING_LIMIT = 16 };

bool is_aggregate(const char *name)
{
	static const char *const names[] = {"count", "any", "all",   "sum",
					    "min",   "max", "first", "collect"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

bool parser_sees_binding(const struct parser *parser)
{
	if (!parser_is(parser, TOKEN_NAME))
		return false;
	struct token token = parser_peek(parser, parser->token.end);

	if (token.kind == TOKEN_IN)
		return true;
	if (token.kind != TOKEN_COMMA)
		return false;
	token = parser_peek(parser, token.end);
	return token.kind == TOKEN_NAME && parser_peek(parser, token.end).kind == TOKEN_IN;
}

static void parse_conditions(struct parser *parser, struct binding *binding)
{
	while (parser_is(parser, TOKEN_WHERE) || parser_is(parser, TOKEN_WHILE)) {
		if (binding->condition_count == CONDITION_LIMIT) {
			parser_fail(parser, "more than %d conditions; join them with and",
				    CONDITION_LIMIT);
			return;
		}
		struct condition *condition = &binding->conditions[binding->condition_count];

		condition->is_while = parser_is(parser, TOKEN_WHILE);
		parser_next(parser);
		condition->expr = parse_expression(parser);
		binding->condition_count++;
	}
}

static bool parse_binding(struct parser *parser, struct expr *expr)
{
	struct binding *binding = &expr->bindings[expr->binding_count];

	if (!parser_sees_binding(parser)) {
		parser_fail(parser, "expected x in WALK or key, x in WALK");
		return false;
	}
	binding->name = parser_name(parser, "a variable");
	if (parser_accept(parser, TOKEN_COMMA)) {
		binding->key = binding->name;
		binding->name = parser_name(parser, "a variable");
	}
	parser_next(parser); /* in */
	binding->walk = parse_expression(parser);
	parse_conditions(parser, binding);
	expr->binding_count++;
	return !parser->error;
}

static unsigned binding_height(const struct binding *binding)
{
	unsigned height = binding->walk->height;

	for (size_t i = 0; i < binding->condition_count; i++) {
		if (height < binding->conditions[i].expr->height)
			height = binding->conditions[i].expr->height;
	}
	return height;
}

bool parse_bindings(struct parser *parser, struct expr *expr)
{
	expr->bindings = ARENA_ARRAY(parser->arena, BINDING_LIMIT, struct binding);
	do {
		if (expr->binding_count == BINDING_LIMIT) {
			parser_fail(parser, "more than %d walks inside each other", BINDING_LIMIT);
			return false;
		}
		if (!parse_binding(parser, expr))
			return false;
		unsigned height = binding_height(&expr->bindings[expr->binding_count - 1]);

		if (expr->height <= height)
			expr->height = height + 1;
	} while (parser_accept(parser, TOKEN_COMMA));
	return true;
}

struct expr *parse_aggregate(struct parser *parser, const char *name, size_t offset)
{
	struct expr *expr = expr_new(parser, EXPR_AGGREGATE, offset);

	expr->name = name;
	if (parser_sees_binding(parser)) {
		parse_bindings(parser, expr);
	} else {
		expr->kind = EXPR_CALL;
		while (!parser->error && !parser_is(parser, TOKEN_CLOSE)) {
			expr_add(parser, expr, parse_expression(parser));
			if (!parser_accept(parser, TOKEN_COMMA))
				break;
		}
		if (expr->count == 1 && parser_accept(parser, TOKEN_FOR)) {
			expr->kind = EXPR_AGGREGATE;
			parse_bindings(parser, expr);
		}
	}
	if (parser_is(parser, TOKEN_WHERE))
		return parser_fail(parser, "where needs a variable: %s(x in … where …)", name);
	parser_expect(parser, TOKEN_CLOSE,
		      arena_printf(parser->arena, "after the arguments of %s()", name));
	return parser->error ? NULL : expr;
}
