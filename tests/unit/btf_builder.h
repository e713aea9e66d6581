// SPDX-License-Identifier: GPL-2.0-or-later
// Writes small BTF field by field. Types are numbered from 1 in the order they are added.
#ifndef BTF_BUILDER_H
#define BTF_BUILDER_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	KIND_INT = 1,
	KIND_PTR,
	KIND_ARRAY,
	KIND_STRUCT,
	KIND_UNION,
	KIND_ENUM,
	KIND_FWD,
	KIND_TYPEDEF,
	KIND_VOLATILE,
	KIND_CONST,
	KIND_RESTRICT,
	KIND_FUNC,
	KIND_FUNC_PROTO,
	KIND_VAR,
	KIND_DATASEC,
	KIND_FLOAT,
	KIND_DECL_TAG,
	KIND_TYPE_TAG,
	KIND_ENUM64,
	FLAG = 1 << 30, /* to be added to a kind: its kind_flag */
};

struct btf_builder {
	uint32_t words[1024];
	size_t count;
	char strings[4096];
	size_t length;         /* 0: begins with the empty string */
	uint32_t first_string; /* of a module: length of the base's strings */
};

static inline uint32_t btf_put_string(struct btf_builder *builder, const char *text)
{
	if (!*text)
		return 0;
	if (!builder->length && !builder->first_string)
		builder->length = 1;
	uint32_t offset = builder->length;

	assert(offset + strlen(text) < sizeof(builder->strings));
	strcpy(builder->strings + offset, text);
	builder->length += strlen(text) + 1;
	return builder->first_string + offset;
}

static inline void btf_put(struct btf_builder *builder, uint32_t word)
{
	assert(builder->count < sizeof(builder->words) / sizeof(*builder->words));
	builder->words[builder->count++] = word;
}

/* A type; what follows it is put word by word. `third` is its size or the type it refers to. */
static inline void btf_put_type(struct btf_builder *builder, const char *name, int kind,
				uint32_t vlen, uint32_t third)
{
	btf_put(builder, btf_put_string(builder, name));
	btf_put(builder,
		(uint32_t)(kind & ~FLAG) << 24 | vlen | (kind & FLAG ? UINT32_C(1) << 31 : 0));
	btf_put(builder, third);
}

static inline void btf_put_int(struct btf_builder *builder, const char *name, uint32_t size,
			       uint32_t encoding, uint32_t bits)
{
	btf_put_type(builder, name, KIND_INT, 0, size);
	btf_put(builder, encoding << 24 | bits);
}

static inline void btf_put_array(struct btf_builder *builder, uint32_t element, uint32_t length)
{
	btf_put_type(builder, "", KIND_ARRAY, 0, 0);
	btf_put(builder, element);
	btf_put(builder, 0);
	btf_put(builder, length);
}

/* A member, an ENUM64's enumerator or a variable of a section. */
static inline void btf_put_member(struct btf_builder *builder, const char *name, uint32_t second,
				  uint32_t third)
{
	btf_put(builder, btf_put_string(builder, name));
	btf_put(builder, second);
	btf_put(builder, third);
}

static inline void btf_put_enumerator(struct btf_builder *builder, const char *name, int32_t value)
{
	btf_put(builder, btf_put_string(builder, name));
	btf_put(builder, value);
}

/* The whole as bytes from malloc(), in the other byte order if `swapped`. */
static inline void *btf_build(struct btf_builder *builder, bool swapped, size_t *ret_size)
{
	uint32_t types = builder->count * 4, strings = builder->length ? builder->length : 1;
	uint32_t header[6] = {0x0001eb9f, 24, 0, types, types, strings};
	uint8_t *bytes;

	*ret_size = sizeof(header) + types + strings;
	bytes = malloc(*ret_size);
	assert(bytes);
	for (size_t i = 1; swapped && i < 6; i++)
		header[i] = __builtin_bswap32(header[i]);
	memcpy(bytes, header, sizeof(header));
	if (swapped) {
		bytes[0] = 0xeb;
		bytes[1] = 0x9f;
	}
	for (size_t i = 0; i < builder->count; i++) {
		uint32_t word = swapped ? __builtin_bswap32(builder->words[i]) : builder->words[i];

		memcpy(bytes + sizeof(header) + 4 * i, &word, 4);
	}
	memcpy(bytes + sizeof(header) + types, builder->strings, strings);
	return bytes;
}

/* One type of each kind, as a kernel might have them. */
static inline void btf_put_sample(struct btf_builder *builder)
{
	btf_put_int(builder, "int", 4, 1, 32);                  /* 1 */
	btf_put_int(builder, "long unsigned int", 8, 0, 64);    /* 2 */
	btf_put_int(builder, "char", 1, 1, 8);                  /* 3 */
	btf_put_type(builder, "", KIND_PTR, 0, 5);              /* 4: struct list_head * */
	btf_put_type(builder, "list_head", KIND_STRUCT, 2, 16); /* 5 */
	btf_put_member(builder, "next", 4, 0);
	btf_put_member(builder, "prev", 4, 64);
	btf_put_array(builder, 3, 16);               /* 6: char [16] */
	btf_put_type(builder, "", KIND_UNION, 2, 4); /* 7 */
	btf_put_member(builder, "pid", 11, 0);
	btf_put_member(builder, "", 8, 0);
	btf_put_type(builder, "", KIND_STRUCT | FLAG, 2, 4); /* 8 */
	btf_put_member(builder, "low", 1, 3 << 24 | 0);
	btf_put_member(builder, "high", 1, 5 << 24 | 3);
	btf_put_type(builder, "task", KIND_STRUCT, 4, 48); /* 9 */
	btf_put_member(builder, "state", 10, 0);
	btf_put_member(builder, "", 7, 32);
	btf_put_member(builder, "comm", 6, 64);
	btf_put_member(builder, "tasks", 5, 192);
	btf_put_type(builder, "", KIND_VOLATILE, 0, 1);         /* 10 */
	btf_put_type(builder, "pid_t", KIND_TYPEDEF, 0, 1);     /* 11 */
	btf_put_type(builder, "color", KIND_ENUM | FLAG, 2, 4); /* 12 */
	btf_put_enumerator(builder, "RED", 7);
	btf_put_enumerator(builder, "NO_COLOR", -1);
	btf_put_type(builder, "mask", KIND_ENUM, 1, 4); /* 13 */
	btf_put_enumerator(builder, "ALL_BITS", -1);
	btf_put_type(builder, "wide", KIND_ENUM64, 1, 8); /* 14 */
	btf_put_member(builder, "TOP", 1, 0x80000000);
	btf_put_type(builder, "opaque", KIND_FWD, 0, 0);        /* 15 */
	btf_put_type(builder, "task", KIND_FWD, 0, 0);          /* 16 */
	btf_put_type(builder, "opaque", KIND_FWD | FLAG, 0, 0); /* 17: union */
	btf_put_type(builder, "double", KIND_FLOAT, 0, 8);      /* 18 */
	btf_put_type(builder, "", KIND_FUNC_PROTO, 1, 1);       /* 19: int (…) */
	btf_put_enumerator(builder, "", 4);
	btf_put_type(builder, "do_it", KIND_FUNC, 0, 19);       /* 20 */
	btf_put_type(builder, "", KIND_CONST, 0, 9);            /* 21 */
	btf_put_type(builder, "current_task", KIND_VAR, 0, 23); /* 22 */
	btf_put(builder, 1);
	btf_put_type(builder, "", KIND_PTR, 0, 21);                 /* 23: struct task * */
	btf_put_type(builder, ".data..percpu", KIND_DATASEC, 1, 8); /* 24 */
	btf_put_member(builder, "", 22, 8);
	btf_put_type(builder, "rcu", KIND_TYPE_TAG, 0, 9);  /* 25 */
	btf_put_type(builder, "", KIND_PTR, 0, 25);         /* 26 */
	btf_put_type(builder, "user", KIND_DECL_TAG, 0, 9); /* 27 */
	btf_put(builder, 0xffffffff);
	btf_put_type(builder, "", KIND_RESTRICT, 0, 26); /* 28 */
}

#endif
