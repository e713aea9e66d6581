// SPDX-License-Identifier: GPL-2.0-or-later
#include "expr/lex.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/expr.h"

/* How each kind is written. Of two signs the longer one stands first, so the first match is the
 * longest. */
static const char *const token_texts[] = {
	[TOKEN_END] = "the end",
	[TOKEN_ERROR] = "a mistake",
	[TOKEN_NAME] = "a name",
	[TOKEN_INTEGER] = "a number",
	[TOKEN_REAL] = "a number",
	[TOKEN_STRING] = "a text",
	[TOKEN_DURATION] = "a duration",
	[TOKEN_SIZE] = "a size",
	[TOKEN_AND] = "and",
	[TOKEN_OR] = "or",
	[TOKEN_NOT] = "not",
	[TOKEN_IN] = "in",
	[TOKEN_FOR] = "for",
	[TOKEN_WHERE] = "where",
	[TOKEN_WHILE] = "while",
	[TOKEN_TRUE] = "true",
	[TOKEN_FALSE] = "false",
	[TOKEN_NONE] = "none",
	[TOKEN_STRUCT] = "struct",
	[TOKEN_UNION] = "union",
	[TOKEN_ENUM] = "enum",
	[TOKEN_SHIFT_LEFT] = "<<",
	[TOKEN_SHIFT_RIGHT] = ">>",
	[TOKEN_LESS_EQUAL] = "<=",
	[TOKEN_GREATER_EQUAL] = ">=",
	[TOKEN_EQUAL] = "==",
	[TOKEN_NOT_EQUAL] = "!=",
	[TOKEN_ARROW] = "->",
	[TOKEN_KNOWN] = "??",
	[TOKEN_LESS] = "<",
	[TOKEN_GREATER] = ">",
	[TOKEN_PLUS] = "+",
	[TOKEN_MINUS] = "-",
	[TOKEN_STAR] = "*",
	[TOKEN_SLASH] = "/",
	[TOKEN_PERCENT] = "%",
	[TOKEN_AMPERSAND] = "&",
	[TOKEN_BAR] = "|",
	[TOKEN_CARET] = "^",
	[TOKEN_TILDE] = "~",
	[TOKEN_BANG] = "!",
	[TOKEN_QUESTION] = "?",
	[TOKEN_COLON] = ":",
	[TOKEN_COMMA] = ",",
	[TOKEN_DOT] = ".",
	[TOKEN_OPEN] = "(",
	[TOKEN_CLOSE] = ")",
	[TOKEN_OPEN_BRACKET] = "[",
	[TOKEN_CLOSE_BRACKET] = "]",
	[TOKEN_OPEN_BRACE] = "{",
	[TOKEN_CLOSE_BRACE] = "}",
};
static_assert(sizeof(token_texts) / sizeof(*token_texts) == TOKEN_COUNT, "every token is written");

const char *token_words(enum token_kind kind)
{
	return token_texts[kind];
}

static bool is_letter(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

/* Value of a digit of base 16, 16 for what is none. */
static unsigned digit_value(char byte)
{
	if (is_digit(byte))
		return (unsigned)(byte - '0');
	if (byte >= 'a' && byte <= 'f')
		return (unsigned)(byte - 'a') + 10;
	if (byte >= 'A' && byte <= 'F')
		return (unsigned)(byte - 'A') + 10;
	return 16;
}

static struct token token_mistake(struct token token, const char *problem)
{
	token.kind = TOKEN_ERROR;
	token.problem = problem;
	return token;
}

/* ---- numbers -------------------------------------------------------------------------------- */

struct unit {
	const char *name;
	enum token_kind kind;
	int64_t factor;
};

static const struct unit units[] = {
	{"ns", TOKEN_DURATION, 1},
	{"us", TOKEN_DURATION, 1000},
	{"ms", TOKEN_DURATION, 1000000},
	{"s", TOKEN_DURATION, 1000000000},
	{"m", TOKEN_DURATION, 60000000000},
	{"h", TOKEN_DURATION, 3600000000000},
	{"d", TOKEN_DURATION, 86400000000000},
	{"K", TOKEN_SIZE, 1024},
	{"M", TOKEN_SIZE, 1024 * 1024},
	{"G", TOKEN_SIZE, 1024 * 1024 * 1024},
	{"T", TOKEN_SIZE, (int64_t)1 << 40},
};

/* C's suffixes of integers, which mean nothing here: U, L, UL, LL, ULL in either case and order. */
static bool is_c_suffix(const char *suffix, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (!strchr("uUlL", suffix[i]))
			return false;
	}
	return length <= 3;
}

static const struct unit *unit_find(const char *suffix, size_t length)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strlen(units[i].name) == length && !memcmp(units[i].name, suffix, length))
			return &units[i];
	}
	return NULL;
}

/* Reads digits of `base`; false when the number does not fit. *position ends behind the last digit.
 */
static bool read_digits(const char *text, size_t *position, unsigned base, __int128 *ret)
{
	__int128 number = 0;
	bool fits = true;

	for (; digit_value(text[*position]) < base; (*position)++) {
		unsigned digit = digit_value(text[*position]);

		if (__builtin_mul_overflow(number, (__int128)base, &number) ||
		    __builtin_add_overflow(number, (__int128)digit, &number))
			fits = false;
	}
	*ret = number;
	return fits;
}

/* 1.5 and 1.5s: the text from token.offset has a '.' at `point`. */
static struct token lex_fraction(const char *text, struct token token, size_t point)
{
	size_t position = point + 1;
	__int128 fraction = 0, scale = 1;

	for (; is_digit(text[position]); position++) {
		if (scale < (__int128)1000000000000000000) {
			fraction = fraction * 10 + (text[position] - '0');
			scale *= 10;
		}
	}
	if ((text[position] == 'e' || text[position] == 'E') &&
	    (is_digit(text[position + 1]) ||
	     ((text[position + 1] == '-' || text[position + 1] == '+') &&
	      is_digit(text[position + 2]))))
		position += strspn(text + position + 1, "+-0123456789") + 1;
	size_t length = 0;

	while (is_letter(text[position + length]) || is_digit(text[position + length]))
		length++;
	token.end = position + length;
	if (!length) {
		token.kind = TOKEN_REAL;
		token.real = strtod(text + token.offset, NULL);
		return token;
	}
	const struct unit *unit = unit_find(text + position, length);

	if (!unit)
		return token_mistake(
			token, "unknown unit; durations end in ns us ms s m h d, sizes in K M G T");
	token.kind = unit->kind;
	if (__builtin_mul_overflow(token.integer, (__int128)unit->factor, &token.integer) ||
	    __builtin_add_overflow(token.integer, fraction * unit->factor / scale, &token.integer))
		return token_mistake(token, "number is too big for 128 bits");
	return token;
}

static struct token lex_number(const char *text, struct token token)
{
	size_t position = token.offset;
	unsigned base = 10;

	if (text[position] == '0' && (text[position + 1] == 'x' || text[position + 1] == 'X'))
		base = 16;
	else if (text[position] == '0' && (text[position + 1] == 'b' || text[position + 1] == 'B'))
		base = 2;
	else if (text[position] == '0' && is_digit(text[position + 1]))
		base = 8;
	if (base == 16 || base == 2)
		position += 2;
	size_t digits = position;
	bool fits = read_digits(text, &position, base, &token.integer);

	if (base == 10 && fits && text[position] == '.' && is_digit(text[position + 1]))
		return lex_fraction(text, token, position);
	size_t length = 0;

	while (is_letter(text[position + length]) || is_digit(text[position + length]))
		length++;
	token.end = position + length;
	const struct unit *unit = base == 10 ? unit_find(text + position, length) : NULL;

	token.kind = unit ? unit->kind : TOKEN_INTEGER;
	if (position == digits)
		return token_mistake(token, "number without digits");
	if (base == 8 && is_digit(text[position]))
		return token_mistake(token,
				     "a number that begins with 0 is octal and has no 8 or 9");
	if (!unit && !is_c_suffix(text + position, length))
		return token_mistake(
			token, "unknown unit; durations end in ns us ms s m h d, sizes in K M G T");
	if (!fits ||
	    (unit && __builtin_mul_overflow(token.integer, (__int128)unit->factor, &token.integer)))
		return token_mistake(token, "number is too big for 128 bits");
	return token;
}

/* ---- texts ---------------------------------------------------------------------------------- */

/* One character of a text behind a backslash; -1 when there is no such escape. */
static int read_escape(const char *text, size_t *position)
{
	static const char letters[] = "ntr0abfve\\\"'";
	static const char values[] = "\n\t\r\0\a\b\f\v\033\\\"'";
	char letter = text[*position];

	if (letter == 'x' && digit_value(text[*position + 1]) < 16 &&
	    digit_value(text[*position + 2]) < 16) {
		int byte = (int)(digit_value(text[*position + 1]) * 16 +
				 digit_value(text[*position + 2]));

		*position += 3;
		return byte;
	}
	const char *found = letter ? strchr(letters, letter) : NULL;

	if (!found)
		return -1;
	(*position)++;
	return (unsigned char)values[found - letters];
}

static struct token lex_text(const char *text, struct token token, struct arena *arena)
{
	char quote = text[token.offset];
	size_t position = token.offset + 1;
	struct buf buf _cleanup_(buf_deinit) = {0};

	while (text[position] && text[position] != quote && text[position] != '\n') {
		int byte = (unsigned char)text[position++];

		if (byte == '\\') {
			size_t escape = position - 1;

			byte = read_escape(text, &position);
			if (byte < 0) {
				token.offset = escape;
				return token_mistake(token, "unknown escape; there are \\n \\t \\r "
							    "\\0 \\\\ \\\" \\' \\xNN");
			}
		}
		buf_putc(&buf, (char)byte);
	}
	if (text[position] != quote)
		return token_mistake(token, quote == '"' ? "text without its closing quote"
							 : "character without its closing quote");
	token.end = position + 1;
	token.bytes = arena_strndup(arena, buf_text(&buf), buf.length);
	token.length = buf.length;
	token.kind = TOKEN_STRING;
	if (quote == '"')
		return token;
	if (buf.length != 1)
		return token_mistake(token,
				     "'…' holds one character; texts stand in double quotes");
	token.kind = TOKEN_INTEGER;
	/* The kernel's char is unsigned since 6.2 (3bc753c06dd0 "kbuild: treat char as always
	 * unsigned"). */
	token.integer = (unsigned char)buf.data[0];
	return token;
}

/* ---- the rest ------------------------------------------------------------------------------- */

static struct token lex_word(const char *text, struct token token, struct arena *arena)
{
	size_t length = 1;

	while (is_letter(text[token.offset + length]) || is_digit(text[token.offset + length]))
		length++;
	token.end = token.offset + length;
	token.name = arena_strndup(arena, text + token.offset, length);
	token.kind = TOKEN_NAME;
	for (enum token_kind kind = TOKEN_AND; kind <= TOKEN_ENUM; kind++) {
		if (!strcmp(token.name, token_texts[kind]))
			token.kind = kind;
	}
	return token;
}

static struct token lex_sign(const char *text, struct token token, struct arena *arena)
{
	const char *rest = text + token.offset;

	if (!strncmp(rest, "&&", 2) || !strncmp(rest, "||", 2)) {
		token.kind = rest[0] == '&' ? TOKEN_AND : TOKEN_OR;
		token.end = token.offset + 2;
		token.name = arena_strndup(arena, rest, 2);
		return token;
	}
	for (enum token_kind kind = TOKEN_SHIFT_LEFT; kind < TOKEN_COUNT; kind++) {
		size_t length = strlen(token_texts[kind]);

		if (!strncmp(rest, token_texts[kind], length)) {
			token.kind = kind;
			token.end = token.offset + length;
			return token;
		}
	}
	if (*rest == '=')
		return token_mistake(token, "= is no operator here; compare with ==");
	if (*rest > ' ' && *rest < 0x7f)
		return token_mistake(token,
				     arena_printf(arena, "unexpected character '%c'", *rest));
	return token_mistake(token,
			     arena_printf(arena, "unexpected byte 0x%02x", (unsigned char)*rest));
}

struct token lex_token(const struct expr_text *text, size_t offset, struct arena *arena)
{
	const char *bytes = text->text;

	while (bytes[offset] == ' ' || bytes[offset] == '\t' || bytes[offset] == '\n' ||
	       bytes[offset] == '\r')
		offset++;
	struct token token = {.kind = TOKEN_END, .offset = offset, .end = offset};

	if (!bytes[offset])
		return token;
	if (is_letter(bytes[offset]))
		return lex_word(bytes, token, arena);
	if (is_digit(bytes[offset]))
		return lex_number(bytes, token);
	if (bytes[offset] == '"' || bytes[offset] == '\'')
		return lex_text(bytes, token, arena);
	return lex_sign(bytes, token, arena);
}
