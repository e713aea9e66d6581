// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "base/vec.h"
#include "store/compress.h"
#include "store/dump_files.h"
#include "store/kdump.h"
#include "store/meta.h"
#include "store/place.h"
#include "store/retain.h"
#include "store/room.h"

enum {
	DIRECTORIES_MAX = 1000,        /* of one address in one minute; a host that crashes takes longer to come up again */
	NUMBERS_MAX = 1024,            /* FreeBSD: tries to find a number that is free */
};

struct error *store_open(const struct store_options *options, struct writer *writer, struct store **ret)
{
	struct store *store = mem_zero(sizeof(*store));

	*store = (struct store){.options = options, .writer = writer, .spool = -1, .logs = -1};
	store->compressors = compressors_new();
	store->directory = open(options->dumpdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (options->spool)
		store->spool = open(options->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct error *error = NULL;
	if (store->directory < 0)
		error = error_errno("%s: cannot open the dump directory", options->dumpdir);
	else if (faccessat(store->directory, ".", W_OK | X_OK, 0))
		error = error_errno("%s: no dump can be written there", options->dumpdir);
	else if (flock(store->directory, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK)
		error = error_new(ERROR_INVALID, "%s: another netdump-server stores its dumps there", options->dumpdir);
	else if (options->spool && store->spool < 0)
		error = error_errno("%s: cannot open the directory for markers", options->spool);
	if (error) {
		store_close(store);
		return error;
	}
	room_scan(store);
	*ret = store;
	return NULL;
}

void store_stop(struct store *store)
{
	__atomic_store_n(&store->is_stopping, true, __ATOMIC_RELAXED);
}

static void release_compressors(void *context)
{
	compressors_free(context);
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_keep_end(store);
	store_close_logs(store);
	if (store->directory >= 0)
		close(store->directory);
	if (store->spool >= 0)
		close(store->spool);
	// Blocks of dumps that were not finished may be queued.
	if (store->writer)
		writer_barrier(store->writer, NULL, release_compressors, store->compressors);
	else
		compressors_free(store->compressors);
	free(store->running.items);
	held_deinit(&store->held);
	free(store);
}

/* ---- beginning ------------------------------------------------------------------------------- */

static int create(int directory, const char *name)
{
	return openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
}

char *dump_file_name(const struct dump_files *dump, enum session_file file)
{
	static const char *const words[] = {
		[SESSION_VMCORE] = "vmcore", [SESSION_KEY] = "key", [SESSION_INFO] = "info"};

	if (dump->is_freebsd)
		return mem_printf("%s.%s%s", words[file], dump->name, file == SESSION_VMCORE ? "-incomplete" : "");
	return mem_strdup(file == SESSION_VMCORE ? CORE_INCOMPLETE : words[file]);
}

char *dump_meta_name(const struct dump_files *dump)
{
	return dump->is_freebsd ? mem_printf("meta.%s.json", dump->name) : mem_strdup(META_NAME);
}

struct error *dump_reserve(const struct dump_files *dump)
{
	char *name _cleanup_free_ = dump_meta_name(dump);

	return place_reserve(dump->directory, name, META_SIZE);
}

/* A new directory for a dump that begins now. */
static struct error *make_directory(struct dump_files *dump, const char *client)
{
	int parent = dump->store->directory;
	time_t now = time(NULL);
	struct tm parts;
	char stamp[32];

	strftime(stamp, sizeof(stamp), "%Y-%m-%d-%H:%M", gmtime_r(&now, &parts));
	dump->name = mem_printf("%s-%s", client, stamp);
	for (unsigned i = 2; mkdirat(parent, dump->name, 0700); i++) {
		if (i > DIRECTORIES_MAX)
			return error_new(ERROR_LIMIT, "%s has begun more than %d dumps within a minute", client, DIRECTORIES_MAX);
		if (errno != EEXIST)
			return error_errno("%s/%s: cannot make the directory", dump->store->options->dumpdir,
					   dump->name);
		free(dump->name);
		dump->name = mem_printf("%s-%s-%u", client, stamp, i);
	}
	dump->directory = place_open(parent, dump->name);
	if (dump->directory < 0)
		return error_errno("%s/%s: cannot open", dump->store->options->dumpdir, dump->name);
	dump->place = mem_strdup("");
	dump->path = mem_printf("%s/%s", dump->store->options->dumpdir, dump->name);
	return NULL;
}

/* FreeBSD: the vmcore, with a number that is free. */
static struct error *make_number(struct dump_files *dump, const char *client)
{
	char *bounds _cleanup_free_ = mem_printf("bounds.%s", client);
	unsigned long first = place_read_bounds(dump->directory, bounds);

	for (unsigned long number = first; number < first + NUMBERS_MAX; number++) {
		free(dump->name);
		dump->name = mem_printf("%s.%lu", client, number);
		char *core _cleanup_free_ = dump_file_name(dump, SESSION_VMCORE);
		char *info _cleanup_free_ = dump_file_name(dump, SESSION_INFO);
		int info_fd = create(dump->directory, info);
		if (info_fd >= 0) {
			dump->files[SESSION_INFO].fd = info_fd;
			dump->files[SESSION_VMCORE].fd = create(dump->directory, core);
			return dump->files[SESSION_VMCORE].fd < 0 ? error_errno("%s: cannot create", core) : NULL;
		}
		if (errno != EEXIST)
			return error_errno("%s: cannot create", info);
	}
	return error_new(ERROR_LIMIT, "no free number for a dump of %s after %lu", client, first);
}

static struct error *make_freebsd(struct dump_files *dump, const char *client)
{
	const char *dumpdir = dump->store->options->dumpdir;

	dump->place = *dump->meta->path ? mem_printf("%s/", dump->meta->path) : mem_strdup("");
	dump->directory = place_open(dump->store->directory, dump->meta->path);
	if (dump->directory < 0) {
		free(dump->place);
		dump->place = mem_strdup("");
		dump->directory = place_open(dump->store->directory, "");
	}
	if (dump->directory < 0)
		return error_errno("%s: cannot open", dumpdir);
	struct error *error = make_number(dump, client);
	char *core _cleanup_free_ = error ? NULL : dump_file_name(dump, SESSION_VMCORE);
	if (!error)
		dump->path = mem_printf("%s/%s%s", dumpdir, dump->place, core);
	return error;
}

static struct error *make_kdump(struct dump_files *dump)
{
	struct writer_file *core = &dump->files[SESSION_VMCORE];
	int out = create(dump->directory, CORE_KDUMP);

	if (out < 0)
		return error_errno("%s/%s: cannot create", dump->path, CORE_KDUMP);
	struct error *error =
		kdumper_new(core->fd, out, dump->directory, dump->store->compressors,
			    dump->store->options->compression, &dump->kdump);
	if (error) {
		close(out);
		return error;
	}
	core->take = kdumper_take;
	core->context = dump->kdump;
	return NULL;
}

static struct error *make_core(struct dump_files *dump)
{
	struct writer_file *core = &dump->files[SESSION_VMCORE];
	bool is_elf = !strcmp(dump->meta->format, "elf");

	core->fd = create(dump->directory, CORE_INCOMPLETE);
	if (core->fd < 0)
		return error_errno("%s/%s: cannot create", dump->path, CORE_INCOMPLETE);
	if (dump->store->options->format == STORE_KDUMP && is_elf)
		return make_kdump(dump);
	return NULL;
}

struct dump_files *dump_new(struct store *store, struct meta *meta, uint64_t expected)
{
	struct dump_files *dump = mem_zero(sizeof(*dump));

	*dump = (struct dump_files){.store = store, .meta = meta, .directory = -1, .expected = expected};
	dump->client = place_safe_name(meta->client);
	dump->is_freebsd = meta->protocol && !strcmp(meta->protocol, "freebsd");
	for (size_t i = 0; i < SESSION_FILES; i++)
		dump->files[i].fd = -1;
	dump->files[SESSION_VMCORE].lost = &dump->lost;
	return dump;
}

struct error *dump_begin(struct store *store, struct meta *meta, uint64_t expected, struct dump_files **ret)
{
	struct dump_files *dump = dump_new(store, meta, expected);
	struct error *error;

	if (dump->is_freebsd) {
		error = make_freebsd(dump, dump->client);
	} else {
		error = make_directory(dump, dump->client);
		if (!error)
			error = make_core(dump);
	}
	// A name that FreeBSD's dump did not get is another's.
	bool is_ours = !error || (!dump->is_freebsd && dump->directory >= 0);
	if (!error)
		error = dump_reserve(dump);
	if (error) {
		if (is_ours)
			dump_remove(dump);
		dump_free(dump);
		return error;
	}
	room_join(store, dump);
	*vec_push(&store->running) = dump;
	*ret = dump;
	return NULL;
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_open(struct dump_files *dump, enum session_file file)
{
	if (dump->files[file].fd >= 0)
		return true;
	char *name _cleanup_free_ = dump_file_name(dump, file);
	dump->files[file].fd = create(dump->directory, name);
	if (dump->files[file].fd < 0)
		dump->failure = "cannot make a file";
	return dump->files[file].fd >= 0;
}

bool dump_write(struct dump_files *dump, enum session_file file, uint64_t offset, const void *bytes, size_t length)
{
	if (!dump->failure)
		dump->failure = room_refuses(dump, length);
	if (dump->failure || !is_open(dump, file) ||
	    !writer_put(dump->store->writer, &dump->files[file], offset, bytes, length))
		return false;
	room_take(dump, length);
	dump->changes++;
	return true;
}

bool dump_zero(struct dump_files *dump, enum session_file file, uint64_t offset, uint64_t length)
{
	bool is_put = !dump->failure && is_open(dump, file) &&
		      writer_zero(dump->store->writer, &dump->files[file], offset, length);

	dump->changes += is_put;
	return is_put;
}

uint64_t dump_written(const struct dump_files *dump)
{
	return __atomic_load_n(&dump->files[SESSION_VMCORE].written, __ATOMIC_ACQUIRE);
}

const char *dump_failure(const struct dump_files *dump)
{
	for (size_t i = 0; i < SESSION_FILES; i++) {
		int error = __atomic_load_n(&dump->files[i].error, __ATOMIC_ACQUIRE);

		if (error)
			return error == ENOSPC ? "writing failed: no space left" : "writing failed";
	}
	return dump->failure;
}

const char *dump_path(const struct dump_files *dump)
{
	return dump->path;
}

/* ---- end ------------------------------------------------------------------------------------- */

/* Everything but what its log needs. Nothing is queued for its files any more. */
static void dump_close_files(struct dump_files *dump)
{
	kdumper_free(dump->kdump);
	dump->kdump = NULL;
	for (size_t i = 0; i < SESSION_FILES; i++) {
		if (dump->files[i].fd >= 0)
			close(dump->files[i].fd);
		dump->files[i].fd = -1;
	}
	extents_deinit(&dump->have);
	extents_deinit(&dump->lost);
}

static void dump_release(void *context)
{
	struct dump_files *dump = context;

	dump_close_files(dump);
	if (dump->directory >= 0)
		close(dump->directory);
	free(dump->core);
	free(dump->client);
	free(dump->place);
	free(dump->name);
	free(dump->path);
	free(dump);
}

void store_forget(struct store *store, const struct dump_files *dump)
{
	for (size_t i = 0; i < store->running.count; i++) {
		if (store->running.items[i] != dump)
			continue;
		store->running.items[i] = store->running.items[--store->running.count];
		room_leave(store, dump);
		return;
	}
}

void dump_free(struct dump_files *dump)
{
	if (!dump)
		return;
	struct store *store = dump->store;
	store_forget(store, dump);
	log_file_close(dump->log);
	// Blocks of its files may be queued.
	writer_barrier(store->writer, NULL, dump_release, dump);
}

static void finished(void *context)
{
	struct dump_files *dump = context;

	memcpy(dump->meta->reason, dump->result.reason, sizeof(dump->meta->reason));
	memcpy(dump->meta->sha256, dump->result.sha256, sizeof(dump->meta->sha256));
	store_forget(dump->store, dump);
	dump_close_files(dump);
	dump->done(dump->context, dump->is_safe);
}

static void settled(void *context)
{
	struct dump_files *dump = context;

	dump->meta->finished = dump->result.finished;
	memcpy(dump->meta->reason, dump->result.reason, sizeof(dump->meta->reason));
	free(dump->path);
	dump->path = dump->is_freebsd ? mem_printf("%s/%s%s", dump->store->options->dumpdir, dump->place,
						   dump->core ? dump->core : "")
				      : mem_printf("%s/%s", dump->store->options->dumpdir, dump->name);
	if (dump->stored)
		dump->stored(dump->context, dump->is_safe);
	if (!dump->store->is_stopping) {
		bool has_digest = dump->end == SESSION_COMPLETE && dump->is_safe;
		writer_work(dump->store->writer, has_digest ? WRITER_DIGEST : WRITER_SETTLE, dump_describe, finished, dump);
		return;
	}
	// The threads may have ended by now, and nothing takes long any more.
	dump_describe(dump);
	finished(dump);
}

void dump_when_stored(struct dump_files *dump, void (*stored)(void *context, bool is_safe))
{
	dump->stored = stored;
}

void dump_finish(struct dump_files *dump, enum session_end end, void (*done)(void *context, bool is_safe),
		 void *context)
{
	const struct extents *have = dump->meta->holes_of;

	dump->end = end;
	dump->done = done;
	dump->context = context;
	dump->result = *dump->meta;
	// The session may change its own while the other thread reads.
	if (have) {
		extents_copy(have, &dump->have);
		dump->result.holes_of = &dump->have;
	}
	log_file_close(dump->log);
	dump->log = NULL;
	writer_barrier(dump->store->writer, dump_settle, settled, dump);
}
