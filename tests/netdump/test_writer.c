// SPDX-License-Identifier: GPL-2.0-or-later
// The thread that writes behind: what lies in the file is what was put, whatever the order, and a disk that stands still or
// is full stops nobody.
#include <errno.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

/* Writes some of it, or nothing for a signal, as the system may. */
static ssize_t moody_pwritev(int fd, const struct iovec *vectors, int count, off_t offset)
{
	static unsigned mood;

	switch (mood++ % 4) {
	case 0:
		errno = EINTR;
		return -1;
	case 1:
		return pwrite(fd, vectors[0].iov_base, (vectors[0].iov_len + 1) / 2, offset);
	default:
		return pwritev(fd, vectors, count, offset);
	}
}
#define pwritev moody_pwritev
#include "store/writer.c"
#undef pwritev

#include <poll.h>
#include <semaphore.h>
#include <sys/stat.h>

#include "test.h"

enum { SIZE = 4 << 20 };

static struct writer *writer_of(size_t memory)
{
	struct writer *writer;

	if (writer_new(memory, &writer))
		abort();
	return writer;
}

static struct writer_file file_new(void)
{
	return (struct writer_file){.fd = open("/tmp", O_TMPFILE | O_RDWR, 0600)};
}

static void mark(void *context)
{
	*(bool *)context = true;
}

/* Waits until everything put so far was written. */
static void drain(struct writer *writer)
{
	bool is_done = false;
	struct pollfd poll_event = {.fd = writer_event(writer), .events = POLLIN};

	writer_barrier(writer, NULL, mark, &is_done);
	while (!is_done) {
		poll(&poll_event, 1, -1);
		writer_poll(writer);
	}
}

static void put(struct writer *writer, struct writer_file *file, uint64_t offset, const void *bytes, size_t length)
{
	struct pollfd poll_event = {.fd = writer_event(writer), .events = POLLIN};

	while (!writer_put(writer, file, offset, bytes, length)) {
		if (file->error)
			return;
		poll(&poll_event, 1, -1);
		writer_poll(writer);
	}
}

static bool file_has(const struct writer_file *file, const uint8_t *bytes, size_t length)
{
	uint8_t *got = calloc(1, length);
	bool is_same = pread(file->fd, got, length, 0) >= 0 && !memcmp(got, bytes, length);

	free(got);
	return is_same;
}

/* Some pages of zeros among others. */
static uint8_t *content(void)
{
	uint8_t *bytes = calloc(1, SIZE);

	srandom(1);
	for (size_t page = 0; page < SIZE / 4096; page++)
		if (random() % 3)
			for (size_t i = 0; i < 4096; i++)
				bytes[page * 4096 + i] = (uint8_t)random();
	return bytes;
}

/* In pieces of `length` bytes, in order or shuffled, twice each if `twice`. */
static void check_pieces(size_t length, bool is_shuffled, bool is_twice)
{
	struct writer *writer = writer_of(1 << 20);
	struct writer_file file = file_new();
	uint8_t *bytes = content();
	size_t count = (SIZE + length - 1) / length, *order = calloc(count, sizeof(*order));

	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count - 1; is_shuffled && i > 0; i--) {
		size_t other = (size_t)random() % (i + 1), kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
	for (size_t i = 0; i < count * (is_twice ? 2 : 1); i++) {
		size_t at = order[i % count] * length;
		put(writer, &file, at, bytes + at, at + length < SIZE ? length : SIZE - at);
	}
	drain(writer);
	CHECK(file.error == 0 && file.written == (is_twice ? 2 : 1) * (uint64_t)SIZE && file.end == SIZE);
	CHECK(file_has(&file, bytes, SIZE));
	writer_free(writer);
	close(file.fd);
	free(order);
	free(bytes);
}

TEST(pieces_of_any_length_and_order)
{
	static const size_t lengths[] = {1000, 1024, 1448, 4096, 8972, 65507, 300000};

	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
		for (unsigned how = 0; how < 4; how++)
			check_pieces(lengths[i], how & 1, how & 2);
}

static uint64_t blocks_of(const struct writer_file *file)
{
	struct stat status;

	return fstat(file->fd, &status) ? 0 : (uint64_t)status.st_blocks * 512;
}

TEST(zeros_become_holes)
{
	struct writer *writer = writer_of(1 << 20);
	struct writer_file sparse = file_new(), full = file_new();
	uint8_t *zeros = calloc(1, 65536);

	full.keep_zeros = true;
	for (uint64_t at = 0; at < SIZE; at += 65536) {
		put(writer, &sparse, at, zeros, 65536);
		put(writer, &full, at, zeros, 65536);
	}
	put(writer, &sparse, SIZE, "end", 3);
	drain(writer);
	CHECK(blocks_of(&sparse) <= 4096 && sparse.written == SIZE + 3 && lseek(sparse.fd, 0, SEEK_END) == SIZE + 3);
	CHECK(blocks_of(&full) >= SIZE);
	CHECK(file_has(&sparse, zeros, 65536));
	writer_free(writer);
	close(sparse.fd);
	close(full.fd);
	free(zeros);
}

TEST(zeros_over_data_are_zeros)
{
	struct writer *writer = writer_of(1 << 20);
	struct writer_file file = file_new();
	uint8_t *bytes = malloc(SIZE / 4), *zeros = calloc(1, SIZE / 4);

	memset(bytes, 'x', SIZE / 4);
	put(writer, &file, 0, bytes, SIZE / 4);
	drain(writer);
	put(writer, &file, 4096, zeros, 20000);
	drain(writer);
	memset(bytes + 4096, 0, 20000);
	CHECK(file_has(&file, bytes, SIZE / 4));
	CHECK(blocks_of(&file) < SIZE / 4);
	// A file that was there before: its size is told.
	struct writer_file again = {.fd = file.fd, .end = SIZE / 4};
	put(writer, &again, 0, zeros, 4096);
	drain(writer);
	memset(bytes, 0, 4096);
	CHECK(file_has(&file, bytes, SIZE / 4));
	writer_free(writer);
	close(file.fd);
	free(bytes);
	free(zeros);
}

TEST(ranges_of_zeros_need_no_memory)
{
	struct writer *writer = writer_of(4096);
	struct writer_file sparse = file_new(), full = file_new();
	uint8_t *want = calloc(1, 100000);

	full.keep_zeros = true;
	for (struct writer_file *file = &sparse; file; file = file == &sparse ? &full : NULL) {
		memset(want, 'x', 4000);
		put(writer, file, 0, want, 4000);
		CHECK(writer_zero(writer, file, 100, 90000));
		put(writer, file, 200, "abc", 3);
		drain(writer);
		memset(want + 100, 0, 3900);
		memcpy(want + 200, "abc", 3);
		CHECK(file_has(file, want, 100000));
		CHECK(file->end == 90100 && file->written == 4003 && !file->error);
	}
	CHECK(lseek(full.fd, 0, SEEK_END) == 90100);
	CHECK(writer_zero(writer, &sparse, 0, UINT64_C(1) << 40));
	drain(writer);
	CHECK(sparse.end == UINT64_C(1) << 40 && blocks_of(&sparse) <= 4096);
	writer_free(writer);
	close(sparse.fd);
	close(full.fd);
	free(want);
}

TEST(overlapping_blocks_stay_in_order)
{
	struct writer *writer = writer_of(1 << 20);
	struct writer_file files[3] = {file_new(), file_new(), file_new()};
	uint8_t *want[3], piece[9000];

	for (unsigned i = 0; i < 3; i++)
		want[i] = calloc(1, 100000);
	srandom(2);
	for (unsigned i = 0; i < 3000; i++) {
		size_t offset = (size_t)random() % 90000, length = (size_t)random() % sizeof(piece) + 1;
		unsigned which = (unsigned)random() % 3;

		memset(piece, random() % 4 ? (int)(i % 255) + 1 : 0, length);
		memcpy(want[which] + offset, piece, length);
		put(writer, &files[which], offset, piece, length);
	}
	drain(writer);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(file_has(&files[i], want[i], 100000));
		close(files[i].fd);
		free(want[i]);
	}
	writer_free(writer);
}

/* A disk that stands still until it is let go. */
struct stalled {
	sem_t is_reached, may_go;
	unsigned calls;
};

static int stalled_take(struct writer_file *file, uint64_t offset, const void *bytes, uint64_t length)
{
	struct stalled *stalled = file->context;

	(void)offset;
	(void)bytes;
	(void)length;
	if (!stalled->calls++) {
		sem_post(&stalled->is_reached);
		sem_wait(&stalled->may_go);
	}
	return 0;
}

TEST(stalled_disk_blocks_nobody)
{
	struct stalled stalled = {0};
	struct writer_file file = {.fd = -1, .take = stalled_take, .context = &stalled};
	struct writer *writer = writer_of(1 << 20);
	struct pollfd poll_event = {.fd = writer_event(writer), .events = POLLIN};
	static uint8_t bytes[1000];
	unsigned taken = 0;

	sem_init(&stalled.is_reached, 0, 0);
	sem_init(&stalled.may_go, 0, 0);
	CHECK(writer_room(writer) == 1 << 20);
	CHECK(writer_put(writer, &file, 0, bytes, sizeof(bytes)));
	sem_wait(&stalled.is_reached);
	// Not one after the other, so that each counts as a block.
	while (writer_put(writer, &file, 10 + 2000 * (uint64_t)taken, bytes, sizeof(bytes)))
		taken++;
	CHECK(taken == (1 << 20) / 1000 - 1);
	CHECK(writer_room(writer) < 1000);
	CHECK(poll(&poll_event, 1, 0) == 0);
	sem_post(&stalled.may_go);
	CHECK(poll(&poll_event, 1, -1) == 1); /* room again */
	drain(writer);
	CHECK(stalled.calls == taken + 1 && file.written == (taken + 1) * 1000u);
	CHECK(writer_room(writer) == 1 << 20);
	writer_free(writer);
}

TEST(queue_is_bounded_in_blocks_too)
{
	struct stalled stalled = {0};
	struct writer_file file = {.fd = -1, .take = stalled_take, .context = &stalled};
	struct writer *writer = writer_of(64 << 10);
	unsigned taken = 0;

	sem_init(&stalled.is_reached, 0, 0);
	sem_init(&stalled.may_go, 0, 0);
	while (writer_put(writer, &file, 2 * (uint64_t)taken, "x", 1))
		taken++;
	CHECK(taken <= (64 << 10) / 512 + 1 && taken >= 128 && !writer_room(writer));
	CHECK(!writer_put(writer, &file, 0, "x", 1));
	sem_post(&stalled.may_go);
	writer_free(writer);
	CHECK(stalled.calls == taken);
}

TEST(full_disk_is_remembered)
{
	struct writer *writer = writer_of(1 << 20);
	struct writer_file full = {.fd = open("/dev/full", O_WRONLY)}, good = file_new();

	CHECK(writer_put(writer, &full, 0, "abc", 3));
	drain(writer);
	CHECK(full.error == ENOSPC && full.written == 0);
	CHECK(!writer_put(writer, &full, 0, "abc", 3));
	CHECK(writer_put(writer, &good, 0, "abc", 3));
	drain(writer);
	CHECK(!good.error && file_has(&good, (const uint8_t *)"abc", 3));
	writer_free(writer);
	close(full.fd);
	close(good.fd);
}

static int refuse_third(struct writer_file *file, uint64_t offset, const void *bytes, uint64_t length)
{
	(void)bytes;
	(void)length;
	return ++*(unsigned *)file->context == 3 && offset ? EIO : 0;
}

/* What comes behind the block that failed is not written, and not believed to be. */
TEST(what_is_not_written_is_known)
{
	struct writer *writer = writer_of(1 << 20);
	unsigned taken = 0;
	struct extents lost = {0};
	struct writer_file file = {.fd = -1, .take = refuse_third, .context = &taken, .lost = &lost};

	for (uint64_t i = 0; i < 4; i++)
		CHECK(writer_put(writer, &file, i * 1000, "0123456789", 10));
	CHECK(writer_zero(writer, &file, 9000, 500));
	drain(writer);
	CHECK(file.error == EIO && taken == 3);
	CHECK(lost.count == 3 && lost.bytes == 520 && extents_have(&lost, 2000, 2010) && extents_have(&lost, 3000, 3010) &&
	      extents_have(&lost, 9000, 9500));
	writer_free(writer);
	extents_deinit(&lost);
}

struct order {
	struct writer_file *file;
	sem_t *may_go;
	unsigned *counter, worked, done;
	uint64_t written;
	pthread_t thread;
};

static void order_work(void *context)
{
	struct order *order = context;

	if (order->may_go)
		sem_wait(order->may_go);
	order->worked = __atomic_add_fetch(order->counter, 1, __ATOMIC_SEQ_CST);
	order->written = __atomic_load_n(&order->file->written, __ATOMIC_ACQUIRE);
	order->thread = pthread_self();
}

static void order_done(void *context)
{
	struct order *order = context;

	order->done = __atomic_add_fetch(order->counter, 1, __ATOMIC_SEQ_CST);
	CHECK(!pthread_equal(order->thread, pthread_self()));
}

TEST(barriers_come_after_what_was_put)
{
	struct writer *writer = writer_of(1 << 20);
	struct writer_file file = file_new();
	struct order orders[3];
	unsigned counter = 0;

	for (unsigned i = 0; i < 3; i++) {
		orders[i] = (struct order){.file = &file, .counter = &counter};
		put(writer, &file, i * 10ull, "0123456789", 10);
		writer_barrier(writer, order_work, order_done, &orders[i]);
	}
	put(writer, &file, 30, "0123456789", 10);
	drain(writer);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(orders[i].written >= (i + 1) * 10u);
		CHECK(orders[i].done && orders[i].worked && orders[i].done > orders[i].worked);
		CHECK(!i || (orders[i].worked > orders[i - 1].worked && orders[i].done > orders[i - 1].done));
	}
	writer_free(writer);
	close(file.fd);
}

/* What a barrier does may last: a digest of all the file. Others are written meanwhile. */
TEST(work_of_a_barrier_holds_up_no_writing)
{
	struct writer *writer = writer_of(1 << 20);
	struct writer_file slow = file_new(), other = file_new();
	unsigned counter = 0;
	sem_t may_go;
	struct order order = {.file = &slow, .counter = &counter, .may_go = &may_go};

	sem_init(&may_go, 0, 0);
	writer_barrier(writer, order_work, order_done, &order);
	put(writer, &other, 0, "abc", 3);
	while (__atomic_load_n(&other.written, __ATOMIC_ACQUIRE) != 3)
		sched_yield();
	sem_post(&may_go);
	writer_free(writer);
	CHECK(order.worked == 1 && order.done == 2);
	close(slow.fd);
	close(other.fd);
}

TEST(what_is_too_long_never_fits)
{
	struct writer *writer = writer_of(4096);
	struct writer_file file = file_new();
	static uint8_t bytes[5000];

	CHECK(!writer_put(writer, &file, 0, bytes, sizeof(bytes)));
	CHECK(writer_put(writer, &file, 0, bytes, 0));
	CHECK(writer_put(writer, &file, 0, bytes, 4096));
	writer_free(writer);
	writer_free(NULL);
	close(file.fd);
}

TEST_MAIN
