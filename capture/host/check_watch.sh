# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034 # variables of check.sh
# check --watch: run by kmortem-capture-check.service daily and when a kernel, a driver or the settings have changed. It prints
# nothing. Once when a point begins to fail, and once when none fails any more, it tells the journal and who is logged in, and
# leaves for kmortem-notify what is to be sent; as long as one fails, who logs in is told.

# These never change: scripts and alerts look for them, as in `journalctl MESSAGE_ID=…`.
WATCH_LOST=0d024454a4ac44cea063fac0e9973185
WATCH_READY=78ab95f638524a43b0e19bec6b7ff8ea

WATCH_WORDS="a crash would leave no dump, or none to rely on; kmortem capture check says what to do"

watch_record=$ROOT/var/lib/kmortem/capture/failing # ids, one a line

# watch_ids LINES: one a line; watch_points LINES: the same, in one.
watch_ids() { printf '%s\n' "$1" | cut -f 1; }
watch_points() { watch_ids "$1" | tr '\n' ' ' | sed 's/ $//'; }

# watch_journal PRIORITY MESSAGE_ID MESSAGE LINES
watch_journal() {
	printf 'MESSAGE_ID=%s\nPRIORITY=%s\nSYSLOG_IDENTIFIER=kmortem-capture\nMESSAGE=%s\nKMORTEM_POINTS=%s\n' "$2" "$1" "$3" \
		"$(watch_points "$4")" | logger --journald
}

# watch_leave MESSAGE LINES: to be sent.
watch_leave() {
	mkdir -p "${readiness_unsent%/*}" && {
		printf '%s: %s\n' "$(uname -n)" "$1"
		printf '%s\n' "$2" | sed -n 's/	/: /p'
	} > "$readiness_unsent"
}

# watch_tell PRIORITY MESSAGE_ID MESSAGE LINES [NEW]: LINES: all points that fail; NEW: what is said of those that did not before.
watch_tell() {
	watch_journal "$1" "$2" "$3${5:+; $5}" "$4" && watch_leave "$3" "$4" || return
	tell_terminals "$3${5:+; $5}" || :
}

# watch_motd LINES: who logs in is told as long as a point fails.
watch_motd() {
	if [ -z "$1" ]; then
		motd_take kmortem-capture
	elif [ -d "$ROOT/run/motd.d" ]; then
		echo "kmortem: $WATCH_WORDS ($(watch_points "$1"))" | motd_put kmortem-capture
	fi
}

# watch_lines: a line for each point, and then "end", without which some were not come to. Memory is measured, once for each
# image, where that takes seconds.
watch_lines() {
	check_form=lines check_measures=cheap
	check_guarded
	echo end
}

# watch_new LINES KNOWN: what is said of those points whose ids are not known, in a line.
watch_new() {
	printf '%s\n' "$1" | while IFS='	' read -r id text; do
		[ -z "$id" ] || printf '%s\n' "$2" | grep -q -x -F -e "$id" || printf '%s: %s ' "$id" "$text"
	done
}

# check_watch: status 1 where the journal does not take it, or a point could not be looked at: then nothing is told.
check_watch() {
	failing=$(watch_lines)
	[ "${failing##*"
"}" = end ] || return
	failing=$(printf '%s\n' "$failing" | sed -n 's/^fail	//p')
	known=$(cat "$watch_record" 2> /dev/null)
	new=$(watch_new "$failing" "$known")
	watch_status=0
	if [ "$new" ]; then
		watch_tell 3 "$WATCH_LOST" "$WATCH_WORDS" "$failing" "$new" || watch_status=1
	elif [ "$known" ] && [ -z "$failing" ]; then
		watch_tell 5 "$WATCH_READY" "a crash would leave a dump again" '' || watch_status=1
	fi
	# What could not be told is told the next time.
	[ "$watch_status" -ne 0 ] || { mkdir -p "${watch_record%/*}" && watch_ids "$failing" > "$watch_record"; }
	watch_motd "$failing"
	return "$watch_status"
}
