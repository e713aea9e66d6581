# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# test: crashes this machine, after asking. test --verdict: after the reboot, what became of that. test --tell: test_tell.sh.
#
# The record of a test, lines KEY=VALUE: boot, the id of the boot that was crashed; began, the time; saver, as `saver` has it;
# target, one line each, in order, of those that count there; had, the directory of each dump that was there before: the clock of a
# capture kernel may be another; told, when --tell has.

test_record=$ROOT/var/lib/kmortem/capture/test

# test_value KEY: the values of that key.
test_value() { sed -n "s/^$1=//p" "$test_record" 2> /dev/null; }

boot_id() { cat "$ROOT/proc/sys/kernel/random/boot_id"; }

# ---- crashing ----------------------------------------------------------------------------------

# crash_test [--yes] [--force] | --verdict | --tell: status 1 where it is not done, 2 where it could not be.
crash_test() {
	test_asks=yes test_force=no
	while [ $# -gt 0 ]; do
		case $1 in
		--yes) test_asks=no ;;
		--force) test_force=yes ;;
		--verdict | --tell)
			"test_${1#--}"
			return
			;;
		*) die "test: $1: want [--yes] [--force] or --verdict" ;;
		esac
		shift
	done
	conf_read "$conf_file" || return 2
	test_is_ready && test_is_wanted || return
	test_write || return 2
	echo c > "$ROOT/proc/sysrq-trigger"
	sleep 10
	say "test: this kernel has not crashed: was it built with CONFIG_MAGIC_SYSRQ?"
	return 2
}

# Of a machine that is not ready the test would only cost the uptime.
test_is_ready() {
	test_points=$(mktemp)
	check_status=0
	(check_ready -f text) > "$test_points" || check_status=$?
	if [ "$check_status" -ge 2 ]; then
		sed -n '/^FAIL/,/^\(PASS\|WARN\|$\)/{/^\(PASS\|WARN\)/d;p;}' "$test_points"
		[ "$test_force" = yes ] || say "test: this machine is not ready; --force crashes it all the same"
	fi
	rm -f "$test_points"
	[ "$check_status" -lt 2 ] || [ "$test_force" = yes ]
}

test_is_wanted() {
	saver_look
	test_how="to the first of these that takes it:"
	test_then="After at most $((conf_time_limit / 60 + 1)) minutes it does \"$conf_final_action\"."
	if saver_is_theirs; then
		test_how="as the settings of $target_saver say, to:"
		test_then="Then it does what they say."
	fi
	cat <<- END
		This crashes $(uname -n) now. Nothing is stopped or saved before: what programs have not written yet is lost, and
		file systems are repaired at the next boot. A capture kernel then saves the memory $test_how
		$(test_targets | sed 's/^/    /')
		$test_then Then the journal says what became of it, and "kmortem capture test --verdict".
	END
	[ "$test_asks" = yes ] || return 0
	printf 'Type "crash" to do it: '
	read -r answer || answer=''
	[ "$answer" = crash ] || { say "test: nothing was done"; return 1; }
}

# test_targets: one a line, after saver_look.
test_targets() { printf '%s\n' "${target_list:-where $target_saver saves}" | grep .; }

# What lies on the disk when the kernel crashes is all that is known of the test.
test_write() {
	mkdir -p "${test_record%/*}" && {
		echo "boot=$(boot_id)"
		echo "began=$(date '+%F %T')"
		echo "saver=$target_saver"
		test_targets | sed 's/^/target=/'
		test_targets | sed -n 's/^local //p' | while IFS= read -r directory; do test_dumps_of "$target_saver" "$directory"; done | sed 's/^/had=/'
	} > "$test_record" && sync
}

# ---- afterwards --------------------------------------------------------------------------------

# meta_value FILE KEY: of a meta.json, in which each member stands on a line of its own; without quotes.
meta_value() { sed -n "s/^  \"$2\": \(.*[^,]\),*\$/\1/p" "$1" | head -n 1 | sed 's/^"\(.*\)"$/\1/'; }

# test_dumps DIRECTORY: those of this host, whatever it was called when its image was made.
test_dumps() {
	named=$ROOT$1/$(this_host) this=$(this_machine)
	for found in "$ROOT$1"/*-[0-9]*/meta.json; do
		[ -f "$found" ] || continue
		machine=$(meta_value "$found" machine)
		if [ -z "$this" ] || [ "${machine:-null}" = null ]; then
			case $found in "$named"-[0-9]*) ;; *) continue ;; esac
		else
			[ "$machine" = "$this" ] || continue
		fi
		echo "${found%/*}"
	done
}

# test_dumps_theirs DIRECTORY: also those that a distribution's kdump has left there by itself, of this machine by their name, as those of
# others, on a server, begin with an address; none that somebody else may have put there.
test_dumps_theirs() {
	{
		test_dumps "$1"
		dumps_below "$ROOT$1/" 2 -user "$(id -u)" 2> /dev/null | sed 's,/[^/]*$,,' | while IFS= read -r found; do
			case ${found##*/} in 127.0.0.1-* | 2[0-9][0-9][0-9]*) ;; *) continue ;; esac
			machine=$(meta_value "$found/meta.json" machine 2> /dev/null)
			case ${machine:-null} in null | "$(this_machine)") printf '%s\n' "$found" ;; esac
		done
	} | sort -u
}

# test_dumps_of SAVER DIRECTORY
test_dumps_of() {
	case $1 in
	'' | image | hook) test_dumps "$2" ;; # '': of a test that did not ask
	*) test_dumps_theirs "$2" ;;
	esac
}

# test_dump: the newest that was not there before the test, in the first local target that has one.
test_dump() {
	test_value target | sed -n 's/^local //p' | while IFS= read -r directory; do
		test_dumps_of "$(test_value saver)" "$directory" | while IFS= read -r found; do
			test_value had | grep -q -x -F -e "$found" || echo "$found"
		done | tail -n 1
	done | head -n 1
}

# test_elsewhere: the targets, parted by "; ", that come before a local one, or all where none is local: a dump that they hold
# cannot be seen from here.
test_elsewhere() {
	test_value target | awk '
		/^local / { printf "%s", others; others = ""; locals++; next }
		{ others = others $0 "; " }
		END { if (!locals) printf "%s", others }' | sed 's/; $//'
}

# test_verdict: status 0 where the dump is there and whole, 1 where it is not, 2 where that is not known or no test was made.
test_verdict() {
	if ! [ -s "$test_record" ]; then
		say "test: none was made; kmortem capture test"
		return 2
	elif [ "$(test_value boot)" = "$(boot_id)" ]; then
		say "test: this machine has not crashed since"
		return 2
	fi
	dump=$(test_dump)
	if [ "$dump" ]; then
		test_of_dump "$dump"
	elif [ "$(test_elsewhere)" ]; then
		echo "UNKNOWN: whether there is a dump of the test of $(test_value began) cannot be seen from here: look at $(test_elsewhere)"
		return 2
	else
		echo "FAIL: no dump of the test of $(test_value began) in $(test_value target | sed -n 's/^local //p' | tr '\n' ' ')"
		return 1
	fi
}

# test_report DUMP: where it is, or why not.
test_report() {
	if [ -f "$1/report.txt" ]; then
		echo "$1/report.txt"
	elif [ -f "$1/report-failed.txt" ]; then
		echo "could not be made, see $1/report-failed.txt"
	else
		echo "none; kmortem-report.service makes it"
	fi
}

# test_of_theirs DUMP: of one that nobody has checked.
test_of_theirs() {
	said=PASS found=$(whole_below "$1" 1 -size +0c | sort | tail -n 1)
	[ "$found" ] || said="FAIL: it is not whole" found=$(dumps_below "$1" 1 | sort | tail -n 1)
	echo "$said
  dump        $found
  target      local ${1%/*}
  filter      as the settings of $(test_value saver) say; not checked
  report      $(test_report "$1")"
	[ "$said" = PASS ]
}

# test_of_dump DUMP
test_of_dump() {
	[ -f "$1/meta.json" ] || { test_of_theirs "$1"; return; }
	meta=$1/meta.json
	if [ "$(meta_value "$meta" complete)" = true ]; then
		said=PASS
	else
		said="FAIL: $(meta_value "$meta" reason)"
	fi
	# The rung: what it came to, and what failed before.
	echo "$said
  dump        $1/$(meta_value "$meta" vmcore)
  target      $(meta_value "$meta" target)
  filter      dump_level $(meta_value "$meta" dump_level), $(meta_value "$meta" compression); $(meta_value "$meta" checked)
  seconds     $(meta_value "$meta" seconds | tr -d '{}"')
  report      $(test_report "$1")
  failed      $(meta_value "$meta" failures | sed 's/^\[\]$/nothing/; s/^\["//; s/"\]$//; s/", "/; /g')"
	[ "$said" = PASS ]
}
