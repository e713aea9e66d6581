// SPDX-License-Identifier: GPL-2.0-or-later
#include "list/header.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "base/mem.h"
#include "dump/file.h"
#include "dump/format.h"
#include "dump/kdump_header.h"
#include "dump/vmcoreinfo.h"
#include "reports/listing.h"

enum { VMCOREINFO_BYTES = 1 << 20 };

static void set_text(const char **where, const char *text, struct arena *arena)
{
	if (!*where && text && *text && strcmp(text, "(none)") != 0)
		*where = arena_strdup(arena, text);
}

static void take_vmcoreinfo(const char *text, size_t length, struct listed_dump *dump, struct arena *arena)
{
	struct vmcoreinfo *info = vmcoreinfo_new(text, length);
	const char *crash = vmcoreinfo_get(info, "CRASHTIME");
	long long time = crash ? strtoll(crash, NULL, 10) : 0;

	set_text(&dump->kernel, vmcoreinfo_get(info, "OSRELEASE"), arena);
	if (dump->time_of != TIME_CRASH && time > 0 && time < LISTED_TIME_END) {
		dump->time = time;
		dump->time_of = TIME_CRASH;
	}
	vmcoreinfo_free(info);
}

static void read_kdump(const struct dump_file *file, const struct kdump_header *header, struct listed_dump *dump,
		       struct arena *arena)
{
	size_t length = header->vmcoreinfo_size < VMCOREINFO_BYTES ? (size_t)header->vmcoreinfo_size : 0;
	char *text _cleanup_free_ = mem_zero(length + 1);

	if (length && dump_file_read(file, header->vmcoreinfo, text, length))
		take_vmcoreinfo(text, length, dump, arena);
	set_text(&dump->host, header->uts[1], arena);
	set_text(&dump->kernel, header->uts[2], arena);
	set_text(&dump->arch, format_arch_name(header->uts[4]), arena);
	dump->is_incomplete |= header->is_incomplete;
}

static void read_elf(const struct dump_file *file, struct listed_dump *dump, struct arena *arena)
{
	struct format *format = NULL;

	error_free(format_elf_open(file, 1, &format));
	if (!format)
		return;
	if (format->vmcoreinfo)
		take_vmcoreinfo(format->vmcoreinfo, strlen(format->vmcoreinfo), dump, arena);
	set_text(&dump->arch, format->arch, arena);
	format_free(format);
}

void header_read(int fd, struct listed_dump *dump, struct arena *arena)
{
	char path[32];
	struct dump_file file;
	struct kdump_header header;
	bool is_kdump = false;

	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	struct error *error = dump_file_open(path, &file);
	if (error) {
		error_free(error);
		return;
	}
	error = kdump_header_read(&file, &header, &is_kdump);
	if (!error && is_kdump)
		read_kdump(&file, &header, dump, arena);
	else if (!error)
		read_elf(&file, dump, arena);
	error_free(error);
	dump_file_close(&file);
}
