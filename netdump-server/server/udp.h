// SPDX-License-Identifier: GPL-2.0-or-later
// A UDP port: datagrams in batches, answers from the very address and port to which was written (clients in a kernel's
// last moments take no other). Addresses are IPv6, IPv4's mapped.
#ifndef SERVER_UDP_H
#define SERVER_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct udp;

/* Who wrote, and to which of our addresses. */
struct udp_peer {
	struct sockaddr_in6 address;
	struct in6_addr local;
};

enum { UDP_TEXT = INET6_ADDRSTRLEN };

/* `addr`: "" for all addresses. */
struct error *udp_open(const char *addr, uint16_t port, struct udp **ret) MUST_CHECK;
/* A port that the system chooses, at the address `local`; inside the sandbox, too. It uses the memory of `udp`, and is
 * closed before that. */
struct error *udp_open_beside(const struct udp *udp, const struct in6_addr *local, struct udp **ret) MUST_CHECK;
void udp_close(struct udp *udp);
int udp_descriptor(const struct udp *udp);
/* Hands out what has come, but no more than a batch; returns how many datagrams that were. Their bytes may be changed and
 * are gone afterwards. */
typedef void udp_take(void *context, const struct udp_peer *peer, uint8_t *bytes, size_t length);
size_t udp_receive(struct udp *udp, udp_take *take, void *context);
/* Queues a datagram of at most UDP_ANSWER_MAX bytes; what the system does not take is lost, as any. */
enum { UDP_ANSWER_MAX = 1500 };
void udp_send(struct udp *udp, const struct udp_peer *peer, const void *bytes, size_t length);
void udp_flush(struct udp *udp);
/* "192.0.2.1", "2001:db8::1". */
void udp_text(const struct sockaddr_in6 *address, char ret[UDP_TEXT]);
/* The same the other way round; false for other texts. */
bool udp_parse(const char *text, struct in6_addr *ret);

#endif
