// SPDX-License-Identifier: GPL-2.0-or-later
// One run of kmortem: the rules it knows and the dump it looks at.
#ifndef ANALYZE_SESSION_H
#define ANALYZE_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct dump;
struct kernel;
struct options;
struct program;
struct report;
struct rule;
struct rule_set;
struct stat;
struct symtab;

/* Zero-initialise. */
struct session {
	char *shipped_rules; /* folder or file of the shipped rules, or of --rules-dir; free() it */
	struct rule_set *rules;
	struct dump *dump;
	struct symtab *symtab;
	struct kernel *kernel;
	struct program *program; /* needs rules and dump */
	const char *const *paths; /* of the dump's files, as session_open() was given them */
	size_t path_count;
};

void session_deinit(struct session *session);
/* Shipped rules, site rules, those of -r; then --set. What is wrong in a file is said on stderr and does not
 * fail. */
struct error *session_load_rules(struct session *session, const struct options *options) MUST_CHECK;
/* Loads one more file or folder as if it was given with -r. */
struct error *session_add_rules(struct session *session, const char *path) MUST_CHECK;
/* Says on stderr what was wrong with the rule files, and returns how many problems there were. */
size_t session_tell_problems(const struct session *session);
/* Opens the dump in these files and learns what its kernel is; with rules, also readies the program. The paths
 * outlive the session. ERROR_INVALID, too, when a file is named twice. */
struct error *session_open(struct session *session, const struct options *options,
			   const char *const *paths, size_t count) MUST_CHECK;
/* Starts kernel and program anew: for tests that change the dump. */
void session_restart(struct session *session);
/* With -v, says on stderr where types and symbols came from, what was wrong with better sources, and how much was read. */
void session_tell_sources(const struct session *session);
/* Whether this run reads that file: as a part of the dump, as a vmlinux, as rules. */
bool session_reads(const struct session *session, const struct options *options, const struct stat *file);
/* Where the dump has several files, names them in the report's remarks about it. */
void session_remark_parts(const struct session *session, struct report *report);
/* Whether --only and --skip let a rule or view run. */
bool session_selects(const struct options *options, const struct rule *rule);

#endif
