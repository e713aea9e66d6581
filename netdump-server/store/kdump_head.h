// SPDX-License-Identifier: GPL-2.0-or-later
// The two headers of a kdump file: struct disk_dump_header and struct kdump_sub_header, in the dumped machine's own C
// layout and byte order (makedumpfile: diskdump_mod.h).
#ifndef STORE_KDUMP_HEAD_H
#define STORE_KDUMP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_map;

enum {
	KDUMP_HEAD = 512,
	KDUMP_SUB_HEAD = 128, /* the notes begin there */
};

struct kdump_head {
	const struct elf_map *map;
	uint32_t compression_flag;
	uint64_t sub_blocks, bitmap_blocks;
	uint64_t saved; /* pages in the file */
	bool is_complete;
};

void kdump_head_make(const struct kdump_head *head, uint8_t bytes[KDUMP_HEAD]);
/* It says where the notes are: right behind it, in the second block. */
void kdump_head_make_sub(const struct elf_map *map, uint8_t bytes[KDUMP_SUB_HEAD]);
/* A number in the byte order of the dumped machine. */
void kdump_head_put(const struct elf_map *map, uint8_t *bytes, uint64_t value, size_t length);

#endif
