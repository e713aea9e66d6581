// SPDX-License-Identifier: GPL-2.0-or-later
// The truth about layouts is this compiler's: what it says of sample_types.h with offsetof and
// sizeof must be what is read from the debug data it writes of the same types.
#include "types/src_dwarf.c"

#include <signal.h>
#include <stdio.h>

#include "base/buf.h"
#include "sample_types.h"
#include "test.h"

static char folder[] = "/tmp/test_dwarf.XXXXXX";

static void remove_folder(void)
{
	char *command _cleanup_free_ = mem_printf("rm -r %s", folder);

	if (system(command))
		printf("%s is left\n", folder);
}

__attribute__((constructor)) static void make_folder(void)
{
	if (!mkdtemp(folder) || atexit(remove_folder))
		exit(1);
}

static const char source[] = "#include \"tests/unit/sample_types.h\"\n"
			     "struct sample_declared;\n"
			     "extern struct sample sample_late;\n"
			     "struct sample sample_global = {0};\n"
			     "static struct sample_zero sample_static = {0};\n"
			     "struct sample_zero *sample_pointer = &sample_static;\n"
			     "union sample_union sample_union;\n"
			     "int sample_nameless[SAMPLE_NAMELESS];\n"
			     "void *sample_use(void) { return &sample_late; }\n"
			     "extern struct sample_bits sample_linkers;\n"
			     "void *sample_use_too = &sample_linkers;\n"
			     "struct sample sample_late;\n";
/* The same name in another unit: once declared only, once described, twice different. */
static const char other_source[] = "#include \"tests/unit/sample_types.h\"\n"
				   "struct sample_declared { int now; long known; };\n"
				   "struct sample_declared sample_known;\n"
				   "static struct sample_bits sample_static[3];\n"
				   "struct sample sample_again;\n"
				   "struct sample_twice { int a; } sample_twice_a;\n"
				   "void *sample_keep = &sample_static;\n";
static const char third_source[] = "\n\nstruct sample_twice { long b; } sample_twice_b;\n"
				   "static int sample_static = 1;\n"
				   "int *sample_int = &sample_static;\n";

static void write_text(const char *name, const char *text)
{
	char *path _cleanup_free_ = mem_printf("%s/%s", folder, name);
	FILE *file = fopen(path, "w");

	fputs(text, file);
	fclose(file);
}

static bool run(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *command _cleanup_free_ = mem_vprintf(format, arguments);
	va_end(arguments);
	return system(command) == 0;
}

/* Compiles the sources and links them to FOLDER/NAME; false when this compiler cannot. */
static bool compile(const char *name, const char *compiler, const char *flags)
{
	static const char *const parts[] = {"one", "two", "three"};

	write_text("one.c", source);
	write_text("two.c", other_source);
	write_text("three.c", third_source);
	for (size_t i = 0; i < 3; i++) {
		if (!run("%s -I. -ffreestanding -fno-pic %s -c -o %s/%s.o %s/%s.c "
			 "2>/dev/null",
			 compiler, flags, folder, parts[i], folder, parts[i]))
			return false;
	}
	return run("%s -nostdlib -static -no-pie -Wl,--build-id=sha1 -Wl,-e,0 "
		   "-Wl,--defsym=sample_linkers=0x4711 %s -o %s/%s %s/one.o %s/two.o "
		   "%s/three.o 2>/dev/null",
		   compiler, strstr(flags, "-gz") ? "-gz" : "", folder, name, folder, folder,
		   folder);
}

static struct type_provider *open_sample(const char *name)
{
	char *path _cleanup_free_ = mem_printf("%s/%s", folder, name);
	struct type_provider *provider = NULL;
	struct error *error _cleanup_(error_cleanup) = src_dwarf_open(path, 0, NULL, &provider);

	if (error)
		printf("%s\n", error->message);
	CHECK(!error);
	return provider;
}

static const struct type *find_type(struct type_provider *provider, enum type_kind kind,
				    const char *name)
{
	const struct type *type[2];
	size_t count = provider->ops->find(provider, kind, name, type, 2);

	CHECK(count == 1);
	return count == 1 ? type[0] : &type_void;
}

static struct type_member find_member(const struct type *type, const char *name)
{
	struct type_member member = {.type = &type_void};

	if (!type_find_member(type, name, &member))
		printf("no member %s\n", name);
	CHECK(member.name != NULL);
	return member;
}

static void check_words(const struct type *type, const char *words)
{
	struct buf buf _cleanup_(buf_deinit) = {0};

	type_print(type, &buf);
	CHECK_STR(buf_text(&buf), words);
}

#define CHECK_MEMBER(layout, structure, name, want) \
	do { \
		struct type_member found = find_member(layout, #name); \
		CHECK(found.bit_offset == 8 * offsetof(structure, name)); \
		CHECK(found.bit_size == 0); \
		CHECK(found.type->size == sizeof(((structure *)0)->name)); \
		check_words(found.type, want); \
	} while (0)

/* Where a bit-field is: the bits that change when all of it is set. */
static void check_bits_of(const struct type *layout, const char *name, const unsigned char *bytes,
			  size_t size, bool is_negative)
{
	struct type_member member = find_member(layout, name);
	unsigned first = 0, count = 0;

	for (unsigned bit = 0; bit < 8 * size; bit++) {
		if (bytes[bit / 8] >> bit % 8 & 1 && !count++)
			first = bit;
	}
	CHECK(member.bit_offset == first);
	CHECK(member.bit_size == count);
	CHECK(type_strip(member.type)->is_signed == is_negative);
}

#define CHECK_BITS(layout, structure, name, value, is_negative) \
	do { \
		union { \
			structure all; \
			unsigned char bytes[sizeof(structure)]; \
		} set; \
		memset(&set, 0, sizeof(set)); \
		set.all.name = value; \
		check_bits_of(layout, #name, set.bytes, sizeof(structure), is_negative); \
	} while (0)

static void check_layouts(struct type_provider *provider)
{
	const struct type *sample = find_type(provider, TYPE_STRUCT, "sample");

	CHECK(sample->size == sizeof(struct sample) && sample->is_complete);
	CHECK_MEMBER(sample, struct sample, letter, "char");
	CHECK_MEMBER(sample, struct sample, pointer, "long *");
	CHECK_MEMBER(sample, struct sample, either, "int");
	CHECK_MEMBER(sample, struct sample, inner, "short");
	CHECK_MEMBER(sample, struct sample, inner_pointer, "short *");
	CHECK_MEMBER(sample, struct sample, named, "struct {...}");
	CHECK_MEMBER(sample, struct sample, next, "struct sample *");
	CHECK_MEMBER(sample, struct sample, declared, "struct sample_declared *");
	CHECK_MEMBER(sample, struct sample, declared_too, "sample_declared_t *");
	CHECK_MEMBER(sample, struct sample, function, "int (*)()");
	CHECK_MEMBER(sample, struct sample, nothing, "void *");
	CHECK_MEMBER(sample, struct sample, matrix, "int [2][3][4]");
	CHECK_MEMBER(sample, struct sample, words, "char *[4]");
	CHECK_MEMBER(sample, struct sample, bytes, "sample_byte [16]");
	CHECK_MEMBER(sample, struct sample, real, "double");
	CHECK_MEMBER(sample, struct sample, truth, "_Bool");
	CHECK_MEMBER(sample, struct sample, color, "enum sample_color");
	CHECK_MEMBER(sample, struct sample, cold, "enum sample_cold");
	CHECK_MEMBER(sample, struct sample, other, "union sample_union");
	CHECK_MEMBER(sample, struct sample, huge, "__int128");
	struct type_member flexible = find_member(sample, "flexible");

	CHECK(flexible.bit_offset == 8 * offsetof(struct sample, flexible));
	CHECK(flexible.type->kind == TYPE_ARRAY && !flexible.type->length && !flexible.type->size);
	check_words(flexible.type, "unsigned long long []");
	CHECK(find_member(sample, "truth").type->is_bool);
	CHECK(find_member(sample, "letter").type->is_char);
	CHECK(find_member(sample, "real").type->kind == TYPE_FLOAT);
	CHECK(!type_strip(find_member(sample, "bytes").type->target)->is_signed);
}

static void check_arrays(struct type_provider *provider)
{
	const struct type *matrix =
		find_member(find_type(provider, TYPE_STRUCT, "sample"), "matrix").type;
	const struct type *zero = find_type(provider, TYPE_STRUCT, "sample_zero");
	const struct type *rows = find_member(zero, "rows").type;

	CHECK(matrix->length == 2 && type_target(matrix)->length == 3);
	CHECK(type_target(matrix)->size == sizeof(int[3][4]));
	CHECK(type_target(type_target(matrix))->size == sizeof(int[4]));
	check_words(type_target(type_target(type_target(matrix))), "int");
	CHECK(zero->size == sizeof(struct sample_zero));
	CHECK(find_member(zero, "none").type->length == 0);
	CHECK(rows->length == 0 && type_target(rows)->size == sizeof(struct sample_bits));
}

static void check_bits(struct type_provider *provider)
{
	const struct type *bits = find_type(provider, TYPE_STRUCT, "sample_bits");

	CHECK(bits->size == sizeof(struct sample_bits));
	CHECK_BITS(bits, struct sample_bits, first, 7, false);
	CHECK_BITS(bits, struct sample_bits, negative, -1, true);
	CHECK_BITS(bits, struct sample_bits, flag, 1, false);
	CHECK_BITS(bits, struct sample_bits, wide, 0xffffffffffULL, false);
	CHECK_BITS(bits, struct sample_bits, tail, 31, false);
	CHECK_MEMBER(bits, struct sample_bits, after, "char");
}

static const char *words_of_variable(struct type_provider *provider, const char *name,
				     uint64_t address)
{
	static char words[128];
	struct symbol symbol = {.name = name, .address = address};
	const struct type *type = provider->ops->variable(provider, &symbol);
	struct buf buf _cleanup_(buf_deinit) = {0};

	if (!type)
		return "none";
	type_print(type, &buf);
	snprintf(words, sizeof(words), "%s", buf_text(&buf));
	return words;
}

static void check_enumerator(struct type_provider *provider, const char *name, int64_t value)
{
	struct enumerator_found found[2];
	size_t count = provider->ops->enumerator(provider, name, found, 2);

	CHECK(count == 1 && found[0].value == value);
	if (count)
		CHECK_STR(type_enumerator_name(found[0].type, value), name);
}

static void check_enums(struct type_provider *provider)
{
	const struct type *color = find_type(provider, TYPE_ENUM, "sample_color");
	const struct type *cold = find_type(provider, TYPE_ENUM, "sample_cold");

	CHECK(color->size == sizeof(enum sample_color) && !color->is_signed);
	CHECK(cold->size == sizeof(enum sample_cold) && cold->is_signed);
	check_enumerator(provider, "SAMPLE_RED", SAMPLE_RED);
	check_enumerator(provider, "SAMPLE_GREEN", SAMPLE_GREEN);
	check_enumerator(provider, "SAMPLE_BLUE", SAMPLE_BLUE);
	check_enumerator(provider, "SAMPLE_COLD", SAMPLE_COLD);
	check_enumerator(provider, "SAMPLE_WARM", SAMPLE_WARM);
}

/* What gcc describes though no variable or function of the unit has the type; clang does not. */
static void check_unused(struct type_provider *provider)
{
	check_enumerator(provider, "SAMPLE_NAMELESS", SAMPLE_NAMELESS);
	CHECK_STR(words_of_variable(provider, "sample_linkers", 0x4711), "struct sample_bits");
}

/* What one unit only declares is known from the other; two descriptions of a name are ambiguous. */
static void check_units(struct type_provider *provider)
{
	const struct type *sample = find_type(provider, TYPE_STRUCT, "sample");
	const struct type *target = type_target(find_member(sample, "declared").type), *two[4];
	const struct type *alias = type_target(find_member(sample, "declared_too").type);

	CHECK(target->is_complete && target->size == 2 * sizeof(long));
	CHECK(find_member(target, "known").bit_offset == 8 * sizeof(long));
	CHECK(alias->kind == TYPE_TYPEDEF && alias->size == target->size);
	CHECK(type_strip(alias) == target);
	CHECK(type_target(find_member(sample, "next").type) == sample);
	CHECK(provider->ops->find(provider, TYPE_STRUCT, "sample_twice", two, 4) == 2);
	CHECK(two[0]->size + two[1]->size == sizeof(int) + sizeof(long));
	CHECK(provider->ops->find(provider, TYPE_UNION, "sample_twice", two, 4) == 0);
	CHECK(provider->ops->find(provider, TYPE_STRUCT, "sample_missing", two, 4) == 0);
	CHECK(find_type(provider, TYPE_INT, "unsigned long long")->size == sizeof(long long));
	CHECK(find_type(provider, TYPE_TYPEDEF, "sample_byte")->size == 1);
}

static uint64_t address_of(const char *name, const char *symbol, int position)
{
	char line[256];
	char *command _cleanup_free_ =
		mem_printf("nm -n %s/%s | grep ' %s$'", folder, name, symbol);
	FILE *pipe = popen(command, "r");
	uint64_t address = 0;

	for (int i = 0; fgets(line, sizeof(line), pipe); i++) {
		if (i == position)
			address = strtoull(line, NULL, 16);
	}
	pclose(pipe);
	return address;
}

/* Three units have a static variable of that name; the addresses tell them apart. */
static void check_variables(struct type_provider *provider, const char *file)
{
	int kinds = 0;

	CHECK_STR(
		words_of_variable(provider, "sample_global", address_of(file, "sample_global", 0)),
		"struct sample");
	CHECK_STR(words_of_variable(provider, "sample_nameless",
				    address_of(file, "sample_nameless", 0)),
		  "int [77]");
	CHECK_STR(words_of_variable(provider, "sample_global", 4711), "none");
	CHECK_STR(words_of_variable(provider, "sample_late", address_of(file, "sample_late", 0)),
		  "struct sample");
	for (int i = 0; i < 3; i++) {
		const char *words = words_of_variable(provider, "sample_static",
						      address_of(file, "sample_static", i));

		kinds |= !strcmp(words, "struct sample_zero") << 0 |
			 !strcmp(words, "struct sample_bits [3]") << 1 | !strcmp(words, "int") << 2;
	}
	CHECK(kinds == 7);
}

static void check_all(const char *compiler, const char *flags)
{
	int before = test_failures;

	CHECK(compile("sample", compiler, flags));
	struct type_provider *provider _cleanup_(type_provider_free_cleanup) =
		open_sample("sample");

	if (test_failures != before || !provider) {
		printf("cannot be read or made with %s %s\n", compiler, flags);
		return;
	}
	check_layouts(provider);
	check_arrays(provider);
	check_bits(provider);
	check_enums(provider);
	check_units(provider);
	check_variables(provider, "sample");
	if (!strcmp(compiler, "gcc"))
		check_unused(provider);
	if (test_failures != before)
		printf("with %s %s\n", compiler, flags);
}

TEST(dwarf_layouts_are_the_compilers)
{
	static const char *const compilers[] = {"gcc", "clang"};
	static const char *const flags[] = {
		"-g",
		"-gdwarf-5",
		"-gdwarf-4",
		"-gdwarf-3",
		"-gdwarf-2 -gstrict-dwarf",
		"-g -gz",
		"-g -O2",
		"-g -fdebug-types-section",
	};

	for (size_t c = 0; c < 2; c++) {
		for (size_t f = 0; f < sizeof(flags) / sizeof(*flags); f++)
			check_all(compilers[c], flags[f]);
	}
}

TEST(dwarf_of_a_relocatable_file)
{
	CHECK(compile("sample", "gcc", "-g"));
	struct type_provider *provider _cleanup_(type_provider_free_cleanup) = open_sample("one.o");

	check_layouts(provider);
	check_bits(provider);
	check_enums(provider);
	CHECK_STR(words_of_variable(provider, "sample_global", 0x4711), "struct sample");
}

TEST(dwarf_that_dwz_has_packed)
{
	CHECK(compile("sample", "gcc", "-g"));
	CHECK(run("cp %s/sample %s/first && cp %s/sample %s/second && dwz %s/sample && "
		  "dwz -m %s/common %s/first %s/second",
		  folder, folder, folder, folder, folder, folder, folder, folder));
	struct type_provider *alone _cleanup_(type_provider_free_cleanup) = open_sample("sample");
	struct type_provider *shared _cleanup_(type_provider_free_cleanup) = open_sample("first");

	check_layouts(alone);
	check_units(alone);
	check_variables(alone, "sample");
	CHECK(run("readelf -S %s/first | grep -q gnu_debugaltlink", folder));
	check_layouts(shared);
	check_bits(shared);
	check_enums(shared);
	check_units(shared);
	check_variables(shared, "first");
}

TEST(dwarf_moves_with_kaslr)
{
	const uint64_t shift = 0x12000000;
	struct type_provider *provider = NULL;
	char *path _cleanup_free_ = mem_printf("%s/sample", folder);

	CHECK(compile("sample", "gcc", "-g"));
	CHECK(!src_dwarf_open(path, shift, "toy", &provider));
	uint64_t address = address_of("sample", "sample_global", 0);

	CHECK_STR(provider->module, "toy");
	CHECK_STR(words_of_variable(provider, "sample_global", address + shift), "struct sample");
	CHECK_STR(words_of_variable(provider, "sample_global", address + shift / 2), "none");
	provider->ops->free(provider);
}

TEST(dwarf_knows_lines)
{
	const char *file = "";
	uint32_t line = 0;

	CHECK(compile("sample", "gcc", "-g"));
	struct type_provider *provider _cleanup_(type_provider_free_cleanup) =
		open_sample("sample");
	uint64_t address = address_of("sample", "sample_use", 0);

	CHECK(src_dwarf_line(provider, address, &file, &line));
	CHECK(strlen(file) > 6 && !strcmp(file + strlen(file) - 6, "/one.c"));
	CHECK(line == 9);
	CHECK(!src_dwarf_line(provider, 1, &file, &line));
}

static bool count_name(void *context, const char *name)
{
	size_t *counts = context;

	counts[0] += !strcmp(name, "sample");
	counts[1] += !strcmp(name, "SAMPLE_NAMELESS");
	counts[2]++;
	return counts[2] < 100000;
}

TEST(dwarf_names_what_it_has)
{
	size_t counts[3] = {0};

	CHECK(compile("sample", "gcc", "-g"));
	struct type_provider *provider _cleanup_(type_provider_free_cleanup) =
		open_sample("sample");

	provider->ops->names(provider, count_name, counts);
	CHECK(counts[0] == 1 && counts[1] == 1);
}

static void check_refused(const char *name, enum error_code code, const char *words)
{
	char *path _cleanup_free_ = mem_printf("%s/%s", folder, name);
	struct type_provider *provider = NULL;
	struct error *error _cleanup_(error_cleanup) = src_dwarf_open(path, 0, NULL, &provider);

	CHECK(error && error->code == code);
	CHECK(error && strstr(error->message, words) && strstr(error->message, path));
	if (!error)
		type_provider_free(provider);
}

TEST(dwarf_refuses_other_files)
{
	write_text("text", "no ELF file at all, but a long text");
	write_text("empty", "");
	CHECK(compile("stripped", "gcc", ""));
	check_refused("text", ERROR_INVALID, "not an ELF file");
	check_refused("empty", ERROR_INVALID, "not an ELF file");
	check_refused(".", ERROR_INVALID, "not an ELF file");
	check_refused("missing", ERROR_IO, "No such file");
	check_refused("stripped", ERROR_NO_SOURCE, "no DWARF");
}

static bool ask_name(void *context, const char *name)
{
	struct type_provider *provider = context;
	static const enum type_kind kinds[] = {TYPE_STRUCT, TYPE_UNION, TYPE_ENUM, TYPE_TYPEDEF,
					       TYPE_INT};
	struct enumerator_found found[4];
	const struct type *types[4];
	struct type_member member;

	for (size_t k = 0; k < 5; k++) {
		size_t count = provider->ops->find(provider, kinds[k], name, types, 4);

		for (size_t i = 0; i < count && i < 4; i++) {
			struct buf buf _cleanup_(buf_deinit) = {0};

			type_find_member(types[i], "sample_missing", &member);
			type_print(type_strip(types[i]), &buf);
		}
	}
	provider->ops->enumerator(provider, name, found, 4);
	words_of_variable(provider, name, 0);
	return true;
}

static uint64_t address_in_text;

/* Whatever is in the file: no crash, no hang. True when there was something to ask. */
static bool ask_everything(const char *path)
{
	struct type_provider *provider = NULL;
	struct error *error _cleanup_(error_cleanup) = src_dwarf_open(path, 0, NULL, &provider);
	const char *file;
	uint32_t line;

	if (error)
		return false;
	provider->ops->names(provider, ask_name, provider);
	ask_name(provider, "sample_global");
	ask_name(provider, "sample_static");
	src_dwarf_line(provider, address_in_text, &file, &line);
	provider->ops->free(provider);
	return true;
}

static void write_bytes(const char *path, const char *bytes, size_t size)
{
	FILE *file = fopen(path, "w");

	fwrite(bytes, 1, size, file);
	fclose(file);
}

static char *read_bytes(const char *name, size_t *ret_size)
{
	char *path _cleanup_free_ = mem_printf("%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	char *bytes = mem_zero(1 << 20);

	*ret_size = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

TEST(dwarf_survives_damage)
{
	const char *given = getenv("FUZZ_RUNS");
	int runs = given ? atoi(given) : 300, answers = 0;
	char *path _cleanup_free_ = mem_printf("%s/damaged", folder);
	size_t size, headers;

	CHECK(compile("sample", "gcc", "-g"));
	char *whole _cleanup_free_ = read_bytes("sample", &size);

	memcpy(&headers, whole + 40, sizeof(headers)); /* e_shoff: they stand at the end */
	address_in_text = address_of("sample", "sample_use", 0);
	srandom(4711);
	alarm(600); /* a hang is a failure */
	for (size_t length = 1; length < size; length += 211) {
		write_bytes(path, whole, length);
		ask_everything(path);
	}
	for (int i = 0; i < runs; i++) {
		size_t end = i % 5 ? headers : size, start = i % 5 ? 64 : 0;
		char *bytes _cleanup_free_ = mem_zero(size);

		memcpy(bytes, whole, size);
		for (int k = 0; k < 1 + i % 20; k++)
			bytes[start + (size_t)random() % (end - start)] = (char)random();
		write_bytes(path, bytes, size);
		answers += ask_everything(path);
	}
	alarm(0);
	CHECK(answers > runs / 2); /* else nothing was tested */
}

TEST_MAIN
