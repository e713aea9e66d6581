# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The capture image: an initramfs with busybox, makedumpfile, kmortem and the drivers that lead to the targets. It is made
# of what this system has; no tool of a distribution is needed but modprobe, which knows what a module needs.

image_release=${KERNEL_RELEASE:-$(uname -r)}
image_directory=$ROOT/var/lib/kmortem/capture
image_file=$image_directory/initrd-$image_release

# ---- programs ----------------------------------------------------------------------------------

# image_program IMAGE PROGRAM: with the libraries that it is linked to.
image_program() {
	program=$(command -v "$2") || die "$2 is not installed: the capture image needs it"
	cp -L "$program" "$1/bin/"
	ldd "$program" 2> /dev/null | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$1${library%/*}"
		cp -L "$library" "$1$library"
	done
}

image_busybox() {
	image_program "$1" busybox
	for name in $(busybox --list); do
		[ -e "$1/bin/$name" ] || ln -s busybox "$1/bin/$name"
	done
}

# ---- drivers -----------------------------------------------------------------------------------

# drivers_above PATH: modules of the device at that place in /sys and of what it hangs on.
drivers_above() {
	above=$(readlink -f "$1")
	while [ "$above" ] && [ "$above" != "$ROOT/sys" ]; do
		[ ! -e "$above/driver/module" ] || basename "$(readlink -f "$above/driver/module")"
		above=${above%/*}
	done
}

# drivers_of_block MAJOR:MINOR: also of the disks that a mapped device or an array is made of.
drivers_of_block() {
	[ -d "$ROOT/sys/dev/block/$1" ] || die "no block device has the number '$1'"
	block=$(readlink -f "$ROOT/sys/dev/block/$1")
	[ ! -e "$block/partition" ] || block=${block%/*}
	drivers_above "$block"
	for slave in "$block"/slaves/*; do
		[ ! -e "$slave" ] || drivers_of_block "$(cat "$slave/dev")"
	done
}

# image_modules IMAGE MODULE…: with what they need, plain files, in the order in which they are loaded.
image_modules() {
	modules_image=$1
	shift
	for module in "$@"; do
		modprobe -S "$image_release" --ignore-install --show-depends "$module" | sed -n 's/^insmod \([^ ]*\).*/\1/p'
	done | awk '!seen[$0]++' | while read -r file; do
		name=$(basename "$file" | sed 's/\.ko.*/.ko/')
		case $file in
		*.xz) xz -dc "$file" ;;
		*.zst) zstd -dcq "$file" ;;
		*.gz) gzip -dc "$file" ;;
		*) cat "$file" ;;
		esac > "$modules_image/lib/modules/$name"
		echo "/lib/modules/$name"
	done > "$modules_image/lib/modules/order"
}

# ---- targets -----------------------------------------------------------------------------------

# The directory, its device (by UUID, which does not change), its file system and the path in that: one line.
device_line() {
	findmnt -n -T "$1" -o UUID,FSTYPE,TARGET | {
		read -r uuid type mounted
		path=$(readlink -f "$1")
		[ "$uuid" ] && echo "$1 UUID=$uuid $type ${path#"${mounted%/}"}"
	}
}

# image_target IMAGE TARGET: what the image has to know; prints the modules that it needs.
image_target() {
	where=${2#* }
	case $2 in
	"local "*)
		mkdir -p "$where"
		device_line "$where" >> "$1/etc/kmortem/capture.devices" || die "$where: lies on no device that has a UUID"
		findmnt -n -r -T "$where" -o FSTYPE,MAJ:MIN | while read -r type number; do # read: findmnt pads
			echo "$type"
			drivers_of_block "$number"
		done
		;;
	esac
}

# ---- the image ---------------------------------------------------------------------------------

image_fill() {
	mkdir -p "$1/bin" "$1/lib/modules" "$1/lib/kmortem" "$1/etc/kmortem" "$1/dev" "$1/proc" "$1/sys" "$1/tmp" "$1/run"
	image_busybox "$1"
	image_program "$1" makedumpfile
	image_program "$1" kmortem
	mkdir -p "$1$rules_directory" && cp -R "$rules_directory/." "$1$rules_directory/"
	cp "$parts"/shared/*.sh "$parts"/saving/*.sh "$1/lib/kmortem/"
	install -m 755 "$parts/saving/init" "$1/init"
	cp "$conf_file" "$1/etc/kmortem/capture.conf"
	uname -n > "$1/etc/hostname"
	printf %s "$conf_targets" | while IFS= read -r target; do
		image_target "$1" "$target" || exit
	done > "$1/modules" || return
	# shellcheck disable=SC2046 # one word each
	image_modules "$1" $(cat "$1/modules")
	rm "$1/modules"
}

# build: replaces the image, whole or not at all.
build() {
	mkdir -p "$image_directory"
	work=$(mktemp -d) || return
	image_fill "$work" && (cd "$work" && find . | busybox cpio -o -H newc 2> /dev/null) | gzip -9 > "$image_file.new" &&
		sync "$image_file.new" && mv "$image_file.new" "$image_file"
	status=$?
	rm -rf "$work" "$image_file.new"
	return $status
}
