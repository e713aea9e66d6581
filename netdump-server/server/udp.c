// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

enum {
	BATCH = 32,
	DATAGRAM = 65536,
	SEND_BATCH = 64,
	CONTROL = 128,
	RECEIVE_BUFFER = 16 << 20, /* asked for; the system bounds it */
};

struct udp {
	int fd;
	bool is_v4; /* a host without IPv6 */
	uint8_t *bytes; /* BATCH * DATAGRAM */
	size_t queued;
	struct {
		struct udp_peer peer;
		size_t length;
		uint8_t bytes[UDP_ANSWER_MAX];
	} queue[SEND_BATCH];
};

/* ---- addresses ------------------------------------------------------------------------------- */

static struct in6_addr mapped(struct in_addr v4)
{
	struct in6_addr address = {.s6_addr = {[10] = 0xff, [11] = 0xff}};

	memcpy(address.s6_addr + 12, &v4, sizeof(v4));
	return address;
}

static struct in_addr unmapped(const struct in6_addr *address)
{
	struct in_addr v4;

	memcpy(&v4, address->s6_addr + 12, sizeof(v4));
	return v4;
}

void udp_text(const struct sockaddr_in6 *address, char ret[UDP_TEXT])
{
	struct in_addr v4 = unmapped(&address->sin6_addr);

	if (IN6_IS_ADDR_V4MAPPED(&address->sin6_addr))
		inet_ntop(AF_INET, &v4, ret, UDP_TEXT);
	else
		inet_ntop(AF_INET6, &address->sin6_addr, ret, UDP_TEXT);
}

/* ---- the port -------------------------------------------------------------------------------- */

static void set_option(int fd, int level, int name, int value)
{
	/* What a system does not know is done without: bigger buffers, offloads. */
	if (setsockopt(fd, level, name, &value, sizeof(value)))
		return;
}

static struct error *bind_v4(struct udp *udp, const char *addr, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	if (*addr && inet_pton(AF_INET, addr, &address.sin_addr) != 1)
		return error_new(ERROR_INVALID, "addr: \"%s\" is no address of IPv4, and this system has no IPv6", addr);
	if (bind(udp->fd, (struct sockaddr *)&address, sizeof(address)))
		return error_errno("UDP port %u", port);
	set_option(udp->fd, IPPROTO_IP, IP_PKTINFO, 1);
	return NULL;
}

static struct error *bind_v6(struct udp *udp, const char *addr, uint16_t port)
{
	struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct in_addr v4;

	if (*addr && inet_pton(AF_INET, addr, &v4) == 1)
		address.sin6_addr = mapped(v4);
	else if (*addr && inet_pton(AF_INET6, addr, &address.sin6_addr) != 1)
		return error_new(ERROR_INVALID, "addr: \"%s\" is no address", addr);
	set_option(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	if (bind(udp->fd, (struct sockaddr *)&address, sizeof(address)))
		return error_errno("UDP port %u", port);
	set_option(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	return NULL;
}

struct error *udp_open(const char *addr, uint16_t port, struct udp **ret)
{
	struct udp *udp = mem_zero(sizeof(*udp));
	struct error *error;

	udp->fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (udp->fd < 0 && errno == EAFNOSUPPORT) {
		udp->is_v4 = true;
		udp->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	}
	if (udp->fd < 0) {
		free(udp);
		return error_errno("UDP port %u", port);
	}
	error = udp->is_v4 ? bind_v4(udp, addr, port) : bind_v6(udp, addr, port);
	if (error) {
		udp_close(udp);
		return error;
	}
	/* A FreeBSD client pauses for a second at each datagram that is lost. FORCE wants CAP_NET_ADMIN. */
	set_option(udp->fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	set_option(udp->fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
	set_option(udp->fd, IPPROTO_UDP, UDP_GRO, 1);
	udp->bytes = mem_resize(NULL, BATCH, DATAGRAM);
	*ret = udp;
	return NULL;
}

void udp_close(struct udp *udp)
{
	if (!udp)
		return;
	close(udp->fd);
	free(udp->bytes);
	free(udp);
}

int udp_descriptor(const struct udp *udp)
{
	return udp->fd;
}

/* ---- receiving ------------------------------------------------------------------------------- */

union control {
	struct cmsghdr align;
	uint8_t bytes[CONTROL];
};

/* Who wrote, our address, and the length of the segments that the system has put together (0: none). */
static size_t read_envelope(const struct udp *udp, struct msghdr *message, struct udp_peer *peer)
{
	int segment = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			peer->local = info.ipi6_addr;
		} else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;

			memcpy(&info, CMSG_DATA(c), sizeof(info));
			peer->local = mapped(info.ipi_addr);
		} else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		}
	}
	if (udp->is_v4) {
		struct sockaddr_in v4;

		memcpy(&v4, &peer->address, sizeof(v4));
		peer->address = (struct sockaddr_in6){.sin6_family = AF_INET6,
						      .sin6_port = v4.sin_port,
						      .sin6_addr = mapped(v4.sin_addr)};
	}
	return segment > 0 ? (size_t)segment : 0;
}

size_t udp_receive(struct udp *udp, void (*take)(void *, const struct udp_peer *, uint8_t *, size_t), void *context)
{
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct udp_peer peers[BATCH];
	union control controls[BATCH];
	size_t taken = 0;

	for (size_t i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){udp->bytes + i * DATAGRAM, DATAGRAM};
		peers[i] = (struct udp_peer){0};
		messages[i].msg_hdr = (struct msghdr){&peers[i].address, sizeof(peers[i].address), &vectors[i], 1,
						      controls[i].bytes, CONTROL, 0};
	}
	int count = recvmmsg(udp->fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++) {
		size_t length = messages[i].msg_len, segment = read_envelope(udp, &messages[i].msg_hdr, &peers[i]);
		size_t at = 0;

		do {
			size_t step = segment && length - at > segment ? segment : length - at;

			take(context, &peers[i], udp->bytes + (size_t)i * DATAGRAM + at, step);
			at += step;
			taken++;
		} while (at < length);
	}
	return taken;
}

/* ---- sending --------------------------------------------------------------------------------- */

static void put_v6(const struct udp_peer *peer, struct msghdr *message, struct sockaddr_in6 *address, uint8_t *control)
{
	struct cmsghdr *header = (struct cmsghdr *)control;
	struct in6_pktinfo info = {.ipi6_addr = peer->local};

	*address = peer->address;
	message->msg_namelen = sizeof(*address);
	message->msg_controllen = CMSG_SPACE(sizeof(info));
	*header = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IPV6, IPV6_PKTINFO};
	memcpy(CMSG_DATA(header), &info, sizeof(info));
}

static void put_v4(const struct udp_peer *peer, struct msghdr *message, struct sockaddr_in6 *address, uint8_t *control)
{
	struct cmsghdr *header = (struct cmsghdr *)control;
	struct in_pktinfo info = {.ipi_spec_dst = unmapped(&peer->local)};
	struct sockaddr_in v4 = {AF_INET, peer->address.sin6_port, unmapped(&peer->address.sin6_addr), {0}};

	memcpy(address, &v4, sizeof(v4));
	message->msg_namelen = sizeof(v4);
	message->msg_controllen = CMSG_SPACE(sizeof(info));
	*header = (struct cmsghdr){CMSG_LEN(sizeof(info)), IPPROTO_IP, IP_PKTINFO};
	memcpy(CMSG_DATA(header), &info, sizeof(info));
}

void udp_send(struct udp *udp, const struct udp_peer *peer, const void *bytes, size_t length)
{
	if (length > UDP_ANSWER_MAX)
		return;
	if (udp->queued == SEND_BATCH)
		udp_flush(udp);
	udp->queue[udp->queued].peer = *peer;
	udp->queue[udp->queued].length = length;
	memcpy(udp->queue[udp->queued++].bytes, bytes, length);
}

void udp_flush(struct udp *udp)
{
	struct mmsghdr messages[SEND_BATCH];
	struct sockaddr_in6 addresses[SEND_BATCH];
	struct iovec vectors[SEND_BATCH];
	union control controls[SEND_BATCH] = {0};

	for (size_t i = 0; i < udp->queued; i++) {
		const struct udp_peer *peer = &udp->queue[i].peer;

		vectors[i] = (struct iovec){udp->queue[i].bytes, udp->queue[i].length};
		messages[i].msg_hdr = (struct msghdr){&addresses[i], 0, &vectors[i], 1, controls[i].bytes, 0, 0};
		(udp->is_v4 ? put_v4 : put_v6)(peer, &messages[i].msg_hdr, &addresses[i], controls[i].bytes);
	}
	/* One that cannot be sent (no route, a full queue) must not hold up those behind it. */
	for (size_t done = 0; done < udp->queued;) {
		int sent = sendmmsg(udp->fd, messages + done, (unsigned)(udp->queued - done), MSG_DONTWAIT | MSG_NOSIGNAL);

		done += sent > 0 ? (size_t)sent : 1;
	}
	udp->queued = 0;
}
