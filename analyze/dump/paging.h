// SPDX-License-Identifier: GPL-2.0-or-later
// Page tables of x86-64 (4 and 5 levels), x86 with PAE, arm64 (all granules), riscv64, s390x and
// Power (radix), walked in the dump. Set up from VMCOREINFO alone, so it works alike for every format.
#ifndef DUMP_PAGING_H
#define DUMP_PAGING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct dump;
struct vmcoreinfo;

enum { PAGING_LEVELS_MAX = 5 };

struct paging_range {
	uint64_t first, last;
	uint64_t offset; /* physical = virtual + offset, modulo 2^64 */
};

struct paging {
	bool (*decode)(const struct paging *paging, unsigned level, uint64_t entry,
		       uint64_t *ret_physical, bool *ret_is_last);
	/* Levels of tables by the first entry of the topmost, at least 1; NULL: all have `levels`. */
	unsigned (*count_levels)(uint64_t entry);
	unsigned page_shift;
	unsigned levels;
	uint8_t bits[PAGING_LEVELS_MAX]; /* of index, lowest level first */
	uint64_t ignored;       /* bits of an entry that are not address: memory encryption */
	bool wide;              /* arm64: 52-bit physical addresses */
	unsigned address_bits;  /* those above are all the same */
	unsigned kernel_bit;    /* set in the kernel's addresses; 0: they cannot be told apart */
	unsigned tag_bits;      /* topmost bits that are not address */
	uint64_t direct_search; /* where the direct mapping may begin; 0: known from VMCOREINFO or
				   not at all */
	uint64_t root;          /* physical address of the kernel's top-level table */
	/* Linear parts, for when tables are missing from the dump. */
	struct paging_range image, direct;
};

/* Learns the layout of the kernel `arch`, or returns false: another architecture, or VMCOREINFO
 * lacks what is needed. `phys_base` is used where VMCOREINFO has none, NULL if there is none. */
bool paging_init(struct paging *paging, const char *arch, const struct vmcoreinfo *info,
		 const uint64_t *phys_base);
/* Looks in the tables where the direct mapping of `length` bytes begins. */
void paging_find_direct(struct paging *paging, struct dump *dump, uint64_t length);
/* Physical address behind a virtual one by the tables at `root`. ERROR_NO_TRANSLATION: no page
 * there; other codes: a table could not be read. */
bool paging_walk(const struct paging *paging, struct dump *dump, uint64_t root, uint64_t address,
		 uint64_t *ret_physical, struct fault *ret_fault);
/* The same for a kernel address by the kernel's tables or, where those are missing, the linear
 * parts. */
bool paging_translate(const struct paging *paging, struct dump *dump, uint64_t address,
		      uint64_t *ret_physical, struct fault *ret_fault);

#endif
