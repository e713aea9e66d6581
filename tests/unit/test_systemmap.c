// SPDX-License-Identifier: GPL-2.0-or-later
#include "types/src_systemmap.c"

#include <stdio.h>
#include <unistd.h>

#include "dump/vmcoreinfo.h"
#include "test.h"

static char path[64];

/* A map of 200 functions, a per-CPU area at 0 and three variables that VMCOREINFO knows, too. */
static void write_map(void)
{
	snprintf(path, sizeof(path), "/tmp/kmortem-test-map-%d", (int)getpid());
	FILE *file = fopen(path, "w");

	fprintf(file, "0000000000000000 D __per_cpu_start\n0000000000031980 d runqueues\n"
		      "0000000000032000 D __per_cpu_end\nffffffff81000000 T _stext\n");
	for (int i = 0; i < 200; i++)
		fprintf(file, "ffffffff810%02x000 t function_%d\n", i, i);
	fprintf(file, "ffffffff82000000 D init_uts_ns\nffffffff82000100 D node_online_map\n"
		      "ffffffff82000200 B mem_section\nffffffff83000000 B _end\nnonsense\n\n");
	fclose(file);
}

static struct error *open_map(const char *known_text, struct symbol_provider **ret)
{
	struct vmcoreinfo *info = vmcoreinfo_new(known_text, strlen(known_text));
	struct symbol_provider *known = src_vmcoreinfo_open(info);
	struct error *error = src_systemmap_open(path, known, ret);

	symbol_provider_free(known);
	vmcoreinfo_free(info);
	return error;
}

TEST(addresses_move_to_where_the_kernel_ran)
{
	struct symbol_provider *map = NULL;
	struct symbol symbol;

	write_map();
	/* mem_section is a pointer's value in VMCOREINFO, and so disagrees. */
	struct error *error =
		open_map("SYMBOL(_stext)=ffffffff96c00000\nSYMBOL(init_uts_ns)=ffffffff97c00000\n"
			 "SYMBOL(node_online_map)=ffffffff97c00100\n"
			 "SYMBOL(mem_section)=ffff8adb9ffd3000\nKERNELOFFSET=15c00000\n",
			 &map);
	CHECK(!error);
	CHECK(map->ops->find(map, "function_3", &symbol, 1) == 1 &&
	      symbol.address == 0xffffffff96c03000);
	CHECK(symbol.size == 0x1000);
	CHECK(map->ops->find(map, "runqueues", &symbol, 1) == 1 && symbol.address == 0x31980);
	CHECK(map->ops->symbolize(map, 0xffffffff96c03004, &symbol));
	CHECK_STR(symbol.name, "function_3");
	CHECK(!map->ops->symbolize(map, 0xffffffff81003004, &symbol));
	symbol_provider_free(map);
	error_free(error);
	unlink(path);
}

TEST(maps_of_other_builds_are_refused)
{
	struct symbol_provider *map = NULL;

	write_map();
	struct error *error =
		open_map("SYMBOL(_stext)=ffffffff96c00000\nSYMBOL(init_uts_ns)=ffffffff97c12340\n"
			 "SYMBOL(node_online_map)=ffffffff97c77100\n",
			 &map);
	CHECK(error && error->code == ERROR_MISMATCH && !map);
	error_free(error);
	error = open_map("OSRELEASE=6.1.0\n", &map);
	CHECK(error && error->code == ERROR_MISMATCH && !map);
	error_free(error);
	unlink(path);
}

TEST(other_files_are_refused)
{
	struct symbol_provider *map = NULL;

	snprintf(path, sizeof(path), "/tmp/kmortem-test-map-%d", (int)getpid());
	FILE *file = fopen(path, "w");
	fprintf(file, "ffffffffffffffff B The real System.map is in another package\n");
	fclose(file);
	struct error *error = open_map("SYMBOL(_stext)=ffffffff96c00000\n", &map);
	CHECK(error && error->code == ERROR_INVALID && !map);
	error_free(error);
	unlink(path);
	error = open_map("SYMBOL(_stext)=ffffffff96c00000\n", &map);
	CHECK(error && error->code == ERROR_IO);
	error_free(error);
}

TEST(vmcoreinfo_lines_are_taken_apart)
{
	const char *text =
		"SYMBOL(a)=10\nSYMBOL(b)=zz\nSYMBOL()=1\nSYMBOL(c\nSYMBOL(d)=\nSIZE(e)=4\n"
		"SYMBOL(f)=ffffffffffffffffffff\nSYMBOL(g)=ff";
	struct vmcoreinfo *info = vmcoreinfo_new(text, strlen(text));
	struct symbol_provider *known = src_vmcoreinfo_open(info);
	struct symbol symbol;

	CHECK(known->ops->find(known, "a", &symbol, 1) == 1 && symbol.address == 16);
	CHECK(known->ops->find(known, "g", &symbol, 1) == 1 && symbol.address == 255);
	CHECK(known->ops->find(known, "b", &symbol, 1) == 0);
	CHECK(known->ops->find(known, "d", &symbol, 1) == 0);
	CHECK(known->ops->find(known, "e", &symbol, 1) == 0);
	CHECK(!known->ops->symbolize(known, 20, &symbol));
	CHECK(known->is_partial);
	symbol_provider_free(known);
	vmcoreinfo_free(info);
}

TEST_MAIN
