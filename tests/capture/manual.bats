#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The manuals and the example have what the programs have.
# shellcheck disable=SC2154,SC2016 # bats sets variables; words are for the shell under test

load shells

# The keys that capture.conf knows, one a line.
keys() {
	{
		sed -n '/^conf_set() {/,/^}/s/^\t\([a-z_ |]*\))$\|^\t\([a-z_ |]*\)) .*/\1\2/p' capture/shared/conf.sh
		by dash 'printf "%s\n" $conf_files $conf_words'
	} | tr -d ' ' | tr '|' '\n' | sort -u
}

manual() { MANWIDTH=80 man -l "$1" | col -bx; }

@test "capture.conf(5) explains every key, and no other" {
	keys > "$BATS_TEST_TMPDIR/keys"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/keys")" -gt 15 ]
	grep -qx target "$BATS_TEST_TMPDIR/keys"
	# Values are set in ".BI", keys are not.
	awk 'before == ".TP" && /^\.BR? / { gsub(/^\.BR? |[",]/, ""); print } { before = $0 }' man/capture.conf.5 | tr -s ' ' '\n' | sort \
		> "$BATS_TEST_TMPDIR/explained"
	diff "$BATS_TEST_TMPDIR/keys" "$BATS_TEST_TMPDIR/explained"
}

@test "the example has every key, and is read" {
	sed 's/^#\([a-z_]* =\)/\1/' capture/capture.conf > "$BATS_TEST_TMPDIR/all.conf"
	sed -n 's/^\([a-z_]*\) =.*/\1/p' "$BATS_TEST_TMPDIR/all.conf" | sort -u > "$BATS_TEST_TMPDIR/shown"
	keys | diff - "$BATS_TEST_TMPDIR/shown"
	for file in capture/capture.conf "$BATS_TEST_TMPDIR/all.conf"; do
		each "conf_read $file"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done
}

@test "kmortem-capture(8) has the commands that --help has" {
	manual man/kmortem-capture.8 > "$BATS_TEST_TMPDIR/manual"
	commands=$(capture/kmortem-capture --help | sed -n '/^usage/,/^$/s/.*capture //p' | sed 's/\[[^]]*\]//g' | tr '|' '\n' |
		grep -oE '^ *[a-z]+' | tr -d ' ' | sort -u)
	[ "$(wc -w <<< "$commands")" -gt 8 ]
	for command in $commands; do
		echo "$command"
		grep -qE "^ {7}([a-z]+, )?$command\b" <(sed -n '/^COMMANDS/,/^[A-Z]/!d; p' "$BATS_TEST_TMPDIR/manual")
		grep -qE "\b$command\b" <(sed -n '/^SYNOPSIS/,/^DESCRIPTION/p' "$BATS_TEST_TMPDIR/manual")
	done
}

@test "all parts but that for dracut are read by every shell, as README.md says" {
	find capture -type f ! -name '*.md' ! -name '*.conf' ! -name '*.c' ! -path capture/hooks/dracut.sh > "$BATS_TEST_TMPDIR/parts"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/parts")" -gt 50 ]
	while read -r file; do
		for shell in dash bash 'busybox sh'; do
			# shellcheck disable=SC2086 # "busybox sh" is two words
			run -0 $shell -n "$file"
		done
	done < "$BATS_TEST_TMPDIR/parts"
	run ! dash -n capture/hooks/dracut.sh
	grep -q 'All but `kmortem-open.c`, and `hooks/dracut.sh`' capture/README.md
}

@test "no blank stands before a comma in the manuals, and no line is stretched" {
	for page in man/kmortem-capture.8 man/capture.conf.5; do
		manual $page > "$BATS_TEST_TMPDIR/manual"
		[ "$(wc -l < "$BATS_TEST_TMPDIR/manual")" -gt 100 ]
		run -1 grep -n '[^ ] ,' "$BATS_TEST_TMPDIR/manual"
	done
	manual man/kmortem-capture.8 > "$BATS_TEST_TMPDIR/manual"
	run -1 grep -nE '[a-z0-9),;]  +[a-z(]' "$BATS_TEST_TMPDIR/manual"
	grep -qF '{"format": 1, "host", "kernel",' "$BATS_TEST_TMPDIR/manual"
}

@test "kmortem-capture(8) tells of every point of the check, and where the example is" {
	manual man/kmortem-capture.8 > "$BATS_TEST_TMPDIR/manual"
	points=$(grep -ohE '(point (pass|warn|fail|"\$verdict")|check_settings) [a-z][a-z-]+' capture/host/check*.sh | sed 's/.* //' | sort -u)
	[ "$(wc -w <<< "$points")" -gt 15 ]
	for point in $points; do
		echo "$point"
		each "point_exists $point"
		[ "$status" -eq 0 ]
		# In one place.
		[ "$(sed -n '/^THE CHECK/,/^WITH/p' "$BATS_TEST_TMPDIR/manual" | grep -cE "^ {7}([a-zN, -]*, )?$point(,|$)")" -eq 1 ]
	done
	grep -qF '/usr/local/share/doc/kmortem/capture.conf /etc/kmortem/capture.conf' "$BATS_TEST_TMPDIR/manual"
}
