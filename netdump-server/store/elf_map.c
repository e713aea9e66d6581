// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/elf_map.h"

#include <assert.h>
#include <elf.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/extents.h"
#include "wire/vmcore.h"

enum { PAGE_MIN = 4096, PAGE_MAX = 64 << 10 };

size_t elf_map_info(const struct elf_map *map, const char *key, const char **ret)
{
	return vmcore_info_find((const char *)map->notes + map->vmcoreinfo, map->vmcoreinfo_size, key, ret);
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

/* The first segment of notes, and the loads. False where a number cannot be meant. */
static bool take_program(struct elf_map *map, const struct vmcore_program *program, struct elf_load *notes,
			 uint64_t *alignment)
{
	struct elf_load load = {.offset = program->offset, .size = program->file_size, .physical = program->physical};

	if (program->type != PT_LOAD && program->type != PT_NOTE)
		return true;
	if (load.offset > UINT64_C(1) << 48 || load.size > UINT64_C(1) << 48 || load.physical > UINT64_C(1) << 52)
		return false;
	if (program->type == PT_NOTE && !notes->size)
		*notes = load;
	if (program->type == PT_LOAD && load.size) {
		*alignment = *alignment ? *alignment : program->alignment;
		map->loads[map->load_count++] = load;
	}
	return notes->size <= ELF_NOTES_MAX;
}

static void take_notes(struct elf_map *map, const struct vmcore_head *head)
{
	struct vmcore_note note;

	for (size_t at = 0; vmcore_note_next(head, map->notes, map->notes_size, &at, &note);) {
		map->cpus += vmcore_note_is_prstatus(&note);
		if (vmcore_note_is_info(&note)) {
			map->vmcoreinfo = (size_t)(note.content - map->notes);
			map->vmcoreinfo_size = note.size;
		}
	}
}

static bool is_page_size(uint64_t size)
{
	return size >= PAGE_MIN && size <= PAGE_MAX && !(size & (size - 1));
}

/* VMCOREINFO says it; netdump's own heads have it as alignment; else it is what nearly all machines have. */
static void find_page_size(struct elf_map *map, uint64_t alignment)
{
	uint32_t said = vmcore_info_page_size((const char *)map->notes + map->vmcoreinfo, map->vmcoreinfo_size);

	map->page_size = is_page_size(said)	 ? said
			 : is_page_size(alignment) ? (uint32_t)alignment
						 : PAGE_MIN;
}

static enum elf_state read_notes(int fd, const struct extents *have, const struct vmcore_head *head,
				 const struct elf_load *notes, struct elf_map *map)
{
	map->notes_size = notes->size;
	// One more byte: a text at its end is given to strtoll().
	map->notes = mem_zero(notes->size + 1);
	enum elf_state state = notes->size ? read_bytes(fd, have, notes->offset, notes->size, map->notes) : ELF_READY;
	if (state == ELF_READY)
		take_notes(map, head);
	return state;
}

static enum elf_state read_programs(int fd, const struct extents *have, const struct vmcore_head *head,
				    struct elf_map *map)
{
	struct elf_load notes = {0};
	uint64_t alignment = 0;

	if (!head->program_count || head->program_count > ELF_LOADS_MAX || head->programs > UINT32_MAX)
		return ELF_OTHER;
	uint8_t *bytes = mem_zero(head->program_count * head->program_size);
	enum elf_state state = read_bytes(fd, have, head->programs, head->program_count * head->program_size, bytes);
	map->loads = mem_resize(NULL, head->program_count, sizeof(*map->loads));
	for (size_t i = 0; state == ELF_READY && i < head->program_count; i++) {
		struct vmcore_program program;

		vmcore_program_parse(head, bytes + i * head->program_size, &program);
		if (!take_program(map, &program, &notes, &alignment))
			state = ELF_OTHER;
	}
	free(bytes);
	if (state == ELF_READY)
		state = read_notes(fd, have, head, &notes, map);
	if (state != ELF_READY)
		return state;
	find_page_size(map, alignment);
	return make_ranges(map) ? ELF_READY : ELF_OTHER;
}

enum elf_state elf_map_read(int fd, const struct extents *have, struct elf_map *ret)
{
	uint8_t bytes[VMCORE_HEAD_MAX];
	struct vmcore_head head;

	// The shorter header first: what is no ELF file is told by its first bytes.
	enum elf_state state = read_bytes(fd, have, 0, VMCORE_HEAD_MIN, bytes);
	size_t size = state == ELF_READY ? vmcore_head_size(bytes) : 0;
	if (state == ELF_READY)
		state = size ? read_bytes(fd, have, 0, size, bytes) : ELF_OTHER;
	if (state != ELF_READY)
		return state;
	if (!vmcore_head_parse(bytes, &head) || head.type != ET_CORE)
		return ELF_OTHER;
	struct elf_map map = {.is_64 = head.is_64, .is_big = head.is_big, .machine = head.machine};
	state = read_programs(fd, have, &head, &map);
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
