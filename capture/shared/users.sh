# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154,SC2034
# Who is logged in on this host, and who will be; who is away.

motd_lines=5
# What `check --watch` has to say to those who are away, until kmortem-notify has sent it: a line as message, then one for each
# point that fails, "ID: TEXT".
readiness_unsent=$ROOT/var/lib/kmortem/capture/unsent

# plain TEXT: ASCII, for terminals and mail headers, which have ideas of their own about the rest.
plain() { printf %s "$1" | tr -cd ' -~'; }

# tell_terminals TEXT: who is logged in.
tell_terminals() { printf 'kmortem: %s\n' "$(plain "$1")" | wall 2> /dev/null; }

# motd_put NAME: from standard input what who logs in is shown until the next boot: pam_motd shows what lies there.
motd_put() {
	motd=$ROOT/run/motd.d/$1
	cat > "$motd.new" && chmod 644 "$motd.new" && mv -f "$motd.new" "$motd"
}

# motd_take NAME: that no more.
motd_take() { rm -f "$ROOT/run/motd.d/$1"; }

# motd_add TEXT: there on a line, the newest last; others may add theirs at the same time, and whoever holds the directory for
# longer than that takes is none of these.
motd_add() (
	line="kmortem: $(plain "$1")"
	timeout 10 flock 9 || say "$ROOT/run/motd.d: held by another"
	{ grep -v -x -F -e "$line" "$ROOT/run/motd.d/kmortem" 2> /dev/null; printf '%s\n' "$line"; } | tail -n "$motd_lines" |
		motd_put kmortem
) 9< "$ROOT/run/motd.d"

# tell_users TEXT: both.
tell_users() {
	tell_terminals "$1"
	motd_add "$1"
}
