#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The server as a process: how it starts, is told to read its configuration again, says what it does, and whom it runs as.
# shellcheck disable=SC2154,SC2153,SC2119,SC2086,SC2030,SC2031 # bats and common.bash set the variables; start_server takes options; words

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
	[ ! -e pid ]
	[ ! -e status ]
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

# may PID: its capabilities (inheritable, permitted, effective, bounding, ambient), and whether an exec may give it any.
may() {
	awk '/^Cap(Prm|Eff|Inh|Bnd|Amb):|^NoNewPrivs:/ { printf "%s%s", separator, $2; separator = " " }' "/proc/$1/status"
}

@test "root keeps no capability, but what it needs for the files of others" {
	local none='0000000000000000' files='000000000000000a' pid # CAP_DAC_OVERRIDE is 1, CAP_FOWNER 3
	start_server
	# The helper that runs scripts, too.
	for pid in "$SERVER_PID" $(cat "/proc/$SERVER_PID/task/$SERVER_PID/children"); do
		[ "$(may "$pid")" = "$none $none $none $none $none 1" ]
	done
	[ "$(grep -c ^Cap "/proc/$SERVER_PID/status")" -eq 5 ]
	run -0 "$SEND" -q -f "$LESS" "$NET.1"
	stop_server
	chmod 500 "$DUMPS"
	start_server
	[ "$(may "$SERVER_PID")" = "$none $files $files $none $none 1" ]
	"$REDHAT" --bind="$NET.11" --state-ms=0 "$NET.1" "$IMAGE"
	tail -c +4097 "$DUMPS/$NET.11-"*/vmcore | cmp - "$IMAGE"
}

# as_whom: the user id that the server, started by root, has where there is a user "netdump" (4321).
as_whom() {
	local as_root=()
	[ "$(id -u)" = 0 ] || as_root=(sudo)
	"${as_root[@]}" bash with-user "$PWD" "$SERVER" --config="$PWD/conf"
}

@test "root becomes the user netdump, where that one can do the work" {
	echo netdump:x:4321:4321::/:/bin/sh | cat /etc/passwd - > passwd
	printf '%s\n' dumpdir=/mnt/dumps pidfile=/mnt/pid key=/mnt/key peers=/mnt/peers 'status_file=""' daemon=true > conf
	cp "$FILES/server.key" key
	cp "$FILES/peers" peers
	cat > with-user <<- 'EOF'
		[ -n "${IS_INSIDE-}" ] || IS_INSIDE=1 exec unshare -m -n bash "$0" "$@"
		cd "$1" && shift && mount --bind passwd /etc/passwd && ip link set lo up || exit
		# The directories above the test's are closed to others.
		mount -t tmpfs -o mode=755 tmpfs /mnt && cp key peers /mnt && mkdir -m 755 /mnt/dumps && cd /mnt || exit
		for owner in root 4321; do
			chown "$owner" dumps && [ "$owner" = root ] || chown "$owner" key peers
			"$@" && awk '/^Uid:/ { print $2, $3, $4, $5 } /^Cap/ && $2 !~ /^0*$/' "/proc/$(cat pid)/status" && kill "$(cat pid)"
			while [ -s pid ]; do sleep 0.05; done
		done
	EOF
	run -0 as_whom
	[ "$output" = $'0 0 0 0\n4321 4321 4321 4321' ]
}

@test "status and metrics are for everybody, and end with the server" {
	umask 077
	start_server --status-file="$PWD/status" --metrics-file="$PWD/netdump.prom"
	until_true test -s netdump.prom
	[ "$(stat -c %a status netdump.prom)" = $'644\n644' ]
	stop_server
	[ ! -e status ]
	[ ! -e netdump.prom ]
}

status() {
	"$SERVER" --config=/dev/null --status-file="$PWD/status" "$@"
}

@test "the status of a server that says nothing any more is none" {
	start_server --status-file="$PWD/status"
	until_true test -s status
	run -0 status --status -f json
	run -0 status -f json --status
	[ "$(jq .pid <<< "$output")" -eq "$SERVER_PID" ]
	run -2 status -f json -f xml --status
	stop_server KILL || true
	run -2 status --status
	[[ $output == *'no server is running'* ]]
	# Its number belongs to somebody else by now.
	jq ".pid = $$ | .time -= 60" status > other
	mv other status
	run -2 status --status
	[[ $output == *'/status was written '*' s ago: the server (pid '*') hangs, or was killed' ]]
	for text in '{"pid":'$$',"dumps":"x"}' '{"pid":'$$',"dumps":[1]}' '[]' '"x"' '{}' ''; do
		echo "$text" > status
		run -2 status --status
	done
}

@test "who is told of a dump is told its real path" {
	mkdir spool "$DUMPS/scripts"
	ln -s dumps link
	printf '%s\n' '#!/bin/sh' "echo \"\$2\" > '$PWD/said'" > "$DUMPS/scripts/netdump-finish"
	chmod 755 "$DUMPS/scripts/netdump-finish"
	start_server --dumpdir=link --spool=spool
	run -0 "$SEND" -q -f "$LESS" "$NET.1"
	until_true test -s said
	cmp said <(echo "$(realpath "$DUMPS")"/127.0.0.1-*)
	cmp spool/* <(echo "$(cat said)/vmcore")
}

@test "a host that says again and again that it has started is believed once a minute" {
	mkdir "$DUMPS/scripts"
	printf '%s\n' '#!/bin/sh' "echo \"\$*\" >> '$PWD/said'" > "$DUMPS/scripts/netdump-start"
	chmod 755 "$DUMPS/scripts/netdump-start"
	start_server
	for _ in 1 2 3; do
		"$PYTHON" "$PACKETS" ask "$NET.11" "$NET.1:6666" "$STARTUP"
	done
	"$PYTHON" "$PACKETS" ask "$NET.12" "$NET.1:6666" "$STARTUP"
	until_true grep -qx "$NET.12" said
	[ "$(cat said)" = "$NET.11"$'\n'"$NET.12" ]
}

# hear: what comes to the journal's socket, a line for each field, goes to "heard"; servers are to be started $AROUND it.
hear() {
	python3 - <<- 'EOF' 3>&- &
		import socket
		journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		journal.bind('journal')
		with open('heard', 'wb', buffering=0) as out:
		    while True:
		        out.write(journal.recv(65536) + b'\n')
	EOF
	PIDS+=($!)
	printf '%s\n' 'mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/journal && touch /run/systemd/journal/socket || exit' \
		"mount --bind '$PWD/journal' /run/systemd/journal/socket || exit" 'exec "$@"' > with-journal
	until_true test -S journal
	AROUND="unshare -m env JOURNAL_STREAM=1:1 bash with-journal"
}

# told FIELD=VALUE…: in one message.
told() {
	awk -v RS= -v wanted="$*" 'BEGIN { n = split(wanted, fields, "|") }
		{ hits = 0; for (i = 1; i <= n; i++) hits += index("\n" $0 "\n", "\n" fields[i] "\n") > 0; found += hits == n }
		END { exit !found }' heard
}

# id_of TEXT: that the manual gives the kind of message.
id_of() {
	grep -B 1 "^$1" "$BATS_TEST_DIRNAME/../../man/netdump-server.8" | sed -n 's/^\.B \([0-9a-f]\{32\}\)$/\1/p'
}

@test "each kind of message has the id in the journal that the manual says" {
	hear
	# Its "ready" goes there.
	$INSIDE $AROUND "$SERVER" --config="$CONFIG" --max-total=10M 3>&- &
	SERVER_PID=$!
	until_true told "MESSAGE_ID=$(id_of 'The server is ready')|PRIORITY=5"
	run -0 "$SEND" -q -f "$LESS" "$NET.1"
	until_true told "MESSAGE_ID=$(id_of 'A dump begins')|NETDUMP_CLIENT=127.0.0.1|PRIORITY=5"
	until_true told "MESSAGE_ID=$(id_of 'It is complete')|NETDUMP_CLIENT=127.0.0.1|PRIORITY=5"
	run -3 "$SEND" -q -f "$SENT" "$NET.1"
	until_true told "MESSAGE_ID=$(id_of 'A dump cannot be taken')|NETDUMP_CLIENT=127.0.0.1|PRIORITY=3"
	printf '%s\\n\n' 'all is well' 'BUG: kernel NULL pointer dereference, address: 0000000000000008' 'Oops: 0002 [#1] SMP' |
		"$PYTHON" "$PACKETS" netconsole "$NET.12" "$NET.1:6666"
	until_true told "MESSAGE_ID=$(id_of 'A kernel says')|NETDUMP_CLIENT=$NET.12|PRIORITY=4|MESSAGE=$NET.12: BUG: kernel NULL \
pointer dereference, address: 0000000000000008"
	[ "$(grep -c "MESSAGE_ID=$(id_of 'A kernel says')" heard)" -eq 1 ]
	kill -HUP "$SERVER_PID"
	until_true told "MESSAGE_ID=$(id_of 'The configuration and the keys')"
	echo nonsense >> "$CONFIG"
	kill -HUP "$SERVER_PID"
	until_true told "MESSAGE_ID=$(id_of 'They were to be')|PRIORITY=3"
	hold freebsd
	stop_server
	until_true told "MESSAGE_ID=$(id_of 'It is not\.')|NETDUMP_CLIENT=$NET.$(place_of freebsd)|PRIORITY=4"
	until_true told "MESSAGE_ID=$(id_of 'It has stopped')|MESSAGE=stopped"
}

@test "what is sent to addresses that show nothing is bounded, for all of them together" {
	local count bytes
	start_server
	read -r count bytes <<< "$("$PYTHON" "$PACKETS" starts "$NET.1:6666" 60)"
	# Each gets an acknowledgement and a HELLO. Of nine more HELLOs each, 540 in all, few are left.
	[ "$count" -ge 120 ]
	[ "$count" -le 320 ]
	[ "$bytes" -eq $((count * 24)) ]
	"$REDHAT" --bind="$NET.11" --state-ms=0 "$NET.1" "$IMAGE"
}

@test "no answer is longer than the question" {
	# START of x86_64, a text, a newline, the offer of version 6: 19 bytes and the text; the answer has 45.
	local head=050000003e0000000800000005 offer=0ad66e360600 text
	start_server
	for text in 0 25; do
		text=$(printf "%0${text}d" 0)
		[ "$("$PYTHON" "$PACKETS" ask "$NET.11" "$NET.1:6666" "$head${text//0/78}$offer")" = nothing ]
	done
	run -0 "$PYTHON" "$PACKETS" ask "$NET.11" "$NET.1:6666" "$head$(printf %026d 0 | sed s/0/78/g)$offer"
	[ "${#output}" -eq 90 ]
}
