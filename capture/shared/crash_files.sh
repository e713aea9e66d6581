# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# What a crash leaves in a directory of its own, by the names that kmortem-capture, kdump-tools, kdump-utils, netdump-server and
# systemd-pstore give it.

# dumps_below DIRECTORY DEPTH ACTION…: those of find.
dumps_below() {
	crash_directory=$1 crash_depth=$2
	shift 2
	find "$crash_directory" -mindepth "$crash_depth" -maxdepth "$crash_depth" -type f \( -name vmcore -o -name vmcore-incomplete \
		-o -name vmcore.flat -o -name 'dump.[0-9]*' -o -name dump-incomplete \
		-o -name 'vmcore.[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]*' \) "$@"
}

# logs_below DIRECTORY DEPTH ACTION…
logs_below() {
	crash_directory=$1 crash_depth=$2
	shift 2
	find "$crash_directory" -mindepth "$crash_depth" -maxdepth "$crash_depth" -type f \( -name dmesg.txt -o -name 'dmesg.[0-9]*' \
		-o -name vmcore-dmesg.txt -o -name vmcore-dmesg-incomplete.txt \) "$@"
}

# is_pstore FILE: systemd has found it where the firmware, or memory set apart, keeps the last words of this host's kernels; of
# memory it puts them there itself, of firmware into a directory of each.
is_pstore() { case $1 in "$ROOT"/var/lib/systemd/pstore/*) ;; *) return 1 ;; esac }

# is_log FILE: it has the name of one.
is_log() { case ${1##*/} in dmesg.* | vmcore-dmesg*) ;; *) return 1 ;; esac }
