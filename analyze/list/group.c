// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/map.h"
#include "base/vec.h"
#include "reports/listing.h"

/* A group that is being made. */
struct making {
	struct listed_group group;
	struct {
		const char **items;
		size_t count, capacity;
	} hosts;
	struct {
		const struct listed_dump **items;
		size_t count, capacity;
	} dumps;
};

struct grouping {
	struct arena *arena;
	struct {
		struct making *items;
		size_t count, capacity;
	} groups;
	struct map keys;  /* of a group: its number, from 1 */
	struct map hosts; /* "NUMBER HOST" that have been met */
};

static int compare_texts(const char *left, const char *right)
{
	return strcmp(left ? left : "", right ? right : "");
}

static int compare_dumps(const void *left, const void *right)
{
	const struct listed_dump *one = left, *two = right;

	if (one->is_hidden != two->is_hidden)
		return one->is_hidden ? 1 : -1;
	if (one->time != two->time)
		return one->time > two->time ? -1 : 1;
	int order = compare_texts(one->root, two->root);
	if (!order)
		order = compare_texts(one->place, two->place);
	return order ? order : compare_texts(one->number, two->number);
}

/* The same for the same crashes. Lengths keep apart what texts of a dump may run into. */
static const char *key_of(const struct listed_dump *dump, struct arena *arena)
{
	const char *kernel = dump->kernel ? dump->kernel : "", *cause = dump->cause ? dump->cause : "";

	if (dump->signature)
		return arena_printf(arena, "signature %s", dump->signature);
	if (!dump->cause && !dump->message)
		return dump->is_alive ? "alive" : "unknown";
	return arena_printf(arena, "cause %zu %zu %s%s%s", strlen(kernel), strlen(cause), kernel, cause,
			    dump->message ? dump->message : "");
}

/* The group of a dump; where there is none a new one, but of a hidden dump NULL. */
static struct making *find_group(struct grouping *grouping, const struct listed_dump *dump)
{
	const char *key = key_of(dump, grouping->arena);
	uintptr_t number = (uintptr_t)map_get(&grouping->keys, key);

	if (number)
		return &grouping->groups.items[number - 1];
	if (dump->is_hidden)
		return NULL;
	struct making *making = vec_push(&grouping->groups);
	map_put(&grouping->keys, key, (void *)(uintptr_t)grouping->groups.count);
	*making = (struct making){
		.group = {
			.newest = dump,
			.is_unknown = !dump->signature && !dump->cause && !dump->message,
			.kernel = dump->kernel,
			.last = dump->time,
		},
	};
	return making;
}

/* Dumps come newest first. */
static void add_dump(struct grouping *grouping, struct listed_dump *dump)
{
	struct making *making = find_group(grouping, dump);
	struct listed_group *group = &making->group;

	dump->group = (size_t)(making - grouping->groups.items);
	*vec_push(&making->dumps) = dump;
	group->first = group->first_ever = dump->time;
	if (group->kernel && compare_texts(group->kernel, dump->kernel) != 0)
		group->kernel = NULL;
	group->has_other_hosts |= !dump->host;
	if (!dump->host)
		return;
	const char *key = arena_printf(grouping->arena, "%zu %s", dump->group, dump->host);
	if (!map_put(&grouping->hosts, key, dump))
		*vec_push(&making->hosts) = dump->host;
}

/* After all that were asked for. */
static void add_hidden(struct grouping *grouping, const struct listed_dump *dump)
{
	struct making *making = find_group(grouping, dump);

	if (!making)
		return;
	making->group.others++;
	if (dump->time < making->group.first_ever)
		making->group.first_ever = dump->time;
}

static void finish_groups(struct grouping *grouping, struct listing *listing)
{
	struct listed_group *groups = ARENA_ARRAY(grouping->arena, grouping->groups.count, struct listed_group);

	for (size_t i = 0; i < grouping->groups.count; i++) {
		struct making *making = &grouping->groups.items[i];

		groups[i] = making->group;
		groups[i].host_count = making->hosts.count;
		groups[i].hosts = arena_copy(grouping->arena, making->hosts.items,
					     making->hosts.count * sizeof(*making->hosts.items));
		groups[i].count = making->dumps.count;
		groups[i].dumps = arena_copy(grouping->arena, making->dumps.items,
					     making->dumps.count * sizeof(*making->dumps.items));
		free(making->hosts.items);
		free(making->dumps.items);
	}
	listing->groups = groups;
	listing->group_count = grouping->groups.count;
}

void group_dumps(struct listing *listing, struct listed_dump *dumps, size_t count)
{
	struct grouping grouping = {.arena = listing->arena};

	if (count)
		qsort(dumps, count, sizeof(*dumps), compare_dumps);
	for (size_t i = 0; i < count; i++) {
		listing->hidden += dumps[i].is_hidden;
		if (dumps[i].is_hidden)
			add_hidden(&grouping, &dumps[i]);
		else
			add_dump(&grouping, &dumps[i]);
	}
	finish_groups(&grouping, listing);
	listing->dumps = dumps;
	listing->dump_count = count - listing->hidden;
	free(grouping.groups.items);
	map_deinit(&grouping.keys);
	map_deinit(&grouping.hosts);
}
