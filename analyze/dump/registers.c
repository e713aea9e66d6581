// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/registers.h"

#include <elf.h>
#include <string.h>

#include "dump/bytes.h"
#include "dump/dump_private.h"

/* elf_gregset_t of each architecture: number of registers, and which of them are the instruction,
 * stack and frame pointer (arch/.../include/uapi/asm/ptrace.h, elf.h). */
struct registers_layout {
	const char *arch;
	uint8_t count, ip, sp, fp;
};

static const struct registers_layout registers_layouts[] = {
	{"x86_64", 27, 16, 19, 4},      {"aarch64", 34, 32, 31, 29}, {"ppc64le", 40, 32, 1, 1},
	{"ppc64", 40, 32, 1, 1},        {"s390x", 18, 1, 17, 13},    {"riscv64", 32, 0, 2, 8},
	{"loongarch64", 35, 33, 3, 22}, {"i686", 17, 12, 15, 5},     {"armv7l", 18, 15, 13, 11},
};

static const struct registers_layout *registers_layout(const struct dump *dump)
{
	for (size_t i = 0; i < sizeof(registers_layouts) / sizeof(*registers_layouts); i++)
		if (!strcmp(registers_layouts[i].arch, dump->arch.name))
			return &registers_layouts[i];
	return NULL;
}

/* QEMU puts a number of its own where the kernel puts the pid; it is known by its further notes. */
static bool registers_have_pid(const struct dump *dump)
{
	size_t position = 0;

	return !notes_find(&dump->format->notes, "QEMU", 0, &position);
}

size_t dump_registers_count(const struct dump *dump)
{
	size_t position = 0, count = 0;

	while (notes_find(&dump->format->notes, "CORE", NT_PRSTATUS, &position))
		count++;
	return count;
}

bool dump_registers(const struct dump *dump, size_t index, struct registers *ret)
{
	const struct registers_layout *layout = registers_layout(dump);
	const struct note *note = NULL;
	size_t position = 0;
	/* struct elf_prstatus: pr_pid and pr_reg, behind signal masks and times of long. */
	bool is_64 = dump->arch.pointer_size == 8, big = dump->format->big_endian;
	size_t pid = is_64 ? 32 : 24, first = is_64 ? 112 : 72, size = dump->arch.pointer_size;

	for (size_t i = 0; i <= index; i++) {
		note = notes_find(&dump->format->notes, "CORE", NT_PRSTATUS, &position);
		if (!note)
			return false;
	}
	if (!layout || note->length < first + layout->count * size)
		return false;
	*ret = (struct registers){
		.cpu = (uint32_t)index,
		.pid = registers_have_pid(dump) ? (int32_t)bytes_u32(note->bytes + pid, big) : 0,
		.raw_count = layout->count,
	};
	for (size_t i = 0; i < layout->count; i++) {
		const uint8_t *bytes = note->bytes + first + i * size;

		ret->raw[i] = is_64 ? bytes_u64(bytes, big) : bytes_u32(bytes, big);
	}
	ret->ip = ret->raw[layout->ip];
	ret->sp = ret->raw[layout->sp];
	ret->fp = ret->raw[layout->fp];
	return true;
}
