// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/foreign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dump/file.h"

#define UNPACK "; unpack it first"
#define DISK ", which holds no memory"

enum { MAGIC_MAX = 16 };

struct foreign {
	const char *magic;
	uint8_t length;
	uint16_t offset;
	bool is_read; /* by libkdumpfile */
	const char *what;
};

#define AT(offset, magic) (magic), sizeof(magic) - 1, (offset)

/* After the manual pages and headers of the programs that write them, and file(1)'s list. */
static const struct foreign foreigns[] = {
	{AT(0, "\x1f\x8b"), false, "compressed by gzip" UNPACK},
	{AT(0, "\xfd" "7zXZ\0"), false, "compressed by xz" UNPACK},
	{AT(0, "\x28\xb5\x2f\xfd"), false, "compressed by zstd" UNPACK},
	{AT(0, "BZh"), false, "compressed by bzip2" UNPACK},
	{AT(0, "\x04\x22\x4d\x18"), false, "compressed by lz4" UNPACK},
	{AT(0, "\x89LZO\0"), false, "compressed by lzop" UNPACK},
	{AT(0, "PK\x03\x04"), false, "a zip archive" UNPACK},
	{AT(0, "7z\xbc\xaf\x27\x1c"), false, "a 7-Zip archive" UNPACK},
	{AT(257, "ustar"), false, "a tar archive" UNPACK},
	{AT(0, "QFI\xfb"), false, "a qcow2 disk image" DISK},
	{AT(0, "KDMV"), false, "a VMware disk image" DISK},
	{AT(0, "vhdxfile"), false, "a Hyper-V disk image" DISK},
	{AT(0, "QEVM"), false, "a saved state of QEMU; take a dump by dump-guest-memory"},
	{AT(0, "LibvirtQemudSave"), false,
	 "a saved state of libvirt; take a dump by virsh dump --memory-only"},
	{AT(0, "\xd0\xbe\xd2\xbe"), false, "a saved state of VMware; convert it by vmss2core"},
	{AT(0, "\xd1\xba\xd1\xba"), false, "a saved state of VMware; convert it by vmss2core"},
	{AT(0, "\xd2\xbe\xd2\xbe"), false, "a saved state of VMware; convert it by vmss2core"},
	{AT(0, "\xd3\xbe\xd3\xbe"), false, "a saved state of VMware; convert it by vmss2core"},
	{AT(0, "EMiL"), false, "a LiME memory image, which is not supported"},
	{AT(0, "PAGEDU64"), false, "a dump of Windows"},
	{AT(0, "PAGEDUMP"), false, "a dump of Windows"},
	{AT(0, "MDMP"), false, "a minidump of a process"},
	/* XC_CORE_MAGIC and XC_CORE_MAGIC_HVM of Xen's libxenctrl before 3.2. */
	{AT(0, "\xed\xeb\x0f\xf0"), false, "an old Xen dump, which is not supported"},
	{AT(0, "\xee\xeb\x0f\xf0"), false, "an old Xen dump, which is not supported"},
	/* libkdumpfile's reader of this format, which no kernel has written for fifteen years,
	 * crashes on every third corrupt file. */
	{AT(0, "\xed\x23\x8f\x61\x73\x01\x19\xa8"), false, "an LKCD dump, which is not supported"},
	{AT(0, "\xa8\x19\x01\x73\x61\x8f\x23\xed"), false, "an LKCD dump, which is not supported"},
	{AT(0, "sadump\0\0"), true, "an SADUMP dump"},
	{AT(0, "\xa8\x19\x01\x73\x61\x8f\x23\xfd"), true, "an s390 stand-alone dump"},
};

static const struct foreign *foreign_find(const struct dump_file *file)
{
	char bytes[MAGIC_MAX];

	for (size_t i = 0; i < sizeof(foreigns) / sizeof(*foreigns); i++) {
		const struct foreign *foreign = &foreigns[i];

		if (dump_file_read(file, foreign->offset, bytes, foreign->length) &&
		    !memcmp(bytes, foreign->magic, foreign->length))
			return foreign;
	}
	return NULL;
}

struct error *foreign_refuse(const struct dump_file *file)
{
	const struct foreign *foreign = foreign_find(file);

	if (!foreign || foreign->is_read)
		return NULL;
	return error_new(ERROR_INVALID, "%s: not a vmcore, but %s", file->path, foreign->what);
}

struct error *foreign_refuse_unread(const struct dump_file *file, const char *reason)
{
	const struct foreign *foreign = foreign_find(file);

	if (!foreign)
		return error_new(ERROR_INVALID, "%s: not a vmcore (no dump format known to us)",
				 file->path);
	return error_new(ERROR_INVALID, "%s: %s that libkdumpfile cannot read: %s", file->path,
			 foreign->what, reason);
}
