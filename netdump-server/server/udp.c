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

/* Of a port and those beside it. */
struct memory {
	uint8_t *bytes; /* BATCH * DATAGRAM */
	struct udp *of; /* whose datagrams are queued */
	size_t queued;
	struct {
		struct udp_peer peer;
		size_t length;
		uint8_t bytes[UDP_ANSWER_MAX];
	} queue[SEND_BATCH];
};

struct udp {
	int fd;
	bool is_v4; /* a host without IPv6 */
	bool is_beside; /* the memory is another's */
	struct memory *memory;
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

bool udp_parse(const char *text, struct in6_addr *ret)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, text, &v4) != 1)
		return inet_pton(AF_INET6, text, ret) == 1;
	*ret = mapped(v4);
	return true;
}

static struct error *parse_address(const char *addr, bool is_v4, struct in6_addr *ret)
{
	if (!*addr || (udp_parse(addr, ret) && (!is_v4 || IN6_IS_ADDR_V4MAPPED(ret))))
		return NULL;
	return is_v4 ? error_new(ERROR_INVALID, "addr: \"%s\" is no address of IPv4, and this system has no IPv6", addr)
		     : error_new(ERROR_INVALID, "addr: \"%s\" is no address", addr);
}

static bool bind_to(const struct udp *udp, const struct in6_addr *local, uint16_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = unmapped(local)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = *local};

	if (udp->is_v4) {
		set_option(udp->fd, IPPROTO_IP, IP_PKTINFO, 1);
		return !bind(udp->fd, (struct sockaddr *)&v4, sizeof(v4));
	}
	set_option(udp->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
	set_option(udp->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
	return !bind(udp->fd, (struct sockaddr *)&v6, sizeof(v6));
}

static int open_socket(bool is_v4)
{
	return socket(is_v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* A FreeBSD client pauses for a second at each datagram that is lost. FORCE wants CAP_NET_ADMIN. */
static void enlarge(const struct udp *udp)
{
	set_option(udp->fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
	set_option(udp->fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER);
	set_option(udp->fd, IPPROTO_UDP, UDP_GRO, 1);
}

struct error *udp_open(const char *addr, uint16_t port, struct udp **ret)
{
	struct udp *udp = mem_zero(sizeof(*udp));
	struct in6_addr local = IN6ADDR_ANY_INIT;

	udp->fd = open_socket(false);
	if (udp->fd < 0 && errno == EAFNOSUPPORT) {
		udp->is_v4 = true;
		udp->fd = open_socket(true);
	}
	struct error *error = udp->fd < 0 ? error_errno("UDP port %u", port) : parse_address(addr, udp->is_v4, &local);

	if (!error && !bind_to(udp, &local, port))
		error = error_errno("UDP port %u", port);
	if (error) {
		udp_close(udp);
		return error;
	}
	enlarge(udp);
	udp->memory = mem_zero(sizeof(*udp->memory));
	udp->memory->bytes = mem_resize(NULL, BATCH, DATAGRAM);
	*ret = udp;
	return NULL;
}

struct error *udp_open_beside(const struct udp *udp, const struct in6_addr *local, struct udp **ret)
{
	struct udp *beside = mem_zero(sizeof(*beside));

	*beside = (struct udp){open_socket(udp->is_v4), udp->is_v4, true, udp->memory};
	if (beside->fd < 0 || !bind_to(beside, local, 0)) {
		struct error *error = error_errno("another UDP port");

		udp_close(beside);
		return error;
	}
	enlarge(beside);
	*ret = beside;
	return NULL;
}

void udp_close(struct udp *udp)
{
	if (!udp)
		return;
	if (udp->memory && udp->is_beside)
		udp_flush(udp);
	else if (udp->memory)
		free(udp->memory->bytes);
	if (!udp->is_beside)
		free(udp->memory);
	if (udp->fd >= 0)
		close(udp->fd);
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

size_t udp_receive(struct udp *udp, udp_take *take, void *context)
{
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	struct udp_peer peers[BATCH];
	union control controls[BATCH];
	size_t taken = 0;

	for (size_t i = 0; i < BATCH; i++) {
		vectors[i] = (struct iovec){udp->memory->bytes + i * DATAGRAM, DATAGRAM};
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

			take(context, &peers[i], udp->memory->bytes + (size_t)i * DATAGRAM + at, step);
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
	struct memory *memory = udp->memory;

	if (length > UDP_ANSWER_MAX)
		return;
	if (memory->queued && (memory->queued == SEND_BATCH || memory->of != udp))
		udp_flush(memory->of);
	memory->of = udp;
	memory->queue[memory->queued].peer = *peer;
	memory->queue[memory->queued].length = length;
	memcpy(memory->queue[memory->queued++].bytes, bytes, length);
}

static void send_queue(const struct udp *udp, struct memory *memory)
{
	struct mmsghdr messages[SEND_BATCH];
	struct sockaddr_in6 addresses[SEND_BATCH];
	struct iovec vectors[SEND_BATCH];
	union control controls[SEND_BATCH] = {0};

	for (size_t i = 0; i < memory->queued; i++) {
		const struct udp_peer *peer = &memory->queue[i].peer;

		vectors[i] = (struct iovec){memory->queue[i].bytes, memory->queue[i].length};
		messages[i].msg_hdr = (struct msghdr){&addresses[i], 0, &vectors[i], 1, controls[i].bytes, 0, 0};
		(udp->is_v4 ? put_v4 : put_v6)(peer, &messages[i].msg_hdr, &addresses[i], controls[i].bytes);
	}
	/* One that cannot be sent (no route, a full queue) must not hold up those behind it. */
	for (size_t done = 0; done < memory->queued;) {
		int sent = sendmmsg(udp->fd, messages + done, (unsigned)(memory->queued - done), MSG_DONTWAIT | MSG_NOSIGNAL);

		done += sent > 0 ? (size_t)sent : 1;
	}
	memory->queued = 0;
	memory->of = NULL;
}

void udp_flush(struct udp *udp)
{
	if (udp->memory->of == udp)
		send_queue(udp, udp->memory);
}
