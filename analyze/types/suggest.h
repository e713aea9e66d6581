// SPDX-License-Identifier: GPL-2.0-or-later
// The name nearest to a misspelt one.
#ifndef TYPES_SUGGEST_H
#define TYPES_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

struct suggestion {
	const char *wanted; /* what was written */
	const char *best;   /* nearest name so far, NULL: none is near */
	size_t length;      /* of `wanted` */
	size_t score;       /* of `best`; lower is nearer */
	/* Asked about names that are nearer than `best`, where not every name will do; may be NULL.
	 */
	bool (*accept)(void *context, const char *name);
	void *context;
};

/* Start with this, then offer every name there is. */
struct suggestion suggestion_for(const char *wanted);
/* Keeps `name` if it is nearer than all before: at most a third of the letters differ, or the one
 * is the beginning of the other. `name` outlives the suggestion. */
void suggestion_offer(struct suggestion *suggestion, const char *name);

#endif
