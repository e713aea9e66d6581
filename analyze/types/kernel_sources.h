// SPDX-License-Identifier: GPL-2.0-or-later
// Which sources there are for the kernel itself (not its modules), in order of preference: what the
// dump holds, then a vmlinux, then what else lies on this machine.
#ifndef TYPES_KERNEL_SOURCES_H
#define TYPES_KERNEL_SOURCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "types/source.h"
#include "types/src_reached.h"

struct dump;

enum { KERNEL_SOURCES = 8 };

struct kernel_sources {
	struct dump *dump; /* NULL: types from files only */
	struct type_provider *types[KERNEL_SOURCES];
	size_t type_count;
	struct type_provider *btf; /* the one of `types` that modules' BTF continues, or NULL */
	struct symbol_provider *symbols[KERNEL_SOURCES];
	size_t symbol_count;
	struct symbol_provider *known;    /* what VMCOREINFO names; one of `symbols` */
	struct symbol_provider *exported; /* the export table, one of `symbols`, or NULL */
	struct reach reach; /* from `exported` to other variables; with it */
	char *vmlinux;  /* that belongs to the dump; NULL: not looked for or not found */
	uint64_t shift; /* what KASLR adds to its addresses */
	bool vmlinux_searched, vmlinux_given, dwarf_tried;
	struct buf notes; /* why a better source was not used, one per line */
};

/* Opens into zeroed storage. As symtab_new(): fails only when what the options ask for is not there: a vmlinux of this
 * kernel with something in it, its DWARF. Deinitialise it all the same. */
struct error *kernel_sources_open(struct kernel_sources *sources, struct dump *dump,
				  const struct symtab_options *options) MUST_CHECK;
void kernel_sources_deinit(struct kernel_sources *sources);
/* Adds the DWARF of a vmlinux named with -k, once: it is slow to open, so only when BTF has no
 * answer. True when it is there now and was not before. */
bool kernel_sources_need_dwarf(struct kernel_sources *sources);
/* Appends a note and releases the error. */
void kernel_sources_note(struct kernel_sources *sources, struct error *error);

/* Whether some source knows the names of all variables. */
bool kernel_has_variables(const struct kernel_sources *sources);

/* As the slots of the providers, asking each until one has an answer. */
size_t kernel_find_type(struct kernel_sources *sources, enum type_kind kind, const char *name,
			const struct type **ret, size_t capacity);
size_t kernel_find_enumerator(struct kernel_sources *sources, const char *name,
			      struct enumerator_found *ret, size_t capacity);
size_t kernel_find_symbol(struct kernel_sources *sources, const char *name, struct symbol *ret,
			  size_t capacity);

#endif
