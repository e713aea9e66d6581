// SPDX-License-Identifier: GPL-2.0-or-later
// The one chance that the script netdump-nospace has to make room, for each dump. A client of version 6 is told to come
// again meanwhile, and comes as a new one: a chance is known by its dump, not by its client.
#ifndef SERVER_CHANCES_H
#define SERVER_CHANCES_H

#include <stdbool.h>
#include <stdint.h>

#include "server/udp.h"

enum { CHANCES_MAX = 64, CHANCE_DUMP = 16 };

enum chance {
	CHANCE_NEW,     /* the caller starts the script, as `id` */
	CHANCE_RUNNING,
	CHANCE_OVER,    /* it has ended, or so many others were given that there is none */
};

struct chances {
	struct {
		char client[UDP_TEXT];
		uint8_t dump[CHANCE_DUMP];
		uint64_t id, until, asked;
		bool is_over, is_used;
	} items[CHANCES_MAX];
};

/* For a dump for which there is no room, each time that is seen. `until`: when a chance that is new is over at the
 * latest. It is forgotten ten minutes after the last question. */
enum chance chances_ask(struct chances *chances, const char *client, const uint8_t *dump, uint64_t id, uint64_t until,
			uint64_t now);
/* The script has ended. */
void chances_end(struct chances *chances, uint64_t id);

#endif
