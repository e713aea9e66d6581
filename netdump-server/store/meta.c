// SPDX-License-Identifier: GPL-2.0-or-later
#include "store/meta.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "base/buf.h"
#include "session/extents.h"
#include "session/meta.h"

static void put_text(struct buf *buf, const char *text)
{
	buf_putc(buf, '"');
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		// Bytes above ASCII come from clients, in no encoding that we know: each is taken for Latin-1.
		if (byte == '"' || byte == '\\')
			buf_printf(buf, "\\%c", byte);
		else if (byte < ' ' || byte >= 0x7f)
			buf_printf(buf, "\\u%04x", byte);
		else
			buf_putc(buf, (char)byte);
	}
	buf_putc(buf, '"');
}

static void member_text(struct buf *buf, const char *name, const char *text)
{
	buf_printf(buf, ",\n  \"%s\": ", name);
	if (text && *text)
		put_text(buf, text);
	else
		buf_puts(buf, "null");
}

static void member_number(struct buf *buf, const char *name, uint64_t number, bool is_known)
{
	if (is_known)
		buf_printf(buf, ",\n  \"%s\": %" PRIu64, name, number);
	else
		buf_printf(buf, ",\n  \"%s\": null", name);
}

static void member_bool(struct buf *buf, const char *name, bool is_true)
{
	buf_printf(buf, ",\n  \"%s\": %s", name, is_true ? "true" : "false");
}

static void member_time(struct buf *buf, const char *name, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm parts;
	char text[32] = "";

	if (seconds && gmtime_r(&when, &parts))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
	member_text(buf, name, text);
}

/* Bytes that are missing before `size`, and where. */
static void put_holes(struct buf *buf, const struct extents *extents, uint64_t size)
{
	uint64_t from = 0, missing = 0;
	unsigned count = 0;
	struct extent hole;

	buf_puts(buf, ",\n  \"holes\": [");
	while (extents && extents_hole(extents, from, size, &hole)) {
		if (count < META_HOLES_MAX)
			buf_printf(buf, "%s\n    {\"start\": %" PRIu64 ", \"end\": %" PRIu64 "}", count ? "," : "",
				   hole.start, hole.end);
		missing += hole.end - hole.start;
		from = hole.end;
		count++;
	}
	buf_puts(buf, count ? "\n  ]" : "]");
	member_number(buf, "holes_count", count, extents);
	member_number(buf, "bytes_missing", missing, extents);
}

void meta_json(const struct meta *meta, bool is_complete, const char *name, uint64_t size, struct buf *ret)
{
	buf_puts(ret, "{\n  \"client\": ");
	put_text(ret, meta->client);
	member_number(ret, "port", meta->port, true);
	member_text(ret, "protocol", meta->protocol);
	member_text(ret, "peer", meta->peer);
	member_bool(ret, "encrypted", meta->is_encrypted);
	member_time(ret, "started", meta->started);
	member_time(ret, "finished", meta->finished);
	member_bool(ret, "complete", is_complete);
	member_text(ret, "reason", meta->reason);
	member_text(ret, "vmcore", name);
	member_text(ret, "format", meta->format);
	member_number(ret, "size", size, true);
	member_text(ret, "sha256", meta->sha256);
	member_number(ret, "expected", meta->expected, meta->expected);
	member_number(ret, "received", meta->received, true);
	member_number(ret, "pages_sent", meta->pages_sent, true);
	member_number(ret, "pages_skipped", meta->pages_skipped, true);
	member_number(ret, "pages_missing", meta->pages_missing, true);
	member_number(ret, "packets", meta->packets, true);
	member_number(ret, "packets_dropped", meta->packets_dropped, true);
	member_number(ret, "retransmissions", meta->retransmissions, true);
	member_number(ret, "machine", meta->machine, meta->machine);
	member_number(ret, "page_size", meta->page_size, meta->page_size);
	member_text(ret, "panic", meta->panic);
	put_holes(ret, meta->holes_of, meta->expected > size ? meta->expected : size);
	buf_puts(ret, "\n}\n");
}
