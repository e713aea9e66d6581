# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# Saving in a capture kernel that has booted the system itself: its drivers are loaded, its network is up, and local targets are
# directories. Loaded after the library, of which it replaces what an image of our own has to do first.
target_mount=$work/target

load_modules() { :; }
clock_set() { :; }
network_up() { :; }
network_ask() { return 1; }

target_found() {
	target_path=/
	[ "$target_kind" = local ] || target_path=/${target_where#*:/}
}

# target_is_mounted: what was saved beneath a disk that has died, or comes later, would be found by nobody, and no other target be
# tried.
target_is_mounted() {
	! fstab_find "$target_where" || fstab_mount && return
	say "$target: fstab has $fstab_place for it, which cannot be mounted"
	return 1
}

# A local directory is bound to where targets are mounted.
target_mount_device() {
	mkdir -p "$target_mount"
	if [ "$target_kind" = local ]; then
		target_is_mounted && mkdir -p "$target_where" && mount --bind "$target_where" "$target_mount"
	else
		mount -o rw "${target_where%%:/*}" "$target_mount"
	fi && target_make
}

target_address() { getent ahosts "$(host_of "$target")" | sed -n '1s/[[:space:]].*//p'; }

target_identity() {
	target_known="${conf_ssh_known_hosts:-/root/.ssh/known_hosts} /etc/ssh/ssh_known_hosts"
	target_key=$(ssh_key_file) || target_key=$conf_ssh_key
}
