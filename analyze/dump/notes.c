// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/notes.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/vec.h"
#include "dump/bytes.h"
#include "dump/file.h"

void notes_deinit(struct notes *notes)
{
	for (size_t i = 0; i < notes->copies.count; i++)
		free(notes->copies.items[i]);
	free(notes->copies.items);
	free(notes->items);
	*notes = (struct notes){0};
}

static size_t notes_align(uint32_t length)
{
	return ((size_t)length + 3) & ~(size_t)3;
}

static void notes_parse(struct notes *notes, const uint8_t *bytes, size_t length, bool big_endian)
{
	while (length >= sizeof(Elf64_Nhdr)) {
		uint32_t name_length = bytes_u32(bytes, big_endian);
		uint32_t desc_length = bytes_u32(bytes + 4, big_endian);
		size_t desc = sizeof(Elf64_Nhdr) + notes_align(name_length);

		if (desc > length || desc_length > length - desc)
			return;
		*vec_push(notes) = (struct note){
			.name = (const char *)bytes + sizeof(Elf64_Nhdr),
			.name_length =
				strnlen((const char *)bytes + sizeof(Elf64_Nhdr), name_length),
			.type = bytes_u32(bytes + 8, big_endian),
			.bytes = bytes + desc,
			.length = desc_length,
		};
		size_t step = desc + notes_align(desc_length);
		if (step > length)
			return;
		bytes += step;
		length -= step;
	}
}

void notes_add(struct notes *notes, const struct dump_file *file, uint64_t offset, uint64_t length,
	       bool big_endian)
{
	if (!length || offset >= file->size)
		return;
	if (length > file->size - offset)
		length = file->size - offset;
	if (length > NOTES_BYTES_MAX - notes->bytes)
		return;
	uint8_t *copy = mem_zero(length);
	if (!dump_file_read(file, offset, copy, length)) {
		free(copy);
		return;
	}
	*vec_push(&notes->copies) = copy;
	notes->bytes += length;
	notes_parse(notes, copy, length, big_endian);
}

const struct note *notes_find(const struct notes *notes, const char *name, uint32_t type,
			      size_t *position)
{
	size_t length = strlen(name);

	while (*position < notes->count) {
		const struct note *note = &notes->items[(*position)++];

		if (note->type == type && note->name_length == length &&
		    !memcmp(note->name, name, length))
			return note;
	}
	return NULL;
}
