// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/error.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static struct error *error_make(enum error_code code, const char *format, va_list arguments)
{
	struct error *error = mem_zero(sizeof(*error));

	error->code = code;
	error->message = mem_vprintf(format, arguments);
	return error;
}

struct error *error_new(enum error_code code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct error *error = error_make(code, format, arguments);
	va_end(arguments);
	return error;
}

struct error *error_fault(enum error_code code, uint64_t address, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct error *error = error_make(code, format, arguments);
	va_end(arguments);
	error->has_address = true;
	error->address = address;
	return error;
}

struct error *error_prefix(struct error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *prefix = mem_vprintf(format, arguments);
	va_end(arguments);
	char *message = mem_printf("%s: %s", prefix, error->message);
	free(prefix);
	free(error->message);
	error->message = message;
	error->place = 0;
	return error;
}

const char *error_reason(const struct error *error, size_t *ret_length)
{
	const char *reason = error->message + error->place;

	*ret_length = strcspn(reason, "\n");
	return reason;
}

struct error *error_errno(const char *format, ...)
{
	int number = errno;
	va_list arguments;

	va_start(arguments, format);
	struct error *error = error_make(ERROR_IO, format, arguments);
	va_end(arguments);
	char *message = mem_printf("%s: %s", error->message, strerror(number));
	free(error->message);
	error->message = message;
	return error;
}

void error_free(struct error *error)
{
	if (!error)
		return;
	free(error->message);
	free(error);
}

bool error_catch(struct error **error, enum error_code code)
{
	if (!*error || (*error)->code != code)
		return false;
	error_free(*error);
	*error = NULL;
	return true;
}

const char *error_words(enum error_code code)
{
	static const char *const words[] = {
		[ERROR_INVALID] = "invalid",
		[ERROR_SYNTAX] = "syntax error",
		[ERROR_NOT_FOUND] = "not in this kernel",
		[ERROR_AMBIGUOUS] = "ambiguous",
		[ERROR_NO_SOURCE] = "no source to ask",
		[ERROR_NOT_SAVED] = "not saved in the dump",
		[ERROR_TRUNCATED] = "beyond the end of the truncated dump",
		[ERROR_NO_TRANSLATION] = "no page at this address",
		[ERROR_CORRUPT] = "corrupt",
		[ERROR_LIMIT] = "limit reached",
		[ERROR_UNSUPPORTED] = "not supported",
		[ERROR_MISMATCH] = "belongs to another kernel",
		[ERROR_IO] = "input/output error",
	};
	static_assert(sizeof(words) / sizeof(*words) == ERROR_COUNT, "words for each code");

	return words[code];
}
