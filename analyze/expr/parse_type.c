// SPDX-License-Identifier: GPL-2.0-or-later
// Types as written, and telling a cast from a parenthesis without knowing any type.
#include <string.h>

#include "base/arena.h"
#include "expr/syntax.h"

enum { POINTER_LIMIT = 8 };

static bool is_one_of(const char *name, const char *const *words)
{
	for (; *words; words++) {
		if (!strcmp(name, *words))
			return true;
	}
	return false;
}

static bool is_qualifier(const struct token *token)
{
	static const char *const words[] = {"const",	 "volatile", "__user",	"__kernel",
					    "__percpu",	 "__rcu",    "__iomem", "__force",
					    "__bitwise", "restrict", NULL};

	return token->kind == TOKEN_NAME && is_one_of(token->name, words);
}

/* Words that make up C's arithmetic types. */
static bool is_int_word(const struct token *token)
{
	static const char *const words[] = {"unsigned", "signed", "int", "long",
					    "short",	"char",	  NULL};

	return token->kind == TOKEN_NAME && is_one_of(token->name, words);
}

static bool is_base_word(const struct token *token)
{
	static const char *const words[] = {"void", "bool", "_Bool", "float", "double", NULL};

	return is_int_word(token) || (token->kind == TOKEN_NAME && is_one_of(token->name, words));
}

/* Names that are typedefs by their look: u8…u64, s8…s64, __u8…, and what ends in _t. */
static bool is_typedef_name(const char *name)
{
	static const char *const words[] = {"u8",  "u16", "u32", "u64", "s8",
					    "s16", "s32", "s64", NULL};
	static const char *const orders[] = {"__le16", "__le32", "__le64",  "__be16",
					     "__be32", "__be64", "__sum16", "__wsum",
					     "uint",   "ulong",	 "ushort",  NULL};
	size_t length = strlen(name);

	if (length > 2 && !strcmp(name + length - 2, "_t"))
		return true;
	if (is_one_of(name, orders))
		return true;
	return is_one_of(!strncmp(name, "__", 2) ? name + 2 : name, words);
}

/* Looks at the tokens of a type without taking them. */
struct view {
	const struct parser *parser;
	struct token token;
};

static void view_next(struct view *view)
{
	view->token = parser_peek(view->parser, view->token.end);
}

static void view_skip_qualifiers(struct view *view)
{
	while (is_qualifier(&view->token))
		view_next(view);
}

/* How sure we are that a base type stands here. */
enum base { BASE_NONE, BASE_PERHAPS, BASE_SURE };

static enum base view_base(struct view *view)
{
	view_skip_qualifiers(view);
	enum token_kind kind = view->token.kind;

	if (kind == TOKEN_STRUCT || kind == TOKEN_UNION || kind == TOKEN_ENUM) {
		view_next(view);
		if (view->token.kind != TOKEN_NAME)
			return BASE_NONE;
		view_next(view);
		if (view->token.kind == TOKEN_COLON) {
			view_next(view);
			view_next(view);
		}
		return BASE_SURE;
	}
	if (kind != TOKEN_NAME)
		return BASE_NONE;
	bool is_word = is_base_word(&view->token);
	enum base base = is_word || is_typedef_name(view->token.name) ? BASE_SURE : BASE_PERHAPS;

	view_next(view);
	while (is_word && is_base_word(&view->token))
		view_next(view);
	return base;
}

/* Skips stars; returns how many there are. */
static unsigned view_pointers(struct view *view)
{
	unsigned stars = 0;

	view_skip_qualifiers(view);
	while (view->token.kind == TOKEN_STAR) {
		stars++;
		view_next(view);
		view_skip_qualifiers(view);
	}
	return stars;
}

bool parser_sees_type(const struct parser *parser, enum token_kind end, enum token_kind or_end)
{
	struct view view = {.parser = parser, .token = parser->token};
	bool is_word = is_base_word(&view.token) || view.token.kind == TOKEN_STRUCT ||
		       view.token.kind == TOKEN_UNION || view.token.kind == TOKEN_ENUM;
	enum base base = view_base(&view);
	unsigned stars = view_pointers(&view);

	if (base == BASE_NONE || (view.token.kind != end && view.token.kind != or_end))
		return false;
	/* A bare `name_t` may be a variable: the checker decides by where it stands. */
	return is_word || stars > 0;
}

bool parser_sees_cast(const struct parser *parser)
{
	struct view view = {.parser = parser, .token = parser_peek(parser, parser->token.end)};
	enum base base = view_base(&view);
	unsigned stars = view_pointers(&view);

	if (base == BASE_NONE || view.token.kind != TOKEN_CLOSE)
		return false;
	if (base == BASE_SURE || stars)
		return true;
	view_next(&view);
	switch (view.token.kind) {
	case TOKEN_NAME:
	case TOKEN_INTEGER:
	case TOKEN_REAL:
	case TOKEN_STRING:
	case TOKEN_DURATION:
	case TOKEN_SIZE:
		return true;
	default:
		return false;
	}
}

static void parse_qualifiers(struct parser *parser)
{
	while (!parser->error && is_qualifier(&parser->token))
		parser_next(parser);
}

/* struct, union or enum has been taken. */
static void parse_tag(struct parser *parser, struct type_syntax *type)
{
	type->name = parser_name(parser, "the name of a type");
	if (parser_is(parser, TOKEN_COLON) && parser->token.offset == parser->behind) {
		parser_next(parser);
		type->module = type->name;
		type->name = parser_name(parser, "the name of a type");
	}
}

static void parse_base_words(struct parser *parser, struct type_syntax *type)
{
	const char *name = parser_name(parser, "a type");

	if (!name)
		return;
	while (is_base_word(&parser->token)) {
		name = arena_printf(parser->arena, "%s %s", name, parser_name(parser, "a type"));
		if (strlen(name) > 64) {
			parser_fail(parser, "no such type");
			return;
		}
	}
	type->kind = TYPE_INT;
	type->name = name;
	if (!strcmp(name, "void"))
		type->kind = TYPE_VOID;
	else if (!strcmp(name, "bool"))
		type->name = "_Bool";
	else if (!strcmp(name, "float") || !strcmp(name, "double"))
		type->kind = TYPE_FLOAT;
}

static void parse_base(struct parser *parser, struct type_syntax *type)
{
	type->kind = TYPE_TYPEDEF;
	if (parser_accept(parser, TOKEN_STRUCT))
		type->kind = TYPE_STRUCT;
	else if (parser_accept(parser, TOKEN_UNION))
		type->kind = TYPE_UNION;
	else if (parser_accept(parser, TOKEN_ENUM))
		type->kind = TYPE_ENUM;
	if (type->kind == TYPE_TYPEDEF && is_base_word(&parser->token))
		parse_base_words(parser, type);
	else
		parse_tag(parser, type);
}

static void parse_dimensions(struct parser *parser, struct type_syntax *type)
{
	while (parser_accept(parser, TOKEN_OPEN_BRACKET)) {
		if (type->dimensions == sizeof(type->lengths) / sizeof(*type->lengths)) {
			parser_fail(parser, "too many dimensions");
			return;
		}
		uint64_t *length = &type->lengths[type->dimensions++];

		if (parser_is(parser, TOKEN_INTEGER)) {
			if (parser->token.integer > UINT32_MAX)
				parser_fail(parser, "array is too long");
			*length = (uint64_t)parser->token.integer;
			parser_next(parser);
		}
		parser_expect(parser, TOKEN_CLOSE_BRACKET, "after the length of an array");
	}
}

struct type_syntax *parse_type(struct parser *parser)
{
	struct type_syntax *type = ARENA_NEW(parser->arena, struct type_syntax);

	parse_qualifiers(parser);
	parse_base(parser, type);
	parse_qualifiers(parser);
	while (parser_accept(parser, TOKEN_STAR)) {
		if (++type->pointers > POINTER_LIMIT)
			return parser_fail(parser, "type has more than %d stars", POINTER_LIMIT);
		parse_qualifiers(parser);
	}
	parse_dimensions(parser, type);
	return parser->error ? NULL : type;
}
