// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/reception.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/vec.h"
#include "server/client.h"
#include "server/journal.h"
#include "server/notes.h"
#include "server/sources.h"
#include "server/udp.h"
#include "session/freebsd.h"
#include "session/redhat.h"
#include "wire/freebsd.h"
#include "wire/netconsole.h"
#include "wire/netdump6.h"
#include "wire/redhat.h"

/* Sessions of which nothing is proven: they cost a little memory each, and the eldest makes room. */
enum { UNPROVEN_MAX = 64, RETRY_SECONDS = 15 };

static bool is_from(const struct client *client, const struct udp_peer *peer)
{
	return IN6_ARE_ADDR_EQUAL(&client->peer.address.sin6_addr, &peer->address.sin6_addr);
}

static bool speaks(const struct client *client, const char *protocol)
{
	return !strcmp(client->session->ops->protocol, protocol);
}

/* A session that goes on, of the host that a datagram came from, by whatever port. */
static bool is_session_of(const struct client *client, const struct udp_peer *peer, const char *protocol)
{
	return !client->session->is_over && is_from(client, peer) && speaks(client, protocol);
}

/* The newest one. */
static struct client *find_client(const struct server *server, const struct udp_peer *peer, const char *protocol)
{
	for (size_t i = server->clients.count; i-- > 0;) {
		struct client *client = server->clients.items[i];

		if (is_session_of(client, peer, protocol))
			return client;
	}
	return NULL;
}

static void hand_over(struct client *client, uint8_t *bytes, size_t length)
{
	client->is_touched = true;
	client->session->ops->packet(client->session, bytes, length, client->server->now);
}

/* ---- room ------------------------------------------------------------------------------------ */

/* The unproven client that has been silent longest, where there are too many; it is dropped without a word. */
static void bound_unproven(struct server *server)
{
	struct client *eldest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *client = server->clients.items[i];

		if (client->session->is_proven || client->dump || client->session->is_over)
			continue;
		count++;
		if (!eldest || client->session->heard < eldest->session->heard)
			eldest = client;
	}
	if (count >= UNPROVEN_MAX)
		eldest->session->is_over = true;
}

/* Keeps a client whose session was made of a packet; frees it where that was none. */
static struct client *admit(struct server *server, struct client *client, struct session *session)
{
	client->session = session;
	if (!session) {
		server->counts.refused++;
		client_free(client);
		return NULL;
	}
	client->is_touched = true;
	*vec_push(&server->clients) = client;
	return client;
}

/* ---- Red Hat --------------------------------------------------------------------------------- */

/* DUMPDIR/magic/<address>: 16 hexadecimal digits, most significant first (section 1.7 of the protocol's notes). */
static bool read_magic(const struct server *server, const char *name, uint64_t *ret)
{
	char path[4096], text[32] = "", *end;
	int length = snprintf(path, sizeof(path), "%s/magic/%s", server->config->dumpdir, name);
	int fd _cleanup_close_ = length < (int)sizeof(path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return false;
	*ret = strtoull(text, &end, 16);
	return end != text && (!*end || *end == '\n');
}

/* A client of ours asks whether we are of its kind: answered from its datagram alone, which was longer, or it is not one
 * of ours. */
static void answer_offer(struct server *server, struct udp *udp, const struct udp_peer *peer, const struct redhat_start *start,
			 size_t length)
{
	const struct redhat_request request = {start->magic, 1, REDHAT_START_ACK, REDHAT_VERSION, 0};
	uint8_t bytes[REDHAT_REQUEST_SIZE + ND6_ANSWER];
	struct nd6_offer offer;

	if (length < sizeof(bytes) || !nd6_offer_parse(start->offer, start->offer_length, &offer))
		return;
	redhat_request_write(&request, bytes);
	netdump6_answer(&server->listener, &offer, &peer->address, server->now, bytes + REDHAT_REQUEST_SIZE);
	udp_send(udp, peer, bytes, sizeof(bytes));
}

void reception_redhat_options(const struct server *server, const struct client *client, struct redhat_options *ret)
{
	*ret = (struct redhat_options){
		.is_secure = server->config->secure == CONFIG_MAGIC,
		.memory_max = server->config->max_dump,
	};
	ret->has_magic = read_magic(server, client->name, &ret->magic);
}

/* The session of an address and port; else that of the address whose client is there, or any. */
static struct client *find_redhat(const struct server *server, const struct udp_peer *peer)
{
	struct client *found = NULL;

	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *client = server->clients.items[i];

		if (!is_session_of(client, peer, "redhat"))
			continue;
		if (client->peer.address.sin6_port == peer->address.sin6_port)
			return client;
		if (!found || redhat_yields(found->session, server->now))
			found = client;
	}
	return found;
}

/* A client answers: what it has left in the middle, or without a REBOOT heard, from another port is over. */
static void give_up_others(struct server *server, const struct client *client)
{
	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *other = server->clients.items[i];

		if (other != client && is_session_of(other, &client->peer, "redhat") &&
		    redhat_yields(other->session, server->now))
			redhat_give_up(other->session);
	}
}

/* `earlier`: the session of that host which will end when the new one is answered, or NULL. */
static void start_redhat(struct server *server, struct udp *udp, const struct udp_peer *peer, const struct client *earlier,
			 uint8_t *bytes, size_t length)
{
	struct client *client = client_new(server, udp, peer);
	struct redhat_options options;

	reception_redhat_options(server, client, &options);
	options.just_reboot = clients_are_full(server, earlier);
	bound_unproven(server);
	admit(server, client, redhat_new(&client->host, &options, bytes, length, server->now));
}

static void take_redhat(struct server *server, struct udp *udp, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	struct client *client = find_redhat(server, peer);
	bool is_its_port = client && peer->address.sin6_port == client->peer.address.sin6_port;
	struct redhat_start start = {0};
	struct redhat_reply reply;

	if (!redhat_reply_parse(bytes, length, &reply))
		return;
	if (reply.code == REDHAT_REPLY_START)
		redhat_start_parse(reply.payload, reply.length, &start);
	if (start.offer)
		answer_offer(server, udp, peer, &start, length);
	else if (client && (reply.code == REDHAT_REPLY_LOG || is_its_port))
		hand_over(client, bytes, length);
	else if (reply.code == REDHAT_REPLY_LOG)
		sources_text(server->sources, peer, reply.payload, reply.length);
	else if (reply.code == REDHAT_REPLY_START && (!client || redhat_yields(client->session, server->now)) &&
		 server->config->secure != CONFIG_SEALED)
		start_redhat(server, udp, peer, client, bytes, length);
	if (is_its_port && reply.code == REDHAT_REPLY_HELLO && client->session->is_proven)
		give_up_others(server, client);
}

/* ---- version 6 ------------------------------------------------------------------------------- */

static void refuse(struct server *server, struct udp *udp, const struct udp_peer *peer, const struct netdump6_opening *opening,
		   enum nd6_refusal reason, uint16_t retry, const char *text)
{
	uint8_t packet[ND6_DATAGRAM_MIN];
	size_t length = netdump6_refuse_open(opening, reason, retry, text, packet);

	server->counts.refused++;
	udp_send(udp, peer, packet, length);
}

static void open_netdump6(struct server *server, struct udp *udp, const struct udp_peer *peer,
			  const struct netdump6_opening *opening)
{
	struct extents have = {0};

	if (clients_are_full(server, NULL)) {
		refuse(server, udp, peer, opening, ND6_BUSY, RETRY_SECONDS, "as many dumps are running as may");
		return;
	}
	if (opening->open.is_check) {
		uint8_t packet[ND6_DATAGRAM_MIN];

		udp_send(udp, peer, packet, netdump6_accept_check(opening, packet));
		return;
	}
	struct client *client = client_new(server, udp, peer);

	memcpy(client->meta.id, opening->open.id, sizeof(client->meta.id));
	snprintf(client->meta.peer, sizeof(client->meta.peer), "%s", opening->peer);
	client->meta.protocol = "netdump6";
	client->dump = dump_resume(server->store, &client->meta, &have);
	admit(server, client,
	      netdump6_new(&client->host, &server->listener, opening, client->dump ? &have : NULL, client->dump, server->now));
}

static void take_open(struct server *server, struct udp *udp, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	struct netdump6_opening opening;

	if (!netdump6_open_read(&server->listener, &peer->address, bytes, length, server->now, &opening))
		return;
	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *client = server->clients.items[i];

		/* Who has proved to have a key may come from another address; who has not may not take a dump over. */
		if (!netdump6_is_same(client->session, &opening) || !(opening.is_sealed || is_from(client, peer)))
			continue;
		client->peer = *peer;
		client->udp = udp;
		client->is_touched = true;
		netdump6_reopen(client->session, &opening, server->now);
		return;
	}
	open_netdump6(server, udp, peer, &opening);
}

static void take_netdump6(struct server *server, struct udp *udp, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	struct client *client = NULL;
	uint8_t answer[ND6_DATAGRAM_MIN];
	struct nd6_header header;

	if (!nd6_header_parse(bytes, length, &header))
		return;
	if (header.type == ND6_OPEN) {
		take_open(server, udp, peer, bytes, length);
		return;
	}
	for (size_t i = 0; !client && i < server->clients.count; i++)
		if (netdump6_knows(server->clients.items[i]->session, header.session))
			client = server->clients.items[i];
	if (client && is_from(client, peer) && client->peer.address.sin6_port == peer->address.sin6_port) {
		hand_over(client, bytes, length);
	} else if (!client) {
		size_t answer_length = netdump6_refuse_unknown(bytes, length, answer);

		if (answer_length)
			udp_send(udp, peer, answer, answer_length);
	}
}

/* ---- FreeBSD --------------------------------------------------------------------------------- */

/* It gets no more packets; its file is closed behind what is queued for it. */
static void end_freebsd(struct client *client)
{
	client->session->ops->stop(client->session, client->server->now);
	client->session->is_over = true;
}

/* The client is at its address, and sends to the port that this session's acknowledgement came from: there is no other
 * dump of it any more. */
static void end_others(const struct client *client)
{
	const struct server *server = client->server;

	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *other = server->clients.items[i];

		if (other != client && is_session_of(other, &client->peer, "freebsd"))
			end_freebsd(other);
	}
}

/* As netdumpd does. False where none can be had, or there are too many: the client asks again. */
static bool open_own_port(struct client *client)
{
	struct server *server = client->server;
	size_t most = UNPROVEN_MAX + 2 * server->config->max_concurrent_dumps, count = 0;

	for (size_t i = 0; i < server->clients.count; i++)
		count += server->clients.items[i]->own != NULL;
	struct error *error = count < most ? udp_open_beside(client->udp, &client->peer.local, &client->own)
					   : error_new(ERROR_LIMIT, "%zu of them are open", count);

	if (!error)
		error = server_watch(server, client);
	if (!error) {
		client->udp = client->own;
		return true;
	}
	error = error_prefix(error, "no port for its dump can be had");
	notes_put(server->notes, JOURNAL_WARNING, client->name, error->message, server->now);
	error_free(error);
	return false;
}

static void start_freebsd(struct server *server, struct udp *udp, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	struct udp_peer answers = *peer;
	struct freebsd_options options = {
		.size_max = server->config->max_dump,
		.has_own_port = server->config->freebsd_own_port,
	};

	answers.address.sin6_port = htons(FREEBSD_CLIENT_PORT);
	struct client *client = client_new(server, udp, &answers);

	bound_unproven(server);
	if (options.has_own_port && !open_own_port(client)) {
		client_free(client);
		server->counts.refused++;
		return;
	}
	admit(server, client, freebsd_new(&client->host, &options, bytes, length, server->now));
}

static void take_freebsd(struct server *server, struct udp *udp, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	struct client *client = find_client(server, peer, "freebsd"), *earlier = NULL;
	struct freebsd_message message;

	if (server->config->secure == CONFIG_SEALED || !freebsd_message_parse(bytes, length, &message))
		return;
	if (client && freebsd_yields(client->session, bytes, length, server->now)) {
		/* Where there are ports of their own it goes on until the new one is proven. */
		if (client->own)
			earlier = client;
		else
			end_freebsd(client);
		client = NULL;
	}
	if (client && (!client->own || message.type == FREEBSD_HERALD))
		hand_over(client, bytes, length);
	else if (client)
		server->counts.refused++; /* whoever has got an acknowledgement writes to another port */
	else if (message.type == FREEBSD_HERALD && !clients_are_full(server, earlier))
		start_freebsd(server, udp, peer, bytes, length);
}

void reception_own_packet(struct client *client, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	struct server *server = client->server;
	struct freebsd_message message;

	server->counts.packets++;
	server->counts.bytes += length;
	if (client->session->is_over || !is_from(client, peer) || !config_allows(server->config, &peer->address.sin6_addr) ||
	    !freebsd_message_parse(bytes, length, &message)) {
		server->counts.refused++;
		return;
	}
	if (!client->session->is_proven)
		end_others(client);
	hand_over(client, bytes, length);
}

/* ---- all ------------------------------------------------------------------------------------- */

static void take_netdump(struct server *server, struct udp *udp, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	switch (port_protocol_of(bytes, length)) {
	case PORT_NETDUMP6:
		take_netdump6(server, udp, peer, bytes, length);
		break;
	case PORT_REDHAT:
		take_redhat(server, udp, peer, bytes, length);
		break;
	case PORT_REQUEST: /* another server: two that answer each other never end */
		break;
	default:
		sources_packet(server->sources, peer, bytes, length);
	}
}

void reception_packet(struct server *server, enum server_port port, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	server->counts.packets++;
	server->counts.bytes += length;
	if (!config_allows(server->config, &peer->address.sin6_addr))
		server->counts.refused++;
	else if (port == SERVER_NETDUMP)
		take_netdump(server, server->udp[port], peer, bytes, length);
	else if (port == SERVER_FREEBSD)
		take_freebsd(server, server->udp[port], peer, bytes, length);
	else
		sources_packet(server->sources, peer, bytes, length);
}
