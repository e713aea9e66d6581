// SPDX-License-Identifier: GPL-2.0-or-later
// What the server gives up before it reads its first datagram.
#ifndef SERVER_SANDBOX_H
#define SERVER_SANDBOX_H

#include "base/error.h"

struct config;

/* Becomes `user` (nothing where that is "" or the process is not root's), keeps no capability and gains none by exec.
 * Before threads are made. */
struct error *sandbox_drop(const struct config *config) MUST_CHECK;
/* Of the file system only the dump directory, the spool, and the directories of status and metrics (Landlock); of the
 * system calls only those that the server makes (seccomp); for this thread and those made from now on. What the kernel
 * does not have is done without, and said. */
struct error *sandbox_enter(const struct config *config) MUST_CHECK;

#endif
