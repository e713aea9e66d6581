// SPDX-License-Identifier: GPL-2.0-or-later
// kmortem: commands, their help, exit status.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd.h"
#include "options.h"
#include "session.h"
#include "types/suggest.h"

struct command {
	struct option_set options;
	const char *words; /* of the help: what follows the name */
	const char *purpose;
	const char *details;
	command_run *run; /* NULL: of `capture`, whose options are those of another program */
};

#define DUMP_OPTIONS (OPTION_BIT(OPTION_VMLINUX) | OPTION_BIT(OPTION_DWARF))
#define FILE_OPTIONS (OPTION_BIT(OPTION_RULES) | OPTION_BIT(OPTION_RULES_DIR))
#define RULES_OPTIONS (FILE_OPTIONS | OPTION_BIT(OPTION_SET))
#define VERBOSE_OPTION OPTION_BIT(OPTION_VERBOSE)
#define DUMP_HELP                                                                         \
	"  VMCORE…             a dump; several files are the parts of one split dump\n" \
	"  -k, --vmlinux FILE  take types and symbols from this file\n" \
	"      --dwarf         take types from its DWARF, even where there is BTF\n"
#define RULES_HELP                                                                          \
	"  -r, --rules PATH    load this rule file or folder as well (may be repeated)\n"   \
	"      --rules-dir DIR load the rules of this folder instead of the shipped ones\n" \
	"      --set ID.PARAM=VALUE  give a parameter of a rule another value\n"

static const struct command commands[] = {
	{{"report",
	  DUMP_OPTIONS | RULES_OPTIONS | VERBOSE_OPTION | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_OUTPUT) |
		  OPTION_BIT(OPTION_ONLY) | OPTION_BIT(OPTION_SKIP) | OPTION_BIT(OPTION_ROWS),
	  false},
	 "VMCORE… [options]", "examine a dump with all rules and report",
	 DUMP_HELP RULES_HELP
	 "  -f, --format F      text, html or json\n"
	 "  -o, --output PATH   write this file; in a folder: report.txt, report.html, report.json\n"
	 "      --only GLOB     run only the rules and views whose names match (may be repeated)\n"
	 "      --skip GLOB     leave out those whose names match (may be repeated)\n"
	 "      --rows N        rows shown of each table; 0: all\n"
	 "  -v, --verbose       say on standard error what was read, and what rules lacked\n"
	 "\nExit status: 0 nothing flagged, 1 something flagged, 2 could not run or a rule file is\n"
	 "broken, 3 nothing flagged but some checks could not be made.\n",
	 cmd_report},
	{{"view",
	  DUMP_OPTIONS | RULES_OPTIONS | VERBOSE_OPTION | OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_ROWS) |
		  OPTION_BIT(OPTION_WHERE),
	  false},
	 "VMCORE… [NAME…] [options]", "print tables; without NAME: list them",
	 DUMP_HELP RULES_HELP
	 "  NAME                a view, or a pattern: 'net.*'\n"
	 "  -f, --format F      text, json or csv\n"
	 "      --where EXPR    only rows for which this is true; may use columns and variables\n"
	 "      --rows N        rows shown of each table; 0 (as without): all\n"
	 "  -v, --verbose       say on standard error what was read, and what rules lacked\n"
	 "\nExit status: 0 printed, 2 could not run, 3 printed but incomplete.\n",
	 cmd_view},
	{{"eval", DUMP_OPTIONS | FILE_OPTIONS | VERBOSE_OPTION, true},
	 "VMCORE… EXPR [options]", "evaluate an expression of the rule language",
	 DUMP_HELP
	 "  EXPR                see kmortem-rules(7); the last word\n"
	 "  -r, --rules PATH    load this rule file or folder as well (may be repeated)\n"
	 "      --rules-dir DIR load the rules of this folder instead of the shipped ones\n"
	 "  -v, --verbose       print the type as well, and long arrays whole\n"
	 "\nExit status: 0 printed, 2 could not run, 3 the value is unknown or incomplete.\n",
	 cmd_eval},
	{{"log", DUMP_OPTIONS | VERBOSE_OPTION, false},
	 "VMCORE… [options]", "print the kernel's log",
	 DUMP_HELP "\nExit status: 0 printed, 2 could not run.\n", cmd_log},
	{{"info", DUMP_OPTIONS | VERBOSE_OPTION, false},
	 "VMCORE… [options]", "say what a dump is and how its kernel was read",
	 DUMP_HELP "  -v, --verbose       and how much work that was\n"
		   "\nExit status: 0 printed, 2 could not run, 3 the dump is truncated.\n",
	 cmd_info},
	{{"list",
	  OPTION_BIT(OPTION_FORMAT) | OPTION_BIT(OPTION_OUTPUT) | OPTION_BIT(OPTION_ROWS) | OPTION_BIT(OPTION_SINCE) |
		  OPTION_BIT(OPTION_HOST) | OPTION_BIT(OPTION_SIGNATURE),
	  false},
	 "[DIR…] [options]", "list the dumps in a directory, equal crashes together",
	 "  DIR                 where dumps are stored; without: /var/crash\n"
	 "  -f, --format F      text, html or json; html: an index page, its links relative to DIR\n"
	 "  -o, --output FILE   write this file, as DIR/index.html\n"
	 "      --since TIME    crashes of the last 12h, 7d, 2w; or since 2026-11-21, 2026-11-21T03:14 (UTC)\n"
	 "      --host GLOB     of hosts whose name, or address, matches\n"
	 "      --signature GLOB  crashes whose signature matches: 'oops@*'\n"
	 "      --rows N        dumps shown of each crash in the text; 0: all\n"
	 "\nExit status: 0 listed, 2 could not run, 3 listed, but something could not be read.\n",
	 cmd_list},
	{{"rules",
	  RULES_OPTIONS | VERBOSE_OPTION | OPTION_BIT(OPTION_VMLINUX) | OPTION_BIT(OPTION_BTF) |
		  OPTION_BIT(OPTION_DUMP),
	  false},
	 "list | show ID | check FILE… | test FILE… | functions",
	 "list, show, check and test rules",
	 "  list                rules and views\n"
	 "  show ID             one of them as it is written\n"
	 "  check [FILE…]       check rule files; with --btf against the types of other kernels\n"
	 "  test FILE…          run the tests of rule files against a dump (--dump)\n"
	 "  functions           functions and walks of the language\n"
	 "      --btf FILE…     raw BTF, or an ELF file with .BTF: of a kernel, then of its modules;\n"
	 "                      then of another kernel…\n"
	 "      --dump VMCORE   a dump (may be repeated: parts of one split dump)\n" RULES_HELP
	 "\nExit status: 0 all is well, 1 a test failed, 2 could not run or a rule is broken.\n",
	 cmd_rules},
	{{"capture", 0, false},
	 "check | load | …", "prepare this host for a crash: kmortem-capture(8)", NULL, NULL},
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(*commands) };

static struct error *print_help(void)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	buf_puts(&buf, "kmortem examines the dump of a crashed Linux kernel.\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		buf_printf(&buf, "  kmortem %s %s\n      %s\n", commands[i].options.command,
			   commands[i].words, commands[i].purpose);
	buf_puts(&buf, "\nkmortem COMMAND --help says more, as do kmortem(1) and "
		       "kmortem-rules(7).\n");
	return output_print(&buf);
}

static struct error *print_command_help(const struct command *command)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	buf_printf(&buf, "kmortem %s %s\n%s\n\n%s", command->options.command, command->words,
		   command->purpose, command->details);
	return output_print(&buf);
}

static struct error *print_version(void)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	buf_puts(&buf, "kmortem " KMORTEM_VERSION "\n");
	return output_print(&buf);
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (!strcmp(commands[i].options.command, name))
			return &commands[i];
	}
	return NULL;
}

static int refuse_command(const char *name)
{
	struct suggestion suggestion = suggestion_for(name);

	for (size_t i = 0; i < COMMAND_COUNT; i++)
		suggestion_offer(&suggestion, commands[i].options.command);
	fprintf(stderr, "kmortem: %s: no such command%s%s%s\n", name,
		suggestion.best ? "; did you mean " : "; see kmortem --help",
		suggestion.best ? suggestion.best : "", suggestion.best ? "?" : "");
	return EXIT_REFUSED;
}

static struct error *command_perform(const struct command *command, const struct options *options,
				     int *ret_status)
{
	struct session session _cleanup_(session_deinit) = {0};

	if (options->help) {
		*ret_status = EXIT_DONE;
		return print_command_help(command);
	}
	log_set_level(options->verbose);
	return command->run(&session, options, ret_status);
}

/* `status`, or EXIT_REFUSED after saying what went wrong. */
static int finish(const struct error *error, int status)
{
	log_progress_end();
	if (!error)
		return status;
	fprintf(stderr, "kmortem: %s\n", error->message);
	return EXIT_REFUSED;
}

static int command_main(const struct command *command, int count, char **arguments)
{
	struct options options _cleanup_(options_deinit) = {0};
	int status = EXIT_REFUSED;
	struct error *error _cleanup_(error_cleanup) =
		options_parse(&options, &command->options, count, arguments);

	if (!error)
		error = command_perform(command, &options, &status);
	return finish(error, status);
}

static int main_print(struct error *print(void))
{
	struct error *error _cleanup_(error_cleanup) = print();

	return finish(error, EXIT_DONE);
}

static int capture_main(char **arguments)
{
	struct error *error _cleanup_(error_cleanup) = capture_become(arguments);

	return finish(error, EXIT_REFUSED);
}

/* A closed standard stream would become the number of the next file that is opened: a dump would be taken for
 * standard output, a file being written for standard error. What stands in refuses to be written to. */
static bool open_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDONLY) != fd)
			return false;
	}
	return true;
}

int main(int count, char **arguments)
{
	const char *name = count > 1 ? arguments[1] : NULL;

	if (!open_standard_streams())
		return EXIT_REFUSED;
	log_progress("starting");
	if (!name) {
		fprintf(stderr, "kmortem: no command; see kmortem --help\n");
		return EXIT_REFUSED;
	}
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		return main_print(print_version);
	if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
		return main_print(print_help);
	const struct command *command = command_find(name);
	if (!command)
		return refuse_command(name);
	return command->run ? command_main(command, count - 1, arguments + 1) : capture_main(arguments + 1);
}
