// SPDX-License-Identifier: GPL-2.0-or-later
// A dump and a symtab made of arrays, for tests of what reads them: define FAKE_DUMP's contents with
// fake_put(), then call the code under test. Include before the .c under test, once per program; it takes the
// place of dump.c and symtab.c in the link.
#ifndef FAKE_DUMP_H
#define FAKE_DUMP_H

#include <string.h>

#include "dump/dump.h"
#include "dump/registers.h"
#include "dump/vmcoreinfo.h"
#include "kernel/kernel.h"
#include "types/symtab.h"

#define FAKE_BASE 0xffff888000000000ULL
enum { FAKE_PAGES = 64, FAKE_PAGE = 4096, FAKE_SIZE = FAKE_PAGES * FAKE_PAGE };

struct dump {
	struct arch arch;
	struct dump_info info;
	struct vmcoreinfo *vmcoreinfo;
	uint64_t base;
	uint64_t used; /* by fake_alloc() */
	bool is_hole[FAKE_PAGES];
	uint8_t memory[FAKE_SIZE];
};

struct symtab {
	const struct type *types[16];
	const struct type *enumeration;
	struct symbol symbols[32];
	size_t symbol_count;
};

static struct dump fake_dump;
static struct symtab fake_symtab;

/* An empty machine. On 32 bits addresses begin at 0x80000000. */
static inline void fake_reset(uint8_t pointer_size, bool big_endian)
{
	vmcoreinfo_free(fake_dump.vmcoreinfo);
	memset(&fake_dump, 0, sizeof(fake_dump));
	memset(&fake_symtab, 0, sizeof(fake_symtab));
	fake_dump.arch = (struct arch){"x86_64", pointer_size, big_endian};
	fake_dump.info.page_size = FAKE_PAGE;
	fake_dump.base = pointer_size == 4 ? 0x80000000ULL : FAKE_BASE;
	fake_dump.vmcoreinfo = vmcoreinfo_new("", 0);
}

static inline uint64_t fake_alloc(uint64_t size, uint64_t align)
{
	uint64_t at = (fake_dump.used + align - 1) & ~(align - 1);

	if (at + size > FAKE_SIZE)
		abort();
	fake_dump.used = at + size;
	return fake_dump.base + at;
}

/* Writes a number in the machine's byte order. */
static inline void fake_put(uint64_t address, size_t size, uint64_t number)
{
	for (size_t i = 0; i < size; i++)
		fake_dump.memory[address - fake_dump.base + (fake_dump.arch.big_endian ? size - 1 - i : i)] =
			(uint8_t)(number >> 8 * i);
}

static inline void fake_put_pointer(uint64_t address, uint64_t number)
{
	fake_put(address, fake_dump.arch.pointer_size, number);
}

static inline void fake_put_bytes(uint64_t address, const void *bytes, size_t length)
{
	memcpy(fake_dump.memory + (address - fake_dump.base), bytes, length);
}

static inline void fake_hole(uint64_t address)
{
	fake_dump.is_hole[(address - fake_dump.base) / FAKE_PAGE] = true;
}

static inline void fake_symbol(const char *name, uint64_t address)
{
	fake_symtab.symbols[fake_symtab.symbol_count++] =
		(struct symbol){.name = name, .address = address, .kind = 'D'};
}

static inline struct kernel fake_kernel(struct arena *arena)
{
	return (struct kernel){.dump = &fake_dump, .symtab = &fake_symtab, .arena = arena};
}

const struct arch *dump_arch(const struct dump *dump)
{
	return &dump->arch;
}

const struct dump_info *dump_info(const struct dump *dump)
{
	return &dump->info;
}

const struct vmcoreinfo *dump_vmcoreinfo(const struct dump *dump)
{
	return dump->vmcoreinfo;
}

const void *dump_peek(struct dump *dump, uint64_t address, size_t *ret_length, struct fault *ret_fault)
{
	uint64_t offset = address - dump->base;

	if (offset >= FAKE_SIZE || dump->is_hole[offset / FAKE_PAGE]) {
		*ret_fault = (struct fault){
			offset >= FAKE_SIZE ? ERROR_NO_TRANSLATION : ERROR_NOT_SAVED, address, "page"};
		return NULL;
	}
	*ret_length = FAKE_PAGE - offset % FAKE_PAGE;
	return dump->memory + offset;
}

bool dump_try_read(struct dump *dump, uint64_t address, void *buffer, size_t length,
		   struct fault *ret_fault)
{
	uint8_t *bytes = buffer;

	while (length) {
		size_t part;
		const void *page = dump_peek(dump, address, &part, ret_fault);

		if (!page)
			return false;
		if (part > length)
			part = length;
		memcpy(bytes, page, part);
		bytes += part;
		address += part;
		length -= part;
	}
	return true;
}

uint64_t dump_number(const struct dump *dump, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++)
		number = number << 8 | byte[dump->arch.big_endian ? i : length - 1 - i];
	return number;
}

bool dump_try_read_number(struct dump *dump, uint64_t address, size_t length, uint64_t *ret,
			  struct fault *ret_fault)
{
	uint8_t bytes[8];

	if (!dump_try_read(dump, address, bytes, length, ret_fault))
		return false;
	*ret = dump_number(dump, bytes, length);
	return true;
}

bool dump_try_read_pointer(struct dump *dump, uint64_t address, uint64_t *ret,
			   struct fault *ret_fault)
{
	return dump_try_read_number(dump, address, dump->arch.pointer_size, ret, ret_fault);
}

size_t dump_registers_count(const struct dump *dump)
{
	(void)dump;
	return 0;
}

bool dump_registers(const struct dump *dump, size_t index, struct registers *ret)
{
	(void)dump, (void)index, (void)ret;
	return false;
}

struct error *symtab_type(struct symtab *symtab, enum type_kind kind, const char *name,
			  const char *module, const struct type **ret)
{
	(void)module;
	for (size_t i = 0; symtab->types[i]; i++)
		if (symtab->types[i]->kind == kind && !strcmp(symtab->types[i]->name, name)) {
			*ret = symtab->types[i];
			return NULL;
		}
	return error_new(ERROR_NOT_FOUND, "no type %s", name);
}

struct error *symtab_enumerator(struct symtab *symtab, const char *name, const struct type **ret_type,
				int64_t *ret_value)
{
	size_t count = 0;
	const struct type_enumerator *enumerators =
		symtab->enumeration ? type_enumerators(symtab->enumeration, &count) : NULL;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(enumerators[i].name, name)) {
			*ret_type = symtab->enumeration;
			*ret_value = enumerators[i].value;
			return NULL;
		}
	return error_new(ERROR_NOT_FOUND, "no enumerator %s", name);
}

bool symtab_try(struct symtab *symtab, bool trying)
{
	(void)symtab;
	return trying;
}

const struct symbol *symtab_find(struct symtab *symtab, const char *name)
{
	for (size_t i = 0; i < symtab->symbol_count; i++)
		if (!strcmp(symtab->symbols[i].name, name))
			return &symtab->symbols[i];
	return NULL;
}

const struct symbol *symtab_symbolize(struct symtab *symtab, uint64_t address, uint64_t *ret_offset)
{
	for (size_t i = 0; i < symtab->symbol_count; i++)
		if (address - symtab->symbols[i].address < 0x100) {
			*ret_offset = address - symtab->symbols[i].address;
			return &symtab->symbols[i];
		}
	return NULL;
}

#endif
