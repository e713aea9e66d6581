// SPDX-License-Identifier: GPL-2.0-or-later
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/vec.h"
#include "cmd.h"
#include "expr/expr.h"
#include "options.h"
#include "reports/report.h"
#include "rule/rule.h"
#include "rule/run.h"
#include "session.h"

#define WHERE_NAME "--where" /* in messages */

/* A view is data: nothing in it is shortened to fit a terminal. */
enum { VIEW_WIDTH = 4000 };

struct views {
	const struct rule **items;
	size_t count, capacity;
};

struct request {
	struct strings paths;
	struct views views;
};

static void request_deinit(struct request *request)
{
	free(request->paths.items);
	free(request->views.items);
}

static bool views_have(const struct views *views, const struct rule *rule)
{
	for (size_t i = 0; i < views->count; i++) {
		if (views->items[i] == rule)
			return true;
	}
	return false;
}

/* Adds the views of that name or pattern; false when there are none. */
static bool request_add_views(struct request *request, const struct rule_set *rules,
			      const char *word)
{
	const struct rule *rule;
	bool found = false;

	for (size_t i = 0; (rule = rule_set_at(rules, i)); i++) {
		if (!rule->is_view || fnmatch(word, rule->id, 0) != 0)
			continue;
		found = true;
		if (!views_have(&request->views, rule))
			*vec_push(&request->views) = rule;
	}
	return found;
}

static struct error *unknown_word(const struct rule_set *rules, const char *word, bool is_first)
{
	const char *nearest = rule_set_suggest(rules, word);

	if (is_first || strchr(word, '/'))
		return error_errno("%s", word);
	return error_new(ERROR_NOT_FOUND, "%s: no view of that name%s%s%s", word,
			 nearest ? "; did you mean " : "", nearest ? nearest : "",
			 nearest ? "?" : "");
}

/* Words are views where they name one, else files. */
static struct error *request_parse(struct request *request, const struct rule_set *rules,
				   const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];

		if (!strchr(word, '/') && request_add_views(request, rules, word))
			continue;
		if (access(word, F_OK))
			return unknown_word(rules, word, !request->paths.count);
		*vec_push(&request->paths) = word;
	}
	if (!request->paths.count && request->views.count)
		return error_new(ERROR_INVALID, "view: which dump?");
	return NULL;
}

static void view_put(const struct view_result *view, const char *format,
		     const struct report_style *style, struct buf *buf)
{
	if (!strcmp(format, "json"))
		view_json(view, buf);
	else if (!strcmp(format, "csv"))
		view_csv(view, buf);
	else
		view_text(view, style, buf);
}

/* The list of views is printed as a view of its own. */
static struct error *list_views(const struct rule_set *rules, const char *format,
				const struct report_style *style)
{
	static const char *const columns[] = {"view", "title"};
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct {
		struct cell *items;
		size_t count, capacity;
	} cells = {0};
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_set_at(rules, i)); i++) {
		if (!rule->is_view)
			continue;
		*vec_push(&cells) = (struct cell){.kind = CELL_TEXT, .text = rule->id};
		*vec_push(&cells) = (struct cell){.kind = CELL_TEXT, .text = rule->title};
	}
	const struct view_result view = {
		.name = "views",
		.title = "Views",
		.table = {.columns = columns,
			  .column_count = 2,
			  .cells = cells.items,
			  .row_count = cells.count / 2,
			  .total = cells.count / 2},
		.complete = true,
	};
	view_put(&view, format, style, &buf);
	free(cells.items);
	return output_print(&buf);
}

/* What is wrong with --where ends the command; what is wrong with a view is said beside its table.
 */
static void tell_problem(void *context, const struct rule *rule, const struct error *error)
{
	struct error **refusal = context;

	if (strncmp(error->message, WHERE_NAME ":", strlen(WHERE_NAME ":")) != 0)
		log_warning("%s: %s", rule->id, error->message);
	else if (!*refusal)
		*refusal = error_new(error->code, "%s", error->message);
}

static struct error *parse_where(struct session *session, const char *where,
				 const struct expr **ret)
{
	const struct expr_text text = {.file = WHERE_NAME, .text = where};
	struct expr *expr = NULL;
	struct error *error = where ? expr_parse(rule_set_arena(session->rules), &text,
						 EXPR_START_EXPRESSION, &expr)
				    : NULL;

	if (!error)
		*ret = expr;
	return error;
}

static struct error *print_views(struct session *session, const struct options *options,
				 const struct views *views, const char *format, int *ret_status)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct report_style style;
	struct error *error = NULL;
	struct runner runner = {
		.program = session->program,
		.dump = session->dump,
		.symtab = session->symtab,
		.arena = arena,
		.budget = BUDGET_DEFAULT,
		.seconds = RUN_SECONDS,
		.rows = options->rows < 0 ? 0 : (size_t)options->rows,
		.problem = tell_problem,
		.context = &error,
	};

	error = parse_where(session, options->where, &runner.keep);
	output_style(options, &style);
	style.rows = 0; /* what was asked for is shown whole */
	*ret_status = EXIT_DONE;
	for (size_t i = 0; !error && i < views->count; i++) {
		struct view_result view;

		run_view(&runner, views->items[i], &view);
		if (!view.complete)
			*ret_status = EXIT_INCOMPLETE;
		view_put(&view, format, &style, &buf);
	}
	session_tell_sources(session);
	/* --where may fit the first view and not the last: all of them, or none. */
	return error ? error : output_print(&buf);
}

struct error *cmd_view(struct session *session, const struct options *options, int *ret_status)
{
	static const char *const formats[] = {"text", "json", "csv", NULL};
	const char *format = options->format ? options->format : "text";
	struct request request _cleanup_(request_deinit) = {0};
	struct report_style style;
	struct error *error = output_check_format(format, formats);

	if (!error)
		error = session_load_rules(session, options);
	if (error)
		return error;
	bool is_broken = session_tell_problems(session) != 0;
	error = request_parse(&request, session->rules, &options->words);
	output_style(options, &style);
	style.rows = 0;
	style.width = VIEW_WIDTH;
	*ret_status = EXIT_DONE;
	if (!error && !request.views.count && options->where)
		error = error_new(ERROR_INVALID, "--where: of which view?");
	else if (!error && request.views.count > 1 && !strcmp(format, "csv"))
		error = error_new(ERROR_INVALID,
				  "-f csv: one view at a time, and %zu are named; or take -f json",
				  request.views.count);
	else if (!error && !request.views.count)
		error = list_views(session->rules, format, &style);
	else if (!error)
		error = session_open(session, options, request.paths.items, request.paths.count);
	if (!error && request.views.count)
		error = print_views(session, options, &request.views, format, ret_status);
	if (is_broken)
		*ret_status = EXIT_REFUSED;
	return error;
}
