// SPDX-License-Identifier: GPL-2.0-or-later
// ELF dumps that become kdump files. What comes out is read by a few lines of the test's own, from makedumpfile's
// description of the format; libkdumpfile, makedumpfile and kmortem read whole dumps elsewhere.
#include "store/elf_map.c"
#include "store/kdump.c"

#include <elf.h>
#include <lzo/lzo1x.h>
#include <stdio.h>
#include <sys/stat.h>
#include <zlib.h>
#include <zstd.h>

#include "test.h"

enum { PAGE = 4096, FILE_MAX = 4 << 20 };

/* An ELF file in memory. */
struct elf_file {
	uint8_t bytes[FILE_MAX];
	size_t length;
	bool is_64, is_big;
};

struct segment {
	uint64_t physical, size;
};

static void put_n(const struct elf_file *file, uint8_t *at, uint64_t value, size_t length)
{
	for (size_t i = 0; i < length; i++)
		at[file->is_big ? length - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_n(const struct elf_file *file, const uint8_t *at, size_t length)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++)
		value |= (uint64_t)at[file->is_big ? length - 1 - i : i] << 8 * i;
	return value;
}

static const char info[] = "OSRELEASE=6.1.0-test\nPAGESIZE=4096\nNUMBER(phys_base)=-4194304\n";

static size_t put_note(const struct elf_file *file, uint8_t *at, const char *name, size_t name_size, const void *content,
		       size_t size, uint32_t type)
{
	put_n(file, at, name_size, 4);
	put_n(file, at + 4, size, 4);
	put_n(file, at + 8, type, 4);
	memcpy(at + 12, name, name_size);
	memcpy(at + 12 + (name_size + 3) / 4 * 4, content, size);
	return 12 + (name_size + 3) / 4 * 4 + (size + 3) / 4 * 4;
}

static void put_program(const struct elf_file *file, uint8_t *at, uint32_t type, uint64_t offset, uint64_t physical,
			uint64_t size)
{
	put_n(file, at, type, 4);
	if (file->is_64) {
		put_n(file, at + 8, offset, 8);
		put_n(file, at + 24, physical, 8);
		put_n(file, at + 32, size, 8);
		put_n(file, at + 40, size, 8);
	} else {
		put_n(file, at + 4, offset, 4);
		put_n(file, at + 12, physical, 4);
		put_n(file, at + 16, size, 4);
		put_n(file, at + 20, size, 4);
	}
}

/* What is at a physical address: every third page is zeros, some cannot be compressed. */
static uint8_t byte_at(uint64_t physical)
{
	uint64_t page = physical / PAGE;

	if (page % 3 == 0)
		return 0;
	return page % 3 == 1 ? (uint8_t)(physical * 2654435761u >> 13) : (uint8_t)(page + physical % 16);
}

static void build(struct elf_file *file, bool is_64, bool is_big, uint16_t machine, const struct segment *segments,
		  size_t count)
{
	uint8_t *bytes = file->bytes, notes[1024];
	uint8_t registers[336] = {1, 2, 3};
	size_t header = is_64 ? 64 : 52, program = is_64 ? 56 : 32;

	memset(file, 0, sizeof(*file));
	file->is_64 = is_64;
	file->is_big = is_big;
	size_t notes_size = put_note(file, notes, "CORE", 5, registers, sizeof(registers), NT_PRSTATUS);
	notes_size += put_note(file, notes + notes_size, "CORE", 5, registers, sizeof(registers), NT_PRSTATUS);
	notes_size += put_note(file, notes + notes_size, "VMCOREINFO", 11, info, sizeof(info) - 1, 0);
	memcpy(bytes, ELFMAG, SELFMAG);
	bytes[EI_CLASS] = is_64 ? ELFCLASS64 : ELFCLASS32;
	bytes[EI_DATA] = is_big ? ELFDATA2MSB : ELFDATA2LSB;
	put_n(file, bytes + 16, ET_CORE, 2);
	put_n(file, bytes + 18, machine, 2);
	put_n(file, bytes + (is_64 ? 32 : 28), header, is_64 ? 8 : 4);
	put_n(file, bytes + (is_64 ? 54 : 42), program, 2);
	put_n(file, bytes + (is_64 ? 56 : 44), count + 1, 2);
	uint64_t offset = header + (count + 1) * program;
	put_program(file, bytes + header, PT_NOTE, offset, 0, notes_size);
	memcpy(bytes + offset, notes, notes_size);
	offset += notes_size; // not at a page: as kdump kernels of arm64 have it
	for (size_t i = 0; i < count; i++) {
		put_program(file, bytes + header + (i + 1) * program, PT_LOAD, offset, segments[i].physical, segments[i].size);
		for (uint64_t at = 0; at < segments[i].size; at++)
			bytes[offset + at] = byte_at(segments[i].physical + at);
		offset += segments[i].size;
	}
	file->length = offset;
}

struct conversion {
	struct compressors *compressors;
	struct kdumper *kdump;
	struct writer_file file;
	int out;
};

static void conversion_begin(struct conversion *conversion, enum store_compression compression)
{
	int here = open("/tmp", O_RDONLY | O_DIRECTORY);

	conversion->out = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	conversion->file = (struct writer_file){.fd = open("/tmp", O_TMPFILE | O_RDWR, 0600), .take = kdumper_take};
	conversion->compressors = compressors_new();
	struct error *error = kdumper_new(conversion->file.fd, conversion->out, here, conversion->compressors, compression,
					  &conversion->kdump);
	if (error)
		abort();
	conversion->file.context = conversion->kdump;
	close(here);
}

static int take(struct conversion *conversion, const struct elf_file *file, uint64_t offset, uint64_t length)
{
	return kdumper_take(&conversion->file, offset, file->bytes + offset, length);
}

static bool conversion_finish(struct conversion *conversion, bool is_complete)
{
	bool is_kdump = false;
	struct error *error = kdumper_finish(conversion->kdump, is_complete, &is_kdump);

	CHECK(!error);
	error_free(error);
	return is_kdump;
}

static void conversion_end(struct conversion *conversion)
{
	kdumper_free(conversion->kdump);
	compressors_free(conversion->compressors);
	close(conversion->out);
	close(conversion->file.fd);
}

/* Takes [from, length of the file) in pieces of `piece` bytes, in an order that `seed` chooses. */
static void take_shuffled(struct conversion *conversion, const struct elf_file *file, size_t from, size_t piece,
			  unsigned seed)
{
	size_t count = (file->length - from + piece - 1) / piece, *order = calloc(count, sizeof(*order));

	srandom(seed);
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count - 1; seed && i > 0; i--) {
		size_t other = (size_t)random() % (i + 1), kept = order[i];
		order[i] = order[other];
		order[other] = kept;
	}
	for (size_t i = 0; i < count; i++) {
		size_t at = from + order[i] * piece;
		CHECK(!take(conversion, file, at, at + piece < file->length ? piece : file->length - at));
	}
	free(order);
}

/* ---- reading --------------------------------------------------------------------------------- */

struct reader {
	const struct elf_file *file; /* of the same words and byte order */
	int fd;
	uint8_t header[512], sub[128];
	uint64_t blocks;
	uint8_t memory[FILE_MAX / PAGE * 4], saved[FILE_MAX / PAGE * 4];
	uint64_t descriptors;
};

static uint64_t header_number(const struct reader *reader, unsigned index)
{
	return get_n(reader->file, reader->header + (reader->file->is_64 ? 424 : 412) + 4 * (size_t)index, 4);
}

static void reader_open(struct reader *reader, const struct elf_file *file, int fd)
{
	reader->file = file;
	reader->fd = fd;
	CHECK(pread(fd, reader->header, 512, 0) == 512 && pread(fd, reader->sub, 128, PAGE) == 128);
	CHECK(!memcmp(reader->header, "KDUMP   ", 8) && get_n(file, reader->header + 8, 4) == 6);
	CHECK(header_number(reader, 1) == PAGE);
	reader->blocks = get_n(file, reader->sub + (file->is_64 ? 96 : 72), 8);
	uint64_t bitmaps = (1 + header_number(reader, 2)) * PAGE, bytes = header_number(reader, 3) * PAGE;
	CHECK(bytes / 2 >= (reader->blocks + 7) / 8 && reader->blocks < sizeof(reader->memory) * 8);
	CHECK(pread(fd, reader->memory, (reader->blocks + 7) / 8, (off_t)bitmaps) > 0);
	CHECK(pread(fd, reader->saved, (reader->blocks + 7) / 8, (off_t)(bitmaps + bytes / 2)) > 0);
	reader->descriptors = bitmaps + bytes;
}

static bool bit_of(const uint8_t *bitmap, uint64_t bit)
{
	return bitmap[bit / 8] >> bit % 8 & 1;
}

static bool unpack(uint32_t flags, const uint8_t *packed, size_t length, uint8_t *page)
{
	uLongf got = PAGE;
	lzo_uint lzo_got = PAGE;

	switch (flags) {
	case 0:
		memcpy(page, packed, PAGE);
		return length == PAGE;
	case 1:
		return uncompress(page, &got, packed, length) == Z_OK && got == PAGE;
	case 2:
		return lzo1x_decompress_safe(packed, length, page, &lzo_got, NULL) == LZO_E_OK && lzo_got == PAGE;
	default:
		return flags == 0x20 && ZSTD_decompress(page, PAGE, packed, length) == PAGE;
	}
}

/* False where the page is not in the file. */
static bool read_page(const struct reader *reader, uint64_t number, uint8_t *page)
{
	uint8_t descriptor[24], packed[PAGE];
	uint64_t rank = 0;

	if (!bit_of(reader->saved, number))
		return false;
	for (uint64_t i = 0; i < number; i++)
		rank += bit_of(reader->saved, i);
	CHECK(pread(reader->fd, descriptor, 24, (off_t)(reader->descriptors + rank * 24)) == 24);
	uint64_t offset = get_n(reader->file, descriptor, 8), size = get_n(reader->file, descriptor + 8, 4);
	CHECK(size <= PAGE && pread(reader->fd, packed, size, (off_t)offset) == (ssize_t)size);
	CHECK(get_n(reader->file, descriptor + 16, 8) == 0);
	return unpack((uint32_t)get_n(reader->file, descriptor + 12, 4), packed, size, page);
}

static bool is_memory(const struct segment *segments, size_t count, uint64_t physical)
{
	for (size_t i = 0; i < count; i++)
		if (physical >= segments[i].physical && physical < segments[i].physical + segments[i].size)
			return true;
	return false;
}

/* Every page up to the last, but for `missing`, is what was in the ELF file. */
static void check_pages(const struct reader *reader, const struct segment *segments, size_t count, uint64_t missing)
{
	uint8_t page[PAGE], want[PAGE];

	for (uint64_t number = 0; number < reader->blocks; number++) {
		bool is_any = false;

		for (uint64_t i = 0; i < PAGE; i++) {
			bool is_there = is_memory(segments, count, number * PAGE + i);
			want[i] = is_there ? byte_at(number * PAGE + i) : 0;
			is_any |= is_there;
		}
		CHECK(bit_of(reader->memory, number) == is_any);
		CHECK(read_page(reader, number, page) == (is_any && number != missing));
		CHECK(!is_any || number == missing || !memcmp(page, want, PAGE));
	}
}

static const struct segment memory[] = {
	{0x400000, 50 * PAGE},             /* the kernel's text: lies within the last segment */
	{0x1000, 0x9ec00},                 /* ends within a page */
	{0x100000, 30 * PAGE},
	{0x200000, 600 * PAGE},
};
enum { SEGMENTS = sizeof(memory) / sizeof(*memory) };

static struct elf_file file;
static struct reader reader;

TEST(pieces_of_any_length_in_any_order)
{
	static const size_t pieces[] = {1000, 1448, 4096, 8192, 65507, 300000};
	struct conversion conversion;

	build(&file, true, false, EM_X86_64, memory, SEGMENTS);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		for (unsigned seed = 0; seed < 3; seed++) {
			conversion_begin(&conversion, (enum store_compression)(i % 3));
			take_shuffled(&conversion, &file, 0, pieces[i], seed);
			CHECK(conversion_finish(&conversion, true));
			reader_open(&reader, &file, conversion.out);
			CHECK(header_number(&reader, 0) == (i % 3 == 2 ? 0x20 : i % 3 + 1));
			check_pages(&reader, memory, SEGMENTS, UINT64_MAX);
			conversion_end(&conversion);
		}
	}
}

TEST(headers_tell_the_machine)
{
	static const struct {
		bool is_64, is_big;
		uint16_t machine;
		const char *name;
	} machines[] = {
		{true, false, EM_X86_64, "x86_64"}, {false, false, EM_386, "i686"},	{true, false, EM_AARCH64, "aarch64"},
		{true, true, EM_S390, "s390x"},	    {true, false, EM_PPC64, "ppc64le"}, {true, true, EM_PPC64, "ppc64"},
		{true, false, EM_IA_64, "ia64"},    {true, false, EM_RISCV, "riscv64"}, {false, false, EM_ARM, "armv7l"},
	};
	struct conversion conversion;
	char text[sizeof(info)] = "";

	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		build(&file, machines[i].is_64, machines[i].is_big, machines[i].machine, memory, SEGMENTS);
		conversion_begin(&conversion, STORE_LZO);
		take_shuffled(&conversion, &file, 0, 1448, 5);
		CHECK(conversion_finish(&conversion, true));
		reader_open(&reader, &file, conversion.out);
		CHECK_STR((char *)reader.header + 12 + 4 * 65, machines[i].name);
		CHECK_STR((char *)reader.header + 12 + 2 * 65, "6.1.0-test");
		CHECK(header_number(&reader, 9) == 2); /* CPUs */
		check_pages(&reader, memory, SEGMENTS, UINT64_MAX);
		bool is_64 = machines[i].is_64;
		uint64_t at = get_n(&file, reader.sub + (is_64 ? 32 : 20), 8);
		CHECK(get_n(&file, reader.sub + (is_64 ? 40 : 28), is_64 ? 8 : 4) == sizeof(info) - 1);
		CHECK(pread(conversion.out, text, sizeof(info) - 1, (off_t)at) == sizeof(info) - 1);
		CHECK_STR(text, info);
		CHECK(get_n(&file, reader.sub, is_64 ? 8 : 4) == (is_64 ? (uint64_t)-4194304 : (uint32_t)-4194304));
		conversion_end(&conversion);
	}
}

TEST(headers_may_come_last)
{
	struct conversion conversion;

	build(&file, true, false, EM_X86_64, memory, SEGMENTS);
	conversion_begin(&conversion, STORE_ZLIB);
	take_shuffled(&conversion, &file, 700, 4096, 4);
	CHECK(conversion.kdump->state == ELF_MORE);
	CHECK(!take(&conversion, &file, 300, 400) && !take(&conversion, &file, 0, 300));
	CHECK(conversion_finish(&conversion, true));
	reader_open(&reader, &file, conversion.out);
	check_pages(&reader, memory, SEGMENTS, UINT64_MAX);
	conversion_end(&conversion);
}

TEST(what_was_converted_takes_no_room_twice)
{
	struct conversion conversion;
	struct stat status;

	build(&file, true, false, EM_X86_64, memory, SEGMENTS);
	conversion_begin(&conversion, STORE_ZLIB);
	take_shuffled(&conversion, &file, 0, 1000, 4);
	CHECK(!fstat(conversion.file.fd, &status) && status.st_blocks == 0);
	// Of the memory that is in two segments, pieces of the one may wait for ever: the other was first.
	CHECK(!fstat(conversion.kdump->pieces, &status) && status.st_blocks * 512 <= (off_t)memory[0].size);
	uint64_t end = conversion.kdump->end;
	take_shuffled(&conversion, &file, 0, 4096, 5); // once more: as if all had been sent again
	CHECK(conversion.kdump->end == end);
	CHECK(conversion_finish(&conversion, true));
	reader_open(&reader, &file, conversion.out);
	check_pages(&reader, memory, SEGMENTS, UINT64_MAX);
	conversion_end(&conversion);
}

TEST(page_with_a_hole_is_left_out)
{
	struct conversion conversion;

	build(&file, true, false, EM_X86_64, memory, SEGMENTS);
	uint64_t start = file.length - 100 * PAGE; // page 0x200000 / PAGE + 500, and whole pages from there
	conversion_begin(&conversion, STORE_ZSTD);
	CHECK(!take(&conversion, &file, 0, start + 10));
	CHECK(!take(&conversion, &file, start + 11, file.length - start - 11));
	CHECK(conversion_finish(&conversion, false));
	reader_open(&reader, &file, conversion.out);
	CHECK(header_number(&reader, 0) == (0x20 | 8));
	check_pages(&reader, memory, SEGMENTS, 0x200000 / PAGE + 500);
	conversion_end(&conversion);
}

TEST(ranges_of_zeros)
{
	static const struct segment zeros[] = {{0x300000, 300 * PAGE}};
	struct conversion conversion;
	struct stat status;

	build(&file, true, false, EM_X86_64, zeros, 1);
	memset(file.bytes + file.length - 300 * PAGE, 0, 300 * PAGE);
	conversion_begin(&conversion, STORE_ZLIB);
	uint64_t data = file.length - 300 * PAGE;
	CHECK(!kdumper_take(&conversion.file, data + 100, NULL, 150 * PAGE));
	CHECK(!take(&conversion, &file, 0, data + 100));
	CHECK(!kdumper_take(&conversion.file, data + 100 + 150 * PAGE, NULL, 150 * PAGE - 100));
	CHECK(conversion_finish(&conversion, true));
	reader_open(&reader, &file, conversion.out);
	for (uint64_t i = 0; i < 300; i++) {
		uint8_t page[PAGE];
		CHECK(read_page(&reader, 0x300 + i, page) && is_zero(page, PAGE));
	}
	CHECK(!fstat(conversion.out, &status) && status.st_blocks * 512 < 40 << 10);
	conversion_end(&conversion);
}

/* A client may say at once that a terabyte is zeros: that must not take longer than the bytes of it. */
TEST(zeros_cost_nothing_while_they_arrive)
{
	static const struct segment little[] = {{0x1000, 2 * PAGE}, {UINT64_C(1) << 32, 100 * PAGE}};
	struct conversion conversion;
	struct stat status;

	for (unsigned i = 0; i < 2; i++) {
		build(&file, true, false, EM_X86_64, little, 2);
		uint64_t size = UINT64_C(1) << 36, data = file.length - 100 * PAGE;
		put_n(&file, file.bytes + 64 + 2 * 56 + 32, size, 8); // of the second segment
		conversion_begin(&conversion, STORE_LZO);
		if (i) // the headers first, or last
			CHECK(!take(&conversion, &file, 0, data));
		CHECK(!take(&conversion, &file, data, 50 * PAGE));
		CHECK(!kdumper_take(&conversion.file, data + 50 * PAGE, NULL, size - 50 * PAGE));
		if (!i)
			CHECK(!take(&conversion, &file, 0, data));
		CHECK(!fstat(conversion.kdump->table, &status) && status.st_blocks * 512 < 100 << 10);
		CHECK(conversion_finish(&conversion, true));
		uint8_t bytes[24], page[PAGE];
		uint64_t first = (1 + conversion.kdump->sub_blocks) * PAGE + conversion.kdump->bitmap_blocks / 2 * PAGE;
		uint64_t number = (UINT64_C(1) << 32) / PAGE, last = size / PAGE - 1;
		CHECK(pread(conversion.out, bytes, 1, (off_t)(first + (number + last) / 8)) == 1 && bytes[0] == 0xff);
		CHECK(pread(conversion.out, bytes, 24, (off_t)(conversion.kdump->descriptors + (2 + last) * 24)) == 24);
		CHECK(get_n(&file, bytes, 8) == conversion.kdump->zero.offset);
		for (uint64_t j = 0; j < 50; j++) {
			off_t at = (off_t)(conversion.kdump->descriptors + (2 + j) * 24);
			CHECK(pread(conversion.out, bytes, 24, at) == 24);
			uint64_t length = get_n(&file, bytes + 8, 4);
			uint8_t packed[PAGE];
			CHECK(pread(conversion.out, packed, length, (off_t)get_n(&file, bytes, 8)) == (ssize_t)length);
			CHECK(unpack((uint32_t)get_n(&file, bytes + 12, 4), packed, length, page));
			CHECK(!memcmp(page, file.bytes + data + j * PAGE, PAGE));
		}
		conversion_end(&conversion);
	}
}

TEST(what_is_no_elf_dump_stays_as_it_is)
{
	struct conversion conversion;
	uint8_t *got = malloc(FILE_MAX);

	for (unsigned i = 0; i < 5; i++) {
		build(&file, true, false, EM_X86_64, memory, SEGMENTS);
		if (i == 0)
			memcpy(file.bytes, "KDUMP   ", 8);
		else if (i == 1)
			put_n(&file, file.bytes + 16, ET_EXEC, 2);
		else if (i == 2)
			put_n(&file, file.bytes + 56, 60000, 2); // program headers
		else if (i == 3)
			put_n(&file, file.bytes + 64 + 56 + 32, UINT64_MAX, 8); // size of a segment
		else
			put_n(&file, file.bytes + 64 + 4 * 56 + 32, UINT64_C(1) << 42, 8); // more memory than we take on
		conversion_begin(&conversion, STORE_ZLIB);
		take_shuffled(&conversion, &file, 0, 5000, i);
		CHECK(!conversion_finish(&conversion, true));
		CHECK(pread(conversion.file.fd, got, FILE_MAX, 0) == (ssize_t)file.length);
		CHECK(!memcmp(got, file.bytes, file.length));
		CHECK(conversion.file.end == file.length);
		conversion_end(&conversion);
	}
	free(got);
}

/* Bytes of the headers that are anything: no crash, nothing unbounded, and what is kept as it is is whole. */
TEST(changed_headers_break_nothing)
{
	static const struct segment little[] = {{0x1000, 3 * PAGE}, {0x8000, 2 * PAGE + 100}};
	struct conversion conversion;
	unsigned seed = 1;

	for (unsigned i = 0; i < 3000; i++) {
		build(&file, i % 2, i % 3 == 0, EM_X86_64, little, 2);
		size_t headers = file.length - 5 * PAGE - 100;
		for (unsigned j = 0; j < 1 + i % 4; j++) {
			seed = seed * 1103515245 + 12345;
			size_t at = (seed >> 8) % headers;
			seed = seed * 1103515245 + 12345;
			file.bytes[at] = i % 5 ? (uint8_t)(seed >> 16) : 0xff;
		}
		conversion_begin(&conversion, STORE_LZO);
		for (size_t at = 0; at < file.length; at += 4000)
			if (take(&conversion, &file, at, at + 4000 < file.length ? 4000 : file.length - at))
				break;
		bool is_kdump;
		error_free(kdumper_finish(conversion.kdump, true, &is_kdump));
		conversion_end(&conversion);
	}
}

TEST_MAIN
