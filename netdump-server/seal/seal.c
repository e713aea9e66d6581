// SPDX-License-Identifier: GPL-2.0-or-later
#include "seal/seal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"

enum {
	NONCE = crypto_aead_chacha20poly1305_ietf_NPUBBYTES,
	COOKIE_SECONDS = 60,
	WINDOW_WORDS = sizeof(((struct seal_window *)0)->seen) / sizeof(uint64_t),
	READ_SIZE = 256 << 10,
};

static_assert(SEAL_TAG == crypto_aead_chacha20poly1305_ietf_ABYTES, "tag of secret packets");
static_assert(SEAL_TAG == crypto_onetimeauth_BYTES, "tag of plain packets");
static_assert(SEAL_KEY == crypto_aead_chacha20poly1305_ietf_KEYBYTES, "key of secret packets");
static_assert(SEAL_KEY == crypto_onetimeauth_KEYBYTES, "key of plain packets");
static_assert(SEAL_KEY == crypto_scalarmult_BYTES, "public keys of X25519");
static_assert(SEAL_KEY == crypto_scalarmult_SCALARBYTES, "secret keys of X25519");
static_assert(SEAL_KEY == crypto_generichash_KEYBYTES, "key of cookies");
static_assert(SEAL_COOKIE >= crypto_generichash_BYTES_MIN, "length of cookies");
static_assert(SEAL_SHA256 == crypto_hash_sha256_BYTES && SEAL_DIGEST == crypto_generichash_BYTES_MIN &&
	      SEAL_DIGEST_KEY == crypto_generichash_KEYBYTES_MAX, "length of digests");

/* The kernel's numbers as they are now; where there is no such device, what two senders hardly share. */
static void random_at_once(void *const bytes, const size_t length)
{
	if (getrandom(bytes, length, GRND_NONBLOCK) == (ssize_t)length)
		return;
	int fd _cleanup_close_ = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && read(fd, bytes, length) == (ssize_t)length)
		return;
	uint64_t seed[] = {clock_now(), (uint64_t)getpid(), (uintptr_t)bytes};
	uint8_t key[randombytes_SEEDBYTES];

	crypto_generichash(key, sizeof(key), (const uint8_t *)seed, sizeof(seed), NULL, 0);
	randombytes_buf_deterministic(bytes, length, key);
}

static uint32_t random_word_at_once(void)
{
	uint32_t word;

	random_at_once(&word, sizeof(word));
	return word;
}

static const char *random_name(void)
{
	return "at once";
}

static randombytes_implementation at_once = {
	.implementation_name = random_name,
	.random = random_word_at_once,
	.buf = random_at_once,
};

struct error *seal_start(bool has_secrets)
{
	if (!has_secrets)
		randombytes_set_implementation(&at_once);
	if (sodium_init() < 0)
		return error_new(ERROR_IO, "no random numbers from the system: libsodium cannot start");
	return NULL;
}

void seal_random(void *bytes, size_t length)
{
	randombytes_buf(bytes, length);
}

void seal_wipe(void *bytes, size_t length)
{
	sodium_memzero(bytes, length);
}

/* ---- packets --------------------------------------------------------------------------------- */

static void put_le64(uint64_t number, uint8_t *bytes)
{
	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> 8 * i);
}

/* As Noise section 12.3 has it: four zero bytes, then the number with its lowest byte first. */
static void nonce_of(uint64_t number, uint8_t nonce[NONCE])
{
	memset(nonce, 0, 4);
	put_le64(number, nonce + 4);
}

/* Poly1305 adds the second half of its key to the sum as it is (RFC 8439 section 2.5): there the number goes in. */
static void plain_key(const struct seal_direction *direction, uint64_t number, uint8_t key[SEAL_KEY])
{
	uint8_t bytes[8];

	memcpy(key, direction->key, SEAL_KEY);
	put_le64(number, bytes);
	for (unsigned i = 0; i < 8; i++)
		key[SEAL_KEY / 2 + i] ^= bytes[i];
}

void seal_packet(const struct seal_direction *direction, uint64_t number, uint8_t *packet, size_t header_length,
		 size_t payload_length)
{
	uint8_t *payload = packet + header_length;
	uint8_t nonce[NONCE], key[SEAL_KEY];

	if (!direction->is_secret) {
		plain_key(direction, number, key);
		crypto_onetimeauth(payload + payload_length, packet, header_length + payload_length, key);
		return;
	}
	nonce_of(number, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt_detached(payload, payload + payload_length, NULL, payload,
							   payload_length, packet, header_length, NULL, nonce,
							   direction->key);
}

bool seal_open(const struct seal_direction *direction, uint64_t number, uint8_t *packet, size_t header_length,
	       size_t length)
{
	uint8_t *payload = packet + header_length;
	uint8_t nonce[NONCE], key[SEAL_KEY];

	if (length < header_length || length - header_length < SEAL_TAG)
		return false;
	size_t payload_length = length - header_length - SEAL_TAG;
	if (!direction->is_secret) {
		plain_key(direction, number, key);
		return !crypto_onetimeauth_verify(payload + payload_length, packet, header_length + payload_length,
						  key);
	}
	nonce_of(number, nonce);
	return !crypto_aead_chacha20poly1305_ietf_decrypt_detached(payload, NULL, payload, payload_length,
								   payload + payload_length, packet, header_length,
								   nonce, direction->key);
}

static void plain_direction(const char *label, uint64_t session, struct seal_direction *ret)
{
	uint8_t bytes[8];

	put_le64(session, bytes);
	ret->is_secret = false;
	crypto_generichash(ret->key, sizeof(ret->key), bytes, sizeof(bytes), (const uint8_t *)label, strlen(label));
}

void seal_plain(uint64_t session, struct seal_direction *to_server, struct seal_direction *to_client)
{
	plain_direction("netdump 6: plain, to the server", session, to_server);
	plain_direction("netdump 6: plain, to the client", session, to_client);
}

bool seal_window_take(struct seal_window *window, uint64_t number)
{
	uint64_t word = number / 64, bit = UINT64_C(1) << number % 64;

	if (number > window->top) {
		uint64_t top = window->top / 64;

		for (uint64_t next = top + 1; next <= word && next <= top + WINDOW_WORDS; next++)
			window->seen[next % WINDOW_WORDS] = 0;
		window->top = number;
	} else if (window->top / 64 - word >= WINDOW_WORDS) {
		return false;
	}
	if (window->seen[word % WINDOW_WORDS] & bit)
		return false;
	window->seen[word % WINDOW_WORDS] |= bit;
	return true;
}

/* ---- handshake ------------------------------------------------------------------------------- */
// Key schedule: The Noise Protocol Framework, revision 34, with X25519, ChaChaPoly and SHA-256. In its words:
//
//   HKDF(ck, x)      = t = HMAC(ck, x); o1 = HMAC(t, 0x01); o2 = HMAC(t, o1 || 0x02); o3 = HMAC(t, o2 || 0x03)
//   mix_hash(x):       h = SHA256(h || x)
//   mix_key(x):        ck, k = HKDF(ck, x); n = 0
//   mix_both(x):       ck, y, k = HKDF(ck, x); mix_hash(y); n = 0            (MixKeyAndHash)
//   seal(x):           c = ChaChaPoly(k, n++, ad = h, x); mix_hash(c)        (EncryptAndHash)
//
// Client with a key pair, "Noise_IK_25519_ChaChaPoly_SHA256":
//   h = ck = the name; mix_hash(prologue); mix_hash(S)
//   OPEN    1 || E || seal(C) || seal(body)      after E: mix_hash(E), mix_key(DH(e, S)); after C: mix_key(DH(c, S))
//   ACCEPT  F || seal(body)                      mix_hash(F), mix_key(DH(f, E)), mix_key(DH(f, C))
// Client with a pre-shared key; NKpsk1 (the psk token ends the first message), with the key's name before that token:
//   h = ck = SHA256("Noise_NKpsk1_25519_ChaChaPoly_SHA256, named"); mix_hash(prologue); mix_hash(S)
//   OPEN    2 || E || seal(name) || seal(body)   after E: mix_hash(E), mix_key(E), mix_key(DH(e, S));
//                                                after the name: mix_both(psk)
//   ACCEPT  F || seal(body)                      mix_hash(F), mix_key(F), mix_key(DH(f, E))
// then both: to_server, to_client = HKDF(ck, "").
//
// S, C: static keys of server and client; E, F: ephemeral keys of client and server; small letters: their secrets.
// The name fills SEAL_NAME_MAX bytes with zeros behind it, so that its length says nothing. prologue = "netdump 6"
// || first byte of OPEN || cookie: an OPEN that was recorded is good for one address, for two minutes, and whoever
// sends it again cannot read what the server answers.

enum open_kind { OPEN_PAIR = 1, OPEN_PSK = 2 };

enum { HASH = crypto_hash_sha256_BYTES, SEALED_MAX = SEAL_NAME_MAX };

static const char pair_protocol[] = "Noise_IK_25519_ChaChaPoly_SHA256";
static const char psk_protocol[] = "Noise_NKpsk1_25519_ChaChaPoly_SHA256, named";
static const char prologue_label[] = "netdump 6";

static_assert((int)HASH == (int)SEAL_KEY && crypto_auth_hmacsha256_KEYBYTES == HASH, "SHA-256 throughout");
static_assert(sizeof(pair_protocol) - 1 == HASH, "the name is the first hash (Noise 5.2)");
static_assert(1 + SEAL_KEY + SEAL_NAME_MAX + 2 * SEAL_TAG <= SEAL_OPEN_MORE, "SEAL_OPEN_MORE");
static_assert(SEAL_KEY + SEAL_TAG <= SEAL_ACCEPT_MORE, "SEAL_ACCEPT_MORE");

static void mix_hash(struct seal_handshake *handshake, const void *bytes, size_t length)
{
	crypto_hash_sha256_state state;

	crypto_hash_sha256_init(&state);
	crypto_hash_sha256_update(&state, handshake->hash, HASH);
	crypto_hash_sha256_update(&state, bytes, length);
	crypto_hash_sha256_final(&state, handshake->hash);
}

/* `count` outputs of HKDF, at most three. */
static void hkdf(const uint8_t chain[HASH], const void *input, size_t length, uint8_t outputs[][HASH], unsigned count)
{
	uint8_t first[HASH], bytes[HASH + 1];
	size_t before = 0;

	crypto_auth_hmacsha256_state state;
	crypto_auth_hmacsha256_init(&state, chain, HASH);
	crypto_auth_hmacsha256_update(&state, input, length);
	crypto_auth_hmacsha256_final(&state, first);
	for (unsigned i = 0; i < count; i++) {
		bytes[before] = (uint8_t)(i + 1);
		crypto_auth_hmacsha256(outputs[i], bytes, before + 1, first);
		memcpy(bytes, outputs[i], HASH);
		before = HASH;
	}
	sodium_memzero(first, sizeof(first));
	sodium_memzero(bytes, sizeof(bytes));
	sodium_memzero(&state, sizeof(state));
}

static void mix_key(struct seal_handshake *handshake, const uint8_t input[SEAL_KEY])
{
	uint8_t outputs[2][HASH];

	hkdf(handshake->chain, input, SEAL_KEY, outputs, 2);
	memcpy(handshake->chain, outputs[0], HASH);
	memcpy(handshake->key, outputs[1], HASH);
	handshake->number = 0;
	sodium_memzero(outputs, sizeof(outputs));
}

static void mix_both(struct seal_handshake *handshake, const uint8_t input[SEAL_KEY])
{
	uint8_t outputs[3][HASH];

	hkdf(handshake->chain, input, SEAL_KEY, outputs, 3);
	memcpy(handshake->chain, outputs[0], HASH);
	mix_hash(handshake, outputs[1], HASH);
	memcpy(handshake->key, outputs[2], HASH);
	handshake->number = 0;
	sodium_memzero(outputs, sizeof(outputs));
}

/* False for a public key of low order, which would let a third party know the result (RFC 7748 section 6.1). */
static bool mix_dh(struct seal_handshake *handshake, const uint8_t secret[SEAL_KEY], const uint8_t public[SEAL_KEY])
{
	uint8_t shared[SEAL_KEY];
	bool is_good = !crypto_scalarmult(shared, secret, public);

	if (is_good)
		mix_key(handshake, shared);
	sodium_memzero(shared, sizeof(shared));
	return is_good;
}

/* A public ephemeral key in a message. Patterns with a psk mix it into the key as well (Noise section 9.2). */
static void mix_ephemeral(struct seal_handshake *handshake, const uint8_t public[SEAL_KEY])
{
	mix_hash(handshake, public, SEAL_KEY);
	if (handshake->is_psk)
		mix_key(handshake, public);
}

/* Writes length + SEAL_TAG bytes and returns how many. */
static size_t seal_and_mix(struct seal_handshake *handshake, const void *plain, size_t length, uint8_t *ret)
{
	uint8_t nonce[NONCE];

	nonce_of(handshake->number++, nonce);
	crypto_aead_chacha20poly1305_ietf_encrypt(ret, NULL, plain, length, handshake->hash, HASH, NULL, nonce,
						  handshake->key);
	mix_hash(handshake, ret, length + SEAL_TAG);
	return length + SEAL_TAG;
}

/* `length` includes the tag. */
static bool open_and_mix(struct seal_handshake *handshake, const uint8_t *sealed, size_t length, void *ret)
{
	uint8_t nonce[NONCE];

	if (length < SEAL_TAG)
		return false;
	nonce_of(handshake->number++, nonce);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(ret, NULL, NULL, sealed, length, handshake->hash, HASH, nonce,
						      handshake->key))
		return false;
	mix_hash(handshake, sealed, length);
	return true;
}

static void handshake_begin(struct seal_handshake *handshake, enum open_kind kind, const void *prologue,
			    size_t prologue_length, const uint8_t server[SEAL_KEY])
{
	memset(handshake, 0, sizeof(*handshake));
	handshake->is_psk = kind == OPEN_PSK;
	if (handshake->is_psk)
		crypto_hash_sha256(handshake->hash, (const uint8_t *)psk_protocol, sizeof(psk_protocol) - 1);
	else
		memcpy(handshake->hash, pair_protocol, HASH);
	memcpy(handshake->chain, handshake->hash, HASH);
	mix_hash(handshake, prologue, prologue_length);
	mix_hash(handshake, server, SEAL_KEY);
}

static size_t prologue_write(enum open_kind kind, const uint8_t cookie[SEAL_COOKIE], uint8_t *ret)
{
	size_t length = sizeof(prologue_label) - 1;

	memcpy(ret, prologue_label, length);
	ret[length++] = (uint8_t)kind;
	memcpy(ret + length, cookie, SEAL_COOKIE);
	return length + SEAL_COOKIE;
}

void seal_pair_derive(struct seal_pair *pair)
{
	crypto_scalarmult_base(pair->public, pair->secret);
}

void seal_pair_new(struct seal_pair *ret)
{
	randombytes_buf(ret->secret, sizeof(ret->secret));
	seal_pair_derive(ret);
}

/* OPEN without its first byte; 0 where the server's key is of low order. The ephemeral pair is there. */
static size_t open_write(struct seal_handshake *handshake, const struct seal_client *client, const uint8_t *body,
			 size_t length, uint8_t *ret)
{
	uint8_t name[SEAL_NAME_MAX] = "";
	size_t at = SEAL_KEY;

	memcpy(ret, handshake->ephemeral.public, SEAL_KEY);
	mix_ephemeral(handshake, handshake->ephemeral.public);
	if (!mix_dh(handshake, handshake->ephemeral.secret, client->server))
		return 0;
	if (handshake->is_psk) {
		memcpy(name, client->psk.name, strnlen(client->psk.name, sizeof(name)));
		at += seal_and_mix(handshake, name, sizeof(name), ret + at);
		mix_both(handshake, client->psk.key);
	} else {
		at += seal_and_mix(handshake, client->pair.public, SEAL_KEY, ret + at);
		memcpy(handshake->client, client->pair.secret, SEAL_KEY);
		if (!mix_dh(handshake, client->pair.secret, client->server))
			return 0;
	}
	return at + seal_and_mix(handshake, body, length, ret + at);
}

size_t seal_open_write(const struct seal_client *client, const uint8_t cookie[SEAL_COOKIE], const uint8_t *body,
		       size_t length, uint8_t *ret, struct seal_handshake *handshake)
{
	enum open_kind kind = client->has_psk ? OPEN_PSK : OPEN_PAIR;
	uint8_t prologue[sizeof(prologue_label) + SEAL_COOKIE];

	assert(client->has_psk != client->has_pair);
	handshake_begin(handshake, kind, prologue, prologue_write(kind, cookie, prologue), client->server);
	seal_pair_new(&handshake->ephemeral);
	ret[0] = (uint8_t)kind;
	size_t written = open_write(handshake, client, body, length, ret + 1);
	if (!written) {
		sodium_memzero(handshake, sizeof(*handshake));
		return 0;
	}
	return 1 + written;
}

/* The peer with that identity: a public key, or a name that fills SEAL_NAME_MAX bytes with zeros. */
static const struct seal_peer *peer_find(const struct seal_peers *peers, bool is_psk, const uint8_t *identity)
{
	char name[SEAL_NAME_MAX + 1] = "";

	if (is_psk)
		memcpy(name, identity, SEAL_NAME_MAX);
	for (size_t i = 0; i < peers->count; i++) {
		const struct seal_peer *peer = &peers->items[i];

		if (peer->is_psk == is_psk &&
		    (is_psk ? !strcmp(peer->name, name) : !sodium_memcmp(peer->key, identity, SEAL_KEY)))
			return peer;
	}
	return NULL;
}

/* OPEN without its first byte; NULL where anything is wrong. */
static const struct seal_peer *open_read(struct seal_handshake *handshake, const struct seal_pair *server,
					 const struct seal_peers *peers, const uint8_t *bytes, size_t length,
					 uint8_t *ret_body, size_t *ret_length)
{
	uint8_t identity[SEALED_MAX];
	size_t sealed = (handshake->is_psk ? SEAL_NAME_MAX : SEAL_KEY) + SEAL_TAG;

	if (length < SEAL_KEY + sealed + SEAL_TAG)
		return NULL;
	memcpy(handshake->theirs, bytes, SEAL_KEY);
	mix_ephemeral(handshake, handshake->theirs);
	if (!mix_dh(handshake, server->secret, handshake->theirs) ||
	    !open_and_mix(handshake, bytes + SEAL_KEY, sealed, identity))
		return NULL;
	const struct seal_peer *peer = peer_find(peers, handshake->is_psk, identity);
	if (!peer)
		return NULL;
	if (handshake->is_psk) {
		mix_both(handshake, peer->key);
	} else {
		memcpy(handshake->client, peer->key, SEAL_KEY);
		if (!mix_dh(handshake, server->secret, peer->key))
			return NULL;
	}
	bytes += SEAL_KEY + sealed;
	length -= SEAL_KEY + sealed;
	if (!open_and_mix(handshake, bytes, length, ret_body))
		return NULL;
	*ret_length = length - SEAL_TAG;
	return peer;
}

bool seal_open_read(const struct seal_pair *server, const struct seal_peers *peers, const uint8_t cookie[SEAL_COOKIE],
		    const uint8_t *bytes, size_t length, uint8_t *ret_body, size_t *ret_length,
		    const struct seal_peer **ret_peer, struct seal_handshake *handshake)
{
	uint8_t prologue[sizeof(prologue_label) + SEAL_COOKIE];

	*ret_peer = NULL;
	if (!length || (bytes[0] != OPEN_PAIR && bytes[0] != OPEN_PSK))
		return false;
	handshake_begin(handshake, bytes[0], prologue, prologue_write(bytes[0], cookie, prologue), server->public);
	*ret_peer = open_read(handshake, server, peers, bytes + 1, length - 1, ret_body, ret_length);
	if (!*ret_peer) {
		sodium_memzero(handshake, sizeof(*handshake));
		return false;
	}
	seal_pair_new(&handshake->ephemeral);
	return true;
}

/* Noise's Split(); the handshake is over. */
static void handshake_end(struct seal_handshake *handshake, struct seal_direction *to_server,
			  struct seal_direction *to_client)
{
	uint8_t outputs[2][HASH];

	hkdf(handshake->chain, "", 0, outputs, 2);
	*to_server = (struct seal_direction){.is_secret = true};
	*to_client = (struct seal_direction){.is_secret = true};
	memcpy(to_server->key, outputs[0], SEAL_KEY);
	memcpy(to_client->key, outputs[1], SEAL_KEY);
	sodium_memzero(outputs, sizeof(outputs));
	sodium_memzero(handshake, sizeof(*handshake));
}

size_t seal_accept_write(struct seal_handshake *handshake, const uint8_t *body, size_t length, uint8_t *ret,
			 struct seal_direction *to_server, struct seal_direction *to_client)
{
	memcpy(ret, handshake->ephemeral.public, SEAL_KEY);
	mix_ephemeral(handshake, handshake->ephemeral.public);
	if (!mix_dh(handshake, handshake->ephemeral.secret, handshake->theirs) ||
	    (!handshake->is_psk && !mix_dh(handshake, handshake->ephemeral.secret, handshake->client))) {
		sodium_memzero(handshake, sizeof(*handshake));
		return 0;
	}
	size_t written = SEAL_KEY + seal_and_mix(handshake, body, length, ret + SEAL_KEY);
	handshake_end(handshake, to_server, to_client);
	return written;
}

/* Changes `handshake` whatever comes of it. */
static bool accept_read(struct seal_handshake *handshake, const uint8_t *bytes, size_t length, uint8_t *ret_body)
{
	mix_ephemeral(handshake, bytes);
	return mix_dh(handshake, handshake->ephemeral.secret, bytes) &&
	       (handshake->is_psk || mix_dh(handshake, handshake->client, bytes)) &&
	       open_and_mix(handshake, bytes + SEAL_KEY, length - SEAL_KEY, ret_body);
}

bool seal_accept_read(struct seal_handshake *handshake, const uint8_t *bytes, size_t length, uint8_t *ret_body,
		      size_t *ret_length, struct seal_direction *to_server, struct seal_direction *to_client)
{
		struct seal_handshake trial = *handshake;

	// A forged ACCEPT must not spoil the true one that follows: what it would do is tried on a copy.
	bool is_good = length >= SEAL_KEY + SEAL_TAG && accept_read(&trial, bytes, length, ret_body);
	if (is_good) {
		*ret_length = length - SEAL_KEY - SEAL_TAG;
		handshake_end(&trial, to_server, to_client);
		sodium_memzero(handshake, sizeof(*handshake));
	}
	sodium_memzero(&trial, sizeof(trial));
	return is_good;
}

/* ---- cookies --------------------------------------------------------------------------------- */

static void cookie_of_minute(const struct seal_cookies *cookies, const struct sockaddr_in6 *client, uint64_t minute,
			     uint8_t ret[SEAL_COOKIE])
{
	uint8_t bytes[sizeof(client->sin6_addr) + sizeof(client->sin6_port) + 8];

	memcpy(bytes, &client->sin6_addr, sizeof(client->sin6_addr));
	memcpy(bytes + sizeof(client->sin6_addr), &client->sin6_port, sizeof(client->sin6_port));
	put_le64(minute, bytes + sizeof(bytes) - 8);
	crypto_generichash(ret, SEAL_COOKIE, bytes, sizeof(bytes), cookies->secret, sizeof(cookies->secret));
}

static uint64_t minute_of(uint64_t now)
{
	return now / (COOKIE_SECONDS * UINT64_C(1000000000));
}

void seal_cookie_make(const struct seal_cookies *cookies, const struct sockaddr_in6 *client, uint64_t now,
		      uint8_t ret[SEAL_COOKIE])
{
	cookie_of_minute(cookies, client, minute_of(now), ret);
}

bool seal_cookie_check(const struct seal_cookies *cookies, const struct sockaddr_in6 *client, uint64_t now,
		       const uint8_t cookie[SEAL_COOKIE])
{
	uint64_t minute = minute_of(now);
	uint8_t want[SEAL_COOKIE];

	cookie_of_minute(cookies, client, minute, want);
	if (!sodium_memcmp(want, cookie, SEAL_COOKIE))
		return true;
	if (!minute)
		return false;
	cookie_of_minute(cookies, client, minute - 1, want);
	return !sodium_memcmp(want, cookie, SEAL_COOKIE);
}

/* ---- texts and digests ----------------------------------------------------------------------- */

static_assert(SEAL_BASE64 == sodium_base64_ENCODED_LEN(SEAL_KEY, sodium_base64_VARIANT_ORIGINAL), "text of a key");

void seal_key_text(const uint8_t key[SEAL_KEY], char ret[SEAL_BASE64])
{
	sodium_bin2base64(ret, SEAL_BASE64, key, SEAL_KEY, sodium_base64_VARIANT_ORIGINAL);
}

bool seal_key_parse(const char *text, size_t length, uint8_t ret[SEAL_KEY])
{
	char again[SEAL_BASE64];
	size_t got = 0;

	if (length != SEAL_BASE64 - 1 ||
	    sodium_base642bin(ret, SEAL_KEY, text, length, NULL, &got, NULL, sodium_base64_VARIANT_ORIGINAL) ||
	    got != SEAL_KEY)
		return false;
	// libsodium 1.0.18 takes the byte 0xff for '/'.
	seal_key_text(ret, again);
	bool is_same = !sodium_memcmp(again, text, length);
	sodium_memzero(again, sizeof(again));
	return is_same;
}

void seal_digest(const uint8_t key[SEAL_DIGEST_KEY], const void *bytes, size_t length, uint8_t ret[SEAL_DIGEST])
{
	crypto_generichash(ret, SEAL_DIGEST, bytes, length, key, SEAL_DIGEST_KEY);
}

struct error *seal_sha256_fd(int fd, const bool *stop, uint8_t ret[SEAL_SHA256])
{
	uint8_t *bytes _cleanup_free_ = mem_zero(READ_SIZE);
	crypto_hash_sha256_state state;
	ssize_t got;

	crypto_hash_sha256_init(&state);
	for (off_t at = 0; (got = pread(fd, bytes, READ_SIZE, at)) != 0; at += got) {
		if (got < 0 && errno == EINTR)
			got = 0;
		else if (got < 0)
			return error_errno("cannot read what was written");
		if (stop && __atomic_load_n(stop, __ATOMIC_RELAXED))
			return error_new(ERROR_LIMIT, "stopped before the digest was made");
		crypto_hash_sha256_update(&state, bytes, (size_t)got);
	}
	crypto_hash_sha256_final(&state, ret);
	return NULL;
}
