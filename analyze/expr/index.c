// SPDX-License-Identifier: GPL-2.0-or-later
// Indexes: built once per dump when first asked, then only looked at.
#include "expr/check.h"
#include "expr/table.h"

enum { INDEX_NODES = 20000 };

struct index {
	const struct declaration *declaration;
	struct scope *scope;
	const struct code *clauses, *key, *value;
	struct table table;
	bool is_checking, is_built, is_running;
	bool is_partial;    /* some rows may be missing */
	struct fault fault; /* why */
};

void index_free(struct index *index)
{
	if (index)
		table_deinit(&index->table);
}

/* ---- check ---------------------------------------------------------------------------------- */

static void index_check(struct checker *checker, struct index *index)
{
	struct checker inner = *checker;

	index->is_checking = true;
	inner.scope = index->scope = scope_new(checker->program);
	inner.nodes = INDEX_NODES;
	index->clauses = check_clauses(&inner, index->declaration->clauses);
	if (index->clauses)
		index->key = check_value(&inner, index->declaration->key);
	if (index->key)
		index->value = check_value(&inner, index->declaration->body);
	index->is_checking = false;
	checker->error = inner.error;
}

static struct index *index_of(struct checker *checker, const struct expr *name)
{
	const struct declaration *declaration =
		name->kind == EXPR_NAME
			? library_find(checker->program->library, DECLARATION_INDEX, name->name)
			: NULL;

	if (!declaration && name->kind == EXPR_NAME && check_gap(checker, name, name->name))
		return NULL;
	if (!declaration)
		return check_fail(checker, name, ERROR_SYNTAX,
				  "lookup() needs the name of an index");
	struct index **place = program_index(checker->program, declaration->serial);

	if (!*place) {
		*place = ARENA_NEW(checker->arena, struct index);
		(*place)->declaration = declaration;
	}
	if ((*place)->is_checking)
		return check_fail(checker, name, ERROR_SYNTAX,
				  "index %s is defined by means of itself", name->name);
	if (!(*place)->value)
		index_check(checker, *place);
	return checker->error ? NULL : *place;
}

const struct code *check_lookup(struct checker *checker, const struct expr *expr, bool all)
{
	struct index *index = index_of(checker, expr->args[0]);
	const struct code *key = index ? check_value(checker, expr->args[1]) : NULL;
	struct stype joined;

	if (!key)
		return NULL;
	if (!stype_join(&key->stype, &index->key->stype, checker->arena, &joined) &&
	    stype_value_kind(&key->stype) != stype_value_kind(&index->key->stype))
		return check_fail(checker, expr->args[1], ERROR_SYNTAX,
				  "the keys of this index are %s, this is %s",
				  check_words(checker, &index->key->stype),
				  check_words(checker, &key->stype));
	struct code *code = code_new(checker, all ? STYPE_LIST : index->value->stype.kind,
				     all ? eval_lookup_all : eval_lookup);

	if (all) {
		code->stype.element = &index->value->stype;
		code->may_be_partial = true;
	} else {
		code->stype = index->value->stype;
		code->stype.or_none = true;
	}
	code->index = index;
	code->height = index->clauses->height + 1;
	code_add(checker, code, key);
	return code;
}

/* ---- evaluate ------------------------------------------------------------------------------- */

struct filling {
	struct loop loop;
	struct index *index;
	size_t bytes; /* that may still be used */
};

static bool filling_unknown(struct loop *loop, struct frame *frame, const struct fault *fault)
{
	loop_break(loop, frame, fault);
	return true;
}

static bool filling_row(struct loop *loop, struct frame *frame)
{
	struct filling *filling = (struct filling *)loop;
	struct index *index = filling->index;
	struct arena *arena = frame->program->arena;
	struct value key = code_run(index->key, frame);
	struct value value = code_run(index->value, frame);
	size_t before = arena_used(arena);

	if (key.kind == VALUE_ABSENT)
		return filling_unknown(loop, frame, &key.absent);
	table_add(&index->table, &key, &value, arena);
	size_t used = arena_used(arena) - before;

	if (used <= filling->bytes) {
		filling->bytes -= used;
		return true;
	}
	loop_break(loop, frame, &(struct fault){ERROR_LIMIT, 0, "memory of an index"});
	return false;
}

static void index_build(struct index *index, struct frame *outer)
{
	struct budget budget = program_budget(outer->program);
	struct frame *frame = frame_new(outer->program, index->scope, &budget);
	struct filling filling = {
		.loop = {filling_row, filling_unknown, FAULT_NONE, 0},
		.index = index,
		.bytes = budget.bytes,
	};

	frame->nesting = outer->nesting;
	index->is_running = true;
	index->clauses->rows(index->clauses, frame, &filling.loop);
	index->is_running = false;
	index->is_built = true;
	if (filling.loop.fault.code != ERROR_COUNT) {
		struct value fault = value_of_fault(&filling.loop.fault);

		index->is_partial = true;
		index->fault = value_keep(&fault, frame->program->arena).absent;
	}
	program_charge(frame->program, &budget, frame, budget.bytes - filling.bytes);
	frame_free(frame);
}

/* The entry of the key of a lookup, or NULL; *ret_key is the key. */
static const struct table_entry *index_find(const struct code *code, struct frame *frame,
					    struct value *ret_key)
{
	struct index *index = code->index;

	*ret_key = code_run(code->args[0], frame);
	if (ret_key->kind == VALUE_ABSENT)
		return NULL;
	if (index->is_running) {
		*ret_key = value_absent(ERROR_INVALID, 0, "index that is being built");
		return NULL;
	}
	if (!index->is_built)
		index_build(index, frame);
	return table_find(&index->table, ret_key, frame_memory(frame));
}

struct value eval_lookup(const struct code *code, struct frame *frame)
{
	struct value key;
	const struct table_entry *entry = index_find(code, frame, &key);

	if (key.kind == VALUE_ABSENT)
		return key;
	if (entry)
		return entry->list.items[0];
	return code->index->is_partial ? value_of_fault(&code->index->fault)
				       : (struct value){.kind = VALUE_NONE};
}

struct value eval_lookup_all(const struct code *code, struct frame *frame)
{
	struct value key;
	const struct table_entry *entry = index_find(code, frame, &key);
	struct value_list *list;

	if (key.kind == VALUE_ABSENT)
		return key;
	list = ARENA_NEW(frame_memory(frame), struct value_list);
	if (entry)
		*list = entry->list;
	list->is_partial = code->index->is_partial;
	list->fault = code->index->fault;
	frame_charge(frame);
	return (struct value){.kind = VALUE_LIST, .list = list};
}
