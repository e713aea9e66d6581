// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/rule.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/vec.h"
#include "expr/expr.h"
#include "rule/digest.h"
#include "rule/rule_private.h"
#include "rule/yaml.h"
#include "types/suggest.h"

struct rule_set *rule_set_new(void)
{
	struct rule_set *set = mem_zero(sizeof(*set));

	set->arena = arena_new();
	set->library = library_new(set->arena);
	return set;
}

void rule_set_free(struct rule_set *set)
{
	if (!set)
		return;
	free(set->rules.items);
	free(set->problems.items);
	free(set->files.items);
	free(set->events.items);
	arena_free(set->arena);
	free(set);
}

const char *rule_set_blame(struct rule_set *set, const struct yaml_file *file,
			   enum rule_origin origin, struct error *error)
{
	const char *message = arena_strdup(set->arena, error->message);

	*vec_push(&set->problems) = (struct rule_problem){message, file, origin};
	error_free(error);
	return message;
}

/* Position of a rule of that name, or the number of rules. */
static size_t rule_set_index(const struct rule_set *set, const char *id)
{
	size_t i = 0;

	while (i < set->rules.count && strcmp(set->rules.items[i]->id, id) != 0)
		i++;
	return i;
}

struct error *rule_set_add(struct rule_set *set, struct rule *rule)
{
	size_t i = rule_set_index(set, rule->id);

	rule->generation = set->generation;
	if (i == set->rules.count) {
		*vec_push(&set->rules) = rule;
		return NULL;
	}
	const struct rule *old = set->rules.items[i];
	if (old->generation == rule->generation)
		return yaml_error(rule->node, "\"%s\" is already the name of the %s in %s",
				  rule->id, old->is_view ? "view" : "rule", old->place);
	*vec_push(&set->events) = (struct rule_event){
		.name = arena_printf(set->arena, "%s %s", rule->is_view ? "view" : "rule", rule->id),
		.where = rule->place,
		.was = old->place,
	};
	set->rules.items[i] = rule;
	return NULL;
}

bool rule_set_disable(struct rule_set *set, const char *glob, const char *where)
{
	size_t kept = 0, count = set->rules.count;

	for (size_t i = 0; i < count; i++) {
		struct rule *rule = set->rules.items[i];

		if (fnmatch(glob, rule->id, 0))
			set->rules.items[kept++] = rule;
		else
			*vec_push(&set->events) = (struct rule_event){rule->id, where, NULL};
	}
	set->rules.count = kept;
	return kept < count;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* A file that is named although it is here already: what it brought counts as asked for. */
static void file_ask(struct rule_set *set, struct rule_file *file)
{
	file->origin = ORIGIN_ASKED;
	for (size_t i = 0; i < set->rules.count; i++) {
		if (set->rules.items[i]->node->file == file->yaml)
			set->rules.items[i]->origin = ORIGIN_ASKED;
	}
	for (size_t i = 0; i < set->problems.count; i++) {
		if (set->problems.items[i].file == file->yaml)
			set->problems.items[i].origin = ORIGIN_ASKED;
	}
}

static struct rule_file *file_known(const struct rule_set *set, const struct stat *status)
{
	for (size_t i = 0; i < set->files.count; i++) {
		struct rule_file *file = &set->files.items[i];

		if (file->device == status->st_dev && file->inode == status->st_ino)
			return file;
	}
	return NULL;
}

static struct error *load_file(struct rule_set *set, const char *path, const char *shown,
			       enum rule_origin origin)
{
	struct rule_file file = {.origin = origin};
	struct stat status;

	if (stat(path, &status))
		return error_errno("%s", path);
	struct rule_file *known = file_known(set, &status);
	if (known && origin == ORIGIN_ASKED)
		file_ask(set, known);
	if (known)
		return NULL;
	file.device = status.st_dev;
	file.inode = status.st_ino;
	struct error *error = yaml_load(set->arena, path, shown, &file.yaml);
	if (!error) {
		*vec_push(&set->files) = file;
		rule_set_read(set, file.yaml, origin);
	} else if (error->code == ERROR_SYNTAX || error->code == ERROR_LIMIT) {
		library_add_gap(set->library, shown);
		rule_set_blame(set, NULL, origin, error);
		error = NULL;
	}
	return error;
}

static int is_yaml(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot && entry->d_name[0] != '.' && !strcmp(dot, ".yaml");
}

/* Loads *.yaml of a folder by name; a file that cannot be read is a problem of its own. */
static struct error *load_folder(struct rule_set *set, const char *path, const char *shown,
				 enum rule_origin origin)
{
	struct dirent **entries;
	int count = scandir(path, &entries, is_yaml, alphasort);

	if (count < 0)
		return error_errno("%s", path);
	for (int i = 0; i < count; i++) {
		char *name _cleanup_free_ = mem_printf("%s/%s", path, entries[i]->d_name);
		char *words _cleanup_free_ = mem_printf("%s/%s", shown, entries[i]->d_name);
		struct error *error = load_file(set, name, words, origin);

		if (error) {
			library_add_gap(set->library, words);
			rule_set_blame(set, NULL, origin, error);
		}
		free(entries[i]);
	}
	free(entries);
	return NULL;
}

static struct error *load_path(struct rule_set *set, const char *path, const char *shown,
			       enum rule_origin origin)
{
	char *library _cleanup_free_ = mem_printf("%s/lib", path);
	char *library_shown _cleanup_free_ = mem_printf("%s/lib", shown);
	struct stat status;

	if (stat(path, &status))
		return error_errno("%s", path);
	if (!S_ISDIR(status.st_mode))
		return load_file(set, path, shown, origin);
	if (!stat(library, &status) && S_ISDIR(status.st_mode)) {
		struct error *error = load_folder(set, library, library_shown, origin);

		if (error)
			return error;
	}
	return load_folder(set, path, shown, origin);
}

struct error *rule_set_load(struct rule_set *set, const char *path, const char *shown,
			    enum rule_origin origin)
{
	set->generation++;
	struct error *error = load_path(set, path, shown, origin);

	rule_set_tell_redefined(set);
	return error;
}

/* ---- asking the set ------------------------------------------------------------------------- */

const char *rule_set_problem(const struct rule_set *set, size_t position,
			     enum rule_origin *ret_origin)
{
	if (position >= set->problems.count)
		return NULL;
	*ret_origin = set->problems.items[position].origin;
	return set->problems.items[position].message;
}

const struct rule *rule_set_at(const struct rule_set *set, size_t position)
{
	return position < set->rules.count ? set->rules.items[position] : NULL;
}

const struct rule *rule_set_find(const struct rule_set *set, const char *id)
{
	return rule_set_at(set, rule_set_index(set, id));
}

const char *rule_set_suggest(const struct rule_set *set, const char *id)
{
	struct suggestion suggestion = suggestion_for(id);

	for (size_t i = 0; i < set->rules.count; i++)
		suggestion_offer(&suggestion, set->rules.items[i]->id);
	return suggestion.best;
}

const struct library *rule_set_library(const struct rule_set *set)
{
	return set->library;
}

const struct yaml_file *rule_set_file(const struct rule_set *set, size_t position,
				      enum rule_origin *ret_origin)
{
	if (position >= set->files.count)
		return NULL;
	*ret_origin = set->files.items[position].origin;
	return set->files.items[position].yaml;
}

const char *rule_set_digest(struct rule_set *set)
{
	struct digest *digest _cleanup_(digest_free_cleanup) = digest_new();
	char text[65];

	for (size_t i = 0; i < set->files.count; i++) {
		const struct yaml_file *file = set->files.items[i].yaml;

		digest_add(digest, file->bytes, file->length);
	}
	digest_hex(digest, text);
	return arena_strdup(set->arena, text);
}

struct arena *rule_set_arena(struct rule_set *set)
{
	return set->arena;
}

bool rule_has_tag(const struct rule *rule, const char *tag)
{
	for (size_t i = 0; i < rule->tag_count; i++) {
		if (!strcmp(rule->tags[i], tag))
			return true;
	}
	return false;
}

/* ---- parameters ----------------------------------------------------------------------------- */

static struct error *unknown_rule(const struct rule_set *set, const char *id)
{
	const char *nearest = rule_set_suggest(set, id);

	return error_new(ERROR_NOT_FOUND, "no rule or view is called \"%s\"%s%s%s", id,
			 nearest ? "; did you mean \"" : "", nearest ? nearest : "",
			 nearest ? "\"?" : "");
}

static struct error *unknown_param(const struct rule *rule, const char *name)
{
	struct suggestion suggestion = suggestion_for(name);

	for (size_t i = 0; i < rule->param_count; i++)
		suggestion_offer(&suggestion, rule->params[i].name);
	return error_new(ERROR_NOT_FOUND, "%s has no parameter \"%s\"%s%s%s", rule->id, name,
			 suggestion.best ? "; did you mean \"" : "",
			 suggestion.best ? suggestion.best : "", suggestion.best ? "\"?" : "");
}

static struct error *param_assign(struct rule_set *set, struct rule *rule, const char *name,
				  const struct expr_text *text, struct setting setting)
{
	for (size_t i = 0; i < rule->param_count; i++) {
		struct named *param = &rule->params[i];
		struct expr *expr;

		if (strcmp(param->name, name))
			continue;
		struct error *error = expr_parse(set->arena, text, EXPR_START_EXPRESSION, &expr);
		if (error)
			return error;
		setting.text = text->text;
		setting.preset = param->setting ? param->setting->preset : param->expr;
		param->setting = arena_copy(set->arena, &setting, sizeof(setting));
		param->expr = expr;
		return NULL;
	}
	return unknown_param(rule, name);
}

struct error *rule_set_value(struct rule_set *set, struct rule *rule, const char *name,
			     const struct yaml_node *value)
{
	const struct expr_text text = yaml_text(value);
	const struct setting setting = {
		.where = arena_printf(set->arena, "%s:%zu", value->file->path, value->start.line),
		.node = value,
	};

	return param_assign(set, rule, name, &text, setting);
}

/* Splits "ID.PARAM"; names of views have dots of their own. NULL: it is none. */
static char *param_split(char *target)
{
	char *dot = strrchr(target, '.');

	if (!dot || dot == target || !dot[1])
		return NULL;
	*dot = '\0';
	return dot + 1;
}

struct error *rule_set_assign(struct rule_set *set, const struct yaml_node *target,
			      const struct yaml_node *value)
{
	char *id _cleanup_free_ = mem_strdup(target->text);
	const char *name = param_split(id);

	if (!name)
		return yaml_error(target, "want ID.PARAM: VALUE");
	size_t i = rule_set_index(set, id);
	struct error *error = i < set->rules.count
				      ? rule_set_value(set, set->rules.items[i], name, value)
				      : unknown_rule(set, id);
	if (!error || error->code != ERROR_NOT_FOUND)
		return error;
	struct error *placed = yaml_error(target, "%s", error->message);
	error_free(error);
	return placed;
}

struct error *rule_set_param(struct rule_set *set, const char *assignment)
{
	size_t length = strcspn(assignment, "=");
	const char *value = assignment + length + (assignment[length] == '=');
	char *id _cleanup_free_ = mem_strndup(assignment, length);
	const char *name = param_split(id);

	if (!name || !*value)
		return error_new(ERROR_INVALID, "--set %s: want ID.PARAM=VALUE", assignment);
	size_t i = rule_set_index(set, id);
	if (i == set->rules.count)
		return error_prefix(unknown_rule(set, id), "--set %s", assignment);
	const struct expr_text text = {
		.file = arena_strndup(set->arena, assignment, length),
		.text = arena_strdup(set->arena, value),
	};
	return param_assign(set, set->rules.items[i], name, &text, (struct setting){.where = "--set"});
}
