// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/format.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dump/file.h"

static const struct {
	unsigned machine;
	bool is_64, big_endian;
	const char *name;
} format_archs[] = {
	{EM_X86_64, true, false, "x86_64"},
	{EM_AARCH64, true, false, "aarch64"},
	{EM_PPC64, true, false, "ppc64le"},
	{EM_PPC64, true, true, "ppc64"},
	{EM_S390, true, true, "s390x"},
	{EM_RISCV, true, false, "riscv64"},
	{EM_LOONGARCH, true, false, "loongarch64"},
	{EM_MIPS, true, false, "mips64"},
	{EM_AARCH64, true, true, "aarch64_be"},
	{EM_386, false, false, "i686"},
	{EM_386, true, false, "i686"}, /* by QEMU, which makes room for PAE's addresses */
	{EM_ARM, false, false, "armv7l"},
	{EM_PPC, false, true, "ppc"},
};

enum { FORMAT_ARCHS = sizeof(format_archs) / sizeof(*format_archs) };

const char *format_arch_elf(unsigned machine, bool is_64, bool big_endian)
{
	for (size_t i = 0; i < FORMAT_ARCHS; i++)
		if (format_archs[i].machine == machine && format_archs[i].is_64 == is_64 &&
		    format_archs[i].big_endian == big_endian)
			return format_archs[i].name;
	return NULL;
}

const char *format_arch_name(const char *machine)
{
	for (size_t i = 0; i < FORMAT_ARCHS; i++)
		if (!strcmp(format_archs[i].name, machine))
			return format_archs[i].name;
	if (machine[0] == 'i' && strlen(machine) == 4 && !strcmp(machine + 2, "86"))
		return "i686";
	return strncmp(machine, "armv", 4) ? NULL : "armv7l";
}

struct error *format_error_cut(const struct dump_file *file)
{
	return error_new(ERROR_INVALID,
			 "%s: vmcore cut off inside its header; nothing left to examine",
			 file->path);
}

void format_take_vmcoreinfo(struct format *format)
{
	size_t position = 0;
	const struct note *note = notes_find(&format->notes, "VMCOREINFO", 0, &position);

	if (note && !format->vmcoreinfo)
		format->vmcoreinfo = mem_strndup((const char *)note->bytes,
						 strnlen((const char *)note->bytes, note->length));
}

void format_free(struct format *format)
{
	if (!format)
		return;
	notes_deinit(&format->notes);
	free(format->vmcoreinfo);
	format->ops->free(format);
}
