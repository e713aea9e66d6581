// SPDX-License-Identifier: GPL-2.0-or-later
// What the headers of a dump say of its kernel, without looking at any page.
#ifndef LIST_HEADER_H
#define LIST_HEADER_H

struct arena;
struct listed_dump;

/* Fills kernel, host, architecture and time as far as they are unknown, from the open file; of what is no dump,
 * nothing. */
void header_read(int fd, struct listed_dump *dump, struct arena *arena);

#endif
