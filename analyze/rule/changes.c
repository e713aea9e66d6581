// SPDX-License-Identifier: GPL-2.0-or-later
// What a report says of its rules: whose they are, and what a site changed of those that came with kmortem.
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "base/vec.h"
#include "expr/expr.h"
#include "rule/rule_private.h"
#include "rule/yaml.h"

struct change_list {
	struct rule_change *items;
	size_t count, capacity;
};

static void list_deinit(struct change_list *list)
{
	free(list->items);
}

static struct rule_changes list_keep(const struct change_list *list, struct arena *arena)
{
	return (struct rule_changes){
		.items = arena_copy(arena, list->items, list->count * sizeof(*list->items)),
		.count = list->count,
	};
}

void rule_set_tell_redefined(struct rule_set *set)
{
	struct redefinition redefinition;

	for (; library_redefined(set->library, set->redefined_told, &redefinition);
	     set->redefined_told++)
		log_warning("%s: %s stands here instead of the one at %s, for all rules",
			    redefinition.after, redefinition.words, redefinition.before);
}

static struct rule_changes changes_redefined(const struct rule_set *set, struct arena *arena)
{
	struct change_list list _cleanup_(list_deinit) = {0};
	struct redefinition redefinition;

	for (size_t i = 0; library_redefined(set->library, i, &redefinition); i++)
		*vec_push(&list) = (struct rule_change){
			.name = redefinition.words,
			.where = redefinition.after,
			.was = redefinition.before,
		};
	for (size_t i = 0; i < set->events.count; i++) {
		const struct rule_event *event = &set->events.items[i];

		if (event->was)
			*vec_push(&list) = (struct rule_change){
				.name = event->name,
				.where = event->where,
				.was = event->was,
			};
	}
	return list_keep(&list, arena);
}

/* A rule that a later file brought again is there. */
static struct rule_changes changes_disabled(const struct rule_set *set, struct arena *arena)
{
	struct change_list list _cleanup_(list_deinit) = {0};

	for (size_t i = 0; i < set->events.count; i++) {
		const struct rule_event *event = &set->events.items[i];

		if (!event->was && !rule_set_find(set, event->name))
			*vec_push(&list) =
				(struct rule_change){.name = event->name, .where = event->where};
	}
	return list_keep(&list, arena);
}

static struct rule_changes changes_set(const struct rule_set *set, struct arena *arena)
{
	struct change_list list _cleanup_(list_deinit) = {0};
	const struct rule *rule;

	for (size_t i = 0; (rule = rule_set_at(set, i)); i++) {
		for (size_t k = 0; k < rule->param_count; k++) {
			const struct named *param = &rule->params[k];

			if (param->setting)
				*vec_push(&list) = (struct rule_change){
					.name = arena_printf(arena, "%s.%s", rule->id, param->name),
					.where = param->setting->where,
					.value = param->setting->text,
				};
		}
	}
	return list_keep(&list, arena);
}

void rule_set_describe(struct rule_set *set, struct report *report)
{
	const char **site = ARENA_ARRAY(report->arena, set->files.count, const char *);
	size_t count = 0;

	for (size_t i = 0; i < set->files.count; i++) {
		if (set->files.items[i].origin != ORIGIN_SHIPPED)
			site[count++] = set->files.items[i].yaml->path;
	}
	report->rules.version = KMORTEM_VERSION;
	report->rules.sha256 = rule_set_digest(set);
	report->rules.site_files = site;
	report->rules.site_file_count = count;
	report->rules.redefined = changes_redefined(set, report->arena);
	report->rules.disabled = changes_disabled(set, report->arena);
	report->rules.set = changes_set(set, report->arena);
}
