// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/dump.c"
#include "dump/registers.h"
#include "dump_builder.h"
#include "test.h"

enum { BLOCKS = 100 };

static bool all(uint64_t number)
{
	(void)number;
	return true;
}

/* A hole in RAM from 40 to 49; every third page of RAM is left out. */
static bool ram(uint64_t number)
{
	return number < 40 || number >= 50;
}

static bool saved(uint64_t number)
{
	return ram(number) && number % 3;
}

static size_t saved_count(uint64_t start, uint64_t end)
{
	size_t count = 0;

	for (uint64_t i = start; i < end; i++)
		count += saved(i);
	return count;
}

static struct kdump_recipe recipe(void)
{
	return (struct kdump_recipe){
		.machine = "x86_64",
		.block = 4096,
		.blocks = BLOCKS,
		.is_ram = ram,
		.is_saved = saved,
		.flag = KDUMP_ZLIB,
		.vmcoreinfo = "OSRELEASE=6.1.0\nPAGESIZE=4096\n",
	};
}

static struct error *open_image(struct image *image, size_t length, struct dump **ret)
{
	char *path = image_write_part(image, length);
	struct error *error = dump_open((const char *const[]){path}, 1, ret);

	image_remove(path);
	return error;
}

static struct dump *open_recipe(const struct kdump_recipe *from)
{
	struct image image = {0};
	struct dump *dump = NULL;

	build_kdump(&image, from);
	struct error *error = open_image(&image, image.length, &dump);
	if (error)
		printf("%s\n", error->message);
	error_free(error);
	free(image.bytes);
	return dump;
}

/* Reads a block and says how it went: ERROR_COUNT when it is what it should be. */
static enum error_code try_block(struct dump *dump, uint64_t number)
{
	size_t size = dump_info(dump)->page_size;
	uint8_t *page _cleanup_free_ = mem_zero(size);
	struct fault fault = {ERROR_COUNT, 0, NULL};

	if (!dump_try_read_physical(dump, number * size, page, size, &fault))
		return fault.code;
	return page_is(page, size, number) ? ERROR_COUNT : ERROR_INVALID;
}

static void check_blocks(struct dump *dump)
{
	for (uint64_t i = 0; i < BLOCKS + 2; i++) {
		enum error_code want = i >= BLOCKS || !ram(i) ? ERROR_NO_TRANSLATION
				       : saved(i)             ? ERROR_COUNT
							      : ERROR_NOT_SAVED;
		CHECK(try_block(dump, i) == want);
	}
}

TEST(kdump_reads_every_compression)
{
	static const struct {
		uint32_t flag;
		const char *name;
	} kinds[] = {{0, "none"},
		     {KDUMP_ZLIB, "zlib"},
		     {KDUMP_LZO, "lzo"},
		     {KDUMP_SNAPPY, "snappy"},
		     {KDUMP_ZSTD, "zstd"}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct kdump_recipe from = recipe();

		from.flag = kinds[i].flag;
		from.raw_odd = true;
		struct dump *dump = open_recipe(&from);
		CHECK_STR(dump_info(dump)->compression, kinds[i].name);
		check_blocks(dump);
		dump_close(dump);
	}
}

TEST(kdump_reads_every_word_size_and_byte_order)
{
	static const struct {
		const char *machine, *arch;
		bool is_32, big_endian;
		uint8_t pointer_size;
	} machines[] = {{"x86_64", "x86_64", false, false, 8},
			{"s390x", "s390x", false, true, 8},
			{"i586", "i686", true, false, 4},
			{"ppc", "ppc", true, true, 4},
			{"toaster", "unknown", false, false, 8}};

	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		struct kdump_recipe from = recipe();

		from.machine = machines[i].machine;
		from.is_32 = machines[i].is_32;
		from.big_endian = machines[i].big_endian;
		struct dump *dump = open_recipe(&from);
		CHECK_STR(dump_arch(dump)->name, machines[i].arch);
		CHECK(dump_arch(dump)->pointer_size == machines[i].pointer_size);
		CHECK(dump_arch(dump)->big_endian == machines[i].big_endian);
		CHECK_STR(vmcoreinfo_get(dump_vmcoreinfo(dump), "OSRELEASE"), "6.1.0");
		CHECK(dump_info(dump)->level_asked == 17);
		check_blocks(dump);
		dump_close(dump);
	}
}

TEST(arch_is_known_from_vmcoreinfo_where_the_header_does_not_say)
{
	static const char *const pairs[][2] = {
		{"NUMBER(kimage_voffset)=0x0\n", "aarch64"},
		{"NUMBER(phys_base)=0\n", "x86_64"},
		{"NUMBER(va_kernel_pa_offset)=0x0\n", "riscv64"},
		{"SYMBOL(lowcore_ptr)=0\n", "s390x"},
		{"SYMBOL(cur_cpu_spec)=0\n", "ppc64le"}, /* as the header says */
		{"PAGESIZE=4096\n", "unknown"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct kdump_recipe from = recipe();

		from.machine = "Unknown";
		from.vmcoreinfo = pairs[i][0];
		struct dump *dump = open_recipe(&from);
		CHECK_STR(dump_arch(dump)->name, pairs[i][1]);
		dump_close(dump);
	}
}

TEST(kdump_reads_blocks_larger_than_a_page)
{
	struct kdump_recipe from = recipe();
	uint8_t bytes[8];
	uint64_t number = 1;
	struct fault fault;

	from.block = 65536;
	struct dump *dump = open_recipe(&from);
	CHECK(dump_info(dump)->page_size == 65536);
	check_blocks(dump);
	CHECK(dump_try_read_physical(dump, 4 * 65536, bytes, 8, &fault) &&
	      dump_number(dump, bytes, 8) == 4);
	CHECK(dump->format->ops->next(dump->format, &number) && number == 1);
	dump_close(dump);
}

TEST(kdump_counts_its_pages)
{
	struct kdump_recipe from = recipe();
	struct dump *dump = open_recipe(&from);
	const struct dump_info *info = dump_info(dump);

	CHECK_STR(info->format, "kdump");
	CHECK(info->filtered && !info->truncated);
	CHECK(info->pages_ram == 90 && info->pages_saved == saved_count(0, BLOCKS));
	CHECK(info->pages_cut == 0 && info->bytes_missing == 0);
	dump_close(dump);
	from.is_ram = from.is_saved = all;
	dump = open_recipe(&from);
	CHECK(!dump_info(dump)->filtered);
	dump_close(dump);
}

TEST(kdump_cut_anywhere_reads_what_is_left)
{
	struct kdump_recipe from = recipe();
	struct image image = {0};

	build_kdump(&image, &from);
	for (size_t length = 1; length < image.length; length += 389) {
		struct dump *dump = NULL;
		struct error *error = open_image(&image, length, &dump);
		size_t readable = 0;
		bool has_bitmaps = length >= 3 * 4096 + (BLOCKS + 7) / 8;

		/* With VMCOREINFO there is something left to say. */
		CHECK(!error == (length >= 4096 + 128 + strlen(from.vmcoreinfo)));
		CHECK(!error || error->code == ERROR_INVALID);
		error_free(error);
		if (!dump)
			continue;
		for (uint64_t i = 0; i < BLOCKS; i++) {
			enum error_code code = try_block(dump, i);

			readable += code == ERROR_COUNT;
			CHECK(!saved(i) || code == ERROR_COUNT || code == ERROR_TRUNCATED);
		}
		const struct dump_info *info = dump_info(dump);
		CHECK(info->truncated && info->pages_saved == readable);
		CHECK(info->pages_saved + info->pages_cut == (has_bitmaps ? saved_count(0, BLOCKS) : 0));
		CHECK(info->bytes_missing <= image.length - length && info->bytes_missing);
		dump_close(dump);
	}
	free(image.bytes);
}

TEST(kdump_of_a_writer_that_gave_up_is_truncated)
{
	struct kdump_recipe from = recipe();

	from.status = 0x8 | KDUMP_ZLIB;
	struct dump *dump = open_recipe(&from);
	CHECK(dump_info(dump)->truncated && dump_info(dump)->pages_cut == 0);
	dump_close(dump);
}

TEST(kdump_block_that_was_never_written_is_cut)
{
	struct kdump_recipe from = recipe();
	struct image image = {0};
	struct dump *dump = NULL;

	build_kdump(&image, &from);
	memset(image.bytes + kdump_descriptors(&from), 0, 24); /* of block 1 */
	CHECK(!open_image(&image, image.length, &dump));
	CHECK(try_block(dump, 1) == ERROR_TRUNCATED && try_block(dump, 2) == ERROR_COUNT);
	CHECK(dump_info(dump)->truncated && dump_info(dump)->pages_cut == 1);
	dump_close(dump);
	free(image.bytes);
}

TEST(kdump_senseless_descriptors_are_corrupt)
{
	static const struct {
		size_t at;
		uint64_t number;
		size_t length;
	} wrongs[] = {{0, 100, 8},        {8, 4097, 4}, {8, 0, 4},
		      {8, 0xffffffff, 4}, {8, 100, 4},  {12, 2, 4}};

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		struct kdump_recipe from = recipe();
		struct image image = {0};
		struct dump *dump = NULL;

		build_kdump(&image, &from);
		image_number(&image, kdump_descriptors(&from) + wrongs[i].at, wrongs[i].number,
			     wrongs[i].length);
		CHECK(!open_image(&image, image.length, &dump));
		CHECK(try_block(dump, 1) == ERROR_CORRUPT && try_block(dump, 2) == ERROR_COUNT);
		CHECK(!dump_info(dump)->truncated);
		dump_close(dump);
		free(image.bytes);
	}
}

TEST(kdump_senseless_headers_are_refused)
{
	static const struct {
		size_t at;
		uint64_t number;
	} wrongs[] = {{428, 0},          {428, 4095},       {428, 6000}, {428, 1 << 20}, {432, 0},
		      {432, 0xffffffff}, {436, 0xffffffff}, {436, 0},    {8, 0xffff}};

	for (size_t i = 0; i < sizeof(wrongs) / sizeof(*wrongs); i++) {
		struct kdump_recipe from = recipe();
		struct image image = {0};
		struct dump *dump = NULL;

		build_kdump(&image, &from);
		image_number(&image, wrongs[i].at, wrongs[i].number, 4);
		struct error *error = open_image(&image, image.length, &dump);
		CHECK(error && error->code == ERROR_INVALID);
		error_free(error);
		dump_close(dump);
		free(image.bytes);
	}
}

/* Three parts of unequal size. */
static void write_parts(char *paths[3])
{
	static const uint64_t bounds[] = {0, 17, 60, BLOCKS};

	for (int i = 0; i < 3; i++) {
		struct kdump_recipe from = recipe();
		struct image image = {0};

		from.is_split = true;
		from.start = bounds[i];
		from.end = bounds[i + 1];
		build_kdump(&image, &from);
		paths[i] = image_write(&image);
		free(image.bytes);
	}
}

TEST(split_dump_reads_in_any_order)
{
	char *paths[3];
	struct dump *dump = NULL;

	write_parts(paths);
	const char *order[] = {paths[2], paths[0], paths[1]};
	CHECK(!dump_open(order, 3, &dump));
	check_blocks(dump);
	CHECK(!dump_info(dump)->truncated &&
	      dump_info(dump)->pages_saved == saved_count(0, BLOCKS));
	dump_close(dump);
	for (int i = 0; i < 3; i++)
		image_remove(paths[i]);
}

TEST(split_dump_without_a_part_is_truncated)
{
	char *paths[3];
	struct dump *dump = NULL;

	write_parts(paths);
	const char *order[] = {paths[2], paths[0]};
	CHECK(!dump_open(order, 2, &dump));
	CHECK(dump_info(dump)->truncated && dump_info(dump)->pages_cut == saved_count(17, 60));
	CHECK(try_block(dump, 16) == ERROR_COUNT && try_block(dump, 61) == ERROR_COUNT);
	CHECK(try_block(dump, 17) == ERROR_TRUNCATED && try_block(dump, 18) == ERROR_NOT_SAVED);
	dump_close(dump);
	for (int i = 0; i < 3; i++)
		image_remove(paths[i]);
}

/* makedumpfile ends a part without pages behind the last bit of the bitmap. */
TEST(split_dump_may_have_parts_without_pages)
{
	char *paths[2];
	struct dump *dump = NULL;

	for (int i = 0; i < 2; i++) {
		struct kdump_recipe from = recipe();
		struct image image = {0};

		from.is_split = true;
		from.start = i ? BLOCKS : 0;
		from.end = BLOCKS;
		build_kdump(&image, &from);
		paths[i] = image_write_part(&image, i ? 3 * 4096 + (BLOCKS + 7) / 8 : image.length);
		free(image.bytes);
	}
	CHECK(!dump_open((const char *const[]){paths[1], paths[0]}, 2, &dump));
	check_blocks(dump);
	CHECK(!dump_info(dump)->truncated && !dump_info(dump)->bytes_missing);
	dump_close(dump);
	image_remove(paths[0]);
	image_remove(paths[1]);
}

TEST(split_dump_refuses_what_does_not_belong)
{
	struct kdump_recipe from = recipe();
	struct image image = {0};
	char *paths[3];
	struct dump *dump = NULL;

	write_parts(paths);
	build_kdump(&image, &from);
	char *whole = image_write(&image);
	const char *sets[][2] = {
		{paths[0], paths[0]}, {paths[0], whole}, {whole, whole}, {paths[0], "/dev/null"}};
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		struct error *error = dump_open(sets[i], 2, &dump);

		CHECK(error && error->code == ERROR_INVALID);
		error_free(error);
	}
	image_remove(whole);
	free(image.bytes);
	for (int i = 0; i < 3; i++)
		image_remove(paths[i]);
}

TEST(what_is_no_dump_is_refused_in_one_line)
{
	static const char *const paths[] = {"/nonexistent/vmcore", "/", "/dev/null", "/etc/passwd"};
	static const enum error_code codes[] = {ERROR_IO, ERROR_INVALID, ERROR_INVALID,
						ERROR_INVALID};

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct dump *dump = NULL;
		struct error *error = dump_open(&paths[i], 1, &dump);

		CHECK(error && error->code == codes[i]);
		CHECK(error && !strncmp(error->message, paths[i], strlen(paths[i])));
		CHECK(error && !strchr(error->message, '\n'));
		error_free(error);
	}
}

/* Opens 8 KiB of zeros with these bytes in them. */
static bool is_refused_as(const char *bytes, size_t length, size_t offset, const char *words)
{
	struct image image = {0};
	struct dump *dump = NULL;

	image_put(&image, 8191, "", 1);
	image_put(&image, offset, bytes, length);
	struct error *error = open_image(&image, image.length, &dump);
	bool is_right = error && error->code == ERROR_INVALID && strstr(error->message, words) &&
			!strchr(error->message, '\n');
	error_free(error);
	free(image.bytes);
	return is_right;
}

/* Bytes from file(1)'s list. LKCD is refused before libkdumpfile's reader of it crashes. */
TEST(what_is_no_dump_is_named)
{
	CHECK(is_refused_as("\xed\x23\x8f\x61\x73\x01\x19\xa8", 8, 0, "an LKCD dump"));
	CHECK(is_refused_as("\xa8\x19\x01\x73\x61\x8f\x23\xed", 8, 0, "an LKCD dump"));
	CHECK(is_refused_as("\xa8\x19\x01\x73\x61\x8f\x23\xfd", 8, 0, "s390 stand-alone"));
	CHECK(is_refused_as("sadump\0\0", 8, 0, "SADUMP dump that libkdumpfile cannot read"));
	CHECK(is_refused_as("\x1f\x8b\x08", 3, 0, "gzip; unpack it first"));
	CHECK(is_refused_as("\xfd\x37zXZ\0", 6, 0, "xz; unpack it first"));
	CHECK(is_refused_as("\x28\xb5\x2f\xfd", 4, 0, "zstd; unpack it first"));
	CHECK(is_refused_as("ustar", 5, 257, "a tar archive"));
	CHECK(is_refused_as("QFI\xfb", 4, 0, "a qcow2 disk image"));
	CHECK(is_refused_as("QEVM", 4, 0, "dump-guest-memory"));
	CHECK(is_refused_as("PAGEDU64", 8, 0, "a dump of Windows"));
	CHECK(is_refused_as("something else", 14, 0, "no dump format known to us"));
}

TEST(dumps_of_xen_are_refused)
{
	struct elf_load load = {0, 0, 4096, 4096, 0};
	struct image image = {0}, empty = {0}, notes = {0};
	struct dump *dump = NULL;

	notes_put(&notes, "VMCOREINFO_XEN", 0, "XEN_VERSION=4.17.5\n", 19);
	build_elf(&image, EM_X86_64, &load, 1, &notes, NULL);
	struct error *error = open_image(&image, image.length, &dump);
	CHECK(error && strstr(error->message, "a dump of a Xen host"));
	error_free(error);
	build_elf(&empty, EM_X86_64, NULL, 0, NULL, NULL);
	image_put(&empty, 4095, "", 1);
	error = open_image(&empty, empty.length, &dump);
	CHECK(error && strstr(error->message, "xl dump-core"));
	error_free(error);
	free(image.bytes);
	free(empty.bytes);
	free(notes.bytes);
}

/* As /proc/kcore: what vmalloc mapped is there once more, and is nowhere. */
TEST(elf_loads_without_a_physical_address_are_no_ram)
{
	struct elf_load loads[] = {
		{0xffffc90000000000, UINT64_MAX, 0x1000, 0x200000000000, 0},
		{0xffff888000001000, 0x1000, 0x4000, 0x4000, 0},
	};
	struct image image = {0};
	struct dump *dump = NULL;

	build_elf(&image, EM_X86_64, loads, 2, NULL, NULL);
	CHECK(!open_image(&image, image.length, &dump));
	CHECK(dump_info(dump)->pages_ram == 4 && dump_info(dump)->pages_saved == 4);
	CHECK(!dump_info(dump)->filtered);
	CHECK(try_block(dump, 4) == ERROR_COUNT && try_block(dump, 5) == ERROR_NO_TRANSLATION);
	dump_close(dump);
	free(image.bytes);
}

TEST(elf_pieces_of_overlapping_loads_agree)
{
	/* As /proc/vmcore: the kernel's image once more on its own; and one that begins within a
	 * page. */
	struct elf_load loads[] = {
		{0xffffffff81000000, 0x10000, 0x4000, 0x4000, 0},
		{0xffff888000001000, 0x1000, 0x8c00, 0x8c00, 0},
		{0xffff88800000e000, 0xe000, 0x4000, 0x6000, 0},
		{0xffff888000020400, 0x20400, 0xc00, 0xc00, 0},
	};
	struct image image = {0};
	struct dump *dump = NULL;

	build_elf(&image, EM_X86_64, loads, 4, NULL, NULL);
	CHECK(!open_image(&image, image.length, &dump));
	const struct dump_info *info = dump_info(dump);
	CHECK_STR(info->format, "elf");
	CHECK_STR(dump_arch(dump)->name, "x86_64");
	/* 1-9 (9 in part), e-13, 20 in part */
	CHECK(info->pages_ram == 9 + 6 + 1 && info->pages_saved == 9 + 6 + 1 && !info->truncated);
	for (uint64_t number = 1; number < 0x14; number++) {
		enum error_code want =
			number < 9 || number >= 0xe ? ERROR_COUNT : ERROR_NO_TRANSLATION;

		CHECK(number == 9 || try_block(dump, number) == want);
	}
	uint64_t number = 0;
	struct fault fault;
	CHECK(dump_try_read_number(dump, 0xffffffff81001000, 8, &number, &fault) && number == 0x11);
	CHECK(dump_try_read_number(dump, 0xffff888000005000, 8, &number, &fault) && number == 5);
	CHECK(!dump_try_read_number(dump, 0xffff888000015000, 8, &number, &fault));
	CHECK(fault.code == ERROR_NO_TRANSLATION && fault.address == 0xffff888000015000);
	dump_close(dump);
	free(image.bytes);
}

TEST(elf_cut_still_has_what_stands_twice)
{
	/* The kernel's image first, as /proc/vmcore has it; the memory around it is cut off behind two pages and a bit. */
	struct elf_load loads[] = {
		{0xffffffff81000000, 0x10000, 0x4000, 0x4000, 0},
		{0xffff88800000c000, 0xc000, 0xa000, 0xa000, 0},
	};
	struct image image = {0};
	struct dump *dump = NULL;

	build_elf(&image, EM_X86_64, loads, 2, NULL, NULL);
	size_t length = loads[1].offset + 0x2100;
	CHECK(!open_image(&image, length, &dump));
	for (uint64_t number = 0xc; number < 0x16; number++) {
		bool is_there = number < 0xe || (number >= 0x10 && number < 0x14);

		CHECK(try_block(dump, number) == (is_there ? ERROR_COUNT : ERROR_TRUNCATED));
	}
	const struct dump_info *info = dump_info(dump);
	CHECK(info->truncated && info->pages_ram == 10 && info->pages_saved == 6 && info->pages_cut == 4);
	CHECK(info->bytes_missing == image.length - length);
	uint64_t number = 0;
	struct fault fault;
	CHECK(dump_try_read_number(dump, 0xffffffff81001000, 8, &number, &fault) && number == 0x11);
	CHECK(dump_try_read_number(dump, 0xffff888000011000, 8, &number, &fault) && number == 0x11);
	dump_close(dump);
	free(image.bytes);
}

TEST(elf_memory_without_data_is_not_saved)
{
	struct elf_load loads[] = {{0xffff888000000000, 0, 0x3000, 0x5000, 0},
				   {0xffff888000005000, 0x5000, 0x2000, 0x2000, 0}};
	struct image image = {0};
	struct dump *dump = NULL;
	struct fault fault;

	build_elf(&image, EM_X86_64, loads, 2, NULL, NULL);
	CHECK(!open_image(&image, image.length, &dump));
	CHECK(dump_info(dump)->filtered && dump_info(dump)->pages_ram == 7);
	CHECK(try_block(dump, 2) == ERROR_COUNT && try_block(dump, 5) == ERROR_COUNT);
	CHECK(try_block(dump, 3) == ERROR_NOT_SAVED && try_block(dump, 4) == ERROR_NOT_SAVED);
	CHECK(try_block(dump, 7) == ERROR_NO_TRANSLATION);
	uint64_t before = dump_counters(dump)->pages;
	CHECK(!dump_is_saved(dump, 0xffff888000003008, &fault) && fault.code == ERROR_NOT_SAVED);
	CHECK(dump_is_saved(dump, 0xffff888000001fff, &fault));
	CHECK(dump_counters(dump)->pages == before); /* asking did not read */
	dump_close(dump);
	free(image.bytes);
}

TEST(elf_cut_anywhere_reads_what_is_left)
{
	struct elf_load loads[] = {{0xffff888000000000, 0, 0x8000, 0x8000, 0},
				   {0xffff888000010000, 0x10000, 0x8000, 0x8000, 0}};
	struct image image = {0};

	build_elf(&image, EM_X86_64, loads, 2, NULL, NULL);
	for (size_t length = 4096; length < image.length; length += 1021) {
		struct dump *dump = NULL;
		size_t readable = 0;
		struct error *error = open_image(&image, length, &dump);

		CHECK(!error == (length >= 8192));
		error_free(error);
		if (!dump)
			continue;
		for (uint64_t i = 0; i < 0x18; i++) {
			enum error_code code = try_block(dump, i);

			readable += code == ERROR_COUNT;
			CHECK(code == ERROR_COUNT ||
			      code == (i >= 8 && i < 16 ? ERROR_NO_TRANSLATION : ERROR_TRUNCATED));
		}
		CHECK(readable == (length - 4096) / 4096);
		CHECK(dump_info(dump)->truncated && dump_info(dump)->pages_saved == readable);
		CHECK(dump_info(dump)->pages_cut == 16 - readable);
		CHECK(dump_info(dump)->bytes_missing == image.length - length);
		dump_close(dump);
	}
	free(image.bytes);
}

/* More pages than the cache holds, in an order that makes slots change hands. */
TEST(cache_never_mixes_pages_up)
{
	const uint64_t pages = CACHE_PAGES * 3 / 2, base = 0xffff888000000000;
	struct elf_load load = {base, 0, pages * 4096, pages * 4096, 0};
	struct image image = {0};
	struct dump *dump = NULL;
	struct fault fault;

	image_put(&image, pages * 4096 + 8191, "", 1); /* grows once */
	build_elf(&image, EM_X86_64, &load, 1, NULL, NULL);
	CHECK(!open_image(&image, image.length, &dump));
	srandom(1);
	for (int i = 0; i < 200000; i++) {
		uint64_t page = (uint64_t)random() % (i % 2 ? pages : 64), number = UINT64_MAX;

		CHECK(dump_try_read_number(dump, base + page * 4096, 8, &number, &fault) &&
		      number == page);
		CHECK(i % 7 || (dump_try_read_physical(dump, page * 4096, &number, 8, &fault) &&
				number == page));
	}
	dump_close(dump);
	free(image.bytes);
}

TEST(reads_cross_pages_and_stop_at_holes)
{
	const uint64_t base = 0xffff888000000000;
	struct elf_load load = {base, 0, 0x3000, 0x4000, 0};
	struct image image = {0};
	struct dump *dump = NULL;
	uint8_t bytes[0x3000], want[0x3000];
	struct fault fault;
	size_t length = 0;

	build_elf(&image, EM_X86_64, &load, 1, NULL, NULL);
	CHECK(!open_image(&image, image.length, &dump));
	for (uint64_t i = 0; i < 3; i++)
		page_fill(want + 4096 * i, 4096, i);
	CHECK(dump_try_read(dump, base + 100, bytes, 0x2f00, &fault) &&
	      !memcmp(bytes, want + 100, 0x2f00));
	CHECK(!dump_try_read(dump, base + 0x2ffc, bytes, 8, &fault));
	CHECK(fault.code == ERROR_NOT_SAVED && fault.address == base + 0x3000);
	/* The same again, out of the cache. */
	CHECK(!dump_try_read(dump, base + 0x3008, bytes, 8, &fault));
	CHECK(fault.code == ERROR_NOT_SAVED && fault.address == base + 0x3008);
	struct error *error = dump_read(dump, base + 0x3010, bytes, 1);
	CHECK(error && error->code == ERROR_NOT_SAVED && error->has_address &&
	      error->address == base + 0x3010);
	error_free(error);
	const uint8_t *peeked = dump_peek(dump, base + 0x1ff0, &length, &fault);
	CHECK(peeked && length == 16 && !memcmp(peeked, want + 0x1ff0, 16));
	CHECK(!dump_peek(dump, base + 0x3000, &length, &fault) && fault.code == ERROR_NOT_SAVED);
	dump_close(dump);
	free(image.bytes);
}

static bool note_scan(void *context, uint64_t physical, const void *page)
{
	uint64_t *seen = context;

	CHECK(page_is(page, 4096, physical / 4096) && saved(physical / 4096));
	CHECK(!*seen || physical / 4096 > *seen);
	*seen = physical / 4096;
	return physical / 4096 < 80;
}

TEST(scan_visits_saved_pages_in_order_until_told)
{
	struct kdump_recipe from = recipe();
	struct dump *dump = open_recipe(&from);
	uint64_t last = 0;

	dump_scan_physical(dump, note_scan, &last);
	CHECK(last == 80);
	dump_close(dump);
}

/* The page the kernel keeps the text in, when nobody told the writer of the dump. */
static void fill_vmcoreinfo(uint8_t *page, size_t size, uint64_t number)
{
	page_fill(page, size, number);
	if (number == 70)
		strcpy((char *)page, "OSRELEASE=5.10.0\nPAGESIZE=4096\nSYMBOL(x)=12\n");
	if (number == 11)
		strcpy((char *)page, "OSRELEASE=of something else\n");
}

/* A page of the kernel in the middle of a larger block. */
static void fill_vmcoreinfo_within(uint8_t *page, size_t size, uint64_t number)
{
	memset(page, 0, size);
	fill_vmcoreinfo(page + 3 * 4096UL, 4096, number);
}

TEST(vmcoreinfo_is_found_in_memory)
{
	struct kdump_recipe from = recipe();

	from.vmcoreinfo = NULL;
	from.fill = fill_vmcoreinfo;
	struct dump *dump = open_recipe(&from);
	CHECK_STR(vmcoreinfo_get(dump_vmcoreinfo(dump), "OSRELEASE"), "5.10.0");
	dump_close(dump);
	from.block = 65536;
	from.fill = fill_vmcoreinfo_within;
	dump = open_recipe(&from);
	CHECK_STR(vmcoreinfo_get(dump_vmcoreinfo(dump), "OSRELEASE"), "5.10.0");
	dump_close(dump);
	from.fill = NULL;
	dump = open_recipe(&from);
	CHECK_STR(vmcoreinfo_text(dump_vmcoreinfo(dump)), "");
	dump_close(dump);
}

/* NT_PRSTATUS with register i holding base + i. */
static void put_registers(struct image *notes, uint32_t pid, uint64_t base, size_t count)
{
	struct image desc = {.big_endian = notes->big_endian};

	image_number(&desc, 32, pid, 4);
	for (size_t i = 0; i < count; i++)
		image_number(&desc, 112 + 8 * i, base + i, 8);
	image_number(&desc, 112 + 8 * count, 0, 8);
	notes_put(notes, "CORE", NT_PRSTATUS, desc.bytes, desc.length);
	free(desc.bytes);
}

static struct dump *open_notes(unsigned machine, struct image *notes)
{
	struct elf_load load = {0xffff888000000000, 0, 0x1000, 0x1000, 0};
	struct image image = {0};
	struct dump *dump = NULL;

	build_elf(&image, machine, &load, 1, notes, NULL);
	CHECK(!open_image(&image, image.length, &dump));
	free(image.bytes);
	free(notes->bytes);
	return dump;
}

TEST(registers_come_from_the_notes)
{
	struct image notes = {0};
	struct registers registers;

	put_registers(&notes, 17, 1000, 27);
	notes_put(&notes, "VMCOREINFO", 0, "OSRELEASE=6.6.6\n", 16);
	put_registers(&notes, 0, 2000, 27);
	put_registers(&notes, 5, 3000, 9); /* too short */
	struct dump *dump = open_notes(EM_X86_64, &notes);
	CHECK_STR(vmcoreinfo_get(dump_vmcoreinfo(dump), "OSRELEASE"), "6.6.6");
	CHECK(dump_registers_count(dump) == 3);
	CHECK(dump_registers(dump, 0, &registers) && registers.pid == 17 && registers.cpu == 0);
	/* struct user_regs_struct: rip is 16th, rsp 19th, rbp 4th */
	CHECK(registers.ip == 1016 && registers.sp == 1019 && registers.fp == 1004);
	CHECK(registers.raw_count == 27 && registers.raw[26] == 1026);
	CHECK(dump_registers(dump, 1, &registers) && registers.pid == 0 && registers.ip == 2016);
	CHECK(!dump_registers(dump, 2, &registers) && !dump_registers(dump, 3, &registers));
	dump_close(dump);
}

TEST(registers_of_arm64_and_of_qemu)
{
	struct image notes = {0};
	struct registers registers;

	put_registers(&notes, 3, 1000, 34);
	notes_put(&notes, "QEMU", 0, "", 1);
	struct dump *dump = open_notes(EM_AARCH64, &notes);
	/* struct user_pt_regs: 31 registers, sp, pc; QEMU's pr_pid is the number of the CPU */
	CHECK(dump_registers(dump, 0, &registers) && registers.pid == 0);
	CHECK(registers.ip == 1032 && registers.sp == 1031 && registers.fp == 1029);
	dump_close(dump);
}

TEST(notes_that_make_no_sense_are_left_out)
{
	struct image notes = {0};

	put_registers(&notes, 1, 0, 27);
	image_number(&notes, notes.length, 0xffffffff, 4);
	image_number(&notes, notes.length, 0xffffffff, 4);
	image_number(&notes, notes.length, 1, 4);
	put_registers(&notes, 2, 0, 27);
	struct dump *dump = open_notes(EM_X86_64, &notes);
	CHECK(dump_registers_count(dump) == 1);
	dump_close(dump);
}

TEST_MAIN
