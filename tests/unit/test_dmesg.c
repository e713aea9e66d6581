// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "fake_dump.h"

#include "kernel/dmesg.c"

#include "ring_builder.h"

static struct dmesg read_log(void)
{
	struct dmesg log = {0};
	struct error *error = dmesg_read(&kernel, arena, &log);

	CHECK(!error);
	error_free(error);
	return log;
}

static void check_record(int line, const struct dmesg *log, size_t index, uint64_t sequence, const char *text)
{
	const struct dmesg_record *record = &log->records[index];

	if (index >= log->count) {
		test_check_text(__FILE__, line, "no such record", text);
		return;
	}
	CHECK(record->sequence == sequence && record->time_ns == 1000 * sequence);
	test_check_text(__FILE__, line, arena_strndup(arena, record->text, record->length), text);
}
#define CHECK_RECORD(log, index, sequence, text) check_record(__LINE__, log, index, sequence, text)

TEST(ring_is_read_on_all_machines)
{
	for (int kind = 0; kind < 4; kind++) {
		make_ring(kind & 1 ? 4 : 8, kind & 2);
		add(0, 5, "Linux version 6.1");
		add(1, 3, "two\nlines");
		put_state(add(2, 0, "committed, not yet final"), 1);
		struct dmesg log = read_log();

		CHECK(log.count == 3 && log.lost == 0);
		CHECK_RECORD(&log, 0, 0, "Linux version 6.1");
		CHECK_RECORD(&log, 1, 1, "two\nlines");
		CHECK_RECORD(&log, 2, 2, "committed, not yet final");
		CHECK(log.records[0].level == 5 && log.records[2].level == 0);
		CHECK(log.records[1].caller == 0x80000001);
	}
}

TEST(ring_that_went_round_keeps_the_newest)
{
	for (int kind = 0; kind < 2; kind++) {
		make_ring(kind ? 4 : 8, false);
		for (unsigned i = 0; i < 100; i++) /* blocks of 24 and 32 bytes: wraps at any offset */
			add(i, 6, i % 3 ? "eleven text" : "twenty-one characters");
		struct dmesg log = read_log();

		CHECK(log.count == COUNT && log.lost == 92);
		for (unsigned i = 0; i < log.count; i++)
			CHECK_RECORD(&log, i, 92 + i,
				     (92 + i) % 3 ? "eleven text" : "twenty-one characters");
	}
}

TEST(ring_block_that_ends_with_the_array)
{
	/* Since 6.17 such a block does not wrap; before, the kernel moved it to the start. */
	make_ring(8, false);
	uint64_t id = add(0, 6, "sixteen bytes...");

	put_block(id, SIZE - 24, SIZE);
	fake_put_pointer(data + SIZE - 24, id);
	fake_put_bytes(data + SIZE - 16, "at the very end.", 16);
	struct dmesg log = read_log();

	CHECK(log.count == 1);
	CHECK_RECORD(&log, 0, 0, "at the very end.");
}

TEST(ring_leaves_out_what_is_not_there)
{
	make_ring(8, false);
	add(0, 6, "first");
	put_state(add(1, 6, "being written"), DESC_RESERVED);
	put_state(add(2, 6, "overwritten"), DESC_REUSABLE);
	put_block(add(3, 6, "no room"), 1, 1);
	put_block(add(4, 6, ""), LPOS_EMPTY, LPOS_EMPTY);
	put_state(add(5, 6, "another's") - COUNT, 2);
	add(6, 6, "last");
	/* the descriptor of 5 now claims an id of the wrap before */
	put_state((next_id - 2 - COUNT) & (UINT64_MAX >> 2), 2);
	struct dmesg log = read_log();

	CHECK(log.count == 3 && log.lost == 3);
	CHECK_RECORD(&log, 0, 0, "first");
	CHECK_RECORD(&log, 1, 4, "");
	CHECK_RECORD(&log, 2, 6, "last");
}

TEST(ring_survives_damage)
{
	make_ring(8, false);
	uint64_t a = add(0, 6, "first"), b = add(1, 6, "second"), c = add(2, 6, "third");
	uint64_t d = add(3, 6, "fourth"), block = data + next_lpos % SIZE;

	add(4, 6, "fifth");
	fake_put_pointer(block, a); /* the block says it is the first one's */
	add(5, 6, "sixth");
	put_block(a, 3, 5);                              /* not aligned */
	put_block(b, 0, 1ULL << 40);                     /* longer than the ring */
	fake_put(infos + (c & (COUNT - 1)) * 88, 8, 77); /* a sequence number that cannot be there */
	fake_put(infos + (d & (COUNT - 1)) * 88 + 16, 2, 0xffff); /* longer than its block */
	fake_put_pointer(ring + 4 * word, 12345);        /* a tail that cannot be true */
	struct dmesg log = read_log();

	CHECK(log.count == 2);
	CHECK(log.count == 2 && log.records[0].length == 8 && !memcmp(log.records[0].text, "fourth", 6));
	CHECK(log.count == 2 && log.records[1].sequence == 5);
}

static enum error_code read_error(void)
{
	struct dmesg log;
	struct error *error = dmesg_read(&kernel, arena, &log);
	enum error_code code = error ? error->code : ERROR_COUNT;

	error_free(error);
	return code;
}

TEST(ring_of_absurd_size_is_refused)
{
	make_ring(8, false);
	add(0, 6, "first");
	fake_put(ring, 4, 63);
	CHECK(read_error() == ERROR_CORRUPT);
	fake_put(ring, 4, 0);
	CHECK(read_error() == ERROR_CORRUPT);
	fake_put(ring, 4, COUNT_BITS);
	fake_put(ring + 6 * word, 4, 64);
	CHECK(read_error() == ERROR_CORRUPT);
}

TEST(ring_in_a_hole_and_no_ring_at_all)
{
	make_ring(8, false);
	add(0, 6, "first");
	fake_hole(descs);
	CHECK(read_error() == ERROR_NOT_SAVED);
	fake_reset(8, false);
	CHECK(read_error() == ERROR_NO_SOURCE);
}

TEST(buffer_is_read_round_its_end)
{
	make_buffer();
	unsigned next = put_log(0, 3000, 1, "newest");
	unsigned end = put_log(put_log(100, 1000, 6, "oldest"), 2000, 4, "older");

	fake_put(buffer + end + 8, 2, 0);
	set_range(100, next, 1);
	struct dmesg log = read_log();

	CHECK(log.count == 3 && log.lost == 1);
	CHECK_RECORD(&log, 0, 1, "oldest");
	CHECK_RECORD(&log, 1, 2, "older");
	CHECK_RECORD(&log, 2, 3, "newest");
	CHECK(log.count == 3 && log.records[1].level == 4);
}

TEST(buffer_survives_damage)
{
	make_buffer();
	unsigned second = put_log(0, 0, 6, "first"), next = put_log(second, 1000, 6, "second");

	set_range(0, next, 0);
	fake_put(buffer + second + 8, 2, 8); /* shorter than a header */
	CHECK(read_log().count == 1);
	fake_put(buffer + second + 8, 2, 0xfff0); /* longer than the buffer */
	CHECK(read_log().count == 1);
	put_log(second, 1000, 6, "second");
	fake_put(buffer + second + 10, 2, 200); /* more text than record */
	CHECK(read_log().count == 1);
	/* an end that is never met: once round, then stop */
	put_log(second, 1000, 6, "second");
	set_range(0, 3, 0);
	struct dmesg log = read_log();
	CHECK(log.count >= 2 && log.count < 20);
	/* nothing but marks to start again */
	fake_put(buffer + 8, 2, 0);
	CHECK(read_error() == ERROR_NOT_SAVED);
	set_range(0xfffffff0, 3, 0);
	CHECK(read_error() == ERROR_NOT_SAVED);
}

TEST_MAIN
