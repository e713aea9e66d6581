// SPDX-License-Identifier: GPL-2.0-or-later
// Finds tables in the kernel's image by their shape, where no symbol leads to them. Slow (every
// page of the image is read), so the last thing to try.
#ifndef TYPES_SCAN_H
#define TYPES_SCAN_H

#include "base/error.h"

struct dump;
struct symbol_provider;
struct type_provider;

/* kallsyms tables; symbols of `known` (from src_vmcoreinfo_open) must have the same addresses in
 * them. ERROR_NO_SOURCE: none found. */
struct error *scan_kallsyms(struct dump *dump, struct symbol_provider *known,
			    struct symbol_provider **ret) MUST_CHECK;
/* vmlinux's BTF, the first one that is whole and large enough. ERROR_NO_SOURCE: none found. */
struct error *scan_btf(struct dump *dump, struct type_provider **ret) MUST_CHECK;

#endif
