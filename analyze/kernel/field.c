// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/field.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "kernel/kernel.h"
#include "types/symtab.h"
#include "types/type.h"
#include "value/value.h"

enum { NAME_SIZE = 128 };

const struct type *field_struct(const struct kernel *kernel, const char *structure)
{
	const struct type *type = NULL;

	if (!kernel->symtab)
		return NULL;
	bool trying = symtab_try(kernel->symtab, true);
	struct error *error = symtab_type(kernel->symtab, TYPE_STRUCT, structure, NULL, &type);

	symtab_try(kernel->symtab, trying);
	if (error) {
		error_free(error);
		return NULL;
	}
	return type->is_complete ? type : NULL;
}

static bool field_find_typed(const struct type *type, const char *path, struct field *ret)
{
	struct field field = {0};

	while (*path) {
		char name[NAME_SIZE];
		size_t length = strcspn(path, ".");
		struct type_member member;

		if (length >= sizeof(name))
			return false;
		memcpy(name, path, length);
		name[length] = '\0';
		if (!type_find_member(type, name, &member))
			return false;
		field.offset += member.bit_offset / 8;
		field.bit_size = member.bit_size;
		field.bit_offset = member.bit_size ? member.bit_offset % 8 : 0;
		type = member.type;
		path += length + (path[length] == '.');
	}
	field.size = type_strip(type)->size;
	field.type = type;
	*ret = field;
	return true;
}

static bool field_vmcoreinfo(const struct kernel *kernel, const char *format, const char *structure,
			     const char *path, uint64_t *ret)
{
	char key[NAME_SIZE];
	int length = snprintf(key, sizeof(key), "%s(%s%s%s)", format, structure, path ? "." : "",
			      path ? path : "");

	return length > 0 && (size_t)length < sizeof(key) &&
	       vmcoreinfo_number(dump_vmcoreinfo(kernel->dump), key, ret);
}

bool field_find(const struct kernel *kernel, const char *structure, const char *path,
		struct field *ret)
{
	const struct type *type = field_struct(kernel, structure);
	struct field field = {0};

	if (type)
		return field_find_typed(type, path, ret);
	if (!field_vmcoreinfo(kernel, "OFFSET", structure, path, &field.offset))
		return false;
	*ret = field;
	return true;
}

uint64_t field_offset(const struct kernel *kernel, const char *structure, const char *path,
		      uint64_t otherwise)
{
	struct field field;

	return field_find(kernel, structure, path, &field) ? field.offset : otherwise;
}

uint64_t field_struct_size(const struct kernel *kernel, const char *structure, uint64_t otherwise)
{
	const struct type *type = field_struct(kernel, structure);
	uint64_t size;

	if (type)
		return type->size;
	return field_vmcoreinfo(kernel, "SIZE", structure, NULL, &size) ? size : otherwise;
}

bool field_read(const struct kernel *kernel, uint64_t address, const struct field *field,
		uint64_t *ret)
{
	struct fault fault;

	if (field->bit_size) {
		struct value value = value_object(field->type, address + field->offset);

		value.object.bit_offset = field->bit_offset;
		value.object.bit_size = field->bit_size;
		value = value_load(kernel->dump, value);
		if (value.kind != VALUE_INT && value.kind != VALUE_BOOL)
			return false;
		*ret = (uint64_t)value.integer;
		return true;
	}

	uint64_t size = field->size ? field->size : dump_arch(kernel->dump)->pointer_size;

	if (size != 1 && size != 2 && size != 4 && size != 8)
		return false;
	return dump_try_read_number(kernel->dump, address + field->offset, size, ret, &fault);
}

bool field_get(const struct kernel *kernel, uint64_t address, const char *structure,
	       const char *path, uint64_t *ret)
{
	struct field field;

	return field_find(kernel, structure, path, &field) &&
	       field_read(kernel, address, &field, ret);
}
