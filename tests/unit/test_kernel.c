// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "fake_dump.h"

#include "kernel/clock.c"
#include "kernel/cpus.c"
#include "kernel/kernel.c"
#include "kernel/taint.c"

#define RESOLVED .is_resolved = true, .is_complete = true

static uint64_t put_variable(const char *name, size_t size, uint64_t number)
{
	uint64_t at = fake_alloc(size, size);

	fake_symbol(name, at);
	fake_put(at, size, number);
	return at;
}

static void set_vmcoreinfo(const char *text)
{
	vmcoreinfo_free(fake_dump.vmcoreinfo);
	fake_dump.vmcoreinfo = vmcoreinfo_new(text, strlen(text));
}

static void put_text(uint64_t address, const char *text)
{
	fake_put_bytes(address, text, strlen(text));
}

TEST(kernel_with_nothing_to_ask_knows_nothing)
{
	char letters[65];

	fake_reset(8, false);
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, NULL);

	CHECK_STR(kernel->release, "");
	CHECK_STR(kernel->version, "");
	CHECK_STR(kernel->nodename, "");
	CHECK_STR(kernel->machine, "x86_64");
	CHECK_STR(kernel->build_id, "");
	CHECK(!kernel->possible_count && !kernel->online_count && !kernel->percpu_count);
	CHECK(!kernel->hz && !kernel->has_jiffies && !kernel->has_taint && !kernel->memory_bytes);
	CHECK(kernel->uptime_ns == -1 && kernel->monotonic_ns == -1 && kernel->crash_time_ns == -1);
	CHECK(kernel->loadavg[0] == -1);
	CHECK(kernel->panic.happened && kernel->panic.cpu == -1 && kernel->panic.pid == -1);
	CHECK_STR(kernel->panic.message, "");
	kernel_taint_letters(kernel, letters);
	CHECK_STR(letters, "");
}

TEST(kernel_names_from_memory_before_vmcoreinfo)
{
	fake_reset(8, false);
	set_vmcoreinfo("OSRELEASE=6.1.0-from-vmcoreinfo\nOFFSET(uts_namespace.name)=8\n"
		       "BUILD-ID=c0ffee\nCRASHTIME=1795224045\n");
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK_STR(kernel->release, "6.1.0-from-vmcoreinfo");
	CHECK_STR(kernel->build_id, "c0ffee");
	CHECK(kernel->crash_time_ns == 1795224045000000000);
	CHECK(kernel->panic.happened); /* CRASHTIME */

	uint64_t uts = fake_alloc(8 + 6 * 65, 8);

	fake_symbol("init_uts_ns", uts);
	put_text(uts + 8 + 65, "labguest");
	put_text(uts + 8 + 2 * 65, "6.1.0-50");
	put_text(uts + 8 + 3 * 65, "#1 SMP");
	put_text(uts + 8 + 4 * 65, "x86_64");
	struct kernel *named _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK_STR(named->nodename, "labguest");
	CHECK_STR(named->release, "6.1.0-50");
	CHECK_STR(named->version, "#1 SMP");
}

TEST(kernel_build_id_from_its_notes)
{
	fake_reset(8, false);
	uint64_t notes = fake_alloc(64, 8);

	/* a note of "Xen", then the build-id */
	fake_put(notes, 4, 4), fake_put(notes + 4, 4, 2), fake_put(notes + 8, 4, 3);
	put_text(notes + 12, "Xen");
	fake_put(notes + 20, 4, 4), fake_put(notes + 24, 4, 3), fake_put(notes + 28, 4, 3);
	put_text(notes + 32, "GNU");
	fake_put_bytes(notes + 36, "\xab\x01\xff", 3);
	fake_symbol("__start_notes", notes);
	fake_symbol("__stop_notes", notes + 40);
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK_STR(kernel->build_id, "ab01ff");
	fake_put(notes + 24, 4, 0xfffffff0); /* longer than the notes */
	struct kernel *broken _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK_STR(broken->build_id, "");
}

static void put_mask(const char *name, uint64_t bits)
{
	put_variable(name, 8, bits);
	fake_symtab.symbols[fake_symtab.symbol_count - 1].size = 8;
}

TEST(cpus_and_their_areas)
{
	uint64_t address;

	fake_reset(8, false);
	put_mask("__cpu_possible_mask", 0xd); /* 0, 2, 3 */
	put_mask("__cpu_online_mask", 0x1);
	put_mask("__cpu_active_mask", 0x5); /* 2 was stopped in a panic */
	uint64_t offsets = fake_alloc(4 * 8, 8);

	fake_symbol("__per_cpu_offset", offsets);
	for (unsigned i = 0; i < 4; i++)
		fake_put(offsets + 8 * i, 8, 0x1000 * (i + 1));
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(kernel->possible_count == 3 && kernel->possible_cpus[1] == 2);
	CHECK(kernel->online_count == 2 && kernel->online_cpus[1] == 2);
	CHECK(kernel_is_online(kernel, 0) && !kernel_is_online(kernel, 1) &&
	      kernel_is_online(kernel, 2) && !kernel_is_online(kernel, 3));
	CHECK(kernel->percpu_count == 4 && kernel->percpu_offsets[1] == 0);
	CHECK(kernel_percpu(kernel, 0x80, 3, &address) && address == 0x4080);
	CHECK(!kernel_percpu(kernel, 0x80, 1, &address));
	CHECK(!kernel_percpu(kernel, 0x80, 4, &address));
	CHECK(!kernel_percpu(kernel, 0x80, UINT32_MAX, &address));
}

TEST(cpus_of_a_kernel_without_smp)
{
	uint64_t address;

	fake_reset(8, false);
	put_variable("jiffies_64", 8, 0);
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(kernel->possible_count == 1 && kernel->possible_cpus[0] == 0);
	CHECK(kernel_percpu(kernel, 0xffffffff82000000, 0, &address) && address == 0xffffffff82000000);
	CHECK(!kernel_percpu(kernel, 0, 1, &address));
}

TEST(cpus_of_a_mask_are_bounded)
{
	fake_reset(8, false);
	put_mask("__cpu_possible_mask", UINT64_MAX);
	fake_symtab.symbols[0].size = 1ULL << 40;
	put_variable("nr_cpu_ids", 4, 3);
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(kernel->possible_count == 3);
	fake_put(fake_symtab.symbols[1].address, 4, UINT32_MAX);
	struct kernel *wild _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(wild->possible_count <= CPU_LIMIT);
}

/* struct timekeeper with what is read of it, 4-byte seqcount before it as in 5.10 to 6.12 */
static const struct type u64_type = {.kind = TYPE_INT, .name = "unsigned long", .size = 8, RESOLVED};
static const struct type u32_type = {.kind = TYPE_INT, .name = "unsigned int", .size = 4, RESOLVED};
static const struct type_member base_members[] = {
	{"clock", &u64_type, 0, 0}, {"shift", &u32_type, 64, 0}, {"xtime_nsec", &u64_type, 128, 0},
	{"base", &u64_type, 192, 0}};
static const struct type base_type = {.kind = TYPE_STRUCT, .name = "tk_read_base", .size = 32,
				      .member_count = 4, .members = base_members, RESOLVED};
static const struct type_member timekeeper_members[] = {
	{"tkr_mono", &base_type, 0, 0}, {"tkr_raw", &base_type, 256, 0}, {"offs_real", &u64_type, 512, 0},
	{"offs_boot", &u64_type, 576, 0}, {"ntp_tick", &u64_type, 640, 0}};
static const struct type timekeeper_type = {.kind = TYPE_STRUCT, .name = "timekeeper", .size = 88,
					    .member_count = 5, .members = timekeeper_members, RESOLVED};
static const struct type_member data_members[] = {{"timekeeper", &timekeeper_type, 24 * 8, 0}};
static const struct type data_type = {.kind = TYPE_STRUCT, .name = "tk_data", .size = 128,
				      .member_count = 1, .members = data_members, RESOLVED};

/* A timekeeper of a 250 Hz kernel 100.5 s after boot, 10 s of which it slept, at 2026-11-21 01:20:45 UTC. */
static void put_timekeeper(uint64_t at)
{
	fake_put(at, 8, 0xffffffff82000000);
	fake_put(at + 8, 4, 8);
	fake_put(at + 16, 8, 500000000ULL << 8);
	fake_put(at + 24, 8, 90000000000);
	fake_put(at + 32, 8, 0xffffffff82000000);
	fake_put(at + 64, 8, 1795224045000000000 - 90500000000);
	fake_put(at + 72, 8, 10000000000);
	fake_put(at + 80, 8, 4000000ULL << 32);
}

TEST(clock_from_the_timekeeper_wherever_it_is)
{
	for (int kind = 0; kind < 3; kind++) {
		fake_reset(8, false);
		fake_symtab.types[0] = &timekeeper_type;
		if (kind)
			fake_symtab.types[1] = &data_type;
		uint64_t core = fake_alloc(512, 64);

		fake_symbol(kind == 2 ? "timekeeper_data" : "tk_core", core);
		put_timekeeper(core + (kind ? 24 : 8));
		put_variable("jiffies_64", 8, (1ULL << 32) - 300 * 250 + 90 * 250);
		struct kernel *kernel _cleanup_(kernel_free_cleanup) =
			kernel_new(&fake_dump, &fake_symtab);

		CHECK(kernel->hz == 250 && kernel->has_jiffies);
		CHECK(kernel->monotonic_ns == 90500000000);
		CHECK(kernel->uptime_ns == 100500000000);
		CHECK(kernel->crash_time_ns == 1795224045000000000);
		CHECK(clock_rate_fits(kernel, 250) && !clock_rate_fits(kernel, 1000));
	}
}

TEST(clock_of_garbage_is_unknown)
{
	fake_reset(8, false);
	fake_symtab.types[0] = &timekeeper_type;
	uint64_t core = fake_alloc(512, 64);

	fake_symbol("tk_core", core);
	struct kernel *zero _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(zero->hz == 0 && zero->uptime_ns == -1);
	put_timekeeper(core + 8);
	fake_put(core + 8 + 8, 4, 200);           /* a shift no number survives */
	struct kernel *shift _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(shift->uptime_ns == -1);
	put_timekeeper(core + 8);
	fake_put(core + 8 + 24, 8, UINT64_MAX / 2 + 5); /* before the beginning of time */
	struct kernel *base _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(base->uptime_ns == -1 && base->monotonic_ns == -1);
}

TEST(clock_rates)
{
	CHECK(clock_rate(4000000) == 250 && clock_rate(1000500) == 1000 && clock_rate(976562) == 1024);
	CHECK(clock_rate(3333333) == 300 && clock_rate(10000000) == 100);
	CHECK(clock_rate(0) == 0 && clock_rate(UINT64_MAX) == 0 && clock_rate(7000000) == 0);
	fake_reset(8, false);
	put_variable("tick_nsec", 8, 999847);
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(kernel->hz == 1000);
}

TEST(kernel_load_memory_and_taint)
{
	char letters[65];

	fake_reset(8, false);
	uint64_t load = fake_alloc(24, 8);

	fake_symbol("avenrun", load);
	fake_put(load, 8, 2048 * 2.74 + 1);  /* between two hundredths: /proc rounds */
	fake_put(load + 8, 8, 2048 * 63 / 100);
	fake_put(load + 16, 8, 2048);
	put_variable("_totalram_pages", 8, 71103);
	put_variable("tainted_mask", 8, 1 << 0 | 1 << 9 | 1 << 12 | 1ULL << 63);
	struct kernel *kernel _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(kernel->loadavg[0] == 2.74 && kernel->loadavg[1] == 0.63 && kernel->loadavg[2] == 1.0);
	CHECK(kernel->memory_bytes == 284412 * 1024);
	kernel_taint_letters(kernel, letters);
	CHECK_STR(letters, "PWO?");
	CHECK_STR(kernel_taint_words('O'), "externally-built (\"out-of-tree\") module was loaded");
	fake_put(load + 8, 8, UINT64_MAX);
	struct kernel *wild _cleanup_(kernel_free_cleanup) = kernel_new(&fake_dump, &fake_symtab);

	CHECK(wild->loadavg[0] == -1);
}

TEST_MAIN
