// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes as lower-case hexadecimal digits, two each.
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* `ret` has room for 2 * length + 1. */
static inline void hex_write(const uint8_t *bytes, size_t length, char *ret)
{
	*ret = '\0';
	for (size_t i = 0; i < length; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

/* False, with `ret` untouched, where the text is not `length` bytes and nothing else. */
static inline bool hex_read(const char *text, uint8_t *ret, size_t length)
{
	if (strlen(text) != 2 * length || text[strspn(text, "0123456789abcdef")])
		return false;
	for (size_t i = 0; i < length; i++)
		sscanf(text + 2 * i, "%2hhx", &ret[i]);
	return true;
}

#endif
