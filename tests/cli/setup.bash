# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For the tests of the command line: a small dump and a folder of rules about it.

bats_require_minimum_version 1.5.0

setup_file() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	export KMORTEM=${KMORTEM:-${BUILD:-build}/kmortem}
	export TOY=$BATS_FILE_TMPDIR/toy RULES=$BATS_FILE_TMPDIR/rules
	tests/toykernel/build "$TOY"
	export DUMP=$TOY/new/vmcore
	mkdir -p "$RULES/lib"
	cat > "$RULES/lib/lib.yaml" <<- 'END'
		variables:
		  init_task: struct task_struct
		  init_uts_ns: struct uts_namespace
		define:
		  numbers: '[3, 1, 2]'
	END
	cat > "$RULES/rules.yaml" <<- 'END'
		rules:
		- id: always
		  title: Found whatever is there
		  severity: warning
		  params:
		    limit: 1
		  for: n in numbers
		  flag: n > limit
		  message: "{n} is more than {limit}"
		  table:
		    Number: n
		- id: never
		  title: Nothing to find
		  severity: critical
		  flag: 1 > 2
		views:
		- view: toy.numbers
		  title: Numbers
		  for: n in numbers
		  columns:
		    number: n
		    word: '"<" + string_of(n) + ">"'
		  sort: -number
		- view: toy.release
		  title: Which kernel
		  columns:
		    release: init_uts_ns.name.release
	END
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
}

# km COMMAND ARGUMENT…: with the rules above only.
km() {
	local command=$1
	shift
	"$KMORTEM" "$command" --rules-dir "$RULES" "$@"
}

# refused TEXT COMMAND…: exit status 2, nothing on stdout, TEXT on stderr and no more than `lines` lines there.
refused() {
	local text=$1 errors=$BATS_TEST_TMPDIR/stderr status=0
	shift
	output=$("$@" 2> "$errors") || status=$?
	cat "$errors"
	[ "$status" -eq 2 ]
	[ -z "$output" ]
	grep -qF -- "$text" "$errors"
	[ "$(grep -c '^kmortem: ' "$errors")" -eq 1 ]
}
