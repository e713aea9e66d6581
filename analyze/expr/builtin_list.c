// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of lists.
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "expr/check.h"
#include "value/format.h"

enum { TEXT_LIMIT = 64 * 1024 };

#define APPLY(name)                                                                                \
	static struct value name(const struct code *code, struct frame *frame,                     \
				 const struct value *args, size_t count)

static struct value value_of_list(const struct value_list *list)
{
	return (struct value){.kind = VALUE_LIST, .list = list};
}

/* A list like `model` with room for all its elements and none of them. */
static struct value_list *list_like(struct frame *frame, const struct value_list *model)
{
	struct value_list *list = ARENA_NEW(frame_memory(frame), struct value_list);

	frame_spend(frame, model->count);
	list->items = ARENA_ARRAY(frame_memory(frame), model->count, struct value);
	list->is_partial = model->is_partial;
	list->fault = model->fault;
	return list;
}

APPLY(apply_len)
{
	(void)code, (void)count;
	if (args->kind == VALUE_STRING)
		return value_int((__int128)args->string.length);
	if (args->list->is_partial)
		frame_partial(frame, &args->list->fault);
	return value_int((__int128)args->list->count);
}

static void refine_len(struct checker *checker, const struct expr *expr, struct code *code)
{
	enum stype_kind kind = code->args[0]->stype.kind;

	if (kind != STYPE_STRING && kind != STYPE_LIST && kind != STYPE_UNKNOWN &&
	    kind != STYPE_NONE)
		check_fail(checker, expr, ERROR_SYNTAX,
			   "%s has no length; sizeof(x) is the size of an object",
			   check_words(checker, &code->args[0]->stype));
	code->may_be_partial = true;
}

/* One element as text; strings as they are. */
static void put_element(struct frame *frame, const struct value *value, struct buf *buf)
{
	struct format_options options = {
		.dump = frame->dump, .symtab = frame->program->symtab, .depth = 1, .elements = 10};

	if (value->kind == VALUE_STRING)
		buf_put(buf, value->string.data, value->string.length);
	else if (value->kind == VALUE_ABSENT)
		buf_putc(buf, '?');
	else
		format_value(value, &options, buf);
}

APPLY(apply_join)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	const struct value_list *list = args[0].list;

	(void)code, (void)count;
	/* Half a path is a wrong path. */
	if (list->is_partial)
		return value_of_fault(&list->fault);
	frame_spend(frame, list->count);
	for (size_t i = 0; i < list->count && buf.length <= TEXT_LIMIT; i++) {
		if (i)
			buf_put(&buf, args[1].string.data, args[1].string.length);
		put_element(frame, &list->items[i], &buf);
	}
	if (buf.length > TEXT_LIMIT)
		return value_absent(ERROR_LIMIT, 0, "text longer than 64 KiB");
	return value_text(arena_strndup(frame_memory(frame), buf_text(&buf), buf.length),
			  buf.length);
}

APPLY(apply_reverse)
{
	struct value_list *list = list_like(frame, args->list);

	(void)code, (void)count;
	for (list->count = 0; list->count < args->list->count; list->count++)
		list->items[list->count] = args->list->items[args->list->count - 1 - list->count];
	return value_of_list(list);
}

/* What is missing stands at the end. */
static int order_of(const struct value *a, const struct value *b)
{
	if (is_missing(a) || is_missing(b))
		return is_missing(a) - is_missing(b);
	return value_compare(a, b);
}

struct ranked {
	const struct value *value;
	size_t position;
};

static int ranked_compare(const void *a, const void *b)
{
	const struct ranked *left = a, *right = b;
	int order = order_of(left->value, right->value);

	if (order)
		return order;
	return left->position < right->position ? -1 : left->position > right->position;
}

/* Elements in order, equal ones as they came; free() it. */
static struct ranked *ranked(const struct value_list *list)
{
	struct ranked *items = mem_resize(NULL, list->count + 1, sizeof(*items));

	for (size_t i = 0; i < list->count; i++)
		items[i] = (struct ranked){&list->items[i], i};
	qsort(items, list->count, sizeof(*items), ranked_compare);
	return items;
}

APPLY(apply_sorted)
{
	struct ranked *items _cleanup_free_ = ranked(args->list);
	struct value_list *list = list_like(frame, args->list);

	(void)code, (void)count;
	for (list->count = 0; list->count < args->list->count; list->count++)
		list->items[list->count] = *items[list->count].value;
	return value_of_list(list);
}

APPLY(apply_unique)
{
	struct ranked *items _cleanup_free_ = ranked(args->list);
	bool *repeats _cleanup_free_ = mem_zero(args->list->count + 1);
	struct value_list *list = list_like(frame, args->list);

	(void)code, (void)count;
	for (size_t i = 1; i < args->list->count; i++)
		repeats[items[i].position] = !order_of(items[i - 1].value, items[i].value);
	for (size_t i = 0; i < args->list->count; i++) {
		if (!repeats[i])
			list->items[list->count++] = args->list->items[i];
	}
	return value_of_list(list);
}

static void refine_ordered(struct checker *checker, const struct expr *expr, struct code *code)
{
	const struct stype *element = code->args[0]->stype.element;

	code->stype.element = element;
	if (element && (element->kind == STYPE_LIST || element->kind == STYPE_RECORD))
		check_fail(checker, expr, ERROR_SYNTAX, "%s has no order",
			   check_words(checker, element));
}

static void refine_like(struct checker *checker, const struct expr *expr, struct code *code)
{
	(void)checker, (void)expr;
	code->stype.element = code->args[0]->stype.element;
}

static size_t clamped(__int128 position, size_t length)
{
	if (position < 0)
		return 0;
	return position > (__int128)length ? length : (size_t)position;
}

APPLY(apply_slice)
{
	bool is_text = args[0].kind == VALUE_STRING;
	size_t length = is_text ? args[0].string.length : args[0].list->count;
	size_t from = clamped(args[1].integer, length);
	size_t to = count > 2 ? clamped(args[2].integer, length) : length;

	(void)code;
	if (to < from)
		to = from;
	if (is_text)
		return value_text(args[0].string.data + from, to - from);
	struct value_list *list = ARENA_NEW(frame_memory(frame), struct value_list);

	*list = *args[0].list;
	list->items += from;
	list->count = to - from;
	return value_of_list(list);
}

static void refine_slice(struct checker *checker, const struct expr *expr, struct code *code)
{
	const struct stype *stype = &code->args[0]->stype;

	if (stype->kind != STYPE_STRING && stype->kind != STYPE_LIST &&
	    stype->kind != STYPE_UNKNOWN)
		check_fail(checker, expr, ERROR_SYNTAX,
			   "slice(s, from, to) cuts strings and lists, this is %s",
			   check_words(checker, stype));
	code->stype.kind = stype->kind;
	code->stype.element = stype->element;
}

const struct builtin builtins_list[] = {
	{.help = {"len", "len(x)", "int", "number of bytes of a string or of elements of a list"},
	 .parameters = "a",
	 .result = STYPE_INT,
	 .apply = apply_len,
	 .refine = refine_len},
	{.help = {"join", "join(list, separator)", "string",
		  "the elements as text, one after the other"},
	 .parameters = "ls",
	 .result = STYPE_STRING,
	 .apply = apply_join},
	{.help = {"reverse", "reverse(list)", "list", "the last element first"},
	 .parameters = "l",
	 .result = STYPE_LIST,
	 .apply = apply_reverse,
	 .refine = refine_like},
	{.help = {"sorted", "sorted(list)", "list", "the least element first"},
	 .parameters = "l",
	 .result = STYPE_LIST,
	 .apply = apply_sorted,
	 .refine = refine_ordered},
	{.help = {"unique", "unique(list)", "list", "each value once, where it first stood"},
	 .parameters = "l",
	 .result = STYPE_LIST,
	 .apply = apply_unique,
	 .refine = refine_ordered},
	{.help = {"slice", "slice(s, from, to)", "string or list",
		  "the part from position `from` to before `to` (the end if left out)"},
	 .parameters = "ai|i",
	 .result = STYPE_STRING,
	 .apply = apply_slice,
	 .refine = refine_slice},
	{.help = {0}},
};
