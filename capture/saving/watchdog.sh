# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Hardware watchdogs that the crashed system had started run on, and would reset the machine amid its dump. So the first process
# has them fed, before anything else; until the time is over: a capture that hangs, and cannot be ended otherwise, is reset then.

watchdogs_known=$ROOT/etc/kmortem/capture.watchdogs # identities, one a line, as /sys has them
WATCHDOG_PATIENCE=30 # seconds for one to appear
WATCHDOG_GRACE=60    # seconds after the deadline, in which the first process ends the machine itself

# watchdogs_load: their drivers. Most stop the watchdog that they find running; what goes wrong the kernel says itself.
watchdogs_load() {
	while read -r module options; do
		# shellcheck disable=SC2086 # words
		insmod "$module" $options
	done < "$ROOT/lib/modules/watchdogs"
}

# watchdogs_there: nodes of those that are known.
watchdogs_there() {
	for watchdog in "$ROOT"/sys/class/watchdog/watchdog*; do
		{ read -r identity < "$watchdog/identity"; } 2> /dev/null || continue
		! grep -q -x -F -e "$identity" "$watchdogs_known" || echo "/dev/${watchdog##*/}"
	done
}

# watchdogs_are_over: as there is no deadline before the settings are read, at first it is that of init.
watchdogs_are_over() {
	uptime_seconds
	watchdogs_end=
	{ read -r watchdogs_end < "$work/deadline"; } 2> /dev/null
	is_number "$watchdogs_end" || watchdogs_end=1800
	[ "$uptime" -gt $((watchdogs_end + WATCHDOG_GRACE)) ]
}

# watchdog_feed NODE: whichever its timeout is. Closed without a "V", it goes on and resets the machine; the first process asks
# for that letter, by the file `unwatched`, where the machine is to stand still.
watchdog_feed() {
	exec 9> "$ROOT$1" || return
	until watchdogs_are_over; do
		echo >&9
		[ ! -e "$work/unwatched" ] || { printf V >&9; return; }
		sleep 1
	done
}

# watchdogs: each as soon as it is there; ends when all do.
watchdogs() {
	watchdogs_load
	fed=' ' waited=0
	while [ "$waited" -lt "$WATCHDOG_PATIENCE" ]; do
		for node in $(watchdogs_there); do
			case $fed in *" $node "*) continue ;; esac
			fed="$fed$node "
			say "feeds the watchdog $node"
			watchdog_feed "$node" &
		done
		sleep 1
		waited=$((waited + 1))
	done
	wait
}
