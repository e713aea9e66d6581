// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/freebsd.h"

#include <string.h>

#include "wire/bytes.h"

bool freebsd_message_parse(const uint8_t *bytes, size_t length, struct freebsd_message *ret)
{
	if (length < FREEBSD_HEADER)
		return false;
	uint32_t type = wire_u32(bytes);

	if (type < FREEBSD_HERALD || type > FREEBSD_EKCD_KEY || wire_u32(bytes + 16) != length - FREEBSD_HEADER)
		return false;
	*ret = (struct freebsd_message){
		.type = type,
		.seqno = wire_u32(bytes + 4),
		.offset = wire_u64(bytes + 8),
		.payload = bytes + FREEBSD_HEADER,
		.length = (uint32_t)(length - FREEBSD_HEADER),
	};
	return true;
}

void freebsd_message_write(const struct freebsd_message *message, uint8_t *bytes)
{
	wire_put_u32(bytes, message->type);
	wire_put_u32(bytes + 4, message->seqno);
	wire_put_u64(bytes + 8, message->offset);
	wire_put_u32(bytes + 16, message->length);
	wire_put_u32(bytes + 20, 0);
}

/* Where the versions of struct kerneldumpheader differ (sys/sys/kerneldump.h; kerneldump_compat.h of netdumpd). The
 * rest is the same in each. 0: the version has no such member. */
struct kdh_layout {
	uint16_t extent, time, key_size, block_size, compression, hostname, version_string, panic_string, panic_size;
};

static const struct kdh_layout layouts[] = {
	[1] = {0, 48, 0, 56, 0, 60, 124, 316, 192},
	[2] = {0, 48, 56, 60, 0, 64, 128, 320, 188},
	[3] = {48, 56, 64, 68, 72, 73, 137, 329, 179},
	[4] = {496, 48, 56, 60, 495, 64, 128, 320, 175},
};

enum { KDH_MAGIC_SIZE = 20, KDH_ARCHITECTURE_SIZE = 12, KDH_HOSTNAME_SIZE = 64, KDH_VERSION_STRING_SIZE = 192 };

static bool is_printable(uint8_t byte)
{
	return byte >= ' ' && byte < 0x7f;
}

/* Copies a text of at most `size` bytes; `ret` has one more. Newlines end panic strings and versions: they go. */
static void copy_text(char *ret, const uint8_t *bytes, size_t size)
{
	size_t length = strnlen((const char *)bytes, size);

	while (length && bytes[length - 1] == '\n')
		length--;
	for (size_t i = 0; i < length; i++)
		ret[i] = is_printable(bytes[i]) ? (char)bytes[i] : ' ';
	ret[length] = '\0';
}

static bool has_parity(const uint8_t *bytes)
{
	uint32_t parity = 0;

	for (size_t i = 0; i < FREEBSD_KDH_SIZE; i += 4)
		parity ^= wire_u32(bytes + i);
	return !parity;
}

static bool is_dump_magic(const uint8_t *bytes)
{
	static const char kernel_dump[KDH_MAGIC_SIZE] = "FreeBSD Kernel Dump", text_dump[KDH_MAGIC_SIZE] = "FreeBSD Text Dump";

	return !memcmp(bytes, kernel_dump, KDH_MAGIC_SIZE) || !memcmp(bytes, text_dump, KDH_MAGIC_SIZE);
}

bool freebsd_kdh_parse(const uint8_t *bytes, size_t length, struct freebsd_kdh *ret)
{
	if (length < FREEBSD_KDH_SIZE || !is_dump_magic(bytes))
		return false;
	uint32_t version = wire_u32(bytes + 32);

	if (version < 1 || version >= sizeof(layouts) / sizeof(layouts[0]))
		return false;
	const struct kdh_layout *at = &layouts[version];
	uint8_t compression = at->compression ? bytes[at->compression] : FREEBSD_PLAIN;

	if (compression > FREEBSD_ZSTD)
		return false;
	*ret = (struct freebsd_kdh){
		.version = version,
		.architecture_version = wire_u32(bytes + 36),
		.dump_length = wire_u64(bytes + 40),
		.dump_extent = at->extent ? wire_u64(bytes + at->extent) : 0,
		.dump_time = wire_u64(bytes + at->time),
		.key_size = at->key_size ? wire_u32(bytes + at->key_size) : 0,
		.block_size = wire_u32(bytes + at->block_size),
		.compression = compression,
		.parity_fits = has_parity(bytes),
	};
	copy_text(ret->magic, bytes, KDH_MAGIC_SIZE);
	copy_text(ret->architecture, bytes + 20, KDH_ARCHITECTURE_SIZE);
	copy_text(ret->hostname, bytes + at->hostname, KDH_HOSTNAME_SIZE);
	copy_text(ret->version_string, bytes + at->version_string, KDH_VERSION_STRING_SIZE);
	copy_text(ret->panic_string, bytes + at->panic_string, at->panic_size);
	return true;
}

bool freebsd_path_parse(const uint8_t *bytes, size_t length, char *ret)
{
	if (length < 2 || length > FREEBSD_PATH_MAX || memchr(bytes, '\0', length) != bytes + length - 1 || *bytes == '/')
		return false;
	for (size_t i = 0; i + 1 < length; i++) {
		if (bytes[i] < ' ' || bytes[i] == 0x7f)
			return false;
	}
	for (size_t at = 0; at < length;) {
		const char *name = (const char *)bytes + at;
		size_t name_length = strcspn(name, "/");

		if (name_length == 2 && !memcmp(name, "..", 2))
			return false;
		at += name_length + 1;
	}
	memcpy(ret, bytes, length);
	return true;
}
