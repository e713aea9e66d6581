// SPDX-License-Identifier: GPL-2.0-or-later
// A point in time as one writes it on a command line.
#ifndef LIST_SINCE_H
#define LIST_SINCE_H

#include <stdint.h>

#include "base/error.h"

/* "12h", "7d", "2w" before `now`; "2026-11-21", "2026-11-21T03:14", "2026-11-21 03:14:15Z", all UTC. In seconds since
 * 1970; ERROR_INVALID. */
struct error *since_parse(const char *text, int64_t now, int64_t *ret) MUST_CHECK;

#endif
