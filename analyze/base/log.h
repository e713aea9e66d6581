// SPDX-License-Identifier: GPL-2.0-or-later
// Words for the person at the terminal, on stderr: warnings always, notes with -v, and one
// progress line that is rewritten in place and only on a terminal.
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

/* 0: warnings only; 1: notes too. The one piece of mutable state outside main.c. */
void log_set_level(int level);
void log_warning(const char *format, ...) PRINTF_LIKE(1, 2);
void log_note(const char *format, ...) PRINTF_LIKE(1, 2);
/* Shows what is going on once more than a second has passed since the program began. */
void log_progress(const char *format, ...) PRINTF_LIKE(1, 2);
/* Wipes the progress line, before other output. */
void log_progress_end(void);

#endif
