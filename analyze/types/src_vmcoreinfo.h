// SPDX-License-Identifier: GPL-2.0-or-later
// The few symbols that VMCOREINFO itself names: the last resort, and the measure of every other
// source.
#ifndef TYPES_SRC_VMCOREINFO_H
#define TYPES_SRC_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol_provider;
struct vmcoreinfo;

/* Never NULL, perhaps without symbols. */
struct symbol_provider *src_vmcoreinfo_open(const struct vmcoreinfo *info);
/* The shift by which most symbols of `known` (from src_vmcoreinfo_open) are higher than those of
 * the same name in `other`, with how many agree and how many do not: some lines of VMCOREINFO give
 * a variable's value instead of its address, so a few never agree. False when the two have no
 * symbol in common. */
bool src_vmcoreinfo_compare(struct symbol_provider *known, struct symbol_provider *other,
			    uint64_t *ret_shift, size_t *ret_agree, size_t *ret_differ);

#endif
