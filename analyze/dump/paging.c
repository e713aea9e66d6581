// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging.h"

#include <string.h>

#include "dump/dump_private.h"
#include "dump/paging_arch.h"

bool paging_init(struct paging *paging, const char *arch, const struct vmcoreinfo *info,
		 const uint64_t *phys_base)
{
	static const struct {
		const char *arch;
		bool (*init)(struct paging *paging, const struct vmcoreinfo *info);
	} others[] = {
		{"i686", paging_init_i386},
		{"aarch64", paging_init_arm64},
		{"riscv64", paging_init_riscv},
		{"s390x", paging_init_s390},
		{"ppc64", paging_init_power},
		{"ppc64le", paging_init_power_le},
	};

	*paging = (struct paging){.image = {1, 0, 0}, .direct = {1, 0, 0}};
	if (!strcmp(arch, "x86_64"))
		return paging_init_x86(paging, info, phys_base);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(arch, others[i].arch))
			return others[i].init(paging, info);
	return false;
}

/* Upper bits repeat the last that is translated (x86), or say which half it is (arm64, where the
 * topmost ones may be a tag). */
static bool paging_is_canonical(const struct paging *paging, uint64_t address)
{
	int64_t high =
		(int64_t)(address << paging->tag_bits) >> paging->tag_bits >> paging->address_bits;

	return high == 0 || high == -1;
}

/* Levels of the tables at `root`, where they say it themselves; 0 for an address that is beyond
 * them. */
static unsigned paging_levels(const struct paging *paging, struct dump *dump, uint64_t root,
			      uint64_t address)
{
	struct fault fault;
	uint64_t entry;

	if (!paging->count_levels)
		return paging_is_canonical(paging, address) ? paging->levels : 0;
	unsigned levels = dump_read_table(dump, root, &entry, &fault) ? paging->count_levels(entry)
								      : paging->levels;
	return address >> paging_shift(paging, levels - 1) >> paging->bits[levels - 1] ? 0 : levels;
}

bool paging_walk(const struct paging *paging, struct dump *dump, uint64_t root, uint64_t address,
		 uint64_t *ret_physical, struct fault *ret_fault)
{
	uint64_t table = root;
	unsigned level = paging_levels(paging, dump, root, address);

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
	if (paging->kernel_bit && !(address >> paging->kernel_bit & 1)) {
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
