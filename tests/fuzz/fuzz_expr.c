// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as each kind of expression; what can be parsed is checked and evaluated on a small fake
// kernel whose memory is a list, a tree that leads back to itself, texts without an end, and holes.
#include <stdlib.h>

#include "../unit/fake_dump.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/expr.h"
#include "kernel/dmesg.h"
#include "value/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- types ---------------------------------------------------------------------------------- */

static const struct type type_u32 = {
	.kind = TYPE_INT, .name = "unsigned int", .size = 4, .is_resolved = true};
static const struct type type_s8 = {.kind = TYPE_INT,
				    .name = "char",
				    .size = 1,
				    .is_signed = true,
				    .is_char = true,
				    .is_resolved = true};
static const struct type type_long = {
	.kind = TYPE_INT, .name = "long", .size = 8, .is_signed = true, .is_resolved = true};
static const struct type type_bool_ = {
	.kind = TYPE_INT, .name = "_Bool", .size = 1, .is_bool = true, .is_resolved = true};
static const struct type type_double = {
	.kind = TYPE_FLOAT, .name = "double", .size = 8, .is_resolved = true};
static const struct type type_u8 = {
	.kind = TYPE_TYPEDEF, .name = "u8", .target = &type_s8, .is_resolved = true};
static const struct type_enumerator colors[] = {{"RED", 0}, {"GREEN", 5}, {"BLUE", -1}};
static const struct type type_color = {.kind = TYPE_ENUM,
				       .name = "color",
				       .size = 4,
				       .is_signed = true,
				       .is_complete = true,
				       .enumerators = colors,
				       .member_count = 3,
				       .is_resolved = true};
static const struct type type_list_head, type_item;
static const struct type type_list_pointer = {
	.kind = TYPE_POINTER, .size = 8, .target = &type_list_head, .is_resolved = true};
static const struct type type_item_pointer = {
	.kind = TYPE_POINTER, .size = 8, .target = &type_item, .is_resolved = true};
static const struct type type_void_pointer = {
	.kind = TYPE_POINTER, .size = 8, .target = &type_void, .is_resolved = true};
static const struct type type_name = {
	.kind = TYPE_ARRAY, .size = 8, .length = 8, .target = &type_s8, .is_resolved = true};
static const struct type type_numbers = {
	.kind = TYPE_ARRAY, .size = 12, .length = 3, .target = &type_u32, .is_resolved = true};
static const struct type type_flexible = {
	.kind = TYPE_ARRAY, .target = &type_item_pointer, .is_resolved = true};
static const struct type_member list_members[] = {{"next", &type_list_pointer, 0, 0},
						  {"prev", &type_list_pointer, 64, 0}};
static const struct type type_list_head = {.kind = TYPE_STRUCT,
					   .name = "list_head",
					   .size = 16,
					   .is_complete = true,
					   .members = list_members,
					   .member_count = 2,
					   .is_resolved = true};
static const struct type_member item_members[] = {
	{"value", &type_u32, 0, 0},	  {"low", &type_u32, 32, 3},
	{"list", &type_list_head, 64, 0}, {"next", &type_item_pointer, 192, 0},
	{"name", &type_name, 256, 0},	  {"numbers", &type_numbers, 320, 0},
	{"truth", &type_bool_, 416, 0},	  {"color", &type_color, 448, 0},
	{"real", &type_double, 512, 0},	  {"data", &type_void_pointer, 576, 0},
	{"more", &type_flexible, 640, 0},
};
static const struct type type_item = {.kind = TYPE_STRUCT,
				      .name = "item",
				      .size = 128,
				      .is_complete = true,
				      .members = item_members,
				      .member_count = 11,
				      .is_resolved = true};
static struct type made[256];
static size_t made_count;

/* ---- the rest of the fake ----------------------------------------------------------------------
 */

struct error *symtab_symbol(struct symtab *symtab, const char *name, const char *module,
			    const struct symbol **ret)
{
	const struct symbol *found = symtab_find(symtab, name);

	(void)module;
	if (!found)
		return error_new(ERROR_NOT_FOUND, "no symbol %s", name);
	*ret = found;
	return NULL;
}

const struct type *symtab_variable_type(struct symtab *symtab, const struct symbol *symbol)
{
	(void)symtab;
	if (!strcmp(symbol->name, "head"))
		return &type_list_head;
	return !strcmp(symbol->name, "item") || !strcmp(symbol->name, "counter") ? &type_item
										 : NULL;
}

static const struct type *make(struct type type)
{
	if (made_count == sizeof(made) / sizeof(*made))
		return &type_void;
	made[made_count] = type;
	return &made[made_count++];
}

const struct type *symtab_pointer_to(struct symtab *symtab, const struct type *target)
{
	(void)symtab;
	return make((struct type){
		.kind = TYPE_POINTER, .size = 8, .target = target, .is_resolved = true});
}

const struct type *symtab_array_of(struct symtab *symtab, const struct type *element,
				   uint64_t length)
{
	(void)symtab;
	return make((struct type){.kind = TYPE_ARRAY,
				  .size = type_strip(element)->size * length,
				  .length = length,
				  .target = element,
				  .is_resolved = true});
}

const char *symtab_module(const struct symtab *symtab, size_t position)
{
	(void)symtab;
	return position ? NULL : "toy";
}

const char *symtab_suggest(struct symtab *symtab, const char *name)
{
	(void)symtab, (void)name;
	return "head";
}

bool dump_is_saved(struct dump *dump, uint64_t address, struct fault *ret_fault)
{
	size_t length;

	return dump_peek(dump, address, &length, ret_fault);
}

bool dump_try_read_user(struct dump *dump, uint64_t pgd, uint64_t address, void *buffer,
			size_t length, struct fault *ret_fault)
{
	(void)pgd;
	return dump_try_read(dump, address, buffer, length, ret_fault);
}

bool kernel_percpu(const struct kernel *kernel, uint64_t offset, uint32_t cpu, uint64_t *ret)
{
	(void)kernel;
	*ret = FAKE_BASE + offset + cpu * 128;
	return cpu < 2;
}

bool kernel_is_online(const struct kernel *kernel, uint32_t cpu)
{
	(void)kernel;
	return !cpu;
}

struct error *dmesg_read(struct kernel *kernel, struct arena *reading, struct dmesg *ret)
{
	static struct dmesg_record records[] = {{1, 5000, 3, 0, "text", 4}};

	(void)kernel, (void)reading;
	*ret = (struct dmesg){records, 1, 0};
	return NULL;
}

/* ---- running -------------------------------------------------------------------------------- */

static uint64_t item_at(unsigned i)
{
	return FAKE_BASE + 4096 + i * 128;
}

/* Ten items in a list whose `next` leads to a page that is not there, and around in a circle. */
static void fill_memory(void)
{
	fake_reset(8, false);
	for (unsigned i = 0; i < 10; i++) {
		fake_put(item_at(i), 4, i * 7);
		fake_put(item_at(i) + 4, 4, i);
		fake_put(item_at(i) + 8, 8, i < 9 ? item_at(i + 1) + 8 : FAKE_BASE);
		fake_put(item_at(i) + 16, 8, i ? item_at(i - 1) + 8 : FAKE_BASE);
		fake_put(item_at(i) + 24, 8, i == 3 ? FAKE_BASE + 3 * 4096 : item_at((i + 1) % 10));
		fake_put_bytes(item_at(i) + 32, "unended!", 8);
	}
	fake_put(FAKE_BASE, 8, item_at(0) + 8);
	fake_put(FAKE_BASE + 8, 8, item_at(9) + 8);
	fake_hole(FAKE_BASE + 3 * 4096);
	fake_symbol("head", FAKE_BASE);
	fake_symbol("item", item_at(0));
	fake_symbol("counter", 64);
	fake_symbol("__per_cpu_start", 0);
	fake_symbol("__per_cpu_end", 128);
	const struct type *types[] = {&type_u32,    &type_s8, &type_long,  &type_bool_,
				      &type_double, &type_u8, &type_color, &type_list_head,
				      &type_item,   NULL};

	memcpy(fake_symtab.types, types, sizeof(types));
	fake_symtab.enumeration = &type_color;
	made_count = 0;
}

static struct expr *parsed(struct arena *arena, enum expr_start start, const char *text)
{
	struct expr_text source = {.file = "lib", .text = text};
	struct expr *expr = NULL;
	struct error *error = expr_parse(arena, &source, start, &expr);

	if (error)
		abort();
	return expr;
}

static struct library *library_of(struct arena *arena)
{
	struct library *library = library_new(arena);

	library_define(library, parsed(arena, EXPR_START_SIGNATURE, "items"),
		       parsed(arena, EXPR_START_EXPRESSION, "list(head, struct item, list)"));
	library_define(library, parsed(arena, EXPR_START_SIGNATURE, "f(p)"),
		       parsed(arena, EXPR_START_EXPRESSION, "(p.next for x in range(2))"));
	library_define(library, parsed(arena, EXPR_START_SIGNATURE, "g(p)"),
		       parsed(arena, EXPR_START_EXPRESSION, "p + p"));
	library_member(library, parsed(arena, EXPR_START_TYPE, "struct item"), "m",
		       parsed(arena, EXPR_START_MEMBER, "(gone|next.value)"));
	library_index(library, "i", parsed(arena, EXPR_START_CLAUSES, "x in items"),
		      parsed(arena, EXPR_START_EXPRESSION, "x.value"),
		      parsed(arena, EXPR_START_EXPRESSION, "x"));
	return library;
}

static bool next_row(void *context)
{
	return ++*(unsigned *)context < 1000;
}

static void evaluate(struct program *program, struct scope *scope, const struct code *code,
		     bool is_rows)
{
	struct budget budget = {.steps = 20000, .reads = 20000, .bytes = 1 << 20};
	struct frame *frame = frame_new(program, scope, &budget);
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct format_options options = {.dump = &fake_dump,
					 .symtab = &fake_symtab,
					 .with_type = true,
					 .depth = 2,
					 .elements = 4};
	struct fault fault;
	unsigned rows = 0;

	if (is_rows) {
		code_each(code, frame, next_row, NULL, &rows, &fault);
	} else {
		struct value value = code_eval(code, frame);

		format_value(&value, &options, &buf);
		code_print_type(code, &buf);
	}
	frame_free(frame);
}

static void check(struct program *program, const struct expr *expr, enum expr_start start)
{
	struct scope *scope = scope_new(program);
	struct code *code = NULL;
	struct error *error;

	if (start == EXPR_START_NEED)
		error = expr_check_need(program, expr);
	else if (start == EXPR_START_CLAUSES)
		error = expr_check_clauses(program, scope, expr, &code);
	else
		error = expr_check(program, scope, expr, &code);
	if (!error && code && start != EXPR_START_TEMPLATE)
		evaluate(program, scope, code, start == EXPR_START_CLAUSES);
	if (error && !strchr(error->message, '\n'))
		abort();
	error_free(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	char *text = arena_strndup(arena, (const char *)data, size);
	struct expr_text source = {.file = "fuzz", .text = text};
	struct kernel kernel;
	uint32_t cpus[] = {0, 1};

	fill_memory();
	kernel = fake_kernel(arena);
	kernel.possible_cpus = cpus;
	kernel.possible_count = 2;
	struct program *program = program_new(library_of(arena), &fake_symtab, &kernel);

	for (enum expr_start start = EXPR_START_EXPRESSION; start <= EXPR_START_NEED; start++) {
		struct expr *expr = NULL;
		struct error *error = expr_parse(arena, &source, start, &expr);
		bool is_checked = start == EXPR_START_EXPRESSION || start == EXPR_START_CLAUSES ||
				  start == EXPR_START_TEMPLATE || start == EXPR_START_NEED;

		if (!error && is_checked)
			check(program, expr, start);
		error_free(error);
	}
	program_free(program);
	return 0;
}
