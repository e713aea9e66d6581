// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/memory.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/vec.h"
#include "send/source.h"
#include "wire/redhat.h"
#include "wire/vmcore.h"

enum {
	NOTES_MAX = 64 << 20,    /* a few KB for each processor */
	CACHE = 1 << 20,
	PAGE_USUAL = 4096,
};

/* Physical memory and where it lies in the file: ascending, without overlap. */
struct stretch {
	uint64_t start, end, offset;
};

struct memory {
	struct source *source;
	struct vmcore_head head;
	uint32_t page_size, pages, ram_pages;
	uint64_t page_offset;
	struct {
		struct stretch *items;
		size_t count, capacity;
	} stretches;
	uint8_t registers[REDHAT_REGISTERS_MAX];
	size_t registers_size;
	int merit;                     /* of the note that the registers are from */
	uint8_t *cache, *page;         /* CACHE bytes of the file; a page that is put together */
	uint64_t cache_start, cache_end;
};

/* Where a machine's struct elf_prstatus has what we want (include/linux/elfcore.h; sizes in section 1.9 of the protocol
 * notes). `mode`: in the registers, the low two bits of CS, which are 0 in the kernel; 0: not looked at. */
static const struct machine {
	uint32_t machine;
	unsigned pid, registers, mode;
} machines[] = {
	{REDHAT_I386, 24, 72, 13 * 4},
	{REDHAT_X86_64, 32, 112, 17 * 8},
	{REDHAT_PPC64, 32, 112, 0},
	{REDHAT_IA64, 32, 112, 0},
};

/* ---- notes ----------------------------------------------------------------------------------- */

static const struct machine *find_machine(uint32_t machine)
{
	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++)
		if (machines[i].machine == machine)
			return &machines[i];
	return NULL;
}

/* No note says which processor panicked. It was in the kernel, and mostly had a process to run; one that idles has pid
 * 0. Of equals, the first. */
static void take_prstatus(struct memory *memory, const uint8_t *bytes, size_t length)
{
	const struct machine *machine = find_machine(memory->head.machine);
	size_t size = redhat_registers_size(memory->head.machine);

	if (!machine || !size || size > sizeof(memory->registers) || length < machine->registers + size)
		return;
	bool is_kernel = machine->mode && !(bytes[machine->registers + machine->mode] & 3);
	int merit = 1 + 2 * is_kernel + (vmcore_number(&memory->head, bytes + machine->pid, 4) != 0);

	if (merit <= memory->merit)
		return;
	memory->merit = merit;
	memory->registers_size = size;
	memcpy(memory->registers, bytes + machine->registers, size);
}

static void take_notes(struct memory *memory, const uint8_t *bytes, size_t length)
{
	struct vmcore_note note;

	for (size_t at = 0; vmcore_note_next(&memory->head, bytes, length, &at, &note);) {
		if (vmcore_note_is_prstatus(&note))
			take_prstatus(memory, note.content, note.size);
		uint32_t size = vmcore_note_is_info(&note)
					? vmcore_info_page_size((const char *)note.content, note.size) : 0;

		if (size >= REDHAT_PAGE_MIN && size <= REDHAT_PAGE_MAX)
			memory->page_size = size;
	}
}

static struct error *read_notes(struct memory *memory, uint64_t offset, uint64_t size)
{
	if (size > NOTES_MAX)
		return error_new(ERROR_CORRUPT, "the dump has notes of %llu bytes: it is no dump, or damaged",
				 (unsigned long long)size);
	uint8_t *bytes _cleanup_free_ = mem_resize(NULL, (size_t)size + 1, 1);

	if (!source_again(memory->source, offset, bytes, (size_t)size))
		return error_new(ERROR_TRUNCATED, "the dump ends within its notes");
	take_notes(memory, bytes, (size_t)size);
	return NULL;
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void take_load(struct memory *memory, const struct vmcore_program *program)
{
	struct stretch stretch = {program->physical, 0, program->offset};
	uint64_t size = program->file_size, virtual = program->virtual;

	/* The kernel's own text is mapped a second time, elsewhere: the lowest mapping is that of all memory. */
	if (virtual > stretch.start && (!memory->page_offset || virtual - stretch.start < memory->page_offset))
		memory->page_offset = virtual - stretch.start;
	if (!size || stretch.start + size < size || stretch.offset + size < size)
		return;
	stretch.end = stretch.start + size;
	*vec_push(&memory->stretches) = stretch;
}

static int compare_stretches(const void *one, const void *other)
{
	const struct stretch *a = one, *b = other;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->end > b->end ? -1 : a->end < b->end;
}

/* Takes away what is there twice, and counts pages. */
static struct error *sort_stretches(struct memory *memory)
{
	uint64_t end = 0, last = 0, ram = 0;
	size_t kept = 0;

	if (memory->stretches.count)
		qsort(memory->stretches.items, memory->stretches.count, sizeof(struct stretch), compare_stretches);
	for (size_t i = 0; i < memory->stretches.count; i++) {
		struct stretch stretch = memory->stretches.items[i];

		if (stretch.end <= end)
			continue;
		if (stretch.start < end) {
			stretch.offset += end - stretch.start;
			stretch.start = end;
		}
		end = stretch.end;
		uint64_t first = stretch.start / memory->page_size, behind = (end - 1) / memory->page_size + 1;

		ram += behind - (first > last ? first : last);
		last = behind;
		memory->stretches.items[kept++] = stretch;
	}
	memory->stretches.count = kept;
	if (!kept)
		return error_new(ERROR_UNSUPPORTED, "the dump holds no memory");
	if (last > UINT32_MAX)
		return error_new(ERROR_UNSUPPORTED, "the dump has more pages than the original netdump can count");
	memory->pages = (uint32_t)last;
	memory->ram_pages = (uint32_t)ram;
	return NULL;
}

/* ---- opening --------------------------------------------------------------------------------- */

static struct error *read_program_headers(struct memory *memory)
{
	size_t count = memory->head.program_count, size = memory->head.program_size;
	uint8_t *bytes _cleanup_free_ = mem_resize(NULL, count + 1, size);
	struct error *error = NULL;

	if (!source_again(memory->source, memory->head.programs, bytes, count * size))
		return error_new(ERROR_TRUNCATED, "the dump ends within its headers");
	for (size_t i = 0; !error && i < count; i++) {
		struct vmcore_program program;

		vmcore_program_parse(&memory->head, bytes + i * size, &program);
		if (program.type == PT_NOTE)
			error = read_notes(memory, program.offset, program.file_size);
		else if (program.type == PT_LOAD)
			take_load(memory, &program);
	}
	return error;
}

static struct error *read_headers(struct memory *memory)
{
	uint8_t bytes[VMCORE_HEAD_MAX] = {0};

	if (source_is_pipe(memory->source) || source_is_flattened(memory->source))
		return error_new(ERROR_UNSUPPORTED,
				 "the original netdump asks for pages in its own order: give it /proc/vmcore, not a pipe");
	if (!source_again(memory->source, 0, bytes, sizeof(bytes)) || !vmcore_head_size(bytes))
		return error_new(ERROR_UNSUPPORTED, "the original netdump sends memory: give it /proc/vmcore, or an ELF dump");
	if (!vmcore_head_parse(bytes, &memory->head))
		return error_new(ERROR_CORRUPT, "the dump's headers are damaged");
	struct error *error = read_program_headers(memory);

	return error ? error : sort_stretches(memory);
}

DEFINE_CLEANUP(struct memory *, memory_close)

struct error *memory_open(struct source *source, struct memory **ret)
{
	struct memory *memory _cleanup_(memory_close_cleanup) = mem_zero(sizeof(*memory));

	memory->source = source;
	memory->page_size = PAGE_USUAL;
	struct error *error = read_headers(memory);

	if (error)
		return error;
	memory->cache = mem_resize(NULL, CACHE, 1);
	memory->page = mem_resize(NULL, memory->page_size, 1);
	*ret = memory;
	memory = NULL;
	return NULL;
}

void memory_close(struct memory *memory)
{
	if (!memory)
		return;
	free(memory->stretches.items);
	free(memory->cache);
	free(memory->page);
	free(memory);
}

/* ---- asking ---------------------------------------------------------------------------------- */

uint32_t memory_machine(const struct memory *memory)
{
	return memory->head.machine;
}

uint32_t memory_page_size(const struct memory *memory)
{
	return memory->page_size;
}

uint32_t memory_pages(const struct memory *memory)
{
	return memory->pages;
}

uint32_t memory_ram_pages(const struct memory *memory)
{
	return memory->ram_pages;
}

uint64_t memory_page_offset(const struct memory *memory)
{
	return memory->page_offset;
}

const uint8_t *memory_registers(const struct memory *memory, size_t *ret_size)
{
	*ret_size = memory->registers_size;
	return memory->registers;
}

/* The first stretch that ends behind an address; the count where there is none. */
static size_t find_stretch(const struct memory *memory, uint64_t address)
{
	size_t low = 0, high = memory->stretches.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memory->stretches.items[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint32_t memory_next(const struct memory *memory, uint32_t pfn)
{
	uint64_t from = ((uint64_t)pfn + 1) * memory->page_size;
	size_t found = find_stretch(memory, from);

	if (found == memory->stretches.count)
		return 0;
	uint64_t start = memory->stretches.items[found].start;

	return (uint32_t)((start > from ? start : from) / memory->page_size);
}

bool memory_has(const struct memory *memory, uint32_t pfn)
{
	uint64_t start = (uint64_t)pfn * memory->page_size;
	size_t found = find_stretch(memory, start);

	return found < memory->stretches.count && memory->stretches.items[found].start < start + memory->page_size;
}

/* Bytes of one stretch, from the cache; what follows is read with them. */
static const uint8_t *read_at(struct memory *memory, const struct stretch *stretch, uint64_t address, size_t length)
{
	uint64_t offset = stretch->offset + (address - stretch->start), left = stretch->end - address;

	if (offset >= memory->cache_start && offset + length <= memory->cache_end)
		return memory->cache + (offset - memory->cache_start);
	size_t size = left < CACHE ? (size_t)left : CACHE;

	if (!source_again(memory->source, offset, memory->cache, size)) {
		size = length; /* something that cannot be read lies behind */
		if (!source_again(memory->source, offset, memory->cache, size))
			size = 0;
	}
	memory->cache_start = offset;
	memory->cache_end = offset + size;
	return size ? memory->cache : NULL;
}

const uint8_t *memory_page(struct memory *memory, uint32_t pfn)
{
	uint64_t start = (uint64_t)pfn * memory->page_size, end = start + memory->page_size;
	size_t found = find_stretch(memory, start);
	const struct stretch *stretch = &memory->stretches.items[found];

	if (!memory_has(memory, pfn))
		return NULL;
	if (stretch->start <= start && stretch->end >= end)
		return read_at(memory, stretch, start, memory->page_size);
	/* What the machine's memory map cuts off in the middle of a page is zeros. */
	memset(memory->page, 0, memory->page_size);
	for (; found < memory->stretches.count && stretch->start < end; stretch = &memory->stretches.items[++found]) {
		uint64_t from = stretch->start > start ? stretch->start : start, to = stretch->end < end ? stretch->end : end;
		const uint8_t *bytes = read_at(memory, stretch, from, (size_t)(to - from));

		if (!bytes)
			return NULL;
		memcpy(memory->page + (from - start), bytes, (size_t)(to - from));
	}
	return memory->page;
}
