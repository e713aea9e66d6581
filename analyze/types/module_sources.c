// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/module_sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "types/debuginfo.h"
#include "types/file.h"
#include "types/kernel_sources.h"
#include "types/src_btf.h"
#include "types/src_dwarf.h"
#include "types/src_elfsym.h"

enum { HEAD_CHOICES = 8 /* variables of one name that are looked at */ };

/* A list's head by the name of its variable, 0 if there is none. Such short names may be others',
 * too. */
static uint64_t list_head(struct kernel_sources *kernel, const char *name)
{
	uint8_t pointer_size = dump_arch(kernel->dump)->pointer_size;
	struct symbol found[HEAD_CHOICES];
	size_t count = kernel_find_symbol(kernel, name, found, HEAD_CHOICES);

	for (size_t i = 0; count > 1 && i < count && i < HEAD_CHOICES; i++) {
		uint64_t next, back;
		struct fault fault;

		if (dump_try_read_pointer(kernel->dump, found[i].address, &next, &fault) &&
		    dump_try_read_pointer(kernel->dump, next + pointer_size, &back, &fault) &&
		    back == found[i].address)
			return back;
	}
	return count == 1 ? found[0].address : 0;
}

static struct module_heads module_heads(struct kernel_sources *kernel)
{
	return (struct module_heads){
		.dump = kernel->dump,
		.types = kernel->type_count ? kernel->types[0] : NULL,
		.modules = list_head(kernel, "modules"),
		.btf_modules = list_head(kernel, "btf_modules"),
	};
}

void module_sources_init(struct module_sources *modules, struct kernel_sources *kernel,
			 struct arena *arena)
{
	*modules = (struct module_sources){.kernel = kernel, .arena = arena};
}

void module_sources_deinit(struct module_sources *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		type_provider_free(modules->items[i].types);
		type_provider_free(modules->items[i].distilled);
		symbol_provider_free(modules->items[i].symbols);
	}
	free(modules->items);
}

void module_sources_list(struct module_sources *modules)
{
	struct module_heads heads = module_heads(modules->kernel);
	struct module_list list = {0};
	struct error *error;

	/* Without the variable there are no modules (CONFIG_MODULES), if all variables are known.
	 */
	modules->is_partial = heads.modules || !kernel_has_variables(modules->kernel);
	if (!heads.types || !heads.modules)
		return;
	error = src_module_list(&heads, modules->arena, &list);
	for (size_t i = 0; !heads.btf_modules && modules->kernel->exported && i < list.count; i++) {
		struct module_facts *facts = &list.items[i];

		src_reached_btf(&modules->kernel->reach, facts->name, &facts->btf, &facts->btf_size);
	}
	for (size_t i = 0; i < list.count; i++)
		*vec_push(modules) = (struct module_source){.facts = list.items[i]};
	free(list.items);
	modules->is_partial = error;
	modules->wants_pages = error && error->code == ERROR_NOT_SAVED;
	if (error)
		kernel_sources_note(modules->kernel, error_prefix(error, "modules"));
}

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

struct error *btf_file_open(const char *path, const char *module, struct type_provider *base,
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

struct error *btf_file_is_whole(const char *path, bool *ret)
{
	void *bytes _cleanup_free_ = NULL;
	size_t size = 0;
	struct error *error = read_btf(path, &bytes, &size);

	if (!error)
		*ret = btf_is_whole(bytes, size);
	return error;
}

/* Since Linux 6.11 a module's file may bring .BTF.base, a distilled copy of those of vmlinux's
 * types that it was built against (58e185a0dc35 "libbpf: Add btf__distill_base()"). NULL if it does
 * not. */
static struct error *open_distilled(const char *path, struct type_provider *vmlinux,
				    struct type_provider **ret)
{
	struct btf_origin origin = {.description = path};
	void *bytes = NULL;
	size_t size = 0;
	struct error *error = elf_section_read(path, ".BTF.base", &bytes, &size);

	/* What else is wrong with the file is said when its .BTF is read. */
	if (error) {
		error_free(error);
		return NULL;
	}
	error = src_btf_new(bytes, size, &origin, ret);
	if (error)
		return error_prefix(error, "%s", path);
	src_btf_relocate(*ret, vmlinux);
	return NULL;
}

/* "sunrpc" of "/lib/modules/6.1.0/kernel/net/sunrpc/sunrpc.ko". */
static const char *file_module(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	char *name = arena_strndup(arena, base, strcspn(base, "."));

	for (char *c = name; *c; c++) {
		if (*c == '-')
			*c = '_';
	}
	return name;
}

struct error *module_sources_add_file(struct module_sources *modules, const char *path)
{
	struct type_provider *vmlinux = modules->kernel->types[0];
	struct type_provider *distilled _cleanup_(type_provider_free_cleanup) = NULL;
	struct module_source module = {.types_tried = true, .symbols_tried = true};
	struct error *error = open_distilled(path, vmlinux, &distilled);

	if (error)
		return error;
	module.facts.name = file_module(modules->arena, path);
	error = btf_file_open(path, module.facts.name, distilled ? distilled : vmlinux,
			      &module.types);
	if (error)
		return error;
	module.distilled = distilled;
	distilled = NULL;
	*vec_push(modules) = module;
	return NULL;
}

static struct error *open_dwarf(struct kernel_sources *kernel, const struct module_facts *facts,
				struct type_provider **ret)
{
	const struct vmcoreinfo *info = dump_vmcoreinfo(kernel->dump);
	const char *release = vmcoreinfo_get(info, "OSRELEASE");
	char *path _cleanup_free_ = NULL;
	struct error *error = debuginfo_find_module(facts->name, facts->build_id, release,
						    kernel->vmlinux, &path);

	return error ? error : src_dwarf_open(path, 0, facts->name, ret);
}

/* Where vmlinux's types are BTF's, so are its modules', and a module without has none; else there
 * may be debug data on this machine. */
struct type_provider *module_types(struct module_sources *modules, struct module_source *module)
{
	struct kernel_sources *kernel = modules->kernel;
	struct error *error = NULL;

	if (module->types_tried)
		return module->types;
	module->types_tried = true;
	if (!kernel->btf) {
		error = open_dwarf(kernel, &module->facts, &module->types);
	} else if (module->facts.btf) {
		struct module_heads heads = module_heads(kernel);

		error = src_module_types(&heads, &module->facts, kernel->btf, &module->types);
	}
	if (error)
		kernel_sources_note(kernel, error);
	return module->types;
}

struct symbol_provider *module_symbols(struct module_sources *modules, struct module_source *module)
{
	struct module_heads heads;
	struct error *error;

	if (module->symbols_tried)
		return module->symbols;
	module->symbols_tried = true;
	heads = module_heads(modules->kernel);
	error = src_module_symbols(&heads, &module->facts, &module->symbols);
	if (error)
		kernel_sources_note(modules->kernel, error);
	return module->symbols;
}

static bool is_called(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
			return false;
	}
	return *a == *b;
}

struct module_source *module_find(struct module_sources *modules, const char *name)
{
	for (size_t i = 0; i < modules->count; i++) {
		if (is_called(modules->items[i].facts.name, name))
			return &modules->items[i];
	}
	return NULL;
}

struct module_source *module_at(struct module_sources *modules, uint64_t address)
{
	for (size_t i = 0; i < modules->count; i++) {
		const struct module_facts *facts = &modules->items[i].facts;

		for (size_t k = 0; k < facts->range_count; k++) {
			if (address >= facts->ranges[k].start && address < facts->ranges[k].end)
				return &modules->items[i];
		}
	}
	return NULL;
}
