# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
# Which dumps want a report, and which logs are all that is left of a crash. What lies in the directories of dumps is as hostile as
# what sent it. Units know a dump, or log, by its key: of it there is a link in $RUNTIME_DIRECTORY.

# boot_time: seconds since 1970.
boot_time() { sed -n 's/^btime //p' "${PROC:-/proc}/stat"; }

# roots_have PATH ROOT…: whether it leads, over no link, to a file below one of them.
roots_have() {
	path=$1
	shift
	[ -f "$path" ] && [ "$(readlink -f -- "$path"; echo .)" = "$path
." ] || return 1
	for root in "$@"; do
		case $path in "$root"/*) return 0 ;; esac
	done
	return 1
}

# is_root DIRECTORY ROOT…: whether that is one of these.
is_root() {
	directory=$1
	shift
	for root in "$@"; do [ "$directory" != "$root" ] || return 0; done
	return 1
}

# is_dump PATH ROOT…: whether it is that of a dump as scans find them.
is_dump() { roots_have "$@" && is_root "${1%/*/*}" "$@" && dumps_below "${1%/*}" 1 | grep -q -x -F -e "$1"; }

# is_freebsd FILE: by the name that netdump-server gives it, beside the directories: it gets no report, but is in the page of all
# dumps.
is_freebsd() { case ${1##*/} in vmcore[._]*.[0-9]*) ;; *) return 1 ;; esac }

# retry_words: how report-failed.txt ends. What this kmortem could not examine, another may.
retry_words() {
	echo "$(kmortem --version 2> /dev/null || echo kmortem) will not try again, another version will. To have it try: remove this" \
		"file; systemctl start kmortem-report"
}

# is_of FILE DUMP: made of the dump as it is now, by the clock of whoever wrote it; what was made has the time of its dump.
is_of() { [ -f "$1" ] && [ -z "$(find "$2" -newer "$1")" ]; }

# has_report DUMP: or could not get one, be it that it could not be put anywhere.
has_report() {
	is_of "${1%/*}/report.txt" "$1" && return
	failed=${1%/*}/report-failed.txt
	is_of "$failed" "$1" && timeout 10 head -c 4096 -- "$failed" | grep -q -x -F -e "$(retry_words)" && return
	is_of "$(unplaced "$(key_of "$1")")" "$1"
}

# is_over DIRECTORY: who writes there says that nothing will come any more.
is_over() { [ -f "$1/meta.json" ] && timeout 10 head -c 65536 -- "$1/meta.json" | grep -q '^ *"finished": *"'; }

# is_left DUMP: nobody writes it any more. Of an incomplete one the marker tells, or that it is older than this boot, or who wrote
# it, whose clock may have been ahead of this one. What netdump-server goes on with is newer than what it had said of it.
is_left() {
	! is_incomplete "$1" || [ "$(stat -c %Y -- "$1")" -lt "$(boot_time)" ] ||
		{ is_of "${1%/*}/meta.json" "$1" && is_over "${1%/*}"; }
}

# is_chosen DUMP: of those in its directory it gets the report: one that is whole, the largest of these, the newest of these.
is_chosen() {
	crash_directory=${1%/*}
	bytes=$(stat -c %s -- "$1")c
	set -- "$1" '(' -size "+$bytes" -o -size "$bytes" -newer "$1" ')'
	dump=$1
	shift
	if is_incomplete "$dump"; then
		[ -z "$(whole_below "$crash_directory" 1)$(dumps_below "$crash_directory" 1 "$@")" ]
	else
		[ -z "$(whole_below "$crash_directory" 1 "$@")" ]
	fi
}

key_of() { printf %s "$1" | sha256sum | cut -c 1-16; }

# announced_link FILE: the link that says that this crash was told of, be it by another file of the directory. What the firmware
# has kept of one crash takes the place of what it had kept of another: there the time tells them apart.
announced_link() {
	crash=${1%/*}
	! is_pstore "$1" || crash="$1 $(stat -c %Y -- "$1")"
	echo "$STATE_DIRECTORY/$(key_of "$crash")"
}

# note FILE: prints its key.
note() {
	key=$(key_of "$1")
	ln -sfn -- "$1" "$RUNTIME_DIRECTORY/$key" && echo "$key"
}

# wanted ROOT DUMP…
wanted() {
	root=$1
	shift
	for dump in "$@"; do
		# That most of them have one is found out at the least cost.
		if ! has_report "$dump" && roots_have "$dump" "$root" && is_left "$dump" && is_chosen "$dump"; then note "$dump"; fi
	done
}

# log_is_left LOG: nothing will come beside it any more: it is older than this boot, as what the firmware has kept always is,
# or who wrote it says that it is over.
log_is_left() {
	! is_pstore "$1" || return 0
	[ "$(stat -c %Y -- "$1")" -lt "$(boot_time)" ] || is_over "${1%/*}"
}

# log_is_of_crash LOG: firmware also keeps those of kernels that went on.
log_is_of_crash() { ! is_pstore "$1" || grep -q -F 'Kernel panic - not syncing: ' "$1"; }

# untold ROOT LOG…
untold() {
	root=$1
	shift
	for log in "$@"; do
		if roots_have "$log" "$root" && [ -z "$(dumps_below "${log%/*}" 1)" ] && log_is_left "$log" &&
			log_is_of_crash "$log" && [ ! -h "$(announced_link "$log")" ]; then note "$log"; fi
	done
}

# find_crashes ROOT…: prints the keys of those that are to be reported or told of; root's own dumps first, as others can hold up
# their reports.
find_crashes() {
	for root in "$@"; do dumps_below "$root" 2 -user 0 -exec "$0" wanted "$root" {} +; done
	for root in "$@"; do
		dumps_below "$root" 2 ! -user 0 -exec "$0" wanted "$root" {} +
		logs_below "$root" 2 -exec "$0" untold "$root" {} +
		! is_pstore "$root/" || logs_below "$root" 1 -exec "$0" untold "$root" {} +
	done
}
