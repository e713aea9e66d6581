// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"

/* Capitals are options without a short form. */
static const struct option long_options[] = {
	{"help", no_argument, NULL, 'h'},
	{"verbose", no_argument, NULL, 'v'},
	{"vmlinux", required_argument, NULL, 'k'},
	{"dwarf", no_argument, NULL, 'T'},
	{"format", required_argument, NULL, 'f'},
	{"output", required_argument, NULL, 'o'},
	{"rules", required_argument, NULL, 'r'},
	{"rules-dir", required_argument, NULL, 'R'},
	{"only", required_argument, NULL, 'O'},
	{"skip", required_argument, NULL, 'S'},
	{"set", required_argument, NULL, 'P'},
	{"rows", required_argument, NULL, 'N'},
	{"where", required_argument, NULL, 'W'},
	{"btf", required_argument, NULL, 'B'},
	{"dump", required_argument, NULL, 'D'},
	{NULL, 0, NULL, 0},
};

static const char *option_name(int letter)
{
	for (const struct option *option = long_options; option->name; option++) {
		if (option->val == letter)
			return option->name;
	}
	return "?";
}

/* Options of which only one value can count: by their letters. */
static const char singles[] = "kfoRNW";

/* Of two values one would be dropped without a word. */
static struct error *option_refuse_second(int letter, bool *seen)
{
	const char *single = strchr(singles, letter);

	if (!single)
		return NULL;
	if (seen[single - singles])
		return error_new(ERROR_INVALID, "--%s: given twice%s", option_name(letter),
				 letter == 'W' ? "; join the conditions with \"and\"" : "");
	seen[single - singles] = true;
	return NULL;
}

static struct error *parse_rows(const char *text, long *ret)
{
	char *end;

	errno = 0;
	long rows = strtol(text, &end, 10);
	if (errno || *end || end == text || rows < 0 || rows > INT_MAX)
		return error_new(ERROR_INVALID, "--rows %s: want a number", text);
	*ret = rows;
	return NULL;
}

static struct error *option_take(struct options *options, int letter, const char *value)
{
	switch (letter) {
	case 'h':
		options->help = true;
		return NULL;
	case 'v':
		options->verbose = true;
		return NULL;
	case 'k':
		options->vmlinux = value;
		return NULL;
	case 'T':
		options->dwarf = true;
		return NULL;
	case 'f':
		options->format = value;
		return NULL;
	case 'o':
		options->output = value;
		return NULL;
	case 'R':
		options->rules_dir = value;
		return NULL;
	case 'W':
		options->where = value;
		return NULL;
	case 'N':
		return parse_rows(value, &options->rows);
	case 'r':
		*vec_push(&options->rules) = value;
		return NULL;
	case 'O':
		*vec_push(&options->only) = value;
		return NULL;
	case 'S':
		*vec_push(&options->skip) = value;
		return NULL;
	case 'P':
		*vec_push(&options->set) = value;
		return NULL;
	case 'B':
		*vec_push(&options->btf) = value;
		return NULL;
	default:
		*vec_push(&options->dump) = value;
		return NULL;
	}
}

/* What getopt() made of an argument: "-x" or "--word". */
static struct error *option_refuse(int result, const char *argument)
{
	if (result == ':')
		return error_new(ERROR_INVALID, "%s: a value is missing", argument);
	return error_new(ERROR_INVALID, "%s: no such option", argument);
}

struct error *options_parse(struct options *options, const char *command, const char *allowed,
			    int count, char **arguments)
{
	struct error *error = NULL;
	bool seen[sizeof(singles)] = {false};
	int letter;

	*options = (struct options){.rows = -1};
	/* An expression may begin with a minus: no option is a digit or a bracket. */
	const char *last = count > 1 ? arguments[count - 1] : "";
	bool is_expression = last[0] == '-' && last[1] && strchr("0123456789.( ", last[1]);

	count -= is_expression;
	opterr = 0;
	optind = 0; /* GNU: starts anew; argument 0 is the command's name */
	while (!error &&
	       (letter = getopt_long(count, arguments, ":hvk:f:o:r:", long_options, NULL)) >= 0) {
		if (letter == '?' || letter == ':')
			error = option_refuse(letter, arguments[optind - 1]);
		else if (letter != 'h' && !strchr(allowed, letter))
			error = error_new(ERROR_INVALID, "--%s: not an option of %s",
					  option_name(letter), command);
		else
			error = option_refuse_second(letter, seen);
		if (!error)
			error = option_take(options, letter, optarg);
	}
	for (int i = optind; i < count; i++)
		*vec_push(&options->words) = arguments[i];
	if (is_expression)
		*vec_push(&options->words) = last;
	return error;
}

void options_deinit(struct options *options)
{
	free(options->rules.items);
	free(options->only.items);
	free(options->skip.items);
	free(options->set.items);
	free(options->btf.items);
	free(options->dump.items);
	free(options->words.items);
}
