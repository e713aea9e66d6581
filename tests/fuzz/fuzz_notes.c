// SPDX-License-Identifier: GPL-2.0-or-later
// ELF notes of any bytes: the first byte is the byte order (1: big-endian) and where they begin.
#include <stdlib.h>
#include <string.h>

#include "dump/file.h"
#include "dump/notes.h"
#include "input_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t touched;

static void ask(const struct notes *notes)
{
	static const char *const names[] = {"CORE", "VMCOREINFO", "QEMU", "Xen", ""};
	size_t position;

	for (size_t i = 0; i < notes->count; i++) {
		const struct note *note = &notes->items[i];

		for (size_t byte = 0; byte < note->length; byte++)
			touched ^= note->bytes[byte];
		if (memchr(note->name, '\0', note->name_length))
			abort();
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		for (uint32_t type = 0; type < 8; type++) {
			for (position = 0; notes_find(notes, names[i], type, &position);) {
				if (position > notes->count)
					abort();
			}
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dump_file file;
	struct notes notes = {0};

	if (!size)
		return 0;
	struct input_file input = input_file_make(data, size);
	struct error *error = dump_file_open(input.path, &file);

	if (!error) {
		notes_add(&notes, &file, 1 + (data[0] >> 1), size, data[0] & 1);
		notes_add(&notes, &file, 1, size / 2, data[0] & 1);
		ask(&notes);
		notes_deinit(&notes);
		dump_file_close(&file);
	}
	error_free(error);
	close(input.fd);
	return 0;
}
