// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/source.c"

#include <fcntl.h>
#include <sys/mman.h>

#include "test.h"

enum { MEGABYTE = 1 << 20 };

struct input {
	uint8_t *bytes;
	size_t length;
};

static void input_put(struct input *input, const void *bytes, size_t length)
{
	input->bytes = realloc(input->bytes, input->length + length);
	memcpy(input->bytes + input->length, bytes, length);
	input->length += length;
}

static void input_record(struct input *input, uint64_t offset, const char *text, uint64_t length)
{
	uint8_t header[16];

	wire_put_u64(header, offset);
	wire_put_u64(header + 8, length);
	input_put(input, header, sizeof(header));
	if (text)
		input_put(input, text, strlen(text));
}

static void input_flat(struct input *input)
{
	uint8_t header[4096] = "makedumpfile\0\213\377\377";

	wire_put_u64(header + 16, 1);
	wire_put_u64(header + 24, 1);
	input_put(input, header, sizeof(header));
}

static int file_of(const void *bytes, size_t length)
{
	int fd = memfd_create("dump", MFD_CLOEXEC);

	CHECK(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
	return fd;
}

/* The bytes are few enough for the pipe to hold them all. */
static int pipe_of(const void *bytes, size_t length)
{
	int ends[2];

	CHECK(!pipe2(ends, O_CLOEXEC));
	fcntl(ends[1], F_SETPIPE_SZ, MEGABYTE);
	CHECK(write(ends[1], bytes, length) == (ssize_t)length);
	close(ends[1]);
	return ends[0];
}

static struct source *open_fd(int fd)
{
	struct source *source = NULL;

	CHECK(!source_open(fd, "dump", &source));
	return source;
}

/* Puts the pieces together; returns how many bytes of them came as zeros, or -1 for an error. */
static int64_t gather(struct source *source, size_t most, uint8_t *file, size_t size)
{
	struct source_piece piece;
	int64_t zeros = 0;

	memset(file, 0xee, size);
	for (;;) {
		struct error *error = source_next(source, most, &piece);

		if (error) {
			error_free(error);
			return -1;
		}
		if (!piece.length)
			return zeros;
		CHECK(piece.offset + piece.length <= size && (!piece.bytes || piece.length <= most));
		if (piece.offset + piece.length > size)
			return -1;
		if (piece.bytes)
			memcpy(file + piece.offset, piece.bytes, piece.length);
		else
			memset(file + piece.offset, 0, piece.length);
		zeros += piece.bytes ? 0 : (int64_t)piece.length;
	}
}

static void fill_noise(uint8_t *bytes, size_t length, unsigned seed)
{
	for (size_t i = 0; i < length; i++)
		bytes[i] = (uint8_t)((i * 2654435761u + seed) >> 7 | 1);
}

TEST(files_and_pipes_are_cut_into_pieces)
{
	static const size_t sizes[] = {0, 1, 63, 4095, 4096, 4097, 65507, 300000, 3 * MEGABYTE / 4};
	uint8_t *bytes = malloc(MEGABYTE), *got = malloc(MEGABYTE);

	fill_noise(bytes, MEGABYTE, 3);
	memset(bytes + 5000, 0, 3000);      /* less than a block of zeros */
	memset(bytes + 100000, 0, 150000);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		for (unsigned is_pipe = 0; is_pipe < 2; is_pipe++) {
			for (size_t most = 1160; most < 65536; most += 21455) {
				struct source *source =
					open_fd(is_pipe ? pipe_of(bytes, sizes[i]) : file_of(bytes, sizes[i]));
				int64_t zeros = gather(source, most, got, sizes[i]);

				CHECK(!memcmp(bytes, got, sizes[i]) && source_size(source) == sizes[i]);
				CHECK(sizes[i] < 300000 ? zeros == 0 : zeros > 140000 && zeros <= 150000);
				CHECK(source_is_pipe(source) == (bool)is_pipe && !source_is_flattened(source));
				source_close(source);
			}
		}
	}
	free(bytes);
	free(got);
}

TEST(zeros_that_a_datagram_cuts_are_not_the_end)
{
	enum { SIZE = 30000 };
	static uint8_t bytes[SIZE], got[SIZE];

	for (size_t begin = 4096; begin < 8192; begin += 61) {
		for (size_t most = 4097; most < 8300; most += 401) {
			memset(bytes, 1, SIZE);
			memset(bytes + begin, 0, 7000);
			struct source *source = open_fd(file_of(bytes, SIZE));

			CHECK(source_seek(source, begin - begin % 7));
			CHECK(gather(source, most, got, SIZE) >= 0);
			size_t from = begin - begin % 7;

			CHECK(!memcmp(got + from, bytes + from, SIZE - from));
			source_close(source);
		}
	}
}

TEST(holes_of_a_file_are_one_piece)
{
	int fd = file_of("begin", 5);
	struct source_piece piece;

	CHECK(!ftruncate(fd, (off_t)1 << 40));
	CHECK(pwrite(fd, "end", 3, (off_t)1 << 39) == 3);
	struct source *source = open_fd(fd);

	CHECK(!source_next(source, 60000, &piece) && piece.offset == 0 && piece.bytes);
	CHECK(piece.length >= 5 && !memcmp(piece.bytes, "begin", 5));
	uint64_t at = piece.length;

	CHECK(!source_next(source, 60000, &piece) && piece.offset == at && !piece.bytes);
	CHECK(piece.offset + piece.length == UINT64_C(1) << 39);
	CHECK(!source_next(source, 60000, &piece) && piece.bytes && !memcmp(piece.bytes, "end", 3));
	CHECK(!source_next(source, 60000, &piece) && !piece.bytes && piece.offset + piece.length == UINT64_C(1) << 40);
	CHECK(!source_next(source, 60000, &piece) && !piece.length);
	source_close(source);
}

TEST(a_file_is_read_again_where_it_is_asked_for)
{
	uint8_t *bytes = malloc(2 * MEGABYTE), again[100];
	struct source_piece piece;

	fill_noise(bytes, 2 * MEGABYTE, 9);
	struct source *source = open_fd(file_of(bytes, 2 * MEGABYTE));

	static const size_t offsets[] = {0, 5, MEGABYTE, 70000, 2 * MEGABYTE - 1, 3, 1500000, 1500001};

	for (size_t i = 0; i < sizeof(offsets) / sizeof(*offsets); i++) {
		CHECK(source_seek(source, offsets[i]));
		CHECK(!source_next(source, 1000, &piece) && piece.offset == offsets[i] && piece.bytes);
		CHECK(!memcmp(piece.bytes, bytes + offsets[i], piece.length));
	}
	CHECK(source_again(source, 12345, again, 100) && !memcmp(again, bytes + 12345, 100));
	CHECK(!source_again(source, 2 * MEGABYTE - 99, again, 100) && !source_seek(source, 2 * MEGABYTE + 1));
	CHECK(source_seek(source, 2 * MEGABYTE) && !source_next(source, 1000, &piece) && !piece.length);
	source_close(source);
	source = open_fd(pipe_of(bytes, 100));
	CHECK(!source_seek(source, 0) && !source_again(source, 0, again, 1));
	source_close(source);
	free(bytes);
}

TEST(a_flattened_stream_becomes_its_file)
{
	struct input input = {0};
	struct source_piece piece;
	uint8_t got[40];

	input_flat(&input);
	input_record(&input, 30, "0123456789", 10);
	input_record(&input, 0, "abcdefgh", 8);
	input_record(&input, 6, "XY", 2);
	input_record(&input, 2, "Z", 1);
	input_record(&input, 7, "W", 1);
	input_record(&input, UINT64_MAX, NULL, UINT64_MAX);
	struct source *source = open_fd(pipe_of(input.bytes, input.length));
	static const struct {
		uint64_t offset;
		bool overwrites, must_wait;
	} want[] = {{30, false, false}, {0, false, false}, {6, true, true}, {2, true, false}, {7, true, true},
		    {8, false, false}};

	CHECK(source_is_flattened(source));
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		CHECK(!source_next(source, 1000, &piece) && piece.offset == want[i].offset);
		CHECK(piece.overwrites == want[i].overwrites && piece.must_wait == want[i].must_wait);
	}
	/* What no record brought. */
	CHECK(!piece.bytes && piece.length == 22);
	CHECK(!source_next(source, 1000, &piece) && !piece.length && source_size(source) == 40);
	source_close(source);
	source = open_fd(file_of(input.bytes, input.length));
	for (unsigned i = 0; i < 2; i++) {
		CHECK(gather(source, 1000, got, sizeof(got)) == 22);
		CHECK(!memcmp(got, "abZdefXW", 8) && !got[8] && !got[29] && !memcmp(got + 30, "0123456789", 10));
		CHECK(!source_seek(source, 1) && source_seek(source, 0));
	}
	source_close(source);
	free(input.bytes);
}

TEST(a_stream_that_is_none_is_an_error)
{
	static const uint64_t bad[][2] = {{0, 0}, {UINT64_MAX, 5}, {5, UINT64_MAX}, {UINT64_C(1) << 48, 1}, {0, 100}};
	uint8_t got[64];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		for (unsigned is_pipe = 0; is_pipe < 2; is_pipe++) {
			struct input input = {0};

			input_flat(&input);
			input_record(&input, 0, "abc", 3);
			input_record(&input, bad[i][0], "def", bad[i][1]);
			struct source *source = open_fd(is_pipe ? pipe_of(input.bytes, input.length)
								: file_of(input.bytes, input.length));

			CHECK(gather(source, 1000, got, sizeof(got)) == -1);
			source_close(source);
			free(input.bytes);
		}
	}
}

TEST(a_pipe_that_has_nothing_now_is_not_over)
{
	uint8_t *bytes = malloc(200000);
	struct source_piece piece;
	int ends[2];

	fill_noise(bytes, 200000, 1);
	CHECK(!pipe2(ends, O_CLOEXEC));
	fcntl(ends[1], F_SETPIPE_SZ, MEGABYTE);
	CHECK(write(ends[1], bytes, 70000) == 70000);
	struct source *source = open_fd(ends[0]);

	CHECK(!source_next(source, 60000, &piece) && piece.is_pending && !piece.length);
	CHECK(write(ends[1], bytes + 70000, 130000) == 130000);
	CHECK(!source_next(source, 60000, &piece) && !piece.is_pending && piece.length == 60000);
	CHECK(!memcmp(piece.bytes, bytes, 60000));
	close(ends[1]);
	CHECK(!source_next(source, 60000, &piece) && piece.offset == 60000 && piece.length == 60000);
	source_close(source);
	free(bytes);
}

TEST(what_a_dump_is_is_read_from_its_beginning)
{
	uint8_t elf[64] = "\177ELF\2\2\1";
	struct input input = {0};

	elf[19] = 22; /* EM_S390, big-endian */
	struct source *source = open_fd(file_of(elf, sizeof(elf)));

	CHECK(source_machine(source) == 22 && !source_is_kdump(source));
	source_close(source);
	elf[5] = 1;
	elf[18] = 62;
	elf[19] = 0;
	source = open_fd(file_of(elf, sizeof(elf)));
	CHECK(source_machine(source) == 62);
	source_close(source);
	input_flat(&input);
	input_record(&input, 0, "KDUMP   ------------------------------------------------------------", 68);
	source = open_fd(file_of(input.bytes, input.length));
	CHECK(source_is_kdump(source) && source_is_flattened(source));
	source_close(source);
	free(input.bytes);
}

/* Of a file that stays open; the descriptor is left where it is. */
static bool has_id(int fd, const uint8_t id[16])
{
	struct source *source = open_fd(dup(fd));
	uint8_t got[16];

	source_id(source, got);
	source_close(source);
	return !memcmp(got, id, sizeof(got));
}

static void id_of(int fd, uint8_t ret[16])
{
	struct source *source = open_fd(dup(fd));

	source_id(source, ret);
	source_close(source);
}

TEST(a_file_is_the_same_while_nobody_writes_to_it)
{
	enum { SIZE = 100000 };
	static uint8_t bytes[SIZE];
	int one = file_of(bytes, SIZE), other = file_of(bytes, SIZE);
	uint8_t id[16], longer[16];

	id_of(one, id);
	CHECK(has_id(one, id) && !has_id(other, id));
	struct source *source = open_fd(dup(one));
	struct stat before = {0};

	CHECK(!source_has_changed(source) && !fstat(one, &before));
	/* Behind what the hash is made of; the clock of files is a coarse one. */
	for (struct stat now = before; now.st_mtim.tv_sec == before.st_mtim.tv_sec &&
				       now.st_mtim.tv_nsec == before.st_mtim.tv_nsec;)
		CHECK(pwrite(one, "x", 1, SIZE - 1) == 1 && !fstat(one, &now));
	CHECK(source_has_changed(source) && !has_id(one, id));
	/* Whoever puts the time back does not make it the file that it was. */
	CHECK(!futimens(one, (struct timespec[]){before.st_atim, before.st_mtim}) && !has_id(one, id));
	id_of(one, id);
	CHECK(!ftruncate(one, SIZE + 1));
	id_of(one, longer);
	CHECK(memcmp(id, longer, sizeof(id)));
	source_close(source);
	close(one);
	close(other);
}

TEST(what_is_in_proc_is_the_same_until_the_next_boot)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	struct timespec times[2] = {{.tv_sec = 1000000}, {.tv_sec = 2000000}};
	struct stat status;
	uint8_t id[16];

	id_of(fd, id);
	/* As after its inode was forgotten and made anew. */
	CHECK(!futimens(fd, times) && !fstat(fd, &status) && status.st_mtim.tv_sec == 2000000);
	CHECK(has_id(fd, id));
	close(fd);
}

TEST_MAIN
