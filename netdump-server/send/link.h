// SPDX-License-Identifier: GPL-2.0-or-later
// The way to the server: a connected UDP socket, datagrams in batches, never fragmented. Datagrams of one length that
// follow each other go through the kernel as one (UDP_SEGMENT, udp(7)), which is what makes small ones cheap.
#ifndef SEND_LINK_H
#define SEND_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct link;

/* A datagram that the path does not take, and the most that it takes (0: unknown). */
typedef void link_too_long(void *context, size_t length, size_t most);
/* A datagram of the server, to be changed as one likes. */
typedef void link_take(void *context, uint8_t *bytes, size_t length);

struct link_options {
	const char *address; /* in numbers, IPv4 or IPv6 ("fe80::1%eth0"): resolving names would need shared libraries */
	uint16_t port, source_port; /* source_port: ours; 0: any */
	size_t mtu;          /* nothing larger is sent, headers included; 0: what the path takes */
};

/* ERROR_LIMIT: somebody else has our port. */
struct error *link_open(const struct link_options *options, struct link **ret) MUST_CHECK;
void link_close(struct link *link);
/* The largest datagram that this side's network takes. */
size_t link_datagram(const struct link *link);
/* Where the next datagram goes, at least LINK_DATAGRAM_MAX bytes; NULL: send what is there first. */
enum { LINK_DATAGRAM_MAX = 65507 };
uint8_t *link_room(struct link *link);
/* A datagram of that length lies in link_room(). */
void link_put(struct link *link, size_t length);
/* Sends what was put. False: the socket takes no more now, something is left. */
bool link_flush(struct link *link, link_too_long *too_long, void *context);
/* Hands out what has come, a batch at most; returns how many datagrams that were. */
size_t link_receive(struct link *link, link_take *take, void *context);
/* Waits until `deadline` (CLOCK_MONOTONIC, nanoseconds; UINT64_MAX: without end) for a datagram, for room where
 * link_flush() left something, or for bytes from `input` (-1: none). */
void link_wait(const struct link *link, int input, uint64_t deadline, uint64_t now);

#endif
