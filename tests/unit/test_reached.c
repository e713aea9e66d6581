// SPDX-License-Identifier: GPL-2.0-or-later
// A made-up /sys with modules and their BTF, and a list of slab caches.
#include "fake_dump.h"

#include "types/src_reached.c"

#include "btf_builder.h"
#include "test.h"

/* Offsets in the structs below. */
enum {
	CACHE_LIST = 24,
	KOBJECT_ENTRY = 8,
	KOBJECT_SD = 40,
	KSET_KOBJ = 32,
	NODE_PARENT = 8,
	NODE_NAME = 16,
	NODE_RB = 24,
	NODE_CHILDREN = 56,
	NODE_PRIV = 64,
	NODE_SIZE = 80,
	MODULE_LIST = 8,
	MODULE_MKOBJ = 24,
	MKOBJ_MOD = 64,
	FILE_SIZE = 16,
	FILE_PRIVATE = 24,
	BTF_DATA = 0,
	BTF_DATA_SIZE = 8,
	STRUCT_SIZE = 128,
};

static void put_struct(struct btf_builder *builder, const char *name, uint32_t members,
		       uint32_t size)
{
	btf_put_type(builder, name, KIND_STRUCT, members, size);
}

static struct type_provider *make_types(const char *parent)
{
	struct btf_builder builder = {0};
	struct btf_origin origin = {.description = "test", .pointer_size = 8};
	struct type_provider *provider = NULL;
	size_t size;

	btf_put_int(&builder, "unsigned long", 8, 0, 64); /* 1 */
	btf_put_type(&builder, "", KIND_PTR, 0, 0);       /* 2: void * */
	put_struct(&builder, "list_head", 2, 16);         /* 3 */
	btf_put_member(&builder, "next", 2, 0);
	btf_put_member(&builder, "prev", 2, 64);
	put_struct(&builder, "rb_node", 3, 24); /* 4 */
	btf_put_member(&builder, "__rb_parent_color", 1, 0);
	btf_put_member(&builder, "rb_right", 2, 64);
	btf_put_member(&builder, "rb_left", 2, 128);
	put_struct(&builder, "kobject", 3, 64); /* 5 */
	btf_put_member(&builder, "name", 2, 0);
	btf_put_member(&builder, "entry", 3, 8 * KOBJECT_ENTRY);
	btf_put_member(&builder, "sd", 2, 8 * KOBJECT_SD);
	put_struct(&builder, "kset", 2, 96); /* 6 */
	btf_put_member(&builder, "list", 3, 0);
	btf_put_member(&builder, "kobj", 5, 8 * KSET_KOBJ);
	put_struct(&builder, "module_kobject", 2, 72); /* 7 */
	btf_put_member(&builder, "kobj", 5, 0);
	btf_put_member(&builder, "mod", 2, 8 * MKOBJ_MOD);
	put_struct(&builder, "module", 2, STRUCT_SIZE); /* 8 */
	btf_put_member(&builder, "list", 3, 8 * MODULE_LIST);
	btf_put_member(&builder, "mkobj", 7, 8 * MODULE_MKOBJ);
	put_struct(&builder, "kernfs_elem_dir", 2, 16); /* 9 */
	btf_put_member(&builder, "subdirs", 1, 0);
	btf_put_member(&builder, "children", 2, 64);
	put_struct(&builder, "kernfs_node", 5, NODE_SIZE); /* 10 */
	btf_put_member(&builder, parent, 2, 8 * NODE_PARENT);
	btf_put_member(&builder, "name", 2, 8 * NODE_NAME);
	btf_put_member(&builder, "rb", 4, 8 * NODE_RB);
	btf_put_member(&builder, "dir", 9, 8 * (NODE_CHILDREN - 8));
	btf_put_member(&builder, "priv", 2, 8 * NODE_PRIV);
	put_struct(&builder, "bin_attribute", 2, 32); /* 11 */
	btf_put_member(&builder, "size", 1, 8 * FILE_SIZE);
	btf_put_member(&builder, "private", 2, 8 * FILE_PRIVATE);
	put_struct(&builder, "btf", 2, 16); /* 12 */
	btf_put_member(&builder, "data", 2, 8 * BTF_DATA);
	btf_put_member(&builder, "data_size", 1, 8 * BTF_DATA_SIZE);
	put_struct(&builder, "kmem_cache", 1, STRUCT_SIZE); /* 13 */
	btf_put_member(&builder, "list", 3, 8 * CACHE_LIST);
	void *bytes = btf_build(&builder, false, &size);

	CHECK(!src_btf_new(bytes, size, &origin, &provider));
	return provider;
}

/* Places that the tests speak of. */
struct places {
	uint64_t image_end;
	uint64_t kernel_kobj, kmalloc_caches; /* variables */
	uint64_t modules, slab_caches;        /* heads of lists */
	uint64_t module, cache, node;         /* the last one of each that was made */
	uint64_t data;
};

static uint64_t fake_text(const char *text)
{
	uint64_t at = fake_alloc(strlen(text) + 1, 1);

	fake_put_bytes(at, text, strlen(text) + 1);
	return at;
}

static void list_add(uint64_t head, uint64_t node)
{
	uint64_t next = dump_number(&fake_dump, fake_dump.memory + (head - fake_dump.base), 8);

	fake_put_pointer(node, next);
	fake_put_pointer(head, node);
}

static uint64_t new_list(void)
{
	uint64_t head = fake_alloc(16, 8);

	fake_put_pointer(head, head);
	return head;
}

/* Puts the new node above those that its folder has already, now left, now right of it. */
static uint64_t new_node(uint64_t folder, const char *name, uint64_t priv)
{
	uint64_t node = fake_alloc(NODE_SIZE, 8), root = folder + NODE_CHILDREN;

	fake_put_pointer(node + NODE_PARENT, folder);
	fake_put_pointer(node + NODE_NAME, fake_text(name));
	fake_put_pointer(node + NODE_PRIV, priv);
	if (!folder)
		return node;
	fake_put_pointer(node + NODE_RB + (strlen(name) % 2 ? 8 : 16),
			 dump_number(&fake_dump, fake_dump.memory + (root - fake_dump.base), 8));
	fake_put_pointer(root, node + NODE_RB);
	return node;
}

static void new_module(struct places *places, uint64_t kset)
{
	uint64_t module = fake_alloc(STRUCT_SIZE, 8);

	list_add(places->modules, module + MODULE_LIST);
	fake_put_pointer(module + MODULE_MKOBJ + MKOBJ_MOD, module);
	list_add(kset, module + MODULE_MKOBJ + KOBJECT_ENTRY);
	places->module = module;
}

static void new_btf(struct places *places, uint64_t folder, const char *name, bool is_struct)
{
	uint64_t file = fake_alloc(32, 8), btf = fake_alloc(16, 8);

	places->data = fake_alloc(40, 8);
	fake_put(file + FILE_SIZE, 8, 40);
	fake_put_pointer(btf + BTF_DATA, places->data);
	fake_put(btf + BTF_DATA_SIZE, 8, 40);
	fake_put_pointer(file + FILE_PRIVATE, is_struct ? btf : places->data);
	new_node(folder, name, file);
}

static struct places make_kernel(bool is_btf_struct)
{
	struct places places = {0};

	fake_reset(8, false);
	fake_alloc(64, 8);
	places.kernel_kobj = fake_alloc(8, 8);
	places.kmalloc_caches = fake_alloc(8 * 8, 8);
	places.modules = new_list();
	places.slab_caches = new_list();
	places.image_end = fake_alloc(8, 8);
	for (int i = 0; i < 3; i++) {
		places.cache = fake_alloc(STRUCT_SIZE, 8);
		list_add(places.slab_caches, places.cache + CACHE_LIST);
	}
	fake_put_pointer(places.kmalloc_caches + 2 * 8, places.cache); /* some are NULL */

	uint64_t kset = fake_alloc(96, 8), kernel = fake_alloc(64, 8), builtin = fake_alloc(72, 8);
	uint64_t sys = new_node(0, "", 0), folder = new_node(sys, "kernel", kernel);

	fake_put_pointer(kset, kset);
	for (int i = 0; i < 3; i++)
		new_module(&places, kset);
	list_add(kset, builtin + KOBJECT_ENTRY); /* built-in, but has parameters: no module */
	new_node(sys, "dev", 0);
	new_node(sys, "module", kset + KSET_KOBJ);
	new_node(sys, "bus", 0);
	fake_put_pointer(kernel + KOBJECT_SD, folder);
	fake_put_pointer(places.kernel_kobj, kernel);
	folder = new_node(folder, "btf", 0);
	new_node(folder, "vmlinux", 0);
	new_btf(&places, folder, "virtio_net", is_btf_struct);
	places.node = folder;
	return places;
}

static struct symbol_provider *make_exported(const struct places *places)
{
	struct symbol_table *table = symbol_table_new("exported", NULL);
	struct symbol_text text = {0};

	table->addresses = malloc(2 * sizeof(*table->addresses));
	table->names = malloc(2 * sizeof(*table->names));
	symbol_table_add(table, &text, 'D', "kernel_kobj", places->kernel_kobj);
	symbol_table_add(table, &text, 'D', "kmalloc_caches", places->kmalloc_caches);
	symbol_table_finish(table);
	return &table->provider;
}

static struct reach make_reach(const struct places *places, const char *parent)
{
	return (struct reach){&fake_dump, make_types(parent), make_exported(places),
			      fake_dump.base, places->image_end};
}

static void reach_deinit(struct reach *reach)
{
	symbol_provider_free(reach->exported);
	type_provider_free(reach->types);
}

/* 0: it is not known. */
static uint64_t address_in(struct symbol_provider *provider, const char *name)
{
	struct symbol symbol;

	return provider && provider->ops->find(provider, name, &symbol, 1) == 1 ? symbol.address
										: 0;
}

TEST(heads_of_lists_are_reached)
{
	static const char *const parents[] = {"parent", "__parent"};

	for (size_t i = 0; i < 2; i++) {
		struct places places = make_kernel(true);
		struct reach reach = make_reach(&places, parents[i]);
		struct symbol_provider *provider = src_reached_open(&reach);

		CHECK(address_in(provider, "modules") == places.modules);
		CHECK(address_in(provider, "slab_caches") == places.slab_caches);
		symbol_provider_free(provider);
		reach_deinit(&reach);
	}
}

TEST(btf_of_modules_is_reached)
{
	for (int is_struct = 0; is_struct < 2; is_struct++) {
		struct places places = make_kernel(is_struct);
		struct reach reach = make_reach(&places, "parent");
		uint64_t address = 0, size = 0;

		CHECK(src_reached_btf(&reach, "virtio_net", &address, &size));
		CHECK(address == places.data && size == 40);
		CHECK(!src_reached_btf(&reach, "ext4", &address, &size));
		CHECK(!src_reached_btf(&reach, "virtio_n", &address, &size));
		reach_deinit(&reach);
	}
}

/* Two heads, or none: then it is some other list. */
TEST(a_list_without_one_head_is_not_taken)
{
	struct places places = make_kernel(true);
	struct reach reach = make_reach(&places, "parent");
	struct symbol_provider *provider;

	fake_put_pointer(places.module + MODULE_MKOBJ + MKOBJ_MOD, 0);
	reach.end = reach.start;
	provider = src_reached_open(&reach);
	CHECK(!provider);
	symbol_provider_free(provider);
	reach_deinit(&reach);
}

TEST(circles_end)
{
	struct places places = make_kernel(true);
	struct reach reach = make_reach(&places, "parent");
	uint64_t rb = places.node + NODE_RB, address, size;

	fake_put_pointer(places.cache + CACHE_LIST, places.cache + CACHE_LIST);
	fake_put_pointer(places.module + MODULE_LIST, places.module + MODULE_LIST);
	fake_put_pointer(rb + 8, rb);
	fake_put_pointer(rb + 16, rb);
	fake_put_pointer(places.node + NODE_CHILDREN, rb);
	CHECK(!src_reached_open(&reach));
	CHECK(!src_reached_btf(&reach, "virtio_net", &address, &size));
	reach_deinit(&reach);
}

TEST(mutated_kernels_are_survived)
{
	unsigned int seed = 1;

	for (int i = 0; i < 3000; i++) {
		struct places places = make_kernel(i % 2);
		struct reach reach = make_reach(&places, "parent");
		uint64_t address, size;

		/* Mostly pointers that lead somewhere else in the same memory. */
		for (int k = 0; k < 1 + i % 8; k++)
			fake_put_pointer(fake_dump.base + 8 * (rand_r(&seed) % (fake_dump.used / 8)),
					 fake_dump.base + 8 * (rand_r(&seed) % (fake_dump.used / 8)));
		symbol_provider_free(src_reached_open(&reach));
		src_reached_btf(&reach, "virtio_net", &address, &size);
		reach_deinit(&reach);
	}
}

TEST_MAIN
