// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "fake_dump.h"

#include "base/arena.h"
#include "kernel/dmesg.c"

/* ---- the ring since 5.10, described by VMCOREINFO alone ---- */

enum { COUNT_BITS = 3, COUNT = 1 << COUNT_BITS, SIZE_BITS = 8, SIZE = 1 << SIZE_BITS };

static struct arena *arena;
static struct kernel kernel;
static uint64_t ring, descs, infos, data;
static unsigned word;
static uint64_t next_id, next_lpos;

/* Layout of 6.1 on machines of 64 and 32 bits, where u64 is aligned to 8 bytes. */
static void describe_ring(uint64_t prb)
{
	char text[2048];
	unsigned desc_ring = 6 * word, w = word;

	snprintf(text, sizeof(text),
		 "SYMBOL(prb)=%llx\n"
		 "OFFSET(printk_ringbuffer.desc_ring)=0\nOFFSET(printk_ringbuffer.text_data_ring)=%u\n"
		 "OFFSET(prb_desc_ring.count_bits)=0\nOFFSET(prb_desc_ring.descs)=%u\n"
		 "OFFSET(prb_desc_ring.infos)=%u\nOFFSET(prb_desc_ring.head_id)=%u\n"
		 "OFFSET(prb_desc_ring.tail_id)=%u\n"
		 "SIZE(prb_desc)=%u\nOFFSET(prb_desc.state_var)=0\nOFFSET(prb_desc.text_blk_lpos)=%u\n"
		 "OFFSET(prb_data_blk_lpos.begin)=0\nOFFSET(prb_data_blk_lpos.next)=%u\n"
		 "SIZE(printk_info)=88\nOFFSET(printk_info.seq)=0\nOFFSET(printk_info.ts_nsec)=8\n"
		 "OFFSET(printk_info.text_len)=16\nOFFSET(printk_info.caller_id)=20\n"
		 "OFFSET(prb_data_ring.size_bits)=0\nOFFSET(prb_data_ring.data)=%u\n"
		 "OFFSET(prb_data_ring.head_lpos)=%u\nOFFSET(prb_data_ring.tail_lpos)=%u\n",
		 (unsigned long long)prb, desc_ring, w, 2 * w, 3 * w, 4 * w, 3 * w, w, w, w, 2 * w, 3 * w);
	vmcoreinfo_free(fake_dump.vmcoreinfo);
	fake_dump.vmcoreinfo = vmcoreinfo_new(text, strlen(text));
}

static uint64_t all_ones(void)
{
	return word == 4 ? UINT32_MAX : UINT64_MAX;
}

static void make_ring(uint8_t pointer_size, bool big_endian)
{
	arena_free(arena);
	arena = arena_new();
	fake_reset(pointer_size, big_endian);
	kernel = fake_kernel(arena);
	word = pointer_size;
	uint64_t prb = fake_alloc(8, 8);

	ring = fake_alloc(128, 8);
	infos = fake_alloc(COUNT * 88, 8);
	data = fake_alloc(SIZE, 8);
	descs = fake_alloc(COUNT * 3 * word, FAKE_PAGE); /* at the end, where a hole can take it */
	describe_ring(prb);
	fake_put_pointer(prb, ring);
	fake_put(ring, 4, COUNT_BITS);
	fake_put_pointer(ring + word, descs);
	fake_put_pointer(ring + 2 * word, infos);
	/* DESC0_ID and BLK0_LPOS: chosen by the kernel to overflow soon */
	next_id = (all_ones() >> 2) - COUNT + 1;
	next_lpos = (0 - (uint64_t)SIZE) & all_ones();
	fake_put_pointer(ring + 4 * word, next_id);
	fake_put(ring + 6 * word, 4, SIZE_BITS);
	fake_put_pointer(ring + 7 * word, data);
}

static void put_state(uint64_t id, unsigned state)
{
	fake_put_pointer(descs + (id & (COUNT - 1)) * 3 * word,
			 (uint64_t)state << (word * 8 - 2) | id);
}

static void put_block(uint64_t id, uint64_t begin, uint64_t next)
{
	uint64_t desc = descs + (id & (COUNT - 1)) * 3 * word;

	fake_put_pointer(desc + word, begin);
	fake_put_pointer(desc + 2 * word, next);
}

/* Adds a finalized record as the kernel does (data_alloc()); returns its id. */
static uint64_t add(uint64_t sequence, unsigned level, const char *text)
{
	uint64_t id = next_id, info = infos + (id & (COUNT - 1)) * 88;
	uint64_t size = (strlen(text) + word + word - 1) / word * word;
	uint64_t begin = next_lpos, next = (begin + size) & all_ones(), at = begin % SIZE;

	if (begin / SIZE != next / SIZE) { /* wraps: only the id stays behind */
		fake_put_pointer(data + at, id);
		next = (next / SIZE * SIZE + size) & all_ones();
		at = 0;
	}
	fake_put_pointer(data + at, id);
	fake_put_bytes(data + at + word, text, strlen(text));
	put_state(id, 2);
	put_block(id, begin, next);
	fake_put(info, 8, sequence);
	fake_put(info + 8, 8, 1000 * sequence);
	fake_put(info + 16, 2, strlen(text));
	fake_put(info + 19, 1, fake_dump.arch.big_endian ? level : level << 5);
	fake_put(info + 20, 4, 0x80000001);
	fake_put_pointer(ring + 3 * word, id);
	next_lpos = next;
	next_id = (id + 1) & (all_ones() >> 2);
	if (sequence >= COUNT)
		fake_put_pointer(ring + 4 * word, (next_id - COUNT) & (all_ones() >> 2));
	return id;
}

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

/* ---- the buffer before 5.10 ---- */

static uint64_t buffer;

static void make_buffer(void)
{
	static const char text[] =
		"SIZE(printk_log)=16\nOFFSET(printk_log.ts_nsec)=0\nOFFSET(printk_log.len)=8\n"
		"OFFSET(printk_log.text_len)=10\nOFFSET(printk_log.dict_len)=12\n";
	arena_free(arena);
	arena = arena_new();
	fake_reset(8, false);
	kernel = fake_kernel(arena);
	vmcoreinfo_free(fake_dump.vmcoreinfo);
	fake_dump.vmcoreinfo = vmcoreinfo_new(text, sizeof(text) - 1);
	static const char *const names[] = {"log_buf", "log_buf_len", "log_first_idx", "log_next_idx",
					    "log_first_seq"};
	for (size_t i = 0; i < 5; i++)
		fake_symbol(names[i], fake_alloc(8, 8));
	buffer = fake_alloc(SIZE, 8);
	fake_put(fake_symtab.symbols[0].address, 8, buffer);
	fake_put(fake_symtab.symbols[1].address, 4, SIZE);
}

/* Writes a record at `index`, with a dictionary behind the text; returns where the next one goes. */
static unsigned put_log(unsigned index, uint64_t time, unsigned level, const char *text)
{
	unsigned length = (16 + (unsigned)strlen(text) + 5 + 3) / 4 * 4;

	fake_put(buffer + index, 8, time);
	fake_put(buffer + index + 8, 2, length);
	fake_put(buffer + index + 10, 2, strlen(text));
	fake_put(buffer + index + 12, 2, 5);
	fake_put(buffer + index + 15, 1, level << 5);
	fake_put_bytes(buffer + index + 16, text, strlen(text));
	return index + length;
}

static void set_range(unsigned first, unsigned next, uint64_t sequence)
{
	fake_put(fake_symtab.symbols[2].address, 4, first);
	fake_put(fake_symtab.symbols[3].address, 4, next);
	fake_put(fake_symtab.symbols[4].address, 8, sequence);
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
