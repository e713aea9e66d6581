// SPDX-License-Identifier: GPL-2.0-or-later
// From the nodes of a file to rules, views and the library. Every mapping has a table of the keys
// it may have; a key that is in no table is an error.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/vec.h"
#include "expr/expr.h"
#include "rule/rule_private.h"
#include "rule/yaml.h"
#include "types/suggest.h"

/* A rule or view, or one part of it, that is being read. */
struct draft {
	struct rule_set *set;
	const struct yaml_file *file;
	enum rule_origin origin;
	struct rule *rule;
	struct rule_part *part;
	struct needs *needs; /* of the rule, or of the part */
	const struct yaml_node *sort, *rows, *parts;
};

struct key {
	const char *name;
	struct error *(*read)(struct draft *draft, const struct yaml_node *value);
	bool is_required;
};

enum {
	NAMED_LIMIT = 500, /* columns, lets or parameters of one rule */
	RULE_LIMIT = 5000, /* of all files together; looked for one by one */
};

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

/* ---- scalars -------------------------------------------------------------------------------- */

static struct error *want_scalar(const struct yaml_node *node)
{
	if (node->kind == NODE_SEQUENCE && node->is_flow)
		return yaml_error(node,
				  "YAML takes brackets for a list: put the expression in single "
				  "quotes, '[a, b]'");
	if (node->kind != NODE_SCALAR)
		return yaml_error(node, "a single value stands here, not a list or a mapping");
	if (!node->text[strspn(node->text, " \t\n")])
		return yaml_error(node, "a value is missing here");
	return NULL;
}

static struct error *read_text(const struct yaml_node *node, const char **ret)
{
	struct error *error = want_scalar(node);

	if (!error)
		*ret = node->text;
	return error;
}

static struct error *read_expr(struct rule_set *set, const struct yaml_node *node,
			       enum expr_start start, const struct expr **ret)
{
	struct error *error = want_scalar(node);
	struct expr *expr;

	if (error)
		return error;
	if (node->style == NODE_PLAIN && node->end.line != node->start.line &&
	    start != EXPR_START_TEMPLATE)
		return yaml_error(node, "an expression of more than one line stands behind \"|\"");
	struct expr_text text = yaml_text(node);
	error = expr_parse(set->arena, &text, start, &expr);
	if (!error)
		*ret = expr;
	return error;
}

static const char *node_place(struct rule_set *set, const struct yaml_node *node)
{
	return arena_printf(set->arena, "%s:%zu", node->file->path, node->start.line);
}

/* ---- lists and mappings --------------------------------------------------------------------- */

static struct error *want_mapping(const struct yaml_node *node)
{
	return node->kind == NODE_MAPPING ? NULL
					  : yaml_error(node, "\"key: value\" lines stand here");
}

static struct error *want_sequence(const struct yaml_node *node)
{
	return node->kind == NODE_SEQUENCE ? NULL : yaml_error(node, "\"- item\" lines stand here");
}

/* A list, or a single item without the brackets. */
static const struct yaml_node *const *list_items(const struct yaml_node *const *node,
						 size_t *ret_count)
{
	*ret_count = (*node)->kind == NODE_SEQUENCE ? (*node)->count : 1;
	return (*node)->kind == NODE_SEQUENCE ? (*node)->items : node;
}

static struct error *unknown_key(const struct yaml_node *key, const struct key *keys, size_t count)
{
	struct suggestion suggestion = suggestion_for(key->text);

	for (size_t i = 0; i < count; i++)
		suggestion_offer(&suggestion, keys[i].name);
	return yaml_error(key, "there is no key \"%s\" here%s%s%s", key->text,
			  suggestion.best ? "; did you mean \"" : "",
			  suggestion.best ? suggestion.best : "", suggestion.best ? "\"?" : "");
}

static const struct key *key_find(const struct key *keys, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (!strcmp(keys[i].name, name))
			return &keys[i];
	}
	return NULL;
}

static struct error *read_keys(struct draft *draft, const struct yaml_node *node,
			       const struct key *keys, size_t count)
{
	struct error *error = want_mapping(node);

	for (size_t i = 0; !error && i < node->count; i++) {
		const struct key *key = key_find(keys, count, node->keys[i]->text);

		error = key ? key->read(draft, node->items[i])
			    : unknown_key(node->keys[i], keys, count);
	}
	for (size_t i = 0; !error && i < count; i++) {
		if (keys[i].is_required && !yaml_get(node, keys[i].name))
			error = yaml_error(node, "the key \"%s\" is missing here", keys[i].name);
	}
	return error;
}

static bool is_name(const char *text, const char *more)
{
	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && !strchr(more, *text))
			return false;
	}
	return true;
}

/* `name: expression` lines; `more`: what names may have besides letters and digits, NULL: anything.
 */
static struct error *read_named(struct rule_set *set, const struct yaml_node *node,
				const char *more, struct named **ret, size_t *ret_count)
{
	struct error *error = want_mapping(node);

	if (error)
		return error;
	if (node->count > NAMED_LIMIT)
		return yaml_error(node, "more than %d lines", NAMED_LIMIT);
	struct named *named = ARENA_ARRAY(set->arena, node->count, struct named);
	for (size_t i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->keys[i];

		if (!*key->text || (more && (!is_name(key->text, more) || isdigit(*key->text))))
			return yaml_error(key, "\"%s\" cannot be a name here", key->text);
		named[i].name = key->text;
		error = read_expr(set, node->items[i], EXPR_START_EXPRESSION, &named[i].expr);
		if (error)
			return error;
	}
	*ret = named;
	*ret_count = node->count;
	return NULL;
}

/* ---- the keys of rules and views ------------------------------------------------------------ */

static struct error *read_id(struct draft *draft, const struct yaml_node *value)
{
	const char *id;
	struct error *error = read_text(value, &id);

	if (error)
		return error;
	if (!is_name(id, "-_."))
		return yaml_error(value, "a name has letters, digits, \"-\", \"_\" and \".\" only");
	draft->rule->id = id;
	return NULL;
}

static struct error *read_title(struct draft *draft, const struct yaml_node *value)
{
	return read_text(value, &draft->rule->title);
}

static struct error *read_why(struct draft *draft, const struct yaml_node *value)
{
	return read_text(value, &draft->rule->why);
}

static struct error *read_advice(struct draft *draft, const struct yaml_node *value)
{
	return read_text(value, &draft->rule->advice);
}

static struct error *read_severity(struct draft *draft, const struct yaml_node *value)
{
	const char *word;
	struct error *error = read_text(value, &word);

	for (int i = 0; !error && i < SEVERITY_COUNT; i++) {
		if (!strcmp(word, severity_word((enum severity)i))) {
			draft->rule->severity = (enum severity)i;
			return NULL;
		}
	}
	return error ? error : yaml_error(value, "a severity is one of info, warning, critical");
}

static struct error *read_tags(struct draft *draft, const struct yaml_node *value)
{
	size_t count;
	const struct yaml_node *const *items = list_items(&value, &count);
	const char **tags = ARENA_ARRAY(draft->set->arena, count, const char *);

	for (size_t i = 0; i < count; i++) {
		struct error *error = read_text(items[i], &tags[i]);

		if (error)
			return error;
	}
	draft->rule->tags = tags;
	draft->rule->tag_count = count;
	return NULL;
}

static struct error *read_needs(struct draft *draft, const struct yaml_node *value)
{
	size_t count;
	const struct yaml_node *const *items = list_items(&value, &count);
	const struct expr **needs = ARENA_ARRAY(draft->set->arena, count, const struct expr *);

	for (size_t i = 0; i < count; i++) {
		struct error *error = read_expr(draft->set, items[i], EXPR_START_NEED, &needs[i]);

		if (error)
			return error;
	}
	*draft->needs = (struct needs){needs, count};
	return NULL;
}

static struct error *read_params(struct draft *draft, const struct yaml_node *value)
{
	return read_named(draft->set, value, "_", &draft->rule->params, &draft->rule->param_count);
}

static struct error *read_for(struct draft *draft, const struct yaml_node *value)
{
	return read_expr(draft->set, value, EXPR_START_CLAUSES, &draft->part->clauses);
}

static struct error *read_where(struct draft *draft, const struct yaml_node *value)
{
	return read_expr(draft->set, value, EXPR_START_EXPRESSION, &draft->part->where);
}

static struct error *read_when(struct draft *draft, const struct yaml_node *value)
{
	return read_expr(draft->set, value, EXPR_START_EXPRESSION, &draft->part->when);
}

static struct error *read_group(struct draft *draft, const struct yaml_node *value)
{
	return read_expr(draft->set, value, EXPR_START_EXPRESSION, &draft->part->group);
}

static struct error *read_let(struct draft *draft, const struct yaml_node *value)
{
	struct named *lets;
	struct error *error = read_named(draft->set, value, "_", &lets, &draft->part->let_count);

	if (!error)
		draft->part->lets = lets;
	return error;
}

static struct error *read_flag(struct draft *draft, const struct yaml_node *value)
{
	return read_expr(draft->set, value, EXPR_START_EXPRESSION, &draft->rule->flag);
}

static struct error *read_message(struct draft *draft, const struct yaml_node *value)
{
	return read_expr(draft->set, value, EXPR_START_TEMPLATE, &draft->rule->message);
}

/* Headings of a rule's table are for people, columns of a view for scripts. */
static struct error *read_columns(struct draft *draft, const struct yaml_node *value)
{
	struct named *columns;
	struct error *error = read_named(draft->set, value, draft->rule->is_view ? "_" : NULL,
					 &columns, &draft->part->column_count);

	if (!error)
		draft->part->columns = columns;
	return error;
}

static struct error *read_top(struct draft *draft, const struct yaml_node *value)
{
	const char *text;
	char *end;
	struct error *error = read_text(value, &text);

	if (error)
		return error;
	unsigned long top = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end || top == 0 || top > 1000 * 1000)
		return yaml_error(value, "how many rows: a number from 1 to 1000000");
	draft->rule->top = top;
	return NULL;
}

/* What depends on the columns is read when these are known. */
static struct error *read_sort(struct draft *draft, const struct yaml_node *value)
{
	draft->sort = value;
	return NULL;
}

static struct error *read_rows(struct draft *draft, const struct yaml_node *value)
{
	draft->rows = value;
	return want_sequence(value);
}

static struct error *read_union(struct draft *draft, const struct yaml_node *value)
{
	draft->parts = value;
	return want_sequence(value);
}

static const struct key rule_keys[] = {
	{"id", read_id, true},
	{"title", read_title, true},
	{"severity", read_severity, true},
	{"tags", read_tags, false},
	{"needs", read_needs, false},
	{"params", read_params, false},
	{"for", read_for, false},
	{"where", read_where, false},
	{"let", read_let, false},
	{"flag", read_flag, true},
	{"message", read_message, false},
	{"table", read_columns, false},
	{"group", read_group, false},
	{"sort", read_sort, false},
	{"top", read_top, false},
	{"why", read_why, false},
	{"advice", read_advice, false},
};

static const struct key view_keys[] = {
	{"view", read_id, true},          {"title", read_title, true},
	{"description", read_why, false}, {"tags", read_tags, false},
	{"needs", read_needs, false},     {"params", read_params, false},
	{"for", read_for, false},         {"where", read_where, false},
	{"let", read_let, false},         {"columns", read_columns, false},
	{"rows", read_rows, false},       {"union", read_union, false},
	{"group", read_group, false},     {"sort", read_sort, false},
	{"top", read_top, false},
};

static const struct key part_keys[] = {
	{"needs", read_needs, false},    {"when", read_when, false}, {"for", read_for, false},
	{"where", read_where, false},    {"let", read_let, false},   {"group", read_group, false},
	{"columns", read_columns, true},
};

/* ---- parts of a view ------------------------------------------------------------------------ */

/* One of `rows:`: what is no key of its own is a column. */
static struct error *read_row(struct draft *draft, const struct yaml_node *node)
{
	static const struct key keys[] = {
		{"needs", read_needs, false}, {"when", read_when, false}, {"let", read_let, false}};
	struct error *error = want_mapping(node);
	struct rule_part *part = draft->part;

	if (!error && node->count > NAMED_LIMIT)
		error = yaml_error(node, "more than %d lines", NAMED_LIMIT);
	if (error)
		return error;
	struct named *columns = ARENA_ARRAY(draft->set->arena, node->count, struct named);
	for (size_t i = 0; !error && i < node->count; i++) {
		const struct key *key = key_find(keys, COUNT(keys), node->keys[i]->text);

		if (key) {
			error = key->read(draft, node->items[i]);
			continue;
		}
		struct named *column = &columns[part->column_count++];
		column->name = node->keys[i]->text;
		error = read_expr(draft->set, node->items[i], EXPR_START_EXPRESSION, &column->expr);
	}
	part->columns = columns;
	return error;
}

static const struct named *part_column(const struct rule_part *part, const char *name)
{
	for (size_t i = 0; i < part->column_count; i++) {
		if (!strcmp(part->columns[i].name, name))
			return &part->columns[i];
	}
	return NULL;
}

/* Every part has the columns of the first, in its order. */
static struct error *part_align(struct draft *draft, const struct rule_part *first,
				const struct yaml_node *node)
{
	struct rule_part *part = draft->part;
	struct named *columns = ARENA_ARRAY(draft->set->arena, first->column_count, struct named);

	for (size_t i = 0; i < first->column_count; i++) {
		const struct named *column = part_column(part, first->columns[i].name);

		if (!column)
			return yaml_error(node,
					  "the column \"%s\" of the first part is missing here",
					  first->columns[i].name);
		columns[i] = *column;
	}
	if (part->column_count != first->column_count)
		return yaml_error(node, "this part has columns that the first one does not have");
	part->columns = columns;
	return NULL;
}

static struct error *read_parts(struct draft *draft, const struct yaml_node *list, bool are_rows)
{
	struct rule_part *parts = ARENA_ARRAY(draft->set->arena, list->count, struct rule_part);
	struct rule_part *whole = draft->part;
	struct error *error = NULL;

	if (!list->count)
		return yaml_error(list, "there is nothing in this list");
	if (whole->clauses || whole->columns || whole->where || whole->lets || whole->group)
		return yaml_error(
			list, "beside rows: or union: there can be no for:, columns:, where:, let: "
			      "or group:; they belong into its parts");
	for (size_t i = 0; !error && i < list->count; i++) {
		draft->part = &parts[i];
		draft->needs = &parts[i].needs;
		error = are_rows ? read_row(draft, list->items[i])
				 : read_keys(draft, list->items[i], part_keys, COUNT(part_keys));
		if (!error)
			error = part_align(draft, &parts[0], list->items[i]);
	}
	draft->part = whole;
	draft->rule->parts = parts;
	draft->rule->part_count = list->count;
	return error;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* The column that "name", "-name" or "desc(name)" speaks of, or NULL. */
static const char *sort_column(const struct draft *draft, const char *text, bool *ret_descending)
{
	size_t length = strlen(text);
	bool is_call = !strncmp(text, "desc(", 5) && text[length - 1] == ')';
	size_t before = is_call ? 5 : *text == '-';
	char *name _cleanup_free_ = mem_strndup(text + before, length - before - is_call);
	const struct named *column = part_column(&draft->rule->parts[0], name);

	if (!column)
		return NULL;
	*ret_descending = before != 0;
	return column->name;
}

static struct error *read_sort_key(struct draft *draft, const struct yaml_node *node,
				   struct sort_key *ret)
{
	struct error *error = want_scalar(node);

	if (error)
		return error;
	ret->column = sort_column(draft, node->text, &ret->is_descending);
	if (ret->column)
		return NULL;
	if (draft->rule->part_count > 1)
		return yaml_error(node, "the rows of several parts are sorted by a column");
	error = read_expr(draft->set, node, EXPR_START_EXPRESSION, &ret->expr);
	if (!error)
		ret->expr = expr_sort_key(ret->expr, &ret->is_descending);
	return error;
}

static struct error *read_sorts(struct draft *draft)
{
	size_t count;
	const struct yaml_node *const *items = list_items(&draft->sort, &count);
	struct sort_key *sorts = ARENA_ARRAY(draft->set->arena, count, struct sort_key);

	if (count > RULE_SORT_LIMIT)
		return yaml_error(draft->sort, "rows are sorted by %d keys at most",
				  RULE_SORT_LIMIT);
	for (size_t i = 0; i < count; i++) {
		struct error *error = read_sort_key(draft, items[i], &sorts[i]);

		if (error)
			return error;
	}
	draft->rule->sorts = sorts;
	draft->rule->sort_count = count;
	return NULL;
}

/* ---- whole rules ---------------------------------------------------------------------------- */

static struct error *read_body(struct draft *draft, const struct yaml_node *node)
{
	const char *fault = yaml_fault(node);
	struct error *error = fault ? error_new(ERROR_SYNTAX, "%s", fault) : NULL;

	if (!error)
		error = draft->rule->is_view ? read_keys(draft, node, view_keys, COUNT(view_keys))
					     : read_keys(draft, node, rule_keys, COUNT(rule_keys));
	if (!error && draft->rows && draft->parts)
		error = yaml_error(draft->parts, "a view has rows: or union:, not both");
	if (!error && (draft->rows || draft->parts))
		error = read_parts(draft, draft->rows ? draft->rows : draft->parts, draft->rows);
	if (!error && draft->rule->is_view && !draft->rule->parts[0].column_count)
		error = yaml_error(node, "a view has columns:, rows: or union:");
	if (!error && draft->sort)
		error = read_sorts(draft);
	for (size_t i = 0; !error && i < draft->rule->part_count; i++) {
		if (draft->rule->parts[i].group && !draft->rule->parts[i].clauses)
			error = yaml_error(node, "there is nothing to group: for: is missing");
	}
	return error;
}

/* A rule that cannot be read keeps its name and its place, so that the report can say so. */
static void read_rule(struct rule_set *set, const struct yaml_node *node, enum rule_origin origin,
		      bool is_view)
{
	struct rule *rule = ARENA_NEW(set->arena, struct rule);
	struct draft draft = {.set = set, .origin = origin, .rule = rule, .needs = &rule->needs};
	const struct yaml_node *id = yaml_get(node, is_view ? "view" : "id");

	draft.part = ARENA_NEW(set->arena, struct rule_part);
	*rule = (struct rule){
		.is_view = is_view,
		.origin = origin,
		.parts = draft.part,
		.part_count = 1,
		.severity = SEVERITY_WARNING,
		.place = node_place(set, node),
		.node = node,
	};
	struct error *error = read_body(&draft, node);
	if (error) {
		rule->fault = rule_set_blame(set, node->file, origin, error);
		rule->id = id && id->kind == NODE_SCALAR && *id->text ? id->text : NULL;
		rule->title = rule->title ? rule->title : rule->id;
	}
	error = rule->id ? rule_set_add(set, rule) : NULL;
	if (error)
		rule_set_blame(set, node->file, origin, error);
}

/* ---- what a file declares ------------------------------------------------------------------- */

static struct error *twice(const struct yaml_node *key)
{
	return yaml_error(key, "this file already declares \"%s\"", key->text);
}

static struct error *read_variable(struct draft *draft, const struct yaml_node *key,
				   const struct yaml_node *value)
{
	const struct expr *type;
	struct error *error = read_expr(draft->set, value, EXPR_START_TYPE, &type);

	if (!error && !library_variable(draft->set->library, key->text, type))
		error = twice(key);
	return error;
}

static struct error *read_define(struct draft *draft, const struct yaml_node *key,
				 const struct yaml_node *value)
{
	const struct expr *signature, *body;
	struct error *error = read_expr(draft->set, key, EXPR_START_SIGNATURE, &signature);

	if (!error)
		error = read_expr(draft->set, value, EXPR_START_EXPRESSION, &body);
	if (!error && !library_define(draft->set->library, signature, body))
		error = twice(key);
	return error;
}

static struct error *read_members(struct draft *draft, const struct yaml_node *key,
				  const struct yaml_node *value)
{
	const struct expr *type, *path;
	struct error *error = read_expr(draft->set, key, EXPR_START_TYPE, &type);

	if (!error)
		error = want_mapping(value);
	for (size_t i = 0; !error && i < value->count; i++) {
		error = read_expr(draft->set, value->items[i], EXPR_START_MEMBER, &path);
		if (!error &&
		    !library_member(draft->set->library, type, value->keys[i]->text, path))
			error = twice(value->keys[i]);
	}
	return error;
}

static struct error *read_index(struct draft *draft, const struct yaml_node *key,
				const struct yaml_node *value)
{
	const char *const names[] = {"for", "key", "value"};
	const struct expr *parts[3];
	struct error *error = want_mapping(value);

	for (size_t i = 0; !error && i < COUNT(names); i++) {
		const struct yaml_node *node = yaml_get(value, names[i]);

		error = node ? read_expr(draft->set, node,
					 i ? EXPR_START_EXPRESSION : EXPR_START_CLAUSES, &parts[i])
			     : yaml_error(value, "the key \"%s\" is missing here", names[i]);
	}
	if (!error && value->count > COUNT(names))
		error = yaml_error(value, "an index has the keys for, key and value only");
	if (!error && !library_index(draft->set->library, key->text, parts[0], parts[1], parts[2]))
		error = twice(key);
	return error;
}

static void blame(struct draft *draft, struct error *error)
{
	if (error)
		rule_set_blame(draft->set, draft->file, draft->origin, error);
}

/* The same, of what may have declared something. */
static void blame_gap(struct draft *draft, struct error *error)
{
	if (error)
		library_add_gap(draft->set->library, draft->file->path);
	blame(draft, error);
}

/* Declarations under one key of a file; each is wrong or right by itself. */
static struct error *read_declarations(struct draft *draft, const struct yaml_node *node,
				       struct error *(*read)(struct draft *,
							     const struct yaml_node *,
							     const struct yaml_node *))
{
	struct error *error = want_mapping(node);

	if (error)
		library_add_gap(draft->set->library, draft->file->path);
	for (size_t i = 0; !error && i < node->count; i++) {
		const char *fault = yaml_fault(node->keys[i]);

		fault = fault ? fault : yaml_fault(node->items[i]);
		blame_gap(draft, fault ? error_new(ERROR_SYNTAX, "%s", fault)
				   : read(draft, node->keys[i], node->items[i]));
	}
	return error;
}

static struct error *section_variables(struct draft *draft, const struct yaml_node *value)
{
	return read_declarations(draft, value, read_variable);
}

static struct error *section_members(struct draft *draft, const struct yaml_node *value)
{
	return read_declarations(draft, value, read_members);
}

static struct error *section_define(struct draft *draft, const struct yaml_node *value)
{
	return read_declarations(draft, value, read_define);
}

static struct error *section_indexes(struct draft *draft, const struct yaml_node *value)
{
	return read_declarations(draft, value, read_index);
}

static struct error *read_rules(struct draft *draft, const struct yaml_node *value, bool is_view)
{
	struct error *error = want_sequence(value);

	for (size_t i = 0; !error && i < value->count; i++) {
		if (draft->set->rules.count >= RULE_LIMIT)
			error = yaml_error(value->items[i],
					   "more than %d rules and views; the rest is left out",
					   RULE_LIMIT);
		else
			read_rule(draft->set, value->items[i], draft->origin, is_view);
	}
	return error;
}

static struct error *section_rules(struct draft *draft, const struct yaml_node *value)
{
	return read_rules(draft, value, false);
}

static struct error *section_views(struct draft *draft, const struct yaml_node *value)
{
	return read_rules(draft, value, true);
}

static struct error *disable_one(struct draft *draft, const struct yaml_node *node)
{
	const char *id;
	struct error *error = read_text(node, &id);

	if (error || rule_set_disable(draft->set, id, node_place(draft->set, node)))
		return error;
	const char *nearest = rule_set_suggest(draft->set, id);
	return yaml_error(node, "there is no rule or view \"%s\"%s%s%s", id,
			  nearest ? "; did you mean \"" : "", nearest ? nearest : "",
			  nearest ? "\"?" : "");
}

static struct error *section_disable(struct draft *draft, const struct yaml_node *value)
{
	size_t count;
	const struct yaml_node *const *items = list_items(&value, &count);
	const char *fault = yaml_fault(value);

	if (fault)
		return error_new(ERROR_SYNTAX, "%s", fault);
	if (count > RULE_LIMIT)
		return yaml_error(value, "more than %d names", RULE_LIMIT);
	for (size_t i = 0; i < count; i++)
		blame(draft, disable_one(draft, items[i]));
	return NULL;
}

static struct error *section_set(struct draft *draft, const struct yaml_node *value)
{
	const char *fault = yaml_fault(value);
	struct error *error = fault ? error_new(ERROR_SYNTAX, "%s", fault) : want_mapping(value);

	for (size_t i = 0; !error && i < value->count; i++) {
		struct error *wrong = want_scalar(value->items[i]);

		blame(draft, wrong ? wrong
				   : rule_set_assign(draft->set, value->keys[i], value->items[i]));
	}
	return error;
}

/* The tests of a rule file are read by those who run them. */
static struct error *section_tests(struct draft *draft, const struct yaml_node *value)
{
	(void)draft;
	return want_sequence(value);
}

void rule_set_read(struct rule_set *set, const struct yaml_file *file, enum rule_origin origin)
{
	static const struct key sections[] = {
		{"variables", section_variables, false}, {"members", section_members, false},
		{"define", section_define, false},       {"indexes", section_indexes, false},
		{"rules", section_rules, false},         {"views", section_views, false},
		{"disable", section_disable, false},     {"set", section_set, false},
		{"tests", section_tests, false},
	};
	const struct yaml_node *root = file->root;
	struct draft draft = {.set = set, .file = file, .origin = origin};

	if (root->fault || root->kind != NODE_MAPPING) {
		blame_gap(&draft, root->fault ? error_new(ERROR_SYNTAX, "%s", root->fault)
					  : want_mapping(root));
		return;
	}
	for (size_t i = 0; i < root->count; i++) {
		const struct key *key = key_find(sections, COUNT(sections), root->keys[i]->text);
		const char *fault = root->items[i]->fault;

		if (!key)
			blame_gap(&draft, unknown_key(root->keys[i], sections, COUNT(sections)));
		else if (fault)
			blame_gap(&draft, error_new(ERROR_SYNTAX, "%s", fault));
		else
			blame(&draft, key->read(&draft, root->items[i]));
	}
}
