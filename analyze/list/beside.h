// SPDX-License-Identifier: GPL-2.0-or-later
// Opens what lies beside a dump, in a directory where somebody else may have put anything under any name.
#ifndef LIST_BESIDE_H
#define LIST_BESIDE_H

/* The file, for reading; -1: there is none that can be opened, or `name` is NULL. Neither a link nor a pipe is one, nor
 * what the owner of the directory may not read himself: we may have more rights than he. */
int beside_open(int directory, const char *name);

#endif
