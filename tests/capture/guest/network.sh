# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2034
# A network of the scenario's own: a namespace in which the emulator runs, and the servers that the guest is to reach. In the
# guest, 10.0.2.2 and fec0::2 are the loopback of that.

SERVER=$BUILD/netdump-server/netdump-server SERVER_PID='' INSIDE='' PIDS=()
# shellcheck source=tests/netdump/server.bash
. "$tests_dir/netdump/server.bash"

# network_open: with the servers that the scenario's host() starts in it.
network_open() {
	[ "$(type -t host)" = function ] || return 0
	open_namespace INSIDE > "$place/why" || return
	network_serves
	host > "$place/host.log" 2>&1 || { tail -n 1 "$place/host.log" > "$place/why"; return 1; }
}

network_close() {
	[ "${#PIDS[@]}" -eq 0 ] || kill "${PIDS[@]}" 2> /dev/null
	rm -f "$place/servers.pid"
}

# network_serves PID…: these end with the network, or with this program.
network_serves() {
	PIDS+=("$@")
	echo "${PIDS[*]}" > "${place%/peer}/servers.pid"
}

# network_arguments: of the emulator, one a line. Cards that are a wire to the peer are eth0, eth1, … of both.
network_arguments() {
	local kind number=0 from=guest to=peer
	[ "$place" = "${place%/peer}" ] || from=peer to=guest
	for kind in ${scenario[network]:-none}; do
		echo -netdev
		case $kind in
		none) echo "user,id=n$number,restrict=on" ;;
		user) echo "user,id=n$number" ;;
		wire) echo "dgram,id=n$number,local.type=unix,local.path=${place%/peer}/$from.$number,remote.type=unix,remote.path=${place%/peer}/$to.$number" ;;
		esac
		printf '%s\n' -device "virtio-net-pci,netdev=n$number,mac=52:54:00:00:0$number:0$(printf %s "$from" | wc -c)"
		number=$((number + 1))
	done
}

# ---- a second guest ----------------------------------------------------------------------------

# peer_start ROOT_DIRECTORY: of the same root, where the scenario has a function `peer`; it is there before the first one is.
peer_start() {
	local place=$place/peer machine_pid
	[ "$(type -t peer)" = function ] || return 0
	mkdir "$place" && machine_disks "$1" && machine_start "$1" guest.peer || return
	network_serves "$machine_pid"
	until grep -aq '^ready' "$place/talk.log"; do
		kill -0 "$machine_pid" || return
		sleep 0.5
	done
}

# ---- netdump-server ----------------------------------------------------------------------------

# netdump_hand DIRECTORY: keys, as netdump-server(8) has them made: in DIRECTORY what the host gets; a stranger's, too.
netdump_hand() {
	"$SERVER" --keygen="$place/server.key" && "$SERVER" --keygen="$1/netdump.key" && "$SERVER" --keygen="$1/stranger.key" &&
		sed 's/^/labguest /' "$1/netdump.key.pub" > "$place/peers" && chmod 600 "$place/peers" && cp "$place/server.key.pub" "$1/"
}

# netdump_serve [LINE…]: with lines for its configuration. Dumps come to $place/served.
netdump_serve() {
	CONFIG=$place/netdump.conf LOG=$place/netdump.log
	mkdir -p "$place/served"
	printf '%s\n' "dumpdir=\"$place/served\"" 'status_file=""' freebsd_port=0 secure=2 "key=\"$place/server.key\"" \
		"peers=\"$place/peers\"" "$@" > "$CONFIG"
	touch "$LOG"
	# shellcheck disable=SC2119 # it needs no option
	start_server || { tail -n 1 "$LOG"; return 1; }
	network_serves "$SERVER_PID"
}

netdump_kill() { kill -KILL "$SERVER_PID"; }

# netdump_dies: as soon as some of a dump has come.
netdump_dies() {
	{ until find "$place/served" -name vmcore-incomplete -size +256k | grep .; do sleep 0.05; done && netdump_kill; } &
	network_serves "$!"
}
