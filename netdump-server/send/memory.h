// SPDX-License-Identifier: GPL-2.0-or-later
// The memory that an ELF dump (/proc/vmcore) holds, page by page, and the registers of the processor that panicked:
// what the original netdump asks for.
#ifndef SEND_MEMORY_H
#define SEND_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct memory;
struct source;

/* The source stays the caller's; one that cannot be read again (a pipe), or is no ELF dump, is an error. */
struct error *memory_open(struct source *source, struct memory **ret) MUST_CHECK;
void memory_close(struct memory *memory);
uint32_t memory_machine(const struct memory *memory); /* e_machine */
uint32_t memory_page_size(const struct memory *memory);
/* One more than the highest page frame's number; how many of these have memory. */
uint32_t memory_pages(const struct memory *memory);
uint32_t memory_ram_pages(const struct memory *memory);
/* Where the kernel maps its memory: virtual less physical address; 0 unknown. */
uint64_t memory_page_offset(const struct memory *memory);
/* Whether any of a page is memory. */
bool memory_has(const struct memory *memory, uint32_t pfn);
/* The bytes of a page, until the next call; NULL where there is no memory, or the source cannot read it. */
const uint8_t *memory_page(struct memory *memory, uint32_t pfn);
/* The first page behind `pfn` that has memory; 0: none. */
uint32_t memory_next(const struct memory *memory, uint32_t pfn);
/* struct pt_regs as the machine has it, and its size; 0 where the dump has none, or we do not know the machine. */
const uint8_t *memory_registers(const struct memory *memory, size_t *ret_size);

#endif
