// SPDX-License-Identifier: GPL-2.0-or-later
// What a source of types or of symbols offers to symtab.c; nobody above symtab.c sees it. A source
// is opened by a function of its own (src_btf.h, src_dwarf.h…), which returns one of these with the
// source's own data behind it. A source reports what it has and no opinion: which source is asked
// first, what is ambiguous and which words the user reads is up to symtab.c.
//
// Everything a source hands out (types, names, descriptions) lives until its `free`. Nothing a file
// or a dump contains may crash, hang or exhaust it: a query on damaged data finds less.
#ifndef TYPES_SOURCE_H
#define TYPES_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "types/symtab.h"
#include "types/type.h"

/* Called for one name; false ends the visit. */
typedef bool name_visitor(void *context, const char *name);

struct enumerator_found {
	const struct type *type;
	int64_t value;
};

struct type_provider {
	const struct type_provider_ops *ops;
	const char *description; /* "BTF (dump)", "DWARF (/usr/lib/debug/boot/vmlinux-6.1.0)" */
	const char *module;      /* NULL: the kernel itself */
	bool is_partial;         /* breaks off: what it does not have may exist all the same */
};

/* Every slot is filled in every source. */
struct type_provider_ops {
	/* Types of that kind and name. Writes up to `capacity` of them to `ret` and returns how
	 * many there are. Types that do not differ (same size, same members: names, offsets, types
	 * by name) count as one; a mere declaration counts only where no complete type is.
	 * TYPE_INT: `name` has been through type_int_name(), and the source names its own base
	 * types so. Never asked for TYPE_VOID, _POINTER, _ARRAY and _FUNCTION. */
	size_t (*find)(struct type_provider *self, enum type_kind kind, const char *name,
		       const struct type **ret, size_t capacity);
	/* Enumerators of that name. Those of one value count as one. As `find` otherwise. */
	size_t (*enumerator)(struct type_provider *self, const char *name,
			     struct enumerator_found *ret, size_t capacity);
	/* Type of the global variable `symbol` (shifted by KASLR as in the dump), or NULL. A source
	 * without addresses goes by the name. */
	const struct type *(*variable)(struct type_provider *self, const struct symbol *symbol);
	/* Visits the names of types and enumerators, for suggestions; may be slow. */
	void (*names)(struct type_provider *self, name_visitor *visit, void *context);
	void (*free)(struct type_provider *self);
};

struct symbol_provider {
	const struct symbol_provider_ops *ops;
	const char *description; /* "kallsyms (dump)", "System.map (/boot/System.map-6.1.0)" */
	const char *module;      /* NULL: the kernel itself */
	bool is_partial;         /* breaks off: what it does not have may exist all the same */
	bool data_symbols;       /* variables are there too, not only functions */
};

struct symbol_provider_ops {
	/* Symbols of that name, addresses as in the dump. Writes up to `capacity` of them to `ret`
	 * and returns how many there are; same name and address count as one. `size` may be 0. */
	size_t (*find)(struct symbol_provider *self, const char *name, struct symbol *ret,
		       size_t capacity);
	/* The symbol with the highest address <= `address`, when `address` can belong to it: inside
	 * the range this source covers; per-CPU and absolute symbols are never an answer. Of
	 * several at one address the one that the kernel's own messages name (kallsyms: the first),
	 * else a global one. */
	bool (*symbolize)(struct symbol_provider *self, uint64_t address, struct symbol *ret);
	/* Visits all names, for suggestions; may be slow. */
	void (*names)(struct symbol_provider *self, name_visitor *visit, void *context);
	void (*free)(struct symbol_provider *self);
};

static inline void type_provider_free(struct type_provider *provider)
{
	if (provider)
		provider->ops->free(provider);
}
DEFINE_CLEANUP(struct type_provider *, type_provider_free)

static inline void symbol_provider_free(struct symbol_provider *provider)
{
	if (provider)
		provider->ops->free(provider);
}
DEFINE_CLEANUP(struct symbol_provider *, symbol_provider_free)

/* One spelling for each of C's integer types: "long unsigned int" -> "unsigned long". Static text;
 * a name that is not one of C's is returned as it is. (type.c) */
const char *type_int_name(const char *name);
/* Same kind, name, size and members (names, offsets, member types by kind, name and size), one
 * level deep: whether two types of one name are ambiguous. (type.c) */
bool type_has_same_layout(const struct type *a, const struct type *b);

#endif
