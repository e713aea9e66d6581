# SPDX-License-Identifier: GPL-2.0-or-later
# For the tests of the shell library: each word of it is run by each shell that may run it.
# shellcheck shell=bash disable=SC2154 # bats sets variables

bats_require_minimum_version 1.5.0
export KMORTEM_TEST=1

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
}

# by SHELL WORDS: what these words print, with the library loaded.
by() {
	# Where the tests run in the background, or by nohup, signals are ignored, and no shell gives them back.
	# shellcheck disable=SC2086,SC2016 # "busybox sh" is two words; words are for the shell under test
	env --default-signal=HUP,INT,TERM $1 -c 'set -u; for file in capture/shared/*.sh capture/host/*.sh capture/saving/*.sh; do . "$file"; done; '"$2"
}

# each WORDS: the same by all shells, in $output and $status; busybox, which takes its own programs, has what is asked of them.
each() {
	local shell first first_status
	run --separate-stderr by dash "$1"
	first=$output$stderr first_status=$status
	for shell in bash 'busybox sh'; do
		run --separate-stderr by "$shell" "$1"
		[ "$output$stderr" = "$first" ]
		[ "$status" -eq "$first_status" ]
	done
	refuse_usage "${WORK-}/errors" <<< "$stderr"
}

# refuse_usage FILE: status 1 where that, or standard input, says how a program of busybox is used.
refuse_usage() {
	! grep -q -s 'BusyBox v.*multi-call binary' - "$1" || return 1
}
