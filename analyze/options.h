// SPDX-License-Identifier: GPL-2.0-or-later
// What the command line says.
#ifndef ANALYZE_OPTIONS_H
#define ANALYZE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct strings {
	const char **items;
	size_t count, capacity;
};

enum option_id {
	OPTION_HELP,
	OPTION_VERBOSE,
	OPTION_VMLINUX,
	OPTION_DWARF,
	OPTION_FORMAT,
	OPTION_OUTPUT,
	OPTION_RULES,
	OPTION_RULES_DIR,
	OPTION_ONLY,
	OPTION_SKIP,
	OPTION_SET,
	OPTION_ROWS,
	OPTION_WHERE,
	OPTION_BTF,
	OPTION_DUMP,
	OPTION_SINCE,
	OPTION_HOST,
	OPTION_SIGNATURE,
	OPTION_COUNT,
};

/* What a command understands; every one has OPTION_HELP. */
struct option_set {
	const char *command;     /* for messages */
	unsigned options;        /* bits OPTION_BIT(OPTION_…) */
	bool ends_in_expression; /* the last word is one, though it may begin with a minus: "-1 + 2" */
};

#define OPTION_BIT(option) (1U << (option))

struct options {
	bool help;
	bool verbose;          /* -v */
	const char *vmlinux;   /* -k; NULL */
	bool dwarf;            /* --dwarf: types from the vmlinux's DWARF although there is BTF */
	const char *format;    /* -f; NULL: the command's own */
	const char *output;    /* -o; NULL: standard output */
	const char *where;     /* --where; NULL */
	const char *since, *host, *signature; /* of list; NULL */
	const char *rules_dir; /* --rules-dir: instead of the shipped rules; NULL */
	struct strings rules;  /* -r */
	struct strings only, skip; /* globs */
	struct strings set;    /* ID.PARAM=VALUE */
	struct strings btf;    /* --btf */
	struct strings dump;   /* --dump */
	long rows;             /* --rows; -1: not given */
	struct strings words;  /* what is no option, in order */
};

/* Parses the arguments after the command's name; options and words may stand in any order. ERROR_INVALID. */
struct error *options_parse(struct options *options, const struct option_set *set, int count,
			    char **arguments) MUST_CHECK;
void options_deinit(struct options *options);

#endif
