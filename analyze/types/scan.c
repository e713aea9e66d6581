// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/scan.h"

struct error *scan_kallsyms(struct dump *dump, struct symbol_provider *known, struct symbol_provider **ret)
{
	(void)dump; (void)known; (void)ret;
	return error_new(ERROR_NO_SOURCE, "kallsyms: not found");
}
struct error *scan_btf(struct dump *dump, struct type_provider **ret)
{
	(void)dump; (void)ret;
	return error_new(ERROR_NO_SOURCE, "BTF: not found");
}
