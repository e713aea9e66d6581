// SPDX-License-Identifier: GPL-2.0-or-later
// BTF of any bytes, alone and as a module's on top of itself: asks everything that can be asked.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "types/source.h"
#include "types/src_btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { QUESTIONS_MAX = 24 };

/* How many types are still asked about: a bigger input would only be slower. */
static unsigned questions;

static void ask_type(const struct type *type, int depth)
{
	if (!questions)
		return;
	questions--;
	struct buf text = {0};
	struct type_member member;
	size_t count;
	const struct type_member *members = type_members(type, &count);

	type_print(type, &text);
	buf_deinit(&text);
	type_suggest_member(type, "membre");
	type_find_member(type, "no such member", &member);
	type_is_same(type, type_target(type));
	/* All of them would be asked again under their own names. */
	for (size_t i = 0; i < count && i < (depth ? 1 : 4) && depth < 2; i++)
		ask_type(members[i].type, depth + 1);
	type_enumerators(type, &count);
	type_enumerator_name(type, 3);
	if (depth < 2)
		ask_type(type_target(type), depth + 1);
}

static bool ask_name(void *context, const char *name)
{
	static const enum type_kind kinds[] = {TYPE_INT,    TYPE_FLOAT, TYPE_ENUM,
					       TYPE_STRUCT, TYPE_UNION, TYPE_TYPEDEF};
	struct type_provider *provider = context;
	struct enumerator_found enumerators[2];
	const struct type *types[2];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t count = provider->ops->find(provider, kinds[i], name, types, 2);

		for (size_t k = 0; k < count && k < 2; k++)
			ask_type(types[k], 0);
	}
	size_t count = provider->ops->enumerator(provider, name, enumerators, 2);

	for (size_t k = 0; k < count && k < 2; k++)
		ask_type(enumerators[k].type, 0);
	struct symbol symbol = {.name = name};
	const struct type *type = provider->ops->variable(provider, &symbol);

	if (type)
		ask_type(type, 0);
	return true;
}

static struct type_provider *open_copy(const uint8_t *data, size_t size, struct type_provider *base)
{
	struct btf_origin origin = {
		.description = "fuzz", .module = base ? "module" : NULL, .base = base};
	struct type_provider *provider = NULL;
	void *bytes = malloc(size ? size : 1);

	memcpy(bytes, data, size);
	error_free(src_btf_new(bytes, size, &origin, &provider));
	return provider;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 1 << 16)
		return 0;
	btf_size(data, size);
	struct type_provider *kernel = open_copy(data, size, NULL);

	if (!kernel)
		return 0;
	questions = QUESTIONS_MAX;
	kernel->ops->names(kernel, ask_name, kernel);
	struct type_provider *module = open_copy(data, size, kernel);

	questions = QUESTIONS_MAX;
	if (module)
		module->ops->names(module, ask_name, module);
	type_provider_free(module);
	type_provider_free(kernel);
	return 0;
}
