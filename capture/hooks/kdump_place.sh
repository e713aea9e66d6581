# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# Where kdump-utils' kdump.sh has put its dump. It tells no script; so its settings say in which directory, and what has come
# into being there since the saving began says the rest.

kdump_conf=$ROOT/etc/kdump.conf

# kdump_setting PATTERN: the last value of such a key, read as kdump.sh reads it: without what follows "#", without quotes.
kdump_setting() {
	sed -n "s/^[[:space:]]*\($1\)[[:space:]]\{1,\}//p" "$kdump_conf" | tail -n 1 | sed 's/#.*//; s/[[:space:]]*$//; s/^"\(.*\)"$/\1/'
}

# kdump_collector: the command that makes the dump.
kdump_collector() {
	kdump_found=$(kdump_setting core_collector)
	echo "${kdump_found:-makedumpfile -l -d 31}"
}

# kdump_device: that of the file system that holds the dump, empty for that of the crashed system; status 1 where it goes elsewhere.
kdump_device() {
	[ -z "$(kdump_setting ssh)" ] && [ -z "$(kdump_setting raw)" ] || return
	kdump_found=$(kdump_setting 'ext[234]\|xfs\|btrfs\|minix\|nfs\|virtiofs')
	[ "$kdump_found" ] || kdump_found=$(kdump_setting dracut_args | sed -n "s/.*--mount[ =][\"']\{0,1\}\([^ ]*\).*/\1/p")
	echo "$kdump_found"
}

# kdump_mounted DEVICE: where that is mounted, or would be.
kdump_mounted() {
	[ "$1" ] || { echo "$ROOT/sysroot"; return; }
	for kdump_table in -k -s; do
		kdump_where=$(findmnt "$kdump_table" -n -r -o TARGET,SOURCE --source "$1" 2> /dev/null | grep -v '\]$' | sed 's/ .*//' | head -n 1)
		[ -z "$kdump_where" ] || { echo "$kdump_where"; return; }
	done
	return 1
}

# kdump_base: the directory below which dumps lie, into $kdump_mount and $kdump_base.
kdump_base() {
	kdump_found=$(kdump_device) && kdump_mount=$(kdump_mounted "$kdump_found") || return
	kdump_base=$(kdump_setting path)
	kdump_base=$(echo "$kdump_mount/${kdump_base:-/var/crash}" | tr -s /)
	kdump_base=${kdump_base%/}
}

# place_begin: from now on. Clocks of file servers differ, so the moment is taken from the target where that is possible.
place_begin() {
	date +%s > "$work/started"
	touch -d "@$(($(cat "$work/started") - 2))" "$work/stamp"
	if kdump_base && mkdir -p "$kdump_base" && touch "$kdump_base/.kmortem-stamp"; then
		touch -r "$kdump_base/.kmortem-stamp" "$work/stamp"
		rm "$kdump_base/.kmortem-stamp"
	fi 2> /dev/null
}

# place_find: the directory of the dump into $dump_directory; status 1 where it is not one alone.
place_find() {
	kdump_base || return
	place_found=$(find "$kdump_base" -mindepth 2 -maxdepth 2 -type f -newer "$work/stamp" \( -name vmcore -o -name vmcore-incomplete \
		-o -name 'vmcore-dmesg*.txt' \) | sed 's,/[^/]*$,,' | sort -u)
	[ "$place_found" ] && [ "$(echo "$place_found" | wc -l)" -eq 1 ] || return
	dump_directory=$place_found
}
