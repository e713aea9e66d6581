// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_percpu.c"

#include <string.h>

#include "btf_builder.h"
#include "test.h"

static const char *const names[] = {"cpu_info", "runqueues", "vm_event_states", "softirq", "irq"};
enum { VARIABLES = sizeof(names) / sizeof(*names), SECTION_SIZE = 0x900 };

static uint64_t offset_of_variable(unsigned i)
{
	return 0x100 * (uint64_t)i + 8;
}

static struct type_provider *make_btf(const char *section)
{
	struct btf_builder builder = {0};
	struct btf_origin origin = {.description = "test", .pointer_size = 8};
	struct type_provider *provider = NULL;
	size_t size;

	btf_put_int(&builder, "int", 4, 1, 32); /* 1 */
	for (unsigned i = 0; i < VARIABLES; i++) { /* 2… */
		btf_put_type(&builder, names[i], KIND_VAR, 0, 1);
		btf_put(&builder, 1);
	}
	btf_put_type(&builder, section, KIND_DATASEC, VARIABLES + 1, SECTION_SIZE);
	for (unsigned i = 0; i <= VARIABLES; i++) {
		btf_put(&builder, i < VARIABLES ? 2 + i : 4711); /* one that does not exist */
		btf_put(&builder, offset_of_variable(i));
		btf_put(&builder, 4 + i);
	}
	void *bytes = btf_build(&builder, false, &size);

	CHECK(!src_btf_new(bytes, size, &origin, &provider));
	return provider;
}

/* The first `count` variables, the last of them moved by `error`. */
static struct symbol_provider *make_exported(uint64_t base, unsigned count, uint64_t error)
{
	struct symbol_table *table = symbol_table_new("exported", NULL);
	struct symbol_text text = {0};

	table->addresses = malloc((VARIABLES + 1) * sizeof(*table->addresses));
	table->names = malloc((VARIABLES + 1) * sizeof(*table->names));
	symbol_table_add(table, &text, 'D', "jiffies", 0xffffffff82000000);
	for (unsigned i = 0; i < count; i++)
		symbol_table_add(table, &text, base ? 'D' : 'A', names[i],
				 base + offset_of_variable(i) + (i + 1 == count ? error : 0));
	symbol_table_finish(table);
	return &table->provider;
}

static struct symbol_provider *open_with(const char *section, uint64_t base, unsigned count,
					 uint64_t wrong)
{
	struct type_provider *btf = make_btf(section);
	struct symbol_provider *exported = make_exported(base, count, wrong), *result = NULL;
	struct error *error = src_percpu_new(btf, exported, &result);

	CHECK(!error || error->code == ERROR_NO_SOURCE);
	error_free(error);
	symbol_provider_free(exported);
	type_provider_free(btf);
	return result;
}

TEST(one_base_gives_all_addresses)
{
	/* x86 has offsets, arm64 addresses in the image. */
	static const uint64_t bases[] = {0, 0xffff8000094c9000};

	for (size_t k = 0; k < 2; k++) {
		struct symbol_provider *provider = open_with(".data..percpu", bases[k], 3, 0);
		struct symbol symbol;

		CHECK(provider);
		if (!provider)
			continue;
		for (unsigned i = 0; i < VARIABLES; i++) {
			CHECK(provider->ops->find(provider, names[i], &symbol, 1) == 1);
			CHECK(symbol.address == bases[k] + offset_of_variable(i));
			CHECK(symbol.size == 4 + i);
			CHECK(symbol.kind == (bases[k] ? 'D' : 'A'));
		}
		CHECK(provider->ops->find(provider, "__per_cpu_start", &symbol, 1) == 1);
		CHECK(symbol.address == bases[k]);
		CHECK(provider->ops->find(provider, "__per_cpu_end", &symbol, 1) == 1);
		CHECK(symbol.address == bases[k] + SECTION_SIZE);
		CHECK(!provider->data_symbols && provider->is_partial);
		symbol_provider_free(provider);
	}
}

TEST(a_base_that_is_not_sure_is_none)
{
	CHECK(!open_with(".data..percpu", 0x1000, 2, 0));  /* too few that say so */
	CHECK(!open_with(".data..percpu", 0x1000, 4, 16)); /* one says otherwise */
	CHECK(!open_with(".data", 0x1000, 3, 0));
}

TEST_MAIN
