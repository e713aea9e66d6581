# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Who is logged in on this host, and who will be.

motd_lines=5

# plain TEXT: ASCII, for terminals and mail headers, which have ideas of their own about the rest.
plain() { printf %s "$1" | tr -cd ' -~'; }

# tell_users TEXT: on a line, the newest last, until the next boot: pam_motd shows what lies there.
tell_users() {
	motd=$ROOT/run/motd.d/kmortem
	line="kmortem: $(plain "$1")"
	printf '%s\n' "$line" | wall 2> /dev/null
	{ grep -v -x -F -e "$line" "$motd" 2> /dev/null; printf '%s\n' "$line"; } | tail -n "$motd_lines" > "$motd.new" &&
		chmod 644 "$motd.new" && mv -f "$motd.new" "$motd"
}
