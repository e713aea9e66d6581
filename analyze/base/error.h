// SPDX-License-Identifier: GPL-2.0-or-later
// Errors as objects: what can fail returns `struct error *`, NULL for success. The code keeps
// apart the reasons a reader of a dump must keep apart ("not saved" is not "corrupt").
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum error_code {
	ERROR_INVALID,        /* an argument, option or file that cannot be meant */
	ERROR_SYNTAX,         /* rule file or expression that cannot be parsed or typed */
	ERROR_NOT_FOUND,      /* a complete source has no such name, key or file */
	ERROR_AMBIGUOUS,      /* several symbols or types of that name */
	ERROR_NO_SOURCE,      /* there is no source (types, symbols, debuginfo) to ask */
	ERROR_NOT_SAVED,      /* page left out of the dump by its filter */
	ERROR_TRUNCATED,      /* page lies beyond the end of a cut dump */
	ERROR_NO_TRANSLATION, /* virtual address has no page behind it */
	ERROR_CORRUPT,        /* data is there and is wrong */
	ERROR_LIMIT,          /* a bound or budget of ours was reached */
	ERROR_UNSUPPORTED,    /* known, and not something we can do */
	ERROR_MISMATCH,       /* belongs to another kernel (build-id) */
	ERROR_IO,             /* the system refused: open, read, write, memory */
	ERROR_COUNT,
};

struct error {
	enum error_code code;
	bool has_address;
	bool wants_pages; /* a source lacks it because pages of the dump are missing */
	uint64_t address; /* of the fault, when has_address */
	size_t place;     /* bytes of the message that say where in a file, "rules/net.yaml:8:16: "; 0: none */
	char *message;    /* one line, no full stop, no newline */
};

/* Why a value could not be had, where making an error object for each would cost too much. */
struct fault {
	enum error_code code;
	uint64_t address;
	const char *what; /* static or arena text: "page", "next of list"…; may be NULL */
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* New error with a formatted one-line message. Owned by the caller; never NULL. */
struct error *error_new(enum error_code code, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
/* The same, remembering the address that could not be read. */
struct error *error_fault(enum error_code code, uint64_t address, const char *format, ...)
	PRINTF_LIKE(3, 4) MUST_CHECK;
/* Puts "words: " before the message of `error`, keeps its code and address, returns it. */
struct error *error_prefix(struct error *error, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;
/* Like error_new(ERROR_IO, …) with ": " and strerror(errno) appended. */
struct error *error_errno(const char *format, ...) PRINTF_LIKE(1, 2) MUST_CHECK;
/* What is wrong, without the place and what follows the first line: `*ret_length` bytes in the message. */
const char *error_reason(const struct error *error, size_t *ret_length);
/* Releases an error; NULL is allowed. */
void error_free(struct error *error);
/* If *error has `code`, frees it, sets it to NULL and returns true: for fallbacks. */
bool error_catch(struct error **error, enum error_code code);
/* Static words for a code: "not saved in the dump", "corrupt", … */
const char *error_words(enum error_code code);

static inline void error_cleanup(struct error **error)
{
	error_free(*error);
}

#endif
