// SPDX-License-Identifier: GPL-2.0-or-later
// Dumps in order, and which of them are of the same crash.
#ifndef LIST_GROUP_H
#define LIST_GROUP_H

#include <stddef.h>

struct listed_dump;
struct listing;

/* Fills dumps and groups of a listing, which has an arena, from `count` dumps, which it puts in order: those that are
 * hidden stand last, and of them a group only has the number and the first.
 *
 * Two crashes are the same if they have the same signature. Where one has none, because there is no report yet, or
 * because it is not known where that kernel was, they are the same if kernel, cause and message are. What nothing is
 * known of, and machines that did not panic, each stand in a group that says so. */
void group_dumps(struct listing *listing, struct listed_dump *dumps, size_t count);

#endif
