# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Hooks in a distribution's own kdump. A hook is some files, of which each KIND has
#
#   KIND_is_here        whether that kdump is installed, and comes to such a hook
#   KIND_files          their paths, one a line
#   KIND_text PATH      what is to stand in one
#   KIND_changed        what has to be done after that
#   KIND_obstacle       one line, where its kdump would not come to our files, and what to do
#
# by these names with "_" for "-". Nothing else of the system is touched, and no file that is not ours.

HOOK_KINDS='kdump-tools kdump-utils'
HOOK_MARK='# Written by "kmortem capture install", taken away by "kmortem capture uninstall"; see kmortem-capture(8).'

# hook_of KIND SUFFIX WORD…: calls one of the above.
hook_of() {
	hook_function=$(echo "$1" | tr - _)_$2
	shift 2
	"$hook_function" "$@"
}

# hooks_here: kinds of kdump that are installed, one a line.
hooks_here() { for kind in $HOOK_KINDS; do ! hook_of "$kind" is_here || echo "$kind"; done; }

# ---- files -------------------------------------------------------------------------------------

hook_file_is_ours() { [ -f "$1" ] && [ ! -L "$1" ] && grep -q -x -F -e "$HOOK_MARK" "$1"; }

# hook_file_is_right KIND PATH
hook_file_is_right() {
	[ -f "$ROOT$2" ] && hook_of "$1" text "$2" | cmp -s - "$ROOT$2" && { ! hook_runs "$2" || [ -x "$ROOT$2" ]; }
}

# hook_runs PATH: it is a program.
hook_runs() {
	case $1 in *.conf) return 1 ;; esac
}

# hook_put KIND PATH: whole or not at all.
hook_put() {
	mkdir -p "$ROOT${2%/*}" && hook_of "$1" text "$2" > "$ROOT$2.new" && mode=644 || return
	! hook_runs "$2" || mode=755
	chmod "$mode" "$ROOT$2.new" && sync "$ROOT$2.new" && mv "$ROOT$2.new" "$ROOT$2" && echo "$2"
}

# ---- state -------------------------------------------------------------------------------------

# hook_state KIND: "absent" where there is no such kdump, "none" where it has no hook of ours, "intact", or "broken: WHY".
hook_state() {
	hook_there=0 hook_wrong=
	for path in $(hook_of "$1" files); do
		hook_file_is_right "$1" "$path" || hook_wrong="$path is not as it was installed"
		! hook_file_is_ours "$ROOT$path" || hook_there=1
	done
	if [ "$hook_there" -eq 0 ]; then
		if hook_of "$1" is_here; then echo none; else echo absent; fi
		return
	fi
	[ "$hook_wrong" ] || hook_wrong=$(hook_of "$1" obstacle)
	[ "$hook_wrong" ] || hook_of "$1" is_here || hook_wrong="$1 is not installed any more"
	if [ "$hook_wrong" ]; then echo "broken: $hook_wrong"; else echo intact; fi
}

# hook_advice KIND STATE: sets $advice and $command for one that is broken.
hook_advice() {
	advice="see to that" command=
	case $2 in
	*"is not as it was installed") advice="install it again:" command="kmortem capture install $1" ;;
	*"is older than"*) advice="have the image made anew, and loaded:" command="kmortem capture install $1" ;;
	*"is not installed any more") advice="take it away:" command="kmortem capture uninstall $1" ;;
	esac
}

# ---- commands ----------------------------------------------------------------------------------

# hook_install KIND: what is right already is left as it is; an image that is older than it is made anew.
hook_install() {
	for path in $(hook_of "$1" files); do
		if { [ -e "$ROOT$path" ] || [ -L "$ROOT$path" ]; } && ! hook_file_is_ours "$ROOT$path"; then
			say "$path is there and not of kmortem: nothing was changed; move it away"
			return 1
		fi
	done
	hook_changed=
	for path in $(hook_of "$1" files); do
		hook_file_is_right "$1" "$path" && continue
		hook_put "$1" "$path" || { say "$path cannot be written"; return 2; }
		hook_changed=1
	done
	{ [ -z "$hook_changed" ] && [ -z "$(hook_of "$1" obstacle)" ]; } || hook_of "$1" changed || return
	hook_wrong=$(hook_of "$1" obstacle)
	[ -z "$hook_wrong" ] || { say "$hook_wrong"; return 1; }
}

# hook_uninstall KIND
hook_uninstall() {
	hook_changed=
	for path in $(hook_of "$1" files); do
		hook_file_is_ours "$ROOT$path" || continue
		rm "$ROOT$path" || return 2
		# Of others only what is theirs is in it.
		case ${path%/*} in */kdump-tools-dump.service.d | */*kmortem) rmdir "$ROOT${path%/*}" 2> /dev/null ;; esac
		hook_changed=1
	done
	[ -z "$hook_changed" ] || hook_of "$1" changed
}

# hooks_install [KIND]: without one, in the kdump that is here.
hooks_install() {
	kinds=${1:-$(hooks_here)}
	[ "$kinds" ] || hooks_none
	for kind in $kinds; do
		hook_kind_check "$kind"
		hook_of "$kind" is_here || die "no $kind is installed that a hook can take part in"
		hook_install "$kind" || return
	done
}

hooks_none() {
	others=$(owner)
	[ "$others" = kmortem ] || die "kmortem has no hook for the $others that is installed here, but can capture in its place: $(owner_replace_command "$others")"
	die "no kdump is installed that kmortem has a hook for; it saves by itself, see kmortem capture load"
}

# hooks_uninstall [KIND]: without one, all.
hooks_uninstall() {
	for kind in ${1:-$HOOK_KINDS}; do
		hook_kind_check "$kind"
		hook_uninstall "$kind" || return
	done
}

hook_kind_check() {
	is_word_of "$1" "$HOOK_KINDS" || die "$1: no such kdump; want one of: $HOOK_KINDS"
}
