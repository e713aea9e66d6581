#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What runs in the capture kernel calls nothing that the busybox at hand has not got: no program, no option.
# shellcheck disable=SC2154,SC2016 # bats sets variables; words are for the shell under test

load shells

# called WORDS FILE…: what is called there of programs that are among these words: "NAME" a line, and "NAME OPTION".
called() {
	local names=$1
	shift
	awk -v names="$names" '
		BEGIN { count = split(names, list, /[[:space:]]+/); for (i = 1; i <= count; i++) if (list[i]) known[list[i]] = 1 }
		/^[[:space:]]*#/ { next }
		{
			sub(/[[:space:]]# .*/, "")
			gsub(/\047[^\047]*\047/, " ")
			gsub(/"/, " ")
			gsub(/[$][(][(][^()]*[)][)]/, " ")
			parts = split($0, part, /[|;&<>()]/)
			for (i = 1; i <= parts; i++) {
				words = split(part[i], word, /[[:space:]]+/)
				name = before = ""
				for (j = 1; j <= words; j++) {
					if (word[j] in known && (!before || before ~ /^([!{]|if|then|else|do|until|while|[0-9]+|[a-z_]+=.*|-exec)$/)) print name = word[j]
					else if (name && word[j] ~ /^-[A-Za-z]/) print name, word[j]
					if (word[j]) before = word[j]
				}
			}
		}' "$@" | sort -u
}

in_capture=(capture/saving/* capture/shared/*.sh)

# help_names NAME OPTION: `busybox NAME --help` does. Letters may come together, but not those of find.
help_names() {
	local help letters=${2#-}
	help=$(busybox "$1" --help 2>&1)
	if [ "$1" = find ]; then
		grep -qw -e "$2" <<< "$help"
		return
	fi
	while [ "$letters" ]; do
		grep -q -e "\[*-[A-Za-z|+]*${letters:0:1}" <<< "$help" || return
		letters=${letters:1}
	done
}

@test "options are those of this busybox" {
	# Signals are sent by the shell itself.
	called "$(by dash 'echo $busybox_needed')" "${in_capture[@]}" | grep ' ' | grep -v '^kill ' > "$BATS_TEST_TMPDIR/options"
	grep -qx 'find -mmin' "$BATS_TEST_TMPDIR/options"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/options")" -gt 40 ]
	while read -r name option; do
		help_names "$name" "$option" || echo "busybox $name does not name $option"
	done < "$BATS_TEST_TMPDIR/options" > "$BATS_TEST_TMPDIR/lacks"
	diff /dev/null "$BATS_TEST_TMPDIR/lacks"
}

@test "an option that it has not got would be seen" {
	printf '%s\n' 'file=$(find "$1" -mindepth 1 -nosuchtest)' '! stat -cZ %s x' 'step x 1 rm -f x' > "$BATS_TEST_TMPDIR/script"
	run called 'find stat rm' "$BATS_TEST_TMPDIR/script"
	[ "$output" = 'find
find -mindepth
find -nosuchtest
rm
rm -f
stat
stat -cZ' ]
	help_names find -mindepth
	help_names rm -rf
	run ! help_names find -nosuchtest
	run ! help_names stat -cZ
}

@test "programs are those that an image is refused without" {
	by dash 'printf "%s\n" $busybox_needed' | sort > "$BATS_TEST_TMPDIR/needed"
	# The shell itself does the first ones; the last is a function of the first process.
	called "$(busybox --list | grep -vx -e '\[' -e '\[\[' -e echo -e false -e printf -e test -e true -e watch)" "${in_capture[@]}" |
		grep -v ' ' > "$BATS_TEST_TMPDIR/programs"
	grep -qx hostname "$BATS_TEST_TMPDIR/programs"
	comm -23 "$BATS_TEST_TMPDIR/programs" "$BATS_TEST_TMPDIR/needed" > "$BATS_TEST_TMPDIR/unasked"
	diff /dev/null "$BATS_TEST_TMPDIR/unasked"
}
