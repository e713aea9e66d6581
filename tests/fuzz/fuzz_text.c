// SPDX-License-Identifier: GPL-2.0-or-later
// The two lists of names that are plain text: VMCOREINFO, and a System.map beside the dump (first byte odd).
#include <stdlib.h>
#include <string.h>

#include "dump/vmcoreinfo.h"
#include "input_file.h"
#include "types/source.h"
#include "types/src_systemmap.h"
#include "types/src_vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool ask_name(void *context, const char *name)
{
	struct symbol_provider *provider = context;
	struct symbol found[2], symbol;
	size_t count = provider->ops->find(provider, name, found, 2);

	if (!count || !*name)
		abort();
	for (size_t i = 0; i < count && i < 2; i++)
		provider->ops->symbolize(provider, found[i].address + found[i].size / 2, &symbol);
	return true;
}

static void ask_provider(struct symbol_provider *provider)
{
	provider->ops->names(provider, ask_name, provider);
	symbol_provider_free(provider);
}

static void ask_vmcoreinfo(const char *text, size_t size)
{
	static const char *const keys[] = {"OSRELEASE", "NUMBER(a)", "SYMBOL(a)", "KERNELOFFSET", ""};
	struct vmcoreinfo *info = vmcoreinfo_new(text, size);
	uint64_t number;

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const char *value = vmcoreinfo_get(info, keys[i]);

		if (value && strlen(value) > size)
			abort();
		vmcoreinfo_number(info, keys[i], &number);
	}
	ask_provider(src_vmcoreinfo_open(info));
	vmcoreinfo_free(info);
}

static void ask_map(const uint8_t *text, size_t size)
{
	static const char known_text[] = "SYMBOL(_text)=ffffffff91000000\nSYMBOL(g)=ffffffff91000010\n";
	struct vmcoreinfo *info = vmcoreinfo_new(known_text, sizeof(known_text) - 1);
	struct symbol_provider *known = src_vmcoreinfo_open(info), *provider = NULL;
	struct input_file file = input_file_make(text, size);

	error_free(src_systemmap_open(file.path, known, &provider));
	if (provider)
		ask_provider(provider);
	symbol_provider_free(known);
	vmcoreinfo_free(info);
	close(file.fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		ask_map(data + 1, size - 1);
	else
		ask_vmcoreinfo((const char *)data + 1, size - 1);
	return 0;
}
