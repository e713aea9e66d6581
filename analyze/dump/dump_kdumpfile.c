// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/dump_kdumpfile.h"

#include <libkdumpfile/addrxlat.h>
#include <libkdumpfile/kdumpfile.h>

#include "base/mem.h"

struct kdumpfile {
	kdump_ctx_t *context;
	addrxlat_ctx_t *xlat;
	addrxlat_sys_t *system;
	struct kdumpfile_facts facts;
};

static struct error *kdumpfile_error(struct kdumpfile *file, kdump_status status)
{
	const char *words = kdump_get_err(file->context);

	return error_new(status == KDUMP_ERR_SYSTEM ? ERROR_IO : ERROR_INVALID, "%s",
			 words ? words : kdump_strerror(status));
}

static void kdumpfile_learn(struct kdumpfile *file)
{
	struct kdumpfile_facts *facts = &file->facts;
	kdump_num_t number;

	(void)kdump_get_string_attr(file->context, KDUMP_ATTR_FILE_FORMAT, &facts->format);
	(void)kdump_get_string_attr(file->context, KDUMP_ATTR_ARCH_NAME, &facts->arch);
	if (kdump_get_number_attr(file->context, KDUMP_ATTR_PAGE_SIZE, &number) == KDUMP_OK)
		facts->page_size = number;
	if (kdump_get_number_attr(file->context, KDUMP_ATTR_PTR_SIZE, &number) == KDUMP_OK)
		facts->pointer_size = (uint8_t)number;
	if (kdump_get_number_attr(file->context, KDUMP_ATTR_BYTE_ORDER, &number) == KDUMP_OK)
		facts->big_endian = number == KDUMP_BIG_ENDIAN;
}

/* QEMU's kdump header has an empty utsname, and the library sets up translation from arch.name. */
static void kdumpfile_set_up_translation(struct kdumpfile *file, const char *arch)
{
	const char *known;

	if (arch && kdump_get_string_attr(file->context, KDUMP_ATTR_ARCH_NAME, &known) != KDUMP_OK)
		(void)kdump_set_string_attr(file->context, KDUMP_ATTR_ARCH_NAME, arch);
	if (kdump_set_string_attr(file->context, KDUMP_ATTR_OSTYPE, "linux") != KDUMP_OK)
		return;
	file->facts.can_translate =
		kdump_get_addrxlat(file->context, &file->xlat, &file->system) == KDUMP_OK;
}

struct error *kdumpfile_open(const int *fds, size_t count, const char *arch, struct kdumpfile **ret)
{
	struct kdumpfile *file _cleanup_(kdumpfile_close_cleanup) = mem_zero(sizeof(*file));
	kdump_status status;

	file->context = kdump_new();
	if (!file->context)
		return error_new(ERROR_IO, "libkdumpfile: out of memory");
	/* 0.5.1 maps the file by default, and dies of SIGBUS where a cut dump ends. */
	status = kdump_set_number_attr(file->context, KDUMP_ATTR_FILE_MMAP_POLICY, KDUMP_MMAP_NEVER);
	if (status == KDUMP_OK)
		status = kdump_open_fdset(file->context, (unsigned)count, fds);
	if (status != KDUMP_OK)
		return kdumpfile_error(file, status);
	kdumpfile_set_up_translation(file, arch);
	kdumpfile_learn(file);
	*ret = file;
	file = NULL;
	return NULL;
}

void kdumpfile_close(struct kdumpfile *file)
{
	if (!file)
		return;
	if (file->system)
		addrxlat_sys_decref(file->system);
	if (file->xlat)
		addrxlat_ctx_decref(file->xlat);
	if (file->context)
		kdump_free(file->context);
	free(file);
}

const struct kdumpfile_facts *kdumpfile_facts(const struct kdumpfile *file)
{
	return &file->facts;
}

char *kdumpfile_vmcoreinfo(struct kdumpfile *file)
{
	char *text = NULL;

	return kdump_vmcoreinfo_raw(file->context, &text) == KDUMP_OK ? text : NULL;
}

static enum error_code kdumpfile_code(kdump_status status)
{
	switch (status) {
	case KDUMP_ERR_NODATA:
		return ERROR_NOT_SAVED;
	case KDUMP_ERR_EOF:
		return ERROR_TRUNCATED;
	case KDUMP_ERR_ADDRXLAT:
		return ERROR_NO_TRANSLATION;
	case KDUMP_ERR_SYSTEM:
		return ERROR_IO;
	case KDUMP_ERR_NOTIMPL:
		return ERROR_UNSUPPORTED;
	default:
		return ERROR_CORRUPT;
	}
}

bool kdumpfile_read_page(struct kdumpfile *file, uint64_t physical, void *page,
			 struct fault *ret_fault)
{
	size_t length = file->facts.page_size;
	kdump_status status =
		kdump_read(file->context, KDUMP_KPHYSADDR, physical, page, &length);

	if (status == KDUMP_OK)
		return true;
	*ret_fault = (struct fault){kdumpfile_code(status), physical, "page"};
	return false;
}

/* libkdumpfile hands its own status through libaddrxlat as a negative one. */
static enum error_code kdumpfile_translation_code(addrxlat_status status)
{
	if (status < 0)
		return kdumpfile_code((kdump_status)-status);
	return status == ADDRXLAT_ERR_NODATA ? ERROR_NOT_SAVED : ERROR_NO_TRANSLATION;
}

bool kdumpfile_translate(struct kdumpfile *file, uint64_t address, uint64_t *ret_physical,
			 struct fault *ret_fault)
{
	addrxlat_fulladdr_t place = {.addr = address, .as = ADDRXLAT_KVADDR};
	addrxlat_status status = ADDRXLAT_ERR_NOMETH;

	if (file->facts.can_translate)
		status = addrxlat_fulladdr_conv(&place, ADDRXLAT_KPHYSADDR, file->xlat, file->system);
	if (status == ADDRXLAT_OK) {
		*ret_physical = place.addr;
		return true;
	}
	*ret_fault = (struct fault){kdumpfile_translation_code(status), address, "translation"};
	return false;
}
