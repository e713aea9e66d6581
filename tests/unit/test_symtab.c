// SPDX-License-Identifier: GPL-2.0-or-later
// Types from files: which source is asked, and what is said when none has an answer.
#include "types/symtab.c"

#include <stdio.h>
#include <unistd.h>

#include "btf_builder.h"
#include "test.h"

static char folder[] = "/tmp/kmortem-test-XXXXXX";

static const char *write_file(const char *name, const void *bytes, size_t size)
{
	static char paths[4][64];
	static int next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	CHECK(file && fwrite(bytes, 1, size, file) == size);
	if (file)
		fclose(file);
	return path;
}

static const char *write_btf(const char *name, struct btf_builder *builder)
{
	size_t size;
	void *bytes = btf_build(builder, false, &size);
	const char *path = write_file(name, bytes, size);

	free(bytes);
	return path;
}

/* vmlinux with the sample, and two modules: each has `own` and its own idea of `shared`. */
static struct symtab *open_three(void)
{
	struct btf_builder kernel = {0}, one = {0}, two = {0};
	struct symtab *symtab = NULL;

	CHECK(mkdtemp(folder));
	btf_put_sample(&kernel);
	one.first_string = two.first_string = kernel.length;
	btf_put_type(&one, "only_one", KIND_STRUCT, 1, 4);
	btf_put_member(&one, "a", 1, 0);
	btf_put_type(&one, "shared", KIND_STRUCT, 1, 4);
	btf_put_member(&one, "a", 1, 0);
	btf_put_type(&one, "alike", KIND_STRUCT, 1, 4);
	btf_put_member(&one, "a", 1, 0);
	btf_put_type(&two, "shared", KIND_STRUCT, 1, 8);
	btf_put_member(&two, "a", 2, 0);
	btf_put_type(&two, "alike", KIND_STRUCT, 1, 4);
	btf_put_member(&two, "a", 1, 0);
	btf_put_type(&two, "states", KIND_ENUM, 1, 4);
	btf_put_enumerator(&two, "TWO_UP", 2);
	const char *files[] = {write_btf("vmlinux", &kernel), write_btf("mod-one.ko", &one),
			       write_btf("two.btf", &two)};
	struct error *error = symtab_new_btf(files, 3, &symtab);

	CHECK(!error);
	error_free(error);
	for (size_t i = 0; i < 3; i++)
		unlink(files[i]);
	rmdir(folder);
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
	return symtab;
}

static void check_type(struct symtab *symtab, const char *name, const char *module, uint64_t size)
{
	const struct type *type = &type_void;
	struct error *error = symtab_type(symtab, TYPE_STRUCT, name, module, &type);

	CHECK(!error && type->size == size);
	error_free(error);
}

static void check_error(struct error *error, enum error_code code, const char *message)
{
	CHECK(error && error->code == code);
	CHECK_STR(error ? error->message : NULL, message);
	error_free(error);
}

TEST(types_come_from_the_kernel_and_then_from_modules)
{
	struct symtab *symtab = open_three();

	check_type(symtab, "task", NULL, 48);
	check_type(symtab, "task", "", 48);
	check_type(symtab, "only_one", NULL, 4);
	check_type(symtab, "only_one", "mod_one", 4);
	check_type(symtab, "only_one", "mod-one", 4);
	check_type(symtab, "shared", "mod_one", 4);
	check_type(symtab, "shared", "two", 8);
	check_type(symtab, "alike", NULL, 4);
	CHECK_STR(symtab_module(symtab, 0), "mod_one");
	CHECK_STR(symtab_module(symtab, 1), "two");
	CHECK(!symtab_module(symtab, 2));
	CHECK_STR(symtab_sources(symtab)->modules, "2 modules, 2 with types");
	CHECK_STR(symtab_sources(symtab)->symbols, "none");
	symtab_free(symtab);
}

TEST(what_is_not_there_is_told_apart)
{
	struct symtab *symtab = open_three();
	const struct type *type;
	const struct symbol *symbol;
	int64_t value;

	check_error(symtab_type(symtab, TYPE_STRUCT, "shared", NULL, &type), ERROR_AMBIGUOUS,
		    "struct shared is ambiguous: mod_one:shared of 4 bytes, two:shared of 8 bytes");
	check_error(symtab_type(symtab, TYPE_STRUCT, "tusk", NULL, &type), ERROR_NOT_FOUND,
		    "no struct tusk in this kernel; the nearest name is task");
	check_error(symtab_type(symtab, TYPE_STRUCT, "only_one", "", &type), ERROR_NOT_FOUND,
		    "no struct only_one in vmlinux");
	check_error(symtab_type(symtab, TYPE_STRUCT, "task", "two", &type), ERROR_NOT_FOUND,
		    "no struct task in two; the nearest name is task");
	check_error(symtab_type(symtab, TYPE_STRUCT, "task", "three", &type), ERROR_NOT_FOUND,
		    "module three is not loaded");
	check_error(symtab_enumerator(symtab, "REDD", &type, &value), ERROR_NOT_FOUND,
		    "no enumerator REDD in this kernel; the nearest name is RED");
	check_error(symtab_symbol(symtab, "init_task", NULL, &symbol), ERROR_NO_SOURCE,
		    "symbol init_task: no symbols of this kernel are at hand");
	symtab_free(symtab);
}

TEST(enumerators_come_from_modules_too)
{
	struct symtab *symtab = open_three();
	const struct type *type;
	int64_t value = 0;

	CHECK(!symtab_enumerator(symtab, "RED", &type, &value) && value == 7);
	CHECK_STR(type->name, "color");
	CHECK(!symtab_enumerator(symtab, "TWO_UP", &type, &value) && value == 2);
	CHECK_STR(type->name, "states");
	symtab_free(symtab);
}

TEST(integer_types_are_found_by_any_spelling)
{
	struct symtab *symtab = open_three();
	const struct type *a = NULL, *b = NULL;

	CHECK(!symtab_type(symtab, TYPE_INT, "unsigned long", NULL, &a));
	CHECK(!symtab_type(symtab, TYPE_INT, "long unsigned int", NULL, &b));
	CHECK(a == b && a->size == 8);
	symtab_free(symtab);
}

TEST(pointers_and_arrays_are_made_once)
{
	struct symtab *symtab = open_three();
	const struct type *task;

	CHECK(!symtab_type(symtab, TYPE_STRUCT, "task", NULL, &task));
	const struct type *pointer = symtab_pointer_to(symtab, task),
			  *array = symtab_array_of(symtab, task, 3);

	CHECK(pointer == symtab_pointer_to(symtab, task) && pointer->size == 8);
	CHECK(type_target(pointer) == task);
	CHECK(array == symtab_array_of(symtab, task, 3) && array->size == 144 &&
	      array->length == 3);
	CHECK(array != symtab_array_of(symtab, task, 4));
	CHECK(symtab_array_of(symtab, task, UINT64_MAX)->size == 0);
	symtab_free(symtab);
}

TEST(files_that_hold_no_types_are_named)
{
	struct symtab *symtab = NULL;

	CHECK(mkdtemp(folder));
	const char *path = write_file("empty", "nothing", 7), *missing = "/nonexistent/vmlinux";
	struct error *error = symtab_new_btf(&path, 1, &symtab);

	CHECK(error && error->code == ERROR_CORRUPT && strstr(error->message, path));
	error_free(error);
	error = symtab_new_btf(&missing, 1, &symtab);
	CHECK(error && error->code == ERROR_IO && strstr(error->message, missing));
	error_free(error);
	CHECK(!symtab);
	unlink(path);
	rmdir(folder);
	strcpy(folder + strlen(folder) - 6, "XXXXXX");
}

TEST_MAIN
