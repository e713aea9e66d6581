// SPDX-License-Identifier: GPL-2.0-or-later
// The file `resume` beside an incomplete vmcore: what its client, or we, need to go on after the server was stopped,
// was killed, or lost its power. It says of no byte that it is there before it is on the disk.
#ifndef STORE_RESUME_H
#define STORE_RESUME_H

#include <stdbool.h>

#include "session/extents.h"
#include "session/meta.h"

struct buf;

#define RESUME_NAME "resume"

enum { RESUME_TEXT_MAX = 4 << 20, RESUME_STATE_MAX = 4096 };

struct resume {
	struct meta meta; /* as far as it was known; its `holes_of` is `have`, and its `state` is this: */
	char *state;
	struct extents have;
	bool is_of_this_boot;
};

/* Appends what resume_parse() reads. `boot`: a word that is another one after each boot of this machine, or "". */
void resume_write(const struct meta *meta, const char *boot, struct buf *ret);
/* False where the text is none of ours, was cut off, or says nothing that holds any more; *ret is empty then, otherwise
 * it is for resume_deinit(). The text is changed. */
bool resume_parse(char *text, const char *boot, struct resume *ret);
void resume_deinit(struct resume *resume);
/* Whether that is an earlier attempt of the same dump: the id, and the peer or, where there is none, the address. */
bool resume_is_of(const struct resume *resume, const struct meta *meta);

#endif
