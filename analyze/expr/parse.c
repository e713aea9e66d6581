// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/arena.h"
#include "expr/message.h"
#include "expr/syntax.h"

enum {
	HEIGHT_LIMIT =
		2 * EXPR_DEPTH_LIMIT, /* of trees that are high without nesting: a + b + c + … */
};

/* ---- tokens --------------------------------------------------------------------------------- */

void parser_next(struct parser *parser)
{
	parser->behind = parser->token.end;
	parser->token = lex_token(parser->text, parser->token.end, parser->arena);
}

bool parser_is(const struct parser *parser, enum token_kind kind)
{
	return !parser->error && parser->token.kind == kind;
}

bool parser_accept(struct parser *parser, enum token_kind kind)
{
	if (!parser_is(parser, kind))
		return false;
	parser_next(parser);
	return true;
}

struct token parser_peek(const struct parser *parser, size_t end)
{
	return lex_token(parser->text, end, parser->arena);
}

static const char *found_words(const struct parser *parser)
{
	const struct token *token = &parser->token;

	if (token->kind == TOKEN_END)
		return "the end";
	return arena_printf(
		parser->arena, "%.*s",
		(int)(token->end - token->offset > 40 ? 40 : token->end - token->offset),
		parser->text->text + token->offset);
}

void *parser_fail(struct parser *parser, const char *format, ...)
{
	va_list arguments;

	if (parser->error)
		return NULL;
	if (parser->token.kind == TOKEN_ERROR) {
		parser->error = message_at(parser->text, parser->token.offset, ERROR_SYNTAX, "%s",
					   parser->token.problem);
		return NULL;
	}
	va_start(arguments, format);
	parser->error =
		message_vat(parser->text, parser->token.offset, ERROR_SYNTAX, format, arguments);
	va_end(arguments);
	return NULL;
}

bool parser_expect(struct parser *parser, enum token_kind kind, const char *where)
{
	if (parser_accept(parser, kind))
		return true;
	parser_fail(parser, "expected %s %s, found %s", token_words(kind), where,
		    found_words(parser));
	return false;
}

const char *parser_name(struct parser *parser, const char *what)
{
	const char *name = parser->token.name;

	if (!name || name[0] == '&' || name[0] == '|')
		return parser_fail(parser, "expected %s, found %s", what, found_words(parser));
	parser_next(parser);
	return parser->error ? NULL : name;
}

/* ---- nodes ---------------------------------------------------------------------------------- */

struct expr *expr_new(struct parser *parser, enum expr_kind kind, size_t offset)
{
	struct expr *expr = ARENA_NEW(parser->arena, struct expr);

	expr->kind = kind;
	expr->offset = offset;
	expr->text = parser->text;
	expr->height = 1;
	return expr;
}

/* Arrays of 1, 2, 4, 8… places: full when the count is a power of two. */
static void *grown(struct parser *parser, void *items, size_t count, size_t size)
{
	if (count & (count - 1))
		return items;
	void *copy = arena_zero_array(parser->arena, count ? 2 * count : 1, size);

	return count ? memcpy(copy, items, count * size) : copy;
}

void expr_add(struct parser *parser, struct expr *expr, struct expr *arg)
{
	if (!arg)
		return;
	expr->args = grown(parser, expr->args, expr->count, sizeof(*expr->args));
	expr->args[expr->count++] = arg;
	if (expr->height <= arg->height)
		expr->height = arg->height + 1;
	if (expr->height > HEIGHT_LIMIT)
		parser_fail(parser, "expression has more than %d parts inside each other",
			    HEIGHT_LIMIT);
}

void expr_add_name(struct parser *parser, struct expr *expr, const char *name)
{
	/* A record has as many names as arguments, added first; everything else counts its names.
	 */
	expr->names = grown(parser, expr->names, expr->count, sizeof(*expr->names));
	expr->names[expr->count] = name;
	if (expr->kind != EXPR_RECORD)
		expr->count++;
}

/* ---- operands ------------------------------------------------------------------------------- */

static struct expr *parse_unary(struct parser *parser);

static struct expr *parse_literal(struct parser *parser)
{
	static const enum expr_kind kinds[TOKEN_COUNT] = {
		[TOKEN_INTEGER] = EXPR_INTEGER, [TOKEN_REAL] = EXPR_REAL,
		[TOKEN_STRING] = EXPR_STRING,	[TOKEN_DURATION] = EXPR_DURATION,
		[TOKEN_SIZE] = EXPR_SIZE,	[TOKEN_TRUE] = EXPR_BOOL,
		[TOKEN_FALSE] = EXPR_BOOL,	[TOKEN_NONE] = EXPR_NONE,
	};
	const struct token *token = &parser->token;
	struct expr *expr = expr_new(parser, kinds[token->kind], token->offset);

	expr->integer = token->kind == TOKEN_TRUE ? 1 : token->integer;
	expr->real = token->real;
	expr->bytes = token->bytes;
	expr->length = token->length;
	parser_next(parser);
	return expr;
}

static struct expr *parse_list(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_LIST, parser->token.offset);

	parser_next(parser);
	while (!parser->error && !parser_is(parser, TOKEN_CLOSE_BRACKET)) {
		expr_add(parser, expr, parse_expression(parser));
		if (!parser_accept(parser, TOKEN_COMMA))
			break;
	}
	parser_expect(parser, TOKEN_CLOSE_BRACKET, "after the elements of a list");
	return expr;
}

static struct expr *parse_record(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_RECORD, parser->token.offset);

	parser_next(parser);
	while (!parser->error && !parser_is(parser, TOKEN_CLOSE_BRACE)) {
		const char *name = parser_name(parser, "the name of a field, as in {name: x}");

		for (size_t i = 0; name && i < expr->count; i++) {
			if (!strcmp(expr->names[i], name))
				return parser_fail(parser, "field %s stands there twice", name);
		}
		if (!name || !parser_expect(parser, TOKEN_COLON, "after the name of a field"))
			return NULL;
		expr_add_name(parser, expr, name);
		expr_add(parser, expr, parse_expression(parser));
		if (!parser_accept(parser, TOKEN_COMMA))
			break;
	}
	parser_expect(parser, TOKEN_CLOSE_BRACE, "after the fields of a record");
	if (!expr->count)
		return parser_fail(parser, "a record has at least one field, as in {name: x}");
	return expr;
}

/* name(arguments); the `(` has been taken. */
static struct expr *parse_call(struct parser *parser, const char *name, size_t offset)
{
	struct expr *expr = expr_new(parser, EXPR_CALL, offset);
	const char *where = arena_printf(parser->arena, "after the arguments of %s()", name);

	expr->name = name;
	while (!parser->error && !parser_is(parser, TOKEN_CLOSE)) {
		if (parser_sees_type(parser, TOKEN_COMMA, TOKEN_CLOSE)) {
			struct expr *type = expr_new(parser, EXPR_TYPE, parser->token.offset);

			type->type = parse_type(parser);
			expr_add(parser, expr, type);
		} else {
			expr_add(parser, expr, parse_expression(parser));
		}
		if (!parser_accept(parser, TOKEN_COMMA))
			break;
	}
	if (parser_is(parser, TOKEN_WHERE))
		return parser_fail(parser, "where needs a variable: (x for x in … where …)");
	if (parser_is(parser, TOKEN_FOR))
		return parser_fail(parser, "%s() takes no for; put the walk in parentheses", name);
	parser_expect(parser, TOKEN_CLOSE, where);
	return expr;
}

/* Inside brackets of any kind `M:name` is a name again. */
static struct expr *parse_call_or_aggregate(struct parser *parser, const char *name, size_t offset)
{
	unsigned conditions = parser->conditions;

	parser->conditions = 0;
	parser_next(parser);
	struct expr *expr = is_aggregate(name) ? parse_aggregate(parser, name, offset)
					       : parse_call(parser, name, offset);
	parser->conditions = conditions;
	return expr;
}

static bool sees_module_name(const struct parser *parser, size_t end)
{
	const char *text = parser->text->text;

	return !parser->conditions && text[end] == ':' &&
	       parser_peek(parser, end + 1).kind == TOKEN_NAME &&
	       parser_peek(parser, end + 1).offset == end + 1;
}

static struct expr *parse_name(struct parser *parser)
{
	size_t offset = parser->token.offset;
	bool has_module = sees_module_name(parser, parser->token.end);
	const char *name = parser_name(parser, "a name");
	const char *module = NULL;

	if (has_module) {
		module = name;
		parser_next(parser);
		name = parser_name(parser, "a name");
	} else if (parser_is(parser, TOKEN_OPEN)) {
		return parse_call_or_aggregate(parser, name, offset);
	}
	struct expr *expr = expr_new(parser, EXPR_NAME, offset);

	expr->module = module;
	expr->name = name;
	return expr;
}

/* ( … ): grouping, or a generator. */
static struct expr *parse_parentheses(struct parser *parser)
{
	size_t offset = parser->token.offset;
	unsigned conditions = parser->conditions;

	parser->conditions = 0;
	parser_next(parser);
	struct expr *expr = parse_expression(parser);

	if (parser_accept(parser, TOKEN_FOR)) {
		struct expr *generator = expr_new(parser, EXPR_GENERATOR, offset);

		expr_add(parser, generator, expr);
		parse_bindings(parser, generator);
		expr = generator;
	}
	if (parser_is(parser, TOKEN_WHERE))
		return parser_fail(parser, "where needs a variable: (x for x in … where …)");
	parser_expect(parser, TOKEN_CLOSE, "to close the parenthesis");
	parser->conditions = conditions;
	if (expr)
		expr->in_parentheses = true;
	return expr;
}

static struct expr *parse_primary(struct parser *parser)
{
	switch (parser->token.kind) {
	case TOKEN_INTEGER:
	case TOKEN_REAL:
	case TOKEN_STRING:
	case TOKEN_DURATION:
	case TOKEN_SIZE:
	case TOKEN_TRUE:
	case TOKEN_FALSE:
	case TOKEN_NONE:
		return parse_literal(parser);
	case TOKEN_OPEN:
		return parse_parentheses(parser);
	case TOKEN_OPEN_BRACKET:
		return parse_list(parser);
	case TOKEN_OPEN_BRACE:
		return parse_record(parser);
	case TOKEN_NAME:
		return parse_name(parser);
	case TOKEN_UNION:
		if (parser_peek(parser, parser->token.end).kind == TOKEN_OPEN)
			return parse_name(parser);
		break;
	default:
		break;
	}
	if (parser_sees_type(parser, TOKEN_END, TOKEN_CLOSE) && parser->token.kind != TOKEN_END)
		return parser_fail(parser, "a type stands only in casts and arguments");
	return parser_fail(parser, "expected a value, found %s", found_words(parser));
}

bool parse_alternatives(struct parser *parser, struct expr *expr)
{
	do {
		struct expr *path = expr_new(parser, EXPR_PATH, parser->token.offset);

		if (parser_is(parser, TOKEN_NONE) &&
		    parser_peek(parser, parser->token.end).kind == TOKEN_CLOSE) {
			expr_add(parser, expr, parse_literal(parser));
			continue;
		}
		do {
			const char *name = parser_name(parser, "the name of a member");

			if (!name)
				return false;
			expr_add_name(parser, path, name);
		} while (parser_accept(parser, TOKEN_DOT) || parser_accept(parser, TOKEN_ARROW));
		expr_add(parser, expr, path);
	} while (parser_accept(parser, TOKEN_BAR));
	return parser_expect(parser, TOKEN_CLOSE, "after member alternatives (a|b.c|none)");
}

static struct expr *parse_member(struct parser *parser, struct expr *object)
{
	size_t offset = parser->token.offset;

	if (parser_accept(parser, TOKEN_OPEN)) {
		struct expr *expr = expr_new(parser, EXPR_ALTERNATIVES, offset);

		expr_add(parser, expr, object);
		parse_alternatives(parser, expr);
		return expr;
	}
	struct expr *expr = expr_new(parser, EXPR_MEMBER, offset);

	expr->name = parser_name(parser, "the name of a member");
	expr_add(parser, expr, object);
	if (parser_is(parser, TOKEN_OPEN))
		return parser_fail(parser, "members cannot be called; write %s(x)", expr->name);
	return expr;
}

static struct expr *parse_postfix(struct parser *parser)
{
	struct expr *expr = parse_primary(parser);

	while (!parser->error) {
		size_t offset = parser->token.offset;

		if (parser_accept(parser, TOKEN_DOT) || parser_accept(parser, TOKEN_ARROW)) {
			expr = parse_member(parser, expr);
		} else if (parser_accept(parser, TOKEN_OPEN_BRACKET)) {
			struct expr *element = expr_new(parser, EXPR_ELEMENT, offset);
			unsigned conditions = parser->conditions;

			parser->conditions = 0;
			expr_add(parser, element, expr);
			expr_add(parser, element, parse_expression(parser));
			parser_expect(parser, TOKEN_CLOSE_BRACKET, "after an index");
			parser->conditions = conditions;
			expr = element;
		} else {
			break;
		}
	}
	return expr;
}

static struct expr *parse_cast(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_CAST, parser->token.offset);

	parser_next(parser);
	expr->type = parse_type(parser);
	if (parser_expect(parser, TOKEN_CLOSE, "after the type of a cast"))
		expr_add(parser, expr, parse_unary(parser));
	return expr;
}

/* ---- operators ------------------------------------------------------------------------------ */

/* C's order; `not` binds weaker than everything but `and`, `or` and `??`. */
enum { LEVEL_KNOWN = 1, LEVEL_OR, LEVEL_AND, LEVEL_NOT, LEVEL_BAR };

static const unsigned char levels[TOKEN_COUNT] = {
	[TOKEN_KNOWN] = LEVEL_KNOWN,
	[TOKEN_OR] = LEVEL_OR,
	[TOKEN_AND] = LEVEL_AND,
	[TOKEN_BAR] = LEVEL_BAR,
	[TOKEN_CARET] = 6,
	[TOKEN_AMPERSAND] = 7,
	[TOKEN_EQUAL] = 8,
	[TOKEN_NOT_EQUAL] = 8,
	[TOKEN_LESS] = 9,
	[TOKEN_GREATER] = 9,
	[TOKEN_LESS_EQUAL] = 9,
	[TOKEN_GREATER_EQUAL] = 9,
	[TOKEN_IN] = 9,
	[TOKEN_SHIFT_LEFT] = 10,
	[TOKEN_SHIFT_RIGHT] = 10,
	[TOKEN_PLUS] = 11,
	[TOKEN_MINUS] = 11,
	[TOKEN_STAR] = 12,
	[TOKEN_SLASH] = 12,
	[TOKEN_PERCENT] = 12,
};

static struct expr *parse_binary(struct parser *parser, unsigned level);

static struct expr *parse_operand(struct parser *parser)
{
	size_t offset = parser->token.offset;
	enum token_kind op = parser->token.kind;

	if (op == TOKEN_OPEN && parser_sees_cast(parser))
		return parse_cast(parser);
	if (op != TOKEN_BANG && op != TOKEN_TILDE && op != TOKEN_MINUS && op != TOKEN_PLUS &&
	    op != TOKEN_AMPERSAND && op != TOKEN_STAR && op != TOKEN_NOT)
		return parse_postfix(parser);
	struct expr *expr = expr_new(parser, EXPR_UNARY, offset);

	expr->op = op == TOKEN_NOT ? TOKEN_BANG : op;
	parser_next(parser);
	expr_add(parser, expr,
		 op == TOKEN_NOT ? parse_binary(parser, LEVEL_BAR) : parse_unary(parser));
	return expr;
}

static struct expr *parse_unary(struct parser *parser)
{
	if (parser->error)
		return NULL;
	if (++parser->depth > EXPR_DEPTH_LIMIT)
		return parser_fail(parser, "expression is nested more than %d deep",
				   EXPR_DEPTH_LIMIT);
	struct expr *expr = parse_operand(parser);

	parser->depth--;
	return parser->error ? NULL : expr;
}

static struct expr *negated(struct parser *parser, struct expr *operand, size_t offset)
{
	struct expr *expr = expr_new(parser, EXPR_UNARY, offset);

	expr->op = TOKEN_BANG;
	expr_add(parser, expr, operand);
	return expr;
}

/* Operands joined by operators of `level` or stronger. */
static struct expr *parse_binary(struct parser *parser, unsigned level)
{
	struct expr *left = parse_unary(parser);

	while (!parser->error) {
		size_t offset = parser->token.offset;
		bool is_not_in = parser_is(parser, TOKEN_NOT) &&
				 parser_peek(parser, parser->token.end).kind == TOKEN_IN;
		enum token_kind op = is_not_in ? TOKEN_IN : parser->token.kind;

		if (levels[op] < level || !levels[op])
			break;
		if (is_not_in)
			parser_next(parser);
		parser_next(parser);
		struct expr *expr = expr_new(parser, EXPR_BINARY, offset);

		expr->op = op;
		expr_add(parser, expr, left);
		/* ?? joins from the right: a ?? (b ?? c). */
		expr_add(parser, expr, parse_binary(parser, levels[op] + (op != TOKEN_KNOWN)));
		left = is_not_in ? negated(parser, expr, offset) : expr;
	}
	return parser->error ? NULL : left;
}

static struct expr *parse_conditional(struct parser *parser)
{
	struct expr *condition = parse_binary(parser, LEVEL_KNOWN);

	if (!parser_is(parser, TOKEN_QUESTION))
		return condition;
	struct expr *expr = expr_new(parser, EXPR_CONDITIONAL, parser->token.offset);

	parser_next(parser);
	expr_add(parser, expr, condition);
	parser->conditions++;
	expr_add(parser, expr, parse_expression(parser));
	parser->conditions--;
	if (parser_expect(parser, TOKEN_COLON, "between the two results of ?"))
		expr_add(parser, expr, parse_expression(parser));
	return expr;
}

struct expr *parse_expression(struct parser *parser)
{
	if (parser->error)
		return NULL;
	if (++parser->depth > EXPR_DEPTH_LIMIT)
		return parser_fail(parser, "expression is nested more than %d deep",
				   EXPR_DEPTH_LIMIT);
	size_t start = parser->token.offset;
	struct expr *expr = parse_conditional(parser);

	parser->depth--;
	if (parser->error)
		return NULL;
	expr->start = start;
	expr->end = parser->behind;
	return expr;
}
