// SPDX-License-Identifier: GPL-2.0-or-later
// Sender and receiver of version 6 against each other, on a network that is not there.
#include "send/transfer.c"

#include <sys/stat.h>

#include "network.h"
#include "test.h"

enum { MEGABYTE = 1 << 20, FILE_MAX = 64 * MEGABYTE };

/* What a dump looks like: stretches of noise and of zeros. */
static uint8_t *make_image(uint64_t seed, size_t size)
{
	struct world random = {.random = seed * 77 + 5};
	uint8_t *image = calloc(1, size);

	for (size_t at = 0; at < size;) {
		size_t length = (size_t)(world_random(&random) % 300000) + 1;
		bool is_zero = world_random(&random) % 3 == 0;

		for (; length && at < size; length--, at++)
			image[at] = is_zero ? 0 : (uint8_t)(world_random(&random) >> 32);
	}
	return image;
}

static const struct transfer_options plain_options = {
	.datagram = 1452,
	.memory = 16 * MEGABYTE,
	.patience = 60 * SECOND,
	.text = "host",
};

static void give_input(struct world *world, uint8_t *image, size_t size, bool is_pipe,
		       const struct transfer_options *options)
{
	world->input = image;
	world->input_size = size;
	CHECK(client_open(world, is_pipe));
	world->transfer = transfer_new(world->source, options, world->now);
}

/* The server has the file, byte for byte, and both sides say so. */
static void check_same(struct world *world, const uint8_t *image, size_t size)
{
	if (transfer_state(world->transfer) != TRANSFER_DONE)
		printf("state %d: %s; %s\n", transfer_state(world->transfer), transfer_error(world->transfer),
		       world->meta.reason);
	CHECK(transfer_state(world->transfer) == TRANSFER_DONE);
	CHECK(world->is_renamed);
	CHECK(world->file_end == size);
	CHECK(!memcmp(world->file, image, size));
}

static double megabytes_per_second(const struct world *world, uint64_t began, size_t bytes)
{
	return (double)bytes / 1e6 / ((double)(world->now - began) / 1e9);
}

TEST(transfer_brings_every_byte_at_any_loss)
{
	for (unsigned loss = 0; loss <= 200000; loss += 20000) {
		uint8_t *image = make_image(loss + 1, 5 * MEGABYTE + 123);
		struct world world;

		world_init(&world, loss + 1, FILE_MAX);
		world.up.loss = world.down.loss = loss;
		world.up.jitter = MILLISECOND;
		world.up.duplicated = world.down.duplicated = 20000;
		world.up.corrupted = world.down.corrupted = 10000;
		give_input(&world, image, 5 * MEGABYTE + 123, false, &plain_options);
		world_run(&world, 0);
		check_same(&world, image, 5 * MEGABYTE + 123);
		world_deinit(&world);
		free(image);
	}
}

/* Begins a transfer of a file over Ethernet: `delay` one way, a queue of `queue` bytes where the rate ends. */
static void give_path(struct world *world, uint64_t rate, uint64_t queue, uint64_t delay, unsigned loss)
{
	world->up.rate = rate;
	world->up.queue = queue;
	world->up.delay = world->down.delay = delay;
	world->up.loss = loss;
	world->up.mtu = 1472;
}

struct speed {
	uint64_t rate, queue, delay;
	unsigned loss;
	double least;     /* megabytes per second */
	double sent_most; /* bytes sent for each that arrived */
};

TEST(transfer_takes_what_the_path_gives_and_no_more)
{
	static const struct speed speeds[] = {
		{125000000, 256 << 10, 10 * MILLISECOND, 10000, 30, 1.15},
		{125000000, 1 << 20, 10 * MILLISECOND, 10000, 60, 1.15},
		{125000000, 256 << 10, 200000, 0, 90, 1.05},
		{12500000, 64 << 10, 10 * MILLISECOND, 0, 9, 1.1},
		{12500000, 64 << 10, MILLISECOND, 0, 10, 1.1},
		{1250000, 32 << 10, 20 * MILLISECOND, 0, 0.8, 1.15},
		{12500000, 4 << 20, 5 * MILLISECOND, 0, 10, 1.05},
		{12500000, 64 << 10, 10 * MILLISECOND, 200000, 5, 1.4},
	};

	for (size_t i = 0; i < sizeof(speeds) / sizeof(*speeds); i++) {
		const struct speed *speed = &speeds[i];
		size_t size = speed->rate > 2000000 ? 48 * MEGABYTE : 8 * MEGABYTE;
		uint8_t *image = malloc(size);
		struct world world;

		world_init(&world, i + 1, FILE_MAX);
		for (size_t k = 0; k < size; k += 8)
			wire_put_u64(image + k, world_random(&world));
		give_path(&world, speed->rate, speed->queue, speed->delay, speed->loss);
		give_input(&world, image, size, false, &plain_options);
		uint64_t began = world.now;

		world_run(&world, 0);
		check_same(&world, image, size);
		double ratio = (double)world.up.sent / (double)world.up.delivered;

		CHECK(megabytes_per_second(&world, began, size) >= speed->least);
		CHECK(ratio <= speed->sent_most);
		world_deinit(&world);
		free(image);
	}
}

/* Who has a processor for a quarter of the time only must not take the path for slow, and then for slower. */
TEST(transfer_makes_up_for_a_late_processor)
{
	size_t size = 32 * MEGABYTE;
	uint8_t *image = malloc(size);
	struct world world;

	world_init(&world, 7, FILE_MAX);
	for (size_t k = 0; k < size; k += 8)
		wire_put_u64(image + k, world_random(&world));
	world.awake = 2 * MILLISECOND;
	world.asleep = 6 * MILLISECOND;
	give_path(&world, 125000000, 1 << 20, 10 * MILLISECOND, 10000);
	give_input(&world, image, size, false, &plain_options);
	uint64_t began = world.now;

	world_run(&world, 0);
	check_same(&world, image, size);
	CHECK(megabytes_per_second(&world, began, size) >= 30);
	CHECK((double)world.up.sent / (double)world.up.delivered <= 1.2);
	world_deinit(&world);
	free(image);
}

/* ---- sizes of datagrams ---------------------------------------------------------------------- */

TEST(transfer_finds_the_size_that_the_path_takes)
{
	static const struct {
		size_t mtu, refused, begin, least;
	} paths[] = {
		{1472, 0, 1452, 1452},  {1200, 0, 1200, 1200}, {8972, 0, 1200, 8952}, {0, 65507, 1200, 65507},
		{0, 8972, 65507, 8972}, {1472, 0, 8952, 1452}, {1300, 0, 65507, 1200}, {0, 65487, 1452, 65487},
		{8972, 0, 65507, 8952},
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		uint8_t *image = make_image(i + 100, 12 * MEGABYTE);
		struct transfer_options options = plain_options;
		struct world world;

		world_init(&world, i + 1, FILE_MAX);
		world.up.mtu = paths[i].mtu;
		world.up.refused = paths[i].refused;
		world.up.loss = 20000;
		options.datagram = (uint32_t)paths[i].begin;
		give_input(&world, image, 12 * MEGABYTE, false, &options);
		world_run(&world, 0);
		check_same(&world, image, 12 * MEGABYTE);
		if (world.transfer->datagram.size < paths[i].least)
			printf("path %zu: %u\n", i, world.transfer->datagram.size);
		CHECK(world.transfer->datagram.size >= paths[i].least);
		CHECK(!paths[i].mtu || world.transfer->datagram.size <= paths[i].mtu);
		world_deinit(&world);
		free(image);
	}
}

/* Every loss that is told is one of the path. */
TEST(transfer_loses_nothing_by_looking_for_the_size)
{
	uint8_t *image = make_image(3, MEGABYTE);
	struct world world;

	world_init(&world, 3, FILE_MAX);
	world.up.mtu = 1472;
	give_input(&world, image, MEGABYTE, false, &plain_options);
	world_run(&world, 0);
	check_same(&world, image, MEGABYTE);
	CHECK(transfer_counts(world.transfer)->packets_lost == 0);
	world_deinit(&world);
	free(image);
}

TEST(transfer_survives_a_path_that_becomes_narrower)
{
	for (unsigned kept = 0; kept < 2; kept++) {
		uint8_t *image = make_image(7, 20 * MEGABYTE);
		struct transfer_options options = plain_options;
		struct world world;

		world_init(&world, 5 + kept, FILE_MAX);
		world.up.mtu = 8972;
		options.datagram = 8952;
		give_input(&world, image, 20 * MEGABYTE, kept, &options);
		world_run(&world, 4 * MEGABYTE);
		CHECK(world.transfer->datagram.size == 8952);
		world.up.mtu = 1472;
		world_run(&world, 0);
		check_same(&world, image, 20 * MEGABYTE);
		CHECK(world.transfer->datagram.size <= 1472);
		world_deinit(&world);
		free(image);
	}
}

/* ---- restarts -------------------------------------------------------------------------------- */

enum { PARTS = 8, IMAGE = 4 * MEGABYTE + 77 };

static void make_path(struct world *world, unsigned seed)
{
	world_init(world, seed, FILE_MAX);
	world->up.loss = world->down.loss = 30000;
	world->up.jitter = world->down.jitter = MILLISECOND / 2;
	world->up.rate = 20000000;
	world->up.queue = 200000;
	world->disk_rate = 15000000;
	world->room = MEGABYTE;
}

/* A transfer over that path, of an image that the caller frees. */
static uint8_t *begin_dump(struct world *world, unsigned seed, bool is_pipe)
{
	uint8_t *image = make_image(seed, IMAGE);

	make_path(world, seed);
	give_input(world, image, IMAGE, is_pipe, &plain_options);
	return image;
}

static void wait_for(struct world *world, uint64_t duration)
{
	uint64_t end = world->now + duration;

	while (!client_is_over(world) && world->now < end)
		world_step(world);
}

TEST(transfer_goes_on_after_the_server_was_killed)
{
	for (unsigned part = 0; part <= PARTS; part++) {
		for (unsigned is_pipe = 0; is_pipe < 2; is_pipe++) {
			struct world world;
			uint8_t *image = begin_dump(&world, part + 1, is_pipe);

			world_run(&world, 1 + (uint64_t)part * (IMAGE - 2) / PARTS);
			uint64_t had = world.durable.bytes, sent = world.up.sent;

			server_kill(&world);
			wait_for(&world, (part % 3) * 6 * SECOND);
			world.is_down = false;
			world_run(&world, 0);
			check_same(&world, image, IMAGE);
			/* What was on the disk does not come again, but for what was in flight then. */
			CHECK(is_pipe || world.up.sent - sent < (IMAGE - had) * 2 + MEGABYTE);
			world_deinit(&world);
			free(image);
		}
	}
}

TEST(transfer_goes_on_after_the_server_was_stopped)
{
	for (unsigned part = 0; part <= PARTS; part++) {
		struct world world;
		uint8_t *image = begin_dump(&world, part + 1, part % 2);

		world_run(&world, 1 + (uint64_t)part * (IMAGE - 2) / PARTS);
		if (world.session && !world.is_finishing) {
			world.session->ops->stop(world.session, world.now);
			CHECK(world.end == SESSION_INCOMPLETE);
			world_run(&world, 0);
		}
		world_run(&world, 0);
		check_same(&world, image, IMAGE);
		world_deinit(&world);
		free(image);
	}
}

TEST(transfer_goes_on_after_the_client_was_started_again)
{
	for (unsigned part = 0; part <= PARTS; part++) {
		struct world world;
		uint8_t *image = begin_dump(&world, part + 1, false);

		world_run(&world, 1 + (uint64_t)part * (IMAGE - 2) / PARTS);
		uint64_t had = world.durable.bytes, sent = world.up.sent;

		struct transfer_options options = plain_options;

		/* Its datagrams have other contents than those of the same number before. */
		options.datagram = 1300;
		uint64_t began = world.now;

		client_close(&world);
		give_input(&world, image, IMAGE, false, &options);
		world_run(&world, 0);
		check_same(&world, image, IMAGE);
		/* At once, and not when the silence has become too long. */
		CHECK(world.now - began < 5 * SECOND);
		CHECK(world.up.sent - sent < (IMAGE - had) * 2 + MEGABYTE);
		world_deinit(&world);
		free(image);
	}
}

/* Images of one kernel begin in the same way, and have the same size: a file that is sent after another one, or after a
 * part of it, arrives as it is. */
TEST(transfer_never_mixes_two_files)
{
	for (unsigned part = 1; part <= PARTS + 2; part++) {
		uint8_t *one = make_image(part, IMAGE), *other = make_image(part + 50, IMAGE);
		struct world world;

		make_path(&world, part);
		memcpy(one, other, 128 << 10);
		give_input(&world, one, IMAGE, false, &plain_options);
		/* Killed in the middle, both sides or one; or after DONE. */
		world_run(&world, part <= PARTS ? (uint64_t)part * IMAGE / (PARTS + 1) : 0);
		if (part % 2)
			server_kill(&world);
		world.is_down = false;
		client_close(&world);
		give_input(&world, other, IMAGE, false, &plain_options);
		world_run(&world, 0);
		check_same(&world, other, IMAGE);
		world_deinit(&world);
		free(one);
		free(other);
	}
}

TEST(transfer_says_when_the_file_was_written_to)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000000}};
	struct world world;
	uint8_t *image = begin_dump(&world, 6, false);

	world_run(&world, IMAGE / 2);
	CHECK(pwrite(world.file_input, "changed", 7, 5) == 7 && !futimens(world.file_input, times));
	world_run(&world, 0);
	CHECK(transfer_state(world.transfer) == TRANSFER_FAILED && !world.is_renamed);
	CHECK(strstr(transfer_error(world.transfer), "was written to while it was sent"));
	world_deinit(&world);
	free(image);
}

/* Until it has been heard, DONE is repeated; but who begins again is not told the old story. */
TEST(transfer_begins_anew_after_a_dump_that_did_not_stay)
{
	uint8_t *image = make_image(6, IMAGE);
	struct world world;

	make_path(&world, 6);
	world.is_unsafe = true;
	give_input(&world, image, IMAGE, false, &plain_options);
	world_run(&world, 0);
	CHECK(transfer_state(world.transfer) == TRANSFER_FAILED && !world.is_renamed);
	world.is_unsafe = false;
	client_close(&world);
	give_input(&world, image, IMAGE, false, &plain_options);
	world_run(&world, 0);
	check_same(&world, image, IMAGE);
	world_deinit(&world);
	free(image);
}

TEST(transfer_goes_on_when_the_server_comes_back_without_a_trace_of_it)
{
	for (unsigned is_pipe = 0; is_pipe < 2; is_pipe++) {
		struct world world;
		uint8_t *image = begin_dump(&world, 3, is_pipe);

		world_run(&world, IMAGE / 2);
		server_kill(&world);
		extents_deinit(&world.durable);
		memset(world.file, 0xee, world.file_size);
		world.has_durable = world.is_down = false;
		world.file_end = 0;
		world_run(&world, 0);
		if (is_pipe)
			CHECK(transfer_state(world.transfer) == TRANSFER_FAILED && transfer_error(world.transfer));
		else
			check_same(&world, image, IMAGE);
		world_deinit(&world);
		free(image);
	}
}

/* ---- pipes and flattened streams ------------------------------------------------------------- */

struct stream {
	uint8_t *bytes;
	size_t length, capacity;
};

static void stream_put(struct stream *stream, const void *bytes, size_t length)
{
	if (stream->length + length > stream->capacity) {
		stream->capacity = 2 * (stream->length + length);
		stream->bytes = realloc(stream->bytes, stream->capacity);
	}
	memcpy(stream->bytes + stream->length, bytes, length);
	stream->length += length;
}

static void stream_record(struct stream *stream, uint64_t offset, const uint8_t *bytes, uint64_t length)
{
	uint8_t header[16];

	wire_put_u64(header, offset);
	wire_put_u64(header + 8, length);
	stream_put(stream, header, sizeof(header));
	if (bytes)
		stream_put(stream, bytes, length);
}

/* The header of a flattened dump. */
static void stream_begin(struct stream *stream)
{
	uint8_t header[4096] = "makedumpfile";

	*stream = (struct stream){0};
	wire_put_u64(header + 16, 1);
	wire_put_u64(header + 24, 1);
	stream_put(stream, header, sizeof(header));
}

/* A flattened dump of records in any order that overwrite each other, and the file that they make. */
static void make_stream(struct stream *stream, uint64_t seed, uint8_t *file, size_t size)
{
	struct world random = {.random = seed * 99 + 1};
	uint8_t *bytes = make_image(seed, size);

	stream_begin(stream);
	memset(file, 0, size);
	memcpy(bytes, "KDUMP   ", 8);
	for (size_t at = 0; at < size; ) {
		size_t length = (size_t)(world_random(&random) % 200000) + 1;
		size_t gap = (size_t)(world_random(&random) % 5000);

		length = length < size - at ? length : size - at;
		stream_record(stream, at, bytes + at, length);
		memcpy(file + at, bytes + at, length);
		if (world_random(&random) % 4 == 0) {
			uint64_t from = world_random(&random) % (at + length), most = at + length - from;
			uint64_t again = world_random(&random) % (most < 9000 ? most : 9000) + 1;
			uint8_t *other = make_image(world_random(&random), again);

			stream_record(stream, from, other, again);
			memcpy(file + from, other, again);
			free(other);
		}
		at += length;
		at = at + gap < size ? at + gap : at;
	}
	stream_record(stream, UINT64_MAX, NULL, UINT64_MAX);
	free(bytes);
}

TEST(transfer_puts_a_flattened_stream_where_it_belongs)
{
	for (unsigned round = 0; round < 24; round++) {
		uint8_t *file = malloc(IMAGE);
		struct stream stream;
		struct world world;

		make_stream(&stream, round + 1, file, IMAGE);
		make_path(&world, round + 1);
		world.up.loss = world.down.loss = (round % 4) * 60000;
		world.up.duplicated = 50000;
		world.up.jitter = (round % 5) * 5 * MILLISECOND;
		give_input(&world, stream.bytes, stream.length, round % 2, &plain_options);
		CHECK(source_is_flattened(world.source) && source_is_kdump(world.source));
		if (round % 3) {
			world_run(&world, 1 + (uint64_t)round * IMAGE / 25);
			server_kill(&world);
			world.is_down = false;
		}
		if (round % 3 == 2 && round % 2 == 0) {
			world_run(&world, 1 + (uint64_t)round * IMAGE / 25);
			client_close(&world);
			give_input(&world, stream.bytes, stream.length, false, &plain_options);
		}
		world_run(&world, 0);
		check_same(&world, file, IMAGE);
		world_deinit(&world);
		free(stream.bytes);
		free(file);
	}
}

/* Zeros are known to be written when data after them is; where none comes, because the next piece has to wait for them,
 * a byte of them goes as data. That byte must not come again after what overwrites it. */
TEST(transfer_overwrites_zeros_for_good)
{
	enum { BLOCKS = 12, BLOCK_BYTES = 8192, SIZE = BLOCKS * BLOCK_BYTES };
	static const uint8_t zeros[BLOCK_BYTES];

	for (unsigned seed = 1; seed <= 40; seed++) {
		uint8_t *file = malloc(SIZE);
		struct stream stream;
		struct world world;

		world_init(&world, seed, FILE_MAX);
		for (size_t i = 0; i < SIZE; i += 8)
			wire_put_u64(file + i, world_random(&world) | 0xff);
		stream_begin(&stream);
		for (size_t at = 0; at < SIZE; at += BLOCK_BYTES) {
			stream_record(&stream, at, zeros, BLOCK_BYTES);
			stream_record(&stream, at, file + at, BLOCK_BYTES);
		}
		stream_record(&stream, UINT64_MAX, NULL, UINT64_MAX);
		world.up.jitter = world.down.jitter = MILLISECOND;
		world.up.late = 400000;
		give_input(&world, stream.bytes, stream.length, true, &plain_options);
		world_run(&world, 0);
		check_same(&world, file, SIZE);
		world_deinit(&world);
		free(stream.bytes);
		free(file);
	}
}

/* A sender that does not know that all has arrived sends again what overwrites, and waits for what it overwrites. */
TEST(transfer_of_what_was_finished_ends_again)
{
	enum { BLOCK_BYTES = 8192 };
	static const uint8_t zeros[BLOCK_BYTES];
	uint8_t *file = calloc(1, BLOCK_BYTES);
	struct stream stream;
	struct world world;

	world_init(&world, 1, FILE_MAX);
	memset(file, 1, BLOCK_BYTES);
	stream_begin(&stream);
	for (unsigned i = 0; i < 4; i++)
		stream_record(&stream, 0, i % 2 ? file : zeros, BLOCK_BYTES);
	stream_record(&stream, UINT64_MAX, NULL, UINT64_MAX);
	for (unsigned i = 0; i < 2; i++) {
		if (i)
			client_close(&world);
		give_input(&world, stream.bytes, stream.length, false, &plain_options);
		world_run(&world, 0);
		check_same(&world, file, BLOCK_BYTES);
	}
	world_deinit(&world);
	free(stream.bytes);
	free(file);
}

TEST(transfer_needs_little_memory_for_a_pipe)
{
	for (unsigned round = 0; round < 40; round++) {
		uint8_t *image = make_image(round + 50, IMAGE);
		struct transfer_options options = plain_options;
		struct world world;

		make_path(&world, round + 1);
		options.memory = 0;
		options.datagram = 60000;
		world.up.loss = 200000;
		give_input(&world, image, IMAGE, true, &options);
		world_run(&world, 0);
		check_same(&world, image, IMAGE);
		world_deinit(&world);
		free(image);
	}
}

/* Whatever the path does to it: once, in its order, and before the first byte of the dump. */
TEST(transfer_brings_the_log_first)
{
	for (unsigned round = 0; round < 12; round++) {
		struct transfer_options options = plain_options;
		uint8_t *image = make_image(round + 1, IMAGE), *log = make_image(round + 50, 60000);
		FILE *file = tmpfile();
		struct world world;

		CHECK(file && fwrite(log, 1, 60000, file) == 60000 && !fflush(file));
		options.log = fileno(file);
		options.log_size = 60000;
		make_path(&world, round + 1);
		world.up.loss = world.down.loss = (round % 4) * 60000;
		world.up.duplicated = 50000;
		world.up.jitter = (round % 3) * 5 * MILLISECOND;
		give_input(&world, image, IMAGE, round % 2, &options);
		world_run(&world, 1);
		CHECK(world.log_length == 60000 && !memcmp(world.log, log, 60000));
		world_run(&world, 0);
		check_same(&world, image, IMAGE);
		CHECK(world.log_length == 60000);
		world_deinit(&world);
		fclose(file);
		free(image);
		free(log);
	}
}

TEST(transfer_that_is_given_up_goes_on_later)
{
	static const char reason[] = "the operator\nwas tired";
	uint8_t *image = make_image(9, IMAGE), bytes[ND6_DATAGRAM_MIN];
	struct world world;

	make_path(&world, 4);
	give_input(&world, image, IMAGE, false, &plain_options);
	CHECK(!transfer_give_up(world.transfer, reason, bytes, world.now));
	world_run(&world, IMAGE / 2);
	/* The first one is lost. */
	CHECK(transfer_give_up(world.transfer, reason, bytes, world.now));
	server_receive(&world, bytes, transfer_give_up(world.transfer, reason, bytes, world.now));
	for (unsigned i = 0; i < 100000 && !transfer_is_let_go(world.transfer); i++)
		world_step(&world);
	CHECK(transfer_is_let_go(world.transfer) && !transfer_give_up(world.transfer, reason, bytes, world.now));
	CHECK(!world.session && world.end == SESSION_INCOMPLETE);
	CHECK_STR(world.meta.reason, "the client gave up: the operator?was tired");
	client_close(&world);
	give_input(&world, image, IMAGE, false, &plain_options);
	world_run(&world, 0);
	check_same(&world, image, IMAGE);
	world_deinit(&world);
	free(image);
}

TEST(transfer_says_when_makedumpfile_failed)
{
	uint8_t *file = malloc(IMAGE);
	struct stream stream;
	struct world world;

	make_stream(&stream, 4, file, IMAGE);
	make_path(&world, 4);
	give_input(&world, stream.bytes, stream.length - 16, true, &plain_options);
	world_run(&world, 0);
	CHECK(transfer_state(world.transfer) == TRANSFER_FAILED);
	CHECK(strstr(transfer_error(world.transfer), "ends in the middle"));
	CHECK(!world.is_renamed);
	world_deinit(&world);
	free(stream.bytes);
	free(file);
}

/* ---- the server ------------------------------------------------------------------------------ */

TEST(transfer_waits_for_a_disk_that_stands_still)
{
	struct world world;
	uint8_t *image = begin_dump(&world, 9, true);

	world_run(&world, IMAGE / 3);
	world.is_stalled = true;
	wait_for(&world, 100 * SECOND);
	CHECK(transfer_state(world.transfer) == TRANSFER_RUNNING && world.backlog <= world.room);
	world.is_stalled = false;
	world_run(&world, 0);
	check_same(&world, image, IMAGE);
	world_deinit(&world);
	free(image);
}

TEST(transfer_fails_with_the_disk)
{
	static const char *const failures[] = {NULL, "larger than the quota"};

	for (size_t i = 0; i < sizeof(failures) / sizeof(*failures); i++) {
		struct world world;
		uint8_t *image = begin_dump(&world, 9, false);

		world_run(&world, IMAGE / 3);
		world.is_failing = true;
		world.failure = failures[i];
		world_run(&world, 0);
		CHECK(transfer_state(world.transfer) == TRANSFER_FAILED);
		CHECK(strstr(transfer_error(world.transfer), failures[i] ? failures[i] : "writing to the disk failed"));
		CHECK(world.end == SESSION_INCOMPLETE && !world.is_renamed);
		world_deinit(&world);
		free(image);
	}
}

TEST(session_closes_the_dump_of_a_client_that_fell_silent)
{
	struct world world;
	uint8_t *image = begin_dump(&world, 9, false);

	world_run(&world, IMAGE / 3);
	world.up.loss = 1000000;
	while (world.session && world.now < world.patience_end)
		world_step(&world);
	CHECK(!world.session && world.end == SESSION_INCOMPLETE);
	CHECK(world.meta.pages_missing > 0);
	CHECK_STR(world.meta.reason, "the client fell silent");
	CHECK(transfer_state(world.transfer) == TRANSFER_FAILED);
	world_deinit(&world);
	free(image);
}

TEST(transfer_turns_classic_with_an_old_server)
{
	uint8_t *image = make_image(1, 10000);
	struct world world;

	world_init(&world, 1, FILE_MAX);
	world.is_old = true;
	give_input(&world, image, 10000, false, &plain_options);
	world_run(&world, 0);
	CHECK(transfer_state(world.transfer) == TRANSFER_CLASSIC);
	world_deinit(&world);
	free(image);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void give_keys(struct world *world, struct seal_client *client, bool is_psk)
{
	seal_pair_new(&world->server_pair);
	memcpy(client->server, world->server_pair.public, SEAL_KEY);
	client->has_psk = is_psk;
	client->has_pair = !is_psk;
	struct seal_peer peer = {.name = "guest", .is_psk = is_psk};

	if (is_psk) {
		seal_random(peer.key, sizeof(peer.key));
		client->psk = peer;
	} else {
		seal_pair_new(&client->pair);
		memcpy(peer.key, client->pair.public, SEAL_KEY);
	}
	world->peers = (struct seal_peers){malloc(sizeof(peer)), 1, 1};
	world->peers.items[0] = peer;
	world->listener.pair = &world->server_pair;
	world->listener.peers = &world->peers;
	world->listener.must_seal = true;
}

TEST(transfer_is_sealed)
{
	for (unsigned is_psk = 0; is_psk < 2; is_psk++) {
		uint8_t *image = make_image(8, IMAGE);
		struct transfer_options options = plain_options;
		struct seal_client client = {0};
		struct world world;

		make_path(&world, 8);
		world.up.corrupted = world.down.corrupted = 20000;
		world.up.duplicated = world.down.duplicated = 20000;
		give_keys(&world, &client, is_psk);
		options.seal = &client;
		give_input(&world, image, IMAGE, !is_psk, &options);
		world_run(&world, IMAGE / 2);
		server_kill(&world);
		world.is_down = false;
		world_run(&world, 0);
		check_same(&world, image, IMAGE);
		CHECK(world.meta.is_encrypted);
		CHECK_STR(world.meta.peer, "guest");
		free(world.peers.items);
		world_deinit(&world);
		free(image);
	}
}

TEST(transfer_gives_nothing_to_a_server_without_the_key)
{
	for (unsigned is_old = 0; is_old < 2; is_old++) {
		uint8_t *image = make_image(8, IMAGE);
		struct transfer_options options = plain_options;
		struct seal_client client = {0};
		struct world world;

		make_path(&world, 8);
		give_keys(&world, &client, false);
		seal_pair_new(&world.server_pair);
		world.is_old = is_old;
		options.seal = &client;
		give_input(&world, image, IMAGE, false, &options);
		world_run(&world, 0);
		CHECK(transfer_state(world.transfer) == TRANSFER_FAILED);
		CHECK(!world.durable.bytes && !world.session);
		CHECK(strstr(transfer_error(world.transfer), is_old ? "no word" : "has not proved itself"));
		free(world.peers.items);
		world_deinit(&world);
		free(image);
	}
}

TEST(transfer_without_keys_is_told_that_it_needs_them)
{
	uint8_t *image = make_image(8, IMAGE);
	struct seal_client client = {0};
	struct world world;

	make_path(&world, 8);
	give_keys(&world, &client, false);
	give_input(&world, image, IMAGE, false, &plain_options);
	world_run(&world, 0);
	CHECK(transfer_state(world.transfer) == TRANSFER_FAILED);
	CHECK(strstr(transfer_error(world.transfer), "give a key"));
	free(world.peers.items);
	world_deinit(&world);
	free(image);
}

TEST_MAIN
