// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/client.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "seal/seal.h"
#include "server/hooks.h"
#include "server/journal.h"
#include "server/notes.h"
#include "server/server.h"
#include "server/sources.h"
#include "session/redhat.h"
#include "store/store.h"
#include "store/writer.h"

/* ---- what a session may ask ------------------------------------------------------------------ */

static struct client *client_of(struct session_host *host)
{
	return (struct client *)host;
}

static void host_send(struct session_host *host, const void *bytes, size_t length)
{
	struct client *client = client_of(host);
	struct server *server = client->server;

	/* Lost, as far as the session can see. */
	if (server->is_ticking && !client->session->is_proven && !repeats_take(&server->repeats, server->now))
		return;
	udp_send(client->udp, &client->peer, bytes, length);
}

static bool host_write(struct session_host *host, enum session_file file, uint64_t offset, const void *bytes, size_t length)
{
	struct client *client = client_of(host);

	return client_is_running(client) && dump_write(client->dump, file, offset, bytes, length);
}

static bool host_zero(struct session_host *host, enum session_file file, uint64_t offset, uint64_t length)
{
	struct client *client = client_of(host);

	return client_is_running(client) && dump_zero(client->dump, file, offset, length);
}

static uint64_t host_room(struct session_host *host)
{
	return writer_room(client_of(host)->server->writer);
}

static uint64_t host_written(struct session_host *host)
{
	return client_of(host)->dump ? dump_written(client_of(host)->dump) : 0;
}

static const char *host_failure(struct session_host *host)
{
	return client_of(host)->dump ? dump_failure(client_of(host)->dump) : NULL;
}

static bool run_script(struct client *client, enum hook hook)
{
	const char *path = hook == HOOK_NOSPACE ? client->server->dumpdir
			   : client->dump	? dump_path(client->dump)
						: NULL;

	if (hooks_run(client->server->hooks, hook, client->name, path, client->id))
		return true;
	journal_write(JOURNAL_WARNING, client->name, "the script netdump-%s cannot be run now", hook_name(hook));
	return false;
}

static void host_script(struct session_host *host, const char *name)
{
	for (enum hook hook = 0; hook < HOOKS; hook++)
		if (!strcmp(hook_name(hook), name))
			run_script(client_of(host), hook);
}

static void put_vnote(struct client *client, enum journal_level level, const char *format, va_list arguments)
{
	char text[512];

	vsnprintf(text, sizeof(text), format, arguments);
	notes_put(client->server->notes, level, client->name, text, client->server->now);
}

static void put_note(struct client *client, enum journal_level level, const char *format, ...) PRINTF_LIKE(3, 4);

static void put_note(struct client *client, enum journal_level level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_vnote(client, level, format, arguments);
	va_end(arguments);
}

/* Whether the site's script makes room, so that the client is to wait. */
static bool is_room_made(struct client *client, const struct error *error)
{
	struct server *server = client->server;
	uint64_t until = server->now + (server->config->script_timeout + 1) * SESSION_SECOND;
	uint8_t dump[CHANCE_DUMP] = {0};

	static_assert(sizeof(dump) == sizeof(client->meta.id), "version 6 names its dumps");
	/* Others have no name but the client's. */
	if (memcmp(client->meta.id, dump, sizeof(dump)))
		memcpy(dump, client->meta.id, sizeof(dump));
	else
		memcpy(dump, &client->id, sizeof(client->id));
	enum chance chance = chances_ask(&server->chances, client->name, dump, client->id, until, server->now);

	if (chance == CHANCE_NEW) {
		put_note(client, JOURNAL_WARNING, "netdump-nospace has one chance: %s", error->message);
		if (!run_script(client, HOOK_NOSPACE))
			chances_end(&server->chances, client->id);
	}
	return chance != CHANCE_OVER;
}

/* Many may have been let in before the first of them began. */
static struct error *check_full(const struct client *client)
{
	if (!clients_are_full(client->server, NULL))
		return NULL;
	return error_new(ERROR_LIMIT, "as many dumps are running as may (max_concurrent_dumps)");
}

static enum session_begin host_begin(struct session_host *host, uint64_t expected)
{
	struct client *client = client_of(host);
	struct server *server = client->server;
	struct error *full = check_full(client);
	struct error *error = full ? NULL : store_admit(server->store, client->name, expected, STORE_ROOM_FREE);

	if (error && is_room_made(client, error)) {
		error_free(error);
		return SESSION_WAIT;
	}
	/* Whoever can say any address costs nobody else a dump. */
	if (error) {
		error_free(error);
		error = store_admit(server->store, client->name, expected, *client->meta.peer ? STORE_ROOM_ALL : STORE_ROOM_OWN);
	}
	bool has_room = !full && !error;

	if (has_room)
		error = dump_begin(server->store, &client->meta, expected, &client->dump);
	if (!full && !error) {
		sources_recall(server->sources, client);
		journal_write(JOURNAL_BEGUN, client->name, "a dump begins: %s", dump_path(client->dump));
		return SESSION_BEGUN;
	}
	error = full ? full : error;
	put_note(client, JOURNAL_REFUSED, "no dump can be taken: %s", error->message);
	snprintf(client->meta.reason, sizeof(client->meta.reason), "%s", error->message);
	bool is_full = full || (has_room && error->code == ERROR_LIMIT), is_room = !full && !has_room;

	error_free(error);
	return is_full ? SESSION_FULL : is_room ? SESSION_NO_ROOM : SESSION_CANNOT;
}

static void host_log(struct session_host *host, const void *text, size_t length)
{
	struct client *client = client_of(host);

	/* What is said before the dump begins is put into its log then. */
	if (client->dump)
		store_log(client->server->store, client->name, client->dump, text, length);
	else
		sources_text(client->server->sources, &client->peer, text, length);
}

static void host_note(struct session_host *host, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	put_vnote(client_of(host), JOURNAL_NOTICE, format, arguments);
	va_end(arguments);
}

/* The client is told before the digest is made. */
static void dump_stored(void *context, bool is_safe)
{
	struct client *client = context;

	client->session->ops->finished(client->session, is_safe, client->server->now);
}

static void dump_done(void *context, bool is_safe)
{
	struct client *client = context;
	const struct meta *meta = &client->meta;

	bool is_complete = is_safe && !*meta->reason;

	client->is_finishing = false;
	if (is_complete)
		run_script(client, HOOK_FINISH);
	journal_write(is_complete ? JOURNAL_COMPLETE : JOURNAL_INCOMPLETE, client->name, "the dump is %s: %s%s%s",
		      !is_safe ? "not safe on the disk" : *meta->reason ? "incomplete" : "complete",
		      dump_path(client->dump), *meta->reason ? ": " : "", meta->reason);
}

static void host_finish(struct session_host *host, enum session_end end)
{
	struct client *client = client_of(host);
	struct server_counts *counts = &client->server->counts;

	bool is_begun = client_is_running(client);

	client->is_leaving = true;
	counts->dumps_complete += end == SESSION_COMPLETE;
	counts->dumps_incomplete += end == SESSION_INCOMPLETE;
	counts->dumps_refused += end == SESSION_REFUSED;
	if (!is_begun)
		return;
	client->is_finishing = true;
	dump_when_stored(client->dump, dump_stored);
	dump_finish(client->dump, end, dump_done, client);
}

static uint64_t host_random(struct session_host *host)
{
	uint64_t number;

	(void)host;
	seal_random(&number, sizeof(number));
	return number;
}

static const struct session_host_ops host_ops = {
	.send = host_send,
	.write = host_write,
	.begin = host_begin,
	.log = host_log,
	.note = host_note,
	.finish = host_finish,
	.script = host_script,
	.random = host_random,
	.zero = host_zero,
	.room = host_room,
	.written = host_written,
	.failure = host_failure,
};

/* ---- clients --------------------------------------------------------------------------------- */

struct client *client_new(struct server *server, struct udp *udp, const struct udp_peer *peer)
{
	struct client *client = mem_zero(sizeof(*client));

	client->host = (struct session_host){&host_ops, &client->meta};
	client->server = server;
	client->udp = udp;
	client->peer = *peer;
	client->id = ++server->next_id;
	udp_text(&peer->address, client->name);
	snprintf(client->meta.client, sizeof(client->meta.client), "%s", client->name);
	udp_text(&(struct sockaddr_in6){.sin6_addr = peer->local}, client->meta.local);
	client->meta.port = ntohs(peer->address.sin6_port);
	client->meta.started = time(NULL);
	return client;
}

void client_free(struct client *client)
{
	if (!client)
		return;
	if (client->session)
		client->session->ops->free(client->session);
	dump_free(client->dump);
	udp_close(client->own);
	free(client);
}

bool client_is_done(const struct client *client)
{
	return !client->is_finishing && (!client->session || client->session->is_over);
}

bool client_is_running(const struct client *client)
{
	return client->dump && !client->is_leaving;
}

bool clients_are_full(const struct server *server, const struct client *but)
{
	size_t running = 0;

	/* Who was left waiting by the last server and has not answered may never do so. */
	for (size_t i = 0; i < server->clients.count; i++)
		running += server->clients.items[i] != but && client_is_running(server->clients.items[i]) &&
			   !redhat_is_returning(server->clients.items[i]->session);
	return running >= server->config->max_concurrent_dumps;
}
