// SPDX-License-Identifier: GPL-2.0-or-later
// Packets against RFC 8439 and RFC 7748, the handshake against the published vectors of Noise (Cacophony's, as the snow
// project keeps them), and everything that must be refused.
#include "seal/seal.c"

#include <fcntl.h>

#include "test.h"

static size_t from_hex(const char *hex, uint8_t *ret)
{
	size_t length = strlen(hex) / 2;

	for (size_t i = 0; i < length; i++) {
		unsigned byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			abort();
		ret[i] = (uint8_t)byte;
	}
	return length;
}

static bool is_hex(const void *bytes, const char *hex)
{
	uint8_t want[512];

	return !memcmp(bytes, want, from_hex(hex, want));
}

/* ---- packets --------------------------------------------------------------------------------- */

/* RFC 8439, appendix A.5: nonce 00000000 0102030405060708, so number 0x0807060504030201. */
TEST(packet_is_aead_of_rfc_8439)
{
	static const char sealed[] =
		"64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb24c6cfc18755d43eea09ee94e382d26b0"
		"bdb7b73c321b0100d4f03b7f355894cf332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
		"9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4b9166c767b804d46a59b5216cde7a4e9"
		"9040c5a40433225ee282a1b0a06c523eaf4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
		"0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a1049e617d91d361094fa68f0ff77987130"
		"305beaba2eda04df997b714d6c6f2c29a6ad5cb4022b02709b";
	struct seal_direction direction = {.is_secret = true};
	uint8_t packet[512], again[512];
	uint64_t number = UINT64_C(0x0807060504030201);

	from_hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", direction.key);
	size_t header = from_hex("f33388860000000000004e91", packet);
	size_t length = header + from_hex(sealed, packet + header);
	length += from_hex("eead9d67890cbb22392336fea1851f38", packet + length);
	memcpy(again, packet, length);
	CHECK(seal_open(&direction, number, packet, header, length));
	CHECK(!memcmp(packet + header, "Internet-Drafts are draft documents valid", 41));
	seal_packet(&direction, number, packet, header, length - header - SEAL_TAG);
	CHECK(!memcmp(packet, again, length));
}

/* RFC 8439, section 2.5.2: number 0 leaves the key as it is. */
TEST(plain_tag_is_poly1305)
{
	struct seal_direction direction = {0};
	uint8_t packet[64] = "Cryptographic Forum Research Group";

	from_hex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b", direction.key);
	seal_packet(&direction, 0, packet, 20, 14);
	CHECK(is_hex(packet + 34, "a8061dc1305136c6c22b8baf0c0127a9"));
	CHECK(seal_open(&direction, 0, packet, 20, 50));
	CHECK(!seal_open(&direction, 1, packet, 20, 50));
}

/* RFC 7748, section 6.1. */
TEST(pair_derives_as_rfc_7748)
{
	struct seal_pair pair;

	from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", pair.secret);
	seal_pair_derive(&pair);
	CHECK(is_hex(pair.public, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"));
}

static void check_packet_refuses(const struct seal_direction *direction, size_t payload)
{
	uint8_t good[128], packet[128];
	size_t length = 20 + payload + SEAL_TAG;

	for (size_t i = 0; i < 20 + payload; i++)
		good[i] = (uint8_t)(i * 7);
	seal_packet(direction, 99, good, 20, payload);
	for (size_t at = 0; at < length; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			memcpy(packet, good, length);
			packet[at] ^= (uint8_t)(1u << bit);
			CHECK(!seal_open(direction, 99, packet, 20, length));
		}
	}
	for (size_t shorter = 0; shorter < length; shorter++) {
		memcpy(packet, good, length);
		CHECK(!seal_open(direction, 99, packet, 20, shorter));
	}
	memcpy(packet, good, length);
	CHECK(!seal_open(direction, 98, packet, 20, length));
	CHECK(!seal_open(direction, UINT64_C(99) << 32, packet, 20, length));
	memcpy(packet, good, length);
	CHECK(seal_open(direction, 99, packet, 20, length));
	for (size_t i = 0; i < 20 + payload; i++)
		CHECK(packet[i] == (uint8_t)(i * 7));
}

TEST(packet_refuses_every_change)
{
	struct seal_direction plain[2], secret = {.is_secret = true};

	seal_random(secret.key, sizeof(secret.key));
	seal_plain(1, &plain[0], &plain[1]);
	for (size_t payload = 0; payload < 40; payload += 13) {
		check_packet_refuses(&secret, payload);
		check_packet_refuses(&plain[0], payload);
	}
}

TEST(plain_sessions_and_directions_differ)
{
	struct seal_direction one[2], two[2];

	seal_plain(1, &one[0], &one[1]);
	seal_plain(2, &two[0], &two[1]);
	CHECK(memcmp(one[0].key, one[1].key, SEAL_KEY) != 0);
	CHECK(memcmp(one[0].key, two[0].key, SEAL_KEY) != 0);
	CHECK(!one[0].is_secret && !one[1].is_secret);
}

TEST(window_takes_each_number_once)
{
	struct seal_window window = {0};

	for (uint64_t number = 0; number < 40000; number++)
		CHECK(seal_window_take(&window, number));
	for (uint64_t number = 0; number < 40000; number++)
		CHECK(!seal_window_take(&window, number));
}

TEST(window_takes_what_comes_late)
{
	struct seal_window window = {0};

	CHECK(seal_window_take(&window, 20000));
	for (uint64_t number = 20000 - 16000; number < 20000; number++)
		CHECK(seal_window_take(&window, number));
	CHECK(!seal_window_take(&window, 4001));
	CHECK(!seal_window_take(&window, 20000 - 16384)); /* too old to tell */
	CHECK(!seal_window_take(&window, 0));
	CHECK(seal_window_take(&window, UINT64_MAX));
	CHECK(!seal_window_take(&window, UINT64_MAX));
	CHECK(!seal_window_take(&window, 20000));
	CHECK(seal_window_take(&window, UINT64_MAX - 16000));
	CHECK(!seal_window_take(&window, UINT64_MAX - 16384));
}

/* Against a set of all numbers seen. */
TEST(window_agrees_with_a_set)
{
	static bool seen[1 << 20];
	struct seal_window window = {0};
	uint64_t top = 0;
	unsigned random = 1;

	for (unsigned i = 0; i < 400000; i++) {
		random = random * 1103515245 + 12345;
		uint64_t number = top + (random >> 8) % 6000;
		number = number > 5000 ? number - 5000 : 0;
		if (number >= sizeof(seen))
			break;
		CHECK(seal_window_take(&window, number) == !seen[number]);
		seen[number] = true;
		top = number > top ? number : top;
	}
	CHECK(top > 100000);
}

/* ---- handshake ------------------------------------------------------------------------------- */

static const char cacophony_prologue[] = "4a6f686e2047616c74";
static const char initiator_ephemeral[] = "893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a";
static const char responder_static[] = "4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893";
static const char responder_ephemeral[] = "bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b";

static void pair_from(const char *secret, struct seal_pair *ret)
{
	from_hex(secret, ret->secret);
	seal_pair_derive(ret);
}

static void begin(struct seal_handshake *handshake, enum open_kind kind, const uint8_t *server, const char *ephemeral)
{
	uint8_t prologue[32];
	size_t length = from_hex(cacophony_prologue, prologue);

	handshake_begin(handshake, kind, prologue, length, server);
	if (ephemeral)
		pair_from(ephemeral, &handshake->ephemeral);
}

/* Four messages after the handshake, in turns; `keys`: what each side sends with. */
static void check_transport(const struct seal_direction keys[2], const char *const messages[4][2])
{
	for (unsigned i = 0; i < 4; i++) {
		uint8_t packet[128];
		size_t length = from_hex(messages[i][0], packet);

		seal_packet(&keys[i % 2], i / 2, packet, 0, length);
		CHECK(is_hex(packet, messages[i][1]));
		CHECK(keys[i % 2].is_secret);
	}
}

TEST(handshake_is_noise_ik)
{
	static const char *const messages[4][2] = {
		{"462e20412e20486179656b", "050e9f3c8fac16b68dbce8f8c4bfbf6617c897f9ada4aa29aa19c8"},
		{"4361726c204d656e676572", "344233a6cabb7141d80f3da2fedc311d9646bbb0f505afe403a667"},
		{"4a65616e2d426170746973746520536179",
		 "62cdeeb172ad7ade7aa7d9e069da5790f12331bfa00177787a1d0810c67dc3b2b4"},
		{"457567656e2042f6686d20766f6e2042617765726b",
		 "029bead1b40992327044d409d9a1f3ad8f36c3c452775d557e18bbeb2e8dfcead32d514024"},
	};
	struct seal_client client = {.has_pair = true};
	struct seal_pair server;
	struct seal_handshake ours, theirs;
	uint8_t message[256], body[256];
	size_t got = 0;

	pair_from(responder_static, &server);
	pair_from("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1", &client.pair);
	CHECK(is_hex(server.public, "31e0303fd6418d2f8c0e78b91f22e8caed0fbe48656dcf4767e4834f701b8f62"));
	memcpy(client.server, server.public, SEAL_KEY);
	begin(&ours, OPEN_PAIR, server.public, initiator_ephemeral);
	size_t length = from_hex("4c756477696720766f6e204d69736573", body);
	length = open_write(&ours, &client, body, length, message);
	CHECK(length == 112);
	CHECK(is_hex(message, "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c7944718da798efbcd91528520204"
			      "f904b9bd6c7413dccdc214d951e15253e39987f18146e8cd0873654207148333479d4d16c289f0294b29960a"
			      "72f48e0b7bba2e89083169825e59642148d492020664ccf7"));

	struct seal_peer peer = {.name = "client"};
	struct seal_peers peers = {.items = &peer, .count = 1, .capacity = 1};
	memcpy(peer.key, client.pair.public, SEAL_KEY);
	begin(&theirs, OPEN_PAIR, server.public, NULL);
	CHECK(open_read(&theirs, &server, &peers, message, length, body, &got) == &peer);
	CHECK(got == 16 && is_hex(body, "4c756477696720766f6e204d69736573"));

	struct seal_direction keys[2], same[2];
	pair_from(responder_ephemeral, &theirs.ephemeral);
	length = from_hex("4d757272617920526f746862617264", body);
	length = seal_accept_write(&theirs, body, length, message, &keys[0], &keys[1]);
	CHECK(length == 63);
	CHECK(is_hex(message, "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f1448088435361e70b2ed446e6c9ec387d"
			      "1d6b3b840f194e373979d241b203c4acafccf5"));
	CHECK(seal_accept_read(&ours, message, length, body, &got, &same[0], &same[1]));
	CHECK(got == 15 && is_hex(body, "4d757272617920526f746862617264"));
	CHECK(!memcmp(keys, same, sizeof(keys)));
	check_transport(keys, messages);
}

/* Ours is NKpsk1 with a name in it, for which nobody has vectors. NKpsk2 and NKpsk0 are made of the same steps. */
TEST(steps_with_a_psk_are_noise)
{
	static const char name[] = "Noise_NKpsk2_25519_ChaChaPoly_SHA256";
	static const char *const messages[4][2] = {
		{"462e20412e20486179656b", "129789ee959ffef891a580c6fc073cf91d706e26602cc096c35d84"},
		{"4361726c204d656e676572", "36b35298bc84e0a24644e309563b2d6c3f9a31dc142b122e0266db"},
		{"4a65616e2d426170746973746520536179",
		 "4b080dfd53e42e3f45d96f75f15fdbcce95a75fb83c51ee366281528204c1bf0b4"},
		{"457567656e2042f6686d20766f6e2042617765726b",
		 "0bce31a0c1c37626c3e4a0000afa7e4e06636e1bbc44fc1a24e18e373f07c8ad6e3a03b877"},
	};
	struct seal_handshake state;
	struct seal_pair server, other;
	struct seal_direction keys[2];
	uint8_t body[64], message[128], psk[32];

	from_hex("54686973206973206d7920417573747269616e20706572737065637469766521", psk);
	pair_from(responder_static, &server);
	pair_from(responder_ephemeral, &other);
	begin(&state, OPEN_PSK, server.public, initiator_ephemeral);
	crypto_hash_sha256(state.hash, (const uint8_t *)name, sizeof(name) - 1);
	memcpy(state.chain, state.hash, HASH);
	mix_hash(&state, body, from_hex(cacophony_prologue, body));
	mix_hash(&state, server.public, SEAL_KEY);

	mix_ephemeral(&state, state.ephemeral.public);
	CHECK(mix_dh(&state, state.ephemeral.secret, server.public));
	CHECK(seal_and_mix(&state, body, from_hex("4c756477696720766f6e204d69736573", body), message) == 32);
	CHECK(is_hex(message, "acda3057fb216b0fb4c6d571e776b426612636e99cf4ac1de41442fb2128ca29"));
	mix_ephemeral(&state, other.public);
	CHECK(mix_dh(&state, other.secret, state.ephemeral.public));
	mix_both(&state, psk);
	CHECK(seal_and_mix(&state, body, from_hex("4d757272617920526f746862617264", body), message) == 31);
	CHECK(is_hex(message, "30fcb4ab2b68a6f612414145258aa079533be57174ec7ae7c76845312a3f07"));
	handshake_end(&state, &keys[0], &keys[1]);
	check_transport(keys, messages);
}

/* A server that knows two clients, one of each kind. */
struct town {
	struct seal_pair server;
	struct seal_client pair, psk;
	struct seal_peer known[2];
	struct seal_peers peers;
	uint8_t cookie[SEAL_COOKIE];
};

static void town_init(struct town *town)
{
	memset(town, 0, sizeof(*town));
	seal_pair_new(&town->server);
	seal_random(town->cookie, sizeof(town->cookie));
	town->pair.has_pair = town->psk.has_psk = true;
	seal_pair_new(&town->pair.pair);
	memcpy(town->pair.server, town->server.public, SEAL_KEY);
	memcpy(town->psk.server, town->server.public, SEAL_KEY);
	town->psk.psk.is_psk = true;
	memset(town->psk.psk.name, 'n', SEAL_NAME_MAX);
	seal_random(town->psk.psk.key, SEAL_KEY);
	strcpy(town->known[0].name, "with-a-pair");
	memcpy(town->known[0].key, town->pair.pair.public, SEAL_KEY);
	town->known[1] = town->psk.psk;
	town->peers = (struct seal_peers){.items = town->known, .count = 2, .capacity = 2};
}

static const struct seal_client *town_client(const struct town *town, unsigned i)
{
	return i ? &town->psk : &town->pair;
}

/* What the server says to an OPEN; 0 where it refuses. */
static size_t answer(const struct town *town, const uint8_t *open, size_t length, uint8_t *accept,
		     const struct seal_peer **ret_peer)
{
	struct seal_handshake handshake;
	struct seal_direction keys[2];
	uint8_t body[512];
	size_t got = 0;

	if (!seal_open_read(&town->server, &town->peers, town->cookie, open, length, body, &got, ret_peer, &handshake)) {
		CHECK(!*ret_peer);
		return 0;
	}
	CHECK(got == 5 && !memcmp(body, "hello", 5));
	return seal_accept_write(&handshake, (const uint8_t *)"welcome", 7, accept, &keys[0], &keys[1]);
}

TEST(open_refuses_every_change)
{
	struct town town;
	struct seal_handshake handshake;
	uint8_t open[512], changed[512], accept[512];
	const struct seal_peer *peer;

	town_init(&town);
	for (unsigned i = 0; i < 2; i++) {
		size_t length = seal_open_write(town_client(&town, i), town.cookie, (const uint8_t *)"hello", 5, open,
						&handshake);
		CHECK(length > 5 && length <= 5 + SEAL_OPEN_MORE);
		CHECK(answer(&town, open, length, accept, &peer) && peer == &town.known[i]);
		for (size_t at = 0; at < length; at++) {
			memcpy(changed, open, length);
			changed[at] ^= (uint8_t)(1u << at % 7);
			CHECK(!answer(&town, changed, length, accept, &peer));
		}
		for (size_t shorter = 0; shorter < length; shorter++)
			CHECK(!answer(&town, open, shorter, accept, &peer));
		CHECK(!answer(&town, open, length + 1, accept, &peer));
		town.cookie[3] ^= 1;
		CHECK(!answer(&town, open, length, accept, &peer));
		town.cookie[3] ^= 1;
	}
}

TEST(open_refuses_strangers)
{
	struct town town, other;
	struct seal_handshake handshake;
	uint8_t open[512], accept[512];
	const struct seal_peer *peer;

	town_init(&town);
	town_init(&other);
	memcpy(other.cookie, town.cookie, SEAL_COOKIE);
	for (unsigned i = 0; i < 2; i++) {
		// Knows the server, but the server does not know it, or not by that key.
		struct seal_client client = *town_client(&other, i);
		memcpy(client.server, town.server.public, SEAL_KEY);
		size_t length = seal_open_write(&client, town.cookie, (const uint8_t *)"hello", 5, open, &handshake);
		CHECK(!answer(&town, open, length, accept, &peer));
		// Meant for another server.
		client = *town_client(&town, i);
		memcpy(client.server, other.server.public, SEAL_KEY);
		length = seal_open_write(&client, town.cookie, (const uint8_t *)"hello", 5, open, &handshake);
		CHECK(!answer(&town, open, length, accept, &peer));
	}
	// The public key of a known client, without its secret.
	struct seal_client thief = town.pair;
	seal_random(thief.pair.secret, SEAL_KEY);
	size_t length = seal_open_write(&thief, town.cookie, (const uint8_t *)"hello", 5, open, &handshake);
	CHECK(!answer(&town, open, length, accept, &peer));
	// A pre-shared key is no public key, and the other way round.
	town.known[1].is_psk = false;
	length = seal_open_write(&town.psk, town.cookie, (const uint8_t *)"hello", 5, open, &handshake);
	CHECK(!answer(&town, open, length, accept, &peer));
}

TEST(open_says_nothing_to_bystanders)
{
	struct town town;
	struct seal_handshake handshake;
	uint8_t open[512], second[512];

	town_init(&town);
	size_t length = seal_open_write(&town.psk, town.cookie, (const uint8_t *)"hello", 5, open, &handshake);
	CHECK(!memmem(open, length, "nnnn", 4) && !memmem(open, length, "hello", 5));
	struct town with_short_name = town;
	strcpy(with_short_name.psk.psk.name, "x");
	CHECK(seal_open_write(&with_short_name.psk, town.cookie, (const uint8_t *)"hello", 5, second, &handshake) == length);
	length = seal_open_write(&town.pair, town.cookie, (const uint8_t *)"hello", 5, open, &handshake);
	CHECK(!memmem(open, length, town.pair.pair.public, SEAL_KEY) && !memmem(open, length, "hello", 5));
	// The same twice is not the same: ephemeral keys.
	CHECK(seal_open_write(&town.pair, town.cookie, (const uint8_t *)"hello", 5, second, &handshake) == length);
	CHECK(memcmp(open + 1, second + 1, 32) != 0);
}

TEST(accept_refuses_every_change)
{
	struct town town;
	struct seal_handshake handshake;
	struct seal_direction keys[2];
	uint8_t open[512], accept[512], changed[512], body[512];
	const struct seal_peer *peer;
	size_t got = 0;

	town_init(&town);
	for (unsigned i = 0; i < 2; i++) {
		size_t length = seal_open_write(town_client(&town, i), town.cookie, (const uint8_t *)"hello", 5, open,
						&handshake);
		size_t size = answer(&town, open, length, accept, &peer);
		CHECK(size > 7 && size <= 7 + SEAL_ACCEPT_MORE);
		for (size_t at = 0; at < size; at++) {
			memcpy(changed, accept, size);
			changed[at] ^= (uint8_t)(1u << at % 7);
			CHECK(!seal_accept_read(&handshake, changed, size, body, &got, &keys[0], &keys[1]));
		}
		for (size_t shorter = 0; shorter < size; shorter++)
			CHECK(!seal_accept_read(&handshake, accept, shorter, body, &got, &keys[0], &keys[1]));
		CHECK(seal_accept_read(&handshake, accept, size, body, &got, &keys[0], &keys[1]));
		CHECK(got == 7 && !memcmp(body, "welcome", 7));
		CHECK(sodium_is_zero((const uint8_t *)&handshake, sizeof(handshake)));
	}
}

TEST(accept_of_another_time_or_server_is_refused)
{
	struct town town;
	struct seal_handshake first, second;
	struct seal_direction keys[2];
	uint8_t open[512], old[512], body[512];
	const struct seal_peer *peer;
	size_t got = 0;

	town_init(&town);
	for (unsigned i = 0; i < 2; i++) {
		size_t length = seal_open_write(town_client(&town, i), town.cookie, (const uint8_t *)"hello", 5, open, &first);
		size_t size = answer(&town, open, length, old, &peer);
		length = seal_open_write(town_client(&town, i), town.cookie, (const uint8_t *)"hello", 5, open, &second);
		CHECK(!seal_accept_read(&second, old, size, body, &got, &keys[0], &keys[1]));
		// Who has taken the server's place knows the clients, but not the server's secret.
		struct town fake = town;
		fake.peers.items = fake.known;
		seal_pair_new(&fake.server);
		memcpy(fake.server.public, town.server.public, SEAL_KEY);
		CHECK(!answer(&fake, open, length, old, &peer));
		size = answer(&town, open, length, old, &peer);
		CHECK(size && seal_accept_read(&second, old, size, body, &got, &keys[0], &keys[1]));
	}
}

TEST(both_sides_have_the_same_keys)
{
	struct town town;
	struct seal_handshake ours, theirs;
	struct seal_direction client[2], server[2];
	uint8_t open[512], accept[512], body[512];
	const struct seal_peer *peer;
	size_t got;

	town_init(&town);
	for (unsigned i = 0; i < 2; i++) {
		size_t length = seal_open_write(town_client(&town, i), town.cookie, NULL, 0, open, &ours);
		CHECK(seal_open_read(&town.server, &town.peers, town.cookie, open, length, body, &got, &peer, &theirs));
		CHECK(got == 0);
		length = seal_accept_write(&theirs, NULL, 0, accept, &server[0], &server[1]);
		CHECK(seal_accept_read(&ours, accept, length, body, &got, &client[0], &client[1]));
		CHECK(!memcmp(client, server, sizeof(client)) && memcmp(client[0].key, client[1].key, SEAL_KEY) != 0);
	}
}

/* Keys of low order: whoever sends them would know what comes out. */
TEST(keys_of_low_order_are_refused)
{
	struct town town;
	struct seal_handshake handshake;
	uint8_t open[512], accept[512];
	const struct seal_peer *peer;

	town_init(&town);
	for (unsigned i = 0; i < 2; i++) {
		struct seal_client client = *town_client(&town, i);
		size_t length = seal_open_write(&client, town.cookie, (const uint8_t *)"hello", 5, open, &handshake);
		memset(open + 1, 0, SEAL_KEY);
		CHECK(!answer(&town, open, length, accept, &peer));
		memset(client.server, 0, SEAL_KEY);
		CHECK(!seal_open_write(&client, town.cookie, (const uint8_t *)"hello", 5, open, &handshake));
	}
}

/* ---- cookies and texts ----------------------------------------------------------------------- */

TEST(cookies_are_for_one_address_and_two_minutes)
{
	const uint64_t second = UINT64_C(1000000000);
	struct seal_cookies cookies, others;
	struct sockaddr_in6 client = {.sin6_port = 1}, other = client;
	uint8_t cookie[SEAL_COOKIE];

	seal_random(&cookies, sizeof(cookies));
	seal_random(&others, sizeof(others));
	seal_cookie_make(&cookies, &client, 130 * second, cookie);
	CHECK(seal_cookie_check(&cookies, &client, 130 * second, cookie));
	CHECK(seal_cookie_check(&cookies, &client, 239 * second, cookie));
	CHECK(!seal_cookie_check(&cookies, &client, 240 * second, cookie));
	CHECK(!seal_cookie_check(&cookies, &client, 119 * second, cookie));
	CHECK(!seal_cookie_check(&others, &client, 130 * second, cookie));
	other.sin6_port = 2;
	CHECK(!seal_cookie_check(&cookies, &other, 130 * second, cookie));
	other = client;
	other.sin6_addr.s6_addr[15] = 1;
	CHECK(!seal_cookie_check(&cookies, &other, 130 * second, cookie));
	cookie[SEAL_COOKIE - 1] ^= 0x80;
	CHECK(!seal_cookie_check(&cookies, &client, 130 * second, cookie));
	seal_cookie_make(&cookies, &client, 5, cookie);
	CHECK(seal_cookie_check(&cookies, &client, 6, cookie));
}

TEST(digest_is_sha_256)
{
	uint8_t digest[SEAL_SHA256];
	int fd _cleanup_close_ = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	CHECK(!seal_sha256_fd(fd, NULL, digest));
	CHECK(is_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	CHECK(write(fd, "abc", 3) == 3); /* FIPS 180-2, appendix B.1 */
	CHECK(!seal_sha256_fd(fd, NULL, digest));
	CHECK(is_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
	int none = open("/tmp", O_PATH);
	struct error *error = seal_sha256_fd(none, NULL, digest);
	CHECK(error && error->code == ERROR_IO);
	error_free(error);
	close(none);
}

static void start(void) __attribute__((constructor));
static void start(void)
{
	if (seal_start(true))
		abort();
}

TEST_MAIN
