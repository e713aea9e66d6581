// SPDX-License-Identifier: GPL-2.0-or-later
// Where on this machine the debug data of a kernel and of its modules lie: by build-id, then by
// release, in the places distributions use, beside the dump, and debuginfod's local cache.
#ifndef TYPES_DEBUGINFO_H
#define TYPES_DEBUGINFO_H

#include "base/error.h"

/* Path of the vmlinux of the kernel with that build-id (lower-case hexadecimal; NULL if unknown) and
 * release ("6.1.0-50-cloud-amd64"); free() it. `dump_path` names the folder to look in, too. A file found by
 * release is taken only if its build-id is the same. ERROR_NOT_FOUND when there is none, ERROR_MISMATCH (both
 * build-ids in the words) when the only ones are of other kernels. Never opens the network. */
struct error *debuginfo_find(const char *build_id, const char *release, const char *dump_path,
			     char **ret) MUST_CHECK;
/* The same for module `name` as in lsmod ("_" and "-" are alike). */
struct error *debuginfo_find_module(const char *name, const char *build_id, const char *release,
				    char **ret) MUST_CHECK;

#endif
