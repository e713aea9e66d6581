// SPDX-License-Identifier: GPL-2.0-or-later
// Where on this machine the debug data of a kernel and of its modules lie: by build-id, then by
// release, in the places distributions use, beside the dump, and where debuginfod keeps them.
#ifndef TYPES_DEBUGINFO_H
#define TYPES_DEBUGINFO_H

#include <stdint.h>

#include "base/error.h"

struct dump;

/* Path of the vmlinux of the kernel with that build-id (lower-case hexadecimal) and release
 * ("6.1.0-50-cloud-amd64"; NULL if unknown); free() it. `dump_path` names the folder to look in,
 * too. A file found by release is taken only if its build-id is the same; where the dump's is not
 * known (NULL) it is taken as it is, and debuginfo_check() must say whether it belongs to the dump.
 * ERROR_NOT_FOUND when there is none, ERROR_MISMATCH (both build-ids in the words) when the only
 * ones are of other kernels. Opens the network only as the environment says: with DEBUGINFOD_URLS,
 * debuginfod-find is run, last of all and for two minutes at most. */
struct error *debuginfo_find(const char *build_id, const char *release, const char *dump_path,
			     char **ret) MUST_CHECK;
/* The same for module `name` as in lsmod ("_" and "-" are alike), also in the tree of folders that
 * `vmlinux` (or NULL) lies in. */
struct error *debuginfo_find_module(const char *name, const char *build_id, const char *release,
				    const char *vmlinux, char **ret) MUST_CHECK;
/* Whether the ELF file at `path` is the vmlinux of the dump, and what KASLR adds to its addresses.
 * By the build-id of VMCOREINFO; before Linux 5.9, which writes it there, by the one in the dump's
 * memory. ERROR_MISMATCH (both build-ids in the words), ERROR_NOT_FOUND (nothing to tell by: the
 * file has no build-id, or the dump none that can be read), ERROR_IO, ERROR_INVALID (no ELF). */
struct error *debuginfo_check(const char *path, struct dump *dump, uint64_t *ret_shift) MUST_CHECK;

#endif
