// SPDX-License-Identifier: GPL-2.0-or-later
// Types out of BTF (Documentation/bpf/btf.rst), by a bounded reader of our own: what comes from a
// dump is hostile.
#ifndef TYPES_SRC_BTF_H
#define TYPES_SRC_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct type_provider;

enum { BTF_MAX_BYTES = 128 << 20 };

struct btf_origin {
	const char *description; /* "BTF (dump)"; copied */
	const char *module;      /* NULL for the kernel; copied */
	uint8_t pointer_size;    /* 0: as large as `unsigned long` in the BTF */
	struct type_provider
		*base; /* vmlinux's BTF, which a module's continues; outlives it; or NULL */
};

/* Size of the whole BTF at whose beginning `bytes` lie (32 of them are enough), 0 when it is none.
 */
size_t btf_size(const void *bytes, size_t size);
/* Whether a BTF stands alone: its strings begin with the empty one, which a BTF that continues another takes from
 * there. True, too, where it is damaged, so that its reader says so. */
bool btf_is_whole(const void *bytes, size_t size);
/* Indexes a BTF of either byte order. Takes over `bytes` (from malloc) and releases them in any
 * case. What cannot be understood ends the index there: types before it are kept. ERROR_CORRUPT: it
 * is no BTF. */
struct error *src_btf_new(void *bytes, size_t size, const struct btf_origin *origin,
			  struct type_provider **ret) MUST_CHECK;
/* Number of types. `ret_problem`: words about where the BTF breaks off, or NULL. */
uint32_t src_btf_count(const struct type_provider *provider, const char **ret_problem);
/* Visits the variables of a section of the kernel (".data..percpu"): offset from
 * its beginning, and size. Returns the section's size, 0 if it is not there. */
typedef void btf_section_visitor(void *context, const char *name, uint64_t offset, uint64_t size);
uint64_t src_btf_section(struct type_provider *provider, const char *section,
			 btf_section_visitor *visit, void *context);
/* `distilled` is the .BTF.base of a module's file: a copy of what the module uses of vmlinux's BTF,
 * names and sizes only. From now on its types stand for those of `vmlinux`. */
void src_btf_relocate(struct type_provider *distilled, struct type_provider *vmlinux);

#endif
