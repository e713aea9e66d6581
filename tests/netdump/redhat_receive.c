// SPDX-License-Identifier: GPL-2.0-or-later
// redhat_receive VMCORE [PATIENCE]: takes the dump of one Red Hat client on loopback with nothing but a session and a
// file; PATIENCE is in seconds. Prints its port first, and at last how the dump ended. Runs until the client must have
// heard REBOOT, or SIGTERM comes, or nobody for a minute. Exit status 0 complete, 1 incomplete or refused, 2 an error.
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "session/meta.h"
#include "session/redhat.h"
#include "session/session.h"
#include "wire/redhat.h"

enum { BATCH = 64, DATAGRAM_MAX = 2048 };

struct receiver {
	struct session_host base;
	struct meta meta;
	struct session *session;
	struct sockaddr_in client;
	int socket, file;
	bool is_finished;
	enum session_end end;
	unsigned filled;
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	uint8_t bytes[BATCH][REDHAT_REQUEST_SIZE];
};

#define NOBODY (60 * SESSION_SECOND)

static struct receiver receiver;
static uint64_t patience;
static volatile sig_atomic_t was_told_to_stop;

static void stop(int signal)
{
	(void)signal;
	was_told_to_stop = 1;
}

static void flush(void)
{
	unsigned sent = 0;

	while (sent < receiver.filled) {
		int count = sendmmsg(receiver.socket, receiver.messages + sent, receiver.filled - sent, 0);

		sent += count > 0 ? (unsigned)count : 1;
	}
	receiver.filled = 0;
}

static void to_client(struct session_host *host, const void *bytes, size_t length)
{
	unsigned place;

	(void)host;
	if (receiver.filled == BATCH)
		flush();
	place = receiver.filled++;
	memcpy(receiver.bytes[place], bytes, length);
	receiver.parts[place] = (struct iovec){receiver.bytes[place], length};
	receiver.messages[place].msg_hdr = (struct msghdr){
		.msg_name = &receiver.client,
		.msg_namelen = sizeof(receiver.client),
		.msg_iov = &receiver.parts[place],
		.msg_iovlen = 1,
	};
}

static bool to_file(struct session_host *host, enum session_file file, uint64_t offset, const void *bytes,
		    size_t length)
{
	(void)host;
	return file == SESSION_VMCORE && pwrite(receiver.file, bytes, length, (off_t)offset) == (ssize_t)length;
}

static enum session_begin begin(struct session_host *host, uint64_t expected)
{
	(void)host;
	return ftruncate(receiver.file, (off_t)expected) ? SESSION_NO_ROOM : SESSION_BEGUN;
}

static void take_log(struct session_host *host, const void *text, size_t length)
{
	(void)host;
	printf("log: %.*s", (int)length, (const char *)text);
}

static void note(struct session_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct session_host *host, const char *format, ...)
{
	va_list arguments;

	(void)host;
	va_start(arguments, format);
	printf("note: ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

static void finish(struct session_host *host, enum session_end end)
{
	(void)host;
	receiver.is_finished = true;
	receiver.end = end;
}

static void script(struct session_host *host, const char *name)
{
	(void)host;
	printf("script: %s\n", name);
}

static uint64_t any_number(struct session_host *host)
{
	(void)host;
	return clock_now() * 2654435761;
}

static const struct session_host_ops ops = {
	.send = to_client,
	.write = to_file,
	.begin = begin,
	.log = take_log,
	.note = note,
	.finish = finish,
	.script = script,
	.random = any_number,
};

static void take_packet(const uint8_t *bytes, size_t length, const struct sockaddr_in *from, uint64_t now)
{
	struct redhat_options options = {.patience = patience};

	if (receiver.session) {
		receiver.session->ops->packet(receiver.session, bytes, length, now);
		return;
	}
	receiver.client = *from;
	receiver.session = redhat_new(&receiver.base, &options, bytes, length, now);
}

static void take_packets(void)
{
	static uint8_t bytes[BATCH][DATAGRAM_MAX];
	static struct sockaddr_in from[BATCH];
	struct mmsghdr messages[BATCH];
	struct iovec parts[BATCH];
	uint64_t now;
	int count;

	for (unsigned i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){bytes[i], DATAGRAM_MAX};
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &parts[i], .msg_iovlen = 1};
	}
	count = recvmmsg(receiver.socket, messages, BATCH, MSG_DONTWAIT, NULL);
	now = clock_now();
	for (int i = 0; i < count; i++)
		take_packet(bytes[i], messages[i].msg_len, &from[i], now);
}

static int poll_time(uint64_t now)
{
	uint64_t due = receiver.session ? receiver.session->deadline : SESSION_NEVER;

	if (due <= now)
		return 0;
	return due - now < SESSION_SECOND ? (int)((due - now) / 1000000 + 1) : 1000;
}

static void serve(void)
{
	uint64_t begun = clock_now(), now = begun;
	bool is_told = false;

	while (!was_told_to_stop && (receiver.session ? !receiver.session->is_over : now - begun < NOBODY)) {
		struct pollfd event = {receiver.socket, POLLIN, 0};

		flush();
		if (poll(&event, 1, poll_time(now)) > 0)
			take_packets();
		now = clock_now();
		if (!receiver.session)
			continue;
		if (receiver.session->deadline <= now)
			receiver.session->ops->tick(receiver.session, now);
		if (receiver.is_finished && !is_told) {
			is_told = true;
			receiver.session->ops->finished(receiver.session, true, now);
		}
	}
	flush();
}

static bool open_all(const char *path)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int size = 4 << 20;

	receiver.socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	receiver.file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	(void)setsockopt(receiver.socket, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (receiver.file < 0 || bind(receiver.socket, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    getsockname(receiver.socket, (struct sockaddr *)&address, &length) < 0)
		return false;
	printf("port %u\n", ntohs(address.sin_port));
	return true;
}

int main(int argc, char **argv)
{
	static const char *const ends[] = {"complete", "incomplete", "refused"};
	const struct meta *meta = &receiver.meta;

	if (argc < 2 || argc > 3) {
		fputs("usage: redhat_receive VMCORE [PATIENCE]\n", stderr);
		return 2;
	}
	patience = argc > 2 ? strtoull(argv[2], NULL, 10) * SESSION_SECOND : 0;
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!open_all(argv[1])) {
		perror("redhat_receive");
		return 2;
	}
	(void)signal(SIGTERM, stop);
	receiver.base = (struct session_host){&ops, &receiver.meta};
	serve();
	printf("%s; %" PRIu64 " pages sent, %" PRIu64 " skipped, %" PRIu64 " missing, %" PRIu64 " asked again\n",
	       receiver.is_finished ? ends[receiver.end] : "nobody came", meta->pages_sent, meta->pages_skipped,
	       meta->pages_missing, meta->retransmissions);
	if (receiver.session)
		receiver.session->ops->free(receiver.session);
	return receiver.is_finished ? receiver.end != SESSION_COMPLETE : 2;
}
