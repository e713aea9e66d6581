// SPDX-License-Identifier: GPL-2.0-or-later
// Files that are no vmcore, or one of a kind that is not read: told by how they begin, so that the
// user learns what is to be done with them.
#ifndef DUMP_FOREIGN_H
#define DUMP_FOREIGN_H

#include "base/error.h"

struct dump_file;

/* What the file is, as one line of ERROR_INVALID; NULL for what is not known, or is libkdumpfile's
 * to read. */
struct error *foreign_refuse(const struct dump_file *file) MUST_CHECK;
/* The same of a file that libkdumpfile did not read, for the reason it gives; never NULL. */
struct error *foreign_refuse_unread(const struct dump_file *file, const char *reason) MUST_CHECK;

#endif
