# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The way to a server, as the running system had it: lines of capture.network, in their order (see host/network.sh).

NETWORK_PATIENCE=30 # seconds for a card to appear, and again for its link
network_done=$ROOT/run/network

# network_up: once. What cannot be made is told: the server may be reached without it.
network_up() {
	[ ! -e "$network_done" ] || return 0
	ip link set dev lo up
	while read -r kind name rest; do
		# shellcheck disable=SC2086 # words
		"network_$kind" "$name" $rest || say "the network lacks $kind $name"
	done < "$ROOT/etc/kmortem/capture.network"
	: > "$network_done"
}

# network_card NAME ADDRESS DEVICE MTU: gives the card with that address, or in that place, its name.
network_card() {
	card=$(network_find "$2" "$3") || return
	if [ "$card" != "$1" ]; then
		# One that has the name is another one; it gets out of the way.
		[ ! -e "$ROOT/sys/class/net/$1" ] || ip link set dev "$1" name "$(printf %.15s "not-$1")"
		ip link set dev "$card" name "$1" || return
	fi
	ip link set dev "$1" mtu "$4"
	ip link set dev "$1" up
}

network_find() {
	waited=0
	until network_look "$1" "$2"; do
		[ "$waited" -lt "$NETWORK_PATIENCE" ] || return
		sleep 1
		waited=$((waited + 1))
	done
}

# Bonds and VLANs have an address, too, but no device.
network_look() {
	for net in "$ROOT"/sys/class/net/*; do
		[ -e "$net/device" ] && [ "$(cat "$net/address")" = "$1" ] && echo "${net##*/}" && return
	done
	for net in "$ROOT"/sys/class/net/*; do
		[ -e "$net/device" ] && [ "$(readlink -f "$net/device")" = "$ROOT$2" ] && echo "${net##*/}" && return
	done
	return 1
}

# network_bond NAME CARDS MTU OPTION…: the mode has to be set first, while it has no cards.
network_bond() {
	bond=$1 cards=$2 mtu=$3
	shift 3
	echo "+$bond" > "$ROOT/sys/class/net/bonding_masters" || [ -d "$ROOT/sys/class/net/$bond" ] || return
	for option in "$@"; do
		echo "${option#*=}" > "$ROOT/sys/class/net/$bond/bonding/${option%%=*}"
	done
	for card in $(echo "$cards" | tr , ' '); do
		ip link set dev "$card" down
		echo "+$card" > "$ROOT/sys/class/net/$bond/bonding/slaves"
	done
	ip link set dev "$bond" mtu "$mtu"
	ip link set dev "$bond" up
}

# network_vlan NAME CARD NUMBER MTU
network_vlan() {
	ip link add link "$2" name "$1" type vlan id "$3" || return
	ip link set dev "$1" mtu "$4"
	ip link set dev "$1" up
}

# network_port BRIDGE CARD: the card takes the bridge's place.
network_port() {
	ip link set dev "$2" down
	ip link set dev "$2" name "$1" && ip link set dev "$1" up
}

# network_address NAME ADDRESS/LENGTH: the link has to be there, or what is sent first is lost.
network_address() {
	network_linked "$1"
	case $2 in
	*:*)
		# Who asks first whether anybody else has the address cannot use it for some seconds.
		echo 0 > "$ROOT/proc/sys/net/ipv6/conf/$1/accept_dad"
		ip -6 addr add "$2" dev "$1"
		;;
	*) ip addr add "$2" dev "$1" ;;
	esac
}

network_linked() {
	waited=0
	until [ "$(cat "$ROOT/sys/class/net/$1/carrier" 2> /dev/null)" = 1 ]; do
		[ "$waited" -lt "$NETWORK_PATIENCE" ] || { say "$1 has no link"; return; }
		sleep 1
		waited=$((waited + 1))
	done
}

# network_route NAME HOST GATEWAY: a gateway may lie outside of the address's network.
network_route() {
	[ "$3" != - ] || return 0
	case $2 in
	*:*) ip -6 route replace "$2" via "$3" dev "$1" ;;
	*) ip route replace "$3" dev "$1" && ip route replace "$2" via "$3" dev "$1" ;;
	esac
}

# network_ask ADDRESS: an address by DHCP on the card that leads there, where the recorded way leads nowhere; once. The ways to
# others stay as they are. IPv6 needs no asking: routers tell of themselves.
network_ask() {
	case $1 in *:*) return 1 ;; esac
	[ ! -e "$network_done.$1" ] || return
	: > "$network_done.$1"
	while read -r kind name address rest; do
		if [ "$kind $address" != "route $1" ] || [ ! -e "$ROOT/sys/class/net/$name" ]; then continue; fi
		say "asking for an address on $name"
		! NETWORK_HOST=$1 udhcpc -i "$name" -n -q -t 5 -T 3 -s /bin/dhcp < /dev/null || return 0
	done < "$ROOT/etc/kmortem/capture.network"
	return 1
}
