// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/kernel.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "kernel/field.h"
#include "kernel/kernel_private.h"
#include "types/symtab.h"
#include "value/value.h"

enum {
	UTS_LENGTH = 65, /* __NEW_UTS_LEN + 1, part of the system call ABI */
	NOTES_LIMIT = 64 * 1024,
	FSHIFT = 11, /* include/linux/sched/loadavg.h: bits of fraction */
};

uint64_t kernel_symbol(const struct kernel *kernel, const char *name)
{
	const struct symbol *symbol = kernel->symtab ? symtab_find(kernel->symtab, name) : NULL;
	char *key _cleanup_free_ = NULL;
	uint64_t address;

	if (symbol)
		return symbol->address;
	key = mem_printf("SYMBOL(%s)", name);
	return vmcoreinfo_number(dump_vmcoreinfo(kernel->dump), key, &address) ? address : 0;
}

bool kernel_read_long(const struct kernel *kernel, const char *name, uint64_t *ret)
{
	uint64_t address = kernel_symbol(kernel, name);
	struct fault fault;

	return address && dump_try_read_pointer(kernel->dump, address, ret, &fault);
}

bool kernel_read_int(const struct kernel *kernel, const char *name, uint32_t *ret)
{
	uint64_t address = kernel_symbol(kernel, name), number;
	struct fault fault;

	if (!address || !dump_try_read_number(kernel->dump, address, 4, &number, &fault))
		return false;
	*ret = (uint32_t)number;
	return true;
}

/* Line `index` of init_uts_ns.name (struct new_utsname), else `otherwise`, else "". */
static char *kernel_uts(const struct kernel *kernel, unsigned index, const char *otherwise)
{
	uint64_t namespace = kernel_symbol(kernel, "init_uts_ns");
	struct field name;

	if (namespace && field_find(kernel, "uts_namespace", "name", &name)) {
		struct value text = value_string(
			kernel->dump, kernel->arena,
			namespace + name.offset + (uint64_t)index * UTS_LENGTH, UTS_LENGTH);

		if (text.kind == VALUE_STRING && text.string.length)
			return arena_strndup(kernel->arena, text.string.data, text.string.length);
	}
	return arena_strdup(kernel->arena, otherwise ? otherwise : "");
}

/* The note NT_GNU_BUILD_ID (3) of owner "GNU" among `length` bytes of ELF notes, in hex; "" without
 * one. */
static char *kernel_note_build_id(const struct kernel *kernel, const uint8_t *notes, size_t length)
{
	struct buf hex _cleanup_(buf_deinit) = {0};
	size_t at = 0;

	while (length - at >= 12) {
		uint64_t name = dump_number(kernel->dump, notes + at, 4);
		uint64_t data = dump_number(kernel->dump, notes + at + 4, 4);
		uint64_t type = dump_number(kernel->dump, notes + at + 8, 4);
		uint64_t text = at + 12 + ((name + 3) & ~3ULL), end = text + ((data + 3) & ~3ULL);

		if (end > length)
			break;
		if (type == 3 && name == 4 && data <= 64 && notes[at + 12] == 'G') {
			for (uint64_t i = 0; i < data; i++)
				buf_printf(&hex, "%02x", notes[text + i]);
			break;
		}
		at = end;
	}
	return arena_strdup(kernel->arena, buf_text(&hex));
}

static char *kernel_build_id(const struct kernel *kernel)
{
	const char *known = vmcoreinfo_get(dump_vmcoreinfo(kernel->dump), "BUILD-ID");
	uint64_t start = kernel_symbol(kernel, "__start_notes");
	uint64_t stop = kernel_symbol(kernel, "__stop_notes");
	uint8_t *notes _cleanup_free_ = NULL;
	struct fault fault;

	if (known)
		return arena_strdup(kernel->arena, known);
	if (!start || stop <= start || stop - start > NOTES_LIMIT)
		return arena_strdup(kernel->arena, "");
	notes = mem_zero(stop - start);
	if (!dump_try_read(kernel->dump, start, notes, stop - start, &fault))
		return arena_strdup(kernel->arena, "");
	return kernel_note_build_id(kernel, notes, stop - start);
}

static void kernel_learn_identity(struct kernel *kernel)
{
	const struct vmcoreinfo *info = dump_vmcoreinfo(kernel->dump);

	kernel->nodename = kernel_uts(kernel, 1, NULL);
	kernel->release = kernel_uts(kernel, 2, vmcoreinfo_get(info, "OSRELEASE"));
	kernel->version = kernel_uts(kernel, 3, NULL);
	kernel->machine = kernel_uts(kernel, 4, dump_arch(kernel->dump)->name);
	kernel->build_id = kernel_build_id(kernel);
}

/* avenrun[3], rounded to hundredths as /proc/loadavg does (fs/proc/loadavg.c). */
static void kernel_learn_load(struct kernel *kernel)
{
	uint64_t avenrun = kernel_symbol(kernel, "avenrun");
	uint64_t load[3];
	struct fault fault;

	for (unsigned i = 0; i < 3; i++)
		if (!avenrun ||
		    !dump_try_read_pointer(kernel->dump,
					   avenrun + (uint64_t)i *
							     dump_arch(kernel->dump)->pointer_size,
					   &load[i], &fault) ||
		    load[i] > UINT32_MAX)
			return;
	for (unsigned i = 0; i < 3; i++)
		kernel->loadavg[i] =
			(double)((load[i] + (1 << FSHIFT) / 200) * 100 >> FSHIFT) / 100;
}

/* QEMU's arm64 dumps have blocks of 64 KiB whatever the kernel's pages are. */
static void kernel_learn_page_size(struct kernel *kernel)
{
	uint64_t size;

	kernel->page_size = dump_info(kernel->dump)->page_size;
	if (vmcoreinfo_number(dump_vmcoreinfo(kernel->dump), "PAGESIZE", &size) && size >= 4096 &&
	    size <= 1 << 20 && !(size & (size - 1)))
		kernel->page_size = size;
}

/* _totalram_pages since ca79b0c211af ("mm: convert totalram_pages and totalhigh_pages variables to
 * atomic"), 5.0; totalram_pages before. */
static void kernel_learn_memory(struct kernel *kernel)
{
	uint64_t pages;

	if (kernel_read_long(kernel, "_totalram_pages", &pages) ||
	    kernel_read_long(kernel, "totalram_pages", &pages))
		kernel->memory_bytes = pages * kernel->page_size;
}

struct kernel *kernel_new(struct dump *dump, struct symtab *symtab)
{
	struct kernel *kernel = mem_zero(sizeof(*kernel));

	kernel->dump = dump;
	kernel->symtab = symtab;
	kernel->arena = arena_new();
	kernel->uptime_ns = kernel->monotonic_ns = kernel->crash_time_ns = -1;
	for (unsigned i = 0; i < 3; i++)
		kernel->loadavg[i] = -1;
	kernel_learn_page_size(kernel);
	kernel_learn_identity(kernel);
	kernel_learn_cpus(kernel);
	kernel_learn_clock(kernel);
	kernel_learn_load(kernel);
	kernel_learn_memory(kernel);
	kernel_learn_taint(kernel);
	kernel_learn_panic(kernel);
	return kernel;
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	arena_free(kernel->arena);
	free(kernel);
}
