// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/flattened.c"
#include "dump/file.h"
#include "dump_builder.h"
#include "test.h"

static void flat_start(struct image *image)
{
	image->big_endian = true;
	image_put(image, 0, "makedumpfile\0\213\377\377", 16);
	image_number(image, 16, 1, 8);
	image_number(image, 24, 1, 8);
	image_put(image, 4095, "", 1);
}

static void flat_header(struct image *image, uint64_t offset, uint64_t length)
{
	image_number(image, image->length, offset, 8);
	image_number(image, image->length, length, 8);
}

static void flat_block(struct image *image, uint64_t offset, const char *text)
{
	flat_header(image, offset, strlen(text));
	image_put(image, image->length, text, strlen(text));
}

static void flat_end(struct image *image)
{
	flat_header(image, UINT64_MAX, UINT64_MAX);
}

/* Opens, and takes the file away again. */
static struct error *flat_open(struct image *image, struct dump_file *ret)
{
	char *path = image_write(image);
	struct error *error = dump_file_open(path, ret);

	image_remove(path);
	free(image->bytes);
	return error;
}

static bool reads(const struct dump_file *file, uint64_t offset, const char *want, size_t length)
{
	char got[64];

	return dump_file_read(file, offset, got, length) && !memcmp(got, want, length);
}

TEST(flattened_reads_blocks_in_any_order)
{
	struct image image = {0};
	struct dump_file file;

	flat_start(&image);
	flat_block(&image, 6, "world");
	flat_block(&image, 0, "hello ");
	flat_block(&image, 11, "!");
	flat_end(&image);
	CHECK(!flat_open(&image, &file));
	CHECK(file.flattened && file.size == 12 && !dump_file_is_cut(&file));
	CHECK(reads(&file, 0, "hello world!", 12));
	CHECK(reads(&file, 4, "o wo", 4));
	CHECK(!dump_file_read(&file, 8, (char[8]){0}, 5));
	dump_file_close(&file);
}

TEST(flattened_shows_what_was_written_last)
{
	struct image image = {0};
	struct dump_file file;

	flat_start(&image);
	flat_block(&image, 0, "aaaaaaaaaa");
	flat_block(&image, 2, "bbbb");
	flat_block(&image, 4, "cc");
	flat_block(&image, 8, "dddd");
	flat_block(&image, 3, "e");
	flat_end(&image);
	CHECK(!flat_open(&image, &file));
	CHECK(reads(&file, 0, "aabeccaadddd", 12));
	dump_file_close(&file);
}

TEST(flattened_holes_are_zero_in_a_complete_file)
{
	struct image image = {0};
	struct dump_file file;

	flat_start(&image);
	flat_block(&image, 0, "ab");
	flat_block(&image, 5, "cd");
	flat_end(&image);
	CHECK(!flat_open(&image, &file));
	CHECK(reads(&file, 0, "ab\0\0\0cd", 7));
	CHECK(dump_file_has(&file, 0, 7) && !dump_file_has(&file, 0, 8));
	dump_file_close(&file);
}

TEST(flattened_holes_are_missing_in_a_cut_file)
{
	struct image image = {0};
	struct dump_file file;

	flat_start(&image);
	flat_block(&image, 0, "ab");
	flat_block(&image, 5, "cd");
	CHECK(!flat_open(&image, &file));
	CHECK(dump_file_is_cut(&file));
	CHECK(dump_file_has(&file, 0, 2) && dump_file_has(&file, 5, 2));
	CHECK(!dump_file_has(&file, 0, 3) && !dump_file_has(&file, 4, 2));
	dump_file_close(&file);
}

TEST(flattened_keeps_the_part_of_a_block_that_is_there)
{
	struct image image = {0};
	struct dump_file file;

	flat_start(&image);
	flat_header(&image, 0, 1000);
	image_put(&image, image.length, "only this", 9);
	CHECK(!flat_open(&image, &file));
	CHECK(dump_file_is_cut(&file) && file.size == 9);
	CHECK(reads(&file, 0, "only this", 9));
	dump_file_close(&file);
}

TEST(flattened_stops_at_senseless_headers)
{
	static const uint64_t headers[][2] = {{0, 0},
					      {(uint64_t)1 << 60, 4},
					      {4, (uint64_t)1 << 63},
					      {UINT64_MAX, 4},
					      {4, UINT64_MAX}};

	for (size_t i = 0; i < sizeof(headers) / sizeof(*headers); i++) {
		struct image image = {0};
		struct dump_file file;

		flat_start(&image);
		flat_block(&image, 0, "good");
		flat_header(&image, headers[i][0], headers[i][1]);
		flat_block(&image, 4, "never");
		CHECK(!flat_open(&image, &file));
		CHECK(dump_file_is_cut(&file) && file.size == 4);
		dump_file_close(&file);
	}
}

TEST(flattened_without_a_block_is_no_dump)
{
	struct image image = {0};
	struct dump_file file;

	flat_start(&image);
	struct error *error = flat_open(&image, &file);
	CHECK(error && error->code == ERROR_INVALID);
	error_free(error);
}

TEST(other_files_are_not_flattened)
{
	struct image image = {0};
	struct dump_file file;

	image_put(&image, 0, "makedumpfilX, and more of it", 28);
	CHECK(!flat_open(&image, &file));
	CHECK(!file.flattened && file.size == 28 && reads(&file, 14, "and", 3));
	dump_file_close(&file);
}

/* Random overlapping blocks against the obvious way: write them to an array. */
TEST(flattened_agrees_with_writing_in_order)
{
	srandom(42);
	for (int round = 0; round < 200; round++) {
		struct image image = {0};
		struct dump_file file;
		char want[256] = {0}, got[256];
		size_t end = 0;

		flat_start(&image);
		for (int i = 0; i < 30; i++) {
			char text[40] = {0};
			size_t length = 1 + (size_t)random() % 39, offset = (size_t)random() % 200;

			memset(text, 'A' + i, length);
			flat_header(&image, offset, length);
			image_put(&image, image.length, text, length);
			memcpy(want + offset, text, length);
			end = offset + length > end ? offset + length : end;
		}
		flat_end(&image);
		CHECK(!flat_open(&image, &file));
		CHECK(file.size == end && dump_file_read(&file, 0, got, end) &&
		      !memcmp(got, want, end));
		dump_file_close(&file);
	}
}

TEST_MAIN
