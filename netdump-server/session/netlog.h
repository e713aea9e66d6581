// SPDX-License-Identifier: GPL-2.0-or-later
// What one host says by netconsole, plain or extended, as lines of text: messages in their order, fragments put
// together, duplicates left out, and a line of ours where something is missing. Touches no descriptor, no clock and
// no file; time is CLOCK_MONOTONIC in nanoseconds and comes in with each call. Nothing is ever sent to the host: no
// kernel listens.
#ifndef SESSION_NETLOG_H
#define SESSION_NETLOG_H

#include <stddef.h>
#include <stdint.h>

struct netlog;

/* Bytes of messages that all hosts together hold back; `limit` is the caller's. One host alone holds no more than
 * NETLOG_MEMORY. */
struct netlog_budget {
	size_t used, limit;
};

enum { NETLOG_MEMORY = 256 << 10 };

/* Takes a line, without its newline, which may hold any byte else. A line of ours begins and ends with "--". */
typedef void netlog_line(void *context, const char *text, size_t length);

struct netlog_counts {
	uint64_t messages;   /* extended ones that were written */
	uint64_t missing;    /* numbers of messages that never came */
	uint64_t incomplete; /* messages that were written with fragments missing */
	uint64_t duplicates; /* datagrams that brought nothing new */
	uint64_t restarts;   /* how often the host began to count anew */
};

struct netlog *netlog_new(struct netlog_budget *budget, netlog_line *line, void *context);
/* What is held back is dropped: see netlog_flush(). */
void netlog_free(struct netlog *netlog);
/* A datagram of the host, of any of its ports. */
void netlog_packet(struct netlog *netlog, const uint8_t *bytes, size_t length, uint64_t now);
/* When netlog_tick() wants to be called: what has waited for a second for its other half is written as far as it is. */
uint64_t netlog_deadline(const struct netlog *netlog);
void netlog_tick(struct netlog *netlog, uint64_t now);
/* Writes what is held back as far as it is: at the end, or before another log begins. */
void netlog_flush(struct netlog *netlog);
const struct netlog_counts *netlog_counts(const struct netlog *netlog);

#endif
