// SPDX-License-Identifier: GPL-2.0-or-later
// Variables out of the table of what a kernel exports to its modules
// (include/linux/export.h, kernel/module/main.c), for kernels whose kallsyms
// name functions only. Nothing leads to the table: it is found by its shape,
// and known by its functions, which kallsyms know, too.
#ifndef TYPES_SRC_KSYMTAB_H
#define TYPES_SRC_KSYMTAB_H

#include <stdint.h>

#include "base/error.h"
#include "types/src_kallsyms.h"

struct dump;
struct symbol_provider;

/* Where to search, and for what. */
struct ksymtab_search {
	const struct kallsyms_memory *memory;
	uint64_t first;	     /* where the table may begin */
	uint64_t start, end; /* of the kernel's image */
	struct symbol_provider *functions;
};

/* Those exported symbols that `functions` does not know. ERROR_NO_SOURCE: no
 * such table. */
struct error *src_ksymtab_new(const struct ksymtab_search *search,
			      struct symbol_provider **ret) MUST_CHECK;
struct error *src_ksymtab_open(struct dump *dump, struct symbol_provider *functions,
			       struct symbol_provider **ret) MUST_CHECK;

#endif
