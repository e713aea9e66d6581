// SPDX-License-Identifier: GPL-2.0-or-later
// Files in a directory that we hold open: made whole or not at all, and never through a link.
#ifndef STORE_PLACE_H
#define STORE_PLACE_H

#include <stddef.h>

#include "base/error.h"

/* A text as part of a file name: letters, digits, '.', ':', '_'; everything else becomes '_', as does a dot that is
 * first. free() it. */
char *place_safe_name(const char *text);
/* The directory `path` below `directory`, each part of it a directory and not a link, none of them ".."; -1
 * otherwise. An empty path is `directory` itself, opened again. */
int place_open(int directory, const char *path);
/* Takes room on the disk for what place_write() will write under that name, so that it cannot fail for want of some. Where
 * the file system cannot do that, nothing happens. */
struct error *place_reserve(int directory, const char *name, size_t length) MUST_CHECK;
/* Gives up that room where nothing was written. */
void place_release(int directory, const char *name);
/* Writes a file under a temporary name, syncs it, and gives it its name, in place of what had that. */
struct error *place_write(int directory, const char *name, const void *bytes, size_t length) MUST_CHECK;
/* The text of a regular file of at most `most` bytes, or NULL; free() it. */
char *place_read(int directory, const char *name, size_t most);
/* The number in a file as savecore counts with: 0 where there is none. */
unsigned long place_read_bounds(int directory, const char *name);
/* Makes `name` a link to `target`, in place of what had that name. */
struct error *place_link(int directory, const char *target, const char *name) MUST_CHECK;

#endif
