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
	while read -r how what; do
		case $how in
		lvm) device_activate_lvm "$what" ;;
		mdadm) if [ "$1" -ge $((DEVICE_PATIENCE / 2)) ]; then mdadm --assemble --scan --run; else mdadm --assemble --scan --no-degraded; fi ;;
		btrfs) btrfs device scan ;;
		esac > /dev/null 2>&1 < /dev/null
	done < "$ROOT/etc/kmortem/capture.activate"
}

# device_activate_lvm VG/LV: nothing puts the paths to a disk together here, so each is a disk of its own with the same data, of
# which LVM, that knows this of them, would take none (since 2.03.12).
device_activate_lvm() {
	lvm lvchange -ay --noudevsync --ignoremonitoring \
		--config "devices{use_devicesfile=0 md_component_checks=\"full\" filter=[$(device_other_paths |
			sed 's,.*,"r|^/dev/&(p?[0-9]+)?$|"\,,' | tr -d '\n')\"a|.*|\"]}" "$1"
}

# device_other_paths: disks that lead to what another leads to, which can be read. Other identities than these are not always of
# one disk alone.
device_other_paths() {
	for disk in "$ROOT"/sys/block/*; do
		{ IFS= read -r identity < "$disk/device/wwid"; } 2> /dev/null || continue
		case $identity in naa.* | eui.*) echo "$identity ${disk##*/}" ;; esac
	done | awk '{ paths[$1] = paths[$1] " " $2; if (++count[$1] == 2) several[$1] } END { for (disk in several) print paths[disk] }' |
		while read -r paths; do
			taken=
			for path in $paths; do
				if [ -z "$taken" ] && within 10 dd if="$ROOT/dev/$path" of=/dev/null bs=4096 count=1; then taken=$path; else echo "$path"; fi
			done
		done
}
