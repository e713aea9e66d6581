# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
# What kmortem made of a dump is moved beside it, with the rights of whoever owns its directory.

REPORT_MAX=$((64 << 20)) # bytes of one file

# take NAME: prints what kmortem made, as the user that it ran as; it makes no links, pipes or directories.
take() (
	cd -P "$RUNTIME_DIRECTORY" && [ -f "./$1" ] && [ ! -L "./$1" ] && as_owner head -c "$REPORT_MAX" "./$1"
)

# take_away_halves: what was being put here when the machine went down, or it was killed; its unit gives nobody more time than that.
take_away_halves() { as_owner find . -maxdepth 1 -type f -name '.report.??????' -mmin +10 -exec rm -f {} +; }

# put NAME [DUMP]: standard input becomes the file NAME of this directory, whole or not at all, for those who may read DUMP: of
# another's dump, or of none, for the owner of the directory; or for all.
put() {
	dump=${2-} more=u+r
	dump=${dump##*/}
	settings
	# shellcheck disable=SC2154 # shared/ sets it
	[ "$conf_reports_for" != all ] || { more=a+r && as_owner chmod a+x .; }
	# shellcheck disable=SC2016 # for the owner's shell
	as_owner sh -c '
		umask 077
		temporary=$(mktemp ./.report.XXXXXX) && mode=600 || exit
		if [ "$2" ] && chown -h "$(stat -c %u:%g "./$2")" "$temporary" 2> /dev/null; then mode=$(stat -c %a "./$2"); fi
		head -c "$3" > "$temporary" && [ -s "$temporary" ] && chmod "$mode" "$temporary" && chmod "$4" "$temporary" &&
			{ [ -z "$2" ] || touch -r "./$2" "$temporary"; } && sync "$temporary" && mv -fT "$temporary" "$1" && exit
		rm -f "$temporary"
		exit 1' put "$1" "$dump" "$REPORT_MAX" "$more"
}

# enter DIRECTORY [sticky]: where root may work, or its owner in root's stead; with that word, also where all may leave files, but
# nobody removes another's.
enter() {
	if ! cd -P "$1" || [ "$(pwd; echo .)" != "$1
." ]; then
		say "$1: not what it was"
	elif [ "$(find . -maxdepth 0 -user 0 -perm /022)" ] && ! { [ "${2-}" = sticky ] && [ -k . ]; }; then
		say "$1: it is root's, but others may write to it; no report is put there. To do: chmod go-w"
	else
		return 0
	fi
	return 1
}

# last_words DUMP: what its unit has said last, and "; "; what was said before a program was killed is not why.
last_words() {
	[ "${EXIT_CODE-}" = exited ] && [ "${INVOCATION_ID-}" ] || return 0
	timeout 10 journalctl --quiet --sync
	words=$(timeout 10 journalctl --quiet -n 20 -o cat "_SYSTEMD_INVOCATION_ID=$INVOCATION_ID" |
		sed -n 's/^kmortem\(-open\)\{0,1\}: //p' | tail -n 1 | cut -c 1-500)
	words=${words#"$1: "}
	printf %s "${words:+$words; }"
}

# was_ended: kmortem, before it had come to anything, by who stops its unit or reboots.
was_ended() {
	case ${SERVICE_RESULT-}.${EXIT_CODE-}.${EXIT_STATUS-} in
	success.exited.*) return 1 ;;
	success.* | signal.killed.TERM | signal..) ;;
	*) return 1 ;;
	esac
}

# failure DUMP KEY: what report-failed.txt says.
failure() {
	one_line "kmortem could not examine $1 (${EXIT_CODE-} ${EXIT_STATUS-}): $(last_words "$1")see journalctl -u kmortem-report@$2"
	retry_words
}

# put_all DUMP NAME COMMAND…: what that prints, or why not.
put_all() {
	of=$1 as=$2
	shift 2
	error=$({ "$@" | put "$as" "$of"; } 2>&1) && return
	say "${of%/*}: kmortem made no $as, or it cannot be written: $(printf '%s\n' "$error" | head -n 1 | cut -c 1-300)"
	return 1
}

# put_reports DUMP KEY: what came of it, into this directory. The text comes last: it says that the report is there.
put_reports() {
	take_away_halves
	if [ "${SERVICE_RESULT-}" != success ]; then
		put_all "$1" report-failed.txt failure "$@"
		return
	fi
	for name in report.html report.json report.txt; do put_all "$1" "$name" take "$name" || return; done
	as_owner rm -f report-failed.txt
}

# place LINK: and has it told of, but not that another version has failed, too. The next scan begins again what was ended. Where
# the dump's directory was removed meanwhile, to make room, there is nothing to mend.
place() {
	linked "$1"
	set -- "$linked" "${1##*/}"
	! was_ended || return 0
	[ -e "${1%/*}" ] || { say "$1: is gone with its directory, and so is its report"; return 0; }
	status=0 is_news=1 record=$(unplaced "$2")
	[ "${SERVICE_RESULT-}" = success ] || ! is_of "${1%/*}/report-failed.txt" "$1" || is_news=
	if why=$({ enter "${1%/*}" && put_reports "$@"; } 2>&1); then
		rm -f "$record"
	else
		status=1 why=${why#kmortem-reports: }
		say "$why"
		one_line "$why" > "$record" && touch -r "$1" "$record"
	fi
	[ -z "$is_news" ] || systemctl start --no-block "kmortem-notify@$2.service"
	return $status
}

# index ROOT: of what was killed there may be half a page.
index() {
	[ "${SERVICE_RESULT-} ${EXIT_CODE-}" = 'success exited' ] || return 0
	enter "$1" sticky || return
	take_away_halves
	take index.html | put index.html || { say "$1: kmortem made no index.html, or it cannot be written"; return 1; }
}
