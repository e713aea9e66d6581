// SPDX-License-Identifier: GPL-2.0-or-later
// The server: one loop that receives, hands each datagram to whom it concerns, and waits for nothing but the next one.
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "seal/seal.h"
#include "server/chances.h"
#include "server/config.h"
#include "server/repeats.h"
#include "session/netdump6.h"
#include "store/store.h"

struct client;
struct hooks;
struct notes;
struct sources;
struct udp;
struct writer;

enum server_port {
	SERVER_NETDUMP,    /* Red Hat, version 6, netconsole */
	SERVER_FREEBSD,
	SERVER_NETCONSOLE, /* netconsole alone */
	SERVER_PORTS,
};

/* Totals since the start, for the status. */
struct server_counts {
	uint64_t packets, bytes, refused, dumps_complete, dumps_incomplete, dumps_refused;
};

struct server {
	const struct config *config;
	char *dumpdir; /* of the configuration, as a path without links */
	struct udp *udp[SERVER_PORTS]; /* NULL: not listened to */
	struct writer *writer;
	char boot[64];                 /* boot_id of the kernel */
	struct store_options store_options;
	struct store *store;
	struct hooks *hooks;
	struct chances chances;
	struct repeats repeats;
	bool is_ticking; /* sessions send of their own accord, not because something came */
	struct notes *notes;
	struct seal_pair pair;
	struct seal_peers peers;
	struct netdump6_listener listener;
	struct {
		struct client **items;
		size_t count, capacity;
	} clients;
	struct sources *sources; /* of netconsole */
	int epoll;               /* what wakes the loop; -1: it does not run */
	struct server_counts counts;
	uint64_t now;            /* CLOCK_MONOTONIC, nanoseconds; once per round */
	uint64_t next_id;        /* of clients, for scripts */
	uint64_t stopped;        /* when server_close() waits no longer; 0: not told to stop */
	bool is_written;         /* server_close(): nothing waits for the disk any more */
};

/* Reads keys, opens ports, gives up privileges, forks the helper for scripts, enters the sandbox, and opens the dump
 * directory: in this order. `config` outlives the server. */
struct error *server_open(const struct config *config, struct server **ret) MUST_CHECK;
/* Closes files behind what is queued for them, and gives scripts the time to end, until 3 s after the signal. False
 * where threads still wait for the disk then: the process has to end by _exit(), and what they had is as incomplete as
 * the disk has it. NULL is allowed. */
bool server_close(struct server *server) MUST_CHECK;
/* Serves until `signals` (a signalfd) says SIGINT or SIGTERM, then closes every running dump properly, for 3 s at most.
 * `reload` is called at SIGHUP, `second` about once a second. */
struct error *server_run(struct server *server, int signals, void (*reload)(struct server *), void (*second)(struct server *))
	MUST_CHECK;
/* The loop also waits for what comes to a client's own port. */
struct error *server_watch(struct server *server, const struct client *client) MUST_CHECK;
/* Takes over what may change while it runs: networks, limits, keys. Nothing where the keys cannot be read. */
struct error *server_reload(struct server *server, const struct config *config) MUST_CHECK;

#endif
