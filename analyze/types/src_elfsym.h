// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols out of the .symtab of a vmlinux, and what else is wanted from an ELF file (libelf).
#ifndef TYPES_SRC_ELFSYM_H
#define TYPES_SRC_ELFSYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct symbol_provider;

/* `shift` is what KASLR adds to the addresses in the file (not to absolute and per-CPU symbols).
 * ERROR_IO, ERROR_INVALID (no ELF file), ERROR_NO_SOURCE (stripped). */
struct error *src_elfsym_open(const char *path, uint64_t shift,
			      struct symbol_provider **ret) MUST_CHECK;
/* A section's bytes, decompressed; free() them. ERROR_IO, ERROR_INVALID (no ELF file),
 * ERROR_NOT_FOUND (no such section), ERROR_LIMIT (over 1 GB). */
struct error *elf_section_read(const char *path, const char *section, void **ret,
			       size_t *ret_size) MUST_CHECK;
/* Whether the file has that section, with bytes in it: false, too, where the file cannot be read. */
bool elf_has_section(const char *path, const char *section);
/* Byte order and pointer size of an ELF file; false when it is none. */
bool elf_file_class(const char *path, bool *ret_big_endian, uint8_t *ret_pointer_size);
/* st_value of one symbol of the file's .symtab: ERROR_NOT_FOUND, ERROR_NO_SOURCE (stripped).
 * symtab.c gets the KASLR shift from it: SYMBOL(_stext) of VMCOREINFO minus this. */
struct error *elf_symbol_value(const char *path, const char *name, uint64_t *ret) MUST_CHECK;
/* GNU build-id in lower-case hexadecimal; free() it. ERROR_NOT_FOUND when the file has none. */
struct error *elf_build_id(const char *path, char **ret) MUST_CHECK;
/* Where that file's program has the bytes of its build-id in memory, before KASLR. */
struct error *elf_build_id_address(const char *path, uint64_t *ret) MUST_CHECK;

#endif
