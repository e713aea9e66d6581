// SPDX-License-Identifier: GPL-2.0-or-later
// An input as a file, for what reads files.
#ifndef FUZZ_INPUT_FILE_H
#define FUZZ_INPUT_FILE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct input_file {
	int fd;
	char path[32];
};

/* In memory; the caller closes `fd`. */
static inline struct input_file input_file_make(const uint8_t *data, size_t size)
{
	struct input_file file = {.fd = memfd_create("fuzz", 0)};

	if (file.fd < 0 || write(file.fd, data, size) != (ssize_t)size)
		abort();
	snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
	return file;
}

#endif
