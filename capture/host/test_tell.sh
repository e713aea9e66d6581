# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154 # variables of test.sh
# test --tell: run by kmortem-capture-verdict.service at each boot. The first one after the crash that was a test says what became
# of it, when the dump has its report or is to have none: in the journal, and to who is logged in and who will be.

# Never changes: scripts and alerts look for it, as in `journalctl MESSAGE_ID=…`.
TEST_TOLD=c11a5c1d80ad4b4bb4b6d8f1bb45ba22

# test_await DUMP: until it has a report, or nobody makes any.
test_await() {
	while ! [ -f "$1/report.txt" ] && ! [ -f "$1/report-failed.txt" ] && systemctl --quiet is-active kmortem-report.service; do
		sleep "${POLL:-2}"
	done
}

# test_line KEY: of what the verdict says.
test_line() { printf '%s\n' "$verdict" | sed -n "s/^  $1 *//p"; }

# test_tell: status 1 where the journal does not take it; then the next boot says it.
test_tell() {
	[ -s "$test_record" ] && [ -z "$(test_value told)" ] && [ "$(test_value boot)" != "$(boot_id)" ] || return 0
	dump=$(test_dump)
	[ -z "$dump" ] || test_await "$dump"
	verdict=$(test_verdict)
	message="crash test of $(test_value began): $(printf '%s\n' "$verdict" | head -n 1)"
	[ -z "$dump" ] || message="$message; dump: $(test_line dump); report: $(test_line report)"
	case $verdict in
	PASS*) outcome=pass priority=5 ;;
	FAIL*) outcome=fail priority=3 ;;
	*) outcome=unknown priority=4 ;;
	esac
	logger --journald <<- END || return 1
		MESSAGE_ID=$TEST_TOLD
		PRIORITY=$priority
		SYSLOG_IDENTIFIER=kmortem-capture
		MESSAGE=$(one_line "$message")
		KMORTEM_VERDICT=$outcome
		KMORTEM_DUMP=$(one_line "$dump")
	END
	echo "told=$(date '+%F %T')" >> "$test_record"
	tell_users "$message"
}
