// SPDX-License-Identifier: GPL-2.0-or-later
// Lines about clients: what is said again and again, since a client asks each second or somebody forges its packets, is
// written once a minute, with how often it was said.
#ifndef SERVER_NOTES_H
#define SERVER_NOTES_H

#include <stdint.h>

#include "server/journal.h"

struct notes;

typedef void notes_line(enum journal_level level, const char *client, const char *text);

/* `line` is given what is to be written; `client` is NULL for a line about all of them. */
struct notes *notes_new(notes_line *line);
void notes_free(struct notes *notes);
/* Time is CLOCK_MONOTONIC in nanoseconds. */
void notes_put(struct notes *notes, enum journal_level level, const char *client, const char *text, uint64_t now);
/* Tells of what was repeated; to be called each second or so. */
void notes_tick(struct notes *notes, uint64_t now);

#endif
