// SPDX-License-Identifier: GPL-2.0-or-later
#include "rule/yaml.h"

#include <assert.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/map.h"
#include "base/vec.h"
#include "expr/message.h"

/* ---- messages ------------------------------------------------------------------------------- */

static void locate_position(const struct expr_text *text, size_t offset, size_t *ret_line,
			    size_t *ret_column)
{
	const struct yaml_position *at = text->context;

	(void)offset;
	*ret_line = at->line;
	*ret_column = at->column;
}

PRINTF_LIKE(3, 0)
static struct error *file_verror(const struct yaml_file *file, struct yaml_position at,
				 const char *format, va_list arguments)
{
	struct expr_text text = {
		.file = file->path,
		.text = "",
		.lines = file->lines,
		.line_count = file->line_count,
		.locate = locate_position,
		.context = &at,
	};

	return message_vat(&text, 0, ERROR_SYNTAX, format, arguments);
}

PRINTF_LIKE(3, 4)
static struct error *file_error(const struct yaml_file *file, struct yaml_position at,
				const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct error *error = file_verror(file, at, format, arguments);
	va_end(arguments);
	return error;
}

struct error *yaml_error(const struct yaml_node *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	struct error *error = file_verror(node->file, node->start, format, arguments);
	va_end(arguments);
	return error;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* Length of the line break YAML sees at `at` beyond the plain newline: lone CR, NEL, LS and PS. No
 * editor shows them as such, and they would make our lines differ from libyaml's. */
static size_t odd_break(const char *at, const char *end)
{
	if (*at == '\r')
		return 1;
	if (end - at >= 2 && !memcmp(at, "\xc2\x85", 2))
		return 2;
	if (end - at >= 3 && (!memcmp(at, "\xe2\x80\xa8", 3) || !memcmp(at, "\xe2\x80\xa9", 3)))
		return 3;
	return 0;
}

/* Copies the text with CR LF as LF and without a byte order mark. */
static char *file_normalize(struct arena *arena, const char *bytes, size_t length)
{
	char *text = arena_zero(arena, length + 1);
	size_t put = 0;
	size_t i = length >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3) ? 3 : 0;

	for (; i < length; i++) {
		if (bytes[i] == '\r' && i + 1 < length && bytes[i + 1] == '\n')
			continue;
		text[put++] = bytes[i];
	}
	return text;
}

static void file_split(struct arena *arena, struct yaml_file *file, const char *text)
{
	struct {
		const char **items;
		size_t count, capacity;
	} lines = {0};

	for (const char *next = text; *next;) {
		size_t length = strcspn(next, "\n");

		*vec_push(&lines) = arena_strndup(arena, next, length);
		next += length + (next[length] == '\n');
	}
	file->lines = arena_copy(arena, lines.items, lines.count * sizeof(*lines.items));
	file->line_count = lines.count;
	free(lines.items);
}

static struct yaml_position file_position(const char *text, size_t offset)
{
	struct yaml_position at = {1, 1};

	for (size_t i = 0; i < offset && text[i]; i++) {
		at.column++;
		if (text[i] == '\n')
			at = (struct yaml_position){at.line + 1, 1};
	}
	return at;
}

/* libyaml counts lines from 0, and columns in characters. */
static struct yaml_position position_of_mark(const struct yaml_file *file, const yaml_mark_t *mark)
{
	struct yaml_position at = {mark->line + 1, 1};

	if (mark->line >= file->line_count)
		return at;
	const char *line = file->lines[mark->line];
	for (size_t i = 0; i < mark->column && *line; i++) {
		do
			line++;
		while ((*line & 0xc0) == 0x80);
	}
	at.column = (size_t)(line - file->lines[mark->line]) + 1;
	return at;
}

/* ---- building the tree ---------------------------------------------------------------------- */

struct builder {
	yaml_parser_t parser;
	struct arena *arena;
	struct yaml_file *file;
	const char *text;
	size_t nodes;
	unsigned depth;
};

PRINTF_LIKE(4, 5)
static void node_blame(struct builder *builder, struct yaml_node *node, struct yaml_position at,
		       const char *format, ...)
{
	va_list arguments;

	if (node->fault)
		return;
	va_start(arguments, format);
	struct error *error _cleanup_(error_cleanup) = file_verror(node->file, at, format,
								   arguments);
	va_end(arguments);
	node->fault = arena_strdup(builder->arena, error->message);
}

/* libyaml's own words, and what the author probably has to change. */
static struct error *builder_error(struct builder *builder)
{
	const yaml_parser_t *parser = &builder->parser;
	const char *problem = parser->problem ? parser->problem : "not YAML";

	if (parser->error == YAML_READER_ERROR)
		return file_error(builder->file,
				  file_position(builder->text, parser->problem_offset), "%s",
				  problem);
	struct yaml_position at = position_of_mark(builder->file, &parser->problem_mark);
	const char *context = parser->context ? parser->context : "";
	const char *hint = "";

	if (strstr(problem, "mapping values are not allowed") || strstr(context, "tag") ||
	    strstr(context, "anchor") || strstr(context, "alias") ||
	    strstr(problem, "cannot start any token"))
		hint = "; an expression with ': ' inside, or one that begins with one of ! & * { [ % @ `, "
		       "stands in single quotes";
	else if (strstr(problem, "tab"))
		hint = "; YAML wants blanks";
	return file_error(builder->file, at, "%s%s%s%s", context, *context ? ": " : "", problem,
			  hint);
}

static struct error *builder_next(struct builder *builder, yaml_event_t *event)
{
	if (!yaml_parser_parse(&builder->parser, event))
		return builder_error(builder);
	return NULL;
}

static struct yaml_node *node_new(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_node *node = ARENA_NEW(builder->arena, struct yaml_node);

	builder->nodes++;
	node->file = builder->file;
	node->start = position_of_mark(builder->file, &event->start_mark);
	node->end = position_of_mark(builder->file, &event->end_mark);
	return node;
}

static void node_blame_tag(struct builder *builder, struct yaml_node *node, const yaml_char_t *tag,
			   const yaml_char_t *anchor)
{
	if (tag)
		node_blame(
			builder, node, node->start,
			"YAML takes this for a tag and drops it: put the expression in single quotes");
	if (anchor)
		node_blame(
			builder, node, node->start,
			"YAML takes &%s for an anchor and drops it: put the expression in single quotes",
			(const char *)anchor);
}

/* One blank before '#' is what someone writes who means the '#'; comments stand apart. */
static void node_blame_comment(struct builder *builder, struct yaml_node *node)
{
	if (node->end.line - 1 >= node->file->line_count)
		return;
	const char *line = node->file->lines[node->end.line - 1];
	const char *rest = line + node->end.column - 1;

	struct yaml_position hash = {node->end.line, node->end.column + 1};

	if (rest[0] != ' ' || rest[1] != '#')
		return;
	node_blame(builder, node, hash,
		   "YAML ends the value here: quote it if # belongs to it, "
		   "else put two blanks before the comment");
}

static enum node_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return NODE_SINGLE_QUOTED;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return NODE_DOUBLE_QUOTED;
	case YAML_LITERAL_SCALAR_STYLE:
		return NODE_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return NODE_FOLDED;
	default:
		return NODE_PLAIN;
	}
}

static struct yaml_node *build_scalar(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_node *node = node_new(builder, event);
	const char *value = (const char *)event->data.scalar.value;

	node->kind = NODE_SCALAR;
	node->style = style_of(event->data.scalar.style);
	node->text = arena_strndup(builder->arena, value, event->data.scalar.length);
	if (strlen(node->text) != event->data.scalar.length)
		node_blame(builder, node, node->start, "a NUL byte in this text");
	node_blame_tag(builder, node, event->data.scalar.tag, event->data.scalar.anchor);
	if (node->style == NODE_PLAIN && *node->text)
		node_blame_comment(builder, node);
	return node;
}

static struct yaml_node *build_alias(struct builder *builder, const yaml_event_t *event)
{
	struct yaml_node *node = node_new(builder, event);
	const char *name = (const char *)event->data.alias.anchor;

	node->kind = NODE_SCALAR;
	node->text = arena_printf(builder->arena, "*%s", name);
	node_blame(builder, node, node->start,
		   "YAML takes *%s for an alias: put the expression in single quotes, '*%s …'",
		   name, name);
	return node;
}

struct node_list {
	const struct yaml_node **items;
	size_t count, capacity;
};

static void node_list_deinit(struct node_list *list)
{
	free(list->items);
}

static const struct yaml_node *const *node_list_keep(struct builder *builder,
						     struct node_list *list)
{
	return arena_copy(builder->arena, list->items, list->count * sizeof(*list->items));
}

static struct error *build_node(struct builder *builder, const yaml_event_t *event,
				struct yaml_node **ret);

/* The next node; *ret is NULL where the collection ends. */
static struct error *build_next(struct builder *builder, yaml_event_type_t end,
				struct yaml_node *parent, struct yaml_node **ret)
{
	yaml_event_t event;
	struct error *error = builder_next(builder, &event);

	if (error)
		return error;
	*ret = NULL;
	if (event.type == end)
		parent->end = position_of_mark(builder->file, &event.end_mark);
	else
		error = build_node(builder, &event, ret);
	yaml_event_delete(&event);
	return error;
}

static struct error *build_sequence(struct builder *builder, const yaml_event_t *event,
				    struct yaml_node **ret)
{
	struct yaml_node *node = node_new(builder, event);
	struct node_list items _cleanup_(node_list_deinit) = {0};

	node->kind = NODE_SEQUENCE;
	node->is_flow = event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
	node_blame_tag(builder, node, event->data.sequence_start.tag,
		       event->data.sequence_start.anchor);
	for (;;) {
		struct yaml_node *item;
		struct error *error = build_next(builder, YAML_SEQUENCE_END_EVENT, node, &item);

		if (error)
			return error;
		if (!item)
			break;
		if (node->is_flow && item->kind != NODE_SCALAR)
			node_blame(builder, node, node->start,
				   "a list in brackets holds plain names only: quote the "
				   "expression, or write one \"- item\" per line");
		*vec_push(&items) = item;
	}
	node->items = node_list_keep(builder, &items);
	node->count = items.count;
	*ret = node;
	return NULL;
}

static void mapping_check_key(struct builder *builder, struct yaml_node *node, struct map *seen,
			      struct yaml_node *key, struct yaml_node *value)
{
	if (key->kind != NODE_SCALAR) {
		node_blame(builder, node, node->start, "a key is a name, not a list or a mapping");
		return;
	}
	const struct yaml_node *before = map_put(seen, key->text, key);

	if (before)
		node_blame(builder, value, value->start,
			   "the key \"%s\" stands here a second time (first in line %zu)",
			   key->text, before->start.line);
}

static struct error *build_pair(struct builder *builder, struct yaml_node *node, struct map *seen,
				struct yaml_node **ret_key, struct yaml_node **ret_value)
{
	struct error *error = build_next(builder, YAML_MAPPING_END_EVENT, node, ret_key);

	if (error || !*ret_key)
		return error;
	error = build_next(builder, YAML_NO_EVENT, node, ret_value);
	if (error || !*ret_value) /* a key has a value: libyaml makes one up */
		return error;
	mapping_check_key(builder, node, seen, *ret_key, *ret_value);
	return NULL;
}

static struct error *build_mapping(struct builder *builder, const yaml_event_t *event,
				   struct yaml_node **ret)
{
	struct yaml_node *node = node_new(builder, event);
	struct node_list keys _cleanup_(node_list_deinit) = {0},
			      values _cleanup_(node_list_deinit) = {0};
	struct map seen _cleanup_(map_deinit) = {0};

	node->kind = NODE_MAPPING;
	node_blame_tag(builder, node, event->data.mapping_start.tag,
		       event->data.mapping_start.anchor);
	if (event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE)
		node_blame(
			builder, node, node->start,
			"YAML takes braces for a mapping and splits it at commas: quote an expression, "
			"'{name: f(a, b)}', and write a mapping with one \"key: value\" per line");
	for (;;) {
		struct yaml_node *key = NULL, *value = NULL;
		struct error *error = build_pair(builder, node, &seen, &key, &value);

		if (error)
			return error;
		if (!key)
			break;
		*vec_push(&keys) = key;
		*vec_push(&values) = value;
	}
	node->keys = node_list_keep(builder, &keys);
	node->items = node_list_keep(builder, &values);
	node->count = keys.count;
	*ret = node;
	return NULL;
}

static struct error *build_node(struct builder *builder, const yaml_event_t *event,
				struct yaml_node **ret)
{
	struct yaml_position at = position_of_mark(builder->file, &event->start_mark);

	if (builder->nodes >= YAML_NODE_LIMIT)
		return file_error(builder->file, at, "more than %d values in one file",
				  YAML_NODE_LIMIT);
	if (builder->depth >= YAML_DEPTH_LIMIT)
		return file_error(builder->file, at, "nested more than %d deep", YAML_DEPTH_LIMIT);
	builder->depth++;
	struct error *error = NULL;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		*ret = build_scalar(builder, event);
		break;
	case YAML_ALIAS_EVENT:
		*ret = build_alias(builder, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		error = build_sequence(builder, event, ret);
		break;
	case YAML_MAPPING_START_EVENT:
		error = build_mapping(builder, event, ret);
		break;
	default: /* the parser yields nothing else inside a document */
		error = file_error(builder->file, at, "not YAML");
	}
	builder->depth--;
	return error;
}

static struct error *build_document(struct builder *builder, struct yaml_node **root)
{
	for (;;) {
		yaml_event_t event;
		struct error *error = builder_next(builder, &event);

		if (error)
			return error;
		yaml_event_type_t type = event.type;

		if (type == YAML_DOCUMENT_START_EVENT && *root)
			error = file_error(builder->file,
					   position_of_mark(builder->file, &event.start_mark),
					   "a second document: one file holds one");
		else if (type != YAML_STREAM_START_EVENT && type != YAML_DOCUMENT_START_EVENT &&
			 type != YAML_DOCUMENT_END_EVENT && type != YAML_STREAM_END_EVENT)
			error = build_node(builder, &event, root);
		yaml_event_delete(&event);
		if (error || type == YAML_STREAM_END_EVENT)
			return error;
	}
}

/* What would make our lines differ from libyaml's, or looking something up in one take long. */
static struct error *file_check_lines(const struct yaml_file *file, const char *text)
{
	const char *end = text + strlen(text);

	for (const char *at = text; at < end; at++) {
		if (odd_break(at, end))
			return file_error(file, file_position(text, (size_t)(at - text)),
					  "an unusual line break: end lines with a newline");
	}
	for (size_t i = 0; i < file->line_count; i++) {
		if (strlen(file->lines[i]) > YAML_LINE_LIMIT)
			return file_error(file, (struct yaml_position){i + 1, 1},
					  "a line of more than %d bytes", YAML_LINE_LIMIT);
	}
	return NULL;
}

struct error *yaml_parse(struct arena *arena, const char *path, const char *bytes, size_t length,
			 const struct yaml_file **ret)
{
	struct yaml_file *file = ARENA_NEW(arena, struct yaml_file);
	struct builder builder = {.arena = arena, .file = file};
	struct yaml_node *root = NULL;

	if (length > YAML_FILE_LIMIT)
		return error_new(ERROR_LIMIT, "%s: larger than %d bytes", path, YAML_FILE_LIMIT);
	file->path = arena_strdup(arena, path);
	file->bytes = arena_copy(arena, bytes, length);
	file->length = length;
	if (memchr(bytes, '\0', length))
		return error_new(ERROR_SYNTAX, "%s: not a text file", path);
	builder.text = file_normalize(arena, bytes, length);
	file_split(arena, file, builder.text);
	struct error *error = file_check_lines(file, builder.text);
	if (error)
		return error;
	if (!yaml_parser_initialize(&builder.parser))
		return error_new(ERROR_IO, "%s: out of memory", path);
	yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&builder.parser, (const unsigned char *)builder.text,
				     strlen(builder.text));
	error = build_document(&builder, &root);
	yaml_parser_delete(&builder.parser);
	if (error)
		return error;
	if (!root || (root->kind == NODE_SCALAR && !*root->text && !root->fault)) {
		root = ARENA_NEW(arena, struct yaml_node);
		*root = (struct yaml_node){
			.kind = NODE_MAPPING, .file = file, .start = {1, 1}, .end = {1, 1}};
	}
	file->root = root;
	*ret = file;
	return NULL;
}

struct error *yaml_load(struct arena *arena, const char *path, const char *shown,
			const struct yaml_file **ret)
{
	int fd _cleanup_close_ = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	struct buf buf _cleanup_(buf_deinit) = {0};
	char part[16384];
	ssize_t got;

	if (fd < 0 || fstat(fd, &status))
		return error_errno("%s", path);
	if (S_ISDIR(status.st_mode))
		return error_new(ERROR_INVALID, "%s: is a directory", path);
	while ((got = read(fd, part, sizeof(part))) > 0 && buf.length <= YAML_FILE_LIMIT)
		buf_put(&buf, part, (size_t)got);
	if (got < 0)
		return error_errno("%s", path);
	return yaml_parse(arena, shown, buf_text(&buf), buf.length, ret);
}

/* ---- asking the tree ------------------------------------------------------------------------ */

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	for (size_t i = 0; mapping->kind == NODE_MAPPING && i < mapping->count; i++) {
		if (mapping->keys[i]->kind == NODE_SCALAR && !strcmp(mapping->keys[i]->text, key))
			return mapping->items[i];
	}
	return NULL;
}

const char *yaml_fault(const struct yaml_node *node)
{
	const char *fault = node->fault;

	for (size_t i = 0; !fault && i < node->count; i++) {
		if (node->keys)
			fault = yaml_fault(node->keys[i]);
		if (!fault)
			fault = yaml_fault(node->items[i]);
	}
	return fault;
}

/* ---- from a scalar's text back to the file ---------------------------------------------------- */

/* A place in the file that moves along with a place in the text it became. */
struct tracer {
	const struct yaml_node *node;
	const char *line; /* the current line of the file */
	size_t number;    /* its number, from 0 */
	size_t column;    /* bytes from its start */
	size_t indent;    /* block scalars: what is not content */
	bool joined;      /* double-quoted: a backslash ended the line */
};

static bool tracer_next_line(struct tracer *tracer)
{
	if (tracer->number + 1 >= tracer->node->file->line_count)
		return false;
	tracer->line = tracer->node->file->lines[++tracer->number];
	tracer->column = 0;
	return true;
}

/* Only blanks, or nothing, up to the end of the line: then a flow scalar folds here. */
static bool tracer_at_end(const struct tracer *tracer)
{
	const char *rest = tracer->line + tracer->column;

	if (tracer->indent == 0)
		rest += strspn(rest, " \t");
	return !*rest;
}

/* To the first content behind line breaks, over empty lines; returns how many breaks that were, or
 * 0 at the end of the file. */
static size_t tracer_fold(struct tracer *tracer)
{
	size_t breaks = 0;

	do {
		if (!tracer_next_line(tracer))
			return 0;
		size_t blanks = strspn(tracer->line, " \t");
		bool is_deeper = tracer->indent && blanks > tracer->indent;

		tracer->column = is_deeper ? tracer->indent : blanks;
		breaks++;
	} while (!tracer->line[tracer->column]);
	return breaks;
}

/* Bytes of the file and of the text that one escape of a double-quoted scalar takes. */
static void escape_measure(const char *source, size_t *ret_source, size_t *ret_text)
{
	size_t digits = source[1] == 'x' ? 2 : source[1] == 'u' ? 4 : source[1] == 'U' ? 8 : 0;
	unsigned long code = 0;

	if (strlen(source) < 2 + digits)
		digits = 0;
	*ret_source = 2 + digits;
	*ret_text = 1;
	if (source[1] == 'N' || source[1] == '_')
		*ret_text = 2;
	if (source[1] == 'L' || source[1] == 'P')
		*ret_text = 3;
	for (size_t i = 0; i < digits; i++)
		code = code << 4 | (unsigned long)strtoul((char[]){source[2 + i], '\0'}, NULL, 16);
	if (digits)
		*ret_text = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

/* At a backslash that ends the line of a double-quoted scalar: no text comes of it. */
static bool tracer_joins(const struct tracer *tracer)
{
	const char *at = tracer->line + tracer->column;

	return tracer->node->style == NODE_DOUBLE_QUOTED && at[0] == '\\' && !at[1];
}

/* Moves over one unit of content and returns how many bytes of text it gave. */
static size_t tracer_step(struct tracer *tracer)
{
	const char *at = tracer->line + tracer->column;
	size_t source = 1, text = 1;

	if (tracer->node->style == NODE_SINGLE_QUOTED && at[0] == '\'' && at[1] == '\'')
		source = 2;
	tracer->joined = tracer_joins(tracer);
	if (tracer->joined)
		text = 0;
	else if (tracer->node->style == NODE_DOUBLE_QUOTED && at[0] == '\\')
		escape_measure(at, &source, &text);
	tracer->column += source;
	return text;
}

/* Moves over a line's end and returns how many bytes of text the breaks gave: of flow scalars, a
 * blank for one and newlines for more; block scalars keep them beside deeper lines. */
static size_t tracer_break(struct tracer *tracer, const char *text)
{
	bool joined = tracer->joined;
	size_t breaks = tracer_fold(tracer);

	tracer->joined = false;
	if (tracer->indent)
		return *text == '\n' ? strspn(text, "\n") : 1;
	return breaks > 1 ? breaks - 1 : !joined;
}

static struct yaml_position trace(struct tracer *tracer, size_t offset)
{
	const char *text = tracer->node->text;
	size_t done = tracer->indent ? strspn(text, "\n") : 0;

	while (done < offset || tracer->joined || tracer_joins(tracer)) {
		if (!tracer_at_end(tracer))
			done += tracer_step(tracer);
		else if (tracer->number + 1 < tracer->node->file->line_count)
			done += tracer_break(tracer, text + done);
		else
			break;
	}
	return (struct yaml_position){tracer->number + 1, tracer->column + 1};
}

/* A literal block keeps its line breaks, and of each line the end. */
static struct yaml_position trace_literal(const struct yaml_node *node, size_t offset)
{
	size_t number = node->start.line; /* from 0, of the line behind the header */
	const char *line = node->text;

	for (const char *at = line; at < node->text + offset && *at; at++) {
		if (*at == '\n') {
			number++;
			line = at + 1;
		}
	}
	if (number >= node->file->line_count)
		return node->start;
	size_t kept = strcspn(line, "\n"), all = strlen(node->file->lines[number]);
	return (struct yaml_position){number + 1, (all > kept ? all - kept : 0) +
							  (size_t)(node->text + offset - line) + 1};
}

struct yaml_position yaml_locate(const struct yaml_node *scalar, size_t offset)
{
	struct tracer tracer = {.node = scalar,
				.number = scalar->start.line - 1,
				.column = scalar->start.column - 1};
	size_t length = strlen(scalar->text);

	if (offset > length)
		offset = length;
	if (scalar->style == NODE_LITERAL)
		return trace_literal(scalar, offset);
	if (tracer.number >= scalar->file->line_count)
		return scalar->start;
	tracer.line = scalar->file->lines[tracer.number];
	if (scalar->style == NODE_SINGLE_QUOTED || scalar->style == NODE_DOUBLE_QUOTED)
		tracer.column++;
	if (scalar->style != NODE_FOLDED)
		return trace(&tracer, offset);
	/* Without an indent this leads to the first content, whose column is the indent. */
	if (!tracer_fold(&tracer))
		return scalar->start;
	tracer.indent = tracer.column;
	return trace(&tracer, offset);
}

static void locate_scalar(const struct expr_text *text, size_t offset, size_t *ret_line,
			  size_t *ret_column)
{
	const struct yaml_node *node = text->context;
	struct yaml_position at = yaml_locate(node, offset);

	*ret_line = at.line;
	*ret_column = at.column;
}

struct expr_text yaml_text(const struct yaml_node *scalar)
{
	return (struct expr_text){
		.file = scalar->file->path,
		.text = scalar->text,
		.lines = scalar->file->lines,
		.line_count = scalar->file->line_count,
		.locate = locate_scalar,
		.context = scalar,
	};
}
