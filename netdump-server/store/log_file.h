// SPDX-License-Identifier: GPL-2.0-or-later
// A log of a client: each line with a time stamp, nothing in it that a terminal would obey, never longer than
// allowed.
#ifndef STORE_LOG_FILE_H
#define STORE_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct log_file;
struct writer;

struct log_options {
	uint64_t max;  /* bytes before it is rotated; 0: no limit */
	unsigned keep; /* rotated ones kept, NAME.1 being the youngest; 0: what does not fit is dropped */
	/* NULL, or whether the file may become longer by that, which it then does. */
	bool (*may_grow)(void *context, uint64_t length);
	void *context;
};

/* Opens `name` in the directory, which stays open as long as the log, to append to it; nothing is a link on the way. */
struct error *log_file_open(struct writer *writer, int directory, const char *name, const struct log_options *options,
			    struct log_file **ret) MUST_CHECK;
/* Other limits for what is put from now on. */
void log_file_limit(struct log_file *log, const struct log_options *options);
/* At once for the caller; what is queued is written before the file is closed. */
void log_file_close(struct log_file *log);
/* Appends text as it came: a line may arrive in pieces. What the writer's queue has no room for is lost, and the log
 * says how many bytes that were. `now`: CLOCK_REALTIME in seconds. */
void log_file_put(struct log_file *log, int64_t now, const void *text, size_t length);

#endif
