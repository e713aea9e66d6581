// SPDX-License-Identifier: GPL-2.0-or-later
// Types out of the DWARF of a vmlinux or a module (libdw), compressed or packed by dwz, too.
// Several types of one name, one size and one line number (a file compiled twice) count as one.
#ifndef TYPES_SRC_DWARF_H
#define TYPES_SRC_DWARF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct type_provider;

/* `shift` is what KASLR adds to the addresses in the file; `module` NULL for vmlinux (copied).
 * ERROR_IO, ERROR_INVALID (no ELF file), ERROR_NO_SOURCE (without DWARF). */
struct error *src_dwarf_open(const char *path, uint64_t shift, const char *module,
			     struct type_provider **ret) MUST_CHECK;
/* Source line of an address of the dump: false if unknown. *ret_file lives as long as the provider,
 * which must come from src_dwarf_open(). */
bool src_dwarf_line(struct type_provider *provider, uint64_t address, const char **ret_file,
		    uint32_t *ret_line);

#endif
