// SPDX-License-Identifier: GPL-2.0-or-later
// Two hosts that share a budget say what they like by netconsole. Held against: what is held back is bounded, counted
// right and has a deadline; each line is bounded; at the end nothing is left. The input is records: a byte that says
// what, a length, and then either text as it is, or what a message is made of.
#include <stdio.h>
#include <stdlib.h>

#include "session/netlog.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BUDGET = 300 << 10 };

static struct netlog_budget budget;
static uint64_t now;
static unsigned sum;

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

static void take_line(void *context, const char *text, size_t length)
{
	(void)context;
	demand(length <= NETCONSOLE_BODY_MAX + 64);
	for (size_t i = 0; i < length; i++)
		sum += (uint8_t)text[i];
}

static void demand_order(struct netlog *netlog, struct netlog *other)
{
	size_t memory = 0;
	unsigned count = 0;

	for (unsigned i = 0; i < WINDOW; i++) {
		const struct held *held = &netlog->window[i];

		if (!held->body)
			continue;
		demand(held->seq % WINDOW == i && held->seq >= netlog->next && held->seq - netlog->next < WINDOW);
		demand(held->missing <= held->length && held->arrived <= now);
		memory += held->size;
		count++;
	}
	demand(netlog->memory == memory && netlog->held_count == count && memory <= NETLOG_MEMORY);
	demand(budget.used == netlog->memory + other->memory && budget.used <= budget.limit);
	demand((netlog_deadline(netlog) == SESSION_NEVER) == (!count && !netlog->plain.length));
	demand(netlog->plain.length < LINE_MAX && netlog->text.capacity <= KEEP_MAX);
}

/* A message of few numbers and times, so that they meet; from `bytes` also the body. */
static size_t make_message(const uint8_t *bytes, size_t length, char *text, size_t size)
{
	int header;

	if (length < 5)
		return 0;
	unsigned long long seq = bytes[0], usec = bytes[1] * 40000ull;
	unsigned offset = bytes[3] * 4u, total = bytes[4] * 8u + ((bytes[2] & 0x70) == 0x70 ? 120000 : 0);

	if (bytes[2] & 0x80)
		header = snprintf(text, size, "%s6,%llu,%llu,-,ncfrag=%u/%u;", bytes[2] & 1 ? "6.1," : "", seq, usec, offset,
				  total);
	else
		header = snprintf(text, size, "%s6,%llu,%llu,-;", bytes[2] & 1 ? "6.2," : "", seq << (bytes[2] & 0x0e), usec);
	demand(header > 0 && (size_t)header + length - 5 < size);
	memcpy(text + header, bytes + 5, length - 5);
	return (size_t)header + length - 5;
}

static void act(struct netlog *netlog, uint8_t what, const uint8_t *bytes, size_t length)
{
	char text[512];

	now += (uint64_t)(what & 0x0f) * SESSION_SECOND / 8;
	if (what & 0x40)
		netlog_packet(netlog, bytes, length, now);
	else
		netlog_packet(netlog, (const uint8_t *)text, make_message(bytes, length, text, sizeof(text)), now);
	if (what & 0x10)
		netlog_tick(netlog, now);
	if ((what & 0x3f) == 0x3f)
		netlog_flush(netlog);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	budget = (struct netlog_budget){.limit = BUDGET};
	now = SESSION_SECOND;
	struct netlog *hosts[2] = {netlog_new(&budget, take_line, NULL), netlog_new(&budget, take_line, NULL)};

	for (size_t at = 0; at + 2 <= size;) {
		uint8_t what = data[at];
		size_t length = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;

		act(hosts[what >> 7], what, data + at + 2, length);
		demand_order(hosts[what >> 7], hosts[!(what >> 7)]);
		at += 2 + length;
	}
	for (unsigned i = 0; i < 2; i++) {
		netlog_flush(hosts[i]);
		demand(!hosts[i]->held_count && netlog_deadline(hosts[i]) == SESSION_NEVER);
		netlog_free(hosts[i]);
	}
	demand(budget.used == 0);
	return 0;
}
