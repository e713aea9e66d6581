// SPDX-License-Identifier: GPL-2.0-or-later
// A kernel's DWARF describes the same struct in thousands of units. One pass over the top level of
// all units makes an index from names to the first entry of each distinct description; types are
// made of entries when asked for. libdw is trusted to be robust against damaged files; what is
// followed here from entry to entry is bounded.
#include "types/src_dwarf.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwfl.h>
#include <fcntl.h>
#include <gelf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/vec.h"
#include "types/source.h"

enum {
	DWARF_HOPS = 64,	 /* longest chain of qualifiers, typedefs and arrays followed */
	DWARF_DIMENSIONS = 16,	 /* of one array */
	DWARF_SAME_NAME = 64,	 /* descriptions of one name that are kept */
	DWARF_MEMBERS = 65536,	 /* of one struct or enum */
	DWARF_WINDOW = 16 << 20, /* bytes of the file that the indexing pass keeps in memory */
};

static const uint64_t length_limit = UINT64_C(1) << 40; /* of an array, and of a type in bytes */

enum { ENTRY_VARIABLE = 100, ENTRY_NAMELESS_ENUM };

/* One description of a name: where its entry is, and what tells it from others of that name. */
struct entry {
	const char *name;
	void *address; /* of the DIE */
	Dwarf_CU *unit;
	uint32_t size, line;
	uint32_t next; /* position + 1 of another entry of that name */
	uint8_t kind;  /* enum type_kind, or one of these */
	bool is_declaration;
};

/* Entries by name. The first one of a name stays the first one of its chain. */
struct entry_index {
	struct {
		struct entry *items;
		size_t count, capacity;
	} entries;
	struct map names;
};

struct enumerator_place {
	const char *name;
	size_t entry; /* of the enum, in the index of types */
	int64_t value;
	uint32_t next; /* position + 1 of another one of that name */
};

/* The debug data and whatever has to stay open for it. */
struct debug_file {
	int fd;
	void *map;
	size_t map_size;
	Elf *elf;
	Dwfl *dwfl;
	Dwarf *dwarf;
};

struct src_dwarf {
	struct type_provider provider;
	struct type_source source;
	struct debug_file file;
	struct arena *arena;
	uint64_t shift;
	bool big_endian;
	uint8_t pointer_size;
	const char *info_start, *info_end; /* .debug_info */
	bool is_mapped;			   /* it is in the file as it stands there */
	struct entry_index types, variables;
	struct map pointers; /* address of a name in .debug_str -> position + 1 in `types` */
	struct map made;     /* address of a DIE (+ dimension of an array) -> struct dwarf_type */
	struct map enumerator_names;
	struct {
		struct enumerator_place *items;
		size_t count, capacity;
	} enumerators;
};

/* Arrays of several dimensions are one DIE, and one type for each dimension. */
struct dwarf_type {
	struct type type;
	Dwarf_Die die;
	unsigned dimension;
};

static struct src_dwarf *dwarf_of(struct type_provider *provider)
{
	return (struct src_dwarf *)provider;
}

/* ---- DIEs ---- */

static Dwarf_Die entry_die(const struct entry *entry)
{
	return (Dwarf_Die){.addr = entry->address, .cu = entry->unit};
}

/* Next DIE at the same level. A DW_AT_sibling that points backwards would go round for ever. */
static bool die_next(Dwarf_Die *die)
{
	const void *before = die->addr;

	return dwarf_siblingof(die, die) == 0 && (const char *)die->addr > (const char *)before;
}

static bool die_attribute(Dwarf_Die *die, unsigned name, Dwarf_Attribute *ret)
{
	return dwarf_attr_integrate(die, name, ret) != NULL;
}

static bool die_number(Dwarf_Die *die, unsigned name, uint64_t *ret)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;

	if (!die_attribute(die, name, &attribute) || dwarf_formudata(&attribute, &number) < 0)
		return false;
	*ret = number;
	return true;
}

static uint64_t die_number_or(Dwarf_Die *die, unsigned name, uint64_t otherwise)
{
	uint64_t number;

	return die_number(die, name, &number) ? number : otherwise;
}

static bool die_type(Dwarf_Die *die, Dwarf_Die *ret)
{
	Dwarf_Attribute attribute;

	return die_attribute(die, DW_AT_type, &attribute) && dwarf_formref_die(&attribute, ret);
}

static bool die_is_declaration(Dwarf_Die *die)
{
	return dwarf_hasattr(die, DW_AT_declaration);
}

/* libdw checks that strings in .debug_str end, and not those in the entries themselves. */
static const char *checked_text(const struct src_dwarf *self, const char *text)
{
	if (text >= self->info_start && text < self->info_end &&
	    !memchr(text, '\0', (size_t)(self->info_end - text)))
		return NULL;
	return text && *text ? text : NULL;
}

static const char *die_name(const struct src_dwarf *self, Dwarf_Die *die)
{
	return checked_text(self, dwarf_diename(die));
}

/* Past qualifiers; false for void. */
static bool die_unqualified(Dwarf_Die *die)
{
	for (int hop = 0; hop < DWARF_HOPS; hop++) {
		switch (dwarf_tag(die)) {
		case DW_TAG_const_type:
		case DW_TAG_volatile_type:
		case DW_TAG_restrict_type:
		case DW_TAG_atomic_type:
		case DW_TAG_immutable_type:
		case DW_TAG_packed_type:
			if (!die_type(die, die))
				return false;
			break;
		default:
			return true;
		}
	}
	return false;
}

static enum type_kind base_kind(uint64_t encoding)
{
	return encoding == DW_ATE_float || encoding == DW_ATE_complex_float ? TYPE_FLOAT : TYPE_INT;
}

static enum type_kind die_kind(Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_base_type:
		return base_kind(die_number_or(die, DW_AT_encoding, 0));
	case DW_TAG_enumeration_type:
		return TYPE_ENUM;
	case DW_TAG_pointer_type:
	case DW_TAG_reference_type:
	case DW_TAG_rvalue_reference_type:
		return TYPE_POINTER;
	case DW_TAG_array_type:
		return TYPE_ARRAY;
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
		return TYPE_STRUCT;
	case DW_TAG_union_type:
		return TYPE_UNION;
	case DW_TAG_subroutine_type:
	case DW_TAG_subprogram:
		return TYPE_FUNCTION;
	case DW_TAG_typedef:
		return TYPE_TYPEDEF;
	default:
		return TYPE_VOID;
	}
}

/* ---- the index ---- */

static struct entry *index_first(const struct entry_index *index, const char *name)
{
	uintptr_t position = (uintptr_t)map_get(&index->names, name);

	return position ? &index->entries.items[position - 1] : NULL;
}

static struct entry *index_next(const struct entry_index *index, const struct entry *entry)
{
	return entry->next ? &index->entries.items[entry->next - 1] : NULL;
}

/* Puts an entry behind `first` (position + 1, 0: none of that name yet); the position + 1 of the
 * first. */
static size_t index_add(struct entry_index *index, size_t first, const struct entry *entry)
{
	*vec_push(&index->entries) = *entry; // NOLINT(clang-analyzer-core.NullDereference): never NULL
	if (!first) {
		first = index->entries.count;
		map_put(&index->names, entry->name, (void *)first);
		return first;
	}
	index->entries.items[index->entries.count - 1].next = index->entries.items[first - 1].next;
	index->entries.items[first - 1].next = (uint32_t)index->entries.count;
	return first;
}

/* What the indexing pass wants to know of a DIE. */
struct facts {
	const struct src_dwarf *self;
	const char *name;
	bool is_shared_name; /* its address stands for the name */
	bool is_declaration;
	uint64_t size, line, encoding;
};

static int facts_take(Dwarf_Attribute *attribute, void *context)
{
	struct facts *facts = context;
	Dwarf_Word number;

	switch (dwarf_whatattr(attribute)) {
	case DW_AT_name:
		facts->name = checked_text(facts->self, dwarf_formstring(attribute));
		facts->is_shared_name = dwarf_whatform(attribute) != DW_FORM_string;
		break;
	case DW_AT_declaration:
		facts->is_declaration = true;
		break;
	case DW_AT_byte_size:
		facts->size = dwarf_formudata(attribute, &number) < 0 ? 0 : number;
		break;
	case DW_AT_decl_line:
		facts->line = dwarf_formudata(attribute, &number) < 0 ? 0 : number;
		break;
	case DW_AT_encoding:
		facts->encoding = dwarf_formudata(attribute, &number) < 0 ? 0 : number;
		break;
	default:
		break;
	}
	return DWARF_CB_OK;
}

static struct entry facts_entry(const struct facts *facts, const Dwarf_Die *die, int kind)
{
	return (struct entry){.name = facts->name,
			      .address = die->addr,
			      .unit = die->cu,
			      .size = facts->size < UINT32_MAX ? (uint32_t)facts->size : UINT32_MAX,
			      .line = (uint32_t)facts->line,
			      .kind = (uint8_t)kind,
			      .is_declaration = facts->is_declaration};
}

/* Whether both are of one type. Descriptions of one size at one line number are taken to be the
 * same: to compare the members of each of a million structs would cost more than all the rest. */
static bool entry_covers(const struct entry *known, const struct entry *entry)
{
	return known->kind == entry->kind &&
	       (entry->is_declaration || known->is_declaration ||
		(known->size == entry->size && known->line == entry->line));
}

static void enumerators_add(struct src_dwarf *self, size_t position)
{
	Dwarf_Die die = entry_die(&self->types.entries.items[position]);
	size_t steps = 0;

	if (dwarf_child(&die, &die) != 0)
		return;
	do {
		const char *name = die_name(self, &die);

		if (!name)
			continue;
		struct enumerator_place *place = vec_push(&self->enumerators);
		void *number = (void *)self->enumerators.count;

		*place = (struct enumerator_place){
			.name = name,
			.entry = position,
			.value = (int64_t)die_number_or(&die, DW_AT_const_value, 0),
			.next = (uint32_t)(uintptr_t)map_put(&self->enumerator_names, name, number),
		};
	} while (++steps < DWARF_MEMBERS && die_next(&die));
}

/* Keeps an entry that says something new, with its enumerators. */
static void index_type(struct src_dwarf *self, const struct entry *entry, bool is_shared_name)
{
	uint64_t pointer = is_shared_name ? (uintptr_t)entry->name : 0;
	size_t met = pointer ? (uintptr_t)map_get_number(&self->pointers, pointer) : 0;
	size_t first = met ? met : (uintptr_t)map_get(&self->types.names, entry->name);
	struct entry *known = first ? &self->types.entries.items[first - 1] : NULL;
	size_t position = self->types.entries.count;
	int same = 0;

	while (known && same < DWARF_SAME_NAME && !entry_covers(known, entry)) {
		known = index_next(&self->types, known);
		same++;
	}
	if (!known)
		first = index_add(&self->types, first, entry);
	if (pointer && !met)
		map_put_number(&self->pointers, pointer, (void *)first);
	if (known && (same == DWARF_SAME_NAME || !known->is_declaration || entry->is_declaration))
		return;
	if (known) {
		uint32_t next = known->next;

		position = (size_t)(known - self->types.entries.items);
		*known = *entry;
		known->next = next;
	}
	if (entry->kind == TYPE_ENUM || entry->kind == ENTRY_NAMELESS_ENUM)
		enumerators_add(self, position);
}

/* All definitions of a variable are kept, for there are static ones of different types, and a
 * declaration only where nothing else came before. */
static void index_variable(struct src_dwarf *self, const struct entry *entry)
{
	size_t first = (uintptr_t)map_get(&self->variables.names, entry->name);

	if (!first || !entry->is_declaration)
		index_add(&self->variables, first, entry);
}

/* Enums without a name go by that of their first enumerator. */
static const char *first_enumerator(const struct src_dwarf *self, Dwarf_Die *die)
{
	Dwarf_Die child;

	return dwarf_child(die, &child) == 0 ? die_name(self, &child) : NULL;
}

static int facts_kind(struct facts *facts, Dwarf_Die *die)
{
	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
		return TYPE_STRUCT;
	case DW_TAG_union_type:
		return TYPE_UNION;
	case DW_TAG_typedef:
		return TYPE_TYPEDEF;
	case DW_TAG_base_type:
		if (facts->name)
			facts->name = type_int_name(facts->name);
		return base_kind(facts->encoding);
	case DW_TAG_enumeration_type:
		if (facts->name)
			return TYPE_ENUM;
		facts->name = first_enumerator(facts->self, die);
		return ENTRY_NAMELESS_ENUM;
	default:
		/* The definition of a variable that was declared before names its declaration. */
		if (!facts->name)
			facts->name = die_name(facts->self, die);
		return ENTRY_VARIABLE;
	}
}

static void index_die(struct src_dwarf *self, Dwarf_Die *die)
{
	struct facts facts = {.self = self};

	switch (dwarf_tag(die)) {
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
	case DW_TAG_variable:
		break;
	default:
		return;
	}
	dwarf_getattrs(die, facts_take, &facts, 0);
	int kind = facts_kind(&facts, die);

	if (!facts.name)
		return;
	struct entry entry = facts_entry(&facts, die, kind);

	if (kind == ENTRY_VARIABLE)
		index_variable(self, &entry);
	else
		index_type(self, &entry, facts.is_shared_name);
}

/* Rust's types share names with C's and no layouts. */
static bool unit_is_wanted(Dwarf_Die *unit)
{
	return dwarf_srclang(unit) != DW_LANG_Rust;
}

/* The pass touches every page of .debug_info, 160 MB and more; those that it has left behind are
 * given back, and come again from the page cache when a type is asked for. */
static void window_move(const struct src_dwarf *self, const Dwarf_Die *unit, const char **start)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)*start + page - 1) & ~(page - 1);
	uintptr_t to = (uintptr_t)unit->addr & ~(page - 1);

	if (!self->is_mapped || (char *)unit->addr < self->info_start ||
	    (char *)unit->addr >= self->info_end || to < from + DWARF_WINDOW)
		return;
	madvise((void *)from, to - from, MADV_DONTNEED);
	*start = unit->addr;
}

static void index_build(struct src_dwarf *self, Dwarf *dwarf)
{
	const char *window = self->info_start;
	Dwarf_CU *unit = NULL;
	Dwarf_Die top, die;

	while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, &top, NULL) == 0) {
		if (!unit_is_wanted(&top) || dwarf_child(&top, &die) != 0)
			continue;
		do
			index_die(self, &die);
		while (die_next(&die));
		window_move(self, &top, &window);
	}
}

/* The complete description among all units of what `die` declares or describes once more: the first
 * one, so that one struct has one type. A declaration of a struct that has several different
 * descriptions stays one. */
static Dwarf_Die die_canonical(const struct src_dwarf *self, Dwarf_Die *die)
{
	Dwarf_Attribute attribute;

	/* -fdebug-types-section: described in a unit of its own. */
	if (dwarf_attr(die, DW_AT_signature, &attribute))
		dwarf_formref_die(&attribute, die);
	enum type_kind kind = die_kind(die);
	bool is_tagged = kind == TYPE_STRUCT || kind == TYPE_UNION || kind == TYPE_ENUM;
	const char *name = is_tagged || kind == TYPE_TYPEDEF ? die_name(self, die) : NULL;
	const struct entry *only = NULL;

	if (!name)
		return *die;
	bool is_declaration = die_is_declaration(die);
	uint64_t size = die_number_or(die, DW_AT_byte_size, 0);
	uint64_t line = die_number_or(die, DW_AT_decl_line, 0);
	const struct entry *entry = index_first(&self->types, name);

	for (int same = 0; entry && same <= DWARF_SAME_NAME; same++) {
		if (entry->kind == kind && !entry->is_declaration) {
			if (is_declaration && only)
				return *die;
			only = entry;
			if (!is_declaration && entry->size == size && entry->line == line)
				return entry_die(entry);
		}
		entry = index_next(&self->types, entry);
	}
	return is_declaration && only ? entry_die(only) : *die;
}

/* ---- sizes ---- */

/* Elements of the dimensions of an array, outermost first; 0 for a flexible one. */
static unsigned array_lengths(Dwarf_Die *array, uint64_t *lengths)
{
	unsigned count = 0;
	Dwarf_Die die;

	if (dwarf_child(array, &die) != 0)
		return 0;
	do {
		uint64_t number = 0;

		if (dwarf_tag(&die) != DW_TAG_subrange_type)
			continue;
		if (!die_number(&die, DW_AT_count, &number) &&
		    die_number(&die, DW_AT_upper_bound, &number))
			number++;
		lengths[count++] = number < length_limit ? number : 0;
	} while (count < DWARF_DIMENSIONS && die_next(&die));
	return count;
}

/* Product of the lengths from one dimension on, times `size`; 0 where that is absurd. */
static uint64_t array_size(const uint64_t *lengths, unsigned count, unsigned dimension,
			   uint64_t size)
{
	for (; dimension < count; dimension++) {
		if (__builtin_mul_overflow(size, lengths[dimension], &size))
			return 0;
	}
	return size < length_limit ? size : 0;
}

static uint64_t die_size(const struct src_dwarf *self, Dwarf_Die die)
{
	uint64_t lengths[DWARF_DIMENSIONS], times = 1;

	for (int hop = 0; hop < DWARF_HOPS && die_unqualified(&die); hop++) {
		enum type_kind kind = die_kind(&die);

		if (kind == TYPE_FUNCTION || kind == TYPE_VOID)
			return 0;
		if (kind != TYPE_TYPEDEF && kind != TYPE_ARRAY) {
			die = die_canonical(self, &die);
			uint64_t otherwise = kind == TYPE_POINTER ? self->pointer_size : 0;

			return array_size(&times, 1, 0,
					  die_number_or(&die, DW_AT_byte_size, otherwise));
		}
		if (kind == TYPE_ARRAY)
			times = array_size(lengths, array_lengths(&die, lengths), 0, times);
		if (!die_type(&die, &die))
			return 0;
	}
	return 0;
}

/* ---- types ---- */

static const struct type *type_of(struct src_dwarf *self, Dwarf_Die *user);

static void base_fill(struct type *type, Dwarf_Die *die)
{
	uint64_t encoding = die_number_or(die, DW_AT_encoding, 0);

	type->name = type->name ? type_int_name(type->name) : NULL;
	type->is_signed = encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	type->is_bool = encoding == DW_ATE_boolean;
	type->is_char = type->name && !strcmp(type->name, "char");
}

/* The encoding of an enum stands in it (gcc 8 and later), in its integer type, or nowhere: then
 * there are negative values or there are none. */
static bool enum_is_signed(Dwarf_Die *die)
{
	Dwarf_Die base;
	uint64_t encoding, value;

	if (die_number(die, DW_AT_encoding, &encoding))
		return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	if (die_type(die, &base) && die_unqualified(&base) &&
	    die_number(&base, DW_AT_encoding, &encoding))
		return encoding == DW_ATE_signed || encoding == DW_ATE_signed_char;
	if (dwarf_child(die, &base) != 0)
		return false;
	do {
		if (die_number(&base, DW_AT_const_value, &value) && (int64_t)value < 0)
			return true;
	} while (die_next(&base));
	return false;
}

static void array_fill(const struct src_dwarf *self, struct dwarf_type *made)
{
	uint64_t lengths[DWARF_DIMENSIONS];
	unsigned count = array_lengths(&made->die, lengths);
	Dwarf_Die element;

	made->type.length = made->dimension < count ? lengths[made->dimension] : 0;
	if (die_type(&made->die, &element))
		made->type.size =
			array_size(lengths, count, made->dimension, die_size(self, element));
	if (!made->type.size)
		made->type.length = 0;
}

static const struct type *type_make(struct src_dwarf *self, Dwarf_Die die, unsigned dimension)
{
	uint64_t key = (uintptr_t)die.addr + dimension;
	struct dwarf_type *made = map_get_number(&self->made, key);

	if (made)
		return &made->type;
	enum type_kind kind = die_kind(&die);

	if (kind == TYPE_VOID)
		return &type_void;
	made = ARENA_NEW(self->arena, struct dwarf_type);
	made->die = die;
	made->dimension = dimension;
	made->type = (struct type){.kind = kind,
				   .name = die_name(self, &die),
				   .source = &self->source,
				   .id = key,
				   .is_complete = !die_is_declaration(&die)};
	if (kind == TYPE_ARRAY)
		array_fill(self, made);
	else
		made->type.size = die_size(self, die);
	if (kind == TYPE_INT || kind == TYPE_FLOAT)
		base_fill(&made->type, &die);
	else if (kind == TYPE_ENUM)
		made->type.is_signed = enum_is_signed(&die);
	map_put_number(&self->made, key, made);
	return &made->type;
}

/* The type that an entry names as its own; void where it names none. */
static const struct type *type_of(struct src_dwarf *self, Dwarf_Die *user)
{
	Dwarf_Die die;

	if (!die_type(user, &die) || !die_unqualified(&die))
		return &type_void;
	return type_make(self, die_canonical(self, &die), 0);
}

/* Before DWARF 4 a bit-field is counted from the highest bit of a storage unit. */
static uint64_t old_bit_offset(const struct src_dwarf *self, Dwarf_Die *die,
			       const struct type *type, uint64_t from_high, uint64_t bits)
{
	uint64_t unit = die_number_or(die, DW_AT_byte_size, type->size) * 8;

	return self->big_endian ? from_high : unit - from_high - bits;
}

static uint64_t member_offset(Dwarf_Die *die)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(die, DW_AT_data_member_location, &attribute))
		return 0;
	if (dwarf_formudata(&attribute, &number) == 0)
		return number;
	/* DWARF 2: what to do with the address of the struct. */
	if (dwarf_getlocation(&attribute, &ops, &count) == 0 && count == 1 &&
	    ops[0].atom == DW_OP_plus_uconst)
		return ops[0].number;
	return 0;
}

static void member_fill(struct src_dwarf *self, Dwarf_Die *die, struct type_member *ret)
{
	uint64_t bits = die_number_or(die, DW_AT_bit_size, 0), from_high;

	ret->name = die_name(self, die);
	ret->type = type_of(self, die);
	ret->bit_size = bits <= 128 ? (uint32_t)bits : 0;
	if (die_number(die, DW_AT_data_bit_offset, &ret->bit_offset))
		return;
	ret->bit_offset = member_offset(die) * 8;
	if (die_number(die, DW_AT_bit_offset, &from_high))
		ret->bit_offset += old_bit_offset(self, die, ret->type, from_high, bits);
}

static void members_fill(struct src_dwarf *self, struct dwarf_type *made)
{
	struct {
		struct type_member *items;
		size_t count, capacity;
	} members = {0};
	Dwarf_Die die;

	if (dwarf_child(&made->die, &die) != 0)
		return;
	do {
		if (dwarf_tag(&die) == DW_TAG_member)
			member_fill(self, &die, vec_push(&members));
	} while (members.count < DWARF_MEMBERS && die_next(&die));
	if (members.count)
		made->type.members = arena_copy(self->arena, members.items,
						members.count * sizeof(*members.items));
	made->type.member_count = (uint32_t)members.count;
	free(members.items);
}

static void enumerators_fill(struct src_dwarf *self, struct dwarf_type *made)
{
	struct {
		struct type_enumerator *items;
		size_t count, capacity;
	} enumerators = {0};
	Dwarf_Die die;

	if (dwarf_child(&made->die, &die) != 0)
		return;
	do {
		const char *name = die_name(self, &die);

		if (name && dwarf_tag(&die) == DW_TAG_enumerator)
			*vec_push(&enumerators) = (struct type_enumerator){
				name, (int64_t)die_number_or(&die, DW_AT_const_value, 0)};
	} while (enumerators.count < DWARF_MEMBERS && die_next(&die));
	if (enumerators.count)
		made->type.enumerators = arena_copy(self->arena, enumerators.items,
						    enumerators.count * sizeof(*enumerators.items));
	made->type.member_count = (uint32_t)enumerators.count;
	free(enumerators.items);
}

static void dwarf_resolve(struct type_source *source, struct type *type)
{
	struct src_dwarf *self = (void *)((char *)source - offsetof(struct src_dwarf, source));
	struct dwarf_type *made = (struct dwarf_type *)type;
	uint64_t lengths[DWARF_DIMENSIONS];

	type->is_resolved = true;
	switch (type->kind) {
	case TYPE_STRUCT:
	case TYPE_UNION:
		members_fill(self, made);
		break;
	case TYPE_ENUM:
		enumerators_fill(self, made);
		break;
	case TYPE_ARRAY:
		if (made->dimension + 1 < array_lengths(&made->die, lengths))
			type->target = type_make(self, made->die, made->dimension + 1);
		else
			type->target = type_of(self, &made->die);
		break;
	case TYPE_POINTER:
	case TYPE_FUNCTION:
	case TYPE_TYPEDEF:
		type->target = type_of(self, &made->die);
		break;
	default:
		break;
	}
}

/* ---- what symtab.c asks ---- */

static size_t dwarf_find(struct type_provider *provider, enum type_kind kind, const char *name,
			 const struct type **ret, size_t capacity)
{
	struct src_dwarf *self = dwarf_of(provider);
	const struct type *found[DWARF_SAME_NAME], *declared = NULL;
	const struct entry *entry = index_first(&self->types, name);
	size_t count = 0;

	for (; entry && count < DWARF_SAME_NAME; entry = index_next(&self->types, entry)) {
		size_t same = 0;

		if (entry->kind != kind)
			continue;
		const struct type *type = type_make(self, entry_die(entry), 0);

		if (entry->is_declaration) {
			declared = type;
			continue;
		}
		while (same < count && !type_has_same_layout(found[same], type))
			same++;
		if (same == count)
			found[count++] = type;
	}
	if (!count && declared)
		found[count++] = declared;
	for (size_t i = 0; i < count && i < capacity; i++)
		ret[i] = found[i];
	return count;
}

static size_t dwarf_enumerator(struct type_provider *provider, const char *name,
			       struct enumerator_found *ret, size_t capacity)
{
	struct src_dwarf *self = dwarf_of(provider);
	struct enumerator_found found[DWARF_SAME_NAME];
	size_t count = 0;

	size_t position = (uintptr_t)map_get(&self->enumerator_names, name);

	while (position && count < DWARF_SAME_NAME) {
		const struct enumerator_place *place = &self->enumerators.items[position - 1];
		size_t same = 0;

		while (same < count && found[same].value != place->value)
			same++;
		if (same == count) {
			Dwarf_Die die = entry_die(&self->types.entries.items[place->entry]);

			found[count++] =
				(struct enumerator_found){type_make(self, die, 0), place->value};
		}
		position = place->next;
	}
	for (size_t i = 0; i < count && i < capacity; i++)
		ret[i] = found[i];
	return count;
}

static bool variable_address(Dwarf_Die *die, uint64_t *ret)
{
	Dwarf_Attribute attribute, address;
	Dwarf_Addr number;
	Dwarf_Op *ops;
	size_t count;

	if (!dwarf_attr(die, DW_AT_location, &attribute) ||
	    dwarf_getlocation(&attribute, &ops, &count) < 0 || count != 1)
		return false;
	if (ops[0].atom == DW_OP_addr)
		number = ops[0].number;
	else if (dwarf_getlocation_attr(&attribute, ops, &address) < 0 ||
		 dwarf_formaddr(&address, &number) < 0)
		return false;
	*ret = number;
	return true;
}

/* Static variables share names, so a definition must be at the symbol's address: KASLR shifts that,
 * but not per-CPU offsets. Names that only the linker script defines (jiffies) are declared and no
 * more. */
static const struct type *dwarf_variable(struct type_provider *provider,
					 const struct symbol *symbol)
{
	struct src_dwarf *self = dwarf_of(provider);
	const struct entry *entry = index_first(&self->variables, symbol->name);
	const struct type *declared = NULL;

	for (; entry; entry = index_next(&self->variables, entry)) {
		Dwarf_Die die = entry_die(entry);
		uint64_t address;

		if (!variable_address(&die, &address)) {
			declared = type_of(self, &die);
			continue;
		}
		if (self->file.dwfl || address == symbol->address ||
		    address + self->shift == symbol->address)
			return type_of(self, &die);
	}
	return declared;
}

static void dwarf_names(struct type_provider *provider, name_visitor *visit, void *context)
{
	struct src_dwarf *self = dwarf_of(provider);

	for (size_t i = 0; i < self->types.entries.count; i++) {
		if (self->types.entries.items[i].kind != ENTRY_NAMELESS_ENUM &&
		    !visit(context, self->types.entries.items[i].name))
			return;
	}
	for (size_t i = 0; i < self->enumerators.count; i++) {
		if (!visit(context, self->enumerators.items[i].name))
			return;
	}
}

/* ---- opening and closing ---- */

static void debug_file_deinit(struct debug_file *file)
{
	if (file->dwfl)
		dwfl_end(file->dwfl);
	else
		dwarf_end(file->dwarf);
	elf_end(file->elf);
	if (file->map)
		munmap(file->map, file->map_size);
	cleanup_close(&file->fd);
}

static void index_deinit(struct entry_index *index)
{
	map_deinit(&index->names);
	free(index->entries.items);
}

static void dwarf_free(struct type_provider *provider)
{
	struct src_dwarf *self = dwarf_of(provider);

	index_deinit(&self->types);
	index_deinit(&self->variables);
	map_deinit(&self->pointers);
	map_deinit(&self->made);
	map_deinit(&self->enumerator_names);
	free(self->enumerators.items);
	debug_file_deinit(&self->file);
	arena_free(self->arena);
	free(self);
}

static const struct type_provider_ops dwarf_ops = {
	.find = dwarf_find,
	.enumerator = dwarf_enumerator,
	.variable = dwarf_variable,
	.names = dwarf_names,
	.free = dwarf_free,
};

/* Modules are relocatable: their DWARF says nothing until libdwfl has relocated it, and its
 * addresses are of no use then, for it makes them up. */
static int no_other_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
			 const char *file, const char *link, GElf_Word crc, char **ret)
{
	(void)module, (void)data, (void)name, (void)base;
	(void)file, (void)link, (void)crc, (void)ret;
	return -1;
}

static const Dwfl_Callbacks offline = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = no_other_file,
	.section_address = dwfl_offline_section_address,
};

static void debug_file_relocate(struct debug_file *file, const char *path)
{
	Dwarf_Addr bias;

	file->dwfl = dwfl_begin(&offline);
	if (!file->dwfl)
		return;
	Dwfl_Module *module = dwfl_report_offline(file->dwfl, "", path, -1);

	dwfl_report_end(file->dwfl, NULL, NULL);
	file->dwarf = module ? dwfl_module_getdwarf(module, &bias) : NULL;
}

/* The file is mapped by us, not by libelf, so that window_move() can be sure what it gives back. */
static struct error *debug_file_init(const char *path, struct debug_file *ret)
{
	struct debug_file file _cleanup_(debug_file_deinit) = {.fd = -1};
	struct stat status;
	GElf_Ehdr header;

	elf_version(EV_CURRENT);
	file.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (file.fd < 0 || fstat(file.fd, &status) < 0)
		return error_errno("%s", path);
	if (!S_ISREG(status.st_mode) || status.st_size < EI_NIDENT)
		return error_new(ERROR_INVALID, "%s: not an ELF file", path);
	/* libelf notes in its copy of a section's header that it has decompressed the section. */
	void *map = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_NORESERVE, file.fd, 0);

	if (map == MAP_FAILED)
		return error_errno("%s", path);
	file.map = map;
	file.map_size = (size_t)status.st_size;
	file.elf = elf_memory(file.map, file.map_size);
	if (!file.elf || elf_kind(file.elf) != ELF_K_ELF || !gelf_getehdr(file.elf, &header))
		return error_new(ERROR_INVALID, "%s: not an ELF file", path);
	if (header.e_type == ET_REL)
		debug_file_relocate(&file, path);
	else
		file.dwarf = dwarf_begin_elf(file.elf, DWARF_C_READ, NULL);
	if (!file.dwarf)
		return error_new(ERROR_NO_SOURCE, "%s: no DWARF", path);
	*ret = file;
	file = (struct debug_file){.fd = -1};
	return NULL;
}

/* False where there are no entries at all. */
static bool find_debug_info(struct src_dwarf *self)
{
	Elf *elf = dwarf_getelf(self->file.dwarf);
	Elf_Scn *section = NULL;
	GElf_Ehdr header;
	GElf_Shdr section_header;
	size_t names;

	if (!gelf_getehdr(elf, &header) || elf_getshdrstrndx(elf, &names) < 0)
		return false;
	self->big_endian = header.e_ident[EI_DATA] == ELFDATA2MSB;
	self->pointer_size = header.e_ident[EI_CLASS] == ELFCLASS64 ? 8 : 4;
	while ((section = elf_nextscn(elf, section))) {
		const char *name = gelf_getshdr(section, &section_header)
					   ? elf_strptr(elf, names, section_header.sh_name)
					   : NULL;
		Elf_Data *data;

		if (!name ||
		    (strcmp(name, ".debug_info") != 0 && strcmp(name, ".zdebug_info") != 0))
			continue;
		data = elf_rawdata(section, NULL);
		if (!data || !data->d_buf)
			return false;
		self->info_start = data->d_buf;
		self->info_end = self->info_start + data->d_size;
		self->is_mapped = self->info_start >= (char *)self->file.map &&
				  self->info_end <= (char *)self->file.map + self->file.map_size;
		return true;
	}
	return false;
}

struct error *src_dwarf_open(const char *path, uint64_t shift, const char *module,
			     struct type_provider **ret)
{
	struct debug_file file = {.fd = -1};
	struct error *error = debug_file_init(path, &file);

	if (error)
		return error;
	struct src_dwarf *self = mem_zero(sizeof(*self));

	*self = (struct src_dwarf){
		.provider.ops = &dwarf_ops,
		.source.resolve = dwarf_resolve,
		.file = file,
		.arena = arena_new(),
		.shift = shift,
	};
	self->provider.description = arena_printf(self->arena, "DWARF (%s)", path);
	self->provider.module = module ? arena_strdup(self->arena, module) : NULL;
	if (find_debug_info(self))
		index_build(self, file.dwarf);
	/* What dwz has found in several files, it has moved to one of its own. */
	if (dwarf_getalt(file.dwarf))
		index_build(self, dwarf_getalt(file.dwarf));
	map_deinit(&self->pointers);
	if (!self->types.entries.count) {
		dwarf_free(&self->provider);
		return error_new(ERROR_NO_SOURCE, "%s: no types in its DWARF", path);
	}
	*ret = &self->provider;
	return NULL;
}

/* The unit with that address: .debug_aranges say; where there are none (clang) all are asked. */
static bool unit_of_address(Dwarf *dwarf, uint64_t address, Dwarf_Die *ret)
{
	Dwarf_CU *unit = NULL;

	if (dwarf_addrdie(dwarf, address, ret))
		return true;
	while (dwarf_get_units(dwarf, unit, &unit, NULL, NULL, ret, NULL) == 0) {
		if (dwarf_haspc(ret, address) == 1)
			return true;
	}
	return false;
}

bool src_dwarf_line(struct type_provider *provider, uint64_t address, const char **ret_file,
		    uint32_t *ret_line)
{
	struct src_dwarf *self = dwarf_of(provider);
	Dwarf_Die unit;
	int number;

	address -= self->shift;
	if (self->file.dwfl || !unit_of_address(self->file.dwarf, address, &unit))
		return false;
	Dwarf_Line *line = dwarf_getsrc_die(&unit, address);
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;

	if (!file || dwarf_lineno(line, &number) < 0 || number <= 0)
		return false;
	*ret_file = file;
	*ret_line = (uint32_t)number;
	return true;
}
