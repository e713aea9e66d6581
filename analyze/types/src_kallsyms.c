// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_kallsyms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "types/name_index.h"
#include "types/source.h"

enum {
	KALLSYMS_MAX_SYMBOLS = 4 << 20,
	KALLSYMS_MAX_NAMES = 64 << 20,  /* compressed bytes */
	KALLSYMS_MAX_TEXT = 256 << 20,  /* the same uncompressed */
	KALLSYMS_MAX_NAME = 512,        /* KSYM_NAME_LEN since Linux 6.1 */
	KALLSYMS_TOKENS = 256,
	KALLSYMS_TOKEN_BYTES = 64 << 10, /* their positions have 16 bits */
	KALLSYMS_CHUNK = 64 << 10,
	KALLSYMS_PAGE = 4096,
	KALLSYMS_ALIASES = 256,         /* symbols at one address that are looked at */
	KALLSYMS_MAX_SYMBOL_SIZE = 256 << 20,
};

struct src_kallsyms {
	struct symbol_provider provider;
	uint32_t count;
	uint64_t *addresses;     /* as the table has them */
	uint32_t *order;         /* positions by ascending address; NULL: the table is in order */
	uint32_t *names;         /* offset in `text` of kind and name */
	char *text;              /* "Tschedule\0", one after the other */
	struct name_index index;
	uint64_t low, high;      /* addresses that belong to the kernel's image */
	char *description;
};

/* The expansion of each byte of a compressed name. */
struct kallsyms_tokens {
	const char *text[KALLSYMS_TOKENS];
	uint16_t length[KALLSYMS_TOKENS];
	char table[KALLSYMS_TOKEN_BYTES + 1];
};

/* The compressed names, read as far as they are asked for: nothing says where they end. */
struct names_reader {
	const struct kallsyms_memory *memory;
	uint64_t address;
	uint8_t *bytes;
	size_t length, capacity;
};

struct text {
	char *data;
	size_t length, capacity;
};

static struct src_kallsyms *kallsyms_of(struct symbol_provider *provider)
{
	return (struct src_kallsyms *)provider;
}

static uint64_t number(const struct kallsyms_memory *memory, const void *bytes, size_t length)
{
	const uint8_t *data = bytes;
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
		value = value << 8 | data[memory->big_endian ? i : length - 1 - i];
	return value;
}

static bool read_number(const struct kallsyms_memory *memory, uint64_t address, size_t length,
			uint64_t *ret)
{
	uint8_t bytes[8];

	if (!memory->read(memory->context, address, bytes, length))
		return false;
	*ret = number(memory, bytes, length);
	return true;
}

/* Reads up to `length` bytes page by page, as many as can be read. */
static size_t read_most(const struct kallsyms_memory *memory, uint64_t address, void *buffer, size_t length)
{
	size_t done = 0;

	if (memory->read(memory->context, address, buffer, length))
		return length;
	while (done < length) {
		size_t step = KALLSYMS_PAGE - (address + done) % KALLSYMS_PAGE;

		if (step > length - done)
			step = length - done;
		if (!memory->read(memory->context, address + done, (char *)buffer + done, step))
			break;
		done += step;
	}
	return done;
}

static struct error *tokens_read(const struct kallsyms_memory *memory, const struct kallsyms_tables *tables,
				 struct kallsyms_tokens *ret)
{
	uint8_t positions[KALLSYMS_TOKENS * 2];

	if (!memory->read(memory->context, tables->token_index, positions, sizeof(positions)))
		return error_fault(ERROR_NOT_SAVED, tables->token_index, "kallsyms_token_index cannot be read");
	uint64_t last = number(memory, positions + sizeof(positions) - 2, 2);
	size_t wanted = last + KALLSYMS_MAX_NAME < KALLSYMS_TOKEN_BYTES ? last + KALLSYMS_MAX_NAME
									 : KALLSYMS_TOKEN_BYTES;
	size_t length = read_most(memory, tables->token_table, ret->table, wanted);

	if (length <= last)
		return error_fault(ERROR_NOT_SAVED, tables->token_table, "kallsyms_token_table cannot be read");
	ret->table[length] = '\0';
	for (size_t i = 0; i < KALLSYMS_TOKENS; i++) {
		uint64_t position = number(memory, positions + 2 * i, 2);

		if (position > last)
			return error_fault(ERROR_CORRUPT, tables->token_index,
					   "kallsyms_token_index is out of order");
		ret->text[i] = ret->table + position;
		ret->length[i] = strnlen(ret->text[i], KALLSYMS_MAX_NAME);
	}
	return NULL;
}

/* Makes bytes up to `end` available. */
static bool names_reach(struct names_reader *reader, size_t end)
{
	while (reader->length < end) {
		if (reader->length + KALLSYMS_CHUNK > KALLSYMS_MAX_NAMES)
			return false;
		if (reader->length + KALLSYMS_CHUNK > reader->capacity) {
			reader->capacity = 2 * reader->capacity + KALLSYMS_CHUNK;
			reader->bytes = mem_resize(reader->bytes, reader->capacity, 1);
		}
		uint64_t from = reader->address + reader->length;
		size_t step = KALLSYMS_CHUNK - from % KALLSYMS_PAGE;
		size_t got = read_most(reader->memory, from, reader->bytes + reader->length, step);

		if (!got)
			return false;
		reader->length += got;
	}
	return true;
}

/* Appends a name's expansion, NUL-terminated; over-long ones are cut as the kernel does. */
static void text_expand(struct text *text, const struct kallsyms_tokens *tokens, const uint8_t *data,
			size_t length)
{
	if (text->length + KALLSYMS_MAX_NAME + 1 > text->capacity) {
		text->capacity = 2 * text->capacity + KALLSYMS_CHUNK;
		text->data = mem_resize(text->data, text->capacity, 1);
	}
	size_t left = KALLSYMS_MAX_NAME;

	for (size_t i = 0; i < length; i++) {
		size_t step = tokens->length[data[i]];

		if (step > left)
			step = left;
		memcpy(text->data + text->length, tokens->text[data[i]], step);
		text->length += step;
		left -= step;
	}
	text->data[text->length++] = '\0';
}

/* Expands names until all are there or the table breaks off; returns how many. Lengths of more than 127
 * take two bytes since Linux 6.1 (73bbb94466fd); there were none before. */
static uint32_t names_expand(struct names_reader *reader, const struct kallsyms_tokens *tokens,
			     uint32_t count, uint32_t *names, struct text *text)
{
	size_t position = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!names_reach(reader, position + 2) || text->length > KALLSYMS_MAX_TEXT)
			return i;
		size_t length = reader->bytes[position++];

		if (length & 0x80)
			length = (length & 0x7f) | (size_t)reader->bytes[position++] << 7;
		if (!length || !names_reach(reader, position + length))
			return i;
		names[i] = text->length;
		text_expand(text, tokens, reader->bytes + position, length);
		if (text->length - names[i] < 2)
			return i;
		position += length;
	}
	return count;
}

static struct error *names_read(struct src_kallsyms *kallsyms, const struct kallsyms_memory *memory,
				const struct kallsyms_tables *tables)
{
	struct kallsyms_tokens *tokens _cleanup_free_ = mem_zero(sizeof(*tokens));
	struct error *error = tokens_read(memory, tables, tokens);

	if (error)
		return error;
	struct names_reader reader = {.memory = memory, .address = tables->names};
	struct text text = {0};
	uint32_t count;

	kallsyms->names = mem_resize(NULL, kallsyms->count, sizeof(*kallsyms->names));
	count = names_expand(&reader, tokens, kallsyms->count, kallsyms->names, &text);
	free(reader.bytes);
	kallsyms->text = text.data;
	if (!count)
		return error_fault(ERROR_CORRUPT, tables->names, "kallsyms_names cannot be read");
	kallsyms->count = count;
	return NULL;
}

/* Linux 4.6 (2213e9a66bb8): with CONFIG_KALLSYMS_ABSOLUTE_PERCPU negative offsets are relative to the base, and
 * positive ones are values; without it all are relative, unsigned and less than 2 GB. Where the base is gone
 * ("kallsyms: Get rid of kallsyms relative base"), each offset is relative to its own place, or, on 32-bit kernels
 * that are not relocatable, the value itself. */
static void offsets_decode(struct src_kallsyms *kallsyms, const struct kallsyms_memory *memory,
			   const struct kallsyms_tables *tables, uint64_t base, const uint8_t *bytes)
{
	bool is_signed = false, is_value = false;
	uint64_t mask = memory->pointer_size == 4 ? UINT32_MAX : UINT64_MAX;

	for (uint32_t i = 0; i < kallsyms->count; i++)
		is_signed |= (int32_t)number(memory, bytes + 4 * (size_t)i, 4) < 0;
	if (!tables->relative_base && memory->pointer_size == 4)
		is_value = number(memory, bytes, 4) <= tables->offsets &&
			   number(memory, bytes + 4 * (size_t)(kallsyms->count - 1), 4) >= tables->offsets;
	for (uint32_t i = 0; i < kallsyms->count; i++) {
		uint32_t raw = number(memory, bytes + 4 * (size_t)i, 4);
		uint64_t offset = (int32_t)raw, address;

		if (is_value)
			address = raw;
		else if (!tables->relative_base)
			address = tables->offsets + 4 * (uint64_t)i + offset;
		else if (!is_signed)
			address = base + raw;
		else
			address = (int32_t)raw >= 0 ? raw : base - 1 - offset;
		kallsyms->addresses[i] = address & mask;
	}
}

static struct error *addresses_read(struct src_kallsyms *kallsyms, const struct kallsyms_memory *memory,
				    const struct kallsyms_tables *tables)
{
	bool is_relative = tables->offsets;
	uint64_t table = is_relative ? tables->offsets : tables->addresses, base = 0;
	size_t width = is_relative ? 4 : memory->pointer_size, length = kallsyms->count * width;
	uint8_t *bytes _cleanup_free_ = mem_resize(NULL, kallsyms->count, width);

	if (!memory->read(memory->context, table, bytes, length))
		return error_fault(ERROR_NOT_SAVED, table, "kallsyms addresses cannot be read");
	if (tables->relative_base &&
	    !read_number(memory, tables->relative_base, memory->pointer_size, &base))
		return error_fault(ERROR_NOT_SAVED, tables->relative_base,
				   "kallsyms_relative_base cannot be read");
	kallsyms->addresses = mem_resize(NULL, kallsyms->count, sizeof(*kallsyms->addresses));
	if (is_relative) {
		offsets_decode(kallsyms, memory, tables, base, bytes);
		return NULL;
	}
	for (uint32_t i = 0; i < kallsyms->count; i++)
		kallsyms->addresses[i] = number(memory, bytes + i * width, width);
	return NULL;
}

static int compare_addresses(const void *a, const void *b, void *context)
{
	const uint64_t *addresses = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (addresses[x] != addresses[y])
		return addresses[x] < addresses[y] ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* The kernel's tables are sorted; one that is not gets an order of its own. */
static void addresses_sort(struct src_kallsyms *kallsyms)
{
	uint32_t i = 1;

	while (i < kallsyms->count && kallsyms->addresses[i - 1] <= kallsyms->addresses[i])
		i++;
	if (i >= kallsyms->count)
		return;
	kallsyms->order = mem_resize(NULL, kallsyms->count, sizeof(*kallsyms->order));
	for (i = 0; i < kallsyms->count; i++)
		kallsyms->order[i] = i;
	qsort_r(kallsyms->order, kallsyms->count, sizeof(*kallsyms->order), compare_addresses,
		kallsyms->addresses);
}

static uint32_t symbol_at(const struct src_kallsyms *kallsyms, uint32_t position)
{
	return kallsyms->order ? kallsyms->order[position] : position;
}

/* Position, in the order of addresses, of the first symbol beyond `address`. */
static uint32_t position_after(const struct src_kallsyms *kallsyms, uint64_t address)
{
	uint32_t low = 0, high = kallsyms->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (kallsyms->addresses[symbol_at(kallsyms, middle)] <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static char symbol_kind(const struct src_kallsyms *kallsyms, uint32_t i)
{
	return kallsyms->text[kallsyms->names[i]];
}

static const char *symbol_name(const struct src_kallsyms *kallsyms, uint32_t i)
{
	return kallsyms->text + kallsyms->names[i] + 1;
}

/* Per-CPU variables have been 'A' wherever their "addresses" are offsets (scripts/kallsyms.c,
 * make_percpus_absolute). */
static bool symbol_is_absolute(const struct src_kallsyms *kallsyms, uint32_t i)
{
	return (symbol_kind(kallsyms, i) & ~0x20) == 'A';
}

static uint64_t symbol_size(const struct src_kallsyms *kallsyms, uint32_t i)
{
	uint32_t next = position_after(kallsyms, kallsyms->addresses[i]);

	if (next == kallsyms->count)
		return 0;
	next = symbol_at(kallsyms, next);
	uint64_t size = kallsyms->addresses[next] - kallsyms->addresses[i];

	if (symbol_is_absolute(kallsyms, i) != symbol_is_absolute(kallsyms, next) ||
	    size > KALLSYMS_MAX_SYMBOL_SIZE)
		return 0;
	return size;
}

static struct symbol symbol_make(const struct src_kallsyms *kallsyms, uint32_t i)
{
	return (struct symbol){
		.name = symbol_name(kallsyms, i),
		.module = kallsyms->provider.module,
		.address = kallsyms->addresses[i],
		.size = symbol_size(kallsyms, i),
		.kind = symbol_kind(kallsyms, i),
	};
}

static size_t kallsyms_find(struct symbol_provider *provider, const char *name, struct symbol *ret,
			    size_t capacity)
{
	struct src_kallsyms *kallsyms = kallsyms_of(provider);
	size_t count = 0;
	uint32_t first = name_index_first(&kallsyms->index, name_hash(name));

	for (uint32_t i = first; i != NAME_INDEX_END; i = kallsyms->index.next[i]) {
		size_t same = 0;

		if (strcmp(symbol_name(kallsyms, i), name) != 0)
			continue;
		while (same < count && same < capacity && ret[same].address != kallsyms->addresses[i])
			same++;
		if (same < count && same < capacity)
			continue;
		if (count < capacity)
			ret[count] = symbol_make(kallsyms, i);
		count++;
	}
	return count;
}

static bool kallsyms_symbolize(struct symbol_provider *provider, uint64_t address, struct symbol *ret)
{
	struct src_kallsyms *kallsyms = kallsyms_of(provider);

	if (address < kallsyms->low || address >= kallsyms->high)
		return false;
	uint32_t position = position_after(kallsyms, address), found = kallsyms->count;

	for (uint32_t step = 0; position > 0 && step < KALLSYMS_ALIASES; step++) {
		uint32_t i = symbol_at(kallsyms, --position);

		if (symbol_is_absolute(kallsyms, i))
			continue;
		if (found < kallsyms->count && kallsyms->addresses[i] != kallsyms->addresses[found])
			break;
		found = i;
	}
	if (found == kallsyms->count)
		return false;
	*ret = symbol_make(kallsyms, found);
	return true;
}

static void kallsyms_names(struct symbol_provider *provider, name_visitor *visit, void *context)
{
	struct src_kallsyms *kallsyms = kallsyms_of(provider);

	for (uint32_t i = 0; i < kallsyms->count; i++) {
		if (!visit(context, symbol_name(kallsyms, i)))
			return;
	}
}

static void kallsyms_free(struct symbol_provider *provider)
{
	struct src_kallsyms *kallsyms = kallsyms_of(provider);

	name_index_deinit(&kallsyms->index);
	free(kallsyms->addresses);
	free(kallsyms->order);
	free(kallsyms->names);
	free(kallsyms->text);
	free(kallsyms->description);
	free(kallsyms);
}

static const struct symbol_provider_ops kallsyms_ops = {
	.find = kallsyms_find,
	.symbolize = kallsyms_symbolize,
	.names = kallsyms_names,
	.free = kallsyms_free,
};

static uint64_t address_of(struct src_kallsyms *kallsyms, const char *name)
{
	struct symbol symbol;

	return kallsyms_find(&kallsyms->provider, name, &symbol, 1) == 1 ? symbol.address : 0;
}

/* What the table says about itself once it is read. */
static void kallsyms_survey(struct src_kallsyms *kallsyms)
{
	static const char *const ends[] = {"_end", "_einittext", "_etext"};
	uint32_t data = 0;
	bool is_first = true;

	name_index_init(&kallsyms->index, kallsyms->count);
	for (uint32_t i = kallsyms->count; i-- > 0;)
		name_index_add(&kallsyms->index, name_hash(symbol_name(kallsyms, i)), i);
	for (uint32_t position = 0; position < kallsyms->count; position++) {
		uint32_t i = symbol_at(kallsyms, position);
		char kind = symbol_kind(kallsyms, i) & ~0x20;

		data += kind == 'D' || kind == 'B';
		if (symbol_is_absolute(kallsyms, i))
			continue;
		if (is_first)
			kallsyms->low = kallsyms->addresses[i];
		is_first = false;
		kallsyms->high = kallsyms->addresses[i] + KALLSYMS_PAGE;
	}
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		uint64_t end = address_of(kallsyms, ends[i]);

		if (end > kallsyms->low) {
			kallsyms->high = end;
			break;
		}
	}
	/* Without CONFIG_KALLSYMS_ALL there are only what lies in text and a few marks of sections. */
	kallsyms->provider.data_symbols = data > kallsyms->count / 100;
}

static struct error *kallsyms_read(struct src_kallsyms *kallsyms, const struct kallsyms_memory *memory,
				   const struct kallsyms_tables *tables)
{
	uint64_t count;

	if (!read_number(memory, tables->num_syms, 4, &count))
		return error_fault(ERROR_NOT_SAVED, tables->num_syms, "kallsyms_num_syms cannot be read");
	if (!count || count > KALLSYMS_MAX_SYMBOLS)
		return error_fault(ERROR_CORRUPT, tables->num_syms, "kallsyms_num_syms is %llu",
				   (unsigned long long)count);
	kallsyms->count = count;
	struct error *error = addresses_read(kallsyms, memory, tables);

	return error ? error : names_read(kallsyms, memory, tables);
}

struct error *src_kallsyms_new(const struct kallsyms_memory *memory, const struct kallsyms_tables *tables,
			       const char *description, struct symbol_provider **ret)
{
	struct src_kallsyms *kallsyms = mem_zero(sizeof(*kallsyms));

	kallsyms->provider.ops = &kallsyms_ops;
	kallsyms->description = mem_strdup(description);
	kallsyms->provider.description = kallsyms->description;
	struct error *error = kallsyms_read(kallsyms, memory, tables);

	if (error) {
		kallsyms_free(&kallsyms->provider);
		return error;
	}
	addresses_sort(kallsyms);
	kallsyms_survey(kallsyms);
	*ret = &kallsyms->provider;
	return NULL;
}

static bool dump_memory_read(void *context, uint64_t address, void *buffer, size_t length)
{
	struct fault fault;

	return dump_try_read(context, address, buffer, length, &fault);
}

/* VMCOREINFO names the tables since Linux 6.0 (5fd8fea935a1, f09bddbd8661). */
static bool tables_named(const struct vmcoreinfo *info, struct kallsyms_tables *ret)
{
	struct kallsyms_tables tables = {0};

	if (!vmcoreinfo_number(info, "SYMBOL(kallsyms_names)", &tables.names) ||
	    !vmcoreinfo_number(info, "SYMBOL(kallsyms_num_syms)", &tables.num_syms) ||
	    !vmcoreinfo_number(info, "SYMBOL(kallsyms_token_table)", &tables.token_table) ||
	    !vmcoreinfo_number(info, "SYMBOL(kallsyms_token_index)", &tables.token_index))
		return false;
	if (!vmcoreinfo_number(info, "SYMBOL(kallsyms_offsets)", &tables.offsets) &&
	    !vmcoreinfo_number(info, "SYMBOL(kallsyms_addresses)", &tables.addresses))
		return false;
	if (tables.offsets &&
	    !vmcoreinfo_number(info, "SYMBOL(kallsyms_relative_base)", &tables.relative_base))
		tables.relative_base = 0;
	*ret = tables;
	return true;
}

/* The addresses VMCOREINFO gives must come out of the tables, too. */
static struct error *kallsyms_verify(struct symbol_provider *provider, const struct vmcoreinfo *info)
{
	static const char *const names[] = {"_stext", "swapper_pg_dir", "init_uts_ns"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char key[64];
		uint64_t want, got = address_of(kallsyms_of(provider), names[i]);

		snprintf(key, sizeof(key), "SYMBOL(%s)", names[i]);
		if (got && vmcoreinfo_number(info, key, &want) && got != want)
			return error_new(ERROR_CORRUPT, "kallsyms: %s is at 0x%llx, VMCOREINFO says 0x%llx",
					 names[i], (unsigned long long)got, (unsigned long long)want);
	}
	return NULL;
}

struct error *src_kallsyms_open(struct dump *dump, struct symbol_provider **ret)
{
	const struct vmcoreinfo *info = dump_vmcoreinfo(dump);
	const struct arch *arch = dump_arch(dump);
	struct kallsyms_memory memory = {dump_memory_read, dump, arch->pointer_size, arch->big_endian};
	struct kallsyms_tables tables;
	struct symbol_provider *provider _cleanup_(symbol_provider_free_cleanup) = NULL;

	if (!tables_named(info, &tables))
		return error_new(ERROR_NO_SOURCE, "VMCOREINFO does not name the kallsyms tables");
	struct error *error = src_kallsyms_new(&memory, &tables, "kallsyms (dump)", &provider);

	if (!error)
		error = kallsyms_verify(provider, info);
	if (error)
		return error;
	*ret = provider;
	provider = NULL;
	return NULL;
}
