// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/client.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "seal/seal.h"
#include "server/hooks.h"
#include "server/journal.h"
#include "server/server.h"
#include "server/sources.h"
#include "store/store.h"
#include "store/writer.h"

/* ---- what a session may ask ------------------------------------------------------------------ */

static struct client *client_of(struct session_host *host)
{
	return (struct client *)host;
}

static void host_send(struct session_host *host, const void *bytes, size_t length)
{
	udp_send(client_of(host)->udp, &client_of(host)->peer, bytes, length);
}

static bool host_write(struct session_host *host, enum session_file file, uint64_t offset, const void *bytes, size_t length)
{
	struct client *client = client_of(host);

	return client->dump && !client->is_finishing && dump_write(client->dump, file, offset, bytes, length);
}

static bool host_zero(struct session_host *host, enum session_file file, uint64_t offset, uint64_t length)
{
	struct client *client = client_of(host);

	return client->dump && !client->is_finishing && dump_zero(client->dump, file, offset, length);
}

static uint64_t host_room(struct session_host *host)
{
	return writer_room(client_of(host)->server->writer);
}

static uint64_t host_written(struct session_host *host)
{
	return client_of(host)->dump ? dump_written(client_of(host)->dump) : 0;
}

static void run_script(struct client *client, enum hook hook)
{
	const char *path = client->dump ? dump_path(client->dump) : NULL;

	if (!hooks_run(client->server->hooks, hook, client->name, path, client->id))
		journal_write(JOURNAL_WARNING, client->name, "the script netdump-%s cannot be run now", hook_name(hook));
}

static void host_script(struct session_host *host, const char *name)
{
	for (enum hook hook = 0; hook < HOOKS; hook++)
		if (!strcmp(hook_name(hook), name))
			run_script(client_of(host), hook);
}

static enum session_begin host_begin(struct session_host *host, uint64_t expected)
{
	struct client *client = client_of(host);
	struct server *server = client->server;
	struct error *error = store_admit(server->store, client->name, expected);

	if (!error)
		error = dump_begin(server->store, &client->meta, expected, &client->dump);
	if (!error) {
		sources_recall(server->sources, client);
		journal_write(JOURNAL_NOTICE, client->name, "a dump begins: %s", dump_path(client->dump));
		return SESSION_BEGUN;
	}
	journal_write(JOURNAL_ERROR, client->name, "no dump can be taken: %s", error->message);
	run_script(client, HOOK_NOSPACE);
	snprintf(client->meta.reason, sizeof(client->meta.reason), "%s", error->message);
	error_free(error);
	return SESSION_NO_ROOM;
}

static void host_log(struct session_host *host, const void *text, size_t length)
{
	struct client *client = client_of(host);

	store_log(client->server->store, client->name, client->is_finishing ? NULL : client->dump, text, length);
}

static void host_note(struct session_host *host, const char *format, ...)
{
	struct client *client = client_of(host);
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	journal_write(JOURNAL_NOTICE, client->name, "%s", text);
}

static void dump_done(void *context, bool is_safe)
{
	struct client *client = context;
	const struct meta *meta = &client->meta;

	client->is_finishing = false;
	if (is_safe && !*meta->reason)
		run_script(client, HOOK_FINISH);
	journal_write(is_safe ? JOURNAL_NOTICE : JOURNAL_ERROR, client->name, "the dump is %s: %s%s%s",
		      !is_safe ? "not safe on the disk" : *meta->reason ? "incomplete" : "complete",
		      dump_path(client->dump), *meta->reason ? ": " : "", meta->reason);
	dump_free(client->dump);
	client->dump = NULL;
	client->session->ops->finished(client->session, is_safe, client->server->now);
}

static void host_finish(struct session_host *host, enum session_end end)
{
	struct client *client = client_of(host);
	struct server_counts *counts = &client->server->counts;

	client->is_leaving = true;
	counts->dumps_complete += end == SESSION_COMPLETE;
	counts->dumps_incomplete += end == SESSION_INCOMPLETE;
	counts->dumps_refused += end == SESSION_REFUSED;
	if (!client->dump || client->is_finishing)
		return;
	client->is_finishing = true;
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
