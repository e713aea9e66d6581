// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/elf_map.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/extents.h"

enum { PAGE_MIN = 4096, PAGE_MAX = 64 << 10, NOTE_HEADER = 12 };

/* Where the numbers are in an ELF header and in a program header. */
struct layout {
	uint8_t word; /* bytes of an offset or address */
	uint8_t header, program_at, program_size, program_count;
	uint8_t program, type, offset, physical, file_size, alignment;
};

static const struct layout layouts[] = {
	{.word = 4, .header = 52, .program_at = 28, .program_size = 42, .program_count = 44, .program = 32, .type = 0,
	 .offset = 4, .physical = 12, .file_size = 16, .alignment = 28},
	{.word = 8, .header = 64, .program_at = 32, .program_size = 54, .program_count = 56, .program = 56, .type = 0,
	 .offset = 8, .physical = 24, .file_size = 32, .alignment = 48},
};

static uint64_t number(const struct elf_map *map, const uint8_t *bytes, size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
		value |= (uint64_t)bytes[i] << 8 * (map->is_big ? length - 1 - i : i);
	return value;
}

static const struct layout *layout_of(const struct elf_map *map)
{
	return &layouts[map->is_64];
}

/* ---- notes ----------------------------------------------------------------------------------- */

static void take_note(struct elf_map *map, size_t at, uint64_t name_size, uint64_t size, uint32_t type)
{
	const uint8_t *name = map->notes + at + NOTE_HEADER;
	size_t content = at + NOTE_HEADER + (name_size + 3) / 4 * 4;

	if (name_size >= 4 && !memcmp(name, "CORE", 4) && type == NT_PRSTATUS)
		map->cpus++;
	if (name_size == sizeof("VMCOREINFO") && !memcmp(name, "VMCOREINFO", name_size)) {
		map->vmcoreinfo = content;
		map->vmcoreinfo_size = size;
	}
}

static void parse_notes(struct elf_map *map)
{
	for (size_t at = 0; at + NOTE_HEADER <= map->notes_size;) {
		uint64_t name_size = number(map, map->notes + at, 4), size = number(map, map->notes + at + 4, 4);
		uint64_t length = NOTE_HEADER + (name_size + 3) / 4 * 4 + (size + 3) / 4 * 4;

		if (length > map->notes_size - at)
			return;
		take_note(map, at, name_size, size, (uint32_t)number(map, map->notes + at + 8, 4));
		at += length;
	}
}

size_t elf_map_info(const struct elf_map *map, const char *key, const char **ret)
{
	const char *text = (const char *)map->notes + map->vmcoreinfo, *end = text + map->vmcoreinfo_size;
	size_t length = strlen(key);

	while (map->vmcoreinfo_size && text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if ((size_t)(stop - text) > length && !memcmp(text, key, length) && text[length] == '=') {
			*ret = text + length + 1;
			return (size_t)(stop - *ret);
		}
		text = stop + 1;
	}
	return 0;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static int compare_offsets(const void *left, const void *right)
{
	const struct elf_load *one = left, *two = right;

	return one->offset < two->offset ? -1 : one->offset > two->offset;
}

static int compare_ranges(const void *left, const void *right)
{
	const struct elf_range *one = left, *two = right;

	return one->first < two->first ? -1 : one->first > two->first;
}

/* kexec gives the kernel's text a segment of its own: the same memory twice. */
static void merge_ranges(struct elf_map *map)
{
	size_t count = 0;
	uint64_t before = 0;

	qsort(map->ranges, map->range_count, sizeof(*map->ranges), compare_ranges);
	for (size_t i = 0; i < map->range_count; i++) {
		struct elf_range *last = count ? &map->ranges[count - 1] : NULL;

		if (last && map->ranges[i].first <= last->end)
			last->end = map->ranges[i].end > last->end ? map->ranges[i].end : last->end;
		else
			map->ranges[count++] = map->ranges[i];
	}
	map->range_count = count;
	for (size_t i = 0; i < count; i++) {
		map->ranges[i].before = before;
		before += map->ranges[i].end - map->ranges[i].first;
	}
}

static bool make_ranges(struct elf_map *map)
{
	map->ranges = mem_resize(NULL, map->load_count, sizeof(*map->ranges));
	qsort(map->loads, map->load_count, sizeof(*map->loads), compare_offsets);
	for (size_t i = 0; i < map->load_count; i++) {
		const struct elf_load *load = &map->loads[i];
		uint64_t end = (load->physical + load->size - 1) / map->page_size + 1;

		if (end > ELF_PAGES_MAX || (i && load->offset < load[-1].offset + load[-1].size))
			return false;
		map->ranges[map->range_count++] =
			(struct elf_range){.first = load->physical / map->page_size, .end = end};
	}
	if (map->load_count)
		merge_ranges(map);
	return map->load_count && elf_map_pages(map) <= ELF_TOTAL_MAX;
}

uint64_t elf_map_pages(const struct elf_map *map)
{
	const struct elf_range *last = &map->ranges[map->range_count - 1];

	return last->before + last->end - last->first;
}

uint64_t elf_map_index(const struct elf_map *map, uint64_t page)
{
	size_t low = 0, high = map->range_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (map->ranges[middle].first <= page)
			low = middle;
		else
			high = middle;
	}
	assert(page >= map->ranges[low].first && page < map->ranges[low].end);
	return map->ranges[low].before + page - map->ranges[low].first;
}

/* ---- headers --------------------------------------------------------------------------------- */

/* All of [offset, offset + length), or how far that is from being there. */
static enum elf_state read_bytes(int fd, const struct extents *have, uint64_t offset, size_t length, uint8_t *ret)
{
	if (!extents_have(have, offset, offset + length))
		return ELF_MORE;
	return pread(fd, ret, length, (off_t)offset) == (ssize_t)length ? ELF_READY : ELF_OTHER;
}

static bool parse_header(const uint8_t *bytes, struct elf_map *map)
{
	map->is_64 = bytes[EI_CLASS] == ELFCLASS64;
	map->is_big = bytes[EI_DATA] == ELFDATA2MSB;
	map->machine = (uint16_t)number(map, bytes + 18, 2);
	return !memcmp(bytes, ELFMAG, SELFMAG) && (map->is_64 || bytes[EI_CLASS] == ELFCLASS32) &&
	       (map->is_big || bytes[EI_DATA] == ELFDATA2LSB) && number(map, bytes + 16, 2) == ET_CORE;
}

/* The first segment of notes, and the loads. False where a number cannot be meant. */
static bool parse_program(struct elf_map *map, const uint8_t *bytes, struct elf_load *notes, uint64_t *alignment)
{
	const struct layout *layout = layout_of(map);
	uint32_t type = (uint32_t)number(map, bytes + layout->type, 4);
	struct elf_load load = {.offset = number(map, bytes + layout->offset, layout->word),
				.size = number(map, bytes + layout->file_size, layout->word),
				.physical = number(map, bytes + layout->physical, layout->word)};

	if (type != PT_LOAD && type != PT_NOTE)
		return true;
	if (load.offset > UINT64_C(1) << 48 || load.size > UINT64_C(1) << 48 || load.physical > UINT64_C(1) << 52)
		return false;
	if (type == PT_NOTE && !notes->size)
		*notes = load;
	if (type == PT_LOAD && load.size) {
		*alignment = *alignment ? *alignment : number(map, bytes + layout->alignment, layout->word);
		map->loads[map->load_count++] = load;
	}
	return notes->size <= ELF_NOTES_MAX;
}

static bool is_page_size(uint64_t size)
{
	return size >= PAGE_MIN && size <= PAGE_MAX && !(size & (size - 1));
}

/* VMCOREINFO says it; netdump's own heads have it as alignment; else it is what nearly all machines have. */
static void find_page_size(struct elf_map *map, uint64_t alignment)
{
	const char *text;
	uint64_t said = elf_map_info(map, "PAGESIZE", &text) ? strtoul(text, NULL, 10) : 0;

	map->page_size = is_page_size(said)	 ? (uint32_t)said
			 : is_page_size(alignment) ? (uint32_t)alignment
						 : PAGE_MIN;
}

static enum elf_state read_notes(int fd, const struct extents *have, const struct elf_load *notes, struct elf_map *map)
{
	map->notes_size = notes->size;
	// One more byte: a text at its end is given to strtoul().
	map->notes = mem_zero(notes->size + 1);
	enum elf_state state = notes->size ? read_bytes(fd, have, notes->offset, notes->size, map->notes) : ELF_READY;
	if (state == ELF_READY)
		parse_notes(map);
	return state;
}

static enum elf_state read_programs(int fd, const struct extents *have, const uint8_t *header, struct elf_map *map)
{
	const struct layout *layout = layout_of(map);
	uint64_t at = number(map, header + layout->program_at, layout->word), alignment = 0;
	size_t count = number(map, header + layout->program_count, 2);
	struct elf_load notes = {0};

	if (number(map, header + layout->program_size, 2) != layout->program || !count || count > ELF_LOADS_MAX ||
	    at > UINT32_MAX)
		return ELF_OTHER;
	uint8_t *programs = mem_zero(count * layout->program);
	enum elf_state state = read_bytes(fd, have, at, count * layout->program, programs);
	map->loads = mem_resize(NULL, count, sizeof(*map->loads));
	for (size_t i = 0; state == ELF_READY && i < count; i++)
		if (!parse_program(map, programs + i * layout->program, &notes, &alignment))
			state = ELF_OTHER;
	free(programs);
	if (state == ELF_READY)
		state = read_notes(fd, have, &notes, map);
	if (state != ELF_READY)
		return state;
	find_page_size(map, alignment);
	return make_ranges(map) ? ELF_READY : ELF_OTHER;
}

enum elf_state elf_map_read(int fd, const struct extents *have, struct elf_map *ret)
{
	uint8_t header[64] = {0};
	struct elf_map map = {0};

	// The shorter header first: what is no ELF file is told by its first bytes.
	enum elf_state state = read_bytes(fd, have, 0, layouts[0].header, header);
	if (state == ELF_READY && !parse_header(header, &map))
		state = ELF_OTHER;
	if (state == ELF_READY && map.is_64)
		state = read_bytes(fd, have, 0, layouts[1].header, header);
	if (state == ELF_READY)
		state = read_programs(fd, have, header, &map);
	if (state == ELF_READY)
		*ret = map;
	else
		elf_map_deinit(&map);
	return state;
}

void elf_map_deinit(struct elf_map *map)
{
	free(map->loads);
	free(map->ranges);
	free(map->notes);
	*map = (struct elf_map){0};
}
