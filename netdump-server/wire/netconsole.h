// SPDX-License-Identifier: GPL-2.0-or-later
// netconsole, plain and extended, and what tells apart the protocols that share port 6666. README.md draws them. Source:
// Documentation/networking/netconsole.rst, drivers/net/netconsole.c of Linux.
#ifndef WIRE_NETCONSOLE_H
#define WIRE_NETCONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	NETCONSOLE_DATAGRAM_MAX = 1500, /* kernels send up to 1000 bytes; anything longer is cut */
	NETCONSOLE_BODY_MAX = 128 << 10, /* a message put together again: text, and up to 256 entries of user data */
	NETCONSOLE_RELEASE_MAX = 64,
};

/* Which protocol a datagram on the netdump port belongs to. */
enum port_protocol {
	PORT_NETDUMP6,           /* ours: wire/netdump6.h */
	PORT_REDHAT,             /* a reply or log of a Red Hat client */
	PORT_REQUEST,            /* a request: another server; never answered */
	PORT_NETCONSOLE_EXTENDED,
	PORT_NETCONSOLE_PLAIN,   /* any other text */
};

/* Header of an extended message; texts point into the packet. */
struct netconsole_message {
	const char *release; /* "6.4.0-rc1", or NULL */
	size_t release_length;
	unsigned facility, level; /* 0 to 31, 0 to 7 */
	uint64_t seq, usec;
	bool continues;      /* flag 'c' */
	bool is_fragment;
	uint32_t fragment_offset, fragment_total; /* of body bytes */
	const char *body;    /* text and dictionary, as sent; not NUL-terminated */
	size_t body_length;
};

enum port_protocol port_protocol_of(const uint8_t *bytes, size_t length);
/* False for what is not one: the caller takes it for plain text. Fragments fit inside their total, which is 1 to
 * NETCONSOLE_BODY_MAX. */
bool netconsole_parse(const uint8_t *bytes, size_t length, struct netconsole_message *ret);

#endif
