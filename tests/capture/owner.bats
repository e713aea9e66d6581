#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Who loads the capture kernel, and what is done for the local targets of a running system.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # bats sets variables; words are for the shell under test

load shells

@test "who loads the capture kernel" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/etc/default"
	enabled='systemctl() { case " $ENABLED " in *" $3 "*) ;; *) return 1 ;; esac; };'
	ENABLED='' each "$enabled owner"
	[ "$output" = kmortem ]
	ENABLED=kdump.service each "$enabled owner"
	[ "$output" = kdump ]
	export ENABLED=kdump-tools.service
	each "$enabled owner"
	[ "$output" = kmortem ]
	for line in USE_KDUMP=0 'USE_KDUMP="0"' '#USE_KDUMP=1'; do
		echo "$line" > "$ROOT/etc/default/kdump-tools"
		each "$enabled owner"
		[ "$output" = kmortem ]
	done
	for line in USE_KDUMP=1 "USE_KDUMP='1' # on" 'USE_KDUMP=1 # on'; do
		printf 'USE_KDUMP=0\n%s\n' "$line" > "$ROOT/etc/default/kdump-tools"
		each "$enabled owner"
		[ "$output" = kdump-tools ]
	done
}

@test "who loads the capture kernel where there is no systemd" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/etc/default" "$ROOT/etc/rc2.d" "$ROOT/etc/init.d" "$ROOT/etc/runlevels/default"
	echo USE_KDUMP=1 > "$ROOT/etc/default/kdump-tools"
	without='has() { false; };'
	each "$without owner"
	[ "$output" = kmortem ]
	: > "$ROOT/etc/init.d/kdump-tools"
	ln -s ../init.d/kdump-tools "$ROOT/etc/rc2.d/K01kdump-tools"
	each "$without owner"
	[ "$output" = kmortem ]
	mv "$ROOT"/etc/rc2.d/{K,S}01kdump-tools
	each "$without owner"
	[ "$output" = kdump-tools ]
	echo USE_KDUMP=0 > "$ROOT/etc/default/kdump-tools"
	each "$without owner"
	[ "$output" = kmortem ]
	: > "$ROOT/etc/runlevels/default/kdump"
	each "$without owner"
	[ "$output" = kdump ]
}

@test "a kdump that kmortem has no hook for is told from none" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT"
	each 'owner() { echo kmortem; }; hooks_install'
	[ "$status" -eq 2 ]
	[[ $stderr == *'no kdump is installed that kmortem has a hook for; it saves by itself, see kmortem capture load' ]]
	each 'has() { [ $1 = systemctl ]; }; owner() { echo kdump; }; hooks_install'
	[ "$status" -eq 2 ]
	[[ $stderr == *'no hook for the kdump that is installed here'*': systemctl disable --now kdump && systemctl enable --now kmortem-capture' ]]
}

@test "old dumps are removed from local targets that are there" {
	mkdir -p "$BATS_TEST_TMPDIR/a b" "$BATS_TEST_TMPDIR/c"
	printf '%s\n' "target=local $BATS_TEST_TMPDIR/a b" "target=nfs host:/d" "target=local $BATS_TEST_TMPDIR/none" \
		"target=local $BATS_TEST_TMPDIR/c" > "$BATS_TEST_TMPDIR/conf"
	each 'retain() { echo "$#|$1|$2"; }; uname() { echo thishost; }; conf_read '"$BATS_TEST_TMPDIR/conf"' && retain_local'
	[ "$output" = "2|$BATS_TEST_TMPDIR/a b|thishost
2|$BATS_TEST_TMPDIR/c|thishost" ]
}

@test "to which directories whoever saves here saves" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/etc/default"
	found='has_units() { :; }; findmnt() { case "$*" in *" UUID=1-2") echo "/mnt/a b"; echo /srv ;; *" /dev/sdb") echo / ;; *) return 1 ;; esac; }'
	each "conf_file=x; $found; saver() { echo image; }
		conf_targets='local /var/a b
device UUID=1-2:/x
nfs host:/d
device /dev/sdb:/var/dumps
device /dev/sdc:/none
'; places"
	[ "$output" = "/var/a b
/mnt/a b/x
/var/dumps" ]
	printf 'KDUMP_COREDIR="/srv/crash"\n' > "$ROOT/etc/default/kdump-tools"
	each "$found; saver() { echo kdump-tools; }; places"
	[ "$output" = /srv/crash ]
	printf 'path /dumps\next4 UUID=1-2\n' > "$ROOT/etc/kdump.conf"
	each "parts=capture; $found; saver() { echo kdump; }; places"
	[ "$output" = "/mnt/a b/dumps" ]
}

@test "whether anything has to wait for the network" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/etc"
	echo web7 > "$ROOT/etc/hostname"
	for target in 'nfs a:/b' 'ssh u@a:/b' 'netdump a'; do
		each "conf_targets='local /var/crash
$target
'; networked"
		[ "$status" -eq 0 ]
	done
	each "conf_targets='local /nfs a:/b
device /dev/netdump:/ssh
'; networked"
	[ "$status" -eq 1 ]
	# This host's name comes from there, too.
	printf 'NAME=x\nDEFAULT_HOSTNAME="fedora"\n' > "$ROOT/etc/os-release"
	for name in '' localhost localhost.localdomain fedora; do
		echo "$name" > "$ROOT/etc/hostname"
		each "conf_targets='local /var/crash
'; networked"
		[ "$status" -eq 0 ]
	done
}

# called WORD…: kmortem-capture, with a configuration.
called() {
	printf 'target=local /var/crash\n' > "$BATS_TEST_TMPDIR/conf"
	CONF=$BATS_TEST_TMPDIR/conf run --separate-stderr capture/kmortem-capture "$@"
}

@test "another kernel has to be one that is installed" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/lib/modules/6.1.0-test" "$ROOT/lib/modules/6.2.0-test" "$ROOT/x"
	for command in build load show status; do
		for release in '' . .. ../../x 6.3.0-test; do
			called $command --kernel "$release"
			[ "$status" -eq 2 ]
			[ "$stderr" = "kmortem-capture: --kernel $release: no such kernel is installed; those in /lib/modules are: 6.1.0-test 6.2.0-test" ]
		done
	done
	called status --kernel 6.2.0-test
	[ "$status" -eq 1 ]
	[ "$output" = 'not loaded' ]
}

@test "words too many" {
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT"
	for command in 'owner x' 'places x' 'networked x' 'retain x' 'status x' 'build --kernel' 'build --force' 'unload --if-changed' 'status --force' 'show --if-changed' 'load --force --kernel' 'status --kernel' 'install a b' x; do
		# shellcheck disable=SC2086 # words
		called $command
		[ "$status" -eq 2 ]
		[[ $stderr == usage:* ]]
	done
}

@test "the environment names no other system, but in tests" {
	mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/root/lib/modules/6.1.0-none"
	printf '#!/bin/sh\necho 1000\n' > "$BATS_TEST_TMPDIR/bin/id"
	printf '#!/bin/sh\nexit 1\n' > "$BATS_TEST_TMPDIR/bin/systemctl"
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH ROOT=$BATS_TEST_TMPDIR/root CONF=/nonexist/conf WORK=/nonexist/work KERNEL_RELEASE=none
	run --separate-stderr capture/kmortem-capture networked
	[ "$stderr" = 'kmortem-capture: /nonexist/conf: cannot be read' ]
	run -0 capture/kmortem-capture --help
	[[ $output == *'from /nonexist/conf'* ]]
	unset KMORTEM_TEST
	run -0 capture/kmortem-capture --help
	[[ $output == *'from /etc/kmortem/capture.conf'* ]]
	# With a root of its own it would not ask who runs it.
	run --separate-stderr capture/kmortem-capture load
	[ "$status" -eq 2 ]
	[ "$stderr" = 'kmortem-capture: load has to be run as root' ]
}

@test "who is not root is told so" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\necho 1000\n' > "$BATS_TEST_TMPDIR/bin/id"
	chmod +x "$BATS_TEST_TMPDIR/bin/id"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH ROOT=''
	for command in load check 'test --verdict' install; do
		# shellcheck disable=SC2086 # words
		CONF=$BATS_TEST_TMPDIR/none KERNEL_RELEASE=none run --separate-stderr capture/kmortem-capture $command
		[ "$stderr" = "kmortem-capture: ${command%% *} has to be run as root" ]
		if [ "$command" = check ]; then [ "$status" -eq 3 ]; else [ "$status" -eq 2 ]; fi
	done
	run -0 capture/kmortem-capture --help
	run -0 capture/kmortem-capture owner
}
