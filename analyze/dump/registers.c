// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/registers.h"

#include "dump/dump_private.h"

size_t dump_registers_count(const struct dump *dump)
{
	(void)dump;
	return 0;
}

bool dump_registers(const struct dump *dump, size_t index, struct registers *ret)
{
	(void)dump;
	(void)index;
	(void)ret;
	return false;
}
