// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/symbol_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
	SYMBOL_ALIASES = 256,        /* symbols at one address that are looked at */
	SYMBOL_MAX_SIZE = 256 << 20, /* more is a gap between sections */
	SYMBOL_LAST_SIZE = 4096,     /* what is granted to the last one */
	SYMBOL_TEXT_CHUNK = 64 << 10,
	SYMBOL_TEXT_MAX = 128 << 20,
	SYMBOL_NAME_MAX = 512, /* KSYM_NAME_LEN since Linux 6.1 */
};

static struct symbol_table *table_of(struct symbol_provider *provider)
{
	return (struct symbol_table *)provider;
}

static char kind_of(const struct symbol_table *table, uint32_t i)
{
	return table->text[table->names[i]];
}

static const char *name_of(const struct symbol_table *table, uint32_t i)
{
	return table->text + table->names[i] + 1;
}

static uint32_t symbol_at(const struct symbol_table *table, uint32_t position)
{
	return table->order ? table->order[position] : position;
}

/* Position, in the order of addresses, of the first symbol beyond `address`. */
static uint32_t position_after(const struct symbol_table *table, uint64_t address)
{
	uint32_t low = 0, high = table->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (table->addresses[symbol_at(table, middle)] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Per-CPU variables have been 'A' wherever their "addresses" are offsets (scripts/kallsyms.c,
 * make_percpus_absolute). */
static bool is_absolute(const struct symbol_table *table, uint32_t i)
{
	return (kind_of(table, i) & ~0x20) == 'A';
}

/* Marks that assemblers leave ("$x" on arm64 and riscv, ".L" labels) name nothing (include/linux/
 * module_symbol.h, is_mapping_symbol). */
static bool is_mark(const char *name)
{
	return name[0] == '$' || !strncmp(name, ".L", 2) || !strncmp(name, "L0", 2) || !*name;
}

static const struct symbol_range *range_of(const struct symbol_table *table, uint64_t address)
{
	for (size_t i = 0; i < table->range_count; i++) {
		if (address >= table->ranges[i].start && address < table->ranges[i].end)
			return &table->ranges[i];
	}
	return NULL;
}

/* Up to the next symbol or the end of the range, as the kernel reckons it in a backtrace. */
static uint64_t size_of(const struct symbol_table *table, uint32_t i)
{
	uint64_t address = table->addresses[i];
	const struct symbol_range *range = is_absolute(table, i) ? NULL : range_of(table, address);
	uint64_t end = range ? range->end : 0;
	uint32_t next;

	if (table->sizes && table->sizes[i])
		return table->sizes[i];
	next = position_after(table, address);
	if (next < table->count) {
		next = symbol_at(table, next);
		if (is_absolute(table, i) == is_absolute(table, next) &&
		    (!range || table->addresses[next] < end))
			end = table->addresses[next];
	}
	return end > address && end - address <= SYMBOL_MAX_SIZE ? end - address : 0;
}

static struct symbol symbol_make(const struct symbol_table *table, uint32_t i)
{
	return (struct symbol){
		.name = name_of(table, i),
		.module = table->provider.module,
		.address = table->addresses[i],
		.size = size_of(table, i),
		.kind = kind_of(table, i),
	};
}

static size_t table_find(struct symbol_provider *provider, const char *name, struct symbol *ret,
			 size_t capacity)
{
	struct symbol_table *table = table_of(provider);
	size_t count = 0;
	uint32_t first = name_index_first(&table->index, name_hash(name));

	for (uint32_t i = first; i != NAME_INDEX_END; i = table->index.next[i]) {
		size_t same = 0, kept = count < capacity ? count : capacity;

		if (strcmp(name_of(table, i), name) != 0)
			continue;
		while (same < kept && ret[same].address != table->addresses[i])
			same++;
		if (same < kept)
			continue;
		if (count < capacity)
			ret[count] = symbol_make(table, i);
		count++;
	}
	return count;
}

/* Of several at one address the first of the table, as the kernel does (get_symbol_pos). */
static bool table_symbolize(struct symbol_provider *provider, uint64_t address, struct symbol *ret)
{
	struct symbol_table *table = table_of(provider);
	const struct symbol_range *range = range_of(table, address);
	uint32_t found = table->count, position;

	if (!range)
		return false;
	position = position_after(table, address);
	for (uint32_t step = 0; position > 0 && step < SYMBOL_ALIASES; step++) {
		uint32_t i = symbol_at(table, --position);

		if (table->addresses[i] < range->start)
			break;
		if (is_absolute(table, i) || is_mark(name_of(table, i)))
			continue;
		if (found < table->count && table->addresses[i] != table->addresses[found])
			break;
		found = i;
	}
	if (found == table->count)
		return false;
	*ret = symbol_make(table, found);
	return true;
}

static void table_names(struct symbol_provider *provider, name_visitor *visit, void *context)
{
	struct symbol_table *table = table_of(provider);

	for (uint32_t i = 0; i < table->count; i++) {
		if (!visit(context, name_of(table, i)))
			return;
	}
}

static void table_free(struct symbol_provider *provider)
{
	symbol_table_free(table_of(provider));
}

static const struct symbol_provider_ops table_ops = {
	.find = table_find,
	.symbolize = table_symbolize,
	.names = table_names,
	.free = table_free,
};

struct symbol_table *symbol_table_new(const char *description, const char *module)
{
	struct symbol_table *table = mem_zero(sizeof(*table));

	table->provider.ops = &table_ops;
	table->description = mem_strdup(description);
	table->module = module ? mem_strdup(module) : NULL;
	table->provider.description = table->description;
	table->provider.module = table->module;
	return table;
}

void symbol_table_free(struct symbol_table *table)
{
	if (!table)
		return;
	name_index_deinit(&table->index);
	free(table->addresses);
	free(table->sizes);
	free(table->order);
	free(table->names);
	free(table->text);
	free(table->description);
	free(table->module);
	free(table);
}

static int compare_addresses(const void *a, const void *b, void *context)
{
	const uint64_t *addresses = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (addresses[x] != addresses[y])
		return addresses[x] < addresses[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Most tables are sorted; one that is not gets an order of its own. */
static void table_sort(struct symbol_table *table)
{
	uint32_t i = 1;

	while (i < table->count && table->addresses[i - 1] <= table->addresses[i])
		i++;
	if (i >= table->count)
		return;
	table->order = mem_resize(NULL, table->count, sizeof(*table->order));
	for (i = 0; i < table->count; i++)
		table->order[i] = i;
	qsort_r(table->order, table->count, sizeof(*table->order), compare_addresses,
		table->addresses);
}

static uint64_t address_of(struct symbol_table *table, const char *name)
{
	struct symbol symbol;

	return table_find(&table->provider, name, &symbol, 1) == 1 ? symbol.address : 0;
}

/* From the first symbol that is not per-CPU to the end of the image, which not every table names.
 */
static void range_guess(struct symbol_table *table)
{
	static const char *const ends[] = {"_end", "_einittext", "_etext"};
	struct symbol_range *range = &table->ranges[0];
	bool is_first = true;

	for (uint32_t position = 0; position < table->count; position++) {
		uint32_t i = symbol_at(table, position);

		if (is_absolute(table, i))
			continue;
		if (is_first)
			range->start = table->addresses[i];
		is_first = false;
		range->end = table->addresses[i] + SYMBOL_LAST_SIZE;
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		uint64_t end = address_of(table, ends[i]);

		if (end > range->start) {
			range->end = end;
			break;
		}
	}
	table->range_count = !is_first;
}

void symbol_table_finish(struct symbol_table *table)
{
	uint32_t data = 0;

	name_index_init(&table->index, table->count);
	for (uint32_t i = table->count; i-- > 0;) {
		char kind = kind_of(table, i) & ~0x20;

		data += kind == 'D' || kind == 'B';
		name_index_add(&table->index, name_hash(name_of(table, i)), i);
	}
	table_sort(table);
	if (!table->range_count)
		range_guess(table);
	/* Without CONFIG_KALLSYMS_ALL there are only what lies in text and a few marks of sections.
	 */
	table->provider.data_symbols = data > table->count / 100;
}

void symbol_table_move(struct symbol_table *table, uint64_t shift)
{
	for (uint32_t i = 0; i < table->count; i++) {
		if (!is_absolute(table, i))
			table->addresses[i] += shift;
	}
	/* What moved and what did not may have changed places. */
	free(table->order);
	table->order = NULL;
	table_sort(table);
	range_guess(table);
}

void symbol_table_add(struct symbol_table *table, struct symbol_text *text, char kind,
		      const char *name, uint64_t address)
{
	size_t length = strnlen(name, SYMBOL_NAME_MAX);

	if (text->length > SYMBOL_TEXT_MAX)
		return;
	if (text->length + length + 2 > text->capacity) {
		text->capacity = 2 * text->capacity + length + SYMBOL_TEXT_CHUNK;
		text->data = mem_resize(text->data, text->capacity, 1);
	}
	table->names[table->count] = text->length;
	table->addresses[table->count++] = address;
	text->data[text->length] = kind;
	memcpy(text->data + text->length + 1, name, length);
	text->data[text->length + 1 + length] = '\0';
	text->length += length + 2;
	table->text = text->data;
}
