// SPDX-License-Identifier: GPL-2.0-or-later
// What rules/lib declares, by name; knows no types.
#ifndef EXPR_LIBRARY_H
#define EXPR_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include "expr/expr.h"

enum declaration_kind {
	DECLARATION_DEFINITION,
	DECLARATION_MEMBER, /* name: "struct sock.sk_state" */
	DECLARATION_VARIABLE,
	DECLARATION_INDEX,
	DECLARATION_KINDS,
};

struct declaration {
	enum declaration_kind kind;
	const char *name;
	const struct expr *signature;	  /* of a definition */
	const struct expr *body;	  /* definition, member, index: value; variable: type */
	const struct expr *clauses, *key; /* of an index */
	size_t serial;			  /* by which a program remembers what it made of it */
	struct declaration *next;
};

/* NULL when there is none. */
const struct declaration *library_find(const struct library *library, enum declaration_kind kind,
				       const char *name);
/* Visits all names of a kind, for suggestions. */
void library_names(const struct library *library, enum declaration_kind kind,
		   void (*visit)(void *context, const char *name), void *context);
/* The first file of which declarations could not be read, or NULL. */
const char *library_gap(const struct library *library);
/* One more than the highest serial. */
size_t library_serials(const struct library *library);

#endif
