# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Memory and CPUs, as a capture kernel is told of them when it is loaded: what is added later is missing from the dump, unless the
# kernel keeps that up to date itself (CONFIG_CRASH_HOTPLUG), or it is loaded again.

layout_record=$ROOT/run/kmortem-capture/layout # of what is loaded

# layout_memory, layout_cpu: ranges, and numbers.
layout_memory() { sed -n 's/^ *\([0-9a-f]*-[0-9a-f]*\) : System RAM.*/memory \1/p' "$ROOT/proc/iomem" 2> /dev/null; }
layout_cpu() { echo "cpu $(read_line /sys/devices/system/cpu/present)"; }

layout() {
	layout_memory
	layout_cpu
}

# layout_changed: since `load`, and the running kernel leaves that to us, which it tells of each kind.
layout_changed() {
	[ -r "$layout_record" ] || return
	for kind in memory cpu; do
		[ "$(read_line "/sys/devices/system/$kind/crash_hotplug")" = 1 ] ||
			[ "$(layout_$kind)" = "$(grep "^$kind " "$layout_record")" ] || return 0
	done
	return 1
}
