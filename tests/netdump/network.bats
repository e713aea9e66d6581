#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Every kind of client over bad paths: what arrives is what was sent, or is said not to be.
# shellcheck disable=SC2154,SC2030,SC2031,SC2034,SC2119 # bats sets the variables; common.bash uses some

load common

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

@test "a path that takes 6 MB/s" {
	start_proxy 13 6666 --rate=6000000 --delay=5
	start_server
	"$SEND" -f "$SENT" "$NET.113"
	cmp "$SENT" "$DUMPS/$NET.13-"*/vmcore
}

# neighbour MTU: two hosts, 10.8.0.1 for the server and 10.8.0.2, and a link between them.
neighbour() {
	open_namespace THERE "$INSIDE"
	# shellcheck disable=SC2153 # open_namespace sets it
	$INSIDE ip link add near mtu "$1" type veth peer name far mtu "$1" netns "$THERE_pid"
	$INSIDE ip address add 10.8.0.1/24 dev near
	$INSIDE ip link set near up
	$THERE ip address add 10.8.0.2/24 dev far
	$THERE ip link set far up
	start_server --addr=10.8.0.1
}

# over_link MTU: what a datagram may have decides how many there are: no number is right for two MTUs of which one is twice
# the other. Whatever is not zero has to travel, with the headers of IP and UDP, and ours, offset and tag.
over_link() {
	local packets least
	least=$(($(tr -d '\0' < "$SENT" | wc -c) / ($1 - 28 - 44)))
	neighbour "$1"
	$THERE "$SEND_PROGRAM" -q -f "$SENT" 10.8.0.1
	cmp "$SENT" "$DUMPS/10.8.0.2-"*/vmcore
	packets=$(jq .packets "$DUMPS/10.8.0.2-"*/meta.json)
	echo "$packets packets, $least at least"
	[ "$packets" -ge "$least" ]
	[ "$packets" -lt $((2 * least)) ]
	forget "$DUMPS/10.8.0.2-"*
	$THERE "$REDHAT_PROGRAM" --state-ms=0 10.8.0.1 "$IMAGE"
	tail -c +4097 "$DUMPS/10.8.0.2-"*/vmcore | cmp - "$IMAGE"
	$THERE python3 "$FREEBSD" --no-shift-bug --mtu "$1" "$LESS" 10.8.0.1 > said
	freebsd_arrived "$DUMPS/vmcore.10.8.0.2.0"
	# What the client counts; of what it sent again not all need be in time for meta.json.
	[[ $(cat said) =~ ' sent, '([0-9]+)' packets, '([0-9]+)' sent again' ]]
	packets=$(jq .packets "$DUMPS/meta.10.8.0.2.0.json")
	[ "$packets" -le "${BASH_REMATCH[1]}" ]
	[ "$packets" -ge $((BASH_REMATCH[1] - BASH_REMATCH[2])) ]
}

@test "between two hosts, 1500 bytes at a time" {
	over_link 1500
}

@test "between two hosts, 9000 bytes at a time" {
	over_link 9000
}

@test "a network that comes up late, or not at all" {
	local sender
	neighbour 1500
	$THERE ip link set far down
	run -3 --separate-stderr $THERE "$SEND_PROGRAM" --timeout=1 -f "$LESS" 10.8.0.1
	[[ $stderr == 'netdump-send: not sent: 10.8.0.1: '*'Network is unreachable' ]]
	$THERE "$SEND_PROGRAM" -v -f "$LESS" 10.8.0.1 2> said &
	sender=$!
	PIDS+=("$sender")
	until_true grep -q 'waiting: 10.8.0.1: .*Network is unreachable' said
	$THERE ip link set far up
	wait "$sender"
	cmp "$LESS" "$DUMPS/10.8.0.2-"*/vmcore
}

# Beside each dump that can go on is what for that is needed.
all_kept() {
	local core
	for core in "$DUMPS"/*/vmcore-incomplete; do
		[ -e "${core%/*}/resume" ] || return
	done
}

# restarted SIGNAL KIND…: the server is, while clients of these kinds are in the middle.
restarted() {
	local signal=$1
	shift
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	PATIENCE=0.3 hold "$@"
	until_true all_kept
	stop_server "$signal" || true
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	go_on
}

@test "a server that is started again: who can go on does, and the others are let go" {
	restarted TERM redhat classic freebsd sealed pipe
	for kind in redhat classic sealed pipe; do
		wait "${PID_OF[$kind]}"
		arrived "$kind"
		[ "$(jq .complete "$(meta_of $kind)")" = true ]
	done
	grep -q 'still waits: its dump goes on, with [1-9]' "$LOG"
	# It has begun in the middle and cannot be told.
	! wait "${PID_OF[freebsd]}" || return 1
	[ "$(jq -r .complete "$(meta_of freebsd)")" = false ]
	cmp -n 65536 "$LESS" "$DUMPS/vmcore.$NET.12.0-incomplete"
}

@test "a server that was killed: who can go on does, and nothing is taken for whole" {
	restarted KILL redhat freebsd sealed
	for kind in redhat sealed; do
		wait "${PID_OF[$kind]}"
		arrived "$kind"
	done
	grep -q 'still waits: its dump goes on' "$LOG"
	[ ! -e "$DUMPS/vmcore.$NET.12.0" ]
	[ -e "$DUMPS/vmcore.$NET.12.0-incomplete" ]
	# Nobody will go on with it.
	until_true [ -e "$DUMPS/meta.$NET.12.0.json" ]
	[ "$(jq -r '"\(.complete) \(.reason)"' "$DUMPS/meta.$NET.12.0.json")" = 'false the server was killed' ]
	kill "${PID_OF[freebsd]}" || true
}

@test "a Red Hat client that has been rebooted since dumps anew, and the old dump is incomplete" {
	start_server
	run -6 "$REDHAT" --bind="$NET.11" --port=6666 --machine=x86_64 --vanish=60 "$NET.1" "$IMAGE"
	until_true all_kept
	stop_server KILL || true
	start_server
	until_true grep -q 'is asked whether it still waits' "$LOG"
	"$REDHAT" --bind="$NET.11" --port=6666 --machine=x86_64 --state-ms=0 "$NET.1" "$IMAGE"
	[ "$(jq -r .reason "$DUMPS/$NET.11-"*/meta.json | grep -c 'crashed again')" -eq 1 ]
	[ -z "$(find "$DUMPS" -name resume)" ]
	tail -c +4097 "$DUMPS/$NET.11-"*/vmcore | cmp - "$IMAGE"
}

@test "a Red Hat client whose dump cannot go on does not wait for another server" {
	local pid
	start_server --format=kdump
	start_proxy 11 6666 --most=200000
	dump_as redhat "$NET.111" > redhat.said 2>&1 &
	pid=$!
	PIDS+=("$pid")
	until_true compgen -G "$DUMPS/*/vmcore-incomplete.kdump"
	stop_server
	wait "$pid"
	[ "$(jq -r .reason "$(meta_of redhat)")" = 'the server was stopped' ]
}

@test "stop=reboot: Red Hat clients do not wait for another server" {
	start_server --stop=reboot
	hold redhat
	stop_server
	wait "${PID_OF[redhat]}"
	[ "$(jq -r .reason "$(meta_of redhat)")" = 'the server was stopped' ]
	[ -z "$(find "$DUMPS" -name resume)" ]
}

@test "clients that are started again" {
	local first
	start_server
	run -3 "$PYTHON" "$FREEBSD" --bind "$NET.12" --no-shift-bug --stop-after 300000 "$LESS" "$NET.1"
	"$REDHAT" --bind="$NET.11" --machine=x86_64 --state-ms=0 --crash-again=60 "$NET.1" "$IMAGE"
	first=$(jq -r 'select(.complete == false) | .reason' "$DUMPS/$NET.11-"*/meta.json)
	[[ $first == *'crashed again'* ]]
	tail -c +4097 "$DUMPS/$NET.11-"*/vmcore | cmp - "$IMAGE"
	# A HERALD is acknowledged again after 15 s of silence, but anybody can forge one: it ends nothing.
	until "$PYTHON" "$PACKETS" ask "$NET.12:20024" "$NET.1:20023" "$(printf '%08x%08x%032x' 1 1 0)" | grep -qx 00000001; do
		:
	done
	[ ! -e "$DUMPS/meta.$NET.12.0.json" ]
	"$PYTHON" "$FREEBSD" --bind "$NET.12" --no-shift-bug "$LESS" "$NET.1"
	freebsd_arrived "$DUMPS/vmcore.$NET.12.1"
	[ "$(jq .complete "$DUMPS/meta.$NET.12.0.json")" = false ]
	cmp -n 262144 "$LESS" "$DUMPS/vmcore.$NET.12.0-incomplete"
}

@test "netconsole: all lines, in their order, or how many are lost" {
	local log
	start_server
	start_proxy 21 6666 --duplicates=200 --disorder=200
	start_proxy 22 6666 --loss=100
	seq 500 | sed 's/.*/6,&,&,-;line &\\n/' > messages
	"$PYTHON" "$PACKETS" netconsole "$NET.31" "$NET.121:6666" < messages
	"$PYTHON" "$PACKETS" netconsole "$NET.32" "$NET.122:6666" < messages
	log=$DUMPS/logs/$NET.21.log
	until_true grep -q 'line 500$' "$log"
	grep -oE 'line [0-9]+$' "$log" | cmp - <(seq -f 'line %g' 500)
	sleep 1.5
	log=$DUMPS/logs/$NET.22.log
	awk -v first="$(grep -oE -m 1 'line [0-9]+$' "$log" | cut -d ' ' -f 2)" '
		/ message\(s\) missing: / { for (i = 2; i <= NF; i++) if ($i == "message(s)") lost += $(i - 1) }
		/line [0-9]+$/ { if ($NF != first + there + lost) exit 1; there++ }
		END { exit !(lost > 10 && there > 300) }' "$log"
}

@test "netconsole: the last lines before a crash stand beside the dump" {
	local log lines
	start_server
	seq 500 | sed 's/.*/[    1.000000] line &\\n/' | "$PYTHON" "$PACKETS" netconsole "$NET.13" "$NET.1:6666"
	until_true grep -q 'line 500$' "$DUMPS/logs/$NET.13.log"
	start_proxy 13 6666
	dump_as plain "$NET.113"
	log=$(echo "$DUMPS/$NET.13-"*/log)
	lines=$(wc -l < "$log")
	[ "$lines" -gt 100 ]
	tail -n "$lines" "$DUMPS/logs/$NET.13.log" | cut -d ' ' -f 2- | cmp - <(cut -d ' ' -f 2- "$log")
}

@test "netconsole: a log that has grown too large is rotated" {
	start_server --log-max=4096 --log-keep=2
	seq 500 | sed 's/.*/[    1.000000] line &\\n/' | "$PYTHON" "$PACKETS" netconsole "$NET.31" "$NET.1:6666"
	until_true grep -q 'line 500$' "$DUMPS/logs/$NET.31.log"
	[ "$(ls "$DUMPS/logs")" = "$(printf '%s\n' "$NET".31.log{,.1,.2})" ]
	cat "$DUMPS/logs/$NET".31.log{.2,.1,} | grep -oE 'line [0-9]+$' | tail -n 100 | cmp - <(seq -f 'line %g' 401 500)
	[ "$(cat "$DUMPS/logs/"* | wc -c)" -le 12288 ]
}
