#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The shell library of the capture, by each shell that may run it.
# shellcheck disable=SC2154,SC2016 # bats sets variables; words are for the shell under test

load shells

@test "sizes" {
	each 'for text in 0 1 512 64K 10M 2G 7T 8191P 08; do bytes_of $text || echo "no $text"; done'
	[ "$output" = "0
1
512
65536
10485760
2147483648
7696581394432
no 8191P
no 08" ]
	each 'for text in "" K -1 1.5G 1k 1GB 99999999999999999999 9999999T; do bytes_of "$text" && echo "yes $text"; done; :'
	[ -z "$output" ]
}

@test "durations" {
	each 'for text in 0 90 90s 10min 2h; do seconds_of $text; done'
	[ "$output" = "0
90
90
600
7200" ]
	each 'for text in "" s 1d -1 1.5h 5m 99999999h; do seconds_of "$text" && echo "yes $text"; done; :'
	[ -z "$output" ]
}

@test "what is told is a line, as it is" {
	each 'say "a\\n\\033[31m" "b$(printf "\n\033[\177c")"; say -n; say "x…"'
	[ "$stderr" = 'kmortem-capture: a\n\033[31m b[c
kmortem-capture: -n
kmortem-capture: x…' ]
}

@test "backslashes stay what they are" {
	mkdir "$BATS_TEST_TMPDIR/a\\nb"
	each "work=$BATS_TEST_TMPDIR"'; rm -f $work/failures; failed "a\nb\c"; cat $work/failures; directory_of "ssh a@h:/a\nb"; existing "$work/a\nb/c"'
	[ "$output" = 'a\nb\c
/a\nb
'"$BATS_TEST_TMPDIR/a\\nb" ]
}

@test "texts in JSON" {
	each 'json_text "a \"b\" \\ c	d"; echo; json_text ""'
	[ "$(head -n 1 <<< "$output" | jq -r .)" = 'a "b" \ cd' ]
	[ "$(tail -n 1 <<< "$output")" = '""' ]
}

# read_conf LINE…: of a file with these lines.
read_conf() {
	printf '%s\n' "$@" > "$BATS_TEST_TMPDIR/conf"
	each "conf_read $BATS_TEST_TMPDIR/conf"' || exit
		printf "%s|" "$conf_targets" $conf_dump_level $conf_compression $conf_time_limit $conf_keep $conf_max_total \
			$conf_min_free $conf_final_action "$conf_pre_script" "$conf_post_script" "$conf_ssh_key" "$conf_append"'
}

@test "settings" {
	read_conf 'target=local /var/crash'
	[ "$status" -eq 0 ]
	[ "$output" = 'local /var/crash
|31|zstd|1800|0|0|5%|reboot|||||' ]
	read_conf '# comment' '' '  target = device UUID=1-2:/a b ' 'target=netdump 192.0.2.1' dump_level=1 compression=lzo \
		time_limit=10min keep=3 max_total=5G min_free=1G final_action=poweroff pre_script=/a post_script=/b \
		ssh_key=/k 'append=a=1 b'
	[ "$status" -eq 0 ]
	[ "$output" = 'device UUID=1-2:/a b
netdump 192.0.2.1
|1|lzo|600|3|5368709120|1G|poweroff|/a|/b|/k|a=1 b|' ]
}

@test "every mistake in the settings is told" {
	read_conf 'target=local /a' accept=panic-on-hang accept=target-1-room
	[ "$status" -eq 0 ]
	each "conf_read $BATS_TEST_TMPDIR/conf"'; echo "$conf_accept"'
	[ "$output" = 'panic-on-hang target-1-room ' ]
	for value in '' 'panic-on-hang watchdog' 'Watchdog' 'a$(x)' '*'; do
		read_conf 'target=local /a' "accept=$value"
		[ "$status" -eq 1 ]
	done
	read_conf 'target=local crash' 'target=tape /dev/st0' dump_level=32 compression=xz time_limit=0 keep=-1 max_total=much \
		min_free=101% final_action=explode pre_script=a colour=red nonsense 'pre_script=$(touch /tmp/x)'
	[ "$status" -eq 1 ]
	[ "$(wc -l <<< "$stderr")" -eq 14 ]
	for line in {1..10} 13; do grep -q "conf:$line: .*no value of that key" <<< "$stderr"; done
	grep -q 'conf:11: colour: no such key' <<< "$stderr"
	grep -q 'conf:12: want key=value' <<< "$stderr"
	grep -q 'conf: no target' <<< "$stderr"
	# Two words that stand beside each other in a list are none of it.
	read_conf 'target=local /a' 'compression=zlib lzo' 'final_action=poweroff halt' final_action= 'pre_script post_script=/a' '=/a'
	[ "$status" -eq 1 ]
	[ "$(wc -l <<< "$stderr")" -eq 5 ]
	for line in 2 3 4; do grep -q "conf:$line: .*no value of that key" <<< "$stderr"; done
	for line in 5 6; do grep -q "conf:$line: .*no such key" <<< "$stderr"; done
	for file in none ''; do
		each "conf_read $BATS_TEST_TMPDIR/$file"
		[ "$status" -eq 1 ]
		[[ $stderr == *"/$file: cannot be read" ]]
	done
}

@test "a mistake tells what is wanted" {
	read_conf 'target=/var/crash' 'target=ssh bob@h:crash' keep=all accept=Hang
	[ "$status" -eq 1 ]
	for line in 1 2; do
		grep -q "conf:$line: .*: no value of that key; want local DIRECTORY, .*; a DIRECTORY begins with /$" <<< "$stderr"
	done
	grep -q 'conf:3: keep=all: no value of that key; want a number, 0 for all$' <<< "$stderr"
	grep -q 'conf:4: accept=Hang: .*; want the name of one point$' <<< "$stderr"
	each 'for key in dump_level compression time_limit max_total min_free final_action reports_for; do conf_wants $key; done; conf_wants ssh_key'
	[ "$(sort -u <<< "$output" | wc -l)" -eq 8 ]
	[ "$(grep -c 'path of a file' <<< "$output")" -eq 1 ]
}

@test "what follows a blank and # is a comment" {
	read_conf 'target = local /var/crash   # the big disk' $'dump_level=17\t#less' ' # keep=1' 'append=a#b # c=d' 'ssh_key=/k#1'
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$output" = 'local /var/crash
|17|zstd|1800|0|0|5%|reboot|||/k#1|a#b|' ]
	read_conf 'target=local /a' 'keep = # none'
	[ "$status" -eq 1 ]
	[[ $stderr == *'conf:2: keep=: no value of that key;'* ]]
}

@test "of a key that is given again the last value counts, and that is told; targets and points add up" {
	read_conf 'target=local /a' 'target=local /b' accept=image accept=loaded keep=1 append=x keep=2
	[ "$status" -eq 0 ]
	[ "$output" = 'local /a
local /b
|31|zstd|1800|2|0|5%|reboot||||x|' ]
	[ "$stderr" = "kmortem-capture: $BATS_TEST_TMPDIR/conf:7: keep is given again: this one counts, and the one before it does not" ]
	read_conf 'target=local /a' keep=1 keep=x
	[ "$status" -eq 1 ]
	[ "$(wc -l <<< "$stderr")" -eq 1 ]
}

@test "control characters are no part of a target or a path, and noise is told in short lines" {
	read_conf 'target=local /a' $'target=local /a\tb' $'target=device /dev/a\rb:/' $'pre_script=/a\33[2J' $'append=a\tb'
	[ "$status" -eq 1 ]
	[ "$(wc -l <<< "$stderr")" -eq 3 ]
	for line in 2 3 4; do grep -q "conf:$line: .*no value of that key" <<< "$stderr"; done
	read_conf 'target=local /a' "$(printf '%05000d=1' 0)" "keep=$(printf '%05000d' 0)"
	[ "$status" -eq 1 ]
	[ "$(wc -l <<< "$stderr")" -eq 2 ]
	[ "${#stderr}" -lt 1000 ]
}

@test "targets are of their kinds" {
	local target
	local -a good=('local /a b' 'device UUID=1-2:/a -b' 'device /dev/disk/by-label/x:/' 'nfs host:/a' 'nfs [2001:db8::1]:/a b'
		'ssh a@host:/b c' 'ssh a@corp@host:/b' 'ssh a@2001:db8::1:/b' 'netdump host' 'netdump [2001:db8::1]:6666')
	local -a bad=('local a' 'netdump' 'netdump ' 'netdump -x' 'netdump a b' 'netdump a:/b' 'ssh host:/x' 'ssh host:/x@y:/z' 'ssh @h:/x' 'ssh a@:/x'
		'ssh -oProxyCommand=x@h:/y' 'ssh a@-h:/y' 'ssh a b@h:/y' 'ssh a@h' 'nfs :/x' 'nfs -h:/x' 'nfs a b:/x' 'device :/x' 'device -o:/x'
		'device a b:/x' 'tape x')
	for target in "${good[@]}"; do
		each "target_is_known '$target'"
		[ "$status" -eq 0 ] || { echo "$target"; return 1; }
	done
	for target in "${bad[@]}"; do
		each "target_is_known '$target'"
		[ "$status" -eq 1 ] || { echo "$target"; return 1; }
	done
}

@test "no function of the library takes the place of another" {
	local others names
	# The host's loads what saves, too, to open a target.
	for others in 'host saving' reports; do
		names=$(for folder in shared $others; do sed -n 's/^\([a-z_0-9]*\)() .*/\1/p' capture/$folder/*.sh; done | sort)
		[ "$(wc -l <<< "$names")" -gt 50 ]
		[ -z "$(uniq -d <<< "$names")" ]
	done
}
