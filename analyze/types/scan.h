// SPDX-License-Identifier: GPL-2.0-or-later
// Finds tables in the kernel's image by their shape, where no symbol leads to them. Slow (every
// page of the image is read), so the last thing to try.
#ifndef TYPES_SCAN_H
#define TYPES_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "types/src_kallsyms.h"

struct dump;
struct symbol_provider;
struct type_provider;

/* kallsyms tables; symbols of `known` (from src_vmcoreinfo_open) must have the same addresses in
 * them. ERROR_NO_SOURCE: none found. */
struct error *scan_kallsyms(struct dump *dump, struct symbol_provider *known,
			    struct symbol_provider **ret) MUST_CHECK;
/* vmlinux's BTF, the first one that is whole and large enough. ERROR_NO_SOURCE: none found. */
struct error *scan_btf(struct dump *dump, struct type_provider **ret) MUST_CHECK;

enum { SCAN_OVERLAP = 1024 /* what is looked for may begin in one piece and end in the next */ };

struct scan {
	const struct kallsyms_memory *memory;
	bool (*found)(void *context, uint64_t address, const uint8_t *bytes, size_t length);
	void *context;
};

/* Calls `found` with pieces of [start, end) that overlap by SCAN_OVERLAP, missing pages as zeros,
 * until it returns true. */
bool scan_run(const struct scan *scan, uint64_t start, uint64_t end);
/* The memory of a dump. */
struct kallsyms_memory scan_memory(struct dump *dump);
/* What the kernel's image lies within; false if VMCOREINFO does not say. */
bool scan_image(struct dump *dump, uint64_t *ret_start, uint64_t *ret_end);

#endif
