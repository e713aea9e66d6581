// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/paging.c"
#include "dump/vmcoreinfo.h"
#include "dump_builder.h"
#include "test.h"

enum { PAGES = 64 };

/* Physical memory of the machine under test: page tables and whatever else. */
static uint64_t memory[PAGES][512];

static void fill(uint8_t *page, size_t size, uint64_t number)
{
	memcpy(page, memory[number % PAGES], size);
}

static void reset(void)
{
	for (uint64_t page = 0; page < PAGES; page++)
		for (uint64_t i = 0; i < 512; i++)
			memory[page][i] = page << 32 | i << 4;
}

static void clear_tables(unsigned first, unsigned end)
{
	memset(memory[first], 0, (end - first) * sizeof(memory[0]));
}

/* A kdump file of the memory; the pages in `lost` are left out. */
static uint64_t lost;

static bool is_saved(uint64_t number)
{
	return !(lost >> number & 1);
}

static bool is_ram(uint64_t number)
{
	(void)number;
	return true;
}

static struct dump *open_memory(const char *machine, const char *vmcoreinfo)
{
	struct kdump_recipe recipe = {
		.machine = machine,
		.big_endian = !strcmp(machine, "s390x") || !strcmp(machine, "ppc64"),
		.block = 4096,
		.blocks = PAGES,
		.is_ram = is_ram,
		.is_saved = is_saved,
		.fill = fill,
		.vmcoreinfo = vmcoreinfo,
	};
	struct image image = {0};
	struct dump *dump = NULL;

	build_kdump(&image, &recipe);
	char *path = image_write(&image);
	struct error *error = dump_open((const char *const[]){path}, 1, &dump);
	CHECK(!error);
	error_free(error);
	image_remove(path);
	free(image.bytes);
	return dump;
}

/* Whether the virtual address leads to that physical one. */
static bool leads(struct dump *dump, uint64_t address, uint64_t physical)
{
	struct fault fault;
	uint64_t got;

	return dump_translate(dump, address, &got, &fault) && got == physical;
}

static bool fails(struct dump *dump, uint64_t address, enum error_code code)
{
	struct fault fault;
	uint64_t got;

	return !dump_translate(dump, address, &got, &fault) && fault.code == code &&
	       fault.address == address;
}

enum { PRESENT = 0x63, LARGE = 0xe3 }; /* accessed and dirty, as the kernel maps its own */

/* Top level in page 1 (virtual ffffffff80001000 with phys_base 0). Direct mapping at
 * ffff9a4640000000 (one gigabyte page), image by 2 MiB pages, modules and vmalloc by 4 KiB pages.
 */
static const char x86_info[] =
	"PAGESIZE=4096\nSYMBOL(init_top_pgt)=ffffffff80001000\nNUMBER(phys_base)=0\n"
	"NUMBER(pgtable_l5_enabled)=0\nNUMBER(KERNEL_IMAGE_SIZE)=536870912\n";

static void x86_tables(uint64_t *top)
{
	top[272] = 0x9000 | PRESENT; /* ffff880000000000: LDTs */
	top[308] = 0x2000 | PRESENT; /* ffff9a0000000000 */
	top[402] = 0x3000 | PRESENT; /* ffffc90000000000 */
	top[511] = 0x4000 | PRESENT;
	memory[9][0] = 0xa000 | PRESENT;
	memory[10][0] = 0xb000 | PRESENT;
	memory[11][0] = 0x3f000 | PRESENT;
	memory[2][281] = 0 | LARGE; /* 1 GiB */
	memory[3][0] = 0x5000 | PRESENT;
	memory[5][1] = 0x6000 | PRESENT;
	memory[6][7] = 0x21000 | PRESENT | 1ULL << 63;
	memory[6][8] = 0x22000; /* not present */
	memory[4][510] = 0x7000 | PRESENT;
	memory[4][511] = 0x7000 | PRESENT;
	memory[7][0] = 0 | LARGE; /* 2 MiB */
	memory[7][256] = 0x8000 | PRESENT;
	memory[8][3] = 0x30000 | PRESENT;
}

static void x86_start(void)
{
	reset();
	clear_tables(1, 16);
	lost = 0;
}

static void x86_check(struct dump *dump)
{
	CHECK(leads(dump, 0xffff9a4640012345, 0x12345));
	CHECK(leads(dump, 0xffffc90000207ff8, 0x21ff8));
	CHECK(leads(dump, 0xffffffff80034567, 0x34567));
	CHECK(leads(dump, 0xffffffffa0003abc, 0x30abc));
	CHECK(fails(dump, 0xffffc90000208000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xffffc90000600000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x0000000000000008, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x1234c90000207ff8, ERROR_NO_TRANSLATION));
}

TEST(x86_walks_four_levels_and_large_pages)
{
	uint64_t number;
	struct fault fault;

	x86_start();
	x86_tables(memory[1]);
	struct dump *dump = open_memory("x86_64", x86_info);
	CHECK(dump->has_paging);
	x86_check(dump);
	CHECK(dump_try_read_number(dump, 0xffffc90000207028, 8, &number, &fault) &&
	      number == (0x21ULL << 32 | 5 << 4));
	CHECK(dump->paging.direct.first == 0xffff9a4640000000);
	CHECK(dump->paging.direct.last == 0xffff9a4640000000 + PAGES * 4096 - 1);
	dump_close(dump);
}

TEST(x86_walks_five_levels)
{
	static const char info[] = "SYMBOL(swapper_pg_dir)=ffffffff8000c000\nNUMBER(phys_base)=0\n"
				   "NUMBER(pgtable_l5_enabled)=1\n";

	x86_start();
	x86_tables(memory[1]);
	memory[12][511] = 0x1000 | PRESENT;
	memory[12][0x111] = 0xd000 | PRESENT; /* ff11000000000000: the direct mapping's region */
	memory[13][2] = 0xe000 | PRESENT;
	memory[14][3] = 0 | LARGE;
	struct dump *dump = open_memory("x86_64", info);
	CHECK(dump->paging.direct.first == 0xff110100c0000000);
	CHECK(leads(dump, 0xff110100c0023456, 0x23456));
	x86_check(dump);
	dump_close(dump);
}

TEST(x86_ignores_the_encryption_bit)
{
	static const char info[] = "SYMBOL(init_level4_pgt)=ffffffff80001000\nNUMBER(phys_base)=0\n"
				   "NUMBER(sme_mask)=0x800000000000\n";

	x86_start();
	x86_tables(memory[1]);
	for (size_t page = 1; page < 16; page++)
		for (size_t i = 0; i < 512; i++)
			memory[page][i] |= memory[page][i] & 1 ? 1ULL << 47 : 0;
	struct dump *dump = open_memory("x86_64", info);
	x86_check(dump);
	dump_close(dump);
}

TEST(x86_image_is_shifted_by_phys_base)
{
	static const char info[] =
		"SYMBOL(swapper_pg_dir)=ffffffff90005000\nNUMBER(phys_base)=-268451840\n";

	/* 0x10005000 + phys_base is page 1. */
	x86_start();
	x86_tables(memory[1]);
	struct dump *dump = open_memory("x86_64", info);
	CHECK(leads(dump, 0xffffffffa0003abc, 0x30abc));
	dump_close(dump);
}

TEST(x86_lost_tables_leave_the_linear_parts)
{
	x86_start();
	x86_tables(memory[1]);
	lost = 1ULL << 6 | 1ULL << 7;
	struct dump *dump = open_memory("x86_64", x86_info);
	CHECK(leads(dump, 0xffffffff80034567, 0x34567));
	CHECK(leads(dump, 0xffff9a4640012345, 0x12345));
	CHECK(fails(dump, 0xffffc90000207ff8, ERROR_NOT_SAVED));
	/* Modules are not linear: no guess. */
	CHECK(fails(dump, 0xffffffffa0003abc, ERROR_NOT_SAVED));
	dump_close(dump);
}

TEST(x86_tables_that_point_nowhere_end_the_walk)
{
	x86_start();
	x86_tables(memory[1]);
	memory[5][1] = 0x000ffffffffff000 | PRESENT;
	memory[3][0] = 0x1000 | PRESENT; /* a loop: levels are counted, not followed */
	struct dump *dump = open_memory("x86_64", x86_info);
	struct fault fault;
	uint64_t physical;
	CHECK(!dump_translate(dump, 0xffffc90000207ff8, &physical, &fault));
	dump_close(dump);
}

TEST(x86_reads_user_memory_through_a_pgd)
{
	char text[4096 + 16];
	struct fault fault;

	x86_start();
	x86_tables(memory[1]);
	/* The process's own top level in page 13 maps two pages that are apart, at
	 * 00007ffe00003000. */
	memory[13][255] = 0xe000 | PRESENT | 4;
	memory[14][504] = 0xf000 | PRESENT | 4;
	memory[15][0] = 0xc000 | PRESENT | 4;
	memory[12][3] = 0x29000 | PRESENT | 4;
	memory[12][4] = 0x20000 | PRESENT | 4;
	memcpy((char *)memory[0x29] + 4090, "comman", 6);
	memcpy(memory[0x20], "d line", 7);
	struct dump *dump = open_memory("x86_64", x86_info);
	CHECK(dump_try_read_user(dump, 0xffff9a464000d000, 0x00007ffe00003ffa, text, 13, &fault));
	CHECK(!memcmp(text, "command line", 13));
	CHECK(!dump_try_read_user(dump, 0xffff9a464000d000, 0x00007ffe00004ff0, text, 32, &fault));
	CHECK(fault.code == ERROR_NO_TRANSLATION && fault.address == 0x00007ffe00005000);
	CHECK(!dump_try_read_user(dump, 0xffffc90000208000, 0x00007ffe00003ffa, text, 1, &fault));
	dump_close(dump);
}

/* 4 KiB pages, 48 bits: swapper_pg_dir in page 1, which kimage_voffset says. Memory begins at 0
 * here. */
static const char arm64_info[] =
	"PAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffff800008001000\n"
	"SYMBOL(_stext)=ffff800008000000\nNUMBER(VA_BITS)=48\n"
	"NUMBER(kimage_voffset)=0xffff800008000000\nNUMBER(PHYS_OFFSET)=0x0\n";

enum { TABLE = 3, BLOCK = 1, PAGE = 0x703 };

TEST(arm64_walks_four_levels_and_blocks)
{
	x86_start();
	memory[1][0] = 0x2000 | TABLE;    /* ffff000000000000: direct mapping */
	memory[1][256] = 0x3000 | TABLE;  /* ffff800000000000 */
	memory[2][0] = 0 | BLOCK | 0x700; /* 1 GiB */
	memory[3][0] = 0x4000 | TABLE;
	memory[4][64] = 0 | BLOCK | 0x700; /* 2 MiB: the image */
	memory[4][65] = 0x5000 | TABLE;
	memory[5][9] = 0x2a000 | PAGE | 0x0040000000000000;
	memory[5][10] = 0x2b000 | BLOCK; /* not a page */
	struct dump *dump = open_memory("aarch64", arm64_info);
	CHECK(leads(dump, 0xffff000000012345, 0x12345));
	CHECK(leads(dump, 0xffff800008023456, 0x23456));
	CHECK(leads(dump, 0xffff800008209010, 0x2a010));
	CHECK(leads(dump, 0xf4ff800008209010, 0x2a010)); /* with a tag */
	CHECK(fails(dump, 0xffff80000820a010, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xffff80000820b010, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x0000800008209010, ERROR_NO_TRANSLATION));
	dump_close(dump);
}

TEST(arm64_lost_tables_leave_the_linear_parts)
{
	x86_start();
	lost = 1ULL << 2 | 1ULL << 3;
	memory[1][0] = 0x2000 | TABLE;
	memory[1][256] = 0x3000 | TABLE;
	struct dump *dump = open_memory("aarch64", arm64_info);
	CHECK(leads(dump, 0xffff000000012345, 0x12345));
	CHECK(leads(dump, 0xffff800008000567, 0x567));
	CHECK(fails(dump, 0xffff800008209010, ERROR_NOT_SAVED));
	dump_close(dump);
}

TEST(arm64_walks_large_granules)
{
	/* 64 KiB, built for 52 bits on a machine of 48: the table is indexed as for 52. */
	static const char info[] = "PAGESIZE=65536\nSYMBOL(swapper_pg_dir)=ffff800008000000\n"
				   "NUMBER(VA_BITS)=52\nNUMBER(TCR_EL1_T1SZ)=0x10\n"
				   "NUMBER(kimage_voffset)=0xffff800008000000\n";

	reset();
	clear_tables(0, 48);
	lost = 0;
	memory[1][0x3e0 - 512] = 0x10000 | TABLE; /* of ffff800000000000, index 992 of 1024 */
	memory[16][1] = 0x20000 | TABLE;
	memory[32][5] = 0x30000 | PAGE;
	struct dump *dump = open_memory("aarch64", info);
	CHECK(leads(dump, 0xffff800020051234, 0x31234));
	dump_close(dump);
}

TEST(arm64_walks_sixteen_kib_and_39_bits)
{
	static const char info16[] =
		"PAGESIZE=16384\nSYMBOL(swapper_pg_dir)=ffff800008000000\n"
		"NUMBER(VA_BITS)=47\nNUMBER(kimage_voffset)=0xffff800008000000\n";
	static const char info39[] = "PAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffc008000000\n"
				     "NUMBER(VA_BITS)=39\nNUMBER(TCR_EL1_T1SZ)=0x19\n"
				     "NUMBER(kimage_voffset)=0xffffffc008000000\n";

	reset();
	clear_tables(0, 32);
	lost = 0;
	memory[0][0] = 0x4000 | TABLE; /* 16 KiB: 3 levels of 11 bits, page 4 is the second table */
	memory[4][1] = 0x8000 | TABLE;
	memory[8][2] = 0x30000 | PAGE;
	struct dump *dump = open_memory("aarch64", info16);
	CHECK(leads(dump, 0xffff800002009234, 0x31234));
	dump_close(dump);

	clear_tables(0, 32);
	memory[0][256] = 0x1000 | TABLE; /* ffffffc000000000 */
	memory[1][64] = 0x2000 | TABLE;
	memory[2][3] = 0x30000 | PAGE;
	dump = open_memory("aarch64", info39);
	CHECK(leads(dump, 0xffffffc008003234, 0x30234));
	dump_close(dump);
}

/* As QEMU says it of a kernel of 32 bits: the header is that of a machine of 64. */
TEST(i386_walks_tables_of_pae)
{
	static const char info[] = "PAGESIZE=4096\nSYMBOL(swapper_pg_dir)=c0010000\n"
				   "SIZE(list_head)=8\nCONFIG_X86_PAE=y\n";
	uint64_t number;
	struct fault fault;

	reset();
	clear_tables(16, 20);
	lost = 0;
	memory[16][3] = 17 << 12 | 1; /* c0000000: entries of the top level have few flags */
	memory[17][0] = 0 | LARGE;    /* 2 MiB */
	memory[17][511] = 18 << 12 | PRESENT;
	memory[18][511] = 0x7000 | PRESENT | 1ULL << 63;
	struct dump *dump = open_memory("x86_64", info);
	CHECK_STR(dump->arch.name, "i686");
	CHECK(dump->arch.pointer_size == 4 && dump->has_paging);
	CHECK(leads(dump, 0xc0012345, 0x12345));
	CHECK(leads(dump, 0xfffff008, 0x7008));
	CHECK(dump_try_read_pointer(dump, 0xc0021024, &number, &fault) && number == 33);
	CHECK(fails(dump, 0x12345, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xc0200000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x1c0012345, ERROR_NO_TRANSLATION));
	dump_close(dump);
	lost = 1ULL << 16;
	dump = open_memory("x86_64", info);
	CHECK(leads(dump, 0xc0012345, 0x12345));
	CHECK(fails(dump, 0xfffff008, ERROR_NOT_SAVED));
	dump_close(dump);
	lost = 0;
}

/* Sv39, as by Linux on QEMU's virt: the kernel's image at ffffffff80000000, memory at
 * ffffffd600000000. */
TEST(riscv_walks_tables_of_three_levels)
{
	static const char info[] =
		"PAGESIZE=4096\nSYMBOL(swapper_pg_dir)=ffffffff80020000\nSYMBOL(_stext)="
		"ffffffff80002000\nNUMBER(VA_BITS)=39\nNUMBER(va_kernel_pa_offset)="
		"0xffffffff80000000\nNUMBER(PAGE_OFFSET)=0xffffffd600000000\n"
		"NUMBER(phys_ram_base)=0\n";
	/* Page numbers begin at bit 10: one page is 0x400. */
	enum { NEXT = 0x01, DATA = 0xe7, TEXT = 0xeb, MORE = 1 << 10 };

	reset();
	clear_tables(32, 40);
	lost = 0;
	memory[32][510] = 33 * MORE | NEXT; /* ffffffff80000000 */
	memory[33][0] = 34 * MORE | NEXT;
	memory[34][2] = 2 * MORE | TEXT;
	memory[34][3] = 3 * MORE | (TEXT & ~1); /* not valid */
	memory[34][4] = 4 * MORE | NEXT;       /* no table has the lowest level */
	memory[34][5] = 5 * MORE | DATA | 1ULL << 63;
	memory[34][6] = 6 * MORE | DATA | 1ULL << 61; /* memory type of Svpbmt */
	memory[33][1] = 0 * MORE | TEXT;              /* 2 MiB */
	memory[32][344] = 0 * MORE | DATA;            /* ffffffd600000000: 1 GiB */
	struct dump *dump = open_memory("riscv64", info);
	CHECK(dump->has_paging);
	CHECK(leads(dump, 0xffffffff80002abc, 0x2abc));
	CHECK(leads(dump, 0xffffffff80006008, 0x6008));
	CHECK(leads(dump, 0xffffffff80212345, 0x12345));
	CHECK(leads(dump, 0xffffffd60003f008, 0x3f008));
	CHECK(fails(dump, 0xffffffff80003000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xffffffff80004000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xffffffff80005000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x0000003f80002abc, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x7fffffff80002abc, ERROR_NO_TRANSLATION));
	dump_close(dump);

	/* Without tables: the linear parts. */
	lost = 1ULL << 32;
	dump = open_memory("riscv64", info);
	CHECK(leads(dump, 0xffffffff80002abc, 0x2abc));
	CHECK(leads(dump, 0xffffffd600031008, 0x31008));
	dump_close(dump);
	lost = 0;
}

/* Fills tables of `count` entries as the kernel does, with what says that there is nothing. */
static void s390_clear(unsigned page, unsigned pages, uint64_t empty)
{
	for (unsigned i = 0; i < pages; i++)
		for (unsigned j = 0; j < 512; j++)
			memory[page + i][j] = htobe64(empty);
}

/* A kernel that lies at 3ffe0000000 (as since 6.10) and at 40000 in the machine. */
TEST(s390_walks_tables_that_say_their_level)
{
	static const char info[] =
		"PAGESIZE=4096\nSYMBOL(swapper_pg_dir)=3ffe0010000\nKERNELOFFSET=3ffe0000000\n"
		"KERNELOFFPHYS=0\nIDENTITYBASE=0\n";
	enum { THIRD_EMPTY = 0x24, SEGMENT_EMPTY = 0x20, PAGE_EMPTY = 0x400, WHOLE = 0x400 };
	struct fault fault;
	uint8_t byte;

	reset();
	lost = 0;
	s390_clear(16, 4, THIRD_EMPTY); /* the root: 2 GiB an entry */
	s390_clear(20, 4, SEGMENT_EMPTY);
	s390_clear(24, 4, SEGMENT_EMPTY);
	s390_clear(28, 1, PAGE_EMPTY);
	memory[16 + 3][511] = htobe64(20 << 12 | 0x07); /* 3ff80000000 */
	memory[16][0] = htobe64(24 << 12 | 0x07);
	memory[20 + 3][0] = htobe64(28 << 12 | 0x800); /* 3ffe0000000: upper half of a page */
	memory[28][256] = htobe64(0x3000);
	memory[28][257] = htobe64(0x4000 | PAGE_EMPTY);
	memory[28][258] = htobe64(0x5000 | 0x200); /* read-only */
	memory[24][0] = htobe64(0 | WHOLE);        /* 1 MiB */
	struct dump *dump = open_memory("s390x", info);
	CHECK(dump->has_paging && dump->arch.big_endian);
	CHECK(leads(dump, 0x3ffe0000abc, 0x3abc));
	CHECK(leads(dump, 0x3ffe0002008, 0x5008));
	CHECK(leads(dump, 0x12345, 0x12345));
	CHECK(fails(dump, 0x3ffe0001000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x80000000, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x403ffe0000abc, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xffffffffffffff00, ERROR_NO_TRANSLATION));
	/* A process of 31 bits: a segment table is all it has. */
	CHECK(dump_try_read_user(dump, 24 << 12, 0x12345, &byte, 1, &fault));
	CHECK(!dump_try_read_user(dump, 24 << 12, 0x80012345, &byte, 1, &fault));
	dump_close(dump);

	lost = 0xfULL << 16;
	dump = open_memory("s390x", info);
	CHECK(leads(dump, 0x3ffe0003abc, 0x3abc));
	CHECK(leads(dump, 0x12345, 0x12345));
	dump_close(dump);
	lost = 0;
}

/* QEMU's headers say big-endian of a kernel that is not, whose set of nodes is {0}. */
static void power_check(uint64_t nodes, const char *arch, bool big_endian)
{
	static const char info[] =
		"PAGESIZE=65536\nSYMBOL(swapper_pg_dir)=c000000000010000\nNUMBER(RADIX_MMU)=1\n"
		"SYMBOL(node_online_map)=c00000000003f000\n";
	static const uint64_t table = 1ULL << 63, leaf = 3ULL << 62;

	reset();
	clear_tables(16, 36);
	lost = 0;
	memory[63][0] = nodes;
	memory[16][0] = htobe64(table | 32 << 12 | 9); /* c000000000000000 */
	memory[32][0] = htobe64(leaf | 0x18e);         /* 1 GiB */
	memory[24][0] = htobe64(table | 33 << 12 | 9); /* c008000000000000 */
	memory[33][0] = htobe64(table | 34 << 12 | 9);
	memory[34][0] = htobe64(table | 35 << 12 | 0x100 | 5); /* not a whole page */
	memory[35][32 + 1] = htobe64(leaf | 0x20000 | 0x18e);
	memory[35][32 + 2] = htobe64(1ULL << 62 | 0x20000);
	memory[35][32 + 3] = htobe64(table | 0x20000);
	struct dump *dump = open_memory("ppc64", info);
	CHECK_STR(dump->arch.name, arch);
	CHECK(dump->arch.big_endian == big_endian && dump->has_paging);
	CHECK(leads(dump, 0xc000000000012345, 0x12345));
	CHECK(leads(dump, 0xc008000000010abc, 0x20abc));
	CHECK(fails(dump, 0xc008000000020abc, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xc008000000030abc, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0x0000000000012345, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xd000000000012345, ERROR_NO_TRANSLATION));
	CHECK(fails(dump, 0xf000000000012345, ERROR_NO_TRANSLATION));
	dump_close(dump);
	lost = 1ULL << 16;
	dump = open_memory("ppc64", info);
	CHECK(leads(dump, 0xc000000000012345, 0x12345));
	dump_close(dump);
	lost = 0;
}

TEST(power_walks_radix_trees_of_either_byte_order)
{
	power_check(htole64(1), "ppc64le", false);
	power_check(htobe64(1), "ppc64", true);
}

TEST(paging_needs_what_it_needs)
{
	static const char *const infos[] = {
		"",
		"PAGESIZE=4096\n",
		"SYMBOL(swapper_pg_dir)=12\n",
		"SYMBOL(swapper_pg_dir)=ffff800008000000\n",
		"SYMBOL(swapper_pg_dir)=ffff800008000000\nNUMBER(kimage_voffset)=0\nNUMBER(VA_BITS)"
		"=99\n",
		"SYMBOL(swapper_pg_dir)=ffff800008000000\nNUMBER(kimage_voffset)=0\nNUMBER(VA_BITS)"
		"=48\nPAGESIZE=3\n",
	};

	for (size_t i = 0; i < sizeof(infos) / sizeof(*infos); i++) {
		struct vmcoreinfo *info = vmcoreinfo_new(infos[i], strlen(infos[i]));
		struct paging paging;

		CHECK(!paging_init(&paging, "aarch64", info, NULL));
		CHECK(!paging_init(&paging, "x86_64", info, NULL));
		CHECK(!paging_init(&paging, "i686", info, NULL));
		CHECK(!paging_init(&paging, "ppc64le", info, NULL));
		CHECK(!paging_init(&paging, "riscv64", info, NULL));
		CHECK(!paging_init(&paging, "sparc64", info, NULL));
		vmcoreinfo_free(info);
	}
}

TEST_MAIN
