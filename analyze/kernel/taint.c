// SPDX-License-Identifier: GPL-2.0-or-later
// Why a kernel is not as its developers made it: tainted_mask, one letter per bit, as
// kernel/panic.c's taint_flags[] and Documentation/admin-guide/tainted-kernels.rst have them. Bits
// keep their meaning from kernel to kernel; new ones are added at the end.
#include "dump/dump.h"
#include "kernel/kernel_private.h"

#include <stddef.h>

static const struct {
	char letter;
	const char *words;
} taints[] = {
	{'P', "proprietary module was loaded"},
	{'F', "module was force loaded"},
	{'S', "kernel running on an out of specification system"},
	{'R', "module was force unloaded"},
	{'M', "processor reported a machine check exception"},
	{'B', "bad page referenced or some unexpected page flags"},
	{'U', "taint requested by userspace application"},
	{'D', "kernel died recently, i.e. there was an OOPS or BUG"},
	{'A', "ACPI table overridden by user"},
	{'W', "kernel issued warning"},
	{'C', "staging driver was loaded"},
	{'I', "workaround for bug in platform firmware applied"},
	{'O', "externally-built (\"out-of-tree\") module was loaded"},
	{'E', "unsigned module was loaded"},
	{'L', "soft lockup occurred"},
	{'K', "kernel has been live patched"},
	{'X', "auxiliary taint, defined for and used by distros"},
	{'T', "kernel was built with the struct randomization plugin"},
	{'N', "an in-kernel test has been run"},
	{'J', "userspace used a mutating debug operation in fwctl"},
};

enum { TAINT_COUNT = sizeof(taints) / sizeof(taints[0]) };

void kernel_learn_taint(struct kernel *kernel)
{
	kernel->has_taint = kernel_read_long(kernel, "tainted_mask", &kernel->taint);
}

void kernel_taint_letters(const struct kernel *kernel, char *ret)
{
	for (unsigned bit = 0; kernel->has_taint && bit < 64; bit++)
		if (kernel->taint >> bit & 1)
			*ret++ = bit < TAINT_COUNT ? taints[bit].letter : '?';
	*ret = '\0';
}

const char *kernel_taint_words(char letter)
{
	for (unsigned bit = 0; bit < TAINT_COUNT; bit++)
		if (taints[bit].letter == letter)
			return taints[bit].words;
	return "unknown taint";
}
