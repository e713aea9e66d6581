// SPDX-License-Identifier: GPL-2.0-or-later
// The modules that were loaded: their symbols and types out of the dump (kernel/module/main.c,
// kernel/bpf/btf.c).
#ifndef TYPES_SRC_MODULE_H
#define TYPES_SRC_MODULE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "types/symbol_table.h"

struct arena;
struct dump;

enum { MODULE_RANGES = 8 };

/* What is known of a module before its symbols and types are read. */
struct module_facts {
	const char *name;
	const char *build_id; /* lower-case hexadecimal, NULL if the kernel does not keep it */
	uint64_t address;     /* of its struct module */
	uint64_t btf;         /* of its BTF's bytes, 0: none */
	uint64_t btf_size;
	struct symbol_range ranges[MODULE_RANGES]; /* memory it occupies */
	size_t range_count;
};

struct module_list {
	struct module_facts *items;
	size_t count, capacity; /* free(items) */
};

/* Where to begin: addresses of the kernel's variables `modules` and `btf_modules` (0: there is
 * none), and the kernel's types, of which struct module and the like are taken. */
struct module_heads {
	struct dump *dump;
	struct type_provider *types;
	uint64_t modules, btf_modules;
};

/* Appends every loaded module to `list`; strings are allocated from `arena`. An error says why the
 * walk broke off; the modules before it are in the list. ERROR_NO_SOURCE: struct module is unknown.
 */
struct error *src_module_list(const struct module_heads *heads, struct arena *arena,
			      struct module_list *list) MUST_CHECK;
/* A module's types, which continue those of `vmlinux` (from src_btf_new). ERROR_NO_SOURCE: it has
 * none. */
struct error *src_module_types(const struct module_heads *heads, const struct module_facts *module,
			       struct type_provider *vmlinux,
			       struct type_provider **ret) MUST_CHECK;
/* A module's symbols. ERROR_NO_SOURCE: the kernel does not keep them. */
struct error *src_module_symbols(const struct module_heads *heads,
				 const struct module_facts *module,
				 struct symbol_provider **ret) MUST_CHECK;

#endif
