// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_vmcoreinfo.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dump/vmcoreinfo.h"
#include "types/symbol_table.h"

enum {
	KNOWN_MAX = 256, /* SYMBOL() lines; kernels write about twenty */
};

/* Takes a line apart that reads SYMBOL(name)=ffffffff81000000. */
static bool parse_line(const char *line, size_t length, char name[static 128], uint64_t *ret)
{
	static const char prefix[] = "SYMBOL(";
	const char *end = line + length, *begin = line + sizeof(prefix) - 1, *close;
	char digits[32] = "", *stop;

	if (length < sizeof(prefix) || memcmp(line, prefix, sizeof(prefix) - 1) != 0)
		return false;
	close = memchr(begin, ')', end - begin);
	if (!close || close == begin || close - begin >= 128 || end - close < 3 ||
	    close[1] != '=' || (size_t)(end - close - 2) >= sizeof(digits))
		return false;
	memcpy(name, begin, close - begin);
	name[close - begin] = '\0';
	memcpy(digits, close + 2, end - close - 2);
	*ret = strtoull(digits, &stop, 16);
	return stop != digits && !*stop;
}

struct symbol_provider *src_vmcoreinfo_open(const struct vmcoreinfo *info)
{
	struct symbol_table *table = symbol_table_new("VMCOREINFO", NULL);
	struct symbol_text text = {0};
	char name[128];

	table->addresses = mem_resize(NULL, KNOWN_MAX, sizeof(*table->addresses));
	table->names = mem_resize(NULL, KNOWN_MAX, sizeof(*table->names));
	for (const char *line = vmcoreinfo_text(info); *line && table->count < KNOWN_MAX;) {
		size_t length = strcspn(line, "\n");
		uint64_t address;

		if (parse_line(line, length, name, &address))
			symbol_table_add(table, &text, '?', name, address);
		line += length + (line[length] == '\n');
	}
	/* Too few to say which symbol an address belongs to: an empty range. */
	table->range_count = 1;
	symbol_table_finish(table);
	table->provider.is_partial = true;
	return &table->provider;
}

struct comparison {
	struct symbol_provider *known, *other;
	uint64_t shifts[KNOWN_MAX];
	size_t count;
};

static bool compare_visit(void *context, const char *name)
{
	struct comparison *comparison = context;
	struct symbol known, other;

	if (comparison->count < KNOWN_MAX &&
	    comparison->known->ops->find(comparison->known, name, &known, 1) == 1 &&
	    comparison->other->ops->find(comparison->other, name, &other, 1) == 1)
		comparison->shifts[comparison->count++] = known.address - other.address;
	return true;
}

bool src_vmcoreinfo_compare(struct symbol_provider *known, struct symbol_provider *other,
			    uint64_t *ret_shift, size_t *ret_agree, size_t *ret_differ)
{
	struct comparison comparison = {.known = known, .other = other};
	size_t best = 0;

	known->ops->names(known, compare_visit, &comparison);
	for (size_t i = 0; i < comparison.count; i++) {
		size_t agree = 0;

		for (size_t k = 0; k < comparison.count; k++)
			agree += comparison.shifts[k] == comparison.shifts[i];
		if (agree <= best)
			continue;
		best = agree;
		*ret_shift = comparison.shifts[i];
	}
	*ret_agree = best;
	*ret_differ = comparison.count - best;
	return best > 0;
}
