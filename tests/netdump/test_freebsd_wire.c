// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/freebsd.c"

#include "test.h"
#include "vectors.h"

static uint8_t packet[2048];

TEST(freebsd_messages_are_read_and_written)
{
	static const struct {
		const char *name;
		struct freebsd_message message; /* without its payload */
	} cases[] = {
		{"F1", {FREEBSD_HERALD, 1, 0, NULL, 0}},
		{"F1p", {FREEBSD_HERALD, 1, 0, NULL, 4}},
		{"F2", {FREEBSD_EKCD_KEY, 2, 0, NULL, 293}},
		{"F3", {FREEBSD_VMCORE, 2, 0, NULL, 1448}},
		{"F3b", {FREEBSD_VMCORE, 3, 1448, NULL, 1448}},
		{"F3c", {FREEBSD_VMCORE, 47, 65160, NULL, 376}},
		{"F4", {FREEBSD_KDH, 48, 0, NULL, 512}},
		{"F5", {FREEBSD_FINISHED, 49, 0, NULL, 0}},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct freebsd_message *want = &cases[i].message;
		struct freebsd_message got = {0};
		uint8_t written[FREEBSD_HEADER];
		size_t length = vector_get(cases[i].name, packet);

		freebsd_message_write(want, written);
		CHECK(!memcmp(written, packet, sizeof(written)));
		CHECK(freebsd_message_parse(packet, length, &got));
		CHECK(got.type == want->type && got.seqno == want->seqno && got.offset == want->offset);
		CHECK(got.length == want->length && got.payload == packet + 24);
		CHECK(!freebsd_message_parse(packet, length - 1, &got));
		CHECK(!freebsd_message_parse(packet, length + 1, &got));
	}
}

TEST(freebsd_refuses_unknown_types)
{
	struct freebsd_message message;
	size_t length = vector_get("F5", packet);

	packet[3] = 0;
	CHECK(!freebsd_message_parse(packet, length, &message));
	packet[3] = 6;
	CHECK(!freebsd_message_parse(packet, length, &message));
	packet[3] = 2, packet[0] = 1;
	CHECK(!freebsd_message_parse(packet, length, &message));
}

TEST(freebsd_reads_the_header_of_the_dump)
{
	struct freebsd_kdh kdh;
	size_t length = vector_get("F4", packet);

	CHECK(freebsd_kdh_parse(packet + 24, length - 24, &kdh));
	CHECK_STR(kdh.magic, "FreeBSD Kernel Dump");
	CHECK_STR(kdh.architecture, "amd64");
	CHECK_STR(kdh.hostname, "crashbox");
	CHECK_STR(kdh.version_string, "FreeBSD 14.0-RELEASE");
	CHECK_STR(kdh.panic_string, "test panic");
	CHECK(kdh.version == 4 && kdh.architecture_version == 2 && kdh.block_size == 4096 && kdh.key_size == 0);
	CHECK(kdh.dump_length == 65536 && kdh.dump_extent == 65536 && kdh.dump_time == 0x6553f100);
	CHECK(kdh.compression == FREEBSD_PLAIN && kdh.parity_fits);
	CHECK(!freebsd_kdh_parse(packet + 24, length - 25, &kdh));
	packet[24 + 100]++;
	CHECK(freebsd_kdh_parse(packet + 24, length - 24, &kdh) && !kdh.parity_fits);
	packet[24]++;
	CHECK(!freebsd_kdh_parse(packet + 24, length - 24, &kdh));
}

/* Places of section 2.5's table: the test puts numbers there, each its own. */
TEST(freebsd_reads_each_version_of_the_header)
{
	static const struct {
		uint32_t version;
		uint16_t extent, time, key_size, block_size, compression, hostname, version_string, panic_string, panic_size;
	} cases[] = {
		{1, 0, 48, 0, 56, 0, 60, 124, 316, 192},
		{2, 0, 48, 56, 60, 0, 64, 128, 320, 188},
		{3, 48, 56, 64, 68, 72, 73, 137, 329, 179},
		{4, 496, 48, 56, 60, 495, 64, 128, 320, 175},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[FREEBSD_KDH_SIZE] = "FreeBSD Kernel Dump";
		struct freebsd_kdh kdh = {0};

		bytes[35] = (uint8_t)cases[i].version;
		bytes[40] = 1; /* 2^56 */
		bytes[cases[i].time + 7] = 9;
		bytes[cases[i].block_size + 2] = 2;
		memcpy(bytes + cases[i].hostname, "host", 4);
		memcpy(bytes + cases[i].version_string, "version\n", 8);
		memset(bytes + cases[i].panic_string, 'p', cases[i].panic_size);
		if (cases[i].extent)
			bytes[cases[i].extent + 7] = 8;
		if (cases[i].key_size)
			bytes[cases[i].key_size + 3] = 37;
		if (cases[i].compression)
			bytes[cases[i].compression] = FREEBSD_ZSTD;
		CHECK(freebsd_kdh_parse(bytes, sizeof(bytes), &kdh));
		CHECK(kdh.dump_length == UINT64_C(1) << 56 && kdh.dump_time == 9 && kdh.block_size == 512);
		CHECK(kdh.dump_extent == (cases[i].extent ? 8 : 0) && kdh.key_size == (cases[i].key_size ? 37 : 0));
		CHECK(kdh.compression == (cases[i].compression ? FREEBSD_ZSTD : FREEBSD_PLAIN));
		CHECK_STR(kdh.hostname, "host");
		CHECK_STR(kdh.version_string, "version");
		CHECK(strlen(kdh.panic_string) == cases[i].panic_size);
	}
}

TEST(freebsd_refuses_headers_of_other_versions)
{
	uint8_t bytes[FREEBSD_KDH_SIZE] = "FreeBSD Kernel Dump";
	struct freebsd_kdh kdh;

	CHECK(!freebsd_kdh_parse(bytes, sizeof(bytes), &kdh));
	bytes[35] = 5;
	CHECK(!freebsd_kdh_parse(bytes, sizeof(bytes), &kdh));
	bytes[35] = 4;
	CHECK(freebsd_kdh_parse(bytes, sizeof(bytes), &kdh));
	bytes[495] = 3;
	CHECK(!freebsd_kdh_parse(bytes, sizeof(bytes), &kdh));
}

TEST(freebsd_texts_are_printable)
{
	uint8_t bytes[FREEBSD_KDH_SIZE] = "FreeBSD Text Dump";
	struct freebsd_kdh kdh = {0};

	bytes[35] = 4;
	memcpy(bytes + 320, "a\x1b[2J\xff\nb\n\n", 10);
	CHECK(freebsd_kdh_parse(bytes, sizeof(bytes), &kdh));
	CHECK_STR(kdh.panic_string, "a [2J  b");
	CHECK_STR(kdh.hostname, "");
}

TEST(freebsd_paths_stay_below)
{
	static const struct {
		const char *bytes;
		size_t length;
		bool is_fine;
	} cases[] = {
		{"lab", 4, true},        {"lab/rack 3/..a", 15, true}, {".", 2, true},    {"a/.../b", 8, true},
		{"", 0, false},          {"", 1, false},               {"lab", 3, false}, {"la\0b", 5, false},
		{"/lab", 5, false},      {"..", 3, false},             {"a/..", 5, false}, {"a/../b", 7, false},
		{"../b", 5, false},      {"a//../b", 8, false},        {"a\nb", 4, false}, {"a\x7f", 3, false},
		{"lab\0", 5, false},
	};
	char path[FREEBSD_PATH_MAX], longest[FREEBSD_PATH_MAX + 2];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool is_fine = freebsd_path_parse((const uint8_t *)cases[i].bytes, cases[i].length, path);

		CHECK(is_fine == cases[i].is_fine);
		if (is_fine)
			CHECK_STR(path, cases[i].bytes);
	}
	memset(longest, 'a', sizeof(longest));
	longest[FREEBSD_PATH_MAX - 1] = '\0';
	CHECK(freebsd_path_parse((const uint8_t *)longest, FREEBSD_PATH_MAX, path));
	longest[FREEBSD_PATH_MAX - 1] = 'a', longest[FREEBSD_PATH_MAX] = '\0';
	CHECK(!freebsd_path_parse((const uint8_t *)longest, FREEBSD_PATH_MAX + 1, path));
}

TEST_MAIN
