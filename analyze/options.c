// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

enum option_takes {
	TAKES_NOTHING,   /* a bool that the option sets */
	TAKES_ONE, /* a const char *: of two values one would be dropped without a word */
	TAKES_MANY,   /* struct strings: may be repeated */
	TAKES_ROWS,   /* a number */
};

static const struct option_kind {
	const char *name;
	char letter; /* of the short form; 0: there is none */
	enum option_takes takes;
	size_t member; /* of struct options */
} kinds[] = {
	[OPTION_HELP] = {"help", 'h', TAKES_NOTHING, offsetof(struct options, help)},
	[OPTION_VERBOSE] = {"verbose", 'v', TAKES_NOTHING, offsetof(struct options, verbose)},
	[OPTION_VMLINUX] = {"vmlinux", 'k', TAKES_ONE, offsetof(struct options, vmlinux)},
	[OPTION_DWARF] = {"dwarf", 0, TAKES_NOTHING, offsetof(struct options, dwarf)},
	[OPTION_FORMAT] = {"format", 'f', TAKES_ONE, offsetof(struct options, format)},
	[OPTION_OUTPUT] = {"output", 'o', TAKES_ONE, offsetof(struct options, output)},
	[OPTION_RULES] = {"rules", 'r', TAKES_MANY, offsetof(struct options, rules)},
	[OPTION_RULES_DIR] = {"rules-dir", 0, TAKES_ONE, offsetof(struct options, rules_dir)},
	[OPTION_ONLY] = {"only", 0, TAKES_MANY, offsetof(struct options, only)},
	[OPTION_SKIP] = {"skip", 0, TAKES_MANY, offsetof(struct options, skip)},
	[OPTION_SET] = {"set", 0, TAKES_MANY, offsetof(struct options, set)},
	[OPTION_ROWS] = {"rows", 0, TAKES_ROWS, offsetof(struct options, rows)},
	[OPTION_WHERE] = {"where", 0, TAKES_ONE, offsetof(struct options, where)},
	[OPTION_BTF] = {"btf", 0, TAKES_MANY, offsetof(struct options, btf)},
	[OPTION_DUMP] = {"dump", 0, TAKES_MANY, offsetof(struct options, dump)},
	[OPTION_SINCE] = {"since", 0, TAKES_ONE, offsetof(struct options, since)},
	[OPTION_HOST] = {"host", 0, TAKES_ONE, offsetof(struct options, host)},
	[OPTION_SIGNATURE] = {"signature", 0, TAKES_ONE, offsetof(struct options, signature)},
};

static_assert(sizeof(kinds) / sizeof(*kinds) == OPTION_COUNT, "every option has its line");

enum {
	GETOPT_FIRST = 256,              /* what getopt_long() returns for option 0, above every letter */
	GETOPT_LETTERS = OPTION_COUNT * 2 + 2, /* "x:" of each, ":" before them, and the end */
};

/* What getopt_long() wants to know of the options. */
struct getopt_tables {
	char letters[GETOPT_LETTERS];
	struct option names[OPTION_COUNT + 1];
};

static void getopt_fill(struct getopt_tables *ret)
{
	char *letter = ret->letters;

	*ret = (struct getopt_tables){0};
	*letter++ = ':'; /* a missing value is told apart */
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_kind *kind = &kinds[i];

		ret->names[i] = (struct option){
			.name = kind->name,
			.has_arg = kind->takes == TAKES_NOTHING ? no_argument : required_argument,
			.val = GETOPT_FIRST + i,
		};
		if (!kind->letter)
			continue;
		*letter++ = kind->letter;
		if (kind->takes != TAKES_NOTHING)
			*letter++ = ':';
	}
}

/* The option that getopt_long() names by its letter or its number; OPTION_COUNT: none of ours. */
static int option_of(int result)
{
	int option = 0;

	if (result >= GETOPT_FIRST)
		return result - GETOPT_FIRST;
	while (option < OPTION_COUNT && (!result || kinds[option].letter != result))
		option++;
	return option;
}

static struct error *parse_rows(const char *text, long *ret)
{
	char *end;

	errno = 0;
	long rows = strtol(text, &end, 10);
	if (errno || *end || end == text || rows < 0 || rows > INT_MAX)
		return error_new(ERROR_INVALID, "--rows %s: want a number, 0 or more", text);
	*ret = rows;
	return NULL;
}

static struct error *option_take(struct options *options, int option, const char *value)
{
	void *member = (char *)options + kinds[option].member;

	switch (kinds[option].takes) {
	case TAKES_NOTHING:
		*(bool *)member = true;
		return NULL;
	case TAKES_ONE:
		*(const char **)member = value;
		return NULL;
	case TAKES_MANY:
		*vec_push((struct strings *)member) = value;
		return NULL;
	case TAKES_ROWS:
		return parse_rows(value, member);
	}
	return NULL;
}

/* What getopt_long() did not take: an unknown letter is in optopt, an unknown word the argument it has passed. */
static struct error *refuse_unknown(int result, const char *argument)
{
	int option = option_of(optopt);

	if (option == OPTION_COUNT && optopt)
		return error_new(ERROR_INVALID, "-%c: no such option", optopt);
	if (option == OPTION_COUNT)
		return error_new(ERROR_INVALID, "%s: no such option", argument);
	if (optopt < GETOPT_FIRST)
		return error_new(ERROR_INVALID, "-%c: a value is missing", optopt);
	return error_new(ERROR_INVALID, "--%s: %s", kinds[option].name,
			 result == ':' ? "a value is missing" : "takes no value");
}

static struct error *option_accept(struct options *options, const struct option_set *set, int option,
				   unsigned *seen)
{
	bool is_single = kinds[option].takes == TAKES_ONE || kinds[option].takes == TAKES_ROWS;

	if (option != OPTION_HELP && !(set->options & OPTION_BIT(option)))
		return error_new(ERROR_INVALID, "--%s: not an option of %s", kinds[option].name,
				 set->command);
	if (is_single && *seen & OPTION_BIT(option))
		return error_new(ERROR_INVALID, "--%s: given twice%s", kinds[option].name,
				 option == OPTION_WHERE ? "; join the conditions with \"and\"" : "");
	*seen |= OPTION_BIT(option);
	return option_take(options, option, optarg);
}

/* Whether the last argument can only be an expression: "-init_task.pid", but neither "-v" nor "--verbose" nor
 * "-kvmlinux". */
static bool is_expression(const char *argument)
{
	int option = argument[0] == '-' ? option_of((unsigned char)argument[1]) : OPTION_COUNT;

	if (argument[0] != '-' || !argument[1] || argument[1] == '-')
		return false;
	return option == OPTION_COUNT || (kinds[option].takes == TAKES_NOTHING && argument[2]);
}

struct error *options_parse(struct options *options, const struct option_set *set, int count,
			    char **arguments)
{
	const char *last = set->ends_in_expression && count > 1 && is_expression(arguments[count - 1])
				   ? arguments[--count]
				   : NULL;
	struct error *error = NULL;
	struct getopt_tables tables;
	unsigned seen = 0;
	int result;

	*options = (struct options){.rows = -1};
	getopt_fill(&tables);
	opterr = 0;
	optind = 0; /* GNU: starts anew; argument 0 is the command's name */
	while (!error &&
	       (result = getopt_long(count, arguments, tables.letters, tables.names, NULL)) >= 0) {
		if (result == '?' || result == ':')
			error = refuse_unknown(result, arguments[optind - 1]);
		else
			error = option_accept(options, set, option_of(result), &seen);
	}
	for (int i = optind; i < count; i++)
		*vec_push(&options->words) = arguments[i];
	if (last)
		*vec_push(&options->words) = last;
	return error;
}

void options_deinit(struct options *options)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (kinds[i].takes == TAKES_MANY)
			free(((struct strings *)((char *)options + kinds[i].member))->items);
	}
	free(options->words.items);
}
