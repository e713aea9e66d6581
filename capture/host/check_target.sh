# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# check: the targets: can the capture kernel reach each, write to it, and is there room for the dump that is to be expected?
# Only the first has to hold it; the others are for when that fails.

TARGET_PATIENCE=30 # seconds

# check_targets: points target-1, target-1-room, target-2, … in the order of the settings.
check_targets() {
	saver_look
	saver_filter
	target_number=1
	[ "$target_list" ] || ! saver_is_theirs ||
		target_point warn '' "Where $target_saver saves is not known: it has no $target_settings." "look whether a dump has room there"
	target_number=0
	while IFS= read -r target; do
		[ "$target" ] || continue
		target_number=$((target_number + 1))
		check_target "$target" < /dev/null
	done <<- END
		$target_list
	END
}

# target_point VERDICT SUFFIX TEXT [ADVICE [COMMAND]]
target_point() {
	verdict=$1 suffix=$2
	shift 2
	[ "$verdict" != fail ] || [ "$target_number" -eq 1 ] || verdict=warn
	point "$verdict" "target-$target_number$suffix" "$@"
}

check_target() {
	where=${1#* }
	if ! target_is_known "$1"; then # of settings that are not ours
		target_point warn '' "$1: whether $target_saver can save there is not known." "look whether it can, and whether a dump has room there"
		return
	elif ! refusal=$(saver_refusal "$1"); then
		target_point fail '' "$1: the capture kernel cannot reach it: $(text_said "$refusal")" \
			"correct that, or choose another target in $target_settings"
		return
	fi
	case $1 in
	"local "*) check_directory "$1" "$ROOT$where" ;;
	"netdump "*) check_netdump "$1" ;;
	*) check_reached "$1" ;;
	esac
}

# ---- directories -------------------------------------------------------------------------------

# existing DIRECTORY: it, or the first above it that is there: the capture makes the rest.
existing() {
	directory=$1
	until [ -z "$directory" ] || [ -d "$directory" ]; do directory=${directory%/*}; done
	printf '%s\n' "${directory:-/}"
}

# check_directory TARGET DIRECTORY
check_directory() {
	target_answer directory_ask "$2"
	if [ "$asked" -ne 0 ]; then
		target_point fail '' "$1: cannot be written to: $(printf '%s\n' "$answer" | target_reason "$1")" \
			"see to it that it can, or choose another target in $target_settings"
		return
	fi
	target_point pass '' "$1: can be written to."
	check_room_told "$1" "$answer"
}

# directory_ask DIRECTORY: as target_ask.
directory_ask() (
	# shellcheck source=/dev/null
	. "$parts/saving/step.sh"
	within "$TARGET_PATIENCE" directory_tried "$1"
)

directory_tried() {
	directory=$(existing "$1")
	probe=$(mktemp "$directory/.kmortem-check.XXXXXX") && written_to "$probe" &&
		echo "room $(room_bytes "$directory") $(retain_size "$directory" "$(this_host)")"
}

# written_to FILE: a page, onto the disk; the file is gone then.
written_to() {
	head -c 4096 /dev/zero > "$1" && sync "$1"
	written_status=$?
	rm -f "$1"
	return $written_status
}

# ---- what has to be opened ---------------------------------------------------------------------

# target_answer COMMAND…: sets $answer to what that says, and $asked to its status. By way of a file: what hangs in the kernel would
# keep a pipe open.
target_answer() {
	asked=0
	asked_told=$(mktemp) || { asked=1 answer="no temporary file can be made"; return; }
	"$@" > "$asked_told" 2>&1 || asked=$?
	answer=$(cat "$asked_told")
	rm -f "$asked_told"
	[ "$asked" -ne 124 ] || answer="no answer within $TARGET_PATIENCE s"
}

# check_reached TARGET: opened for a moment by what opens it in the capture kernel, with the key and the known hosts of that.
check_reached() {
	target_answer target_ask "$1"
	if [ "$asked" -eq 0 ]; then
		target_point pass '' "$1: can be reached and written to.$(target_is_unseen "$1")"
		check_room_told "$1" "$answer"
	else
		target_point fail '' "$1: $(printf '%s\n' "$answer" | target_reason "$1")" \
			"correct that, or choose another target in $target_settings"
	fi
}

# target_is_unseen TARGET: what is to be known of one where nobody looks after the reboot.
target_is_unseen() {
	case $1 in "device "*) echo " No report is made there by itself: after a crash, mount it, and run kmortem report." ;; esac
}

# target_reason TARGET: the line that tells most of those that are read: ssh ends with it, mount begins with it, and is asked for
# several versions.
target_reason() {
	case $1 in
	"ssh "*) tail -n 1 ;;
	*) sed 's/^[[:space:]]*//' | grep -v -e '^$' -e '^dmesg(1) may have more information' | head -n 1 ;;
	esac
}

# target_ask TARGET: prints "room" with the bytes that are free there, and those of older dumps; a process of its own, with what
# saves. Status 124 where it takes too long.
target_ask() (
	saver_key_take
	WORK=$(mktemp -d)
	for file in "$parts"/saving/*.sh "$parts"/hooks/booted.sh; do
		# shellcheck source=/dev/null
		. "$file"
	done
	trap target_interrupted HUP INT TERM
	tried=0
	{ target_choose "$1" && within "$TARGET_PATIENCE" target_open; } || tried=$?
	if [ "$tried" -eq 0 ]; then
		within "$TARGET_PATIENCE" target_tried || tried=$?
		target_leave
	fi
	# Never more: it may still be mounted.
	rmdir "$target_mount" "$work" 2> /dev/null
	exit $tried
)

# target_leave: what is still busy is out of the way at once, and unmounted when it is busy no more.
target_leave() { target_close || umount -l "$target_mount"; }

# target_interrupted: what works at it ignores the signal, as what the shell does in the background does.
target_interrupted() {
	trap '' HUP INT TERM
	[ -z "${within_pid-}" ] || ! process_runs "$within_pid" || process_kill "$within_pid"
	target_leave
	rmdir "$target_mount" "$work"
	exit 3
} 2> /dev/null

# Of a server that takes files and does not tell its room only that is not known. A shell cannot count more than this.
target_tried() {
	if [ "$target_directory" ]; then
		written_to "$target_directory/.kmortem-check" && echo "room $(room_bytes "$target_directory") $(retain_size "$target_directory" "$(this_host)")"
		return
	fi
	target_take .kmortem-check/page < /dev/null && folder=$(target_there) || return
	target_ssh "rm -r $folder/.kmortem-check; df -Pk $folder" | tail -n 1 |
		awk '$4 ~ /^[0-9]+$/ { bytes = $4 * 1024; printf "room %.0f 0\n", bytes < 9e17 ? bytes : 9e17 }'
}

# check_netdump TARGET: what room there is only the server knows.
check_netdump() {
	port=$(port_of "$1") asked=$1
	set -- ${port:+"--port=$port"} ${conf_netdump_server_key:+"--server-key=$ROOT$conf_netdump_server_key"} \
		${conf_netdump_key:+"--key=$ROOT$conf_netdump_key"} "$(host_address "$(host_of "$1")")"
	if said=$(netdump-send --check -q --timeout="$TARGET_PATIENCE" "$@" 2>&1); then
		target_point pass '' "$asked: the server would take a dump${conf_netdump_key:+, encrypted}."
	else
		target_point fail '' "$asked: ${said#netdump-send: }" "see to it that the server runs, may be reached, and knows our key; then:" \
			"netdump-send --check $*"
	fi
}
