// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_percpu.h"

#include <stdlib.h>

#include "base/mem.h"
#include "types/src_btf.h"
#include "types/symbol_table.h"

enum {
	PERCPU_VARIABLES_MAX = 64 << 10,
	PERCPU_AGREE = 3, /* variables that must give the same base; most kernels export dozens */
};

struct percpu {
	struct symbol_provider *exported;
	uint64_t base;
	char kind;
	size_t agree, differ;
	struct symbol_table *table; /* NULL: the base is not known yet */
	struct symbol_text text;
};

/* Names of exported symbols are unique in the kernel (scripts/mod/modpost.c), so a per-CPU variable
 * of that name is the one. */
static void base_visit(void *context, const char *name, uint64_t offset, uint64_t size)
{
	struct percpu *percpu = context;
	struct symbol symbol;

	(void)size;
	if (percpu->exported->ops->find(percpu->exported, name, &symbol, 1) != 1)
		return;
	if (!percpu->agree) {
		percpu->base = symbol.address - offset;
		percpu->kind = symbol.kind;
	}
	percpu->agree += percpu->base == symbol.address - offset;
	percpu->differ += percpu->base != symbol.address - offset;
}

static void table_visit(void *context, const char *name, uint64_t offset, uint64_t size)
{
	struct percpu *percpu = context;
	uint32_t count = percpu->table->count;

	if (count >= PERCPU_VARIABLES_MAX)
		return;
	symbol_table_add(percpu->table, &percpu->text, percpu->kind, name, percpu->base + offset);
	if (percpu->table->count > count)
		percpu->table->sizes[count] = size;
}

struct error *src_percpu_new(struct type_provider *btf, struct symbol_provider *exported,
			     struct symbol_provider **ret)
{
	static const char section[] = ".data..percpu";
	struct percpu percpu = {.exported = exported};
	uint64_t size = src_btf_section(btf, section, base_visit, &percpu);
	struct symbol_table *table;

	if (!size)
		return error_new(ERROR_NO_SOURCE, "BTF does not describe the per-CPU variables");
	if (percpu.agree < PERCPU_AGREE || percpu.differ)
		return error_new(ERROR_NO_SOURCE,
				 "nothing says where the per-CPU variables of BTF begin");
	table = percpu.table = symbol_table_new("BTF (per-CPU variables)", NULL);
	table->addresses =
		mem_resize(NULL, PERCPU_VARIABLES_MAX + 2, sizeof(*table->addresses));
	table->names = mem_resize(NULL, PERCPU_VARIABLES_MAX + 2, sizeof(*table->names));
	table->sizes = mem_zero((PERCPU_VARIABLES_MAX + 2) * sizeof(*table->sizes));
	src_btf_section(btf, section, table_visit, &percpu);
	symbol_table_add(table, &percpu.text, percpu.kind, "__per_cpu_start", percpu.base);
	symbol_table_add(table, &percpu.text, percpu.kind, "__per_cpu_end", percpu.base + size);
	/* Which symbol an address belongs to is not asked of them: an empty range. */
	table->range_count = 1;
	symbol_table_finish(table);
	table->provider.data_symbols = false;
	table->provider.is_partial = true;
	*ret = &table->provider;
	return NULL;
}
