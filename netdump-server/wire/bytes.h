// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers on the wire: big-endian, at any alignment.
#ifndef WIRE_BYTES_H
#define WIRE_BYTES_H

#include <stdint.h>

static inline uint16_t wire_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static inline uint32_t wire_u32(const uint8_t *bytes)
{
	return (uint32_t)wire_u16(bytes) << 16 | wire_u16(bytes + 2);
}

static inline uint64_t wire_u64(const uint8_t *bytes)
{
	return (uint64_t)wire_u32(bytes) << 32 | wire_u32(bytes + 4);
}

static inline void wire_put_u16(uint8_t *bytes, uint16_t number)
{
	bytes[0] = (uint8_t)(number >> 8);
	bytes[1] = (uint8_t)number;
}

static inline void wire_put_u32(uint8_t *bytes, uint32_t number)
{
	wire_put_u16(bytes, (uint16_t)(number >> 16));
	wire_put_u16(bytes + 2, (uint16_t)number);
}

static inline void wire_put_u64(uint8_t *bytes, uint64_t number)
{
	wire_put_u32(bytes, (uint32_t)(number >> 32));
	wire_put_u32(bytes + 4, (uint32_t)number);
}

#endif
