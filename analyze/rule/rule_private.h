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
	unsigned generation;
};

/* Keeps the message of `error`, which it frees, and returns it; `file` may be NULL. */
const char *rule_set_blame(struct rule_set *set, const struct yaml_file *file, enum rule_origin origin,
			   struct error *error);
/* Adds a rule, or puts it in the place of one of an earlier load. ERROR_SYNTAX when the same load
 * already brought one of that name. */
struct error *rule_set_add(struct rule_set *set, struct rule *rule) MUST_CHECK;
/* Removes a rule; false when there is none of that name. */
bool rule_set_disable(struct rule_set *set, const char *id);
/* Takes what a file declares; what is wrong in it becomes a problem. */
void rule_set_read(struct rule_set *set, const struct yaml_file *file, enum rule_origin origin);

#endif
