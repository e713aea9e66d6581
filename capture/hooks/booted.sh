# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# Saving in a capture kernel that has booted the system itself: its drivers are loaded, its network is up, and local targets are
# directories. Loaded after the library, of which it replaces what an image of our own has to do first.
target_mount=$work/target

load_modules() { :; }
wait_for_devices() { :; }

# A local directory is bound to where targets are mounted.
target_device_of() { echo "$1 none /"; }

target_mount_device() {
	mkdir -p "$target_mount"
	if [ "$target_kind" = local ]; then
		mkdir -p "$1" && mount --bind "$1" "$target_mount"
	else
		mount -t "$2" -o rw "$1" "$target_mount"
	fi && mkdir -p "$target_directory"
}
