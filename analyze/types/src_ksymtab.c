// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_ksymtab.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "types/scan.h"
#include "types/symbol_table.h"

enum {
	ENTRIES_MAX = 256 << 10,
	ENTRIES_MIN = 200,    /* the smallest kernels export thousands */
	ENTRIES_PROBE = 16,   /* must have the shape of entries, side by side */
	ENTRIES_PIECE = 1024, /* are read at once */
	FUNCTIONS_MIN = 100,
	FUNCTIONS_PER_STRANGER = 50,	     /* a name of which kallsyms have another address */
	SAME_NAME = 16,			     /* functions of one name that are looked at */
	NAME_MAX_LENGTH = 512,		     /* KSYM_NAME_LEN since Linux 6.1 */
	NAME_DISTANCE = 64,		     /* names stand in a section of their own */
	PERCPU_MAX = 64 << 20,		     /* where per-CPU variables begin at 0 */
	SEARCH_MAX_NAMES = 1 << 18,	     /* that are read where there is no table */
	SEARCH_MAX_TABLES = 16,		     /* that turn out to be something else */
	SEARCH_STEP = 512,		     /* no table is so small */
	ENTRY_MAX_BYTES = 3 * 8,
	PROBE_BYTES = ENTRIES_PROBE * ENTRY_MAX_BYTES,
};
static_assert(ENTRIES_MIN * 2 * 4 > SEARCH_STEP + PROBE_BYTES + ENTRY_MAX_BYTES,
	      "one place that is looked at lies in every table");
static_assert(SEARCH_STEP + PROBE_BYTES + ENTRY_MAX_BYTES <= SCAN_OVERLAP,
	      "a place lies wholly in a piece");

/* struct kernel_symbol: address and name, since Linux 5.4 (8651ec01daed "module: add support for
 * symbol namespaces.") a namespace, too. Each is a pointer, or since Linux 4.19 (7290d5809571
 * "module: use relative references for __ksymtab entries") its distance from its own place. The
 * tables for all and for GPL only stand one behind the other, or are one (55fcb926b6d8 "module: use
 * kflagstab instead of *_gpl sections"). */
struct ksymtab_form {
	bool is_relative;
	uint8_t words;
};

static const struct ksymtab_form forms[] = {{true, 3}, {true, 2}, {false, 3}, {false, 2}};

struct entry {
	uint64_t value, name;
};

struct ksymtab {
	const struct ksymtab_search *search;
	struct ksymtab_form form;
	size_t names_read, tables_tried;
	size_t functions, strangers;
	struct symbol_table *table;
	struct symbol_text text;
	struct symbol_provider *result;
};

static size_t word_size(const struct ksymtab *ksymtab)
{
	return ksymtab->form.is_relative ? 4 : ksymtab->search->memory->pointer_size;
}

static size_t stride_of(const struct ksymtab *ksymtab)
{
	return ksymtab->form.words * word_size(ksymtab);
}

static uint64_t word_at(const struct ksymtab *ksymtab, uint64_t address, const uint8_t *bytes)
{
	const struct kallsyms_memory *memory = ksymtab->search->memory;
	uint64_t word = kallsyms_number(memory, bytes, word_size(ksymtab));

	if (!ksymtab->form.is_relative)
		return word;
	word = address + (uint64_t)(int64_t)(int32_t)word;
	return memory->pointer_size == 4 ? (uint32_t)word : word;
}

static bool is_in_image(const struct ksymtab *ksymtab, uint64_t address)
{
	return address >= ksymtab->search->start && address < ksymtab->search->end;
}

/* Whether what stands at `address` could be an entry, as far as can be told
 * without its name. */
static bool entry_read(const struct ksymtab *ksymtab, uint64_t address, const uint8_t *bytes,
		       struct entry *ret)
{
	size_t width = word_size(ksymtab);
	struct entry entry = {word_at(ksymtab, address, bytes),
			      word_at(ksymtab, address + width, bytes + width)};

	if (!is_in_image(ksymtab, entry.value) && entry.value >= PERCPU_MAX)
		return false;
	if (!is_in_image(ksymtab, entry.name) ||
	    entry.name - address + NAME_DISTANCE < 2 * NAME_DISTANCE)
		return false;
	*ret = entry;
	return true;
}

/* A name that a C compiler could have given. */
static bool name_read(struct ksymtab *ksymtab, uint64_t address, char name[static NAME_MAX_LENGTH])
{
	const struct kallsyms_memory *memory = ksymtab->search->memory;
	size_t length;

	ksymtab->names_read++;
	if (!patchy_read(memory->read, memory->context, address, name, NAME_MAX_LENGTH, NULL))
		return false;
	length = strnlen(name, NAME_MAX_LENGTH);
	if (!length || length == NAME_MAX_LENGTH || isdigit((unsigned char)*name))
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)name[i]) && !strchr("_.$", name[i]))
			return false;
	}
	return true;
}

/* What kallsyms say of an entry. */
enum verdict {
	VERDICT_UNKNOWN, /* nothing: a variable */
	VERDICT_FUNCTION,
	VERDICT_STRANGER, /* that this is the name of something else */
};

static enum verdict entry_judge(const struct ksymtab *ksymtab, const struct entry *entry,
				const char *name)
{
	struct symbol_provider *functions = ksymtab->search->functions;
	struct symbol found[SAME_NAME];
	size_t count = functions->ops->find(functions, name, found, SAME_NAME);

	for (size_t i = 0; i < count && i < SAME_NAME; i++) {
		if (found[i].address == entry->value)
			return VERDICT_FUNCTION;
	}
	return count ? VERDICT_STRANGER : VERDICT_UNKNOWN;
}

static void entry_take(struct ksymtab *ksymtab, const struct entry *entry, const char *name)
{
	enum verdict verdict = entry_judge(ksymtab, entry, name);

	ksymtab->functions += verdict == VERDICT_FUNCTION;
	ksymtab->strangers += verdict == VERDICT_STRANGER;
	if (verdict == VERDICT_UNKNOWN)
		symbol_table_add(ksymtab->table, &ksymtab->text,
				 is_in_image(ksymtab, entry->value) ? 'D' : 'A', name,
				 entry->value);
}

/* Reads entries that stand side by side, up to `most`; those on missing pages
 * are passed over. Returns how many there are. */
static size_t piece_take(struct ksymtab *ksymtab, uint64_t address, size_t most)
{
	const struct kallsyms_memory *memory = ksymtab->search->memory;
	size_t stride = stride_of(ksymtab), size = most * stride, got, at;
	uint8_t *bytes _cleanup_free_ = mem_zero(size), *holes _cleanup_free_ = patchy_holes(size);
	char name[NAME_MAX_LENGTH];
	struct entry entry;

	got = patchy_read(memory->read, memory->context, address, bytes, size, holes);
	for (at = 0; got && at < size; at += stride) {
		if (!patchy_has(holes, address, at, stride))
			continue;
		if (!entry_read(ksymtab, address + at, bytes + at, &entry) ||
		    !name_read(ksymtab, entry.name, name))
			break;
		entry_take(ksymtab, &entry, name);
	}
	return at / stride;
}

static bool table_is_sound(const struct ksymtab *ksymtab, size_t count)
{
	return count >= ENTRIES_MIN && ksymtab->functions >= FUNCTIONS_MIN &&
	       ksymtab->functions / FUNCTIONS_PER_STRANGER >= ksymtab->strangers;
}

static void table_start(struct ksymtab *ksymtab)
{
	ksymtab->table = symbol_table_new("export table (dump)", NULL);
	ksymtab->table->addresses =
		mem_resize(NULL, ENTRIES_MAX, sizeof(*ksymtab->table->addresses));
	ksymtab->table->names = mem_resize(NULL, ENTRIES_MAX, sizeof(*ksymtab->table->names));
	ksymtab->text = (struct symbol_text){0};
	ksymtab->functions = ksymtab->strangers = 0;
}

/* Back to the first entry of a table of which one is at `address`. */
static uint64_t table_begin(struct ksymtab *ksymtab, uint64_t address)
{
	const struct kallsyms_memory *memory = ksymtab->search->memory;
	size_t stride = stride_of(ksymtab), missing = 0;
	uint64_t first = address;
	char name[NAME_MAX_LENGTH];
	uint8_t bytes[ENTRY_MAX_BYTES];
	struct entry entry;

	for (size_t i = 0; i < ENTRIES_MAX && missing * stride < 2 * PATCHY_PAGE; i++) {
		address -= stride;
		if (address < ksymtab->search->first)
			break;
		if (!memory->read(memory->context, address, bytes, stride)) {
			missing++;
			continue;
		}
		if (!entry_read(ksymtab, address, bytes, &entry) ||
		    !name_read(ksymtab, entry.name, name))
			break;
		first = address;
		missing = 0;
	}
	return first;
}

/* Takes the table that has an entry at `address`, if it is one. */
static bool table_take(struct ksymtab *ksymtab, uint64_t address)
{
	size_t count = 0, taken = ENTRIES_PIECE;

	address = table_begin(ksymtab, address);
	table_start(ksymtab);
	while (taken == ENTRIES_PIECE && count < ENTRIES_MAX) {
		taken = piece_take(ksymtab, address + count * stride_of(ksymtab), ENTRIES_PIECE);
		count += taken;
	}
	if (!table_is_sound(ksymtab, count)) {
		symbol_table_free(ksymtab->table);
		return false;
	}
	/* Too few to say which symbol an address belongs to: an empty range. */
	ksymtab->table->range_count = 1;
	symbol_table_finish(ksymtab->table);
	ksymtab->table->provider.data_symbols = false; /* far from all */
	ksymtab->table->provider.is_partial = true;
	ksymtab->result = &ksymtab->table->provider;
	return true;
}

/* Whether entries of this form stand at `bytes`, one of a known function among
 * them. */
static bool is_table(struct ksymtab *ksymtab, uint64_t address, const uint8_t *bytes)
{
	size_t stride = stride_of(ksymtab), in_image = 0;
	struct entry entries[ENTRIES_PROBE];
	char name[NAME_MAX_LENGTH];
	bool is_known = false;

	for (size_t i = 0; i < ENTRIES_PROBE; i++) {
		if (!entry_read(ksymtab, address + i * stride, bytes + i * stride, &entries[i]) ||
		    entries[i].name - address < ENTRIES_MIN * stride)
			return false;
		in_image += is_in_image(ksymtab, entries[i].value);
	}
	if (in_image < ENTRIES_PROBE / 2)
		return false;
	for (size_t i = 0; i < ENTRIES_PROBE; i++) {
		if (!name_read(ksymtab, entries[i].name, name))
			return false;
		is_known |= entry_judge(ksymtab, &entries[i], name) == VERDICT_FUNCTION;
	}
	return is_known;
}

/* Looks at one place, where entries can begin at any multiple of a word's size. */
static bool place_is_it(struct ksymtab *ksymtab, uint64_t address, const uint8_t *bytes)
{
	for (size_t k = 0; k < sizeof(forms) / sizeof(*forms); k++) {
		ksymtab->form = forms[k];
		for (size_t at = 0; at < stride_of(ksymtab); at += word_size(ksymtab)) {
			if (is_table(ksymtab, address + at, bytes + at) &&
			    (table_take(ksymtab, address + at) ||
			     ++ksymtab->tables_tried == SEARCH_MAX_TABLES))
				return true;
		}
	}
	return ksymtab->names_read > SEARCH_MAX_NAMES;
}

static bool ksymtab_found(void *context, uint64_t address, const uint8_t *bytes, size_t length)
{
	size_t first = (SEARCH_STEP - address % SEARCH_STEP) % SEARCH_STEP;

	for (size_t i = first; i + PROBE_BYTES + ENTRY_MAX_BYTES <= length; i += SEARCH_STEP) {
		if (place_is_it(context, address + i, bytes + i))
			return true;
	}
	return false;
}

struct error *src_ksymtab_new(const struct ksymtab_search *search, struct symbol_provider **ret)
{
	struct ksymtab ksymtab = {.search = search};
	struct scan scan = {search->memory, ksymtab_found, &ksymtab};

	scan_run(&scan, search->first, search->end);
	if (!ksymtab.result)
		return error_new(ERROR_NO_SOURCE,
				 "export table: there is none in the kernel's image");
	*ret = ksymtab.result;
	return NULL;
}

struct error *src_ksymtab_open(struct dump *dump, struct symbol_provider *functions,
			       struct symbol_provider **ret)
{
	struct kallsyms_memory memory = scan_memory(dump);
	struct ksymtab_search search = {.memory = &memory, .functions = functions};
	struct symbol text_end;

	if (!scan_image(dump, &search.start, &search.end))
		return error_new(ERROR_NO_SOURCE,
				 "export table: VMCOREINFO does not say where the kernel lies");
	search.first = search.start;
	/* Read-only data lie behind the text (include/asm-generic/vmlinux.lds.h). */
	if (functions->ops->find(functions, "_etext", &text_end, 1) == 1 &&
	    text_end.address > search.start && text_end.address < search.end)
		search.first = text_end.address & ~(uint64_t)(PATCHY_PAGE - 1);
	return src_ksymtab_new(&search, ret);
}
