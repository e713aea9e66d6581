// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_kallsyms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "types/symbol_table.h"

enum {
	KALLSYMS_MAX_NAMES = 64 << 20, /* compressed bytes */
	KALLSYMS_MAX_TEXT = 128 << 20, /* the same uncompressed */
	KALLSYMS_MAX_NAME = 512,       /* KSYM_NAME_LEN since Linux 6.1 */
	KALLSYMS_TOKENS = 256,
	KALLSYMS_TOKEN_BYTES = 64 << 10, /* their positions have 16 bits */
	KALLSYMS_COPY = 16,
	KALLSYMS_CHUNK = 64 << 10,
	KALLSYMS_GROUP = 256, /* names between two markers */
};

/* Place of a name that is not known. */
#define NAME_UNKNOWN UINT32_MAX

/* The expansion of each byte of a compressed name. Half a million are copied: KALLSYMS_COPY bytes
 * at once are faster than the right number of them. */
struct kallsyms_tokens {
	const char *text[KALLSYMS_TOKENS];
	uint16_t length[KALLSYMS_TOKENS];
	char table[KALLSYMS_TOKEN_BYTES + KALLSYMS_COPY];
};

/* The compressed names, read as far as they are asked for: nothing says where they end. */
struct names_reader {
	const struct kallsyms_memory *memory;
	uint64_t address;
	uint8_t *bytes;
	size_t length, capacity;
};

static bool read_number(const struct kallsyms_memory *memory, uint64_t address, size_t length,
			uint64_t *ret)
{
	uint8_t bytes[8];

	if (!memory->read(memory->context, address, bytes, length))
		return false;
	*ret = kallsyms_number(memory, bytes, length);
	return true;
}

/* Reads up to `length` bytes page by page, as many as can be read. */
static size_t read_most(const struct kallsyms_memory *memory, uint64_t address, void *buffer,
			size_t length)
{
	size_t done = 0;

	if (memory->read(memory->context, address, buffer, length))
		return length;
	while (done < length) {
		size_t step = PATCHY_PAGE - (address + done) % PATCHY_PAGE;

		if (step > length - done)
			step = length - done;
		if (!memory->read(memory->context, address + done, (char *)buffer + done, step))
			break;
		done += step;
	}
	return done;
}

static struct error *tokens_read(const struct kallsyms_memory *memory,
				 const struct kallsyms_tables *tables, struct kallsyms_tokens *ret)
{
	uint8_t positions[KALLSYMS_TOKENS * 2];

	if (!memory->read(memory->context, tables->token_index, positions, sizeof(positions)))
		return error_fault(ERROR_NOT_SAVED, tables->token_index,
				   "kallsyms_token_index cannot be read");
	uint64_t last = kallsyms_number(memory, positions + sizeof(positions) - 2, 2);
	size_t wanted = last + KALLSYMS_MAX_NAME < KALLSYMS_TOKEN_BYTES ? last + KALLSYMS_MAX_NAME
									: KALLSYMS_TOKEN_BYTES;
	size_t length = read_most(memory, tables->token_table, ret->table, wanted);

	if (length <= last)
		return error_fault(ERROR_NOT_SAVED, tables->token_table,
				   "kallsyms_token_table cannot be read");
	ret->table[length] = '\0';
	for (size_t i = 0; i < KALLSYMS_TOKENS; i++) {
		uint64_t position = kallsyms_number(memory, positions + 2 * i, 2);

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
		size_t step = KALLSYMS_CHUNK - from % PATCHY_PAGE;
		size_t got = read_most(reader->memory, from, reader->bytes + reader->length, step);

		if (!got)
			return false;
		reader->length += got;
	}
	return true;
}

/* Appends a name's expansion, NUL-terminated; over-long ones are cut as the kernel does. */
static void text_expand(struct symbol_text *text, const struct kallsyms_tokens *tokens,
			const uint8_t *data, size_t length)
{
	if (text->length + KALLSYMS_MAX_NAME + KALLSYMS_COPY > text->capacity) {
		text->capacity = 2 * text->capacity + KALLSYMS_CHUNK;
		text->data = mem_resize(text->data, text->capacity, 1);
	}
	char *to = text->data + text->length, *end = to + KALLSYMS_MAX_NAME;

	for (size_t i = 0; i < length && to < end; i++) {
		size_t step = tokens->length[data[i]];

		memcpy(to, tokens->text[data[i]], KALLSYMS_COPY);
		if (step > (size_t)(end - to))
			step = end - to;
		if (step > KALLSYMS_COPY)
			memcpy(to, tokens->text[data[i]], step);
		to += step;
	}
	*to = '\0';
	text->length = to + 1 - text->data;
}

/* Takes the length before a name. More than 127 take two bytes since Linux 6.1 (73bbb94466fd);
 * there were none before. */
static size_t name_length(const uint8_t *bytes, size_t *position)
{
	size_t length = bytes[(*position)++];

	return length & 0x80 ? (length & 0x7f) | (size_t)bytes[(*position)++] << 7 : length;
}

/* Expands names until all are there or the table breaks off; returns how many. */
static uint32_t names_expand(struct names_reader *reader, const struct kallsyms_tokens *tokens,
			     uint32_t count, uint32_t *names, struct symbol_text *text)
{
	size_t position = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!names_reach(reader, position + 2) || text->length >= KALLSYMS_MAX_TEXT)
			return i;
		size_t length = name_length(reader->bytes, &position);

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

/* All that lies between the first name and the tokens, for names behind a page that is missing. */
struct names_patch {
	const struct kallsyms_memory *memory;
	uint64_t address;
	uint8_t *bytes, *holes;
	size_t size, markers; /* `markers`: where they begin */
	uint32_t count;
};

static void names_patch_deinit(struct names_patch *patch)
{
	free(patch->bytes);
	free(patch->holes);
}

static size_t marker(const struct names_patch *patch, size_t markers, uint32_t group)
{
	return kallsyms_number(patch->memory, patch->bytes + markers + 4 * (size_t)group, 4);
}

/* Moves past `count` names; false where that leads out of the names or into a hole. */
static bool names_skip(const struct names_patch *patch, size_t *position, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (*position + 2 > patch->size)
			return false;
		size_t start = *position, length = name_length(patch->bytes, position);

		if (!length || length > patch->size - *position)
			return false;
		*position += length;
		if (!patchy_has(patch->holes, patch->address, start, *position - start))
			return false;
	}
	return true;
}

/* Markers ascend from 0, and those of names that can be read are right. */
static bool markers_fit(const struct names_patch *patch, size_t markers)
{
	uint32_t groups = (patch->count + KALLSYMS_GROUP - 1) / KALLSYMS_GROUP;

	if (markers >= patch->size || 4 * (size_t)groups > patch->size - markers ||
	    !patchy_has(patch->holes, patch->address, markers, 4 * (size_t)groups) ||
	    marker(patch, markers, 0))
		return false;
	for (uint32_t i = 0; i + 1 < groups; i++) {
		size_t position = marker(patch, markers, i), next = marker(patch, markers, i + 1);

		if (next < position + 2 * KALLSYMS_GROUP || next >= markers)
			return false;
		if (names_skip(patch, &position, KALLSYMS_GROUP) && position != next)
			return false;
	}
	return true;
}

/* Markers stand before the tokens, in Linux 6.2 and 6.3 with seqs_of_names (of three bytes, at
 * first four) between the two. */
static bool find_markers(struct names_patch *patch)
{
	static const size_t widths[] = {0, 3, 4};
	size_t align = patch->memory->pointer_size;
	size_t groups = (patch->count + KALLSYMS_GROUP - 1) / KALLSYMS_GROUP;

	for (size_t i = 0; i < sizeof(widths) / sizeof(*widths); i++) {
		size_t behind = (widths[i] * patch->count + align - 1) / align * align;
		size_t length = (4 * groups + align - 1) / align * align;

		if (behind + length > patch->size ||
		    !markers_fit(patch, patch->size - behind - length))
			continue;
		patch->markers = patch->size - behind - length;
		return true;
	}
	return false;
}

/* Expands the names of one group as far as they are there. */
static void group_expand(const struct names_patch *patch, const struct kallsyms_tokens *tokens,
			 uint32_t group, uint32_t *names, struct symbol_text *text)
{
	size_t position = marker(patch, patch->markers, group), start = position;

	for (uint32_t i = group * KALLSYMS_GROUP; i < patch->count; i++, start = position) {
		if (i / KALLSYMS_GROUP != group || text->length >= KALLSYMS_MAX_TEXT ||
		    !names_skip(patch, &position, 1))
			return;
		size_t length = name_length(patch->bytes, &start);

		names[i] = text->length;
		text_expand(text, tokens, patch->bytes + start, length);
		if (text->length - names[i] < 2)
			names[i] = NAME_UNKNOWN;
	}
}

/* Goes on with the names behind those that broke off at `done`. */
static void names_patch(struct symbol_table *table, const struct kallsyms_memory *memory,
			const struct kallsyms_tables *tables, const struct kallsyms_tokens *tokens,
			uint32_t done, struct symbol_text *text)
{
	struct names_patch patch _cleanup_(names_patch_deinit) = {
		.memory = memory,
		.address = tables->names,
		.count = table->count,
		.size = tables->token_table - tables->names,
	};

	if (tables->token_table < tables->names || patch.size > KALLSYMS_MAX_NAMES)
		return;
	patch.bytes = mem_zero(patch.size + 1);
	patch.holes = patchy_holes(patch.size);
	patchy_read(memory->read, memory->context, patch.address, patch.bytes, patch.size,
		    patch.holes);
	if (!find_markers(&patch))
		return;
	for (uint32_t i = done / KALLSYMS_GROUP; i * KALLSYMS_GROUP < table->count; i++)
		group_expand(&patch, tokens, i, table->names, text);
}

static struct error *names_read(struct symbol_table *table, const struct kallsyms_memory *memory,
				const struct kallsyms_tables *tables)
{
	struct kallsyms_tokens *tokens _cleanup_free_ = mem_zero(sizeof(*tokens));
	struct error *error = tokens_read(memory, tables, tokens);

	if (error)
		return error;
	struct names_reader reader = {.memory = memory, .address = tables->names};
	struct symbol_text text = {.capacity = 24 * (size_t)table->count};
	uint32_t done;

	text.data = mem_resize(NULL, text.capacity, 1);
	table->names = mem_resize(NULL, table->count, sizeof(*table->names));
	done = names_expand(&reader, tokens, table->count, table->names, &text);
	free(reader.bytes);
	for (uint32_t i = done; i < table->count; i++)
		table->names[i] = NAME_UNKNOWN;
	if (done < table->count)
		names_patch(table, memory, tables, tokens, done, &text);
	table->text = text.data;
	return NULL;
}

/* Linux 4.6 (2213e9a66bb8): with CONFIG_KALLSYMS_ABSOLUTE_PERCPU negative offsets are relative to
 * the base, and positive ones are values; without it all are relative, unsigned and less than 2 GB.
 * Where the base is gone
 * ("kallsyms: Get rid of kallsyms relative base"), each offset is relative to its own place, or, on
 * 32-bit kernels that are not relocatable, the value itself. */
static void offsets_decode(struct symbol_table *table, const struct kallsyms_memory *memory,
			   const struct kallsyms_tables *tables, uint64_t base,
			   const uint8_t *bytes)
{
	bool is_signed = false, is_value = false;
	uint64_t mask = memory->pointer_size == 4 ? UINT32_MAX : UINT64_MAX;

	for (uint32_t i = 0; i < table->count; i++)
		is_signed |= (int32_t)kallsyms_number(memory, bytes + 4 * (size_t)i, 4) < 0;
	if (!tables->relative_base && memory->pointer_size == 4)
		is_value = kallsyms_number(memory, bytes, 4) <= tables->offsets &&
			   kallsyms_number(memory, bytes + 4 * (size_t)(table->count - 1), 4) >=
				   tables->offsets;
	for (uint32_t i = 0; i < table->count; i++) {
		uint32_t raw = kallsyms_number(memory, bytes + 4 * (size_t)i, 4);
		uint64_t offset = (int32_t)raw, address;

		if (is_value)
			address = raw;
		else if (!tables->relative_base)
			address = tables->offsets + 4 * (uint64_t)i + offset;
		else if (!is_signed)
			address = base + raw;
		else
			address = (int32_t)raw >= 0 ? raw : base - 1 - offset;
		table->addresses[i] = address & mask;
	}
}

static struct error *addresses_read(struct symbol_table *table,
				    const struct kallsyms_memory *memory,
				    const struct kallsyms_tables *tables)
{
	bool is_relative = tables->offsets;
	uint64_t place = is_relative ? tables->offsets : tables->addresses, base = 0;
	size_t width = is_relative ? 4 : memory->pointer_size, length = table->count * width;
	uint8_t *bytes _cleanup_free_ = mem_resize(NULL, table->count, width);
	uint8_t *holes _cleanup_free_ = patchy_holes(length);

	if (!patchy_read(memory->read, memory->context, place, bytes, length, holes))
		return error_fault(ERROR_NOT_SAVED, place, "kallsyms addresses cannot be read");
	if (tables->relative_base &&
	    !read_number(memory, tables->relative_base, memory->pointer_size, &base))
		return error_fault(ERROR_NOT_SAVED, tables->relative_base,
				   "kallsyms_relative_base cannot be read");
	table->addresses = mem_resize(NULL, table->count, sizeof(*table->addresses));
	if (is_relative)
		offsets_decode(table, memory, tables, base, bytes);
	for (uint32_t i = 0; i < table->count; i++) {
		if (!is_relative)
			table->addresses[i] = kallsyms_number(memory, bytes + i * width, width);
		if (!patchy_has(holes, place, i * width, width))
			table->names[i] = NAME_UNKNOWN;
	}
	return NULL;
}

/* Closes the gaps that missing pages left. */
static void drop_unknown(struct symbol_table *table)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < table->count; i++) {
		table->names[kept] = table->names[i];
		table->addresses[kept] = table->addresses[i];
		kept += table->names[i] != NAME_UNKNOWN;
	}
	table->provider.is_partial = kept < table->count;
	table->count = kept;
}

static struct error *kallsyms_read(struct symbol_table *table, const struct kallsyms_memory *memory,
				   const struct kallsyms_tables *tables)
{
	uint64_t count;

	if (!read_number(memory, tables->num_syms, 4, &count))
		return error_fault(ERROR_NOT_SAVED, tables->num_syms,
				   "kallsyms_num_syms cannot be read");
	if (!count || count > SYMBOL_TABLE_MAX)
		return error_fault(ERROR_CORRUPT, tables->num_syms, "kallsyms_num_syms is %llu",
				   (unsigned long long)count);
	table->count = count;
	struct error *error = names_read(table, memory, tables);

	if (!error)
		error = addresses_read(table, memory, tables);
	if (error)
		return error;
	drop_unknown(table);
	if (!table->count)
		return error_fault(ERROR_CORRUPT, tables->names, "kallsyms_names cannot be read");
	return NULL;
}

struct error *src_kallsyms_new(const struct kallsyms_memory *memory,
			       const struct kallsyms_tables *tables, const char *description,
			       struct symbol_provider **ret)
{
	struct symbol_table *table _cleanup_(symbol_table_free_cleanup) =
		symbol_table_new(description, NULL);
	struct error *error = kallsyms_read(table, memory, tables);

	if (error)
		return error;
	symbol_table_finish(table);
	*ret = &table->provider;
	table = NULL;
	return NULL;
}

struct dump_memory {
	struct dump *dump;
	struct fault fault; /* of the last read that failed */
};

static bool dump_memory_read(void *context, uint64_t address, void *buffer, size_t length)
{
	struct dump_memory *memory = context;

	return dump_try_read(memory->dump, address, buffer, length, &memory->fault);
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
static struct error *kallsyms_verify(struct symbol_provider *provider,
				     const struct vmcoreinfo *info)
{
	static const char *const names[] = {"_stext", "swapper_pg_dir", "init_uts_ns"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char key[64];
		struct symbol symbol;
		uint64_t want;

		snprintf(key, sizeof(key), "SYMBOL(%s)", names[i]);
		if (!vmcoreinfo_number(info, key, &want) ||
		    provider->ops->find(provider, names[i], &symbol, 1) != 1 ||
		    symbol.address == want)
			continue;
		return error_new(ERROR_CORRUPT, "kallsyms: %s is at 0x%llx, VMCOREINFO says 0x%llx",
				 names[i], (unsigned long long)symbol.address,
				 (unsigned long long)want);
	}
	return NULL;
}

struct error *src_kallsyms_open(struct dump *dump, struct symbol_provider **ret)
{
	const struct vmcoreinfo *info = dump_vmcoreinfo(dump);
	const struct arch *arch = dump_arch(dump);
	struct dump_memory context = {.dump = dump};
	struct kallsyms_memory memory = {dump_memory_read, &context, arch->pointer_size,
					 arch->big_endian};
	struct symbol_provider *provider _cleanup_(symbol_provider_free_cleanup) = NULL;
	struct kallsyms_tables tables;

	if (!tables_named(info, &tables))
		return error_new(ERROR_NO_SOURCE, "VMCOREINFO does not name the kallsyms tables");
	struct error *error = src_kallsyms_new(&memory, &tables, "kallsyms (dump)", &provider);

	if (error) {
		if (error->code == ERROR_NOT_SAVED)
			error->code = context.fault.code;
		return error;
	}
	error = kallsyms_verify(provider, info);
	if (error)
		return error;
	*ret = provider;
	provider = NULL;
	return NULL;
}
