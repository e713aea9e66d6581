// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/vmcoreinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"

enum {
	TEXT_MAX = 1 << 20, /* the kernel's own limit is a page; Xen's and future ones may differ */
	LINE_MAX_BYTES = 4096,
};

struct vmcoreinfo {
	char *text;
	char *lines; /* the text again, cut up into keys and values */
	struct map values;
};

static void vmcoreinfo_add_line(struct vmcoreinfo *info, char *line, size_t length)
{
	char *equals = memchr(line, '=', length);

	if (!equals || equals == line || length > LINE_MAX_BYTES)
		return;
	*equals = '\0';
	line[length] = '\0';
	if (!map_get(&info->values, line))
		map_put(&info->values, line, equals + 1);
}

struct vmcoreinfo *vmcoreinfo_new(const char *text, size_t length)
{
	struct vmcoreinfo *info = mem_zero(sizeof(*info));

	length = strnlen(text, length < TEXT_MAX ? length : TEXT_MAX);
	info->text = mem_strndup(text, length);
	info->lines = mem_strndup(text, length);
	for (char *line = info->lines, *end = line + length; line < end;) {
		char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t line_length = (size_t)((newline ? newline : end) - line);

		vmcoreinfo_add_line(info, line, line_length);
		line += line_length + 1;
	}
	return info;
}

void vmcoreinfo_free(struct vmcoreinfo *info)
{
	if (!info)
		return;
	map_deinit(&info->values);
	free(info->lines);
	free(info->text);
	free(info);
}

const char *vmcoreinfo_text(const struct vmcoreinfo *info)
{
	return info->text;
}

const char *vmcoreinfo_get(const struct vmcoreinfo *info, const char *key)
{
	return map_get(&info->values, key);
}

/* kernel/crash_core.c prints symbols and offsets with %lx and no prefix, all else with %ld; a few
 * NUMBER()s (kimage_voffset, PHYS_OFFSET, sme_mask) come as 0x…. The last two are s390's. */
static bool vmcoreinfo_is_hexadecimal(const char *key, const char *value)
{
	return !strncmp(key, "SYMBOL(", 7) || !strcmp(key, "KERNELOFFSET") ||
	       !strcmp(key, "KERNELOFFPHYS") || !strcmp(key, "IDENTITYBASE") ||
	       !strncmp(value, "0x", 2);
}

bool vmcoreinfo_number(const struct vmcoreinfo *info, const char *key, uint64_t *ret)
{
	const char *value = vmcoreinfo_get(info, key);
	char *end = NULL;
	uint64_t number;

	if (!value || !*value || strspn(value, " \t"))
		return false;
	errno = 0;
	int base = vmcoreinfo_is_hexadecimal(key, value) ? 16 : 10;
	if (*value == '-')
		number = (uint64_t)strtoll(value, &end, base);
	else
		number = strtoull(value, &end, base);
	if (errno || *end)
		return false;
	*ret = number;
	return true;
}
