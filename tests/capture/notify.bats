#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is told of a crash, and to whom; by each shell that may be /bin/sh.
# shellcheck disable=SC2154,SC2016 # bats sets variables; words are for stubs

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export ROOT=$BATS_TEST_TMPDIR/root SAID=$BATS_TEST_TMPDIR/said STUBS=$BATS_TEST_TMPDIR/stubs
	dump=$BATS_TEST_TMPDIR/crash/one/vmcore
	mkdir -p "${dump%/*}" "$ROOT/run/motd.d" "$ROOT/etc/kmortem" "$SAID"
	export RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/sent
	for program in logger wall; do stub "$program" 'echo "$*" > "$SAID/'"$program.arguments\"; cat >> \"\$SAID/$program\""; done
	stub uname 'echo thishost'
	stub systemctl 'echo "$*" >> "$SAID/systemctl"'
	stub sendmail 'echo "$*" > "$SAID/mail.arguments"; cat > "$SAID/mail"'
	# For want of the real one's, which knows no functions, a time limit that never comes.
	stub timeout 'shift; "$@"'
	: > "$dump"
}

# stub NAME WORDS: a function, as busybox sh prefers its own programs to those of PATH.
stub() { printf '%s() (\n%s\n)\n' "$1" "$2" >> "$BATS_TEST_TMPDIR/stubs"; }

# notify SHELL… COMMAND DUMP, or COMMAND none
notify() {
	local words=("$@") link=("$BATS_TEST_TMPDIR/link")
	if [ "${words[-1]}" = none ]; then link=(); else ln -sfn "${words[-1]}" "${link[0]}"; fi
	"${words[@]::$#-2}" -c '. "$STUBS"; . "$0"' capture/kmortem-notify "${words[-2]}" "${link[@]}"
}

# report [HOST]: as kmortem writes it, by another hand.
report() {
	jq -n --arg host "${1-thishost}" --arg cause "${2-sysrq}" '{format: 1,
		kernel: {release: "6.1.0-1", nodename: $host, crash_time: "2026-11-21T13:13:21Z"},
		panic: {message: "sysrq triggered crash", cause: $cause, task: {pid: 1, comm: "cause"}, signature: "sysrq@handle"},
		findings: [{rule: "a", verdict: "found", severity: "warning", messages: ["\"verdict\": \"found\","]},
			{rule: "b", verdict: "clear", severity: "critical"},
			{rule: "c", verdict: "found", severity: "info"},
			{rule: "d", verdict: "found", severity: "critical"}],
		counts: {found: 3}}' > "${dump%/*}/report.json"
	printf 'KERNEL CRASH REPORT\n\nß\n' > "${dump%/*}/report.txt"
}

each_shell() {
	local shell
	for shell in dash bash 'busybox sh'; do
		echo "with $shell"
		rm -rf "${SAID:?}"/* "${ROOT:?}"/run/motd.d/* "$RUNTIME_DIRECTORY"
		mkdir "$RUNTIME_DIRECTORY"
		# shellcheck disable=SC2086
		"$@" $shell
	done
}

@test "the journal has the fields, and its message id never changes" {
	report
	told() {
		run -0 notify "$@" tell "$dump"
		[ "$(cat "$SAID/logger.arguments")" = --journald ]
		[ "$(sort "$SAID/logger")" = "KMORTEM_CAUSE=sysrq
KMORTEM_DUMP=$dump
KMORTEM_HOST=thishost
KMORTEM_KERNEL=6.1.0-1
KMORTEM_PANIC=sysrq triggered crash
KMORTEM_REPORT=${dump%/*}/report.txt
KMORTEM_SIGNATURE=sysrq@handle
KMORTEM_TIME=2026-11-21T13:13:21Z
KMORTEM_WARNINGS=2
MESSAGE=thishost crashed: sysrq; 2 warning(s), see ${dump%/*}/report.txt
MESSAGE_ID=ea9fb6baa8e244feaade3f698aeb164a
PRIORITY=2
SYSLOG_IDENTIFIER=kmortem" ]
	}
	each_shell told
}

@test "who is logged in is told, and who will be, of this host only" {
	report
	users() {
		for number in 2 3 4 5 6 7; do
			cp -r "${dump%/*}" "$BATS_TEST_TMPDIR/crash/$number"
			run -0 notify "$@" tell "$BATS_TEST_TMPDIR/crash/$number/vmcore"
		done
		# A report that is made again is no other crash.
		for _ in 1 2 3; do run -0 notify "$@" tell "$dump"; done
		[ "$(wc -l < "$ROOT/run/motd.d/kmortem")" -eq 5 ]
		[ "$(grep -c /one/ "$ROOT/run/motd.d/kmortem")" -eq 1 ]
		[ "$(tail -n 1 "$ROOT/run/motd.d/kmortem")" = \
			"kmortem: 2026-11-21T13:13:21Z thishost crashed: sysrq; 2 warning(s), see ${dump%/*}/report.txt" ]
		[ "$(stat -c %a "$ROOT/run/motd.d/kmortem")" = 644 ]
		[ "$(tail -n 1 "$SAID/wall")" = "$(tail -n 1 "$ROOT/run/motd.d/kmortem")" ]
	}
	each_shell users
	report otherhost
	nobody() {
		run -0 notify "$@" tell "$dump"
		grep -qx KMORTEM_HOST=otherhost "$SAID/logger"
		[ ! -e "$SAID/wall" ]
		[ -z "$(ls "$ROOT/run/motd.d")" ]
	}
	each_shell nobody
}

@test "what lay there before kmortem did alarms nobody" {
	report
	mkdir -p "$ROOT/var/lib/kmortem/told"
	touch -d '-2 days' "$ROOT/var/lib/kmortem/told/since"
	echo notify_mail=admin@example.com > "$ROOT/etc/kmortem/capture.conf"
	# alarmed SHELL…: the priority, and whom else it reached.
	alarmed() {
		rm -rf "${SAID:?}"/* "$ROOT"/run/motd.d/* "$RUNTIME_DIRECTORY"/*
		notify "$@" tell "$dump"
		notify "$@" send "$dump"
		sed -n 's/^PRIORITY=//p' "$SAID/logger"
		(cd "$SAID" && ls)
	}
	ages() {
		touch -d '-3 days' "$dump"
		run -0 alarmed "$@"
		[ "$output" = "5
logger
logger.arguments" ]
		# Since then; and by a capture kernel without a clock.
		for when in '-1 day' 1970-01-02; do
			touch -d "$when" "$dump"
			run -0 alarmed "$@"
			[ "$output" = "2
logger
logger.arguments
mail
mail.arguments
systemctl
wall
wall.arguments" ]
		done
	}
	each_shell ages
}

@test "several crashes that are told of at once are all told" {
	report
	for number in 2 3 4; do cp -r "${dump%/*}" "$BATS_TEST_TMPDIR/crash/$number"; ln -s "$BATS_TEST_TMPDIR/crash/$number/vmcore" "$BATS_TEST_TMPDIR/$number"; done
	# So that each is in the midst of it.
	stub tail 'sleep 0.1; /usr/bin/tail "$@"'
	at_once() {
		local running=()
		for number in 2 3 4; do
			"$@" -c '. "$STUBS"; . "$0"' capture/kmortem-notify tell "$BATS_TEST_TMPDIR/$number" &
			running+=($!)
		done
		for number in 0 1 2; do wait "${running[number]}"; done
		[ "$(grep -o 'crash/[2-4]/' "$ROOT/run/motd.d/kmortem" | sort | tr -d '\n')" = crash/2/crash/3/crash/4/ ]
		[ "$(ls "$ROOT/run/motd.d")" = kmortem ]
	}
	each_shell at_once
}

@test "texts of a dump are data" {
	report "$(printf 'thishost\nPRIORITY=0\n    "nodename": "evil",\t\e[31m\001\\"$(touch %s/x)`x`; x' "$BATS_TEST_TMPDIR")" \
		"$(printf 'c\302\233c%0600d' 0)"
	printf 'notify_mail=admin@example.com\n' > "$ROOT/etc/kmortem/capture.conf"
	stub uname 'cat "$UNAME"'
	data() {
		run -0 notify "$@" tell "$dump"
		[ "$(grep -c ^PRIORITY= "$SAID/logger")" -eq 1 ]
		[ "$(grep ^KMORTEM_HOST= "$SAID/logger")" = "KMORTEM_HOST=thishost PRIORITY=0     \"nodename\": \"evil\",  [31m \\\"\$(touch $BATS_TEST_TMPDIR/x)\`x\`; x" ]
		[ "$(grep -c ^KMORTEM_ "$SAID/logger")" -eq 9 ]
		[ "$(grep -c ^KMORTEM_CAUSE=c "$SAID/logger")" -eq 1 ]
		[ "$(grep ^KMORTEM_CAUSE= "$SAID/logger" | wc -c)" -lt 550 ]
		[ ! -e "$BATS_TEST_TMPDIR/x" ]
		# As if this host had that name.
		grep ^KMORTEM_HOST= "$SAID/logger" | cut -d = -f 2- > "$BATS_TEST_TMPDIR/name"
		UNAME=$BATS_TEST_TMPDIR/name run -0 notify "$@" tell "$dump"
		[ "$(wc -l < "$ROOT/run/motd.d/kmortem")" -eq 1 ]
		[ "$(LC_ALL=C tr -d ' -~\n' < "$ROOT/run/motd.d/kmortem" | wc -c)" -eq 0 ]
		run -0 notify "$@" send "$dump"
		[ "$(sed '/^$/q' "$SAID/mail" | grep -c :)" -eq 6 ]
		[ "$(sed '/^$/q' "$SAID/mail" | grep -c '^Subject: kmortem: thishost PRIORITY=0 ')" -eq 1 ]
		[ "$(sed '/^$/q' "$SAID/mail" | LC_ALL=C tr -d ' -~\n' | wc -c)" -eq 0 ]
	}
	each_shell data
}

@test "the name of a directory is data" {
	report
	forged=$BATS_TEST_TMPDIR/crash/$(printf 'h\\033[31mx\\nF\n\033[31mORGED')
	cp -r "${dump%/*}" "$forged"
	name() {
		run -0 notify "$@" tell "$forged/vmcore"
		for told in "$ROOT/run/motd.d/kmortem" "$SAID/wall"; do
			[ "$(cat "$told")" = "kmortem: 2026-11-21T13:13:21Z thishost crashed: sysrq; 2 warning(s), see $BATS_TEST_TMPDIR/crash/h\\033[31mx\\nF[31mORGED/report.txt" ]
		done
		[ "$(grep -c ^MESSAGE= "$SAID/logger")" -eq 1 ]
		[ "$(grep -c -v '^[A-Z_]*=' "$SAID/logger")" -eq 0 ]
	}
	each_shell name
}

@test "what a report of kmortem says is read" {
	tests/toykernel/build "$BUILD/toy"
	"$BUILD/kmortem" report "$BUILD/toy/new/vmcore" -o "${dump%/*}" 2> /dev/null || [ $? -eq 3 ]
	json=${dump%/*}/report.json
	read_it() {
		run -0 notify "$@" tell "$dump"
		for pair in HOST:.kernel.nodename KERNEL:.kernel.release TIME:.kernel.crash_time PANIC:.panic.message \
			CAUSE:.panic.cause SIGNATURE:.panic.signature; do
			[ "$(sed -n "s/^KMORTEM_${pair%%:*}=//p" "$SAID/logger")" = "$(jq -r "${pair#*:} // empty" "$json")" ]
		done
		[ "$(sed -n 's/^KMORTEM_WARNINGS=//p' "$SAID/logger")" = "$(jq '[.findings[] |
			select(.verdict == "found" and (.severity == "warning" or .severity == "critical"))] | length' "$json")" ]
	}
	each_shell read_it
	grep -q '^KMORTEM_KERNEL=.' "$SAID/logger"
}

@test "a dump without a report is told, too" {
	echo 'it could not' > "${dump%/*}/report-failed.txt"
	failed() {
		run -0 notify "$@" tell "$dump"
		grep -qx "MESSAGE=a dump has come that could not be examined, see ${dump%/*}/report-failed.txt" "$SAID/logger"
		[ "$(grep -c ^KMORTEM_ "$SAID/logger")" -eq 2 ]
		[ ! -e "$SAID/wall" ]
	}
	each_shell failed
}

@test "a dump of this host that could not be examined is told with what is known of it" {
	rm -r "${dump%/*}"
	dump=$BATS_TEST_TMPDIR/crash/202611211313/dump.202611211313
	mkdir "${dump%/*}"
	: > "$dump"
	printf '[ 1.0] Kernel panic - not syncing: sysrq triggered crash\n' > "${dump%/*}/dmesg.202611211313"
	echo 'it could not' > "${dump%/*}/report-failed.txt"
	by_log() {
		run -0 notify "$@" tell "$dump"
		words="thishost crashed: sysrq triggered crash; the dump could not be examined, see ${dump%/*}/report-failed.txt"
		grep -qx "MESSAGE=$words" "$SAID/logger"
		grep -qx KMORTEM_HOST=thishost "$SAID/logger"
		[ "$(cat "$SAID/wall")" = "kmortem: $words" ]
	}
	each_shell by_log
	dump=$BATS_TEST_TMPDIR/crash/host/vmcore
	mkdir "${dump%/*}"
	: > "$dump"
	echo 'it could not' > "${dump%/*}/report-failed.txt"
	jq -n '{client: "thishost", panic: "by meta", kernel: "6.1.0-1", crash_time: "2026-11-21T13:13:21Z"}' > "${dump%/*}/meta.json"
	by_meta() {
		run -0 notify "$@" tell "$dump"
		grep -qx KMORTEM_KERNEL=6.1.0-1 "$SAID/logger"
		grep -q "^kmortem: 2026-11-21T13:13:21Z thishost crashed: by meta; the dump could not be" "$SAID/wall"
	}
	each_shell by_meta
	# By its directory, where the host has been given another name since.
	dump=$BATS_TEST_TMPDIR/crash/202611211313/dump.202611211313
	report formername
	renamed() {
		run -0 notify "$@" tell "$dump"
		grep -q '^kmortem: .* formername crashed' "$SAID/wall"
	}
	each_shell renamed
}

@test "that a report lies nowhere is told with why, and the site's command has no input" {
	record=$ROOT/var/lib/kmortem/told/link.unplaced
	mkdir -p "${record%/*}"
	echo "${dump%/*}: mktemp: No space left on device" > "$record"
	jq -n '{client: "thishost", panic: "sysrq", kernel: "6.1.0-1"}' > "${dump%/*}/meta.json"
	# Made of the dump as it was before.
	report
	words="thishost crashed: sysrq; its report is nowhere: ${dump%/*}: mktemp: No space left on device."
	words="$words Once that is mended: rm $record; systemctl start kmortem-report"
	printf '#!/bin/sh\n%s\n' 'echo "$1 $KMORTEM_HOST ($KMORTEM_REPORT)" > "$SAID/site"; cat >> "$SAID/site"' > "$BATS_TEST_TMPDIR/site"
	chmod +x "$BATS_TEST_TMPDIR/site"
	printf '%s\n' "notify_command=$BATS_TEST_TMPDIR/site" notify_mail=admin@example.com > "$ROOT/etc/kmortem/capture.conf"
	nowhere() {
		run -0 notify "$@" tell "$dump"
		grep -qx "MESSAGE=$words" "$SAID/logger"
		run ! grep -q ^KMORTEM_REPORT= "$SAID/logger"
		grep -qF "$words" "$SAID/wall"
		run -0 --separate-stderr notify "$@" send "$dump"
		[ -z "$stderr" ]
		[ "$(tail -n 3 "$SAID/mail")" = "DUMP: $dump

$words" ]
		[ "$(cat "$SAID/site")" = "$dump thishost ()" ]
	}
	each_shell nowhere
}

@test "a crash that has left its log only is told, with what is known of it" {
	log=${dump%/*}/dmesg.txt
	rm "$dump"
	printf '[ 1.0] Kernel panic - not syncing: another\n' > "$log"
	jq -n '{tool: "kmortem-capture", client: "thishost", finished: "2026-11-21T13:14:00Z", complete: false,
		reason: "local /var/crash: \"full\"", vmcore: null, panic: "sysrq triggered crash", kernel: "6.1.0-1", cmdline: null,
		crash_time: "2026-11-21T13:13:21Z"}' > "${dump%/*}/meta.json"
	words="thishost crashed: sysrq triggered crash; there is no dump (local /var/crash: \"full\"), see $log"
	alone() {
		run -0 notify "$@" tell "$log"
		[ "$(sort "$SAID/logger")" = "KMORTEM_HOST=thishost
KMORTEM_KERNEL=6.1.0-1
KMORTEM_LOG=$log
KMORTEM_PANIC=sysrq triggered crash
KMORTEM_REASON=local /var/crash: \"full\"
KMORTEM_REPORT=$log
KMORTEM_TIME=2026-11-21T13:13:21Z
MESSAGE=$words
MESSAGE_ID=ea9fb6baa8e244feaade3f698aeb164a
PRIORITY=2
SYSLOG_IDENTIFIER=kmortem" ]
		[ "$(cat "$SAID/wall")" = "kmortem: 2026-11-21T13:13:21Z $words" ]
	}
	each_shell alone
	printf '#!/bin/sh\n%s\n' 'echo "$1 $KMORTEM_LOG $KMORTEM_REASON ${KMORTEM_DUMP-none}" > "$SAID/site"; cat >> "$SAID/site"' > "$BATS_TEST_TMPDIR/site"
	chmod +x "$BATS_TEST_TMPDIR/site"
	printf '%s\n' "notify_command=$BATS_TEST_TMPDIR/site" notify_mail=admin@example.com > "$ROOT/etc/kmortem/capture.conf"
	sent() {
		run -0 notify "$@" send "$log"
		[ "$(tail -n 3 "$SAID/mail")" = "LOG: $log

[ 1.0] Kernel panic - not syncing: another" ]
		[ "$(cat "$SAID/site")" = "$log $log local /var/crash: \"full\" none
[ 1.0] Kernel panic - not syncing: another" ]
	}
	each_shell sent
}

@test "a log without a word beside it: what its end and its directory tell" {
	printf '[ 1.0] x\0\n<0>[ 2.0] crashed: [ 9.9] Kernel panic - not syncing: hung_task: blocked\n[ 3.0] Kernel panic - not syncing: sysrq triggered crash\n' \
		> "$BATS_TEST_TMPDIR/log"
	words='crashed: hung_task: blocked; there is no dump, see'
	local_log() {
		for log in "$ROOT/var/lib/systemd/pstore/7/dmesg.txt" "$BATS_TEST_TMPDIR/crash/127.0.0.1-2026-11-21-13:13:13/vmcore-dmesg.txt" \
			"$BATS_TEST_TMPDIR/crash/202611211313/dmesg.202611211313"; do
			mkdir -p "${log%/*}"
			cp "$BATS_TEST_TMPDIR/log" "$log"
			run -0 notify "$@" tell "$log"
			grep -qx "MESSAGE=thishost $words $log" "$SAID/logger"
			grep -qF "thishost $words $log" "$SAID/wall"
		done
	}
	each_shell local_log
	log=$BATS_TEST_TMPDIR/crash/192.0.2.7-2026-11-21-13:13:13/vmcore-dmesg.txt
	mkdir "${log%/*}"
	cp "$BATS_TEST_TMPDIR/log" "$log"
	of_another() {
		run -0 notify "$@" tell "$log"
		grep -qx "MESSAGE=a host $words $log" "$SAID/logger"
		[ ! -e "$SAID/wall" ]
	}
	each_shell of_another
}

@test "the report of a crash that was known is told without its dump" {
	report
	log=${dump%/*}/dmesg.txt
	mv "$dump" "$log"
	known() {
		run -0 notify "$@" tell "$log"
		grep -qx "MESSAGE=thishost crashed: sysrq; 2 warning(s), see ${dump%/*}/report.txt" "$SAID/logger"
		grep -qx "KMORTEM_LOG=$log" "$SAID/logger"
	}
	each_shell known
}

@test "mail and the site's command, where they are wanted" {
	report
	nothing() {
		rm -f "$ROOT/etc/kmortem/capture.conf"
		run -0 notify "$@" send "$dump"
		echo 'target=local /var/crash' > "$ROOT/etc/kmortem/capture.conf"
		run -0 notify "$@" send "$dump"
		[ -z "$(ls "$SAID")" ]
	}
	each_shell nothing
	printf '#!/bin/sh\n%s\n' 'echo "$1 $KMORTEM_HOST $KMORTEM_SIGNATURE $KMORTEM_WARNINGS $KMORTEM_DUMP" > "$SAID/site"; cat >> "$SAID/site"' > "$BATS_TEST_TMPDIR/site"
	chmod +x "$BATS_TEST_TMPDIR/site"
	printf '%s\n' "notify_command=$BATS_TEST_TMPDIR/site" notify_mail=admin@example.com > "$ROOT/etc/kmortem/capture.conf"
	both() {
		run -0 notify "$@" send "$dump"
		[ "$(cat "$SAID/mail.arguments")" = '-i -t' ]
		[ "$(head -n 2 "$SAID/mail")" = "To: admin@example.com
Subject: kmortem: thishost crashed: sysrq; 2 warning(s), see ${dump%/*}/report.txt" ]
		[ "$(tail -n 4 "$SAID/mail")" = "
KERNEL CRASH REPORT

ß" ]
		[ "$(cat "$SAID/site")" = "$dump thishost sysrq@handle 2 $dump
$(cat "${dump%/*}/report.txt")" ]
	}
	each_shell both
	# A relay that is not told so may take bytes above 127 for a mistake; half a character is one.
	yes 'ß' | tr -d '\n' | head -c 198 > "$BATS_TEST_TMPDIR/line"
	echo >> "$BATS_TEST_TMPDIR/line"
	for _ in $(seq 400); do cat "$BATS_TEST_TMPDIR/line"; done > "$BATS_TEST_TMPDIR/long"
	printf 'KERNEL CRASH REPORT\nthe first\n' | cat - "$BATS_TEST_TMPDIR/long" > "${dump%/*}/report.txt"
	long() {
		run -0 notify "$@" send "$dump"
		sed '/^$/q' "$SAID/mail" | grep -qx 'Content-Transfer-Encoding: 8bit'
		iconv -f UTF-8 "$SAID/mail" > /dev/null
		[ "$(wc -c < "$SAID/mail")" -gt 65000 ]
		[ "$(wc -c < "$SAID/mail")" -lt 66000 ]
		grep -qx 'the first' "$SAID/mail"
		[ "$(tail -n 1 "$SAID/mail")" = "$(cat "$BATS_TEST_TMPDIR/line")" ]
	}
	each_shell long
	log=$BATS_TEST_TMPDIR/crash/two/dmesg.txt
	mkdir "${log%/*}"
	{ cat "$BATS_TEST_TMPDIR/long"; echo 'the last'; } > "$log"
	long_log() {
		run -0 notify "$@" send "$log"
		iconv -f UTF-8 "$SAID/mail" > /dev/null
		[ "$(wc -c < "$SAID/mail")" -gt 65000 ]
		[ "$(wc -c < "$SAID/mail")" -lt 66000 ]
		[ "$(tail -n 1 "$SAID/mail")" = 'the last' ]
	}
	each_shell long_log
	stub sendmail 'exit 75'
	echo 'exit 1' > "$BATS_TEST_TMPDIR/site"
	one_fails() {
		run -1 notify "$@" send "$dump"
		[ "${lines[0]}" = 'kmortem-notify: no mail could be sent to admin@example.com' ]
		[ "${lines[1]}" = "kmortem-notify: $BATS_TEST_TMPDIR/site failed" ]
	}
	each_shell one_fails
}

@test "what was sent by one way is not sent again as the other failed" {
	report
	printf '#!/bin/sh\n%s\n' 'echo "$1" >> "$SAID/site"; cat > "$SAID/input"; [ -e "$SAID/up" ]' > "$BATS_TEST_TMPDIR/site"
	chmod +x "$BATS_TEST_TMPDIR/site"
	printf '%s\n' "notify_command=$BATS_TEST_TMPDIR/site" notify_mail=admin@example.com > "$ROOT/etc/kmortem/capture.conf"
	again() {
		run -1 notify "$@" send "$dump"
		rm "$SAID/mail"
		: > "$SAID/up"
		run -0 notify "$@" send "$dump"
		[ ! -e "$SAID/mail" ]
		[ "$(wc -l < "$SAID/site")" -eq 2 ]
		run -0 notify "$@" send "$dump"
		[ "$(wc -l < "$SAID/site")" -eq 2 ]
	}
	each_shell again
}

@test "a report that is a link by now is read as its directory's owner would" {
	report
	[ "$(id -u)" -eq 0 ] || skip "only root may read what the owner may not"
	echo secret > "$BATS_TEST_TMPDIR/secret"
	chmod 600 "$BATS_TEST_TMPDIR/secret"
	ln -sf "$BATS_TEST_TMPDIR/secret" "${dump%/*}/report.txt"
	chown nobody "${dump%/*}"
	echo notify_mail=admin@example.com > "$ROOT/etc/kmortem/capture.conf"
	refused() {
		run notify "$@" send "$dump"
		[ "$status" -ne 0 ]
		[ ! -e "$SAID/mail" ] || ! grep secret "$SAID/mail"
	}
	each_shell refused
}

@test "what is sent has a unit of its own, which is started where somebody wants it" {
	report
	echo target=local /var/crash > "$ROOT/etc/kmortem/capture.conf"
	nobody() {
		run -0 notify "$@" tell "$dump"
		[ ! -e "$SAID/systemctl" ]
	}
	each_shell nobody
	for wanted in notify_mail=admin@example.com notify_command=/bin/true; do
		echo "$wanted" > "$ROOT/etc/kmortem/capture.conf"
		somebody() {
			run -0 notify "$@" tell "$dump"
			[ "$(cat "$SAID/systemctl")" = 'start --no-block kmortem-send@link.service' ]
		}
		each_shell somebody
	done
}

@test "readiness that was lost is sent once, by the same ways" {
	unsent=$ROOT/var/lib/kmortem/capture/unsent
	mkdir -p "${unsent%/*}"
	printf '#!/bin/sh\n%s\n' 'echo "$#|$KMORTEM_MESSAGE|$KMORTEM_POINTS|${KMORTEM_DUMP-none}" > "$SAID/site"; cat >> "$SAID/site"' > "$BATS_TEST_TMPDIR/site"
	chmod +x "$BATS_TEST_TMPDIR/site"
	text='thishost: a crash would leave no dump
image: Not up to date: x: y.
loaded: $(x) `y`'
	lost() { printf '%s\n' "$text" > "$unsent"; }
	nothing_wanted() {
		echo 'target=local /var/crash' > "$ROOT/etc/kmortem/capture.conf"
		lost
		run -0 notify "$@" readiness none
		[ -z "$(ls "$SAID")" ]
		[ ! -e "$unsent" ]
		printf '%s\n' "notify_command=$BATS_TEST_TMPDIR/site" notify_mail=admin@example.com > "$ROOT/etc/kmortem/capture.conf"
		run -0 notify "$@" readiness none
		[ -z "$(ls "$SAID")" ]
	}
	each_shell nothing_wanted
	both() {
		lost
		run -0 notify "$@" readiness none
		[ "$(head -n 2 "$SAID/mail")" = "To: admin@example.com
Subject: kmortem: thishost: a crash would leave no dump" ]
		[ "$(sed '1,/^$/d' "$SAID/mail")" = "$text" ]
		[ "$(cat "$SAID/site")" = "0|thishost: a crash would leave no dump|image loaded|none
$text" ]
		[ ! -e "$unsent" ]
	}
	each_shell both
	stub sendmail 'exit 75'
	one_fails() {
		lost
		run -1 notify "$@" readiness none
		[ "$output" = 'kmortem-notify: no mail could be sent to admin@example.com' ]
		[ -s "$unsent" ]
	}
	each_shell one_fails
}

@test "a wrong call is told" {
	for arguments in '' tell 'tell one two' 'readiness one' other; do
		# shellcheck disable=SC2086
		run -2 capture/kmortem-notify $arguments
		[ "$output" = 'kmortem-notify: want: tell LINK, send LINK, or readiness' ]
	done
}
