#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Rule files that mean harm: each ends soon and within bounds, says what is wrong where, and leaves the other rules alone.
# shellcheck disable=SC2154 # run sets stderr

load ../cli/setup

# hostile PYTHON: writes what this prints to the rule file, with a sound rule "good" behind it. rule(id, flag[, more
# lines]) is the text of a rule; folded(text) that of a long one; BURN takes more steps than a rule has.
hostile() {
	file=$BATS_TEST_TMPDIR/hostile.yaml
	{
		python3 -c '
BURN = "count(a in range(1000000) where count(b in range(1000000)) > 1)"
def rule(id, flag, more=""):
    return f"- id: {id}\n  title: T\n  severity: warning\n{more}  flag: {flag}\n"
def folded(text):
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) > 3000:
            lines.append("")
        lines[-1] += word + " "
    return "|\n" + "".join(f"    {line}\n" for line in lines)
'"$1"
		printf -- '- id: good\n  title: T\n  severity: warning\n  flag: 2 > 1\n'
	} > "$file"
}

# examined STATUS: the report with the file just written ends so, in bounds; its JSON goes to $output, errors to $stderr.
examined() {
	run "-$1" --separate-stderr tests/faults/bounded 20 600 "$KMORTEM" report "$DUMP" --rules-dir "$RULES" \
		--skip always --skip never --skip 'toy.*' -f json -r "$file"
}

# bad TEXT: the rule "bad" could not be checked, with TEXT in its reason; "good" was.
bad() {
	reason=$(jq -r '.findings[] | select(.rule == "bad") | .verdict + ": " + .reason' <<< "$output")
	echo "$reason"
	[[ $reason == could-not-check:*"$1"* ]]
	good
}

good() {
	[ "$(jq -r '.findings[] | select(.rule == "good").verdict' <<< "$output")" = found ]
}

# misread TEXT: the whole file is refused with TEXT, and the place.
misread() {
	examined 2
	[[ $stderr == *"hostile.yaml"*"$1"* ]]
	jq -e '.findings == []' <<< "$output"
}

@test "too many rules: the first ones run" {
	file=$BATS_TEST_TMPDIR/many
	mkdir "$file"
	for i in 0 1 2 3 4 5 6 7 8 9; do
		python3 -c 'import sys
print("rules:")
for i in range(10000): print(f"- id: r{sys.argv[1]}x{i}\n  title: T\n  severity: info\n  flag: 1 > 2")' "$i" > "$file/$i.yaml"
	done
	examined 2
	jq -e '.counts.clear > 1000' <<< "$output"
	[[ $stderr == *"many/0.yaml:"*"more than 5000 rules and views; the rest is left out"* ]]
	[ "$(grep -c '^kmortem: ' <<< "$stderr")" -eq 10 ]
}

@test "files, lines and expressions that are too long" {
	hostile 'print("rules:\n" + rule("bad", "\"" + "x" * 2000000 + "\" == 1"))'
	misread 'larger than'
	hostile 'print("rules:\n" + rule("bad", "1" + " + 1" * 10000))'
	misread ':5:1: a line of more than 4096 bytes'
	hostile 'print("rules:\n" + rule("bad", folded("1" + " + 1" * 20000)))'
	examined 2
	bad 'hostile.yaml:6:5: expression is longer than 65536 bytes'
}

@test "YAML that grows: aliases, flow, depth" {
	hostile 'print("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nrules:")'
	examined 2
	good
	[[ $stderr == *'hostile.yaml:1:1:'* ]]
	hostile 'print("rules: " + "[" * 2000)'
	misread ':1:'
	hostile 'print("".join(" " * i + "a:\n" for i in range(1000)) + "rules:")'
	misread 'nested more than'
	hostile 'print("rules:\n" + "".join(f"- ide: r{i}\n" for i in range(60000)))'
	misread 'more than 100000 values in one file'
}

@test "expressions that are deep or high" {
	local text
	for text in '"( " * 9000 + "1" + " )" * 9000' '"not " * 9000 + "1"' '"- " * 9000 + "1"' '"1" + " + 1" * 9000' \
		'"1 ? " * 5000 + "1" + " : 1" * 5000' '"init_task" + " .parent" * 5000' '"init_task" + " [0]" * 9000' \
		'"known( " * 5000 + "1" + " )" * 5000' '"(int) " * 9000 + "1"' '"[ " * 9000' '"1" + " ?? 1" * 9000' \
		'"& " * 9000 + "init_task"'; do
		hostile "print('rules:\n' + rule('bad', folded($text)))"
		examined 2
		bad 'hostile.yaml:'
	done
}

@test "definitions by means of themselves" {
	local flag
	for flag in a 'f(1)' 'g(1)' 'count(w)' init_task.m; do
		hostile "print('''define:
  a: b
  b: c
  c: a
  f(x): f(x + 1)
  g(x): h(x)
  h(x): g(x)
  w: (x for x in w)
members:
  struct task_struct:
    m: n
    n: m
rules:
''' + rule('bad', '$flag > 1'))"
		examined 2
		bad 'by means of itself'
	done
}

@test "definitions that grow exponentially" {
	local body
	for body in 'f{n}(x) + f{n}(x)' "'x > {i} ? f{n}(x) : f{n}(x + 1)'" '(z for y in f{n}(x), z in f{n}(x))'; do
		hostile "body = \"\"\"$body\"\"\""'
print("define:")
for i in range(60): print(f"  f{i}(x):", body.replace("{n}", str(i + 1)).replace("{i}", str(i)))
print("  f60(x):", "\x27[x, x]\x27" if "for" in body else "x")
print("rules:\n" + rule("bad", ("count(f0(1))" if "for" in body else "f0(1)") + " > 5"))'
		examined 2
		bad 'too large when its definitions are put in'
	done
	hostile 'print("members:\n  struct task_struct:")
for i in range(60): print(f"    m{i}: \"(m{i + 1} + m{i + 1})\"")
print("    m60: pid\nrules:\n" + rule("bad", "init_task.m0 > 5"))'
	examined 2
	bad 'too large when its definitions are put in'
	[[ $stderr == *hostile.yaml:* ]]
}

@test "walks without an end" {
	hostile 'print("rules:\n" + rule("bad", "any(x in range(0, 1 << 100) where x < 0)"))'
	examined 1
	bad 'limit reached'
	hostile 'print("rules:\n" + rule("bad", "n < 0", "  for: n in range(0, 1 << 100)\n"))'
	examined 1
	bad 'limit reached'
	hostile 'print("rules:\n" + rule("bad", "any(t in array(&init_task, 1 << 60) where t.pid == 123456789)"))'
	examined 1
	bad ''
	hostile 'print("rules:\n" + rule("bad", "n < 0", "  for: n in range(0, 1 << 50)\n  group: n\n").replace("flag: n", "flag: key"))'
	examined 1
	bad 'limit reached'
}

@test "aggregates inside each other use up the steps of their rule" {
	hostile 'print("rules:\n" + rule("bad", "count(a in range(1000000) where count(b in range(1000000) where count(c in range(1000000)) > 1) > 1) > 5"))'
	examined 1
	bad 'evaluation steps: limit reached'
	hostile 'print("rules:\n" + rule("bad", "a + b + c + d < 0", "".join(["  for: ", ", ".join(f"{n} in range(1000)" for n in "abcd"), "\n"])))'
	examined 1
	bad 'limit reached'
}

@test "texts that are long, many or slow to compare" {
	local flag
	for flag in 't != u' 'upper(t) == u' 'contains(t, string_of(n))' 'matches(t, u)' 'len(t + s) == 1'; do
		hostile "flag = '$flag'"'
print("define:\n  t: join((\"abcdefghijklmnopqrstuvwxyz\" for b in range(2300)), \",\")\n  s: slice(t, 0, 9)\n  u: t + s")
print("rules:\n" + rule("bad", f"count(n in range(10000000) where {flag}) == 1"))'
		examined 1
		bad 'evaluation steps: limit reached'
	done
	hostile 'print("define:\n  s0: \"\\\"xxxxxxxxxxxxxxxx\\\"\"")
for i in range(40): print(f"  s{i + 1}: s{i} + s{i}")
print("rules:\n" + rule("bad", "s40 == s39"))'
	examined 1
	bad 'text longer than 64 KiB'
	hostile 'print("rules:\n" + rule("bad", "join((string_of(x) for x in range(0, 1 << 60)), \"\") == \"y\""))'
	examined 1
	bad 'limit reached'
}

@test "many definitions that are kept share one budget" {
	hostile 'print("define:")
for i in range(300): print(f"  w{i}: (x for x in range({i}, 1000000))")
print("rules:")
for i in range(300): print(rule(f"r{i}", f"count(w{i}) < 1"))
print(rule("bad", "count(w299) < 1"))'
	examined 1
	bad 'limit reached'
	hostile 'print("indexes:")
for i in range(60): print(f"  w{i}:\n    for: x in range({i}, 1000000)\n    key: x\n    value: x")
print("rules:")
for i in range(60): print(rule(f"r{i}", f"lookup(w{i}, 0 - 1) == 5"))
print(rule("bad", "lookup(w59, 0 - 1) == 5"))'
	examined 1
	bad 'limit reached'
}

@test "parameters are cheap, or absent" {
	hostile 'print("rules:\n" + rule("bad", "p0 > 5", "  params:\n" + "".join(f"    p{i}: {BURN}\n" for i in range(400))))'
	examined 1
	bad 'limit reached'
}

@test "tables and messages of any size" {
	hostile 'print("rules:\n" + rule("r", "2 > 1", "  table:\n" + "".join(f"    p{i}: {BURN}\n" for i in range(400))))'
	examined 1
	good
	hostile 'print("rules:\n" + rule("r", "n >= 0", "  for: n in range(0, 10000000)\n  message: \"{n} " + "y" * 3000 + "\"\n"))'
	examined 1
	good
	hostile 'print("rules:\n" + rule("r", "n >= 0", "  for: n in range(0, 10000000)\n  sort: -n\n  table:\n    A: n\n    B: string_of(n) + \"" + "x" * 2000 + "\"\n"))'
	examined 1
	good
	hostile 'print("rules:\n" + rule("bad", "2 > 1", "  table:\n" + "".join(f"    c{i}: {i}\n" for i in range(2000))))'
	examined 2
	bad 'more than 500 lines'
}

@test "numbers of any size" {
	local flag
	for flag in '(1 << 127) * (1 << 127) > 5' '(1 << (1 << 100)) > 5' '((1 << 126) * 4) > 1' '1 / 0 > 1' '1 % 0 > 1' \
		'(0 - (1 << 126) - (1 << 126)) / (0 - 1) > 5' '(0 - (1 << 126) - (1 << 126)) % (0 - 1) == 5'; do
		hostile "print('rules:\n' + rule('bad', '$flag'))"
		examined 1
		bad ''
	done
}
