// SPDX-License-Identifier: GPL-2.0-or-later
// What makes datagrams of version 6 trustworthy, by libsodium: the tag at their end, the handshake, key files,
// cookies. The only place that knows of cryptography.
#ifndef SEAL_SEAL_H
#define SEAL_SEAL_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	SEAL_TAG = 16,
	SEAL_KEY = 32,
	SEAL_NAME_MAX = 64,
	SEAL_COOKIE = 16,
	SEAL_BASE64 = 45,      /* text of a key, with its NUL */
	SEAL_SHA256 = 32,
	SEAL_DIGEST = 16,
	SEAL_DIGEST_KEY = 64,
	SEAL_PEERS_MAX = 4096,
};

/* Call once; fails only where the system has no random numbers. With secrets it waits until those are good, which may
 * take long in a kernel that has just started: before Linux 5.4 (commit 50ee7529ec45) for ever where nothing happens. */
struct error *seal_start(bool has_secrets) MUST_CHECK;
void seal_random(void *bytes, size_t length);
/* Forgets a secret for good. */
void seal_wipe(void *bytes, size_t length);

/* ---- packets --------------------------------------------------------------------------------- */

/* One direction of a session. */
struct seal_direction {
	bool is_secret;         /* authenticated encryption (ChaCha20-Poly1305, RFC 8439); else Poly1305 under a key
				 * that both sides know from the session's number: a checksum */
	uint8_t key[SEAL_KEY];
};

/* Seals in place: `header_length` bytes stay readable and are vouched for, the payload behind them is encrypted
 * where the direction is secret, and SEAL_TAG bytes are put behind it. `number` must never be used twice. */
void seal_packet(const struct seal_direction *direction, uint64_t number, uint8_t *packet, size_t header_length,
		 size_t payload_length);
/* The reverse, in place; false, with the packet as it was or wiped, where the tag is wrong. `length` includes the
 * tag. */
bool seal_open(const struct seal_direction *direction, uint64_t number, uint8_t *packet, size_t header_length,
	       size_t length);
/* Directions of a session without keys. */
void seal_plain(uint64_t session, struct seal_direction *to_server, struct seal_direction *to_client);

/* Which numbers have come: refuses those that were seen before, and those too old to tell (RFC 6479). */
struct seal_window {
	uint64_t top;
	uint64_t seen[256]; /* bits of the last 16384 numbers */
};
/* True once for each number. */
bool seal_window_take(struct seal_window *window, uint64_t number);

/* ---- keys ------------------------------------------------------------------------------------ */

struct seal_pair {
	uint8_t secret[SEAL_KEY], public[SEAL_KEY];
};

/* A client that the server knows. */
struct seal_peer {
	char name[SEAL_NAME_MAX + 1];
	bool is_psk;           /* `key` is a pre-shared key, else its public key */
	uint8_t key[SEAL_KEY];
};

struct seal_peers {
	struct seal_peer *items;
	size_t count, capacity;
};

/* A new pair; the public key of the secret one that is there. */
void seal_pair_new(struct seal_pair *ret);
void seal_pair_derive(struct seal_pair *pair);
/* A key in base64, and back: false for anything but SEAL_BASE64 - 1 characters that say a key. */
void seal_key_text(const uint8_t key[SEAL_KEY], char ret[SEAL_BASE64]);
bool seal_key_parse(const char *text, size_t length, uint8_t ret[SEAL_KEY]);

/* Writes a new key pair: PATH (mode 0600, made anew: an existing file is an error) and PATH.pub. */
struct error *seal_keygen(const char *path) MUST_CHECK;
/* Reads a secret key; refuses a file that others than its owner may read, or whose owner is neither root nor the
 * caller. */
struct error *seal_pair_read(const char *path, struct seal_pair *ret) MUST_CHECK;
struct error *seal_public_read(const char *path, uint8_t ret[SEAL_KEY]) MUST_CHECK;
/* The server's list of clients: lines "NAME public KEY" or "NAME psk KEY", keys in base64; '#' begins a comment. */
struct error *seal_peers_read(const char *path, struct seal_peers *ret) MUST_CHECK;
void seal_peers_deinit(struct seal_peers *peers);
/* A client's pre-shared key: a file with one line "NAME psk KEY", mode checked. */
struct error *seal_psk_read(const char *path, struct seal_peer *ret) MUST_CHECK;

/* ---- handshake ------------------------------------------------------------------------------- */
// Noise's pattern IK (one round trip; the client knows the server's public key beforehand), with the pre-shared key
// in the place of the client's static key where it has one (NKpsk1, with the key's name). OPEN = ephemeral key,
// sealed identity, sealed body; ACCEPT = ephemeral key, sealed body. Nothing but the ephemeral key leaves the client
// readable for anybody but the owner of the server's secret key, and no DATA before ACCEPT has proved that it has
// it.

struct seal_client {
	uint8_t server[SEAL_KEY];      /* public key */
	bool has_pair, has_psk;        /* exactly one */
	struct seal_pair pair;
	struct seal_peer psk;
};

/* A handshake on its way; wiped by its end. What is in it is seal.c's alone, in the words of Noise. */
struct seal_handshake {
	bool is_psk;
	uint64_t number;                                      /* n */
	uint8_t hash[SEAL_KEY], chain[SEAL_KEY], key[SEAL_KEY]; /* h, ck, k */
	struct seal_pair ephemeral;                           /* ours */
	uint8_t theirs[SEAL_KEY];                             /* ephemeral key of the other side */
	uint8_t client[SEAL_KEY]; /* the client's static key: on its side the secret one, on the server's the public */
};

enum { SEAL_OPEN_MORE = 256, SEAL_ACCEPT_MORE = 64 }; /* how much longer than its body a message is, at most */

/* Client: writes OPEN's payload with `body` in it; returns its length, or 0 for a server's key that is no key (of low
 * order). `cookie`: bound to it. */
size_t seal_open_write(const struct seal_client *client, const uint8_t cookie[SEAL_COOKIE], const uint8_t *body,
		       size_t length, uint8_t *ret, struct seal_handshake *handshake);
/* Server: reads it; `ret_body` has room for `length` bytes. False where the client is not among `peers`, or anything
 * is wrong; ret_peer then is NULL. */
bool seal_open_read(const struct seal_pair *server, const struct seal_peers *peers, const uint8_t cookie[SEAL_COOKIE],
		    const uint8_t *bytes, size_t length, uint8_t *ret_body, size_t *ret_length,
		    const struct seal_peer **ret_peer, struct seal_handshake *handshake);
/* Server: writes ACCEPT's payload, and has the keys of the session; 0 where the client's keys are no keys. */
size_t seal_accept_write(struct seal_handshake *handshake, const uint8_t *body, size_t length, uint8_t *ret,
			 struct seal_direction *to_server, struct seal_direction *to_client);
/* Client: reads it; false where it is not from the server whose key we know: the true one may still come. */
bool seal_accept_read(struct seal_handshake *handshake, const uint8_t *bytes, size_t length, uint8_t *ret_body,
		      size_t *ret_length, struct seal_direction *to_server, struct seal_direction *to_client);

/* ---- digests --------------------------------------------------------------------------------- */

/* What stands for some bytes under a key: for other bytes, or another key, it is another one (BLAKE2b). */
void seal_digest(const uint8_t key[SEAL_DIGEST_KEY], const void *bytes, size_t length, uint8_t ret[SEAL_DIGEST]);
/* Of a whole file, read from its beginning; the descriptor's position stays. ERROR_LIMIT where *stop (NULL: never)
 * becomes true meanwhile. */
struct error *seal_sha256_fd(int fd, const bool *stop, uint8_t ret[SEAL_SHA256]) MUST_CHECK;

/* ---- cookies --------------------------------------------------------------------------------- */

struct seal_cookies {
	uint8_t secret[SEAL_KEY]; /* of this process: seal_random() */
};

/* A cookie for an address and port, good for this minute and the next (`now`: CLOCK_MONOTONIC, nanoseconds): no
 * state is kept for who only asked. */
void seal_cookie_make(const struct seal_cookies *cookies, const struct sockaddr_in6 *client, uint64_t now,
		      uint8_t ret[SEAL_COOKIE]);
bool seal_cookie_check(const struct seal_cookies *cookies, const struct sockaddr_in6 *client, uint64_t now,
		       const uint8_t cookie[SEAL_COOKIE]);

#endif
