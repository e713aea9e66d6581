// SPDX-License-Identifier: GPL-2.0-or-later
// The tests that a rule file brings along: what a rule says of a dump whose bytes were changed.
#ifndef RULE_RULE_TEST_H
#define RULE_RULE_TEST_H

#include <stddef.h>

struct buf;
struct dump;
struct rule_set;
struct symtab;
struct yaml_file;

struct rule_tests {
	struct rule_set *rules;
	struct dump *dump;
	struct symtab *symtab;
	struct buf *buf; /* a line for each test: "ok NAME", "skip NAME: why" or "FAIL NAME: why" */
	size_t passed, failed, skipped;
};

/* Runs each item of the file's `tests:`. The dump is as before afterwards. */
void rule_tests_run(struct rule_tests *tests, const struct yaml_file *file);

#endif
