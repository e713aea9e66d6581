# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# Who this host is, as dumps tell it: its name, and what tells it from another of that name.

# is_no_name NAME: what a host is called that has been given no name, or none yet.
is_no_name() {
	case $1 in '' | localhost | localhost.* | '(none)') return ;; esac
	[ "$1" = "$(sed -n 's/^DEFAULT_HOSTNAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$ROOT/etc/os-release" 2> /dev/null)" ]
}

# host_name_comes_late: it is nowhere on the disk: who asks for an address, as a rule, is told the name, too.
host_name_comes_late() { is_no_name "$(read_line /etc/hostname)"; }

# plan_identity: lines of the plan. As long as this system has been given no name, that of the newest plan counts.
plan_identity() {
	named=$(one_line "$(uname -n)")
	if is_no_name "$named"; then
		before=$(plans_newest_first | head -n 1 | while IFS= read -r file; do plan_lines hostname "$file"; done)
		named=${before:-$named}
	fi
	echo "hostname $named"
	echo "machine $(this_machine)"
}
