# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# File systems that fstab has, and that may not be mounted yet, or never: systemd waits for no disk that may be lacking (nofail).

# fstab_find DIRECTORY: sets $fstab_place to where the nearest of them is mounted, there or above; status 1 where none is.
fstab_find() {
	fstab_place=$1 rest=
	until [ -e "${fstab_place:-/}" ]; do rest=/${fstab_place##*/}$rest fstab_place=${fstab_place%/*}; done
	fstab_place=$(readlink -f "${fstab_place:-/}")
	fstab_place=${fstab_place%/}$rest
	until fstab_asked > /dev/null; do
		fstab_place=${fstab_place%/*}
		[ "$fstab_place" ] || return
	done
}

# fstab_asked: the options that fstab has for it.
fstab_asked() { findmnt -s -F "$ROOT/etc/fstab" -n -o OPTIONS -M "$fstab_place" 2> /dev/null; }

# fstab_mount: status 0 where it is mounted, by systemd at the latest now.
fstab_mount() { findmnt -n -M "$fstab_place" > /dev/null || systemctl start "$(systemd-escape -p --suffix=mount -- "$fstab_place")"; }
