// SPDX-License-Identifier: GPL-2.0-or-later
// The headers of one kdump-compressed file (makedumpfile, QEMU), checked, whatever their word size
// and byte order.
#ifndef DUMP_KDUMP_HEADER_H
#define DUMP_KDUMP_HEADER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct dump_file;

struct kdump_header {
	bool is_64, big_endian;
	bool is_incomplete; /* the writer's own mark */
	bool is_split;
	char uts[6][65]; /* sysname nodename release version machine domainname */
	uint32_t block_size;
	int level;           /* -1: too old to say */
	uint64_t blocks;     /* that the bitmaps speak of */
	uint64_t start, end; /* blocks of which this file has the data */
	uint64_t bytes_missing; /* of the bitmaps, at least: without them no page can be found; 0: they are whole */
	bool has_phys_base;
	uint64_t phys_base;
	/* File offsets, and sizes in bytes; of notes and VMCOREINFO unchecked. */
	uint64_t ram_bitmap, saved_bitmap, descriptors;
	uint64_t notes, notes_size;
	uint64_t vmcoreinfo, vmcoreinfo_size;
};

/* Reads the headers; *ret_is_kdump is false when the file is something else. */
struct error *kdump_header_read(const struct dump_file *file, struct kdump_header *ret,
				bool *ret_is_kdump) MUST_CHECK;

#endif
