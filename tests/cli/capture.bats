#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `kmortem capture` becomes kmortem-capture, wherever that lies.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export KMORTEM=${KMORTEM:-${BUILD:-build}/kmortem}
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	mkdir -p "$BATS_TEST_TMPDIR"/{bin,sbin,capture,path}
	cp "$KMORTEM" "$BATS_TEST_TMPDIR/bin/kmortem"
}

# stub FILE: a kmortem-capture that says which it is and with which words it was started.
stub() {
	# shellcheck disable=SC2016 # the stub expands it
	printf '#!/bin/sh\necho %s\nprintf "<%%s>" "$@"\nexit ${STATUS-0}\n' "$1" > "$BATS_TEST_TMPDIR/$1"
	chmod +x "$BATS_TEST_TMPDIR/$1"
}

capture() {
	PATH=$BATS_TEST_TMPDIR/path:/usr/bin:/bin "$BATS_TEST_TMPDIR/bin/kmortem" capture "$@"
}

@test "beside the executable, then in its ../sbin, then in PATH" {
	stub path/kmortem-capture
	run -0 capture status
	[ "${lines[0]}" = path/kmortem-capture ]
	stub sbin/kmortem-capture
	run -0 capture status
	[ "${lines[0]}" = sbin/kmortem-capture ]
	mkdir "$BATS_TEST_TMPDIR/bin/capture"
	stub bin/capture/kmortem-capture
	run -0 capture status
	[ "${lines[0]}" = bin/capture/kmortem-capture ]
}

@test "words and exit status are passed on as they are, options too" {
	stub sbin/kmortem-capture
	STATUS=1 run -1 capture check -f json --help -- '' 'two words' -v
	[ "${lines[1]}" = '<check><-f><json><--help><--><><two words><-v>' ]
	STATUS=130 run -130 capture
	run -0 capture --help
	[ "${lines[1]}" = '<--help>' ]
}

@test "where it is not installed, one line says so" {
	run -2 capture check
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == 'kmortem: capture: kmortem-capture is not installed'* ]]
}

@test "what cannot be run is named" {
	printf '#!/no/such/shell\n' > "$BATS_TEST_TMPDIR/sbin/kmortem-capture"
	chmod +x "$BATS_TEST_TMPDIR/sbin/kmortem-capture"
	run -2 capture check
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *sbin/kmortem-capture:\ No\ such\ file* ]]
}

@test "the build tree's own is found, and the help names it" {
	run -0 "$KMORTEM" capture --help
	[[ $output == *'kmortem capture '*load* ]]
	run -0 "$KMORTEM" --help
	[[ $output == *'kmortem capture '* ]]
	run -2 "$KMORTEM" captrue
	[[ $output == *'did you mean capture?'* ]]
}
