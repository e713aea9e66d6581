#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the server does for want of room, with its logs, and when it is told to read its configuration again.
# shellcheck disable=SC2154,SC2119 # bats and common.bash set the variables; start_server takes options

load common

# wait_for TEXT: until the server says that.
wait_for() {
	until grep -q -- "$1" "$LOG"; do
		kill -0 "$SERVER_PID" || return
		sleep 0.02
	done
}

# Room for the dump is there only when the script has removed what is in its place.
fill() {
	mkdir "$DUMPS/scripts"
	head -c 8M /dev/zero > "$DUMPS/filler"
	printf '#!/bin/sh\necho "$@" >> %s\nsleep 2\n%s\n' "$PWD/calls" "$1" > "$DUMPS/scripts/netdump-nospace"
	chmod 700 "$DUMPS/scripts/netdump-nospace"
}

called_once() {
	[ "$(cat calls)" = "127.0.0.1 $DUMPS" ]
}

@test "netdump-send comes again while the script makes room" {
	fill "rm $DUMPS/filler"
	start_server --max-total=8M
	run -0 "$SEND" -q -f "$LESS" "$NET.1"
	cmp "$LESS" "$DUMPS"/127.0.0.1-*/vmcore
	called_once
}

@test "netdump-send is refused when the script made none" {
	fill ''
	start_server --max-total=8M
	run -3 "$SEND" -f "$LESS" "$NET.1"
	[[ $output == *"no room"* ]]
	called_once
	# A script is never asked twice for the same dump.
	run -3 "$SEND" -f "$LESS" "$NET.1"
	called_once
}

@test "netdump-send is refused at once without a script" {
	fill ''
	rm "$DUMPS/scripts/netdump-nospace"
	start_server --max-total=8M
	run -3 "$SEND" -f "$LESS" "$NET.1"
	[ "$(find "$DUMPS" -mindepth 1 -printf '%P\n' | sort | tr '\n' ' ')" = "filler scripts " ]
}

@test "netdump-send is told which limit it was" {
	start_server --max-total=8M --max-dump=4M
	run -3 "$SEND" -f "$SENT" "$NET.1"
	[ "$output" = "netdump-send: not sent: $NET.1: the server refuses: larger than max_dump allows" ]
	stop_server
	start_server --max-total=8M
	run -1 "$SEND" "$NET.1" < <(cat "$SENT")
	[ "$output" = "netdump-send: incomplete: $NET.1: the server refuses: larger than max_total allows" ]
}

@test "a Red Hat client waits while the script makes room" {
	fill "rm $DUMPS/filler"
	start_server --max-total=8M
	run -0 "$REDHAT" --state-ms=0 "$NET.1" "$IMAGE"
	tail -c +4097 "$DUMPS"/127.0.0.1-*/vmcore | cmp - "$IMAGE"
	called_once
}

@test "a Red Hat client is rebooted without a dump when the script made no room" {
	fill ''
	start_server --max-total=8M
	run -0 "$REDHAT" --state-ms=0 "$NET.1" "$IMAGE"
	[ -z "$(find "$DUMPS" -name 'vmcore*')" ]
	called_once
}

@test "a FreeBSD client comes again while the script makes room" {
	fill "rm $DUMPS/filler"
	start_server --max-total=7M # which is used up: how long a dump will be it says later
	run -0 "$PYTHON" "$FREEBSD" "$LESS" "$NET.1"
	wait_for 'the dump is complete'
	cmp "$LESS" "$DUMPS/vmcore.127.0.0.1.0"
	called_once
}

@test "what a client prints before and after its dump is in the dump's log" {
	start_server
	run -0 "$REDHAT" --netlog --answers-last --state-ms=500 "$NET.1" "$IMAGE"
	stop_server
	for text in 'Kernel panic: not syncing' 'task 1: state S' 'task 20: state S'; do
		[ "$(grep -c "$text" "$DUMPS"/127.0.0.1-*/log)" -eq 1 ]
	done
	run -1 grep -r 'state S' "$DUMPS/logs"
}

@test "a client that is refused each second is one line" {
	start_server --secure=1
	run -5 "$REDHAT" --limit-s=5 "$NET.1" "$IMAGE"
	[ "$(grep -c 'refused: ' "$LOG")" -eq 1 ]
}

@test "SIGHUP takes what can change, and says what cannot" {
	sed -i s/^secure=.*/secure=1/ "$CONFIG"
	start_server
	run -5 "$REDHAT" --limit-s=2 "$NET.1" "$IMAGE"
	mkdir "$BATS_TEST_TMPDIR/other"
	sed -i 's/^secure=1/secure=0/; s,^dumpdir=.*,dumpdir="'"$BATS_TEST_TMPDIR"'/other",' "$CONFIG"
	kill -HUP "$SERVER_PID"
	wait_for 'was read again'
	grep -q 'reloading: dumpdir stays' "$LOG"
	run -0 "$REDHAT" --state-ms=0 "$NET.1" "$IMAGE"
	tail -c +4097 "$DUMPS"/127.0.0.1-*/vmcore | cmp - "$IMAGE"
	echo 'keep=many' >> "$CONFIG"
	kill -HUP "$SERVER_PID"
	wait_for 'is no number; what was read before stays'
	run -0 "$SEND" -q -f "$LESS" "$NET.1"
}
