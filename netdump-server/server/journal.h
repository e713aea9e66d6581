// SPDX-License-Identifier: GPL-2.0-or-later
// Lines for the administrator: to the journal with fields (NETDUMP_CLIENT, MESSAGE_ID) where standard error goes there or
// is closed, else to standard error. Never through syslog(3): that may block.
#ifndef SERVER_JOURNAL_H
#define SERVER_JOURNAL_H

#include <stdbool.h>

#include "base/error.h"

enum journal_level { JOURNAL_ERROR = 3, JOURNAL_WARNING = 4, JOURNAL_NOTICE = 5, JOURNAL_DEBUG = 7 };

/* Opens the journal's socket, which a sandbox would not let through later. `is_background`: there is nobody to read
 * standard error; where there is no journal either, lines go to syslog's socket. */
void journal_open(bool is_background);
/* A line; `client` may be NULL. Control characters are shown as \xNN. */
void journal_write(enum journal_level level, const char *client, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
