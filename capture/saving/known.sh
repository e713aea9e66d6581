# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# A crash that the site knows already: its signature is among known_signatures. Then log and report are kept, and no dump;
# whatever goes wrong here, the dump is saved.

# signature_of REPORT.JSON: kmortem writes a member a line; within a string, quotes have a backslash before them.
signature_of() { sed -n '/^  "panic": {/,/^  }/s/^    "signature": "\(.*\)",\{0,1\}$/\1/p' "$1"; }

# signature_is_known SIGNATURE: it is a line of that file.
signature_is_known() {
	[ "$1" ] && sed 's/^[[:space:]]*//; s/[[:space:]]*$//; /^#/d' "$conf_known_signatures" | grep -q -x -F -e "$1"
}

known_report() {
	mkdir -p "$work/report"
	kmortem report "$vmcore" -o "$work/report"
}

# known_look: leaves the file `known` where it is so, and `known.out` once it has looked.
known_look() {
	[ "$conf_known_signatures" ] || return 0
	step known 300 known_report > "$work/known.out" 2>&1
	case $step_status in
	0 | 1 | 3) ;;
	*)
		failed "whether the crash is known could not be found out: kmortem $(status_words "$step_status" "$step_limit")"
		return
		;;
	esac
	signature=$(signature_of "$work/report/report.json")
	if [ -s "$work/report/report.txt" ] && signature_is_known "$signature"; then
		echo "known signature $signature" > "$work/known"
	fi
}
