// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/yaml.c"

#include <ctype.h>

#include "test.h"

static struct arena *arena;

static const struct yaml_file *parse(const char *text)
{
	const struct yaml_file *file = NULL;

	arena_free(arena);
	arena = arena_new();
	struct error *error = yaml_parse(arena, "t.yaml", text, strlen(text), &file);
	CHECK(!error);
	if (error)
		printf("%s\n", error->message);
	error_free(error);
	return file;
}

static const struct yaml_node *value_of(const char *text, const char *key)
{
	const struct yaml_file *file = parse(text);

	return file ? yaml_get(file->root, key) : NULL;
}

/* The message of a file that cannot be used at all. */
static const char *refusal(const char *text)
{
	const struct yaml_file *file;

	arena_free(arena);
	arena = arena_new();
	struct error *error _cleanup_(error_cleanup) = yaml_parse(arena, "t.yaml", text,
								  strlen(text), &file);
	return error ? arena_strdup(arena, error->message) : NULL;
}

static const char *fault(const char *text)
{
	const struct yaml_file *file = parse(text);

	return file ? yaml_fault(file->root) : NULL;
}

static bool begins(const char *text, const char *with)
{
	bool does = text && !strncmp(text, with, strlen(with));

	if (!does)
		printf("got \"%s\", want it to begin with \"%s\"\n", text ? text : "(null)", with);
	return does;
}

TEST(tree_has_places)
{
	const struct yaml_file *file = parse("rules:\n- id: a\n  tags: [x, y]\n");
	const struct yaml_node *rules = yaml_get(file->root, "rules");

	CHECK(rules && rules->kind == NODE_SEQUENCE && rules->count == 1 && !rules->is_flow);
	const struct yaml_node *id = yaml_get(rules->items[0], "id");
	CHECK_STR(id->text, "a");
	CHECK(id->start.line == 2 && id->start.column == 7);
	const struct yaml_node *tags = yaml_get(rules->items[0], "tags");
	CHECK(tags->is_flow && tags->count == 2);
	CHECK_STR(tags->items[1]->text, "y");
	CHECK(!yaml_get(file->root, "none"));
	CHECK(!yaml_fault(file->root));
}

TEST(empty_files_are_empty_mappings)
{
	CHECK(parse("")->root->count == 0);
	CHECK(parse("# nothing\n")->root->kind == NODE_MAPPING);
	CHECK(parse("\xef\xbb\xbf"
		    "a: b\n")
		      ->root->count == 1);
}

TEST(windows_line_ends_are_taken)
{
	const struct yaml_node *node = value_of("a: b\r\nc: d\r\n", "c");

	CHECK_STR(node->text, "d");
	CHECK(node->start.line == 2 && node->start.column == 4);
}

TEST(what_yaml_cuts_is_a_fault)
{
	CHECK(begins(fault("a: !online(cpu)\n"), "t.yaml:1:4: YAML takes this for a tag"));
	CHECK(begins(fault("a: *p\n"), "t.yaml:1:4: YAML takes *p for an alias"));
	CHECK(begins(fault("a: &p\n"), "t.yaml:1:4: YAML takes &p for an anchor"));
	CHECK(begins(fault("a: {N: f(a, b)}\n"), "t.yaml:1:4: YAML takes braces for a mapping"));
	CHECK(begins(fault("a: 1\nb: 2\na: 3\n"),
		     "t.yaml:3:4: the key \"a\" stands here a second"));
	CHECK(begins(fault("a: [b, [c]]\n"), "t.yaml:1:4: a list in brackets holds plain names"));
	CHECK(begins(fault("? [a]\n: b\n"), "t.yaml:1:1: a key is a name"));
	CHECK(begins(fault("a: \"x\\0y\"\n"), "t.yaml:1:4: a NUL byte"));
	CHECK_STR(
		fault("a: x > 0 # y\n"),
		"t.yaml:1:10: YAML ends the value here: quote it if # belongs to it, else put two "
		"blanks before the comment\na: x > 0 # y\n         ^");
}

TEST(comments_stand_apart)
{
	CHECK(!fault("a: x > 0  # y\nb: 'x # y'\nc: |\n  x # y\nd:\n  # whole line\n  - e\n"));
	CHECK(!fault("a: x#y\nb: [c, d]  # e\n"));
}

TEST(a_fault_leaves_its_neighbours)
{
	const struct yaml_file *file = parse("- a: !x\n- a: b\n");

	CHECK(yaml_fault(file->root->items[0]));
	CHECK(!yaml_fault(file->root->items[1]));
}

TEST(files_that_are_not_yaml)
{
	CHECK(begins(refusal("a: b\nc: x ? 1 : 2\n"), "t.yaml:2:"));
	CHECK(strstr(refusal("c: x ? 1 : 2\n"), "single quotes"));
	CHECK(begins(refusal("a: *p.x\n"), "t.yaml:1:"));
	CHECK(strstr(refusal("a: &sk.sk_state\n"), "single quotes"));
	CHECK(begins(refusal("a: b\n\tc: d\n"), "t.yaml:2:"));
	CHECK(begins(refusal("a: \x01\n"), "t.yaml:1:4: control characters"));
	CHECK(begins(refusal("a: b\n---\nc: d\n"), "t.yaml:2:1: a second document"));
	CHECK(begins(refusal("a: b\xc2\x85"
			     "c: d\n"),
		     "t.yaml:1:5: an unusual line break"));
	CHECK(begins(refusal("a: \xff\n"), "t.yaml:1:4: invalid"));
	CHECK(strstr(refusal("a: \x1b[31m\n"), "\na: ?[31m\n"));
}

TEST(bounds)
{
	char deep[200] = "";

	for (int i = 0; i < 40; i++)
		strcat(deep, "- ");
	strcat(deep, "x\n");
	CHECK(begins(refusal(deep), "t.yaml:1:33: nested more than 16 deep"));
	size_t length = YAML_FILE_LIMIT + 1;
	char *large = malloc(length);
	const struct yaml_file *file;
	memset(large, '\n', length);
	struct error *error = yaml_parse(arena, "t.yaml", large, length, &file);
	CHECK(error && error->code == ERROR_LIMIT);
	error_free(error);
	error = yaml_parse(arena, "t.yaml", large, length - 1, &file);
	CHECK(!error);
	memset(large, '#', YAML_LINE_LIMIT + 1);
	error = yaml_parse(arena, "t.yaml", large, length - 1, &file);
	CHECK(error && strstr(error->message, "t.yaml:1:1: a line of more than 4096 bytes"));
	error_free(error);
	for (size_t i = 0; i + 2 < length; i += 2)
		memcpy(large + i, "-\n", 2);
	error = yaml_parse(arena, "t.yaml", large, length - 1, &file);
	CHECK(error && strstr(error->message, "more than 100000 values"));
	error_free(error);
	free(large);
}

TEST(long_lines_are_shown_in_part)
{
	char text[2000] = "a: ";

	memset(text + 3, 'x', 1500);
	strcat(text, " # y\n");
	const char *message = fault(text);
	CHECK(message && strlen(message) < 500);
	CHECK(message && strlen(message) && message[strlen(message) - 1] == '^');
}

/* Every letter of a scalar's text is found where it stands in the file. */
static void check_places(const char *text)
{
	const struct yaml_node *node = value_of(text, "a");
	size_t wrong = 0, seen = 0;

	for (size_t i = 0; node && node->text[i]; i++) {
		struct yaml_position at = yaml_locate(node, i);

		if (!isalnum((unsigned char)node->text[i]))
			continue;
		seen++;
		wrong += at.line > node->file->line_count ||
			 at.column > strlen(node->file->lines[at.line - 1]) ||
			 node->file->lines[at.line - 1][at.column - 1] != node->text[i];
	}
	CHECK(seen >= 3);
	CHECK(wrong == 0);
	if (wrong)
		printf("in: %s\n", text);
}

TEST(carets_point_into_the_file)
{
	check_places("a: x1 + y2\n");
	check_places("b: 1\na: x1 +\n   y2\n\n   z3\n");
	check_places("a: 'it''s x1  y2'\n");
	check_places("a: 'x1\n  y2\n\n\n  z3'\n");
	check_places("a: \"x\\ty\\u00e9z\\x21 \\U0001F600 b \\\\ c \\\" d\"\n");
	check_places("a: \"x1 \\\n   y2 \\\n\n  z3  \n  w4\"\n");
	check_places("a: |\n  x1\n    y2\n\n  z3\n");
	check_places("b:\n- 1\na: |-  # comment\n\n\n  x1\n   y2\n");
	check_places("a: |2\n    x1\n  y2\n");
	check_places("a: >\n  x1\n  y2\n\n  z3\n    w4\n  v5\n");
	check_places("a: >-\n\n  x1  \n  y2\n\n\n    z3\n\n  w4\n");
	check_places("a: \xc3\xa9 x1y\n");
}

TEST(places_of_escapes)
{
	/* The quote behind the escapes: text is é"x. */
	const struct yaml_node *node = value_of("a: \"\\u00e9\\\"x\"\n", "a");

	CHECK_STR(node->text, "\xc3\xa9\"x");
	CHECK(yaml_locate(node, 2).column == 11);
	CHECK(yaml_locate(node, 3).column == 13);
	CHECK(yaml_locate(node, 99).column == 14); /* behind the end: the closing quote */
}

TEST(files_are_read)
{
	const struct yaml_file *file;
	struct error *error = yaml_load(arena, "/nonexistent.yaml", "n.yaml", &file);

	CHECK(error && error->code == ERROR_IO);
	error_free(error);
	error = yaml_load(arena, "/", "root", &file);
	CHECK(error && error->code == ERROR_INVALID);
	error_free(error);
}

TEST_MAIN
