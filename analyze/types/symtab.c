// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/symtab.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "types/kernel_sources.h"
#include "types/module_sources.h"
#include "types/suggest.h"

enum {
	SYMTAB_CHOICES = 8, /* that are listed where a name is ambiguous */
};

/* Symbols handed out live as long as the symtab. */
struct symbol_node {
	struct symbol symbol;
	struct symbol_node *next; /* of the same name */
};

struct symtab {
	struct arena *arena;
	struct kernel_sources kernel;
	struct module_sources modules;
	struct symtab_sources sources;
	size_t types_described, notes_described; /* what `sources` speaks of */
	struct map interned;                     /* name -> struct symbol_node */
	struct map pointers;                     /* target -> pointer type */
	struct map arrays;                       /* element -> struct array_node */
	uint8_t pointer_size;
	bool trying; /* names: nobody will read why one is missing */
};

static struct symtab *symtab_alloc(uint8_t pointer_size)
{
	struct symtab *symtab = mem_zero(sizeof(*symtab));

	symtab->arena = arena_new();
	symtab->pointer_size = pointer_size;
	module_sources_init(&symtab->modules, &symtab->kernel, symtab->arena);
	return symtab;
}

static void describe(struct symtab *symtab)
{
	const struct kernel_sources *kernel = &symtab->kernel;
	struct buf types _cleanup_(buf_deinit) = {0}, symbols _cleanup_(buf_deinit) = {0};
	size_t typed = 0;
	bool data = false;

	for (size_t i = 0; i < kernel->type_count; i++)
		buf_printf(&types, "%s%s", i ? ", " : "", kernel->types[i]->description);
	for (size_t i = 0; i < kernel->symbol_count; i++) {
		data |= kernel->symbols[i]->data_symbols;
		if (kernel->symbols[i] != kernel->known)
			buf_printf(&symbols, "%s%s", i ? ", " : "",
				   kernel->symbols[i]->description);
	}
	for (size_t i = 0; i < symtab->modules.count; i++)
		typed += symtab->modules.items[i].facts.btf || symtab->modules.items[i].types;
	symtab->types_described = kernel->type_count;
	symtab->notes_described = kernel->notes.length;
	symtab->sources = (struct symtab_sources){
		.types = types.length ? arena_strdup(symtab->arena, types.data) : "none",
		.symbols = symbols.length ? arena_strdup(symtab->arena, symbols.data) : "none",
		.modules = arena_printf(symtab->arena, "%zu module%s, %zu with types",
					symtab->modules.count,
					symtab->modules.count == 1 ? "" : "s", typed),
		.vmlinux = kernel->vmlinux,
		.notes = arena_strdup(symtab->arena, buf_text(&kernel->notes)),
		.data_symbols = data,
	};
}

struct error *symtab_new(struct dump *dump, const struct symtab_options *options,
			 struct symtab **ret)
{
	struct symtab *symtab _cleanup_(symtab_free_cleanup) =
		symtab_alloc(dump_arch(dump)->pointer_size);
	struct error *error;

	error = kernel_sources_open(&symtab->kernel, dump, options);
	if (error)
		return error;
	module_sources_list(&symtab->modules);
	describe(symtab);
	*ret = symtab;
	symtab = NULL;
	return NULL;
}

struct error *symtab_new_btf(const char *const *files, size_t count, struct symtab **ret)
{
	struct symtab *symtab _cleanup_(symtab_free_cleanup) = symtab_alloc(8);
	const struct type *type;
	struct error *error;

	for (size_t i = 0; i < count; i++) {
		if (i)
			error = module_sources_add_file(&symtab->modules, files[i]);
		else
			error = btf_file_open(files[i], NULL, NULL, &symtab->kernel.types[0]);
		if (error)
			return error;
		symtab->kernel.type_count = 1;
	}
	if (kernel_find_type(&symtab->kernel, TYPE_INT, "unsigned long", &type, 1) &&
	    type->size == 4)
		symtab->pointer_size = 4;
	describe(symtab);
	*ret = symtab;
	symtab = NULL;
	return NULL;
}

struct error *symtab_btf_span(const char *const *files, size_t count, size_t *ret)
{
	bool is_whole;
	struct error *error = btf_file_is_whole(files[0], &is_whole);
	size_t length = 1;

	if (!error && !is_whole)
		error = error_new(ERROR_INVALID,
				  "%s: BTF of a module; name that of its kernel before it", files[0]);
	for (; !error && length < count; length++) {
		error = btf_file_is_whole(files[length], &is_whole);
		if (!error && is_whole)
			break;
	}
	*ret = length;
	return error;
}

void symtab_free(struct symtab *symtab)
{
	if (!symtab)
		return;
	module_sources_deinit(&symtab->modules);
	kernel_sources_deinit(&symtab->kernel);
	map_deinit(&symtab->interned);
	map_deinit(&symtab->pointers);
	map_deinit(&symtab->arrays);
	arena_free(symtab->arena);
	free(symtab);
}

const struct symtab_sources *symtab_sources(const struct symtab *symtab)
{
	return &symtab->sources;
}

/* What was read since may have its own notes. */
static void describe_again(struct symtab *symtab)
{
	if (symtab->types_described != symtab->kernel.type_count ||
	    symtab->notes_described != symtab->kernel.notes.length)
		describe(symtab);
}

static struct type_provider *types_of(struct symtab *symtab, size_t module)
{
	struct type_provider *types =
		module_types(&symtab->modules, &symtab->modules.items[module]);

	describe_again(symtab);
	return types;
}

static struct symbol_provider *symbols_of(struct symtab *symtab, size_t module)
{
	struct symbol_provider *symbols =
		module_symbols(&symtab->modules, &symtab->modules.items[module]);

	describe_again(symtab);
	return symbols;
}

/* Which sources a question goes to. */
struct scope {
	const char *module; /* as asked for: NULL is everything, "" the kernel */
	bool kernel;
	size_t first, end; /* modules */
};

static struct error *scope_find(struct symtab *symtab, const char *module, struct scope *ret)
{
	*ret = (struct scope){.module = module, .kernel = true, .end = symtab->modules.count};
	if (!module)
		return NULL;
	ret->end = 0;
	if (!*module || !strcmp(module, "vmlinux"))
		return NULL;
	ret->kernel = false;
	const struct module_source *found = module_find(&symtab->modules, module);

	if (found) {
		ret->first = found - symtab->modules.items;
		ret->end = ret->first + 1;
		return NULL;
	}
	if (symtab->modules.is_partial || !symtab->kernel.type_count) {
		struct error *error = error_new(
			ERROR_NO_SOURCE, "module %s: the list of modules cannot be read", module);

		error->wants_pages = symtab->modules.wants_pages;
		return error;
	}
	return error_new(ERROR_NOT_FOUND, "module %s is not loaded", module);
}

/* Answers to a question about a name, and who gave each. */
struct answers {
	size_t count; /* of all sources together */
	const char *modules[SYMTAB_CHOICES];
};

/* How many answers there are in the arrays. */
static size_t answers_kept(const struct answers *answers)
{
	return answers->count < SYMTAB_CHOICES ? answers->count : SYMTAB_CHOICES;
}

/* Takes note of `count` answers of one source; returns how many of them there is room for. */
static size_t answers_add(struct answers *answers, size_t count, const char *module)
{
	size_t before = answers_kept(answers), room = SYMTAB_CHOICES - before;
	size_t kept = count < room ? count : room;

	for (size_t i = 0; i < kept; i++)
		answers->modules[before + i] = module;
	answers->count += count;
	return kept;
}

static void print_more(struct buf *buf, const struct answers *answers)
{
	if (answers->count > SYMTAB_CHOICES)
		buf_printf(buf, " and %zu more", answers->count - SYMTAB_CHOICES);
}

static const char *module_words(const char *module)
{
	return module ? module : "vmlinux";
}

static const char *kind_words(enum type_kind kind)
{
	static const char *const words[] = {
		[TYPE_VOID] = "type",           [TYPE_INT] = "integer type",
		[TYPE_FLOAT] = "floating type", [TYPE_ENUM] = "enum",
		[TYPE_POINTER] = "pointer",     [TYPE_ARRAY] = "array",
		[TYPE_STRUCT] = "struct",       [TYPE_UNION] = "union",
		[TYPE_FUNCTION] = "function",   [TYPE_TYPEDEF] = "typedef",
	};

	return words[kind];
}

static struct error *modules_incomplete(const struct symtab *symtab, const char *what,
					const char *name)
{
	struct error *error =
		error_new(ERROR_NO_SOURCE,
			  "%s %s: not in vmlinux, and the list of modules breaks off", what, name);

	error->wants_pages = symtab->modules.wants_pages;
	return error;
}

/* Why a name that no source in scope has is not simply missing; NULL when it is. */
static struct error *types_incomplete(const struct symtab *symtab, const struct scope *scope,
				      const char *what, const char *name)
{
	const struct kernel_sources *kernel = &symtab->kernel;

	if (!kernel->type_count)
		return error_new(ERROR_NO_SOURCE, "%s %s: no types of this kernel are at hand",
				 what, name);
	if (scope->kernel && kernel->types[kernel->type_count - 1]->is_partial)
		return error_new(ERROR_NO_SOURCE,
				 "%s %s: not in that part of the types that can be read", what,
				 name);
	if (!scope->kernel && !symtab->modules.items[scope->first].types)
		return error_new(ERROR_NO_SOURCE, "%s %s: module %s has no types", what, name,
				 scope->module);
	if (!scope->module && symtab->modules.is_partial)
		return modules_incomplete(symtab, what, name);
	return NULL;
}

struct type_suggestion {
	struct symtab *symtab;
	enum type_kind kind;
};

static bool accept_type(void *context, const char *name)
{
	struct type_suggestion *wanted = context;
	const struct type *type;

	return kernel_find_type(&wanted->symtab->kernel, wanted->kind, name, &type, 1) > 0;
}

static bool accept_enumerator(void *context, const char *name)
{
	struct type_suggestion *wanted = context;
	struct enumerator_found found;

	return kernel_find_enumerator(&wanted->symtab->kernel, name, &found, 1) > 0;
}

static bool suggest_visit(void *context, const char *name)
{
	suggestion_offer(context, name);
	return true;
}

static void suggest_types(struct symtab *symtab, struct suggestion *suggestion)
{
	if (symtab->trying)
		return;
	for (size_t i = 0; i < symtab->kernel.type_count; i++)
		symtab->kernel.types[i]->ops->names(symtab->kernel.types[i], suggest_visit,
						    suggestion);
	for (size_t i = 0; !suggestion->accept && i < symtab->modules.count; i++) {
		struct type_provider *types = symtab->modules.items[i].types;

		if (types)
			types->ops->names(types, suggest_visit, suggestion);
	}
}

static void suggest_symbols(struct symtab *symtab, const struct scope *scope,
			    struct suggestion *suggestion)
{
	if (symtab->trying)
		return;
	for (size_t i = 0; scope->kernel && i < symtab->kernel.symbol_count; i++)
		symtab->kernel.symbols[i]->ops->names(symtab->kernel.symbols[i], suggest_visit,
						      suggestion);
	for (size_t i = scope->first; i < scope->end; i++) {
		struct symbol_provider *symbols = symtab->modules.items[i].symbols;

		if (symbols)
			symbols->ops->names(symbols, suggest_visit, suggestion);
	}
}

static struct error *not_found(const struct scope *scope, const char *what, const char *name,
			       const struct suggestion *suggestion)
{
	const char *where =
		scope->module ? module_words(*scope->module ? scope->module : NULL) : "this kernel";

	if (suggestion->best)
		return error_new(ERROR_NOT_FOUND, "no %s %s in %s; the nearest name is %s", what,
				 name, where, suggestion->best);
	return error_new(ERROR_NOT_FOUND, "no %s %s in %s", what, name, where);
}

static void find_types(struct symtab *symtab, const struct scope *scope, enum type_kind kind,
		       const char *name, const struct type **found, struct answers *answers)
{
	const struct type *one[SYMTAB_CHOICES];
	size_t count = 0, kept;

	if (scope->kernel) {
		count = kernel_find_type(&symtab->kernel, kind, name, one, SYMTAB_CHOICES);
		kept = answers_add(answers, count, NULL);
		memcpy(found, one, kept * sizeof(*one));
	}
	for (size_t i = scope->first; i < scope->end && !(scope->kernel && count); i++) {
		struct type_provider *types = types_of(symtab, i);
		size_t before = answers_kept(answers), same = 0;

		if (!types)
			continue;
		size_t own = types->ops->find(types, kind, name, one, SYMTAB_CHOICES);

		/* Modules that share a header share its types. */
		for (size_t k = 0; own == 1 && k < before; k++)
			same += type_has_same_layout(found[k], one[0]);
		if (same)
			continue;
		kept = answers_add(answers, own, types->module);
		memcpy(found + before, one, kept * sizeof(*one));
	}
}

static struct error *ambiguous_type(enum type_kind kind, const char *name,
				    const struct type **found, const struct answers *answers)
{
	struct buf choices _cleanup_(buf_deinit) = {0};

	for (size_t i = 0; i < answers_kept(answers); i++)
		buf_printf(&choices, "%s%s:%s of %llu bytes", i ? ", " : "",
			   module_words(answers->modules[i]), name,
			   (unsigned long long)found[i]->size);
	print_more(&choices, answers);
	return error_new(ERROR_AMBIGUOUS, "%s %s is ambiguous: %s", kind_words(kind), name,
			 buf_text(&choices));
}

struct error *symtab_type(struct symtab *symtab, enum type_kind kind, const char *name,
			  const char *module, const struct type **ret)
{
	const struct type *found[SYMTAB_CHOICES];
	struct answers answers = {0};
	struct scope scope;
	struct error *error = scope_find(symtab, module, &scope);

	if (error)
		return error;
	if (kind == TYPE_INT)
		name = type_int_name(name);
	find_types(symtab, &scope, kind, name, found, &answers);
	if (answers.count > 1)
		return ambiguous_type(kind, name, found, &answers);
	if (answers.count == 1) {
		*ret = found[0];
		return NULL;
	}
	error = types_incomplete(symtab, &scope, kind_words(kind), name);
	if (error)
		return error;
	struct type_suggestion wanted = {symtab, kind};
	struct suggestion suggestion = suggestion_for(name);

	suggestion.accept = accept_type;
	suggestion.context = &wanted;
	suggest_types(symtab, &suggestion);
	return not_found(&scope, kind_words(kind), name, &suggestion);
}

static void find_enumerators(struct symtab *symtab, const char *name,
			     struct enumerator_found *found, struct answers *answers)
{
	struct enumerator_found one[SYMTAB_CHOICES];
	size_t count = kernel_find_enumerator(&symtab->kernel, name, found, SYMTAB_CHOICES);

	answers_add(answers, count, NULL);
	for (size_t i = 0; i < symtab->modules.count && !count; i++) {
		struct type_provider *types = types_of(symtab, i);
		size_t before = answers_kept(answers), same = 0;

		if (!types)
			continue;
		size_t own = types->ops->enumerator(types, name, one, SYMTAB_CHOICES);

		for (size_t k = 0; own == 1 && k < before; k++)
			same += found[k].value == one[0].value;
		if (same)
			continue;
		memcpy(found + before, one,
		       answers_add(answers, own, types->module) * sizeof(*one));
	}
}

struct error *symtab_enumerator(struct symtab *symtab, const char *name,
				const struct type **ret_type, int64_t *ret_value)
{
	struct enumerator_found found[SYMTAB_CHOICES];
	struct scope scope = {.kernel = true, .end = symtab->modules.count};
	struct answers answers = {0};

	find_enumerators(symtab, name, found, &answers);
	if (answers.count == 1) {
		*ret_type = found[0].type;
		*ret_value = found[0].value;
		return NULL;
	}
	if (answers.count) {
		struct buf choices _cleanup_(buf_deinit) = {0};

		for (size_t i = 0; i < answers_kept(&answers); i++) {
			buf_printf(&choices, "%s%lld in ", i ? ", " : "",
				   (long long)found[i].value);
			type_print(found[i].type, &choices);
			if (answers.modules[i])
				buf_printf(&choices, " of %s", answers.modules[i]);
		}
		print_more(&choices, &answers);
		return error_new(ERROR_AMBIGUOUS, "enumerator %s is ambiguous: %s", name,
				 buf_text(&choices));
	}
	struct error *error = types_incomplete(symtab, &scope, "enumerator", name);

	if (error)
		return error;
	struct type_suggestion wanted = {.symtab = symtab};
	struct suggestion suggestion = suggestion_for(name);

	suggestion.accept = accept_enumerator;
	suggestion.context = &wanted;
	suggest_types(symtab, &suggestion);
	return not_found(&scope, "enumerator", name, &suggestion);
}

static const struct symbol *symbol_intern(struct symtab *symtab, const struct symbol *symbol)
{
	struct symbol_node *first = map_get(&symtab->interned, symbol->name), *node;

	for (node = first; node; node = node->next) {
		if (node->symbol.address == symbol->address &&
		    node->symbol.module == symbol->module)
			return &node->symbol;
	}
	node = ARENA_NEW(symtab->arena, struct symbol_node);
	*node = (struct symbol_node){*symbol, first};
	map_put(&symtab->interned, symbol->name, node);
	return &node->symbol;
}

static void find_symbols(struct symtab *symtab, const struct scope *scope, const char *name,
			 struct symbol *found, struct answers *answers)
{
	struct symbol one[SYMTAB_CHOICES];
	size_t count = 0;

	if (scope->kernel) {
		count = kernel_find_symbol(&symtab->kernel, name, found, SYMTAB_CHOICES);
		answers_add(answers, count, NULL);
	}
	for (size_t i = scope->first; i < scope->end && !(scope->kernel && count); i++) {
		struct symbol_provider *symbols = symbols_of(symtab, i);
		size_t before = answers_kept(answers);

		if (!symbols)
			continue;
		size_t own = symbols->ops->find(symbols, name, one, SYMTAB_CHOICES);

		memcpy(found + before, one,
		       answers_add(answers, own, symbols->module) * sizeof(*one));
	}
}

static struct error *symbols_incomplete(const struct symtab *symtab, const struct scope *scope,
					const char *name)
{
	const struct kernel_sources *kernel = &symtab->kernel;
	bool is_complete = false;

	for (size_t i = 0; i < kernel->symbol_count; i++)
		is_complete |= !kernel->symbols[i]->is_partial;
	if (!scope->kernel && symtab->modules.items[scope->first].symbols)
		return NULL;
	if (!scope->kernel)
		return error_new(ERROR_NO_SOURCE,
				 "symbol %s: the symbols of module %s cannot be read", name,
				 scope->module);
	if (!is_complete && kernel->symbol_count > 1)
		return error_new(ERROR_NO_SOURCE,
				 "symbol %s: not in that part of the symbols that can be read",
				 name);
	if (!is_complete)
		return error_new(ERROR_NO_SOURCE,
				 "symbol %s: no symbols of this kernel are at hand", name);
	if (!symtab->sources.data_symbols)
		return error_new(ERROR_NO_SOURCE,
				 "symbol %s: this kernel keeps the names of functions only "
				 "(no CONFIG_KALLSYMS_ALL)",
				 name);
	if (!scope->module && symtab->modules.is_partial)
		return modules_incomplete(symtab, "symbol", name);
	return NULL;
}

static struct error *ambiguous_symbol(const char *name, const struct symbol *found,
				      const struct answers *answers)
{
	struct buf choices _cleanup_(buf_deinit) = {0};

	for (size_t i = 0; i < answers_kept(answers); i++)
		buf_printf(&choices, "%s%s:%s at 0x%llx", i ? ", " : "",
			   module_words(answers->modules[i]), name,
			   (unsigned long long)found[i].address);
	print_more(&choices, answers);
	return error_new(ERROR_AMBIGUOUS, "symbol %s is ambiguous: %s", name, buf_text(&choices));
}

struct error *symtab_symbol(struct symtab *symtab, const char *name, const char *module,
			    const struct symbol **ret)
{
	struct symbol found[SYMTAB_CHOICES];
	struct answers answers = {0};
	struct scope scope;
	struct error *error = scope_find(symtab, module, &scope);

	if (error)
		return error;
	find_symbols(symtab, &scope, name, found, &answers);
	if (answers.count > 1)
		return ambiguous_symbol(name, found, &answers);
	if (answers.count == 1) {
		*ret = symbol_intern(symtab, &found[0]);
		return NULL;
	}
	error = symbols_incomplete(symtab, &scope, name);
	if (error)
		return error;
	struct suggestion suggestion = suggestion_for(name);

	suggest_symbols(symtab, &scope, &suggestion);
	return not_found(&scope, "symbol", name, &suggestion);
}

const struct symbol *symtab_find(struct symtab *symtab, const char *name)
{
	struct symbol found[SYMTAB_CHOICES];
	struct scope scope = {.kernel = true, .end = symtab->modules.count};
	struct answers answers = {0};

	find_symbols(symtab, &scope, name, found, &answers);
	return answers.count == 1 ? symbol_intern(symtab, &found[0]) : NULL;
}

static const struct type *kernel_variable(struct kernel_sources *kernel,
					  const struct symbol *symbol)
{
	const struct type *type = NULL;

	for (size_t i = 0; i < kernel->type_count && !type; i++)
		type = kernel->types[i]->ops->variable(kernel->types[i], symbol);
	return type;
}

const struct type *symtab_variable_type(struct symtab *symtab, const struct symbol *symbol)
{
	const struct type *type;

	if (symbol->module) {
		struct module_source *module = module_find(&symtab->modules, symbol->module);
		struct type_provider *types =
			module ? types_of(symtab, module - symtab->modules.items) : NULL;

		return types ? types->ops->variable(types, symbol) : NULL;
	}
	type = kernel_variable(&symtab->kernel, symbol);
	if (type || !kernel_sources_need_dwarf(&symtab->kernel))
		return type;
	describe_again(symtab);
	return kernel_variable(&symtab->kernel, symbol);
}

const struct symbol *symtab_symbolize(struct symtab *symtab, uint64_t address, uint64_t *ret_offset)
{
	struct kernel_sources *kernel = &symtab->kernel;
	struct module_source *module;
	struct symbol_provider *symbols;
	struct symbol found;
	bool is_found = false;

	for (size_t i = 0; i < kernel->symbol_count && !is_found; i++)
		is_found = kernel->symbols[i]->ops->symbolize(kernel->symbols[i], address, &found);
	module = is_found ? NULL : module_at(&symtab->modules, address);
	if (module) {
		symbols = symbols_of(symtab, module - symtab->modules.items);
		is_found = symbols && symbols->ops->symbolize(symbols, address, &found);
	}
	if (!is_found)
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

const struct type *symtab_array_of(struct symtab *symtab, const struct type *element,
				   uint64_t length)
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
	return position < symtab->modules.count ? symtab->modules.items[position].facts.name : NULL;
}

bool symtab_try(struct symtab *symtab, bool trying)
{
	bool before = symtab->trying;

	symtab->trying = trying;
	return before;
}

const char *symtab_suggest(struct symtab *symtab, const char *name)
{
	const struct scope all = {.kernel = true, .end = symtab->modules.count};
	struct suggestion suggestion = suggestion_for(name);

	suggest_types(symtab, &suggestion);
	suggest_symbols(symtab, &all, &suggestion);
	return suggestion.best;
}
