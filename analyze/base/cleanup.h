// SPDX-License-Identifier: GPL-2.0-or-later
// Scope guards: a local marked with one of these is released when it leaves scope.
#ifndef BASE_CLEANUP_H
#define BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *pointer)
{
	free(*(void **)pointer);
}

static inline void cleanup_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* char *text _cleanup_free_ = NULL; */
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))
/* int fd _cleanup_close_ = -1; */
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))
/* struct foo *foo _cleanup_(foo_cleanup) = NULL; the function takes struct foo **. */
#define _cleanup_(function) __attribute__((cleanup(function)))

/* Defines noun_cleanup(), to be used with _cleanup_(), from noun_free(). */
#define DEFINE_CLEANUP(type, function)                                                             \
	static inline void function##_cleanup(type *pointer)                                       \
	{                                                                                          \
		if (*pointer)                                                                      \
			function(*pointer);                                                        \
	}

#endif
