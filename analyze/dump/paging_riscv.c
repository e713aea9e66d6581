// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging_arch.h"

#include <string.h>

#include "dump/vmcoreinfo.h"

/* RISC-V privileged architecture, "Sv39": an entry that can be neither read, written nor executed
 * leads to a table. Linux uses bits 54 and up for its own and the machine's purposes. */
static bool riscv_decode(const struct paging *paging, unsigned level, uint64_t entry,
			 uint64_t *ret_physical, bool *ret_is_last)
{
	enum { VALID = 1 << 0, READ = 1 << 1, WRITE = 1 << 2, EXECUTE = 1 << 3 };
	static const uint64_t napot = (uint64_t)1 << 63;

	*ret_is_last = entry & (READ | WRITE | EXECUTE);
	/* A page that is a part of a larger one (Svnapot) has its number in an encoding that Linux
	 * uses for huge pages of processes only. */
	if (!(entry & VALID) || entry & napot || (!level && !*ret_is_last))
		return false;
	*ret_physical = (entry >> 10 & low_bits(44)) << 12 &
			~(*ret_is_last ? low_bits(paging_shift(paging, level)) : 0);
	return true;
}

/* The offset is there since 6.5 (kernel commit fbe7d19d2b7f, "riscv: Export va_kernel_pa_offset in
 * vmcoreinfo"). */
bool paging_init_riscv(struct paging *paging, const struct vmcoreinfo *info)
{
	uint64_t root, offset, bits, start, page_offset, memory;

	if (!vmcoreinfo_number(info, "SYMBOL(swapper_pg_dir)", &root) ||
	    !vmcoreinfo_number(info, "NUMBER(va_kernel_pa_offset)", &offset) ||
	    !vmcoreinfo_number(info, "NUMBER(VA_BITS)", &bits) ||
	    (bits != 39 && bits != 48 && bits != 57))
		return false;
	paging->decode = riscv_decode;
	paging->page_shift = 12;
	paging->levels = ((unsigned)bits - 12) / 9;
	memset(paging->bits, 9, sizeof(paging->bits));
	paging->address_bits = (unsigned)bits - 1;
	paging->kernel_bit = 63;
	paging->root = root - offset;
	if (vmcoreinfo_number(info, "SYMBOL(_stext)", &start) && start < root)
		paging->image = (struct paging_range){start, root, -offset};
	if (vmcoreinfo_number(info, "NUMBER(PAGE_OFFSET)", &page_offset) &&
	    vmcoreinfo_number(info, "NUMBER(phys_ram_base)", &memory))
		paging->direct = (struct paging_range){
			page_offset, page_offset + low_bits((unsigned)bits - 2),
			memory - page_offset};
	return true;
}
