// SPDX-License-Identifier: GPL-2.0-or-later
// A Red Hat session that gets anything: datagrams of any bytes, and such as fit to what it has just asked; time
// passes; the
// disk is full or not. The first byte holds options, then records follow: what to do, how much, bytes.
#include <stdlib.h>
#include <string.h>

#include "session/extents.h"
#include "session/meta.h"
#include "session/redhat.h"
#include "session/session.h"
#include "wire/bytes.h"
#include "wire/redhat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATAGRAM_MAX = 1500 };

struct fuzz_host {
	struct session_host base;
	struct meta meta;
	uint32_t nr, command, page; /* of the last request */
	uint64_t expected;
	bool is_full, is_begun;
	unsigned finishes;
};

static uint8_t touched;

static struct fuzz_host *host_of(struct session_host *base)
{
	return (struct fuzz_host *)base;
}

static void fuzz_send(struct session_host *base, const void *bytes, size_t length)
{
	struct redhat_request request;

	if (length != REDHAT_REQUEST_SIZE || !redhat_request_parse(bytes, length, &request))
		abort();
	host_of(base)->nr = request.nr;
	host_of(base)->command = request.command;
	host_of(base)->page = request.from;
}

static bool fuzz_write(struct session_host *base, enum session_file file, uint64_t offset, const void *bytes,
		       size_t length)
{
	struct fuzz_host *host = host_of(base);

	if (!host->is_begun || host->finishes || file != SESSION_VMCORE || offset > host->expected ||
	    length > host->expected - offset)
		abort();
	for (size_t i = 0; i < length; i++)
		touched ^= ((const uint8_t *)bytes)[i];
	return !host->is_full;
}

static enum session_begin fuzz_begin(struct session_host *base, uint64_t expected)
{
	struct fuzz_host *host = host_of(base);

	if (host->is_begun)
		abort();
	host->expected = expected;
	host->is_begun = !host->is_full;
	if (!host->is_begun)
		return expected & 4096 ? SESSION_WAIT : SESSION_NO_ROOM;
	return SESSION_BEGUN;
}

static void fuzz_log(struct session_host *base, const void *text, size_t length)
{
	(void)base;
	for (size_t i = 0; i < length; i++)
		touched ^= ((const uint8_t *)text)[i];
}

static void fuzz_note(struct session_host *base, const char *format, ...)
{
	(void)base;
	(void)format;
}

static void fuzz_finish(struct session_host *base, enum session_end end)
{
	struct meta *meta = base->meta;
	uint64_t pages = meta->pages_sent + meta->pages_skipped + meta->pages_missing;

	if (host_of(base)->finishes++)
		abort();
	if (end == SESSION_COMPLETE && (meta->pages_missing || 4096 + pages * meta->page_size != meta->expected))
		abort();
}

static void fuzz_script(struct session_host *base, const char *name)
{
	(void)base;
	touched ^= (uint8_t)*name;
}

static uint64_t fuzz_random(struct session_host *base)
{
	(void)base;
	return UINT32_MAX - 20;
}

static const struct session_host_ops ops = {
	.send = fuzz_send,
	.write = fuzz_write,
	.begin = fuzz_begin,
	.log = fuzz_log,
	.note = fuzz_note,
	.finish = fuzz_finish,
	.script = fuzz_script,
	.random = fuzz_random,
};

/* A reply that fits: the number of a recent request, code and info of the input. */
static void reply(struct session *session, struct fuzz_host *host, const uint8_t *bytes, size_t length, uint64_t now)
{
	static const uint32_t infos[] = {0, 1024, 2048, 3072, 4096, 4, 5, 8, 300, UINT32_MAX};
	uint8_t packet[DATAGRAM_MAX] = {5};
	size_t extra;

	if (length < 4)
		return;
	wire_put_u32(packet + 1, host->nr - (bytes[0] & 15));
	wire_put_u32(packet + 5, bytes[1] & 15);
	wire_put_u32(packet + 9, bytes[2] & 128 ? host->page + (bytes[2] & 63) : infos[bytes[2] % 10]);
	extra = bytes[3] & 128 ? 1024 : bytes[3] & 127;
	memset(packet + 13, bytes[3], extra);
	session->ops->packet(session, packet, 13 + extra, now);
}

/* What a healthy client says to the last request. */
static void answer(struct session *session, struct fuzz_host *host, uint8_t byte, uint64_t now)
{
	static const uint8_t codes[] = {0, 3, 9, 0, 5, 6, 7, 1, 10, 12};
	uint8_t packet[DATAGRAM_MAX] = {5};
	uint32_t info = 0;
	size_t extra = 0;

	if (host->command == REDHAT_SEND_MEM)
		extra = 1024, info = (byte & 3) * 1024;
	else if (host->command == REDHAT_GET_REGS)
		extra = 23 + 448;
	else if (host->command == REDHAT_GET_PAGE_SIZE)
		info = 4096;
	else if (host->command == REDHAT_GET_NR_PAGES)
		info = byte;
	wire_put_u32(packet + 1, host->nr - (host->command == REDHAT_SEND_MEM ? byte >> 2 & 7 : 0));
	wire_put_u32(packet + 5, codes[host->command]);
	wire_put_u32(packet + 9, info);
	session->ops->packet(session, packet, 13 + extra, now);
}

static void act(struct session *session, struct fuzz_host *host, const uint8_t *bytes, size_t length, uint64_t *now)
{
	if (!length)
		return;
	switch (bytes[0] & 7) {
	case 0:
		session->ops->packet(session, bytes + 1, length - 1, *now);
		return;
	case 1:
	case 2:
		answer(session, host, length > 1 ? bytes[1] : 0, *now);
		return;
	case 3:
		reply(session, host, bytes + 1, length - 1, *now);
		return;
	case 4:
		*now += (uint64_t)bytes[0] * SESSION_SECOND / 64;
		session->ops->tick(session, *now);
		return;
	case 5:
		*now = session->deadline == SESSION_NEVER || session->deadline < *now ? *now : session->deadline;
		session->ops->tick(session, *now);
		return;
	case 6:
		host->is_full = !host->is_full;
		return;
	default:
		if (bytes[0] & 8)
			session->ops->stop(session, *now);
		else if (host->finishes && host->is_begun)
			session->ops->finished(session, bytes[0] & 16, *now);
	}
}

static size_t make_start(uint8_t options, uint8_t *packet)
{
	static const char text[] = "task_struct:0xc1234000 page_offset:0xc0000000 netdump_magic:0x1\n";
	static const uint32_t machines[] = {REDHAT_I386, REDHAT_X86_64, REDHAT_PPC64, REDHAT_IA64};

	packet[0] = 4;
	wire_put_u32(packet + 1, machines[options & 3]);
	wire_put_u32(packet + 5, REDHAT_REPLY_START);
	wire_put_u32(packet + 9, options & 4 ? 5 : 4);
	memcpy(packet + 13, text, sizeof(text) - 1);
	return 13 + sizeof(text) - 1;
}

/* What a server before this one has left: pages of the input's choice, and now and then a text of it. */
static struct session *resume(struct fuzz_host *host, const struct redhat_options *options, const uint8_t *data, size_t size,
			      uint64_t now)
{
	static const char fitting[] = "1 c1234000 c0000000 40 1 ";
	char text[256] = "";
	struct extents have = {0};

	memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
	host->meta.machine = REDHAT_I386;
	host->meta.page_size = 4096;
	host->expected = host->meta.expected = 65 * 4096;
	host->is_begun = true;
	host->meta.state = *data & 1 ? text : fitting;
	for (size_t i = 1; i + 1 < size && i < 9; i += 2)
		(void)extents_add(&have, (uint64_t)(data[i] % 65) * 4096, (uint64_t)(data[i + 1] % 66) * 4096 + (*data & 2));
	struct session *session = redhat_resume(&host->base, options, &have, now);

	extents_deinit(&have);
	return session;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_host host = {.base = {&ops, NULL}};
	uint64_t now = SESSION_SECOND;
	struct redhat_options options = {.has_magic = true, .magic = 1};
	uint8_t start[128];
	struct session *session;

	if (!size)
		return 0;
	host.base.meta = &host.meta;
	options.is_secure = data[0] & 8;
	options.just_reboot = data[0] & 16 && data[0] & 32;
	if (data[0] & 128 && size > 2)
		session = resume(&host, &options, data + 1, size - 1, now);
	else
		session = data[0] & 64 ? redhat_new(&host.base, &options, data + 1, size - 1, now)
				       : redhat_new(&host.base, &options, start, make_start(data[0], start), now);
	for (size_t at = 1; session && !session->is_over && at + 1 < size;) {
		size_t length = data[at] % 64 + 1u;

		at++;
		if (length > size - at)
			length = size - at;
		act(session, &host, data + at, length, &now);
		at += length;
	}
	if (session)
		session->ops->free(session);
	return 0;
}
