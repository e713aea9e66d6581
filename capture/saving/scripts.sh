# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The site's own scripts, and what tells the running system of a dump.

SCRIPT_LIMIT=300 # seconds

# script pre|post FILE: what they are told is in the environment; that one fails is told, and changes nothing else.
script() {
	[ "$2" ] || return 0
	step "${1}_script" "$SCRIPT_LIMIT" script_run "$1" "$2" || failed "$1_script $2 $(status_words "$step_status" "$step_limit")"
}

# KMORTEM_COMPLETE is 1 once a target holds what it is to hold, KMORTEM_DIRECTORY where that is, as long as it can be reached.
script_run() {
	export KMORTEM_STEP="$1" KMORTEM_HOST="$dump_host" KMORTEM_DUMP="$dump_name" KMORTEM_VMCORE="$vmcore" \
		KMORTEM_LOG="$work/dmesg.txt" KMORTEM_FAILURES="$work/failures" KMORTEM_TARGET="${target-}" \
		KMORTEM_DIRECTORY="${target_directory:+${dump_directory-}}" KMORTEM_COMPLETE=0
	[ ! -s "$work/saved" ] || KMORTEM_COMPLETE=1
	"$2"
}

SPOOL=/var/spool/kmortem # of the running system

# spool_inside DIRECTORY PATH: where that lies in the file system in which PATH is what the running system
# calls DIRECTORY; status 1 where it does not lie in that.
spool_inside() {
	mounted=${1%"$2"}
	[ "$mounted$2" = "$1" ] || return
	case $SPOOL in
	"$mounted"/*) echo "${SPOOL#"$mounted"}" ;;
	*) return 1 ;;
	esac
}

# marker_put: a file that names the dump as the running system does, for kmortem-reports. It is whole when it comes to the spool,
# to which others may write, too: what they put there by its name is replaced, not followed.
marker_put() {
	[ "$target_kind" = local ] && [ -f "$dump_directory/vmcore" ] || return 0
	inside=$(spool_inside "$target_where" "${target_directory#"$target_mount"}") || return 0
	spool=$target_mount$inside
	[ -d "$spool" ] || return 0
	echo "$target_where/$dump_name/vmcore" > "$dump_directory/marker" && sync "$dump_directory/marker" &&
		rm -rf "${spool:?}/$dump_name" && mv -fT "$dump_directory/marker" "$spool/$dump_name" && sync "$spool"
}
