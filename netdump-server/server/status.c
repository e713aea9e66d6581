// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/status.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "server/client.h"
#include "server/config.h"
#include "server/journal.h"
#include "server/server.h"
#include "server/sources.h"

/* After so many without a word there is no server any more. */
enum { SILENCE_SECONDS = 10 };

struct status {
	const char *status_file, *metrics_file; /* "": none */
	bool has_complained;
	time_t started;
};

struct status *status_open(const struct config *config)
{
	struct status *status = mem_zero(sizeof(*status));

	status->status_file = mem_strdup(config->status_file);
	status->metrics_file = mem_strdup(config->metrics_file);
	status->started = time(NULL);
	return status;
}

void status_close(struct status *status)
{
	if (!status)
		return;
	free((char *)status->status_file);
	free((char *)status->metrics_file);
	free(status);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Replaces a file whole: who reads it never sees half of it. It is for everybody, whatever the umask is. */
static void replace(struct status *status, const char *path, const char *text)
{
	char *temporary _cleanup_free_ = mem_printf("%s.new", path);
	FILE *file = fopen(temporary, "we");
	bool is_written = file && fputs(text, file) >= 0 && !fchmod(fileno(file), 0644);

	if (file && fclose(file))
		is_written = false;
	if (is_written && !rename(temporary, path))
		return;
	if (!status->has_complained)
		journal_write(JOURNAL_WARNING, NULL, "%s cannot be written: %s", path, strerror(errno));
	status->has_complained = true;
}

static const char *state_of(const struct client *client)
{
	if (client->is_finishing)
		return "finishing";
	if (client->is_leaving)
		return "leaving";
	return client->dump ? "running" : "starting";
}

static void put_number(struct json_object *object, const char *name, uint64_t number)
{
	json_object_object_add(object, name, json_object_new_uint64(number));
}

static struct json_object *json_of_client(const struct client *client)
{
	const struct meta *meta = &client->meta;
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "client", json_object_new_string(client->name));
	json_object_object_add(object, "protocol", json_object_new_string(client->session->ops->protocol));
	json_object_object_add(object, "state", json_object_new_string(state_of(client)));
	json_object_object_add(object, "encrypted", json_object_new_boolean(meta->is_encrypted));
	put_number(object, "started", (uint64_t)meta->started);
	put_number(object, "received", meta->received);
	put_number(object, "expected", meta->expected);
	put_number(object, "packets", meta->packets);
	put_number(object, "packets_dropped", meta->packets_dropped);
	put_number(object, "retransmissions", meta->retransmissions);
	return object;
}

static void write_json(struct status *status, const struct server *server)
{
	struct json_object *root = json_object_new_object(), *dumps = json_object_new_array();
	const struct server_counts *counts = &server->counts;

	json_object_object_add(root, "format", json_object_new_int(1));
	put_number(root, "pid", (uint64_t)getpid());
	put_number(root, "time", (uint64_t)time(NULL));
	put_number(root, "started", (uint64_t)status->started);
	put_number(root, "packets", counts->packets);
	put_number(root, "bytes", counts->bytes);
	put_number(root, "refused", counts->refused);
	put_number(root, "dumps_complete", counts->dumps_complete);
	put_number(root, "dumps_incomplete", counts->dumps_incomplete);
	put_number(root, "dumps_refused", counts->dumps_refused);
	put_number(root, "log_sources", sources_count(server->sources));
	for (size_t i = 0; i < server->clients.count; i++)
		json_object_array_add(dumps, json_of_client(server->clients.items[i]));
	json_object_object_add(root, "dumps", dumps);
	replace(status, status->status_file, json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
}

/* ---- metrics --------------------------------------------------------------------------------- */

/* OpenMetrics 1.0: the name of a counter's sample ends in _total. */
static void put_metric(struct buf *buf, const char *name, const char *type, const char *help, uint64_t number)
{
	buf_printf(buf, "# TYPE netdump_%s %s\n# HELP netdump_%s %s\nnetdump_%s%s %llu\n", name, type, name, help, name,
		   strcmp(type, "counter") ? "" : "_total", (unsigned long long)number);
}

static void write_metrics(struct status *status, const struct server *server)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	const struct server_counts *counts = &server->counts;
	uint64_t running = 0, received = 0;

	for (size_t i = 0; i < server->clients.count; i++) {
		running += client_is_running(server->clients.items[i]);
		received += server->clients.items[i]->meta.received;
	}
	put_metric(&buf, "packets", "counter", "Datagrams that came.", counts->packets);
	put_metric(&buf, "bytes", "counter", "Bytes of datagrams that came.", counts->bytes);
	put_metric(&buf, "refused", "counter", "Datagrams and clients turned away.", counts->refused);
	put_metric(&buf, "dumps_complete", "counter", "Dumps that arrived whole.", counts->dumps_complete);
	put_metric(&buf, "dumps_incomplete", "counter", "Dumps that broke off.", counts->dumps_incomplete);
	put_metric(&buf, "dumps_refused", "counter", "Dumps that were not taken.", counts->dumps_refused);
	put_metric(&buf, "dumps_running", "gauge", "Dumps on their way.", running);
	put_metric(&buf, "running_received_bytes", "gauge", "Bytes of these that arrived.", received);
	put_metric(&buf, "log_sources", "gauge", "Hosts that send their logs.", sources_count(server->sources));
	buf_puts(&buf, "# EOF\n");
	replace(status, status->metrics_file, buf_text(&buf));
}

void status_write(struct status *status, const struct server *server)
{
	if (*status->status_file)
		write_json(status, server);
	if (*status->metrics_file)
		write_metrics(status, server);
}

static void remove_file(const char *path)
{
	if (*path && unlink(path) && errno != ENOENT)
		journal_write(JOURNAL_DEBUG, NULL, "%s stays", path);
}

void status_remove(struct status *status)
{
	remove_file(status->status_file);
	remove_file(status->metrics_file);
}

/* ---- showing --------------------------------------------------------------------------------- */

static uint64_t number_of(struct json_object *object, const char *name)
{
	return json_object_get_uint64(json_object_object_get(object, name));
}

static const char *text_of(struct json_object *object, const char *name)
{
	const char *text = json_object_get_string(json_object_object_get(object, name));

	return text ? text : "";
}

static void show_dump(struct json_object *dump, uint64_t now)
{
	uint64_t received = number_of(dump, "received"), expected = number_of(dump, "expected");
	uint64_t seconds = now - number_of(dump, "started"), packets = number_of(dump, "packets");
	double megabytes = (double)received / (1 << 20);

	printf("%-24.39s %-8s %-9s %9.1f", text_of(dump, "client"), text_of(dump, "protocol"), text_of(dump, "state"), megabytes);
	if (expected)
		printf(" %4.0f%%", 100.0 * (double)received / (double)expected);
	else
		printf("     -");
	printf(" %8.1f %5.1f%%\n", megabytes / (double)(seconds ? seconds : 1),
	       packets ? 100.0 * (double)number_of(dump, "retransmissions") / (double)packets : 0.0);
}

static void show_table(struct json_object *root)
{
	struct json_object *dumps = json_object_object_get(root, "dumps");
	size_t count = dumps ? json_object_array_length(dumps) : 0;

	printf("netdump-server (pid %llu): %llu complete, %llu incomplete, %llu refused; %llu hosts send logs\n",
	       (unsigned long long)number_of(root, "pid"), (unsigned long long)number_of(root, "dumps_complete"),
	       (unsigned long long)number_of(root, "dumps_incomplete"), (unsigned long long)number_of(root, "dumps_refused"),
	       (unsigned long long)number_of(root, "log_sources"));
	if (!count) {
		puts("No dump is on its way.");
		return;
	}
	printf("\n%-24s %-8s %-9s %9s %5s %8s %6s\n", "CLIENT", "PROTOCOL", "STATE", "MB", "DONE", "MB/s", "RESENT");
	for (size_t i = 0; i < count; i++)
		show_dump(json_object_array_get_idx(dumps, i), number_of(root, "time"));
}

/* Whether it is what write_json() writes, as far as is needed to read on. */
static bool is_status(struct json_object *root)
{
	struct json_object *dumps = NULL;

	if (!json_object_is_type(root, json_type_object) || !json_object_object_get_ex(root, "dumps", &dumps) ||
	    !json_object_is_type(dumps, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(dumps); i++)
		if (!json_object_is_type(json_object_array_get_idx(dumps, i), json_type_object))
			return false;
	return true;
}

/* That a process has its number does not say that it is the server: it writes each second. */
static struct error *check_alive(struct json_object *root, const char *path)
{
	uint64_t now = (uint64_t)time(NULL), written = number_of(root, "time"), pid = number_of(root, "pid");

	/* EPERM: it is there, and somebody else's. */
	if (!pid || pid > INT32_MAX || (kill((pid_t)pid, 0) && errno != EPERM))
		return error_new(ERROR_NOT_FOUND, "no server is running (%s)", path);
	if (written + SILENCE_SECONDS < now)
		return error_new(ERROR_NOT_FOUND, "%s was written %llu s ago: the server (pid %llu) hangs, or was killed", path,
				 (unsigned long long)(now - written), (unsigned long long)pid);
	return NULL;
}

struct error *status_show(const struct config *config, bool as_json)
{
	const char *path = config->status_file;
	struct json_object *root = *path ? json_object_from_file(path) : NULL;
	struct error *error;

	if (!root)
		error = error_new(ERROR_NOT_FOUND, "no server is running (%s)", *path ? path : "status_file is empty");
	else if (!is_status(root))
		error = error_new(ERROR_INVALID, "%s: no status of a netdump-server", path);
	else
		error = check_alive(root, path);
	if (!error && as_json)
		puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	else if (!error)
		show_table(root);
	json_object_put(root);
	if (error)
		return error;
	return fflush(stdout) ? error_errno("standard output") : NULL;
}
