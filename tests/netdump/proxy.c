// SPDX-License-Identifier: GPL-2.0-or-later
// proxy [OPTION…] ADDRESS[:PORT] SERVER:PORT: a bad path between one client and a server, the same for the same --seed
// and the same datagrams. Says "port N" once it listens, and at SIGTERM what became of the datagrams.
// The client may come again from another port: answers go to where its last datagram came from. The server may answer from
// another port: what the client sends then goes there, until it comes again (a FreeBSD kernel does that itself).
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "program.h"

enum { DATAGRAM_MAX = 65536, HELD_MAX = 1 << 16, DAMAGE_MAX = 4 };

#define SECOND UINT64_C(1000000000)
#define MS (SECOND / 1000)

enum way { TO_SERVER, TO_CLIENT, WAYS };

struct held {
	uint64_t due, order;
	enum way way;
	struct sockaddr_in to;
	size_t length;
	uint8_t bytes[];
};

struct proxy {
	uint64_t loss, duplicates, disorder, damage; /* of a thousand datagrams, each way */
	uint64_t delay, jitter; /* ms */
	uint64_t rate;          /* bytes per second, each way; 0: as they come */
	uint64_t queue;         /* ms that a datagram may wait for the rate; behind that it is lost */
	uint64_t largest;       /* longer ones are lost: a path that takes no more, and does not say so */
	uint64_t most;          /* bytes to the server; what comes later is lost until SIGUSR1 */
	uint64_t seed;
	const char *from;       /* ADDRESS[:PORT] that the server sees */

	int sockets[WAYS]; /* by where they send to */
	struct sockaddr_in client, server, answers; /* answers: where the server's first one came from, or the server */
	bool is_answered;
	uint64_t free_at[WAYS]; /* of the rate */
	struct held *heap[HELD_MAX];
	size_t held;
	uint64_t orders;
	uint64_t passed[WAYS], lost, doubled, overtaken, damaged;
};

static struct proxy proxy = {
	.queue = 50, .largest = DATAGRAM_MAX, .most = UINT64_MAX, .seed = 1, .from = "127.0.0.1",
};

/* ---- what waits ------------------------------------------------------------------------------ */

static bool is_sooner(size_t one, size_t other)
{
	const struct held *a = proxy.heap[one], *b = proxy.heap[other];

	return a->due != b->due ? a->due < b->due : a->order < b->order;
}

static void swap(size_t one, size_t other)
{
	struct held *kept = proxy.heap[one];

	proxy.heap[one] = proxy.heap[other];
	proxy.heap[other] = kept;
}

static void push(struct held *held)
{
	size_t at = proxy.held++;

	proxy.heap[at] = held;
	for (; at && is_sooner(at, (at - 1) / 2); at = (at - 1) / 2)
		swap(at, (at - 1) / 2);
}

static struct held *pop(void)
{
	struct held *first = proxy.heap[0];
	size_t at = 0;

	proxy.heap[0] = proxy.heap[--proxy.held];
	for (;;) {
		size_t least = at;

		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < proxy.held; child++)
			least = is_sooner(child, least) ? child : least;
		if (least == at)
			return first;
		swap(at, least);
		at = least;
	}
}

/* ---- datagrams ------------------------------------------------------------------------------- */

/* A server that is not there is no reason to end: it may come. */
static void transmit(const struct held *held)
{
	const struct sockaddr_in *to = held->way == TO_CLIENT ? &proxy.client : &held->to;

	for (int tries = 0; tries < 2; tries++)
		if (sendto(proxy.sockets[held->way], held->bytes, held->length, 0, (const struct sockaddr *)to, sizeof(*to)) >= 0)
			break;
	proxy.passed[held->way]++;
}

/* When it may leave, or 0: the queue of the slow path is full. */
static uint64_t leaves_at(enum way way, size_t length, uint64_t now)
{
	if (!proxy.rate)
		return now;
	if (proxy.free_at[way] < now)
		proxy.free_at[way] = now;
	if (proxy.free_at[way] - now > proxy.queue * MS)
		return 0;
	return proxy.free_at[way] += length * SECOND / proxy.rate;
}

static bool is_open(enum way way, size_t length)
{
	if (way == TO_CLIENT || proxy.most == UINT64_MAX)
		return true;
	proxy.most = length > proxy.most ? 0 : proxy.most - length;
	return proxy.most > 0;
}

static void forward(enum way way, const uint8_t *bytes, size_t length, uint64_t now)
{
	uint64_t due = is_open(way, length) ? leaves_at(way, length, now) : 0;

	if (!due || length > proxy.largest || proxy.held == HELD_MAX || chance(&proxy.seed, 1000) < proxy.loss) {
		proxy.lost++;
		return;
	}
	due += proxy.delay * MS + (proxy.jitter ? chance(&proxy.seed, proxy.jitter * MS) : 0);
	if (chance(&proxy.seed, 1000) < proxy.disorder) {
		due += MS + chance(&proxy.seed, 4 * MS);
		proxy.overtaken++;
	}
	struct held *held = malloc(sizeof(*held) + length);
	if (!held)
		fail("memory");
	*held = (struct held){due, proxy.orders++, way, proxy.answers, length};
	memcpy(held->bytes, bytes, length);
	if (length && chance(&proxy.seed, 1000) < proxy.damage) {
		for (uint64_t i = chance(&proxy.seed, DAMAGE_MAX) + 1; i; i--)
			held->bytes[chance(&proxy.seed, length)] ^= (uint8_t)(1 + chance(&proxy.seed, 255));
		proxy.damaged++;
	}
	push(held);
}

static void learn(enum way way, const struct sockaddr_in *from)
{
	if (way == TO_CLIENT && !proxy.is_answered) {
		proxy.answers = *from;
		proxy.is_answered = true;
	}
	if (way != TO_SERVER)
		return;
	if (from->sin_port != proxy.client.sin_port || from->sin_addr.s_addr != proxy.client.sin_addr.s_addr) {
		proxy.answers = proxy.server;
		proxy.is_answered = false;
	}
	proxy.client = *from;
}

static void take(enum way way)
{
	static uint8_t bytes[DATAGRAM_MAX];
	struct sockaddr_in from;
	socklen_t from_length = sizeof(from);
	ssize_t length;

	/* What goes to the server comes through the socket that answers the client, and the other way round. */
	while ((length = recvfrom(proxy.sockets[way == TO_SERVER ? TO_CLIENT : TO_SERVER], bytes, sizeof(bytes),
				  MSG_DONTWAIT, (struct sockaddr *)&from, &from_length)) >= 0) {
		from_length = sizeof(from);
		if (way == TO_CLIENT && from.sin_addr.s_addr != proxy.server.sin_addr.s_addr)
			continue;
		learn(way, &from);
		forward(way, bytes, (size_t)length, clock_now());
		if (chance(&proxy.seed, 1000) < proxy.duplicates) {
			forward(way, bytes, (size_t)length, clock_now());
			proxy.doubled++;
		}
	}
}

static void release(uint64_t now)
{
	while (proxy.held && proxy.heap[0]->due <= now) {
		struct held *held = pop();

		transmit(held);
		free(held);
	}
}

/* Whether it is time to end. */
static bool take_signal(int signals)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo == SIGUSR1)
		proxy.most = UINT64_MAX;
	return info.ssi_signo != SIGUSR1;
}

static void run(int signals)
{
	struct pollfd ready[] = {{proxy.sockets[TO_CLIENT], POLLIN, 0}, {proxy.sockets[TO_SERVER], POLLIN, 0},
				 {signals, POLLIN, 0}};

	while (!ready[2].revents || !take_signal(signals)) {
		uint64_t now = clock_now(), due = proxy.held ? proxy.heap[0]->due : now + SECOND;
		uint64_t wait = due > now ? due - now : 0;
		struct timespec time = {(time_t)(wait / SECOND), (long)(wait % SECOND)};

		if (ppoll(ready, 3, &time, NULL) < 0 && errno != EINTR)
			fail("ppoll");
		take(TO_SERVER);
		take(TO_CLIENT);
		release(clock_now());
	}
}

/* ---- beginning ------------------------------------------------------------------------------- */

static struct sockaddr_in address_of(const char *text)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	char host[64];
	unsigned port;
	int fields = sscanf(text, "%63[0-9.]:%u", host, &port);

	errno = 0;
	if (fields < 1 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
		fail("no IPv4 address");
	if (fields == 2)
		address.sin_port = htons((uint16_t)port);
	return address;
}

static int open_socket(const struct sockaddr_in *at)
{
	int size = 8 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof(*at)))
		fail("socket");
	/* The system bounds them unless root asks; a full one is one more loss. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)))
		fail("SO_RCVBUF");
	return fd;
}

static void set_option(const char *word)
{
	static const struct number_option options[] = {
		{"loss", &proxy.loss},	   {"duplicates", &proxy.duplicates}, {"disorder", &proxy.disorder},
		{"damage", &proxy.damage}, {"delay", &proxy.delay},	      {"jitter", &proxy.jitter},
		{"rate", &proxy.rate},	   {"queue", &proxy.queue},	      {"largest", &proxy.largest},
		{"most", &proxy.most},	   {"seed", &proxy.seed},
	};

	if (!strncmp(word, "from=", 5))
		proxy.from = word + 5;
	else
		set_number(options, sizeof(options) / sizeof(*options), word);
}

int main(int argc, char **argv)
{
	int at = 1, signals = watch_signals(SIGUSR1);

	for (; at < argc && !strncmp(argv[at], "--", 2); at++)
		set_option(argv[at] + 2);
	if (argc - at != 2) {
		fputs("usage: proxy [--OPTION=NUMBER…] ADDRESS[:PORT] SERVER:PORT (options: see its source)\n", stderr);
		return 2;
	}
	struct sockaddr_in here = address_of(argv[at]), from = address_of(proxy.from);
	socklen_t length = sizeof(here);

	proxy.server = proxy.answers = address_of(argv[at + 1]);

	proxy.sockets[TO_CLIENT] = open_socket(&here);
	proxy.sockets[TO_SERVER] = open_socket(&from);
	if (getsockname(proxy.sockets[TO_CLIENT], (struct sockaddr *)&here, &length))
		fail("socket");
	printf("port %u\n", ntohs(here.sin_port));
	fflush(stdout);
	run(signals);
	printf("%" PRIu64 " to the server, %" PRIu64 " to the client, %" PRIu64 " lost, %" PRIu64 " doubled, %" PRIu64
	       " overtaken, %" PRIu64 " damaged\n",
	       proxy.passed[TO_SERVER], proxy.passed[TO_CLIENT], proxy.lost, proxy.doubled, proxy.overtaken,
	       proxy.damaged);
	return 0;
}
