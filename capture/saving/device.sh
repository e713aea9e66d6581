# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Devices of targets, which appear in their own time; those of LVM, arrays and the like have to be put together first.

DEVICE_PATIENCE=30 # seconds

# device_wait DEVICE: its node, once it is there.
device_wait() {
	waited=0
	while :; do
		device_activate "$waited"
		case $1 in
		/*) [ ! -b "$1" ] || { echo "$1"; return; } ;;
		*) ! findfs "$1" 2> /dev/null || return 0 ;;
		esac
		[ "$waited" -lt "$DEVICE_PATIENCE" ] || return
		sleep 1
		waited=$((waited + 1))
	done
}

# device_activate SECONDS: with what is there after so many of them. An array that lacks a disk is only run when the others
# have had time to appear; until then LVM is not to take its disks for volumes.
device_activate() {
	[ -s "$ROOT/etc/kmortem/capture.activate" ] || return 0
	while read -r how what paths; do
		case $how in
		lvm) device_activate_lvm "$what" "$paths" ;;
		mdadm) if [ "$1" -ge $((DEVICE_PATIENCE / 2)) ]; then mdadm --assemble --scan --run; else mdadm --assemble --scan --no-degraded; fi ;;
		btrfs) btrfs device scan ;;
		esac > /dev/null 2>&1 < /dev/null
	done < "$ROOT/etc/kmortem/capture.activate"
}

# device_activate_lvm VG/LV [paths]: nothing puts the paths of a disk together here, so each is a disk of its own, with the same data.
# LVM takes one of them, but by default activates nothing then; elsewhere, it is right: what looks the same is another copy.
device_activate_lvm() {
	lvm lvchange -ay --noudevsync --ignoremonitoring \
		--config "devices{use_devicesfile=0 md_component_checks=\"full\"${2:+ allow_changes_with_duplicate_pvs=1}}" "$1"
}
