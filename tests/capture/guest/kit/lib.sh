# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# What steps of scenarios are made of.

ok() { echo "ok $*"; }
not_ok() { echo "not ok $*"; }

# check NAME COMMAND…: what the command says is shown where it fails.
check() {
	check_name=$1
	shift
	if "$@" > /run/said 2>&1; then
		ok "$check_name"
	else
		not_ok "$check_name"
		tail -n 30 /run/said | sed 's/^/# /'
		return 1
	fi
}

install_kmortem() { DEBIAN_FRONTEND=noninteractive apt-get install -y "$kit"/debs/*.deb; }

# within SECONDS COMMAND…: until the command succeeds.
within() {
	tries=$1
	shift
	until "$@"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 1
	done
}

# ---- the network, by systemd-networkd ----------------------------------------------------------

# network_settings NAME: standard input becomes that file of its settings.
network_settings() { cat > "/etc/systemd/network/$1"; }

# network_up: when it is as they say.
network_up() { systemctl enable systemd-networkd.service && systemctl restart systemd-networkd.service && /lib/systemd/systemd-networkd-wait-online --timeout=60; }

# obey: does what comes to port 9, in the background; for a peer.
obey() { while :; do busybox nc -l -p 9 -e sh; done & }

# tell ADDRESS COMMANDS: to one that obeys; it has done them then.
tell() { echo "$2" | busybox nc "$1" 9; }

came_back_without_dump() {
	ok 'the machine came back by itself'
	check 'it holds no dump' holds_no_dump
	check 'the network is up' network_up
	check 'it is loaded' within 120 kmortem capture status
}

holds_no_dump() { [ -z "$(find /var/crash -name 'vmcore*')" ]; }

# ---- how a step ends ---------------------------------------------------------------------------

# The scenario is over.
finish() {
	echo 'done'
	switch_off
}

# power_cycle WORD…: the next boot's command line is the root and these words.
power_cycle() {
	echo "power-cycle $*"
	switch_off
}

switch_off() {
	sync
	systemctl poweroff -f
	sleep 1000
}

# There is no boot loader: what update-grub would make its configuration of is what power_cycle wants.
install_boot_loader() {
	mkdir -p /etc/default/grub.d
	echo 'GRUB_CMDLINE_LINUX_DEFAULT=' > /etc/default/grub
	cp "$kit/update-grub" /usr/local/sbin/
}

# crash HOW: tells the harness the truth about this system at the last moment, then crashes. Returns when the kernel does not.
crash() {
	mkdir -p /run/truth
	busybox ip addr > /run/truth/ip-addr
	{ busybox ip route; busybox ip -6 route; } > /run/truth/ip-route
	cp /sys/kernel/notes "$guest/notes"
	echo "guest: crash $1 at boot $step" > /dev/kmsg
	if [ "$(cat /sys/kernel/kexec_crash_loaded)" != 1 ]; then
		not_ok "no crash by $1: no capture kernel is loaded, it would be the end"
		finish
	fi
	echo "crash $1"
	sync
	echo 1 > /proc/sys/kernel/sysrq
	[ "$1" = test ] || freeze_services
	"crash_by_$(echo "$1" | tr - _)"
	sleep 120
	not_ok "no crash by $1"
}

# What the others did after the truth was told would differ from it; and what systemd started then.
freeze_services() {
	systemctl stop '*.timer' '*.path'
	for unit in /sys/fs/cgroup/system.slice/*.service; do
		case $unit in */guest.service) ;; *) echo 1 > "$unit/cgroup.freeze" ;; esac
	done
	sleep 1
}

# Where there are no ports, by a fourth disk.
tell_truth() {
	if [ -b /dev/vdd ]; then "$kit"/truth /dev/vdd "$@" fold; else "$kit"/truth port "$@" fold; fi
}

# As a user does it, some time after the truth was told. What the check finds matters elsewhere. (Nothing is executed below /run.)
crash_by_test() {
	printf '#!/bin/sh\nexec kmortem capture test --yes --force\n' > "$guest/crash-test"
	chmod +x "$guest/crash-test"
	tell_truth exec "$guest/crash-test"
}

crash_by_sysrq() { tell_truth /proc/sysrq-trigger c; }

# A driver was unloaded while a program had its file open.
crash_by_oops() {
	modprobe tun
	"$kit"/tunholder /run/oops &
	sleep 2
	echo 1 > /proc/sys/kernel/panic_on_oops
	tell_truth /run/oops now
}

# A program waits for a file system that is frozen.
crash_by_hung_task() {
	mke2fs -q -t ext4 /dev/vdc && mkdir -p /mnt/frozen && mount /dev/vdc /mnt/frozen
	"$kit"/frozenwriter /mnt/frozen &
	sleep 2
	echo 5 > /proc/sys/kernel/hung_task_timeout_secs
	tell_truth /proc/sys/kernel/hung_task_panic 1
}

crash_by_out_of_memory() {
	echo 2 > /proc/sys/vm/panic_on_oom
	tell_truth exec "$kit"/memoryeater
}

# ---- what is asked -----------------------------------------------------------------------------

# The newest dump's directory.
dump_directory() { find /var/crash -mindepth 1 -maxdepth 1 -type d -name '*[0-9][0-9][0-9][0-9]*' | sort | tail -n 1; }

# checked: for point_is; 3 is the status of a check that could not be run.
checked() { kmortem capture check -f json > /run/check.json || [ $? -lt 3 ]; }

# point_is ID VERDICT [PATTERN]: what it said, and with such words.
point_is() {
	jq --arg id "$1" '.points[] | select(.id == $id)' /run/check.json
	jq -e --arg id "$1" --arg verdict "$2" --arg pattern "${3-}" '
		.points[] | select(.id == $id) | .verdict == $verdict and (.text | test($pattern))' /run/check.json
}

# point_is_now ID VERDICT [PATTERN]
point_is_now() { checked && point_is "$@"; }

# keep_dump: of a file system that is not the root's, for the harness, which looks at the root.
keep_dump() { mkdir -p "$guest/dumps" && cp -a "$(dump_directory)" "$guest/dumps/"; }

# filter_is VERDICT: of makedumpfile for the kernel that runs.
filter_is() { point_is_now makedumpfile-kernel "$1"; }

# mount_crash DEVICE TYPE OPTIONS: as /var/crash, at each boot.
mount_crash() {
	sed -i '/var.crash/d' /etc/fstab
	echo "$1 /var/crash $2 $3 0 0" >> /etc/fstab
	systemctl daemon-reload
	mount /var/crash && findmnt /var/crash
}

# unmount DIRECTORY: as soon as nobody works there any more; who does is told.
unmount() {
	within 20 umount "$1" && return
	for link in /proc/[0-9]*/cwd /proc/[0-9]*/root /proc/[0-9]*/exe /proc/[0-9]*/fd/*; do
		case $(readlink "$link") in "$1"*) echo "$link -> $(readlink "$link"): $(tr '\0' ' ' < "${link%"${link#/proc/*/}"}cmdline")" ;; esac
	done
	return 1
}

has_report() { [ -s "$(dump_directory)/report.txt" ]; }

# is_announced: the journal has one entry for the newest dump, with its cause as the report has it.
is_announced() {
	journalctl -o json MESSAGE_ID=ea9fb6baa8e244feaade3f698aeb164a | tee /run/announced
	jq -es --arg directory "$(dump_directory)" --slurpfile report "$(dump_directory)/report.json" '
		[.[] | select(.KMORTEM_DUMP | startswith($directory + "/"))] | length == 1 and
		.[0].KMORTEM_CAUSE == $report[0].panic.cause and .[0].KMORTEM_SIGNATURE == $report[0].panic.signature and
		.[0].KMORTEM_HOST == "labguest"' /run/announced
}

# ---- what is in the memory ---------------------------------------------------------------------

# Of a server that has been up for a while: files in the page cache, programs' data (both are left out), inodes and tasks.
fill_memory() {
	mke2fs -q -F -t ext4 /dev/vdc && mkdir -p /mnt/files && mount /dev/vdc /mnt/files
	for copy in 1 2 3; do find /usr -xdev -type f -exec cat {} + > /mnt/files/$copy; done
	sync
	perl -e 'open F, "<", "/mnt/files/1" or die; for (1 .. 3) { seek F, 0, 0; sysread F, $x[$_], -s F } sleep 10000' &
	mkdir -p /dev/shm/files
	(cd /dev/shm/files && seq 150000 | xargs touch)
	for task in $(seq 200); do sleep 10000 & done
	sleep 15
	sed -n 's/ kB//; s/^\(MemFree\|Cached\|AnonPages\|Slab\|KernelStack\|PageTables\): */# memory \1 /p' /proc/meminfo
}

# ---- the plain case ----------------------------------------------------------------------------

prepare() {
	check 'the capture image is made' kmortem capture build
	check 'it is loaded' kmortem capture load
}

came_back() {
	ok 'the machine came back by itself'
	check 'there is a report' within 180 has_report
	check 'the journal tells of it' within 30 is_announced
}
