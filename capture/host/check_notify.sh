# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# check: whether what tells of a crash can be told in the ways that the site wants; without wishes there are no points.

is_program() { [ -f "$1" ] && [ -x "$1" ]; }

# has_sendmail: as kmortem-notify looks for it.
has_sendmail() { has sendmail || is_program "$ROOT/usr/sbin/sendmail" || is_program "$ROOT/usr/lib/sendmail"; }

check_notify() {
	if [ "$conf_notify_mail" ] && ! has_sendmail; then
		point warn notify-mail "notify_mail is set, but there is no sendmail: nothing would be sent to $conf_notify_mail." \
			"install a program that sends mail, as msmtp-mta or postfix, or take notify_mail out of $conf_file"
	fi
	if [ "$conf_notify_command" ] && ! is_program "$ROOT$conf_notify_command"; then
		point warn notify-command "notify_command names $conf_notify_command, which is no program: nobody would be told by it." \
			"correct $conf_file, or make it one that can be run"
	fi
}
