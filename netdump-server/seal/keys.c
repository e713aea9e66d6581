// SPDX-License-Identifier: GPL-2.0-or-later
// Key files: texts of one line, or one line per client.
//   PATH        secret KEY          (mode 0600)
//   PATH.pub    public KEY          ("NAME " before it makes it a line of the server's list)
//   the list    NAME public KEY, NAME psk KEY, comments
#include "seal/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"

enum { KEY_FILE_MAX = 4096, PEERS_FILE_MAX = 1 << 20 };

#define BLANKS " \t\r"

/* ---- writing --------------------------------------------------------------------------------- */

static struct error *write_new(const char *path, mode_t mode, const char *kind, const uint8_t key[SEAL_KEY])
{
	char text[SEAL_BASE64];
	int fd _cleanup_close_ = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);

	if (fd < 0)
		return error_errno("%s: cannot create", path);
	seal_key_text(key, text);
	// The mode counts from the first byte on, whatever the umask says.
	bool is_written = !fchmod(fd, mode) && dprintf(fd, "%s %s\n", kind, text) > 0 && !fsync(fd);
	seal_wipe(text, sizeof(text));
	if (is_written)
		return NULL;
	struct error *error = error_errno("%s: cannot write", path);
	unlink(path);
	return error;
}

struct error *seal_keygen(const char *path)
{
	char *public_path _cleanup_free_ = mem_printf("%s.pub", path);
	struct seal_pair pair;

	seal_pair_new(&pair);
	struct error *error = write_new(path, 0600, "secret", pair.secret);
	if (!error) {
		error = write_new(public_path, 0644, "public", pair.public);
		if (error)
			unlink(path);
	}
	seal_wipe(&pair, sizeof(pair));
	return error;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* The text of a key file; seal_wipe() and free() it. */
struct key_text {
	char *bytes;
	size_t length;
	mode_t mode;
};

static void key_text_deinit(struct key_text *text)
{
	if (text->bytes)
		seal_wipe(text->bytes, text->length);
	free(text->bytes);
}

/* `forbidden`: mode bits that nobody but the owner may have. */
static struct error *check_mode(const char *path, mode_t mode, mode_t forbidden)
{
	if (!(mode & forbidden))
		return NULL;
	return error_new(ERROR_INVALID, "%s: mode %04o lets others %s it; chmod 600", path, (unsigned)mode & 07777,
			 mode & forbidden & 044 ? "read" : "change");
}

static struct error *check_file(int fd, const char *path, mode_t forbidden, size_t most, struct key_text *ret)
{
	struct stat status;

	if (fstat(fd, &status))
		return error_errno("%s: cannot stat", path);
	if (!S_ISREG(status.st_mode))
		return error_new(ERROR_INVALID, "%s: not a regular file", path);
	if (status.st_uid && status.st_uid != geteuid())
		return error_new(ERROR_INVALID, "%s: belongs to user %u; make it root's, or the caller's", path,
				 (unsigned)status.st_uid);
	if ((uint64_t)status.st_size > most)
		return error_new(ERROR_INVALID, "%s: longer than the %zu bytes that such a file may have", path, most);
	ret->length = (size_t)status.st_size;
	ret->mode = status.st_mode;
	return check_mode(path, status.st_mode, forbidden);
}

static struct error *read_text(const char *path, mode_t forbidden, size_t most, struct key_text *ret)
{
	// Not by a symbolic link, whose target somebody else may choose; and a FIFO must not make us wait.
	int fd _cleanup_close_ = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	ret->bytes = mem_zero(most + 1);
	if (fd < 0 && errno == ELOOP)
		return error_new(ERROR_INVALID, "%s: is a symbolic link; name the key file itself", path);
	if (fd < 0)
		return error_errno("%s: cannot open", path);
	struct error *error = check_file(fd, path, forbidden, most, ret);
	if (error)
		return error;
	ssize_t got = pread(fd, ret->bytes, ret->length, 0);
	if (got < 0)
		return error_errno("%s: cannot read", path);
	if ((size_t)got != ret->length || memchr(ret->bytes, 0, ret->length))
		return error_new(ERROR_INVALID, "%s: not a key file", path);
	return NULL;
}

/* Cuts the next word off *text; NULL at the end of it. */
static char *next_word(char **text)
{
	*text += strspn(*text, BLANKS);
	if (!**text)
		return NULL;
	char *word = *text;
	*text += strcspn(*text, BLANKS);
	if (**text)
		*(*text)++ = 0;
	return word;
}

static struct error *parse_key(const char *path, const char *word, uint8_t ret[SEAL_KEY])
{
	if (!word || !seal_key_parse(word, strlen(word), ret))
		return error_new(ERROR_INVALID, "%s: no key: want %d characters of base64", path, SEAL_BASE64 - 1);
	return NULL;
}

/* A file that holds "`kind` KEY" and nothing else. */
static struct error *read_single(const char *path, mode_t forbidden, const char *kind, uint8_t ret[SEAL_KEY])
{
	struct key_text text _cleanup_(key_text_deinit) = {0};
	struct error *error = read_text(path, forbidden, KEY_FILE_MAX, &text);

	if (error)
		return error;
	char *rest = text.bytes, *end = strchr(rest, '\n');
	if (end && end[1])
		return error_new(ERROR_INVALID, "%s: more than one line", path);
	if (end)
		*end = 0;
	const char *word = next_word(&rest);
	if (!word || strcmp(word, kind))
		return error_new(ERROR_INVALID, "%s: not a %s key: want a line \"%s KEY\"", path, kind, kind);
	error = parse_key(path, next_word(&rest), ret);
	if (!error && next_word(&rest))
		return error_new(ERROR_INVALID, "%s: words behind the key", path);
	return error;
}

struct error *seal_pair_read(const char *path, struct seal_pair *ret)
{
	struct error *error = read_single(path, 077, "secret", ret->secret);

	if (!error)
		seal_pair_derive(ret);
	return error;
}

struct error *seal_public_read(const char *path, uint8_t ret[SEAL_KEY])
{
	return read_single(path, 022, "public", ret);
}

/* ---- clients --------------------------------------------------------------------------------- */

/* Names go into file names, the journal and meta.json. */
static bool is_name(const char *word)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strspn(word, letters);

	return length && !word[length] && length <= SEAL_NAME_MAX && *word != '.' && *word != '-';
}

static struct error *parse_peer(const char *where, char *line, struct seal_peer *ret)
{
	struct seal_peer peer = {0};
	const char *name = next_word(&line), *kind = next_word(&line);

	if (!name || !kind || (strcmp(kind, "public") && strcmp(kind, "psk")))
		return error_new(ERROR_INVALID, "%s: want \"NAME public KEY\" or \"NAME psk KEY\"", where);
	if (!is_name(name))
		return error_new(ERROR_INVALID, "%s: a name has 1 to %d letters, digits, '.', '_' and '-'", where,
				 SEAL_NAME_MAX);
	memcpy(peer.name, name, strlen(name));
	peer.is_psk = !strcmp(kind, "psk");
	struct error *error = parse_key(where, next_word(&line), peer.key);
	if (!error && next_word(&line))
		error = error_new(ERROR_INVALID, "%s: words behind the key", where);
	if (!error)
		*ret = peer;
	seal_wipe(&peer, sizeof(peer));
	return error;
}

static struct error *check_twice(const char *where, const struct seal_peers *peers, const struct seal_peer *peer)
{
	for (size_t i = 0; i < peers->count; i++) {
		if (!strcmp(peers->items[i].name, peer->name))
			return error_new(ERROR_INVALID, "%s: there is another key of %s", where, peer->name);
		if (!memcmp(peers->items[i].key, peer->key, SEAL_KEY))
			return error_new(ERROR_INVALID, "%s: %s has this key as well", where, peers->items[i].name);
	}
	return NULL;
}

static struct error *parse_peers(const char *path, char *text, struct seal_peers *peers)
{
	char *line, *save = text;

	for (unsigned number = 1; (line = strsep(&save, "\n")); number++) {
		char *where _cleanup_free_ = mem_printf("%s:%u", path, number);
		struct seal_peer peer;

		line[strcspn(line, "#")] = 0;
		if (!line[strspn(line, BLANKS)])
			continue;
		if (peers->count == SEAL_PEERS_MAX)
			return error_new(ERROR_LIMIT, "%s: more than %d clients", where, SEAL_PEERS_MAX);
		struct error *error = parse_peer(where, line, &peer);
		if (!error)
			error = check_twice(where, peers, &peer);
		if (error)
			return error;
		// An array of full size from the start: growing would leave keys behind in memory that was freed.
		peers->items[peers->count++] = peer;
		seal_wipe(&peer, sizeof(peer));
	}
	return NULL;
}

/* Who knows a pre-shared key is that client. A list of public keys alone may be read by all. */
static struct error *check_secrets(const char *path, mode_t mode, const struct seal_peers *peers)
{
	for (size_t i = 0; i < peers->count; i++)
		if (peers->items[i].is_psk)
			return check_mode(path, mode, 077);
	return NULL;
}

struct error *seal_peers_read(const char *path, struct seal_peers *ret)
{
	struct key_text text _cleanup_(key_text_deinit) = {0};
	struct error *error = read_text(path, 022, PEERS_FILE_MAX, &text);

	if (error)
		return error;
	struct seal_peers peers = {.items = mem_zero(SEAL_PEERS_MAX * sizeof(*peers.items)),
				   .capacity = SEAL_PEERS_MAX};
	error = parse_peers(path, text.bytes, &peers);
	if (!error)
		error = check_secrets(path, text.mode, &peers);
	if (error)
		seal_peers_deinit(&peers);
	else
		*ret = peers;
	return error;
}

void seal_peers_deinit(struct seal_peers *peers)
{
	if (peers->items)
		seal_wipe(peers->items, peers->capacity * sizeof(*peers->items));
	free(peers->items);
	*peers = (struct seal_peers){0};
}

struct error *seal_psk_read(const char *path, struct seal_peer *ret)
{
	struct key_text text _cleanup_(key_text_deinit) = {0};
	struct error *error = read_text(path, 077, KEY_FILE_MAX, &text);

	if (error)
		return error;
	char *end = strchr(text.bytes, '\n');
	if (end && end[1])
		return error_new(ERROR_INVALID, "%s: more than one line", path);
	if (end)
		*end = 0;
	struct seal_peer peer;
	error = parse_peer(path, text.bytes, &peer);
	if (!error && !peer.is_psk)
		return error_new(ERROR_INVALID, "%s: a public key: want a line \"NAME psk KEY\"", path);
	if (!error)
		*ret = peer;
	return error;
}
