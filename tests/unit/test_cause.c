// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cause.c"

#include "test.h"

/* Messages as kernels printed them. */
TEST(causes_of_panics)
{
	CHECK_STR(panic_cause("sysrq triggered crash"), "sysrq");
	CHECK_STR(panic_cause("Fatal exception in interrupt"), "oops");
	CHECK_STR(panic_cause("Oops - BUG: Fatal exception"), "oops");
	CHECK_STR(panic_cause("BUG: unable to handle page fault for address: ffffffffc063d6d0"),
		  "oops");
	CHECK_STR(panic_cause("kernel BUG at mm/slub.c:448!"), "bug");
	CHECK_STR(panic_cause(
			  "Unable to handle kernel NULL pointer dereference at virtual address 0"),
		  "oops");
	CHECK_STR(panic_cause("hung_task: blocked tasks"), "hung-task");
	CHECK_STR(panic_cause("Attempted to kill init! exitcode=0x00000009"), "init-ended");
	CHECK_STR(panic_cause("Out of memory: system-wide panic_on_oom is enabled"),
		  "out-of-memory");
	CHECK_STR(panic_cause("System is deadlocked on memory"), "out-of-memory");
	CHECK_STR(panic_cause("Watchdog detected hard LOCKUP on cpu 3"), "hard-lockup");
	CHECK_STR(panic_cause("Hard LOCKUP"), "hard-lockup");
	CHECK_STR(panic_cause("VFS: Unable to mount root fs on unknown-block(0,0)"), "no-root");
	CHECK_STR(panic_cause("kernel: panic_on_warn set ..."), "warning");
	CHECK_STR(panic_cause("Fatal local machine check"), "machine-check");
}

TEST(words_nobody_knows)
{
	CHECK(!panic_cause("toy is broken"));
	CHECK(!panic_cause(""));
	CHECK(!panic_cause(NULL));
}

TEST_MAIN
