// SPDX-License-Identifier: GPL-2.0-or-later
// FreeBSD netdump (debugnet): messages of the client, the server's acknowledgement, and the kernel dump header. README.md
// draws them. Source: freebsd-src sys/net/debugnet.h, sys/netinet/netdump/netdump.h, sys/sys/kerneldump.h.
#ifndef WIRE_FREEBSD_H
#define WIRE_FREEBSD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FREEBSD_HEADER = 24,
	FREEBSD_ACK_SIZE = 4,
	FREEBSD_CLIENT_PORT = 20024, /* acknowledgements always go there */
	FREEBSD_SERVER_PORT = 20023,
	FREEBSD_PATH_MAX = 1024,
	FREEBSD_KDH_SIZE = 512,
	FREEBSD_KEY_MAX = 64 << 10,
};

enum freebsd_type {
	FREEBSD_HERALD = 1,
	FREEBSD_FINISHED = 2,
	FREEBSD_VMCORE = 3,
	FREEBSD_KDH = 4,
	FREEBSD_EKCD_KEY = 5,
};

struct freebsd_message {
	uint32_t type, seqno;
	uint64_t offset;
	const uint8_t *payload; /* into the packet */
	uint32_t length;        /* of the payload: mh_len, held against the datagram's */
};

enum freebsd_compression { FREEBSD_PLAIN, FREEBSD_GZIP, FREEBSD_ZSTD };

/* struct kerneldumpheader of version 1 to 4; texts are cut at the first NUL and hold only printable characters. */
struct freebsd_kdh {
	char magic[21], architecture[13], hostname[65], version_string[193], panic_string[193];
	uint32_t version, architecture_version, block_size, key_size;
	uint64_t dump_length, dump_extent, dump_time;
	enum freebsd_compression compression;
	bool parity_fits;
};

/* False for a datagram shorter than the header, of an unknown type, or of another length than it says. */
bool freebsd_message_parse(const uint8_t *bytes, size_t length, struct freebsd_message *ret);
/* For clients: writes FREEBSD_HEADER bytes. */
void freebsd_message_write(const struct freebsd_message *message, uint8_t *bytes);
/* False for what is no kernel dump header (magic, length). */
bool freebsd_kdh_parse(const uint8_t *bytes, size_t length, struct freebsd_kdh *ret);
/* Copies a HERALD's path to `ret` (FREEBSD_PATH_MAX bytes) and returns true if it stays below the dump directory: not
 * empty, NUL-terminated, relative, no "..", no control characters. */
bool freebsd_path_parse(const uint8_t *bytes, size_t length, char *ret);

#endif
