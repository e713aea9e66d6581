// SPDX-License-Identifier: GPL-2.0-or-later
#include "kernel/cause.h"

#include <stddef.h>
#include <string.h>

/* The words of the calls of panic() and nmi_panic(), as of 5.10 to 7.2; the first that is contained in the
 * message counts, so what is said in passing by others stands last. */
static const struct {
	const char *words, *cause;
} causes[] = {
	{"sysrq triggered crash", "sysrq"},               /* drivers/tty/sysrq.c */
	{"hung_task: blocked tasks", "hung-task"},        /* kernel/hung_task.c */
	{"softlockup: hung tasks", "soft-lockup"},        /* kernel/watchdog.c */
	{"ard LOCKUP", "hard-lockup"},                    /* kernel/watchdog.c: "Hard", "hard" */
	{"RCU Stall", "rcu-stall"},                       /* kernel/rcu/tree_stall.h */
	{"panic_on_oom is enabled", "out-of-memory"},     /* mm/oom_kill.c */
	{"System is deadlocked on memory", "out-of-memory"},
	{"Out of memory", "out-of-memory"},
	{"Attempted to kill init", "init-ended"},         /* kernel/exit.c */
	{"Attempted to kill the idle task", "idle-ended"},
	{"panic_on_warn set", "warning"},                 /* kernel/panic.c */
	{"stack-protector", "stack-corrupted"},           /* kernel/panic.c */
	{"corrupted stack end", "stack-corrupted"},       /* kernel/sched/core.c */
	{"kernel stack overflow", "stack-overflow"},      /* arch/x86/kernel/traps.c */
	{"Unable to mount root fs", "no-root"},           /* init/do_mounts.c */
	{"No working init found", "no-init"},             /* init/main.c */
	{"achine check", "machine-check"},                /* arch/x86/kernel/cpu/mce/core.c */
	{"Not all CPUs entered broadcast exception", "machine-check"},
	{"Fatal hardware error", "hardware-error"},       /* drivers/acpi/apei/ghes.c */
	{"SError", "hardware-error"},                     /* arch/arm64/kernel/traps.c */
	{"An NMI occurred", "nmi"},                       /* drivers/watchdog/hpwdt.c */
	{"Not continuing", "nmi"},                        /* arch/x86/kernel/nmi.c */
	{"kernel BUG at", "bug"},                         /* report_bug() of each architecture */
	{"BUG: ", "oops"},                                /* arch/x86/mm/fault.c */
	{"general protection fault", "oops"},             /* arch/x86/kernel/traps.c */
	{"Unable to handle kernel", "oops"},              /* arch/arm64/mm/fault.c */
	{"Oops", "oops"},
	{"Fatal exception", "oops"},                      /* oops_end() of each architecture */
};

const char *panic_cause(const char *message)
{
	for (size_t i = 0; message && i < sizeof(causes) / sizeof(*causes); i++) {
		if (strstr(message, causes[i].words))
			return causes[i].cause;
	}
	return NULL;
}
