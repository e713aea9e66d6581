// SPDX-License-Identifier: GPL-2.0-or-later
// What is known and computed once per dump, and the names an expression sees.
#include "expr/program.h"

#include <string.h>

#include "base/mem.h"
#include "kernel/dmesg.h"
#include "kernel/kernel.h"
#include "types/symtab.h"

enum { PROGRAM_NODES = 1000 * 1000 };

/* Of all shared results together: a file may define any number of them. */
#define PROGRAM_SHARED                                                                             \
	((struct budget){.steps = 4000ull * 1000 * 1000,                                           \
			 .reads = 1000ull * 1000 * 1000,                                           \
			 .bytes = 256u << 20})

/* ---- program -------------------------------------------------------------------------------- */

/* Addresses of per-CPU variables are offsets that begin at 0 or lie in a section of their own. */
static void program_learn_percpu(struct program *program)
{
	const struct symbol *start = symtab_find(program->symtab, "__per_cpu_start");
	uint64_t address = start ? start->address : 0;
	const struct symbol *end = symtab_find(program->symtab, "__per_cpu_end");

	if (!start || !end || end->address <= address)
		return;
	program->has_percpu_range = true;
	program->percpu_start = address;
	program->percpu_end = end->address;
	start = symtab_find(program->symtab, "_text");
	address = start ? start->address : 0;
	end = symtab_find(program->symtab, "_end");
	if (!address || !end || end->address <= address)
		return;
	program->image_start = address;
	program->image_end = end->address;
}

struct program *program_new(const struct library *library, struct symtab *symtab,
			    struct kernel *kernel)
{
	struct program *program = mem_zero(sizeof(*program));

	program->library = library;
	program->symtab = symtab;
	program->kernel = kernel;
	program->arena = arena_new();
	program->serials = library_serials(library);
	program->shared = ARENA_ARRAY(program->arena, program->serials + 1, struct shared *);
	program->indexes = ARENA_ARRAY(program->arena, program->serials + 1, struct index *);
	program->last_choice = &program->choices;
	program->log_fault = FAULT_NONE;
	program->nodes = PROGRAM_NODES;
	program->shared_left = PROGRAM_SHARED;
	program_learn_percpu(program);
	return program;
}

void program_free(struct program *program)
{
	if (!program)
		return;
	for (size_t i = 0; i < program->serials; i++) {
		index_free(program->indexes[i]);
		if (program->shared[i])
			free(program->shared[i]->keys);
	}
	map_deinit(&program->choice_names);
	map_deinit(&program->variables);
	arena_free(program->arena);
	free(program);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

struct budget program_budget(const struct program *program)
{
	struct budget budget = BUDGET_DEFAULT;

	budget.steps = least(budget.steps, program->shared_left.steps);
	budget.reads = least(budget.reads, program->shared_left.reads);
	budget.bytes = least(budget.bytes, program->shared_left.bytes);
	return budget;
}

void program_charge(struct program *program, const struct budget *given, const struct frame *frame,
		    size_t bytes)
{
	struct budget *left = &program->shared_left;

	left->steps -= least(left->steps, given->steps - frame->left.steps);
	left->reads -= least(left->reads, given->reads - frame->left.reads);
	left->bytes -= least(left->bytes, bytes);
}

struct shared *program_shared(struct program *program, size_t serial)
{
	struct shared **place = &program->shared[serial];

	if (!*place)
		*place = ARENA_NEW(program->arena, struct shared);
	return *place;
}

struct index **program_index(struct program *program, size_t serial)
{
	return &program->indexes[serial];
}

const struct dmesg *program_log(struct program *program, struct fault *ret_fault)
{
	struct error *error;

	if (!program->log && program->log_fault.code == ERROR_COUNT) {
		struct dmesg *log = ARENA_NEW(program->arena, struct dmesg);

		error = dmesg_read(program->kernel, program->arena, log);
		if (error)
			program->log_fault =
				(struct fault){error->code, error->address,
					       arena_strdup(program->arena, error->message)};
		else
			program->log = log;
		error_free(error);
	}
	*ret_fault = program->log_fault;
	return program->log;
}

/* ---- choices -------------------------------------------------------------------------------- */

void program_note_choice(struct program *program, const char *what, const char *chosen)
{
	if (map_get(&program->choice_names, what))
		return;
	struct choice *choice = ARENA_NEW(program->arena, struct choice);

	choice->what = arena_strdup(program->arena, what);
	choice->chosen = arena_strdup(program->arena, chosen);
	map_put(&program->choice_names, choice->what, choice);
	*program->last_choice = choice;
	program->last_choice = &choice->next;
}

const char *program_choice(const struct program *program, size_t position, const char **ret_chosen)
{
	const struct choice *choice = program->choices;

	while (choice && position--)
		choice = choice->next;
	if (!choice)
		return NULL;
	*ret_chosen = choice->chosen;
	return choice->what;
}

/* ---- scopes --------------------------------------------------------------------------------- */

struct scope *scope_new(struct program *program)
{
	struct scope *scope = ARENA_NEW(program->arena, struct scope);

	scope->program = program;
	scope->root = scope;
	return scope;
}

struct scope *scope_beside(struct scope *other)
{
	struct scope *scope = scope_new(other->program);

	scope->root = other->root;
	return scope;
}

struct scope *scope_inside(struct scope *outer)
{
	struct scope *scope = scope_beside(outer);

	scope->outer = outer;
	return scope;
}

uint32_t scope_slot(struct scope *scope)
{
	return scope->root->slots++;
}

uint32_t scope_slots(const struct scope *scope)
{
	return scope->root->slots;
}

struct variable *scope_add(struct scope *scope, const char *name, const struct code *code)
{
	struct variable *variable = ARENA_NEW(scope->program->arena, struct variable);

	variable->name = name;
	variable->code = code;
	variable->next = scope->variables;
	scope->variables = variable;
	return variable;
}

const struct variable *scope_find(const struct scope *scope, const char *name)
{
	for (; scope; scope = scope->outer) {
		for (const struct variable *v = scope->variables; v; v = v->next) {
			if (!strcmp(v->name, name))
				return v;
		}
	}
	return NULL;
}

/* ---- definitions without parameters -----------------------------------------------------------
 */

/* The elements of a walk and their keys, which a list alone would lose. */
struct gathered {
	struct sink sink;
	struct shared *shared;
	struct value_list *list;
	size_t capacity, key_capacity;
};

static bool gathered_element(struct sink *sink, struct frame *frame, const struct value *value,
			     uint64_t key)
{
	struct gathered *gathered = (struct gathered *)sink;
	struct value_list *list = gathered->list;

	if (list->count == gathered->key_capacity) {
		size_t more = list->count ? 2 * list->count : 8;

		gathered->shared->keys = mem_resize(gathered->shared->keys, more, sizeof(uint64_t));
		gathered->key_capacity = more;
	}
	gathered->shared->keys[list->count] = key;
	if (list_append(frame, list, &gathered->capacity, value, sink->depth))
		return true;
	sink_break(sink, frame, &(struct fault){ERROR_LIMIT, 0, frame->exhausted});
	return false;
}

static struct value shared_value(struct shared *shared, struct frame *frame)
{
	struct gathered gathered = {.sink = sink_new(frame, gathered_element), .shared = shared};

	if (!shared->code->each)
		return code_run(shared->code, frame);
	gathered.list = ARENA_NEW(frame_memory(frame), struct value_list);
	code_walk(shared->code, frame, &gathered.sink);
	if (gathered.sink.fault.code != ERROR_COUNT) {
		gathered.list->is_partial = true;
		gathered.list->fault = gathered.sink.fault;
	}
	return (struct value){.kind = VALUE_LIST, .list = gathered.list};
}

static void shared_run(struct shared *shared, struct frame *outer)
{
	struct program *program = outer->program;
	struct budget budget = program_budget(program);
	struct frame *frame = frame_new(program, shared->scope, &budget);

	frame->nesting = outer->nesting;
	shared->is_running = true;
	struct value value = shared_value(shared, frame);

	shared->is_running = false;
	shared->is_partial = frame_is_partial(frame, &shared->fault);
	size_t before = arena_used(program->arena);

	shared->value = value_keep(&value, program->arena);
	if (shared->is_partial) {
		value = value_of_fault(&shared->fault);
		shared->fault = value_keep(&value, program->arena).absent;
	}
	shared->is_done = true;
	program_charge(program, &budget, frame, arena_used(program->arena) - before);
	frame_free(frame);
}

struct value eval_shared(const struct code *code, struct frame *frame)
{
	struct shared *shared = code->shared;

	if (shared->is_running)
		return value_absent(ERROR_INVALID, 0, "definition that is being computed");
	if (!shared->is_done)
		shared_run(shared, frame);
	if (shared->is_partial)
		frame_partial(frame, &shared->fault);
	return shared->value;
}

/* Hands the elements on with the keys they had. */
struct keyed_relay {
	struct sink sink;
	struct sink *to;
	const uint64_t *keys;
};

static bool keyed_element(struct sink *sink, struct frame *frame, const struct value *value,
			  uint64_t key)
{
	struct keyed_relay *relay = (struct keyed_relay *)sink;

	return relay->to->element(relay->to, frame, value, relay->keys[key]);
}

bool each_shared(const struct code *code, struct frame *frame, struct sink *sink)
{
	struct code list = {.eval = eval_shared, .shared = code->shared};
	struct keyed_relay relay = {.sink = sink_new(frame, keyed_element), .to = sink};

	code_run(&list, frame);
	relay.keys = code->shared->keys;
	bool goes_on = code_walk(&list, frame, &relay.sink);

	if (relay.sink.fault.code != ERROR_COUNT)
		sink_break(sink, frame, &relay.sink.fault);
	return goes_on;
}
