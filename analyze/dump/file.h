// SPDX-License-Identifier: GPL-2.0-or-later
// One file of a dump, read by offset. A flattened file (makedumpfile -F, QEMU's dump-guest-memory
// -z) is read through an index of its blocks, so nobody else sees that it was flattened.
#ifndef DUMP_FILE_H
#define DUMP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct flattened;

struct dump_file {
	const char *path;
	int fd;
	uint64_t stored; /* bytes on disk */
	uint64_t size;   /* bytes of the dump: `stored`, or what they are once put in order */
	struct flattened *flattened; /* NULL for an ordinary file */
};

/* Opens a file or block device; `path` is borrowed. /dev/stdin, /dev/fd/N and /proc/self/fd/N are the
 * descriptor itself: opening it anew would take rights on the file, which who was handed it need not
 * have. ERROR_IO, or ERROR_INVALID for what cannot be a dump. */
struct error *dump_file_open(const char *path, struct dump_file *ret) MUST_CHECK;
void dump_file_close(struct dump_file *file);
/* What to call the file at `path`: of a descriptor the name that the file was opened by, if it has one. */
char *dump_file_name(const char *path);
/* Whether the file has all these bytes: false behind its end and where a cut flattened file has a
 * hole. */
bool dump_file_has(const struct dump_file *file, uint64_t offset, uint64_t length);
/* Reads all `length` bytes or fails; what the writer of a flattened file skipped is zero. */
bool dump_file_read(const struct dump_file *file, uint64_t offset, void *buffer, size_t length);
/* A flattened file that ends before its end mark. */
bool dump_file_is_cut(const struct dump_file *file);

#endif
