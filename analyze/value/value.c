// SPDX-License-Identifier: GPL-2.0-or-later
#include "value/value.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dump/dump.h"

static struct value value_of_fault(struct fault fault)
{
	return (struct value){.kind = VALUE_ABSENT, .absent = fault};
}

/* Number of `bits` bits, widened with its sign. */
static __int128 number_widen(unsigned __int128 number, unsigned bits, bool is_signed)
{
	if (bits >= 128)
		return (__int128)number;
	number &= ((unsigned __int128)1 << bits) - 1;
	if (is_signed && number >> (bits - 1))
		number |= ~(unsigned __int128)0 << bits;
	return (__int128)number;
}

/* Bytes as one number in the dump's byte order; up to 16, and any length. */
static unsigned __int128 number_of_bytes(const uint8_t *bytes, size_t length, bool big_endian)
{
	unsigned __int128 number = 0;

	for (size_t i = 0; i < length; i++)
		number = number << 8 | bytes[big_endian ? i : length - 1 - i];
	return number;
}

static bool value_read_bits(struct dump *dump, const struct value *value, unsigned __int128 *ret,
			    struct fault *ret_fault)
{
	bool big_endian = dump_arch(dump)->big_endian;
	uint64_t address = value->object.address + value->object.bit_offset / 8;
	unsigned first = value->object.bit_offset % 8;
	size_t length = (first + (size_t)value->object.bit_size + 7) / 8;
	uint8_t bytes[16];

	if (length > sizeof(bytes)) {
		*ret_fault = (struct fault){ERROR_UNSUPPORTED, address, "bit-field"};
		return false;
	}
	if (!dump_try_read(dump, address, bytes, length, ret_fault))
		return false;
	/* Bit 0 is the lowest of byte 0, and on big-endian machines the highest. */
	*ret = number_of_bytes(bytes, length, big_endian) >>
	       (big_endian ? length * 8 - first - value->object.bit_size : first);
	return true;
}

static bool value_read_number(struct dump *dump, const struct value *value, uint64_t size,
			      unsigned __int128 *ret, struct fault *ret_fault)
{
	uint64_t number;
	uint8_t bytes[16];

	if (size == 1 || size == 2 || size == 4 || size == 8) {
		if (!dump_try_read_number(dump, value->object.address, size, &number, ret_fault))
			return false;
		*ret = number;
		return true;
	}
	if (size == 0 || size > sizeof(bytes)) {
		*ret_fault = (struct fault){ERROR_UNSUPPORTED, value->object.address,
					    "odd-sized number"};
		return false;
	}
	if (!dump_try_read(dump, value->object.address, bytes, size, ret_fault))
		return false;
	*ret = number_of_bytes(bytes, size, dump_arch(dump)->big_endian);
	return true;
}

static struct value value_load_real(struct dump *dump, struct value value, uint64_t size)
{
	struct fault fault;
	uint64_t number;

	if (size != sizeof(float) && size != sizeof(double))
		return value_absent(ERROR_UNSUPPORTED, value.object.address,
				    "floating-point format");
	if (!dump_try_read_number(dump, value.object.address, size, &number, &fault))
		return value_of_fault(fault);

	struct value result = {.kind = VALUE_REAL, .type = value.type};
	uint32_t half = (uint32_t)number;
	float single;

	if (size == sizeof(float)) {
		memcpy(&single, &half, sizeof(single));
		result.real = single;
	} else {
		memcpy(&result.real, &number, sizeof(result.real));
	}
	return result;
}

struct value value_load(struct dump *dump, struct value value)
{
	if (value.kind != VALUE_OBJECT || !value.type)
		return value;

	const struct type *type = type_strip(value.type);
	enum value_kind kind = VALUE_INT;

	switch (type->kind) {
	case TYPE_INT: kind = type->is_bool ? VALUE_BOOL : VALUE_INT; break;
	case TYPE_ENUM: break;
	case TYPE_POINTER: kind = VALUE_POINTER; break;
	case TYPE_FLOAT: return value_load_real(dump, value, type->size);
	default: return value;
	}

	struct fault fault;
	unsigned __int128 number;
	unsigned bits = value.object.bit_size ? value.object.bit_size : (unsigned)type->size * 8;

	if (!(value.object.bit_size ? value_read_bits(dump, &value, &number, &fault)
				    : value_read_number(dump, &value, type->size, &number, &fault)))
		return value_of_fault(fault);

	struct value result = {.kind = kind, .type = value.type};

	if (kind == VALUE_BOOL)
		result.integer = number_widen(number, bits, false) != 0;
	else
		result.integer = number_widen(number, bits, kind == VALUE_INT && type->is_signed);
	return result;
}

struct value value_member(struct value object, const struct type_member *member)
{
	if (object.kind != VALUE_OBJECT)
		return object;

	struct value result =
		value_object(member->type, object.object.address + member->bit_offset / 8);

	result.object.bit_size = member->bit_size;
	result.object.bit_offset = member->bit_size ? member->bit_offset % 8 : 0;
	return result;
}

struct value value_dereference(struct value pointer)
{
	if (pointer.kind != VALUE_POINTER)
		return pointer;

	uint64_t address = (uint64_t)pointer.integer;
	const struct type *target =
		pointer.type ? type_target(type_strip(pointer.type)) : &type_void;

	if (!address)
		return value_absent(ERROR_NO_TRANSLATION, 0, "NULL pointer");
	if (type_strip(target)->kind == TYPE_VOID)
		return value_absent(ERROR_INVALID, address, "void");
	return value_object(target, address);
}

struct value value_index(struct value array, __int128 index)
{
	if (array.kind != VALUE_OBJECT && array.kind != VALUE_POINTER)
		return array;

	uint64_t address =
		array.kind == VALUE_POINTER ? (uint64_t)array.integer : array.object.address;
	const struct type *element = array.type ? type_target(type_strip(array.type)) : &type_void;
	uint64_t size = type_strip(element)->size;

	if (array.kind == VALUE_POINTER && !address)
		return value_absent(ERROR_NO_TRANSLATION, 0, "NULL pointer");
	if (!size)
		return value_absent(ERROR_INVALID, address, "element of unknown size");
	/* Kernel addresses wrap: per-CPU arithmetic relies on it. */
	return value_object(element, address + (uint64_t)index * size);
}

static struct value value_text(struct arena *arena, const void *bytes, size_t length)
{
	struct value result = {.kind = VALUE_STRING};

	result.string.data = arena_copy(arena, bytes, length);
	result.string.length = length;
	return result;
}

struct value value_string(struct dump *dump, struct arena *arena, uint64_t address, size_t limit)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct fault fault;

	if (!address)
		return value_absent(ERROR_NO_TRANSLATION, 0, "NULL pointer");
	while (buf.length < limit) {
		size_t length;
		const char *bytes = dump_peek(dump, address + buf.length, &length, &fault);

		if (!bytes)
			return value_of_fault(fault);
		if (length > limit - buf.length)
			length = limit - buf.length;

		const char *end = memchr(bytes, '\0', length);

		if (end && !buf.length)
			return value_text(arena, bytes, (size_t)(end - bytes));
		buf_put(&buf, bytes, end ? (size_t)(end - bytes) : length);
		if (end)
			break;
	}
	return value_text(arena, buf_text(&buf), buf.length);
}

enum { CHAR_ARRAY_LIMIT = 1024 * 1024, CHAR_ARRAY_FLEXIBLE = 4096 };

struct value value_char_array(struct dump *dump, struct arena *arena, struct value object)
{
	if (object.kind != VALUE_OBJECT || !object.type)
		return object;

	uint64_t size = type_strip(object.type)->size;

	if (!size)
		size = CHAR_ARRAY_FLEXIBLE;
	return value_string(dump, arena, object.object.address,
			    size < CHAR_ARRAY_LIMIT ? size : CHAR_ARRAY_LIMIT);
}

static int order(__int128 a, __int128 b)
{
	return (a > b) - (a < b);
}

static int order_strings(const struct value *a, const struct value *b)
{
	size_t length = a->string.length < b->string.length ? a->string.length : b->string.length;
	int result = length ? memcmp(a->string.data, b->string.data, length) : 0;

	return result ? order(result, 0) : order(a->string.length, b->string.length);
}

static double real_of(const struct value *value)
{
	return value->kind == VALUE_REAL ? value->real : (double)value->integer;
}

int value_compare(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_STRING && b->kind == VALUE_STRING)
		return order_strings(a, b);
	if (a->kind == VALUE_OBJECT && b->kind == VALUE_OBJECT)
		return order(a->object.address, b->object.address);
	if (a->kind == VALUE_REAL || b->kind == VALUE_REAL)
		return (real_of(a) > real_of(b)) - (real_of(a) < real_of(b));
	return order(a->integer, b->integer);
}
