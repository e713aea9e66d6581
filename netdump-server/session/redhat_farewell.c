// SPDX-License-Identifier: GPL-2.0-or-later
// The end of a Red Hat client's dump. While it prints its state (SHOW_STATE) the client hears nothing at all, for
// minutes
// where its console is a serial line; kernels before 2.6.9-67.EL answer before they print, later ones afterwards (the
// two
// orders of section 1.5 of the protocol notes). REBOOT has no answer.
#include <stdio.h>
#include <string.h>

#include "session/redhat_state.h"

enum {
	SHOWS_MAX = 5,
	REBOOTS_QUICK = 15, /* one each second, then one each five */
	STOP_REBOOTS = 4,
};

#define PROBE (2 * SESSION_SECOND)
#define SAVE_MAX (600 * SESSION_SECOND)
#define REBOOT_SOON SESSION_SECOND
#define REBOOT_LATER (5 * SESSION_SECOND)
/* After the last LOG; where the client sends its console elsewhere, nothing says how long it is deaf. */
#define REBOOT_QUIET (60 * SESSION_SECOND)
#define REBOOT_UNHEARD (600 * SESSION_SECOND)
#define REBOOT_MAX (1800 * SESSION_SECOND)
#define STOP_PAUSE (250 * REDHAT_MS)

static void finish(struct redhat *redhat, enum session_end end, const char *reason, bool is_suspended)
{
	struct session_host *host = redhat->session.host;
	struct meta *meta = redhat_meta(redhat);
	uint64_t known = meta->pages_sent + meta->pages_skipped;

	if (redhat->is_finishing)
		return;
	redhat->is_finishing = true;
	redhat->is_finished = !redhat->is_begun; /* else the host says when */
	redhat_memory_end(redhat);
	meta->pages_missing = redhat->nr_pages > known ? redhat->nr_pages - known : 0;
	if (reason && !*meta->reason) /* the host knows better why it cannot begin */
		snprintf(meta->reason, sizeof(meta->reason), "%s", reason);
	if (reason)
		host->ops->note(host, "%s", meta->reason);
	// A client that was told to reboot, or that waits no more, will not be asked again.
	if (!is_suspended)
		meta->state = NULL;
	host->ops->finish(host, end);
}

/* ---- SHOW_STATE ------------------------------------------------------------------------------ */

static void show_state(struct redhat *redhat, uint64_t now)
{
	redhat->question.tries++;
	redhat->question.sent = now;
	redhat->question.first_nr = redhat_send(redhat, REDHAT_SHOW_STATE, 0, now);
	redhat->due = now + PROBE;
}

static void save(struct redhat *redhat, uint64_t now);

void redhat_conclude(struct redhat *redhat, enum session_end end, const char *reason, bool is_silent, uint64_t now)
{
	redhat->question = (struct redhat_question){0};
	redhat->leaving = now;
	redhat->phase = REDHAT_STATE;
	finish(redhat, end, reason, false);
	if (is_silent)
		save(redhat, now);
	else
		show_state(redhat, now);
}

/* A HELLO was sent behind SHOW_STATE and is answered, in order, while SHOW_STATE is not: either the request was lost,
 * or the state is printed and the answer was lost. */
static void hear_probe(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	if ((int32_t)(reply->nr - redhat->question.first_nr) <= 0)
		return;
	if (redhat->logged >= redhat->question.sent || redhat->question.tries >= SHOWS_MAX)
		save(redhat, now);
	else
		show_state(redhat, now);
}

void redhat_farewell_reply(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	bool is_unknown = reply->code == REDHAT_REPLY_ERROR && reply->info == REDHAT_SHOW_STATE;

	if (redhat->phase != REDHAT_STATE)
		return;
	if (reply->code == REDHAT_REPLY_SHOW_STATE || is_unknown)
		save(redhat, now);
	else if (reply->code == REDHAT_REPLY_HELLO)
		hear_probe(redhat, reply, now);
}

static void state_tick(struct redhat *redhat, uint64_t now)
{
	uint64_t heard = redhat->logged > redhat->leaving ? redhat->logged : redhat->leaving;

	if (redhat->answered > heard)
		heard = redhat->answered;
	if (now - heard >= redhat->options.patience) {
		save(redhat, now);
		return;
	}
	redhat_keep_alive(redhat, now);
	redhat->due = now + PROBE;
}

/* ---- REBOOT ---------------------------------------------------------------------------------- */

static void reboot(struct redhat *redhat, uint64_t now)
{
	redhat_send(redhat, REDHAT_REBOOT, 0, now);
	redhat->reboots++;
	redhat->due = now + (redhat->reboots < REBOOTS_QUICK ? REBOOT_SOON : REBOOT_LATER);
}

static void begin_reboot(struct redhat *redhat, uint64_t now)
{
	struct session_host *host = redhat->session.host;

	redhat->phase = REDHAT_REBOOTING;
	redhat->leaving = now;
	host->ops->script(host, "reboot");
	reboot(redhat, now);
}

/* The client is rebooted when its dump is safe, or cannot be made so: its memory is the only other copy. */
static void save(struct redhat *redhat, uint64_t now)
{
	redhat->phase = REDHAT_SAVING;
	redhat->leaving = now;
	redhat->due = now + PROBE;
	if (redhat->is_finished)
		begin_reboot(redhat, now);
}

static void saving_tick(struct redhat *redhat, uint64_t now)
{
	redhat_keep_alive(redhat, now);
	redhat->due = now + PROBE;
	if (now - redhat->leaving >= SAVE_MAX)
		begin_reboot(redhat, now);
}

static void reboot_tick(struct redhat *redhat, uint64_t now)
{
	uint64_t quiet = redhat->has_log ? REBOOT_QUIET : REBOOT_UNHEARD;
	uint64_t heard = redhat->logged > redhat->leaving ? redhat->logged : redhat->leaving;

	if (now - heard < quiet && now - redhat->leaving < REBOOT_MAX)
		reboot(redhat, now);
	else if (redhat->is_finished)
		redhat->session.is_over = true;
	else
		redhat->due = SESSION_NEVER;
}

void redhat_farewell_log(struct redhat *redhat, const struct redhat_reply *reply, bool is_new)
{
	static const char startup[] = "network console startup";

	if (redhat->phase != REDHAT_REBOOTING)
		return;
	if (is_new || memmem(reply->payload, reply->length, startup, sizeof(startup) - 1))
		redhat_lose(redhat, NULL);
}

/* ---- ends without farewell ------------------------------------------------------------------- */

static void leave(struct redhat *redhat, const char *reason, bool is_suspended)
{
	redhat->phase = REDHAT_LOST;
	redhat->due = SESSION_NEVER;
	finish(redhat, SESSION_INCOMPLETE, reason, is_suspended);
	redhat->session.is_over = redhat->is_finished;
}

void redhat_lose(struct redhat *redhat, const char *reason)
{
	leave(redhat, reason, false);
}

void redhat_wait_for_next(struct redhat *redhat)
{
	leave(redhat, "the server was stopped", true);
}

static void stop_tick(struct redhat *redhat, uint64_t now)
{
	if (redhat->reboots < STOP_REBOOTS) {
		reboot(redhat, now);
		redhat->due = now + STOP_PAUSE;
		return;
	}
	redhat->due = SESSION_NEVER;
	redhat->session.is_over = redhat->is_finished;
}

/* A client that waits for a server which is gone would wait for ever; one that was not heard yet goes on asking. */
void redhat_farewell_stop(struct redhat *redhat, uint64_t now)
{
	bool is_greeting = redhat->phase == REDHAT_GREETING;

	if (redhat->phase == REDHAT_LOST)
		return;
	redhat->phase = REDHAT_STOPPING;
	redhat->reboots = 0;
	if (is_greeting) {
		redhat->session.is_over = true;
		return;
	}
	finish(redhat, SESSION_INCOMPLETE, "the server was stopped", false);
	stop_tick(redhat, now);
}

/* ---- time ------------------------------------------------------------------------------------ */

void redhat_farewell_tick(struct redhat *redhat, uint64_t now)
{
	static void (*const ticks[])(struct redhat *, uint64_t) = {
		[REDHAT_STATE] = state_tick,
		[REDHAT_SAVING] = saving_tick,
		[REDHAT_REBOOTING] = reboot_tick,
		[REDHAT_STOPPING] = stop_tick,
	};

	if (now >= redhat->due && redhat->phase != REDHAT_LOST)
		ticks[redhat->phase](redhat, now);
}

void redhat_farewell_finished(struct redhat *redhat, uint64_t now)
{
	if (redhat->phase == REDHAT_SAVING)
		begin_reboot(redhat, now);
	else if (redhat->due == SESSION_NEVER)
		redhat->session.is_over = true;
}
