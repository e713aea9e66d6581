// SPDX-License-Identifier: GPL-2.0-or-later
// Who a datagram is for: which protocol, which client, and whether a new one is let in.
#ifndef SERVER_RECEPTION_H
#define SERVER_RECEPTION_H

#include <stddef.h>
#include <stdint.h>

#include "server/server.h"

struct client;
struct redhat_options;
struct udp_peer;

/* A datagram of one of the ports; may be changed. */
void reception_packet(struct server *server, enum server_port port, const struct udp_peer *peer, uint8_t *bytes, size_t length);
/* The same of a client's own port. */
void reception_own_packet(struct client *client, const struct udp_peer *peer, uint8_t *bytes, size_t length);

/* What the configuration says of a Red Hat client. */
void reception_redhat_options(const struct server *server, const struct client *client, struct redhat_options *ret);

#endif
