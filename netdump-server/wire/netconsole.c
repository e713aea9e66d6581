// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/netconsole.h"

#include <string.h>

#include "wire/netdump6.h"
#include "wire/redhat.h"

enum { HEADER_MAX = 512, NUMBER_DIGITS_MAX = 20 };

enum port_protocol port_protocol_of(const uint8_t *bytes, size_t length)
{
	struct nd6_header header;
	struct redhat_reply reply;
	struct redhat_request request;
	struct netconsole_message message;

	if (nd6_header_parse(bytes, length, &header))
		return PORT_NETDUMP6;
	if (redhat_reply_parse(bytes, length, &reply))
		return PORT_REDHAT;
	if (redhat_request_parse(bytes, length, &request))
		return PORT_REQUEST;
	return netconsole_parse(bytes, length, &message) ? PORT_NETCONSOLE_EXTENDED : PORT_NETCONSOLE_PLAIN;
}

/* What is left of the header: fields between commas. */
struct fields {
	const char *at, *end;
	bool is_over;
};

struct field {
	const char *text;
	size_t length;
};

static bool next_field(struct fields *fields, struct field *ret)
{
	if (fields->is_over)
		return false;
	size_t left = (size_t)(fields->end - fields->at);
	const char *comma = memchr(fields->at, ',', left);

	*ret = (struct field){fields->at, comma ? (size_t)(comma - fields->at) : left};
	fields->is_over = !comma;
	if (comma)
		fields->at = comma + 1;
	return true;
}

/* Decimal digits and nothing else, up to `most`. */
static bool parse_number(const char *text, size_t length, uint64_t most, uint64_t *ret)
{
	uint64_t number = 0;

	if (!length || length > NUMBER_DIGITS_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(text[i] - '0'), &number))
			return false;
	}
	*ret = number;
	return number <= most;
}

static bool next_number(struct fields *fields, uint64_t most, uint64_t *ret)
{
	struct field field;

	return next_field(fields, &field) && parse_number(field.text, field.length, most, ret);
}

/* A release has a dot, which no number has. */
static bool parse_release(struct fields *fields, struct netconsole_message *message)
{
	struct fields ahead = *fields;
	struct field field;

	if (!next_field(&ahead, &field) || !memchr(field.text, '.', field.length))
		return true;
	message->release = field.text;
	message->release_length = field.length;
	*fields = ahead;
	return field.length <= NETCONSOLE_RELEASE_MAX;
}

/* "ncfrag=OFFSET/TOTAL", once; other words say nothing that we need. */
static bool parse_word(struct field field, struct netconsole_message *message)
{
	static const char name[] = "ncfrag=";
	size_t name_length = sizeof(name) - 1;
	uint64_t offset, total;

	if (field.length < name_length || memcmp(field.text, name, name_length))
		return true;
	const char *value = field.text + name_length;
	const char *slash = memchr(value, '/', field.length - name_length);

	if (message->is_fragment || !slash || !parse_number(value, (size_t)(slash - value), NETCONSOLE_BODY_MAX, &offset) ||
	    !parse_number(slash + 1, (size_t)(field.text + field.length - slash - 1), NETCONSOLE_BODY_MAX, &total))
		return false;
	/* Neither sum can overflow: each is at most NETCONSOLE_BODY_MAX and a datagram. */
	if (!message->body_length || offset + message->body_length > total)
		return false;
	message->is_fragment = true;
	message->fragment_offset = (uint32_t)offset;
	message->fragment_total = (uint32_t)total;
	return true;
}

static bool is_header_text(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if ((uint8_t)text[i] < ' ' || text[i] == 0x7f)
			return false;
	}
	return true;
}

bool netconsole_parse(const uint8_t *bytes, size_t length, struct netconsole_message *ret)
{
	const char *text = (const char *)bytes;
	const char *semicolon = length ? memchr(text, ';', length < HEADER_MAX ? length : HEADER_MAX) : NULL;

	if (length > NETCONSOLE_DATAGRAM_MAX || !semicolon || !is_header_text(text, (size_t)(semicolon - text)))
		return false;
	struct fields fields = {text, semicolon, false};
	struct netconsole_message message = {
		.body = semicolon + 1,
		.body_length = length - (size_t)(semicolon + 1 - text),
	};
	struct field field;
	uint64_t prefix;

	if (!parse_release(&fields, &message) || !next_number(&fields, 255, &prefix) ||
	    !next_number(&fields, UINT64_MAX, &message.seq) || !next_number(&fields, UINT64_MAX, &message.usec) ||
	    !next_field(&fields, &field) || !field.length)
		return false;
	message.facility = (unsigned)prefix >> 3;
	message.level = (unsigned)prefix & 7;
	message.continues = memchr(field.text, 'c', field.length) != NULL;
	while (next_field(&fields, &field)) {
		if (!parse_word(field, &message))
			return false;
	}
	*ret = message;
	return true;
}
