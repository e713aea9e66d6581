// SPDX-License-Identifier: GPL-2.0-or-later
// The client's side of the original netdump, as a RHEL 4 kernel has it (drivers/net/netdump.c of 2.6.9-89.29.1.EL): it
// says START until it is heard, and then answers what it is asked, one request after the other. No descriptors, no
// clock.
#ifndef SEND_CLASSIC_H
#define SEND_CLASSIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct classic;
struct memory;

enum classic_state {
	CLASSIC_STARTING,
	CLASSIC_SERVING,
	CLASSIC_OVER,   /* the server has let us go */
	CLASSIC_FAILED, /* see classic_error() */
};

/* The memory stays the caller's. `patience`: nanoseconds without a word of the server before giving up. */
struct classic *classic_new(struct memory *memory, uint64_t magic, uint64_t patience, uint64_t now);
void classic_free(struct classic *classic);
/* A datagram of the server. */
void classic_packet(struct classic *classic, const uint8_t *bytes, size_t length, uint64_t now);
/* The next datagram to send, into `bytes` (CLASSIC_DATAGRAM), and its length; 0: none before classic_deadline(). */
enum { CLASSIC_DATAGRAM = 1100 };
size_t classic_next(struct classic *classic, uint8_t *bytes, uint64_t now);
uint64_t classic_deadline(const struct classic *classic);
enum classic_state classic_state(const struct classic *classic);
/* One line, or NULL: why it failed, or what was not sent though the server asked for it. */
const char *classic_error(const struct classic *classic);
/* How many different pages were sent: all, when it is memory_ram_pages(). */
uint32_t classic_served(const struct classic *classic);

#endif
