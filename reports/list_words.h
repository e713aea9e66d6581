// SPDX-License-Identifier: GPL-2.0-or-later
// What the text and the page both say of dumps, in the same words. What comes from dumps is not yet made safe to show.
#ifndef REPORTS_LIST_WORDS_H
#define REPORTS_LIST_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct listed_dump;
struct listed_group;
struct listing;

/* "12 dumps of 4 hosts, 4.2 GiB". */
void list_put_sum(struct buf *buf, const struct listing *listing);
/* What crashed: its signature, else cause and message. */
void list_put_crash(struct buf *buf, const struct listed_group *group);
/* Whether all that is known of it is since --since: nobody has seen that crash before. */
bool list_is_new(const struct listing *listing, const struct listed_group *group);
/* "9 crashes of 4 hosts, 2026-11-01 03:14 to 2026-11-21 13:12 UTC; 3 more not shown, the first 2026-09-30 01:02". */
void list_put_extent(struct buf *buf, const struct listed_group *group);
/* What stands below that, if anything: the message of the newest. NULL: nothing. */
const char *list_message(const struct listed_group *group);
/* "1 critical, 4 warnings"; "clear"; "no report yet". */
void list_put_found(struct buf *buf, const struct listed_dump *dump);
/* What has to be said besides: "incomplete: …", "log only: …", "did not panic"; may put nothing. */
void list_put_remark(struct buf *buf, const struct listed_dump *dump);
/* Below the root: of the dump, or of its directory where there is none. */
void list_put_path(struct buf *buf, const struct listed_dump *dump);

/* "2026-11-21 13:12"; "2026-11-21T13:12:25Z". */
void list_put_time(struct buf *buf, int64_t time);
void list_put_time_exact(struct buf *buf, int64_t time);
/* "12 min", "5 h", "3 d"; "future" of less than 0. */
void list_put_age(struct buf *buf, int64_t seconds);
/* How long ago that was, and what, unless it was the crash: "3 d ago", "arrived 5 h ago", "file written in the future". */
void list_put_since(struct buf *buf, const struct listed_dump *dump, int64_t now);

/* How many dumps have no report that could be read; are incomplete. */
size_t list_count_unreported(const struct listing *listing);
size_t list_count_incomplete(const struct listing *listing);
/* Kinds of crash: groups of which something is known. */
size_t list_count_kinds(const struct listing *listing);

#endif
