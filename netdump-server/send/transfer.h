// SPDX-License-Identifier: GPL-2.0-or-later
// The sender's side of version 6, without descriptors and clocks: what to send next and when, what was lost, when all
// has arrived. Data comes from a source (send/source.h), datagrams go where the caller takes them.
#ifndef SEND_TRANSFER_H
#define SEND_TRANSFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source;
struct transfer;

struct transfer_options {
	const struct seal_client *seal; /* NULL: plain */
	uint64_t magic;                 /* of START, for servers that know only that */
	uint32_t datagram;              /* largest datagram to begin with; grows and shrinks by probes */
	uint32_t memory;                /* bytes of data kept for sending again: bounds the window */
	uint64_t rate_max;              /* bytes per second; 0: as fast as the path takes */
	uint64_t patience;              /* nanoseconds without a sign of life before giving up */
	const char *text;               /* label, for OPEN */
	uint32_t machine;
	bool is_check;                  /* only ask: TRANSFER_DONE where the server would take a dump */
	int log;                        /* a regular file with the host's log, sent before the dump; stays the caller's */
	uint64_t log_size;              /* 0: none */
};

enum transfer_state {
	TRANSFER_STARTING,   /* START sent, no answer yet */
	TRANSFER_CLASSIC,    /* the server speaks no version 6: the caller goes on with send/classic.h */
	TRANSFER_OPENING, TRANSFER_RUNNING, TRANSFER_FINISHING,
	TRANSFER_DONE,       /* the server has it on its disk */
	TRANSFER_INCOMPLETE, /* the server says that something is missing */
	TRANSFER_FAILED,     /* see transfer_error() */
};

struct transfer_counts {
	uint64_t packets, packets_lost; /* lost: but for those that only asked what the path takes */
	uint64_t bytes_sent, bytes_acknowledged;
	uint64_t rtt_ns, rate; /* least round trip, bytes per second */
};

/* The source stays the caller's. */
struct transfer *transfer_new(struct source *source, const struct transfer_options *options, uint64_t now);
void transfer_free(struct transfer *transfer);
/* A datagram of the server; changed in place while it is opened. */
void transfer_packet(struct transfer *transfer, uint8_t *bytes, size_t length, uint64_t now);
/* The next datagram to send now, into `bytes` (ND6_DATAGRAM_MAX), and its length; 0 when nothing is to be sent before
 * transfer_deadline(), or before the next packet comes. Datagrams must not be fragmented on their way
 * (IP_MTU_DISCOVER). */
size_t transfer_next(struct transfer *transfer, uint8_t *bytes, uint64_t now);
/* CLOCK_MONOTONIC, nanoseconds; UINT64_MAX at the end. */
uint64_t transfer_deadline(const struct transfer *transfer, uint64_t now);
/* The pipe had nothing when transfer_next() asked it: source_fd() is to be waited for as well. */
bool transfer_is_starved(const struct transfer *transfer);
/* The system would not take a datagram of that size (EMSGSIZE): the largest it takes, or 0 if it does not say. */
void transfer_too_long(struct transfer *transfer, size_t length, size_t most, uint64_t now);
/* A datagram, as transfer_next()'s, that tells the server to close the dump as it is, and why; nothing else is sent from
 * then on. To be repeated until transfer_is_let_go(). 0: the server has nothing to close. */
size_t transfer_give_up(struct transfer *transfer, const char *reason, uint8_t *bytes, uint64_t now);
bool transfer_is_let_go(const struct transfer *transfer);
enum transfer_state transfer_state(const struct transfer *transfer);
/* One line, or NULL. */
const char *transfer_error(const struct transfer *transfer);
const struct transfer_counts *transfer_counts(const struct transfer *transfer);

#endif
