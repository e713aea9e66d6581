// SPDX-License-Identifier: GPL-2.0-or-later
#include <sys/mman.h>

#include "list/json_reader.c"

#include "base/buf.h"
#include "base/mem.h"
#include "test.h"

/* The reader before a text, which it reads as a file. */
static struct json_reader *reader_of(const char *text, size_t length, uint64_t most)
{
	struct json_reader *reader = mem_zero(sizeof(*reader));
	int fd = memfd_create("json", 0);

	if (fd < 0 || write(fd, text, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET))
		exit(1);
	json_reader_start(reader, fd, most);
	return reader;
}

static void reader_free(struct json_reader *reader)
{
	close(reader->fd);
	free(reader);
}

static struct json_reader *reader_on(const char *text)
{
	return reader_of(text, strlen(text), UINT64_MAX);
}

/* ---- texts ---------------------------------------------------------------------------------- */

static void check_text(const char *json, const char *want)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct json_reader *reader = reader_on(json);

	CHECK_STR(json_take_text(reader, arena), want);
	CHECK(!reader->wrong);
	reader_free(reader);
}

TEST(texts_are_what_was_written)
{
	check_text("\"\"", "");
	check_text(" \n\"plain\"", "plain");
	check_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
	check_text("\"\\u0041\\u00e9\\u20AC\"", "A\xc3\xa9\xe2\x82\xac");
	check_text("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80");
	check_text("\"\xc3\xa9\xff\"", "\xc3\xa9\xff");
}

TEST(half_a_pair_and_nul_become_the_replacement_character)
{
	check_text("\"\\ud83d\"", "\xef\xbf\xbd");
	check_text("\"\\ude00x\"", "\xef\xbf\xbdx");
	check_text("\"\\ud83dx\"", "\xef\xbf\xbdx");
	check_text("\"\\ud83d\\n\"", "\xef\xbf\xbd\n");
	check_text("\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80");
	check_text("\"a\\u0000b\"", "a\xef\xbf\xbd" "b");
}

TEST(a_long_text_is_cut_and_read_to_its_end)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct buf json _cleanup_(buf_deinit) = {0};
	int64_t number;

	buf_putc(&json, '"');
	for (unsigned i = 0; i < 3 * JSON_BUFFER; i++)
		buf_putc(&json, 'x');
	buf_puts(&json, "\" 7 ");
	struct json_reader *reader = reader_on(buf_text(&json));
	CHECK(strlen(json_take_text(reader, arena)) == JSON_TEXT_MAX);
	CHECK(json_take_integer(reader, &number) && number == 7);
	reader_free(reader);
}

TEST(a_text_that_is_none_is_refused)
{
	static const char *const texts[] = {"\"", "\"\\", "\"\\x\"", "\"\\u12", "\"\\u12g4\"", "\"\\u\"", "\"abc"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
		struct json_reader *reader = reader_on(texts[i]);

		CHECK(!json_take_text(reader, arena));
		CHECK(reader->wrong);
		reader_free(reader);
	}
}

/* ---- other values --------------------------------------------------------------------------- */

static void check_integer(const char *json, int64_t want)
{
	struct json_reader *reader = reader_on(json);
	int64_t number = 0;

	CHECK(json_take_integer(reader, &number) && number == want);
	reader_free(reader);
}

TEST(integers)
{
	check_integer("0 ", 0);
	check_integer("-12,", -12);
	check_integer("1763745145}", 1763745145);
	check_integer("1.9e3 ", 1900);
	check_integer("1e999 ", INT64_C(1) << 53);
	check_integer("-99999999999999999999999999999999999999999999999999999 ", -(INT64_C(1) << 53));
}

TEST(a_value_of_another_kind_is_not_taken)
{
	struct arena *arena _cleanup_(arena_free_cleanup) = arena_new();
	struct json_reader *reader = reader_on("null true [] ");
	int64_t number = 42;
	bool truth = false;

	CHECK(!json_take_text(reader, arena) && !json_take_integer(reader, &number) && number == 42);
	CHECK(!json_take_truth(reader, &truth) && !json_take_items(reader, NULL, NULL));
	CHECK(json_take_null(reader));
	CHECK(json_take_truth(reader, &truth) && truth);
	CHECK(!json_take_members(reader, NULL, NULL));
	CHECK(json_take_items(reader, NULL, NULL) && !reader->wrong);
	reader_free(reader);
}

/* ---- objects and arrays --------------------------------------------------------------------- */

static struct arena *arena;

static void show_member(struct json_reader *reader, const char *key, void *context);

static void show_item(struct json_reader *reader, void *context)
{
	show_member(reader, "-", context);
}

/* "key=text;" of texts, "key(…)" of what has parts, "key;" of what is passed over. */
static void show_member(struct json_reader *reader, const char *key, void *context)
{
	struct buf *shown = context;

	if (!strcmp(key, "stop")) {
		json_stop(reader);
		return;
	}
	buf_puts(shown, key);
	const char *text = strcmp(key, "pass") != 0 ? json_take_text(reader, arena) : NULL;
	if (text)
		buf_printf(shown, "=%s", text);
	else if (strcmp(key, "pass") != 0) {
		size_t before = shown->length;

		buf_putc(shown, '(');
		if (json_take_members(reader, show_member, context) || json_take_items(reader, show_item, context))
			buf_putc(shown, ')');
		else
			buf_cut(shown, before);
	}
	buf_putc(shown, ';');
}

/* What is shown of an object, and what is wrong with it. */
static void check_object(const char *json, const char *want, const char *wrong)
{
	struct buf shown _cleanup_(buf_deinit) = {0};
	struct json_reader *reader = reader_on(json);

	arena = arena_new();
	CHECK(json_take_members(reader, show_member, &shown));
	CHECK_STR(buf_text(&shown), want);
	CHECK_STR(reader->wrong ? reader->wrong : "", wrong);
	arena_free(arena);
	reader_free(reader);
}

TEST(members_are_told_in_order_and_passed_over_if_nobody_takes_them)
{
	check_object("{}", "", "");
	check_object("{\"a\":\"1\",\"b\" : \"2\"}", "a=1;b=2;", "");
	check_object("{\"a\":12,\"b\":null,\"c\":-1.5e3,\"d\":\"x\"}", "a;b;c;d=x;", "");
	check_object("{\"pass\":{\"a\":[1,{\"b\":\"]}\\\"\"}]},\"c\":\"d\"}", "pass;c=d;", "");
	check_object("{\"a\":{\"b\":\"c\"},\"d\":[\"e\",[],{}]}", "a(b=c;);d(-=e;-();-(););", "");
}

TEST(nothing_is_read_behind_a_stop)
{
	check_object("{\"a\":\"1\",\"stop\":no JSON at all", "a=1;", "");
	check_object("{\"a\":[{\"stop\":1", "a(-(););", "");
}

TEST(what_is_no_json_is_told)
{
	check_object("{", "", "ends in the middle");
	check_object("{\"a\"", "", "ends in the middle");
	check_object("{\"a\":", "a;", "ends in the middle");
	check_object("{\"a\":\"b\"", "a=b;", "ends in the middle");
	check_object("{a:1}", "", "no JSON");
	check_object("{\"a\" 1}", "", "no JSON");
	check_object("{\"a\":\"b\" \"c\":\"d\"}", "a=b;", "no JSON");
	check_object("{\"a\":}", "a;", "no JSON");
	check_object("{\"a\":,\"b\":1}", "a;", "no JSON");
	check_object("{,}", "", "no JSON");
}

TEST(a_key_that_is_too_long_is_nobody_s)
{
	check_object("{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":1}",
		     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;", "");
}

TEST(depth_takes_neither_stack_nor_memory)
{
	enum { DEPTH = 4 << 20 };
	char *json = mem_zero(DEPTH + 32);
	struct buf shown _cleanup_(buf_deinit) = {0};

	memcpy(json, "{\"pass\":", 8);
	memset(json + 8, '[', DEPTH);
	struct json_reader *reader = reader_on(json);
	CHECK(json_take_members(reader, show_member, &shown));
	CHECK_STR(reader->wrong, "ends in the middle");
	reader_free(reader);
	free(json);
}

/* Each place of the text is a boundary of the buffer once. */
TEST(boundaries_of_the_buffer_do_not_show)
{
	static const char json[] = "\"key\":\"\\u20ac\\ud83d\\ude00\\n\",\"n\":[12,true],\"k\":\"v\"}";

	arena = arena_new();
	for (size_t shift = 0; shift < sizeof(json); shift++) {
		struct buf text _cleanup_(buf_deinit) = {0}, shown _cleanup_(buf_deinit) = {0};

		buf_putc(&text, '{');
		while (text.length < JSON_BUFFER - shift)
			buf_putc(&text, ' ');
		buf_puts(&text, json);
		struct json_reader *reader = reader_on(buf_text(&text));
		CHECK(json_take_members(reader, show_member, &shown) && !reader->wrong);
		CHECK_STR(buf_text(&shown), "key=\xe2\x82\xac\xf0\x9f\x98\x80\n;n(-;-;);k=v;");
		reader_free(reader);
	}
	arena_free(arena);
}

TEST(no_more_is_read_than_was_allowed)
{
	static const char json[] = "{\"a\":\"b\",\"c\":\"d\"}";
	struct buf shown _cleanup_(buf_deinit) = {0};
	struct json_reader *reader = reader_of(json, sizeof(json) - 1, 12);

	arena = arena_new();
	CHECK(json_take_members(reader, show_member, &shown));
	CHECK_STR(buf_text(&shown), "a=b;");
	CHECK_STR(reader->wrong, "too long");
	arena_free(arena);
	reader_free(reader);
}

TEST_MAIN
