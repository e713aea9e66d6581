// SPDX-License-Identifier: GPL-2.0-or-later
// Clients that servers before this one have left in the middle of their dumps.
#ifndef SERVER_RETURNING_H
#define SERVER_RETURNING_H

struct server;

/* Once, when everything is open: goes on with those that wait, and has the dumps of others closed. */
void returning_begin(struct server *server);

#endif
