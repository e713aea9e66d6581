// SPDX-License-Identifier: GPL-2.0-or-later
// Growing arrays. A struct with members `items`, `count` and `capacity` is a vector:
//   struct { struct foo *items; size_t count, capacity; } foos = {0};
//   *vec_push(&foos) = (struct foo){…};      free(foos.items);
#ifndef BASE_VEC_H
#define BASE_VEC_H

#include "base/mem.h"

/* Pointer to a new, uninitialised last element; earlier pointers may become invalid. */
#define vec_push(vec)                                                                              \
	((vec)->count == (vec)->capacity                                                           \
		 ? ((vec)->capacity = (vec)->capacity ? (vec)->capacity * 2 : 8,                   \
		    (vec)->items = mem_resize((vec)->items, (vec)->capacity,                       \
					      sizeof(*(vec)->items)),                              \
		    &(vec)->items[(vec)->count++])                                                 \
		 : &(vec)->items[(vec)->count++])

#endif
