// SPDX-License-Identifier: GPL-2.0-or-later
// A sender whose server says anything. The first byte holds options, the second how much of the rest is a flattened
// stream's records; then come records of the server's: what it is, how much, bytes.
#include "../netdump/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	FILE_SIZE = 24 << 10,
	RAW = 0x40,  /* of a record's first byte: the bytes are a datagram */
	TIME = 0x41,
	NEAR = 0x42, /* an ACK of numbers that were sent */
	LARGE = 0x43,
	START = 0x44,
	RECORDS = 256,
	PUMP = 64,   /* datagrams taken after each record */
};

struct fuzz {
	struct transfer *transfer;
	uint64_t now, session, number, sent; /* sent: largest number seen */
	bool is_open;
};

static uint8_t buffer[ND6_DATAGRAM_MAX];

static void give(struct fuzz *fuzz, uint8_t type, uint64_t session, uint64_t number, const uint8_t *payload,
		 size_t length)
{
	struct nd6_header header = {type, session, number};
	struct seal_direction to_server, to_client;
	uint8_t packet[ND6_DATAGRAM_MIN];

	nd6_header_write(&header, packet);
	memcpy(packet + ND6_HEADER, payload, length);
	seal_plain(session, &to_server, &to_client);
	seal_packet(&to_client, number, packet, ND6_HEADER, length);
	transfer_packet(fuzz->transfer, packet, ND6_HEADER + length + ND6_TAG, fuzz->now);
}

static void accept_open(struct fuzz *fuzz, uint64_t number)
{
	struct nd6_accept accept = {
		.session = ++fuzz->session,
		.window = 1 << 20,
		.datagram_max = 9000,
		.have = fuzz->now & 1,
	};
	uint8_t body[64];

	give(fuzz, ND6_ACCEPT, 0, number, body, nd6_accept_write(&accept, body));
	fuzz->is_open = true;
}

static void give_start_ack(struct fuzz *fuzz, bool is_ours)
{
	struct redhat_request request = {.command = REDHAT_START_ACK, .from = 5};
	struct nd6_answer answer = {.secure = ND6_PLAIN};
	uint8_t bytes[REDHAT_REQUEST_SIZE + ND6_ANSWER];

	redhat_request_write(&request, bytes);
	nd6_answer_write(&answer, bytes + REDHAT_REQUEST_SIZE);
	transfer_packet(fuzz->transfer, bytes, is_ours ? sizeof(bytes) : REDHAT_REQUEST_SIZE, fuzz->now);
}

static void pump(struct fuzz *fuzz)
{
	struct nd6_header header;
	size_t length;

	for (unsigned i = 0; i < PUMP && (length = transfer_next(fuzz->transfer, buffer, fuzz->now)); i++) {
		if (length > sizeof(buffer))
			abort();
		if (!nd6_header_parse(buffer, length, &header))
			give_start_ack(fuzz, true);
		else if (header.type == ND6_OPEN)
			accept_open(fuzz, header.number);
		else
			fuzz->sent = header.number;
	}
	if (transfer_deadline(fuzz->transfer, fuzz->now) == 0)
		abort();
}

/* Ranges below the largest number: distances, in pairs. */
static void give_near(struct fuzz *fuzz, const uint8_t *bytes, size_t length)
{
	struct nd6_ack ack = {.received = fuzz->sent * 100, .written = fuzz->sent * 50, .window = 1 << 20};
	uint8_t body[ND6_DATAGRAM_MIN];
	uint64_t top = fuzz->sent;

	for (size_t i = 0; i + 2 <= length && ack.count < ND6_ACK_RANGES_MAX; i += 2) {
		if (top < (uint64_t)bytes[i] + bytes[i + 1] + 2)
			break;
		ack.ranges[ack.count].last = top - bytes[i];
		ack.ranges[ack.count].first = top - bytes[i] - bytes[i + 1];
		top = ack.ranges[ack.count++].first - 2;
	}
	give(fuzz, ND6_ACK, fuzz->session, fuzz->number++, body, nd6_ack_write(&ack, body));
}

static void play(struct fuzz *fuzz, uint8_t what, const uint8_t *bytes, size_t length)
{
	uint8_t packet[256];

	switch (what) {
	case RAW:
		memcpy(packet, bytes, length);
		transfer_packet(fuzz->transfer, packet, length, fuzz->now);
		break;
	case TIME:
		fuzz->now += (uint64_t)length * length * length * 1000;
		break;
	case NEAR:
		give_near(fuzz, bytes, length);
		break;
	case LARGE:
		transfer_too_long(fuzz->transfer, length * 250, length & 1 ? length * 200 : 0, fuzz->now);
		break;
	case START:
		give_start_ack(fuzz, length & 1);
		break;
	default:
		give(fuzz, what & 0x1f, what & 0x80 ? 0 : fuzz->session, fuzz->number++, bytes, length);
		break;
	}
	fuzz->now += 100000;
	pump(fuzz);
}

static struct source *make_source(const uint8_t *bytes, size_t length, uint8_t options)
{
	uint8_t header[4096] = "makedumpfile", zeros[FILE_SIZE / 2] = {0}, noise[FILE_SIZE / 4];
	struct source *source = NULL;
	int ends[2] = {-1, -1};

	if (options & 1 ? pipe2(ends, O_CLOEXEC) : (ends[0] = ends[1] = memfd_create("input", MFD_CLOEXEC)) < 0)
		abort();
	wire_put_u64(header + 16, 1);
	wire_put_u64(header + 24, 1);
	memset(noise, 0x5a, sizeof(noise));
	bool is_flattened = options & 2;

	if ((is_flattened && write(ends[1], header, sizeof(header)) < 0) ||
	    (length && write(ends[1], bytes, length) < 0) ||
	    (!is_flattened && (write(ends[1], noise, sizeof(noise)) < 0 || write(ends[1], zeros, sizeof(zeros)) < 0 ||
			       write(ends[1], noise, sizeof(noise)) < 0)))
		abort();
	if (options & 1)
		close(ends[1]);
	error_free(source_open(ends[0], "input", &source));
	return source;
}

/* The plain file is always the same: it is made once. */
static struct source *open_source(const uint8_t *bytes, size_t length, uint8_t options)
{
	static struct source *plain;

	if (options & 3)
		return make_source(bytes, length, options);
	if (!plain)
		plain = make_source(NULL, 0, 0);
	return plain;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transfer_options options = {
		.datagram = 1452,
		.memory = 512 << 10,
		.patience = 60 * SECOND,
		.text = "host",
	};

	if (size < 2)
		return 0;
	size_t flat = data[1] < size - 2 ? data[1] : size - 2, at = 2 + flat;
	struct source *source = open_source(data + 2, flat, data[0]);

	error_free(seal_start(true));
	if (!source)
		return 0;
	struct fuzz fuzz = {.transfer = transfer_new(source, &options, SECOND), .now = SECOND, .session = 100};

	pump(&fuzz);
	for (unsigned records = 0; at + 2 <= size && records < RECORDS; records++) {
		uint8_t what = data[at];
		size_t length = data[at + 1];

		at += 2;
		length = length < size - at ? length : size - at;
		play(&fuzz, what, data + at, length);
		at += length;
	}
	transfer_free(fuzz.transfer);
	if (data[0] & 3)
		source_close(source);
	return 0;
}
