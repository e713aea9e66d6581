// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "expr/expr.h"
#include "installed.h"
#include "kernel/kernel.h"
#include "options.h"
#include "reports/report.h"
#include "rule/prepare.h"
#include "rule/rule.h"
#include "types/symtab.h"

#define SITE_RULES "/etc/kmortem/rules.d"

void session_deinit(struct session *session)
{
	program_free(session->program);
	kernel_free(session->kernel);
	symtab_free(session->symtab);
	dump_close(session->dump);
	rule_set_free(session->rules);
	free(session->shipped_rules);
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* The rules that came with this executable; free() it. NULL when there are none. */
static char *shipped_rules(void)
{
	static const char *const places[] = {"rules", "../share/kmortem/rules", NULL};
	char *place = installed_find(places);

	if (place)
		return place;
	return access(KMORTEM_RULES, R_OK | X_OK) ? NULL : mem_strdup(KMORTEM_RULES);
}

static struct error *load_shipped(struct session *session, const struct options *options)
{
	session->shipped_rules =
		options->rules_dir ? mem_strdup(options->rules_dir) : shipped_rules();
	const char *path = session->shipped_rules;

	if (!path)
		return error_new(ERROR_IO, "%s: no rules there; name their folder with --rules-dir",
				 KMORTEM_RULES);
	/* The same words wherever kmortem is installed. */
	return rule_set_load(session->rules, path, options->rules_dir ? path : "rules", ORIGIN_SHIPPED);
}

/* A site that has no rules of its own is the rule; rules that it has and we cannot read would be missed in silence. */
static struct error *load_site(struct rule_set *rules, const char *path)
{
	struct stat status;

	if (stat(path, &status) && errno == ENOENT)
		return NULL;
	struct error *error = rule_set_load(rules, path, path, ORIGIN_SITE);

	return error ? error_prefix(error, "the rules of this site (--rules-dir FOLDER does without)") : NULL;
}

struct error *session_add_rules(struct session *session, const char *path)
{
	return rule_set_load(session->rules, path, path, ORIGIN_ASKED);
}

/* A misspelt name would leave nothing to find, and look healthy. */
static struct error *check_glob(const struct rule_set *rules, const char *glob)
{
	const char *nearest = rule_set_suggest(rules, glob);
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_set_at(rules, i)); i++) {
		if (!fnmatch(glob, rule->id, 0))
			return NULL;
	}
	return error_new(ERROR_NOT_FOUND, "--only %s: no rule or view of that name%s%s%s", glob,
			 nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

struct error *session_load_rules(struct session *session, const struct options *options)
{
	session->rules = rule_set_new();
	struct error *error = load_shipped(session, options);

	if (!error && !options->rules_dir)
		error = load_site(session->rules, SITE_RULES);
	for (size_t i = 0; !error && i < options->rules.count; i++)
		error = session_add_rules(session, options->rules.items[i]);
	for (size_t i = 0; !error && i < options->set.count; i++)
		error = rule_set_param(session->rules, options->set.items[i]);
	for (size_t i = 0; !error && i < options->only.count; i++)
		error = check_glob(session->rules, options->only.items[i]);
	return error;
}

size_t session_tell_problems(const struct session *session)
{
	enum rule_origin origin;
	const char *message;
	size_t count = 0;

	while ((message = rule_set_problem(session->rules, count, &origin))) {
		log_warning("%s", message);
		count++;
	}
	return count;
}

static bool matches_any(const struct strings *globs, const char *id)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (!fnmatch(globs->items[i], id, 0))
			return true;
	}
	return false;
}

bool session_selects(const struct options *options, const struct rule *rule)
{
	return (!options->only.count || matches_any(&options->only, rule->id)) &&
	       !matches_any(&options->skip, rule->id);
}

/* ---- the dump ------------------------------------------------------------------------------- */

void session_restart(struct session *session)
{
	program_free(session->program);
	session->program = NULL;
	kernel_free(session->kernel);
	session->kernel = kernel_new(session->dump, session->symtab);
	if (session->rules)
		session->program = program_new(rule_set_library(session->rules), session->symtab,
					       session->kernel);
}

/* A value that does not fit is a bad option, not a check that could not be made. */
static struct error *check_params(const struct session *session)
{
	struct error *error = NULL;
	const struct rule *rule;

	for (size_t i = 0; !error && (rule = rule_set_at(session->rules, i)); i++)
		error = params_check(session->program, rule);
	return error;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A part without pages of its own would be taken as often as it is named. */
static struct error *refuse_twice(const char *const *paths, size_t count)
{
	struct stat *files _cleanup_free_ = mem_zero(count * sizeof(*files));

	for (size_t i = 0; i < count; i++) {
		if (stat(paths[i], &files[i]))
			return error_errno("%s", paths[i]);
		for (size_t k = 0; k < i; k++) {
			if (is_same_file(&files[k], &files[i]))
				return error_new(ERROR_INVALID, "%s: the same file as %s", paths[i],
						 paths[k]);
		}
	}
	return NULL;
}

struct error *session_open(struct session *session, const struct options *options,
			   const char *const *paths, size_t count)
{
	struct symtab_options symtab_options = {.vmlinux = options->vmlinux, .dwarf_only = options->dwarf};

	log_progress("reading %s", count ? paths[0] : "");
	struct error *error = refuse_twice(paths, count);
	if (!error)
		error = dump_open(paths, count, &session->dump);
	if (!error)
		error = symtab_new(session->dump, &symtab_options, &session->symtab);
	if (error)
		return error;
	session->paths = paths;
	session->path_count = count;
	session_restart(session);
	return session->program ? check_params(session) : NULL;
}

/* ---- what is read --------------------------------------------------------------------------- */

static bool is_rule_file(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && !strcmp(dot, ".yaml");
}

/* Whether the file is what `path` (NULL: nothing) leads to, or a rule file in the folder there or in its lib/. */
static bool path_leads_to(const char *path, const struct stat *file)
{
	char *copy _cleanup_free_ = mem_strdup(path ? path : "");
	char *const roots[] = {copy, NULL};
	FTS *tree = *copy ? fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL) : NULL;
	FTSENT *entry;
	bool is_found = false;

	while (tree && !is_found && (entry = fts_read(tree))) {
		if (entry->fts_info == FTS_D && entry->fts_level > 1)
			fts_set(tree, entry, FTS_SKIP);
		is_found = entry->fts_info == FTS_F && is_same_file(entry->fts_statp, file) &&
			   (!entry->fts_level || is_rule_file(entry->fts_name));
	}
	if (tree)
		fts_close(tree);
	return is_found;
}

bool session_reads(const struct session *session, const struct options *options, const struct stat *file)
{
	bool reads = path_leads_to(options->vmlinux, file) ||
		     path_leads_to(symtab_sources(session->symtab)->vmlinux, file) ||
		     path_leads_to(session->shipped_rules, file) ||
		     (!options->rules_dir && path_leads_to(SITE_RULES, file));

	for (size_t i = 0; !reads && i < session->path_count; i++)
		reads = path_leads_to(session->paths[i], file);
	for (size_t i = 0; !reads && i < options->rules.count; i++)
		reads = path_leads_to(options->rules.items[i], file);
	return reads;
}

void session_tell_sources(const struct session *session)
{
	const struct symtab_sources *sources = symtab_sources(session->symtab);
	const struct dump_counters *counters = dump_counters(session->dump);
	const char *note = sources->notes;

	log_note("types: %s; symbols: %s; %s", sources->types, sources->symbols, sources->modules);
	for (; *note; note += strspn(note, "\n")) {
		size_t length = strcspn(note, "\n");

		log_note("%.*s", (int)length, note);
		note += length;
	}
	log_note("%llu reads of %llu bytes from %llu pages", (unsigned long long)counters->reads,
		 (unsigned long long)counters->bytes, (unsigned long long)counters->pages);
}

void session_remark_parts(const struct session *session, struct report *report)
{
	enum { PARTS_NAMED = 8 };
	size_t count = session->path_count, named = count < PARTS_NAMED ? count : PARTS_NAMED;
	struct buf buf _cleanup_(buf_deinit) = {0};

	if (count < 2)
		return;
	const char **list = ARENA_ARRAY(report->arena, report->dump.remark_count + 1, const char *);
	buf_printf(&buf, "The dump is split into %zu files: ", count);
	for (size_t i = 0; i < named; i++)
		buf_printf(&buf, "%s%s", i ? ", " : "", session->paths[i]);
	if (count > named)
		buf_printf(&buf, " and %zu more", count - named);
	for (size_t i = 0; i < report->dump.remark_count; i++)
		list[i] = report->dump.remarks[i];
	list[report->dump.remark_count++] = arena_strdup(report->arena, buf_text(&buf));
	report->dump.remarks = list;
}
