#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# kmortem-open: what it hands to systemd, and what it does not.
# shellcheck disable=SC2154 # bats sets the variables

bats_require_minimum_version 1.5.0

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	as_root=()
	[ "$(id -u)" -eq 0 ] || as_root=(sudo)
	# All users may come here, as into /var/crash.
	root=$("${as_root[@]}" mktemp -d /tmp/kmortem-open-XXXXXX)
	"${as_root[@]}" chmod 755 "$root"
	"${as_root[@]}" mkdir "$root/theirs" "$root/ours"
	as_root_writes 'a dump of theirs' "$root/theirs/vmcore" 600
	"${as_root[@]}" chown -R 65534:65534 "$root/theirs"
	as_root_writes 'a secret' "$root/secret" 600
	as_root_writes 'a dump of ours' "$root/ours/vmcore" 600
}

teardown() {
	"${as_root[@]}" rm -rf "$root"
}

as_root_writes() {
	echo "$1" | "${as_root[@]}" tee "$2" > /dev/null
	"${as_root[@]}" chmod "$3" "$2"
}

# handed PATH [PATH OTHER]: what systemd gets when the dump has that path; where there are more words, PATH and OTHER change places
# all the time meanwhile.
handed() {
	"${as_root[@]}" ln -sfn "$1" "$root/link"
	"${as_root[@]}" timeout 20 python3 tests/capture/open.py "$BUILD/kmortem-open" "$root/link" "${@:2}"
}

@test "a dump of root's, and one of another user's" {
	run -0 handed "$root/ours/vmcore"
	[ "$output" = "FDSTORE=1 FDNAME=dump
BARRIER=1
a dump of ours
said $root/ours/vmcore" ]
	run -0 handed "$root/theirs/vmcore"
	[ "${lines[2]}" = 'a dump of theirs' ]
}

@test "of any name, which is told on one line" {
	for name in "it's \"one\"" $'new\nline\n' ' -rf *' "$(printf 'ü%.0s' {1..127})" "$(printf 'x%.0s' {1..255})"; do
		"${as_root[@]}" mkdir "$root/$name"
		as_root_writes 'a dump' "$root/$name/vmcore" 600
		run -0 handed "$root/$name/vmcore"
		[ "${lines[2]}" = 'a dump' ]
		[ "${lines[3]}" = "said $root/$(tr '\n' '?' <<< "$name" | head -c -1)/vmcore" ]
	done
}

# refused WORDS PATH: nothing is handed over.
refused() {
	run -2 handed "$2"
	echo "$output"
	[[ $output == "kmortem-open: "*"$1"* ]]
	[ "${#lines[@]}" -eq 1 ]
}

@test "no link is followed, and only files are opened" {
	"${as_root[@]}" ln -s ../secret "$root/theirs/link"
	refused 'Too many levels of symbolic links' "$root/theirs/link"
	"${as_root[@]}" ln -s vmcore "$root/ours/link"
	refused 'Too many levels of symbolic links' "$root/ours/link"
	"${as_root[@]}" ln -s ours "$root/alias"
	refused 'Not a directory' "$root/alias/vmcore"
	"${as_root[@]}" mkfifo -m 666 "$root/theirs/pipe"
	refused 'not a file' "$root/theirs/pipe"
	"${as_root[@]}" mkdir "$root/ours/directory"
	refused 'not a file' "$root/ours/directory"
	refused 'No such file' "$root/ours/none"
	refused 'not an absolute path' ours/vmcore
	"${as_root[@]}" mknod "$root/theirs/null" c 1 3
	"${as_root[@]}" chmod 666 "$root/theirs/null"
	refused "$root/theirs/null" "$root/theirs/null"
}

@test "a directory's owner gets nothing that is not his" {
	# Whatever looks like his dump: here, by a hard link.
	"${as_root[@]}" ln "$root/secret" "$root/theirs/secret"
	refused 'Permission denied' "$root/theirs/secret"
	"${as_root[@]}" chmod 1777 "$root/ours"
	refused 'others may write to it' "$root/ours/vmcore"
}

@test "nor by changing it meanwhile" {
	"${as_root[@]}" ln -s ../secret "$root/theirs/other"
	for _ in 1 2 3 4 5; do
		run handed "$root/theirs/vmcore" "$root/theirs/vmcore" "$root/theirs/other"
		[[ $output != *secret* ]]
	done
}

@test "it gives back the rights that it has taken, and wants a unit" {
	# Else systemd would not know whom the message is from.
	run -0 handed "$root/theirs/vmcore"
	run -2 env -u NOTIFY_SOCKET "${as_root[@]}" "$BUILD/kmortem-open" "$root/link"
	[[ $output == *'wants to be run by a unit'* ]]
	run -2 "$BUILD/kmortem-open"
	[[ $output == *'want: kmortem-open LINK' ]]
}
