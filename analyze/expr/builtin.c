// SPDX-License-Identifier: GPL-2.0-or-later
// All functions of the language, by name and by position.
#include <string.h>

#include "expr/check.h"

static const struct builtin *const tables[] = {
	builtins_walk, builtins_container, builtins_meta,   builtins_number,
	builtins_text, builtins_list,	   builtins_kernel, builtins_net,
};

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		for (const struct builtin *builtin = tables[i]; builtin->help.name; builtin++) {
			if (!strcmp(builtin->help.name, name))
				return builtin;
		}
	}
	return NULL;
}

const struct expr_builtin *expr_builtin(size_t position)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++) {
		for (const struct builtin *builtin = tables[i]; builtin->help.name; builtin++) {
			if (!position--)
				return &builtin->help;
		}
	}
	return NULL;
}
