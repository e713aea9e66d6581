# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Where dumps go. In the capture kernel a target is chosen, then opened; then it either has a directory, or takes streams.
#
#   target_choose TARGET    sets $target_directory to the directory that it will have, empty for one that takes streams; so
#                           that target_open can run in a process of its own: it is the one that may hang
#   target_open             mounts or reaches the one chosen; status 0 when it can be written to
#   target_take DUMP/FILE   standard input becomes that file of a target that takes streams; status 0 when it is on the disk
#   target_keep FROM TO     renames a file of such a target, DUMP/FILE both, once it is on the disk
#   target_close            status 0 when what was written has left this machine

target_mount=/target
devices_patience=20 # seconds

# What a running system calls local is a device with a file system; `build` has looked up which: a line of capture.devices
# reads DIRECTORY DEVICE TYPE PATH, the path being that within the file system.
target_device_of() {
	while read -r directory device type path; do
		[ "$directory" != "$1" ] || { echo "$device $type $path"; return; }
	done < "$ROOT/etc/kmortem/capture.devices"
	return 1
}

# target_mount_device DEVICE TYPE PATH
target_mount_device() {
	mkdir -p "$target_mount"
	mount -t "$2" -o rw "$1" "$target_mount" && mkdir -p "$target_directory"
}

target_choose() {
	target_kind=${1%% *} target_where=${1#* } target_directory=
	case $target_kind in
	local)
		found=$(target_device_of "$target_where") || return
		target_directory=$target_mount${found##* }
		;;
	device) target_directory=$target_mount/${target_where#*:/} ;;
	nfs) target_directory=$target_mount ;;
	esac
}

target_open() {
	case $target_kind in
	local)
		# shellcheck disable=SC2046 # three words
		target_mount_device $(target_device_of "$target_where")
		;;
	device) target_mount_device "${target_where%%:/*}" auto "/${target_where#*:/}" ;;
	nfs)
		mkdir -p "$target_mount"
		mount -t nfs -o nolock,soft,timeo=600,retrans=3 "$target_where" "$target_mount"
		;;
	*) return 1 ;;
	esac
}

target_close() {
	[ -z "$target_directory" ] || umount "$target_mount"
	target_directory=
}

# wait_for_devices: until those of the targets have appeared, or will not.
wait_for_devices() {
	waited=0
	while read -r directory device rest; do
		until [ -b "$device" ] || findfs "$device" > /dev/null 2>&1; do
			[ "$waited" -lt "$devices_patience" ] || { say "$device, for $directory, has not appeared"; break; }
			sleep 1
			waited=$((waited + 1))
		done
	done < "$ROOT/etc/kmortem/capture.devices"
}
