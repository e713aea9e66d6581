# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2317
# What lies on the disk of a guest that is off, against what it said of itself.

# judge: takes /var/crash out of the disks, and lets the scenario look.
judge() {
	judge_open "$place"
	[ ! -e "$place/peer/root.img" ] || judge_open "$place/peer"
	judge_split_truth
	# In a shell of its own: its functions are the scenario's.
	(
		# shellcheck source=/dev/null
		. "$scenarios_dir/${scenario[name]}"
		after
	)
}

# What is left in the journal of the file system counts.
judge_open() {
	e2fsck -fy "$1/root.img" > "$1/e2fsck.log" 2>&1
	debugfs -R "rdump /var/crash $1" "$1/root.img" > "$1/debugfs.log" 2>&1
	debugfs -R "rdump /var/lib/guest $1" "$1/root.img" >> "$1/debugfs.log" 2>&1
}

# The truth was told once for each crash: becomes truth.1/expected.txt, truth.2/…
judge_split_truth() {
	[ -s "$place/truth" ] || return
	mkdir "$place/truth.1"
	tr -d '\r\0' < "$place/truth" | awk -v place="$place" '
		BEGIN { number = 1; file = place "/truth.1/expected.txt" }
		{ print > file }
		/^@@FACTS-END/ { close(file); number++; file = place "/truth." number "/expected.txt"; system("mkdir " place "/truth." number) }'
}

# dump_directory NUMBER: of the dumps in the order in which they were made, be they kmortem's (HOST-TIME) or kdump-tools' (TIME).
dump_directory() {
	for directory in "$place"/{guest/dumps,crash}/*[0-9][0-9][0-9][0-9]*/; do
		printf '%s %s\n' "$(basename "$directory" | tr -dc 0-9 | cut -c 1-12)" "${directory%/}"
	done | sort | sed -n "$1s/[^ ]* //p" | grep .
}

# dump_is_whole NUMBER [SECONDS]: crash NUMBER of this guest left a dump that says what the guest said, and a report that says
# what the dump does. SECONDS: it took the crash so long to come that much of what the guest said is not so any more.
dump_is_whole() {
	local number=$1 later=${2-} directory vmcore log
	directory=$(dump_directory "$number")
	vmcore=$(echo "$directory"/@(vmcore|dump.[0-9]*))
	log=$(echo "$directory"/@(dmesg.txt|dmesg.[0-9]*))
	if [ ! -f "$vmcore" ] || [ ! -f "$log" ]; then
		check "dump $number is there" false
		find "$place/crash" | sed 's/^/# /'
		return
	fi
	[ "$later" ] || check "dump $number: it says what the guest said" dump_tells_truth "$number" "$vmcore"
	check "dump $number: the report is what is in the dump" dump_has_report "$vmcore"
	check "dump $number: the kernel's log is beside it" log_is_whole "$number" "$log"
	[ ! -e "$directory/meta.json" ] || check "dump $number: its meta.json" meta_is_right "$number" "$directory" "${later:-60}"
}

# dump_is_served NUMBER DIRECTORY: a server has the dump of crash NUMBER there, whole; DIRECTORY holds that alone.
dump_is_served() {
	local number=$1 directory
	directory=$(echo "$2"/*/vmcore) directory=${directory%/vmcore}
	if [ ! -f "$directory/vmcore" ]; then
		check "dump $number: a server has it" false
		find "$2" | sed 's/^/# /'
		return
	fi
	check "dump $number: it says what the guest said" dump_tells_truth "$number" "$directory/vmcore"
	check "dump $number: the kernel's log is beside it" log_is_whole "$number" "$(echo "$directory"/@(dmesg.txt|log))"
	check "dump $number: there can be a report of it" dump_has_cause "$directory" sysrq
	if grep -q '"tool": "kmortem-capture"' "$directory/meta.json"; then
		check "dump $number: its meta.json" meta_is_right "$number" "$directory" 60
	fi
}

# dump_has_cause DIRECTORY CAUSE
dump_has_cause() {
	"$KMORTEM" report -f json -o "$1/here.json" "$1/vmcore"
	[ $? -le 1 ] && jq .panic "$1/here.json" && jq -e --arg cause "$2" '.panic.cause == $cause' "$1/here.json"
}

# has_failures META.JSON TEXT…: failures that begin so.
has_failures() {
	local text
	cat "$1"
	for text in "${@:2}"; do jq -e --arg text "$text" '.failures | any(startswith($text))' "$1" || return; done
}

dump_tells_truth() {
	python3 "$tests_dir/truth/compare.py" "$KMORTEM" "$place/truth.$1/expected.txt" "$2"
}

# Without what names the file, where symbols were found (in the guest nothing lies beside the open dump), and how long it took.
dump_has_report() {
	local status=0 without='del(.dump.path, .sources.symbols, .sources.notes, .seconds)'
	"$KMORTEM" report -f json -o "$place/here.json" "$1" || status=$?
	[ "$status" -ne 2 ] || return
	diff <(jq -e "$without" "$place/here.json") <(jq -e "$without" "${1%/*}/report.json") && grep '^  Panic ' "${1%/*}/report.txt"
}

# cause_is NUMBER CAUSE
cause_is() {
	jq '.panic' "$(dump_directory "$1")/report.json"
	jq -e --arg cause "$2" '.panic.cause == $cause' "$(dump_directory "$1")/report.json"
}

# What the kernel said on the console before crash NUMBER: the texts alone, as of several lines only the first one's time is in
# a log that was saved.
console_texts() {
	tr -d '\r\0' < "$place/console.log" | grep -aoE '\[ *[0-9]+\.[0-9]{6}\] .*' | awk -v number="$1" '
		/\] Linux version / { if (crash && --number == 0) { printf "%s", kept; exit } crash = 0; kept = "" }
		{ kept = kept $0 "\n" }
		/guest: crash .* at boot/ { crash = 1 }' | log_texts
}

# A server tells when a line came; newer makedumpfile who said it, as the console does not.
log_texts() { sed -E 's/^[0-9T:-]+Z //; s/^\[ *[0-9]+\.[0-9]{6}\] (\[ *[TC][0-9]+\] )?//; s/^ +//' "$@"; }

log_is_whole() {
	console_texts "$1" > "$place/console.texts"
	log_texts "$2" > "$place/dmesg.texts"
	grep 'guest: crash' "$place/console.texts" && grep -e 'Kernel panic - not syncing' -e '^Oops: ' -e '^BUG: ' "$place/console.texts" || return
	! grep -Fxv -f "$place/dmesg.texts" "$place/console.texts"
}

# The build-id is in the notes that the guest copied from its /sys; the truth was told within the seconds before.
meta_is_right() {
	local truth=$place/truth.$1/expected.txt told notes
	cat "$2/meta.json"
	notes=$(od -An -v -tx1 "$place/guest/notes" | tr -d ' \n')
	told=$(sed -n '/^@@BEGIN realtime/{n;s/\..*//p;q}' "$truth")
	jq -e --arg notes "$notes" --arg release "$(sed -n 's/^Linux version \([^ ]*\).*/\1/p' "$truth")" --argjson told "$told" '
		.complete and .kernel == $release and (.build_id as $id | $notes | contains($id))' "$2/meta.json" || return
	jq -e --argjson told "$told" '(.crash_time | fromdate) - $told | . >= 0 and . < '"$3" "$2/meta.json"
}
