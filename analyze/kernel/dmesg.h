// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel log: the lockless ring since 5.10 (kernel commit 896fbe20b4e2 "printk: use the
// lockless ringbuffer") and the record buffer before it.
#ifndef KERNEL_DMESG_H
#define KERNEL_DMESG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct arena;
struct kernel;

struct dmesg_record {
	uint64_t sequence;
	uint64_t time_ns; /* since boot */
	uint8_t level;    /* 0 emergency … 7 debug */
	uint32_t caller;  /* 0 unknown; top bit set: CPU number, else thread id */
	const char *text; /* not NUL-terminated, bytes as logged */
	size_t length;
};

struct dmesg {
	struct dmesg_record *records;
	size_t count;
	uint64_t lost; /* records known to be overwritten or unreadable */
};

/* All records that can be read, oldest first, in `arena`. A broken ring gives the records before
 * and after the break; ERROR_* only when there is nothing at all. */
struct error *dmesg_read(struct kernel *kernel, struct arena *arena, struct dmesg *ret) MUST_CHECK;

#endif
