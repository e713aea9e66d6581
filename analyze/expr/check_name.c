// SPDX-License-Identifier: GPL-2.0-or-later
// What a bare name means: row variables and lets, parameters, definitions, functions, enumerators,
// kernel variables.
#include <string.h>

#include "base/log.h"
#include "expr/check.h"
#include "types/suggest.h"

/* ---- the nearest name ----------------------------------------------------------------------- */

static void offer(void *context, const char *name)
{
	suggestion_offer(context, name);
}

static void offer_builtins(struct suggestion *suggestion)
{
	const struct expr_builtin *builtin;

	for (size_t i = 0; (builtin = expr_builtin(i)); i++) {
		suggestion_offer(suggestion, builtin->name);
	}
}

const char *check_suggest(struct checker *checker, const char *name, bool functions_only)
{
	struct suggestion suggestion = suggestion_for(name);

	library_names(checker->program->library, DECLARATION_DEFINITION, offer, &suggestion);
	offer_builtins(&suggestion);
	if (functions_only)
		return suggestion.best;
	for (const struct scope *scope = checker->scope; scope; scope = scope->outer) {
		for (const struct variable *v = scope->variables; v; v = v->next)
			suggestion_offer(&suggestion, v->name);
		if (scope->object) {
			const char *member =
				type_suggest_member(member_base(&scope->object->stype), name);

			if (member)
				suggestion_offer(&suggestion, member);
		}
	}
	if (suggestion.best)
		return suggestion.best;
	return symtab_suggest(checker->program->symtab, name);
}

bool check_gap(struct checker *checker, const struct expr *expr, const char *name)
{
	const char *file = library_gap(checker->program->library);

	if (file)
		check_fail(checker, expr, ERROR_NO_SOURCE,
			   "%s may be declared in %s, which is broken", name, file);
	return file;
}

/* ---- kernel variables ----------------------------------------------------------------------- */

/* BTF knows per-CPU variables only by their names; where no symbol is at hand, that must do. */
static const struct code *variable_code(struct checker *checker, const struct type *type,
					uint64_t address, bool is_percpu)
{
	struct code *code = code_constant(checker, value_object(type, address));

	code->stype.is_percpu = is_percpu;
	return code;
}

static bool is_percpu_symbol(const struct program *program, const struct symbol *symbol)
{
	return program->has_percpu_range && symbol->address >= program->percpu_start &&
	       symbol->address < program->percpu_end;
}

static const struct type *declared_type(struct checker *checker, const char *name)
{
	const struct declaration *declaration =
		library_find(checker->program->library, DECLARATION_VARIABLE, name);

	return declaration ? check_type(checker, declaration->body, declaration->body->type) : NULL;
}

static const struct code *untyped_code(struct checker *checker, const struct symbol *symbol)
{
	struct value value = {.kind = VALUE_POINTER,
			      .type = pointer_to(checker, &type_void),
			      .integer = symbol->address};

	return code_constant(checker, value);
}

/* A declaration is for kernels that do not say it themselves; where one does, it is right. */
static void compare_declaration(const struct checker *checker, const char *name,
				const struct type *type)
{
	struct checker quiet = *checker;
	const struct type *declared = declared_type(&quiet, name);
	struct stype said = {.kind = STYPE_OBJECT, .type = declared};
	struct stype known = {.kind = STYPE_OBJECT, .type = type};

	error_free(quiet.error);
	if (declared && !type_is_same(type_strip(type), type_strip(declared)))
		log_note("%s is declared as %s; this kernel says it is %s", name,
			 check_words(&quiet, &said), check_words(&quiet, &known));
}

static const struct code *symbol_code(struct checker *checker, const struct expr *expr,
				      const struct symbol *symbol, bool is_of_address)
{
	const struct type *type = symtab_variable_type(checker->program->symtab, symbol);
	bool is_function = strchr("tTwWi", symbol->kind) && symbol->kind;

	if (!type || type_strip(type)->kind == TYPE_FUNCTION) {
		type = declared_type(checker, expr->name);
		if (checker->error)
			return NULL;
		if (!type && is_function)
			return untyped_code(checker, symbol);
	} else {
		compare_declaration(checker, expr->name, type);
	}
	if (!type && check_gap(checker, expr, expr->name))
		return NULL;
	if (!type && is_of_address)
		return untyped_code(checker, symbol);
	if (!type)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "the type of the kernel variable %s is not known; declare it "
				  "under variables:, or take its address, &%s",
				  expr->name, expr->name);
	return variable_code(checker, check_complete(checker, type), symbol->address,
			     is_percpu_symbol(checker->program, symbol));
}

/* Without a dump there are no symbols: a declaration, or a per-CPU variable of the BTF, is enough.
 */
static const struct code *variable_without_symbol(struct checker *checker, const struct expr *expr)
{
	struct symbol symbol = {.name = expr->name};
	const struct type *declared, *type;

	if (checker->program->kernel)
		return NULL;
	type = symtab_variable_type(checker->program->symtab, &symbol);
	if (type)
		return variable_code(checker, type, 0, true);
	declared = declared_type(checker, expr->name);
	return declared ? variable_code(checker, declared, 0, false) : NULL;
}

static const struct code *find_variable(struct checker *checker, const struct expr *expr,
					bool is_of_address)
{
	const struct symbol *symbol;
	struct error *error =
		symtab_symbol(checker->program->symtab, expr->name, expr->module, &symbol);

	if (!error)
		return symbol_code(checker, expr, symbol, is_of_address);
	if (error->code == ERROR_NO_SOURCE || error->code == ERROR_NOT_FOUND) {
		const struct code *code = variable_without_symbol(checker, expr);

		if (code || checker->error) {
			error_free(error);
			return code;
		}
		/* Where symbols are missing, a name without a declaration could not be used anyway:
		 * let either() and has() go on. */
		if (error->code == ERROR_NO_SOURCE && !declared_type(checker, expr->name) &&
		    !checker->error)
			error->code = ERROR_NOT_FOUND;
	}
	return check_fail_error(checker, expr, error);
}

static const struct code *variable(struct checker *checker, const struct expr *expr,
				   bool is_of_address)
{
	struct map *variables = &checker->program->variables;
	struct code *known = expr->module ? NULL : map_get(variables, expr->name);

	if (known)
		return known;
	const struct code *code = find_variable(checker, expr, is_of_address);

	if (code && !expr->module && !is_of_address)
		map_put(variables, arena_strdup(checker->arena, expr->name),
			(void *)(uintptr_t)code);
	return code;
}

const struct code *check_variable(struct checker *checker, const struct expr *expr)
{
	return variable(checker, expr, false);
}

/* ---- names ---------------------------------------------------------------------------------- */

/* Variables of this scope and those around it, and the members of the object whose computed member
 * this is. */
static const struct code *check_local(struct checker *checker, const struct expr *expr)
{
	for (const struct scope *scope = checker->scope; scope; scope = scope->outer) {
		for (const struct variable *v = scope->variables; v; v = v->next) {
			if (!strcmp(v->name, expr->name))
				return v->code;
		}
		if (!scope->object)
			continue;
		if (!strcmp(expr->name, "this"))
			return scope->object;
		const struct code *member = member_find(checker, expr, scope->object, expr->name);

		if (member || checker->error)
			return member;
	}
	return NULL;
}

static const struct code *check_enumerator(struct checker *checker, const struct expr *expr,
					   bool *ret_no_types)
{
	const struct type *type;
	int64_t number;
	/* Tried: what is no enumerator may still be a variable. */
	bool trying = symtab_try(checker->program->symtab, true);
	struct error *error =
		symtab_enumerator(checker->program->symtab, expr->name, &type, &number);

	symtab_try(checker->program->symtab, trying);
	if (!error) {
		bool is_unsigned = !type_strip(type)->is_signed && type_strip(type)->size == 8;
		struct value value = value_int(is_unsigned ? (__int128)(uint64_t)number : number);

		value.type = type;
		return code_constant(checker, value);
	}
	if (error->code == ERROR_AMBIGUOUS)
		return check_fail_error(checker, expr, error);
	*ret_no_types = error->code == ERROR_NO_SOURCE;
	error_free(error);
	return NULL;
}

static const struct code *no_name(struct checker *checker, const struct expr *expr, bool no_types)
{
	if (checker->error->code == ERROR_NOT_FOUND && no_types) {
		checker->error->code = ERROR_NO_SOURCE;
		return NULL;
	}
	if (checker->error->code != ERROR_NOT_FOUND)
		return NULL;
	error_free(checker->error);
	checker->error = NULL;
	/* has() and either() are asked about the kernel. */
	if (!checker->trying && check_gap(checker, expr, expr->name))
		return NULL;
	const char *near = checker->trying ? NULL : check_suggest(checker, expr->name, false);

	return check_fail(checker, expr, ERROR_NOT_FOUND,
			  "nothing here or in this kernel is called %s%s%s%s", expr->name,
			  near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static const struct code *check_any_name(struct checker *checker, const struct expr *expr,
					 bool is_of_address)
{
	bool no_types = false;

	if (expr->module)
		return variable(checker, expr, is_of_address);
	const struct code *code = check_local(checker, expr);

	if (code || checker->error)
		return code;
	const struct declaration *definition =
		library_find(checker->program->library, DECLARATION_DEFINITION, expr->name);

	if (definition)
		return check_definition(checker, expr, definition, NULL, 0);
	const struct builtin *builtin = builtin_find(expr->name);

	code = check_enumerator(checker, expr, &no_types);
	if (code || checker->error)
		return code;
	/* no_name() looks for the nearest name, among more names than the symtab has. */
	bool trying = symtab_try(checker->program->symtab, true);

	code = variable(checker, expr, is_of_address);
	symtab_try(checker->program->symtab, trying);
	if (code)
		return code;
	if (builtin && checker->error->code == ERROR_NOT_FOUND) {
		error_free(checker->error);
		checker->error = NULL;
		return check_fail(checker, expr, ERROR_SYNTAX, "%s is a function: %s", expr->name,
				  builtin->help.call);
	}
	return no_name(checker, expr, no_types);
}

const struct code *check_name(struct checker *checker, const struct expr *expr)
{
	return check_any_name(checker, expr, false);
}

const struct code *check_name_of_address(struct checker *checker, const struct expr *expr)
{
	return check_any_name(checker, expr, true);
}
