# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# The dump on one target: filtered and compressed as the site wants it; what fails decides what is tried next. An attempt ends
# with one of these as $outcome:
#
#   good
#   large    the target is full                          harder: leave out more, compress better, or give up
#   slow     more time than it may take                  harder: leave out more, compress faster, or give up
#   memory   killed for want of memory                   with less of it, then as failed
#   failed   makedumpfile fails, or nobody can read it   with less trust in the filter: 17, 1, a plain copy
#   unsound  the filter has left out pages in use        likewise
#   gone     the target is not there any more            give up

SYNC_LIMIT=300    # seconds, for what fits into the memory of a capture kernel
SCARCE_BUFFER=512 # KiB that makedumpfile may take for its bitmaps
AFTER_DUMP=120    # seconds for what comes after: its name, meta.json, closing the target

# ---- one attempt -------------------------------------------------------------------------------

cpus() { grep -c '^processor' "$ROOT/proc/cpuinfo"; }

# attempt_words: of makedumpfile. It says how it gets on, which is how one sees that it does.
attempt_words() {
	echo "--message-level 23 -d $level $(filter_option "$compression")"
	if [ "$memory" = scarce ]; then
		echo "--cyclic-buffer $SCARCE_BUFFER"
	elif [ "$target_directory" ] && [ "$(cpus)" -gt 1 ]; then
		echo "--num-threads $(($(cpus) - 1))"
	fi
}

# attempt_to_file: never beyond what is to stay free; the limit is in units of 512 bytes.
attempt_to_file() {
	rm -f "$dump_directory/vmcore-incomplete"
	ulimit -f $(($(room_bytes "$target_directory") / 512))
	if [ "$level" = raw ]; then
		cat "$vmcore" > "$dump_directory/vmcore-incomplete"
	else
		# shellcheck disable=SC2046 # several words
		makedumpfile $(attempt_words) "$vmcore" "$dump_directory/vmcore-incomplete"
	fi
} > "$work/makedumpfile.log" 2>&1

# attempt_to_stream: of the two that may fail, makedumpfile's reason is the one to be told. What the other says is on the console,
# and the end of the log where it is the one that failed.
attempt_to_stream() {
	echo 0 > "$work/filter_status"
	{
		if [ "$level" = raw ]; then
			cat "$vmcore"
		else
			# shellcheck disable=SC2046 # several words
			makedumpfile -F $(attempt_words) "$vmcore"
		fi || echo $? > "$work/filter_status"
	} 2> "$work/makedumpfile.log" | target_take "$dump_name/vmcore-incomplete" 2> "$work/taken.log"
	taken=$?
	cat "$work/taken.log" >&2
	read -r filter_status < "$work/filter_status"
	# Ended by SIGPIPE, it is the target that failed.
	case $filter_status in 0 | 141) ;; *) return "$filter_status" ;; esac
	[ "$taken" -ne 0 ] || return 0
	cat "$work/taken.log" >> "$work/makedumpfile.log"
	return 74
}

# outcome_of STATUS: 153 is SIGXFSZ, 74 (EX_IOERR) a target that took no more.
outcome_of() {
	case $1 in
	0) echo good ;;
	124) echo slow ;;
	125) echo gone ;;
	137) echo memory ;;
	153) echo large ;;
	*)
		if grep -q -i -e 'no space left' -e 'quota exceeded' -e 'file too large' "$work/makedumpfile.log"; then
			echo large
		elif [ "$1" -eq 74 ] || grep -q -i -e 'input/output error' -e 'read-only file system' -e 'stale file' -e 'no such device' \
			"$work/makedumpfile.log"; then
			echo gone
		else
			echo failed
		fi
		;;
	esac
}

# attempt_sync: what is in memory of a file that is whole; a disk that does not take that any more is none.
attempt_sync() {
	[ "$outcome" = good ] && [ "$target_directory" ] || return 0
	step sync "$SYNC_LIMIT" sync "$dump_directory/vmcore-incomplete" && return
	attempt_status=$step_status outcome=gone
	echo "what was written does not get to the disk" > "$work/makedumpfile.log"
}

# attempt_for SECONDS: of which the dump takes no more than two thirds, so that there is time for another.
attempt_for() {
	attempt_limit=$(($1 * 2 / 3)) attempt_status=0 dump_checked='' dump_level=$level dump_compression=$compression
	within_sign=$work/makedumpfile.log
	if [ "$level" = raw ]; then within_sign='' dump_compression=''; fi
	dump_format=kdump attempt_way=attempt_to_file
	[ "$target_directory" ] || dump_format=flattened attempt_way=attempt_to_stream
	[ "$level" != raw ] || dump_format=elf
	: > "$work/makedumpfile.log"
	step dump "$attempt_limit" "$attempt_way" || attempt_status=$?
	within_sign=
	outcome=$(outcome_of "$attempt_status")
	attempt_sync
	if [ "$outcome" != good ]; then
		failed "$target: makedumpfile -d $level $(status_words "$attempt_status" "$step_limit") ($outcome) $(attempt_error)"
	elif [ "$target_directory" ]; then
		check
	fi
}

# attempt: it leaves time for what comes after the last of them.
attempt() {
	time_left
	attempt_before=${time_end-} attempt_left=$((left - $(least "$AFTER_DUMP" $((left / 4)))))
	time_end=$((uptime + attempt_left))
	attempt_for "$attempt_left"
	time_end=$attempt_before
}

# attempt_error: the last that it said, but its progress.
attempt_error() { tr '\r' '\n' < "$work/makedumpfile.log" | grep -v -e '\[.*%\]' -e '^[[:space:]]*$' | tail -n 1 | head -c 500; }

# ---- what next ---------------------------------------------------------------------------------

# harder COMPRESSION: first leave out all that can be, then another compression.
harder() {
	if [ "$level" = raw ]; then return 1; fi
	if [ "$level" -ne 31 ] && [ -z "$unsound" ]; then level=31; else compression=$(filter_compression "$1"); fi
}

# safer: a filter that has less to decide.
safer() {
	case $level in
	raw) return 1 ;;
	0 | 1 | 16) level=raw ;;
	17) level=1 ;;
	*) level=17 ;;
	esac
	# What keeps more than what was too large already is not tried.
	[ -z "$large" ] || [ "$level" = 17 ]
}

# next_attempt: by the outcome of the last.
next_attempt() {
	case $outcome in
	large)
		! [ "$target_directory" ] || ! step room 90 make_room || { tried=; return; }
		large=1
		if filter_has zstd; then harder zstd; else harder zlib; fi
		;;
	slow) harder lzo ;;
	memory) if [ "$memory" = scarce ]; then safer; else memory=scarce; fi ;;
	failed) safer ;;
	unsound)
		unsound=1
		! [ "$target_directory" ] || step keep 60 mv "$dump_directory/vmcore-incomplete" "$dump_directory/vmcore-damaged"
		safer
		;;
	*) return 1 ;;
	esac || return
	case $tried in *" $level/$compression/$memory "*) return 1 ;; esac
}

# first_attempt: what a stream holds cannot be looked at any more, so there the filter is to be trusted beforehand.
first_attempt() {
	level=$conf_dump_level compression=$(filter_compression "$conf_compression") memory=plenty
	tried='' large='' unsound=''
	if [ "$target_directory" ] || [ "$level" -le 17 ]; then return; fi
	lacks=$(filter_lacks "$work/vmcoreinfo" | tr '\n' ' ')
	if [ "$lacks" ]; then
		failed "$target: makedumpfile does not know ${lacks}of this kernel: -d 17 instead of $level"
		level=17 unsound=1
	fi
}

# ladder: status 0 when the target holds the dump, complete and synced.
ladder() {
	first_attempt
	while :; do
		tried="$tried $level/$compression/$memory "
		attempt
		[ "$outcome" != good ] || break
		next_attempt || { step keep 60 keep_what_there_is; return 1; }
	done
	step keep 60 keep_dump && return
	failed "$target: the dump that is whole cannot be renamed: it $(status_words "$step_status" "$step_limit")"
	return 1
}

keep_dump() {
	if [ -z "$target_directory" ]; then
		target_keep "$dump_name/vmcore-incomplete" "$dump_name/vmcore"
		return
	fi
	mv "$dump_directory/vmcore-incomplete" "$dump_directory/vmcore" && rm -f "$dump_directory/vmcore-damaged" &&
		sync "$dump_directory"
}

# keep_what_there_is: a damaged dump says more than none, and than the beginning of another.
keep_what_there_is() {
	[ "$target_directory" ] || return 0
	[ ! -f "$dump_directory/vmcore-damaged" ] || mv "$dump_directory/vmcore-damaged" "$dump_directory/vmcore-incomplete"
	sync "$dump_directory"
}
