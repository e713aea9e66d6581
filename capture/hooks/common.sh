# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# What the hooks share: they run in capture kernels that are not ours.

# hook_load PARTS: the library.
hook_load() {
	for hook_file in "$1"/shared/*.sh "$1"/saving/*.sh; do
		# shellcheck source=/dev/null
		. "$hook_file"
	done
}

# hook_begin: of broken settings, what could be read counts.
hook_begin() {
	mkdir -p "$work"
	conf_read "$image_conf/capture.conf" || failed "mistakes in capture.conf"
	deadline_set "$conf_time_limit"
}

# hook_end: the machine comes back, or what the site wants. What was saved is on the disk: nothing is waited for. So does `end` of
# saving/init, which is written there once more: the first process needs no other file.
hook_end() {
	say "$conf_final_action"
	if [ "$conf_final_action" = shell ]; then sh < /dev/console > /dev/console 2>&1; fi
	{
		sleep 20
		[ "$conf_final_action" != poweroff ] || { echo o > "$ROOT/proc/sysrq-trigger"; sleep 10; }
		echo b > "$ROOT/proc/sysrq-trigger"
	} &
	case $conf_final_action in
	poweroff | halt) "$conf_final_action" -n -f ;;
	*) reboot -n -f ;;
	esac
	sleep 60
}
