# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# kdump-utils, of Fedora and RHEL. Its capture kernel saves from an initramfs that dracut makes; kdump.sh there runs what lies in
# /etc/kdump/pre.d before the dump, and in post.d after it. A dracut module brings what these two of ours need.

# Older ones have no such directories, and would not look into them.
kdump_utils_is_here() {
	[ -x "$ROOT/usr/bin/kdumpctl" ] && [ -f "$ROOT/etc/kdump.conf" ] && [ -d "$ROOT/etc/kdump/pre.d" ] &&
		[ -d "$ROOT/etc/kdump/post.d" ]
}

# kdump_utils_images RELEASE: what it loads with that kernel, one a line.
kdump_utils_images() {
	for image in "$ROOT/boot" "$ROOT/var/lib/kdump"; do
		image=$image/initramfs-$1kdump.img
		[ ! -f "$image" ] || echo "$image"
	done
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

# kdump_utils_newer FILE…: prints the first of its images that is older than one of these, and the first that is newer; nothing where
# none is.
kdump_utils_newer() {
	kdump_utils_images "$image_release" | while IFS= read -r image; do
		for file; do
			[ ! -f "$ROOT$file" ] || [ -z "$(find -L "$ROOT$file" -newer "$image")" ] || echo "$image $file"
		done
	done | sed -n 1p
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
