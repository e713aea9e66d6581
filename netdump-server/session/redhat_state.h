// SPDX-License-Identifier: GPL-2.0-or-later
// What the parts of a Red Hat session share: redhat.c (handshake, questions), redhat_memory.c (pages),
// redhat_farewell.c
// (SHOW_STATE, REBOOT), redhat_resume.c (what outlives the server). Nobody else includes it.
#ifndef SESSION_REDHAT_STATE_H
#define SESSION_REDHAT_STATE_H

#include "session/extents.h"
#include "session/meta.h"
#include "session/redhat.h"
#include "session/session.h"
#include "wire/redhat.h"

#define REDHAT_MS (SESSION_SECOND / 1000)

enum {
	REDHAT_WINDOW_MIN = 4,
	REDHAT_WINDOW_MAX = 64,
	REDHAT_RECENT = 512, /* requests for pages whose late answers are still understood */
	REDHAT_SPARES = 8,   /* page buffers kept for the next pages */
	REDHAT_CHUNKS_MAX = REDHAT_PAGE_MAX / REDHAT_CHUNK,
};

enum redhat_phase {
	REDHAT_GREETING, /* START is acknowledged, HELLO is not answered */
	REDHAT_ASKING_PAGE_SIZE,
	REDHAT_ASKING_NR_PAGES,
	REDHAT_ASKING_REGS,
	REDHAT_WAITING,  /* for room */
	REDHAT_MEMORY,
	REDHAT_STATE,     /* SHOW_STATE */
	REDHAT_SAVING,    /* nothing more is asked; the host still writes */
	REDHAT_REBOOTING,
	REDHAT_STOPPING,  /* the server ends: a few REBOOTs */
	REDHAT_LOST,      /* the client is in another dump already: nothing is sent any more */
};

/* What the client was asked last, apart from pages. */
struct redhat_question {
	uint32_t first_nr;  /* each repetition gets a number of its own; any of them may be answered */
	uint64_t sent, due, wait;
	unsigned tries, nonsense;
};

/* A page that is on its way. */
struct redhat_slot {
	bool is_used;
	bool is_full;        /* all there, but the host had no room for it yet */
	uint32_t pfn, nr;    /* nr: of the latest request */
	uint64_t sent, due, wait;
	unsigned tries;      /* repetitions */
	unsigned overtaken;  /* pages asked for later that have arrived since */
	unsigned nonsense;
	unsigned have;       /* chunks */
	uint8_t *bytes;      /* NULL before the first chunk */
	uint64_t chunks[REDHAT_CHUNKS_MAX / 64];
};

struct redhat_memory {
	struct redhat_slot slots[REDHAT_WINDOW_MAX];
	uint8_t free[REDHAT_WINDOW_MAX]; /* stack of slots that are not in use */
	unsigned used, unwritten;
	unsigned window, window_min, window_max, threshold, grown;
	uint32_t recover;    /* requests before this number belong to a loss that was heeded */
	uint32_t round;      /* the answer to this request, or a later one, ends the round trip */
	unsigned lost;       /* in this round trip */
	uint32_t cursor;     /* the first page never asked for */
	struct {
		uint32_t nr, pfn;
		uint8_t slot;
	} recent[REDHAT_RECENT];
	uint8_t *spares[REDHAT_SPARES];
	unsigned spare_count;
	bool is_head_written;
	uint64_t due;        /* no slot is due before */
	uint64_t stalled;    /* since when the host takes nothing; 0: it does */
	struct extents have; /* of the file */
};

struct redhat {
	struct session session;
	struct redhat_options options;
	enum redhat_phase phase;
	struct redhat_question question;
	struct redhat_start start;
	uint64_t magic;
	uint32_t machine;
	bool is_version5;
	uint32_t page_size, nr_pages;
	uint8_t registers[REDHAT_REGISTERS_MAX];
	bool has_registers;

	uint32_t first_nr, next_nr;
	uint64_t rtt;        /* smoothed; 0: not yet measured */
	uint64_t sent;       /* the last request */
	uint64_t answered;   /* the last reply to one of them */

	/* STARTs since the last reply: a client that came back crashes anew. */
	unsigned restarts;
	uint64_t restarted, acknowledged;

	bool has_log;
	uint32_t log_next;
	uint64_t logged;

	bool is_begun, is_finishing, is_finished;
	bool is_returning;   /* of a server before this one: whether the client still waits is not known */
	char *state;         /* meta's, from the registers on */
	unsigned reboots;
	uint64_t leaving;    /* since when this phase of the farewell lasts */
	uint64_t due;        /* when its next packet goes out, or it is asked again for room */
	struct redhat_memory memory;
};

static inline struct meta *redhat_meta(struct redhat *redhat)
{
	return redhat->session.host->meta;
}

/* Sends a request and returns its number. */
uint32_t redhat_send(struct redhat *redhat, enum redhat_command command, uint32_t from, uint64_t now);
/* HELLO where nothing was sent for a while: RHEL 3 reboots by itself when its idle_timeout hears nothing. */
void redhat_keep_alive(struct redhat *redhat, uint64_t now);
void redhat_measure(struct redhat *redhat, uint64_t rtt);
/* How long an answer may take before it counts as lost. */
uint64_t redhat_wait(const struct redhat *redhat);
/* Goes on to a question and asks it. */
void redhat_ask(struct redhat *redhat, enum redhat_phase phase, uint64_t now);

/* What redhat_resume() takes; free() it. */
char *redhat_state_write(const struct redhat *redhat);
/* False where it is not of redhat_state_write(), or does not fit to the session's meta. */
bool redhat_state_read(struct redhat *redhat, const char *text);

/* The memory phase, from after begin() to redhat_conclude(). */
/* Counts what is in `have` already; false where that are not whole pages of this client. */
bool redhat_memory_resume(struct redhat *redhat);
void redhat_memory_begin(struct redhat *redhat, uint64_t now);
void redhat_memory_reply(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now);
void redhat_memory_tick(struct redhat *redhat, uint64_t now);
/* Releases buffers; what has arrived stays known in `have`. */
void redhat_memory_end(struct redhat *redhat);

/* The end of the dump: the host finishes it while the farewell begins. */
void redhat_conclude(struct redhat *redhat, enum session_end end, const char *reason, bool is_silent, uint64_t now);
/* No farewell: the client waits for the server to take its next dump. */
void redhat_lose(struct redhat *redhat, const char *reason);
/* The same, but the client waits for the next server, which goes on. */
void redhat_wait_for_next(struct redhat *redhat);
void redhat_farewell_reply(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now);
/* `is_new`: the log begins anew; then the client is up again. */
void redhat_farewell_log(struct redhat *redhat, const struct redhat_reply *reply, bool is_new);
void redhat_farewell_tick(struct redhat *redhat, uint64_t now);
void redhat_farewell_finished(struct redhat *redhat, uint64_t now);
void redhat_farewell_stop(struct redhat *redhat, uint64_t now);

#endif
