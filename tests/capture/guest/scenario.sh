# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2154,SC2317
# A scenario is a file of shell functions: step_1, step_2, … run in the guest, one at each boot, and "after" here, when the guest
# is off. Lines "# key: value" at its head say what machine it wants.

declare -A scenario=()

# scenario_read NAME: fills the array, defaults first.
scenario_read() {
	local file=$scenarios_dir/$1 key value machine
	[ -f "$file" ] || { echo "no scenario $1; --list names them all" >&2; return 1; }
	machine=$(machine_suite)
	scenario=([name]=$1 [suite]=$machine [arch]=amd64 [kernel]='' [packages]='' [memory]=1G [cpus]=2 [append]='' [network]='' [timeout]=1800)
	while IFS=: read -r key value; do
		[ -n "${scenario[$key]+set}" ] || { echo "scenario $1: unknown key '$key'" >&2; return 1; }
		scenario[$key]=${value# }
	done < <(sed -n 's/^# \([a-z]*: .*\)/\1/p' "$file")
	[ -n "${scenario[kernel]}" ] || scenario[kernel]="${scenario[suite]} linux-image-cloud-${scenario[arch]}"
}

scenarios_possible() { (cd "$scenarios_dir" && printf '%s\n' *); }

# scenario_run: in a folder of its own, of which nothing is left where all went well.
scenario_run() {
	local root bad
	if kit_is_foreign && ! arch-test "${scenario[arch]}" > /dev/null 2>&1; then
		echo "ok ${scenario[name]} # SKIP this machine runs no programs of ${scenario[arch]}: install arch-test and qemu-user-static"
		return
	fi
	place=$work/${scenario[name]}
	mkdir "$place"
	: > "$place/said"
	root=$(scenario_root) && kit_make "$place/kit.img" || return
	with_emulator machine_run "$root" || echo "not ok ${scenario[name]}: $(tail -n 1 "$place/why")"
	scenario_tell < "$place/talk.log"
	judge
	bad=$(grep -c '^not ok' "$place/said")
	if [ "$bad" -gt 0 ]; then machine_blame; fi
	[ -n "${KMORTEM_GUESTS_KEEP-}" ] || rm -rf "$place"
}

scenario_root() {
	local kernel wants packages
	read -ra kernel <<< "${scenario[kernel]}"
	wants=$(kit_packages) || return
	read -ra packages <<< "${scenario[packages]} ${wants//$'\n'/ }"
	root_make_or_take "${scenario[suite]}" "${scenario[arch]}" "${kernel[@]}" "${packages[@]}"
}

# What the guest said becomes what this program says.
scenario_tell() {
	tr -d '\r\0' | grep -aE '^(ok|not ok|#) ' | sed -E "s/^((not )?ok) /\1 ${scenario[name]}: /" | tee -a "$place/said"
}

# check NAME COMMAND…: what the command says is shown where it fails.
check() {
	local check_name="${scenario[name]}: $1"
	shift
	if "$@" > "$place/check.log" 2>&1; then
		echo "ok $check_name"
	else
		echo "not ok $check_name"
		tail -n 30 "$place/check.log" | sed 's/^/# /'
	fi | tee -a "$place/said"
}
