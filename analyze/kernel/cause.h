// SPDX-License-Identifier: GPL-2.0-or-later
// What kind of end a kernel came to, in one word that stays the same for crashes of a kind.
#ifndef KERNEL_CAUSE_H
#define KERNEL_CAUSE_H

/* "sysrq", "hung-task", "oops"… by the words that were given to panic(); NULL for words nobody knows. */
const char *panic_cause(const char *message);

#endif
