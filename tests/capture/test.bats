#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# `kmortem capture test`: when it crashes the machine, what it leaves before, and what it says afterwards.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # bats sets variables; words are for the shell under test

load shells

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root
	mkdir -p "$ROOT/proc/sys/kernel/random" "$ROOT/etc/kmortem" "$BATS_TEST_TMPDIR/bin"
	echo boot-1 > "$ROOT/proc/sys/kernel/random/boot_id"
	printf '%s\n' 'target=local /dumps' 'target=netdump 192.0.2.1' time_limit=10min > "$ROOT/etc/kmortem/capture.conf"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	printf '#!/bin/sh\n' > "$BATS_TEST_TMPDIR/bin/sync"
	cp "$BATS_TEST_TMPDIR/bin/sync" "$BATS_TEST_TMPDIR/bin/sleep"
	printf '#!/bin/sh\nexit 1\n' > "$BATS_TEST_TMPDIR/bin/systemctl" # enabled is nothing
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
}

# tested WORDS [STATUS]: crash_test with these words, on a machine of which check says STATUS.
tested() {
	each "${words:-:}; conf_file=\$ROOT/etc/kmortem/capture.conf; rm -f \$ROOT/proc/sysrq-trigger
		check_ready() { printf 'PASS  one\n      fine\nFAIL  two\n      bad\n        # command\nWARN  three\n      hm\n'; return ${2-0}; }
		crash_test $1"
}

crashed() { [ "$(cat "$ROOT/proc/sysrq-trigger" 2> /dev/null)" = c ]; }

# dump NAME COMPLETE REASON: what the capture leaves.
dump() {
	mkdir -p "$ROOT/dumps/$(uname -n)-$1"
	cat > "$ROOT/dumps/$(uname -n)-$1/meta.json" <<- END
		{
		  "tool": "kmortem-capture",
		  "complete": $2,
		  "reason": $3,
		  "vmcore": "vmcore",
		  "seconds": {"log": 1, "dump": 5},
		  "dump_level": 17,
		  "compression": "lzo",
		  "checked": "sound",
		  "target": "local /dumps",
		  "failures": ["local /dumps: makedumpfile -d 31: damaged", "another"]
		}
	END
}

@test "it asks" {
	tested '' < /dev/null
	[ "$status" -eq 1 ]
	[[ $output == *'This crashes '*'local /dumps'*'netdump 192.0.2.1'*'at most 11 minutes it does "reboot"'* ]]
	run ! crashed
	tested '< /dev/null'
	run ! crashed
	tested '<<- END
		yes
		END'
	[ "$status" -eq 1 ]
	run ! crashed
	[ ! -e "$ROOT/var/lib/kmortem/capture/test" ]
	tested '<<- END
		crash
		END'
	crashed
	rm "$ROOT/proc/sysrq-trigger"
	tested --yes
	crashed
	[ "$status" -eq 2 ] # it is still there to say so
	[[ $stderr == *'has not crashed'* ]]
}

@test "the record is on the disk before" {
	tested --yes
	grep -qx boot=boot-1 "$ROOT/var/lib/kmortem/capture/test"
	grep -qx 'target=local /dumps' "$ROOT/var/lib/kmortem/capture/test"
	[ $(($(date +%s) - $(date -d "$(sed -n 's/^began=//p' "$ROOT/var/lib/kmortem/capture/test")" +%s))) -lt 1000 ]
	run ! grep had= "$ROOT/var/lib/kmortem/capture/test"
	dump 2020-01-01-000000 true null
	tested --yes
	grep -qx "had=$ROOT/dumps/$(uname -n)-2020-01-01-000000" "$ROOT/var/lib/kmortem/capture/test"
}

@test "a dump of this machine is known by whatever name, one of its clone is not" {
	echo 0123456789abcdef0123456789abcdef > "$ROOT/etc/machine-id"
	dump 2020-01-01-000000 true null
	for name in former clone; do
		cp -r "$ROOT/dumps/$(uname -n)-2020-01-01-000000" "$ROOT/dumps/$name-2020-01-01-000000"
	done
	mv "$ROOT/dumps/clone-2020-01-01-000000" "$ROOT/dumps/$(uname -n)-2020-01-02-000000"
	sed -i "2a\\  \"machine\": \"$(by dash this_machine)\"," "$ROOT/dumps/former-2020-01-01-000000/meta.json"
	sed -i '2a\  "machine": "00ff",' "$ROOT/dumps/$(uname -n)-2020-01-02-000000/meta.json"
	each 'test_dumps /dumps | sort'
	[ "$output" = "$(printf '%s\n' "$ROOT/dumps/former-2020-01-01-000000" "$ROOT/dumps/$(uname -n)-2020-01-01-000000" | sort)" ]
	# Where that is not known, the name counts.
	rm "$ROOT/etc/machine-id"
	each 'test_dumps /dumps | sed "s/.*-2020-/2020-/"'
	[ "$output" = "2020-01-01-000000
2020-01-02-000000" ]
}

@test "only a machine that is ready" {
	tested --yes 1
	crashed
	tested --yes 2
	[ "$status" -eq 1 ]
	run ! crashed
	tested --yes 2
	[[ $output == *'FAIL  two'*bad*command* ]]
	[[ $output != *fine* && $output != *hm* && $output != *three* ]]
	[[ $stderr == *'--force'* ]]
	tested '--yes --force' 2
	crashed
	tested '--maybe'
	[ "$status" -eq 2 ]
	run ! crashed
}

@test "the verdict" {
	each 'crash_test --verdict'
	[ "$status" -eq 2 ]
	[[ $stderr == *'none was made'* ]]
	dump 2099-01-01-000009 true null
	tested --yes
	each 'crash_test --verdict'
	[ "$status" -eq 2 ]
	[[ $stderr == *'has not crashed'* ]]
	echo boot-2 > "$ROOT/proc/sys/kernel/random/boot_id"
	each 'crash_test --verdict'
	[ "$status" -eq 1 ]
	[[ $output == 'FAIL: no dump of the test of '*/dumps* ]]
	dump 2099-01-01-000000 false '"the target is full"'
	each 'crash_test --verdict'
	[ "$status" -eq 1 ]
	[[ $output == 'FAIL: the target is full'* ]]
	dump 2099-01-01-000001 true null
	each 'crash_test --verdict'
	echo "$output"
	[ "$status" -eq 0 ]
	[[ $output == PASS*"2099-01-01-000001/vmcore"*'local /dumps'*'dump_level 17, lzo; sound'*'log: 1, dump: 5'*'makedumpfile -d 31: damaged; another' ]]
}

# verdict_of TARGET…: of a test with these.
verdict_of() {
	printf 'target=%s\n' "$@" > "$ROOT/etc/kmortem/capture.conf"
	echo boot-1 > "$ROOT/proc/sys/kernel/random/boot_id"
	tested --yes
	echo boot-2 > "$ROOT/proc/sys/kernel/random/boot_id"
	each 'crash_test --verdict'
	echo "$output"
}

@test "a dump that may lie elsewhere" {
	verdict_of 'netdump 192.0.2.1'
	[ "$status" -eq 2 ]
	[[ $output == UNKNOWN:*'look at netdump 192.0.2.1' ]]
	verdict_of 'ssh a@b:/c d' 'local /dumps' 'nfs b:/c' 'local /more' 'netdump 192.0.2.1'
	[ "$status" -eq 2 ]
	[[ $output == UNKNOWN:*'look at ssh a@b:/c d; nfs b:/c' ]]
	# What comes after a target that has failed is not what was tested.
	verdict_of 'local /dumps' 'netdump 192.0.2.1'
	[ "$status" -eq 1 ]
	[[ $output == 'FAIL: no dump'*/dumps* ]]
	verdict_of 'ssh a@b:/c d' 'local /more' 'local /dumps'
	dump 2099-01-01-000000 true null
	each 'crash_test --verdict'
	[ "$status" -eq 0 ]
}

# theirs OWNER [LINE…]: its kdump saves, with these settings, in its own way, or, of kdump-utils, with our hook.
theirs() {
	local file=etc/kdump.conf
	[ "$1" != kdump-tools ] || file=etc/default/kdump-tools
	mkdir -p "$ROOT/etc/default"
	printf '%s\n' "${@:2}" > "$ROOT/$file"
	words="parts=capture; owner() { echo $1; }; hook_state() { echo none; }"
	echo boot-1 > "$ROOT/proc/sys/kernel/random/boot_id"
}

# verdict: of a test of that, in the next boot; first words are done in between.
verdict() {
	echo boot-1 > "$ROOT/proc/sys/kernel/random/boot_id"
	tested --yes
	[[ $output == *"This crashes"* ]]
	"$@"
	echo boot-2 > "$ROOT/proc/sys/kernel/random/boot_id"
	each 'crash_test --verdict'
	echo "$output"
}

# put FILE: a dump.
put() {
	mkdir -p "$(dirname "$ROOT/$1")"
	echo dump > "$ROOT/$1"
}

@test "a distribution that saves in its own way is asked where to" {
	theirs kdump-tools 'KDUMP_COREDIR=/data/crash'
	put data/crash/202501011001/dump.202501011001
	verdict :
	[ "$status" -eq 1 ]
	[[ $output == 'FAIL: no dump of the test of '*' in /data/crash'* ]]
	grep -qx "had=$ROOT/data/crash/202501011001" "$ROOT/var/lib/kmortem/capture/test"
	tested --yes
	[[ $output == *"saves the memory as the settings of kdump-tools say, to:
    local /data/crash
Then it does what they say. Then the journal"* ]]
	[[ $output != *minutes* && $output != */dumps* ]]
	# Of another host, collected here, and not a dump.
	put data/crash/192.0.2.7-202601011001/dump.202601011001
	put data/crash/203.0.113.7-2026-01-01-10:01:00/vmcore
	put data/crash/202601011002/dmesg.202601011002
	put data/crash/202601011002/dump.202601011002
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	"${as_root[@]}" chown 65534 "$ROOT/data/crash/202601011002/dump.202601011002"
	echo boot-3 > "$ROOT/proc/sys/kernel/random/boot_id"
	each 'crash_test --verdict'
	[ "$status" -eq 1 ]
	verdict put data/crash/202601011003/dump-incomplete
	[ "$status" -eq 1 ]
	[[ $output == "FAIL: it is not whole
  dump        $ROOT/data/crash/202601011003/dump-incomplete"* ]]
	rm -r "$ROOT/data/crash/202601011003"
	verdict put data/crash/202601011004/dump.202601011004.gz
	[ "$status" -eq 0 ]
	[[ $output == "PASS
  dump        $ROOT/data/crash/202601011004/dump.202601011004.gz
  target      local $ROOT/data/crash
  filter      as the settings of kdump-tools say; not checked
  report      none;"* ]]
	theirs kdump-tools 'SSH="u@192.0.2.1"'
	verdict :
	[ "$status" -eq 2 ]
	[[ $output == UNKNOWN:*'look at ssh u@192.0.2.1:/var/crash' ]]
}

@test "kdump-utils saves to the place of kdump.conf, with our hook, too" {
	echo 0123456789abcdef0123456789abcdef > "$ROOT/etc/machine-id"
	theirs kdump 'path /data/crash' 'final_action poweroff'
	verdict put data/crash/127.0.0.1-2026-01-01-10:01:00/vmcore
	[ "$status" -eq 0 ]
	[[ $output == PASS*"$ROOT/data/crash/127.0.0.1-2026-01-01-10:01:00/vmcore"*'as the settings of kdump say; not checked'* ]]
	# By our hook: it has been checked, and tells of which machine it is.
	dump 2099-01-01-000000 true null
	hooked() {
		put data/crash/127.0.0.1-2026-01-02-10:01:00/vmcore
		sed "2a\\  \"machine\": \"$1\"," "$ROOT/dumps/$(uname -n)-2099-01-01-000000/meta.json" \
			> "$ROOT/data/crash/127.0.0.1-2026-01-02-10:01:00/meta.json"
	}
	verdict hooked 00ff
	[ "$status" -eq 1 ]
	rm -r "$ROOT/data/crash/127.0.0.1-2026-01-02-10:01:00"
	verdict hooked "$(by dash this_machine)"
	[ "$status" -eq 0 ]
	[[ $output == PASS*"$ROOT/data/crash/127.0.0.1-2026-01-02-10:01:00/vmcore"*'dump_level 17, lzo; sound'* ]]
	theirs kdump 'xfs UUID=1-2'
	verdict :
	[ "$status" -eq 2 ]
	[[ $output == UNKNOWN:*'look at device UUID=1-2:/var/crash' ]]
	# Of SUSE, nothing is known.
	rm "$ROOT/etc/kdump.conf"
	verdict :
	[ "$status" -eq 2 ]
	[[ $output == UNKNOWN:*'look at where kdump saves' ]]
}

# told [STATUS]: what is said at the boot; that the journal takes it, or not. The last word of $BATS_TEST_TMPDIR/active says for
# how many times the reports are being made.
told() {
	rm -f "$BATS_TEST_TMPDIR"/said*
	each 'POLL=0.01
		cp "$ROOT/var/lib/kmortem/capture/test" "$ROOT/kept" 2> /dev/null
		logger() { cat >> "$BATS_TEST_TMPDIR/said.journal"; return '"${1-0}"'; }
		wall() { cat >> "$BATS_TEST_TMPDIR/said.wall"; }
		systemctl() (
			[ "$*" = "--quiet is-active kmortem-report.service" ] || return 4
			echo asked >> "$BATS_TEST_TMPDIR/said.asked"
			[ "$(($(wc -l < "$BATS_TEST_TMPDIR/said.asked") % ${AFTER-1}))" -ne 0 ] || { '"${then_do-:}"'; return 3; }
		)
		crash_test --tell
		status=$?
		mv "$ROOT/var/lib/kmortem/capture/test" "$ROOT/after" 2> /dev/null
		cp "$ROOT/kept" "$ROOT/var/lib/kmortem/capture/test" 2> /dev/null
		exit $status'
	[ ! -f "$ROOT/after" ] || mv "$ROOT/after" "$ROOT/var/lib/kmortem/capture/test"
}

# journal: what one of the three shells has said.
journal() {
	local lines
	lines=$(wc -l < "$BATS_TEST_TMPDIR/said.journal")
	[ $((lines % 3)) -eq 0 ]
	head -n $((lines / 3)) "$BATS_TEST_TMPDIR/said.journal"
}

@test "the verdict is told once, at the boot after the test" {
	export BATS_TEST_TMPDIR
	mkdir -p "$ROOT/run/motd.d"
	told
	[ "$status" -eq 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/said.journal" ]
	tested --yes
	began=$(sed -n 's/^began=//p' "$ROOT/var/lib/kmortem/capture/test")
	told
	[ ! -e "$BATS_TEST_TMPDIR/said.journal" ]
	echo boot-2 > "$ROOT/proc/sys/kernel/random/boot_id"
	dump 2099-01-01-000000 true null
	where=$ROOT/dumps/$(uname -n)-2099-01-01-000000
	: > "$where/report.txt"
	# What the journal does not take is told at the next boot.
	told 1
	[ "$status" -eq 1 ]
	told
	echo "$output"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run -0 journal
	message="crash test of $began: PASS; dump: $where/vmcore; report: $where/report.txt"
	[ "$output" = "MESSAGE_ID=c11a5c1d80ad4b4bb4b6d8f1bb45ba22
PRIORITY=5
SYSLOG_IDENTIFIER=kmortem-capture
MESSAGE=$message
KMORTEM_VERDICT=pass
KMORTEM_DUMP=$where" ]
	[ "$(sort -u "$BATS_TEST_TMPDIR/said.wall")" = "kmortem: $message" ]
	[ "$(cat "$ROOT/run/motd.d/kmortem")" = "kmortem: $message" ]
	told
	[ ! -e "$BATS_TEST_TMPDIR/said.journal" ]
	# The next test is another one.
	echo boot-2 > "$ROOT/proc/sys/kernel/random/boot_id"
	tested --yes
	echo boot-3 > "$ROOT/proc/sys/kernel/random/boot_id"
	told
	run -0 journal
	[[ $output == *PRIORITY=3*'FAIL: no dump of the test'*KMORTEM_VERDICT=fail*KMORTEM_DUMP= ]]
	verdict_of 'netdump 192.0.2.1'
	told
	run -0 journal
	[[ $output == *PRIORITY=4*'UNKNOWN: '*'look at netdump 192.0.2.1'*KMORTEM_VERDICT=unknown* ]]
}

@test "the verdict waits for the report, as long as reports are made" {
	export BATS_TEST_TMPDIR AFTER=4
	mkdir -p "$ROOT/run/motd.d"
	tested --yes
	echo boot-2 > "$ROOT/proc/sys/kernel/random/boot_id"
	dump 2099-01-01-000000 true null
	export where=$ROOT/dumps/$(uname -n)-2099-01-01-000000
	cp "$ROOT/var/lib/kmortem/capture/test" "$BATS_TEST_TMPDIR/record"
	told
	[ "$(wc -l < "$BATS_TEST_TMPDIR/said.asked")" -eq 12 ]
	run -0 journal
	[[ $output == *'report: none; kmortem-report.service makes it'* ]]
	cp "$BATS_TEST_TMPDIR/record" "$ROOT/var/lib/kmortem/capture/test"
	then_do=': > "$where/report-failed.txt"'
	told
	run -0 journal
	[[ $output == *"report: could not be made, see $where/report-failed.txt"* ]]
}
