// SPDX-License-Identifier: GPL-2.0-or-later
// Every parser of datagrams gets the input, whole and from behind its first bytes; what one reads must lie inside the
// input, keep the promises of its header, and come out the same when it is written. The input also is a list of ranges
// for the map of extents, which is held against one of bits.
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "session/extents.h"
#include "wire/freebsd.h"
#include "wire/netconsole.h"
#include "wire/netdump6.h"
#include "wire/redhat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_so)
{
	if (!is_so)
		abort();
}

/* ---- Red Hat --------------------------------------------------------------------------------- */

static void try_redhat(const uint8_t *bytes, size_t length)
{
	struct redhat_request request;
	struct redhat_reply reply;
	struct redhat_start start;
	uint8_t written[REDHAT_REQUEST_SIZE];

	if (redhat_request_parse(bytes, length, &request)) {
		redhat_request_write(&request, written);
		demand(!memcmp(written, bytes, sizeof(written)));
	}
	if (redhat_reply_parse(bytes, length, &reply)) {
		demand(reply.version >= 1 && reply.version <= 8 && reply.code >= 1 && reply.code <= 12);
		demand(reply.payload == bytes + REDHAT_REPLY_HEADER && reply.length == length - REDHAT_REPLY_HEADER);
		redhat_reply_write(&reply, written);
		memcpy(written + 5, bytes + 5, 3); /* LKCD's bits of the code */
		demand(!memcmp(written, bytes, REDHAT_REPLY_HEADER));
	}
	redhat_start_parse(bytes, length, &start);
	demand(!start.offer == !start.offer_length);
	demand(!start.offer || (start.offer > bytes && start.offer + start.offer_length == bytes + length));
}

/* ---- FreeBSD --------------------------------------------------------------------------------- */

static void demand_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	demand(length < size);
	for (size_t i = 0; i < length; i++)
		demand(text[i] >= ' ' && text[i] < 0x7f);
}

static void try_kdh(const uint8_t *bytes, size_t length)
{
	struct freebsd_kdh kdh;

	if (!freebsd_kdh_parse(bytes, length, &kdh))
		return;
	demand(kdh.version >= 1 && kdh.version <= 4 && kdh.compression <= FREEBSD_ZSTD);
	demand_text(kdh.magic, sizeof(kdh.magic));
	demand_text(kdh.architecture, sizeof(kdh.architecture));
	demand_text(kdh.hostname, sizeof(kdh.hostname));
	demand_text(kdh.version_string, sizeof(kdh.version_string));
	demand_text(kdh.panic_string, sizeof(kdh.panic_string));
}

static void try_path(const uint8_t *bytes, size_t length)
{
	char path[FREEBSD_PATH_MAX], *rest = path, *name;

	if (!freebsd_path_parse(bytes, length, path))
		return;
	demand(length <= sizeof(path) && strlen(path) == length - 1 && *path && *path != '/');
	for (const char *byte = path; *byte; byte++)
		demand((uint8_t)*byte >= ' ' && *byte != 0x7f);
	while ((name = strsep(&rest, "/")))
		demand(strcmp(name, "..") != 0);
}

static void try_freebsd(const uint8_t *bytes, size_t length)
{
	struct freebsd_message message;
	uint8_t written[FREEBSD_HEADER];

	if (freebsd_message_parse(bytes, length, &message)) {
		demand(message.payload == bytes + FREEBSD_HEADER && message.length == length - FREEBSD_HEADER);
		freebsd_message_write(&message, written);
		demand(!memcmp(written, bytes, FREEBSD_HEADER - 4)); /* without the padding */
	}
	try_kdh(bytes, length);
	try_path(bytes, length);
}

/* ---- netconsole ------------------------------------------------------------------------------ */

static void try_netconsole(const uint8_t *bytes, size_t length)
{
	struct netconsole_message message;
	const char *text = (const char *)bytes;
	bool is_extended = netconsole_parse(bytes, length, &message);

	demand(port_protocol_of(bytes, length) != PORT_NETCONSOLE_EXTENDED || is_extended);
	if (!is_extended)
		return;
	demand(message.facility <= 31 && message.level <= 7 && message.body[-1] == ';');
	demand(message.body > text && message.body + message.body_length == text + length);
	demand(!message.release || (message.release == text && message.release_length <= NETCONSOLE_RELEASE_MAX));
	demand(!message.is_fragment || (message.body_length && message.fragment_total <= NETCONSOLE_BODY_MAX &&
					message.fragment_offset + message.body_length <= message.fragment_total));
}

/* ---- version 6 ------------------------------------------------------------------------------- */

static uint8_t again[4096];

static void try_netdump6_start(const uint8_t *bytes, size_t length)
{
	struct nd6_header header;
	struct nd6_offer offer;
	struct nd6_answer answer;

	if (nd6_header_parse(bytes, length, &header))
		demand(!memcmp(again, bytes, nd6_header_write(&header, again)));
	if (nd6_offer_parse(bytes, length, &offer))
		demand(!memcmp(again, bytes, nd6_offer_write(&offer, again)));
	if (nd6_answer_parse(bytes, length, &answer))
		demand(!memcmp(again, bytes, nd6_answer_write(&answer, again)));
}

static bool is_same(const uint8_t *bytes, size_t length, size_t written)
{
	return written == length && !memcmp(again, bytes, length);
}

static void try_netdump6(const uint8_t *bytes, size_t length)
{
	union {
		struct nd6_open open;
		struct nd6_accept accept;
		struct nd6_ack ack;
		struct nd6_extents extents;
		struct nd6_done done;
		struct nd6_refuse refuse;
	} got;

	if (nd6_open_parse(bytes, length, &got.open))
		demand(is_same(bytes, length, nd6_open_write(&got.open, again)));
	if (nd6_accept_parse(bytes, length, &got.accept))
		demand(is_same(bytes, length, nd6_accept_write(&got.accept, again)));
	if (nd6_ack_parse(bytes, length, &got.ack))
		demand(got.ack.count <= ND6_ACK_RANGES_MAX && is_same(bytes, length, nd6_ack_write(&got.ack, again)));
	if (nd6_extents_parse(bytes, length, &got.extents))
		demand(is_same(bytes, length, nd6_extents_write(&got.extents, again)));
	if (nd6_done_parse(bytes, length, &got.done))
		demand(is_same(bytes, length, nd6_done_write(&got.done, again)));
	if (nd6_refuse_parse(bytes, length, &got.refuse)) {
		demand_text(got.refuse.text, sizeof(got.refuse.text));
		demand(is_same(bytes, length, nd6_refuse_write(&got.refuse, again)));
	}
}

/* ---- extents --------------------------------------------------------------------------------- */

enum { PLACES = 512 };

static void demand_map(const struct extents *extents, const bool *is_there)
{
	size_t ranges = 0, bytes = 0;

	for (size_t i = 0; i < PLACES; i++) {
		ranges += is_there[i] && (!i || !is_there[i - 1]);
		bytes += is_there[i];
	}
	demand(extents->count == ranges && extents->bytes == bytes);
	for (size_t i = 0; i < extents->count; i++) {
		demand(extents->items[i].start < extents->items[i].end && extents->items[i].end <= PLACES);
		for (uint64_t k = extents->items[i].start; k < extents->items[i].end; k++)
			demand(is_there[k]);
	}
}

static void demand_answers(const struct extents *extents, const bool *is_there, size_t start, size_t end)
{
	bool all = true, any = false;
	size_t hole = start, hole_end;
	struct extent got;

	for (size_t i = start; i < end; i++) {
		all &= is_there[i];
		any |= is_there[i];
	}
	while (hole < end && is_there[hole])
		hole++;
	for (hole_end = hole; hole_end < end && !is_there[hole_end];)
		hole_end++;
	demand(extents_have(extents, start, end) == all && extents_touch(extents, start, end) == any);
	demand(extents_hole(extents, start, end, &got) == !all);
	demand(all || (got.start == hole && got.end == hole_end));
}

static void try_extents(const uint8_t *bytes, size_t length)
{
	struct extents extents _cleanup_(extents_deinit) = {0};
	bool is_there[PLACES] = {0};

	for (size_t at = 0; at + 3 <= length && at < 300; at += 3) {
		size_t start = (size_t)bytes[at] + (bytes[at + 1] >> 7) * 256u, end = start + (bytes[at + 1] & 0x7f);

		end = end < PLACES ? end : PLACES;
		if (bytes[at + 2] & 1) {
			demand(extents_add(&extents, start, end));
			memset(is_there + start, true, end - start);
			demand_map(&extents, is_there);
		} else {
			demand_answers(&extents, is_there, start, end);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t headers[] = {0, REDHAT_REPLY_HEADER, FREEBSD_HEADER, ND6_HEADER};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]) && headers[i] <= size; i++) {
		/* A copy of just that size, so that a byte too many is seen. */
		size_t length = size - headers[i];
		uint8_t *bytes _cleanup_free_ = malloc(length + !length);

		demand(bytes != NULL);
		if (length)
			memcpy(bytes, data + headers[i], length);
		try_redhat(bytes, length);
		try_freebsd(bytes, length);
		try_netconsole(bytes, length);
		try_netdump6_start(bytes, length);
		try_netdump6(bytes, length);
	}
	try_extents(data, size);
	return 0;
}
