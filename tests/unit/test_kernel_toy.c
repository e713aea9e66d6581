// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel and value layers on whole and on damaged toy kernels (tests/toykernel), which are built here.
// Expected values are those of the comments in toy.c.
#include "test.h"

#include <stdarg.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "dump/dump.h"
#include "kernel/dmesg.h"
#include "kernel/kernel.h"
#include "kernel/walk.h"
#include "types/symtab.h"
#include "value/format.h"

static char folder[] = "/tmp/kmortem-toy-XXXXXX";

static void run(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *command _cleanup_free_ = mem_vprintf(format, arguments);
	va_end(arguments);
	if (system(command)) {
		printf("cannot run: %s\n", command);
		exit(1);
	}
}

static void remove_folder(void)
{
	run("rm -rf %s", folder);
}

__attribute__((constructor)) static void build(void)
{
	if (!mkdtemp(folder))
		exit(1);
	atexit(remove_folder);
	run("tests/toykernel/build %s", folder);
}

static struct dump *dump;
static struct symtab *symtab;
static struct kernel *kernel;
static struct arena *arena;
static const struct type *item;

static void check_error(struct error *error)
{
	if (!error)
		return;
	printf("%s\n", error->message);
	exit(1);
}

static void close_toy(void)
{
	kernel_free(kernel);
	symtab_free(symtab);
	dump_close(dump);
	arena_free(arena);
}

/* Opens the toy "new" or "old", after doing to it what `recipe` says (NULL: whole). */
static void open_toy(const char *name, const char *recipe)
{
	char *path _cleanup_free_ = mem_printf("%s/%s/vmcore", folder, name);
	struct symtab_options options = {0};

	if (kernel)
		close_toy();
	if (recipe) {
		free(path);
		path = mem_printf("%s/damaged", folder);
		run("printf '%s\\n' >%s/recipe && tests/toykernel/mkvmcore %s/%s/vmlinux %s %s/recipe", recipe,
		    folder, folder, name, path, folder);
	}
	check_error(dump_open((const char *[]){path}, 1, &dump));
	check_error(symtab_new(dump, &options, &symtab));
	kernel = kernel_new(dump, symtab);
	arena = arena_new();
	check_error(symtab_type(symtab, TYPE_STRUCT, "item", NULL, &item));
}

static uint64_t at(const char *symbol)
{
	uint64_t address = kernel_symbol(kernel, symbol);

	if (!address)
		printf("no symbol %s\n", symbol);
	return address;
}

static uint64_t offset_of(const char *member)
{
	struct type_member found = {0};

	CHECK(type_find_member(item, member, &found));
	return found.bit_offset / 8;
}

/* "0:100 1:101 …": keys and values of the items that a walk delivers, and the reason when it broke off. */
static const char *items_of(struct walk *walk)
{
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct value element;
	uint64_t key;

	while (walk_next(walk, &element, &key)) {
		struct type_member member = {0};

		CHECK(type_find_member(item, "value", &member));
		struct value value = value_load(dump, value_member(element, &member));

		buf_printf(&buf, "%s%llu:", buf.length ? " " : "", (unsigned long long)key);
		if (value.kind == VALUE_INT)
			format_integer(value.integer, &buf);
		else
			buf_puts(&buf, "?");
	}
	if (walk_fault(walk)) {
		buf_puts(&buf, " | ");
		format_fault(walk_fault(walk), &buf);
	}
	return arena_strdup(arena, buf_text(&buf));
}

#define LIST items_of(walk_list(kernel, arena, at("item_list"), item, offset_of("list")))
#define TREE items_of(walk_rbtree(kernel, arena, at("item_tree"), item, offset_of("tree")))
#define ARRAY items_of(walk_xarray(kernel, arena, at("item_array"), item))
#define MAPLE items_of(walk_maple(kernel, arena, at("item_maple"), item))
#define ALL "0:100 1:101 2:102 3:103 4:104 5:105 6:106 7:107"
#define HEX(number) (unsigned long long)(number)

TEST(toy_containers_hold_their_items)
{
	static const char *const names[] = {"new", "old"};

	for (int i = 0; i < 2; i++) {
		open_toy(names[i], NULL);
		CHECK_STR(LIST, ALL);
		CHECK_STR(items_of(walk_list(kernel, arena, at("empty_list"), item, offset_of("list"))), "");
		for (uint64_t bucket = 0; bucket < 3; bucket++) {
			static const char *const held[] = {"0:100 1:102 2:104 3:106",
							   "0:101 1:103 2:105 3:107", ""};

			CHECK_STR(items_of(walk_hlist(kernel, arena, at("item_hash") + 8 * bucket, item,
						      offset_of("hash"))), held[bucket]);
			CHECK_STR(items_of(walk_hlist_nulls(kernel, arena, at("item_nulls") + 8 * bucket,
							    item, offset_of("nulls"))), held[bucket]);
		}
		CHECK_STR(items_of(walk_chain(kernel, arena, at("items"), item, offset_of("next"))), ALL);
		CHECK_STR(items_of(walk_array(kernel, arena, at("items"), item, 8)), ALL);
		CHECK_STR(TREE, ALL);
		CHECK_STR(items_of(walk_rbtree(kernel, arena, at("item_cached"), item, offset_of("tree"))),
			  ALL);
		CHECK_STR(items_of(walk_rbtree(kernel, arena, at("empty_tree"), item, offset_of("tree"))), "");
		/* SLOTS is 64 in the new one, 16 in the old */
		CHECK_STR(ARRAY, i ? "0:100 1:101 15:102 16:103 53:104" : "0:100 1:101 63:102 64:103 197:104");
		CHECK_STR(items_of(walk_xarray(kernel, arena, at("one_array"), item)), "0:106");
		CHECK_STR(items_of(walk_xarray(kernel, arena, at("empty_array"), item)), "");
		CHECK_STR(items_of(walk_idr(kernel, arena, at("item_idr"), item)), "1:100 2:101");
	}
	open_toy("new", NULL);
	CHECK_STR(MAPLE, "4096:100 8192:101 32768:102");
	CHECK_STR(items_of(walk_maple(kernel, arena, at("one_maple"), item)), "0:106");
	CHECK_STR(items_of(walk_maple(kernel, arena, at("empty_maple"), item)), "");
}

TEST(toy_kernel_is_known)
{
	static const char *const names[] = {"new", "old"}, *const releases[] = {"6.1.0-toy", "4.14.0-toy"};
	char letters[65];
	uint64_t address, events = 0, counts;
	struct fault fault;

	for (int i = 0; i < 2; i++) {
		open_toy(names[i], NULL);
		CHECK_STR(kernel->release, releases[i]);
		CHECK_STR(kernel->nodename, "toybox");
		CHECK_STR(kernel->machine, "x86_64");
		CHECK(kernel->possible_count == 3 && kernel->online_count == 2);
		CHECK(kernel->hz == 250);
		CHECK(kernel->monotonic_ns == 95000000000 && kernel->uptime_ns == 100000000000);
		CHECK(kernel->crash_time_ns == 1795219200000000000);
		CHECK(kernel->loadavg[0] == 1.0 && kernel->loadavg[1] == 0.5 && kernel->loadavg[2] == 0.25);
		CHECK(kernel->memory_bytes == 1ULL << 30);
		kernel_taint_letters(kernel, letters);
		CHECK_STR(letters, "PO");
		CHECK(kernel->panic.happened && kernel->panic.cpu == 0 && kernel->panic.pid == 60);
		CHECK_STR(kernel->panic.comm, "starver");
		CHECK_STR(kernel->panic.message, "toy is broken");
		CHECK(kernel->panic.task == at("task_rt"));
	}
	/* counts is 10, 20 and 40 on the three CPUs */
	counts = symtab_find(symtab, "counts")->address;
	for (uint32_t cpu = 0; cpu < 3; cpu++) {
		uint64_t number = 0;

		CHECK(kernel_percpu(kernel, counts, cpu, &address) &&
		      dump_try_read_number(dump, address, 8, &number, &fault));
		events += number;
	}
	CHECK(events == 70);
}

TEST(toy_log_is_read)
{
	static const char *const names[] = {"new", "old"};

	for (int i = 0; i < 2; i++) {
		struct dmesg log;

		open_toy(names[i], NULL);
		check_error(dmesg_read(kernel, arena, &log));
		CHECK(log.count == 4);
		CHECK(log.count == 4 && log.records[1].length == 10 &&
		      !memcmp(log.records[1].text, "toy: ready", 10));
		CHECK(log.count == 4 && log.records[3].level == 0 && log.records[0].level == 5 &&
		      log.records[2].time_ns == 90000000000);
	}
}

/* One member of toy_values, as kmortem eval shows it. */
static const char *shown(const char *name)
{
	struct format_options options = {.dump = dump, .symtab = symtab, .with_type = true, .depth = 3,
					 .elements = 16};
	struct buf buf _cleanup_(buf_deinit) = {0};
	struct type_member member = {0};
	const struct type *type;

	check_error(symtab_type(symtab, TYPE_STRUCT, "toy_values", NULL, &type));
	CHECK(type_find_member(type, name, &member));
	struct value value = value_member(value_object(type, at("toy_values")), &member);

	format_value(&value, &options, &buf);
	return arena_strdup(arena, buf_text(&buf));
}

TEST(toy_values_of_every_kind)
{
	open_toy("new", NULL);
	CHECK_STR(shown("byte"), "(s8) -1");
	CHECK_STR(shown("unsigned_byte"), "(u8) 255");
	CHECK_STR(shown("unsigned_word"), "(u16) 65535");
	CHECK_STR(shown("unsigned_number"), "(unsigned int) 4294967295");
	CHECK_STR(shown("wide"), "(long) -4");
	CHECK_STR(shown("unsigned_wide"), "(unsigned long) 18446744073709551615");
	CHECK_STR(shown("truth"), "(bool) true");
	CHECK_STR(shown("letter"), "(char) 107 'k'");
	CHECK_STR(shown("real"), "(double) 0.5");
	CHECK_STR(shown("color"), "(enum color) BLUE");
	CHECK_STR(shown("temperature"), "(enum temperature) COLD");
	CHECK_STR(shown("bits"), "(struct toy_bits) {\n\tlow = (u32) 5,\n\tmiddle = (u32) 4711,\n"
				 "\tnegative = (s32) -7,\n\tflag = (bool) true,\n"
				 "\tacross = (u64) 737894400291,\n}");
	CHECK_STR(shown("whole"), "(u32) 67305985");
	CHECK_STR(shown("parts"), "(u8 [4]) [1, 2, 3, 4]");
	CHECK_STR(shown("name"), "(char [8]) \"unended!\"");
	CHECK(strstr(shown("text"), " \"a toy\""));
	CHECK(!!strstr(shown("function"), "+0x0>")); /* _stext has the same address */
	CHECK(strstr(shown("null"), " 0x0"));
}

TEST(toy_lists_that_are_damaged)
{
	open_toy("new", "poke items+item.list.next = items+2*item+item.list");
	CHECK_STR(LIST, arena_printf(arena,
				     "0:100 | corrupt: next of list node 0x%llx is 0x%llx, whose prev is 0x%llx instead",
				     HEX(at("items") + offset_of("list")),
				     HEX(at("items") + 2 * item->size + offset_of("list")),
				     HEX(at("items") + item->size + offset_of("list"))));
	open_toy("new", "poke items+7*item+item.list.next = items+item.list");
	CHECK(!strncmp(LIST, ALL " | corrupt: ", strlen(ALL) + 12)); /* a cycle without the head */
	open_toy("new", "poke items+3*item+item.list.next = 0xdead000000000100");
	CHECK(!!strstr(LIST, "3:103 | corrupt: ") && !!strstr(LIST, "LIST_POISON1"));
	open_toy("new", "hole items+4*item 4096");
	CHECK_STR(LIST, arena_printf(arena, "0:100 1:101 2:102 3:103 | not saved in the dump (0x%llx)",
				     HEX(at("items") + 4 * item->size + offset_of("list"))));
	open_toy("new", "poke items+7*item+item.next = items+5*item");
	CHECK(!!strstr(items_of(walk_chain(kernel, arena, at("items"), item, offset_of("next"))),
		       "where the chain has been before"));
}

TEST(toy_trees_that_are_damaged)
{
	open_toy("new", "poke items+item.tree.rb_left = items+3*item+item.tree");
	CHECK(!strncmp(TREE, " | corrupt: rb-tree node ", 25));
	open_toy("new", "hole items+4*item 4096"); /* 5, 4, 6 and 7 */
	CHECK(!strncmp(TREE, "0:100 1:101 2:102 3:103 | not saved in the dump (0x", 50));
	open_toy("new", "poke item_nodes+xa_node.slots[1] = item_nodes+2");
	CHECK(!strncmp(ARRAY, "0:100 1:101 63:102 | corrupt: shift of xarray node ", 51));
	open_toy("new", "hole item_nodes+2*xa_node 576");
	CHECK(!!strstr(ARRAY, "not saved in the dump"));
	open_toy("new", "poke item_maple_nodes+2*maple_node = item_maple_nodes+2*maple_node");
	CHECK(!strncmp(MAPLE, "4096:100 8192:101 | corrupt: maple node 0x", 42));
	open_toy("new", "poke item_maple_nodes+maple_node+maple_range_64.pivot[1] = 0");
	CHECK(!strncmp(MAPLE, "4096:100", 8));
	open_toy("new", "poke item_maple_nodes+maple_arange_64.slot[1] = item_maple_nodes+12+16");
	CHECK(!!strstr(MAPLE, "4096:100 8192:101"));
	CHECK(!!strstr(MAPLE, "corrupt"));
}

static enum error_code log_error(void)
{
	struct dmesg log;
	struct error *error = dmesg_read(kernel, arena, &log);
	enum error_code code = error ? error->code : ERROR_COUNT;

	error_free(error);
	return code;
}

TEST(toy_facts_that_are_missing_leave_the_others)
{
	open_toy("new", "poke4 printk_rb_static = 99"); /* count_bits */
	CHECK(log_error() == ERROR_CORRUPT);
	CHECK(kernel->panic.happened && kernel->panic.pid == 60);
	CHECK_STR(kernel->panic.message, "");
	open_toy("new", "hole prb 8");
	CHECK(log_error() == ERROR_NOT_SAVED);
	open_toy("new", "poke4 panic_cpu = 0xffffffff\ninfo CRASHTIME");
	CHECK(!kernel->panic.happened);
	CHECK_STR(kernel->panic.message, "");
	open_toy("new", "poke __per_cpu_offset = 0x1234567"); /* of CPU 0, which is where the panic was */
	CHECK(kernel->panic.happened && kernel->panic.task == 0 && kernel->panic.pid == -1);
	CHECK_STR(kernel->panic.message, "toy is broken");
	close_toy();
	kernel = NULL;
}

TEST_MAIN
