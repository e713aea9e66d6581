// SPDX-License-Identifier: GPL-2.0-or-later
// The syntax tree: what was written, before anything is known of types.
#ifndef EXPR_SYNTAX_H
#define EXPR_SYNTAX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expr/expr.h"
#include "expr/lex.h"
#include "types/type.h"

/* A type as written: `struct M:name **[4]`. */
struct type_syntax {
	enum type_kind kind; /* VOID, INT, FLOAT, ENUM, STRUCT, UNION or TYPEDEF */
	const char *module;  /* NULL: any */
	const char *name;
	unsigned pointers;
	unsigned dimensions; /* of an array of these pointers */
	uint64_t lengths[4]; /* outermost first; 0: flexible */
};

enum { CONDITION_LIMIT = 4 };

/* `where C` leaves elements out, `while C` ends the walk before the first for which C is false. */
struct condition {
	bool is_while;
	struct expr *expr;
};

/* `key, name in walk where condition` */
struct binding {
	const char *key; /* NULL: none */
	const char *name;
	struct expr *walk;
	struct condition conditions[CONDITION_LIMIT];
	size_t condition_count;
};

enum expr_kind {
	EXPR_INTEGER,
	EXPR_REAL,
	EXPR_STRING,
	EXPR_BOOL,
	EXPR_NONE,
	EXPR_DURATION,
	EXPR_SIZE,
	EXPR_NAME,	   /* module:name */
	EXPR_TYPE,	   /* type, as an argument */
	EXPR_MEMBER,	   /* args[0].name */
	EXPR_ALTERNATIVES, /* args[0].(args[1]|args[2]…), each a PATH or NONE */
	EXPR_PATH,	   /* names: a.b.c */
	EXPR_ELEMENT,	   /* args[0][args[1]] */
	EXPR_CALL,	   /* name(args…) */
	EXPR_UNARY,	   /* op args[0] */
	EXPR_BINARY,	   /* args[0] op args[1] */
	EXPR_CONDITIONAL,  /* args[0] ? args[1] : args[2] */
	EXPR_CAST,	   /* (type)args[0] */
	EXPR_LIST,	   /* [args…] */
	EXPR_RECORD,	   /* {names: args} */
	EXPR_AGGREGATE,	   /* name(args[0] for bindings), or without args: name(bindings) */
	EXPR_GENERATOR,	   /* (args[0] for bindings) */
	EXPR_CLAUSES,	   /* bindings */
	EXPR_SIGNATURE,	   /* name(names) */
	EXPR_TEMPLATE,	   /* pieces of text (STRING) and expressions */
	EXPR_NEED,	   /* name, or type, names: path of a member; integer 1: module `name` */
	EXPR_KIND_COUNT,
};

struct expr {
	enum expr_kind kind;
	enum token_kind op;
	unsigned height; /* of the tree; bounded, so that recursion over it is */
	bool in_parentheses;
	size_t offset;	   /* of the caret */
	size_t start, end; /* of the text of a whole expression */
	const struct expr_text *text;
	const char *module, *name;
	__int128 integer; /* INTEGER, BOOL, DURATION, SIZE */
	double real;
	const char *bytes; /* STRING */
	size_t length;	   /* STRING */
	struct expr **args;
	size_t count; /* of args; of names in PATH and SIGNATURE */
	const char **names;
	struct type_syntax *type;
	struct binding *bindings;
	size_t binding_count;
};

/* ---- the parser's parts; parse.c is expressions, parse_type.c types, parse_walk.c clauses ---- */

struct parser {
	struct arena *arena;
	const struct expr_text *text;
	struct token token;  /* current, not yet taken */
	size_t behind;	     /* end of the last token taken */
	unsigned depth;	     /* of nesting */
	unsigned conditions; /* `?` that wait for their `:`, so a bare `M:name` is no name here */
	struct error *error; /* first mistake; all parsing functions then return NULL or false */
};

/* Takes the current token. */
void parser_next(struct parser *parser);
bool parser_is(const struct parser *parser, enum token_kind kind);
/* Takes the token if it is of that kind. */
bool parser_accept(struct parser *parser, enum token_kind kind);
/* The same, but everything else is a mistake: "expected ) after WHERE, found x". */
bool parser_expect(struct parser *parser, enum token_kind kind, const char *where);
/* Notes a mistake at the current token; returns NULL. */
void *parser_fail(struct parser *parser, const char *format, ...) PRINTF_LIKE(2, 3);
/* The token behind the one that ends at `end`. */
struct token parser_peek(const struct parser *parser, size_t end);
/* The name in the current token (a word like `in` counts, too), taken; NULL is a mistake. */
const char *parser_name(struct parser *parser, const char *what);

struct expr *expr_new(struct parser *parser, enum expr_kind kind, size_t offset);
/* Adds an argument; NULL (after a mistake) is ignored. */
void expr_add(struct parser *parser, struct expr *expr, struct expr *arg);
void expr_add_name(struct parser *parser, struct expr *expr, const char *name);

struct expr *parse_expression(struct parser *parser);
/* Whether a type stands at the current token and is followed by one of the two kinds. */
bool parser_sees_type(const struct parser *parser, enum token_kind end, enum token_kind or_end);
/* Whether a cast stands at the current `(`. */
bool parser_sees_cast(const struct parser *parser);
struct type_syntax *parse_type(struct parser *parser);
/* Whether `name in` or `key, name in` stands here. */
bool parser_sees_binding(const struct parser *parser);
/* Bindings into `expr`. */
bool parse_bindings(struct parser *parser, struct expr *expr);
/* `name(` has been taken and `name` aggregates. */
struct expr *parse_aggregate(struct parser *parser, const char *name, size_t offset);
bool is_aggregate(const char *name);
/* a.b.c | (a|b.c|none): the list of alternatives behind `(`, into `expr`, with its `)`. */
bool parse_alternatives(struct parser *parser, struct expr *expr);

#endif
