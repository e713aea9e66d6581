// SPDX-License-Identifier: GPL-2.0-or-later
// Symbols out of a System.map, as the build of a kernel leaves it beside the image.
#ifndef TYPES_SRC_SYSTEMMAP_H
#define TYPES_SRC_SYSTEMMAP_H

#include "base/error.h"

struct symbol_provider;

/* Reads the file and moves its addresses to where the kernel ran, which the symbols of VMCOREINFO
 * (`known`, from src_vmcoreinfo_open) say. ERROR_IO; ERROR_INVALID: not a System.map;
 * ERROR_MISMATCH: of another build. */
struct error *src_systemmap_open(const char *path, struct symbol_provider *known,
				 struct symbol_provider **ret) MUST_CHECK;

#endif
