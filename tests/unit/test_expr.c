// SPDX-License-Identifier: GPL-2.0-or-later
// The rule language on the toy kernels: runs the cases of tests/expr/*.txt. Each is an expression
// with its type and value, or with the message it must get; tests/expr/README.md has the format.
#include "test.h"

#include <glob.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "expr/expr.h"
#include "kernel/kernel.h"
#include "types/symtab.h"
#include "value/format.h"

static char folder[] = "/tmp/kmortem-expr-XXXXXX";

static void run(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *command _cleanup_free_ = mem_vprintf(format, arguments);
	va_end(arguments);
	if (system(command)) {
		printf("cannot run: %s\n", command);
		exit(1);
	}
}

static void remove_folder(void)
{
	run("rm -rf %s", folder);
}

__attribute__((constructor)) static void build(void)
{
	if (!mkdtemp(folder))
		exit(1);
	atexit(remove_folder);
	run("tests/toykernel/build %s", folder);
}

/* One file of cases being run. */
struct cases {
	const char *path;
	size_t line;
	struct dump *dump;
	struct symtab *symtab;
	struct kernel *kernel;
	struct arena *arena;
	struct library *library;
	struct program *program; /* NULL: declarations may follow */
	char *expression;
	bool is_need;
	struct buf want, got; /* of the expression */
};

static void must(const struct cases *cases, struct error *error)
{
	if (!error)
		return;
	printf("%s:%zu: %s\n", cases->path, cases->line, error->message);
	exit(1);
}

/* ---- declarations --------------------------------------------------------------------------- */

static struct expr *parse(const struct cases *cases, enum expr_start start, const char *text)
{
	struct expr_text source = {.file = "lib", .text = arena_strdup(cases->arena, text)};
	struct expr *expr = NULL;

	must(cases, expr_parse(cases->arena, &source, start, &expr));
	return expr;
}

/* NAME: TYPE and the like: cut at the first ": ". */
static char *after_colon(char *text)
{
	char *colon = strstr(text, ": ");

	if (!colon)
		exit(1);
	*colon = '\0';
	return colon + 2;
}

static void declare_index(struct cases *cases, const char *name, char *text)
{
	const char *clauses = strtok(text, ";"), *key = strtok(NULL, ";"),
		   *value = strtok(NULL, ";");

	library_index(cases->library, name, parse(cases, EXPR_START_CLAUSES, clauses),
		      parse(cases, EXPR_START_EXPRESSION, key),
		      parse(cases, EXPR_START_EXPRESSION, value));
}

static void declare(struct cases *cases, char *text)
{
	char *what = strtok(text, " "), *name = strtok(NULL, ""), *body = after_colon(name);

	program_free(cases->program);
	cases->program = NULL;
	if (!strcmp(what, "variable")) {
		library_variable(cases->library, name, parse(cases, EXPR_START_TYPE, body));
	} else if (!strcmp(what, "define")) {
		library_define(cases->library, parse(cases, EXPR_START_SIGNATURE, name),
			       parse(cases, EXPR_START_EXPRESSION, body));
	} else if (!strcmp(what, "member")) {
		char *dot = strchr(name, '.');

		*dot = '\0';
		library_member(cases->library, parse(cases, EXPR_START_TYPE, name), dot + 1,
			       parse(cases, EXPR_START_MEMBER, body));
	} else if (!strcmp(what, "index")) {
		declare_index(cases, name, body);
	} else {
		printf("%s:%zu: what is %s?\n", cases->path, cases->line, what);
		exit(1);
	}
}

/* ---- dumps ---------------------------------------------------------------------------------- */

static void close_dump(struct cases *cases)
{
	program_free(cases->program);
	kernel_free(cases->kernel);
	symtab_free(cases->symtab);
	dump_close(cases->dump);
	arena_free(cases->arena);
	cases->program = NULL;
}

/* "new", "old", or "new: ORDER; ORDER" of a damaged one. */
static void open_dump(struct cases *cases, char *text)
{
	char *recipe = strstr(text, ": ");
	char *path _cleanup_free_ = NULL;
	struct symtab_options options = {0};

	close_dump(cases);
	if (recipe) {
		*recipe = '\0';
		path = mem_printf("%s/damaged", folder);
		run("printf '%%s' '%s' | tr ';' '\\n' >%s/recipe", recipe + 2, folder);
		run("tests/toykernel/mkvmcore %s/%s/vmlinux %s %s/recipe", folder, text, path,
		    folder);
	} else {
		path = mem_printf("%s/%s/vmcore", folder, text);
	}
	const char *paths[] = {path};

	must(cases, dump_open(paths, 1, &cases->dump));
	must(cases, symtab_new(cases->dump, &options, &cases->symtab));
	cases->kernel = kernel_new(cases->dump, cases->symtab);
	cases->arena = arena_new();
	cases->library = library_new(cases->arena);
}

/* ---- cases ---------------------------------------------------------------------------------- */

static void put_result(struct cases *cases, const struct code *code, struct scope *scope)
{
	struct budget budget = BUDGET_DEFAULT;
	struct frame *frame = frame_new(cases->program, scope, &budget);
	struct value value = code_eval(code, frame);
	struct format_options options = {
		.dump = cases->dump, .symtab = cases->symtab, .depth = 2, .elements = 100};

	code_print_type(code, &cases->got);
	buf_puts(&cases->got, ": ");
	format_value(&value, &options, &cases->got);
	if (frame_is_partial(frame, NULL))
		buf_puts(&cases->got, " (partial)");
	frame_free(frame);
}

static void put_need(struct cases *cases, const struct expr_text *source)
{
	struct expr *expr = NULL;
	struct error *error = expr_parse(cases->arena, source, EXPR_START_NEED, &expr);

	if (!error)
		error = expr_check_need(cases->program, expr);
	buf_puts(&cases->got, error ? error->message : "there");
	error_free(error);
}

static void evaluate(struct cases *cases)
{
	struct expr_text source = {.file = "t", .text = cases->expression};
	struct expr *expr = NULL;
	struct code *code = NULL;

	if (!cases->program)
		cases->program = program_new(cases->library, cases->symtab, cases->kernel);
	if (cases->is_need) {
		put_need(cases, &source);
		return;
	}
	struct scope *scope = scope_new(cases->program);
	struct error *error = expr_parse(cases->arena, &source, EXPR_START_EXPRESSION, &expr);

	if (!error)
		error = expr_check(cases->program, scope, expr, &code);
	if (error)
		buf_puts(&cases->got, error->message);
	else
		put_result(cases, code, scope);
	error_free(error);
}

/* The previous expression and what was wanted of it are complete. */
static void finish(struct cases *cases)
{
	if (!cases->expression)
		return;
	evaluate(cases);
	if (strcmp(buf_text(&cases->got), buf_text(&cases->want)) != 0) {
		test_failures++;
		printf("%s:%zu: %s\n  got  %s\n  want %s\n", cases->path, cases->line,
		       cases->expression, buf_text(&cases->got), buf_text(&cases->want));
	}
	buf_deinit(&cases->got);
	buf_deinit(&cases->want);
	cases->expression = NULL;
}

static void take_line(struct cases *cases, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strchr("?~@+", line[0]) && line[0])
		finish(cases);
	switch (line[0]) {
	case '?':
	case '~':
		cases->is_need = line[0] == '~';
		cases->expression = arena_strdup(cases->arena, line + 2);
		break;
	case '@':
		open_dump(cases, line + 2);
		break;
	case '+':
		declare(cases, line + 2);
		break;
	case '=':
		buf_puts(&cases->want, line + 2);
		break;
	case '!':
		buf_printf(&cases->want, "%s%s", cases->want.length ? "\n" : "",
			   line[1] ? line + 2 : "");
		break;
	default:
		break;
	}
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct cases cases = {.path = path};
	char *line = NULL;
	size_t size = 0;

	if (!file)
		exit(1);
	while (getline(&line, &size, file) > 0) {
		cases.line++;
		take_line(&cases, line);
	}
	finish(&cases);
	close_dump(&cases);
	free(line);
	fclose(file);
}

TEST(expr_cases)
{
	glob_t found;

	CHECK(glob("tests/expr/*.txt", 0, NULL, &found) == 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_file(found.gl_pathv[i]);
	globfree(&found);
}

TEST_MAIN
