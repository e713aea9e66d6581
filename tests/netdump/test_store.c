// SPDX-License-Identifier: GPL-2.0-or-later
// The dump directory: what lies there after each way a dump can end, and what never does.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "seal/seal.h"

/* Called where a digest is about to be made. */
static void (*before_digest)(void);

static struct error *watched_sha256_fd(int fd, const bool *stop, uint8_t ret[SEAL_SHA256])
{
	if (before_digest)
		before_digest();
	return seal_sha256_fd(fd, stop, ret);
}
#define seal_sha256_fd watched_sha256_fd

/* Syncs by whoever receives. */
static pthread_t receiver;
static unsigned receiver_syncs;

static int watched_fsync(int fd)
{
	receiver_syncs += pthread_equal(pthread_self(), receiver) != 0;
	return fsync(fd);
}
#define fsync watched_fsync

/* As over NFS. */
static bool has_no_flags;

static int flagless_renameat2(int from_directory, const char *from, int to_directory, const char *to, unsigned flags)
{
	if (!has_no_flags || !flags)
		return renameat2(from_directory, from, to_directory, to, flags);
	errno = EINVAL;
	return -1;
}
#define renameat2 flagless_renameat2
#include "store/finish.c"
#undef seal_sha256_fd
#undef renameat2
#include "store/keep.c"
#include "store/logs.c"
#include "store/meta.c"
#include "store/place.c"
#include "store/resume.c"
#include "store/retain.c"

/* How often the whole dump directory is looked through. */
static unsigned scans;

static void counted_scan(int directory, bool (*is_running)(const void *context, const char *place, const char *name),
			 const void *context, struct held_list *ret)
{
	scans++;
	held_scan(directory, is_running, context, ret);
}
#define held_scan counted_scan
#include "store/room.c"
#undef held_scan

#include "store/store.c"
#undef fsync

#include <elf.h>
#include <poll.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "test.h"

static char root[] = "/tmp/test-store-XXXXXX";

/* A store of its own directories, below `root`. */
struct shop {
	char dumpdir[64], spool[64];
	struct store_options options;
	struct writer *writer;
	struct store *store;
};

static void run(const char *format, ...) PRINTF_LIKE(1, 2);
static void run(const char *format, ...)
{
	char command[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	if (system(command))
		abort();
}

/* The first line that a command writes; "" where it fails. */
static const char *output(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *output(const char *format, ...)
{
	static char line[1024];
	char command[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	FILE *pipe = popen(command, "r");
	size_t got = pipe ? fread(line, 1, sizeof(line) - 1, pipe) : 0;
	line[got] = 0;
	line[strcspn(line, "\n")] = 0;
	if (!pipe || pclose(pipe))
		line[0] = 0;
	return line;
}

static void shop_open(struct shop *shop)
{
	static unsigned count;

	snprintf(shop->dumpdir, sizeof(shop->dumpdir), "%s/dump%u", root, count);
	snprintf(shop->spool, sizeof(shop->spool), "%s/spool%u", root, count++);
	run("mkdir -p %s %s", shop->dumpdir, shop->spool);
	shop->options.dumpdir = shop->dumpdir;
	shop->options.spool = shop->spool;
	shop->options.boot = "this";
	if (writer_new(1 << 20, &shop->writer) || store_open(&shop->options, shop->writer, &shop->store))
		abort();
}

/* In a process that is not root: 0 where the store opens, 1 where that is an error. */
static int open_elsewhere(const struct store_options *options)
{
	pid_t child = fork();
	int status = 0;

	if (!child) {
		struct store *store = NULL;

		if (!getuid() && setresuid(65534, 65534, 65534))
			_exit(2);
		_exit(store_open(options, NULL, &store) != NULL);
	}
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

TEST(a_store_has_a_directory_that_it_may_write_to)
{
	char path[64];
	struct store_options options = {.dumpdir = path};

	snprintf(path, sizeof(path), "%s/closed", root);
	run("chmod 755 %s; mkdir -m 777 %s", root, path);
	CHECK(open_elsewhere(&options) == 0);
	run("chmod 555 %s", path);
	CHECK(open_elsewhere(&options) == 1);
}

static void shop_close(struct shop *shop)
{
	store_close(shop->store);
	writer_free(shop->writer);
}

static struct meta meta_of(const char *client, const char *protocol)
{
	struct meta meta = {.protocol = protocol, .started = 1700000000, .port = 6666};

	snprintf(meta.client, sizeof(meta.client), "%s", client);
	snprintf(meta.format, sizeof(meta.format), "raw");
	return meta;
}

static struct dump_files *begin(struct shop *shop, struct meta *meta, uint64_t expected)
{
	struct dump_files *dump = NULL;
	struct error *error = dump_begin(shop->store, meta, expected, &dump);

	if (error)
		printf("%s\n", error->message);
	error_free(error);
	return dump;
}

struct outcome {
	bool is_done, is_safe;
};

static void remember(void *context, bool is_safe)
{
	*(struct outcome *)context = (struct outcome){true, is_safe};
}

static bool finish(struct shop *shop, struct dump_files *dump, enum session_end end)
{
	struct outcome outcome = {0};
	struct pollfd event = {.fd = writer_event(shop->writer), .events = POLLIN};

	dump_finish(dump, end, remember, &outcome);
	while (!outcome.is_done) {
		poll(&event, 1, -1);
		writer_poll(shop->writer);
	}
	return outcome.is_safe;
}

/* Writes a dump of `size` bytes of 'x', all at once. */
static void whole_dump(struct shop *shop, const char *client, size_t size)
{
	struct meta meta = meta_of(client, "netdump6");
	struct dump_files *dump = begin(shop, &meta, size);
	char *bytes = malloc(size);

	memset(bytes, 'x', size);
	CHECK(dump_write(dump, SESSION_VMCORE, 0, bytes, size));
	CHECK(finish(shop, dump, SESSION_COMPLETE));
	dump_free(dump);
	free(bytes);
}

/* A dump whose digest takes as long as another dump needs to be stored, which must not be for ever. */
static sem_t other_stored;
static bool is_other_stored;

static void await_other(void)
{
	struct timespec limit;

	before_digest = NULL;
	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 30;
	is_other_stored = !sem_timedwait(&other_stored, &limit);
}

static void tell_stored(void *context, bool is_safe)
{
	(void)context;
	CHECK(is_safe);
	sem_post(&other_stored);
}

TEST(nobody_waits_for_the_digest_of_another)
{
	struct meta meta = meta_of("192.0.2.1", "netdump6");
	struct outcome slow = {0};
	struct shop shop = {0};

	shop_open(&shop);
	sem_init(&other_stored, 0, 0);
	before_digest = await_other;
	struct dump_files *dump = begin(&shop, &meta, 0), *other = begin(&shop, &meta, 0), *incomplete = begin(&shop, &meta, 0);
	dump_finish(dump, SESSION_COMPLETE, remember, &slow);
	CHECK(finish(&shop, incomplete, SESSION_INCOMPLETE) && !slow.is_done); /* it has none */
	dump_when_stored(other, tell_stored);
	CHECK(finish(&shop, other, SESSION_COMPLETE));
	CHECK(is_other_stored && slow.is_safe);
	dump_free(dump);
	dump_free(other);
	dump_free(incomplete);
	shop_close(&shop);
	sem_destroy(&other_stored);
}

static bool exists(const char *directory, const char *name)
{
	char path[2048];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return !access(path, F_OK);
}

TEST(complete_dump)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.7", "redhat");
	struct extents have = {0};
	struct stat status;
	char path[256];

	shop_open(&shop);
	meta.holes_of = &have;
	struct dump_files *dump = begin(&shop, &meta, 20000);
	snprintf(path, sizeof(path), "%s", dump_path(dump));
	CHECK(!strncmp(path, shop.dumpdir, strlen(shop.dumpdir)) && strstr(path, "/192.0.2.7-20"));
	CHECK(!stat(path, &status) && (status.st_mode & 07777) == 0700);
	CHECK(exists(path, "vmcore-incomplete"));
	CHECK(dump_write(dump, SESSION_VMCORE, 0, "abc", 3) && extents_add(&have, 0, 3));
	CHECK(dump_write(dump, SESSION_VMCORE, 8192, "def", 3) && extents_add(&have, 8192, 8195));
	store_log(shop.store, "192.0.2.7", dump, "Oops: 0000\n", 11);
	CHECK(finish(&shop, dump, SESSION_COMPLETE));
	CHECK(dump_written(dump) == 6 && !dump_failure(dump));
	dump_free(dump);
	shop_close(&shop);
	CHECK(exists(path, "vmcore") && !exists(path, "vmcore-incomplete") && !exists(path, "resume"));
	CHECK_STR(output("stat -c '%%s %%a' %s/vmcore", path), "20000 600");
	CHECK_STR(output("head -c 3 %s/vmcore; tail -c +8193 %s/vmcore | head -c 3", path, path), "abcdef");
	CHECK_STR(output("sed 's/^....-..-..T..:..:..Z //' %s/log", path), "Oops: 0000");
	char *digest = mem_strdup(output("sha256sum < %s/vmcore | cut -c -64", path));
	CHECK_STR(output("python3 -c 'import json,sys; print(json.load(sys.stdin)[\"sha256\"])' < %s/meta.json", path), digest);
	CHECK_STR(meta.sha256, digest);
	CHECK_STR(output("python3 -c 'import json,sys; d = json.load(sys.stdin); print(d[\"complete\"], d[\"size\"], d[\"vmcore\"], "
			 "d[\"bytes_missing\"], d[\"holes\"], d[\"started\"])' < %s/meta.json", path),
		  "True 20000 vmcore 19994 [{'start': 3, 'end': 8192}, {'start': 8195, 'end': 20000}] 2023-11-14T22:13:20Z");
	char *marker = mem_strdup(output("cat %s/*", shop.spool));
	CHECK(!strncmp(marker, path, strlen(path)) && !strcmp(marker + strlen(path), "/vmcore"));
	CHECK_STR(output("ls -A %s | wc -l", shop.spool), "1");
	free(marker);
	free(digest);
	extents_deinit(&have);
}

TEST(who_receives_waits_for_no_sync)
{
	struct meta meta = meta_of("192.0.2.7", "redhat"), freebsd = meta_of("192.0.2.8", "freebsd");
	struct shop shop = {0};

	shop_open(&shop);
	receiver = pthread_self();
	receiver_syncs = 0;
	struct dump_files *dump = begin(&shop, &meta, 0), *other = begin(&shop, &freebsd, 0);
	CHECK(dump_write(dump, SESSION_VMCORE, 0, "abc", 3) && dump_write(other, SESSION_VMCORE, 0, "abc", 3));
	store_log(shop.store, "192.0.2.9", NULL, "hello\n", 6);
	CHECK(finish(&shop, dump, SESSION_COMPLETE) && finish(&shop, other, SESSION_COMPLETE));
	dump_free(dump);
	dump_free(other);
	CHECK(!receiver_syncs);
	/* A number that was given is not given again, though another one has ended since. */
	dump = begin(&shop, &freebsd, 0);
	other = begin(&shop, &freebsd, 0);
	CHECK(finish(&shop, other, SESSION_COMPLETE) && finish(&shop, dump, SESSION_REFUSED));
	dump_free(dump);
	dump_free(other);
	CHECK_STR(output("cat %s/bounds.192.0.2.8", shop.dumpdir), "3");
	shop_close(&shop);
}

TEST(vmcore_takes_no_other_file_s_name)
{
	struct meta meta = meta_of("192.0.2.7", "redhat");
	struct shop shop = {0};

	shop_open(&shop);
	for (unsigned i = 0; i < 4; i++) {
		struct dump_files *dump = begin(&shop, &meta, 0);

		has_no_flags = i >= 2;
		if (i % 2)
			run("echo other > %s/vmcore", dump_path(dump));
		CHECK(dump_write(dump, SESSION_VMCORE, 0, "abc\n", 4));
		CHECK(finish(&shop, dump, SESSION_COMPLETE) == !(i % 2));
		CHECK_STR(output("cat %s/vmcore", dump_path(dump)), i % 2 ? "other" : "abc");
		CHECK(exists(dump_path(dump), "vmcore-incomplete") == i % 2);
		dump_free(dump);
	}
	has_no_flags = false;
	shop_close(&shop);
}

TEST(incomplete_dump_and_its_resumption)
{
	struct shop shop = {0};
	struct meta meta = meta_of("2001:db8::1", "netdump6"), other;
	struct extents have = {0}, again = {0};
	char path[256];

	shop_open(&shop);
	memset(meta.id, 7, sizeof(meta.id));
	meta.holes_of = &have;
	meta.expected = 100000;
	struct dump_files *dump = begin(&shop, &meta, 100000);
	snprintf(path, sizeof(path), "%s", dump_path(dump));
	CHECK(dump_write(dump, SESSION_VMCORE, 5000, "abc", 3) && extents_add(&have, 5000, 5003));
	snprintf(meta.reason, sizeof(meta.reason), "silent");
	CHECK(!dump_resume(shop.store, &meta, &again)); /* it is running */
	CHECK(finish(&shop, dump, SESSION_INCOMPLETE));
	dump_free(dump);
	CHECK(exists(path, "vmcore-incomplete") && !exists(path, "vmcore") && exists(path, "resume"));
	CHECK_STR(output("python3 -c 'import json,sys; d = json.load(sys.stdin); print(d[\"complete\"], d[\"reason\"], d[\"sha256\"], "
			 "d[\"vmcore\"])' < %s/meta.json", path),
		  "False silent None vmcore-incomplete");
	CHECK(strstr(output("cat %s/*", shop.spool), "/vmcore-incomplete"));
	other = meta;
	other.id[3] ^= 1;
	CHECK(!dump_resume(shop.store, &other, &again)); /* another dump */
	other = meta_of("2001:db8::2", "netdump6");
	memcpy(other.id, meta.id, sizeof(meta.id));
	CHECK(!dump_resume(shop.store, &other, &again)); /* another client */
	dump = dump_resume(shop.store, &meta, &again);
	CHECK(dump && again.count == 1 && again.items[0].start == 5000 && again.items[0].end == 5003);
	CHECK(!exists(path, "meta.json"));
	CHECK_STR(dump_path(dump), path);
	CHECK(dump_write(dump, SESSION_VMCORE, 0, "xyz", 3) && dump_zero(dump, SESSION_VMCORE, 5003, 100000 - 5003));
	CHECK(finish(&shop, dump, SESSION_COMPLETE));
	dump_free(dump);
	CHECK(!exists(path, "resume"));
	CHECK_STR(output("stat -c %%s %s/vmcore", path), "100000");
	CHECK_STR(output("head -c 3 %s/vmcore; tail -c +5001 %s/vmcore | head -c 3", path, path), "xyzabc");
	shop_close(&shop);
	extents_deinit(&have);
	extents_deinit(&again);
}

TEST(peer_may_resume_from_elsewhere)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "netdump6"), moved = meta_of("192.0.2.2", "netdump6");
	struct extents have = {0}, again = {0};

	shop_open(&shop);
	memset(meta.id, 9, sizeof(meta.id));
	memset(moved.id, 9, sizeof(moved.id));
	strcpy(meta.peer, "web1");
	meta.holes_of = &have;
	struct dump_files *dump = begin(&shop, &meta, 0);
	CHECK(finish(&shop, dump, SESSION_INCOMPLETE));
	dump_free(dump);
	CHECK(!dump_resume(shop.store, &moved, &again));
	strcpy(moved.peer, "web2");
	CHECK(!dump_resume(shop.store, &moved, &again));
	strcpy(moved.peer, "web1");
	dump = dump_resume(shop.store, &moved, &again);
	CHECK(dump);
	dump_free(dump);
	shop_close(&shop);
	extents_deinit(&again);
}

/* What store_tick() began is done. */
static void await_keeping(struct shop *shop)
{
	struct pollfd event = {.fd = writer_event(shop->writer), .events = POLLIN};

	while (shop->store->is_keeping) {
		poll(&event, 1, -1);
		writer_poll(shop->writer);
	}
}

/* As if the server were killed: what was queued is in the files, and nothing more happens to them. */
static void shop_kill(struct shop *shop, struct dump_files *dump)
{
	dump_free(dump);
	shop_close(shop);
	if (writer_new(1 << 20, &shop->writer) || store_open(&shop->options, shop->writer, &shop->store))
		abort();
}

TEST(killed_server_leaves_what_can_go_on)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "netdump6");
	struct extents have = {0}, again = {0};

	shop_open(&shop);
	memset(meta.id, 9, sizeof(meta.id));
	meta.holes_of = &have;
	meta.expected = 9000;
	struct dump_files *dump = begin(&shop, &meta, 9000);
	char *path _cleanup_free_ = mem_strdup(dump_path(dump));

	store_tick(shop.store);
	await_keeping(&shop);
	CHECK(exists(path, "resume"));
	CHECK(dump_write(dump, SESSION_VMCORE, 0, "abc", 3) && extents_add(&have, 0, 3));
	CHECK(dump_zero(dump, SESSION_VMCORE, 5000, 4000) && extents_add(&have, 5000, 9000));
	dump->kept_at = 1;
	shop.store->keep_next = 0;
	store_tick(shop.store);
	CHECK(shop.store->is_keeping);
	/* What comes now is not in the list. */
	CHECK(dump_write(dump, SESSION_VMCORE, 3, "def", 3) && extents_add(&have, 3, 6));
	await_keeping(&shop);
	/* Nothing new, or not for long: nothing to do. */
	dump->kept = dump->changes;
	shop.store->keep_next = 0;
	store_tick(shop.store);
	CHECK(!shop.store->is_keeping);
	shop_kill(&shop, dump);
	CHECK(!exists(path, "meta.json"));
	CHECK(store_recover(shop.store, NULL, NULL) == 1);
	store_tick(shop.store);
	CHECK(!shop.store->is_keeping); /* its client may come */
	dump = dump_resume(shop.store, &meta, &again);
	CHECK(dump && !shop.store->orphans.count && again.count == 2 && again.bytes == 4003);
	CHECK_STR(dump_path(dump), path);
	CHECK(finish(&shop, dump, SESSION_INCOMPLETE));
	dump_free(dump);
	CHECK_STR(output("stat -c %%s %s/vmcore-incomplete", path), "9000");
	CHECK(store_recover(shop.store, NULL, NULL) == 0);
	shop_close(&shop);
	extents_deinit(&have);
	extents_deinit(&again);
}

TEST(killed_server_s_dumps_are_closed)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "netdump6"), freebsd = meta_of("192.0.2.2", "freebsd"),
		    nameless = meta_of("192.0.2.3", "redhat");
	struct meta *metas[] = {&meta, &freebsd, &nameless};
	struct extents have = {0};
	const char *show = "python3 -c 'import json,sys; d = json.load(sys.stdin); print(d[\"client\"], d[\"protocol\"], "
			   "d[\"complete\"], d[\"reason\"], d[\"vmcore\"], d[\"bytes_missing\"])' < %s/%s";
	struct dump_files *dumps[3];

	shop_open(&shop);
	memset(meta.id, 9, sizeof(meta.id));
	meta.holes_of = &have;
	meta.expected = 9000;
	for (size_t i = 0; i < 3; i++) {
		dumps[i] = begin(&shop, metas[i], 9000);
		CHECK(dump_write(dumps[i], SESSION_VMCORE, 0, "abc", 3));
	}
	CHECK(extents_add(&have, 0, 3));
	store_tick(shop.store);
	await_keeping(&shop);
	char *path _cleanup_free_ = mem_strdup(dump_path(dumps[0])), *other _cleanup_free_ = mem_strdup(dump_path(dumps[2]));
	dump_free(dumps[0]);
	dump_free(dumps[1]);
	shop_kill(&shop, dumps[2]);
	CHECK(store_recover(shop.store, NULL, NULL) == 3);
	for (size_t i = 0; i < shop.store->orphans.count; i++)
		shop.store->orphans.items[i].due = 0;
	while (shop.store->orphans.count) {
		shop.store->keep_next = 0;
		store_tick(shop.store);
		await_keeping(&shop);
	}
	char *said = mem_strdup(output(show, path, "meta.json"));
	CHECK_STR(said, "192.0.2.1 netdump6 False the server was killed vmcore-incomplete 8997");
	CHECK_STR(output(show, shop.dumpdir, "meta.192.0.2.2.0.json"),
		  "192.0.2.2 freebsd False the server was killed vmcore.192.0.2.2.0-incomplete None");
	CHECK_STR(output(show, other, "meta.json"), "192.0.2.3 None False the server was killed vmcore-incomplete None");
	CHECK_STR(output("ls -A %s | wc -l", shop.spool), "3");
	/* Its client may come back all the same. */
	dumps[0] = dump_resume(shop.store, &meta, &have);
	CHECK(dumps[0]);
	dump_free(dumps[0]);
	free(said);
	shop_close(&shop);
	extents_deinit(&have);
}

TEST(garbage_in_a_resume_file_is_refused)
{
	struct meta meta = meta_of("192.0.2.1", "netdump6");
	struct extents have = {0};
	struct resume again;
	struct buf text _cleanup_(buf_deinit) = {0};

	memset(meta.id, 9, sizeof(meta.id));
	strcpy(meta.panic, "a\nclient b\377");
	meta.packets = UINT64_MAX;
	meta.machine = UINT32_MAX;
	meta.holes_of = &have;
	for (uint64_t i = 0; i < 50; i++)
		CHECK(extents_add(&have, i * 1000, i * 1000 + 10 * i + 1));
	resume_write(&meta, "", &text);
	for (size_t length = 0; length < text.length; length++) {
		char *cut = mem_strndup(text.data, length);
		CHECK(!resume_parse(cut, "", &again) && !again.have.count);
		free(cut);
	}
	char *all = mem_strdup(text.data);
	CHECK(resume_parse(all, "", &again) && again.have.count == 50 && again.have.bytes == have.bytes);
	CHECK(resume_is_of(&again, &meta) && again.meta.packets == UINT64_MAX && again.meta.machine == UINT32_MAX &&
	      again.meta.port == 6666 && again.meta.started == 1700000000);
	CHECK_STR(again.meta.panic, "a?client b?");
	free(all);
	resume_deinit(&again);
	extents_deinit(&have);
}

TEST(values_in_a_resume_file_are_bounded)
{
	static const char head[] = FIRST_LINE "\nclient 192.0.2.1\nprotocol netdump6\nformat elf\n";
	static const char *const lines[] = {
		"port 65536", "port -1", "port", "port 1 ", "port +1", "is_encrypted 2", "started 9223372036854775808",
		"machine 4294967296", "packets 18446744073709551616", "id 00", "id 0g000000000000000000000000000000",
		"protocol freebsd", "extent 5 5", "extent 5", "extent 5 x", "extent 0 4611686018427387905", "nonsense 1",
		"format 0123456789012345678901234567890123456789", "panic a\tb", "boot there",
	};
	struct resume resume;

	for (size_t i = 0; i <= sizeof(lines) / sizeof(*lines); i++) {
		bool is_fine = i == sizeof(lines) / sizeof(*lines);
		char *text = mem_printf("%s%s\nend\n", head, is_fine ? "boot here" : lines[i]);

		CHECK(resume_parse(text, "here", &resume) == is_fine);
		if (is_fine)
			resume_deinit(&resume);
		free(text);
	}
}

TEST(what_may_be_overwritten_is_of_one_boot)
{
	struct meta meta = meta_of("192.0.2.1", "netdump6");
	struct extents have = {0};
	struct buf text _cleanup_(buf_deinit) = {0};
	struct resume resume;

	strcpy(meta.format, "kdump");
	meta.holes_of = &have;
	resume_write(&meta, "now", &text);
	for (const char *boot = "now"; boot; boot = !strcmp(boot, "now") ? "then" : *boot ? "" : NULL) {
		char *copy = mem_strdup(text.data);

		CHECK(resume_parse(copy, boot, &resume) == !strcmp(boot, "now"));
		resume_deinit(&resume);
		free(copy);
	}
	/* Without the line it is as of another boot. */
	char *line = strstr(text.data, "boot now\n");
	memmove(line, line + 9, strlen(line + 9) + 1);
	CHECK(!resume_parse(text.data, "now", &resume));
}

TEST(refused_dump_leaves_nothing)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "redhat"), freebsd = meta_of("192.0.2.1", "freebsd");

	shop_open(&shop);
	for (struct meta *which = &meta; which; which = which == &meta ? &freebsd : NULL) {
		struct dump_files *dump = begin(&shop, which, 0);
		CHECK(dump_write(dump, SESSION_VMCORE, 0, "abc", 3));
		finish(&shop, dump, SESSION_REFUSED);
		dump_free(dump);
	}
	CHECK_STR(output("cd %s && ls -A | tr '\\n' ' '", shop.dumpdir), "bounds.192.0.2.1 ");
	CHECK_STR(output("ls -A %s | wc -l", shop.spool), "0");
	shop_close(&shop);
}

TEST(log_goes_on_after_the_dump)
{
	struct meta meta = meta_of("192.0.2.1", "redhat"), refused = meta_of("192.0.2.2", "redhat");
	struct shop shop = {0};

	shop_open(&shop);
	struct dump_files *dump = begin(&shop, &meta, 1 << 20), *other = begin(&shop, &refused, 0);
	char *path = mem_strdup(dump_path(dump));

	store_log(shop.store, "192.0.2.1", dump, "panic\n", 6);
	CHECK(reserved(shop.store) == 1 << 20);
	CHECK(finish(&shop, dump, SESSION_INCOMPLETE) && !reserved(shop.store));
	store_log(shop.store, "192.0.2.1", dump, "state\n", 6);
	dump_free(dump);
	finish(&shop, other, SESSION_REFUSED);
	store_log(shop.store, "192.0.2.2", other, "refused\n", 8);
	dump_free(other);
	/* One that was removed meanwhile. */
	dump = begin(&shop, &meta, 0);
	finish(&shop, dump, SESSION_INCOMPLETE);
	run("rm -r %s", dump_path(dump));
	store_log(shop.store, "192.0.2.1", dump, "late\n", 5);
	dump_free(dump);
	shop_close(&shop);
	CHECK_STR(output("cut -d ' ' -f 2 %s/log | tr '\\n' ' '", path), "panic state ");
	CHECK_STR(output("cut -d ' ' -f 2 %s/logs/192.0.2.2.log", shop.dumpdir), "refused");
	CHECK_STR(output("cut -d ' ' -f 2 %s/logs/192.0.2.1.log", shop.dumpdir), "late");
	char *want = mem_printf("%s logs ", strrchr(path, '/') + 1);

	CHECK_STR(output("ls %s | tr '\\n' ' '", shop.dumpdir), want);
	free(want);
	free(path);
}

TEST(logs_have_one_budget)
{
	struct shop shop = {.options = {.log_max = 8 << 10, .log_keep = 2, .log_total = 32 << 10}};
	char client[32], line[256];

	shop_open(&shop);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(client, sizeof(client), "192.0.2.%u", i % 20);
		store_log(shop.store, client, NULL, line, sizeof(line));
	}
	shop_close(&shop);
	CHECK(atoi(output("cat %s/logs/* | wc -c", shop.dumpdir)) > 28 << 10);
	CHECK(atoi(output("cat %s/logs/* | wc -c", shop.dumpdir)) <= 32 << 10);
	/* Another server finds what is there already; min_free holds for logs as well. */
	if (writer_new(1 << 20, &shop.writer) || store_open(&shop.options, shop.writer, &shop.store))
		abort();
	for (unsigned i = 0; i < 100; i++)
		store_log(shop.store, "192.0.2.100", NULL, line, sizeof(line));
	shop.options.log_max = shop.options.log_total = 0;
	shop.options.min_free = UINT64_C(1) << 60;
	for (unsigned i = 0; i < 10000; i++)
		store_log(shop.store, "192.0.2.101", NULL, line, sizeof(line));
	shop_close(&shop);
	CHECK(atoi(output("cat %s/logs/192.0.2.100* | wc -c", shop.dumpdir)) < 1 << 10);
	CHECK(atoi(output("cat %s/logs/192.0.2.101* | wc -c", shop.dumpdir)) <= 300 << 10);
}

TEST(hosts_that_have_logs_are_bounded)
{
	struct shop shop = {0};
	char client[32];

	shop_open(&shop);
	for (unsigned i = 0; i < 1200; i++) {
		snprintf(client, sizeof(client), "192.0.%u.%u", i / 250, i % 250);
		store_log(shop.store, client, NULL, "hello\n", 6);
	}
	CHECK_STR(output("ls %s/logs | wc -l", shop.dumpdir), "1024");
	run("rm %s/logs/192.0.1.*", shop.dumpdir);
	store_log(shop.store, "192.0.2.251", NULL, "hello\n", 6);
	store_log(shop.store, "192.0.0.3", NULL, "again\n", 6);
	shop_close(&shop);
	CHECK(exists(shop.dumpdir, "logs/192.0.2.251.log"));
	CHECK_STR(output("grep -c . %s/logs/192.0.0.3.log", shop.dumpdir), "2");
}

TEST(dump_that_cannot_begin_leaves_nothing)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "freebsd");
	struct dump_files *dump;

	shop_open(&shop);
	whole_dump(&shop, "192.0.2.1", 10);
	run("cd %s && touch info.192.0.2.1.0 vmcore.192.0.2.1.0-incomplete bounds.192.0.2.1", shop.dumpdir);
	/* What is in the way of the next one is not its own. */
	run("cd %s && echo 1 > bounds.192.0.2.1 && mkdir vmcore.192.0.2.1.1-incomplete", shop.dumpdir);
	struct error *error = dump_begin(shop.store, &meta, 0, &dump);
	CHECK(error);
	error_free(error);
	CHECK(exists(shop.dumpdir, "info.192.0.2.1.0") && exists(shop.dumpdir, "vmcore.192.0.2.1.1-incomplete"));
	shop_close(&shop);
}

TEST(room_is_reserved_until_it_is_used)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "netdump6");

	shop_open(&shop);
	struct dump_files *dump = begin(&shop, &meta, 0);
	char *path _cleanup_free_ = mem_strdup(dump_path(dump));
	CHECK(atol(output("stat -c %%b %s/.meta.json.new", path)) * 512 >= META_SIZE);
	finish(&shop, dump, SESSION_INCOMPLETE);
	dump_free(dump);
	CHECK_STR(output("cd %s && ls -A | tr '\\n' ' '", path), "meta.json vmcore-incomplete ");
	CHECK_STR(output("cd %s && tail -n 1 meta.json; test $(stat -c %%b meta.json) -le 64 && echo '}'", path), "}");
	shop_close(&shop);
}

TEST(names_stay_in_the_directory)
{
	struct shop shop = {0};
	struct meta meta = meta_of("../../x", "redhat"), hidden = meta_of(".ssh", "redhat");

	shop_open(&shop);
	struct dump_files *dump = begin(&shop, &meta, 0), *second = begin(&shop, &hidden, 0);
	CHECK(strstr(dump_path(dump), "/_._.._x-20"));
	CHECK(strstr(dump_path(second), "/_ssh-20"));
	store_log(shop.store, "../../../etc/x", NULL, "hello\n", 6);
	dump_free(dump);
	dump_free(second);
	shop_close(&shop);
	CHECK(!strcmp(output("ls %s/logs | wc -l", shop.dumpdir), "1"));
	CHECK(!strcmp(output("ls -A %s | wc -l", shop.dumpdir), "3"));
}

TEST(several_dumps_in_a_minute)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "redhat");

	shop_open(&shop);
	for (unsigned i = 0; i < 5; i++)
		dump_free(begin(&shop, &meta, 0));
	shop_close(&shop);
	CHECK_STR(output("ls %s | wc -l", shop.dumpdir), "5");
}

TEST(too_many_dumps_in_a_minute_are_called_that)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "redhat");
	struct dump_files *dump = NULL;

	shop_open(&shop);
	/* This minute, and the next ones, for it may be over. */
	CHECK_STR(output("cd %s && for m in 0 1 2 3 4 5 6 7 8 9; do at=$(date -u -d \"+$m minutes\" +%%Y-%%m-%%d-%%H:%%M); "
			 "mkdir 192.0.2.1-$at; seq -f 192.0.2.1-$at-%%g 2 1000 | xargs mkdir; done; ls | wc -l", shop.dumpdir),
		  "10000");
	struct error *error = dump_begin(shop.store, &meta, 0, &dump);

	CHECK(error && error->code == ERROR_LIMIT);
	CHECK_STR(error->message, "192.0.2.1 has begun more than 1000 dumps within a minute");
	error_free(error);
	shop_close(&shop);
}

static void freebsd_dump(struct shop *shop, struct meta *meta, enum session_end end)
{
	struct dump_files *dump = begin(shop, meta, 0);

	CHECK(dump_write(dump, SESSION_VMCORE, 0, "0123456789", 10));
	CHECK(dump_write(dump, SESSION_KEY, 0, "key", 3));
	CHECK(dump_write(dump, SESSION_INFO, 0, "Dump\n", 5));
	CHECK(finish(shop, dump, end));
	dump_free(dump);
}

TEST(freebsd_names)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "freebsd");

	shop_open(&shop);
	freebsd_dump(&shop, &meta, SESSION_COMPLETE);
	meta.core_suffix = ".zst";
	meta.is_core_encrypted = true;
	meta.size = 4;
	freebsd_dump(&shop, &meta, SESSION_COMPLETE);
	freebsd_dump(&shop, &meta, SESSION_INCOMPLETE);
	CHECK_STR(output("cd %s && ls -A | tr '\\n' ' '", shop.dumpdir),
		  "bounds.192.0.2.1 info.192.0.2.1.0 info.192.0.2.1.1 info.192.0.2.1.2 info.192.0.2.1.last key.192.0.2.1.0 "
		  "key.192.0.2.1.1 key.192.0.2.1.2 meta.192.0.2.1.0.json meta.192.0.2.1.1.json meta.192.0.2.1.2.json "
		  "vmcore.192.0.2.1.0 vmcore.192.0.2.1.2-incomplete vmcore.192.0.2.1.last vmcore_encrypted.192.0.2.1.1.zst "
		  "vmcore_encrypted.192.0.2.1.last.zst ");
	CHECK_STR(output("cat %s/bounds.192.0.2.1", shop.dumpdir), "3");
	CHECK_STR(output("cat %s/vmcore.192.0.2.1.last", shop.dumpdir), "0123456789");
	CHECK_STR(output("cat %s/vmcore_encrypted.192.0.2.1.last.zst", shop.dumpdir), "0123");
	CHECK_STR(output("readlink %s/info.192.0.2.1.last", shop.dumpdir), "info.192.0.2.1.1");
	CHECK_STR(output("cat %s/vmcore.192.0.2.1.2-incomplete", shop.dumpdir), "0123456789");
	CHECK(strstr(output("cat %s/192.0.2.1.1", shop.spool), "/vmcore_encrypted.192.0.2.1.1.zst"));
	shop_close(&shop);
}

TEST(freebsd_paths)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "freebsd");

	shop_open(&shop);
	run("mkdir -p %s/lab/rack && ln -s /tmp %s/out && ln -s lab %s/in", shop.dumpdir, shop.dumpdir, shop.dumpdir);
	strcpy(meta.path, "lab/rack");
	freebsd_dump(&shop, &meta, SESSION_COMPLETE);
	CHECK_STR(output("cat %s/lab/rack/vmcore.192.0.2.1.0", shop.dumpdir), "0123456789");
	CHECK(strstr(output("cat %s/lab_rack_192.0.2.1.0", shop.spool), "/lab/rack/vmcore.192.0.2.1.0"));
	// None of these is a directory below ours: the dump directory itself then, as netdumpd does.
	static const char *const paths[] = {"nothing", "out", "in", "in/rack", "..", "lab/../..", "lab/rack/vmcore.192.0.2.1.0"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		strcpy(meta.path, paths[i]);
		freebsd_dump(&shop, &meta, SESSION_COMPLETE);
	}
	CHECK_STR(output("ls %s/vmcore.*.[0-9] | wc -l", shop.dumpdir), "7");
	CHECK_STR(output("ls %s/lab/rack/vmcore.*.[0-9] | wc -l", shop.dumpdir), "1");
	// A link in the place of bounds is no file to read from or write to.
	run("cd %s && rm bounds.192.0.2.1 && ln -s /etc/passwd bounds.192.0.2.1", shop.dumpdir);
	freebsd_dump(&shop, &meta, SESSION_COMPLETE);
	CHECK_STR(output("cat %s/bounds.192.0.2.1", shop.dumpdir), "8");
	shop_close(&shop);
}

static unsigned dumps_of(const struct shop *shop, const char *client)
{
	return (unsigned)atoi(output("ls -d %s/%s-* 2>/dev/null | wc -l", shop->dumpdir, client));
}

static bool admits_for(struct shop *shop, const char *client, uint64_t expected, enum store_room room)
{
	struct error *error = store_admit(shop->store, client, expected, room);

	CHECK(!error || error->code == ERROR_LIMIT);
	error_free(error);
	return !error;
}

static bool admits(struct shop *shop, const char *client, uint64_t expected)
{
	return admits_for(shop, client, expected, STORE_ROOM_ALL);
}

TEST(keep_removes_the_oldest)
{
	struct shop shop = {.options.keep = 3};

	shop_open(&shop);
	for (unsigned i = 0; i < 6; i++) {
		CHECK(admits(&shop, "192.0.2.1", 1000));
		whole_dump(&shop, "192.0.2.1", 1000);
		run("cd %s && touch -d '2020-01-0%u' $(ls -dt 192.0.2.1-* | head -n 1)", shop.dumpdir, i + 1);
	}
	CHECK(admits(&shop, "192.0.2.2", 1000));
	CHECK(dumps_of(&shop, "192.0.2.1") == 3);
	CHECK_STR(output("ls %s -d --time-style=+%%d -l %s/192* | tr -s ' ' | cut -d ' ' -f 6 | sort | tr '\\n' ' '", "", shop.dumpdir),
		  "04 05 06 ");
	shop_close(&shop);
}

TEST(dump_directory_is_looked_through_for_want_of_room_alone)
{
	struct shop shop = {.options = {.max_client = 100 << 10, .keep = 4}};
	struct meta meta = meta_of("192.0.2.1", "netdump6");
	struct extents have = {0}, again = {0};

	shop_open(&shop);
	memset(meta.id, 9, sizeof(meta.id));
	meta.holes_of = &have;
	scans = 0;
	for (unsigned i = 0; i < 3; i++) {
		CHECK(!dump_resume(shop.store, &meta, &again));
		CHECK(admits(&shop, "192.0.2.1", 30000) && admits(&shop, "192.0.2.2", 30000));
		whole_dump(&shop, "192.0.2.1", 30000);
	}
	CHECK(!scans);
	/* What was stored since is known: a fourth one does not fit, before somebody has tidied up. */
	CHECK(!admits(&shop, "192.0.2.1", 95000) && scans);
	run("rm -r %s/192.0.2.1-*", shop.dumpdir);
	CHECK(admits(&shop, "192.0.2.1", 95000));
	/* So is what has broken off. */
	struct dump_files *dump = begin(&shop, &meta, 0);
	CHECK(finish(&shop, dump, SESSION_INCOMPLETE));
	dump_free(dump);
	dump = dump_resume(shop.store, &meta, &again);
	CHECK(dump);
	dump_free(dump);
	shop_close(&shop);
	extents_deinit(&again);
}

TEST(what_is_not_ours_stays)
{
	struct shop shop = {.options.keep = 1};
	static const char *const names[] = {
		/* as the host's own kdump names its dumps */
		"192.0.2.1-2026-01-01-10:00:00", "192.0.2.1-2026-01-02-10:00:00", "192.0.2.1-2026-01-03-10:00-0",
		"192.0.2.1-2026-01-04-10:00-x", "192.0.2.1-2026-01-05-10:00-", "192.0.2.1-2026-01-06-10:00-2a",
		/* as the original netdump-server does, and as somebody kept one */
		"192.0.2.1-2026-01-07-10:00", "192.0.2.1-2026-01-08-10:00-2",
	};

	shop_open(&shop);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		run("cd %s && mkdir %s && touch %s/vmcore && touch -d 2020-01-01 %s", shop.dumpdir, names[i], names[i], names[i]);
	run("cd %s && echo '{\"client\": 1}' > %s/meta.json", shop.dumpdir, names[7]);
	for (size_t i = 0; i < 6; i++)
		run("cd %s && echo '{\n  \"client\": 1}' > %s/meta.json", shop.dumpdir, names[i]);
	run("cd %s && for i in 0 1 2; do touch -d 2020-01-0$((i + 1)) vmcore.192.0.2.1.$i info.192.0.2.1.$i; done", shop.dumpdir);
	for (unsigned i = 0; i < 3; i++) {
		CHECK(admits(&shop, "192.0.2.1", 1000));
		whole_dump(&shop, "192.0.2.1", 1000);
	}
	run("cd %s && mkdir kept && cp -r 192.0.2.1-20*/ kept", shop.dumpdir);
	CHECK(admits(&shop, "192.0.2.1", 1000));
	CHECK_STR(output("ls -d %s/kept/192.0.2.1-* | wc -l", shop.dumpdir), "10");
	CHECK_STR(output("ls -d %s/192.0.2.1-2026-01* | wc -l", shop.dumpdir), "8");
	CHECK_STR(output("ls %s/vmcore.192.0.2.1.? %s/info.192.0.2.1.? | wc -l", shop.dumpdir, shop.dumpdir), "6");
	CHECK_STR(output("ls -d %s/192.0.2.1-* | wc -l", shop.dumpdir), "9");
	shop_close(&shop);
}

TEST(quotas_never_cost_the_newest)
{
	struct shop shop = {.options = {.max_client = 100 << 10, .max_total = 200 << 10}};

	shop_open(&shop);
	whole_dump(&shop, "192.0.2.1", 40 << 10);
	whole_dump(&shop, "192.0.2.1", 40 << 10);
	CHECK(!admits(&shop, "192.0.2.1", 101 << 10));
	CHECK(dumps_of(&shop, "192.0.2.1") == 2); /* nothing goes in vain */
	CHECK(admits(&shop, "192.0.2.1", 40 << 10));
	CHECK(!admits(&shop, "192.0.2.1", 80 << 10)); /* the newest stays */
	CHECK(dumps_of(&shop, "192.0.2.1") == 1);
	whole_dump(&shop, "192.0.2.2", 40 << 10);
	whole_dump(&shop, "192.0.2.2", 40 << 10);
	CHECK(admits(&shop, "192.0.2.3", 60 << 10));
	CHECK(dumps_of(&shop, "192.0.2.2") == 2);
	CHECK(admits(&shop, "192.0.2.3", 100 << 10)); /* for all: somebody's older one goes */
	CHECK(dumps_of(&shop, "192.0.2.2") == 1 && dumps_of(&shop, "192.0.2.1") == 1);
	struct meta meta = meta_of("192.0.2.9", "netdump6");
	struct dump_files *dump = begin(&shop, &meta, 100 << 10);
	CHECK(!admits(&shop, "192.0.2.3", 80 << 10)); /* announced is as good as used */
	CHECK(admits(&shop, "192.0.2.3", 4 << 10));
	dump_free(dump);
	shop_close(&shop);
}

TEST(announced_size_costs_nobody_a_dump_in_vain)
{
	struct shop shop = {.options = {.check_space = true, .keep = 2}};

	shop_open(&shop);
	for (unsigned i = 0; i < 3; i++) {
		whole_dump(&shop, "192.0.2.1", 40 << 10);
		whole_dump(&shop, "192.0.2.2", 40 << 10);
	}
	CHECK(!admits(&shop, "192.0.2.3", UINT64_C(1) << 60) && !admits(&shop, "192.0.2.2", UINT64_C(1) << 60));
	CHECK(dumps_of(&shop, "192.0.2.1") == 3 && dumps_of(&shop, "192.0.2.2") == 3);
	shop_close(&shop);
}

TEST(who_proved_nothing_costs_others_no_dump)
{
	struct shop shop = {.options.max_total = 200 << 10};

	shop_open(&shop);
	for (unsigned i = 0; i < 2; i++) {
		whole_dump(&shop, "192.0.2.1", 40 << 10);
		whole_dump(&shop, "192.0.2.2", 40 << 10);
	}
	CHECK(!admits_for(&shop, "192.0.2.1", 70 << 10, STORE_ROOM_FREE));
	CHECK(!admits_for(&shop, "192.0.2.3", 70 << 10, STORE_ROOM_OWN));
	CHECK(!admits_for(&shop, "192.0.2.2", 110 << 10, STORE_ROOM_OWN)); /* both would have to go */
	CHECK(dumps_of(&shop, "192.0.2.1") == 2 && dumps_of(&shop, "192.0.2.2") == 2);
	CHECK(admits_for(&shop, "192.0.2.1", 55 << 10, STORE_ROOM_OWN));
	CHECK(dumps_of(&shop, "192.0.2.1") == 1 && dumps_of(&shop, "192.0.2.2") == 2);
	CHECK(admits_for(&shop, "192.0.2.3", 110 << 10, STORE_ROOM_ALL));
	CHECK(dumps_of(&shop, "192.0.2.1") == 1 && dumps_of(&shop, "192.0.2.2") == 1);
	shop_close(&shop);
}

TEST(freebsd_dumps_count_too)
{
	struct shop shop = {.options.keep = 2};
	struct meta meta = meta_of("192.0.2.1", "freebsd");

	shop_open(&shop);
	for (unsigned i = 0; i < 4; i++) {
		CHECK(admits(&shop, "192.0.2.1", 10));
		freebsd_dump(&shop, &meta, i % 2 ? SESSION_INCOMPLETE : SESSION_COMPLETE);
		run("touch -d '2020-01-0%u' %s/vmcore.192.0.2.1.%u*", i + 1, shop.dumpdir, i);
	}
	CHECK(admits(&shop, "192.0.2.1", 10));
	CHECK_STR(output("cd %s && ls -A | grep -v last | tr '\\n' ' '", shop.dumpdir),
		  "bounds.192.0.2.1 info.192.0.2.1.3 key.192.0.2.1.3 meta.192.0.2.1.3.json vmcore.192.0.2.1.3-incomplete ");
	shop_close(&shop);
}

TEST(quota_holds_while_the_dump_runs)
{
	struct shop shop = {.options.max_client = 50000};
	struct meta meta = meta_of("192.0.2.1", "netdump6");
	static char bytes[20000];

	shop_open(&shop);
	struct dump_files *dump = begin(&shop, &meta, 0);
	CHECK(dump_write(dump, SESSION_VMCORE, 0, bytes, sizeof(bytes)));
	CHECK(dump_write(dump, SESSION_VMCORE, 20000, bytes, sizeof(bytes)));
	CHECK(!dump_write(dump, SESSION_VMCORE, 40000, bytes, sizeof(bytes)));
	CHECK(strstr(dump_failure(dump), "max_client"));
	CHECK(!finish(&shop, dump, SESSION_COMPLETE));
	CHECK(strstr(meta.reason, "max_client") && meta.finished);
	CHECK(exists(dump_path(dump), "vmcore-incomplete") && !exists(dump_path(dump), "vmcore"));
	dump_free(dump);
	shop_close(&shop);
}

/* Puts a page to each of the dumps in turn, until none takes any more; returns how many bytes they took. */
static uint64_t fill_in_turn(struct shop *shop, struct dump_files **dumps, size_t count)
{
	static const uint8_t page[4096] = {[0 ... 4095] = 'x'};
	struct pollfd event = {.fd = writer_event(shop->writer), .events = POLLIN};
	uint64_t put = 0;
	bool is_open = true;

	for (uint64_t at = 0; is_open && at < 16 << 20; at += sizeof(page)) {
		is_open = false;
		for (size_t i = 0; i < count; i++) {
			while (!dump_write(dumps[i], SESSION_VMCORE, at, page, sizeof(page)) && !dump_failure(dumps[i])) {
				poll(&event, 1, 10);
				writer_poll(shop->writer);
			}
			put += dump_failure(dumps[i]) ? 0 : sizeof(page);
			is_open |= !dump_failure(dumps[i]);
		}
	}
	return put;
}

/* None of them said beforehand how long it would be. */
TEST(quotas_are_for_all_dumps_together)
{
	struct shop shop = {.options.max_total = 400 << 10};
	struct meta metas[4];
	struct dump_files *dumps[4];

	for (unsigned pass = 0; pass < 2; pass++) {
		shop_open(&shop);
		whole_dump(&shop, "192.0.2.1", 40 << 10);
		for (unsigned i = 0; i < 4; i++) {
			metas[i] = meta_of(pass && i < 2 ? "192.0.2.1" : "192.0.2.2", "netdump6");
			CHECK(admits(&shop, metas[i].client, 0));
			dumps[i] = begin(&shop, &metas[i], 0);
		}
		uint64_t put = fill_in_turn(&shop, dumps, 4);
		for (unsigned i = 0; i < 4; i++)
			dump_free(dumps[i]);
		/* meta.json and the like of the whole one count, too; of each client max_client has 100 KB. */
		CHECK(put > 100 << 10 && put <= (uint64_t)(pass ? 200 - 40 : 400 - 40) << 10);
		shop_close(&shop);
		shop.options = (struct store_options){.max_client = 100 << 10};
	}
}

TEST(min_free_is_kept)
{
	struct shop shop = {.options = {.check_space = true, .min_free = UINT64_C(1) << 60}};
	struct meta meta = meta_of("192.0.2.1", "netdump6");

	shop_open(&shop);
	CHECK(!admits(&shop, "192.0.2.1", 1));
	struct dump_files *dump = begin(&shop, &meta, 0);
	CHECK(!dump_write(dump, SESSION_VMCORE, 0, "abc", 3) && dump_failure(dump));
	dump_free(dump);
	shop.options.min_free = 0;
	CHECK(admits(&shop, "192.0.2.1", 1));
	CHECK(!admits(&shop, "192.0.2.1", UINT64_C(1) << 60));
	shop.options.check_space = false;
	CHECK(admits(&shop, "192.0.2.1", UINT64_C(1) << 60));
	/* That a dump need not fit does not mean that the disk may be filled. */
	shop.options.min_free = UINT64_C(1) << 60;
	CHECK(!admits(&shop, "192.0.2.1", 1));
	dump = begin(&shop, &meta, 0);
	CHECK(!dump_write(dump, SESSION_VMCORE, 0, "abc", 3) && dump_failure(dump));
	dump_free(dump);
	shop_close(&shop);
}

/* On a file system of one megabyte, in a namespace of the test's own. */
static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool is_written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return is_written;
}

/* Mounts of our own: root's, or those of a user namespace. */
static bool have_own_mounts(void)
{
	char users[64], groups[64];

	snprintf(users, sizeof(users), "0 %u 1\n", (unsigned)geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1\n", (unsigned)getegid());
	if (unshare(CLONE_NEWNS) &&
	    (unshare(CLONE_NEWUSER | CLONE_NEWNS) || !write_text("/proc/self/uid_map", users) ||
	     !write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/gid_map", groups)))
		return false;
	return !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) && !mount("none", root, "tmpfs", 0, "size=2m");
}

enum { NO_MOUNTS = 3 };

static int fill_disk(void)
{
	struct shop shop = {0};
	struct meta meta = meta_of("192.0.2.1", "netdump6");
	struct extents have = {0};
	static char bytes[4096];
	uint64_t at = 0;

	if (!have_own_mounts())
		return NO_MOUNTS;
	meta.holes_of = &have;
	meta.expected = 8 << 20;
	memset(meta.id, 1, sizeof(meta.id));
	shop_open(&shop);
	struct dump_files *dump = begin(&shop, &meta, 0);
	memset(bytes, 'x', sizeof(bytes));
	while (at < 8 << 20 && !dump_failure(dump))
		if (dump_write(dump, SESSION_VMCORE, at, bytes, sizeof(bytes)) && extents_add(&have, at, at + sizeof(bytes)))
			at += sizeof(bytes);
	bool is_right = dump_failure(dump) && strstr(dump_failure(dump), "no space") &&
			!finish(&shop, dump, SESSION_COMPLETE) && exists(dump_path(dump), "vmcore-incomplete") &&
			!exists(dump_path(dump), "vmcore");
	/* What was received and not written is a hole, and nobody who comes back is told that it is there. */
	run("cd %s && python3 -c 'import json; d = json.load(open(\"meta.json\")); v = open(\"vmcore-incomplete\", \"rb\").read(); "
	    "h = d[\"holes\"]; e = h[0][\"start\"]; assert 0 < e < %lu and h[-1][\"end\"] == 8 << 20 and len(h) == 1, h; "
	    "assert v[:e] == b\"x\" * e, len(v)'", dump_path(dump), at);
	dump_free(dump);
	struct extents again = {0};
	dump = dump_resume(shop.store, &meta, &again);
	is_right = is_right && dump && again.count == 1 && again.bytes < at;
	dump_free(dump);
	shop_close(&shop);
	extents_deinit(&have);
	extents_deinit(&again);
	return is_right ? 0 : 1;
}

/* Four dumps that do not say how long they will be leave free what is to be left free. */
static int fill_but_for_min_free(void)
{
	struct shop shop = {.options.min_free = 300 << 10};
	struct meta metas[4];
	struct dump_files *dumps[4];
	struct statvfs status;

	if (!have_own_mounts())
		return NO_MOUNTS;
	shop_open(&shop);
	for (unsigned i = 0; i < 4; i++) {
		metas[i] = meta_of("192.0.2.1", "netdump6");
		dumps[i] = begin(&shop, &metas[i], 0);
	}
	uint64_t put = fill_in_turn(&shop, dumps, 4);
	for (unsigned i = 0; i < 4; i++)
		finish(&shop, dumps[i], SESSION_COMPLETE);
	/* But for what is said of them: a meta.json each, and what a directory takes. */
	bool is_right = put && !statvfs(root, &status) && status.f_bavail * status.f_frsize >= (300 - 4 * 8) << 10;
	for (unsigned i = 0; i < 4; i++)
		dump_free(dumps[i]);
	shop_close(&shop);
	return is_right ? 0 : 1;
}

/* An ELF dump of two pages; returns its length. */
static size_t small_elf(uint8_t bytes[3 * 4096])
{
	Elf64_Ehdr header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			     .e_type = ET_CORE,
			     .e_machine = EM_X86_64,
			     .e_phoff = sizeof(header),
			     .e_phentsize = sizeof(Elf64_Phdr),
			     .e_phnum = 1};
	Elf64_Phdr load = {.p_type = PT_LOAD, .p_offset = 4096, .p_paddr = 0x10000, .p_filesz = 8192, .p_memsz = 8192};

	memset(bytes, 'x', (size_t)3 * 4096);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), &load, sizeof(load));
	return (size_t)3 * 4096;
}

TEST(dump_becomes_a_kdump_file)
{
	struct shop shop = {.options = {.format = STORE_KDUMP, .compression = STORE_ZLIB}};
	static const char *const formats[] = {"elf", "elf", "elf", "raw"};
	static uint8_t bytes[3 * 4096];
	char path[256];

	shop_open(&shop);
	for (size_t i = 0; i < 4; i++) {
		struct meta meta = meta_of("192.0.2.1", "netdump6");
		size_t length = small_elf(bytes);
		bool is_kdump = i < 2;

		snprintf(meta.format, sizeof(meta.format), "%s", formats[i]);
		if (i == 2)
			memset(bytes, 'x', 100); // no ELF file, whatever the client said
		struct dump_files *dump = begin(&shop, &meta, length);
		snprintf(path, sizeof(path), "%s", dump_path(dump));
		CHECK(dump_write(dump, SESSION_VMCORE, 6000, bytes + 6000, length - 6000));
		CHECK(dump_write(dump, SESSION_VMCORE, 0, bytes, 6000));
		CHECK(finish(&shop, dump, i == 1 ? SESSION_INCOMPLETE : SESSION_COMPLETE));
		dump_free(dump);
		CHECK_STR(output("cd %s && ls -A | tr '\\n' ' '", path),
			  i == 1 ? "meta.json vmcore-incomplete " : "meta.json vmcore ");
		CHECK_STR(output("head -c 5 %s/vmcore*", path), is_kdump ? "KDUMP" : i == 2 ? "xxxxx" : "\177ELF\2");
		CHECK(is_kdump || !strcmp(output("stat -c %%s %s/vmcore", path), "12288"));
		CHECK_STR(output("python3 -c 'import json,sys; print(json.load(sys.stdin)[\"format\"])' < %s/meta.json", path),
			  is_kdump ? "kdump" : formats[i]);
		char *digest = mem_strdup(output("cat %s/vmcore* 2> /dev/null | sha256sum | cut -c -64", path));
		CHECK(i == 1 || !strcmp(output("grep -o %s %s/meta.json", digest, path), digest));
		free(digest);
	}
	shop_close(&shop);
}

static void check_on_small_disk(int (*test)(void))
{
	int status = -1;
	pid_t child = fork();

	if (!child)
		_exit(test());
	CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_MOUNTS && geteuid())
		puts("not tested: a small disk wants root, or a user namespace (which there is none of in a chroot)");
	else
		CHECK(WEXITSTATUS(status) == 0);
}

TEST(full_disk_leaves_an_incomplete_dump)
{
	check_on_small_disk(fill_disk);
}

TEST(dumps_leave_min_free_together)
{
	check_on_small_disk(fill_but_for_min_free);
}

TEST(json_is_json_whatever_clients_say)
{
	struct meta meta = meta_of("192.0.2.1", "redhat");
	struct buf text _cleanup_(buf_deinit) = {0};

	for (unsigned i = 1; i < 256; i++)
		meta.panic[i - 1] = (char)i;
	meta_json(&meta, false, "vm\"core\\", UINT64_MAX, &text);
	int fd = openat(AT_FDCWD, root, O_PATH);
	error_free(place_write(fd, "json", text.data, text.length));
	close(fd);
	CHECK_STR(output("python3 -c 'import json,sys; d = json.load(sys.stdin); "
			 "print([ord(c) for c in d[\"panic\"]] == list(range(1, 256)), d[\"vmcore\"], d[\"size\"], d[\"peer\"])' "
			 "< %s/json", root),
		  "True vm\"core\\ 18446744073709551615 None");
}

TEST(directory_is_for_one_store)
{
	struct shop shop = {0};
	struct store *other = NULL;

	shop_open(&shop);
	struct error *error = store_open(&shop.options, shop.writer, &other);
	CHECK(error && strstr(error->message, "another netdump-server") && !other);
	error_free(error);
	store_close(shop.store);
	error = store_open(&shop.options, shop.writer, &shop.store);
	CHECK(!error);
	shop_close(&shop);
}

TEST(store_wants_its_directories)
{
	struct store_options options = {.dumpdir = "/nowhere/at/all"};
	struct store *store = NULL;
	struct error *error = store_open(&options, NULL, &store);

	CHECK(error && error->code == ERROR_IO && !store);
	error_free(error);
}

static void start(void) __attribute__((constructor));
static void start(void)
{
	if (seal_start(true) || !mkdtemp(root))
		abort();
}

static void finish_all(void) __attribute__((destructor));
static void finish_all(void)
{
	run("rm -rf %s", root);
}

TEST_MAIN
