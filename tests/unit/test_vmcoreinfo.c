// SPDX-License-Identifier: GPL-2.0-or-later
#include "dump/vmcoreinfo.c"
#include "test.h"

static struct vmcoreinfo *parse(const char *text)
{
	return vmcoreinfo_new(text, strlen(text));
}

TEST(vmcoreinfo_finds_values_of_every_line)
{
	struct vmcoreinfo *info = parse("OSRELEASE=6.1.0\nBUILD-ID=ab=cd\nEMPTY=\nLAST=1");

	CHECK_STR(vmcoreinfo_get(info, "OSRELEASE"), "6.1.0");
	CHECK_STR(vmcoreinfo_get(info, "BUILD-ID"), "ab=cd");
	CHECK_STR(vmcoreinfo_get(info, "EMPTY"), "");
	CHECK_STR(vmcoreinfo_get(info, "LAST"), "1");
	CHECK(!vmcoreinfo_get(info, "OSREL"));
	vmcoreinfo_free(info);
}

TEST(vmcoreinfo_keeps_the_text_as_written)
{
	const char *text = "A=1\nnonsense\n=2\nB=3\n";
	struct vmcoreinfo *info = parse(text);

	CHECK_STR(vmcoreinfo_text(info), text);
	CHECK(!vmcoreinfo_get(info, "nonsense"));
	CHECK(!vmcoreinfo_get(info, ""));
	CHECK_STR(vmcoreinfo_get(info, "B"), "3");
	vmcoreinfo_free(info);
}

TEST(vmcoreinfo_reads_numbers_in_their_bases)
{
	struct vmcoreinfo *info =
		parse("SYMBOL(x)=ffffffff81000000\nKERNELOFFSET=1a000000\nPAGESIZE=4096\n"
		      "NUMBER(phys_base)=-25165824\nNUMBER(kimage_voffset)=0xffff800008000000\n"
		      "OFFSET(list_head.next)=10\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n");
	uint64_t number = 0;

	CHECK(vmcoreinfo_number(info, "SYMBOL(x)", &number) && number == 0xffffffff81000000);
	CHECK(vmcoreinfo_number(info, "KERNELOFFSET", &number) && number == 0x1a000000);
	CHECK(vmcoreinfo_number(info, "PAGESIZE", &number) && number == 4096);
	CHECK(vmcoreinfo_number(info, "NUMBER(phys_base)", &number) &&
	      number == -(uint64_t)25165824);
	CHECK(vmcoreinfo_number(info, "NUMBER(kimage_voffset)", &number) &&
	      number == 0xffff800008000000);
	CHECK(vmcoreinfo_number(info, "OFFSET(list_head.next)", &number) && number == 10);
	vmcoreinfo_free(info);
}

TEST(vmcoreinfo_refuses_what_is_no_number)
{
	struct vmcoreinfo *info = parse("SYMBOL(a)=xyz\nSYMBOL(b)=\nSYMBOL(c)= 12\nNUMBER(d)=12x\n"
					"NUMBER(e)=99999999999999999999999999\nNUMBER(f)=+\n");
	static const char *const keys[] = {"SYMBOL(a)", "SYMBOL(b)", "SYMBOL(c)", "NUMBER(d)",
					   "NUMBER(e)", "NUMBER(f)", "NUMBER(g)"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		uint64_t number = 7;

		CHECK(!vmcoreinfo_number(info, keys[i], &number));
		CHECK(number == 7);
	}
	vmcoreinfo_free(info);
}

TEST(vmcoreinfo_leaves_out_long_lines_and_stops_at_nul)
{
	size_t length = 5000;
	char *text = mem_zero(length + 16);

	memset(text, 'k', length);
	text[1] = '=';
	memcpy(text + length, "\nB=1\n\0C=1\n", 10);
	struct vmcoreinfo *info = vmcoreinfo_new(text, length + 10);
	CHECK(!vmcoreinfo_get(info, "k"));
	CHECK_STR(vmcoreinfo_get(info, "B"), "1");
	CHECK(!vmcoreinfo_get(info, "C"));
	vmcoreinfo_free(info);
	free(text);
}

TEST_MAIN
