// SPDX-License-Identifier: GPL-2.0-or-later
// What makes a dump outlive the server: while it runs, `resume` is brought up to date again and again; who comes back
// finds its dump by that; and what a server that was killed has left is closed as incomplete.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/vec.h"
#include "store/dump_files.h"
#include "store/place.h"
#include "store/resume.h"
#include "store/retain.h"
#include "store/room.h"

enum {
	POLL_MS = 100,
	REST = 4,                /* so much longer than the last sync took is no other */
};

#define SECOND UINT64_C(1000000000)
#define LOOK_EACH (SECOND / 10)
#define KEEP_EACH (2 * SECOND)     /* of one dump */
#define ORPHAN_WAIT (60 * SECOND)  /* for who might go on by itself */

/* A dump that was being written when a server ended without a word: as in struct held. */
struct orphan {
	char *place, *name, *client;
	bool is_directory;
	uint64_t due; /* when it is closed */
};

static bool is_stopping(const struct store *store)
{
	return __atomic_load_n(&store->is_stopping, __ATOMIC_RELAXED);
}

/* ---- while it runs --------------------------------------------------------------------------- */

bool dump_can_resume(const struct dump_files *dump, const struct meta *meta)
{
	static const uint8_t no_id[sizeof(meta->id)];

	// A dump that is converted has left the places that offsets speak of.
	return !dump->kdump && !dump->is_freebsd && meta->holes_of && (meta->state || memcmp(meta->id, no_id, sizeof(no_id)));
}

struct error *dump_keep(const struct dump_files *dump, const struct meta *meta)
{
	struct buf text _cleanup_(buf_deinit) = {0};

	resume_write(meta, dump->store->options->boot, &text);
	return place_write(dump->directory, RESUME_NAME, text.data, text.length);
}

/* A dump as it was when the blocks before the barrier were put. */
struct keeping {
	struct dump_files *dump;
	struct meta meta;
	char *state;
	struct extents have;
	uint64_t took;
};

static void keep_work(void *context)
{
	struct keeping *keeping = context;
	struct dump_files *dump = keeping->dump;
	struct writer_file *core = &dump->files[SESSION_VMCORE];
	uint64_t began = clock_now();

	// The end of a dump writes it anyway. A failure is told by the next write, or does not matter: the last list holds.
	if (is_stopping(dump->store) || __atomic_load_n(&core->error, __ATOMIC_ACQUIRE) || fdatasync(core->fd))
		return;
	struct error *error = dump_place(dump);
	error_free(error ? error : dump_keep(dump, &keeping->meta));
	keeping->took = clock_now() - began;
}

static void keep_done(void *context)
{
	struct keeping *keeping = context;
	struct store *store = keeping->dump->store;

	store->is_keeping = false;
	store->keep_next = clock_now() + REST * keeping->took;
	extents_deinit(&keeping->have);
	free(keeping->state);
	free(keeping);
}

static void keep(struct dump_files *dump, uint64_t now)
{
	struct keeping *keeping = mem_zero(sizeof(*keeping));

	*keeping = (struct keeping){.dump = dump, .meta = *dump->meta};
	extents_copy(dump->meta->holes_of, &keeping->have);
	keeping->meta.holes_of = &keeping->have;
	// The session's own may change while the other thread reads.
	if (dump->meta->state)
		keeping->meta.state = keeping->state = mem_strdup(dump->meta->state);
	dump->kept = dump->changes;
	dump->kept_at = now;
	dump->store->is_keeping = true;
	writer_barrier(dump->store->writer, keep_work, keep_done, keeping);
}

/* That which was kept longest ago, of those that have become more since. */
static struct dump_files *dump_to_keep(const struct store *store, uint64_t now)
{
	struct dump_files *oldest = NULL;

	for (size_t i = 0; i < store->running.count; i++) {
		struct dump_files *dump = store->running.items[i];
		bool is_due = !dump->kept_at || (dump->kept != dump->changes && now - dump->kept_at >= KEEP_EACH);

		if (is_due && !dump->done && dump_can_resume(dump, dump->meta) &&
		    (!oldest || dump->kept_at < oldest->kept_at))
			oldest = dump;
	}
	return oldest;
}

/* ---- going on -------------------------------------------------------------------------------- */

/* Opens what there is of a dump; `dump` is new. */
static bool open_core(struct dump_files *dump, const char *place, const char *name)
{
	struct writer_file *core = &dump->files[SESSION_VMCORE];
	struct stat status;

	dump->name = mem_strdup(name);
	dump->place = mem_strdup(place);
	char *file _cleanup_free_ = dump_file_name(dump, SESSION_VMCORE);
	dump->path = mem_printf("%s/%s%s", dump->store->options->dumpdir, place, dump->is_freebsd ? file : name);
	dump->directory = place_open(dump->store->directory, dump->is_freebsd ? place : name);
	if (dump->directory < 0)
		return false;
	core->fd = openat(dump->directory, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (core->fd < 0 || fstat(core->fd, &status) || !S_ISREG(status.st_mode))
		return false;
	core->end = (uint64_t)status.st_size;
	return true;
}

/* Holes at the end have not made the file longer. */
static void set_have(struct dump_files *dump, const struct extents *have)
{
	struct writer_file *core = &dump->files[SESSION_VMCORE];
	uint64_t end = have->count ? have->items[have->count - 1].end : 0;

	core->end = end > core->end ? end : core->end;
	dump->put = have->bytes;
}

static bool read_resume(const struct store *store, const char *name, struct resume *ret)
{
	int directory _cleanup_close_ = place_open(store->directory, name);
	char *text _cleanup_free_ = directory < 0 ? NULL : place_read(directory, RESUME_NAME, RESUME_TEXT_MAX);

	return text && resume_parse(text, store->options->boot, ret);
}

struct dump_files *dump_reopen(struct store *store, const char *name, struct meta *meta, const struct extents *have)
{
	struct dump_files *dump = dump_new(store, meta, meta->expected);

	if (!open_core(dump, "", name)) {
		dump_free(dump);
		return NULL;
	}
	set_have(dump, have);
	// It was of the attempt before; where there is none, the server knows that this one was not closed.
	unlinkat(dump->directory, META_NAME, 0);
	error_free(dump_reserve(dump)); // what goes on goes on
	*vec_push(&store->running) = dump;
	room_scan(store);
	room_join(store, dump);
	return dump;
}

/* The held dump, if it is an earlier attempt of what `meta` is. */
static struct dump_files *try_resume(struct store *store, struct meta *meta, const struct held *held,
				     struct extents *ret)
{
	struct dump_files *dump = NULL;
	struct resume resume;

	if (!held->may_resume || *held->place || held->is_running || !read_resume(store, held->name, &resume))
		return NULL;
	if (resume_is_of(&resume, meta))
		dump = dump_reopen(store, held->name, meta, &resume.have);
	if (dump) {
		*ret = resume.have;
		resume.have = (struct extents){0};
	}
	resume_deinit(&resume);
	return dump;
}

static void orphan_remove(struct store *store, size_t i)
{
	struct orphan *items = store->orphans.items, gone = items[i];

	items[i] = items[--store->orphans.count];
	free(gone.place);
	free(gone.name);
	free(gone.client);
}

struct dump_files *dump_resume(struct store *store, struct meta *meta, struct extents *ret)
{
	struct dump_files *dump = NULL;

	for (size_t i = 0; i < store->held.count && !dump; i++)
		dump = try_resume(store, meta, &store->held.items[i], ret);
	if (!dump)
		return NULL;
	for (size_t i = store->orphans.count; i--;)
		if (store->orphans.items[i].is_directory && !strcmp(store->orphans.items[i].name, dump->name))
			orphan_remove(store, i);
	return dump;
}

/* ---- what a server that was killed has left -------------------------------------------------- */

static bool is_there(int directory, const char *name)
{
	return !faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* A vmcore that is incomplete and has no meta.json: whoever closes a dump writes one. */
static bool is_orphan(const struct store *store, const struct held *held)
{
	const struct dump_files names = {.name = held->name, .is_freebsd = !held->is_directory};
	char *core _cleanup_free_ = dump_file_name(&names, SESSION_VMCORE), *meta _cleanup_free_ = dump_meta_name(&names);
	int directory _cleanup_close_ = place_open(store->directory, held->is_directory ? held->name : held->place);

	return !(held->is_directory && *held->place) && directory >= 0 && is_there(directory, core) &&
	       !is_there(directory, meta);
}

static void orphan_add(struct store *store, const struct held *held, uint64_t due)
{
	*vec_push(&store->orphans) = (struct orphan){
		.place = mem_strdup(held->place),
		.name = mem_strdup(held->name),
		.client = mem_strdup(held->client),
		.is_directory = held->is_directory,
		.due = due,
	};
}

/* A dump of which there is a list, and whose session goes on by itself. Where it does not, the dump is closed. */
static void offer(struct store *store, const struct held *held, struct resume *resume,
		  bool (*go_on)(void *context, const struct meta *meta, const char *name, struct extents *have), void *context)
{
	int directory _cleanup_close_ = place_open(store->directory, held->name);

	if (!is_there(directory, CORE_INCOMPLETE))
		return;
	if (go_on(context, &resume->meta, held->name, &resume->have))
		return;
	unlinkat(directory, META_NAME, 0);
	orphan_add(store, held, 0);
}

size_t store_recover(struct store *store,
		     bool (*go_on)(void *context, const struct meta *meta, const char *name, struct extents *have),
		     void *context)
{
	struct held_list held;

	held_scan(store->directory, store_is_running, store, &held);
	for (size_t i = 0; i < held.count; i++) {
		const struct held *found = &held.items[i];
		struct resume resume;
		bool is_known = found->is_directory && !*found->place && read_resume(store, found->name, &resume);

		if (is_known && resume.state && go_on)
			offer(store, found, &resume, go_on, context);
		else if (is_orphan(store, found))
			orphan_add(store, found, is_known ? clock_now() + ORPHAN_WAIT : 0);
		if (is_known)
			resume_deinit(&resume);
	}
	held_deinit(&held);
	return store->orphans.count;
}


struct closing {
	struct dump_files *dump;
	struct meta meta;
};

static void close_work(void *context)
{
	struct closing *closing = context;

	// The next server closes it.
	if (is_stopping(closing->dump->store))
		return;
	dump_settle(closing->dump);
	dump_describe(closing->dump);
}

static void close_done(void *context)
{
	struct closing *closing = context;

	closing->dump->store->is_keeping = false;
	dump_free(closing->dump);
	free(closing);
}

/* What is known of it without its `resume`. */
static void guess_meta(const struct orphan *orphan, struct meta *ret)
{
	snprintf(ret->client, sizeof(ret->client), "%s", orphan->client);
	ret->protocol = orphan->is_directory ? NULL : "freebsd";
}

static void orphan_close(struct store *store, const struct orphan *orphan)
{
	struct closing *closing = mem_zero(sizeof(*closing));
	struct resume resume = {0};
	bool is_known = orphan->is_directory && read_resume(store, orphan->name, &resume);

	if (is_known)
		closing->meta = resume.meta;
	else
		guess_meta(orphan, &closing->meta);
	closing->meta.holes_of = NULL;
	closing->meta.state = NULL; // nobody goes on with it
	snprintf(closing->meta.reason, sizeof(closing->meta.reason), "the server was killed");
	struct dump_files *dump = closing->dump = dump_new(store, &closing->meta, closing->meta.expected);
	dump->is_freebsd = !orphan->is_directory;
	if (!open_core(dump, orphan->place, orphan->name)) {
		resume_deinit(&resume);
		dump_free(dump);
		free(closing);
		return;
	}
	set_have(dump, &resume.have);
	dump->have = resume.have;
	resume.have = (struct extents){0};
	resume_deinit(&resume);
	dump->end = SESSION_INCOMPLETE;
	dump->result = closing->meta;
	dump->result.holes_of = is_known ? &dump->have : NULL;
	*vec_push(&store->running) = dump;
	store->is_keeping = true;
	writer_barrier(store->writer, close_work, close_done, closing);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void close_next(struct store *store, uint64_t now)
{
	for (size_t i = 0; i < store->orphans.count; i++) {
		if (store->orphans.items[i].due > now)
			continue;
		orphan_close(store, &store->orphans.items[i]);
		orphan_remove(store, i);
		return;
	}
}

void store_tick(struct store *store)
{
	uint64_t now = clock_now();

	if (store->is_keeping || now < store->keep_next)
		return;
	struct dump_files *dump = dump_to_keep(store, now);
	if (dump)
		keep(dump, now);
	else
		close_next(store, now);
	if (!store->is_keeping)
		store->keep_next = now + LOOK_EACH;
}

void store_keep_end(struct store *store)
{
	while (store->is_keeping) {
		struct pollfd event = {writer_event(store->writer), POLLIN, 0};

		poll(&event, 1, POLL_MS);
		writer_poll(store->writer);
	}
	for (size_t i = store->orphans.count; i--;)
		orphan_remove(store, i);
	free(store->orphans.items);
}
