# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# check: has a target room for the dump that is to be expected?

# room_expected: sets $filter_expected, where no dry run has, to what the kernel says that it uses, and 64 MiB for itself.
room_expected() {
	[ -z "$filter_expected" ] || return 0
	assumed
	filter_page=1024 # kilobytes count as pages
	memory=$(cat "$ROOT/proc/meminfo")
	kilobytes_kept=$(($(kernel_pages MemTotal "$memory") + 65536))
	for pair in 2:Cached 2:Buffers 8:AnonPages 8:Hugetlb 16:MemFree; do
		[ $((saver_level & ${pair%:*})) -eq 0 ] || kilobytes_kept=$((kilobytes_kept - $(kernel_pages "${pair#*:}" "$memory")))
	done
	room_assumed=$((kilobytes_kept * 1024))
}

# check_room TARGET FREE [OLD]: bytes; OLD: of older dumps, which go when there is no room.
check_room() {
	room_assumed=''
	room_expected
	room_wanted=${filter_expected:-$room_assumed} room_free=$2
	value free_bytes "$2"
	value expected_bytes "$room_wanted"
	said="$1: has room for $(megabytes "$room_free"); $(room_said)"
	if [ "$room_free" -ge "$room_wanted" ]; then
		verdict=pass
	elif [ $((room_free + ${3:-0})) -ge "$room_wanted" ]; then
		verdict=pass said="$said: older dumps will go"
	elif [ "$saver_compression" != none ] && [ "$room_free" -ge $((room_wanted / 3)) ]; then
		verdict=warn said="$said: it fits only if it is compressed well"
	else
		verdict=fail
	fi
	[ -z "$room_assumed" ] || said="$said. That is assumed from /proc/meminfo, as makedumpfile could not count"
	said="$said.$saver_guess"
	if [ "$verdict" != pass ]; then
		target_point "$verdict" -room "$said" "make room, give dumps a larger file system, or leave out more (the dump level in $target_settings)"
	elif [ "$saver_guess" ]; then
		assumed
		target_point warn -room "$said" "look at it in $target_settings"
	elif [ -z "$room_assumed" ]; then
		target_point pass -room "$said"
	elif [ "${memory_reserved:-0}" -eq 0 ]; then # what is assumed is no proof
		target_point warn -room "$said" "reserve memory, see crashkernel, and check again: only then makedumpfile can count"
	else
		target_point warn -room "$said" "see makedumpfile and makedumpfile-kernel, and check again"
	fi
}

# room_said: how much the dump takes.
room_said() {
	if [ "$saver_copier" ]; then
		echo "a copy of all memory takes $(megabytes "$room_wanted")"
	else
		echo "a dump at level $saver_level takes $(megabytes "$room_wanted") before it is compressed"
	fi
}

# check_room_told TARGET ANSWER: of target_ask.
check_room_told() {
	room_told=$(printf '%s\n' "$2" | sed -n 's/^room \([0-9]\{1,18\} [0-9]\{1,18\}\)$/\1/p' | tail -n 1)
	if [ "$room_told" ]; then
		# shellcheck disable=SC2086 # two numbers
		check_room "$1" $room_told
	else
		target_point warn -room "$1: how much room there is, it does not tell. $(printf '%s\n' "$2" | target_reason "$1")" \
			"look there whether a dump has room, and accept this point:" "echo 'accept = target-$target_number-room' >> $conf_file"
	fi
}
