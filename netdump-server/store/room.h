// SPDX-License-Identifier: GPL-2.0-or-later
// What may still be stored: free space and quotas, of all dumps together, and whose old dumps go for it.
#ifndef STORE_ROOM_H
#define STORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

struct dump_files;
struct store;

/* Looks through the dump directory. What was seen counts until the next look, with what has ended since; as a look takes
 * long where many dumps lie, the next one comes when there is no room, or a dump is to go. */
void room_scan(struct store *store);
/* After the last room_scan() a dump has joined the running ones, or left them. */
void room_join(struct store *store, struct dump_files *dump);
void room_leave(struct store *store, const struct dump_files *dump);
/* Why a running dump may not become longer by that: static, or NULL. */
const char *room_refuses(const struct dump_files *dump, uint64_t length);
/* Whether a log may become longer by that, which it then does. */
bool room_for_log(struct store *store, uint64_t length);
/* It has become longer. */
void room_take(struct dump_files *dump, uint64_t length);

#endif
