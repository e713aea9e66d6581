// SPDX-License-Identifier: GPL-2.0-or-later
// Members of the kernel's structs, read below the level of values: for sources that follow the
// kernel's own structures.
#ifndef TYPES_MEMBER_H
#define TYPES_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

struct dump;
struct type;
struct type_provider;

/* The one struct of that name that has that member, or NULL. */
const struct type *struct_with(struct type_provider *types, const char *name, const char *member);
/* An integer or pointer member of the struct of that type (NULL: false) at `address`. */
bool member_read(struct dump *dump, const struct type *type, uint64_t address, const char *name,
		 uint64_t *ret);

#endif
