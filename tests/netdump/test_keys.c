// SPDX-License-Identifier: GPL-2.0-or-later
// Key files: what is written can be read back, by the right people only.
#include "seal/keys.c"

#include <stdio.h>

#include "test.h"

static char folder[] = "/tmp/test-keys-XXXXXX";

static const char *place(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static const char *file_of(const char *name, const char *text, size_t length, mode_t mode)
{
	const char *path = place(name);

	unlink(path);
	int fd _cleanup_close_ = open(path, O_WRONLY | O_CREAT, 0600);
	if (write(fd, text, length) != (ssize_t)length || fchmod(fd, mode))
		abort();
	return path;
}

static const char *text_file(const char *text, mode_t mode)
{
	return file_of("file", text, strlen(text), mode);
}

/* The error has these words; frees it. */
static bool says(struct error *error, const char *words)
{
	bool is_said = error && strstr(error->message, words);

	if (error && !is_said)
		printf("said: %s\n", error->message);
	error_free(error);
	return is_said;
}

/* Base64 of 32 bytes 'A' and of 32 bytes 'B', by base64(1). */
#define KEY_A "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
#define KEY_B "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI="

TEST(keygen_makes_a_pair)
{
	struct stat status;
	struct seal_pair pair;
	uint8_t public[SEAL_KEY];

	umask(0);
	CHECK(!seal_keygen(place("server")));
	CHECK(!stat(place("server"), &status) && (status.st_mode & 07777) == 0600);
	CHECK(!stat(place("server.pub"), &status) && (status.st_mode & 07777) == 0644);
	CHECK(!seal_pair_read(place("server"), &pair));
	CHECK(!seal_public_read(place("server.pub"), public));
	CHECK(!memcmp(pair.public, public, SEAL_KEY));
	CHECK(says(seal_keygen(place("server")), "exists"));
	CHECK(!seal_pair_read(place("server"), &pair) && !memcmp(pair.public, public, SEAL_KEY));
	CHECK(says(seal_pair_read(place("server.pub"), &pair), "others"));
	CHECK(says(seal_public_read(place("server"), public), "not a public key"));
}

TEST(keygen_leaves_no_half)
{
	close(open(place("half.pub"), O_CREAT | O_WRONLY, 0600));
	CHECK(says(seal_keygen(place("half")), "exists"));
	CHECK(access(place("half"), F_OK) != 0);
	CHECK(says(seal_keygen(place("no/where")), "No such file"));
}

TEST(secret_is_for_its_owner)
{
	static const char text[] = "secret " KEY_A "\n";
	struct seal_pair pair;

	CHECK(!seal_pair_read(text_file(text, 0600), &pair));
	CHECK(pair.secret[0] == 'A' && pair.secret[31] == 'A');
	CHECK(!seal_pair_read(text_file(text, 0400), &pair));
	for (mode_t bit = 1; bit <= 040; bit <<= 1)
		CHECK(says(seal_pair_read(text_file(text, 0600 | bit), &pair), "lets others"));
}

TEST(owner_is_root_or_ourselves)
{
	static const char text[] = "secret " KEY_A "\n";
	struct seal_pair pair;
	const char *path = text_file(text, 0600);

	if (geteuid()) {
		puts("not tested: only root can make a file of somebody else's");
		return;
	}
	if (chown(path, 65534, 65534))
		abort();
	CHECK(says(seal_pair_read(path, &pair), "belongs to user 65534"));
	if (chown(folder, 65534, 65534) || seteuid(65534))
		abort();
	CHECK(!seal_pair_read(path, &pair));
	if (seteuid(0))
		abort();
}

TEST(no_links_and_no_pipes)
{
	struct seal_pair pair;

	text_file("secret " KEY_A "\n", 0600);
	char *target = strdup(place("file"));
	CHECK(!symlink(target, place("link")));
	CHECK(says(seal_pair_read(place("link"), &pair), "symbolic link"));
	CHECK(!mkfifo(place("pipe"), 0600));
	CHECK(says(seal_pair_read(place("pipe"), &pair), "not a regular file"));
	CHECK(says(seal_pair_read(folder, &pair), "not a regular file"));
	CHECK(says(seal_pair_read(place("nothing"), &pair), "No such file"));
	free(target);
}

TEST(cut_and_garbage_keys_are_refused)
{
	static const char text[] = "secret " KEY_A;
	struct seal_pair pair;
	char changed[sizeof(text)];

	CHECK(!seal_pair_read(text_file(text, 0600), &pair));
	for (size_t length = 0; length < sizeof(text) - 1; length++)
		CHECK(says(seal_pair_read(file_of("file", text, length, 0600), &pair), "key"));
	for (size_t at = 0; at < sizeof(text) - 1; at++) {
		static const char bytes[] = {0, '\n', ' ', '-', '=', 1, (char)0xff};

		for (size_t i = 0; i < sizeof(bytes); i++) {
			memcpy(changed, text, sizeof(text));
			if (changed[at] == bytes[i])
				continue;
			changed[at] = bytes[i];
			struct error *error = seal_pair_read(file_of("file", changed, sizeof(text) - 1, 0600), &pair);
			CHECK(error && error->code == ERROR_INVALID);
			error_free(error);
		}
	}
	CHECK(says(seal_pair_read(text_file("secret " KEY_A " more\n", 0600), &pair), "behind the key"));
	CHECK(says(seal_pair_read(text_file("secret " KEY_A "\nsecret " KEY_B "\n", 0600), &pair), "more than one line"));
	char *big = mem_zero(KEY_FILE_MAX + 1);
	CHECK(says(seal_pair_read(file_of("file", big, KEY_FILE_MAX + 1, 0600), &pair), "longer than"));
	free(big);
}

TEST(list_of_clients)
{
	struct seal_peers peers = {0};

	CHECK(!seal_peers_read(text_file("# clients\n\n  web1\tpublic " KEY_A "  # rack 3\r\ndb-2.lab psk " KEY_B, 0600),
			       &peers));
	CHECK(peers.count == 2);
	CHECK_STR(peers.items[0].name, "web1");
	CHECK(!peers.items[0].is_psk && peers.items[0].key[5] == 'A');
	CHECK_STR(peers.items[1].name, "db-2.lab");
	CHECK(peers.items[1].is_psk && peers.items[1].key[5] == 'B');
	seal_peers_deinit(&peers);
	CHECK(!peers.items && !peers.count);
	CHECK(!seal_peers_read(text_file("", 0600), &peers) && !peers.count);
	seal_peers_deinit(&peers);
}

TEST(list_with_secrets_is_for_its_owner)
{
	struct seal_peers peers = {0};

	CHECK(!seal_peers_read(text_file("a public " KEY_A "\n", 0644), &peers));
	seal_peers_deinit(&peers);
	CHECK(says(seal_peers_read(text_file("a public " KEY_A "\n", 0664), &peers), "lets others change"));
	CHECK(says(seal_peers_read(text_file("a psk " KEY_A "\n", 0644), &peers), "lets others read"));
	CHECK(!peers.items);
}

TEST(lists_that_cannot_be_meant)
{
	static const struct {
		const char *text, *words;
	} cases[] = {
		{"a\n", ":1: want \"NAME public KEY\""},
		{"# x\na secret " KEY_A "\n", ":2: want \"NAME public KEY\""},
		{"a public\n", "no key"},
		{"a public " KEY_A "x\n", "no key"},
		{"a public " KEY_A " x\n", "behind the key"},
		{"../a public " KEY_A "\n", "a name has"},
		{"a/b public " KEY_A "\n", "a name has"},
		{".a public " KEY_A "\n", "a name has"},
		{"-a public " KEY_A "\n", "a name has"},
		{"a\033 public " KEY_A "\n", "a name has"},
		{"a public " KEY_A "\na public " KEY_B "\n", ":2: there is another key of a"},
		{"a public " KEY_A "\nb public " KEY_A "\n", ":2: a has this key as well"},
	};
	struct seal_peers peers = {0};
	char name[SEAL_NAME_MAX + 80];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		CHECK(says(seal_peers_read(text_file(cases[i].text, 0600), &peers), cases[i].words));
	memset(name, 'a', sizeof(name));
	strcpy(name + SEAL_NAME_MAX, " public " KEY_A);
	CHECK(!seal_peers_read(text_file(name, 0600), &peers));
	seal_peers_deinit(&peers);
	strcpy(name + SEAL_NAME_MAX, "a public " KEY_A);
	CHECK(says(seal_peers_read(text_file(name, 0600), &peers), "a name has"));
}

TEST(list_is_bounded)
{
	struct seal_peers peers = {0};
	FILE *file = fopen(place("many"), "w");

	for (unsigned i = 0; i <= SEAL_PEERS_MAX; i++) {
		uint8_t key[SEAL_KEY] = {(uint8_t)i, (uint8_t)(i >> 8)};
		char text[SEAL_BASE64];

		seal_key_text(key, text);
		fprintf(file, "n%u public %s\n", i, text);
	}
	fclose(file);
	chmod(place("many"), 0600);
	struct error *error = seal_peers_read(place("many"), &peers);
	CHECK(error && error->code == ERROR_LIMIT);
	error_free(error);
}

TEST(psk_of_a_client)
{
	struct seal_peer peer;

	CHECK(!seal_psk_read(text_file("web1 psk " KEY_A "\n", 0600), &peer));
	CHECK_STR(peer.name, "web1");
	CHECK(peer.is_psk && peer.key[31] == 'A');
	CHECK(says(seal_psk_read(text_file("web1 psk " KEY_A "\n", 0640), &peer), "lets others read"));
	CHECK(says(seal_psk_read(text_file("web1 public " KEY_A "\n", 0600), &peer), "a public key"));
	CHECK(says(seal_psk_read(text_file("web1 psk " KEY_A "\n\n", 0600), &peer), "more than one line"));
	CHECK(says(seal_psk_read(text_file("", 0600), &peer), "want"));
}

static void start(void) __attribute__((constructor));
static void start(void)
{
	if (seal_start(true) || !mkdtemp(folder))
		abort();
}

static void finish(void) __attribute__((destructor));
static void finish(void)
{
	static const char *const names[] = {"server", "server.pub", "half.pub", "file", "link", "pipe", "many"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(place(names[i]));
	rmdir(folder);
}

TEST_MAIN
