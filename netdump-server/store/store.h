// SPDX-License-Identifier: GPL-2.0-or-later
// The dump directory: one directory per dump, incomplete files, quotas, retention, meta.json, markers.
//   DUMPDIR/<address>-<%Y-%m-%d-%H:%M>/{log,vmcore-incomplete,vmcore,meta.json,resume}   (UTC)
//   DUMPDIR[/PATH]/{info,key,vmcore,vmcore_encrypted}.<address>.<n> …   (FreeBSD's names, as its netdumpd)
//   DUMPDIR/logs/<address>.log                             (netconsole and LOG, when no dump is running)
// All names are made below descriptors of directories that are opened here, and no link is followed. All functions are
// for one thread.
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "session/session.h"

struct dump_files;
struct extents;
struct meta;
struct store;
struct writer;

enum store_format {
	STORE_AS_SENT, /* ELF with holes for zero pages, or whatever the client sends */
	STORE_KDUMP,   /* kdump-compressed, from the page numbers of Red Hat clients and /proc/vmcore */
};

enum store_compression { STORE_ZLIB, STORE_LZO, STORE_ZSTD };

struct store_options {
	const char *dumpdir;        /* an absolute path, which markers name */
	const char *spool;          /* markers for reports; NULL: none */
	enum store_format format;
	enum store_compression compression;
	bool check_space;
	uint64_t min_free;          /* bytes of the file system that are never used */
	uint64_t max_total;         /* bytes of all dumps; 0: no limit */
	uint64_t max_client;        /* bytes of one client's dumps; 0 */
	unsigned keep;              /* dumps of one client kept; 0: all */
	uint64_t log_max;           /* bytes of a log before it is rotated */
	unsigned log_keep;          /* rotated logs kept */
	uint64_t log_total;         /* bytes of DUMPDIR/logs; 0: no limit */
	const char *boot;           /* a word that is another one after each boot; "": unknown */
};

/* The directories must exist, and no other store may be open on the dump directory, in whatever process; `options` and
 * `writer` outlive the store. */
struct error *store_open(const struct store_options *options, struct writer *writer, struct store **ret) MUST_CHECK;
/* Once: finds the dumps that servers before this one have left. `go_on` (or NULL) is called for each whose client waits
 * (meta->state), with what is there of it, and says whether a session goes on with it: by dump_reopen(). What is otherwise not
 * closed is closed as incomplete: after a minute, if its client may come back for it. Returns how many those are. */
size_t store_recover(struct store *store,
		     bool (*go_on)(void *context, const struct meta *meta, const char *name, struct extents *have),
		     void *context);
/* Several times a second: sees to it that what has come of each dump is found again, should the server be killed or the
 * machine lose its power; at most a fifth of the time goes to that. */
void store_tick(struct store *store);
/* From now on no digest is made, nor finished: they take long. */
void store_stop(struct store *store);
/* All dumps have been freed. */
void store_close(struct store *store);

/* Whose oldest dumps may go for a new one, where max_total or min_free leave no room. */
enum store_room { STORE_ROOM_FREE, /* nobody's */ STORE_ROOM_OWN, STORE_ROOM_ALL };

/* Whether a dump of `expected` bytes may begin: free space, quotas. Retention is applied: the oldest dumps go, of the
 * client for keep and max_client, else as `room` says, but only where the dump then fits; never a client's newest, nor one
 * that is being written. */
struct error *store_admit(struct store *store, const char *client, uint64_t expected, enum store_room room) MUST_CHECK;
/* Makes the directory and the incomplete vmcore; `meta` outlives the dump. For FreeBSD the files; PATH where that is
 * not a directory is left out, as netdumpd does. */
struct error *dump_begin(struct store *store, struct meta *meta, uint64_t expected, struct dump_files **ret) MUST_CHECK;
/* An earlier attempt of the same dump (meta->id, and meta->peer or meta->client), with what it has; NULL where there
 * is none. */
struct dump_files *dump_resume(struct store *store, struct meta *meta, struct extents *ret);
/* The dump of that name, for store_recover(); NULL where its files are not there. `meta` outlives it. */
struct dump_files *dump_reopen(struct store *store, const char *name, struct meta *meta, const struct extents *have);
/* Whether it can go on after the server was started again: not one that is converted to a kdump file, nor FreeBSD's. On any
 * thread, by a copy of the dump's meta. */
bool dump_can_resume(const struct dump_files *dump, const struct meta *meta);
/* False where the queue is full, writing has failed, or the dump has become larger than quotas and free space allow. */
bool dump_write(struct dump_files *dump, enum session_file file, uint64_t offset, const void *bytes, size_t length);
/* As dump_write() with that many zeros: a hole. */
bool dump_zero(struct dump_files *dump, enum session_file file, uint64_t offset, uint64_t length);
/* Bytes of dump_write() for the vmcore that are in the file, in the order in which they were given. */
uint64_t dump_written(const struct dump_files *dump);
/* Why dump_write() will never again be true: one line, or NULL. */
const char *dump_failure(const struct dump_files *dump);
/* Asynchronous: after everything queued is written and synced the files are renamed (or left incomplete), meta.json
 * and, after the digest, the marker are written; then `done` is called, on the thread that calls writer_poll().
 * `is_safe`: everything is on the disk under its name. A dump that was refused leaves nothing behind. The session's
 * meta is copied; meta->finished, sha256 and reason are set. */
void dump_finish(struct dump_files *dump, enum session_end end, void (*done)(void *context, bool is_safe),
		 void *context);
/* Before dump_finish(): `stored` is called, with its context and before its `done`, when the dump is on the disk. To
 * make the digest takes much longer: who sent the dump need not wait for it. */
void dump_when_stored(struct dump_files *dump, void (*stored)(void *context, bool is_safe));
/* Not between dump_finish() and its `done`; what may be done with a dump after that is store_log(), until then its
 * log goes on. A dump that was not finished stays as it is. NULL is allowed. */
void dump_free(struct dump_files *dump);
/* The dump's directory; for FreeBSD the vmcore. */
const char *dump_path(const struct dump_files *dump);

/* Appends text to a client's log: that of its running dump, or DUMPDIR/logs/. Each line gets a time stamp; control
 * characters are written as \xNN. Bounded by log_max and log_total, and by min_free. */
void store_log(struct store *store, const char *client, struct dump_files *dump, const void *text, size_t length);

#endif
