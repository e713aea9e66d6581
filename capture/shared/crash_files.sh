# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a crash leaves in a directory of its own, by the names that kmortem-capture, kdump-tools, kdump-utils, SUSE's kdump,
# netdump-server and systemd-pstore give it. `kmortem list` knows the same, by the patterns in analyze/list/files.c.

# dumps_below DIRECTORY DEPTH ACTION…: those of find. Compressed ones, too, of which it is told that they have to be unpacked;
# those of FreeBSD, vmcore.CLIENT.NUMBER, are none.
dumps_below() {
	crash_directory=$1 crash_depth=$2
	shift 2
	find "$crash_directory" -mindepth "$crash_depth" -maxdepth "$crash_depth" -type f \( -name vmcore -o -name vmcore.flat \
		-o -name 'dump.[0-9]*' -o -name 'vmcore.[0-9]*' ! -name 'vmcore.*.[0-9]*' -o -name 'vmcore.[glxz]z*' -o -name vmcore.zst \
		-o -name vmcore.bz2 -o -name vmcore-damaged -o -name vmcore-incomplete -o -name 'vmcore-incomplete.*' \
		-o -name dump-incomplete -o -name 'dump-incomplete.*' \) "$@"
}

# is_incomplete DUMP: it has the name of one that is being written, or was when the machine went down.
is_incomplete() { case ${1##*/} in *-incomplete | *-incomplete.* | *-damaged) ;; *) return 1 ;; esac }

# whole_below DIRECTORY DEPTH ACTION…: the dumps of which none has such a name.
whole_below() {
	crash_directory=$1 crash_depth=$2
	shift 2
	dumps_below "$crash_directory" "$crash_depth" ! -name '*-incomplete' ! -name '*-incomplete.*' ! -name '*-damaged' "$@"
}

# logs_below DIRECTORY DEPTH ACTION…
logs_below() {
	crash_directory=$1 crash_depth=$2
	shift 2
	find "$crash_directory" -mindepth "$crash_depth" -maxdepth "$crash_depth" -type f \( -name dmesg -o -name dmesg.txt -o -name 'dmesg.[0-9]*' \
		-o -name vmcore-dmesg.txt -o -name vmcore-dmesg-incomplete.txt \) "$@"
}

# unplaced KEY: the file that says why the report of the dump with that key lies nowhere; it is as old as the dump.
unplaced() { echo "${STATE_DIRECTORY:-$ROOT/var/lib/kmortem/told}/$1.unplaced"; }

# is_pstore FILE: systemd has found it where the firmware, or memory set apart, keeps the last words of this host's kernels; of
# memory it puts them there itself, of firmware into a directory of each.
is_pstore() { case $1 in "$ROOT"/var/lib/systemd/pstore/*) ;; *) return 1 ;; esac }

# is_log FILE: it has the name of one.
is_log() { case ${1##*/} in dmesg | dmesg.* | vmcore-dmesg*) ;; *) return 1 ;; esac }
