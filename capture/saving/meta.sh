# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# meta.json beside a dump: what was saved, from which kernel, how long it took, and what failed before.

# vmcoreinfo KEY: of the kernel that crashed. Its note, lines of text, is among the first of /proc/vmcore.
vmcoreinfo() { head -c 65536 "$vmcore" | tr '\000' '\n' | sed -n "s/^$1=//p" | head -n 1; }

# meta TARGET STATUS DIRECTORY
meta() {
	cat <<- END
		{
		  "target": $(json_text "$1"),
		  "complete": $([ "$2" -eq 0 ] && echo true || echo false),
		  "host": $(json_text "$(hostname)"),
		  "kernel": $(json_text "$(vmcoreinfo OSRELEASE)"),
		  "build_id": $(json_text "$(vmcoreinfo BUILD-ID)"),
		  "crash_time": $(meta_number "$(vmcoreinfo CRASHTIME)"),
		  "seconds": $(($(uptime_seconds) - save_started)),
		  "bytes": $(meta_number "$(stat -c %s "$3"/vmcore "$3"/vmcore-incomplete 2> /dev/null | head -n 1)"),
		  "failures": [$(printf %s "$save_failures" | while IFS= read -r line; do
			printf '%s%s' "${comma-}" "$(json_text "$line")"
			comma=', '
		  done)]
		}
	END
}

meta_number() { if is_number "$1"; then echo "$1"; else echo null; fi; }
