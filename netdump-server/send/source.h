// SPDX-License-Identifier: GPL-2.0-or-later
// Where a dump comes from, as pieces (offset in the finished file, bytes): a file or /proc/vmcore from beginning to
// end, or makedumpfile's flattened stream, whose pieces are put where they belong.
#ifndef SEND_SOURCE_H
#define SEND_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct source;

struct source_piece {
	uint64_t offset;
	const uint8_t *bytes; /* valid until the next call; NULL: `length` zeros */
	uint64_t length;
	bool overwrites; /* what an earlier piece brought */
	bool must_wait;  /* the same, and that piece came after the last one that had to wait: whatever was handed out
			  * so far has to be in the file before this one is sent */
	bool is_pending; /* the pipe has nothing now: no piece, and no end */
};

/* Takes over the descriptor, even on failure. A flattened stream is told by its first bytes, for which a pipe is
 * waited. */
struct error *source_open(int fd, const char *name, struct source **ret) MUST_CHECK;
void source_close(struct source *source);
/* The next piece of at most `most` bytes (a hole may be longer). ret->length is 0 at the end. */
struct error *source_next(struct source *source, size_t most, struct source_piece *ret) MUST_CHECK;
/* Goes on at an offset of a plain file, which is not behind its end; false for others, but for offset 0 of a flattened
 * file, which begins again. */
bool source_seek(struct source *source, uint64_t offset);
/* Reads again what was handed out before; false for a pipe and a flattened file. */
bool source_again(struct source *source, uint64_t offset, void *bytes, size_t length);
bool source_is_pipe(const struct source *source);
bool source_is_flattened(const struct source *source);
/* To be waited for when a piece is pending. */
int source_fd(const struct source *source);
/* Size of the finished file: known from the beginning for files, at the end for streams (0 before). */
uint64_t source_size(const struct source *source);
/* The same when the same file is opened again, and for no other: of its first bytes (headers, notes), its size, and of
 * where and when it was written, or, for what is in /proc, of the boot that it belongs to. */
void source_id(const struct source *source, uint8_t ret[16]);
/* A file has been written to since it was opened: what was sent of it need not be of one state. */
bool source_has_changed(const struct source *source);
bool source_is_kdump(const struct source *source);
/* e_machine of an ELF file; 0 where it does not say. */
uint32_t source_machine(const struct source *source);

#endif
