// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/scan.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "types/source.h"
#include "types/src_btf.h"
#include "types/src_kallsyms.h"
#include "types/src_vmcoreinfo.h"

enum {
	SCAN_CHUNK = 256 << 10,
	SCAN_IMAGE = 512 << 20, /* largest kernel image */
	SCAN_GAP = 32 << 20,    /* so much without a page ends the image */
	SCAN_MAX_TRIES = 16,    /* shapes that turn out to be something else */
	TOKENS = 256,
	TOKEN_LENGTH = 512,
	NAMES_REGION = 16 << 20, /* names lie at most so far before the tokens */
	NAMES_PROBE = 64,        /* names that must make sense at the beginning */
	SYMBOLS_MIN = 1000,
	SYMBOLS_MAX = 2 << 20,
	BTF_MIN_TYPES = 5000,
	BTF_MIN_BYTES = 64 << 10,
};

static bool read_pages(const struct kallsyms_memory *memory, uint64_t address, uint8_t *buffer,
		       size_t length)
{
	return patchy_read(memory->read, memory->context, address, buffer, length, NULL) > 0;
}

bool scan_run(const struct scan *scan, uint64_t start, uint64_t end)
{
	uint8_t *buffer _cleanup_free_ = mem_zero(SCAN_OVERLAP + SCAN_CHUNK);
	size_t gap = 0;

	for (uint64_t at = start; at < end && gap < SCAN_GAP; at += SCAN_CHUNK) {
		size_t length = end - at < SCAN_CHUNK ? end - at : SCAN_CHUNK;
		bool is_any = read_pages(scan->memory, at, buffer + SCAN_OVERLAP, length);

		gap = is_any ? 0 : gap + length;
		if (is_any &&
		    scan->found(scan->context, at - SCAN_OVERLAP, buffer, SCAN_OVERLAP + length))
			return true;
		memmove(buffer, buffer + length, SCAN_OVERLAP);
	}
	return false;
}

/* A search for kallsyms tables (scripts/kallsyms.c, write_src). All kernels have them in this
 * order: num_syms, names, markers, (seqs_of_names in 6.2 and 6.3,) token_table, token_index.
 * Addresses or offsets, and the base, come before num_syms up to Linux 6.3, and behind token_index
 * since (404bad70fcf7). */
struct shape {
	const struct kallsyms_memory *memory;
	struct symbol_provider *known;
	struct symbol_provider *result;
	int tries;
	/* What was found. */
	uint64_t token_index, token_table, num_syms, names;
	uint32_t count;
	char kinds[TOKENS];    /* first letter of each token */
	bool is_plain[TOKENS]; /* made of letters that names have */
};

static uint64_t align_up(const struct shape *shape, uint64_t address)
{
	uint64_t mask = shape->memory->pointer_size - 1;

	return (address + mask) & ~mask;
}

/* 256 positions of strings that stand one behind the other: ascending from 0. */
static bool is_token_index(const struct shape *shape, const uint8_t *bytes)
{
	uint64_t last = 0;

	if (bytes[0] || bytes[1])
		return false;
	for (size_t i = 1; i < TOKENS; i++) {
		uint64_t position = kallsyms_number(shape->memory, bytes + 2 * i, 2);

		if (position <= last || position - last > TOKEN_LENGTH)
			return false;
		last = position;
	}
	return true;
}

/* Whether the 256 strings that the index speaks of begin at `table`. */
static bool is_token_table(struct shape *shape, const uint8_t *index, const uint8_t *table,
			   size_t length)
{
	for (size_t i = 0; i < TOKENS; i++) {
		size_t position = kallsyms_number(shape->memory, index + 2 * i, 2);
		size_t next = i + 1 < TOKENS
				      ? kallsyms_number(shape->memory, index + 2 * i + 2, 2)
				      : length;

		if (position >= length || next > length)
			return false;
		size_t token = strnlen((const char *)table + position, length - position);

		if (position + token >= length || (i + 1 < TOKENS && position + token + 1 != next))
			return false;
		shape->kinds[i] = table[position];
		shape->is_plain[i] = true;
		for (size_t k = 0; k < token; k++)
			shape->is_plain[i] &= isgraph(table[position + k]) != 0;
	}
	return true;
}

/* The table ends just before its index, apart from the alignment. */
static bool find_token_table(struct shape *shape, const uint8_t *index)
{
	size_t last = kallsyms_number(shape->memory, index + 2 * (TOKENS - 1), 2),
	       most = last + TOKEN_LENGTH;
	uint8_t align = shape->memory->pointer_size;
	uint8_t *bytes _cleanup_free_ = mem_zero(most);
	uint64_t start = shape->token_index - most;

	read_pages(shape->memory, start, bytes, most);
	for (size_t offset = (align - start % align) % align; offset + last < most;
	     offset += align) {
		if (!is_token_table(shape, index, bytes + offset, most - offset))
			continue;
		shape->token_table = start + offset;
		return true;
	}
	return false;
}

/* Length of the name at `*position`, which moves to its first byte; 0: there is none. */
static size_t name_length(const uint8_t *bytes, size_t size, size_t *position)
{
	size_t at = *position, length = at < size ? bytes[at++] : 0;

	if (length & 0x80)
		length = (length & 0x7f) | (size_t)(at < size ? bytes[at++] : 0) << 7;
	*position = at;
	return length && length <= size - at ? length : 0;
}

/* Whether the first names are made of tokens and begin with a letter as nm(1) prints it. */
static bool names_make_sense(const struct shape *shape, const uint8_t *bytes, size_t size)
{
	size_t position = 0;

	for (int i = 0; i < NAMES_PROBE; i++) {
		size_t length = name_length(bytes, size, &position);

		if (!length || !isalpha((unsigned char)shape->kinds[bytes[position]]))
			return false;
		for (size_t k = 0; k < length; k++) {
			if (!shape->is_plain[bytes[position + k]])
				return false;
		}
		position += length;
	}
	return true;
}

/* Behind the names stand markers: the position of each 256th. */
static bool names_have_markers(const struct shape *shape, const uint8_t *bytes, size_t size,
			       uint64_t address, uint32_t count)
{
	uint32_t *positions _cleanup_free_ = mem_resize(NULL, count / 256 + 1, sizeof(*positions));
	size_t position = 0, markers;

	for (uint32_t i = 0; i < count; i++) {
		if (i % 256 == 0)
			positions[i / 256] = position;
		size_t length = name_length(bytes, size, &position);

		if (!length)
			return false;
		position += length;
	}
	markers = align_up(shape, address + position) - address;
	for (uint32_t i = 0; i <= (count - 1) / 256; i++) {
		if (markers + 4 * (size_t)i + 4 > size ||
		    kallsyms_number(shape->memory, bytes + markers + 4 * (size_t)i, 4) !=
			    positions[i])
			return false;
	}
	return true;
}

/* Looks backwards from the tokens for a number that is followed by as many names. */
static bool find_names(struct shape *shape)
{
	uint8_t *bytes _cleanup_free_ = mem_zero(NAMES_REGION);
	uint8_t align = shape->memory->pointer_size;
	uint64_t start = shape->token_table - NAMES_REGION;

	read_pages(shape->memory, start, bytes, NAMES_REGION);
	for (size_t offset = NAMES_REGION - 2 * align; offset >= align; offset -= align) {
		uint64_t count = kallsyms_number(shape->memory, bytes + offset, 4);
		const uint8_t *names = bytes + offset + align;
		size_t size = NAMES_REGION - offset - align;

		if (count < SYMBOLS_MIN || count > SYMBOLS_MAX ||
		    !names_make_sense(shape, names, size) ||
		    !names_have_markers(shape, names, size, start + offset + align, count))
			continue;
		shape->count = count;
		shape->num_syms = start + offset;
		shape->names = start + offset + align;
		return true;
	}
	return false;
}

/* Takes the tables if they give the addresses that VMCOREINFO gives. */
static bool try_tables(struct shape *shape, const struct kallsyms_tables *tables)
{
	struct symbol_provider *provider _cleanup_(symbol_provider_free_cleanup) = NULL;
	struct error *error = src_kallsyms_new(shape->memory, tables,
					       "kallsyms (dump, found by shape)", &provider);
	size_t agree, differ;
	uint64_t shift;

	if (error) {
		error_free(error);
		return false;
	}
	if (!src_vmcoreinfo_compare(shape->known, provider, &shift, &agree, &differ) || shift ||
	    agree <= differ)
		return false;
	shape->result = provider;
	provider = NULL;
	return true;
}

static bool find_addresses(struct shape *shape)
{
	uint64_t width = shape->memory->pointer_size, count = shape->count;
	uint64_t behind = align_up(shape, shape->token_index + 2 * TOKENS);
	uint64_t base = shape->num_syms - width, offsets = (base - 4 * count) & ~(width - 1);
	const struct kallsyms_tables places[] = {
		{.offsets = offsets, .relative_base = base},
		{.offsets = behind, .relative_base = align_up(shape, behind + 4 * count)},
		{.offsets = behind},
		{.addresses = shape->num_syms - width * count},
		{.addresses = behind},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct kallsyms_tables tables = places[i];

		tables.names = shape->names;
		tables.num_syms = shape->num_syms;
		tables.token_table = shape->token_table;
		tables.token_index = shape->token_index;
		if (try_tables(shape, &tables))
			return true;
	}
	return false;
}

static bool shape_found(void *context, uint64_t address, const uint8_t *bytes, size_t length)
{
	struct shape *shape = context;
	uint8_t align = shape->memory->pointer_size;

	for (size_t i = (align - address % align) % align; i + 2 * TOKENS <= length; i += align) {
		if (!is_token_index(shape, bytes + i))
			continue;
		shape->token_index = address + i;
		if (!find_token_table(shape, bytes + i))
			continue;
		if (find_names(shape) && find_addresses(shape))
			return true;
		if (++shape->tries == SCAN_MAX_TRIES)
			return true;
	}
	return false;
}

static bool dump_memory_read(void *context, uint64_t address, void *buffer, size_t length)
{
	struct fault fault;

	return dump_try_read(context, address, buffer, length, &fault);
}

struct kallsyms_memory scan_memory(struct dump *dump)
{
	const struct arch *arch = dump_arch(dump);

	return (struct kallsyms_memory){dump_memory_read, dump, arch->pointer_size,
					arch->big_endian};
}

/* The image is contiguous, and text is at its beginning. */
bool scan_image(struct dump *dump, uint64_t *ret_start, uint64_t *ret_end)
{
	uint64_t start;

	if (!vmcoreinfo_number(dump_vmcoreinfo(dump), "SYMBOL(_stext)", &start))
		return false;
	start &= ~(uint64_t)(PATCHY_PAGE - 1);
	if (start > UINT64_MAX - SCAN_IMAGE && dump_arch(dump)->pointer_size != 4)
		return false;
	*ret_start = start;
	*ret_end = start > UINT64_MAX - SCAN_IMAGE ? UINT64_MAX - PATCHY_PAGE : start + SCAN_IMAGE;
	return true;
}

struct error *scan_kallsyms(struct dump *dump, struct symbol_provider *known,
			    struct symbol_provider **ret)
{
	struct kallsyms_memory memory = scan_memory(dump);
	struct shape shape = {.memory = &memory, .known = known};
	struct scan scan = {&memory, shape_found, &shape};
	uint64_t start, end;

	if (!scan_image(dump, &start, &end))
		return error_new(ERROR_NO_SOURCE,
				 "kallsyms: VMCOREINFO does not say where the kernel lies");
	scan_run(&scan, start, end);
	if (!shape.result)
		return error_new(ERROR_NO_SOURCE, "kallsyms: no such tables in the kernel's image");
	*ret = shape.result;
	return NULL;
}

struct btf_search {
	struct dump *dump;
	struct type_provider *result;
	int tries;
};

static struct error *try_btf(struct btf_search *search, uint64_t address, size_t size)
{
	struct btf_origin origin = {"BTF (dump, found by shape)", NULL,
				    dump_arch(search->dump)->pointer_size, NULL};
	struct type_provider *provider _cleanup_(type_provider_free_cleanup) = NULL;
	void *bytes = mem_zero(size);
	struct error *error = dump_read(search->dump, address, bytes, size);
	const char *problem;

	if (error) {
		free(bytes);
		return error;
	}
	error = src_btf_new(bytes, size, &origin, &provider);
	if (error)
		return error;
	if (src_btf_count(provider, &problem) < BTF_MIN_TYPES || problem)
		return error_new(ERROR_CORRUPT, "BTF: not vmlinux's");
	search->result = provider;
	provider = NULL;
	return NULL;
}

static bool btf_found(void *context, uint64_t address, const uint8_t *bytes, size_t length)
{
	static const uint8_t magic[2][4] = {{0x9f, 0xeb, 1, 0}, {0xeb, 0x9f, 1, 0}};
	struct btf_search *search = context;
	const uint8_t *want = magic[dump_arch(search->dump)->big_endian], *at = bytes,
		      *end = bytes + length;

	while ((at = memmem(at, end - at, want, sizeof(magic[0])))) {
		size_t size = btf_size(at, end - at);

		if (size >= BTF_MIN_BYTES) {
			struct error *error = try_btf(search, address + (at - bytes), size);

			if (!error || ++search->tries == SCAN_MAX_TRIES) {
				error_free(error);
				return true;
			}
			error_free(error);
		}
		at++;
	}
	return false;
}

struct error *scan_btf(struct dump *dump, struct type_provider **ret)
{
	struct kallsyms_memory memory = scan_memory(dump);
	struct btf_search search = {.dump = dump};
	struct scan scan = {&memory, btf_found, &search};
	uint64_t start, end;

	if (!scan_image(dump, &start, &end))
		return error_new(ERROR_NO_SOURCE,
				 "BTF: VMCOREINFO does not say where the kernel lies");
	scan_run(&scan, start, end);
	if (!search.result)
		return error_new(ERROR_NO_SOURCE, "BTF: there is none in the kernel's image");
	*ret = search.result;
	return NULL;
}
