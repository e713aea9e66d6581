// SPDX-License-Identifier: GPL-2.0-or-later
// VMCOREINFO: the KEY=VALUE note a kernel writes for those who read its dump
// (Documentation/admin-guide/kdump/vmcoreinfo.rst).
#ifndef DUMP_VMCOREINFO_H
#define DUMP_VMCOREINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump;
struct vmcoreinfo;

/* The dump's own; never NULL, perhaps empty. */
const struct vmcoreinfo *dump_vmcoreinfo(const struct dump *dump);
/* Parses `length` bytes of text; lines without '=' and over-long ones are left out. */
struct vmcoreinfo *vmcoreinfo_new(const char *text, size_t length);
void vmcoreinfo_free(struct vmcoreinfo *info);
/* Whole text as written, NUL-terminated. */
const char *vmcoreinfo_text(const struct vmcoreinfo *info);
/* Value of a line ("OSRELEASE", "SYMBOL(init_uts_ns)"…) or NULL. */
const char *vmcoreinfo_get(const struct vmcoreinfo *info, const char *key);
/* The number in `NUMBER(name)`, `SIZE(name)`, `OFFSET(name)`, `LENGTH(name)` (decimal) or
 * `SYMBOL(name)`, `KERNELOFFSET` (hexadecimal); false when there is none or it is no number. */
bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, uint64_t *ret);

#endif
