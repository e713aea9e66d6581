// SPDX-License-Identifier: GPL-2.0-or-later
// The head of a Red Hat vmcore: vector E1 of the protocol notes byte for byte, the other machines by their fields.
#include "session/elfcore.c"

#include "test.h"

/* Section 5.4 of the protocol notes, computed from crash's netdump.c by a script of its own: the bytes that are not
 * zero. */
static const uint8_t e1_head[] = {
	0x7f, 0x45, 0x4c, 0x46, 0x01, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x04, 0x00, 0x03, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x34, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x34, 0x00, 0x20, 0x00, 0x02, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x74, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x40, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x10, 0x07, 0x00, 0x00, 0x00,
	0x00, 0x10, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x90, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x43, 0x4f, 0x52, 0x45,
};
static const uint8_t e1_registers[] = {
	0x10, 0x00, 0x00, 0x00, 0x11, 0x00, 0x00, 0x00, 0x12, 0x00, 0x00, 0x00, 0x13, 0x00, 0x00, 0x00, 0x14, 0x00,
	0x00, 0x00, 0x15, 0x00, 0x00, 0x00, 0x16, 0x00, 0x00, 0x00, 0x17, 0x00, 0x00, 0x00, 0x18, 0x00, 0x00, 0x00,
	0x19, 0x00, 0x00, 0x00, 0x1a, 0x00, 0x00, 0x00, 0x1b, 0x00, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x1d, 0x00,
	0x00, 0x00, 0x1e, 0x00, 0x00, 0x00, 0x1f, 0x00, 0x00, 0x00, 0x20, 0x00, 0x00, 0x00,
};
static const uint8_t e1_prpsinfo[] = {0x04, 0x00, 0x00, 0x00, 0x7c, 0x00, 0x00, 0x00,
				      0x03, 0x00, 0x00, 0x00, 0x43, 0x4f, 0x52, 0x45};
static const uint8_t e1_task[] = {0x04, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x04, 0x00,
				  0x00, 0x00, 0x43, 0x4f, 0x52, 0x45, 0x00, 0x40, 0x23, 0xc1};

TEST(elfcore_i386_is_the_vector)
{
	uint8_t want[ELFCORE_SIZE] = {0}, got[ELFCORE_SIZE];
	struct elfcore core = {3, 4096, 65536 * UINT64_C(4096), 0xc0000000,
			       0xc1234000, e1_registers, sizeof(e1_registers)};

	memcpy(want, e1_head, sizeof(e1_head));
	memcpy(want + 0xcc, e1_registers, sizeof(e1_registers));
	memcpy(want + 0x114, e1_prpsinfo, sizeof(e1_prpsinfo));
	memcpy(want + 0x1a0, e1_task, sizeof(e1_task));
	memset(got, 0xff, sizeof(got));
	CHECK(elfcore_write(&core, got));
	for (size_t i = 0; i < sizeof(want); i++) {
		if (want[i] != got[i]) {
			printf("first difference at 0x%zx: got %02x, want %02x\n", i, got[i], want[i]);
			CHECK(!"the same bytes");
			break;
		}
	}
}

static uint64_t big(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

TEST(elfcore_x86_64_has_its_fields)
{
	uint8_t bytes[ELFCORE_SIZE], registers[216];
	struct elfcore core = {62, 4096, UINT64_C(3) << 32, 0x10000000000, 0x10012345678, registers, sizeof(registers)};
	Elf64_Ehdr file;
	Elf64_Phdr segments[2];
	Elf64_Nhdr note;
	uint64_t task;

	memset(registers, 0xa5, sizeof(registers));
	CHECK(elfcore_write(&core, bytes));
	memcpy(&file, bytes, sizeof(file));
	memcpy(segments, bytes + file.e_phoff, sizeof(segments));
	CHECK(file.e_machine == EM_X86_64 && file.e_phnum == 2 && file.e_phentsize == sizeof(Elf64_Phdr));
	CHECK(segments[0].p_type == PT_NOTE && segments[1].p_type == PT_LOAD);
	CHECK(segments[1].p_offset == 4096 && segments[1].p_align == 4096 && segments[1].p_paddr == 0);
	CHECK(segments[1].p_vaddr == 0x10000000000 && segments[1].p_filesz == UINT64_C(3) << 32);
	CHECK(!memcmp(bytes + segments[0].p_offset + 16 + 112, registers, sizeof(registers)));
	memcpy(&note, bytes + segments[0].p_offset + 16 + 336 + 16 + 136, sizeof(note));
	CHECK(note.n_namesz == 4 && note.n_type == 4 && note.n_descsz == 8);
	memcpy(&task, bytes + segments[0].p_offset + segments[0].p_filesz - 8, sizeof(task));
	CHECK(task == 0x10012345678);
}

TEST(elfcore_ppc64_is_big_endian)
{
	uint8_t bytes[ELFCORE_SIZE];
	struct elfcore core = {21, 4096, 1 << 30, 0xc000000000000000, 0xc00000000fedcba0, NULL, 0};

	CHECK(elfcore_write(&core, bytes));
	CHECK(bytes[EI_CLASS] == ELFCLASS64 && bytes[EI_DATA] == ELFDATA2MSB);
	CHECK(big(bytes + 18, 2) == EM_PPC64 && big(bytes + 32, 8) == 64 && big(bytes + 56, 2) == 2);
	CHECK(big(bytes + 64, 4) == PT_NOTE && big(bytes + 120, 4) == PT_LOAD && big(bytes + 124, 4) == 7);
	CHECK(big(bytes + 136, 8) == 0xc000000000000000 && big(bytes + 152, 8) == 1 << 30);
	CHECK(big(bytes + 176 + 16 + 504 + 16 + 136 + 16, 8) == 0xc00000000fedcba0);
}

TEST(elfcore_ia64_has_room_for_its_registers)
{
	uint8_t bytes[ELFCORE_SIZE], registers[448];
	struct elfcore core = {50, 16384, 1 << 30, 0xe000000000000000,
			       0xe000000001234000, registers, sizeof(registers)};
	Elf64_Phdr segments[2];

	memset(registers, 0x5a, sizeof(registers));
	CHECK(elfcore_write(&core, bytes));
	memcpy(segments, bytes + 64, sizeof(segments));
	CHECK(segments[0].p_filesz == 16 + 1144 + 16 + 136 + 16 + 16);
	CHECK(segments[1].p_align == 16384 && segments[1].p_offset == 4096);
	CHECK(!memcmp(bytes + 176 + 16 + 112, registers, sizeof(registers)));
}

TEST(elfcore_more_than_elf32_can_say)
{
	uint8_t bytes[ELFCORE_SIZE];
	struct elfcore core = {3, 4096, UINT64_C(16) << 30, 0xc0000000, 0, NULL, 0};
	Elf32_Phdr segment;

	CHECK(elfcore_write(&core, bytes));
	memcpy(&segment, bytes + 52 + 32, sizeof(segment));
	CHECK(segment.p_filesz == 0xfffff000 && segment.p_memsz == 0xfffff000);
}

TEST(elfcore_takes_no_more_registers_than_there_is_room)
{
	uint8_t bytes[ELFCORE_SIZE], registers[4096];
	struct elfcore core = {62, 4096, 1 << 20, 0, 0, registers, sizeof(registers)};

	memset(registers, 0xff, sizeof(registers));
	CHECK(elfcore_write(&core, bytes));
	CHECK(big(bytes + 176 + 16 + 112 + 216, 8) == 0);
}

TEST(elfcore_unknown_machines)
{
	uint8_t bytes[ELFCORE_SIZE];

	CHECK(!elfcore_write(&(struct elfcore){.machine = 0}, bytes));
	CHECK(!elfcore_is_known(183) && elfcore_is_known(50));
}

TEST_MAIN
