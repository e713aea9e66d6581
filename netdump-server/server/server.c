// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/server.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "server/client.h"
#include "server/hooks.h"
#include "server/journal.h"
#include "server/notes.h"
#include "server/reception.h"
#include "server/returning.h"
#include "server/sandbox.h"
#include "server/sources.h"
#include "server/udp.h"
#include "session/redhat.h"
#include "store/writer.h"

/* Rounds of receiving before timers and answers have their turn. */
enum { RECEIVE_ROUNDS = 4, STOP_SECONDS = 3, EVENTS = 64 };

/* ---- beginning ------------------------------------------------------------------------------- */

static void fill_store_options(struct server *server, const struct config *config)
{
	server->store_options = (struct store_options){
		.dumpdir = server->dumpdir,
		.spool = *config->spool ? config->spool : NULL,
		.format = strcmp(config->format, "kdump") ? STORE_AS_SENT : STORE_KDUMP,
		.compression = !strcmp(config->compression, "lzo")    ? STORE_LZO
			       : !strcmp(config->compression, "zstd") ? STORE_ZSTD
								      : STORE_ZLIB,
		.check_space = config->space_check,
		.min_free = config->min_free,
		.max_total = config->max_total,
		.max_client = config->max_client,
		.keep = (unsigned)config->keep,
		.log_max = config->log_max,
		.log_keep = (unsigned)config->log_keep,
		.log_total = config->log_total,
		.boot = server->boot,
	};
}

static struct error *read_keys(struct server *server, const struct config *config)
{
	bool has_keys = *config->key && *config->peers;
	struct seal_peers peers = {0};
	struct seal_pair pair = {0};
	struct error *error = has_keys ? seal_pair_read(config->key, &pair) : NULL;

	if (!error && has_keys)
		error = seal_peers_read(config->peers, &peers);
	if (error) {
		seal_wipe(&pair, sizeof(pair));
		return error;
	}
	seal_peers_deinit(&server->peers);
	server->pair = pair;
	server->peers = peers;
	server->listener.pair = has_keys ? &server->pair : NULL;
	server->listener.peers = has_keys ? &server->peers : NULL;
	server->listener.must_seal = config->secure == CONFIG_SEALED;
	server->listener.size_max = config->max_dump;
	seal_wipe(&pair, sizeof(pair));
	return NULL;
}

static struct error *open_ports(struct server *server)
{
	const struct config *config = server->config;
	const uint64_t ports[SERVER_PORTS] = {config->port, config->freebsd_port,
					      config->netconsole_port == config->port ? 0 : config->netconsole_port};
	struct error *error = NULL;

	for (size_t i = 0; !error && i < SERVER_PORTS; i++)
		if (ports[i])
			error = udp_open(config->addr, (uint16_t)ports[i], &server->udp[i]);
	return error;
}

static void write_note(enum journal_level level, const char *client, const char *text)
{
	journal_write(level, client, "%s", text);
}

/* Not to be read from inside the sandbox. */
static void read_boot(struct server *server)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	if (!file || !fgets(server->boot, sizeof(server->boot), file))
		server->boot[0] = '\0';
	server->boot[strcspn(server->boot, "\n")] = '\0';
	if (file)
		fclose(file);
}

/* Scripts and markers name it to others, who need not have our working directory, nor see the links that we do. */
static struct error *resolve_dumpdir(struct server *server)
{
	server->dumpdir = realpath(server->config->dumpdir, NULL);
	fill_store_options(server, server->config);
	return server->dumpdir ? NULL : error_errno("%s: cannot open the dump directory", server->config->dumpdir);
}

struct error *server_open(const struct config *config, struct server **ret)
{
	struct server *server = mem_zero(sizeof(*server));

	server->config = config;
	server->epoll = -1;
	server->now = clock_now();
	server->notes = notes_new(write_note);
	server->listener.datagram_max = ND6_DATAGRAM_MAX;
	server->listener.silence = 600 * SESSION_SECOND;
	read_boot(server);
	seal_random(&server->listener.cookies, sizeof(server->listener.cookies));
	struct error *error = resolve_dumpdir(server);
	if (!error)
		error = open_ports(server);
	if (!error)
		error = sandbox_drop(config);
	/* As at SIGHUP: who could not read them then is told so now. */
	if (!error)
		error = read_keys(server, config);
	/* After the privileges, before the sandbox, and before the threads: only the thread that forks lives on there. */
	if (!error)
		error = hooks_start(server->dumpdir, (unsigned)config->script_timeout, &server->hooks);
	if (!error)
		error = sandbox_enter(config);
	if (!error)
		error = writer_new(config->memory, &server->writer);
	if (!error)
		error = store_open(&server->store_options, server->writer, &server->store);
	if (error) {
		(void)!server_close(server); // nothing waits for the disk as yet
		return error;
	}
	server->sources = sources_new(server);
	returning_begin(server);
	*ret = server;
	return NULL;
}

static bool is_finishing(const struct server *server)
{
	for (size_t i = 0; i < server->clients.count; i++)
		if (server->clients.items[i]->is_finishing)
			return true;
	return false;
}

/* Waits for what writing reports, for a while; false where that failed. */
static bool await_writer(struct server *server)
{
	struct pollfd ready = {writer_event(server->writer), POLLIN, 0};

	if (poll(&ready, 1, 100) < 0 && errno != EINTR)
		return false;
	writer_poll(server->writer);
	return true;
}

/* Waits until there is nothing that `is_busy`, or no time left. */
static bool await(struct server *server, bool (*is_busy)(const struct server *server))
{
	while (is_busy(server))
		if (clock_now() >= server->stopped || !await_writer(server))
			return false;
	return true;
}

static bool is_writing(const struct server *server)
{
	return !server->is_written;
}

static void set_written(void *context)
{
	((struct server *)context)->is_written = true;
}

/* Files of clients and of the store are closed behind what is queued for them: by the writer, which goes last. */
static bool close_files(struct server *server)
{
	sources_free(server->sources);
	if (!await(server, is_finishing))
		return false;
	for (size_t i = 0; i < server->clients.count; i++)
		client_free(server->clients.items[i]);
	free(server->clients.items);
	store_close(server->store);
	if (server->writer)
		writer_barrier(server->writer, NULL, set_written, server);
	if (server->writer && !await(server, is_writing))
		return false;
	writer_free(server->writer);
	return true;
}

/* Milliseconds until server_close() has to be done. */
static unsigned time_left(const struct server *server)
{
	uint64_t now = clock_now();

	return now < server->stopped ? (unsigned)((server->stopped - now) / 1000000) : 0;
}

bool server_close(struct server *server)
{
	if (!server)
		return true;
	if (!server->stopped)
		server->stopped = clock_now() + STOP_SECONDS * SESSION_SECOND;
	bool is_closed = close_files(server);

	if (!is_closed)
		journal_write(JOURNAL_ERROR, NULL, "the disk is too slow: not every dump can be closed properly");
	hooks_stop(server->hooks, time_left(server));
	if (server->epoll >= 0)
		close(server->epoll);
	for (size_t i = 0; i < SERVER_PORTS; i++)
		udp_close(server->udp[i]);
	seal_wipe(&server->pair, sizeof(server->pair));
	seal_peers_deinit(&server->peers);
	if (!is_closed)
		return false;
	notes_free(server->notes);
	free(server->dumpdir);
	free(server);
	return true;
}

struct error *server_reload(struct server *server, const struct config *config)
{
	struct error *error = read_keys(server, config);

	if (error)
		return error;
	server->config = config;
	fill_store_options(server, config);
	return NULL;
}

/* ---- a round --------------------------------------------------------------------------------- */

struct receiver {
	struct server *server;
	enum server_port port;
};

static void take_for_port(void *context, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	struct receiver *receiver = context;

	reception_packet(receiver->server, receiver->port, peer, bytes, length);
}

static void end_batches(struct server *server)
{
	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *client = server->clients.items[i];
		struct session *session = client->session;

		if (client->is_touched && !session->is_over && session->ops->batch_end)
			session->ops->batch_end(session, server->now);
		client->is_touched = false;
	}
}

static void receive_from(struct server *server, struct udp *udp, udp_take *take, void *context)
{
	for (int i = 0; i < RECEIVE_ROUNDS; i++) {
		server->now = clock_now();
		size_t count = udp_receive(udp, take, context);

		end_batches(server);
		udp_flush(udp);
		if (!count)
			break;
	}
}

static void receive(struct server *server)
{
	for (enum server_port port = 0; port < SERVER_PORTS; port++) {
		struct receiver receiver = {server, port};

		if (server->udp[port])
			receive_from(server, server->udp[port], take_for_port, &receiver);
	}
}

static void take_for_client(void *context, const struct udp_peer *peer, uint8_t *bytes, size_t length)
{
	reception_own_packet(context, peer, bytes, length);
}

/* There may be many of these ports: only those are looked at where something has come. */
static void receive_own(struct server *server, int fd)
{
	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *client = server->clients.items[i];

		if (client->own && udp_descriptor(client->own) == fd)
			receive_from(server, client->own, take_for_client, client);
	}
}

static void flush(struct server *server)
{
	for (size_t i = 0; i < SERVER_PORTS; i++)
		if (server->udp[i])
			udp_flush(server->udp[i]);
	for (size_t i = 0; i < server->clients.count; i++)
		if (server->clients.items[i]->own)
			udp_flush(server->clients.items[i]->own);
}

static void tick_sessions(struct server *server)
{
	size_t kept = 0;

	server->is_ticking = true;
	for (size_t i = 0; i < server->clients.count; i++) {
		struct client *client = server->clients.items[i];

		if (!client->session->is_over && client->session->deadline <= server->now)
			client->session->ops->tick(client->session, server->now);
		if (client_is_done(client))
			client_free(client);
		else
			server->clients.items[kept++] = client;
	}
	server->clients.count = kept;
	server->is_ticking = false;
}

static void tick(struct server *server)
{
	server->now = clock_now();
	tick_sessions(server);
	store_tick(server->store);
	sources_tick(server->sources);
	notes_tick(server->notes, server->now);
	flush(server);
}

/* Milliseconds until something is due, a second at most. */
static int patience(const struct server *server)
{
	uint64_t first = server->now + SESSION_SECOND, deadline = sources_deadline(server->sources);

	first = deadline < first ? deadline : first;
	for (size_t i = 0; i < server->clients.count; i++) {
		const struct session *session = server->clients.items[i]->session;

		first = !session->is_over && session->deadline < first ? session->deadline : first;
	}
	/* Rounded up: a timer that is not yet due would only make the loop spin. */
	return first <= server->now ? 0 : (int)((first - server->now + 999999) / 1000000);
}

static void take_results(struct server *server)
{
	struct hook_result result;

	while (hooks_result(server->hooks, &result)) {
		if (result.hook == HOOK_NOSPACE)
			chances_end(&server->chances, result.id);
		if (result.status > 0)
			journal_write(JOURNAL_WARNING, NULL, "the script netdump-%s ended with status %d",
				      hook_name(result.hook), result.status);
	}
}

/* ---- the loop -------------------------------------------------------------------------------- */

static bool watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return !epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

struct error *server_watch(struct server *server, const struct client *client)
{
	return watch(server->epoll, udp_descriptor(client->own)) ? NULL : error_errno("epoll");
}

static struct error *watch_all(struct server *server, int signals)
{
	int epoll = server->epoll = epoll_create1(EPOLL_CLOEXEC);
	bool is_fine = epoll >= 0 && watch(epoll, signals) && watch(epoll, writer_event(server->writer)) &&
		       watch(epoll, hooks_event(server->hooks));

	for (size_t i = 0; is_fine && i < SERVER_PORTS; i++)
		is_fine = !server->udp[i] || watch(epoll, udp_descriptor(server->udp[i]));
	return is_fine ? NULL : error_errno("epoll");
}

static int next_signal(int signals)
{
	struct signalfd_siginfo info;

	return read(signals, &info, sizeof(info)) == sizeof(info) ? (int)info.ssi_signo : 0;
}

/* One round: waits, and does whatever is due. */
static void serve(struct server *server)
{
	struct epoll_event events[EVENTS];

	server->now = clock_now();
	int count = epoll_wait(server->epoll, events, EVENTS, patience(server));

	if (count < 0 && errno != EINTR)
		journal_write(JOURNAL_ERROR, NULL, "epoll_wait: %s", strerror(errno));
	receive(server);
	for (int i = 0; i < count; i++)
		receive_own(server, events[i].data.fd);
	writer_poll(server->writer);
	take_results(server);
	tick(server);
}

/* Whether the client is left waiting for the next server, which must be able to go on. */
static bool is_suspended(const struct server *server, const struct client *client)
{
	return !strcmp(server->config->stop, "wait") && !strcmp(client->session->ops->protocol, "redhat") && client->dump &&
	       dump_can_resume(client->dump, &client->meta) && redhat_suspend(client->session);
}

/* Dumps that are being closed, and clients that are still to be told something, in time. */
static bool is_leaving(const struct server *server, uint64_t deadline)
{
	for (size_t i = 0; i < server->clients.count; i++) {
		const struct client *client = server->clients.items[i];

		if (client->is_finishing || (!client->session->is_over && client->session->deadline < deadline))
			return true;
	}
	return false;
}

static void leave(int signal)
{
	(void)signal;
	_exit(0);
}

/* Every client is told, and every dump closed: what is queued is written, for some seconds. */
static void stop(struct server *server)
{
	server->now = clock_now();
	server->stopped = server->now + STOP_SECONDS * SESSION_SECOND;
	/* Should this thread itself wait for the disk by then. */
	signal(SIGALRM, leave);
	alarm(STOP_SECONDS + 1);
	store_stop(server->store);
	for (size_t i = 0; i < server->clients.count; i++) {
		struct session *session = server->clients.items[i]->session;

		if (!session->is_over && !is_suspended(server, server->clients.items[i]))
			session->ops->stop(session, server->now);
	}
	flush(server);
	while (is_leaving(server, server->stopped) && clock_now() < server->stopped && await_writer(server)) {
		server->now = clock_now();
		tick_sessions(server);
		flush(server);
	}
}

struct error *server_run(struct server *server, int signals, void (*reload)(struct server *), void (*second)(struct server *))
{
	uint64_t told = 0;
	int signal = 0;
	struct error *error = watch_all(server, signals);

	if (error)
		return error;
	while (signal != SIGTERM && signal != SIGINT) {
		serve(server);
		signal = next_signal(signals);
		if (signal == SIGHUP)
			reload(server);
		if (server->now - told >= SESSION_SECOND) {
			told = server->now;
			second(server);
		}
	}
	stop(server);
	second(server);
	return NULL;
}
