// SPDX-License-Identifier: GPL-2.0-or-later
// Logs: of a running dump in its directory, of everybody else in DUMPDIR/logs, which has one budget for all.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "store/dump_files.h"
#include "store/place.h"
#include "store/room.h"

enum {
	HOSTS_MAX = 1024,
	COUNT_EACH = 10, /* seconds: how often a budget that is used up is looked at again */
};

static void close_log(struct store *store, size_t i)
{
	log_file_close(store->open_logs[i].log);
	free(store->open_logs[i].client);
	store->open_logs[i].log = NULL;
	store->open_logs[i].client = NULL;
}

void store_close_logs(struct store *store)
{
	for (size_t i = 0; i < STORE_LOGS_MAX; i++)
		close_log(store, i);
	if (store->logs >= 0)
		close(store->logs);
}

/* ---- the budget ------------------------------------------------------------------------------ */

/* Adds up what lies in DUMPDIR/logs, as somebody may have tidied up there. */
static void count_logs(struct store *store)
{
	int fd = store->logs < 0 ? -1 : place_open(store->logs, "");
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat status;

	store->log_hosts = 0;
	store->log_bytes = 0;
	while (stream && (entry = readdir(stream))) {
		const char *end = strrchr(entry->d_name, '.');

		if (fstatat(fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) || !S_ISREG(status.st_mode))
			continue;
		store->log_hosts += end && !strcmp(end, ".log");
		store->log_bytes += (uint64_t)status.st_size;
	}
	if (stream)
		closedir(stream);
	else if (fd >= 0)
		close(fd);
	store->logs_counted = time(NULL);
}

static bool may_grow_inside(void *context, uint64_t length)
{
	return room_for_log(context, length);
}

static bool may_grow(void *context, uint64_t length)
{
	struct store *store = context;
	uint64_t limit = store->options->log_total;
	bool is_full = limit && store->log_bytes + length > limit;

	if (!store->logs_counted || (is_full && time(NULL) - store->logs_counted >= COUNT_EACH)) {
		count_logs(store);
		is_full = limit && store->log_bytes + length > limit;
	}
	if (is_full || !room_for_log(store, length))
		return false;
	store->log_bytes += length;
	return true;
}

/* ---- logs ------------------------------------------------------------------------------------ */

/* Of logs in DUMPDIR/logs, or inside a dump. */
static struct log_options log_limits(struct store *store, bool is_outside)
{
	return (struct log_options){.max = store->options->log_max,
				    .keep = store->options->log_keep,
				    .may_grow = is_outside ? may_grow : may_grow_inside,
				    .context = store};
}

static struct log_file *open_log(struct store *store, int directory, const char *name)
{
	struct log_options options = log_limits(store, directory == store->logs);
	struct log_file *log = NULL;

	error_free(log_file_open(store->writer, directory, name, &options, &log));
	return log;
}

static bool have_logs(struct store *store)
{
	if (store->logs < 0 && (!mkdirat(store->directory, "logs", 0700) || errno == EEXIST))
		store->logs = place_open(store->directory, "logs");
	return store->logs >= 0;
}

/* A host that has no log yet is one more; addresses can be made up. */
static bool may_begin(struct store *store, const char *name)
{
	if (!faccessat(store->logs, name, F_OK, AT_SYMLINK_NOFOLLOW))
		return true;
	if (!store->log_hosts || store->log_hosts >= HOSTS_MAX)
		count_logs(store);
	return store->log_hosts++ < HOSTS_MAX;
}

/* The open log of a client, or a new one in the place of that which was not used for longest. */
static struct log_file *log_of(struct store *store, const char *client)
{
	size_t oldest = 0;

	for (size_t i = 0; i < STORE_LOGS_MAX; i++) {
		if (store->open_logs[i].client && !strcmp(store->open_logs[i].client, client)) {
			store->open_logs[i].used = ++store->uses;
			return store->open_logs[i].log;
		}
		if (store->open_logs[i].used < store->open_logs[oldest].used)
			oldest = i;
	}
	char *safe _cleanup_free_ = place_safe_name(client);
	char *name _cleanup_free_ = mem_printf("%s.log", safe);
	struct log_file *log = have_logs(store) && may_begin(store, name) ? open_log(store, store->logs, name) : NULL;
	if (!log)
		return NULL;
	close_log(store, oldest);
	store->open_logs[oldest].client = mem_strdup(client);
	store->open_logs[oldest].log = log;
	store->open_logs[oldest].used = ++store->uses;
	return log;
}

void store_log(struct store *store, const char *client, struct dump_files *dump, const void *text, size_t length)
{
	bool is_own = dump && !dump->is_freebsd && dump->end != SESSION_REFUSED;

	if (is_own && !dump->log)
		dump->log = open_log(store, dump->directory, "log");
	// A dump that was finished may have been removed since.
	struct log_file *dump_log = is_own ? dump->log : NULL, *log = dump_log ? dump_log : log_of(store, client);
	if (!log)
		return;
	// They may have changed since it was opened.
	struct log_options options = log_limits(store, log != dump_log);
	log_file_limit(log, &options);
	log_file_put(log, time(NULL), text, length);
}
