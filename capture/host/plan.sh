# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# What belongs into an image: found out first, and written beside the image. An image whose plan would be another one now is stale.
#
# Lines: "settings DIGEST", "parts DIGEST", "kernel RELEASE SIZE TIME", "program NAME FILE SIZE TIME", "file FILE SIZE TIME",
# "hostname NAME", "machine DIGEST", "watchdog IDENTITY", "watchdog_module NAME",
# "target TARGET", and then of that target: "module NAME", "device TARGET DEVICE TYPE OPTIONS PATH" (parted by tabs), "activate HOW", "host ADDRESS NAME", "network …",
# "missing TARGET".

# plan_stamp FILE: size and time.
plan_stamp() { stat -L -c '%s %Y' "$ROOT$1" 2> /dev/null; }

# plan_program NAME…, plan_file FILE…: status 1 where one is not there.
plan_program() {
	for name in "$@"; do
		found=$(program_file "$name") || { say "$name is not installed: the capture image needs it"; return 1; }
		echo "program $name $found $(stat -L -c '%s %Y' "$found")"
	done
}

plan_file() {
	for file in "$@"; do
		if [ ! -f "$ROOT$file" ] || [ ! -r "$ROOT$file" ]; then
			say "$file: cannot be read"
			return 1
		fi
		echo "file $file $(plan_stamp "$file")"
	done
}

# plan_script FILE…: the capture kernel has to be able to run it.
plan_script() {
	for file in "$@"; do
		plan_file "$file" || return
		[ -x "$ROOT$file" ] || { say "$file: cannot be executed: chmod +x"; return 1; }
		lacks=$(script_lacks "$file")
		[ -z "$lacks" ] || { say "$file: is for $lacks, and the capture image has busybox's programs only: write it for #!/bin/sh"; return 1; }
	done
}

plan_modules() {
	for module in "$@"; do echo "module $module"; done
}

# ---- targets -----------------------------------------------------------------------------------

plan_way=plan_network # what finds the way to a server

# plan_target TARGET: its lines; status 1, and why is told, where the capture kernel could not reach it.
plan_target() {
	target=$1 where=${1#* }
	target_lines=$(plan_target_lines) || return
	# shellcheck disable=SC2046 # words
	lost=$(modules_lost $(printf '%s\n' "$target_lines" | sed -n 's/^module //p'))
	[ -z "$lost" ] || {
		say "$where: modprobe finds no $lost for the kernel $image_release, by which it is reached; boot a kernel whose modules are installed"
		return 1
	}
	printf '%s\n' "$target_lines"
}

plan_target_lines() {
	case $target in
	"local "*) plan_local "$where" ;;
	"device "*) plan_device "${where%%:/*}" "/${where#*:/}" ;;
	"nfs "*) "$plan_way" "$(host_of "$target")" && plan_modules nfs nfsv3 nfsv4 ;;
	"ssh "*) "$plan_way" "$(host_of "$target")" && plan_ssh ;;
	"netdump "*)
		"$plan_way" "$(host_of "$target")" && plan_program netdump-send &&
			plan_file ${conf_netdump_server_key:+"$conf_netdump_server_key"} ${conf_netdump_key:+"$conf_netdump_key"}
		;;
	esac
}

plan_local() {
	directory=$(directory_real "$1") || return
	read -r number type source place <<- END
		$(mount_of "$directory")
	END
	[ "$number" ] || { say "$1: /proc/self/mountinfo does not tell what it lies on"; return 1; }
	case $number in
	0:*) number=$(device_number "$(mount_plain "$source")" 2> /dev/null) || {
		say "$1: lies on $(mount_refusal "$type" "$source")"
		return 1
	} ;;
	esac
	# From where the file system begins: a place in it is counted from there, whatever is mounted by default.
	options=rw
	[ "$type" != btrfs ] || options=rw,subvolid=5
	plan_filesystem "$number" "$type" "$options" "$(mount_plain "$place")"
}

plan_device() {
	if ! node=$(device_found "$1") || ! number=$(device_number "$node"); then
		say "$1: there is no such device"
		return 1
	fi
	type=$(device_tag "$node" TYPE)
	[ "$type" ] || { say "$1: has no file system that blkid knows"; return 1; }
	plan_filesystem "$number" "$type" rw "$2"
}

# plan_filesystem MAJOR:MINOR TYPE OPTIONS PATH: named by what does not change from boot to boot, where it has that. A mirror is
# named as the image's mdadm.conf does: where the array's own data stands at the end, each of its disks has the same UUID.
plan_filesystem() {
	plan_disk "$1" || return
	device=$(device_node "$1")
	uuid=$(device_tag "$device" UUID)
	case $device in
	/dev/md*) name=$device ;;
	*) name=${uuid:+UUID=}${uuid:-$device} ;;
	esac
	printf 'device %s\t%s\t%s\t%s\t%s\n' "$target" "$name" "$2" "$3" "$4"
	plan_type "$2" "$uuid" || return
	drivers_of_block "$1" | sed 's/^/module /'
	plan_activation "$(device_activation "$1" | awk '!seen[$0]++')"
}

# plan_disk MAJOR:MINOR: status 1 where it cannot be had in the capture kernel.
plan_disk() {
	refusal=$(device_refusal "$1")
	[ -z "$refusal" ] || { say "${target#* }: lies on $refusal"; return 1; }
}

# plan_type TYPE UUID
plan_type() {
	plan_modules "$1"
	case $1 in
	vfat) plan_modules nls_cp437 nls_ascii nls_iso8859-1 nls_utf8 ;;
	btrfs)
		disks=$(btrfs_disks "$2")
		[ "$(echo "$disks" | wc -l)" -gt 1 ] || return 0
		echo "activate btrfs"
		plan_program btrfs || return
		for disk in $disks; do
			plan_disk "$disk" || return
			drivers_of_block "$disk" | sed 's/^/module /'
			plan_activation "$(device_activation "$disk")" || return
		done
		;;
	esac
}

# btrfs_disks UUID: MAJOR:MINOR of each, one a line; of what is not mounted the kernel does not tell.
btrfs_disks() {
	cat "$ROOT/sys/fs/btrfs/$1/devices"/*/dev 2> /dev/null && return
	btrfs filesystem show "$1" 2> /dev/null | sed -n 's/.*[[:space:]]path //p' | while read -r disk; do device_number "$disk"; done
}

# plan_activation LINES
plan_activation() {
	[ "$1" ] || return 0
	printf '%s\n' "$1" | sed 's/^/activate /'
	# shellcheck disable=SC2046 # words
	plan_program $(printf '%s\n' "$1" | sed 's/ .*//' | sort -u)
}

# A key that wants a passphrase, or a server that nobody knows, would be asked for after the crash.
plan_ssh() {
	plan_program ssh || return
	key=$(ssh_key_file) || { say "no key for ssh: make one (ssh-keygen -N '') and name it with ssh_key="; return 1; }
	ssh-keygen -y -P '' -f "$ROOT$key" > /dev/null 2>&1 || { say "$key: wants a passphrase, or is no key"; return 1; }
	known_host_lines "$(known_name_of "$target")" | grep -q . || {
		say "$(known_name_of "$target"): its key is not known; after looking at it: ssh-keyscan, or log in once as root"
		return 1
	}
	plan_file "$key"
}

# known_host_lines HOST: of the files that say which key it has.
known_host_lines() {
	for file in "${conf_ssh_known_hosts:-/root/.ssh/known_hosts}" /etc/ssh/ssh_known_hosts; do
		[ ! -r "$ROOT$file" ] || ssh-keygen -F "$1" -f "$ROOT$file" 2> /dev/null | grep -v '^#'
	done
}

# ---- all ---------------------------------------------------------------------------------------

# plan_before TARGET: its lines, where it lies on the network, with the way that was found before.
plan_before() {
	is_on_network "$1" && lines=$(plan_way=plan_network_before && plan_target "$1" 2> /dev/null) || return
	say "$1: taken as it was found before"
	printf '%s\n' "$lines"
}

# plan_tools: without these an image would lack modules or libraries, and start all the same.
plan_tools() {
	set -- ldd sha256sum
	if [ -e "$ROOT/lib/modules/$image_release/modules.dep" ]; then
		set -- "$@" modprobe
	elif modules_are_loaded; then
		say "/lib/modules/$image_release has no modules.dep, and this system needs modules: no capture image can be made; boot a kernel whose modules are installed"
		return 1
	fi
	for tool in "$@"; do
		has "$tool" || { say "$tool is not installed: no capture image can be made"; return 1; }
	done
}

# plan: all lines; status 1 where a target is missing, 2 where no image can be.
plan() {
	plan_tools || return 2
	# Without those that only the running system reads.
	echo "settings $(grep -v '^[[:space:]]*\(accept\|notify_[a-z]*\)[[:space:]]*=' "$conf_file" | sha256sum | cut -c 1-64)"
	echo "parts $(find "$parts" "$rules_directory" -type f | LC_ALL=C sort | xargs cat | sha256sum | cut -c 1-64)"
	echo "kernel $image_release $(plan_stamp "/lib/modules/$image_release/modules.dep")"
	plan_identity
	plan_program busybox makedumpfile kmortem || return 2
	lacks=$(busybox_lacks)
	[ -z "$lacks" ] || { say "busybox has no ${lacks% }; install one that has (busybox-static)"; return 2; }
	plan_script ${conf_pre_script:+"$conf_pre_script"} ${conf_post_script:+"$conf_post_script"} &&
		plan_file ${conf_known_signatures:+"$conf_known_signatures"} || return 2
	absent=$(extra_modules_absent)
	[ -z "$absent" ] || say "extra_modules: the kernel $image_release has no $absent"
	# shellcheck disable=SC2086 # words
	plan_modules $conf_extra_modules
	plan_watchdogs
	# shellcheck disable=SC2046 # one word, or none
	plan_modules $(pstore_module)
	plan_missing=0
	while IFS= read -r target; do
		[ "$target" ] || continue
		if lines=$(plan_target "$target") || lines=$(plan_before "$target"); then
			printf '%s\n' "target $target" "$lines"
		else
			printf 'missing %s\n' "$target"
			plan_missing=1
		fi
	done <<- END
		$conf_targets
	END
	return $plan_missing
}
