// SPDX-License-Identifier: GPL-2.0-or-later
// What the headers of an ELF dump say: where in the file which physical memory is, and the notes.
#ifndef STORE_ELF_MAP_H
#define STORE_ELF_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extents;

enum {
	ELF_LOADS_MAX = 8192,
	ELF_NOTES_MAX = 16 << 20, /* bytes: some KB for each CPU */
};

#define ELF_PAGES_MAX (UINT64_C(1) << 33) /* the highest page's number: 32 TiB of 4 KiB pages */
#define ELF_TOTAL_MAX (UINT64_C(1) << 29) /* pages: each costs time at the end, whether it comes or not */

enum elf_state {
	ELF_MORE,  /* not all headers and notes are there yet */
	ELF_READY,
	ELF_OTHER, /* no ELF dump, or one whose headers cannot be meant */
};

struct elf_load {
	uint64_t offset, size, physical; /* of bytes that the file has */
};

/* Page numbers `first` to `end` - 1; `before`: how many pages are in the ranges before. */
struct elf_range {
	uint64_t first, end, before;
};

struct elf_map {
	bool is_64, is_big;
	uint16_t machine;
	uint32_t page_size;
	struct elf_load *loads;   /* by offset, none overlapping */
	size_t load_count;
	struct elf_range *ranges; /* of the memory, ascending, apart from each other */
	size_t range_count;
	uint8_t *notes;
	size_t notes_size;
	size_t vmcoreinfo, vmcoreinfo_size; /* in `notes`; 0: none */
	unsigned cpus;            /* notes with registers */
};

/* Reads the headers, of which `have` says what is there. */
enum elf_state elf_map_read(int fd, const struct extents *have, struct elf_map *ret);
void elf_map_deinit(struct elf_map *map);
uint64_t elf_map_pages(const struct elf_map *map);
/* The place of a page among all of them; the page is in one of the ranges. */
uint64_t elf_map_index(const struct elf_map *map, uint64_t page);
/* The value of a line "KEY=…" of VMCOREINFO, up to its end; its length, 0 where there is none. */
size_t elf_map_info(const struct elf_map *map, const char *key, const char **ret);

#endif
