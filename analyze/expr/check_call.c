// SPDX-License-Identifier: GPL-2.0-or-later
// Calls: of definitions, of functions that take plain values, and of those that look at names and
// types.
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/check.h"
#include "types/symtab.h"

/* ---- functions of plain values ----------------------------------------------------------------
 */

static bool kind_fits(char letter, const struct stype *stype)
{
	enum stype_kind kind = stype->kind;

	if (kind == STYPE_UNKNOWN || (kind == STYPE_NONE && letter != 'o'))
		return true;
	switch (letter) {
	case 'i':
		return kind == STYPE_INT || kind == STYPE_BOOL;
	case 'r':
		return kind == STYPE_INT || kind == STYPE_REAL || kind == STYPE_BOOL;
	case 's':
		return kind == STYPE_STRING;
	case 'l':
		return kind == STYPE_LIST;
	case 'd':
		return kind == STYPE_DURATION;
	case 'p':
		return kind == STYPE_POINTER || kind == STYPE_INT;
	default:
		return true;
	}
}

static const char *letter_words(char letter)
{
	static const struct {
		char letter;
		const char *words;
	} table[] = {
		{'i', "an integer"}, {'r', "a number"},	  {'s', "a string"},
		{'l', "a list"},     {'d', "a duration"}, {'p', "an address"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (table[i].letter == letter)
			return table[i].words;
	}
	return "a value";
}

static const struct code *check_argument(struct checker *checker, const struct expr *expr,
					 const struct builtin *builtin, char letter)
{
	if (letter == 'b')
		return check_condition(checker, expr);
	const struct code *code = check(checker, expr);

	if (letter == 'o' || !code)
		return code;
	if (letter == 'p') {
		code = code_load(checker, expr, code);
		if (code && code->stype.kind == STYPE_OBJECT)
			code = code_address(checker, expr, code);
	} else {
		code = code_value(checker, expr, code);
	}
	if (!code || kind_fits(letter, &code->stype))
		return code;
	return check_fail(checker, expr, ERROR_SYNTAX, "%s needs %s here, this is %s",
			  builtin->help.call, letter_words(letter),
			  check_words(checker, &code->stype));
}

static const struct code *check_builtin(struct checker *checker, const struct expr *expr,
					const struct builtin *builtin)
{
	struct code *code = code_new(checker, builtin->result, eval_builtin);
	const char *letters = builtin->parameters;
	size_t least = strcspn(letters, "|"), most = strlen(letters) - (letters[least] == '|');

	code->call.builtin = builtin;
	if (expr->count < least || expr->count > most)
		return check_fail(checker, expr, ERROR_SYNTAX, "%s() takes other arguments: %s",
				  expr->name, builtin->help.call);
	for (size_t i = 0; i < expr->count; i++) {
		const struct code *arg =
			check_argument(checker, expr->args[i], builtin, letters[i + (i >= least)]);

		if (!arg)
			return NULL;
		code_add(checker, code, arg);
	}
	if (builtin->refine)
		builtin->refine(checker, expr, code);
	return checker->error ? NULL : code;
}

static const struct code *check_call_of_definition(struct checker *checker, const struct expr *expr,
						   const struct declaration *definition)
{
	const struct code **args = ARENA_ARRAY(checker->arena, expr->count, const struct code *);

	for (size_t i = 0; i < expr->count; i++) {
		args[i] = check(checker, expr->args[i]);
		if (args[i] && args[i]->stype.kind == STYPE_WALK)
			args[i] = code_value(checker, expr->args[i], args[i]);
		if (!args[i])
			return NULL;
	}
	return check_definition(checker, expr, definition, args, expr->count);
}

const struct code *check_call(struct checker *checker, const struct expr *expr)
{
	const struct declaration *definition =
		library_find(checker->program->library, DECLARATION_DEFINITION, expr->name);

	if (definition)
		return check_call_of_definition(checker, expr, definition);
	const struct builtin *builtin = builtin_find(expr->name);

	if (builtin)
		return builtin->check ? builtin->check(checker, expr)
				      : check_builtin(checker, expr, builtin);
	if (check_gap(checker, expr, expr->name))
		return NULL;
	const char *near = check_suggest(checker, expr->name, true);

	return check_fail(checker, expr, ERROR_SYNTAX,
			  "there is no function or definition %s()%s%s%s", expr->name,
			  near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

/* ---- functions that look at names and types ---------------------------------------------------
 */

static bool takes(struct checker *checker, const struct expr *expr, size_t count)
{
	if (expr->count == count)
		return true;
	check_fail(checker, expr, ERROR_SYNTAX, "%s() takes other arguments: %s", expr->name,
		   builtin_find(expr->name)->help.call);
	return false;
}

/* Checks `expr`; when this kernel lacks a name in it, NULL without a mistake. */
static const struct code *check_if_there(struct checker *checker, const struct expr *expr)
{
	unsigned depth = checker->depth, use_depth = checker->use_depth;
	const struct use *uses = checker->uses;
	struct scope *scope = checker->scope;
	bool trying = checker->trying;

	checker->trying = true;
	symtab_try(checker->program->symtab, true);
	const struct code *code = check(checker, expr);

	checker->trying = trying;
	symtab_try(checker->program->symtab, trying);
	if (!checker->error || checker->error->code != ERROR_NOT_FOUND)
		return code;
	error_free(checker->error);
	checker->error = NULL;
	checker->depth = depth;
	checker->use_depth = use_depth;
	checker->uses = uses;
	checker->scope = scope;
	return NULL;
}

/* On one line, and whole: two that begin alike are two. */
static const char *source_of(struct checker *checker, const struct expr *expr)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	const char *text = expr->text->text;

	for (size_t i = expr->start; i < expr->end; i++) {
		if (!isspace((unsigned char)text[i]))
			buf_putc(&buf, text[i]);
		else if (!isspace((unsigned char)text[i - 1]))
			buf_putc(&buf, ' ');
	}
	return arena_strdup(checker->arena, buf_text(&buf));
}

static void note_either(struct checker *checker, const struct expr *expr, size_t chosen)
{
	const char *what = "either(";

	for (size_t i = 0; i < expr->count; i++)
		what = arena_printf(checker->arena, "%s%s%s", what, i ? ", " : "",
				    source_of(checker, expr->args[i]));
	program_note_choice(checker->program, arena_printf(checker->arena, "%s)", what),
			    source_of(checker, expr->args[chosen]));
}

static const struct code *check_either(struct checker *checker, const struct expr *expr)
{
	if (!expr->count)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "either(a, b) has at least one argument");
	for (size_t i = 0; i + 1 < expr->count; i++) {
		const struct code *code = check_if_there(checker, expr->args[i]);

		if (code)
			note_either(checker, expr, i);
		if (code || checker->error)
			return code;
	}
	const struct code *last = check(checker, expr->args[expr->count - 1]);

	if (last)
		note_either(checker, expr, expr->count - 1);
	return last;
}

static const struct code *check_has(struct checker *checker, const struct expr *expr)
{
	if (!takes(checker, expr, 1))
		return NULL;
	const struct expr *arg = expr->args[0];
	bool is_there;

	if (arg->kind == EXPR_TYPE) {
		is_there = check_type(checker, arg, arg->type);
		if (checker->error && checker->error->code == ERROR_NOT_FOUND) {
			error_free(checker->error);
			checker->error = NULL;
		}
	} else {
		is_there = check_if_there(checker, arg);
	}
	return checker->error ? NULL : code_constant(checker, value_bool(is_there));
}

static const struct code *check_var(struct checker *checker, const struct expr *expr)
{
	if (!takes(checker, expr, 1))
		return NULL;
	if (expr->args[0]->kind != EXPR_NAME)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "var() takes the name of a kernel variable");
	return check_variable(checker, expr->args[0]);
}

/* A bare name in sizeof() is a variable if there is one, else a typedef. */
static const struct type *check_sized(struct checker *checker, const struct expr *expr)
{
	const struct code *code;

	if (expr->kind == EXPR_TYPE)
		return check_type(checker, expr, expr->type);
	code = expr->kind == EXPR_NAME ? check_if_there(checker, expr) : check(checker, expr);
	if (checker->error)
		return NULL;
	if (!code)
		return check_type_argument(checker, expr);
	if (!code->stype.type)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "%s has no size; len(x) is the length of a string or list",
				  check_words(checker, &code->stype));
	return code->stype.type;
}

static const struct code *check_sizeof(struct checker *checker, const struct expr *expr)
{
	if (!takes(checker, expr, 1))
		return NULL;
	const struct type *type = check_sized(checker, expr->args[0]);

	if (!type)
		return NULL;
	return code_integer(checker, type_strip(check_complete(checker, type))->size);
}

static const struct code *check_offsetof(struct checker *checker, const struct expr *expr)
{
	struct path path;

	if (!takes(checker, expr, 2))
		return NULL;
	const struct type *type = check_type_argument(checker, expr->args[0]);

	if (!type || !check_path(checker, check_complete(checker, type), expr->args[1], &path))
		return NULL;
	return code_integer(checker, path.offset);
}

static const struct code *check_container_of(struct checker *checker, const struct expr *expr)
{
	struct path path;

	if (!takes(checker, expr, 3))
		return NULL;
	const struct code *pointer =
		code_load(checker, expr->args[0], check(checker, expr->args[0]));
	const struct type *type = pointer ? check_type_argument(checker, expr->args[1]) : NULL;

	if (!type || !check_path(checker, check_complete(checker, type), expr->args[2], &path))
		return NULL;
	if (pointer->stype.kind == STYPE_OBJECT)
		pointer = code_address(checker, expr->args[0], pointer);
	if (pointer && pointer->stype.kind != STYPE_POINTER && pointer->stype.kind != STYPE_INT)
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "container_of() begins with a pointer, this is %s",
				  check_words(checker, &pointer->stype));
	struct code *code = code_new(checker, STYPE_POINTER, eval_container);

	code->stype.type = pointer_to(checker, type);
	code->memory.type = code->stype.type;
	code->memory.offset = path.offset;
	code_add(checker, code, pointer);
	return code;
}

static const struct code *check_known(struct checker *checker, const struct expr *expr)
{
	bool is_reason = !strcmp(expr->name, "reason");

	if (!takes(checker, expr, 1))
		return NULL;
	const struct code *value = check_value(checker, expr->args[0]);
	struct code *code = code_new(checker, is_reason ? STYPE_STRING : STYPE_BOOL,
				     is_reason ? eval_reason : eval_known_test);

	code->stype.or_none = is_reason;
	code_add(checker, code, value);
	return value ? code : NULL;
}

static const struct code *check_unknown(struct checker *checker, const struct expr *expr)
{
	if (!takes(checker, expr, 1))
		return NULL;
	const struct code *why = check_value(checker, expr->args[0]);

	if (!why)
		return NULL;
	if (why->stype.kind != STYPE_STRING)
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "unknown(why) takes a string");
	struct code *code = code_new(checker, STYPE_UNKNOWN, eval_unknown);

	code_add(checker, code, why);
	return code;
}

static const struct code *check_enum_name(struct checker *checker, const struct expr *expr)
{
	size_t count;

	if (!takes(checker, expr, 2))
		return NULL;
	const struct type *type = check_type_argument(checker, expr->args[0]);
	const struct code *number = type ? check_int(checker, expr->args[1]) : NULL;

	if (!number)
		return NULL;
	if (!type_enumerators(type, &count))
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "enum_name(enum x, value) begins with an enum");
	struct code *code = code_new(checker, STYPE_STRING, eval_enum_name);

	code->stype.or_none = true;
	code->call.data = type;
	code_add(checker, code, number);
	return code;
}

static const struct code *check_desc(struct checker *checker, const struct expr *expr)
{
	return check_fail(checker, expr, ERROR_SYNTAX, "desc(x) has a meaning under sort: only");
}

static const struct code *check_lookup_one(struct checker *checker, const struct expr *expr)
{
	return takes(checker, expr, 2) ? check_lookup(checker, expr, false) : NULL;
}

static const struct code *check_lookup_list(struct checker *checker, const struct expr *expr)
{
	return takes(checker, expr, 2) ? check_lookup(checker, expr, true) : NULL;
}

#define META(name, call, result, words, function)                                                  \
	{                                                                                          \
		.help = {name, call, result, words}, .check = function                             \
	}

const struct builtin builtins_meta[] = {
	META("either", "either(a, b)", "as its argument",
	     "the first argument all of whose names this kernel has; chosen at check time",
	     check_either),
	META("has", "has(x)", "bool",
	     "whether this kernel has all names of an expression, or a type", check_has),
	META("var", "var(x)", "object", "the kernel variable x, whatever else is called so",
	     check_var),
	META("sizeof", "sizeof(x)", "int", "bytes of a type or object", check_sizeof),
	META("offsetof", "offsetof(struct t, member)", "int", "bytes before a member",
	     check_offsetof),
	META("container_of", "container_of(p, struct t, member)", "pointer",
	     "the struct t whose member p points at", check_container_of),
	META("known", "known(x)", "bool", "false if x is absent: could not be read", check_known),
	META("reason", "reason(x)", "string or none", "why x is absent, none if it is not",
	     check_known),
	META("unknown", "unknown(why)", "absent", "an absent value for this reason", check_unknown),
	META("enum_name", "enum_name(enum x, value)", "string or none",
	     "name of the enumerator with that value", check_enum_name),
	META("desc", "desc(x)", "-", "under sort: descending", check_desc),
	META("lookup", "lookup(index, key)", "the value or none",
	     "first value under a key of an index", check_lookup_one),
	META("lookup_all", "lookup_all(index, key)", "list", "all values under a key of an index",
	     check_lookup_list),
	{.help = {0}},
};
