// SPDX-License-Identifier: GPL-2.0-or-later
// netdump version 6: ours, between netdump-send and netdump-server. README.md draws the messages and says why they are
// as they are.
//
// It begins as version 5 does: the client's START carries an offer behind its text, which a Red Hat server does not
// read; the server's START_NETDUMP_ACK carries an answer behind its 24 bytes, which a Red Hat client does not read.
// From then on every datagram has the header below and ends with a tag of 16 bytes (seal/seal.h): of the key that the
// handshake agreed on, or, without keys, a checksum stronger than UDP's.
//
// Data is (offset in the finished file, bytes), in any order, each packet with a number of its own that is never used
// twice; what was lost goes out again in a packet with a new number (as in QUIC, RFC 9000 section 13). The server
// acknowledges ranges of numbers, and says apart from that how many bytes have been written, so that a client that
// reads a pipe knows what it may forget.
//
// OPEN, ACCEPT and what refuses an OPEN have session 0 and the tag of a plain session 0; the number of an answer is
// that of the OPEN. OPEN's payload is the cookie and struct nd6_open, which the handshake seals where there are keys;
// so is ACCEPT's. REFUSE with ND6_UNKNOWN has the session that is not known, and that plain session's tag. Every other
// datagram belongs to a session and to its keys.
#ifndef WIRE_NETDUMP6_H
#define WIRE_NETDUMP6_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ND6_HEADER = 20,      /* magic 3, type 1, session 8, number 8 */
	ND6_TAG = 16,
	ND6_DATA_HEADER = 8,  /* offset */
	ND6_DATAGRAM_MAX = 65507,
	ND6_DATAGRAM_MIN = 1200, /* every path takes that (RFC 9000 section 14) */
	ND6_ID_SIZE = 16,     /* of a dump: the same after the client was started again */
	ND6_COOKIE_SIZE = 16,
	ND6_KEY_SIZE = 32,
	ND6_ACK_RANGES_MAX = 64,
	ND6_HAVE_EXTENTS_MAX = 64,
	ND6_TEXT_MAX = 200,
	ND6_FILE_MAX_BITS = 48, /* offsets end there */
};

enum nd6_type {
	/* of the client */
	ND6_OPEN = 1,
	ND6_DATA = 2,
	ND6_ZERO = 3,    /* a range that holds only zeros */
	ND6_LOG = 4,     /* an offset, and text for the host's log from there on; taken in its order only */
	ND6_FINISH = 5,  /* the size of the file; everything has been acknowledged */
	ND6_PROBE = 6,   /* bytes without meaning: does a datagram of this size arrive? also a sign of life */
	ND6_ASK = 7,     /* an offset: what is there from it on? -> HAVE */
	ND6_FLOOR = 8,   /* DATA and ZERO of lower numbers no longer count: what follows overwrites them */
	ND6_GIVE_UP = 9, /* why nothing more comes, as a text: the dump is closed as it is -> DONE */
	/* of the server */
	ND6_ACCEPT = 17,
	ND6_ACK = 18,
	ND6_HAVE = 19,   /* to ASK: what an earlier attempt left here */
	ND6_DONE = 20,
	ND6_REFUSE = 21,
};

enum nd6_secure {
	ND6_PLAIN = 0,
	ND6_SEALED = 1, /* a key pair or a pre-shared key of the client */
};

enum nd6_refusal {
	ND6_BUSY = 1,       /* too many dumps: try again later */
	ND6_NO_ROOM = 2,
	ND6_NOT_ALLOWED = 3, /* address, key */
	ND6_UNKNOWN = 4,    /* no such session (the server was started again): open again */
	ND6_STOPPING = 5,
	ND6_FAILED = 6,     /* writing failed */
};

/* What the client's START has behind its text, and the server's ACK behind its request. */
struct nd6_offer {
	uint8_t secure; /* enum nd6_secure that the client insists on */
};

struct nd6_answer {
	uint8_t secure;
	uint8_t cookie[ND6_COOKIE_SIZE]; /* proves that OPEN's sender receives at its address */
};

struct nd6_header {
	uint8_t type; /* enum nd6_type */
	uint64_t session, number;
};

/* Of OPEN in plain mode, and sealed inside OPEN otherwise (seal/handshake.h). */
struct nd6_open {
	uint8_t id[ND6_ID_SIZE];
	uint64_t size;      /* of the file; 0 where the client reads a pipe */
	uint64_t expected;  /* bytes that it will hardly exceed; 0 unknown */
	uint8_t is_kdump;   /* what makedumpfile writes: pieces may overwrite others; else the bytes of /proc/vmcore */
	uint8_t is_check;   /* nothing is sent: ACCEPT of session 0 says that a dump would be taken */
	uint32_t machine;   /* e_machine */
	uint8_t text_length;
	char text[ND6_TEXT_MAX]; /* host name or label, printable */
};

struct nd6_accept {
	uint64_t session;     /* 0: there is none, it was a check */
	uint32_t window;      /* bytes that may be on the way, or have arrived and are not yet written */
	uint32_t datagram_max;
	uint64_t have;        /* bytes of the file that are here already: ASK for them */
};

struct nd6_range {
	uint64_t first, last; /* both included */
};

struct nd6_ack {
	uint32_t delay_us;   /* since the largest number arrived */
	uint64_t received;   /* bytes of DATA taken since the session began, each counted once per packet */
	uint64_t written;    /* how many of these, in the order in which they came, are in the file */
	uint32_t window;     /* as in ACCEPT, now */
	unsigned count;
	struct nd6_range ranges[ND6_ACK_RANGES_MAX]; /* descending; the first has the largest number */
};

struct nd6_extents {
	uint64_t from;  /* the offset that was asked for */
	bool is_last;   /* nothing behind these */
	unsigned count;
	struct {
		uint64_t start, end; /* end: first byte behind it */
	} items[ND6_HAVE_EXTENTS_MAX]; /* ascending */
};

struct nd6_done {
	uint8_t is_complete;
	uint64_t size;
	uint64_t missing; /* bytes */
};

struct nd6_refuse {
	uint8_t reason; /* enum nd6_refusal */
	uint16_t retry_s;
	char text[ND6_TEXT_MAX + 1];
};

/* Bytes of nd6_answer_write(). */
enum { ND6_ANSWER = 4 + 1 + ND6_COOKIE_SIZE };

/* Each _write returns the bytes written, each _parse whether it could be read; a parser takes the payload alone (behind
 * the header, before the tag) and bounds everything. `size` of a writer's buffer is at least ND6_DATAGRAM_MIN. */
size_t nd6_header_write(const struct nd6_header *header, uint8_t *bytes);
bool nd6_header_parse(const uint8_t *bytes, size_t length, struct nd6_header *ret);
size_t nd6_offer_write(const struct nd6_offer *offer, uint8_t *bytes);
bool nd6_offer_parse(const uint8_t *bytes, size_t length, struct nd6_offer *ret);
size_t nd6_answer_write(const struct nd6_answer *answer, uint8_t *bytes);
bool nd6_answer_parse(const uint8_t *bytes, size_t length, struct nd6_answer *ret);
size_t nd6_open_write(const struct nd6_open *open, uint8_t *bytes);
bool nd6_open_parse(const uint8_t *bytes, size_t length, struct nd6_open *ret);
size_t nd6_accept_write(const struct nd6_accept *accept, uint8_t *bytes);
bool nd6_accept_parse(const uint8_t *bytes, size_t length, struct nd6_accept *ret);
size_t nd6_ack_write(const struct nd6_ack *ack, uint8_t *bytes);
bool nd6_ack_parse(const uint8_t *bytes, size_t length, struct nd6_ack *ret);
size_t nd6_extents_write(const struct nd6_extents *extents, uint8_t *bytes);
bool nd6_extents_parse(const uint8_t *bytes, size_t length, struct nd6_extents *ret);
size_t nd6_done_write(const struct nd6_done *done, uint8_t *bytes);
bool nd6_done_parse(const uint8_t *bytes, size_t length, struct nd6_done *ret);
/* Control characters of the text become "?"; what is longer than ND6_TEXT_MAX is left out. */
size_t nd6_give_up_write(const char *reason, uint8_t *bytes);
bool nd6_give_up_parse(const uint8_t *bytes, size_t length, char ret[ND6_TEXT_MAX + 1]);
size_t nd6_refuse_write(const struct nd6_refuse *refuse, uint8_t *bytes);
bool nd6_refuse_parse(const uint8_t *bytes, size_t length, struct nd6_refuse *ret);

#endif
