// SPDX-License-Identifier: GPL-2.0-or-later
// path [OPTION…] PID PID: a long, lossy and narrow wire between the network namespaces of two processes, for whole
// IP packets, so that TCP can be sent over it too: a device "path" in each, which the caller gives addresses. Says
// "ready", and at SIGTERM what became of the packets in each direction. The same packets are lost for the same --seed.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "program.h"

enum { PACKET_MAX = 1504, HELD = 8192, BATCH = 64, ENDS = 2 };

#define SECOND UINT64_C(1000000000)
#define MS (SECOND / 1000)

struct packet {
	uint64_t leaves, due; /* when its last bit is on the wire, and when it is at the other end */
	size_t length;
	uint8_t bytes[PACKET_MAX];
};

/* Packets go out as they came in, so that a ring is enough: those from `waiting` on are not on the wire yet. */
struct direction {
	int from, to;
	struct packet held[HELD];
	uint64_t first, waiting, end;
	uint64_t free_at; /* of the wire */
	uint64_t passed, by_chance, queue_full;
};

static struct {
	uint64_t loss;  /* of a thousand packets, each way */
	uint64_t delay; /* ms, each way */
	uint64_t rate;  /* bytes per second, each way; 0: any */
	uint64_t queue; /* packets that wait where the wire begins; more are lost */
	uint64_t seed;
} options = {.queue = 1000, .seed = 1};

/* ---- packets --------------------------------------------------------------------------------- */

static bool has_room(struct direction *way, uint64_t now)
{
	while (way->waiting < way->end && way->held[way->waiting % HELD].leaves <= now)
		way->waiting++;
	return way->end - way->first < HELD && way->end - way->waiting < options.queue;
}

/* False: there is none now. */
static bool take_packet(struct direction *way, uint64_t now)
{
	static struct packet lost;
	bool is_full = !has_room(way, now);
	struct packet *packet = is_full ? &lost : &way->held[way->end % HELD];
	ssize_t length = read(way->from, packet->bytes, PACKET_MAX);

	if (length <= 0)
		return false;
	if (is_full) {
		way->queue_full++;
	} else if (chance(&options.seed, 1000) < options.loss) {
		way->by_chance++;
	} else {
		uint64_t starts = way->free_at > now ? way->free_at : now;

		packet->length = (size_t)length;
		packet->leaves = starts + (options.rate ? (uint64_t)length * SECOND / options.rate : 0);
		packet->due = packet->leaves + options.delay * MS;
		way->free_at = packet->leaves;
		way->end++;
	}
	return true;
}

static void release(struct direction *way, uint64_t now)
{
	for (; way->first < way->end && way->held[way->first % HELD].due <= now; way->first++) {
		const struct packet *packet = &way->held[way->first % HELD];

		/* A device that is going away takes nothing. */
		if (write(way->to, packet->bytes, packet->length) > 0)
			way->passed++;
	}
}

static uint64_t due(const struct direction *way)
{
	return way->first < way->end ? way->held[way->first % HELD].due : UINT64_MAX;
}

static void run(struct direction *ways, int signals)
{
	struct pollfd ready[] = {{ways[0].from, POLLIN, 0}, {ways[1].from, POLLIN, 0}, {signals, POLLIN, 0}};

	while (!ready[ENDS].revents) {
		uint64_t now = clock_now(), next = now + SECOND;

		for (int i = 0; i < ENDS; i++)
			next = due(&ways[i]) < next ? due(&ways[i]) : next;
		uint64_t wait = next > now ? next - now : 0;
		struct timespec time = {(time_t)(wait / SECOND), (long)(wait % SECOND)};

		if (ppoll(ready, ENDS + 1, &time, NULL) < 0 && errno != EINTR)
			fail("ppoll");
		now = clock_now();
		for (int i = 0; i < ENDS; i++)
			for (int count = 0; count < BATCH && take_packet(&ways[i], now); count++)
				;
		for (int i = 0; i < ENDS; i++)
			release(&ways[i], clock_now());
	}
}

/* ---- beginning ------------------------------------------------------------------------------- */

/* A device stays in the namespace in which it was made, wherever the process goes. */
static int open_end(const char *pid)
{
	struct ifreq request = {.ifr_name = "path", .ifr_flags = IFF_TUN | IFF_NO_PI};
	char name[64];

	snprintf(name, sizeof(name), "/proc/%.20s/ns/net", pid);
	int space = open(name, O_RDONLY | O_CLOEXEC);
	if (space < 0 || setns(space, CLONE_NEWNET))
		fail(name);
	close(space);
	int device = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (device < 0 || ioctl(device, TUNSETIFF, &request))
		fail("/dev/net/tun");
	return device;
}

static void set_option(const char *word)
{
	static const struct number_option names[] = {
		{"loss", &options.loss}, {"delay", &options.delay}, {"rate", &options.rate}, {"queue", &options.queue},
		{"seed", &options.seed},
	};

	set_number(names, sizeof(names) / sizeof(*names), word);
}

int main(int argc, char **argv)
{
	static struct direction ways[ENDS];
	int at = 1, signals = watch_signals(0);

	for (; at < argc && !strncmp(argv[at], "--", 2); at++)
		set_option(argv[at] + 2);
	if (argc - at != ENDS) {
		fputs("usage: path [--OPTION=NUMBER…] PID PID (options: see its source)\n", stderr);
		return 2;
	}
	for (int i = 0; i < ENDS; i++)
		ways[i].from = ways[!i].to = open_end(argv[at + i]);
	/* Without it, a packet is up to 50 us late. */
	if (prctl(PR_SET_TIMERSLACK, 1))
		fail("PR_SET_TIMERSLACK");
	puts("ready");
	fflush(stdout);
	run(ways, signals);
	for (int i = 0; i < ENDS; i++)
		printf("%" PRIu64 " passed, %" PRIu64 " lost by chance, %" PRIu64 " lost for a full queue\n",
		       ways[i].passed, ways[i].by_chance, ways[i].queue_full);
	return 0;
}
