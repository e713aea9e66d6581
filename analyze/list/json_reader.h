// SPDX-License-Identifier: GPL-2.0-or-later
// JSON as it is read: a file of any size, in one pass, of which only what is asked for is kept. Hostile input: whatever
// is passed over takes no memory, and no nesting takes stack. json-c, which writes our JSON, builds all of it: three bytes
// of a file ("{},") become half a kilobyte.
#ifndef LIST_JSON_READER_H
#define LIST_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum { JSON_BUFFER = 32 << 10, JSON_TEXT_MAX = 1024 };

/* Stands before a value, which is taken, or passed over when the callback that saw it returns. */
struct json_reader {
	int fd;
	uint64_t left;     /* bytes that may be read yet */
	char buffer[JSON_BUFFER];
	size_t position, filled;
	bool is_taken;     /* the value that it stood before */
	bool is_over;      /* nothing is read any more: stopped, or */
	const char *wrong; /* what is wrong with the file, static; NULL */
};

typedef void json_member(struct json_reader *reader, const char *key, void *context);
typedef void json_item(struct json_reader *reader, void *context);

/* Of the open file, from where it stands, at most `most` bytes. */
void json_reader_start(struct json_reader *reader, int fd, uint64_t most);
/* Nothing that follows is wanted. */
void json_stop(struct json_reader *reader);

/* Each takes the value if it is of that kind, and returns whether it was. */
bool json_take_members(struct json_reader *reader, json_member *member, void *context);
bool json_take_items(struct json_reader *reader, json_item *item, void *context);
/* The text, of which all behind JSON_TEXT_MAX bytes is cut off; NULL: it is none. */
const char *json_take_text(struct json_reader *reader, struct arena *arena);
/* The same into `size` bytes; what does not fit is cut off. */
bool json_take_short(struct json_reader *reader, char *ret, size_t size);
bool json_take_truth(struct json_reader *reader, bool *ret);
/* Fractions are cut off, and so is what lies beyond 2^53. */
bool json_take_integer(struct json_reader *reader, int64_t *ret);
bool json_take_null(struct json_reader *reader);

#endif
