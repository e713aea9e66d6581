// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_btf.c"

#include "base/buf.h"
#include "btf_builder.h"
#include "test.h"
#include "tests/fuzz/fuzz_btf.c"

static struct type_provider *open_bytes(void *bytes, size_t size, struct type_provider *base)
{
	struct btf_origin origin = {.description = "test", .base = base};
	struct type_provider *provider = NULL;
	struct error *error = src_btf_new(bytes, size, &origin, &provider);

	CHECK(!error);
	error_free(error);
	return provider;
}

static struct type_provider *open_built(struct btf_builder *builder, struct type_provider *base)
{
	size_t size;
	void *bytes = btf_build(builder, false, &size);

	return open_bytes(bytes, size, base);
}

static const struct type *find_one(struct type_provider *provider, enum type_kind kind,
				   const char *name)
{
	const struct type *types[4];
	size_t count = provider->ops->find(provider, kind, name, types, 4);

	CHECK(count == 1);
	return count ? types[0] : &type_void;
}

static size_t count_of(struct type_provider *provider, enum type_kind kind, const char *name)
{
	const struct type *types[4];

	return provider->ops->find(provider, kind, name, types, 4);
}

static void check_print(const struct type *type, const char *want)
{
	struct buf text = {0};

	type_print(type, &text);
	CHECK_STR(buf_text(&text), want);
	buf_deinit(&text);
}

static void check_sample(struct type_provider *provider)
{
	const struct type *task = find_one(provider, TYPE_STRUCT, "task");
	struct type_member member;

	CHECK(task->size == 48 && task->is_complete);
	CHECK(type_find_member(task, "state", &member) && member.bit_offset == 0);
	CHECK(member.type->kind == TYPE_INT && member.type->is_signed);
	CHECK(type_find_member(task, "comm", &member) && member.bit_offset == 64);
	check_print(member.type, "char [16]");
	CHECK(member.type->size == 16 && type_target(member.type)->is_char);
	CHECK(type_find_member(task, "tasks", &member) && member.bit_offset == 192);
	CHECK(type_find_member(member.type, "prev", &member) && member.bit_offset == 64);
	check_print(member.type, "struct list_head *");
	CHECK(member.type->size == 8);
	CHECK(!type_find_member(task, "nothing", &member));
}

TEST(members_are_found_in_either_byte_order)
{
	for (int swapped = 0; swapped < 2; swapped++) {
		struct btf_builder builder = {0};
		size_t size;

		btf_put_sample(&builder);
		void *bytes = btf_build(&builder, swapped, &size);
		CHECK(btf_size(bytes, size) == size);
		struct type_provider *provider = open_bytes(bytes, size, NULL);
		const char *problem;

		CHECK(src_btf_count(provider, &problem) == 28 && !problem && !provider->is_partial);
		check_sample(provider);
		type_provider_free(provider);
	}
}

TEST(anonymous_members_are_looked_into)
{
	struct btf_builder builder = {0};

	btf_put_sample(&builder);
	struct type_provider *provider = open_built(&builder, NULL);
	const struct type *task = find_one(provider, TYPE_STRUCT, "task");
	struct type_member member;

	CHECK(type_find_member(task, "pid", &member) && member.bit_offset == 32 &&
	      !member.bit_size);
	check_print(member.type, "pid_t");
	CHECK(member.type->size == 4 && type_strip(member.type)->kind == TYPE_INT);
	CHECK(type_find_member(task, "high", &member) && member.bit_offset == 35 &&
	      member.bit_size == 5);
	CHECK_STR(type_suggest_member(task, "hihg"), "high");
	type_provider_free(provider);
}

TEST(old_bit_fields_take_their_size_from_the_type)
{
	struct btf_builder builder = {0};
	struct type_member member;

	btf_put_int(&builder, "unsigned int", 4, 0, 3);
	btf_put_int(&builder, "int", 4, 1, 32);
	btf_put_type(&builder, "flags", KIND_STRUCT, 2, 8);
	btf_put_member(&builder, "three", 1, 5);
	btf_put_member(&builder, "whole", 2, 32);
	struct type_provider *provider = open_built(&builder, NULL);
	const struct type *flags = find_one(provider, TYPE_STRUCT, "flags");

	CHECK(type_find_member(flags, "three", &member) && member.bit_offset == 5 &&
	      member.bit_size == 3);
	CHECK(type_find_member(flags, "whole", &member) && member.bit_offset == 32 &&
	      !member.bit_size);
	type_provider_free(provider);
}

static void check_enumerator(struct type_provider *provider, const char *name, int64_t value,
			     bool is_signed)
{
	struct enumerator_found found[2];

	CHECK(provider->ops->enumerator(provider, name, found, 2) == 1);
	CHECK(found[0].value == value && found[0].type->is_signed == is_signed);
	CHECK_STR(type_enumerator_name(found[0].type, value), name);
}

TEST(enumerators_have_the_sign_of_their_enum)
{
	struct btf_builder builder = {0}, old = {0};
	struct enumerator_found found;

	btf_put_sample(&builder);
	struct type_provider *provider = open_built(&builder, NULL);

	check_enumerator(provider, "RED", 7, true);
	check_enumerator(provider, "NO_COLOR", -1, true);
	check_enumerator(provider, "ALL_BITS", 0xffffffff, false);
	check_enumerator(provider, "TOP", (int64_t)0x8000000000000001, false);
	CHECK(provider->ops->enumerator(provider, "GREEN", &found, 1) == 0);
	type_provider_free(provider);

	/* Before Linux 6.0 no enum was marked as signed. */
	btf_put_type(&old, "mask", KIND_ENUM, 1, 4);
	btf_put_enumerator(&old, "ALL_BITS", -1);
	provider = open_built(&old, NULL);
	check_enumerator(provider, "ALL_BITS", -1, true);
	type_provider_free(provider);
}

TEST(declarations_yield_to_complete_types)
{
	struct btf_builder builder = {0};

	btf_put_sample(&builder);
	struct type_provider *provider = open_built(&builder, NULL);

	CHECK(find_one(provider, TYPE_STRUCT, "task")->size == 48);
	const struct type *opaque = find_one(provider, TYPE_STRUCT, "opaque");
	CHECK(!opaque->is_complete && opaque->size == 0);
	CHECK(find_one(provider, TYPE_UNION, "opaque")->kind == TYPE_UNION);
	type_provider_free(provider);
}

TEST(only_different_types_of_one_name_are_several)
{
	struct btf_builder builder = {0};
	const char *const members[] = {"a", "a", "b"};

	btf_put_int(&builder, "int", 4, 1, 32);
	for (int i = 0; i < 3; i++) {
		btf_put_type(&builder, "twin", KIND_STRUCT, 1, 4);
		btf_put_member(&builder, members[i], 1, 0);
	}
	struct type_provider *provider = open_built(&builder, NULL);

	CHECK(count_of(provider, TYPE_STRUCT, "twin") == 2);
	CHECK(count_of(provider, TYPE_UNION, "twin") == 0);
	CHECK(count_of(provider, TYPE_STRUCT, "twins") == 0);
	type_provider_free(provider);
}

TEST(typedefs_of_one_type_by_different_ways_are_the_same)
{
	struct btf_builder builder = {0};

	btf_put_int(&builder, "unsigned char", 1, 0, 8);
	btf_put_type(&builder, "__u8", KIND_TYPEDEF, 0, 1);
	btf_put_type(&builder, "uint8_t", KIND_TYPEDEF, 0, 2);
	btf_put_type(&builder, "u8", KIND_TYPEDEF, 0, 2);
	btf_put_type(&builder, "u8", KIND_TYPEDEF, 0, 3);
	btf_put_int(&builder, "char", 1, 1, 8);
	btf_put_type(&builder, "byte", KIND_TYPEDEF, 0, 1);
	btf_put_type(&builder, "byte", KIND_TYPEDEF, 0, 6);
	struct type_provider *provider = open_built(&builder, NULL);

	CHECK(count_of(provider, TYPE_TYPEDEF, "u8") == 1);
	CHECK(count_of(provider, TYPE_TYPEDEF, "byte") == 2);
	type_provider_free(provider);
}

TEST(integer_types_have_one_name)
{
	struct btf_builder builder = {0};

	btf_put_sample(&builder);
	struct type_provider *provider = open_built(&builder, NULL);

	CHECK_STR(find_one(provider, TYPE_INT, "unsigned long")->name, "unsigned long");
	CHECK(count_of(provider, TYPE_INT, "long unsigned int") == 0);
	CHECK(find_one(provider, TYPE_FLOAT, "double")->size == 8);
	type_provider_free(provider);
}

TEST(variables_have_types_without_qualifiers)
{
	struct btf_builder builder = {0};
	struct symbol known = {.name = "current_task"}, unknown = {.name = "task"};

	btf_put_sample(&builder);
	struct type_provider *provider = open_built(&builder, NULL);
	const struct type *type = provider->ops->variable(provider, &known);

	CHECK(type);
	check_print(type, "struct task *");
	CHECK(type_target(type) == find_one(provider, TYPE_STRUCT, "task"));
	CHECK(!provider->ops->variable(provider, &unknown));
	type_provider_free(provider);
}

TEST(a_module_continues_the_kernel)
{
	struct btf_builder kernel_builder = {0}, builder = {0};
	struct type_member member;

	btf_put_sample(&kernel_builder);
	builder.first_string = kernel_builder.length;
	btf_put_type(&builder, "svc_sock", KIND_STRUCT, 2, 56);
	btf_put_member(&builder, "owner", 9, 0);
	btf_put_member(&builder, "next", 30, 384);
	btf_put_type(&builder, "", KIND_PTR, 0, 29);
	builder.words[3] = 1; /* the first member's name is the kernel's first string, "int" */
	struct type_provider *kernel = open_built(&kernel_builder, NULL);
	struct type_provider *module = open_built(&builder, kernel);
	const struct type *sock = find_one(module, TYPE_STRUCT, "svc_sock");

	CHECK(type_find_member(sock, "int", &member));
	CHECK(member.type == find_one(kernel, TYPE_STRUCT, "task"));
	CHECK(type_find_member(sock, "next", &member));
	check_print(member.type, "struct svc_sock *");
	CHECK(count_of(module, TYPE_STRUCT, "task") == 0);
	CHECK(count_of(kernel, TYPE_STRUCT, "svc_sock") == 0);
	type_provider_free(module);
	type_provider_free(kernel);
}

TEST(a_distilled_base_stands_for_the_kernel)
{
	struct btf_builder kernel_builder = {0}, base_builder = {0}, builder = {0};
	struct type_member member;

	btf_put_sample(&kernel_builder);
	btf_put_type(&base_builder, "task", KIND_STRUCT, 0, 48);
	builder.first_string = base_builder.length;
	btf_put_type(&builder, "holder", KIND_STRUCT, 1, 48);
	btf_put_member(&builder, "task", 1, 0);
	struct type_provider *kernel = open_built(&kernel_builder, NULL);
	struct type_provider *base = open_built(&base_builder, NULL);
	struct type_provider *module = open_built(&builder, base);

	src_btf_relocate(base, kernel);
	CHECK(type_find_member(find_one(module, TYPE_STRUCT, "holder"), "task", &member));
	CHECK(member.type == find_one(kernel, TYPE_STRUCT, "task"));
	type_provider_free(module);
	type_provider_free(base);
	type_provider_free(kernel);
}

TEST(types_that_contain_themselves_end)
{
	struct btf_builder builder = {0};
	struct type_member member;

	btf_put_type(&builder, "circle", KIND_TYPEDEF, 0, 2);  /* 1 */
	btf_put_type(&builder, "circle2", KIND_TYPEDEF, 0, 1); /* 2 */
	btf_put_type(&builder, "", KIND_CONST, 0, 3);          /* 3 */
	btf_put_array(&builder, 4, 2);                         /* 4: of itself */
	btf_put_type(&builder, "", KIND_STRUCT, 2, 8);         /* 5 */
	btf_put_member(&builder, "", 5, 0);
	btf_put_member(&builder, "", 5, 32);
	btf_put_type(&builder, "bush", KIND_STRUCT, 4, 8); /* 6 */
	btf_put_member(&builder, "", 5, 0);
	btf_put_member(&builder, "loop", 3, 0);
	btf_put_member(&builder, "array", 4, 0);
	btf_put_member(&builder, "name", 1, 0);
	struct type_provider *provider = open_built(&builder, NULL);
	const struct type *circle = find_one(provider, TYPE_TYPEDEF, "circle");
	const struct type *bush = find_one(provider, TYPE_STRUCT, "bush");

	CHECK(type_strip(circle)->kind == TYPE_VOID && circle->size == 0);
	CHECK(!type_find_member(bush, "no such member", &member));
	CHECK(type_members(bush, &(size_t){0})[1].type->kind == TYPE_VOID);
	CHECK(type_members(bush, &(size_t){0})[2].type->size == 0);
	type_provider_free(provider);
}

TEST(sizes_do_not_overflow)
{
	struct btf_builder builder = {0};

	btf_put_int(&builder, "int", 4, 1, 32);
	btf_put_array(&builder, 1, 0xffffffff);
	btf_put_array(&builder, 2, 0xffffffff);
	btf_put_type(&builder, "large", KIND_TYPEDEF, 0, 3);
	btf_put_int(&builder, "monster", 0xffffffff, 0, 0);
	struct type_provider *provider = open_built(&builder, NULL);
	const struct type *large = find_one(provider, TYPE_TYPEDEF, "large");

	CHECK(large->size == 0 && type_target(large)->length == 0);
	CHECK(type_target(type_target(large))->size == UINT64_C(0xffffffff) * 4);
	CHECK(!find_one(provider, TYPE_INT, "monster")->is_complete);
	type_provider_free(provider);
}

TEST(what_comes_before_damage_is_kept)
{
	struct btf_builder builder = {0};
	const char *problem;

	btf_put_sample(&builder);
	btf_put_type(&builder, "huge", KIND_STRUCT, 0xffff, 8);
	struct type_provider *provider = open_built(&builder, NULL);

	CHECK(src_btf_count(provider, &problem) == 28);
	CHECK_STR(problem, "breaks off after type 28");
	CHECK(provider->is_partial);
	check_sample(provider);
	CHECK(count_of(provider, TYPE_STRUCT, "huge") == 0);
	type_provider_free(provider);
}

TEST(names_on_a_missing_page_make_a_struct_incomplete)
{
	struct btf_builder builder = {0};
	struct type_member member;
	size_t size, count;

	btf_put_sample(&builder);
	char *bytes = btf_build(&builder, false, &size);
	char *comm = memmem(bytes, size, "comm", 5);

	memset(comm, 0, 4);
	struct type_provider *provider = open_bytes(bytes, size, NULL);
	const struct type *task = find_one(provider, TYPE_STRUCT, "task");

	CHECK(type_members(task, &count) && count == 4 && !task->is_complete);
	CHECK(type_find_member(task, "tasks", &member) && !type_find_member(task, "comm", &member));
	CHECK(type_lacks_names(task));
	const struct type *head = find_one(provider, TYPE_STRUCT, "list_head");
	CHECK(type_members(head, &count) && head->is_complete && !type_lacks_names(head));
	type_provider_free(provider);
}

static void check_refused(const void *bytes, size_t size)
{
	struct btf_origin origin = {.description = "test"};
	struct type_provider *provider = NULL;
	void *copy = malloc(size ? size : 1);

	memcpy(copy, bytes, size);
	struct error *error = src_btf_new(copy, size, &origin, &provider);

	CHECK(error && error->code == ERROR_CORRUPT && !provider);
	error_free(error);
}

TEST(what_is_no_btf_is_refused)
{
	static const uint8_t other[32] = "\177ELF";
	struct btf_builder builder = {0};
	size_t size;

	btf_put_sample(&builder);
	uint8_t *bytes = btf_build(&builder, false, &size);

	check_refused(other, sizeof(other));
	check_refused(bytes, 23);
	check_refused(bytes, 0);
	bytes[2] = 2; /* version */
	check_refused(bytes, size);
	bytes[2] = 1;
	bytes[4] = 8; /* header shorter than it is */
	check_refused(bytes, size);
	free(bytes);
}

/* A kind that nobody has heard of, whose size the layout section tells: two words and three for
 * each element. */
TEST(unknown_kinds_are_passed_over_where_a_layout_says_how)
{
	struct btf_builder builder = {0};
	uint8_t layouts[100][4] = {{0}};
	const char *problem;
	size_t size;

	btf_put_type(&builder, "future", 99, 2, 0);
	for (uint32_t i = 0; i < 2 + 2 * 3; i++)
		btf_put(&builder, 0x05050505);
	btf_put_int(&builder, "int", 4, 1, 32);
	btf_put_type(&builder, "user", KIND_TYPEDEF, 0, 1);
	uint8_t *old = btf_build(&builder, false, &size),
		*bytes = calloc(1, size + 8 + sizeof(layouts));
	uint32_t header_size = 32, places[2] = {size - 24, sizeof(layouts)};

	memcpy(layouts[99], (uint8_t[]){8, 12, 0, 0}, 4);
	memcpy(bytes, old, 24);
	memcpy(bytes + 4, &header_size, 4);
	memcpy(bytes + 24, places, 8);
	memcpy(bytes + 32, old + 24, size - 24);
	memcpy(bytes + 8 + size, layouts, sizeof(layouts));
	CHECK(btf_size(bytes, size + 8 + sizeof(layouts)) == size + 8 + sizeof(layouts));
	struct type_provider *provider = open_bytes(bytes, size + 8 + sizeof(layouts), NULL);

	CHECK(src_btf_count(provider, &problem) == 3 && !problem);
	CHECK(find_one(provider, TYPE_INT, "int")->size == 4);
	CHECK(type_target(find_one(provider, TYPE_TYPEDEF, "user")) == &type_void);
	type_provider_free(provider);
	provider = open_bytes(old, size, NULL);
	CHECK(src_btf_count(provider, &problem) == 0 && problem);
	type_provider_free(provider);
}

/* The fuzz target asks everything that can be asked; it must come back, and under the sanitizers
 * without a word. */
TEST(cut_and_mutated_btf_is_survived)
{
	struct btf_builder builder = {0};
	size_t size;
	unsigned int seed = 1;

	btf_put_sample(&builder);
	uint8_t *bytes = btf_build(&builder, false, &size), *mutant = malloc(size);

	for (size_t length = 0; length <= size; length++)
		LLVMFuzzerTestOneInput(bytes, length);
	for (int i = 0; i < 3000; i++) {
		memcpy(mutant, bytes, size);
		for (int k = 0; k <= i % 4; k++)
			mutant[rand_r(&seed) % size] = rand_r(&seed) % 3 ? rand_r(&seed) : 0xff;
		LLVMFuzzerTestOneInput(mutant, size);
	}
	CHECK(btf_size(bytes, size) == size);
	free(mutant);
	free(bytes);
}

TEST_MAIN
