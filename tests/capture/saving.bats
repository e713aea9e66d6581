#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What runs in the capture kernel, with stubs for what it calls, by each shell that may run it.
# shellcheck disable=SC2154,SC2016,SC2030,SC2031 # bats sets variables; words are for the shell under test

load shells

# A capture kernel's root: the process table and the clock are this machine's.
setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root WORK=$BATS_TEST_TMPDIR/work bin=$BATS_TEST_TMPDIR/bin
	mkdir -p "$ROOT"/{proc,etc/kmortem,lib/modules,dev} "$WORK" "$bin"
	ln -s /proc/uptime "$ROOT/proc/uptime"
	PATH=$bin:$PATH
	printf 'ELF\0OSRELEASE=6.1.0-test\nBUILD-ID=abc\nNUMBER(PAGE_OLD_VALUE)=-1\nNUMBER(PAGE_NEW_VALUE)=-2\nCRASHTIME=1700000000\n\0' > "$ROOT/proc/vmcore"
	stub makedumpfile 'printf "lzo\tenabled\nzstd\tdisabled\n"; exit 0 # PAGE_OLD_VALUE'
	echo 'processor : 0' > "$ROOT/proc/cpuinfo"
}

# stub NAME WORDS: a program. Those that busybox has itself its shell does not look for.
stub() {
	printf '#!/bin/sh\n%s\n' "$2" > "$bin/$1"
	chmod +x "$bin/$1"
}

# What a step needs. Which signal ended a process, bash says and others do not.
begun='exec 2> $work/errors; hostname() { echo guest; }; dump_host=guest; deadline_set 1000; : > $work/failures; : > $work/seconds; : > $work/makedumpfile.log; target="local /a"; conf_defaults;'

# ---- steps -------------------------------------------------------------------------------------

@test "a step's status, and its time" {
	each "$begun"'
		step one 5 sh -c "exit 7"; echo $?
		step two 5 true; echo $?
		step two 5 no-such-command; echo $?
		step four 5 sh -c "kill -9 \$\$"; echo $?
		cut -d " " -f 1 $work/seconds'
	[ "$output" = "7
0
127
137
one
two
two
four" ]
}

@test "a step that takes too long is over, with all that it has started" {
	each "$begun"'
		grandchildren() { sleep 1234.5 & sleep 1234.5; }
		step one 1 grandchildren; echo $?
		step two 1 sh -c "trap \"\" TERM INT HUP; sleep 1234.5; sleep 1234.5"; echo $?
		nested() { within 1 sleep 1234.5; echo inner $?; }
		step three 9 nested; echo $?'
	[ "$output" = "124
124
inner 124
0" ]
	sleep 0.2
	run pgrep -f '^sleep 1234[.]5'
	[ "$status" -eq 1 ]
}

@test "a step does not outlive the deadline" {
	each 'deadline_set 1; : > $work/seconds; step one 1000 sleep 1234; echo $?; time_left; echo $left'
	[ "$output" = "124
0" ]
}

@test "what stands still is over, what gets on is not" {
	each "$begun"'
		touch -t 202001010000 $work/sign
		within_sign=$work/sign
		within 30 sleep 1234; echo $?
		writes() { for i in 1 2 3 4 5 6; do echo $i >> $work/sign; sleep 0.7; done; }
		within 30 writes; echo $?'
	[ "$output" = "125
0" ]
}

# ---- makedumpfile ------------------------------------------------------------------------------

@test "compressions that makedumpfile has" {
	each 'for c in zstd snappy lzo zlib none; do echo "$c $(filter_compression $c)" $(filter_option "$(filter_compression $c)"); done'
	[ "$output" = "zstd lzo -l
snappy lzo -l
lzo lzo -l
zlib zlib -c
none none" ]
	stub makedumpfile 'printf "lzo\tdisabled\nsnappy\tdisabled\nzstd\tdisabled\n"'
	each 'for c in zstd snappy lzo; do filter_compression $c; done'
	[ "$output" = "zlib
zlib
zlib" ]
	stub makedumpfile 'printf "lzo\tenabled\nsnappy\tenabled\nzstd\tenabled\n"'
	each 'for c in zstd snappy; do filter_option "$(filter_compression $c)"; done'
	[ "$output" = "-z
-p" ]
}

@test "what the kernel tells, and what of it makedumpfile has never heard of" {
	each 'vmcoreinfo_of $ROOT/proc/vmcore > $work/vmcoreinfo; cat $work/vmcoreinfo; filter_lacks $work/vmcoreinfo'
	[ "$output" = "OSRELEASE=6.1.0-test
BUILD-ID=abc
NUMBER(PAGE_OLD_VALUE)=-1
NUMBER(PAGE_NEW_VALUE)=-2
CRASHTIME=1700000000
PAGE_NEW_VALUE" ]
	# Behind the notes of very many CPUs.
	{ head -c 3000000 /dev/zero; cat "$ROOT/proc/vmcore"; } > "$BATS_TEST_TMPDIR/large"
	each 'vmcoreinfo_of $BATS_TEST_TMPDIR/large | head -n 1'
	[ "$output" = OSRELEASE=6.1.0-test ]
	each 'vmcoreinfo_of /dev/null'
	[ "$status" -eq 1 ]
}

# ---- the ladder --------------------------------------------------------------------------------

# outcome STATUS [LINE]: with this line in makedumpfile's log.
outcome() {
	echo "${2-}" > "$WORK/makedumpfile.log"
	each "outcome_of $1"
	echo "$output"
}

@test "what became of an attempt" {
	[ "$(outcome 0)" = good ]
	[ "$(outcome 1)" = failed ]
	[ "$(outcome 124)" = slow ]
	[ "$(outcome 125)" = gone ]
	[ "$(outcome 137)" = memory ]
	[ "$(outcome 153)" = large ]
	[ "$(outcome 74)" = gone ]
	[ "$(outcome 74 'cat: write error: No space left on device')" = large ]
	[ "$(outcome 1 "write_buffer: Can't write the dump file(x). No space left on device")" = large ]
	[ "$(outcome 1 "write_buffer: Can't write the dump file(x). Input/output error")" = gone ]
	[ "$(outcome 1 "Can't open the dump file(x). Read-only file system")" = gone ]
}

# ladder_of WORDS: the attempts of a ladder, where WORDS, run for each, say what comes of it.
ladder_of() {
	each "$begun vmcoreinfo_of \$ROOT/proc/vmcore > \$work/vmcoreinfo; target_directory=\$BATS_TEST_TMPDIR dump_directory=\$BATS_TEST_TMPDIR/d dump_name=d
		conf_compression=lzo; mkdir -p \$dump_directory; keep_dump() { :; }
		attempt() { echo \"\$level \$compression \$memory\"; : > \$dump_directory/vmcore-incomplete; $1; }
		${2-}
		ladder; echo \"status \$?\""
}

@test "the ladder: what leads to what" {
	ladder_of 'outcome=good'
	[ "$output" = "31 lzo plenty
status 0" ]
	ladder_of 'outcome=unsound'
	[ "$output" = "31 lzo plenty
17 lzo plenty
1 lzo plenty
raw lzo plenty
status 1" ]
	ladder_of 'outcome=failed; [ $level != 1 ] || outcome=good'
	[ "$output" = "31 lzo plenty
17 lzo plenty
1 lzo plenty
status 0" ]
	ladder_of 'outcome=memory'
	[ "$output" = "31 lzo plenty
31 lzo scarce
17 lzo scarce
1 lzo scarce
raw lzo scarce
status 1" ]
	ladder_of 'outcome=gone'
	[ "$output" = "31 lzo plenty
status 1" ]
}

@test "the ladder: too large, too slow" {
	ladder_of 'outcome=large'
	[ "$output" = "31 lzo plenty
31 zlib plenty
status 1" ]
	ladder_of 'outcome=slow' 'conf_compression=zlib'
	[ "$output" = "31 zlib plenty
31 lzo plenty
status 1" ]
	ladder_of 'outcome=large; [ $level != 31 ] || outcome=good' 'conf_dump_level=1'
	[ "$output" = "1 lzo plenty
31 lzo plenty
status 0" ]
	# What was too large at level 1 is not tried again when harder filtering has turned out to be unsound.
	ladder_of 'outcome=large; [ $level != 31 ] || outcome=unsound' 'conf_dump_level=1'
	[ "$output" = "1 lzo plenty
31 lzo plenty
17 lzo plenty
17 zlib plenty
status 1" ]
}

@test "the ladder: what keeps more than what was too large is not tried, but where room was made for that" {
	ladder_of 'outcome=failed; case $level/$compression in 31/*) outcome=unsound ;; 17/lzo) outcome=large ;; esac'
	[ "$output" = "31 lzo plenty
17 lzo plenty
17 zlib plenty
status 1" ]
	ladder_of 'outcome=unsound; [ -e $work/roomy ] || outcome=large; [ $level != 1 ] || outcome=good' \
		'make_room() { : > $work/roomy; }; rm -f $work/roomy'
	[ "$output" = "31 lzo plenty
31 lzo plenty
17 lzo plenty
1 lzo plenty
status 0" ]
}

@test "an attempt leaves time for another, and for what comes after it" {
	rm "$ROOT/proc/uptime"
	echo '50.00 5.00' > "$ROOT/proc/uptime"
	each "$begun"'step() { step_status=0 step_limit=$2; time_left; echo "$1 $2 of $left"; }; target_directory=$work dump_directory=$work level=31 memory=plenty compression=lzo
		for seconds in 1800 480 100 3; do deadline_set $seconds; attempt; done'
	[ "$output" = 'dump 1120 of 1680
sync 300 of 1680
check 600 of 1680
dump 240 of 360
sync 300 of 360
check 600 of 360
dump 50 of 75
sync 300 of 75
check 600 of 75
dump 2 of 3
sync 300 of 3
check 600 of 3' ]
	each "$begun"'step() { step_status=0 step_limit=$2; [ "$1" != dump ] || echo "$2"; }; target_directory=$work dump_directory=$work level=31 memory=plenty compression=lzo
		deadline_set 1800; time_end=150; attempt; time_left; echo "$left left"'
	[ "$output" = '50
100 left' ]
}

@test "the ladder: room is made of old dumps before more is left out" {
	ladder_of 'outcome=large; [ ! -e $work/roomy ] || outcome=good' \
		'retain_room() { [ ! -e $work/roomy ] && : > $work/roomy; }; rm -f $work/roomy'
	[ "$output" = "31 lzo plenty
31 lzo plenty
status 0" ]
}

@test "the ladder: how much room a dump takes that did not fit" {
	wanted='level=31; room_wanted 4000000'
	# As makedumpfile 1.7 and 1.6 write it: 4000000 bytes are 40 %, and an eighth comes on top.
	for line in 'Copying data                                      : [ 40.0 %] /           eta: 2s' 'Copying data               : [ 40.0 %] |'; do
		printf 'Excluding unnecessary pages: [100.0 %%] |\rCopying data               : [  3.2 %%] /\r%s' "$line" > "$WORK/makedumpfile.log"
		each "$wanted"
		[ "$output" = 11250000 ]
	done
	for line in '' 'Copying data               : [  0.4 %] /' 'Excluding unnecessary pages: [ 40.0 %] |' 'Copying data : [ x.y %]'; do
		echo "$line" > "$WORK/makedumpfile.log"
		each "$wanted"
		[ "$output" = 8000000 ]
	done
	each 'level=raw; room_wanted 4000000; level=31; room_wanted 0'
	[ "$output" = "$(stat -c %s "$ROOT/proc/vmcore")
0" ]
}

@test "the ladder: what a full target holds of a dump counts as room for another, and stays where there is none" {
	ladder_of 'head -c 4000 /dev/zero > $dump_directory/vmcore-incomplete; outcome=large' \
		'retain_room() { echo "wants $4"; return 1; }'
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/d/vmcore-incomplete")" -eq 4000 ]
	grep -qx 'wants 4000' <<< "$output"
}

@test "the ladder: a damaged dump is kept where there is no better one" {
	ladder_of 'echo $level > $dump_directory/vmcore-incomplete; outcome=unsound; [ $level = 31 ] || outcome=gone'
	[ "$(cat "$BATS_TEST_TMPDIR/d/vmcore-incomplete")" = 31 ]
	[ ! -e "$BATS_TEST_TMPDIR/d/vmcore-damaged" ]
}

# full_ladder KIB SOUND [OLD]: a ladder on a target with so much room for dumps, where -d 31 takes 400 KiB and is damaged, another
# level SOUND KiB, and a dump of before OLD; and what lies there in the end.
full_ladder() {
	rm -rf "$BATS_TEST_TMPDIR/crash"
	mkdir "$BATS_TEST_TMPDIR/crash"
	[ $# -lt 3 ] || held guest-2026-01-01-000000 "$3"
	ladder_of 'rm -f $dump_directory/vmcore-incomplete; size='"$2"' outcome=good; [ $level != 31 ] || size=400 outcome=unsound
		room=$(($(room_left) / 1024)); echo "Copying data : [ $((room * 100 / size)).0 %] |" > $work/makedumpfile.log
		[ $size -le $room ] || size=$room outcome=large
		head -c $((size * 1024)) /dev/zero > $dump_directory/vmcore-incomplete' '
		rm -rf $work/crash; cp -r $BATS_TEST_TMPDIR/crash $work/; target_directory=$work/crash
		dump_name=guest-2026-01-02-000000; dump_directory=$work/crash/$dump_name; mkdir $dump_directory
		room_left() { echo $(('"$1"' * 1024 - $(cat $work/crash/*/vmcore* 2> /dev/null | wc -c))); }
		keep_dump() { (cd $work/crash; for file in */vmcore*; do echo "${file#guest-2026-01-} $(($(stat -c %s $file) / 1024))"; done); }
		keep_what_there_is() { keep_dump; }'
}

@test "the ladder: a damaged dump goes where a sound one has no room beside it, and room without it" {
	full_ladder 900 600
	[ "$output" = '31 lzo plenty
17 lzo plenty
17 lzo plenty
02-000000/vmcore-incomplete 600
status 0' ]
	grep -q 'removes .*/vmcore-damaged: a sound dump has no room beside it' "$WORK/errors"
	# It goes before an old one that is sound, and that with it where both are wanted.
	full_ladder 1300 600 400
	[ "$(tail -n 3 <<< "$output")" = '01-000000/vmcore 400
02-000000/vmcore-incomplete 600
status 0' ]
	full_ladder 1000 700 320
	[ "$(tail -n 3 <<< "$output")" = '17 lzo plenty
02-000000/vmcore-incomplete 700
status 0' ]
}

@test "the ladder: a damaged dump stays where there is room, and where a sound one would not fit without it" {
	full_ladder 1100 600
	[ "$output" = '31 lzo plenty
17 lzo plenty
02-000000/vmcore-damaged 400
02-000000/vmcore-incomplete 600
status 0' ]
	full_ladder 900 1000
	[ "$output" = '31 lzo plenty
17 lzo plenty
17 zlib plenty
02-000000/vmcore-damaged 400
02-000000/vmcore-incomplete 500
status 1' ]
	full_ladder 950 1000 50
	[ "$(tail -n 4 <<< "$output")" = '01-000000/vmcore 50
02-000000/vmcore-damaged 400
02-000000/vmcore-incomplete 500
status 1' ]
}

@test "the ladder: a stream is filtered no further than can be trusted" {
	ladder_of 'outcome=good' 'target_directory='
	[ "$output" = "17 lzo plenty
status 0" ]
	grep -q 'does not know PAGE_NEW_VALUE' "$WORK/failures"
	stub makedumpfile 'printf "lzo\tenabled\n" # PAGE_OLD_VALUE PAGE_NEW_VALUE'
	ladder_of 'outcome=good' 'target_directory='
	[ "$output" = "31 lzo plenty
status 0" ]
}

# attempt_of WORDS: one attempt, after these.
attempt_of() {
	rm -rf "$BATS_TEST_TMPDIR/d"
	mkdir -p "$BATS_TEST_TMPDIR/d"
	each "$begun target_directory=\$BATS_TEST_TMPDIR dump_directory=\$BATS_TEST_TMPDIR/d dump_name=d level=31 compression=lzo memory=plenty
		$1
		attempt; echo \"\$outcome|\$dump_checked\""
}

@test "an attempt: makedumpfile's words, the check of what it made" {
	stub makedumpfile 'echo "$*" > "$WORK/words"; for file; do :; done; echo dump > "$file"'
	stub kmortem 'exit 0'
	attempt_of ''
	[ "$output" = 'good|sound' ]
	[ "$(cat "$WORK/words")" = "--message-level 23 -d 31 -l $ROOT/proc/vmcore $BATS_TEST_TMPDIR/d/vmcore-incomplete" ]
	printf 'processor : %s\n' 0 1 2 3 > "$ROOT/proc/cpuinfo"
	attempt_of 'level=17 compression=none'
	[ "$(cat "$WORK/words")" = "--message-level 23 -d 17 --num-threads 3 $ROOT/proc/vmcore $BATS_TEST_TMPDIR/d/vmcore-incomplete" ]
	attempt_of 'memory=scarce'
	[ "$(cat "$WORK/words")" = "--message-level 23 -d 31 -l --cyclic-buffer 512 $ROOT/proc/vmcore $BATS_TEST_TMPDIR/d/vmcore-incomplete" ]
	attempt_of 'level=raw'
	cmp "$ROOT/proc/vmcore" "$BATS_TEST_TMPDIR/d/vmcore-incomplete"
}

@test "an attempt: the check finds fault, or cannot be made" {
	stub makedumpfile 'for file; do :; done; echo dump > "$file"'
	stub kmortem 'case "$*" in *vmcore-incomplete) exit 1 ;; esac'
	attempt_of ''
	[ "$output" = 'unsound|damaged by the filter' ]
	stub kmortem 'case "$*" in *vmcore-incomplete) echo kmortem: nonsense; exit 2 ;; esac'
	attempt_of ''
	[ "$output" = 'failed|cannot be read: kmortem: nonsense' ]
	# Of the memory that was not filtered it says the same.
	for code in 1 2; do
		stub kmortem "echo kmortem: no types >&2; exit $code"
		attempt_of ''
		[ "$output" = 'good|not checked: of the memory itself kmortem says the same: kmortem: no types' ]
	done
	stub kmortem 'kill -9 $$'
	attempt_of ''
	[ "$output" = 'good|not checked: kmortem was killed, by want of memory perhaps' ]
	stub kmortem 'sleep 1234'
	attempt_of 'CHECK_LIMIT=1'
	[ "$output" = 'good|not checked: kmortem took longer than 1 s' ]
	rm "$bin/kmortem"
	attempt_of 'PATH=$bin:/usr/bin:/bin'
	[ "$output" = 'good|not checked: kmortem is not in this image' ]
}

@test "an attempt: makedumpfile fails, is killed, hangs, fills the target" {
	stub makedumpfile 'echo "Copying data : [ 12.3 %]"; echo "It does not work."; exit 1'
	attempt_of ''
	[ "$output" = 'failed|' ]
	grep -q 'makedumpfile -d 31 failed with status 1 (failed) It does not work' "$WORK/failures"
	stub makedumpfile 'kill -9 $$'
	attempt_of ''
	[ "$output" = 'memory|' ]
	stub makedumpfile 'sleep 1234'
	attempt_of 'deadline_set 2'
	[ "$output" = 'slow|' ]
	stub makedumpfile 'for file; do :; done; exec head -c 5000000 /dev/zero > "$file"'
	attempt_of 'room_bytes() { echo 1048576; }'
	[ "$output" = 'large|' ]
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/d/vmcore-incomplete")" -lt 5000000 ]
}

@test "an attempt: what was written does not get to the disk" {
	stub makedumpfile 'for file; do :; done; echo dump > "$file"'
	stub kmortem 'exit 0'
	attempt_of 'sync() { return 1; }'
	[ "$output" = 'gone|' ]
	attempt_of 'sync() { sleep 1234; }; SYNC_LIMIT=1'
	[ "$output" = 'gone|' ]
	grep -q 'took longer than .* (gone) what was written does not get to the disk' "$WORK/failures"
}

@test "an attempt on a target that takes streams" {
	stub makedumpfile 'echo "$*" > "$WORK/words"; echo stream'
	attempt_of 'target_directory=; target_take() { echo "takes $1"; cat; }'
	[ "$output" = 'takes d/vmcore-incomplete
stream
good|' ]
	[[ $(cat "$WORK/words") == "-F --message-level 23 -d 31 -l "* ]]
	attempt_of 'target_directory=; target_take() { echo "no word of the server" >&2; return 3; }'
	[ "$output" = 'gone|' ]
	grep -q ': makedumpfile -d 31 was not taken to its end (gone) no word of the server$' "$WORK/failures"
	stub makedumpfile 'echo "It does not work." >&2; exit 1'
	attempt_of 'target_directory=; target_take() { cat; }'
	[ "$output" = 'failed|' ]
}

# ---- meta.json ---------------------------------------------------------------------------------

# meta_of WORDS: meta.json after these, as compact JSON in $output.
meta_of() {
	each "$begun put_status=1 started=1795266793; dump_directory=\$BATS_TEST_TMPDIR/d target_directory=\$BATS_TEST_TMPDIR; rm -rf \$dump_directory \$work/saved
		mkdir -p \$dump_directory; : > \$work/dmesg.txt; vmcoreinfo_of \$ROOT/proc/vmcore > \$work/vmcoreinfo
		$1
		meta"
	jq -e . <<< "$output" > /dev/null
}

@test "meta.json of a dump" {
	meta_of 'printf "x\n[ 0.0] Kernel command line: ro quiet\n[ 9.9] Kernel panic - not syncing: bad\n" > $work/dmesg.txt
		echo 12345 > $dump_directory/vmcore; echo "$target" > $work/saved; finished=1795266800 dump_format=kdump dump_level=31
		dump_compression=lzo dump_checked=sound; printf "dump 3\ncheck 1\ndump 4\n" > $work/seconds; echo first > $work/failures'
	jq -e '. == {tool: "kmortem-capture", client: "guest", machine: null, started: "2026-11-21T13:13:13Z", finished: "2026-11-21T13:13:20Z",
		complete: true, reason: null, vmcore: "vmcore", format: "kdump", size: 6, panic: "bad", kernel: "6.1.0-test", build_id: "abc",
		cmdline: "ro quiet", crash_time: "2023-11-14T22:13:20Z", seconds: {dump: 7, check: 1}, dump_level: 31, compression: "lzo",
		checked: "sound", target: "local /a", failures: ["first"]}' <<< "$output"
}

@test "meta.json tells the machine from others of its name, and its id to nobody" {
	mkdir -p "$ROOT/etc/kmortem"
	echo 0123456789abcdef0123456789abcdef > "$ROOT/etc/machine-id"
	machine=$(printf 'kmortem 0123456789abcdef0123456789abcdef' | sha256sum | cut -c 1-32)
	meta_of ''
	jq -e --arg machine "$machine" '.machine == $machine' <<< "$output"
	run ! grep -q 0123456789abcdef <<< "$output"
	# In an image.
	rm "$ROOT/etc/machine-id"
	echo 00ff > "$ROOT/etc/kmortem/capture.machine"
	meta_of ''
	rm "$ROOT/etc/kmortem/capture.machine"
	jq -e '.machine == "00ff"' <<< "$output"
	for none in '' uninitialized 'a b'; do
		printf %s "$none" > "$ROOT/etc/machine-id"
		each this_machine
		[ -z "$output" ]
	done
}

@test "meta.json while nothing is there yet" {
	meta_of ''
	jq -e '.complete == false and .finished == null and .vmcore == null and .size == null and .panic == null and .failures == []' <<< "$output"
	[ "$(sed -n 2p <<< "$output")" = '  "tool": "kmortem-capture",' ]
}

@test "meta.json is JSON, whatever it has to tell" {
	hostile='\\"\n\t\001\033[31m\377\376\303\050$(touch /tmp/x) `id` %s \\u0000 ]}'
	meta_of "printf 'Kernel panic - not syncing: $hostile' > \$work/dmesg.txt; printf '$hostile' > \$work/failures; target=\$(printf '$hostile')
		dump_checked=\$target; printf 'OSRELEASE=%s\nCRASHTIME=999999999999999999999\nBUILD-ID=\"\n' \"\$target\" > \$work/vmcoreinfo"
	# Strictly, and in no other encoding than JSON's own.
	python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read().decode("ascii"))' <<< "$output"
	jq -e '.crash_time == null and (.failures | length) == 2 and .build_id == "\""' <<< "$output"
	for length in 1 7 100 5000; do
		head -c $length /dev/urandom > "$BATS_TEST_TMPDIR/noise"
		meta_of 'cat $BATS_TEST_TMPDIR/noise > $work/failures; { printf "Kernel panic - not syncing: "; cat $BATS_TEST_TMPDIR/noise; } > $work/dmesg.txt'
		python3 -c 'import json, sys; json.loads(sys.stdin.buffer.read().decode("ascii"))' <<< "$output"
	done
}

@test "meta.json is replaced whole" {
	meta_of 'meta_put; cat $dump_directory/meta.json > $work/first; ls $dump_directory > $work/list'
	[ "$(cat "$WORK/list")" = meta.json ]
	jq -e '.tool == "kmortem-capture"' "$WORK/first"
	# A disk that takes no more leaves the one that was there.
	each "$begun"'dump_name=d target_directory=$BATS_TEST_TMPDIR dump_directory=$BATS_TEST_TMPDIR/d; meta() { echo new; }
		sync() { return 1; }; meta_put; echo $?'
	[ "$output" = 1 ]
	cmp "$WORK/first" "$BATS_TEST_TMPDIR/d/meta.json"
}

# ---- known crashes, the log, scripts, markers --------------------------------------------------

# report_json SIGNATURE: as kmortem writes it, with a hostile text in it.
report_json() {
	printf '{\n  "tool": "1",\n  "panic": {\n    "message": "x \\"signature\\": \\"evil\\"",\n    "backtrace": [\n      "    \\"signature\\": \\"evil\\""\n    ],\n    "signature": "%s"\n  },\n  "views": {\n    "signature": "other"\n  }\n}\n' "$1"
}

# known_of LINE…: what known_look leaves, with these lines in the list of signatures.
known_of() {
	printf '%s\n' "$@" > "$WORK/list"
	each "$begun"'rm -rf $work/known $work/report; conf_known_signatures=$work/list; known_look; cat $work/known 2> /dev/null; cat $work/failures'
}

@test "a crash is known where its signature is on the list, and the report is there" {
	report_json 'oops@foo+0x1' > "$BATS_TEST_TMPDIR/report.json"
	stub kmortem 'cp "$BATS_TEST_TMPDIR/report.json" "$4/"; echo text > "$4/report.txt"; exit 1'
	export BATS_TEST_TMPDIR
	known_of '# ours' '' '  oops@foo+0x1  '
	[ "$output" = 'known signature oops@foo+0x1' ]
	for line in 'oops@foo' 'oops@foo+0x1x' 'oops@.*' '#oops@foo+0x1' evil other ''; do
		known_of "$line"
		[ -z "$output" ]
	done
	report_json '' > "$BATS_TEST_TMPDIR/report.json"
	known_of ''
	[ -z "$output" ]
}

@test "what cannot be found out is no known crash" {
	stub kmortem 'exit 2'
	known_of 'oops@foo'
	[[ $output == 'whether the crash is known could not be found out: kmortem failed with status 2' ]]
	report_json 'oops@foo' > "$BATS_TEST_TMPDIR/report.json"
	export BATS_TEST_TMPDIR
	stub kmortem 'cp "$BATS_TEST_TMPDIR/report.json" "$4/"'
	known_of 'oops@foo'
	[ -z "$output" ]
	each "$begun"'conf_known_signatures=$work/none; known_look; [ ! -e $work/known ]'
	[ "$status" -eq 0 ]
}

@test "the log: by makedumpfile, else by kmortem, else none" {
	stub makedumpfile 'echo log by makedumpfile > "$3"'
	stub kmortem 'echo log by kmortem'
	each "$begun"'log_take; cat $work/dmesg.txt $work/failures'
	[ "$output" = 'log by makedumpfile' ]
	for words in 'exit 1' ': > "$3"'; do
		stub makedumpfile "$words"
		each "$begun"'log_take; cat $work/dmesg.txt; cut -c 1-12 $work/failures'
		[ "$output" = 'log by kmortem
makedumpfile' ]
	done
	stub kmortem 'exit 2'
	each "$begun"'log_take; cat $work/dmesg.txt; cut -d " " -f 1 $work/failures'
	[ "$output" = 'makedumpfile
kmortem' ]
}

@test "the log's end goes to pstore where no target holds it" {
	seq 20000 > "$WORK/dmesg.txt"
	: > "$ROOT/dev/pmsg0"
	each "$begun"'rm -f $work/logged; log_last; tail -n 1 $ROOT/dev/pmsg0; stat -c %s $ROOT/dev/pmsg0'
	[ "$(tail -n 2 <<< "$output")" = '20000
32768' ]
	each "$begun"'echo "local /a" > $work/logged; : > $ROOT/dev/pmsg0; log_last; stat -c %s $ROOT/dev/pmsg0'
	[ "$(tail -n 1 <<< "$output")" = 0 ]
	rm "$ROOT/dev/pmsg0"
	each "$begun"'rm -f $work/logged; log_last'
	[ "$(wc -l <<< "$output")" -eq 60 ]
	[ "$(tail -n 1 <<< "$output")" = 20000 ]
}

@test "the log's end goes to pstore by a panic where the kernel writes there itself" {
	seq 20000 > "$WORK/dmesg.txt"
	mkdir -p "$ROOT/sys/module/pstore/parameters" "$ROOT/proc/sys/kernel"
	echo efi > "$ROOT/sys/module/pstore/parameters/backend"
	each "$begun"'rm -f $work/logged $work/final_action; log_last > /dev/null; cat $work/final_action $ROOT/proc/sys/kernel/*; tail -n 1 $ROOT/dev/kmsg
		[ $(stat -c %s $ROOT/dev/kmsg) -gt 6000 ]'
	[ "$status" -eq 0 ]
	[ "$output" = 'panic
5
on
<3>crashed: 20000' ]
	echo '(null)' > "$ROOT/sys/module/pstore/parameters/backend"
	each "$begun"'rm -f $work/logged $work/final_action; log_last > /dev/null; ls $work/final_action; cat $work/failures'
	[ "$output" = 'there is no pstore that would take the log' ]
}

@test "scripts: what they are told, and that one that fails changes nothing" {
	stub hook 'echo "$KMORTEM_STEP $KMORTEM_COMPLETE $KMORTEM_DUMP $KMORTEM_DIRECTORY" >> $WORK/told; [ "$KMORTEM_STEP" = pre ]'
	each "$begun"'dump_name=guest-1; rm -f $work/told $work/saved; script pre $bin/hook; echo $?
		target_directory=/target dump_directory=/target/guest-1
		echo x > $work/saved; script post $bin/hook; echo $?; script post ""; echo $?; cat $work/told $work/failures'
	[ "$output" = "0
0
0
pre 0 guest-1 
post 1 guest-1 /target/guest-1
post_script $bin/hook failed with status 1" ]
	# Of a server.
	each "$begun"'dump_name=guest-1; rm -f $work/told; target_directory= dump_directory=/guest-1; script post $bin/hook; cat $work/told'
	[ "$output" = 'post 1 guest-1 ' ]
	stub hook 'sleep 1234'
	each "$begun"'SCRIPT_LIMIT=1; dump_name=guest-1; script pre $bin/hook; cat $work/failures'
	[ "$output" = "pre_script $bin/hook took longer than 1 s" ]
}

@test "where the spool lies in the target's file system" {
	each 'spool_inside /var/crash /var/crash; spool_inside /var/crash /crash; spool_inside /var/spool/dumps /dumps
		spool_inside /srv/crash /crash || echo no; spool_inside /var/crash /elsewhere || echo no; spool_inside /variable/crash /crash || echo no'
	[ "$output" = '/var/spool/kmortem
/spool/kmortem
/kmortem
no
no
no' ]
}

@test "a marker names the dump as the running system does" {
	each "$begun"'target_mount=$work/mounted target_directory=$work/mounted/var/crash target_kind=local target_where=/var/crash dump_name=guest-1
		dump_directory=$target_directory/guest-1; rm -rf $target_mount; mkdir -p $dump_directory $target_mount/var/spool/kmortem
		marker_put; echo $?; ls $target_mount/var/spool/kmortem
		: > $dump_directory/vmcore; : > $work/theirs; ln -s $work/theirs $target_mount/var/spool/kmortem/guest-1
		marker_put; echo $?; cat $target_mount/var/spool/kmortem/guest-1 $work/theirs
		mkdir $work/elsewhere; ln -sfn $work/elsewhere $target_mount/var/spool/kmortem/guest-1
		marker_put; echo $?; cat $target_mount/var/spool/kmortem/guest-1; ls $work/elsewhere; rmdir $work/elsewhere
		rm $target_mount/var/spool/kmortem/guest-1; mkdir -p $target_mount/var/spool/kmortem/guest-1/x
		marker_put; echo $?; cat $target_mount/var/spool/kmortem/guest-1
		sync() { cat $target_mount/var/spool/kmortem/* 2> /dev/null; false; }; rm $target_mount/var/spool/kmortem/guest-1; marker_put; echo $?
		rm -r $target_mount/var/spool/kmortem; marker_put; echo $?
		target_kind=device; marker_put; echo $?'
	[ "$output" = '0
0
/var/crash/guest-1/vmcore
0
/var/crash/guest-1/vmcore
0
/var/crash/guest-1/vmcore
1
0
0' ]
}

@test "modules are loaded but once, and one that cannot be is told" {
	mkdir -p "$ROOT/sys/module/loaded_before"
	printf '/lib/modules/%s.ko\n' 'loaded-before' 'one' 'meanwhile' 'broken' | sed '2s/$/ a=1 b=2/' > "$ROOT/lib/modules/order"
	each "$begun"'rmdir $ROOT/sys/module/meanwhile 2> /dev/null
		insmod() { echo "$*"; case $1 in */one.ko) ;; */meanwhile.ko) mkdir $ROOT/sys/module/meanwhile; false ;; *) false ;; esac; }
		load_modules; cat $work/failures'
	[ "$output" = '/lib/modules/one.ko a=1 b=2
/lib/modules/meanwhile.ko
/lib/modules/broken.ko
cannot load /lib/modules/broken.ko' ]
}

# ---- watchdogs ---------------------------------------------------------------------------------

@test "watchdogs: those that ran are fed, until the time is over, and let go where the machine is to stand still" {
	for number in 0 1 2; do mkdir -p "$ROOT/sys/class/watchdog/watchdog$number"; done
	echo 'i6300ESB timer' > "$ROOT/sys/class/watchdog/watchdog0/identity"
	echo 'i6300ESB timer too' > "$ROOT/sys/class/watchdog/watchdog1/identity"
	printf '%s\n' iTCO_wdt 'i6300ESB timer' > "$ROOT/etc/kmortem/capture.watchdogs"
	each watchdogs_there
	[ "$output" = /dev/watchdog0 ]
	printf '/lib/modules/watchdog.ko\n/lib/modules/i6300esb.ko heartbeat=5 nowayout=1\n' > "$ROOT/lib/modules/watchdogs"
	loads='insmod() { echo "insmod $*"; }; WATCHDOG_PATIENCE=2 WATCHDOG_GRACE=0; rm -f $work/unwatched $ROOT/dev/watchdog0;'
	each "$loads"'deadline_set 3; watchdogs; [ $(stat -c %s $ROOT/dev/watchdog0) -gt 1 ] && tr -s "\n" x < $ROOT/dev/watchdog0'
	[[ $output = 'insmod /lib/modules/watchdog.ko
insmod /lib/modules/i6300esb.ko heartbeat=5 nowayout=1
x' ]]
	[ "$stderr" = 'kmortem-capture: feeds the watchdog /dev/watchdog0' ]
	each "$loads"'deadline_set 1000; { sleep 2; echo > $work/unwatched; } & watchdogs > /dev/null; tr "\n" x < $ROOT/dev/watchdog0 | tail -c 2'
	[ "$output" = xV ]
}

@test "watchdogs: before there is a deadline it is that of the first process" {
	for pair in '1859 1' '1861 0'; do
		rm "$ROOT/proc/uptime"
		echo "${pair% *}.5 1.0" > "$ROOT/proc/uptime"
		each 'rm -f $work/deadline; watchdogs_are_over; echo $?; echo nonsense > $work/deadline; watchdogs_are_over; echo $?'
		[ "$output" = "${pair#* }
${pair#* }" ]
	done
	grep -qx 'time_limit=1800 .*\|.*time_limit=1800  #.*' capture/saving/init
	grep -q '^grace=60 ' capture/saving/init
}

# ---- memory, measured in an emulator -----------------------------------------------------------

@test "measuring: what it takes is run, and has found room where nothing of it was killed" {
	mkdir -p "$ROOT/conf"
	printf '%s\n' 'target = local /var/crash' 'dump_level = 17' > "$ROOT/conf/capture.conf"
	words='image_conf=$ROOT/conf; load_modules() { :; }; makedumpfile() { echo "makedumpfile $*" >&2; return $(cat $ROOT/makedumpfile); }
		kmortem() { echo "kmortem $*" >&2; return $(cat $ROOT/kmortem); }; filter_compression() { echo lzo; }; measure; status=$?; cat $work/measured; echo $status'
	ran="kmortem report --only dump-damaged-by-filter -o $WORK/report /proc/kcore"
	echo 1 | tee "$ROOT/makedumpfile" > "$ROOT/kmortem"
	each "$words"
	[ "$output" = "$ran
0" ]
	[ "$stderr" = 'kmortem-capture: measured' ]
	echo 137 > "$ROOT/kmortem"
	each "$words"
	[ "$output" = "$ran
1" ]
	[ "$stderr" = 'kmortem-capture: out of memory: kmortem' ]
	echo 137 > "$ROOT/makedumpfile"
	each "$words"
	[ "$output" = "makedumpfile -l -d 17 --dry-run /proc/kcore $WORK/vmcore
1" ]
	[ "$stderr" = 'kmortem-capture: out of memory: makedumpfile' ]
}

# ---- the first process -------------------------------------------------------------------------

# init_by SHELL WORDS: its functions, of which none may touch this machine.
init_by() {
	local functions
	functions=$(sed '/^umask /,$d' capture/saving/init | sed "s,/proc/,$ROOT/first/,g; s,/dev/console,$ROOT/first/console,g; s,/run/kmortem,$ROOT/first,g")
	! grep -E '(^|[^[:alnum:]])/(dev/[^n]|run|sys)' <<< "$functions" || return
	mkdir -p "$ROOT/first/self"
	rm -f "$ROOT"/first/{console,sysrq-trigger,unwatched}
	# shellcheck disable=SC2086 # "busybox sh" is two words
	$1 -c "$functions
		PATH=$PATH"'
		sleep() { echo "sleep $1"; }; reboot() { echo "reboot $*"; }; poweroff() { echo "poweroff $*"; }; halt() { echo "halt $*"; }
		'"$2"
}

@test "the first process ends the machine as it is told, and restarts it where it is not" {
	for shell in dash bash 'busybox sh'; do
		mkdir -p "$ROOT/first"
		for how in poweroff halt; do
			echo "$how" > "$ROOT/first/final_action"
			run init_by "$shell" end
			[[ $output == *"$how -n -f"* ]]
			[ -e "$ROOT/first/unwatched" ] || [ "$how" != halt ]
			[ ! -e "$ROOT/first/unwatched" ] || [ "$how" = halt ]
		done
		echo panic > "$ROOT/first/final_action"
		run init_by "$shell" 'sleep() { exit; }; end'
		[ "$(cat "$ROOT/first/sysrq-trigger")" = c ]
		for action in nonsense ''; do
			echo "$action" > "$ROOT/first/final_action"
			run init_by "$shell" end
			[[ $output == *'reboot -n -f'* ]]
		done
		rm "$ROOT/first/final_action"
		run init_by "$shell" 'end; wait'
		[[ $output == *'reboot -n -f'* ]]
		# Where that does not do it.
		[[ $output == *'sleep 20'* ]]
		[ "$(cat "$ROOT/first/sysrq-trigger")" = b ]
	done
}

@test "the first process does not wait longer than until a minute after the deadline, whatever stands there" {
	for shell in dash bash 'busybox sh'; do
		for pair in '100 159' '100 161' 'nonsense 1859' 'nonsense 1861' '- 1861'; do
			mkdir -p "$ROOT/first"
			rm -f "$ROOT/first/deadline"
			[ "${pair% *}" = - ] || echo "${pair% *}" > "$ROOT/first/deadline"
			echo "${pair#* }.07 5.0" > "$ROOT/first/uptime"
			run init_by "$shell" 'sleep() { echo waits; exit; }; end() { echo ends; }; watch'
			case $pair in *1) [ "$output" = ends ] ;; *) [ "$output" = waits ] ;; esac
			[ "$(cat "$ROOT/first/self/oom_score_adj")" = -1000 ]
		done
		echo "x 5.0" > "$ROOT/first/uptime"
		run init_by "$shell" 'number_in $ROOT/first/uptime 7; echo $number; number_in /nowhere 8; echo $number'
		[ "$output" = '7
8' ]
	done
}

# ---- all of it ---------------------------------------------------------------------------------

# capture_with TARGETS WORDS: `capture`, with targets that are directories below $work, after these words; then the files there.
capture_with() {
	rm -rf "$WORK" "$ROOT/lib/modules/order"
	mkdir -p "$WORK"
	printf '%s\n' "$1" > "$ROOT/etc/kmortem/capture.conf"
	: > "$ROOT/etc/kmortem/capture.devices"
	: > "$ROOT/lib/modules/order"
	each 'exec 2> /dev/null
		rm -rf $work; mkdir -p $work
		hostname() { echo guest; }; date() { case "$*" in *+%Y*) echo 2026-11-21-131313 ;; *) echo 1795266793 ;; esac; }
		target_choose() { target_kind=${1%% *} target_where=${1#* }; target_mount=$work target_directory=$work/${1##*/}; }
		target_open() { mkdir -p $target_directory; }
		target_close() { :; }
		sync() { :; }
		'"$2"'
		capture
		cd $work; for file in */guest-*/*; do [ ! -e "$file" ] || echo "$file"; done; cat failures'
}

@test "all: the first target holds the dump" {
	stub makedumpfile 'for file; do :; done; case $1 in -v) printf "lzo\tenabled\n" ;; *) echo data > "$file" ;; esac'
	stub kmortem 'exit 0'
	capture_with 'target=local /a
target=local /b' ''
	[ "$output" = 'a/guest-2026-11-21-131313/dmesg.txt
a/guest-2026-11-21-131313/makedumpfile.log
a/guest-2026-11-21-131313/meta.json
a/guest-2026-11-21-131313/vmcore' ]
	jq -e '.complete and .finished' "$WORK/a/guest-2026-11-21-131313/meta.json"
	[ "$(cat "$WORK/final_action")" = reboot ]
}

@test "all: the log is on the target before anything is looked for that takes its time" {
	stub makedumpfile 'for file; do :; done; case $1 in -v) printf "lzo\tenabled\n" ;; *) echo data > "$file" ;; esac'
	stub kmortem 'case "$*" in *--only*) ;; *) ls "$WORK"/*/*/dmesg.txt >> "$ROOT/before" ;; esac'
	echo other > "$ROOT/list"
	for known in "$ROOT/list" ''; do
		rm -f "$ROOT/before"
		capture_with "known_signatures=$known
target=local /a
target=local /b" 'target_new() { [ "$target_directory" != $work/a ] && mkdir $target_directory/$1; }'
		[[ $output == b/*/vmcore* ]]
		# By each of the three shells once, though the first target did not take it.
		[ -z "$known" ] || [ "$(cat "$ROOT/before")" = "$(for shell in 1 2 3; do echo "$WORK/b/guest-2026-11-21-131313/dmesg.txt"; done)" ]
		[ "$known" ] || [ ! -e "$ROOT/before" ]
	done
}

@test "all: a target that cannot be opened, and one that hangs, lead to the next" {
	stub makedumpfile 'for file; do :; done; case $1 in -v) printf "lzo\tenabled\n" ;; *) echo data > "$file" ;; esac'
	stub kmortem 'exit 0'
	capture_with 'target=local /a
target=local /b
target=local /c' 'target_open() { [ $target_directory != $work/a ] || return 1; mkdir -p $target_directory; }
		meta_put() { case $dump_directory in */b/*) sleep 1234 ;; *) : > $dump_directory/meta.json ;; esac; }
		put_log() { if [ "${target##*/}" = b ]; then within 1 put_here; else put_here; fi; }'
	[ "$(grep '^c/' <<< "$output")" = 'c/guest-2026-11-21-131313/dmesg.txt
c/guest-2026-11-21-131313/makedumpfile.log
c/guest-2026-11-21-131313/meta.json
c/guest-2026-11-21-131313/vmcore' ]
	grep -q 'local /a: cannot be reached' <<< "$output"
	grep -q 'local /b: the log cannot be written to it: it took longer' <<< "$output"
}

# The mount that hangs is killed, but what it asked the kernel for is done later; it is played by another directory in its place.
@test "all: a mount that was given up and comes later does not cover the next target" {
	stub makedumpfile 'for file; do :; done; case "$*" in -v) printf "lzo\tenabled\n" ;; *vmcore-incomplete) until [ -e "$ROOT/covered" ]; do sleep 0.1; done; echo data > "$file" ;; *) echo data > "$file" ;; esac'
	stub kmortem 'exit 0'
	stub late 'until [ "$(echo "$ROOT"/target*/guest-*/dmesg.txt)" != "$ROOT/target*/guest-*/dmesg.txt" ]; do sleep 0.1; done
		mv "$ROOT/target" "$ROOT/below"; mkdir "$ROOT/target"; : > "$ROOT/covered"'
	capture_with 'target=device /dev/one:/
target=device /dev/two:/' '. capture/saving/target.sh; rm -rf $ROOT/target* $ROOT/below $ROOT/covered
		printf "device /dev/%s:/\t/dev/%s\text4\trw\t/\n" one one two two > $ROOT/etc/kmortem/capture.devices
		least() { if [ "$1" = 180 ]; then echo 2; else echo $(($1 < $2 ? $1 : $2)); fi; }; device_wait() { echo "$1"; }; umount() { :; }
		mount() { case $5 in */one) (setsid timeout 60 late > /dev/null 2>&1 < /dev/null &); sleep 1234 ;; esac; }'
	grep -q 'device /dev/one:/: cannot be reached: opening it took longer than 2 s' <<< "$output"
	[ "$(cat "$WORK/saved")" = 'device /dev/two:/' ]
	[ -e "$ROOT/target.2/guest-2026-11-21-131313/vmcore" ]
	jq -e .complete "$ROOT/target.2/guest-2026-11-21-131313/meta.json"
	[ -z "$(ls "$ROOT/target")" ]
}

@test "all: a target that is too slow is filtered harder, then left as one leaves a target, for the next" {
	stub makedumpfile 'for file; do :; done; case "$*" in -v) printf "lzo\tenabled\n" ;; */a/*) sleep 1234 ;; *) echo data > "$file" ;; esac'
	stub kmortem 'exit 0'
	capture_with 'target=local /a
target=local /b
time_limit=15
dump_level=17' 'status_words() { echo "ended with $1"; }; target_close() { echo "closed ${target##*/}" >> $work/closed; }'
	[ "$(grep '^b/' <<< "$output")" = 'b/guest-2026-11-21-131313/dmesg.txt
b/guest-2026-11-21-131313/makedumpfile.log
b/guest-2026-11-21-131313/meta.json
b/guest-2026-11-21-131313/vmcore' ]
	jq -e '.complete == false and .finished and (.failures | length) == 2' "$WORK/a/guest-2026-11-21-131313/meta.json"
	jq -e '.failures[0] | test("local /a: makedumpfile -d 17 ended with 124 [(]slow[)]")' "$WORK/a/guest-2026-11-21-131313/meta.json"
	jq -e '.failures[1] | test("local /a: makedumpfile -d 31 ended with 124 [(]slow[)]")' "$WORK/a/guest-2026-11-21-131313/meta.json"
	[ "$(cat "$WORK/closed")" = 'closed a
closed b' ]
}

@test "a dump is named by the time in UTC: elsewhere an hour comes twice a year" {
	local seconds
	for seconds in 1792888200 1792891800; do # on 2026-10-25, before and after the change
		TZ=CET-1CEST,M3.5.0,M10.5.0/3 each "dump_host=guest; name_of $seconds"
		[ "$output" = "guest-$(date -u -d "@$seconds" +%Y-%m-%d-%H%M%S)" ]
	done
}

@test "all: a dump has a directory of its own, whatever lies there by its name" {
	stub makedumpfile 'for file; do :; done; case $1 in -v) printf "lzo\tenabled\n" ;; *) echo data > "$file" ;; esac'
	stub kmortem 'exit 0'
	seconds='date() { case "$*" in "-u -d @"*+%Y*) echo 2026-11-21-${3#@17952667} ;; *) echo 1795266793 ;; esac; }'
	capture_with 'target=local /a' "$seconds"'; mkdir -p $work/a/guest-2026-11-21-93 $work/elsewhere; ln -s ../elsewhere $work/a/guest-2026-11-21-94
		ln -s nowhere $work/a/guest-2026-11-21-95'
	[ "$(grep -v ^elsewhere <<< "$output")" = 'a/guest-2026-11-21-96/dmesg.txt
a/guest-2026-11-21-96/makedumpfile.log
a/guest-2026-11-21-96/meta.json
a/guest-2026-11-21-96/vmcore' ]
	[ -z "$(find "$WORK/elsewhere" "$WORK/a/guest-2026-11-21-93" -mindepth 1)" ]
	capture_with 'target=local /a' "$seconds"'; PLACE_TRIES=2; mkdir -p $work/a/guest-2026-11-21-93 $work/a/guest-2026-11-21-94 $work/a/guest-2026-11-21-95'
	grep -q 'local /a: the log cannot be written to it: it failed with status 17' <<< "$output"
}

@test "all: the clock is that of the kernel that crashed, unless they agree" {
	rm "$ROOT/proc/uptime"
	echo '10.00 5.00' > "$ROOT/proc/uptime"
	# clock_of SECONDS: what is asked of `date`, where that is what it tells.
	clock_of() {
		each "$begun date() { echo \"\$*\" >> \$work/set; echo $1; }"'; rm -f $work/set
			[ -e $work/vmcoreinfo ] || vmcoreinfo_of $ROOT/proc/vmcore > $work/vmcoreinfo; clock_set; cat $work/set'
	}
	for now in 86400 1699999709 1700000311 1700007210; do
		clock_of "$now"
		[ "$output" = '+%s
-s @1700000010' ]
	done
	for now in 1699999710 1700000010 1700000310; do
		clock_of "$now"
		[ "$output" = +%s ]
	done
	echo CRASHTIME=never > "$WORK/vmcoreinfo"
	each "$begun"'date() { echo "$*"; }; clock_set'
	[ -z "$output" ]
}

@test "all: no memory of a crashed kernel" {
	stub makedumpfile 'for file; do :; done; case $1 in -v) printf "lzo\tenabled\n" ;; *) exit 1 ;; esac'
	stub kmortem 'exit 2'
	rm "$ROOT/proc/vmcore"
	capture_with 'target=local /a' ''
	grep -q 'there is no .*/proc/vmcore: this kernel was not told of the one that crashed' <<< "$output"
	run ! grep -q 'makedumpfile -d' <<< "$output"
	jq -e '.complete == false and (.reason | test("was not told"))' "$WORK/a/guest-2026-11-21-131313/meta.json"
}

@test "all: settings that say nothing" {
	stub makedumpfile 'for file; do :; done; case $1 in -v) printf "lzo\tenabled\n" ;; *) echo data > "$file" ;; esac'
	stub kmortem 'exit 0'
	capture_with 'nonsense' 'printf "local /var/crash\tUUID=1\text4\trw\t/var/crash\n" > $ROOT/etc/kmortem/capture.devices'
	grep -qx 'crash/guest-2026-11-21-131313/vmcore' <<< "$output"
	grep -qx 'no target is set: those known are taken' <<< "$output"
}

@test "all: also when the time is over, post_script runs, and the log's end goes to pstore" {
	stub makedumpfile 'for file; do :; done; case $1 in -v) printf "lzo\tenabled\n" ;; *) echo "the log" > "$file" ;; esac'
	stub hook 'echo "post $KMORTEM_COMPLETE" > $WORK/told'
	local over='target_open() { deadline_set 0; return 1; }'
	: > "$ROOT/dev/pmsg0"
	capture_with "target=local /a
post_script=$bin/hook" "$over; : > \$ROOT/dev/pmsg0"
	[ "$(cat "$WORK/told" "$ROOT/dev/pmsg0")" = 'post 0
the log' ]
	# A script that takes all the time that it gets leaves some for that.
	rm "$ROOT/proc/uptime"
	echo '10.00 5.00' > "$ROOT/proc/uptime"
	capture_with 'target=local /a' "$over"'; script() { time_left; echo "$1_script $left" >> $work/left; }; log_last() { time_left; echo "log $left" >> $work/left; }'
	[ "$(cat "$WORK/left")" = 'pre_script 1800
post_script 20
log 50' ]
}

# ---- what stays --------------------------------------------------------------------------------

# held NAME [KIB]: a dump of ours that is over.
held() {
	mkdir -p "$BATS_TEST_TMPDIR/crash/$1"
	printf '{\n  "tool": "kmortem-capture",\n  "finished": "2026-01-01T00:00:00Z",\n}\n' > "$BATS_TEST_TMPDIR/crash/$1/meta.json"
	head -c "$((${2:-0} * 1024))" /dev/urandom > "$BATS_TEST_TMPDIR/crash/$1/vmcore"
}

# made_of WORDS: what is left of a directory that is made by `crash`, by each shell alone, after these.
made_of() {
	local shell result first=
	for shell in dash bash 'busybox sh'; do
		rm -rf "$BATS_TEST_TMPDIR/crash"
		mkdir "$BATS_TEST_TMPDIR/crash"
		crash
		by "$shell" "conf_defaults; conf_min_free=0; $1" 2> "$WORK/errors"
		refuse_usage "$WORK/errors" < /dev/null
		result=$(cd "$BATS_TEST_TMPDIR/crash" && printf '%s ' *)
		[ -z "$first" ] || [ "$first" = "$result" ]
		first=$result
	done
	output=$result
}

@test "retention: the newest stay, and all that is not ours" {
	crash() {
		local day
		for day in 01 02 03 04; do held "guest-2026-01-$day-000000"; done
		held guest-2026-01-01-000000-copy
		held other-2026-01-01-000000
		held guest-a-2026-01-01-000000
		mkdir -p "$BATS_TEST_TMPDIR"/crash/{guest-2026-01-00-000000,202601010000} "$BATS_TEST_TMPDIR/elsewhere"
		held guest-2025-01-01-000000
		echo '{ "client": "guest" }' > "$BATS_TEST_TMPDIR/crash/guest-2025-01-01-000000/meta.json"
		held guest-2025-01-02-000000
		rm "$BATS_TEST_TMPDIR/crash/guest-2025-01-02-000000/meta.json"
		held linked
		ln -s linked "$BATS_TEST_TMPDIR/crash/guest-2025-01-03-000000"
	}
	others='202601010000 guest-2025-01-01-000000 guest-2025-01-02-000000 guest-2025-01-03-000000 guest-2026-01-00-000000 '
	rest='guest-a-2026-01-01-000000 linked other-2026-01-01-000000 '
	made_of 'conf_keep=2; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = "${others}guest-2026-01-01-000000-copy guest-2026-01-03-000000 guest-2026-01-04-000000 $rest" ]
	made_of 'retain $BATS_TEST_TMPDIR/crash guest'
	[ "$(wc -w <<< "$output")" -eq 13 ]
	# One that was written by a clock that is wrong.
	made_of 'conf_keep=1; retain $BATS_TEST_TMPDIR/crash guest guest-2026-01-01-000000'
	[[ $output == *guest-2026-01-01-000000\ * && $output != *guest-2026-01-0[2-4]* ]]
}

@test "retention: a removal that was interrupted is known as ours, and ended the next time" {
	crash() { held guest-2026-01-01-000000 100; held guest-2026-01-02-000000 100; }
	made_of 'rm() { return 1; }; conf_keep=1; retain $BATS_TEST_TMPDIR/crash guest; ls $BATS_TEST_TMPDIR/crash/guest-2026-01-01-000000 > $BATS_TEST_TMPDIR/left'
	[ "$(cat "$BATS_TEST_TMPDIR/left")" = meta.json ]
	[ "$output" = 'guest-2026-01-01-000000 guest-2026-01-02-000000 ' ]
	by dash 'conf_defaults; conf_min_free=0 conf_keep=1; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$(ls "$BATS_TEST_TMPDIR/crash")" = guest-2026-01-02-000000 ]
}

@test "retention: another machine of the same name keeps its dumps, where both say who they are" {
	crash() {
		local day
		for day in 01 02 03 04 05; do held "guest-2026-01-$day-000000"; done
		sed -i '2a\  "machine": "0123456789abcdef0123456789abcdef",' "$BATS_TEST_TMPDIR"/crash/guest-2026-01-0[13]-000000/meta.json
		sed -i '2a\  "machine": "ffff456789abcdef0123456789abcdef",' "$BATS_TEST_TMPDIR/crash/guest-2026-01-02-000000/meta.json"
		sed -i '2a\  "machine": null,' "$BATS_TEST_TMPDIR/crash/guest-2026-01-04-000000/meta.json"
	}
	made_of 'this_machine() { echo 0123456789abcdef0123456789abcdef; }; conf_keep=1; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = 'guest-2026-01-02-000000 guest-2026-01-05-000000 ' ]
	made_of 'this_machine() { :; }; conf_keep=1; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = 'guest-2026-01-05-000000 ' ]
}

@test "retention: the newest stays, whatever the limits" {
	crash() { held guest-2026-01-01-000000 100; held guest-2026-01-02-000000 100; }
	for words in conf_keep=1 conf_max_total=1; do
		made_of "$words"'; retain $BATS_TEST_TMPDIR/crash guest'
		[ "$output" = 'guest-2026-01-02-000000 ' ]
	done
}

# left NAME: of a crash that has left no dump that is whole.
left() {
	held "$1" "${2-}"
	mv "$BATS_TEST_TMPDIR/crash/$1/vmcore" "$BATS_TEST_TMPDIR/crash/$1/vmcore-incomplete"
}

@test "retention: logs and halves of later crashes take no dump away" {
	crash() {
		local day
		for day in 01 02 03; do held "guest-2026-01-$day-000000" 100; done
		for day in 04 05 06 07; do left "guest-2026-01-$day-000000" 100; done
		mv "$BATS_TEST_TMPDIR"/crash/guest-2026-01-06-000000/{vmcore-incomplete,dmesg.txt}
	}
	made_of 'conf_keep=2; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = 'guest-2026-01-02-000000 guest-2026-01-03-000000 guest-2026-01-06-000000 guest-2026-01-07-000000 ' ]
	# The last is one of a known crash.
	made_of 'conf_keep=1; retain $BATS_TEST_TMPDIR/crash guest guest-2026-01-07-000000'
	[ "$output" = 'guest-2026-01-03-000000 guest-2026-01-07-000000 ' ]
	for name in '' guest-2026-01-07-000000; do
		made_of 'conf_max_total=1; retain $BATS_TEST_TMPDIR/crash guest '"$name"
		[ "$output" = 'guest-2026-01-03-000000 guest-2026-01-07-000000 ' ]
	done
	# What is to be written may have the room of all others.
	made_of 'stat() { [ ! -e $BATS_TEST_TMPDIR/crash/guest-2026-01-03-000000 ] && echo "10000 10000 4096" || echo "0 10000 4096"; }
		retain_helps() { :; }; retain_room $BATS_TEST_TMPDIR/crash guest guest-2026-01-07-000000 1'
	[ "$output" = 'guest-2026-01-04-000000 guest-2026-01-05-000000 guest-2026-01-06-000000 guest-2026-01-07-000000 ' ]
}

@test "retention: so much altogether" {
	crash() {
		local day
		for day in 01 02 03; do held "guest-2026-01-$day-000000" 1000; done
	}
	made_of 'conf_max_total=2500000; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = 'guest-2026-01-02-000000 guest-2026-01-03-000000 ' ]
	made_of 'conf_max_total=1000; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = 'guest-2026-01-03-000000 ' ]
}

# The disk is played: 10000 blocks of 4096 bytes, of which $others are not those of dumps.
DISK='stat() { echo "$((10000 - others - $(du -sk $BATS_TEST_TMPDIR/crash | sed "s/[^0-9].*//") / 4)) 10000 4096"; }'

@test "retention: no dump goes where that does not make the room that is wanted" {
	crash() {
		local day
		for day in 01 02 03; do held "guest-2026-01-$day-000000" 4000; done
	}
	all='guest-2026-01-01-000000 guest-2026-01-02-000000 guest-2026-01-03-000000 '
	# 4000 blocks are to stay free, and three dumps take 3000: one less is enough, two less are, and all but the newest are not.
	made_of "$DISK"'; others=3800 conf_min_free=40%; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = "${all#* }" ]
	made_of "$DISK"'; others=4500 conf_min_free=40%; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = 'guest-2026-01-03-000000 ' ]
	made_of "$DISK"'; others=5900 conf_min_free=40%; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = "$all" ]
	# In the capture kernel: what was written stays, and there is no room for a dump of that size.
	made_of "$DISK"'; others=3800 conf_min_free=0; retain_room $BATS_TEST_TMPDIR/crash guest guest-2026-01-03-000000 30000000 || :'
	[ "$output" = "$all" ]
	made_of "$DISK"'; others=3800 conf_min_free=0; retain_room $BATS_TEST_TMPDIR/crash guest guest-2026-01-03-000000 15000000'
	[ "$output" = "${all#* }" ]
	each "conf_defaults; $DISK"'; others=9000; retain $BATS_TEST_TMPDIR/crash guest'
	[[ $stderr == *'old dumps hold '*': they stay' ]]
}

@test "retention: what is being written stays, what was left so does not" {
	crash() {
		held guest-2026-01-01-000000
		held guest-2026-01-02-000000
		held guest-2026-01-03-000000
		sed -i 's/"finished": .*/"finished": null,/' "$BATS_TEST_TMPDIR"/crash/guest-2026-01-0[12]-000000/meta.json
		touch -d '2 days ago' "$BATS_TEST_TMPDIR/crash/guest-2026-01-02-000000/meta.json"
	}
	made_of 'conf_keep=1; retain $BATS_TEST_TMPDIR/crash guest'
	[ "$output" = 'guest-2026-01-01-000000 guest-2026-01-03-000000 ' ]
}

@test "room that may be written to" {
	each 'stat() { echo "1000 4000 4096"; }
		for conf_min_free in 5% 10% 50% 1M 2M 1T; do room_bytes /; done'
	[ "$output" = "3047424
2457600
0
3047424
1998848
0" ]
}

@test "kmortem capture retain: the local targets of this host" {
	local crash=$BATS_TEST_TMPDIR/crash host
	host=$(uname -n)
	for name in "$host-2026-01-01-000000" "$host-2026-01-02-000000" other-2026-01-01-000000; do held "$name"; done
	printf '%s\n' "target=local $crash" 'target=local /no/such' 'target=device UUID=1:/x' keep=1 > "$BATS_TEST_TMPDIR/conf"
	ROOT='' CONF=$BATS_TEST_TMPDIR/conf run capture/kmortem-capture retain
	[ "$status" -eq 0 ]
	[ "$(cd "$crash" && printf '%s ' *)" = "$host-2026-01-02-000000 other-2026-01-01-000000 " ] ||
		[ "$(cd "$crash" && printf '%s ' *)" = "other-2026-01-01-000000 $host-2026-01-02-000000 " ]
	echo nonsense > "$BATS_TEST_TMPDIR/conf"
	ROOT='' CONF=$BATS_TEST_TMPDIR/conf run capture/kmortem-capture retain
	[ "$status" -eq 2 ]
}

# symbols_of RUNNING WORDS: a System.map for a dump of 6.1.0-test by a kernel of that release.
symbols_of() {
	each "$begun running=$1"'; uname() { echo $running; }; target_directory=$work/t dump_directory=$work/t/d dump_name=d
		rm -rf $work/t; mkdir -p $dump_directory; vmcoreinfo_of $ROOT/proc/vmcore > $work/vmcoreinfo; conf_min_free=0
		'"$2"'
		if symbols_are_wanted; then put_symbols; echo $?; fi
		cd $dump_directory; for file in *; do [ ! -f $file ] || { echo $file; cat $file; }; done'
}

@test "System.map beside a dump, where the kernel does not tell its symbols and this one is of the same build" {
	printf '%s\n' '0000000000000000 A fixed_percpu_data' 'ffffffff81000000 T _stext' 'ffffffffc0101000 t tun_init	[tun]' > "$ROOT/proc/kallsyms"
	symbols_of 6.1.0-test ''
	[ "$output" = '0
System.map-6.1.0-test
0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext' ]
	symbols_of 6.1.0-test 'target_directory=; target_take() { echo "takes $1"; cat; }; target_keep() { echo "$1 becomes $2"; }'
	[ "$output" = 'takes d/System.map.new
0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
d/System.map.new becomes d/System.map-6.1.0-test
0' ]
	symbols_of 6.2.0-other ''
	[ -z "$output" ]
	sed -i 's/^[0-9a-f]*/0000000000000000/' "$ROOT/proc/kallsyms" # hidden from this process
	symbols_of 6.1.0-test ''
	[ -z "$output" ]
	printf '%s\n' 'ffffffff81000000 T _stext' > "$ROOT/proc/kallsyms"
	printf 'SYMBOL(kallsyms_names)=ffffffff82000000\n\0' >> "$ROOT/proc/vmcore"
	symbols_of 6.1.0-test ''
	[ -z "$output" ]
}

@test "System.map: whole or not at all, and not of what stays free for meta.json" {
	printf '%s\n' 'ffffffff81000000 T _stext' 'ffffffff81000001 T _last' > "$ROOT/proc/kallsyms"
	symbols_of 6.1.0-test 'room_bytes() { echo 50; }'
	[ "$output" = 153 ]
	symbols_of 6.1.0-test 'room_bytes() { echo 51; }'
	[ "$(head -n 2 <<< "$output")" = '0
System.map-6.1.0-test' ]
	# What cannot be written to its end, by a program that does not say so; what does not get to the disk.
	for words in 'kernel_symbols() { [ -e $work/counted ] || cat $ROOT/proc/kallsyms; : > $work/counted; }; rm -f $work/counted' 'sync() { return 1; }'; do
		symbols_of 6.1.0-test "$words"
		[ "$output" = 1 ]
	done
	symbols_of 6.1.0-test 'target_directory=; target_take() { cat > /dev/null; return 1; }; target_keep() { echo kept; }'
	[ "$output" = 1 ]
}

@test "meta.json is there before System.map, and tells of it after" {
	symbols_of 6.1.0-test 'symbols_are_wanted() { :; }; put_symbols() { cp $dump_directory/meta.json $work/first; return 1; }
		target_kind=local started=1795266793 finished=1795266800; : > $work/dmesg.txt; : > $dump_directory/vmcore; echo "local /a" > $work/saved
		marker_put() { :; }; retain() { :; }; put_rest 0; symbols_are_wanted() { return 1; }; mv $dump_directory/meta.json $work/last; rm $dump_directory/*'
	jq -e '.complete and .failures == [] and (.seconds | has("symbols") | not)' "$WORK/first"
	jq -e '.complete and .failures == ["local /a: System.map could not be written: it failed with status 1"] and (.seconds | has("symbols"))' "$WORK/last"
}

# server_with KIND WORDS: `capture` with a server that is reached and takes no dump; "no log anywhere" where it has not the log either.
server_with() {
	capture_with "target=$1" "target_choose() { target_directory= target_kind=${1%% *}; }"'; target_open() { :; }; target_new() { :; }
		put_log() { :; }; target_take() { cat > /dev/null; return 1; }; target_close() { :; }
		log_last() { [ -e $work/logged ] || echo "no log anywhere"; }
		'"$2"
}

@test "all: a log that only goes away with the target is not there before that" {
	stub makedumpfile 'exit 1'
	server_with 'netdump server' 'target_close() { return 1; }'
	grep -qx 'no log anywhere' <<< "$output"
	server_with 'netdump server' ''
	run ! grep -qx 'no log anywhere' <<< "$output"
}

@test "all: a server by ssh has the log once it has taken it, and not without" {
	stub makedumpfile 'exit 1'
	server_with 'ssh a@b:/c' 'put_log() { return 1; }'
	grep -qx 'no log anywhere' <<< "$output"
	server_with 'ssh a@b:/c' 'target_new() { return 1; }'
	grep -qx 'no log anywhere' <<< "$output"
	for words in '' 'target_close() { return 1; }' 'put_dump() { return 124; }'; do
		server_with 'ssh a@b:/c' "$words"
		run ! grep -qx 'no log anywhere' <<< "$output"
	done
}

@test "all: what has gone is not waited for again when it is closed" {
	stub makedumpfile 'echo dump'
	local limits='step() { step_limit=$2 step_status=0; [ "$1" != close ] || echo "closed within $2"; shift 2; "$@" || step_status=$?; return $step_status; }
		target_choose() { target_directory= target_kind=ssh; }; target_open() { :; }; target_new() { :; }; put_log() { :; }; target_keep() { :; }; target_close() { :; }'
	capture_with 'target=ssh a@b:/c' "$limits; target_take() { cat > /dev/null; return 1; }"
	grep -qx 'closed within 5' <<< "$output"
	capture_with 'target=ssh a@b:/c' "$limits; target_take() { cat > /dev/null; }"
	grep -qx 'closed within 60' <<< "$output"
}
