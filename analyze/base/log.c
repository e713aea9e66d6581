// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int log_level;
static bool progress_shown;

void log_set_level(int level)
{
	log_level = level;
}

static void log_line(const char *kind, const char *format, va_list arguments)
{
	log_progress_end();
	fprintf(stderr, "kmortem: %s", kind);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_line("warning: ", format, arguments);
	va_end(arguments);
}

void log_note(const char *format, ...)
{
	va_list arguments;

	if (log_level < 1)
		return;
	va_start(arguments, format);
	log_line("", format, arguments);
	va_end(arguments);
}

/* Seconds since the first call, which main makes through its first progress report. */
static double log_seconds(void)
{
	static struct timespec start;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!start.tv_sec)
		start = now;
	return (double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9;
}

void log_progress(const char *format, ...)
{
	va_list arguments;

	if (log_seconds() < 1 || !isatty(STDERR_FILENO))
		return;
	va_start(arguments, format);
	fputs("\r\033[K", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fflush(stderr);
	progress_shown = true;
}

void log_progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = false;
}
