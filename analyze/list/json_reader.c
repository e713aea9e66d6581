// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/json_reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

enum { KEY_MAX = 64, WORD_MAX = 40, REPLACEMENT = 0xfffd };

void json_reader_start(struct json_reader *reader, int fd, uint64_t most)
{
	reader->fd = fd;
	reader->left = most;
	reader->position = reader->filled = 0;
	reader->is_taken = reader->is_over = false;
	reader->wrong = NULL;
}

void json_stop(struct json_reader *reader)
{
	reader->is_over = true;
}

static void json_fail(struct json_reader *reader, const char *words)
{
	if (!reader->is_over)
		reader->wrong = words;
	reader->is_over = true;
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static void json_fill(struct json_reader *reader)
{
	size_t wanted = reader->left < JSON_BUFFER ? (size_t)reader->left : JSON_BUFFER;
	ssize_t count;

	do {
		count = read(reader->fd, reader->buffer, wanted);
	} while (count < 0 && errno == EINTR);
	if (!wanted)
		json_fail(reader, "too long");
	else if (count <= 0)
		json_fail(reader, count ? "cannot be read" : "ends in the middle");
	reader->position = 0;
	reader->filled = count > 0 ? (size_t)count : 0;
	reader->left -= reader->filled;
}

/* The next byte; 0 when there is none, which no JSON has. */
static char json_peek(struct json_reader *reader)
{
	if (!reader->is_over && reader->position == reader->filled)
		json_fill(reader);
	return reader->is_over ? '\0' : reader->buffer[reader->position];
}

static char json_byte(struct json_reader *reader)
{
	char byte = json_peek(reader);

	reader->position += !reader->is_over;
	return byte;
}

/* The first byte of what comes next. */
static char json_token(struct json_reader *reader)
{
	char byte;

	while ((byte = json_peek(reader)) && strchr(" \t\r\n", byte))
		reader->position++;
	return byte;
}

static bool json_expect(struct json_reader *reader, char wanted)
{
	if (json_token(reader) != wanted) {
		json_fail(reader, "no JSON");
		return false;
	}
	reader->position++;
	return true;
}

/* ---- texts ---------------------------------------------------------------------------------- */

struct text_sink {
	char *bytes;
	size_t length, size; /* one byte is left for the NUL */
	uint32_t high;       /* first half of a pair, whose other half has not come; 0: none */
	bool is_full;
};

/* All of the bytes or none: a text is not cut within a character that was escaped. */
static void text_put(struct text_sink *sink, const char *bytes, size_t length)
{
	sink->is_full |= length >= sink->size - sink->length;
	if (sink->is_full)
		return;
	memcpy(sink->bytes + sink->length, bytes, length);
	sink->length += length;
}

static void text_put_code(struct text_sink *sink, uint32_t code)
{
	size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	char bytes[4];

	for (size_t i = more; i; i--, code >>= 6)
		bytes[i] = (char)(0x80 | (code & 0x3f));
	bytes[0] = (char)(more ? (0xffU << (7 - more)) | code : code);
	text_put(sink, bytes, more + 1);
}

/* What is half of a pair only. */
static void text_end_pair(struct text_sink *sink)
{
	if (sink->high)
		text_put_code(sink, REPLACEMENT);
	sink->high = 0;
}

static void text_put_byte(struct text_sink *sink, char byte)
{
	text_end_pair(sink);
	text_put(sink, &byte, 1);
}

/* A number of UTF-16. NUL would end the text. */
static void text_put_unit(struct text_sink *sink, uint32_t unit)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000, is_high = unit >= 0xd800 && unit < 0xdc00;

	if (is_low && sink->high) {
		text_put_code(sink, 0x10000 + ((sink->high & 0x3ff) << 10 | (unit & 0x3ff)));
		sink->high = 0;
		return;
	}
	text_end_pair(sink);
	if (is_high)
		sink->high = unit;
	else
		text_put_code(sink, is_low || !unit ? REPLACEMENT : unit);
}

/* Four hexadecimal digits. */
static uint32_t json_unit(struct json_reader *reader)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t unit = 0;

	for (unsigned i = 0; i < 4; i++) {
		char byte = json_byte(reader);
		const char *digit = byte ? strchr(digits, byte >= 'A' && byte <= 'F' ? byte | 0x20 : byte) : NULL;

		if (!digit) {
			json_fail(reader, "no JSON");
			return 0;
		}
		unit = unit << 4 | (uint32_t)(digit - digits);
	}
	return unit;
}

static void json_escape(struct json_reader *reader, struct text_sink *sink)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	char byte = json_byte(reader);
	const char *letter = byte ? strchr(letters, byte) : NULL;

	if (byte == 'u')
		text_put_unit(sink, json_unit(reader));
	else if (letter)
		text_put_byte(sink, meanings[letter - letters]);
	else
		json_fail(reader, "no JSON");
}

/* A text into `size` bytes; what does not fit there is passed over. Bytes that are no UTF-8 stay what they are. */
static bool json_string(struct json_reader *reader, char *ret, size_t size)
{
	struct text_sink sink = {.bytes = ret, .size = size};
	char byte;

	if (!json_expect(reader, '"'))
		return false;
	while ((byte = json_byte(reader)) && byte != '"') {
		if (byte == '\\')
			json_escape(reader, &sink);
		else
			text_put_byte(&sink, byte);
	}
	text_end_pair(&sink);
	ret[sink.length] = '\0';
	if (byte != '"')
		json_fail(reader, "no JSON");
	return !reader->is_over;
}

/* A number or a literal, "" for what is neither. */
static bool json_word(struct json_reader *reader, char ret[WORD_MAX])
{
	size_t length = 0;
	char byte = json_token(reader);

	for (; byte && (isalnum((unsigned char)byte) || strchr("+-.", byte)); byte = json_peek(reader)) {
		if (length + 1 < WORD_MAX)
			ret[length++] = byte;
		reader->position++;
	}
	ret[length] = '\0';
	if (!length)
		json_fail(reader, "no JSON");
	return length != 0;
}

/* ---- values --------------------------------------------------------------------------------- */

/* What nobody wants is only followed to its end. */
static void json_pass(struct json_reader *reader)
{
	char word[WORD_MAX];
	uint64_t depth = 0;

	do {
		char byte = json_token(reader);
		bool opens = byte == '{' || byte == '[', closes = byte == '}' || byte == ']';

		if (byte == '"')
			json_string(reader, word, sizeof(word));
		else if (opens || (depth && (closes || byte == ',' || byte == ':')))
			reader->position++;
		else
			json_word(reader, word);
		depth = depth + opens - closes;
	} while (depth && !reader->is_over);
}

static void json_finish_value(struct json_reader *reader)
{
	if (!reader->is_taken && !reader->is_over)
		json_pass(reader);
}

/* Steps to the next of a list's parts; false at its end. */
static bool json_step(struct json_reader *reader, char close, bool *is_first)
{
	bool was_first = *is_first;

	*is_first = false;
	if (json_token(reader) == close) {
		reader->position++;
		return false;
	}
	reader->is_taken = false;
	return (was_first || json_expect(reader, ',')) && !reader->is_over;
}

bool json_take_members(struct json_reader *reader, json_member *member, void *context)
{
	char key[KEY_MAX];
	bool is_first = true;

	if (json_token(reader) != '{')
		return false;
	reader->position++;
	while (json_step(reader, '}', &is_first)) {
		if (!json_string(reader, key, sizeof(key)) || !json_expect(reader, ':'))
			break;
		member(reader, key, context);
		json_finish_value(reader);
	}
	reader->is_taken = true;
	return true;
}

bool json_take_items(struct json_reader *reader, json_item *item, void *context)
{
	bool is_first = true;

	if (json_token(reader) != '[')
		return false;
	reader->position++;
	while (json_step(reader, ']', &is_first)) {
		item(reader, context);
		json_finish_value(reader);
	}
	reader->is_taken = true;
	return true;
}

bool json_take_short(struct json_reader *reader, char *ret, size_t size)
{
	if (json_token(reader) != '"')
		return false;
	reader->is_taken = true;
	return json_string(reader, ret, size);
}

const char *json_take_text(struct json_reader *reader, struct arena *arena)
{
	char text[JSON_TEXT_MAX + 1];

	return json_take_short(reader, text, sizeof(text)) ? arena_strdup(arena, text) : NULL;
}

/* Takes the word that comes next if it begins with one of these letters. */
static bool json_take_word(struct json_reader *reader, const char *letters, char ret[WORD_MAX])
{
	char byte = json_token(reader);

	if (!byte || !strchr(letters, byte))
		return false;
	reader->is_taken = true;
	return json_word(reader, ret);
}

bool json_take_truth(struct json_reader *reader, bool *ret)
{
	char word[WORD_MAX];

	if (!json_take_word(reader, "tf", word))
		return false;
	*ret = !strcmp(word, "true");
	return true;
}

bool json_take_integer(struct json_reader *reader, int64_t *ret)
{
	static const double limit = 9007199254740992;
	char word[WORD_MAX];

	if (!json_take_word(reader, "-0123456789", word))
		return false;
	double number = strtod(word, NULL);
	*ret = (int64_t)(number > limit ? limit : number < -limit ? -limit : number);
	return true;
}

bool json_take_null(struct json_reader *reader)
{
	char word[WORD_MAX];

	return json_take_word(reader, "n", word);
}
