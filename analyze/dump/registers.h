// SPDX-License-Identifier: GPL-2.0-or-later
// The per-CPU register notes (NT_PRSTATUS) of a dump.
#ifndef DUMP_REGISTERS_H
#define DUMP_REGISTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump;

struct registers {
	uint32_t cpu; /* position among the notes: the CPU number where every CPU was online */
	int32_t pid;  /* pr_pid; 0 for idle, or where the writer did not say */
	uint64_t ip, sp, fp; /* instruction, stack and frame pointer */
	uint64_t raw[40];    /* general registers in the order of elf_gregset_t */
	size_t raw_count;
};

/* Number of register notes. */
size_t dump_registers_count(const struct dump *dump);
/* Note number `index`; false when it is not there or too short. */
bool dump_registers(const struct dump *dump, size_t index, struct registers *ret);

#endif
