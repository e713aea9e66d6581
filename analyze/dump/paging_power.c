// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging_arch.h"

#include <string.h>

#include "dump/vmcoreinfo.h"

/* Power ISA, "Radix Tree Translation". Entries are big-endian whatever the kernel is. */
static bool power_decode(const struct paging *paging, unsigned level, uint64_t entry,
			 uint64_t *ret_physical, bool *ret_is_last)
{
	static const uint64_t valid = (uint64_t)1 << 63, leaf = (uint64_t)1 << 62;
	static const uint64_t page = 0x01fffffffffff000, table = 0x0fffffffffffff00;

	*ret_is_last = entry & leaf;
	if (!(entry & valid) || (!level && !*ret_is_last))
		return false;
	*ret_physical =
		*ret_is_last ? entry & page & ~low_bits(paging_shift(paging, level)) : entry & table;
	return true;
}

static bool power_decode_le(const struct paging *paging, unsigned level, uint64_t entry,
			    uint64_t *ret_physical, bool *ret_is_last)
{
	return power_decode(paging, level, __builtin_bswap64(entry), ret_physical, ret_is_last);
}

/* All of memory is mapped from c000000000000000 on. The hashed page table of older machines is not
 * for us; RADIX_MMU is there since 6.9 (kernel commit 36e826b568e4, "powerpc/vmcore: Add MMU
 * information to vmcoreinfo"). */
static bool power_init(struct paging *paging, const struct vmcoreinfo *info)
{
	static const uint64_t linear = 0xc000000000000000, vmalloc = 0xc008000000000000;
	uint64_t root, radix, page_size = 0;

	if (!vmcoreinfo_number(info, "NUMBER(RADIX_MMU)", &radix) || !radix ||
	    !vmcoreinfo_number(info, "SYMBOL(swapper_pg_dir)", &root) || root < linear)
		return false;
	vmcoreinfo_number(info, "PAGESIZE", &page_size);
	if (page_size != 4096 && page_size != 65536)
		return false;
	paging->page_shift = (unsigned)__builtin_ctzll(page_size);
	paging->levels = 4;
	memcpy(paging->bits, (const uint8_t[]){(uint8_t)(21 - paging->page_shift), 9, 9, 13}, 4);
	paging->address_bits = 52;
	paging->tag_bits = 2;
	paging->kernel_bit = 63;
	paging->root = root - linear;
	paging->direct = (struct paging_range){linear, vmalloc - 1, -linear};
	return true;
}

bool paging_init_power(struct paging *paging, const struct vmcoreinfo *info)
{
	paging->decode = power_decode;
	return power_init(paging, info);
}

bool paging_init_power_le(struct paging *paging, const struct vmcoreinfo *info)
{
	paging->decode = power_decode_le;
	return power_init(paging, info);
}
