// SPDX-License-Identifier: GPL-2.0-or-later
// Functions of numbers, and what gives them a unit.
#include <math.h>

#include "dump/dump.h"
#include "expr/check.h"
#include "kernel/kernel.h"

#define APPLY(name)                                                                                \
	static struct value name(const struct code *code, struct frame *frame,                     \
				 const struct value *args, size_t count)

static struct value too_big(void)
{
	return value_absent(ERROR_INVALID, 0, "number too big for 128 bits");
}

static struct value scaled(enum value_kind kind, __int128 number, __int128 factor)
{
	if (__builtin_mul_overflow(number, factor, &number))
		return too_big();
	return (struct value){.kind = kind, .integer = number};
}

/* A number of units, whole or real. */
static struct value unit(enum value_kind kind, const struct value *number, int64_t factor)
{
	if (number->kind != VALUE_REAL)
		return scaled(kind, number->integer, factor);
	double real = number->real * (double)factor;

	if (!isfinite(real) || fabs(real) >= 0x1p126)
		return too_big();
	return (struct value){.kind = kind, .integer = (__int128)real};
}

APPLY(apply_ns)
{
	(void)code, (void)frame, (void)count;
	return unit(VALUE_DURATION, args, 1);
}

APPLY(apply_us)
{
	(void)code, (void)frame, (void)count;
	return unit(VALUE_DURATION, args, 1000);
}

APPLY(apply_ms)
{
	(void)code, (void)frame, (void)count;
	return unit(VALUE_DURATION, args, 1000000);
}

APPLY(apply_kb)
{
	(void)code, (void)frame, (void)count;
	return unit(VALUE_SIZE, args, 1024);
}

APPLY(apply_pages)
{
	(void)code, (void)count;
	if (!frame->kernel)
		return value_absent(ERROR_NO_SOURCE, 0, "there is no dump");
	return unit(VALUE_SIZE, args, (int64_t)frame->kernel->page_size);
}

/* Kernel time as a number of seconds. */
APPLY(apply_seconds)
{
	(void)code, (void)frame, (void)count;
	if (args->kind == VALUE_DURATION || args->kind == VALUE_TIME)
		return (struct value){.kind = VALUE_REAL, .real = (double)args->integer / 1e9};
	return unit(VALUE_DURATION, args, 1000000000);
}

static void refine_seconds(struct checker *checker, const struct expr *expr, struct code *code)
{
	enum stype_kind kind = code->args[0]->stype.kind;

	if (kind == STYPE_INT || kind == STYPE_REAL || kind == STYPE_UNKNOWN)
		code->stype.kind = STYPE_DURATION;
	else if (kind != STYPE_DURATION && kind != STYPE_TIME)
		check_fail(checker, expr, ERROR_SYNTAX, "%s has no seconds",
			   check_words(checker, &code->args[0]->stype));
}

APPLY(apply_bit)
{
	(void)code, (void)frame, (void)count;
	if (args->integer < 0 || args->integer > 126)
		return value_absent(ERROR_INVALID, 0, "bit number below 0 or above 126");
	return value_int((__int128)1 << args->integer);
}

APPLY(apply_popcount)
{
	(void)code, (void)frame, (void)count;
	if (args->integer < 0)
		return value_absent(ERROR_INVALID, 0, "bits of a negative number");
	return value_int(__builtin_popcountll((unsigned long long)args->integer) +
			 __builtin_popcountll((unsigned long long)(args->integer >> 64)));
}

/* As the kernel's: number of the highest bit, from 1; 0 of 0. */
APPLY(apply_fls)
{
	int bit = 0;

	(void)code, (void)frame, (void)count;
	if (args->integer < 0)
		return value_absent(ERROR_INVALID, 0, "highest bit of a negative number");
	for (__int128 rest = args->integer; rest; rest >>= 1)
		bit++;
	return value_int(bit);
}

APPLY(apply_ffs)
{
	int bit = 1;

	(void)code, (void)frame, (void)count;
	if (!args->integer)
		return value_int(0);
	for (__int128 rest = args->integer; !(rest & 1); rest >>= 1)
		bit++;
	return value_int(bit);
}

APPLY(apply_abs)
{
	(void)code, (void)frame, (void)count;
	struct value result = *args;

	if (result.kind == VALUE_REAL)
		result.real = fabs(result.real);
	else if (result.integer < 0 &&
		 __builtin_sub_overflow((__int128)0, result.integer, &result.integer))
		return too_big();
	return result;
}

static void refine_abs(struct checker *checker, const struct expr *expr, struct code *code)
{
	const struct stype *stype = &code->args[0]->stype;

	if (stype->kind != STYPE_INT && stype->kind != STYPE_REAL &&
	    stype->kind != STYPE_DURATION && stype->kind != STYPE_SIZE &&
	    stype->kind != STYPE_UNKNOWN)
		check_fail(checker, expr, ERROR_SYNTAX, "%s has no absolute value",
			   check_words(checker, stype));
	code->stype.kind = stype->kind;
}

static struct value rounded(double real)
{
	if (!isfinite(real) || fabs(real) >= 0x1p126)
		return too_big();
	return value_int((__int128)real);
}

APPLY(apply_round)
{
	(void)code, (void)frame, (void)count;
	return args->kind == VALUE_REAL ? rounded(round(args->real)) : value_int(args->integer);
}

/* The bare number of anything that has one: nanoseconds, bytes, an address. */
APPLY(apply_int)
{
	(void)code, (void)frame, (void)count;
	return args->kind == VALUE_REAL ? rounded(args->real) : value_int(args->integer);
}

APPLY(apply_real)
{
	(void)code, (void)frame, (void)count;
	if (args->kind == VALUE_REAL)
		return *args;
	return (struct value){.kind = VALUE_REAL, .real = (double)args->integer};
}

static void refine_number(struct checker *checker, const struct expr *expr, struct code *code)
{
	switch (code->args[0]->stype.kind) {
	case STYPE_STRING:
	case STYPE_OBJECT:
	case STYPE_LIST:
	case STYPE_RECORD:
		check_fail(checker, expr, ERROR_SYNTAX, "%s is no number",
			   check_words(checker, &code->args[0]->stype));
		break;
	default:
		break;
	}
}

/* An unsigned C number that the kernel uses as a signed one of the same width. */
APPLY(apply_signed)
{
	unsigned bits = (unsigned)code->call.number;

	(void)frame, (void)count;
	return value_int((__int128)((unsigned __int128)args->integer << (128 - bits)) >>
			 (128 - bits));
}

static void refine_signed(struct checker *checker, const struct expr *expr, struct code *code)
{
	const struct type *type = code->args[0]->stype.type;
	uint64_t size = type ? type_strip(type)->size : 0;

	if (!size || size > 16)
		check_fail(checker, expr, ERROR_SYNTAX,
			   "signed(x) needs something with a C type; say (long)x");
	code->call.number = size * 8;
}

static uint64_t swapped(const struct frame *frame, __int128 number, unsigned bits)
{
	bool big_endian = frame->dump && dump_arch(frame->dump)->big_endian;

	if (big_endian)
		return (uint64_t)number;
	return __builtin_bswap64((uint64_t)number) >> (64 - bits);
}

APPLY(apply_be16)
{
	(void)code, (void)count;
	return value_int(swapped(frame, args->integer, 16) & 0xffff);
}

APPLY(apply_be32)
{
	(void)code, (void)count;
	return value_int(swapped(frame, args->integer, 32) & 0xffffffff);
}

APPLY(apply_be64)
{
	(void)code, (void)count;
	return value_int((__int128)swapped(frame, args->integer, 64));
}

#define NUMBER(name, call, result_words, words, letters, kind, function)                           \
	{                                                                                          \
		.help = {name, call, result_words, words}, .parameters = letters, .result = kind,  \
		.apply = function                                                                  \
	}

const struct builtin builtins_number[] = {
	NUMBER("ns", "ns(x)", "duration", "x nanoseconds", "r", STYPE_DURATION, apply_ns),
	NUMBER("us", "us(x)", "duration", "x microseconds", "r", STYPE_DURATION, apply_us),
	NUMBER("ms", "ms(x)", "duration", "x milliseconds", "r", STYPE_DURATION, apply_ms),
	{.help = {"seconds", "seconds(x)", "real or duration",
		  "seconds of a duration as a number; x seconds of a number"},
	 .parameters = "a",
	 .result = STYPE_REAL,
	 .apply = apply_seconds,
	 .refine = refine_seconds},
	NUMBER("kb", "kb(x)", "size", "x KiB", "r", STYPE_SIZE, apply_kb),
	NUMBER("pages", "pages(x)", "size", "x pages of memory", "r", STYPE_SIZE, apply_pages),
	NUMBER("bit", "bit(n)", "int", "1 << n", "i", STYPE_INT, apply_bit),
	NUMBER("popcount", "popcount(x)", "int", "number of bits that are set", "i", STYPE_INT,
	       apply_popcount),
	NUMBER("fls", "fls(x)", "int", "number of the highest bit that is set, from 1; 0 of 0", "i",
	       STYPE_INT, apply_fls),
	NUMBER("ffs", "ffs(x)", "int", "number of the lowest bit that is set, from 1; 0 of 0", "i",
	       STYPE_INT, apply_ffs),
	{.help = {"abs", "abs(x)", "as x", "x without its sign"},
	 .parameters = "a",
	 .result = STYPE_INT,
	 .apply = apply_abs,
	 .refine = refine_abs},
	NUMBER("round", "round(x)", "int", "the nearest integer", "r", STYPE_INT, apply_round),
	{.help = {"int", "int(x)", "int",
		  "the bare number: a real cut off, nanoseconds, bytes, an address"},
	 .parameters = "a",
	 .result = STYPE_INT,
	 .apply = apply_int,
	 .refine = refine_number},
	{.help = {"real", "real(x)", "real", "x as a real number"},
	 .parameters = "a",
	 .result = STYPE_REAL,
	 .apply = apply_real,
	 .refine = refine_number},
	{.help = {"signed", "signed(x)", "int",
		  "an unsigned C number read as a signed one of its width"},
	 .parameters = "i",
	 .result = STYPE_INT,
	 .apply = apply_signed,
	 .refine = refine_signed},
	NUMBER("be16", "be16(x)", "int", "a 16-bit number in network byte order", "i", STYPE_INT,
	       apply_be16),
	NUMBER("be32", "be32(x)", "int", "a 32-bit number in network byte order", "i", STYPE_INT,
	       apply_be32),
	NUMBER("be64", "be64(x)", "int", "a 64-bit number in network byte order", "i", STYPE_INT,
	       apply_be64),
	{.help = {0}},
};
