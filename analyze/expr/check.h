// SPDX-License-Identifier: GPL-2.0-or-later
// Trees into typed nodes, against the types and symbols of one kernel. Each check_*.c is one noun.
#ifndef EXPR_CHECK_H
#define EXPR_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "expr/code.h"
#include "expr/program.h"
#include "expr/syntax.h"
#include "types/symtab.h"

/* A definition or computed member whose body is being checked. */
struct use {
	const struct declaration *declaration;
	const struct use *outer;
};

struct checker {
	struct program *program;
	struct arena *arena; /* the program's */
	struct scope *scope; /* innermost */
	const struct use *uses;
	unsigned depth; /* of nesting, through definitions */
	unsigned use_depth;
	size_t nodes;	     /* that may still be made */
	bool trying;	     /* nobody will read what is said of a missing name */
	struct error *error; /* first mistake; all checking functions then return NULL or false */
};

/* Notes a mistake at `expr`; returns NULL. */
void *check_fail(struct checker *checker, const struct expr *expr, enum error_code code,
		 const char *format, ...) PRINTF_LIKE(4, 5);
/* The same from an error of a lower layer, which it takes over: words after `before`. */
void *check_fail_error(struct checker *checker, const struct expr *expr, struct error *error);
/* For messages: "struct rq". */
const char *check_words(struct checker *checker, const struct stype *stype);

/* ---- nodes ---------------------------------------------------------------------------------- */

struct code *code_new(struct checker *checker, enum stype_kind kind, evaluator *eval);
/* Operands, until NULL. */
void code_add(struct checker *checker, struct code *code, const struct code *arg);
struct code *code_constant(struct checker *checker, struct value value);
struct code *code_integer(struct checker *checker, __int128 integer);
struct code *code_string(struct checker *checker, const char *text);
struct code *code_slot(struct checker *checker, uint32_t slot, const struct stype *stype);
/* A node that computes once per call (argument). */
struct code *code_argument(struct checker *checker, const struct code *value, uint32_t slot);
bool code_is_constant(const struct code *code);

/* ---- conversions; `expr` is for messages ----------------------------------------------------- */

/* Scalars are loaded; structs and arrays stay where they are. */
const struct code *code_load(struct checker *checker, const struct expr *expr,
			     const struct code *code);
/* The same, and char arrays become strings, walks lists. */
const struct code *code_value(struct checker *checker, const struct expr *expr,
			      const struct code *code);
/* A pointer to an object, or the pointer itself. */
const struct code *code_address(struct checker *checker, const struct expr *expr,
				const struct code *code);
/* An object out of a pointer or object. */
const struct code *code_object(struct checker *checker, const struct expr *expr,
			       const struct code *code);
/* Something of type `wanted` out of what joins it. */
const struct code *code_convert(struct checker *checker, const struct code *code,
				const struct stype *wanted);
/* Something whose elements can be walked. */
const struct code *code_walkable(struct checker *checker, const struct expr *expr,
				 const struct code *code);

/* ---- expressions ---------------------------------------------------------------------------- */

/* As it stands: an object is not loaded. */
const struct code *check(struct checker *checker, const struct expr *expr);
const struct code *check_value(struct checker *checker, const struct expr *expr);
/* True, false or unknown. */
const struct code *check_condition(struct checker *checker, const struct expr *expr);
const struct code *check_walk(struct checker *checker, const struct expr *expr);
const struct code *check_int(struct checker *checker, const struct expr *expr);

const struct code *check_name(struct checker *checker, const struct expr *expr);
/* What &NAME takes the address of: a variable whose type nobody knows is a void * there, as a function is. */
const struct code *check_name_of_address(struct checker *checker, const struct expr *expr);
/* A variable of the kernel, whatever else has that name. */
const struct code *check_variable(struct checker *checker, const struct expr *expr);
const struct code *check_member(struct checker *checker, const struct expr *expr);
const struct code *check_alternatives(struct checker *checker, const struct expr *expr);
const struct code *check_element(struct checker *checker, const struct expr *expr);
const struct code *check_unary(struct checker *checker, const struct expr *expr);
const struct code *check_binary(struct checker *checker, const struct expr *expr);
const struct code *check_conditional(struct checker *checker, const struct expr *expr);
const struct code *check_cast(struct checker *checker, const struct expr *expr);
const struct code *check_call(struct checker *checker, const struct expr *expr);
const struct code *check_aggregate(struct checker *checker, const struct expr *expr);
const struct code *check_generator(struct checker *checker, const struct expr *expr);
/* Bindings of `expr` into the current scope. */
const struct code *check_clauses(struct checker *checker, const struct expr *expr);
/* One clause over a walk, binding its elements to a slot of the current scope. */
const struct code *code_clauses(struct checker *checker, const struct code *walk,
				const struct code **ret_element);

/* ---- types ---------------------------------------------------------------------------------- */

/* The type that was written; NULL after a mistake. */
const struct type *check_type(struct checker *checker, const struct expr *expr,
			      const struct type_syntax *syntax);
/* An argument that is a type: `struct x`, or a bare name of a typedef. */
const struct type *check_type_argument(struct checker *checker, const struct expr *expr);
/* A struct whose members are known, perhaps from elsewhere than this declaration of it. */
const struct type *check_complete(struct checker *checker, const struct type *type);
const struct type *pointer_to(struct checker *checker, const struct type *target);

/* A path of members as an argument: a.b, (a|b.c), of a struct type. */
struct path {
	uint64_t offset; /* bytes */
	const struct type *type;
	uint32_t bit_offset, bit_size;
	bool is_lost; /* it was not found, and part of a type on the way cannot be read */
};
bool check_path(struct checker *checker, const struct type *type, const struct expr *expr,
		struct path *ret);
/* Member `name` of an object, real or computed; NULL without a mistake when there is none. */
const struct code *member_find(struct checker *checker, const struct expr *expr,
			       const struct code *object, const char *name);
/* What it means that a type does not have a member: ERROR_NOT_FOUND, or ERROR_NO_SOURCE where part of
 * the type cannot be read. */
enum error_code member_missing(const struct type *type);
/* The struct that `.` sees: of an object or through a pointer; NULL when there is none. */
const struct type *member_base(const struct stype *stype);

/* ---- definitions ---------------------------------------------------------------------------- */

/* Calls the definition with already checked arguments. */
const struct code *check_definition(struct checker *checker, const struct expr *expr,
				    const struct declaration *definition,
				    const struct code *const *args, size_t count);
/* Checks the body of a computed member over `object`. */
const struct code *check_computed_member(struct checker *checker, const struct expr *expr,
					 const struct declaration *member,
					 const struct code *object);
const struct code *check_lookup(struct checker *checker, const struct expr *expr, bool all);

/* Groups rows; the variables of a group go to a new scope. */
const struct code *check_group(struct checker *checker, const struct expr *key,
			       const struct code *clauses, struct scope **ret_scope);

/* Fails (ERROR_NO_SOURCE) and returns true where a part of the library could not be read: what is called `name` may be
 * declared there, so nobody can say that it is not in this kernel. */
bool check_gap(struct checker *checker, const struct expr *expr, const char *name);
/* Offers the names that could stand at `scope` to a suggestion; NULL: none is near. */
const char *check_suggest(struct checker *checker, const char *name, bool functions_only);

/* ---- functions ------------------------------------------------------------------------------ */

struct builtin {
	struct expr_builtin help;
	/* One letter per parameter, for those that `check` does not look at itself:
	 * i integer  r number  s string  b condition  a any value  v the same, may be absent  p
	 * address  l list d duration  o as it stands, may be absent; what follows a | may be left
	 * out. */
	const char *parameters;
	enum stype_kind result;
	/* Of present arguments, but for v and o. */
	struct value (*apply)(const struct code *code, struct frame *frame,
			      const struct value *args, size_t count);
	/* Instead of parameters and apply: */
	const struct code *(*check)(struct checker *checker, const struct expr *expr);
	/* Refines the node once it is made; may be NULL. */
	void (*refine)(struct checker *checker, const struct expr *expr, struct code *code);
};

const struct builtin *builtin_find(const char *name);

/* The builtins of each file, until a NULL name. */
extern const struct builtin builtins_walk[], builtins_container[], builtins_meta[],
	builtins_number[], builtins_text[], builtins_list[], builtins_kernel[], builtins_net[];

#endif
