#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# kmortem view, eval, log and info.
# shellcheck disable=SC2154 # run sets stderr

load setup

@test "a view as JSON, CSV and text" {
	run -0 km view "$DUMP" toy.numbers -f csv
	[ "$output" = $'number,word\n3,<3>\n2,<2>\n1,<1>' ]
	km view "$DUMP" toy.numbers -f json |
		jq -e '.format == 1 and .view == "toy.numbers" and .complete
			and .rows == [{number: 3, word: "<3>"}, {number: 2, word: "<2>"}, {number: 1, word: "<1>"}]'
	run -0 km view "$DUMP" toy.release
	[[ $output == *6.1.0-toy* ]]
}

@test "without a name the views are listed" {
	run -0 km view "$DUMP" -f csv
	[ "$output" = $'view,title\ntoy.numbers,Numbers\ntoy.release,Which kernel' ]
	run -0 km view -f csv
	[ "${lines[0]}" = view,title ]
}

@test "patterns name several views" {
	run -0 km view "$DUMP" 'toy.*'
	[[ $output == *'<3>'*6.1.0-toy* ]]
}

@test "of several views JSON is a line each, CSV is refused" {
	run -0 km view "$DUMP" 'toy.*' -f json
	[ "${#lines[@]}" -eq 2 ]
	[ "$(jq -r .view <<< "$output")" = $'toy.numbers\ntoy.release' ]
	[ "$(jq -r .view <<< "${lines[1]}")" = toy.release ]
	refused '-f csv: one view at a time, and 2 are named' km view "$DUMP" 'toy.*' -f csv
	run -0 km view "$DUMP" 'toy.n*' -f csv
	[ "${lines[0]}" = number,word ]
}

@test "--where keeps rows, by column and by variable" {
	run -0 km view "$DUMP" toy.numbers -f csv --where 'number > 1 and n < 3'
	[ "$output" = $'number,word\n2,<2>' ]
	refused 'did you mean word?' km view "$DUMP" toy.numbers --where 'wrod > 1'
	refused 'expected a value' km view "$DUMP" toy.numbers --where '1 +'
}

@test "a column of seconds shows them, and is compared with numbers as with durations" {
	cat > "$BATS_TEST_TMPDIR/v.yaml" <<- 'END'
		views:
		- view: v.times
		  title: Times
		  for: n in [0, 2, 90]
		  columns:
		    n: n
		    idle_s: 'n == 0 ? none : n == 2 ? 5600us : 90s'
		    idle: 'n == 0 ? none : n == 2 ? 5600us : 90s'
		    fixed_s: 250ms
	END
	times() {
		km view "$DUMP" -r "$BATS_TEST_TMPDIR/v.yaml" v.times "$@"
	}
	kept() {
		[ "$(times -f json --where "$1" | jq -c '[.rows[].n]')" = "$2" ]
	}
	[ "$(times | awk '{ $1 = $1 } /^[0-9]/')" = $'0 - - 0.25\n2 0.006 5.6 ms 0.25\n90 90.0 1 min 30 s 0.25' ]
	[ "$(times -f csv)" = $'n,idle_s,idle,fixed_s\n0,,,0.25\n2,0.0056,0.0056,0.25\n90,90.0,90.0,0.25' ]
	kept 'idle_s > 30' '[90]'
	kept 'idle_s > 30s' '[90]'
	kept '30 < idle_s' '[90]'
	kept 'idle_s < 0.006' '[2]'
	kept 'idle_s == 90 or idle_s == 5600us' '[2,90]'
	kept 'fixed_s == 0.25 and idle_s == none' '[0]'
	refused 'say what the integer is: 10s' km view "$DUMP" -r "$BATS_TEST_TMPDIR/v.yaml" v.times --where 'idle > 30'
}

@test "a view that is not there" {
	refused 'did you mean toy.numbers?' km view "$DUMP" toy.nubmers
}

@test "an unknown cell is null with its reason, a walk that breaks off makes the view incomplete" {
	cat > "$BATS_TEST_TMPDIR/v.yaml" <<- 'END'
		views:
		- view: v.cells
		  title: Cells
		  for: n in [1, 2]
		  columns:
		    n: n
		    gone: init_uts_ns.no_such_member
		    absent: n / (n - 1)
		    nothing: 'n == 1 ? none : n'
		- view: v.broken
		  title: Broken
		  for: t in list(init_task.no_such_list, struct task_struct, tasks)
		  columns:
		    pid: t.pid
	END
	km view "$DUMP" -r "$BATS_TEST_TMPDIR/v.yaml" v.cells -f json > "$BATS_TEST_TMPDIR/out" || [ $? -eq 3 ]
	jq -e '.rows[0].gone == null and .rows[0].absent == null and .rows[1].absent == 2
		and .rows[0].nothing == "" and .rows[1].nothing == 2' "$BATS_TEST_TMPDIR/out"
	grep -q no_such_member "$BATS_TEST_TMPDIR/out"
	run -3 km view "$DUMP" -r "$BATS_TEST_TMPDIR/v.yaml" v.broken -f json
	[[ $output == *'"complete": false'* ]]
	[[ $output == *no_such_list* ]]
}

@test "views of parts, of groups and of the top rows" {
	cat > "$BATS_TEST_TMPDIR/v.yaml" <<- 'END'
		views:
		- view: v.union
		  title: T
		  union:
		  - for: n in [5]
		    columns:
		      n: n
		      from: '"a"'
		  - needs: [no_such_variable]
		    columns:
		      n: 0
		      from: '"left out"'
		  - when: 1 > 2
		    columns:
		      n: 0
		      from: '"left out too"'
		  - for: n in numbers
		    columns:
		      from: '"b"'
		      n: n
		  sort: n
		  top: 2
		- view: v.group
		  title: T
		  for: n in [1, 2, 3, 4, 5]
		  group: n % 2
		  columns:
		    odd: key
		    count: len(rows)
		    sum: sum(r.n for r in rows)
		- view: v.needs
		  title: T
		  needs: [no_such_variable]
		  columns:
		    n: no_such_variable
	END
	run -0 km view "$DUMP" -r "$BATS_TEST_TMPDIR/v.yaml" v.union -f csv
	[ "$output" = $'n,from\n1,b\n2,b' ]
	run -0 km view "$DUMP" -r "$BATS_TEST_TMPDIR/v.yaml" v.group -f csv
	[ "$output" = $'odd,count,sum\n1,3,9\n0,2,6' ]
	run -0 km view "$DUMP" -r "$BATS_TEST_TMPDIR/v.yaml" v.needs -f json
	[[ $output == *'"complete": true'* ]]
}

@test "eval prints typed values, walks by line" {
	run -0 km eval "$DUMP" '1 + 2 * 3'
	[ "$output" = 7 ]
	run -0 km eval "$DUMP" 'init_task.pid'
	[[ $output == *' 0' && $output == '('* ]]
	run -0 km eval "$DUMP" '(n * n for n in numbers)'
	[ "$output" = $'9\n1\n4' ]
	run -0 km eval -v "$DUMP" '10s'
	[ "${lines[0]}" = duration ]
}

@test "eval says long runs once and cuts long arrays, but for -v" {
	run -0 km eval "$DUMP" '[1, 0,0,0,0,0,0,0,0,0,0, 2,2,2,2,2,2,2,2,2]'
	[ "$output" = '[1, 0 <repeats 10 times>, 2, 2, 2, 2, 2, 2, 2, 2, 2]' ]
	numbers=$(seq -s ', ' 100)
	run -0 km eval "$DUMP" "[$numbers]"
	[ "$output" = "[$(seq -s ', ' 64), … 36 more]" ]
	run -0 km eval -v "$DUMP" "[$numbers]"
	[ "${lines[1]}" = "[$numbers]" ]
	run -0 km eval "$DUMP" init_task.comm
	[ "$output" = '(char [16]) "swapper/0"' ]
	run -3 --separate-stderr km eval "$DUMP" 'init_task.comm[100]'
	[[ $stderr == *'unknown: no element 100 in an array of 16'* ]]
}

@test "eval says what is unknown and exits 3" {
	run -3 --separate-stderr km eval "$DUMP" '1 / 0'
	[[ $stderr == *unknown* ]]
	refused $'expression:1:11: ' km eval "$DUMP" 'init_task.no_such'
	refused $'expression:1:4: ' km eval "$DUMP" '1 +'
}

@test "log prints every record" {
	run -0 "$KMORTEM" log "$DUMP"
	[[ ${lines[0]} =~ ^\[\ *[0-9]+\.[0-9]{6}\]\  ]]
	[[ $output == *'Kernel panic - not syncing: toy is broken'* ]]
}

@test "info says how the kernel is read" {
	run -0 "$KMORTEM" info -v "$DUMP"
	[[ $output == *6.1.0-toy* && $output == *'BTF (dump)'* && $output == *'kallsyms (dump)'* && $output == *reads* ]]
}
