// SPDX-License-Identifier: GPL-2.0-or-later
// Lines for the administrator: to the journal with fields (NETDUMP_CLIENT, MESSAGE_ID) where the process runs under
// systemd, else to standard error. Never through syslog(3): that may block.
#ifndef SERVER_JOURNAL_H
#define SERVER_JOURNAL_H

#include "base/error.h"

enum journal_level { JOURNAL_ERROR = 3, JOURNAL_WARNING = 4, JOURNAL_NOTICE = 5, JOURNAL_DEBUG = 7 };

/* Opens the journal's socket, which a sandbox would not let through later. */
void journal_open(void);
/* A line; `client` may be NULL. Control characters are shown as \xNN. */
void journal_write(enum journal_level level, const char *client, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
