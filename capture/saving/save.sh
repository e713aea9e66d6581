# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# In the capture kernel: the log, then the dump, on the first target that holds it. Each step that fails is told and leads to
# the next: another filter, another target, the log alone, the memory that survives a reboot.

vmcore=$ROOT/proc/vmcore
save_failures= # one line each
save_started=

# save_failed WORD…: goes to the console, and into meta.json.
save_failed() {
	say "$*"
	save_failures="$save_failures$*
"
}

# limited COMMAND…: within what is left of the time limit.
limited() {
	left=$((save_started + conf_time_limit - $(uptime_seconds)))
	[ "$left" -gt 0 ] || { say "the time limit of $conf_time_limit s is over"; return 124; }
	timeout -s KILL "$left" "$@"
}

# Whole seconds; the clock of a capture kernel may jump.
uptime_seconds() { sed 's/\..*//' "$ROOT/proc/uptime"; }

# ---- the log -----------------------------------------------------------------------------------

# save_log DIRECTORY
save_log() {
	limited makedumpfile --dump-dmesg "$vmcore" "$1/dmesg.txt" > /dev/null && sync "$1/dmesg.txt" && return
	save_failed "the kernel log could not be saved to $1"
	return 1
}

# ---- the dump ----------------------------------------------------------------------------------

compression_option() {
	case $conf_compression in zlib) echo -c ;; lzo) echo -l ;; snappy) echo -p ;; zstd) echo -z ;; esac
}

# A makedumpfile older than the kernel leaves out pages that are in use, and says nothing.
dump_is_sound() {
	status=0
	limited kmortem report --only dump-damaged-by-filter -f json -o "$1.checked" "$1" 2> "$1.why" || status=$?
	rm -f "$1.checked"
	case $status in
	0 | 3) rm -f "$1.why"; return 0 ;;
	1) save_failed "the filter has left out pages in use" ;;
	*) save_failed "the dump cannot be read: $(head -n 1 "$1.why")" ;;
	esac
	rm -f "$1.why"
	return 1
}

# save_filtered DIRECTORY LEVEL
save_filtered() {
	rm -f "$1/vmcore-incomplete"
	# shellcheck disable=SC2046 # no word, or one
	if ! limited makedumpfile $(compression_option) -d "$2" "$vmcore" "$1/vmcore-incomplete" > "$1/makedumpfile.log" 2>&1; then
		save_failed "makedumpfile -d $2 failed: $(tail -n 1 "$1/makedumpfile.log")"
		return 1
	fi
	sync "$1/vmcore-incomplete"
	dump_is_sound "$1/vmcore-incomplete"
}

# save_dump DIRECTORY: filtered as the site wants it, then with less trust in the filter.
save_dump() {
	for level in "$conf_dump_level" 17 1; do
		[ "$level" -le "$conf_dump_level" ] || continue
		if save_filtered "$1" "$level"; then
			mv "$1/vmcore-incomplete" "$1/vmcore" && sync "$1"
			return
		fi
	done
	return 1
}

# ---- targets -----------------------------------------------------------------------------------

# save_to TARGET: status 0 when it holds the dump.
save_to() {
	if ! target_choose "$1" || ! target_open; then
		save_failed "$1: cannot be reached"
		return 1
	fi
	save_status=1
	directory=$target_directory/$(hostname)-$(date +%Y-%m-%d-%H%M%S)
	if mkdir -p "$directory"; then
		save_log "$directory"
		save_dump "$directory" && save_status=0
		meta "$1" "$save_status" "$directory" > "$directory/meta.json" && sync "$directory/meta.json"
	else
		save_failed "$1: cannot be written to"
	fi
	target_close
	return $save_status
}

# save: status 0 when a target holds the dump.
save() {
	save_started=$(uptime_seconds)
	while IFS= read -r target; do
		[ -z "$target" ] || ! save_to "$target" < /dev/null || return 0
	done <<- END
		$conf_targets
	END
	return 1
}

# ---- when all else has failed ------------------------------------------------------------------

# The end of the log, to where the firmware keeps it over a reboot; some take a few kilobytes only.
save_last() {
	say "no target holds the dump"
	[ -w "$ROOT/dev/pmsg0" ] || return
	limited makedumpfile --dump-dmesg "$vmcore" /tmp/dmesg.txt > /dev/null && tail -c 32768 /tmp/dmesg.txt > "$ROOT/dev/pmsg0"
}

# Nobody is there to answer: no service is stopped, nothing is asked.
final_action() {
	sync
	case $conf_final_action in
	shell) exec sh ;;
	*) "$conf_final_action" -f ;;
	esac
	echo b > "$ROOT/proc/sysrq-trigger"
}
