// SPDX-License-Identifier: GPL-2.0-or-later
// What callers have parsed: whole expressions, and the other texts of a rule that hold some.
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/message.h"
#include "expr/syntax.h"

static struct expr *start_clauses(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_CLAUSES, parser->token.offset);

	parse_bindings(parser, expr);
	return expr;
}

static struct expr *start_signature(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_SIGNATURE, parser->token.offset);

	if (!parser_is(parser, TOKEN_NAME))
		return parser_fail(parser, "expected a name, as in threads(p)");
	expr->name = parser_name(parser, "a name");
	if (!parser_accept(parser, TOKEN_OPEN))
		return expr;
	while (!parser->error && !parser_is(parser, TOKEN_CLOSE)) {
		if (!parser_is(parser, TOKEN_NAME))
			return parser_fail(parser, "expected the name of a parameter");
		for (size_t i = 0; i < expr->count; i++) {
			if (!strcmp(expr->names[i], parser->token.name))
				return parser_fail(parser, "parameter %s stands there twice",
						   parser->token.name);
		}
		expr_add_name(parser, expr, parser_name(parser, "a parameter"));
		if (!parser_accept(parser, TOKEN_COMMA))
			break;
	}
	parser_expect(parser, TOKEN_CLOSE, "after the parameters");
	return expr;
}

/* (a.b|c|none) stands for this.(a.b|c|none); everything else is an expression in which the struct's
 * members are names. */
static struct expr *start_member(struct parser *parser)
{
	struct parser attempt = *parser;

	if (!parser_accept(&attempt, TOKEN_OPEN))
		return parse_expression(parser);
	struct expr *expr = expr_new(&attempt, EXPR_ALTERNATIVES, parser->token.offset);
	struct expr *object = expr_new(&attempt, EXPR_NAME, parser->token.offset);

	object->name = "this";
	expr_add(&attempt, expr, object);
	if (parse_alternatives(&attempt, expr) && parser_is(&attempt, TOKEN_END)) {
		*parser = attempt;
		return expr;
	}
	error_free(attempt.error);
	return parse_expression(parser);
}

static struct expr *start_type(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_TYPE, parser->token.offset);

	expr->type = parse_type(parser);
	return expr;
}

static struct expr *start_need(struct parser *parser)
{
	struct expr *expr = expr_new(parser, EXPR_NEED, parser->token.offset);
	struct token next = parser_peek(parser, parser->token.end);

	if (parser_is(parser, TOKEN_NAME) && !strcmp(parser->token.name, "module") &&
	    next.kind == TOKEN_NAME) {
		parser_next(parser);
		expr->integer = 1;
		expr->name = parser_name(parser, "the name of a module");
		return expr;
	}
	if (parser_is(parser, TOKEN_STRUCT) || parser_is(parser, TOKEN_UNION) ||
	    parser_is(parser, TOKEN_ENUM)) {
		expr->type = parse_type(parser);
		while (parser_accept(parser, TOKEN_DOT))
			expr_add_name(parser, expr, parser_name(parser, "the name of a member"));
		return expr;
	}
	if (!parser_is(parser, TOKEN_NAME))
		return parser_fail(
			parser,
			"expected a variable, struct NAME, struct NAME.MEMBER, enum NAME or "
			"module NAME");
	expr->name = parser_name(parser, "a name");
	if (parser_accept(parser, TOKEN_COLON)) {
		expr->module = expr->name;
		expr->name = parser_name(parser, "a name");
	}
	return expr;
}

/* The text from *position up to a single brace, {{ and }} made one, as a STRING. */
static struct expr *template_text(struct parser *parser, size_t *position)
{
	const char *text = parser->text->text;
	struct expr *expr = expr_new(parser, EXPR_STRING, *position);
	struct buf buf _cleanup_(buf_deinit) = {0};
	size_t i = *position;

	for (; text[i]; i++) {
		if (text[i] == '{' || text[i] == '}') {
			if (text[i + 1] != text[i])
				break;
			i++;
		}
		buf_putc(&buf, text[i]);
	}
	*position = i;
	expr->length = buf.length;
	expr->bytes = arena_strndup(parser->arena, buf_text(&buf), buf.length);
	return expr;
}

static struct expr *start_template(struct parser *parser)
{
	const char *text = parser->text->text;
	struct expr *expr = expr_new(parser, EXPR_TEMPLATE, 0);
	size_t position = 0;

	for (;;) {
		struct expr *piece = template_text(parser, &position);

		if (piece->length)
			expr_add(parser, expr, piece);
		parser->token =
			(struct token){.kind = TOKEN_END, .offset = position, .end = position};
		if (text[position] == '}')
			return parser_fail(parser, "} without {; a brace as text is written twice");
		if (!text[position])
			return expr;
		parser->token = lex_token(parser->text, position + 1, parser->arena);
		expr_add(parser, expr, parse_expression(parser));
		if (!parser_is(parser, TOKEN_CLOSE_BRACE))
			return parser_fail(parser, "expected } after an expression in a text");
		position = parser->token.end;
	}
}

struct error *expr_parse(struct arena *arena, const struct expr_text *text, enum expr_start start,
			 struct expr **ret)
{
	static struct expr *(*const starts[])(struct parser *) = {
		[EXPR_START_EXPRESSION] = parse_expression,
		[EXPR_START_CLAUSES] = start_clauses,
		[EXPR_START_SIGNATURE] = start_signature,
		[EXPR_START_MEMBER] = start_member,
		[EXPR_START_TYPE] = start_type,
		[EXPR_START_TEMPLATE] = start_template,
		[EXPR_START_NEED] = start_need,
	};
	struct parser parser = {
		.arena = arena,
		.text = arena_copy(arena, text, sizeof(*text)),
	};

	if (strnlen(text->text, EXPR_TEXT_LIMIT + 1) > EXPR_TEXT_LIMIT)
		return message_at(parser.text, 0, ERROR_SYNTAX, "expression is longer than %d bytes",
				  EXPR_TEXT_LIMIT);
	if (start != EXPR_START_TEMPLATE)
		parser.token = lex_token(parser.text, 0, arena);
	struct expr *expr = starts[start](&parser);

	if (start != EXPR_START_TEMPLATE && !parser_is(&parser, TOKEN_END))
		parser_fail(&parser, "expected an operator or the end");
	if (parser.error)
		return parser.error;
	*ret = expr;
	return NULL;
}

struct error *expr_error(const struct expr *expr, enum error_code code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct error *error = message_vat(expr->text, expr->offset, code, format, arguments);
	va_end(arguments);
	return error;
}

const char *expr_place(const struct expr *expr, struct arena *arena)
{
	return arena_printf(arena, "%s:%zu", expr->text->file,
			    message_line(expr->text, expr->start));
}

const struct expr *expr_sort_key(const struct expr *expr, bool *ret_descending)
{
	bool is_minus = expr->kind == EXPR_UNARY && expr->op == TOKEN_MINUS;
	bool is_desc = expr->kind == EXPR_CALL && !strcmp(expr->name, "desc") && expr->count == 1;

	*ret_descending = is_minus || is_desc;
	return *ret_descending ? expr->args[0] : expr;
}

const char *expr_signature_name(const struct expr *signature)
{
	return signature->name;
}

const char *expr_signature_parameter(const struct expr *signature, size_t position)
{
	return position < signature->count ? signature->names[position] : NULL;
}
