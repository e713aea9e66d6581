// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/mem.h"
#include "session/extents.h"

enum {
	BATCH = 256,         /* blocks that are taken and sorted together */
	HOLE = 4096,         /* blocks of zeros of that size, at multiples of it, are left out */
	BLOCK_LEAST = 512,   /* how long blocks are at least, on average: sizes the array of them */
	MERGE_MAX = 1 << 20, /* of blocks that are put one behind the other */
};

static_assert(BATCH <= IOV_MAX, "a batch fits one pwritev()");

struct block {
	struct writer_file *file;
	uint64_t offset, length;
	const uint8_t *bytes;
	size_t space; /* of the ring that it gives back */
	bool is_hole; /* no bytes: zeros */
};

struct barrier {
	struct barrier *next;
	uint64_t after; /* blocks that were put before it */
	void (*work)(void *);
	void (*done)(void *);
	void *context;
};

struct barriers {
	struct barrier *first, **last;
};

/* A thread for work that takes long, one after another. */
struct lane {
	struct writer *writer;
	pthread_t thread;
	bool is_started;
	pthread_cond_t has_work;
	struct barriers working;
};

/* Blocks number `taken` to `put` - 1 wait, in blocks[number % limit]. Their bytes lie in a ring, in order; a block
 * never goes around its end. */
struct writer {
	pthread_mutex_t mutex;
	pthread_cond_t has_blocks;
	pthread_t thread;
	int event;
	bool is_stopping, is_done; /* no more comes; the first thread has ended */
	bool was_full;             /* writer_put() found no room */
	uint8_t *ring;
	size_t memory, used, head;
	struct block *blocks;
	uint64_t limit, put, taken;
	size_t busy;               /* of the waiting blocks: those that the thread works on */
	uint64_t last_barrier;     /* `after` of the last one */
	struct barriers waiting, finished;
	struct lane lanes[WRITER_LANES];
};

/* ---- barriers -------------------------------------------------------------------------------- */

static void barriers_init(struct barriers *barriers)
{
	barriers->first = NULL;
	barriers->last = &barriers->first;
}

static void barriers_push(struct barriers *barriers, struct barrier *barrier)
{
	barrier->next = NULL;
	*barriers->last = barrier;
	barriers->last = &barrier->next;
}

static struct barrier *barriers_pop(struct barriers *barriers)
{
	struct barrier *barrier = barriers->first;

	if (!barrier)
		return NULL;
	barriers->first = barrier->next;
	if (!barriers->first)
		barriers->last = &barriers->first;
	return barrier;
}

static void signal_event(const struct writer *writer)
{
	const uint64_t one = 1;

	// It fails only where the counter is about to overflow: readable all the same.
	(void)!write(writer->event, &one, sizeof(one));
}

static void *lane_run(void *argument)
{
	struct lane *lane = argument;
	struct writer *writer = lane->writer;

	pthread_mutex_lock(&writer->mutex);
	for (;;) {
		struct barrier *barrier = barriers_pop(&lane->working);

		if (!barrier && writer->is_done)
			break;
		if (!barrier) {
			pthread_cond_wait(&lane->has_work, &writer->mutex);
			continue;
		}
		pthread_mutex_unlock(&writer->mutex);
		if (barrier->work)
			barrier->work(barrier->context);
		pthread_mutex_lock(&writer->mutex);
		barriers_push(&writer->finished, barrier);
		signal_event(writer);
	}
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

/* The mutex is held. */
static void lane_push(struct lane *lane, struct barrier *barrier)
{
	barriers_push(&lane->working, barrier);
	pthread_cond_signal(&lane->has_work);
}

void writer_work(struct writer *writer, enum writer_lane lane, void (*work)(void *), void (*done)(void *),
		 void *context)
{
	struct barrier *barrier = mem_zero(sizeof(*barrier));

	*barrier = (struct barrier){.work = work, .done = done, .context = context};
	pthread_mutex_lock(&writer->mutex);
	lane_push(&writer->lanes[lane], barrier);
	pthread_mutex_unlock(&writer->mutex);
}

void writer_barrier(struct writer *writer, void (*work)(void *), void (*done)(void *), void *context)
{
	struct barrier *barrier = mem_zero(sizeof(*barrier));

	*barrier = (struct barrier){.work = work, .done = done, .context = context};
	pthread_mutex_lock(&writer->mutex);
	barrier->after = writer->last_barrier = writer->put;
	barriers_push(&writer->waiting, barrier);
	pthread_cond_signal(&writer->has_blocks);
	pthread_mutex_unlock(&writer->mutex);
}

int writer_event(const struct writer *writer)
{
	return writer->event;
}

void writer_poll(struct writer *writer)
{
	uint64_t count;
	struct barrier *barrier;

	(void)!read(writer->event, &count, sizeof(count));
	for (;;) {
		pthread_mutex_lock(&writer->mutex);
		barrier = barriers_pop(&writer->finished);
		pthread_mutex_unlock(&writer->mutex);
		if (!barrier)
			return;
		if (barrier->done)
			barrier->done(barrier->context);
		free(barrier);
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

/* A place in the bytes of several blocks. */
struct cursor {
	const struct block *block;
	size_t at;
};

static bool is_zero(const uint8_t *bytes, size_t length)
{
	return !bytes[0] && !memcmp(bytes, bytes + 1, length - 1);
}

/* Steps over `length` bytes; true if all are zero. */
static bool skip_zeros(struct cursor *cursor, size_t length)
{
	bool are_zero = true;

	while (length) {
		size_t left = (size_t)cursor->block->length - cursor->at, step = left < length ? left : length;

		are_zero = are_zero && is_zero(cursor->block->bytes + cursor->at, step);
		cursor->at += step;
		length -= step;
		if (cursor->at == cursor->block->length) {
			cursor->block++;
			cursor->at = 0;
		}
	}
	return are_zero;
}

/* Takes off what a short write has written. */
static void iovec_advance(struct iovec **vector, int *count, size_t length)
{
	while (*count && length >= (*vector)->iov_len) {
		length -= (*vector)->iov_len;
		(*vector)++;
		(*count)--;
	}
	if (length) {
		(*vector)->iov_base = (uint8_t *)(*vector)->iov_base + length;
		(*vector)->iov_len -= length;
	}
}

/* Writes `length` bytes from the cursor on; returns an errno, or 0. */
static int write_data(const struct writer_file *file, struct cursor cursor, uint64_t offset, size_t length)
{
	struct iovec vectors[BATCH], *vector = vectors;
	int count = 0;

	for (size_t left = length; left; count++) {
		size_t rest = (size_t)cursor.block->length - cursor.at, step = rest < left ? rest : left;

		vectors[count] = (struct iovec){(void *)(uintptr_t)(cursor.block->bytes + cursor.at), step};
		left -= step;
		cursor.block++;
		cursor.at = 0;
	}
	while (count) {
		ssize_t written = pwritev(file->fd, vector, count, (off_t)offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written ? errno : EIO;
		offset += (uint64_t)written;
		iovec_advance(&vector, &count, (size_t)written);
	}
	return 0;
}

/* Makes a hole of [offset, offset + length); returns an errno, or 0. */
static int punch(const struct writer_file *file, uint64_t offset, uint64_t length)
{
	// Nothing was ever written behind the end: that is a hole already, and the owner sets the file's size.
	if (offset >= file->end)
		return 0;
	if (!fallocate(file->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length))
		return 0;
	return errno;
}

/* Leaves [offset, offset + length) without data: `zeros` are what would be written. */
static int write_hole(const struct writer_file *file, struct cursor zeros, uint64_t offset, size_t length)
{
	int error = punch(file, offset, length);

	return error == EOPNOTSUPP ? write_data(file, zeros, offset, length) : error;
}

/* A range of zeros that nobody has in memory. */
static int write_zeros(struct writer_file *file, uint64_t offset, uint64_t length)
{
	static const uint8_t zeros[HOLE];
	uint64_t end = offset + length;
	int error = file->keep_zeros ? EOPNOTSUPP : punch(file, offset, length);

	// Behind the old end there is a hole in any case.
	while (error == EOPNOTSUPP && offset < end && (file->keep_zeros || offset < file->end)) {
		uint64_t step = end - offset < sizeof(zeros) ? end - offset : sizeof(zeros);
		struct block block = {.bytes = zeros, .length = step};
		int failed = write_data(file, (struct cursor){&block, 0}, offset, (size_t)step);

		if (failed)
			return failed;
		offset += step;
	}
	file->end = end > file->end ? end : file->end;
	return error == EOPNOTSUPP ? 0 : error;
}

/* Length of the first piece of [offset, end) that is of one kind: zeros, in whole blocks of HOLE bytes, or data. */
static size_t piece_length(struct cursor cursor, uint64_t offset, uint64_t end, bool *ret_is_hole)
{
	uint64_t at = offset;

	*ret_is_hole = false;
	while (at < end) {
		uint64_t next = (at / HOLE + 1) * HOLE;
		size_t step = (size_t)((next < end ? next : end) - at);
		bool is_whole = step == HOLE;
		bool is_hole = skip_zeros(&cursor, step) && is_whole;

		if (at == offset)
			*ret_is_hole = is_hole;
		else if (is_hole != *ret_is_hole)
			break;
		at += step;
	}
	return (size_t)(at - offset);
}

/* `blocks` are of one file, one behind the other, `length` bytes in all. */
static int write_run(struct writer_file *file, const struct block *blocks, uint64_t length)
{
	struct cursor cursor = {blocks, 0};
	uint64_t offset = blocks->offset, end = offset + length;

	while (offset < end) {
		bool is_hole = false;
		size_t piece = file->keep_zeros ? (size_t)length : piece_length(cursor, offset, end, &is_hole);
		int error = is_hole ? write_hole(file, cursor, offset, piece) : write_data(file, cursor, offset, piece);

		if (error)
			return error;
		skip_zeros(&cursor, piece);
		offset += piece;
		file->end = offset > file->end ? offset : file->end;
	}
	return 0;
}

static int take_run(struct writer_file *file, const struct block *blocks, size_t count)
{
	int error = 0;

	for (size_t i = 0; i < count && !error; i++)
		error = file->take(file, blocks[i].offset, blocks[i].bytes, blocks[i].length);
	return error;
}

/* Blocks that are one behind the other: that which failed may be there in part, none that follows is. */
static void set_lost(struct writer_file *file, uint64_t offset, uint64_t length)
{
	if (!file->lost || extents_add(file->lost, offset, offset + length))
		return;
	extents_deinit(file->lost);
	(void)extents_add(file->lost, 0, UINT64_MAX);
}

/* Writes the first blocks that are one behind the other in one file; returns how many those were. */
static size_t write_first(const struct block *blocks, size_t count)
{
	struct writer_file *file = blocks->file;
	uint64_t length = blocks->length;
	size_t next = 1;

	for (; next < count && !blocks->is_hole && !blocks[next].is_hole && blocks[next].file == file &&
	       blocks[next].offset == blocks->offset + length;
	     next++)
		length += blocks[next].length;
	int error = file->error	      ? file->error // this thread alone writes it
		    : file->take      ? take_run(file, blocks, next)
		    : blocks->is_hole ? write_zeros(file, blocks->offset, length)
				      : write_run(file, blocks, length);
	if (error) {
		__atomic_store_n(&file->error, error, __ATOMIC_RELEASE);
		set_lost(file, blocks->offset, length);
	}
	return next;
}

/* ---- the thread ------------------------------------------------------------------------------ */

static int compare_blocks(const void *left, const void *right)
{
	const struct block *one = left, *two = right;

	if (one->file != two->file)
		return (uintptr_t)one->file < (uintptr_t)two->file ? -1 : 1;
	return one->offset < two->offset ? -1 : one->offset > two->offset;
}

/* Whether blocks, sorted, overlap: the order in which they came then counts. */
static bool have_overlap(const struct block *blocks, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (blocks[i].file == blocks[i - 1].file &&
		    blocks[i].offset < blocks[i - 1].offset + blocks[i - 1].length)
			return true;
	return false;
}

static void write_batch(const struct block *batch, size_t count)
{
	struct block sorted[BATCH];

	// Packets of many clients, or out of order, still make long writes.
	memcpy(sorted, batch, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_blocks);
	const struct block *blocks = have_overlap(sorted, count) ? batch : sorted;
	for (size_t i = 0; i < count;)
		i += write_first(blocks + i, count - i);
	// Only now: what is counted came before all that is not.
	for (size_t i = 0; i < count; i++)
		if (!batch[i].file->error && !batch[i].is_hole)
			__atomic_fetch_add(&batch[i].file->written, batch[i].length, __ATOMIC_RELEASE);
}

/* Copies the blocks to do next, up to the first barrier; the mutex is held. */
static size_t take_batch(struct writer *writer, struct block *ret)
{
	uint64_t end = writer->waiting.first ? writer->waiting.first->after : writer->put;
	size_t count = (size_t)(end - writer->taken);

	count = count < BATCH ? count : BATCH;
	for (size_t i = 0; i < count; i++)
		ret[i] = writer->blocks[(writer->taken + i) % writer->limit];
	return count;
}

static void give_back(struct writer *writer, const struct block *batch, size_t count)
{
	for (size_t i = 0; i < count; i++)
		writer->used -= batch[i].space;
	writer->taken += count;
	if (writer->was_full) {
		writer->was_full = false;
		signal_event(writer);
	}
}

static void *thread_run(void *argument)
{
	struct writer *writer = argument;
	struct block batch[BATCH];

	pthread_mutex_lock(&writer->mutex);
	for (;;) {
		while (writer->waiting.first && writer->waiting.first->after == writer->taken)
			lane_push(&writer->lanes[WRITER_SETTLE], barriers_pop(&writer->waiting));
		size_t count = take_batch(writer, batch);
		if (!count && writer->is_stopping)
			break;
		if (!count) {
			pthread_cond_wait(&writer->has_blocks, &writer->mutex);
			continue;
		}
		writer->busy = count;
		pthread_mutex_unlock(&writer->mutex);
		write_batch(batch, count);
		pthread_mutex_lock(&writer->mutex);
		writer->busy = 0;
		give_back(writer, batch, count);
	}
	writer->is_done = true;
	for (size_t i = 0; i < WRITER_LANES; i++)
		pthread_cond_signal(&writer->lanes[i].has_work);
	pthread_mutex_unlock(&writer->mutex);
	return NULL;
}

/* ---- putting --------------------------------------------------------------------------------- */

/* Bytes of the ring that a block of `length` takes, with what it leaves unused at the ring's end; SIZE_MAX if it
 * does not fit. */
static size_t space_for(struct writer *writer, size_t length, size_t *ret_at)
{
	if (!writer->used)
		writer->head = 0;
	size_t tail = writer->memory - writer->head;
	*ret_at = length <= tail ? writer->head : 0;
	size_t space = length <= tail ? length : length + tail;
	return space <= writer->memory - writer->used ? space : SIZE_MAX;
}

static void copy_in(struct writer *writer, size_t at, const void *bytes, size_t length, size_t space)
{
	memcpy(writer->ring + at, bytes, length);
	writer->used += space;
	writer->head = at + length;
}

/* Makes the last block longer where the new bytes go on in the file and in the ring. */
static bool merge(struct writer *writer, struct writer_file *file, uint64_t offset, const void *bytes, size_t length)
{
	// Not where the thread has the block already, nor where a barrier waits for it but not for what comes now.
	if (writer->put - writer->taken == writer->busy || writer->last_barrier == writer->put)
		return false;
	struct block *last = &writer->blocks[(writer->put - 1) % writer->limit];
	size_t at, space = space_for(writer, length, &at);
	if (last->file != file || last->is_hole || last->offset + last->length != offset ||
	    last->length + length > MERGE_MAX ||
	    space == SIZE_MAX || writer->ring + at != last->bytes + last->length)
		return false;
	copy_in(writer, at, bytes, length, space);
	last->length += length;
	last->space += space;
	return true;
}

static bool put_locked(struct writer *writer, struct writer_file *file, uint64_t offset, const void *bytes,
		       size_t length)
{
	if (merge(writer, file, offset, bytes, length))
		return true;
	size_t at, space = space_for(writer, length, &at);
	if (space == SIZE_MAX || writer->put - writer->taken == writer->limit) {
		writer->was_full = true;
		return false;
	}
	copy_in(writer, at, bytes, length, space);
	writer->blocks[writer->put++ % writer->limit] = (struct block){
		.file = file, .offset = offset, .bytes = writer->ring + at, .length = length, .space = space};
	pthread_cond_signal(&writer->has_blocks);
	return true;
}

bool writer_put(struct writer *writer, struct writer_file *file, uint64_t offset, const void *bytes, size_t length)
{
	if (__atomic_load_n(&file->error, __ATOMIC_ACQUIRE))
		return false;
	if (!length)
		return true;
	pthread_mutex_lock(&writer->mutex);
	bool is_put = put_locked(writer, file, offset, bytes, length);
	pthread_mutex_unlock(&writer->mutex);
	return is_put;
}

bool writer_zero(struct writer *writer, struct writer_file *file, uint64_t offset, uint64_t length)
{
	if (__atomic_load_n(&file->error, __ATOMIC_ACQUIRE))
		return false;
	if (!length)
		return true;
	pthread_mutex_lock(&writer->mutex);
	bool is_put = writer->put - writer->taken < writer->limit;
	writer->was_full |= !is_put;
	if (is_put)
		writer->blocks[writer->put++ % writer->limit] =
			(struct block){.file = file, .offset = offset, .length = length, .is_hole = true};
	pthread_cond_signal(&writer->has_blocks);
	pthread_mutex_unlock(&writer->mutex);
	return is_put;
}

size_t writer_waiting(struct writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	size_t waiting = writer->used;
	pthread_mutex_unlock(&writer->mutex);
	return waiting;
}

size_t writer_room(struct writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	size_t room = writer->put - writer->taken < writer->limit ? writer->memory - writer->used : 0;
	pthread_mutex_unlock(&writer->mutex);
	return room;
}

/* ---- beginning and end ----------------------------------------------------------------------- */

static void stop_threads(struct writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	writer->is_stopping = true;
	pthread_cond_signal(&writer->has_blocks);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	for (size_t i = 0; i < WRITER_LANES; i++)
		if (writer->lanes[i].is_started)
			pthread_join(writer->lanes[i].thread, NULL);
}

static struct error *start_threads(struct writer *writer)
{
	sigset_t all, before;

	// Signals are for the thread that receives.
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&writer->thread, NULL, thread_run, writer);
	bool is_started = !failed;
	for (size_t i = 0; i < WRITER_LANES && !failed; i++) {
		failed = pthread_create(&writer->lanes[i].thread, NULL, lane_run, &writer->lanes[i]);
		writer->lanes[i].is_started = !failed;
	}
	if (failed && is_started)
		stop_threads(writer);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = failed;
	return failed ? error_errno("cannot start a thread") : NULL;
}

static void writer_release(struct writer *writer)
{
	pthread_cond_destroy(&writer->has_blocks);
	for (size_t i = 0; i < WRITER_LANES; i++)
		pthread_cond_destroy(&writer->lanes[i].has_work);
	pthread_mutex_destroy(&writer->mutex);
	if (writer->event >= 0)
		close(writer->event);
	free(writer->ring);
	free(writer->blocks);
	free(writer);
}

struct error *writer_new(size_t memory, struct writer **ret)
{
	struct writer *writer = mem_zero(sizeof(*writer));

	pthread_mutex_init(&writer->mutex, NULL);
	pthread_cond_init(&writer->has_blocks, NULL);
	for (size_t i = 0; i < WRITER_LANES; i++) {
		pthread_cond_init(&writer->lanes[i].has_work, NULL);
		barriers_init(&writer->lanes[i].working);
		writer->lanes[i].writer = writer;
	}
	barriers_init(&writer->waiting);
	barriers_init(&writer->finished);
	writer->last_barrier = UINT64_MAX;
	writer->memory = memory;
	writer->limit = memory / BLOCK_LEAST + 1;
	writer->ring = mem_resize(NULL, memory, 1);
	writer->blocks = mem_resize(NULL, writer->limit, sizeof(*writer->blocks));
	writer->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct error *error = writer->event < 0 ? error_errno("eventfd") : start_threads(writer);
	if (error) {
		writer_release(writer);
		return error;
	}
	*ret = writer;
	return NULL;
}

void writer_free(struct writer *writer)
{
	if (!writer)
		return;
	stop_threads(writer);
	writer_poll(writer);
	writer_release(writer);
}
