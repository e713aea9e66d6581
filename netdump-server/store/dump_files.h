// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of a dump, for the files of store/ that make, fill and finish it.
#ifndef STORE_DUMP_FILES_H
#define STORE_DUMP_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "session/extents.h"
#include "session/meta.h"
#include "store/log_file.h"
#include "store/retain.h"
#include "store/store.h"
#include "store/writer.h"

struct compressors;
struct kdumper;

#define CORE_INCOMPLETE "vmcore-incomplete"
#define META_NAME "meta.json"
#define CORE_KDUMP "vmcore-incomplete.kdump" /* being converted to; CORE_INCOMPLETE then holds what waits */

enum { STORE_LOGS_MAX = 128 }; /* logs outside dumps that are open at a time */

struct store {
	const struct store_options *options;
	struct writer *writer;
	struct compressors *compressors;
	bool is_stopping; /* other threads look at it */
	int directory, spool, logs; /* -1: none; logs: made when the first is written */
	struct {
		struct dump_files **items;
		size_t count, capacity;
	} running;
	struct held_list held; /* as of the last look */
	uint64_t used;         /* bytes of all that lies there, and of what running dumps have queued */
	uint64_t unchecked;    /* bytes queued since the last look at the free space */
	struct {
		char *client;
		struct log_file *log;
		uint64_t used; /* a count of uses: the lowest is closed first */
	} open_logs[STORE_LOGS_MAX];
	uint64_t uses;
	uint64_t log_hosts, log_bytes; /* of DUMPDIR/logs */
	int64_t logs_counted;          /* CLOCK_REALTIME, seconds; 0: never */
	/* Of keep.c: one thing at a time is under way on another thread, which is left time for what others want. */
	bool is_keeping;
	uint64_t keep_next; /* CLOCK_MONOTONIC, nanoseconds: not before that */
	struct {
		struct orphan *items;
		size_t count, capacity;
	} orphans;
};

struct dump_files {
	struct store *store;
	struct meta *meta;
	int directory;
	char *place, *name;  /* as in struct held (store/retain.h) */
	char *path;
	bool is_freebsd;
	struct writer_file files[SESSION_FILES]; /* fd is -1 until something is written */
	struct extents lost; /* of the vmcore: what was queued and could not be written */
	struct kdumper *kdump; /* NULL: the vmcore is kept as it is sent */
	struct log_file *log;
	uint64_t expected, put; /* bytes announced, and queued for the vmcore */
	char *client;        /* as it stands in names */
	uint64_t client_held; /* bytes of the client's dumps that are not running */
	const char *failure; /* static */
	uint64_t changes, kept; /* counts of writes; kept: those that `resume` speaks of */
	uint64_t kept_at;    /* CLOCK_MONOTONIC; 0: never */
	/* Of finishing, on the writer's other threads. */
	struct meta result;
	struct extents have;
	enum session_end end;
	char *core;          /* name of the vmcore in the end */
	uint64_t size;
	bool is_safe;
	bool is_synced;      /* what was written is on the disk */
	bool is_placed;      /* so is the directory's own name */
	void (*stored)(void *context, bool is_safe);
	void (*done)(void *context, bool is_safe);
	void *context;
};

/* Of the file's own name in the directory; free() it. */
char *dump_file_name(const struct dump_files *dump, enum session_file file);
char *dump_meta_name(const struct dump_files *dump);
/* Syncs the directory's own name, which dump_begin() leaves to others: it may take long. On the settling thread. */
struct error *dump_place(struct dump_files *dump) MUST_CHECK;
/* Takes room for meta.json, which is written on a full disk too. */
struct error *dump_reserve(const struct dump_files *dump) MUST_CHECK;
/* What dump_finish() leaves to other threads: what makes the dump safe, and, after `stored`, what takes long. */
void dump_settle(void *context);
/* As if it had never begun. */
void dump_remove(const struct dump_files *dump);
void dump_describe(void *context);

void store_close_logs(struct store *store);
/* Without files as yet. */
struct dump_files *dump_new(struct store *store, struct meta *meta, uint64_t expected);
/* For held_scan(): whether a dump is being written; `context` is the store. */
bool store_is_running(const void *context, const char *place, const char *name);
/* The dump reserves no room any more, and may go to make some. */
void store_forget(struct store *store, const struct dump_files *dump);

/* Writes `resume`; on that thread, after the bytes that `meta` speaks of were synced. */
struct error *dump_keep(const struct dump_files *dump, const struct meta *meta);
/* Waits for what is under way, and begins nothing any more. */
void store_keep_end(struct store *store);

#endif
