// SPDX-License-Identifier: GPL-2.0-or-later
// A Red Hat kernel that has crashed, as drivers/net/netdump.c of RHEL 3 and 4 has it: what it sends for what it gets,
// with
// its peculiarities. No sockets and no clock: for unit tests with a network of their own, and for redhat_client.c. It
// writes
// its packets itself, so that a mistake of wire/redhat.c is none that both sides share.
#ifndef TESTS_REDHAT_MODEL_H
#define TESTS_REDHAT_MODEL_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define MODEL_SECOND UINT64_C(1000000000)

enum model_state {
	MODEL_STARTING,
	MODEL_SERVING,
	MODEL_DEAF,        /* prints its state */
	MODEL_REBOOTED,
	MODEL_EXITED,
	MODEL_UNSUPPORTED, /* the server named no version: all but i386 reboot */
	MODEL_IDLE,        /* RHEL 3: no request for idle_timeout */
};

struct model;
typedef void model_emit(struct model *model, const uint8_t *head, size_t head_length, const void *data, size_t length);

struct model {
	/* What kind of kernel; filled in by the caller. */
	uint32_t machine;      /* e_machine */
	unsigned version;      /* NETDUMP_VERSION_MAX, as START's info; 0 or 4: old */
	bool is_rhel3;         /* the version byte is always 4 */
	bool answers_last;     /* SHOW_STATE is answered after the printing (2.6.9-67.EL) */
	bool has_netlog;       /* the console goes to the server as LOG */
	bool hides_next;       /* RESERVED says 0 for "this page only" (version 4) */
	unsigned state_lines;
	uint64_t state_time, idle_timeout; /* ns; 0: no timeout */
	uint64_t magic, task_struct, page_offset;
	uint32_t page_size, nr_pages;
	const uint8_t *memory; /* nr_pages * page_size bytes */
	bool (*is_ram)(const struct model *model, uint32_t pfn);
	uint8_t registers[448];
	size_t registers_length;
	model_emit *emit;
	void *context;

	enum model_state state;
	unsigned effective_version;
	uint64_t next_start, heard, deaf_since, deaf_until;
	unsigned lines_done;
	uint32_t state_nr, log_offset;
	uint64_t pages_asked, starts_sent;
	char scratch[2048];    /* one buffer for all texts: SHOW_STATE sends what lies in it */
};

static inline void model_u32(uint8_t *bytes, uint32_t number)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(number >> (24 - 8 * i));
}

static inline uint32_t model_read(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void model_send(struct model *model, unsigned version, uint32_t nr, uint32_t code, uint32_t info,
			      const void *data, size_t length)
{
	uint8_t head[13];

	head[0] = (uint8_t)(model->is_rhel3 ? 4 : version);
	model_u32(head + 1, nr);
	model_u32(head + 5, code);
	model_u32(head + 9, info);
	model->emit(model, head, sizeof(head), data, length);
}

static inline void model_reply(struct model *model, uint32_t nr, uint32_t code, uint32_t info, size_t length)
{
	model_send(model, model->effective_version, nr, code, info, model->scratch, length);
}

/* A reply whose text is in the scratch buffer. */
static inline void model_text(struct model *model, uint32_t nr, uint32_t code, uint32_t info)
{
	model_reply(model, nr, code, info, strlen(model->scratch));
}

static inline void model_log(struct model *model, const char *text)
{
	if (model->has_netlog)
		model_send(model, 4, 0, 2, model->log_offset, text, strlen(text));
	model->log_offset += (uint32_t)strlen(text);
}

static inline void model_start(struct model *model, uint64_t now)
{
	snprintf(model->scratch, sizeof(model->scratch),
		 "task_struct:0x%" PRIx64 " page_offset:0x%" PRIx64 " netdump_magic:0x%" PRIx64 "\n",
		 model->task_struct, model->page_offset, model->magic);
	model_text(model, model->machine, 8, model->version);
	model->next_start = now + MODEL_SECOND;
	model->starts_sent++;
}

/* The kernel crashes. */
static inline void model_begin(struct model *model, uint64_t now)
{
	model->state = MODEL_STARTING;
	model->effective_version = 4;
	model->heard = now;
	model_log(model, "Kernel panic: not syncing\n");
	model_start(model, now);
}

static inline void model_ack(struct model *model, uint32_t from)
{
	unsigned version = from & 0xff;

	if (!version && model->machine != 3) {
		model->state = MODEL_UNSUPPORTED;
		return;
	}
	model->effective_version = !version ? 4 : version < model->version ? version : model->version;
	if (!model->effective_version)
		model->effective_version = 4;
	model->state = MODEL_SERVING;
}

static inline void model_page(struct model *model, uint32_t nr, uint32_t pfn)
{
	uint32_t next = pfn + 1;

	model->pages_asked++;
	if (pfn >= model->nr_pages) {
		snprintf(model->scratch, sizeof(model->scratch), "page %08x is bigger than max page # %08x!\n", pfn,
			 model->nr_pages);
		model_text(model, nr, 1, 0);
		return;
	}
	if (!model->is_ram || model->is_ram(model, pfn)) {
		const uint8_t *page = model->memory + (size_t)pfn * model->page_size;

		for (uint32_t at = 0; at < model->page_size; at += 1024)
			model_send(model, model->effective_version, nr, 3, at, page + at, 1024);
		return;
	}
	while (next < model->nr_pages && !model->is_ram(model, next))
		next++;
	model_reply(model, nr, 4, model->hides_next || next == model->nr_pages ? 0 : next, 0);
}

/* The length is taken with strlen() after the registers have overwritten the text's end. */
static inline void model_regs(struct model *model, uint32_t nr)
{
	size_t at;

	snprintf(model->scratch, sizeof(model->scratch), "Sending register info.\n");
	at = strlen(model->scratch);
	memcpy(model->scratch + at, model->registers, model->registers_length);
	model->scratch[sizeof(model->scratch) - 1 - model->registers_length] = '\0';
	model_reply(model, nr, 10, 64000, strlen(model->scratch) + model->registers_length);
}

static inline void model_show_state(struct model *model, uint32_t nr, uint64_t now)
{
	if (!model->answers_last)
		model_text(model, nr, 12, 0);
	model->state = MODEL_DEAF;
	model->state_nr = nr;
	model->lines_done = 0;
	model->deaf_since = now;
	model->deaf_until = now + model->state_time;
}

static inline void model_serve(struct model *model, uint32_t nr, uint32_t command, uint32_t from, uint64_t now)
{
	char *text = model->scratch;
	size_t size = sizeof(model->scratch);

	switch (command) {
	case 0:
		return;
	case 1:
		model_page(model, nr, from);
		return;
	case 2:
		snprintf(text, size, "NETDUMP end.\n");
		model_text(model, 0, 9, 0);
		model->state = MODEL_EXITED;
		return;
	case 3:
		model->state = MODEL_REBOOTED;
		return;
	case 4:
		snprintf(text, size, "Hello, this is netdump version 0.04\n");
		model_text(model, nr, 5, 4);
		return;
	case 5:
		snprintf(text, size, "Number of pages: %u\n", model->nr_pages);
		model_text(model, nr, 6, model->nr_pages);
		return;
	case 6:
		snprintf(text, size, "PAGE_SIZE: %u\n", model->page_size);
		model_text(model, nr, 7, model->page_size);
		return;
	case 8:
		model_regs(model, nr);
		return;
	case 9:
		model_show_state(model, nr, now);
		return;
	default:
		snprintf(text, size, "Got unknown command code %u!\n", command);
		model_text(model, nr, 1, command);
	}
}

/* A datagram of the server. */
static inline void model_packet(struct model *model, const uint8_t *bytes, size_t length, uint64_t now)
{
	uint32_t nr, command, from;

	if (length < 24)
		return;
	nr = model_read(bytes + 8);
	command = model_read(bytes + 12);
	from = model_read(bytes + 16);
	model->heard = now;
	if (model->state == MODEL_STARTING && command != 7)
		model_start(model, now);
	else if (model->state == MODEL_STARTING)
		model_ack(model, from);
	else if (model->state == MODEL_SERVING)
		model_serve(model, nr, command, from, now);
}

static inline uint64_t model_line_due(const struct model *model)
{
	return model->deaf_since + model->state_time / (model->state_lines + 1) * (model->lines_done + 1);
}

static inline void model_print(struct model *model, uint64_t now)
{
	char line[80];

	while (model->lines_done < model->state_lines && model_line_due(model) <= now) {
		snprintf(line, sizeof(line), "task %u: state S, flags 00000100\n", ++model->lines_done);
		model_log(model, line);
	}
	if (now < model->deaf_until)
		return;
	model->state = MODEL_SERVING;
	model->heard = now;
	if (model->answers_last)
		model_text(model, model->state_nr, 12, 0);
}

/* When model_tick() has something to do; UINT64_MAX: never. */
static inline uint64_t model_due(const struct model *model)
{
	if (model->state == MODEL_STARTING)
		return model->next_start;
	if (model->state == MODEL_DEAF)
		return model->lines_done < model->state_lines ? model_line_due(model) : model->deaf_until;
	if (model->state == MODEL_SERVING && model->idle_timeout)
		return model->heard + model->idle_timeout;
	return UINT64_MAX;
}

static inline void model_tick(struct model *model, uint64_t now)
{
	if (now < model_due(model))
		return;
	if (model->state == MODEL_STARTING)
		model_start(model, now);
	else if (model->state == MODEL_DEAF)
		model_print(model, now);
	else
		model->state = MODEL_IDLE;
}

#endif
