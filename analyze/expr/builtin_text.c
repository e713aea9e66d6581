// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of strings. What they build is bounded.
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "expr/check.h"
#include "value/format.h"

enum { TEXT_LIMIT = 64 * 1024 };

#define APPLY(name)                                                                                \
	static struct value name(const struct code *code, struct frame *frame,                     \
				 const struct value *args, size_t count)

static struct value too_long(void)
{
	return value_absent(ERROR_LIMIT, 0, "text longer than 64 KiB");
}

static struct value kept_text(struct frame *frame, const struct buf *buf)
{
	if (buf->length > TEXT_LIMIT)
		return too_long();
	return value_text(arena_strndup(frame_memory(frame), buf_text(buf), buf->length),
			  buf->length);
}

APPLY(apply_starts_with)
{
	(void)code, (void)frame, (void)count;
	size_t length = args[1].string.length;

	return value_bool(args[0].string.length >= length &&
			  (!length || !memcmp(args[0].string.data, args[1].string.data, length)));
}

APPLY(apply_ends_with)
{
	(void)code, (void)frame, (void)count;
	size_t whole = args[0].string.length, length = args[1].string.length;

	return value_bool(whole >= length &&
			  (!length || !memcmp(args[0].string.data + whole - length,
					      args[1].string.data, length)));
}

static const char *find(const char *text, size_t length, const struct value *part)
{
	if (!part->string.length)
		return text;
	return length ? memmem(text, length, part->string.data, part->string.length) : NULL;
}

APPLY(apply_contains)
{
	(void)code, (void)frame, (void)count;
	return value_bool(!args[1].string.length ||
			  find(args[0].string.data, args[0].string.length, &args[1]));
}

/* * and ? as in file names. */
static bool glob_matches(const char *text, size_t length, const char *glob, size_t glob_length)
{
	size_t t = 0, g = 0, star = SIZE_MAX, mark = 0;

	while (t < length) {
		if (g < glob_length && glob[g] == '*') {
			star = g++;
			mark = t;
		} else if (g < glob_length && (glob[g] == '?' || glob[g] == text[t])) {
			g++;
			t++;
		} else if (star != SIZE_MAX) {
			g = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (g < glob_length && glob[g] == '*')
		g++;
	return g == glob_length;
}

APPLY(apply_matches)
{
	(void)code, (void)count;
	/* What the worst of globs takes, 8 bytes to a step. */
	frame_spend(frame, args[0].string.length * args[1].string.length / 8);
	return value_bool(glob_matches(args[0].string.data, args[0].string.length,
				       args[1].string.data, args[1].string.length));
}

static struct value mapped(struct frame *frame, const struct value *text, char from, char to)
{
	char *copy = arena_copy(frame_memory(frame), text->string.data, text->string.length);

	for (size_t i = 0; i < text->string.length; i++) {
		if (copy[i] >= from && copy[i] < from + 26)
			copy[i] = (char)(copy[i] - from + to);
	}
	return value_text(copy, text->string.length);
}

APPLY(apply_lower)
{
	(void)code, (void)count;
	return mapped(frame, args, 'A', 'a');
}

APPLY(apply_upper)
{
	(void)code, (void)count;
	return mapped(frame, args, 'a', 'A');
}

APPLY(apply_replace)
{
	const char *rest = args[0].string.data, *end = rest + args[0].string.length;
	struct buf buf _cleanup_(buf_deinit) = {0};

	(void)code, (void)count;
	if (!args[1].string.length)
		return args[0];
	while (rest < end && buf.length <= TEXT_LIMIT) {
		const char *found = find(rest, (size_t)(end - rest), &args[1]);

		buf_put(&buf, rest, (size_t)((found ? found : end) - rest));
		if (!found)
			break;
		buf_put(&buf, args[2].string.data, args[2].string.length);
		rest = found + args[1].string.length;
	}
	return kept_text(frame, &buf);
}

APPLY(apply_hex)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	unsigned __int128 number = args->integer < 0 ? -(unsigned __int128)args->integer
						     : (unsigned __int128)args->integer;

	(void)code, (void)count;
	if (args->integer < 0)
		buf_putc(&buf, '-');
	if (number >> 64)
		buf_printf(&buf, "0x%llx%016llx", (unsigned long long)(number >> 64),
			   (unsigned long long)number);
	else
		buf_printf(&buf, "0x%llx", (unsigned long long)number);
	return kept_text(frame, &buf);
}

APPLY(apply_chr)
{
	char byte = (char)args->integer;

	(void)code, (void)count;
	if (args->integer < -128 || args->integer > 255)
		return value_absent(ERROR_INVALID, 0, "number of no byte");
	return value_text(arena_copy(frame_memory(frame), &byte, 1), 1);
}

/* As a message shows it. */
APPLY(apply_string_of)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct format_options options = {
		.dump = frame->dump, .symtab = frame->program->symtab, .depth = 1, .elements = 10};

	(void)code, (void)count;
	if (args->kind == VALUE_STRING)
		return *args;
	format_value(args, &options, &buf);
	return kept_text(frame, &buf);
}

/* Bits to words: those records {name, value} of which all bits are set. */
APPLY(apply_flags)
{
	struct value_list *list = ARENA_NEW(frame_memory(frame), struct value_list);
	const struct value_list *names = args[1].list;

	(void)code, (void)count;
	list->items = ARENA_ARRAY(frame_memory(frame), names->count, struct value);
	for (size_t i = 0; i < names->count; i++) {
		const struct value *items = names->items[i].record->values;

		if (names->items[i].kind != VALUE_RECORD || is_missing(&items[1]))
			continue;
		if (items[1].integer && (args[0].integer & items[1].integer) == items[1].integer)
			list->items[list->count++] = items[0];
	}
	return (struct value){.kind = VALUE_LIST, .list = list};
}

static void refine_flags(struct checker *checker, const struct expr *expr, struct code *code)
{
	static const struct stype text = {.kind = STYPE_STRING};
	const struct stype *element = code->args[1]->stype.element;

	if (element->kind != STYPE_RECORD || element->fields->count != 2 ||
	    element->fields->types[0].kind != STYPE_STRING ||
	    element->fields->types[1].kind != STYPE_INT)
		check_fail(checker, expr, ERROR_SYNTAX,
			   "flags(x, list) needs records {name: string, value: integer}, as "
			   "enumerators(enum x) has them");
	code->stype.element = &text;
}

#define TEXT(name, call, result_words, words, letters, kind, function)                             \
	{                                                                                          \
		.help = {name, call, result_words, words}, .parameters = letters, .result = kind,  \
		.apply = function                                                                  \
	}

const struct builtin builtins_text[] = {
	TEXT("starts_with", "starts_with(s, part)", "bool", "whether s begins with part", "ss",
	     STYPE_BOOL, apply_starts_with),
	TEXT("ends_with", "ends_with(s, part)", "bool", "whether s ends with part", "ss",
	     STYPE_BOOL, apply_ends_with),
	TEXT("contains", "contains(s, part)", "bool", "whether part is in s", "ss", STYPE_BOOL,
	     apply_contains),
	TEXT("matches", "matches(s, glob)", "bool",
	     "whether s looks like glob: * any text, ? any byte", "ss", STYPE_BOOL, apply_matches),
	TEXT("lower", "lower(s)", "string", "s in small letters (ASCII)", "s", STYPE_STRING,
	     apply_lower),
	TEXT("upper", "upper(s)", "string", "s in capitals (ASCII)", "s", STYPE_STRING,
	     apply_upper),
	TEXT("replace", "replace(s, a, b)", "string", "s with every a replaced by b", "sss",
	     STYPE_STRING, apply_replace),
	TEXT("hex", "hex(x)", "string", "x in hexadecimal, 0x in front", "p", STYPE_STRING,
	     apply_hex),
	TEXT("chr", "chr(x)", "string", "the one byte x", "i", STYPE_STRING, apply_chr),
	TEXT("string_of", "string_of(x)", "string", "x as messages show it", "a", STYPE_STRING,
	     apply_string_of),
	{.help = {"flags", "flags(x, list)", "list of string",
		  "names of the records {name, value} whose bits are set in x"},
	 .parameters = "il",
	 .result = STYPE_LIST,
	 .apply = apply_flags,
	 .refine = refine_flags},
	{.help = {0}},
};
