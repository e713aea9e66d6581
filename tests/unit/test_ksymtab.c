// SPDX-License-Identifier: GPL-2.0-or-later
// Export tables written here into a piece of memory, entry by entry.
#include "types/src_ksymtab.c"

#include <stdio.h>

#include "kallsyms_builder.h"
#include "test.h"

enum {
	ENTRIES = 600,
	VARIABLE_EACH = 5,    /* each fifth entry is a variable */
	PERCPU_VARIABLE = 15, /* of which this one is per-CPU… */
	PERCPU_OFFSET = 0x1a40,
	TABLE_AT = 0x4344, /* not where the search looks */
	STRINGS_AT = 0x18000,
	VARIABLES_AT = 0x20000,
};

/* How a table is written. */
struct layout {
	bool is_relative;
	unsigned words;
	bool big_endian;
	unsigned entries;
};

static const struct layout newest = {true, 3, false, ENTRIES};

static bool is_variable(unsigned i)
{
	return i % VARIABLE_EACH == 0;
}

static uint64_t value_of(unsigned i)
{
	if (i == PERCPU_VARIABLE)
		return PERCPU_OFFSET;
	return memory_start + (is_variable(i) ? VARIABLES_AT + 8 * i : 4 * i);
}

static const char *name_of_entry(unsigned i, char name[static 32])
{
	snprintf(name, 32, "%s_%u", is_variable(i) ? "variable" : "function", i);
	return name;
}

static void put_word(struct memory *memory, const struct layout *layout, uint64_t value)
{
	uint64_t place = memory_start + memory->length;

	memory_put(memory, layout->is_relative ? value - place : value,
		   layout->is_relative ? 4 : 8);
}

static void put_table(struct memory *memory, const struct layout *layout)
{
	uint64_t strings = memory_start + STRINGS_AT;
	char name[32];

	memset(memory, 0, sizeof(*memory));
	memory->big_endian = layout->big_endian;
	memory->length = layout->is_relative ? TABLE_AT : TABLE_AT + 4;
	for (unsigned i = 0; i < layout->entries; i++) {
		const char *text = name_of_entry(i, name);

		put_word(memory, layout, value_of(i));
		put_word(memory, layout, strings);
		if (layout->words == 3)
			put_word(memory, layout, memory_start + STRINGS_AT - 1); /* "" */
		strcpy((char *)memory->bytes + (strings - memory_start), text);
		strings += strlen(text) + 1;
	}
	memory->readable = MEMORY_SIZE;
	memory->access =
		(struct kallsyms_memory){memory_read, memory, 8, layout->big_endian};
}

/* What kallsyms know, moved by `shift`. */
static struct symbol_provider *make_functions(uint64_t shift)
{
	struct symbol_table *table = symbol_table_new("functions", NULL);
	struct symbol_text text = {0};
	char name[32];

	table->addresses = malloc(ENTRIES * sizeof(*table->addresses));
	table->names = malloc(ENTRIES * sizeof(*table->names));
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (!is_variable(i))
			symbol_table_add(table, &text, 'T', name_of_entry(i, name),
					 value_of(i) + shift);
	}
	symbol_table_finish(table);
	return &table->provider;
}

static struct symbol_provider *search_with(struct memory *memory, uint64_t shift)
{
	struct symbol_provider *functions = make_functions(shift), *result = NULL;
	struct ksymtab_search search = {&memory->access, memory_start, memory_start,
					memory_start + MEMORY_SIZE, functions};
	struct error *error = src_ksymtab_new(&search, &result);

	CHECK(!error || error->code == ERROR_NO_SOURCE);
	error_free(error);
	symbol_provider_free(functions);
	return result;
}

/* How many of the variables are found where they are; -1: one is elsewhere. */
static int count_right(struct symbol_provider *provider)
{
	int right = 0;

	for (unsigned i = 0; i < ENTRIES; i++) {
		struct symbol symbol;
		char name[32];

		if (!is_variable(i) ||
		    !provider->ops->find(provider, name_of_entry(i, name), &symbol, 1))
			continue;
		if (symbol.address != value_of(i))
			return -1;
		right++;
	}
	return right;
}

static bool count_visit(void *context, const char *name)
{
	(void)name;
	++*(unsigned *)context;
	return true;
}

TEST(every_form_is_read)
{
	struct memory *memory = malloc(sizeof(*memory));

	for (unsigned way = 0; way < 8; way++) {
		struct layout layout = {way & 1, way & 2 ? 3 : 2, way & 4, ENTRIES};
		unsigned names = 0;

		put_table(memory, &layout);
		struct symbol_provider *provider = search_with(memory, 0);

		CHECK(provider);
		if (!provider)
			continue;
		CHECK(count_right(provider) == ENTRIES / VARIABLE_EACH);
		/* Functions are left to kallsyms, and it does not pretend to have all variables. */
		provider->ops->names(provider, count_visit, &names);
		CHECK(names == ENTRIES / VARIABLE_EACH);
		CHECK(!provider->data_symbols && provider->is_partial);
		symbol_provider_free(provider);
	}
	free(memory);
}

TEST(percpu_variables_are_offsets)
{
	struct memory *memory = malloc(sizeof(*memory));
	struct symbol symbol;

	put_table(memory, &newest);
	struct symbol_provider *provider = search_with(memory, 0);

	CHECK(provider);
	CHECK(provider->ops->find(provider, "variable_15", &symbol, 1) == 1);
	CHECK(symbol.address == PERCPU_OFFSET && symbol.kind == 'A');
	CHECK(provider->ops->find(provider, "variable_20", &symbol, 1) == 1);
	CHECK(symbol.kind == 'D');
	/* Which variable a place between two belongs to, nobody knows. */
	CHECK(!provider->ops->symbolize(provider, symbol.address, &symbol));
	symbol_provider_free(provider);
	free(memory);
}

TEST(a_missing_page_costs_only_its_entries)
{
	struct memory *memory = malloc(sizeof(*memory));
	int lost = PATCHY_PAGE / 12 / VARIABLE_EACH + 1;

	put_table(memory, &newest);
	memory->hole = 0x5000;
	struct symbol_provider *provider = search_with(memory, 0);

	CHECK(provider);
	if (provider) {
		int right = count_right(provider);

		CHECK(right >= ENTRIES / VARIABLE_EACH - lost && right < ENTRIES / VARIABLE_EACH);
	}
	symbol_provider_free(provider);
	free(memory);
}

TEST(a_table_of_another_kernel_is_not_taken)
{
	struct memory *memory = malloc(sizeof(*memory));

	put_table(memory, &newest);
	CHECK(!search_with(memory, 64));
	free(memory);
}

TEST(too_few_entries_are_no_table)
{
	struct layout layout = newest;
	struct memory *memory = malloc(sizeof(*memory));

	layout.entries = 150;
	put_table(memory, &layout);
	CHECK(!search_with(memory, 0));
	free(memory);
}

TEST(names_must_be_names)
{
	struct memory *memory = malloc(sizeof(*memory));

	put_table(memory, &newest);
	memset(memory->bytes + STRINGS_AT, 'a', MEMORY_SIZE - STRINGS_AT); /* without an end */
	CHECK(!search_with(memory, 0));
	put_table(memory, &newest);
	for (size_t i = STRINGS_AT; i < VARIABLES_AT; i++)
		memory->bytes[i] = memory->bytes[i] == '_' ? ' ' : memory->bytes[i];
	CHECK(!search_with(memory, 0));
	free(memory);
}

/* A name that kallsyms have elsewhere may be a mistake of theirs, but not many may be. */
TEST(strangers_are_few)
{
	struct memory *memory = malloc(sizeof(*memory));

	for (unsigned strangers = 1; strangers <= 41; strangers += 40) {
		put_table(memory, &newest);
		for (unsigned i = 0; i < strangers; i++) {
			memory->length = TABLE_AT + 12 * (size_t)(11 + 5 * i);
			put_word(memory, &newest, memory_start + VARIABLES_AT + i);
		}
		struct symbol_provider *provider = search_with(memory, 0);

		CHECK(!provider == (strangers > 1));
		symbol_provider_free(provider);
	}
	free(memory);
}

/* Nothing but entries that nearly are some: the search gives up before long. */
TEST(an_image_full_of_bait_is_survived)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	strcpy((char *)memory->bytes, "x");
	memcpy(memory->bytes + 16, "function_1", 11);
	memory->length = 32;
	while (memory->length + 12 <= MEMORY_SIZE) {
		bool is_bait = memory->length % 5 == 0;

		put_word(memory, &newest, is_bait ? value_of(1) : memory_start + 32);
		put_word(memory, &newest, memory_start + (is_bait ? 16 : 0));
		put_word(memory, &newest, memory_start);
	}
	memory->readable = MEMORY_SIZE;
	memory->access = (struct kallsyms_memory){memory_read, memory, 8, false};
	symbol_provider_free(search_with(memory, 0));
	free(memory);
}

TEST(mutated_tables_are_survived)
{
	struct memory *memory = malloc(sizeof(*memory));
	unsigned int seed = 1;

	for (int i = 0; i < 400; i++) {
		put_table(memory, &newest);
		for (int k = 0; k < 1 + i % 40; k++)
			memory->bytes[TABLE_AT + rand_r(&seed) % (VARIABLES_AT - TABLE_AT)] =
				rand_r(&seed);
		memory->hole = i % 4 ? 0 : 0x1000 * (rand_r(&seed) % 32);
		if (i % 7 == 0)
			memory->readable = rand_r(&seed) % MEMORY_SIZE;
		symbol_provider_free(search_with(memory, 0));
	}
	free(memory);
}

TEST_MAIN
