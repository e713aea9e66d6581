// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of a dump and how it came here: the contents of meta.json.
#ifndef SESSION_META_H
#define SESSION_META_H

#include <stdbool.h>
#include <stdint.h>

struct extents;

struct meta {
	char client[64];     /* address; no port */
	uint16_t port;
	char local[64];      /* our address that it writes to; "": not known */
	const char *protocol; /* static */
	char peer[65];       /* name of the key that the client proved to have, or "" */
	bool is_encrypted;
	uint8_t id[16];      /* netdump6: of the dump, as OPEN has it: tells whether an earlier attempt is of the same */
	int64_t started, finished; /* CLOCK_REALTIME, seconds; 0: not yet */
	uint64_t expected;   /* bytes of the vmcore as announced; 0: unknown */
	uint64_t received;   /* bytes of content that arrived, each counted once */
	uint64_t pages_sent, pages_skipped, pages_missing; /* Red Hat: pages; else blocks of 4096 bytes */
	uint64_t packets;    /* datagrams that are the client's, as far as its protocol tells; counted by the session alone */
	uint64_t packets_dropped; /* of these, and of what came in the client's name, those that changed nothing */
	uint64_t retransmissions;
	uint32_t machine;    /* ELF e_machine, 0 where unknown */
	uint32_t page_size;
	char panic[256];     /* FreeBSD: its panic string, printable; or "" */
	char reason[256];    /* why it is incomplete, or "" */
	char format[32];     /* "elf", "kdump", "freebsd", "raw" */
	char path[1024];     /* FreeBSD: directory below the dump directory that the client asked for; checked; or "" */
	const char *core_suffix; /* FreeBSD, static: ".gz" or ".zst" behind the vmcore's name; "" or NULL otherwise */
	bool is_core_encrypted; /* FreeBSD: by the client itself: its name is vmcore_encrypted */
	uint64_t size;       /* FreeBSD: the vmcore is cut to that at the end, since the client wrote whole blocks; 0: not */
	char sha256[65];     /* of the finished vmcore, or "" */
	const char *state;   /* printable: what the session wants to have again to go on by itself after the server was started
			      * again, while the client waits; NULL: it does not go on */
	const struct extents *holes_of; /* what is there; holes are listed from it (the first 1000) */
};

#endif
