// SPDX-License-Identifier: GPL-2.0-or-later
// A client as the server knows it: its session, and what surrounds that: port, address, files, log, scripts.
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "server/udp.h"
#include "session/meta.h"
#include "session/session.h"

struct dump_files;
struct server;

struct client {
	struct session_host host; /* the first member: what a session is given */
	struct server *server;
	struct session *session;
	struct udp *udp;
	struct udp *own;          /* the same, where the client has a port of its own; or NULL */
	struct udp_peer peer;     /* where answers go */
	char name[UDP_TEXT];      /* its address */
	uint64_t id;              /* never used twice */
	struct meta meta;
	struct dump_files *dump;  /* NULL: not begun; when it is over, its log goes on until the session ends */
	bool is_finishing;        /* dump_finish() was called, and has not come back */
	bool is_touched;          /* in this round's batch */
	bool is_leaving;          /* its dump is over: it takes no place any more */
};

/* A client without a session as yet; client_free() is the caller's. */
struct client *client_new(struct server *server, struct udp *udp, const struct udp_peer *peer);
void client_free(struct client *client);
/* Whether it can be freed: over, and nothing is on its way to the disk. */
bool client_is_done(const struct client *client);
/* Whether it takes one of the places for running dumps. */
bool client_is_running(const struct client *client);
/* Whether as many dumps are running as may. `but`: whose place the new one would take, or NULL. */
bool clients_are_full(const struct server *server, const struct client *but);

#endif
