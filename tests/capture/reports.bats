#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Which dumps get a report, and how it comes to lie beside them; by each shell that may be /bin/sh.
# shellcheck disable=SC2154,SC2016 # bats sets variables; names of directories are data

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	root=$BATS_TEST_TMPDIR/crash spool=$BATS_TEST_TMPDIR/spool started=$BATS_TEST_TMPDIR/started
	mkdir -p "$root" "$spool" "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/proc"
	# Long before this test: what is incomplete and older than that was left by a crash.
	echo "btime $(date -d '-1 day' +%s)" > "$BATS_TEST_TMPDIR/proc/stat"
	export PROC=$BATS_TEST_TMPDIR/proc STARTED=$started POLL=0.05 RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/dumps \
		STATE_DIRECTORY=$BATS_TEST_TMPDIR/told
	mkdir "$RUNTIME_DIRECTORY" "$STATE_DIRECTORY"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	# What is told is the dump that the unit is for; one that is to fail says so.
	cat > "$BATS_TEST_TMPDIR/bin/systemctl" <<- 'END'
		#!/bin/sh
		[ "$1" = start ] || { echo "$*" >> "$STARTED.index"; exit; }
		if [ "$2" = --no-block ]; then
			shift
			key=${2#kmortem-notify@}
			readlink "$RUNTIME_DIRECTORY/${key%.service}" >> "$STARTED.told"
			exit
		fi
		key=${2#kmortem-report@}
		dump=$(readlink "$RUNTIME_DIRECTORY/${key%.service}") && echo "$dump" >> "$STARTED"
		case $dump in *broken*) exit 1 ;; esac
	END
	printf '#!/bin/sh\necho "$1:$4"\n' > "$BATS_TEST_TMPDIR/bin/systemd-escape"
	printf '#!/bin/sh\necho "kmortem ${VERSION-1}"\n' > "$BATS_TEST_TMPDIR/bin/kmortem"
	retry='kmortem 1 will not try again, another version will. To have it try: remove this file; systemctl start kmortem-report'
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
	: > "$started"
}

# dump DIRECTORY/NAME [DATE]
dump() {
	mkdir -p "$root/${1%/*}"
	echo "$1" > "$root/$1"
	touch -d "${2:-now}" "$root/$1"
}

# scan SHELL…: what was started, paths below the root, sorted.
scan() {
	: > "$started"
	"$@" capture/kmortem-reports scan "$spool" "$root"
	sed "s,^$root/,," "$started" | sort
}

each_shell() {
	local shell
	for shell in dash bash 'busybox sh'; do
		echo "with $shell"
		# shellcheck disable=SC2086
		"$@" $shell
	done
}

@test "when the first look was is kept, as what is older is no news" {
	first() {
		rm -f "$STATE_DIRECTORY"/*
		run -0 scan "$@"
		[ "$(stat -c %Y "$STATE_DIRECTORY/since")" -eq $(($(sed 's/btime //' "$PROC/stat") - 86400)) ]
		touch -d 2020-01-01 "$STATE_DIRECTORY/since"
		run -0 scan "$@"
		[ "$(date -r "$STATE_DIRECTORY/since" +%Y)" -eq 2020 ]
	}
	each_shell first
}

@test "dumps of every layout, those of the past only where they are incomplete" {
	dump 202611211313/dump.202611211313
	dump 202611211313/dmesg.202611211313
	dump 202611211400/vmcore.202611211400
	dump 127.0.0.1-2026-11-21-13:13:13/vmcore
	dump 127.0.0.1-2026-11-21-13:13:13/vmcore-dmesg.txt
	dump 192.0.2.7-2026-11-21-13:13/vmcore.flat
	dump being-written/vmcore-incomplete
	dump cut-by-the-crash/vmcore-incomplete '-2 days'
	dump reset-amid-the-next/vmcore-damaged '-2 days'
	dump being-replaced/vmcore-damaged
	dump 'with a space/vmcore'
	dump deep/er/vmcore
	dump magic/192.0.2.7
	mkdir -p "$root/link"
	ln -s ../202611211313/dump.202611211313 "$root/link/vmcore"
	found() {
		run -0 scan "$@"
		[ "$output" = "127.0.0.1-2026-11-21-13:13:13/vmcore
192.0.2.7-2026-11-21-13:13/vmcore.flat
202611211313/dump.202611211313
202611211400/vmcore.202611211400
cut-by-the-crash/vmcore-incomplete
reset-amid-the-next/vmcore-damaged
with a space/vmcore" ]
	}
	each_shell found
}

@test "an incomplete dump of a clock that was ahead is found where its meta.json says that it is over" {
	local name
	for name in over gone-on-with begun; do
		dump "$name/vmcore-incomplete" '+1 hour'
		echo '  "finished": "2026-11-21T13:13:13Z",' > "$root/$name/meta.json"
		touch -d '+1 hour +1 second' "$root/$name/meta.json"
	done
	touch -d '+2 hours' "$root/gone-on-with/vmcore-incomplete"
	sed -i 's/: ".*"/: null/' "$root/begun/meta.json"
	touch -d '+2 hours' "$root/begun/meta.json"
	found() {
		run -0 scan "$@"
		[ "$output" = over/vmcore-incomplete ]
	}
	each_shell found
}

@test "of several dumps in a directory one is reported, as their reports would replace each other" {
	dump a/dump-incomplete '-2 days'
	dump a/dump.202611211313
	dump b/vmcore.202611211313
	head -c 1000 /dev/zero > "$root/b/vmcore.202611211400"
	dump c/vmcore-incomplete '-2 days'
	head -c 1000 /dev/zero > "$root/c/vmcore-damaged"
	touch -d '-3 days' "$root/c/vmcore-damaged"
	dump d/vmcore.11 '-1 hour'
	dump d/vmcore.12
	one_each() {
		ls "$root/a/dump-incomplete" > "$spool/marker"
		run -0 scan "$@"
		[ "$output" = "a/dump.202611211313
b/vmcore.202611211400
c/vmcore-damaged
d/vmcore.12" ]
	}
	each_shell one_each
}

# told SHELL…: the logs that were told of, paths below the root, sorted.
told() {
	: > "$started.told"
	scan "$@" > /dev/null
	sed "s,^$root/,," "$started.told" | sort
}

@test "the log of a crash that has left no dump is told of, once" {
	dump 202611211313/dump.202611211313
	dump 202611211313/dmesg.202611211313 '-2 days'
	dump 202611211400/dmesg.202611211400 '-2 days'
	dump 127.0.0.1-2026-11-21-13:13:13/vmcore-dmesg.txt '-2 days'
	dump 127.0.0.1-2026-11-21-13:13:13/dmesg.txt '-2 days'
	dump part/dmesg.txt '-2 days'
	dump part/vmcore-incomplete
	dump known/dmesg.txt '-2 days'
	touch "$root/known/report.txt"
	dump being-written/dmesg.txt
	echo '  "finished": null,' > "$root/being-written/meta.json"
	dump over/dmesg.txt
	echo '  "finished": "2026-11-21T13:13:13Z",' > "$root/over/meta.json"
	dump begun/dmesg.txt
	dump deep/er/dmesg.txt '-2 days'

	mkdir "$root/link"
	ln -s ../known/dmesg.txt "$root/link/dmesg.txt"
	once() {
		rm -f "$STATE_DIRECTORY"/*
		run -0 told "$@"
		# Which of two logs is the first is up to the file system.
		[ "$(sed 's,/vmcore-dmesg.txt,/dmesg.txt,' <<< "$output")" = "127.0.0.1-2026-11-21-13:13:13/dmesg.txt
202611211400/dmesg.202611211400
known/dmesg.txt
over/dmesg.txt" ]
		run -0 told "$@"
		[ -z "$output" ]
	}
	each_shell once
	grep -q '^restart ' "$started.index"
	rm "$root/being-written/meta.json"
	touch -d '-2 days' "$root/being-written/dmesg.txt"
	# Somebody wants the room.
	rm "$root/202611211313/dump.202611211313"
	later() {
		rm -f "$STATE_DIRECTORY/$(printf %s "$root/being-written" | sha256sum | cut -c 1-16)"
		run -0 told "$@"
		[ "$output" = being-written/dmesg.txt ]
	}
	each_shell later
}

@test "logs that the firmware has kept are told of where the kernel did not go on" {
	export ROOT=$BATS_TEST_TMPDIR/system
	root=$ROOT/var/lib/systemd/pstore
	mkdir -p "$root/1" "$root/2"
	printf '<0>[   12.3] Kernel panic - not syncing: Fatal exception\n' > "$root/dmesg.txt"
	printf '<4>[   12.1] Oops: 0002 [#1]\n<0>[   12.3] Kernel panic - not syncing: Fatal exception\n' > "$root/1/dmesg.txt"
	echo '<4>[   12.1] Oops: 0002 [#1]' > "$root/2/dmesg.txt"
	pstore() {
		rm -f "$STATE_DIRECTORY"/* "$started.index"
		run -0 told "$@"
		[ "$output" = "1/dmesg.txt
dmesg.txt" ]
		[ ! -e "$started.index" ]
		run -0 told "$@"
		[ -z "$output" ]
		# Another crash.
		touch -d "$((seconds += 1)) seconds" "$root/dmesg.txt"
		run -0 told "$@"
		[ "$output" = dmesg.txt ]
	}
	seconds=0
	each_shell pstore
}

@test "a log that is gone is forgotten, but not at once: its disk may come back" {
	ln -s "$root/gone/dmesg.txt" "$STATE_DIRECTORY/new"
	ln -s "$root/gone/dmesg.txt" "$STATE_DIRECTORY/old"
	dump here/dmesg.txt
	ln -s "$root/here/dmesg.txt" "$STATE_DIRECTORY/here"
	touch -h -d '-91 days' "$STATE_DIRECTORY"/{old,here}
	run -0 told dash
	[ "$(ls "$STATE_DIRECTORY")" = "here
new
since" ]
}

@test "a directory may have any name, and a long one" {
	names=("it's \"one\"" $'new\nline\n' '\\n\\x2d%f$HOME`id`' ' -rf *' "$(printf 'ü%.0s' {1..127})" "$(printf 'x%.0s' {1..255})")
	mkdir "$BATS_TEST_TMPDIR/made"
	for end in txt html json; do echo "the $end" > "$BATS_TEST_TMPDIR/made/report.$end"; done
	any() {
		local name link found
		for name in "${names[@]}"; do
			dump "$name/vmcore"
			rm -f "$root/$name"/report* "$RUNTIME_DIRECTORY"/*
			run -0 --separate-stderr scan "$@"
			[ -z "$stderr" ]
			# The unit's name is short, of letters that a user's name may have, and always the same.
			link=$(ls "$RUNTIME_DIRECTORY")
			[[ $link =~ ^[0-9a-f]{16}$ ]]
			found=$(readlink "$RUNTIME_DIRECTORY/$link"; echo .)
			[ "$found" = "$root/$name/vmcore
." ]
			[ "$link" = "$(printf %s "$root/$name/vmcore" | sha256sum | head -c 16)" ]
			SERVICE_RESULT=success EXIT_CODE=exited run -0 env RUNTIME_DIRECTORY="$BATS_TEST_TMPDIR/made" \
				"$@" capture/kmortem-reports place "$RUNTIME_DIRECTORY/$link"
			[ "$(cat "$root/$name/report.txt")" = 'the txt' ]
			run -0 scan "$@"
			[ -z "$output" ]
		done
	}
	each_shell any
}

@test "a disk that is mounted late is asked for; one that cannot be is no obstacle" {
	mkdir -p "$root/srv/dumps"
	# fstab knows $root/srv.
	cat > "$BATS_TEST_TMPDIR/bin/findmnt" <<- 'END'
		#!/bin/sh
		case "$*" in -s*"/crash/srv") echo "$OPTIONS" ;; *) exit 1 ;; esac
	END
	printf '#!/bin/sh\necho unit-of-$4\n' > "$BATS_TEST_TMPDIR/bin/systemd-escape"
	cat > "$BATS_TEST_TMPDIR/bin/systemctl" <<- 'END'
		#!/bin/sh
		echo "$*" >> "$STARTED"
		case $* in *unit-of-*/srv) ! [ "${FAILS-}" ] && mkdir "${2#unit-of-}/dumps/host-1" && : > "${2#unit-of-}/dumps/host-1/vmcore" ;; esac
	END
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
	late() {
		rm -rf "$root/srv/dumps/host-1" "$STATE_DIRECTORY"/*
		OPTIONS=defaults,nofail run -0 --separate-stderr wanted_of "$@"
		[ "$output" = "start unit-of-$root/srv
start kmortem-report@" ]
		rm -rf "$root/srv/dumps/host-1" "$STATE_DIRECTORY"/*
		OPTIONS=noauto,nofail run -0 --separate-stderr wanted_of "$@"
		[ -z "$output" ]
		OPTIONS=nofail FAILS=yes run -0 --separate-stderr wanted_of "$@"
		[ "$output" = "start unit-of-$root/srv" ]
		[ "$stderr" = "kmortem-reports: $root/srv: could not be mounted; dumps there are not looked at" ]
	}
	wanted_of() {
		: > "$started"
		"$@" capture/kmortem-reports scan "$spool" "$root/srv/dumps"
		sed -n 's/@.*/@/; /^start/p' "$started"
	}
	each_shell late
}

@test "dumps of local targets, too" {
	export ROOT=$BATS_TEST_TMPDIR/system
	mkdir -p "$ROOT/etc/kmortem" "$root/disk" "$root/real"
	ln -s real "$root/alias"
	printf '%s\n' "target=local $root/disk" "target = local $root/alias" "target=local $root" "target=local $root/none" \
		'target=nfs 192.0.2.1:/dumps' 'compression=wrong' > "$ROOT/etc/kmortem/capture.conf"
	dump host-1/vmcore
	dump disk/host-2/vmcore
	dump real/host-3/vmcore
	ls "$root/disk/host-2/vmcore" > "$BATS_TEST_TMPDIR/marker"
	targets() {
		run -0 --separate-stderr scan "$@"
		[ -z "$stderr" ]
		# What two roots lead to is started once.
		[ "$output" = "disk/host-2/vmcore
host-1/vmcore
real/host-3/vmcore" ]
		cp "$BATS_TEST_TMPDIR/marker" "$spool/marker"
		run -0 --separate-stderr scan "$@"
		[ -z "$stderr" ]
	}
	each_shell targets
	# Where a distribution's kdump saves, kmortem-capture knows.
	dump theirs/host-4/vmcore
	printf '#!/bin/sh\necho "%s"\n' "$root/theirs" > "$BATS_TEST_TMPDIR/bin/kmortem-capture"
	chmod +x "$BATS_TEST_TMPDIR/bin/kmortem-capture"
	theirs() {
		run -0 --separate-stderr scan "$@"
		grep -qx theirs/host-4/vmcore <<< "$output"
	}
	each_shell theirs
}

@test "once, and again after the dump has changed" {
	dump one/vmcore '-1 hour'
	dump two/vmcore '-1 hour'
	touch "$root/one/report.txt"
	printf 'why\n%s\n' "$retry" > "$root/two/report-failed.txt"
	none() {
		run -0 scan "$@"
		[ -z "$output" ]
	}
	each_shell none
	touch -d '+1 hour' "$root/one/vmcore"
	again() {
		run -0 scan "$@"
		[ "$output" = one/vmcore ]
	}
	each_shell again
}

@test "once, whatever the clock of the kernel said that wrote the dump" {
	mkdir "$BATS_TEST_TMPDIR/made"
	for end in txt html json; do echo "the $end" > "$BATS_TEST_TMPDIR/made/report.$end"; done
	ahead() {
		dump one/vmcore '+5 hours'
		for result in success timeout; do
			rm -f "$root/one"/report*
			run -0 scan "$@"
			[ "$output" = one/vmcore ]
			run -0 placed "$@"
			run -0 scan "$@"
			[ -z "$output" ]
		done
	}
	each_shell ahead
}

@test "what fails keeps no other from its report" {
	dump a-broken/vmcore
	dump b/vmcore
	both() {
		run -0 --separate-stderr scan "$@"
		[ "$output" = "a-broken/vmcore
b/vmcore" ]
		[[ $stderr == *"$root/a-broken/vmcore: no report was made"* ]]
	}
	each_shell both
}

@test "one that hangs holds up no other, nor those that come meanwhile" {
	# It hangs until the last one was started, whose marker another leaves.
	export SPOOL=$spool CRASH=$root RUNNING=$BATS_TEST_TMPDIR/running
	cat > "$BATS_TEST_TMPDIR/bin/systemctl" <<- 'END'
		#!/bin/sh
		[ "$1" = start ] || { echo "$*" >> "$STARTED.index"; exit; }
		if [ "$2" = --no-block ]; then
			shift
			key=${2#kmortem-notify@}
			readlink "$RUNTIME_DIRECTORY/${key%.service}" >> "$STARTED.told"
			exit
		fi
		key=${2#kmortem-report@}
		dump=$(readlink "$RUNTIME_DIRECTORY/${key%.service}")
		echo "$dump" >> "$STARTED"
		mkdir "$RUNNING/$$"
		ls "$RUNNING" | wc -l >> "$RUNNING.most"
		case $dump in
		*hangs*)
			rounds=0
			until grep -q late "$STARTED"; do
				sleep 0.05
				[ $((rounds += 1)) -lt 200 ] || { echo "$dump in vain" >> "$STARTED"; break; }
			done
			;;
		*/e/*)
			touch -d '+1 hour' "$CRASH/late/vmcore"
			echo "$CRASH/late/vmcore" > "$SPOOL/.late" && mv "$SPOOL/.late" "$SPOOL/late"
			;;
		esac
		rmdir "$RUNNING/$$"
	END
	mkdir "$RUNNING"
	for name in a-hangs b-hangs c d e f g h; do dump $name/vmcore; done
	all() {
		dump late/vmcore
		# It has changed when its marker comes.
		touch -r "$root/late/vmcore" "$root/late/report.txt"
		run -0 scan "$@"
		[ "$output" = "a-hangs/vmcore
b-hangs/vmcore
c/vmcore
d/vmcore
e/vmcore
f/vmcore
g/vmcore
h/vmcore
late/vmcore" ]
		[ "$(sort -n "$RUNNING.most" | tail -n 1)" -le 3 ]
	}
	each_shell all
}

@test "what a marker names is begun before all others are looked at" {
	# That takes until it is begun.
	cat > "$BATS_TEST_TMPDIR/find" <<- 'END'
		find() {
			case "$1 $*" in
			"$CRASH "*' 2 '*)
				rounds=0
				until grep -q marked "$STARTED"; do
					sleep 0.05
					[ $((rounds += 1)) -lt 100 ] || { echo "in vain" >> "$STARTED"; break; }
				done
				;;
			esac
			/usr/bin/find "$@"
		}
	END
	export CRASH=$root
	first() {
		dump other/vmcore
		dump marked/vmcore
		echo "$root/marked/vmcore" > "$spool/marker"
		: > "$started"
		run -0 "$@" -c '. "$1"; shift; . "$0"' capture/kmortem-reports "$BATS_TEST_TMPDIR/find" scan "$spool" "$root"
		[ "$(cat "$started")" = "$root/marked/vmcore
$root/other/vmcore" ]
	}
	each_shell first
}

@test "a dump whose marker comes late gets no second report" {
	late() {
		dump one/vmcore '-1 hour'
		key=$(printf %s "$root/one/vmcore" | sha256sum | cut -c 1-16)
		ln -sfn "$root/one/vmcore" "$RUNTIME_DIRECTORY/$key"
		: > "$started"
		run -0 "$@" capture/kmortem-reports report "$key"
		[ "$(cat "$started")" = "$root/one/vmcore" ]
		touch "$root/one/report.txt"
		run -0 "$@" capture/kmortem-reports report "$key"
		[ "$(cat "$started")" = "$root/one/vmcore" ]
		rm "$root/one/report.txt"
	}
	each_shell late
}

@test "a marker is taken once, whatever it says" {
	markers() {
		dump 10.0.0.1-2026-11-21-13:13/vmcore-incomplete
		echo "$root/10.0.0.1-2026-11-21-13:13/vmcore-incomplete" > "$spool/10.0.0.1"
		echo /etc/passwd > "$spool/outside"
		echo "$root/../spool/outside" > "$spool/upwards"
		: > "$spool/empty"
		head -c 100000 /dev/zero > "$spool/zeros"
		mkdir "$spool/directory"
		ln -s /etc/passwd "$spool/link"
		ln -sfn 10.0.0.1-2026-11-21-13:13 "$root/alias"
		echo "$root/alias/vmcore-incomplete" > "$spool/by-link"
		run -0 --separate-stderr scan "$@"
		[ "$output" = 10.0.0.1-2026-11-21-13:13/vmcore-incomplete ]
		[ "$(grep -c 'names what is no dump' <<< "$stderr")" -eq 3 ]
		[ -z "$(ls -A "$spool")" ]
		[ -f /etc/passwd ]
	}
	each_shell markers
}

@test "a dump of FreeBSD, which lies beside the directories, gets no report, but renews the page" {
	freebsd() {
		touch "$root/vmcore.192.0.2.7.0" "$root/vmcore_encrypted.2001:db8::1.12-incomplete"
		for name in vmcore.192.0.2.7.0 vmcore_encrypted.2001:db8::1.12-incomplete; do
			rm -f "$started.index"
			echo "$root/$name" > "$spool/marker"
			run -0 --separate-stderr scan "$@"
			[ -z "$output$stderr" ]
			[ "$(cat "$started.index")" = "restart --no-block --template=kmortem-index@.service:$root" ]
		done
		# Nor does what is no dump, or lies deeper, at any place.
		rm "$started.index"
		dump one/core
		dump deep/er/vmcore
		touch "$root/vmcore"
		for name in one/core deep/er/vmcore vmcore; do
			echo "$root/$name" > "$spool/marker"
			run -0 --separate-stderr scan "$@"
			[[ $output != *$name* ]]
			[[ $stderr == *'marker: the marker names what is no dump below'* ]]
			[ ! -e "$started.index" ]
		done
	}
	each_shell freebsd
}

# placed SHELL…: what kmortem has made, for the dump in $root/one.
placed() {
	ln -sfn "$root/one/vmcore" "$BATS_TEST_TMPDIR/link"
	SERVICE_RESULT=${result-success} EXIT_CODE=exited EXIT_STATUS=2 RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/made \
		"$@" capture/kmortem-reports place "$BATS_TEST_TMPDIR/link"
}

@test "the page of all dumps is made again with each report" {
	mkdir "$BATS_TEST_TMPDIR/other"
	echo page > "$BATS_TEST_TMPDIR/other/index.html"
	dump one/vmcore
	dump two-broken/vmcore
	again() {
		rm -f "$started.index"
		run -0 scan "$@"
		restart="restart --no-block --template=kmortem-index@.service:"
		[ "$(cat "$started.index")" = "$restart$root
$restart$root" ]
		# Without a report, where there is one.
		rm -f "$started.index"
		run -0 "$@" capture/kmortem-reports renew "$root" "$BATS_TEST_TMPDIR/other" "$BATS_TEST_TMPDIR/none"
		[ "$(cat "$started.index")" = "$restart$BATS_TEST_TMPDIR/other" ]
	}
	each_shell again
}

# indexed RESULT CODE SHELL…: what kmortem has made of all dumps.
indexed() {
	"${as_root[@]}" env SERVICE_RESULT="$1" EXIT_CODE="$2" RUNTIME_DIRECTORY="$BATS_TEST_TMPDIR/made" ROOT="$BATS_TEST_TMPDIR/system" \
		"${@:3}" capture/kmortem-reports index "$root"
}

@test "the page of all dumps is whoever's the directory is, or for all" {
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	mkdir -p "$BATS_TEST_TMPDIR/made" "$BATS_TEST_TMPDIR/system/etc/kmortem"
	echo 'a page' > "$BATS_TEST_TMPDIR/made/index.html"
	echo precious > "$BATS_TEST_TMPDIR/precious"
	"${as_root[@]}" chown 0:65534 "$root"
	placed_page() {
		"${as_root[@]}" chmod 1775 "$root"
		for who in owner all; do
			echo "reports_for = $who" > "$BATS_TEST_TMPDIR/system/etc/kmortem/capture.conf"
			"${as_root[@]}" rm -f "$root/index.html"
			"${as_root[@]}" ln -s "$BATS_TEST_TMPDIR/precious" "$root/index.html"
			run -0 indexed success exited "$@"
			[ -z "$output" ]
			[ "$("${as_root[@]}" cat "$root/index.html")" = 'a page' ]
			mode=600
			[ $who = owner ] || mode=644
			[ "$(stat -c '%a %u %F' "$root/index.html")" = "$mode 0 regular file" ]
		done
		[ "$(cat "$BATS_TEST_TMPDIR/precious")" = precious ]
		# It was killed, or failed.
		"${as_root[@]}" rm "$root/index.html"
		run -0 indexed success killed "$@"
		run -0 indexed timeout killed "$@"
		run -0 indexed exit-code exited "$@"
		[ -z "$(ls -A "$root")" ]
		"${as_root[@]}" chmod 775 "$root"
		run -1 indexed success exited "$@"
		[[ $output == *"others may write to it"* ]]
		[ -z "$(ls -A "$root")" ]
	}
	each_shell placed_page
}

@test "reports for all can be read by all, the dump cannot" {
	export ROOT=$BATS_TEST_TMPDIR/system
	mkdir -p "$BATS_TEST_TMPDIR/made" "$ROOT/etc/kmortem"
	for end in txt html json; do echo "the $end" > "$BATS_TEST_TMPDIR/made/report.$end"; done
	echo 'reports_for = all' > "$ROOT/etc/kmortem/capture.conf"
	for_all() {
		rm -rf "${root:?}/one"
		dump one/vmcore
		chmod 640 "$root/one/vmcore"
		chmod 700 "$root/one"
		run -0 placed "$@"
		[ "$(cd "$root/one" && stat -c '%n %a' -- . *)" = ". 711
report.html 644
report.json 644
report.txt 644
vmcore 640" ]
	}
	each_shell for_all
}

@test "a report lies beside its dump, for those who may read that" {
	dump one/vmcore
	chmod 640 "$root/one/vmcore"
	mkdir "$BATS_TEST_TMPDIR/made"
	for end in txt html json; do echo "the $end" > "$BATS_TEST_TMPDIR/made/report.$end"; done
	echo precious > "$BATS_TEST_TMPDIR/precious"
	beside() {
		rm -f "$root/one"/report*
		echo old > "$root/one/report-failed.txt"
		# What somebody put in the way is replaced, not followed.
		ln -s "$BATS_TEST_TMPDIR/precious" "$root/one/report.txt"
		run -0 placed "$@"
		[ "$(cd "$root/one" && stat -c '%n %a %F' -- * .*.* 2> /dev/null)" = "report.html 640 regular file
report.json 640 regular file
report.txt 640 regular file
vmcore 640 regular file" ]
		[ "$(cat "$root/one/report.txt")" = 'the txt' ]
		[ "$(cat "$BATS_TEST_TMPDIR/precious")" = precious ]
	}
	each_shell beside
}

# placed_as_root SHELL…: the same, where directories are other users'.
placed_as_root() {
	local link=$BATS_TEST_TMPDIR/${key-link}
	ln -sfn "$root/one/vmcore" "$link"
	"${as_root[@]}" env SERVICE_RESULT=success EXIT_CODE=exited PATH="$PATH" STATE_DIRECTORY="$STATE_DIRECTORY" RUNTIME_DIRECTORY="$BATS_TEST_TMPDIR/made" \
		timeout 20 "$@" capture/kmortem-reports place "$link"
}

@test "what kmortem made is read with its own rights, and only files" {
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	made=$BATS_TEST_TMPDIR/made
	dump one/vmcore
	mkdir "$made"
	echo secret > "$BATS_TEST_TMPDIR/secret"
	"${as_root[@]}" chmod 600 "$BATS_TEST_TMPDIR/secret"
	"${as_root[@]}" chown 0:0 "$BATS_TEST_TMPDIR/secret"
	read_it() {
		for kind in '-s' '' fifo directory; do
			rm -rf "${made:?}"/* "$root/one"/report*
			case $kind in
			fifo) mkfifo "$made/report.html" ;;
			directory) mkdir "$made/report.html" ;;
			*) "${as_root[@]}" ln $kind "$BATS_TEST_TMPDIR/secret" "$made/report.html" ;;
			esac
			"${as_root[@]}" chown 65534:65534 "$made"
			run -1 placed_as_root "$@"
			[[ $output == *"$root/one: kmortem made no report.html, or it cannot be written"* ]]
			[ "$(ls -A "$root/one")" = vmcore ]
			"${as_root[@]}" chown "$(id -u)" "$made"
		done
	}
	each_shell read_it
}

@test "a directory of another user is written to with that user's rights" {
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	made=$BATS_TEST_TMPDIR/made
	mkdir "$made"
	for end in txt html json; do echo "the $end" > "$made/report.$end"; done
	another() {
		dump one/vmcore
		chmod 640 "$root/one/vmcore"
		# A link to what is root's, by its looks.
		"${as_root[@]}" chown 0:0 "$root/one/vmcore"
		"${as_root[@]}" chown 65534:65534 "$root/one"
		"${as_root[@]}" chmod 555 "$root/one"
		run -1 placed_as_root "$@"
		[ "$(ls -A "$root/one")" = vmcore ]
		"${as_root[@]}" chmod 755 "$root/one"
		run -0 placed_as_root "$@"
		[ "$(cd "$root/one" && stat -c '%n %a %u:%g' -- *)" = "report.html 600 65534:65534
report.json 600 65534:65534
report.txt 600 65534:65534
vmcore 640 0:0" ]
		"${as_root[@]}" chown 65534:65534 "$root/one/vmcore"
		run -0 placed_as_root "$@"
		[ "$(stat -c '%a %u:%g' "$root/one/report.txt")" = '640 65534:65534' ]
		"${as_root[@]}" chown 0:0 "$root/one"
		"${as_root[@]}" chmod 1777 "$root/one"
		run -1 placed_as_root "$@"
		[[ $output == *"$root/one: it is root's, but others may write to it"* ]]
		"${as_root[@]}" rm -r "$root/one"
	}
	each_shell another
}

@test "what was half put there when the machine went down is taken away" {
	mkdir "$BATS_TEST_TMPDIR/made"
	for name in report.txt report.html report.json index.html; do echo "the $name" > "$BATS_TEST_TMPDIR/made/$name"; done
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	halves() {
		dump one/vmcore
		for where in "$root/one" "$root"; do
			touch -d '-11 minutes' "$where"/{.report.abcdef,.report.abcdefg,.reports}
			touch "$where/.report.012345"
		done
		run -0 placed "$@"
		run -0 indexed success exited "$@"
		for where in "$root/one" "$root"; do
			[ "$(cd "$where" && echo .r*)" = ".report.012345 .report.abcdefg .reports" ]
		done
	}
	each_shell halves
}

@test "the owner of a directory cannot hold up what is done there in his name" {
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	mkdir "$root/one"
	"${as_root[@]}" chown 65534:65534 "$root/one"
	stopped() {
		SECONDS=0
		run "${as_root[@]}" env OWNER_SECONDS=1 timeout -s KILL 20 "$@" -c '. capture/reports/rights.sh; cd "$1"
			as_owner sh -c "kill -STOP \$\$"' sh "$root/one"
		[ "$status" -eq 137 ]
		[ "$SECONDS" -lt 15 ]
	}
	each_shell stopped
	"${as_root[@]}" chown 0:0 "$root/one"
}

@test "root's own dumps come first" {
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	for name in 1 2 3 4 5 6; do dump $name/vmcore; done
	"${as_root[@]}" chown 65534:65534 "$root"/[1-6]/vmcore
	"${as_root[@]}" chown 0:0 "$root"/[35]/vmcore
	ordered() {
		: > "$started"
		run -0 "$@" -c '. capture/shared/crash_files.sh; . capture/reports/find.sh; find_crashes "$1"' "$BATS_TEST_TMPDIR/bin/wanted" "$root"
		[ "$(head -n 2 <<< "$output" | sort | tr '\n' ' ')" = "$root/3/vmcore $root/5/vmcore " ]
		[ "${#lines[@]}" -eq 6 ]
	}
	printf '#!/bin/sh\n[ "$1" = wanted ] || exit 0\nshift 2\nprintf "%%s\\n" "$@"\n' > "$BATS_TEST_TMPDIR/bin/wanted"
	chmod +x "$BATS_TEST_TMPDIR/bin/wanted"
	export ROOT=
	each_shell ordered
}

@test "a dump whose report cannot be put beside it is examined once, and again when it has changed" {
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	mkdir "$BATS_TEST_TMPDIR/made"
	for end in txt html json; do echo "the $end" > "$BATS_TEST_TMPDIR/made/report.$end"; done
	once_there() {
		dump one/vmcore '-2 hours'
		key=$(printf %s "$root/one/vmcore" | sha256sum | cut -c 1-16)
		record=$STATE_DIRECTORY/$key.unplaced
		"${as_root[@]}" chmod 555 "$root/one"
		"${as_root[@]}" chown 65534:65534 "$root/one"
		rm -f "$started.told"
		run -1 placed_as_root "$@"
		[ -e "$started.told" ]
		[ "$(wc -l < "$record")" -eq 1 ]
		# busybox has other words for it.
		grep -qE "^$root/one: kmortem made no report.html, or it cannot be written: mktemp: .*[Pp]ermission denied$" "$record"
		run -0 scan "$@"
		[ -z "$output" ]
		echo "$root/one/vmcore" > "$spool/marker"
		run -0 scan "$@"
		[ -z "$output" ]
		touch -d '-1 hour' "$root/one/vmcore"
		run -0 scan "$@"
		[ "$output" = one/vmcore ]
		run -1 placed_as_root "$@"
		run -0 scan "$@"
		[ -z "$output" ]
		# Somebody has seen to it, and wants it.
		rm "$record"
		"${as_root[@]}" chown 0:0 "$root/one"
		"${as_root[@]}" chmod 775 "$root/one"
		run -0 scan "$@"
		[ "$output" = one/vmcore ]
		run -1 placed_as_root "$@"
		grep -qF "$root/one: it is root's, but others may write to it" "$record"
		"${as_root[@]}" chmod 755 "$root/one"
		run -0 placed_as_root "$@"
		[ -f "$root/one/report.txt" ]
		[ ! -e "$record" ]
		"${as_root[@]}" rm -r "$root/one"
	}
	each_shell once_there
}

@test "a dump that could not be examined is told beside it" {
	dump one/vmcore
	mkdir "$BATS_TEST_TMPDIR/made"
	result=exit-code
	told() {
		run -0 placed "$@"
		[[ $(cat "$root/one/report-failed.txt") == "kmortem could not examine $root/one/vmcore (exited 2)"* ]]
		run -0 scan "$@"
		[ -z "$output" ]
	}
	each_shell told
	# What is half there is no report.
	result=success
	missing() {
		run -1 placed "$@"
		[ "$(ls -A "$root/one")" = "report-failed.txt
vmcore" ]
	}
	each_shell missing
}

@test "why a dump could not be examined is told beside it, if kmortem has said so" {
	dump one/dump-incomplete.gz
	mkdir "$BATS_TEST_TMPDIR/made"
	ln -s "$root/one/dump-incomplete.gz" "$BATS_TEST_TMPDIR/link"
	printf '#!/bin/sh\necho "$*" >> "$STARTED.journal"\ncase $* in *--sync) ;; *) cat "$STARTED.said" ;; esac\n' > "$BATS_TEST_TMPDIR/bin/journalctl"
	chmod +x "$BATS_TEST_TMPDIR/bin/journalctl"
	export EXIT_CODE EXIT_STATUS=2 INVOCATION_ID=1f2e
	# because SHELL…: the line beside the dump, without its beginning.
	because() {
		rm -f "$root"/one/*.txt "$started.journal"
		SERVICE_RESULT=exit-code RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/made "$@" capture/kmortem-reports place "$BATS_TEST_TMPDIR/link"
		[ "$(wc -l < "$root/one/report-failed.txt")" -eq 2 ]
		sed -n "1s,^kmortem could not examine $root/one/dump-incomplete.gz ,,p" "$root/one/report-failed.txt"
	}
	reasons() {
		EXIT_CODE=exited
		printf '%s\n' "$root/one/dump-incomplete.gz" 'kmortem: a warning' \
			"kmortem: $root/one/dump-incomplete.gz: not a vmcore, but compressed by gzip" > "$started.said"
		run -0 because "$@"
		[ "$output" = "(exited 2): not a vmcore, but compressed by gzip; see journalctl -u kmortem-report@link" ]
		grep -q -e " -o cat _SYSTEMD_INVOCATION_ID=1f2e$" "$started.journal"
		printf 'kmortem-open: cannot\033[31m be opened\n' > "$started.said"
		run -0 because "$@"
		[ "$output" = "(exited 2): cannot[31m be opened; see journalctl -u kmortem-report@link" ]
		{ printf 'kmortem: '; head -c 100000 /dev/zero | tr '\0' x; echo; } > "$started.said"
		run -0 because "$@"
		[ "${#output}" -lt 700 ]
		# What was said before it was killed is another thing.
		EXIT_CODE=killed
		run -0 because "$@"
		[ "$output" = "(killed 2): see journalctl -u kmortem-report@link" ]
		[ ! -e "$started.journal" ]
	}
	each_shell reasons
}

@test "a report that a reboot ends is begun again, and nothing told of it" {
	mkdir "$BATS_TEST_TMPDIR/made"
	ended() {
		dump one/vmcore
		ln -sfn "$root/one/vmcore" "$BATS_TEST_TMPDIR/link"
		rm -f "$started.told"
		for result in signal.killed.TERM success.killed.TERM signal..; do
			IFS=. read -r result code exit_status <<< "$result"
			SERVICE_RESULT=$result EXIT_CODE=$code EXIT_STATUS=$exit_status RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR/made run -0 \
				"$@" capture/kmortem-reports place "$BATS_TEST_TMPDIR/link"
			[ "$(ls -A "$root/one")" = vmcore ]
			[ ! -e "$started.told" ]
			run -0 scan "$@"
			[ "$output" = one/vmcore ]
		done
	}
	each_shell ended
	grep -qx 'SuccessExitStatus=.* SIGTERM' systemd/kmortem-report@.service
}

# attempt VERSION RESULT SHELL…: whether that kmortem is begun, with what result, and whether that is told.
attempt() {
	export VERSION=$1
	result=$2
	rm -f "$started.told"
	begun=$(scan "${@:3}")
	[ -z "$begun" ] || placed "${@:3}"
	echo "${begun:+begun }$([ ! -e "$started.told" ] || echo told)"
}

@test "what one version could not examine, another tries, and tells of only when it can" {
	mkdir "$BATS_TEST_TMPDIR/made"
	for end in txt html json; do echo "the $end" > "$BATS_TEST_TMPDIR/made/report.$end"; done
	tries() {
		dump one/vmcore
		[ "$(attempt 1 timeout "$@")" = 'begun told' ]
		[ "$(attempt 1 timeout "$@")" = '' ]
		[ "$(attempt 2 timeout "$@")" = 'begun ' ]
		[ "$(attempt 2 timeout "$@")" = '' ]
		[ "$(attempt 3 success "$@")" = 'begun told' ]
		[ ! -e "$root/one/report-failed.txt" ]
		rm -r "${root:?}/one"
	}
	each_shell tries
}

@test "a directory that has become a link is not written to" {
	dump one/vmcore
	mkdir "$BATS_TEST_TMPDIR/made" "$BATS_TEST_TMPDIR/elsewhere"
	mv "$root/one" "$root/real"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$root/one"
	kept() {
		run -1 placed "$@"
		[[ $output == *"$root/one: not what it was"* ]]
		[ -z "$(ls -A "$BATS_TEST_TMPDIR/elsewhere")" ]
	}
	each_shell kept
}

@test "of a dump that was removed with its directory while its report was made nothing is told, nor kept" {
	mkdir "$BATS_TEST_TMPDIR/made"
	for end in txt html json; do echo "the $end" > "$BATS_TEST_TMPDIR/made/report.$end"; done
	nowhere() {
		dump one/vmcore
		rm -f "$started.told"
		rm -r "${root:?}/one"
		run -0 placed "$@"
		[ "$output" = "kmortem-reports: $root/one/vmcore: is gone with its directory, and so is its report" ]
		[ ! -e "$started.told" ]
		[ -z "$(ls "$STATE_DIRECTORY")" ]
	}
	each_shell nowhere
}

@test "foreign texts are told on one line, as they are" {
	forged=$(printf 'h\\n\\033[31m\n\033[31mFORGED\001')
	foreign() {
		: > "$spool/$forged"
		echo "/x$forged" > "$spool/$forged"
		run -0 --separate-stderr scan "$@"
		[ "$stderr" = "kmortem-reports: h\\n\\033[31m[31mFORGED: the marker names what is no dump below $root" ]
		dump "$forged/vmcore"
		ln -sfn "$root/$forged/vmcore" "$BATS_TEST_TMPDIR/link"
		RUNTIME_DIRECTORY=$BATS_TEST_TMPDIR SERVICE_RESULT=timeout run -0 "$@" capture/kmortem-reports place "$BATS_TEST_TMPDIR/link"
		[ "$(cat "$root/$forged/report-failed.txt")" = \
			"kmortem could not examine $root/h\\n\\033[31m[31mFORGED/vmcore ( ): see journalctl -u kmortem-report@link
$retry" ]
		rm -r "${root:?}/$forged"
	}
	each_shell foreign
}

@test "a wrong call is told" {
	wrong() {
		for arguments in '' scan 'scan one' place 'place one two' other; do
			# shellcheck disable=SC2086
			run -2 "$@" capture/kmortem-reports $arguments
			[[ $output == *'want: scan SPOOL ROOT…, renew ROOT…, index ROOT, or place LINK; or, as scan does: wanted ROOT DUMP…, untold ROOT LOG…, or report KEY' ]]
		done
	}
	each_shell wrong
}
