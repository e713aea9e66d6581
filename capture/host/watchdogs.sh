# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Hardware watchdogs: one that somebody has started goes on after a crash, so the capture kernel has to feed it.

WATCHDOG_BOOT=300 # seconds after which what starts a watchdog has done so

# watchdogs_running: their directories in /sys; that of the kernel itself (softdog) is gone with it.
watchdogs_running() {
	for watchdog in "$ROOT"/sys/class/watchdog/watchdog*; do
		[ "$(cat "$watchdog/state" 2> /dev/null)" = active ] && [ "$(watchdog_identity "$watchdog")" != "Software Watchdog" ] &&
			echo "$watchdog"
	done
	return 0
}

# watchdogs_are_silent: there is one whose state the kernel does not tell.
watchdogs_are_silent() {
	for watchdog in "$ROOT"/sys/class/watchdog/watchdog*; do
		[ ! -d "$watchdog" ] || [ -e "$watchdog/state" ] || return 0
	done
	return 1
}

watchdog_identity() { trim "$(cat "$1/identity")"; }

# watchdog_drivers DIRECTORY: modules. One that hangs on no device does not tell its module: then all that are loaded.
watchdog_drivers() {
	if [ -e "$1/device" ]; then
		drivers_above "$1/device"
		return
	fi
	sed -n 's|^[^:]*drivers/watchdog/\([^:/]*\)\.ko[^:]*:.*|\1|p' "$ROOT/lib/modules/$image_release/modules.dep" 2> /dev/null |
		tr - _ | while read -r module; do
		[ "$module" = softdog ] || [ ! -d "$ROOT/sys/module/$module" ] || echo "$module"
	done
}

# plan_watchdogs: lines of the plan. While this system boots, whoever starts one may not have come to it: those of the newest
# image, of whatever kernel, count, too.
plan_watchdogs() {
	{
		watchdogs_running | while IFS= read -r watchdog; do
			echo "watchdog $(watchdog_identity "$watchdog")"
			watchdog_drivers "$watchdog" | sed 's/^/watchdog_module /'
		done
		since=$(read_line /proc/uptime)
		! is_number "${since%%.*}" "$WATCHDOG_BOOT" || plans_newest_first | head -n 1 | while IFS= read -r file; do grep '^watchdog' "$file"; done
	} | awk '!seen[$0]++'
}

# watchdogs_are_fed: all that run are in the image.
watchdogs_are_fed() {
	watchdogs_running | while IFS= read -r watchdog; do
		plan_lines watchdog "$image_plan" 2> /dev/null | grep -q -x -F -e "$(watchdog_identity "$watchdog")" || exit
	done
}
