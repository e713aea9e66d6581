// SPDX-License-Identifier: GPL-2.0-or-later
// The server's side of version 6 (wire/netdump6.h). Until a client has shown by its cookie that it receives at its
// address, and by its key who it is, nothing is kept of it: the functions of the listener answer from the datagram
// alone. Then there is a session, which may go on at another address after the client was started again.
#ifndef SESSION_NETDUMP6_H
#define SESSION_NETDUMP6_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/seal.h"
#include "session/extents.h"
#include "session/session.h"
#include "wire/netdump6.h"

/* What all sessions share; it outlives them. */
struct netdump6_listener {
	struct seal_cookies cookies;
	const struct seal_pair *pair;   /* the server's keys and its clients; both NULL where it has none */
	const struct seal_peers *peers;
	bool must_seal;                 /* clients without keys are turned away */
	uint32_t datagram_max;          /* largest datagram that the server receives */
	uint64_t size_max;              /* of a file */
	uint64_t silence;               /* nanoseconds without a word of the client until its dump is closed */
};

/* An OPEN that was read, and whose sender has shown what it has to show. */
struct netdump6_opening {
	struct nd6_open open;
	uint64_t number;                /* of the datagram: that of the answer */
	size_t length;
	uint8_t mark[48];               /* how its payload begins: tells a repeated OPEN from a new one */
	char peer[SEAL_NAME_MAX + 1];   /* name of its key; "": a client without keys */
	bool is_sealed;
	struct seal_handshake handshake; /* one copy of it is used up by the session */
};

/* What goes behind START_NETDUMP_ACK's 24 bytes: writes ND6_ANSWER bytes. */
void netdump6_answer(const struct netdump6_listener *listener, const struct nd6_offer *offer,
		     const struct sockaddr_in6 *client, uint64_t now, uint8_t *bytes);
/* Whether a datagram is an OPEN to be answered; anything else gets no answer. */
bool netdump6_open_read(const struct netdump6_listener *listener, const struct sockaddr_in6 *client,
			const uint8_t *bytes, size_t length, uint64_t now, struct netdump6_opening *ret);
/* Writes the answer to an OPEN that cannot be let in, and to a datagram of a session that is not known; returns the
 * length, which is not above that of the datagram answered. `bytes` has room for ND6_DATAGRAM_MIN. */
size_t netdump6_refuse_open(const struct netdump6_opening *opening, enum nd6_refusal reason, uint16_t retry_s,
			    const char *text, uint8_t *bytes);
/* Writes the ACCEPT of an opening, and sets the keys of its session; 0 where the client's keys are no keys. */
size_t netdump6_accept(const struct netdump6_opening *opening, const struct nd6_accept *accept, uint8_t *bytes,
		       struct seal_direction *to_server, struct seal_direction *to_client);
/* Writes the answer to an OPEN that only asks whether a dump would be taken; 0 as above. */
size_t netdump6_accept_check(const struct netdump6_opening *opening, uint8_t *bytes);
/* 0 where none is due. */
size_t netdump6_refuse_unknown(const uint8_t *datagram, size_t length, uint8_t *bytes);

/* A session for an opening: sends ACCEPT. Later OPENs go through netdump6_open_read() again, everything else to the
 * session's packet(). `have` (or NULL): what an earlier attempt left; its items are taken over. The session fills in
 * the host's meta; where begin() fails, or has to wait, it refuses, and is over. */
struct session *netdump6_new(struct session_host *host, const struct netdump6_listener *listener,
			     const struct netdump6_opening *opening, struct extents *have, bool is_begun, uint64_t now);
/* A session is to go on with a new OPEN of the same dump, from the same or another address (to which the host has to
 * send from now on). False, with nothing changed, where it is another dump, another client, or this one is finished. An
 * OPEN that was answered before is answered again. */
bool netdump6_reopen(struct session *session, const struct netdump6_opening *opening, uint64_t now);
/* Whether a datagram with that session number is this session's. */
bool netdump6_knows(const struct session *session, uint64_t number);
/* Whether the session would go on with that OPEN. */
bool netdump6_is_same(const struct session *session, const struct netdump6_opening *opening);
const struct extents *netdump6_have(const struct session *session);
const uint8_t *netdump6_id(const struct session *session);

#endif
