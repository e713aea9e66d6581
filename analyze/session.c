// SPDX-License-Identifier: GPL-2.0-or-later
#include "session.h"

#include <fnmatch.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "expr/expr.h"
#include "kernel/kernel.h"
#include "options.h"
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
}

/* ---- rules ---------------------------------------------------------------------------------- */

/* The rules that came with this executable: beside it in a build folder, ../share/kmortem/rules
 * where it was installed, wherever that was moved to. free() it; NULL when there are none. */
static char *shipped_rules(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	static const char *const places[] = {"rules", "../share/kmortem/rules"};

	for (size_t i = 0; length > 0 && i < sizeof(places) / sizeof(*places); i++) {
		path[length] = '\0';
		char *slash = strrchr(path, '/');
		char *place = mem_printf("%.*s/%s", (int)(slash - path), path, places[i]);

		if (!access(place, R_OK | X_OK))
			return place;
		free(place);
	}
	return access(KMORTEM_RULES, R_OK | X_OK) ? NULL : mem_strdup(KMORTEM_RULES);
}

static struct error *load_shipped(struct session *session, const struct options *options)
{
	char *found _cleanup_free_ = options->rules_dir ? NULL : shipped_rules();
	const char *path = options->rules_dir ? options->rules_dir : found;

	if (!path)
		return error_new(ERROR_IO, "%s: no rules there; name their folder with --rules-dir",
				 KMORTEM_RULES);
	/* The same words wherever kmortem is installed. */
	return rule_set_load(session->rules, path, found ? "rules" : path, ORIGIN_SHIPPED);
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

	if (!error && !options->rules_dir && !access(SITE_RULES, R_OK | X_OK))
		error = rule_set_load(session->rules, SITE_RULES, SITE_RULES, ORIGIN_SITE);
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

struct error *session_open(struct session *session, const struct options *options,
			   const char *const *paths, size_t count)
{
	struct symtab_options symtab_options = {.vmlinux = options->vmlinux, .dwarf_only = options->dwarf};

	log_progress("reading %s", count ? paths[0] : "");
	struct error *error = dump_open(paths, count, &session->dump);
	if (!error)
		error = symtab_new(session->dump, &symtab_options, &session->symtab);
	if (error)
		return error;
	session_restart(session);
	return session->program ? check_params(session) : NULL;
}
