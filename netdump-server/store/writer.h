// SPDX-License-Identifier: GPL-2.0-or-later
// Writes behind: one thread that takes blocks from a bounded queue, so that the loop that receives never waits for a disk.
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct writer;

/* One file as the writer sees it. The owner closes it only after a barrier has come back. */
struct writer_file {
	int fd;
	int error;        /* errno of the first write that failed; read it after a barrier or with __atomic_load_n */
	uint64_t written; /* bytes; the same */
	bool keep_zeros;  /* else blocks of zeros become holes */
};

/* `memory`: bytes of blocks that may wait. */
struct writer *writer_new(size_t memory);
/* Waits for what is queued. */
void writer_free(struct writer *writer);
/* Copies the bytes into the queue. False when it is full, or the file has an error. */
bool writer_put(struct writer *writer, struct writer_file *file, uint64_t offset, const void *bytes, size_t length);
/* Runs `work` on the thread after everything queued so far, then `done` on the thread that calls writer_poll(). */
void writer_barrier(struct writer *writer, void (*work)(void *), void (*done)(void *), void *context);
/* A descriptor that becomes readable when writer_poll() has something to do. */
int writer_event(const struct writer *writer);
void writer_poll(struct writer *writer);
/* Bytes that still fit. */
size_t writer_room(const struct writer *writer);

#endif
