// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_reached.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "types/member.h"
#include "types/src_btf.h"
#include "types/symbol_table.h"

enum {
	RING_MAX = 16 << 10,
	TREE_MAX = 64 << 10, /* entries of a folder */
	TREE_DEPTH = 64,
	FILE_NAME_MAX = 64,
	CACHES_LOOKED_AT = 64, /* pointers in kmalloc_caches */
	REACHED_MAX = 2,
};

static bool offset_of(const struct type *type, const char *name, uint64_t *ret)
{
	struct type_member member;

	if (!type || !type_find_member(type, name, &member) || member.bit_size)
		return false;
	*ret = member.bit_offset / 8;
	return true;
}

static bool read_pointer(const struct reach *reach, uint64_t address, uint64_t *ret)
{
	struct fault fault;

	return dump_try_read_pointer(reach->dump, address, ret, &fault);
}

static bool exported(const struct reach *reach, const char *name, uint64_t *ret)
{
	struct symbol symbol;

	if (reach->exported->ops->find(reach->exported, name, &symbol, 1) != 1)
		return false;
	*ret = symbol.address;
	return true;
}

/* A circular list on which one member is known, but not the head. */
struct ring {
	const struct reach *reach;
	uint64_t node; /* a node's offset in its struct */
	bool (*is_head)(const struct ring *ring, uint64_t at);
};

/* The head is that node which is not in a struct; there must be one. */
static bool ring_head(const struct ring *ring, uint64_t first, uint64_t *ret)
{
	struct map seen _cleanup_(map_deinit) = {0};
	uint64_t at = first, head = 0;

	for (size_t i = 0; i < RING_MAX; i++) {
		if (map_put_number(&seen, at, &seen))
			return false;
		if (ring->is_head(ring, at)) {
			if (head)
				return false;
			head = at;
		}
		if (!read_pointer(ring->reach, at, &at))
			return false;
		if (at != first)
			continue;
		*ret = head;
		return head;
	}
	return false;
}

/* Caches are made from a cache, only the head is in the image. */
static bool is_slab_head(const struct ring *ring, uint64_t at)
{
	return at >= ring->reach->start && at < ring->reach->end;
}

/* kmalloc_caches has pointers to caches, in one or two dimensions. */
static bool reach_slab_caches(const struct reach *reach, uint64_t *ret)
{
	const struct type *cache = struct_with(reach->types, "kmem_cache", "list");
	size_t width = dump_arch(reach->dump)->pointer_size;
	struct ring ring = {.reach = reach, .is_head = is_slab_head};
	uint64_t table, address;

	if (!offset_of(cache, "list", &ring.node) || !exported(reach, "kmalloc_caches", &table))
		return false;
	for (size_t i = 0; i < CACHES_LOOKED_AT; i++) {
		if (read_pointer(reach, table + i * width, &address) && address)
			return ring_head(&ring, address + ring.node, ret);
	}
	return false;
}

/* Files of sysfs: kernfs, since Linux 3.14; `parent` is `__parent` since 6.15 (741c10b096bc
 * "kernfs: Use RCU to access kernfs_node::name."). */
static bool kernfs_parent(const struct reach *reach, uint64_t node, uint64_t *ret)
{
	const struct type *type = struct_with(reach->types, "kernfs_node", "priv");

	return (member_read(reach->dump, type, node, "parent", ret) ||
		member_read(reach->dump, type, node, "__parent", ret)) &&
	       *ret;
}

struct kernfs {
	const struct type *node;
	uint64_t rb, children, left, right;
};

static bool kernfs_layout(const struct reach *reach, struct kernfs *ret)
{
	const struct type *rb = struct_with(reach->types, "rb_node", "rb_left");
	struct type_member dir;
	uint64_t children;

	ret->node = struct_with(reach->types, "kernfs_node", "priv");
	if (!ret->node || !type_find_member(ret->node, "dir", &dir) ||
	    !offset_of(type_strip(dir.type), "children", &children) ||
	    !offset_of(ret->node, "rb", &ret->rb) || !offset_of(rb, "rb_left", &ret->left) ||
	    !offset_of(rb, "rb_right", &ret->right))
		return false;
	ret->children = dir.bit_offset / 8 + children;
	return true;
}

static bool kernfs_is_called(const struct reach *reach, const struct kernfs *kernfs, uint64_t node,
			     const char *name)
{
	char text[FILE_NAME_MAX + 1] = "";
	size_t length = strlen(name) + 1;
	struct fault fault;
	uint64_t address;

	return length <= sizeof(text) &&
	       member_read(reach->dump, kernfs->node, node, "name", &address) &&
	       dump_try_read(reach->dump, address, text, length, &fault) &&
	       !memcmp(text, name, length);
}

/* The entry of that name in a folder. They are sorted by a hash, so all are looked at. */
static bool kernfs_child(const struct reach *reach, uint64_t folder, const char *name,
			 uint64_t *ret)
{
	uint64_t stack[TREE_DEPTH], at;
	struct kernfs kernfs;
	size_t depth = 0;

	if (!kernfs_layout(reach, &kernfs) ||
	    !read_pointer(reach, folder + kernfs.children, &stack[depth++]))
		return false;
	for (size_t i = 0; i < TREE_MAX && depth; i++) {
		at = stack[--depth];
		if (!at)
			continue;
		if (kernfs_is_called(reach, &kernfs, at - kernfs.rb, name)) {
			*ret = at - kernfs.rb;
			return true;
		}
		if (depth + 2 > TREE_DEPTH || !read_pointer(reach, at + kernfs.left, &stack[depth]) ||
		    !read_pointer(reach, at + kernfs.right, &stack[depth + 1]))
			continue;
		depth += 2;
	}
	return false;
}

/* The folder /sys/kernel. */
static bool sys_kernel(const struct reach *reach, uint64_t *ret)
{
	const struct type *kobject = struct_with(reach->types, "kobject", "sd");
	uint64_t variable, address;

	return exported(reach, "kernel_kobj", &variable) &&
	       read_pointer(reach, variable, &address) &&
	       member_read(reach->dump, kobject, address, "sd", ret) && *ret;
}

static bool priv_of(const struct reach *reach, uint64_t node, uint64_t *ret)
{
	const struct type *type = struct_with(reach->types, "kernfs_node", "priv");

	return member_read(reach->dump, type, node, "priv", ret) && *ret;
}

/* Each module has a pointer to itself (kernel/module/sysfs.c, mod_sysfs_init()). */
static bool is_module_head(const struct ring *ring, uint64_t at)
{
	const struct type *module = struct_with(ring->reach->types, "module", "mkobj");
	uint64_t address = at - ring->node, self;
	struct type_member mkobj;

	return !type_find_member(module, "mkobj", &mkobj) ||
	       !member_read(ring->reach->dump, type_strip(mkobj.type),
			    address + mkobj.bit_offset / 8, "mod", &self) ||
	       self != address;
}

/* Any module among the kobjects of the set. */
static bool any_module(const struct reach *reach, uint64_t kset, uint64_t *ret)
{
	const struct type *set = struct_with(reach->types, "kset", "list");
	const struct type *kobject = struct_with(reach->types, "kobject", "entry");
	const struct type *module = struct_with(reach->types, "module_kobject", "mod");
	uint64_t list, entry, kobj, at;

	if (!offset_of(set, "list", &list) || !offset_of(kobject, "entry", &entry) ||
	    !offset_of(module, "kobj", &kobj))
		return false;
	at = kset + list;
	for (size_t i = 0; i < RING_MAX && read_pointer(reach, at, &at) && at != kset + list; i++) {
		if (member_read(reach->dump, module, at - entry - kobj, "mod", ret) && *ret)
			return true;
	}
	return false;
}

/* /sys/module is the kset of modules' kobjects. */
static bool reach_modules(const struct reach *reach, uint64_t *ret)
{
	const struct type *set = struct_with(reach->types, "kset", "kobj");
	const struct type *type = struct_with(reach->types, "module", "mkobj");
	struct ring ring = {.reach = reach, .is_head = is_module_head};
	uint64_t node, kobject, offset, module;

	return offset_of(set, "kobj", &offset) && offset_of(type, "list", &ring.node) &&
	       sys_kernel(reach, &node) && kernfs_parent(reach, node, &node) &&
	       kernfs_child(reach, node, "module", &node) && priv_of(reach, node, &kobject) &&
	       any_module(reach, kobject - offset, &module) &&
	       ring_head(&ring, module + ring.node, ret);
}

bool src_reached_btf(const struct reach *reach, const char *module, uint64_t *ret_address,
		     uint64_t *ret_size)
{
	const struct type *file = struct_with(reach->types, "bin_attribute", "private");
	const struct type *btf = struct_with(reach->types, "btf", "data_size");
	uint64_t node, attribute, size, private, data, data_size;

	if (!sys_kernel(reach, &node) || !kernfs_child(reach, node, "btf", &node) ||
	    !kernfs_child(reach, node, module, &node) || !priv_of(reach, node, &attribute) ||
	    !member_read(reach->dump, file, attribute, "size", &size) ||
	    !member_read(reach->dump, file, attribute, "private", &private))
		return false;
	/* struct btf, or in newer kernels the bytes themselves (btf_module_notify()). */
	if (!member_read(reach->dump, btf, private, "data_size", &data_size) ||
	    data_size != size || !member_read(reach->dump, btf, private, "data", &data))
		data = private;
	*ret_address = data;
	*ret_size = size;
	return true;
}

struct symbol_provider *src_reached_open(const struct reach *reach)
{
	static const struct {
		const char *name;
		bool (*reach)(const struct reach *reach, uint64_t *ret);
	} variables[REACHED_MAX] = {
		{"modules", reach_modules},
		{"slab_caches", reach_slab_caches},
	};
	struct symbol_table *table = symbol_table_new("variables reached from others (dump)", NULL);
	struct symbol_text text = {0};
	uint64_t address;

	table->addresses = mem_resize(NULL, REACHED_MAX, sizeof(*table->addresses));
	table->names = mem_resize(NULL, REACHED_MAX, sizeof(*table->names));
	for (size_t i = 0; i < REACHED_MAX; i++) {
		if (variables[i].reach(reach, &address))
			symbol_table_add(table, &text, 'D', variables[i].name, address);
	}
	if (!table->count) {
		symbol_table_free(table);
		return NULL;
	}
	/* Which symbol an address belongs to is not asked of them: an empty range. */
	table->range_count = 1;
	symbol_table_finish(table);
	table->provider.data_symbols = false;
	table->provider.is_partial = true;
	return &table->provider;
}
