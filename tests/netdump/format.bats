#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# format=kdump: what clients of each kind send becomes a kdump file inside the server, sandbox and all, and its memory, as
# libkdumpfile reads it, is theirs.
# shellcheck disable=SC2154,SC2119 # bats and common.bash set the variables; start_server takes options

load common

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	make_programs
	"${MAKE:-make}" -s "BUILD=$BUILD" ${CFLAGS:+CFLAGS="$CFLAGS"} "$BUILD/tests/netdump/kdump_memory"
	export MEMORY=$BUILD/tests/netdump/kdump_memory
}

# is_kdump COMPRESSION: the only dump is complete, closed, and a kdump file that others take for one.
is_kdump() {
	local dump
	dump=$(echo "$DUMPS"/*)
	await_digest "$dump"
	[ "$(cd "$dump" && find . -type f ! -name log | sort | tr '\n' ' ')" = './meta.json ./vmcore ' ]
	[ "$(jq -r '[.complete, .format, .size] | join(" ")' "$dump/meta.json")" = "true kdump $(stat -c %s "$dump/vmcore")" ]
	"$KMORTEM" info "$dump/vmcore" 2>&1 | grep -qE "^Format +kdump, compression $1,"
}

# has_memory START LENGTH FILE: of the only dump.
has_memory() {
	cmp <("$MEMORY" "$DUMPS"/*/vmcore "$1" "$2") "$3"
}

# has_core: the memory of $SENT, segment by segment.
has_core() {
	local start length
	while read -r start length; do
		python3 "$CORE" memory "$SENT" "$start" "$length" > memory
		has_memory "$start" "$length" memory
	done <<< "$(python3 "$CORE" segments "$SENT")"
}

convert_all() {
	start_server --format=kdump --compression="$1"
	"$SEND" -q -f "$SENT" "$NET.1"
	is_kdump "$1"
	has_core
	forget "$DUMPS"/*
	"$SEND" -q --classic -f "$SENT" "$NET.1"
	is_kdump "$1"
	has_core
	forget "$DUMPS"/*
	# Another client at the same address, which the server still sees off.
	stop_server
	start_server --format=kdump --compression="$1"
	"$REDHAT" --machine=x86_64 --state-ms=0 "$NET.1" "$IMAGE"
	is_kdump "$1"
	has_memory 0 "$(stat -c %s "$IMAGE")" "$IMAGE"
}

@test "zlib" {
	convert_all zlib
}

@test "lzo" {
	convert_all lzo
}

@test "zstd" {
	convert_all zstd
}

@test "a flattened ELF file that overwrites itself arrives as it is" {
	start_server --format=kdump
	python3 -c 'import struct, sys
dump, flat = open(sys.argv[1], "rb").read(), open(sys.argv[2], "rb").read()
at, page = len(dump) // 4096 // 2 * 4096, b"overwritten page" * 256
pieces = [(0, dump), (at, page)]
open("flat", "wb").write(flat[:4096] + b"".join(struct.pack(">QQ", start, len(data)) + data for start, data in pieces) +
	b"\xff" * 16)
open("made", "wb").write(dump[:at] + page + dump[at + len(page):])' "$LESS" "$FLAT"
	"$SEND" -q "$NET.1" < <(cat flat)
	cmp made "$DUMPS"/*/vmcore
}

@test "a dump that breaks off is a kdump file all the same" {
	start_server --format=kdump
	"$SEND" -q --rate=4M -f "$SENT" "$NET.1" 3>&- &
	local sender=$!
	until [ -n "$(find "$DUMPS" -name vmcore-incomplete.kdump -size +1000k)" ]; do
		sleep 0.02
	done
	kill "$sender"
	wait "$sender" || true
	stop_server
	[ "$(ls "$DUMPS"/* | tr '\n' ' ')" = 'meta.json vmcore-incomplete ' ]
	[ "$(jq -r '[.complete, .format] | join(" ")' "$DUMPS"/*/meta.json)" = 'false kdump' ]
	[ "$(head -c 5 "$DUMPS"/*/vmcore-incomplete)" = KDUMP ]
}
