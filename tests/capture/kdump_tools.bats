#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook in kdump-tools, as systemd runs it: with commands that only write down what they were asked.
# shellcheck disable=SC2154,SC2030,SC2031 # bats sets variables; each test has a shell of its own

bats_require_minimum_version 1.5.0

# Where local targets lie in this root, mount puts a link.
setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root GRACE=0
	export PATH=$ROOT/bin:$PATH
	shells=(dash bash 'busybox sh')
}

# root_make LINE…: of capture.conf
root_make() {
	rm -rf "$ROOT"
	mkdir -p "$ROOT"/{bin,proc,etc/kmortem,dev,crash}
	ln -s /proc/uptime "$ROOT/proc/uptime"
	printf 'OSRELEASE=6.1.0-test\nBUILD-ID=0123\n' > "$ROOT/proc/vmcore"
	printf '%s\n' "$@" > "$ROOT/etc/kmortem/capture.conf"
	stub mount "for word; do from=\${to-} to=\$word; done; echo \"mount \$*\" >> $ROOT/called; rmdir \"\$to\" && ln -s \"\$from\" \"\$to\""
	stub umount "rm \"\$1\""
	stub reboot "echo reboot \$* >> $ROOT/called; kill -KILL 0"
	stub kmortem "$(kmortem_words)"
	stub makedumpfile "$(makedumpfile_words)"
}

# stub NAME WORDS
stub() {
	printf '#!/bin/sh\n%s\n' "$2" > "$ROOT/bin/$1"
	chmod +x "$ROOT/bin/$1"
}

makedumpfile_words() {
	cat <<- 'END'
		case $* in
		-v) echo "lzo enabled"; exit ;;
		--dump-dmesg*) echo "Kernel panic - not syncing: test" > "$3"; exit ;;
		esac
		level=$(echo " $*" | sed 's/.* -d \([0-9]*\).*/\1/')
		case " ${FAILS-} " in *" $level "*) exit 1 ;; esac
		for word; do :; done
		echo "level $level" > "$word"
	END
}

kmortem_words() {
	cat <<- 'END'
		for word; do :; done
		eval "${CHECK-}"
		for level in ${UNSOUND-}; do ! grep -qx "level $level" "$word" || exit 1; done
	END
}

# saved: the one directory of a dump.
saved() { echo "$ROOT"/crash/*-[0-9][0-9][0-9][0-9]-*; }

# hook SHELL: in a session of its own, which a reboot kills.
hook() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	run timeout 100 setsid -w $1 capture/hooks/bounded kdump-tools
	echo "$output"
	[ "$status" -eq 0 ] || grep -s reboot "$ROOT/called"
}

@test "the dump goes where capture.conf wants it, and the capture kernel ends" {
	for shell in "${shells[@]}"; do
		root_make "target = local $ROOT/crash"
		UNSOUND=31 hook "$shell"
		[ "$(cat "$(saved)/vmcore")" = 'level 17' ]
		[ -s "$(saved)/dmesg.txt" ]
		jq -e '.complete and .dump_level == 17 and .checked == "sound" and .target == "local '"$ROOT"'/crash"' "$(saved)/meta.json"
		[ "$(tail -n 1 "$ROOT/called")" = 'reboot -n -f' ]
		[ ! -e "$ROOT/run/kmortem/target" ]
	done
}

@test "a device is mounted for it" {
	root_make 'target = device /dev/none:/dumps' "target = local $ROOT/crash"
	stub mount "echo \"mount \$*\" >> $ROOT/called; exit 32"
	hook dash
	[ "$(cat "$ROOT/called")" = "mount -o rw /dev/none $ROOT/run/kmortem/target
mount --bind $ROOT/crash $ROOT/run/kmortem/target.2" ]
	[[ $output == *'ended with status 1'* ]]
}

@test "a local directory of a file system that is not mounted is no target until that is" {
	for shell in "${shells[@]}"; do
		root_make "target = local $ROOT/link/dumps/here" "target = local $ROOT/crash"
		mkdir "$ROOT/late disk"
		ln -s 'late disk' "$ROOT/link"
		printf '%s\n' "/dev/none $ROOT/late\\040disk/dumps ext4 nofail 0 0" "/dev/none $ROOT/late ext4 nofail 0 0" > "$ROOT/etc/fstab"
		stub findmnt "[ \"\$1\" != -s ] || exec $(command -v findmnt) \"\$@\"; [ -e $ROOT/mounted ] && echo asked \$3 >> $ROOT/called"
		stub systemctl "echo \"systemctl \$*\" >> $ROOT/called; exit 1"
		hook "$shell"
		[ "$(head -n 2 "$ROOT/called")" = "systemctl start $(systemd-escape -p --suffix=mount "$ROOT/late disk/dumps")
mount --bind $ROOT/crash $ROOT/run/kmortem/target.2" ]
		[ ! -e "$ROOT/late disk/dumps" ]
		[ "$(cat "$(saved)/vmcore")" = 'level 31' ]
		jq -e '.failures[0] | contains("/link/dumps/here: cannot be reached")' "$(saved)/meta.json"
		[[ $output == *"fstab has $ROOT/late disk/dumps for it, which cannot be mounted"* ]]
		# What systemd can mount, or has mounted, is one.
		for words in "stub systemctl true" "touch $ROOT/mounted"; do
			rm "$ROOT/called"
			$words
			hook "$shell"
			grep -qx "mount --bind $ROOT/link/dumps/here $ROOT/run/kmortem/target" "$ROOT/called"
			rm -r "$ROOT/late disk/dumps"
			stub systemctl false
		done
	done
}

@test "where nothing holds the dump, kdump-tools comes next" {
	for shell in "${shells[@]}"; do
		root_make "target = local $ROOT/crash"
		stub cat 'exit 1'
		FAILS='31 17 1' hook "$shell"
		[ -z "$(find "$ROOT/crash" -name vmcore)" ]
		[ "$(grep -c reboot "$ROOT/called")" -eq 0 ]
	done
	root_make 'nonsense'
	hook dash
	[ ! -e "$ROOT/called" ]
}

@test "what hangs or is lost of ours ends, with status 0" {
	# Not by busybox, whose own timeout kills no more than one process.
	for shell in dash bash; do
		root_make "target = local $ROOT/crash" time_limit=2s
		stub mount 'trap "" TERM; sleep 1000; sleep 1000'
		hook "$shell"
		[ ! -e "$ROOT/called" ]
	done
	root_make
	rm -r "${ROOT:?}/etc" "$ROOT/proc/uptime"
	hook dash
}

@test "without a dump there is nothing to do" {
	root_make "target = local $ROOT/crash"
	: > "$ROOT/proc/vmcore"
	hook dash
	[ -z "$output" ]
	[ ! -e "$ROOT/run" ]
}
