# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034 # variables of check.sh
# check --watch: run by kmortem-capture-check.service daily and when a kernel, a driver or the settings have changed. It says
# nothing but in the journal, once when a point begins to fail, and once when none fails any more.

# These never change: scripts and alerts look for them, as in `journalctl MESSAGE_ID=…`.
WATCH_LOST=0d024454a4ac44cea063fac0e9973185
WATCH_READY=78ab95f638524a43b0e19bec6b7ff8ea

watch_record=$ROOT/var/lib/kmortem/capture/failing # ids, one a line

# watch_tell PRIORITY MESSAGE_ID MESSAGE [IDS]
watch_tell() {
	printf 'MESSAGE_ID=%s\nPRIORITY=%s\nSYSLOG_IDENTIFIER=kmortem-capture\nMESSAGE=%s\nKMORTEM_POINTS=%s\n' "$2" "$1" "$3" "${4-}" |
		logger --journald
}

# watch_lines: each point that fails: its id, a tab, and what is said of it. Memory is measured, once for each image, where that
# takes seconds.
watch_lines() {
	check_form=lines check_measures=cheap
	check_points
	return 0
}

# check_watch: status 1 where the journal does not take it.
check_watch() {
	failing=$(watch_lines | sed -n 's/^fail	//p')
	ids=$(printf '%s\n' "$failing" | cut -f 1)
	known=$(cat "$watch_record" 2> /dev/null)
	new=$(printf '%s\n' "$failing" | while IFS='	' read -r id text; do
		[ -z "$id" ] || printf '%s\n' "$known" | grep -q -x -F -e "$id" || printf '%s: %s ' "$id" "$text"
	done)
	watch_status=0
	if [ "$new" ]; then
		watch_tell 3 "$WATCH_LOST" "a crash would leave no dump, or none to rely on; kmortem capture check says what to do; $new" \
			"$(printf '%s' "$ids" | tr '\n' ' ')" || watch_status=1
	elif [ "$known" ] && [ -z "$ids" ]; then
		watch_tell 5 "$WATCH_READY" "a crash would leave a dump again" || watch_status=1
	fi
	# What could not be told is told the next time.
	[ "$watch_status" -ne 0 ] || { mkdir -p "${watch_record%/*}" && printf '%s\n' "$ids" > "$watch_record"; }
	return "$watch_status"
}
