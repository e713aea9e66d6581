// SPDX-License-Identifier: GPL-2.0-or-later
// The files of one directory, and which of them are a dump and what belongs to it.
#ifndef LIST_FILES_H
#define LIST_FILES_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct listed_dump;
struct stat;

/* Zero-initialise. */
struct files {
	struct file {
		char *name;
		unsigned long long bytes, device, inode;
		long long changed;
		bool is_taken; /* belongs to a dump that was told */
	} *items;
	size_t count, capacity;
	size_t next; /* that files_next_dump() has not looked at; then: */
	bool is_directory_told;
};

void files_deinit(struct files *files);
void files_add(struct files *files, const char *name, const struct stat *status);
/* Fills `files` and `number` of another dump among them, and nothing else: first those of FreeBSD, each with a number
 * of its own, then that which has the directory for itself. False: there is none any more. Names go to the arena. */
bool files_next_dump(struct files *files, struct arena *arena, struct listed_dump *ret);

#endif
