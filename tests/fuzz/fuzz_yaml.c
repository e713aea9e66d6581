// SPDX-License-Identifier: GPL-2.0-or-later
// A rule file of any bytes: as a tree whose every letter is looked up in the file, and as rules.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "rule/rule_private.h"
#include "rule/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask_scalar(const struct yaml_node *node)
{
	size_t length = strlen(node->text);

	for (size_t i = 0; i <= length && i < 200; i++) {
		struct yaml_position at = yaml_locate(node, i);

		/* A column behind the line is where its end is shown; a line must be there. */
		if (!at.line || !at.column || at.line > node->file->line_count + 1)
			abort();
	}
}

static void ask_node(const struct yaml_node *node)
{
	struct error *error = yaml_error(node, "here");

	error_free(error);
	if (node->kind == NODE_SCALAR)
		ask_scalar(node);
	for (size_t i = 0; i < node->count; i++) {
		if (node->keys)
			ask_node(node->keys[i]);
		ask_node(node->items[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rule_set *set = rule_set_new();
	const struct yaml_file *file;
	struct error *error =
		yaml_parse(rule_set_arena(set), "fuzz.yaml", (const char *)data, size, &file);

	if (!error) {
		ask_node(file->root);
		set->generation = 1;
		rule_set_read(set, file, ORIGIN_SHIPPED);
	}
	error_free(error);
	rule_set_free(set);
	return 0;
}
