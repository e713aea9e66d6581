# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# An image's archive: cpio in the format "newc", which the kernel unpacks. Written here, so that no cpio has to be installed and
# the same files make the same archive: no times, no inodes of the file system that it was made on.

# archive_entry NAME MODE SIZE [MAJOR MINOR]: its head; MODE in hexadecimal.
archive_entry() {
	printf '070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x' 0 "0x$2" 0 0 1 0 "$3" 0 0 "${4:-0}" "${5:-0}" $((${#1} + 1)) 0
	printf '%s\0' "$1"
	archive_pad $((110 + ${#1} + 1))
}

# Heads and contents begin at multiples of 4.
archive_pad() {
	case $(($1 % 4)) in 1) printf '\0\0\0' ;; 2) printf '\0\0' ;; 3) printf '\0' ;; esac
}

# archive_link NAME TARGET
archive_link() {
	archive_entry "$1" a1ff "${#2}"
	printf %s "$2"
	archive_pad "${#2}"
}

# archive DIRECTORY LINKS: to standard output; LINKS are more links, "NAME TARGET" a line. Names are those of files of a system:
# they have no tab, no newline. Nothing is started for each file but what copies it: a build takes seconds.
archive() (
	LC_ALL=C
	export LC_ALL
	cd "$1" || exit
	# The console of the first process, before there is a devtmpfs.
	archive_entry dev 41ed 0
	archive_entry dev/console 2180 0 5 1
	find . -exec stat -c '%n	%f	%s' {} + | sort | while IFS='	' read -r file mode size; do
		name=${file#./}
		case $mode.$name in
		????.. | ????.dev | ????.dev/*) ;;
		a???.*) archive_link "$name" "$(readlink "$file")" ;;
		4???.*) archive_entry "$name" "$mode" 0 ;;
		*)
			archive_entry "$name" "$mode" "$size"
			cat "$file" || exit
			archive_pad "$size"
			;;
		esac
	done || exit
	printf '%s\n' "$2" | while read -r name link; do
		[ -z "$name" ] || archive_link "$name" "$link"
	done
	archive_entry TRAILER!!! 0 0
)

# can_compress COMMAND…: it is there, and busybox, which only unpacks some, is not what answers.
can_compress() { "$@" < /dev/null > /dev/null 2>&1; }

# archive_compressed: the best that the capture kernel unpacks and this system has; every kernel that unpacks any takes gzip.
archive_compressed() {
	if can_compress zstd -q -9 -T1 -c && kernel_has RD_ZSTD; then
		zstd -q -9 -T1 -c
	elif can_compress xz --check=crc32 -c && kernel_has RD_XZ; then
		xz --check=crc32 -6 -T1 -c
	else
		gzip -n -c
	fi
}
