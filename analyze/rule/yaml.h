// SPDX-License-Identifier: GPL-2.0-or-later
// Rule files as a bounded tree of nodes that know where in the file they stand. YAML is only the
// envelope of expressions: what it would read otherwise than it looks (tags, aliases, flow
// mappings, cut comments) is a fault of the node, so that the rest of the file can still be used.
#ifndef RULE_YAML_H
#define RULE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "expr/expr.h"

struct arena;

enum {
	YAML_FILE_LIMIT = 1 << 20,
	YAML_LINE_LIMIT = 4096,
	YAML_DEPTH_LIMIT = 16,
	YAML_NODE_LIMIT = 100 * 1000,
};

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };
enum node_style { NODE_PLAIN, NODE_SINGLE_QUOTED, NODE_DOUBLE_QUOTED, NODE_LITERAL, NODE_FOLDED };

struct yaml_position {
	size_t line, column; /* from 1; columns are bytes */
};

struct yaml_node {
	enum node_kind kind;
	enum node_style style; /* SCALAR */
	bool is_flow;          /* SEQUENCE: [a, b] */
	const struct yaml_file *file;
	struct yaml_position start, end;      /* `end` is behind the last byte */
	const char *text;                     /* SCALAR: NUL-terminated, no NUL inside */
	const struct yaml_node *const *keys;  /* MAPPING: scalars, all different */
	const struct yaml_node *const *items; /* SEQUENCE: items; MAPPING: values */
	size_t count;
	const char *fault; /* a message as of yaml_error(), or NULL */
};

struct yaml_file {
	const char *path; /* as messages show it */
	const char *const *lines; /* without their ends */
	size_t line_count;
	const struct yaml_node *root; /* an empty mapping for a file without content */
	const char *bytes;            /* as read, for the checksum */
	size_t length;
};

/* Reads a file, which messages call `shown`; everything lives in the arena. ERROR_IO, ERROR_LIMIT (size), ERROR_SYNTAX (no YAML;
 * the message has FILE:LINE:COLUMN and a caret line). */
struct error *yaml_load(struct arena *arena, const char *path, const char *shown,
			const struct yaml_file **ret) MUST_CHECK;
/* The same from memory. */
struct error *yaml_parse(struct arena *arena, const char *shown, const char *bytes, size_t length,
			 const struct yaml_file **ret) MUST_CHECK;
/* The value of a key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);
/* The first fault in the node or below it, or NULL. */
const char *yaml_fault(const struct yaml_node *node);
/* Where byte `offset` of a scalar's text stands in the file, through folding, indentation and
 * escapes. */
struct yaml_position yaml_locate(const struct yaml_node *scalar, size_t offset);
/* The scalar as expressions see it. */
struct expr_text yaml_text(const struct yaml_node *scalar);
/* ERROR_SYNTAX "FILE:LINE:COLUMN: words", the line, and a caret under the column. */
struct error *yaml_error(const struct yaml_node *node, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;

#endif
