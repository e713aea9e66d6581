#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# kmortem list: every layout of dumps, what is said of each, and what hostile files can do to it: nothing.

load setup

setup() {
	cd "$BATS_TEST_DIRNAME/../.." || return
	# What the tests need of reports are copies of this one.
	SAMPLE=$BATS_FILE_TMPDIR/sample
	[ -d "$SAMPLE" ] || km report "$DUMP" -o "$SAMPLE/" || [ $? -eq 1 ]
	root=$BATS_TEST_TMPDIR/crash
	mkdir -p "$root"
}

# reported PLACE [EDIT]: makes a directory with the reports, of which EDIT, a jq program, changes the JSON.
reported() {
	mkdir -p "$root/$1"
	cp "$SAMPLE"/report.* "$root/$1"
	jq "${2:-.}" "$SAMPLE/report.json" > "$root/$1/report.json"
}

# crashed PLACE HOST KERNEL SIGNATURE TIME: the same, with a vmcore of four bytes.
crashed() {
	reported "$1" ".kernel.nodename = \"$2\" | .kernel.release = \"$3\" | .kernel.crash_time = \"$5\"
		| .panic = {message: \"m of $4\", cause: \"oops\", signature: (if \"$4\" == \"\" then null else \"$4\" end)}"
	echo abc > "$root/$1/vmcore"
}

listed() { "$KMORTEM" list "$root" "$@"; }

# says JQ [OPTION…]: whether that is true of the JSON, which is what its schema says.
says() {
	local program=$1 json=$BATS_TEST_TMPDIR/list.json
	shift
	listed -f json "$@" > "$json" || [ $? -eq 3 ]
	tests/reports/validate.py reports/list.schema.json < "$json"
	jq -e "$program" "$json" > /dev/null || { jq . "$json"; return 1; }
}

# dump PLACE: the jq program that finds the dump there.
dump() { echo "(.dumps[] | select(.directory == \"$root/$1\"))"; }

# Nothing that a terminal would obey.
is_quiet() { ! LC_ALL=C grep -qP '[^\n\t\x20-\x7e\x80-\xff]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]' "$1"; }

# ---- layouts -----------------------------------------------------------------------------------

@test "an empty directory has no dumps" {
	run -0 listed
	[ "$output" = "0 dumps in $root" ]
	says '.dumps == [] and .groups == [] and .problems == []'
	run -0 listed -f html
	[[ $output == *'There are no dumps here'* ]]
}

@test "kdump-tools: dump and log bear the date" {
	crashed 202611210314 web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	mv "$root/202611210314/vmcore" "$root/202611210314/dump.202611210314"
	echo log > "$root/202611210314/dmesg.202611210314"
	echo > "$root/kexec_cmd"
	says "$(dump 202611210314) | .vmcore == \"$root/202611210314/dump.202611210314\" and .bytes == 4 and .complete
		and (.log | endswith(\"/dmesg.202611210314\")) and .host == \"web1\" and .kernel == \"6.1.0\"
		and .signature == \"oops@f\" and .time == \"2026-11-21T03:14:15Z\" and .time_of == \"crash\" and .report == \"made\""
	says '.dumps | length == 1'
}

@test "kdump-utils: the address and the time name the directory" {
	mkdir -p "$root/127.0.0.1-2026-11-21-03:14:15" "$root/127.0.0.1-2026-11-21-04:00:00"
	cp "$DUMP" "$root/127.0.0.1-2026-11-21-03:14:15/vmcore.flat"
	echo > "$root/127.0.0.1-2026-11-21-03:14:15/vmcore-dmesg.txt"
	head -c 5000 "$DUMP" > "$root/127.0.0.1-2026-11-21-04:00:00/vmcore-incomplete"
	says "$(dump 127.0.0.1-2026-11-21-03:14:15) | .complete and .report == \"none\"
		and (.log | endswith(\"/vmcore-dmesg.txt\"))"
	says "$(dump 127.0.0.1-2026-11-21-04:00:00) | .complete == false and .bytes == 5000"
	run -0 listed
	[[ $output == *'no report yet'* && $output == *incomplete* ]]
}

@test "netdump-server: meta.json says whose it was and why it is not whole" {
	mkdir -p "$root/10.0.0.7-2026-11-21-03:14" "$root/logs"
	echo log > "$root/logs/10.0.0.8.log"
	printf 'x' > "$root/10.0.0.7-2026-11-21-03:14/vmcore-incomplete"
	echo 'a line' > "$root/10.0.0.7-2026-11-21-03:14/log"
	echo '{"client": "10.0.0.7", "started": "2026-11-21T03:13:59Z", "complete": false, "reason": "gave up", "panic": null,
		"holes": [{"start": 1, "end": 2}]}' > "$root/10.0.0.7-2026-11-21-03:14/meta.json"
	says '.dumps | length == 1'
	says '.dumps[0] | .host == "10.0.0.7" and .client == "10.0.0.7" and .complete == false and .reason == "gave up"
		and .time == "2026-11-21T03:13:59Z" and .time_of == "arrival" and (.log | endswith("/log"))'
	run -0 listed
	[[ $output == *'arrived '*' ago; incomplete: gave up'* ]]
}

@test "FreeBSD: each number is a dump, and links are none" {
	mkdir "$root/sub"
	for place in "$root" "$root/sub"; do
		printf 1234 > "$place/vmcore.10.0.0.9.0.gz"
		printf 12 > "$place/vmcore_encrypted.10.0.0.9.1"
		printf 1 > "$place/vmcore.10.0.0.9.2-incomplete"
		for number in 0 1; do
			echo '{"client": "10.0.0.9", "complete": true, "panic": "page fault"}' > "$place/meta.10.0.0.9.$number.json"
		done
		ln -s vmcore.10.0.0.9.0.gz "$place/vmcore.10.0.0.9.last.gz"
	done
	says '[.dumps[] | "\(.number) \(.bytes) \(.complete) \(.directory)"] | sort == [
		"10.0.0.9.0 4 true '"$root"'/", "10.0.0.9.0 4 true '"$root"'/sub", "10.0.0.9.1 2 true '"$root"'/",
		"10.0.0.9.1 2 true '"$root"'/sub", "10.0.0.9.2 1 false '"$root"'/", "10.0.0.9.2 1 false '"$root"'/sub"]'
	says '.groups | length == 1 and .[0].count == 4 and .[0].message == "page fault"'
	run -0 listed
	[[ $output == *'not Linux'* ]]
}

@test "kmortem-capture: what could be saved where there is no dump" {
	mkdir "$root/web3-2026-11-21-031415"
	printf '[    1.0] fine\n[   99.5] Kernel panic - not syncing: sysrq triggered crash\n[   99.6] CPU: 1\n' \
		> "$root/web3-2026-11-21-031415/dmesg.txt"
	echo '{"tool": "kmortem-capture", "client": "web3", "started": "2026-11-21T03:14:40Z", "complete": false,
		"reason": "the target is full", "vmcore": null, "kernel": "6.1.0-56-amd64", "panic": null,
		"crash_time": "2026-11-21T03:14:15Z", "failures": ["local /var/crash: full"]}' \
		> "$root/web3-2026-11-21-031415/meta.json"
	says '.dumps[0] | .vmcore == null and .host == "web3" and .kernel == "6.1.0-56-amd64" and .cause == "sysrq"
		and .message == "sysrq triggered crash" and .time == "2026-11-21T03:14:15Z" and .time_of == "crash" and .group == 0'
	run -0 listed
	[[ $output == *'log only: the target is full'* && $output == *'no dump'* ]]
}

@test "a known crash that was kept as log and report only" {
	crashed known web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	rm "$root/known/vmcore"
	echo > "$root/known/dmesg.txt"
	says '.dumps[0] | .vmcore == null and .report == "made" and .signature == "oops@f"'
	run -0 listed
	[[ $output == *'log only'* ]]
}

@test "an oops after which the dump was saved before panic() said a word" {
	mkdir "$root/a"
	printf '[ 1.0] BUG: Bad page state in process x\n[ 9.0] BUG: kernel NULL pointer dereference, address: 08\n' \
		> "$root/a/vmcore-dmesg.txt"
	echo '[ 9.1] Oops: 0002 [#1] SMP' >> "$root/a/vmcore-dmesg.txt"
	says '.dumps[0] | .message == "BUG: kernel NULL pointer dereference, address: 08" and .cause == "oops"'
}

@test "the parts of a split dump are one" {
	crashed split web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	mv "$root/split/vmcore" "$root/split/vmcore.1"
	printf 12345 > "$root/split/vmcore.2"
	says '.dumps | length == 1 and .[0].parts == 2 and .[0].bytes == 9 and (.[0].vmcore | endswith("/vmcore.1"))'
}

@test "of several dumps in a directory one is listed: a whole one, and of what is incomplete that which says more" {
	mkdir "$root/whole" "$root/damaged" "$root/flat"
	printf 1234567 > "$root/whole/dump-incomplete"
	printf 1234 > "$root/whole/vmcore.202611210314"
	says "$(dump whole) | .complete and .parts == 1 and .bytes == 4 and (.vmcore | endswith(\"/vmcore.202611210314\"))"
	printf 123 > "$root/damaged/vmcore-incomplete"
	printf 1234 > "$root/damaged/vmcore-damaged"
	says "$(dump damaged) | .complete == false and .parts == 1 and .bytes == 4 and (.vmcore | endswith(\"/vmcore-damaged\"))"
	printf 123 > "$root/flat/vmcore"
	printf 1234 > "$root/flat/vmcore.flat"
	says "$(dump flat) | .parts == 1 and .bytes == 3 and (.vmcore | endswith(\"/vmcore\"))"
}

@test "whoever looks for what a crash has left goes by the same names" {
	local name shell
	for name in vmcore vmcore.flat vmcore.1 vmcore.202611210314 vmcore.202611210314.gz vmcore.gz vmcore.lz4 vmcore.lzo vmcore.xz \
		vmcore.zst vmcore.bz2 dump.202611210314 dump.202611210314.gz vmcore-damaged vmcore-incomplete vmcore-incomplete.kdump \
		vmcore-incomplete.gz dump-incomplete dump-incomplete.gz dump-incomplete.bz2 dmesg.txt dmesg.202611210314 \
		vmcore-dmesg.txt vmcore-dmesg-incomplete.txt vmcore.txt vmcore.new vmcores dump.sh dump dmesg dmesg.old log; do
		mkdir "$root/$name"
		echo x > "$root/$name/$name"
	done
	listed -f json | jq -r '.dumps[] | if .vmcore then "\(.vmcore) \(.complete)" else "\(.log) log" end' |
		sort > "$BATS_TEST_TMPDIR/listed"
	[ "$(grep -c ' true$' "$BATS_TEST_TMPDIR/listed")" -eq 13 ]
	[ "$(grep -c ' false$' "$BATS_TEST_TMPDIR/listed")" -eq 7 ]
	[ "$(grep -c ' log$' "$BATS_TEST_TMPDIR/listed")" -eq 5 ]
	for shell in dash bash 'busybox sh'; do
		# shellcheck disable=SC2016,SC2086 # "busybox sh" is two words; words are for the shell under test
		$shell -c 'set -u; ROOT= && . capture/shared/crash_files.sh
			dumps_below "$1" 2 | while read -r dump; do
				if is_incomplete "$dump"; then echo "$dump false"; else echo "$dump true"; fi
				if is_log "$dump"; then echo "$dump is a log"; fi
			done
			logs_below "$1" 2 | while read -r log; do ! is_log "$log" || echo "$log log"; done' names "$root" |
			sort | diff "$BATS_TEST_TMPDIR/listed" -
	done
	# Of FreeBSD no report can be made; it is listed.
	mkdir "$root/freebsd"
	touch "$root/freebsd/vmcore.10.0.0.9.0" "$root/freebsd/vmcore.2001:db8::1.0.gz" "$root/freebsd/vmcore.10.0.0.9.1-incomplete"
	# shellcheck disable=SC2016
	run -0 dash -c '. capture/shared/crash_files.sh && dumps_below "$1" 1' names "$root/freebsd"
	[ -z "$output" ]
}

@test "directories of hosts, and a dump's own directory, are looked into" {
	crashed web1/a web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	crashed web1/b web1 6.1.0 oops@f 2026-11-21T03:14:16Z
	crashed a/b/c/d e 6.1.0 oops@f 2026-11-21T03:14:17Z
	crashed a/b/c/d/f g 6.1.0 oops@f 2026-11-21T03:14:18Z
	says '[.dumps[].directory] == ["'"$root/a/b/c/d"'", "'"$root/web1/b"'", "'"$root/web1/a"'"]'
	run -0 "$KMORTEM" list "$root/web1/a/" -f json
	jq -e '.directories == ["'"$root/web1/a"'"] and .dumps[0].vmcore == "'"$root/web1/a/vmcore"'"' <<< "$output"
}

# ---- what is said ------------------------------------------------------------------------------

@test "what a real report says is what is listed" {
	reported real
	cp "$DUMP" "$root/real/vmcore"
	jq '{host: .kernel.nodename, kernel: .kernel.release, arch: .kernel.arch, cause: .panic.cause, message: .panic.message,
		signature: .panic.signature,
		critical: ([.findings[] | select(.verdict == "found" and .severity == "critical")] | length),
		warnings: ([.findings[] | select(.verdict == "found" and .severity == "warning")] | length),
		unchecked: .counts["could-not-check"]}' "$SAMPLE/report.json" > "$BATS_TEST_TMPDIR/want.json"
	listed -f json | jq --slurpfile want "$BATS_TEST_TMPDIR/want.json" -e \
		'.dumps[0] | with_entries(select(.key | in($want[0]))) == $want[0]'
	listed -f json | jq -e '.dumps[0].warnings == 1'
}

@test "times that are not those of crashes, and those of clocks that are ahead, say so" {
	crashed ahead web1 6.1.0 oops@f 2099-01-01T00:00:00Z
	crashed old web1 6.1.0 oops@f 2026-01-01T00:00:00Z
	mkdir "$root/file"
	printf x > "$root/file/vmcore"
	touch -d '-5 hours' "$root/file/vmcore"
	run -0 listed
	[[ $output == *'future'*"$root/ahead/vmcore"*'in the future'*"$root/old/vmcore"*"$root/file/vmcore"*'file written 5 h ago'* ]]
	run -0 listed -f html
	[[ $output == *'2099-01-01 00:00<span class="remark">in the future<'* ]]
	[[ $output == *'<span class="remark">file written 5 h ago<'* ]]
	[[ $output =~ '2026-01-01 00:00<span class="remark">'[0-9]+' d ago<' ]]
	says "$(dump ahead) | .age_s == 0 and .time_of == \"crash\""
}

@test "without a report the dump's own headers say which kernel and host it was" {
	mkdir "$root/a"
	cp "$DUMP" "$root/a/vmcore"
	says '.dumps[0] | .report == "none" and .kernel == "'"$("$KMORTEM" eval "$DUMP" init_uts_ns.name.release |
		sed 's/.*"\(.*\)".*/\1/')"'" and .critical == null'
}

@test "a report as text alone: it was made, and the dump says the rest" {
	mkdir "$root/a"
	cp "$DUMP" "$SAMPLE/report.txt" "$root/a"
	says '.dumps[0] | .report == "made" and .kernel != null and .critical == null and .report_json == null'
	run -0 listed
	[[ $output == *'report made'* ]]
}

@test "a report that failed, and why" {
	mkdir "$root/a"
	printf x > "$root/a/vmcore"
	printf 'kmortem could not examine it (killed KILL)\nmore\n' > "$root/a/report-failed.txt"
	says '.dumps[0] | .report == "failed" and .reason == "kmortem could not examine it (killed KILL)"'
	run -0 listed
	[[ $output == *'report failed'* && $output == *'(killed KILL)'* ]]
	listed -o "$root/index.html"
	[ "$(links "$root/index.html")" = a/report-failed.txt ]
	grep -qF "<title>$root: 1 dump" "$root/index.html"
}

@test "a machine that did not panic is no crash" {
	reported live '.panic = null'
	printf x > "$root/live/vmcore"
	says '.groups == [] and (.dumps[0] | .panicked == false and .group == null)'
	run -0 listed
	[[ $output == *'No crash: 1 dump'* && $output == *'did not panic'* ]]
}

@test "equal crashes stand together, newest first" {
	crashed a web1 6.1.0 oops@f 2026-11-01T00:00:00Z
	crashed b web2 6.12.0 oops@f 2026-11-03T00:00:00Z
	crashed c web2 6.1.0 oops@g 2026-11-02T00:00:00Z
	crashed d web1 6.1.0 '' 2026-11-04T00:00:00Z
	says '[.dumps[].directory | split("/")[-1]] == ["d", "b", "c", "a"]'
	says '[.groups[] | "\(.signature) \(.count) \(.hosts) \(.kernel) \(.first) \(.last) \(.dumps)"] == [
		"null 1 [\"web1\"] 6.1.0 2026-11-04T00:00:00Z 2026-11-04T00:00:00Z [0]",
		"oops@f 2 [\"web2\",\"web1\"] null 2026-11-01T00:00:00Z 2026-11-03T00:00:00Z [1,3]",
		"oops@g 1 [\"web2\"] 6.1.0 2026-11-02T00:00:00Z 2026-11-02T00:00:00Z [2]"]'
	says '[.dumps[].group] == [0, 1, 2, 1]'
	run -0 listed
	[[ $output == *'oops@f: 2 crashes of 2 hosts, 2026-11-01 00:00 to 2026-11-03 00:00 UTC'* ]]
}

@test "--since, --host, --signature choose" {
	crashed a web1 6.1.0 oops@f 2026-11-01T00:00:00Z
	crashed b db1.example 6.12.0 sysrq 2026-11-03T00:00:00Z
	echo '{"client": "10.0.0.1"}' > "$root/b/meta.json"
	says '[.dumps[].host] == ["db1.example"] and .hidden == 1' --since 2026-11-02
	says '[.dumps[].host] == ["web1"] and .hidden == 1' --host 'web*'
	says '[.dumps[].host] == ["db1.example"]' --host '10.0.0.*'
	says '[.dumps[].host] == ["web1"]' --signature 'oops@*'
	says '.dumps == [] and .hidden == 2' --host 'web*' --signature sysrq
	says '.dumps == []' --since 1s
	refused '--since soon: want a span' listed --since soon
}

@test "--since: which crashes are new, and since when the others are known" {
	crashed a web1 6.1.0 oops@old 2026-09-01T00:00:00Z
	crashed b web2 6.1.0 oops@old 2026-11-03T00:00:00Z
	crashed c web1 6.1.0 oops@young 2026-11-02T00:00:00Z
	says '[.groups[] | "\(.signature) \(.new) \(.others) \(.first_ever)"] == [
		"oops@old false 1 2026-09-01T00:00:00Z", "oops@young true 0 2026-11-02T00:00:00Z"]' --since 2026-11-01
	says '[.groups[].new] == [null, null]'
	run -0 listed --since 2026-11-01
	[[ $output == *'oops@young: new, 1 crash of web1, 2026-11-02 00:00 UTC'* ]]
	[[ $(tr -s ' \n' ' ' <<< "$output") == *'2026-11-03 00:00 UTC; 1 more not shown, the first 2026-09-01'* ]]
	listed --since 2026-11-01 -o "$BATS_TEST_TMPDIR/page.html"
	[ "$(grep -c 'label info">New<' "$BATS_TEST_TMPDIR/page.html")" -eq 1 ]
}

@test "lines of the text keep to 80 columns, but for paths" {
	for i in 1 2 3; do
		crashed "place-$i" "a-host-with-a-long-name-$i.example.com" 6.12.117+deb13-cloud-amd64-with-more \
			oops@a_function_of_some_length.constprop.0 "2026-11-0${i}T00:00:00Z"
	done
	run -0 listed
	while IFS= read -r line; do
		[[ $line == *"$root"* ]] || [ "${#line}" -le 80 ] || { echo "$line"; return 1; }
	done <<< "$output"
	[[ $output == *'a-host-with'*…*'6.12.117'* ]]
	[[ $output == *"$root/place-1/vmcore"* ]]
}

@test "--rows bounds what is shown of one crash" {
	for i in 1 2 3; do crashed "p$i" web1 6.1.0 oops@f "2026-11-0${i}T00:00:00Z"; done
	run -0 listed --rows 2
	[[ $output == *p3/vmcore*p2/vmcore*'… 1 more dump'* && $output != *p1/vmcore* ]]
	run -0 listed --rows 0
	[[ $output == *p1/vmcore* ]]
}

@test "hundreds of dumps" {
	for i in $(seq -w 1 400); do
		mkdir "$root/$i"
		cp "$SAMPLE/report.json" "$root/$i"
		echo > "$root/$i/vmcore"
	done
	says '(.dumps | length) == 400 and .groups[0].count == 400'
	listed -o "$BATS_TEST_TMPDIR/index.html"
	grep -q '380 more dumps' "$BATS_TEST_TMPDIR/index.html"
	[ "$(grep -c 'report.json' "$BATS_TEST_TMPDIR/index.html")" -eq 400 ]
}

# ---- the page ----------------------------------------------------------------------------------

# links FILE: what the page links to, decoded.
links() {
	python3 - "$1" <<- 'END'
		import html.parser, sys, urllib.parse
		class Page(html.parser.HTMLParser):
		    def handle_starttag(self, tag, attributes):
		        for name, value in attributes:
		            assert name not in ("src", "onload", "onerror", "onclick"), (tag, name)
		            if name == "href" and not value.startswith("#"):
		                parts = urllib.parse.urlsplit(value)
		                assert not parts.scheme and not parts.netloc, value
		                print(urllib.parse.unquote(parts.path, errors="surrogateescape"))
		        assert tag not in ("script", "iframe", "object", "img", "link", "base", "form"), tag
		sys.stdout.reconfigure(errors="surrogateescape")
		Page().feed(open(sys.argv[1], encoding="utf-8").read())
	END
}

@test "the page's links lead to the reports, whatever the directories are called" {
	crashed 127.0.0.1-2026-11-21-03:14:15 web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	crashed 'javascript:alert(1)' web1 6.1.0 oops@f 2026-11-21T03:14:16Z
	crashed 'a b%2e?c#d&e"f' web1 6.1.0 oops@f 2026-11-21T03:14:17Z
	crashed $'tab\tline' web1 6.1.0 oops@f 2026-11-21T03:14:18Z
	crashed http:/example.com web1 6.1.0 oops@f 2026-11-21T03:14:19Z
	crashed $'latin\xe9' web1 6.1.0 oops@f 2026-11-21T03:14:20Z
	run -0 listed -o "$root/index.html"
	[ -z "$output" ]
	links "$root/index.html" > "$BATS_TEST_TMPDIR/links"
	[ "$(wc -l < "$BATS_TEST_TMPDIR/links")" -eq 18 ]
	while IFS= read -r link; do
		[ -f "$root/$link" ] || { echo "$link"; return 1; }
	done < "$BATS_TEST_TMPDIR/links"
	grep -q "default-src 'none'" "$root/index.html"
	program=$(readlink -f "$KMORTEM")
	(cd "$root" && "$program" list . -o index.html)
	grep -qF "<h1>$root</h1>" "$root/index.html"
}

@test "-o writes the page whole or not at all" {
	crashed a web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	echo old > "$root/index.html"
	chmod 640 "$root/index.html"
	(ulimit -f 1 && trap '' XFSZ && refused 'index.html' listed -o "$root/index.html")
	[ "$(cat "$root/index.html")" = old ]
	[ "$(find "$root" -maxdepth 1 -type f | wc -l)" -eq 1 ]
	refused "$root/: a directory; name a file, as $root/index.html" listed -o "$root/"
	refused "$root: a directory; name a file, as $root/index.html" listed -o "$root"
	refused "$root/new/: a directory; name a file, as $root/new/index.html" listed -o "$root/new/"
	refused '-f csv: want one of text|html|json' listed -o "$root/list.csv"
	[ ! -e "$root/list.csv" ]
	refused 'is a dump that is listed' listed -o "$root/a/vmcore"
	[ "$(cat "$root/a/vmcore")" = abc ]
	listed -o "$root/index.html"
	grep -q '</html>' "$root/index.html"
	listed -o "$root/list.json"
	jq -e '.format == 1' "$root/list.json"
}

@test "-o in the directory of dumps follows no link that somebody has put there" {
	crashed a web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	echo precious > "$BATS_TEST_TMPDIR/precious"
	program=$(readlink -f "$KMORTEM")
	for target in "$BATS_TEST_TMPDIR/precious" a/vmcore /no/such/file index.html; do
		ln -sfn "$target" "$root/index.html"
		listed -o "$root/index.html"
		[ ! -L "$root/index.html" ]
		grep -q '</html>' "$root/index.html"
		ln -sfn "$target" "$root/a/index.html"
		(cd "$root/a" && "$program" list .. -o index.html)
		[ ! -L "$root/a/index.html" ]
	done
	[ "$(cat "$BATS_TEST_TMPDIR/precious")" = precious ]
	[ "$(cat "$root/a/vmcore")" = abc ]
	# Elsewhere it is the user's own.
	ln -s precious "$BATS_TEST_TMPDIR/link.html"
	listed -o "$BATS_TEST_TMPDIR/link.html"
	[ -L "$BATS_TEST_TMPDIR/link.html" ]
	grep -q '</html>' "$BATS_TEST_TMPDIR/precious"
}

# ---- hostile -----------------------------------------------------------------------------------

@test "nothing of a dump reaches a terminal or a page as it is" {
	evil=$'\e]0;x\a\e[2J<script>alert(1)</script>"\'&\nline \u202e\u009b'
	crashed a x 6.1.0 oops@f 2026-11-21T03:14:15Z
	jq --arg evil "$evil" '.kernel.nodename = $evil | .kernel.release = $evil | .kernel.arch = $evil
		| .panic = {message: $evil, cause: $evil, signature: $evil}' "$SAMPLE/report.json" > "$root/a/report.json"
	place=$root/${evil//\//_}
	mkdir "$place"
	printf x > "$place/vmcore"
	printf '%s\n' "$evil" > "$place/report-failed.txt"
	echo broken > "$place/meta.json"
	printf 'Kernel panic - not syncing: %s\n' "$evil" > "$place/dmesg.txt"
	for format in text html json; do
		status=0
		listed -f "$format" > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || status=$?
		[ "$status" -eq 3 ]
		is_quiet "$BATS_TEST_TMPDIR/out"
		is_quiet "$BATS_TEST_TMPDIR/err"
		[ "$(wc -l < "$BATS_TEST_TMPDIR/err")" -eq 1 ]
		grep -q 'alert(1)' "$BATS_TEST_TMPDIR/out"
		[ "$format" != html ] || run -1 grep '<script' "$BATS_TEST_TMPDIR/out"
	done
	listed -f html > "$BATS_TEST_TMPDIR/page" || true
	links "$BATS_TEST_TMPDIR/page" > "$BATS_TEST_TMPDIR/links"
	run -1 grep -E '^[a-z]*script:|//' "$BATS_TEST_TMPDIR/links"
	# The same words come back out of the JSON.
	listed -f json 2> /dev/null | jq -e --arg evil "$evil" '[.dumps[] | select(.report == "made")][0] |
		.host == $evil and .kernel == $evil and .signature == $evil'
}

@test "a report.json that is none is told, and the others are listed" {
	crashed good web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	for i in empty cut none list types twice other huge; do crashed "$i" x 6.1.0 oops@x 2026-11-20T00:00:00Z; done
	: > "$root/empty/report.json"
	head -c 400 "$SAMPLE/report.json" > "$root/cut/report.json"
	echo 'no JSON' > "$root/none/report.json"
	echo '[]' > "$root/list/report.json"
	echo '{"kernel": [], "panic": 7, "findings": "many"}' > "$root/types/report.json"
	echo '{"kernel": {"release": 6.1, "nodename": {}, "crash_time": []}, "panic": {"cause": [[[]]], "signature": false},
		"findings": [1, null, {"verdict": 1}, {"severity": "critical"}, {"verdict": "found", "severity": "warning"}]}' \
		> "$root/other/report.json"
	echo '{"kernel": {"release": "first"}, "kernel": {"release": "second"}, "panic": null, "panic": {"cause": "oops"},
		"findings": []}' > "$root/twice/report.json"
	{ printf '{"kernel": {}, "panic": null, "views": ['; head -c 70000000 /dev/zero | tr '\0' '['; } \
		> "$root/huge/report.json"
	run -3 --separate-stderr listed -f json
	jq -e '[.dumps[] | select(.report == "unreadable") | .directory | split("/")[-1]] | sort
		== ["cut", "empty", "huge", "list", "none", "types"]' <<< "$output"
	jq -e "$(dump good) | .report == \"made\" and .signature == \"oops@f\"" <<< "$output"
	jq -e "$(dump other) | .report == \"made\" and .kernel == null and .cause == null and .warnings == 1
		and .critical == 0" <<< "$output"
	jq -e "$(dump twice) | .kernel == \"first\" and .cause == \"oops\"" <<< "$output"
	# shellcheck disable=SC2154 # of run
	for i in cut empty huge list none types; do grep -q "$root/$i/report.json: " <<< "$stderr"; done
	[ "$(wc -l <<< "$stderr")" -eq 6 ]
	jq -e '.problems | length == 6' <<< "$output"
}

@test "memory and time are bounded whatever report.json and meta.json hold" {
	crashed deep x 6.1.0 oops@x 2026-11-20T00:00:00Z
	crashed long x 6.1.0 oops@x 2026-11-20T00:00:00Z
	crashed many x 6.1.0 oops@x 2026-11-20T00:00:00Z
	head -c 20000000 /dev/zero | tr '\0' '[' > "$root/deep/report.json"
	{
		printf '{"kernel": {"release": "'
		head -c 20000000 /dev/zero | tr '\0' 'x'
		printf '"}, "panic": null, "findings": []}'
	} > "$root/long/report.json"
	{
		printf '{"kernel": {}, "panic": null, "findings": [{}'
		yes ',{"verdict":"found","severity":"warning"}' | head -n 400000
		printf ']}'
	} > "$root/many/report.json"
	cp "$root/deep/report.json" "$root/many/meta.json"
	[ -n "${ASAN_OPTIONS-}" ] || ulimit -v 200000
	run -3 timeout 60 "$KMORTEM" list "$root" -f json
	jq -e "$(dump many) | .warnings == 400000" <<< "$(grep -v '^kmortem: ' <<< "$output")"
	jq -e "$(dump long) | (.kernel | length) == 1024" <<< "$(grep -v '^kmortem: ' <<< "$output")"
}

@test "links lead nowhere, and nothing is waited for" {
	crashed a web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	outside=$BATS_TEST_TMPDIR/outside
	mkdir "$outside"
	mv "$root/a" "$outside/a"
	ln -s "$outside/a" "$root/a"
	ln -s "$outside" "$root/b"
	ln -s . "$root/loop"
	mkdir "$root/c" "$root/d" "$root/e"
	ln -s "$outside/a/report.json" "$root/c/report.json"
	ln -s "$outside/a/vmcore" "$root/c/vmcore"
	mkfifo "$root/d/vmcore" "$root/d/report.json" "$root/d/meta.json" "$root/d/dmesg.txt"
	mkdir "$root/e/report.json" "$root/e/vmcore"
	run -0 timeout 20 "$KMORTEM" list "$root"
	[ "$output" = "0 dumps in $root" ]
	# The directory that was asked for may be one.
	run -0 "$KMORTEM" list "$root/b"
	[[ $output == '1 dump '* ]]
}

@test "what a directory's owner may not read himself is not told, be it put there by a hard link" {
	[ "$(id -u)" -eq 0 ] || skip 'only root has more rights than the owner'
	secret=$BATS_TEST_TMPDIR/secret
	printf '{"kernel": {"release": "secret"}, "panic": {"message": "secret"}, "findings": [], "reason": "secret"}\n' > "$secret"
	chmod 640 "$secret"
	mkdir "$root/theirs" "$root/shared" "$root/ours" "$root/own"
	for place in theirs shared ours; do
		for name in report-failed.txt meta.json report.json vmcore dmesg.txt; do ln "$secret" "$root/$place/$name"; done
	done
	chmod 1777 "$root/shared"
	cp "$root/ours"/* "$root/own"
	chown -R 65534:65534 "$root/own"
	chown 65534 "$root/theirs"
	chgrp 65534 "$root/theirs"
	status=0
	listed -f json > "$BATS_TEST_TMPDIR/out" 2> "$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 3 ]
	for place in theirs shared; do
		jq -e "$(dump $place) | .kernel == null and .message == null and .reason == null" "$BATS_TEST_TMPDIR/out"
		grep -q "$root/$place/report.json: cannot be opened" "$BATS_TEST_TMPDIR/err"
	done
	for place in ours own; do
		jq -e "$(dump $place) | .kernel == \"secret\" and .message == \"secret\"" "$BATS_TEST_TMPDIR/out"
	done
	# He may read it as one of his group, or as anybody; and what is one file is nobody else's.
	chgrp 0 "$root/theirs"
	says "$(dump theirs) | .kernel == \"secret\""
	chgrp 65534 "$root/theirs"
	chmod 644 "$secret"
	says "[$(dump theirs), $(dump shared) | .kernel] == [\"secret\", \"secret\"]"
	chmod 600 "$secret"
	rm "$root/shared"/*
	install -m 600 "$secret" "$root/shared/report.json"
	says "$(dump shared) | .kernel == \"secret\""
}

@test "a directory that cannot be read is told, the others are listed" {
	crashed good web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	mkdir "$root/closed" "$root/lost+found"
	crashed unread web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	chmod 0 "$root/closed" "$root/lost+found" "$root/unread/report.json"
	chmod -R a+rX "$root/good" "$BATS_TEST_TMPDIR" 2> /dev/null || true
	chmod 0 "$root/closed" "$root/lost+found" "$root/unread/report.json"
	cp "$KMORTEM" "$BATS_TEST_TMPDIR/kmortem"
	as_nobody=()
	[ "$(id -u)" -ne 0 ] || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all)
	chmod a+x "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")"
	run -3 --separate-stderr "${as_nobody[@]}" "$BATS_TEST_TMPDIR/kmortem" list "$root" -f json
	jq -e "$(dump good) | .report == \"made\"" <<< "$output"
	jq -e "$(dump unread) | .report == \"unreadable\"" <<< "$output"
	[[ $stderr == *"$root/closed: Permission denied"* && $stderr == *"$root/unread/report.json: cannot be opened"* ]]
	[ "$(wc -l <<< "$stderr")" -eq 2 ]
	chmod 755 "$root/closed" "$root/lost+found"
}

@test "several directories: what is not there keeps nobody from the others" {
	crashed a web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	refused '/no/such: No such file' "$KMORTEM" list /no/such
	refused "$SAMPLE/report.json: Not a directory" "$KMORTEM" list "$SAMPLE/report.json"
	refused ': No such file' "$KMORTEM" list /no/such /neither
	run -3 --separate-stderr "$KMORTEM" list /no/such "$root" -f json
	jq -e '(.dumps | length) == 1 and (.problems | length) == 1' <<< "$output"
	refused 'one directory at a time' "$KMORTEM" list -f html "$root" "$SAMPLE"
	refused '-f csv: want one of text|html|json' listed -f csv
	refused '--only: not an option of list' listed --only x
}

@test "directories that overlap: each dump is listed once" {
	crashed a web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	crashed 1/2/3/4/5 web1 6.1.0 oops@f 2026-11-21T03:14:16Z
	ln -s . "$root/alias"
	for second in "$root/" "$root/alias" "$root/../crash/."; do
		run -0 "$KMORTEM" list "$root" "$second" -f json
		jq -e '(.dumps | length) == 1 and (.directories | length) == 2' <<< "$output"
	done
	for order in "$root $root/a" "$root/a $root"; do
		# shellcheck disable=SC2086
		run -0 "$KMORTEM" list $order -f json
		jq -e '(.dumps | length) == 1 and .groups[0].count == 1' <<< "$output"
	done
	# What is too deep below the one may not be below the other.
	run -0 "$KMORTEM" list "$root" "$root/1/2/3/4" -f json
	jq -e '.dumps | length == 2' <<< "$output"
}

@test "the schema notices what is missing or renamed" {
	crashed a web1 6.1.0 oops@f 2026-11-21T03:14:15Z
	for edit in 'del doc["dumps"][0]["signature"]' 'doc["dumps"][0]["report"] = "yes"' 'doc["dumps"][0]["time"] = 7' \
		'doc["groups"][0]["count"] = 0' 'del doc["groups"][0]["dumps"]' 'doc["dumps"][0]["vmcore"] = None' \
		'del doc["problems"]'; do
		run -1 bash -c "\"$KMORTEM\" list '$root' -f json | tests/reports/validate.py reports/list.schema.json '$edit'"
		[[ $output != *Traceback* ]]
	done
}
