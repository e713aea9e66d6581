# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# A dump that is written is looked at before it counts: a makedumpfile older than the kernel leaves out pages in use, and exits
# with 0.

CHECK_LIMIT=600 # seconds

# kmortem_checks FILE
kmortem_checks() {
	rm -f "$work/check.json"
	kmortem report --only dump-damaged-by-filter -f json -o "$work/check.json" "$1"
} > "$work/check.out" 2>&1

# check: of the dump that is written. What cannot be told is told in meta.json, and counts as good: kmortem is not there, takes
# more memory than there is, or finds no less fault with the memory itself.
check() {
	step check "$CHECK_LIMIT" kmortem_checks "$dump_directory/vmcore-incomplete"
	case $step_status in
	0 | 3) dump_checked=sound ;;
	1 | 2)
		check_status=$step_status check_said=$(head -n 1 "$work/check.out" | head -c 500)
		step check "$CHECK_LIMIT" kmortem_checks "$vmcore"
		if [ "$step_status" -eq "$check_status" ]; then
			dump_checked="not checked: of the memory itself kmortem says the same: $check_said"
		elif [ "$check_status" -eq 1 ]; then
			dump_checked="damaged by the filter" outcome=unsound
		else
			dump_checked="cannot be read: $check_said" outcome=failed
		fi
		;;
	*) dump_checked="not checked: kmortem $(status_words "$step_status" "$step_limit")" ;;
	esac
	[ "$outcome" = good ] || failed "$target: the dump of makedumpfile -d $level: $dump_checked"
}
