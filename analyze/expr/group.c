// SPDX-License-Identifier: GPL-2.0-or-later
// Rows gathered by a key: one row per key, which has the rows of that key as a list of records.
#include <string.h>

#include "expr/check.h"
#include "expr/table.h"

struct group {
	const struct code *key;
	const struct code *record; /* the variables of a row */
	uint32_t key_slot, rows_slot;
};

/* ---- check ---------------------------------------------------------------------------------- */

static size_t count_row_variables(const struct scope *scope)
{
	size_t count = 0;

	for (; scope; scope = scope->outer) {
		for (const struct variable *v = scope->variables; v; v = v->next)
			count += v->is_row;
	}
	return count;
}

/* A record of what the rows' variables are. */
static const struct code *record_of_row(struct checker *checker, const struct expr *expr,
					const struct scope *scope)
{
	size_t count = count_row_variables(scope), i = count;
	struct stype_fields *fields = ARENA_NEW(checker->arena, struct stype_fields);
	struct stype *types = ARENA_ARRAY(checker->arena, count, struct stype);
	const char **names = ARENA_ARRAY(checker->arena, count, const char *);
	const struct code **values = ARENA_ARRAY(checker->arena, count, const struct code *);
	struct code *record = code_new(checker, STYPE_RECORD, eval_record);

	for (; scope; scope = scope->outer) {
		for (const struct variable *v = scope->variables; v; v = v->next) {
			if (!v->is_row)
				continue;
			names[--i] = v->name;
			values[i] = code_load(checker, expr, v->code);
			if (!values[i])
				return NULL;
			types[i] = values[i]->stype;
		}
	}
	for (i = 0; i < count; i++)
		code_add(checker, record, values[i]);
	fields->names = names;
	fields->types = types;
	fields->count = count;
	record->stype.fields = fields;
	return record;
}

const struct code *check_group(struct checker *checker, const struct expr *key,
			       const struct code *clauses, struct scope **ret_scope)
{
	struct group *group = ARENA_NEW(checker->arena, struct group);
	struct code *code = code_new(checker, STYPE_WALK, NULL);
	struct stype rows = {.kind = STYPE_LIST};

	group->key = check_value(checker, key);
	group->record = group->key ? record_of_row(checker, key, checker->scope) : NULL;
	if (!group->record)
		return NULL;
	struct scope *scope = scope_beside(checker->scope);

	for (const struct scope *outer = checker->scope; outer; outer = outer->outer) {
		for (const struct variable *v = outer->variables; v; v = v->next) {
			if (!v->is_row)
				scope_add(scope, v->name, v->code);
		}
	}
	rows.element = &group->record->stype;
	group->key_slot = scope_slot(scope);
	group->rows_slot = scope_slot(scope);
	scope_add(scope, "key", code_slot(checker, group->key_slot, &group->key->stype))->is_row =
		true;
	struct code *list = code_slot(checker, group->rows_slot, &rows);

	list->may_be_partial = true;
	scope_add(scope, "rows", list)->is_row = true;
	code->rows = rows_group;
	code->group = group;
	code_add(checker, code, clauses);
	*ret_scope = scope;
	return code;
}

/* ---- evaluate ------------------------------------------------------------------------------- */

struct gathering {
	struct loop loop;
	const struct group *group;
	struct loop *outer;
	struct table table;
	struct arena *arena;
	bool begins_row;
};

static bool gathering_unknown(struct loop *loop, struct frame *frame, const struct fault *fault)
{
	struct gathering *gathering = (struct gathering *)loop;

	return gathering->outer->unknown(gathering->outer, frame, fault);
}

static bool gathering_row(struct loop *loop, struct frame *frame)
{
	struct gathering *gathering = (struct gathering *)loop;

	if (gathering->begins_row)
		frame_next_row(frame);
	struct value key = code_run(gathering->group->key, frame);

	if (key.kind == VALUE_ABSENT)
		return gathering_unknown(loop, frame, &key.absent);
	struct value record = code_run(gathering->group->record, frame);
	size_t before = arena_used(gathering->arena);

	table_add(&gathering->table, &key, &record, gathering->arena);
	size_t used = arena_used(gathering->arena) - before;

	if (used > frame->left.bytes) {
		frame_exhaust(frame, "memory of an evaluation");
		loop_break(loop, frame, &(struct fault){ERROR_LIMIT, 0, frame->exhausted});
		return false;
	}
	frame->left.bytes -= used;
	return true;
}

static bool rows_of_table(const struct gathering *gathering, struct frame *frame, struct loop *loop)
{
	const struct group *group = gathering->group;
	struct fault fault;
	bool goes_on = true;

	if (!frame_enter(frame, &fault)) {
		loop_break(loop, frame, &fault);
		return true;
	}
	for (struct table_entry *entry = gathering->table.first; goes_on && entry;
	     entry = entry->next) {
		if (!frame_next(frame, &fault)) {
			loop_break(loop, frame, &fault);
			break;
		}
		entry->list.is_partial = gathering->loop.fault.code != ERROR_COUNT;
		entry->list.fault = gathering->loop.fault;
		frame->slots[group->key_slot].value = entry->key;
		frame->slots[group->rows_slot].value =
			(struct value){.kind = VALUE_LIST, .list = &entry->list};
		goes_on = loop->row(loop, frame);
	}
	frame_leave(frame);
	return goes_on;
}

bool rows_group(const struct code *code, struct frame *frame, struct loop *loop)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct gathering gathering = {
		.loop = {gathering_row, gathering_unknown, FAULT_NONE, loop->depth},
		.group = code->group,
		.outer = loop,
		.arena = arena,
		.begins_row = code->args[0]->rows != rows_filter,
	};
	bool goes_on = code->args[0]->rows(code->args[0], frame, &gathering.loop);
	size_t used = arena_used(arena);

	if (gathering.loop.fault.code != ERROR_COUNT)
		loop_break(loop, frame, &gathering.loop.fault);
	if (goes_on)
		goes_on = rows_of_table(&gathering, frame, loop);
	frame->left.bytes += used;
	table_deinit(&gathering.table);
	return goes_on;
}
