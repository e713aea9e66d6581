// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/translator.h"

#include <libkdumpfile/addrxlat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dump/dump_private.h"
#include "dump/vmcoreinfo.h"

struct translator {
	struct dump *dump;
	addrxlat_ctx_t *context;
	addrxlat_sys_t *system;
};

static void translator_put_page(const addrxlat_buffer_t *buffer)
{
	free(buffer->priv);
}

/* The library keeps pages over further calls, so each gets a copy. */
static addrxlat_status translator_get_page(const addrxlat_cb_t *callback, addrxlat_buffer_t *buffer)
{
	struct translator *translator = callback->priv;
	uint8_t *page = mem_zero(CACHE_PAGE_BYTES);
	struct fault fault;

	buffer->addr.addr &= ~(uint64_t)(CACHE_PAGE_BYTES - 1);
	if (!dump_try_read_physical(translator->dump, buffer->addr.addr, page, CACHE_PAGE_BYTES,
				    &fault)) {
		free(page);
		return fault.code == ERROR_NOT_SAVED ? ADDRXLAT_ERR_NODATA : -(int)fault.code;
	}
	buffer->ptr = buffer->priv = page;
	buffer->size = CACHE_PAGE_BYTES;
	buffer->byte_order =
		translator->dump->arch.big_endian ? ADDRXLAT_BIG_ENDIAN : ADDRXLAT_LITTLE_ENDIAN;
	buffer->put_page = translator_put_page;
	return ADDRXLAT_OK;
}

static unsigned long translator_read_caps(const addrxlat_cb_t *callback)
{
	(void)callback;
	return ADDRXLAT_CAPS(ADDRXLAT_KPHYSADDR) | ADDRXLAT_CAPS(ADDRXLAT_MACHPHYSADDR);
}

static addrxlat_status translator_look_up(const addrxlat_cb_t *callback, const char *kind,
					  const char *name, addrxlat_addr_t *ret)
{
	struct translator *translator = callback->priv;
	char key[128];
	uint64_t number;

	snprintf(key, sizeof(key), "%s(%s)", kind, name);
	if (!vmcoreinfo_number(translator->dump->vmcoreinfo, key, &number))
		return ADDRXLAT_ERR_NODATA;
	*ret = number;
	return ADDRXLAT_OK;
}

static addrxlat_status translator_symbol(const addrxlat_cb_t *callback, const char *name,
					 addrxlat_addr_t *ret)
{
	return translator_look_up(callback, "SYMBOL", name, ret);
}

static addrxlat_status translator_size(const addrxlat_cb_t *callback, const char *name,
				       addrxlat_addr_t *ret)
{
	return translator_look_up(callback, "SIZE", name, ret);
}

static addrxlat_status translator_number(const addrxlat_cb_t *callback, const char *name,
					 addrxlat_addr_t *ret)
{
	return translator_look_up(callback, "NUMBER", name, ret);
}

static addrxlat_status translator_offset(const addrxlat_cb_t *callback, const char *object,
					 const char *element, addrxlat_addr_t *ret)
{
	char name[96];

	snprintf(name, sizeof(name), "%s.%s", object, element);
	return translator_look_up(callback, "OFFSET", name, ret);
}

static addrxlat_status translator_register(const addrxlat_cb_t *callback, const char *name,
					   addrxlat_addr_t *ret)
{
	(void)callback;
	(void)name;
	(void)ret;
	return ADDRXLAT_ERR_NODATA;
}

static const char *translator_arch(const char *name)
{
	static const char *const names[][2] = {
		{"ppc64le", "ppc64"},
		{"i686", "ia32"},
		{"armv7l", "arm"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(name, names[i][0]))
			return names[i][1];
	return name;
}

/* The library decides some layouts by it. */
static unsigned long translator_version(const struct vmcoreinfo *info)
{
	const char *release = vmcoreinfo_get(info, "OSRELEASE");
	unsigned major = 0, minor = 0, patch = 0;

	if (!release || sscanf(release, "%3u.%3u.%3u", &major, &minor, &patch) < 2)
		return 0;
	return ADDRXLAT_VER_LINUX(major, minor, patch > 255 ? 255 : patch);
}

static bool translator_init(struct translator *translator)
{
	const struct vmcoreinfo *info = translator->dump->vmcoreinfo;
	addrxlat_opt_t options[5];
	unsigned count = 0;
	uint64_t page_size = 4096, phys_base;
	unsigned long version = translator_version(info);

	vmcoreinfo_number(info, "PAGESIZE", &page_size);
	if (page_size < 4096 || page_size > 1 << 18 || page_size & (page_size - 1))
		return false;
	addrxlat_opt_arch(&options[count++], translator_arch(translator->dump->arch.name));
	addrxlat_opt_os_type(&options[count++], "linux");
	addrxlat_opt_page_shift(&options[count++], (unsigned long)__builtin_ctzll(page_size));
	if (version)
		addrxlat_opt_version_code(&options[count++], version);
	if (vmcoreinfo_number(info, "NUMBER(phys_base)", &phys_base))
		addrxlat_opt_phys_base(&options[count++], phys_base);
	return addrxlat_sys_os_init(translator->system, translator->context, count, options) ==
	       ADDRXLAT_OK;
}

struct translator *translator_new(struct dump *dump)
{
	struct translator *translator = mem_zero(sizeof(*translator));

	translator->dump = dump;
	translator->context = addrxlat_ctx_new();
	translator->system = addrxlat_sys_new();
	addrxlat_cb_t *callback =
		translator->context ? addrxlat_ctx_add_cb(translator->context) : NULL;
	if (callback) {
		callback->priv = translator;
		callback->get_page = translator_get_page;
		callback->read_caps = translator_read_caps;
		callback->reg_value = translator_register;
		callback->sym_value = translator_symbol;
		callback->sym_sizeof = translator_size;
		callback->sym_offsetof = translator_offset;
		callback->num_value = translator_number;
	}
	if (callback && translator->system && translator_init(translator))
		return translator;
	translator_free(translator);
	return NULL;
}

void translator_free(struct translator *translator)
{
	if (!translator)
		return;
	if (translator->system)
		addrxlat_sys_decref(translator->system);
	if (translator->context)
		addrxlat_ctx_decref(translator->context);
	free(translator);
}

bool translator_translate(struct translator *translator, uint64_t address, uint64_t *ret_physical,
			  struct fault *ret_fault)
{
	addrxlat_fulladdr_t place = {.addr = address, .as = ADDRXLAT_KVADDR};
	addrxlat_status status = addrxlat_fulladdr_conv(&place, ADDRXLAT_KPHYSADDR,
							translator->context, translator->system);

	if (status == ADDRXLAT_OK) {
		*ret_physical = place.addr;
		return true;
	}
	ret_fault->code = ERROR_NO_TRANSLATION;
	if (status == ADDRXLAT_ERR_NODATA)
		ret_fault->code = ERROR_NOT_SAVED;
	else if (status < 0 && -status < ERROR_COUNT)
		ret_fault->code = (enum error_code) - status;
	ret_fault->address = address;
	ret_fault->what = "page table";
	return false;
}
