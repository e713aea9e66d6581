# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The way to a server: looked up while this system has one, written into the image, and gone again by the capture kernel.

# networked: status 0 where the plan hangs on what this system knows only while its network is up: a way, or its own name.
networked() {
	while IFS= read -r target; do
		! is_on_network "$target" || return 0
	done <<- END
		$conf_targets
	END
	host_name_comes_late
}

# host_address HOST: the address itself, or that which this system's resolver has.
host_address() {
	case $1 in
	*:* | *[!0-9.]*) ;;
	*) echo "$1" && return ;;
	esac
	case $1 in
	*:*) echo "$1" ;;
	*) getent ahosts "$1" 2> /dev/null | sed -n 's/[[:space:]].*//p' | head -n 1 | grep . ;;
	esac
}

# way_field FIELD WORD…: what follows FIELD in an answer of `ip route get`.
way_field() {
	way_wanted=$1
	shift
	while [ $# -gt 1 ]; do
		[ "$1" != "$way_wanted" ] || { echo "$2"; return; }
		shift
	done
	return 1
}

# plan_network HOST: lines of the plan: how its address is reached.
plan_network() {
	if ! address=$(host_address "$1"); then
		say "$1: has no address; is the network up? Name servers are not asked after a crash"
		return 1
	fi
	[ "$address" = "$1" ] || echo "host $address $1"
	way=$(ip route get "$address" 2> /dev/null)
	# shellcheck disable=SC2086 # words
	if ! interface=$(way_field dev $way) || ! source=$(way_field src $way); then
		say "$1: no way leads to $address; is the network up?"
		return 1
	fi
	# shellcheck disable=SC2086
	gateway=$(way_field via $way) || gateway=-
	plan_interface "$interface" || return
	length=$(ip -o addr show dev "$interface" | sed -n "s,.* $source/\([0-9]*\) .*,\1,p" | head -n 1)
	echo "network address $interface $source/${length:-32}"
	echo "network route $interface $address $gateway"
	case $address in *:*) echo "module ipv6" ;; esac
	echo "module af_packet"
}

# plan_network_before HOST: the same, for $target, by the newest plan that has it, of whatever kernel: the network may not be up
# yet while this system boots, and a new kernel has no image of its own.
plan_network_before() {
	plans_newest_first | while IFS= read -r file; do
		PLAN_TARGET="target $target" awk '
			/^(target|missing) / { inside = $0 == ENVIRON["PLAN_TARGET"] }
			inside && /^(host|network|module) / && !seen[$0]++ { lines = lines $0 "\n" }
			inside && /^network address / { found = 1 }
			END { if (!found) exit 1; printf "%s", lines }' "$file" && exit
	done | grep .
}

# plan_interface NAME: lines that make it: "network card NAME MAC DEVICE MTU", "network bond NAME CARDS OPTION…",
# "network vlan NAME CARD NUMBER MTU"; status 1 for what leads to no card.
plan_interface() (
	net=$ROOT/sys/class/net/$1
	if [ -d "$net/bonding" ]; then
		plan_bond "$1"
	elif [ -r "$ROOT/proc/net/vlan/$1" ]; then
		lower=$(sed -n 's/^Device: *//p' "$ROOT/proc/net/vlan/$1")
		plan_interface "$lower" || exit
		echo "module 8021q"
		echo "network vlan $1 $lower $(sed -n 's/.*VID: *\([0-9]*\).*/\1/p' "$ROOT/proc/net/vlan/$1") $(cat "$net/mtu")"
	elif [ -d "$net/bridge" ]; then
		plan_bridge "$1"
	elif [ -d "$net/phy80211" ]; then
		say "$1 is wireless: the capture kernel cannot use it"
		exit 1
	elif [ -e "$net/device" ]; then
		device=$(readlink -f "$net/device")
		case $(readlink "$device/subsystem") in
		*/ccwgroup)
			say "$1 is a group of channel devices, which the capture kernel does not set online; have the distribution's kdump save there (kmortem capture install)"
			exit 1
			;;
		esac
		echo "network card $1 $(card_address "$1") ${device#"$ROOT"} $(cat "$net/mtu")"
		drivers_above "$net/device" | sed 's/^/module /'
	else
		say "$1 is no card, bond, bridge or VLAN: the capture kernel cannot make it"
		exit 1
	fi
)

# card_address NAME: the one that it was made with; a bond gives its cards another one.
card_address() {
	ip -o link show dev "$1" 2> /dev/null | sed -n 's/.* permaddr \([0-9a-f:]*\).*/\1/p' | grep . || cat "$ROOT/sys/class/net/$1/address"
}

# bond_options DIRECTORY: " NAME=VALUE" of those that count. Links that nobody watches (miimon 0), or that were watched by ARP, are
# watched by their carrier; LACP's rate is refused where there is no LACP.
bond_options() {
	lacp=
	for option in mode miimon xmit_hash_policy lacp_rate; do
		[ -r "$1/$option" ] || continue
		setting=$option=$(sed 's/ .*//' "$1/$option") # "802.3ad 4": a name and its number
		case $setting in
		mode=802.3ad) lacp=1 ;;
		mode=*) lacp= ;;
		miimon=0) setting=miimon=100 ;;
		lacp_rate=*) [ "$lacp" ] || continue ;;
		esac
		printf ' %s' "$setting"
	done
}

plan_bond() {
	bond=$ROOT/sys/class/net/$1 options=$(bond_options "$ROOT/sys/class/net/$1/bonding")
	cards=$(cat "$bond/bonding/slaves")
	[ "$cards" ] || { say "$1: a bond without cards"; return 1; }
	for card in $cards; do plan_interface "$card" || return; done
	echo "module bonding"
	echo "network bond $1 $(echo "$cards" | tr ' ' ,) $(cat "$bond/mtu")$options"
}

# Of a bridge only that port is needed that leads out; it takes the bridge's address.
plan_bridge() {
	for port in "$ROOT/sys/class/net/$1/brif"/*; do
		port=${port##*/}
		lines=$(plan_interface "$port" 2> /dev/null) || continue
		printf '%s\n' "$lines"
		echo "network port $1 $port"
		return
	done
	say "$1: a bridge without a card"
	return 1
}
