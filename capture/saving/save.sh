# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# In the capture kernel: the log, then the dump, on the first target that holds it; the log alone; the memory that survives a
# reboot. Each step that fails is told and leads to the next.
#
# $work/saved is there once a target holds what it is to hold; $work/logged once one holds the log.

vmcore=$ROOT/proc/vmcore
image_conf=$ROOT/etc/kmortem

# ---- before ------------------------------------------------------------------------------------

# Broken settings are better than none: what could be read of them counts, and where that names no target, those count whose
# devices were looked up when the image was built.
settings() {
	conf_read "$image_conf/capture.conf" || failed "mistakes in the image's capture.conf"
	if [ -z "$conf_targets" ]; then
		conf_targets=$(cut -f 1 "$image_conf/capture.devices")
		failed "no target is set: those known are taken"
	fi
	echo "$conf_final_action" > "$work/final_action"
	deadline_set "$conf_time_limit"
}

# module_is_loaded FILE
module_is_loaded() { [ -d "$ROOT/sys/module/$(basename "$1" .ko | tr - _)" ]; }

# load_modules: but those that what feeds the watchdogs has loaded, or loads meanwhile.
load_modules() {
	while read -r module options; do
		# shellcheck disable=SC2086 # words
		module_is_loaded "$module" || within 30 insmod "$module" $options || module_is_loaded "$module" ||
			failed "cannot load $module"
	done < "$ROOT/lib/modules/order"
}

# clock_set: a clock without a battery begins in 1970, and one that runs in local time is hours away: the kernel that crashed
# knew better, and this one was started then.
clock_set() {
	crashed=$(vmcoreinfo CRASHTIME)
	is_number "$crashed" || return 0
	uptime_seconds
	clock_due=$((crashed + uptime)) clock_off=$(($(date +%s) - crashed - uptime))
	[ "${clock_off#-}" -le 300 ] || date -s "@$clock_due" > /dev/null
}

# name_dump: the name of its directory. A host's name comes from the host.
name_dump() {
	dump_host=$(host_label "$(hostname)")
	started=$(date +%s)
	dump_name=$(name_of "$started")
}

# name_of SECONDS: since 1970; in UTC, as local time, which a hook may have, goes back an hour once a year.
name_of() { echo "$dump_host-$(date -u -d "@$1" +%Y-%m-%d-%H%M%S)"; }

# ---- one target --------------------------------------------------------------------------------

PLACE_TRIES=60

# place_dump: makes the dump's directory, and leaves its name in $work/name. It is a new one: what has that name already is
# another dump, or was put there for root to follow; then it is that of the next second.
place_dump() {
	place_tries=0 place_status=0
	until target_new "$dump_name" || place_status=$?; [ "$place_status" -eq 0 ]; do
		[ "$place_status" -eq 17 ] && [ "$place_tries" -lt "$PLACE_TRIES" ] || return "$place_status"
		place_tries=$((place_tries + 1)) place_status=0
		dump_name=$(name_of $((started + place_tries)))
	done
	echo "$dump_name" > "$work/name"
}

# put_here: the log and a meta.json, so that whatever comes, these are there. A target that does not take them is none.
put_here() {
	mkdir -p "$dump_directory" && cp "$work/dmesg.txt" "$dump_directory/dmesg.txt" && sync "$dump_directory/dmesg.txt" &&
		meta_put && sync "$dump_directory"
}

# put_begin: what comes before the dump.
put_begin() {
	step place 60 place_dump || return
	read -r dump_name < "$work/name"
	dump_directory=$target_directory/$dump_name
	step put_log 90 put_log
}

put_log() {
	if [ "$target_directory" ]; then put_here; else target_take "$dump_name/dmesg.txt" < "$work/dmesg.txt"; fi
}

# put_known: the report instead of a dump of a crash that is known.
put_known() {
	for report in "$work"/report/*; do
		if [ "$target_directory" ]; then
			cp "$report" "$dump_directory/" && sync "$dump_directory/${report##*/}" || return
		else
			target_take "$dump_name/${report##*/}" < "$report" || return
		fi
	done
}

# put_dump: on the target that is open and has the log, for which finding out whether the crash is known would take too long.
put_dump() {
	if [ ! -e "$vmcore" ]; then
		failed "there is no $vmcore: this kernel was not told of the one that crashed"
		return 1
	fi
	[ -e "$work/known.out" ] || known_look
	if [ -s "$work/known" ]; then step report 60 put_known; else ladder; fi
}

# symbols_are_wanted: of a kernel that does not tell itself where its symbols are, as those before 6.0 (5fd8fea935a1) do not. The
# list of this kernel is that one's, started anew. By how much the other had moved is seen in its vmcoreinfo.
symbols_are_wanted() {
	release=$(vmcoreinfo OSRELEASE)
	! grep -qF 'SYMBOL(kallsyms_names)=' "$work/vmcoreinfo" && [ "$release" = "$(uname -r)" ] &&
		grep -q '^0*[1-9a-f][0-9a-f]* T ' "$ROOT/proc/kallsyms"
}

# put_symbols: a System.map of them, whole or not at all. How long it is tells which it is: programs that read a list do not all
# tell that they could not write it. What stays free for meta.json is not taken.
put_symbols() {
	symbols=$dump_name/System.map
	if [ -z "$target_directory" ]; then
		kernel_symbols | target_take "$symbols.new" && target_keep "$symbols.new" "$symbols-$release"
		return
	fi
	symbols=$target_directory/$symbols symbols_size=$(kernel_symbols | wc -c)
	[ "$symbols_size" -le "$(room_bytes "$target_directory")" ] || return 153
	kernel_symbols > "$symbols.new" && [ "$(stat -c %s "$symbols.new")" -eq "$symbols_size" ] && sync "$symbols.new" &&
		mv "$symbols.new" "$symbols-$release" && sync "$dump_directory" && return
	rm -f "$symbols.new"
	return 1
}

# Without those of modules.
kernel_symbols() { grep -v '\[' "$ROOT/proc/kallsyms"; }

meta_step() { step meta 60 meta_put || failed "$target: meta.json could not be written"; }

# put_rest STATUS: what goes beside, and what is to be done while the target is open.
put_rest() {
	meta_step
	if [ "$1" -eq 0 ] && symbols_are_wanted; then
		step symbols 60 put_symbols || failed "$target: System.map could not be written: it $(status_words "$step_status" "$step_limit")"
		meta_step
	fi
	if [ "$target_directory" ]; then
		step log 30 cp "$work/makedumpfile.log" "$dump_directory/makedumpfile.log"
		[ "$1" -ne 0 ] || step marker 30 marker_put
		[ "$1" -ne 0 ] || step retain 60 retain "$target_directory" "$dump_host" "$dump_name"
	fi
	[ "$1" -ne 0 ] || script post "$conf_post_script"
}

# target_save: to $target. Its own process; what it has reached is in files.
target_save() {
	if ! target_choose "$target"; then
		failed "$target: is not known to this image"
		return 1
	fi
	dump_directory=$target_directory/$dump_name put_status=0
	if step open 180 target_open; then
		[ -z "$target_directory" ] || step room 90 retain_room "$target_directory" "$dump_host" "$dump_name" 1
		put_begin || put_status=$?
		if [ "$put_status" -eq 0 ]; then
			[ "$target_kind" = netdump ] || echo "$target" > "$work/logged"
			put_dump || put_status=$?
			[ "$put_status" -ne 0 ] || echo "$target" > "$work/saved"
			finished=$(date +%s)
			put_rest "$put_status"
		else
			failed "$target: the log cannot be written to it: it $(status_words "$put_status" "$step_limit")"
		fi
	else
		failed "$target: cannot be reached: opening it $(status_words "$step_status" "$step_limit")"
		return 1
	fi
	# What stands still already, or has gone, is not waited for again.
	close_limit=60
	if [ "$put_status" -eq 124 ] || [ "${outcome-}" = gone ]; then close_limit=5; fi
	if step close "$close_limit" target_close; then
		# A log for netdump leaves this machine with the dump, or only now.
		[ "$put_status" -eq 124 ] || [ "$target_kind" != netdump ] || echo "$target" > "$work/logged"
	else
		failed "$target: closing it $(status_words "$step_status" "$step_limit")"
	fi
	[ "$put_status" -eq 0 ]
}

# ---- all ---------------------------------------------------------------------------------------

TARGET_GRACE=5 # seconds after its end, for what was begun before

# save_to_targets: where others follow, one does not get all the time that there is. It ends by itself, told and closed, or is killed.
save_to_targets() {
	targets_left=$(printf %s "$conf_targets" | grep -c .) target_number=1 mount_first=$target_mount
	while IFS= read -r target; do
		[ "$target" ] || continue
		time_left
		[ "$targets_left" -le 1 ] || left=$((left * 2 / 3))
		targets_left=$((targets_left - 1))
		time_end=$((uptime + left)) save_status=0
		within $((left + TARGET_GRACE)) target_save || save_status=$?
		time_end=
		[ ! -s "$work/saved" ] || return 0
		[ "$save_status" -ne 124 ] || failed "$target: took longer than $left s"
		# What was given up may be mounted after all, once that gets on: then not over the next.
		target_number=$((target_number + 1))
		target_mount=$mount_first.$target_number
	done <<- END
		$conf_targets
	END
	return 1
}

capture() {
	mkdir -p "$work"
	for file in failures seconds makedumpfile.log; do : > "$work/$file"; done
	settings
	step vmcoreinfo 60 vmcoreinfo_of "$vmcore" > "$work/vmcoreinfo" || failed "$vmcore tells nothing of its kernel"
	clock_set
	name_dump
	log_take
	load_modules
	script pre "$conf_pre_script"
	if save_to_targets; then
		say "done: $(cat "$work/saved") holds $(cat "$work/name")"
	else
		# Of the minute that the first process, or `bounded`, waits after the deadline.
		time_grace=20
		script post "$conf_post_script"
		time_grace=50
		log_last
	fi
	within 20 sync
}
