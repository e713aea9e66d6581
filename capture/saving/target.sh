# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Where dumps go. In the capture kernel a target is chosen, then opened; then it either has a directory, or takes streams.
#
#   target_choose TARGET    sets $target_directory to the directory that it will have, empty for one that takes streams; so
#                           that target_open can run in a process of its own: it is the one that may hang
#   target_open             mounts or reaches the one chosen; status 0 when it can be written to
#   target_new DUMP         makes the directory of a dump; status 17 (EEXIST) where there is something of that name
#   target_take DUMP/FILE   standard input becomes that file of a target that takes streams; status 0 when it is on the disk
#   target_keep FROM TO     renames a file of such a target, DUMP/FILE both, once it is on the disk
#   target_close            status 0 when what was written has left this machine
#
# netdump has no files: there the dump is a stream that takes the log along, and nothing else is sent.

target_mount=$ROOT/target        # of the first; each that follows has one of its own
target_log=$ROOT/run/netdump.log # for the stream that will come

# ---- choosing ----------------------------------------------------------------------------------

# target_choose TARGET: a local directory or a device is what the plan of the image says of it.
target_choose() {
	target=$1 target_kind=${1%% *} target_where=${1#* } target_directory=
	case $target_kind in
	local | device)
		target_found "$1" || return
		target_directory=$target_mount${target_path%/}
		;;
	nfs) target_directory=$target_mount ;;
	esac
}

# target_found TARGET: sets $target_device, $target_type, $target_options, $target_path.
target_found() {
	while IFS='	' read -r name target_device target_type target_options target_path; do
		[ "$name" != "$1" ] || return 0
	done < "$ROOT/etc/kmortem/capture.devices"
	return 1
}

# target_address: of the server, as the resolver of the running system had it.
target_address() {
	target_host=$(host_of "$target")
	while read -r address name; do
		[ "$name" != "$target_host" ] || { echo "$address"; return; }
	done < "$ROOT/etc/hosts"
	echo "$target_host"
}

# ---- opening -----------------------------------------------------------------------------------

# target_open: what was recorded of the network may hold no longer; then the server of addresses is asked, once.
target_open() {
	case $target_kind in
	local | device) target_mount_device ;;
	netdump)
		# One that knows only the original netdump cannot be asked; whether it takes a dump turns out when it is sent.
		rm -f "$target_log"
		network_up
		netdump_send --check --timeout=15 || network_ask "$(target_address)" || :
		;;
	*)
		network_up
		# Also without an answer: a switch that has just seen the link come up may let nothing through for half a minute.
		target_reach || { network_ask "$(target_address)" || :; target_reach; }
		;;
	esac
}

target_mount_device() {
	device=$(device_wait "$target_device") || { say "$target_device, for $target, has not appeared"; return 1; }
	mkdir -p "$target_mount"
	mount -t "$target_type" -o "$target_options" "$device" "$target_mount" && target_make
}

# target_make: its directory. A link on the way there may lead out of what is mounted, into the memory of this kernel.
target_make() {
	mkdir -p "$target_directory" || return
	case $(readlink -f "$target_directory")/ in "$(readlink -f "$target_mount")"/*) return ;; esac
	say "$target: a link leads out of its file system"
	return 1
}

target_reach() {
	case $target_kind in
	nfs) target_mount_nfs ;;
	ssh) target_ssh "umask 077; mkdir -p $(target_there)" ;;
	esac
}

# The kernel speaks every version itself, and with what version 3 needs around it; no program of the host takes part. A server
# that says nothing for long will not say more to the next version.
target_mount_nfs() {
	mkdir -p "$target_mount"
	target_ip=$(target_address)
	uptime_seconds
	mount_begun=$uptime
	for version in 4.2 4.1 4.0 3; do
		options="vers=$version,addr=$target_ip,soft,timeo=100,retrans=3,proto=tcp$(target_family)"
		[ "$version" != 3 ] || options="$options,nolock,mountproto=tcp$(target_family)"
		! mount -t nfs -o "$options" "$target_where" "$target_mount" || return 0
		uptime_seconds
		[ $((uptime - mount_begun)) -lt 20 ] || break
	done
	return 1
}

target_family() { case $target_ip in *:*) echo 6 ;; esac; }

# target_ssh COMMAND: on the server, whose key must be the one that was known when the image was made. Nothing is asked.
target_ssh() {
	target_ip=$(target_address)
	target_identity
	port=$(port_of "$target")
	ssh -F none -T -i "$target_key" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes \
		-o UserKnownHostsFile="$target_known" -o GlobalKnownHostsFile=none -o HostKeyAlias="$(known_name_of "$target")" \
		-o CheckHostIP=no -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4 \
		${port:+-p "$port"} -l "${target_where%%@*}" "$target_ip" "$1"
}

# target_identity: sets $target_key and $target_known, files that the image has.
target_identity() { target_key=$ROOT/etc/kmortem/ssh_key target_known=$ROOT/etc/kmortem/known_hosts; }

# target_there [NAME]: what lies by that name in the target's directory, or that itself, as one word of the server's shell.
target_there() { quoted "$(directory_of "$target")${1:+/$1}"; }

# ---- writing -----------------------------------------------------------------------------------

target_new() {
	if [ "$target_directory" ]; then
		new=$target_directory/$1
		mkdir "$new" || { [ ! -e "$new" ] && [ ! -L "$new" ] || return 17; return 1; }
	elif [ "$target_kind" = ssh ]; then
		new=$(target_there "$1")
		target_ssh "umask 077; mkdir $new || { [ ! -e $new ] || exit 17; exit 1; }"
	fi
}

# Older programs named sync take no file.
target_take() {
	case $target_kind in
	ssh)
		file=$(target_there "$1")
		folder=$(target_there "${1%/*}")
		target_ssh "umask 077; mkdir -p $folder && cat > $file && { sync $file 2> /dev/null || sync; }"
		;;
	netdump)
		case ${1##*/} in
		dmesg.txt) cat > "$target_log" ;;
		vmcore*) netdump_log ;;
		*) cat > /dev/null ;;
		esac
		;;
	esac
}

# netdump_send OPTION…: to the target's server, with the site's keys.
netdump_send() {
	port=$(port_of "$target")
	netdump-send -q ${port:+"--port=$port"} ${conf_netdump_server_key:+"--server-key=$ROOT$conf_netdump_server_key"} \
		${conf_netdump_key:+"--key=$ROOT$conf_netdump_key"} "$@" "$(target_address)"
}

# netdump_log: the dump on standard input, and the log if it has not gone yet.
netdump_log() {
	set --
	[ ! -e "$target_log" ] || set -- "--log=$target_log"
	netdump_send "$@" && rm -f "$target_log"
}

target_keep() {
	[ "$target_kind" = ssh ] || return 0
	from=$(target_there "$1") to=$(target_there "$2")
	target_ssh "mv $from $to && sync"
}

# A log that no dump has followed goes alone.
target_close() {
	case $target_kind in
	netdump) [ ! -e "$target_log" ] || : | netdump_log ;;
	ssh) : ;;
	*) umount "$target_mount" ;;
	esac
}
