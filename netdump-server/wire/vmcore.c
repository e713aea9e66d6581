// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/vmcore.h"

#include <assert.h>
#include <elf.h>
#include <string.h>

enum { NOTE_HEADER = 12 };

/* A member of a struct that both classes have, with their own sizes. */
#define FIELD(head, bytes, kind, member)                                                                        \
	((head)->is_64 ? vmcore_number(head, (bytes) + offsetof(Elf64_##kind, member), sizeof(((Elf64_##kind *)0)->member)) \
		       : vmcore_number(head, (bytes) + offsetof(Elf32_##kind, member), sizeof(((Elf32_##kind *)0)->member)))

uint64_t vmcore_number(const struct vmcore_head *head, const uint8_t *bytes, size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
		value = value << 8 | bytes[head->is_big ? i : length - 1 - i];
	return value;
}

size_t vmcore_head_size(const uint8_t *bytes)
{
	bool has_order = bytes[EI_DATA] == ELFDATA2LSB || bytes[EI_DATA] == ELFDATA2MSB;

	static_assert(sizeof(Elf32_Ehdr) == VMCORE_HEAD_MIN && sizeof(Elf64_Ehdr) == VMCORE_HEAD_MAX, "ELF headers");
	if (memcmp(bytes, ELFMAG, SELFMAG) || !has_order)
		return 0;
	return bytes[EI_CLASS] == ELFCLASS64 ? sizeof(Elf64_Ehdr) : bytes[EI_CLASS] == ELFCLASS32 ? sizeof(Elf32_Ehdr) : 0;
}

bool vmcore_head_parse(const uint8_t *bytes, struct vmcore_head *ret)
{
	*ret = (struct vmcore_head){.is_64 = bytes[EI_CLASS] == ELFCLASS64, .is_big = bytes[EI_DATA] == ELFDATA2MSB};
	ret->type = (uint16_t)FIELD(ret, bytes, Ehdr, e_type);
	ret->machine = (uint16_t)FIELD(ret, bytes, Ehdr, e_machine);
	ret->programs = FIELD(ret, bytes, Ehdr, e_phoff);
	ret->program_count = FIELD(ret, bytes, Ehdr, e_phnum);
	ret->program_size = FIELD(ret, bytes, Ehdr, e_phentsize);
	return ret->program_size == (ret->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
}

void vmcore_program_parse(const struct vmcore_head *head, const uint8_t *bytes, struct vmcore_program *ret)
{
	ret->type = (uint32_t)FIELD(head, bytes, Phdr, p_type);
	ret->offset = FIELD(head, bytes, Phdr, p_offset);
	ret->virtual = FIELD(head, bytes, Phdr, p_vaddr);
	ret->physical = FIELD(head, bytes, Phdr, p_paddr);
	ret->file_size = FIELD(head, bytes, Phdr, p_filesz);
	ret->alignment = FIELD(head, bytes, Phdr, p_align);
}

/* ---- notes ----------------------------------------------------------------------------------- */

static uint64_t padded(uint64_t size)
{
	return (size + 3) & ~UINT64_C(3);
}

bool vmcore_note_next(const struct vmcore_head *head, const uint8_t *notes, size_t length, size_t *at,
		      struct vmcore_note *ret)
{
	const uint8_t *note = notes + *at;
	size_t left = length - *at;

	if (left < NOTE_HEADER)
		return false;
	uint64_t name_size = vmcore_number(head, note, 4), size = vmcore_number(head, note + 4, 4);
	uint64_t content = NOTE_HEADER + padded(name_size), whole = content + padded(size);

	if (content + size > left)
		return false;
	*ret = (struct vmcore_note){
		.name = note + NOTE_HEADER,
		.content = note + content,
		.name_size = name_size,
		.size = size,
		.type = (uint32_t)vmcore_number(head, note + 8, 4),
	};
	/* The last one need not be padded. */
	*at += whole < left ? whole : left;
	return true;
}

bool vmcore_note_is_prstatus(const struct vmcore_note *note)
{
	return note->type == NT_PRSTATUS && note->name_size >= 4 && !memcmp(note->name, "CORE", 4);
}

bool vmcore_note_is_info(const struct vmcore_note *note)
{
	static const char name[] = "VMCOREINFO";

	return note->name_size == sizeof(name) && !memcmp(note->name, name, sizeof(name));
}

size_t vmcore_info_find(const char *text, size_t length, const char *key, const char **ret)
{
	const char *end = text + length;
	size_t key_length = strlen(key);

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if ((size_t)(stop - text) > key_length && !memcmp(text, key, key_length) && text[key_length] == '=') {
			*ret = text + key_length + 1;
			return (size_t)(stop - *ret);
		}
		text = stop + 1;
	}
	return 0;
}

uint32_t vmcore_info_page_size(const char *text, size_t length)
{
	const char *digits;
	size_t count = vmcore_info_find(text, length, "PAGESIZE", &digits);
	uint32_t size = 0;

	if (count > 9)
		return 0;
	for (size_t i = 0; i < count && digits[i] >= '0' && digits[i] <= '9'; i++)
		size = size * 10 + (uint32_t)(digits[i] - '0');
	return size & (size - 1) ? 0 : size;
}
