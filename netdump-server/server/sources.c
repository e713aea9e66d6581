// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "server/client.h"
#include "server/hooks.h"
#include "server/journal.h"
#include "server/notes.h"
#include "server/server.h"
#include "server/udp.h"
#include "session/netlog.h"
#include "store/store.h"

enum {
	SOURCES_MAX = 1024,
	RECENT_BYTES = 8 << 10,
	BUDGET = 4 << 20,
};

/* What was said longer ago has nothing to do with a crash now. */
static const uint64_t recent_time = 600 * SESSION_SECOND;
/* Between two runs of netdump-start for a host. */
static const uint64_t start_pause = 60 * SESSION_SECOND;
/* Without a word of trouble, after which it is a new one. */
static const uint64_t trouble_pause = 60 * SESSION_SECOND;

struct source {
	struct sources *sources;
	struct in6_addr address;
	char name[UDP_TEXT];
	struct netlog *netlog;
	uint64_t heard, started; /* started: when netdump-start was run last; 0: never */
	uint64_t troubled; /* when it last told of an oops and the like; 0: never */
	size_t recent_length;
	char recent[RECENT_BYTES]; /* the last lines that went to no dump's log */
};

struct sources {
	struct server *server;
	struct netlog_budget budget;
	struct buf line; /* the one that is being written */
	struct source *items[SOURCES_MAX];
	size_t count;
};

struct sources *sources_new(struct server *server)
{
	struct sources *sources = mem_zero(sizeof(*sources));

	sources->server = server;
	sources->budget.limit = BUDGET;
	return sources;
}

static void source_free(struct source *source)
{
	netlog_flush(source->netlog);
	netlog_free(source->netlog);
	free(source);
}

void sources_free(struct sources *sources)
{
	if (!sources)
		return;
	for (size_t i = 0; i < sources->count; i++)
		source_free(sources->items[i]);
	buf_deinit(&sources->line);
	free(sources);
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* The dump that the host is sending, or NULL. */
static struct dump_files *dump_of(const struct source *source)
{
	const struct server *server = source->sources->server;

	for (size_t i = 0; i < server->clients.count; i++) {
		const struct client *client = server->clients.items[i];

		if (client_is_running(client) && IN6_ARE_ADDR_EQUAL(&client->peer.address.sin6_addr, &source->address))
			return client->dump;
	}
	return NULL;
}

/* Forgets the oldest lines where there is no room. */
static void forget(struct source *source, size_t surplus)
{
	const char *last = source->recent + surplus - 1;
	const char *newline = memchr(last, '\n', source->recent_length - (surplus - 1));
	size_t gone = newline ? (size_t)(newline + 1 - source->recent) : source->recent_length;

	source->recent_length -= gone;
	memmove(source->recent, source->recent + gone, source->recent_length);
}

static void remember(struct source *source, const char *text, size_t length)
{
	if (length > RECENT_BYTES) {
		text += length - RECENT_BYTES;
		length = RECENT_BYTES;
	}
	if (source->recent_length + length > RECENT_BYTES)
		forget(source, source->recent_length + length - RECENT_BYTES);
	memcpy(source->recent + source->recent_length, text, length);
	source->recent_length += length;
}

/* What a kernel that is in trouble says (kernel/panic.c, lib/bug.c, arch/x86/kernel/dumpstack.c and mm/fault.c). */
static bool tells_of_trouble(const char *line)
{
	static const char *const words[] = {"Kernel panic - not syncing", "Oops: ", "BUG: ", "kernel BUG at ",
					    "general protection fault", "Unable to handle kernel "};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

/* The first such line of a minute: others follow it. */
static void tell_trouble(struct source *source, const char *line)
{
	struct server *server = source->sources->server;
	bool is_news = !source->troubled || server->now - source->troubled >= trouble_pause;

	if (!tells_of_trouble(line))
		return;
	source->troubled = server->now;
	if (is_news)
		notes_put(server->notes, JOURNAL_TROUBLE, source->name, line, server->now);
}

static void write_text(struct source *source, const char *text, size_t length)
{
	struct dump_files *dump = dump_of(source);

	if (!dump)
		remember(source, text, length);
	store_log(source->sources->server->store, source->name, dump, text, length);
}

static void write_line(void *context, const char *text, size_t length)
{
	struct source *source = context;
	struct buf *line = &source->sources->line;

	buf_cut(line, 0);
	buf_put(line, text, length);
	tell_trouble(source, buf_text(line));
	buf_putc(line, '\n');
	write_text(source, line->data, line->length);
}

/* ---- hosts ----------------------------------------------------------------------------------- */

static struct source *find(const struct sources *sources, const struct in6_addr *address)
{
	for (size_t i = 0; i < sources->count; i++)
		if (IN6_ARE_ADDR_EQUAL(&sources->items[i]->address, address))
			return sources->items[i];
	return NULL;
}

/* Position of a new one; the place of the one longest silent where all are taken. */
static size_t make_place(struct sources *sources)
{
	size_t oldest = 0;

	if (sources->count < SOURCES_MAX)
		return sources->count++;
	for (size_t i = 1; i < sources->count; i++)
		if (sources->items[i]->heard < sources->items[oldest]->heard)
			oldest = i;
	source_free(sources->items[oldest]);
	return oldest;
}

static struct source *find_or_make(struct sources *sources, const struct udp_peer *peer)
{
	struct source *source = find(sources, &peer->address.sin6_addr);

	if (!source) {
		source = mem_zero(sizeof(*source));
		source->sources = sources;
		source->address = peer->address.sin6_addr;
		udp_text(&peer->address, source->name);
		source->netlog = netlog_new(&sources->budget, write_line, source);
		sources->items[make_place(sources)] = source;
	}
	if (sources->server->now - source->heard > recent_time)
		source->recent_length = 0;
	source->heard = sources->server->now;
	return source;
}

void sources_packet(struct sources *sources, const struct udp_peer *peer, const uint8_t *bytes, size_t length)
{
	struct source *source = find_or_make(sources, peer);

	netlog_packet(source->netlog, bytes, length, sources->server->now);
}

void sources_text(struct sources *sources, const struct udp_peer *peer, const uint8_t *text, size_t length)
{
	static const char startup[] = "[...network console startup...]";
	struct source *source = find_or_make(sources, peer);

	/* RHEL 3 and 4 say so when the module is loaded (drivers/net/netconsole.c). */
	bool is_due = !source->started || sources->server->now - source->started >= start_pause;
	if (is_due && memmem(text, length, startup, sizeof(startup) - 1) &&
	    hooks_run(sources->server->hooks, HOOK_START, source->name, NULL, 0))
		source->started = sources->server->now;
	write_text(source, (const char *)text, length);
}

void sources_recall(struct sources *sources, struct client *client)
{
	struct source *source = find(sources, &client->peer.address.sin6_addr);

	if (!source)
		return;
	netlog_flush(source->netlog);
	if (sources->server->now - source->heard <= recent_time)
		store_log(sources->server->store, client->name, client->dump, source->recent, source->recent_length);
	source->recent_length = 0;
}

uint64_t sources_deadline(const struct sources *sources)
{
	uint64_t first = SESSION_NEVER;

	for (size_t i = 0; i < sources->count; i++) {
		uint64_t deadline = netlog_deadline(sources->items[i]->netlog);

		first = deadline < first ? deadline : first;
	}
	return first;
}

void sources_tick(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++)
		if (netlog_deadline(sources->items[i]->netlog) <= sources->server->now)
			netlog_tick(sources->items[i]->netlog, sources->server->now);
}

size_t sources_count(const struct sources *sources)
{
	return sources->count;
}
