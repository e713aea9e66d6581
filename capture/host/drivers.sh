# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# Which modules drive a device of this machine, read from /sys.

# drivers_above DIRECTORY [DEPTH]: modules, or aliases of such, of the device with that directory in /sys, of what it hangs on,
# and of what supplies those with power, clocks and the like (boards without PCI).
drivers_above() (
	above=$(readlink -f "$1")
	while [ "$above" ] && [ "$above" != "$ROOT/sys" ]; do
		drivers_of "$above"
		for supplier in "$above"/supplier:*/supplier; do
			[ ! -e "$supplier" ] || [ "${2:-0}" -ge 3 ] || drivers_above "$supplier" $((${2:-0} + 1))
		done
		above=${above%/*}
	done
)

# A driver that does not name its module may be built in, or be one of those (SCSI disks since 6.10) that just do not say so.
drivers_of() {
	if [ -e "$1/driver/module" ]; then
		basename "$(readlink -f "$1/driver/module")"
	elif [ -e "$1/driver" ] && [ -r "$1/modalias" ]; then
		cat "$1/modalias"
	fi
}

# drivers_of_block MAJOR:MINOR: of a disk, a partition, or all that a mapped device or an array is made of.
drivers_of_block() (
	[ -d "$ROOT/sys/dev/block/$1" ] || die "no block device has the number '$1'"
	block=$(readlink -f "$ROOT/sys/dev/block/$1")
	[ ! -e "$block/partition" ] || block=${block%/*}
	drivers_above "$block"
	nvme_controllers "$block" | while IFS= read -r controller; do drivers_above "$controller"; done
	[ ! -d "$block/dm" ] || drivers_of_mapper
	[ ! -r "$block/md/level" ] || echo "md-$(cat "$block/md/level")"
	for slave in "$block"/slaves/*; do
		[ ! -e "$slave" ] || drivers_of_block "$(cat "$slave/dev")"
	done
)

# nvme_controllers DIRECTORY: those that lead to the namespace, where that may have several: then it is a virtual device, and
# beside it are links to them.
nvme_controllers() {
	case $1 in
	*/nvme-subsystem/*)
		for controller in "${1%/*}"/nvme*; do
			[ ! -L "$controller" ] || readlink -f "$controller"
		done
		;;
	esac
}

# Which targets a mapped device uses does not stand in /sys, but who uses the device mapper does, and what is loaded: also where
# the mapper is built in, or where one target uses another (dm_cache_smq). The levels of LVM's RAID nobody uses by name: the kernel
# has modprobe load them, which the image does not have.
drivers_of_mapper() {
	{
		echo dm_mod
		for module in "$ROOT"/sys/module/dm_mod/holders/* "$ROOT"/sys/module/dm_*; do
			[ ! -e "$module/initstate" ] || basename "$module"
		done
		[ ! -e "$ROOT/sys/module/dm_raid" ] || for level in raid0 raid1 raid10 raid456; do
			[ ! -e "$ROOT/sys/module/$level/initstate" ] || echo "$level"
		done
	} | awk '!seen[$0]++'
}
