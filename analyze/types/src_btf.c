// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_btf.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "base/vec.h"
#include "types/name_index.h"
#include "types/source.h"

enum btf_kind {
	BTF_VOID,
	BTF_INT,
	BTF_PTR,
	BTF_ARRAY,
	BTF_STRUCT,
	BTF_UNION,
	BTF_ENUM,
	BTF_FWD,
	BTF_TYPEDEF,
	BTF_VOLATILE,
	BTF_CONST,
	BTF_RESTRICT,
	BTF_FUNC,
	BTF_FUNC_PROTO,
	BTF_VAR,
	BTF_DATASEC,
	BTF_FLOAT,
	BTF_DECL_TAG,
	BTF_TYPE_TAG,
	BTF_ENUM64,
	BTF_KINDS,
};

enum {
	BTF_MAGIC = 0xeb9f,
	BTF_HOPS = 64,       /* longest chain of qualifiers, typedefs and arrays followed */
	BTF_SAME_NAME = 256, /* types of one name that are looked at */
	BTF_TYPE_WORDS = 3,  /* name, info, size or type */
	BTF_INT_IS_SIGNED = 1 << 24,
	BTF_INT_IS_BOOL = 1 << 26,
};

/* Behind each type stand `fixed` words, and `each` words for each of its vlen elements. */
struct btf_kind_shape {
	uint8_t fixed, each;
	bool is_named;     /* its name is asked for */
	bool is_qualifier; /* stands for the type it refers to */
	enum type_kind kind;
};

static const struct btf_kind_shape shapes[] = {
	[BTF_VOID] = {.kind = TYPE_VOID},
	[BTF_INT] = {.fixed = 1, .is_named = true, .kind = TYPE_INT},
	[BTF_PTR] = {.kind = TYPE_POINTER},
	[BTF_ARRAY] = {.fixed = 3, .kind = TYPE_ARRAY},
	[BTF_STRUCT] = {.each = 3, .is_named = true, .kind = TYPE_STRUCT},
	[BTF_UNION] = {.each = 3, .is_named = true, .kind = TYPE_UNION},
	[BTF_ENUM] = {.each = 2, .is_named = true, .kind = TYPE_ENUM},
	[BTF_FWD] = {.is_named = true, .kind = TYPE_STRUCT},
	[BTF_TYPEDEF] = {.is_named = true, .kind = TYPE_TYPEDEF},
	[BTF_VOLATILE] = {.is_qualifier = true},
	[BTF_CONST] = {.is_qualifier = true},
	[BTF_RESTRICT] = {.is_qualifier = true},
	[BTF_FUNC] = {.is_qualifier = true},
	[BTF_FUNC_PROTO] = {.each = 2, .kind = TYPE_FUNCTION},
	[BTF_VAR] = {.fixed = 1, .is_named = true, .is_qualifier = true},
	[BTF_DATASEC] = {.each = 3},
	[BTF_FLOAT] = {.is_named = true, .kind = TYPE_FLOAT},
	[BTF_DECL_TAG] = {.fixed = 1, .is_qualifier = true},
	[BTF_TYPE_TAG] = {.is_qualifier = true},
	[BTF_ENUM64] = {.each = 3, .is_named = true, .kind = TYPE_ENUM},
};
static_assert(sizeof(shapes) / sizeof(*shapes) == BTF_KINDS, "a shape for each kind");

struct btf_header {
	uint16_t magic;
	uint8_t version;
	uint8_t flags;
	uint32_t header_size;
	uint32_t type_offset, type_size;
	uint32_t string_offset, string_size;
	/* Newer BTF ends with sizes for each kind of type, for readers that do not know them all.
	 */
	uint32_t layout_offset, layout_size;
};

/* What the layout section says of a kind: bytes behind each type, and for each of its elements. */
struct btf_layout {
	uint8_t fixed, each;
	uint16_t flags;
};

/* An enumerator: word position of its name and value, and the type it belongs to. */
struct btf_enumerator {
	uint32_t position;
	uint32_t id;
};

struct src_btf {
	struct type_provider provider;
	struct type_source source;
	struct src_btf *base;       /* vmlinux's, when this is a module's */
	struct src_btf *stands_for; /* vmlinux's, when this is a distilled copy */
	struct arena *arena;
	void *bytes;
	const uint32_t *words; /* the type section, in our byte order */
	uint32_t word_count;
	const char *layouts; /* struct btf_layout of each kind */
	uint32_t layout_count;
	const char *strings; /* ends with NUL */
	uint32_t string_size;
	uint32_t string_span;      /* what the header says string_size is */
	uint32_t first_string;     /* offset of our first string: those before are the base's */
	uint32_t first_id;         /* of our first type */
	uint32_t count;            /* types of our own */
	uint32_t *positions;       /* word position of each */
	const struct type **types; /* those made so far */
	struct name_index names;   /* of types, by id - first_id */
	struct {
		struct btf_enumerator *items;
		size_t count, capacity;
	} enumerators;
	struct name_index enumerator_names; /* by position in `enumerators` */
	const char *problem;
	bool signs_enums; /* tells signed enums from unsigned ones, see enum_is_signed() */
	uint8_t pointer_size;
};

/* A type as it stands in its section, wherever that is. */
struct btf_record {
	struct src_btf *btf;
	uint32_t id;
	const uint32_t *words;
	enum btf_kind kind;
	uint32_t vlen;
	bool flag;
};

static struct src_btf *btf_of(struct type_provider *provider)
{
	return (struct src_btf *)provider;
}

static bool header_read(const void *bytes, size_t size, struct btf_header *ret, bool *ret_swapped)
{
	const size_t least = offsetof(struct btf_header, layout_offset);
	struct btf_header header = {0};

	if (size < least)
		return false;
	memcpy(&header, bytes, size < sizeof(header) ? size : sizeof(header));
	bool swapped = header.magic == __builtin_bswap16(BTF_MAGIC);
	if (!swapped && header.magic != BTF_MAGIC)
		return false;
	uint32_t *numbers[] = {&header.header_size,   &header.type_offset, &header.type_size,
			       &header.string_offset, &header.string_size, &header.layout_offset,
			       &header.layout_size};
	for (size_t i = 0; swapped && i < sizeof(numbers) / sizeof(*numbers); i++)
		*numbers[i] = __builtin_bswap32(*numbers[i]);
	if (header.version != 1 || header.header_size < least)
		return false;
	if (header.header_size < sizeof(header) || size < sizeof(header))
		header.layout_offset = header.layout_size = 0;
	*ret = header;
	*ret_swapped = swapped;
	return true;
}

size_t btf_size(const void *bytes, size_t size)
{
	struct btf_header header;
	bool swapped;

	if (!header_read(bytes, size, &header, &swapped) || !header.string_size)
		return 0;
	const uint64_t ends[] = {(uint64_t)header.type_offset + header.type_size,
				 (uint64_t)header.string_offset + header.string_size,
				 (uint64_t)header.layout_offset + header.layout_size};
	uint64_t last = 0;

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		last = ends[i] > last ? ends[i] : last;
	return last + header.header_size > BTF_MAX_BYTES ? 0 : last + header.header_size;
}

bool btf_is_whole(const void *bytes, size_t size)
{
	struct btf_header header;
	bool swapped;

	if (!header_read(bytes, size, &header, &swapped))
		return true;
	uint64_t first = (uint64_t)header.header_size + header.string_offset;

	return first >= size || (header.string_size && !((const char *)bytes)[first]);
}

/* Part of the bytes, cut off at their end. */
static char *section(char *bytes, size_t size, uint64_t offset, uint32_t length,
		     uint32_t *ret_length)
{
	if (offset > size)
		offset = size;
	*ret_length = length < size - offset ? length : size - offset;
	return bytes + offset;
}

/* Every field of a type is a word of 32 bits, so the whole section can be turned to our byte order
 * at once. */
static void take_types(struct src_btf *btf, char *bytes, uint32_t length, bool swapped)
{
	btf->word_count = length / sizeof(uint32_t);
	if (!swapped && (uintptr_t)bytes % sizeof(uint32_t) == 0) {
		btf->words = (const uint32_t *)(void *)bytes;
		return;
	}
	uint32_t *words = arena_copy(btf->arena, bytes, btf->word_count * sizeof(*words));

	for (uint32_t i = 0; swapped && i < btf->word_count; i++)
		words[i] = __builtin_bswap32(words[i]);
	btf->words = words;
}

static const char *btf_string(const struct src_btf *btf, uint32_t offset)
{
	for (; btf; btf = btf->base) {
		if (offset < btf->first_string)
			continue;
		offset -= btf->first_string;
		return offset < btf->string_size ? btf->strings + offset : "";
	}
	return "";
}

/* NULL when there is none. */
static const char *btf_name(const struct src_btf *btf, uint32_t offset)
{
	const char *name = btf_string(btf, offset);

	return *name ? name : NULL;
}

/* Kinds that we do not know are void to us. */
static enum btf_kind word_kind(uint32_t info)
{
	uint32_t kind = info >> 24 & 0x7f;

	return kind < BTF_KINDS ? kind : BTF_VOID;
}

/* Sixteen bits at first, 24 where there is a layout section; those between were zero. */
static uint32_t word_vlen(uint32_t info)
{
	return info & 0xffffff;
}

/* How much follows a type of that kind; false if nobody knows. */
static bool kind_shape(const struct src_btf *btf, uint32_t info, struct btf_kind_shape *ret)
{
	uint32_t kind = info >> 24 & 0x7f;
	struct btf_layout layout;

	if (word_kind(info)) {
		*ret = shapes[kind];
		return true;
	}
	if (!kind || kind >= btf->layout_count)
		return false;
	memcpy(&layout, btf->layouts + kind * sizeof(layout), sizeof(layout));
	*ret = (struct btf_kind_shape){.fixed = layout.fixed / 4, .each = layout.each / 4};
	return layout.fixed % 4 == 0 && layout.each % 4 == 0;
}

/* Words of the type that begins at `words`, of which `left` are there; 0 when it is damaged. */
static uint32_t record_words(const struct src_btf *btf, const uint32_t *words, uint32_t left)
{
	struct btf_kind_shape shape;

	if (left < BTF_TYPE_WORDS || !kind_shape(btf, words[1], &shape))
		return 0;
	uint32_t length = BTF_TYPE_WORDS + shape.fixed + shape.each * word_vlen(words[1]);

	return length <= left ? length : 0;
}

static void btf_index(struct src_btf *btf)
{
	uint32_t most = btf->word_count / BTF_TYPE_WORDS, position = 0;

	btf->positions = mem_resize(NULL, most + 1, sizeof(*btf->positions));
	while (position < btf->word_count && btf->count < UINT32_MAX - btf->first_id) {
		uint32_t length =
			record_words(btf, btf->words + position, btf->word_count - position);

		if (!length) {
			btf->problem = arena_printf(btf->arena, "breaks off after type %u",
						    btf->first_id + btf->count - 1);
			btf->provider.is_partial = true;
			break;
		}
		btf->positions[btf->count++] = position;
		position += length;
	}
	name_index_init(&btf->names, btf->count);
	for (uint32_t i = 0; i < btf->count; i++) {
		const uint32_t *words = btf->words + btf->positions[i];

		btf->signs_enums |= word_kind(words[1]) == BTF_ENUM && words[1] >> 31;
		if (!words[0] || !shapes[word_kind(words[1])].is_named)
			continue;
		const char *name = btf_string(btf, words[0]);

		if (word_kind(words[1]) == BTF_INT)
			name = type_int_name(name);
		name_index_add(&btf->names, name_hash(name), i);
	}
	btf->types = mem_zero((btf->count + 1) * sizeof(*btf->types));
}

/* The record behind an id, of this BTF or of its base; false for void and for ids that do not
 * exist. */
static bool record_at(struct src_btf *btf, uint32_t id, struct btf_record *ret)
{
	while (btf && id < btf->first_id)
		btf = btf->base;
	if (!btf || id - btf->first_id >= btf->count)
		return false;
	const uint32_t *words = btf->words + btf->positions[id - btf->first_id];

	*ret = (struct btf_record){
		.btf = btf,
		.id = id,
		.words = words,
		.kind = word_kind(words[1]),
		.vlen = word_vlen(words[1]),
		.flag = words[1] >> 31,
	};
	return true;
}

/* The same, past qualifiers. */
static bool record_behind(struct src_btf *btf, uint32_t id, struct btf_record *ret)
{
	struct btf_record record;

	for (int hop = 0; hop < BTF_HOPS; hop++) {
		if (!record_at(btf, id, &record))
			return false;
		if (!shapes[record.kind].is_qualifier) {
			*ret = record;
			return record.kind != BTF_DATASEC && record.kind != BTF_VOID;
		}
		id = record.words[2];
	}
	return false;
}

static uint64_t id_size(struct src_btf *btf, uint32_t id)
{
	struct btf_record record;
	uint64_t times = 1, size;

	for (int hop = 0; hop < BTF_HOPS && record_behind(btf, id, &record); hop++) {
		switch (record.kind) {
		case BTF_TYPEDEF:
			id = record.words[2];
			break;
		case BTF_ARRAY:
			if (__builtin_mul_overflow(times, record.words[5], &times))
				return 0;
			id = record.words[3];
			break;
		case BTF_PTR:
			return __builtin_mul_overflow(times, btf->pointer_size, &size) ? 0 : size;
		case BTF_FUNC_PROTO:
		case BTF_FWD:
			return 0;
		default:
			return __builtin_mul_overflow(times, record.words[2], &size) ? 0 : size;
		}
	}
	return 0;
}

static void int_fill(struct type *type, const struct btf_record *record)
{
	uint32_t encoding = record->words[3];

	type->name = type->name ? type_int_name(type->name) : NULL;
	type->is_signed = encoding & BTF_INT_IS_SIGNED;
	type->is_bool = encoding & BTF_INT_IS_BOOL;
	type->is_char = type->name && !strcmp(type->name, "char");
	type->is_complete = type->size > 0 && type->size <= 16;
}

/* Linux 6.0 (6089fb325cf7) marks signed enums. BTF made before has the mark nowhere, and negative
 * values all the same. */
static bool enum_is_signed(const struct btf_record *record)
{
	uint8_t each = shapes[record->kind].each;

	if (record->flag || record->kind == BTF_ENUM64)
		return record->flag;
	for (const struct src_btf *btf = record->btf; btf; btf = btf->base) {
		if (btf->signs_enums)
			return false;
	}
	for (uint32_t i = 0; i < record->vlen; i++) {
		if ((int32_t)record->words[BTF_TYPE_WORDS + i * each + 1] < 0)
			return true;
	}
	return false;
}

static const struct type *record_type(const struct btf_record *record)
{
	struct src_btf *btf = record->btf;
	const struct type **slot = &btf->types[record->id - btf->first_id];

	if (*slot)
		return *slot;
	struct type *type = ARENA_NEW(btf->arena, struct type);

	*slot = type;
	type->kind = shapes[record->kind].kind;
	if (record->kind == BTF_FWD && record->flag)
		type->kind = TYPE_UNION;
	type->name = btf_name(btf, record->words[0]);
	type->size = id_size(btf, record->id);
	type->source = &btf->source;
	type->id = record->id;
	type->is_complete = record->kind != BTF_FWD;
	if (record->kind == BTF_INT)
		int_fill(type, record);
	if (type->kind == TYPE_ENUM) {
		type->is_signed = enum_is_signed(record);
		type->is_complete = record->vlen > 0;
	}
	if (record->kind == BTF_ARRAY && type->size)
		type->length = record->words[5];
	return type;
}

/* A distilled struct has no members; vmlinux's of the same name has. */
static const struct type *relocated(const struct btf_record *record)
{
	const struct type *type = record_type(record), *found[2];
	struct src_btf *vmlinux = record->btf->stands_for;

	if (!vmlinux || !type->name || !shapes[record->kind].is_named)
		return type;
	size_t count =
		vmlinux->provider.ops->find(&vmlinux->provider, type->kind, type->name, found, 2);

	return count == 1 ? found[0] : type;
}

static const struct type *type_at(struct src_btf *btf, uint32_t id)
{
	struct btf_record record;

	return record_behind(btf, id, &record) ? relocated(&record) : &type_void;
}

/* Before kind_flag (Linux 4.20) the size of a bit-field stood in an integer type of its own. */
static void bitfield_fill(struct type_member *member, struct src_btf *btf, uint32_t id)
{
	struct btf_record record;

	if (!record_behind(btf, id, &record) || record.kind != BTF_INT)
		return;
	uint32_t bits = record.words[3] & 0xff;

	if (bits && bits < (uint64_t)record.words[2] * 8) {
		member->bit_size = bits;
		member->bit_offset += record.words[3] >> 16 & 0xff;
	}
}

static void members_fill(struct type *type, const struct btf_record *record)
{
	struct type_member *members =
		ARENA_ARRAY(record->btf->arena, record->vlen, struct type_member);
	const uint32_t *words = record->words + BTF_TYPE_WORDS;

	for (uint32_t i = 0; i < record->vlen; i++, words += 3) {
		members[i].name = btf_name(record->btf, words[0]);
		if (words[0] && !members[i].name)
			type->is_complete = false; /* its name was on a page that is missing */
		members[i].type = type_at(record->btf, words[1]);
		members[i].bit_offset = words[2];
		if (record->flag) {
			members[i].bit_offset = words[2] & 0xffffff;
			members[i].bit_size = words[2] >> 24;
		} else {
			bitfield_fill(&members[i], record->btf, words[1]);
		}
	}
	type->members = members;
	type->member_count = record->vlen;
}

static int64_t enumerator_value(enum btf_kind kind, bool is_signed, const uint32_t *words)
{
	if (kind == BTF_ENUM64)
		return (int64_t)((uint64_t)words[2] << 32 | words[1]);
	return is_signed ? (int32_t)words[1] : (int64_t)words[1];
}

static void enumerators_fill(struct type *type, const struct btf_record *record)
{
	struct type_enumerator *enumerators =
		ARENA_ARRAY(record->btf->arena, record->vlen, struct type_enumerator);
	const uint32_t *words = record->words + BTF_TYPE_WORDS;

	for (uint32_t i = 0; i < record->vlen; i++, words += shapes[record->kind].each) {
		enumerators[i].name = btf_string(record->btf, words[0]);
		enumerators[i].value = enumerator_value(record->kind, type->is_signed, words);
	}
	type->enumerators = enumerators;
	type->member_count = record->vlen;
}

static void btf_resolve(struct type_source *source, struct type *type)
{
	struct src_btf *btf = (void *)((char *)source - offsetof(struct src_btf, source));
	struct btf_record record;

	type->is_resolved = true;
	if (!record_at(btf, type->id, &record))
		return;
	switch (record.kind) {
	case BTF_STRUCT:
	case BTF_UNION:
		members_fill(type, &record);
		break;
	case BTF_ENUM:
	case BTF_ENUM64:
		enumerators_fill(type, &record);
		break;
	case BTF_ARRAY:
		type->target = type_at(btf, record.words[3]);
		break;
	case BTF_PTR:
	case BTF_TYPEDEF:
	case BTF_FUNC_PROTO:
		type->target = type_at(btf, record.words[2]);
		break;
	default:
		break;
	}
}

/* Adds a type to those found, unless one like it is there. */
static size_t keep_type(const struct type *type, const struct type **ret, size_t count,
			size_t capacity)
{
	for (size_t i = 0; i < count && i < capacity; i++) {
		if (type_has_same_layout(ret[i], type))
			return count;
	}
	if (count < capacity)
		ret[count] = type;
	return count + 1;
}

static size_t btf_find(struct type_provider *provider, enum type_kind kind, const char *name,
		       const struct type **ret, size_t capacity)
{
	struct src_btf *btf = btf_of(provider);
	const struct type *declared = NULL;
	size_t count = 0, seen = 0;
	uint32_t first = name_index_first(&btf->names, name_hash(name));

	for (uint32_t i = first; i != NAME_INDEX_END && seen < BTF_SAME_NAME;
	     i = btf->names.next[i]) {
		struct btf_record record;

		if (!record_at(btf, btf->first_id + i, &record) || shapes[record.kind].is_qualifier)
			continue;
		const char *own = btf_string(btf, record.words[0]);

		if (strcmp(record.kind == BTF_INT ? type_int_name(own) : own, name) != 0)
			continue;
		const struct type *type = record_type(&record);

		seen++;
		if (type->kind != kind)
			continue;
		if (type->is_complete)
			count = keep_type(type, ret, count, capacity);
		else
			declared = type;
	}
	return count || !declared ? count : keep_type(declared, ret, 0, capacity);
}

static const struct type *btf_variable(struct type_provider *provider, const struct symbol *symbol)
{
	struct src_btf *btf = btf_of(provider);
	const struct type *found = NULL;
	size_t seen = 0;
	uint32_t first = name_index_first(&btf->names, name_hash(symbol->name));

	for (uint32_t i = first; i != NAME_INDEX_END && seen < BTF_SAME_NAME;
	     i = btf->names.next[i]) {
		const uint32_t *words = btf->words + btf->positions[i];

		if (word_kind(words[1]) != BTF_VAR ||
		    strcmp(btf_string(btf, words[0]), symbol->name) != 0)
			continue;
		const struct type *type = type_at(btf, words[2]);

		seen++;
		if (found && !type_is_same(found, type))
			return NULL;
		found = type;
	}
	return found;
}

static void enumerators_index(struct src_btf *btf)
{
	for (uint32_t i = 0; i < btf->count; i++) {
		uint32_t position = btf->positions[i], info = btf->words[position + 1];
		enum btf_kind kind = word_kind(info);

		position += BTF_TYPE_WORDS;
		for (uint32_t k = 0;
		     (kind == BTF_ENUM || kind == BTF_ENUM64) && k < word_vlen(info); k++) {
			*vec_push(&btf->enumerators) =
				(struct btf_enumerator){position, btf->first_id + i};
			position += shapes[kind].each;
		}
	}
	name_index_init(&btf->enumerator_names, btf->enumerators.count);
	for (uint32_t i = 0; i < btf->enumerators.count; i++) {
		const char *name = btf_string(btf, btf->words[btf->enumerators.items[i].position]);

		name_index_add(&btf->enumerator_names, name_hash(name), i);
	}
}

static size_t btf_enumerator(struct type_provider *provider, const char *name,
			     struct enumerator_found *ret, size_t capacity)
{
	struct src_btf *btf = btf_of(provider);
	size_t count = 0, seen = 0;

	if (!btf->enumerator_names.heads)
		enumerators_index(btf);
	uint32_t first = name_index_first(&btf->enumerator_names, name_hash(name));

	for (uint32_t i = first; i != NAME_INDEX_END && seen < BTF_SAME_NAME;
	     i = btf->enumerator_names.next[i]) {
		const struct btf_enumerator *enumerator = &btf->enumerators.items[i];
		const uint32_t *words = btf->words + enumerator->position;
		struct btf_record record;
		size_t same = 0;

		if (strcmp(btf_string(btf, words[0]), name) != 0 ||
		    !record_at(btf, enumerator->id, &record))
			continue;
		const struct type *type = record_type(&record);
		int64_t value = enumerator_value(record.kind, type->is_signed, words);

		seen++;
		while (same < count && same < capacity && ret[same].value != value)
			same++;
		if (same < count)
			continue;
		if (count < capacity)
			ret[count] = (struct enumerator_found){type, value};
		count++;
	}
	return count;
}

static void btf_names(struct type_provider *provider, name_visitor *visit, void *context)
{
	struct src_btf *btf = btf_of(provider);

	if (!btf->enumerator_names.heads)
		enumerators_index(btf);
	for (uint32_t i = 0; i < btf->count; i++) {
		const uint32_t *words = btf->words + btf->positions[i];

		if (words[0] && shapes[word_kind(words[1])].is_named &&
		    !visit(context, btf_string(btf, words[0])))
			return;
	}
	for (size_t i = 0; i < btf->enumerators.count; i++) {
		if (!visit(context,
			   btf_string(btf, btf->words[btf->enumerators.items[i].position])))
			return;
	}
}

static void btf_free(struct type_provider *provider)
{
	struct src_btf *btf = btf_of(provider);

	name_index_deinit(&btf->names);
	name_index_deinit(&btf->enumerator_names);
	free(btf->enumerators.items);
	free(btf->positions);
	free(btf->types);
	free(btf->bytes);
	arena_free(btf->arena);
	free(btf);
}

static const struct type_provider_ops btf_ops = {
	.find = btf_find,
	.enumerator = btf_enumerator,
	.variable = btf_variable,
	.names = btf_names,
	.free = btf_free,
};

/* How large the kernel's pointers are, where nobody said so. */
static uint8_t long_size(struct src_btf *btf)
{
	const struct type *type;

	if (!btf_find(&btf->provider, TYPE_INT, "unsigned long", &type, 1))
		return 8;
	return type->size == 4 ? 4 : 8;
}

static void take_base(struct src_btf *btf, struct type_provider *base)
{
	btf->first_id = 1;
	if (!base)
		return;
	btf->base = btf_of(base);
	btf->first_id = btf->base->first_id + btf->base->count;
	btf->first_string = btf->base->first_string + btf->base->string_span;
}

struct error *src_btf_new(void *bytes, size_t size, const struct btf_origin *origin,
			  struct type_provider **ret)
{
	struct btf_header header;
	bool swapped;

	if (size > BTF_MAX_BYTES || !header_read(bytes, size, &header, &swapped)) {
		free(bytes);
		return error_new(ERROR_CORRUPT, "no BTF: its header is damaged");
	}
	struct src_btf *btf = mem_zero(sizeof(*btf));
	uint32_t length;

	btf->arena = arena_new();
	btf->bytes = bytes;
	btf->source.resolve = btf_resolve;
	btf->provider.ops = &btf_ops;
	btf->provider.description = arena_strdup(btf->arena, origin->description);
	btf->provider.module = origin->module ? arena_strdup(btf->arena, origin->module) : NULL;
	take_base(btf, origin->base);
	char *types = section(bytes, size, (uint64_t)header.header_size + header.type_offset,
			      header.type_size, &length);
	take_types(btf, types, length, swapped);
	char *strings = section(bytes, size, (uint64_t)header.header_size + header.string_offset,
				header.string_size, &btf->string_size);
	btf->layouts = section(bytes, size, (uint64_t)header.header_size + header.layout_offset,
			       header.layout_size, &length);
	btf->layout_count = length / sizeof(struct btf_layout);
	btf->string_span = header.string_size;
	if (btf->string_size)
		strings[btf->string_size - 1] = '\0';
	btf->strings = strings;
	btf_index(btf);
	btf->pointer_size = origin->pointer_size ? origin->pointer_size
			    : btf->base          ? btf->base->pointer_size
						 : long_size(btf);
	*ret = &btf->provider;
	return NULL;
}

uint32_t src_btf_count(const struct type_provider *provider, const char **ret_problem)
{
	const struct src_btf *btf = (const struct src_btf *)provider;

	*ret_problem = btf->problem;
	return btf->count;
}

/* Behind the type stand, for each variable, its type, offset and size. */
uint64_t src_btf_section(struct type_provider *provider, const char *section,
			 btf_section_visitor *visit, void *context)
{
	struct src_btf *btf = btf_of(provider);
	struct btf_record record, variable;

	for (uint32_t i = 0; i < btf->count; i++) {
		if (!record_at(btf, btf->first_id + i, &record) || record.kind != BTF_DATASEC ||
		    strcmp(btf_string(btf, record.words[0]), section) != 0)
			continue;
		for (uint32_t k = 0; k < record.vlen; k++) {
			const uint32_t *words = record.words + BTF_TYPE_WORDS + 3 * (size_t)k;

			if (record_at(btf, words[0], &variable) && variable.kind == BTF_VAR)
				visit(context, btf_string(variable.btf, variable.words[0]),
				      words[1], words[2]);
		}
		return record.words[2];
	}
	return 0;
}

void src_btf_relocate(struct type_provider *distilled, struct type_provider *vmlinux)
{
	btf_of(distilled)->stands_for = btf_of(vmlinux);
}
