// SPDX-License-Identifier: GPL-2.0-or-later
// The crashed kernel as a whole: who it was, when it died, its CPUs and its clock.
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/error.h"

struct arena;
struct dump;
struct symtab;

struct kernel_panic {
	bool happened; /* also where the dump does not tell at all */
	char *message; /* "sysrq triggered crash", "Fatal exception"…; "" if nobody said */
	int32_t cpu;   /* -1 unknown */
	int64_t pid;   /* of the panicking task; -1 unknown */
	char *comm;    /* "" unknown */
	uint64_t task; /* address of its task_struct, 0 unknown */
	char *ip;      /* "sysrq_handle_crash+0x16" or "0x…"; "" unknown */
	size_t log_record; /* of the log, that tells of the end first; SIZE_MAX unknown */
};

/* Everything that cannot be had is marked: strings "", numbers as said. All strings owned by the
 * kernel. */
struct kernel {
	struct dump *dump;
	struct symtab *symtab;
	struct arena *arena;
	char *release, *version, *machine, *nodename; /* of init_uts_ns, else from VMCOREINFO */
	char *build_id;                               /* hex; "" unknown */
	uint32_t *possible_cpus;                      /* numbers, ascending */
	size_t possible_count;
	uint32_t *online_cpus;
	size_t online_count;
	uint64_t *percpu_offsets; /* by CPU number, `percpu_count` of them; 0 for CPUs that cannot
				     exist */
	size_t percpu_count;
	uint32_t hz;      /* ticks per second; 0 unknown */
	uint64_t jiffies; /* jiffies_64; valid with has_jiffies */
	bool has_jiffies;
	int64_t uptime_ns;     /* monotonic incl. suspend as /proc/uptime; -1 unknown */
	int64_t monotonic_ns;  /* CLOCK_MONOTONIC at the last tick; -1 unknown */
	int64_t crash_time_ns; /* wall clock, ns since 1970; -1 unknown */
	double loadavg[3];     /* -1 unknown */
	uint64_t page_size;    /* bytes; of the kernel, not of the dump's blocks */
	uint64_t memory_bytes; /* MemTotal; 0 unknown */
	uint64_t taint;        /* tainted_mask; valid with has_taint */
	bool has_taint;
	struct kernel_panic panic;
	const struct walk_layout *walk_layout; /* kept by walk.c; NULL until the first walk */
};

/* Learns what it can; never fails, what could not be learnt is unknown. Does not own dump and
 * symtab. */
struct kernel *kernel_new(struct dump *dump, struct symtab *symtab);
void kernel_free(struct kernel *kernel);
DEFINE_CLEANUP(struct kernel *, kernel_free)

/* Address of a per-CPU variable's instance: offset + __per_cpu_offset[cpu]; false for a CPU that
 * cannot exist. */
bool kernel_percpu(const struct kernel *kernel, uint64_t offset, uint32_t cpu, uint64_t *ret);
bool kernel_is_online(const struct kernel *kernel, uint32_t cpu);
/* Taint letters that are set ('G' for a clean one is left out), NUL-terminated, into ret[65];
 * kernel_taint_words(letter): "proprietary module was loaded"… */
void kernel_taint_letters(const struct kernel *kernel, char *ret);
const char *kernel_taint_words(char letter);
/* Address of a variable by name, 0 when there is none (the caller treats it as absent). */
uint64_t kernel_symbol(const struct kernel *kernel, const char *name);

#endif
