#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# netdump-send and netdump-server over loopback: what arrives is what was sent, or is said not to be.
# shellcheck disable=SC2154,SC2119 # bats and common.bash set the variables; start_server takes options
# shellcheck disable=SC2002 # a pipe is not a file

load common

send() {
	"$SEND" --timeout=60 "$@" "$NET.1" 3>&-
}

# Until something of the dump is in its file.
wait_for_some() {
	until [ -n "$(find "$DUMPS" -name vmcore-incomplete -size +"$1"c)" ]; do
		sleep 0.02
	done
}

has_arrived() {
	cmp "$1" "$DUMPS"/*/vmcore
	[ "$(jq .complete "$DUMPS"/*/meta.json)" = true ]
}

has_encrypted() {
	[ "$(jq -r '[.encrypted, .peer] | join(" ")' "$DUMPS"/*/meta.json)" = "true $1" ]
}

@test "a file arrives, and the caller is told in a line" {
	start_server
	run -0 --separate-stderr send -f "$SENT"
	[[ $output =~ ^'netdump-send: complete: '[0-9]+' KiB in '[0-9.]+' s to '"$NET.1"', '[0-9.]+' % lost'$ ]]
	[ -z "$stderr" ]
	has_arrived "$SENT"
}

@test "a dump that has arrived is no failure where nobody can be told" {
	start_server
	send -f "$LESS" > /dev/full 2> said
	[ "$(cat said)" = 'netdump-send: standard output cannot be written' ]
	has_arrived "$LESS"
	run -2 bash -c "'$SEND' --help > /dev/full"
}

@test "a file arrives over IPv6, and quietly" {
	start_server --addr=::1
	run -0 "$SEND" -q ::1 < "$SENT"
	[ -z "$output" ]
	has_arrived "$SENT"
}

@test "a pipe arrives" {
	start_server
	cat "$SENT" | send
	has_arrived "$SENT"
}

@test "a file with holes arrives with holes" {
	local file=$BATS_TEST_TMPDIR/sparse
	start_server
	truncate -s 300M "$file"
	dd if="$SENT" of="$file" bs=1M seek=100 conv=notrunc status=none
	send -f "$file"
	has_arrived "$file"
	[ "$(du -k "$DUMPS"/*/vmcore | cut -f1)" -lt 40000 ]
}

@test "small datagrams, and little memory" {
	local least
	start_server
	send --mtu=1500 --memory=1M -f "$SENT"
	has_arrived "$SENT"
	# Whatever is not zero has to travel, each packet with the headers of IP and UDP, and ours, offset and tag.
	least=$(($(tr -d '\0' < "$SENT" | wc -c) / (1500 - 28 - 44)))
	[ "$(jq .packets "$DUMPS"/*/meta.json)" -ge "$least" ]
	forget "$DUMPS"/*
	# What the path takes is more here, and so there are fewer. A pipe, for the file would be known.
	cat "$SENT" | send
	has_arrived "$SENT"
	[ "$(jq .packets "$DUMPS"/*/meta.json)" -lt "$least" ]
}

@test "what makedumpfile writes to a pipe arrives as the file that it would have written" {
	start_server
	python3 "$CORE" flatten "$SENT" > flat
	makedumpfile -R made < flat
	cmp "$SENT" made
	cat flat | send
	has_arrived "$SENT"
	forget "$DUMPS"/*
	send --mtu=1500 --memory=1M -f flat
	has_arrived "$SENT"
}

@test "a pipe that ends in the middle is an incomplete dump" {
	start_server
	python3 "$CORE" flatten "$SENT" > flat
	truncate -s 3000000 flat
	run -1 --separate-stderr send < flat
	[[ $stderr == "netdump-send: incomplete: $NET.1: "*' ends in the middle'* ]]
	[ -z "$(find "$DUMPS" -name vmcore)" ]
	[[ $(jq -r .reason "$DUMPS"/*/meta.json) == 'the client gave up: '*' ends in the middle'* ]]
}

@test "the log of the kernel comes first, and stays whatever becomes of the dump" {
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	seq -f '[    1.%06.0f] line' 5000 > dmesg
	python3 "$CORE" flatten "$SENT" > flat
	truncate -s 300000 flat
	run -1 send --mtu=1500 --log=dmesg --server-key="$FILES/server.key.pub" --key="$FILES/client.key" < flat
	grep -oE '\[    1\..*' "$DUMPS"/*/log | cmp - dmesg
	run -2 send --log=none -f "$SENT"
	run -2 send --log=/dev/null -f "$SENT"
}

# stopped SIGNAL [OPTION…]: a sender is, in the middle; when it has ended the dump is closed, and says why.
stopped() {
	local signal=$1 sender status=0 why
	why="stopped by signal $(kill -l "$signal")"
	shift
	# What the shell starts in the background ignores some.
	env --default-signal "$SEND" --rate=1M "$@" -f "$SENT" "$NET.1" 2> said 3>&- &
	sender=$!
	PIDS+=("$sender")
	wait_for_some 1000000
	kill "-$signal" "$sender"
	wait "$sender" || status=$?
	[ "$status" -eq 1 ]
	[ "$(cat said)" = "netdump-send: incomplete: $NET.1: $why" ]
	[ "$(jq -r .reason "$DUMPS"/*/meta.json)" = "the client gave up: $why" ]
	[ "$(jq -r .complete "$DUMPS"/*/meta.json)" = false ]
	rm -r "${DUMPS:?}"/*
}

@test "a sender that is stopped says so, and its dump is closed at once" {
	start_server --key="$FILES/server.key" --peers="$FILES/peers"
	stopped INT
	stopped TERM --server-key="$FILES/server.key.pub" --key="$FILES/client.key"
}

@test "keys: a key pair, and a key that both know" {
	start_server --secure=2 --key="$FILES/server.key" --peers="$FILES/peers"
	send --server-key="$FILES/server.key.pub" --key="$FILES/client.key" -f "$SENT"
	has_arrived "$SENT"
	has_encrypted host
	forget "$DUMPS"/*
	cat "$SENT" | send --server-key="$FILES/server.key.pub" --psk="$FILES/psk"
	has_arrived "$SENT"
	has_encrypted shared
}

@test "keys: nobody without the right one" {
	start_server --secure=2 --key="$FILES/server.key" --peers="$FILES/peers"
	run -3 send --timeout=1 --server-key="$FILES/server.key.pub" --key="$FILES/stranger.key" -f "$SENT"
	[[ $output == "netdump-send: not sent: $NET.1: "*key* ]]
	run -3 send --timeout=1 --server-key="$FILES/stranger.key.pub" --key="$FILES/client.key" -f "$SENT"
	[[ $output == "netdump-send: not sent: $NET.1: "*key* ]]
	run -3 send --timeout=1 -f "$SENT"
	[[ $output == *'give a key' ]]
	run -3 send --timeout=1 --classic -f "$SENT"
	[ -z "$(ls "$DUMPS")" ]
}

@test "a check: the server would take a dump, and has none" {
	start_server
	run -0 --separate-stderr send --check
	[ "$output" = "netdump-send: $NET.1 would take a dump" ]
	[ -z "$stderr" ]
	run -0 --separate-stderr send --check -q
	[ -z "$output$stderr" ]
	send -f "$LESS"
	has_arrived "$LESS"
	[ "$(ls "$DUMPS" | wc -l)" -eq 1 ]
	stop_server
	run -3 send --check --timeout=1
	[ "${#lines[@]}" -eq 1 ]
	run -2 send --check --classic
}

@test "a check: with the right key only" {
	start_server --secure=2 --key="$FILES/server.key" --peers="$FILES/peers"
	run -0 send --check --server-key="$FILES/server.key.pub" --key="$FILES/client.key"
	[ "$output" = "netdump-send: $NET.1 would take a dump, encrypted" ]
	run -3 send --check --timeout=1 --server-key="$FILES/server.key.pub" --key="$FILES/stranger.key"
	[[ $output == "netdump-send: not sent: $NET.1: "*key* ]]
	run -3 send --check --timeout=1 --server-key="$FILES/stranger.key.pub" --key="$FILES/client.key"
	run -3 send --check --timeout=1
	[[ $output == *'give a key' ]]
	[ -z "$(ls "$DUMPS")" ]
}

@test "keys: no classic dump to a server that cannot prove itself" {
	start_server
	run -3 send --timeout=1 --server-key="$FILES/server.key.pub" --key="$FILES/client.key" -f "$SENT"
	[ -z "$(ls "$DUMPS")" ]
}

@test "no server, classic or not" {
	run -3 send --timeout=1 -f "$SENT"
	[ "${#lines[@]}" -eq 1 ]
	run -3 send --timeout=1 --classic -f "$SENT"
	[ "${#lines[@]}" -eq 1 ]
}

@test "options and files that cannot be meant" {
	run -2 "$SEND"
	run -2 "$SEND" 127.0.0.1 127.0.0.2 -f "$SENT"
	run -2 "$SEND" localhost -f "$SENT"
	run -2 "$SEND" 127.0.0.1 -f "$BATS_TEST_TMPDIR/none"
	run -2 "$SEND" 127.0.0.1 -f "$BATS_TEST_TMPDIR"
	run -2 "$SEND" 127.0.0.1 --port=65536 -f "$SENT"
	run -2 "$SEND" 127.0.0.1 --rate=5X -f "$SENT"
	run -2 "$SEND" 127.0.0.1 --key="$FILES/client.key" -f "$SENT"
	run -2 "$SEND" 127.0.0.1 --nonsense
	[ "$output" = 'netdump-send: --nonsense: no such option; see netdump-send --help' ]
	run -2 "$SEND" 127.0.0.1 --classic -f "$FILES/peers"
	install -m 644 "$FILES/client.key" seen
	run -2 "$SEND" 127.0.0.1 --key=seen --server-key="$FILES/server.key.pub" -f "$SENT"
	run -0 "$SEND" --help
	[[ $output == usage:* ]]
	run -0 "$SEND" --version
}

# restart SIGNAL [OPTION…]: of the server, while a dump goes at 8 MB/s; the dump comes from standard input.
restart() {
	local signal=$1 sender
	shift
	start_server
	send --rate=8M "$@" <&0 &
	sender=$!
	wait_for_some 1000000
	stop_server "$signal" || true
	start_server
	wait "$sender"
}

@test "a server that is started again goes on where it was" {
	restart TERM < "$SENT"
	has_arrived "$SENT"
	[ "$(jq .received "$DUMPS"/*/meta.json)" -lt "$(stat -c %s "$SENT")" ]
}

@test "a server that is started again goes on with a pipe" {
	restart TERM < <(cat "$SENT")
	has_arrived "$SENT"
}

# kept BYTES: the list beside a dump has that many.
kept() {
	[ "$(cat "$DUMPS"/*/resume 2> /dev/null | awk '$1 == "extent" { sum += $3 - $2 } END { print sum + 0 }')" -ge "$1" ]
}

@test "a server that was killed goes on where it was, again and again" {
	local sender size before
	size=$(stat -c %s "$SENT")
	start_server
	send --rate=1M -f "$SENT" &
	sender=$!
	for before in 500000 3000000 9000000; do
		until kept "$before"; do
			kill -0 "$sender"
			sleep 0.02
		done
		kill -KILL "$SERVER_PID"
		wait "$SERVER_PID" || true
		[ -z "$(find "$DUMPS" -name meta.json)" ]
		start_server
	done
	wait "$sender"
	[ "$(find "$DUMPS" -mindepth 1 -maxdepth 1 | wc -l)" -eq 1 ]
	has_arrived "$SENT"
	[ "$(jq .received "$DUMPS"/*/meta.json)" -le "$((size - before))" ]
	grep -q 'were running when a server was killed' "$LOG"
}

@test "a pipe to a server that is killed arrives whole, or its sender fails" {
	if restart KILL --memory=1M < <(cat "$SENT"); then
		cmp "$SENT" "$DUMPS"/*/vmcore
	else
		[ -z "$(find "$DUMPS" -name vmcore)" ]
	fi
}

@test "a sender that is started again goes on where it was" {
	start_server
	# Not by send(), whose shell would be what is killed; slowly, for a loaded machine notices late.
	"$SEND" --rate=1M "$NET.1" < "$SENT" 3>&- &
	local sender=$!
	wait_for_some 1000000
	kill "$sender"
	wait "$sender" || true
	run -0 send -v < "$SENT"
	has_arrived "$SENT"
	[[ $output =~ ([0-9]+)' bytes;' ]]
	[ "${BASH_REMATCH[1]}" -lt "$(stat -c %s "$SENT")" ]
}

# Two files, one and other, of one size, that begin in the same way.
make_alike() {
	cp "$SENT" one
	cp "$SENT" other
	dd if=/dev/urandom of=one bs=1M seek=1 count=12 conv=notrunc status=none
	dd if=/dev/urandom of=other bs=1M seek=1 count=12 conv=notrunc status=none
}

# Every dump that is called complete is one of the two.
are_unmixed() {
	local dump
	for dump in "$DUMPS"/*/vmcore; do
		cmp -s "$dump" one || cmp "$dump" other
	done
}

@test "a file is not taken for the rest of another" {
	make_alike
	start_server
	"$SEND" --rate=1M "$NET.1" < one 3>&- &
	local sender=$!
	wait_for_some 1500000
	kill -KILL "$sender"
	wait "$sender" || true
	stop_server
	start_server
	send -f other
	cmp other "$DUMPS"/*/vmcore
}

@test "a file is not taken for another that has just arrived" {
	make_alike
	start_server
	send -f one
	send -f other
	[ "$(find "$DUMPS" -name vmcore | wc -l)" -eq 2 ]
	are_unmixed
	[ "$(sha256sum "$DUMPS"/*/vmcore | cut -d' ' -f1 | sort -u | wc -l)" -eq 2 ]
}

@test "two files of one host at a time are two dumps" {
	make_alike
	start_server
	send --rate=8M -f one &
	local sender=$!
	send --rate=8M -f other
	wait "$sender"
	are_unmixed
	[ "$(sha256sum "$DUMPS"/*/vmcore | cut -d' ' -f1 | sort -u | wc -l)" -eq 2 ]
}

@test "classic: the server has the memory and the registers" {
	start_server
	send --classic -f "$SENT"
	python3 "$CORE" compare "$SENT" "$DUMPS"/*/vmcore
	[ "$(jq -r .protocol "$DUMPS"/*/meta.json)" = redhat ]
}

# A host's next dump, however the one before it ended: the server may still be telling it to reboot.
@test "classic: one after the other" {
	start_server
	for _ in 1 2 3; do
		send --classic -f "$LESS"
	done
	[ "$(find "$DUMPS" -name vmcore | wc -l)" -eq 3 ]
	[ "$(jq .port "$DUMPS"/*/meta.json | sort -u)" -eq 6666 ]
	# From another port, and with somebody else in the usual one.
	send --classic --source-port=7000 -f "$LESS"
	$INSIDE python3 -c 'import socket, sys, time
taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
taken.bind(("127.0.0.1", 6666))
print("taken", flush=True)
time.sleep(600)' > taken 3>&- &
	PIDS+=($!)
	until [ -s taken ]; do
		sleep 0.02
	done
	run -0 --separate-stderr send --classic -f "$LESS"
	[ "$stderr" = 'netdump-send: port 6666 of this host is taken: the dump goes from another' ]
	run -2 send --classic --source-port=6666 -f "$LESS"
	[[ $output == *': port 6666 of this host is taken: name another (--source-port)' ]]
	for dump in "$DUMPS"/*/vmcore; do
		python3 "$CORE" compare "$LESS" "$dump"
	done
	[ "$(find "$DUMPS" -name vmcore | wc -l)" -eq 5 ]
}

@test "classic: killed in the middle, and started again from the same port or another one" {
	local port place=13 sender
	start_server --concurrent=1
	for port in 6666 7000; do
		start_proxy "$place" 6666 --rate=2000000
		"$SEND" --classic -f "$SENT" "$NET.$((100 + place))" 3>&- &
		sender=$!
		wait_for_some 1000000
		kill -KILL "$sender"
		wait "$sender" || true
		[ "$port" = 6666 ] || start_proxy "$place" "$port"
		"$SEND" --classic -p "$port" -f "$LESS" "$NET.$((100 + place))" 3>&-
		python3 "$CORE" compare "$LESS" "$DUMPS/$NET.$place"-*/vmcore
		forget "$(dirname "$DUMPS/$NET.$place"-*/vmcore)"
		rm -r "$DUMPS/$NET.$place"-*
		place=$((place + 1))
	done
}

@test "classic: magic is wanted" {
	mkdir "$DUMPS/magic"
	echo 1122334455667788 > "$DUMPS/magic/127.0.0.1"
	start_server --secure=1
	run -3 send --classic --timeout=2 -f "$SENT"
	send --classic --magic=1122334455667788 -f "$SENT"
	python3 "$CORE" compare "$SENT" "$DUMPS"/*/vmcore
}

@test "classic needs an ELF file" {
	cat "$SENT" | run -2 send --classic
	run -2 send --classic -f "$FILES/peers"
}

@test "it runs without shared libraries" {
	[ -z "${ASAN_OPTIONS-}" ] || skip "sanitizers are shared libraries"
	run -0 readelf -lW "$SEND_PROGRAM"
	[[ $output != *INTERP* && $output != *DYNAMIC* ]]
}
