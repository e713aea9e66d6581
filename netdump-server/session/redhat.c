// SPDX-License-Identifier: GPL-2.0-or-later
#include "session/redhat.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/elfcore.h"
#include "session/redhat_state.h"

enum {
	START_TEXT_MIN = 24, /* the shortest text of a real START has 38 bytes; nothing longer than itself answers it */
	HELLOS_MAX = 10,     /* to an address that has not shown that it is there */
	NONSENSE_MAX = 5,    /* answers that cannot be meant, before a question is given up */
	HELLOS_RETURNING = 60, /* about a minute: a network that comes up again may take a while, too */
	RESTARTS = 3,        /* STARTs in a row that say that the client is in another dump */
};

#define PROTOCOL "redhat"
#define PATIENCE (180 * SESSION_SECOND)
#define WAIT_FIRST (200 * REDHAT_MS)
#define WAIT_MIN (50 * REDHAT_MS)
#define WAIT_MAX SESSION_SECOND
#define KEEP_ALIVE (2 * SESSION_SECOND)
#define RESTART_TIME (2 * SESSION_SECOND)
#define RESTART_TIME_DEAF (20 * SESSION_SECOND) /* one that prints its state cannot contradict */
#define SILENCE (4 * SESSION_SECOND) /* a client in its loop answers HELLO, which comes each KEEP_ALIVE */
#define ROOM_PAUSE SESSION_SECOND
#define ACKNOWLEDGE_PAUSE (50 * REDHAT_MS)

static struct redhat *redhat_of(struct session *session)
{
	return (struct redhat *)session;
}

/* ---- requests -------------------------------------------------------------------------------- */

uint32_t redhat_send(struct redhat *redhat, enum redhat_command command, uint32_t from, uint64_t now)
{
	struct session_host *host = redhat->session.host;
	struct redhat_request request = {redhat->magic, redhat->next_nr++, command, from, 0};
	uint8_t bytes[REDHAT_REQUEST_SIZE];

	redhat_request_write(&request, bytes);
	host->ops->send(host, bytes, sizeof(bytes));
	redhat->sent = now;
	return request.nr;
}

void redhat_keep_alive(struct redhat *redhat, uint64_t now)
{
	if (now - redhat->sent >= KEEP_ALIVE)
		redhat_send(redhat, REDHAT_HELLO, 0, now);
}

void redhat_measure(struct redhat *redhat, uint64_t rtt)
{
	redhat->rtt = redhat->rtt ? redhat->rtt - redhat->rtt / 8 + rtt / 8 : rtt + 1;
}

uint64_t redhat_wait(const struct redhat *redhat)
{
	uint64_t wait = redhat->rtt ? 4 * redhat->rtt : WAIT_FIRST;

	if (wait < WAIT_MIN)
		return WAIT_MIN;
	return wait < WAIT_MAX ? wait : WAIT_MAX;
}

/* The client always hears 5: x86_64, ia64 and ppc64 reboot when a server names no version. */
static void acknowledge(struct redhat *redhat, uint64_t now)
{
	redhat_send(redhat, REDHAT_START_ACK, REDHAT_VERSION, now);
	redhat->acknowledged = now;
}

/* Whether a reply names one of the last requests. Numbers begin anywhere, so that who does not receive them cannot
 * guess. */
static bool is_ours(const struct redhat *redhat, uint32_t nr)
{
	uint32_t issued = redhat->next_nr - redhat->first_nr;
	uint32_t age = redhat->next_nr - nr;

	return age >= 1 && age <= issued && age <= UINT16_MAX;
}

/* ---- questions ------------------------------------------------------------------------------- */

#define OTHER_CRASH "the client is in another dump than the one that was to go on"

/* What a client says that was left waiting is what it said before, or it is in another crash by now. */
static bool take_again(struct redhat *redhat, bool is_same, enum redhat_phase next, uint64_t now)
{
	if (is_same)
		redhat_ask(redhat, next, now);
	else
		redhat_lose(redhat, OTHER_CRASH);
	return true;
}

static bool take_hello(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	bool is_new = !redhat->is_returning;

	(void)reply;
	redhat->session.is_proven = true;
	if (is_new && redhat->options.just_reboot)
		redhat_conclude(redhat, SESSION_REFUSED, "too many dumps at once", false, now);
	else if (is_new && !elfcore_is_known(redhat->machine))
		redhat_conclude(redhat, SESSION_REFUSED, "a machine whose dumps have no known layout", false, now);
	else
		redhat_ask(redhat, REDHAT_ASKING_PAGE_SIZE, now);
	return true;
}

static bool take_page_size(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	uint32_t size = reply->info;

	if (redhat->is_returning)
		return take_again(redhat, size == redhat->page_size, REDHAT_ASKING_NR_PAGES, now);
	if (size < REDHAT_PAGE_MIN || size > REDHAT_PAGE_MAX || size & (size - 1))
		return false;
	redhat->page_size = redhat_meta(redhat)->page_size = size;
	redhat_ask(redhat, REDHAT_ASKING_NR_PAGES, now);
	return true;
}

static bool take_nr_pages(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	uint64_t memory = (uint64_t)reply->info * redhat->page_size;

	if (redhat->is_returning)
		return take_again(redhat, reply->info == redhat->nr_pages, REDHAT_ASKING_REGS, now);
	if (!reply->info)
		return false;
	redhat->nr_pages = reply->info;
	redhat_meta(redhat)->expected = ELFCORE_SIZE + memory;
	if (redhat->options.memory_max && memory > redhat->options.memory_max)
		redhat_conclude(redhat, SESSION_REFUSED, "more memory than this server takes of a client", false, now);
	else
		redhat_ask(redhat, REDHAT_ASKING_REGS, now);
	return true;
}

static const char *refusal(enum session_begin answer)
{
	switch (answer) {
	case SESSION_FULL:
		return "too many dumps at once";
	case SESSION_CANNOT:
		return "the files of the dump cannot be made";
	default:
		return "no room for the dump";
	}
}

static void begin(struct redhat *redhat, uint64_t now)
{
	struct session_host *host = redhat->session.host;
	enum session_begin answer = host->ops->begin(host, redhat_meta(redhat)->expected);

	if (answer == SESSION_WAIT) {
		redhat->phase = REDHAT_WAITING;
		redhat->due = now + ROOM_PAUSE;
		redhat_send(redhat, REDHAT_HELLO, 0, now);
		return;
	}
	redhat->is_begun = answer == SESSION_BEGUN;
	host->ops->script(host, "crash");
	if (redhat->is_begun) {
		redhat_meta(redhat)->state = redhat->state = redhat_state_write(redhat);
		redhat_memory_begin(redhat, now);
	} else {
		redhat_conclude(redhat, SESSION_REFUSED, refusal(answer), false, now);
	}
}

static void go_on(struct redhat *redhat, uint64_t now)
{
	struct session_host *host = redhat->session.host;
	const struct meta *meta = redhat_meta(redhat);

	redhat->is_returning = false;
	host->ops->note(host, "the client still waits: its dump goes on, with %" PRIu64 " of %" PRIu32 " pages here already",
			meta->pages_sent + meta->pages_skipped, redhat->nr_pages);
	redhat_memory_begin(redhat, now);
}

/* It was not told, too, by a client that is the same. */
static void miss_regs(struct redhat *redhat, uint64_t now)
{
	if (!redhat->is_returning)
		begin(redhat, now);
	else if (redhat->has_registers)
		redhat_lose(redhat, OTHER_CRASH);
	else
		go_on(redhat, now);
}

/* The registers follow the text. More bytes may follow them: the client takes the length of its message as that of a
 * string after it has overwritten the end of that string (netdump.c, do_netdump(), REQ_GET_REGS). */
static bool take_regs(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	size_t size = redhat_registers_size(redhat->machine);

	if (reply->length < REDHAT_REGISTERS_AT + size)
		return false;
	const uint8_t *registers = reply->payload + REDHAT_REGISTERS_AT;

	if (redhat->is_returning && (!redhat->has_registers || memcmp(redhat->registers, registers, size))) {
		redhat_lose(redhat, OTHER_CRASH);
	} else if (redhat->is_returning) {
		go_on(redhat, now);
	} else {
		memcpy(redhat->registers, registers, size);
		redhat->has_registers = true;
		begin(redhat, now);
	}
	return true;
}

static void miss_answer(struct redhat *redhat, uint64_t now)
{
	if (redhat->is_returning)
		redhat_lose(redhat, OTHER_CRASH);
	else
		redhat_conclude(redhat, SESSION_REFUSED, "no usable answer to what a dump needs to begin", false, now);
}

/* By phase: what is asked, which reply answers, what to do with it (false: it cannot be meant), and what to do when
 * there is no better one. */
static const struct question {
	enum redhat_command command;
	enum redhat_code code;
	bool (*take)(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now);
	void (*miss)(struct redhat *redhat, uint64_t now);
} questions[] = {
	[REDHAT_GREETING] = {REDHAT_HELLO, REDHAT_REPLY_HELLO, take_hello, miss_answer},
	[REDHAT_ASKING_PAGE_SIZE] = {REDHAT_GET_PAGE_SIZE, REDHAT_REPLY_PAGE_SIZE, take_page_size, miss_answer},
	[REDHAT_ASKING_NR_PAGES] = {REDHAT_GET_NR_PAGES, REDHAT_REPLY_NR_PAGES, take_nr_pages, miss_answer},
	[REDHAT_ASKING_REGS] = {REDHAT_GET_REGS, REDHAT_REPLY_REGS, take_regs, miss_regs},
};

static void question_send(struct redhat *redhat, uint64_t now)
{
	struct redhat_question *question = &redhat->question;

	redhat_send(redhat, questions[redhat->phase].command, 0, now);
	question->sent = now;
	question->due = now + question->wait;
}

void redhat_ask(struct redhat *redhat, enum redhat_phase phase, uint64_t now)
{
	redhat->phase = phase;
	redhat->question = (struct redhat_question){.first_nr = redhat->next_nr, .wait = redhat_wait(redhat)};
	question_send(redhat, now);
}

static void question_reply(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	struct redhat_question *question = &redhat->question;
	const struct question *asked = &questions[redhat->phase];
	bool is_refusal = reply->code == REDHAT_REPLY_ERROR && reply->info == (uint32_t)asked->command;

	/* Not: an ERROR about an acknowledgement sent twice, an answer to an earlier question. */
	if ((int32_t)(reply->nr - question->first_nr) < 0 || (reply->code != (uint32_t)asked->code && !is_refusal))
		return;
	if (!question->tries)
		redhat_measure(redhat, now - question->sent);
	if (!is_refusal && asked->take(redhat, reply, now))
		return;
	redhat_meta(redhat)->packets_dropped++;
	if (++question->nonsense >= NONSENSE_MAX || is_refusal)
		asked->miss(redhat, now);
	else
		question_send(redhat, now);
}

static void question_tick(struct redhat *redhat, uint64_t now)
{
	struct redhat_question *question = &redhat->question;

	if (now < question->due)
		return;
	question->tries++;
	if (redhat->is_returning && question->tries >= HELLOS_RETURNING) {
		redhat_lose(redhat, "the client waits no more: it has not answered since the server was started again");
		return;
	}
	if (!redhat->is_returning && question->tries >= HELLOS_MAX && redhat->phase == REDHAT_GREETING) {
		struct session_host *host = redhat->session.host;

		host->ops->note(host, "a START whose sender does not answer: is the way back to it open?");
		redhat->session.is_over = true;
		return;
	}
	redhat_meta(redhat)->retransmissions++;
	question->wait = question->wait * 2 < WAIT_MAX ? question->wait * 2 : WAIT_MAX;
	question_send(redhat, now);
}

/* ---- what the client says by itself ---------------------------------------------------------- */

static bool is_magic_right(const struct redhat_options *options, const struct redhat_start *start)
{
	return options->has_magic && start->has_magic && start->magic == options->magic;
}

static bool is_admitted(const struct redhat_options *options, const struct redhat_start *start)
{
	return !options->is_secure || is_magic_right(options, start);
}

/* False for what is no START of a client. */
static bool start_read(const struct redhat_reply *reply, struct redhat_start *ret)
{
	if (reply->code != REDHAT_REPLY_START || reply->length < START_TEXT_MIN)
		return false;
	redhat_start_parse(reply->payload, reply->length, ret);
	ret->offer = NULL; /* lies in the packet */
	return true;
}

static void start_use(struct redhat *redhat, const struct redhat_reply *reply, const struct redhat_start *start)
{
	struct meta *meta = redhat_meta(redhat);

	redhat->start = *start;
	redhat->magic = redhat->options.has_magic ? redhat->options.magic : start->magic;
	redhat->machine = reply->nr;
	/* The client takes the lesser of both versions, modulo 256. */
	redhat->is_version5 = (uint8_t)reply->info >= REDHAT_VERSION;
	redhat->session.is_proven = redhat->options.is_secure;
	meta->protocol = PROTOCOL;
	meta->machine = reply->nr;
	snprintf(meta->format, sizeof(meta->format), "elf");
}

/* While it waits to be heard, a client repeats START; the latest counts, for an earlier one may have been forged. */
static void take_start_again(struct redhat *redhat, const struct redhat_reply *reply, const struct redhat_start *start,
			     uint64_t now)
{
	if (!is_admitted(&redhat->options, start))
		return;
	start_use(redhat, reply, start);
	if (now - redhat->acknowledged >= ACKNOWLEDGE_PAUSE)
		acknowledge(redhat, now);
}

/* After the greeting a START is an old one, or forged; or the client came up again and crashed again: then nothing
 * else comes from it, and the next session takes that dump. Its magic may be another one by then: it is made anew at
 * each boot. */
static void take_start_late(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	uint64_t enough = redhat->phase > REDHAT_MEMORY ? RESTART_TIME_DEAF : RESTART_TIME;

	if (reply->nr != redhat->machine)
		return;
	if (!redhat->restarts++)
		redhat->restarted = now;
	if (redhat->restarts >= RESTARTS && now - redhat->restarted >= enough)
		redhat_lose(redhat, "the client crashed again before its dump was complete");
}

static void take_start(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	struct redhat_start start;

	if (!start_read(reply, &start))
		return;
	if (redhat->phase == REDHAT_GREETING && !redhat->is_returning)
		take_start_again(redhat, reply, &start, now);
	else
		take_start_late(redhat, reply, now);
}

static void take_log(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	struct session_host *host = redhat->session.host;
	bool is_new = redhat->has_log && redhat->log_next && !reply->info;
	char gap[64];

	if (!reply->length)
		return;
	if (redhat->has_log && (int32_t)(reply->info - redhat->log_next) > 0) {
		int length = snprintf(gap, sizeof(gap), "\n[%u bytes of the log were lost]\n",
				      reply->info - redhat->log_next);

		host->ops->log(host, gap, (size_t)length);
	}
	redhat->has_log = true;
	redhat->restarts = 0;
	redhat->log_next = reply->info + (uint32_t)reply->length;
	redhat->logged = redhat->session.heard = now;
	host->ops->log(host, reply->payload, reply->length);
	redhat_farewell_log(redhat, reply, is_new);
}

static void take_reply(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	if (!is_ours(redhat, reply->nr)) {
		redhat_meta(redhat)->packets_dropped++;
		return;
	}
	redhat->answered = redhat->session.heard = now;
	redhat->restarts = 0;
	if (redhat->phase < REDHAT_WAITING)
		question_reply(redhat, reply, now);
	else if (redhat->phase == REDHAT_MEMORY)
		redhat_memory_reply(redhat, reply, now);
	else if (redhat->phase > REDHAT_MEMORY)
		redhat_farewell_reply(redhat, reply, now);
}

/* ---- the session ----------------------------------------------------------------------------- */

static void update_deadline(struct redhat *redhat)
{
	uint64_t silence = redhat->answered + redhat->options.patience;
	uint64_t due = redhat->due;

	if (redhat->phase < REDHAT_WAITING)
		due = redhat->question.due;
	else if (redhat->phase == REDHAT_MEMORY)
		due = redhat->memory.due;
	if (redhat->phase <= REDHAT_MEMORY && silence < due)
		due = silence;
	redhat->session.deadline = redhat->session.is_over ? SESSION_NEVER : due;
}

static void redhat_packet(struct session *session, const uint8_t *bytes, size_t length, uint64_t now)
{
	struct redhat *redhat = redhat_of(session);
	struct redhat_reply reply;

	if (session->is_over)
		return;
	redhat_meta(redhat)->packets++;
	if (!redhat_reply_parse(bytes, length, &reply))
		redhat_meta(redhat)->packets_dropped++;
	else if (reply.code == REDHAT_REPLY_LOG)
		take_log(redhat, &reply, now);
	else if (reply.code == REDHAT_REPLY_START)
		take_start(redhat, &reply, now);
	else
		take_reply(redhat, &reply, now);
	update_deadline(redhat);
}

static void redhat_tick(struct session *session, uint64_t now)
{
	struct redhat *redhat = redhat_of(session);

	if (session->is_over)
		return;
	if (redhat->phase > REDHAT_MEMORY)
		redhat_farewell_tick(redhat, now);
	else if (now - redhat->answered >= redhat->options.patience)
		redhat_conclude(redhat, SESSION_INCOMPLETE, "the client fell silent", true, now);
	else if (redhat->phase == REDHAT_MEMORY)
		redhat_memory_tick(redhat, now);
	else if (redhat->phase < REDHAT_WAITING)
		question_tick(redhat, now);
	else if (now >= redhat->due)
		begin(redhat, now);
	update_deadline(redhat);
}

static void redhat_finished(struct session *session, bool is_safe, uint64_t now)
{
	struct redhat *redhat = redhat_of(session);

	redhat->is_finished = true;
	if (!is_safe)
		session->host->ops->note(session->host, "the dump could not be saved");
	redhat_farewell_finished(redhat, now);
	update_deadline(redhat);
}

static void redhat_stop(struct session *session, uint64_t now)
{
	struct redhat *redhat = redhat_of(session);

	if (session->is_over)
		return;
	redhat_farewell_stop(redhat, now);
	update_deadline(redhat);
}

static void redhat_free(struct session *session)
{
	struct redhat *redhat = redhat_of(session);

	redhat_memory_end(redhat);
	if (redhat_meta(redhat)->holes_of == &redhat->memory.have)
		redhat_meta(redhat)->holes_of = NULL;
	extents_deinit(&redhat->memory.have);
	if (redhat_meta(redhat)->state == redhat->state)
		redhat_meta(redhat)->state = NULL;
	free(redhat->state);
	free(redhat);
}

static const struct session_ops redhat_ops = {
	.protocol = PROTOCOL,
	.packet = redhat_packet,
	.tick = redhat_tick,
	.finished = redhat_finished,
	.stop = redhat_stop,
	.free = redhat_free,
};

static struct redhat *make(struct session_host *host, const struct redhat_options *options, uint64_t now)
{
	struct redhat *redhat = mem_zero(sizeof(*redhat));

	redhat->session = (struct session){.ops = &redhat_ops, .host = host, .heard = now};
	redhat->options = *options;
	if (!options->patience)
		redhat->options.patience = PATIENCE;
	redhat->first_nr = redhat->next_nr = (uint32_t)host->ops->random(host);
	redhat->answered = now;
	redhat->memory.due = SESSION_NEVER;
	return redhat;
}

struct session *redhat_new(struct session_host *host, const struct redhat_options *options, const uint8_t *bytes,
			   size_t length, uint64_t now)
{
	struct redhat_reply reply;
	struct redhat_start start;
	struct redhat *redhat;

	if (!redhat_reply_parse(bytes, length, &reply) || !start_read(&reply, &start))
		return NULL;
	if (!is_admitted(options, &start)) {
		host->ops->note(host, options->has_magic
					      ? "refused: its START does not name the magic in its magic file"
					      : "refused: there is no magic file for it, and secure is 1");
		return NULL;
	}
	redhat = make(host, options, now);
	start_use(redhat, &reply, &start);
	host->meta->packets++;
	acknowledge(redhat, now);
	redhat_ask(redhat, REDHAT_GREETING, now);
	update_deadline(redhat);
	return &redhat->session;
}

bool redhat_yields(const struct session *session, uint64_t now)
{
	const struct redhat *redhat = (const struct redhat *)session;

	return redhat->phase > REDHAT_MEMORY || now - session->heard >= SILENCE;
}

void redhat_give_up(struct session *session)
{
	redhat_lose(redhat_of(session), "the client was started again before its dump was complete");
}

struct session *redhat_resume(struct session_host *host, const struct redhat_options *options, struct extents *have,
			      uint64_t now)
{
	struct redhat *redhat = make(host, options, now);
	const char *state = host->meta->state;

	redhat->memory.have = *have;
	*have = (struct extents){0};
	host->meta->state = NULL;
	if (!state || !redhat_state_read(redhat, state) || !redhat_memory_resume(redhat) ||
	    (options->is_secure && (!options->has_magic || redhat->magic != options->magic)) ||
	    (options->memory_max && host->meta->expected - ELFCORE_SIZE > options->memory_max)) {
		redhat_free(&redhat->session);
		return NULL;
	}
	host->meta->protocol = PROTOCOL;
	host->meta->state = redhat->state = mem_strdup(state);
	host->meta->holes_of = &redhat->memory.have;
	redhat->is_begun = redhat->is_returning = true;
	redhat_ask(redhat, REDHAT_GREETING, now);
	update_deadline(redhat);
	return &redhat->session;
}

bool redhat_is_returning(const struct session *session)
{
	return session->ops == &redhat_ops && ((const struct redhat *)session)->is_returning;
}
