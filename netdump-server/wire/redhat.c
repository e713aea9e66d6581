// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/redhat.h"

#include <string.h>

#include "wire/bytes.h"

void redhat_request_write(const struct redhat_request *request, uint8_t *bytes)
{
	wire_put_u64(bytes, request->magic);
	wire_put_u32(bytes + 8, request->nr);
	wire_put_u32(bytes + 12, request->command);
	wire_put_u32(bytes + 16, request->from);
	wire_put_u32(bytes + 20, request->to);
}

bool redhat_request_parse(const uint8_t *bytes, size_t length, struct redhat_request *ret)
{
	if (length < REDHAT_REQUEST_SIZE)
		return false;
	uint32_t command = wire_u32(bytes + 12);

	if (command < REDHAT_SEND_MEM || command > REDHAT_SHOW_STATE)
		return false;
	*ret = (struct redhat_request){
		.magic = wire_u64(bytes),
		.nr = wire_u32(bytes + 8),
		.command = command,
		.from = wire_u32(bytes + 16),
		.to = wire_u32(bytes + 20),
	};
	return true;
}

void redhat_reply_write(const struct redhat_reply *reply, uint8_t *bytes)
{
	bytes[0] = reply->version;
	wire_put_u32(bytes + 1, reply->nr);
	wire_put_u32(bytes + 5, reply->code);
	wire_put_u32(bytes + 9, reply->info);
}

bool redhat_reply_parse(const uint8_t *bytes, size_t length, struct redhat_reply *ret)
{
	struct redhat_request request;

	if (length < REDHAT_REPLY_HEADER || bytes[0] < 1 || bytes[0] > 8)
		return false;
	/* LKCD ORs the upper bits of a dump offset into the code of MEM. */
	uint32_t code = wire_u32(bytes + 5) & 0xff;

	if (code < REDHAT_REPLY_ERROR || code > REDHAT_REPLY_SHOW_STATE)
		return false;
	/* Only of exactly that length: bytes of memory in a longer reply may look like a command. */
	if (length == REDHAT_REQUEST_SIZE && redhat_request_parse(bytes, length, &request))
		return false;
	*ret = (struct redhat_reply){
		.version = bytes[0],
		.nr = wire_u32(bytes + 1),
		.code = code,
		.info = wire_u32(bytes + 9),
		.payload = bytes + REDHAT_REPLY_HEADER,
		.length = length - REDHAT_REPLY_HEADER,
	};
	return true;
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

/* "0x" and 1 to 16 digits, and nothing else. */
static bool parse_hex(const uint8_t *text, size_t length, uint64_t *ret)
{
	uint64_t number = 0;

	if (length < 3 || length > 18 || text[0] != '0' || (text[1] | 0x20) != 'x')
		return false;
	for (size_t i = 2; i < length; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return false;
		number = number << 4 | (unsigned)digit;
	}
	*ret = number;
	return true;
}

/* The number of "name:0x…"; false for another word. */
static bool parse_word(const uint8_t *word, size_t length, const char *name, uint64_t *ret)
{
	size_t name_length = strlen(name);

	return length > name_length && !memcmp(word, name, name_length) &&
	       parse_hex(word + name_length, length - name_length, ret);
}

void redhat_start_parse(const uint8_t *text, size_t length, struct redhat_start *ret)
{
	const uint8_t *newline = length ? memchr(text, '\n', length) : NULL;
	size_t end = newline ? (size_t)(newline - text) : length;
	struct redhat_start start = {0};

	for (size_t at = 0; at < end; at++) {
		const uint8_t *word = text + at, *space = memchr(word, ' ', end - at);
		size_t word_length = space ? (size_t)(space - word) : end - at;

		if (!parse_word(word, word_length, "task_struct:", &start.task_struct) &&
		    !parse_word(word, word_length, "page_offset:", &start.page_offset) &&
		    parse_word(word, word_length, "netdump_magic:", &start.magic))
			start.has_magic = true;
		at += word_length;
	}
	if (newline && end + 1 < length) {
		start.offer = newline + 1;
		start.offer_length = length - end - 1;
	}
	*ret = start;
}

size_t redhat_registers_size(uint32_t machine)
{
	/* i386: 17 of 32 bits; x86_64: 27, ppc64: 48 of 64; ia64: 44 of 64 and f6 to f11. */
	switch (machine) {
	case REDHAT_I386:
		return 68;
	case REDHAT_X86_64:
		return 216;
	case REDHAT_PPC64:
		return 384;
	case REDHAT_IA64:
		return 448;
	default:
		return 0;
	}
}
