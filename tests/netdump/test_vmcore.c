// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/vmcore.c"

#include "test.h"

/* Of a big-endian machine with 32 bits, byte by byte (elf(5)); then one program header. */
static const uint8_t small[52 + 32] = {
	0x7f, 'E', 'L', 'F', 1, 2, 1, [16] = 0, 4, 0, 20, [28] = 0, 0, 0, 52, [42] = 0, 32, 0, 1,
	[52] = 0, 0, 0, 1, 0, 0, 0x10, 0, 0xc0, 0, 0x20, 0, 0, 0, 0x20, 0, 0, 0, 3, 4, [80] = 0, 0, 1, 0,
};

TEST(vmcore_head_of_32_bits_big_endian)
{
	struct vmcore_program program;
	struct vmcore_head head;

	CHECK(vmcore_head_size(small) == 52 && vmcore_head_parse(small, &head));
	CHECK(!head.is_64 && head.is_big && head.type == ET_CORE && head.machine == EM_PPC);
	CHECK(head.programs == 52 && head.program_count == 1 && head.program_size == 32);
	vmcore_program_parse(&head, small + 52, &program);
	CHECK(program.type == PT_LOAD && program.offset == 0x1000 && program.virtual == 0xc0002000);
	CHECK(program.physical == 0x2000 && program.file_size == 0x304 && program.alignment == 0x100);
}

TEST(vmcore_head_of_64_bits)
{
	/* This machine is one of little-endian order. */
	const Elf64_Phdr wanted = {.p_type = PT_NOTE, .p_offset = 1ULL << 40, .p_vaddr = 2, .p_paddr = 3, .p_filesz = 4,
				   .p_align = 5};
	Elf64_Ehdr elf = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB}, .e_type = ET_CORE,
			  .e_machine = EM_X86_64, .e_phoff = 0x123456789a, .e_phnum = 0xfffe,
			  .e_phentsize = sizeof(Elf64_Phdr)};
	struct vmcore_program program;
	struct vmcore_head head;

	CHECK(vmcore_head_size((uint8_t *)&elf) == 64 && vmcore_head_parse((uint8_t *)&elf, &head));
	CHECK(head.is_64 && !head.is_big && head.machine == EM_X86_64);
	CHECK(head.programs == 0x123456789a && head.program_count == 0xfffe);
	vmcore_program_parse(&head, (const uint8_t *)&wanted, &program);
	CHECK(program.type == PT_NOTE && program.offset == 1ULL << 40 && program.virtual == 2 && program.physical == 3);
	CHECK(program.file_size == 4 && program.alignment == 5);
	elf.e_phentsize--;
	CHECK(!vmcore_head_parse((uint8_t *)&elf, &head));
}

TEST(vmcore_head_of_something_else)
{
	uint8_t bytes[52];

	for (size_t i = 0; i < 6; i++) {
		memcpy(bytes, small, sizeof(bytes));
		bytes[i] = 3;
		CHECK(!vmcore_head_size(bytes));
	}
}

static const char notes[] = "\5\0\0\0\3\0\0\0\1\0\0\0CORE\0\0\0\0abc\0"
			    "\13\0\0\0\16\0\0\0\0\0\0\0VMCOREINFO\0\0PAGESIZE=4096\n";

TEST(vmcore_notes_are_taken_one_by_one)
{
	const uint8_t *bytes = (const uint8_t *)notes;
	const struct vmcore_head head = {.is_64 = true};
	size_t length = sizeof(notes) - 1, at = 0;
	struct vmcore_note note;

	CHECK(vmcore_note_next(&head, bytes, length, &at, &note) && at == 24);
	CHECK(vmcore_note_is_prstatus(&note) && !vmcore_note_is_info(&note));
	CHECK(note.size == 3 && !memcmp(note.content, "abc", 3));
	/* It need not be padded. */
	CHECK(vmcore_note_next(&head, bytes, length, &at, &note) && at == length);
	CHECK(vmcore_note_is_info(&note) && !vmcore_note_is_prstatus(&note));
	CHECK(note.size == 14 && vmcore_info_page_size((const char *)note.content, note.size) == 4096);
	CHECK(!vmcore_note_next(&head, bytes, length, &at, &note) && at == length);
	for (size_t cut = 24; cut < length; cut++) {
		at = 24;
		CHECK(!vmcore_note_next(&head, bytes, cut, &at, &note));
	}
}

TEST(vmcore_notes_that_reach_too_far)
{
	static const uint8_t sizes[][12] = {
		{0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0, 1}, {1},
		{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	};
	const struct vmcore_head head = {0};
	struct vmcore_note note;
	size_t at = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		CHECK(!vmcore_note_next(&head, sizes[i], sizeof(sizes[i]), &at, &note) && !at);
}

static uint32_t page_size(const char *text)
{
	return vmcore_info_page_size(text, strlen(text));
}

TEST(vmcore_info_has_keys)
{
	static const char text[] = "OSRELEASE=6.1\nXPAGESIZE=1\nEMPTY=\nPAGESIZE=16384";
	const char *value = NULL;

	CHECK(vmcore_info_find(text, sizeof(text) - 1, "OSRELEASE", &value) == 3 && !memcmp(value, "6.1", 3));
	CHECK(!vmcore_info_find(text, sizeof(text) - 1, "OSRELEAS", &value));
	CHECK(!vmcore_info_find(text, sizeof(text) - 1, "EMPTY", &value));
	CHECK(!vmcore_info_find(text, 9, "OSRELEASE", &value));
	CHECK(page_size(text) == 16384 && page_size("PAGESIZE=4095") == 0 && page_size("PAGESIZE=x") == 0);
	CHECK(page_size("PAGESIZE=4294971392") == 0 && page_size("") == 0);
	/* What lies behind its end is not looked at. */
	CHECK(vmcore_info_page_size("PAGESIZE=40960", 13) == 4096);
}

TEST_MAIN
