// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/elfcore.h"

#include <elf.h>
#include <string.h>

enum {
	NOTES = 3,
	NOTE_HEADER = 16,   /* n_namesz, n_descsz, n_type, and "CORE" */
	NOTE_TASKSTRUCT = 4, /* NT_TASKSTRUCT of elf.h, as crash reads it */
};

/* How the machine's kernel lays out what the notes hold: struct elf_prstatus, struct elf_prpsinfo. */
struct layout {
	uint32_t machine;
	unsigned word;         /* bytes of a pointer, and the ELF class with it */
	bool is_big_endian;
	unsigned prstatus, registers_at, registers; /* sizes, and where pr_reg lies */
	unsigned prpsinfo;
	unsigned task;         /* ia64: the address of the switch_stack follows, which the client does not tell */
};

static const struct layout layouts[] = {
	{EM_386, 4, false, 144, 72, 68, 124, 4},
	{EM_X86_64, 8, false, 336, 112, 216, 136, 8},
	{EM_PPC64, 8, true, 504, 112, 384, 136, 8},
	{EM_IA_64, 8, false, 1144, 112, 1024, 136, 16},
};

static const struct layout *layout_of(uint32_t machine)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++) {
		if (layouts[i].machine == machine)
			return &layouts[i];
	}
	return NULL;
}

bool elfcore_is_known(uint32_t machine)
{
	return layout_of(machine);
}

/* Where the next field goes. */
struct place {
	const struct layout *layout;
	uint8_t *next;
};

static void put(struct place *place, unsigned size, uint64_t value)
{
	for (unsigned i = 0; i < size; i++) {
		unsigned byte = place->layout->is_big_endian ? size - 1 - i : i;

		place->next[i] = (uint8_t)(value >> byte * 8);
	}
	place->next += size;
}

static void put_word(struct place *place, uint64_t value)
{
	put(place, place->layout->word, value);
}

static void put_file_header(struct place *place)
{
	bool is_32 = place->layout->word == 4;
	uint8_t ident[EI_NIDENT] = {
		ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, is_32 ? ELFCLASS32 : ELFCLASS64,
		place->layout->is_big_endian ? ELFDATA2MSB : ELFDATA2LSB, EV_CURRENT,
	};
	unsigned size = is_32 ? sizeof(Elf32_Ehdr) : sizeof(Elf64_Ehdr);

	memcpy(place->next, ident, sizeof(ident));
	place->next += sizeof(ident);
	put(place, 2, ET_CORE);
	put(place, 2, place->layout->machine);
	put(place, 4, EV_CURRENT);
	put_word(place, 0);    /* e_entry */
	put_word(place, size); /* e_phoff */
	put_word(place, 0);    /* e_shoff */
	put(place, 4, 0);      /* e_flags */
	put(place, 2, size);
	put(place, 2, is_32 ? sizeof(Elf32_Phdr) : sizeof(Elf64_Phdr));
	put(place, 2, 2); /* e_phnum */
	put(place, 2, 0); /* sections: none */
	put(place, 2, 0);
	put(place, 2, 0);
}

/* p_flags stands elsewhere in the two classes. */
static void put_segment(struct place *place, const Elf64_Phdr *segment)
{
	put(place, 4, segment->p_type);
	if (place->layout->word == 8)
		put(place, 4, segment->p_flags);
	put_word(place, segment->p_offset);
	put_word(place, segment->p_vaddr);
	put_word(place, segment->p_paddr);
	put_word(place, segment->p_filesz);
	put_word(place, segment->p_memsz);
	if (place->layout->word == 4)
		put(place, 4, segment->p_flags);
	put_word(place, segment->p_align);
}

/* The name has no NUL: crash looks for what follows it at its length, without rounding it up. */
static uint8_t *put_note(struct place *place, uint32_t type, unsigned length)
{
	uint8_t *bytes;

	put(place, 4, 4);
	put(place, 4, length);
	put(place, 4, type);
	memcpy(place->next, "CORE", 4);
	bytes = place->next + 4;
	place->next = bytes + length;
	return bytes;
}

static unsigned notes_size(const struct layout *layout)
{
	return NOTES * NOTE_HEADER + layout->prstatus + layout->prpsinfo + layout->task;
}

static void put_segments(struct place *place, const struct elfcore *core)
{
	const struct layout *layout = place->layout;
	unsigned headers = layout->word == 4 ? sizeof(Elf32_Ehdr) + 2 * sizeof(Elf32_Phdr)
					     : sizeof(Elf64_Ehdr) + 2 * sizeof(Elf64_Phdr);
	/* More than 4 GB (PAE) does not fit into ELF32's field; crash does not need it to find a page. */
	uint64_t most = layout->word == 4 ? UINT32_MAX & ~(uint64_t)(core->page_size - 1) : UINT64_MAX;
	uint64_t size = core->memory < most ? core->memory : most;

	put_segment(place, &(Elf64_Phdr){.p_type = PT_NOTE, .p_offset = headers, .p_filesz = notes_size(layout)});
	put_segment(place, &(Elf64_Phdr){.p_type = PT_LOAD,
					 .p_flags = PF_R | PF_W | PF_X,
					 .p_offset = ELFCORE_SIZE,
					 .p_vaddr = core->page_offset,
					 .p_filesz = size,
					 .p_memsz = size,
					 .p_align = core->page_size});
}

static void put_notes(struct place *place, const struct elfcore *core)
{
	const struct layout *layout = place->layout;
	uint8_t *prstatus = put_note(place, NT_PRSTATUS, layout->prstatus);
	size_t length = core->registers_length < layout->registers ? core->registers_length : layout->registers;
	struct place task;

	if (core->registers)
		memcpy(prstatus + layout->registers_at, core->registers, length);
	put_note(place, NT_PRPSINFO, layout->prpsinfo);
	task = (struct place){layout, put_note(place, NOTE_TASKSTRUCT, layout->task)};
	put_word(&task, core->task_struct);
}

bool elfcore_write(const struct elfcore *core, uint8_t bytes[ELFCORE_SIZE])
{
	struct place place = {layout_of(core->machine), bytes};

	if (!place.layout)
		return false;
	memset(bytes, 0, ELFCORE_SIZE);
	put_file_header(&place);
	put_segments(&place, core);
	put_notes(&place, core);
	return true;
}
