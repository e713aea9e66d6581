// SPDX-License-Identifier: GPL-2.0-or-later
// A FreeBSD client (netdump over debugnet, FreeBSD 12 to 15) and its dump. The client drives: HERALD, then EKCD_KEY,
// VMCORE and KDH in any order, then FINISHED; each message is acknowledged by its number and sent again until it is.
// It cannot be told that something is wrong: what we do not acknowledge it repeats a dozen times, a second apart, and
// then it gives up. README.md draws the states. Source: sys/net/debugnet.c, sys/netinet/netdump/netdump_client.c of
// FreeBSD; netdumpd.
#ifndef SESSION_FREEBSD_H
#define SESSION_FREEBSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "session/session.h"

struct buf;
struct freebsd_kdh;

struct freebsd_options {
	uint64_t size_max; /* bytes of a vmcore; nothing is written behind; 0: 2^48 */
	/* Acknowledgements come from a port of the session's own, and so what follows the HERALD comes to that port
	 * (debugnet_handle_ack() of the kernel): who sends there has received an acknowledgement, and is proven. The
	 * caller hands over nothing but HERALDs that came to another port. */
	bool has_own_port;
};

/* A session for the client that sent this HERALD, which it acknowledges. NULL where the packet is no HERALD: nothing
 * has been sent then. The caller hands over what comes from the client's address; acknowledgements go to
 * FREEBSD_CLIENT_PORT there. begin() is called at the first message with content, and meta->path has by then what the
 * HERALD asked for; a HERALD alone costs no file, and is forgotten after half a minute. SESSION_INFO is written right
 * before finish(). After FINISHED the dump is finished, but the session acknowledges for half a minute more. */
struct session *freebsd_new(struct session_host *host, const struct freebsd_options *options, const uint8_t *bytes,
			    size_t length, uint64_t now);
/* Whether this packet of the session's client begins another dump: a HERALD after a finished dump, or after so long a
 * silence that the client cannot be the same any more (else anybody who forges one HERALD would end a running dump).
 * The caller then makes a new session of this packet, and stops this one, which lives on until its finished() has been
 * called but gets no more packets: at once, or, where sessions have their own ports, when the new one is proven. */
bool freebsd_yields(const struct session *session, const uint8_t *bytes, size_t length, uint64_t now);
/* Whether the session's dump is finished, so that it no longer counts as a running one. */
bool freebsd_is_leaving(const struct session *session);

/* Appends the text of info.*, as netdumpd writes it. `kdh`: NULL where none arrived. */
void freebsd_info(const struct freebsd_kdh *kdh, const struct meta *meta, enum session_end end, struct buf *ret);

#endif
