// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of a word and a value, "extent START END" for each range that is there, and "end".
#include "store/resume.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "base/mem.h"

#define FIRST_LINE "netdump-resume 1"
/* Nothing that anybody sends is that long; offsets of files are signed. */
#define OFFSET_MAX (UINT64_C(1) << 62)

enum field_kind { FIELD_TEXT, FIELD_HEX, FIELD_NUMBER };

static const struct field {
	const char *name;
	enum field_kind kind;
	size_t offset, size;
} fields[] = {
#define FIELD(kind, name) {#name, kind, offsetof(struct meta, name), sizeof(((struct meta *)0)->name)}
	FIELD(FIELD_TEXT, client),
	FIELD(FIELD_NUMBER, port),
	FIELD(FIELD_TEXT, local),
	FIELD(FIELD_TEXT, peer),
	FIELD(FIELD_NUMBER, is_encrypted),
	FIELD(FIELD_HEX, id),
	FIELD(FIELD_NUMBER, started),
	FIELD(FIELD_NUMBER, expected),
	FIELD(FIELD_NUMBER, received),
	FIELD(FIELD_NUMBER, pages_sent),
	FIELD(FIELD_NUMBER, pages_skipped),
	FIELD(FIELD_NUMBER, packets),
	FIELD(FIELD_NUMBER, packets_dropped),
	FIELD(FIELD_NUMBER, retransmissions),
	FIELD(FIELD_NUMBER, machine),
	FIELD(FIELD_NUMBER, page_size),
	FIELD(FIELD_TEXT, panic),
	FIELD(FIELD_TEXT, format),
#undef FIELD
};

static const char *const protocols[] = {"netdump6", "redhat"};

enum { FIELDS = sizeof(fields) / sizeof(*fields), PROTOCOLS = sizeof(protocols) / sizeof(*protocols) };

/* ---- writing --------------------------------------------------------------------------------- */

static bool is_printable(char byte)
{
	return byte >= ' ' && byte <= '~';
}

static uint64_t number_get(const struct field *field, const void *meta)
{
	const uint8_t *from = (const uint8_t *)meta + field->offset;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (field->size) {
	case 1:
		return *from;
	case 2:
		memcpy(&two, from, sizeof(two));
		return two;
	case 4:
		memcpy(&four, from, sizeof(four));
		return four;
	default:
		memcpy(&eight, from, sizeof(eight));
		return eight;
	}
}

static void put_field(const struct field *field, const struct meta *meta, struct buf *buf)
{
	const char *from = (const char *)meta + field->offset;
	char hex[2 * sizeof(meta->id) + 1];

	buf_printf(buf, "%s ", field->name);
	switch (field->kind) {
	case FIELD_TEXT:
		for (; *from; from++)
			buf_putc(buf, is_printable(*from) ? *from : '?');
		break;
	case FIELD_HEX:
		hex_write((const uint8_t *)from, field->size, hex);
		buf_puts(buf, hex);
		break;
	case FIELD_NUMBER:
		buf_printf(buf, "%" PRIu64, number_get(field, meta));
		break;
	}
	buf_putc(buf, '\n');
}

/* makedumpfile's stream writes some places twice. What overtook a list of extents is in the system's memory, and not
 * on the disk: after another boot it may be what was there before. */
static bool needs_boot(const struct meta *meta)
{
	return !strcmp(meta->format, "kdump");
}

void resume_write(const struct meta *meta, const char *boot, struct buf *ret)
{
	buf_printf(ret, FIRST_LINE "\nprotocol %s\n", meta->protocol);
	if (needs_boot(meta))
		buf_printf(ret, "boot %s\n", boot);
	for (size_t i = 0; i < FIELDS; i++)
		put_field(&fields[i], meta, ret);
	if (meta->state)
		buf_printf(ret, "state %s\n", meta->state);
	for (size_t i = 0; meta->holes_of && i < meta->holes_of->count; i++)
		buf_printf(ret, "extent %" PRIu64 " %" PRIu64 "\n", meta->holes_of->items[i].start,
			   meta->holes_of->items[i].end);
	buf_puts(ret, "end\n");
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Digits alone, up to `most`; *rest is behind them. */
static bool parse_number(const char *text, uint64_t most, uint64_t *ret, char **rest)
{
	errno = 0;
	*ret = strtoull(text, rest, 10);
	return *text >= '0' && *text <= '9' && !errno && *ret <= most;
}

static bool number_set(const struct field *field, const char *value, void *meta)
{
	bool is_time = field->offset == offsetof(struct meta, started);
	uint64_t most = field->offset == offsetof(struct meta, is_encrypted) ? 1
			: is_time						 ? INT64_MAX
			: field->size < 8 ? (UINT64_C(1) << 8 * field->size) - 1
					  : UINT64_MAX;
	uint8_t *to = (uint8_t *)meta + field->offset;
	uint64_t number;
	char *rest;

	if (!parse_number(value, most, &number, &rest) || *rest)
		return false;
	uint16_t two = (uint16_t)number;
	uint32_t four = (uint32_t)number;

	switch (field->size) {
	case 1:
		*to = (uint8_t)number;
		break;
	case 2:
		memcpy(to, &two, sizeof(two));
		break;
	case 4:
		memcpy(to, &four, sizeof(four));
		break;
	default:
		memcpy(to, &number, sizeof(number));
	}
	return true;
}

static bool take_field(const struct field *field, const char *value, struct meta *meta)
{
	char *to = (char *)meta + field->offset;
	size_t length = strlen(value);

	switch (field->kind) {
	case FIELD_TEXT:
		if (length >= field->size)
			return false;
		memcpy(to, value, length + 1);
		return true;
	case FIELD_HEX:
		return hex_read(value, (uint8_t *)to, field->size);
	default:
		return number_set(field, value, meta);
	}
}

static bool take_protocol(const char *value, struct meta *meta)
{
	meta->protocol = NULL;
	for (size_t i = 0; i < PROTOCOLS; i++)
		if (!strcmp(value, protocols[i]))
			meta->protocol = protocols[i];
	return meta->protocol;
}

static bool take_extent(const char *value, struct extents *have)
{
	uint64_t start, end;
	char *rest;

	return parse_number(value, OFFSET_MAX, &start, &rest) && *rest == ' ' &&
	       parse_number(rest + 1, OFFSET_MAX, &end, &rest) && !*rest && start < end && extents_add(have, start, end);
}

static bool take_state(const char *value, struct resume *resume)
{
	if (resume->state || strlen(value) > RESUME_STATE_MAX)
		return false;
	resume->meta.state = resume->state = mem_strdup(value);
	return true;
}

static bool take_line(const char *word, const char *value, const char *boot, struct resume *resume)
{
	for (const char *byte = value; *byte; byte++)
		if (!is_printable(*byte))
			return false;
	if (!strcmp(word, "extent"))
		return take_extent(value, &resume->have);
	if (!strcmp(word, "state"))
		return take_state(value, resume);
	if (!strcmp(word, "protocol"))
		return take_protocol(value, &resume->meta);
	if (!strcmp(word, "boot"))
		return resume->is_of_this_boot = *boot && !strcmp(value, boot);
	for (size_t i = 0; i < FIELDS; i++)
		if (!strcmp(word, fields[i].name))
			return take_field(&fields[i], value, &resume->meta);
	return false;
}

static bool is_whole(const struct resume *resume)
{
	return resume->meta.protocol && *resume->meta.client &&
	       (resume->is_of_this_boot || !needs_boot(&resume->meta));
}

bool resume_parse(char *text, const char *boot, struct resume *ret)
{
	char *line, *rest = text;

	*ret = (struct resume){0};
	line = strsep(&rest, "\n");
	if (strcmp(line, FIRST_LINE))
		return false;
	while (rest && (line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ' ');

		if (!strcmp(line, "end") && rest && is_whole(ret)) {
			ret->meta.holes_of = &ret->have;
			return true;
		}
		if (!value)
			break;
		*value++ = '\0';
		if (!take_line(line, value, boot, ret))
			break;
	}
	resume_deinit(ret);
	return false;
}

void resume_deinit(struct resume *resume)
{
	extents_deinit(&resume->have);
	free(resume->state);
	*resume = (struct resume){0};
}

bool resume_is_of(const struct resume *resume, const struct meta *meta)
{
	const struct meta *kept = &resume->meta;

	// Who has proved to have a key may come from another address after its restart; who has not may not.
	return !strcmp(kept->protocol, meta->protocol) && !memcmp(kept->id, meta->id, sizeof(meta->id)) &&
	       !strcmp(kept->peer, meta->peer) && (*meta->peer || !strcmp(kept->client, meta->client));
}
