// SPDX-License-Identifier: GPL-2.0-or-later
// The crashed kernel's clocks: ticks, time since boot, wall clock. Times are those of the last
// tick, which is when the timekeeper was last brought up to date: at most a few milliseconds before
// the end.
#include "base/error.h"
#include "base/log.h"
#include "dump/dump.h"
#include "dump/vmcoreinfo.h"
#include "kernel/field.h"
#include "kernel/kernel_private.h"

enum { NS_PER_S = 1000000000 };

/* Ticks per second that kernels can be configured for (kernel/Kconfig.hz and the architectures'
 * own). */
static const uint16_t clock_rates[] = {24,  32,  48,  64,  100,  128,  200, 250,
				       256, 300, 500, 512, 1000, 1024, 1200};

/* The rate nearest to a tick of `tick_ns`; 0 when none is within one per cent. The NTP code bends
 * the tick by up to half a per mille. */
static uint32_t clock_rate(uint64_t tick_ns)
{
	for (size_t i = 0; tick_ns && i < sizeof(clock_rates) / sizeof(clock_rates[0]); i++) {
		uint64_t tick = NS_PER_S / clock_rates[i];

		if (tick_ns > tick - tick / 100 && tick_ns < tick + tick / 100)
			return clock_rates[i];
	}
	return 0;
}

/* timekeeper.ntp_tick: ns per tick << NTP_SCALE_SHIFT. */
static uint32_t clock_timekeeper_rate(const struct kernel *kernel, uint64_t timekeeper)
{
	uint64_t tick;

	if (!field_get(kernel, timekeeper, "timekeeper", "ntp_tick", &tick))
		return 0;
	return clock_rate(tick >> 32);
}

/* Whether a struct timekeeper in use lies there: both of its read bases name the same clocksource,
 * and its tick is one that a kernel can have. */
static bool clock_is_timekeeper(const struct kernel *kernel, uint64_t address)
{
	uint64_t clock, raw_clock;

	return field_get(kernel, address, "timekeeper", "tkr_mono.clock", &clock) &&
	       field_get(kernel, address, "timekeeper", "tkr_raw.clock", &raw_clock) && clock &&
	       clock == raw_clock && clock_timekeeper_rate(kernel, address);
}

/* The timekeeper is a member of tk_core, whose struct has no name before 6.13 (and BTF then no type
 * for it): a seqcount comes first, whose size depends on the configuration. Since 6.17 tk_core is
 * timekeeper_data[0] ("timekeeping: Introduce auxiliary timekeepers"). */
static uint64_t clock_find_timekeeper(const struct kernel *kernel)
{
	uint64_t core = kernel_symbol(kernel, "timekeeper_data");
	struct field field;

	if (!core)
		core = kernel_symbol(kernel, "tk_core");
	if (!core)
		return 0;
	if (field_find(kernel, "tk_data", "timekeeper", &field))
		return clock_is_timekeeper(kernel, core + field.offset) ? core + field.offset : 0;
	for (uint64_t offset = 0; offset <= 256; offset += 4)
		if (clock_is_timekeeper(kernel, core + offset))
			return core + offset;
	return 0;
}

/* Times as ktime_get() and its relatives had them at the last
 * update (kernel/time/timekeeping.c). */
static void clock_learn_time(struct kernel *kernel, uint64_t timekeeper)
{
	uint64_t base, nsec, shift, real, boot;

	if (!field_get(kernel, timekeeper, "timekeeper", "tkr_mono.base", &base) ||
	    !field_get(kernel, timekeeper, "timekeeper", "tkr_mono.xtime_nsec", &nsec) ||
	    !field_get(kernel, timekeeper, "timekeeper", "tkr_mono.shift", &shift) || shift > 63)
		return;

	uint64_t monotonic = base + (nsec >> shift);

	if (monotonic > INT64_MAX)
		return;
	kernel->monotonic_ns = (int64_t)monotonic;
	if (field_get(kernel, timekeeper, "timekeeper", "offs_boot", &boot) &&
	    monotonic + boot <= INT64_MAX)
		kernel->uptime_ns = (int64_t)(monotonic + boot);
	if (field_get(kernel, timekeeper, "timekeeper", "offs_real", &real) &&
	    monotonic + real <= INT64_MAX)
		kernel->crash_time_ns = (int64_t)(monotonic + real);
}

/* jiffies_64 starts at 2^32 - 300 s (include/linux/jiffies.h: INITIAL_JIFFIES), so that its low
 * half overflows soon after boot. */
static bool clock_rate_fits(const struct kernel *kernel, uint32_t hz)
{
	int64_t ticks = (int64_t)(kernel->jiffies - (UINT32_MAX + 1ULL - 300ULL * hz));
	int64_t difference = ticks / hz - kernel->monotonic_ns / NS_PER_S;
	int64_t tolerance = 2 + kernel->monotonic_ns / NS_PER_S / 100;

	return difference >= -tolerance && difference <= tolerance;
}

static void clock_learn_rate(struct kernel *kernel, uint64_t timekeeper)
{
	uint64_t tick;

	if (timekeeper)
		kernel->hz = clock_timekeeper_rate(kernel, timekeeper);
	/* tick_nsec (kernel/time/ntp.c) is the same without any types. */
	if (!kernel->hz && kernel_read_long(kernel, "tick_nsec", &tick))
		kernel->hz = clock_rate(tick);
	if (kernel->hz && kernel->has_jiffies && kernel->monotonic_ns >= 0 &&
	    !clock_rate_fits(kernel, kernel->hz))
		log_note("jiffies_64 does not agree with %u ticks per second", kernel->hz);
}

void kernel_learn_clock(struct kernel *kernel)
{
	uint64_t timekeeper = clock_find_timekeeper(kernel);
	uint64_t jiffies = kernel_symbol(kernel, "jiffies_64");
	uint64_t seconds;
	struct fault fault;

	kernel->has_jiffies =
		jiffies && dump_try_read_number(kernel->dump, jiffies, 8, &kernel->jiffies, &fault);
	if (timekeeper)
		clock_learn_time(kernel, timekeeper);
	if (kernel->crash_time_ns < 0 &&
	    vmcoreinfo_number(dump_vmcoreinfo(kernel->dump), "CRASHTIME", &seconds) &&
	    seconds < INT64_MAX / NS_PER_S)
		kernel->crash_time_ns = (int64_t)seconds * NS_PER_S;
	clock_learn_rate(kernel, timekeeper);
}
