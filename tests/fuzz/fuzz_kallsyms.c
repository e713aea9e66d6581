// SPDX-License-Identifier: GPL-2.0-or-later
// kallsyms tables in any memory. The input is a byte of flags (1: big-endian, 2: addresses instead
// of offsets, 4: no base), then six positions of 16 bits (names, num_syms, token_table,
// token_index, offsets or addresses, base), then the memory itself.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "types/source.h"
#include "types/src_kallsyms.h"

enum { FUZZ_HEADER = 13, FUZZ_SYMBOLS_MAX = 2048 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_memory {
	const uint8_t *bytes;
	size_t size;
};

static const uint64_t fuzz_start = 0xffffffff81000000;

static bool fuzz_read(void *context, uint64_t address, void *buffer, size_t length)
{
	const struct fuzz_memory *memory = context;
	uint64_t offset = address - fuzz_start;

	size_t pages = (memory->size + 4095) & ~(size_t)4095, there;

	if (offset > pages || length > pages - offset)
		return false;
	there = offset < memory->size ? memory->size - offset : 0;
	memset(buffer, 0, length);
	memcpy(buffer, memory->bytes + (there ? offset : 0), there < length ? there : length);
	return true;
}

/* More symbols than there is room for names only take time. */
static bool is_huge(const struct kallsyms_memory *memory, const struct kallsyms_tables *tables)
{
	uint8_t count[4];

	return memory->read(memory->context, tables->num_syms, count, sizeof(count)) &&
	       kallsyms_number(memory, count, sizeof(count)) > FUZZ_SYMBOLS_MAX;
}

static bool fuzz_name(void *context, const char *name)
{
	struct symbol_provider *provider = context;
	struct symbol found[2], symbol;
	size_t count = provider->ops->find(provider, name, found, 2);

	for (size_t i = 0; i < count && i < 2; i++)
		provider->ops->symbolize(provider, found[i].address + found[i].size / 2, &symbol);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < FUZZ_HEADER || size > 1 << 16)
		return 0;
	struct fuzz_memory bytes = {data + FUZZ_HEADER, size - FUZZ_HEADER};
	struct kallsyms_memory memory = {fuzz_read, &bytes, 8, data[0] & 1};
	struct symbol_provider *provider = NULL;
	struct kallsyms_tables tables = {0};
	uint64_t *const places[] = {&tables.names,
				    &tables.num_syms,
				    &tables.token_table,
				    &tables.token_index,
				    data[0] & 2 ? &tables.addresses : &tables.offsets,
				    &tables.relative_base};

	for (size_t i = 0; i < 6; i++)
		*places[i] = fuzz_start + (data[1 + 2 * i] | data[2 + 2 * i] << 8);
	if (data[0] & 4)
		tables.relative_base = 0;
	if (is_huge(&memory, &tables))
		return 0;
	error_free(src_kallsyms_new(&memory, &tables, "fuzz", &provider));
	if (!provider)
		return 0;
	provider->ops->names(provider, fuzz_name, provider);
	symbol_provider_free(provider);
	return 0;
}
