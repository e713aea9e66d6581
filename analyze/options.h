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

struct options {
	bool help;
	bool verbose;          /* -v */
	const char *vmlinux;   /* -k; NULL */
	bool dwarf;            /* --dwarf: types from the vmlinux's DWARF although there is BTF */
	const char *format;    /* -f; NULL: the command's own */
	const char *output;    /* -o; NULL: standard output */
	const char *where;     /* --where; NULL */
	const char *rules_dir; /* --rules-dir: instead of the shipped rules; NULL */
	struct strings rules;  /* -r */
	struct strings only, skip; /* globs */
	struct strings set;    /* ID.PARAM=VALUE */
	struct strings btf;    /* --btf */
	struct strings dump;   /* --dump */
	long rows;             /* --rows; -1: not given */
	struct strings words;  /* what is no option, in order */
};

/* Parses the arguments after the command's name; options and words may stand in any order. `allowed` names the
 * options this command has by their letters (see options.c). ERROR_INVALID. */
struct error *options_parse(struct options *options, const char *command, const char *allowed, int count,
			    char **arguments) MUST_CHECK;
void options_deinit(struct options *options);

#endif
