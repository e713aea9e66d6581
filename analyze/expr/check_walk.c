// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's containers as walks: list(head, struct t, member) and its kin.
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/check.h"
#include "kernel/walk.h"

/* The constructor's last argument is an offset for these and means nothing for the others. */
static struct walk *open_xarray(struct kernel *kernel, struct arena *arena, uint64_t root,
				const struct type *type, uint64_t offset)
{
	(void)offset;
	return walk_xarray(kernel, arena, root, type);
}

static struct walk *open_idr(struct kernel *kernel, struct arena *arena, uint64_t root,
			     const struct type *type, uint64_t offset)
{
	(void)offset;
	return walk_idr(kernel, arena, root, type);
}

static struct walk *open_maple(struct kernel *kernel, struct arena *arena, uint64_t root,
			       const struct type *type, uint64_t offset)
{
	(void)offset;
	return walk_maple(kernel, arena, root, type);
}

static struct walk *open_bits(struct kernel *kernel, struct arena *arena, uint64_t first,
			      const struct type *type, uint64_t count)
{
	(void)type;
	return walk_bits(kernel, arena, first, count);
}

typedef struct walk *walk_open(struct kernel *kernel, struct arena *arena, uint64_t address,
			       const struct type *type, uint64_t offset);

/* What a container's head and the nodes in its elements are. */
struct container {
	const char *function;
	const char *head[3]; /* structs, any of which; NULL: none more */
	const char *node[3]; /* the member's type; none: no member */
	walk_open *open;
};

static const struct container containers[] = {
	{"list", {"list_head"}, {"list_head"}, walk_list},
	{"hlist", {"hlist_head"}, {"hlist_node", "hlist_nulls_node"}, walk_hlist},
	{"hlist_nulls", {"hlist_nulls_head"}, {"hlist_nulls_node", "hlist_node"}, walk_hlist_nulls},
	{"rbtree", {"rb_root", "rb_root_cached"}, {"rb_node"}, walk_rbtree},
	{"xarray", {"xarray", "radix_tree_root"}, {NULL}, open_xarray},
	{"radix", {"radix_tree_root", "xarray"}, {NULL}, open_xarray},
	{"idr", {"idr"}, {NULL}, open_idr},
	{"maple", {"maple_tree"}, {NULL}, open_maple},
};

static struct code *walk_new(struct checker *checker, enum stype_kind kind, const struct type *type,
			     walker *each)
{
	struct code *code = code_new(checker, STYPE_WALK, eval_collect);
	struct stype *element = ARENA_NEW(checker->arena, struct stype);

	element->kind = kind;
	element->type = type;
	code->stype.element = element;
	code->each = each;
	code->may_be_partial = true;
	return code;
}

static bool arguments_between(struct checker *checker, const struct expr *expr, size_t least,
			      size_t most)
{
	if (expr->count >= least && expr->count <= most)
		return true;
	check_fail(checker, expr, ERROR_SYNTAX, "%s: %s", expr->name,
		   builtin_find(expr->name)->help.call);
	return false;
}

static bool is_struct_of(const struct type *type, const char *const *names)
{
	const struct type *bare = type_strip(type);

	for (; *names; names++) {
		if (bare->kind == TYPE_STRUCT && bare->name && !strcmp(bare->name, *names))
			return true;
	}
	return false;
}

static const char *type_words(struct checker *checker, const struct type *type)
{
	struct stype stype = {.kind = STYPE_OBJECT, .type = type};

	return check_words(checker, &stype);
}

/* The head as it stands or behind a pointer; *ret_type is its type. */
static const struct code *check_head(struct checker *checker, const struct expr *expr,
				     const struct type **ret_type)
{
	const struct code *head = code_load(checker, expr, check(checker, expr));

	if (!head)
		return NULL;
	*ret_type = head->stype.kind == STYPE_OBJECT ? head->stype.type : &type_void;
	if (head->stype.kind == STYPE_POINTER)
		*ret_type = type_target(type_strip(head->stype.type));
	if (head->stype.is_percpu)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "this variable exists once per CPU; say percpu(x)");
	return head;
}

/* The plain and the nulls lists differ in where they end, which the head's type says. */
static const struct container *container_of_head(struct checker *checker, const struct expr *expr,
						 const struct container *container,
						 const struct type *head, const struct stype *stype)
{
	if (is_struct_of(head, container->head))
		return container;
	for (size_t i = 1; i <= 2; i++) {
		if (!strncmp(container->function, "hlist", 5) &&
		    is_struct_of(head, containers[i].head))
			return &containers[i];
	}
	for (size_t i = 0; i < sizeof(containers) / sizeof(*containers); i++) {
		if (is_struct_of(head, containers[i].head))
			return check_fail(checker, expr->args[0], ERROR_NOT_FOUND,
					  "%s() walks a struct %s, this is a %s; say %s(…)",
					  expr->name, container->head[0], type_words(checker, head),
					  containers[i].function);
	}
	return check_fail(checker, expr->args[0], ERROR_NOT_FOUND,
			  "%s() walks a struct %s, this is %s", expr->name, container->head[0],
			  head == &type_void ? check_words(checker, stype) : type_words(checker, head));
}

static bool check_node(struct checker *checker, const struct expr *expr,
		       const struct container *container, const struct type *element,
		       uint64_t *ret_offset)
{
	struct path path;

	if (!check_path(checker, element, expr->args[2], &path))
		return false;
	if (!is_struct_of(path.type, container->node)) {
		check_fail(checker, expr->args[2], ERROR_NOT_FOUND,
			   "the member is to be a struct %s, this is %s", container->node[0],
			   type_words(checker, path.type));
		return false;
	}
	*ret_offset = path.offset;
	return true;
}

static const struct code *check_container(struct checker *checker, const struct expr *expr)
{
	const struct container *container = containers;
	const struct type *head_type;
	uint64_t offset = 0;

	while (strcmp(container->function, expr->name) != 0)
		container++;
	size_t count = container->node[0] ? 3 : 2;

	if (!arguments_between(checker, expr, count, count))
		return NULL;
	const struct code *head = check_head(checker, expr->args[0], &head_type);
	const struct type *element = head ? check_type_argument(checker, expr->args[1]) : NULL;

	if (!element || head->stype.kind == STYPE_UNKNOWN)
		return element ? head : NULL;
	element = check_complete(checker, element);
	container = container_of_head(checker, expr, container, head_type, &head->stype);
	if (!container ||
	    (container->node[0] && !check_node(checker, expr, container, element, &offset)))
		return NULL;
	struct code *code = walk_new(checker, STYPE_OBJECT, element, each_kernel);

	code->walk.type = element;
	code->walk.offset = offset;
	code->walk.open = container->open;
	code_add(checker, code, head);
	return code;
}

static const struct code *check_chain(struct checker *checker, const struct expr *expr)
{
	struct path path;

	if (!arguments_between(checker, expr, 2, 2))
		return NULL;
	const struct code *first = code_load(checker, expr->args[0], check(checker, expr->args[0]));

	if (!first)
		return NULL;
	if (!member_base(&first->stype))
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "chain() begins with a pointer to a struct, this is %s",
				  check_words(checker, &first->stype));
	const struct type *element = check_complete(checker, member_base(&first->stype));

	if (!check_path(checker, element, expr->args[1], &path))
		return NULL;
	if (type_strip(path.type)->kind != TYPE_POINTER)
		return check_fail(checker, expr->args[1], ERROR_NOT_FOUND,
				  "the member is to be a pointer, this is %s",
				  type_words(checker, path.type));
	struct code *code = walk_new(checker, STYPE_OBJECT, element, each_kernel);

	code->walk.type = element;
	code->walk.offset = path.offset;
	code->walk.open = walk_chain;
	code_add(checker, code, first);
	return code;
}

static const struct code *check_array(struct checker *checker, const struct expr *expr)
{
	if (!arguments_between(checker, expr, 1, 2))
		return NULL;
	const struct code *array = code_load(checker, expr->args[0], check(checker, expr->args[0]));

	if (!array)
		return NULL;
	if (expr->count == 1)
		return code_walkable(checker, expr->args[0], array);
	const struct code *count = check_int(checker, expr->args[1]);
	const struct type *type = array->stype.type ? type_strip(array->stype.type) : &type_void;

	if (!count)
		return NULL;
	if (type->kind != TYPE_ARRAY && type->kind != TYPE_POINTER)
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "array() walks an array or what a pointer points at, this is %s",
				  check_words(checker, &array->stype));
	const struct type *element = check_complete(checker, type_target(type));

	if (!type_strip(element)->size)
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "the size of an element is not known");
	struct code *code = walk_new(checker, STYPE_OBJECT, element, each_kernel);

	code->walk.type = element;
	code->walk.open = walk_array;
	code_add(checker, code, array);
	code_add(checker, code, count);
	return code;
}

static const struct code *check_bits_walk(struct checker *checker, const struct expr *expr)
{
	if (!arguments_between(checker, expr, 1, 2))
		return NULL;
	const struct code *mask = code_load(checker, expr->args[0], check(checker, expr->args[0]));
	const struct code *count = mask && expr->count == 2 ? check_int(checker, expr->args[1])
							    : NULL;
	const struct type *type;

	if (!mask || checker->error)
		return NULL;
	if (mask->stype.kind == STYPE_INT) {
		struct code *code = walk_new(checker, STYPE_INT, NULL, each_bits_of_integer);

		code_add(checker, code, mask);
		code_add(checker, code, count);
		return code;
	}
	if (mask->stype.kind != STYPE_OBJECT && mask->stype.kind != STYPE_POINTER)
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "bits() walks an integer, an array or a mask, this is %s",
				  check_words(checker, &mask->stype));
	type = mask->stype.kind == STYPE_POINTER ? type_target(type_strip(mask->stype.type))
						 : mask->stype.type;
	if (!count && !type_strip(type)->size)
		return check_fail(checker, expr->args[0], ERROR_SYNTAX,
				  "the number of bits is not known; say bits(mask, n)");
	struct code *code = walk_new(checker, STYPE_INT, NULL, each_kernel);

	code->walk.open = open_bits;
	code->walk.offset = type_strip(type)->size * 8;
	code_add(checker, code, mask);
	code_add(checker, code, count);
	return code;
}

static const struct code *check_range(struct checker *checker, const struct expr *expr)
{
	if (!arguments_between(checker, expr, 1, 2))
		return NULL;
	struct code *code = walk_new(checker, STYPE_INT, NULL, each_range);

	if (expr->count == 1)
		code_add(checker, code, code_integer(checker, 0));
	for (size_t i = 0; i < expr->count; i++)
		code_add(checker, code, check_int(checker, expr->args[i]));
	return checker->error ? NULL : code;
}

/* Whether a variable is known to exist once: one of a module's image need not be, nor one of a kernel whose per-CPU
 * section is not known. */
static bool is_single(const struct checker *checker, const struct code *base)
{
	const struct program *program = checker->program;
	uint64_t address = base->constant.object.address;

	return program->has_percpu_range &&
	       address >= program->image_start && address < program->image_end;
}

/* A per-CPU variable, or a pointer that is an offset into each CPU's area; *ret_type is what each
 * CPU has. */
static const struct code *check_percpu_base(struct checker *checker, const struct expr *expr,
					    const struct type **ret_type)
{
	const struct code *base = check(checker, expr);

	if (!base)
		return NULL;
	if (base->stype.kind == STYPE_OBJECT && !base->stype.is_percpu &&
	    type_strip(base->stype.type)->kind == TYPE_POINTER)
		base = code_load(checker, expr, base);
	/* Which symbols are per CPU is not always known: a variable that is named here is meant to
	 * be. */
	if (base && base->stype.kind == STYPE_OBJECT &&
	    (base->stype.is_percpu || code_is_constant(base))) {
		if (!base->stype.is_percpu && is_single(checker, base))
			return check_fail(checker, expr, ERROR_SYNTAX,
					  "this variable exists once, not once per CPU");
		*ret_type = base->stype.type;
		return base;
	}
	if (base && base->stype.kind == STYPE_POINTER) {
		*ret_type = check_complete(checker, type_target(type_strip(base->stype.type)));
		return base;
	}
	if (!base)
		return NULL;
	return check_fail(checker, expr, ERROR_SYNTAX,
			  "%s is neither a per-CPU variable nor a per-CPU pointer",
			  check_words(checker, &base->stype));
}

static const struct code *check_percpu(struct checker *checker, const struct expr *expr)
{
	const struct type *type;

	if (!arguments_between(checker, expr, 1, 1))
		return NULL;
	const struct code *base = check_percpu_base(checker, expr->args[0], &type);

	if (!base)
		return NULL;
	struct code *code = walk_new(checker, STYPE_OBJECT, type, each_percpu);

	code->walk.type = type;
	code_add(checker, code, base);
	return code;
}

static struct stype_fields *fields_new(struct checker *checker, size_t count,
				       const char *const *names, const enum stype_kind *kinds)
{
	struct stype_fields *fields = ARENA_NEW(checker->arena, struct stype_fields);
	struct stype *types = ARENA_ARRAY(checker->arena, count, struct stype);

	for (size_t i = 0; i < count; i++)
		types[i].kind = kinds[i];
	fields->names = names;
	fields->types = types;
	fields->count = count;
	return fields;
}

static struct code *records_new(struct checker *checker, const struct stype_fields *fields,
				walker *each)
{
	struct code *code = walk_new(checker, STYPE_RECORD, NULL, each);
	struct stype *element = ARENA_NEW(checker->arena, struct stype);

	element->kind = STYPE_RECORD;
	element->fields = fields;
	code->stype.element = element;
	code->fields = fields;
	return code;
}

static const struct code *check_enumerators(struct checker *checker, const struct expr *expr)
{
	static const char *const names[] = {"name", "value"};
	static const enum stype_kind kinds[] = {STYPE_STRING, STYPE_INT};
	size_t count;

	if (!arguments_between(checker, expr, 1, 1))
		return NULL;
	const struct type *type = check_type_argument(checker, expr->args[0]);

	if (!type)
		return NULL;
	const struct type_enumerator *enumerators = type_enumerators(type, &count);

	if (!enumerators)
		return check_fail(checker, expr->args[0], ERROR_SYNTAX, "%s is no enum",
				  type_words(checker, type));
	const struct stype_fields *fields = fields_new(checker, 2, names, kinds);
	struct code *code = records_new(checker, fields, each_records);

	for (size_t i = 0; i < count; i++) {
		struct code *record = code_new(checker, STYPE_RECORD, eval_record);
		struct value number =
			value_int(type_strip(type)->is_signed || type_strip(type)->size < 8
					  ? (__int128)enumerators[i].value
					  : (__int128)(uint64_t)enumerators[i].value);

		record->stype.fields = fields;
		code_add(checker, record, code_string(checker, enumerators[i].name));
		code_add(checker, record, code_constant(checker, number));
		code_add(checker, code, record);
	}
	code->may_be_partial = false;
	return code;
}

static const struct code *check_log(struct checker *checker, const struct expr *expr)
{
	static const char *const names[] = {"sequence", "time", "level", "caller", "text"};
	static const enum stype_kind kinds[] = {STYPE_INT, STYPE_DURATION, STYPE_INT, STYPE_INT,
						STYPE_STRING};

	if (!arguments_between(checker, expr, 0, 0))
		return NULL;
	return records_new(checker, fields_new(checker, 5, names, kinds), each_log);
}

static const struct code *check_union(struct checker *checker, const struct expr *expr)
{
	const struct code **walks = ARENA_ARRAY(checker->arena, expr->count, const struct code *);
	struct stype joined = {.kind = STYPE_WALK};

	for (size_t i = 0; i < expr->count; i++) {
		struct stype both;

		walks[i] = check_walk(checker, expr->args[i]);
		if (!walks[i])
			return NULL;
		if (i && !stype_join(&joined, &walks[i]->stype, checker->arena, &both))
			return check_fail(checker, expr->args[i], ERROR_SYNTAX,
					  "a union has elements of one type: these are %s, those "
					  "before are %s",
					  check_words(checker, walks[i]->stype.element),
					  check_words(checker, joined.element));
		joined = i ? both : walks[i]->stype;
	}
	if (!expr->count)
		return check_fail(checker, expr, ERROR_SYNTAX,
				  "union(W1, W2) has at least one walk");
	joined.kind = STYPE_WALK;
	struct code *code = code_new(checker, STYPE_WALK, eval_collect);

	code->stype = joined;
	code->each = each_union;
	for (size_t i = 0; i < expr->count; i++)
		code_add(checker, code, code_convert(checker, walks[i], &joined));
	return code;
}

/* descend(root, f): args[0] root, args[1] f(node) with the node in a slot. */
static const struct code *check_descend(struct checker *checker, const struct expr *expr)
{
	if (!arguments_between(checker, expr, 2, 2))
		return NULL;
	const struct code *root =
		code_object(checker, expr->args[0], check(checker, expr->args[0]));
	const struct expr *name = expr->args[1];
	const struct declaration *definition =
		name->kind == EXPR_NAME ? library_find(checker->program->library,
						       DECLARATION_DEFINITION, name->name)
					: NULL;

	if (!root)
		return NULL;
	if (!definition && name->kind == EXPR_NAME && check_gap(checker, name, name->name))
		return NULL;
	if (!definition || definition->signature->count != 1)
		return check_fail(checker, name, ERROR_SYNTAX,
				  "descend() needs the name of a definition with one parameter, "
				  "which yields the children");
	struct code *code = walk_new(checker, STYPE_OBJECT, root->stype.type, each_descend);
	const struct code *node;

	code->slot = scope_slot(checker->scope);
	node = code_slot(checker, code->slot, &root->stype);
	const struct code *children = check_definition(checker, name, definition, &node, 1);

	children = code_walkable(checker, name, children);
	if (!children)
		return NULL;
	struct stype wanted = {.kind = STYPE_WALK, .element = &node->stype};
	const struct type *base = member_base(children->stype.element);

	if (!base || !type_is_same(type_strip(base), type_strip(root->stype.type)))
		return check_fail(checker, name, ERROR_SYNTAX,
				  "%s yields %s, not the type of the root, %s", definition->name,
				  check_words(checker, children->stype.element),
				  check_words(checker, &wanted));
	code_add(checker, code, root);
	code_add(checker, code, children);
	return code;
}

static const struct code *check_percpu_ptr(struct checker *checker, const struct expr *expr)
{
	const struct type *type;

	if (!arguments_between(checker, expr, 2, 2))
		return NULL;
	const struct code *base = check_percpu_base(checker, expr->args[0], &type);
	const struct code *cpu = base ? check_int(checker, expr->args[1]) : NULL;

	if (!cpu)
		return NULL;
	struct code *code = code_new(checker, STYPE_POINTER, eval_percpu_pointer);

	code->stype.type = pointer_to(checker, type);
	code_add(checker, code, base);
	code_add(checker, code, cpu);
	return code;
}

#define WALK(name, call, words, function)                                                          \
	{                                                                                          \
		.help = {name, call, "walk", words}, .check = function                             \
	}

const struct builtin builtins_container[] = {
	WALK("list", "list(head, struct t, member)", "elements of a struct list_head",
	     check_container),
	WALK("hlist", "hlist(head, struct t, member)", "elements of a struct hlist_head",
	     check_container),
	WALK("hlist_nulls", "hlist_nulls(head, struct t, member)",
	     "elements of a struct hlist_nulls_head", check_container),
	WALK("rbtree", "rbtree(root, struct t, member)", "elements of a struct rb_root, in order",
	     check_container),
	WALK("xarray", "xarray(root, struct t)", "pointers in an xarray; key: index",
	     check_container),
	WALK("radix", "radix(root, struct t)", "pointers in a radix tree; key: index",
	     check_container),
	WALK("idr", "idr(i, struct t)", "pointers in an IDR; key: id", check_container),
	WALK("maple", "maple(tree, struct t)", "entries of a maple tree; key: first index",
	     check_container),
	WALK("chain", "chain(p, next)",
	     "*p and what its member `next` leads to, up to NULL or to one that leads to itself",
	     check_chain),
	WALK("array", "array(p, n)",
	     "n elements of an array or behind a pointer; n may be left out where the type says "
	     "it; key: position",
	     check_array),
	WALK("bits", "bits(mask, n)",
	     "numbers of the bits that are set in a cpumask-like object or an integer; n: how many "
	     "there are",
	     check_bits_walk),
	WALK("range", "range(a, b)", "integers from a (0 if left out) to b - 1", check_range),
	WALK("percpu", "percpu(v)",
	     "instances of a per-CPU variable or pointer on possible CPUs; key, and variable cpu: "
	     "CPU number",
	     check_percpu),
	WALK("enumerators", "enumerators(enum x)", "records {name, value} of an enum",
	     check_enumerators),
	WALK("log", "log()", "records {sequence, time, level, caller, text} of the kernel log",
	     check_log),
	WALK("union", "union(W1, W2)", "the elements of one walk after those of the other",
	     check_union),
	WALK("descend", "descend(root, f)",
	     "root, and what definition f yields for it, and for those, depth first; key: depth",
	     check_descend),
	{.help = {"percpu_ptr", "percpu_ptr(p, cpu)", "pointer",
		  "a CPU's instance of a per-CPU variable or pointer"},
	 .check = check_percpu_ptr},
	{.help = {0}},
};
