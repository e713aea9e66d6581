# SPDX-License-Identifier: GPL-2.0-or-later
# A server in a network namespace: what tests by bats and others share. $SERVER is the program, $LOG what it says, and PIDS an
# array of the processes that whoever uses this ends.
# shellcheck shell=bash disable=SC2154 # its users set them

# start_server [OPTION…]: with $CONFIG, and waits until it listens. $AROUND: a command that runs it somewhere else.
start_server() {
	local before
	before=$(grep -c ' ready: ' "$LOG" 2> /dev/null) || before=0
	# Its sandbox does not let AddressSanitizer trace it for leaks when it ends; tests of its parts do.
	# shellcheck disable=SC2086 # words
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 $INSIDE ${AROUND-} "$SERVER" --config="$CONFIG" "$@" 2>> "$LOG" 3>&- &
	SERVER_PID=$!
	until [ "$(grep -c ' ready: ' "$LOG")" -gt "$before" ]; do
		kill -0 "$SERVER_PID" || return
		sleep 0.02
	done
}

# stop_server [SIGNAL]
stop_server() {
	local pid=$SERVER_PID
	SERVER_PID=
	kill "-${1:-TERM}" "$pid"
	wait "$pid"
}

# open_namespace VARIABLE [COMMAND]: a network namespace that stays open; the variable becomes what runs a command in it,
# VARIABLE_pid a process there. COMMAND: what runs a command in another one, to which this one is to be a neighbour.
open_namespace() {
	local pid here user='' enter=-n
	[ "$(id -u)" -eq 0 ] || { user=-r enter='-U --preserve-credentials -n'; }
	[ -z "${2-}" ] || user=
	here=$(readlink /proc/self/ns/net)
	# shellcheck disable=SC2086 # words
	${2-} unshare $user -n sleep infinity 3>&- &
	pid=$!
	PIDS+=("$pid")
	until [ "$(cat "/proc/$pid/comm" 2> /dev/null)" = sleep ] && [ "$(readlink "/proc/$pid/ns/net")" != "$here" ]; do
		kill -0 "$pid" 2> /dev/null || { echo "network namespaces cannot be made here: see the message above"; return 1; }
		sleep 0.02
	done
	printf -v "$1" '%s' "nsenter -t $pid $enter"
	printf -v "$1_pid" '%s' "$pid"
	${!1} ip link set lo up
}
