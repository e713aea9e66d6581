# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# kdump-utils, of Fedora and RHEL. Its capture kernel saves from an initramfs that dracut makes; kdump.sh there runs what lies in
# /etc/kdump/pre.d before the dump, and in post.d after it. A dracut module brings what these two of ours need.

# Older ones have no such directories, and would not look into them.
kdump_utils_is_here() {
	[ -x "$ROOT/usr/bin/kdumpctl" ] && [ -f "$ROOT/etc/kdump.conf" ] && [ -d "$ROOT/etc/kdump/pre.d" ] &&
		[ -d "$ROOT/etc/kdump/post.d" ]
}

# kdump_utils_release RELEASE: of the kernel that it loads while that one runs.
kdump_utils_release() {
	wanted=$(sed -n "s/^[[:space:]]*KDUMP_KERNELVER=[\"']\{0,1\}\([^\"'[:space:]#]*\).*/\1/p" "$ROOT/etc/sysconfig/kdump" 2> /dev/null | tail -n 1)
	plain=${1%[+-]debug}
	if [ "$wanted" ]; then
		echo "$wanted"
	elif [ -d "$ROOT/lib/modules/$plain" ]; then
		echo "$plain"
	else
		echo "$1"
	fi
}

# kdump_utils_image RELEASE: what it loads while that kernel runs: of all that lie where it has them, the one made last; others
# were left behind. With fadump it is the system's own.
kdump_utils_image() {
	set -- "$(kdump_utils_release "$1")" "$(cat "$ROOT/etc/machine-id" 2> /dev/null)"
	mark=kdump
	! fadump_says enabled || mark=
	newest=
	for image in "$ROOT/boot/initramfs-$1$mark.img" "$ROOT/var/lib/kdump/initramfs-$1$mark.img" "$ROOT"/boot/ostree/*/"initramfs-$1$mark.img" \
		"$ROOT/boot/$2/$1/initrd$mark" "$ROOT/boot/efi/$2/$1/initrd$mark" "$ROOT/efi/$2/$1/initrd$mark"; do
		[ -f "$image" ] || continue
		if [ -z "$newest" ] || [ "$(find "$image" -newer "$newest")" ]; then newest=$image; fi
	done
	[ -z "$newest" ] || echo "$newest"
}

kdump_utils_files() {
	printf '%s\n' /usr/lib/dracut/modules.d/99kmortem/module-setup.sh /etc/kdump/pre.d/kmortem /etc/kdump/post.d/kmortem
}

kdump_utils_text() {
	case $1 in
	*/module-setup.sh)
		cat <<- END
			#!/bin/bash
			$HOOK_MARK
			[[ ! -r $parts/hooks/dracut.sh ]] || . $parts/hooks/dracut.sh
		END
		;;
	*)
		when=${1%.d/kmortem}
		cat <<- END
			#!/bin/sh
			$HOOK_MARK
			[ ! -x $parts/hooks/bounded ] || $parts/hooks/bounded kdump-utils ${when##*/} "\$@" || :
		END
		;;
	esac
}

# kdump_utils_setting PATTERN: as its hook reads kdump.conf.
kdump_utils_setting() (
	# shellcheck source=capture/hooks/kdump_place.sh
	. "$parts/hooks/kdump_place.sh"
	kdump_setting "$1" 2> /dev/null
)

# kdump_utils_targets: the one to which it saves, in the words of capture.conf; what these have no word for as it is; nothing where
# that kdump has no such settings.
kdump_utils_targets() (
	[ -r "$ROOT/etc/kdump.conf" ] || return
	# shellcheck source=capture/hooks/kdump_place.sh
	. "$parts/hooks/kdump_place.sh"
	directory=$(kdump_setting path)
	directory=/${directory#/}
	[ "$directory" != / ] || directory=/var/crash
	for kind in ssh raw; do
		server=$(kdump_setting $kind)
		[ -z "$server" ] || { echo "$kind $server:$directory"; return; }
	done
	place=$(kdump_device)
	case $place in
	'') echo "local $directory" ;;
	*:/*) echo "nfs ${place%/}$directory" ;;
	/* | *=*) echo "device $place:$directory" ;;
	*) echo "virtiofs $place:$directory" ;;
	esac
)

# Its image has to be made again, and loaded where it was.
kdump_utils_changed() {
	[ -z "$ROOT" ] && kdump_utils_is_here || return 0
	kdumpctl rebuild || { say "kdumpctl rebuild failed: the capture kernel is what it was"; return 1; }
	systemctl -q is-active kdump.service || return 0
	kdumpctl reload || { say "kdumpctl reload failed: no capture kernel is loaded now"; return 1; }
}

# kdump_utils_newer FILE…: prints its image and the first of these that is newer; nothing where none is.
kdump_utils_newer() {
	image=$(kdump_utils_image "$image_release")
	[ "$image" ] || return 0
	for file; do
		[ ! -f "$ROOT$file" ] || [ -z "$(find -L "$ROOT$file" -newer "$image")" ] || { echo "$image $file"; return; }
	done
}

kdump_utils_obstacle() {
	if [ ! -x "$parts/hooks/bounded" ]; then
		echo "$parts/hooks is not complete: install kmortem-capture again"
		return
	fi
	# shellcheck disable=SC2046 # paths without spaces
	newer=$(kdump_utils_newer $(kdump_utils_files) /etc/kmortem/capture.conf)
	[ -z "$newer" ] || echo "${newer% *} is older than ${newer##* }: kdumpctl rebuild && kdumpctl reload"
}
