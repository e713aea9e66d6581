// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_kallsyms.c"

#include "kallsyms_builder.h"
#include "test.h"
#include "tests/fuzz/fuzz_kallsyms.c"

static const uint64_t text = 0xffffffff81000000;

/* As nm(1) sorts them: per-CPU offsets first, then the image. */
static const struct kallsyms_sample samples[] = {
	{"Arunqueues", 0x31980},
	{"Acpu_number", 0x31d00},
	{"T_text", 0xffffffff81000000},
	{"T_stext", 0xffffffff81000000},
	{"Tsys_read", 0xffffffff81000100},
	{"tirq_handler", 0xffffffff81000180},
	{"t_handler_handler", 0xffffffff81000200},
	{"ta_token_that_is_longer_than_sixteen_letters_x", 0xffffffff81000300},
	{"tsame", 0xffffffff81000400},
	{"Dinit_task", 0xffffffff81100000},
	{"bsame", 0xffffffff81100400},
	{"B_end", 0xffffffff81200000},
};
enum { SAMPLES = sizeof(samples) / sizeof(*samples) };

static struct symbol_provider *open_samples(struct memory *memory,
					    enum kallsyms_addressing addressing, bool before)
{
	struct symbol_provider *provider = NULL;

	memory->tables = (struct kallsyms_tables){0};
	put_kallsyms(memory, samples, SAMPLES, addressing, before);
	struct error *error = src_kallsyms_new(&memory->access, &memory->tables, "test", &provider);

	CHECK(!error);
	error_free(error);
	return provider;
}

static void check_symbol(struct symbol_provider *provider, const char *name, uint64_t address,
			 char kind)
{
	struct symbol symbol;

	CHECK(provider->ops->find(provider, name, &symbol, 1) == 1);
	CHECK_STR(symbol.name, name);
	CHECK(symbol.address == address && symbol.kind == kind);
}

static void check_image(struct symbol_provider *provider)
{
	check_symbol(provider, "_stext", text, 'T');
	check_symbol(provider, "sys_read", text + 0x100, 'T');
	check_symbol(provider, "irq_handler", text + 0x180, 't');
	check_symbol(provider, "_handler_handler", text + 0x200, 't');
	check_symbol(provider, "a_token_that_is_longer_than_sixteen_letters_x", text + 0x300, 't');
	check_symbol(provider, "init_task", text + 0x100000, 'D');
	CHECK(provider->data_symbols && !provider->is_partial);
}

TEST(every_way_to_write_addresses_is_read)
{
	for (int big_endian = 0; big_endian < 2; big_endian++) {
		for (int before = 0; before < 2; before++) {
			for (int way = KALLSYMS_UNSIGNED; way <= KALLSYMS_ADDRESSES; way++) {
				struct memory *memory = calloc(1, sizeof(*memory));

				memory->big_endian = big_endian;
				struct symbol_provider *provider =
					open_samples(memory, way, before);

				check_image(provider);
				symbol_provider_free(provider);
				free(memory);
			}
		}
	}
}

TEST(percpu_variables_are_offsets)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	struct symbol_provider *provider = open_samples(memory, KALLSYMS_PERCPU, false);
	struct symbol symbol;

	check_symbol(provider, "runqueues", 0x31980, 'A');
	check_symbol(provider, "cpu_number", 0x31d00, 'A');
	CHECK(provider->ops->find(provider, "runqueues", &symbol, 1) == 1 && symbol.size == 0x380);
	CHECK(provider->ops->find(provider, "cpu_number", &symbol, 1) == 1 && symbol.size == 0);
	CHECK(!provider->ops->symbolize(provider, 0x31980, &symbol));
	symbol_provider_free(provider);
	free(memory);
}

TEST(addresses_belong_to_the_symbol_before_them)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	struct symbol_provider *provider = open_samples(memory, KALLSYMS_PERCPU, true);
	struct symbol symbol;

	CHECK(provider->ops->symbolize(provider, text + 0x17f, &symbol));
	CHECK_STR(symbol.name, "sys_read");
	CHECK(symbol.size == 0x80);
	CHECK(provider->ops->symbolize(provider, text + 0x180, &symbol));
	CHECK_STR(symbol.name, "irq_handler");
	/* Of two at one address the kernel names the first. */
	CHECK(provider->ops->symbolize(provider, text, &symbol));
	CHECK_STR(symbol.name, "_text");
	CHECK(provider->ops->symbolize(provider, text + 0x1fffff, &symbol));
	CHECK_STR(symbol.name, "same");
	CHECK(!provider->ops->symbolize(provider, text + 0x200000, &symbol));
	CHECK(!provider->ops->symbolize(provider, text - 1, &symbol));
	CHECK(!provider->ops->symbolize(provider, UINT64_MAX, &symbol));
	symbol_provider_free(provider);
	free(memory);
}

TEST(symbols_of_one_name_are_all_found)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	struct symbol_provider *provider = open_samples(memory, KALLSYMS_UNSIGNED, true);
	struct symbol found[2], none;

	CHECK(provider->ops->find(provider, "same", found, 2) == 2);
	CHECK(found[0].address + found[1].address == 2 * text + 0x100800);
	CHECK(provider->ops->find(provider, "same", found, 1) == 2);
	CHECK(provider->ops->find(provider, "absent", &none, 1) == 0);
	symbol_provider_free(provider);
	free(memory);
}

TEST(names_of_more_than_127_bytes_are_read)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	struct symbol_provider *provider = NULL;
	char name[402] = "T";
	struct kallsyms_sample big[] = {{"T_stext", text}, {name, text + 16}, {"Tnext", text + 32}};

	memset(name + 1, 'q', 400);
	put_kallsyms(memory, big, 3, KALLSYMS_UNSIGNED, false);
	struct error *error = src_kallsyms_new(&memory->access, &memory->tables, "test", &provider);

	CHECK(!error);
	check_symbol(provider, name + 1, text + 16, 'T');
	check_symbol(provider, "next", text + 32, 'T');
	/* No variable among them: CONFIG_KALLSYMS_ALL is off. */
	CHECK(!provider->data_symbols);
	symbol_provider_free(provider);
	free(memory);
}

TEST(a_table_out_of_order_is_sorted)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	struct symbol_provider *provider = NULL;
	const struct kallsyms_sample mixed[] = {
		{"Tlast", text + 48}, {"Tfirst", text}, {"Tmiddle", text + 16}};
	struct symbol symbol;

	put_kallsyms(memory, mixed, 3, KALLSYMS_ADDRESSES, true);
	struct error *error = src_kallsyms_new(&memory->access, &memory->tables, "test", &provider);

	CHECK(!error);
	CHECK(provider->ops->symbolize(provider, text + 20, &symbol) && symbol.size == 32);
	CHECK_STR(symbol.name, "middle");
	symbol_provider_free(provider);
	free(memory);
}

/* Names that end where memory does are kept, and the table says that it is not whole. */
TEST(names_that_break_off_are_kept_so_far)
{
	static struct kallsyms_sample many[20000];
	static char names[20000][16];
	struct memory *memory = calloc(1, sizeof(*memory));
	struct symbol_provider *provider = NULL;

	for (int i = 0; i < 15000; i++) {
		snprintf(names[i], sizeof(names[i]), "Tf%d", i);
		many[i] = (struct kallsyms_sample){names[i], text + 16 * (uint64_t)i};
	}
	put_kallsyms(memory, many, 15000, KALLSYMS_UNSIGNED, true);
	/* The tokens are moved to the front so that they stay readable. */
	uint64_t table = memory->tables.token_table, index = memory->tables.token_index;
	struct kallsyms_tables tables = memory->tables;
	size_t cut = (tables.names - memory_start + 50000) & ~(size_t)4095;
	struct memory *moved = calloc(1, sizeof(*moved));
	size_t tokens = (memory_start + memory->length - table + 4095) & ~(size_t)4095;

	memcpy(moved->bytes, memory->bytes + (table - memory_start),
	       memory_start + memory->length - table);
	memcpy(moved->bytes + tokens, memory->bytes, cut);
	moved->readable = tokens + cut;
	moved->access = (struct kallsyms_memory){memory_read, moved, 8, false};
	tables.token_index = memory_start + (index - table);
	tables.token_table = memory_start;
	tables.names += tokens;
	tables.num_syms += tokens;
	tables.offsets += tokens;
	tables.relative_base += tokens;
	struct error *error = src_kallsyms_new(&moved->access, &tables, "test", &provider);

	CHECK(!error && provider->is_partial);
	check_symbol(provider, "f0", text, 'T');
	check_symbol(provider, "f1000", text + 16000, 'T');
	struct symbol symbol;
	CHECK(provider->ops->find(provider, "f14999", &symbol, 1) == 0);
	symbol_provider_free(provider);
	free(moved);
	free(memory);
}

/* Three thousand functions; names take a dozen pages. */
static void put_many(struct memory *memory, enum kallsyms_addressing addressing)
{
	static struct kallsyms_sample many[3000];
	static char names[3000][32];

	for (int i = 0; i < 3000; i++) {
		snprintf(names[i], sizeof(names[i]), "Tfunction_number_%d", i);
		many[i] = (struct kallsyms_sample){names[i], text + 16 * (uint64_t)i};
	}
	memset(memory, 0, sizeof(*memory));
	put_kallsyms(memory, many, 3000, addressing, true);
}

/* How many of them are found where they should be; a wrong address fails. */
static size_t count_many(struct memory *memory)
{
	struct symbol_provider *provider = NULL;
	struct error *error = src_kallsyms_new(&memory->access, &memory->tables, "test", &provider);
	size_t count = 0;

	CHECK(!error);
	error_free(error);
	for (uint64_t i = 0; provider && i < 3000; i++) {
		struct symbol symbol;
		char name[32];

		snprintf(name, sizeof(name), "function_number_%d", (int)i);
		if (!provider->ops->find(provider, name, &symbol, 1))
			continue;
		CHECK(symbol.address == text + 16 * i);
		count++;
	}
	CHECK(provider && provider->is_partial == (count < 3000));
	symbol_provider_free(provider);
	return count;
}

TEST(a_missing_page_of_names_costs_only_what_was_on_it)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	put_many(memory, KALLSYMS_PERCPU);
	CHECK(count_many(memory) == 3000);
	memory->hole = ((memory->tables.names - memory_start) & ~(size_t)4095) + 5 * 4096;
	CHECK(memory->hole + 4096 < memory->tables.token_table - memory_start);
	size_t count = count_many(memory);
	/* A name has 20 bytes, so 200 are on the page, and up to 255 more before the next marker.
	 */
	CHECK(count < 2850 && count > 2500);
	free(memory);
}

TEST(a_missing_page_of_addresses_costs_only_what_was_on_it)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	put_many(memory, KALLSYMS_PERCPU);
	memory->hole = 4096; /* of the offsets, which begin at 0 */
	CHECK(count_many(memory) == 3000 - 1024);
	put_many(memory, KALLSYMS_ADDRESSES);
	memory->hole = 4096;
	CHECK(count_many(memory) == 3000 - 512);
	free(memory);
}

static void check_error(struct memory *memory, enum error_code code)
{
	struct symbol_provider *provider = NULL;
	struct error *error = src_kallsyms_new(&memory->access, &memory->tables, "test", &provider);

	CHECK(error && error->code == code && !provider);
	error_free(error);
}

TEST(tables_that_cannot_be_are_refused)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	symbol_provider_free(open_samples(memory, KALLSYMS_UNSIGNED, false));
	struct kallsyms_tables good = memory->tables;
	uint8_t *count = memory->bytes + (good.num_syms - memory_start);

	memset(count, 0, 4);
	check_error(memory, ERROR_CORRUPT);
	memset(count, 0xff, 4);
	check_error(memory, ERROR_CORRUPT);
	memset(count, 0, 4);
	count[0] = SAMPLES;
	memory->tables.num_syms = 0x1000;
	check_error(memory, ERROR_NOT_SAVED);
	memory->tables = good;
	memory->tables.token_index = 0x1000;
	check_error(memory, ERROR_NOT_SAVED);
	memory->tables = good;
	memory->bytes[good.token_index - memory_start + 101] =
		0xff; /* position 50 beyond the last */
	check_error(memory, ERROR_CORRUPT);
	free(memory);
}

TEST(mutated_tables_are_survived)
{
	struct memory *memory = calloc(1, sizeof(*memory));
	unsigned int seed = 1;

	symbol_provider_free(open_samples(memory, KALLSYMS_PERCPU, false));
	uint8_t *mutant = malloc(FUZZ_HEADER + memory->length);

	for (int i = 0; i < 3000; i++) {
		const uint64_t tables[] = {
			memory->tables.names,       memory->tables.num_syms,
			memory->tables.token_table, memory->tables.token_index,
			memory->tables.offsets,     memory->tables.relative_base};

		mutant[0] = i % 8;
		for (size_t k = 0; k < 6; k++) {
			mutant[1 + 2 * k] = (tables[k] - memory_start) & 0xff;
			mutant[2 + 2 * k] = (tables[k] - memory_start) >> 8;
		}
		memcpy(mutant + FUZZ_HEADER, memory->bytes, memory->length);
		for (int k = 0; k < i % 5; k++)
			mutant[rand_r(&seed) % (FUZZ_HEADER + memory->length)] = rand_r(&seed);
		LLVMFuzzerTestOneInput(mutant, FUZZ_HEADER + memory->length);
	}
	CHECK(memory->length > 0);
	free(mutant);
	free(memory);
}

TEST_MAIN
