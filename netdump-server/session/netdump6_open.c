// SPDX-License-Identifier: GPL-2.0-or-later
// What the server says before there is a session: from the datagram alone.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "session/netdump6.h"

static_assert((int)ND6_COOKIE_SIZE == (int)SEAL_COOKIE && (int)ND6_TAG == (int)SEAL_TAG, "seal.h and netdump6.h agree");

void netdump6_answer(const struct netdump6_listener *listener, const struct nd6_offer *offer,
		     const struct sockaddr_in6 *client, uint64_t now, uint8_t *bytes)
{
	bool is_sealed = listener->must_seal || (offer->secure == ND6_SEALED && listener->pair);
	struct nd6_answer answer = {.secure = is_sealed ? ND6_SEALED : ND6_PLAIN};

	seal_cookie_make(&listener->cookies, client, now, answer.cookie);
	nd6_answer_write(&answer, bytes);
}

/* Datagrams of no session are checked as those of a plain session 0. */
static bool open_unsealed(const uint8_t *bytes, size_t length, uint64_t number)
{
	struct seal_direction to_server, to_client;

	seal_plain(0, &to_server, &to_client);
	/* A plain tag is compared; nothing is decrypted in place. */
	return seal_open(&to_server, number, (uint8_t *)(uintptr_t)bytes, ND6_HEADER, length);
}

static bool read_sealed(const struct netdump6_listener *listener, const uint8_t *cookie, const uint8_t *bytes,
			size_t length, struct netdump6_opening *opening)
{
	uint8_t body[ND6_DATAGRAM_MIN];
	const struct seal_peer *peer;
	size_t body_length;

	if (!listener->pair || !listener->peers || length > sizeof(body))
		return false;
	if (!seal_open_read(listener->pair, listener->peers, cookie, bytes, length, body, &body_length, &peer,
			    &opening->handshake))
		return false;
	opening->is_sealed = true;
	snprintf(opening->peer, sizeof(opening->peer), "%s", peer->name);
	return nd6_open_parse(body, body_length, &opening->open);
}

bool netdump6_open_read(const struct netdump6_listener *listener, const struct sockaddr_in6 *client,
			const uint8_t *bytes, size_t length, uint64_t now, struct netdump6_opening *ret)
{
	struct nd6_header header;

	if (length > ND6_DATAGRAM_MIN || length < ND6_HEADER + sizeof(ret->mark) + ND6_TAG ||
	    !nd6_header_parse(bytes, length, &header) || header.type != ND6_OPEN || header.session ||
	    !open_unsealed(bytes, length, header.number))
		return false;
	const uint8_t *cookie = bytes + ND6_HEADER, *body = cookie + ND6_COOKIE_SIZE;
	size_t body_length = length - ND6_HEADER - ND6_COOKIE_SIZE - ND6_TAG;

	if (!seal_cookie_check(&listener->cookies, client, now, cookie))
		return false;
	struct netdump6_opening opening = {.number = header.number, .length = length};

	memcpy(opening.mark, cookie, sizeof(opening.mark));
	if (!(!listener->must_seal && nd6_open_parse(body, body_length, &opening.open)) &&
	    !read_sealed(listener, cookie, body, body_length, &opening))
		return false;
	*ret = opening;
	return true;
}

size_t netdump6_accept(const struct netdump6_opening *opening, const struct nd6_accept *accept, uint8_t *bytes,
		       struct seal_direction *to_server, struct seal_direction *to_client)
{
	struct nd6_header header = {ND6_ACCEPT, 0, opening->number};
	struct seal_handshake handshake = opening->handshake;
	struct seal_direction plain_to_server, plain_to_client;
	uint8_t body[64], *payload = bytes + ND6_HEADER;
	size_t length = nd6_accept_write(accept, body);

	if (opening->is_sealed) {
		length = seal_accept_write(&handshake, body, length, payload, to_server, to_client);
		if (!length)
			return 0;
	} else {
		memcpy(payload, body, length);
		seal_plain(accept->session, to_server, to_client);
	}
	nd6_header_write(&header, bytes);
	seal_plain(0, &plain_to_server, &plain_to_client);
	seal_packet(&plain_to_client, header.number, bytes, ND6_HEADER, length);
	return ND6_HEADER + length + ND6_TAG;
}

size_t netdump6_accept_check(const struct netdump6_opening *opening, uint8_t *bytes)
{
	const struct nd6_accept accept = {.datagram_max = ND6_DATAGRAM_MIN};
	struct seal_direction to_server, to_client;

	return netdump6_accept(opening, &accept, bytes, &to_server, &to_client);
}

/* Writes a REFUSE that is not longer than `most`. */
static size_t write_refuse(const struct nd6_header *header, struct nd6_refuse *refuse, size_t most, uint8_t *bytes)
{
	struct seal_direction to_server, to_client;
	size_t bare = ND6_HEADER + 4 + ND6_TAG;

	if (most < bare)
		return 0;
	if (most - bare < sizeof(refuse->text))
		refuse->text[most - bare] = '\0';
	nd6_header_write(header, bytes);
	size_t length = nd6_refuse_write(refuse, bytes + ND6_HEADER);

	seal_plain(header->session, &to_server, &to_client);
	seal_packet(&to_client, header->number, bytes, ND6_HEADER, length);
	return ND6_HEADER + length + ND6_TAG;
}

size_t netdump6_refuse_open(const struct netdump6_opening *opening, enum nd6_refusal reason, uint16_t retry_s,
			    const char *text, uint8_t *bytes)
{
	struct nd6_header header = {ND6_REFUSE, 0, opening->number};
	struct nd6_refuse refuse = {.reason = (uint8_t)reason, .retry_s = retry_s};

	snprintf(refuse.text, sizeof(refuse.text), "%s", text);
	return write_refuse(&header, &refuse, opening->length, bytes);
}

size_t netdump6_refuse_unknown(const uint8_t *datagram, size_t length, uint8_t *bytes)
{
	struct nd6_refuse refuse = {.reason = ND6_UNKNOWN};
	struct nd6_header header;

	if (!nd6_header_parse(datagram, length, &header) || header.type == ND6_OPEN || header.type > ND6_GIVE_UP)
		return 0;
	header.type = ND6_REFUSE;
	return write_refuse(&header, &refuse, length, bytes);
}
