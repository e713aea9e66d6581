// SPDX-License-Identifier: GPL-2.0-or-later
// netdump-send: reads a dump and sends it, by version 6 where the server knows that, else by the original netdump.
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "seal/seal.h"
#include "send/classic.h"
#include "send/link.h"
#include "send/memory.h"
#include "send/options.h"
#include "send/source.h"
#include "send/transfer.h"

enum status { STATUS_COMPLETE, STATUS_INCOMPLETE, STATUS_CANNOT_RUN, STATUS_NO_SERVER };

enum { ROUNDS = 4 }; /* batches sent before answers have their turn */

static const uint64_t progress_gap = 500000000;
/* What the transfer says of a server that does not answer comes first. */
static const uint64_t late_gap = 100000000;
/* How long the server is told that nothing more comes, and how often. */
static const uint64_t farewell_time = 3000000000, farewell_gap = 200000000;

/* What has come; 0: none. */
static volatile sig_atomic_t main_signal;

/* Exactly one of transfer and classic is there while something is sent. */
struct sender {
	const struct options *options;
	struct source *source;
	struct link *link;
	struct transfer *transfer;
	struct memory *memory;
	struct classic *classic;
	uint64_t began, now, told; /* CLOCK_MONOTONIC, nanoseconds */
	bool has_begun;            /* the server has taken the dump on */
	bool is_full;              /* the socket takes no more now */
	int log;                   /* -1: none */
	uint64_t log_size;
	char stopped[32];          /* by which signal */
};

PRINTF_LIKE(2, 3) static void tell(const struct sender *sender, const char *format, ...)
{
	va_list arguments;

	if (!sender->options->is_verbose)
		return;
	log_progress_end();
	fputs("netdump-send: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
}

/* ---- classic --------------------------------------------------------------------------------- */

static struct error *begin_classic(struct sender *sender)
{
	if (sender->log_size)
		tell(sender, "the original netdump takes no log of a file: it is left out");
	struct error *error = memory_open(sender->source, &sender->memory);

	if (error)
		return error;
	tell(sender, "the original netdump: %" PRIu32 " pages of %" PRIu32 " bytes, %" PRIu32 " with memory",
	     memory_pages(sender->memory), memory_page_size(sender->memory), memory_ram_pages(sender->memory));
	sender->classic = classic_new(sender->memory, sender->options->magic, sender->options->timeout, sender->now);
	return NULL;
}

/* ---- version 6 ------------------------------------------------------------------------------- */

static void begin_transfer(struct sender *sender)
{
	const struct options *options = sender->options;
	const struct transfer_options transfer = {
		.seal = options->is_sealed ? &options->seal : NULL,
		.magic = options->magic,
		.datagram = (uint32_t)link_datagram(sender->link),
		.memory = options->memory,
		.rate_max = options->rate,
		.patience = options->timeout,
		.text = options->label,
		.machine = source_machine(sender->source),
		.log = sender->log,
		.log_size = sender->log_size,
		.is_check = options->is_check,
	};

	sender->transfer = transfer_new(sender->source, &transfer, sender->now);
}

static bool is_running(const struct sender *sender)
{
	enum transfer_state state;

	if (sender->classic)
		return classic_state(sender->classic) <= CLASSIC_SERVING;
	state = transfer_state(sender->transfer);
	return state != TRANSFER_DONE && state != TRANSFER_INCOMPLETE && state != TRANSFER_FAILED;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static void too_long(void *context, size_t length, size_t most)
{
	struct sender *sender = context;

	if (sender->transfer)
		transfer_too_long(sender->transfer, length, most, sender->now);
}

static void take(void *context, uint8_t *bytes, size_t length)
{
	struct sender *sender = context;

	if (sender->classic)
		classic_packet(sender->classic, bytes, length, sender->now);
	else
		transfer_packet(sender->transfer, bytes, length, sender->now);
}

static size_t next(struct sender *sender, uint8_t *bytes)
{
	if (sender->classic)
		return classic_next(sender->classic, bytes, sender->now);
	return transfer_next(sender->transfer, bytes, sender->now);
}

/* Sends what there is to send now, a few batches at most; false: there was less. */
static bool send_some(struct sender *sender)
{
	for (int round = 0; round < ROUNDS; round++) {
		size_t length = 1;
		uint8_t *room;

		sender->is_full = !link_flush(sender->link, too_long, sender);
		if (sender->is_full)
			return false;
		while (length && (room = link_room(sender->link))) {
			sender->now = clock_now();
			length = next(sender, room);
			if (length)
				link_put(sender->link, length);
		}
		sender->is_full = !link_flush(sender->link, too_long, sender);
		if (!length || sender->is_full)
			return false;
	}
	return true;
}

static void show_progress(struct sender *sender)
{
	uint64_t size = source_is_pipe(sender->source) ? 0 : source_size(sender->source);
	uint64_t sent = sender->classic ? (uint64_t)classic_served(sender->classic) * memory_page_size(sender->memory)
					: transfer_counts(sender->transfer)->bytes_acknowledged;

	if (sender->options->is_quiet || sender->now - sender->told < progress_gap)
		return;
	sender->told = sender->now;
	uint64_t rate = sent / ((sender->now - sender->began) / 1000000 + 1) * 1000;

	if (!sender->has_begun)
		log_progress("waiting for %s", sender->options->server);
	else if (size && sent <= size)
		log_progress("%" PRIu64 " %% of %" PRIu64 " MiB, %" PRIu64 " MB/s", sent * 100 / size, size >> 20, rate / 1000000);
	else
		log_progress("%" PRIu64 " MiB, %" PRIu64 " MB/s", sent >> 20, rate / 1000000);
}

static void wait_for_more(const struct sender *sender)
{
	int input = sender->transfer && transfer_is_starved(sender->transfer) ? source_fd(sender->source) : -1;
	uint64_t deadline = sender->classic ? classic_deadline(sender->classic)
					    : transfer_deadline(sender->transfer, sender->now);

	/* The clock's next look at the progress; and nothing is due that the socket does not take. */
	if (sender->is_full || deadline > sender->now + progress_gap)
		deadline = sender->now + progress_gap;
	link_wait(sender->link, input, deadline, sender->now);
}

/* What the last datagrams have changed. */
static struct error *notice(struct sender *sender)
{
	if (sender->classic) {
		sender->has_begun |= classic_state(sender->classic) == CLASSIC_SERVING;
		return NULL;
	}
	switch (transfer_state(sender->transfer)) {
	case TRANSFER_CLASSIC:
		tell(sender, "the server does not know version 6");
		transfer_free(sender->transfer);
		sender->transfer = NULL;
		if (sender->options->is_check)
			return error_new(ERROR_INVALID, "it knows the original netdump only, and cannot be asked");
		return begin_classic(sender);
	case TRANSFER_RUNNING:
		if (!sender->has_begun)
			tell(sender, "the server takes the dump%s", sender->options->is_sealed ? "; encrypted" : "");
		sender->has_begun = true;
		return NULL;
	default:
		return NULL;
	}
}

/* A server may answer, but be busy for as long as one waits. */
static bool is_late(const struct sender *sender)
{
	return !sender->has_begun && sender->now - sender->began > sender->options->timeout + late_gap;
}

static struct error *run(struct sender *sender)
{
	struct error *error = NULL;

	while (!error && is_running(sender) && !is_late(sender) && !main_signal) {
		bool has_more = send_some(sender);

		sender->now = clock_now();
		if (!has_more && is_running(sender))
			wait_for_more(sender);
		sender->now = clock_now();
		while (!error && link_receive(sender->link, take, sender)) {
			sender->now = clock_now();
			error = notice(sender);
		}
		show_progress(sender);
	}
	log_progress_end();
	return error;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void take_signal(int number)
{
	main_signal = number;
}

/* Whoever is impatient sends a second one. */
static void watch_signals(void)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	const struct sigaction action = {.sa_handler = take_signal, .sa_flags = SA_RESETHAND};
	struct sigaction before;

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		if (!sigaction(signals[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
}

static const char *reason_of(struct sender *sender)
{
	if (!main_signal)
		return transfer_error(sender->transfer);
	snprintf(sender->stopped, sizeof(sender->stopped), "stopped by signal %d", (int)main_signal);
	return sender->stopped;
}

/* The server would wait for more for minutes; and who is started again finds the dump closed, and goes on with it. */
static void say_farewell(struct sender *sender, const char *reason)
{
	uint64_t end = clock_now() + farewell_time;

	while (!transfer_is_let_go(sender->transfer) && (sender->now = clock_now()) < end) {
		uint64_t until = sender->now + farewell_gap;

		link_flush(sender->link, too_long, sender);
		uint8_t *room = link_room(sender->link);
		size_t length = room ? transfer_give_up(sender->transfer, reason, room, sender->now) : 0;

		if (room && !length)
			return;
		if (room)
			link_put(sender->link, length);
		link_flush(sender->link, too_long, sender);
		while (!transfer_is_let_go(sender->transfer) && (sender->now = clock_now()) < until) {
			link_wait(sender->link, -1, until, sender->now);
			link_receive(sender->link, take, sender);
		}
	}
}

static bool has_ended_early(const struct sender *sender)
{
	return main_signal ? is_running(sender) : sender->transfer && transfer_state(sender->transfer) == TRANSFER_FAILED;
}

static enum status complain(const struct sender *sender, enum status status, const char *reason)
{
	static const char *const words[] = {"complete", "incomplete", "cannot run", "not sent"};

	fprintf(stderr, "netdump-send: %s: %s: %s\n", words[status], sender->options->server, reason);
	return status;
}

static enum status report_complete(const struct sender *sender, uint64_t size, double lost)
{
	double seconds = (double)(sender->now - sender->began) / 1e9;

	if (sender->options->is_check && !sender->options->is_quiet)
		printf("netdump-send: %s would take a dump%s\n", sender->options->server,
		       sender->options->is_sealed ? ", encrypted" : "");
	else if (!sender->options->is_quiet)
		printf("netdump-send: complete: %" PRIu64 " KiB in %.1f s to %s, %.1f %% lost\n", (size + 1023) / 1024, seconds,
		       sender->options->server, lost);
	return STATUS_COMPLETE;
}

static enum status report_classic(const struct sender *sender)
{
	uint32_t served = classic_served(sender->classic), all = memory_ram_pages(sender->memory);
	char reason[96];

	if (classic_state(sender->classic) == CLASSIC_OVER && served == all)
		return report_complete(sender, (uint64_t)all * memory_page_size(sender->memory), 0);
	if (classic_error(sender->classic))
		return complain(sender, sender->has_begun ? STATUS_INCOMPLETE : STATUS_NO_SERVER, classic_error(sender->classic));
	if (!sender->has_begun)
		return complain(sender, STATUS_NO_SERVER, "the server does not answer");
	if (!served)
		return complain(sender, STATUS_NO_SERVER, "the server wants no dump: it is busy, full, or knows no such machine");
	snprintf(reason, sizeof(reason), "the server asked for %" PRIu32 " of %" PRIu32 " pages", served, all);
	return complain(sender, STATUS_INCOMPLETE, reason);
}

static enum status report_transfer(const struct sender *sender)
{
	const struct transfer_counts *counts = transfer_counts(sender->transfer);
	const char *reason = transfer_error(sender->transfer);

	tell(sender, "%" PRIu64 " packets, %" PRIu64 " of them lost, %" PRIu64 " bytes; round trip %" PRIu64 " us",
	     counts->packets, counts->packets_lost, counts->bytes_sent, counts->rtt_ns / 1000);
	if (transfer_state(sender->transfer) == TRANSFER_DONE)
		return report_complete(sender, source_size(sender->source),
				       counts->packets ? 100.0 * (double)counts->packets_lost / (double)counts->packets : 0);
	return complain(sender, sender->has_begun ? STATUS_INCOMPLETE : STATUS_NO_SERVER,
			reason ? reason : "the server is busy");
}

static enum status report(struct sender *sender, struct error *error)
{
	enum status status;

	if (main_signal && is_running(sender))
		status = complain(sender, sender->has_begun ? STATUS_INCOMPLETE : STATUS_NO_SERVER, reason_of(sender));
	else if (error)
		status = complain(sender, sender->transfer || sender->classic ? STATUS_INCOMPLETE : STATUS_NO_SERVER, error->message);
	else
		status = sender->classic ? report_classic(sender) : report_transfer(sender);
	error_free(error);
	return status;
}

/* ---- the beginning --------------------------------------------------------------------------- */

static struct error *open_source(const struct options *options, struct source **ret)
{
	int fd = options->file ? open(options->file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;

	if (fd < 0)
		return error_errno("%s", options->file);
	if (!options->file && isatty(fd))
		return error_new(ERROR_INVALID, "standard input is a terminal: give a dump, like < /proc/vmcore");
	return source_open(fd, options->file ? options->file : "standard input", ret);
}

/* A capture kernel's network may come up later than we do. */
static struct error *reach(struct sender *sender)
{
	const struct options *options = sender->options;
	const struct timespec moment = {0, 200000000};
	const uint64_t began = clock_now();
	bool is_wished = !options->source_port && options->is_classic;
	struct link_options link = {options->server, options->port, options->source_port, options->mtu};

	if (is_wished)
		link.source_port = OPTIONS_PORT;
	for (;;) {
		struct error *error = link_open(&link, &sender->link);

		if (error && error->code == ERROR_LIMIT && is_wished) {
			fprintf(stderr, "netdump-send: port %u of this host is taken: the dump goes from another\n",
				link.source_port);
			error_free(error);
			is_wished = false;
			link.source_port = 0;
			continue;
		}
		if (!error || error->code != ERROR_IO || clock_now() - began > options->timeout)
			return error;
		if (!sender->told)
			tell(sender, "waiting: %s", error->message);
		sender->told = began;
		error_free(error);
		nanosleep(&moment, NULL);
	}
}

static struct error *open_log(struct sender *sender)
{
	const char *path = sender->options->log;
	struct stat status;

	if (!path)
		return NULL;
	sender->log = open(path, O_RDONLY | O_CLOEXEC);
	if (sender->log < 0 || fstat(sender->log, &status))
		return error_errno("%s", path);
	if (!S_ISREG(status.st_mode))
		return error_new(ERROR_INVALID, "%s: is no regular file", path);
	sender->log_size = (uint64_t)status.st_size;
	return NULL;
}

static struct error *begin(struct sender *sender)
{
	const struct options *options = sender->options;
	struct error *error = open_log(sender);

	if (!error)
		error = open_source(options, &sender->source);
	if (!error)
		error = reach(sender);
	/* Reading a pipe may have taken its time. */
	sender->began = sender->now = clock_now();
	log_progress("%s", "");
	if (!error && options->is_classic)
		error = begin_classic(sender);
	else if (!error)
		begin_transfer(sender);
	return error;
}

static enum status send_dump(const struct options *options)
{
	struct sender sender = {.options = options, .log = -1};
	struct error *error = begin(&sender);
	enum status status = STATUS_CANNOT_RUN;

	if (error) {
		bool is_network = !sender.link && sender.source && error->code == ERROR_IO;

		status = complain(&sender, is_network ? STATUS_NO_SERVER : STATUS_CANNOT_RUN, error->message);
		error_free(error);
	} else {
		watch_signals();
		error = run(&sender);
		if (!error && sender.transfer && has_ended_early(&sender))
			say_farewell(&sender, reason_of(&sender));
		status = report(&sender, error);
	}
	classic_free(sender.classic);
	memory_close(sender.memory);
	transfer_free(sender.transfer);
	link_close(sender.link);
	if (sender.log >= 0)
		close(sender.log);
	source_close(sender.source);
	return status;
}

int main(int argc, char **argv)
{
	struct options options = {0};
	struct error *error = options_read(argc, argv, &options);
	enum status status = STATUS_COMPLETE;
	bool is_sent = false;

	if (!error)
		error = seal_start(options.is_sealed);
	if (error) {
		fprintf(stderr, "netdump-send: %s\n", error->message);
		error_free(error);
		status = STATUS_CANNOT_RUN;
	} else if (options.action == OPTIONS_HELP) {
		fputs(options_usage, stdout);
	} else if (options.action == OPTIONS_VERSION) {
		printf("netdump-send %s\n", KMORTEM_VERSION);
	} else {
		status = send_dump(&options);
		is_sent = status == STATUS_COMPLETE;
	}
	seal_wipe(&options.seal, sizeof(options.seal));
	if (!fflush(stdout) || status != STATUS_COMPLETE)
		return (int)status;
	fprintf(stderr, "netdump-send: standard output cannot be written\n");
	/* Whoever asked for a dump has it: a script that reads anything else would dump again. */
	return is_sent ? STATUS_COMPLETE : STATUS_CANNOT_RUN;
}
