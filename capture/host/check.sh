# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
# check: proof, without crashing, that a crash would leave a dump. Each check_* function of the files beside this one looks at
# one subject and says what it found by `point`.
#
# Functions here are for them:
#   point VERDICT ID TEXT [ADVICE [COMMAND]]
#                           VERDICT is pass, warn or fail; ID stays the same for scripts; COMMAND is what to type
#   assumed                 the next point rests on an estimate, not on what was measured or read
#   value NAME JSON         a value of the next point, for programs

# What the settings may accept, and target-N and target-N-room.
CHECK_POINTS="configuration crashkernel crashkernel-size kernel-file kernel-options lockdown panic-on-oops panic-on-hang panic-on-nmi panic-reboot \
nmi-watchdog watchdog makedumpfile makedumpfile-compression makedumpfile-kernel extra-modules saver image loaded notify-mail notify-command"

check_json='' check_measures=no check_values='' check_measured=true check_accepted=false check_passed=0 check_warned=0 check_failed=0

# ---- points ------------------------------------------------------------------------------------

assumed() { check_measured=false; }

value() { check_values="$check_values${check_values:+, }\"$1\": $2"; }

# text_said SAID: what another part of the program said, as a point's text.
text_said() { printf %s "$1" | sed 's/^kmortem-capture: //' | tr '\n' ' '; }

# What warns and is accepted by the settings passes, and says so; what fails does not.
point() {
	if [ "$1" = warn ] && is_word_of "$2" "${conf_accept-}"; then
		check_accepted=true
		shift
		set -- pass "$@"
	fi
	case $1 in
	pass) check_passed=$((check_passed + 1)) ;;
	warn) check_warned=$((check_warned + 1)) ;;
	fail) check_failed=$((check_failed + 1)) ;;
	esac
	case $check_form in
	json)
		check_json="$check_json${check_json:+,
  }$(point_json "$@")"
		;;
	lines) printf '%s\t%s\t%s\n' "$1" "$2" "$3" ;;
	*) point_text "$@" ;;
	esac
	check_values='' check_measured=true check_accepted=false
}

point_json() {
	printf '{"id": %s, "verdict": "%s", "accepted": %s, "text": %s, "advice": %s, "command": %s, "measured": %s, "values": {%s}}' \
		"$(json_text "$2")" "$1" "$check_accepted" "$(json_text "$3")" "$(json_text "${4-}")" "$(json_text "${5-}")" \
		"$check_measured" "$check_values"
}

# A command stands on a line of its own, unbroken, so that it can be copied.
point_text() {
	case $1 in pass) colour=32 word=PASS ;; warn) colour=33 word=WARN ;; *) colour=31 word=FAIL ;; esac
	[ "$check_colours" = no ] || word=$(printf '\033[%sm%s\033[0m' "$colour" "$word")
	printf '%s  %s\n' "$word" "$2"
	printf '%s\n' "$3" | indented
	[ "$check_measured" = true ] || echo "(Estimated, not measured.)" | indented
	if [ "$check_accepted" = true ]; then
		echo "(A warning, which $conf_file accepts.)" | indented
		return
	fi
	[ -z "${4-}" ] || printf '%s\n' "To do: $4" | indented
	[ -z "${5-}" ] || printf '        # %s\n' "$5"
}

indented() { fold -s -w 72 | sed 's/ *$//; s/^/      /'; }

# ---- the whole ---------------------------------------------------------------------------------

# With the worst of them.
check_verdict() {
	if [ "$check_failed" -gt 0 ]; then
		echo fail
	elif [ "$check_warned" -gt 0 ]; then
		echo warn
	else
		echo pass
	fi
}

check_status() {
	case $(check_verdict) in pass) ;; warn) return 1 ;; *) return 2 ;; esac
}

check_end() {
	if [ "$check_form" = json ]; then
		printf '{"format": 1, "host": %s, "kernel": %s, "verdict": "%s", "counts": {"pass": %s, "warn": %s, "fail": %s}, "points": [\n  %s]}\n' \
			"$(json_text "$(uname -n)")" "$(json_text "$image_release")" "$(check_verdict)" \
			"$check_passed" "$check_warned" "$check_failed" "$check_json"
		return
	fi
	echo
	case $(check_verdict) in
	pass) echo "A crash would leave a dump; nothing to do." ;;
	warn) echo "A crash would leave a dump, but look at what warns ($check_warned)." ;;
	fail) echo "A crash would leave no dump to rely on: see what fails ($check_failed) and warns ($check_warned)." ;;
	esac
}

# check_points: all of them, in an order in which what is advised can be done: what changes the settings before the image.
check_points() {
	check_configuration
	check_memory
	check_kernel
	check_panic
	check_watchdogs
	check_filter
	check_targets
	check_extra_modules
	check_saver
	check_image
	check_loaded
	check_notify
}

# check_ready [-f text|json] [--measure] | --watch: status 0 all pass, 1 some warn, 2 some fail, 3 could not be run.
check_ready() {
	check_form=text check_colours=no check_measures=no
	while [ $# -gt 0 ]; do
		case $1 in
		-f)
			[ $# -gt 1 ] || check_usage "$1"
			check_form=$2
			shift
			;;
		--measure) check_measures=yes ;; # of check_memory
		--watch)
			check_watch || return 3
			return 0
			;;
		*) check_usage "$1" ;;
		esac
		shift
	done
	case $check_form in text | json) ;; *) check_usage "-f $check_form" ;; esac
	if [ -t 1 ] && [ -z "${NO_COLOR-}" ] && [ "${TERM-dumb}" != dumb ]; then check_colours=yes; fi
	check_guarded
	check_end
	check_status
}

# check_guarded: check_points; where that is interrupted, or the shell ends amid it by an error that it does not come back from, no
# file of it stays behind, and the status is 3.
check_guarded() {
	trap check_broken EXIT
	trap 'exit 3' HUP INT TERM
	check_points
	trap - EXIT HUP INT TERM
}

check_broken() {
	rm -f "${filter_told-}" "${filter_told-}.names" "${asked_told-}" "${measure_console-}"
	exit 3
}

check_usage() {
	say "check: $1: want [-f text|json] [--measure], or --watch"
	exit 3
}

check_configuration() {
	conf_status=0
	mistakes=$(conf_read "$conf_file" 2>&1) || conf_status=1
	mistakes=$(text_said "$mistakes")
	conf_read "$conf_file" 2> /dev/null || :
	unknown=$(points_unknown)
	if ! [ -e "$conf_file" ]; then
		point fail configuration "$conf_file is not there." "take the example, and say in it where dumps go:" "$(configuration_command)"
	elif [ "$conf_status" -ne 0 ]; then
		point fail configuration "$mistakes" "correct $conf_file; capture.conf(5) says what each key means"
	elif [ "$mistakes" ]; then
		point warn configuration "$mistakes" "leave one of them in $conf_file"
	elif [ "$unknown" ]; then
		point warn configuration "accept names no point of this check: ${unknown% }." "correct $conf_file; kmortem-capture(8) has the names of all points"
	else
		point pass configuration "$conf_file has no mistakes."
	fi
}

# point_exists ID
point_exists() {
	point_number=${1#target-}
	case $1 in
	target-*) is_number "${point_number%-room}" ;;
	*) is_word_of "$1" "$CHECK_POINTS" ;;
	esac
}

# points_unknown: those that the settings accept and that do not exist.
points_unknown() { for id in $conf_accept; do point_exists "$id" || printf '%s ' "$id"; done; }

# setting_command KEY VALUE: that gives it this value in the settings, once.
setting_command() {
	if grep -q "^[[:space:]]*$1[[:space:]]*=" "$conf_file" 2> /dev/null; then
		echo "sed -i 's/^[[:space:]]*$1[[:space:]]*=.*/$1 = $2/' $conf_file"
	else
		echo "echo '$1 = $2' >> $conf_file"
	fi
}

# configuration_command: takes the example, installed or in the source tree; of a package it is the configuration itself.
configuration_command() {
	for file in "$parts/capture.conf" "${parts%/lib/kmortem/capture}/share/doc/kmortem/capture.conf"; do
		[ ! -r "$file" ] || { echo "install -D -m 644 $file $conf_file"; return; }
	done
	echo "mkdir -p ${conf_file%/*} && echo 'target = local /var/crash' > $conf_file"
}

# megabytes BYTES: rounded up.
megabytes() { echo "$((($1 + 1048575) / 1048576)) MiB"; }

# read_line FILE: its first line, or nothing. Of a file in /proc/sys who reads byte by byte, as `read` does, gets the first only.
read_line() { head -n 1 "$ROOT$1" 2> /dev/null || :; }
