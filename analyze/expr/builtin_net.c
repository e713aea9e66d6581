// SPDX-License-Identifier: GPL-2.0-or-later
// Network addresses as text.
#include <assert.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dump/dump.h"
#include "expr/check.h"

enum { HEX_LIMIT = 4096 };

#define APPLY(name)                                                                                \
	static struct value name(const struct code *code, struct frame *frame,                     \
				 const struct value *args, size_t count)

static struct value kept(struct frame *frame, const char *text)
{
	return value_text(arena_strdup(frame_memory(frame), text), strlen(text));
}

static uint64_t address_of(const struct value *value)
{
	return value->kind == VALUE_OBJECT ? value->object.address : (uint64_t)value->integer;
}

/* Bytes at an address, bounded; absent in *ret_absent. */
static bool read_bytes(struct frame *frame, const struct value *place, uint8_t *bytes,
		       size_t length, struct value *ret_absent)
{
	struct fault fault;

	*ret_absent = value_absent(ERROR_NO_SOURCE, 0, "there is no dump");
	if (!frame->dump)
		return false;
	if (dump_try_read(frame->dump, address_of(place), bytes, length, &fault))
		return true;
	*ret_absent = value_of_fault(&fault);
	return false;
}

static struct value ipv4_text(struct frame *frame, const uint8_t *bytes)
{
	char text[16];

	snprintf(text, sizeof(text), "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
	return kept(frame, text);
}

/* A number as the machine read it, or the object that holds it. */
APPLY(apply_ip)
{
	uint8_t bytes[4];
	struct value absent;

	(void)code, (void)count;
	if (is_missing(args))
		return missing(args);
	if (args->kind == VALUE_OBJECT) {
		if (!read_bytes(frame, args, bytes, sizeof(bytes), &absent))
			return absent;
		return ipv4_text(frame, bytes);
	}
	bool big_endian = frame->dump && dump_arch(frame->dump)->big_endian;

	for (unsigned i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(args->integer >> 8 * (big_endian ? 3 - i : i));
	return ipv4_text(frame, bytes);
}

static void refine_ip(struct checker *checker, const struct expr *expr, struct code *code)
{
	const struct code *arg = code_load(checker, expr->args[0], code->args[0]);

	if (!arg)
		return;
	code->args[0] = arg;
	if (arg->stype.kind == STYPE_OBJECT && type_strip(arg->stype.type)->size == 4)
		return;
	if (arg->stype.kind != STYPE_INT && arg->stype.kind != STYPE_UNKNOWN)
		check_fail(checker, expr, ERROR_SYNTAX,
			   "ip(x) takes a 32-bit number or a struct in_addr, this is %s",
			   check_words(checker, &arg->stype));
}

/* inet_ntop() writes as RFC 5952 asks: lower case, the longest run of zeros left out, no single
 * zero. */
APPLY(apply_ip6)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	struct value absent;

	(void)code, (void)count;
	if (!read_bytes(frame, args, bytes, sizeof(bytes), &absent))
		return absent;
	return kept(frame, inet_ntop(AF_INET6, bytes, text, sizeof(text)) ? text : "");
}

static struct value hex_text(struct frame *frame, const struct value *args, const char *separator)
{
	static const char too_long[] = "more than 4096 bytes at once";
	static_assert(HEX_LIMIT == 4096, "the words give the limit");
	uint8_t bytes[HEX_LIMIT];
	struct value absent;
	size_t step = 2 + strlen(separator);

	if (args[1].integer < 0)
		return value_absent(ERROR_INVALID, 0, "negative length");
	if (args[1].integer > HEX_LIMIT)
		return value_absent(ERROR_LIMIT, 0, too_long);
	size_t length = (size_t)args[1].integer;

	if (length && !read_bytes(frame, args, bytes, length, &absent))
		return absent;
	char *text = arena_zero(frame_memory(frame), length * step + 1);

	for (size_t i = 0; i < length; i++)
		snprintf(text + i * step, step + 1, "%02x%s", bytes[i],
			 i + 1 < length ? separator : "");
	return value_text(text, length ? length * step - strlen(separator) : 0);
}

APPLY(apply_mac)
{
	(void)code, (void)count;
	return hex_text(frame, args, ":");
}

APPLY(apply_hexbytes)
{
	(void)code, (void)count;
	return hex_text(frame, args, "");
}

#define NET(name, call, words, letters, function)                                                  \
	{                                                                                          \
		.help = {name, call, "string", words}, .parameters = letters,                      \
		.result = STYPE_STRING, .apply = function                                          \
	}

const struct builtin builtins_net[] = {
	{.help = {"ip", "ip(x)", "string",
		  "an IPv4 address, as a number or struct in_addr, in network byte order"},
	 .parameters = "o",
	 .result = STYPE_STRING,
	 .apply = apply_ip,
	 .refine = refine_ip},
	NET("ip6", "ip6(x)", "an IPv6 address of 16 bytes (RFC 5952)", "p", apply_ip6),
	NET("mac", "mac(p, n)", "n bytes at p as 52:54:00:12:34:56", "pi", apply_mac),
	NET("hexbytes", "hexbytes(p, n)", "n bytes at p in hexadecimal", "pi", apply_hexbytes),
	{.help = {0}},
};
