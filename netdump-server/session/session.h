// SPDX-License-Identifier: GPL-2.0-or-later
// One client and its dump: a state machine that touches no descriptor, no clock and no file. What it wants done it asks of
// its host: the server, or a test. Time is CLOCK_MONOTONIC in nanoseconds and comes in with each call.
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meta;
struct session;
struct session_host;

#define SESSION_SECOND UINT64_C(1000000000)
#define SESSION_NEVER UINT64_MAX

enum session_end {
	SESSION_COMPLETE,   /* everything that was sent has arrived */
	SESSION_INCOMPLETE, /* the client fell silent, gave up, or left holes */
	SESSION_REFUSED,    /* no dump was taken: no room, too many, not allowed */
};

enum session_begin {
	SESSION_BEGUN,
	SESSION_WAIT,    /* no room, but some may be made: ask again in a second or two */
	SESSION_FULL,    /* as many dumps are running as may, or the client has begun too many */
	SESSION_NO_ROOM,
	SESSION_CANNOT,  /* its files cannot be made: the reason is kept for the log */
};

/* The files of a dump. */
enum session_file {
	SESSION_VMCORE,
	SESSION_KEY, /* FreeBSD's key.* */
	SESSION_INFO, /* FreeBSD's info.*: written once, right before finish() */
	SESSION_FILES,
};

/* What a session asks of its surroundings. Every function may be called from session functions only. */
struct session_host_ops {
	/* Sends a datagram to the client from the socket that it knows; may be lost, as any. */
	void (*send)(struct session_host *host, const void *bytes, size_t length);
	/* Queues bytes for a file of the dump; they are copied. False when there is no room now or writing has failed: the
	 * session then does as if the packet had been lost. Where writes overlap, the later one wins, zeros too. */
	bool (*write)(struct session_host *host, enum session_file file, uint64_t offset, const void *bytes, size_t length);
	/* Makes the directory and the incomplete vmcore for a dump of at most `expected` bytes. While the nospace script
	 * has its chance the session is to wait. */
	enum session_begin (*begin)(struct session_host *host, uint64_t expected);
	/* Text for the host's log, as it came; control characters are dealt with there. */
	void (*log)(struct session_host *host, const void *text, size_t length);
	/* One line for the administrator (journal), printf-like. */
	void (*note)(struct session_host *host, const char *format, ...) __attribute__((format(printf, 2, 3)));
	/* The vmcore has all its bytes queued: it is flushed, closed, fsynced and renamed, or stays incomplete; then the
	 * session gets a `finished` call. `end` and the session's meta say how it went. */
	void (*finish)(struct session_host *host, enum session_end end);
	/* Starts a script of the site (server/hooks.h): "crash", "reboot"… */
	void (*script)(struct session_host *host, const char *name);
	/* 64 random bits that nobody can guess. */
	uint64_t (*random)(struct session_host *host);
	/* The four below are asked by netdump6 only. */
	/* As write(), in its order: a range of zeros, which may be as long as the file, becomes a hole; the file ends no
	 * earlier than that. */
	bool (*zero)(struct session_host *host, enum session_file file, uint64_t offset, uint64_t length);
	/* Bytes that write() would take now. */
	uint64_t (*room)(struct session_host *host);
	/* How many of the bytes that write() took are in their files by now, in the order in which they were given. */
	uint64_t (*written)(struct session_host *host);
	/* Why write() will never again be true: one line without paths, or NULL. */
	const char *(*failure)(struct session_host *host);
};

struct session_host {
	const struct session_host_ops *ops;
	struct meta *meta; /* of the dump: the session fills in what it learns */
};

struct session_ops {
	const char *protocol; /* "redhat", "freebsd", "netdump6", for meta.json and the status */
	/* A datagram of the client, which the caller has matched to this session by address. It lies in a buffer of the
	 * caller's that may be written to: netdump6 opens what is sealed in place. */
	void (*packet)(struct session *session, const uint8_t *bytes, size_t length, uint64_t now);
	/* Time has come: `deadline` is over. */
	void (*tick)(struct session *session, uint64_t now);
	/* After a batch of packets: the place to acknowledge them together. May be NULL. */
	void (*batch_end)(struct session *session, uint64_t now);
	/* finish() is done; `is_safe`: the file is on the disk under its name. */
	void (*finished)(struct session *session, bool is_safe, uint64_t now);
	/* The server stops: say farewell where the protocol knows how, and finish as incomplete. */
	void (*stop)(struct session *session, uint64_t now);
	void (*free)(struct session *session);
};

/* The first member of each protocol's own struct. */
struct session {
	const struct session_ops *ops;
	struct session_host *host;
	uint64_t deadline;   /* when tick() wants to be called; SESSION_NEVER */
	uint64_t heard;      /* when the client last said something that made sense */
	bool is_proven;      /* it has shown that it receives what we send, or knows a secret: it is never displaced */
	bool is_over;        /* to be freed */
};

#endif
