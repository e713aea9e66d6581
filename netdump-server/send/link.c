// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	QUEUE = 512 << 10,       /* bytes: what is sent at a time stays in the processor's cache */
	QUEUE_DATAGRAMS = 512,
	SEGMENTS = 64,           /* UDP_MAX_SEGMENTS of kernels before 6.9 */
	SEGMENT_MAX = 16 << 10,  /* of larger ones too few fit into 64 KB */
	RECEIVE = 64,
	ANSWER_MAX = 2048,       /* a server's datagrams are small */
	BUFFER = 4 << 20,        /* asked for; the system bounds it */
	HEADERS_V4 = 28, HEADERS_V6 = 48,
};

struct link {
	int fd;
	bool is_v6, has_segments;
	size_t most; /* bytes of a datagram */
	uint8_t *bytes;
	size_t used, count, first; /* first: the first that is still to be sent */
	struct {
		size_t at, length;
	} queue[QUEUE_DATAGRAMS];
	uint8_t answers[RECEIVE][ANSWER_MAX];
};

union control {
	struct cmsghdr align;
	uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
};

/* ---- opening --------------------------------------------------------------------------------- */

static bool parse_v6(const char *text, struct sockaddr_in6 *ret)
{
	char address[INET6_ADDRSTRLEN];
	const char *percent = strchr(text, '%');
	size_t length = percent ? (size_t)(percent - text) : strlen(text);

	if (length >= sizeof(address))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)length, text);
	ret->sin6_scope_id = percent ? if_nametoindex(percent + 1) : 0;
	return inet_pton(AF_INET6, address, &ret->sin6_addr) == 1 && (!percent || ret->sin6_scope_id);
}

static struct error *parse_address(const char *text, uint16_t port, struct sockaddr_storage *ret, socklen_t *ret_length)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(ret, &v4, *ret_length = sizeof(v4));
		return NULL;
	}
	if (!parse_v6(text, &v6))
		return error_new(ERROR_INVALID, "\"%s\" is no address (like 192.0.2.1 or 2001:db8::1; names are not looked up)",
				 text);
	memcpy(ret, &v6, *ret_length = sizeof(v6));
	return NULL;
}

static void set_option(int fd, int level, int name, int value)
{
	/* What a system does not know is done without. */
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		return;
}

static size_t headers(const struct link *link)
{
	return link->is_v6 ? HEADERS_V6 : HEADERS_V4;
}

/* What the route takes, as far as the system knows. */
static size_t route_most(const struct link *link)
{
	int mtu = 0;
	socklen_t length = sizeof(mtu);

	if (link->is_v6 ? getsockopt(link->fd, IPPROTO_IPV6, IPV6_MTU, &mtu, &length)
			: getsockopt(link->fd, IPPROTO_IP, IP_MTU, &mtu, &length))
		return 0;
	return mtu > (int)headers(link) ? (size_t)mtu - headers(link) : 0;
}

static bool connect_socket(struct link *link, const struct sockaddr_storage *server, socklen_t length)
{
	link->fd = socket(server->ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return link->fd >= 0 && !connect(link->fd, (const struct sockaddr *)server, length);
}

/* A port of the address that leads to the server: the route alone tells it. */
static bool bind_socket(struct link *link, uint16_t port, const struct sockaddr_storage *server, socklen_t length)
{
	struct sockaddr_storage own = {0};
	socklen_t own_length = sizeof(own);

	if (getsockname(link->fd, (struct sockaddr *)&own, &own_length))
		return false;
	if (link->is_v6)
		((struct sockaddr_in6 *)&own)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)&own)->sin_port = htons(port);
	close(link->fd);
	link->fd = socket(own.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return link->fd >= 0 && !bind(link->fd, (struct sockaddr *)&own, own_length) &&
	       !connect(link->fd, (const struct sockaddr *)server, length);
}

static struct error *connect_to(struct link *link, const struct link_options *options)
{
	struct sockaddr_storage server;
	socklen_t length = 0;
	struct error *error = parse_address(options->address, options->port, &server, &length);

	if (error)
		return error;
	link->is_v6 = server.ss_family == AF_INET6;
	if (!connect_socket(link, &server, length))
		return error_errno("%s: cannot be reached", options->address);
	if (options->source_port && !bind_socket(link, options->source_port, &server, length)) {
		if (errno == EADDRINUSE)
			return error_new(ERROR_LIMIT, "port %u of this host is taken: name another (--source-port)",
					 options->source_port);
		return error_errno("port %u cannot be used", options->source_port);
	}
	if (link->is_v6)
		set_option(link->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO);
	else
		set_option(link->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DO);
	set_option(link->fd, SOL_SOCKET, SO_SNDBUF, BUFFER);
	set_option(link->fd, SOL_SOCKET, SO_SNDBUFFORCE, BUFFER);
	set_option(link->fd, SOL_SOCKET, SO_RCVBUF, BUFFER);
	return NULL;
}

struct error *link_open(const struct link_options *options, struct link **ret)
{
	struct link *link = mem_zero(sizeof(*link));
	struct error *error;

	link->fd = -1;
	link->bytes = mem_resize(NULL, QUEUE, 1);
	link->has_segments = true;
	error = connect_to(link, options);
	if (error) {
		link_close(link);
		return error;
	}
	link->most = options->mtu ? options->mtu - headers(link) : LINK_DATAGRAM_MAX;
	*ret = link;
	return NULL;
}

void link_close(struct link *link)
{
	if (!link)
		return;
	if (link->fd >= 0)
		close(link->fd);
	free(link->bytes);
	free(link);
}

size_t link_datagram(const struct link *link)
{
	size_t route = route_most(link);

	return route && route < link->most ? route : link->most;
}

/* ---- sending --------------------------------------------------------------------------------- */

uint8_t *link_room(struct link *link)
{
	if (link->count == QUEUE_DATAGRAMS || QUEUE - link->used < LINK_DATAGRAM_MAX)
		return NULL;
	return link->bytes + link->used;
}

void link_put(struct link *link, size_t length)
{
	link->queue[link->count].at = link->used;
	link->queue[link->count++].length = length;
	link->used += length;
}

/* How many datagrams, from a position in the queue, go out as one: all of a length, but for a shorter last one. */
static size_t run_length(const struct link *link, size_t first)
{
	size_t length = link->queue[first].length, total = length, count = 1;

	if (!link->has_segments || length > SEGMENT_MAX)
		return 1;
	while (first + count < link->count && count < SEGMENTS) {
		size_t next = link->queue[first + count].length;
		bool follows = link->queue[first + count].at == link->queue[first].at + total;

		if (!follows || next > length || total + next > LINK_DATAGRAM_MAX)
			break;
		total += next;
		count++;
		if (next < length)
			break;
	}
	return count;
}

static void set_segment(struct msghdr *header, union control *control, size_t length)
{
	uint16_t segment = (uint16_t)length;

	*control = (union control){0};
	header->msg_control = control->bytes;
	header->msg_controllen = sizeof(control->bytes);
	control->align = (struct cmsghdr){CMSG_LEN(sizeof(segment)), IPPROTO_UDP, UDP_SEGMENT};
	memcpy(CMSG_DATA(&control->align), &segment, sizeof(segment));
}

/* What is left of the queue as messages; ret_runs: how many datagrams each has. */
static size_t make_messages(struct link *link, struct mmsghdr *messages, struct iovec *vectors, union control *controls,
			    size_t *ret_runs)
{
	size_t count = 0;

	for (size_t i = link->first; i < link->count; i += ret_runs[count++]) {
		size_t run = run_length(link, i), last = i + run - 1;
		size_t length = link->queue[last].at + link->queue[last].length - link->queue[i].at;

		vectors[count] = (struct iovec){link->bytes + link->queue[i].at, length};
		messages[count].msg_hdr = (struct msghdr){.msg_iov = &vectors[count], .msg_iovlen = 1};
		if (run > 1)
			set_segment(&messages[count].msg_hdr, &controls[count], link->queue[i].length);
		ret_runs[count] = run;
	}
	return count;
}

/* The first datagram of the queue could not be sent, or a run of `run` that begins with it. False: not now. */
static bool overcome(struct link *link, size_t run, link_too_long *too_long, void *context)
{
	size_t length = link->queue[link->first].length, most = route_most(link);
	/* Kernels before 6.14 say so of segments that are too long (net/ipv4/udp.c, udp_send_skb()). */
	bool is_long = errno == EMSGSIZE || (errno == EINVAL && run > 1 && most && length > most);

	if (is_long) {
		too_long(context, length, most);
		link->first += run;
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EINTR:
	case ECONNREFUSED: /* an answer to an earlier one: nobody listens there now */
		return true;
	default:
		/* A device that leaves checksums to the processor takes no segments (udp_send_skb() again). */
		if (run > 1)
			link->has_segments = false;
		else
			link->first++; /* no route, a full queue: lost, as any may be */
		return true;
	}
}

/* Datagrams that are longer than was wished for are never sent: as if the path did not take them. */
static void hold_back(struct link *link, link_too_long *too_long, void *context)
{
	size_t kept = link->first;

	for (size_t i = link->first; i < link->count; i++) {
		if (link->queue[i].length > link->most)
			too_long(context, link->queue[i].length, link->most);
		else
			link->queue[kept++] = link->queue[i];
	}
	link->count = kept;
}

bool link_flush(struct link *link, link_too_long *too_long, void *context)
{
	struct mmsghdr messages[QUEUE_DATAGRAMS];
	struct iovec vectors[QUEUE_DATAGRAMS];
	union control controls[QUEUE_DATAGRAMS];
	size_t runs[QUEUE_DATAGRAMS];

	hold_back(link, too_long, context);
	while (link->first < link->count) {
		size_t count = make_messages(link, messages, vectors, controls, runs);
		int sent = sendmmsg(link->fd, messages, (unsigned)count, MSG_NOSIGNAL);

		for (int i = 0; i < sent; i++)
			link->first += runs[i];
		if (sent <= 0 && !overcome(link, runs[0], too_long, context))
			return false;
	}
	link->first = link->count = link->used = 0;
	return true;
}

/* ---- receiving ------------------------------------------------------------------------------- */

size_t link_receive(struct link *link, link_take *take, void *context)
{
	struct mmsghdr messages[RECEIVE];
	struct iovec vectors[RECEIVE];

	for (size_t i = 0; i < RECEIVE; i++) {
		vectors[i] = (struct iovec){link->answers[i], ANSWER_MAX};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
	}
	int count = recvmmsg(link->fd, messages, RECEIVE, MSG_DONTWAIT, NULL);

	for (int i = 0; i < count; i++)
		take(context, link->answers[i], messages[i].msg_len);
	return count > 0 ? (size_t)count : 0;
}

void link_wait(const struct link *link, int input, uint64_t deadline, uint64_t now)
{
	struct pollfd ready[] = {
		{.fd = link->fd, .events = link->first < link->count ? POLLIN | POLLOUT : POLLIN},
		{.fd = input, .events = POLLIN},
	};
	uint64_t left = deadline > now ? deadline - now : 0;
	struct timespec time = {(time_t)(left / 1000000000), (long)(left % 1000000000)};

	/* A signal, or an error of the socket: seen by whoever tries next. */
	if (ppoll(ready, 2, deadline == UINT64_MAX ? NULL : &time, NULL) < 0)
		return;
}
