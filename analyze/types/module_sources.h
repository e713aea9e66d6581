// SPDX-License-Identifier: GPL-2.0-or-later
// Types and symbols of the loaded modules, each read when it is first asked for.
#ifndef TYPES_MODULE_SOURCES_H
#define TYPES_MODULE_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "types/src_module.h"

struct arena;
struct kernel_sources;

struct module_source {
	struct module_facts facts;
	/* As far as read: ask through the functions below. */
	struct type_provider *types;
	struct symbol_provider *symbols;
	struct type_provider *distilled; /* a file's .BTF.base, on which its types stand */
	bool types_tried, symbols_tried;
};

struct module_sources {
	struct kernel_sources *kernel;
	struct arena *arena;
	struct module_source *items;
	size_t count, capacity;
	bool is_partial; /* the list of modules is unknown or broke off */
	bool wants_pages; /* because pages of the dump are missing */
};

/* Empty; `kernel` and `arena` outlive it. */
void module_sources_init(struct module_sources *modules, struct kernel_sources *kernel,
			 struct arena *arena);
void module_sources_deinit(struct module_sources *modules);
/* Lists the modules of the dump; what goes wrong is noted in the kernel's notes. */
void module_sources_list(struct module_sources *modules);
/* Adds the types of a module's file, for a kernel whose types come from a file. */
struct error *module_sources_add_file(struct module_sources *modules, const char *path) MUST_CHECK;

/* NULL if it has none, or they cannot be read. */
struct type_provider *module_types(struct module_sources *modules, struct module_source *module);
struct symbol_provider *module_symbols(struct module_sources *modules,
				       struct module_source *module);
/* The module of that name ('-' and '_' are the same), or the one that occupies an address; or NULL.
 */
struct module_source *module_find(struct module_sources *modules, const char *name);
struct module_source *module_at(struct module_sources *modules, uint64_t address);

/* Types of an ELF file's .BTF, or of a whole file of BTF. `base` is the kernel's, for a module. */
struct error *btf_file_open(const char *path, const char *module, struct type_provider *base,
			    struct type_provider **ret) MUST_CHECK;

/* Whether that BTF stands alone, as a kernel's does, and does not continue another one, as a module's. */
struct error *btf_file_is_whole(const char *path, bool *ret) MUST_CHECK;

#endif
