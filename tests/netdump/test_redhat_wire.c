// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/redhat.c"

#include "test.h"
#include "vectors.h"

static uint8_t packet[2048];

static const uint64_t MAGIC = 0x1122334455667788;

TEST(redhat_requests_are_written_and_read)
{
	static const struct {
		const char *name;
		struct redhat_request request;
	} cases[] = {
		{"S1", {MAGIC, 1, REDHAT_START_ACK, 5, 0}},
		{"S2", {MAGIC, 2, REDHAT_HELLO, 0, 0}},
		{"S3", {MAGIC, 3, REDHAT_GET_PAGE_SIZE, 0, 0}},
		{"S4", {MAGIC, 4, REDHAT_GET_NR_PAGES, 0, 0}},
		{"S5", {MAGIC, 5, REDHAT_GET_REGS, 0, 0}},
		{"S6", {MAGIC, 6, REDHAT_SEND_MEM, 0x100, 0x101}},
		{"S7", {MAGIC, 7, REDHAT_SEND_MEM, 0xa0, 0xa1}},
		{"S8", {MAGIC, 8, REDHAT_SEND_MEM, 0x10000, 0x10001}},
		{"S9", {MAGIC, 9, REDHAT_SHOW_STATE, 0, 0}},
		{"S10", {MAGIC, 10, REDHAT_REBOOT, 0, 0}},
		{"S11", {MAGIC, 11, REDHAT_EXIT, 0, 0}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct redhat_request *want = &cases[i].request;
		uint8_t written[REDHAT_REQUEST_SIZE];
		struct redhat_request got = {0};
		struct redhat_reply reply;
		size_t length = vector_get(cases[i].name, packet);

		CHECK(length == REDHAT_REQUEST_SIZE);
		redhat_request_write(want, written);
		CHECK(!memcmp(written, packet, sizeof(written)));
		CHECK(redhat_request_parse(packet, length, &got));
		CHECK(got.magic == want->magic && got.nr == want->nr && got.command == want->command);
		CHECK(got.from == want->from && got.to == want->to);
		CHECK(!redhat_reply_parse(packet, length, &reply));
	}
}

TEST(redhat_replies_are_read_and_written)
{
	static const struct {
		const char *name;
		struct redhat_reply reply; /* without its payload */
		const char *text;          /* with which the payload begins */
	} cases[] = {
		{"C1", {4, 3, REDHAT_REPLY_START, 5, NULL, 79}, "task_struct:0xc1234000 page_offset:0xc0000000 "},
		{"C2", {5, 2, REDHAT_REPLY_HELLO, 4, NULL, 36}, "Hello, this is netdump version 0.04\n"},
		{"C3", {5, 3, REDHAT_REPLY_PAGE_SIZE, 4096, NULL, 16}, "PAGE_SIZE: 4096\n"},
		{"C4", {5, 4, REDHAT_REPLY_NR_PAGES, 65536, NULL, 23}, "Number of pages: 65536\n"},
		{"C5", {5, 5, REDHAT_REPLY_REGS, 64000, NULL, 92}, "Sending register info.\n\x10"},
		{"C6.0", {5, 6, REDHAT_REPLY_MEM, 0, NULL, 1024}, ""},
		{"C6.1", {5, 6, REDHAT_REPLY_MEM, 0x400, NULL, 1024}, ""},
		{"C6.2", {5, 6, REDHAT_REPLY_MEM, 0x800, NULL, 1024}, ""},
		{"C6.3", {5, 6, REDHAT_REPLY_MEM, 0xc00, NULL, 1024}, ""},
		{"C7", {5, 7, REDHAT_REPLY_RESERVED, 0x100, NULL, 0}, ""},
		{"C8", {5, 8, REDHAT_REPLY_ERROR, 0, NULL, 50}, "page 00010000 is bigger than max page # 00010000!\n"},
		{"C8b", {5, 1, REDHAT_REPLY_ERROR, 7, NULL, 28}, "Got unknown command code 7!\n"},
		{"C9", {5, 9, REDHAT_REPLY_SHOW_STATE, 0, NULL, 23}, "Number of pages: 65536\n"},
		{"C10", {4, 0, REDHAT_REPLY_LOG, 0x2f, NULL, 19}, "SysRq : Show State\n"},
		{"C11", {5, 0, REDHAT_REPLY_END, 0, NULL, 13}, "NETDUMP end.\n"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct redhat_reply *want = &cases[i].reply;
		uint8_t written[REDHAT_REPLY_HEADER];
		struct redhat_reply got = {0};
		size_t length = vector_get(cases[i].name, packet);

		redhat_reply_write(want, written);
		CHECK(!memcmp(written, packet, sizeof(written)));
		CHECK(redhat_reply_parse(packet, length, &got));
		CHECK(got.version == want->version && got.nr == want->nr && got.code == want->code && got.info == want->info);
		CHECK(got.payload == packet + 13 && got.length == want->length);
		CHECK(!memcmp(got.payload, cases[i].text, strlen(cases[i].text)));
	}
}

TEST(redhat_refuses_what_is_no_reply)
{
	struct redhat_reply reply;
	size_t length = vector_get("C7", packet);

	CHECK(!redhat_reply_parse(packet, length - 1, &reply));
	packet[0] = 0;
	CHECK(!redhat_reply_parse(packet, length, &reply));
	packet[0] = 9;
	CHECK(!redhat_reply_parse(packet, length, &reply));
	packet[0] = 8;
	CHECK(redhat_reply_parse(packet, length, &reply));
	packet[8] = 0;
	CHECK(!redhat_reply_parse(packet, length, &reply));
	packet[8] = 13;
	CHECK(!redhat_reply_parse(packet, length, &reply));
	packet[8] = 12;
	CHECK(redhat_reply_parse(packet, length, &reply));
	CHECK(!redhat_reply_parse((const uint8_t *)"[   12.345678] usb 1-1: new device\n", 35, &reply));
}

TEST(redhat_cuts_the_offset_of_lkcd)
{
	struct redhat_reply reply;
	size_t length = vector_get("C6.0", packet);

	packet[5] = 0x12, packet[6] = 0x34, packet[7] = 0x56;
	CHECK(redhat_reply_parse(packet, length, &reply) && reply.code == REDHAT_REPLY_MEM);
}

/* Memory that looks like a command does not make a request of a chunk. */
TEST(redhat_takes_a_chunk_for_a_reply)
{
	struct redhat_reply reply;
	size_t length = vector_get("C6.0", packet);

	memset(packet + 13, 0, 1024);
	packet[15] = REDHAT_REBOOT;
	CHECK(redhat_reply_parse(packet, length, &reply) && reply.code == REDHAT_REPLY_MEM);
}

/* A magic whose bytes make a header of a reply. */
TEST(redhat_takes_a_request_for_a_request)
{
	struct redhat_reply reply;
	struct redhat_request request = {.magic = 0x0400000000000000, .nr = 0x03000000, .command = REDHAT_SEND_MEM};
	uint8_t bytes[REDHAT_REQUEST_SIZE + 1] = {0};

	redhat_request_write(&request, bytes);
	CHECK(!redhat_reply_parse(bytes, REDHAT_REQUEST_SIZE, &reply));
	CHECK(redhat_reply_parse(bytes, REDHAT_REQUEST_SIZE + 1, &reply));
	CHECK(!redhat_request_parse(bytes, REDHAT_REQUEST_SIZE - 1, &request));
	bytes[15] = 0;
	CHECK(!redhat_request_parse(bytes, REDHAT_REQUEST_SIZE, &request));
	bytes[15] = 10;
	CHECK(!redhat_request_parse(bytes, REDHAT_REQUEST_SIZE, &request));
}

static struct redhat_start parse(const char *text)
{
	struct redhat_start start;

	redhat_start_parse((const uint8_t *)text, strlen(text), &start);
	return start;
}

TEST(redhat_reads_the_text_of_start)
{
	struct redhat_start start;
	size_t length = vector_get("C1", packet);

	redhat_start_parse(packet + 13, length - 13, &start);
	CHECK(start.task_struct == 0xc1234000 && start.page_offset == 0xc0000000);
	CHECK(start.has_magic && start.magic == MAGIC && !start.offer && !start.offer_length);
	start = parse("task_struct:0xffff810037c4d7a0 page_offset:0xffff810000000000 netdump_magic:0x0\n");
	CHECK(start.task_struct == 0xffff810037c4d7a0 && start.has_magic && !start.magic);
	start = parse("NETDUMP start, waiting for start-ACK.\n");
	CHECK(!start.task_struct && !start.has_magic);
	start = parse("");
	CHECK(!start.task_struct && !start.offer);
}

TEST(redhat_reads_only_whole_numbers_in_start)
{
	CHECK(!parse("task_struct:0x\n").task_struct);
	CHECK(!parse("task_struct:0x12g\n").task_struct);
	CHECK(!parse("task_struct:12\n").task_struct);
	CHECK(!parse("task_struct:0x11112222333344445\n").task_struct);
	CHECK(!parse("a_task_struct:0x1\n").task_struct);
	CHECK(!parse("netdump_magic:0x-1\n").has_magic);
	CHECK(parse("new:0x7  page_offset:0x1F task_struct:0x2").page_offset == 0x1f);
	CHECK(parse("new:0x7  page_offset:0x1F task_struct:0x2").task_struct == 2);
}

TEST(redhat_finds_the_offer_behind_the_text)
{
	static const uint8_t text[] = "task_struct:0x1 page_offset:0x2 netdump_magic:0x3\n\0six task_struct:0x9";
	struct redhat_start start;

	redhat_start_parse(text, sizeof(text) - 1, &start);
	CHECK(start.task_struct == 1 && start.magic == 3);
	CHECK(start.offer_length == 20 && !memcmp(start.offer, "\0six ", 5));
}

TEST(redhat_knows_the_registers)
{
	CHECK(redhat_registers_size(REDHAT_I386) == 17 * 4);
	CHECK(redhat_registers_size(REDHAT_X86_64) == 27 * 8);
	CHECK(redhat_registers_size(REDHAT_PPC64) == 48 * 8);
	CHECK(redhat_registers_size(REDHAT_IA64) == 44 * 8 + 6 * 16);
	CHECK(redhat_registers_size(0) == 0 && redhat_registers_size(183) == 0);
}

TEST_MAIN
