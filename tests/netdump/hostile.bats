#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The server among too many, among liars, without room, and while it is told what to do.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031,SC2034,SC2119 # bats sets the variables; common.bash uses some

load common

# The server still takes a dump, of a client that it does not know yet.
is_alive() {
	"$REDHAT" --bind="$NET.99" --machine=x86_64 --state-ms=0 "$NET.1" "$IMAGE"
	tail -c +4097 "$DUMPS/$NET.99-"*/vmcore | cmp - "$IMAGE"
}

is_status() {
	[ "$("$SERVER" --config=/dev/null --status-file="$BATS_TEST_TMPDIR/status" --status -f json | jq "$1")" = "$2" ]
}

# send_own NUMBER OPTION…: dump.NUMBER from an address of its own, in the background; every fourth one is encrypted.
send_own() {
	local keys=() number=$1
	shift
	[ $((number % 4)) -ne 0 ] || keys=(--server-key="$FILES/server.key.pub" --key="$FILES/client.key")
	"$SEND" -q --mtu=1500 "${keys[@]}" "$@" -f "dump.$number" "10.9.0.$number" 3>&- &
}

@test "200 clients at once, in 64 MB" {
	local i clients=()
	# Whoever sends to an address of its own sends from it.
	for i in {1..250}; do
		echo "address add 10.9.0.$i/32 dev lo"
	done | $INSIDE ip -batch -
	head -c 400000 "$SENT" > rest # minutes, at 1 KB/s
	start_server --addr= --concurrent=256 --status-file="$BATS_TEST_TMPDIR/status" --key="$FILES/server.key" \
		--peers="$FILES/peers"
	for i in {1..200}; do
		echo "$i" | cat - rest > "dump.$i"
		send_own "$i" --rate=1K
		clients+=($!)
	done
	PIDS+=("${clients[@]}")
	until_true is_status '[.dumps[] | select(.state == "running")] | length' 200
	# All are there; now they may hurry.
	kill "${clients[@]}"
	clients=()
	for i in {1..200}; do
		send_own "$i"
		clients+=($!)
	done
	PIDS+=("${clients[@]}")
	for i in {201..240}; do
		"$REDHAT" --bind="10.9.0.$i" --state-ms=0 10.9.0.1 "$IMAGE" > /dev/null 3>&- &
		clients+=($!)
	done
	for i in "${clients[@]}"; do
		wait "$i"
	done
	for i in {1..200}; do
		cmp "dump.$i" "$DUMPS/10.9.0.$i-"*/vmcore
	done
	for i in {201..240}; do
		tail -c +4097 "$DUMPS/10.9.0.$i-"*/vmcore | cmp - "$IMAGE"
	done
	awk '/^VmHWM/ { print; exit $2 > 65536 }' "/proc/$SERVER_PID/status"
}

# Whatever a dump needs while it becomes a kdump file, zlib most of all: its head, which is 8 KiB, and pages have come.
@test "200 dumps that become kdump files at once, in 64 MB" {
	local i clients=()
	for i in {1..200}; do
		echo "address add 10.9.0.$i/32 dev lo"
	done | $INSIDE ip -batch -
	start_server --addr= --concurrent=256 --status-file="$BATS_TEST_TMPDIR/status" --format=kdump --compression=zlib
	for i in {1..200}; do
		"$SEND" -q --rate=3K -f "$LESS" "10.9.0.$i" 3>&- & # minutes
		clients+=($!)
	done
	PIDS+=("${clients[@]}")
	until_true is_status '[.dumps[] | select(.received > 15000)] | length' 200
	awk '/^VmHWM/ { print; exit $2 > 65536 }' "/proc/$SERVER_PID/status"
	kill "${clients[@]}"
}

@test "the same file from two hosts is two dumps" {
	local clients=()
	$INSIDE ip address add 10.9.0.1/32 dev lo
	$INSIDE ip address add 10.9.0.2/32 dev lo
	start_server --addr=
	for i in 1 2; do
		"$SEND" -q --rate=20M -f "$SENT" "10.9.0.$i" 3>&- &
		clients+=($!)
	done
	PIDS+=("${clients[@]}")
	wait "${clients[0]}"
	wait "${clients[1]}"
	cmp "$SENT" "$DUMPS/10.9.0.1-"*/vmcore
	cmp "$SENT" "$DUMPS/10.9.0.2-"*/vmcore
}

@test "datagrams that are damaged" {
	local kind clients=()
	PATH_OPTIONS=(--damage=30)
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	# Neither UDP's checksum, which the proxy makes anew, nor the old protocols can tell: theirs may be wrong, or never
	# end. Version 6 sees each.
	for kind in redhat freebsd classic; do
		start_proxy "$(place_of "$kind")" "$([ "$kind" = freebsd ] && echo 20024 || echo 6666)" "${PATH_OPTIONS[@]}"
		WITHIN='timeout 4' dump_as "$kind" "$NET.$((100 + $(place_of "$kind")))" > "$kind.said" 2>&1 &
		clients+=($!)
	done
	PIDS+=("${clients[@]}")
	dump_all plain sealed pipe
	for kind in plain sealed pipe; do
		[ "${STATUS_OF[$kind]}" -eq 0 ]
		arrived $kind
	done
	wait "${clients[@]}" || true
	is_alive
}

@test "forged and senseless datagrams do not disturb those who are there" {
	local kind kinds=(redhat freebsd sealed pipe) forger
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	PATH_OPTIONS=(--rate=600000 --queue=1000)
	hold "${kinds[@]}"
	"$PYTHON" "$PACKETS" forge "$NET.1" "$NET.11" "$NET.12" "$NET.14" "$NET.15" > forged 3>&- &
	forger=$!
	PIDS+=("$forger")
	until_true grep -q thousand forged
	go_on
	for kind in "${kinds[@]}"; do
		wait "${PID_OF[$kind]}"
	done
	kill "$forger"
	wait "$forger"
	for kind in "${kinds[@]}"; do
		arrived "$kind"
	done
	[ -z "$(find "$DUMPS/.." -maxdepth 1 -name 'x*')" ]
	kill -0 "$SERVER_PID"
}

# own_port: which the server has opened for the only FreeBSD dump.
own_port() {
	$INSIDE ss -Hlun src "$NET.1" | awk '{ print $4 }' | grep -oE '[0-9]+$' | grep -vxE '6666|20023'
}

# freebsd_message TYPE NUMBER: without a payload, in hexadecimal.
freebsd_message() {
	printf '%08x%08x%032x' "$1" "$2" 0
}

@test "a FreeBSD dump is what comes to its own port, from its own address" {
	local client port
	start_server --status-file="$BATS_TEST_TMPDIR/status"
	start_proxy 12 20024 --rate=300000 --queue=1000
	"$PYTHON" "$FREEBSD" --no-shift-bug --client-port 0 "$LESS" "$NET.112:20024" 3>&- &
	client=$!
	PIDS+=("$client")
	until_true is_status '[.dumps[] | select(.state == "running")] | length' 1
	port=$(own_port)
	[ "$("$PYTHON" "$PACKETS" ask "$NET.77" "$NET.1:$port" "$(freebsd_message 2 49)")" = nothing ]
	[ "$("$PYTHON" "$PACKETS" ask "$NET.77" "$NET.1:20023" "$(freebsd_message 2 49)")" = nothing ]
	# Others have theirs at the same time.
	"$PYTHON" "$FREEBSD" --bind "$NET.13" --no-shift-bug "$LESS" "$NET.1"
	[ "$(own_port | wc -l)" -eq 2 ]
	wait "$client"
	freebsd_arrived "$DUMPS/vmcore.$NET.12.0"
	freebsd_arrived "$DUMPS/vmcore.$NET.13.0"
}

# begins ADDRESS: whether a dump of four zeros begins at one of the open ports.
begins() {
	local port
	for port in $(own_port); do
		[ "$("$PYTHON" "$PACKETS" ask "$1:20024" "$NET.1:$port" "$(printf '%08x%08x%016x%08x%016x' 3 2 0 4 0)")" = nothing ] || return 0
	done
	return 1
}

@test "of those who are let in at the same time no more begin than may" {
	start_server --concurrent=1
	for i in 12 13; do
		[ "$("$PYTHON" "$PACKETS" ask "$NET.$i:20024" "$NET.1:20023" "$(freebsd_message 1 1)")" = 00000001 ]
	done
	begins "$NET.12"
	run ! begins "$NET.13"
	grep -F "$NET.13: no dump can be taken: as many dumps are running as may" "$LOG"
	[ "$(ls "$DUMPS"/vmcore*)" = "$DUMPS/vmcore.$NET.12.0-incomplete" ]
}

@test "a FreeBSD client whose last acknowledgement was lost gets it again" {
	start_server
	"$PYTHON" "$FREEBSD" --bind "$NET.12" --no-shift-bug "$LESS" "$NET.1"
	[ "$("$PYTHON" "$PACKETS" ask "$NET.12:20024" "$NET.1:$(own_port)" "$(freebsd_message 2 605)")" = 0000025d ]
	[ "$("$PYTHON" "$PACKETS" ask "$NET.12:20024" "$NET.1:20023" "$(freebsd_message 2 605)")" = nothing ]
	[ "$(ls "$DUMPS"/vmcore*[0-9])" = "$DUMPS/vmcore.$NET.12.0" ]
}

@test "FreeBSD: one port for all, where a firewall wants that" {
	start_server
	run -1 "$PYTHON" "$FREEBSD" --bind "$NET.12" --scale 0.02 --keep-port "$LESS" "$NET.1"
	[ -z "$(ls "$DUMPS")" ]
	stop_server
	start_server --freebsd-own-port=no
	"$PYTHON" "$FREEBSD" --bind "$NET.12" --no-shift-bug --keep-port "$LESS" "$NET.1"
	run ! own_port
	freebsd_arrived "$DUMPS/vmcore.$NET.12.0"
}

@test "a full disk is an incomplete dump, and the next one fits" {
	local there
	printf '%s\n' 'mount -t tmpfs -o size=4M tmpfs "$1" || exit' 'shift' 'exec "$@"' > with-little-room
	AROUND="unshare -m bash with-little-room $DUMPS" start_server --space-check=false --min-free=1M
	there=/proc/$SERVER_PID/root$DUMPS
	run -1 --separate-stderr "$SEND" -f "$SENT" "$NET.1"
	[[ $stderr == 'netdump-send: incomplete: '* ]]
	until_true compgen -G "$there/127.0.0.1-*/meta.json"
	jq -r .reason "$there"/127.0.0.1-*/meta.json | grep -iE 'space|room|full'
	[ "$(jq .complete "$there"/127.0.0.1-*/meta.json)" = false ]
	[ -s "$(echo "$there"/127.0.0.1-*/vmcore-incomplete)" ]
	rm -r "$there"/127.0.0.1-*
	"$SEND" -f "$LESS" "$NET.1"
	cmp "$LESS" "$there"/127.0.0.1-*/vmcore
}

@test "only networks that are allowed" {
	start_server --allow="$NET.8/30"
	run -5 "$REDHAT" --bind="$NET.12" --limit-s=1 --state-ms=0 "$NET.1" "$IMAGE"
	run -1 "$PYTHON" "$FREEBSD" --scale 0.02 --bind "$NET.7" "$LESS" "$NET.1"
	echo 'not allowed' | "$PYTHON" "$PACKETS" netconsole "$NET.12" "$NET.1:6666"
	"$REDHAT" --bind="$NET.11" --state-ms=0 "$NET.1" "$IMAGE"
	tail -c +4097 "$DUMPS/$NET.11-"*/vmcore | cmp - "$IMAGE"
	[ -z "$(find "$DUMPS" -name "*$NET.12*" -o -name "*$NET.7*")" ]
}

@test "secure=1: only those whose magic number is known" {
	mkdir "$DUMPS/magic"
	echo 1122334455667788 | tee "$DUMPS/magic/$NET.11" > "$DUMPS/magic/$NET.12"
	start_server --secure=1
	"$REDHAT" --bind="$NET.11" --magic=0x1122334455667788 --state-ms=0 "$NET.1" "$IMAGE"
	tail -c +4097 "$DUMPS/$NET.11-"*/vmcore | cmp - "$IMAGE"
	run "$REDHAT" --bind="$NET.12" --magic=0x1122334455667789 --limit-s=1 --state-ms=0 "$NET.1" "$IMAGE"
	[[ $output == *' 0 pages asked for'* ]]
	run "$REDHAT" --bind="$NET.13" --magic=0x1122334455667788 --limit-s=1 --state-ms=0 "$NET.1" "$IMAGE"
	[[ $output == *' 0 pages asked for'* ]]
	[ -z "$(find "$DUMPS" -path "*$NET.1[23]-*")" ]
}

@test "secure=2: nobody without a key" {
	start_server --secure=2 --key="$FILES/server.key" --peers="$FILES/peers"
	run -5 "$REDHAT" --bind="$NET.11" --limit-s=1 --state-ms=0 "$NET.1" "$IMAGE"
	run -1 "$PYTHON" "$FREEBSD" --scale 0.02 --bind "$NET.12" "$LESS" "$NET.1"
	run -3 "$SEND" --timeout=1 --classic -f "$LESS" "$NET.1"
	run -3 "$SEND" --timeout=1 -f "$LESS" "$NET.1"
	[ -z "$(ls "$DUMPS")" ]
	"$SEND" --server-key="$FILES/server.key.pub" --key="$FILES/client.key" -f "$LESS" "$NET.1"
	cmp "$LESS" "$DUMPS/"*/vmcore
}

@test "as many dumps as may, and no more" {
	local sender
	start_server --concurrent=1 --status-file="$BATS_TEST_TMPDIR/status"
	"$SEND" --rate=100K -f "$SENT" "$NET.1" 3>&- &
	sender=$!
	PIDS+=("$sender")
	until_true is_status '[.dumps[] | select(.state == "running")] | length' 1
	run -0 "$REDHAT" --bind="$NET.11" --state-ms=0 "$NET.1" "$IMAGE"
	[[ $output == 'rebooted; 0 pages asked for'* ]]
	run -1 "$PYTHON" "$FREEBSD" --scale 0.02 --bind "$NET.12" "$LESS" "$NET.1"
	run -3 --separate-stderr "$SEND" --timeout=1 -f "$LESS" "$NET.1"
	echo "$stderr"
	[[ $stderr == *busy* || $stderr == *'as many dumps'* ]]
	# The one that there is goes on.
	kill "$sender"
	"$SEND" -f "$SENT" "$NET.1"
	cmp "$SENT" "$DUMPS/"*/vmcore
}

# The server is gone in the time that its unit gives it, and well.
stops_in_time() {
	kill "$SERVER_PID"
	timeout "$(sed -n 's/^TimeoutStopSec=//p' "$BATS_TEST_DIRNAME/../../systemd/netdump-server.service")" tail --pid="$SERVER_PID" -f /dev/null
	wait "$SERVER_PID"
	SERVER_PID=
}

@test "settings of the original that change nothing are named once" {
	start_server --verbose -D --skip_zero=0
	stop_server
	[ "$(grep -c 'verbose, debug and skip_zero .* change nothing' "$LOG")" -eq 1 ]
	rm "$LOG"
	start_server
	run ! grep skip_zero "$LOG"
}

@test "SIGTERM closes every dump so that it can be examined" {
	local kind file kinds=(redhat freebsd plain sealed classic)
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	hold "${kinds[@]}"
	stops_in_time
	for kind in "${kinds[@]}"; do
		[ "$(jq .complete "$(meta_of "$kind")")" = false ]
		[ "$(jq -r .reason "$(meta_of "$kind")")" != null ]
		file=$(dirname "$(meta_of "$kind")")/$(jq -r .vmcore "$(meta_of "$kind")")
		[[ $file == *incomplete* ]]
		[ -s "$file" ]
		# The files have no kernel in them; what there is of their pages is counted.
		run "$KMORTEM" info "$file"
		grep -E '^Pages +[0-9]+ of [0-9]+ pages' <<< "$output" || { echo "$kind: $output"; return 1; }
	done
}

# stall_disk [VARIABLE=VALUE]: under servers that are started from now on.
stall_disk() {
	"${CC:-cc}" -shared -fPIC -o stalled_disk.so "$BATS_TEST_DIRNAME/stalled_disk.c"
	AROUND="env LD_PRELOAD=$PWD/stalled_disk.so ASAN_OPTIONS=${ASAN_OPTIONS-}:verify_asan_link_order=0 $*"
}

@test "SIGTERM ends the server though the disk of the markers stalls" {
	mkdir spool
	stall_disk "STALLED=$(stat -c %i spool)"
	start_server --spool="$PWD/spool"
	hold plain
	stops_in_time
	[ "$(jq .complete "$(meta_of plain)")" = false ]
}

@test "SIGTERM ends the server though a disk stalls and scripts hang" {
	local pid
	mkdir "$DUMPS/scripts"
	printf '%s\n' '#!/bin/sh' "echo \$\$ >> '$PWD/pids'" 'sleep 1000 & wait' > "$DUMPS/scripts/netdump-start"
	chmod 755 "$DUMPS/scripts/netdump-start"
	stall_disk
	start_server --script-timeout=1000 --status-file="$PWD/status" --pidfile="$PWD/pid"
	"$PYTHON" "$PACKETS" ask "$NET.11" "$NET.1:6666" "$STARTUP"
	hold plain
	until_true test -s pids
	stops_in_time
	grep -q 'the disk is too slow' "$LOG"
	grep -q 'netdump-start is killed: the server stops' "$LOG"
	[ -s "$(echo "$DUMPS/$NET."*/vmcore-incomplete)" ]
	[ ! -e status ]
	[ ! -e pid ]
	while read -r pid; do
		until_true test ! -e "/proc/$pid"
	done < pids
}

@test "the status is that of the dumps, and the metrics are" {
	local sender
	start_server --status-file="$BATS_TEST_TMPDIR/status" --metrics-file="$BATS_TEST_TMPDIR/metrics.prom"
	"$SEND" -q --rate=100K -f "$SENT" "$NET.1" 3>&- &
	sender=$!
	PIDS+=("$sender")
	until_true is_status '.dumps | map(.state, .client, .protocol, .expected) | join(" ")' \
		"\"running 127.0.0.1 netdump6 $(stat -c %s "$SENT")\""
	"$SERVER" --config=/dev/null --status-file="$BATS_TEST_TMPDIR/status" --status | grep -E '^127\.0\.0\.1 +netdump6 +running '
	until_true grep -qx 'netdump_dumps_running 1' metrics.prom
	kill "$sender"
	"$SEND" -q -f "$SENT" "$NET.1"
	until_true grep -qx 'netdump_dumps_complete_total 1' metrics.prom
	[ "$(tail -n 1 metrics.prom)" = '# EOF' ]
	until_true is_status .dumps_complete 1
	stop_server
	run -2 "$SERVER" --config=/dev/null --status-file="$BATS_TEST_TMPDIR/status" --status
}

@test "scripts of the site are told of each dump, and the spool has its marker" {
	local name path
	mkdir "$DUMPS/scripts" spool
	for name in start crash nospace reboot finish; do
		printf '%s\n' '#!/bin/sh' "echo \"$name \$* \$#\" >> '$BATS_TEST_TMPDIR/said'" > "$DUMPS/scripts/netdump-$name"
	done
	chmod 755 "$DUMPS"/scripts/*
	start_server --spool="$PWD/spool"
	"$REDHAT" --bind="$NET.11" --state-ms=0 "$NET.1" "$IMAGE"
	until_true grep -q ^reboot said
	until_true grep -q ^finish said
	path=$(echo "$DUMPS/$NET.11-"*)
	diff <(sort said) - <<- EOF
		crash $NET.11 $path 2
		finish $NET.11 $path 2
		reboot $NET.11 $path 2
	EOF
	cmp <(echo "$path/vmcore") spool/*
	rm said spool/*
	"$PYTHON" "$FREEBSD" --scale 0.1 --bind "$NET.12" --no-shift-bug "$LESS" "$NET.1"
	until_true grep -q ^finish said
	diff <(sort said) - <<- EOF
		crash $NET.12 $DUMPS/vmcore.$NET.12.0-incomplete 2
		finish $NET.12 $DUMPS/vmcore.$NET.12.0 2
	EOF
	cmp <(echo "$DUMPS/vmcore.$NET.12.0") spool/*
}
