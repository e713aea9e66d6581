# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The capture image: an initramfs with busybox, makedumpfile, kmortem and what leads to the targets. It is made of what this
# system has; no tool of a distribution is needed but modprobe, which knows what a module needs.

image_directory=$ROOT/var/lib/kmortem/capture

# image_of RELEASE: the image is for that kernel.
image_of() {
	image_release=$1
	image_file=$image_directory/initrd-$1
	image_plan=$image_file.plan
}
image_of "${KERNEL_RELEASE:-$(uname -r)}"

# plan_lines KIND PLAN: the lines of that kind, without the word.
plan_lines() { sed -n "s/^$1 //p" "$2"; }

# plans_newest_first: those of all kernels.
plans_newest_first() { ls -t "$image_directory"/initrd-*.plan 2> /dev/null; }

# ---- filling it --------------------------------------------------------------------------------

image_fill() {
	mkdir -p "$1/bin/rules" "$1/lib/modules" "$1/lib/kmortem" "$1/etc/kmortem" "$1/proc" "$1/sys" "$1/tmp" "$1/run" "$1/usr" &&
		ln -s ../bin "$1/usr/bin" || return # where scripts name their interpreters
	plan_lines program "$2" | while read -r name rest; do
		case $name in
		ssh) image_ssh "$1" ;;
		*) image_program "$1" "$name" ;;
		esac || exit
	done || return
	cp -R "$rules_directory/." "$1/bin/rules/" && # kmortem looks beside itself first
		cp "$parts"/shared/*.sh "$parts"/saving/*.sh "$1/lib/kmortem/" &&
		install -m 700 "$parts/saving/init" "$1/init" &&
		install -m 700 "$parts/saving/dhcp" "$1/bin/dhcp" || return
	image_drivers "$1" "$2" || return
	image_settings "$1" "$2"
}

# The drivers of watchdogs are loaded before all others, by what feeds these.
image_drivers() {
	# shellcheck disable=SC2046 # one word each
	image_modules "$1" watchdogs $(plan_lines watchdog_module "$2" | awk '!seen[$0]++') &&
		image_modules "$1" order $(plan_lines module "$2" | awk '!seen[$0]++')
}

# What the capture kernel reads, below /etc/kmortem and where the settings name it.
image_settings() {
	cp "$conf_file" "$1/etc/kmortem/capture.conf" || return
	plan_lines hostname "$2" > "$1/etc/hostname"
	plan_lines machine "$2" > "$1/etc/kmortem/capture.machine"
	plan_lines watchdog "$2" > "$1/etc/kmortem/capture.watchdogs"
	plan_lines device "$2" > "$1/etc/kmortem/capture.devices"
	plan_lines activate "$2" | awk '!seen[$0]++' > "$1/etc/kmortem/capture.activate"
	plan_lines network "$2" | awk '!seen[$0]++' > "$1/etc/kmortem/capture.network"
	plan_lines host "$2" | LC_ALL=C sort -u > "$1/etc/hosts"
	plan_lines file "$2" | sed 's/ [0-9]* [0-9]*$//' | while IFS= read -r file; do
		mkdir -p "$1${file%/*}" && cp -L "$ROOT$file" "$1$file" && image_libraries "$1" "$ROOT$file" || exit
	done || return
	image_known_hosts "$1" || return
	image_md "$1" "$2"
}

image_known_hosts() {
	case $conf_targets in *ssh*) ;; *) return 0 ;; esac
	printf %s "$conf_targets" | sed -n '/^ssh /p' | while IFS= read -r target; do
		known_host_lines "$(known_name_of "$target")"
	done > "$1/etc/kmortem/known_hosts"
	! key=$(ssh_key_file) || ln -s "$key" "$1/etc/kmortem/ssh_key"
}

# image_md IMAGE PLAN: each array by the name that the kernel has for it now. One that was stopped may still be listed for a while.
image_md() {
	! plan_lines activate "$2" | grep -q '^mdadm' || {
		echo 'HOMEHOST <ignore>'
		for array in "$ROOT"/sys/block/md*/md; do
			case $(cat "$array/array_state" 2> /dev/null) in clear | inactive) continue ;; esac
			array=${array%/md}
			mdadm --detail --brief "/dev/${array##*/}"
		done
	} > "$1/etc/mdadm.conf"
}

# ---- making it ---------------------------------------------------------------------------------

# image_obstacle: why none can be made now; nothing where it can.
image_obstacle() {
	obstacle_status=0
	obstacle=$({ plan > /dev/null; } 2>&1) || obstacle_status=$?
	[ "$obstacle_status" -ne 2 ] || printf '%s\n' "$obstacle" | sed -n '$s/^kmortem-capture: //p'
}

# image_is_stale: status 0 where there is none, or another one would be made now; says why.
image_is_stale() {
	if [ ! -s "$image_file" ] || [ ! -r "$image_plan" ]; then
		echo "there is no capture image for $image_release"
		return
	fi
	now_status=0
	now=$(plan 2> /dev/null) || now_status=$?
	if [ "$now_status" -eq 2 ]; then
		echo "what the capture image is made of is not all there ($(image_obstacle))"
		return
	fi
	{
		printf '%s\n' "$now" | grep -vxF -f "$image_plan"
		printf '%s\n' "$now" | grep -vxF -f - "$image_plan"
	} | image_change | sed -n 1p | grep . # to the end: below systemd who writes on complains
}

# What a line of the plan is about.
image_change() {
	while read -r kind what rest; do
		case $kind in
		settings) echo "the capture image is older than $conf_file" ;;
		parts) echo "the capture image was made by another version of kmortem-capture" ;;
		kernel) echo "the modules of $what have changed since the capture image was made" ;;
		watchdog | watchdog_module) echo "the watchdogs that run are not those that the capture image feeds: $what${rest:+ $rest}" ;;
		hostname | machine) echo "this host is another one than when the capture image was made: $kind $what" ;;
		program | file) echo "$what has changed since the capture image was made" ;;
		*) echo "the way to a target has changed since the capture image was made: $kind $what${rest:+ $rest}" ;;
		esac
	done
}

# build: replaces the image, whole or not at all; status 1 where a target could not be taken along, 2 where there is no image.
build() {
	umask 077 # keys are in it
	mkdir -p "$image_directory" && exec 9< "$image_directory" || return 2
	flock 9 || return 2 # one at a time
	work=$(mktemp -d) || return 2
	trap build_end EXIT
	trap 'exit 2' HUP INT TERM
	missing=0
	plan > "$work/plan" || missing=$?
	status=2
	if [ "$missing" -le 1 ] && ! grep -q "^\(device\|network address\)" "$work/plan"; then
		say "no target can be reached from a capture kernel: no image"
	elif [ "$missing" -le 1 ]; then
		image_write "$work" && status=$missing
	fi
	build_end
	return "$status"
}

# Also where it is interrupted: keys are in these files, too.
build_end() {
	rm -rf "$work" "$image_file.new"
	exec 9<&-
	trap - EXIT HUP INT TERM
}

image_write() {
	(image_fill "$1/root" "$1/plan") || return
	{ archive "$1/root" "$(busybox_links "$1/root")" || echo > "$1/failed"; } | archive_compressed > "$image_file.new" && [ ! -e "$1/failed" ] &&
		sync && rm -f "$image_plan" && mv "$image_file.new" "$image_file" && cp "$1/plan" "$image_plan" && return
	say "$image_file: could not be written; see to it that there is room"
	return 1
}

# images_prune: those of kernels that are no longer installed go, with the keys in them. Their plans stay as long as ours is without
# a target, the way to which they may have.
images_prune() {
	[ -r "$image_plan" ] || return 0
	for file in "$image_directory"/initrd-*; do
		release=${file##*/initrd-} release=${release%.new} release=${release%.plan}
		if [ "$release" = "$image_release" ] || [ -d "$ROOT/lib/modules/$release" ]; then continue; fi
		case $file in *.plan) ! grep -q '^missing ' "$image_plan" || continue ;; esac
		rm -f "$file"
	done
}
