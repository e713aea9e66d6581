// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/freebsd.c"

#include "freebsd_host.h"
#include "test.h"
#include "vectors.h"

static struct freebsd_host host;
static struct session *session;
static uint64_t now;
static uint8_t packet_bytes[70000];

static void start_with(const struct freebsd_options *options, const char *herald)
{
	uint8_t bytes[2048];

	freebsd_host_init(&host);
	if (options->size_max)
		host.limit = options->size_max;
	now = 1000 * SESSION_SECOND;
	session = freebsd_new(&host.host, options, bytes, vector_get(herald, bytes), now);
}

static void start(void)
{
	start_with(&(struct freebsd_options){0}, "F1");
}

static void end(void)
{
	CHECK(!host.is_wrong);
	session->ops->free(session);
	session = NULL;
}

/* Hands over a datagram; whether it was acknowledged, and by its number. */
static bool give(uint32_t type, uint32_t seqno, uint64_t offset, const void *payload, uint32_t length)
{
	struct freebsd_message message = {.type = type, .seqno = seqno, .offset = offset, .length = length};
	unsigned acks = host.acks;

	freebsd_message_write(&message, packet_bytes);
	if (length)
		memcpy(packet_bytes + FREEBSD_HEADER, payload, length);
	now += SESSION_SECOND / 1000;
	session->ops->packet(session, packet_bytes, FREEBSD_HEADER + length, now);
	CHECK(host.acks - acks <= 1);
	return host.acks > acks && host.last_ack == seqno;
}

static bool give_vector(const char *name)
{
	uint8_t bytes[2048];
	size_t length = vector_get(name, bytes);
	unsigned acks = host.acks;

	now += SESSION_SECOND / 1000;
	session->ops->packet(session, bytes, length, now);
	return host.acks > acks && host.last_ack == wire_u32(bytes + 4);
}

static uint8_t data_byte(uint64_t offset)
{
	return (uint8_t)(offset ^ offset >> 8);
}

/* `length` bytes of a vmcore, in chunks of 1448. */
static void give_data(uint64_t from, uint64_t to)
{
	uint8_t chunk[1448];

	for (uint64_t at = from; at < to; at += sizeof(chunk)) {
		uint32_t length = to - at < sizeof(chunk) ? (uint32_t)(to - at) : sizeof(chunk);

		for (uint32_t i = 0; i < length; i++)
			chunk[i] = data_byte(at + i);
		CHECK(give(FREEBSD_VMCORE, (uint32_t)(2 + at / 1448), at, chunk, length));
	}
}

static void check_data(uint64_t from, uint64_t to)
{
	bool is_same = true;

	for (uint64_t i = from; i < to; i++)
		is_same &= host.core[i] == data_byte(i);
	CHECK(is_same);
}

TEST(freebsd_takes_a_whole_dump)
{
	start();
	CHECK(host.acks == 1 && host.last_ack == 1 && !host.begins && !session->is_proven);
	give_data(0, 65536);
	CHECK(host.begins == 1 && host.scripts == 1 && host.expected == 0 && host.writes[SESSION_VMCORE] == 46);
	CHECK(give_vector("F4"));
	CHECK_STR(host.meta.panic, "test panic");
	CHECK(host.meta.expected == 65536 && !host.finishes);
	CHECK(give_vector("F5") && host.finishes == 1 && host.end == SESSION_COMPLETE);
	check_data(0, 65536);
	CHECK(host.furthest == 65536 && host.meta.received == 65536 && host.meta.pages_sent == 16);
	CHECK(!host.meta.pages_missing && !host.meta.reason[0] && !host.meta.size && !host.meta.is_core_encrypted);
	CHECK_STR(host.meta.format, "freebsd");
	CHECK_STR(host.meta.core_suffix, "");
	CHECK(host.meta.packets == 49 && !host.meta.packets_dropped && !host.meta.retransmissions);
	CHECK_STR(host.info, "Dump from 192.0.2.7 [192.0.2.7]\n"
			     "  Architecture: amd64\n"
			     "  Architecture Version: 2\n"
			     "  Dump Length: 65536B (0 MB)\n"
			     "  Blocksize: 4096\n"
			     "  Compression: none\n"
			     "  Dumptime: 2023-11-14 22:13:20 +0000\n"
			     "  Hostname: crashbox\n"
			     "  Version String: FreeBSD 14.0-RELEASE\n"
			     "  Panic String: test panic\n"
			     "  Header Parity Check: Pass\n"
			     "Dump complete\n");
	end();
}

TEST(freebsd_acknowledges_with_four_bytes)
{
	static const char *const messages[] = {"F1", "F3c", "F5"}, *const answers[] = {"A1", "A3", "A5"};
	uint8_t want[2048];

	start();
	for (size_t i = 0; i < 3; i++) {
		CHECK(vector_get(answers[i], want) == 4);
		CHECK(give_vector(messages[i]) && host.last_ack == wire_u32(want)); /* the host looks at the length */
	}
	end();
}

TEST(freebsd_acknowledges_finished_again)
{
	start();
	give_data(0, 65536);
	give_vector("F4");
	CHECK(give_vector("F5") && freebsd_is_leaving(session));
	session->ops->finished(session, true, now);
	CHECK(!session->is_over);
	CHECK(give_vector("F5") && host.finishes == 1);
	CHECK(!give(FREEBSD_VMCORE, 50, 70000, "x", 1));
	session->ops->tick(session, now);
	CHECK(!session->is_over && session->deadline != SESSION_NEVER);
	now += 29 * SESSION_SECOND;
	CHECK(give_vector("F5"));
	session->ops->tick(session, session->deadline);
	CHECK(session->is_over && host.finishes == 1);
	end();
}

TEST(freebsd_waits_for_its_file)
{
	start();
	give_data(0, 65536);
	give_vector("F4");
	give_vector("F5");
	session->ops->tick(session, session->deadline);
	CHECK(!session->is_over && session->deadline == SESSION_NEVER);
	session->ops->finished(session, false, now + 60 * SESSION_SECOND);
	CHECK(session->is_over && host.notes == 1);
	end();
}

TEST(freebsd_takes_any_order)
{
	uint8_t key[300];

	memset(key, 7, sizeof(key));
	start();
	CHECK(give_vector("F4") && host.expected == 65536);
	CHECK(give(FREEBSD_EKCD_KEY, 3, 200, key + 200, 100));
	give_data(14480, 65536);
	CHECK(give(FREEBSD_EKCD_KEY, 4, 0, key, 200));
	give_data(0, 14480);
	CHECK(give_vector("F5") && host.end == SESSION_COMPLETE);
	check_data(0, 65536);
	CHECK(!memcmp(host.key, key, sizeof(key)) && host.writes[SESSION_KEY] == 2);
	end();
}

TEST(freebsd_reports_holes)
{
	struct extent hole = {0};

	start();
	give_data(0, 14480);
	give_data(17376, 40544);
	give_data(41992, 65536);
	give_vector("F4");
	CHECK(give_vector("F5") && host.end == SESSION_INCOMPLETE);
	CHECK_STR(host.meta.reason, "4344 bytes in 2 place(s) never arrived");
	CHECK(host.meta.pages_missing == 2 && host.meta.received == 65536 - 4344);
	CHECK(extents_hole(host.meta.holes_of, 0, 65536, &hole) && hole.start == 14480 && hole.end == 17376);
	CHECK(extents_hole(host.meta.holes_of, hole.end, 65536, &hole) && hole.start == 40544 && hole.end == 41992);
	CHECK(strstr(host.info, "Dump incomplete: 4344 bytes in 2 place(s) never arrived\n"));
	end();
}

TEST(freebsd_misses_both_ends)
{
	start();
	give_data(1448, 1448 * 45);
	give_vector("F4");
	give_vector("F5");
	CHECK_STR(host.meta.reason, "1824 bytes in 2 place(s) never arrived");
	end();
	start();
	give_vector("F4");
	give_vector("F5");
	CHECK_STR(host.meta.reason, "65536 bytes in 1 place(s) never arrived");
	end();
}

TEST(freebsd_does_not_trust_a_dump_without_its_header)
{
	uint8_t bytes[2048];

	start();
	give_data(0, 65536);
	CHECK(give_vector("F5") && host.end == SESSION_INCOMPLETE);
	CHECK(strstr(host.meta.reason, "no kernel dump header"));
	CHECK_STR(host.info, "Dump from 192.0.2.7 [192.0.2.7]\n"
			     "Dump incomplete: no kernel dump header arrived: the length is not known\n");
	end();
	start();
	give_data(0, 65536);
	vector_get("F4", bytes);
	bytes[24 + 47]++;
	CHECK(give(FREEBSD_KDH, 48, 0, bytes + 24, 512));
	CHECK(give_vector("F5") && host.end == SESSION_INCOMPLETE && !host.meta.expected);
	CHECK(strstr(host.info, "Header Parity Check: Fail\nDump incomplete: the kernel dump header is damaged"));
	end();
	start();
	bytes[24]++;
	CHECK(give(FREEBSD_KDH, 48, 0, bytes + 24, 512) && host.notes == 1);
	CHECK(give(FREEBSD_KDH, 48, 0, bytes + 24, 100));
	CHECK(give_vector("F5") && host.end == SESSION_INCOMPLETE);
	end();
}

/* Repeats the last word so that all of them XOR to 0, as kerneldump_parity() of sys/kerneldump.h does. */
static void fix_parity(uint8_t *kdh)
{
	uint32_t parity = 0;

	for (size_t i = 0; i < 508; i += 4)
		parity ^= wire_u32(kdh + i);
	wire_put_u32(kdh + 508, parity);
}

TEST(freebsd_knows_compressed_and_encrypted_dumps)
{
	uint8_t bytes[2048], *kdh = bytes + 24;

	vector_get("F4", bytes);
	kdh[495] = FREEBSD_ZSTD;
	wire_put_u64(kdh + 40, 65000);
	wire_put_u32(kdh + 56, 293);
	fix_parity(kdh);
	start();
	give_data(0, 65536);
	CHECK(give(FREEBSD_KDH, 48, 0, kdh, 512));
	CHECK(give_vector("F5") && host.end == SESSION_COMPLETE && host.meta.size == 65000);
	CHECK_STR(host.meta.core_suffix, ".zst");
	CHECK(host.meta.is_core_encrypted);
	end();
	/* A length that is off by more than the padding of a block cuts nothing. */
	wire_put_u64(kdh + 40, 512);
	fix_parity(kdh);
	start();
	give_data(0, 131072);
	CHECK(give(FREEBSD_KDH, 48, 0, kdh, 512));
	CHECK(give_vector("F5") && host.meta.size == 0);
	end();
}

TEST(freebsd_acknowledges_nothing_that_was_not_queued)
{
	start();
	host.refuses_writes = true;
	CHECK(!give(FREEBSD_VMCORE, 2, 0, "data", 4) && !give(FREEBSD_EKCD_KEY, 3, 0, "key", 3));
	CHECK(host.meta.packets_dropped == 2 && !host.meta.received);
	host.refuses_writes = false;
	CHECK(give(FREEBSD_VMCORE, 2, 0, "data", 4) && give(FREEBSD_EKCD_KEY, 3, 0, "key", 3));
	host.refuses_writes = true;
	/* What is there already need not be queued again. */
	CHECK(give(FREEBSD_VMCORE, 2, 0, "data", 4) && host.meta.retransmissions == 1);
	CHECK(!give(FREEBSD_VMCORE, 2, 2, "data", 4));
	CHECK(!give_vector("F5") && !host.finishes && !host.meta.reason[0]);
	host.refuses_writes = false;
	CHECK(give_vector("F5") && host.finishes == 1);
	end();
}

TEST(freebsd_gives_up_a_stuck_client_soon)
{
	start();
	host.refuses_writes = true;
	CHECK(!give(FREEBSD_VMCORE, 2, 0, "data", 4));
	CHECK(session->deadline < now + 60 * SESSION_SECOND);
	session->ops->tick(session, session->deadline);
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE);
	CHECK_STR(host.meta.reason, "the client gave up, since its data could not be written");
	session->ops->finished(session, true, session->deadline);
	CHECK(session->is_over);
	end();
}

TEST(freebsd_bounds_offsets)
{
	static const uint64_t beyond[] = {99998, 100001, UINT64_C(1) << 60, UINT64_MAX - 1, UINT64_MAX};

	start_with(&(struct freebsd_options){.size_max = 100000}, "F1");
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++)
		CHECK(!give(FREEBSD_VMCORE, 2, beyond[i], "data", 4));
	CHECK(host.notes == 1 && !host.begins);
	CHECK(give(FREEBSD_VMCORE, 2, 99996, "data", 4) && host.furthest == 100000);
	CHECK(give(FREEBSD_EKCD_KEY, 2, FREEBSD_KEY_MAX - 4, "data", 4));
	CHECK(!give(FREEBSD_EKCD_KEY, 2, FREEBSD_KEY_MAX - 3, "data", 4));
	CHECK(!give(FREEBSD_EKCD_KEY, 2, UINT64_MAX, "data", 4));
	end();
}

TEST(freebsd_writes_nothing_where_there_is_nothing)
{
	start();
	CHECK(give(FREEBSD_EKCD_KEY, 2, 0, "", 0) && give(FREEBSD_VMCORE, 3, 70000, "", 0) && host.begins == 1);
	CHECK(!host.writes[SESSION_KEY] && !host.writes[SESSION_VMCORE] && !host.meta.received);
	end();
}

TEST(freebsd_takes_what_a_jumbo_frame_holds)
{
	static uint8_t bytes[65507];

	memset(bytes, 3, sizeof(bytes));
	start();
	CHECK(give(FREEBSD_VMCORE, 2, 0, bytes, 8948) && give(FREEBSD_VMCORE, 2, 8948, bytes, 65507 - 24));
	CHECK(host.meta.received == 8948 + 65507 - 24);
	end();
}

TEST(freebsd_needs_room_to_begin)
{
	start();
	host.refuses_begin = true;
	CHECK(!give(FREEBSD_VMCORE, 2, 0, "data", 4) && host.finishes == 1 && host.end == SESSION_REFUSED);
	CHECK(!give(FREEBSD_VMCORE, 2, 0, "data", 4) && !give_vector("F5") && host.finishes == 1);
	session->ops->finished(session, false, now);
	CHECK(session->is_over && !host.notes);
	end();
}

TEST(freebsd_is_not_acknowledged_while_room_is_made)
{
	start();
	host.waits = 40;
	for (unsigned i = 0; i < 40; i++) {
		CHECK(!give(FREEBSD_VMCORE, 2, 0, "data", 4) && !host.finishes && !host.scripts);
		now += SESSION_SECOND;
		CHECK(session->deadline > now);
	}
	CHECK(give(FREEBSD_VMCORE, 2, 0, "data", 4) && host.begins == 1 && host.scripts == 1);
	end();
	start();
	host.waits = 2;
	CHECK(!give(FREEBSD_VMCORE, 2, 0, "data", 4));
	session->ops->tick(session, session->deadline);
	CHECK(session->is_over && !host.begins && !host.finishes);
	end();
}

TEST(freebsd_forgets_a_mere_herald)
{
	start();
	CHECK(!give_vector("F5") && !host.begins);
	CHECK(give_vector("F1") && host.acks == 2);
	session->ops->tick(session, session->deadline - 1);
	CHECK(!session->is_over);
	session->ops->tick(session, session->deadline);
	CHECK(session->is_over && !host.begins && !host.finishes);
	end();
}

TEST(freebsd_reads_the_path)
{
	start_with(&(struct freebsd_options){0}, "F1p");
	CHECK_STR(host.meta.path, "lab");
	CHECK(give(FREEBSD_HERALD, 1, 0, "../etc", 7) && host.notes == 1);
	CHECK_STR(host.meta.path, "");
	CHECK(give(FREEBSD_HERALD, 1, 0, "a/b", 4));
	give(FREEBSD_VMCORE, 2, 0, "data", 4);
	CHECK(!give(FREEBSD_HERALD, 1, 0, "c", 2));
	CHECK_STR(host.meta.path, "a/b");
	end();
}

TEST(freebsd_yields_to_a_client_that_was_silent)
{
	uint8_t herald[64], other[2048];
	size_t length = vector_get("F1", herald), other_length = vector_get("F3", other);

	start();
	CHECK(!freebsd_yields(session, herald, length, now + 20 * SESSION_SECOND));
	give(FREEBSD_VMCORE, 2, 0, "data", 4);
	CHECK(!freebsd_yields(session, herald, length, now + 14 * SESSION_SECOND));
	CHECK(freebsd_yields(session, herald, length, now + 16 * SESSION_SECOND));
	CHECK(!freebsd_yields(session, other, other_length, now + 16 * SESSION_SECOND));
	/* HERALDs that are refused are no sign of life of the dump's client. */
	now += 10 * SESSION_SECOND;
	CHECK(!give_vector("F1"));
	CHECK(freebsd_yields(session, herald, length, now + 6 * SESSION_SECOND));
	session->ops->stop(session, now);
	CHECK(host.end == SESSION_INCOMPLETE && !session->is_over && freebsd_is_leaving(session));
	session->ops->finished(session, true, now);
	CHECK(session->is_over);
	end();
	start();
	give_data(0, 65536);
	give_vector("F4");
	give_vector("F5");
	CHECK(!freebsd_yields(session, herald, length, now + SESSION_SECOND));
	CHECK(freebsd_yields(session, herald, length, now + 3 * SESSION_SECOND));
	end();
}

TEST(freebsd_is_proven_by_its_own_port)
{
	start_with(&(struct freebsd_options){.has_own_port = true}, "F1");
	CHECK(!session->is_proven);
	give_vector("F1");
	CHECK(!session->is_proven);
	give(FREEBSD_VMCORE, 2, 0, "data", 4);
	CHECK(session->is_proven);
	end();
	/* There is no room as yet, but the client is there. */
	start_with(&(struct freebsd_options){.has_own_port = true}, "F1");
	host.waits = 1;
	CHECK(!give(FREEBSD_VMCORE, 2, 0, "data", 4) && session->is_proven);
	end();
	start();
	give(FREEBSD_VMCORE, 2, 0, "data", 4);
	CHECK(!session->is_proven);
	end();
}

TEST(freebsd_waits_ten_minutes)
{
	start();
	give(FREEBSD_VMCORE, 2, 0, "data", 4);
	CHECK(session->deadline == now + 600 * SESSION_SECOND);
	now += 599 * SESSION_SECOND;
	session->ops->tick(session, now);
	CHECK(!host.finishes);
	give(FREEBSD_VMCORE, 3, 4, "data", 4);
	now += 599 * SESSION_SECOND;
	give_vector("F1"); /* anybody's */
	session->ops->tick(session, now + 2 * SESSION_SECOND);
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE);
	CHECK_STR(host.meta.reason, "the client fell silent");
	end();
}

TEST(freebsd_stops)
{
	start();
	session->ops->stop(session, now);
	CHECK(session->is_over && !host.finishes);
	end();
	start();
	give(FREEBSD_VMCORE, 2, 0, "data", 4);
	host.refuses_writes = true;
	session->ops->stop(session, now);
	CHECK(host.finishes == 1 && host.end == SESSION_INCOMPLETE && host.notes == 2 && !session->is_over);
	session->ops->finished(session, true, now);
	CHECK(session->is_over);
	end();
	start();
	give_vector("F4");
	give_vector("F5");
	session->ops->finished(session, true, now);
	session->ops->stop(session, now);
	CHECK(session->is_over && host.finishes == 1);
	end();
}

TEST(freebsd_begins_with_a_herald_only)
{
	uint8_t bytes[2048];

	freebsd_host_init(&host);
	CHECK(!freebsd_new(&host.host, &(struct freebsd_options){0}, bytes, vector_get("F3", bytes), 0));
	CHECK(!freebsd_new(&host.host, &(struct freebsd_options){0}, bytes, vector_get("F1", bytes) - 1, 0));
	CHECK(!host.acks);
}

TEST(freebsd_bounds_the_map)
{
	uint32_t seqno = 1;

	start();
	for (uint64_t i = 0; i < EXTENTS_MAX; i++)
		CHECK(give(FREEBSD_VMCORE, ++seqno, i * 3, "d", 1));
	CHECK(!give(FREEBSD_VMCORE, ++seqno, EXTENTS_MAX * UINT64_C(3), "d", 1));
	CHECK(give(FREEBSD_VMCORE, ++seqno, 1, "d", 1));
	end();
}

TEST_MAIN
