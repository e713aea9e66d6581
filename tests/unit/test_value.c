// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "fake_dump.h"
#include "value/value.c"

static const struct type int_type = {.kind = TYPE_INT, .name = "int", .size = 4, .is_signed = true,
				     .is_resolved = true};
static const struct type u8_type = {.kind = TYPE_INT, .name = "unsigned char", .size = 1,
				    .is_char = true, .is_resolved = true};
static const struct type u64_type = {.kind = TYPE_INT, .name = "unsigned long", .size = 8,
				     .is_resolved = true};
static const struct type s128_type = {.kind = TYPE_INT, .name = "__int128", .size = 16,
				      .is_signed = true, .is_resolved = true};
static const struct type bool_type = {.kind = TYPE_INT, .name = "_Bool", .size = 1, .is_bool = true,
				      .is_resolved = true};
static const struct type enum_type = {.kind = TYPE_ENUM, .name = "e", .size = 4, .is_signed = true,
				      .is_resolved = true};
static const struct type pid_type = {.kind = TYPE_TYPEDEF, .name = "pid_t", .size = 4,
				     .target = &int_type, .is_resolved = true};
static const struct type float_type = {.kind = TYPE_FLOAT, .name = "float", .size = 4,
				       .is_resolved = true};
static const struct type double_type = {.kind = TYPE_FLOAT, .name = "double", .size = 8,
					.is_resolved = true};
static const struct type pointer_type = {.kind = TYPE_POINTER, .size = 8, .target = &int_type,
					 .is_resolved = true};
static const struct type pointer4_type = {.kind = TYPE_POINTER, .size = 4, .target = &int_type,
					  .is_resolved = true};
static const struct type void_pointer_type = {.kind = TYPE_POINTER, .size = 8, .is_resolved = true};
static const struct type array_type = {.kind = TYPE_ARRAY, .size = 12, .length = 3,
				       .target = &int_type, .is_resolved = true};
static const struct type text_type = {.kind = TYPE_ARRAY, .size = 16, .length = 16,
				      .target = &u8_type, .is_resolved = true};
static const struct type struct_type = {.kind = TYPE_STRUCT, .name = "s", .size = 16,
					.is_resolved = true, .is_complete = true};
static const struct type opaque_type = {.kind = TYPE_STRUCT, .name = "opaque", .is_resolved = true};
static const struct type opaque_pointer = {.kind = TYPE_POINTER, .size = 8, .target = &opaque_type,
					   .is_resolved = true};

static struct value load(const struct type *type, uint64_t address)
{
	return value_load(&fake_dump, value_object(type, address));
}

TEST(value_loads_numbers_of_both_byte_orders)
{
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		fake_reset(8, big_endian);
		uint64_t at = fake_alloc(64, 16);

		fake_put(at, 4, (uint32_t)-5);
		fake_put(at + 8, 8, 0xfffffffffffffffe);
		fake_put(at + 16, 1, 0x80);
		CHECK(load(&int_type, at).kind == VALUE_INT);
		CHECK(load(&int_type, at).integer == -5);
		CHECK(load(&pid_type, at).integer == -5);
		CHECK(load(&pid_type, at).type == &pid_type);
		CHECK(load(&enum_type, at).integer == -5);
		CHECK(load(&u64_type, at + 8).integer == (__int128)0xfffffffffffffffe);
		CHECK(load(&u8_type, at + 16).integer == 128);
		CHECK(load(&bool_type, at + 16).kind == VALUE_BOOL);
		CHECK(load(&bool_type, at + 16).integer == 1);
		CHECK(load(&pointer_type, at + 8).kind == VALUE_POINTER);
		CHECK(load(&pointer_type, at + 8).integer == (__int128)0xfffffffffffffffe);
		/* -2 as 128 bits: the half with the sign is all ones */
		fake_put(at + 32 + (big_endian ? 0 : 8), 8, UINT64_MAX);
		fake_put(at + 32 + (big_endian ? 8 : 0), 8, UINT64_MAX - 1);
		CHECK(load(&s128_type, at + 32).integer == -2);
	}
}

TEST(value_loads_pointers_of_32_bits_without_sign)
{
	fake_reset(4, true);
	uint64_t at = fake_alloc(8, 8);

	fake_put(at, 4, 0xc0001000);
	CHECK(load(&pointer4_type, at).integer == 0xc0001000);
}

TEST(value_loads_floats)
{
	fake_reset(8, false);
	uint64_t at = fake_alloc(16, 8);

	fake_put(at, 4, 0x40490fdb);         /* IEEE 754: pi */
	fake_put(at + 8, 8, 0xc000000000000000); /* -2.0 */
	CHECK(load(&float_type, at).kind == VALUE_REAL);
	CHECK(load(&float_type, at).real > 3.14159 && load(&float_type, at).real < 3.1416);
	CHECK(load(&double_type, at + 8).real == -2.0);
}

static struct value load_bits(const struct type *type, uint64_t address, uint64_t offset, uint32_t size)
{
	struct type_member member = {.type = type, .bit_offset = offset, .bit_size = size};

	return value_load(&fake_dump, value_member(value_object(&struct_type, address), &member));
}

TEST(value_loads_bitfields_little_endian)
{
	fake_reset(8, false);
	uint64_t at = fake_alloc(16, 8);

	/* gcc on x86-64: struct { int a:3; unsigned b:5; unsigned c:13; long :0; long d:40; }
	 * of {-2, 17, 5000, -3} */
	static const uint8_t bytes[] = {0x8e, 0x88, 0x13, 0, 0, 0, 0, 0, 0xfd, 0xff, 0xff, 0xff, 0xff};

	fake_put_bytes(at, bytes, sizeof(bytes));
	CHECK(load_bits(&int_type, at, 0, 3).integer == -2);
	CHECK(load_bits(&u64_type, at, 3, 5).integer == 17);
	CHECK(load_bits(&u64_type, at, 8, 13).integer == 5000);
	CHECK(load_bits(&int_type, at, 64, 40).integer == -3);
	CHECK(load_bits(&bool_type, at, 1, 1).kind == VALUE_BOOL);
	CHECK(load_bits(&bool_type, at, 1, 1).integer == 1);
	CHECK(load_bits(&bool_type, at, 0, 1).integer == 0);
}

TEST(value_loads_bitfields_big_endian)
{
	fake_reset(8, true);
	uint64_t at = fake_alloc(16, 8);

	/* The same struct on s390: bit 0 is the highest of byte 0. a=110, b=10001, c=1001110001000 */
	static const uint8_t bytes[] = {0xd1, 0x9c, 0x40};

	fake_put_bytes(at, bytes, sizeof(bytes));
	CHECK(load_bits(&int_type, at, 0, 3).integer == -2);
	CHECK(load_bits(&u64_type, at, 3, 5).integer == 17);
	CHECK(load_bits(&u64_type, at, 8, 13).integer == 5000);
}

TEST(value_is_absent_with_reason_and_address)
{
	fake_reset(8, false);
	uint64_t at = fake_alloc(2 * FAKE_PAGE, FAKE_PAGE);

	fake_hole(at + FAKE_PAGE);
	struct value value = load(&u64_type, at + FAKE_PAGE + 8);

	CHECK(value.kind == VALUE_ABSENT && value.absent.code == ERROR_NOT_SAVED);
	CHECK(value.absent.address == at + FAKE_PAGE + 8);
	/* half of it in the hole */
	CHECK(load(&u64_type, at + FAKE_PAGE - 4).kind == VALUE_ABSENT);
	CHECK(load_bits(&u64_type, at + FAKE_PAGE - 1, 4, 8).kind == VALUE_ABSENT);
	CHECK(load(&u64_type, 16).absent.code == ERROR_NO_TRANSLATION);
}

TEST(value_load_leaves_aggregates_and_other_kinds_alone)
{
	fake_reset(8, false);
	CHECK(load(&struct_type, 1).kind == VALUE_OBJECT);
	CHECK(load(&array_type, 1).kind == VALUE_OBJECT);
	CHECK(value_load(&fake_dump, value_int(7)).integer == 7);
}

TEST(value_refuses_numbers_of_absurd_size)
{
	static const struct type wide = {.kind = TYPE_INT, .name = "wide", .size = 1ULL << 40,
					 .is_resolved = true};
	static const struct type empty = {.kind = TYPE_INT, .name = "empty", .is_resolved = true};

	fake_reset(8, false);
	uint64_t at = fake_alloc(64, 8);

	CHECK(load(&wide, at).kind == VALUE_ABSENT);
	CHECK(load(&empty, at).kind == VALUE_ABSENT);
	CHECK(load_bits(&u64_type, at, 0, 4000000000).kind == VALUE_ABSENT);
}

TEST(value_dereference_and_index)
{
	struct value pointer = {.kind = VALUE_POINTER, .type = &pointer_type, .integer = 0x1000};
	struct value null = {.kind = VALUE_POINTER, .type = &pointer_type};
	struct value nowhere = {.kind = VALUE_POINTER, .type = &void_pointer_type, .integer = 0x1000};
	struct value opaque = {.kind = VALUE_POINTER, .type = &opaque_pointer, .integer = 0x1000};
	struct value array = value_object(&array_type, 0x2000);

	CHECK(value_dereference(pointer).object.address == 0x1000);
	CHECK(value_dereference(pointer).type == &int_type);
	CHECK(value_dereference(null).kind == VALUE_ABSENT);
	CHECK(value_dereference(nowhere).kind == VALUE_ABSENT);
	CHECK(value_index(pointer, 3).object.address == 0x100c);
	CHECK(value_index(pointer, -1).object.address == 0xffc);
	CHECK(value_index(array, 2).object.address == 0x2008);
	CHECK(value_index(array, 2).type == &int_type);
	CHECK(value_index(opaque, 1).kind == VALUE_ABSENT);
	CHECK(value_index(null, 1).kind == VALUE_ABSENT);
}

static bool is_text(struct value value, const char *text)
{
	return value.kind == VALUE_STRING && value.string.length == strlen(text) &&
	       !memcmp(value.string.data, text, strlen(text));
}

TEST(value_string_ends_at_nul_limit_or_hole)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();

	fake_reset(8, false);
	uint64_t at = fake_alloc(3 * FAKE_PAGE, FAKE_PAGE), edge = at + FAKE_PAGE - 3;

	fake_put_bytes(edge, "eth0:1", 7);
	CHECK(is_text(value_string(&fake_dump, arena, edge, 64), "eth0:1"));
	CHECK(is_text(value_string(&fake_dump, arena, edge, 5), "eth0:"));
	CHECK(is_text(value_string(&fake_dump, arena, edge, 2), "et"));
	CHECK(is_text(value_string(&fake_dump, arena, edge, 0), ""));
	CHECK(is_text(value_string(&fake_dump, arena, at, 64), ""));
	CHECK(is_text(value_char_array(&fake_dump, arena, value_object(&text_type, edge)), "eth0:1"));
	fake_hole(at + FAKE_PAGE);
	CHECK(value_string(&fake_dump, arena, edge, 64).kind == VALUE_ABSENT);
	CHECK(value_string(&fake_dump, arena, 0, 64).kind == VALUE_ABSENT);
}

TEST(value_compare_orders)
{
	struct value one = value_int(1), big = value_int((__int128)1 << 100);
	struct value half = {.kind = VALUE_REAL, .real = 0.5};
	struct value eth0 = {.kind = VALUE_STRING, .string = {"eth0", 4}};
	struct value eth = {.kind = VALUE_STRING, .string = {"eth", 3}};
	struct value empty = {.kind = VALUE_STRING};

	CHECK(value_compare(&one, &big) < 0);
	CHECK(value_compare(&big, &one) > 0);
	CHECK(value_compare(&one, &one) == 0);
	CHECK(value_compare(&half, &one) < 0);
	CHECK(value_compare(&one, &half) > 0);
	CHECK(value_compare(&eth, &eth0) < 0);
	CHECK(value_compare(&eth0, &eth0) == 0);
	CHECK(value_compare(&empty, &eth) < 0);
	CHECK(value_compare(&empty, &empty) == 0);
}

TEST_MAIN
