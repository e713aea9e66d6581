// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd.h"
#include "expr/expr.h"
#include "options.h"
#include "reports/report.h"
#include "rule/prepare.h"
#include "rule/rule.h"
#include "rule/rule_test.h"
#include "rule/yaml.h"
#include "session.h"
#include "types/symtab.h"

/* ---- list, show, functions ------------------------------------------------------------------ */

static struct error *rules_list(struct session *session, const struct options *options,
				int *ret_status)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	const struct rule *rule;
	struct error *error = session_load_rules(session, options);

	if (error)
		return error;
	*ret_status = session_tell_problems(session) ? EXIT_REFUSED : EXIT_DONE;
	for (size_t i = 0; (rule = rule_set_at(session->rules, i)); i++)
		buf_printf(&buf, "%-30s %-9s %s\n", rule->id,
			   rule->is_view ? "view" : severity_word(rule->severity),
			   rule->title ? rule->title : "");
	return output_print(&buf);
}

static bool is_filler(const char *line)
{
	line += strspn(line, " \t");
	return !*line || *line == '#';
}

/* The lines of its file, without what stands between it and the next one. */
static void put_source(const struct rule *rule, struct buf *buf)
{
	const struct yaml_node *node = rule->node;
	size_t end = node->end.line - (node->end.column == 1);

	if (end > node->file->line_count)
		end = node->file->line_count;
	while (end > node->start.line && is_filler(node->file->lines[end - 1]))
		end--;
	buf_printf(buf, "# %s\n", rule->place);
	for (size_t i = node->start.line; i <= end; i++)
		buf_printf(buf, "%s\n", node->file->lines[i - 1]);
}

static struct error *rules_show(struct session *session, const struct options *options,
				int *ret_status)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct error *error = session_load_rules(session, options);

	if (!error && options->words.count < 2)
		error = error_new(ERROR_INVALID, "rules show: which rule or view?");
	for (size_t i = 1; !error && i < options->words.count; i++) {
		const struct rule *rule = rule_set_find(session->rules, options->words.items[i]);
		const char *nearest = rule_set_suggest(session->rules, options->words.items[i]);

		if (rule)
			put_source(rule, &buf);
		else
			error = error_new(ERROR_NOT_FOUND, "%s: no rule or view of that name%s%s%s",
					  options->words.items[i], nearest ? "; did you mean " : "",
					  nearest ? nearest : "", nearest ? "?" : "");
	}
	*ret_status = EXIT_DONE;
	return error ? error : output_print(&buf);
}

static struct error *rules_functions(struct session *session, const struct options *options,
				     int *ret_status)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	const struct expr_builtin *builtin;

	(void)session;
	(void)options;
	for (size_t i = 0; (builtin = expr_builtin(i)); i++)
		buf_printf(&buf, "%-34s %-10s %s\n", builtin->call, builtin->result,
			   builtin->words);
	*ret_status = EXIT_DONE;
	return output_print(&buf);
}

/* ---- check ---------------------------------------------------------------------------------- */

static bool is_rule_path(const char *path)
{
	const char *dot = strrchr(path, '.');
	struct stat status;

	return (dot && (!strcmp(dot, ".yaml") || !strcmp(dot, ".yml"))) ||
	       (!stat(path, &status) && S_ISDIR(status.st_mode));
}

/* Loads the rule files among the words; with --btf, other files are more of its kind ("--btf
 * vmlinux mod1 mod2"). */
static struct error *load_words(struct session *session, const struct options *options,
				struct strings *btf, size_t *ret_files)
{
	struct error *error = session_load_rules(session, options);

	*ret_files = options->rules.count;
	for (size_t i = 1; !error && i < options->words.count; i++) {
		const char *word = options->words.items[i];

		if (btf->count && !is_rule_path(word)) {
			*vec_push(btf) = word;
			continue;
		}
		error = session_add_rules(session, word);
		++*ret_files;
	}
	return error;
}

/* Checks each rule against the types; returns how many are wrong. `kernel` ("" or "FILE: ") goes before what is said. */
static size_t check_all(struct session *session, const char *kernel, bool only_asked)
{
	const struct rule *rule;
	size_t wrong = 0;

	for (size_t i = 0; (rule = rule_set_at(session->rules, i)); i++) {
		if (rule->fault || (only_asked && rule->origin != ORIGIN_ASKED))
			continue;
		struct error *error _cleanup_(error_cleanup) = prepare_check(session->program,
									     rule);

		if (error && error->code == ERROR_NO_SOURCE)
			log_note("%s%s: %s", kernel, rule->id, error->message);
		else if (error) {
			log_warning("%s%s: %s", kernel, rule->id, error->message);
			wrong++;
		}
	}
	return wrong;
}

/* Checks the rules against the types of one kernel after the other. */
static struct error *check_kernels(struct session *session, const struct strings *files, bool only_asked,
				   size_t *ret_kernels, size_t *ret_wrong)
{
	size_t length = 0;

	for (size_t i = 0; i < files->count; i += length) {
		const char *const *first = files->items + i;
		struct error *error = symtab_btf_span(first, files->count - i, &length);

		program_free(session->program);
		symtab_free(session->symtab);
		session->program = NULL;
		session->symtab = NULL;
		if (!error)
			error = symtab_new_btf(first, length, &session->symtab);
		if (error)
			return error;
		session->program = program_new(rule_set_library(session->rules), session->symtab, NULL);
		char *kernel _cleanup_free_ =
			length == files->count ? mem_strdup("") : mem_printf("%s: ", *first);
		*ret_wrong += check_all(session, kernel, only_asked);
		++*ret_kernels;
	}
	return NULL;
}

static size_t count_rules(const struct session *session, bool only_asked)
{
	const struct rule *rule;
	size_t count = 0;

	for (size_t i = 0; (rule = rule_set_at(session->rules, i)); i++)
		count += !only_asked || rule->origin == ORIGIN_ASKED;
	return count;
}

static struct error *rules_check(struct session *session, const struct options *options,
				 int *ret_status)
{
	struct strings btf = {0};
	struct buf buf _cleanup_(buf_deinit) = {0};
	size_t files = 0, kernels = 0, wrong = 0;

	for (size_t i = 0; i < options->btf.count; i++)
		*vec_push(&btf) = options->btf.items[i];
	struct error *error = load_words(session, options, &btf, &files);
	if (!error) {
		wrong = session_tell_problems(session);
		error = check_kernels(session, &btf, files != 0, &kernels, &wrong);
	}
	free(btf.items);
	if (error)
		return error;
	buf_printf(&buf, "%zu rules and views checked", count_rules(session, files != 0));
	if (!kernels)
		buf_puts(&buf, " (syntax only: no --btf)");
	else if (kernels > 1)
		buf_printf(&buf, " against %zu kernels", kernels);
	buf_printf(&buf, ", %zu problems\n", wrong);
	*ret_status = wrong ? EXIT_REFUSED : EXIT_DONE;
	return output_print(&buf);
}

/* ---- test ----------------------------------------------------------------------------------- */

static struct error *run_tests(struct session *session, int *ret_status)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct rule_tests tests = {.rules = session->rules,
				   .dump = session->dump,
				   .symtab = session->symtab,
				   .buf = &buf};
	const struct yaml_file *file;
	enum rule_origin origin;

	for (size_t i = 0; (file = rule_set_file(session->rules, i, &origin)); i++) {
		if (origin == ORIGIN_ASKED)
			rule_tests_run(&tests, file);
	}
	if (!tests.passed && !tests.failed && !tests.skipped)
		return error_new(ERROR_INVALID, "rules test: these files have no tests");
	if (tests.skipped)
		buf_printf(&buf, "%zu skipped\n", tests.skipped);
	buf_printf(&buf, "%zu passed, %zu failed\n", tests.passed, tests.failed);
	*ret_status = tests.failed ? EXIT_FOUND : EXIT_DONE;
	return output_print(&buf);
}

static struct error *rules_test(struct session *session, const struct options *options,
				int *ret_status)
{
	struct strings none = {0};
	size_t files = 0;
	struct error *error = load_words(session, options, &none, &files);

	if (error)
		return error;
	if (!files || !options->dump.count)
		return error_new(ERROR_INVALID,
				 "rules test: want rule files, and a dump with --dump");
	if (session_tell_problems(session))
		return error_new(ERROR_SYNTAX, "rules test: the rules are broken");
	error = session_open(session, options, options->dump.items, options->dump.count);
	return error ? error : run_tests(session, ret_status);
}

struct error *cmd_rules(struct session *session, const struct options *options, int *ret_status)
{
	static const struct {
		const char *name;
		command_run *run;
	} commands[] = {
		{"list", rules_list}, {"show", rules_show},           {"check", rules_check},
		{"test", rules_test}, {"functions", rules_functions},
	};

	for (size_t i = 0; options->words.count && i < sizeof(commands) / sizeof(*commands); i++) {
		if (!strcmp(options->words.items[0], commands[i].name))
			return commands[i].run(session, options, ret_status);
	}
	return error_new(ERROR_INVALID, "rules: want list, show, check, test or functions");
}
