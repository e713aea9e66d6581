// SPDX-License-Identifier: GPL-2.0-or-later
// The inside of struct dump, for the files of this folder only.
#ifndef DUMP_DUMP_PRIVATE_H
#define DUMP_DUMP_PRIVATE_H

#include "dump/cache.h"
#include "dump/dump.h"

struct dump {
	struct dump_info info;
	struct arch arch;
	struct dump_counters counters;
	struct cache cache;
	struct kdumpfile *file;
	struct vmcoreinfo *vmcoreinfo;
	char *path;
	int *fds;
	size_t fd_count;
};

#endif
