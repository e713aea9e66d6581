// SPDX-License-Identifier: GPL-2.0-or-later
// Modules in a made-up dump, whose structs are described by a made-up BTF.
#include "fake_dump.h"

#include "types/src_module.c"

#include "btf_builder.h"
#include "test.h"

struct error *dump_read(struct dump *dump, uint64_t address, void *buffer, size_t length)
{
	struct fault fault;

	if (dump_try_read(dump, address, buffer, length, &fault))
		return NULL;
	return error_fault(fault.code, fault.address, "page");
}

/* Offsets in the structs below. */
enum {
	MODULE_LIST = 8,
	MODULE_NAME = 24,
	MODULE_BUILD_ID = 48,
	MODULE_MEM = 72,
	MODULE_KALLSYMS = 104,
	MODULE_SIZE = 112,
	SYMBOL_COUNT = 4,
	SYMBOL_SIZE = 24,
};

/* `memory`: the modules are laid out as since Linux 6.4, else as before. */
static struct type_provider *make_types(bool memory)
{
	struct btf_builder builder = {0};
	struct btf_origin origin = {.description = "test", .pointer_size = 8};
	struct type_provider *provider = NULL;
	size_t size;

	btf_put_int(&builder, "unsigned int", 4, 0, 32);         /* 1 */
	btf_put_int(&builder, "unsigned long", 8, 0, 64);        /* 2 */
	btf_put_int(&builder, "char", 1, 1, 8);                  /* 3 */
	btf_put_type(&builder, "", KIND_PTR, 0, 0);              /* 4: void * */
	btf_put_array(&builder, 3, 24);                          /* 5: char [24] */
	btf_put_array(&builder, 3, 20);                          /* 6: char [20] */
	btf_put_type(&builder, "list_head", KIND_STRUCT, 2, 16); /* 7 */
	btf_put_member(&builder, "next", 4, 0);
	btf_put_member(&builder, "prev", 4, 64);
	btf_put_type(&builder, "module_memory", KIND_STRUCT, 2, 16); /* 8 */
	btf_put_member(&builder, "base", 4, 0);
	btf_put_member(&builder, "size", 1, 64);
	btf_put_array(&builder, 8, 2);                                              /* 9 */
	btf_put_type(&builder, "module", KIND_STRUCT, memory ? 5 : 6, MODULE_SIZE); /* 10 */
	btf_put_member(&builder, "list", 7, 8 * MODULE_LIST);
	btf_put_member(&builder, "name", 5, 8 * MODULE_NAME);
	btf_put_member(&builder, "build_id", 6, 8 * MODULE_BUILD_ID);
	if (memory) {
		btf_put_member(&builder, "mem", 9, 8 * MODULE_MEM);
	} else {
		btf_put_member(&builder, "core_layout", 8, 8 * MODULE_MEM);
		btf_put_member(&builder, "init_layout", 8, 8 * (MODULE_MEM + 16));
	}
	btf_put_member(&builder, "kallsyms", 4, 8 * MODULE_KALLSYMS);
	btf_put_type(&builder, "mod_kallsyms", KIND_STRUCT, 4, 32); /* 11 */
	btf_put_member(&builder, "symtab", 4, 0);
	btf_put_member(&builder, "num_symtab", 1, 64);
	btf_put_member(&builder, "strtab", 4, 128);
	btf_put_member(&builder, "typetab", 4, 192);
	btf_put_type(&builder, "btf_module", KIND_STRUCT, 3, 32); /* 12 */
	btf_put_member(&builder, "list", 7, 0);
	btf_put_member(&builder, "module", 4, 128);
	btf_put_member(&builder, "btf", 4, 192);
	btf_put_type(&builder, "btf", KIND_STRUCT, 2, 16); /* 13 */
	btf_put_member(&builder, "data", 4, 0);
	btf_put_member(&builder, "data_size", 1, 64);
	void *bytes = btf_build(&builder, false, &size);

	CHECK(!src_btf_new(bytes, size, &origin, &provider));
	return provider;
}

/* An empty list. */
static uint64_t put_head(void)
{
	uint64_t head = fake_alloc(16, 8);

	fake_put_pointer(head, head);
	fake_put_pointer(head + 8, head);
	return head;
}

static void put_on_list(uint64_t head, uint64_t node)
{
	uint64_t first = head, last = head;
	struct fault fault;

	CHECK(dump_try_read_pointer(&fake_dump, head, &first, &fault));
	while (first != head) {
		last = first;
		CHECK(dump_try_read_pointer(&fake_dump, last, &first, &fault));
	}
	fake_put_pointer(last, node);
	fake_put_pointer(node, head);
	fake_put_pointer(node + 8, last);
}

static uint64_t put_module(uint64_t head, const char *name, uint64_t base)
{
	uint64_t module = fake_alloc(MODULE_SIZE, 8);

	fake_put_bytes(module + MODULE_NAME, name, strlen(name) + 1);
	fake_put_pointer(module + MODULE_MEM, base);
	fake_put(module + MODULE_MEM + 8, 4, 0x1000);
	fake_put_pointer(module + MODULE_MEM + 16, base + 0x4000);
	fake_put(module + MODULE_MEM + 24, 4, 0x2000);
	put_on_list(head, module + MODULE_LIST);
	return module;
}

/* Symbols as the loader leaves them: an empty one, two in text, one that is not defined. */
static uint64_t put_kallsyms(uint64_t module, uint64_t base)
{
	static const char strings[] = "\0init\0worker\0printk";
	static const char kinds[] = {'?', 't', 'T', 'U'};
	const uint64_t names[] = {0, 1, 6, 13}, values[] = {0, base + 0x10, base + 0x40, 0};
	uint64_t kallsyms = fake_alloc(32, 8), symtab = fake_alloc(SYMBOL_COUNT * SYMBOL_SIZE, 8);
	uint64_t strtab = fake_alloc(sizeof(strings), 1), typetab = fake_alloc(sizeof(kinds), 1);

	for (int i = 0; i < SYMBOL_COUNT; i++) {
		fake_put(symtab + i * SYMBOL_SIZE, 4, names[i]);
		fake_put(symtab + i * SYMBOL_SIZE + 6, 2, i == 1 || i == 2);
		fake_put(symtab + i * SYMBOL_SIZE + 8, 8, values[i]);
	}
	fake_put_bytes(strtab, strings, sizeof(strings));
	fake_put_bytes(typetab, kinds, sizeof(kinds));
	fake_put_pointer(kallsyms, symtab);
	fake_put(kallsyms + 8, 4, SYMBOL_COUNT);
	fake_put_pointer(kallsyms + 16, strtab);
	fake_put_pointer(kallsyms + 24, typetab);
	fake_put_pointer(module + MODULE_KALLSYMS, kallsyms);
	return kallsyms;
}

TEST(modules_are_listed_with_the_memory_they_occupy)
{
	for (int memory = 0; memory < 2; memory++) {
		fake_reset(8, false);
		struct module_heads heads = {&fake_dump, make_types(memory), put_head(), 0};
		struct module_list list = {0};
		struct arena *arena = arena_new();
		uint64_t one = put_module(heads.modules, "one", 0xffffffffc0100000);

		put_module(heads.modules, "two", 0xffffffffc0200000);
		fake_put_bytes(one + MODULE_BUILD_ID, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
		CHECK(!src_module_list(&heads, arena, &list));
		CHECK(list.count == 2);
		CHECK_STR(list.items[0].name, "one");
		CHECK_STR(list.items[0].build_id, "0123456789abcdef000000000000000000000000");
		CHECK(list.items[0].address == one && list.items[0].range_count == 2);
		CHECK(list.items[0].ranges[0].start == 0xffffffffc0100000 &&
		      list.items[0].ranges[0].end == 0xffffffffc0101000);
		CHECK(list.items[0].ranges[1].end == 0xffffffffc0106000);
		CHECK_STR(list.items[1].name, "two");
		CHECK(!list.items[1].build_id && !list.items[1].btf);
		free(list.items);
		arena_free(arena);
		type_provider_free(heads.types);
	}
}

TEST(a_broken_list_gives_what_came_before)
{
	fake_reset(8, false);
	struct module_heads heads = {&fake_dump, make_types(true), put_head(), 0};
	struct module_list list = {0};
	struct arena *arena = arena_new();
	uint64_t one = put_module(heads.modules, "one", 0xffffffffc0100000);
	uint64_t two = put_module(heads.modules, "two", 0xffffffffc0200000);

	fake_put_pointer(two + MODULE_LIST, 0xdead000000000100);
	struct error *error = src_module_list(&heads, arena, &list);
	CHECK(error && error->code == ERROR_NO_TRANSLATION && list.count >= 2);
	CHECK_STR(list.items[1].name, "two");
	error_free(error);
	list.count = 0;
	fake_put_pointer(two + MODULE_LIST, one + MODULE_LIST); /* a circle without the head */
	error = src_module_list(&heads, arena, &list);
	CHECK(error && error->code == ERROR_CORRUPT && list.count == 2);
	error_free(error);
	free(list.items);
	arena_free(arena);
	type_provider_free(heads.types);
}

TEST(names_and_sizes_that_cannot_be_are_left_out)
{
	fake_reset(8, false);
	struct module_heads heads = {&fake_dump, make_types(true), put_head(), 0};
	struct module_list list = {0};
	struct arena *arena = arena_new();

	put_module(heads.modules, "", 0xffffffffc0100000);
	put_module(heads.modules, "bell\a", 0xffffffffc0100000);
	put_module(heads.modules, "good", UINT64_MAX - 0x800); /* ends beyond the last address */
	CHECK(!src_module_list(&heads, arena, &list));
	CHECK(list.count == 1 && list.items[0].range_count == 1);
	CHECK(list.items[0].ranges[0].start == 0x37ff); /* the second area, past zero */
	CHECK_STR(list.items[0].name, "good");
	free(list.items);
	arena_free(arena);
	type_provider_free(heads.types);
}

TEST(symbols_of_a_module_are_found)
{
	fake_reset(8, false);
	struct module_heads heads = {&fake_dump, make_types(true), put_head(), 0};
	uint64_t base = 0xffffffffc0100000, module = put_module(heads.modules, "one", base);
	struct module_facts facts = {.name = "one",
				     .address = module,
				     .ranges = {{base, base + 0x1000}},
				     .range_count = 1};
	struct symbol_provider *symbols = NULL;
	struct symbol symbol;

	put_kallsyms(module, base);
	CHECK(!src_module_symbols(&heads, &facts, &symbols));
	CHECK(symbols->ops->find(symbols, "worker", &symbol, 1) == 1 && symbol.kind == 'T');
	CHECK(symbol.address == base + 0x40 && symbol.size == 0xfc0);
	CHECK_STR(symbol.module, "one");
	CHECK(symbols->ops->find(symbols, "printk", &symbol, 1) == 0);
	CHECK(symbols->ops->symbolize(symbols, base + 0x3f, &symbol) && symbol.size == 0x30);
	CHECK_STR(symbol.name, "init");
	CHECK(!symbols->ops->symbolize(symbols, base + 0xf, &symbol));
	CHECK(!symbols->ops->symbolize(symbols, base + 0x1000, &symbol));
	symbol_provider_free(symbols);
	type_provider_free(heads.types);
}

TEST(symbols_that_cannot_be_read_are_an_error)
{
	fake_reset(8, false);
	struct module_heads heads = {&fake_dump, make_types(true), put_head(), 0};
	uint64_t module = put_module(heads.modules, "one", 0xffffffffc0100000);
	struct module_facts facts = {.name = "one", .address = module};
	struct symbol_provider *symbols = NULL;
	struct error *error = src_module_symbols(&heads, &facts, &symbols);

	CHECK(error && error->code == ERROR_CORRUPT); /* no table yet */
	error_free(error);
	uint64_t kallsyms = put_kallsyms(module, 0xffffffffc0100000);
	fake_put(kallsyms + 8, 4, 0xffffffff);
	error = src_module_symbols(&heads, &facts, &symbols);
	CHECK(error && error->code == ERROR_CORRUPT);
	error_free(error);
	fake_put(kallsyms + 8, 4, SYMBOL_COUNT);
	fake_put_pointer(kallsyms, 0x1000);
	error = src_module_symbols(&heads, &facts, &symbols);
	CHECK(error && error->code == ERROR_NO_TRANSLATION && !symbols);
	error_free(error);
	type_provider_free(heads.types);
}

TEST(types_of_a_module_hang_on_btf_modules)
{
	fake_reset(8, false);
	struct module_heads heads = {&fake_dump, make_types(true), put_head(), put_head()};
	uint64_t module = put_module(heads.modules, "one", 0xffffffffc0100000);
	uint64_t entry = fake_alloc(32, 8), btf = fake_alloc(16, 8);
	struct btf_builder builder = {0};
	struct module_list list = {0};
	struct arena *arena = arena_new();
	struct type_provider *types = NULL;
	const struct type *type;
	const char *problem;
	size_t size;

	btf_put_type(&builder, "", KIND_PTR, 0, 10);
	void *bytes = btf_build(&builder, false, &size);
	uint64_t data = fake_alloc(size, 8);

	fake_put_bytes(data, bytes, size);
	free(bytes);
	fake_put_pointer(btf, data);
	fake_put(btf + 8, 4, size);
	fake_put_pointer(entry + 16, module);
	fake_put_pointer(entry + 24, btf);
	put_on_list(heads.btf_modules, entry);
	CHECK(!src_module_list(&heads, arena, &list) && list.count == 1);
	CHECK(list.items[0].btf == data && list.items[0].btf_size == size);
	CHECK(!src_module_types(&heads, &list.items[0], heads.types, &types));
	CHECK(src_btf_count(types, &problem) == 1 && !problem);
	CHECK_STR(types->module, "one");
	CHECK(types->ops->find(types, TYPE_STRUCT, "module", &type, 1) == 0);
	type_provider_free(types);
	fake_put(data, 4, 0);
	struct error *error = src_module_types(&heads, &list.items[0], heads.types, &types);
	CHECK(error && error->code == ERROR_CORRUPT && strstr(error->message, "one"));
	error_free(error);
	list.items[0].btf = 0;
	error = src_module_types(&heads, &list.items[0], heads.types, &types);
	CHECK(error && error->code == ERROR_NO_SOURCE);
	error_free(error);
	free(list.items);
	arena_free(arena);
	type_provider_free(heads.types);
}

TEST_MAIN
