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
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
}

# tested WORDS [STATUS]: crash_test with these words, on a machine of which check says STATUS.
tested() {
	each "conf_file=\$ROOT/etc/kmortem/capture.conf; rm -f \$ROOT/proc/sysrq-trigger
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
