// SPDX-License-Identifier: GPL-2.0-or-later
// What the kernel said when it crashed, from its log as text: all there is where the dump could not be saved.
#ifndef LIST_LOG_END_H
#define LIST_LOG_END_H

struct arena;

/* The words that were given to panic(), else of the last oops, from the end of the open file; NULL: there are none. */
const char *log_end_read(int fd, struct arena *arena);

#endif
