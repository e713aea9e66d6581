#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of client over bad paths: what arrives is what was sent, or is said not to be.
# shellcheck disable=SC2154,SC1091,SC2034 # bats sets the variables; common.bash uses some

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	source tests/netdump/common.bash
	make_programs
}

setup() {
	source "$BATS_TEST_DIRNAME/common.bash"
	make_network
}

teardown() {
	end_network
}

# Sums of what the proxies did, in the words of their last line.
has_proxies_done() {
	local sum
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2> /dev/null || true
	done
	wait "${PIDS[@]}" || true
	sum=$(cat proxy.* | grep -oE "[0-9]+ $1" | awk '{ sum += $1 } END { print sum }')
	[ "$sum" -gt "$2" ]
}

# all_arrive OPTION…: of the proxies.
all_arrive() {
	local kind
	PATH_OPTIONS=("$@")
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	dump_all "${KINDS[@]}"
	for kind in "${KINDS[@]}"; do
		[ "${STATUS_OF[$kind]}" -eq 0 ]
		arrived "$kind"
		[ "$(jq .complete "$(meta_of "$kind")")" = true ]
	done
}

@test "one datagram in twenty is lost" {
	all_arrive --loss=50
	has_proxies_done lost 100
}

@test "one datagram in five is lost" {
	all_arrive --loss=200
	has_proxies_done lost 400
}

@test "datagrams come twice" {
	all_arrive --duplicates=300
	has_proxies_done doubled 400
}

@test "datagrams overtake each other" {
	all_arrive --disorder=200
	has_proxies_done overtaken 200
}

@test "datagrams take their time" {
	all_arrive --delay=10 --jitter=5
}

@test "everything at once" {
	all_arrive --loss=20 --duplicates=20 --disorder=50 --delay=2 --jitter=1
	has_proxies_done lost 30
}
