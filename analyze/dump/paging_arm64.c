// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging_arch.h"
#include "dump/vmcoreinfo.h"

/* arm64: Arm ARM, D8.3; 52-bit addresses put bits 51:48 where a descriptor has space. */
static bool arm64_decode(const struct paging *paging, unsigned level, uint64_t entry,
			 uint64_t *ret_physical, bool *ret_is_last)
{
	enum { VALID = 1 << 0, TABLE = 1 << 1 };
	uint64_t address = entry & low_bits(48) & ~low_bits(paging->page_shift);

	if (!(entry & VALID) || (!level && !(entry & TABLE)))
		return false;
	if (paging->page_shift == 16)
		address |= (entry >> 12 & 0xf) << 48;
	else if (paging->wide)
		address = (entry & low_bits(50) & ~low_bits(paging->page_shift)) | (entry >> 8 & 3)
											   << 50;
	*ret_is_last = !level || !(entry & TABLE);
	*ret_physical = address & ~(*ret_is_last ? low_bits(paging_shift(paging, level)) : 0);
	return true;
}

/* Tables of the kernel half are indexed by all the address bits the kernel was built for, with 64
 * KiB pages also where the machine has fewer (kernel commit b6d00d47e81a: TTBR1 is offset instead);
 * with smaller pages by those in use (LPA2 falls back to fewer levels). */
static unsigned arm64_address_bits(const struct vmcoreinfo *info, unsigned page_shift)
{
	uint64_t built = 0, unused;

	vmcoreinfo_number(info, "NUMBER(VA_BITS)", &built);
	if ((page_shift != 16 || !built) &&
	    vmcoreinfo_number(info, "NUMBER(TCR_EL1_T1SZ)", &unused) && unused >= 12 && unused < 64)
		return 64 - (unsigned)unused;
	return built > 52 ? 0 : (unsigned)built;
}

/* The image from its first symbol to the page tables behind its read-only data, and, where the
 * direct mapping is in the lower half (kernel commit 14c127c957c1, "arm64: mm: Flip kernel VA
 * space"), that. */
static void arm64_init_linear(struct paging *paging, const struct vmcoreinfo *info, uint64_t offset)
{
	uint64_t start, built, memory, root = paging->root + offset;

	if (!vmcoreinfo_number(info, "SYMBOL(_stext)", &start) || start > root)
		return;
	paging->image = (struct paging_range){start, root, -offset};
	if (!vmcoreinfo_number(info, "NUMBER(VA_BITS)", &built) || built < 36 || built > 52 ||
	    !vmcoreinfo_number(info, "NUMBER(PHYS_OFFSET)", &memory) ||
	    start < ~low_bits((unsigned)built - 1))
		return;
	paging->direct.first = ~low_bits((unsigned)built);
	paging->direct.last = paging->direct.first + low_bits((unsigned)built - 1);
	paging->direct.offset = memory - paging->direct.first;
}

bool paging_init_arm64(struct paging *paging, const struct vmcoreinfo *info)
{
	uint64_t root, offset, page_size = 4096;

	vmcoreinfo_number(info, "PAGESIZE", &page_size);
	if (page_size != 4096 && page_size != 16384 && page_size != 65536)
		return false;
	paging->page_shift = (unsigned)__builtin_ctzll(page_size);
	unsigned bits = arm64_address_bits(info, paging->page_shift);
	if (bits <= paging->page_shift ||
	    !vmcoreinfo_number(info, "SYMBOL(swapper_pg_dir)", &root) ||
	    !vmcoreinfo_number(info, "NUMBER(kimage_voffset)", &offset))
		return false;
	paging->wide = bits > 48;
	paging->tag_bits = 8;
	paging->kernel_bit = 63 - paging->tag_bits;
	paging->address_bits = bits;
	for (bits -= paging->page_shift; bits; paging->levels++) {
		unsigned full = paging->page_shift - 3;

		if (paging->levels == PAGING_LEVELS_MAX)
			return false;
		paging->bits[paging->levels] = (uint8_t)(bits < full ? bits : full);
		bits -= paging->bits[paging->levels];
	}
	paging->decode = arm64_decode;
	paging->root = root - offset;
	arm64_init_linear(paging, info, offset);
	return true;
}
