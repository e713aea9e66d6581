#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The hooks in other kdumps: what is written, and that it can be taken away to the byte.
# shellcheck disable=SC2154 # bats sets variables

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export KMORTEM_TEST=1 ROOT=$BATS_TEST_TMPDIR/root
	hook=$PWD/capture/hooks/kdump-tools
	drop_in=$ROOT/etc/systemd/system/kdump-tools-dump.service.d/kmortem.conf
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\nexit 1\n' > "$BATS_TEST_TMPDIR/bin/systemctl"
	chmod +x "$BATS_TEST_TMPDIR/bin/systemctl"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# As Debian 12's package leaves it.
kdump_tools_root() {
	mkdir -p "$ROOT/usr/sbin" "$ROOT/lib/systemd/system" "$ROOT/etc/default" "$ROOT/etc/systemd/system"
	printf '#!/bin/sh\n' > "$ROOT/usr/sbin/kdump-config"
	chmod +x "$ROOT/usr/sbin/kdump-config"
	cat > "$ROOT/lib/systemd/system/kdump-tools-dump.service" <<- END
		[Service]
		Type=oneshot
		EnvironmentFile=/etc/default/kdump-tools
		ExecStart=/etc/init.d/kdump-tools start
	END
	printf '%s\n' 'USE_KDUMP=1' 'KDUMP_COREDIR="/var/crash"' \
		'#KDUMP_CMDLINE_APPEND="reset_devices systemd.unit=kdump-tools-dump.service nr_cpus=1"' > "$ROOT/etc/default/kdump-tools"
}

# tree: every file, its kind, mode and content.
tree() { (cd "$ROOT" && find . -printf '%p %y %m %l\n' | sort && find . -type f -print0 | sort -z | xargs -0 sha256sum); }

# capture SHELL WORD…
capture() {
	local shell=$1
	shift
	# shellcheck disable=SC2086 # "busybox sh" is two words
	run $shell capture/kmortem-capture "$@"
}

# state SHELL KIND
state() {
	# shellcheck disable=SC2016,SC2086
	run $1 -c 'set -u; parts=capture; for file in capture/shared/*.sh capture/host/*.sh; do . "$file"; done; parts=$PWD/capture
		hook_state "$1"' sh "$2"
}

@test "kdump-tools: one file is written, and taken away again" {
	for shell in dash bash 'busybox sh'; do
		rm -rf "$ROOT"
		kdump_tools_root
		before=$(tree)
		state "$shell" kdump-tools
		[ "$output" = none ]
		capture "$shell" install
		[ "$status" -eq 0 ]
		[ "$output" = /etc/systemd/system/kdump-tools-dump.service.d/kmortem.conf ]
		grep -qx "ExecStartPre=-$PWD/capture/hooks/bounded kdump-tools" "$drop_in"
		[ "$(stat -c %a "$drop_in")" = 644 ]
		state "$shell" kdump-tools
		[ "$output" = intact ]
		installed=$(tree; stat -c %Y "$drop_in")
		capture "$shell" install kdump-tools
		[ "$status" -eq 0 ]
		[ -z "$output" ]
		[ "$(tree; stat -c %Y "$drop_in")" = "$installed" ]
		capture "$shell" uninstall
		[ "$status" -eq 0 ]
		[ "$(tree)" = "$before" ]
		capture "$shell" uninstall kdump-tools
		[ "$status" -eq 0 ]
		[ "$(tree)" = "$before" ]
	done
}

@test "kdump-tools: what was changed since is put right, what is of others is left alone" {
	kdump_tools_root
	mkdir -p "${drop_in%/*}"
	echo '[Service]' > "${drop_in%/*}/site.conf"
	before=$(tree)
	capture dash install
	echo 'ExecStartPre=/bin/false' >> "$drop_in"
	state dash kdump-tools
	[ "$output" = 'broken: /etc/systemd/system/kdump-tools-dump.service.d/kmortem.conf is not as it was installed' ]
	capture dash install
	[ "$status" -eq 0 ]
	state dash kdump-tools
	[ "$output" = intact ]
	capture dash uninstall
	[ "$(tree)" = "$before" ]
	for other in "echo mine > $drop_in" "ln -s /dev/null $drop_in"; do
		rm -f "$drop_in"
		eval "$other"
		before=$(tree)
		capture dash install
		[ "$status" -eq 1 ]
		[[ $output == *'not of kmortem'* ]]
		capture dash uninstall
		[ "$status" -eq 0 ]
		[ "$(tree)" = "$before" ]
	done
}

@test "kdump-tools: settings that lead past the hook are told" {
	kdump_tools_root
	echo 'KDUMP_CMDLINE_APPEND="nr_cpus=1 systemd.unit=rescue.target" # mine' >> "$ROOT/etc/default/kdump-tools"
	capture dash install
	[ "$status" -eq 1 ]
	[[ $output == *'KDUMP_CMDLINE_APPEND in /etc/default/kdump-tools lacks systemd.unit=kdump-tools-dump.service'* ]]
	state dash kdump-tools
	[[ $output == 'broken: KDUMP_CMDLINE_APPEND'* ]]
	echo 'KDUMP_CMDLINE_APPEND="reset_devices systemd.unit=kdump-tools-dump.service"' >> "$ROOT/etc/default/kdump-tools"
	state dash kdump-tools
	[ "$output" = intact ]
	rm "$ROOT/usr/sbin/kdump-config"
	state dash kdump-tools
	[ "$output" = 'broken: kdump-tools is not installed any more' ]
}

@test "kdump-tools: where another init boots, nothing comes to a hook" {
	kdump_tools_root
	mkdir -p "$ROOT/etc/rc2.d"
	: > "$ROOT/etc/rc2.d/S01kdump-tools"
	before=$(tree)
	for shell in dash bash 'busybox sh'; do
		capture "$shell" install
		[ "$status" -eq 0 ]
		# shellcheck disable=SC2016,SC2086 # "busybox sh" is two words
		without() {
			run $shell -c 'set -u; parts=capture; for file in capture/shared/*.sh capture/host/*.sh; do . "$file"; done; parts=$PWD/capture
				has() { [ "$1" != systemctl ] && command -v "$1" > /dev/null; }; '"$1"
		}
		without 'hook_state kdump-tools; saver'
		[ "$output" = 'broken: systemd, which alone comes to it, is not installed any more
kdump-tools' ]
		capture "$shell" uninstall
		without hooks_install
		[ "$status" -eq 2 ]
		[[ $output == *'no hook for the kdump-tools that is installed here, but can capture in its place: update-rc.d kdump-tools disable && kmortem capture load' ]]
		without 'hooks_install kdump-tools'
		[ "$status" -eq 2 ]
		[[ $output == *'no kdump-tools is installed that a hook can take part in' ]]
		[ "$(tree)" = "$before" ]
	done
}

@test "where no such kdump is installed" {
	mkdir -p "$ROOT"
	state dash kdump-tools
	[ "$output" = absent ]
	capture dash install
	[ "$status" -eq 2 ]
	capture dash install kdump-tools
	[ "$status" -eq 2 ]
	capture dash uninstall
	[ "$status" -eq 0 ]
	capture dash install windows
	[ "$status" -eq 2 ]
	capture dash install kdump-tools now
	[ "$status" -eq 2 ]
	[ -z "$(ls -A "$ROOT")" ]
}

@test "kdump-tools: the hook does nothing without a dump" {
	for shell in dash bash 'busybox sh'; do
		touch "$BATS_TEST_TMPDIR/empty"
		# shellcheck disable=SC2086
		VMCORE=$BATS_TEST_TMPDIR/empty run $shell "$hook"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
}

# As kdump-utils' package leaves it.
kdump_utils_root() {
	mkdir -p "$ROOT/usr/bin" "$ROOT/usr/lib/dracut/modules.d/99kdumpbase" "$ROOT/etc/kdump/pre.d" "$ROOT/etc/kdump/post.d" "$ROOT/boot"
	printf '#!/bin/bash\n' > "$ROOT/usr/bin/kdumpctl"
	chmod +x "$ROOT/usr/bin/kdumpctl"
	printf 'path /var/crash\ncore_collector makedumpfile -l --message-level 7 -d 31\n' > "$ROOT/etc/kdump.conf"
	printf '#!/bin/sh\n' > "$ROOT/etc/kdump/post.d/site"
}

@test "kdump-utils: three files are written, and taken away again" {
	for shell in dash bash 'busybox sh'; do
		rm -rf "$ROOT"
		kdump_utils_root
		before=$(tree)
		capture "$shell" install
		[ "$status" -eq 0 ]
		[ "$output" = "/usr/lib/dracut/modules.d/99kmortem/module-setup.sh
/etc/kdump/pre.d/kmortem
/etc/kdump/post.d/kmortem" ]
		[ -x "$ROOT/etc/kdump/pre.d/kmortem" ]
		[ -x "$ROOT/etc/kdump/post.d/kmortem" ]
		dash -n "$ROOT/etc/kdump/pre.d/kmortem"
		bash -n "$ROOT/usr/lib/dracut/modules.d/99kmortem/module-setup.sh"
		grep -qF 'bounded kdump-utils pre' "$ROOT/etc/kdump/pre.d/kmortem"
		grep -qF 'bounded kdump-utils post' "$ROOT/etc/kdump/post.d/kmortem"
		state "$shell" kdump-utils
		[ "$output" = intact ]
		installed=$(tree)
		capture "$shell" install kdump-utils
		[ -z "$output" ]
		[ "$(tree)" = "$installed" ]
		chmod -x "$ROOT/etc/kdump/post.d/kmortem"
		state "$shell" kdump-utils
		[ "$output" = 'broken: /etc/kdump/post.d/kmortem is not as it was installed' ]
		rm "$ROOT/etc/kdump/post.d/kmortem"
		capture "$shell" install kdump-utils
		[ "$(tree)" = "$installed" ]
		capture "$shell" uninstall
		[ "$status" -eq 0 ]
		[ "$(tree)" = "$before" ]
	done
}

@test "kdump-utils: an image that is older than the hook is told" {
	kdump_utils_root
	capture dash install
	touch "$ROOT/boot/initramfs-$(uname -r)kdump.img"
	state dash kdump-utils
	[ "$output" = intact ]
	touch -d '1 hour ago' "$ROOT/boot/initramfs-$(uname -r)kdump.img"
	state dash kdump-utils
	[[ $output == 'broken: '*'/initramfs-'*'kdump.img is older than /'*': kdumpctl rebuild && kdumpctl reload' ]]
}

@test "kdump-utils: install makes an image anew that is older than the settings, and no other" {
	kdump_utils_root
	capture dash install
	image=$ROOT/boot/initramfs-$(uname -r)kdump.img
	mkdir -p "$ROOT/etc/kmortem"
	for shell in dash bash 'busybox sh'; do
		touch -d '1 minute ago' "$image"
		touch -d '2 minutes ago' "$ROOT"/etc/kdump/*.d/kmortem "$ROOT"/usr/lib/dracut/modules.d/99kmortem/*
		touch "$ROOT/etc/kmortem/capture.conf"
		# shellcheck disable=SC2016,SC2086 # "busybox sh" is two words
		for words in 'touch "$ROOT"/boot/*kdump.img' 'echo never'; do
			run -0 env WORDS="$words" $shell -c 'set -u; parts=capture; for file in capture/shared/*.sh capture/host/*.sh; do . "$file"; done
				parts=$PWD/capture; kdump_utils_changed() { eval "$WORDS"; }; hook_install kdump-utils'
			[ -z "$output" ]
		done
	done
}

# dracut WORDS: in bash, with the module loaded and the functions that dracut has for it.
dracut() {
	bash -uc 'inst() { echo "inst $*"; }; inst_simple() { echo "$1"; }; inst_multiple() { printf "%s\n" "$@"; }
		. '"$ROOT"'/usr/lib/dracut/modules.d/99kmortem/module-setup.sh; '"$1"
}

@test "kdump-utils: the module is of its image alone, and brings what the hook runs" {
	kdump_utils_root
	capture dash install
	run dracut check
	[ "$status" -eq 1 ]
	IN_KDUMP=1 run dracut check
	[ "$status" -eq 0 ]
	export initdir=$BATS_TEST_TMPDIR/image
	mkdir -p "$initdir"
	run dracut install
	[ "$status" -eq 0 ]
	for file in "$PWD"/capture/{shared,saving,hooks}/* "$PWD"/rules/*.yaml "$PWD"/rules/lib/*.yaml; do
		grep -qxF "$file" <<< "$output"
	done
	[ "$(cat "$initdir/etc/kmortem/hostname")" = "$(uname -n)" ]
	[ "$(cat "$initdir/etc/kmortem/capture.machine")" = "$(by dash this_machine)" ]
}
