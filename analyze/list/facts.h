// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of one dump, from the cheapest of the files around it that says so.
#ifndef LIST_FACTS_H
#define LIST_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct listed_dump;

/* Takes one line about what could not be read. */
typedef void facts_problem(void *context, const char *path, const char *words);

/* Fills all that is not yet there of a dump whose `files` are known: report.json says most, then meta.json; where there
 * is no report, then the dump's own headers, and the end of the kernel's log. `directory` is that of the files, none of
 * which is followed if it is a link. Strings go to the arena. */
void facts_read(int directory, struct listed_dump *dump, struct arena *arena, facts_problem *problem, void *context);
/* Seconds since 1970 of "2026-11-21T03:14:15Z", with a fraction or without; false: it is something else. */
bool facts_time(const char *text, int64_t *ret);

#endif
