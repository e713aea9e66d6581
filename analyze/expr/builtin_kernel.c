// SPDX-License-Identifier: GPL-2.0-or-later
// Functions that know the crashed kernel: its memory, symbols, CPUs and clocks.
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "dump/dump.h"
#include "expr/check.h"
#include "kernel/kernel.h"

enum { STRING_LIMIT = 4096, BYTES_LIMIT = 64 * 1024 };

#define APPLY(name)                                                                                \
	static struct value name(const struct code *code, struct frame *frame,                     \
				 const struct value *args, size_t count)

static struct value no_dump(void)
{
	return value_absent(ERROR_NO_SOURCE, 0, "there is no dump");
}

static uint64_t address_of(const struct value *value)
{
	return value->kind == VALUE_OBJECT ? value->object.address : (uint64_t)value->integer;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* A number of bytes that was asked for; false, and why not, when that is none or too many. */
static bool is_length(const struct value *value, size_t *ret, struct value *ret_absent)
{
	static const char too_long[] = "more than 65536 bytes at once";
	static_assert(BYTES_LIMIT == 65536, "the words give the limit");

	if (value->integer < 0)
		*ret_absent = value_absent(ERROR_INVALID, 0, "negative length");
	else if (value->integer > BYTES_LIMIT)
		*ret_absent = value_absent(ERROR_LIMIT, 0, too_long);
	else
		*ret = (size_t)value->integer;
	return value->integer >= 0 && value->integer <= BYTES_LIMIT;
}

APPLY(apply_string)
{
	size_t limit = STRING_LIMIT;
	struct value absent;

	(void)code;
	if (!frame->dump)
		return no_dump();
	if (count > 1 && !is_length(&args[1], &limit, &absent))
		return absent;
	return value_string(frame->dump, frame_memory(frame), address_of(args), limit);
}

APPLY(apply_bytes)
{
	struct value absent;
	struct fault fault;
	size_t length;

	(void)code, (void)count;
	if (!frame->dump)
		return no_dump();
	if (!is_length(&args[1], &length, &absent))
		return absent;
	char *bytes = arena_zero(frame_memory(frame), length);

	if (length && !dump_try_read(frame->dump, address_of(args), bytes, length, &fault))
		return value_of_fault(&fault);
	return value_text(bytes, length);
}

/* User memory, as far as it is there: a string ends at its first NUL, bytes where they were asked
 * to end. */
static struct value user_bytes(const struct code *code, struct frame *frame,
			       const struct value *args)
{
	uint64_t pgd, address = address_of(&args[1]);
	struct value absent;
	struct fault fault;
	size_t length;

	if (!frame->dump)
		return no_dump();
	if (!is_length(&args[2], &length, &absent))
		return absent;
	if (!address_of(args))
		return value_absent(ERROR_NO_TRANSLATION, 0, "NULL pointer");
	if (!dump_try_read_pointer(frame->dump, address_of(args) + code->call.number, &pgd, &fault))
		return value_of_fault(&fault);
	char *bytes = arena_zero(frame_memory(frame), length);

	if (length && !dump_try_read_user(frame->dump, pgd, address, bytes, length, &fault))
		return value_of_fault(&fault);
	return value_text(bytes, length);
}

APPLY(apply_user_bytes)
{
	(void)count;
	return user_bytes(code, frame, args);
}

APPLY(apply_user_string)
{
	struct value bytes = user_bytes(code, frame, args);

	(void)count;
	if (bytes.kind == VALUE_STRING)
		bytes.string.length = strnlen(bytes.string.data, bytes.string.length);
	return bytes;
}

static void refine_user(struct checker *checker, const struct expr *expr, struct code *code)
{
	const struct type *type = member_base(&code->args[0]->stype);
	struct type_member pgd;

	if (!type || !type_find_member(check_complete(checker, type), "pgd", &pgd))
		check_fail(checker, expr, ERROR_SYNTAX, "%s() begins with a struct mm_struct *",
			   expr->name);
	else
		code->call.number = pgd.bit_offset / 8;
}

APPLY(apply_saved)
{
	struct fault fault;

	(void)code, (void)count;
	if (!frame->dump)
		return no_dump();
	if (dump_is_saved(frame->dump, address_of(args), &fault))
		return value_bool(true);
	return fault.code == ERROR_NO_TRANSLATION ? value_of_fault(&fault) : value_bool(false);
}

APPLY(apply_symbol)
{
	uint64_t offset;
	const struct symbol *symbol =
		symtab_symbolize(frame->program->symtab, address_of(args), &offset);
	const char *text;

	(void)code, (void)count;
	if (!symbol)
		return (struct value){.kind = VALUE_NONE};
	if (!offset)
		return value_text(symbol->name, strlen(symbol->name));
	text = arena_printf(frame_memory(frame), "%s+0x%llx", symbol->name,
			    (unsigned long long)offset);
	return value_text(text, strlen(text));
}

static void refine_or_none(struct checker *checker, const struct expr *expr, struct code *code)
{
	(void)checker, (void)expr;
	code->stype.or_none = true;
}

/* ---- CPUs ----------------------------------------------------------------------------------- */

static struct value list_of_numbers(struct frame *frame, const uint32_t *numbers, size_t count)
{
	struct value_list *list = ARENA_NEW(frame_memory(frame), struct value_list);

	list->items = ARENA_ARRAY(frame_memory(frame), count, struct value);
	for (list->count = 0; list->count < count; list->count++)
		list->items[list->count] = value_int(numbers[list->count]);
	return (struct value){.kind = VALUE_LIST, .list = list};
}

APPLY(apply_cpus_possible)
{
	(void)code, (void)args, (void)count;
	return frame->kernel ? list_of_numbers(frame, frame->kernel->possible_cpus,
					       frame->kernel->possible_count)
			     : no_dump();
}

APPLY(apply_cpus_online)
{
	(void)code, (void)args, (void)count;
	return frame->kernel ? list_of_numbers(frame, frame->kernel->online_cpus,
					       frame->kernel->online_count)
			     : no_dump();
}

static void refine_numbers(struct checker *checker, const struct expr *expr, struct code *code)
{
	static const struct stype integer = {.kind = STYPE_INT};

	(void)checker, (void)expr;
	code->stype.element = &integer;
}

APPLY(apply_is_online)
{
	(void)code, (void)count;
	if (!frame->kernel)
		return no_dump();
	return value_bool(args->integer >= 0 && args->integer <= UINT32_MAX &&
			  kernel_is_online(frame->kernel, (uint32_t)args->integer));
}

/* ---- clocks --------------------------------------------------------------------------------- */

static struct value unknown_clock(const char *what)
{
	return value_absent(ERROR_NO_SOURCE, 0, what);
}

static struct value nanoseconds(enum value_kind kind, int64_t number, const char *what)
{
	if (number < 0)
		return unknown_clock(what);
	return (struct value){.kind = kind, .integer = number};
}

APPLY(apply_uptime)
{
	(void)code, (void)args, (void)count;
	return frame->kernel ? nanoseconds(VALUE_DURATION, frame->kernel->uptime_ns,
					   "uptime of the kernel")
			     : no_dump();
}

APPLY(apply_crash_time)
{
	(void)code, (void)args, (void)count;
	return frame->kernel
		       ? nanoseconds(VALUE_TIME, frame->kernel->crash_time_ns, "time of the crash")
		       : no_dump();
}

APPLY(apply_hz)
{
	(void)code, (void)args, (void)count;
	if (!frame->kernel || !frame->kernel->hz)
		return unknown_clock("ticks per second");
	return value_int(frame->kernel->hz);
}

APPLY(apply_jiffies_now)
{
	(void)code, (void)args, (void)count;
	if (!frame->kernel || !frame->kernel->has_jiffies)
		return unknown_clock("jiffies");
	return value_int((__int128)frame->kernel->jiffies);
}

static struct value duration_of_jiffies(const struct frame *frame, __int128 jiffies)
{
	if (!frame->kernel || !frame->kernel->hz)
		return unknown_clock("ticks per second");
	if (__builtin_mul_overflow(jiffies, (__int128)1000000000, &jiffies))
		return value_absent(ERROR_INVALID, 0, "number too big for 128 bits");
	return (struct value){.kind = VALUE_DURATION, .integer = jiffies / frame->kernel->hz};
}

APPLY(apply_jiffies)
{
	(void)code, (void)count;
	if (args->kind == VALUE_REAL)
		return duration_of_jiffies(frame, (__int128)args->real);
	return duration_of_jiffies(frame, args->integer);
}

/* The kernel's jiffies are an unsigned long that wraps: what is ahead comes out negative. */
APPLY(apply_ago)
{
	(void)code, (void)count;
	if (!frame->kernel || !frame->kernel->has_jiffies)
		return unknown_clock("jiffies");
	uint64_t passed = frame->kernel->jiffies - (uint64_t)args->integer;
	bool is_32 = dump_arch(frame->dump)->pointer_size == 4;

	return duration_of_jiffies(frame, is_32 ? (int32_t)passed : (int64_t)passed);
}

APPLY(apply_time_ago)
{
	(void)code, (void)count;
	if (!frame->kernel || frame->kernel->monotonic_ns < 0)
		return unknown_clock("monotonic clock");
	return (struct value){.kind = VALUE_DURATION,
			      .integer = frame->kernel->monotonic_ns - args->integer};
}

static void refine_since(struct checker *checker, const struct expr *expr, struct code *code)
{
	enum stype_kind kind = code->args[0]->stype.kind;

	if (kind != STYPE_INT && kind != STYPE_DURATION && kind != STYPE_UNKNOWN)
		check_fail(checker, expr, ERROR_SYNTAX,
			   "time_ago(x) takes nanoseconds since boot, or a duration");
}

APPLY(apply_page_size)
{
	(void)code, (void)args, (void)count;
	return frame->kernel ? value_int((__int128)frame->kernel->page_size) : no_dump();
}

/* -1: the format does not say; then what was asked for is unknown. */
APPLY(apply_dump_level)
{
	(void)code, (void)args, (void)count;
	if (!frame->dump)
		return no_dump();
	int level = dump_info(frame->dump)->level_asked;

	return level < 0 ? value_absent(ERROR_NO_SOURCE, 0, "the dump does not say its level")
			 : value_int(level);
}

#define KERNEL(name, call, result_words, words, letters, kind, function)                           \
	{                                                                                          \
		.help = {name, call, result_words, words}, .parameters = letters, .result = kind,  \
		.apply = function                                                                  \
	}

const struct builtin builtins_kernel[] = {
	KERNEL("string", "string(p, n)", "string",
	       "bytes at p up to the first NUL, at most n (4096 if left out)", "p|i", STYPE_STRING,
	       apply_string),
	KERNEL("bytes", "bytes(p, n)", "string", "n bytes at p, NULs included", "pi", STYPE_STRING,
	       apply_bytes),
	{.help = {"user_string", "user_string(mm, address, n)", "string",
		  "user memory of a struct mm_struct up to the first NUL, at most n bytes"},
	 .parameters = "ppi",
	 .result = STYPE_STRING,
	 .apply = apply_user_string,
	 .refine = refine_user},
	{.help = {"user_bytes", "user_bytes(mm, address, n)", "string",
		  "n bytes of user memory of a struct mm_struct"},
	 .parameters = "ppi",
	 .result = STYPE_STRING,
	 .apply = apply_user_bytes,
	 .refine = refine_user},
	KERNEL("saved", "saved(p)", "bool", "whether the page at p is in the dump", "p", STYPE_BOOL,
	       apply_saved),
	{.help = {"symbol", "symbol(p)", "string or none",
		  "name+0x16 or name of what lies at p, none when no symbol contains it"},
	 .parameters = "p",
	 .result = STYPE_STRING,
	 .apply = apply_symbol,
	 .refine = refine_or_none},
	{.help = {"cpus_possible", "cpus_possible()", "list of int",
		  "numbers of the CPUs that can exist"},
	 .parameters = "",
	 .result = STYPE_LIST,
	 .apply = apply_cpus_possible,
	 .refine = refine_numbers},
	{.help = {"cpus_online", "cpus_online()", "list of int", "numbers of the CPUs that ran"},
	 .parameters = "",
	 .result = STYPE_LIST,
	 .apply = apply_cpus_online,
	 .refine = refine_numbers},
	KERNEL("is_online", "is_online(cpu)", "bool", "whether a CPU ran", "i", STYPE_BOOL,
	       apply_is_online),
	KERNEL("uptime", "uptime()", "duration", "time from boot to crash", "", STYPE_DURATION,
	       apply_uptime),
	KERNEL("crash_time", "crash_time()", "time", "wall-clock time of the crash", "", STYPE_TIME,
	       apply_crash_time),
	KERNEL("hz", "hz()", "int", "ticks (jiffies) per second", "", STYPE_INT, apply_hz),
	KERNEL("jiffies_now", "jiffies_now()", "int", "jiffies_64 at the crash", "", STYPE_INT,
	       apply_jiffies_now),
	KERNEL("jiffies", "jiffies(x)", "duration", "x ticks", "r", STYPE_DURATION, apply_jiffies),
	KERNEL("ago", "ago(j)", "duration",
	       "time since jiffies were j, wrapping as unsigned long does", "i", STYPE_DURATION,
	       apply_ago),
	{.help = {"time_ago", "time_ago(x)", "duration",
		  "time since x (nanoseconds or a duration) after boot"},
	 .parameters = "a",
	 .result = STYPE_DURATION,
	 .apply = apply_time_ago,
	 .refine = refine_since},
	KERNEL("dump_level", "dump_level()", "int",
	       "what makedumpfile -d was asked to leave out: 1 zero, 2 cache, 4 private cache, 8 "
	       "user, 16 free",
	       "", STYPE_INT, apply_dump_level),
	KERNEL("page_size", "page_size()", "int", "bytes of a page", "", STYPE_INT,
	       apply_page_size),
	{.help = {0}},
};
