#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the server does for want of room, with its logs, and when it is told to read its configuration again.
# shellcheck disable=SC2154 # bats sets the variables

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export SEND=$BUILD/netdump-send SERVER=$BUILD/netdump-server/netdump-server
	export REDHAT=$BUILD/tests/netdump/redhat_client SENT=$BATS_FILE_TMPDIR/sent

	"${MAKE:-make}" -s "BUILD=$BUILD" ${CFLAGS:+CFLAGS="$CFLAGS"} "$SEND" "$SERVER" "$REDHAT" || return
	head -c 3M /dev/urandom > "$SENT"
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	DUMPS=$BATS_TEST_TMPDIR/dumps
	LOG=$BATS_TEST_TMPDIR/server.log
	CALLS=$BATS_TEST_TMPDIR/calls
	CONFIG=$BATS_TEST_TMPDIR/netdump.conf
	PORT=$((20000 + $$ % 20000 + BATS_TEST_NUMBER))
	SERVER_PID=
	mkdir -p "$DUMPS/scripts"
	: > "$CALLS"
}

teardown() {
	[ -z "$SERVER_PID" ] || stop_server
}

# start_server LINE…: of its configuration; waits until it listens.
start_server() {
	printf '%s\n' "port=$PORT" "freebsd_port=$((PORT + 10000))" 'addr="127.0.0.1"' "dumpdir=\"$DUMPS\"" secure=0 \
		'status_file=""' "$@" > "$CONFIG"
	"$SERVER" --config="$CONFIG" 2> "$LOG" 3>&- &
	SERVER_PID=$!
	wait_for ' ready: '
}

stop_server() {
	kill "$SERVER_PID"
	wait "$SERVER_PID"
	SERVER_PID=
}

# wait_for TEXT: until the server says that.
wait_for() {
	until grep -q -- "$1" "$LOG"; do
		kill -0 "$SERVER_PID" || return
		sleep 0.02
	done
}

# Room for the dump is there only when the script has removed what is in its place.
fill() {
	head -c 8M /dev/urandom > "$DUMPS/filler"
	printf '#!/bin/sh\necho "$@" >> %s\nsleep 2\n%s\n' "$CALLS" "$1" > "$DUMPS/scripts/netdump-nospace"
	chmod 700 "$DUMPS/scripts/netdump-nospace"
}

called_once() {
	[ "$(cat "$CALLS")" = "127.0.0.1 $DUMPS" ]
}

@test "netdump-send comes again while the script makes room" {
	fill "rm $DUMPS/filler"
	start_server max_total=10M
	run -0 "$SEND" -q -p "$PORT" -f "$SENT" 127.0.0.1
	cmp "$SENT" "$DUMPS"/127.0.0.1-*/vmcore
	called_once
}

@test "netdump-send is refused when the script made none" {
	fill ''
	start_server max_total=10M
	run -3 "$SEND" -p "$PORT" -f "$SENT" 127.0.0.1
	[[ $output == *"no room"* ]]
	called_once
	# A script is never asked twice for the same dump.
	run -3 "$SEND" -p "$PORT" -f "$SENT" 127.0.0.1
	called_once
}

@test "netdump-send is refused at once without a script" {
	fill ''
	rm "$DUMPS/scripts/netdump-nospace"
	start_server max_total=10M
	run -3 "$SEND" -p "$PORT" -f "$SENT" 127.0.0.1
	[ "$(find "$DUMPS" -mindepth 1 -printf '%P\n' | sort | tr '\n' ' ')" = "filler scripts " ]
}

@test "a Red Hat client waits while the script makes room" {
	fill "rm $DUMPS/filler"
	start_server max_total=10M
	run -0 "$REDHAT" --state-ms=0 "127.0.0.1:$PORT" "$SENT"
	tail -c +4097 "$DUMPS"/127.0.0.1-*/vmcore | cmp - "$SENT"
	called_once
}

@test "a Red Hat client is rebooted without a dump when the script made no room" {
	fill ''
	start_server max_total=10M
	run -0 "$REDHAT" --state-ms=0 "127.0.0.1:$PORT" "$SENT"
	[ -z "$(find "$DUMPS" -name 'vmcore*')" ]
	called_once
}

@test "a FreeBSD client comes again while the script makes room" {
	fill "rm $DUMPS/filler"
	start_server max_total=7M # which is used up: how long a dump will be it says later
	run -0 python3 tests/netdump/freebsd_client.py "$SENT" "127.0.0.1:$((PORT + 10000))"
	wait_for 'the dump is complete'
	cmp "$SENT" "$DUMPS/vmcore.127.0.0.1.0"
	called_once
}

@test "what a client prints before and after its dump is in the dump's log" {
	start_server
	run -0 "$REDHAT" --netlog --answers-last --state-ms=500 "127.0.0.1:$PORT" "$SENT"
	stop_server
	for text in 'Kernel panic: not syncing' 'task 1: state S' 'task 20: state S'; do
		[ "$(grep -c "$text" "$DUMPS"/127.0.0.1-*/log)" -eq 1 ]
	done
	run -1 grep -r 'state S' "$DUMPS/logs"
}

@test "a client that is refused each second is one line" {
	start_server secure=1
	run -5 "$REDHAT" --limit-s=5 "127.0.0.1:$PORT" "$SENT"
	[ "$(grep -c 'refused: ' "$LOG")" -eq 1 ]
}

@test "SIGHUP takes what can change, and says what cannot" {
	start_server secure=1
	run -5 "$REDHAT" --limit-s=2 "127.0.0.1:$PORT" "$SENT"
	mkdir "$BATS_TEST_TMPDIR/other"
	sed -i 's/^secure=1/secure=0/; s,^dumpdir=.*,dumpdir="'"$BATS_TEST_TMPDIR"'/other",' "$CONFIG"
	kill -HUP "$SERVER_PID"
	wait_for 'was read again'
	grep -q 'reloading: dumpdir stays' "$LOG"
	run -0 "$REDHAT" --state-ms=0 "127.0.0.1:$PORT" "$SENT"
	tail -c +4097 "$DUMPS"/127.0.0.1-*/vmcore | cmp - "$SENT"
	echo 'keep=many' >> "$CONFIG"
	kill -HUP "$SERVER_PID"
	wait_for 'is no number; what was read before stays'
	run -0 "$SEND" -q -p "$PORT" -f "$SENT" 127.0.0.1
}
