// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging_arch.h"

#include <string.h>

#include "dump/vmcoreinfo.h"

/* x86: Documentation/arch/x86/x86_64/mm.rst. __START_KERNEL_map never moved; the kernel image is
 * found from it by phys_base, whatever KASLR did. */
static const uint64_t X86_IMAGE = 0xffffffff80000000;
static const uint64_t X86_IMAGE_SIZE_MAX = (uint64_t)1 << 30; /* behind it lie the modules */
static const uint64_t X86_ADDRESS = 0x000ffffffffff000;

static bool x86_decode(const struct paging *paging, unsigned level, uint64_t entry,
		       uint64_t *ret_physical, bool *ret_is_last)
{
	enum { PRESENT = 1 << 0, LARGE = 1 << 7 };

	/* A page the kernel took the access rights of (PROT_NONE, NUMA balancing) still has its
	 * frame, but its number may be inverted against L1TF (kernel commit 6b28baca9b1f), so it is
	 * not followed. */
	if (!(entry & PRESENT))
		return false;
	*ret_is_last = !level || (level <= 2 && entry & LARGE);
	*ret_physical = entry & X86_ADDRESS & ~paging->ignored &
			~(*ret_is_last ? low_bits(paging_shift(paging, level)) : 0);
	return true;
}

bool paging_init_x86(struct paging *paging, const struct vmcoreinfo *info,
		     const uint64_t *header_phys_base)
{
	/* init_level4_pgt became init_top_pgt in 4.13 (kernel commit 65ade2f872b4). */
	static const char *const roots[] = {"SYMBOL(init_top_pgt)", "SYMBOL(swapper_pg_dir)",
					    "SYMBOL(init_level4_pgt)"};
	uint64_t root = 0, phys_base, five_levels = 0, image_size = 512 << 20;

	if (!vmcoreinfo_number(info, "NUMBER(phys_base)", &phys_base)) {
		if (!header_phys_base)
			return false;
		phys_base = *header_phys_base;
	}
	for (size_t i = 0; i < sizeof(roots) / sizeof(*roots) && !root; i++)
		vmcoreinfo_number(info, roots[i], &root);
	if (root < X86_IMAGE)
		return false;
	vmcoreinfo_number(info, "NUMBER(pgtable_l5_enabled)", &five_levels);
	vmcoreinfo_number(info, "NUMBER(sme_mask)", &paging->ignored);
	paging->decode = x86_decode;
	paging->page_shift = 12;
	paging->levels = five_levels ? 5 : 4;
	memset(paging->bits, 9, sizeof(paging->bits));
	paging->address_bits = paging->levels * 9 + 12 - 1;
	paging->kernel_bit = 63;
	paging->root = root - X86_IMAGE + phys_base;
	vmcoreinfo_number(info, "NUMBER(KERNEL_IMAGE_SIZE)", &image_size);
	if (image_size > X86_IMAGE_SIZE_MAX)
		image_size = X86_IMAGE_SIZE_MAX;
	paging->image =
		(struct paging_range){X86_IMAGE, X86_IMAGE + image_size - 1, phys_base - X86_IMAGE};
	paging->direct_search = five_levels ? 0xff11000000000000 : 0xffff880000000000;
	return true;
}

/* 32 bits with PAE: entries are as those of 64 bits. Lowmem is mapped from PAGE_OFFSET on, which
 * one of CONFIG_VMSPLIT_* has put where only the kernel's own address tells. */
bool paging_init_i386(struct paging *paging, const struct vmcoreinfo *info)
{
	static const uint64_t offsets[] = {0xc0000000, 0x80000000, 0x40000000};
	static const uint64_t lowmem_max = 0x38000000;
	uint64_t root, offset = 0;

	if (!vmcoreinfo_get(info, "CONFIG_X86_PAE") ||
	    !vmcoreinfo_number(info, "SYMBOL(swapper_pg_dir)", &root))
		return false;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets) && !offset; i++)
		if (root >= offsets[i])
			offset = offsets[i];
	if (!offset)
		return false;
	paging->decode = x86_decode;
	paging->page_shift = 12;
	paging->levels = 3;
	memcpy(paging->bits, (const uint8_t[]){9, 9, 2}, 3);
	paging->address_bits = 32;
	paging->root = root - offset;
	paging->direct = (struct paging_range){offset, offset + lowmem_max - 1, -offset};
	return true;
}
