// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/kernel_sources.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "types/debuginfo.h"
#include "types/patchy.h"
#include "types/scan.h"
#include "types/src_btf.h"
#include "types/src_dwarf.h"
#include "types/src_elfsym.h"
#include "types/src_kallsyms.h"
#include "types/src_ksymtab.h"
#include "types/src_percpu.h"
#include "types/src_systemmap.h"
#include "types/src_vmcoreinfo.h"

void kernel_sources_note(struct kernel_sources *sources, struct error *error)
{
	if (sources->notes.length)
		buf_putc(&sources->notes, '\n');
	buf_puts(&sources->notes, error->message);
	error_free(error);
}

static void note_partial(struct kernel_sources *sources, const char *description)
{
	kernel_sources_note(
		sources, error_new(ERROR_CORRUPT, "%s: a part of it cannot be read", description));
}

/* Takes over what was opened, or notes why it was not. */
static void add_symbols(struct kernel_sources *sources, struct error *error,
			struct symbol_provider *provider)
{
	if (error) {
		kernel_sources_note(sources, error);
		return;
	}
	assert(sources->symbol_count < KERNEL_SOURCES);
	sources->symbols[sources->symbol_count++] = provider;
	if (provider->is_partial)
		note_partial(sources, provider->description);
}

static void add_types(struct kernel_sources *sources, struct error *error,
		      struct type_provider *provider)
{
	if (error) {
		kernel_sources_note(sources, error);
		return;
	}
	assert(sources->type_count < KERNEL_SOURCES);
	sources->types[sources->type_count++] = provider;
	if (provider->is_partial) // NOLINT(clang-analyzer-core.NullDereference): there is one where there is no error
		note_partial(sources, provider->description);
}

static const char *dump_line(struct dump *dump, const char *key)
{
	return vmcoreinfo_get(dump_vmcoreinfo(dump), key);
}

bool kernel_has_variables(const struct kernel_sources *sources)
{
	for (size_t i = 0; i < sources->symbol_count; i++) {
		if (sources->symbols[i]->data_symbols && !sources->symbols[i]->is_partial)
			return true;
	}
	return false;
}

/* A file that was asked for and gives nothing would look like one that was used: cut short, it has lost the table of its
 * sections, which stands at the end. */
static struct error *check_content(const char *path, bool dwarf_only)
{
	bool has_dwarf = elf_has_section(path, ".debug_info") || elf_has_section(path, ".zdebug_info");

	if (dwarf_only && !has_dwarf)
		return error_new(ERROR_INVALID,
				 "%s: no DWARF in it (stripped, or cut short): leave out --dwarf, or give the "
				 "vmlinux of the kernel's debug package",
				 path);
	if (!has_dwarf && !elf_has_section(path, ".symtab") && !elf_has_section(path, ".BTF"))
		return error_new(ERROR_INVALID,
				 "%s: neither symbols nor BTF nor DWARF in it (stripped, or cut short): give the "
				 "vmlinux of the kernel's debug package",
				 path);
	return NULL;
}

/* A file the user named must belong to the dump, as far as anything tells. */
static struct error *check_given(struct kernel_sources *sources, const struct symtab_options *options)
{
	const char *path = options->vmlinux;
	struct error *error = debuginfo_check(path, sources->dump, &sources->shift);

	if (error && error->code != ERROR_NOT_FOUND)
		return error;
	struct error *content = check_content(path, options->dwarf_only);
	if (content) {
		error_free(error);
		return content;
	}
	if (error) {
		kernel_sources_note(sources, error);
		vmcoreinfo_number(dump_vmcoreinfo(sources->dump), "KERNELOFFSET", &sources->shift);
	}
	sources->vmlinux = mem_strdup(path);
	sources->vmlinux_searched = sources->vmlinux_given = true;
	return NULL;
}

static struct error *find_vmlinux(struct kernel_sources *sources)
{
	const char *build_id = dump_line(sources->dump, "BUILD-ID");
	struct error *error;

	sources->vmlinux_searched = true;
	error = debuginfo_find(build_id, dump_line(sources->dump, "OSRELEASE"),
			       dump_info(sources->dump)->path, &sources->vmlinux);
	if (!error)
		error = debuginfo_check(sources->vmlinux, sources->dump, &sources->shift);
	if (!error)
		return NULL;
	free(sources->vmlinux);
	sources->vmlinux = NULL;
	return error;
}

/* Looks for a vmlinux, once, when it is needed. */
static bool need_vmlinux(struct kernel_sources *sources)
{
	struct error *error = sources->vmlinux_searched ? NULL : find_vmlinux(sources);

	if (error)
		kernel_sources_note(sources, error);
	return sources->vmlinux;
}

/* The vmlinux that the options ask for, or say that there must be. */
static struct error *take_vmlinux(struct kernel_sources *sources, const struct symtab_options *options)
{
	struct error *error;

	if (options->vmlinux)
		return check_given(sources, options);
	if (!options->dwarf_only)
		return NULL;
	error = find_vmlinux(sources);
	if (!error)
		error = check_content(sources->vmlinux, true);
	return error ? error_prefix(error, "--dwarf without -k VMLINUX") : NULL;
}

/* System.map-RELEASE beside the dump or where distributions install it. */
static struct error *find_systemmap(struct kernel_sources *sources, struct symbol_provider **ret)
{
	const char *release = dump_line(sources->dump, "OSRELEASE"),
		   *path = dump_info(sources->dump)->path;
	const char *slash = strrchr(path, '/');
	int folder = slash ? (int)(slash - path) : 1;
	struct error *error = NULL;

	if (!release || strchr(release, '/'))
		return error_new(ERROR_NOT_FOUND, "System.map: the dump names no release");
	char *const places[] = {
		mem_printf("%.*s/System.map-%s", folder, slash ? path : ".", release),
		mem_printf("%.*s/System.map", folder, slash ? path : "."),
		mem_printf("/boot/System.map-%s", release),
		mem_printf("/usr/lib/debug/boot/System.map-%s", release),
		mem_printf("/lib/modules/%s/System.map", release),
		mem_printf("/usr/lib/modules/%s/System.map", release),
	};
	bool is_found = false;

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		if (!is_found && access(places[i], R_OK) == 0) {
			error_free(error);
			error = src_systemmap_open(places[i], sources->known, ret);
			is_found = !error;
		}
		free(places[i]);
	}
	if (is_found || error)
		return error;
	return error_new(ERROR_NOT_FOUND, "no System.map-%s in /boot or beside the dump", release);
}

/* A source of some variables, where none has them all. */
static void add_variables(struct kernel_sources *sources, struct error *error,
			  struct symbol_provider *provider)
{
	if (error) {
		kernel_sources_note(sources, error);
		return;
	}
	assert(sources->symbol_count < KERNEL_SOURCES);
	sources->symbols[sources->symbol_count++] = provider;
}

static void open_exported(struct kernel_sources *sources)
{
	struct symbol_provider *provider = NULL;
	struct error *error;

	error = src_ksymtab_open(sources->dump, sources->symbols[0], &provider);
	if (!error)
		sources->exported = provider;
	add_variables(sources, error, provider);
	kernel_sources_note(sources, error_new(ERROR_NO_SOURCE,
					       "kallsyms: variables are missing that are not for "
					       "modules (no CONFIG_KALLSYMS_ALL)"));
}

static void open_percpu(struct kernel_sources *sources)
{
	struct symbol_provider *provider = NULL;
	struct error *error;

	error = src_percpu_new(sources->btf, sources->exported, &provider);
	add_variables(sources, error, provider);
}

static void open_reached(struct kernel_sources *sources)
{
	struct reach *reach = &sources->reach;
	struct symbol_provider *provider;

	*reach = (struct reach){.dump = sources->dump,
				.types = sources->types[0],
				.exported = sources->exported};
	if (!scan_image(sources->dump, &reach->start, &reach->end))
		return;
	provider = src_reached_open(reach);
	if (provider)
		add_variables(sources, NULL, provider);
}

static void open_symbols(struct kernel_sources *sources)
{
	struct symbol_provider *provider = NULL;
	struct error *error;

	sources->known = src_vmcoreinfo_open(dump_vmcoreinfo(sources->dump));
	error = src_kallsyms_open(sources->dump, &provider);
	add_symbols(sources, error, provider);
	if (!kernel_has_variables(sources) && sources->vmlinux) {
		error = src_elfsym_open(sources->vmlinux, sources->shift, &provider);
		add_symbols(sources, error, provider);
	}
	if (!kernel_has_variables(sources)) {
		error = find_systemmap(sources, &provider);
		add_symbols(sources, error, provider);
	}
	if (!sources->symbol_count) {
		error = scan_kallsyms(sources->dump, sources->known, &provider);
		add_symbols(sources, error, provider);
	}
	if (!kernel_has_variables(sources) && !sources->vmlinux && need_vmlinux(sources)) {
		error = src_elfsym_open(sources->vmlinux, sources->shift, &provider);
		add_symbols(sources, error, provider);
	}
	if (!kernel_has_variables(sources) && sources->symbol_count)
		open_exported(sources);
	sources->symbols[sources->symbol_count++] = sources->known;
}

static bool read_dump(void *context, uint64_t address, void *buffer, size_t length)
{
	struct fault fault;

	return dump_try_read(context, address, buffer, length, &fault);
}

/* Reads BTF of which pages may be missing: without one of strings, a few names are; without one of
 * types, all types behind it. */
static struct error *read_btf(struct dump *dump, uint64_t address, uint64_t size,
			      struct type_provider **ret)
{
	struct btf_origin origin = {"BTF (dump)", NULL, dump_arch(dump)->pointer_size, NULL};
	uint8_t *bytes = mem_zero(size);
	size_t got = patchy_read(read_dump, dump, address, bytes, size, NULL);
	struct error *error = src_btf_new(bytes, size, &origin, ret);

	if (!error)
		(*ret)->is_partial |= got < size;
	return error;
}

/* Between the symbols that the linker puts around the section (include/asm-generic/vmlinux.lds.h).
 */
static struct error *btf_between_symbols(struct kernel_sources *sources, struct type_provider **ret)
{
	struct symbol start, stop;

	if (kernel_find_symbol(sources, "__start_BTF", &start, 1) != 1 ||
	    kernel_find_symbol(sources, "__stop_BTF", &stop, 1) != 1)
		return error_new(ERROR_NO_SOURCE, "BTF: no symbol leads to it");
	uint64_t size = stop.address - start.address;

	if (stop.address <= start.address || size > BTF_MAX_BYTES)
		return error_fault(ERROR_NO_SOURCE, start.address,
				   "BTF: there is none in this kernel");
	struct error *error = read_btf(sources->dump, start.address, size, ret);
	struct fault fault;

	/* What its header says is not known where it cannot be read. */
	if (error && !dump_is_saved(sources->dump, start.address, &fault)) {
		error_free(error);
		return error_fault(fault.code, start.address, "BTF: %s", error_words(fault.code));
	}
	return error;
}

static struct error *btf_of_vmlinux(struct kernel_sources *sources, struct type_provider **ret)
{
	char *description _cleanup_free_ = mem_printf("BTF (%s)", sources->vmlinux);
	struct btf_origin origin = {description, NULL, dump_arch(sources->dump)->pointer_size,
				    NULL};
	void *bytes = NULL;
	size_t size = 0;
	struct error *error = elf_section_read(sources->vmlinux, ".BTF", &bytes, &size);

	return error ? error : src_btf_new(bytes, size, &origin, ret);
}

static struct error *open_dwarf(struct kernel_sources *sources)
{
	struct type_provider *provider = NULL;
	struct error *error;

	sources->dwarf_tried = true;
	error = src_dwarf_open(sources->vmlinux, sources->shift, NULL, &provider);
	if (!error)
		add_types(sources, NULL, provider);
	return error;
}

static bool has_types(const struct kernel_sources *sources)
{
	return sources->type_count && !sources->types[0]->is_partial;
}

static void open_btf(struct kernel_sources *sources)
{
	struct type_provider *provider = NULL;
	struct error *error = btf_between_symbols(sources, &provider);

	if (error && !kernel_has_variables(sources)) {
		error_free(error);
		error = scan_btf(sources->dump, &provider);
	}
	add_types(sources, error, provider);
	if (!has_types(sources) && need_vmlinux(sources)) {
		error = btf_of_vmlinux(sources, &provider);
		if (error_catch(&error, ERROR_NOT_FOUND))
			return;
		add_types(sources, error, provider);
	}
}

static struct error *open_types(struct kernel_sources *sources, bool dwarf_only)
{
	struct error *error = NULL;

	if (!dwarf_only)
		open_btf(sources);
	if (sources->type_count)
		sources->btf = sources->types[sources->type_count - 1];
	if (!has_types(sources) && need_vmlinux(sources))
		error = open_dwarf(sources);
	if (!error || dwarf_only)
		return error;
	kernel_sources_note(sources, error);
	return NULL;
}

struct error *kernel_sources_open(struct kernel_sources *sources, struct dump *dump,
				  const struct symtab_options *options)
{
	struct error *error;

	sources->dump = dump;
	error = take_vmlinux(sources, options);
	if (error)
		return error;
	open_symbols(sources);
	error = open_types(sources, options->dwarf_only);
	if (error)
		return error;
	if (sources->exported && sources->btf)
		open_percpu(sources);
	if (sources->exported && sources->type_count)
		open_reached(sources);
	return NULL;
}

void kernel_sources_deinit(struct kernel_sources *sources)
{
	for (size_t i = sources->type_count; i-- > 0;)
		type_provider_free(sources->types[i]);
	for (size_t i = 0; i < sources->symbol_count; i++)
		symbol_provider_free(sources->symbols[i]);
	free(sources->vmlinux);
	buf_deinit(&sources->notes);
}

bool kernel_sources_need_dwarf(struct kernel_sources *sources)
{
	size_t count = sources->type_count;

	if (!sources->vmlinux_given || sources->dwarf_tried)
		return false;
	struct error *error = open_dwarf(sources);
	if (error)
		kernel_sources_note(sources, error);
	return sources->type_count > count;
}

size_t kernel_find_type(struct kernel_sources *sources, enum type_kind kind, const char *name,
			const struct type **ret, size_t capacity)
{
	size_t count = 0;

	for (size_t i = 0; i < sources->type_count && !count; i++)
		count = sources->types[i]->ops->find(sources->types[i], kind, name, ret, capacity);
	return count;
}

size_t kernel_find_enumerator(struct kernel_sources *sources, const char *name,
			      struct enumerator_found *ret, size_t capacity)
{
	size_t count = 0;

	for (size_t i = 0; i < sources->type_count && !count; i++)
		count = sources->types[i]->ops->enumerator(sources->types[i], name, ret, capacity);
	return count;
}

size_t kernel_find_symbol(struct kernel_sources *sources, const char *name, struct symbol *ret,
			  size_t capacity)
{
	size_t count = 0;

	for (size_t i = 0; i < sources->symbol_count && !count; i++)
		count = sources->symbols[i]->ops->find(sources->symbols[i], name, ret, capacity);
	return count;
}
