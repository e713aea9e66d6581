// SPDX-License-Identifier: GPL-2.0-or-later
// Writes behind: one thread takes blocks from a bounded queue, so that the loop that receives never waits for a
// disk; others do what takes long after the last block: one fsync and names, so that no dump's blocks wait for
// another's end, one digests, so that nobody's end waits for another's digest.
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct extents;
struct writer;

/* One file as the writer sees it. The owner closes it only after a barrier has come back. */
struct writer_file {
	int fd;
	int error;        /* errno of the first write that failed; read it after a barrier or with __atomic_load_n */
	uint64_t written; /* bytes of writer_put() that are in the file, in the order they were put; the same */
	struct extents *lost; /* NULL, or gets what was put and is not in the file, once there is an error */
	bool keep_zeros;  /* else blocks of zeros become holes; where something was before, it is punched out */
	uint64_t end;     /* highest byte that was put here, plus one: set to the size of a file that has some already.
			   * Where a hole is last the file is shorter. Read it after a barrier */
	/* NULL: bytes go to `fd`. Else called on the writer's thread instead (`bytes` is NULL for writer_zero());
	 * returns an errno, or 0. */
	int (*take)(struct writer_file *file, uint64_t offset, const void *bytes, uint64_t length);
	void *context;    /* for take() */
};

/* Threads that each do one thing after another. */
enum writer_lane {
	WRITER_SETTLE, /* barriers' work */
	WRITER_DIGEST, /* what reads whole dumps again */
	WRITER_LANES,
};

/* `memory`: bytes of blocks that may wait. */
struct error *writer_new(size_t memory, struct writer **ret) MUST_CHECK;
/* Waits for what is queued; calls what is still to be called of writer_barrier()'s `done`. */
void writer_free(struct writer *writer);
/* Copies the bytes into the queue. False when it is full, or the file has an error. Blocks of one file that overlap
 * arrive in the order in which they were put. */
bool writer_put(struct writer *writer, struct writer_file *file, uint64_t offset, const void *bytes, size_t length);
/* As if that many zeros were put; any length. */
bool writer_zero(struct writer *writer, struct writer_file *file, uint64_t offset, uint64_t length);
/* Runs `work` on a thread of its own (WRITER_SETTLE) after everything queued so far was written and the work of earlier
 * barriers is done, then `done` on the thread that calls writer_poll(). Either may be NULL. */
void writer_barrier(struct writer *writer, void (*work)(void *), void (*done)(void *), void *context);
/* The same on another thread, whatever is queued: after the work that was given to that lane before. */
void writer_work(struct writer *writer, enum writer_lane lane, void (*work)(void *), void (*done)(void *),
		 void *context);
/* A descriptor that becomes readable when writer_poll() has something to do, or when there is room again after
 * writer_put() found none. */
int writer_event(const struct writer *writer);
void writer_poll(struct writer *writer);
/* Bytes that wait, and that still fit. */
size_t writer_waiting(struct writer *writer);
size_t writer_room(struct writer *writer);

#endif
