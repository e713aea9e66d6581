// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/dump_private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "dump/dump_kdumpfile.h"
#include "dump/vmcoreinfo.h"

static struct error *dump_open_files(struct dump *dump, const char *const *paths, size_t count)
{
	dump->fds = mem_zero(count * sizeof(*dump->fds));
	for (size_t i = 0; i < count; i++) {
		struct stat status;
		int fd = open(paths[i], O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0)
			return error_errno("%s", paths[i]);
		dump->fds[dump->fd_count++] = fd;
		if (fstat(fd, &status))
			return error_errno("%s", paths[i]);
		if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
			return error_new(ERROR_INVALID, "%s: not a regular file", paths[i]);
		dump->info.file_bytes += (uint64_t)status.st_size;
	}
	return NULL;
}

static void dump_learn(struct dump *dump)
{
	const struct kdumpfile_facts *facts = kdumpfile_facts(dump->file);
	char *text _cleanup_free_ = kdumpfile_vmcoreinfo(dump->file);

	dump->vmcoreinfo = vmcoreinfo_new(text ? text : "", text ? strlen(text) : 0);
	dump->arch.name = facts->arch ? facts->arch : "unknown";
	dump->arch.pointer_size = facts->pointer_size ? facts->pointer_size : 8;
	dump->arch.big_endian = facts->big_endian;
	dump->info.format = facts->format ? facts->format : "unknown";
	dump->info.compression = "unknown";
	dump->info.level_asked = -1;
	dump->info.page_size = facts->page_size ? facts->page_size : 4096;
	cache_init(&dump->cache, (unsigned)__builtin_ctzll(dump->info.page_size));
}

struct error *dump_open(const char *const *paths, size_t count, struct dump **ret)
{
	struct dump *dump _cleanup_(dump_close_cleanup) = mem_zero(sizeof(*dump));

	if (!count)
		return error_new(ERROR_INVALID, "no dump given");
	dump->path = mem_strdup(paths[0]);
	dump->info.path = dump->path;
	struct error *error = dump_open_files(dump, paths, count);
	if (!error)
		error = kdumpfile_open(dump->fds, dump->fd_count, NULL, &dump->file);
	if (error)
		return error;
	dump_learn(dump);
	*ret = dump;
	dump = NULL;
	return NULL;
}

void dump_close(struct dump *dump)
{
	if (!dump)
		return;
	kdumpfile_close(dump->file);
	vmcoreinfo_free(dump->vmcoreinfo);
	cache_deinit(&dump->cache);
	for (size_t i = 0; i < dump->fd_count; i++)
		close(dump->fds[i]);
	free(dump->fds);
	free(dump->path);
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

/* The page of physical memory with that number, from the cache or the file; NULL and why. */
static struct cache_page *dump_page(struct dump *dump, uint64_t number, struct fault *ret_fault)
{
	struct cache_page *slot = cache_page_slot(&dump->cache, number + 1);

	if (slot->frame == number + 1)
		return slot;
	slot->frame = 0;
	if (!kdumpfile_read_page(dump->file, number << dump->cache.page_shift, slot->bytes, ret_fault))
		return NULL;
	dump->counters.pages++;
	slot->frame = number + 1;
	return slot;
}

bool dump_translate(struct dump *dump, uint64_t address, uint64_t *ret_physical,
		    struct fault *ret_fault)
{
	dump->counters.translations++;
	return kdumpfile_translate(dump->file, address, ret_physical, ret_fault);
}

static struct cache_page *dump_fetch_virtual(struct dump *dump, uint64_t address,
					     struct fault *ret_fault)
{
	uint64_t physical;

	if (!dump_translate(dump, address, &physical, ret_fault))
		return NULL;
	return dump_page(dump, physical >> dump->cache.page_shift, ret_fault);
}

/* What cache_find() did not have: from `address` to the end of its page. */
static const uint8_t *dump_fetch(struct dump *dump, uint64_t address, struct fault *ret_fault)
{
	uint64_t page = (address >> dump->cache.page_shift) + 1;
	struct cache_alias *alias = cache_alias_slot(&dump->cache, page);

	if (alias->page == page && !alias->slot) {
		*ret_fault = (struct fault){alias->code, address, "page"};
		return NULL;
	}
	struct cache_page *slot = dump_fetch_virtual(dump, address, ret_fault);
	if (!slot)
		*ret_fault = (struct fault){ret_fault->code, address, ret_fault->what};
	*alias = (struct cache_alias){
		.page = page,
		.frame = slot ? slot->frame : 0,
		.slot = slot,
		.code = slot ? 0 : ret_fault->code,
	};
	return slot ? slot->bytes + (address & (dump->info.page_size - 1)) : NULL;
}

static bool dump_read_pages(struct dump *dump, uint64_t address, uint8_t *buffer, size_t length,
			    struct fault *ret_fault)
{
	while (length) {
		size_t rest = dump->info.page_size - (address & (dump->info.page_size - 1));
		size_t part = length < rest ? length : rest;
		const uint8_t *bytes = cache_find(&dump->cache, address);

		if (!bytes)
			bytes = dump_fetch(dump, address, ret_fault);
		if (!bytes)
			return false;
		memcpy(buffer, bytes, part);
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
	return error_fault(fault.code, fault.address, "%s at 0x%llx", error_words(fault.code),
			   (unsigned long long)fault.address);
}

const void *dump_peek(struct dump *dump, uint64_t address, size_t *ret_length, struct fault *ret_fault)
{
	const uint8_t *bytes = cache_find(&dump->cache, address);

	dump->counters.reads++;
	if (!bytes)
		bytes = dump_fetch(dump, address, ret_fault);
	if (bytes)
		*ret_length = dump->info.page_size - (address & (dump->info.page_size - 1));
	return bytes;
}

bool dump_try_read_physical(struct dump *dump, uint64_t address, void *buffer, size_t length,
			    struct fault *ret_fault)
{
	uint64_t mask = dump->info.page_size - 1;

	dump->counters.reads++;
	dump->counters.bytes += length;
	for (uint8_t *to = buffer; length;) {
		size_t rest = dump->info.page_size - (address & mask);
		size_t part = length < rest ? length : rest;
		const struct cache_page *page =
			dump_page(dump, address >> dump->cache.page_shift, ret_fault);

		if (!page)
			return false;
		memcpy(to, page->bytes + (address & mask), part);
		to += part;
		address += part;
		length -= part;
	}
	return true;
}

bool dump_is_saved(struct dump *dump, uint64_t address, struct fault *ret_fault)
{
	return cache_find(&dump->cache, address) || dump_fetch(dump, address, ret_fault);
}

bool dump_try_read_user(struct dump *dump, uint64_t pgd, uint64_t address, void *buffer,
			size_t length, struct fault *ret_fault)
{
	(void)dump;
	(void)pgd;
	(void)buffer;
	(void)length;
	*ret_fault = (struct fault){ERROR_UNSUPPORTED, address, "user memory"};
	return false;
}

uint64_t dump_number(const struct dump *dump, const void *bytes, size_t length)
{
	const uint8_t *byte = bytes;
	uint64_t number = 0;

	for (size_t i = 0; i < length; i++)
		number = number << 8 | byte[dump->arch.big_endian ? i : length - 1 - i];
	return number;
}

bool dump_try_read_number(struct dump *dump, uint64_t address, size_t length, uint64_t *ret,
			  struct fault *ret_fault)
{
	uint8_t bytes[8];

	if (!dump_try_read(dump, address, bytes, length, ret_fault))
		return false;
	*ret = dump_number(dump, bytes, length);
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
	(void)dump;
	(void)found;
	(void)context;
}
