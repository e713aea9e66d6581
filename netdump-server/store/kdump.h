// SPDX-License-Identifier: GPL-2.0-or-later
// Turns the bytes of an ELF dump, which come in any order, into a kdump-compressed file (makedumpfile's format,
// disk_dump header version 6) while they arrive: zero pages share one page, the others are compressed and appended
// as they become whole; descriptors and bitmaps are written at the end. Memory does not grow with the dump: what is
// not yet a whole page waits in a file of its own. (The names kdump_… are those of libkdumpfile, which fuzzers link as
// well.)
#ifndef STORE_KDUMP_H
#define STORE_KDUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

struct compressors;
struct kdumper;
struct writer_file;

/* `raw`: takes what cannot be converted yet, at its own offsets, and with it everything if it turns out that the
 * file is no ELF dump. `out`: the new file, empty. `directory`: for a table without a name. The descriptors stay the
 * caller's, as are `compressors`, which outlive it. */
struct error *kdumper_new(int raw, int out, int directory, struct compressors *compressors,
			  enum store_compression compression, struct kdumper **ret) MUST_CHECK;
void kdumper_free(struct kdumper *kdump);
/* For struct writer_file: `context` is the kdump. */
int kdumper_take(struct writer_file *file, uint64_t offset, const void *bytes, uint64_t length);
/* Writes what is left. *ret: whether `out` is the dump; else `raw` is. A page of which bytes are missing is left
 * out. */
struct error *kdumper_finish(struct kdumper *kdump, bool is_complete, bool *ret) MUST_CHECK;

#endif
