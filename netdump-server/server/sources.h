// SPDX-License-Identifier: GPL-2.0-or-later
// Hosts that send netconsole: a bounded number, the one longest silent goes first. What a host said last is kept for the
// dump that may follow.
#ifndef SERVER_SOURCES_H
#define SERVER_SOURCES_H

#include <stddef.h>
#include <stdint.h>

struct client;
struct server;
struct sources;
struct udp_peer;

struct sources *sources_new(struct server *server);
void sources_free(struct sources *sources);
/* A datagram that is no netdump. */
void sources_packet(struct sources *sources, const struct udp_peer *peer, const uint8_t *bytes, size_t length);
/* Text of a host's log that came by netdump's own LOG before its dump. */
void sources_text(struct sources *sources, const struct udp_peer *peer, const uint8_t *text, size_t length);
/* A dump has begun: its log starts with what its host said in the last minutes. */
void sources_recall(struct sources *sources, struct client *client);
/* When sources_tick() wants to be called. */
uint64_t sources_deadline(const struct sources *sources);
void sources_tick(struct sources *sources);
/* How many hosts there are, for the status. */
size_t sources_count(const struct sources *sources);

#endif
