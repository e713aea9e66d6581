# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The log of the kernel that crashed: taken into memory first, since it is small, and what most questions need.

LOG_MAX=33554432 # bytes
PSTORE_MAX=32768 # what survives a reboot is often less
KMSG_MAX=6000    # of the 10 KiB that pstore takes of a kernel's log, with room for the panic's own words

log_by_makedumpfile() { makedumpfile --dump-dmesg "$vmcore" "$work/dmesg.txt"; }

log_by_kmortem() { kmortem log "$vmcore" | head -c "$LOG_MAX" > "$work/dmesg.txt"; }

# log_take: a makedumpfile older than the kernel may not be able to.
log_take() {
	for way in makedumpfile kmortem; do
		rm -f "$work/dmesg.txt"
		step log 60 "log_by_$way" > "$work/log.out" 2>&1 && [ -s "$work/dmesg.txt" ] && return
		failed "$way does not read the kernel's log: it $(status_words "$step_status" "$step_limit")"
	done
	: > "$work/dmesg.txt"
}

# log_field PATTERN: what follows it in the last line that has it; nobody needs more than a screen of it.
log_field() { tr -d '\000' < "$work/dmesg.txt" | LC_ALL=C sed -n "s/.*$1//p" | tail -n 1 | head -c 2000; }

# log_to_kmsg: most kernels take what is to survive only out of their own log, and when they panic. So it is said again there,
# and this kernel ends by a panic, after which it reboots.
log_to_kmsg() {
	echo on > "$ROOT/proc/sys/kernel/printk_devkmsg"
	echo 5 > "$ROOT/proc/sys/kernel/panic"
	tail -c "$KMSG_MAX" "$work/dmesg.txt" | while IFS= read -r line; do printf '<3>crashed: %s\n' "$line"; done > "$ROOT/dev/kmsg"
	echo panic > "$work/final_action"
}

# log_last: no target holds the dump. Where none holds the log either, its end goes to where it survives a reboot, and to the
# console.
log_last() {
	say "no target holds the dump"
	[ ! -s "$work/logged" ] || return 0
	tail -c "$PSTORE_MAX" "$work/dmesg.txt" > "$work/end.txt"
	tail -n 60 "$work/end.txt"
	if [ -w "$ROOT/dev/pmsg0" ] && step pstore 30 cp "$work/end.txt" "$ROOT/dev/pmsg0"; then
		say "the end of the log is in pstore"
	elif pstore_backend && step pstore 30 log_to_kmsg; then
		say "the end of the log goes to pstore ($backend), by a panic of this kernel"
	else
		failed "there is no pstore that would take the log"
	fi
}
