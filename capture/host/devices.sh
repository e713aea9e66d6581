# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Where in which file system a directory lies, and what has to be done until that can be mounted in the capture kernel.

# ---- mounts ------------------------------------------------------------------------------------

# directory_real DIRECTORY: over links, which lead elsewhere in the capture kernel; what is not there, that makes. Status 1, and
# why is told, where it can be no directory.
directory_real() {
	above=$ROOT$1 below=
	until [ -z "$above" ] || [ -e "$above" ] || [ -L "$above" ]; do
		below=/${above##*/}$below above=${above%/*}
	done
	if [ -e "$above" ] && [ ! -d "$above" ]; then
		say "${above#"$ROOT"}: is no directory"
	elif [ -L "$above" ] && [ ! -d "$above" ]; then
		say "${above#"$ROOT"}: is a link to nothing"
	else
		above=$(readlink -f "${above:-/}") && above=${above%/}$below && above=${above#"$ROOT"} && echo "${above:-/}" && return
	fi
	return 1
}

# mount_escaped TEXT, mount_plain TEXT: as a path stands in /proc/self/mountinfo, and back.
mount_escaped() { printf %s "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g'; }
mount_plain() { printf %s "$1" | sed 's/\\040/ /g; s/\\011/	/g; s/\\134/\\/g'; }

# mount_of PATH: "MAJOR:MINOR TYPE SOURCE PLACE" of the mount that it lies on; PLACE is the path within the file system,
# which is another one for what is mounted from a subvolume or another directory (bind). All escaped.
mount_of() {
	MOUNT_PATH=$(mount_escaped "$1") awk '
		{
			path = ENVIRON["MOUNT_PATH"]
			under = $5 == "/" ? "" : $5
			if (path != $5 && index(path, under "/") != 1 || length($5) < longest)
				next
			longest = length($5)
			for (i = 7; $i != "-" && i < NF; i++)
				;
			place = ($4 == "/" ? "" : $4) substr(path, length(under) + 1)
			found = $3 " " $(i + 1) " " $(i + 2) " " (place == "" ? "/" : place)
		}
		END { if (!found) exit 1; print found }' "$ROOT/proc/self/mountinfo"
}

# ---- devices -----------------------------------------------------------------------------------

# device_number NODE: MAJOR:MINOR.
device_number() {
	name=$(readlink -f "$ROOT$1") || return
	if [ -r "$ROOT/sys/class/block/${name##*/}/dev" ]; then
		cat "$ROOT/sys/class/block/${name##*/}/dev"
	elif [ -b "$name" ]; then
		echo "$((0x$(stat -c %t "$name"))):$((0x$(stat -c %T "$name")))"
	else
		return 1
	fi
}

# device_node MAJOR:MINOR: as the kernel calls it, with udev or without.
device_node() { echo "/dev/$(basename "$(readlink -f "$ROOT/sys/dev/block/$1")" | tr '!' /)"; }

# device_tag NODE TAG: what blkid, that of util-linux or busybox, tells of it: TYPE, UUID.
device_tag() { blkid "$ROOT$1" 2> /dev/null | sed -n "s/.*[: ]$2=\"\([^\"]*\)\".*/\1/p"; }

# device_found SPEC: the node of /dev/…, UUID=…, LABEL=…, PARTUUID=… or PARTLABEL=….
device_found() {
	kind=$(echo "${1%%=*}" | tr '[:upper:]' '[:lower:]')
	case $1 in
	/*) [ -e "$ROOT$1" ] && echo "$1" ;;
	*=*)
		link=$ROOT/dev/disk/by-$kind/${1#*=}
		if [ -e "$link" ]; then
			device_node "$(device_number "${link#"$ROOT"}")"
		else
			findfs "$1" 2> /dev/null
		fi
		;;
	*) return 1 ;;
	esac
}

# ---- what stands in the way --------------------------------------------------------------------

# device_refusal MAJOR:MINOR: one line where a file system on it cannot be had in the capture kernel, as it or a device that it
# is made of is none that comes up by itself, by lvm or by mdadm.
device_refusal() (
	block=$(readlink -f "$ROOT/sys/dev/block/$1")
	[ ! -e "$block/partition" ] || block=${block%/*}
	case "$block
$(nvme_controllers "$block")" in
	*/virtual/block/loop*) echo "a loop device" && return ;;
	*/virtual/block/zram* | */virtual/block/ram*) echo "a device in memory" && return ;;
	*/virtual/block/nbd* | */virtual/block/drbd* | */virtual/block/rbd* | */rbd/devices/* | */session[0-9]*/target* | */nvme-fabrics/*)
		echo "a disk across the network, which the capture kernel does not set up"
		return
		;;
	# The kernel sets a virtual channel device online itself, and leaves others (DASD, zFCP) to who writes to /sys.
	*/css[0-9]*/virtio[0-9]*) ;;
	*/css[0-9]*)
		echo "a channel device, which the capture kernel does not set online; have the distribution's kdump save there (kmortem capture install)"
		return
		;;
	*/virtual/block/bcache*) echo "bcache, which the capture kernel does not set up" && return ;;
	esac
	if [ -r "$block/dm/uuid" ]; then
		case $(cat "$block/dm/uuid") in
		LVM-* | mpath-* | part[0-9]*-mpath-*) ;;
		CRYPT-*) echo "an encrypted device, whose key the capture kernel does not have" && return ;;
		*) echo "a mapped device ($(cat "$block/dm/name")) that is none of LVM or multipath" && return ;;
		esac
	fi
	# Before the first write to such an array the kernel waits for mdmon, which tells the firmware's data on the disks of it.
	case $(cat "$block/md/metadata_version" 2> /dev/null) in
	external:*) echo "an array that the firmware describes, which needs mdmon to be written to; the capture kernel does not have that" && return ;;
	esac
	for slave in "$block"/slaves/*; do
		[ ! -e "$slave" ] || device_refusal "$(cat "$slave/dev")"
	done
)

# mount_refusal TYPE SOURCE: the same for what lies on no device.
mount_refusal() {
	case $1 in
	tmpfs | ramfs | rootfs | devtmpfs) echo "memory ($1), which is gone after a crash" ;;
	overlay) echo "an overlay; name a directory of the file system below it" ;;
	nfs | nfs4) echo "NFS; write target = nfs $(mount_plain "$2" | sed 's,/*$,,')/…" ;;
	*) echo "$1, which is no file system on a disk of this machine" ;;
	esac
}

# device_activation MAJOR:MINOR: what makes it appear, a line for each step: "lvm VG/LV", "mdadm".
device_activation() (
	block=$(readlink -f "$ROOT/sys/dev/block/$1")
	[ ! -e "$block/partition" ] || block=${block%/*}
	for slave in "$block"/slaves/*; do
		[ ! -e "$slave" ] || device_activation "$(cat "$slave/dev")"
	done
	case $(cat "$block/dm/uuid" 2> /dev/null) in
	# In names of mapped devices a hyphen parts group and volume; those of the names are doubled.
	LVM-*) echo "lvm $(sed 's/--/%/g; s,-,/,; s/%/-/g' "$block/dm/name")" ;;
	esac
	[ ! -d "$block/md" ] || echo mdadm
)
