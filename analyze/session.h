// SPDX-License-Identifier: GPL-2.0-or-later
// One run of kmortem: the rules it knows and the dump it looks at.
#ifndef ANALYZE_SESSION_H
#define ANALYZE_SESSION_H

#include <stddef.h>

#include "base/error.h"

struct dump;
struct kernel;
struct options;
struct program;
struct rule;
struct rule_set;
struct symtab;

/* Zero-initialise. */
struct session {
	struct rule_set *rules;
	struct dump *dump;
	struct symtab *symtab;
	struct kernel *kernel;
	struct program *program; /* needs rules and dump */
};

void session_deinit(struct session *session);
/* Shipped rules, site rules, those of -r; then --set. What is wrong in a file is said on stderr and does not
 * fail. */
struct error *session_load_rules(struct session *session, const struct options *options) MUST_CHECK;
/* Loads one more file or folder as if it was given with -r. */
struct error *session_add_rules(struct session *session, const char *path) MUST_CHECK;
/* Says on stderr what was wrong with the rule files, and returns how many problems there were. */
size_t session_tell_problems(const struct session *session);
/* Opens the dump in these files and learns what its kernel is; with rules, also readies the program. */
struct error *session_open(struct session *session, const struct options *options,
			   const char *const *paths, size_t count) MUST_CHECK;
/* Starts kernel and program anew: for tests that change the dump. */
void session_restart(struct session *session);
/* Whether --only and --skip let a rule or view run. */
bool session_selects(const struct options *options, const struct rule *rule);

#endif
