# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2154
# meta.json beside a dump: what was saved, of which kernel, how long it took, and what failed before. Names are those of
# netdump-server's where they mean the same.

# Beginning of meta.json, by which the directories of our own are known.
META_TOOL='"tool": "kmortem-capture"'

# vmcoreinfo KEY: of the kernel that crashed.
vmcoreinfo() { sed -n "s/^$1=//p" "$work/vmcoreinfo" | head -n 1; }

# ---- values ------------------------------------------------------------------------------------

json_text_or_null() { if [ "$1" ]; then json_text "$1"; else echo null; fi; }

json_number() { if is_number "$1"; then echo "$1"; else echo null; fi; }

# json_time SECONDS: since 1970
json_time() {
	if is_number "$1" && [ "$1" -gt 0 ]; then json_text "$(date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ)"; else echo null; fi
}

# json_lines: of standard input, a list of texts; shells do not agree on what control characters in a line are
json_lines() {
	json_comma=
	printf '['
	LC_ALL=C tr -d '\000-\011\013-\037\177-\377' | while IFS= read -r line || [ "$line" ]; do
		printf '%s%s' "$json_comma" "$(json_text "$line")"
		json_comma=', '
	done
	printf ']'
}

# json_seconds: of lines "STEP SECONDS", of which there may be several to a step
json_seconds() {
	awk '{ if (!($1 in sum)) names[++count] = $1; sum[$1] += $2 }
		END { printf "{"; for (i = 1; i <= count; i++) printf "%s\"%s\": %d", (i > 1 ? ", " : ""), names[i], sum[names[i]]; printf "}" }'
}

# ---- the file ----------------------------------------------------------------------------------

# The dump's file, complete or not, and its size; of a stream nobody here knows that.
meta_vmcore() {
	for name in vmcore vmcore-incomplete; do
		[ -z "$target_directory" ] || [ ! -f "$dump_directory/$name" ] || echo "$name"
	done | head -n 1
}

meta() {
	meta_name=$(meta_vmcore)
	meta_complete=false
	[ ! -s "$work/saved" ] || [ -s "$work/known" ] || meta_complete=true
	meta_reason=
	[ "$meta_complete" = true ] || meta_reason=$(cat "$work/known" 2> /dev/null || tail -n 1 "$work/failures")
	cat <<- END
		{
		  $META_TOOL,
		  "client": $(json_text "$(hostname)"),
		  "machine": $(json_text_or_null "$(this_machine)"),
		  "started": $(json_time "$started"),
		  "finished": $(json_time "${finished-}"),
		  "complete": $meta_complete,
		  "reason": $(json_text_or_null "$meta_reason"),
		  "vmcore": $(json_text_or_null "$meta_name"),
		  "format": $(json_text_or_null "${dump_format-}"),
		  "size": $(json_number "$(stat -c %s "$dump_directory/${meta_name:-vmcore}" 2> /dev/null)"),
		  "panic": $(json_text_or_null "$(log_field 'Kernel panic - not syncing: ')"),
		  "kernel": $(json_text_or_null "$(vmcoreinfo OSRELEASE)"),
		  "build_id": $(json_text_or_null "$(vmcoreinfo BUILD-ID)"),
		  "cmdline": $(json_text_or_null "$(log_field 'Kernel command line: ')"),
		  "crash_time": $(json_time "$(vmcoreinfo CRASHTIME)"),
		  "seconds": $(json_seconds < "$work/seconds"),
		  "dump_level": $(json_number "${dump_level-}"),
		  "compression": $(json_text_or_null "${dump_compression-}"),
		  "checked": $(json_text_or_null "${dump_checked-}"),
		  "target": $(json_text "$target"),
		  "failures": $(json_lines < "$work/failures")
		}
	END
}

# meta_put: whole or not at all.
meta_put() {
	meta > "$work/meta.json"
	if [ -z "$target_directory" ]; then
		target_take "$dump_name/meta.json" < "$work/meta.json"
		return
	fi
	cp "$work/meta.json" "$dump_directory/meta.json.new" && sync "$dump_directory/meta.json.new" &&
		mv "$dump_directory/meta.json.new" "$dump_directory/meta.json" && sync "$dump_directory"
}
