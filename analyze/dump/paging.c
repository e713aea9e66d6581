// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging.h"

#include <string.h>

#include "dump/dump_private.h"
#include "dump/vmcoreinfo.h"

/* x86: Documentation/arch/x86/x86_64/mm.rst. __START_KERNEL_map never moved; the kernel image is
 * found from it by phys_base, whatever KASLR did. */
static const uint64_t X86_IMAGE = 0xffffffff80000000;
static const uint64_t X86_IMAGE_SIZE_MAX = (uint64_t)1 << 30; /* behind it lie the modules */
static const uint64_t X86_ADDRESS = 0x000ffffffffff000;

static uint64_t low_bits(unsigned count)
{
	return ((uint64_t)1 << count) - 1;
}

/* Bytes mapped by one entry of a level, as a shift. */
static unsigned paging_shift(const struct paging *paging, unsigned level)
{
	unsigned shift = paging->page_shift;

	for (unsigned i = 0; i < level; i++)
		shift += paging->bits[i];
	return shift;
}

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

static bool paging_init_x86(struct paging *paging, const struct vmcoreinfo *info,
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
	paging->root = root - X86_IMAGE + phys_base;
	vmcoreinfo_number(info, "NUMBER(KERNEL_IMAGE_SIZE)", &image_size);
	if (image_size > X86_IMAGE_SIZE_MAX)
		image_size = X86_IMAGE_SIZE_MAX;
	paging->image =
		(struct paging_range){X86_IMAGE, X86_IMAGE + image_size - 1, phys_base - X86_IMAGE};
	paging->direct_search = five_levels ? 0xff11000000000000 : 0xffff880000000000;
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

static bool paging_init_arm64(struct paging *paging, const struct vmcoreinfo *info)
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

bool paging_init(struct paging *paging, const char *arch, const struct vmcoreinfo *info,
		 const uint64_t *phys_base)
{
	*paging = (struct paging){.image = {1, 0, 0}, .direct = {1, 0, 0}};
	if (!strcmp(arch, "x86_64"))
		return paging_init_x86(paging, info, phys_base);
	return !strcmp(arch, "aarch64") && paging_init_arm64(paging, info);
}

/* Upper bits repeat the last that is translated (x86), or say which half it is (arm64, where the
 * topmost ones may be a tag). */
static bool paging_is_canonical(const struct paging *paging, uint64_t address)
{
	int64_t high =
		(int64_t)(address << paging->tag_bits) >> paging->tag_bits >> paging->address_bits;

	return high == 0 || high == -1;
}

bool paging_walk(const struct paging *paging, struct dump *dump, uint64_t root, uint64_t address,
		 uint64_t *ret_physical, struct fault *ret_fault)
{
	uint64_t table = root;
	unsigned level = paging_is_canonical(paging, address) ? paging->levels : 0;

	while (level-- > 0) {
		unsigned shift = paging_shift(paging, level);
		uint64_t index = address >> shift & low_bits(paging->bits[level]);
		uint64_t entry;
		bool is_last;

		if (!dump_read_table(dump, table + index * sizeof(entry), &entry, ret_fault))
			return false;
		if (!paging->decode(paging, level, entry, &table, &is_last))
			break;
		if (is_last) {
			*ret_physical = table | (address & low_bits(shift));
			return true;
		}
	}
	*ret_fault = (struct fault){ERROR_NO_TRANSLATION, address, "page table entry"};
	return false;
}

static bool paging_linear(const struct paging_range *range, uint64_t address,
			  uint64_t *ret_physical)
{
	if (address < range->first || address > range->last)
		return false;
	*ret_physical = address + range->offset;
	return true;
}

bool paging_translate(const struct paging *paging, struct dump *dump, uint64_t address,
		      uint64_t *ret_physical, struct fault *ret_fault)
{
	bool is_kernel = address >> (63 - paging->tag_bits) & 1;

	if (!is_kernel) {
		*ret_fault = (struct fault){ERROR_NO_TRANSLATION, address, "not a kernel address"};
		return false;
	}
	if (paging_walk(paging, dump, paging->root, address, ret_physical, ret_fault))
		return true;
	return ret_fault->code != ERROR_NO_TRANSLATION &&
	       (paging_linear(&paging->direct, address, ret_physical) ||
		paging_linear(&paging->image, address, ret_physical));
}

/* Whether physical address 0 is mapped there: the direct mapping begins with it. */
static bool paging_is_direct(const struct paging *paging, struct dump *dump, uint64_t address)
{
	struct fault fault;
	uint64_t physical;

	return paging_walk(paging, dump, paging->root, address, &physical, &fault) && !physical;
}

/* First present entry of a table, from *index on. */
static bool paging_next_entry(const struct paging *paging, struct dump *dump, unsigned level,
			      uint64_t table, unsigned *index, uint64_t *ret_below)
{
	for (; *index < 1U << paging->bits[level]; ++*index) {
		struct fault fault;
		uint64_t entry;
		bool is_last;

		if (dump_read_table(dump, table + *index * sizeof(entry), &entry, &fault) &&
		    paging->decode(paging, level, entry, ret_below, &is_last))
			return true;
	}
	return false;
}

/* The lowest address mapped below an entry of the top level, to 1 GiB. */
static uint64_t paging_lowest(const struct paging *paging, struct dump *dump, uint64_t start,
			      uint64_t table)
{
	for (unsigned level = paging->levels - 1; level-- > 2;) {
		unsigned index = 0;

		if (!paging_next_entry(paging, dump, level, table, &index, &table))
			break;
		start += (uint64_t)index << paging_shift(paging, level);
	}
	return start;
}

/* KASLR puts the direct mapping anywhere in its region, in steps of 1 GiB (arch/x86/mm/kaslr.c).
 * Before it may lie the LDTs, behind it vmalloc space; neither maps physical address 0. */
void paging_find_direct(struct paging *paging, struct dump *dump, uint64_t length)
{
	unsigned top = paging->levels - 1, shift = paging_shift(paging, top);
	unsigned index = (unsigned)(paging->direct_search >> shift & low_bits(paging->bits[top]));
	uint64_t table;

	if (!paging->direct_search)
		return;
	/* The last entry is the kernel image's. */
	for (; paging_next_entry(paging, dump, top, paging->root, &index, &table) &&
	       index < low_bits(paging->bits[top]);
	     index++) {
		uint64_t start = ~low_bits(paging->address_bits + 1) | (uint64_t)index << shift;

		start = paging_lowest(paging, dump, start, table);
		if (paging_is_direct(paging, dump, start)) {
			paging->direct = (struct paging_range){start, start + (length - 1), -start};
			return;
		}
	}
}
