// SPDX-License-Identifier: GPL-2.0-or-later
// Variables that no table names, but that can be reached from exported ones: heads of lists, for
// kernels whose kallsyms name functions only.
#ifndef TYPES_SRC_REACHED_H
#define TYPES_SRC_REACHED_H

#include <stdbool.h>
#include <stdint.h>

struct dump;
struct symbol_provider;
struct type_provider;

/* Where to begin. */
struct reach {
	struct dump *dump;
	struct type_provider *types;
	struct symbol_provider *exported;
	uint64_t start, end; /* what the kernel's image lies within */
};

/* `modules` and `slab_caches`, as far as they can be reached; NULL: neither. */
struct symbol_provider *src_reached_open(const struct reach *reach);
/* The BTF of a loaded module, which the kernel shows as /sys/kernel/btf/NAME. */
bool src_reached_btf(const struct reach *reach, const char *module, uint64_t *ret_address,
		     uint64_t *ret_size);

#endif
