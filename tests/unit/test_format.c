// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "fake_dump.h"
#include "value/format.c"

#define RESOLVED .is_resolved = true, .is_complete = true
static const struct type char_type = {.kind = TYPE_INT, .name = "char", .size = 1, .is_char = true,
				      .is_signed = true, RESOLVED};
static const struct type int_type = {.kind = TYPE_INT, .name = "int", .size = 4, .is_signed = true,
				     RESOLVED};
static const struct type_enumerator enumerators[] = {{"ZONE_DMA", 0}, {"ZONE_NORMAL", 1}};
static const struct type enum_type = {.kind = TYPE_ENUM, .name = "zone_type", .size = 4,
				      .member_count = 2, .enumerators = enumerators, RESOLVED};
static const struct type name_type = {.kind = TYPE_ARRAY, .size = 8, .length = 8,
				      .target = &char_type, RESOLVED};
static const struct type ints_type = {.kind = TYPE_ARRAY, .size = 16, .length = 4,
				      .target = &int_type, RESOLVED};
static const struct type text_pointer = {.kind = TYPE_POINTER, .size = 8, .target = &char_type, RESOLVED};
static const struct type_member pair_members[] = {{"a", &int_type, 0, 0}, {"b", &int_type, 32, 0}};
static const struct type pair_type = {.kind = TYPE_STRUCT, .name = "pair", .size = 8,
				      .member_count = 2, .members = pair_members, RESOLVED};
static const struct type_member dev_members[] = {
	{"name", &name_type, 0, 0}, {"pair", &pair_type, 64, 0}, {"list", &ints_type, 128, 0}};
static const struct type dev_type = {.kind = TYPE_STRUCT, .name = "dev", .size = 32,
				     .member_count = 3, .members = dev_members, RESOLVED};

static struct format_options options = {.dump = &fake_dump, .symtab = &fake_symtab, .depth = 3,
					.elements = 10};

static void check_text(int line, struct value value, bool with_type, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct format_options typed = options;

	typed.with_type = with_type;
	format_value(&value, &typed, &buf);
	test_check_text(__FILE__, line, buf_text(&buf), want);
}
#define CHECK_PLAIN(value, want) check_text(__LINE__, value, false, want)
#define CHECK_TYPED(value, want) check_text(__LINE__, value, true, want)

static struct value text(const char *bytes, size_t length)
{
	return (struct value){.kind = VALUE_STRING, .string = {bytes, length}};
}

TEST(format_scalars)
{
	struct value typed = value_int(5), zone = value_int(1), odd = value_int(9), letter = value_int('R');

	typed.type = &int_type;
	zone.type = odd.type = &enum_type;
	letter.type = &char_type;
	CHECK_PLAIN(typed, "5");
	CHECK_TYPED(typed, "(int) 5");
	CHECK_PLAIN(value_int(-7), "-7");
	CHECK_PLAIN(value_bool(true), "true");
	CHECK_PLAIN(zone, "ZONE_NORMAL");
	CHECK_TYPED(zone, "(enum zone_type) ZONE_NORMAL");
	CHECK_PLAIN(odd, "9");
	CHECK_TYPED(letter, "(char) 82 'R'");
	CHECK_PLAIN(((struct value){.kind = VALUE_REAL, .real = 2.74}), "2.74");
	CHECK_PLAIN(((struct value){.kind = VALUE_NONE}), "none");
	CHECK_PLAIN(((struct value){.kind = VALUE_POINTER, .integer = 0xffff888003a40000}),
		    "0xffff888003a40000");
}

TEST(format_integers_of_128_bits)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	format_integer((__int128)((unsigned __int128)1 << 127), &buf); /* the most negative one */
	CHECK_STR(buf_text(&buf), "-170141183460469231731687303715884105728");
	buf_cut(&buf, 0);
	format_integer(UINT64_MAX, &buf);
	CHECK_STR(buf_text(&buf), "18446744073709551615");
	buf_cut(&buf, 0);
	format_integer(0, &buf);
	CHECK_STR(buf_text(&buf), "0");
}

TEST(format_strings_never_reach_the_terminal_raw)
{
	CHECK_PLAIN(text("eth0", 4), "eth0");
	CHECK_TYPED(text("eth0", 4), "\"eth0\"");
	CHECK_TYPED(text("a\"b\\", 4), "\"a\\\"b\\\\\"");
	CHECK_PLAIN(text("a\033[2J\n\0z", 8), "a\\x1b[2J\\x0a\\x00z");
	CHECK_PLAIN(text("Gr\303\274n", 5), "Gr\303\274n");
	CHECK_PLAIN(text("\303", 1), "\\xc3");                        /* cut off */
	CHECK_PLAIN(text("\301\201", 2), "\\xc1\\x81");               /* overlong A */
	CHECK_PLAIN(text("\355\240\200", 3), "\\xed\\xa0\\x80");      /* surrogate */
	CHECK_PLAIN(text("\302\233", 2), "\\xc2\\x9b");               /* C1: CSI */
	CHECK_PLAIN(text("\342\200\256", 3), "\\xe2\\x80\\xae");      /* right-to-left override */
	CHECK_PLAIN(text("\364\220\200\200", 4), "\\xf4\\x90\\x80\\x80"); /* beyond U+10FFFF */
	CHECK_PLAIN(text("\377\177", 2), "\\xff\\x7f");
}

static void check_unit(int line, void (*format)(__int128, struct buf *), __int128 number, const char *want)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	format(number, &buf);
	test_check_text(__FILE__, line, buf_text(&buf), want);
}
#define CHECK_UNIT(format, number, want) check_unit(__LINE__, format, number, want)

TEST(format_durations)
{
	CHECK_UNIT(format_duration, 0, "0 s");
	CHECK_UNIT(format_duration, 1, "1 ns");
	CHECK_UNIT(format_duration, 1500, "1.5 us");
	CHECK_UNIT(format_duration, 250000000, "250 ms");
	CHECK_UNIT(format_duration, 999960000, "1 s");
	CHECK_UNIT(format_duration, 12500000000, "12.5 s");
	CHECK_UNIT(format_duration, 59970000000, "1 min 0 s");
	CHECK_UNIT(format_duration, 200000000000, "3 min 20 s");
	CHECK_UNIT(format_duration, 3600LL * NS_PER_S, "1 h 0 min");
	CHECK_UNIT(format_duration, (2 * 86400LL + 4 * 3600) * NS_PER_S, "2 d 4 h");
	CHECK_UNIT(format_duration, -1500000000, "-1.5 s");
}

TEST(format_sizes)
{
	CHECK_UNIT(format_size, 0, "0 B");
	CHECK_UNIT(format_size, 1023, "1023 B");
	CHECK_UNIT(format_size, 4096, "4.0 KiB");
	CHECK_UNIT(format_size, 1024 * 1024 - 1, "1.0 MiB");
	CHECK_UNIT(format_size, 3LL << 29, "1.5 GiB");
	CHECK_UNIT(format_size, -4096, "-4.0 KiB");
}

TEST(format_times)
{
	/* date -u -d 2026-11-21T03:14:24Z +%s */
	CHECK_UNIT(format_time, (__int128)1795230864 * NS_PER_S, "2026-11-21T03:14:24Z");
	CHECK_UNIT(format_time, 0, "1970-01-01T00:00:00Z");
	CHECK_UNIT(format_time, -1, "-1 ns");
	CHECK_UNIT(format_time, (__int128)1 << 120, "1329227995784915872903807060280344576 ns");
}

TEST(format_absences)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct fault broken = {ERROR_CORRUPT, 0x10, "next of list node 0x20 is 0x10"};

	CHECK_PLAIN(value_absent(ERROR_NOT_SAVED, 0xffff888003a40000, "page"),
		    "?(not saved in the dump at 0xffff888003a40000)");
	CHECK_PLAIN(value_absent(ERROR_NO_TRANSLATION, 0, NULL), "?(NULL pointer)");
	CHECK_PLAIN(value_absent(ERROR_NO_SOURCE, 0, "possible CPUs"),
		    "?(possible CPUs: no source to ask)");
	format_fault(&(struct fault){ERROR_NOT_SAVED, 0xffff888003a40000, NULL}, &buf);
	CHECK_STR(buf_text(&buf), "not saved in the dump (0xffff888003a40000)");
	buf_cut(&buf, 0);
	format_fault(&broken, &buf);
	CHECK_STR(buf_text(&buf), "corrupt: next of list node 0x20 is 0x10");
}

static uint64_t make_dev(void)
{
	fake_reset(8, false);
	uint64_t at = fake_alloc(32, 8);

	fake_put_bytes(at, "eth0", 5);
	fake_put(at + 8, 4, 1);
	fake_put(at + 12, 4, (uint32_t)-2);
	for (unsigned i = 0; i < 4; i++)
		fake_put(at + 16 + 4 * i, 4, 10 + i);
	return at;
}

TEST(format_structs)
{
	uint64_t at = make_dev();

	CHECK_PLAIN(value_object(&dev_type, at),
		    "{name = eth0, pair = {a = 1, b = -2}, list = [10, 11, 12, 13]}");
	CHECK_TYPED(value_object(&dev_type, at), "(struct dev) {\n"
						 "\tname = (char [8]) \"eth0\",\n"
						 "\tpair = (struct pair) {\n"
						 "\t\ta = (int) 1,\n"
						 "\t\tb = (int) -2,\n"
						 "\t},\n"
						 "\tlist = (int [4]) [10, 11, 12, 13],\n"
						 "}");
	options.depth = 1;
	options.elements = 2;
	CHECK_PLAIN(value_object(&dev_type, at), "{name = eth0, pair = {...}, list = [...]}");
	CHECK_PLAIN(value_object(&ints_type, at + 16), "[10, 11, … 2 more]");
	options.depth = 3;
	options.elements = 10;
	fake_hole(at);
	CHECK_PLAIN(value_object(&pair_type, at + 8),
		    "{a = ?(not saved in the dump at 0xffff888000000008), "
		    "b = ?(not saved in the dump at 0xffff88800000000c)}");
}

TEST(format_runs_of_equal_elements)
{
	enum { COUNT = 40 };
	struct value items[COUNT];
	struct value_list list = {.items = items, .count = COUNT};
	struct value value = {.kind = VALUE_LIST, .list = &list};

	for (size_t i = 0; i < COUNT; i++)
		items[i] = value_int(i < 3 ? (int)i : i < 20 ? 7 : i < 30 ? 8 : i < 39 ? 9 : 5);
	options.elements = 40;
	CHECK_TYPED(value, "[0, 1, 2, 7 <repeats 17 times>, 8 <repeats 10 times>, "
			   "9, 9, 9, 9, 9, 9, 9, 9, 9, 5]");
	options.elements = 4;
	CHECK_TYPED(value, "[0, 1, 2, 7 <repeats 17 times>, … 20 more]");
	CHECK_PLAIN(value, "[0, 1, 2, 7, … 36 more]");
	options.elements = 40;
	list.count = 30;
	list.is_partial = true;
	list.fault = (struct fault){ERROR_CORRUPT, 0, "next"};
	CHECK_TYPED(value, "[0, 1, 2, 7 <repeats 17 times>, 8 <repeats 10 times>, ?(corrupt: next)]");
	options.elements = 10;
}

TEST(format_pointers_with_what_they_mean)
{
	uint64_t at = make_dev();
	struct value pointer = {.kind = VALUE_POINTER, .type = &text_pointer, .integer = (__int128)at};

	fake_symbol("first_dev", at - 0x10);
	CHECK_TYPED(pointer, "(char *) 0xffff888000000000 <first_dev+0x10> \"eth0\"");
	CHECK_PLAIN(pointer, "0xffff888000000000");
}

TEST(format_stops_before_a_text_becomes_huge)
{
	static const struct type huge = {.kind = TYPE_ARRAY, .size = 1ULL << 60, .length = 1ULL << 58,
					 .target = &int_type, RESOLVED};
	struct format_options all = {.dump = &fake_dump, .depth = 3, .elements = UINT32_MAX};
	struct value value = value_object(&huge, FAKE_BASE);
	struct buf buf _cleanup_(buf_deinit) = {0};

	fake_reset(8, false);
	format_value(&value, &all, &buf);
	CHECK(buf.length < 2 * FORMAT_BYTES);
}

TEST(format_cells)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	uint64_t at = make_dev();
	struct value value = {.kind = VALUE_DURATION, .integer = 12500000000};
	struct cell cell;

	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_REAL && cell.real == 12.5);
	CHECK_STR(cell.shown, "12.5 s");
	value = (struct value){.kind = VALUE_SIZE, .integer = 4096};
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_INTEGER && cell.integer == 4096);
	CHECK_STR(cell.shown, "4.0 KiB");
	value = (struct value){.kind = VALUE_POINTER, .integer = 16};
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_TEXT);
	CHECK_STR(cell.text, "0x10");
	value = (struct value){.kind = VALUE_NONE};
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_EMPTY);
	value = value_absent(ERROR_NOT_SAVED, 0x10, NULL);
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_UNKNOWN);
	CHECK_STR(cell.text, "not saved in the dump (0x10)");
	value = value_object(&name_type, at);
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_TEXT);
	CHECK_STR(cell.text, "eth0");
	value = value_object(&ints_type, at + 16);
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_LIST && cell.count == 4 && cell.items[3].integer == 13);
	value = value_object(&int_type, at + 12);
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_INTEGER && cell.integer == -2);
	value = (struct value){.kind = VALUE_REAL, .real = NAN};
	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_UNKNOWN);
}

TEST(format_cells_of_partial_lists_say_so)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct value items[] = {value_int(1), value_int(2)};
	struct value_list list = {.items = items, .count = 2, .is_partial = true,
				  .fault = {ERROR_NOT_SAVED, 0x10, NULL}};
	struct value value = {.kind = VALUE_LIST, .list = &list};
	struct cell cell;

	format_cell(&value, &options, arena, &cell);
	CHECK(cell.kind == CELL_LIST && cell.count == 3);
	CHECK(cell.items[1].integer == 2);
	CHECK(cell.items[2].kind == CELL_UNKNOWN);
	CHECK_PLAIN(value, "[1, 2, ?(not saved in the dump at 0x10)]");
}

TEST_MAIN
