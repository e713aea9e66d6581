// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a Red Hat client's vmcore: an ELF header, notes with the registers and the panic task, one segment with
// all of
// memory. crash takes a file for a dump of netdump if its segment is aligned as it is here (crash: netdump.c,
// is_netdump()).
#ifndef SESSION_ELFCORE_H
#define SESSION_ELFCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELFCORE_SIZE = 4096 }; /* of the head; physical address 0 follows */

struct elfcore {
	uint32_t machine;         /* e_machine */
	uint32_t page_size;
	uint64_t memory;          /* bytes */
	uint64_t page_offset;     /* virtual address of physical address 0 */
	uint64_t task_struct;     /* address of the task that panicked; 0: unknown */
	const uint8_t *registers; /* as the client sent them; NULL: unknown */
	size_t registers_length;
};

/* Whether elfcore_write() knows the machine: class, byte order, layout of the notes. */
bool elfcore_is_known(uint32_t machine);
/* Writes the head in the client's own byte order. False for a machine that it does not know. */
bool elfcore_write(const struct elfcore *core, uint8_t bytes[ELFCORE_SIZE]);

#endif
