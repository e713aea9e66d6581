// SPDX-License-Identifier: GPL-2.0-or-later
// A Red Hat client outlives its server: it waits for requests for ever. What the next server has to know of it is a line
// of text: magic, task, page_offset, pages, version 5 or not, and registers, by which it is known again.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "session/elfcore.h"
#include "session/redhat_state.h"

char *redhat_state_write(const struct redhat *redhat)
{
	const struct redhat_start *start = &redhat->start;
	char registers[2 * sizeof(redhat->registers) + 1];
	struct buf text = {0};

	buf_printf(&text, "%" PRIx64 " %" PRIx64 " %" PRIx64 " %" PRIx32 " %d ", redhat->magic, start->task_struct,
		   start->page_offset, redhat->nr_pages, redhat->is_version5);
	if (redhat->has_registers) {
		hex_write(redhat->registers, redhat_registers_size(redhat->machine), registers);
		buf_puts(&text, registers);
	}
	return buf_steal(&text);
}

/* "12ab ", of at most `digits`; NULL where it is something else. */
static const char *read_number(const char *text, size_t digits, uint64_t *ret)
{
	size_t length = strspn(text, "0123456789abcdef");

	*ret = strtoull(text, NULL, 16);
	return length && length <= digits && text[length] == ' ' ? text + length + 1 : NULL;
}

static bool read_registers(struct redhat *redhat, const char *text)
{
	redhat->has_registers = *text;
	return !*text || hex_read(text, redhat->registers, redhat_registers_size(redhat->machine));
}

bool redhat_state_read(struct redhat *redhat, const char *text)
{
	static const size_t digits[] = {16, 16, 16, 8, 1};
	const struct meta *meta = redhat_meta(redhat);
	uint64_t numbers[sizeof(digits) / sizeof(*digits)];

	for (size_t i = 0; text && i < sizeof(digits) / sizeof(*digits); i++)
		text = read_number(text, digits[i], &numbers[i]);
	if (!text || !elfcore_is_known(meta->machine) || meta->page_size < REDHAT_PAGE_MIN ||
	    meta->page_size > REDHAT_PAGE_MAX || meta->page_size & (meta->page_size - 1) || !numbers[3] || numbers[4] > 1 ||
	    meta->expected != ELFCORE_SIZE + numbers[3] * meta->page_size)
		return false;
	redhat->machine = meta->machine;
	redhat->page_size = meta->page_size;
	redhat->magic = numbers[0];
	redhat->start.task_struct = numbers[1];
	redhat->start.page_offset = numbers[2];
	redhat->nr_pages = (uint32_t)numbers[3];
	redhat->is_version5 = numbers[4];
	return read_registers(redhat, text);
}

bool redhat_suspend(struct session *session)
{
	struct redhat *redhat = (struct redhat *)session;

	// Not before its memory is asked for, nor when all of that is here: then it is to reboot.
	if (session->is_over || !redhat->is_begun || redhat->is_finishing)
		return false;
	redhat_wait_for_next(redhat);
	session->deadline = SESSION_NEVER;
	return true;
}
