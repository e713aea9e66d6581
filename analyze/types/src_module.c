// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_module.h"

#include <ctype.h>
#include <elf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/vec.h"
#include "dump/dump.h"
#include "types/member.h"
#include "types/src_btf.h"

enum {
	MODULES_MAX = 8192,
	MODULE_NAME_MAX = 64,
	MODULE_SYMBOLS_MAX = 1 << 20,
	MODULE_STRINGS_MAX = 32 << 20,
	MODULE_STRING_MAX = 512, /* KSYM_NAME_LEN */
	MODULE_RANGE_MAX = 1 << 30,
	MODULE_BTF_MAX = 32 << 20,
	BUILD_ID_MAX = 32,
};

/* Calls `visit` with the address of every struct on a list whose nodes are its member `node`. */
struct list_walk {
	struct dump *dump;
	const struct type *type;
	const char *node;
	void (*visit)(void *context, uint64_t address);
	void *context;
};

static struct error *list_walk(const struct list_walk *walk, uint64_t head)
{
	struct map seen _cleanup_(map_deinit) = {0};
	struct type_member node;
	uint64_t at = head;
	struct fault fault;

	if (!type_find_member(walk->type, walk->node, &node))
		return error_new(ERROR_NO_SOURCE, "struct %s has no member %s", walk->type->name,
				 walk->node);
	for (size_t i = 0; i < MODULES_MAX; i++) {
		uint64_t from = at;

		if (!dump_try_read_pointer(walk->dump, at, &at, &fault))
			return error_fault(fault.code, fault.address, "list of struct %s: %s",
					   walk->type->name, error_words(fault.code));
		if (at == head)
			return NULL;
		if (map_put_number(&seen, at, &seen))
			return error_fault(ERROR_CORRUPT, from,
					   "list of struct %s runs in a circle", walk->type->name);
		walk->visit(walk->context, at - node.bit_offset / 8);
	}
	return error_new(ERROR_LIMIT, "list of struct %s has more than %d elements",
			 walk->type->name, MODULES_MAX);
}

/* Context of the two walks. */
struct module_walk {
	const struct module_heads *heads;
	struct arena *arena;
	struct module_list *list;
	const struct type *module, *btf_module, *btf;
};

static void add_range(struct module_facts *facts, uint64_t start, uint64_t size)
{
	if (!start || !size || size > MODULE_RANGE_MAX || start + size < start ||
	    facts->range_count == MODULE_RANGES)
		return;
	facts->ranges[facts->range_count++] = (struct symbol_range){start, start + size};
}

/* A member that is a struct with `base` and `size`. */
static void add_layout(const struct module_walk *walk, struct module_facts *facts,
		       const struct type *layout, uint64_t address)
{
	uint64_t base, size;

	if (member_read(walk->heads->dump, layout, address, "base", &base) &&
	    member_read(walk->heads->dump, layout, address, "size", &size))
		add_range(facts, base, size);
}

/* Since Linux 6.4 a module has an array of memory areas (ac3b43283923 "module: replace
 * module_layout with module_memory"), before that core_layout and init_layout (7523e4dc5057,
 * Linux 4.5). */
static void read_ranges(const struct module_walk *walk, struct module_facts *facts)
{
	static const char *const layouts[] = {"core_layout", "init_layout"};
	struct type_member member;

	if (type_find_member(walk->module, "mem", &member) &&
	    type_strip(member.type)->kind == TYPE_ARRAY) {
		const struct type *array = type_strip(member.type), *element = type_target(array);

		for (uint64_t i = 0; i < array->length && i < MODULE_RANGES; i++)
			add_layout(walk, facts, element,
				   facts->address + member.bit_offset / 8 + i * element->size);
	}
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		if (type_find_member(walk->module, layouts[i], &member))
			add_layout(walk, facts, member.type,
				   facts->address + member.bit_offset / 8);
	}
}

static const char *read_build_id(const struct module_walk *walk, uint64_t address)
{
	struct type_member member;
	uint8_t bytes[BUILD_ID_MAX] = {0};
	char text[2 * BUILD_ID_MAX + 1];
	struct fault fault;
	uint8_t any = 0;

	if (!type_find_member(walk->module, "build_id", &member) || !member.type->size ||
	    member.type->size > BUILD_ID_MAX ||
	    !dump_try_read(walk->heads->dump, address + member.bit_offset / 8, bytes,
			   member.type->size, &fault))
		return NULL;
	for (size_t i = 0; i < member.type->size; i++)
		any |= bytes[i];
	hex_write(bytes, member.type->size, text);
	return any ? arena_strdup(walk->arena, text) : NULL;
}

static const char *read_name(const struct module_walk *walk, uint64_t address)
{
	char name[MODULE_NAME_MAX + 1] = {0};
	struct type_member member;
	struct fault fault;

	if (!type_find_member(walk->module, "name", &member) ||
	    member.type->size > MODULE_NAME_MAX ||
	    !dump_try_read(walk->heads->dump, address + member.bit_offset / 8, name,
			   member.type->size, &fault))
		return NULL;
	for (const char *c = name; *c; c++) {
		if (!isgraph((unsigned char)*c))
			return NULL;
	}
	return *name ? arena_strdup(walk->arena, name) : NULL;
}

static void visit_module(void *context, uint64_t address)
{
	const struct module_walk *walk = context;
	struct module_facts facts = {.name = read_name(walk, address), .address = address};

	if (!facts.name)
		return;
	facts.build_id = read_build_id(walk, address);
	read_ranges(walk, &facts);
	*vec_push(walk->list) = facts;
}

/* The sections with BTF are not kept in a module's memory; what btf_parse_module() made of them is
 * (36e68442d1af, Linux 5.11), already relocated against vmlinux's. */
static void visit_btf(void *context, uint64_t address)
{
	const struct module_walk *walk = context;
	struct dump *dump = walk->heads->dump;
	uint64_t module, btf, data, size;

	if (!member_read(dump, walk->btf_module, address, "module", &module) ||
	    !member_read(dump, walk->btf_module, address, "btf", &btf) ||
	    !member_read(dump, walk->btf, btf, "data", &data) ||
	    !member_read(dump, walk->btf, btf, "data_size", &size))
		return;
	for (size_t i = 0; i < walk->list->count; i++) {
		if (walk->list->items[i].address != module)
			continue;
		walk->list->items[i].btf = data;
		walk->list->items[i].btf_size = size;
	}
}

struct error *src_module_list(const struct module_heads *heads, struct arena *arena,
			      struct module_list *list)
{
	struct module_walk context = {
		.heads = heads,
		.arena = arena,
		.list = list,
		.module = struct_with(heads->types, "module", "name"),
		.btf_module = struct_with(heads->types, "btf_module", "btf"),
		.btf = struct_with(heads->types, "btf", "data_size"),
	};
	struct list_walk walk = {heads->dump, context.module, "list", visit_module, &context};

	if (!context.module)
		return error_new(ERROR_NO_SOURCE, "struct module is unknown");
	struct error *error = list_walk(&walk, heads->modules);

	if (error || !heads->btf_modules || !context.btf_module || !context.btf)
		return error;
	walk.type = context.btf_module;
	walk.visit = visit_btf;
	return list_walk(&walk, heads->btf_modules);
}

struct error *src_module_types(const struct module_heads *heads, const struct module_facts *module,
			       struct type_provider *vmlinux, struct type_provider **ret)
{
	struct btf_origin origin = {
		.description = "BTF (dump)",
		.module = module->name,
		.base = vmlinux,
	};

	if (!module->btf || !module->btf_size)
		return error_new(ERROR_NO_SOURCE, "module %s has no BTF", module->name);
	if (module->btf_size > MODULE_BTF_MAX || vmlinux->is_partial)
		return error_fault(ERROR_CORRUPT, module->btf, "BTF of module %s cannot be used",
				   module->name);
	void *bytes = mem_zero(module->btf_size);
	struct error *error = dump_read(heads->dump, module->btf, bytes, module->btf_size);

	if (!error)
		error = src_btf_new(bytes, module->btf_size, &origin, ret);
	else
		free(bytes);
	return error ? error_prefix(error, "module %s", module->name) : NULL;
}

/* struct mod_kallsyms (8244062ef1e5, Linux 4.5; the types of symbols have an array of their own
 * since 1c7651f43777, Linux 5.2). */
struct module_kallsyms {
	uint64_t symtab, count, strtab, typetab;
	uint8_t *symbols; /* Elf64_Sym or Elf32_Sym */
	size_t width;
	char *strings;
	size_t string_size;
	char *kinds; /* NULL: not known */
};

static void module_kallsyms_deinit(struct module_kallsyms *kallsyms)
{
	free(kallsyms->symbols);
	free(kallsyms->strings);
	free(kallsyms->kinds);
}

struct elf_symbol {
	uint32_t name;
	bool is_defined, is_function;
	uint64_t value;
};

static struct elf_symbol elf_symbol(struct dump *dump, const struct module_kallsyms *kallsyms,
				    size_t i)
{
	const uint8_t *bytes = kallsyms->symbols + i * kallsyms->width;
	bool is_64 = kallsyms->width == sizeof(Elf64_Sym);
	size_t info = is_64 ? offsetof(Elf64_Sym, st_info) : offsetof(Elf32_Sym, st_info);
	size_t shndx = is_64 ? offsetof(Elf64_Sym, st_shndx) : offsetof(Elf32_Sym, st_shndx);
	size_t value = is_64 ? offsetof(Elf64_Sym, st_value) : offsetof(Elf32_Sym, st_value);

	return (struct elf_symbol){
		.name = dump_number(dump, bytes, 4),
		.is_defined = dump_number(dump, bytes + shndx, 2) != SHN_UNDEF,
		.is_function = ELF64_ST_TYPE(bytes[info]) == STT_FUNC,
		.value = dump_number(dump, bytes + value, is_64 ? 8 : 4),
	};
}

/* As much of the strings as the symbols refer to: nothing says where they end. */
static bool read_strings(struct dump *dump, struct module_kallsyms *kallsyms)
{
	size_t last = 0, length;
	struct fault fault;

	for (size_t i = 0; i < kallsyms->count; i++) {
		struct elf_symbol symbol = elf_symbol(dump, kallsyms, i);

		if (symbol.name > last && symbol.name < MODULE_STRINGS_MAX)
			last = symbol.name;
	}
	length = last + MODULE_STRING_MAX;
	kallsyms->strings = mem_zero(length + 1);
	if (!dump_try_read(dump, kallsyms->strtab, kallsyms->strings, length, &fault)) {
		/* The last name may end just before a page that is not there. */
		length = last + 4096 - (kallsyms->strtab + last) % 4096;
		if (length > last + MODULE_STRING_MAX)
			length = last + MODULE_STRING_MAX;
		if (!dump_try_read(dump, kallsyms->strtab, kallsyms->strings, length, &fault))
			return false;
	}
	kallsyms->strings[length] = '\0';
	kallsyms->string_size = length;
	return true;
}

static struct error *read_kallsyms(const struct module_heads *heads,
				   const struct module_facts *module, struct module_kallsyms *ret)
{
	const struct type *type = struct_with(heads->types, "module", "kallsyms");
	const struct type *kallsyms = struct_with(heads->types, "mod_kallsyms", "num_symtab");
	struct dump *dump = heads->dump;
	uint64_t address;
	struct fault fault;

	if (!type || !kallsyms)
		return error_new(ERROR_NO_SOURCE, "the kernel keeps no symbols of modules");
	if (!member_read(dump, type, module->address, "kallsyms", &address) || !address ||
	    !member_read(dump, kallsyms, address, "symtab", &ret->symtab) ||
	    !member_read(dump, kallsyms, address, "strtab", &ret->strtab) ||
	    !member_read(dump, kallsyms, address, "num_symtab", &ret->count) || !ret->count ||
	    ret->count > MODULE_SYMBOLS_MAX)
		return error_fault(ERROR_CORRUPT, module->address, "module %s: no symbols",
				   module->name);
	ret->width = dump_arch(dump)->pointer_size == 8 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	ret->symbols = mem_zero(ret->count * ret->width);
	if (!dump_try_read(dump, ret->symtab, ret->symbols, ret->count * ret->width, &fault) ||
	    !read_strings(dump, ret))
		return error_fault(fault.code, module->address, "module %s: symbols: %s",
				   module->name, error_words(fault.code));
	if (!member_read(dump, kallsyms, address, "typetab", &ret->typetab))
		return NULL;
	ret->kinds = mem_zero(ret->count);
	if (!dump_try_read(dump, ret->typetab, ret->kinds, ret->count, &fault)) {
		free(ret->kinds);
		ret->kinds = NULL;
	}
	return NULL;
}

static void fill_table(struct dump *dump, const struct module_kallsyms *kallsyms,
		       struct symbol_table *table)
{
	struct symbol_text text = {0};

	table->addresses = mem_resize(NULL, kallsyms->count, sizeof(*table->addresses));
	table->names = mem_resize(NULL, kallsyms->count, sizeof(*table->names));
	for (size_t i = 0; i < kallsyms->count; i++) {
		struct elf_symbol symbol = elf_symbol(dump, kallsyms, i);
		char kind = kallsyms->kinds && isalpha((unsigned char)kallsyms->kinds[i])
				    ? kallsyms->kinds[i]
			    : symbol.is_function ? 't'
						 : 'd';

		if (!symbol.is_defined || symbol.name >= kallsyms->string_size ||
		    !kallsyms->strings[symbol.name])
			continue;
		symbol_table_add(table, &text, kind, kallsyms->strings + symbol.name, symbol.value);
	}
}

struct error *src_module_symbols(const struct module_heads *heads,
				 const struct module_facts *module, struct symbol_provider **ret)
{
	struct module_kallsyms kallsyms _cleanup_(module_kallsyms_deinit) = {0};
	struct symbol_table *table _cleanup_(symbol_table_free_cleanup) = NULL;
	struct error *error = read_kallsyms(heads, module, &kallsyms);

	if (error)
		return error;
	table = symbol_table_new("kallsyms (dump)", module->name);
	fill_table(heads->dump, &kallsyms, table);
	memcpy(table->ranges, module->ranges, sizeof(module->ranges));
	table->range_count = module->range_count;
	symbol_table_finish(table);
	*ret = &table->provider;
	table = NULL;
	return NULL;
}
