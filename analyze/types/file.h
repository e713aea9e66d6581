// SPDX-License-Identifier: GPL-2.0-or-later
// A whole file in memory.
#ifndef TYPES_FILE_H
#define TYPES_FILE_H

#include <stddef.h>

#include "base/error.h"

/* The bytes of a regular file and a NUL behind them; free() them. ERROR_IO, ERROR_INVALID (no
 * regular file), ERROR_LIMIT (more than `limit` bytes). */
struct error *file_read(const char *path, size_t limit, char **ret, size_t *ret_size) MUST_CHECK;

#endif
