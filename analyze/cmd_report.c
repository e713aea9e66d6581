// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "cmd.h"
#include "facts.h"
#include "options.h"
#include "reports/report.h"
#include "rule/rule.h"
#include "rule/run.h"
#include "session.h"

/* Rows of a table that JSON holds when nobody says how many. */
enum { REPORT_ROWS = 10 * 1000 };

struct examination {
	struct session *session;
	const struct options *options;
	struct report *report;
	size_t broken; /* what is wrong in a rule file, or, of rules that were asked for, with this kernel */
	struct {
		struct finding *items;
		size_t count, capacity;
	} findings;
	struct {
		struct view_result *items;
		size_t count, capacity;
	} views;
};

/* A source of names that is missing is no fault of the rule; the report says which it was. */
static void tell_problem(void *context, const struct rule *rule, const struct error *error)
{
	struct examination *examination = context;

	if (error->code == ERROR_NO_SOURCE) {
		log_note("%s: %s", rule->id, error->message);
		return;
	}
	log_warning("%s: %s", rule->id, error->message);
	examination->broken += rule->origin == ORIGIN_ASKED;
}

/* ---- running -------------------------------------------------------------------------------- */

static void run_all(struct examination *examination)
{
	const struct session *session = examination->session;
	const struct options *options = examination->options;
	const struct runner runner = {
		.program = session->program,
		.dump = session->dump,
		.symtab = session->symtab,
		.arena = examination->report->arena,
		.budget = BUDGET_DEFAULT,
		.seconds = RUN_SECONDS,
		.rows = options->rows < 0 ? REPORT_ROWS : (size_t)options->rows,
		.problem = tell_problem,
		.context = examination,
	};
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_set_at(session->rules, i)); i++) {
		if (!session_selects(options, rule))
			continue;
		log_progress("%s", rule->id);
		if (rule->is_view)
			run_view(&runner, rule, vec_push(&examination->views));
		else
			run_rule(&runner, rule, vec_push(&examination->findings));
	}
}

/* ---- filling the report --------------------------------------------------------------------- */

static void fill_results(struct examination *examination)
{
	struct report *report = examination->report;

	report->findings = arena_copy(report->arena, examination->findings.items,
				      examination->findings.count * sizeof(struct finding));
	report->finding_count = examination->findings.count;
	report->views = arena_copy(report->arena, examination->views.items,
				   examination->views.count * sizeof(struct view_result));
	report->view_count = examination->views.count;
	for (size_t i = 0; i < report->finding_count; i++)
		report->counts[report->findings[i].verdict]++;
	free(examination->findings.items);
	free(examination->views.items);
}

static double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static void examine(struct examination *examination, const struct timespec *start)
{
	struct report *report = examination->report;

	facts_fill(examination->session, report);
	session_remark_parts(examination->session, report);
	run_all(examination);
	facts_fill_choices(examination->session, report);
	facts_fill_log(examination->session, report);
	rule_set_describe(examination->session->rules, report);
	fill_results(examination);
	report->seconds = seconds_since(start);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void render(const struct report *report, const char *format,
		   const struct report_style *style, struct buf *buf)
{
	if (!strcmp(format, "json"))
		report_json(report, buf);
	else if (!strcmp(format, "html"))
		report_html(report, style, buf);
	else
		report_text(report, style, buf);
}

static struct error *write_one(const struct report *report, const char *format,
			       const struct report_style *style, const char *path)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	render(report, format, style, &buf);
	return output_file(path, &buf);
}

/* What a folder gets. */
static const struct {
	const char *format, *name;
} folder_files[] = {{"text", "report.txt"}, {"html", "report.html"}, {"json", "report.json"}};

enum { FOLDER_FILES = sizeof(folder_files) / sizeof(*folder_files) };

static struct error *write_folder(const struct report *report, const struct report_style *style,
				  const char *path)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && i < FOLDER_FILES; i++) {
		char *name _cleanup_free_ = mem_printf("%s/%s", path, folder_files[i].name);

		error = write_one(report, folder_files[i].format, style, name);
	}
	return error;
}

static bool is_folder(const char *path)
{
	struct stat status;

	return !stat(path, &status) && S_ISDIR(status.st_mode);
}

/* A dump is the one thing that cannot be had again. */
static struct error *refuse_input(const struct session *session, const struct options *options,
				  const char *path)
{
	struct stat status;

	if (stat(path, &status) || !S_ISREG(status.st_mode) ||
	    !session_reads(session, options, &status))
		return NULL;
	return error_new(ERROR_INVALID,
			 "-o %s: the report would replace a dump, vmlinux or rule file that it is made from", path);
}

/* Makes "DIR/" where it is missing, and sees that nothing is written over that is read. */
static struct error *prepare_output(const struct session *session, const struct options *options)
{
	const char *path = options->output;
	struct error *error = NULL;

	if (!path)
		return NULL;
	if (output_has_ending(path, "/") && mkdir(path, 0777) && errno != EEXIST)
		return error_errno("%s", path);
	if (!is_folder(path))
		return refuse_input(session, options, path);
	for (size_t i = 0; !error && i < FOLDER_FILES; i++) {
		char *name _cleanup_free_ = mem_printf("%s/%s", path, folder_files[i].name);

		error = refuse_input(session, options, name);
	}
	return error;
}

static struct error *write_report(const struct report *report, const struct options *options)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct report_style style;

	output_style(options, &style);
	if (!options->output) {
		render(report, output_choose_format(options), &style, &buf);
		return output_print(&buf);
	}
	style.color = false;
	style.width = 0;
	return is_folder(options->output)
		       ? write_folder(report, &style, options->output)
		       : write_one(report, output_choose_format(options), &style, options->output);
}

/* A report that looked at nothing would look healthy. */
static struct error *refuse_empty(const struct session *session, const struct options *options)
{
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_set_at(session->rules, i)); i++) {
		if (session_selects(options, rule))
			return NULL;
	}
	return error_new(ERROR_INVALID, "%s", options->only.count || options->skip.count
						      ? "--only and --skip leave nothing to check"
						      : "there are no rules to check");
}

struct error *cmd_report(struct session *session, const struct options *options, int *ret_status)
{
	static const char *const formats[] = {"text", "html", "json", NULL};
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct report report = {.arena = arena};
	struct examination examination = {
		.session = session, .options = options, .report = &report};
	struct timespec start;
	struct error *error = output_check_format(output_choose_format(options), formats);

	clock_gettime(CLOCK_MONOTONIC, &start);
	if (!error)
		error = session_load_rules(session, options);
	if (error)
		return error;
	examination.broken = session_tell_problems(session);
	/* Where a file is broken that has been said, and the report says what there is. */
	error = examination.broken ? NULL : refuse_empty(session, options);
	if (!error)
		error = session_open(session, options, options->words.items, options->words.count);
	if (!error)
		error = prepare_output(session, options);
	if (error)
		return error;
	examine(&examination, &start);
	session_tell_sources(session);
	*ret_status = examination.broken ? EXIT_REFUSED : report_exit_status(&report);
	return write_report(&report, options);
}
