// SPDX-License-Identifier: GPL-2.0-or-later
// Typed data: what an expression evaluates to. Passed by value; strings, lists and records are
// borrowed from the arena of whoever evaluated them.
#ifndef VALUE_VALUE_H
#define VALUE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "types/type.h"

struct arena;
struct dump;

enum value_kind {
	VALUE_ABSENT, /* could not be read: `absent` says why and where */
	VALUE_NONE,   /* there is no such thing */
	VALUE_BOOL,   /* integer 0 or 1 */
	VALUE_INT,    /* mathematical integer; `type`: the C type it was read as, or NULL */
	VALUE_REAL,
	VALUE_STRING,
	VALUE_DURATION, /* integer: nanoseconds */
	VALUE_SIZE,     /* integer: bytes */
	VALUE_TIME,     /* integer: nanoseconds since 1970-01-01 UTC */
	VALUE_POINTER,  /* integer: the address it holds; `type`: the pointer type */
	VALUE_OBJECT,   /* data in the dump, not loaded: `object`; `type`: its type */
	VALUE_LIST,
	VALUE_RECORD,
};

struct value_list {
	struct value *items;
	size_t count;
	bool is_partial;    /* the walk it came from broke off: more elements may exist */
	struct fault fault; /* why, when is_partial */
};

struct value {
	enum value_kind kind;
	const struct type *type;
	union {
		__int128 integer;
		double real;
		struct {
			const char *data; /* not NUL-terminated, any bytes */
			size_t length;
		} string;
		struct {
			uint64_t address;
			uint32_t bit_offset; /* bit-fields: bits from `address`; else 0 */
			uint32_t bit_size;   /* 0: not a bit-field */
		} object;
		struct fault absent;
		const struct value_list *list;
		const struct value_record *record;
	};
};

struct value_record {
	const char *const *names;
	const struct value *values;
	size_t count;
};

static inline struct value value_absent(enum error_code code, uint64_t address, const char *what)
{
	return (struct value){.kind = VALUE_ABSENT,
			      .absent = {.code = code, .address = address, .what = what}};
}

static inline struct value value_int(__int128 integer)
{
	return (struct value){.kind = VALUE_INT, .integer = integer};
}

static inline struct value value_bool(bool truth)
{
	return (struct value){.kind = VALUE_BOOL, .integer = truth};
}

static inline struct value value_object(const struct type *type, uint64_t address)
{
	return (struct value){.kind = VALUE_OBJECT, .type = type, .object = {.address = address}};
}

/* Loads an object: integers, enums, bools and pointers become VALUE_INT, VALUE_BOOL or
 * VALUE_POINTER (bit-fields and byte order included), floats VALUE_REAL; structs, unions and arrays
 * stay as they are. Every other kind is returned unchanged; what cannot be read is VALUE_ABSENT. */
struct value value_load(struct dump *dump, struct value value);
/* The object member of a struct object at a known place. */
struct value value_member(struct value object, const struct type_member *member);
/* What a pointer points at, as an object; absent for NULL and for void. */
struct value value_dereference(struct value pointer);
/* Element `index` of an array or pointer, as an object. No bounds check: kernels use flexible
 * arrays. */
struct value value_index(struct value array, __int128 index);
/* Bytes up to the first NUL at an address, at most `limit`; the string is copied into `arena`. */
struct value value_string(struct dump *dump, struct arena *arena, uint64_t address, size_t limit);
/* A char array object as a string up to its first NUL. */
struct value value_char_array(struct dump *dump, struct arena *arena, struct value object);
/* Three-way order of two present values of comparable kinds (numbers, strings, durations…). */
int value_compare(const struct value *a, const struct value *b);

#endif
