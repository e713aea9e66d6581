#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What the command line promises whatever the dump: help, refusals, exit status.

load setup

@test "--version and --help" {
	run -0 "$KMORTEM" --version
	[[ $output =~ ^kmortem\ [0-9]+\.[0-9]+ ]]
	run -0 "$KMORTEM" --help
	for command in report view eval log info list rules; do
		[[ $output == *"kmortem $command "* ]]
		"$KMORTEM" "$command" --help | grep -q 'Exit status'
	done
}

@test "what is not understood is refused with one line" {
	refused 'no command' "$KMORTEM"
	refused 'did you mean report?' "$KMORTEM" reprot
	refused '--colour: no such option' "$KMORTEM" report --colour
	refused '-k: a value is missing' "$KMORTEM" info -k
	refused '--where: not an option of report' "$KMORTEM" report --where 1 "$DUMP"
	refused '-f yaml: want one of text|html|json' km report -f yaml "$DUMP"
	refused '-f html: want one of text|json|csv' km view -f html "$DUMP"
	refused '--rows many: want a number' km report --rows many "$DUMP"
	refused 'no dump given' km report
	refused 'want a dump and an expression' km eval "$DUMP"
	refused 'rules: want list' "$KMORTEM" rules
}

@test "files that are no dumps are refused by name" {
	refused '/no/such/file: No such file' km report /no/such/file
	refused '/no/such/file' km view /no/such/file toy.numbers
	refused "$RULES/rules.yaml" "$KMORTEM" info "$RULES/rules.yaml"
	refused "$BATS_FILE_TMPDIR" "$KMORTEM" info "$BATS_FILE_TMPDIR"
	refused '/no/such/rules' "$KMORTEM" report --rules-dir /no/such/rules "$DUMP"
	refused '/no/such.yaml' km report -r /no/such.yaml "$DUMP"
}

@test "a vmlinux of another kernel is refused" {
	refused "$TOY/old/vmlinux" km report -k "$TOY/old/vmlinux" "$DUMP"
}

@test "output that cannot be written is an error" {
	# shellcheck disable=SC2016
	run -2 bash -c '"$KMORTEM" info "$DUMP" > /dev/full'
	[[ $output == *'No space left on device'* ]]
	refused '/no/such/folder/report.txt' km report "$DUMP" -o /no/such/folder/report.txt
	refused 'No space left on device' km report "$DUMP" -o /dev/full
	[ -c /dev/full ]
}

@test "what cannot be printed is an error of every command, also of help" {
	for words in --help --version 'report --help' 'rules list' 'rules functions' view; do
		echo "$words"
		# shellcheck disable=SC2016 # the inner shell expands them
		words=$words refused 'standard output: No space left on device' bash -c '"$KMORTEM" $words > /dev/full'
		# shellcheck disable=SC2016
		words=$words refused 'standard output: Bad file descriptor' bash -c '"$KMORTEM" $words >&-'
	done
	for words in report log info view\ toy.numbers 'eval 1'; do
		echo "$words"
		# shellcheck disable=SC2016
		words=$words refused 'standard output: ' bash -c 'set -- $words; command=$1; shift
			[ "$command" = log ] || [ "$command" = info ] || set -- --rules-dir "$RULES" "$@"
			exec "$KMORTEM" "$command" "$DUMP" "$@" >&-'
	done
}

@test "a closed standard output is not taken for the file that is written" {
	# shellcheck disable=SC2016
	run -1 bash -c '"$KMORTEM" report --rules-dir "$RULES" "$DUMP" -o "$BATS_TEST_TMPDIR/r.json" <&- >&- 2>&-'
	jq -e '.format == 1' "$BATS_TEST_TMPDIR/r.json"
}

@test "an option of which only one can count is refused the second time" {
	refused '--output: given twice' km report "$DUMP" -o "$BATS_TEST_TMPDIR/a" --output "$BATS_TEST_TMPDIR/b"
	[ ! -e "$BATS_TEST_TMPDIR/a" ]
	[ ! -e "$BATS_TEST_TMPDIR/b" ]
	refused '--format: given twice' km report "$DUMP" -f text -f json
	refused '--vmlinux: given twice' km report "$DUMP" -k "$TOY/new/vmlinux" -k "$TOY/new/vmlinux"
	refused '--rows: given twice' km report "$DUMP" --rows 1 --rows=2
	refused '--rules-dir: given twice' km report "$DUMP" --rules-dir "$RULES"
	refused 'join the conditions with "and"' km view "$DUMP" toy.numbers --where 'n > 1' --where 'n < 3'
	run -0 "$KMORTEM" info -v -v --dwarf --dwarf -k "$TOY/new/vmlinux" "$DUMP"
}

@test "options and words may stand in any order" {
	first=$(km view "$DUMP" toy.numbers -f csv)
	[ "$first" = "$(km view -f csv toy.numbers "$DUMP")" ]
	[ "$first" = "$(km view toy.numbers -f csv "$DUMP")" ]
}

@test "eval of a struct that cannot be read prints it and says so" {
	run -3 --separate-stderr km eval "$DUMP" '*(struct task_struct *)0x10'
	[[ $output == '(struct task_struct) {'*'?('* && $stderr == *'incomplete: '* ]]
	run -0 km eval "$DUMP" 'init_task.comm'
}

@test "info -v lists the names that differ between kernels" {
	run -0 --separate-stderr "$KMORTEM" info -v "$TOY/new/vmcore"
	[[ $output == *'Alternative     struct task_struct.(__state|state): __state'* ]]
	run -0 --separate-stderr "$KMORTEM" info -v "$TOY/old/vmcore"
	[[ $output == *'Alternative     struct task_struct.(__state|state): state'* ]]
}
