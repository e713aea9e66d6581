// SPDX-License-Identifier: GPL-2.0-or-later
// The end of a dump, on the writer's other threads: sizes, names, meta.json; then, while the client is told already,
// the digest, meta.json again, and the marker. What has its final name is on the disk.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/hex.h"
#include "base/mem.h"
#include "seal/seal.h"
#include "store/dump_files.h"
#include "store/kdump.h"
#include "store/meta.h"
#include "store/place.h"
#include "store/resume.h"

/* The first thing that went wrong becomes the reason, unless there is one. */
static void note(struct dump_files *dump, struct error *error)
{
	if (!error)
		return;
	dump->is_safe = false;
	if (!*dump->result.reason)
		snprintf(dump->result.reason, sizeof(dump->result.reason), "%s", error->message);
	error_free(error);
}

static bool is_complete(const struct dump_files *dump)
{
	return dump->end == SESSION_COMPLETE && dump->is_safe;
}

static struct error *write_failure(const struct dump_files *dump)
{
	for (size_t i = 0; i < SESSION_FILES; i++) {
		errno = dump->files[i].error;
		if (errno)
			return error_errno("writing failed");
	}
	return dump->failure ? error_new(ERROR_LIMIT, "%s", dump->failure) : NULL;
}

/* Holes at the end have brought no byte; FreeBSD writes whole blocks, and more than the dump has. */
static struct error *set_size(struct dump_files *dump)
{
	const struct writer_file *core = &dump->files[SESSION_VMCORE];
	bool is_cut = dump->is_freebsd && dump->end == SESSION_COMPLETE && dump->result.size;
	bool is_whole = dump->result.protocol && !strcmp(dump->result.protocol, "redhat");
	uint64_t size = is_cut ? dump->result.size : core->end;

	// The head says how long the file is, whatever of it has come: crash and others warn about a shorter one.
	if (is_whole && dump->expected > size)
		size = dump->expected;
	if (ftruncate(core->fd, (off_t)size))
		return error_errno("cannot set the size");
	return NULL;
}

static struct error *finish_kdump(struct dump_files *dump)
{
	bool is_kdump = false;
	struct error *error = kdumper_finish(dump->kdump, dump->end == SESSION_COMPLETE && dump->is_safe, &is_kdump);

	if (error)
		return error;
	int out = openat(dump->directory, CORE_KDUMP, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return error_errno("%s: cannot open", CORE_KDUMP);
	struct writer_file *core = &dump->files[SESSION_VMCORE];
	if (is_kdump) {
		// The number stays, so whoever has it need not be told.
		bool is_done = !renameat(dump->directory, CORE_KDUMP, dump->directory, CORE_INCOMPLETE) &&
			       dup3(out, core->fd, O_CLOEXEC) >= 0;
		close(out);
		snprintf(dump->result.format, sizeof(dump->result.format), "kdump");
		return is_done ? NULL : error_errno("%s: cannot rename", CORE_KDUMP);
	}
	close(out);
	if (unlinkat(dump->directory, CORE_KDUMP, 0))
		return error_errno("%s: cannot remove", CORE_KDUMP);
	return set_size(dump);
}

static struct error *sync_files(const struct dump_files *dump)
{
	for (size_t i = 0; i < SESSION_FILES; i++)
		if (dump->files[i].fd >= 0 && fsync(dump->files[i].fd))
			return error_errno("cannot sync");
	return NULL;
}

static struct error *make_digest(struct dump_files *dump)
{
	uint8_t digest[SEAL_SHA256];
	struct error *error = seal_sha256_fd(dump->files[SESSION_VMCORE].fd, &dump->store->is_stopping, digest);

	if (error_catch(&error, ERROR_LIMIT))
		return NULL;
	if (!error)
		hex_write(digest, sizeof(digest), dump->result.sha256);
	return error;
}

static char *final_name(const struct dump_files *dump)
{
	if (!dump->is_freebsd)
		return mem_strdup("vmcore");
	return mem_printf("%s.%s%s", dump->result.is_core_encrypted ? "vmcore_encrypted" : "vmcore", dump->name,
			  dump->result.core_suffix ? dump->result.core_suffix : "");
}

/* In no other file's place. */
static bool rename_new(int directory, const char *from, const char *to)
{
	if (!renameat2(directory, from, directory, to, RENAME_NOREPLACE))
		return true;
	// NFS and others know no flags: a link never takes another file's place.
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return !linkat(directory, from, directory, to, 0) && !unlinkat(directory, from, 0);
}

static struct error *give_name(struct dump_files *dump)
{
	char *name _cleanup_free_ = final_name(dump);

	if (!rename_new(dump->directory, dump->core, name))
		return error_errno("%s: cannot give the vmcore its name", name);
	free(dump->core);
	dump->core = mem_strdup(name);
	return NULL;
}

/* FreeBSD: vmcore.HOST.last and info.HOST.last. */
static struct error *link_last(const struct dump_files *dump)
{
	char *info _cleanup_free_ = dump_file_name(dump, SESSION_INFO);
	const char *word = dump->result.is_core_encrypted ? "vmcore_encrypted" : "vmcore";
	int length = (int)(strrchr(dump->name, '.') - dump->name);
	const char *suffix = dump->result.core_suffix ? dump->result.core_suffix : "";
	char *core_last _cleanup_free_ = mem_printf("%s.%.*s.last%s", word, length, dump->name, suffix);
	char *info_last _cleanup_free_ = mem_printf("info.%.*s.last", length, dump->name);
	struct error *error = place_link(dump->directory, dump->core, core_last);

	return error ? error : place_link(dump->directory, info, info_last);
}

static struct error *write_meta(const struct dump_files *dump)
{
	struct buf text _cleanup_(buf_deinit) = {0};
	char *name _cleanup_free_ = dump_meta_name(dump);

	meta_json(&dump->result, is_complete(dump), dump->core, dump->size, &text);
	return place_write(dump->directory, name, text.data, text.length);
}

/* One file per dump, which holds the path of the vmcore: whoever makes reports takes it away. */
static struct error *write_marker(const struct dump_files *dump)
{
	const struct store *store = dump->store;

	if (store->spool < 0)
		return NULL;
	char *inside _cleanup_free_ = dump->is_freebsd ? mem_strdup("") : mem_printf("%s/", dump->name);
	char *path _cleanup_free_ = mem_printf("%s/%s%s%s\n", store->options->dumpdir, dump->place,
					       inside, dump->core);
	// One name for each, whatever directory it lies in.
	char *marker _cleanup_free_ = mem_printf("%s%s", dump->place, dump->name);
	for (char *slash = marker; (slash = strchr(slash, '/'));)
		*slash = '_';
	struct error *error = place_write(store->spool, marker, path, strlen(path));
	if (!error && fsync(store->spool))
		error = error_errno("cannot sync the directory of markers");
	return error;
}

void dump_remove(const struct dump_files *dump)
{
	for (size_t i = 0; i < SESSION_FILES; i++) {
		char *name _cleanup_free_ = dump_file_name(dump, i);
		unlinkat(dump->directory, name, 0);
	}
	char *meta _cleanup_free_ = dump_meta_name(dump);
	place_release(dump->directory, meta);
	if (dump->is_freebsd)
		return;
	unlinkat(dump->directory, CORE_KDUMP, 0);
	unlinkat(dump->directory, RESUME_NAME, 0);
	unlinkat(dump->directory, "log", 0);
	unlinkat(dump->store->directory, dump->name, AT_REMOVEDIR);
}

/* Everything up to the vmcore's name. */
static void finish_core(struct dump_files *dump)
{
	struct error *failure = write_failure(dump);
	struct stat status;

	// Whatever the session made of it, this is why.
	if (failure)
		dump->result.reason[0] = '\0';
	note(dump, failure);
	// Neither meta.json nor who comes back may believe that it is there.
	extents_subtract(&dump->have, &dump->lost);
	note(dump, dump->kdump ? finish_kdump(dump) : set_size(dump));
	struct error *unsynced = sync_files(dump);
	dump->is_synced = !unsynced;
	note(dump, unsynced);
	note(dump, dump_place(dump));
	if (is_complete(dump))
		note(dump, give_name(dump));
	dump->size = fstat(dump->files[SESSION_VMCORE].fd, &status) ? 0 : (uint64_t)status.st_size;
}

struct error *dump_place(struct dump_files *dump)
{
	if (!dump->is_placed && fsync(dump->store->directory))
		return error_errno("cannot sync the dump directory");
	dump->is_placed = true;
	return NULL;
}

/* FreeBSD: where the next dump of the host begins to look for a number. One that began later may have ended before. */
static struct error *write_bounds(const struct dump_files *dump)
{
	char *bounds _cleanup_free_ = mem_printf("bounds.%s", dump->client);
	unsigned long number = strtoul(strrchr(dump->name, '.') + 1, NULL, 10);
	char *text _cleanup_free_ = mem_printf("%lu\n", number + 1);

	if (number < place_read_bounds(dump->directory, bounds))
		return NULL;
	return place_write(dump->directory, bounds, text, strlen(text));
}

void dump_settle(void *context)
{
	struct dump_files *dump = context;

	dump->is_safe = true;
	dump->core = dump_file_name(dump, SESSION_VMCORE);
	dump->result.finished = time(NULL);
	if (dump->is_freebsd)
		note(dump, write_bounds(dump));
	if (dump->end == SESSION_REFUSED) {
		dump_remove(dump);
		return;
	}
	finish_core(dump);
	if (is_complete(dump) && dump->is_freebsd)
		note(dump, link_last(dump));
	// First, for it has room that was kept for it; of which it leaves some to the list.
	note(dump, write_meta(dump));
	// Where bytes of the list may not be there the one before it holds, as it does on a full disk.
	if (!is_complete(dump) && dump_can_resume(dump, &dump->result)) {
		if (dump->is_synced)
			error_free(dump_keep(dump, &dump->result));
	} else if (!dump->is_freebsd) {
		unlinkat(dump->directory, RESUME_NAME, 0);
	}
	if (fsync(dump->directory))
		note(dump, error_errno("cannot sync the directory"));
}

void dump_describe(void *context)
{
	struct dump_files *dump = context;

	if (dump->end == SESSION_REFUSED)
		return;
	if (is_complete(dump)) {
		note(dump, make_digest(dump));
		note(dump, write_meta(dump));
	}
	note(dump, write_marker(dump));
}
