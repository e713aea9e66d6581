// SPDX-License-Identifier: GPL-2.0-or-later
// How large datagrams may be: grows by probes that arrive, shrinks when large ones vanish while small ones do not (a
// black hole, RFC 8899) or when the system refuses them.
#ifndef SEND_DATAGRAM_H
#define SEND_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATAGRAM_SIZES = 8 };

struct datagram {
	uint32_t size;         /* what is sent now */
	uint32_t limit;        /* what server and system take at most */
	uint32_t probe;        /* size that is being probed; 0: none */
	unsigned tries;
	bool is_out;           /* a probe is on its way */
	uint64_t probe_at;     /* when the next one may go */
	unsigned vanished;     /* datagrams lost in a row: none of their size arrived in between */
	uint32_t vanished_size; /* of the least of them */
	uint64_t arrived[DATAGRAM_SIZES]; /* largest number that arrived, of each class of sizes */
};

void datagram_init(struct datagram *datagram, uint32_t size);
/* The path may be another one. */
void datagram_restart(struct datagram *datagram, uint32_t limit, uint64_t now);
/* Whether a probe is to be sent, and its size: it goes out now. */
bool datagram_probe(struct datagram *datagram, uint64_t now, uint32_t *ret);
/* A probe of `size` arrived, or did not. True when `size` of the datagrams has changed. */
bool datagram_probe_acked(struct datagram *datagram, uint32_t size, uint64_t now);
void datagram_probe_lost(struct datagram *datagram, uint32_t size, uint64_t now);
void datagram_acked(struct datagram *datagram, uint64_t number, size_t size);
/* True when the datagrams are to be smaller from now on. */
bool datagram_lost(struct datagram *datagram, uint64_t number, size_t size, uint64_t now);
/* EMSGSIZE. True when the datagrams are to be smaller from now on. */
bool datagram_too_long(struct datagram *datagram, size_t size, size_t most, uint64_t now);

#endif
