// SPDX-License-Identifier: GPL-2.0-or-later
// Lines for the administrator: to the journal with fields (NETDUMP_CLIENT, MESSAGE_ID) where standard error goes there or
// is closed, else to standard error. Never through syslog(3): that may block.
#ifndef SERVER_JOURNAL_H
#define SERVER_JOURNAL_H

#include <stdbool.h>

#include "base/error.h"

/* The priority, as syslog has it, and, above its three bits, what kind of message it is: kinds have a MESSAGE_ID, listed
 * in netdump-server(8), by which journalctl finds them. */
enum journal_level {
	JOURNAL_ERROR = 3,
	JOURNAL_WARNING = 4,
	JOURNAL_NOTICE = 5,
	JOURNAL_DEBUG = 7,
	JOURNAL_READY = 1 << 3 | JOURNAL_NOTICE, /* the server listens */
	JOURNAL_STOPPED = 2 << 3 | JOURNAL_NOTICE, /* it has ended as it was told to */
	JOURNAL_RELOADED = 3 << 3 | JOURNAL_NOTICE, /* the configuration was read again */
	JOURNAL_UNCHANGED = 4 << 3 | JOURNAL_ERROR, /* it was to be, and is wrong */
	JOURNAL_BEGUN = 5 << 3 | JOURNAL_NOTICE, /* a dump begins */
	JOURNAL_COMPLETE = 6 << 3 | JOURNAL_NOTICE, /* it is complete, and safe on the disk */
	JOURNAL_INCOMPLETE = 7 << 3 | JOURNAL_WARNING, /* it is not; or it is not safe */
	JOURNAL_REFUSED = 8 << 3 | JOURNAL_ERROR, /* no dump can be taken */
	JOURNAL_TROUBLE = 9 << 3 | JOURNAL_WARNING, /* a kernel's log, come by netconsole, tells of an oops, a BUG or a panic */
};

/* Opens the journal's socket, which a sandbox would not let through later. `is_background`: there is nobody to read
 * standard error; where there is no journal either, lines go to syslog's socket. */
void journal_open(bool is_background);
/* A line; `client` may be NULL. Control characters are shown as \xNN. */
void journal_write(enum journal_level level, const char *client, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
