// SPDX-License-Identifier: GPL-2.0-or-later
// Text into tokens, one at a time from any place, so that the parser may look ahead by reading
// twice.
#ifndef EXPR_LEX_H
#define EXPR_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct expr_text;

enum token_kind {
	TOKEN_END,
	TOKEN_ERROR, /* nothing that could be meant: lex_error() has the words */
	TOKEN_NAME,
	TOKEN_INTEGER,
	TOKEN_REAL,
	TOKEN_STRING,
	TOKEN_DURATION, /* integer: nanoseconds */
	TOKEN_SIZE,	/* integer: bytes */
	/* words; `name` is set as for TOKEN_NAME */
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_IN,
	TOKEN_FOR,
	TOKEN_WHERE,
	TOKEN_WHILE,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_NONE,
	TOKEN_STRUCT,
	TOKEN_UNION,
	TOKEN_ENUM,
	/* signs */
	TOKEN_SHIFT_LEFT,
	TOKEN_SHIFT_RIGHT,
	TOKEN_LESS_EQUAL,
	TOKEN_GREATER_EQUAL,
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
	TOKEN_ARROW,
	TOKEN_KNOWN, /* ?? */
	TOKEN_LESS,
	TOKEN_GREATER,
	TOKEN_PLUS,
	TOKEN_MINUS,
	TOKEN_STAR,
	TOKEN_SLASH,
	TOKEN_PERCENT,
	TOKEN_AMPERSAND,
	TOKEN_BAR,
	TOKEN_CARET,
	TOKEN_TILDE,
	TOKEN_BANG,
	TOKEN_QUESTION,
	TOKEN_COLON,
	TOKEN_COMMA,
	TOKEN_DOT,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_OPEN_BRACKET,
	TOKEN_CLOSE_BRACKET,
	TOKEN_OPEN_BRACE,
	TOKEN_CLOSE_BRACE,
	TOKEN_COUNT,
};

struct token {
	enum token_kind kind;
	size_t offset, end;  /* in the text */
	const char *name;    /* NAME and words; in the arena */
	const char *problem; /* ERROR: what is wrong, static or in the arena */
	const char *bytes;   /* STRING, in the arena */
	size_t length;	     /* STRING */
	__int128 integer;    /* INTEGER, DURATION, SIZE */
	double real;	     /* REAL */
};

/* The token at or after `offset`. */
struct token lex_token(const struct expr_text *text, size_t offset, struct arena *arena);
/* How a kind of token is written: "and", "<<", "a name"; static text. */
const char *token_words(enum token_kind kind);

#endif
