#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The server as a process: how it starts, is told to read its configuration again, says what it does, and whom it runs as.
# shellcheck disable=SC2154,SC2119 # bats and common.bash set the variables; start_server takes options

load common

said() {
	grep -q -- "$1" "$LOG"
}

@test "what is wrong with the keys leaves the whole configuration as it was" {
	cp "$FILES/peers" peers
	start_server --key="$FILES/server.key" --peers="$PWD/peers"
	echo 'nonsense' >> peers
	sed -i 's/^secure=.*/secure=2/; s/^max_concurrent_dumps=.*/max_concurrent_dumps=1/' "$CONFIG"
	kill -HUP "$SERVER_PID"
	until_true said 'what was read before stays'
	# Whoever has no key is served as before, by either protocol.
	"$REDHAT" --bind="$NET.11" --state-ms=0 "$NET.1" "$IMAGE"
	tail -c +4097 "$DUMPS/$NET.11-"*/vmcore | cmp - "$IMAGE"
	run -0 "$SEND" -q -f "$LESS" "$NET.1"
	# And it is not lost for good.
	cp "$FILES/peers" peers
	kill -HUP "$SERVER_PID"
	until_true said 'the configuration was read again'
	run -5 "$REDHAT" --bind="$NET.12" --limit-s=1 --state-ms=0 "$NET.1" "$IMAGE"
	run -3 "$SEND" -q --timeout=1 -f "$LESS" "$NET.1"
}

# log_lines COUNT: of 99 characters, by a host.
log_lines() {
	head -c $((99 * $1)) /dev/zero | tr '\0' x | fold -w 99 | "$PYTHON" "$PACKETS" netconsole "$NET.11" "$NET.1:6666"
}

@test "new limits are those of logs that are open, too" {
	local log=$DUMPS/logs/$NET.11.log
	echo log_max=64M >> "$CONFIG"
	start_server
	log_lines 100
	until_true grep -q x "$log"
	echo log_max=8K >> "$CONFIG"
	kill -HUP "$SERVER_PID"
	until_true said 'the configuration was read again'
	log_lines 100
	until_true test -e "$log.1"
	[ "$(stat -c %s "$log")" -le 8192 ]
}

@test "a server that cannot start leaves alone what another one made" {
	start_server --pidfile="$PWD/pid" --status-file="$PWD/status"
	until_true test -s status
	[ "$(cat pid)" = "$SERVER_PID" ]
	# The same port, though it has no pidfile to hold it up; then the same pidfile.
	run -2 $INSIDE "$SERVER" --config="$CONFIG" --status-file="$PWD/status"
	[[ $output == *'Address already in use'* ]]
	run -2 $INSIDE "$SERVER" --config="$CONFIG" --pidfile="$PWD/pid" --port=7000 --freebsd-port=0
	[[ $output == *'/pid: a server that runs has it' ]]
	[ "$(cat pid)" = "$SERVER_PID" ]
	[ -s status ]
	stop_server
	[ ! -e pid ] && [ ! -e status ]
	# What a server left that was killed is in nobody's way.
	echo 1 > pid
	start_server --pidfile="$PWD/pid"
	[ "$(cat pid)" = "$SERVER_PID" ]
}

@test "--daemon comes back when the server is ready, or says why it is not" {
	run -0 $INSIDE "$SERVER" --config="$CONFIG" --daemon --pidfile="$PWD/pid"
	[ -z "$output" ]
	SERVER_PID=$(cat pid)
	[ "$(cat "/proc/$SERVER_PID/comm")" = netdump-server ]
	"$REDHAT" --bind="$NET.11" --state-ms=0 "$NET.1" "$IMAGE"
	run -2 $INSIDE "$SERVER" --config="$CONFIG" --daemon --pidfile="$PWD/other"
	[[ $output == 'netdump-server: '*'Address already in use'* ]]
	kill "$SERVER_PID"
	until_true test ! -e "/proc/$SERVER_PID"
	SERVER_PID=
	[ ! -e pid ]
}
