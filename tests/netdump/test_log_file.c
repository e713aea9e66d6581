// SPDX-License-Identifier: GPL-2.0-or-later
// Logs: what a client says, line by line, and nothing that a terminal would obey.
#include "store/log_file.c"

#include "test.h"

static char root[] = "/tmp/test-log-XXXXXX";

static const int64_t now = 1763730123; /* date -u -d 2025-11-21T13:02:03Z +%s */
#define STAMP "2025-11-21T13:02:03Z "

static struct log_file *log_new(struct writer **writer, uint64_t max, unsigned keep)
{
	struct log_options options = {.max = max, .keep = keep};
	struct log_file *log = NULL;
	int directory = open(root, O_RDONLY | O_DIRECTORY);
	struct error *error = writer_new(1 << 20, writer);

	if (!error)
		error = log_file_open(*writer, directory, "log", &options, &log);
	if (error)
		abort();
	return log;
}

static void log_end(struct log_file *log, struct writer *writer)
{
	int directory = log->directory;

	log_file_close(log);
	writer_free(writer);
	close(directory);
}

static const char *text_of(const char *name)
{
	static char text[1 << 20];
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	FILE *file = fopen(path, "r");
	text[file ? fread(text, 1, sizeof(text) - 1, file) : 0] = 0;
	if (file)
		fclose(file);
	return text;
}

static void forget(void)
{
	static const char *const names[] = {"log", "log.1", "log.2", "log.3"};
	char path[128];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, names[i]);
		unlink(path);
	}
}

static void put(struct log_file *log, const char *text)
{
	log_file_put(log, now, text, strlen(text));
}

TEST(each_line_has_a_stamp)
{
	struct writer *writer;
	struct log_file *log = log_new(&writer, 0, 0);

	put(log, "one\ntw");
	put(log, "");
	put(log, "o\n\nthree\r\nfour");
	log_end(log, writer);
	CHECK_STR(text_of("log"), STAMP "one\n" STAMP "two\n" STAMP "\n" STAMP "three\n" STAMP "four");
	forget();
}

TEST(control_characters_are_written_out)
{
	struct writer *writer;
	struct log_file *log = log_new(&writer, 0, 0);

	log_file_put(log, now, "a\033[2Jb\0c\x7f\x9b\tz\r!\n", 15);
	log_end(log, writer);
	CHECK_STR(text_of("log"), STAMP "a\\x1b[2Jb\\x00c\\x7f\\x9b\tz\\x0d!\n");
	forget();
}

TEST(log_goes_on_where_it_ended)
{
	struct writer *writer;

	for (unsigned i = 0; i < 2; i++) {
		struct log_file *log = log_new(&writer, 0, 0);
		put(log, i ? "two\n" : "one\n");
		log_end(log, writer);
	}
	CHECK_STR(text_of("log"), STAMP "one\n" STAMP "two\n");
	forget();
}

TEST(log_is_rotated)
{
	struct writer *writer;
	struct log_file *log = log_new(&writer, 2 * sizeof(STAMP "1\n"), 2);

	for (const char *digit = "1\0" "2\0" "3\0" "4\0" "5\0" "6\0" "7\0"; *digit; digit += 2) {
		put(log, digit);
		put(log, "\n");
	}
	log_end(log, writer);
	CHECK_STR(text_of("log"), STAMP "7\n");
	CHECK_STR(text_of("log.1"), STAMP "5\n" STAMP "6\n");
	CHECK_STR(text_of("log.2"), STAMP "3\n" STAMP "4\n");
	CHECK_STR(text_of("log.3"), "");
	forget();
}

TEST(log_without_rotation_is_full_at_last)
{
	struct writer *writer;
	struct log_file *log = log_new(&writer, 100, 0);

	for (unsigned i = 0; i < 1000; i++)
		put(log, "a flood of text\n");
	log_end(log, writer);
	CHECK(strlen(text_of("log")) <= 100 && strlen(text_of("log")) > 50);
	CHECK_STR(text_of("log.1"), "");
	forget();
}

TEST(lost_text_is_told)
{
	struct writer *writer;
	struct log_file *log = log_new(&writer, 0, 0);
	static char much[PUT_MAX + 10];

	memset(much, 'x', sizeof(much));
	log_file_put(log, now, much, sizeof(much));
	put(log, "y\n");
	log_end(log, writer);
	const char *text = text_of("log");
	CHECK(strspn(text + strlen(STAMP), "x") == PUT_MAX);
	CHECK_STR(text + strlen(STAMP) + PUT_MAX, "\n" STAMP "[10 bytes lost]\n" STAMP "y\n");
	forget();
}

TEST(links_and_pipes_are_no_logs)
{
	struct log_options options = {0};
	struct log_file *log = NULL;
	struct writer *writer;
	int directory = open(root, O_RDONLY | O_DIRECTORY);

	if (writer_new(4096, &writer) || symlinkat("/tmp/x", directory, "log") || mkfifoat(directory, "log.1", 0600))
		abort();
	for (unsigned i = 0; i < 2; i++) {
		struct error *error = log_file_open(writer, directory, i ? "log.1" : "log", &options, &log);
		CHECK(error && !log);
		error_free(error);
	}
	writer_free(writer);
	close(directory);
	forget();
}

static void start(void) __attribute__((constructor));
static void start(void)
{
	if (!mkdtemp(root))
		abort();
}

static void finish(void) __attribute__((destructor));
static void finish(void)
{
	rmdir(root);
}

TEST_MAIN
