// SPDX-License-Identifier: GPL-2.0-or-later
// A dump of any bytes: ELF and kdump headers, notes, descriptors, compressed pages, page tables. Dumps are mostly
// holes, so the input is what is not: a byte of flags (1: flattened; 2: without an end mark), then pieces of the file,
// each a position of 24 bits, a length of 16, and its bytes.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dump/dump.h"
#include "dump/registers.h"
#include "dump/vmcoreinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_LIMIT = 1 << 20, FLAT_HEADER = 4096, PIECE_HEADER = 5 };

static void put_number(uint8_t *bytes, uint64_t number)
{
	for (int i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(number >> (56 - 8 * i));
}

/* Header and end mark of makedumpfile's flattened format. */
static void put_flat(int file, off_t *at, uint64_t position, uint64_t length)
{
	uint8_t header[16];

	put_number(header, position);
	put_number(header + 8, length);
	*at += pwrite(file, header, sizeof(header), *at);
}

static off_t begin_flat(int file)
{
	uint8_t header[32] = "makedumpfile";

	put_number(header + 16, 1);
	put_number(header + 24, 1);
	if (pwrite(file, header, sizeof(header), 0) < 0)
		abort();
	return FLAT_HEADER;
}

static void write_pieces(int file, const uint8_t *data, size_t size)
{
	bool is_flat = size && data[0] & 1, has_end = size && !(data[0] & 2);
	off_t at = is_flat ? begin_flat(file) : 0;

	for (size_t i = 1; i + PIECE_HEADER <= size;) {
		uint64_t position = data[i] | data[i + 1] << 8 | data[i + 2] << 16;
		size_t length = data[i + 3] | (size_t)data[i + 4] << 8;

		i += PIECE_HEADER;
		if (length > size - i)
			length = size - i;
		if (is_flat)
			put_flat(file, &at, position, length);
		else
			at = (off_t)(position % FILE_LIMIT);
		at += pwrite(file, data + i, length, at);
		i += length;
	}
	if (is_flat && has_end)
		put_flat(file, &at, UINT64_MAX, UINT64_MAX);
}

static bool count_page(void *context, uint64_t physical, const void *page)
{
	(void)physical, (void)page;
	return ++*(unsigned *)context < 64;
}

static void ask_address(struct dump *dump, uint64_t address)
{
	uint64_t bytes[40], physical;
	struct fault fault;
	size_t length;
	const uint8_t *peeked;

	dump_translate(dump, address, &physical, &fault);
	dump_is_saved(dump, address, &fault);
	dump_try_read(dump, address, bytes, sizeof(bytes), &fault);
	dump_try_read_physical(dump, address, bytes, sizeof(bytes), &fault);
	dump_try_read_user(dump, address, 0x400000, bytes, sizeof(bytes), &fault);
	peeked = dump_peek(dump, address, &length, &fault);
	if (peeked && length && peeked[0] == 1 && peeked[length - 1] == 2)
		dump_number(dump, peeked, length < 8 ? 1 : 8);
}

static void ask(struct dump *dump)
{
	static const uint64_t addresses[] = {
		0, 0xff8, 0x1000, 0x100000, 0xffffffff81000ff8, 0xffffffffc0000000,
		0xffff888000000000, 0xffff888000000ffc, 0xffffc90000000000, UINT64_MAX - 3,
		0xffff000000080000, 0xffff800008000000, 0xc0000000};
	struct registers registers;
	unsigned pages = 0;

	for (size_t i = 0; i < dump_registers_count(dump) && i < 8; i++) {
		if (dump_registers(dump, i, &registers) && registers.raw_count > 40)
			abort();
	}
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++)
		ask_address(dump, addresses[i]);
	dump_scan_physical(dump, count_page, &pages);
	if (!*dump_info(dump)->format || !*dump_arch(dump)->name)
		abort();
}

/* What is neither of these goes to libkdumpfile, whose faults are not sought here. */
static bool is_ours(int file)
{
	uint8_t start[16] = {0};
	ssize_t length = pread(file, start, sizeof(start), 0);

	if (length > 0 && !memcmp(start, "makedumpfile", 12))
		length = pread(file, start, sizeof(start), FLAT_HEADER + 16);
	return length >= 8 && (!memcmp(start, "\177ELF", 4) || !memcmp(start, "KDUMP   ", 8));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int file = memfd_create("fuzz", 0);
	struct dump *dump = NULL;
	char path[32];
	const char *paths[] = {path};

	if (file < 0)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	write_pieces(file, data, size);
	if (is_ours(file)) {
		struct error *error = dump_open(paths, 1, &dump);

		if (!error)
			ask(dump);
		else if (strchr(error->message, '\n'))
			abort();
		error_free(error);
		dump_close(dump);
	}
	close(file);
	return 0;
}
