# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Words and numbers. Whatever of the system is read lies below $ROOT, which is empty but in tests.
ROOT=${ROOT-}

# one_line TEXT: as a line without control characters: much of what is told was said by others.
one_line() {
	case $1 in
	*[[:cntrl:]]*) printf '%s\n' "$(printf %s "$1" | LC_ALL=C tr -d '\000-\037\177')" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

say() { one_line "kmortem-capture: $*" >&2; }

die() {
	say "$@"
	exit 2
}

# quoted TEXT: as one word of a shell.
quoted() { printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"; }

# linked LINK: sets $linked to what it names, as that is: a name may end in a newline.
linked() {
	linked=$(readlink -- "$1" && echo .) || return
	linked=${linked%"
."}
}

has() { command -v "$1" > /dev/null 2>&1; }

# is_number TEXT [MOST]: whole, at least 0, and so short that the shell can count with it; 010 would be 8 to it.
is_number() {
	case $1 in '' | *[!0-9]* | 0?* | ????????????????*) return 1 ;; esac
	[ "$1" -le "${2:-$1}" ]
}

# bytes_of TEXT: "512", "64K", "10M", "2G", "1T" in bytes; status 1 for other texts.
bytes_of() {
	number=${1%[KMGT]}
	is_number "$number" || return
	case ${1#"$number"} in
	'') shift_by=0 ;; K) shift_by=10 ;; M) shift_by=20 ;; G) shift_by=30 ;; T) shift_by=40 ;;
	esac
	is_number "$number" $((9000000000000000000 >> shift_by)) && echo $((number << shift_by))
}

# seconds_of TEXT: "90", "90s", "10min", "2h" in seconds; status 1 for other texts.
seconds_of() {
	number=${1%%[!0-9]*}
	is_number "$number" 1000000 || return
	case ${1#"$number"} in
	'' | s) echo "$number" ;;
	min) echo $((number * 60)) ;;
	h) echo $((number * 3600)) ;;
	*) return 1 ;;
	esac
}

# json_text TEXT: a JSON string. Control characters are left out; what is no ASCII may be in any encoding, and becomes "?".
json_text() {
	printf '"%s"' "$(printf %s "$1" | LC_ALL=C tr -d '\000-\037' | LC_ALL=C tr '\177-\377' '?' | sed 's/[\\"]/\\&/g')"
}

# host_label NAME: of a host, fit for the name of a file.
host_label() {
	label=$(printf %s "$1" | LC_ALL=C tr -c 'A-Za-z0-9._-' _ | head -c 64)
	echo "${label:-localhost}"
}

# this_host: as the names of its dumps begin.
this_host() { host_label "$(uname -n)"; }

# this_machine: what tells it from another of that name; nothing where that is not known. It is a digest, as the machine's id is
# confidential (machine-id(5)). Images have it in a file.
this_machine() {
	cat "$ROOT/etc/kmortem/capture.machine" 2> /dev/null && return
	machine_id=
	{ read -r machine_id < "$ROOT/etc/machine-id"; } 2> /dev/null
	case $machine_id in '' | *[!0-9a-f]*) return ;; esac
	printf 'kmortem %s' "$machine_id" | sha256sum | cut -c 1-32
}

# pstore_backend: sets $backend to what has the firmware, or memory set apart, keep what a kernel says in its last moment; status 1: nothing.
pstore_backend() {
	read -r backend < "$ROOT/sys/module/pstore/parameters/backend" && [ "$backend" ] && [ "$backend" != '(null)' ]
} 2> /dev/null
