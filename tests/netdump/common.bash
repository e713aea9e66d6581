# SPDX-License-Identifier: GPL-2.0-or-later
# What tests of the server over loopback share. Each test has a network namespace of its own ($NET.1 is the server's address
# in it), so that every client can have an address and the ports are those of the protocols.
# shellcheck shell=bash disable=SC2154,SC2002,SC2034 # bats sets the variables; a pipe is no file; its users use them

bats_require_minimum_version 1.5.0
# shellcheck source=tests/netdump/server.bash
. "${BASH_SOURCE[0]%/*}/server.bash"

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	make_programs
}

setup() {
	make_network
}

teardown() {
	end_network
}

# make_programs: what the tests run, and what is sent: $SENT, 15 MB, and $LESS are files that look like /proc/vmcore, $FLAT
# is the former as makedumpfile writes to a pipe, $IMAGE is the memory of a Red Hat client.
make_programs() {
	local name
	local programs=("$BUILD/kmortem" "$BUILD/netdump-send" "$BUILD/netdump-server/netdump-server"
		"$BUILD/tests/netdump/redhat_client" "$BUILD/tests/netdump/proxy")

	"${MAKE:-make}" -s "BUILD=$BUILD" ${CFLAGS:+CFLAGS="$CFLAGS"} "${programs[@]}" || return
	export KMORTEM=${programs[0]} SEND=${programs[1]} SERVER=${programs[2]} REDHAT=${programs[3]} PROXY=${programs[4]}
	export FREEBSD=$PWD/tests/netdump/freebsd_client.py CORE=$PWD/tests/netdump/core.py PACKETS=$PWD/tests/netdump/packets.py
	export FILES=$BATS_FILE_TMPDIR SENT=$BATS_FILE_TMPDIR/sent LESS=$BATS_FILE_TMPDIR/less FLAT=$BATS_FILE_TMPDIR/flat
	export IMAGE=$BATS_FILE_TMPDIR/image
	python3 "$CORE" make "$SENT" && python3 "$CORE" make "$LESS" less && python3 "$CORE" flatten "$LESS" > "$FLAT" || return
	tail -c 524288 "$SENT" > "$IMAGE"
	for name in server client stranger; do
		"$SERVER" --keygen="$FILES/$name.key" || return
	done
	echo "shared psk $(head -c 32 /dev/urandom | base64)" > "$FILES/psk"
	{ echo "host $(cat "$FILES/client.key.pub")" && cat "$FILES/psk"; } > "$FILES/peers"
	chmod 600 "$FILES/psk" "$FILES/peers"
}

# The programs become scripts that run them inside, under the same process id.
make_network() {
	local name
	cd "$BATS_TEST_TMPDIR" || return
	NET=127.0.1
	DUMPS=$BATS_TEST_TMPDIR/dumps
	LOG=$BATS_TEST_TMPDIR/server.log
	CONFIG=$BATS_TEST_TMPDIR/netdump.conf
	SERVER_PID=''
	PIDS=()
	mkdir "$DUMPS" inside
	printf '%s\n' "addr=$NET.1" "dumpdir=\"$DUMPS\"" secure=0 'status_file=""' max_concurrent_dumps=16 min_free=0 > "$CONFIG"
	open_namespace INSIDE || return
	for name in SEND REDHAT PROXY; do
		printf '#!/bin/sh\nexec %s %s "$@"\n' "$INSIDE" "${!name}" > "inside/$name"
		export "${name}_PROGRAM=${!name}" "$name=$PWD/inside/$name"
	done
	printf '#!/bin/sh\nexec %s python3 "$@"\n' "$INSIDE" > inside/python
	PYTHON=$PWD/inside/python
	export PYTHON
	chmod 755 inside/*
}

# Everything that still runs ends, the server well; what it said is shown where the test failed.
end_network() {
	local pid status=0
	for pid in ${PIDS[@]+"${PIDS[@]}"}; do
		kill "$pid" 2> /dev/null || true
	done
	[ -z "$SERVER_PID" ] || stop_server || status=$?
	wait
	[ ! -e "$LOG" ] || cat "$LOG"
	return "$status"
}

# start_proxy PLACE PORT OPTION…: between whoever sends to $NET.(100 + PLACE) and the server, who sees $NET.PLACE:PORT.
# An older one in that place ends first.
start_proxy() {
	local place=$1 port=$2 said=$BATS_TEST_TMPDIR/proxy.$1
	shift 2
	rm -f "$said"
	"$PROXY" --from="$NET.$place$([ "$port" = 6666 ] || echo ":$port")" "$@" "$NET.$((100 + place)):$port" \
		"$NET.1:$([ "$port" = 20024 ] && echo 20023 || echo 6666)" > "$said" 3>&- &
	PIDS+=($!)
	PROXY_PID=$!
	until grep -q '^port ' "$said" 2> /dev/null; do
		kill -0 "$PROXY_PID" || return
		sleep 0.02
	done
}

# A Red Hat client's LOG, once its module is there.
STARTUP=04000000000000000200000000$(printf '[...network console startup...]\n' | xxd -p -c 64)

# Each kind has its place, and its dump an own directory.
KINDS=(redhat freebsd plain sealed pipe classic)
place_of() {
	local i
	for i in "${!KINDS[@]}"; do
		[ "${KINDS[i]}" != "$1" ] || echo $((i + 11))
	done
}

# dump_as KIND ADDRESS [OPTION…]: a dump of such a client to the server, or proxy, at ADDRESS. $WITHIN: a command that runs
# the client.
dump_as() {
	local kind=$1 to=$2
	shift 2
	# shellcheck disable=SC2086 # words
	case $kind in
	redhat) ${WITHIN-} "$REDHAT" --machine=x86_64 --state-ms=0 "$@" "$to" "$IMAGE" ;;
	# The port of the proxy; a kernel has the one that the server answers to.
	freebsd) ${WITHIN-} "$PYTHON" "$FREEBSD" --no-shift-bug --scale 0.1 --client-port 0 "$@" "$LESS" "$to:20024" ;;
	plain) ${WITHIN-} "$SEND" "$@" -f "$SENT" "$to" ;;
	sealed) ${WITHIN-} "$SEND" --mtu=1500 --server-key="$FILES/server.key.pub" --key="$FILES/client.key" "$@" -f "$LESS" "$to" ;;
	pipe) cat "$FLAT" | ${WITHIN-} "$SEND" --mtu=1500 "$@" "$to" ;;
	classic) ${WITHIN-} "$SEND" --classic "$@" -f "$LESS" "$to" ;;
	esac 3>&-
}

# freebsd_arrived FILE: what is there is what was sent by FreeBSD, whose client is let go before the disk has it all.
freebsd_arrived() {
	until_true [ -e "$1" ]
	cmp "$LESS" "$1"
}

# arrived KIND: what is there is what was sent, byte for byte.
arrived() {
	local place dump
	place=$(place_of "$1")
	dump=$(echo "$DUMPS/$NET.$place-"*)
	case $1 in
	redhat) tail -c +4097 "$dump/vmcore" | cmp - "$IMAGE" ;;
	freebsd) cmp "$LESS" "$DUMPS/vmcore.$NET.$place.0" ;;
	plain) cmp "$SENT" "$dump/vmcore" ;;
	sealed | pipe) cmp "$LESS" "$dump/vmcore" ;;
	classic) python3 "$CORE" compare "$LESS" "$dump/vmcore" ;;
	esac
}

# await_digest DIRECTORY: of a dump that has arrived. Its digest is made after the sender was told.
await_digest() {
	until [ "$(jq -r .sha256 "$1/meta.json")" = "$(sha256sum < "$1/vmcore" | cut -d ' ' -f 1)" ]; do
		sleep 0.02
	done
}

# forget DIRECTORY: of a dump that has arrived, when the server does nothing with it any more.
forget() {
	await_digest "$1"
	rm -r "$1"
}

# meta_of KIND: its meta.json.
meta_of() {
	local place
	place=$(place_of "$1")
	if [ "$1" = freebsd ]; then
		echo "$DUMPS/meta.$NET.$place.0.json"
	else
		echo "$DUMPS/$NET.$place-"*/meta.json
	fi
}

# dump_all KIND…: all at once, each by a proxy with "${PATH_OPTIONS[@]}"; $STATUS_OF[KIND] is how the client ended.
declare -gA STATUS_OF # -g: `load` is a function
dump_all() {
	local kind place
	local -A pids
	for kind in "$@"; do
		place=$(place_of "$kind")
		start_proxy "$place" "$([ "$kind" = freebsd ] && echo 20024 || echo 6666)" --seed="$place" "${PATH_OPTIONS[@]}"
		dump_as "$kind" "$NET.$((100 + place))" > "$BATS_TEST_TMPDIR/$kind.said" 2>&1 &
		pids[$kind]=$!
		PIDS+=($!)
	done
	for kind in "$@"; do
		STATUS_OF[$kind]=0
		wait "${pids[$kind]}" || STATUS_OF[$kind]=$?
		echo "$kind: ${STATUS_OF[$kind]}: $(cat "$BATS_TEST_TMPDIR/$kind.said")"
	done
}

# hold KIND…: such clients, each in the middle of its dump, where a proxy with "${PATH_OPTIONS[@]}" leaves it until go_on.
declare -gA PID_OF
HELD=()
hold() {
	local kind place options
	for kind in "$@"; do
		place=$(place_of "$kind")
		start_proxy "$place" "$([ "$kind" = freebsd ] && echo 20024 || echo 6666)" --most=200000 "${PATH_OPTIONS[@]}"
		HELD+=("$PROXY_PID")
		options=()
		# It would not send often enough, and it would give up.
		[ "$kind" != plain ] || options=(--mtu=1500)
		[ "$kind" != freebsd ] || options=(--scale "${PATIENCE:-1}")
		dump_as "$kind" "$NET.$((100 + place))" "${options[@]}" > "$BATS_TEST_TMPDIR/$kind.said" 2>&1 &
		PID_OF[$kind]=$!
		PIDS+=($!)
	done
	until_true in_the_middle $#
}

# in_the_middle COUNT: so many dumps have begun to arrive.
in_the_middle() {
	[ "$(find "$DUMPS" -name '*incomplete' -size +64k | wc -l)" -ge "$1" ]
}

go_on() {
	kill -USR1 "${HELD[@]}"
}

# until_true COMMAND…: bounded only by the patience of who runs the tests.
until_true() {
	until "$@"; do
		sleep 0.05
	done
}
