#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What kmortem reads: never written over, used where it is named, and spoken of where it gives nothing.
# shellcheck disable=SC2154 # run sets stderr

load setup

@test "-o never replaces what the report is made from" {
	dir=$BATS_TEST_TMPDIR
	cp "$DUMP" "$dir/core"
	cp "$TOY/new/vmlinux" "$dir/vmlinux"
	cp -r "$RULES" "$dir/rules"
	mkdir "$dir/folder"
	ln -s core "$dir/link"
	ln "$dir/core" "$dir/other-name"
	ln -s ../core "$dir/folder/report.json"
	find "$dir" -type f -exec sha256sum {} + > "$dir.sums"
	kept() {
		refused 'would replace a dump, vmlinux or rule file' \
			"$KMORTEM" report --rules-dir "$dir/rules" "$dir/core" "$@"
	}
	kept -o "$dir/core"
	kept -o "$dir/link"
	kept -o "$dir/other-name"
	kept -o "$dir/folder"
	kept -k "$dir/vmlinux" -o "$dir/vmlinux"
	kept -o "$dir/rules/rules.yaml"
	kept -o "$dir/rules/lib/lib.yaml"
	cp "$RULES/rules.yaml" "$dir/mine.yaml"
	kept -r "$dir/mine.yaml" -o "$dir/mine.yaml"
	# Found by itself, where the dump stands.
	refused 'would replace' "$KMORTEM" report --rules-dir "$dir/rules" "$dir/core" --dwarf -o "$dir/vmlinux"
	sha256sum --quiet -c "$dir.sums"
	[ ! -e "$dir/folder/report.txt" ]
	echo old > "$dir/rules/report.txt"
	run -1 "$KMORTEM" report --rules-dir "$dir/rules" "$dir/core" -o "$dir/rules/report.txt"
	grep -q 'KERNEL CRASH REPORT' "$dir/rules/report.txt"
}

@test "a vmlinux that gives nothing is refused by name" {
	dir=$BATS_TEST_TMPDIR
	size=$(stat -c %s "$TOY/new/vmlinux")
	head -c $((size / 2)) "$TOY/new/vmlinux" > "$dir/cut"
	strip -o "$dir/stripped" "$TOY/new/vmlinux"
	objcopy -R .BTF "$dir/stripped" "$dir/empty"
	strip -g -o "$dir/symbols" "$TOY/new/vmlinux"
	for name in cut empty; do
		refused "$dir/$name: neither symbols nor BTF nor DWARF in it" km report "$DUMP" -k "$dir/$name"
	done
	for name in cut stripped empty symbols; do
		refused "$dir/$name: no DWARF in it" km report "$DUMP" --dwarf -k "$dir/$name"
	done
	# Symbols or BTF are of use where the dump has none.
	run -0 "$KMORTEM" info -k "$dir/stripped" "$DUMP"
	run -0 "$KMORTEM" info -k "$dir/symbols" "$DUMP"
	cp "$DUMP" "$dir/alone"
	refused '--dwarf without -k VMLINUX: no debug file' km report "$dir/alone" --dwarf
	cp "$TOY/new/vmlinux" "$dir/vmlinux"
	run -0 "$KMORTEM" info --dwarf "$dir/alone"
	[[ $output == *"DWARF ($dir/vmlinux)"* ]]
}

@test "rules check speaks of each kernel" {
	check() {
		km rules check "$BATS_TEST_TMPDIR/r.yaml" "$@"
	}
	# Members that one of the toy kernels has and the other has not.
	printf 'rules:\n- id: mine\n  title: T\n  severity: info\n  flag: offsetof(struct task_struct, __state) > 0\n' \
		> "$BATS_TEST_TMPDIR/r.yaml"
	run -0 check --btf "$TOY/new/vmlinux"
	[[ $output == '1 rules and views checked, 0 problems' ]]
	run -2 check --btf "$TOY/old/vmlinux"
	[[ $output == *', 1 problems' && $output != *"$TOY/old/vmlinux: mine"* ]]
	run -2 check --btf "$TOY/new/vmlinux" --btf "$TOY/old/vmlinux"
	[[ $output == *"$TOY/old/vmlinux: mine: "*__state*'1 rules and views checked against 2 kernels, 1 problems' ]]
	run -2 check --btf "$TOY/old/vmlinux" "$TOY/new/vmlinux"
	[[ $output == *"$TOY/old/vmlinux: mine: "*'against 2 kernels, 1 problems' ]]
	refused "$RULES/rules.yaml" check --btf "$TOY/new/vmlinux" --btf "$RULES/rules.yaml"
}

@test "--where is for all views or for none" {
	refused 'nothing here or in this kernel is called word' km view "$DUMP" 'toy.*' --where 'word == "<1>"'
	run -0 km view "$DUMP" 'toy.*' --where '1 < 2'
	[[ $output == *'<3>'*6.1.0-toy* ]]
}

@test "an expression may begin with a minus; other arguments are blamed by their own names" {
	run -0 km eval "$DUMP" '-init_task.pid'
	[ "$output" = 0 ]
	run -0 km eval -v "$DUMP" '-init_task.pid - 3'
	[ "${lines[1]}" = -3 ]
	run -0 km eval -v "$DUMP" '-(3)'
	[ "${lines[1]}" = -3 ]
	run -0 km eval "$DUMP" -- -init_task.pid
	[ "$output" = 0 ]
	refused '--rows -1: want a number' km report "$DUMP" --rows -1
	refused '-x: no such option' km report "$DUMP" -xyz
	refused '-x: no such option' km report -xyz "$DUMP"
	refused '--only: a value is missing' km report "$DUMP" --only
	refused '--dwarf: takes no value' km report "$DUMP" --dwarf=yes
	refused '-f |: want one of text|html|json' km report "$DUMP" -f '|'
	refused '-f ext: want one of text|html|json' km report "$DUMP" -f ext
	refused "-f : want one of text|html|json" km report "$DUMP" -f ''
}

@test "a file that is named twice is refused" {
	ln -s "$DUMP" "$BATS_TEST_TMPDIR/again"
	refused "$BATS_TEST_TMPDIR/again: the same file as $DUMP" km report "$DUMP" "$BATS_TEST_TMPDIR/again"
}

@test "-v says what was read, and how much work it was" {
	run -1 --separate-stderr km report -v "$DUMP" -f json
	jq -e '.format == 1' <<< "$output"
	[[ $stderr == *'BTF (dump)'*'kallsyms (dump)'* ]]
	[[ $stderr =~ [0-9]+\ reads ]]
	run -1 --separate-stderr km report "$DUMP" -f json
	[ -z "$stderr" ]
}

@test "a dump that was handed over open is read without rights on its file" {
	dump=$BATS_TEST_TMPDIR/handed
	cp "$DUMP" "$dump"
	exec 7< "$dump"
	chmod 0 "$dump"
	without_rights=()
	[ "$(id -u)" -ne 0 ] || without_rights=(setpriv --bounding-set=-dac_override,-dac_read_search)
	refused "$dump: Permission denied" "${without_rights[@]}" "$KMORTEM" info "$dump"
	expected=$("$KMORTEM" info "$DUMP")
	for name in /dev/stdin /dev/fd/7 /proc/self/fd/7; do
		run -0 "${without_rights[@]}" "$KMORTEM" info "$name" <&7
		[ "${output//"$dump"/}" = "${expected//"$DUMP"/}" ]
	done
	# It is called by its name, and kept from being written over by it.
	run -0 bash -c '"$0" report --rules-dir "$1" /dev/fd/7 --only toy.release -f json | jq -r .dump.path' "$KMORTEM" "$RULES"
	[ "$output" = "$dump" ]
	refused 'would replace a dump' km report /dev/fd/7 -o "$dump"
	refused 'not a vmcore (not a regular file)' "$KMORTEM" info /dev/stdin < <(cat "$DUMP")
	refused '/dev/fd/99: No such file or directory' "$KMORTEM" info /dev/fd/99
}

@test "a dump whose name says that it did not arrive whole is not taken for whole" {
	cp "$DUMP" "$BATS_TEST_TMPDIR/vmcore-incomplete"
	run -3 "$KMORTEM" info "$BATS_TEST_TMPDIR/vmcore-incomplete"
	[[ $output == *'The dump is truncated'*'pages that never came'* ]]
	run -0 "$KMORTEM" info "$DUMP"
	[[ $output != *'never came'* ]]
}
