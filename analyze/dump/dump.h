// SPDX-License-Identifier: GPL-2.0-or-later
// A vmcore: bytes at an address, and what its headers say. ELF and kdump files, and the page tables
// of x86, arm64, riscv64, s390x and Power, are read by bounded code of our own, because dumps are
// hostile input; rarer formats by libkdumpfile, other page tables by libaddrxlat. Nobody above can
// tell them apart.
#ifndef DUMP_DUMP_H
#define DUMP_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct dump;

/* The machine that crashed. */
struct arch {
	const char *name; /* as uname -m: "x86_64", "aarch64", "ppc64le", "s390x", "riscv64"… */
	uint8_t pointer_size; /* bytes: 4 or 8 */
	bool big_endian;
};

/* What the file itself says; strings live as long as the dump. */
struct dump_info {
	const char *path;        /* first file as given */
	const char *format;      /* "kdump", "kdump (flattened)", "elf", "elf (flattened)", … */
	const char *compression; /* "none" "zlib" "lzo" "snappy" "zstd", "mixed"; "unknown" if no
				    page tells */
	bool filtered;           /* some pages of RAM were left out on purpose */
	bool truncated;       /* pages that the header promises lie beyond the end, or the writer's
				 own incomplete mark is set */
	bool unfinished;      /* truncated, as its name has it: what never came may read as zeros */
	int level_asked;      /* makedumpfile -d of the header; -1 where the format does not say */
	uint64_t file_bytes;  /* sizes of all files together */
	uint64_t page_size;   /* bytes */
	uint64_t pages_ram;   /* pages of RAM the dump speaks of; 0 if unknown */
	uint64_t pages_saved; /* pages with data in the dump, cut ones not counted */
	uint64_t pages_cut;   /* pages promised but lost to truncation */
	uint64_t bytes_missing; /* bytes the file is too short by, as far as known */
};

/* Work done so far; `kmortem info -v` shows them. */
struct dump_counters {
	uint64_t reads;        /* calls of dump_read and dump_try_read */
	uint64_t bytes;        /* bytes handed out */
	uint64_t pages;        /* pages fetched from the file (decompressed) */
	uint64_t translations; /* virtual pages translated */
};

/* Opens one dump, given by one file or by all files of a --split set in any order. Errors are one
 * line naming the file: ERROR_IO (no such file, unreadable), ERROR_INVALID (not a dump). */
struct error *dump_open(const char *const *paths, size_t count, struct dump **ret) MUST_CHECK;
void dump_close(struct dump *dump);
DEFINE_CLEANUP(struct dump *, dump_close)

const struct dump_info *dump_info(const struct dump *dump);
const struct arch *dump_arch(const struct dump *dump);
const struct dump_counters *dump_counters(const struct dump *dump);

/* Reads `length` bytes at a kernel virtual address. ERROR_NOT_SAVED, ERROR_TRUNCATED,
 * ERROR_NO_TRANSLATION and ERROR_CORRUPT carry the address that failed; `buffer` then is undefined.
 * Lengths are the caller's to bound. */
struct error *dump_read(struct dump *dump, uint64_t address, void *buffer,
			size_t length) MUST_CHECK;
/* The same without an error object: false, and *ret_fault says why. For hot paths. */
bool dump_try_read(struct dump *dump, uint64_t address, void *buffer, size_t length,
		   struct fault *ret_fault);
/* The page bytes behind `address` from the cache, or NULL with *ret_fault set: *ret_length bytes
 * are valid from the returned pointer to the end of that page, until the next read of any kind. */
const void *dump_peek(struct dump *dump, uint64_t address, size_t *ret_length,
		      struct fault *ret_fault);
/* Reads at a physical address. */
bool dump_try_read_physical(struct dump *dump, uint64_t address, void *buffer, size_t length,
			    struct fault *ret_fault);
/* Physical address behind a kernel virtual one. */
bool dump_translate(struct dump *dump, uint64_t address, uint64_t *ret_physical,
		    struct fault *ret_fault);
/* Whether the page at `address` has data in the dump, without reading it; if not, says why. */
bool dump_is_saved(struct dump *dump, uint64_t address, struct fault *ret_fault);
/* Reads user memory through the page table whose top level lies at the kernel virtual address
 * `pgd` (mm_struct.pgd). */
bool dump_try_read_user(struct dump *dump, uint64_t pgd, uint64_t address, void *buffer,
			size_t length, struct fault *ret_fault);

/* Number in the dump's byte order; length is 1, 2, 4 or 8. */
uint64_t dump_number(const struct dump *dump, const void *bytes, size_t length);
/* One number of `length` bytes at a virtual address. */
bool dump_try_read_number(struct dump *dump, uint64_t address, size_t length, uint64_t *ret,
			  struct fault *ret_fault);
/* Pointer-sized number at a virtual address. */
bool dump_try_read_pointer(struct dump *dump, uint64_t address, uint64_t *ret,
			   struct fault *ret_fault);

/* Calls `found` with every saved page of RAM, lowest physical address first, and its bytes
 * (page_size of them), until it returns false. For searches where no symbol leads to what is
 * sought. */
void dump_scan_physical(struct dump *dump,
			bool (*found)(void *context, uint64_t physical, const void *page),
			void *context);

/* For tests of rules: puts bytes at a virtual address, or takes the pages there away, until
 * dump_restore(). Fails where no page is behind the address. */
struct error *dump_poke(struct dump *dump, uint64_t address, const void *bytes,
			size_t length) MUST_CHECK;
struct error *dump_hide(struct dump *dump, uint64_t address, size_t length) MUST_CHECK;
void dump_restore(struct dump *dump);

#endif
