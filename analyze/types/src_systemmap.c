// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_systemmap.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "types/file.h"
#include "types/src_vmcoreinfo.h"
#include "types/symbol_table.h"

enum {
	MAP_MAX_BYTES = 128 << 20,
	MAP_MIN_LINE = 8, /* shorter lines name nothing */
	MAP_MIN_SYMBOLS = 100,
	MAP_MIN_AGREE = 3,
};

/* "ffffffff81000000 T _stext", as nm(1) prints it; the name is cut out of the line in place. */
static bool parse_line(char *line, uint64_t *ret_address, char *ret_kind, const char **ret_name)
{
	char *end;

	if (!isxdigit((unsigned char)*line))
		return false;
	*ret_address = strtoull(line, &end, 16);
	if (end[0] != ' ' || !isalpha((unsigned char)end[1]) || end[2] != ' ' || !end[3])
		return false;
	*ret_kind = end[1];
	*ret_name = end + 3;
	end[3 + strcspn(end + 3, " \t\r")] = '\0';
	return true;
}

static void parse_map(char *text, size_t size, struct symbol_table *table)
{
	size_t most = size / MAP_MIN_LINE + 1;
	struct symbol_text names = {0};
	char *rest = text, *line;

	if (most > SYMBOL_TABLE_MAX)
		most = SYMBOL_TABLE_MAX;
	table->addresses = mem_resize(NULL, most, sizeof(*table->addresses));
	table->names = mem_resize(NULL, most, sizeof(*table->names));
	while (table->count < most && (line = strsep(&rest, "\n"))) {
		const char *name;
		uint64_t address;
		char kind;

		if (parse_line(line, &address, &kind, &name))
			symbol_table_add(table, &names, kind, name, address);
	}
}

/* Per-CPU variables that begin at 0 are offsets: they do not move, and kallsyms calls them
 * absolute. */
static void mark_percpu(struct symbol_table *table)
{
	struct symbol start, end;
	struct symbol_provider *provider = &table->provider;

	if (provider->ops->find(provider, "__per_cpu_start", &start, 1) != 1 ||
	    provider->ops->find(provider, "__per_cpu_end", &end, 1) != 1 || start.address != 0)
		return;
	for (uint32_t i = 0; i < table->count; i++) {
		if (table->addresses[i] <= end.address)
			table->text[table->names[i]] = 'A';
	}
}

struct error *src_systemmap_open(const char *path, struct symbol_provider *known,
				 struct symbol_provider **ret)
{
	struct symbol_table *table _cleanup_(symbol_table_free_cleanup) = NULL;
	char *text _cleanup_free_ = NULL, *description _cleanup_free_ = NULL;
	size_t size = 0, agree, differ;
	uint64_t shift;
	struct error *error = file_read(path, MAP_MAX_BYTES, &text, &size);

	if (error)
		return error;
	description = mem_printf("System.map (%s)", path);
	table = symbol_table_new(description, NULL);
	parse_map(text, size, table);
	if (table->count < MAP_MIN_SYMBOLS)
		return error_new(ERROR_INVALID, "%s: not a System.map", path);
	symbol_table_finish(table);
	if (!src_vmcoreinfo_compare(known, &table->provider, &shift, &agree, &differ) ||
	    agree < MAP_MIN_AGREE || agree <= differ)
		return error_new(ERROR_MISMATCH, "%s: of another build of the kernel", path);
	mark_percpu(table);
	symbol_table_move(table, shift);
	*ret = &table->provider;
	table = NULL;
	return NULL;
}
