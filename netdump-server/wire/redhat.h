// SPDX-License-Identifier: GPL-2.0-or-later
// Red Hat netdump, versions 4 and 5: requests of the server, replies of the client, and the text of START. README.md draws
// them. Source: drivers/net/netdump.[ch] of RHEL 3 and 4 (2.4.21-63.EL, 2.6.9-89.29.1.EL).
#ifndef WIRE_REDHAT_H
#define WIRE_REDHAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REDHAT_VERSION = 5, /* the highest we speak; goes into `from` of START_NETDUMP_ACK */
	REDHAT_REQUEST_SIZE = 24,
	REDHAT_REPLY_HEADER = 13,
	REDHAT_CHUNK = 1024,         /* payload of REPLY_MEM */
	REDHAT_PAGE_MIN = 1024,
	REDHAT_PAGE_MAX = 1 << 20,
	REDHAT_REGISTERS_AT = 23,    /* in the payload of REPLY_REGS */
	REDHAT_REGISTERS_MAX = 448,
};

enum redhat_command {
	REDHAT_SEND_MEM = 1,
	REDHAT_EXIT = 2,
	REDHAT_REBOOT = 3,
	REDHAT_HELLO = 4,
	REDHAT_GET_NR_PAGES = 5,
	REDHAT_GET_PAGE_SIZE = 6,
	REDHAT_START_ACK = 7,
	REDHAT_GET_REGS = 8,
	REDHAT_SHOW_STATE = 9,
};

enum redhat_code {
	REDHAT_REPLY_ERROR = 1,
	REDHAT_REPLY_LOG = 2,
	REDHAT_REPLY_MEM = 3,
	REDHAT_REPLY_RESERVED = 4,
	REDHAT_REPLY_HELLO = 5,
	REDHAT_REPLY_NR_PAGES = 6,
	REDHAT_REPLY_PAGE_SIZE = 7,
	REDHAT_REPLY_START = 8,
	REDHAT_REPLY_END = 9,
	REDHAT_REPLY_REGS = 10,
	REDHAT_REPLY_MAGIC = 11,
	REDHAT_REPLY_SHOW_STATE = 12,
};

/* e_machine of a client, as START's nr has it. */
enum redhat_machine {
	REDHAT_I386 = 3,
	REDHAT_PPC64 = 21,
	REDHAT_IA64 = 50,
	REDHAT_X86_64 = 62,
};

struct redhat_request {
	uint64_t magic;
	uint32_t nr, command, from, to;
};

struct redhat_reply {
	uint8_t version;
	uint32_t nr, code, info;
	const uint8_t *payload; /* into the packet; not NUL-terminated */
	size_t length;
};

/* What the text of START says; a number that it lacks is 0. */
struct redhat_start {
	uint64_t task_struct, page_offset, magic;
	bool has_magic;
	/* Version 6 (wire/netdump6.h): the client offers it behind the text; NULL where it does not. */
	const uint8_t *offer;
	size_t offer_length;
};

/* Writes exactly REDHAT_REQUEST_SIZE bytes. */
void redhat_request_write(const struct redhat_request *request, uint8_t *bytes);
/* False for what is no request: shorter than REDHAT_REQUEST_SIZE, or a command that there is not. */
bool redhat_request_parse(const uint8_t *bytes, size_t length, struct redhat_request *ret);
/* Writes the header of a reply, REDHAT_REPLY_HEADER bytes, for clients. */
void redhat_reply_write(const struct redhat_reply *reply, uint8_t *bytes);
/* False for what is no reply: too short, a version outside 1 to 8, a code outside 1 to 12. LKCD's offset bits in the code
 * are cut off. A datagram that is a request is no reply either. */
bool redhat_reply_parse(const uint8_t *bytes, size_t length, struct redhat_reply *ret);
/* Bounded; unknown words are skipped. */
void redhat_start_parse(const uint8_t *text, size_t length, struct redhat_start *ret);
/* Bytes of struct user_regs (pt_regs) in REPLY_REGS; 0 for a machine that we do not know. */
size_t redhat_registers_size(uint32_t machine);

#endif
