# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Where dumps go. In the capture kernel a target is opened, then either has a directory, or takes streams.
#
#   target_open TARGET      mounts or reaches it; $target_directory is its directory, empty for one that takes streams
#   target_take NAME        standard input becomes the file NAME of this dump
#   target_keep FROM TO     renames a file of this dump, once it is on the disk
#   target_close

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
	mount -t "$2" -o rw "$1" "$target_mount" || return
	target_directory=$target_mount$3
	mkdir -p "$target_directory"
}

target_open() {
	target_kind=${1%% *} target_where=${1#* } target_directory=
	case $target_kind in
	local)
		found=$(target_device_of "$target_where") || return
		# shellcheck disable=SC2086 # three words
		target_mount_device $found
		;;
	device) target_mount_device "${target_where%%:/*}" auto "/${target_where#*:/}" ;;
	nfs)
		mkdir -p "$target_mount"
		mount -t nfs -o nolock,soft,timeo=600,retrans=3 "$target_where" "$target_mount" &&
			target_directory=$target_mount
		;;
	ssh) target_ssh "mkdir -p '$target_where_directory'" ;;
	netdump) : ;;
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
