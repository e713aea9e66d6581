#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# kmortem report: verdicts, exit status, files.
# shellcheck disable=SC2154 # run sets stderr

load setup

# rule FILE ID SEVERITY FLAG
rule() {
	printf 'rules:\n- id: %s\n  title: T\n  severity: %s\n  flag: %s\n' "$2" "$3" "$4" > "$BATS_TEST_TMPDIR/$1"
}

# verdict ARGUMENT…: the verdict of the rule "mine"
verdict() {
	km report "$DUMP" --only mine -f json "$@" | jq -r '.findings[0].verdict'
}

@test "found: status 1, messages and rows in order" {
	run -1 km report "$DUMP" --only always -f json
	jq -e '.findings[0] | .verdict == "found" and .messages == ["3 is more than 1", "2 is more than 1"]
		and .rows == [{Number: 3}, {Number: 2}]' <<< "$output"
	jq -e '.counts == {"found": 1, "clear": 0, "not-applicable": 0, "could-not-check": 0}' <<< "$output"
}

@test "clear: status 0" {
	run -0 km report "$DUMP" --only never -f json
	jq -e '.findings[0].verdict == "clear"' <<< "$output"
}

@test "only info is found: status 0" {
	rule r.yaml mine info '1 < 2'
	run -0 km report "$DUMP" --only mine -r "$BATS_TEST_TMPDIR/r.yaml"
	[[ $output == *INFO* ]]
}

@test "could not check: status 3" {
	rule r.yaml mine warning '1 / 0 > 1'
	run -3 km report "$DUMP" --only mine -r "$BATS_TEST_TMPDIR/r.yaml"
	[[ $output == *'COULD NOT BE CHECKED'* ]]
}

@test "a found rule outweighs one that could not be checked" {
	rule r.yaml mine warning '1 / 0 > 1'
	run -1 km report "$DUMP" -r "$BATS_TEST_TMPDIR/r.yaml"
}

@test "verdicts of rules with rows" {
	file=$BATS_TEST_TMPDIR/r.yaml
	rows() {
		printf 'rules:\n- id: mine\n  title: T\n  severity: warning\n' > "$file"
		cat >> "$file"
	}
	rows <<< $'  for: n in [1, 0]\n  flag: 1 / n > 5'
	[ "$(verdict -r "$file")" = could-not-check ]
	rows <<< $'  for: n in [1, 0]\n  flag: 1 / n == 1'
	[ "$(verdict -r "$file")" = found ]
	rows <<< $'  for: n in [1, 0]\n  where: n == 1\n  flag: 1 / n > 5'
	[ "$(verdict -r "$file")" = clear ]
	rows <<< $'  for: n in [1, 0]\n  where: 1 / n > 5\n  flag: 1 == 1'
	[ "$(verdict -r "$file")" = could-not-check ]
	rows <<< $'  for: n in [1]\n  where: n == 2\n  flag: 1 == 1'
	[ "$(verdict -r "$file")" = clear ]
	rows <<< $'  needs: [no_such_variable]\n  flag: no_such_variable == 1'
	[ "$(verdict -r "$file")" = not-applicable ]
	rows <<< $'  flag: no_such_variable == 1'
	[ "$(verdict -r "$file")" = could-not-check ]
	rows <<< $'  let:\n    x: 2\n  where: x == 1\n  flag: 1 == 1'
	[ "$(verdict -r "$file")" = clear ]
}

@test "a reason speaks of the kernel; where in the rule file is said on standard error" {
	cat > "$BATS_TEST_TMPDIR/r.yaml" <<- 'END'
		rules:
		- id: mine
		  title: T
		  severity: warning
		  flag: init_task.no_such_member == 1
		views:
		- view: v.mine
		  title: T
		  columns:
		    gone: init_task.no_such_member
	END
	run -2 --separate-stderr km report "$DUMP" -r "$BATS_TEST_TMPDIR/r.yaml" --only '*mine' -f json
	jq -e '.findings[0].reason == "struct task_struct has no member no_such_member"
		and .views[0].rows[0].reasons.gone == "struct task_struct has no member no_such_member"' <<< "$output"
	[[ $stderr == *"mine: $BATS_TEST_TMPDIR/r.yaml:5:"*'^'* ]]
	run -2 --separate-stderr km report "$DUMP" -r "$BATS_TEST_TMPDIR/r.yaml" --only '*mine' -f text
	[[ $output != *r.yaml:5* ]]
}

@test "a broken rule file: status 2, and the others still run" {
	printf 'rules: [\n' > "$BATS_TEST_TMPDIR/broken.yaml"
	run -2 --separate-stderr km report "$DUMP" -r "$BATS_TEST_TMPDIR/broken.yaml" -f json
	jq -e '.counts.found == 1 and .counts.clear == 1' <<< "$output"
	[[ $stderr == *broken.yaml:2:1:* ]]
	printf 'rules:\n- id: bad\n  title: T\n  severity: warning\n  flag: 1 +\n- id: good\n  title: T\n  severity: info\n  flag: 1 < 2\n' \
		> "$BATS_TEST_TMPDIR/half.yaml"
	run -2 --separate-stderr km report "$DUMP" -r "$BATS_TEST_TMPDIR/half.yaml" -f json
	jq -e '[.findings[] | select(.rule == "good")][0].verdict == "found"' <<< "$output"
	jq -e '[.findings[] | select(.rule == "bad")][0] | .verdict == "could-not-check" and (.reason | contains("half.yaml:5:"))' <<< "$output"
	[[ $stderr == *'^'* ]]
}

@test "a broken library: what needs it could not be checked, the others run, status 2" {
	cp -r "$RULES" "$BATS_TEST_TMPDIR/rules"
	library=$BATS_TEST_TMPDIR/rules/lib/lib.yaml
	cat > "$BATS_TEST_TMPDIR/rules/more.yaml" <<- 'END'
		rules:
		- id: needing
		  title: T
		  severity: info
		  needs: [numbers]
		  flag: 1 < 2
		- id: asking
		  title: T
		  severity: info
		  flag: has(no_such_variable)
	END
	verdicts() {
		run -2 --separate-stderr "$KMORTEM" report --rules-dir "$BATS_TEST_TMPDIR/rules" "$DUMP" -f json
		[ "$(grep -c '^kmortem: ' <<< "$stderr")" -eq 1 ]
		[[ $stderr == *"$library:"* ]]
		[ "$(jq -r '[.findings[] | .rule + " " + .verdict] | sort | join(",")' <<< "$output")" = "$1" ]
	}
	sed -i "s/numbers: .*/numbers: '[3,'/" "$library"
	verdicts 'always could-not-check,asking clear,needing could-not-check,never clear'
	jq -e --arg file "$library" '[.findings[] | select(.rule == "always").reason | contains("numbers") and contains($file)]
		== [true]' <<< "$output"
	echo '  broken: [' >> "$library"
	verdicts 'always could-not-check,asking clear,needing could-not-check,never clear'
	jq -e '[.views[] | select(.view == "toy.numbers").complete] == [false]' <<< "$output"
	run -2 "$KMORTEM" rules list --rules-dir "$BATS_TEST_TMPDIR/rules"
	run -2 "$KMORTEM" rules check --rules-dir "$BATS_TEST_TMPDIR/rules"
	[[ $output == *' 1 problems' ]]
	run -2 "$KMORTEM" view "$DUMP" toy.release --rules-dir "$BATS_TEST_TMPDIR/rules"
}

@test "--set, --only, --skip, --rows" {
	run -0 km report "$DUMP" --set always.limit=5
	run -1 km report "$DUMP" -f json --skip 'toy.*' --skip never
	jq -e '(.findings | length) == 1 and (.views | length) == 0' <<< "$output"
	run -1 km report "$DUMP" -f json --rows 1
	jq -e '.views[0].rows | length == 1' <<< "$output"
	refused 'did you mean "limit"?' km report "$DUMP" --set always.limt=5
	refused 'did you mean "always"?' km report "$DUMP" --set alwyas.limit=5
}

@test "site-like rules replace and disable" {
	printf 'disable: [never]\nrules:\n- id: always\n  title: Ours\n  severity: info\n  flag: 1 > 2\n' > "$BATS_TEST_TMPDIR/s.yaml"
	run -0 km report "$DUMP" -r "$BATS_TEST_TMPDIR/s.yaml" -f json
	jq -e '[.findings[].title] == ["Ours"]' <<< "$output"
	jq -e '.rules.site_files == [$file]' --arg file "$BATS_TEST_TMPDIR/s.yaml" <<< "$output"
}

@test "what a site changes of the rules is told" {
	printf "define:\n  numbers: '[0]'\ndisable: ['nev*']\n" > "$BATS_TEST_TMPDIR/s.yaml"
	run -0 --separate-stderr km report "$DUMP" -r "$BATS_TEST_TMPDIR/s.yaml"
	[[ $stderr == *"s.yaml:2: definition numbers stands here instead of the one at "*"/lib/lib.yaml:5"* ]]
	[[ $output == *'1 check clear; 1 disabled by this site'* && $output == *'Redefined     definition numbers ('* ]]
	[[ $output == *'Disabled      never (by this site: '* ]]
	printf 'set:\n  always.limit: 7\n' > "$BATS_TEST_TMPDIR/set.yaml"
	run -0 --separate-stderr km report "$DUMP" -r "$BATS_TEST_TMPDIR/set.yaml"
	[[ -z $stderr && $output == *'Set           always.limit = 7 ('* ]]
	printf 'set:\n  always.limit: 7s\n' > "$BATS_TEST_TMPDIR/set.yaml" # the rule wants a number: not one of another kind
	run -3 --separate-stderr km report "$DUMP" -r "$BATS_TEST_TMPDIR/set.yaml"
	[[ $stderr == *'set.yaml:2:17: always.limit: want a number'* && $output == *'COULD NOT BE CHECKED (1)'* ]]
}

@test "-o FILE and -o FOLDER, under the final name only when whole" {
	run -1 km report "$DUMP" -o "$BATS_TEST_TMPDIR/r.json"
	[ -z "$output" ]
	jq -e '.format == 1' "$BATS_TEST_TMPDIR/r.json"
	run -1 km report "$DUMP" -o "$BATS_TEST_TMPDIR/new/"
	[ "$(cd "$BATS_TEST_TMPDIR/new" && echo *)" = 'report.html report.json report.txt' ]
	grep -q '<!DOCTYPE html>' "$BATS_TEST_TMPDIR/new/report.html"
	run -1 km report "$DUMP" -f html
	[[ ${output,,} == '<!doctype html>'* ]]
}

@test "a selection that leaves nothing is a mistake" {
	refused '--only and --skip leave nothing to check' km report "$DUMP" --skip '*'
	refused '--only and --skip leave nothing to check' km report "$DUMP" --only always --skip 'al*'
	mkdir "$BATS_TEST_TMPDIR/none"
	refused 'there are no rules to check' "$KMORTEM" report --rules-dir "$BATS_TEST_TMPDIR/none" "$DUMP"
}

@test "-o LINK: the file it points to is replaced as a whole, the link stays" {
	dir=$BATS_TEST_TMPDIR
	mkdir "$dir/far"
	echo old > "$dir/far/old.json"
	ln "$dir/far/old.json" "$dir/kept.json"
	ln -s far/old.json "$dir/one.json"
	ln -s one.json "$dir/two.json"
	run -1 km report "$DUMP" -o "$dir/two.json"
	[ -L "$dir/one.json" ]
	[ -L "$dir/two.json" ]
	jq -e '.format == 1' "$dir/far/old.json"
	# Written over, the other name of the old file would have changed with it.
	[ "$(cat "$dir/kept.json")" = old ]
	ln -s far/new.json "$dir/dangling.json"
	run -1 km report "$DUMP" -o "$dir/dangling.json"
	[ -L "$dir/dangling.json" ]
	jq -e '.format == 1' "$dir/far/new.json"
	[ "$(ls -A "$dir/far")" = $'new.json\nold.json' ]
	ln -s far "$dir/folder"
	run -1 km report "$DUMP" -o "$dir/folder"
	[ -L "$dir/folder" ]
	[ -s "$dir/far/report.txt" ]
	[ -s "$dir/far/report.html" ]
	jq -e '.format == 1' "$dir/far/report.json"
	ln -s round.json "$dir/about.json"
	ln -s about.json "$dir/round.json"
	refused 'Too many levels of symbolic links' km report "$DUMP" -o "$dir/round.json"
}

@test "-o PIPE and open files are written to as they are" {
	mkfifo "$BATS_TEST_TMPDIR/pipe.json"
	jq -e '.format == 1' < "$BATS_TEST_TMPDIR/pipe.json" &
	run -1 km report "$DUMP" -o "$BATS_TEST_TMPDIR/pipe.json"
	wait $!
	[ -p "$BATS_TEST_TMPDIR/pipe.json" ]
	echo before > "$BATS_TEST_TMPDIR/log"
	# shellcheck disable=SC2016
	run -1 bash -c '"$KMORTEM" report --rules-dir "$RULES" "$DUMP" -o /dev/fd/3 3>> "$BATS_TEST_TMPDIR/log"'
	[ "$(head -n 2 "$BATS_TEST_TMPDIR/log")" = $'before\nKERNEL CRASH REPORT' ]
}

@test "the report says what the dump and the kernel are" {
	run -1 km report "$DUMP" -f json
	jq -e --arg path "$DUMP" '.dump.path == $path and .dump.truncated == false and .kernel.release == "6.1.0-toy"
		and .kernel.cpus == 2 and .panic.message == "toy is broken" and (.rules.sha256 | length) == 64' <<< "$output"
	run -1 km report "$DUMP"
	[[ $output == *'toy is broken'* ]]
}

@test "rules list, show and check" {
	run -0 km rules list
	[ "${#lines[@]}" -eq 4 ]
	run -0 km rules show never
	[[ $output == *'- id: never'*'flag: 1 > 2' ]]
	refused 'did you mean never?' km rules show nevre
	run -0 km rules check
	[[ $output == *'4 rules and views checked'*' 0 problems' ]]
	rule r.yaml mine warning 'offsetof(struct task_struct, pid) < sizeof(struct task_struct)'
	run -0 km rules check --btf "$TOY/new/vmlinux" "$BATS_TEST_TMPDIR/r.yaml"
	[[ $output == *'1 rules and views checked, 0 problems' ]]
	rule r.yaml mine warning 'init_task.no_such_member == 1'
	run -0 km rules check "$BATS_TEST_TMPDIR/r.yaml"
	run -2 km rules check --btf "$TOY/new/vmlinux" "$BATS_TEST_TMPDIR/r.yaml"
	[[ $output == *no_such_member* ]]
}

@test "tests of rules change the dump and are told apart" {
	cat > "$BATS_TEST_TMPDIR/t.yaml" <<- 'END'
		rules:
		- id: first-pid
		  title: T
		  severity: warning
		  flag: init_task.pid > 4
		  message: "pid {init_task.pid}"
		tests:
		- rule: first-pid
		  expect: clear
		- rule: first-pid
		  expect: found
		  poke:
		  - init_task.pid = 4 + 3
		  messages: ["pid 7"]
		- rule: first-pid
		  expect: could-not-check
		  hide: [init_task.pid]
		- rule: always
		  expect: clear
		  set:
		    limit: 3
		- rule: first-pid
		  expect: found
		  needs: [struct no_such_struct]
	END
	run -0 km rules test "$BATS_TEST_TMPDIR/t.yaml" --dump "$DUMP"
	[ "${lines[-1]}" = '4 passed, 0 failed' ]
	[[ $output == *"skip $BATS_TEST_TMPDIR/t.yaml:"*' first-pid'* ]]
	sed -i 's/pid 7/pid 8/' "$BATS_TEST_TMPDIR/t.yaml"
	run -1 km rules test "$BATS_TEST_TMPDIR/t.yaml" --dump "$DUMP"
	[ "${lines[-1]}" = '3 passed, 1 failed' ]
	[[ $output == *'no message is like "pid 8"; the first is "pid 7"'* ]]
}

@test "rules test says what it skipped, and where a test is wrong" {
	printf 'tests:\n- rule: always\n  expect: clear\n  needs: [struct nothing_like_it]\n' > "$BATS_TEST_TMPDIR/t.yaml"
	run -0 km rules test "$BATS_TEST_TMPDIR/t.yaml" --dump "$DUMP"
	[[ $output == *'skip '*'t.yaml:2 always: '*'no struct nothing_like_it'*$'1 skipped\n0 passed, 0 failed' ]]
	printf 'tests:\n- rule: alwyas\n  expect: clear\n- rule: always\n  expect: clear\n  poke: ["init_task.pid = nowhere"]\n' \
		> "$BATS_TEST_TMPDIR/t.yaml"
	run -1 km rules test "$BATS_TEST_TMPDIR/t.yaml" --dump "$DUMP"
	[[ $output == *'t.yaml:2:9: no rule is called "alwyas"; did you mean "always"?'* ]]
	[[ $output == *'t.yaml:6:27: nothing here or in this kernel is called nowhere'* ]]
}
