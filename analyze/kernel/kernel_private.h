// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of kernel_new(), one per file. Each learns what it can and leaves the rest unknown;
// later ones use what earlier ones learnt.
#ifndef KERNEL_KERNEL_PRIVATE_H
#define KERNEL_KERNEL_PRIVATE_H

#include "kernel/kernel.h"

void kernel_learn_cpus(struct kernel *kernel);
void kernel_learn_clock(struct kernel *kernel);
void kernel_learn_taint(struct kernel *kernel);
void kernel_learn_panic(struct kernel *kernel);

/* Pointer-sized number in the variable `name`; false when it is not there or cannot be read. */
bool kernel_read_long(const struct kernel *kernel, const char *name, uint64_t *ret);
/* 32-bit number in the variable `name`. */
bool kernel_read_int(const struct kernel *kernel, const char *name, uint32_t *ret);

#endif
