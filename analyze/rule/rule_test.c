// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/rule_test.h"

#include <fnmatch.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "expr/expr.h"
#include "kernel/kernel.h"
#include "reports/report.h"
#include "rule/rule.h"
#include "rule/run.h"
#include "rule/yaml.h"
#include "types/type.h"

enum { POKE_LIMIT = 64, POKE_BYTES = 256, HIDE_BYTES = 1 << 20 };

DEFINE_CLEANUP(struct program *, program_free)
DEFINE_CLEANUP(struct frame *, frame_free)

/* Bytes to be put into the dump. */
struct poke {
	uint64_t address;
	size_t length;
	bool is_hidden; /* take the page away instead */
	unsigned char bytes[POKE_BYTES];
};

struct test {
	struct rule_tests *tests;
	const struct yaml_node *node;
	struct arena *arena;
	struct rule rule; /* a copy, whose parameters the test may set */
	enum verdict expect;
	bool is_skipped; /* the kernel lacks something under needs */
	struct poke pokes[POKE_LIMIT];
	size_t poke_count;
};

/* ---- what is poked -------------------------------------------------------------------------- */

/* A piece of a scalar, as it is evaluated: with "&(" before it where its address is wanted. */
struct piece {
	const struct yaml_node *node;
	size_t start, length; /* in the scalar */
	size_t lead;          /* bytes before it in what is evaluated */
};

/* Mistakes are shown where they stand in the file. */
static void locate_piece(const struct expr_text *text, size_t offset, size_t *ret_line,
			 size_t *ret_column)
{
	const struct piece *piece = text->context;
	size_t inside = offset > piece->lead ? offset - piece->lead : 0;
	struct yaml_position position = yaml_locate(
		piece->node, piece->start + (inside < piece->length ? inside : piece->length));

	*ret_line = position.line;
	*ret_column = position.column;
}

static struct expr_text piece_text(const struct test *test, const struct piece *piece)
{
	struct expr_text text = yaml_text(piece->node);
	const char *words = piece->node->text + piece->start;

	text.text = piece->lead ? arena_printf(test->arena, "&(%.*s)", (int)piece->length, words)
				: arena_strndup(test->arena, words, piece->length);
	text.locate = locate_piece;
	text.context = arena_copy(test->arena, piece, sizeof(*piece));
	return text;
}

/* Evaluates a piece of the file against the unchanged dump. */
static struct error *evaluate(const struct test *test, const struct piece *piece, struct value *ret)
{
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(test->tests->dump,
									  test->tests->symtab);
	struct program *program _cleanup_(program_free_cleanup) =
		program_new(rule_set_library(test->tests->rules), test->tests->symtab, kernel);
	const struct expr_text where = piece_text(test, piece);
	struct scope *scope = scope_new(program);
	struct budget budget = BUDGET_DEFAULT;
	struct expr *expr;
	struct code *code;
	struct error *error = expr_parse(test->arena, &where, EXPR_START_EXPRESSION, &expr);

	if (!error)
		error = expr_check(program, scope, expr, &code);
	if (error)
		return error;
	struct frame *frame _cleanup_(frame_free_cleanup) = frame_new(program, scope, &budget);
	struct value value = code_eval(code, frame);
	*ret = value_keep(&value, test->arena);
	if (value.kind == VALUE_ABSENT)
		return yaml_error(piece->node, "%.*s: %s", (int)piece->length,
				  piece->node->text + piece->start, error_words(value.absent.code));
	return NULL;
}

/* The first `length` bytes of a scalar name a place. */
static struct error *find_place(const struct test *test, const struct yaml_node *node,
				size_t length, struct poke *ret, const struct type **ret_type)
{
	const struct piece piece = {.node = node, .length = length, .lead = strlen("&(")};
	struct value place;
	struct error *error = evaluate(test, &piece, &place);

	if (error)
		return error;
	const struct type *type = place.kind == VALUE_POINTER && place.type
					  ? type_target(type_strip(place.type))
					  : &type_void;
	ret->address = (uint64_t)place.integer;
	ret->length = type->size && type->size <= POKE_BYTES ? type->size : 1;
	*ret_type = type;
	return NULL;
}

static struct error *put_value(const struct test *test, const struct yaml_node *node,
			       const struct value *value, const struct type *type,
			       struct poke *poke)
{
	const struct arch *arch = dump_arch(test->tests->dump);
	enum type_kind kind = type_strip(type)->kind;

	if (kind == TYPE_ARRAY && value->kind == VALUE_STRING &&
	    value->string.length < poke->length) {
		memcpy(poke->bytes, value->string.data, value->string.length);
		return NULL;
	}
	if (kind == TYPE_ARRAY || kind == TYPE_STRUCT || kind == TYPE_UNION || poke->length > 8 ||
	    value->kind == VALUE_STRING || value->kind == VALUE_REAL || value->kind >= VALUE_OBJECT)
		return yaml_error(node, "only numbers, pointers and char arrays can be poked");
	for (size_t i = 0; i < poke->length; i++)
		poke->bytes[arch->big_endian ? poke->length - 1 - i : i] =
			(unsigned char)(value->integer >> (8 * i));
	return NULL;
}

/* "LVALUE = VALUE" */
static struct error *read_poke(struct test *test, const struct yaml_node *node, struct poke *ret)
{
	const char *equals = node->kind == NODE_SCALAR ? strstr(node->text, " = ") : NULL;
	const struct type *type;
	struct value value;

	if (!equals)
		return yaml_error(node, "want LVALUE = VALUE");
	const struct piece right = {
		.node = node,
		.start = (size_t)(equals + 3 - node->text),
		.length = strlen(equals + 3),
	};
	struct error *error = find_place(test, node, (size_t)(equals - node->text), ret, &type);
	if (!error)
		error = evaluate(test, &right, &value);
	return error ? error : put_value(test, node, &value, type, ret);
}

static struct error *read_hide(struct test *test, const struct yaml_node *node, struct poke *ret)
{
	const struct type *type;

	if (node->kind != NODE_SCALAR)
		return yaml_error(node, "want an lvalue");
	struct error *error = find_place(test, node, strlen(node->text), ret, &type);
	if (error)
		return error;
	ret->is_hidden = true;
	if (type->size && type->size <= HIDE_BYTES)
		ret->length = type->size;
	return NULL;
}

static struct error *read_pokes(struct test *test, const struct yaml_node *list,
				struct error *(*read)(struct test *, const struct yaml_node *,
						      struct poke *))
{
	struct error *error = NULL;

	if (list && (list->kind != NODE_SEQUENCE || list->count > POKE_LIMIT - test->poke_count))
		return yaml_error(list, "want a list of at most %d", POKE_LIMIT);
	for (size_t i = 0; !error && list && i < list->count; i++)
		error = read(test, list->items[i], &test->pokes[test->poke_count++]);
	return error;
}

/* ---- what is expected ----------------------------------------------------------------------- */

static struct error *read_expect(struct test *test, const struct yaml_node *node)
{
	for (int i = 0; node && node->kind == NODE_SCALAR && i < VERDICT_COUNT; i++) {
		if (!strcmp(node->text, verdict_word((enum verdict)i))) {
			test->expect = (enum verdict)i;
			return NULL;
		}
	}
	return yaml_error(node ? node : test->node,
			  "expect: found, clear, could-not-check or not-applicable");
}

static struct error *unknown_rule(const struct test *test, const struct yaml_node *node)
{
	const char *near = rule_set_suggest(test->tests->rules, node->text);

	return yaml_error(node, "no rule is called \"%s\"%s%s%s", node->text,
			  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static struct error *read_rule(struct test *test, const struct yaml_node *node)
{
	const struct rule *rule = node && node->kind == NODE_SCALAR
					  ? rule_set_find(test->tests->rules, node->text)
					  : NULL;

	if (!node || node->kind != NODE_SCALAR)
		return yaml_error(node ? node : test->node, "rule: which rule?");
	if (!rule || rule->is_view)
		return unknown_rule(test, node);
	test->rule = *rule;
	test->rule.params = arena_copy(test->arena, rule->params,
				       rule->param_count * sizeof(*rule->params));
	return NULL;
}

static struct error *read_set(struct test *test, const struct yaml_node *node)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && node && i < node->count; i++) {
		if (node->kind != NODE_MAPPING || node->items[i]->kind != NODE_SCALAR)
			return yaml_error(node, "set: want \"parameter: value\" lines");
		error = rule_set_value(test->tests->rules, &test->rule, node->keys[i]->text,
				       node->items[i]);
	}
	return error;
}

static struct error *read_keys(const struct yaml_node *node)
{
	static const char *const keys[] = {"rule", "expect", "needs",   "poke",
					   "hide", "set",    "messages"};
	enum { KEY_COUNT = sizeof(keys) / sizeof(*keys) };

	for (size_t i = 0; i < node->count; i++) {
		size_t k = 0;

		while (k < KEY_COUNT && strcmp(keys[k], node->keys[i]->text) != 0)
			k++;
		if (k == KEY_COUNT)
			return yaml_error(
				node->keys[i],
				"a test has rule, expect, needs, poke, hide, set, messages");
	}
	return NULL;
}

/* ERROR_NOT_FOUND where this kernel lacks something without which the test makes no sense. */
static struct error *read_needs(const struct test *test, const struct yaml_node *list)
{
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(test->tests->dump,
									  test->tests->symtab);
	struct program *program _cleanup_(program_free_cleanup) =
		program_new(rule_set_library(test->tests->rules), test->tests->symtab, kernel);
	struct error *error = NULL;

	if (list && list->kind != NODE_SEQUENCE)
		return yaml_error(list, "want a list");
	for (size_t i = 0; !error && list && i < list->count; i++) {
		const struct yaml_node *item = list->items[i];
		struct expr *expr;

		if (item->kind != NODE_SCALAR)
			return yaml_error(item, "want a variable, a type, a member or a module");
		const struct expr_text where = yaml_text(item);
		error = expr_parse(test->arena, &where, EXPR_START_NEED, &expr);
		if (!error)
			error = expr_check_need(program, expr);
	}
	return error;
}

static struct error *test_read_rule(struct test *test)
{
	const struct yaml_node *node = test->node;
	const char *fault = yaml_fault(node);

	if (fault)
		return error_new(ERROR_SYNTAX, "%s", fault);
	if (node->kind != NODE_MAPPING)
		return yaml_error(node, "want a test: rule, expect…");
	struct error *error = read_keys(node);
	if (!error)
		error = read_rule(test, yaml_get(node, "rule"));
	return error ? error : read_expect(test, yaml_get(node, "expect"));
}

static struct error *test_read(struct test *test)
{
	const struct yaml_node *node = test->node;
	struct error *error = test_read_rule(test);

	if (!error && (error = read_needs(test, yaml_get(node, "needs"))))
		test->is_skipped = error->code == ERROR_NOT_FOUND;
	if (!error)
		error = read_set(test, yaml_get(node, "set"));
	if (!error)
		error = read_pokes(test, yaml_get(node, "poke"), read_poke);
	if (!error)
		error = read_pokes(test, yaml_get(node, "hide"), read_hide);
	return error;
}

/* ---- running -------------------------------------------------------------------------------- */

static struct error *apply_pokes(const struct test *test)
{
	struct error *error = NULL;

	for (size_t i = 0; !error && i < test->poke_count; i++) {
		const struct poke *poke = &test->pokes[i];

		error = poke->is_hidden ? dump_hide(test->tests->dump, poke->address, poke->length)
					: dump_poke(test->tests->dump, poke->address, poke->bytes,
						    poke->length);
	}
	return error;
}

static void keep_problem(void *context, const struct rule *rule, const struct error *error)
{
	struct buf *buf = context;

	(void)rule;
	buf_puts(buf, error->message);
}

static bool has_message(const struct finding *finding, const char *pattern)
{
	for (size_t i = 0; i < finding->message_count; i++) {
		if (!fnmatch(pattern, finding->messages[i], 0))
			return true;
	}
	return false;
}

static struct error *compare(const struct test *test, const struct finding *finding,
			     const char *problem)
{
	const struct yaml_node *messages = yaml_get(test->node, "messages");

	if (finding->verdict != test->expect)
		return error_new(ERROR_INVALID, "want %s, got %s%s%s", verdict_word(test->expect),
				 verdict_word(finding->verdict), finding->reason ? ": " : "",
				 *problem          ? problem
				 : finding->reason ? finding->reason
						   : "");
	for (size_t i = 0; messages && i < messages->count; i++) {
		if (!has_message(finding, messages->items[i]->text))
			return error_new(ERROR_INVALID,
					 "no message is like \"%s\"; the first is \"%s\"",
					 messages->items[i]->text,
					 finding->message_count ? finding->messages[0] : "");
	}
	return NULL;
}

static struct error *test_judge(struct test *test)
{
	struct rule_tests *tests = test->tests;
	struct buf problem _cleanup_(buf_deinit) = {0};
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(tests->dump,
									  tests->symtab);
	struct program *program _cleanup_(program_free_cleanup) =
		program_new(rule_set_library(tests->rules), tests->symtab, kernel);
	const struct runner runner = {
		.program = program,
		.dump = tests->dump,
		.symtab = tests->symtab,
		.arena = test->arena,
		.budget = BUDGET_DEFAULT,
		.problem = keep_problem,
		.context = &problem,
	};
	struct finding finding;

	run_rule(&runner, &test->rule, &finding);
	return compare(test, &finding, buf_text(&problem));
}

static void test_run(struct rule_tests *tests, const struct yaml_node *node)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct test *test _cleanup_free_ = mem_zero(sizeof(*test));

	*test = (struct test){.tests = tests, .node = node, .arena = arena};
	struct error *error _cleanup_(error_cleanup) = test_read(test);
	if (!error)
		error = apply_pokes(test);
	if (!error)
		error = test_judge(test);
	dump_restore(tests->dump);
	const char *word = !error ? "ok" : test->is_skipped ? "skip" : "FAIL";
	buf_printf(tests->buf, "%s %s:%zu %s", word, node->file->path, node->start.line,
		   test->rule.id ? test->rule.id : "");
	if (error)
		buf_printf(tests->buf, ": %s", error->message);
	buf_puts(tests->buf, "\n");
	tests->passed += !error;
	tests->skipped += error != NULL && test->is_skipped;
	tests->failed += error != NULL && !test->is_skipped;
}

void rule_tests_run(struct rule_tests *tests, const struct yaml_file *file)
{
	const struct yaml_node *list = yaml_get(file->root, "tests");

	for (size_t i = 0; list && i < list->count; i++)
		test_run(tests, list->items[i]);
}
