// SPDX-License-Identifier: GPL-2.0-or-later
#include "send/classic.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "send/memory.h"
#include "session/extents.h"
#include "wire/redhat.h"

enum {
	REQUESTS = 4096,    /* that wait; a server has fewer pages outstanding */
	VERSION_BEFORE = 4, /* of replies until the server has named its own */
};

static const uint64_t second = 1000000000;

struct classic {
	struct memory *memory;
	uint64_t magic, patience, heard, start_at;
	enum classic_state state;
	char error[128];
	uint8_t version;
	struct redhat_request requests[REQUESTS];
	unsigned first, count;
	uint32_t sent;           /* bytes of the page that the first request is for */
	struct extents served;   /* numbers of pages */
};

struct classic *classic_new(struct memory *memory, uint64_t magic, uint64_t patience, uint64_t now)
{
	struct classic *classic = mem_zero(sizeof(*classic));

	classic->memory = memory;
	classic->magic = magic;
	classic->patience = patience;
	classic->heard = classic->start_at = now;
	classic->version = VERSION_BEFORE;
	return classic;
}

void classic_free(struct classic *classic)
{
	if (!classic)
		return;
	extents_deinit(&classic->served);
	free(classic);
}

static void fail(struct classic *classic, const char *text)
{
	classic->state = CLASSIC_FAILED;
	snprintf(classic->error, sizeof(classic->error), "%s", text);
}

/* ---- requests -------------------------------------------------------------------------------- */

/* `from` is cut to eight bits, as by the kernel's min_t(unsigned char, …). i386 takes 0 for an old server, the others
 * do not know how to serve it. */
static void acknowledge(struct classic *classic, uint32_t from)
{
	uint8_t version = (uint8_t)from;

	if (!version && memory_machine(classic->memory) != REDHAT_I386) {
		fail(classic, "the server is too old for this machine");
		return;
	}
	classic->version = !version ? VERSION_BEFORE : version < REDHAT_VERSION ? version : REDHAT_VERSION;
	classic->state = CLASSIC_SERVING;
}

void classic_packet(struct classic *classic, const uint8_t *bytes, size_t length, uint64_t now)
{
	struct redhat_request request;

	if (classic->state > CLASSIC_SERVING || !redhat_request_parse(bytes, length, &request))
		return;
	classic->heard = now;
	if (classic->state == CLASSIC_STARTING) {
		if (request.command == REDHAT_START_ACK)
			acknowledge(classic, request.from);
		return;
	}
	if (classic->count < REQUESTS)
		classic->requests[(classic->first + classic->count++) % REQUESTS] = request;
}

/* ---- replies --------------------------------------------------------------------------------- */

static size_t reply(const struct classic *classic, uint8_t *bytes, uint32_t nr, enum redhat_code code, uint32_t info,
		    size_t length)
{
	const struct redhat_reply header = {.version = classic->version, .nr = nr, .code = code, .info = info};

	redhat_reply_write(&header, bytes);
	return REDHAT_REPLY_HEADER + length;
}

static size_t reply_text(const struct classic *classic, uint8_t *bytes, uint32_t nr, enum redhat_code code,
			 uint32_t info, const char *text)
{
	char *start = (char *)bytes + REDHAT_REPLY_HEADER;
	const char *end = stpcpy(start, text);

	return reply(classic, bytes, nr, code, info, (size_t)(end - start));
}

static size_t reply_number(const struct classic *classic, uint8_t *bytes, uint32_t nr, enum redhat_code code,
			   uint32_t info, const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "%s: %" PRIu32 "\n", name, info);
	return reply_text(classic, bytes, nr, code, info, text);
}

static size_t reply_registers(const struct classic *classic, uint8_t *bytes, uint32_t nr)
{
	static const char text[REDHAT_REGISTERS_AT + 1] = "Sending register info.\n";
	size_t size;
	const uint8_t *registers = memory_registers(classic->memory, &size);

	memcpy(bytes + REDHAT_REPLY_HEADER, text, REDHAT_REGISTERS_AT);
	memcpy(bytes + REDHAT_REPLY_HEADER + REDHAT_REGISTERS_AT, registers, size);
	return reply(classic, bytes, nr, REDHAT_REPLY_REGS, memory_ram_pages(classic->memory), REDHAT_REGISTERS_AT + size);
}

/* A part of a page; the request stays the first until the last part. */
static size_t reply_memory(struct classic *classic, uint8_t *bytes, const struct redhat_request *request,
			   bool *ret_done)
{
	uint32_t pages = memory_pages(classic->memory), at = classic->sent;
	char text[80];

	if (request->from >= pages) {
		snprintf(text, sizeof(text), "page %08" PRIx32 " is bigger than max page # %08" PRIx32 "!\n", request->from, pages);
		return reply_text(classic, bytes, request->nr, REDHAT_REPLY_ERROR, 0, text);
	}
	const uint8_t *page = memory_page(classic->memory, request->from);

	/* RESERVED would make the dump complete without it. A kernel has no such page, but the server knows the answer. */
	if (!page && memory_has(classic->memory, request->from)) {
		snprintf(classic->error, sizeof(classic->error), "page %#" PRIx32 " of the dump cannot be read", request->from);
		return reply_text(classic, bytes, request->nr, REDHAT_REPLY_ERROR, 0, "page cannot be read!\n");
	}
	if (!page)
		return reply(classic, bytes, request->nr, REDHAT_REPLY_RESERVED, memory_next(classic->memory, request->from), 0);
	memcpy(bytes + REDHAT_REPLY_HEADER, page + at, REDHAT_CHUNK);
	classic->sent += REDHAT_CHUNK;
	*ret_done = classic->sent == memory_page_size(classic->memory);
	/* More pieces than can be kept only mean that we shall call it incomplete. */
	if (*ret_done && !extents_add(&classic->served, request->from, (uint64_t)request->from + 1))
		classic->served.bytes = 0;
	return reply(classic, bytes, request->nr, REDHAT_REPLY_MEM, at, REDHAT_CHUNK);
}

static size_t answer(struct classic *classic, uint8_t *bytes, const struct redhat_request *request, bool *ret_done)
{
	char text[64];

	switch (request->command) {
	case REDHAT_SEND_MEM:
		return reply_memory(classic, bytes, request, ret_done);
	case REDHAT_HELLO:
		return reply_text(classic, bytes, request->nr, REDHAT_REPLY_HELLO, VERSION_BEFORE,
				  "Hello, this is netdump version 0.04\n");
	case REDHAT_GET_PAGE_SIZE:
		return reply_number(classic, bytes, request->nr, REDHAT_REPLY_PAGE_SIZE, memory_page_size(classic->memory),
				    "PAGE_SIZE");
	case REDHAT_GET_NR_PAGES:
		return reply_number(classic, bytes, request->nr, REDHAT_REPLY_NR_PAGES, memory_pages(classic->memory),
				    "Number of pages");
	case REDHAT_GET_REGS:
		return reply_registers(classic, bytes, request->nr);
	case REDHAT_SHOW_STATE: /* printed by the kernel that crashed, long ago */
		return reply(classic, bytes, request->nr, REDHAT_REPLY_SHOW_STATE, 0, 0);
	case REDHAT_EXIT:
		classic->state = CLASSIC_OVER;
		return reply_text(classic, bytes, 0, REDHAT_REPLY_END, 0, "NETDUMP end.\n");
	case REDHAT_REBOOT:
		classic->state = CLASSIC_OVER;
		return 0;
	default:
		snprintf(text, sizeof(text), "Got unknown command code %" PRIu32 "!\n", request->command);
		return reply_text(classic, bytes, request->nr, REDHAT_REPLY_ERROR, request->command, text);
	}
}

static size_t start(struct classic *classic, uint8_t *bytes, uint64_t now)
{
	char text[128];

	if (now < classic->start_at)
		return 0;
	classic->start_at = now + second;
	snprintf(text, sizeof(text), "task_struct:0x0 page_offset:0x%" PRIx64 " netdump_magic:0x%" PRIx64 "\n",
		 memory_page_offset(classic->memory), classic->magic);
	return reply_text(classic, bytes, memory_machine(classic->memory), REDHAT_REPLY_START, REDHAT_VERSION, text);
}

size_t classic_next(struct classic *classic, uint8_t *bytes, uint64_t now)
{
	if (classic->state <= CLASSIC_SERVING && now - classic->heard > classic->patience)
		fail(classic, classic->state == CLASSIC_SERVING
				      ? "the server has fallen silent"
				      : "the server does not answer: is it there, and may UDP come through?");
	if (classic->state == CLASSIC_STARTING)
		return start(classic, bytes, now);
	while (classic->state == CLASSIC_SERVING && classic->count) {
		const struct redhat_request *request = &classic->requests[classic->first];
		bool is_done = true;
		size_t length = answer(classic, bytes, request, &is_done);

		if (is_done) {
			classic->sent = 0;
			classic->first = (classic->first + 1) % REQUESTS;
			classic->count--;
		}
		if (length)
			return length;
	}
	return 0;
}

uint64_t classic_deadline(const struct classic *classic)
{
	uint64_t end = classic->heard + classic->patience + 1;

	return classic->state == CLASSIC_STARTING && classic->start_at < end ? classic->start_at : end;
}

enum classic_state classic_state(const struct classic *classic)
{
	return classic->state;
}

const char *classic_error(const struct classic *classic)
{
	return classic->error[0] ? classic->error : NULL;
}

uint32_t classic_served(const struct classic *classic)
{
	return (uint32_t)classic->served.bytes;
}
