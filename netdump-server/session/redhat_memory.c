// SPDX-License-Identifier: GPL-2.0-or-later
// The pages of a Red Hat client: several are asked for at once, as many as the path and the client take (additive
// increase,
// multiplicative decrease); what does not come is asked for again.
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/elfcore.h"
#include "session/redhat_state.h"

enum {
	OVERTAKEN_MAX = 3,        /* a client answers in order: a page that so many later ones overtook is lost */
	LOSS_BEARABLE = 8,        /* one page in so many */
	NONSENSE_MAX = 3,         /* answers that cannot be, before a page is given up */
	BUFFERS_MAX = 1 << 20,    /* bytes on the way at most, for clients with large pages */
};

#define WAIT_MAX (2 * SESSION_SECOND)
#define WRITE_AGAIN (20 * REDHAT_MS)
#define STALL_MAX (300 * SESSION_SECOND)

static void due_by(struct redhat_memory *memory, uint64_t when)
{
	if (when < memory->due)
		memory->due = when;
}

static uint64_t offset_of(const struct redhat *redhat, uint32_t page)
{
	return ELFCORE_SIZE + (uint64_t)page * redhat->page_size;
}

static uint32_t page_at(const struct redhat *redhat, uint64_t offset)
{
	return (uint32_t)((offset - ELFCORE_SIZE) / redhat->page_size);
}

static void have_pages(struct redhat *redhat, uint32_t first, uint32_t end)
{
	/* More ranges than can be kept: the list of holes in meta.json gets coarser, the counts stay right. */
	(void)extents_add(&redhat->memory.have, offset_of(redhat, first), offset_of(redhat, end));
}

/* The next page to ask for: a server before this one may have got some of those behind it. */
static bool next_missing(struct redhat *redhat, uint32_t *ret)
{
	struct redhat_memory *memory = &redhat->memory;
	struct extent hole;

	if (!extents_hole(&memory->have, offset_of(redhat, memory->cursor), offset_of(redhat, redhat->nr_pages), &hole)) {
		memory->cursor = redhat->nr_pages;
		return false;
	}
	*ret = page_at(redhat, hole.start);
	return true;
}

/* There is no memory behind those of the pages that have not come. */
static void skip_missing(struct redhat *redhat, uint32_t first, uint32_t end)
{
	struct extent hole;

	while (extents_hole(&redhat->memory.have, offset_of(redhat, first), offset_of(redhat, end), &hole)) {
		uint32_t from = page_at(redhat, hole.start);

		first = page_at(redhat, hole.end);
		redhat_meta(redhat)->pages_skipped += first - from;
		have_pages(redhat, from, first);
	}
}

/* ---- slots ----------------------------------------------------------------------------------- */

static uint8_t *buffer_take(struct redhat *redhat)
{
	struct redhat_memory *memory = &redhat->memory;

	return memory->spare_count ? memory->spares[--memory->spare_count]
				   : mem_resize(NULL, redhat->page_size, 1);
}

static void buffer_give(struct redhat_memory *memory, uint8_t *bytes)
{
	if (bytes && memory->spare_count < REDHAT_SPARES)
		memory->spares[memory->spare_count++] = bytes;
	else
		free(bytes);
}

static void slot_release(struct redhat_memory *memory, struct redhat_slot *slot)
{
	buffer_give(memory, slot->bytes);
	slot->is_used = slot->is_full = false;
	slot->bytes = NULL;
	memory->free[--memory->used] = (uint8_t)(slot - memory->slots);
}

static void slot_request(struct redhat *redhat, struct redhat_slot *slot, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;
	size_t place;

	slot->nr = redhat_send(redhat, REDHAT_SEND_MEM, slot->pfn, now);
	slot->sent = now;
	slot->due = now + slot->wait;
	slot->overtaken = 0;
	place = slot->nr % REDHAT_RECENT;
	memory->recent[place].nr = slot->nr;
	memory->recent[place].pfn = slot->pfn;
	memory->recent[place].slot = (uint8_t)(slot - memory->slots);
	due_by(memory, slot->due);
}

static void slot_start(struct redhat *redhat, uint32_t pfn, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;
	struct redhat_slot *slot = &memory->slots[memory->free[memory->used++]];

	*slot = (struct redhat_slot){.is_used = true, .pfn = pfn, .wait = redhat_wait(redhat)};
	slot_request(redhat, slot, now);
}

/* The page that a reply belongs to: replies carry the number of the request, not of the page. An answer to an earlier
 * request for the same page is as good, since the client's memory does not change any more. */
static struct redhat_slot *slot_of(struct redhat_memory *memory, uint32_t nr)
{
	size_t place = nr % REDHAT_RECENT;
	struct redhat_slot *slot = &memory->slots[memory->recent[place].slot];

	if (memory->recent[place].nr != nr || !slot->is_used || slot->pfn != memory->recent[place].pfn || slot->is_full)
		return NULL;
	return slot;
}

/* ---- window ---------------------------------------------------------------------------------- */

static void window_grow(struct redhat *redhat, uint32_t nr)
{
	struct redhat_memory *memory = &redhat->memory;

	if ((int32_t)(nr - memory->round) >= 0) {
		memory->round = redhat->next_nr;
		memory->lost = 0;
	}
	if (memory->window >= memory->window_max)
		return;
	if (memory->window >= memory->threshold && ++memory->grown < memory->window)
		return;
	memory->grown = 0;
	memory->window++;
}

/* A page is lost with any of its five packets. Some paths lose a packet now and then however slowly they are used: only
 * where more than LOSS_BEARABLE of a window's pages are lost has it been too large; then once for all of them. */
static void window_lose(struct redhat *redhat, uint32_t nr)
{
	struct redhat_memory *memory = &redhat->memory;

	if ((int32_t)(nr - memory->recover) < 0 || ++memory->lost * LOSS_BEARABLE <= memory->window)
		return;
	memory->lost = 0;
	memory->window = memory->window * 7 / 10;
	if (memory->window < memory->window_min)
		memory->window = memory->window_min;
	memory->threshold = memory->window;
	memory->grown = 0;
	memory->recover = memory->round = redhat->next_nr;
}

static void slot_again(struct redhat *redhat, struct redhat_slot *slot, uint64_t now)
{
	window_lose(redhat, slot->nr);
	slot->tries++;
	redhat_meta(redhat)->retransmissions++;
	slot_request(redhat, slot, now);
}

/* A page has come that was asked for after these. */
static void overtake(struct redhat *redhat, uint32_t nr, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;

	for (size_t i = 0; i < REDHAT_WINDOW_MAX; i++) {
		struct redhat_slot *slot = &memory->slots[i];

		if (!slot->is_used || slot->is_full || (int32_t)(nr - slot->nr) <= 0)
			continue;
		if (++slot->overtaken >= OVERTAKEN_MAX && now - slot->sent >= redhat->rtt)
			slot_again(redhat, slot, now);
	}
}

/* ---- writing --------------------------------------------------------------------------------- */

static bool write_or_wait(struct redhat *redhat, uint64_t offset, const void *bytes, size_t length, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;
	struct session_host *host = redhat->session.host;

	if (host->ops->write(host, SESSION_VMCORE, offset, bytes, length)) {
		memory->stalled = 0;
		return true;
	}
	if (!memory->stalled)
		memory->stalled = now;
	due_by(memory, now + WRITE_AGAIN);
	return false;
}

static bool slot_write(struct redhat *redhat, struct redhat_slot *slot, uint64_t now)
{
	if (!write_or_wait(redhat, offset_of(redhat, slot->pfn), slot->bytes, redhat->page_size, now))
		return false;
	redhat_meta(redhat)->pages_sent++;
	redhat_meta(redhat)->received += redhat->page_size;
	have_pages(redhat, slot->pfn, slot->pfn + 1);
	slot_release(&redhat->memory, slot);
	return true;
}

static void head_write(struct redhat *redhat, uint64_t now)
{
	uint8_t head[ELFCORE_SIZE];
	struct elfcore core = {
		.machine = redhat->machine,
		.page_size = redhat->page_size,
		.memory = (uint64_t)redhat->nr_pages * redhat->page_size,
		.page_offset = redhat->start.page_offset,
		.task_struct = redhat->start.task_struct,
		.registers = redhat->has_registers ? redhat->registers : NULL,
		.registers_length = redhat_registers_size(redhat->machine),
	};

	if (redhat->memory.is_head_written || !elfcore_write(&core, head))
		return;
	redhat->memory.is_head_written = write_or_wait(redhat, 0, head, sizeof(head), now);
	if (redhat->memory.is_head_written)
		(void)extents_add(&redhat->memory.have, 0, sizeof(head));
}

/* Something waits until the host has room again; nothing new is asked for meanwhile. */
static bool is_waiting(const struct redhat_memory *memory)
{
	return memory->unwritten || !memory->is_head_written;
}

static void write_again(struct redhat *redhat, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;

	head_write(redhat, now);
	for (size_t i = 0; memory->unwritten && i < REDHAT_WINDOW_MAX; i++) {
		if (!memory->slots[i].is_full)
			continue;
		if (!slot_write(redhat, &memory->slots[i], now))
			return;
		memory->unwritten--;
	}
}

/* ---- what comes ------------------------------------------------------------------------------ */

static void page_complete(struct redhat *redhat, struct redhat_slot *slot, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;
	uint32_t nr = slot->nr;

	if (!slot->tries)
		redhat_measure(redhat, now - slot->sent);
	window_grow(redhat, nr);
	if (!slot_write(redhat, slot, now)) {
		slot->is_full = true;
		memory->unwritten++;
	}
	overtake(redhat, nr, now);
}

static bool take_chunk(struct redhat *redhat, struct redhat_slot *slot, const struct redhat_reply *reply, uint64_t now)
{
	uint32_t page_size = redhat->page_size;

	if (!reply->length || reply->length % REDHAT_CHUNK || reply->info % REDHAT_CHUNK ||
	    reply->length > page_size || reply->info > page_size - reply->length)
		return false;
	if (!slot->bytes)
		slot->bytes = buffer_take(redhat);
	memcpy(slot->bytes + reply->info, reply->payload, reply->length);
	for (size_t i = reply->info / REDHAT_CHUNK; i < (reply->info + reply->length) / REDHAT_CHUNK; i++) {
		uint64_t bit = UINT64_C(1) << i % 64;

		slot->have += !(slot->chunks[i / 64] & bit);
		slot->chunks[i / 64] |= bit;
	}
	if (slot->have == page_size / REDHAT_CHUNK)
		page_complete(redhat, slot, now);
	return true;
}

/* Pages from `first` up to `end` have no memory behind them; those on their way among them need not be waited for. */
static void skip_pages(struct redhat *redhat, uint32_t first, uint32_t end)
{
	struct redhat_memory *memory = &redhat->memory;
	struct meta *meta = redhat_meta(redhat);

	for (size_t i = 0; i < REDHAT_WINDOW_MAX; i++) {
		struct redhat_slot *slot = &memory->slots[i];

		if (!slot->is_used || slot->is_full || slot->pfn < first || slot->pfn >= end)
			continue;
		meta->pages_skipped++;
		have_pages(redhat, slot->pfn, slot->pfn + 1);
		slot_release(memory, slot);
	}
	if (end > memory->cursor) {
		skip_missing(redhat, memory->cursor, end);
		memory->cursor = end;
	}
}

/* RESERVED names the next page that there is, 0 when there is none; old clients say 0 and mean this page only. */
static bool take_reserved(struct redhat *redhat, struct redhat_slot *slot, uint32_t next)
{
	uint32_t pfn = slot->pfn;

	if (!next)
		next = redhat->is_version5 ? redhat->nr_pages : pfn + 1;
	if (next <= pfn || next > redhat->nr_pages)
		return false;
	skip_pages(redhat, pfn, next);
	return true;
}

static bool take_reply(struct redhat *redhat, struct redhat_slot *slot, const struct redhat_reply *reply, uint64_t now)
{
	switch (reply->code) {
	case REDHAT_REPLY_MEM:
		return take_chunk(redhat, slot, reply, now);
	case REDHAT_REPLY_RESERVED:
		return take_reserved(redhat, slot, reply->info);
	case REDHAT_REPLY_ERROR: /* the page is beyond its memory after all: it stays missing */
		slot_release(&redhat->memory, slot);
		return true;
	default:
		return false;
	}
}

/* ---- the phase ------------------------------------------------------------------------------- */

static void memory_over(struct redhat *redhat, uint64_t now)
{
	struct meta *meta = redhat_meta(redhat);
	bool is_complete = meta->pages_sent + meta->pages_skipped == redhat->nr_pages;

	redhat_conclude(redhat, is_complete ? SESSION_COMPLETE : SESSION_INCOMPLETE,
			is_complete ? NULL : "the client did not send all of its pages", false, now);
}

/* Asks for as much as may be on its way. */
static void memory_pump(struct redhat *redhat, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;

	for (uint32_t page; !is_waiting(memory) && memory->used < memory->window && next_missing(redhat, &page);) {
		memory->cursor = page + 1;
		slot_start(redhat, page, now);
	}
	if (!memory->used && !is_waiting(memory) && memory->cursor == redhat->nr_pages)
		memory_over(redhat, now);
}

bool redhat_memory_resume(struct redhat *redhat)
{
	struct redhat_memory *memory = &redhat->memory;
	struct meta *meta = redhat_meta(redhat);
	uint64_t pages = 0;

	for (size_t i = 0; i < memory->have.count; i++) {
		const struct extent *extent = &memory->have.items[i];
		uint64_t start = extent->start ? extent->start : ELFCORE_SIZE;

		if (start < ELFCORE_SIZE || extent->end < start || extent->end > meta->expected ||
		    (start - ELFCORE_SIZE) % redhat->page_size || (extent->end - ELFCORE_SIZE) % redhat->page_size)
			return false;
		pages += (extent->end - start) / redhat->page_size;
	}
	memory->is_head_written = extents_have(&memory->have, 0, ELFCORE_SIZE);
	meta->pages_skipped = meta->pages_skipped < pages ? meta->pages_skipped : pages;
	meta->pages_sent = pages - meta->pages_skipped;
	return true;
}

void redhat_memory_begin(struct redhat *redhat, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;
	unsigned most = BUFFERS_MAX / redhat->page_size;

	memory->window_max = most < REDHAT_WINDOW_MAX ? most : REDHAT_WINDOW_MAX;
	memory->window_min = most < REDHAT_WINDOW_MIN ? most : REDHAT_WINDOW_MIN;
	memory->window = memory->window_min;
	memory->threshold = memory->window_max;
	memory->recover = memory->round = redhat->next_nr;
	memory->due = SESSION_NEVER;
	for (unsigned i = 0; i < REDHAT_WINDOW_MAX; i++)
		memory->free[i] = (uint8_t)i;
	redhat_meta(redhat)->holes_of = &memory->have;
	redhat->phase = REDHAT_MEMORY;
	head_write(redhat, now);
	memory_pump(redhat, now);
}

void redhat_memory_reply(struct redhat *redhat, const struct redhat_reply *reply, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;
	struct redhat_slot *slot = slot_of(memory, reply->nr);

	/* Surplus answers to what was asked twice, ERRORs for acknowledgements sent twice, HELLOs. */
	if (!slot)
		return;
	if (!take_reply(redhat, slot, reply, now)) {
		redhat_meta(redhat)->packets_dropped++;
		if (++slot->nonsense >= NONSENSE_MAX)
			slot_release(memory, slot);
	}
	memory_pump(redhat, now);
}

static void slots_again(struct redhat *redhat, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;

	for (size_t i = 0; i < REDHAT_WINDOW_MAX; i++) {
		struct redhat_slot *slot = &memory->slots[i];

		if (!slot->is_used || slot->is_full)
			continue;
		if (slot->due <= now) {
			slot->wait = slot->wait * 2 < WAIT_MAX ? slot->wait * 2 : WAIT_MAX;
			slot_again(redhat, slot, now);
		}
		due_by(memory, slot->due);
	}
}

void redhat_memory_tick(struct redhat *redhat, uint64_t now)
{
	struct redhat_memory *memory = &redhat->memory;

	if (memory->due <= now) {
		memory->due = SESSION_NEVER;
		if (is_waiting(memory))
			write_again(redhat, now);
		slots_again(redhat, now);
	}
	if (memory->stalled && now - memory->stalled > STALL_MAX) {
		redhat_conclude(redhat, SESSION_INCOMPLETE, "the dump could not be written", false, now);
		return;
	}
	if (is_waiting(memory))
		redhat_keep_alive(redhat, now);
	memory_pump(redhat, now);
}

void redhat_memory_end(struct redhat *redhat)
{
	struct redhat_memory *memory = &redhat->memory;

	for (size_t i = 0; i < REDHAT_WINDOW_MAX; i++) {
		free(memory->slots[i].bytes);
		memory->slots[i] = (struct redhat_slot){0};
	}
	while (memory->spare_count)
		free(memory->spares[--memory->spare_count]);
	memory->used = memory->unwritten = 0;
	memory->due = SESSION_NEVER;
}
