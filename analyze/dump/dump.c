// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/dump_private.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dump/bytes.h"
#include "dump/translator.h"
#include "dump/vmcoreinfo.h"

enum {
	SCAN_FAILURES_MAX = 4 * 1024 * 1024,  /* blocks; a corrupt bitmap may promise billions */
	SEARCH_BLOCKS_MAX = 16 * 1024 * 1024, /* looked at for VMCOREINFO: 64 GiB */
	VMCOREINFO_MAX = 65536,               /* the largest page of a kernel */
};

static struct error *dump_open_files(struct dump *dump, const char *const *paths, size_t count)
{
	dump->files = mem_zero(count * sizeof(*dump->files));
	for (size_t i = 0; i < count; i++) {
		struct error *error = dump_file_open(paths[i], &dump->files[i]);

		if (error)
			return error;
		dump->file_count++;
		/* The caller's string need not outlive this call. */
		dump->files[i].path = dump_file_name(paths[i]);
		dump->info.file_bytes += dump->files[i].stored;
	}
	return NULL;
}

/* Beside the kernel's own note lies that of the hypervisor (Xen's include/public/kexec.h): physical
 * addresses of the kernel then are not the machine's, and its page tables lead elsewhere. */
static struct error *dump_refuse_xen(const struct dump *dump)
{
	size_t position = 0;

	if (!notes_find(&dump->format->notes, "VMCOREINFO_XEN", 0, &position))
		return NULL;
	return error_new(ERROR_INVALID, "%s: a dump of a Xen host, which is not supported",
			 dump->files->path);
}

static struct error *dump_open_format(struct dump *dump)
{
	struct error *error = format_kdump_open(dump->files, dump->file_count, &dump->format);

	if (!error && !dump->format)
		error = format_elf_open(dump->files, dump->file_count, &dump->format);
	if (!error && !dump->format)
		error = format_kdumpfile_open(dump->files, dump->file_count, &dump->format);
	if (!error)
		error = dump_refuse_xen(dump);
	return error;
}

/* The kernel keeps the text of its VMCOREINFO at the start of a page (kernel/crash_core.c,
 * vmcoreinfo_data), where it is found when QEMU, without its vmcoreinfo device, did not know it. */
static bool dump_found_vmcoreinfo(void *context, uint64_t physical, const void *page)
{
	static const char start[] = "OSRELEASE=";
	struct dump *dump = context;

	log_progress("looking for VMCOREINFO in memory: %llu MiB",
		     (unsigned long long)(physical >> 20));
	if (dump->counters.pages > SEARCH_BLOCKS_MAX)
		return false;
	/* A block of the dump may be larger than a page of the kernel. */
	for (size_t at = 0; at < dump->info.page_size; at += CACHE_PAGE_BYTES) {
		const char *text = (const char *)page + at;
		size_t length = dump->info.page_size - at;

		if (memcmp(text, start, sizeof(start) - 1))
			continue;
		length = strnlen(text, length < VMCOREINFO_MAX ? length : VMCOREINFO_MAX);
		if (!memmem(text, length, "\nPAGESIZE=", 10))
			continue;
		dump->vmcoreinfo = vmcoreinfo_new(text, length);
		return false;
	}
	return true;
}

static void dump_learn_vmcoreinfo(struct dump *dump)
{
	const char *text = dump->format->vmcoreinfo;

	if (text && *text)
		dump->vmcoreinfo = vmcoreinfo_new(text, strlen(text));
	else
		dump_scan_physical(dump, dump_found_vmcoreinfo, dump);
	log_progress_end();
	if (!dump->vmcoreinfo)
		dump->vmcoreinfo = vmcoreinfo_new("", 0);
}

/* The architecture where the headers do not name it: QEMU says "Unknown" of arm64. These entries of
 * VMCOREINFO each belong to one (arch/.../kernel/crash_core.c, vmcore_info.c). */
static const char *dump_guess_arch(const struct vmcoreinfo *info)
{
	static const char *const keys[][2] = {
		{"NUMBER(kimage_voffset)", "aarch64"},
		{"NUMBER(phys_base)", "x86_64"},
		{"NUMBER(va_kernel_pa_offset)", "riscv64"},
		{"SYMBOL(lowcore_ptr)", "s390x"},
		{"SYMBOL(cur_cpu_spec)", "ppc64"},
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (vmcoreinfo_get(info, keys[i][0]))
			return keys[i][1];
	return "unknown";
}

/* QEMU says what byte order the firmware of a Power machine has. The kernel's own is seen in its set
 * of online nodes, of which there are a few. */
static bool dump_power_is_big_endian(struct dump *dump)
{
	static const uint64_t linear = 0xc000000000000000;
	uint8_t bytes[8];
	uint64_t address;
	struct fault fault;

	if (!vmcoreinfo_number(dump->vmcoreinfo, "SYMBOL(node_online_map)", &address) ||
	    !dump_try_read_physical(dump, address - linear, bytes, sizeof(bytes), &fault))
		return dump->format->big_endian;
	uint64_t big = bytes_u64(bytes, true), little = bytes_u64(bytes, false);
	return big == little ? dump->format->big_endian : big < little;
}

/* Headers speak of the machine, which may be wider than its kernel: QEMU writes ELF files of 64
 * bits, and headers of x86_64, of a kernel of 32 bits. A list head is two pointers. */
static void dump_learn_arch(struct dump *dump)
{
	const struct format *format = dump->format;
	struct arch *arch = &dump->arch;
	uint64_t list_head;

	arch->big_endian = format->big_endian;
	arch->name = format->arch ? format->arch : dump_guess_arch(dump->vmcoreinfo);
	if (!strncmp(arch->name, "ppc64", 5)) {
		arch->big_endian = dump_power_is_big_endian(dump);
		arch->name = arch->big_endian ? "ppc64" : "ppc64le";
	}
	arch->pointer_size = format->pointer_size;
	if (vmcoreinfo_number(dump->vmcoreinfo, "SIZE(list_head)", &list_head) &&
	    (list_head == 8 || list_head == 16))
		arch->pointer_size = (uint8_t)(list_head / 2);
	if (!strcmp(arch->name, "x86_64") && arch->pointer_size == 4)
		arch->name = "i686";
}

/* What receives or writes a dump calls it so until all is there: netdump-server, kdump's scripts. */
static bool dump_is_unfinished(const char *path)
{
	static const char end[] = "-incomplete";
	size_t length = strlen(path);

	return length >= sizeof(end) - 1 && !strcmp(path + length - (sizeof(end) - 1), end);
}

static void dump_learn(struct dump *dump)
{
	const struct format *format = dump->format;
	uint64_t file_bytes = dump->info.file_bytes;

	dump->info = format->info;
	dump->info.path = dump->files->path;
	dump->info.file_bytes = file_bytes;
	dump->info.unfinished = dump_is_unfinished(dump->files->path);
	dump->info.truncated |= dump->info.unfinished;
	cache_init(&dump->cache);
	if (dump->info.page_size > CACHE_PAGE_BYTES)
		dump->block = mem_zero(dump->info.page_size);
	dump_learn_vmcoreinfo(dump);
	dump_learn_arch(dump);
	dump->has_paging = paging_init(&dump->paging, dump->arch.name, dump->vmcoreinfo,
				       format->has_phys_base ? &format->phys_base : NULL);
	if (dump->has_paging)
		paging_find_direct(&dump->paging, dump, format->blocks * dump->info.page_size);
	else
		dump->translator = translator_new(dump);
}

struct error *dump_open(const char *const *paths, size_t count, struct dump **ret)
{
	struct dump *dump _cleanup_(dump_close_cleanup) = mem_zero(sizeof(*dump));

	if (!count)
		return error_new(ERROR_INVALID, "no dump given");
	struct error *error = dump_open_files(dump, paths, count);
	if (!error)
		error = dump_open_format(dump);
	if (error)
		return error;
	dump_learn(dump);
	if (dump->info.truncated && !dump->info.pages_saved && !*vmcoreinfo_text(dump->vmcoreinfo))
		return format_error_cut(dump->files);
	*ret = dump;
	dump = NULL;
	return NULL;
}

void dump_close(struct dump *dump)
{
	if (!dump)
		return;
	translator_free(dump->translator);
	vmcoreinfo_free(dump->vmcoreinfo);
	cache_deinit(&dump->cache);
	format_free(dump->format);
	free(dump->block);
	for (size_t i = 0; i < dump->file_count; i++) {
		free((char *)(uintptr_t)dump->files[i].path);
		dump_file_close(&dump->files[i]);
	}
	free(dump->files);
	free(dump);
}

const struct dump_info *dump_info(const struct dump *dump)
{
	return &dump->info;
}

const struct arch *dump_arch(const struct dump *dump)
{
	return &dump->arch;
}

const struct dump_counters *dump_counters(const struct dump *dump)
{
	return &dump->counters;
}

const struct vmcoreinfo *dump_vmcoreinfo(const struct dump *dump)
{
	return dump->vmcoreinfo;
}

static bool dump_state_fault(enum block_state state, uint64_t address, struct fault *ret_fault)
{
	static const enum error_code codes[BLOCK_STATES] = {
		[BLOCK_LEFT_OUT] = ERROR_NOT_SAVED,
		[BLOCK_CUT] = ERROR_TRUNCATED,
		[BLOCK_NO_RAM] = ERROR_NO_TRANSLATION,
		[BLOCK_BROKEN] = ERROR_CORRUPT,
	};

	if (state != BLOCK_SAVED)
		*ret_fault = (struct fault){codes[state], address, "page"};
	return state == BLOCK_SAVED;
}

/* Reads a page of the cache's size, out of a block that may be larger. */
static enum block_state dump_load(struct dump *dump, uint64_t number, uint8_t *bytes)
{
	uint64_t per_block = dump->info.page_size / CACHE_PAGE_BYTES, block = number / per_block;
	const struct format_ops *ops = dump->format->ops;

	if (!dump->block)
		return ops->read(dump->format, number, bytes);
	if (dump->block_number != block + 1) {
		dump->block_number = 0;
		enum block_state state = ops->read(dump->format, block, dump->block);
		if (state != BLOCK_SAVED)
			return state;
		dump->block_number = block + 1;
	}
	memcpy(bytes, dump->block + number % per_block * CACHE_PAGE_BYTES, CACHE_PAGE_BYTES);
	return BLOCK_SAVED;
}

/* The page of physical memory an address lies in, from the cache or the file; NULL and why. */
static struct cache_page *dump_page(struct dump *dump, uint64_t physical, struct fault *ret_fault)
{
	uint64_t number = physical >> CACHE_PAGE_SHIFT, frame = number + 1;
	struct cache_page *page = cache_get(&dump->cache, frame);

	if (page)
		return page;
	if (!dump_state_fault(dump_load(dump, number, dump->cache.spare), physical, ret_fault))
		return NULL;
	dump->counters.pages++;
	return cache_put(&dump->cache, frame);
}

bool dump_read_table(struct dump *dump, uint64_t physical, uint64_t *ret, struct fault *ret_fault)
{
	const struct cache_page *page = dump_page(dump, physical, ret_fault);

	if (page)
		*ret = bytes_u64(page->bytes + (physical & (CACHE_PAGE_BYTES - 8)),
				 dump->arch.big_endian);
	return page;
}

bool dump_translate(struct dump *dump, uint64_t address, uint64_t *ret_physical,
		    struct fault *ret_fault)
{
	const struct format *format = dump->format;

	dump->counters.translations++;
	*ret_fault = (struct fault){ERROR_NO_TRANSLATION, address, "address"};
	if (dump->has_paging &&
	    paging_translate(&dump->paging, dump, address, ret_physical, ret_fault))
		return true;
	if (dump->translator &&
	    translator_translate(dump->translator, address, ret_physical, ret_fault))
		return true;
	/* With page tables at hand, what the headers say is only for those that are lost. */
	bool may_guess = !dump->has_paging || ret_fault->code != ERROR_NO_TRANSLATION;
	if (may_guess && format->ops->translate &&
	    format->ops->translate(dump->format, address, ret_physical))
		return true;
	ret_fault->address = address;
	return false;
}

static struct cache_page *dump_page_virtual(struct dump *dump, uint64_t address,
					    struct fault *ret_fault)
{
	uint64_t physical;

	return dump_translate(dump, address, &physical, ret_fault)
		       ? dump_page(dump, physical, ret_fault)
		       : NULL;
}

/* What cache_find() did not have. Failures are remembered too: a rule may run into the same hole a
 * thousand times. */
static const uint8_t *dump_fetch(struct dump *dump, uint64_t address, struct fault *ret_fault)
{
	uint64_t page = (address >> CACHE_PAGE_SHIFT) + 1;
	struct cache_alias *alias = cache_alias(&dump->cache, page);

	if (alias->page != page || alias->slot) {
		struct cache_page *slot = dump_page_virtual(dump, address, ret_fault);

		*alias = (struct cache_alias){.page = page, .slot = slot};
		if (slot)
			alias->frame = slot->frame;
		else
			alias->fault = *ret_fault;
	}
	if (alias->slot)
		return alias->slot->bytes + (address & (CACHE_PAGE_BYTES - 1));
	*ret_fault = (struct fault){alias->fault.code, address, alias->fault.what};
	return NULL;
}

static inline size_t dump_rest_of_page(uint64_t address)
{
	return CACHE_PAGE_BYTES - (size_t)(address & (CACHE_PAGE_BYTES - 1));
}

static bool dump_read_pages(struct dump *dump, uint64_t address, uint8_t *buffer, size_t length,
			    struct fault *ret_fault)
{
	while (length) {
		size_t rest = dump_rest_of_page(address), part = length < rest ? length : rest;
		const uint8_t *bytes = cache_find(&dump->cache, address);

		if (!bytes)
			bytes = dump_fetch(dump, address, ret_fault);
		if (!bytes)
			return false;
		/* Not memcpy(): gcc makes "rep movs" of it, 20 ns for 8 bytes. */
		memmove(buffer, bytes, part);
		buffer += part;
		address += part;
		length -= part;
	}
	return true;
}

bool dump_try_read(struct dump *dump, uint64_t address, void *buffer, size_t length,
		   struct fault *ret_fault)
{
	dump->counters.reads++;
	dump->counters.bytes += length;
	return dump_read_pages(dump, address, buffer, length, ret_fault);
}

struct error *dump_read(struct dump *dump, uint64_t address, void *buffer, size_t length)
{
	struct fault fault;

	if (dump_try_read(dump, address, buffer, length, &fault))
		return NULL;
	return error_fault(fault.code, fault.address, "%s (0x%llx)", error_words(fault.code),
			   (unsigned long long)fault.address);
}

const void *dump_peek(struct dump *dump, uint64_t address, size_t *ret_length,
		      struct fault *ret_fault)
{
	const uint8_t *bytes = cache_find(&dump->cache, address);

	dump->counters.reads++;
	if (!bytes)
		bytes = dump_fetch(dump, address, ret_fault);
	if (bytes)
		*ret_length = dump_rest_of_page(address);
	return bytes;
}

bool dump_try_read_physical(struct dump *dump, uint64_t address, void *buffer, size_t length,
			    struct fault *ret_fault)
{
	dump->counters.reads++;
	dump->counters.bytes += length;
	for (uint8_t *to = buffer; length;) {
		size_t rest = dump_rest_of_page(address), part = length < rest ? length : rest;
		const struct cache_page *page = dump_page(dump, address, ret_fault);

		if (!page)
			return false;
		memcpy(to, page->bytes + CACHE_PAGE_BYTES - rest, part);
		to += part;
		address += part;
		length -= part;
	}
	return true;
}

bool dump_is_saved(struct dump *dump, uint64_t address, struct fault *ret_fault)
{
	uint64_t physical;

	if (cache_find(&dump->cache, address))
		return true;
	return dump_translate(dump, address, &physical, ret_fault) &&
	       dump_state_fault(
		       dump->format->ops->state(dump->format, physical / dump->info.page_size),
		       address, ret_fault);
}

bool dump_try_read_user(struct dump *dump, uint64_t pgd, uint64_t address, void *buffer,
			size_t length, struct fault *ret_fault)
{
	uint64_t root, physical;

	if (!dump->has_paging) {
		*ret_fault =
			(struct fault){ERROR_UNSUPPORTED, address, "page tables of this machine"};
		return false;
	}
	if (!dump_translate(dump, pgd, &root, ret_fault))
		return false;
	for (uint8_t *to = buffer; length;) {
		size_t rest = dump_rest_of_page(address), part = length < rest ? length : rest;

		if (!paging_walk(&dump->paging, dump, root, address, &physical, ret_fault) ||
		    !dump_try_read_physical(dump, physical, to, part, ret_fault)) {
			ret_fault->address = address;
			return false;
		}
		to += part;
		address += part;
		length -= part;
	}
	return true;
}

uint64_t dump_number(const struct dump *dump, const void *bytes, size_t length)
{
	bool big_endian = dump->arch.big_endian;

	switch (length) {
	case 8:
		return bytes_u64(bytes, big_endian);
	case 4:
		return bytes_u32(bytes, big_endian);
	case 2:
		return bytes_u16(bytes, big_endian);
	default:
		return *(const uint8_t *)bytes;
	}
}

bool dump_try_read_number(struct dump *dump, uint64_t address, size_t length, uint64_t *ret,
			  struct fault *ret_fault)
{
	const uint8_t *cached = cache_find(&dump->cache, address);
	uint8_t bytes[8];

	if (cached && length <= dump_rest_of_page(address)) {
		dump->counters.reads++;
		dump->counters.bytes += length;
	} else if (dump_try_read(dump, address, bytes, length, ret_fault)) {
		cached = bytes;
	} else {
		return false;
	}
	*ret = dump_number(dump, cached, length);
	return true;
}

bool dump_try_read_pointer(struct dump *dump, uint64_t address, uint64_t *ret,
			   struct fault *ret_fault)
{
	return dump_try_read_number(dump, address, dump->arch.pointer_size, ret, ret_fault);
}

void dump_scan_physical(struct dump *dump,
			bool (*found)(void *context, uint64_t physical, const void *page),
			void *context)
{
	const struct format_ops *ops = dump->format->ops;
	uint8_t *page _cleanup_free_ = mem_zero(dump->info.page_size);
	unsigned failures = 0;

	for (uint64_t number = 0; ops->next(dump->format, &number) && failures < SCAN_FAILURES_MAX;
	     number++) {
		if (ops->read(dump->format, number, page) != BLOCK_SAVED) {
			failures++;
			continue;
		}
		dump->counters.pages++;
		if (!found(context, number * dump->info.page_size, page))
			return;
	}
}
