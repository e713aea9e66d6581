// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of struct rule_set, for the files of this folder only.
#ifndef RULE_RULE_PRIVATE_H
#define RULE_RULE_PRIVATE_H

#include <stdint.h>

#include "rule/rule.h"

struct rule_file {
	const struct yaml_file *yaml;
	enum rule_origin origin;
	uint64_t device, inode; /* by which a file is known that is given twice */
};

struct rule_problem {
	const char *message;
	const struct yaml_file *file; /* NULL: one that could not be read */
	enum rule_origin origin;
};

/* What became of a rule or view of an earlier load. */
struct rule_event {
	const char *name;  /* "nic-silent"; of one that was replaced "rule nic-silent" */
	const char *where; /* FILE:LINE of who did it */
	const char *was;   /* replaced: FILE:LINE of the earlier one; disabled: NULL */
};

struct rule_set {
	struct arena *arena;
	struct library *library;
	struct {
		struct rule **items;
		size_t count, capacity;
	} rules;
	struct {
		struct rule_problem *items;
		size_t count, capacity;
	} problems;
	struct {
		struct rule_file *items;
		size_t count, capacity;
	} files;
	struct {
		struct rule_event *items;
		size_t count, capacity;
	} events;
	size_t redefined_told; /* redefinitions that were said */
	unsigned generation;
};

/* Keeps the message of `error`, which it frees, and returns it; `file` may be NULL. */
const char *rule_set_blame(struct rule_set *set, const struct yaml_file *file, enum rule_origin origin,
			   struct error *error);
/* Adds a rule, or puts it in the place of one of an earlier load. ERROR_SYNTAX when the same load
 * already brought one of that name. */
struct error *rule_set_add(struct rule_set *set, struct rule *rule) MUST_CHECK;
/* Removes the rules and views whose names are like `glob`; false when there are none. */
bool rule_set_disable(struct rule_set *set, const char *glob, const char *where);
/* Gives "ID.PARAM", of a rule that is there, the value in `text`. ERROR_NOT_FOUND (with the nearest name),
 * ERROR_SYNTAX. */
struct error *rule_set_assign(struct rule_set *set, const struct yaml_node *target,
			      const struct yaml_node *value) MUST_CHECK;
/* Says on stderr which declarations the last load took from others. */
void rule_set_tell_redefined(struct rule_set *set);
/* Takes what a file declares; what is wrong in it becomes a problem. */
void rule_set_read(struct rule_set *set, const struct yaml_file *file, enum rule_origin origin);

#endif
