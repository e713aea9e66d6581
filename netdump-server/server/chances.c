// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/chances.h"

#include <stdio.h>
#include <string.h>

#include "session/session.h"

#define MEMORY (600 * SESSION_SECOND)

enum chance chances_ask(struct chances *chances, const char *client, const uint8_t *dump, uint64_t id, uint64_t until,
			uint64_t now)
{
	size_t place = CHANCES_MAX;

	for (size_t i = 0; i < CHANCES_MAX; i++) {
		bool is_free = !chances->items[i].is_used || now - chances->items[i].asked >= MEMORY;

		if (is_free) {
			place = i;
		} else if (!strcmp(chances->items[i].client, client) && !memcmp(chances->items[i].dump, dump, CHANCE_DUMP)) {
			chances->items[i].asked = now;
			chances->items[i].is_over |= now >= chances->items[i].until;
			return chances->items[i].is_over ? CHANCE_OVER : CHANCE_RUNNING;
		}
	}
	if (place == CHANCES_MAX)
		return CHANCE_OVER;
	chances->items[place].is_used = true;
	chances->items[place].is_over = false;
	chances->items[place].id = id;
	chances->items[place].until = until;
	chances->items[place].asked = now;
	snprintf(chances->items[place].client, sizeof(chances->items[place].client), "%s", client);
	memcpy(chances->items[place].dump, dump, CHANCE_DUMP);
	return CHANCE_NEW;
}

void chances_end(struct chances *chances, uint64_t id)
{
	for (size_t i = 0; i < CHANCES_MAX; i++)
		if (chances->items[i].is_used && chances->items[i].id == id)
			chances->items[i].is_over = true;
}
