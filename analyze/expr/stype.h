// SPDX-License-Identifier: GPL-2.0-or-later
// Static types: what an expression will evaluate to, known before any byte is read.
#ifndef EXPR_STYPE_H
#define EXPR_STYPE_H

#include <stdbool.h>
#include <stddef.h>

#include "types/type.h"
#include "value/value.h"

struct arena;
struct buf;

enum stype_kind {
	STYPE_UNKNOWN, /* always absent, or the element of []: fits everywhere */
	STYPE_NONE,
	STYPE_BOOL,
	STYPE_INT,
	STYPE_REAL,
	STYPE_STRING,
	STYPE_DURATION,
	STYPE_SIZE,
	STYPE_TIME,
	STYPE_POINTER,
	STYPE_OBJECT,
	STYPE_LIST,
	STYPE_RECORD,
	STYPE_WALK,
	STYPE_COUNT,
};

struct stype_fields;

struct stype {
	enum stype_kind kind;
	bool or_none;
	bool is_seconds; /* DURATION: a column whose heading says seconds; beside it a number is some */
	bool is_percpu; /* POINTER, OBJECT: the address is an offset into each CPU's area */
	const struct type *type; /* BOOL, INT, STRING (a char array), POINTER, OBJECT; may be NULL
				    in the first three */
	const struct stype *element;	   /* LIST, WALK */
	const struct stype_fields *fields; /* RECORD */
};

struct stype_fields {
	const char *const *names;
	const struct stype *types;
	size_t count;
};

/* "struct rq", "duration or none", "walk of struct sock". */
void stype_print(const struct stype *stype, struct buf *buf);
/* The same in an arena. */
const char *stype_words(const struct stype *stype, struct arena *arena);
/* The type of what may be either; false when there is none. INT and REAL meet in REAL, BOOL and INT
 * in INT, an object and a pointer to its type in the pointer, char arrays and strings in strings.
 */
bool stype_join(const struct stype *a, const struct stype *b, struct arena *arena,
		struct stype *ret);
/* Kind of the values of that type: the value of a walk is a list. */
enum value_kind stype_value_kind(const struct stype *stype);
/* Array of char: a text up to its first NUL. */
bool type_is_text(const struct type *type);
/* Integer, enum, pointer or floating: what is loaded when used. */
bool type_is_scalar(const struct type *type);

#endif
