// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols, sections and build-ids of small ELF files that a compiler makes at test time; nm(1) and
// the compiler say what is true.
#include "types/src_elfsym.c"

#include <stdio.h>

#include "test.h"

static char folder[] = "/tmp/test_elfsym.XXXXXX";

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

#define WORDS \
	"0123456789 and much more of the same 0123456789 and much more of the same " \
	"0123456789 and much more of the same 0123456789 and much more of the same"

/* Like a kernel: text and data at high addresses, a per-CPU section at 0, an absolute symbol. */
static const char source[] =
	"void __attribute__((section(\".text\"))) _stext(void) {}\n"
	"static void twin(void) {}\n"
	"void (*use)(void) = twin;\n"
	"int written = 1;\n"
	"int zeroed;\n"
	"const int constant = 3;\n"
	"int __attribute__((weak)) weak_data = 4;\n"
	"void __attribute__((weak)) weak_text(void) {}\n"
	"void alias(void) __attribute__((alias(\"_stext\")));\n"
	"int per_cpu __attribute__((section(\".data..percpu\"), aligned(64))) = 5;\n"
	"const char words[] __attribute__((section(\".words\"))) = \"" WORDS "\";\n";
static const char second_source[] = "static void twin(void) {}\nvoid (*use_too)(void) = twin;\n";
static const char script[] =
	"SECTIONS {\n"
	"	. = 0; .data..percpu : { *(.data..percpu) }\n"
	"	. = 0xffffffff81000000; .text : { *(.text*) _etext = .; }\n"
	"	.rodata : { *(.rodata*) } .words : { *(.words) }\n"
	"	.note.gnu.build-id : { notes = .; *(.note.gnu.build-id) }\n"
	"	. = ALIGN(4096); .data : { *(.data) } .bss : { *(.bss) }\n"
	"	absolute = 0x4711;\n"
	"	/DISCARD/ : { *(.comment .eh_frame .note.GNU-stack .note.gnu.property) }\n"
	"}\n";

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

/* Path of the sample, made when first asked for. */
static const char *sample(void)
{
	static char path[64];

	if (*path)
		return path;
	snprintf(path, sizeof(path), "%s/sample", folder);
	write_text("one.c", source);
	write_text("two.c", second_source);
	write_text("script", script);
	CHECK(run("cd %s && gcc -O0 -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -g1 -c "
		  "one.c two.c "
		  "&& ld --build-id=sha1 -T script --no-warn-rwx-segments -o sample one.o two.o",
		  folder));
	return path;
}

static uint64_t nm(const char *name)
{
	char *command _cleanup_free_ = mem_printf("nm %s | grep ' %s$'", sample(), name),
		      line[256] = "";
	FILE *pipe = popen(command, "r");

	CHECK(fgets(line, sizeof(line), pipe) != NULL);
	pclose(pipe);
	return strtoull(line, NULL, 16);
}

static struct symbol_provider *open_sample(uint64_t shift)
{
	struct symbol_provider *provider = NULL;
	struct error *error _cleanup_(error_cleanup) = src_elfsym_open(sample(), shift, &provider);

	CHECK(!error);
	return provider;
}

static void check_symbol(struct symbol_provider *provider, const char *name, char kind,
			 uint64_t shift)
{
	struct symbol symbol[2];

	CHECK(provider->ops->find(provider, name, symbol, 2) == 1);
	CHECK_STR(symbol[0].name, name);
	CHECK(symbol[0].address == nm(name) + shift);
	if (symbol[0].kind != kind)
		printf("%s is '%c'\n", name, symbol[0].kind);
	CHECK(symbol[0].kind == kind);
}

TEST(elfsym_finds_symbols_with_their_kinds)
{
	const uint64_t shift = 0x12000000;
	struct symbol_provider *provider _cleanup_(symbol_provider_free_cleanup) =
		open_sample(shift);
	struct symbol symbol;

	CHECK(provider->data_symbols && !provider->module);
	check_symbol(provider, "_stext", 'T', shift);
	check_symbol(provider, "alias", 'T', shift);
	check_symbol(provider, "written", 'D', shift);
	check_symbol(provider, "zeroed", 'B', shift);
	check_symbol(provider, "constant", 'R', shift);
	check_symbol(provider, "weak_data", 'V', shift);
	check_symbol(provider, "weak_text", 'W', shift);
	check_symbol(provider, "per_cpu", 'A', 0);
	check_symbol(provider, "absolute", 'A', 0);
	CHECK(provider->ops->find(provider, "one.c", &symbol, 1) == 0);
	CHECK(provider->ops->find(provider, "missing", &symbol, 1) == 0);
	CHECK(provider->ops->find(provider, "", &symbol, 1) == 0);
}

TEST(elfsym_counts_symbols_of_one_name)
{
	struct symbol_provider *provider _cleanup_(symbol_provider_free_cleanup) = open_sample(0);
	struct symbol symbols[4];

	CHECK(provider->ops->find(provider, "twin", symbols, 4) == 2);
	CHECK(symbols[0].kind == 't' && symbols[1].kind == 't');
	CHECK(symbols[0].address != symbols[1].address);
	CHECK(provider->ops->find(provider, "twin", symbols, 1) == 2);
}

static const char *name_at(struct symbol_provider *provider, uint64_t address)
{
	struct symbol symbol;

	return provider->ops->symbolize(provider, address, &symbol) ? symbol.name : "none";
}

TEST(elfsym_symbolizes)
{
	const uint64_t shift = 0x200000;
	struct symbol_provider *provider _cleanup_(symbol_provider_free_cleanup) =
		open_sample(shift);

	CHECK_STR(name_at(provider, nm("weak_text") + shift), "weak_text");
	CHECK_STR(name_at(provider, nm("weak_text") + shift + 1), "weak_text");
	CHECK_STR(name_at(provider, nm("written") + shift), "written");
	/* Where text ends rodata begins: the end mark names nothing. */
	CHECK(nm("_etext") == nm("constant") || nm("constant") - nm("_etext") < 8);
	CHECK_STR(name_at(provider, nm("constant") + shift), "constant");
	CHECK_STR(name_at(provider, nm("_stext") + shift - 1), "none");
	CHECK_STR(name_at(provider, nm("zeroed") + shift + 0x100000), "none");
	CHECK_STR(name_at(provider, 0x4711), "none");
	CHECK_STR(name_at(provider, nm("per_cpu")), "none");
}

TEST(elfsym_reads_sections)
{
	char *packed _cleanup_free_ = mem_printf("%s/packed", folder);
	void *bytes _cleanup_free_ = NULL, *same _cleanup_free_ = NULL, *none = NULL;
	size_t size = 0, same_size = 0;
	struct error *error _cleanup_(error_cleanup) = NULL;

	CHECK(!elf_section_read(sample(), ".words", &bytes, &size));
	CHECK(size == sizeof(WORDS) && !memcmp(bytes, WORDS, size));
	free(bytes);
	bytes = NULL;
	CHECK(!elf_section_read(sample(), ".debug_info", &bytes, &size));
	CHECK(run("objcopy --compress-debug-sections=zlib %s %s", sample(), packed));
	CHECK(run("readelf -t %s | grep -q COMPRESSED", packed));
	CHECK(!elf_section_read(packed, ".debug_info", &same, &same_size));
	CHECK(size == same_size && !memcmp(bytes, same, size));
	error = elf_section_read(sample(), ".missing", &none, &size);
	CHECK(error && error->code == ERROR_NOT_FOUND && strstr(error->message, ".missing"));
	error_free(error);
	error = elf_section_read(sample(), ".bss", &none, &size);
	CHECK(error && error->code == ERROR_NOT_FOUND);
}

TEST(elfsym_reads_single_facts)
{
	bool big_endian = true;
	uint8_t pointer_size = 0;
	uint64_t value = 0;
	struct error *error _cleanup_(error_cleanup) = NULL;

	CHECK(elf_file_class(sample(), &big_endian, &pointer_size));
	CHECK(!big_endian && pointer_size == 8);
	CHECK(!elf_symbol_value(sample(), "_stext", &value) && value == nm("_stext"));
	CHECK(value == 0xffffffff81000000);
	error = elf_symbol_value(sample(), "missing", &value);
	CHECK(error && error->code == ERROR_NOT_FOUND);
}

TEST(elfsym_reads_build_ids)
{
	char *plain _cleanup_free_ = mem_printf("%s/plain", folder), *id _cleanup_free_ = NULL,
		    line[256];
	char *command _cleanup_free_ =
		mem_printf("readelf -n %s | sed -n 's/.*Build ID: //p' | tr -d '\\n'", sample());
	FILE *pipe = popen(command, "r");
	uint64_t address = 0;

	CHECK(fgets(line, sizeof(line), pipe) != NULL);
	pclose(pipe);
	CHECK(!elf_build_id(sample(), &id));
	CHECK_STR(id, line);
	/* Twelve bytes of numbers and "GNU\0" come first. */
	CHECK(!elf_build_id_address(sample(), &address) && address == nm("notes") + 16);
	CHECK(run("objcopy -R .note.gnu.build-id %s %s", sample(), plain));
	struct error *error _cleanup_(error_cleanup) = elf_build_id(plain, &id);

	CHECK(error && error->code == ERROR_NOT_FOUND);
}

TEST(elfsym_refuses_other_files)
{
	char *path _cleanup_free_ = mem_printf("%s/other", folder);
	struct symbol_provider *provider = NULL;
	struct error *error = src_elfsym_open("/nonexistent/vmlinux", 0, &provider);

	CHECK(error && error->code == ERROR_IO && strstr(error->message, "/nonexistent/vmlinux"));
	error_free(error);
	error = src_elfsym_open(folder, 0, &provider);
	CHECK(error && error->code == ERROR_INVALID);
	error_free(error);
	write_text("other", "#!/bin/sh\n");
	error = src_elfsym_open(path, 0, &provider);
	CHECK(error && error->code == ERROR_INVALID && strstr(error->message, "not an ELF file"));
	error_free(error);
	CHECK(run("strip -s -o %s %s", path, sample()));
	error = src_elfsym_open(path, 0, &provider);
	CHECK(error && error->code == ERROR_NO_SOURCE && strstr(error->message, "stripped"));
	error_free(error);
}

static bool count_one(void *context, const char *name)
{
	*(size_t *)context += strlen(name);
	return true;
}

/* Whatever is in the file: no crash, no hang. True when it has symbols. */
static bool ask_everything(const char *path)
{
	struct symbol_provider *provider = NULL;
	void *bytes _cleanup_free_ = NULL;
	char *id _cleanup_free_ = NULL;
	size_t total = 0;
	uint64_t value;

	error_free(elf_section_read(path, ".debug_info", &bytes, &total));
	error_free(elf_build_id(path, &id));
	error_free(elf_symbol_value(path, "missing", &value));
	struct error *error _cleanup_(error_cleanup) = src_elfsym_open(path, 0, &provider);

	if (error)
		return false;
	struct symbol symbols[4];

	provider->ops->names(provider, count_one, &total);
	provider->ops->find(provider, "twin", symbols, 4);
	for (uint64_t address = 0xffffffff80fffff0; address < 0xffffffff81003000; address += 64)
		provider->ops->symbolize(provider, address, symbols);
	provider->ops->free(provider);
	return true;
}

TEST(elfsym_survives_damage)
{
	const char *given = getenv("FUZZ_RUNS");
	int runs = given ? atoi(given) : 300, answers = 0;
	char *path _cleanup_free_ = mem_printf("%s/damaged", folder),
		   *whole _cleanup_free_ = mem_zero(1 << 20);
	FILE *file = fopen(sample(), "r");
	size_t size = fread(whole, 1, 1 << 20, file);

	fclose(file);
	srandom(4711);
	alarm(600); /* a hang is a failure */
	for (int i = 0; i < runs + 100; i++) {
		char *bytes _cleanup_free_ = mem_zero(size);
		size_t length = i < 100 ? size * (size_t)i / 100 : size;

		memcpy(bytes, whole, size);
		for (int k = 0; i >= 100 && k < 1 + i % 20; k++)
			bytes[(size_t)random() % size] = (char)random();
		file = fopen(path, "w");
		fwrite(bytes, 1, length, file);
		fclose(file);
		answers += ask_everything(path);
	}
	alarm(0);
	CHECK(answers > runs / 10); /* else nothing was tested */
}

TEST_MAIN
