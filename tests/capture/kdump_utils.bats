#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The hook in kdump-utils, run as kdump-utils runs it, with commands that only write down what they were asked.
# shellcheck disable=SC2154 # bats sets variables

bats_require_minimum_version 1.5.0

# A root as that of the capture kernel: /target is where the dump's file system is mounted.
setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export KMORTEM_TEST=1 ROOT=$BATS_TEST_TMPDIR/root GRACE=0
	shells=(dash bash 'busybox sh')
}

root_make() {
	rm -rf "$ROOT"
	mkdir -p "$ROOT"/{bin,proc,usr/bin,etc/kmortem,etc/kdump/pre.d,etc/kdump/post.d,lib,tmp,target/var/crash,run,dev,sys/class}
	ln -s /proc/uptime "$ROOT/proc/uptime"
	printf 'OSRELEASE=6.1.0-test\nBUILD-ID=0123\nCRASHTIME=1700000000\n' > "$ROOT/proc/vmcore"
	printf 'target=local /var/crash\n%s\n' "$@" > "$ROOT/etc/kmortem/capture.conf"
	echo crashed > "$ROOT/etc/kmortem/hostname"
	printf '%s\n' '# comment' 'ext4 /dev/mapper/dumps # here' 'path /var/crash' > "$ROOT/etc/kdump.conf"
	printf '#!/bin/sh\n' > "$ROOT/usr/bin/kdumpctl"
	chmod +x "$ROOT/usr/bin/kdumpctl"
	mkdir -p "$ROOT/sbin" "$ROOT/run/initramfs"
	stub ../sbin/vmcore-dmesg 'echo "log by vmcore-dmesg"'
	stub findmnt "case \$* in *OPTIONS*) echo rw ;; *) echo '$ROOT/target /dev/mapper/dumps' ;; esac"
	stub systemctl "echo systemctl \$* >> $ROOT/called"
	stub reboot "ls $ROOT/target/var/crash/* > $ROOT/rebooted; kill -KILL 0"
	stub mount :
	stub journalctl :
	stub dmesg :
	stub kmortem "$(kmortem_words)"
	stub makedumpfile "$(makedumpfile_words)"
	capture/kmortem-capture install kdump-utils > /dev/null
	commands
}

# commands: in the image, of programs there are those that our dracut module brings, and those of dracut's and kdump-utils' own.
commands() {
	local name
	mkdir "$ROOT/image"
	# shellcheck disable=SC2016,SC2031 # for that shell
	initdir=$ROOT/image bash -uc 'inst() { :; }; inst_simple() { :; }; inst_multiple() { printf "%s\n" "$@"; }
		. "$ROOT/usr/lib/dracut/modules.d/99kmortem/module-setup.sh"; install' | grep -v '^-' | while read -r name; do
		[ -e "$ROOT/bin/$name" ] || ln -s "$(command -v "$name")" "$ROOT/bin/$name"
	done
	for name in sh dash bash busybox dd tail date sync cut head awk sed stat chmod nproc dirname mkdir mv cat tr grep rm ls; do
		[ -e "$ROOT/bin/$name" ] || ln -s "$(command -v "$name")" "$ROOT/bin/$name"
	done
}

# stub NAME WORDS: never through a link to what is of this machine.
stub() {
	rm -f "$ROOT/bin/$1"
	printf '#!/bin/sh\n%s\n' "$2" > "$ROOT/bin/$1"
	chmod +x "$ROOT/bin/$1"
}

# A dump holds the level at which it was made.
makedumpfile_words() {
	cat <<- 'END'
		case $* in
		-v*) echo "lzo enabled"; exit ;;
		--dump-dmesg*) echo "Kernel panic - not syncing: test" > "$3"; exit ;;
		esac
		level=$(echo " $*" | sed 's/.* -d \([0-9]*\).*/\1/')
		case " ${FAILS-} " in *" $level "*) echo partial; exit 1 ;; esac
		case " $* " in *' -F '*) echo "level $level"; exit ;; esac
		for word; do :; done
		echo "level $level" > "$word"
	END
}

kmortem_words() {
	cat <<- 'END'
		for word; do :; done
		case $* in
		*dump-damaged-by-filter*)
			echo "$word $(cat "$word")" >> "$ROOT/checked"
			eval "${CHECK-}"
			for level in ${UNSOUND-}; do ! grep -qx "level $level" "$word" || exit 1; done ;;
		report*)
			printf '{\n  "panic": {\n    "signature": "feed"\n  }\n}\n' > "$word/report.json"
			echo 'It is known.' > "$word/report.txt" ;;
		esac
	END
}

# kdump SHELL: the saving of kdump-utils, hooks and all.
kdump() {
	# shellcheck disable=SC2086 # "busybox sh" is two words
	NEWROOT=$ROOT/sysroot PATH=$ROOT/bin run /usr/bin/timeout 100 $1 tests/capture/kdump_utils_save
	dump=$(echo "$ROOT"/target/var/crash/127.0.0.1-*)
	echo "$output"
}

@test "the image has the signatures that the settings name, as these are read" {
	root_make 'known_signatures = /etc/kmortem/known # of last year'
	cp -r capture "$BATS_TEST_TMPDIR/"
	sed -i "s,conf=/etc/,conf=$ROOT/etc/," "$BATS_TEST_TMPDIR/capture/hooks/dracut.sh"
	mkdir "$BATS_TEST_TMPDIR/image"
	# shellcheck disable=SC2016 # for that shell
	run -0 env initdir="$BATS_TEST_TMPDIR/image" bash -uc 'inst() { :; }; inst_multiple() { :; }; inst_simple() { echo "$1"; }; . "$0"; install' \
		"$BATS_TEST_TMPDIR/capture/hooks/dracut.sh"
	grep -qx "$ROOT/etc/kmortem/capture.conf" <<< "$output"
	grep -qx /etc/kmortem/known <<< "$output"
}

@test "a good dump is checked, and stays as it is" {
	for shell in "${shells[@]}"; do
		root_make
		kdump "$shell"
		[ "$status" -eq 0 ]
		[ "$(cat "$dump/vmcore")" = 'level 31' ]
		[ "$(ls "$dump")" = "kexec-dmesg.log
meta.json
vmcore
vmcore-dmesg.txt" ]
		grep -qF 'level 31' "$ROOT/checked"
		jq -e '.complete and .checked == "sound" and .dump_level == 31 and .compression == "lzo" and .client == "crashed" and
			.kernel == "6.1.0-test" and .crash_time == "2023-11-14T22:13:20Z" and .panic == "test" and .size == 9 and
			.failures == []' "$dump/meta.json"
		[ "$(cat "$ROOT/called")" = 'systemctl reboot -f' ]
		[ ! -e "$ROOT/rebooted" ]
	done
}

@test "a dump that the filter has damaged is replaced" {
	for shell in "${shells[@]}"; do
		root_make
		UNSOUND=31 kdump "$shell"
		[ "$(cat "$dump/vmcore")" = 'level 17' ]
		[ ! -e "$dump/vmcore-incomplete" ]
		[ ! -e "$dump/vmcore-damaged" ]
		jq -e '.complete and .checked == "sound" and .dump_level == 17 and (.failures[0] | contains("-d 31"))' "$dump/meta.json"
		[ "$(cat "$ROOT/called")" = 'systemctl reboot -f' ]
	done
	root_make
	UNSOUND='31 17' FAILS=1 kdump dash
	cmp "$dump/vmcore" "$ROOT/proc/vmcore"
}

@test "a damaged dump for which there is no better one stays, and says so" {
	for shell in "${shells[@]}"; do
		root_make
		stub cat "case \$* in */proc/vmcore) exit 1 ;; esac; exec /bin/cat \"\$@\""
		UNSOUND=31 FAILS='17 1' kdump "$shell"
		[ "$(cat "$dump/vmcore")" = 'level 31' ]
		[ ! -e "$dump/vmcore-incomplete" ]
		[ ! -e "$dump/vmcore-damaged" ]
		jq -e '.complete and .checked == "damaged by the filter" and .dump_level == 31 and .compression == "lzo" and
			(.failures | length >= 4)' "$dump/meta.json"
	done
}

@test "where makedumpfile fails, what it can do is found" {
	for shell in "${shells[@]}"; do
		root_make
		FAILS=31 kdump "$shell"
		[ "$status" -eq 1 ] # its own dump has failed
		[ "$(cat "$dump/vmcore")" = 'level 17' ]
		jq -e '.complete and .dump_level == 17' "$dump/meta.json"
	done
}

@test "a crash that is known leaves log and report" {
	root_make known_signatures=/etc/kmortem/known final_action=halt # which is kdump.conf's to say
	printf '# of last week\nfeed\n' > "$ROOT/etc/kmortem/known"
	sed -i "s,=/etc/kmortem,=$ROOT/etc/kmortem," "$ROOT/etc/kmortem/capture.conf"
	for shell in "${shells[@]}"; do
		rm -rf "$ROOT"/target/var/crash/* "$ROOT/rebooted" "$ROOT/run/kmortem"
		kdump "$shell"
		[ "$(tr -d '\r' < "$ROOT/rebooted")" = "dmesg.txt
meta.json
report.json
report.txt" ]
		jq -e '(.complete | not) and .reason == "known signature feed"' "$ROOT"/target/var/crash/crashed-*/meta.json
	done
	echo other > "$ROOT/etc/kmortem/known"
	rm -rf "$ROOT"/target/var/crash/* "$ROOT/rebooted" "$ROOT/run/kmortem"
	kdump dash
	[ ! -e "$ROOT/rebooted" ]
	[ "$(cat "$dump/vmcore")" = 'level 31' ]
}

@test "what fails of ours costs no dump" {
	for CHECK in 'kill -SEGV $$' 'exit 2' 'exit 77'; do
		export CHECK
		root_make
		kdump dash
		[ "$(cat "$dump/vmcore")" = 'level 31' ]
		jq -e '.checked | startswith("not checked")' "$dump/meta.json"
	done
	unset CHECK
	root_make 'nonsense here' 'colour=red'
	kdump dash
	[ "$(cat "$dump/vmcore")" = 'level 31' ]
	for lost in "$ROOT/etc/kmortem" "$ROOT/bin/kmortem" "$ROOT/proc/uptime"; do
		root_make
		rm -r "$lost"
		kdump dash
		[ "$status" -eq 0 ]
		[ "$(cat "$dump/vmcore")" = 'level 31' ]
		[ "$(cat "$ROOT/called")" = 'systemctl reboot -f' ]
	done
	root_make
	sed -i 's,capture/hooks/bounded,capture/hooks/lost,g' "$ROOT"/etc/kdump/*.d/kmortem
	kdump dash
	[ "$status" -eq 0 ]
	[ "$(ls "$dump")" = "kexec-dmesg.log
vmcore
vmcore-dmesg.txt" ]
}

@test "what hangs of ours costs no dump" {
	for shell in "${shells[@]}"; do
		root_make time_limit=2s
		CHECK='trap "" TERM; sleep 1000; sleep 1000' kdump "$shell"
		[ "$status" -eq 0 ]
		[ "$(cat "$dump/vmcore")" = 'level 31' ]
		[ "$(cat "$ROOT/called")" = 'systemctl reboot -f' ]
	done
	root_make time_limit=1s
	stub cat 'sleep 1000'
	kdump dash
	[ "$status" -eq 0 ]
	[ "$(cat "$dump/vmcore")" = 'level 31' ]
}

@test "dumps of others are left alone" {
	root_make
	old=$ROOT/target/var/crash/127.0.0.1-2020-01-01-00:00:00
	mkdir "$old"
	echo 'level 31' > "$old/vmcore"
	touch -d 2020-01-01 "$old/vmcore" "$old"
	UNSOUND=31 kdump dash
	[ "$(cat "$old/vmcore")" = 'level 31' ]
	[ ! -e "$old/meta.json" ]
	# Two that are new: which is ours cannot be told.
	root_make
	# shellcheck disable=SC2016 # for that script
	sed -i '1a mkdir -p $ROOT/target/var/crash/other; echo "level 31" > $ROOT/target/var/crash/other/vmcore' "$ROOT/etc/kdump/post.d/kmortem"
	UNSOUND=31 kdump dash
	[ "$(cat "$ROOT/target/var/crash/other/vmcore" "$dump/vmcore")" = "level 31
level 31" ]
	[ -z "$(find "$ROOT/target" -name meta.json)" ]
}

# A server's disk is a file here.
ssh_make() {
	root_make
	printf '%s\n' 'ssh me@192.0.2.1' 'path /var/crash' 'core_collector makedumpfile -F -l -d 31' > "$ROOT/etc/kdump.conf"
	stub ssh "case \$* in *vmcore-incomplete\\'*of=* | *of=*vmcore-incomplete*) cat > $ROOT/remote ;; *of=*) cat > /dev/null ;; esac"
	stub mount "[ \$1 != --bind ] || { rm \$3; cp \$2 \$3; }"
}

@test "what goes to a server leaves out less where makedumpfile does not know the kernel" {
	for shell in "${shells[@]}"; do
		ssh_make
		kdump "$shell"
		[ "$status" -eq 0 ]
		[ "$(cat "$ROOT/remote")" = 'level 31' ]
		ssh_make
		echo 'NUMBER(PAGE_NEW_TYPE)=1' >> "$ROOT/proc/vmcore"
		kdump "$shell"
		[ "$status" -eq 0 ]
		[ "$(cat "$ROOT/remote")" = 'level 17' ]
		[[ $output == *'does not know PAGE_NEW_TYPE of this kernel: -d 17'* ]]
	done
	# Where that cannot be done, or would leave out more, all is as it was.
	ssh_make
	echo 'NUMBER(PAGE_NEW_TYPE)=1' >> "$ROOT/proc/vmcore"
	sed -i 's/-d 31/-d 1/' "$ROOT/etc/kdump.conf"
	kdump dash
	[ "$(cat "$ROOT/remote")" = 'level 1' ]
	ssh_make
	echo 'NUMBER(PAGE_NEW_TYPE)=1' >> "$ROOT/proc/vmcore"
	stub mount 'exit 32'
	kdump dash
	[ "$(cat "$ROOT/remote")" = 'level 31' ]
}

@test "the device of the dump" {
	root_make
	# place SHELL: the device by kdump.conf, with what was asked.
	place() { # shellcheck disable=SC2016,SC2086
		run $1 -c 'set -u; . capture/hooks/kdump_place.sh; kdump_device && kdump_setting path' sh
	}
	for shell in "${shells[@]}"; do
		printf '%s\n' '  xfs   UUID=1-2   # mine' 'path "/a b" ' '#ssh me@host' > "$ROOT/etc/kdump.conf"
		place "$shell"
		[ "$output" = 'UUID=1-2
/a b' ]
		echo 'dracut_args --mount "/dev/vdb /mnt ext4 defaults"' > "$ROOT/etc/kdump.conf"
		place "$shell"
		[ "$output" = '/dev/vdb' ]
		echo 'nfs server:/export/tmp' > "$ROOT/etc/kdump.conf"
		place "$shell"
		[ "$output" = 'server:/export/tmp' ]
		for line in 'ssh me@host' 'raw /dev/vdc'; do
			echo "$line" > "$ROOT/etc/kdump.conf"
			place "$shell"
			[ "$status" -ne 0 ]
		done
		: > "$ROOT/etc/kdump.conf"
		place "$shell"
		[ "$status" -eq 0 ]
		[ -z "$output" ]
	done
}
