// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/run.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/vec.h"
#include "reports/report.h"
#include "rule/prepare.h"
#include "rule/rows.h"
#include "rule/rule.h"
#include "value/format.h"

/* What the cells of one rule may take: a hostile dump has long strings and many rows. */
enum { RUN_BYTES_LIMIT = 256 << 20, RUN_TEXT_LIMIT = 4096 };

DEFINE_CLEANUP(struct params *, params_free)
DEFINE_CLEANUP(struct frame *, frame_free)

/* The evaluation of one rule or view, or of one part of it. */
struct run {
	const struct runner *runner;
	const struct rule *rule;
	const struct rule_part *part;
	struct prepared prepared;
	struct frame *frame;
	struct rows rows;
	bool wants_pages;    /* something was not saved in the dump */
	size_t unknown;      /* rows that could not be judged */
	struct buf first;    /* why the first of them could not; a fault's words die with its row */
	struct buf broken;   /* why there may be more rows; empty: there are not */
	size_t parts_failed; /* parts of a view that cannot be computed */
	const char *part_error; /* why the first of them cannot */
	size_t bytes;           /* arena_used() when this began */
};

static void run_deinit(struct run *run)
{
	rows_deinit(&run->rows);
	buf_deinit(&run->first);
	buf_deinit(&run->broken);
}

/* ---- one row -------------------------------------------------------------------------------- */

static struct format_options run_format(const struct run *run)
{
	return (struct format_options){
		.dump = run->runner->dump,
		.symtab = run->runner->symtab,
		.depth = 2,
		.elements = 1000,
	};
}

static void run_cell(struct run *run, const struct code *code, struct cell *ret)
{
	struct format_options options = run_format(run);
	struct value value = code_eval(code, run->frame);

	format_cell(&value, &options, run->runner->arena, ret);
}

static const struct cell *run_cells(struct run *run)
{
	const struct rule_part *part = run->part;
	struct cell *cells = ARENA_ARRAY(run->runner->arena, part->column_count, struct cell);

	for (size_t i = 0; i < part->column_count; i++) {
		const struct prepared_column *column = &run->prepared.columns[i];

		if (column->code)
			run_cell(run, column->code, &cells[i]);
		else
			cells[i] = (struct cell){.kind = CELL_UNKNOWN, .text = column->reason};
		if (cells[i].kind == CELL_REAL && expr_names_seconds(part->columns[i].name))
			cells[i].shown = NULL; /* "5.5 ms" below "idle_s" would say two things */
	}
	return cells;
}

static const struct cell *run_keys(struct run *run)
{
	struct cell *keys = ARENA_ARRAY(run->runner->arena, run->rule->sort_count, struct cell);

	for (size_t i = 0; i < run->rule->sort_count; i++) {
		if (run->prepared.sorts[i])
			run_cell(run, run->prepared.sorts[i], &keys[i]);
	}
	return keys;
}

static const char *run_message(struct run *run)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	if (!run->prepared.message)
		return run->rule->title;
	code_eval_template(run->prepared.message, run->frame, &buf);
	buf_cut(&buf, RUN_TEXT_LIMIT);
	return arena_strdup(run->runner->arena, buf_text(&buf));
}

/* Whether rows are put in an order, so that none may be thrown away before all are there. */
static bool run_needs_all(const struct run *run)
{
	return run->rule->sort_count != 0;
}

static size_t run_limit(const struct run *run)
{
	size_t rows = run->runner->rows;

	return rows && rows < RUN_ROWS_LIMIT && !run_needs_all(run) ? rows : RUN_ROWS_LIMIT;
}

static void run_keep_row(struct run *run)
{
	struct row row = {.position = run->rows.total++};

	if (run->rows.count >= run_limit(run))
		return;
	row.cells = run_cells(run);
	row.keys = run_keys(run);
	if (!run->rule->is_view)
		row.message = run_message(run);
	*vec_push(&run->rows) = row;
}

static void run_unknown(void *context, const struct fault *fault)
{
	struct run *run = context;

	run->wants_pages |= fault->code == ERROR_NOT_SAVED;
	if (!run->unknown++)
		format_fault(fault, &run->first);
}

/* 1, 0, or -1 after counting the row as unknown; no condition is true. */
static int run_condition(struct run *run, const struct code *code)
{
	struct fault fault;

	if (!code)
		return 1;
	struct value value = code_eval(code, run->frame);
	int truth = value_truth(&value, &fault);
	if (truth < 0)
		run_unknown(run, &fault);
	return truth;
}

static bool run_row(void *context)
{
	struct run *run = context;

	if (run_condition(run, run->prepared.where) > 0 &&
	    run_condition(run, run->prepared.flag) > 0 &&
	    run_condition(run, run->prepared.keep) > 0)
		run_keep_row(run);
	if (arena_used(run->runner->arena) - run->bytes <= RUN_BYTES_LIMIT &&
	    run->rows.total < RUN_ROWS_LIMIT)
		return true;
	buf_printf(&run->broken, "more than %d rows or %d MiB", RUN_ROWS_LIMIT,
		   RUN_BYTES_LIMIT >> 20);
	return false;
}

/* ---- all rows ------------------------------------------------------------------------------- */

static void run_broke_off(struct run *run, const struct fault *fault)
{
	if (fault->code == ERROR_COUNT || run->broken.length)
		return;
	run->wants_pages |= fault->code == ERROR_NOT_SAVED;
	format_fault(fault, &run->broken);
}

static void run_rows(struct run *run)
{
	struct frame *frame _cleanup_(frame_free_cleanup) =
		frame_new(run->runner->program, run->prepared.scope, &run->runner->budget);
	struct fault fault = {.code = ERROR_COUNT};

	run->frame = frame;
	if (run->prepared.clauses)
		code_each(run->prepared.clauses, frame, run_row, run_unknown, run, &fault);
	else
		run_row(run);
	run_broke_off(run, &fault);
	if (frame_is_partial(frame, &fault))
		run_broke_off(run, &fault);
	if (frame_exhausted(frame) && !run->broken.length)
		buf_printf(&run->broken, "the budget of %s is used up", frame_exhausted(frame));
}

/* The reason, kept; the whole message goes to who wants to hear of it. */
static const char *run_blame(struct run *run, struct error *error)
{
	const struct runner *runner = run->runner;
	const char *reason = reason_of_error(error, runner->arena);

	run->wants_pages |= error->wants_pages || error->code == ERROR_NOT_SAVED;
	if (runner->problem)
		runner->problem(runner->context, run->rule, error);
	error_free(error);
	return reason;
}

static void run_table(struct run *run, struct table *ret)
{
	const struct rule_part *part = &run->rule->parts[0];
	struct arena *arena = run->runner->arena;
	const char **columns = ARENA_ARRAY(arena, part->column_count, const char *);
	struct cell *cells = ARENA_ARRAY(arena, part->column_count * run->rows.count, struct cell);

	for (size_t i = 0; i < part->column_count; i++)
		columns[i] = part->columns[i].name;
	for (size_t i = 0; i < run->rows.count && part->column_count; i++)
		memcpy(&cells[i * part->column_count], run->rows.items[i].cells,
		       part->column_count * sizeof(*cells));
	*ret = (struct table){
		.columns = columns,
		.column_count = part->column_count,
		.cells = cells,
		.row_count = run->rows.count,
		.total = run->rows.total,
	};
}

/* Order, then what the author wants of it, then what the report has room for. */
static void run_finish(struct run *run)
{
	rows_sort(&run->rows, run->rule);
	if (run->rule->top) {
		rows_cut(&run->rows, run->rule->top);
		if (run->rows.total > run->rule->top)
			run->rows.total = run->rule->top;
	}
	if (run->runner->rows)
		rows_cut(&run->rows, run->runner->rows);
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* Why not every row was judged. */
static const char *run_incomplete(const struct run *run)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	if (run->unknown) {
		buf_printf(&buf, "%zu row%s could not be judged: ", run->unknown,
			   run->unknown == 1 ? "" : "s");
		buf_puts(&buf, buf_text(&run->first));
	}
	if (run->part_error)
		buf_printf(&buf, "%s%s", buf.length ? "; " : "", run->part_error);
	if (run->parts_failed > 1)
		buf_printf(&buf, " (and %zu more parts)", run->parts_failed - 1);
	if (run->broken.length)
		buf_printf(&buf, "%sthe walk is incomplete: %s", buf.length ? "; " : "",
			   buf_text(&run->broken));
	return buf.length ? arena_strdup(run->runner->arena, buf_text(&buf)) : NULL;
}

static void finding_fill(struct run *run, struct finding *ret)
{
	const char **messages = ARENA_ARRAY(run->runner->arena, run->rows.count, const char *);
	size_t found = run->rows.total;

	run_finish(run);
	for (size_t i = 0; i < run->rows.count; i++)
		messages[i] = run->rows.items[i].message;
	ret->messages = messages;
	ret->message_count = run->rows.count;
	ret->message_total = found;
	ret->unknown_rows = run->unknown;
	run_table(run, &ret->table);
	ret->reason = run_incomplete(run);
	ret->verdict = found         ? VERDICT_FOUND
		       : ret->reason ? VERDICT_COULD_NOT_CHECK
				     : VERDICT_CLEAR;
}

static struct error *run_rule_prepare(struct run *run, struct params **ret)
{
	const struct runner *runner = run->runner;
	struct error *error = params_new(runner->program, run->rule, ret);

	if (!error)
		error = prepare_part(runner->program, run->rule, run->part, *ret, NULL, false,
				     runner->arena, &run->prepared);
	return error;
}

/* NULL, or why nothing more is begun. */
static const char *runner_stop(const struct runner *runner)
{
	struct timespec used;

	if (!runner->seconds || clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used))
		return NULL;
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9 < runner->seconds
		       ? NULL
		       : "left out: what came before took too long";
}

static struct run run_new(const struct runner *runner, const struct rule *rule)
{
	return (struct run){.runner = runner,
			    .rule = rule,
			    .part = &rule->parts[0],
			    .bytes = arena_used(runner->arena)};
}

static void finding_decide(struct run *run, struct finding *ret)
{
	struct params *params _cleanup_(params_free_cleanup) = NULL;
	struct error *error = prepare_needs(run->runner->program, &run->rule->needs);

	ret->verdict = VERDICT_COULD_NOT_CHECK;
	if (error && error->code == ERROR_NOT_FOUND) {
		ret->verdict = VERDICT_NOT_APPLICABLE;
		ret->reason = reason_of_error(error, run->runner->arena);
		error_free(error);
		return;
	}
	if (!error)
		error = run_rule_prepare(run, &params);
	if (error) {
		ret->reason = run_blame(run, error);
		return;
	}
	run_rows(run);
	finding_fill(run, ret);
}

/* Here the place in the file matters: that is where it is mended. */
static const char *run_fault(const struct runner *runner, const struct rule *rule)
{
	return arena_printf(runner->arena, "its file is broken: %.*s",
			    (int)strcspn(rule->fault, "\n"), rule->fault);
}

void run_rule(const struct runner *runner, const struct rule *rule, struct finding *ret)
{
	struct run run _cleanup_(run_deinit) = run_new(runner, rule);

	*ret = (struct finding){
		.rule = rule->id,
		.title = rule->title,
		.why = rule->why,
		.advice = rule->advice,
		.tags = rule->tags,
		.tag_count = rule->tag_count,
		.severity = rule->severity,
		.where = rule->place,
		.verdict = VERDICT_COULD_NOT_CHECK,
	};
	ret->reason = runner_stop(runner);
	if (rule->fault)
		ret->reason = run_fault(runner, rule);
	else if (!ret->reason)
		finding_decide(&run, ret);
	ret->wants_pages = run.wants_pages;
}

/* ---- views ---------------------------------------------------------------------------------- */

/* Runs one part; what it lacks is left out, what cannot be had makes the view incomplete. */
static struct error *view_part(struct run *run, const struct params *params)
{
	const struct runner *runner = run->runner;
	struct fault fault;
	bool is_in;
	struct error *error = prepare_needs(runner->program, &run->part->needs);

	if (error_catch(&error, ERROR_NOT_FOUND))
		return NULL;
	if (!error)
		error = prepare_when(runner->program, run->rule, run->part, params, &is_in, &fault);
	if (error)
		return error;
	if (!is_in) {
		run_broke_off(run, &fault);
		return NULL;
	}
	error = prepare_part(runner->program, run->rule, run->part, params, runner->keep, false,
			     runner->arena, &run->prepared);
	if (!error)
		run_rows(run);
	return error;
}

static void view_blame(struct run *run, struct error *error)
{
	const char *line = run_blame(run, error);

	if (!run->parts_failed++)
		run->part_error = line;
}

static void view_parts(struct run *run)
{
	struct params *params _cleanup_(params_free_cleanup) = NULL;
	struct error *error = params_new(run->runner->program, run->rule, &params);

	if (error) {
		view_blame(run, error);
		return;
	}
	for (size_t i = 0; i < run->rule->part_count; i++) {
		const char *stop = runner_stop(run->runner);

		run->part = &run->rule->parts[i];
		error = stop ? error_new(ERROR_LIMIT, "%s", stop) : view_part(run, params);
		if (error)
			view_blame(run, error);
	}
}

static void view_fill(struct run *run, struct view_result *ret)
{
	run_finish(run);
	run_table(run, &ret->table);
	ret->why = run_incomplete(run);
	ret->complete = !ret->why;
}

void run_view(const struct runner *runner, const struct rule *rule, struct view_result *ret)
{
	struct run run _cleanup_(run_deinit) = run_new(runner, rule);
	struct error *error = NULL;

	*ret = (struct view_result){
		.name = rule->id,
		.title = rule->title,
		.description = rule->why,
	};
	if (rule->fault) {
		ret->why = run_fault(runner, rule);
		return;
	}
	error = prepare_needs(runner->program, &rule->needs);
	if (!error)
		view_parts(&run);
	else if (!error_catch(&error, ERROR_NOT_FOUND)) /* there is no such thing: no rows */
		view_blame(&run, error);
	view_fill(&run, ret);
}
