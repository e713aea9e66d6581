# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Which dumps stay: the newest `keep`, and as many of crashes that left none; no more than `max_total` altogether, and so that
# `min_free` stays free. Only what kmortem-capture of this host has written is ever taken, never the newest, nor the newest that is
# whole, and nothing that is being written.

RETAIN_RESERVE=1048576 # bytes that stay free in any case, for what goes beside a dump
RETAIN_STALE=1440      # minutes after which what says that it is being written is not any more

# ---- room --------------------------------------------------------------------------------------

# room_left DIRECTORY: what may still be written there; less than 0 where less is free than is to stay so.
room_left() {
	# shellcheck disable=SC2046 # three words
	set -- $(stat -f -c '%a %b %S' "$1") 0 0 0
	case $conf_min_free in
	*%) room_keep=$(($2 * ${conf_min_free%"%"} / 100 * $3)) ;;
	*) room_keep=$(bytes_of "$conf_min_free") ;;
	esac
	[ "$room_keep" -gt "$RETAIN_RESERVE" ] || room_keep=$RETAIN_RESERVE
	echo $(($1 * $3 - room_keep))
}

# room_bytes DIRECTORY: the same, at least 0.
room_bytes() {
	room=$(room_left "$1")
	echo $((room > 0 ? room : 0))
}

# ---- dumps -------------------------------------------------------------------------------------

# retain_is_ours DIRECTORY MACHINE: a directory, no link to one, that says itself who has written it, and that it is over. MACHINE is
# this one: clones of one name may share a target. Dumps of earlier versions do not name theirs.
retain_is_ours() {
	[ -d "$1" ] && [ ! -L "$1" ] && [ -f "$1/meta.json" ] && [ ! -L "$1/meta.json" ] || return
	head -n 2 "$1/meta.json" | grep -q '^  "tool": "kmortem-capture",$' || return
	retain_machine=$(sed -n 's/^  "machine": "\([0-9a-f]*\)",$/\1/p' "$1/meta.json" | head -n 1)
	[ "${retain_machine:-$2}" = "${2:-$retain_machine}" ] || return
	! grep -q '^  "finished": null,$' "$1/meta.json" || [ "$(find "$1/meta.json" -mmin "+$RETAIN_STALE")" ]
}

# retain_ours DIRECTORY HOST: names, the oldest first. They hold no blanks, as HOST does not.
retain_ours() {
	retain_this=$(this_machine)
	for found in "$1/$2"-[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]-[0-9][0-9][0-9][0-9][0-9][0-9]; do
		! retain_is_ours "$found" "$retain_this" || echo "${found##*/}"
	done
}

# retain_kind DIRECTORY KIND: of the names that are read, those that hold a dump that is whole ("dump"), no such, but something
# ("log"), or what the interrupted removal of one has left ("rest").
retain_kind() {
	while read -r name; do
		retain_holds=log
		if [ "$(whole_below "$1/$name" 1)" ]; then
			retain_holds=dump
		elif [ -z "$(find "$1/$name" -mindepth 1 ! -name meta.json)" ]; then
			retain_holds=rest
		fi
		[ "$retain_holds" != "$2" ] || echo "$name"
	done
}

# retain_spared DIRECTORY HOST NAME: the newest, be it by NAME, and the newest that holds a dump that is whole.
retain_spared() {
	retain_newest=${3:-$(retain_ours "$1" "$2" | tail -n 1)}
	echo "$retain_newest"
	[ "$(echo "$retain_newest" | retain_kind "$1" dump)" ] || retain_ours "$1" "$2" | retain_kind "$1" dump | tail -n 1
}

# retain_may_go DIRECTORY HOST SPARED: those of them that are none of these lines.
retain_may_go() { retain_ours "$1" "$2" | grep -v -x -F -e "$3"; }

# retain_sum DIRECTORY: bytes on the disk of the names that are read.
retain_sum() {
	total=0
	while read -r name; do
		total=$((total + $(du -sk "$1/$name" | sed 's/[^0-9].*//')))
	done
	echo $((total << 10))
}

# retain_size DIRECTORY HOST: of all.
retain_size() { retain_ours "$1" "$2" | retain_sum "$1"; }

# ---- rules -------------------------------------------------------------------------------------

# retain_remove DIRECTORY: the first of the names that are read; status 1 where there is none.
retain_remove() {
	oldest=$(sed -n 1p)
	[ "$oldest" ] || return
	say "removes $1/$oldest"
	# What says that it is ours goes last: this may be interrupted.
	find "${1:?}/$oldest" -mindepth 1 -maxdepth 1 ! -name meta.json -exec rm -rf {} + && rm -rf "${1:?}/$oldest"
}

# retain_helps DIRECTORY HOST SPARED BYTES: so much can be written once all that may go is gone; else that is told.
retain_helps() {
	room_lacks=$(($4 - $(room_left "$1"))) room_gain=$(retain_may_go "$1" "$2" "$3" | retain_sum "$1")
	[ "$room_gain" -lt "$room_lacks" ] || return 0
	say "$1: $room_lacks bytes are lacking, and old dumps hold $room_gain: they stay"
	return 1
}

# retain_room DIRECTORY HOST SPARED BYTES: until so much can be written; status 0 where something was removed. Where others have
# filled the disk, no dump is given for nothing. For a dump that is to be written all others may go.
retain_room() {
	removed=1
	[ "$(room_left "$1")" -lt "$4" ] && retain_helps "$@" || return
	while [ "$(room_left "$1")" -lt "$4" ] && retain_may_go "$1" "$2" "$3" | retain_remove "$1"; do removed=0; done
	return $removed
}

# retain_most DIRECTORY HOST SPARED KIND NUMBER: no more of that kind than so many: logs of later crashes are no reason to give a dump.
retain_most() {
	while [ "$(retain_ours "$1" "$2" | retain_kind "$1" "$4" | wc -l)" -gt "$5" ] &&
		retain_may_go "$1" "$2" "$3" | retain_kind "$1" "$4" | retain_remove "$1"; do :; done
}

# retain DIRECTORY HOST [NAME]: by all rules; NAME is what was just written.
retain() {
	spared=$(retain_spared "$1" "$2" "${3-}")
	retain_most "$1" "$2" "$spared" rest 0
	if [ "$conf_keep" -gt 0 ]; then
		for kind in dump log; do retain_most "$1" "$2" "$spared" "$kind" "$conf_keep"; done
	fi
	while [ "$conf_max_total" -gt 0 ] && [ "$(retain_size "$1" "$2")" -gt "$conf_max_total" ] &&
		retain_may_go "$1" "$2" "$spared" | retain_remove "$1"; do :; done
	retain_room "$1" "$2" "$spared" 1 || :
}

# retain_local: by all rules, in each local target of this running system.
retain_local() {
	conf_local_targets | while IFS= read -r local_target; do
		[ ! -d "$local_target" ] || retain "$local_target" "$(this_host)"
	done
}
