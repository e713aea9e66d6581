// SPDX-License-Identifier: GPL-2.0-or-later
// What paging.c asks of each architecture: a layout from VMCOREINFO, or false where that lacks what
// is needed.
#ifndef DUMP_PAGING_ARCH_H
#define DUMP_PAGING_ARCH_H

#include "dump/paging.h"

/* `phys_base` is the header's, for where VMCOREINFO has none; NULL: neither has the header. */
bool paging_init_x86(struct paging *paging, const struct vmcoreinfo *info,
		     const uint64_t *phys_base);
bool paging_init_i386(struct paging *paging, const struct vmcoreinfo *info);
bool paging_init_arm64(struct paging *paging, const struct vmcoreinfo *info);
bool paging_init_riscv(struct paging *paging, const struct vmcoreinfo *info);
bool paging_init_s390(struct paging *paging, const struct vmcoreinfo *info);
bool paging_init_power(struct paging *paging, const struct vmcoreinfo *info);
bool paging_init_power_le(struct paging *paging, const struct vmcoreinfo *info);

static inline uint64_t low_bits(unsigned count)
{
	return ((uint64_t)1 << count) - 1;
}

/* Bytes mapped by one entry of a level, as a shift. */
static inline unsigned paging_shift(const struct paging *paging, unsigned level)
{
	unsigned shift = paging->page_shift;

	for (unsigned i = 0; i < level; i++)
		shift += paging->bits[i];
	return shift;
}

#endif
