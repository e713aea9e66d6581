// SPDX-License-Identifier: GPL-2.0-or-later
// freebsd_send FILE ADDRESS:PORT: sends FILE as the kernel of a crashed FreeBSD does, and as fast (freebsd_client.py
// can do more). It waits as the kernel does: batches of 64 KiB, then a look for acknowledgements each half millisecond.
// freebsd_send --acknowledge ADDRESS:PORT: a server that acknowledges and does nothing else, so that what the client
// itself takes can be seen.
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "program.h"
#include "wire/bytes.h"
#include "wire/freebsd.h"

enum {
	PACKET_MAX = 1500 - 28 - FREEBSD_HEADER, /* Ethernet's, less the headers of IP, UDP and netdump */
	BATCH = 64 << 10,
	IN_FLIGHT = 64,
	POLLS = 2000,
	RETRIES = 10,
	POLL_NS = 500000,
};

static struct {
	int fd;
	struct sockaddr_in server; /* the port from which its first acknowledgement came */
	bool knows_port;
	uint32_t seqno; /* of the batch's first packet */
} client = {.seqno = 1};

/* ---- sending --------------------------------------------------------------------------------- */

static void send_message(const struct freebsd_message *message)
{
	uint8_t header[FREEBSD_HEADER];
	struct iovec parts[] = {{header, sizeof(header)}, {(void *)(uintptr_t)message->payload, message->length}};
	struct msghdr packet = {&client.server, sizeof(client.server), parts, 2, NULL, 0, 0};

	freebsd_message_write(message, header);
	if (sendmsg(client.fd, &packet, 0) < 0 && errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
		fail("sending");
}

/* Sends what of a batch has no acknowledgement yet; returns the bits of all its packets. */
static uint64_t send_round(enum freebsd_type type, const uint8_t *bytes, size_t length, uint64_t offset, uint64_t acked)
{
	uint64_t all = 0;
	size_t at = 0;

	for (uint32_t i = 0; at < length || !i; i++) {
		uint32_t part = (uint32_t)(length - at < PACKET_MAX ? length - at : PACKET_MAX);
		struct freebsd_message message = {type, client.seqno + i, offset + at, bytes + at, part};

		if (!(acked >> i & 1))
			send_message(&message);
		all |= UINT64_C(1) << i;
		at += part;
	}
	return all;
}

static uint64_t receive(void)
{
	uint8_t bytes[FREEBSD_ACK_SIZE];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	uint64_t acked = 0;

	while (recvfrom(client.fd, bytes, sizeof(bytes), MSG_DONTWAIT, (struct sockaddr *)&from, &length) == sizeof(bytes)) {
		if (!client.knows_port)
			client.server.sin_port = from.sin_port;
		client.knows_port = true;
		if (wire_u32(bytes) - client.seqno < IN_FLIGHT)
			acked |= UINT64_C(1) << (wire_u32(bytes) - client.seqno);
	}
	return acked;
}

static void send_batch(enum freebsd_type type, const uint8_t *bytes, size_t length, uint64_t offset)
{
	const struct timespec pause = {.tv_nsec = POLL_NS};
	uint64_t acked = 0, all = 0;

	for (int tries = 0; tries <= RETRIES && (!all || acked != all); tries++) {
		all = send_round(type, bytes, length, offset, acked);
		for (int polls = 0; acked != all && polls < POLLS; polls++) {
			acked |= receive();
			nanosleep(&pause, NULL);
		}
	}
	if (acked != all) {
		errno = 0;
		fail("given up: the server does not acknowledge");
	}
	client.seqno += (uint32_t)__builtin_popcountll(all);
}

/* struct kerneldumpheader, version 4, as far as the server needs it. */
static void send_header(uint64_t length)
{
	static const char architecture[] = "amd64";
	uint8_t header[FREEBSD_KDH_SIZE] = "FreeBSD Kernel Dump";
	uint32_t parity = 0;

	memcpy(header + 20, architecture, sizeof(architecture));
	wire_put_u32(header + 32, 4);
	wire_put_u32(header + 36, 2);
	wire_put_u64(header + 40, length);
	wire_put_u32(header + 60, 4096);
	wire_put_u64(header + 496, length);
	for (size_t at = 0; at < sizeof(header) - 4; at += 4)
		parity ^= wire_u32(header + at);
	wire_put_u32(header + sizeof(header) - 4, parity);
	send_batch(FREEBSD_KDH, header, sizeof(header), 0);
}

static void send_file(const char *name)
{
	struct stat status;
	int fd = open(name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &status))
		fail(name);
	size_t size = (size_t)status.st_size;
	const uint8_t *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		fail(name);
	send_batch(FREEBSD_HERALD, NULL, 0, 0);
	for (size_t at = 0; at < size; at += BATCH)
		send_batch(FREEBSD_VMCORE, bytes + at, size - at < BATCH ? size - at : BATCH, at);
	send_header(size);
	send_batch(FREEBSD_FINISHED, NULL, 0, 0);
}

/* ---- acknowledging --------------------------------------------------------------------------- */

static _Noreturn void acknowledge(void)
{
	static uint8_t bytes[1 << 16];

	for (;;) {
		struct sockaddr_in from;
		socklen_t length = sizeof(from);
		struct freebsd_message message;
		uint8_t answer[FREEBSD_ACK_SIZE];
		ssize_t got = recvfrom(client.fd, bytes, sizeof(bytes), 0, (struct sockaddr *)&from, &length);

		if (got < 0 || !freebsd_message_parse(bytes, (size_t)got, &message))
			continue;
		wire_put_u32(answer, message.seqno);
		if (sendto(client.fd, answer, sizeof(answer), 0, (const struct sockaddr *)&from, length) < 0)
			fail("acknowledging");
	}
}

/* ---- beginning ------------------------------------------------------------------------------- */

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	char host[64];
	unsigned port;

	errno = 0;
	if (sscanf(text, "%63[0-9.]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
		fail("no ADDRESS:PORT");
	address.sin_port = htons((uint16_t)port);
	return address;
}

int main(int argc, char **argv)
{
	bool is_server = argc == 3 && !strcmp(argv[1], "--acknowledge");

	if (argc != 3) {
		fputs("usage: freebsd_send FILE ADDRESS:PORT, or --acknowledge ADDRESS:PORT\n", stderr);
		return 2;
	}
	client.server = address_of(argv[2]);
	struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(FREEBSD_CLIENT_PORT)};
	int size = 4 << 20;

	client.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (client.fd < 0 ||
	    bind(client.fd, (const struct sockaddr *)(is_server ? &client.server : &own), sizeof(own)) ||
	    setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)) || prctl(PR_SET_TIMERSLACK, 1))
		fail("UDP port");
	if (is_server)
		acknowledge();
	send_file(argv[1]);
	return 0;
}
