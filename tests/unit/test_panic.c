// SPDX-License-Identifier: GPL-2.0-or-later
#include "test.h"

#include "fake_dump.h"
#include "kernel/panic.c"

/* The log that dmesg_read() gives to the code under test. */
static const char *const *log_lines;

struct error *dmesg_read(struct kernel *kernel, struct arena *arena, struct dmesg *ret)
{
	struct dmesg log = {0};

	(void)kernel;
	if (!log_lines)
		return error_new(ERROR_NOT_SAVED, "no log");
	while (log_lines[log.count])
		log.count++;
	log.records = ARENA_ARRAY(arena, log.count, struct dmesg_record);
	for (size_t i = 0; i < log.count; i++) {
		log.records[i].text = log_lines[i];
		log.records[i].length = strlen(log_lines[i]);
	}
	*ret = log;
	return NULL;
}

static struct arena *arena;

/* What is learnt from a log alone; panic_cpu is `cpu`. */
static struct kernel_panic learn(const char *const *lines, uint32_t cpu)
{
	struct kernel kernel;

	arena_free(arena);
	arena = arena_new();
	fake_reset(8, false);
	kernel = fake_kernel(arena);
	fake_symbol("panic_cpu", fake_alloc(4, 4));
	fake_put(fake_symtab.symbols[0].address, 4, cpu);
	fake_symbol("next_function", 0xffff800008000024);
	fake_symbol("broken_function", 0xffff800008000000);
	log_lines = lines;
	kernel_learn_panic(&kernel);
	return kernel.panic;
}
#define LEARN(cpu, ...) learn((const char *const[]){__VA_ARGS__, NULL}, cpu)

TEST(panic_called_by_sysrq)
{
	struct kernel_panic panic = LEARN(
		0, "sysrq: Trigger a crash", "Kernel panic - not syncing: sysrq triggered crash",
		"CPU: 0 PID: 342 Comm: my tee Kdump: loaded Tainted: G           OE      6.1.0-50-cloud-amd64",
		"Call Trace:\n <TASK>", " dump_stack_lvl+0x44/0x5c", " panic+0x118/0x2f4", " ? _printk+0x68/0x83",
		" sysrq_handle_crash+0x16/0x20", " __handle_sysrq.cold+0x44/0x11c", "RIP: 0033:0x47b7a0");

	CHECK(panic.happened && panic.cpu == 0 && panic.pid == 342);
	CHECK_STR(panic.message, "sysrq triggered crash");
	CHECK_STR(panic.comm, "my tee");
	CHECK_STR(panic.ip, "sysrq_handle_crash+0x16");
	CHECK(panic.log_record == 1);
}

static const char *const oops[] = {
	"BUG: unable to handle page fault for address: ffffdead00000000",
	"RIP: 0010:survived_long_ago+0x1/0x20",
	"---[ end trace 0000000000000000 ]---",
	"BUG: kernel NULL pointer dereference, address: 0000000000000010",
	"#PF: supervisor write access in kernel mode",
	"Oops: 0002 [#1] PREEMPT SMP NOPTI",
	"CPU: 1 UID: 0 PID: 77 Comm: kworker/1:1 Not tainted 6.12.107 #1",
	"RIP: 0010:lab_crash+0x16/0x20 [lab]",
	"Call Trace:",
	" <TASK>",
	" process_one_work+0x1c7/0x380",
	"---[ end trace 0000000000000000 ]---",
	NULL,
	"Kernel panic - not syncing: Fatal exception",
	"Kernel Offset: 0x15c00000 from 0xffffffff81000000",
	NULL,
};

TEST(panic_after_an_oops_points_at_the_oops)
{
	const char *lines[16];
	size_t count = 0;

	for (size_t i = 0; i < 15; i++)
		if (oops[i])
			lines[count++] = oops[i];
	lines[count] = NULL;
	struct kernel_panic panic = learn(lines, 1);

	CHECK_STR(panic.message, "Fatal exception");
	CHECK_STR(panic.ip, "lab_crash+0x16");
	CHECK_STR(panic.comm, "kworker/1:1");
	CHECK(panic.cpu == 1 && panic.pid == 77);
	CHECK(panic.log_record == 3); /* "BUG: kernel NULL pointer…" */
}

TEST(panic_that_never_came_because_the_oops_went_to_kexec)
{
	struct kernel_panic panic = learn(oops, 1); /* up to the NULL before the panic */

	CHECK(panic.happened);
	CHECK_STR(panic.message, "BUG: kernel NULL pointer dereference, address: 0000000000000010");
	CHECK_STR(panic.ip, "lab_crash+0x16");
	CHECK(panic.log_record == 3);
}

TEST(panic_on_warn_points_at_the_warning)
{
	struct kernel_panic panic = LEARN(
		0, "WARNING: CPU: 0 PID: 5 at kernel/foo.c:12 bar+0x12/0x40",
		"RIP: 0010:bar+0x12/0x40", "Kernel panic - not syncing: kernel: panic_on_warn set ...",
		" panic+0x118/0x2f4", " check_panic_on_warn.cold+0x14/0x14", " __warn+0x91/0x130");

	CHECK_STR(panic.ip, "bar+0x12");
}

TEST(panic_of_init_that_just_exits_has_nothing_to_do_with_an_old_warning)
{
	struct kernel_panic panic = LEARN(
		0, "RIP: 0010:old_warning+0x12/0x40",
		"Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100",
		" panic+0x118/0x2f4", " do_exit.cold+0x15/0x15", " do_group_exit+0x2d/0x80");

	CHECK_STR(panic.ip, "do_exit.cold+0x15");
	panic = LEARN(0, "RIP: 0010:in_init+0x12/0x40",
		      "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b");
	CHECK_STR(panic.ip, "in_init+0x12");
}

TEST(panic_from_nmi_and_through_vpanic)
{
	struct kernel_panic panic =
		LEARN(2, "Kernel panic - not syncing: Hard LOCKUP", " vpanic+0x11/0x30", " panic+0x5a/0x5a",
		      " nmi_panic.cold+0xc/0xc", " watchdog_hardlockup_check.cold+0x10/0x20");

	CHECK_STR(panic.ip, "watchdog_hardlockup_check.cold+0x10");
	panic = LEARN(2, "Kernel panic - not syncing: Hard LOCKUP", " panic+0x5a/0x5a", " nmi_panic+0xc/0xc",
		      " watchdog_hardlockup_check+0x10/0x20");
	CHECK_STR(panic.ip, "watchdog_hardlockup_check+0x10");
}

TEST(panic_on_other_architectures)
{
	struct kernel_panic panic = LEARN(
		0, "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000000",
		"Internal error: Oops: 0000000096000045 [#1] SMP",
		"CPU: 3 PID: 9 Comm: sh Not tainted 6.1.0 #1", "pc : sysrq_handle_crash+0x20/0x30",
		"lr : sysrq_handle_crash+0x10/0x30",
		"Kernel panic - not syncing: Oops: Fatal exception");

	CHECK_STR(panic.ip, "sysrq_handle_crash+0x20");
	panic = LEARN(0, "Kernel panic - not syncing: x", "Call trace:", " panic+0x184/0x364",
		      " next_function+0x0/0xa0", " caller_of_broken_function+0x90/0x19c");
	CHECK_STR(panic.ip, "broken_function+0x24");
	panic = LEARN(0, "Kernel panic - not syncing: x", " panic+0x184/0x364", " unheard_of+0x0/0xa0");
	CHECK_STR(panic.ip, "unheard_of+0x0");
	panic = LEARN(0, "Kernel panic - not syncing: x", "[c000000007b8fb10] [c00000000014d4b8] panic+0x178/0x400",
		      "[c000000007b8fbb0] [c000000000a51a94] sysrq_handle_crash+0x24/0x30 (unreliable)");
	CHECK_STR(panic.ip, "sysrq_handle_crash+0x24");
	panic = LEARN(0, "Kernel panic - not syncing: x",
		      " [<00000000a1b2c3d4>] panic+0x178/0x400 ",
		      "([<00000000a1b2c3d4>] ? guess+0x1/0x2)",
		      " [<00000000a1b2c3d4>] die_here+0x24/0x30 ");
	CHECK_STR(panic.ip, "die_here+0x24");
}

TEST(panic_did_not_happen)
{
	struct kernel_panic panic = LEARN(UINT32_MAX, "RIP: 0010:old_warning+0x12/0x40", "all is well");

	CHECK(!panic.happened && panic.cpu == -1 && panic.pid == -1 && panic.task == 0);
	CHECK_STR(panic.message, "");
	CHECK_STR(panic.ip, "");
}

TEST(panic_without_a_log)
{
	struct kernel_panic panic = learn(NULL, 3);

	CHECK(panic.happened && panic.cpu == 3 && panic.pid == -1 && panic.log_record == SIZE_MAX);
	CHECK_STR(panic.message, "");
	CHECK_STR(panic.ip, "");
}

TEST(panic_cpu_that_cannot_be_is_unknown)
{
	CHECK(LEARN(0x80000000, "nothing").cpu == -1);
}

TEST(panic_lines_that_are_not_what_they_seem)
{
	struct kernel_panic panic =
		LEARN(0, "Kernel panic - not syncing: ", "panic+0x", " +0x12", "? +0x1", "+0x", "CPU: PID: Comm: ",
		      "CPU: x PID:  Comm: ", "RIP: 0010:");

	CHECK(panic.happened);
	CHECK_STR(panic.message, "");
}

/* ---- the caller of panic() from the stack ---- */

TEST(panic_call_is_recognised)
{
	struct kernel kernel;

	arena_free(arena);
	arena = arena_new();
	fake_reset(8, false);
	kernel = fake_kernel(arena);
	uint64_t text = fake_alloc(64, 64);

	/* e8 rel32 at 0x10: call 0x30 (0x30 - 0x15 = 0x1b) */
	fake_put(text + 0x10, 1, 0xe8);
	fake_put(text + 0x11, 4, 0x1b);
	CHECK(panic_is_call(&kernel, text + 0x15, text + 0x30));
	CHECK(!panic_is_call(&kernel, text + 0x15, text + 0x31));
	CHECK(!panic_is_call(&kernel, text + 0x14, text + 0x30));
	fake_put(text + 0x10, 1, 0xe9); /* a jump */
	CHECK(!panic_is_call(&kernel, text + 0x15, text + 0x30));
	/* bl from 0x20 back to 0x10: -4 instructions */
	fake_dump.arch.name = "aarch64";
	fake_put(text + 0x20, 4, 0x97fffffc);
	CHECK(panic_is_call(&kernel, text + 0x24, text + 0x10));
	CHECK(!panic_is_call(&kernel, text + 0x24, text + 0x14));
}

TEST_MAIN
