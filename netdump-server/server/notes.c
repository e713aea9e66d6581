// SPDX-License-Identifier: GPL-2.0-or-later
#include "server/notes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "server/udp.h"
#include "session/session.h"

enum { NOTES_MAX = 512, TEXT_MAX = 320 };

#define PAUSE (60 * SESSION_SECOND)

struct note {
	enum journal_level level;
	char client[UDP_TEXT], text[TEXT_MAX];
	uint64_t due;      /* until then it is not written again */
	uint64_t repeated; /* since it was written */
};

struct notes {
	notes_line *line;
	uint64_t marks[NOTES_MAX]; /* of the items, side by side: what floods in is looked up quickly */
	struct note items[NOTES_MAX];
	size_t count;
	uint64_t due;              /* no item is due before */
	uint64_t left_out, told;   /* lines for which there was no place; when they are told of */
};

struct notes *notes_new(notes_line *line)
{
	struct notes *notes = mem_zero(sizeof(*notes));

	notes->line = line;
	notes->due = notes->told = SESSION_NEVER;
	return notes;
}

void notes_free(struct notes *notes)
{
	free(notes);
}

/* FNV-1a. Two lines of the same mark would be taken for one: a line less. */
static uint64_t mark_of(const char *client, const char *text)
{
	uint64_t mark = UINT64_C(0xcbf29ce484222325);

	for (; *client; client++)
		mark = (mark ^ (uint8_t)*client) * UINT64_C(0x100000001b3);
	for (; *text; text++)
		mark = (mark ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	return mark;
}

void notes_put(struct notes *notes, enum journal_level level, const char *client, const char *text, uint64_t now)
{
	uint64_t mark = mark_of(client, text);

	for (size_t i = 0; i < notes->count; i++) {
		if (notes->marks[i] == mark) {
			notes->items[i].repeated++;
			return;
		}
	}
	if (notes->count == NOTES_MAX) {
		notes->told = notes->left_out++ ? notes->told : now + PAUSE;
		return;
	}
	struct note *note = &notes->items[notes->count];

	notes->marks[notes->count++] = mark;
	*note = (struct note){.level = level, .due = now + PAUSE};
	snprintf(note->client, sizeof(note->client), "%s", client);
	snprintf(note->text, sizeof(note->text), "%s", text);
	notes->due = note->due < notes->due ? note->due : notes->due;
	notes->line(level, client, text);
}

/* False where it can be forgotten: a minute has gone by without it. */
static bool note_tick(const struct notes *notes, struct note *note, uint64_t now)
{
	char text[TEXT_MAX + 64];

	if (note->due > now)
		return true;
	if (!note->repeated)
		return false;
	snprintf(text, sizeof(text), "%s (%" PRIu64 " more times)", note->text, note->repeated);
	notes->line(note->level, note->client, text);
	note->repeated = 0;
	note->due = now + PAUSE;
	return true;
}

void notes_tick(struct notes *notes, uint64_t now)
{
	char text[TEXT_MAX];
	size_t kept = 0;

	if (now >= notes->told) {
		snprintf(text, sizeof(text), "%" PRIu64 " lines about clients were left out: too many different ones",
			 notes->left_out);
		notes->line(JOURNAL_WARNING, NULL, text);
		notes->left_out = 0;
		notes->told = SESSION_NEVER;
	}
	if (now < notes->due)
		return;
	notes->due = SESSION_NEVER;
	for (size_t i = 0; i < notes->count; i++) {
		if (!note_tick(notes, &notes->items[i], now))
			continue;
		notes->marks[kept] = notes->marks[i];
		notes->items[kept] = notes->items[i];
		notes->due = notes->items[kept].due < notes->due ? notes->items[kept].due : notes->due;
		kept++;
	}
	notes->count = kept;
}
