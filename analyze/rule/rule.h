// SPDX-License-Identifier: GPL-2.0-or-later
// Rules and views as their files state them, parsed and not yet checked against any kernel; and the
// library of definitions they share.
#ifndef RULE_RULE_H
#define RULE_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "reports/report.h"

struct arena;
struct expr;
struct library;
struct yaml_file;
struct yaml_node;

/* How a parameter got another value than the one in its rule. */
struct setting {
	const char *text;             /* the value as written */
	const char *where;            /* FILE:LINE, or "--set" */
	const struct yaml_node *node; /* in a file; else NULL */
	const struct expr *preset;    /* what the rule says */
};

/* `name: expression` */
struct named {
	const char *name;
	const struct expr *expr;
	const struct setting *setting; /* of a parameter that was changed; else NULL */
};

/* What must be there for a rule to mean anything. */
struct needs {
	const struct expr *const *items;
	size_t count;
};

enum { RULE_SORT_LIMIT = 8 }; /* sort keys of one rule */

struct sort_key {
	const char *column;      /* sort by this column of the rows, or NULL: by `expr` */
	const struct expr *expr; /* of a row's variables */
	bool is_descending;
};

/* Where rows come from: the whole of a rule or view, or one part of a view's union or list of rows.
 * Evaluated in this order: needs, when, for, where (sees let), group, columns. */
struct rule_part {
	struct needs needs;         /* missing: the part is left out */
	const struct expr *when;    /* a condition without a row: false leaves the part out; or NULL */
	const struct expr *clauses; /* NULL: exactly one row */
	const struct expr *group;   /* then `key` and `rows` are the variables; NULL: no groups */
	const struct named *lets;
	size_t let_count;
	const struct expr *where; /* NULL: all rows */
	const struct named *columns;
	size_t column_count;
};

enum rule_origin { ORIGIN_SHIPPED, ORIGIN_SITE, ORIGIN_ASKED };

struct rule {
	bool is_view;
	const char *id, *title;
	const char *why, *advice; /* may be NULL; `why` of a view is its description */
	enum severity severity;
	enum rule_origin origin;
	const char *const *tags;
	size_t tag_count;
	struct needs needs;
	struct named *params;
	size_t param_count;
	const struct rule_part *parts; /* a rule has one */
	size_t part_count;
	const struct expr *flag, *message; /* NULL in views; message may be NULL */
	const struct sort_key *sorts;
	size_t sort_count;
	size_t top;                   /* rows kept; 0: all */
	const char *place;            /* FILE:LINE */
	const char *fault;            /* why it cannot be used: a message with caret; NULL */
	const struct yaml_node *node; /* what the author wrote */
	unsigned generation;          /* of the load that brought it */
};

/* All rules of a run, in order of their files. */
struct rule_set;

struct rule_set *rule_set_new(void);
void rule_set_free(struct rule_set *set);
DEFINE_CLEANUP(struct rule_set *, rule_set_free)

/* Loads a file, or of a directory lib/\*.yaml and then \*.yaml by name. What an earlier load
 * brought under the same name is replaced. Fails when the path cannot be read; what is wrong inside
 * becomes a problem, and the rest is used. */
struct error *rule_set_load(struct rule_set *set, const char *path, const char *shown,
			    enum rule_origin origin) MUST_CHECK;
/* What was wrong so far, as messages with caret: NULL past the end. */
const char *rule_set_problem(const struct rule_set *set, size_t position,
			     enum rule_origin *ret_origin);
/* Rule or view by position; NULL past the end. */
const struct rule *rule_set_at(const struct rule_set *set, size_t position);
/* A rule or view by name, or NULL; and the nearest name to one that is not there, or NULL. */
const struct rule *rule_set_find(const struct rule_set *set, const char *id);
const char *rule_set_suggest(const struct rule_set *set, const char *id);
/* Applies "ID.PARAM=VALUE". ERROR_INVALID, ERROR_NOT_FOUND (with the nearest name), ERROR_SYNTAX.
 */
struct error *rule_set_param(struct rule_set *set, const char *assignment) MUST_CHECK;
/* Gives one parameter of a rule the value that a node of a file has. */
struct error *rule_set_value(struct rule_set *set, struct rule *rule, const char *name,
			     const struct yaml_node *value) MUST_CHECK;
const struct library *rule_set_library(const struct rule_set *set);
/* Files by position, NULL past the end. */
const struct yaml_file *rule_set_file(const struct rule_set *set, size_t position,
				      enum rule_origin *ret_origin);
/* SHA-256 of all files' contents in order, hexadecimal. */
const char *rule_set_digest(struct rule_set *set);
/* Fills what a report says of its rules: files, checksum, and what a site changed. */
void rule_set_describe(struct rule_set *set, struct report *report);
/* Memory that lives as long as the set. */
struct arena *rule_set_arena(struct rule_set *set);

/* Whether the rule has that tag. */
bool rule_has_tag(const struct rule *rule, const char *tag);

#endif
