// SPDX-License-Identifier: GPL-2.0-or-later
// A dump format: where the blocks of physical memory are in the files, and what the headers say. A
// block is the unit in which the format keeps or leaves out memory; it may differ from the kernel's
// page.
#ifndef DUMP_FORMAT_H
#define DUMP_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "dump/dump.h"
#include "dump/notes.h"

struct dump_file;
struct format;

enum { BLOCK_BYTES_MIN = 4096, BLOCK_BYTES_MAX = 65536 };

enum block_state {
	BLOCK_SAVED,
	BLOCK_LEFT_OUT, /* RAM, left out by the filter */
	BLOCK_CUT,      /* promised by the headers, lost with the end of the file */
	BLOCK_NO_RAM,   /* the dump does not speak of it */
	BLOCK_BROKEN,   /* what the dump says of it makes no sense */
	BLOCK_STATES,
};

struct format_ops {
	void (*free)(struct format *format);
	enum block_state (*state)(struct format *format, uint64_t number);
	/* Reads a block of info.page_size bytes; its state is BLOCK_SAVED when this succeeds. */
	enum block_state (*read)(struct format *format, uint64_t number, void *bytes);
	/* Next block at or after *number that may be saved; false behind the last. */
	bool (*next)(struct format *format, uint64_t *number);
	/* Physical address by the headers alone; NULL where they have no virtual addresses. */
	bool (*translate)(struct format *format, uint64_t address, uint64_t *ret_physical);
};

/* Common head of each format's own struct. */
struct format {
	const struct format_ops *ops;
	struct dump_info info; /* all but path and file_bytes */
	struct notes notes;
	const char *arch; /* NULL: not said */
	uint8_t pointer_size;
	bool big_endian;
	uint64_t blocks;  /* one behind the last of RAM */
	char *vmcoreinfo; /* NULL: not there */
	bool has_phys_base;
	uint64_t phys_base; /* x86-64: physical address the kernel image is shifted by */
};

/* Take `files` (borrowed) for their format; *ret stays NULL when it is another one. */
struct error *format_kdump_open(const struct dump_file *files, size_t count,
				struct format **ret) MUST_CHECK;
struct error *format_elf_open(const struct dump_file *files, size_t count,
			      struct format **ret) MUST_CHECK;
/* All else, by libkdumpfile; the last to be asked, so that it also says why a file is no dump. */
struct error *format_kdumpfile_open(const struct dump_file *files, size_t count,
				    struct format **ret) MUST_CHECK;
void format_free(struct format *format);

/* What to say of a dump that ends before its first page. */
struct error *format_error_cut(const struct dump_file *file) MUST_CHECK;
/* uname -m of a machine, by what a header calls it: ELF e_machine and class, or its own string. */
const char *format_arch_elf(unsigned machine, bool is_64, bool big_endian);
const char *format_arch_name(const char *machine);
/* Takes the VMCOREINFO note as `vmcoreinfo`, unless there is one already. */
void format_take_vmcoreinfo(struct format *format);

#endif
