// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/kdump_head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store/elf_map.h"

enum {
	VERSION = 6,
	NAME = 65,              /* of struct new_utsname */
	STATUS_INCOMPLETE = 8,  /* DUMP_DH_COMPRESSED_INCOMPLETE */
};

void kdump_head_put(const struct elf_map *map, uint8_t *bytes, uint64_t value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		bytes[map->is_big ? length - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

/* What uname(2) calls the machine: tools tell by that which architecture the dump is of. */
static const char *machine_name(const struct elf_map *map)
{
	static const struct {
		uint16_t machine;
		bool is_64, is_big;
		const char *name;
	} names[] = {
		{3, false, false, "i686"},	{62, true, false, "x86_64"}, {183, true, false, "aarch64"},
		{40, false, false, "armv7l"},	{50, true, false, "ia64"},   {21, true, true, "ppc64"},
		{21, true, false, "ppc64le"},	{22, true, true, "s390x"},   {243, true, false, "riscv64"},
		{258, true, false, "loongarch64"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (names[i].machine == map->machine && names[i].is_64 == map->is_64 && names[i].is_big == map->is_big)
			return names[i].name;
	return "";
}

/* Where numbers are in struct disk_dump_header and struct kdump_sub_header, of the dumped machine's own C layout. */
struct header_layout {
	uint8_t word;
	uint16_t time, status; /* eight numbers of 4 bytes begin there */
	uint8_t vmcoreinfo, vmcoreinfo_size, notes, notes_size, blocks_64;
};

static const struct header_layout header_layouts[] = {
	{.word = 4, .time = 404, .status = 412, .vmcoreinfo = 20, .vmcoreinfo_size = 28, .notes = 32, .notes_size = 40,
	 .blocks_64 = 72},
	{.word = 8, .time = 408, .status = 424, .vmcoreinfo = 32, .vmcoreinfo_size = 40, .notes = 48, .notes_size = 56,
	 .blocks_64 = 96},
};

static void put_names(const struct elf_map *map, uint8_t *header)
{
	const char *release = "";
	size_t length = elf_map_info(map, "OSRELEASE", &release);
	char *names = (char *)header;

	snprintf(names, NAME, "Linux");
	snprintf(names + (size_t)2 * NAME, NAME, "%.*s", (int)(length < NAME ? length : NAME - 1), release);
	snprintf(names + (size_t)4 * NAME, NAME, "%s", machine_name(map));
}

void kdump_head_make(const struct kdump_head *head, uint8_t bytes[KDUMP_HEAD])
{
	const struct elf_map *map = head->map;
	const struct header_layout *layout = &header_layouts[map->is_64];
	uint64_t blocks = map->ranges[map->range_count - 1].end;
	const uint64_t numbers[] = {
		head->compression_flag | (head->is_complete ? 0 : STATUS_INCOMPLETE),
		map->page_size,
		head->sub_blocks,
		head->bitmap_blocks,
		blocks <= UINT32_MAX ? blocks : UINT32_MAX,
		0, // total_ram_blocks, device_blocks: diskdump's own
		0,
		head->saved <= UINT32_MAX ? head->saved : UINT32_MAX,
		0, // current_cpu
		map->cpus,
	};
	static const char magic[] = {'K', 'D', 'U', 'M', 'P', ' ', ' ', ' '};

	memset(bytes, 0, KDUMP_HEAD);
	memcpy(bytes, magic, sizeof(magic));
	kdump_head_put(map, bytes + 8, VERSION, 4);
	put_names(map, bytes + 12);
	kdump_head_put(map, bytes + layout->time, (uint64_t)time(NULL), layout->word);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		kdump_head_put(map, bytes + layout->status + 4 * i, numbers[i], 4);
}

void kdump_head_make_sub(const struct elf_map *map, uint8_t bytes[KDUMP_SUB_HEAD])
{
	const struct header_layout *layout = &header_layouts[map->is_64];
	uint64_t notes = map->page_size + KDUMP_SUB_HEAD;
	const char *text;

	memset(bytes, 0, KDUMP_SUB_HEAD);
	if (elf_map_info(map, "NUMBER(phys_base)", &text))
		kdump_head_put(map, bytes, (uint64_t)strtoll(text, NULL, 10), layout->word);
	if (map->vmcoreinfo_size) {
		kdump_head_put(map, bytes + layout->vmcoreinfo, notes + map->vmcoreinfo, 8);
		kdump_head_put(map, bytes + layout->vmcoreinfo_size, map->vmcoreinfo_size, layout->word);
	}
	if (map->notes_size) {
		kdump_head_put(map, bytes + layout->notes, notes, 8);
		kdump_head_put(map, bytes + layout->notes_size, map->notes_size, layout->word);
	}
	kdump_head_put(map, bytes + layout->blocks_64, map->ranges[map->range_count - 1].end, 8);
}
