// SPDX-License-Identifier: GPL-2.0-or-later
// What the server gives up before it reads its first datagram.
#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include "base/error.h"

struct config;

/* Where the process is root's it becomes `user`, or, where that is "", the user "netdump" if there is one that can use the
 * directories and keys; else it stays root. Either way it keeps no capability and gains none by exec, but for one case:
 * root who may not write to the dump directory by its mode alone keeps CAP_DAC_OVERRIDE and CAP_FOWNER. Before threads
 * are made, after ports are opened. */
struct error *sandbox_drop(const struct config *config) MUST_CHECK;
/* Of the file system only the dump directory, the spool, and the directories of status and metrics (Landlock); of the
 * system calls only those that the server makes (seccomp); for this thread and those made from now on. What the kernel
 * does not have is done without, and said. */
struct error *sandbox_enter(const struct config *config) MUST_CHECK;

#endif
