# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# Saving in a capture kernel that has booted the system itself: its drivers are loaded, its network is up, and local targets are
# directories. Loaded after the library, of which it replaces what an image of our own has to do first.
target_mount=$work/target

load_modules() { :; }
wait_for_devices() { :; }

# A local directory is bound to where targets are mounted.
target_device_of() { echo "- - /"; }

target_mount_device() {
	mkdir -p "$target_mount"
	if [ "$target_kind" = local ]; then
		mkdir -p "$target_where" && mount --bind "$target_where" "$target_mount"
	else
		mount -o rw "${target_where%%:/*}" "$target_mount"
	fi && mkdir -p "$target_directory"
}
