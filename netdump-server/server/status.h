// SPDX-License-Identifier: GPL-2.0-or-later
// What the server is doing, once a second: a JSON file that --status shows, and metrics for node_exporter's textfile
// collector. Files are replaced whole.
#ifndef SERVER_STATUS_H
#define SERVER_STATUS_H

#include <stdbool.h>

#include "base/error.h"

struct config;
struct server;

/* Opens the directories of both files, before a sandbox; writes nothing as yet. What cannot be written is told once. */
struct status;
struct status *status_open(const struct config *config);
void status_close(struct status *status);
void status_write(struct status *status, const struct server *server);
/* Takes the files away: there is no server any more. */
void status_remove(struct status *status);
/* Prints what a running server wrote: a table, or the JSON itself. ERROR_NOT_FOUND where none runs, or it has
 * written nothing for ten seconds. */
struct error *status_show(const struct config *config, bool as_json) MUST_CHECK;

#endif
