// SPDX-License-Identifier: GPL-2.0-or-later
// A Red Hat client (netdump 4 and 5) and its dump. The client is a passive loop and the server drives:
// START_NETDUMP_ACK,
// HELLO, page size, page count, registers, then each page by its number, SHOW_STATE, and REBOOT until the client must
// have
// heard it. README.md draws the states. Source: drivers/net/netdump.c of RHEL 3 and 4.
#ifndef SESSION_REDHAT_H
#define SESSION_REDHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extents;
struct session;
struct session_host;

struct redhat_options {
	bool is_secure;      /* secure=1: only a client whose START names the magic that we know */
	bool has_magic;      /* `magic` is of this client: DUMPDIR/magic/<address> */
	uint64_t magic;
	bool just_reboot;    /* a dump too many: take the client's state into the log and reboot it, but no memory */
	uint64_t memory_max; /* bytes of memory of a client that we take at most; 0: only the host's begin() says */
	uint64_t patience;   /* nanoseconds of silence before the client is given up; 0: three minutes */
};

/* A session for the client that sent this START, which it answers. NULL where the packet is no START, or its sender
 * is not admitted (a note says why): nothing has been sent then.
 *
 * The caller hands over what comes from the client's address and the port of its START, and LOG packets from any port
 * of that address: RHEL 4 sends them from a port of its own. begin() is called once the client has said how large its
 * memory is, and each second while the answer is SESSION_WAIT; the vmcore is to have that length from the beginning, since nothing is written for holes. Where a dump
 * could not begin, finish() comes without begin() and no finished() is awaited; a START whose sender never answers
 * gets neither. While the session says farewell the dump is finished already: `is_over` may be minutes away, for the
 * client is deaf while it prints its state. */
struct session *redhat_new(struct session_host *host, const struct redhat_options *options, const uint8_t *bytes,
			   size_t length, uint64_t now);
/* Whether a START from another port of the client's address may be a new dump of it: this one is saying farewell, or
 * nothing has come for a few seconds. Both sessions go on until the new one has had an answer. */
bool redhat_yields(const struct session *session, uint64_t now);
/* The client is in another dump: this one is finished without farewell. */
void redhat_give_up(struct session *session);

/* As redhat_new(), for a client that a server before this one has left in the middle: meta is what it was then, `state`
 * of it too, and the host is ready to write. The client is asked for a minute whether it still waits; what it says must be
 * what it said then. `have`: what is there; its items are taken over. NULL where that cannot be of a dump of ours, or the
 * client would not be admitted now: the caller then closes the dump. */
struct session *redhat_resume(struct session_host *host, const struct redhat_options *options, struct extents *have,
			      uint64_t now);
/* Whether such a client has not yet answered. */
bool redhat_is_returning(const struct session *session);
/* In the place of stop(): the client is left waiting for the next server, and its dump closed as incomplete so that
 * redhat_resume() can go on. False where that makes no sense: stop() then. */
bool redhat_suspend(struct session *session);

#endif
