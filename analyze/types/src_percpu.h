// SPDX-License-Identifier: GPL-2.0-or-later
// Per-CPU variables of a kernel whose kallsyms do not name them: BTF has the offset of each in their
// section, and one of known address says where that begins.
#ifndef TYPES_SRC_PERCPU_H
#define TYPES_SRC_PERCPU_H

#include "base/error.h"

struct symbol_provider;
struct type_provider;

/* `btf` is vmlinux's (from src_btf_new), `exported` knows some of the variables. __per_cpu_start and
 * __per_cpu_end come with them. ERROR_NO_SOURCE: the section is not described, or nothing says where
 * it is. */
struct error *src_percpu_new(struct type_provider *btf, struct symbol_provider *exported,
			     struct symbol_provider **ret) MUST_CHECK;

#endif
