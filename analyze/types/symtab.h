// SPDX-License-Identifier: GPL-2.0-or-later
// Names of the crashed kernel: types, symbols, enumerators. Asks each source in order, and no
// caller can tell which one answered, except through symtab_describe().
#ifndef TYPES_SYMTAB_H
#define TYPES_SYMTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "types/type.h"

struct dump;
struct symtab;

struct symtab_options {
	const char *vmlinux; /* -k: use this file, refuse it when it belongs to another kernel;
				NULL: search */
	bool dwarf_only; /* take types from DWARF although BTF is there (tests and benchmarks) */
};

struct symbol {
	const char *name;
	const char *module; /* NULL: the kernel itself */
	uint64_t address;   /* of a per-CPU variable: its offset in the per-CPU area */
	uint64_t size;      /* bytes to the next symbol, 0 if unknown */
	char kind;          /* as nm(1): 'T' text, 'D' data, 'A' absolute… */
};

/* Where names come from, for "How this kernel was read"; strings live as long as the symtab.
 * Several sources are joined by ", " in the order in which they are asked; more may join as names are
 * looked up. */
struct symtab_sources {
	const char *types;   /* "BTF (dump)", "BTF (FILE)", "DWARF (FILE)" or "none" */
	const char *symbols; /* "kallsyms (dump)", "kallsyms (dump, found by shape)",
				"System.map (FILE)", "ELF symbols (FILE)" or "none" */
	const char *modules; /* "N modules, M with types" */
	const char *vmlinux; /* the file given with -k or found, if one was needed; or NULL */
	const char *notes;   /* why a better source was not used, one per line, or "" */
	bool data_symbols;   /* false: kernel without CONFIG_KALLSYMS_ALL */
};

/* Opens every source the dump and the machine offer. Fails only when -k names a file that cannot be
 * used (ERROR_MISMATCH with both build-ids, ERROR_INVALID, ERROR_IO), or DWARF is asked for and there is
 * none: a kernel with neither types nor symbols gives a symtab that answers ERROR_NO_SOURCE. The dump must outlive it. */
struct error *symtab_new(struct dump *dump, const struct symtab_options *options,
			 struct symtab **ret) MUST_CHECK;
/* Types only, from raw BTF files or ELF files with .BTF (vmlinux first, then modules): for checking
 * rules without a dump. Kernel variables then resolve by `variables:` declarations alone. */
struct error *symtab_new_btf(const char *const *files, size_t count,
			     struct symtab **ret) MUST_CHECK;
/* How many of the files (one at least) symtab_new_btf() is to be given together: the first and the modules' that
 * follow it, up to the next BTF of a kernel. ERROR_INVALID where the first is of a module. */
struct error *symtab_btf_span(const char *const *files, size_t count, size_t *ret) MUST_CHECK;
void symtab_free(struct symtab *symtab);
DEFINE_CLEANUP(struct symtab *, symtab_free)

const struct symtab_sources *symtab_sources(const struct symtab *symtab);

/* Type by kind and name: TYPE_STRUCT "task_struct", TYPE_TYPEDEF "pid_t", TYPE_INT "unsigned long".
 * TYPE_INT names are normalised ("long unsigned int", "unsigned long int" are the same). `module`
 * NULL: the kernel, then every module. ERROR_NOT_FOUND (with the nearest name), ERROR_AMBIGUOUS
 * (lists the modules), ERROR_NO_SOURCE. */
struct error *symtab_type(struct symtab *symtab, enum type_kind kind, const char *name,
			  const char *module, const struct type **ret) MUST_CHECK;
/* Enumerator by name, with its enum. */
struct error *symtab_enumerator(struct symtab *symtab, const char *name,
				const struct type **ret_type, int64_t *ret_value) MUST_CHECK;
/* A symbol by name. ERROR_NOT_FOUND, ERROR_AMBIGUOUS, ERROR_NO_SOURCE; where only
 * CONFIG_KALLSYMS_ALL is missing, ERROR_NO_SOURCE says so. `module` "" means the kernel itself,
 * NULL anywhere. */
struct error *symtab_symbol(struct symtab *symtab, const char *name, const char *module,
			    const struct symbol **ret) MUST_CHECK;
/* The same without words: NULL when there is no single such symbol. */
const struct symbol *symtab_find(struct symtab *symtab, const char *name);
/* Type of a global variable from the debug data (DWARF, BTF's VAR), or NULL: then `variables:` says
 * it. */
const struct type *symtab_variable_type(struct symtab *symtab, const struct symbol *symbol);
/* The symbol that contains `address`, or NULL; *ret_offset is the distance from its start. */
const struct symbol *symtab_symbolize(struct symtab *symtab, uint64_t address,
				      uint64_t *ret_offset);
/* Pointer to `target` / array of `length` elements (0: flexible): for casts and declarations. */
const struct type *symtab_pointer_to(struct symtab *symtab, const struct type *target);
const struct type *symtab_array_of(struct symtab *symtab, const struct type *element,
				   uint64_t length);
/* Loaded modules whose types or symbols can be asked for: name by position, NULL past the end. */
const char *symtab_module(const struct symtab *symtab, size_t position);
/* While names are only tried, "not found" comes without the nearest name, whose search takes a
 * millisecond. Returns the setting before. */
bool symtab_try(struct symtab *symtab, bool trying);
/* Nearest variable, type or enumerator name to a misspelt one, or NULL. */
const char *symtab_suggest(struct symtab *symtab, const char *name);

#endif
