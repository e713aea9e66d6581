// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers in a byte order that is known only at run time.
#ifndef DUMP_BYTES_H
#define DUMP_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t bytes_u16(const void *bytes, bool big_endian)
{
	uint16_t number;

	memcpy(&number, bytes, sizeof(number));
	return big_endian ? be16toh(number) : le16toh(number);
}

static inline uint32_t bytes_u32(const void *bytes, bool big_endian)
{
	uint32_t number;

	memcpy(&number, bytes, sizeof(number));
	return big_endian ? be32toh(number) : le32toh(number);
}

static inline uint64_t bytes_u64(const void *bytes, bool big_endian)
{
	uint64_t number;

	memcpy(&number, bytes, sizeof(number));
	return big_endian ? be64toh(number) : le64toh(number);
}

#endif
