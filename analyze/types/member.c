// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/member.h"

#include "dump/dump.h"
#include "types/source.h"

const struct type *struct_with(struct type_provider *types, const char *name, const char *member)
{
	const struct type *found[4];
	size_t count = types->ops->find(types, TYPE_STRUCT, name, found, 4);
	struct type_member unused;

	for (size_t i = 0; i < count && i < 4; i++) {
		if (type_find_member(found[i], member, &unused))
			return found[i];
	}
	return NULL;
}

bool member_read(struct dump *dump, const struct type *type, uint64_t address, const char *name,
		 uint64_t *ret)
{
	struct type_member member;
	struct fault fault;
	uint64_t size;

	if (!type || !type_find_member(type, name, &member) || member.bit_size)
		return false;
	size = member.type->size;
	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	return dump_try_read_number(dump, address + member.bit_offset / 8, size, ret, &fault);
}
