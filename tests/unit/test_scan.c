// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/scan.c"

#include "kallsyms_builder.h"
#include "test.h"

enum { SYMBOLS = 1500, NAME_SIZE = 24 };

static char names[SYMBOLS][NAME_SIZE];
static struct kallsyms_sample samples[SYMBOLS];

/* An image with other data before the tables, and what VMCOREINFO knows of it. */
static void fill_image(struct memory *memory, enum kallsyms_addressing addressing, bool before)
{
	memset(memory, 0, sizeof(*memory));
	for (unsigned i = 0; i < 10000; i++)
		memory_put(memory, i * 2654435761u, 4);
	for (uint64_t i = 0; i < SYMBOLS; i++) {
		snprintf(names[i], NAME_SIZE, "Tsys_call_%llu_handler", (unsigned long long)i);
		samples[i] = (struct kallsyms_sample){names[i], memory_start + 32 * i};
	}
	samples[0].name = "T_stext";
	samples[SYMBOLS - 1].name = "Dinit_uts_ns";
	put_kallsyms(memory, samples, SYMBOLS, addressing, before);
}

static struct symbol_provider *search(struct memory *memory, uint64_t uts)
{
	char text[128];
	int length = snprintf(text, sizeof(text), "SYMBOL(_stext)=%llx\nSYMBOL(init_uts_ns)=%llx\n",
			      (unsigned long long)memory_start, (unsigned long long)uts);
	struct vmcoreinfo *info = vmcoreinfo_new(text, length);
	struct symbol_provider *known = src_vmcoreinfo_open(info);
	struct shape shape = {.memory = &memory->access, .known = known};
	struct scan scan = {&memory->access, shape_found, &shape};

	scan_run(&scan, memory_start, memory_start + (1 << 20));
	symbol_provider_free(known);
	vmcoreinfo_free(info);
	return shape.result;
}

TEST(tables_are_found_in_either_order)
{
	struct memory *memory = malloc(sizeof(*memory));

	for (int way = KALLSYMS_UNSIGNED; way <= KALLSYMS_ADDRESSES; way++) {
		for (int before = 0; before < 2; before++) {
			if (way == KALLSYMS_PLACE && before)
				continue; /* there was no such kernel */
			fill_image(memory, way, before);
			struct symbol_provider *provider =
				search(memory, memory_start + 32 * (SYMBOLS - 1));
			struct symbol symbol;

			CHECK(provider);
			if (!provider)
				continue;
			CHECK(provider->ops->find(provider, "sys_call_1234_handler", &symbol, 1) ==
			      1);
			CHECK(symbol.address == memory_start + 32 * 1234);
			symbol_provider_free(provider);
		}
	}
	free(memory);
}

TEST(tables_that_contradict_vmcoreinfo_are_not_taken)
{
	struct memory *memory = malloc(sizeof(*memory));

	fill_image(memory, KALLSYMS_PERCPU, false);
	CHECK(!search(memory, memory_start + 8));
	free(memory);
}

TEST(damaged_tables_are_not_taken)
{
	struct memory *memory = malloc(sizeof(*memory));

	fill_image(memory, KALLSYMS_PERCPU, false);
	memory->bytes[memory->tables.num_syms - memory_start] ^= 1; /* markers no longer fit */
	CHECK(!search(memory, memory_start + 32 * (SYMBOLS - 1)));
	fill_image(memory, KALLSYMS_PERCPU, false);
	memory->readable = memory->tables.token_index - memory_start;
	CHECK(!search(memory, memory_start + 32 * (SYMBOLS - 1)));
	free(memory);
}

TEST_MAIN
