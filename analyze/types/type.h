// SPDX-License-Identifier: GPL-2.0-or-later
// Layouts of the crashed kernel's types, wherever they come from (BTF, DWARF). Immutable, and
// owned by the source that made them: valid as long as the symtab.
#ifndef TYPES_TYPE_H
#define TYPES_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct buf;

enum type_kind {
	TYPE_VOID,
	TYPE_INT, /* also char and bool: see is_signed, is_bool, is_char */
	TYPE_FLOAT,
	TYPE_ENUM,
	TYPE_POINTER,
	TYPE_ARRAY,
	TYPE_STRUCT,
	TYPE_UNION,
	TYPE_FUNCTION,
	TYPE_TYPEDEF,
};

struct type_source; /* makes targets and members on demand */

struct type {
	enum type_kind kind;
	const char *name; /* tag, typedef or base type name; NULL when anonymous */
	uint64_t size;    /* bytes; 0 for void, functions and incomplete types */
	uint64_t length;  /* of an array: number of elements; 0 for flexible ones */
	bool is_signed, is_bool;
	bool is_char;     /* plain `char`, the stuff of text: not u8, not signed char */
	bool is_complete; /* false: declared only, members unknown */
	/* The rest belongs to the source; ask through the functions below. */
	struct type_source *source;
	uint64_t id;
	const struct type *target;
	const struct type_member *members;
	const struct type_enumerator *enumerators;
	uint32_t member_count;
	bool is_resolved;
};

struct type_member {
	const char *name; /* NULL for an anonymous struct or union */
	const struct type *type;
	uint64_t bit_offset; /* from the start of the struct, in the dump's own bit order:
				on little-endian machines bit 0 is the lowest of byte 0 */
	uint32_t bit_size;   /* of a bit-field; 0 for ordinary members */
};

struct type_enumerator {
	const char *name;
	int64_t value; /* unsigned 64-bit values beyond INT64_MAX wrap: see type->is_signed */
};

/* A source fills target, members and enumerators of one of its types when first asked. */
struct type_source {
	void (*resolve)(struct type_source *source, struct type *type);
};

/* Pointee, element, aliased type or function result; the void type where there is none. */
const struct type *type_target(const struct type *type);
/* The type behind typedefs (qualifiers are not represented at all). */
const struct type *type_strip(const struct type *type);
/* Members of a struct or union, typedefs stripped; NULL and 0 for others. */
const struct type_member *type_members(const struct type *type, size_t *ret_count);
const struct type_enumerator *type_enumerators(const struct type *type, size_t *ret_count);
/* Finds a member by name, also inside anonymous members; offsets are then from `type`'s start. */
bool type_find_member(const struct type *type, const char *name, struct type_member *ret);
/* Whether members of it cannot be named or looked into, as a part of the types is missing: one that
 * is not found may be there all the same. */
bool type_lacks_names(const struct type *type);
/* The nearest member name to a misspelt one, or NULL. */
const char *type_suggest_member(const struct type *type, const char *name);
/* Name of the enumerator with that value, or NULL. */
const char *type_enumerator_name(const struct type *type, int64_t value);
/* Same type: identity, or same kind, name and size (two sources may both have it). */
bool type_is_same(const struct type *a, const struct type *b);
/* Writes it as C does: "struct list_head *", "char [16]", "enum zone_type". */
void type_print(const struct type *type, struct buf *buf);

extern const struct type type_void;

#endif
