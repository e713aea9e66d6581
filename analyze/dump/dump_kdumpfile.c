// SPDX-License-Identifier: GPL-2.0-or-later
// Formats that are not ours to read (s390's stand-alone dumps, SADUMP), by libkdumpfile. ELF and
// kdump files never get here: version 0.5.1 reads zeros behind the end of a cut file, and writes
// behind a buffer when a page descriptor claims more than a page.
#include <libkdumpfile/kdumpfile.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dump/file.h"
#include "dump/foreign.h"
#include "dump/format.h"

struct kdumpfile {
	struct format format;
	kdump_ctx_t *context;
	uint8_t *scratch; /* a block */
};

static void kdumpfile_free(struct format *format)
{
	struct kdumpfile *file = (struct kdumpfile *)format;

	if (file->context)
		kdump_free(file->context);
	free(file->scratch);
	free(file);
}

static enum block_state kdumpfile_read(struct format *format, uint64_t number, void *bytes)
{
	struct kdumpfile *file = (struct kdumpfile *)format;
	size_t length = format->info.page_size;

	switch (kdump_read(file->context, KDUMP_KPHYSADDR, number * length, bytes, &length)) {
	case KDUMP_OK:
		return BLOCK_SAVED;
	case KDUMP_ERR_NODATA:
		return BLOCK_LEFT_OUT;
	case KDUMP_ERR_EOF:
		return BLOCK_CUT;
	default:
		return BLOCK_BROKEN;
	}
}

static enum block_state kdumpfile_state(struct format *format, uint64_t number)
{
	return kdumpfile_read(format, number, ((struct kdumpfile *)format)->scratch);
}

static bool kdumpfile_next(struct format *format, uint64_t *number)
{
	struct kdumpfile *file = (struct kdumpfile *)format;
	kdump_attr_t map = {.type = KDUMP_BITMAP};
	kdump_addr_t next = *number;

	if (kdump_get_typed_attr(file->context, KDUMP_ATTR_FILE_PAGEMAP, &map) != KDUMP_OK ||
	    kdump_bmp_find_set(map.val.bitmap, &next) != KDUMP_OK)
		return false;
	*number = next;
	return true;
}

static uint64_t kdumpfile_number(struct kdumpfile *file, const char *key)
{
	kdump_num_t number;

	return kdump_get_number_attr(file->context, key, &number) == KDUMP_OK ? number : 0;
}

static void kdumpfile_learn(struct kdumpfile *file)
{
	struct format *format = &file->format;
	const char *text = NULL;

	format->pointer_size = kdumpfile_number(file, KDUMP_ATTR_PTR_SIZE) == 4 ? 4 : 8;
	format->big_endian = kdumpfile_number(file, KDUMP_ATTR_BYTE_ORDER) == KDUMP_BIG_ENDIAN &&
			     kdumpfile_number(file, KDUMP_ATTR_PTR_SIZE);
	if (kdump_get_string_attr(file->context, KDUMP_ATTR_ARCH_NAME, &text) == KDUMP_OK)
		format->arch = format_arch_name(text);
	text = "unknown";
	(void)kdump_get_string_attr(file->context, KDUMP_ATTR_FILE_FORMAT, &text);
	format->info.format = text;
	format->info.compression = "unknown";
	format->info.level_asked = -1;
	(void)kdump_set_string_attr(file->context, KDUMP_ATTR_OSTYPE, "linux");
	(void)kdump_vmcoreinfo_raw(file->context, &format->vmcoreinfo);
	for (uint64_t number = 0; format->ops->next(format, &number); number++)
		format->blocks = number + 1;
}

static struct error *kdumpfile_open_context(struct kdumpfile *file, const struct dump_file *files,
					    size_t count)
{
	int *fds _cleanup_free_ = mem_zero(count * sizeof(*fds));
	kdump_status status = KDUMP_ERR_SYSTEM;

	for (size_t i = 0; i < count; i++)
		fds[i] = files[i].fd;
	file->context = kdump_new();
	if (!file->context)
		return error_new(ERROR_IO, "%s: libkdumpfile: out of memory", files->path);
	/* By default 0.5.1 maps the file, and dies of SIGBUS where a cut one ends. */
	status =
		kdump_set_number_attr(file->context, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	if (status == KDUMP_OK)
		status = kdump_open_fdset(file->context, (unsigned)count, fds);
	if (status != KDUMP_OK)
		return foreign_refuse_unread(files, kdump_get_err(file->context));
	uint64_t page_size = kdumpfile_number(file, KDUMP_ATTR_PAGE_SIZE);
	if (page_size < BLOCK_BYTES_MIN || page_size > BLOCK_BYTES_MAX ||
	    page_size & (page_size - 1))
		return error_new(ERROR_INVALID, "%s: corrupt header (page size)", files->path);
	file->format.info.page_size = page_size;
	file->scratch = mem_zero(page_size);
	return NULL;
}

struct error *format_kdumpfile_open(const struct dump_file *files, size_t count,
				    struct format **ret)
{
	static const struct format_ops ops = {
		.free = kdumpfile_free,
		.state = kdumpfile_state,
		.read = kdumpfile_read,
		.next = kdumpfile_next,
	};

	struct error *error = foreign_refuse(files);
	if (error)
		return error;
	struct kdumpfile *file = mem_zero(sizeof(*file));
	file->format.ops = &ops;
	error = kdumpfile_open_context(file, files, count);
	if (error) {
		format_free(&file->format);
		return error;
	}
	kdumpfile_learn(file);
	*ret = &file->format;
	return NULL;
}
