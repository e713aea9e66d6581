// SPDX-License-Identifier: GPL-2.0-or-later
// Rows, lets, filters, groups and budgets, as the rule layer uses them. No dump: what a rule can
// say without one.
#include "test.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "expr/expr.h"
#include "types/symtab.h"
#include "value/format.h"

/* A rule being run. */
static struct arena *arena;
static struct library *library;
static struct symtab *symtab;
static struct program *program;
static struct scope *scope;
static struct frame *frame;
static struct buf out;
static const struct code *shown[2];
static size_t unknowns;
static bool stops_early;

static void begin(void)
{
	const char *const none[] = {NULL};
	struct error *error = symtab_new_btf(none, 0, &symtab);

	CHECK(!error);
	arena = arena_new();
	library = library_new(arena);
	program = NULL;
	frame = NULL;
	unknowns = 0;
	stops_early = false;
	shown[0] = shown[1] = NULL;
}

static void end(void)
{
	frame_free(frame);
	program_free(program);
	symtab_free(symtab);
	arena_free(arena);
	buf_deinit(&out);
}

static struct expr *parse(enum expr_start start, const char *text)
{
	struct expr_text source = {.file = "t", .text = arena_strdup(arena, text)};
	struct expr *expr = NULL;
	struct error *error = expr_parse(arena, &source, start, &expr);

	if (error)
		printf("%s\n", error->message);
	CHECK(!error);
	error_free(error);
	return expr;
}

static struct scope *in_scope(void)
{
	if (!program) {
		program = program_new(library, symtab, NULL);
		scope = scope_new(program);
	}
	return scope;
}

static void fine(struct error *error)
{
	if (error)
		printf("%s\n", error->message);
	CHECK(!error);
	error_free(error);
}

static struct code *check(const char *text)
{
	struct code *code = NULL;

	in_scope();
	fine(expr_check(program, scope, parse(EXPR_START_EXPRESSION, text), &code));
	return code;
}

static struct code *clauses(const char *text)
{
	struct code *code = NULL;

	in_scope();
	fine(expr_check_clauses(program, scope, parse(EXPR_START_CLAUSES, text), &code));
	return code;
}

static struct code *where(struct code *rows, const char *text)
{
	struct code *code = NULL;

	in_scope();
	fine(expr_check_filter(program, scope, parse(EXPR_START_EXPRESSION, text), rows, &code));
	return code;
}

static void let(const char *name, const char *text)
{
	in_scope();
	fine(expr_check_let(program, scope, name, parse(EXPR_START_EXPRESSION, text)));
}

static void new_frame(uint64_t steps)
{
	struct budget budget = BUDGET_DEFAULT;

	if (steps)
		budget.steps = steps;
	frame_free(frame);
	frame = frame_new(program, scope, &budget);
}

static void put(const struct code *code)
{
	struct value value = code_eval(code, frame);
	struct format_options options = {.elements = 20, .depth = 2};

	format_value(&value, &options, &out);
}

static bool row(void *context)
{
	(void)context;
	put(shown[0]);
	if (shown[1]) {
		buf_putc(&out, '/');
		put(shown[1]);
	}
	buf_putc(&out, ' ');
	return !stops_early;
}

static void unknown(void *context, const struct fault *fault)
{
	(void)context;
	CHECK(fault->code != ERROR_COUNT);
	unknowns++;
}

static struct fault each(const struct code *rows)
{
	struct fault fault;

	if (!frame)
		new_frame(0);
	code_each(rows, frame, row, unknown, NULL, &fault);
	return fault;
}

TEST(frame_rows_and_lets)
{
	begin();
	struct code *rows = clauses("a in range(1, 4), b in range(0, a) where b != 1");

	let("c", "a * 10 + b");
	let("d", "c + 0.5");
	shown[0] = check("c");
	shown[1] = check("d");
	CHECK(each(rows).code == ERROR_COUNT);
	CHECK_STR(buf_text(&out), "10/10.5 20/20.5 30/30.5 32/32.5 ");
	end();
}

TEST(frame_row_may_stop)
{
	begin();
	struct code *rows = clauses("a in range(5)");

	shown[0] = check("a");
	stops_early = true;
	CHECK(each(rows).code == ERROR_COUNT);
	CHECK_STR(buf_text(&out), "0 ");
	end();
}

/* A let that is first read inside a loop outlives the memory of that loop. */
TEST(frame_let_survives_the_loop_it_is_read_in)
{
	begin();
	struct code *rows = clauses("a in [\"x\", \"y\"]");

	let("s", "a + \"-\" + join(collect(string_of(i) for i in range(3)), \",\")");
	shown[0] = check("count(i in range(50) where s + string_of(i) != \"\" and len(s) == 7)");
	shown[1] = check("s");
	each(rows);
	CHECK_STR(buf_text(&out), "50/x-0,1,2 50/y-0,1,2 ");
	end();
}

TEST(frame_filter_uses_lets_and_counts_unknown_rows)
{
	begin();
	struct code *rows = clauses("a in range(5)");

	let("half", "6 / (a - 2)");
	rows = where(rows, "half > 2");
	shown[0] = check("a");
	CHECK(each(rows).code == ERROR_COUNT);
	CHECK_STR(buf_text(&out), "3 4 ");
	CHECK(unknowns == 1); /* 6 / 0 */
	end();
}

TEST(frame_filter_without_clauses_is_one_row)
{
	begin();
	let("n", "3");
	struct code *rows = where(NULL, "n == 3"), *none = where(NULL, "n == 4");

	shown[0] = check("n");
	each(rows);
	each(none);
	CHECK_STR(buf_text(&out), "3 ");
	end();
}

TEST(frame_groups)
{
	begin();
	struct code *rows = clauses("a in range(7)");
	struct scope *inner = NULL;

	let("b", "a * a");
	rows = where(rows, "a != 3");
	fine(expr_check_group(program, scope,
			      parse(EXPR_START_EXPRESSION, "a % 2 ? \"odd\" : \"even\""), rows,
			      &inner, &rows));
	scope = inner;
	let("total", "sum(r.b for r in rows)");
	shown[0] = check("key");
	shown[1] = check("[count(rows), total, first(rows).a]");
	CHECK(each(rows).code == ERROR_COUNT);
	CHECK_STR(buf_text(&out), "even/[4, 56, 0] odd/[2, 26, 1] ");
	end();
}

TEST(frame_constants_and_templates)
{
	begin();
	struct code *text = NULL;

	in_scope();
	scope_add_constant(scope, "patience",
			   (struct value){.kind = VALUE_DURATION, .integer = 90000000000});
	fine(expr_check(
		program, scope,
		parse(EXPR_START_TEMPLATE, "{{waits}} {patience} for {\"x\" + \"y\"} and {1 / 0}"),
		&text));
	new_frame(0);
	code_eval_template(text, frame, &out);
	CHECK_STR(buf_text(&out), "{waits} 1 min 30 s for xy and ?");
	end();
}

TEST(frame_budget_of_steps)
{
	begin();
	struct code *rows = clauses("a in range(1000000)");
	const struct code *sum = check("sum(x for x in range(1000000))");

	shown[0] = check("1");
	new_frame(1000);
	CHECK(each(rows).code == ERROR_LIMIT);
	CHECK(frame_exhausted(frame) != NULL);
	struct value value = code_eval(sum, frame);

	CHECK(value.kind == VALUE_ABSENT && value.absent.code == ERROR_LIMIT);
	new_frame(0);
	value = code_eval(sum, frame);
	CHECK(value.kind == VALUE_INT && value.integer == 499999500000);
	CHECK(!frame_exhausted(frame));
	end();
}

/* Memory that a row used is free for the next: a million rows of 1 KiB pass through 64 MiB. */
TEST(frame_budget_of_memory)
{
	begin();
	const struct code *rows =
		check("count(x in range(100000) where len(replace(\"12345678\", \"1\", "
		      "\""
		      "0123456789012345678901234567890123456789"
		      "\" + string_of(x))) > 0)");
	const struct code *all = check(
		"len(collect(\"0123456789012345678901234567890123456789012345678901234567890123\""
		" + string_of(x) for x in range(2000000)))");

	new_frame(0);
	struct value value = code_eval(rows, frame);

	CHECK(value.kind == VALUE_INT && value.integer == 100000);
	CHECK(!frame_exhausted(frame));
	value = code_eval(all, frame);
	CHECK(frame_exhausted(frame) != NULL);
	end();
}

static void library_say(const char *signature, const char *body)
{
	library_define(library, parse(EXPR_START_SIGNATURE, signature),
		       parse(EXPR_START_EXPRESSION, body));
}

/* Computed once: what it costs is not charged again. */
TEST(frame_definitions_are_shared)
{
	begin();
	library_say("long_walk", "(x for x in range(300000) where x % 100000 == 7)");
	library_say("number", "count(long_walk)");
	const struct code *code = check("number + number");

	new_frame(20);
	struct value value = code_eval(code, frame);

	CHECK(value.kind == VALUE_INT && value.integer == 6);
	CHECK(!frame_exhausted(frame));
	end();
}

static bool fails(const char *text, enum error_code want)
{
	struct code *code;
	struct expr *expr = parse(EXPR_START_EXPRESSION, text);

	in_scope();
	struct error *error = expr_check(program, scope, expr, &code);
	bool result = error && error->code == want;

	error_free(error);
	return result;
}

/* Each definition doubles the one before: the whole would have 2^40 nodes. */
TEST(frame_expansion_is_bounded)
{
	begin();
	library_say("f0(x)", "x + x");
	for (int i = 1; i <= 40; i++) {
		char *signature _cleanup_free_ = mem_printf("f%d(x)", i);
		char *body _cleanup_free_ = mem_printf("f%d(x) + f%d(x + 1)", i - 1, i - 1);

		library_say(signature, body);
	}
	CHECK(fails("f40(1)", ERROR_LIMIT));
	end();
}

TEST(frame_definitions_nest_to_a_limit)
{
	begin();
	library_say("g0(x)", "x + 1");
	for (int i = 1; i <= 70; i++) {
		char *signature _cleanup_free_ = mem_printf("g%d(x)", i);
		char *body _cleanup_free_ = mem_printf("g%d(x) + 1", i - 1);

		library_say(signature, body);
	}
	CHECK(fails("g70(1)", ERROR_LIMIT));
	CHECK(!fails("g60(1)", ERROR_LIMIT));
	end();
}

/* A chain of lets is as deep as it is long, however shallow each of them is. */
TEST(frame_long_chains_of_lets)
{
	begin();
	let("v0", "1 / 1");
	bool refused = false;

	for (int i = 1; i <= 5000 && !refused; i++) {
		char *name _cleanup_free_ = mem_printf("v%d", i);
		char *text _cleanup_free_ = mem_printf("v%d + 1", i - 1);
		struct error *error =
			expr_check_let(program, scope, name, parse(EXPR_START_EXPRESSION, text));

		refused = error && error->code == ERROR_LIMIT;
		error_free(error);
	}
	CHECK(refused);
	end();
}

TEST(frame_sort_keys)
{
	bool descending;

	begin();
	const struct expr *expr = parse(EXPR_START_EXPRESSION, "-rx + 1");

	CHECK(expr_sort_key(expr, &descending) == expr && !descending);
	expr = parse(EXPR_START_EXPRESSION, "-rx");
	CHECK(expr_sort_key(expr, &descending) != expr && descending);
	expr = parse(EXPR_START_EXPRESSION, "desc(name)");
	CHECK(expr_sort_key(expr, &descending) != expr && descending);
	end();
}

TEST(frame_functions_are_listed)
{
	size_t count = 0;

	for (const struct expr_builtin *b; (b = expr_builtin(count)); count++)
		CHECK(b->name && b->words && b->result &&
		      !strncmp(b->call, b->name, strlen(b->name)));
	CHECK(count > 80);
}

TEST_MAIN
