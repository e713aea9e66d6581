// SPDX-License-Identifier: GPL-2.0-or-later
// What `kmortem list` reads beside a dump: report.json and meta.json (first byte odd), and the end of a log as text.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "input_file.h"
#include "list/json_reader.h"
#include "list/log_end.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DEPTH_MAX = 8 };

struct walk {
	struct arena *arena;
	unsigned depth;
};

static void take_item(struct json_reader *reader, void *context);

static void check_text(const char *text, size_t most)
{
	if (strlen(text) > most)
		abort();
}

static void take_member(struct json_reader *reader, const char *key, void *context)
{
	check_text(key, 63);
	if (!strcmp(key, "stop"))
		json_stop(reader);
	else if (strcmp(key, "pass") != 0)
		take_item(reader, context);
}

static void take_item(struct json_reader *reader, void *context)
{
	struct walk *walk = context;
	const char *text = json_take_text(reader, walk->arena);
	int64_t number;
	bool truth;

	if (text)
		check_text(text, JSON_TEXT_MAX);
	else if (json_take_integer(reader, &number)) {
		if (number > INT64_C(1) << 53 || number < -(INT64_C(1) << 53))
			abort();
	} else if (!json_take_truth(reader, &truth) && !json_take_null(reader) && walk->depth < DEPTH_MAX) {
		walk->depth++;
		if (!json_take_members(reader, take_member, walk))
			json_take_items(reader, take_item, walk);
		walk->depth--;
	}
}

static void read_json(int fd, size_t size)
{
	struct walk walk = {.arena = arena_new()};
	struct json_reader reader;

	json_reader_start(&reader, fd, size);
	take_item(&reader, &walk);
	if (reader.wrong && !reader.is_over)
		abort();
	arena_free(walk.arena);
}

static void read_log(int fd)
{
	struct arena *arena = arena_new();
	const char *message = log_end_read(fd, arena);

	if (message && strpbrk(message, "\r\n"))
		abort();
	arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	struct input_file file = input_file_make(data + 1, size - 1);
	if (lseek(file.fd, 0, SEEK_SET))
		abort();
	if (data[0] & 1)
		read_json(file.fd, size - 1);
	else
		read_log(file.fd);
	close(file.fd);
	return 0;
}
