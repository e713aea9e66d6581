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
#include "types/debuginfo.h"
#include "types/kernel_sources.h"
#include "types/file.h"
#include "types/src_btf.h"
#include "types/src_dwarf.h"
#include "types/src_elfsym.h"
#include "types/src_module.h"
#include "types/suggest.h"

enum {
	SYMTAB_CHOICES = 8, /* answers of one source, and choices listed where a name is ambiguous */
};

/* A module and what was read of it so far: only when a name is not the kernel's. */
struct module_slot {
	struct module_facts facts;
	struct type_provider *types;
	struct symbol_provider *symbols;
	struct type_provider *distilled; /* a file's .BTF.base, on which its types stand */
	bool types_tried, symbols_tried;
};

/* Symbols handed out live as long as the symtab. */
struct symbol_node {
	struct symbol symbol;
	struct symbol_node *next; /* of the same name */
};

struct symtab {
	struct arena *arena;
	struct kernel_sources kernel;
	struct {
		struct module_slot *items;
		size_t count, capacity;
	} modules;
	bool modules_partial; /* the list broke off */
	struct symtab_sources sources;
	struct map interned; /* name -> struct symbol_node */
	struct map pointers; /* target -> pointer type */
	struct map arrays;   /* element -> struct array_node */
	uint8_t pointer_size;
};

static struct module_heads module_heads(struct symtab *symtab)
{
	struct module_heads heads = {
		.dump = symtab->kernel.dump,
		.types = symtab->kernel.type_count ? symtab->kernel.types[0] : NULL,
	};
	struct symbol symbol;

	if (kernel_find_symbol(&symtab->kernel, "modules", &symbol, 1) == 1)
		heads.modules = symbol.address;
	if (kernel_find_symbol(&symtab->kernel, "btf_modules", &symbol, 1) == 1)
		heads.btf_modules = symbol.address;
	return heads;
}

static void list_modules(struct symtab *symtab)
{
	struct module_heads heads = module_heads(symtab);
	struct module_list list = {0};
	struct error *error;

	if (!heads.types || !heads.modules)
		return;
	error = src_module_list(&heads, symtab->arena, &list);
	for (size_t i = 0; i < list.count; i++)
		*vec_push(&symtab->modules) = (struct module_slot){.facts = list.items[i]};
	free(list.items);
	symtab->modules_partial = error;
	if (error)
		kernel_sources_note(&symtab->kernel, error_prefix(error, "modules"));
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
			buf_printf(&symbols, "%s%s", i ? ", " : "", kernel->symbols[i]->description);
	}
	for (size_t i = 0; i < symtab->modules.count; i++)
		typed += symtab->modules.items[i].facts.btf || symtab->modules.items[i].types;
	symtab->sources = (struct symtab_sources){
		.types = types.length ? arena_strdup(symtab->arena, types.data) : "none",
		.symbols = symbols.length ? arena_strdup(symtab->arena, symbols.data) : "none",
		.modules = arena_printf(symtab->arena, "%zu module%s, %zu with types",
					symtab->modules.count, symtab->modules.count == 1 ? "" : "s", typed),
		.notes = arena_strdup(symtab->arena, buf_text(&kernel->notes)),
		.data_symbols = data,
	};
}

struct error *symtab_new(struct dump *dump, const struct symtab_options *options, struct symtab **ret)
{
	struct symtab *symtab _cleanup_(symtab_free_cleanup) = mem_zero(sizeof(*symtab));
	struct error *error;

	symtab->arena = arena_new();
	symtab->pointer_size = dump_arch(dump)->pointer_size;
	error = kernel_sources_open(&symtab->kernel, dump, options);
	if (error)
		return error;
	list_modules(symtab);
	describe(symtab);
	*ret = symtab;
	symtab = NULL;
	return NULL;
}

/* BTF of an ELF file's section, or a whole file of it. */
static struct error *read_btf(const char *path, void **ret, size_t *ret_size)
{
	struct error *error = elf_section_read(path, ".BTF", ret, ret_size);
	char *bytes = NULL;

	if (!error_catch(&error, ERROR_INVALID))
		return error;
	error = file_read(path, BTF_MAX_BYTES, &bytes, ret_size);
	*ret = bytes;
	return error;
}

/* "sunrpc" of "/lib/modules/6.1.0/kernel/net/sunrpc/sunrpc.ko". */
static const char *module_name(struct symtab *symtab, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *name = arena_strndup(symtab->arena, base, strcspn(base, "."));

	for (char *c = name; *c; c++) {
		if (*c == '-')
			*c = '_';
	}
	return name;
}

static struct error *open_btf_file(const char *path, const char *module, struct type_provider *base,
				   struct type_provider **ret)
{
	char *description _cleanup_free_ = mem_printf("BTF (%s)", path);
	struct btf_origin origin = {.description = description, .module = module, .base = base};
	void *bytes = NULL;
	size_t size = 0;
	struct error *error = read_btf(path, &bytes, &size);

	if (!error)
		error = src_btf_new(bytes, size, &origin, ret);
	return error && error->code == ERROR_CORRUPT ? error_prefix(error, "%s", path) : error;
}

/* Since Linux 6.11 a module's file may bring .BTF.base, a distilled copy of vmlinux's types that it was
 * built against (58e185a0dc35, bpftool's and libbpf's btf__distill_base). */
static struct error *add_btf_module(struct symtab *symtab, const char *path)
{
	struct type_provider *vmlinux = symtab->kernel.types[0], *distilled = NULL;
	struct module_slot slot = {.types_tried = true, .symbols_tried = true};
	void *bytes = NULL;
	size_t size = 0;
	struct error *error = elf_section_read(path, ".BTF.base", &bytes, &size), *failed = NULL;

	if (!error) {
		struct btf_origin origin = {.description = path};

		failed = src_btf_new(bytes, size, &origin, &distilled);
		if (failed)
			return error_prefix(failed, "%s", path);
		src_btf_relocate(distilled, vmlinux);
	}
	error_free(error);
	slot.facts.name = module_name(symtab, path);
	slot.distilled = distilled;
	failed = open_btf_file(path, slot.facts.name, distilled ? distilled : vmlinux, &slot.types);
	if (failed) {
		type_provider_free(distilled);
		return failed;
	}
	*vec_push(&symtab->modules) = slot;
	return NULL;
}

struct error *symtab_new_btf(const char *const *files, size_t count, struct symtab **ret)
{
	struct symtab *symtab _cleanup_(symtab_free_cleanup) = mem_zero(sizeof(*symtab));
	const struct type *type;
	struct error *error;

	symtab->arena = arena_new();
	for (size_t i = 0; i < count; i++) {
		if (i)
			error = add_btf_module(symtab, files[i]);
		else
			error = open_btf_file(files[i], NULL, NULL, &symtab->kernel.types[0]);
		if (error)
			return error;
		symtab->kernel.type_count = 1;
	}
	symtab->pointer_size = 8;
	if (kernel_find_type(&symtab->kernel, TYPE_INT, "unsigned long", &type, 1) && type->size == 4)
		symtab->pointer_size = 4;
	describe(symtab);
	*ret = symtab;
	symtab = NULL;
	return NULL;
}

void symtab_free(struct symtab *symtab)
{
	if (!symtab)
		return;
	for (size_t i = 0; i < symtab->modules.count; i++) {
		type_provider_free(symtab->modules.items[i].types);
		type_provider_free(symtab->modules.items[i].distilled);
		symbol_provider_free(symtab->modules.items[i].symbols);
	}
	free(symtab->modules.items);
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

/* A module without BTF may have debug data on this machine; where vmlinux's types are DWARF's, so are its. */
static struct error *open_module_dwarf(struct symtab *symtab, const struct module_facts *facts,
				       struct type_provider **ret)
{
	const struct vmcoreinfo *info = dump_vmcoreinfo(symtab->kernel.dump);
	char *path _cleanup_free_ = NULL;
	struct error *error =
		debuginfo_find_module(facts->name, facts->build_id, vmcoreinfo_get(info, "OSRELEASE"), &path);

	return error ? error : src_dwarf_open(path, 0, facts->name, ret);
}

/* Types of a module, read when first asked for; NULL if it has none. */
static struct type_provider *module_types(struct symtab *symtab, struct module_slot *slot)
{
	struct module_heads heads;
	struct error *error = NULL;

	if (slot->types_tried)
		return slot->types;
	slot->types_tried = true;
	heads = module_heads(symtab);
	if (slot->facts.btf && symtab->kernel.btf)
		error = src_module_types(&heads, &slot->facts, symtab->kernel.btf, &slot->types);
	else if (!symtab->kernel.btf)
		error = open_module_dwarf(symtab, &slot->facts, &slot->types);
	if (error)
		kernel_sources_note(&symtab->kernel, error);
	return slot->types;
}

static struct symbol_provider *module_symbols(struct symtab *symtab, struct module_slot *slot)
{
	struct module_heads heads;
	struct error *error;

	if (slot->symbols_tried)
		return slot->symbols;
	slot->symbols_tried = true;
	heads = module_heads(symtab);
	error = src_module_symbols(&heads, &slot->facts, &slot->symbols);
	if (error)
		kernel_sources_note(&symtab->kernel, error);
	return slot->symbols;
}

/* '-' and '_' are the same in names of modules. */
static bool module_is_called(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
			return false;
	}
	return *a == *b;
}

/* Which sources a question goes to. */
struct scope {
	const char *module; /* as asked for: NULL is everything, "" the kernel */
	bool kernel;
	size_t first, end;  /* modules */
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
	for (size_t i = 0; i < symtab->modules.count; i++) {
		if (!module_is_called(symtab->modules.items[i].facts.name, module))
			continue;
		ret->first = i;
		ret->end = i + 1;
		return NULL;
	}
	if (symtab->modules_partial || !symtab->kernel.type_count)
		return error_new(ERROR_NO_SOURCE, "module %s: the list of modules cannot be read", module);
	return error_new(ERROR_NOT_FOUND, "module %s is not loaded", module);
}

/* Answers to a question about a name, and who gave each. */
struct answers {
	size_t count; /* of all sources together */
	const char *modules[SYMTAB_CHOICES];
};

/* Takes note of `count` answers of one source; returns how many of them there is room for. */
static size_t answers_add(struct answers *answers, size_t count, const char *module)
{
	size_t room = answers->count < SYMTAB_CHOICES ? SYMTAB_CHOICES - answers->count : 0;
	size_t kept = count < room ? count : room;

	for (size_t i = 0; i < kept; i++)
		answers->modules[answers->count + i] = module;
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
		[TYPE_VOID] = "type",     [TYPE_INT] = "integer type", [TYPE_FLOAT] = "floating type",
		[TYPE_ENUM] = "enum",     [TYPE_POINTER] = "pointer",  [TYPE_ARRAY] = "array",
		[TYPE_STRUCT] = "struct", [TYPE_UNION] = "union",      [TYPE_FUNCTION] = "function",
		[TYPE_TYPEDEF] = "typedef",
	};

	return words[kind];
}

/* Why a name that no source in scope has is not simply missing; NULL when it is. */
static struct error *types_incomplete(const struct symtab *symtab, const struct scope *scope, const char *what,
				      const char *name)
{
	const struct kernel_sources *kernel = &symtab->kernel;

	if (!kernel->type_count)
		return error_new(ERROR_NO_SOURCE, "%s %s: no types of this kernel are at hand", what, name);
	if (scope->kernel && kernel->types[kernel->type_count - 1]->is_partial)
		return error_new(ERROR_NO_SOURCE, "%s %s: not in that part of the types that can be read", what,
				 name);
	if (!scope->kernel && !symtab->modules.items[scope->first].types)
		return error_new(ERROR_NO_SOURCE, "%s %s: module %s has no types", what, name, scope->module);
	if (!scope->module && symtab->modules_partial)
		return error_new(ERROR_NO_SOURCE, "%s %s: not in vmlinux, and the list of modules breaks off",
				 what, name);
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
	for (size_t i = 0; i < symtab->kernel.type_count; i++)
		symtab->kernel.types[i]->ops->names(symtab->kernel.types[i], suggest_visit, suggestion);
	for (size_t i = 0; !suggestion->accept && i < symtab->modules.count; i++) {
		struct type_provider *types = symtab->modules.items[i].types;

		if (types)
			types->ops->names(types, suggest_visit, suggestion);
	}
}

static void suggest_symbols(struct symtab *symtab, struct suggestion *suggestion)
{
	for (size_t i = 0; i < symtab->kernel.symbol_count; i++)
		symtab->kernel.symbols[i]->ops->names(symtab->kernel.symbols[i], suggest_visit, suggestion);
	for (size_t i = 0; i < symtab->modules.count; i++) {
		struct symbol_provider *symbols = symtab->modules.items[i].symbols;

		if (symbols)
			symbols->ops->names(symbols, suggest_visit, suggestion);
	}
}

static struct error *not_found(const struct scope *scope, const char *what, const char *name,
			       const struct suggestion *suggestion)
{
	const char *where = scope->module ? module_words(*scope->module ? scope->module : NULL) : "this kernel";

	if (suggestion->best)
		return error_new(ERROR_NOT_FOUND, "no %s %s in %s; the nearest name is %s", what, name, where,
				 suggestion->best);
	return error_new(ERROR_NOT_FOUND, "no %s %s in %s", what, name, where);
}

static void find_types(struct symtab *symtab, const struct scope *scope, enum type_kind kind, const char *name,
		       const struct type **found, struct answers *answers)
{
	const struct type *one[SYMTAB_CHOICES];
	size_t count = 0, kept;

	if (scope->kernel) {
		count = kernel_find_type(&symtab->kernel, kind, name, one, SYMTAB_CHOICES);
		if (!count && !scope->end && kernel_sources_need_dwarf(&symtab->kernel))
			count = kernel_find_type(&symtab->kernel, kind, name, one, SYMTAB_CHOICES);
		kept = answers_add(answers, count, NULL);
		memcpy(found, one, kept * sizeof(*one));
	}
	for (size_t i = scope->first; i < scope->end && !(scope->kernel && count); i++) {
		struct type_provider *types = module_types(symtab, &symtab->modules.items[i]);
		size_t before = answers->count, same = 0;

		if (!types)
			continue;
		size_t own = types->ops->find(types, kind, name, one, SYMTAB_CHOICES);

		/* Modules that share a header share its types. */
		for (size_t k = 0; own == 1 && k < before && k < SYMTAB_CHOICES; k++)
			same += type_has_same_layout(found[k], one[0]);
		if (same)
			continue;
		kept = answers_add(answers, own, types->module);
		memcpy(found + before, one, kept * sizeof(*one));
	}
}

static struct error *ambiguous_type(enum type_kind kind, const char *name, const struct type **found,
				    const struct answers *answers)
{
	struct buf choices _cleanup_(buf_deinit) = {0};

	for (size_t i = 0; i < answers->count && i < SYMTAB_CHOICES; i++)
		buf_printf(&choices, "%s%s:%s of %llu bytes", i ? ", " : "", module_words(answers->modules[i]),
			   name, (unsigned long long)found[i]->size);
	print_more(&choices, answers);
	return error_new(ERROR_AMBIGUOUS, "%s %s is ambiguous: %s", kind_words(kind), name, buf_text(&choices));
}

struct error *symtab_type(struct symtab *symtab, enum type_kind kind, const char *name, const char *module,
			  const struct type **ret)
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

static void find_enumerators(struct symtab *symtab, const char *name, struct enumerator_found *found,
			     struct answers *answers)
{
	struct enumerator_found one[SYMTAB_CHOICES];
	size_t count = kernel_find_enumerator(&symtab->kernel, name, found, SYMTAB_CHOICES);

	answers_add(answers, count, NULL);
	for (size_t i = 0; i < symtab->modules.count && !count; i++) {
		struct type_provider *types = module_types(symtab, &symtab->modules.items[i]);
		size_t before = answers->count, same = 0;

		if (!types)
			continue;
		size_t own = types->ops->enumerator(types, name, one, SYMTAB_CHOICES);

		for (size_t k = 0; own == 1 && k < before && k < SYMTAB_CHOICES; k++)
			same += found[k].value == one[0].value;
		if (same)
			continue;
		memcpy(found + before, one, answers_add(answers, own, types->module) * sizeof(*one));
	}
}

struct error *symtab_enumerator(struct symtab *symtab, const char *name, const struct type **ret_type,
				int64_t *ret_value)
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

		for (size_t i = 0; i < answers.count && i < SYMTAB_CHOICES; i++) {
			buf_printf(&choices, "%s%lld in ", i ? ", " : "", (long long)found[i].value);
			type_print(found[i].type, &choices);
			if (answers.modules[i])
				buf_printf(&choices, " of %s", answers.modules[i]);
		}
		print_more(&choices, &answers);
		return error_new(ERROR_AMBIGUOUS, "enumerator %s is ambiguous: %s", name, buf_text(&choices));
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
		if (node->symbol.address == symbol->address && node->symbol.module == symbol->module)
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
		struct symbol_provider *symbols = module_symbols(symtab, &symtab->modules.items[i]);
		size_t before = answers->count;

		if (!symbols)
			continue;
		size_t own = symbols->ops->find(symbols, name, one, SYMTAB_CHOICES);

		memcpy(found + before, one, answers_add(answers, own, symbols->module) * sizeof(*one));
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
		return error_new(ERROR_NO_SOURCE, "symbol %s: the symbols of module %s cannot be read", name,
				 scope->module);
	if (!is_complete)
		return error_new(ERROR_NO_SOURCE, "symbol %s: no symbols of this kernel are at hand", name);
	if (!symtab->sources.data_symbols)
		return error_new(ERROR_NO_SOURCE,
				 "symbol %s: this kernel keeps the names of its functions only, not of variables "
				 "(no CONFIG_KALLSYMS_ALL)",
				 name);
	if (!scope->module && symtab->modules_partial)
		return error_new(ERROR_NO_SOURCE,
				 "symbol %s: not in vmlinux, and the list of modules breaks off", name);
	return NULL;
}

static struct error *ambiguous_symbol(const char *name, const struct symbol *found,
				      const struct answers *answers)
{
	struct buf choices _cleanup_(buf_deinit) = {0};

	for (size_t i = 0; i < answers->count && i < SYMTAB_CHOICES; i++)
		buf_printf(&choices, "%s%s:%s at 0x%llx", i ? ", " : "", module_words(answers->modules[i]), name,
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

	suggest_symbols(symtab, &suggestion);
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

static struct module_slot *module_named(struct symtab *symtab, const char *name)
{
	for (size_t i = 0; i < symtab->modules.count; i++) {
		if (!strcmp(symtab->modules.items[i].facts.name, name))
			return &symtab->modules.items[i];
	}
	return NULL;
}

const struct type *symtab_variable_type(struct symtab *symtab, const struct symbol *symbol)
{
	struct kernel_sources *kernel = &symtab->kernel;
	const struct type *type = NULL;

	if (symbol->module) {
		struct module_slot *slot = module_named(symtab, symbol->module);
		struct type_provider *types = slot ? module_types(symtab, slot) : NULL;

		return types ? types->ops->variable(types, symbol) : NULL;
	}
	for (size_t i = 0; i < kernel->type_count && !type; i++)
		type = kernel->types[i]->ops->variable(kernel->types[i], symbol);
	if (!type && kernel_sources_need_dwarf(kernel))
		return symtab_variable_type(symtab, symbol);
	return type;
}

static bool facts_contain(const struct module_facts *facts, uint64_t address)
{
	for (size_t i = 0; i < facts->range_count; i++) {
		if (address >= facts->ranges[i].start && address < facts->ranges[i].end)
			return true;
	}
	return false;
}

const struct symbol *symtab_symbolize(struct symtab *symtab, uint64_t address, uint64_t *ret_offset)
{
	struct kernel_sources *kernel = &symtab->kernel;
	struct symbol found;
	bool is_found = false;

	for (size_t i = 0; i < kernel->symbol_count && !is_found; i++)
		is_found = kernel->symbols[i]->ops->symbolize(kernel->symbols[i], address, &found);
	for (size_t i = 0; i < symtab->modules.count && !is_found; i++) {
		struct symbol_provider *symbols = NULL;

		if (facts_contain(&symtab->modules.items[i].facts, address))
			symbols = module_symbols(symtab, &symtab->modules.items[i]);
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
	return position < symtab->modules.count ? symtab->modules.items[position].facts.name : NULL;
}

const char *symtab_suggest(struct symtab *symtab, const char *name)
{
	struct suggestion suggestion = suggestion_for(name);

	suggest_types(symtab, &suggestion);
	suggest_symbols(symtab, &suggestion);
	return suggestion.best;
}
