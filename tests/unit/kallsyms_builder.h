// SPDX-License-Identifier: GPL-2.0-or-later
// Writes kallsyms tables into a piece of memory, as scripts/kallsyms.c lays them out.
#ifndef KALLSYMS_BUILDER_H
#define KALLSYMS_BUILDER_H

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/src_kallsyms.h"

enum kallsyms_addressing {
	KALLSYMS_UNSIGNED, /* offsets from the base */
	KALLSYMS_PERCPU,   /* CONFIG_KALLSYMS_ABSOLUTE_PERCPU */
	KALLSYMS_PLACE,    /* offsets from their own place */
	KALLSYMS_ADDRESSES,
};

enum { MEMORY_SIZE = 256 << 10 };

/* Addresses begin here; the symbols' base is there, too. */
static const uint64_t memory_start = 0xffffffff81000000;

struct memory {
	uint8_t bytes[MEMORY_SIZE];
	size_t length;   /* what is written so far */
	size_t readable; /* beyond it nothing can be read */
	size_t hole;     /* nor the page that begins here, if not 0 */
	struct kallsyms_tables tables;
	struct kallsyms_memory access;
	bool big_endian;
};

struct kallsyms_sample {
	const char *name; /* with its kind before it: "Tschedule" */
	uint64_t address;
};

static inline bool memory_read(void *context, uint64_t address, void *buffer, size_t length)
{
	const struct memory *memory = context;
	uint64_t offset = address - memory_start;

	if (offset > memory->readable || length > memory->readable - offset)
		return false;
	if (memory->hole && offset < memory->hole + 4096 && offset + length > memory->hole)
		return false;
	memcpy(buffer, memory->bytes + offset, length);
	return true;
}

static inline uint64_t memory_align(struct memory *memory)
{
	memory->length = (memory->length + 7) & ~(size_t)7;
	return memory_start + memory->length;
}

static inline void memory_put(struct memory *memory, uint64_t value, size_t width)
{
	assert(memory->length + width <= MEMORY_SIZE);
	for (size_t i = 0; i < width; i++)
		memory->bytes[memory->length++] =
			value >> 8 * (memory->big_endian ? width - 1 - i : i);
}

/* Each byte stands for itself, but for three that stand for more. */
static inline const char *token_text(unsigned byte, char single[2])
{
	if (byte == 1)
		return "Tsys_";
	if (byte == 2)
		return "_handler";
	if (byte == 3)
		return "a_token_that_is_longer_than_sixteen_letters";
	single[0] = byte >= ' ' && byte < 0x7f ? byte : '\0';
	single[1] = '\0';
	return single;
}

static inline void put_name(struct memory *memory, const char *name)
{
	uint8_t packed[1024];
	size_t length = 0;

	while (*name) {
		unsigned byte = (unsigned char)*name;
		char single[2];

		for (unsigned token = 1; token <= 3; token++) {
			if (!strncmp(name, token_text(token, single),
				     strlen(token_text(token, single))))
				byte = token;
		}
		name += strlen(token_text(byte, single));
		packed[length++] = byte;
	}
	if (length >= 0x80)
		memory_put(memory, 0x80 | (length & 0x7f), 1);
	memory_put(memory, length >= 0x80 ? length >> 7 : length, 1);
	for (size_t i = 0; i < length; i++)
		memory_put(memory, packed[i], 1);
}

static inline void put_addresses(struct memory *memory, const struct kallsyms_sample *samples,
				 size_t count, enum kallsyms_addressing addressing)
{
	uint64_t table = memory_align(memory);

	*(addressing == KALLSYMS_ADDRESSES ? &memory->tables.addresses : &memory->tables.offsets) =
		table;
	for (size_t i = 0; i < count; i++) {
		uint64_t address = samples[i].address;
		bool is_percpu = addressing == KALLSYMS_PERCPU && samples[i].name[0] == 'A';

		if (addressing == KALLSYMS_ADDRESSES)
			memory_put(memory, address, 8);
		else if (addressing == KALLSYMS_PLACE)
			memory_put(memory, address - (table + 4 * i), 4);
		else if (addressing == KALLSYMS_UNSIGNED || is_percpu)
			memory_put(memory, address - (is_percpu ? 0 : memory_start), 4);
		else
			memory_put(memory, memory_start - 1 - address, 4);
	}
	if (addressing != KALLSYMS_UNSIGNED && addressing != KALLSYMS_PERCPU)
		return;
	memory->tables.relative_base = memory_align(memory);
	memory_put(memory, memory_start, 8);
}

static inline void put_tokens(struct memory *memory)
{
	uint16_t positions[256];
	uint64_t start = memory_align(memory);

	memory->tables.token_table = start;
	for (unsigned i = 0; i < 256; i++) {
		char single[2];
		const char *text = token_text(i, single);

		positions[i] = memory_start + memory->length - start;
		for (size_t k = 0; k <= strlen(text); k++)
			memory_put(memory, text[k], 1);
	}
	memory->tables.token_index = memory_align(memory);
	for (unsigned i = 0; i < 256; i++)
		memory_put(memory, positions[i], 2);
}

/* `before`: addresses stand before the names, as up to Linux 6.3. */
static inline void put_kallsyms(struct memory *memory, const struct kallsyms_sample *samples,
				size_t count, enum kallsyms_addressing addressing, bool before)
{
	uint32_t *markers = calloc(count / 256 + 1, sizeof(*markers));

	if (before)
		put_addresses(memory, samples, count, addressing);
	memory->tables.num_syms = memory_align(memory);
	memory_put(memory, count, 4);
	memory->tables.names = memory_align(memory);
	for (size_t i = 0; i < count; i++) {
		if (i % 256 == 0)
			markers[i / 256] = memory_start + memory->length - memory->tables.names;
		put_name(memory, samples[i].name);
	}
	memory_align(memory);
	for (size_t i = 0; i < (count + 255) / 256; i++)
		memory_put(memory, markers[i], 4);
	free(markers);
	put_tokens(memory);
	if (!before)
		put_addresses(memory, samples, count, addressing);
	memory_align(memory);
	memory->readable = (memory->length + 4095) & ~(size_t)4095; /* whole pages, as in a dump */
	memory->access = (struct kallsyms_memory){memory_read, memory, 8, memory->big_endian};
}

#endif
