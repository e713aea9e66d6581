# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# In an emulator, in place of init: what takes memory in a capture kernel, on a kernel that has not crashed and without a target,
# to find out how much that is.

# measure_step COMMAND…: status 1 where it was killed, for want of memory; how else it ends does not matter here.
measure_step() {
	"$@" > "$work/measured" 2>&1
	measure_status=$?
	[ "$measure_status" -ge 128 ] || return 0
	say "out of memory: $1"
	return 1
}

# measure: says "measured" on the console where all of it found room.
measure() {
	mkdir -p "$work"
	conf_read "$image_conf/capture.conf"
	load_modules 2> /dev/null
	# shellcheck disable=SC2046 # no word, or one
	measure_step makedumpfile $(filter_option "$(filter_compression "$conf_compression")") -d "$conf_dump_level" --dry-run \
		/proc/kcore "$work/vmcore" &&
		measure_step kmortem report --only dump-damaged-by-filter -o "$work/report" /proc/kcore && say "measured"
}
