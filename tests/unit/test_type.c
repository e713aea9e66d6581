// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/type.c"
#include "types/suggest.c"

#include "test.h"

static const struct type int_type = {.kind = TYPE_INT,
				     .name = "int",
				     .size = 4,
				     .is_signed = true,
				     .is_complete = true,
				     .is_resolved = true};
static const struct type char_type = {.kind = TYPE_INT,
				      .name = "char",
				      .size = 1,
				      .is_char = true,
				      .is_complete = true,
				      .is_resolved = true};

static struct type pointer_to(const struct type *target)
{
	return (struct type){.kind = TYPE_POINTER,
			     .size = 8,
			     .is_complete = true,
			     .target = target,
			     .is_resolved = true};
}

static struct type array_of(const struct type *target, uint64_t length)
{
	return (struct type){.kind = TYPE_ARRAY,
			     .size = target->size * length,
			     .length = length,
			     .is_complete = true,
			     .target = target,
			     .is_resolved = true};
}

static void check_print(const struct type *type, const char *want)
{
	struct buf text = {0};

	type_print(type, &text);
	CHECK_STR(buf_text(&text), want);
	buf_deinit(&text);
}

TEST(types_are_written_as_c_does)
{
	struct type task = {.kind = TYPE_STRUCT, .name = "task_struct", .is_resolved = true};
	struct type zone = {.kind = TYPE_ENUM, .name = "zone_type", .is_resolved = true};
	struct type nameless = {.kind = TYPE_UNION, .is_resolved = true};
	struct type function = {.kind = TYPE_FUNCTION, .target = &int_type, .is_resolved = true};
	struct type pointer = pointer_to(&task), twice = pointer_to(&pointer);
	struct type text = array_of(&char_type, 16), grid = array_of(&text, 3);
	struct type pointers = array_of(&pointer, 2), flexible = array_of(&int_type, 0);
	struct type to_array = pointer_to(&text), callback = pointer_to(&function);
	struct type callbacks = array_of(&callback, 5), nothing = pointer_to(NULL);

	check_print(&task, "struct task_struct");
	check_print(&zone, "enum zone_type");
	check_print(&nameless, "union {...}");
	check_print(&pointer, "struct task_struct *");
	check_print(&twice, "struct task_struct **");
	check_print(&text, "char [16]");
	check_print(&grid, "char [3][16]");
	check_print(&pointers, "struct task_struct *[2]");
	check_print(&flexible, "int []");
	check_print(&to_array, "char (*)[16]");
	check_print(&function, "int ()");
	check_print(&callback, "int (*)()");
	check_print(&callbacks, "int (*[5])()");
	check_print(&nothing, "void *");
	check_print(&type_void, "void");
}

TEST(integers_have_one_name)
{
	CHECK_STR(type_int_name("long unsigned int"), "unsigned long");
	CHECK_STR(type_int_name("unsigned long"), "unsigned long");
	CHECK_STR(type_int_name("unsigned long int"), "unsigned long");
	CHECK_STR(type_int_name("long long int"), "long long");
	CHECK_STR(type_int_name("long long unsigned int"), "unsigned long long");
	CHECK_STR(type_int_name("unsigned"), "unsigned int");
	CHECK_STR(type_int_name("short unsigned int"), "unsigned short");
	CHECK_STR(type_int_name("signed int"), "int");
	CHECK_STR(type_int_name("signed char"), "signed char");
	CHECK_STR(type_int_name("unsigned char"), "unsigned char");
	CHECK_STR(type_int_name("__int128 unsigned"), "unsigned __int128");
	CHECK_STR(type_int_name("_Bool"), "_Bool");
	CHECK_STR(type_int_name("u64"), "u64");
	CHECK_STR(type_int_name("integer"), "integer");
	CHECK_STR(type_int_name(""), "");
}

TEST(typedefs_are_stripped_but_not_for_ever)
{
	struct type inner = {
		.kind = TYPE_TYPEDEF, .name = "a", .target = &int_type, .is_resolved = true};
	struct type outer = {
		.kind = TYPE_TYPEDEF, .name = "b", .target = &inner, .is_resolved = true};
	struct type circle = {.kind = TYPE_TYPEDEF, .name = "c", .is_resolved = true};

	circle.target = &circle;
	CHECK(type_strip(&outer) == &int_type);
	CHECK(type_strip(&int_type) == &int_type);
	CHECK(type_strip(&circle) == &type_void);
}

TEST(types_of_two_sources_can_be_the_same)
{
	struct type other_int = int_type,
		    task = {.kind = TYPE_STRUCT, .name = "task", .size = 8, .is_resolved = true};
	struct type larger = task, a = pointer_to(&int_type), b = pointer_to(&other_int),
		    c = pointer_to(&task);
	struct type short_array = array_of(&int_type, 2), long_array = array_of(&int_type, 3);

	larger.size = 16;
	CHECK(type_is_same(&int_type, &other_int));
	CHECK(type_is_same(&a, &b));
	CHECK(!type_is_same(&a, &c));
	CHECK(!type_is_same(&task, &larger));
	CHECK(!type_is_same(&short_array, &long_array));
	CHECK(!type_is_same(&int_type, &char_type));
}

TEST(nameless_structs_are_the_same_if_their_members_are)
{
	struct type_member one[] = {{"x", &int_type, 0, 0}}, two[] = {{"y", &int_type, 0, 0}};
	struct type a = {.kind = TYPE_STRUCT,
			 .size = 4,
			 .members = one,
			 .member_count = 1,
			 .is_resolved = true};
	struct type b = a, c = a;

	c.members = two;
	CHECK(type_is_same(&a, &b));
	CHECK(!type_is_same(&a, &c));
}

static void resolve_once(struct type_source *source, struct type *type)
{
	(void)source;
	type->is_resolved = true;
	type->target = &int_type;
}

TEST(a_source_is_asked_when_needed)
{
	struct type_source source = {resolve_once};
	struct type lazy = {.kind = TYPE_POINTER, .source = &source};

	CHECK(!lazy.is_resolved);
	CHECK(type_target(&lazy) == &int_type && lazy.is_resolved);
}

static const char *nearest(const char *wanted, const char *const *names)
{
	struct suggestion suggestion = suggestion_for(wanted);

	for (; *names; names++)
		suggestion_offer(&suggestion, *names);
	return suggestion.best;
}

TEST(misspelt_names_have_a_nearest_one)
{
	const char *const names[] = {"runqueues", "rcu_state",  "jiffies", "jiffies_64",
				     "init_task", "nr_running", "x",       NULL};

	CHECK_STR(nearest("runquees", names), "runqueues");
	CHECK_STR(nearest("jiffeis", names), "jiffies");
	CHECK_STR(nearest("jiffies64", names), "jiffies_64");
	CHECK_STR(nearest("init_tas", names), "init_task");
	CHECK_STR(nearest("nr_run", names), "nr_running");
	CHECK(!nearest("zzzzzz", names));
	CHECK(!nearest("y", names));
	CHECK(!nearest("", names));
}

TEST_MAIN
