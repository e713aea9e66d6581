# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Room for a dump on a target that is full: how much it wants, and what goes for it.

# room_wanted PART: bytes that the whole takes of which so many are written and more did not fit: by how far makedumpfile says
# that it came, and an eighth, as not all memory is compressed alike; where it does not say, or came nowhere, by guess.
room_wanted() {
	promille=$(tr '\r' '\n' < "$work/makedumpfile.log" |
		sed -n 's/^Copying data *: \[ *\([0-9]*\)\.\([0-9]\) %\].*/\1\2/p' | tail -n 1)
	if [ "$level" = raw ]; then
		stat -c %s "$vmcore"
	elif is_number "$promille" 1000 && [ "$promille" -gt 0 ]; then
		echo $(($1 * 1125 / promille))
	else
		echo $(($1 * 2))
	fi
}

# make_room: status 0 where that helped. What is written makes room when another attempt begins; without one it stays.
make_room() {
	room_part=$(stat -c %s "$dump_directory/vmcore-incomplete" 2> /dev/null || echo 0)
	set -- "$target_directory" "$dump_host" "$dump_name" $(($(room_wanted "$room_part") - room_part))
	if [ ! -f "$dump_directory/vmcore-damaged" ] || [ "$(room_left "$1")" -ge "$4" ]; then
		retain_room "$@"
		return
	fi
	give_damaged "$@" || return
	retain_room "$@" || :
}

# give_damaged DIRECTORY HOST NAME BYTES: the damaged dump goes before old ones that are sound, but not for nothing: only where,
# with what they hold, so much can be written then.
give_damaged() {
	room_damaged=$(echo vmcore-damaged | retain_sum "$dump_directory")
	retain_helps "$1" "$2" "$3" $(($4 - room_damaged)) || return
	say "removes $dump_directory/vmcore-damaged: a sound dump has no room beside it"
	rm -f "$dump_directory/vmcore-damaged"
}
