// SPDX-License-Identifier: GPL-2.0-or-later
// Which CPUs there are, and where their per-CPU areas lie.
#include "base/arena.h"
#include "dump/dump.h"
#include "dump/registers.h"
#include "kernel/field.h"
#include "kernel/kernel_private.h"
#include "types/symtab.h"

enum { CPU_LIMIT = 8192 }; /* the highest NR_CPUS of any architecture */

/* Bits that a struct cpumask has room for, of which nr_cpu_ids are used. */
static uint32_t cpus_width(const struct kernel *kernel, const struct symbol *mask)
{
	uint64_t bytes = field_struct_size(kernel, "cpumask", mask->size);
	uint64_t bits = bytes < CPU_LIMIT / 8 ? bytes * 8 : CPU_LIMIT;
	uint32_t used;

	if (kernel_read_int(kernel, "nr_cpu_ids", &used) && used && used < bits)
		return used;
	return (uint32_t)bits;
}

/* The CPUs of the struct cpumask variable `name`, ascending, in the kernel's arena; 0
 * when unknown. */
static size_t cpus_of_mask(const struct kernel *kernel, const char *name, uint32_t **ret)
{
	const struct symbol *mask = kernel->symtab ? symtab_find(kernel->symtab, name) : NULL;
	unsigned width = dump_arch(kernel->dump)->pointer_size * 8U;
	size_t count = 0;
	struct fault fault;

	if (!mask)
		return 0;

	uint32_t bits = cpus_width(kernel, mask);
	uint32_t *cpus = ARENA_ARRAY(kernel->arena, bits, uint32_t);

	for (uint32_t first = 0; first < bits; first += width) {
		uint64_t word;

		if (!dump_try_read_pointer(kernel->dump, mask->address + first / 8, &word, &fault))
			return 0;
		for (unsigned bit = 0; bit < width && first + bit < bits; bit++)
			if (word >> bit & 1)
				cpus[count++] = first + bit;
	}
	*ret = cpus;
	return count;
}

/* The machine's online CPUs. A CPU that is stopped in a panic takes itself out of the online mask
 * (stop_this_cpu() on x86, local_cpu_stop() on arm64) and stays in the active one, which a CPU
 * taken offline for good has left before. */
static void cpus_learn_online(struct kernel *kernel)
{
	uint32_t *online = NULL, *active = NULL;
	size_t online_count = cpus_of_mask(kernel, "__cpu_online_mask", &online);
	size_t active_count = cpus_of_mask(kernel, "__cpu_active_mask", &active);
	uint32_t *cpus = ARENA_ARRAY(kernel->arena, online_count + active_count, uint32_t);
	size_t count = 0;

	for (size_t i = 0, j = 0; i < online_count || j < active_count; count++) {
		uint32_t a = i < online_count ? online[i] : UINT32_MAX;
		uint32_t b = j < active_count ? active[j] : UINT32_MAX;

		cpus[count] = a < b ? a : b;
		i += a == cpus[count];
		j += b == cpus[count];
	}
	kernel->online_cpus = cpus;
	kernel->online_count = online_count ? count : 0;
}

/* Without symbols the register notes tell: the kernel writes one for each CPU that was online. */
static void cpus_of_notes(struct kernel *kernel)
{
	size_t count = dump_registers_count(kernel->dump);

	if (count > CPU_LIMIT)
		count = CPU_LIMIT;
	kernel->online_cpus = ARENA_ARRAY(kernel->arena, count, uint32_t);
	kernel->online_count = count;
	for (size_t i = 0; i < count; i++)
		kernel->online_cpus[i] = (uint32_t)i;
}

static bool cpus_have_symbols(const struct kernel *kernel)
{
	return kernel->symtab && symtab_find(kernel->symtab, "jiffies_64");
}

static void cpus_learn_offsets(struct kernel *kernel)
{
	uint64_t table = kernel_symbol(kernel, "__per_cpu_offset");
	unsigned size = dump_arch(kernel->dump)->pointer_size;
	struct fault fault;

	if (!kernel->possible_count)
		return;

	size_t count = kernel->possible_cpus[kernel->possible_count - 1] + 1;
	uint64_t *offsets = ARENA_ARRAY(kernel->arena, count, uint64_t);

	for (size_t i = 0; table && i < kernel->possible_count; i++) {
		uint32_t cpu = kernel->possible_cpus[i];

		if (!dump_try_read_pointer(kernel->dump, table + (uint64_t)cpu * size,
					   &offsets[cpu], &fault))
			return;
	}
	/* A kernel built without SMP has no table, and its per-CPU variables lie where they are. */
	if (!table && (!cpus_have_symbols(kernel) || count > 1))
		return;
	kernel->percpu_offsets = offsets;
	kernel->percpu_count = count;
}

void kernel_learn_cpus(struct kernel *kernel)
{
	kernel->possible_count =
		cpus_of_mask(kernel, "__cpu_possible_mask", &kernel->possible_cpus);
	cpus_learn_online(kernel);
	if (!kernel->possible_count && cpus_have_symbols(kernel) &&
	    !kernel_symbol(kernel, "__per_cpu_offset")) {
		kernel->possible_cpus = ARENA_ARRAY(kernel->arena, 1, uint32_t);
		kernel->possible_count = 1;
	}
	if (!kernel->online_count)
		cpus_of_notes(kernel);
	cpus_learn_offsets(kernel);
}

static bool cpus_contain(const uint32_t *cpus, size_t count, uint32_t cpu)
{
	size_t low = 0, high = count;

	/* Nearly always CPU n stands at position n. */
	if (cpu < count && cpus[cpu] == cpu)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cpus[middle] < cpu)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && cpus[low] == cpu;
}

bool kernel_percpu(const struct kernel *kernel, uint64_t offset, uint32_t cpu, uint64_t *ret)
{
	if (cpu >= kernel->percpu_count ||
	    !cpus_contain(kernel->possible_cpus, kernel->possible_count, cpu))
		return false;
	*ret = offset + kernel->percpu_offsets[cpu];
	return true;
}

bool kernel_is_online(const struct kernel *kernel, uint32_t cpu)
{
	return cpus_contain(kernel->online_cpus, kernel->online_count, cpu);
}
