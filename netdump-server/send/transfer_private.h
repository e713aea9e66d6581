// SPDX-License-Identifier: GPL-2.0-or-later
// The sender's insides, shared by send/transfer*.c: transfer.c sends, transfer_open.c agrees with the server,
// transfer_ack.c hears what has arrived.
#ifndef SEND_TRANSFER_PRIVATE_H
#define SEND_TRANSFER_PRIVATE_H

#include "seal/seal.h"
#include "send/datagram.h"
#include "send/keep.h"
#include "send/pace.h"
#include "send/source.h"
#include "send/transfer.h"
#include "session/extents.h"
#include "wire/netdump6.h"

enum {
	TRANSFER_RING_MIN = 512,      /* datagrams that are remembered… */
	TRANSFER_RING_MAX = 16 << 10, /* …at most as many as seal_window tells apart */
	TRANSFER_REORDER = 3,         /* so many newer ones arrived: lost (RFC 9002 section 6.1.1) */
};

#define TRANSFER_SECOND UINT64_C(1000000000)
#define TRANSFER_MILLISECOND UINT64_C(1000000)

/* A part of the file, to be sent or on its way. */
struct transfer_range {
	uint64_t offset, length;
	const uint8_t *bytes;  /* NULL: zeros, or to be read again */
	uint32_t block;        /* in `keep`, or KEEP_NONE */
	bool is_zero;
	uint64_t number;       /* of the datagram in which it was lost; 0: none */
};

enum transfer_fate { FATE_NONE, FATE_FLYING, FATE_ACKED, FATE_LOST };

/* A datagram that was sent. */
struct transfer_sent {
	uint8_t type; /* enum nd6_type */
	uint8_t fate;
	bool is_queued; /* lost, and its range waits to be sent again */
	uint32_t size;
	struct pace_stamp stamp;
	struct transfer_range range;
};

/* What was lost, first in first out. */
struct transfer_queue {
	struct transfer_range *items;
	size_t count, capacity, first;
};

struct transfer {
	struct source *source;
	struct transfer_options options;
	enum transfer_state state;
	char error[256];
	struct transfer_counts counts;
	struct pace pace;
	struct datagram datagram;

	/* Agreeing with the server. */
	uint8_t id[ND6_ID_SIZE], cookie[ND6_COOKIE_SIZE];
	struct seal_handshake handshake;
	uint8_t open[ND6_DATAGRAM_MIN];
	size_t open_length;
	uint64_t open_number, open_sent;   /* open_sent: when it last went out */
	unsigned open_tries;
	uint64_t attempt_at, attempt_gap;  /* when START or OPEN goes out, and the next one after that */
	uint64_t opening_since, heard;
	bool is_put_off;                   /* the server's last word was to come again later */
	bool has_opened;                   /* once at least */
	bool has_given_up, is_let_go;      /* let go: the server knows it, or knows nothing of us */
	unsigned classic_answers;

	/* The session. */
	uint64_t session, number;          /* of the next datagram */
	uint64_t first_number;             /* of this session */
	struct seal_direction to_server, to_client;
	struct seal_window seen;
	struct extents have;
	bool is_asking;
	uint64_t ask_from, ask_at;

	/* On the way. */
	struct transfer_sent *ring;        /* by number */
	uint32_t ring_size;                /* a power of two */
	uint64_t oldest;                   /* everything below has its fate */
	uint64_t largest;                  /* number that has arrived; 0: none */
	uint64_t reorder;                  /* how far datagrams overtake each other on this path */
	uint64_t lost_at;                  /* when the oldest is to be taken for lost; UINT64_MAX */
	uint64_t data_in_flight;
	unsigned flying;                   /* datagrams */
	unsigned unanswered;               /* probes sent since the last ACK */
	uint64_t last_sent, last_answer;
	uint64_t last_ack;                 /* number of the newest ACK */
	struct nd6_ack ack;                /* the newest one */

	/* What to send. */
	struct transfer_queue again;
	struct keep keep;
	bool keeps;                        /* the source cannot be read again */
	struct source_piece piece;
	bool has_piece, is_source_over, is_starved, is_waiting; /* waiting: for the server, not for the path */
	uint64_t log_at, log_there;        /* of the log: what was sent, and what has arrived */
	uint64_t floor;                    /* number of FLOOR; 0: not sent */
	bool floor_acked, finish_flying;
	bool has_nudged;                   /* sent a byte after zeros, to learn that they are written */
};

/* transfer.c */
void transfer_fail(struct transfer *transfer, const char *format, ...) PRINTF_LIKE(2, 3);
/* Seals a datagram of the session, remembers it, and returns its length; the payload is in its place. */
size_t transfer_emit(struct transfer *transfer, enum nd6_type type, uint8_t *bytes, size_t payload,
		     const struct transfer_range *range, uint64_t now);
void transfer_requeue(struct transfer *transfer, const struct transfer_range *range);

/* transfer_open.c */
void transfer_start(struct transfer *transfer, uint64_t now, uint64_t delay);
size_t transfer_attempt(struct transfer *transfer, uint8_t *bytes, uint64_t now);
void transfer_take_start_ack(struct transfer *transfer, const uint8_t *bytes, size_t length, uint64_t now);
void transfer_take_accept(struct transfer *transfer, uint8_t *bytes, size_t length, uint64_t now);
/* Of no session: an answer to OPEN. */
void transfer_take_refusal(struct transfer *transfer, const struct nd6_refuse *refuse, uint64_t now);

/* transfer_ack.c */
void transfer_take_ack(struct transfer *transfer, uint64_t number, const uint8_t *payload, size_t length, uint64_t now);
/* Takes for lost what is overdue. */
void transfer_find_losses(struct transfer *transfer, uint64_t now);
void transfer_lose(struct transfer *transfer, uint64_t number, uint64_t now);
/* Forgets everything on its way: another session begins. */
void transfer_reset(struct transfer *transfer, uint64_t now);

#endif
