// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of struct dump, for the files of this folder only.
#ifndef DUMP_DUMP_PRIVATE_H
#define DUMP_DUMP_PRIVATE_H

#include "dump/cache.h"
#include "dump/dump.h"
#include "dump/file.h"
#include "dump/format.h"
#include "dump/paging.h"

struct dump {
	struct dump_info info;
	struct arch arch;
	struct dump_counters counters;
	struct cache cache;
	struct format *format;
	uint8_t *block;        /* the last block read, where blocks are larger than pages */
	uint64_t block_number; /* its number + 1 */
	struct paging paging;
	bool has_paging;
	struct translator *translator; /* NULL: paging does it, or nothing does */
	struct vmcoreinfo *vmcoreinfo;
	struct dump_file *files;
	size_t file_count;
};

/* Entry of a page table at a physical address; not counted as a read. */
bool dump_read_table(struct dump *dump, uint64_t physical, uint64_t *ret, struct fault *ret_fault);

#endif
