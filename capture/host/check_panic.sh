# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# check: what of all that goes wrong ends in a panic, and whether the machine comes back from that.

panic_settings_file=/etc/sysctl.d/90-kmortem-capture.conf

# sysctl_is NAME VALUE
sysctl_is() { [ "$(read_line "/proc/sys/kernel/$1")" = "$2" ]; }

# sysctl_command SETTING…: that makes them hold, now and later; small systems have no sysctl.
sysctl_command() {
	settle="systemctl restart systemd-sysctl"
	! has sysctl || settle="sysctl -p $panic_settings_file"
	printf "printf '%%s\\\\n' %s >> %s && %s\\n" "$*" "$panic_settings_file" "$settle"
}

check_panic() {
	if sysctl_is panic_on_oops 0; then
		point warn panic-on-oops "An oops leaves no dump: the kernel goes on with whatever it held (kernel.panic_on_oops is 0)." \
			"have it panic:" "$(sysctl_command kernel.panic_on_oops=1)"
	elif sysctl_is panic_on_oops ''; then
		sysctl_point_unknown panic-on-oops "an oops ends in a panic" panic_on_oops
	else
		point pass panic-on-oops "An oops ends in a panic, and so in a dump."
	fi
	check_panic_hangs
	check_panic_nmi
	if sysctl_is panic 0; then
		point warn panic-reboot "If the capture kernel cannot be started, the machine stays down (kernel.panic is 0)." \
			"have it reboot:" "$(sysctl_command kernel.panic=10)"
	elif sysctl_is panic ''; then
		sysctl_point_unknown panic-reboot "the machine reboots where the capture kernel cannot be started" panic
	else
		point pass panic-reboot "If the capture kernel cannot be started, the machine reboots (kernel.panic is $(read_line /proc/sys/kernel/panic))."
	fi
}

# sysctl_point_unknown ID WHAT NAME: every kernel has that setting, if it has settings.
sysctl_point_unknown() {
	point warn "$1" "Whether $2 is not known: /proc/sys/kernel/$3 cannot be read." "boot a kernel with CONFIG_SYSCTL, and mount /proc"
}

# settings_sort NAME…: those that are there and 0 into $off, each as kernel.NAME=1; those that are there and not 0 into $on,
# those that this kernel does not have into $absent, each as kernel.NAME.
settings_sort() {
	off='' on='' absent=''
	for name in "$@"; do
		if sysctl_is "$name" 0; then
			off="$off${off:+ }kernel.$name=1"
		elif sysctl_is "$name" ''; then
			absent="$absent${absent:+, }kernel.$name"
		else
			on="$on${on:+, }kernel.$name"
		fi
	done
}

# names_of SETTING…
names_of() { echo "$*" | sed 's/=1//g; s/ /, /g'; }

# check_settings ID WHAT WARNS ADVICE NAME…: whether none of these settings, by which WHAT ends in a panic, is off. What the
# kernel does not have cannot be switched on: that is told, and no warning.
check_settings() {
	id=$1 what=$2 warns=$3 advice=$4
	shift 4
	settings_sort "$@"
	if [ "$off" ]; then
		# shellcheck disable=SC2086 # one word each
		point warn "$id" "$warns: $(names_of $off) are 0." "$advice" "$(sysctl_command "$off")"
	elif [ -z "$on" ]; then
		point pass "$id" "This kernel cannot be made to panic of $what: it has no $absent."
	elif [ "$absent" ]; then
		point pass "$id" "Of $what this kernel panics by $on alone: it has no $absent."
	else
		point pass "$id" "Of $what the kernel panics, and so leaves a dump."
	fi
}

check_panic_hangs() {
	check_settings panic-on-hang "a task that hangs and a CPU that is locked up" "A hang leaves no dump" \
		"have it panic, where a machine that hangs is worth less than one that reboots:" \
		hung_task_panic softlockup_panic hardlockup_panic
}

# An NMI that nobody knows is what a button, a management controller or a hypervisor sends to get a dump.
check_panic_nmi() {
	check_settings panic-on-nmi "an NMI from outside" \
		"A dump cannot be asked for by NMI, from a button or a management controller" "have the kernel panic then:" \
		panic_on_unrecovered_nmi unknown_nmi_panic
}

# ---- watchdogs ---------------------------------------------------------------------------------

# A watchdog is fed when half of its time is over at the latest, by systemd; the other half is for the capture kernel to boot.
WATCHDOG_SHORT=20 # seconds

check_watchdogs() {
	check_nmi_watchdog
	check_hardware_watchdog
}

check_nmi_watchdog() {
	if [ ! -e "$ROOT/proc/sys/kernel/nmi_watchdog" ]; then
		point pass nmi-watchdog "This kernel has no watchdog for hard lockups."
	elif sysctl_is nmi_watchdog 1; then
		point pass nmi-watchdog "A CPU that takes no interrupts is noticed (kernel.nmi_watchdog is 1)."
	elif [ ! -e "$ROOT/sys/bus/event_source/devices/cpu" ]; then
		point pass nmi-watchdog "A CPU that takes no interrupts is not noticed: this machine has no counter for that."
	else
		point warn nmi-watchdog "A CPU that takes no interrupts is not noticed (kernel.nmi_watchdog is 0)." \
			"switch that on:" "$(sysctl_command kernel.nmi_watchdog=1)"
	fi
}

# watchdogs_told: sets $running to those that run with their timeouts, and $shortest to the shortest of these.
watchdogs_told() {
	running='' shortest=''
	for directory in $(watchdogs_running); do
		timeout=$(cat "$directory/timeout")
		is_number "$timeout" || continue
		running="$running${running:+, }$(watchdog_identity "$directory") ($timeout s)"
		if [ -z "$shortest" ] || [ "$timeout" -lt "$shortest" ]; then shortest=$timeout; fi
	done
}

# watchdog_of_controller: status 0 where somebody has opened it: it is of no class of devices, and does not tell its time.
watchdog_of_controller() {
	opened=$(read_line /sys/module/ipmi_watchdog/refcnt)
	is_number "$opened" && [ "$opened" -gt 0 ]
}

# One that runs goes on running in the capture kernel, and ends the machine amid its dump unless it is fed there.
check_hardware_watchdog() {
	watchdogs_told
	if watchdog_of_controller; then
		point warn watchdog "The watchdog of the management controller is running (ipmi_watchdog), which the capture kernel does not feed: it resets the machine when the dump takes longer than it waits." \
			"give it more time than time_limit, $conf_time_limit s, as by RuntimeWatchdogSec= in /etc/systemd/system.conf"
	elif watchdogs_are_silent; then
		point warn watchdog "Whether a hardware watchdog is running is not known, as this kernel was built without CONFIG_WATCHDOG_SYSFS. One that is running would reset the machine amid the dump." \
			"boot a kernel with that option, or, where nobody starts one, accept that:" "echo 'accept = watchdog' >> $conf_file"
	elif [ -z "$running" ]; then
		point pass watchdog "No hardware watchdog is running that could end the dump."
	elif [ "$(owner)" != kmortem ] && ! [ -r "$kexec_record" ]; then
		check_watchdog_unfed
	elif ! watchdogs_are_fed; then
		point warn watchdog "A hardware watchdog is running, $running, which the capture image does not feed: it resets the machine amid the dump." \
			"have it fed:" "$(owner_load_command)"
	elif [ "$shortest" -lt "$WATCHDOG_SHORT" ]; then
		point warn watchdog "A hardware watchdog is running, $running. The capture kernel feeds it, but may not have booted before it resets the machine." \
			"give it $WATCHDOG_SHORT s at least, as by RuntimeWatchdogSec= in /etc/systemd/system.conf"
	else
		point pass watchdog "A hardware watchdog is running, $running, which the capture kernel feeds as long as time_limit allows."
	fi
}

# Whether the capture kernel of a distribution feeds it is not known.
check_watchdog_unfed() {
	if [ "$shortest" -lt "$conf_time_limit" ]; then
		point warn watchdog "A hardware watchdog is running, $running: where $(owner) does not feed it, it resets the machine when the dump takes longer than $shortest s." \
			"give it more time than time_limit, $conf_time_limit s, as by RuntimeWatchdogSec= in /etc/systemd/system.conf, or let kmortem capture, whose capture kernel feeds it"
	else
		point pass watchdog "A hardware watchdog is running, $running, which gives the dump all of its time."
	fi
}
