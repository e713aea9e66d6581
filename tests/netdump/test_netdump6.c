// SPDX-License-Identifier: GPL-2.0-or-later
// The messages of version 6, and a session that gets what no honest client sends.
#include "session/netdump6.c"

#include "network.h"
#include "test.h"

/* ---- messages -------------------------------------------------------------------------------- */

TEST(messages_are_read_as_they_were_written)
{
	struct nd6_header header = {ND6_DATA, 0x1122334455667788, 0x99aabbccddeeff00}, header_read;
	struct nd6_open open = {.id = "0123456789abcde", .size = 1 << 30, .expected = 7, .is_kdump = 1, .machine = 62,
				.text_length = 4, .text = "host"}, open_read;
	struct nd6_accept accept = {.session = 5, .window = 6, .datagram_max = 9000, .have = 8}, accept_read;
	struct nd6_ack ack = {.delay_us = 1, .received = 30, .written = 20, .window = 4, .count = 2,
			      .ranges = {{10, 20}, {2, 8}}};
	struct nd6_extents extents = {.from = 3, .is_last = true, .count = 2, .items = {{1, 2}, {4, 9}}};
	struct nd6_done done = {1, 2, 3}, done_read;
	struct nd6_refuse refuse = {.reason = ND6_BUSY, .retry_s = 300, .text = "later"}, refuse_read;
	struct nd6_extents extents_read;
	struct nd6_ack ack_read;
	uint8_t bytes[ND6_DATAGRAM_MIN] = {0};

	CHECK(nd6_header_write(&header, bytes) == ND6_HEADER);
	CHECK(nd6_header_parse(bytes, ND6_HEADER + ND6_TAG, &header_read));
	CHECK(header_read.type == header.type && header_read.session == header.session &&
	      header_read.number == header.number);
	CHECK(nd6_open_parse(bytes, nd6_open_write(&open, bytes), &open_read));
	CHECK(!memcmp(open.id, open_read.id, ND6_ID_SIZE) && open_read.size == 1 << 30 && open_read.expected == 7 &&
	      open_read.is_kdump && open_read.machine == 62 && !strcmp(open_read.text, "host"));
	CHECK(!open_read.is_check);
	open.is_check = 1;
	CHECK(nd6_open_parse(bytes, nd6_open_write(&open, bytes), &open_read));
	CHECK(open_read.is_check == 1 && open_read.is_kdump == 1);
	CHECK(nd6_accept_parse(bytes, nd6_accept_write(&accept, bytes), &accept_read));
	CHECK(accept_read.session == 5 && accept_read.window == 6 && accept_read.datagram_max == 9000 &&
	      accept_read.have == 8);
	CHECK(nd6_ack_parse(bytes, nd6_ack_write(&ack, bytes), &ack_read));
	CHECK(ack_read.delay_us == 1 && ack_read.received == 30 && ack_read.written == 20 && ack_read.window == 4 &&
	      ack_read.count == 2 && ack_read.ranges[0].first == 10 && ack_read.ranges[1].last == 8);
	CHECK(nd6_extents_parse(bytes, nd6_extents_write(&extents, bytes), &extents_read));
	CHECK(extents_read.from == 3 && extents_read.is_last && extents_read.count == 2 &&
	      extents_read.items[1].end == 9);
	CHECK(nd6_done_parse(bytes, nd6_done_write(&done, bytes), &done_read));
	CHECK(done_read.is_complete == 1 && done_read.size == 2 && done_read.missing == 3);
	CHECK(nd6_refuse_parse(bytes, nd6_refuse_write(&refuse, bytes), &refuse_read));
	CHECK(refuse_read.reason == ND6_BUSY && refuse_read.retry_s == 300);
	CHECK_STR(refuse_read.text, "later");
}

TEST(headers_that_are_none_are_not_read)
{
	struct nd6_header header = {ND6_DATA, 1, 2}, read;
	uint8_t bytes[ND6_HEADER + ND6_TAG] = {0};

	nd6_header_write(&header, bytes);
	CHECK(!nd6_header_parse(bytes, sizeof(bytes) - 1, &read));
	for (unsigned type = 0; type < 256; type++) {
		bytes[3] = (uint8_t)type;
		CHECK(nd6_header_parse(bytes, sizeof(bytes), &read) ==
		      ((type >= 1 && type <= 9) || (type >= 17 && type <= 21)));
	}
	bytes[3] = ND6_DATA;
	for (unsigned at = 0; at < 3; at++) {
		bytes[at] ^= 1;
		CHECK(!nd6_header_parse(bytes, sizeof(bytes), &read));
		bytes[at] ^= 1;
	}
}

TEST(ranges_that_contradict_each_other_are_not_read)
{
	static const struct nd6_range bad[][2] = {
		{{5, 4}, {1, 2}}, {{5, 6}, {3, 5}}, {{5, 6}, {7, 9}}, {{5, 6}, {3, 4}},
	};
	uint8_t bytes[ND6_DATAGRAM_MIN];
	struct nd6_ack read;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct nd6_ack ack = {.count = 2, .ranges = {bad[i][0], bad[i][1]}};

		CHECK(!nd6_ack_parse(bytes, nd6_ack_write(&ack, bytes), &read));
	}
	struct nd6_ack more = {.received = 1, .written = 2};

	CHECK(!nd6_ack_parse(bytes, nd6_ack_write(&more, bytes), &read));
	struct nd6_extents extents = {.count = 2, .items = {{4, 9}, {8, 10}}}, extents_read;

	CHECK(!nd6_extents_parse(bytes, nd6_extents_write(&extents, bytes), &extents_read));
	extents.items[1].start = 9;
	CHECK(nd6_extents_parse(bytes, nd6_extents_write(&extents, bytes), &extents_read));
}

TEST(texts_that_a_terminal_would_obey_are_not_read)
{
	struct nd6_open open = {.text_length = 3, .text = "a\33b"}, open_read;
	struct nd6_refuse refuse = {.reason = ND6_BUSY, .text = "a\nb"}, refuse_read;
	uint8_t bytes[ND6_DATAGRAM_MIN];

	CHECK(!nd6_open_parse(bytes, nd6_open_write(&open, bytes), &open_read));
	CHECK(!nd6_refuse_parse(bytes, nd6_refuse_write(&refuse, bytes), &refuse_read));
	open.text_length = 1;
	open.size = UINT64_C(1) << 49;
	CHECK(!nd6_open_parse(bytes, nd6_open_write(&open, bytes), &open_read));
}

/* ---- ranges ---------------------------------------------------------------------------------- */

/* Against a plain set of numbers. */
TEST(ranges_hold_the_largest_numbers_in_any_order)
{
	struct world random = {.random = 5};

	for (unsigned round = 0; round < 300; round++) {
		bool has[400] = {0};
		struct nd6_ack ack = {0}, read;
		uint8_t bytes[ND6_DATAGRAM_MIN];
		unsigned spread = round % 2 ? 100 : 400;

		for (unsigned i = 0; i < spread; i++) {
			uint64_t number = world_random(&random) % spread;

			has[number] = true;
			ranges_add(&ack, number);
		}
		CHECK(nd6_ack_parse(bytes, nd6_ack_write(&ack, bytes), &read));
		unsigned at = 0;

		for (uint64_t number = spread; number-- > 0;) {
			while (at < ack.count && ack.ranges[at].first > number)
				at++;
			bool is_in = at < ack.count && ack.ranges[at].first <= number && number <= ack.ranges[at].last;

			/* Of a hundred numbers there cannot be more ranges than are kept. */
			CHECK(spread == 100 ? is_in == has[number] : !is_in || has[number]);
		}
	}
}

/* ---- hostile clients ------------------------------------------------------------------------- */

enum { FILE_SIZE = 1 << 20 };

static struct nd6_header last; /* of what the server sent */
static struct nd6_ack last_ack;
static struct nd6_refuse last_refuse;
static uint64_t session_number;
static unsigned answers;

static void note_send(struct session_host *host, const void *bytes, size_t length)
{
	const uint8_t *payload = (const uint8_t *)bytes + ND6_HEADER;
	size_t payload_length = length - ND6_HEADER - ND6_TAG;
	struct nd6_accept accept;

	(void)host;
	CHECK(nd6_header_parse(bytes, length, &last));
	answers++;
	if (last.type == ND6_ACCEPT && nd6_accept_parse(payload, payload_length, &accept))
		session_number = accept.session;
	if (last.type == ND6_ACK)
		CHECK(nd6_ack_parse(payload, payload_length, &last_ack));
	if (last.type == ND6_REFUSE)
		CHECK(nd6_refuse_parse(payload, payload_length, &last_refuse));
}

static size_t write_open(const struct world *world, uint64_t number, uint8_t id, uint8_t *packet)
{
	struct nd6_header header = {ND6_OPEN, 0, number};
	struct nd6_open open = {.id = {id}, .size = FILE_SIZE, .text = "x", .text_length = 1};
	struct seal_direction to_server, to_client;

	nd6_header_write(&header, packet);
	seal_cookie_make(&world->listener.cookies, &world->address, world->now, packet + ND6_HEADER);
	size_t length = ND6_COOKIE_SIZE + nd6_open_write(&open, packet + ND6_HEADER + ND6_COOKIE_SIZE);

	seal_plain(0, &to_server, &to_client);
	seal_packet(&to_server, number, packet, ND6_HEADER, length);
	return ND6_HEADER + length + ND6_TAG;
}

static void begin(struct world *world, struct session_host_ops *ops)
{
	uint8_t packet[ND6_DATAGRAM_MIN];

	world_init(world, 1, FILE_SIZE);
	*ops = host_ops;
	ops->send = note_send;
	world->host.ops = ops;
	answers = 0;
	last_ack = (struct nd6_ack){0};
	server_receive(world, packet, write_open(world, 7, 1, packet));
	CHECK(answers == 1 && last.type == ND6_ACCEPT && last.number == 7 && world->session);
}

static void give(struct world *world, uint64_t session, uint8_t type, uint64_t number, const void *payload,
		 size_t length)
{
	struct nd6_header header = {type, session, number};
	struct seal_direction to_server, to_client;
	uint8_t packet[ND6_DATAGRAM_MIN];

	nd6_header_write(&header, packet);
	memcpy(packet + ND6_HEADER, payload, length);
	seal_plain(session, &to_server, &to_client);
	seal_packet(&to_server, number, packet, ND6_HEADER, length);
	server_receive(world, packet, ND6_HEADER + length + ND6_TAG);
	server_run(world);
}

/* Bytes of the file that the session has after these 64-bit numbers came as a message. */
static uint64_t have_after(struct world *world, uint8_t type, uint64_t number, uint64_t first, uint64_t second)
{
	uint8_t payload[16];

	wire_put_u64(payload, first);
	wire_put_u64(payload + 8, second);
	give(world, session_number, type, number, payload, sizeof(payload));
	return netdump6_have(world->session)->bytes;
}

TEST(session_counts_each_packet_of_its_client_once)
{
	uint8_t packet[ND6_DATAGRAM_MIN], offset[16] = {0};
	struct session_host_ops ops;
	struct world world;

	begin(&world, &ops);
	CHECK(world.meta.packets == 1);
	for (uint64_t number = 10; number < 20; number++)
		give(&world, session_number, ND6_DATA, number, offset, sizeof(offset));
	CHECK(world.meta.packets == 11 && !world.meta.packets_dropped);
	/* A number that came before, and the tag of another session. */
	give(&world, session_number, ND6_DATA, 19, offset, sizeof(offset));
	give(&world, session_number ^ 2, ND6_DATA, 30, offset, sizeof(offset));
	CHECK(world.meta.packets == 11);
	server_receive(&world, packet, write_open(&world, 7, 1, packet));
	CHECK(world.meta.packets == 12 && last.type == ND6_ACCEPT);
	world_deinit(&world);
}

TEST(session_takes_nothing_from_outside_the_file)
{
	static const uint64_t bad[][2] = {
		{FILE_SIZE, 1}, {0, FILE_SIZE + 1}, {UINT64_MAX, 1}, {UINT64_MAX - 4, 8}, {1, UINT64_MAX}, {5, 0},
		{FILE_SIZE - 1, 2},
	};
	struct session_host_ops ops;
	struct world world;
	uint64_t number = 10;

	begin(&world, &ops);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(have_after(&world, ND6_ZERO, number++, bad[i][0], bad[i][1]) == 0);
	/* DATA of 8 bytes. */
	CHECK(have_after(&world, ND6_DATA, number++, FILE_SIZE - 7, 0) == 0);
	CHECK(have_after(&world, ND6_DATA, number++, UINT64_MAX, 0) == 0);
	CHECK(last_ack.count == 0 && world.file_end == 0);
	CHECK(have_after(&world, ND6_DATA, number++, FILE_SIZE - 8, 0) == 8);
	CHECK(last_ack.count == 1 && last_ack.ranges[0].last == number - 1);
	world_deinit(&world);
}

TEST(session_takes_each_number_once_and_none_with_a_wrong_tag)
{
	struct session_host_ops ops;
	struct world world;

	begin(&world, &ops);
	CHECK(have_after(&world, ND6_DATA, 10, 0, UINT64_MAX) == 8 && world.file[0] == 0xff);
	CHECK(have_after(&world, ND6_DATA, 10, 0, 0) == 8 && world.file[0] == 0xff);
	CHECK(have_after(&world, ND6_DATA, 9, 0, 0) == 8 && world.file[0] == 0);
	CHECK(have_after(&world, ND6_DATA, 8, 100, 0) == 16);
	uint64_t saved = session_number;

	session_number ^= 2;
	CHECK(have_after(&world, ND6_DATA, 11, 200, 0) == 16);
	session_number = saved;
	uint8_t packet[ND6_HEADER + 16 + ND6_TAG] = {0};
	struct nd6_header header = {ND6_DATA, session_number, 12};

	nd6_header_write(&header, packet);
	server_receive(&world, packet, sizeof(packet));
	CHECK(netdump6_have(world.session)->bytes == 16);
	world_deinit(&world);
}

static enum session_begin begin_later(struct session_host *host, uint64_t expected)
{
	(void)host;
	(void)expected;
	return SESSION_WAIT;
}

static enum session_begin begin_never(struct session_host *host, uint64_t expected)
{
	(void)host;
	(void)expected;
	return SESSION_NO_ROOM;
}

static enum session_begin begin_after_others(struct session_host *host, uint64_t expected)
{
	(void)host;
	(void)expected;
	return SESSION_FULL;
}

TEST(session_without_room_says_whether_to_come_again)
{
	static const struct {
		enum session_begin (*begin)(struct session_host *host, uint64_t expected);
		enum nd6_refusal reason;
		unsigned retry_s;
	} cases[] = {{begin_later, ND6_BUSY, 2}, {begin_never, ND6_NO_ROOM, 0}, {begin_after_others, ND6_BUSY, 15}};
	struct session_host_ops ops = host_ops;
	uint8_t packet[ND6_DATAGRAM_MIN];
	struct netdump6_opening opening;
	struct world world;

	world_init(&world, 1, FILE_SIZE);
	ops.send = note_send;
	world.host.ops = &ops;
	CHECK(netdump6_open_read(&world.listener, &world.address, packet, write_open(&world, 7, 1, packet), world.now,
				 &opening));
	for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ops.begin = cases[i].begin;
		struct session *session = netdump6_new(&world.host, &world.listener, &opening, NULL, false, world.now);

		CHECK(session->is_over && last.type == ND6_REFUSE && last.number == 7);
		CHECK(last_refuse.reason == cases[i].reason && last_refuse.retry_s == cases[i].retry_s);
		session->ops->free(session);
	}
	world_deinit(&world);
}

TEST(session_drops_what_comes_from_below_the_floor)
{
	struct session_host_ops ops;
	struct world world;

	begin(&world, &ops);
	CHECK(have_after(&world, ND6_DATA, 10, 0, 1) == 8);
	give(&world, session_number, ND6_FLOOR, 20, "", 0);
	CHECK(have_after(&world, ND6_DATA, 21, 0, 2) == 8 && world.file[7] == 2);
	CHECK(have_after(&world, ND6_DATA, 15, 0, 3) == 8 && world.file[7] == 2);
	CHECK(last_ack.ranges[0].last == 21 && last_ack.ranges[last_ack.count - 1].last == 10);
	world_deinit(&world);
}

TEST(session_that_was_stopped_acknowledges_nothing_more)
{
	struct session_host_ops ops;
	struct world world;

	begin(&world, &ops);
	CHECK(have_after(&world, ND6_DATA, 10, 0, 1) == 8 && last_ack.count == 1);
	world.is_stalled = true; /* the end takes its time */
	CHECK(have_after(&world, ND6_DATA, 11, 8, 1) == 16);
	world.session->ops->stop(world.session, world.now);
	CHECK(have_after(&world, ND6_DATA, 15, 16, 1) == 16);
	CHECK(have_after(&world, ND6_ZERO, 16, 16, 8) == 16);
	CHECK(last_ack.ranges[0].last == 11);
	world_deinit(&world);
}

static size_t log_after(struct world *world, uint64_t number, uint64_t offset, const char *text)
{
	uint8_t payload[64];

	wire_put_u64(payload, offset);
	memcpy(payload + 8, text, strlen(text));
	give(world, session_number, ND6_LOG, number, payload, 8 + strlen(text));
	return world->log_length;
}

TEST(session_takes_a_log_in_its_order_only)
{
	struct session_host_ops ops;
	struct world world;

	begin(&world, &ops);
	CHECK(log_after(&world, 10, 5, "late") == 0 && log_after(&world, 11, UINT64_MAX, "far") == 0);
	CHECK(log_after(&world, 12, 0, "") == 0 && last_ack.count == 0);
	CHECK(log_after(&world, 13, 0, "first") == 5 && last_ack.count == 1);
	/* What is there already is acknowledged, and not written. */
	CHECK(log_after(&world, 15, 0, "FIRST") == 5 && last_ack.count == 2);
	CHECK(log_after(&world, 17, 3, "STlate") == 9 && last_ack.count == 3);
	CHECK(!memcmp(world.log, "firstlate", 9));
	world_deinit(&world);
}

TEST(session_that_is_given_up_is_closed_at_once)
{
	static const char bad[][ND6_TEXT_MAX + 2] = {"a\nb", "\33[2J", "\200"};
	struct session_host_ops ops;
	struct world world;
	char text[ND6_TEXT_MAX + 1];

	begin(&world, &ops);
	CHECK(have_after(&world, ND6_DATA, 10, 0, 7) == 8);
	for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		give(&world, session_number, ND6_GIVE_UP, 20 + i, bad[i], strlen(bad[i]));
	memset(text, 'x', sizeof(text));
	give(&world, session_number, ND6_GIVE_UP, 30, text, sizeof(text));
	give(&world, session_number ^ 2, ND6_GIVE_UP, 31, "no", 2);
	CHECK(world.session && world.meta.packets_dropped == 5);
	give(&world, session_number, ND6_GIVE_UP, 40, "no more paper", 13);
	CHECK(!world.session && world.end == SESSION_INCOMPLETE && last.type == ND6_DONE);
	CHECK_STR(world.meta.reason, "the client gave up: no more paper");
	world_deinit(&world);
}

TEST(session_of_another_dump_is_not_taken_over)
{
	struct session_host_ops ops;
	uint8_t packet[ND6_DATAGRAM_MIN];
	struct netdump6_opening opening;
	struct world world;

	begin(&world, &ops);
	size_t length = write_open(&world, 8, 2, packet);

	CHECK(netdump6_open_read(&world.listener, &world.address, packet, length, world.now, &opening));
	CHECK(!netdump6_reopen(world.session, &opening, world.now));
	length = write_open(&world, 8, 1, packet);
	CHECK(netdump6_open_read(&world.listener, &world.address, packet, length, world.now, &opening));
	uint64_t before = session_number;

	CHECK(netdump6_reopen(world.session, &opening, world.now) && session_number != before);
	/* A repeated OPEN gets the same answer. */
	before = session_number;
	CHECK(netdump6_reopen(world.session, &opening, world.now) && session_number == before);
	world_deinit(&world);
}

TEST(opening_needs_the_cookie_of_its_address_and_time)
{
	struct session_host_ops ops;
	uint8_t packet[ND6_DATAGRAM_MIN];
	struct netdump6_opening opening;
	struct world world;

	begin(&world, &ops);
	size_t length = write_open(&world, 8, 1, packet);
	struct sockaddr_in6 other = world.address;

	CHECK(netdump6_open_read(&world.listener, &world.address, packet, length, world.now, &opening));
	other.sin6_port++;
	CHECK(!netdump6_open_read(&world.listener, &other, packet, length, world.now, &opening));
	CHECK(!netdump6_open_read(&world.listener, &world.address, packet, length, world.now + 200 * SECOND, &opening));
	world.listener.must_seal = true;
	CHECK(!netdump6_open_read(&world.listener, &world.address, packet, length, world.now, &opening));
	world.listener.must_seal = false;
	for (size_t at = 0; at < length; at++) {
		packet[at] ^= 4;
		CHECK(!netdump6_open_read(&world.listener, &world.address, packet, length, world.now, &opening));
		packet[at] ^= 4;
	}
	world_deinit(&world);
}

TEST(refusals_are_no_longer_than_what_they_answer)
{
	struct netdump6_opening opening = {0};
	uint8_t packet[ND6_DATAGRAM_MIN], answer[ND6_DATAGRAM_MIN];

	for (size_t length = ND6_HEADER + ND6_TAG; length < 300; length++) {
		struct nd6_header header = {ND6_PROBE, 3, 4};

		opening.length = length;
		CHECK(netdump6_refuse_open(&opening, ND6_BUSY, 5, "too many dumps: this one waits", answer) <= length);
		nd6_header_write(&header, packet);
		CHECK(netdump6_refuse_unknown(packet, length, answer) <= length);
		packet[3] = ND6_REFUSE;
		CHECK(netdump6_refuse_unknown(packet, length, answer) == 0);
	}
}

TEST(sessions_of_other_protocols_are_not_looked_into)
{
	static const struct session_ops other;
	const struct netdump6_opening opening = {0};
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	/* Nothing can be read behind it. */
	uint8_t *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct session *session = (struct session *)(pages + page - sizeof(*session));

	CHECK(pages != MAP_FAILED && !mprotect(pages + page, page, PROT_NONE));
	session->ops = &other;
	CHECK(!netdump6_is_same(session, &opening) && !netdump6_reopen(session, &opening, 0));
	CHECK(!netdump6_knows(session, 1));
	munmap(pages, 2 * page);
}

TEST_MAIN
