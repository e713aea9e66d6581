// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/room.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "store/dump_files.h"
#include "store/place.h"
#include "store/retain.h"

#define CHECK_SPACE (UINT64_C(256) << 10) /* bytes of all dumps between two looks at the free space */

/* ---- sums ------------------------------------------------------------------------------------ */

bool store_is_running(const void *context, const char *place, const char *name)
{
	const struct store *store = context;

	for (size_t i = 0; i < store->running.count; i++)
		if (!strcmp(store->running.items[i]->place, place) && !strcmp(store->running.items[i]->name, name))
			return true;
	return false;
}

/* Bytes that a running dump has announced and not yet brought. */
static uint64_t outstanding(const struct dump_files *dump)
{
	return dump->expected > dump->put ? dump->expected - dump->put : 0;
}

static uint64_t reserved(const struct store *store)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < store->running.count; i++)
		bytes += outstanding(store->running.items[i]);
	return bytes;
}

/* What the dumps of a client have that are running. */
static uint64_t running_bytes(const struct store *store, const char *client)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < store->running.count; i++)
		bytes += strcmp(store->running.items[i]->client, client) ? 0 : store->running.items[i]->put;
	return bytes;
}

void room_scan(struct store *store)
{
	held_deinit(&store->held);
	held_scan(store->directory, store_is_running, store, &store->held);
	store->used = store->held.bytes;
	for (size_t i = 0; i < store->held.count; i++)
		store->used -= store->held.items[i].is_running ? store->held.items[i].bytes : 0;
	// Of these the blocks on the disk do not say how much they will be: some of it is queued.
	for (size_t i = 0; i < store->running.count; i++)
		store->used += store->running.items[i]->put;
}

void room_join(struct store *store, struct dump_files *dump)
{
	dump->client_held = held_bytes(&store->held, dump->client);
}

/* It lies there now. */
static void hold(struct store *store, const struct dump_files *dump)
{
	struct held *held = held_find(&store->held, dump->place, dump->name);

	if (!held)
		held = held_add(&store->held, dump->place, dump->name, strlen(dump->client));
	held->is_directory = !dump->is_freebsd;
	held->is_running = false;
	held->may_resume = held->is_directory;
	held->bytes = dump->put;
}

void room_leave(struct store *store, const struct dump_files *dump)
{
	if (dump->name)
		hold(store, dump);
	for (size_t i = 0; i < store->running.count; i++)
		if (!strcmp(store->running.items[i]->client, dump->client))
			store->running.items[i]->client_held += dump->put;
}

void room_take(struct dump_files *dump, uint64_t length)
{
	dump->put += length;
	dump->store->used += length;
	dump->store->unchecked += length;
}

/* Bytes that may still be used beyond what waits for the disk. */
static uint64_t free_space(const struct store *store)
{
	struct statvfs status;

	if (fstatvfs(store->directory, &status))
		return UINT64_MAX;
	uint64_t bytes = (uint64_t)status.f_bavail * status.f_frsize;
	uint64_t taken = store->options->min_free + (store->writer ? writer_waiting(store->writer) : 0);
	return bytes > taken ? bytes - taken : 0;
}

static bool fits(uint64_t bytes, uint64_t used, uint64_t limit)
{
	return used < limit && bytes <= limit - used;
}

/* Of all that is written, logs too. */
static bool leaves_min_free(struct store *store, uint64_t length)
{
	// The disk says itself when it is full.
	if (!store->options->min_free || store->unchecked < CHECK_SPACE)
		return true;
	if (!fits(length, CHECK_SPACE, free_space(store)))
		return false; // and it is looked at for each that goes on
	store->unchecked = 0;
	return true;
}

bool room_for_log(struct store *store, uint64_t length)
{
	if (!leaves_min_free(store, length))
		return false;
	store->unchecked += length;
	return true;
}

const char *room_refuses(const struct dump_files *dump, uint64_t length)
{
	struct store *store = dump->store;
	const struct store_options *options = store->options;

	if (options->max_total && !fits(length, store->used, options->max_total))
		return "larger than max_total allows";
	if (options->max_client &&
	    !fits(length, dump->client_held + running_bytes(store, dump->client), options->max_client))
		return "larger than max_client allows";
	if (!dump->put)
		store->unchecked = CHECK_SPACE;
	return leaves_min_free(store, length) ? NULL : "the file system is full but for min_free";
}

/* ---- admission ------------------------------------------------------------------------------- */

/* How things will be when the dumps that are marked have gone. */
struct plan {
	struct held_list *held;
	const char *client;
	enum store_room room;
	size_t count;                 /* dumps of the client */
	uint64_t own, total, running; /* bytes: of the client, of all, and announced by running dumps */
	uint64_t free;
	bool has_marked;
};

/* The oldest dump of `client`, or of anybody, is to go; false where there is none that may. */
static bool plan_removal(struct plan *plan, const char *client)
{
	struct held *oldest = held_oldest(plan->held, client);

	if (!oldest)
		return false;
	oldest->is_going = plan->has_marked = true;
	if (!strcmp(oldest->client, plan->client)) {
		plan->own -= oldest->bytes;
		plan->count--;
	}
	plan->total -= oldest->bytes;
	plan->free += plan->free < UINT64_MAX - oldest->bytes ? oldest->bytes : 0;
	return true;
}

/* For what all dumps share. */
static bool plan_sacrifice(struct plan *plan)
{
	return plan->room != STORE_ROOM_FREE && plan_removal(plan, plan->room == STORE_ROOM_ALL ? NULL : plan->client);
}

static struct error *plan_room(struct plan *plan, const struct store_options *options, uint64_t expected)
{
	uint64_t needed = options->check_space ? expected : 0, space = plan->free;

	while (options->keep && plan->count >= options->keep && plan_removal(plan, plan->client))
		;
	while (options->max_client && !fits(expected, plan->own, options->max_client))
		if (!plan_removal(plan, plan->client))
			return error_new(ERROR_LIMIT, "no room for %" PRIu64 " bytes: %s may have %" PRIu64
					 " (max_client)", expected, plan->client, options->max_client);
	while (options->max_total && !fits(expected, plan->total, options->max_total))
		if (!plan_sacrifice(plan))
			return error_new(ERROR_LIMIT, "no room for %" PRIu64 " bytes: all dumps may have %" PRIu64
					 " (max_total)", expected, options->max_total);
	while (!fits(needed, plan->running, plan->free))
		if (!plan_sacrifice(plan))
			return error_new(ERROR_LIMIT, "no room for %" PRIu64 " bytes: free are %" PRIu64
					 " beyond min_free, %" PRIu64 " of which running dumps need",
					 expected, space, plan->running);
	return NULL;
}

/* *ret: whether dumps are to go for it. */
static struct error *try_room(struct store *store, const char *client, uint64_t expected, enum store_room room,
			      bool *ret)
{
	uint64_t announced = reserved(store), own = held_bytes(&store->held, client) + running_bytes(store, client);
	struct plan plan = {
		.held = &store->held,
		.client = client,
		.room = room,
		.count = held_count(&store->held, client),
		.own = own,
		.total = store->used + announced,
		.running = store->options->check_space ? announced : 0,
		.free = free_space(store),
	};
	struct error *error = plan_room(&plan, store->options, expected);

	*ret = plan.has_marked;
	return error;
}

struct error *store_admit(struct store *store, const char *client, uint64_t expected, enum store_room room)
{
	char *name _cleanup_free_ = place_safe_name(client);
	bool must_go = false;
	struct error *error = try_room(store, name, expected, room, &must_go);

	if (!error && !must_go)
		return NULL;
	// Somebody may have tidied up since the last look.
	error_free(error);
	room_scan(store);
	error = try_room(store, name, expected, room, &must_go);
	// Nobody's dump goes for one that does not fit all the same.
	if (!error && held_remove(store->directory, &store->held))
		room_scan(store);
	return error;
}
