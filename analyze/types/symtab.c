// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/symtab.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "types/source.h"
#include "types/src_btf.h"
#include "types/src_kallsyms.h"
#include "types/suggest.h"

enum {
	SYMTAB_CHOICES = 8, /* choices listed where a name is ambiguous */
	SYMTAB_NAME = 512,  /* longest name that is looked for */
};

/* Symbols handed out live as long as the symtab. */
struct symbol_node {
	struct symbol symbol;
	struct symbol_node *next; /* of the same name */
};

struct symtab {
	struct dump *dump; /* NULL: types only */
	struct arena *arena;
	struct type_provider *types;     /* the kernel's, or NULL */
	struct symbol_provider *symbols; /* the kernel's, or NULL */
	struct symtab_sources sources;
	struct buf notes;
	struct map interned; /* name -> struct symbol_node */
	struct map pointers; /* target -> pointer type */
	struct map arrays;   /* element -> list of array types */
	uint8_t pointer_size;
};

static void symtab_note(struct symtab *symtab, struct error *error)
{
	if (symtab->notes.length)
		buf_putc(&symtab->notes, '\n');
	buf_puts(&symtab->notes, error->message);
	error_free(error);
}

/* Between the symbols that the linker puts around the section (include/asm-generic/vmlinux.lds.h). */
static struct error *btf_from_symbols(struct symtab *symtab, struct type_provider **ret)
{
	const struct symbol *start = symtab_find(symtab, "__start_BTF");
	const struct symbol *stop = symtab_find(symtab, "__stop_BTF");

	if (!start || !stop || stop->address <= start->address)
		return error_new(ERROR_NO_SOURCE, "BTF: no symbol leads to it");
	uint64_t size = stop->address - start->address;

	if (size > BTF_MAX_BYTES)
		return error_fault(ERROR_CORRUPT, start->address, "BTF: too large");
	void *bytes = mem_zero(size);
	struct error *error = dump_read(symtab->dump, start->address, bytes, size);

	if (error) {
		free(bytes);
		return error_prefix(error, "BTF");
	}
	struct btf_origin origin = {"BTF (dump)", NULL, symtab->pointer_size, NULL};

	return src_btf_new(bytes, size, &origin, ret);
}

static void symtab_describe(struct symtab *symtab)
{
	symtab->sources = (struct symtab_sources){
		.types = symtab->types ? symtab->types->description : "none",
		.symbols = symtab->symbols ? symtab->symbols->description : "none",
		.modules = "",
		.notes = buf_text(&symtab->notes),
		.data_symbols = symtab->symbols && symtab->symbols->data_symbols,
	};
}

struct error *symtab_new(struct dump *dump, const struct symtab_options *options, struct symtab **ret)
{
	struct symtab *symtab = mem_zero(sizeof(*symtab));
	struct error *error;

	(void)options;
	symtab->dump = dump;
	symtab->arena = arena_new();
	symtab->pointer_size = dump_arch(dump)->pointer_size;
	error = src_kallsyms_open(dump, &symtab->symbols);
	if (error)
		symtab_note(symtab, error);
	error = btf_from_symbols(symtab, &symtab->types);
	if (error)
		symtab_note(symtab, error);
	symtab_describe(symtab);
	*ret = symtab;
	return NULL;
}

struct error *symtab_new_btf(const char *const *files, size_t count, struct symtab **ret)
{
	(void)files;
	(void)count;
	(void)ret;
	return error_new(ERROR_UNSUPPORTED, "types from files are not read yet");
}

void symtab_free(struct symtab *symtab)
{
	if (!symtab)
		return;
	type_provider_free(symtab->types);
	symbol_provider_free(symtab->symbols);
	map_deinit(&symtab->interned);
	map_deinit(&symtab->pointers);
	map_deinit(&symtab->arrays);
	buf_deinit(&symtab->notes);
	arena_free(symtab->arena);
	free(symtab);
}

const struct symtab_sources *symtab_sources(const struct symtab *symtab)
{
	return &symtab->sources;
}

static const char *kind_words(enum type_kind kind)
{
	static const char *const words[] = {
		[TYPE_VOID] = "type",     [TYPE_INT] = "integer type", [TYPE_FLOAT] = "floating type",
		[TYPE_ENUM] = "enum",     [TYPE_POINTER] = "pointer",  [TYPE_ARRAY] = "array",
		[TYPE_STRUCT] = "struct", [TYPE_UNION] = "union",      [TYPE_FUNCTION] = "function",
		[TYPE_TYPEDEF] = "typedef",
	};

	return words[kind];
}

struct error *symtab_type(struct symtab *symtab, enum type_kind kind, const char *name,
			  const char *module, const struct type **ret)
{
	const struct type *found[SYMTAB_CHOICES];

	(void)module;
	if (!symtab->types)
		return error_new(ERROR_NO_SOURCE, "%s %s: no types of this kernel are at hand",
				 kind_words(kind), name);
	if (kind == TYPE_INT)
		name = type_int_name(name);
	size_t count = symtab->types->ops->find(symtab->types, kind, name, found, SYMTAB_CHOICES);

	if (count > 1)
		return error_new(ERROR_AMBIGUOUS, "%s %s has %zu different layouts in the kernel",
				 kind_words(kind), name, count);
	if (!count)
		return error_new(ERROR_NOT_FOUND, "no %s %s in this kernel", kind_words(kind), name);
	*ret = found[0];
	return NULL;
}

struct error *symtab_enumerator(struct symtab *symtab, const char *name, const struct type **ret_type,
				int64_t *ret_value)
{
	struct enumerator_found found[SYMTAB_CHOICES];

	if (!symtab->types)
		return error_new(ERROR_NO_SOURCE, "enumerator %s: no types of this kernel are at hand", name);
	size_t count = symtab->types->ops->enumerator(symtab->types, name, found, SYMTAB_CHOICES);

	if (count > 1)
		return error_new(ERROR_AMBIGUOUS, "enumerator %s has %zu different values", name, count);
	if (!count)
		return error_new(ERROR_NOT_FOUND, "no enumerator %s in this kernel", name);
	*ret_type = found[0].type;
	*ret_value = found[0].value;
	return NULL;
}

static const struct symbol *symbol_intern(struct symtab *symtab, const struct symbol *symbol)
{
	struct symbol_node *first = map_get(&symtab->interned, symbol->name), *node;

	for (node = first; node; node = node->next) {
		if (node->symbol.address == symbol->address && node->symbol.module == symbol->module)
			return &node->symbol;
	}
	node = ARENA_NEW(symtab->arena, struct symbol_node);
	*node = (struct symbol_node){*symbol, first};
	map_put(&symtab->interned, symbol->name, node);
	return &node->symbol;
}

struct error *symtab_symbol(struct symtab *symtab, const char *name, const char *module,
			    const struct symbol **ret)
{
	struct symbol found[SYMTAB_CHOICES];

	(void)module;
	if (!symtab->symbols)
		return error_new(ERROR_NO_SOURCE, "symbol %s: no symbols of this kernel are at hand", name);
	size_t count = symtab->symbols->ops->find(symtab->symbols, name, found, SYMTAB_CHOICES);

	if (count > 1)
		return error_new(ERROR_AMBIGUOUS, "%zu symbols are called %s", count, name);
	if (!count)
		return error_new(ERROR_NOT_FOUND, "no symbol %s in this kernel", name);
	*ret = symbol_intern(symtab, &found[0]);
	return NULL;
}

const struct symbol *symtab_find(struct symtab *symtab, const char *name)
{
	struct symbol found;

	if (!symtab->symbols || symtab->symbols->ops->find(symtab->symbols, name, &found, 1) != 1)
		return NULL;
	return symbol_intern(symtab, &found);
}

const struct type *symtab_variable_type(struct symtab *symtab, const struct symbol *symbol)
{
	return symtab->types ? symtab->types->ops->variable(symtab->types, symbol) : NULL;
}

const struct symbol *symtab_symbolize(struct symtab *symtab, uint64_t address, uint64_t *ret_offset)
{
	struct symbol found;

	if (!symtab->symbols || !symtab->symbols->ops->symbolize(symtab->symbols, address, &found))
		return NULL;
	*ret_offset = address - found.address;
	return symbol_intern(symtab, &found);
}

const struct type *symtab_pointer_to(struct symtab *symtab, const struct type *target)
{
	struct type *type = map_get_number(&symtab->pointers, (uintptr_t)target);

	if (type)
		return type;
	type = ARENA_NEW(symtab->arena, struct type);
	*type = (struct type){
		.kind = TYPE_POINTER,
		.size = symtab->pointer_size,
		.is_complete = true,
		.target = target,
		.is_resolved = true,
	};
	map_put_number(&symtab->pointers, (uintptr_t)target, type);
	return type;
}

struct array_node {
	struct type type;
	struct array_node *next; /* of the same element */
};

const struct type *symtab_array_of(struct symtab *symtab, const struct type *element, uint64_t length)
{
	struct array_node *first = map_get_number(&symtab->arrays, (uintptr_t)element), *node;
	uint64_t size;

	if (__builtin_mul_overflow(element->size, length, &size))
		size = length = 0;
	for (node = first; node; node = node->next) {
		if (node->type.length == length)
			return &node->type;
	}
	node = ARENA_NEW(symtab->arena, struct array_node);
	node->next = first;
	node->type = (struct type){
		.kind = TYPE_ARRAY,
		.size = size,
		.length = length,
		.is_complete = true,
		.target = element,
		.is_resolved = true,
	};
	map_put_number(&symtab->arrays, (uintptr_t)element, node);
	return &node->type;
}

const char *symtab_module(const struct symtab *symtab, size_t position)
{
	(void)symtab;
	(void)position;
	return NULL;
}

static bool suggest_visit(void *context, const char *name)
{
	suggestion_offer(context, name);
	return true;
}

const char *symtab_suggest(struct symtab *symtab, const char *name)
{
	struct suggestion suggestion = suggestion_for(name);

	if (symtab->types)
		symtab->types->ops->names(symtab->types, suggest_visit, &suggestion);
	if (symtab->symbols)
		symtab->symbols->ops->names(symtab->symbols, suggest_visit, &suggestion);
	return suggestion.best;
}
