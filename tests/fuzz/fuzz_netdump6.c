// SPDX-License-Identifier: GPL-2.0-or-later
// A session of version 6 that gets anything: datagrams of any bytes, and such as have the right session and tag. The
// first byte holds options, then records follow: what it is, how much, bytes.
#include "../netdump/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FILE_SIZE = 1 << 16,
	RAW = 0x40,       /* of a record's first byte: the bytes are a datagram */
	REOPEN = 0x41,
	TIME = 0x42,
	STALL = 0x43,
	UNSEALED = 0x80,  /* the tag is wrong */
	RECORDS = 512,
};

static struct world world;
static uint64_t session_number, number;

static void take_answer(const uint8_t *bytes, size_t length)
{
	struct nd6_header header;
	struct nd6_accept accept;

	if (!nd6_header_parse(bytes, length, &header))
		abort();
	if (header.type == ND6_ACCEPT && nd6_accept_parse(bytes + ND6_HEADER, length - ND6_HEADER - ND6_TAG, &accept))
		session_number = accept.session;
}

static void fuzz_send(struct session_host *host, const void *bytes, size_t length)
{
	(void)host;
	take_answer(bytes, length);
}

static void open_session(uint8_t options)
{
	struct nd6_header header = {ND6_OPEN, 0, number++};
	struct nd6_open open = {.size = options & 1 ? FILE_SIZE : 0, .id = {1}, .text = "x", .text_length = 1};
	struct seal_direction to_server, to_client;
	uint8_t packet[ND6_DATAGRAM_MIN];

	nd6_header_write(&header, packet);
	seal_cookie_make(&world.listener.cookies, &world.address, world.now, packet + ND6_HEADER);
	size_t length = ND6_COOKIE_SIZE + nd6_open_write(&open, packet + ND6_HEADER + ND6_COOKIE_SIZE);

	seal_plain(0, &to_server, &to_client);
	seal_packet(&to_server, header.number, packet, ND6_HEADER, length);
	server_receive(&world, packet, ND6_HEADER + length + ND6_TAG);
}

static void put_packet(uint8_t type, const uint8_t *payload, size_t length)
{
	struct nd6_header header = {type & 0x1f, session_number, number++};
	struct seal_direction to_server, to_client;
	uint8_t packet[ND6_HEADER + 256 + ND6_TAG] = {0};

	/* Numbers that are repeated, or far away. */
	if (type & 0x20 && length)
		header.number ^= payload[0];
	nd6_header_write(&header, packet);
	memcpy(packet + ND6_HEADER, payload, length);
	seal_plain(session_number, &to_server, &to_client);
	if (!(type & UNSEALED))
		seal_packet(&to_server, header.number, packet, ND6_HEADER, length);
	server_receive(&world, packet, ND6_HEADER + length + ND6_TAG);
}

static void put_raw(const uint8_t *bytes, size_t length)
{
	uint8_t packet[256];

	memcpy(packet, bytes, length);
	server_receive(&world, packet, length);
}

static void play(uint8_t what, const uint8_t *bytes, size_t length, uint8_t options)
{
	switch (what) {
	case RAW:
		put_raw(bytes, length);
		break;
	case REOPEN:
		open_session(options ^ (uint8_t)(length & 1));
		break;
	case TIME:
		world.now += (uint64_t)length * length * length * MILLISECOND;
		break;
	case STALL:
		world.is_stalled = length & 1;
		world.is_failing = length & 2;
		break;
	default:
		put_packet(what, bytes, length);
		break;
	}
	server_run(&world);
}

static struct session_host_ops fuzz_ops;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	world_init(&world, 1, FILE_SIZE);
	fuzz_ops = host_ops;
	fuzz_ops.send = fuzz_send;
	world.host.ops = &fuzz_ops;
	world.room = data[0] & 2 ? 1000 : 1 << 20;
	number = session_number = 0;
	open_session(data[0]);
	unsigned records = 0;

	for (size_t at = 1; at + 2 <= size && records < RECORDS; records++) {
		uint8_t what = data[at];
		size_t length = data[at + 1];

		at += 2;
		length = length < size - at ? length : size - at;
		play(what, data + at, length, data[0]);
		at += length;
	}
	/* What is complete has all its bytes; another session may have begun since. */
	if (world.is_finished && world.is_renamed && world.session && netdump6_have(world.session)->count > 1)
		abort();
	world_deinit(&world);
	return 0;
}
