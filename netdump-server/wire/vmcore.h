// SPDX-License-Identifier: GPL-2.0-or-later
// What an ELF vmcore begins with (elf(5)): its header, program headers and notes, and the text of VMCOREINFO that is in
// one of these.
#ifndef WIRE_VMCORE_H
#define WIRE_VMCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	VMCORE_HEAD_MIN = 52, /* bytes of a 32-bit ELF header, from which vmcore_head_size() knows the rest */
	VMCORE_HEAD_MAX = 64,
};

struct vmcore_head {
	bool is_64, is_big;
	uint16_t type, machine;
	uint64_t programs; /* offset of the program headers */
	size_t program_count, program_size;
};

struct vmcore_program {
	uint32_t type;
	uint64_t offset, virtual, physical, file_size, alignment;
};

struct vmcore_note {
	const uint8_t *name, *content; /* in the bytes that were given */
	size_t name_size, size;
	uint32_t type;
};

/* How long the header is that begins with these VMCORE_HEAD_MIN bytes; 0: they are none of ELF. */
size_t vmcore_head_size(const uint8_t *bytes);
/* Of as many bytes as vmcore_head_size() said. False where program headers have another size than ELF gives them. */
bool vmcore_head_parse(const uint8_t *bytes, struct vmcore_head *ret);
/* Of `program_size` bytes. */
void vmcore_program_parse(const struct vmcore_head *head, const uint8_t *bytes, struct vmcore_program *ret);
/* The note at `*at`, which then is that of the next one; false where none that is whole follows. */
bool vmcore_note_next(const struct vmcore_head *head, const uint8_t *notes, size_t length, size_t *at,
		      struct vmcore_note *ret);
/* Whether a note is the registers of a processor; whether it is VMCOREINFO. */
bool vmcore_note_is_prstatus(const struct vmcore_note *note);
bool vmcore_note_is_info(const struct vmcore_note *note);
/* A number of the vmcore's byte order, of at most 8 bytes. */
uint64_t vmcore_number(const struct vmcore_head *head, const uint8_t *bytes, size_t length);
/* The value of a line "KEY=…" of VMCOREINFO, up to its end; its length, 0 where there is none. */
size_t vmcore_info_find(const char *text, size_t length, const char *key, const char **ret);
/* VMCOREINFO's PAGESIZE; 0 where it has none, or no power of two. */
uint32_t vmcore_info_page_size(const char *text, size_t length);

#endif
