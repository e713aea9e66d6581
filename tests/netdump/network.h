// SPDX-License-Identifier: GPL-2.0-or-later
// A sender and a server of version 6 on a network that is not there: time, loss, delay, order, size and the server's
// disk are the test's. Nothing waits for anything real, so that hours pass in moments and each run is like the one
// before.
#ifndef TESTS_NETWORK_H
#define TESTS_NETWORK_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "seal/seal.h"
#include "send/source.h"
#include "send/transfer.h"
#include "session/meta.h"
#include "session/netdump6.h"
#include "wire/bytes.h"
#include "wire/redhat.h"

#define SECOND UINT64_C(1000000000)
#define MILLISECOND UINT64_C(1000000)

/* One direction. Shares are of a million. */
struct link {
	uint64_t rate;      /* bytes per second; 0: any */
	uint64_t queue;     /* bytes that wait where the rate ends; 0: any */
	uint64_t delay, jitter;
	unsigned loss, duplicated, corrupted;
	unsigned late;      /* come a tenth of a second after those that were sent with them */
	size_t mtu;         /* larger datagrams vanish; 0: none */
	size_t refused;     /* larger datagrams are refused by the sending system; 0: none */
	uint64_t busy_until;
	uint64_t sent, delivered, datagrams; /* bytes */
};

struct flight {
	uint64_t at, order;
	bool is_up;
	uint8_t *bytes;
	size_t length;
};

/* A write that waits for the disk. */
struct pending {
	struct pending *next;
	uint64_t offset, length;
	bool is_zero;
	uint8_t bytes[];
};

struct world {
	struct session_host host; /* first: the session gets it */
	struct meta meta;
	char log[64 << 10];
	size_t log_length;
	uint64_t now, random;
	struct link up, down;
	struct flight *flights;
	size_t flying, flights_capacity;
	uint64_t order;

	struct netdump6_listener listener;
	struct seal_pair server_pair;
	struct seal_peers peers;
	struct sockaddr_in6 address;
	struct session *session;
	bool is_down;             /* no server */
	bool is_old;              /* a server that knows no version 6 */
	uint8_t *file;            /* the server's, and what of it is on its disk */
	uint64_t file_size, file_end;
	struct extents durable;
	uint8_t durable_id[16];
	bool has_durable;
	struct pending *pending, **pending_last;
	uint64_t disk_rate, disk_at, backlog, room, written; /* disk_rate 0: at once */
	bool is_stalled, is_failing, is_unsafe; /* unsafe: what is finished does not stay */
	bool is_finishing, is_finished, is_renamed;
	enum session_end end;
	const char *failure;      /* why writing fails for good; NULL: it may work again */

	struct transfer *transfer;
	struct source *source;
	int feed;                 /* the pipe's end to write to, or -1 */
	const uint8_t *input, *stored; /* stored: what the file has, which is the same file each time */
	int file_input;           /* -1: none */
	size_t input_size, input_at;
	uint64_t awake, asleep;   /* how long the sender has a processor, and then none; asleep 0: always has */
	uint64_t patience_end;    /* when a test gives up */
};

static inline uint64_t world_random(struct world *world)
{
	world->random ^= world->random << 13;
	world->random ^= world->random >> 7;
	world->random ^= world->random << 17;
	return world->random;
}

static inline bool world_chance(struct world *world, unsigned share)
{
	return share && world_random(world) % 1000000 < share;
}

/* ---- flights: a heap ------------------------------------------------------------------------- */

static inline bool flight_before(const struct flight *one, const struct flight *other)
{
	return one->at != other->at ? one->at < other->at : one->order < other->order;
}

static inline void flight_swap(struct flight *one, struct flight *other)
{
	struct flight saved = *one;

	*one = *other;
	*other = saved;
}

static inline void flight_push(struct world *world, struct flight flight)
{
	if (world->flying == world->flights_capacity) {
		world->flights_capacity = world->flights_capacity ? world->flights_capacity * 2 : 1024;
		world->flights = realloc(world->flights, world->flights_capacity * sizeof(*world->flights));
	}
	size_t at = world->flying++;

	world->flights[at] = flight;
	for (; at && flight_before(&world->flights[at], &world->flights[(at - 1) / 2]); at = (at - 1) / 2)
		flight_swap(&world->flights[at], &world->flights[(at - 1) / 2]);
}

static inline struct flight flight_pop(struct world *world)
{
	struct flight first = world->flights[0];
	size_t at = 0;

	world->flights[0] = world->flights[--world->flying];
	for (;;) {
		size_t least = at, left = 2 * at + 1;

		if (left < world->flying && flight_before(&world->flights[left], &world->flights[least]))
			least = left;
		if (left + 1 < world->flying && flight_before(&world->flights[left + 1], &world->flights[least]))
			least = left + 1;
		if (least == at)
			return first;
		flight_swap(&world->flights[at], &world->flights[least]);
		at = least;
	}
}

static inline void link_carry(struct world *world, struct link *link, const void *bytes, size_t length)
{
	uint64_t at = link->busy_until > world->now ? link->busy_until : world->now;

	link->sent += length;
	link->datagrams++;
	if (world_chance(world, link->loss) || (link->mtu && length > link->mtu) ||
	    (link->rate && link->queue && (at - world->now) * link->rate / SECOND + length > link->queue))
		return;
	if (link->rate)
		link->busy_until = at += length * SECOND / link->rate;
	for (unsigned copies = world_chance(world, link->duplicated) ? 2 : 1; copies; copies--) {
		struct flight flight = {
			.at = at + link->delay + (link->jitter ? world_random(world) % link->jitter : 0) +
			      (world_chance(world, link->late) ? SECOND / 10 : 0),
			.order = world->order++,
			.is_up = link == &world->up,
			.bytes = malloc(length),
			.length = length,
		};

		memcpy(flight.bytes, bytes, length);
		if (world_chance(world, link->corrupted))
			flight.bytes[world_random(world) % length] ^= (uint8_t)(1 << world_random(world) % 8);
		flight_push(world, flight);
	}
}

/* ---- the server ------------------------------------------------------------------------------ */

static inline struct world *world_of(struct session_host *host)
{
	return (struct world *)host;
}

static inline void disk_apply(struct world *world, const struct pending *pending)
{
	uint64_t end = pending->offset + pending->length;

	if (end > world->file_size)
		abort();
	if (pending->is_zero)
		memset(world->file + pending->offset, 0, pending->length);
	else
		memcpy(world->file + pending->offset, pending->bytes, pending->length);
	if (end > world->file_end)
		world->file_end = end;
	extents_add(&world->durable, pending->offset, end);
}

static inline void disk_run(struct world *world)
{
	while (world->pending && !world->is_stalled && (!world->disk_rate || world->disk_at <= world->now)) {
		struct pending *pending = world->pending;

		disk_apply(world, pending);
		world->pending = pending->next;
		if (!world->pending)
			world->pending_last = &world->pending;
		if (!pending->is_zero) {
			world->backlog -= pending->length;
			world->written += pending->length;
			if (world->disk_rate)
				world->disk_at += pending->length * SECOND / world->disk_rate;
		}
		free(pending);
	}
}

static inline void disk_drop(struct world *world)
{
	while (world->pending) {
		struct pending *pending = world->pending;

		world->pending = pending->next;
		free(pending);
	}
	world->pending_last = &world->pending;
	world->backlog = 0;
}

static inline bool disk_queue(struct world *world, uint64_t offset, const void *bytes, uint64_t length)
{
	uint64_t size = bytes ? length : 0;

	if (world->is_failing || world->is_finishing || world->backlog + size > world->room ||
	    offset > world->file_size || length > world->file_size - offset)
		return false;
	struct pending *pending = calloc(1, sizeof(*pending) + size);

	pending->offset = offset;
	pending->length = length;
	pending->is_zero = !bytes;
	if (size)
		memcpy(pending->bytes, bytes, size);
	if (!world->pending && world->disk_at < world->now)
		world->disk_at = world->now;
	*world->pending_last = pending;
	world->pending_last = &pending->next;
	world->backlog += size;
	disk_run(world);
	return true;
}

static inline void host_send(struct session_host *host, const void *bytes, size_t length)
{
	link_carry(world_of(host), &world_of(host)->down, bytes, length);
}

static inline bool host_write(struct session_host *host, enum session_file file, uint64_t offset, const void *bytes,
			      size_t length)
{
	return file == SESSION_VMCORE && disk_queue(world_of(host), offset, bytes, length);
}

static inline bool host_zero(struct session_host *host, enum session_file file, uint64_t offset, uint64_t length)
{
	return file == SESSION_VMCORE && disk_queue(world_of(host), offset, NULL, length);
}

static inline uint64_t host_room(struct session_host *host)
{
	return world_of(host)->room - world_of(host)->backlog;
}

static inline uint64_t host_written(struct session_host *host)
{
	return world_of(host)->written;
}

static inline const char *host_failure(struct session_host *host)
{
	return world_of(host)->failure;
}

static inline enum session_begin host_begin(struct session_host *host, uint64_t expected)
{
	return expected <= world_of(host)->file_size ? SESSION_BEGUN : SESSION_NO_ROOM;
}

static inline void host_log(struct session_host *host, const void *text, size_t length)
{
	struct world *world = world_of(host);

	for (size_t i = 0; i < length && world->log_length < sizeof(world->log); i++)
		world->log[world->log_length++] = ((const char *)text)[i];
}

__attribute__((format(printf, 2, 3))) static inline void host_note(struct session_host *host, const char *format, ...)
{
	(void)host;
	(void)format;
}

static inline void host_finish(struct session_host *host, enum session_end end)
{
	world_of(host)->is_finishing = true;
	world_of(host)->end = end;
}

static inline void host_script(struct session_host *host, const char *name)
{
	(void)host;
	(void)name;
}

static inline uint64_t host_random(struct session_host *host)
{
	return world_random(world_of(host));
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

static inline void server_drop_session(struct world *world)
{
	if (world->session)
		world->session->ops->free(world->session);
	world->session = NULL;
	world->is_finishing = world->is_finished = false;
}

static inline void server_open(struct world *world, const struct netdump6_opening *opening)
{
	struct extents have = {0};

	if (world->session && netdump6_reopen(world->session, opening, world->now))
		return;
	server_drop_session(world);
	bool is_same = world->has_durable && !memcmp(world->durable_id, opening->open.id, 16);

	disk_drop(world);
	if (is_same)
		extents_copy(&world->durable, &have);
	else
		extents_deinit(&world->durable);
	world->has_durable = true;
	memcpy(world->durable_id, opening->open.id, 16);
	world->written = 0;
	world->session = netdump6_new(&world->host, &world->listener, opening, &have, is_same, world->now);
}

static inline void server_start_ack(struct world *world, const struct redhat_reply *reply)
{
	struct redhat_request request = {.command = REDHAT_START_ACK, .from = REDHAT_VERSION};
	uint8_t bytes[REDHAT_REQUEST_SIZE + ND6_ANSWER];
	size_t length = REDHAT_REQUEST_SIZE;
	struct redhat_start start;
	struct nd6_offer offer;

	redhat_request_write(&request, bytes);
	redhat_start_parse(reply->payload, reply->length, &start);
	if (!world->is_old && start.offer && nd6_offer_parse(start.offer, start.offer_length, &offer)) {
		netdump6_answer(&world->listener, &offer, &world->address, world->now, bytes + length);
		length += ND6_ANSWER;
	}
	link_carry(world, &world->down, bytes, length);
}

static inline void server_receive(struct world *world, uint8_t *bytes, size_t length)
{
	uint8_t answer[ND6_DATAGRAM_MIN];
	struct netdump6_opening opening;
	struct redhat_reply reply;
	struct nd6_header header;

	if (world->is_down)
		return;
	if (!nd6_header_parse(bytes, length, &header)) {
		if (redhat_reply_parse(bytes, length, &reply) && reply.code == REDHAT_REPLY_START)
			server_start_ack(world, &reply);
	} else if (world->is_old) {
		return;
	} else if (header.type == ND6_OPEN) {
		if (netdump6_open_read(&world->listener, &world->address, bytes, length, world->now, &opening))
			server_open(world, &opening);
	} else if (world->session) {
		world->session->ops->packet(world->session, bytes, length, world->now);
	} else {
		length = netdump6_refuse_unknown(bytes, length, answer);
		if (length)
			link_carry(world, &world->down, answer, length);
	}
}

/* After a batch: acknowledgements, time, and the end of a dump. */
static inline void server_run(struct world *world)
{
	disk_run(world);
	if (!world->session)
		return;
	world->session->ops->batch_end(world->session, world->now);
	if (world->session->deadline <= world->now)
		world->session->ops->tick(world->session, world->now);
	if (world->is_finishing && !world->is_finished && !world->pending) {
		world->is_finished = true;
		world->is_renamed = world->end == SESSION_COMPLETE && !world->is_unsafe;
		world->session->ops->finished(world->session, !world->is_unsafe, world->now);
	}
	if (world->session->is_over)
		server_drop_session(world);
}

/* The process is gone, with what it had not written. */
static inline void server_kill(struct world *world)
{
	server_drop_session(world);
	disk_drop(world);
	world->is_down = true;
}

/* ---- the sender ------------------------------------------------------------------------------ */

static inline void client_feed(struct world *world)
{
	while (world->feed >= 0) {
		size_t left = world->input_size - world->input_at;
		ssize_t done = left ? write(world->feed, world->input + world->input_at, left) : 0;

		if (left && done <= 0)
			return;
		world->input_at += (size_t)done;
		if (world->input_at < world->input_size)
			continue;
		close(world->feed);
		world->feed = -1;
	}
}

static inline void client_run(struct world *world)
{
	static uint8_t bytes[ND6_DATAGRAM_MAX];
	size_t length;

	client_feed(world);
	while ((length = transfer_next(world->transfer, bytes, world->now))) {
		if (length > ND6_DATAGRAM_MAX)
			abort();
		if (world->up.refused && length > world->up.refused)
			transfer_too_long(world->transfer, length, world->up.refused, world->now);
		else
			link_carry(world, &world->up, bytes, length);
	}
}

static inline bool client_is_over(const struct world *world)
{
	enum transfer_state state = transfer_state(world->transfer);

	return state == TRANSFER_CLASSIC || state >= TRANSFER_DONE;
}

/* The file with `input`, opened once more. */
static inline int client_file(struct world *world)
{
	if (world->stored != world->input) {
		if (world->file_input >= 0)
			close(world->file_input);
		world->stored = world->input;
		world->file_input = memfd_create("input", MFD_CLOEXEC);
		if (write(world->file_input, world->input, world->input_size) != (ssize_t)world->input_size)
			return -1;
	}
	return fcntl(world->file_input, F_DUPFD_CLOEXEC, 0);
}

/* Reads `input` from a file or a pipe. */
static inline bool client_open(struct world *world, bool is_pipe)
{
	int ends[2];

	world->input_at = 0;
	if (is_pipe) {
		if (pipe2(ends, O_CLOEXEC))
			return false;
		fcntl(ends[1], F_SETFL, O_NONBLOCK);
		world->feed = ends[1];
		client_feed(world);
	} else {
		ends[0] = client_file(world);
		world->feed = -1;
		if (ends[0] < 0)
			return false;
	}
	struct error *error = source_open(ends[0], "input", &world->source);
	bool is_open = !error;

	error_free(error);
	return is_open;
}

static inline void client_close(struct world *world)
{
	transfer_free(world->transfer);
	source_close(world->source);
	if (world->feed >= 0)
		close(world->feed);
	world->feed = -1;
	world->transfer = NULL;
	world->source = NULL;
}

/* When the sender has a processor, at that time or later. */
static inline uint64_t client_wakes(const struct world *world, uint64_t time)
{
	uint64_t period = world->awake + world->asleep;

	return !world->asleep || time == UINT64_MAX || time % period < world->awake ? time : time - time % period + period;
}

/* ---- the world ------------------------------------------------------------------------------- */

static inline void world_init(struct world *world, uint64_t seed, uint64_t file_size)
{
	*world = (struct world){
		.host = {&host_ops, NULL},
		.now = 1000 * SECOND,
		.random = seed * 0x9e3779b97f4a7c15u + 1,
		.up = {.delay = MILLISECOND},
		.down = {.delay = MILLISECOND},
		.file_size = file_size,
		.file = calloc(1, file_size),
		.room = 8 << 20,
		.feed = -1,
		.file_input = -1,
		.patience_end = 3000 * SECOND,
	};
	struct error *error = seal_start(true);

	error_free(error);
	world->host.meta = &world->meta;
	world->pending_last = &world->pending;
	world->listener.datagram_max = ND6_DATAGRAM_MAX;
	world->listener.size_max = file_size;
	world->listener.silence = 600 * SECOND;
	seal_random(world->listener.cookies.secret, sizeof(world->listener.cookies.secret));
}

static inline void world_deinit(struct world *world)
{
	client_close(world);
	if (world->file_input >= 0)
		close(world->file_input);
	server_drop_session(world);
	disk_drop(world);
	extents_deinit(&world->durable);
	while (world->flying)
		free(flight_pop(world).bytes);
	free(world->flights);
	free(world->file);
}

static inline uint64_t world_next(const struct world *world)
{
	uint64_t due = transfer_deadline(world->transfer, world->now);
	uint64_t next = client_wakes(world, due > world->now ? due : world->now);

	if (world->flying && world->flights[0].at < next)
		next = world->flights[0].at;
	if (world->session && world->session->deadline < next)
		next = world->session->deadline;
	if (world->pending && !world->is_stalled && world->disk_at < next)
		next = world->disk_at;
	/* Both sides take in batches what comes close together. */
	return next <= world->now ? world->now + 1000 : (next + 9999) / 10000 * 10000;
}

/* One moment. */
static inline void world_step(struct world *world)
{
	world->now = world_next(world);
	while (world->flying && world->flights[0].at <= world->now) {
		struct flight flight = flight_pop(world);
		uint64_t taken_at = flight.is_up ? world->now : client_wakes(world, world->now);

		if (taken_at > world->now) {
			flight.at = taken_at;
			flight_push(world, flight);
			continue;
		}
		if (flight.is_up) {
			world->up.delivered += flight.length;
			server_receive(world, flight.bytes, flight.length);
		} else {
			transfer_packet(world->transfer, flight.bytes, flight.length, world->now);
		}
		free(flight.bytes);
	}
	server_run(world);
	if (client_wakes(world, world->now) == world->now)
		client_run(world);
}

/* Until the transfer is over, the server has got `until` bytes (0: any), or the test's patience is. */
static inline void world_run(struct world *world, uint64_t until)
{
	while (!client_is_over(world) && world->now < world->patience_end &&
	       (!until || world->durable.bytes < until))
		world_step(world);
}

#endif
