// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/log_end.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/mem.h"

enum { LOG_BYTES = 256 << 10, MESSAGE_MAX = 1024 };

#define PANIC_WORDS "Kernel panic - not syncing: " /* panic(), kernel/panic.c */

/* The last place of any of these words. A dump is saved before panic() has said something when an oops leads to it. */
static const char *find_oops(const char *text)
{
	static const char *const words[] = {
		"BUG: ", "kernel BUG at", "general protection fault", "Unable to handle kernel", "Internal error: ",
	};
	const char *last = NULL;

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (const char *at = text; (at = strstr(at, words[i])); at++)
			last = at > last ? at : last;
	}
	return last;
}

const char *log_end_read(int fd, struct arena *arena)
{
	char *text _cleanup_free_ = mem_zero(LOG_BYTES + 1);
	struct stat status;

	if (fstat(fd, &status))
		return NULL;
	ssize_t length = pread(fd, text, LOG_BYTES, status.st_size > LOG_BYTES ? status.st_size - LOG_BYTES : 0);
	for (ssize_t i = 0; i < length; i++)
		text[i] = text[i] ? text[i] : ' ';
	const char *found = strstr(text, PANIC_WORDS);
	const char *message = found ? found + strlen(PANIC_WORDS) : find_oops(text);
	if (!message)
		return NULL;
	size_t end = strcspn(message, "\r\n");
	return arena_strndup(arena, message, end < MESSAGE_MAX ? end : MESSAGE_MAX);
}
