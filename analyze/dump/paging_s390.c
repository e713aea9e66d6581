// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging_arch.h"

#include <string.h>

#include "dump/vmcoreinfo.h"

enum { PAGE, SEGMENT, REGION_THIRD, REGION_SECOND, REGION_FIRST };

/* z/Architecture Principles of Operation, "Dynamic Address Translation". */
static bool s390_decode(const struct paging *paging, unsigned level, uint64_t entry,
			uint64_t *ret_physical, bool *ret_is_last)
{
	enum { TABLE_INVALID = 0x20, PAGE_INVALID = 0x400, LARGE = 0x400 };

	if (entry & (level == PAGE ? PAGE_INVALID : TABLE_INVALID))
		return false;
	*ret_is_last = level == PAGE || (level <= REGION_THIRD && entry & LARGE);
	if (*ret_is_last)
		*ret_physical = entry & ~low_bits(paging_shift(paging, level));
	else
		*ret_physical = entry & ~low_bits(level == SEGMENT ? 11 : 12);
	return true;
}

/* An entry, be it in use or not, says what table it stands in. */
static unsigned s390_count_levels(uint64_t entry)
{
	return SEGMENT + (unsigned)(entry >> 2 & 3) + 1;
}

/* The kernel was mapped one to one, at its physical address, up to 6.9; since then VMCOREINFO says
 * where it lies (kernel commit c98d2ecae08f, "s390/mm: Uncouple physical vs virtual address
 * spaces"). Below it lies all of memory. */
bool paging_init_s390(struct paging *paging, const struct vmcoreinfo *info)
{
	uint64_t root, image = 0, image_physical = 0, identity = 0;

	if (!vmcoreinfo_number(info, "SYMBOL(swapper_pg_dir)", &root))
		return false;
	if (vmcoreinfo_number(info, "KERNELOFFPHYS", &image_physical) &&
	    !vmcoreinfo_number(info, "KERNELOFFSET", &image))
		return false;
	vmcoreinfo_number(info, "IDENTITYBASE", &identity);
	paging->decode = s390_decode;
	paging->count_levels = s390_count_levels;
	paging->page_shift = 12;
	paging->levels = REGION_THIRD + 1;
	memset(paging->bits, 11, sizeof(paging->bits));
	paging->bits[PAGE] = 8;
	paging->root = root - image + image_physical;
	if (image)
		paging->image = (struct paging_range){image, root, image_physical - image};
	paging->direct = (struct paging_range){identity, (image ? image : root) - 1, -identity};
	return true;
}
